"""Paired timing: the two in turn, so that a drifting machine changes both."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

Row = tuple[str, str, str, str, str]


def paired(
    what: str, ours: Callable[[], object], peer: Callable[[], object], *, name: str, runs: int = 7
) -> Row:
    """Time both in turn after one warm-up each; the ratio is the median of the pairs' ratios."""
    mine, others = [], []
    ours()
    peer()
    for _ in range(runs):
        for function, times in ((ours, mine), (peer, others)):
            start = time.perf_counter()
            function()
            times.append(time.perf_counter() - start)
    ratio = statistics.median(a / b for a, b in zip(mine, others, strict=True))
    return (
        what,
        f"{statistics.median(mine):.3f} s",
        f"{name} {statistics.median(others):.3f} s",
        f"{ratio:.2f}",
        str(runs),
    )
