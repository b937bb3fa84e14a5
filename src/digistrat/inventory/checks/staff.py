"""Positions and the work that roles have to do."""

from __future__ import annotations

import pandas as pd

from digistrat.inventory.checks.hits import Hit, Hits, files_of, shown_date
from digistrat.inventory.record import Inventory

# One role of one phase: ten people full time, 20 days a month; without a duration ten years of one person.
DAYS_PER_MONTH, DAYS_AT_ALL = 200.0, 2_000.0
PEOPLE_PER_POSITION = 10.0


def efforts_without_position(inventory: Inventory) -> Hits:
    """Work is asked of a role that no position holds from the reporting date on; once a file and role."""
    positions, efforts = inventory.positions, inventory.efforts.assign(file=files_of(inventory, "efforts"))
    if positions["role_id"].isna().all():
        return
    ended = positions["end_date"] < pd.Timestamp(inventory.reporting_date)
    held = set(positions.loc[~ended & ~(positions["fte"] == 0), "role_id"].dropna())
    asked = efforts[(efforts["effort_days"] > 0) & efforts["role_id"].notna()]
    asked = asked[~asked["role_id"].isin(held)]
    names = {role.id: role.name for role in inventory.strategy.roles}
    for label, row in asked.drop_duplicates(["file", "role_id"]).iterrows():
        yield Hit("efforts", label, "effort_days", {"role": names.get(row["role_id"], row["role_id"])})


def plausible_efforts(inventory: Inventory) -> Hits:
    """A role's work on a phase would take more than ten people: perhaps hours instead of days."""
    keys = ["project_id", "phase_id"]
    phases = inventory.phases.dropna(subset=keys).drop_duplicates(keys)
    efforts = inventory.efforts[[*keys, "effort_days"]]
    months = efforts[keys].merge(phases[[*keys, "duration_months"]], how="left", on=keys)["duration_months"]
    limit = (months.clip(lower=1) * DAYS_PER_MONTH).fillna(DAYS_AT_ALL).set_axis(efforts.index)
    for label in efforts.index[efforts["effort_days"] > limit]:
        values = {"project": efforts.at[label, "project_id"], "limit": f"{limit[label]:.0f}"}
        yield Hit("efforts", label, "effort_days", values)


def plausible_fte(inventory: Inventory) -> Hits:
    """A position has more than ten full-time equivalents: perhaps hours or per cent."""
    positions = inventory.positions
    for label in positions.index[positions["fte"] > PEOPLE_PER_POSITION]:
        yield Hit("positions", label, "fte")


def positions_of_several(inventory: Inventory) -> Hits:
    """A position has more than one full-time equivalent, so that several people must hold it."""
    fte = inventory.positions["fte"]
    for label in fte.index[(fte > 1) & (fte <= PEOPLE_PER_POSITION)]:
        yield Hit("positions", label, "fte")


def positions_without_time(inventory: Inventory) -> Hits:
    """A position has no working time and adds nothing to what can be done."""
    positions = inventory.positions
    for label in positions.index[positions["fte"] == 0]:
        yield Hit("positions", label, "fte")


def positions_that_ended(inventory: Inventory) -> Hits:
    """A position is filled until a day before the reporting date."""
    positions = inventory.positions
    ended = positions["end_date"] < pd.Timestamp(inventory.reporting_date)
    for label in positions.index[ended & ~(positions["end_date"] < positions["start_date"])]:
        yield Hit("positions", label, "end_date")


def vacant_but_filled(inventory: Inventory) -> Hits:
    """A position is not filled, but it is also said from which day on it was, before the reporting date."""
    positions, on = inventory.positions, pd.Timestamp(inventory.reporting_date)
    vacant = (positions["is_filled"] == False).fillna(False).astype(bool)  # noqa: E712
    held = (positions["start_date"] <= on) & ~(positions["end_date"] < on)
    for label, start in positions.loc[vacant & held, "start_date"].items():
        yield Hit("positions", label, "is_filled", {"start": shown_date(inventory, start)})
