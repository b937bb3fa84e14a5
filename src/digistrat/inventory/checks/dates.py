"""Dates against each other, against the status and against the reporting date."""

from __future__ import annotations

from typing import Any

import pandas as pd

from digistrat.inventory.checks.hits import OPEN, Hit, Hits, before, shown_date
from digistrat.inventory.record import Inventory

EARLIEST_YEAR = 1970
YEARS_AHEAD = 30
PROJECT_DATES = (
    "start_date",
    "end_date",
    "release_date",
    "due_date",
    "funding_from_date",
    "funding_until_date",
)
PHASE_DATES = ("start_date", "end_date", "actual_start_date", "actual_end_date")


def end_before_start(inventory: Inventory) -> Hits:
    """A project ends before it begins."""
    for label, start in before(inventory, "projects", "end_date", "start_date"):
        yield Hit("projects", label, "end_date", {"start": start})


def phase_end_before_start(inventory: Inventory) -> Hits:
    """A phase ends before it begins, as planned or as it came."""
    said = set()
    for end, begin in (("end_date", "start_date"), ("actual_end_date", "actual_start_date")):
        for label, start in before(inventory, "phases", end, begin):
            if label not in said:
                said.add(label)
                yield Hit("phases", label, end, {"start": start, **_phase(inventory, label)})


def position_end_before_start(inventory: Inventory) -> Hits:
    """A position is filled until a day before it is filled."""
    for label, start in before(inventory, "positions", "end_date", "start_date"):
        yield Hit("positions", label, "end_date", {"start": start})


def funding_before_start(inventory: Inventory) -> Hits:
    """A project's funding ends before the project begins."""
    for label, start in before(inventory, "projects", "funding_until_date", "start_date"):
        yield Hit("projects", label, "funding_until_date", {"start": start})


def funding_end_before_begin(inventory: Inventory) -> Hits:
    """A project's funding ends before it begins."""
    for label, start in before(inventory, "projects", "funding_until_date", "funding_from_date"):
        yield Hit("projects", label, "funding_until_date", {"start": start})


def start_before_funding(inventory: Inventory) -> Hits:
    """An open project begins before its grant does, which grants mostly forbid."""
    projects = inventory.projects
    counts = projects["status"].isin(OPEN) & (projects["funding_state"] != "refused").fillna(True)
    counts &= ~(projects["funding_until_date"] < projects["funding_from_date"])  # said already
    for label, granted in before(inventory, "projects", "start_date", "funding_from_date"):
        if counts[label]:
            yield Hit("projects", label, "start_date", {"granted": granted})


def due_before_start(inventory: Inventory) -> Hits:
    """A project is due before it begins."""
    for label, start in before(inventory, "projects", "due_date", "start_date"):
        yield Hit("projects", label, "due_date", {"start": start})


def end_after_due(inventory: Inventory) -> Hits:
    """An open project ends after its due date, though it begins before."""
    projects = inventory.projects
    rows = projects["status"].isin(OPEN) & ~(projects["due_date"] < projects["start_date"])
    rows &= ~(projects["end_date"] < projects["start_date"])
    wrong = projects.loc[rows & (projects["end_date"] > projects["due_date"]), "due_date"]
    for label, due in wrong.items():
        yield Hit("projects", label, "end_date", {"due": shown_date(inventory, due)})


def due_before_release(inventory: Inventory) -> Hits:
    """A project may not begin before it is due."""
    due_dates = inventory.projects["due_date"]
    for label, release in before(inventory, "projects", "due_date", "release_date"):
        due = shown_date(inventory, due_dates[label])
        yield Hit("projects", label, "release_date", {"due": due, "start": release})


def start_before_release(inventory: Inventory) -> Hits:
    """A project begins earlier than it may, by its office's own account."""
    for label, release in before(inventory, "projects", "start_date", "release_date"):
        yield Hit("projects", label, "start_date", {"release": release})


def existing_begins_later(inventory: Inventory) -> Hits:
    """An existing project begins after the reporting date."""
    yield from _against_status(inventory, "existing", "start_date", after=True)


def possible_began(inventory: Inventory) -> Hits:
    """A project that is only possible began before the reporting date."""
    yield from _against_status(inventory, "possible", "start_date", after=False)


def preparation_ended(inventory: Inventory) -> Hits:
    """A project in preparation ended before the reporting date."""
    yield from _against_status(inventory, "in_preparation", "end_date", after=False)


def discontinued_goes_on(inventory: Inventory) -> Hits:
    """A discontinued project ends after the reporting date."""
    yield from _against_status(inventory, "discontinued", "end_date", after=True)


def actual_date_ahead(inventory: Inventory) -> Hits:
    """A phase is said to have begun or ended on a day after the reporting date; said once a row."""
    phases, on = inventory.phases, pd.Timestamp(inventory.reporting_date)
    said = set()
    for column in ("actual_start_date", "actual_end_date"):
        for label in phases.index[phases[column] > on]:
            if label not in said:
                said.add(label)
                date = {"date": shown_date(inventory, on)}
                yield Hit("phases", label, column, date | _phase(inventory, label))


def plausible_years(inventory: Inventory) -> Hits:
    """A date lies before 1970 or more than thirty years ahead; said once a row."""
    last = inventory.reporting_date.year + YEARS_AHEAD
    for table, columns in (("projects", PROJECT_DATES), ("phases", PHASE_DATES)):
        frame = inventory.tables[table]
        said = set()
        for column in columns:
            years = frame[column].dt.year
            for label in frame.index[(years < EARLIEST_YEAR) | (years > last)]:
                if label not in said:
                    said.add(label)
                    yield Hit(table, label, column, {"first": EARLIEST_YEAR, "last": last})


def _against_status(inventory: Inventory, status: str, column: str, *, after: bool) -> Hits:
    projects, on = inventory.projects, pd.Timestamp(inventory.reporting_date)
    wrong = projects[column] > on if after else projects[column] < on
    # an end before the beginning is said already, and either may be the wrong one
    wrong &= (projects["status"] == status) & ~(projects["end_date"] < projects["start_date"])
    for label in projects.index[wrong]:
        yield Hit("projects", label, column, {"date": shown_date(inventory, on)})


def _phase(inventory: Inventory, label: Any) -> dict[str, str]:
    row = inventory.phases.loc[label]
    names = {p.id: p.name for t in inventory.strategy.phase_templates for p in t.phases}
    return {"project": str(row["project_id"]), "phase": names.get(row["phase_id"], str(row["phase_id"]))}
