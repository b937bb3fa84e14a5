"""A plan while projects are put in and taken out: what is left of resources and money, in whole numbers.

A project is put in with all its activities at once, where they gain most under given prices: dynamic
programming over its chain, as in the bound, but only over starts that what is left allows.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from digistrat.planning.activity_problem import ActivityProblem, whole_numbers
from digistrat.planning.joint_model import JointProblem, Link
from digistrat.planning.joint_relaxation import Relaxation, supply

_TRIES = 30  # starts tried for the activities of one project


@dataclass(frozen=True)
class _Chain:
    """One project, prepared; ``begin`` and ``end`` are places in the flattened table of its short periods."""

    activities: slice
    durations: list[int]
    waits: list[
        list[tuple[int, int]]
    ]  # by activity: earlier ones of the project, and how long after their start
    overlaps: bool  # whether two of its activities may run at once
    roles: np.ndarray  # resources that it needs
    need: np.ndarray  # activities × these × 1
    begin: np.ndarray
    end: np.ndarray
    following: list[np.ndarray]  # by activity: from which start on the next one may be, by start
    accounts: np.ndarray  # blocks and kinds that it may spend
    spending: np.ndarray  # activities × starts × these
    least: np.ndarray  # of each account, wherever it starts


class Placement:
    """Which projects are done and when, within resources, money, links, requirements and exclusions."""

    def __init__(self, problem: JointProblem, relaxed: Relaxation) -> None:
        self.problem, self.horizon, self.n = problem, problem.horizon, problem.n
        whole = whole_numbers(problem.activities, outward=False)
        self.durations = whole.durations.tolist()
        self.need = np.where(whole.durations[:, None] > 0, whole.demand, 0)
        self.left = np.ascontiguousarray(supply(whole, self.horizon).astype(np.int64).T)
        self.money = whole.money.ravel().astype(np.int64)
        self.spending = _spending(whole, self.horizon)
        self.first, self.value = problem.first.tolist(), problem.value
        self.last_durations = whole.durations[problem.last]
        self.inner: dict[int, list[Link]] = {}
        for link in problem.activities.links:
            if problem.project[link[0]] == problem.project[link[1]]:
                self.inner.setdefault(int(problem.project[link[0]]), []).append(link)
        self.chains = [self._chain(i, whole, relaxed) for i in range(self.n)]
        self.least = np.stack([c.least for c in self.chains]) if self.n else np.zeros((0, len(self.money)))
        self.starts = np.full(whole.n, -1)
        self.done = np.zeros(self.n, dtype=bool)
        self.requires: list[list[int]] = [[] for _ in range(self.n)]
        self.required_by: list[list[int]] = [[] for _ in range(self.n)]
        self.excludes: list[list[int]] = [[] for _ in range(self.n)]
        for i, j in problem.requires:
            self.requires[i].append(j)
            self.required_by[j].append(i)
        for i, j in problem.excludes:
            self.excludes[i].append(j)
            self.excludes[j].append(i)
        # links between projects, by project: own activity, the other one, lag
        self.before: list[list[tuple[int, int, int]]] = [[] for _ in range(self.n)]
        self.behind: list[list[tuple[int, int, int]]] = [[] for _ in range(self.n)]
        for i, j, lag in problem.waits:
            own, other = problem.project[[i, j]].tolist()
            self.behind[own].append((i - self.first[own], j, lag))
            self.before[other].append((j - self.first[other], i, lag))

    def _chain(self, i: int, whole: ActivityProblem, relaxed: Relaxation) -> _Chain:
        activities = slice(self.first[i], self.first[i + 1])
        need = self.need[activities]
        roles = np.flatnonzero(need.any(axis=0))
        times = np.arange(self.horizon + 1)
        row = np.arange(len(need))[:, None] * (self.horizon + 1)
        ends = np.minimum(times + whole.durations[activities][:, None], self.horizon)
        lags = self.problem.chain[activities]
        waits: list[list[tuple[int, int]]] = [[] for _ in need]
        for a, b, lag in self.inner.get(i, []):
            waits[b - self.first[i]].append((a - self.first[i], lag))
        spending = self.spending[activities]
        accounts = np.flatnonzero(spending.any(axis=(0, 1)))
        possible = np.where(relaxed.allowed[activities][:, :, None], spending, np.inf)
        return _Chain(
            activities,
            whole.durations[activities].tolist(),
            waits,
            bool((lags[:-1] < whole.durations[activities][:-1]).any()),
            roles,
            need[:, roles][:, :, None],
            row + times,
            row + ends,
            [np.clip(times + lag, 0, self.horizon + 1) for lag in lags.tolist()],
            accounts,
            np.ascontiguousarray(spending[:, :, accounts]),
            possible.min(axis=1).sum(axis=0),
        )

    def worth(self) -> float:
        """What the plan is worth now."""
        return float(self.value[self.done] @ (self.horizon - self.ends()[self.done]))

    def ends(self) -> np.ndarray:
        """When projects go live; without meaning where they are not done."""
        return self.starts[self.problem.last] + self.last_durations

    def affordable(self, projects: np.ndarray) -> np.ndarray:
        """Those of some projects for which each account alone has enough left."""
        return projects[(self.least[projects] <= self.money).all(axis=1)]

    def insert(self, i: int, gain: np.ndarray) -> bool:
        """Put a project in at its best starts; gain by activity × start, −inf where it must not start."""
        done = self.done
        if any(done[j] for j in self.excludes[i]) or not all(done[j] for j in self.requires[i]):
            return False
        chain = self.chains[i]
        value = gain[chain.activities].copy()
        short = (self.left[chain.roles] < chain.need).any(axis=1)
        count = np.zeros((len(value), self.horizon + 1), dtype=np.int32)
        np.cumsum(short, axis=1, out=count[:, 1:])
        flat = count.ravel()
        value[flat[chain.end] != flat[chain.begin]] = -np.inf
        money = self.money[chain.accounts]
        value[(chain.spending > money).any(axis=2)] = -np.inf
        self._keep_links(i, value)
        if np.isneginf(value.max(axis=1)).any():
            return False
        starts = self._best(chain, value, money)
        if starts is None:
            return False
        self.put(i, starts)
        return True

    def _keep_links(self, i: int, value: np.ndarray) -> None:
        """Rule out starts that links to projects that are done forbid."""
        for own, other, lag in self.before[i]:
            if self.starts[other] >= 0:
                value[own, : max(0, self.starts[other] + lag)] = -np.inf
        for own, other, lag in self.behind[i]:
            if self.starts[other] >= 0:
                value[own, max(0, self.starts[other] - lag + 1) :] = -np.inf

    def _best(self, chain: _Chain, value: np.ndarray, money: np.ndarray) -> list[int] | None:
        """Best starts of a chain; what two of its activities both need is looked at on the way."""
        following = np.full(self.horizon + 2, -np.inf)
        for k in range(len(value) - 1, 0, -1):
            following[:-1] = np.maximum.accumulate(value[k, ::-1])[::-1]
            value[k - 1] += following[chain.following[k - 1]]
        left = self.left[chain.roles] if chain.overlaps else None
        return self._descend(chain, value, [], money, left, [_TRIES])

    def _descend(
        self,
        chain: _Chain,
        value: np.ndarray,
        starts: list[int],
        money: np.ndarray,
        left: np.ndarray | None,
        tries: list[int],
    ) -> list[int] | None:
        """The best starts of the activities after the given ones; if there are none, other starts."""
        k = len(starts)
        if k == len(value):
            return starts
        low = max([0, *(starts[j] + lag for j, lag in chain.waits[k])])
        row = value[k, low:].copy()
        if k:
            row[(chain.spending[k, low:] > money).any(axis=1)] = -np.inf
        if left is not None:
            row[~self._fits(left, chain, k)[low:]] = -np.inf
        while len(row) and tries[0] > 0:
            best = int(row.argmax())
            if row[best] == -np.inf:
                return None
            tries[0] -= 1
            start, then = low + best, left
            if left is not None:
                then = left.copy()
                then[:, start : start + chain.durations[k]] -= chain.need[k]
            found = self._descend(
                chain, value, [*starts, start], money - chain.spending[k, start], then, tries
            )
            if found is not None:
                return found
            row[best] = -np.inf
        return None

    def _fits(self, left: np.ndarray, chain: _Chain, k: int) -> np.ndarray:
        """By start: whether an activity of a chain finds enough of what is left."""
        count = np.concatenate([[0], (left < chain.need[k]).any(axis=0).cumsum()])
        times = np.arange(self.horizon + 1)
        enough: np.ndarray = count[np.minimum(times + chain.durations[k], self.horizon)] == count[times]
        return enough

    def put(self, i: int, starts: list[int]) -> None:
        """Put a project in at given starts, which must be possible."""
        for a, start in enumerate(starts, self.first[i]):
            self.take(a, start, -1)
            self.starts[a] = start
        self.done[i] = True

    def remove(self, i: int) -> None:
        """Take a project out."""
        for a in range(self.first[i], self.first[i + 1]):
            self.take(a, self.starts[a], 1)
            self.starts[a] = -1
        self.done[i] = False

    def take(self, a: int, start: int, sign: int) -> None:
        """Count what one activity takes (sign −1), or gives back (1)."""
        self.left[:, start : start + self.durations[a]] += sign * self.need[a][:, None]
        self.money += sign * self.spending[a, start]

    def of(self, i: int) -> list[int]:
        """Starts of a project."""
        found: list[int] = self.starts[self.first[i] : self.first[i + 1]].tolist()
        return found


def _spending(whole: ActivityProblem, horizon: int) -> np.ndarray:
    """Activities × starts × (blocks · kinds): what an activity spends, while it runs and from its end on."""
    times = np.arange(horizon + 1)
    edges = np.arange(len(whole.blocks) + 1) * whole.block_length
    paid = whole.paid_periods[:, None, None]
    running = np.diff(np.clip(edges - times[None, :, None], 0, paid), axis=2)
    ends = (times + whole.durations[:, None])[:, :, None]
    after = np.diff(np.maximum(edges - ends, 0), axis=2)
    amounts = (
        running[..., None] * whole.rate[:, None, None, :] + after[..., None] * whole.after[:, None, None, :]
    )
    return amounts.reshape(whole.n, horizon + 1, whole.money.size)
