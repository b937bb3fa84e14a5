"""Ranks, wins and first places counted over blocks of sampled scores; only as much is sorted as is asked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from digistrat.scoring.draws import pieces

Array = npt.NDArray[Any]
Blocks = Iterable[tuple[Array, Array]]

SORTED = 100_000  # scores sorted at a time: they stay in the processor's cache
COUNTED = 100_000  # counters added to at a time, likewise
COMPARED = 100  # samples compared at a time: fewer than 256, so that wins are counted in single bytes


def count_ranks(blocks: Blocks, n: int, m: int, quantum: float) -> tuple[Array, Array]:
    """Count how often each alternative has each rank, and sum the weights at which it is first.

    Parameters
    ----------
    blocks : iterable of (weights, scores)
        Samples × criteria, samples × alternatives.
    n, m : int
        How many alternatives and criteria.
    quantum : float
        Scores that are no further apart are equal.

    Returns
    -------
    counts : array, n × n
        Alternatives × ranks; equal scores share a rank.
    weights_when_first : array, n × m
    """
    by_rank = np.zeros((n, n), dtype=np.int64)  # ranks × alternatives
    weights_when_first = np.zeros((n, m))
    for weights, scores in _cut(blocks):
        order, rank = ranked(scores, quantum)
        if rank is None:
            width = max(COUNTED // n, 1)
            for start in range(0, n, width):
                part = by_rank[start : start + width]
                places = order[:, start : start + width] + np.arange(len(part)) * n
                part += np.bincount(places.ravel(), minlength=part.size).reshape(part.shape)
            firsts = order[:, 0]
        else:
            by_rank += np.bincount((order + rank * n).ravel(), minlength=n * n).reshape(n, n)
            sample, position = np.nonzero(rank == 0)
            firsts, weights = order[sample, position], weights[sample]
        for j in range(m):
            weights_when_first[:, j] += np.bincount(firsts, weights=weights[:, j], minlength=n)
    return by_rank.T, weights_when_first


def count_first_k(blocks: Blocks, n: int, k: int, quantum: float) -> Array:
    """Count how often each alternative equals the k-th largest score or is better; nothing is ranked."""
    times = np.zeros(n, dtype=np.int64)
    for _, scores in blocks:
        for part in pieces(len(scores), n, SORTED):
            steps = np.rint(scores[part] / quantum)
            times += (steps >= np.partition(steps, n - k, axis=1)[:, n - k, None]).sum(axis=0)
    return times


def count_wins(blocks: Blocks, rows: Array, n: int, quantum: float) -> Array:
    """Count how often each of the rows is strictly better than each alternative; nothing is ranked."""
    wins = np.zeros((len(rows), n), dtype=np.int64)
    for _, scores in blocks:
        for start in range(0, len(scores), COMPARED):
            steps = np.rint(scores[start : start + COMPARED] / quantum)
            for position, row in enumerate(rows.tolist()):
                is_better = steps < steps[:, row, None]
                wins[position] += np.add.reduce(is_better.view(np.uint8), axis=0, dtype=np.uint8)
    return wins


def _cut(blocks: Blocks) -> Iterator[tuple[Array, Array]]:
    for weights, scores in blocks:
        for part in pieces(len(scores), scores.shape[1]):
            yield weights[part], scores[part]


def ranked(scores: Array, quantum: float) -> tuple[Array, Array | None]:
    """Return by sample and position, best first: the alternative there, and its rank from 0.

    Without equal scores the ranks are the positions, and None. Score and number of the alternative are packed
    in one integer, so that a plain sort does the work of an argsort in half its time, and equal scores are
    found as equal integers.
    """
    n = scores.shape[1]
    bits = max(n - 1, 0).bit_length()
    order = np.empty(scores.shape, dtype=np.int64)
    rank: Array | None = None
    for part in pieces(len(scores), n, SORTED):
        steps = scores[part] * (-1 / quantum)
        packed = np.rint(steps, out=steps).astype(np.int64)
        packed <<= bits
        packed |= np.arange(n)
        packed.sort(axis=1)
        np.bitwise_and(packed, (1 << bits) - 1, out=order[part])
        packed >>= bits
        tied = packed[:, 1:] == packed[:, :-1]
        if tied.any():
            if rank is None:
                rank = np.tile(np.arange(n), (len(scores), 1))
            rank[part, 1:][tied] = 0
            np.maximum.accumulate(rank[part], axis=1, out=rank[part])
    return order, rank
