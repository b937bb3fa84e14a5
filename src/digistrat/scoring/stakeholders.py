"""Whose weights: what each stakeholder group of the strategy would rank, beside the strategy itself."""

from __future__ import annotations

import pandas as pd

from digistrat.scoring.aggregation import groups_of
from digistrat.scoring.composite import Scores
from digistrat.scoring.weights import (
    aggregate_weights,
    group_rankings,
    point_weights,
    rank_order_centroid,
    swing_weights,
)
from digistrat.strategy import Strategy

OWN, TOGETHER = "strategy", "together"
"""Names of the strategy's own weights, and of those of all groups by their declared shares."""


def stakeholder_weights(strategy: Strategy) -> pd.DataFrame:
    """Return the weights of the impact criteria: the strategy's own, each group's, and those of all together.

    Parameters
    ----------
    strategy : Strategy
        Its ``stakeholders`` give points, swings or an order of the criteria.

    Returns
    -------
    DataFrame
        Rows ``strategy``, the groups' ids, and ``together`` where every group has a declared share; columns
        the criteria; each row sums to 1.
    """
    criteria = [criterion.id for criterion in strategy.impact.criteria]
    rows = {OWN: point_weights(pd.Series({c.id: c.weight for c in strategy.impact.criteria}))}
    for group in strategy.stakeholders:
        if group.method == "order":
            rows[group.id] = rank_order_centroid(group.order)
        else:
            given = pd.Series(dict(group.points), dtype="float64")
            rows[group.id] = point_weights(given) if group.method == "points" else swing_weights(given)
    weights = pd.DataFrame(rows).T.reindex(columns=criteria)
    shares = {group.id: group.share for group in strategy.stakeholders if group.share is not None}
    if shares:
        together = aggregate_weights(weights.drop(index=OWN), pd.Series(shares))
        weights = pd.concat([weights, together.to_frame(TOGETHER).T])
    return weights.rename_axis(index="group", columns="criterion")


def stakeholder_rankings(impact: Scores) -> pd.DataFrame:
    """Rank projects by the weights of each stakeholder group, side by side.

    Parameters
    ----------
    impact : Scores
        From `score_impact`.

    Returns
    -------
    DataFrame
        As `group_rankings`, with the groups of `stakeholder_weights`; rules, groups of criteria, thresholds
        and intervals are those of the scores, and so are computed values: the enabling effect is made with
        the strategy's own weights.

    Raises
    ------
    ValueError
        If the scores were made without an inventory.
    """
    if impact.inventory is None:
        raise ValueError("impact must be scores of an inventory, whose strategy names the stakeholders")
    strategy: Strategy = impact.inventory.strategy
    is_rated = impact.table["state"] != "not_scored"  # what is computed alone gives no score here either
    values = impact.values.where(is_rated)
    certain = values.notna()
    return group_rankings(
        values,
        stakeholder_weights(strategy),
        impact.states.mask(impact.values.notna() & values.isna(), "missing"),
        rule=impact.rule,
        group_rule=strategy.impact.group_rule,
        low=impact.low.where(certain),
        high=impact.high.where(certain),
        coverage_threshold=strategy.thresholds.coverage,
        group_threshold=strategy.thresholds.group_coverage,
        **groups_of(impact.criteria),
    )
