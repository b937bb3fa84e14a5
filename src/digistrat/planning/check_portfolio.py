"""Does a portfolio hold? Its tables against what inventory and strategy say; the rules stand in `audit`."""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import pandas as pd

from digistrat.planning.check_problem import check_portfolio_problem
from digistrat.planning.facts_money import summed
from digistrat.planning.facts_portfolio import PortfolioFacts, asked_values, portfolio_facts, used_by
from digistrat.planning.records import ROLE, Portfolio
from digistrat.planning.violations import (
    CENT,
    SAME,
    Violations,
    compare,
    is_answer,
    is_true,
    number,
    told,
)
from digistrat.texts import text

STATES = ("optimal", "feasible", "infeasible", "limit")
_CHOSEN_REASONS = ("selected", "planned", "mandatory", "fixed_by_hand", "needed_by")


def check_portfolio(portfolio: Portfolio) -> Violations:
    """Collect everything that a portfolio breaks."""
    violations = Violations(portfolio.inventory.strategy.language)
    facts = portfolio_facts(portfolio, violations)
    chosen = _table(portfolio, facts, violations)
    check_proof(violations, "portfolio", portfolio, sign=1.0)
    if found_one(portfolio):
        _selection(facts, chosen, violations)
        _limits(portfolio, facts, chosen, violations)
        _value(portfolio, facts, chosen, violations)
        _why_not(portfolio, facts, chosen, violations)
    else:
        for name, shown in (("selected", chosen), ("binding", told(portfolio.binding))):
            if shown:
                violations.add("status-wrong", "portfolio", name, name, None, len(shown), portfolio.status)
    _budgets(portfolio, facts, chosen, violations)
    _constraints(portfolio, facts, chosen, violations)
    _hints(portfolio, facts, violations)
    check_portfolio_problem(portfolio, facts, violations)
    return violations


def found_one(result: Any) -> bool:
    """Tell whether a portfolio or a plan says that it is one."""
    return isinstance(result.status, str) and result.status in ("optimal", "feasible")


def check_proof(violations: Violations, name: str, result: Any, *, sign: float) -> None:
    """Objective, bound, gap and status must say the same; ``sign`` is 1 where more is better."""
    is_found, conflicts = found_one(result), told(result.conflicts)
    if not isinstance(result.status, str) or result.status not in STATES:
        violations.add("status-wrong", name, "status", "status", None, result.status, ", ".join(STATES))
    elif result.status == "infeasible" and not conflicts:
        violations.add("reason-missing", name, "conflicts", "conflicts")
    if is_found and conflicts:
        violations.add("status-wrong", name, "conflicts", "conflicts", None, conflicts[0], result.status)
    for column in ("conflicts", *(["binding"] if name == "portfolio" else [])):
        if not isinstance(getattr(result, column), tuple):
            violations.add("table-missing", name, column, f"{name} › {column}")
    is_planned = is_true(getattr(getattr(result, "problem", None), "is_planned", False))
    for column in ("objective", "gap")[: 1 if is_planned else 2]:
        if (number(getattr(result, column)) is None) == is_found:
            wrong = "number-missing" if is_found else "status-wrong"
            violations.add(wrong, name, column, column, None, getattr(result, column), result.status)
    if not is_found or is_planned:  # of a plan's portfolio the plan has the proof
        return
    objective, bound, gap = (number(getattr(result, one)) for one in ("objective", "bound", "gap"))
    if bound is None or not math.isfinite(bound):
        violations.add("number-missing", name, "bound", "bound", None, result.bound)
        return
    if objective is None or gap is None:
        return
    scale = max(1.0, abs(objective))
    better = sign * (bound - objective)
    if better < -SAME * scale:
        violations.add("proof-wrong", name, "bound", "bound", None, bound, objective)
    expected = better / max(1e-9, abs(objective))
    if abs(gap - expected) > SAME:
        violations.add("proof-wrong", name, "gap", "gap", None, f"{gap:.6f}", f"{expected:.6f}")
    if result.status == "optimal" and better > 10 * SAME * scale:
        violations.add("proof-wrong", name, "status", "optimal", None, bound, objective)


def _table(portfolio: Portfolio, facts: PortfolioFacts, violations: Violations) -> set[str]:
    """Every candidate has a row that says what was reported of it; which of them are chosen."""
    once = summed((cost for cost in facts.costs if not cost.is_recurring), "project")
    yearly: dict[str, float] = {}
    running = summed((cost for cost in facts.costs if cost.is_recurring), "project", "year")
    for (project, _), euros in running.items():
        yearly[project] = max(yearly.get(project, euros), euros)
    projects = portfolio.inventory.projects.to_dict("index")
    values = asked_values(portfolio)
    expected = {
        project: {
            **{column: projects[project][column] for column in ("title", "office_id", "field_id")},
            "mandate": "none" if pd.isna(projects[project]["mandate"]) else projects[project]["mandate"],
            "cost_eur": math.nan if project in facts.unclear else once.get(project, math.nan),
            "cost_yearly_eur": yearly.get(project, math.nan),
            "value": values.get(project, math.nan),
        }
        for project in facts.candidates
    }
    columns = dict.fromkeys(("title", "office_id", "field_id", "mandate"), ("entry-wrong", 0.0))
    columns |= dict.fromkeys(("cost_eur", "cost_yearly_eur"), ("wrong-sum", CENT))
    columns |= {"value": ("entry-wrong", SAME)}
    also = ("selected", "reason", "rank")
    rows = compare(violations, "table", portfolio.table, expected, columns, also=also)
    chosen = {project for project, row in rows.items() if is_true(row.get("selected"))}
    for project, row in rows.items():
        if not is_answer(row.get("selected")):
            violations.add("number-missing", "table", "selected", project, None, row.get("selected"))
        _reason(portfolio, project, row.get("reason"), project in chosen, violations)
    _ranks(rows, violations)
    return chosen


def _reason(portfolio: Portfolio, project: Any, reason: Any, chosen: bool, violations: Violations) -> None:
    """There is a reason, and it speaks of a chosen project where the project is chosen."""
    if not isinstance(reason, str) or not reason.strip():
        violations.add("reason-missing", "table", "reason", project)
        return
    language = portfolio.inventory.strategy.language
    beginnings = [text(f"reason.{key}", language, other="\0").split("\0")[0] for key in _CHOSEN_REASONS]
    if reason.startswith(tuple(beginnings)) != chosen:
        violations.add("reason-wrong", "table", "reason", project, None, reason)


def _ranks(rows: dict[Any, dict[str, Any]], violations: Violations) -> None:
    """A project of higher value must not rank behind one of lower value."""
    ranked = [
        (value, rank, project)
        for project, row in rows.items()
        if (value := number(row.get("value"))) is not None and (rank := number(row.get("rank"))) is not None
    ]
    ranked.sort(key=lambda one: (-one[0], one[1]))
    for (value, rank, _), (lower, behind, project) in pairwise(ranked):
        if value > lower + SAME and rank >= behind:
            violations.add("entry-wrong", "table", "rank", project, None, behind, rank, severity="warning")


def _selection(facts: PortfolioFacts, chosen: set[str], violations: Violations) -> None:
    """Mandates, what is kept out, and which projects need or exclude each other."""
    for project in sorted(facts.fixed - chosen):
        violations.add("lacks-mandatory", "table", "selected", project)
    needed, left = set(facts.fixed), list(facts.fixed)
    while left:
        here = left.pop()
        for one, other in facts.requires:
            if one == here and other not in needed:
                needed.add(other)
                left.append(other)
    for project, why in facts.out.items():
        if project in chosen and (why == "by_hand" or project not in needed):
            violations.add("forbidden-chosen", "table", "selected", project, why)
    for (project, other), must in facts.requires.items():
        if must and project in chosen and other not in chosen:
            violations.add("lacks-required", "table", "selected", project, other)
    for one, other in sorted(facts.excludes):
        if one in chosen and other in chosen:
            violations.add("excluded-pair", "table", "selected", one, other)
    for label, (members, at_least) in facts.covers.items():
        if len(members & chosen) < at_least:
            violations.add(
                "lacks-coverage", "table", "selected", label, None, len(members & chosen), at_least
            )


def _limits(portfolio: Portfolio, facts: PortfolioFacts, chosen: set[str], violations: Violations) -> None:
    """What the chosen ones need against what there is; and what is said to hold the portfolio back."""
    used = used_by(facts, chosen)
    for name, limit in facts.limits.items():
        there = max(limit, 0.0)
        if used[name] <= there + CENT:
            continue
        if name.startswith(ROLE):
            role = name.removeprefix(ROLE)
            violations.add("over-staff", "table", "selected", role, None, used[name], there)
        else:
            violations.add("over-budget", "budgets", "used_eur", name, None, used[name], there)
    least: dict[str, float] = {}
    for (project, name), amount in facts.needs.items():
        is_free = project not in chosen and project in facts.candidates
        if amount > 0 and is_free and project not in facts.out and project not in facts.doubtful:
            least[name] = min(least.get(name, amount), amount)
    said = set(told(portfolio.binding))
    for name in said - set(facts.limits):
        violations.add("label-unknown", "portfolio", "binding", name)
    for name, amount in least.items():
        room = max(facts.limits[name], 0.0) - used[name]
        if (name in said) != (room < amount) and abs(room - amount) > CENT:
            violations.add("entry-wrong", "portfolio", "binding", name, None, name in said, name not in said)
    for name in said & set(facts.limits) - set(least):
        violations.add("entry-wrong", "portfolio", "binding", name, None, True, False)


def _value(portfolio: Portfolio, facts: PortfolioFacts, chosen: set[str], violations: Violations) -> None:
    """The objective is the sum of what is chosen, and no project that would fit as well refutes the bound."""
    values = {p: number(value) or 0.0 for p, value in asked_values(portfolio).items()}
    total = _worth(facts, values, chosen)
    objective, bound = number(portfolio.objective), number(portfolio.bound)
    scale = SAME * max(1.0, abs(total))
    if objective is not None and abs(objective - total) > scale:
        violations.add("wrong-objective", "portfolio", "objective", "objective", None, objective, total)
    if objective is None or bound is None:
        return
    used = used_by(facts, chosen)
    rivals = {p for pair in facts.excludes if chosen & set(pair) for p in pair}
    for project in facts.candidates:
        if project in chosen or project in facts.out or project in facts.doubtful or project in rivals:
            continue
        needs = [name for name in facts.limits if facts.needs.get((project, name), 0.0) > 0]
        fits = all(facts.needs[project, name] + used[name] <= max(facts.limits[name], 0.0) for name in needs)
        alone = all(other in chosen for one, other in facts.requires if one == project)
        better = _worth(facts, values, chosen | {project})
        if fits and alone and better > bound + scale:
            violations.add("bound-refuted", "portfolio", "bound", project, None, bound, better)


def _worth(facts: PortfolioFacts, values: dict[Any, float], chosen: set[str]) -> float:
    """Scores of what is chosen, and of the pairs of which both are."""
    pairs = [value for pair, value in facts.synergies.items() if set(pair) <= chosen]
    return math.fsum([*(values.get(project, 0.0) for project in chosen), *pairs])


def _constraints(
    portfolio: Portfolio, facts: PortfolioFacts, chosen: set[str], violations: Violations
) -> None:
    """The table of limits says what there is and what is used of it."""
    used = used_by(facts, chosen)
    expected: dict[str, dict[str, Any]] = {}
    for name, limit in facts.limits.items():
        unit, there = "days" if name.startswith(ROLE) else "eur", max(limit, 0.0)
        expected[name] = {"unit": unit, "limit": there, "used": used[name], "slack": there - used[name]}
    for label, (members, at_least) in facts.covers.items():
        number_of = len(members & chosen)
        row = {"limit": at_least, "used": number_of, "slack": number_of - at_least}
        expected[f"coverage {label}"] = {"unit": "projects", **row}
    columns = {"unit": ("entry-wrong", 0.0)}
    columns |= dict.fromkeys(("limit", "used", "slack"), ("wrong-sum", CENT))
    compare(violations, "constraints", portfolio.constraints, expected, columns, also=("label",))


def _why_not(portfolio: Portfolio, facts: PortfolioFacts, chosen: set[str], violations: Violations) -> None:
    """Every project that is left out has a row, and what is said to be missing lets it join."""
    used = used_by(facts, chosen)
    expected: dict[str, dict[str, Any]] = {
        project: {} for project in facts.candidates if project not in chosen
    }
    also = ("kind", "other_ids", "missing")
    rows = compare(violations, "why_not", portfolio.why_not, expected, {}, also=also)
    for project, row in rows.items():
        others, missing = row.get("other_ids"), row.get("missing")
        if not isinstance(others, tuple) or not isinstance(missing, Mapping):
            violations.add("number-missing", "why_not", "missing", project, None, missing)
            continue
        joined = {project, *(others if row.get("kind") == "needs" else ())}
        for name in facts.limits if missing else ():
            need = math.fsum(facts.needs.get((one, name), 0.0) for one in joined)
            more = number(missing.get(name)) or 0.0
            room = facts.limits[name] - used[name] + more
            if need > 0 and need > room + CENT:
                violations.add("entry-wrong", "why_not", "missing", project, name, more, need - room + more)


def _hints(portfolio: Portfolio, facts: PortfolioFacts, violations: Violations) -> None:
    """What was reported and plays no part is told."""
    given = portfolio.problem.hints
    told_of = {
        (project, *hint)
        for project, hints in (given.items() if isinstance(given, Mapping) else ())
        for hint in hints
        if isinstance(hint, tuple) and len(hint) == 2
    }
    for project, kind, other in sorted(facts.hints - told_of):
        violations.add("problem-differs", "problem.hints", "", project, kind, None, other)
    for project, kind, other in sorted(told_of - facts.hints):
        if kind != "funding":
            violations.add("problem-differs", "problem.hints", "", project, kind, other, None)


def _budgets(portfolio: Portfolio, facts: PortfolioFacts, chosen: set[str], violations: Violations) -> None:
    if portfolio.problem.is_planned is True:
        return  # the plan says what is spent, and checks it
    used = used_by(facts, chosen)
    expected = {
        (year, kind): {
            "amount_eur": money.granted,
            "committed_eur": money.committed,
            "available_eur": money.left,
            "used_eur": used.get(f"{year} {kind}", math.nan),
        }
        for (year, kind), money in facts.years.items()
    }
    columns = dict.fromkeys(("amount_eur", "committed_eur", "available_eur", "used_eur"), ("wrong-sum", CENT))
    compare(violations, "budgets", portfolio.budgets, expected, columns, keys=("year", "kind"))
