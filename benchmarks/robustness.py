"""SMAA: all ranks, first places and pairs, against the bare NumPy product and argsort of the same arrays."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd

from benchmarks.pairs import Row, paired
from digistrat.scoring.robustness import first_k_acceptability, pairwise_winning, smaa


def measure() -> Iterator[Row]:
    rng = np.random.default_rng(1)
    values = pd.DataFrame(rng.random((1000, 12)) * 100)
    weights = rng.dirichlet(np.ones(12), 10_000)
    of = "1,000 projects × 12 criteria × 10,000 weights"

    def bare() -> object:
        return np.argsort(weights @ values.to_numpy().T, axis=1)

    tasks: list[tuple[str, Callable[[], object]]] = [
        (f"SMAA, all ranks, {of}", lambda: smaa(values, weights)),
        (f"first 20 only, {of}", lambda: first_k_acceptability(values, weights, 20)),
        (f"20 projects against all, {of}", lambda: pairwise_winning(values, weights, alternatives=range(20))),
    ]
    for what, ours in tasks:
        yield paired(what, ours, bare, name="product and argsort", runs=5)
