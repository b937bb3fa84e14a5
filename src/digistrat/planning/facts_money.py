"""What inventory and strategy say about money, for checking plans: counted row by row.

Nothing here is shared with the code that makes portfolios and plans; the rules stand in `audit`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import pandas as pd

from digistrat.inventory.record import Inventory

KINDS_OF_MONEY = ("investive", "consumptive")


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
            row["year"],
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


def still_to_pay(inventory: Inventory, costs: Iterable[Cost], first_year: int) -> list[Cost]:
    """What is left from a year on: one-off money of projects that have not begun moves there."""
    status = inventory.projects["status"].to_dict()
    left = []
    for cost in costs:
        waits = status.get(cost.project) == "possible" and not cost.is_recurring
        year = max(cost.year, first_year) if waits else cost.year
        if year >= first_year:
            left.append(cost._replace(year=year))
    return left


def money_of_years(
    inventory: Inventory, budgets: pd.DataFrame, costs: Iterable[Cost], first_year: int
) -> dict[tuple[int, str], Year]:
    """Every year and kind from the first year to the last that has a budget; empty without any budget."""
    granted = {
        (int(row["year"]), str(row["kind"])): float(row["amount_eur"])
        for row in budgets.to_dict("records")
        if not pd.isna(row["year"]) and row["year"] >= first_year
    }
    status = inventory.projects["status"].to_dict()
    taken: dict[tuple[int, str], float] = {}
    for cost in costs:
        if status.get(cost.project) == "existing":
            key = (cost.year, cost.kind)
            taken[key] = taken.get(key, 0.0) + cost.euros
    last = max((year for year, _ in granted), default=first_year - 1)
    return {
        (year, kind): Year(granted.get((year, kind), math.nan), taken.get((year, kind), 0.0))
        for year in range(first_year, last + 1)
        for kind in KINDS_OF_MONEY
    }


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
