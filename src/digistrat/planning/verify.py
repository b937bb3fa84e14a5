"""Is this selection, this schedule allowed? Plain arithmetic that shares no code with a solver."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

VIOLATION_COLUMNS = ("code", "subject", "where", "found", "allowed")
_TOLERANCE = 1e-6  # relative: what summing decimals in binary costs


def _violations(rows: list[tuple[str, Hashable, Hashable, float, float]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=list(VIOLATION_COLUMNS))


def _exceeds(found: float, allowed: float) -> bool:
    return found > allowed + _TOLERANCE * max(1.0, abs(allowed))


def verify_schedule_activities(
    start: pd.Series,
    durations: pd.Series,
    demands: pd.DataFrame,
    capacities: pd.Series | pd.DataFrame,
    precedences: pd.DataFrame | None,
    *,
    release: pd.Series | None = None,
    deadlines: pd.Series | None = None,
    budgets: pd.DataFrame | None = None,
    costs: pd.DataFrame | None = None,
    periods_per_block: int = 12,
    sittings: Mapping[Hashable, Sequence[int]] | None = None,
) -> pd.DataFrame:
    """List everything a schedule breaks; the arguments mean the same as in `schedule_activities`.

    Parameters
    ----------
    start : Series by activity
        First period of each activity.
    durations, demands, capacities, precedences
        As given to `schedule_activities`.
    release, deadlines, budgets, costs, periods_per_block, sittings
        As given to `schedule_activities`.

    Returns
    -------
    DataFrame
        Columns ``code``, ``subject`` (activity, resource, kind of money), ``where`` (period, block,
        other activity), ``found``, ``allowed``; empty if the schedule is allowed. Codes: ``not-scheduled``,
        ``not-whole``, ``before-release``, ``after-deadline``, ``off-sitting``, ``order-broken``,
        ``over-capacity``, ``over-budget``.

    Examples
    --------
    >>> durations = pd.Series({"a": 2, "b": 1})
    >>> staff = pd.DataFrame({"r": [1.0, 1.0]}, index=["a", "b"])
    >>> verify_schedule_activities(
    ...     pd.Series({"a": 0, "b": 1}), durations, staff, pd.Series({"r": 1.5}), None
    ... )[["code", "subject", "where", "found", "allowed"]].values.tolist()
    [['over-capacity', 'r', 1, 2.0, 1.5]]
    """
    broken: list[tuple[str, Hashable, Hashable, float, float]] = []
    begin: dict[Hashable, int] = {}
    for activity in durations.index:
        planned = start.get(activity)
        if planned is None or pd.isna(planned):
            broken.append(("not-scheduled", activity, None, np.nan, np.nan))
        elif planned != int(planned) or planned < 0:
            broken.append(("not-whole", activity, None, float(planned), 0.0))
        else:
            begin[activity] = int(planned)
    lengths = {activity: int(d) for activity, d in durations.items()}
    end = {activity: begin[activity] + lengths[activity] for activity in begin}
    for activity, t in begin.items():
        earliest = _value(release, activity)
        if earliest is not None and t < earliest:
            broken.append(("before-release", activity, None, t, earliest))
        latest = _value(deadlines, activity)
        if latest is not None and end[activity] > latest:
            broken.append(("after-deadline", activity, None, end[activity], latest))
        if sittings is not None and activity in sittings and t not in list(sittings[activity]):
            broken.append(("off-sitting", activity, None, t, np.nan))
    broken += _order(begin, end, precedences)
    broken += _load(begin, end, demands, capacities)
    if costs is not None and budgets is not None:
        broken += _spending(begin, lengths, costs, budgets, periods_per_block)
    return _violations(broken)


def _value(series: pd.Series | None, activity: Hashable) -> float | None:
    number = None if series is None else series.get(activity)
    return None if number is None or pd.isna(number) else float(number)


def _order(
    begin: Mapping[Hashable, int], end: Mapping[Hashable, int], precedences: pd.DataFrame | None
) -> list[tuple[str, Hashable, Hashable, float, float]]:
    broken: list[tuple[str, Hashable, Hashable, float, float]] = []
    for link in [] if precedences is None else precedences.to_dict("records"):
        first, then = link["predecessor"], link["successor"]
        if first not in begin or then not in begin:
            continue
        lag = link.get("lag", 0)
        since = begin[first] if link.get("kind") == "start_before_start" else end[first]
        allowed = since + (0 if pd.isna(lag) else lag)
        if begin[then] < allowed:
            broken.append(("order-broken", then, first, begin[then], allowed))
    return broken


def _load(
    begin: Mapping[Hashable, int],
    end: Mapping[Hashable, int],
    demands: pd.DataFrame,
    capacities: pd.Series | pd.DataFrame,
) -> list[tuple[str, Hashable, Hashable, float, float]]:
    broken: list[tuple[str, Hashable, Hashable, float, float]] = []
    last = max(end.values(), default=0)
    for resource in demands.columns:
        used = np.zeros(last)
        for activity, need in demands[resource].items():
            if activity in begin:
                used[begin[activity] : end[activity]] += float(need)
        available = np.zeros(last)  # after a frame's last row there is nobody
        if isinstance(capacities, pd.DataFrame):
            rows = capacities[resource].to_numpy(dtype=float)[:last]
            available[: len(rows)] = rows
        else:
            available[:] = float(capacities[resource])
        for period in range(last):
            if _exceeds(used[period], available[period]):
                broken.append(
                    ("over-capacity", resource, period, float(used[period]), float(available[period]))
                )
    return broken


def _spending(
    begin: Mapping[Hashable, int],
    lengths: Mapping[Hashable, int],
    costs: pd.DataFrame,
    budgets: pd.DataFrame,
    periods_per_block: int,
) -> list[tuple[str, Hashable, Hashable, float, float]]:
    broken: list[tuple[str, Hashable, Hashable, float, float]] = []
    for kind in costs.columns:
        spent: dict[int, float] = {}
        for activity, amount in costs[kind].items():
            if activity not in begin or pd.isna(amount):
                continue
            periods = max(1, lengths[activity])
            for period in range(begin[activity], begin[activity] + periods):
                block = period // periods_per_block
                spent[block] = spent.get(block, 0.0) + float(amount) / periods
        for block, total in sorted(spent.items()):
            inside = block < len(budgets)
            allowed = float(budgets[kind].iloc[block]) if inside else 0.0
            if _exceeds(total, allowed):
                broken.append(("over-budget", kind, budgets.index[block] if inside else None, total, allowed))
    return broken


def verify_knapsack(
    selected: pd.Series,
    values: Any,
    costs: Any,
    budgets: Any,
    *,
    requires: Iterable[tuple[Hashable, Hashable]] = (),
    excludes: Iterable[tuple[Hashable, Hashable]] = (),
    mandatory: Iterable[Hashable] = (),
    forbidden: Iterable[Hashable] = (),
    objective: float | None = None,
) -> pd.DataFrame:
    """List everything a selection breaks; the arguments mean the same as in `solve_knapsack`.

    Parameters
    ----------
    selected : Series of bool by item
        What was chosen.
    values, costs, budgets, requires, excludes, mandatory, forbidden
        As given to `solve_knapsack`.
    objective : float, optional
        The value the selection is said to have.

    Returns
    -------
    DataFrame
        Columns as in `verify_schedule_activities`; codes ``over-budget``, ``lacks-required``,
        ``excluded-pair``, ``lacks-mandatory``, ``forbidden-chosen``, ``wrong-objective``.

    Examples
    --------
    >>> chosen = pd.Series([True, True])
    >>> verify_knapsack(chosen, [1, 1], [[2], [3]], [4]).values.tolist()
    [['over-budget', 0, None, 5.0, 4.0]]
    """
    broken: list[tuple[str, Hashable, Hashable, float, float]] = []
    items = list(selected.index)
    chosen = {item for item in items if bool(selected[item])}
    limits = budgets.to_dict() if isinstance(budgets, pd.Series) else dict(enumerate(np.atleast_1d(budgets)))
    for position, (label, limit) in enumerate(limits.items()):
        if isinstance(costs, pd.DataFrame):
            total = sum(float(cost) for item, cost in costs[label].items() if item in chosen)
        else:
            table = np.asarray(costs, dtype=float).reshape(len(items), -1)
            total = sum(float(table[k, position]) for k, item in enumerate(items) if item in chosen)
        if _exceeds(total, float(limit)):
            broken.append(("over-budget", label, None, total, float(limit)))
    for a, b in requires:
        if a in chosen and b not in chosen:
            broken.append(("lacks-required", a, b, 0.0, 1.0))
    for a, b in excludes:
        if a in chosen and b in chosen:
            broken.append(("excluded-pair", a, b, 2.0, 1.0))
    broken += [("lacks-mandatory", item, None, 0.0, 1.0) for item in mandatory if item not in chosen]
    broken += [("forbidden-chosen", item, None, 1.0, 0.0) for item in forbidden if item in chosen]
    if objective is not None:
        value = values.to_dict() if isinstance(values, pd.Series) else dict(zip(items, values, strict=True))
        total = sum(float(value[item]) for item in chosen)
        if abs(total - objective) > _TOLERANCE * max(1.0, abs(total)):
            broken.append(("wrong-objective", "value", None, objective, total))
    return _violations(broken)
