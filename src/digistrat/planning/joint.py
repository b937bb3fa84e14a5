"""Which projects, and when, in one model: the portfolio that is best as a plan and not only on paper."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable
from dataclasses import replace
from functools import partial
from typing import Literal

import pandas as pd

from digistrat.inventory.record import Inventory
from digistrat.planning.audit import require_sound, verify_plan, verify_portfolio
from digistrat.planning.joint_model import JointAnswer
from digistrat.planning.joint_search import solve_joint
from digistrat.planning.plan_model import MONTHS_PER_YEAR, joint_problem
from digistrat.planning.plan_problem import plan_problem, plan_start
from digistrat.planning.portfolio import planned_portfolio, portfolio_problem, without_sums
from digistrat.planning.reasons import selection_conflicts
from digistrat.planning.records import Plan, PlanProblem, PortfolioProblem
from digistrat.planning.schedule import plan_from_starts, schedule, with_spending
from digistrat.planning.selecting import select
from digistrat.scoring.composite import Scores
from digistrat.texts import text


def plan_portfolio(
    inventory: Inventory,
    impact: Scores,
    *,
    budgets: pd.DataFrame | None = None,
    cost: Literal["upper", "value", "lower"] = "upper",
    mandatory: Iterable[str] = (),
    forbidden: Iterable[str] = (),
    start: dt.date | str | None = None,
    effort: float = 1.0,
    seed: int = 1,
) -> Plan:
    """Choose projects and schedule them together, so that impact × years in operation is largest.

    `select_portfolio` adds up the years that offices report; what can really be done depends on when phases
    run, on who is there in that month and on the year that money is spent in. Here all candidates that may be
    chosen compete for months and money under the rules of `schedule`. A plan is found by placing projects in
    many orders and mending it piece by piece; how much better any other plan can be is proven by pricing
    staff and money (`lagrangian_bound`).

    Parameters
    ----------
    inventory : Inventory
        Projects, phases, efforts, positions, dependencies, costs.
    impact : Scores
        Its ``score`` is the value of a year in operation.
    budgets, cost, mandatory, forbidden
        As for `select_portfolio`.
    start : date or ISO text, optional
        No phase begins earlier; the strategy's planning start by default.
    effort : float
        How long is searched; one is about a minute for two hundred candidates. The same input gives the same
        plan.
    seed : int
        Seed of the search.

    Returns
    -------
    Plan
        Its `portfolio` says why projects are in or out. Objective, bound and gap are those of selection and
        schedule together; checked by `verify_plan`. Where not all duties find a place, ``infeasible`` with
        the constraints that exclude each other if that is proven, else ``limit`` with the duties in
        `conflicts`; where a plan of the duties alone is found, that one.

    Raises
    ------
    ValueError
        If a parameter is not as described, or the strategy has no phase templates.
    """
    first = plan_start(inventory, start)
    remake = partial(plan_portfolio, impact=impact)
    asked = portfolio_problem(
        inventory, impact, budgets=budgets, cost=cost, mandatory=mandatory, forbidden=forbidden
    )
    links = select(without_sums(asked))
    if links.status == "infeasible":  # by what is fixed, required, excluded and to be covered alone
        said = selection_conflicts(inventory, asked, links.conflicts)
        return replace(_nothing(inventory, impact, asked, first, "infeasible", said), remake=remake)
    allowed = asked.values.index.difference(_unusable(asked), sort=False)
    problem = plan_problem(inventory, asked, allowed, first=first, effort_limit=effort, seed=seed)
    if problem.phases.empty:  # nothing that may be done is done at once
        return replace(_nothing(inventory, impact, asked, first, "optimal"), remake=remake)
    model = joint_problem(problem, asked)
    answer = solve_joint(model, effort=effort, seed=seed)
    if answer.status in ("infeasible", "limit"):
        return replace(_duties_alone(inventory, impact, asked, problem, answer), remake=remake)
    done = problem.phases.index[answer.starts >= 0]
    starts = pd.Series(answer.starts[answer.starts >= 0], done, dtype="int64")
    plan = _planned(inventory, impact, asked, problem, starts, answer.bound / MONTHS_PER_YEAR, answer.status)
    return replace(plan, remake=remake)


def _planned(
    inventory: Inventory,
    impact: Scores,
    asked: PortfolioProblem,
    problem: PlanProblem,
    starts: pd.Series,
    bound: float,
    status: Literal["optimal", "feasible", "infeasible", "limit"],
) -> Plan:
    """The plan of the projects that have starts, with the portfolio that they are, both checked."""
    first = problem.start
    done = pd.Index(problem.phases.loc[starts.index, "project_id"].unique())
    chosen = pd.Series(asked.values.index.isin(done), asked.values.index)
    ours = plan_problem(
        inventory,
        asked,
        chosen.index[chosen],
        first=first,
        effort_limit=problem.effort_limit,
        seed=problem.seed,
    )
    portfolio = planned_portfolio(inventory, impact, asked, chosen, status, first)
    plan = with_spending(plan_from_starts(inventory, portfolio, ours, starts, bound, status))
    require_sound(verify_portfolio(plan.portfolio), "portfolio")
    require_sound(verify_plan(plan), "plan")
    return plan


def _unusable(asked: PortfolioProblem) -> list[str]:
    """Projects that must not be chosen, and those that need one of them."""
    out = set(asked.forbidden)
    for _ in asked.requires:
        before = len(out)
        out |= {one for one, other in asked.requires if other in out and one not in asked.mandatory}
        if len(out) == before:
            break
    return sorted(out)


def _nothing(
    inventory: Inventory,
    impact: Scores,
    asked: PortfolioProblem,
    first: dt.date,
    status: Literal["optimal", "infeasible", "limit"],
    conflicts: tuple[str, ...] = (),
) -> Plan:
    """A plan without any project, and why."""
    none = pd.Series(False, asked.values.index, dtype=bool)
    portfolio = planned_portfolio(inventory, impact, asked, none, status, first)
    problem = plan_problem(inventory, asked, asked.values.index[:0], first=first, effort_limit=0.0, seed=1)
    starts = pd.Series(dtype="int64", index=problem.phases.index)
    bound = 0.0 if status == "optimal" else math.nan
    return plan_from_starts(inventory, portfolio, problem, starts, bound, status, conflicts)


def _duties_alone(
    inventory: Inventory, impact: Scores, asked: PortfolioProblem, problem: PlanProblem, answer: JointAnswer
) -> Plan:
    """Where the search found no place for every duty: the plan of the duties alone, or why there is none."""
    fixed = pd.Series(asked.values.index.isin(asked.mandatory), asked.values.index)
    duties = schedule(
        inventory,
        planned_portfolio(inventory, impact, asked, fixed, "feasible", problem.start),
        start=problem.start,
        effort_limit=problem.effort_limit,
        seed=problem.seed,
    )
    if duties.status == "infeasible":
        return _nothing(inventory, impact, asked, problem.start, "infeasible", duties.conflicts)
    are_covered = all(fixed.reindex(list(c.members)).sum() >= c.at_least for c in asked.coverage)
    if duties.status != "limit" and are_covered:
        days = duties.phases["start"]
        months = (days.dt.year - problem.months[0].year) * MONTHS_PER_YEAR + days.dt.month - 1
        starts, bound = months.astype("int64"), answer.bound / MONTHS_PER_YEAR
        return _planned(inventory, impact, asked, problem, starts, bound, "feasible")
    projects = problem.phases["project_id"].unique()
    names = [str(projects[p]) if isinstance(p, int) else str(p) for p in answer.missing]
    said = text("conflict.no_place", inventory.strategy.language, projects=", ".join(names))
    return _nothing(inventory, impact, asked, problem.start, "limit", (said,))
