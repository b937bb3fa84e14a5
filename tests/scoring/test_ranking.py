"""Ranking methods: single facts, float noise, wrong calls, invariants.

Published numbers stand in `test_cases`, other programs in `test_peers`.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from digistrat.scoring.ranking import (
    dominance,
    promethee2,
    rank_scores,
    topsis,
    weighted_product,
    weighted_sum,
)

# --- single facts ---


def test_ranks_share_ties_skip_after_them_and_never_stand_on_nan():
    ranks = rank_scores(pd.Series([0.3, 0.1 + 0.2, np.nan, 0.1, 0.5], index=list("abcde")))
    assert ranks.tolist() == [2, 2, pd.NA, 4, 1]
    assert ranks.dtype == "Int64"
    assert rank_scores(pd.Series([np.nan, np.nan])).isna().all()


@pytest.mark.parametrize("size", [1e-9, 1.0, 1e9])
def test_ties_are_in_proportion_to_the_scale_of_the_scores(size):
    noisy = pd.Series([0.1 + 0.2, 0.3, 0.3 + 3e-9]) * size
    assert rank_scores(noisy, scale=size).tolist() == [2, 2, 1]
    small = pd.Series([3e-10, 1e-10])
    assert rank_scores(small).tolist() == [1, 1]  # on 0–100
    assert rank_scores(small, scale=1e-9).tolist() == [1, 2]


@pytest.mark.parametrize("size", [1.0, 1e-170, 1e9])
def test_float_noise_neither_dominates_nor_is_preferred(size):
    values = pd.DataFrame({"a": [0.1 + 0.2, 0.3, 0.2], "b": [1.0, 1.0, 1.0]}) * size
    assert dominance(values).to_numpy().tolist() == [[0, 0, 1], [0, 0, 1], [0, 0, 0]]
    phi = promethee2(values, [1, 1], [1, 1])["phi"]
    assert phi.tolist() == pytest.approx([0.25, 0.25, -0.5])  # half the weight, of two others one is worse
    step = promethee2(pd.DataFrame({"a": [0.8, 0.6]}) * size, [1], [1], "linear", q=0.2 * size, p=0.2 * size)
    assert step["phi"].tolist() == [0, 0]  # 0.8 − 0.6 is the threshold, not more
    like = values.iloc[:2]
    for normalisation in ("vector", "minmax"):
        assert topsis(like, [1, 1], [1, -1], normalisation).tolist() == [0.5, 0.5]


@pytest.mark.parametrize("unit", [1e-300, 1e-170, 1e170, 1e300])
@pytest.mark.parametrize("normalisation", ["vector", "minmax"])
def test_topsis_in_units_whose_squares_are_no_floats(unit, normalisation):
    values = pd.DataFrame({"a": [3.0, 1.0, 2.0], "b": [2.0, 1.0, 1.2]})
    expected = topsis(values, [2, 1], [1, -1], normalisation)
    got = topsis(values * [unit, 1], [2, 1], [1, -1], normalisation)
    np.testing.assert_allclose(got, expected, rtol=0, atol=1e-12)


def test_dominance_needs_to_be_better_somewhere():
    got = dominance(pd.DataFrame([[1, 2], [1, 2], [2, 2], [0, 9]]))
    assert got.to_numpy().tolist() == [
        [False, False, False, False],
        [False, False, False, False],
        [True, True, False, False],
        [False, False, False, False],
    ]


def test_necessary_dominance_holds_whatever_the_values_turn_out_to_be():
    values = pd.DataFrame({"x": [5.0, np.nan, 2.0], "y": [5.0, 2.0, 2.0]}, index=list("abc"))
    low = pd.DataFrame({"y": [5, 2, 2], "x": [4, 1, 2]}, index=list("abc"))
    high = pd.DataFrame({"x": [6, 4, 2], "y": [5, 2, 2]}, index=list("abc"))
    got = dominance(values, low=low, high=high)
    assert got.loc["a"].tolist() == [False, True, True]  # b reaches 4 on x, as low as a can be, and 2 on y
    assert not got.loc[["b", "c"]].to_numpy().any()  # b may be below or above c
    certain = values.dropna()
    pd.testing.assert_frame_equal(dominance(certain, low=certain, high=certain), dominance(certain))


def test_zero_makes_a_product_zero_even_beside_a_weight_of_zero():
    assert weighted_product(pd.DataFrame([[0.0, 9.0], [4.0, 9.0]]), [1, 1]).tolist() == [0, 6]
    assert weighted_product(pd.DataFrame([[0.0, 9.0]]), [0, 1]).tolist() == [9]


def test_topsis_of_like_alternatives_tells_nothing_apart():
    for normalisation in ("vector", "minmax"):
        assert topsis(pd.DataFrame([[3, 3], [3, 3]]), [1, 1], [1, -1], normalisation).tolist() == [0.5, 0.5]
    assert topsis(pd.DataFrame({"a": []}), [1], [1]).empty


def test_topsis_with_anchors_has_fixed_ends():
    ends = pd.DataFrame([[100, 0], [0, 100], [50, 50]])
    assert topsis(ends, [1, 1], [1, -1], "anchors").tolist() == pytest.approx([1, 0, 0.5])


def test_series_are_aligned_by_label():
    values = pd.DataFrame({"a": [10.0], "b": [20.0]})
    assert weighted_sum(values, pd.Series({"b": 3, "a": 1})).tolist() == [17.5]


GAP = pd.DataFrame({"a": [1.0, np.nan], "b": [2.0, 3.0]})
FULL = GAP.fillna(1.0)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: weighted_sum(GAP, [1, 1]),
            "values must have no missing or infinite number, found 1.*1 × 'a'",
        ),
        (lambda: weighted_product(GAP, [1, 1]), "missing"),
        (lambda: weighted_sum(GAP.fillna(np.inf), [1, 0]), r"first \(inf\) at 1 × 'a'"),
        (lambda: topsis(GAP.fillna(-np.inf), [1, 1], [1, 1]), "infinite"),
        (lambda: promethee2(GAP.fillna(np.inf), [1, 1], [1, 1]), "infinite"),
        (lambda: dominance(GAP.fillna(np.inf)), "infinite"),
        (lambda: rank_scores(pd.Series([1, np.inf])), "scores must have no infinite number"),
        (lambda: rank_scores(pd.Series([1, 2]), scale=0), "scale must be above 0"),
        (lambda: rank_scores(pd.Series(["1", "2"])), "numbers only, found '1' at 0"),
        (lambda: weighted_sum(FULL.astype(str), [1, 1]), "numbers only, found '1.0' at 0 × 'a'"),
        (lambda: weighted_sum(FULL.astype(object).replace(2.0, "2"), [1, 1]), "found '2' at 0 × 'b'"),
        (lambda: weighted_sum(FULL, ["1", "1"]), "weights must be numbers"),
        (lambda: weighted_sum(FULL, [1, np.inf]), "weights must be finite"),
        (lambda: dominance(FULL, low=FULL), "given together"),
        (lambda: dominance(FULL, low=FULL + 1, high=FULL + 2), "low <= value <= high.*low 2.0, value 1.0"),
        (lambda: dominance(FULL, low=FULL[["a"]], high=FULL), "low must have one entry for each"),
        (lambda: dominance(GAP), "missing"),
        (lambda: topsis(GAP, [1, 1], [1, 1]), "missing"),
        (lambda: promethee2(GAP, [1, 1], [1, 1]), "missing"),
        (lambda: weighted_sum(FULL, [1, 1, 1]), "weights must have 2 entries"),
        (lambda: weighted_sum(FULL, [1, -1]), "weights must not be negative"),
        (lambda: weighted_sum(FULL, [0, 0]), "not all zero"),
        (lambda: weighted_sum(FULL, pd.Series({"a": 1, "c": 1})), r"not \['a', 'c'\]"),
        (lambda: weighted_product(-FULL, [1, 1]), "not be negative in a product"),
        (lambda: topsis(FULL, [1, 1], [1, 0]), r"directions must be \+1 or -1"),
        (lambda: topsis(FULL, [1, 1], [1, 1], "sum"), "normalisation must be one of vector.*'sum'"),
        (lambda: topsis(FULL * 100, [1, 1], [1, 1], "anchors"), "0–100"),
        (lambda: promethee2(FULL, [1, 1], [1, 1], "gauss"), "preference must be one of"),
        (lambda: promethee2(FULL, [1, 1], [1, 1], "linear"), "p must be given"),
        (lambda: promethee2(FULL, [1, 1], [1, 1], "usual", q=1), "belong to preference='linear'"),
        (lambda: promethee2(FULL, [1, 1], [1, 1], "linear", q=3, p=2), "0 <= q <= p"),
    ],
)
def test_wrong_calls_name_what_was_given(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_numbers_of_every_kind_are_taken_and_no_frame_is_changed():
    for values in (
        pd.DataFrame({"a": [1, 3], "b": [True, False]}),
        pd.DataFrame({"a": [1, 3], "b": [1, 0]}, dtype="Int64"),
        pd.DataFrame({"a": [1, 3], "b": [1.0, 0]}, dtype=object),
    ):
        before = values.copy()
        assert weighted_sum(values, {"b": 1, "a": 1}).tolist() == [1.0, 1.5]
        assert topsis(values, [1, 1], [1, 1]).notna().all()
        pd.testing.assert_frame_equal(values, before)


# --- invariants ---

# Numbers with noise in the last digit: 0.1 + 0.2 stands beside 0.3
shapes = st.tuples(st.integers(2, 7), st.integers(1, 4))
cells = st.integers(0, 100).map(float) | st.integers(0, 30).flatmap(
    lambda n: st.sampled_from([n * 0.1, n / 10, sum([0.1] * n)])
)
matrices = shapes.flatmap(lambda shape: arrays(float, shape, elements=cells))


@settings(max_examples=60)
@given(matrices, st.data())
def test_dominance_never_lowers_a_score(matrix, data):
    values = pd.DataFrame(matrix)
    m = matrix.shape[1]
    weights = data.draw(arrays(float, m, elements=st.floats(0.1, 10)))
    up = np.ones(m)
    better, worse = np.nonzero(dominance(values).to_numpy())
    for scores in (
        weighted_sum(values, weights),
        weighted_product(values, weights),
        topsis(values, weights, up),
        topsis(values, weights, up, "anchors"),
        promethee2(values, weights, up)["phi"],
        promethee2(values, weights, up, "linear", q=5, p=30)["phi"],
    ):
        array = scores.to_numpy()
        assert (array[better] >= array[worse] - 1e-9).all(), scores.name


@settings(max_examples=60)
@given(matrices, st.data())
def test_order_unit_and_scale_of_weights_change_nothing(matrix, data):
    values = pd.DataFrame(matrix)
    m = matrix.shape[1]
    weights = data.draw(arrays(float, m, elements=st.floats(0.1, 10)))
    directions = np.array([data.draw(st.sampled_from([-1, 1])) for _ in range(m)])
    units = data.draw(arrays(float, m, elements=st.floats(0.1, 1000)))
    turned = values.iloc[::-1, ::-1]
    for method in (
        lambda v, w, d, u: topsis(v * u, w, d),
        lambda v, w, d, u: topsis(v * u, w, d, "minmax"),
        lambda v, w, d, u: promethee2(v * u, w, d)["phi"],
        lambda v, w, d, u: promethee2(v * u, w, d, "linear", q=5 * u, p=30 * u)["phi"],
        lambda v, w, d, _: weighted_sum(v, w),
        lambda v, w, d, _: weighted_product(v, w),
    ):
        expected = method(values, weights, directions, np.ones(m))
        got = method(turned, 7 * weights[::-1], directions[::-1], units[::-1])
        np.testing.assert_allclose(got[values.index], expected, rtol=0, atol=1e-7)


@settings(max_examples=60)
@given(matrices, st.data())
def test_with_fixed_anchors_another_alternative_changes_no_score(matrix, data):
    m = matrix.shape[1]
    weights = data.draw(arrays(float, m, elements=st.floats(0.1, 10)))
    for method in (weighted_sum, weighted_product, lambda v, w: topsis(v, w, np.ones(m), "anchors")):
        whole, part = method(pd.DataFrame(matrix), weights), method(pd.DataFrame(matrix[:-1]), weights)
        np.testing.assert_allclose(whole[:-1], part, rtol=0, atol=1e-12)


@settings(max_examples=60)
@given(matrices)
def test_promethee_flows_sum_to_zero(matrix):
    m = matrix.shape[1]
    flows = promethee2(pd.DataFrame(matrix), np.ones(m), np.ones(m))
    assert flows["phi"].sum() == pytest.approx(0, abs=1e-9)
    assert flows[["phi_plus", "phi_minus"]].to_numpy().min() >= 0
    assert flows[["phi_plus", "phi_minus"]].to_numpy().max() <= 1 + 1e-12
