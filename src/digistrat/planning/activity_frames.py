"""The frames of `schedule_activities`, checked and aligned: numbers as given, by position."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence

import numpy as np
import pandas as pd

from digistrat.planning.activity_problem import NEVER, ActivityProblem, Name

LINK_KINDS = ("end_before_start", "start_before_start")


def read_activities(
    durations: pd.Series,
    demands: pd.DataFrame,
    capacities: pd.Series | pd.DataFrame,
    precedences: pd.DataFrame | None,
    *,
    release: pd.Series | None,
    deadlines: pd.Series | None,
    weights: pd.Series | None,
    due: pd.Series | None,
    budgets: pd.DataFrame | None,
    costs: pd.DataFrame | None,
    after: pd.DataFrame | None,
    periods_per_block: int,
    sittings: Mapping[Hashable, Sequence[int]] | None,
) -> ActivityProblem:
    """Check and align the frames of `schedule_activities`; raises ValueError naming what is wrong."""
    labels = durations.index
    if labels.has_duplicates:
        raise ValueError(
            f"durations must have unique activities, not {labels[labels.duplicated()][0]!r} twice"
        )
    length = _whole("durations", durations.to_numpy(dtype=float))
    if (length < 0).any():
        raise ValueError(f"durations must be ≥ 0, not {length.min()} for {labels[int(length.argmin())]!r}")
    place = {label: i for i, label in enumerate(labels)}
    demand, capacity = _resources(labels, demands, capacities)
    links, link_names = _links(precedences, place, length)
    weight = _weights(labels, weights)
    if due is not None and weights is None:
        raise ValueError("due needs weights: what a period of delay costs")
    kinds, blocks, spent, running, money = _money(labels, costs, after, budgets, periods_per_block)
    allowed = {}
    for label, periods in (sittings or {}).items():
        if label not in place:
            raise ValueError(f"sittings must name activities of durations, not {label!r}")
        days = np.unique(_whole("sittings", np.asarray(list(periods), dtype=float)))
        if not len(days):
            raise ValueError(f"sittings must allow at least one period, none for {label!r}")
        allowed[place[label]] = days
    return ActivityProblem(
        labels=labels,
        durations=length,
        resources=demands.columns,
        demand=demand,
        capacity=capacity,
        varies=isinstance(capacities, pd.DataFrame),
        links=links,
        link_names=link_names,
        release=_dates("release", release, labels, missing=0, never=-math.inf),
        deadline=_dates("deadlines", deadlines, labels, missing=NEVER, never=math.inf),
        sittings=allowed,
        weight=weight,
        due=None if due is None else _dates("due", due, labels, missing=0, never=math.inf),
        kinds=kinds,
        blocks=blocks,
        block_length=periods_per_block,
        rate=spent / np.maximum(length, 1)[:, None],
        after=running,
        money=money,
    )


def _whole(name: str, numbers: np.ndarray) -> np.ndarray:
    if not np.isfinite(numbers).all() or (numbers != np.round(numbers)).any():
        wrong = next(x for x in numbers if not math.isfinite(x) or x != round(x))
        raise ValueError(f"{name} must be whole periods, not {wrong}")
    return numbers.astype(np.int64)


def _aligned(name: str, series: pd.Series, labels: pd.Index) -> np.ndarray:
    """A Series by activity, perhaps of only some, as numbers; NaN where there is none."""
    unknown = series.index.difference(labels)
    if len(unknown) or series.index.has_duplicates:
        raise ValueError(f"{name} must be by activity of durations, each once, not {list(unknown[:5])}")
    return series.reindex(labels).astype(float).to_numpy()


def _dates(
    name: str, series: pd.Series | None, labels: pd.Index, *, missing: int, never: float
) -> np.ndarray:
    """Whole periods by activity: a release rounded up, an end down; only the infinity `never` is no date."""
    if series is None:
        return np.full(len(labels), missing, dtype=np.int64)
    numbers = _aligned(name, series, labels)
    wrong = np.isinf(numbers) & (numbers != never)
    if wrong.any():
        where = labels[int(wrong.argmax())]
        raise ValueError(f"{name} must be periods or missing, not {-never} for {where!r}")
    whole = np.ceil(numbers) if never < 0 else np.floor(numbers)
    whole = np.clip(np.where(np.isnan(numbers), missing, whole), 0 if never < 0 else -NEVER, NEVER)
    return whole.astype(np.int64)


def _resources(
    labels: pd.Index, demands: pd.DataFrame, capacities: pd.Series | pd.DataFrame
) -> tuple[np.ndarray, np.ndarray]:
    """Demands and capacities, in the order of the activities and of the demands' resources."""
    if len(demands.index.symmetric_difference(labels)) or demands.index.has_duplicates:
        wrong = list(demands.index.symmetric_difference(labels)[:5])
        raise ValueError(
            f"demands must have the activities of durations as rows, each once; different: {wrong}"
        )
    offered = capacities.columns if isinstance(capacities, pd.DataFrame) else capacities.index
    lacking = demands.columns.difference(offered)
    if len(lacking) or offered.has_duplicates:
        raise ValueError(f"capacities must have every resource of demands once; missing: {list(lacking)}")
    if isinstance(capacities, pd.DataFrame):
        supply = capacities[demands.columns].to_numpy(dtype=float)
    else:
        supply = capacities[demands.columns].to_numpy(dtype=float)[None, :]
    need = demands.loc[labels].to_numpy(dtype=float)
    for name, table in (("demands", need), ("capacities", supply)):
        if not np.isfinite(table).all() or (table < 0).any():
            raise ValueError(f"{name} must be numbers ≥ 0, without missing ones")
    return need, supply


def _links(
    precedences: pd.DataFrame | None, place: Mapping[Hashable, int], length: np.ndarray
) -> tuple[list[tuple[int, int, int]], list[Name]]:
    if precedences is None or precedences.empty:
        return [], []
    lacking = {"predecessor", "successor"} - set(precedences.columns)
    if lacking:
        raise ValueError(
            f"precedences must have columns predecessor and successor; missing: {sorted(lacking)}"
        )
    lags = precedences["lag"].fillna(0) if "lag" in precedences else pd.Series(0, index=precedences.index)
    lag = _whole("precedences' lag", lags.to_numpy(dtype=float))
    kind = precedences["kind"].to_list() if "kind" in precedences else [LINK_KINDS[0]] * len(precedences)
    links: list[tuple[int, int, int]] = []
    names: list[Name] = []
    ends = (precedences["predecessor"], precedences["successor"])
    for a, b, k, gap in zip(*ends, kind, lag.tolist(), strict=True):
        for label in (a, b):
            if label not in place:
                raise ValueError(f"precedences must name activities of durations, not {label!r}")
        if k not in LINK_KINDS:
            raise ValueError(f"precedences' kind must be one of {', '.join(LINK_KINDS)}, not {k!r}")
        i, j = place[a], place[b]
        links.append((i, j, gap + (int(length[i]) if k == LINK_KINDS[0] else 0)))
        names.append(("precedence", a, b))
    return links, names


def _weights(labels: pd.Index, weights: pd.Series | None) -> np.ndarray | None:
    if weights is None:
        return None
    exact = np.nan_to_num(_aligned("weights", weights, labels), nan=0.0, posinf=np.inf)
    if not np.isfinite(exact).all() or (exact < 0).any():
        raise ValueError("weights must be numbers ≥ 0")
    return exact


def _money(
    labels: pd.Index,
    costs: pd.DataFrame | None,
    after: pd.DataFrame | None,
    budgets: pd.DataFrame | None,
    block_length: int,
) -> tuple[pd.Index, pd.Index, np.ndarray, np.ndarray, np.ndarray]:
    """Kinds, blocks, costs and running costs by activity, and budgets by block."""
    tables = {name: table for name, table in (("costs", costs), ("after", after)) if table is not None}
    if (not tables) != (budgets is None):
        raise ValueError("costs and budgets must be given together, or after and budgets")
    if budgets is None:
        none, nothing = pd.Index([]), np.zeros((len(labels), 0))
        return none, none, nothing, nothing, np.zeros((0, 0))
    if block_length < 1:
        raise ValueError(f"periods_per_block must be at least 1, not {block_length}")
    if budgets.index.has_duplicates:
        raise ValueError("budgets must have each block once")
    kinds = pd.Index(list(dict.fromkeys(kind for table in tables.values() for kind in table.columns)))
    for name, table in tables.items():
        unknown = table.index.difference(labels)
        if len(unknown) or table.index.has_duplicates or table.columns.has_duplicates:
            raise ValueError(f"{name} must be by activity of durations and kind, not {list(unknown[:5])}")
        lacking = table.columns.difference(budgets.columns)
        if len(lacking):
            raise ValueError(f"budgets must have every kind of {name} as column; missing: {list(lacking)}")
        _amounts(name, table)
    spent, running = (
        np.zeros((len(labels), len(kinds)))
        if table is None
        else table.reindex(index=labels, columns=kinds).fillna(0.0).to_numpy(dtype=float)
        for table in (costs, after)
    )
    return kinds, budgets.index, spent, running, _amounts("budgets", budgets[kinds])


def _amounts(name: str, table: pd.DataFrame) -> np.ndarray:
    numbers = table.to_numpy(dtype=float)
    if not np.isfinite(numbers).all() or (numbers < 0).any():
        raise ValueError(f"{name} must be amounts ≥ 0, without missing ones")
    return numbers
