"""Probabilities of levels with known answers, and what one step of a criterion is worth."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digistrat.scoring.composite import score_table
from digistrat.scoring.levels import improvements, level_probabilities
from digistrat.scoring.maturity import score_maturity
from digistrat.scoring.rules import RULES
from inventories import make_inventory, make_strategy

FIVE = tuple((f"L{k}", 25.0 * k) for k in range(5))


def scores_of(rows, weights=(50, 50), rule="minimum", *, step=1.0, levels=FIVE, **options):
    """Score rows of levels 0–4."""
    names = [f"c{j}" for j in range(len(weights))]
    criteria = pd.DataFrame({"weight": list(weights), "floor": 0.0, "target": 4.0, "step": step}, index=names)
    columns = {
        name: options.pop(name) for name in ("group", "shape", "points", "floor", "target") if name in options
    }
    raw = pd.DataFrame.from_dict(rows, orient="index", columns=names).astype(float)
    return score_table(raw, None, criteria.assign(**columns), rule=rule, levels=levels, **options)


# --- probabilities


def test_two_missing_criteria_under_the_minimum_rule():
    # a known top level decides nothing; of two missing ones both must reach level k: ((5 - k) / 5)²
    probability = level_probabilities(scores_of({"a": [4, None, None]}, (40, 30, 30))).loc["a"]
    at_least = probability[::-1].cumsum()[::-1]
    assert at_least.tolist() == pytest.approx([((5 - k) / 5) ** 2 for k in range(5)])


def test_a_known_level_caps_the_minimum():
    probability = level_probabilities(scores_of({"a": [1, None]}))
    assert probability.loc["a"].tolist() == pytest.approx([1 / 5, 4 / 5, 0, 0, 0])


def test_the_top_level_can_be_drawn_under_the_mean():
    # 4 known, half the weight missing: 50, 62.5, 75, 87.5, 100 with a fifth each
    probability = level_probabilities(scores_of({"a": [4, None]}, rule="weighted_mean")).loc["a"]
    assert probability.tolist() == pytest.approx([0, 0, 2 / 5, 2 / 5, 1 / 5])


def test_what_is_complete_is_certain_and_of_what_is_silent_nothing_is_told():
    scores = scores_of({"a": [3, 2], "b": [None, None]}, rule="weighted_mean")
    probability = level_probabilities(scores)
    assert probability.loc["a"].tolist() == [0, 0, 1, 0, 0]  # 62.5
    assert probability.loc["b"].isna().all()
    assert probability.columns.tolist() == ["L0", "L1", "L2", "L3", "L4"]


def test_a_score_at_the_start_of_a_level_has_reached_it():
    thirds = scores_of({"a": [1, 1, 1]}, (100 / 3,) * 3, "weighted_mean")  # 25 up to rounding
    assert level_probabilities(thirds).loc["a", "L1"] == 1


def test_an_interval_is_drawn_within_it():
    raw = {"a": [2, 4]}
    ends = [pd.DataFrame([[end, np.nan]], index=["a"], columns=["c0", "c1"]) for end in (1.0, 3.0)]
    scores = scores_of(raw, low=ends[0], high=ends[1])
    assert level_probabilities(scores).loc["a"].tolist() == pytest.approx([0, 1 / 3, 1 / 3, 1 / 3, 0])


def test_numbers_without_steps_are_drawn_from_the_whole_span():
    probability = level_probabilities(scores_of({"a": [4, None]}, step=0.0), n_samples=20_000, seed=7).loc[
        "a"
    ]
    # uniform on 0–100: the top level begins at 100
    assert probability.tolist() == pytest.approx([0.25, 0.25, 0.25, 0.25, 0], abs=0.01)
    again = level_probabilities(scores_of({"a": [4, None]}, step=0.0), n_samples=20_000, seed=7).loc["a"]
    assert again.equals(probability)


def test_drawing_agrees_with_counting():
    scores = scores_of({"a": [2, None, None, 3]}, (40, 30, 20, 10), "weighted_mean")
    exact = level_probabilities(scores)  # 25 completions
    drawn = level_probabilities(scores, n_samples=24)  # fewer than there are
    assert exact.loc["a"].sum() == drawn.loc["a"].sum() == pytest.approx(1)
    many = scores_of({"a": [2, *[None] * 7]}, (30, *[10] * 7), "minimum")
    probability = level_probabilities(many, n_samples=20_000).loc["a"]  # of 78,125 completions
    assert probability["L2"] == pytest.approx((3 / 5) ** 7, abs=0.005)
    assert probability["L0"] == pytest.approx(1 - (4 / 5) ** 7, abs=0.01)


def test_names_come_from_the_strategy():
    scale = {
        "rule": "weighted_mean",
        "source": "test",
        "levels": ({"name": "Anfang", "from_score": 0.0}, {"name": "Fortgeschritten", "from_score": 50.0}),
        "criteria": (
            {"id": "M1", "name": "Ziele", "weight": 50.0, "target": 4.0, "step": 1.0},
            {"id": "M2", "name": "Daten", "weight": 50.0, "target": 4.0, "step": 1.0},
        ),
    }
    answers = [{"office_id": "A1", "indicator_id": "M1", "level": 2}]
    scores = score_maturity(make_inventory(make_strategy(maturity=scale), maturity_ratings=answers))
    # 25 + 0, 12.5, 25, 37.5, 50
    assert level_probabilities(scores).loc["A1"].to_dict() == pytest.approx(
        {"Anfang": 0.4, "Fortgeschritten": 0.6}
    )


def test_wrong_calls():
    with pytest.raises(ValueError, match="scores must have levels"):
        level_probabilities(scores_of({"a": [1, 2]}, levels=()))
    with pytest.raises(ValueError, match="n_samples must be at least 1, not 0"):
        level_probabilities(scores_of({"a": [1, 2]}), n_samples=0)


cells = st.one_of(st.none(), st.integers(0, 4))


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(cells, cells, cells), min_size=1, max_size=3),
    st.sampled_from(["minimum", "weighted_mean"]),
)
def test_probabilities_sum_to_one_and_lie_between_the_bounds(rows, rule):
    scores = scores_of({f"a{k}": list(row) for k, row in enumerate(rows)}, (50, 30, 20), rule)
    probability = level_probabilities(scores)
    for name, row in probability.iterrows():
        table = scores.table.loc[name]
        if table["state"] == "not_scored":
            assert row.isna().all()
            continue
        assert row.sum() == pytest.approx(1)
        starts = np.array([start for _, start in FIVE])
        possible = (starts <= table["upper"] + 1e-9) & (np.append(starts[1:], np.inf) > table["lower"] - 1e-9)
        assert row[~possible].eq(0).all()


# --- what raises it most


def test_gains_under_the_mean():
    found = improvements(scores_of({"a": [1, 3, 4]}, (50, 30, 20), "weighted_mean"), "a")
    assert found.index.tolist() == ["c0", "c1"]  # the third is at its target
    assert found[["from", "to"]].values.tolist() == [[1, 2], [3, 4]]
    assert found["gain"].tolist() == pytest.approx([12.5, 7.5])
    assert found["score_after"].tolist() == pytest.approx([67.5, 62.5])  # from 12.5 + 22.5 + 20
    assert found["level_after"].tolist() == ["L2", "L2"]


def test_under_the_minimum_rule_only_the_lowest_criterion_counts():
    found = improvements(scores_of({"a": [1, 3], "b": [2, 2]}), "a")
    assert found["gain"].to_dict() == {"c0": 25, "c1": 0}
    assert found.loc["c0", "level_after"] == "L2"
    # two are lowest: neither alone raises it
    assert improvements(scores_of({"b": [2, 2]}), "b")["gain"].tolist() == [0, 0]


def test_gains_within_groups_are_those_of_the_rescaled_score():
    # group x from c0 alone, half of the total: one step of c0 is 25 points of x
    scores = scores_of({"a": [2, None, 0]}, (25, 25, 50), "weighted_mean", group=["x", "x", "y"])
    found = improvements(scores, "a")
    assert scores.table.loc["a", "score"] == 25
    assert found["gain"].to_dict() == {"c0": 12.5, "c2": 12.5}


def test_where_there_is_no_score_the_missing_stay_at_the_floor():
    found = improvements(scores_of({"a": [1, None]}), "a")
    assert found.loc["c0", ["gain", "score_after"]].tolist() == [0, 0]  # the missing one may be 0


def test_steps_numbers_and_less_is_better():
    scores = scores_of(
        {"a": [1, 50, 3]},
        (40, 30, 30),
        "weighted_mean",
        step=[0.0, 0.0, 0.0],
        target=[4.0, 0.0, 10.0],
        floor=[0.0, 90.0, 0.0],
        shape=["linear", "linear", "stepwise"],
        points=[(), (), ((2, 20), (5, 60), (9, 100))],
    )
    found = improvements(scores, "a")
    assert found["to"].to_dict() == {
        "c0": pytest.approx(1.4),
        "c1": 41,
        "c2": 5,
    }  # a tenth of the way; a step
    assert found["gain"].to_dict() == pytest.approx({"c2": 12, "c0": 4, "c1": 3})
    assert found["gain"].is_monotonic_decreasing


def test_at_the_top_nothing_is_left_and_unknown_names_are_told():
    scores = scores_of({"a": [4, 4], "b": [None, None]})
    assert improvements(scores, "a").empty
    assert improvements(scores, "b").empty
    with pytest.raises(ValueError, match="no alternative 'c'"):
        improvements(scores, "c")


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.integers(0, 4), min_size=3, max_size=3),
    st.sampled_from([r for r in RULES if r != "share_of_yes"]),
)
def test_the_gain_is_that_of_scoring_anew(row, rule):
    scores = scores_of({"a": row}, (50, 30, 20), rule)
    found = improvements(scores, "a")
    assert set(found.index) == {f"c{j}" for j, level in enumerate(row) if level < 4}
    for j, level in enumerate(row):
        if level < 4:
            better = scores_of({"a": [*row[:j], level + 1, *row[j + 1 :]]}, (50, 30, 20), rule)
            gain = better.table.loc["a", "score"] - scores.table.loc["a", "score"]
            assert found.loc[f"c{j}", "gain"] == pytest.approx(gain, abs=1e-9)
