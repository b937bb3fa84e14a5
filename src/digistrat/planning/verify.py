"""Is this selection, this schedule allowed? Plain arithmetic that shares no code with a solver."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

VIOLATION_COLUMNS = ("code", "subject", "where", "found", "allowed")
_FTE = 0.001  # what a period's demand may exceed, in absolute terms
_CENT = 0.01  # what a sum of money may exceed, in absolute terms
_BINARY = 1e-9  # relative: more than what summing decimals in binary costs

Row = tuple[str, Hashable, Hashable, float, float]


def _violations(rows: list[Row]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=list(VIOLATION_COLUMNS))


def _exceeds(found: float, allowed: float, most: float) -> bool:
    """Whether a sum is too large: by more than binary fractions cost, which is never above `most`."""
    return found > allowed + min(most, _BINARY * max(1.0, abs(allowed)))


def _number(value: Any) -> float:
    """A number; NaN where there is none."""
    try:
        return math.nan if value is None or pd.isna(value) else float(value)
    except (TypeError, ValueError):
        return math.nan


def _unknown(labels: Iterable[Hashable], known: Iterable[Hashable], where: str) -> list[Row]:
    names = set(known)
    return [("label-unknown", one, where, math.nan, math.nan) for one in labels if one not in names]


def _missing(table: pd.DataFrame, labels: Iterable[Hashable], where: str) -> list[Row]:
    """Labels without a row, and cells without a number."""
    rows: list[Row] = [
        ("number-missing", one, where, math.nan, math.nan) for one in labels if one not in table.index
    ]
    for column in table.columns:
        cells = table[column].items()
        rows += [
            ("number-missing", i, column, math.nan, math.nan) for i, x in cells if math.isnan(_number(x))
        ]
    return rows


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
    after: pd.DataFrame | None = None,
    periods_per_block: int = 12,
    sittings: Mapping[Hashable, Sequence[int]] | None = None,
) -> pd.DataFrame:
    """List everything a schedule breaks; the arguments mean the same as in `schedule_activities`.

    Sums may be off by what binary fractions cost, at most 0.001 of a resource and 0.01 of money. Labels are
    found by label; one that no activity or resource has, and a number that is missing, is a violation.

    Parameters
    ----------
    start : Series by activity
        First period of each activity.
    durations, demands, capacities, precedences
        As given to `schedule_activities`.
    release, deadlines, budgets, costs, after, periods_per_block, sittings
        As given to `schedule_activities`.

    Returns
    -------
    DataFrame
        Columns ``code``, ``subject`` (activity, resource, kind of money), ``where`` (period, block,
        other activity, argument), ``found``, ``allowed``; empty if the schedule is allowed. Codes:
        ``not-scheduled``, ``not-whole``, ``before-release``, ``after-deadline``, ``off-sitting``,
        ``order-broken``, ``over-capacity``, ``over-budget``, ``label-unknown``, ``number-missing``.

    Examples
    --------
    >>> durations = pd.Series({"a": 2, "b": 1})
    >>> staff = pd.DataFrame({"r": [1.0, 1.0]}, index=["a", "b"])
    >>> verify_schedule_activities(
    ...     pd.Series({"a": 0, "b": 1}), durations, staff, pd.Series({"r": 1.5}), None
    ... )[["code", "subject", "where", "found", "allowed"]].values.tolist()
    [['over-capacity', 'r', 1, 2.0, 1.5]]
    """
    known = set(durations.index)
    broken = _unknown(start.index, known, "start")
    lengths: dict[Hashable, int] = {}
    for activity, length in durations.items():
        if math.isnan(_number(length)):
            broken.append(("number-missing", activity, "durations", math.nan, math.nan))
        else:
            lengths[activity] = int(length)
    begin: dict[Hashable, int] = {}
    for activity in lengths:
        planned = _number(start.get(activity))
        if math.isnan(planned):
            broken.append(("not-scheduled", activity, None, math.nan, math.nan))
        elif planned < 0 or planned != round(planned):
            broken.append(("not-whole", activity, None, planned, 0.0))
        else:
            begin[activity] = int(planned)
    end = {activity: begin[activity] + lengths[activity] for activity in begin}
    for name, dates in (("release", release), ("deadlines", deadlines), ("sittings", sittings)):
        broken += _unknown([] if dates is None else list(dates.keys()), known, name)
    for activity, t in begin.items():
        earliest = math.nan if release is None else _number(release.get(activity))
        if t < earliest:
            broken.append(("before-release", activity, None, t, earliest))
        latest = math.nan if deadlines is None else _number(deadlines.get(activity))
        if end[activity] > latest:
            broken.append(("after-deadline", activity, None, end[activity], latest))
        if sittings is not None and activity in sittings and t not in list(sittings[activity]):
            broken.append(("off-sitting", activity, None, t, math.nan))
    broken += _order(begin, end, known, precedences)
    broken += _unknown(demands.index, known, "demands") + _missing(demands, known, "demands")
    broken += _load(begin, end, demands, capacities)
    if budgets is not None:
        broken += _missing(budgets, (), "budgets")
        for name, table in (("costs", costs), ("after", after)):
            if table is not None:
                broken += _unknown(table.index, known, name) + _missing(table, (), name)
                broken += _unknown(table.columns, budgets.columns, name)
        broken += _spending(begin, lengths, costs, after, budgets, periods_per_block)
    return _violations(broken)


def _order(
    begin: Mapping[Hashable, int],
    end: Mapping[Hashable, int],
    known: set[Hashable],
    precedences: pd.DataFrame | None,
) -> list[Row]:
    broken: list[Row] = []
    for link in [] if precedences is None else precedences.to_dict("records"):
        first, then = link["predecessor"], link["successor"]
        broken += [
            ("label-unknown", one, "precedences", math.nan, math.nan)
            for one in (first, then)
            if one not in known
        ]
        if first not in begin or then not in begin:
            continue
        lag = _number(link.get("lag", 0))
        since = begin[first] if link.get("kind") == "start_before_start" else end[first]
        allowed = since + (0 if math.isnan(lag) else lag)
        if begin[then] < allowed:
            broken.append(("order-broken", then, first, begin[then], allowed))
    return broken


def _load(
    begin: Mapping[Hashable, int],
    end: Mapping[Hashable, int],
    demands: pd.DataFrame,
    capacities: pd.Series | pd.DataFrame,
) -> list[Row]:
    labels = capacities.columns if isinstance(capacities, pd.DataFrame) else capacities.index
    broken = _unknown(labels, demands.columns, "capacities")
    last = max(end.values(), default=0)
    for resource in demands.columns:
        if resource not in labels:
            broken.append(("number-missing", resource, "capacities", math.nan, math.nan))
            continue
        used: list[list[float]] = [[] for _ in range(last)]
        for activity, need in demands[resource].items():
            if activity in begin and _number(need) != 0:
                for period in range(begin[activity], end[activity]):
                    used[period].append(_number(need))
        available = np.zeros(last)  # after a frame's last row there is nobody
        if isinstance(capacities, pd.DataFrame):
            rows = np.array([_number(cell) for cell in capacities[resource].iloc[:last]])
            available[: len(rows)] = rows
        else:
            available[:] = _number(capacities[resource])
        for period in range(last):
            total, there = math.fsum(used[period]), float(available[period])
            if math.isnan(there):
                broken.append(("number-missing", resource, period, total, there))
            elif _exceeds(total, there, _FTE):
                broken.append(("over-capacity", resource, period, total, there))
    return broken


def _spending(
    begin: Mapping[Hashable, int],
    lengths: Mapping[Hashable, int],
    costs: pd.DataFrame | None,
    after: pd.DataFrame | None,
    budgets: pd.DataFrame,
    periods_per_block: int,
) -> list[Row]:
    """Money of each kind and block, period by period: costs while an activity runs, then running costs."""
    broken: list[Row] = []
    last = len(budgets) * periods_per_block  # running costs after it are not counted, one-off costs are
    for kind in budgets.columns:
        spent: dict[int, list[float]] = {}
        for activity, start in begin.items():
            length = lengths[activity]
            paid, running = range(start, start + max(1, length)), range(start + length, last)
            amount = _cell(costs, activity, kind) / len(paid)
            for period in paid if amount else ():
                spent.setdefault(period // periods_per_block, []).append(amount)
            amount = _cell(after, activity, kind)
            for period in running if amount else ():
                spent.setdefault(period // periods_per_block, []).append(amount)
        for block, parts in sorted(spent.items()):
            inside, total = block < len(budgets), math.fsum(parts)
            allowed = _number(budgets[kind].iloc[block]) if inside else 0.0
            if _exceeds(total, allowed, _CENT):
                broken.append(("over-budget", kind, budgets.index[block] if inside else None, total, allowed))
    return broken


def _cell(table: pd.DataFrame | None, activity: Hashable, kind: Hashable) -> float:
    """An amount of money; nothing where there is none."""
    if table is None or activity not in table.index or kind not in table.columns:
        return 0.0
    amount = _number(table.at[activity, kind])
    return 0.0 if math.isnan(amount) else amount


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
    coverage: Mapping[Hashable, tuple[Iterable[Hashable], int]] | None = None,
    synergies: Mapping[tuple[Hashable, Hashable], float] | None = None,
    objective: float | None = None,
) -> pd.DataFrame:
    """List everything a selection breaks; the arguments mean the same as in `solve_knapsack`.

    Sums may be off by what binary fractions cost, at most 0.01. What has labels is found by label, the rest
    by position; a label that is not known, and a number that is missing, is a violation.

    Parameters
    ----------
    selected : Series of bool by item
        What was chosen.
    values, costs, budgets, requires, excludes, mandatory, forbidden, coverage, synergies
        As given to `solve_knapsack`.
    objective : float, optional
        The value the selection is said to have.

    Returns
    -------
    DataFrame
        Columns as in `verify_schedule_activities`; codes ``over-budget``, ``lacks-required``,
        ``excluded-pair``, ``lacks-mandatory``, ``forbidden-chosen``, ``lacks-coverage``, ``wrong-objective``,
        ``label-unknown``, ``number-missing``.

    Examples
    --------
    >>> chosen = pd.Series([True, True])
    >>> verify_knapsack(chosen, [1, 1], [[2], [3]], [4]).values.tolist()
    [['over-budget', 0, None, 5.0, 4.0]]
    """
    needs, rivals, fixed, out = list(requires), list(excludes), list(mandatory), list(forbidden)
    value = pd.Series(values, dtype=object)
    items = value.index
    limits = pd.Series([budgets] if np.isscalar(budgets) else budgets, dtype=object)
    table = _table(costs, items, limits.index)
    broken = _unknown(selected.index, items, "selected")
    chosen = set()
    for item in items:
        answer = selected.get(item)
        if answer is None or pd.isna(answer):
            broken.append(("number-missing", item, "selected", math.nan, math.nan))
        elif bool(answer):
            chosen.add(item)
    broken += _unknown(table.index, items, "costs") + _unknown(table.columns, limits.index, "costs")
    broken += _missing(table, items, "costs") + _missing(value.to_frame("values"), (), "values")
    for label, limit in limits.items():
        allowed = _number(limit)
        if math.isnan(allowed) or label not in table.columns:
            broken.append(("number-missing", label, "budgets", math.nan, allowed))
            continue
        cells = (_number(cost) for item, cost in table[label].items() if item in chosen)
        total = math.fsum(cost for cost in cells if not math.isnan(cost))
        if _exceeds(total, allowed, _CENT):
            broken.append(("over-budget", label, None, total, allowed))
    covers = {label: (list(members), least) for label, (members, least) in (coverage or {}).items()}
    together = dict(synergies or {})
    pairs = [item for pair in (*needs, *rivals, *together) for item in pair]
    covered = [item for members, _ in covers.values() for item in members]
    broken += _unknown([*pairs, *fixed, *out, *covered], items, "constraints")
    for label, (members, least) in covers.items():
        if len(chosen & set(members)) < least:
            broken.append(("lacks-coverage", label, None, len(chosen & set(members)), least))
    for a, b in needs:
        if a in chosen and b not in chosen:
            broken.append(("lacks-required", a, b, 0.0, 1.0))
    for a, b in rivals:
        if a in chosen and b in chosen:
            broken.append(("excluded-pair", a, b, 2.0, 1.0))
    broken += [("lacks-mandatory", item, None, 0.0, 1.0) for item in fixed if item not in chosen]
    broken += [("forbidden-chosen", item, None, 1.0, 0.0) for item in out if item in chosen]
    if objective is not None:
        worth = [_number(value[item]) for item in chosen]
        worth += [_number(one) for pair, one in together.items() if set(pair) <= chosen]
        total = math.fsum(one for one in worth if not math.isnan(one))
        if not abs(total - objective) <= _BINARY * max(1.0, abs(total)):
            broken.append(("wrong-objective", "value", None, objective, total))
    return _violations(broken)


def _table(costs: Any, items: pd.Index, budgets: pd.Index) -> pd.DataFrame:
    """Items × budgets; positions are those of values and budgets."""
    if isinstance(costs, pd.DataFrame):
        return costs
    if isinstance(costs, pd.Series):
        return costs.to_frame(budgets[0])
    rows = np.asarray(costs, dtype=object)
    rows = rows.reshape(len(items), -1) if rows.ndim < 2 else rows
    index = items if len(rows) == len(items) else pd.RangeIndex(len(rows))
    columns = budgets if rows.shape[1] == len(budgets) else pd.RangeIndex(rows.shape[1])
    return pd.DataFrame(rows, index=index, columns=columns)
