"""Check that a portfolio, a plan holds what it was asked to.

A second book-keeping: everything is counted again from inventory, strategy and the tables that are returned,
by code that shares nothing with the solvers or with the modules that make their problems. Of `problem` only
what the call itself asked for is believed: the end of the ranges, the budgets, what is fixed in and out by
hand, the impact scores, values of pairs, least numbers by field or goal, the first month. All else in it is
compared: it is printed, drawn and solved again.

What holds today, rule by rule (a change of the planner's rules is a change here too):

*Money.* A cost is the chosen end of its range. Recurring costs go on where a year is left out or illegible,
and after the last year that is reported. Money of years before planning begins is spent, except the one-off
money of projects that have not begun (by their dates and progress): that falls due in the first year, or, of
projects that are no more than possible, in the first whose budget still takes up something new. Approved
grants pay their share of it. Budgets are those of the call, less what running projects report; of the first
year the months that are left count; up to the last year that has one, a year and kind without a budget has
nothing, and budgets that are all over leave the first year with nothing. After that year a portfolio and a
plan spend nothing once, but running costs go on. Without any budget money limits nothing. A plan spreads
one-off money over the phases so that each year would cost what is reported if the project began as early as
it can, or nearly so, and else by the template's shares (a millionth of a project's money may lie in other
phases); running costs are a twelfth of the largest year that is left, every month from go-live to the
horizon's end. What phases after an order spend in later years than the order's is bound by it.

*Work.* The template follows from the one-off cost of all years, the upper end. What an office says of a
phase comes first; the template's phases are stretched to the reported span; the procurement phase follows a
framework contract that is named, else the longest of what is named and of the lightest procedures on the
first day that it can begin and under every later threshold (after the last one: that), never below the law's
periods; months are rounded and the rest goes to the next phase, never below the shortest, the lead before a
sitting, nor so few that a role needs more than one post. Work and money are spread evenly over a phase's
months. Posts count in months that they are filled from the first to the last day, unfilled ones after the
months of hiring, less what freezes take and what running projects need on their days.

*Dates.* Phases take whole months and follow each other. Nothing begins before the plan does, before the
reported beginning, release or grant of its project or its own reported beginning, before the first open year
if it needs new money, or before what it waits for: the end or beginning, and the months after it, of other
chosen projects and of running ones with a date. Projects in preparation that have begun wait for no chosen
one, and nobody waits for their beginning. A decision ends with a sitting, the last one of its last month
that leaves the lead for submitting it, unless a part of it is done; without a council with the month.
Nothing goes live in a freeze. Everything ends within the horizon, duties by their due date, what the
template pays for by the end of a grant that is not refused; a date that the project could not keep with
everything at once binds nobody and is told in the notes, as are orders beyond what is granted. No office has
more phases at once than it can carry.

*Proof.* The objective of a portfolio is the sum of its scores and pairs (of one that was planned at once,
nothing else is proven), that of a plan the sum of score times months in operation to the horizon's end, by
twelve. The bound is on the right side, gap and status say the same.

A cent and 0.001 FTE may be off, in absolute terms; what is missing where a number belongs is a violation.
"""

from __future__ import annotations

import pandas as pd

from digistrat.inventory.record import Inventory
from digistrat.planning.check_plan import check_plan
from digistrat.planning.check_portfolio import check_portfolio
from digistrat.planning.records import Plan, PlanProblem, Portfolio, PortfolioProblem


def verify_portfolio(portfolio: Portfolio) -> pd.DataFrame:
    """List every condition that a portfolio breaks, counted again from its inventory.

    Budgets of every year and kind, staff, mandates, dependencies and what they exclude; that every candidate
    has a row with a reason and its own numbers; that objective, bound, gap and status fit together, and no
    project that is left out refutes the bound.

    Parameters
    ----------
    portfolio : Portfolio
        From `select_portfolio`.

    Returns
    -------
    DataFrame
        Findings; without errors it holds. ``table`` and ``column`` say where it is wrong, ``value`` names
        project, constraint or year; of many places the first is told, and how many more there are.

    Raises
    ------
    ValueError
        If it is no portfolio. One that is wrong in whatever way raises nothing.
    """
    _require_portfolio(portfolio)
    return check_portfolio(portfolio).findings()


def verify_plan(plan: Plan) -> pd.DataFrame:
    """List every condition that a plan breaks, counted again from its inventory.

    Whole months and as many as a phase needs, sittings, freezes, order of phases and projects, release and
    due dates, grants, posts by month, projects by office, money by year, that milestones, load, budget and
    commitments are what the phases make them, that what is not kept is told, and that makespan, objective,
    bound, gap and status fit together. An info names procurements that begin when no threshold is known yet.
    Of the portfolio only the choice is looked at: see `verify_portfolio`.

    Parameters
    ----------
    plan : Plan
        From `schedule` or `plan_portfolio`.

    Returns
    -------
    DataFrame
        Findings; without errors the plan holds. ``table`` and ``column`` say where it is wrong, ``value``
        names phase, project, role or kind of money; of many places the first is told, and how many more
        there are.

    Raises
    ------
    ValueError
        If it is no plan. One that is wrong in whatever way raises nothing.
    """
    if not isinstance(plan, Plan) or not isinstance(plan.problem, PlanProblem):
        raise ValueError(f"plan must be a Plan from schedule, not {type(plan).__name__}")
    _require_portfolio(plan.portfolio)
    if not isinstance(plan.inventory, Inventory):
        raise ValueError(f"plan must have an inventory, not {type(plan.inventory).__name__}")
    return check_plan(plan).findings()


def require_sound(findings: pd.DataFrame, what: str) -> None:
    """Raise AssertionError if a new result breaks what was asked: a mistake of ours, not of the data.

    Parameters
    ----------
    findings : DataFrame
        From `verify_portfolio` or `verify_plan`.
    what : str
        Name of the result.
    """
    errors = findings[findings["severity"] == "error"]
    if len(errors):
        raise AssertionError(
            f"{what} breaks {len(errors)} of its conditions: {'; '.join(errors['message'][:5])}"
        )


def _require_portfolio(portfolio: Portfolio) -> None:
    if not isinstance(portfolio, Portfolio) or not isinstance(portfolio.problem, PortfolioProblem):
        raise ValueError(
            f"portfolio must be a Portfolio from select_portfolio, not {type(portfolio).__name__}"
        )
    if not isinstance(portfolio.inventory, Inventory):
        raise ValueError(f"portfolio must have an inventory, not {type(portfolio.inventory).__name__}")
