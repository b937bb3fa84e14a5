"""Money by year and kind: what projects cost, what running ones take, what a year has left."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd

from digistrat.inventory.record import Inventory
from digistrat.planning.work import planning_months
from digistrat.scoring.running import carried_on, known_years

KINDS = ("investive", "consumptive")
COST_ENDS = ("upper", "value", "lower")


def yearly_costs(inventory: Inventory, *, cost: str = "upper", until: int | None = None) -> pd.DataFrame:
    """Return what every project costs by year and kind, at one end of the reported range.

    Recurring costs go on: in a year that an office leaves out or writes illegibly, and in the years after the
    last reported one, the amount of the year before counts; such rows are marked. A zero that the office
    writes ends them. One-off costs are never filled in: see `unclear_costs`.

    Parameters
    ----------
    inventory : Inventory
        Its table ``project_costs``. A cost that does not say whether it recurs counts as one-off.
    cost : {"upper", "value", "lower"}
        Which end; a cell without a range is its own upper and lower end.
    until : int, optional
        Last year to carry recurring costs on to; the last of the planning horizon by default.

    Returns
    -------
    DataFrame
        ``project_id``, ``year``, ``kind``, ``is_recurring``, ``amount_eur``, ``is_assumed``; rows without a
        known project, a kind or a year are left out (they stand in the findings).

    Raises
    ------
    ValueError
        If `cost` is none of the three.
    """
    if cost not in COST_ENDS:
        raise ValueError(f"cost must be one of {COST_ENDS}, not {cost!r}")
    costs = _known_costs(inventory, cost)
    costs = costs[costs["project_id"].isin(inventory.projects.index)].dropna(subset=["kind", "year"])
    costs = costs.astype({"year": "int64"})
    once = costs[~costs["is_recurring"]].dropna(subset=["amount_eur"]).assign(is_assumed=False)
    last = int(planning_months(inventory.strategy)[-1].year) if until is None else until
    columns = ["project_id", "year", "kind", "is_recurring", "amount_eur", "is_assumed"]
    running = carried_on(costs[costs["is_recurring"]], ["amount_eur"], known="amount_eur", until=last)
    running = running.dropna(subset=["amount_eur"]).assign(is_recurring=True)  # else no year is legible
    return pd.concat([once[columns], running[columns]], ignore_index=True)


def _known_costs(inventory: Inventory, cost: str) -> pd.DataFrame:
    costs = inventory.project_costs
    amount = costs["amount_eur"].astype(float)
    if cost != "value":
        amount = costs[f"amount_eur_{cost}"].astype(float).fillna(amount)
    is_recurring = costs["is_recurring"].fillna(False).astype(bool)
    return costs.assign(amount_eur=amount, is_recurring=is_recurring, year=known_years(costs["year"]))


def unclear_costs(inventory: Inventory) -> pd.Index:
    """Return the projects of whose costs a part is not known: an illegible amount, no kind or no year.

    Parameters
    ----------
    inventory : Inventory
        Its table ``project_costs``.

    Returns
    -------
    Index
        Project ids. Recurring costs count only where no year's amount is known: see `yearly_costs`.
    """
    costs = _known_costs(inventory, "upper")
    nowhere = costs["kind"].isna() | costs["year"].isna()
    known = costs["amount_eur"].notna().groupby([costs["project_id"], costs["kind"]]).transform("any")
    illegible = costs["amount_eur"].isna() & ~(costs["is_recurring"] & known.fillna(False).astype(bool))
    return pd.Index(costs.loc[nowhere | illegible, "project_id"].dropna().unique(), name="project_id")


def remaining_costs(inventory: Inventory, money: pd.DataFrame, first_year: int) -> pd.DataFrame:
    """Return what projects still cost when planning begins.

    Years before the first are over: money that a project in preparation reports for them is spent. A project
    that has not begun still needs its one-off money, from the first year; it has no running costs before.

    Parameters
    ----------
    inventory : Inventory
        The projects' status.
    money : DataFrame
        From `yearly_costs`.
    first_year : int
        In which planning begins.

    Returns
    -------
    DataFrame
        As `money`; no year before the first.
    """
    waiting = money["project_id"].map(inventory.projects["status"]) == "possible"
    late = waiting & ~money["is_recurring"]
    years = money["year"].where(~late, money["year"].clip(lower=first_year))
    return money.assign(year=years)[years >= first_year].reset_index(drop=True)


def available_budgets(
    inventory: Inventory,
    money: pd.DataFrame,
    *,
    budgets: pd.DataFrame | None = None,
    first_year: int | None = None,
) -> pd.DataFrame:
    """Return each year's money of each kind from the planning start, and what running projects leave.

    Parameters
    ----------
    inventory : Inventory
        Its projects of status ``existing`` are running.
    money : DataFrame
        From `yearly_costs`.
    budgets : DataFrame, optional
        ``year``, ``kind``, ``amount_eur``; the strategy's by default.
    first_year : int, optional
        Years before are left out; that of the strategy's planning start by default.

    Returns
    -------
    DataFrame
        ``year``, ``kind``, ``amount_eur``, ``committed_eur``, ``available_eur`` (negative where running
        projects already need more). Up to the last year with a budget every year and kind has a row:
        where nothing was granted, ``amount_eur`` is missing and nothing is available. Empty where there is no
        budget at all: money then limits nothing.

    Raises
    ------
    ValueError
        If budgets lack a column or a number, name a year and kind twice, or a kind that there is not.
    """
    start: dt.date = inventory.strategy.planning.start_date
    first = start.year if first_year is None else first_year
    granted = _granted(inventory.budgets if budgets is None else budgets, first)
    years = range(first, int(granted.index.get_level_values("year").max()) + 1) if len(granted) else range(0)
    keys = pd.MultiIndex.from_product([years, sorted(KINDS)], names=["year", "kind"])
    running = money[money["project_id"].map(inventory.projects["status"]) == "existing"]
    committed = running.groupby(["year", "kind"])["amount_eur"].sum()
    table = pd.DataFrame(
        {
            "amount_eur": granted.reindex(keys),
            "committed_eur": committed.reindex(keys).fillna(0.0).astype(float),
        },
        index=keys,
    )
    table["available_eur"] = table["amount_eur"].fillna(0.0) - table["committed_eur"]
    return table.reset_index()


def _granted(budgets: pd.DataFrame, first: int) -> pd.Series:
    """Amounts by year and kind, checked."""
    missing = {"year", "kind", "amount_eur"} - set(budgets.columns)
    if missing:
        raise ValueError(f"budgets must have columns year, kind, amount_eur; {sorted(missing)} missing")
    table = budgets[["year", "kind", "amount_eur"]]
    if table.isna().any(axis=None):
        raise ValueError(
            f"budgets must have year, kind and amount_eur in every row, not {_row(table, table.isna())}"
        )
    for name, wrong in (
        ("years as whole numbers", table["year"] != table["year"].round()),
        (f"the kinds {', '.join(KINDS)}", ~table["kind"].isin(KINDS)),
        ("every year and kind once", table.duplicated(["year", "kind"])),
    ):
        if wrong.any():
            raise ValueError(f"budgets must have {name}, not {_row(table, wrong)}")
    table = table[table["year"] >= first].astype({"year": "int64", "amount_eur": float})
    return table.set_index(["year", "kind"])["amount_eur"]


def _row(table: pd.DataFrame, wrong: pd.Series | pd.DataFrame) -> dict[str, object]:
    at = wrong.any(axis="columns") if isinstance(wrong, pd.DataFrame) else wrong
    return {str(k): v for k, v in table[at].iloc[0].items()}


def running_costs(money: pd.DataFrame, projects: pd.Index, years: np.ndarray) -> pd.DataFrame:
    """Return what projects cost each year after go-live, as reported, years × kinds, euros."""
    ours = money[money["is_recurring"] & money["project_id"].isin(projects)]
    table = ours.groupby(["year", "kind"])["amount_eur"].sum().unstack("kind")
    return table.reindex(index=years, columns=list(KINDS)).fillna(0.0).astype(float)


def one_off_by_kind(money: pd.DataFrame, projects: pd.Index) -> pd.DataFrame:
    """Return what projects cost once, projects × kinds, euros."""
    once = money[~money["is_recurring"]].groupby(["project_id", "kind"])["amount_eur"].sum().unstack("kind")
    return once.reindex(index=projects, columns=list(KINDS)).fillna(0.0).astype(float)
