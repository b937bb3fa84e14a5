"""Check that a portfolio, a plan holds what it was asked to.

A second book-keeping: everything is counted again from inventory, strategy and the tables that are returned,
by code that shares nothing with the solvers or with the modules that make their problems. Of `problem` only
what the call itself asked for is believed: the end of the ranges, the budgets, what is fixed in and out by
hand, the impact scores, the first month. All else in it is compared: it is printed, drawn and solved again.

What holds today, rule by rule (a change of the planner's rules is a change here too):

*Money.* A cost is the chosen end of its range. Recurring costs go on where a year is left out or illegible,
and after the last year that is reported, up to the end of the horizon; they count in the years that offices
report, whenever a project goes live. Money of years before planning begins is spent, except the one-off money
of projects that have not begun: that falls due in the first year. Budgets are those of the call, less what
running projects report; up to the last year that has one, a year and kind without a budget has nothing. A
portfolio's costs after that year limit nothing; a plan spends nothing once after it, but running costs go on.
Without any budget money limits nothing.

*Work.* The template follows from the one-off cost of all years, the upper end. What an office says of a phase
comes first; the template's phases are stretched to the reported span; the procurement phase follows the
lightest procedure on the first day that it can begin; months are rounded, never below the shortest, nor so
few that a role needs more than one post. Work and money are spread evenly over a phase's months. Posts count
in months that they are filled from the first to the last day; running projects take none of them.

*Dates.* Phases take whole months and follow each other. Nothing begins before the plan does, before the
reported beginning or release, or before what it waits for: the end or beginning of other chosen projects and
of running ones with a date. Projects in preparation that have begun wait for no chosen one. Every due date
holds. A decision falls on the last day of its phase, a go-live on that of the last phase.

*Proof.* The objective of a portfolio is the sum of its scores, that of a plan the sum of score times month of
the end, counted from January of its first year. The bound is on the right side, gap and status say the same.

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

    Whole months and as many as a phase needs, order of phases and projects, release and due dates, posts by
    month, money by year, that milestones, load and budget are what the phases make them, and that makespan,
    objective, bound, gap and status fit together. An info names procurements whose procedure was found for
    an earlier day than the planned one, for which no threshold is known yet. Of the portfolio only the choice
    is looked at: see `verify_portfolio`.

    Parameters
    ----------
    plan : Plan
        From `schedule`.

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
