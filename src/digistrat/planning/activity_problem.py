"""Activities, resources and money by position: as they were given, and in whole numbers for solvers."""

from __future__ import annotations

import math
from collections.abc import Hashable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

NEVER = np.iinfo(np.int64).max // 4  # a deadline that binds nobody

Name = tuple[Hashable, ...]

_BINARY = 5e-10  # relative: what summing thirds in binary may cost; verification allows twice as much
_CENT = 0.005  # and of money never more than half a cent
_DECIMALS = 6  # demands and capacities with up to so many decimals are exact
_MONEY_LARGEST = 10**11  # money is counted in cents, or in more where numbers would be larger
_OBJECTIVE_LARGEST = 2**57
_FINE_LARGEST = 10**13  # so that work over all periods can still be summed
_SCALED_LARGEST = 2**53  # whole numbers are exact in binary up to here


@dataclass(frozen=True)
class ActivityProblem:
    """What is to be scheduled; arrays by position of activity, resource, block and kind of money.

    Numbers are as given (`read_activities`) or whole (`whole_numbers`). ``capacity`` is periods × resources
    when it varies and 1 × resources when not. ``links`` are (i, j, lag): start_j ≥ start_i + lag, durations
    already added. ``rate`` is the money that an activity takes per period while it runs, ``after`` the money
    per period from its end on until the last block's end, ``money`` what a block has, ``weight`` in units of
    1 / ``weight_scale``. ``off`` names the constraints that are left out.
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
    after: np.ndarray
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
    def paid_until(self) -> int:
        """End of the last block: what comes after it has no money, and running costs are not counted."""
        return len(self.blocks) * self.block_length

    def objective(self, starts: np.ndarray) -> float:
        """Makespan, or the weighted sum of ends (of delays where activities have due periods)."""
        ends = starts + self.durations
        if self.weight is None:
            return int(ends.max(initial=0))
        late = ends if self.due is None else np.maximum(ends - self.due, 0)
        total: float = (self.weight @ late).item()
        return total

    @property
    def horizon(self) -> int:
        """No plan needs to last longer: what may be after all dates, one after the other with its lags.

        Otherwise there were a period in which nothing runs or waits, to be left out.
        """
        fixed = max(
            [int(self.release.max(initial=0)), len(self.capacity), self.paid_until]
            + [int(allowed[-1]) for allowed in self.sittings.values()]
        )
        later = ~self._ends_with_capacity() if self.varies else slice(None)
        waiting = sum(max(0, lag - int(self.durations[i])) for i, _, lag in self.links)
        return fixed + int(self.durations[later].sum()) + waiting

    def names(self) -> list[Name]:
        """Every constraint by name, the most telling ones first."""
        dated = [("deadline", self.labels[i]) for i in np.flatnonzero(self.deadline < NEVER).tolist()]
        sitting = [("sitting", self.labels[i]) for i in self.sittings]
        released = [("release", self.labels[i]) for i in np.flatnonzero(self.release > 0).tolist()]
        used = self.demand[self.durations > 0].sum(axis=0).tolist()
        capacity = [("capacity", r) for r, total in zip(self.resources, used, strict=True) if total]
        budget = [
            ("budget", block, kind)
            for j, kind in enumerate(self.kinds)
            for block in [None, *self.blocks]
            if self.rate[:, j].any() or (block is not None and self.after[:, j].any())
        ]
        return [*dated, *sitting, *released, *budget, *capacity, *dict.fromkeys(self.link_names)]

    def is_on(self, *name: Hashable) -> bool:
        """Whether a constraint is to be kept."""
        return name not in self.off

    def _ends_with_capacity(self) -> np.ndarray:
        """Activities that need something of which there is none after the last row."""
        kept = [self.is_on("capacity", r) for r in self.resources]
        return self.demand[:, kept].any(axis=1) & (self.durations > 0)

    def windows(self, horizon: int | None = None) -> tuple[np.ndarray, np.ndarray] | None:
        """Earliest and latest start of each activity by dates and links alone; None if there is none."""
        horizon = self.horizon if horizon is None else horizon
        earliest = np.array(
            [r if self.is_on("release", a) else 0 for a, r in zip(self.labels, self.release, strict=True)]
        )
        latest_end = np.full(self.n, horizon)
        if self.varies:
            latest_end[self._ends_with_capacity()] = min(horizon, len(self.capacity))
        for i, label in enumerate(self.labels):
            if self.is_on("deadline", label):
                latest_end[i] = min(latest_end[i], self.deadline[i])
        latest = latest_end - self.durations
        for i in range(self.n):
            for j, kind in enumerate(self.kinds):
                if self.rate[i, j] and self.is_on("budget", None, kind):
                    latest[i] = min(latest[i], self.paid_until - self.paid_periods[i])
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


def whole_numbers(given: ActivityProblem, *, outward: bool) -> ActivityProblem:
    """Round so that no allowed schedule is lost (outward), or so that no other one is let in (inward).

    Needs are rounded down and supply up, or the other way round; where nothing needs rounding both are
    the same. A bound, or a proof that there is no schedule, counts only if it is of the outward numbers.
    """
    demand, capacity = _resources(given.demand, given.capacity, outward)
    rate, after, money = _money(given, outward)
    weight, weight_scale = (None, 1.0) if given.weight is None else _weights(given)
    return replace(
        given,
        demand=demand,
        capacity=capacity,
        rate=rate,
        after=after,
        money=money,
        weight=weight,
        weight_scale=weight_scale,
    )


def fits(given: ActivityProblem, starts: np.ndarray) -> bool:
    """Whether a schedule of the outward numbers keeps resources and money as they were given."""
    ends = starts + given.durations
    last = int(ends.max(initial=0))
    supply = np.zeros((last, len(given.resources)))
    supply[:] = given.capacity if not given.varies else 0.0
    if given.varies:
        supply[: len(given.capacity)] = given.capacity[:last]
    change = np.zeros((last + 1, len(given.resources)))
    np.add.at(change, starts, given.demand)
    np.add.at(change, ends, -given.demand)
    if (np.cumsum(change, axis=0)[:last] > supply + _BINARY * np.maximum(supply, 1.0)).any():
        return False
    paid = given.paid_periods
    edges = np.arange(len(given.blocks) + 1) * given.block_length
    before = np.clip(edges[None, :] - starts[:, None], 0, paid[:, None])
    before = np.hstack([before, paid[:, None]])  # what comes after the last block is one more without money
    spending = np.diff(before, axis=1).T @ given.rate
    running = np.diff(np.maximum(edges[None, :] - ends[:, None], 0), axis=1)
    spending[:-1] += running.T @ given.after
    there = np.vstack([given.money, np.zeros(len(given.kinds))])
    return bool((spending <= there + _allowed(there)).all())


def _allowed(money: np.ndarray) -> np.ndarray:
    """By how much a block's money may be exceeded, because sums are in binary."""
    return np.minimum(_BINARY * np.maximum(money, 1.0), _CENT)


def _scale(numbers: np.ndarray) -> tuple[float, bool]:
    """The power of ten that makes numbers whole, and whether it makes them so exactly."""
    for decimals in range(_DECIMALS + 1):
        scaled = numbers * 10.0**decimals
        if scaled.max(initial=0.0) > _SCALED_LARGEST:
            break
        if (np.abs(scaled - np.round(scaled)) <= 1e-9 + 1e-15 * scaled).all():
            return 10.0**decimals, True
    largest = max(1.0, float(numbers.max(initial=0.0)))
    return 10.0 ** min(_DECIMALS, math.floor(math.log10(_SCALED_LARGEST / largest))), False


def _resources(need: np.ndarray, supply: np.ndarray, outward: bool) -> tuple[np.ndarray, np.ndarray]:
    demand, capacity = np.zeros(need.shape, dtype=np.int64), np.zeros(supply.shape, dtype=np.int64)
    for r in range(need.shape[1]):
        scale, exact = _scale(np.concatenate([need[:, r], supply[:, r]]))
        if exact:
            demand[:, r] = np.round(need[:, r] * scale)
            capacity[:, r] = np.round(supply[:, r] * scale)
        else:
            if not outward:  # finer, so that what binary fractions may cost takes in what rounding adds
                largest = max(1.0, float(need[:, r].max(initial=0.0)), float(supply[:, r].max(initial=0.0)))
                scale *= 10.0 ** max(0, min(5, math.floor(math.log10(_FINE_LARGEST / (largest * scale)))))
            demand[:, r] = np.floor(need[:, r] * scale) if outward else np.ceil(need[:, r] * scale)
            there = supply[:, r] + _BINARY * np.maximum(supply[:, r], 1.0)
            capacity[:, r] = np.floor(there * scale + (1e-3 if outward else 0.0))
        common = int(np.gcd.reduce(demand[:, r])) or 1
        demand[:, r] //= common
        capacity[:, r] //= common
        # More than all together is as good as all together.
        capacity[:, r] = np.minimum(capacity[:, r], demand[:, r].sum())
    return demand, capacity


def _money(given: ActivityProblem, outward: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Money per period while and after an activity runs and per block, in cents or more; inward finer."""
    parts = np.zeros((2, *given.rate.shape), np.int64)  # while, after
    money = np.zeros(given.money.shape, np.int64)
    for k in range(len(given.kinds)):
        total = float(given.rate[:, k] @ given.paid_periods + given.after[:, k].sum() * given.paid_until)
        largest, least = (_MONEY_LARGEST, 0.01) if outward else (_FINE_LARGEST, 0.0)
        unit = max(least, 10.0 ** math.ceil(math.log10(max(total, 1.0) / largest)))
        each = np.stack([given.rate[:, k], given.after[:, k]]) / unit
        noise = 1e-12 + 1e-15 * each
        parts[:, :, k] = np.floor(each + noise) if outward else np.ceil(each - noise)
        there = np.minimum(given.money[:, k], 2.0 * total + 1.0)  # more than all together is of no use
        there = there + _allowed(there)
        money[:, k] = np.floor(there / unit + (1e-3 if outward else 0.0))
        common = int(np.gcd.reduce(parts[:, :, k], axis=None)) or 1
        parts[:, :, k] //= common
        money[:, k] //= common
    return parts[0], parts[1], money


def _weights(given: ActivityProblem) -> tuple[np.ndarray, float]:
    """Weights rounded down, so that a bound of the rounded sum bounds the true one."""
    exact = given.weight
    assert exact is not None
    scale, is_exact = _scale(exact)
    largest = _OBJECTIVE_LARGEST / ((given.horizon + 1) * max(float(exact.sum()), 1e-300))
    if is_exact and scale <= largest:
        return np.round(exact * scale).astype(np.int64), scale
    return np.floor(exact * largest).astype(np.int64), largest
