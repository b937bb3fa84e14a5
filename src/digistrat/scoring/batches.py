"""Ranking methods over many weight vectors at once, for questions about uncertain weights.

Every method is one or two products of weights with a table that is prepared once: the values, their
logarithms, the squared distances to the ideal points, or the flows by criterion.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from digistrat.scoring.bounds import METHODS, Method
from digistrat.scoring.counting import count_first_k, count_wins
from digistrat.scoring.draws import pieces
from digistrat.scoring.inputs import Array, PerCriterion, allowed, numbers, share_rows
from digistrat.scoring.ranking import (
    Normalisation,
    Preference,
    closeness,
    factors,
    flows,
    squared_distances,
    tie_size,
)


def scores_by_weights(
    method: Method,
    values: pd.DataFrame,
    weights: pd.DataFrame | Array,
    *,
    directions: PerCriterion | None = None,
    normalisation: Normalisation = "vector",
    preference: Preference = "usual",
    q: float | PerCriterion | None = None,
    p: float | PerCriterion | None = None,
) -> pd.DataFrame:
    """Return the scores of one method under many weight vectors.

    Parameters
    ----------
    method : {"weighted_sum", "weighted_product", "topsis", "promethee2"}
        The function of that name in `digistrat.scoring.ranking`.
    values : DataFrame
        Alternatives × criteria, none missing.
    weights : DataFrame or array, samples × criteria
        One weight vector per row, a frame by label; only the proportions within a row count.
    directions, normalisation, preference, q, p
        As in `topsis` and `promethee2`; the sum and the product take values of which more is better.

    Returns
    -------
    DataFrame
        Samples × alternatives: score, closeness, or net flow phi. It takes 8 bytes a score: 80 MB for
        10,000 samples of 1,000 alternatives.

    Raises
    ------
    ValueError
        As the method itself does, or if a row of weights is negative or all zero.

    Examples
    --------
    >>> values = pd.DataFrame({"use": [80.0, 20.0], "reach": [40.0, 60.0]}, index=["a", "b"])
    >>> scores_by_weights("weighted_sum", values, np.array([[75, 25], [0, 1]])).to_numpy().tolist()
    [[70.0, 30.0], [40.0, 60.0]]
    """
    allowed("method", method, METHODS)
    if method in ("weighted_sum", "weighted_product") and directions is not None:
        raise ValueError(f"directions belong to topsis and promethee2; {method} takes more as better")
    shares = share_rows(weights, values.columns)
    score = _scorer(method, values, directions, normalisation, (preference, q, p))
    result = np.empty((len(shares), len(values)))
    for part in pieces(*result.shape):
        score(shares[part], result[part])
    index = weights.index if isinstance(weights, pd.DataFrame) else None
    return pd.DataFrame(result, index=index, columns=values.index, copy=False)


def _scorer(
    method: str,
    values: pd.DataFrame,
    directions: PerCriterion | None,
    normalisation: str,
    preference: tuple[Any, Any, Any],
) -> Callable[[Array, Array], object]:
    """Prepare a method's table; the function returned writes the scores under weights into its second."""
    if method == "topsis":
        to_best, to_worst = squared_distances(values, directions, normalisation)
        return lambda shares, out: closeness(to_best, to_worst, shares, out)
    if method == "weighted_product":
        return partial(_product_of_powers, factors(values))
    if method == "promethee2":
        plus, minus = flows(values, directions, *preference)
        table = plus - minus
    else:
        table = numbers(values, "values")
    return lambda shares, out: np.matmul(shares, table.T, out=out)


def _product_of_powers(values: Array, shares: Array, out: Array) -> None:
    """Write the weighted geometric mean: zero where a value is zero whose criterion has a weight."""
    is_zero = values == 0
    np.matmul(shares, np.log(np.where(is_zero, 1.0, values)).T, out=out)
    np.exp(out, out=out)
    if is_zero.any():
        out[shares @ is_zero.T.astype(float) > 0] = 0.0


def first_k_shares(scores: pd.DataFrame | Array, k: int) -> pd.Series:
    """Return the share of samples in which each alternative is among the first `k`, ranking none.

    Parameters
    ----------
    scores : DataFrame or array, samples × alternatives
        From `scores_by_weights`.
    k : int
        From 1 to the number of alternatives. Ties share a rank, so more than `k` may be among them.

    Returns
    -------
    Series
        By alternative.

    Raises
    ------
    ValueError
        If `k` is out of range, or a score is missing.

    Examples
    --------
    >>> first_k_shares(np.array([[70.0, 30.0, 10.0], [40.0, 60.0, 60.0]]), 1).tolist()
    [0.5, 0.5, 0.5]
    """
    array, labels, size = _samples(scores)
    n_samples, n = array.shape
    if not 1 <= k <= n:
        raise ValueError(f"k must be from 1 to {n}, not {k}")
    times = count_first_k([(array, array)], n, k, size)
    return pd.Series(times / max(n_samples, 1), index=labels, name=f"first_{k}")


def pairwise_shares(scores: pd.DataFrame | Array, alternatives: Sequence[Any] | None = None) -> pd.DataFrame:
    """Return the share of samples in which one alternative is strictly better than another.

    Parameters
    ----------
    scores : DataFrame or array, samples × alternatives
        From `scores_by_weights`.
    alternatives : sequence, optional
        The rows that are asked for; all by default.

    Returns
    -------
    DataFrame
        Asked × all alternatives: the row is better than the column.

    Raises
    ------
    ValueError
        If an alternative is not among the scores, or a score is missing.

    Examples
    --------
    >>> scores = pd.DataFrame([[70.0, 30.0], [40.0, 60.0], [50.0, 50.0]], columns=["a", "b"])
    >>> pairwise_shares(scores, ["a"]).loc["a"].round(3).tolist()
    [0.0, 0.333]
    """
    array, labels, size = _samples(scores)
    asked = labels if alternatives is None else pd.Index(alternatives)
    rows = labels.get_indexer(asked)
    if (rows < 0).any():
        raise ValueError(f"alternatives must be among the scores, not {asked[rows < 0].tolist()}")
    wins = count_wins([(array, array)], rows, len(labels), size)
    return pd.DataFrame(wins / max(len(array), 1), index=asked, columns=labels)


def _samples(scores: pd.DataFrame | Array) -> tuple[Array, pd.Index, float]:
    """Return score samples as array, their labels, and the difference up to which scores are equal."""
    labels = scores.columns if isinstance(scores, pd.DataFrame) else pd.RangeIndex(scores.shape[-1])
    array = np.asarray(scores, dtype=float)
    if array.ndim != 2 or not labels.is_unique:
        raise ValueError(f"scores must be samples × alternatives, each once, not shape {array.shape}")
    largest = max(array.max(initial=0.0), -array.min(initial=0.0))
    if not np.isfinite(largest):
        raise ValueError("scores must have no missing or infinite number")
    return array, labels, tie_size(largest or 1.0)
