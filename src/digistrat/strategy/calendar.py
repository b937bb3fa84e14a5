"""When a city can decide and spend: council sittings, budget rounds, freezes, commitments, coverage."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal

from pydantic import Field

from digistrat.strategy.records import Amount, CostKind, Identifier, Name, Part, Share

DayOfYear = Annotated[str, Field(pattern=r"^(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$")]
Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday"]
WEEKDAYS: tuple[Weekday, ...] = ("monday", "tuesday", "wednesday", "thursday", "friday")


class Season(Part):
    """A part of every year, first and last day included (``"07-10"``); it may pass the turn of the year."""

    name: Name
    first: DayOfYear
    last: DayOfYear
    source: str = ""

    def covers(self, day: dt.date) -> bool:
        """Whether a day lies in it."""
        here = f"{day:%m-%d}"
        if self.first <= self.last:
            return self.first <= here <= self.last
        return here >= self.first or here <= self.last


class Council(Part):
    """When the council decides, and how long before a sitting a decision has to be submitted.

    ``sitting_days`` are known dates. In years without any, sittings are expected on the ``weekday`` of the
    given weeks of a month (1 to 5), outside the recess: an estimate, and named so.
    """

    lead_weeks: Annotated[float, Field(ge=0, le=104)]
    sitting_days: tuple[dt.date, ...] = ()
    weekday: Weekday | None = None
    weeks: tuple[Annotated[int, Field(ge=1, le=5)], ...] = ()
    recess: tuple[Season, ...] = ()
    source: Name


class Freeze(Season):
    """A part of every year in which nothing goes live, and only a share of the staff works."""

    staff_share: Share = 1.0


class BudgetRound(Part):
    """The years that one budget is for (two in a double budget), and until when it takes up new projects."""

    years: tuple[Annotated[int, Field(ge=2000, le=2100)], ...] = Field(min_length=1, max_length=2)
    drafted_date: dt.date
    source: str = ""


class Commitment(Part):
    """What orders placed in a year may bind of a later year's money (§ 102 HGO)."""

    year: int = Field(ge=2000, le=2100)
    for_year: int = Field(ge=2000, le=2100)
    kind: CostKind
    amount_eur: Amount
    is_estimate: bool = False


class Coverage(Part):
    """How many projects of a field of action or of a goal a portfolio must have at least."""

    field_id: Identifier | None = None
    goal_id: Identifier | None = None
    at_least: int = Field(ge=1, le=1000)
