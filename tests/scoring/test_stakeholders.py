"""Stakeholders of a strategy: their weights by hand, and what each would rank."""

from __future__ import annotations

import pandas as pd
import pytest

from digistrat import score_impact
from digistrat.scoring.stakeholders import OWN, TOGETHER, stakeholder_rankings, stakeholder_weights
from digistrat.strategy.checks import strategy_problems
from inventories import make_inventory, make_strategy

CRITERIA = tuple(
    {"id": name, "name": name, "weight": weight} for name, weight in (("K1", 60.0), ("K2", 40.0))
)
GROUPS = (
    {"id": "chamber", "name": "Chamber", "method": "swing", "points": {"K1": 25.0, "K2": 100.0}},
    {"id": "citizens", "name": "Citizens", "method": "order", "order": ("K1", "K2")},
)


def strategy(*groups, **parts):
    impact = {"rule": "weighted_mean", "source": "test", "criteria": CRITERIA}
    return make_strategy(impact=impact, stakeholders=groups, **parts)


def test_weights_by_hand():
    weights = stakeholder_weights(strategy(*GROUPS))
    assert weights.index.tolist() == [OWN, "chamber", "citizens"]
    assert weights.loc[OWN].tolist() == [0.6, 0.4]
    assert weights.loc["chamber"].tolist() == [0.2, 0.8]
    assert weights.loc["citizens"].tolist() == pytest.approx(
        [0.75, 0.25]
    )  # rank order: (1 + 1/2) / 2, 1/2 / 2


def test_all_groups_together_only_with_declared_shares():
    shared = [group | {"share": share} for group, share in zip(GROUPS, (0.6, 0.4), strict=True)]
    weights = stakeholder_weights(strategy(*shared))
    assert weights.loc[TOGETHER].tolist() == pytest.approx([0.6 * 0.2 + 0.4 * 0.75, 0.6 * 0.8 + 0.4 * 0.25])


def test_each_group_ranks_by_its_own_weights():
    wanted = strategy(*GROUPS)
    inventory = make_inventory(
        strategy=wanted,
        projects=[{"project_id": name} for name in "ab"],
        impact_ratings=[
            {"project_id": project, "criterion_id": criterion, "points": points, "state": "assessed"}
            for project, criterion, points in (
                ("a", "K1", 10),
                ("a", "K2", 2),
                ("b", "K1", 4),
                ("b", "K2", 8),
            )
        ],
    )
    impact = score_impact(inventory)
    ranked = stakeholder_rankings(impact)
    assert ranked["score"].loc["a"].to_dict() == pytest.approx({OWN: 68, "chamber": 36, "citizens": 80})
    assert ranked["rank"].loc["a"].to_dict() == {OWN: 1, "chamber": 2, "citizens": 1}
    pd.testing.assert_series_equal(
        ranked["score", OWN], impact.table["score"], check_names=False, rtol=0, atol=1e-12
    )


def test_a_group_that_leaves_a_criterion_out_is_refused_on_loading():
    wrong = strategy({"id": "x", "name": "X", "points": {"K1": 5.0}})
    (problem,) = [p for p in strategy_problems(wrong, "s.toml", "o.toml") if "stakeholders" in p]
    assert problem.startswith("s.toml › stakeholders[x].points: found ['K1']")
