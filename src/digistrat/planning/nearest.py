"""The schedule nearest to another one: first the sum of shifts is least, then worth is early."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from digistrat.planning.activity_model import Effort, add_activities
from digistrat.planning.activity_problem import ActivityProblem, fits, whole_numbers

_FIRST = 0.7  # share of the effort for the first aim


@dataclass(frozen=True)
class Nearest:
    """Starts, and the sum of shifts that no schedule goes below (proven)."""

    starts: np.ndarray | None
    least: float
    status: Literal["feasible", "infeasible", "limit"]


def nearest_schedule(
    given: ActivityProblem, before: np.ndarray, moves: np.ndarray, effort: Effort
) -> Nearest:
    """Find the schedule that shifts the fewest periods in sum.

    Parameters
    ----------
    given : ActivityProblem
        Numbers as given; its weights are the second aim, minimised Σ w · end.
    before : array of int
        Where each activity was.
    moves : array of bool
        Whether its shift counts.
    effort : Effort
    """
    answer = _solved(whole_numbers(given, outward=True), before, moves, effort)
    if answer.starts is None or fits(given, answer.starts):
        return answer
    inward = _solved(whole_numbers(given, outward=False), before, moves, effort)
    return replace(inward, least=answer.least, status="limit" if inward.starts is None else "feasible")


def _solved(problem: ActivityProblem, before: np.ndarray, moves: np.ndarray, effort: Effort) -> Nearest:
    """First the shifts alone, for the bound; then, with no more of them, the second aim."""
    from ortools.sat.python import cp_model

    horizon = problem.horizon
    windows = problem.windows(horizon)
    if windows is None:
        return Nearest(None, math.inf, "infeasible")
    model = cp_model.CpModel()
    starts = add_activities(cp_model, model, problem, windows, horizon)
    shifts = []
    for i in np.flatnonzero(moves).tolist():
        shift = model.new_int_var(0, horizon, f"shift{i}")
        model.add_abs_equality(shift, starts[i] - int(before[i]))
        shifts.append(shift)
    model.minimize(sum(shifts))
    outcome, found, bound = _run(cp_model, model, starts, np.clip(before, *windows), effort, _FIRST)
    if outcome == cp_model.INFEASIBLE:
        return Nearest(None, math.inf, "infeasible")
    if found is None:
        return Nearest(None, max(0.0, bound), "limit")
    total = int(np.abs(found - before)[moves].sum())
    least = float(total) if outcome == cp_model.OPTIMAL else max(0.0, bound)
    if problem.weight is not None and problem.weight.any():
        model.add(sum(shifts) <= total)
        weights = np.round(problem.weight / problem.weight.max() * 1000).astype(np.int64)
        model.minimize(sum(int(w) * starts[i] for i, w in enumerate(weights) if w))
        _, better, _ = _run(cp_model, model, starts, found, effort, 1.0 - _FIRST)
        found = found if better is None else better
    return Nearest(found, least, "feasible")


def _run(
    cp_model: Any, model: Any, starts: list[Any], hint: np.ndarray, effort: Effort, share: float
) -> tuple[Any, np.ndarray | None, float]:
    """Outcome, starts and bound of a share of the effort."""
    model.clear_hints()
    for i, variable in enumerate(starts):
        model.add_hint(variable, int(hint[i]))
    solver = cp_model.CpSolver()
    parameters = solver.parameters
    parameters.random_seed, parameters.num_workers = effort.seed, effort.workers
    parameters.max_deterministic_time = share * effort.limit
    # strategies take turns in a fixed order: repeatable
    parameters.interleave_search, parameters.interleave_batch_size = True, 2
    outcome = solver.solve(model)
    if outcome not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return outcome, None, float(solver.best_objective_bound)
    found = np.array([solver.value(variable) for variable in starts], dtype=np.int64)
    return outcome, found, float(solver.best_objective_bound)
