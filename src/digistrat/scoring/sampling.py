"""Random samples of weights and ratings, and the scores they give, in pieces that fit the memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from digistrat.scoring.aggregation import combine
from digistrat.scoring.ranking import TIE_DECIMALS, per_criterion

Array = npt.NDArray[Any]

CONCENTRATION = 50.0
"""Default of the Dirichlet weights: a weight of 10 % varies by ±4.2 points (one standard deviation)."""

CHUNK = 400_000  # scores drawn at a time: stays in the processor's cache, bounds the memory
EVER = 1e-300  # a weight drawn as 0 by underflow would leave 0/0 where it is the only one applicable


def sample_weights(
    nominal: pd.Series,
    n_samples: int,
    seed: int,
    *,
    spread: Literal["dirichlet", "simplex"] = "dirichlet",
    concentration: float = CONCENTRATION,
) -> Array:
    r"""Draw weight vectors around nominal weights, or from all weights that are possible.

    Parameters
    ----------
    nominal : Series
        Weight per criterion; only the proportions count. A criterion of weight 0 stays at 0.
    n_samples, seed : int
        How many, and from which seed.
    spread : {"dirichlet", "simplex"}
        ``"dirichlet"``: mean at the nominal weights. ``"simplex"``: uniform over all weights, as if
        nothing were known of them.
    concentration : float
        Of the Dirichlet distribution: the standard deviation of a share w is
        :math:`\sqrt{w (1 - w) / (c + 1)}`.

    Returns
    -------
    array, samples × criteria
        Shares that sum to 1.

    Raises
    ------
    ValueError
        If a number is out of its range.

    Examples
    --------
    >>> weights = sample_weights(pd.Series({"use": 80, "reach": 20}), 20_000, seed=1)
    >>> weights.mean(axis=0).round(2).tolist(), weights.sum(axis=1).round(9).min().tolist()
    ([0.8, 0.2], 1.0)
    """
    weight = per_criterion(nominal, nominal.index, "nominal")
    if (weight < 0).any() or weight.sum() <= 0:
        raise ValueError(f"nominal must not be negative and not all zero, not {weight.tolist()}")
    if n_samples < 1:
        raise ValueError(f"n_samples must be at least 1, not {n_samples}")
    if not concentration > 0:
        raise ValueError(f"concentration must be above 0, not {concentration}")
    if spread not in ("dirichlet", "simplex"):
        raise ValueError(f"spread must be 'dirichlet' or 'simplex', not {spread!r}")
    counts = weight > 0
    share = weight[counts] / weight.sum()
    alpha = share * concentration if spread == "dirichlet" else np.ones(len(share))
    drawn = np.zeros((n_samples, len(weight)))
    drawn[:, counts] = np.maximum(np.random.default_rng(seed).dirichlet(alpha, n_samples), EVER)
    return drawn


def chunks(n_samples: int, size: int) -> Iterator[slice]:
    """Cut samples into slices, where each sample takes `size` numbers."""
    step = max(1, CHUNK // max(size, 1))
    for start in range(0, n_samples, step):
        yield slice(start, min(start + step, n_samples))


def is_first(best: Array, own: Array, quantum: float) -> Array:
    """Tell where an own score equals the best one, up to rounding."""
    return np.rint(own / quantum) >= np.rint(best / quantum)


def quantum_of(value: Array, weight: Array) -> float:
    """Return the difference up to which scores of these values are equal, whatever their scale.

    Scores on 0–100 are equal up to 1e-9; others in the same proportion to their largest possible size.
    """
    largest = float(np.abs(value).max(initial=0.0)) * float(weight.sum(axis=1).max(initial=0.0))
    return (largest or 1.0) / 100 * 10.0**-TIE_DECIMALS


def given_scores(value: Array, weight: Array) -> Iterator[tuple[Array, Array]]:
    """Yield weights and weighted sums (samples × alternatives) of given samples, piece by piece."""
    for part in chunks(len(weight), value.shape[-2] * (value.shape[-1] if value.ndim == 3 else 1)):
        w = weight[part]
        yield w, (w @ value.T if value.ndim == 2 else (value[part] @ w[:, :, None])[:, :, 0])


def given_confidence(value: Array, n_samples: int, first: Array, central: Array) -> Array:
    """Return the share of samples of given values in which each of `first` is first at its weights."""
    quantum = quantum_of(value, central)
    each = np.arange(len(first))
    if value.ndim == 2:
        at = value @ central.T
        return is_first(at.max(axis=0), at[first, each], quantum).astype(float)
    times = np.zeros(len(first))
    for part in chunks(n_samples, value.shape[1] * max(value.shape[2], len(first))):
        at = value[part] @ central.T
        times += is_first(at.max(axis=1), at[:, first, each], quantum).sum(axis=0)
    return times / n_samples


@dataclass(frozen=True, eq=False, slots=True)
class Ratings:
    """What `rank_robustness` draws from.

    Attributes
    ----------
    value, applicable : array, n × m
        Values on 0–100, NaN where missing or not applicable; and what counts at all.
    rule : str
        Key of `RULES`.
    weights : array, samples × m
        Drawn weights.
    offsets : array, n + 1
        The gaps of alternative i are the columns ``offsets[i]:offsets[i + 1]`` of `drawn`.
    drawn : array, samples × gaps
        Uniform on 0–1, what stands in the gaps.
    """

    value: Array
    applicable: Array
    rule: str
    weights: Array
    offsets: Array
    drawn: Array

    def scores(self, part: slice) -> Array:
        """Return the scores of a slice of the samples, each with its own weights: samples × n."""
        weights = self.weights[part]
        known, gap = self._known()
        if self.rule == "minimum":
            total = np.tile(known.min(axis=1), (len(weights), 1))
        else:
            total = weights @ known.T
        for i in np.flatnonzero(gap.any(axis=1)).tolist():
            drawn = self._drawn(i, part)
            if self.rule == "minimum":
                total[:, i] = np.minimum(total[:, i], drawn.min(axis=1))
            else:
                total[:, i] += (weights[:, gap[i]] * drawn).sum(axis=1)
        if self.rule == "minimum":
            return total
        total /= weights @ self.applicable.T.astype(float)
        return 100 * np.exp(total) if self.rule == "geometric" else total

    def scores_at(self, row: int, weights: Array, part: slice) -> Array:
        """Return one alternative's scores at fixed weight vectors: weight vectors × samples."""
        known, gap = self._known()
        drawn = self._drawn(row, part)
        if self.rule == "minimum":
            lowest = np.minimum(known[row].min(), drawn.min(axis=1, initial=np.inf))
            return np.tile(lowest, (len(weights), 1))
        total = weights[:, gap[row]] @ drawn.T + (weights @ known[row])[:, None]
        total /= (weights @ self.applicable[row].astype(float))[:, None]
        return 100 * np.exp(total) if self.rule == "geometric" else total

    def _known(self) -> tuple[Array, Array]:
        """Return what is certain in each cell, in the form the rule adds up, and where a value is drawn."""
        gap = self.applicable & np.isnan(self.value)
        assessed = self.applicable & ~gap
        if self.rule == "minimum":
            return np.where(assessed, self.value, np.inf), gap
        if self.rule == "geometric":
            with np.errstate(divide="ignore"):  # the logarithm of 0 makes the whole product 0
                return np.where(assessed, np.log(self.value / 100), 0.0), gap
        return np.where(assessed, self.value, 0.0), gap

    def _drawn(self, row: int, part: slice) -> Array:
        uniform = self.drawn[part, self.offsets[row] : self.offsets[row + 1]].astype(float)
        if self.rule != "geometric":
            return uniform * 100
        with np.errstate(divide="ignore"):
            return np.log(uniform)


def drawn_scores(ratings: Ratings) -> Iterator[tuple[Array, Array]]:
    """Yield weights and scores (samples × alternatives) of drawn ratings, piece by piece."""
    for part in chunks(len(ratings.weights), len(ratings.value)):
        yield ratings.weights[part], ratings.scores(part)


def drawn_confidence(ratings: Ratings, first: Array, central: Array) -> Array:
    """Return the share of samples of the ratings in which each of `first` is first at its weights."""
    n_samples, quantum = len(ratings.weights), 10.0**-TIE_DECIMALS
    gap = np.isnan(ratings.value)
    at_floor, at_target = (
        np.column_stack(
            [
                combine(np.where(gap, value, ratings.value), weights, ratings.applicable, ratings.rule)
                for weights in central
            ]
        )
        for value in (0.0, 100.0)
    )
    could_win = at_target >= at_floor.max(axis=0) - quantum  # n × first: nobody else need be drawn
    times = np.zeros(len(first))
    for part in chunks(n_samples, len(first)):
        best = np.full((len(first), part.stop - part.start), -np.inf)
        own = best.copy()
        for row in np.flatnonzero(could_win.any(axis=1)).tolist():
            at = np.flatnonzero(could_win[row])
            scores = ratings.scores_at(row, central[at], part)
            best[at] = np.maximum(best[at], scores)
            own[at[first[at] == row]] = scores[first[at] == row]
        times += is_first(best, own, quantum).sum(axis=1)
    return times / n_samples
