"""Which assumption matters: cases in which one decides everything, and one whose shares are plain sums."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digistrat.scoring.assumptions import assumption_sensitivity
from digistrat.scoring.composite import Scores, score_table
from digistrat.scoring.sobol import INDICES

SURE = {"rules": [], "exponents": [], "concentration": 1e9}  # nothing but gaps and raters


def scores_of(rows: dict[str, list], weights: list[float], rule: str = "weighted_mean", **columns) -> Scores:
    """Score rows on 0–100; None is missing. Nothing is too little to be ranked."""
    names = [f"c{j}" for j in range(len(weights))]
    raw = pd.DataFrame.from_dict(rows, orient="index", columns=names).astype(float)
    criteria = pd.DataFrame({"weight": weights, "floor": 0.0, "target": 100.0} | columns, index=names)
    return score_table(raw, None, criteria, rule=rule, coverage_threshold=0, group_threshold=0)


def rated_twice(scores: Scores, office: dict[tuple[str, str], float]) -> Scores:
    """Let the office have rated some cells otherwise; all ratings that count are moderated ones."""
    own = scores.raw.copy()
    for (row, column), rating in office.items():
        own.loc[row, column] = rating
    return replace(scores, raw_office=own, raw_moderated=scores.raw)


def test_an_assumption_that_changes_nothing_has_no_index():
    rows = {"a": [90, 20], "b": [60, 45], "c": [30, 70]}
    scores = scores_of(rows, [50, 50])
    got = assumption_sensitivity(scores, rules=["weighted_mean"], exponents=[1.0], n=256)
    assert got.index.tolist() == ["rule", "weights", "gaps", "values", "raters"]
    assert got["varies"].tolist() == [False, True, False, False, False]
    assert (got.loc[["rule", "gaps", "values", "raters"], INDICES] == 0).all(axis=None)
    for order in ("first", "total"):  # all of the variance, up to sampling
        assert got.loc["weights", f"{order}_lower"] < 1 < got.loc["weights", f"{order}_upper"]
        assert got.loc["weights", order] == pytest.approx(1, abs=0.15)


def test_only_the_rule_matters_where_weights_are_sure():
    rows = {"a": [100, 16], "b": [50, 50], "c": [45, 50]}  # 58 against 50; 40 against 50 by the root
    scores = scores_of(rows, [50, 50])
    got = assumption_sensitivity(scores, rules=["geometric"], exponents=[], concentration=1e9, n=256)
    assert got["total"].tolist() == pytest.approx([1, 0, 0, 0, 0], abs=0.1)
    # half of the samples have the other rule; there a falls from 1 to 3 and the others rise by one
    assert got["mean_shift"].tolist() == pytest.approx([(2 + 1 + 1) / 3 / 2] * 5, abs=0.02)


def test_a_zero_does_not_decide_alone_under_another_rule():
    # 1 + 0.99 v: the root of 1 · 100 is more than that of 5.95 · 5.95; of 0 · 100 it is 0 and less than 5
    rows = {"a": [0, 100], "b": [5, 5]}
    options = {"exponents": [], "concentration": 1e9, "n": 256}
    mean = scores_of(rows, [50, 50])
    assert (assumption_sensitivity(mean, rules=["geometric"], **options)["mean_shift"] == 0).all()
    bare = assumption_sensitivity(mean, rules=["geometric"], least=0, **options)
    assert bare["mean_shift"].iloc[0] == pytest.approx(1 / 2, abs=0.02)
    root = scores_of(
        rows, [50, 50], "geometric"
    )  # the own rule is as declared: b is first, a by the mean only
    declared = assumption_sensitivity(root, rules=["weighted_mean"], **options)
    assert declared["mean_shift"].iloc[0] == pytest.approx(1 / 2, abs=0.02)


def test_only_gaps_matter_where_the_rest_is_sure():
    scores = scores_of({"a": [80, None], "b": [60, 60], "c": [40, 40]}, [50, 50])
    got = assumption_sensitivity(scores, **SURE, n=256, include="all")
    assert got["total"].tolist() == pytest.approx([0, 0, 1, 0, 0], abs=0.1)
    # ranks as they are 1, 2, 3; a is behind b while u < 40: two shifts of one
    assert got["mean_shift"].iloc[0] == pytest.approx(0.4 * 2 / 3, abs=0.03)


def test_only_the_shape_of_the_values_matters():
    # p = 1: 58 against 50; p = 1/2: 10 + 4 < 2 · 7.07, so that a falls behind; p = 2: 1 + 0.026 > 2 · 0.25
    scores = scores_of({"a": [100, 16], "b": [50, 50]}, [50, 50])
    got = assumption_sensitivity(scores, rules=[], concentration=1e9, n=256)
    assert got["total"].tolist() == pytest.approx([0, 0, 0, 1, 0], abs=0.1)
    assert got["mean_shift"].iloc[0] == pytest.approx(1 / 3, abs=0.02)
    convex = assumption_sensitivity(scores, rules=[], exponents=[2.0, 3.0], concentration=1e9, n=64)
    assert convex["mean_shift"].tolist() == [0] * 5
    assert convex.loc["values", INDICES].isna().all()  # may vary, but no sample differs
    assert (convex.loc[["rule", "gaps", "raters"], INDICES] == 0).all(axis=None)


def test_only_who_rated_matters():
    # moderated 60 against 50; the office's own 30, the mean 45: behind in two of three
    scores = rated_twice(scores_of({"a": [60], "b": [50]}, [100]), {("a", "c0"): 30.0})
    got = assumption_sensitivity(scores, n=256)
    assert got["varies"].tolist() == [True, False, False, True, True]  # one weight cannot vary
    assert got["total"].tolist() == pytest.approx([0, 0, 0, 0, 1], abs=0.1)
    assert got["mean_shift"].iloc[0] == pytest.approx(2 / 3, abs=0.02)
    office = assumption_sensitivity(scores, raters=["office"], n=256)
    assert office["mean_shift"].iloc[0] == pytest.approx(1 / 2, abs=0.02)
    nobody = assumption_sensitivity(scores, raters=[], n=256)
    assert nobody["varies"].tolist() == [True, False, False, True, False]


def test_the_mean_of_two_ratings_is_taken_before_the_value_function():
    # steps at 4 and 8: 10 is worth 100, 2 is worth 0, and their mean 6 the 40 of the step between
    steps = {"shape": "stepwise", "points": [[(4, 40), (8, 100)]], "target": 10.0}
    scores = rated_twice(scores_of({"a": [10], "b": [5]}, [100], **steps), {("a", "c0"): 2.0})
    got = assumption_sensitivity(scores, raters=["mean"], n=64)
    assert got["mean_shift"].iloc[0] == pytest.approx(0.5 * 0.5, abs=0.02)  # a tie at 40: only b moves


def test_shares_of_three_assumptions_that_only_add_up():
    # Three pairs in bands of their own, by c2 with four fifths of the weight: no pair passes another. Each
    # is turned by one assumption alone, which moves two of six alternatives by one rank: y = (R + V + G) / 3.
    # c0 and c1 decide within a pair: of the first by whose rating counts (60 or 10, and their mean, against
    # 40: two of three), of the second by the shape (116 : 100, √ 140 : 141.4, squares 102.6 : 50: one of
    # three), of the third by a yes or no (20 + 0 or 100 against 60; √ 44.7 + 0 or 100 : 109.5; squares 4 + 0
    # or 100 : 18: one of two). The variances are 2/9, 2/9 and 1/4, so the shares 8, 8 and 9 of 25.
    rows = {
        "a": [60, 50, 100],
        "b": [40, 50, 100],
        "c": [100, 16, 50],
        "d": [50, 50, 50],
        "e": [20, None, 0],
        "f": [30, 30, 0],
    }
    plain = scores_of(rows, [10, 10, 80], step=[0.0, 100.0, 0.0])
    assert plain.table["rank"].tolist() == [1, 2, 3, 4, 6, 5]
    scores = rated_twice(plain, {("a", "c0"): 10.0})
    got = assumption_sensitivity(scores, rules=[], concentration=1e9, n=2048)
    expected = {"rule": 0, "weights": 0, "gaps": 9 / 25, "values": 8 / 25, "raters": 8 / 25}
    for order in ("first", "total"):
        assert got[order].to_dict() == pytest.approx(expected, abs=0.03)
        for name in ("gaps", "values", "raters"):
            assert got.loc[name, f"{order}_lower"] < expected[name] < got.loc[name, f"{order}_upper"]
    assert (got.loc[["rule", "weights"], ["first", "total"]] == 0).all(axis=None)
    assert got["mean_shift"].iloc[0] == pytest.approx((2 / 3 + 1 / 3 + 1 / 2) / 3, abs=0.01)


def test_two_assumptions_that_only_matter_together():
    # a falls behind b only by the office's rating (half) and with the roots of the values (half): 100 and 16
    # against 50 and 50. y = R V has variance 3/16; each alone explains V(E(y | R)) = 1/16, together 3/16, so
    # that the total of each is 2/3.
    scores = rated_twice(scores_of({"a": [100, 36], "b": [50, 50]}, [50, 50]), {("a", "c1"): 16.0})
    got = assumption_sensitivity(
        scores, rules=[], exponents=[0.5], raters=["office"], concentration=1e9, n=2048
    )
    assert got.loc[["values", "raters"], "first"].tolist() == pytest.approx([1 / 3, 1 / 3], abs=0.04)
    assert got.loc[["values", "raters"], "total"].tolist() == pytest.approx([2 / 3, 2 / 3], abs=0.04)


def test_what_cannot_vary_leaves_the_others_as_they_are():
    scores = scores_of({"a": [90, 20, None], "b": [60, 45, 30], "c": [30, 70, 80]}, [40, 40, 20])
    plain = assumption_sensitivity(scores, exponents=[], n=128)
    alike = rated_twice(scores, {})
    pd.testing.assert_frame_equal(assumption_sensitivity(alike, exponents=[1.0], n=128), plain)
    assert plain.loc["raters", INDICES].tolist() == [0] * 6
    bounded = replace(alike, raw_office=alike.raw_office + 1e-12)  # float noise is no other opinion
    pd.testing.assert_frame_equal(assumption_sensitivity(bounded, exponents=[], n=128), plain)


def test_ratings_of_others_than_those_ranked_play_no_part():
    rows = {"a": [60, 60], "b": [50, 50], "open": [80, None]}
    names = [f"c{j}" for j in range(2)]
    criteria = pd.DataFrame({"weight": [50.0, 50], "floor": 0.0, "target": 100.0}, index=names)
    raw = pd.DataFrame.from_dict(rows, orient="index", columns=names).astype(float)
    scores = rated_twice(score_table(raw, None, criteria, rule="weighted_mean"), {("open", "c0"): 0.0})
    assert not assumption_sensitivity(scores, n=64).loc[["gaps", "raters"], "varies"].any()
    idle = rated_twice(scores_of(rows, [100, 0]), {("a", "c1"): 0.0})  # a criterion without weight
    assert not assumption_sensitivity(idle, n=64).loc["raters", "varies"]
    both = assumption_sensitivity(scores, n=64, include="all")
    assert both.loc[["gaps", "raters"], "varies"].all()


def test_nothing_to_vary_at_all():
    got = assumption_sensitivity(scores_of({"a": [60], "b": [50]}, [100]), rules=[], exponents=[])
    assert not got["varies"].any()
    assert (got[[*INDICES, "mean_shift"]] == 0).all(axis=None)


@settings(max_examples=15)
@given(st.integers(0, 10_000), st.sampled_from(["weighted_mean", "geometric", "minimum"]), st.booleans())
def test_indices_are_shares_and_the_same_for_the_same_seed(seed, rule, is_nested):
    rng = np.random.default_rng(seed)
    cells = rng.uniform(1, 100, (6, 4)).round().astype(object)
    cells[rng.random((6, 4)) < 0.15] = None
    groups = {"group": list("xxyy")} if is_nested else {}
    scores = scores_of(
        {f"p{i}": row for i, row in enumerate(cells.tolist())}, [40, 30, 20, 10], rule, **groups
    )
    if not (scores.table["state"] == "scored").any():
        return
    scores = rated_twice(scores, {("p1", "c0"): 5.0})
    got = assumption_sensitivity(scores, n=32, seed=seed)
    known = got.dropna()
    assert (known["total"] >= 0).all()
    assert (known["total_lower"] <= known["total_upper"]).all()
    assert got["mean_shift"].between(0, 5).all()
    assert (got.loc[~got["varies"], INDICES] == 0).all(axis=None)
    pd.testing.assert_frame_equal(got, assumption_sensitivity(scores, n=32, seed=seed))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"rules": ["median"]}, "rules must be one of .*, not 'median'"),
        ({"include": "some"}, "include must be one of scored, all"),
        ({"exponents": [1.0, 0.0]}, r"exponents must be above 0 and finite, not \[1.0, 0.0\]"),
        ({"exponents": [np.inf]}, "exponents must be above 0"),
        ({"least": 100}, "least must be from 0 to below 100, not 100"),
        ({"raters": ["chamber"]}, "raters must be one of moderated, office, mean, not 'chamber'"),
    ],
)
def test_wrong_calls_name_what_was_given(options, message):
    with pytest.raises(ValueError, match=message):
        assumption_sensitivity(scores_of({"a": [80, 20], "b": [40, 10]}, [60, 40]), **options)


def test_nobody_with_a_score_cannot_be_ranked():
    with pytest.raises(ValueError, match="at least one alternative with a score"):
        assumption_sensitivity(scores_of({"a": [None]}, [100]))
