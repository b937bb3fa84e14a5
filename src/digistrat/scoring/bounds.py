"""Between which scores an alternative must lie under a ranking method, where values are not certain."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd

from digistrat.scoring.inputs import NOISE, Array, PerCriterion, allowed, intervals, signs, weight_shares
from digistrat.scoring.ranking import (
    PREFERENCES,
    Preference,
    linear_preference,
    thresholds,
    topsis,
    weighted_product,
    weighted_sum,
)

Method = Literal["weighted_sum", "weighted_product", "topsis", "promethee2"]
METHODS = ("weighted_sum", "weighted_product", "topsis", "promethee2")


def score_bounds(
    method: Method,
    values: pd.DataFrame,
    weights: PerCriterion,
    low: float | PerCriterion | pd.DataFrame = 0.0,
    high: float | PerCriterion | pd.DataFrame = 100.0,
    *,
    directions: PerCriterion | None = None,
    preference: Preference = "usual",
    q: float | PerCriterion | None = None,
    p: float | PerCriterion | None = None,
) -> pd.DataFrame:
    """Return the exact lowest and highest score each alternative can have.

    Parameters
    ----------
    method : {"weighted_sum", "weighted_product", "topsis", "promethee2"}
        ``"topsis"`` takes the fixed anchors 0 and 100: with the normalisations that are taken from the
        sample a better value may lower the closeness, so there are no such bounds.
    values : DataFrame
        Alternatives × criteria; NaN where nothing is known.
    weights : Series or sequence
        As in `weighted_sum`.
    low, high : float, series, sequence or DataFrame
        The least and the most that a value may be: one number, or one per criterion, for what is missing;
        a frame like `values` for all, which then also holds intervals such as 60–80.
    directions, preference, q, p
        As in `topsis` and `promethee2`; the sum and the product take values of which more is better.

    Returns
    -------
    DataFrame
        ``lower`` and ``upper``: of the score, the closeness, or the net flow phi. For the net flow the
        alternative's own values stand at one end and those of all others at the other end.

    Raises
    ------
    ValueError
        If the method is unknown, an option does not belong to it, or a value lies outside its bounds.

    Examples
    --------
    >>> values = pd.DataFrame({"use": [80.0, 20.0], "reach": [None, 60.0]}, index=["a", "b"])
    >>> score_bounds("weighted_sum", values, [75, 25]).loc["a"].tolist()
    [60.0, 85.0]
    """
    allowed("method", method, METHODS)
    least, most = intervals(values, low, high)
    if method != "promethee2" and (preference, q, p) != ("usual", None, None):
        raise ValueError(f"preference, q and p belong to method='promethee2', not to {method!r}")
    if method in ("weighted_sum", "weighted_product") and directions is not None:
        raise ValueError(f"directions belong to topsis and promethee2; {method} takes more as better")
    sign = signs(directions, values.columns)
    worst, best = np.where(sign > 0, least, most), np.where(sign > 0, most, least)
    if method == "promethee2":
        allowed("preference", preference, PREFERENCES)
        limits = thresholds(preference, q, p, values.columns)
        shares = weight_shares(weights, values.columns)
        lower = _net_flow(worst * sign, best * sign, shares, *limits)
        upper = _net_flow(best * sign, worst * sign, shares, *limits)
    else:
        lower, upper = (_score(method, values, end, weights, sign) for end in (worst, best))
    return pd.DataFrame({"lower": lower, "upper": upper}, index=values.index)


def _score(method: str, like: pd.DataFrame, array: Array, weights: PerCriterion, sign: Array) -> Array:
    frame = pd.DataFrame(array, index=like.index, columns=like.columns)
    if method == "topsis":
        return topsis(frame, weights, sign, "anchors").to_numpy()
    scores = weighted_sum(frame, weights) if method == "weighted_sum" else weighted_product(frame, weights)
    return scores.to_numpy()


def _net_flow(own: Array, others: Array, shares: Array, q: Array, p: Array) -> Array:
    """Return each alternative's net flow with its own values against the others' other ones."""
    total = np.zeros(len(own))
    for j, share in enumerate(shares):
        noise = NOISE * np.abs([own[:, j], others[:, j]]).max(initial=0.0)
        difference = own[:, j][:, None] - others[:, j]
        np.fill_diagonal(difference, 0.0)  # nobody is compared with itself
        degree = linear_preference(difference, q[j], p[j], noise)
        degree -= linear_preference(-difference, q[j], p[j], noise)
        total += share * degree.sum(axis=1)
    return total / max(len(own) - 1, 1)
