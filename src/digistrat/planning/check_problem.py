"""The problem that is printed, drawn and solved again, against what inventory and strategy ask."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd

from digistrat.planning.facts_money import KINDS_OF_MONEY
from digistrat.planning.facts_plan import PlanFacts
from digistrat.planning.facts_portfolio import PortfolioFacts
from digistrat.planning.facts_work import first_day, month_number
from digistrat.planning.records import Plan, Portfolio
from digistrat.planning.violations import CENT, FTE, SAME, Violations, compare, compare_cells, read, told

_DAY = pd.Timedelta(days=1)


def check_portfolio_problem(portfolio: Portfolio, facts: PortfolioFacts, violations: Violations) -> None:
    """The problem that is printed and solved again is the one that the inventory asks."""
    problem = portfolio.problem
    needs = {
        (project, name): facts.needs.get((project, name), 0.0)
        for project in facts.candidates
        for name in facts.limits
    }
    compare_cells(violations, "problem.costs", problem.costs, needs, CENT)
    limits = {(name, ""): max(limit, 0.0) for name, limit in facts.limits.items()}
    compare_cells(violations, "problem.limits", problem.limits, limits, CENT)
    available = {(name, ""): limit for name, limit in facts.limits.items()}
    compare_cells(violations, "problem.available", problem.available, available, CENT)
    values = read(Violations(""), "table", portfolio.table, ["value"])
    shown = {(project, ""): values.get(project, {}).get("value") for project in facts.candidates}
    compare_cells(violations, "problem.values", problem.values, shown, SAME)
    kept = {pair for pair, must in facts.requires.items() if must}
    _differ(violations, "problem.requires", _pairs(problem.requires), kept, set(facts.requires))
    _differ(violations, "problem.excludes", _pairs(problem.excludes), facts.excludes, facts.excludes)
    mandatory, forbidden = (set(told(given)) for given in (problem.mandatory, problem.forbidden))
    _differ(violations, "problem.mandatory", mandatory, facts.fixed, mandatory)
    out = set(facts.out) - mandatory
    _differ(violations, "problem.forbidden", forbidden, out, out | facts.doubtful)


def _differ(violations: Violations, name: str, found: set[Any], wanted: set[Any], allowed: set[Any]) -> None:
    """Note labels that are wanted and not there, or there and not allowed."""
    for label in sorted(wanted - found):
        violations.add("problem-differs", name, "", label, None, None, label)
    for label in sorted(found - allowed):
        violations.add("problem-differs", name, "", label, None, label, None)


def _pairs(given: Any) -> set[tuple[str, str]]:
    pairs = given if isinstance(given, tuple) else ()
    return {(str(pair[0]), str(pair[1])) for pair in pairs if isinstance(pair, tuple) and len(pair) == 2}


def check_plan_problem(plan: Plan, facts: PlanFacts, violations: Violations) -> None:
    """The problem that is drawn and solved again is the one that the inventory asks."""
    problem, offset = plan.problem, facts.january
    months = [first_day(month) for month in facts.all_months]
    if not isinstance(problem.months, pd.DatetimeIndex) or list(problem.months) != months:
        found = len(problem.months) if isinstance(problem.months, pd.DatetimeIndex) else None
        violations.add("problem-differs", "problem.months", "", "months", None, found, len(months))
    expected: dict[str, dict[str, Any]] = {}
    for name, fact in facts.phases.items():
        expected[name] = {
            "project_id": fact.project,
            "phase_id": fact.phase,
            "duration_months": fact.months,
            "share_left": fact.share_left,
            "share_cost": fact.share_cost,
            "is_decision": fact.is_decision,
            "predecessor": fact.predecessor,
            "procedure": fact.procedure,
        }
    columns = next(iter(expected.values()), {})
    wrong = dict.fromkeys(columns, ("problem-differs", SAME))
    compare(violations, "problem.phases", problem.phases, expected, wrong)
    start = month_number(pd.Timestamp(facts.start))
    roles = [role.id for role in plan.inventory.strategy.roles]
    fte = {name: facts.fte(name) for name in facts.phases}
    years = range(facts.start.year, facts.ahead[-1] // 12 + 1)
    left = {key: money.left for key, money in facts.years.items() if key[0] in years}
    by_year = [(year, kind) for year in years for kind in KINDS_OF_MONEY]
    recurring = {key: facts.recurring.get(key, 0.0) for key in by_year}
    due = {facts.last_phase[p]: month_number(date + _DAY) - offset for p, date in facts.due.items()}
    tables: dict[str, tuple[dict[tuple[Any, Any], Any], float]] = {
        "demand": ({(a, r): fte[a].get(r, 0.0) for a in fte for r in roles}, FTE),
        "capacity": (
            {(first_day(m), r): facts.posts.get((r, m), 0.0) for m in facts.all_months for r in roles},
            FTE,
        ),
        "release": ({(a, ""): facts.release.get(a, start) - offset for a in fte}, SAME),
        "deadlines": ({(a, ""): month for a, month in due.items()}, SAME),
        "costs": (dict(facts.once), CENT),
        "ceilings": ({key: left.get(key, math.nan) for key in by_year}, CENT),
        "recurring": (dict(recurring), CENT),
        "budgets": ({key: max(left.get(key, 0.0) - recurring[key], 0.0) for key in by_year}, CENT),
        "weights": (
            {
                (a, ""): facts.value.get(fact.project, 0.0) if facts.last_phase[fact.project] == a else 0.0
                for a, fact in facts.phases.items()
            },
            SAME,
        ),
    }
    if isinstance(problem.release, pd.Series):
        told = problem.release[problem.release.index.isin(facts.doubtful)]
        tables["release"][0].update({(a, ""): month for a, month in told.items()})
    for name, (cells, tolerance) in tables.items():
        compare_cells(violations, f"problem.{name}", getattr(problem, name), cells, tolerance)
    _links(plan, facts, violations)


def _links(plan: Plan, facts: PlanFacts, violations: Violations) -> None:
    keys = ("predecessor", "successor", "kind")
    found = set(read(Violations(""), "problem.links", plan.problem.links, [], keys))
    inner = {(f.predecessor, name, "end_before_start") for name, f in facts.phases.items() if f.predecessor}
    outer = {(other, one, link.kind): link.must_be_kept for one, other, link in facts.waits}
    wanted = inner | {label for label, must in outer.items() if must}
    labels = {tuple(map(str, label)) for label in found}
    _differ(violations, "problem.links", labels, wanted, inner | set(outer))
