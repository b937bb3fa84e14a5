"""Many weight vectors at once: as one by one, first k and pairs as by full ranks."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import rankdata

from digistrat.scoring import draws
from digistrat.scoring.batches import first_k_shares, pairwise_shares, scores_by_weights
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


@settings(max_examples=60)
@given(st.integers(0, 10_000), st.integers(1, 6), st.integers(1, 6))
def test_first_k_and_pairs_are_counted_as_full_ranks_would(seed, n, k):
    # small whole numbers: many ties, which share their rank
    scores = np.random.default_rng(seed).integers(0, 4, (20, n)).astype(float) * 0.1
    k = min(k, n)
    ranks = np.array([rankdata(-row.round(9), method="min") for row in scores])
    np.testing.assert_allclose(first_k_shares(scores, k), (ranks <= k).mean(axis=0), rtol=0, atol=1e-12)
    wins = (ranks[:, :, None] < ranks[:, None, :]).mean(axis=0)
    np.testing.assert_allclose(pairwise_shares(scores), wins, rtol=0, atol=1e-12)
    np.testing.assert_allclose(pairwise_shares(scores, [n - 1]), wins[[n - 1]], rtol=0, atol=1e-12)


def test_float_noise_is_no_win():
    scores = pd.DataFrame([[0.1 + 0.2, 0.3]], columns=["a", "b"])
    assert first_k_shares(scores, 1).to_dict() == {"a": 1, "b": 1}
    assert pairwise_shares(scores).to_numpy().tolist() == [[0, 0], [0, 0]]


def test_acceptability_of_the_four_methods_by_first_k_sums_to_the_places():
    rng = np.random.default_rng(8)
    values, weights = pd.DataFrame(rng.random((30, 4)) * 100), rng.dirichlet(np.ones(4), 200)
    for method in ("weighted_sum", "weighted_product", "topsis"):
        shares = first_k_shares(scores_by_weights(method, values, weights), 5)
        assert shares.sum() == pytest.approx(5)  # no ties: five places each time


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
        (lambda: first_k_shares(VALUES, 3), "k must be from 1 to 2, not 3"),
        (lambda: first_k_shares(VALUES.replace(1.0, np.nan), 1), "missing"),
        (lambda: pairwise_shares(VALUES, ["x", "z"]), r"not \['z'\]"),
    ],
)
def test_wrong_calls_name_what_was_given(call, message):
    with pytest.raises(ValueError, match=message):
        call()
