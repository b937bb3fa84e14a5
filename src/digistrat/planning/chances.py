"""Chances from samples, with their error; and the chance that the money of each year holds."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from digistrat.planning.money import KINDS
from digistrat.planning.records import Plan
from digistrat.planning.simulation import PlanTimes

Array = npt.NDArray[Any]
QUANTILES = (0.1, 0.5, 0.9)
NAMES = ("p10", "p50", "p90")
SOON = 1e-6  # of a month: what adding up may cost
_Z95 = 1.959963984540054
_CENT = 0.01


def spread_of(samples: Array) -> Array:
    """Return quantiles × rows: numbers that were drawn, none between them."""
    return np.asarray(np.quantile(samples, QUANTILES, axis=1, method="inverted_cdf"))


def chance_interval(n_true: Array, n: int) -> pd.DataFrame:
    """Return chances with their 95 % interval (Wilson's score interval) by number of cases of n.

    Examples
    --------
    >>> chance_interval(np.array([0, 8]), 8).round(3).to_numpy().tolist()
    [[0.0, 0.0, 0.324], [1.0, 0.676, 1.0]]
    """
    share = n_true / n
    middle = share + _Z95**2 / (2 * n)
    half = _Z95 * np.sqrt(share * (1 - share) / n + _Z95**2 / (4 * n**2))
    ends = [(middle - half) / (1 + _Z95**2 / n), (middle + half) / (1 + _Z95**2 / n)]
    lower, upper = np.where(n_true == 0, 0.0, ends[0]), np.where(n_true == n, 1.0, ends[1])
    return pd.DataFrame({"chance": share, "lower": lower, "upper": upper})


def budget_chances(
    plan: Plan, times: PlanTimes, planned: PlanTimes, costs: pd.DataFrame, shares: Array
) -> pd.DataFrame:
    """Return what each year may need, and the chance that it holds; see `Risk.budgets`.

    Parameters
    ----------
    plan : Plan
    times, planned : PlanTimes
        With what was drawn, and as planned.
    costs : DataFrame
        From `cost_ranges`.
    shares : array
        Its rows × samples: of the planned cost.
    """
    ceilings, n = plan.problem.ceilings, times.end.shape[1]
    first = int(plan.problem.months[0].year)
    last = int(ceilings.index.max()) if len(ceilings) else None
    latest = float(np.max(times.paid_until, initial=0.0, where=np.isfinite(times.paid_until)))
    years = range(first, first + math.ceil(max(plan.problem.horizon, latest) / 12))
    rows = []
    for kind in KINDS:
        factor = _factors(times.project, kind, costs, shares)
        usual = {recurs: np.ones((len(times.project), 1)) for recurs in (False, True)}
        for year in years:
            once, running = _spent(plan, times, kind, (year - first) * 12, factor)
            as_planned = _spent(plan, planned, kind, (year - first) * 12, usual)
            there = float(ceilings[kind].get(year, math.nan))
            if last is None:
                chance: dict[Any, Any] = dict.fromkeys(("chance", "lower", "upper"), math.nan)
            else:
                holds = once <= _CENT if year > last else once + running <= max(there, 0.0) + _CENT
                chance = chance_interval(np.array([holds.sum()]), n).iloc[0].to_dict()
            expected = zip(
                (f"{name}_eur" for name in NAMES), spread_of((once + running)[None])[:, 0], strict=True
            )
            money = {
                "ceiling_eur": there,
                "planned_eur": float((as_planned[0] + as_planned[1])[0]),
                **dict(expected),
            }
            rows.append({"year": year, "kind": kind, **money, **chance})
    order = {kind: k for k, kind in enumerate(KINDS)}
    return pd.DataFrame(rows).sort_values(
        ["year", "kind"], key=lambda c: c.map(order) if c.name == "kind" else c, ignore_index=True
    )


def _factors(project: Array, kind: str, costs: pd.DataFrame, shares: Array) -> dict[bool, Array]:
    """Activities × samples: the share of its planned cost that each activity takes, once and running."""
    found = {}
    padded = np.concatenate([shares, np.ones((1, shares.shape[1]))])  # the last row: as planned
    for recurs in (False, True):
        place = {key[0]: k for k, key in enumerate(costs.index) if key[1:] == (kind, recurs)}
        found[recurs] = padded[[place.get(one, -1) for one in project]]
    return found


def _spent(
    plan: Plan, times: PlanTimes, kind: str, begin: int, factor: dict[bool, Array]
) -> tuple[Array, Array]:
    """By sample: one-off and running euros of one kind in the year that begins with a month."""
    problem = plan.problem
    end = begin + 12
    amount = problem.costs.loc[times.activities, kind].to_numpy(dtype=float)
    rate = problem.running.loc[times.activities, kind].to_numpy(dtype=float)
    at = np.flatnonzero(amount)
    start, stop = times.start[at], times.paid_until[at]
    never = ~np.isfinite(stop)  # what is never decided costs nothing
    length = np.where(never, 1.0, stop - np.where(never, 0.0, start))
    inside = np.where(never, 0.0, np.clip(np.minimum(stop, end) - np.maximum(start, begin), 0.0, None))
    once = (amount[at, None] * factor[False][at] * inside / length).sum(axis=0)
    at = np.flatnonzero(rate)
    months = np.clip(min(end, problem.horizon) - np.maximum(times.paid_until[at], begin), 0.0, None)
    return once, (rate[at, None] * factor[True][at] * months).sum(axis=0)
