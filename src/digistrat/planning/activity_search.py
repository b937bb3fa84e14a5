"""A schedule and its bound: serial generation, then CP-SAT from the best schedule found."""

from __future__ import annotations

import math
import time
from dataclasses import replace

from digistrat.planning.activity_model import Answer, Effort, cp_sat
from digistrat.planning.activity_problem import ActivityProblem
from digistrat.planning.serial import SerialSearch

_QUICK = 50_000  # activities placed by serial generation before the solver starts
_LONG = 200_000  # and by each unit of effort once the solver was not done soon
_PATIENCE = 100  # serial schedules in a row that are no better, before the solver starts
_STALE = 1_500  # and once it was not done soon
_SOON = 0.1  # share of the effort after which serial generation goes on
_SERIAL = 0.6  # share of the seconds, where those are given, after which the solver has the rest


def solve(problem: ActivityProblem, effort: Effort) -> Answer:
    """Starts and a lower bound of the objective in whole weights."""
    windows = problem.windows()
    if windows is None:
        return Answer("infeasible", None, math.inf)
    trivial = problem.objective(windows[0])  # everything at its earliest start
    began = time.perf_counter()

    def after(share: float) -> float | None:
        return None if effort.seconds is None else began + share * effort.seconds

    def left(share: float) -> Effort:
        if effort.seconds is None:
            return replace(effort, limit=share * effort.limit)
        return replace(effort, seconds=max(0.1, share * (began + effort.seconds - time.perf_counter())))

    search = SerialSearch(problem, seed=effort.seed, enough=trivial)
    any_will_do = problem.weight is not None and not problem.weight.any()
    n = max(1, problem.n)
    search.run(10 if any_will_do else max(10, _QUICK // n), patience=_PATIENCE, until=after(_SOON))
    if search.value <= trivial:
        return Answer("optimal", search.best, float(trivial))
    if any_will_do:
        return cp_sat(problem, search.best, left(1.0))
    answer = cp_sat(problem, search.best, left(_SOON))
    if answer.status in ("optimal", "infeasible"):
        return answer
    if answer.starts is not None:
        search.take(answer.starts)
    bound, spent = max(answer.bound, float(trivial)), answer.spent
    tries = math.ceil(_LONG * effort.limit / n) if effort.seconds is None else 10**9
    search.run(tries, patience=_STALE, until=after(_SERIAL))
    answer = cp_sat(problem, search.best, left(1.0 - _SOON if effort.seconds is None else 1.0))
    starts = search.best if answer.starts is None else answer.starts
    status = "feasible" if answer.status == "limit" and starts is not None else answer.status
    return Answer(status, starts, max(answer.bound, bound), spent + answer.spent)
