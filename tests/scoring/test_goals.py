"""Fit to the goals by hand: a share of the field's weights, fixed by the strategy and not by the sample."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digistrat.scoring.goals import goal_fit
from inventories import make_inventory, make_strategy, project

WEIGHTS = {"F1": {"G1": 1.0, "G2": 2.0, "G3": 5.0}, "F2": {"H1": 1.0, "H2": 1.0}}
FIELDS = tuple(
    {
        "id": field,
        "name": field,
        "goals": tuple({"id": goal, "name": goal, "weight": weight} for goal, weight in goals.items()),
    }
    for field, goals in WEIGHTS.items()
)
GOALS = [goal for goals in WEIGHTS.values() for goal in goals]
STRATEGY = make_strategy(fields=FIELDS)


def fit(**named: tuple[str, ...] | None) -> pd.Series:
    rows = [project(name, goal_ids=goals) for name, goals in named.items()]
    return goal_fit(make_inventory(STRATEGY, projects=rows))


@pytest.mark.parametrize(
    ("goals", "expected"),
    [
        (("G1",), 12.5),
        (("G1", "G3"), 75.0),
        (("G3", "G1"), 75.0),
        (("G1", "G1"), 12.5),  # named twice, served once
        (("G1", "G2", "G3"), 100.0),
        (("H1",), 50.0),
        (("H1", "G2"), 75.0),  # 1/2 of one field and 2/8 of another
        (("H1", "G3"), 100.0),  # 1/2 + 5/8: no more than the best of one field
        (("G2", "unheard of"), 25.0),
    ],
)
def test_by_hand(goals: tuple[str, ...], expected: float) -> None:
    assert fit(a=goals)["a"] == expected


@pytest.mark.parametrize("goals", [None, (), ("unheard of",)])
def test_no_goal_named_is_missing_and_not_zero(goals: tuple[str, ...] | None) -> None:
    found = fit(a=goals, b=("H1",))
    assert np.isnan(found["a"])
    assert found["b"] == 50


def test_no_projects() -> None:
    assert fit().empty


named = st.lists(st.sampled_from(GOALS), max_size=6).map(tuple)


@settings(max_examples=20)
@given(named, named, st.sampled_from(GOALS))
def test_another_project_changes_nothing_and_another_goal_never_lowers(
    own: tuple[str, ...], others: tuple[str, ...], one_more: str
) -> None:
    alone = fit(a=own)["a"]
    together = fit(b=others, a=own, c=(*own, one_more))
    assert together["a"] == alone or (np.isnan(together["a"]) and np.isnan(alone))
    assert not own or 0 < alone <= together["c"] <= 100


@settings(max_examples=20)
@given(st.floats(0.01, 1000))
def test_the_unit_of_the_weights_does_not_count(factor: float) -> None:
    fields = tuple(
        field | {"goals": tuple(goal | {"weight": goal["weight"] * factor} for goal in field["goals"])}
        for field in FIELDS
    )
    rows = [project("a", goal_ids=("G1", "H1"))]
    assert goal_fit(make_inventory(make_strategy(fields=fields), projects=rows))["a"] == pytest.approx(62.5)
