"""Reschedule a running plan: what has begun keeps its dates, all else moves as little as possible."""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from digistrat.inventory.record import Inventory
from digistrat.planning.activity_conflicts import find_conflict
from digistrat.planning.activity_frames import read_activities
from digistrat.planning.activity_model import Effort
from digistrat.planning.activity_problem import ActivityProblem, fits, whole_numbers
from digistrat.planning.nearest import Nearest, nearest_schedule
from digistrat.planning.plan_problem import plan_problem
from digistrat.planning.portfolio import CANDIDATES
from digistrat.planning.reasons import plan_conflict
from digistrat.planning.records import Plan, PlanProblem
from digistrat.planning.running import Begun, begun_phases, keep_begun
from digistrat.planning.schedule import MONTHS_PER_YEAR, activity_frames, plan_from_starts
from digistrat.texts import text

PROGRESS = ["actual_start_date", "actual_end_date", "share_done"]


def reschedule(plan: Plan, inventory: Inventory, *, on: dt.date | str, effort: float = 1.0) -> Plan:
    """Adapt a plan to a new round: the projects stay, what has begun stays, the rest moves little.

    A phase has begun if the plan has it begin before the day, or its office reports that it has; it keeps the
    dates of the plan, or those that are reported as actual ones, whatever that costs in staff and money: what
    is exceeded is told in `notes`. All other phases begin after the day and under the rules of `schedule`,
    with posts, durations, dates and budgets of the new round (unless the plan was made with other budgets).
    Of all such plans one is taken that moves their beginnings by the fewest months in sum; among those, one
    in which more is in operation early. Projects that run by now, are discontinued or are no longer reported
    are left out.

    Parameters
    ----------
    plan : Plan
        The one that is being carried out.
    inventory : Inventory
        The new round, or the plan's own with something changed.
    on : date or ISO text
        As of when; phases that have not begun start with the next whole month at the earliest.
    effort : float
        Deterministic limit of the search, as for `schedule`.

    Returns
    -------
    Plan
        From the same planning start on, so that ``compare_plans(plan, ...)`` shows what moves. Its bound is
        that of everything as early as dates and links allow. Infeasible with the constraints in the way
        where dates of duties or posts leave no room.

    Raises
    ------
    ValueError
        If there is no plan, the day is no date, or lies before the plan or after its horizon.
    """
    if not isinstance(plan, Plan) or plan.phases.empty:
        raise ValueError(f"plan must be a Plan with phases, not {plan!r}")
    period = _period(plan, on)
    status = inventory.projects["status"]
    wanted = pd.Index(plan.phases["project_id"].unique())
    projects = wanted[wanted.isin(status.index[status.isin(CANDIDATES)])]
    chosen = plan.portfolio.table["selected"] & plan.portfolio.table.index.isin(projects)
    portfolio = replace(plan.portfolio, table=plan.portfolio.table.assign(selected=chosen))
    asked = plan.portfolio.problem
    if asked.budgets.equals(plan.inventory.budgets):  # else the plan was made with others on purpose
        asked = replace(asked, budgets=inventory.budgets)
    problem = plan_problem(
        _as_then(plan.inventory, inventory),
        asked,
        projects,
        first=plan.problem.start,
        effort_limit=effort,
        seed=plan.problem.seed,
    )
    begun = begun_phases(plan, inventory, problem, period)
    problem, over = keep_begun(inventory, problem, begun, period)
    task = _task(plan, problem, begun)
    found = nearest_schedule(task.given, task.before, task.moves, Effort(effort, None, problem.seed, 8))
    notes = [*_left_out(plan, inventory, wanted.difference(projects)), *over]
    none = pd.Series(dtype="int64", index=problem.phases.index[:0])
    if found.starts is None:
        why = _conflicts(inventory, problem, task.given, found)
        return plan_from_starts(inventory, portfolio, problem, none, math.nan, found.status, why)
    starts = pd.Series(found.starts, problem.phases.index, dtype="int64")
    again = plan_from_starts(inventory, portfolio, problem, starts, _bound(problem, task.given), "feasible")
    said = _said(inventory, task, found, begun)
    return replace(again, notes=(*said, *notes, *again.notes))


@dataclass(frozen=True)
class _Task:
    """What is to be solved: where each activity was, and whether its moving counts."""

    given: ActivityProblem
    before: np.ndarray
    moves: np.ndarray


def _period(plan: Plan, on: dt.date | str) -> int:
    """The first whole month on or after a day."""
    try:
        day = on if isinstance(on, dt.date) else dt.date.fromisoformat(on)
        month = (day.year - plan.problem.months[0].year) * 12 + day.month - 1 + (day.day > 1)
    except (TypeError, ValueError):
        raise ValueError(f"on must be a date such as 2027-06-01, not {on!r}") from None
    if not plan.problem.start.month - 1 <= month < plan.problem.horizon:
        last = plan.problem.months[-1].date()
        raise ValueError(f"on must lie within the plan, {plan.problem.start} to {last}, not {on!r}")
    return int(month)


def _as_then(before: Inventory, now: Inventory) -> Inventory:
    """The new round with the progress of the plan's own, so that the plan's phases stay all its phases."""
    keys = ["project_id", "phase_id"]
    reported = now.phases.drop(columns=PROGRESS).drop_duplicates(keys)
    progress = before.phases[[*keys, *PROGRESS]].drop_duplicates(keys)
    phases = reported.merge(progress, how="outer", on=keys)
    phases = phases[list(now.phases.columns)].astype(now.phases.dtypes.to_dict())
    return now.replace(phases=phases, reporting_date=before.reporting_date)


def _task(plan: Plan, problem: PlanProblem, begun: Begun) -> _Task:
    frames = activity_frames(problem)
    never = problem.horizon
    frames["sittings"] = {a: starts or (never,) for a, starts in problem.sittings.items()}
    given = read_activities(**frames, due=None, periods_per_block=MONTHS_PER_YEAR)
    labels = problem.phases.index
    start = plan.phases["start"].reindex(labels)
    january = problem.months[0]
    old = (start.dt.year - january.year) * 12 + start.dt.month - 1
    return _Task(
        given,
        old.fillna(-1).to_numpy(dtype=np.int64),
        (old.notna() & ~labels.isin(begun.start.index)).to_numpy(),
    )


def _bound(problem: PlanProblem, given: ActivityProblem) -> float:
    """What the plan would be worth with everything as early as dates and links allow, in value-years."""
    windows = given.windows(problem.horizon)
    assert windows is not None
    ends = pd.Series(windows[0] + given.durations).groupby(problem.phases["project_id"].to_numpy()).max()
    values = problem.values.reindex(ends.index).to_numpy(dtype=float)
    return float(values @ (problem.horizon - ends.to_numpy(dtype=float))) / MONTHS_PER_YEAR


def _conflicts(
    inventory: Inventory, problem: PlanProblem, given: ActivityProblem, found: Nearest
) -> tuple[str, ...]:
    if found.status != "infeasible":
        return ()
    effort = Effort(problem.effort_limit, None, problem.seed, 8)
    names, is_minimal = find_conflict(whole_numbers(given, outward=True), effort)
    said = [plan_conflict(inventory, problem, name) for name in names]
    language = inventory.strategy.language
    return tuple(said if is_minimal else [*said, text("conflict.not_minimal", language)])


def _said(inventory: Inventory, task: _Task, found: Nearest, begun: Begun) -> list[str]:
    assert found.starts is not None
    assert fits(task.given, found.starts)
    language = inventory.strategy.language
    shift = np.abs(found.starts - task.before)[task.moves]
    numbers = {
        "begun": len(begun.start),
        "moved": int((shift > 0).sum()),
        "others": int((shift == 0).sum()),
        "months": int(shift.sum()),
    }
    least = math.ceil(found.least - 1e-6)
    said = text("revise.moved", language, **numbers)
    if least >= numbers["months"] > 0:
        said += text("revise.least", language)
    elif 0 < least < numbers["months"]:
        said += text("revise.at_least", language, least=least)
    return [said]


def _left_out(plan: Plan, inventory: Inventory, projects: pd.Index) -> list[str]:
    if projects.empty:
        return []
    titles = plan.inventory.projects["title"]
    names = ", ".join(f"{project} {titles[project]}" for project in projects)
    return [text("revise.left_out", inventory.strategy.language, projects=names)]
