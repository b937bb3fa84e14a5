"""Ranking methods under many weight vectors against the bare NumPy product, and against loops over peers.

Every method is at least one product of weights and values: the floor. Peers take one vector at a time; a loop
over a few is measured and multiplied, for in full it would take from seconds to half a day. Each peer is
called as its documentation shows; pymcdm also without its checks of the input, which cost it most.
"""

from __future__ import annotations

import statistics
import time
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.pairs import Row, paired
from digistrat.scoring.batches import scores_by_weights

N_PROJECTS, N_CRITERIA, N_WEIGHTS = 1_000, 12, 10_000
RUNS = 5
SECONDS = 0.5  # of a peer's loop per run, at least one vector
Peer = Callable[[Any], object]


def measure() -> Iterator[Row]:
    rng = np.random.default_rng(1)
    values = pd.DataFrame(rng.random((N_PROJECTS, N_CRITERIA)) * 99 + 1)
    weights = rng.dirichlet(np.ones(N_CRITERIA), N_WEIGHTS)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for method, options, peers in _methods(values):
            yield _against_product(method, options, values, weights)
            checked = {name: peer for name, peer in peers.items() if "unchecked" not in name}
            fastest = min(checked, key=lambda name: _seconds(peers[name], weights, SECONDS))
            for name in (fastest, *(name for name in peers if name not in checked)):
                yield _row(method, options, values, weights, name, peers[name])


def _called(method: str, options: dict[str, Any]) -> str:
    called = " ".join([method, *map(str, options.values())])
    return f"{called}, {N_PROJECTS:,} projects × {N_CRITERIA} criteria × {N_WEIGHTS:,} weights"


def _against_product(method: Any, options: dict[str, Any], values: pd.DataFrame, weights: Any) -> Row:
    return paired(
        _called(method, options),
        lambda: scores_by_weights(method, values, weights, **options),
        lambda: weights @ values.to_numpy().T,
        name="bare product",
    )


def _row(
    method: Any, options: dict[str, Any], values: pd.DataFrame, weights: Any, name: str, peer: Peer
) -> Row:
    """Time both in turn; the ratio is the median of the pairs' ratios."""
    mine, others = [], []
    scores_by_weights(method, values, weights, **options)
    for _ in range(RUNS):
        start = time.perf_counter()
        scores_by_weights(method, values, weights, **options)
        mine.append(time.perf_counter() - start)
        others.append(_seconds(peer, weights, SECONDS) * N_WEIGHTS)
    ratio = statistics.median(theirs / ours for ours, theirs in zip(mine, others, strict=True))
    return (
        _called(method, options),
        f"{statistics.median(mine):.3f} s",
        f"{name}, extrapolated {statistics.median(others):.1f} s",
        f"{1 / ratio:.5f} ({ratio:.0f} times as fast)",
        str(RUNS),
    )


def _seconds(peer: Peer, weights: Any, at_least: float) -> float:
    """Return the mean time of one weight vector, over as many as the time allows, after one warm-up."""
    peer(weights[0])
    n, start = 0, time.perf_counter()
    while n == 0 or (n < len(weights) and time.perf_counter() - start < at_least):
        peer(weights[n])
        n += 1
    return (time.perf_counter() - start) / n


def _methods(values: pd.DataFrame) -> Iterator[tuple[str, dict[str, Any], dict[str, Peer]]]:
    import pymcdm.methods
    import pymcdm.normalizations
    import skcriteria
    from skcriteria.agg.simple import WeightedProductModel, WeightedSumModel
    from skcriteria.agg.topsis import TOPSIS
    from skcriteria.preprocessing.scalers import VectorScaler

    matrix, up = values.to_numpy(), np.ones(values.shape[1])
    scaled = VectorScaler(target="matrix").transform(skcriteria.mkdm(matrix, up)).matrix.to_numpy()

    def pymcdm_peers(method: Any) -> dict[str, Peer]:
        return {
            "pymcdm": lambda weights: method(matrix, weights, up),
            "pymcdm unchecked": lambda weights: method(matrix, weights, up, validation=False),
        }

    def skcriteria_peer(method: Any, prepared: Any) -> dict[str, Peer]:
        return {
            "scikit-criteria": lambda weights: method.evaluate(skcriteria.mkdm(prepared, up, weights=weights))
        }

    methods = pymcdm.methods
    by_sum = pymcdm.normalizations.sum_normalization
    by_length = pymcdm.normalizations.vector_normalization
    yield (
        "weighted_sum",
        {},
        pymcdm_peers(methods.WSM(by_sum)) | skcriteria_peer(WeightedSumModel(), matrix),
    )
    yield (
        "weighted_product",
        {},
        pymcdm_peers(methods.WPM(by_sum)) | skcriteria_peer(WeightedProductModel(), matrix),
    )
    yield "topsis", {}, pymcdm_peers(methods.TOPSIS(by_length)) | skcriteria_peer(TOPSIS(), scaled)
    yield "promethee2", {}, pymcdm_peers(methods.PROMETHEE_II("usual"))
    thresholds = {"preference": "linear", "q": 5.0, "p": 30.0}

    def linear(*given: Any, **kept: Any) -> object:  # a new one each time: it fails on its second call
        return methods.PROMETHEE_II("vshape_2", q=5.0 * up, p=30.0 * up)(*given, **kept)

    yield "promethee2", thresholds, pymcdm_peers(linear)
