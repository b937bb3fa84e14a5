"""Weights: known answers, judgements that contradict each other, and groups side by side."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pymcdm.weights.subjective
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from digistrat.scoring.weights import (
    DONEGAN_DODD_1991,
    SAATY_1980,
    aggregate_weights,
    group_rankings,
    pairwise_weights,
    point_weights,
    rank_order_centroid,
    swing_weights,
    worst_judgement,
)


def judged(upper: dict[tuple[str, str], float], names: str) -> pd.DataFrame:
    """Return the reciprocal matrix of judgements; pairs that are not named are alike."""
    matrix = pd.DataFrame(1.0, index=list(names), columns=list(names))
    for (a, b), ratio in upper.items():
        matrix.loc[a, b], matrix.loc[b, a] = ratio, 1 / ratio
    return matrix


# --- points, swings, order ---


def test_points_and_swings_are_shared_out():
    assert point_weights(pd.Series({"a": 50, "b": 30, "c": 20})).to_dict() == {"a": 0.5, "b": 0.3, "c": 0.2}
    assert point_weights(pd.Series({"a": 1, "b": 0})).tolist() == [1, 0]
    got = swing_weights(pd.Series({"a": 100, "b": 75, "c": 25}))
    assert got.tolist() == [0.5, 0.375, 0.125]


@pytest.mark.parametrize(
    ("n", "expected"),
    # Barron & Barrett (1996), table 1; sums of 1/n + … + 1/k over n by hand
    [
        (1, [1]),
        (2, [0.75, 0.25]),
        (3, [11 / 18, 5 / 18, 2 / 18]),
        (4, [25 / 48, 13 / 48, 7 / 48, 3 / 48]),
    ],
)
def test_rank_order_centroid(n, expected):
    got = rank_order_centroid([f"c{i}" for i in range(n)])
    assert got.tolist() == pytest.approx(expected, abs=1e-12)
    assert got.index.tolist() == [f"c{i}" for i in range(n)]


def test_rank_order_centroid_is_the_mean_of_all_weights_in_that_order():
    drawn = np.sort(np.random.default_rng(1).dirichlet(np.ones(5), 100_000), axis=1)[:, ::-1]
    np.testing.assert_allclose(rank_order_centroid(list("abcde")), drawn.mean(axis=0), rtol=0, atol=0.002)


# --- pairwise comparison ---


@settings(max_examples=60)
@given(st.integers(1, 15).flatmap(lambda n: arrays(float, n, elements=st.floats(0.05, 1))))
def test_consistent_judgements_give_back_their_weights(weights):
    names = [f"c{i}" for i in range(len(weights))]
    matrix = pd.DataFrame(weights[:, None] / weights, index=names, columns=names)
    got, ratio = pairwise_weights(matrix)
    np.testing.assert_allclose(got, weights / weights.sum(), rtol=0, atol=1e-9)
    assert 0 <= ratio < 1e-9
    assert (worst_judgement(matrix)["factor"] < 1 + 1e-9).all()


@settings(max_examples=60)
@given(st.integers(0, 10_000), st.integers(3, 9))
def test_weights_are_the_principal_eigenvector_and_labels_align(seed, n):
    rng = np.random.default_rng(seed)
    scale = [1 / 9, 1 / 7, 1 / 5, 1 / 3, 1, 3, 5, 7, 9]
    names = "abcdefghi"[:n]
    upper = {(a, b): rng.choice(scale) for i, a in enumerate(names) for b in names[i + 1 :]}
    matrix = judged(upper, names)
    weights, ratio = pairwise_weights(matrix)
    image = matrix.to_numpy() @ weights.to_numpy()
    root = image.sum()  # weights sum to 1
    np.testing.assert_allclose(image, root * weights, rtol=0, atol=1e-9)
    assert (weights > 0).all()
    assert ratio == pytest.approx((root - n) / (n - 1) / SAATY_1980[n], abs=1e-9)
    other = pairwise_weights(matrix, random_index=DONEGAN_DODD_1991)[1]
    assert other * DONEGAN_DODD_1991[n] == pytest.approx(ratio * SAATY_1980[n], abs=1e-12)
    turned, same = pairwise_weights(matrix.iloc[::-1])  # rows turned, columns not
    np.testing.assert_allclose(turned[weights.index], weights, rtol=0, atol=1e-9)
    assert same == pytest.approx(ratio, abs=1e-9)
    np.testing.assert_allclose(
        pymcdm.weights.subjective.AHP(matrix=matrix.to_numpy())(), weights, rtol=0, atol=1e-6
    )


def test_two_criteria_cannot_contradict_each_other():
    weights, ratio = pairwise_weights(judged({("a", "b"): 4}, "ab"))
    assert weights.tolist() == pytest.approx([0.8, 0.2])
    assert ratio == 0


@settings(max_examples=60)
@given(
    arrays(float, 6, elements=st.floats(0.2, 1)),
    st.sampled_from([(i, j) for i in range(6) for j in range(i + 1, 6)]),
    st.sampled_from([1 / 9, 1 / 4, 4, 9]),
)
def test_the_one_judgement_that_was_turned_is_found(weights, pair, error):
    ratios = weights[:, None] / weights
    i, j = pair
    ratios[i, j] *= error
    ratios[j, i] /= error
    names = list("abcdef")
    matrix = pd.DataFrame(ratios, index=names, columns=names)
    pairs = worst_judgement(matrix)
    assert len(pairs) == 15
    assert pairs.loc[0, ["a", "b"]].tolist() == [names[i], names[j]]
    assert pairs.loc[0, "given"] == pytest.approx(ratios[i, j])
    assert pairs["factor"].is_monotonic_decreasing
    assert pairs["factor"].min() >= 1
    assert pairwise_weights(matrix)[1] > 0.01


def test_judgements_of_two_decimals_are_taken():
    matrix = judged({("a", "b"): 7, ("a", "c"): 8, ("b", "c"): 1}, "abc").round(2)
    weights, ratio = pairwise_weights(matrix)
    assert weights["a"] == pytest.approx(0.79, abs=0.01)
    assert ratio < 0.01


# --- groups ---

VALUES = pd.DataFrame(
    {"use": [80.0, 20.0, 50.0], "reach": [40.0, 60.0, np.nan]}, index=["portal", "archive", "net"]
)
GROUPS = pd.DataFrame({"reach": [1, 90], "use": [3, 10]}, index=["offices", "citizens"])


def test_groups_rank_side_by_side():
    got = group_rankings(VALUES, GROUPS, coverage_threshold=0.7)
    assert got["score"].loc["portal"].to_dict() == pytest.approx({"offices": 70, "citizens": 44})
    assert got["score"].loc["archive"].to_dict() == pytest.approx({"offices": 30, "citizens": 56})
    # 75 % of the weight is known of the third for offices, 10 % for citizens
    assert got["rank"]["offices"].tolist() == [1, 3, 2]
    assert got["rank"]["citizens"].tolist() == [2, 1, pd.NA]
    assert got["rank_range"].loc["portal"].to_dict() == {"best": 1, "worst": 2, "width": 1}
    assert got["rank_range"].loc["net"].isna().all()


def test_groups_rank_by_the_rule_and_the_states_that_are_given():
    states = pd.DataFrame("assessed", index=VALUES.index, columns=VALUES.columns)
    states.loc["net", "reach"] = "not_applicable"
    got = group_rankings(VALUES, GROUPS, states, rule="geometric")
    assert got["score"].loc["portal", "offices"] == pytest.approx(80**0.75 * 40**0.25)
    assert got["score"].loc["net"].tolist() == pytest.approx([50, 50])
    assert got["rank"]["citizens"].tolist() == [3, 1, 2]


def test_weights_of_all_groups_are_their_mean_by_declared_shares():
    got = aggregate_weights(GROUPS, pd.Series({"citizens": 0.25, "offices": 0.75}))
    assert got.to_dict() == pytest.approx(
        {"reach": 0.75 * 0.25 + 0.25 * 0.9, "use": 0.75 * 0.75 + 0.25 * 0.1}
    )


@settings(max_examples=60)
@given(arrays(float, (3, 4), elements=st.floats(0.01, 10)), st.integers(0, 1000))
def test_points_in_common_or_in_shares_give_the_same_and_every_set_sums_to_one(groups, seed):
    shares = pd.Series(np.random.default_rng(seed).dirichlet(np.ones(3)))
    frame = pd.DataFrame(groups)
    got = aggregate_weights(frame, shares)
    assert got.sum() == pytest.approx(1, abs=1e-12)
    np.testing.assert_allclose(aggregate_weights(frame * 7, shares[::-1]), got, rtol=0, atol=1e-12)
    assert (got <= frame.div(frame.sum(axis=1), axis=0).max() + 1e-12).all()
    point = point_weights(frame.loc[0])
    assert point.sum() == pytest.approx(1, abs=1e-12)


# --- wrong calls ---


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: point_weights(pd.Series({"a": 1, "b": -1})), "points must not be negative"),
        (lambda: point_weights(pd.Series([1, 2], index=["a", "a"])), "each criterion must stand once"),
        (lambda: point_weights(pd.Series({"a": 1, "b": None})), "points must be finite"),
        (lambda: swing_weights(pd.Series({"a": 90, "b": 10})), "largest be 100"),
        (lambda: rank_order_centroid(["a", "b", "a"]), "stand once"),
        (lambda: rank_order_centroid([]), "stand once"),
        (lambda: pairwise_weights(judged({}, "abc").iloc[:2]), "square"),
        (lambda: pairwise_weights(judged({}, "abc").rename(columns={"a": "d"})), "square"),
        (
            lambda: pairwise_weights(judged({}, "abc").replace({"b": 1.0}, 3.0)),
            "reciprocal, found 3 for 'a' over 'b' and 1 the other way",
        ),
        (lambda: pairwise_weights(-judged({}, "abc")), "positive, found -1 for 'a' over 'a'"),
        (lambda: pairwise_weights(judged({}, "abc").replace(1.0, np.nan)), "missing"),
        (
            lambda: pairwise_weights(judged({}, "abcdefghijklmnop")),
            "at most 15 criteria .no random index beyond., not 16",
        ),
        (
            lambda: aggregate_weights(GROUPS, pd.Series({"offices": 1.0})),
            r"lacking \['citizens'\], unknown \[\]",
        ),
        (
            lambda: aggregate_weights(GROUPS, pd.Series({"offices": 0.5, "citizens": 0.4})),
            "sum to 1, found sum 0.9",
        ),
        (
            lambda: aggregate_weights(GROUPS, pd.Series({"offices": 1.0, "citizens": None})),
            r"lacking \['citizens'\]",
        ),
        (lambda: aggregate_weights(GROUPS, pd.Series({"offices": 1.5, "citizens": -0.5})), "not be negative"),
        (lambda: group_rankings(VALUES, GROUPS.replace(90, -1)), "not negative and not all zero.*row 1"),
        (lambda: group_rankings(VALUES, GROUPS[["use"]]), "one entry for each"),
        (lambda: group_rankings(VALUES, pd.concat([GROUPS, GROUPS])), "one row for each group"),
    ],
)
def test_wrong_calls_name_what_was_given(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_sixteen_criteria_with_an_index_that_knows_them():
    weights, ratio = pairwise_weights(judged({}, "abcdefghijklmnop"), random_index=DONEGAN_DODD_1991)
    assert weights.tolist() == pytest.approx([1 / 16] * 16)
    assert ratio == pytest.approx(0, abs=1e-9)
