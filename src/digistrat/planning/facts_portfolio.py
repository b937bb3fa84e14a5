"""What inventory and strategy say of candidates and constraints, for checking portfolios."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from digistrat.inventory.record import Inventory
from digistrat.planning.facts_money import (
    Cost,
    Year,
    costs_by_year,
    money_of_years,
    partly_unknown,
    still_to_pay,
    summed,
)
from digistrat.planning.facts_work import filled_posts, horizon, links, phases_of
from digistrat.planning.records import ROLE, Portfolio
from digistrat.planning.violations import Violations, is_missing, number

CANDIDATE_STATES = ("possible", "in_preparation")
_MANDATES = ("legal", "operational", "political")


@dataclass(frozen=True)
class PortfolioFacts:
    """What inventory, strategy and the call's own options say of every candidate and constraint."""

    candidates: list[str]
    costs: list[Cost]
    years: dict[tuple[int, str], Year]
    needs: dict[tuple[str, str], float]  # (project, constraint) → euros or person-days
    limits: dict[str, float]  # below zero where running projects need more than there is
    requires: dict[tuple[str, str], bool]  # pair → whether it must be kept
    excludes: set[tuple[str, str]]
    fixed: set[str]  # by mandate or by hand
    out: dict[str, str]  # not to be chosen unless fixed in or needed by what is: project → why
    doubtful: set[str]  # out only if a link counts that may as well be the one that closes a circle
    unclear: set[str]


def options(portfolio: Portfolio, violations: Violations) -> tuple[str, pd.DataFrame]:
    """Which end of the ranges counts, and the budgets: as the portfolio was asked for."""
    end, budgets = portfolio.problem.cost, portfolio.problem.budgets
    if not isinstance(end, str) or end not in ("upper", "value", "lower"):
        violations.add("problem-differs", "problem.cost", "", "cost", None, end, "upper")
        end = "upper"
    if not isinstance(budgets, pd.DataFrame) or not {"year", "kind", "amount_eur"} <= set(budgets.columns):
        violations.add("table-missing", "problem.budgets", "", "problem.budgets")
        budgets = portfolio.inventory.budgets
    legible = [
        number(year) is not None and number(amount) is not None
        for year, amount in zip(budgets["year"], budgets["amount_eur"], strict=True)
    ]
    if not all(legible):
        violations.add("number-missing", "problem.budgets", "amount_eur", "problem.budgets")
    return end, budgets[legible]


def portfolio_facts(portfolio: Portfolio, violations: Violations) -> PortfolioFacts:
    """Find out what a portfolio has to keep."""
    inventory = portfolio.inventory
    strategy, projects = inventory.strategy, inventory.projects
    candidates = list(projects.index[projects["status"].isin(CANDIDATE_STATES)])
    end, budgets = options(portfolio, violations)
    start = strategy.planning.start_date
    ahead = horizon(strategy, start)
    costs = costs_by_year(inventory, end, ahead[-1] // 12)
    years = money_of_years(inventory, budgets, costs, start.year)
    needs: dict[tuple[str, str], float] = {}
    left = summed(still_to_pay(inventory, costs, start.year), "project", "year", "kind")
    for (project, year, kind), euros in left.items():
        if (year, kind) in years:
            needs[project, f"{year} {kind}"] = euros
    limits = {f"{year} {kind}": money.left for (year, kind), money in years.items()}
    if strategy.roles:
        posts, days = filled_posts(inventory, ahead), strategy.planning.days_per_fte_month
        for role in strategy.roles:
            limits[f"{ROLE}{role.id}"] = days * math.fsum(posts[role.id, month] for month in ahead)
        for phase in phases_of(inventory, candidates, start).values():
            for role_id, number_of in phase.days.items():
                key = (phase.project, f"{ROLE}{role_id}")
                needs[key] = needs.get(key, 0.0) + number_of
    unclear = partly_unknown(inventory)
    requires, excludes, out, doubtful = _links(inventory, set(candidates))
    values = asked_values(portfolio)
    priced = {cost.project for cost in costs}
    for project in candidates:
        if is_missing(values.get(project)) or project in unclear or project not in priced:
            out.setdefault(project, "")
    forbidden, by_hand = _by_hand(portfolio)
    mandate = projects["mandate"].to_dict()
    fixed = {p for p in candidates if mandate[p] in _MANDATES} | set(by_hand)
    for project in [*forbidden, *by_hand]:
        if project not in candidates:
            violations.add("label-unknown", "problem", "", project)
    return PortfolioFacts(
        candidates=candidates,
        costs=costs,
        years=years,
        needs=needs,
        limits=limits,
        requires=requires,
        excludes=excludes,
        fixed=fixed - set(forbidden),
        out=out | dict.fromkeys(forbidden, "by_hand"),
        doubtful=doubtful - set(out),
        unclear=unclear,
    )


def _by_hand(portfolio: Portfolio) -> tuple[list[str], list[str]]:
    """Projects that the portfolio was asked to leave out, and to choose."""
    why, fixed = portfolio.problem.why_forbidden, portfolio.problem.by_hand
    out = [p for p, key in why.items() if key == "by_hand"] if isinstance(why, Mapping) else []
    return out, list(fixed) if isinstance(fixed, tuple) else []


def asked_values(portfolio: Portfolio) -> dict[Any, Any]:
    """The impact scores that the portfolio was asked to maximise."""
    values = portfolio.problem.values
    return dict(values.items()) if isinstance(values, pd.Series) else {}


def _links(
    inventory: Inventory, candidates: set[str]
) -> tuple[dict[tuple[str, str], bool], set[tuple[str, str]], dict[str, str], set[str]]:
    """Pairs that need or exclude each other, and who is kept out, or perhaps, by what is no candidate."""
    status = inventory.projects["status"].to_dict()
    requires: dict[tuple[str, str], bool] = {}
    excludes: set[tuple[str, str]] = set()
    out: dict[str, str] = {}
    doubtful: set[str] = set()
    for project, other, kind, must in links(inventory):
        if kind == "excludes":
            pair = (min(project, other), max(project, other))
            if set(pair) <= candidates:
                excludes.add(pair)
            for one, rival in (pair, pair[::-1]):
                if one in candidates and status[rival] == "existing":
                    out[one] = rival
        elif kind != "synergy" and project in candidates:
            if other in candidates:
                requires[project, other] = requires.get((project, other), False) or must
            elif status[other] != "existing" and must:
                out[project] = other
            elif status[other] != "existing":
                doubtful.add(project)
    return requires, excludes, out, doubtful


def used_by(facts: PortfolioFacts, chosen: set[str]) -> dict[str, float]:
    """Return what the chosen projects need of every constraint."""
    parts: dict[str, list[float]] = {name: [] for name in facts.limits}
    for (project, name), amount in facts.needs.items():
        if project in chosen:
            parts[name].append(amount)
    return {name: math.fsum(amounts) for name, amounts in parts.items()}
