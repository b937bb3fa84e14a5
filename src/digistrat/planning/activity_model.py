"""The model of `schedule_activities` for CP-SAT: start variables under links, resources and money."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

import numpy as np

from digistrat.planning.activity_problem import ActivityProblem

_BATCH = 2


@dataclass(frozen=True)
class Effort:
    """How long a solver may take: deterministic seconds, or seconds on the clock if those are given."""

    limit: float
    seconds: float | None
    seed: int
    workers: int


@dataclass(frozen=True)
class Answer:
    """What a solver says of a problem in whole numbers; ``spent`` in deterministic seconds."""

    status: Literal["optimal", "feasible", "infeasible", "limit"]
    starts: np.ndarray | None
    bound: float
    spent: float = 0.0


def cp_sat(problem: ActivityProblem, hint: np.ndarray | None, effort: Effort) -> Answer:
    """Solve, beginning with a schedule that is known already."""
    from ortools.sat.python import cp_model

    horizon = problem.horizon
    if hint is not None and problem.weight is None:
        horizon = int(problem.objective(hint))  # longer schedules are of no use
    windows = problem.windows(horizon)
    if windows is None:
        raise AssertionError("a schedule exists, so the windows cannot be empty")
    model = cp_model.CpModel()
    starts = add_activities(cp_model, model, problem, windows, horizon)
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
    bound, spent = float(solver.best_objective_bound), float(solver.response_proto.deterministic_time)
    bound = math.nextafter(bound, -math.inf) if bound > 2**53 else bound
    if outcome == cp_model.INFEASIBLE:
        return Answer("infeasible", None, math.inf, spent)
    if outcome not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return Answer("limit", None, max(bound, 0.0), spent)
    found = np.array([solver.value(variable) for variable in starts], dtype=np.int64)
    if outcome == cp_model.OPTIMAL:
        return Answer("optimal", found, float(problem.objective(found)), spent)
    return Answer("feasible", found, bound, spent)


def add_activities(
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
    durations = problem.durations.tolist()
    edges = [b * problem.block_length for b in range(len(problem.blocks) + 1)]
    spent_before: dict[int, list[Any]] = {}
    for i in np.flatnonzero(problem.rate.any(axis=1)).tolist():
        paid = int(problem.paid_periods[i])
        spent_before[i] = [
            _clamped(model, starts[i], edge, paid, int(earliest[i]), int(latest[i])) for edge in edges
        ]
    run_before = {
        i: [
            _since(model, starts[i] + durations[i], edge, *(int(w[i]) + durations[i] for w in windows))
            for edge in edges
        ]
        for i in np.flatnonzero(problem.after.any(axis=1)).tolist()
    }
    for b, block in enumerate(problem.blocks):
        for k, kind in enumerate(problem.kinds):
            if problem.is_on("budget", block, kind):
                terms = [
                    int(problem.rate[i, k]) * (before[b + 1] - before[b])
                    for i, before in spent_before.items()
                    if problem.rate[i, k]
                ] + [
                    int(problem.after[i, k]) * (before[b + 1] - before[b])
                    for i, before in run_before.items()
                    if problem.after[i, k]
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


def _since(model: Any, end: Any, edge: int, earliest: int, latest: int) -> Any:
    """Periods from an activity's end to an edge: max(0, edge - end)."""
    if earliest >= edge:
        return 0
    if latest <= edge:
        return edge - end
    periods = model.new_int_var(0, edge - earliest, "")
    model.add_max_equality(periods, [0, edge - end])
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
            if not most:
                continue
            late = model.new_int_var(0, most, f"late{i}")
            model.add(late >= end - int(problem.due[i]))
            end = late
        terms.append(int(problem.weight[i]) * end)
    if terms:
        model.minimize(sum(terms))
