"""Costs, order values and funding: against the field, against each other and against the dates."""

from __future__ import annotations

import numpy as np
import pandas as pd

from digistrat.inventory.checks.hits import Hit, Hits, files_of, senders
from digistrat.inventory.record import Inventory
from digistrat.texts import format_money

# A project's one-off cost is an outlier where it is this many times its field's median or more (or less), and
# more robust standard deviations away than this, both in orders of magnitude.
OUTLIER_FACTOR, OUTLIER_DEVIATIONS = 100.0, 4.0
FIELD_SIZE = 8
IN_THOUSANDS, AMOUNTS = 1_000.0, 5
YEARS_AHEAD = 15
ORDER_TOLERANCE = 1.2


def cost_outliers(inventory: Inventory) -> Hits:
    """A project's one-off cost is far from what others of its field cost: perhaps in thousands."""
    costs = _known(inventory)
    costs = costs[~costs["is_recurring"] & ~costs["file"].isin(_files_in_thousands(inventory))]
    costs = costs.dropna(subset=["amount_eur"])
    total = costs.groupby("project_id")["amount_eur"].sum()
    total = total[total > 0]
    projects = inventory.projects
    field = projects["field_id"].reindex(total.index)
    size = np.log10(total)
    of_field = size.groupby(field)
    middle, count = of_field.transform("median"), of_field.transform("count")
    spread = 1.4826 * (size - middle).abs().groupby(field).transform("median")
    away = (size - middle).abs()
    wrong = (count >= FIELD_SIZE) & (away >= np.log10(OUTLIER_FACTOR))
    wrong &= away > OUTLIER_DEVIATIONS * spread
    language = inventory.strategy.language
    names = {entry.id: entry.name for entry in inventory.strategy.fields}
    largest = costs.groupby("project_id")["amount_eur"].idxmax()
    for project in total.index[wrong]:
        values = {
            "project": project,
            "total": format_money(total[project], language),
            "median": format_money(10 ** middle[project], language),
            "field": names.get(field[project], field[project]),
            "count": int(count[project]),
        }
        yield Hit("project_costs", largest[project], "amount_eur", values)


def amounts_in_thousands(inventory: Inventory) -> Hits:
    """All amounts of a return are below 1,000 where others report far more; said once a file."""
    costs, files = inventory.project_costs, files_of(inventory, "project_costs")
    for file in _files_in_thousands(inventory):
        amounts = costs.loc[files == file, "amount_eur"]
        yield Hit("project_costs", amounts.idxmax(), "amount_eur", {"count": int(amounts.notna().sum())})


def _files_in_thousands(inventory: Inventory) -> list[str]:
    costs, files = inventory.project_costs, files_of(inventory, "project_costs")
    costs = costs[costs["amount_eur"] > 0]
    files = files.reindex(costs.index)
    by_file = costs["amount_eur"].groupby(files)
    small = by_file.size()[(by_file.size() >= AMOUNTS) & (by_file.max() < IN_THOUSANDS)].index
    others = costs.loc[~files.isin(small), "amount_eur"]
    return list(small) if len(others) >= AMOUNTS and others.median() >= 10 * IN_THOUSANDS else []


def plausible_cost_years(inventory: Inventory) -> Hits:
    """A column of costs is for a year more than fifteen years ahead; said once a file and year."""
    costs = inventory.project_costs
    last = inventory.reporting_date.year + YEARS_AHEAD
    late = costs.assign(file=files_of(inventory, "project_costs"))[(costs["year"] > last).fillna(False)]
    for label in late.drop_duplicates(["file", "year"]).index:
        yield Hit("project_costs", label, "year", {"last": last})


def costs_outside_project(inventory: Inventory) -> Hits:
    """One-off money more than a year before a project begins or after it ends; said once a project."""
    costs = _known(inventory)
    projects = inventory.projects
    dated = projects[(projects["status"] != "existing") & ~(projects["end_date"] < projects["start_date"])]
    first = costs["project_id"].map(dated["start_date"].dt.year - 1)
    last = costs["project_id"].map(dated["end_date"].dt.year + 1)
    outside = (costs["year"] < first) | (costs["year"] > last)
    wrong = costs[outside.fillna(False) & ~costs["is_recurring"] & (costs["amount_eur"] > 0)]
    for label, row in wrong.drop_duplicates("project_id").iterrows():
        start, end = (projects[column][row["project_id"]] for column in ("start_date", "end_date"))
        span = f"{'…' if pd.isna(start) else start.year}–{'…' if pd.isna(end) else end.year}"
        yield Hit(
            "project_costs",
            label,
            "amount_eur",
            {"project": row["project_id"], "year": int(row["year"]), "span": span},
        )


def costs_of_discontinued(inventory: Inventory) -> Hits:
    """A discontinued project costs money after the year of the reporting date; said once a project."""
    yield from _of_discontinued(inventory, "project_costs")


def effects_of_discontinued(inventory: Inventory) -> Hits:
    """A discontinued project saves or earns money after the year of the reporting date; once a project."""
    yield from _of_discontinued(inventory, "project_effects")


def _of_discontinued(inventory: Inventory, table: str) -> Hits:
    money, status = inventory.tables[table], inventory.projects["status"]
    later = (money["year"] > inventory.reporting_date.year).fillna(False) & (money["amount_eur"] > 0)
    gone = money["project_id"].isin(status.index[status == "discontinued"])
    for label, row in money[later & gone].drop_duplicates("project_id").iterrows():
        values = {"project": row["project_id"], "year": int(row["year"])}
        yield Hit(table, label, "amount_eur", values)


def effects_without_costs(inventory: Inventory) -> Hits:
    """An existing project saves or earns money and has no costs, though others of its office have some."""
    effects, status = inventory.project_effects, inventory.projects["status"]
    costs = inventory.project_costs["project_id"].dropna()
    lacks = effects["project_id"].isin(status.index[status == "existing"])  # of open ones it is said already
    lacks &= ~effects["project_id"].isin(costs)
    lacks &= senders(inventory, "project_effects").isin(senders(inventory, "project_costs")[costs.index])
    for label, project in effects.loc[lacks, "project_id"].drop_duplicates().items():
        yield Hit("project_effects", label, "project_id", {"project": project})


def recurring_costs_in_one_year(inventory: Inventory) -> Hits:
    """Recurring costs stand in one year only, though the return speaks of later ones; said once a project."""
    costs = _known(inventory).dropna(subset=["year"])
    last = costs.groupby("file")["year"].max()
    recurring = costs[costs["is_recurring"]].dropna(subset=["project_id"])
    years = recurring.groupby("project_id")["year"]
    once = recurring[recurring["project_id"].isin(years.min().index[years.min() == years.max()])]
    once = once[(once["amount_eur"] > 0) & (once["year"] < once["file"].map(last))]
    for label, row in once.drop_duplicates("project_id").iterrows():
        values = {"project": row["project_id"], "year": int(row["year"])}
        yield Hit("project_costs", label, "amount_eur", values)


def order_above_costs(inventory: Inventory) -> Hits:
    """The order value of a project that has not begun is far above all costs reported for it."""
    projects = inventory.projects
    value = projects["order_value_net_eur_lower"].fillna(projects["order_value_net_eur"])
    yield from _above_costs(inventory, value, "order_value_net_eur", ORDER_TOLERANCE)


def funding_above_costs(inventory: Inventory) -> Hits:
    """The funding of a project that has not begun is more than all costs reported for it."""
    yield from _above_costs(inventory, inventory.projects["funding_eur"], "funding_eur", 1.0)


def _above_costs(inventory: Inventory, value: pd.Series, column: str, tolerance: float) -> Hits:
    """Only of possible projects: of others the costs are what is still open."""
    costs = _known(inventory)
    upper = costs["amount_eur_upper"].fillna(costs["amount_eur"])
    readable = upper.notna().groupby(costs["project_id"]).all()
    total = upper.groupby(costs["project_id"]).sum()[readable].reindex(value.index)
    possible = inventory.projects["status"] == "possible"
    language = inventory.strategy.language
    for label in value.index[possible & (total > 0) & (value > tolerance * total)]:
        yield Hit("projects", label, column, {"total": format_money(total[label], language)})


def funding_without_end(inventory: Inventory) -> Hits:
    """Funding is reported without the date until which it is granted."""
    projects = inventory.projects
    open_end = (projects["funding_eur"] > 0) & projects["funding_until_date"].isna()
    for label in projects.index[open_end]:
        yield Hit("projects", label, "funding_until_date")


def _known(inventory: Inventory) -> pd.DataFrame:
    """The costs of reported projects and their files; without a word on recurring they are one-off."""
    costs = inventory.project_costs
    costs = costs.assign(
        is_recurring=costs["is_recurring"].fillna(False).astype(bool),
        file=files_of(inventory, "project_costs"),
    )
    return costs[costs["project_id"].isin(inventory.projects.index)]
