"""Who is there to do the work: posts by role and month, and what running projects take of them."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd

from digistrat.inventory.record import Inventory
from digistrat.planning.council import staff_shares
from digistrat.planning.work import planning_months


def staffed_fte(
    inventory: Inventory, *, months: pd.DatetimeIndex | None = None, start: dt.date | None = None
) -> pd.DataFrame:
    """Return how many full-time equivalents are there for each role in each month.

    Parameters
    ----------
    inventory : Inventory
        Its table ``positions``. A post counts in the months that it is filled from first to last day;
        without a beginning it is filled already, without an end it stays. A post that is not filled counts
        from the planning start on after the strategy's hiring months, or from its own later beginning.
    months : DatetimeIndex, optional
        First days of months; the strategy's planning horizon by default.
    start : date, optional
        When planning begins; the strategy's planning start by default.

    Returns
    -------
    DataFrame
        Months × roles of the strategy, in full-time equivalents; a freeze of the strategy leaves its share.
    """
    strategy = inventory.strategy
    months = planning_months(strategy) if months is None else months
    roles = [role.id for role in strategy.roles]
    positions = inventory.positions.dropna(subset=["role_id", "fte"])
    hired = pd.Timestamp(start or strategy.planning.start_date) + pd.DateOffset(
        months=strategy.planning.hiring_months
    )
    begin, end = positions["start_date"], positions["end_date"]
    if "is_filled" in positions:
        vacant = ~positions["is_filled"].fillna(True).astype(bool)
        begin = begin.mask(vacant & ~(begin >= hired), hired)
    first = months.to_numpy()[:, None]
    last = (months + pd.offsets.MonthEnd(0)).to_numpy()[:, None]
    filled = (begin.isna().to_numpy() | (begin.to_numpy() <= first)) & (
        end.isna().to_numpy() | (end.to_numpy() >= last)
    )
    by_position = pd.DataFrame(filled * positions["fte"].to_numpy(dtype=float), index=months)
    by_role = by_position.T.groupby(positions["role_id"].to_numpy(dtype=object)).sum().T
    there = by_role.reindex(columns=roles, fill_value=0.0).astype(float)
    return there.mul(staff_shares(strategy, months), axis="index")


def running_fte(inventory: Inventory, *, months: pd.DatetimeIndex) -> pd.DataFrame:
    """Return what running projects take of each role in each month.

    Parameters
    ----------
    inventory : Inventory
        Efforts of projects of status ``existing``, spread evenly over the days of their phase, or of the
        project where the phase has no dates. Without dates, or of a phase that has ended, nothing is taken:
        `undated_efforts` names the former.
    months : DatetimeIndex
        First days of months.

    Returns
    -------
    DataFrame
        Months × roles of the strategy, in full-time equivalents.
    """
    strategy = inventory.strategy
    taken = pd.DataFrame(0.0, months, [role.id for role in strategy.roles])
    edges = months.union([months[-1] + pd.DateOffset(months=1)]).to_numpy().astype("datetime64[D]")
    efforts = _running_efforts(inventory).dropna(subset=["start", "end"])
    begins, ends = (efforts[edge].to_numpy().astype("datetime64[D]") for edge in ("start", "end"))
    work = efforts["effort_days"].to_numpy(dtype=float)
    for role, begin, end, n in zip(efforts["role_id"], begins, ends + 1, work, strict=True):
        days = (np.minimum(edges[1:], end) - np.maximum(edges[:-1], begin)).astype(int).clip(min=0)
        share = days / max(int((end - begin).astype(int)), 1)
        taken[role] += share * n / strategy.planning.days_per_fte_month
    return taken


def undated_efforts(inventory: Inventory) -> list[str]:
    """Return the running projects whose work is reported but not when it is done."""
    efforts = _running_efforts(inventory)
    return sorted(efforts.loc[efforts[["start", "end"]].isna().any(axis=1), "project_id"].unique())


def _running_efforts(inventory: Inventory) -> pd.DataFrame:
    """Efforts of running projects with their first and last day."""
    roles = [role.id for role in inventory.strategy.roles]
    projects = inventory.projects
    efforts = inventory.efforts.dropna(subset=["project_id", "role_id", "effort_days"])
    is_running = efforts["project_id"].map(projects["status"]) == "existing"
    over = inventory.phases.dropna(subset=["actual_end_date"])
    ended = set(zip(over["project_id"], over["phase_id"], strict=True))
    keys = zip(efforts["project_id"], efforts["phase_id"], strict=True)
    is_over = pd.Series([key in ended for key in keys], efforts.index, dtype=bool)
    efforts = efforts[is_running & efforts["role_id"].isin(roles) & ~is_over]
    phases = inventory.phases.dropna(subset=["project_id", "phase_id", "start_date", "end_date"])
    phases = phases.drop_duplicates(["project_id", "phase_id"]).set_index(["project_id", "phase_id"])
    spans = phases[["start_date", "end_date"]].reindex(
        pd.MultiIndex.from_frame(efforts[["project_id", "phase_id"]])
    )
    whole = projects[["start_date", "end_date"]].reindex(efforts["project_id"])
    is_dated = spans.notna().all(axis=1).to_numpy()
    return efforts.assign(
        start=np.where(is_dated, spans["start_date"].to_numpy(), whole["start_date"].to_numpy()),
        end=np.where(is_dated, spans["end_date"].to_numpy(), whole["end_date"].to_numpy()),
    )
