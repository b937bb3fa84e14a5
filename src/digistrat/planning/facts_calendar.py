"""What the strategy says about days and months, for checking plans: sittings, freezes, budget years.

Nothing here is shared with the code that makes portfolios and plans; the rules stand in `audit`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd

from digistrat.strategy import Strategy
from digistrat.strategy.calendar import Season

DAY = pd.Timedelta(days=1)


def month_number(date: pd.Timestamp) -> int:
    """Months since year 0."""
    return date.year * 12 + date.month - 1


def first_day(month: int) -> pd.Timestamp:
    """The first day of a month that is given by its number."""
    return pd.Timestamp(month // 12, month % 12 + 1, 1)


def last_day(month: int) -> pd.Timestamp:
    """The last day of a month that is given by its number."""
    return first_day(month + 1) - DAY


def first_whole_month(date: pd.Timestamp) -> int:
    """Number of the first month that lies wholly on or after a day."""
    return month_number(date) + (date.day > 1)


def months_later(date: pd.Timestamp, months: int) -> pd.Timestamp:
    """The same day so many months later, or the last one of that month where it is shorter."""
    target = month_number(date) + months
    return min(first_day(target) + DAY * (date.day - 1), last_day(target))


def horizon(strategy: Strategy, start: dt.date) -> range:
    """Numbers of the months in which planning looks ahead, from the first whole one on."""
    first = first_whole_month(pd.Timestamp(start))
    return range(first, first + strategy.planning.horizon_months)


def _is_in(season: Season, day: pd.Timestamp) -> bool:
    here, first, last = f"{day:%m-%d}", season.first, season.last
    return first <= here <= last if first <= last else not last < here < first


def is_frozen(strategy: Strategy, day: pd.Timestamp) -> bool:
    """Whether nothing may go live on a day."""
    return any(_is_in(freeze, day) for freeze in strategy.freezes)


def staff_share(strategy: Strategy, month: int) -> float:
    """Share of the staff that works in a month, after freezes, by calendar days."""
    days = list(pd.date_range(first_day(month), last_day(month)))
    share = 1.0
    for freeze in strategy.freezes:
        n_frozen = sum(_is_in(freeze, day) for day in days)
        share *= 1.0 - (1.0 - freeze.staff_share) * n_frozen / len(days)
    return share


def open_year(strategy: Strategy, reporting_date: dt.date, start: dt.date) -> int:
    """First year of a plan in which what is only possible can have money: its budget is not drafted yet."""
    if not strategy.budget_rounds:
        return start.year
    taken = {
        year for one in strategy.budget_rounds if one.drafted_date <= reporting_date for year in one.years
    }
    year = reporting_date.year + 1
    while year in taken:
        year += 1
    return max(year, start.year)


@dataclass(frozen=True)
class Sittings:
    """The council's sittings by month, and how long before one a decision has to be submitted."""

    days: dict[int, list[pd.Timestamp]]
    lead: pd.Timedelta
    is_limited: bool  # False: there is no council, and every month decides on its last day

    def decision_day(self, first: int, last: int, *, is_submitted: bool) -> pd.Timestamp | None:
        """The last sitting of the last month that is not too early after the first one has begun."""
        if not self.is_limited:
            return last_day(last)
        earliest = first_day(first) if is_submitted else first_day(first) + self.lead
        return max((day for day in self.days.get(last, ()) if day >= earliest), default=None)

    def fewest_months(self) -> int:
        """So many months a decision phase has at least: every sitting can be reached in time."""
        months = 1
        for month, days in self.days.items():
            latest = month_number(max(days) - self.lead) if days else -1
            if latest >= min(self.days):
                months = max(months, month - latest + 1)
        return months


def sittings(strategy: Strategy, months: Iterable[int]) -> Sittings:
    """When the council sits: known dates, and in years without any what its rule expects."""
    council = strategy.council
    if council is None:
        return Sittings({}, pd.Timedelta(0), is_limited=False)
    known = sorted(pd.Timestamp(day) for day in council.sitting_days)
    years = {day.year for day in known}
    days: dict[int, list[pd.Timestamp]] = {}
    for month in months:
        if council.weekday is None or month // 12 in years:
            days[month] = [day for day in known if month_number(day) == month]
            continue
        fitting = [
            day
            for day in pd.date_range(first_day(month), last_day(month))
            if day.day_name().lower() == council.weekday
        ]
        # the k-th such weekday of a month is in its k-th week
        days[month] = [
            day
            for week, day in enumerate(fitting, start=1)
            if week in council.weeks and not any(_is_in(season, day) for season in council.recess)
        ]
    return Sittings(days, pd.Timedelta(days=round(council.lead_weeks * 7)), is_limited=True)
