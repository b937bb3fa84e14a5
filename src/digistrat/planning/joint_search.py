"""Projects chosen and scheduled together: a plan from prices, large-neighbourhood search, and the bound.

A plan is improved by taking some projects out and putting others in, each where it gains most under the
prices of the bound (Shaw 1998, CP-98, LNCS 1520:417–431; Schrimpf et al. 2000, J. Comput. Phys. 159:139–171);
a plan that is a little worse is accepted too, ever less so.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import replace

import numpy as np
from tqdm import tqdm

from digistrat.planning.bound import Bound, lagrangian_bound
from digistrat.planning.joint_level import level
from digistrat.planning.joint_model import JointAnswer, JointProblem
from digistrat.planning.joint_placement import Placement
from digistrat.planning.joint_relaxation import Relaxation

_PLACEMENTS = 300_000  # projects put in, or tried to, for each unit of effort
_FIRST_PLANS = 15  # orders tried for a first plan with everything mandatory
_PRICES = (1.0, 1.0, 0.7, 0.4, 0.0)  # shares of the bound's prices under which projects are put in
_OTHERS = 40  # projects tried that were not done, besides those taken out
_TIGHT = (1.0, 2.0, 5.0)  # the same while what is mandatory finds no place: cheap rather than early
_LARGEST = 20  # projects taken out at once
_HEAT = (0.35, 0.008)  # by how much of a project's mean worth a plan may get worse: first, in the end
_RESTLESS = 3.0  # times as much while what is mandatory finds no place
_NO_DIFFERENCE = 1e-6  # of the least value of a period: where a plan counts as no better


def solve_joint(problem: JointProblem, *, effort: float = 1.0, seed: int = 1) -> JointAnswer:
    """Choose projects and schedule them, so that what they are worth in operation is large.

    Parameters
    ----------
    problem : JointProblem
    effort : float
        Deterministic limit of the search: the same input gives the same plan. One takes about half a minute
        on one core for two hundred projects.
    seed : int
        Of the random choices.

    Returns
    -------
    JointAnswer
        Of plans that are worth the same, one with short projects, and even load within these.
    """
    closed, outside = _closed(problem)
    relaxed = Relaxation(closed)
    relaxed.allowed[outside[closed.project]] = False
    bound = lagrangian_bound(closed, relaxation=relaxed)
    impossible = np.isneginf(bound.gain)
    none = np.full(closed.activities.n, -1)
    alone = tuple(np.flatnonzero(impossible & ~(outside & ~problem.mandatory)).tolist())
    if (closed.mandatory & outside).any() or bound.value < 0.0:
        return JointAnswer(np.zeros(closed.n, bool), none, 0.0, -np.inf, "infeasible", impossible=alone)
    search = _Search(closed, relaxed, bound, seed)
    search.run(int(effort * _PLACEMENTS))
    starts = level(problem, search.best)
    chosen = starts[problem.last] >= 0
    value, missing = problem.worth(starts), _missing(problem, chosen)
    best = bound.value
    if missing:
        return JointAnswer(chosen, starts, value, best, "limit", missing, alone)
    least = min(problem.value[problem.value > 0], default=1.0)
    if best - value <= _NO_DIFFERENCE * least:
        return JointAnswer(chosen, starts, value, max(best, value), "optimal", (), alone)
    return JointAnswer(chosen, starts, value, best, "feasible", (), alone)


def _closed(problem: JointProblem) -> tuple[JointProblem, np.ndarray]:
    """Mandatory too is what mandatory projects require; outside what they exclude, and what requires that."""
    mandatory, outside = problem.mandatory.copy(), np.zeros(problem.n, dtype=bool)
    for _ in range(problem.n + 1):
        before = mandatory.sum() + outside.sum()
        for i, j in problem.requires:
            mandatory[j] |= mandatory[i]
            outside[i] |= outside[j]
        for i, j in problem.excludes:
            outside[j] |= mandatory[i]
            outside[i] |= mandatory[j]
        if mandatory.sum() + outside.sum() == before:
            break
    return replace(problem, mandatory=mandatory), outside


def _missing(problem: JointProblem, chosen: np.ndarray) -> tuple[Hashable, ...]:
    few = [name for name, members, n in problem.coverage if chosen[members].sum() < n]
    return (*np.flatnonzero(problem.mandatory & ~chosen).tolist(), *few)


class _Search:
    """One plan, changed again and again, and the best one seen."""

    def __init__(self, problem: JointProblem, relaxed: Relaxation, bound: Bound, seed: int) -> None:
        self.problem, self.bound = problem, bound
        self.random = np.random.default_rng(seed)
        self.plan = Placement(problem, relaxed)
        self.gains = [_gain(relaxed, share * bound.prices) for share in _PRICES]
        self.tight = [_gain(relaxed, share * bound.prices) for share in _TIGHT]
        self.density = _density(problem, bound)
        self.possible = np.isfinite(bound.gain)
        self.urgency = np.zeros(problem.n)  # of mandatory projects that found no place
        self.needs = np.zeros((problem.n, len(problem.activities.resources)), dtype=bool)
        np.logical_or.at(self.needs, problem.project, problem.activities.demand > 0)
        paid = bound.role_prices.sum(axis=0)
        self.scarce = paid / max(1e-300, float(paid.sum()))  # how likely a resource is looked at
        self.penalty = 1.0 + float(problem.value.sum()) * problem.horizon
        self.placements = 0
        self.best = self.plan.starts.copy()
        self.best_score = -np.inf

    def run(self, limit: int) -> None:
        """Search until so many placements are made."""
        with tqdm(total=limit, disable=None, leave=False, unit="placement") as bar:
            score = self._first()
            while self.placements < limit and self.best_score < self.bound.value:
                before = self.placements
                used = self.placements / limit
                project = max(self.plan.worth(), 0.0) / max(1, int(self.plan.done.sum()))
                heat = project * _HEAT[0] * (_HEAT[1] / _HEAT[0]) ** used
                score = self._change(score, heat)
                self.placements += 1
                bar.update(self.placements - before)
        self._earlier()

    def score(self) -> float:
        """What the plan is worth, less more than any plan is worth for each duty that is not kept."""
        return self.plan.worth() - self._lacking() * self.penalty

    def _lacking(self) -> int:
        done, problem = self.plan.done, self.problem
        few = sum(max(0, n - int(done[members].sum())) for _, members, n in problem.coverage)
        return int((problem.mandatory & ~done).sum()) + few

    def _keep_best(self, score: float) -> None:
        if score > self.best_score:
            self.best, self.best_score = self.plan.starts.copy(), score

    def _first(self) -> float:
        """Serial placement by value per priced use; what must be done and found no place is then earlier.

        "Squeaky wheel": Joslin & Clements 1999, J. Artif. Intell. Res. 10:353–373.
        """
        rank = np.argsort(np.argsort(-self.density)) / max(1, self.problem.n)
        everything = np.flatnonzero(self.possible)
        for _ in range(_FIRST_PLANS):
            for i in np.flatnonzero(self.plan.done).tolist():
                self.plan.remove(i)
            self._fill(everything, (rank - self.urgency)[everything], self.gains[0], self.problem.n)
            self._keep_best(self.score())
            if not self._lacking():
                break
            self._urge(self.problem.mandatory & ~self.plan.done)
        self._restore()
        return self.best_score

    def _urge(self, missing: np.ndarray) -> None:
        self.urgency[missing] += 0.2 * self.random.random(int(missing.sum()))
        for i, j in self.problem.requires:
            if missing[i]:
                self.urgency[j] = max(self.urgency[j], self.urgency[i] + 0.01)

    def _change(self, score: float, heat: float) -> float:
        """Take projects out and put others in; back to before if the plan is too much worse."""
        plan, lacking = self.plan, self._lacking()
        saved = [(i, plan.of(i)) for i in self._ruined()]
        for i, _ in saved:
            plan.remove(i)
        open_ = self._tried(np.array([i for i, _ in saved], dtype=np.int64))
        old = np.isin(open_, [i for i, _ in saved])
        order = self._order(open_, old)
        gains = self.gains
        if lacking:
            order = order - 1e9 * (self.problem.mandatory[open_] & ~old)
            gains, heat = self.tight, _RESTLESS * heat
        gain = gains[self.random.integers(len(gains))]
        placed = self._fill(open_, order, gain, lacking)
        found = self.score()
        if found > score + heat * np.log(max(self.random.random(), 1e-12)):
            self._keep_best(found)
            return found
        for i in placed:
            plan.remove(i)
        for i, starts in saved:
            plan.put(i, starts)
        return score

    def _tried(self, out: np.ndarray) -> np.ndarray:
        """Projects to be put in: those just taken out, what is mandatory, and some that may be worth it."""
        gain, mandatory = self.bound.gain, self.problem.mandatory
        needed = ~self.plan.done & mandatory
        needed[out] = True
        hopeful = self.bound.value - np.maximum(gain, 0.0) + gain > self.best_score  # else in no better plan
        others = np.flatnonzero(~self.plan.done & ~needed & self.possible & hopeful)
        some = self.random.permutation(others)[: self.random.integers(_OTHERS // 8, _OTHERS)]
        return np.sort(np.concatenate([np.flatnonzero(needed & self.possible), some]))

    def _ruined(self) -> list[int]:
        """Some projects that are done, and all that require them."""
        plan, random = self.plan, self.random
        done = np.flatnonzero(plan.done)
        if not len(done):
            return []
        noise, how = random.random(len(done)), random.random()
        if how < 0.4:  # going live about the same time
            ends = plan.ends()[done]
            key = np.abs(ends - random.choice(ends)) + self.problem.horizon / 6 * noise
        elif how < 0.55 and self.scarce.any():  # in need of the same resource
            resource = random.choice(len(self.scarce), p=self.scarce)
            key = noise + ~self.needs[done, resource]
        elif how < 0.7:  # little value for what they take
            key = self.density[done] * (0.5 + noise)
        else:
            key = noise
        out = set(done[np.argsort(key)[: random.integers(2, _LARGEST + 1)]].tolist())
        follow = list(out)
        while follow:
            for j in plan.required_by[follow.pop()]:
                if plan.done[j] and j not in out:
                    out.add(j)
                    follow.append(j)
        return sorted(out)

    def _order(self, open_: np.ndarray, old: np.ndarray) -> np.ndarray:
        """In which order projects are put in, small numbers first."""
        random, how = self.random, self.random.random()
        noise = random.random(len(open_))
        if how < 0.5:
            order = -self.density[open_] * (1.0 + random.choice([0.05, 0.2, 0.5]) * (noise - 0.5))
        elif how < 0.7:
            order = noise
        elif how < 0.8:
            order = -self.problem.value[open_] * noise
        else:
            order = noise + ~old
        if random.random() < 0.6:
            order = order - 1e6 * (1.0 + self.urgency[open_]) * self.problem.mandatory[open_]
        return order

    def _fill(self, projects: np.ndarray, order: np.ndarray, gain: np.ndarray, lacking: int) -> list[int]:
        """Put in what fits, in the given order; no more than so many duties may stay open."""
        plan, placed, waiting = self.plan, list[int](), list[int]()
        affordable = set(plan.affordable(projects).tolist())
        queue = [i for i in projects[np.argsort(order, kind="stable")].tolist() if i in affordable]
        lost = int((self.problem.mandatory[projects]).sum()) - int(self.problem.mandatory[queue].sum())
        for repeated in (False, True):
            for i in queue:
                if lost > lacking:
                    return placed
                self.placements += 1
                if plan.insert(i, gain):
                    placed.append(i)
                elif plan.requires[i] and not repeated:
                    waiting.append(i)
                elif self.problem.mandatory[i]:
                    lost += 1
            queue = waiting
        return placed

    def _earlier(self) -> None:
        """Put each project of the best plan in again, as early as it can be, as long as that gains."""
        plan = self.plan
        self._restore()
        before = -np.inf
        while plan.worth() > before:
            before = plan.worth()
            for i in np.flatnonzero(plan.done)[np.argsort(plan.ends()[plan.done], kind="stable")].tolist():
                worth, starts = plan.worth(), plan.of(i)
                plan.remove(i)
                if plan.insert(i, self.gains[-1]) and plan.worth() < worth:
                    plan.remove(i)
                if not plan.done[i]:
                    plan.put(i, starts)
        self._keep_best(self.score())

    def _restore(self) -> None:
        """Come back to the best plan."""
        for i in np.flatnonzero(self.plan.done).tolist():
            self.plan.remove(i)
        for i in np.flatnonzero(self.best[self.problem.last] >= 0).tolist():
            self.plan.put(i, self.best[self.plan.first[i] : self.plan.first[i + 1]].tolist())


def _gain(relaxed: Relaxation, prices: np.ndarray) -> np.ndarray:
    """Activities × starts: what a start gains under prices, −inf where there must be none."""
    cost, _ = relaxed.costs(prices)
    gain = -cost
    gain[relaxed.problem.last] += relaxed.worth
    return np.where(relaxed.allowed, gain, -np.inf)


def _density(problem: JointProblem, bound: Bound) -> np.ndarray:
    """Value per what a project takes, both where the bound's prices would have it."""
    ends = bound.starts[problem.last] + problem.activities.durations[problem.last]
    worth = problem.value * np.maximum(problem.horizon - ends, 0)
    least = max(1e-12, 1e-3 * float(worth.max(initial=0.0)))
    with np.errstate(invalid="ignore"):
        density = worth / np.maximum(worth - bound.gain, least)
    return np.where(np.isfinite(bound.gain), density, 0.0)
