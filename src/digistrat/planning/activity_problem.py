"""Activities, resources and money as whole numbers, checked and aligned, as solvers need them."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

LINK_KINDS = ("end_before_start", "start_before_start")
_NEVER = np.iinfo(np.int64).max // 4  # a deadline that binds nobody
_DECIMALS = 4  # demands and capacities with up to so many decimals are exact
_MONEY_GRID = 1_000_000  # otherwise money is counted in a power of ten not above the largest budget / this
_MONEY_LARGEST = 10**9  # money is exact while no number in the model is larger
_WEIGHT_GRID = 1_000_000

Name = tuple[Hashable, ...]


@dataclass(frozen=True)
class ActivityProblem:
    """What is to be scheduled; arrays by position of activity, resource, block and kind of money.

    ``capacity`` is periods × resources when it varies and 1 × resources when not. ``links`` are
    (i, j, lag): start_j ≥ start_i + lag, durations already added. ``rate`` is what an activity takes per
    period it runs, ``money`` what a block has. ``off`` names the constraints that are left out.
    """

    labels: pd.Index
    durations: np.ndarray
    resources: pd.Index
    demand: np.ndarray
    capacity: np.ndarray
    varies: bool
    links: list[tuple[int, int, int]]
    link_names: list[Name]
    release: np.ndarray
    deadline: np.ndarray
    sittings: dict[int, np.ndarray]
    weight: np.ndarray | None
    due: np.ndarray | None
    kinds: pd.Index
    blocks: pd.Index
    block_length: int
    rate: np.ndarray
    money: np.ndarray
    weight_scale: float = 1.0
    off: frozenset[Name] = frozenset()

    @property
    def n(self) -> int:
        """Number of activities."""
        return len(self.durations)

    @property
    def paid_periods(self) -> np.ndarray:
        """Periods over which the money of an activity is spent: its duration, at least one."""
        return np.maximum(self.durations, 1)

    @property
    def horizon(self) -> int:
        """No plan needs to last longer: everything one after the other, after all dates."""
        fixed = max(
            [int(self.release.max(initial=0)), len(self.capacity), len(self.blocks) * self.block_length]
            + [int(allowed[-1]) for allowed in self.sittings.values()]
        )
        lags = sum(max(0, lag) for _, _, lag in self.links)
        return fixed + int(self.durations.sum()) + lags

    def names(self) -> list[Name]:
        """Every constraint by name, the most telling ones first."""
        dated = [("deadline", self.labels[i]) for i in np.flatnonzero(self.deadline < _NEVER).tolist()]
        sitting = [("sitting", self.labels[i]) for i in self.sittings]
        released = [("release", self.labels[i]) for i in np.flatnonzero(self.release > 0).tolist()]
        used = self.demand[self.durations > 0].sum(axis=0).tolist()
        capacity = [("capacity", r) for r, total in zip(self.resources, used, strict=True) if total]
        budget = [
            ("budget", block, kind)
            for j, kind in enumerate(self.kinds)
            if self.rate[:, j].any()
            for block in [None, *self.blocks]
        ]
        return [*dated, *sitting, *released, *budget, *capacity, *dict.fromkeys(self.link_names)]

    def is_on(self, *name: Hashable) -> bool:
        """Whether a constraint is to be kept."""
        return name not in self.off

    def windows(self, horizon: int | None = None) -> tuple[np.ndarray, np.ndarray] | None:
        """Earliest and latest start of each activity by dates and links alone; None if there is none."""
        horizon = self.horizon if horizon is None else horizon
        earliest = np.array(
            [r if self.is_on("release", a) else 0 for a, r in zip(self.labels, self.release, strict=True)]
        )
        latest_end = np.full(self.n, horizon)
        for i, label in enumerate(self.labels):
            if self.is_on("deadline", label):
                latest_end[i] = min(latest_end[i], self.deadline[i])
            if self.varies and any(
                need and self.is_on("capacity", r)
                for need, r in zip(self.demand[i], self.resources, strict=True)
            ):
                latest_end[i] = min(latest_end[i], len(self.capacity)) if self.durations[i] else latest_end[i]
        latest = latest_end - self.durations
        for i in range(self.n):
            for j, kind in enumerate(self.kinds):
                if self.rate[i, j] and self.is_on("budget", None, kind):
                    latest[i] = min(latest[i], len(self.blocks) * self.block_length - self.paid_periods[i])
        active = [link for link, name in zip(self.links, self.link_names, strict=True) if self.is_on(*name)]
        for _ in range(self.n + 1):
            before = (earliest.copy(), latest.copy())
            for i, allowed in self.sittings.items():
                if self.is_on("sitting", self.labels[i]):
                    k = np.searchsorted(allowed, earliest[i])
                    earliest[i] = allowed[k] if k < len(allowed) else horizon + 1
                    k = np.searchsorted(allowed, latest[i], side="right")
                    latest[i] = allowed[k - 1] if k else -1
            for i, j, lag in active:
                earliest[j] = max(earliest[j], earliest[i] + lag)
            for i, j, lag in reversed(active):
                latest[i] = min(latest[i], latest[j] - lag)
            if (earliest > latest).any():
                return None
            if (earliest == before[0]).all() and (latest == before[1]).all():
                return earliest, latest
        return None  # a circle of links that only grows


def make_problem(
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
    resources = demands.columns
    demand, capacity = _resources(labels, demands, capacities)
    links, link_names = _links(precedences, place, length)
    weight, weight_scale = _weights(labels, weights)
    if due is not None and weights is None:
        raise ValueError("due needs weights: what a period of delay costs")
    kinds, blocks, rate, money = _money(labels, np.maximum(length, 1), costs, budgets, periods_per_block)
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
        resources=resources,
        demand=demand,
        capacity=capacity,
        varies=isinstance(capacities, pd.DataFrame),
        links=links,
        link_names=link_names,
        release=np.maximum(_by_activity("release", release, labels, 0, math.ceil), 0),
        deadline=_by_activity("deadlines", deadlines, labels, _NEVER, math.floor),
        sittings=allowed,
        weight=weight,
        due=None if due is None else _by_activity("due", due, labels, 0, math.floor),
        kinds=kinds,
        blocks=blocks,
        block_length=periods_per_block,
        rate=rate,
        money=money,
        weight_scale=weight_scale,
    )


def _whole(name: str, numbers: np.ndarray) -> np.ndarray:
    if not np.isfinite(numbers).all() or (numbers != np.round(numbers)).any():
        wrong = next(x for x in numbers if not math.isfinite(x) or x != round(x))
        raise ValueError(f"{name} must be whole periods, not {wrong}")
    return numbers.astype(np.int64)


def _by_activity(
    name: str, series: pd.Series | None, labels: pd.Index, default: int, to_int: Any
) -> np.ndarray:
    """A Series by activity, perhaps of only some, as whole numbers; missing is the default."""
    if series is None:
        return np.full(len(labels), default, dtype=np.int64)
    unknown = series.index.difference(labels)
    if len(unknown) or series.index.has_duplicates:
        raise ValueError(f"{name} must be by activity of durations, each once, not {list(unknown[:5])}")
    numbers = series.reindex(labels).astype(float)
    return np.array([to_int(x) if math.isfinite(x) else default for x in numbers], dtype=np.int64)


def _resources(
    labels: pd.Index, demands: pd.DataFrame, capacities: pd.Series | pd.DataFrame
) -> tuple[np.ndarray, np.ndarray]:
    """Demands and capacities as whole numbers: demand up, capacity down where four decimals are too few."""
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
    demand, capacity = np.zeros(need.shape, dtype=np.int64), np.zeros(supply.shape, dtype=np.int64)
    for r in range(need.shape[1]):
        both = np.concatenate([need[:, r], supply[:, r]])
        exact = (
            d
            for d in range(_DECIMALS)
            if np.allclose(both * 10**d, np.round(both * 10**d), rtol=0, atol=1e-9)
        )
        scale = 10 ** next(exact, _DECIMALS)
        demand[:, r] = np.ceil(np.round(need[:, r] * scale, 6))
        capacity[:, r] = np.floor(np.round(supply[:, r] * scale, 6))
        common = int(np.gcd.reduce(demand[:, r])) or 1
        demand[:, r] //= common
        capacity[:, r] //= common
    return demand, capacity


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


def _weights(labels: pd.Index, weights: pd.Series | None) -> tuple[np.ndarray | None, float]:
    """Weights as whole numbers, rounded down so that a bound of the rounded sum bounds the true one."""
    if weights is None:
        return None, 1.0
    unknown = weights.index.difference(labels)
    if len(unknown) or weights.index.has_duplicates:
        raise ValueError(f"weights must be by activity of durations, each once, not {list(unknown[:5])}")
    exact = weights.reindex(labels).fillna(0.0).to_numpy(dtype=float)
    if not np.isfinite(exact).all() or (exact < 0).any():
        raise ValueError("weights must be numbers ≥ 0")
    for decimals in range(_DECIMALS):
        scaled = exact * 10**decimals
        if np.allclose(scaled, np.round(scaled), rtol=0, atol=1e-9) and scaled.max(initial=0) <= _WEIGHT_GRID:
            return np.round(scaled).astype(np.int64), float(10**decimals)
    scale = _WEIGHT_GRID / exact.max()
    return np.floor(exact * scale).astype(np.int64), scale


def _money(
    labels: pd.Index,
    paid_periods: np.ndarray,
    costs: pd.DataFrame | None,
    budgets: pd.DataFrame | None,
    block_length: int,
) -> tuple[pd.Index, pd.Index, np.ndarray, np.ndarray]:
    """Money per period of an activity (rounded up) and per block (rounded down), in whole units."""
    if costs is None or budgets is None:
        if (costs is None) != (budgets is None):
            raise ValueError("costs and budgets must be given together")
        none = pd.Index([])
        return none, none, np.zeros((len(labels), 0), np.int64), np.zeros((0, 0), np.int64)
    if block_length < 1:
        raise ValueError(f"periods_per_block must be at least 1, not {block_length}")
    unknown = costs.index.difference(labels)
    if len(unknown) or costs.index.has_duplicates or budgets.index.has_duplicates:
        raise ValueError(
            f"costs must be by activity of durations, blocks unique; unknown: {list(unknown[:5])}"
        )
    lacking = costs.columns.difference(budgets.columns)
    if len(lacking):
        raise ValueError(f"budgets must have every kind of costs as column; missing: {list(lacking)}")
    spent = costs.reindex(labels).fillna(0.0).to_numpy(dtype=float)
    given = budgets[costs.columns].to_numpy(dtype=float)
    for name, table in (("costs", spent), ("budgets", given)):
        if not np.isfinite(table).all() or (table < 0).any():
            raise ValueError(f"{name} must be amounts ≥ 0, without missing ones")
    rate, money = np.zeros(spent.shape, np.int64), np.zeros(given.shape, np.int64)
    for k in range(spent.shape[1]):
        rate[:, k], money[:, k] = _money_units(spent[:, k], paid_periods, given[:, k])
    return costs.columns, budgets.index, rate, money


def _money_units(spent: np.ndarray, periods: np.ndarray, given: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """One kind of money in whole units: exactly if the numbers stay small, conservatively otherwise."""
    cents = np.round(spent * 100)
    common = math.lcm(*(int(p) for p in np.unique(periods[spent > 0])))
    if np.allclose(cents, spent * 100, rtol=0, atol=1e-6) and cents.max(initial=0.0) * common < 2**52:
        exact = cents.astype(np.int64) * common // periods
        unit = int(np.gcd.reduce(exact)) or 1
        limit = np.floor(np.round(given * 100, 6)) * common // unit
        if max(exact.max(initial=0) // unit, limit.max(initial=0.0)) <= _MONEY_LARGEST:
            return exact // unit, limit.astype(np.int64)
    largest = given.max(initial=0.0) or 1.0
    grid = 10.0 ** math.floor(math.log10(largest / _MONEY_GRID))
    rate = np.ceil(np.round(spent / periods / grid, 6)).astype(np.int64)
    return rate, np.floor(np.round(given / grid, 6)).astype(np.int64)
