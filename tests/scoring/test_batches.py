"""Many weight vectors at once: as one by one, first k and pairs as by full ranks."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import rankdata

from digistrat.scoring import draws
from digistrat.scoring.batches import first_k_acceptability, pairwise_winning, scores_by_weights
from digistrat.scoring.ranking import promethee2, topsis, weighted_product, weighted_sum

UP_DOWN = [1, -1, 1]
CALLS = {
    "weighted_sum": ({}, weighted_sum),
    "weighted_product": ({}, weighted_product),
    "topsis": ({"directions": UP_DOWN}, lambda v, w: topsis(v, w, UP_DOWN)),
    "topsis minmax": (
        {"directions": UP_DOWN, "normalisation": "minmax"},
        lambda v, w: topsis(v, w, UP_DOWN, "minmax"),
    ),
    "topsis anchors": ({"normalisation": "anchors"}, lambda v, w: topsis(v, w, [1, 1, 1], "anchors")),
    "promethee2": ({"directions": UP_DOWN}, lambda v, w: promethee2(v, w, UP_DOWN)["phi"]),
    "promethee2 linear": (
        {"directions": UP_DOWN, "preference": "linear", "q": 5, "p": [20, 30, 5]},
        lambda v, w: promethee2(v, w, UP_DOWN, "linear", q=5, p=[20, 30, 5])["phi"],
    ),
}


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("piece", [7, 2**21])
def test_scores_are_those_of_the_plain_function(name, piece, monkeypatch):
    monkeypatch.setattr(draws, "BLOCK", piece)
    rng = np.random.default_rng(4)
    values = pd.DataFrame(rng.integers(0, 100, (6, 3)).astype(float), index=list("abcdef"))
    values.iloc[1, 2] = 0.0  # makes a product zero, unless the criterion has no weight
    weights = pd.DataFrame(rng.dirichlet(np.ones(3), 9), index=range(100, 109))
    weights.iloc[3] = [1, 1, 0]
    options, plain = CALLS[name]
    got = scores_by_weights(name.split()[0], values, 5 * weights[[2, 0, 1]], **options)
    assert got.index.tolist() == list(range(100, 109))
    for sample, weight in weights.iterrows():
        np.testing.assert_allclose(got.loc[sample], plain(values, weight), rtol=0, atol=1e-12)


def test_alternatives_alike_are_told_apart_by_no_weights():
    alike = pd.DataFrame([[3.0, 3.0], [3.0, 3.0]])
    assert scores_by_weights("topsis", alike, np.eye(2)).to_numpy().tolist() == [[0.5, 0.5]] * 2


def sampled(scores) -> tuple[np.ndarray, np.ndarray]:
    """Return values and weights whose weighted sums are these scores (samples × alternatives)."""
    return np.asarray(scores).T, np.eye(len(scores))


@settings(max_examples=60)
@given(st.integers(0, 10_000), st.integers(1, 6), st.integers(1, 6))
def test_first_k_and_pairs_are_counted_as_full_ranks_would(seed, n, k):
    # small whole numbers: many ties, which share their rank
    scores = np.random.default_rng(seed).integers(0, 4, (20, n)).astype(float) * 0.1
    k = min(k, n)
    ranks = np.array([rankdata(-row.round(9), method="min") for row in scores])
    first = first_k_acceptability(*sampled(scores), k)
    np.testing.assert_allclose(first, (ranks <= k).mean(axis=0), rtol=0, atol=1e-12)
    wins = (ranks[:, :, None] < ranks[:, None, :]).mean(axis=0)
    np.testing.assert_allclose(pairwise_winning(*sampled(scores)), wins, rtol=0, atol=1e-12)
    one = pairwise_winning(*sampled(scores), alternatives=[n - 1])
    np.testing.assert_allclose(one, wins[[n - 1]], rtol=0, atol=1e-12)


def test_float_noise_is_no_win():
    scores = np.array([[0.1 + 0.2, 0.3]])
    assert first_k_acceptability(*sampled(scores), 1).tolist() == [1, 1]
    assert pairwise_winning(*sampled(scores)).to_numpy().tolist() == [[0, 0], [0, 0]]


@pytest.mark.parametrize("method", ["weighted_sum", "weighted_product", "topsis"])
def test_a_small_lead_is_a_win_on_every_scale(method):
    values = pd.DataFrame({"x": [0.5, 0.5 + 1e-7], "y": [0.5, 0.5]}) * (100 if method == "topsis" else 1)
    options = {"normalisation": "anchors"} if method == "topsis" else {}
    assert first_k_acceptability(values, np.ones((2, 2)), 1, method=method, **options).tolist() == [0, 1]
    assert pairwise_winning(values, np.ones((2, 2)), method=method, **options).to_numpy().tolist() == [
        [0, 0],
        [1, 0],
    ]


@pytest.mark.parametrize("name", CALLS)
def test_first_places_and_pairs_of_every_method_as_by_ranks_one_by_one(name):
    rng = np.random.default_rng(8)
    values = pd.DataFrame(rng.integers(1, 4, (7, 3)).astype(float), index=list("abcdefg"))  # with ties
    values.iloc[0] = values.iloc[1]
    weights = pd.DataFrame(rng.multinomial(4, [0.4, 0.3, 0.3], 60))
    options, plain = CALLS[name]
    ranks = np.array([rankdata(-plain(values, w).round(9), method="min") for w in weights.to_numpy()])
    method = name.split()[0]
    got = first_k_acceptability(values, weights, 3, method=method, **options)
    np.testing.assert_allclose(got, (ranks <= 3).mean(axis=0), rtol=0, atol=1e-12)
    assert got.index.tolist() == list("abcdefg")
    wins = pairwise_winning(values, weights, alternatives=["c", "a"], method=method, **options)
    expected = (ranks[:, [2, 0], None] < ranks[:, None, :]).mean(axis=0)
    np.testing.assert_allclose(wins, expected, rtol=0, atol=1e-12)
    assert wins.loc["a", "b"] == 0


VALUES = pd.DataFrame({"x": [1.0, 2.0], "y": [3.0, 4.0]}, index=["a", "b"])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: scores_by_weights("borda", VALUES, np.eye(2)), "method must be one of"),
        (lambda: scores_by_weights("weighted_sum", VALUES, np.ones((3, 3))), "samples × 2 criteria"),
        (lambda: scores_by_weights("weighted_sum", VALUES, -np.eye(2)), "not negative.*row 0 .2 such rows"),
        (lambda: scores_by_weights("topsis", VALUES, np.array([[1, 0], [0, 0]]), directions=[1, 1]), "row 1"),
        (
            lambda: scores_by_weights("weighted_sum", VALUES, pd.DataFrame({"x": [1], "z": [1]})),
            r"each of \['x', 'y'\], not \['x', 'z'\]",
        ),
        (
            lambda: scores_by_weights("weighted_sum", VALUES, np.eye(2), directions=[1, 1]),
            "directions belong",
        ),
        (lambda: scores_by_weights("weighted_product", -VALUES, np.eye(2)), "negative in a product"),
        (
            lambda: first_k_acceptability(VALUES, np.eye(2), 3, method="topsis"),
            "k must be from 1 to 2, not 3",
        ),
        (lambda: first_k_acceptability(VALUES.replace(1.0, np.nan), np.eye(2), 1), "finite"),
        (lambda: pairwise_winning(VALUES, np.eye(2), alternatives=["a", "z"]), r"not \['z'\]"),
        (lambda: pairwise_winning(VALUES, np.eye(2), directions=[1, 1]), "directions belong"),
        (
            lambda: pairwise_winning(np.ones((3, 2, 2)), np.ones((3, 2)), method="topsis"),
            "alternatives × criteria with method='topsis'",
        ),
    ],
)
def test_wrong_calls_name_what_was_given(call, message):
    with pytest.raises(ValueError, match=message):
        call()
