"""Projects to choose and to schedule in one model: what is to be decided, what it is worth, and answers."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
import pandas as pd

from digistrat.planning.activity_problem import ActivityProblem

JointStatus = Literal["optimal", "feasible", "infeasible", "limit"]
Link = tuple[int, int, int]


@dataclass(frozen=True, kw_only=True)
class JointProblem:
    """Which projects are done, and when, so that what they are worth in operation is largest.

    Attributes
    ----------
    activities : ActivityProblem
        All activities of all candidates. Those of a project stand together, in their order; a link from each
        to the next one makes them a chain. Links between projects hold where both are done. ``weight``,
        ``due`` and the labels of what is left out play no part.
    project : array of int, by activity
        Position of its project; every project has at least one activity.
    projects : Index
        Labels of the projects.
    value : array, by project
        ≥ 0: what one period in operation is worth; a project is in operation from the end of its last
        activity until the horizon.
    mandatory : array of bool, by project
        To be done in any case.
    requires, excludes : pairs of positions
        ``(i, j)``: i is done only if j is; not both are done.
    horizon : int
        Periods; every project that is done ends by then.
    coverage : (name, positions of projects, n)
        At least n of them are done.
    """

    activities: ActivityProblem
    project: np.ndarray
    projects: pd.Index
    value: np.ndarray
    mandatory: np.ndarray
    horizon: int
    requires: tuple[tuple[int, int], ...] = ()
    excludes: tuple[tuple[int, int], ...] = ()
    coverage: tuple[tuple[Hashable, np.ndarray, int], ...] = ()

    def __post_init__(self) -> None:
        _check(self)

    @property
    def n(self) -> int:
        """Number of projects."""
        return len(self.projects)

    @cached_property
    def first(self) -> np.ndarray:
        """Position of each project's first activity, and one past the last one's."""
        return np.searchsorted(self.project, np.arange(self.n + 1))

    @cached_property
    def last(self) -> np.ndarray:
        """Position of each project's last activity."""
        return self.first[1:] - 1

    @cached_property
    def chain(self) -> np.ndarray:
        """By activity: how long after its start the next one of its project may start; −horizon: any time."""
        lag = np.full(self.activities.n, -self.horizon)
        for i, j, least in self.activities.links:
            if j == i + 1 and self.project[i] == self.project[j]:
                lag[i] = max(lag[i], least)
        return lag

    @cached_property
    def waits(self) -> list[Link]:
        """Links between activities of different projects."""
        return [link for link in self.activities.links if self.project[link[0]] != self.project[link[1]]]

    def worth(self, starts: np.ndarray) -> float:
        """What a plan is worth; starts by activity, −1 where the project is not done."""
        last = self.last
        ends = starts[last] + self.activities.durations[last]
        return float(self.value @ np.where(starts[last] >= 0, np.maximum(self.horizon - ends, 0), 0))


@dataclass(frozen=True)
class JointAnswer:
    """What `solve_joint` found, and how sure it is.

    Attributes
    ----------
    chosen : array of bool, by project
    starts : array of int, by activity
        −1 where the project is not done.
    value : float
        What the plan is worth (`JointProblem.worth`).
    bound : float
        No plan is worth more (proven; −inf if it is proven that there is none).
    status : {"optimal", "feasible", "infeasible", "limit"}
        ``infeasible``: proven that no plan has all mandatory projects; ``limit``: no such plan was found, and
        what is there lacks `missing`.
    missing : positions of mandatory projects, or names of coverage, that found no place
    impossible : positions of projects that cannot be done in any plan, whatever else is done (proven)
    """

    chosen: np.ndarray
    starts: np.ndarray
    value: float
    bound: float
    status: JointStatus
    missing: tuple[Hashable, ...] = ()
    impossible: tuple[int, ...] = ()

    @property
    def gap(self) -> float:
        """``(bound − value) / max(1e-9, |value|)``: how much better a plan can be, at most."""
        return (self.bound - self.value) / max(1e-9, abs(self.value))


def broken(problem: JointProblem, chosen: np.ndarray, starts: np.ndarray) -> list[str]:
    """What a plan breaks, apart from resources and money (see `activity_problem.fits`); empty if nothing."""
    given, found = problem.activities, []
    done = chosen[problem.project]
    if ((starts >= 0) != done).any():
        found.append("starts are not those of the chosen projects")
    if (problem.mandatory & ~chosen).any():
        found.append("a mandatory project is not done")
    found += [f"{i} without {j}" for i, j in problem.requires if chosen[i] and not chosen[j]]
    found += [f"{i} with {j}" for i, j in problem.excludes if chosen[i] and chosen[j]]
    found += [f"too few of {name}" for name, members, n in problem.coverage if chosen[members].sum() < n]
    for i, j, lag in given.links:
        if done[i] and done[j] and starts[j] < starts[i] + lag:
            found.append(f"link {given.labels[i]} → {given.labels[j]}")
    ends = starts + given.durations
    latest = np.minimum(given.deadline, problem.horizon)
    found += [f"{given.labels[a]} ends late" for a in np.flatnonzero(done & (ends > latest)).tolist()]
    found += [
        f"{given.labels[a]} begins early" for a in np.flatnonzero(done & (starts < given.release)).tolist()
    ]
    for a, allowed in given.sittings.items():
        if done[a] and starts[a] not in allowed:
            found.append(f"{given.labels[a]} begins where it may not")
    return found


def _check(problem: JointProblem) -> None:
    n, given = len(problem.projects), problem.activities
    if problem.horizon < 0:
        raise ValueError(f"horizon must be periods ≥ 0, not {problem.horizon}")
    if given.off:
        raise ValueError("activities must have all constraints: the joint model leaves none out")
    steps = np.diff(problem.project, prepend=-1)
    together = len(problem.project) == given.n and np.isin(steps, (0, 1)).all() and steps[:1].all()
    if not together or (problem.project[-1] if given.n else -1) != n - 1:
        raise ValueError("project must number the projects from 0 on, each with its activities together")
    for name, array in (("value", problem.value), ("mandatory", problem.mandatory)):
        if len(array) != n:
            raise ValueError(f"{name} must have one entry for each of {n} projects, not {len(array)}")
    if not (np.isfinite(problem.value) & (problem.value >= 0)).all():
        raise ValueError("value must be numbers ≥ 0")
    pairs = [*problem.requires, *problem.excludes]
    if any(i == j or not (0 <= i < n and 0 <= j < n) for i, j in pairs):
        raise ValueError("requires and excludes must be pairs of positions of two projects")
    for i, j, _ in given.links:
        if problem.project[i] == problem.project[j] and j <= i:
            raise ValueError(f"links within a project must go forward, not {given.labels[i]!r} → earlier")
    for goal, members, least in problem.coverage:
        if any(not 0 <= i < n for i in members) or least < 0:
            raise ValueError(f"coverage {goal!r} must name positions of projects, and a number ≥ 0")
