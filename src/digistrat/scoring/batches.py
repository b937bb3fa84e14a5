"""Ranking methods over many weight vectors at once: scores, first places and pairs, nothing ranked.

Every method is one or two products of weights with a table that is prepared once: the values, their
logarithms, the squared distances to the ideal points, or the flows by criterion.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from digistrat.scoring.bounds import METHODS, Method
from digistrat.scoring.counting import count_first_k, count_wins
from digistrat.scoring.draws import given_scores, pieces, quantum_of
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


def first_k_acceptability(
    values: pd.DataFrame | Array,
    weights: pd.DataFrame | Array,
    k: int,
    *,
    method: Method = "weighted_sum",
    **options: Any,
) -> pd.Series:
    """Return the share of given samples in which an alternative is among the first `k` ranks.

    The same as ``smaa(values, weights).first_k(k)`` without ranking anything, and by any method: an
    alternative is among the first k if it equals the k-th largest score or is better.

    Parameters
    ----------
    values, weights
        As in `smaa`; samples of values with the weighted sum only.
    k : int
        From 1 to the number of alternatives. Ties share a rank, so more than `k` may be among them.
    method, **options
        As in `digistrat.scoring.batches.scores_by_weights`.

    Raises
    ------
    ValueError
        As in `smaa` and `scores_by_weights`, or if `k` is out of range.

    Examples
    --------
    >>> values = pd.DataFrame([[1.0, 0.0], [0.6, 0.6], [0.0, 1.0]], index=["a", "b", "c"])
    >>> share = np.linspace(0.005, 0.995, 100)
    >>> first_k_acceptability(values, np.column_stack([share, 1 - share]), 2).tolist()
    [0.5, 1.0, 0.5]
    """
    sampled = _sampled(values, weights, method, options)
    n = len(sampled.alternatives)
    check_k(k, n)
    times = count_first_k(sampled.blocks, n, k, sampled.quantum)
    return pd.Series(times / sampled.n_samples, index=sampled.alternatives, name=f"first_{k}")


def pairwise_winning(
    values: pd.DataFrame | Array,
    weights: pd.DataFrame | Array,
    *,
    alternatives: Sequence[Any] | None = None,
    method: Method = "weighted_sum",
    **options: Any,
) -> pd.DataFrame:
    """Return the share of given samples in which the row is strictly better than the column.

    The same as ``smaa(values, weights).pairwise(alternatives)`` without ranking anything, and by any method.

    Parameters
    ----------
    values, weights
        As in `smaa`; samples of values with the weighted sum only.
    alternatives : sequence, optional
        The rows; by default all.
    method, **options
        As in `digistrat.scoring.batches.scores_by_weights`.

    Raises
    ------
    ValueError
        As in `smaa` and `scores_by_weights`, or if there is no such alternative.

    Examples
    --------
    >>> values = pd.DataFrame([[1.0, 0.0], [0.6, 0.6], [0.0, 1.0]], index=["a", "b", "c"])
    >>> share = np.linspace(0.005, 0.995, 100)
    >>> pairwise_winning(values, np.column_stack([share, 1 - share]), alternatives=["b"])
         a    b    c
    b  0.6  0.0  0.6
    """
    return win_shares(_sampled(values, weights, method, options), alternatives)


def given_samples(
    values: pd.DataFrame | Array, weights: pd.DataFrame | Array
) -> tuple[pd.Index, pd.Index, Array, Array]:
    """Check given samples; return alternatives, criteria, values and weights."""
    alternatives: pd.Index
    criteria: pd.Index
    if isinstance(values, pd.DataFrame):
        alternatives, criteria = values.index, values.columns
        value = values.to_numpy(dtype=float, na_value=np.nan)
    else:
        value = np.asarray(values, dtype=float)
        if value.ndim not in (2, 3):
            raise ValueError(f"values must have 2 or 3 dimensions, not shape {value.shape}")
        alternatives, criteria = pd.RangeIndex(value.shape[-2]), pd.RangeIndex(value.shape[-1])
    if isinstance(weights, pd.DataFrame):
        if isinstance(values, pd.DataFrame):
            if set(criteria) != set(weights.columns) or not weights.columns.is_unique:
                raise ValueError(
                    f"weights must have the columns {criteria.tolist()}, not {weights.columns.tolist()}"
                )
            weights = weights[criteria]
        elif weights.shape[1] == len(criteria):
            criteria = weights.columns
        weight = weights.to_numpy(dtype=float, na_value=np.nan)
    else:
        weight = np.asarray(weights, dtype=float)
    if weight.ndim != 2 or not len(weight) or weight.shape[1] != len(criteria):
        raise ValueError(f"weights must be samples × {len(criteria)} criteria, not {weight.shape}")
    if value.ndim == 3 and len(value) != len(weight):
        raise ValueError(f"values and weights must have as many samples, not {len(value)} and {len(weight)}")
    if not np.isfinite(value).all() or not np.isfinite(weight).all() or (weight < 0).any():
        raise ValueError("values and weights must be finite numbers and no weight negative")
    nothing = np.flatnonzero(weight.sum(axis=1) <= 0)
    if len(nothing):
        raise ValueError(
            f"weights must not be all zero, as they are in {len(nothing)} samples, first {nothing[0]}"
        )
    return alternatives, criteria, value, weight


@dataclass(frozen=True, eq=False, slots=True)
class Sampled:
    """Sampled scores piece by piece, and the difference up to which two of them are equal."""

    alternatives: pd.Index
    blocks: Iterable[tuple[Array, Array]]
    quantum: float
    n_samples: int


def _sampled(
    values: pd.DataFrame | Array, weights: pd.DataFrame | Array, method: Method, options: Mapping[str, Any]
) -> Sampled:
    """Return the scores of given samples by a method."""
    alternatives, criteria, value, weight = given_samples(values, weights)
    if method == "weighted_sum" and not options:
        return Sampled(alternatives, given_scores(value, weight), quantum_of(value, weight), len(weight))
    if value.ndim == 3:
        raise ValueError(f"values must be alternatives × criteria with method={method!r}, not {value.shape}")
    scores = scores_by_weights(method, pd.DataFrame(value, alternatives, criteria), weight, **options)
    is_mean = method in ("weighted_sum", "weighted_product")
    largest = float(np.abs(value).max(initial=0.0)) if is_mean else 1.0
    return Sampled(alternatives, [(weight, scores.to_numpy())], tie_size(largest or 1.0), len(weight))


def win_shares(sampled: Sampled, alternatives: Sequence[Any] | None) -> pd.DataFrame:
    """Return the share of samples in which the row, by default each, is strictly better than the column."""
    labels = sampled.alternatives
    rows = _rows(labels, alternatives)
    wins = count_wins(sampled.blocks, rows, len(labels), sampled.quantum)
    return pd.DataFrame(wins / sampled.n_samples, index=labels[rows], columns=labels)


def check_k(k: int, n: int) -> None:
    """Raise ValueError unless `k` of `n` ranks can be asked for."""
    if not 1 <= k <= n:
        raise ValueError(f"k must be from 1 to {n}, not {k}")


def _rows(labels: pd.Index, alternatives: Sequence[Any] | None) -> Array:
    """Return the positions of the alternatives that are asked for."""
    if alternatives is None:
        return np.arange(len(labels))
    unknown = [label for label in alternatives if label not in labels]
    if unknown:
        raise ValueError(f"alternatives must be among the {len(labels)} that are ranked, not {unknown}")
    return np.array([labels.get_loc(label) for label in alternatives], dtype=int)
