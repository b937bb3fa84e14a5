"""SMAA over all ranks against the bare NumPy product and argsort of the same arrays."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from benchmarks.pairs import Row, paired
from digistrat.scoring.robustness import smaa


def measure() -> Iterator[Row]:
    rng = np.random.default_rng(1)
    values = pd.DataFrame(rng.random((1000, 12)) * 100)
    weights = rng.dirichlet(np.ones(12), 10_000)
    yield paired(
        "SMAA, 1,000 projects × 12 criteria × 10,000 weights",
        lambda: smaa(values, weights),
        lambda: np.argsort(weights @ values.to_numpy().T, axis=1),
        name="product and argsort",
        runs=5,
    )
