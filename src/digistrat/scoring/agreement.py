"""Where the choice of the ranking method matters, and where it does not."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from digistrat.scoring.composite import Scores
from digistrat.scoring.inputs import PerCriterion, numbers
from digistrat.scoring.ranking import promethee2, rank_scores, topsis, weighted_product, weighted_sum


@dataclass(frozen=True, eq=False, repr=False)
class MethodAgreement:
    """How far several ranking methods agree on the same alternatives.

    Attributes
    ----------
    tau : DataFrame
        Methods × methods: Kendall's τ-b, 1 for the same order, −1 for the opposite one; NaN where a method
        tells nothing apart.
    ranks : DataFrame
        Alternatives × methods, over those in scope.
    rank_range : DataFrame
        By alternative ``best``, ``worst`` and ``width``: where the width is large, the rank is a matter of
        the method.
    scope : DataFrame
        All alternatives: ``is_included`` and, where left out, the ``reason``: ``incomplete``, or
        ``not_applicable`` where nothing is unknown but a criterion does not apply. The methods know
        neither.
    """

    tau: pd.DataFrame
    ranks: pd.DataFrame
    rank_range: pd.DataFrame
    scope: pd.DataFrame

    def __str__(self) -> str:
        left_out = int((~self.scope["is_included"]).sum())
        lines = [
            f"MethodAgreement: {len(self.ranks)} alternatives ({left_out} left out) × {len(self.tau)} methods"
        ]
        i, j = np.triu_indices(len(self.tau), k=1)
        pairs = self.tau.to_numpy()[i, j]
        if len(pairs) and not np.isnan(pairs).all():
            worst = int(np.nanargmin(pairs))
            a, b = self.tau.index[i[worst]], self.tau.index[j[worst]]
            lines.append(f"  least agreement: {a} and {b}, tau {pairs[worst]:.2f}")
        widest = self.rank_range.sort_values("width", ascending=False, kind="stable").head(3)
        lines += [f"  {label}  ranks {row['best']}–{row['worst']}" for label, row in widest.iterrows()]
        return "\n".join(lines)

    __repr__ = __str__


def scores_by_method(values: pd.DataFrame, weights: PerCriterion) -> pd.DataFrame:
    """Score values on 0–100 by the four methods: the mean, the product, TOPSIS and PROMETHEE II.

    Parameters
    ----------
    values : DataFrame
        Alternatives × criteria on 0–100, higher is better, none missing.
    weights : Series or sequence
        As in `weighted_sum`.

    Returns
    -------
    DataFrame
        Alternatives × methods, each on its own scale: TOPSIS as closeness to the fixed anchors, PROMETHEE
        as net flow with the usual preference.

    Raises
    ------
    ValueError
        If a value is missing or outside 0–100, or weights do not fit the criteria.

    Examples
    --------
    >>> values = pd.DataFrame({"use": [90.0, 40.0], "reach": [0.0, 40.0]}, index=["a", "b"])
    >>> scores_by_method(values, [1, 1])[["weighted_sum", "weighted_product"]].round(6).to_numpy().tolist()
    [[45.0, 0.0], [40.0, 40.0]]
    """
    up = np.ones(values.shape[1])
    return pd.DataFrame(
        {
            "weighted_sum": weighted_sum(values, weights),
            "weighted_product": weighted_product(values, weights),
            "topsis": topsis(values, weights, up, "anchors"),
            "promethee2": promethee2(values, weights, up)["phi"],
        },
        index=values.index,
    )


def method_agreement(scores: Scores | pd.DataFrame) -> MethodAgreement:
    """Compare the ranks that several methods give to the same alternatives.

    Parameters
    ----------
    scores : Scores or DataFrame
        `Scores`: their values and weights are scored by the four methods of `scores_by_method`. Or a frame
        alternatives × methods of scores that are at hand, each on any scale, higher is better.

    Returns
    -------
    MethodAgreement
        Over the alternatives of which every value (or score) is known; the others stand in ``scope``.

    Raises
    ------
    ValueError
        If a score is infinite, or there are fewer than two methods.

    Notes
    -----
    Kendall (1945), Biometrika 33(3) 239–251. Scores up to float noise apart are ties in both.

    Examples
    --------
    >>> scores = pd.DataFrame({"mean": [45.0, 40.0, 10.0], "product": [0.0, 40.0, 10.0]}, index=list("abc"))
    >>> agreement = method_agreement(scores)
    >>> agreement.tau["mean"].round(3).tolist(), agreement.rank_range.loc["a"].tolist()
    ([1.0, -0.333], [1, 3, 2])
    """
    if isinstance(scores, Scores):
        counts = scores.criteria["weight"] > 0
        values = scores.values.loc[:, counts]
        complete = values.notna().all(axis=1)
        is_unknown = (scores.states.loc[:, counts] != "not_applicable") & values.isna()
        reason = is_unknown.any(axis=1).map({True: "incomplete", False: "not_applicable"})
        table = scores_by_method(values[complete], scores.criteria.loc[counts, "weight"])
    else:
        complete = scores.notna().all(axis=1)
        reason = pd.Series("incomplete", index=scores.index)
        table = scores[complete]
    if table.shape[1] < 2 or not table.columns.is_unique:
        raise ValueError(f"scores must have at least two methods, each once, not {table.columns.tolist()}")
    array = numbers(table, "scores")
    ranks = pd.DataFrame(
        {
            method: rank_scores(table[method], scale=float(np.abs(array[:, j]).max(initial=0.0)) or 1.0)
            for j, method in enumerate(table.columns)
        },
        index=table.index,
    )
    best, worst = ranks.min(axis=1), ranks.max(axis=1)
    return MethodAgreement(
        tau=_tau(ranks),
        ranks=ranks,
        rank_range=pd.DataFrame({"best": best, "worst": worst, "width": worst - best}),
        scope=pd.DataFrame({"is_included": complete, "reason": reason.mask(complete, "").astype("str")}),
    )


def _tau(ranks: pd.DataFrame) -> pd.DataFrame:
    from scipy.stats import kendalltau

    columns = ranks.to_numpy(dtype=float).T
    tau = np.full((len(columns), len(columns)), np.nan)
    for i, a in enumerate(columns):
        for j in range(i, len(columns)):
            if len(a) > 1:
                tau[i, j] = tau[j, i] = kendalltau(a, columns[j]).statistic
    return pd.DataFrame(tau, index=ranks.columns, columns=ranks.columns)
