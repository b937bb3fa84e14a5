"""Where ranking methods agree: known taus, ranges, and who is left out."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digistrat.scoring.agreement import method_agreement, scores_by_method
from digistrat.scoring.composite import score_table


def test_tau_counts_pairs_in_the_same_and_in_the_other_order():
    # of the six pairs of four alternatives one is turned: (5 − 1) / 6
    scores = pd.DataFrame(
        {"one": [4.0, 3, 2, 1], "two": [40.0, 20, 30, 10], "none": [1.0] * 4}, index=list("abcd")
    )
    got = method_agreement(scores)
    assert got.tau.loc["one", "two"] == pytest.approx(4 / 6)
    assert got.tau.loc["one", "one"] == 1
    assert np.isnan(got.tau.loc["none", "one"])  # tells nothing apart
    assert got.ranks["two"].tolist() == [1, 3, 2, 4]
    assert got.rank_range.loc["b"].tolist() == [1, 3, 2]
    assert got.rank_range.loc["d"].to_dict() == {"best": 1, "worst": 4, "width": 3}
    assert "one and two, tau 0.67" in str(got)


def test_who_is_not_complete_is_left_out_and_said():
    scores = pd.DataFrame({"one": [3.0, np.nan, 1.0], "two": [1.0, 2.0, 3.0]}, index=list("abc"))
    got = method_agreement(scores)
    assert got.ranks.index.tolist() == ["a", "c"]
    assert got.scope["is_included"].tolist() == [True, False, True]
    assert got.scope["reason"].tolist() == ["", "incomplete", ""]
    assert "2 alternatives (1 left out) × 2 methods" in str(got)


def test_scores_are_compared_by_the_four_methods_over_criteria_that_count():
    criteria = pd.DataFrame({"weight": [50, 50, 0], "floor": 0, "target": 100}, index=["use", "reach", "off"])
    gap = [np.nan] * 4
    raw = pd.DataFrame({"use": [100, 60, 50, 50.0], "reach": [10, 45, np.nan, np.nan], "off": gap})
    states = raw.notna().replace({True: "assessed", False: "missing"})
    states.loc[3, "reach"] = "not_applicable"
    got = method_agreement(score_table(raw, states, criteria, rule="weighted_mean"))
    assert got.scope["reason"].tolist() == ["", "", "incomplete", "not_applicable"]
    assert got.ranks.columns.tolist() == ["weighted_sum", "weighted_product", "topsis", "promethee2"]
    assert got.ranks.index.tolist() == [0, 1]
    assert got.ranks["weighted_sum"].tolist() == [1, 2]  # 55 against 52.5
    assert got.ranks["weighted_product"].tolist() == [2, 1]  # 31.6 against 52.0
    assert got.ranks["promethee2"].tolist() == [1, 1]  # each wins one of two equal criteria


def test_nobody_complete_gives_empty_tables():
    got = method_agreement(pd.DataFrame({"one": [np.nan], "two": [1.0]}))
    assert got.ranks.empty
    assert got.rank_range.empty
    assert got.tau.isna().all(axis=None)
    assert "0 alternatives (1 left out)" in str(got)


@pytest.mark.parametrize(
    ("scores", "message"),
    [
        (pd.DataFrame({"one": [1.0, 2.0]}), r"at least two methods.*\['one'\]"),
        (pd.DataFrame({"one": [1.0, np.inf], "two": [1.0, 2.0]}), "infinite"),
    ],
)
def test_wrong_calls_name_what_was_given(scores, message):
    with pytest.raises(ValueError, match=message):
        method_agreement(scores)


@settings(max_examples=60)
@given(st.integers(0, 10_000), st.floats(1e-6, 1e6))
def test_tau_is_that_of_counted_pairs_whatever_the_scale(seed, scale):
    rng = np.random.default_rng(seed)
    values = pd.DataFrame(rng.integers(0, 4, (8, 3)) * 25.0)
    scores = scores_by_method(values, rng.dirichlet(np.ones(3)))
    got = method_agreement(scores * [scale, 1, 1, 1])
    for a in scores:
        for b in scores:
            x, y = (
                np.sign(np.round(scores[c].to_numpy()[:, None] - scores[c].to_numpy(), 9)) for c in (a, b)
            )
            pairs = np.sqrt((x != 0).sum() * (y != 0).sum())  # tau-b: pairs that are no tie, in both
            if pairs:
                assert got.tau.loc[a, b] == pytest.approx((x * y).sum() / pairs, abs=1e-9)
    assert (got.rank_range["width"] == got.ranks.max(axis=1) - got.ranks.min(axis=1)).all()
