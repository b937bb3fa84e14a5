"""When the council sits, and what may be decided and go live in which month."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import pandas as pd

from digistrat.strategy import Strategy
from digistrat.strategy.calendar import WEEKDAYS

_WEEK = 7


def sitting_days(strategy: Strategy, first: dt.date, last: dt.date) -> pd.DatetimeIndex:
    """Return the days on which the council sits, from first to last day included.

    Parameters
    ----------
    strategy : Strategy
        Its council: known dates; in years without any, what its rule of weekday and weeks expects outside
        the recess. Without a council there are none.
    first, last : date

    Returns
    -------
    DatetimeIndex
        Rising.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> from digistrat.strategy import Council
    >>> council = Council(lead_weeks=6.0, weekday="thursday", weeks=(4,), source="rule")
    >>> days = sitting_days(SimpleNamespace(council=council), dt.date(2027, 1, 1), dt.date(2027, 2, 28))
    >>> [f"{day:%d.%m.%Y}" for day in days]
    ['28.01.2027', '25.02.2027']
    """
    council = strategy.council
    if council is None:
        return pd.DatetimeIndex([])
    known = {day.year for day in council.sitting_days}
    days = [day for day in council.sitting_days if first <= day <= last]
    if council.weekday is not None:
        for day in pd.date_range(first, last):
            is_due = day.weekday() == WEEKDAYS.index(council.weekday)
            is_due = is_due and (day.day - 1) // _WEEK + 1 in council.weeks and day.year not in known
            if is_due and not any(season.covers(day.date()) for season in council.recess):
                days.append(day.date())
    return pd.DatetimeIndex(sorted(days))


@dataclass(frozen=True)
class DecisionCalendar:
    """The sittings of a planning horizon, month by month.

    Attributes
    ----------
    months : DatetimeIndex
        First days of months.
    sittings : tuple of DatetimeIndex
        Of each month.
    lead : Timedelta
        A decision is submitted so long before its sitting.
    is_limited : bool
        False where the strategy knows no council: then every month allows a decision.
    """

    months: pd.DatetimeIndex
    sittings: tuple[pd.DatetimeIndex, ...]
    lead: pd.Timedelta
    is_limited: bool

    def day(self, start: int, duration: int, *, is_submitted: bool = False) -> pd.Timestamp | None:
        """Return the sitting that a decision phase from this month on ends with; None if there is none.

        The last one of its last month that leaves time to submit after its beginning, unless it is submitted.
        """
        end = start + duration - 1
        if not 0 <= end < len(self.months):
            return None
        days = self.sittings[end]
        if not is_submitted:
            days = days[days >= self.months[start] + self.lead]
        return None if days.empty else days[-1]

    def shortest(self) -> int:
        """Return the least whole months that a decision phase takes for every sitting to be in reach.

        So that the last sitting of each month is the lead or more after the first day of some month.
        """
        lengths = [1]
        for end, days in enumerate(self.sittings):
            if len(days) and days[-1] - self.lead >= self.months[0]:
                start = int(self.months.searchsorted(days[-1] - self.lead, side="right")) - 1
                lengths.append(end - start + 1)
        return max(lengths)

    def starts(self, duration: int, *, is_submitted: bool = False) -> list[int]:
        """Return the months in which a decision phase of this length may begin."""
        last = len(self.months) - duration
        if not self.is_limited:
            return list(range(last + 1))
        months = range(last + 1)
        return [s for s in months if self.day(s, duration, is_submitted=is_submitted) is not None]


def decision_calendar(strategy: Strategy, months: pd.DatetimeIndex) -> DecisionCalendar:
    """Return the council's sittings in the months of a plan."""
    last = (months[-1] + pd.offsets.MonthEnd(0)).date()
    days = sitting_days(strategy, months[0].date(), last)
    which = (days.year - months[0].year) * 12 + days.month - months[0].month
    lead = 0.0 if strategy.council is None else strategy.council.lead_weeks
    return DecisionCalendar(
        months=months,
        sittings=tuple(days[which == k] for k in range(len(months))),
        lead=pd.Timedelta(days=round(lead * _WEEK)),
        is_limited=strategy.council is not None,
    )


def go_live_months(strategy: Strategy, months: pd.DatetimeIndex) -> list[int]:
    """Return the months at whose end something may go live: no freeze covers their last day."""
    ends = months + pd.offsets.MonthEnd(0)
    return [k for k, end in enumerate(ends) if not is_frozen(strategy, end)]


def is_frozen(strategy: Strategy, day: pd.Timestamp | None) -> bool:
    """Whether nothing may go live on a day."""
    return day is not None and any(freeze.covers(day.date()) for freeze in strategy.freezes)


def staff_shares(strategy: Strategy, months: pd.DatetimeIndex) -> pd.Series:
    """Return the share of the staff that works in each month, after freezes, by calendar days."""
    share = pd.Series(1.0, months)
    for freeze in strategy.freezes:
        if freeze.staff_share < 1.0:
            days = pd.date_range(months[0], months[-1] + pd.offsets.MonthEnd(0))
            frozen = pd.Series([freeze.covers(day.date()) for day in days], days, dtype=float)
            covered = frozen.groupby(days.to_period("M").to_timestamp()).mean()
            share *= 1.0 - (1.0 - freeze.staff_share) * covered.reindex(months).to_numpy(dtype=float)
    return share


def open_year(strategy: Strategy, on: dt.date) -> int:
    """Return the first budget year that still takes up new projects on a day.

    Parameters
    ----------
    strategy : Strategy
        Its budget rounds; years in none of them are open.
    on : date
        When the need is known.

    Examples
    --------
    A double budget for 2027 and 2028 is drafted by the end of September:

    >>> from types import SimpleNamespace
    >>> from digistrat.strategy import BudgetRound
    >>> double = BudgetRound(years=(2027, 2028), drafted_date=dt.date(2026, 9, 30))
    >>> city = SimpleNamespace(budget_rounds=(double,))
    >>> open_year(city, dt.date(2026, 9, 1)), open_year(city, dt.date(2026, 11, 1))
    (2027, 2029)
    """
    closed = {year for one in strategy.budget_rounds if one.drafted_date <= on for year in one.years}
    year = on.year + 1
    while year in closed:
        year += 1
    return year
