"""The problem that is printed, drawn and solved again, against what inventory and strategy ask."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from digistrat.planning.facts_calendar import first_day
from digistrat.planning.facts_money import KINDS_OF_MONEY
from digistrat.planning.facts_plan import PlanFacts
from digistrat.planning.facts_portfolio import PortfolioFacts
from digistrat.planning.records import Plan, Portfolio
from digistrat.planning.violations import (
    CENT,
    FTE,
    SAME,
    Violations,
    compare,
    compare_cells,
    is_same,
    read,
    told,
)


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


def check_plan_problem(plan: Plan, facts: PlanFacts, violations: Violations, *, is_found: bool) -> None:
    """The problem that is drawn and solved again is the one that the inventory asks."""
    problem = plan.problem
    months = [first_day(month) for month in facts.all_months]
    if not isinstance(problem.months, pd.DatetimeIndex) or list(problem.months) != months:
        found = len(problem.months) if isinstance(problem.months, pd.DatetimeIndex) else None
        violations.add("problem-differs", "problem.months", "", "months", None, found, len(months))
    expected: dict[str, dict[str, Any]] = {}
    for name, fact in facts.phases.items():
        expected[name] = {
            "project_id": fact.project,
            "phase_id": fact.phase,
            "template_id": fact.template,
            "duration_months": fact.months,
            "share_left": fact.share_left,
            "share_cost": fact.share_cost,
            "is_decision": fact.is_decision,
            "predecessor": fact.predecessor,
            "procedure": fact.procedure,
            "not_before": fact.not_before,
        }
    columns = next(iter(expected.values()), {})
    wrong = dict.fromkeys(columns, ("problem-differs", SAME))
    compare(violations, "problem.phases", problem.phases, expected, wrong)
    for name, (cells, tolerance) in _tables(plan, facts).items():
        compare_cells(violations, f"problem.{name}", getattr(problem, name), cells, tolerance)
    _sittings(plan, facts, violations)
    allowed, there = plan.inventory.strategy.planning.projects_per_office, problem.projects_per_office
    if not is_same(there, allowed, 0.0):
        name = "problem.projects_per_office"
        violations.add("problem-differs", name, "", "projects_per_office", None, there, allowed)
    if is_found:  # else nobody knows whether what is late could have been kept
        late = {(phase, what) for phase, what in facts.late}
        given = problem.late.items() if isinstance(problem.late, Mapping) else ()
        told_of = {(str(phase), what) for phase, whats in given for what in str(whats).split()}
        _differ(violations, "problem.late", told_of, late, late)
    _links(plan, facts, violations)


def _tables(plan: Plan, facts: PlanFacts) -> dict[str, tuple[dict[tuple[Any, Any], Any], float]]:
    """Cells of the problem's tables as they should be, and by how much they may be off."""
    roles = [role.id for role in plan.inventory.strategy.roles]
    fte = {name: facts.fte(name) for name in facts.phases}
    rate = {(facts.last_phase[project], kind): euros for (project, kind), euros in facts.rates.items()}
    cells: dict[str, tuple[dict[tuple[Any, Any], Any], float]] = {
        "demand": ({(a, r): fte[a].get(r, 0.0) for a in fte for r in roles}, FTE),
        "capacity": (
            {(first_day(m), r): facts.posts.get((r, m), 0.0) for m in facts.all_months for r in roles},
            FTE,
        ),
        "release": ({(a, ""): month - facts.january for a, month in facts.release.items()}, SAME),
        "deadlines": ({(a, ""): due[0] + 1 - facts.january for a, due in facts.due.items()}, SAME),
        "costs": (dict(facts.once), CENT),
        "running": ({(a, k): rate.get((a, k), 0.0) for a in fte for k in KINDS_OF_MONEY}, CENT),
        "ceilings": ({key: money.left for key, money in facts.years.items()}, CENT),
        "values": ({(project, ""): value for project, value in facts.value.items()}, SAME),
        "offices": ({(project, ""): office for project, office in facts.office.items()}, SAME),
    }
    release = plan.problem.release
    if isinstance(release, pd.Series):
        doubtful = release[release.index.isin(facts.doubtful)]
        cells["release"][0].update({(a, ""): month for a, month in doubtful.items()})
    return cells


def _sittings(plan: Plan, facts: PlanFacts, violations: Violations) -> None:
    """The sittings, and the months that decisions and go-lives may begin in."""
    calendar = plan.problem.calendar
    days = getattr(calendar, "sittings", None)
    found = None
    if isinstance(days, tuple) and all(isinstance(one, pd.DatetimeIndex) for one in days):
        found = [list(one) for one in days]
    expected = [facts.council.days.get(month, []) for month in facts.all_months]
    name = "problem.calendar"
    if found != expected:
        n_found = sum(map(len, found)) if found is not None else None
        violations.add("problem-differs", name, "", "sittings", None, n_found, sum(map(len, expected)))
    for field in ("lead", "is_limited"):
        there, wanted = str(getattr(calendar, field, None)), str(getattr(facts.council, field))
        if there != wanted:
            violations.add("problem-differs", name, "", field, None, there, wanted)
    given = plan.problem.sittings
    given = given if isinstance(given, Mapping) else {}
    for phase, fact in facts.phases.items():
        starts = range(len(facts.all_months) - fact.months + 1)
        is_free = not fact.is_decision and facts.last_phase[fact.project] != phase
        allowed = tuple(s for s in starts if is_free or facts.may_begin(phase, facts.january + s))
        months = given.get(phase, tuple(starts))
        if not isinstance(months, tuple) or months != allowed:
            n_found = len(months) if isinstance(months, tuple) else None
            violations.add("problem-differs", "problem.sittings", "", phase, None, n_found, len(allowed))
    for phase in given:
        if phase not in facts.phases:
            violations.add("problem-differs", "problem.sittings", "", phase)


def _links(plan: Plan, facts: PlanFacts, violations: Violations) -> None:
    keys = ("predecessor", "successor", "kind", "lag")
    found = set(read(Violations(""), "problem.links", plan.problem.links, [], keys))
    inner = {
        (fact.predecessor, name, "end_before_start", "0")
        for name, fact in facts.phases.items()
        if fact.predecessor
    }
    outer = {(other, one, link.kind, str(link.lag)): link.must_be_kept for one, other, link in facts.waits}
    wanted = inner | {label for label, must in outer.items() if must}
    labels = {tuple(map(str, label)) for label in found}
    _differ(violations, "problem.links", labels, wanted, inner | set(outer))
