"""When and by whom: the chosen projects' phases under staff by month, money by year and the law's dates."""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from digistrat.inventory.record import Inventory
from digistrat.planning.activities import Schedule, schedule_activities
from digistrat.planning.audit import require_sound, verify_plan
from digistrat.planning.joint_level import level
from digistrat.planning.money import available_budgets, yearly_costs
from digistrat.planning.notes import plan_notes
from digistrat.planning.plan_model import MONTHS_PER_YEAR, activity_frames, joint_problem
from digistrat.planning.plan_problem import plan_problem, plan_start
from digistrat.planning.plan_tables import plan_tables
from digistrat.planning.portfolio import CANDIDATES
from digistrat.planning.reasons import plan_conflict
from digistrat.planning.records import Plan, PlanProblem, Portfolio
from digistrat.texts import text


def schedule(
    inventory: Inventory,
    portfolio: Portfolio,
    *,
    start: dt.date | str | None = None,
    effort_limit: float = 1.0,
    seed: int = 1,
) -> Plan:
    """Schedule the chosen projects so that the most valuable ones are in operation early.

    Phases follow each other and take whole months. A project does not begin before its reported beginning or
    release date, nor before its grant runs, and waits for the projects that it depends on, running ones
    too; a phase not before the day that its office gives. Duties end by their due date and what a grant
    pays for by its end; a date that could not be kept even with everything at once binds nobody and is told
    in `notes`. A decision ends in a month with a sitting of the council, after the lead for submitting it;
    nothing goes live in a freeze. In no month is a role needed beyond its filled posts, less what running
    projects take, nor do phases of more projects of one office run at once than the strategy allows.

    One-off money is spent in the yearly shape that the office reports, moved with the phases, evenly within a
    phase; running costs every month from go-live on, a twelfth of the largest year reported. Both stay within
    each year's budget of each kind after running projects, as the portfolio was chosen with; after the last
    year that has a budget nothing is spent once. What no budget has yet begins with the next one that is
    open. Everything ends within the planning horizon.

    Parameters
    ----------
    inventory : Inventory
        Projects, phases, efforts, positions, dependencies, costs.
    portfolio : Portfolio
        From `select_portfolio`.
    start : date or ISO text, optional
        No phase begins earlier; the strategy's planning start by default. Phases begin with a month: after
        its first day the next one is meant.
    effort_limit : float
        Deterministic limit of the solver: the same input gives the same plan. One is some seconds for a
        hundred projects; more seldom changes the plan, but may narrow the gap.
    seed : int
        Seed of the solver.

    Returns
    -------
    Plan
        With status, proven bound and gap, and checked by `verify_plan`; where nothing fits, or the
        portfolio holds no selection, with the constraints that exclude each other.

    Raises
    ------
    ValueError
        If the start is not a date, the portfolio chooses what the inventory does not have or what runs
        already or is discontinued (the portfolio of another round), or the strategy has no phase
        templates.
    """
    unknown = portfolio.selected.difference(inventory.projects.index)
    if len(unknown):
        raise ValueError(f"portfolio must choose projects of the inventory, not {unknown[0]!r}")
    status = inventory.projects["status"].reindex(portfolio.selected)
    for project in status.index[~status.isin(CANDIDATES)]:
        raise ValueError(
            f"portfolio must choose projects that may be chosen, not {project!r} ({status[project]})"
        )
    problem = plan_problem(
        inventory,
        portfolio.problem,
        portfolio.selected,
        first=plan_start(inventory, start),
        effort_limit=effort_limit,
        seed=seed,
    )
    remake = partial(_select_and_schedule, portfolio)
    if portfolio.status in ("infeasible", "limit"):  # nothing is chosen: there is no plan, for its reasons
        starts = pd.Series(dtype="int64", index=problem.phases.index[:0])
        none = portfolio.status, portfolio.conflicts
        return replace(
            plan_from_starts(inventory, portfolio, problem, starts, math.nan, *none), remake=remake
        )
    plan = with_spending(replace(_solved(inventory, portfolio, problem), remake=remake))
    require_sound(verify_plan(plan), "plan")
    return plan


def _select_and_schedule(
    portfolio: Portfolio,
    inventory: Inventory,
    *,
    start: dt.date | str | None,
    effort: float,
    seed: int,
    **options: Any,
) -> Plan:
    """Choose again as the portfolio was chosen, and schedule that."""
    if portfolio.remake is None:
        raise ValueError("portfolio must come from select_portfolio to be chosen again")
    again = portfolio.remake(inventory, **options)
    return schedule(inventory, again, start=start, effort_limit=effort, seed=seed)


def with_spending(plan: Plan) -> Plan:
    """Where a portfolio was chosen with a plan, its budgets show what this plan spends."""
    asked = plan.portfolio.problem
    if not asked.is_planned or plan.phases.empty:
        return plan
    money = yearly_costs(plan.inventory, cost=asked.cost)
    budgets = available_budgets(plan.inventory, money, budgets=asked.budgets, start=plan.problem.start)
    spent = plan.budget.set_index(["year", "kind"])["planned_eur"]
    years = pd.MultiIndex.from_frame(budgets[["year", "kind"]])
    used = budgets.assign(used_eur=spent.reindex(years).to_numpy(dtype=float))
    return replace(plan, portfolio=replace(plan.portfolio, budgets=used))


def _solved(inventory: Inventory, portfolio: Portfolio, problem: PlanProblem) -> Plan:
    none = pd.Series(dtype="int64", index=problem.phases.index[:0])
    if problem.phases.empty:  # nothing to do is done at once
        return plan_from_starts(inventory, portfolio, problem, none, 0.0, "optimal")
    never = [activity for activity, starts in problem.sittings.items() if not starts]
    if never:
        conflict = plan_conflict(inventory, problem, ("sitting", never[0]))
        return plan_from_starts(inventory, portfolio, problem, none, math.nan, "infeasible", (conflict,))
    found = schedule_activities(
        **activity_frames(problem), effort_limit=problem.effort_limit, seed=problem.seed
    )
    if found.status in ("infeasible", "limit"):
        return plan_from_starts(
            inventory, portfolio, problem, none, math.nan, found.status, _in_words(inventory, problem, found)
        )
    bound = float(problem.values.sum()) * problem.horizon - found.bound
    # of plans that are worth the same, one with short projects and an even load
    model = joint_problem(problem, portfolio.problem, is_fixed=True)
    starts = pd.Series(level(model, found.start.to_numpy(dtype=np.int64)), problem.phases.index)
    return plan_from_starts(inventory, portfolio, problem, starts, bound / MONTHS_PER_YEAR, found.status)


def _in_words(inventory: Inventory, problem: PlanProblem, found: Schedule) -> tuple[str, ...]:
    said = [plan_conflict(inventory, problem, conflict) for conflict in found.conflicts]
    if not found.is_minimal:
        said.append(text("conflict.not_minimal", inventory.strategy.language))
    return tuple(said)


def value_years(problem: PlanProblem, starts: pd.Series) -> float:
    """Return what a plan is worth: impact score × years in operation until the end of the horizon, summed."""
    phases = problem.phases.loc[starts.index]
    ends = (starts + phases["duration_months"]).groupby(phases["project_id"]).max()
    months = problem.horizon - ends
    values = problem.values.reindex(ends.index).to_numpy(dtype=float)
    return float((values * months.to_numpy(dtype=float)).sum()) / MONTHS_PER_YEAR


def plan_from_starts(
    inventory: Inventory,
    portfolio: Portfolio,
    problem: PlanProblem,
    starts: pd.Series,
    bound: float,
    status: Any,
    conflicts: tuple[str, ...] = (),
) -> Plan:
    """Make a plan from the first period of every phase, with its proof; empty tables where there is none."""
    tables = plan_tables(inventory, problem, starts)
    found = status in ("optimal", "feasible")
    objective = value_years(problem, starts) if found else math.nan
    bound = objective if status == "optimal" else max(bound, objective) if found else bound
    ends = starts + problem.phases.loc[starts.index, "duration_months"]
    return Plan(
        **tables._asdict(),
        makespan=float(ends.max() - (problem.start.month - 1)) if len(starts) else 0.0 if found else math.nan,
        objective=objective,
        bound=bound,
        gap=(bound - objective) / max(1e-9, abs(objective)) if found else math.nan,
        status=status,
        conflicts=conflicts,
        inventory=inventory,
        portfolio=portfolio,
        problem=problem,
        notes=plan_notes(inventory, problem, tables),
    )
