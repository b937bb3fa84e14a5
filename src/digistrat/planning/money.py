"""Money by year and kind: what projects cost, what running ones take, what a year has left."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd

from digistrat.inventory.record import Inventory
from digistrat.planning.council import open_year
from digistrat.planning.work import one_off_costs, planning_months
from digistrat.scoring.running import carried_on, known_years

KINDS = ("investive", "consumptive")
COST_ENDS = ("upper", "value", "lower")
_BY_YEAR = 1e5  # how much more the years of the office count than the template's shares
_NOTHING = 1e-6  # a share that is none: least squares leave a trace of money where there is none


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


def remaining_costs(inventory: Inventory, money: pd.DataFrame, start: dt.date) -> pd.DataFrame:
    """Return what projects still cost the city when planning begins.

    Years before the first are over: money that a project reports for them is spent if it has begun. A project
    that has not begun (see `begun_projects`) still needs its one-off money, a possible one from the first
    budget year that still takes up new projects, and has no running costs before. Of one-off costs the share
    that an approved grant pays is left out.

    Parameters
    ----------
    inventory : Inventory
        Status, beginning and funding of projects.
    money : DataFrame
        From `yearly_costs`.
    start : date
        When planning begins.

    Returns
    -------
    DataFrame
        As `money`; no year before the first.
    """
    status = inventory.projects["status"]
    candidates = status.index[status.isin(["possible", "in_preparation"])]
    late = candidates.difference(begun_projects(inventory, start))
    once = ~money["is_recurring"]
    first = pd.Series(start.year, candidates)
    first[status[candidates] == "possible"] = first_open_year(inventory, start)
    earliest = money["project_id"].map(first).fillna(start.year)
    moved = money["project_id"].isin(late) & once
    years = money["year"].where(~moved, money["year"].clip(lower=earliest)).astype("int64")
    own = 1.0 - money["project_id"].map(funded_shares(inventory)).fillna(0.0).where(once, 0.0)
    there = money.assign(year=years, amount_eur=money["amount_eur"] * own)
    return there[years >= start.year].reset_index(drop=True)


def begun_projects(inventory: Inventory, start: dt.date) -> pd.Index:
    """Return the projects in preparation that have begun before a day, by dates or reported progress."""
    projects, phases = inventory.projects, inventory.phases
    at_work = phases["share_done"].fillna(0.0).astype(float) > 0
    at_work |= (phases["actual_start_date"] < pd.Timestamp(start)) | phases["actual_end_date"].notna()
    early = projects["start_date"] < pd.Timestamp(start)
    early |= projects.index.isin(phases.loc[at_work.fillna(False).astype(bool), "project_id"].dropna())
    return projects.index[(projects["status"] == "in_preparation") & early]


def first_open_year(inventory: Inventory, start: dt.date) -> int:
    """Return the first year of a plan in which a project that is no more than possible can have money."""
    if not inventory.strategy.budget_rounds:
        return start.year
    return max(start.year, open_year(inventory.strategy, inventory.reporting_date))


def funded_shares(inventory: Inventory) -> pd.Series:
    """Return the share of each project's one-off costs (upper end) that an approved grant pays, 0–1."""
    projects = inventory.projects
    if "funding_state" not in projects:  # an older form does not ask whether a grant is approved
        return pd.Series(dtype=float)
    granted = projects["funding_eur"].astype(float)
    granted = granted[(projects["funding_state"] == "approved").fillna(False) & (granted > 0)]
    return (granted / one_off_costs(inventory, granted.index)).clip(upper=1.0).dropna()


def available_budgets(
    inventory: Inventory,
    money: pd.DataFrame,
    *,
    budgets: pd.DataFrame | None = None,
    start: dt.date | None = None,
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
    start : date, optional
        Years before are left out, and of a year that has begun the months that are over, evenly; the
        strategy's planning start by default.

    Returns
    -------
    DataFrame
        ``year``, ``kind``, ``amount_eur``, ``committed_eur``, ``available_eur`` (negative where running
        projects already need more). Up to the last year with a budget every year and kind has a row:
        where nothing was granted, ``amount_eur`` is missing and nothing is available. Empty where there is no
        budget at all: money then limits nothing. Budgets that are all over leave nothing for the first year.

    Raises
    ------
    ValueError
        If budgets lack a column or a number, name a year and kind twice, or a kind that there is not.
    """
    begin: dt.date = inventory.strategy.planning.start_date if start is None else start
    given = inventory.budgets if budgets is None else budgets
    granted = _granted(given, begin.year)
    last = int(granted.index.get_level_values("year").max()) if len(granted) else begin.year
    years = range(begin.year, last + 1) if len(given) else range(0)
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
    left = pd.Series(1.0, keys).where(keys.get_level_values("year") > begin.year, (13 - begin.month) / 12)
    table = table.mul(left, axis="index")
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


def running_rates(money: pd.DataFrame, projects: pd.Index) -> pd.DataFrame:
    """Return what projects cost every month from go-live on, projects × kinds, euros.

    A twelfth of the largest year that is reported: when a project goes live is what the plan decides.
    """
    ours = money[money["is_recurring"] & money["project_id"].isin(projects)]
    largest = ours.groupby(["project_id", "kind", "year"])["amount_eur"].sum().groupby(level=[0, 1]).max()
    table = largest.unstack("kind") / 12
    return table.reindex(index=projects, columns=list(KINDS)).fillna(0.0).astype(float)


def phase_costs(money: pd.DataFrame, phases: pd.DataFrame, begin: pd.Series) -> pd.DataFrame:
    """Share one-off costs out over the phases that are left, activities × kinds, euros.

    If the project ran from the first month that it can, each year would cost what the office reports for it;
    of all shares that do so, those closest to the template's (least squares, none below zero: Lawson & Hanson
    1974). Money of years in which no phase would run is counted to the first or last year in which one does,
    and months after the last year that has money to that year.

    Parameters
    ----------
    money : DataFrame
        From `remaining_costs`.
    phases : DataFrame
        From `project_phases`.
    begin : Series
        By project, the first month that it can begin in (first day).
    """
    once = money[~money["is_recurring"]].groupby(["project_id", "year", "kind"])["amount_eur"].sum()
    wide = once.unstack("kind").reindex(columns=list(KINDS)).fillna(0.0).astype(float)
    costs = np.zeros((len(phases), len(KINDS)))
    durations, shares = phases["duration_months"].to_numpy(), phases["share_cost"].to_numpy(dtype=float)
    rows = pd.Series(range(len(phases)), phases.index).groupby(phases["project_id"], sort=False)
    reported = set(wide.index.get_level_values("project_id"))
    for project, of_project in rows:
        if project in reported:
            first, own = pd.Timestamp(begin[project]), of_project.to_numpy()
            months = first.year + (first.month - 1 + np.arange(durations[own].sum())) // 12
            amounts = wide.loc[project]
            amounts = amounts.groupby(amounts.index.to_numpy().clip(months[0], months[-1])).sum()
            with_money = amounts.index[amounts.sum(axis="columns") > 0]
            if len(with_money):
                months = months.clip(max=with_money[-1])
            for k, kind in enumerate(KINDS):
                costs[own, k] = _closest(amounts[kind], months, durations[own], shares[own])
    return pd.DataFrame(costs, phases.index, list(KINDS))


def _closest(amounts: pd.Series, months: np.ndarray, durations: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """Euros by phase that give the amounts by year, close to shares of their sum; months are years here."""
    total = float(amounts.sum())
    years = np.unique(months)
    if total == 0 or len(years) == 1:
        return total * shares
    from scipy.optimize import nnls

    phase = np.repeat(np.arange(len(durations)), durations)
    runs = np.zeros((len(years), len(durations)))
    np.add.at(runs, (months - years[0], phase), 1.0 / durations[phase])
    wanted = amounts.reindex(years).fillna(0.0).to_numpy() / total
    matrix = np.vstack([_BY_YEAR * runs, np.eye(len(durations))])
    target = np.r_[_BY_YEAR * wanted, shares]
    found, _ = nnls(matrix, target)
    # once more without those that get nothing: it squares the matrix, which costs digits
    paid = found > _NOTHING
    found[~paid] = 0.0
    found[paid] = np.linalg.lstsq(matrix[:, paid], target, rcond=None)[0].clip(min=0.0)
    return np.asarray(found * total / found.sum())
