"""Maturity of offices: how digital they are today, and the gap to the target they set themselves."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from digistrat.inventory.record import Inventory
from digistrat.scoring.aggregation import aggregate, groups_of
from digistrat.scoring.composite import Scores
from digistrat.scoring.computed import only_rated, with_computed
from digistrat.scoring.indicators import INDICATORS
from digistrat.scoring.ratings import Ratings, criteria_frame, ratings_matrix, score_ratings
from digistrat.scoring.values import criterion_values


def score_maturity(inventory: Inventory) -> Scores:
    """Score every organisation that returned by its self-assessment, by dimension and overall.

    An office that rated no indicator itself is not scored, whatever is computed for it (`only_rated`).

    Parameters
    ----------
    inventory : Inventory
        Its table ``maturity_ratings`` holds present and target levels by office and indicator. Indicators
        that the strategy has computed (`Criterion.computed`) come from the inventory itself; they do not
        apply to an office that has nothing to compute them from.

    Returns
    -------
    Scores
        One alternative per office, enterprise or company that returned or is rated (partners are not
        assessed); ``groups`` are the dimensions, ``targets`` the values that the offices aim at. ``table``
        has two further columns: ``target``, the score with every indicator raised to its target, and
        ``gap``, target minus score; under additive rules the weighted sum of what each indicator lacks, never
        set off against another one that is above its target. Both are missing where no indicator has both
        levels, or the score is not known. Ordinal levels are averaged with the strategy's weights; its source
        says so.
    """
    criteria = criteria_frame(inventory.strategy.maturity)
    offices = inventory.offices
    returned = {*inventory.files["office_id"].dropna(), *inventory.maturity_ratings["office_id"].dropna()}
    index = pd.Index([o for o in offices.index if o in returned], name="office_id", dtype="str")
    index = index[offices.loc[index, "kind"] != "partner"]

    def rated(value: str) -> Ratings:
        return ratings_matrix(
            inventory,
            "maturity_ratings",
            index,
            criteria.index,
            alternative="office_id",
            criterion="indicator_id",
            value=value,
            remark="evidence",
        )

    scores = score_ratings(inventory, "maturity", _with_indicators(inventory, rated("level")), unit="office")
    scores = only_rated(scores, inventory.strategy.maturity)
    targets = criterion_values(rated("target_level").raw, criteria)
    return _with_targets(replace(scores, targets=targets), inventory)


def _with_indicators(inventory: Inventory, ratings: Ratings) -> Ratings:
    """Put the figures that the inventory gives in the place of ratings."""
    for criterion in inventory.strategy.maturity.criteria:
        if criterion.computed:
            figures = INDICATORS[criterion.computed](inventory)
            figures = figures.assign(applies=figures["n"] > 0)
            ratings = with_computed(ratings, criterion.id, figures, figures["source"].__getitem__)
    return ratings


def _with_targets(scores: Scores, inventory: Inventory) -> Scores:
    """Add the score at the targets, by the same rule over max(value, target), and the gap to it."""
    assert scores.targets is not None  # set by the caller
    scale, thresholds = inventory.strategy.maturity, inventory.strategy.thresholds
    has_both = scores.targets.notna() & scores.values.notna()
    aimed = aggregate(
        scores.values.where(~has_both | (scores.values >= scores.targets), scores.targets),
        scores.criteria["weight"],
        scores.states,
        rule=scale.rule,
        group_rule=scale.group_rule,
        coverage_threshold=thresholds.coverage,
        group_threshold=thresholds.group_coverage,
        **groups_of(scores.criteria),
    )
    target = aimed.table["score"].where(has_both.any(axis="columns"))
    gap = (target - scores.table["score"]).clip(lower=0)
    return replace(scores, table=scores.table.assign(target=target.where(gap.notna()), gap=gap))
