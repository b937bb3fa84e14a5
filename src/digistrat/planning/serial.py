"""A good schedule quickly: activities placed one by one, in many orders (serial schedule generation)."""

from __future__ import annotations

import heapq
from collections.abc import Iterator

import numpy as np

from digistrat.planning.activity_problem import ActivityProblem

_FIRST_CHUNK = 64  # starts looked at together; doubled until one fits


def objective_of(problem: ActivityProblem, starts: np.ndarray) -> int:
    """Makespan, or the weighted sum of ends (of delays where activities have due periods)."""
    ends = starts + problem.durations
    if problem.weight is None:
        return int(ends.max(initial=0))
    late = ends if problem.due is None else np.maximum(ends - problem.due, 0)
    return int(problem.weight @ late)


class _Profile:
    """What resources and budgets have left while activities are placed and taken out again."""

    def __init__(self, problem: ActivityProblem, horizon: int) -> None:
        used = [r for r, name in enumerate(problem.resources) if problem.is_on("capacity", name)]
        capacity = problem.capacity[:, used]
        if problem.varies:
            self.left = np.zeros((horizon, len(used)), dtype=np.int64)
            self.left[: len(capacity)] = capacity[:horizon]
        else:
            self.left = np.repeat(capacity, horizon, axis=0)
        self.durations, self.demand = problem.durations, problem.demand[:, used]
        self.roles = [np.flatnonzero(row) for row in self.demand]
        self.paid = problem.paid_periods
        # Money of a block that is left out is as good as endless; what comes after the last block counts
        # as one more block without money.
        endless = np.iinfo(np.int64).max // 4
        blocks = [*problem.blocks, None]
        self.money = np.full((len(blocks), len(problem.kinds)), endless)
        for b, block in enumerate(blocks):
            for k, kind in enumerate(problem.kinds):
                if problem.is_on("budget", block, kind):
                    self.money[b, k] = 0 if block is None else problem.money[b, k]
        last = len(problem.blocks) * problem.block_length
        self.edges = np.array(
            [*range(0, last + 1, problem.block_length), horizon + self.paid.max(initial=1) + last]
        )
        self.rate = problem.rate

    def overlaps(self, i: int, starts: np.ndarray) -> np.ndarray:
        """Periods that activity i runs in each block, for each start."""
        before = np.clip(self.edges[None, :] - starts[:, None], 0, self.paid[i])
        return np.diff(before, axis=1)

    def fitting(self, i: int, low: int, high: int) -> np.ndarray:
        """The starts from low to high at which activity i fits."""
        starts = np.arange(low, high + 1)
        d, roles = int(self.durations[i]), self.roles[i]
        if d and len(roles):
            short = (self.left[low : high + d, roles] < self.demand[i, roles]).any(axis=1)
            counted = np.concatenate([[0], np.cumsum(short)])
            starts = starts[counted[d:] == counted[:-d]]
        if self.rate[i].any() and len(starts):
            need = self.overlaps(i, starts)[:, :, None] * self.rate[i]
            starts = starts[(need <= self.money).all(axis=(1, 2))]
        return starts

    def add(self, i: int, start: int, sign: int = -1) -> None:
        """Place an activity (or, with sign 1, take it out)."""
        d = int(self.durations[i])
        if d and len(self.roles[i]):
            self.left[start : start + d] += sign * self.demand[i]
        if self.rate[i].any():
            self.money += sign * self.overlaps(i, np.array([start]))[0][:, None] * self.rate[i]


class SerialScheduler:
    """Places activities in the order of a priority, each as early as everything allows."""

    def __init__(self, problem: ActivityProblem, horizon: int) -> None:
        self.problem, self.horizon = problem, horizon
        self.windows = problem.windows(horizon)
        self.after: list[list[tuple[int, int]]] = [[] for _ in range(problem.n)]
        self.before: list[list[tuple[int, int]]] = [[] for _ in range(problem.n)]
        for (i, j, lag), name in zip(problem.links, problem.link_names, strict=True):
            if problem.is_on(*name):
                self.after[i].append((j, lag))
                self.before[j].append((i, lag))
        self.allowed = {
            i: d for i, d in problem.sittings.items() if problem.is_on("sitting", problem.labels[i])
        }
        self.empty = _Profile(problem, horizon)

    def topological(self) -> list[int] | None:
        """Activities with every predecessor first; None if links go in a circle."""
        waiting = [len(b) for b in self.before]
        ready = [i for i, n in enumerate(waiting) if not n]
        for i in ready:
            for j, _ in self.after[i]:
                waiting[j] -= 1
                if not waiting[j]:
                    ready.append(j)
        return ready if len(ready) == self.problem.n else None

    def place(self, priority: np.ndarray) -> tuple[np.ndarray | None, int]:
        """Starts by serial generation, small priorities first; or None and who finds no place."""
        assert self.windows is not None
        earliest, latest = self.windows
        profile = self.empty
        left, money = profile.left.copy(), profile.money.copy()
        waiting = [len(b) for b in self.before]
        low = earliest.copy()
        ready = [(priority[i], i) for i, n in enumerate(waiting) if not n]
        heapq.heapify(ready)
        starts = np.zeros(self.problem.n, dtype=np.int64)
        placed, i = 0, -1
        while ready:
            i = heapq.heappop(ready)[1]
            start = self._first(profile, i, int(low[i]), int(latest[i]))
            if start is None:
                break
            profile.add(i, start)
            starts[i], placed = start, placed + 1
            for j, lag in self.after[i]:
                low[j] = max(low[j], start + lag)
                waiting[j] -= 1
                if not waiting[j]:
                    heapq.heappush(ready, (priority[j], j))
        profile.left, profile.money = left, money
        return (starts if placed == self.problem.n else None), i

    def justify(self, starts: np.ndarray) -> np.ndarray:
        """Move everything as late as the makespan allows, then as early as possible: never longer.

        Double justification (Valls, Ballestín & Quintanilla 2005, Eur. J. Oper. Res. 165:375–386).
        """
        if self.windows is None:
            return starts
        earliest, latest = self.windows
        profile, starts = self.empty, starts.copy()
        durations = self.problem.durations
        left, money = profile.left.copy(), profile.money.copy()
        for i in range(self.problem.n):
            profile.add(i, int(starts[i]))
        end = int((starts + durations).max(initial=0))
        for i in np.lexsort((starts, -(starts + durations))):
            high = min(
                [int(latest[i]), end - int(durations[i])] + [int(starts[j]) - lag for j, lag in self.after[i]]
            )
            profile.add(i, int(starts[i]), 1)
            starts[i] = self._last(profile, i, int(starts[i]), high)
            profile.add(i, int(starts[i]))
        for i in np.lexsort((starts + durations, starts)):
            low = max([int(earliest[i])] + [int(starts[j]) + lag for j, lag in self.before[i]])
            profile.add(i, int(starts[i]), 1)
            first = self._first(profile, i, low, int(starts[i]))
            starts[i] = starts[i] if first is None else first
            profile.add(i, int(starts[i]))
        profile.left, profile.money = left, money
        return starts

    def _on_sitting(self, i: int, starts: np.ndarray) -> np.ndarray:
        return starts[np.isin(starts, self.allowed[i])] if i in self.allowed else starts

    def _first(self, profile: _Profile, i: int, low: int, high: int) -> int | None:
        chunk = _FIRST_CHUNK
        while low <= high:
            fitting = self._on_sitting(i, profile.fitting(i, low, min(high, low + chunk - 1)))
            if len(fitting):
                return int(fitting[0])
            low, chunk = low + chunk, 2 * chunk
        return None

    def _last(self, profile: _Profile, i: int, low: int, high: int) -> int:
        chunk = _FIRST_CHUNK
        while low <= high:
            fitting = self._on_sitting(i, profile.fitting(i, max(low, high - chunk + 1), high))
            if len(fitting):
                return int(fitting[-1])
            high, chunk = high - chunk, 2 * chunk
        return low


def quick_schedule(
    problem: ActivityProblem, *, seed: int, tries: int, patience: int, enough: int
) -> np.ndarray | None:
    """The best of many serial schedules: starts by activity, or None if none was found.

    Ends after `tries`, after `patience` of them in a row without success, or when the objective is `enough`.
    """
    scheduler = SerialScheduler(problem, problem.horizon)
    order = scheduler.topological()
    if scheduler.windows is None or order is None:
        return None
    rng = np.random.default_rng(seed)
    search = _shortest if problem.weight is None else _most_valuable
    best, best_value, idle = None, 0, 0
    for starts, _ in zip(search(scheduler, order, rng), range(tries), strict=False):
        if starts is not None and (best is None or objective_of(problem, starts) < best_value):
            best, best_value, idle = starts, objective_of(problem, starts), 0
        idle += 1
        if idle > patience or (best is not None and best_value <= enough):
            break
    return best


def _shortest(
    scheduler: SerialScheduler, order: list[int], rng: np.random.Generator
) -> Iterator[np.ndarray | None]:
    """For the makespan: latest start first, then small random changes of the best order, justified."""
    assert scheduler.windows is not None
    n, latest = scheduler.problem.n, scheduler.windows[1]
    best, best_end = _ranks(latest), np.inf
    priority = best
    while True:
        starts, stuck = scheduler.place(priority)
        if starts is not None:
            starts = scheduler.justify(starts)
            end = objective_of(scheduler.problem, starts)
            if end <= best_end:
                best, best_end = _ranks(starts), end
        elif best_end == np.inf:
            best = _earlier(best, stuck, scheduler, order)
        yield starts
        size, share = rng.choice([0.02, 0.1, 0.3]), rng.choice([0.1, 0.3, 1.0])
        priority = best + rng.normal(0.0, size, n) * (rng.random(n) < share)


def _most_valuable(
    scheduler: SerialScheduler, order: list[int], rng: np.random.Generator
) -> Iterator[np.ndarray | None]:
    """For the weighted sum: value per scarce work still to come (Smith 1956), with values randomly changed.

    An activity that finds no place is given more value, and so is all it waits for, until it finds one
    ("squeaky wheel", Joslin & Clements 1999, J. Artif. Intell. Res. 10:353–373).
    """
    problem = scheduler.problem
    assert problem.weight is not None
    work = _tail(scheduler, order, _scarce_work(problem))
    value = problem.weight + 1e-6 * max(1.0, float(problem.weight.max(initial=0)))
    factor, best_factor, best_value = np.ones(problem.n), np.ones(problem.n), np.inf
    squeak, step = np.zeros(problem.n), float(_tail(scheduler, order, value).mean())
    while True:
        starts, stuck = scheduler.place(-_tail(scheduler, order, value * factor + squeak) / work)
        if starts is None:
            squeak[stuck] += step * (2.0 if best_value == np.inf else 0.5)
        else:
            squeak *= 0.9
            if objective_of(problem, starts) <= best_value:
                best_factor, best_value = factor, objective_of(problem, starts)
        yield starts
        changed = rng.random(problem.n) < rng.choice([0.05, 0.2, 1.0])
        size = rng.choice([0.1, 0.3, 1.0]) if best_value < np.inf else 0.0
        factor = best_factor * np.exp(rng.normal(0.0, size, problem.n) * changed)


def _earlier(priority: np.ndarray, stuck: int, scheduler: SerialScheduler, order: list[int]) -> np.ndarray:
    """The order with a stuck activity, and all it waits for, moved to the front."""
    urgent = {stuck}
    for i in reversed(order):
        if i in urgent:
            urgent.update(j for j, _ in scheduler.before[i])
    return _ranks(priority - 0.3 * np.isin(np.arange(len(priority)), list(urgent)))


def _ranks(priority: np.ndarray) -> np.ndarray:
    """Positions in the order, from 0 to 1."""
    ranks = np.empty(len(priority))
    ranks[np.argsort(priority, kind="stable")] = np.arange(len(priority)) / max(1, len(priority) - 1)
    return ranks


def _tail(scheduler: SerialScheduler, order: list[int], own: np.ndarray) -> np.ndarray:
    """Each activity's own amount and its share of all that waits for it."""
    total = own.astype(float)
    for j in reversed(order):
        if scheduler.before[j]:
            share = total[j] / len(scheduler.before[j])
            for i, _ in scheduler.before[j]:
                total[i] += share
    return total


def _scarce_work(problem: ActivityProblem) -> np.ndarray:
    """What an activity takes of the resources and of the money, those most in demand counting most."""
    work = 1e-6 + problem.durations * 1e-3
    for needed, offered in (
        (problem.durations[:, None] * problem.demand, problem.capacity.sum(axis=0)),
        (problem.paid_periods[:, None] * problem.rate, problem.money.sum(axis=0)),
    ):
        share = needed / np.maximum(offered, 1)
        work = work + (share * share.sum(axis=0)).sum(axis=1)
    return work
