"""Where weights come from, and what the weights of several stakeholder groups would rank.

All weights are shares that sum to 1; times 100 they are the weights of a strategy file.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from digistrat.scoring.aggregation import aggregate
from digistrat.scoring.inputs import Array, numbers, per_criterion, share_rows, weight_shares

SAATY_1980: Mapping[int, float] = dict(
    enumerate((0, 0, 0.58, 0.90, 1.12, 1.24, 1.32, 1.41, 1.45, 1.49, 1.51, 1.48, 1.56, 1.57, 1.59), start=1)
)
"""Random index by number of criteria: Saaty (1980), The Analytic Hierarchy Process."""

DONEGAN_DODD_1991: Mapping[int, float] = dict(
    enumerate(
        (
            *(0, 0, 0.4914, 0.8286, 1.0591, 1.1797, 1.2519, 1.3171, 1.3733, 1.4055),
            *(1.4213, 1.4497, 1.4643, 1.4822, 1.4969, 1.5078, 1.5153, 1.5262, 1.5313, 1.5371),
        ),
        start=1,
    )
)
"""Random index: Donegan & Dodd (1991), Mathematical and Computer Modelling 15(10) 135–137."""

RECIPROCAL_TOLERANCE = 0.05  # 1/7 may be written as 0.14, 1/8 as 0.13


def point_weights(points: pd.Series) -> pd.Series:
    """Return weights in proportion to the points that somebody gave to each criterion.

    Parameters
    ----------
    points : Series
        By criterion, none negative: 100 points shared out, or any other number of them.

    Returns
    -------
    Series
        Weights with sum 1.

    Raises
    ------
    ValueError
        If points are missing, negative or all zero, or a criterion stands twice.

    Examples
    --------
    >>> point_weights(pd.Series({"use": 30, "reach": 10})).tolist()
    [0.75, 0.25]
    """
    criteria = _once(points.index)
    array = per_criterion(points, criteria, "points")
    if (array < 0).any() or array.sum() <= 0:
        raise ValueError(f"points must not be negative and not all zero, not {points.to_dict()}")
    return _weights(array, criteria)


def swing_weights(swings: pd.Series) -> pd.Series:
    """Return weights from swings: how much the step from floor to target of each criterion is worth.

    The most valuable step is given 100; every other one a number from 0 to 100 in comparison with it. As
    the question names both ends of the scale, the weights fit the values; plain points often do not.

    Parameters
    ----------
    swings : Series
        By criterion, 0–100; the largest is 100.

    Returns
    -------
    Series
        Weights with sum 1.

    Raises
    ------
    ValueError
        If swings are missing or out of range, none is 100, or a criterion stands twice.

    Notes
    -----
    von Winterfeldt & Edwards (1986), Decision Analysis and Behavioral Research; DCLG (2009),
    Multi-criteria analysis: a manual, section 6.2.10.

    Examples
    --------
    >>> swing_weights(pd.Series({"use": 100, "reach": 60, "cost": 40})).tolist()
    [0.5, 0.3, 0.2]
    """
    criteria = _once(swings.index)
    array = per_criterion(swings, criteria, "swings")
    if (array < 0).any() or array.max(initial=0.0) != 100:
        raise ValueError(f"swings must lie on 0–100 and the largest be 100, not {swings.to_dict()}")
    return _weights(array, criteria)


def rank_order_centroid(order: Sequence[Hashable]) -> pd.Series:
    r"""Return the weights in the middle of all that keep to an order of importance.

    Parameters
    ----------
    order : sequence
        The criteria, the most important first.

    Returns
    -------
    Series
        Weights with sum 1, in the given order.

    Raises
    ------
    ValueError
        If the order is empty or a criterion stands twice.

    Notes
    -----
    :math:`w_k = \frac{1}{n} \sum_{i=k}^n \frac{1}{i}`; Barron & Barrett (1996), Management Science
    42(11) 1515–1523.

    Examples
    --------
    >>> rank_order_centroid(["use", "reach", "cost"]).round(4).to_dict()
    {'use': 0.6111, 'reach': 0.2778, 'cost': 0.1111}
    """
    criteria = _once(pd.Index(list(order), tupleize_cols=False))
    n = len(criteria)
    return _weights(np.cumsum(1 / np.arange(n, 0, -1))[::-1] / max(n, 1), criteria)


def pairwise_weights(
    matrix: pd.DataFrame, *, random_index: Mapping[int, float] = SAATY_1980
) -> tuple[pd.Series, float]:
    r"""Return weights and consistency ratio of pairwise comparisons (analytic hierarchy process).

    Parameters
    ----------
    matrix : DataFrame
        Criteria × criteria: how many times as important the row is as the column (1–9, or 1/2–1/9 where
        the column is more important).
    random_index : mapping
        Consistency index of random judgements by number of criteria, `SAATY_1980` (to 15 criteria) or
        `DONEGAN_DODD_1991` (to 20).

    Returns
    -------
    Series
        Weights with sum 1: the principal eigenvector.
    float
        Consistency ratio, 0 where all judgements fit together; above 0.1 they should be looked at again,
        `worst_judgement` names them. Two criteria cannot contradict each other: 0.

    Raises
    ------
    ValueError
        If the matrix is not square, positive and reciprocal (naming the pair), or has more criteria than
        `random_index` knows.

    Notes
    -----
    :math:`A w = \lambda w`, :math:`CR = \frac{\lambda - n}{(n - 1) RI}`; Saaty (1980), The Analytic
    Hierarchy Process.

    Examples
    --------
    >>> names = ["use", "reach", "cost"]
    >>> judged = pd.DataFrame([[1, 2, 6], [1 / 2, 1, 3], [1 / 6, 1 / 3, 1]], index=names, columns=names)
    >>> weights, ratio = pairwise_weights(judged)
    >>> weights.round(6).tolist(), round(ratio, 6)
    ([0.6, 0.3, 0.1], 0.0)
    """
    array = _judgements(matrix)
    n = len(array)
    if n > 2 and not random_index.get(n, 0) > 0:
        raise ValueError(
            f"matrix must have at most {max(random_index)} criteria (no random index beyond), not {n}"
        )
    root, weight = _principal(array)
    ratio = (root - n) / (n - 1) / random_index[n] if n > 2 else 0.0
    return _weights(weight, matrix.index), max(ratio, 0.0)


def worst_judgement(matrix: pd.DataFrame) -> pd.DataFrame:
    r"""Return all pairs, the judgement that contradicts the others most first.

    Parameters
    ----------
    matrix : DataFrame
        As in `pairwise_weights`.

    Returns
    -------
    DataFrame
        ``a``, ``b``: the pair, row and column; ``given``: the judgement; ``consistent``: the ratio of their
        weights, which takes all judgements together; ``factor``: how many times one is the other (1: they
        agree). The first row is the worst.

    Raises
    ------
    ValueError
        As in `pairwise_weights`.

    Notes
    -----
    Sorted by :math:`|\log a_{ij} w_j / w_i|`; Saaty (2003), European Journal of Operational Research
    145(1) 85–91.

    Examples
    --------
    >>> names = list("abcd")
    >>> judged = pd.DataFrame(1.0, index=names, columns=names)
    >>> judged.loc["a", "d"], judged.loc["d", "a"] = 5, 1 / 5
    >>> worst_judgement(judged).round(2).iloc[[0]].to_dict("list")
    {'a': ['a'], 'b': ['d'], 'given': [5.0], 'consistent': [2.36], 'factor': [2.12]}
    """
    array = _judgements(matrix)
    _, weight = _principal(array)
    i, j = np.triu_indices(len(array), k=1)
    given, consistent = array[i, j], weight[i] / weight[j]
    factor = np.exp(np.abs(np.log(given / consistent)))
    pairs = pd.DataFrame(
        {
            "a": matrix.index[i],
            "b": matrix.index[j],
            "given": given,
            "consistent": consistent,
            "factor": factor,
        }
    )
    return pairs.sort_values("factor", ascending=False, kind="stable", ignore_index=True)


def group_rankings(
    values: pd.DataFrame,
    weights: pd.DataFrame,
    states: pd.DataFrame | None = None,
    *,
    rule: str = "weighted_mean",
    **aggregation: Any,
) -> pd.DataFrame:
    """Rank the alternatives by the weights of each stakeholder group, side by side.

    Parameters
    ----------
    values : DataFrame
        Alternatives × criteria on 0–100, NaN where there is none.
    weights : DataFrame
        Groups × criteria; only the proportions within a row count.
    states : DataFrame, optional
        As in `aggregate`; None takes every NaN as ``missing``.
    rule, **aggregation
        As in `aggregate`: ``coverage_threshold``, ``group_of``, …

    Returns
    -------
    DataFrame
        Alternatives × two levels of columns: ``score`` and ``rank`` (NA unless scored) by group, and
        ``rank_range`` with ``best``, ``worst`` and ``width`` over the groups (NA where one has no rank).

    Raises
    ------
    ValueError
        If labels do not fit, a group stands twice, or a group's weights are negative or all zero.

    Examples
    --------
    >>> values = pd.DataFrame({"use": [80, 20], "reach": [40, 60]}, index=["a", "b"])
    >>> weights = pd.DataFrame({"use": [70, 10], "reach": [30, 90]}, index=["offices", "citizens"])
    >>> ranked = group_rankings(values, weights)
    >>> ranked["rank"].loc["a"].to_dict(), int(ranked.loc["a", ("rank_range", "width")])
    ({'offices': 1, 'citizens': 2}, 1)
    """
    shares = _group_shares(weights, values.columns)
    if states is None:
        states = pd.DataFrame("assessed", index=values.index, columns=values.columns, dtype="str")
        states = states.mask(values.isna(), "missing")
    tables = {
        group: aggregate(values, 100 * row, states, rule=rule, **aggregation).table
        for group, row in shares.iterrows()
    }
    ranks = pd.DataFrame({group: table["rank"] for group, table in tables.items()}, index=values.index)
    best, worst = ranks.min(axis=1, skipna=False), ranks.max(axis=1, skipna=False)
    parts = {
        "score": pd.DataFrame({group: table["score"] for group, table in tables.items()}),
        "rank": ranks,
        "rank_range": pd.DataFrame({"best": best, "worst": worst, "width": worst - best}),
    }
    return pd.concat(parts, axis=1, names=["measure", "group"])


def aggregate_weights(weights: pd.DataFrame, shares: pd.Series) -> pd.Series:
    """Return the weights of all stakeholder groups together, where each group's share is declared.

    Parameters
    ----------
    weights : DataFrame
        Groups × criteria; only the proportions within a row count.
    shares : Series
        By group, sum 1: how much each group's weights count. A decision of the strategy, never a default.

    Returns
    -------
    Series
        Weights with sum 1 by criterion.

    Raises
    ------
    ValueError
        If a group has no share or is unknown, shares are negative or do not sum to 1, or a group's
        weights are negative or all zero.

    Examples
    --------
    >>> weights = pd.DataFrame({"use": [70, 10], "reach": [30, 90]}, index=["offices", "citizens"])
    >>> aggregate_weights(weights, pd.Series({"offices": 0.5, "citizens": 0.5})).round(6).to_dict()
    {'use': 0.4, 'reach': 0.6}
    """
    by_group = _group_shares(weights, weights.columns)
    undeclared = by_group.index.difference(shares.dropna().index).tolist()
    unknown = shares.index.difference(by_group.index).tolist()
    if undeclared or unknown:
        raise ValueError(
            f"shares must be declared for every group: lacking {undeclared}, unknown {unknown}; without them "
            "groups are only shown side by side"
        )
    share = per_criterion(shares, by_group.index, "shares")
    if (share < 0).any() or abs(share.sum() - 1) > 1e-9:
        raise ValueError(f"shares must not be negative and sum to 1, found sum {share.sum():.10g}")
    return _weights(share @ by_group.to_numpy(), by_group.columns)


def _group_shares(weights: pd.DataFrame, criteria: pd.Index) -> pd.DataFrame:
    _once(criteria)
    if not weights.index.is_unique or not len(weights):
        raise ValueError(f"weights must have one row for each group, not {weights.index.tolist()}")
    return pd.DataFrame(share_rows(weights, criteria), index=weights.index, columns=criteria)


def _once(criteria: pd.Index) -> pd.Index:
    if not len(criteria) or not criteria.is_unique:
        raise ValueError(f"each criterion must stand once, not {criteria.tolist()}")
    return criteria


def _weights(array: Array, criteria: pd.Index) -> pd.Series:
    return pd.Series(weight_shares(array, criteria), index=criteria, name="weight")


def _judgements(matrix: pd.DataFrame) -> Array:
    _once(matrix.index)
    if len(matrix.columns) != len(matrix) or len(matrix.index.symmetric_difference(matrix.columns)):
        raise ValueError(
            f"matrix must be square with the same criteria on both sides, not {matrix.index.tolist()} × "
            f"{matrix.columns.tolist()}"
        )
    array = numbers(matrix[matrix.index], "matrix")
    for wrong, expected in (
        (array <= 0, "positive"),
        (np.abs(np.log(np.where(array > 0, array * array.T, 1))) > RECIPROCAL_TOLERANCE, "reciprocal"),
    ):
        if wrong.any():
            i, j = np.argwhere(wrong)[0]
            raise ValueError(
                f"matrix must be {expected}, found {array[i, j]:.6g} for {matrix.index[i]!r} over "
                f"{matrix.index[j]!r} and {array[j, i]:.6g} the other way round"
            )
    return array


def _principal(array: Array) -> tuple[float, Array]:
    """Return the largest eigenvalue of a positive matrix and its eigenvector with sum 1."""
    roots, vectors = np.linalg.eig(array)
    largest = int(roots.real.argmax())
    vector = np.abs(vectors[:, largest].real)
    return float(roots[largest].real), vector / vector.sum()
