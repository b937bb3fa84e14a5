"""Value functions: from a criterion's own unit to 0–100 between anchors that the strategy declares."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, TypeVar, cast

import numpy as np
import numpy.typing as npt
import pandas as pd

from digistrat.scoring.inputs import per_criterion

Array = npt.NDArray[Any]
Numbers = TypeVar("Numbers")
Points = Sequence[tuple[float, float]]

SHAPES = ("linear", "piecewise", "stepwise")
"""How the value runs between the floor and the target."""


def linear_value(raw: Numbers, floor: Any, target: Any) -> Numbers:
    """Map numbers to 0 at the floor and 100 at the target, straight between, capped outside.

    Parameters
    ----------
    raw : float, array, Series or DataFrame
        Numbers in the criterion's own unit; NaN stays NaN.
    floor, target : float, or Series by column for a DataFrame
        Fixed anchors from the strategy, never the sample's own minimum and maximum. A target below the
        floor means that less is better.

    Returns
    -------
    same type as `raw`
        Values on 0–100.

    Raises
    ------
    ValueError
        If an anchor is missing, or floor and target are the same.

    Notes
    -----
    :math:`v = 100 (x - f) / (t - f)`, distance between goalposts; OECD/JRC (2008), section 5; UNDP (2020).

    Examples
    --------
    >>> linear_value(pd.Series([1.0, 3.0, 9.0, None]), 0, 4).tolist()
    [25.0, 75.0, 100.0, nan]
    >>> linear_value(30.0, 90, 0)
    66.66666666666666
    """
    numbers: Any = raw
    if isinstance(numbers, pd.DataFrame):
        floor = per_criterion(floor, numbers.columns, "floor")
        target = per_criterion(target, numbers.columns, "target")
    low, high = np.asarray(floor, dtype=float), np.asarray(target, dtype=float)
    if not (np.isfinite(low).all() and np.isfinite(high).all()):
        raise ValueError(f"floor and target must be finite numbers, not floor={floor}, target={target}")
    if (low == high).any():
        raise ValueError(f"floor and target must differ, not floor={floor}, target={target}")
    if isinstance(numbers, pd.DataFrame | pd.Series):
        array = numbers.to_numpy(dtype=float, na_value=np.nan)
    else:
        array = np.asarray(numbers, dtype=float)
    value = np.clip((array - low) / (high - low), 0, 1) * 100
    if isinstance(numbers, pd.DataFrame):
        return cast(Numbers, pd.DataFrame(value, index=numbers.index, columns=numbers.columns))
    if isinstance(numbers, pd.Series):
        return cast(Numbers, pd.Series(value, index=numbers.index, name=numbers.name))
    return cast(Numbers, value if isinstance(numbers, np.ndarray) else float(value))


def piecewise_value(raw: Array, points: Points) -> Array:
    """Interpolate between declared points (number, value), straight; level outside them.

    Parameters
    ----------
    raw : array
        Numbers in the criterion's own unit; NaN stays NaN.
    points : sequence of (float, float)
        At least two, by rising number; values on 0–100.

    Raises
    ------
    ValueError
        If the points are not as described.

    Examples
    --------
    >>> piecewise_value(np.array([0.0, 5.0, 15.0, 99.0]), [(0, 0), (10, 80), (20, 100)]).tolist()
    [0.0, 40.0, 90.0, 100.0]
    """
    numbers, values = _checked(points, 2)
    return np.where(np.isnan(raw), np.nan, np.interp(raw, numbers, values))


def stepwise_value(raw: Array, points: Points) -> Array:
    """Return the value of the last declared point that is reached; 0 before the first.

    Parameters
    ----------
    raw, points
        As in `piecewise_value`; one point is enough.

    Examples
    --------
    >>> stepwise_value(np.array([-1.0, 0.0, 9.9, 10.0]), [(0, 20), (10, 100)]).tolist()
    [0.0, 20.0, 20.0, 100.0]
    """
    numbers, values = _checked(points, 1)
    reached = np.searchsorted(numbers, np.nan_to_num(raw), side="right")
    return np.where(np.isnan(raw), np.nan, np.concatenate([[0.0], values])[reached])


def _checked(points: Points, least: int) -> tuple[Array, Array]:
    array = np.asarray(points, dtype=float).reshape(-1, 2)
    numbers, values = array.T
    is_rising = bool((np.diff(numbers) > 0).all()) and bool(np.isfinite(array).all())
    if len(array) < least or not is_rising or values.min(initial=0) < 0 or values.max(initial=0) > 100:
        raise ValueError(
            f"points must be at least {least} pairs of a rising number and a value on 0–100, not {points!r}"
        )
    return numbers, values


def criterion_values(raw: pd.DataFrame, criteria: pd.DataFrame) -> pd.DataFrame:
    """Map a table of numbers to 0–100, each column by its criterion's value function.

    Parameters
    ----------
    raw : DataFrame
        Alternatives × criteria in the criteria's own units; NaN where there is no number.
    criteria : DataFrame
        Indexed by criterion: ``floor``, ``target``; optional ``shape`` (one of `SHAPES`) and ``points``
        (empty for a linear one).

    Returns
    -------
    DataFrame
        Same labels as `raw`.

    Raises
    ------
    ValueError
        If an anchor is missing, or the points of a shape are not as in `piecewise_value`.

    Examples
    --------
    >>> criteria = pd.DataFrame({"floor": [90, 0], "target": [0, 4]}, index=["days", "level"])
    >>> criteria = criteria.assign(shape=["linear", "stepwise"], points=[(), [(2, 50), (3, 100)]])
    >>> raw = pd.DataFrame({"days": [45.0], "level": [2.9]}, index=["A16"])
    >>> criterion_values(raw, criteria).loc["A16"].tolist()
    [50.0, 50.0]
    """
    values = linear_value(raw, criteria["floor"], criteria["target"])
    for criterion, shape, points in _shaped(criteria):
        numbers = raw[criterion].to_numpy(dtype=float, na_value=np.nan)
        values[criterion] = _shaped_value(numbers, shape, points)
    return values


def _shaped(criteria: pd.DataFrame) -> Iterator[tuple[Any, str, Points]]:
    """Yield the criteria whose value does not run straight, with shape and points."""
    if "shape" in criteria:
        points = criteria.get("points", [()] * len(criteria))
        for criterion, shape, given in zip(criteria.index, criteria["shape"], points, strict=True):
            if shape != "linear":
                yield criterion, shape, given


def _shaped_value(raw: Array, shape: str, points: Points) -> Array:
    return piecewise_value(raw, points) if shape == "piecewise" else stepwise_value(raw, points)


def interval_values(
    low: pd.DataFrame, high: pd.DataFrame, criteria: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the least and the largest value that numbers between two bounds have.

    Parameters
    ----------
    low, high : DataFrame
        Alternatives × criteria in the criteria's own units, ``low`` ≤ ``high``.
    criteria : DataFrame
        As in `criterion_values`.

    Returns
    -------
    lower, upper : DataFrame
    """
    at_low, at_high = criterion_values(low, criteria), criterion_values(high, criteria)
    is_falling = at_low > at_high
    lower, upper = at_low.mask(is_falling, at_high), at_high.mask(is_falling, at_low)
    for criterion, shape, points in _shaped(criteria):
        for number, _ in points:  # between the bounds it may turn
            is_inside = (low[criterion] < number) & (number < high[criterion])
            at = float(_shaped_value(np.array([float(number)]), shape, points)[0])
            lower[criterion] = lower[criterion].mask(is_inside & (lower[criterion] > at), at)
            upper[criterion] = upper[criterion].mask(is_inside & (upper[criterion] < at), at)
    return lower, upper
