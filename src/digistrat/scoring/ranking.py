"""Ranking methods of the textbook as plain functions on frames, all with 1 as the best rank."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

Array = npt.NDArray[Any]
PerCriterion = pd.Series | Sequence[float] | Array

TIE_DECIMALS = 9
"""Scores that agree to this many decimals are equal: float noise must not break a tie."""

NORMALISATIONS = ("vector", "minmax", "anchors")
PREFERENCES = ("usual", "linear")


def rank_scores(scores: pd.Series) -> pd.Series:
    """Rank scores from the best (1) down; equal scores share 1 + the number strictly better.

    Parameters
    ----------
    scores : Series
        One score per alternative; higher is better. A score that is missing gets no rank.

    Returns
    -------
    Series of Int64
        The ranks, NA where the score is NaN.

    Examples
    --------
    >>> rank_scores(pd.Series([70.0, 80.0, None, 80.0])).tolist()
    [3, 1, <NA>, 1]
    """
    rounded = scores.astype("float64").round(TIE_DECIMALS)
    return rounded.rank(method="min", ascending=False).astype("Int64").rename("rank")


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
    array = _numbers(values, "values")
    return pd.Series(array @ _shares(weights, values.columns), index=values.index, name="score")


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
    array = _numbers(values, "values")
    if (array < 0).any():
        raise ValueError(f"values must not be negative in a product, found {array.min()}")
    product = np.prod(array ** _shares(weights, values.columns), axis=1)
    return pd.Series(product, index=values.index, name="score")


def dominance(values: pd.DataFrame) -> pd.DataFrame:
    """Tell which alternative is at least as good everywhere, and better somewhere, than which other.

    Parameters
    ----------
    values : DataFrame
        Alternatives × criteria, higher is better.

    Returns
    -------
    DataFrame of bool
        Alternatives × alternatives: does the row dominate the column?

    Raises
    ------
    ValueError
        If a value is missing: nothing is known to dominate what is not known.

    Examples
    --------
    >>> dominance(pd.DataFrame([[3, 2], [3, 1], [1, 9]], index=list("abc"))).loc["a"].tolist()
    [False, True, False]
    """
    array = _numbers(values, "values")
    n = len(array)
    nowhere_worse = np.ones((n, n), dtype=bool)
    better = np.zeros((n, n), dtype=bool)
    for column in array.T:
        nowhere_worse &= column[:, None] >= column
        better |= column[:, None] > column
    return pd.DataFrame(nowhere_worse & better, index=values.index, columns=values.index)


def topsis(
    matrix: pd.DataFrame,
    weights: PerCriterion,
    directions: PerCriterion,
    normalisation: Literal["vector", "minmax", "anchors"] = "vector",
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
    _allowed("normalisation", normalisation, NORMALISATIONS)
    oriented = _numbers(matrix, "matrix") * _signs(directions, matrix.columns)
    if not len(oriented):
        return pd.Series(dtype="float64", index=matrix.index, name="closeness")
    best, worst = oriented.max(axis=0), oriented.min(axis=0)
    if normalisation == "vector":
        length = np.sqrt((oriented**2).sum(axis=0))
    elif normalisation == "minmax":
        length = best - worst
    else:
        if np.abs(oriented).max() > 100 or (oriented * _signs(directions, matrix.columns)).min() < 0:
            raise ValueError("matrix must hold values on 0–100 with normalisation='anchors'")
        length = np.full(oriented.shape[1], 100.0)
        # A criterion of which less is better runs from −100 (worst) to 0 (best) once its sign is turned.
        best = np.where(_signs(directions, matrix.columns) > 0, 100.0, 0.0)
        worst = best - 100.0
    length = np.where(length > 0, length, 1.0)  # a constant criterion tells nothing apart
    shares = _shares(weights, matrix.columns)
    to_best = np.sqrt((((oriented - best) / length * shares) ** 2).sum(axis=1))
    to_worst = np.sqrt((((oriented - worst) / length * shares) ** 2).sum(axis=1))
    whole = to_best + to_worst
    closeness = np.divide(to_worst, whole, out=np.full(len(whole), 0.5), where=whole > 0)
    return pd.Series(closeness, index=matrix.index, name="closeness")


def promethee2(
    matrix: pd.DataFrame,
    weights: PerCriterion,
    directions: PerCriterion,
    preference: Literal["usual", "linear"] = "usual",
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
    _allowed("preference", preference, PREFERENCES)
    oriented = _numbers(matrix, "matrix") * _signs(directions, matrix.columns)
    indifferent, full = _thresholds(preference, q, p, matrix.columns)
    n = len(oriented)
    preferred = np.zeros((n, n))
    for j, share in enumerate(_shares(weights, matrix.columns)):
        difference = oriented[:, j][:, None] - oriented[:, j]
        if full[j] > indifferent[j]:
            degree = np.clip((difference - indifferent[j]) / (full[j] - indifferent[j]), 0, 1)
        else:
            degree = (difference > indifferent[j]).astype(float)
        preferred += share * degree
    others = max(n - 1, 1)
    flows = pd.DataFrame(
        {"phi_plus": preferred.sum(axis=1) / others, "phi_minus": preferred.sum(axis=0) / others},
        index=matrix.index,
    )
    return flows.assign(phi=flows["phi_plus"] - flows["phi_minus"])


def _thresholds(
    preference: str, q: float | PerCriterion | None, p: float | PerCriterion | None, criteria: pd.Index
) -> tuple[Array, Array]:
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


def per_criterion(given: float | PerCriterion, criteria: pd.Index, what: str) -> Array:
    """Return one number per criterion as an array: a series by label, a sequence by position.

    Raises
    ------
    ValueError
        If labels or length differ from the criteria, or a number is missing.
    """
    if isinstance(given, pd.Series):
        unlike = given.index.symmetric_difference(criteria)
        if len(unlike) or not given.index.is_unique:
            raise ValueError(
                f"{what} must have one entry for each of {criteria.tolist()}, not {given.index.tolist()}"
            )
        array = given.reindex(criteria).to_numpy(dtype=float, na_value=np.nan)
    else:
        array = np.asarray(given, dtype=float)
        if array.ndim == 0:
            array = np.full(len(criteria), float(array))
    if array.shape != (len(criteria),):
        raise ValueError(f"{what} must have {len(criteria)} entries, one per criterion, not {array.shape}")
    if not np.isfinite(array).all():
        raise ValueError(f"{what} must be finite numbers, not {array.tolist()}")
    return array


def _shares(weights: PerCriterion, criteria: pd.Index) -> Array:
    array = per_criterion(weights, criteria, "weights")
    if (array < 0).any() or array.sum() <= 0:
        raise ValueError(f"weights must not be negative and not all zero, not {array.tolist()}")
    return array / array.sum()


def _signs(directions: PerCriterion, criteria: pd.Index) -> Array:
    array = per_criterion(directions, criteria, "directions")
    if not np.isin(array, (-1.0, 1.0)).all():
        raise ValueError(f"directions must be +1 or -1, not {array.tolist()}")
    return array


def _numbers(frame: pd.DataFrame, what: str) -> Array:
    array = frame.to_numpy(dtype=float, na_value=np.nan)
    missing = np.argwhere(np.isnan(array))
    if len(missing):
        row, column = missing[0]
        raise ValueError(
            f"{what} must have no missing number, found {len(missing)}, the first at "
            f"{frame.index[row]!r} × {frame.columns[column]!r}"
        )
    return array


def _allowed(what: str, given: str, allowed: Sequence[str]) -> None:
    if given not in allowed:
        raise ValueError(f"{what} must be one of {', '.join(allowed)}, not {given!r}")
