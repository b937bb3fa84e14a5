"""What inventory and strategy say about money, for checking plans: counted row by row.

Nothing here is shared with the code that makes portfolios and plans; the rules stand in `audit`.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Container, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from digistrat.inventory.record import Inventory
from digistrat.planning.facts_calendar import open_year

KINDS_OF_MONEY = ("investive", "consumptive")
_YEARS = range(1900, 2201)  # another number is no year
_BY_YEAR = 1e5  # how much more a year's sum counts than a phase's share
_NOTHING = 1e-6  # a share that is none


class Cost(NamedTuple):
    """What a project costs in a year."""

    project: str
    year: int
    kind: str
    is_recurring: bool
    euros: float


class Year(NamedTuple):
    """A year's money of one kind: granted (NaN where nothing was), and what running projects take."""

    granted: float
    committed: float

    @property
    def left(self) -> float:
        """What is left; below zero where running projects need more."""
        return (0.0 if math.isnan(self.granted) else self.granted) - self.committed


def _amount(row: Mapping[Any, Any], end: str) -> float:
    own = row["amount_eur"] if end == "value" else row[f"amount_eur_{end}"]
    amount = row["amount_eur"] if pd.isna(own) else own
    return math.nan if pd.isna(amount) else float(amount)


def _rows(inventory: Inventory, end: str) -> list[tuple[Any, Any, Any, bool, float]]:
    """Project, year, kind, whether it recurs, amount: as reported."""
    return [
        (
            row["project_id"],
            row["year"] if not pd.isna(row["year"]) and row["year"] in _YEARS else math.nan,
            row["kind"],
            not pd.isna(row["is_recurring"]) and bool(row["is_recurring"]),
            _amount(row, end),
        )
        for row in inventory.project_costs.to_dict("records")
    ]


def costs_by_year(inventory: Inventory, end: str, until: int) -> list[Cost]:
    """Every project's costs at one end of the range; what recurs goes on until a year."""
    known = set(inventory.projects.index)
    once: list[Cost] = []
    yearly: dict[tuple[str, str], dict[int, float]] = {}
    for project, year, kind, is_recurring, amount in _rows(inventory, end):
        if pd.isna(project) or project not in known or pd.isna(year) or pd.isna(kind):
            continue
        if is_recurring:
            years = yearly.setdefault((project, kind), {})
            years[int(year)] = (
                years.get(int(year), 0.0) + amount
            )  # an illegible part makes the year illegible
        elif not math.isnan(amount):
            once.append(Cost(project, int(year), kind, False, amount))
    goes_on = [
        Cost(project, year, kind, True, amount)
        for (project, kind), years in yearly.items()
        for year, amount in _without_gaps(years, until).items()
    ]
    return once + goes_on


def _without_gaps(years: Mapping[int, float], until: int) -> dict[int, float]:
    """The year before counts for one that is not known; before the first known one, that one."""
    legible = {year: amount for year, amount in sorted(years.items()) if not math.isnan(amount)}
    if not legible:
        return {}
    amount = next(iter(legible.values()))
    whole = {}
    for year in range(min(years), max(*years, until) + 1):
        amount = legible.get(year, amount)
        whole[year] = amount
    return whole


def still_to_pay(
    inventory: Inventory,
    costs: Iterable[Cost],
    start: dt.date,
    begun: Container[str],
) -> list[Cost]:
    """What is left when planning begins; of one-off money only the city's own, without what grants pay.

    The one-off money of projects that have not begun moves to the first year, or, where they are no more than
    possible, to the first one whose budget still takes up something new.
    """
    status = inventory.projects["status"].to_dict()
    opens = {
        "possible": open_year(inventory.strategy, inventory.reporting_date, start),
        "in_preparation": start.year,
    }
    shares = granted_shares(inventory)
    left = []
    for cost in costs:
        year, share = cost.year, 0.0
        if not cost.is_recurring:
            share = shares.get(cost.project, 0.0)
            if cost.project not in begun:
                year = max(year, opens.get(status.get(cost.project, ""), 0))
        if year >= start.year:
            left.append(cost._replace(year=year, euros=cost.euros * (1.0 - share)))
    return left


def granted_shares(inventory: Inventory) -> dict[str, float]:
    """Share of a project's one-off cost, the upper end, that an approved grant pays."""
    price = one_off_cost(inventory)
    shares = {}
    for project, row in inventory.projects.to_dict("index").items():
        state, euros = row.get("funding_state"), row["funding_eur"]
        if pd.isna(state) or state != "approved" or pd.isna(euros) or euros <= 0 or project not in price:
            continue
        shares[project] = 1.0 if euros >= price[project] else euros / price[project]
    return shares


def money_of_years(
    inventory: Inventory, budgets: pd.DataFrame, costs: Iterable[Cost], start: dt.date
) -> dict[tuple[int, str], Year]:
    """Every year and kind from the first year to the last that has a budget; empty without any budget.

    Of the first year the months that are left count. Budgets that are all over leave it without money.
    """
    first = start.year
    granted = {
        (int(row["year"]), str(row["kind"])): float(row["amount_eur"])
        for row in budgets.to_dict("records")
        if not pd.isna(row["year"]) and row["year"] >= first
    }
    status = inventory.projects["status"].to_dict()
    taken: dict[tuple[int, str], float] = {}
    for cost in costs:
        if status.get(cost.project) == "existing":
            key = (cost.year, cost.kind)
            taken[key] = taken.get(key, 0.0) + cost.euros
    last = max((year for year, _ in granted), default=first if len(budgets) else first - 1)
    found = {}
    for year in range(first, last + 1):
        part = (13 - start.month) / 12 if year == first else 1.0
        for kind in KINDS_OF_MONEY:
            found[year, kind] = Year(
                granted.get((year, kind), math.nan) * part, taken.get((year, kind), 0.0) * part
            )
    return found


def monthly_rates(costs: Iterable[Cost]) -> dict[tuple[str, str], float]:
    """Euros a month in operation by project and kind: a twelfth of the largest year that is reported."""
    yearly = summed((cost for cost in costs if cost.is_recurring), "project", "kind", "year")
    rates: dict[tuple[str, str], float] = {}
    for (project, kind, _), euros in yearly.items():
        rates[project, kind] = max(rates.get((project, kind), euros / 12), euros / 12)
    return rates


def spread_once(
    costs: Iterable[Cost], phases: Sequence[tuple[str, int, float]], first: int
) -> dict[tuple[str, str], float]:
    """A project's one-off euros by phase and kind, so that each year costs what is reported for it.

    ``phases`` are name, months and share of cost, as they follow each other from the month ``first`` on, the
    earliest that the project can begin in; years before the first one and after the last count as those, and
    months after the last year that has money count to that one. Of all ways to pay for the phases
    that give these years, or come as near as can be, the one counts that is nearest to the shares of cost.
    """
    calendar = [name for name, months, _ in phases for _ in range(months)]
    year_of = [(first + k) // 12 for k in range(len(calendar))]
    once = summed((cost for cost in costs if not cost.is_recurring), "kind", "year")
    paid = {min(max(year, year_of[0]), year_of[-1]) for (_, year), euros in once.items() if euros > 0}
    if paid:
        year_of = [min(year, max(paid)) for year in year_of]
    years = range(year_of[0], year_of[-1] + 1)
    names = [name for name, _, _ in phases]
    runs = np.zeros((len(years), len(names)))  # share of each phase's months in each year
    for name, year in zip(calendar, year_of, strict=True):
        runs[year - years[0], names.index(name)] += 1 / calendar.count(name)
    shares = np.array([share for _, _, share in phases])
    found: dict[tuple[str, str], float] = {}
    for kind in {kind for kind, _ in once}:
        wanted = np.zeros(len(years))
        for (of, year), euros in once.items():
            if of == kind:
                wanted[min(max(year, years[0]), years[-1]) - years[0]] += euros
        total = float(wanted.sum())
        parts = shares
        if len(years) > 1 and total > 0:
            parts = _nearest(
                np.vstack([_BY_YEAR * runs, np.eye(len(names))]),
                np.concatenate([_BY_YEAR * wanted / total, shares]),
            )
        found |= {(name, kind): total * float(part) for name, part in zip(names, parts, strict=True)}
    return found


def _nearest(matrix: Any, wanted: Any) -> Any:
    """Shares, none below zero and one in all, whose image is nearest to what is wanted (least squares).

    What is free is solved for; the most negative share becomes nothing, what would help most is freed again.
    """
    free = np.ones(matrix.shape[1], dtype=bool)
    shares = np.zeros(matrix.shape[1])
    for _ in range(10 * len(free)):
        shares[:] = 0.0
        shares[free] = np.linalg.lstsq(matrix[:, free], wanted, rcond=None)[0]
        if shares.min() < -_NOTHING / 1000:
            free[shares.argmin()] = False
            continue
        slope = np.where(free, 0.0, matrix.T @ (matrix @ shares - wanted))
        if slope.min() >= -_NOTHING * 10:
            break
        free[slope.argmin()] = True
    shares = np.where(shares < _NOTHING, 0.0, shares)
    return shares / shares.sum()


def summed(costs: Iterable[Cost], *fields: str) -> dict[Any, float]:
    """Euros by the fields named."""
    total: dict[Any, list[float]] = {}
    for cost in costs:
        parts = tuple(getattr(cost, name) for name in fields)
        total.setdefault(parts if len(fields) > 1 else parts[0], []).append(cost.euros)
    return {key: math.fsum(amounts) for key, amounts in total.items()}


def partly_unknown(inventory: Inventory) -> set[str]:
    """Projects of whose costs a part is illegible, or has no kind or no year."""
    rows = _rows(inventory, "upper")
    legible = {(project, kind) for project, _, kind, _, amount in rows if not math.isnan(amount)}
    return {
        project
        for project, year, kind, is_recurring, amount in rows
        if not pd.isna(project)
        and (
            pd.isna(kind)
            or pd.isna(year)
            or (math.isnan(amount) and not (is_recurring and (project, kind) in legible))
        )
    }


def one_off_cost(inventory: Inventory) -> dict[str, float]:
    """Each project's one-off cost of all years, the upper end: it decides about the template."""
    total: dict[str, list[float]] = {}
    for project, _, _, is_recurring, amount in _rows(inventory, "upper"):
        if not is_recurring and not math.isnan(amount) and not pd.isna(project):
            total.setdefault(project, []).append(amount)
    return {project: math.fsum(amounts) for project, amounts in total.items()}
