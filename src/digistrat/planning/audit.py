"""Does this portfolio, this plan hold what it was asked to? Checked on its tables, with no solver's code."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd

from digistrat.findings import Finding, Severity, findings_frame, make_finding
from digistrat.planning.records import Plan, Portfolio
from digistrat.planning.verify import verify_knapsack, verify_schedule_activities
from digistrat.texts import format_number

_CENT = 0.01


def verify_portfolio(portfolio: Portfolio) -> pd.DataFrame:
    """List every condition that a portfolio breaks: budgets, staff, mandates, dependencies, its own sums.

    Parameters
    ----------
    portfolio : Portfolio
        From `select_portfolio`.

    Returns
    -------
    DataFrame
        Findings; empty if it holds, and where there is no selection. ``value`` names project or constraint.
    """
    language = portfolio.problem.language
    if portfolio.status not in ("optimal", "feasible"):
        return findings_frame([])
    problem, chosen = portfolio.problem, portfolio.table["selected"]
    broken = verify_knapsack(
        chosen,
        problem.values.fillna(0.0),
        problem.costs,
        problem.limits,
        requires=problem.requires,
        excludes=problem.excludes,
        mandatory=problem.mandatory,
        forbidden=problem.forbidden,
        objective=portfolio.objective,
    )
    findings = [_finding(language, "portfolio", *row) for row in broken.itertuples(index=False, name=None)]
    for row in portfolio.budgets.itertuples():
        needed = float(problem.costs.loc[chosen, f"{row.year} {row.kind}"].sum())
        if abs(needed - float(row.used_eur)) > _CENT:  # type: ignore[arg-type]
            findings.append(
                _finding(language, "portfolio", "wrong-sum", "used_eur", row.year, row.used_eur, needed)
            )
    return findings_frame(findings)


def verify_plan(plan: Plan) -> pd.DataFrame:
    """List every condition that a plan breaks, recomputed from its dates.

    Order of phases and projects, release and due dates, posts by month, money by year, and whether load and
    budget are the sums of the phases. An info names procurements whose procedure was found for an earlier day
    than the planned one, for which no threshold is known yet.

    Parameters
    ----------
    plan : Plan
        From `schedule`.

    Returns
    -------
    DataFrame
        Findings; without errors the plan holds. Empty where there is no plan. ``value`` names the phase, role
        or kind of money.
    """
    language = plan.portfolio.problem.language
    if plan.status not in ("optimal", "feasible"):
        return findings_frame([])
    problem, months = plan.problem, plan.problem.months
    first = pd.Timestamp(months[0])
    begin = (plan.phases["start"].dt.year - first.year) * 12 + plan.phases["start"].dt.month - 1
    after = plan.phases["end"] + pd.Timedelta(days=1)
    length = (after.dt.year - first.year) * 12 + after.dt.month - 1 - begin
    limited = bool(problem.ceilings.notna().any(axis=None))
    broken = verify_schedule_activities(
        begin,
        problem.phases["duration_months"],
        problem.demand,
        problem.capacity.reset_index(drop=True),
        problem.links,
        release=problem.release,
        deadlines=problem.deadlines,
        budgets=problem.budgets if limited else None,
        costs=problem.costs if limited else None,
    )
    rows = _dated(broken, months).itertuples(index=False, name=None)
    findings = [_finding(language, "plan", *row) for row in rows]
    planned = problem.phases["duration_months"].reindex(plan.phases.index)
    for activity in plan.phases.index[length != planned]:
        findings.append(
            _finding(language, "plan", "wrong-length", activity, None, length[activity], planned[activity])
        )
    findings += [_finding(language, "plan", *wrong) for wrong in _wrong_sums(plan, begin, length)]
    findings += _later_procurements(plan)
    return findings_frame(findings)


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


def _dated(broken: pd.DataFrame, months: pd.DatetimeIndex) -> pd.DataFrame:
    """Months instead of their numbers in ``where``."""
    where = [
        f"{months[w]:%Y-%m}" if code == "over-capacity" and w < len(months) else w
        for code, w in zip(broken["code"], broken["where"], strict=True)
    ]
    return broken.assign(where=pd.Series(where, broken.index, dtype="object"))


def _wrong_sums(plan: Plan, begin: pd.Series, length: pd.Series) -> list[tuple[str, str, Any, float, float]]:
    """Cells of load and budget that are not the sums of the phases."""
    problem = plan.problem
    need: dict[tuple[str, int], float] = {}
    spent: dict[tuple[int, str], float] = {}
    for activity, t, months in zip(plan.phases.index, begin, length, strict=True):
        for period in range(int(t), int(t + months)):
            for role, fte in problem.demand.loc[activity].items():
                need[str(role), period] = need.get((str(role), period), 0.0) + float(fte)
            for kind, euros in problem.costs.loc[activity].items():
                key = (int(problem.months[0].year) + period // 12, str(kind))
                spent[key] = spent.get(key, 0.0) + float(euros) / int(months)
    wrong: list[tuple[str, str, Any, float, float]] = []
    for load in plan.load.itertuples():
        month: Any = load.month
        period = (month.year - problem.months[0].year) * 12 + month.month - 1
        expected, found = need.get((str(load.role_id), period), 0.0), float(np.asarray(load.demand_fte))
        if abs(found - expected) > 1e-6:
            wrong.append(("wrong-sum", str(load.role_id), f"{month:%Y-%m}", found, expected))
    for row in plan.budget.to_dict("records"):
        expected = spent.get((int(row["year"]), str(row["kind"])), 0.0)
        if abs(row["one_off_eur"] - expected) > _CENT:
            wrong.append(("wrong-sum", str(row["kind"]), row["year"], row["one_off_eur"], expected))
        if row["planned_eur"] > max(row["ceiling_eur"], 0.0) + max(_CENT, 1e-6 * abs(row["ceiling_eur"])):
            found, allowed = row["planned_eur"], row["ceiling_eur"]
            wrong.append(("over-budget", str(row["kind"]), row["year"], found, allowed))
    return wrong


def _later_procurements(plan: Plan) -> list[Finding]:
    strategy = plan.inventory.strategy
    buyers = {office.id: office.buyer for office in strategy.offices}
    offices = plan.inventory.projects["office_id"]
    rows = plan.phases[plan.phases["procedure"] != ""]
    found = []
    for activity, row in rows.iterrows():
        buyer = buyers.get(str(offices[row["project_id"]]), "municipality")
        on: dt.date = row["start"].date()
        spans = [t for t in strategy.procurement_thresholds if t.buyer == buyer]
        if not any(t.valid_from <= on <= t.valid_to for t in spans):
            found.append(
                _finding(
                    plan.portfolio.problem.language,
                    "plan",
                    "procedure-not-known-yet",
                    activity,
                    f"{on:%Y-%m-%d}",
                    severity="info",
                )
            )
    return found


def _finding(
    language: str,
    table: str,
    code: str,
    subject: Any,
    where: Any,
    found: Any = None,
    allowed: Any = None,
    *,
    severity: Severity = "error",
) -> Finding:
    def number(value: Any) -> str:
        return "–" if value is None or pd.isna(value) else format_number(float(value), language, 2)

    values = {
        "where": "–" if where is None or pd.isna(where) else str(where),
        "found": number(found),
        "allowed": number(allowed),
    }
    return make_finding(code, severity, language, values=values, table=table, value=str(subject))
