"""Which procedure an order follows by value, day and what the office says, for checking plans.

Nothing here is shared with the code that makes portfolios and plans; the rules stand in `audit`.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping
from typing import Any, NamedTuple

import pandas as pd

from digistrat.strategy import Procedure, Strategy


class Award(NamedTuple):
    """A procurement procedure and its weeks: what is usual, and what is least."""

    name: str
    typical: float
    least: float


def thresholds_of(strategy: Strategy, office: Any) -> list[tuple[dt.date, dt.date, float]]:
    """First day, last day and EU threshold of what is known for an office's kind of buyer, rising."""
    buyers = {one.id: one.buyer for one in strategy.offices}
    buyer = buyers.get(office, "municipality")
    known = [row for row in strategy.procurement_thresholds if row.buyer == buyer]
    return sorted((row.valid_from, row.valid_to, float(row.threshold_eur)) for row in known)


def procedure_of(strategy: Strategy, project: Mapping[Any, Any], on: dt.date) -> Award | None:
    """The procedure that an order begun on a day or later follows, so that its phase is never too short.

    A framework contract that the office names; else the longest of what it names and of the lightest ones
    for the value, under the threshold of the day (after the last known one: that one) and every later one.
    """
    named = _named(strategy, project["procedure"])
    if named is not None and named[1]:
        return named[0]
    paths = []
    value = project["order_value_net_eur_upper"]
    value = project["order_value_net_eur"] if pd.isna(value) else value
    known = thresholds_of(strategy, project["office_id"])
    if not pd.isna(value) and value > 0 and known and on >= known[0][0]:
        day = min(on, max(last for _, last, _ in known))
        lightest = [_lightest(strategy, float(value), limit) for _, last, limit in known if last >= day]
        paths = [path for path in lightest if path is not None]
    if named is not None:
        paths.append(named[0])
    return max(paths, key=lambda path: path.typical, default=None)


def _award(row: Procedure) -> Award:
    """A procedure's weeks, never fewer than the periods that the law prescribes."""
    by_law = (row.days_min + row.standstill_days) / 7
    return Award(row.name, max(row.weeks_typical, by_law), max(row.weeks_min, by_law))


def _named(strategy: Strategy, wanted: Any) -> tuple[Award, bool] | None:
    """The procedure that an office names, by id or by name, brackets or not; whether it is a framework."""
    if not isinstance(wanted, str):
        return None
    word = wanted.strip().casefold()
    for row in sorted(strategy.procedures, key=lambda row: row.is_framework):
        name = row.name.casefold()
        if word in (row.id, name, row.name.split("(")[0].strip().casefold()):
            return _award(row), row.is_framework
    return None


def _lightest(strategy: Strategy, value: float, threshold: float) -> Award | None:
    """The procedure of lowest limit that is allowed for an order value under an EU threshold."""
    allowed = []
    for row in strategy.procedures:
        if row.is_framework:
            continue
        if row.upper_limit_eur is not None:
            limit, fits = float(row.upper_limit_eur), value < threshold and value <= row.upper_limit_eur
        elif row.is_eu:
            limit, fits = math.inf, value >= threshold
        else:
            limit, fits = threshold, value < threshold
        if fits:
            allowed.append((limit, _award(row)))
    return min(allowed, key=lambda one: one[0])[1] if allowed else None
