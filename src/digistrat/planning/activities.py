"""When and by whom: activities with durations, links, scarce resources and yearly money, on plain frames."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from digistrat.planning.activity_conflicts import find_conflict
from digistrat.planning.activity_frames import read_activities
from digistrat.planning.activity_model import Effort
from digistrat.planning.activity_problem import ActivityProblem, Name, fits, whole_numbers
from digistrat.planning.activity_search import solve
from digistrat.planning.verify import verify_schedule_activities

ScheduleStatus = Literal["optimal", "feasible", "infeasible", "limit"]
_NO_DIFFERENCE = 1e-6  # of a period of the least weight: where a plan counts as no better


@dataclass(frozen=True)
class Schedule:
    """What `schedule_activities` found, and how sure it is.

    Attributes
    ----------
    start : Series of Int64
        First period of each activity, from 0, in the order given; missing without a schedule.
    makespan : float
        Periods until everything has ended; NaN without a schedule.
    objective : float
        What was minimised: the makespan, or the weighted sum of ends (or delays).
    bound : float
        No schedule has a lower objective (proven).
    gap : float
        ``(objective - bound) / max(1e-9, |objective|)``, 0 where proven optimal.
    status : {"optimal", "feasible", "infeasible", "limit"}
        ``optimal``: no schedule is better by a millionth of a period of the least weight. ``feasible``: a
        schedule, not proven best; ``limit``: none found, none excluded.
    conflicts : tuple
        Where infeasible, constraints that exclude each other: ``("deadline", activity)``,
        ``("release", activity)``, ``("sitting", activity)``, ``("capacity", resource)``,
        ``("precedence", a, b)``, ``("chain", a, b, n)`` (by links between them, from the start of a to the
        end of b at least n periods), ``("budget", block, kind)``; block None is the time after the last one.
    is_minimal : bool
        False where the search ended early, so that conflicts may be named that do not matter.
    """

    start: pd.Series
    makespan: float
    objective: float
    bound: float
    gap: float
    status: ScheduleStatus
    conflicts: tuple[Name, ...] = ()
    is_minimal: bool = True

    def __str__(self) -> str:
        if self.status in ("infeasible", "limit"):
            names = "".join(f"\n  {' '.join(map(str, c))}" for c in self.conflicts)
            more = "" if self.is_minimal else "\n  (perhaps more than matter)"
            return f"no schedule ({self.status}){names}{more}"
        return (
            f"{len(self.start)} activities in {self.makespan:g} periods, objective {self.objective:g}, "
            f"at least {self.bound:g} (gap {self.gap:.2%}, {self.status})"
        )


def schedule_activities(
    durations: pd.Series,
    demands: pd.DataFrame,
    capacities: pd.Series | pd.DataFrame,
    precedences: pd.DataFrame | None,
    *,
    release: pd.Series | None = None,
    deadlines: pd.Series | None = None,
    weights: pd.Series | None = None,
    due: pd.Series | None = None,
    budgets: pd.DataFrame | None = None,
    costs: pd.DataFrame | None = None,
    after: pd.DataFrame | None = None,
    periods_per_block: int = 12,
    sittings: Mapping[Hashable, Sequence[int]] | None = None,
    effort_limit: float = 3.0,
    time_limit: float | None = None,
    seed: int = 1,
    workers: int = 8,
) -> Schedule:
    """Find a start for every activity so that links, resources, dates and money hold.

    Resource-constrained project scheduling (Kolisch & Sprecher 1996, Eur. J. Oper. Res. 96:205–216) with
    capacity that varies over time. Minimises the makespan, or, with `weights`, Σ w_i · end_i: value earned
    early. Serial schedules are the start for CP-SAT, whose bound is the proof. What is returned was checked
    by `verify_schedule_activities`, which shares no code with either.

    Parameters
    ----------
    durations : Series of whole periods ≥ 0, by activity
    demands : activities × resources
        Taken in every period that the activity runs. What binary fractions cost is no breach.
    capacities : Series by resource, or frame periods × resources
        A frame's rows are the periods 0, 1, …; after its last row there is no capacity.
    precedences : frame with predecessor, successor, and perhaps lag and kind
        ``end_before_start`` (default): start of the successor ≥ end of the predecessor + lag;
        ``start_before_start``: ≥ its start + lag. Lag is 0 where missing.
    release, deadlines : Series by activity, optional
        start ≥ release; end ≤ deadline. Missing is no date.
    weights : Series by activity, optional
        Numbers ≥ 0; what a period earlier is worth.
    due : Series by activity, optional
        With `weights`: minimise Σ w_i · max(0, end_i − due_i) instead (0 where missing).
    budgets : blocks × kinds, costs : activities × kinds, optional
        Total cost, spent evenly over the activity's periods (at its start if it lasts none), must fit each
        block's budget; a block has `periods_per_block` periods, after the last one there is no money.
        An activity without a row costs nothing.
    after : activities × kinds, optional
        Running costs per period from the activity's end on, until the last block's end; they are part of
        what must fit each block's budget. What would run after the last block is not counted.
    sittings : mapping activity → periods, optional
        The activity may start in these periods only.
    effort_limit : float
        Deterministic time of CP-SAT, two to five seconds each on one core: repeatable, unlike `time_limit`.
        As much again for serial schedules before, and for the search of what conflicts.
    time_limit : float, optional
        Seconds on the clock for the schedule, instead of `effort_limit`.
    seed : int
        The same seed gives the same schedule.
    workers : int
        Search strategies that CP-SAT runs beside each other.

    Raises
    ------
    ValueError
        If labels do not fit together, or a number is missing or negative.

    Examples
    --------
    >>> durations = pd.Series({"concept": 2, "tender": 3, "app": 2})
    >>> staff = pd.DataFrame({"architect": [1.0, 0.5, 0.75]}, index=durations.index)
    >>> links = pd.DataFrame({"predecessor": ["concept"], "successor": ["tender"]})
    >>> plan = schedule_activities(durations, staff, pd.Series({"architect": 1.0}), links)
    >>> plan.makespan, plan.status
    (7, 'optimal')
    """
    given = read_activities(
        durations,
        demands,
        capacities,
        precedences,
        release=release,
        deadlines=deadlines,
        weights=weights,
        due=due,
        budgets=budgets,
        costs=costs,
        after=after,
        periods_per_block=periods_per_block,
        sittings=sittings,
    )
    effort = Effort(effort_limit, time_limit, seed, workers)
    problem = whole_numbers(given, outward=True)
    answer = solve(problem, effort)
    bound = answer.bound / problem.weight_scale
    if answer.status == "infeasible":
        conflicts, is_minimal = find_conflict(problem, effort)
        return _nothing(given, "infeasible", math.nan, conflicts, is_minimal)
    starts = answer.starts
    if starts is not None and not fits(given, starts):  # what was rounded off does count here
        starts = solve(whole_numbers(given, outward=False), effort).starts
    if starts is None:
        return _nothing(given, "limit", bound)
    found = _found(given, starts, bound)
    broken = verify_schedule_activities(
        found.start,
        durations,
        demands,
        capacities[demands.columns],
        precedences,
        release=release,
        deadlines=deadlines,
        budgets=budgets,
        costs=costs,
        after=after,
        periods_per_block=periods_per_block,
        sittings=sittings,
    )
    if len(broken):
        raise AssertionError(f"the schedule found is not allowed: {broken.head(5).to_dict('records')}")
    return found


def _nothing(
    given: ActivityProblem,
    status: ScheduleStatus,
    bound: float,
    conflicts: tuple[Name, ...] = (),
    is_minimal: bool = True,
) -> Schedule:
    start = pd.Series(pd.NA, index=given.labels, name="start", dtype="Int64")
    return Schedule(start, math.nan, math.nan, bound, math.nan, status, conflicts, is_minimal)


def _found(given: ActivityProblem, starts: np.ndarray, bound: float) -> Schedule:
    """The schedule with its objective as given, and optimal only if the bound proves just that."""
    start = pd.Series(starts, index=given.labels, name="start").astype("Int64")
    makespan = int((starts + given.durations).max(initial=0))
    objective = given.objective(starts)
    least = 0.5 if given.weight is None else _NO_DIFFERENCE * min(given.weight[given.weight > 0], default=1.0)
    proven = objective - bound <= least
    bound = objective if proven else bound
    gap = (objective - bound) / max(1e-9, abs(objective))
    return Schedule(start, makespan, objective, bound, gap, "optimal" if proven else "feasible")
