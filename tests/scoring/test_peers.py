"""The same numbers as pymcdm and scikit-criteria on 200 random problems, for the methods we share."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pymcdm.methods
import pymcdm.normalizations as norm
import pytest

from digistrat.scoring.batches import scores_by_weights
from digistrat.scoring.ranking import dominance, promethee2, topsis, weighted_product, weighted_sum

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import skcriteria
    from skcriteria.agg.simple import WeightedProductModel, WeightedSumModel
    from skcriteria.agg.topsis import TOPSIS
    from skcriteria.preprocessing.scalers import MinMaxScaler, VectorScaler

pytestmark = [
    pytest.mark.filterwarnings("ignore:Alternatives with indices"),
    pytest.mark.filterwarnings("ignore:Although TOPSIS"),
]


def problem(seed: int) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    """Return matrix, weights and directions; numbers of few decimals, so that ties are there."""
    rng = np.random.default_rng(seed)
    n, m = rng.integers(3, 12), rng.integers(2, 7)
    matrix = pd.DataFrame(rng.uniform(1, 100, (n, m)).round(int(rng.integers(0, 4))))
    directions = rng.choice([-1, 1], m)
    directions[0] = 1
    return matrix, rng.dirichlet(np.ones(m)), directions


def agree(ours, theirs):
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-9)


@pytest.mark.parametrize("seed", range(200))
def test_agrees_with_pymcdm(seed):
    frame, weights, directions = problem(seed)
    matrix, m = frame.to_numpy(), frame.shape[1]
    rng = np.random.default_rng([seed, 1])
    q, p = rng.uniform(0, 10, m), rng.uniform(20, 60, m)
    agree(
        topsis(frame, weights, directions, "vector"),
        pymcdm.methods.TOPSIS(norm.vector_normalization)(matrix, weights, directions),
    )
    if (np.ptp(matrix, axis=0) > 0).all():
        agree(
            topsis(frame, weights, directions, "minmax"),
            pymcdm.methods.TOPSIS(norm.minmax_normalization)(matrix, weights, directions),
        )
    agree(
        promethee2(frame, weights, directions)["phi"],
        pymcdm.methods.PROMETHEE_II("usual")(matrix, weights, directions),
    )
    agree(
        promethee2(frame, weights, directions, "linear", q=q, p=p)["phi"],
        pymcdm.methods.PROMETHEE_II("vshape_2", p=p, q=q)(matrix, weights, directions),
    )
    shares = frame / frame.sum()  # what pymcdm normalises by in its sum and product
    gains = np.ones(m)
    agree(weighted_sum(shares, weights), pymcdm.methods.WSM(norm.sum_normalization)(matrix, weights, gains))
    agree(
        weighted_product(shares, weights),
        pymcdm.methods.WPM(norm.sum_normalization)(matrix, weights, gains),
    )


@pytest.mark.parametrize("seed", range(200))
def test_agrees_with_scikit_criteria(seed):
    frame, weights, directions = problem(seed)
    gains = skcriteria.mkdm(frame.to_numpy(), np.ones(len(weights)), weights=weights)
    agree(weighted_sum(frame, weights), WeightedSumModel().evaluate(gains).e_.score)
    agree(weighted_product(frame, weights), 10 ** WeightedProductModel().evaluate(gains).e_.score)
    mixed = skcriteria.mkdm(frame.to_numpy(), directions, weights=weights)
    scaled = VectorScaler(target="matrix").transform(mixed)
    agree(topsis(frame, weights, directions, "vector"), TOPSIS().evaluate(scaled).e_.similarity)
    if (np.ptp(frame, axis=0) > 0).all():
        scaled = MinMaxScaler(target="matrix").transform(mixed)
        agree(topsis(frame, weights, directions, "minmax"), TOPSIS().evaluate(scaled).e_.similarity)
    theirs = mixed.dominance.dominance(strict=False).to_numpy()
    assert dominance(frame * directions).to_numpy().tolist() == theirs.tolist()


@pytest.mark.parametrize("seed", range(20))
def test_many_weight_vectors_give_what_the_peers_give_for_each(seed):
    frame, _, directions = problem(seed)
    matrix, m = frame.to_numpy(), frame.shape[1]
    weights = np.random.default_rng([seed, 2]).dirichlet(np.ones(m), 5)
    gains = np.ones(m)
    peers = {
        "weighted_sum": (frame / frame.sum(), pymcdm.methods.WSM(norm.sum_normalization), gains),
        "weighted_product": (frame / frame.sum(), pymcdm.methods.WPM(norm.sum_normalization), gains),
        "topsis": (frame, pymcdm.methods.TOPSIS(norm.vector_normalization), directions),
        "promethee2": (frame, pymcdm.methods.PROMETHEE_II("usual"), directions),
    }
    for method, (values, peer, types) in peers.items():
        up = directions if method in ("topsis", "promethee2") else None
        ours = scores_by_weights(method, values, weights, directions=up)
        agree(ours, [peer(matrix, w, types) for w in weights])
