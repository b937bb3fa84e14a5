"""Weight stability against hand crossings and re-scoring; what changes when one is left out."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digistrat.inventory.record import Inventory
from digistrat.scoring.composite import Scores, score_table
from digistrat.scoring.impact import score_impact
from digistrat.scoring.rules import combine_nested
from digistrat.scoring.sensitivity import (
    leave_one_criterion_out,
    leave_one_project_out,
    overtaking_weights,
    weight_stability,
)
from inventories import link, make_inventory, make_strategy, points, project


def scores_of(rows: dict[str, list], weights: list[float], rule: str = "weighted_mean", **columns) -> Scores:
    """Score rows on 0–100; None is missing, - not applicable. Nothing is too little to be ranked."""
    names = [f"c{j}" for j in range(len(weights))]
    cells = pd.DataFrame.from_dict(rows, orient="index", columns=names).astype(object)
    states = cells.map(lambda c: "not_applicable" if c == "-" else "missing" if pd.isna(c) else "assessed")
    raw = cells.where(states == "assessed", np.nan).astype(float)
    criteria = pd.DataFrame({"weight": weights, "floor": 0.0, "target": 100.0, **columns}, index=names)
    return score_table(raw, states, criteria, rule=rule, coverage_threshold=0, group_threshold=0)


# --- how far a weight may move ---


def test_two_lines_cross_where_the_hand_has_it():
    # with c0 at t: a = 100 t, b = 40 t + 90 (1 − t); equal at t = 90 / 150
    scores = scores_of({"a": [100, 0], "b": [40, 90]}, [70, 30])
    got = weight_stability(scores, 1)
    assert got.loc["c0", "lower"] == pytest.approx(60)
    assert got.loc["c0", "upper"] == 100
    assert got.loc["c0", ["leaves_below", "enters_below"]].tolist() == ["a", "b"]
    assert got.loc["c0", ["leaves_above", "enters_above"]].isna().all()
    assert got.loc["c1", "lower"] == 0
    assert got.loc["c1", "upper"] == pytest.approx(40)
    assert got["weight"].tolist() == [70, 30]


def test_the_others_keep_their_proportions():
    # c0 at t, the rest as 1 : 3: a = 80 t, b = 60 (1 − t) / 4 + 20 · 3 (1 − t) / 4 = 30 (1 − t); t = 3 / 11
    scores = scores_of({"a": [80, 0, 0], "b": [0, 60, 20]}, [60, 10, 30])
    assert weight_stability(scores, 1).loc["c0", "lower"] == pytest.approx(300 / 11)


def test_what_is_not_applicable_bends_the_line():
    # a has c0 and c1 only: (90 t + 30 (1 − t) / 2) / (t + (1 − t) / 2) = (15 + 75 t) / (1/2 + t/2) against 60
    scores = scores_of({"a": [90, 30, "-"], "b": [60, 60, 60]}, [50, 25, 25])
    assert weight_stability(scores, 1).loc["c0", "lower"] == pytest.approx(100 * 15 / 45)


def test_geometric_means_cross_where_their_logarithms_do():
    # 80^t 20^(1−t) = 40 at t = 1/2
    scores = scores_of({"a": [80, 20], "b": [40, 40], "zero": [100, 0]}, [60, 40], "geometric")
    assert weight_stability(scores, 1).loc["c0", "lower"] == pytest.approx(50)
    # 1 / (t / 80 + (1 − t) / 20) = 40 at t = 2/3
    harmonic = scores_of({"a": [80, 20], "b": [40, 40]}, [80, 20], "harmonic")
    assert weight_stability(harmonic, 1).loc["c0", "lower"] == pytest.approx(200 / 3)


def test_under_the_minimum_weights_decide_nothing():
    got = weight_stability(scores_of({"a": [80, 20], "b": [40, 10]}, [60, 40], "minimum"), 1)
    assert got[["lower", "upper"]].to_numpy().tolist() == [[0, 100], [0, 100]]


def test_equals_of_a_border_leave_no_room_and_everybody_leaves_all():
    scores = scores_of({"a": [80, 40], "b": [40, 80], "c": [10, 10]}, [50, 50])
    both = weight_stability(scores, 1)  # both are first: the set is of two
    assert both.loc["c0", ["lower", "upper"]].tolist() == [0, 100]
    own = overtaking_weights(scores, "a")
    assert own.loc["c0", "lower"] == pytest.approx(50)
    assert own.loc["c0", "enters_below"] == "b"
    assert own.loc["c0", "upper"] == 100
    everybody = weight_stability(scores, 3)
    assert everybody[["lower", "upper"]].to_numpy().tolist() == [[0, 100], [0, 100]]


def test_a_single_criterion_has_nothing_to_give_weight_to():
    assert weight_stability(scores_of({"a": [80], "b": [40]}, [100]), 1).loc["c0", "lower"] == 100


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from(["weighted_mean", "geometric", "harmonic"]), st.booleans())
def test_within_the_interval_the_set_stays_and_beyond_it_changes(seed, rule, is_nested):
    rng = np.random.default_rng(seed)
    weights = rng.dirichlet(np.ones(5)) * 100
    cells = rng.uniform(1, 100, (7, 5)).round(1).astype(object)
    cells[rng.random((7, 5)) < 0.15] = "-"
    if rule == "weighted_mean":
        cells[rng.random((7, 5)) < 0.15] = None
    cells[:, 0] = rng.uniform(1, 100, 7)
    groups = {"group": list("xxyyz"), "parent": ["p", "p", "p", "p", ""]} if is_nested else {}
    rows = {f"p{i}": row for i, row in enumerate(cells.tolist())}
    scores = scores_of(rows, weights.tolist(), rule, **groups)
    is_best = scores.table["rank"] <= 3

    values, assessed = scores.values.fillna(1.0).to_numpy(), (scores.states == "assessed").to_numpy()

    def lead(position: int, weight: float) -> float:
        """Score anew: how far the worst of the best is ahead of the best of the others."""
        moved = weights * (100 - weight) / (100 - weights[position])
        moved[position] = weight
        again = pd.Series(combine_nested(values, moved, assessed, scores.hierarchy), scores.table.index)
        return again[is_best].min() - again[~is_best].max()

    for position, row in enumerate(weight_stability(scores, 3).itertuples()):
        assert row.lower <= row.weight + 1e-9
        assert row.upper >= row.weight - 1e-9
        for share in (0.01, 0.3, 0.7, 0.99):
            assert lead(position, row.lower + share * (row.upper - row.lower)) > -1e-7
        if row.lower > 0.01:
            assert lead(position, row.lower - 1e-3) < 0
        if row.upper < 99.99:
            assert lead(position, row.upper + 1e-3) < 0


# --- leaving one out ---


def test_ranks_without_a_criterion_by_hand():
    # without c0: 10, 40, 30; without c1: 90, 60, 30; as it is: 50, 50, 30
    scores = scores_of({"a": [90, 10], "b": [60, 40], "c": [30, 30]}, [50, 50])
    got = leave_one_criterion_out(scores, k=1)
    assert got.loc["c0", "mean_shift"] == pytest.approx((2 + 0 + 1) / 3)
    assert got.loc["c0", ["max_shift", "leaves", "enters", "n_lost"]].tolist() == [2, ("a",), (), 0]
    assert got.loc["c1", "mean_shift"] == pytest.approx(1 / 3)
    assert got.loc["c1", "leaves"] == ("b",)
    # pairs a–c and b–c agree or not, a–b is a tie before: (1 − 1) / √(2 · 3), (1 + 1) / √(2 · 3)
    assert got["kendall_tau"].tolist() == pytest.approx([0, 2 / 6**0.5])


def test_who_has_no_score_without_a_criterion_is_counted_apart():
    scores = scores_of({"a": [90, 10], "b": [60, "-"], "c": [30, 50]}, [50, 50])
    got = leave_one_criterion_out(scores)
    assert got["n_lost"].tolist() == [1, 0]
    alone = leave_one_criterion_out(scores_of({"a": [90], "b": [60]}, [100]))
    assert pd.isna(alone.loc["c0", "mean_shift"])
    assert alone.loc["c0", "n_lost"] == 2


def chain(**parts) -> Inventory:
    """Projects A to D: B builds on A, C on B; the enabling effect counts as much as the points."""
    criteria = (
        {"id": "K1", "name": "Nutzen", "weight": 50.0},
        {"id": "K2", "name": "Ermöglichung", "weight": 50.0, "target": 100.0, "computed": "enabling_effect"},
    )
    whole = {
        "projects": [project(name) for name in "ABCD"],
        "impact_ratings": points(A=1, B=6, C=8, D=5),
        "dependencies": [link("B", "requires", "A"), link("C", "end_before_start", "B")],
    }
    strategy = make_strategy(impact={"rule": "weighted_mean", "source": "test", "criteria": criteria})
    return make_inventory(strategy, **whole | parts)


def test_a_project_left_out_of_a_chain_enables_and_is_enabled_no_more():
    # A has half of B's 60 and a quarter of C's 80, B has half of C: A 10, 50 · B 60, 40 · C 80, 0 · D 50, 0
    scores = score_impact(chain())
    assert scores.table["score"].tolist() == pytest.approx([30, 50, 40, 25])
    got = leave_one_project_out(scores)
    # without A nothing; without B (and so C) A has 10, 0 and falls behind D; without C A has 10, 30, B 60, 0,
    # and A is behind D again
    assert got["n_changed"].tolist() == [0, 1, 2, 0]
    assert got["max_change"].tolist() == pytest.approx([0, 25, 20, 0])
    assert got["n_moved"].tolist() == [0, 2, 2, 0]
    one = leave_one_project_out(scores, alternatives=["C"])
    pd.testing.assert_frame_equal(one, got.loc[["C"]])


def test_without_a_project_scores_are_those_of_an_inventory_without_it():
    rng = np.random.default_rng(3)
    names = [f"p{k}" for k in range(9)]
    pairs = {tuple(rng.choice(9, 2, replace=False).tolist()) for _ in range(14)}  # with circles
    inventory = chain(
        projects=[project(name) for name in names],
        impact_ratings=points(
            **dict(zip(names, [*rng.integers(0, 11, 7).tolist(), None, None], strict=True))
        ),
        dependencies=[link(names[a], "requires", names[b]) for a, b in sorted(pairs)],
    )
    scores = score_impact(inventory)
    field = scores.table.index[scores.table["rank"].notna()]

    def rescore(rest: pd.Index) -> Scores:
        return score_impact(inventory.replace(projects=inventory.projects.loc[rest]))

    got = leave_one_project_out(scores)
    assert len(field) == 7
    assert got["n_changed"].max() >= 2
    pd.testing.assert_frame_equal(got, leave_one_project_out(scores, rescore=rescore))


def test_other_weights_are_kept_when_a_project_is_left_out():
    scores = score_impact(chain())
    criteria = scores.criteria.assign(weight=[90.0, 10.0])
    other = score_table(scores.raw, scores.states, criteria, rule="weighted_mean")
    kept = replace(other, inventory=scores.inventory, what="impact", unit="project")
    assert leave_one_project_out(kept)["max_change"].tolist() == pytest.approx(
        [0, 5, 4, 0]
    )  # a fifth of 25, 20


def test_without_computed_links_nothing_is_scored_again():
    plain = score_impact(
        make_inventory(
            make_strategy(),
            projects=[project("A"), project("B")],
            impact_ratings=points(A=1, B=None),
            dependencies=[link("B", "requires", "A")],
        )
    )
    assert leave_one_project_out(plain).to_numpy().tolist() == [[0, 0, 0]] * 2
    assert leave_one_project_out(scores_of({"a": [80]}, [100])).to_numpy().tolist() == [[0, 0, 0]]


def test_other_links_are_for_the_caller_to_follow():
    values = {"a": [60.0], "b": [50.0], "c": [55.0]}
    needs = {"a": "b"}  # b earns 20 points for making a possible

    def rescore(rest: pd.Index) -> Scores:
        extra = {
            label: 20.0 for label in needs.values() if {k for k, v in needs.items() if v == label} & {*rest}
        }
        return scores_of({k: [v[0] + extra.get(k, 0)] for k, v in values.items() if k in rest}, [100])

    scores = rescore(pd.Index(list("abc")))
    got = leave_one_project_out(scores, rescore=rescore, alternatives=["a", "c"])
    assert got.loc["a"].tolist() == [1, 20, 2]  # b falls behind c
    assert got.loc["c"].tolist() == [0, 0, 0]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda s: weight_stability(s, 0), "k must be from 1 to 2, the number that have a rank, not 0"),
        (lambda s: weight_stability(s, 3), "not 3"),
        (lambda s: overtaking_weights(s, "z"), "alternative must be one that has a rank, not 'z'"),
        (lambda s: leave_one_criterion_out(s, k=0), "k must be at least 1, not 0"),
        (lambda s: leave_one_project_out(s, alternatives=["z"]), r"among those scored, not \['z'\]"),
    ],
)
def test_wrong_calls_name_what_was_given(call, message):
    with pytest.raises(ValueError, match=message):
        call(scores_of({"a": [80, 20], "b": [40, 10]}, [60, 40]))


def test_rules_that_differ_by_level_have_no_closed_form():
    criteria = pd.DataFrame(
        {"weight": [60.0, 40], "floor": 0, "target": 100, "group": ["x", "y"]}, index=["a", "b"]
    )
    raw = pd.DataFrame({"a": [10.0, 20], "b": [30.0, 10]})
    mixed = score_table(raw, None, criteria, rule="weighted_mean", group_rule="geometric")
    with pytest.raises(ValueError, match=r"one rule on all levels, not \['geometric', 'weighted_mean'\]"):
        weight_stability(mixed, 1)
