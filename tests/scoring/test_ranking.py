"""Ranking methods against published cases, pymcdm and dominance."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pymcdm.methods
import pymcdm.normalizations
import pytest
from hypothesis import given
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

# --- published numbers ---


def test_topsis_of_hodgetts_three_cars():
    # Hodgett, TOPSIS in Excel; R package MCDA 0.1.0, tests/testthat/test-TOPSIS.R
    cars = pd.DataFrame(
        [[5490, 51.4, 8.5, 285], [6500, 70.6, 7, 288], [6489, 54.3, 7.5, 290]],
        index=["Corsa", "Clio", "Fiesta"],
    )
    closeness = topsis(cars, [0.35, 0.25, 0.25, 0.15], [-1, 1, 1, 1])
    assert closeness.tolist() == pytest.approx([0.4817, 0.5182, 0.178], abs=5e-5)


def test_topsis_with_minmax_of_opricovic_and_tzeng_2004():
    # European Journal of Operational Research 156(2) 445–455
    sites = pd.DataFrame({"risk": [1, 2, 5], "altitude": [3000, 3750, 4500]}, index=["A1", "A2", "A3"])
    closeness = topsis(sites, [0.5, 0.5], [-1, 1], normalisation="minmax")
    assert closeness.tolist() == pytest.approx([0.5, 0.617, 0.5], abs=5e-4)


def test_geometric_ranks_of_the_oecd_handbook_table_38(shared):
    case = json.loads((shared / "data/cases/oecd_tai23.json").read_text("utf-8"))
    raw = pd.DataFrame(case["matrix"], index=case["units"])
    ranks = rank_scores(weighted_product(raw, np.ones(8)))
    assert ranks[case["rank_units_order"]].tolist() == case["ranks_by_aggregation"]["GME_on_raw_values"]


# JMcDM (Julia), test/mcdm/testpromethee.jl: the vector there has its sign turned
COUNTER_MATRIX = pd.DataFrame(
    [
        [42, 35, 43, 51],
        [89, 72, 92, 85],
        [14, 85, 17, 40],
        [57, 60, 45, 80],
        [48, 32, 43, 40],
        [71, 45, 60, 85],
        [69, 40, 72, 55],
        [64, 35, 70, 60],
    ]
)
COUNTER_PHI = [0.07, -0.15, -0.06, -0.05, 0.1, 0, 0.03, 0.06]


def test_promethee_counter_example_is_refuted_by_dominance():
    phi = promethee2(
        COUNTER_MATRIX,
        [0.25, 0.35, 0.22, 0.18],
        [1, 1, 1, 1],
        "linear",
        q=[49, 0, 45, 30],
        p=[100, 98, 95, 80],
    )["phi"]
    assert (-phi).tolist() == pytest.approx(COUNTER_PHI, abs=0.005)  # same size, other sign
    better, worse = np.nonzero(dominance(COUNTER_MATRIX).to_numpy())
    assert (1, 4) in list(zip(better.tolist(), worse.tolist(), strict=True))
    assert (phi.to_numpy()[better] >= phi.to_numpy()[worse]).all()
    printed = np.array(COUNTER_PHI)
    assert (printed[better] < printed[worse]).any()


# --- the oracle ---


@pytest.mark.filterwarnings("ignore:Alternatives with indices")
@pytest.mark.parametrize("seed", range(200))
def test_agrees_with_pymcdm(seed):
    rng = np.random.default_rng(seed)
    n, m = rng.integers(3, 12), rng.integers(2, 7)
    matrix = rng.uniform(1, 100, (n, m)).round(int(rng.integers(0, 4)))
    weights = rng.dirichlet(np.ones(m))
    types = rng.choice([-1, 1], m)
    types[0] = 1
    frame = pd.DataFrame(matrix)
    q, p = rng.uniform(0, 10, m), rng.uniform(20, 60, m)
    norm = pymcdm.normalizations

    def agree(ours, theirs):
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-9)

    agree(
        topsis(frame, weights, types, "vector"),
        pymcdm.methods.TOPSIS(norm.vector_normalization)(matrix, weights, types),
    )
    if (np.ptp(matrix, axis=0) > 0).all():
        agree(
            topsis(frame, weights, types, "minmax"),
            pymcdm.methods.TOPSIS(norm.minmax_normalization)(matrix, weights, types),
        )
    agree(
        promethee2(frame, weights, types)["phi"],
        pymcdm.methods.PROMETHEE_II("usual")(matrix, weights, types),
    )
    agree(
        promethee2(frame, weights, types, "linear", q=q, p=p)["phi"],
        pymcdm.methods.PROMETHEE_II("vshape_2", p=p, q=q)(matrix, weights, types),
    )
    shares = matrix / matrix.sum(axis=0)  # what pymcdm normalises by in its sum and product
    gains = np.ones(m)
    agree(
        weighted_sum(pd.DataFrame(shares), weights),
        pymcdm.methods.WSM(norm.sum_normalization)(matrix, weights, gains),
    )
    agree(
        weighted_product(pd.DataFrame(shares), weights),
        pymcdm.methods.WPM(norm.sum_normalization)(matrix, weights, gains),
    )


# --- single facts ---


def test_ranks_share_ties_skip_after_them_and_never_stand_on_nan():
    ranks = rank_scores(pd.Series([0.3, 0.1 + 0.2, np.nan, 0.1, 0.5], index=list("abcde")))
    assert ranks.tolist() == [2, 2, pd.NA, 4, 1]
    assert ranks.dtype == "Int64"
    assert rank_scores(pd.Series([np.nan, np.nan])).isna().all()


def test_dominance_needs_to_be_better_somewhere():
    got = dominance(pd.DataFrame([[1, 2], [1, 2], [2, 2], [0, 9]]))
    assert got.to_numpy().tolist() == [
        [False, False, False, False],
        [False, False, False, False],
        [True, True, False, False],
        [False, False, False, False],
    ]


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
        (lambda: weighted_sum(GAP, [1, 1]), "values must have no missing number, found 1.*1 × 'a'"),
        (lambda: weighted_product(GAP, [1, 1]), "missing"),
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


# --- invariants ---

matrices = st.tuples(st.integers(2, 7), st.integers(1, 4)).flatmap(
    lambda shape: arrays(float, shape, elements=st.integers(0, 100).map(float))
)


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


@given(matrices, st.data())
def test_with_fixed_anchors_another_alternative_changes_no_score(matrix, data):
    m = matrix.shape[1]
    weights = data.draw(arrays(float, m, elements=st.floats(0.1, 10)))
    for method in (weighted_sum, weighted_product, lambda v, w: topsis(v, w, np.ones(m), "anchors")):
        whole, part = method(pd.DataFrame(matrix), weights), method(pd.DataFrame(matrix[:-1]), weights)
        np.testing.assert_allclose(whole[:-1], part, rtol=0, atol=1e-12)


@given(matrices)
def test_promethee_flows_sum_to_zero(matrix):
    m = matrix.shape[1]
    flows = promethee2(pd.DataFrame(matrix), np.ones(m), np.ones(m))
    assert flows["phi"].sum() == pytest.approx(0, abs=1e-9)
    assert flows[["phi_plus", "phi_minus"]].to_numpy().min() >= 0
    assert flows[["phi_plus", "phi_minus"]].to_numpy().max() <= 1 + 1e-12
