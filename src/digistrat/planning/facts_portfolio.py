"""What inventory and strategy say of candidates and constraints, for checking portfolios."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from digistrat.inventory.record import Inventory
from digistrat.planning.facts_calendar import DAY, first_day, horizon
from digistrat.planning.facts_money import (
    KINDS_OF_MONEY,
    Cost,
    Year,
    costs_by_year,
    money_of_years,
    partly_unknown,
    still_to_pay,
    summed,
)
from digistrat.planning.facts_work import begun, filled_posts, links, phases_of
from digistrat.planning.records import LATER, ROLE, Portfolio
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
    covers: dict[str, tuple[set[str], int]]  # field or goal → members, least number of them
    synergies: dict[tuple[str, str], float]
    hints: set[tuple[str, str, str]]  # project, kind, other


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
    years = money_of_years(inventory, budgets, costs, start)
    needs: dict[tuple[str, str], float] = {}
    left = still_to_pay(inventory, costs, start, begun(inventory, start))
    for (project, year, kind), euros in summed(left, "project", "year", "kind").items():
        if (year, kind) in years:
            needs[project, f"{year} {kind}"] = euros
    limits = {f"{year} {kind}": money.left for (year, kind), money in years.items()}
    if years:  # one-off money of later years has no budget
        last = max(year for year, _ in years)
        limits |= {f"{LATER}{kind}": 0.0 for kind in KINDS_OF_MONEY}
        late = [cost for cost in left if cost.year > last and not cost.is_recurring]
        for (project, kind), euros in summed(late, "project", "kind").items():
            needs[project, f"{LATER}{kind}"] = euros
    if strategy.roles:
        posts, days = filled_posts(inventory, ahead), strategy.planning.days_per_fte_month
        taken = running_days(inventory, ahead)
        for role in strategy.roles:
            free = (posts[role.id, month] * days - taken.get((role.id, month), 0.0) for month in ahead)
            limits[f"{ROLE}{role.id}"] = math.fsum(max(0.0, one) for one in free)
        for phase in phases_of(inventory, candidates, start).values():
            for role_id, number_of in phase.days.items():
                key = (phase.project, f"{ROLE}{role_id}")
                needs[key] = needs.get(key, 0.0) + number_of
    if portfolio.problem.is_planned is True:  # money and staff limit the plan, not the sums
        needs, limits = {}, {}
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
        covers=asked_coverage(portfolio, set(candidates), violations),
        synergies=asked_synergies(portfolio, set(candidates), violations),
        hints=_hints(inventory, set(candidates), set(asked_synergies(portfolio, set(candidates), None))),
    )


def running_days(inventory: Inventory, months: range) -> dict[tuple[str, int], float]:
    """Person-days by role and month that running projects report, spread over the days of phase or project.

    What has no first or no last day takes nothing: nobody knows when. Nor does a phase that has ended.
    """
    projects = inventory.projects.to_dict("index")
    spans: dict[tuple[Any, Any], tuple[pd.Timestamp, pd.Timestamp]] = {}
    over = set()
    for row in inventory.phases.to_dict("records"):
        if not pd.isna(row["actual_end_date"]):
            over.add((row["project_id"], row["phase_id"]))
        dates = (row["start_date"], row["end_date"])
        if not any(map(pd.isna, (*dates, row["phase_id"]))):
            spans.setdefault((row["project_id"], row["phase_id"]), dates)
    taken: dict[tuple[str, int], float] = {}
    for row in inventory.efforts.to_dict("records"):
        project = projects.get(row["project_id"])
        if project is None or project["status"] != "existing" or pd.isna(row["role_id"]):
            continue
        if (row["project_id"], row["phase_id"]) in over:
            continue
        own = (project["start_date"], project["end_date"])
        first, last = spans.get((row["project_id"], row["phase_id"]), own)
        if pd.isna(row["effort_days"]) or pd.isna(first) or pd.isna(last) or last < first:
            continue
        a_day = row["effort_days"] / ((last - first).days + 1)
        for month in months:
            begin, end = max(first, first_day(month)), min(last + DAY, first_day(month + 1))
            key = (row["role_id"], month)
            taken[key] = taken.get(key, 0.0) + a_day * max(0, (end - begin).days)
    return taken


def asked_coverage(
    portfolio: Portfolio, candidates: set[str], violations: Violations
) -> dict[str, tuple[set[str], int]]:
    """Members and least number by field or goal: the number as asked for, the members as reported."""
    projects = portfolio.inventory.projects
    covers: dict[str, tuple[set[str], int]] = {}
    given = portfolio.problem.coverage
    for cover in given if isinstance(given, tuple) else ():
        label, _, members, at_least = cover
        goals = projects["goal_ids"].to_dict()
        there = {
            p for p, field in projects["field_id"].to_dict().items() if p in candidates and field == label
        }
        there |= {p for p in candidates if isinstance(goals[p], (tuple, list)) and label in goals[p]}
        if set(members) != there:
            violations.add("problem-differs", "problem.coverage", "", label, None, len(members), len(there))
        covers[str(label)] = (there, int(at_least))
    return covers


def asked_synergies(
    portfolio: Portfolio, candidates: set[str], violations: Violations | None
) -> dict[tuple[str, str], float]:
    """Value by pair of candidates, as the portfolio was asked to count it."""
    given = portfolio.problem.synergies
    found: dict[tuple[str, str], float] = {}
    for pair, value in given.items() if isinstance(given, Mapping) else ():
        if violations is not None and not set(pair) <= candidates:
            violations.add("label-unknown", "problem.synergies", "", pair)
        found[min(pair), max(pair)] = number(value) or 0.0
    return found


def _hints(
    inventory: Inventory, candidates: set[str], valued: set[tuple[str, str]]
) -> set[tuple[str, str, str]]:
    """Links that play no part in the choice, so that they have to be told: project, kind, other."""
    known = set(inventory.projects.index)
    found = set()
    for row in inventory.dependencies.to_dict("records"):
        project, other, kind = row["project_id"], row["other_id"], row["kind"]
        if pd.isna(project) or pd.isna(other) or pd.isna(kind):
            continue
        if kind == "synergy" and (min(project, other), max(project, other)) not in valued:
            found |= {(project, "synergy", other), (other, "synergy", project)}
        elif kind not in ("synergy", "excludes") and other not in known:
            found.add((project, "unreported", other))
    return {hint for hint in found if hint[0] in candidates}


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
    for project, other, kind, must, _ in links(inventory):
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
