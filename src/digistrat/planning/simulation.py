"""When the phases of a plan begin and end if they take other than planned; all samples at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from digistrat.planning.council import sitting_days
from digistrat.planning.flows import in_order, waits_of
from digistrat.planning.records import Plan
from digistrat.planning.work import DAYS_PER_MONTH

Array = npt.NDArray[Any]
_YEARS_AFTER = 15  # for which sittings and freezes are looked up after the horizon
_SOON = 1e-9
_ROUNDING = 1e-7  # of a month: a quarter of a second
_DAY = pd.Timedelta(days=1)


@dataclass(frozen=True, eq=False)
class PlanTimes:
    """Months since January of the plan's first year, activities × samples.

    Attributes
    ----------
    activities, projects : Index
    project : array
        By activity.
    last : array of int
        By project, the position of its last activity.
    start, end : array
        Infinite where a decision has no sitting any more.
    paid_until : array
        End of the months that an activity's money is spread over: of a decision that of its sitting's month,
        as planned and as much later as it is late. Running costs begin then.
    """

    activities: pd.Index
    projects: pd.Index
    project: Array
    last: Array
    start: Array
    end: Array
    paid_until: Array


def positions(days: pd.DatetimeIndex, january: pd.Timestamp) -> Array:
    """Return the ends of days in months since a first of January.

    Examples
    --------
    >>> positions(pd.DatetimeIndex(["2027-01-31", "2027-02-14"]), pd.Timestamp(2027, 1, 1)).tolist()
    [1.0, 1.5]
    """
    whole = (days.year - january.year) * 12 + days.month - january.month
    return np.asarray(whole + days.day / days.days_in_month, dtype=float)


def end_dates(at: Array, months: pd.DatetimeIndex) -> pd.DatetimeIndex:
    """Return the last day of what ends at these positions; missing where they are infinite.

    Examples
    --------
    >>> months = pd.date_range("2027-01-01", periods=2, freq="MS")
    >>> [f"{day:%d.%m.%Y}" for day in end_dates(np.array([1.0, 1.5]), months)]
    ['31.01.2027', '14.02.2027']
    """
    known = np.isfinite(at)
    place = np.where(known, at, 1.0) - _ROUNDING  # what ends with a month ends on its last day
    month = np.datetime64(months[0], "M") + np.floor(place).astype(int)
    begin, after = (edge.astype("datetime64[D]") for edge in (month, month + 1))
    length = (after - begin).astype(int)
    days = np.ceil((place - np.floor(place)) * length).astype(int)
    return pd.DatetimeIndex(np.where(known, begin + days - 1, np.datetime64("NaT"))).as_unit("us")


def simulated_times(plan: Plan, lengths: Array) -> PlanTimes:
    """Let every phase of a plan take so many months, activities × samples, and see when all begin and end."""
    problem = plan.problem
    activities = plan.phases.index
    phases = problem.phases.loc[activities]
    january = problem.months[0]
    begin = pd.DatetimeIndex(plan.phases["start"])
    planned = ((begin.year - january.year) * 12 + begin.month - 1).to_numpy(dtype=int)
    duration = phases["duration_months"].to_numpy(dtype=float)
    waits = waits_of(problem, activities, planned)
    tails = phases.groupby("project_id", sort=False).tail(1).index
    last = activities.get_indexer(tails)
    is_last = np.isin(np.arange(len(activities)), last)
    decided = problem.calendar.is_limited & phases["is_decision"].to_numpy(dtype=bool)
    sittings, allowed = _sittings(plan), _go_lives(plan)
    decision = positions(pd.DatetimeIndex(plan.phases["end"]), january) - planned
    lead = np.where(phases["share_left"] < 1.0, 0.0, problem.calendar.lead / _DAY / DAYS_PER_MONTH)
    start, end = np.empty(lengths.shape), np.empty(lengths.shape)
    paid_until = np.empty(lengths.shape)
    for k in in_order(waits):
        ready = np.full(lengths.shape[1], float(planned[k]))
        for other, lag, from_end in waits[k]:
            np.maximum(ready, (end if from_end else start)[other] + lag, out=ready)
        start[k] = ready
        if decided[k]:  # later by what it is late, then on the next sitting
            longer = decision[k] + lengths[k] - duration[k]
            end[k] = _next(sittings, ready + np.maximum(longer, min(lead[k], decision[k])))
        else:
            end[k] = ready + lengths[k]
            if is_last[k] and allowed is not None:
                end[k] = _next(allowed, end[k])
        rest = duration[k] - decision[k] if decided[k] else 0.0
        paid_until[k] = end[k] + rest
    return PlanTimes(
        activities=activities,
        projects=pd.Index(phases.loc[tails, "project_id"], name="project_id"),
        project=phases["project_id"].to_numpy(dtype=object),
        last=last,
        start=start,
        end=end,
        paid_until=paid_until,
    )


def _next(allowed: Array, wish: Array) -> Array:
    """The first allowed position at or after each one; infinite after the last."""
    return np.append(allowed, np.inf)[np.searchsorted(allowed, wish - _SOON)]


def _until(plan: Plan) -> pd.Timestamp:
    return plan.problem.months[-1] + pd.DateOffset(years=_YEARS_AFTER)


def _sittings(plan: Plan) -> Array:
    """Ends of the days on which the council sits."""
    first = plan.problem.months[0]
    days = sitting_days(plan.inventory.strategy, first.date(), _until(plan).date())
    return positions(days, first)


def _go_lives(plan: Plan) -> Array | None:
    """Ends of the days on which something may go live; None where every day is one."""
    freezes = plan.inventory.strategy.freezes
    if not freezes:
        return None
    days = pd.date_range(plan.problem.months[0], _until(plan))
    free = [not any(freeze.covers(day.date()) for freeze in freezes) for day in days]
    return positions(days[np.array(free)], plan.problem.months[0])
