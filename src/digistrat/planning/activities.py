"""When and by whom: activities with durations, links, scarce resources and yearly money, on plain frames."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, Literal

import numpy as np
import pandas as pd

from digistrat.planning.activity_problem import ActivityProblem, Name, make_problem
from digistrat.planning.conflicts import smallest_conflict
from digistrat.planning.serial import objective_of, quick_schedule

ScheduleStatus = Literal["optimal", "feasible", "infeasible", "limit"]
_CONFLICT_EFFORT = 1.0  # deterministic seconds for each question "is this still impossible?"
_SERIAL_WORK = 60_000  # activities placed by serial generation before the solver starts
_BATCH = 2
_PATIENCE = 100  # serial schedules in a row that are no better


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
        ``optimal`` with a gap of some 1e-6: proven with weights rounded to six digits. ``feasible``: a
        schedule, not proven best; ``limit``: none found, none excluded.
    conflicts : tuple
        Where infeasible, constraints that exclude each other, none to spare: ``("deadline", activity)``,
        ``("release", activity)``, ``("sitting", activity)``, ``("capacity", resource)``,
        ``("precedence", a, b)``, ``("budget", block, kind)``; block None is the time after the last block.
    """

    start: pd.Series
    makespan: float
    objective: float
    bound: float
    gap: float
    status: ScheduleStatus
    conflicts: tuple[Name, ...] = ()

    def __str__(self) -> str:
        if self.status in ("infeasible", "limit"):
            names = "".join(f"\n  {' '.join(map(str, c))}" for c in self.conflicts)
            return f"no schedule ({self.status}){names}"
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
    early. A quick serial schedule is the start for CP-SAT, whose bound is the proof.

    Parameters
    ----------
    durations : Series of whole periods ≥ 0, by activity
    demands : activities × resources
        Taken in every period that the activity runs. Exact to four decimals, rounded up beyond.
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
    sittings : mapping activity → periods, optional
        The activity may start in these periods only.
    effort_limit : float
        Deterministic time of CP-SAT, two to five seconds each on one core: repeatable, unlike `time_limit`.
    time_limit : float, optional
        Seconds on the clock, instead of `effort_limit`.
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
    problem = make_problem(
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
        periods_per_block=periods_per_block,
        sittings=sittings,
    )
    effort = _Effort(effort_limit, time_limit, seed, workers)
    status, starts, bound = _solve(problem, effort)
    if status == "infeasible":
        small = _Effort(_CONFLICT_EFFORT, None, seed, workers)
        return _nothing(problem, "infeasible", math.nan, _conflict(problem, small))
    if starts is None:
        return _nothing(problem, "limit", bound / problem.weight_scale, ())
    start = pd.Series(starts, index=problem.labels, name="start").astype("Int64")
    makespan = int((starts + problem.durations).max(initial=0))
    objective = float(makespan) if weights is None else _weighted(problem, weights, starts)
    bound = min(bound / problem.weight_scale, objective)
    if objective - bound <= 1e-9 * max(1.0, objective):
        bound = objective  # the difference is that of binary fractions
    gap = (objective - bound) / max(1e-9, abs(objective))
    return Schedule(start, makespan, objective, bound, gap, status)


def _nothing(
    problem: ActivityProblem, status: ScheduleStatus, bound: float, conflicts: tuple[Name, ...]
) -> Schedule:
    start = pd.Series(pd.NA, index=problem.labels, name="start", dtype="Int64")
    return Schedule(start, math.nan, math.nan, bound, math.nan, status, conflicts)


def _weighted(problem: ActivityProblem, weights: pd.Series, starts: np.ndarray) -> float:
    """The objective with the weights as given, not rounded."""
    exact = weights.reindex(problem.labels).fillna(0.0).to_numpy(dtype=float)
    ends = starts + problem.durations
    return float(exact @ (ends if problem.due is None else np.maximum(ends - problem.due, 0)))


def _conflict(problem: ActivityProblem, effort: _Effort) -> tuple[Name, ...]:
    names = problem.names()
    everything = frozenset(names)
    # where dates and links alone exclude each other, asking them alone is proof, and quick
    by_dates = problem.windows() is None

    def impossible(kept: list[Name]) -> bool:
        rest = _without(problem, everything - frozenset(kept))
        return rest.windows() is None if by_dates else _solve(rest, effort)[0] == "infeasible"

    return smallest_conflict(names, impossible)


def _without(problem: ActivityProblem, off: frozenset[Name]) -> ActivityProblem:
    """The question whether any schedule exists, without the constraints named."""
    return replace(problem, off=off, weight=np.zeros(problem.n, dtype=np.int64), due=None)


@dataclass(frozen=True)
class _Effort:
    limit: float
    seconds: float | None
    seed: int
    workers: int


def _solve(problem: ActivityProblem, effort: _Effort) -> tuple[ScheduleStatus, np.ndarray | None, float]:
    """Status, starts and a lower bound of the objective in whole weights."""
    windows = problem.windows()
    if windows is None:
        return "infeasible", None, math.inf
    trivial = objective_of(problem, windows[0])  # everything at its earliest start
    any_will_do = problem.weight is not None and not problem.weight.any()
    tries = 10 if any_will_do else max(10, _SERIAL_WORK // max(1, problem.n))
    quick = quick_schedule(problem, seed=effort.seed, tries=tries, patience=_PATIENCE, enough=trivial)
    if quick is not None and objective_of(problem, quick) <= trivial:
        return "optimal", quick, float(trivial)
    status, starts, bound = _cp_sat(problem, quick, effort)
    if starts is None and quick is not None:
        return "feasible", quick, max(bound, trivial)
    return status, starts, max(bound, float(trivial))


def _cp_sat(
    problem: ActivityProblem, hint: np.ndarray | None, effort: _Effort
) -> tuple[ScheduleStatus, np.ndarray | None, float]:
    from ortools.sat.python import cp_model

    horizon = problem.horizon
    if hint is not None and problem.weight is None:
        horizon = objective_of(problem, hint)  # longer schedules are of no use
    windows = problem.windows(horizon)
    if windows is None:
        raise AssertionError("a schedule exists, so the windows cannot be empty")
    model = cp_model.CpModel()
    starts = _activities(cp_model, model, problem, windows, horizon)
    _objective(model, problem, starts, windows, horizon)
    solver = cp_model.CpSolver()
    if hint is not None:
        for i, variable in enumerate(starts):
            model.add_hint(variable, int(hint[i]))
    parameters = solver.parameters
    parameters.random_seed = effort.seed
    parameters.num_workers = effort.workers
    parameters.use_hard_precedences_in_cumulative = True
    parameters.exploit_all_precedences = True
    if effort.seconds is None:
        parameters.max_deterministic_time = effort.limit
        # Strategies take turns in a fixed order, two at a time: repeatable, and no overshoot of the limit.
        parameters.interleave_search = True
        parameters.interleave_batch_size = _BATCH
    else:
        parameters.max_time_in_seconds = effort.seconds
    outcome = solver.solve(model)
    bound = float(solver.best_objective_bound)
    if outcome == cp_model.INFEASIBLE:
        return "infeasible", None, math.inf
    if outcome not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return "limit", None, max(bound, 0.0)
    found = np.array([solver.value(variable) for variable in starts], dtype=np.int64)
    return ("optimal" if outcome == cp_model.OPTIMAL else "feasible"), found, bound


def _activities(
    cp_model: Any,
    model: Any,
    problem: ActivityProblem,
    windows: tuple[np.ndarray, np.ndarray],
    horizon: int,
) -> list[Any]:
    """Start variables with links, resources and money."""
    earliest, latest = windows
    starts = []
    for i in range(problem.n):
        domain = cp_model.Domain(int(earliest[i]), int(latest[i]))
        if i in problem.sittings and problem.is_on("sitting", problem.labels[i]):
            domain = domain.intersection_with(cp_model.Domain.from_values(problem.sittings[i].tolist()))
        starts.append(model.new_int_var_from_domain(domain, f"start{i}"))
    for (i, j, lag), name in zip(problem.links, problem.link_names, strict=True):
        if problem.is_on(*name):
            model.add(starts[j] >= starts[i] + lag)
    intervals = {
        i: model.new_fixed_size_interval_var(starts[i], int(d), f"run{i}")
        for i, d in enumerate(problem.durations)
        if d
    }
    for r, resource in enumerate(problem.resources):
        users = [i for i in intervals if problem.demand[i, r]]
        if not users or not problem.is_on("capacity", resource):
            continue
        blockers = _blockers(problem, r, horizon)
        model.add_cumulative(
            [intervals[i] for i in users]
            + [model.new_fixed_size_interval_var(a, b - a, f"closed{r}_{a}") for a, b, _ in blockers],
            [int(problem.demand[i, r]) for i in users] + [missing for _, _, missing in blockers],
            int(problem.capacity[:, r].max()),
        )
    _budgets(model, problem, starts, windows)
    return starts


def _blockers(problem: ActivityProblem, r: int, horizon: int) -> list[tuple[int, int, int]]:
    """Intervals in which a resource has less than its most, and how much less."""
    capacity = problem.capacity[:horizon, r] if problem.varies else problem.capacity[:, r]
    missing = problem.capacity[:, r].max() - capacity
    edges = [0, *(np.flatnonzero(np.diff(missing)) + 1).tolist(), len(missing)]
    # After the last period there is none; no activity that needs it can start there (see windows).
    return [(a, b, int(missing[a])) for a, b in pairwise(edges) if b > a and missing[a] > 0]


def _budgets(
    model: Any, problem: ActivityProblem, starts: list[Any], windows: tuple[np.ndarray, np.ndarray]
) -> None:
    """Money per block and kind: what an activity has spent before each edge between two blocks."""
    earliest, latest = windows
    edges = [b * problem.block_length for b in range(len(problem.blocks) + 1)]
    spent_before: dict[int, list[Any]] = {}
    for i in np.flatnonzero(problem.rate.any(axis=1)).tolist():
        paid = int(problem.paid_periods[i])
        spent_before[i] = [
            _clamped(model, starts[i], edge, paid, int(earliest[i]), int(latest[i])) for edge in edges
        ]
    for b, block in enumerate(problem.blocks):
        for k, kind in enumerate(problem.kinds):
            if problem.is_on("budget", block, kind):
                terms = [
                    int(problem.rate[i, k]) * (before[b + 1] - before[b])
                    for i, before in spent_before.items()
                    if problem.rate[i, k]
                ]
                if terms:
                    model.add(sum(terms) <= int(problem.money[b, k]))


def _clamped(model: Any, start: Any, edge: int, paid: int, earliest: int, latest: int) -> Any:
    """Periods of an activity before an edge: min(paid, max(0, edge - start))."""
    if latest + paid <= edge:
        return paid
    if earliest >= edge:
        return 0
    periods = model.new_int_var(max(0, min(paid, edge - latest)), min(paid, edge - earliest), "")
    later, earlier = model.new_bool_var(""), model.new_bool_var("")
    model.add(start >= edge).only_enforce_if(later)
    model.add(start < edge).only_enforce_if(~later)
    model.add(start <= edge - paid).only_enforce_if(earlier)
    model.add(start > edge - paid).only_enforce_if(~earlier)
    model.add(periods == 0).only_enforce_if(later)
    model.add(periods == paid).only_enforce_if(earlier)
    model.add(periods == edge - start).only_enforce_if(~later, ~earlier)
    return periods


def _objective(
    model: Any,
    problem: ActivityProblem,
    starts: list[Any],
    windows: tuple[np.ndarray, np.ndarray],
    horizon: int,
) -> None:
    durations = [int(d) for d in problem.durations]
    earliest, latest = windows
    if problem.weight is None:
        longest = int((earliest + problem.durations).max(initial=0))
        makespan = model.new_int_var(longest, horizon, "makespan")
        for i in range(problem.n):
            if latest[i] + durations[i] > longest:
                model.add(makespan >= starts[i] + durations[i])
        model.minimize(makespan)
        return
    terms = []
    for i in np.flatnonzero(problem.weight).tolist():
        end = starts[i] + durations[i]
        if problem.due is not None:
            most = max(0, int(latest[i]) + durations[i] - int(problem.due[i]))
            late = model.new_int_var(0, most, f"late{i}")
            model.add(late >= end - int(problem.due[i]))
            end = late
        terms.append(int(problem.weight[i]) * end)
    if terms:
        model.minimize(sum(terms))
