"""Ranking methods of the textbook as plain functions on frames, all with 1 as the best rank."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd

from digistrat.scoring.inputs import (
    NOISE,
    Array,
    PerCriterion,
    allowed,
    intervals,
    numbers,
    per_criterion,
    settled,
    signs,
    weight_shares,
)

__all__ = [
    "TIE_DECIMALS",
    "dominance",
    "per_criterion",
    "promethee2",
    "rank_scores",
    "topsis",
    "weighted_product",
    "weighted_sum",
]

TIE_DECIMALS = 9
"""Scores on 0–100 that agree to this many decimals are equal: float noise must not break a tie."""

Normalisation = Literal["vector", "minmax", "anchors"]
Preference = Literal["usual", "linear"]
NORMALISATIONS = ("vector", "minmax", "anchors")
PREFERENCES = ("usual", "linear")


def rank_scores(scores: pd.Series, *, scale: float = 100.0) -> pd.Series:
    """Rank scores from the best (1) down; equal scores share 1 + the number strictly better.

    Parameters
    ----------
    scores : Series
        One score per alternative; higher is better. A score that is missing gets no rank.
    scale : float
        The size that scores can have: 100 on 0–100, 1 for closeness and flows. Scores that differ by less
        than a hundred-thousand-millionth of it are equal.

    Returns
    -------
    Series of Int64
        The ranks, NA where the score is NaN.

    Raises
    ------
    ValueError
        If a score is infinite or no number, or `scale` is not above 0.

    Examples
    --------
    >>> rank_scores(pd.Series([70.0, 80.0, None, 80.0])).tolist()
    [3, 1, <NA>, 1]
    """
    if not 0 < scale < np.inf:
        raise ValueError(f"scale must be above 0 and finite, not {scale}")
    array = numbers(scores.to_frame(), "scores", may_lack=True)[:, 0]
    steps = pd.Series(np.rint(array / tie_size(scale)), index=scores.index)
    return steps.rank(method="min", ascending=False).astype("Int64").rename("rank")


def tie_size(scale: float) -> float:
    """Return the difference up to which scores of this size are equal."""
    return scale / 100 * 10.0**-TIE_DECIMALS


def weighted_sum(values: pd.DataFrame, weights: PerCriterion) -> pd.Series:
    r"""Return the weighted arithmetic mean of every alternative.

    Parameters
    ----------
    values : DataFrame
        Alternatives × criteria, all on one scale, higher is better.
    weights : Series or sequence
        One weight per criterion, a series by label; only their proportions count, so points that sum
        to 100 and shares that sum to 1 give the same result.

    Returns
    -------
    Series
        Scores on the scale of `values`.

    Raises
    ------
    ValueError
        If a value is missing, or weights do not fit the criteria.

    Notes
    -----
    :math:`s_i = \sum_j w_j v_{ij} / \sum_j w_j`; OECD/JRC (2008), Handbook on Constructing Composite
    Indicators, section 6.

    Examples
    --------
    >>> weighted_sum(pd.DataFrame({"use": [80.0, 20.0], "reach": [40.0, 60.0]}), [75, 25]).tolist()
    [70.0, 30.0]
    """
    array = numbers(values, "values")
    return pd.Series(array @ weight_shares(weights, values.columns), index=values.index, name="score")


def weighted_product(values: pd.DataFrame, weights: PerCriterion) -> pd.Series:
    r"""Return the weighted geometric mean of every alternative; one zero makes the whole zero.

    Parameters
    ----------
    values : DataFrame
        Alternatives × criteria, none negative, higher is better.
    weights : Series or sequence
        As in `weighted_sum`.

    Returns
    -------
    Series
        Scores on the scale of `values`.

    Raises
    ------
    ValueError
        If a value is missing or negative, or weights do not fit the criteria.

    Notes
    -----
    :math:`s_i = \prod_j v_{ij}^{w_j / \sum w}`; Bridgman (1922), OECD/JRC (2008) section 6.

    Examples
    --------
    >>> weighted_product(pd.DataFrame({"use": [90.0], "reach": [40.0]}), [1, 1]).round(9).tolist()
    [60.0]
    """
    array = factors(values)
    product = np.prod(array ** weight_shares(weights, values.columns), axis=1)
    return pd.Series(product, index=values.index, name="score")


def factors(values: pd.DataFrame) -> Array:
    """Return the values as floats; a negative one, of which there is no power, raises ValueError."""
    array = numbers(values, "values")
    if (array < 0).any():
        raise ValueError(f"values must not be negative in a product, found {array.min()}")
    return array


def dominance(
    values: pd.DataFrame, *, low: pd.DataFrame | None = None, high: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Tell which alternative is at least as good everywhere, and better somewhere, than which other.

    Parameters
    ----------
    values : DataFrame
        Alternatives × criteria, higher is better.
    low, high : DataFrame, optional
        Same labels: the least and the most that a value may be. With them dominance is *necessary*: it
        holds whatever the values turn out to be, and `values` may lack numbers.

    Returns
    -------
    DataFrame of bool
        Alternatives × alternatives: does the row dominate the column?

    Raises
    ------
    ValueError
        If a value is missing and no bounds are given: nothing is known to dominate what is not known.

    Examples
    --------
    >>> dominance(pd.DataFrame([[3, 2], [3, 1], [1, 9]], index=list("abc"))).loc["a"].tolist()
    [False, True, False]
    """
    if low is None and high is None:
        least = most = settled(numbers(values, "values"))
    elif low is None or high is None:
        raise ValueError("low and high must be given together")
    else:
        least, most = intervals(values, low, high)
        both = settled(np.concatenate([least, most]))
        least, most = both[: len(least)], both[len(least) :]
    n = len(least)
    nowhere_worse = np.ones((n, n), dtype=bool)
    better = np.zeros((n, n), dtype=bool)
    for worst, best in zip(least.T, most.T, strict=True):
        nowhere_worse &= worst[:, None] >= best
        better |= worst[:, None] > best
    return pd.DataFrame(nowhere_worse & better, index=values.index, columns=values.index)


def topsis(
    matrix: pd.DataFrame,
    weights: PerCriterion,
    directions: PerCriterion,
    normalisation: Normalisation = "vector",
) -> pd.Series:
    """Rank by closeness to the ideal point and distance from the anti-ideal one (TOPSIS).

    Parameters
    ----------
    matrix : DataFrame
        Alternatives × criteria in their own units; with ``"anchors"`` values on 0–100.
    weights : Series or sequence
        As in `weighted_sum`.
    directions : Series or sequence
        +1 where more is better, −1 where less is better.
    normalisation : {"vector", "minmax", "anchors"}
        ``"vector"`` divides a column by its length, ``"minmax"`` by its range in the sample;
        ``"anchors"`` takes 0 and 100 as anti-ideal and ideal. Only the last one leaves the closeness of
        the others as it is when an alternative is added.

    Returns
    -------
    Series
        Closeness, 0–1; higher is better; 0.5 where all alternatives are alike.

    Raises
    ------
    ValueError
        If a value is missing, a direction is not ±1, or weights do not fit the criteria.

    Notes
    -----
    :math:`c_i = d_i^- / (d_i^- + d_i^+)`; Hwang & Yoon (1981), Multiple Attribute Decision Making.

    Examples
    --------
    >>> sites = pd.DataFrame({"risk": [1, 2, 5], "altitude": [3000, 3750, 4500]})
    >>> topsis(sites, [0.5, 0.5], [-1, 1], normalisation="minmax").round(3).tolist()
    [0.5, 0.617, 0.5]
    """
    to_best, to_worst = squared_distances(matrix, directions, normalisation)
    shares = weight_shares(weights, matrix.columns)
    return pd.Series(closeness(to_best, to_worst, shares), index=matrix.index, name="closeness")


def squared_distances(
    matrix: pd.DataFrame, directions: PerCriterion | None, normalisation: str
) -> tuple[Array, Array]:
    """Return by alternative and criterion the squared distance to the ideal and to the anti-ideal."""
    allowed("normalisation", normalisation, NORMALISATIONS)
    array, sign = numbers(matrix, "matrix"), signs(directions, matrix.columns)
    if normalisation == "anchors":
        if array.size and (array.min() < -1e-9 or array.max() > 100 + 1e-9):
            raise ValueError("matrix must hold values on 0–100 with normalisation='anchors'")
        to_worst = np.where(sign > 0, array, 100 - array) / 100
        return (1 - to_worst) ** 2, to_worst**2
    if not len(array):
        return array, array
    # By the largest number first: squares of large or tiny units would leave the range of floats.
    largest = np.abs(array).max(axis=0)
    array = settled(array / np.where(largest > 0, largest, 1.0)) * sign
    best, worst = array.max(axis=0), array.min(axis=0)
    length = np.sqrt((array**2).sum(axis=0)) if normalisation == "vector" else best - worst
    length = np.where(length > 0, length, 1.0)  # a constant criterion tells nothing apart
    return ((array - best) / length) ** 2, ((array - worst) / length) ** 2


def closeness(to_best: Array, to_worst: Array, shares: Array, out: Array | None = None) -> Array:
    """Return the closeness under one or many weight vectors (last axis: criteria)."""
    squared = shares**2
    result = np.matmul(squared, to_best.T, out=out)
    with np.errstate(divide="ignore", invalid="ignore"):
        result /= squared @ to_worst.T
    np.sqrt(result, out=result)
    result += 1.0
    np.reciprocal(result, out=result)  # 1 / (1 + d⁺ / d⁻) = d⁻ / (d⁻ + d⁺)
    result[np.isnan(result)] = 0.5  # no distance to either: all alternatives are alike
    return result


def promethee2(
    matrix: pd.DataFrame,
    weights: PerCriterion,
    directions: PerCriterion,
    preference: Preference = "usual",
    q: float | PerCriterion | None = None,
    p: float | PerCriterion | None = None,
) -> pd.DataFrame:
    r"""Rank by how much each alternative is preferred to the others, and they to it (PROMETHEE II).

    Parameters
    ----------
    matrix : DataFrame
        Alternatives × criteria in their own units.
    weights : Series or sequence
        As in `weighted_sum`.
    directions : Series or sequence
        +1 where more is better, −1 where less is better.
    preference : {"usual", "linear"}
        ``"usual"``: any difference is full preference. ``"linear"``: none up to `q`, full from `p` on.
    q, p : float, series or sequence, optional
        Indifference (default 0) and preference threshold in the unit of each criterion; ``"linear"``
        needs `p`.

    Returns
    -------
    DataFrame
        ``phi_plus``, ``phi_minus`` (0–1) and ``phi`` (−1 to 1, sum 0; higher is better).

    Raises
    ------
    ValueError
        If a value is missing, thresholds do not suit the preference, or weights do not fit.

    Notes
    -----
    :math:`\phi_i = \frac{1}{n-1}\sum_k (\pi_{ik} - \pi_{ki})`; Brans & Vincke (1985), Management
    Science 31(6) 647–656.

    Examples
    --------
    >>> offers = pd.DataFrame([[4, 3, 2], [3, 2, 4], [5, 1, 3]])
    >>> promethee2(offers, [0.5, 0.3, 0.2], [1, 1, 1])["phi"].round(2).tolist()
    [0.1, -0.3, 0.2]
    """
    plus, minus = flows(matrix, directions, preference, q, p)
    shares = weight_shares(weights, matrix.columns)
    return pd.DataFrame(
        {"phi_plus": plus @ shares, "phi_minus": minus @ shares, "phi": (plus - minus) @ shares},
        index=matrix.index,
    )


def flows(
    matrix: pd.DataFrame,
    directions: PerCriterion | None,
    preference: str,
    q: float | PerCriterion | None,
    p: float | PerCriterion | None,
) -> tuple[Array, Array]:
    """Return by alternative and criterion how much it is preferred to the others, and they to it (0–1)."""
    allowed("preference", preference, PREFERENCES)
    indifferent, full = thresholds(preference, q, p, matrix.columns)
    oriented = settled(numbers(matrix, "matrix") * signs(directions, matrix.columns))
    others = max(len(oriented) - 1, 1)
    plus, minus = np.empty(oriented.shape), np.empty(oriented.shape)
    for j, column in enumerate(oriented.T):
        if preference == "usual":  # how many are worse, how many better
            ordered = np.sort(column)
            plus[:, j] = np.searchsorted(ordered, column, side="left")
            minus[:, j] = len(column) - np.searchsorted(ordered, column, side="right")
        else:
            noise = NOISE * np.abs(column).max(initial=0.0)
            degree = linear_preference(column[:, None] - column, indifferent[j], full[j], noise)
            plus[:, j], minus[:, j] = degree.sum(axis=1), degree.sum(axis=0)
    return plus / others, minus / others


def linear_preference(difference: Array, q: float, p: float, noise: float) -> Array:
    """Return the preference for a difference: 0 up to q, 1 from p on, straight between."""
    if p - q > noise:
        return np.clip((difference - q) / (p - q), 0, 1)
    return (difference > q + noise).astype(float)


def thresholds(
    preference: str, q: float | PerCriterion | None, p: float | PerCriterion | None, criteria: pd.Index
) -> tuple[Array, Array]:
    """Return q and p per criterion; those that do not suit the preference raise ValueError."""
    if preference == "usual":
        if q is not None or p is not None:
            raise ValueError("q and p belong to preference='linear'; 'usual' has no thresholds")
        return np.zeros(len(criteria)), np.zeros(len(criteria))
    if p is None:
        raise ValueError("p must be given with preference='linear'")
    low = per_criterion(0.0 if q is None else q, criteria, "q")
    high = per_criterion(p, criteria, "p")
    if (low < 0).any() or (high < low).any():
        raise ValueError(f"thresholds must satisfy 0 <= q <= p, not q={low.tolist()}, p={high.tolist()}")
    return low, high
