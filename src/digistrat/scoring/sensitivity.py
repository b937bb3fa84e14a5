"""What a ranking hangs on: single weights, criteria or alternatives, and the assumptions behind it.

Uncertainty and sensitivity analysis as step 8 of OECD/JRC (2008), Handbook on Constructing Composite
Indicators, has it. How far a weight may move stands in `digistrat.scoring.stability`, which assumption
matters most in `digistrat.scoring.assumptions`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from digistrat.scoring.aggregation import aggregate, groups_of
from digistrat.scoring.assumptions import assumption_sensitivity
from digistrat.scoring.composite import Scores
from digistrat.scoring.enabling import ENABLING
from digistrat.scoring.impact import score_impact
from digistrat.scoring.ranking import rank_scores
from digistrat.scoring.sobol import sobol_indices
from digistrat.scoring.stability import overtaking_weights, weight_stability

__all__ = [
    "assumption_sensitivity",
    "leave_one_criterion_out",
    "leave_one_project_out",
    "overtaking_weights",
    "sobol_indices",
    "weight_stability",
]

SAME = 1e-9  # scores on 0–100 that are no further apart are the same


def leave_one_criterion_out(scores: Scores, *, k: int = 20) -> pd.DataFrame:
    """Tell how ranks change when a criterion is left out and the others share its weight.

    Parameters
    ----------
    scores : Scores
        Alternatives without a rank take no part.
    k : int
        How many count as the best.

    Returns
    -------
    DataFrame
        By criterion that is left out: ``mean_shift`` and ``max_shift`` (of the ranks, absolute),
        ``kendall_tau`` (with the ranks as they are), ``leaves`` and ``enters`` (tuples: who is no longer, and
        who is new, among the first `k`), ``n_lost`` (who has no score without it, and is not counted).
        Missing where nothing is left to rank.

    Raises
    ------
    ValueError
        If `k` is less than 1.

    Examples
    --------
    >>> from digistrat.scoring.composite import score_table
    >>> criteria = pd.DataFrame({"weight": [60, 40], "floor": 0, "target": 10}, index=["use", "reach"])
    >>> raw = pd.DataFrame({"use": [9, 7], "reach": [1, 3]}, index=["a", "b"])
    >>> table = leave_one_criterion_out(score_table(raw, None, criteria, rule="weighted_mean"), k=1)
    >>> table.loc["use", "enters"], table["kendall_tau"].tolist()
    (('b',), [-1.0, 1.0])
    """
    if k < 1:
        raise ValueError(f"k must be at least 1, not {k}")
    ranked_ones = scores.table.index[scores.table["rank"].notna()]
    rows = [_without(scores, ranked_ones, criterion, k) for criterion in scores.criteria.index]
    columns = ["mean_shift", "max_shift", "kendall_tau", "leaves", "enters", "n_lost"]
    return pd.DataFrame(rows, index=scores.criteria.index, columns=columns).rename_axis("criterion")


def _without(scores: Scores, field: pd.Index, criterion: Any, k: int) -> dict[str, Any]:
    from scipy.stats import kendalltau

    rest = scores.criteria.index.drop(criterion)
    if not len(field) or scores.criteria["weight"].reindex(rest).sum() <= 0:
        return {"leaves": (), "enters": (), "n_lost": len(field)}
    after = _score_again(scores, field, rest).dropna()
    before, now = rank_scores(scores.table["score"].loc[after.index]), rank_scores(after)
    shift = (now - before).abs().astype(float)
    return {
        "mean_shift": shift.mean(),
        "max_shift": shift.max(),
        "kendall_tau": kendalltau(before.to_numpy(float), now.to_numpy(float)).statistic
        if len(after) > 1
        else np.nan,
        "leaves": tuple(after.index[((before <= k) & (now > k)).to_numpy(dtype=bool)]),
        "enters": tuple(after.index[((before > k) & (now <= k)).to_numpy(dtype=bool)]),
        "n_lost": len(field) - len(after),
    }


def _score_again(scores: Scores, alternatives: pd.Index, criteria: pd.Index) -> pd.Series:
    """Return the scores of some alternatives by some of the criteria; NaN where there is none."""
    at = (alternatives, criteria)
    about = scores.criteria.loc[criteria]
    again = aggregate(
        scores.values.loc[at],
        about["weight"],
        scores.states.loc[at],
        rule=scores.rule,
        low=scores.low.loc[at],
        high=scores.high.loc[at],
        group_rule=scores.hierarchy.rule,
        **groups_of(about),
    )
    return again.table["score"]


def leave_one_project_out(
    scores: Scores,
    *,
    rescore: Callable[[pd.Index], Scores] | None = None,
    alternatives: Sequence[Any] | None = None,
) -> pd.DataFrame:
    """Tell what changes for the others when an alternative is left out.

    Values come from anchors that are fixed, so nothing changes unless scores depend on links between
    alternatives. Those of projects do where the strategy computes the enabling effect: then everything that
    builds on others is left out of the inventory in turn, and the effect computed again. Other links are
    for `rescore` to follow.

    Parameters
    ----------
    scores : Scores
    rescore : callable, optional
        Takes the labels that stay and returns their scores.
    alternatives : sequence, optional
        Whom to leave out, one at a time; by default everybody in turn.

    Returns
    -------
    DataFrame
        By alternative that is left out: ``n_changed`` (others whose score changes), ``max_change`` (points),
        ``n_moved`` (others whose rank among the others changes).

    Raises
    ------
    ValueError
        If there is no such alternative.
    """
    labels = scores.table.index
    asked = labels if alternatives is None else pd.Index(alternatives, name=labels.name)
    unknown = asked.difference(labels)
    if len(unknown):
        raise ValueError(f"alternatives must be among those scored, not {unknown.tolist()}")
    score, has_rank = scores.table["score"], scores.table["rank"].notna()
    linked = _linked(scores)
    rows = []
    for label in asked:
        rest = labels.drop(label)
        before = after = score.loc[rest]
        if rescore is not None and len(rest):
            after = rescore(rest).table["score"].reindex(rest)
        elif label in linked:
            after = _without_project(scores, label)
        field = rest[has_rank.loc[rest]]
        change = (after - before).abs().fillna(0.0)
        is_lost = after.isna() != before.isna()
        moved = rank_scores(after.loc[field]).ne(rank_scores(before.loc[field])).fillna(True)
        rows.append(
            {
                "n_changed": int(((change > SAME) | is_lost).sum()),
                "max_change": float(change.max()) if len(rest) else 0.0,
                "n_moved": int(moved.sum()),
            }
        )
    return pd.DataFrame(rows, index=asked, columns=["n_changed", "max_change", "n_moved"])


def _enabling_criteria(scores: Scores) -> list[str]:
    """Return the criteria of projects that are computed from other projects."""
    if scores.inventory is None or scores.what != "impact":
        return []
    criteria = scores.inventory.strategy.impact.criteria
    return [one.id for one in criteria if one.computed == "enabling_effect" and one.id in scores.values]


def _linked(scores: Scores) -> set[Any]:
    """Return the projects that another one has an enabling effect on."""
    if not _enabling_criteria(scores):
        return set()
    links = scores.inventory.dependencies
    return set(links.loc[links["kind"].isin(ENABLING), "project_id"])


def _without_project(scores: Scores, project: Any) -> pd.Series:
    """Return the scores of the others if a project were not in the inventory."""
    inventory, names = scores.inventory, _enabling_criteria(scores)
    rest, score = scores.table.index.drop(project), scores.table["score"]
    again = score_impact(inventory.replace(projects=inventory.projects.drop(index=project)))
    changed = {
        name: getattr(scores, name).assign(**{c: getattr(again, name)[c].reindex(rest) for c in names})
        for name in ("values", "states", "low", "high")
    }
    after = _score_again(replace(scores, **changed), rest, scores.criteria.index)
    return after.where(score.loc[rest].notna())  # where nobody rated, what is computed alone is no score
