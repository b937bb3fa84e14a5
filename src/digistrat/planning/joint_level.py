"""A plan that is worth the same, with shorter projects and a load as even as they allow."""

from __future__ import annotations

import numpy as np

from digistrat.planning.joint_model import JointProblem, Link
from digistrat.planning.joint_placement import Placement
from digistrat.planning.joint_relaxation import Relaxation

_PASSES = 10


def level(problem: JointProblem, starts: np.ndarray) -> np.ndarray:
    """Move activities that are not the last of their project, which changes nothing in what a plan is worth.

    First all as late as resources, money, dates and links allow, so that projects are short; then within
    their project's time to where the squared load, as a share of each resource's mean capacity, is least
    (Burgess & Killebrew 1962, J. Ind. Eng. 13:76–83).

    Parameters
    ----------
    problem : JointProblem
    starts : array of int, by activity
        A plan that keeps everything; −1 where a project is not done.

    Returns
    -------
    array of int
        Starts of a plan that keeps everything too, with the same projects and the same ends.
    """
    relaxed = Relaxation(problem)
    plan = Placement(problem, relaxed)
    for i in np.flatnonzero(starts[problem.last] >= 0).tolist():
        plan.put(i, starts[problem.first[i] : problem.first[i + 1]].tolist())
    mover = _Mover(plan, relaxed)
    for _ in range(_PASSES):
        if not sum(mover.move_late(a) for a in reversed(mover.movable)):
            break
    mover.count()
    for _ in range(_PASSES):
        if not sum(mover.move_even(a) for a in mover.movable):
            break
    return plan.starts


class _Mover:
    """Moves single activities of a plan."""

    def __init__(self, plan: Placement, relaxed: Relaxation) -> None:
        problem, given = plan.problem, plan.problem.activities
        self.plan, self.allowed = plan, relaxed.allowed
        under_way = plan.done[problem.project]
        under_way[problem.last] = False
        self.movable: list[int] = np.flatnonzero(under_way).tolist()
        self.heads = set(problem.first[:-1].tolist())
        self.before: list[list[Link]] = [[] for _ in range(given.n)]
        self.behind: list[list[Link]] = [[] for _ in range(given.n)]
        for link in given.links:
            if plan.starts[link[0]] >= 0 and plan.starts[link[1]] >= 0:
                self.behind[link[0]].append(link)
                self.before[link[1]].append(link)
        mean = relaxed.capacity.mean(axis=0) if plan.horizon else np.ones(len(given.resources))
        self.share = relaxed.demand / np.where(mean > 0.0, mean, 1.0)
        self.load = np.zeros((plan.horizon, len(given.resources)))  # as a share, once it is counted

    def count(self) -> None:
        """Count the load of all that is done."""
        for a in np.flatnonzero(self.plan.starts >= 0).tolist():
            self._add(a, int(self.plan.starts[a]), 1.0)

    def _add(self, a: int, start: int, sign: float) -> None:
        self.load[start : start + self.plan.durations[a]] += sign * self.share[a]

    def _possible(self, a: int, low: int) -> np.ndarray:
        """Starts of an activity that has been taken out, not before `low`; its links hold."""
        plan, starts = self.plan, self.plan.starts
        low = max([low, 0, *(int(starts[i]) + lag for i, _, lag in self.before[a])])
        high = min([plan.horizon, *(int(starts[j]) - lag for _, j, lag in self.behind[a])])
        times = np.arange(low, high + 1)
        times = times[self.allowed[a, low : high + 1]]
        short = (plan.left < plan.need[a][:, None]).any(axis=0)
        count = np.concatenate([[0], short.cumsum()])
        times = times[count[times + plan.durations[a]] == count[times]]
        return times[(plan.spending[a, times] <= plan.money).all(axis=1)]

    def move_late(self, a: int) -> bool:
        """As late as possible."""
        start = int(self.plan.starts[a])
        self.plan.take(a, start, 1)
        possible = self._possible(a, start)
        return self._settle(a, start, int(possible[-1]) if len(possible) else start)

    def move_even(self, a: int) -> bool:
        """To where the squared load becomes least; the first activity of a project never earlier."""
        start = int(self.plan.starts[a])
        self.plan.take(a, start, 1)
        self._add(a, start, -1.0)
        possible = self._possible(a, start if a in self.heads else 0)
        below = np.concatenate([[0.0], (self.load @ self.share[a]).cumsum()])
        cost = below[possible + self.plan.durations[a]] - below[possible]
        here = below[start + self.plan.durations[a]] - below[start]
        best = start
        if len(possible) and cost.min() < here - 1e-9 * max(1.0, here):
            best = int(possible[cost.argmin()])
        self._add(a, best, 1.0)
        return self._settle(a, start, best)

    def _settle(self, a: int, old: int, new: int) -> bool:
        self.plan.take(a, new, -1)
        self.plan.starts[a] = new
        return new != old
