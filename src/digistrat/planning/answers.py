"""What the answer to an open rating may do to what its project is expected to be worth."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from digistrat.scoring.composite import Scores
from digistrat.scoring.draws import Draws, draws_of
from digistrat.scoring.rules import effective_weights

Array = npt.NDArray[Any]

N_REGRESSION = 8192  # samples of a project's own ratings, where the rule is not additive
MOST_LEVELS = 64  # each level of a rating in steps has its own mean; more of them are smoothed
N_KNOTS = 7


@dataclass(frozen=True, eq=False, slots=True)
class Spread:
    """How far an answer moves what its project is expected to be worth; the mean move is 0.

    Attributes
    ----------
    half_width : float
        The move is uniform between minus this and this, unless `moves` are given.
    moves : array, optional
        Equally likely moves.
    foreseen : array, optional
        The same moves as independent samples have them: what the choice is made by. By default `moves`.
    """

    half_width: float = 0.0
    moves: Array | None = None
    foreseen: Array | None = None

    def most(self, sign: int) -> float:
        """Return the largest move upwards (`sign` 1) or downwards (-1)."""
        if self.moves is None:
            return self.half_width
        return max(float((sign * moves).max()) for moves in (self.moves, self.foreseen) if moves is not None)

    def excess(self, sign: int, loss: float) -> float:
        """Return the expected gain where moves beyond `loss` in one direction turn a choice.

        Parameters
        ----------
        sign : int
            1 where the project is left out today, -1 where it is chosen.
        loss : float
            What turning the choice costs as things are expected today; ``inf`` where it cannot be turned.

        Examples
        --------
        A sure 58 against 30 + 50 u with a uniform u: 55 are expected, and u turns the choice above 0.56.

        >>> Spread(half_width=25.0).excess(1, 3.0)
        4.84
        """
        if self.moves is None:
            room = self.half_width - loss
            return room**2 / (4 * self.half_width) if room > 0 else 0.0
        decides = self.moves if self.foreseen is None else self.foreseen
        gain = np.where(sign * decides > loss, sign * self.moves - loss, 0.0)
        return max(0.0, float(gain.mean()))


@dataclass(frozen=True, eq=False, slots=True)
class Answers:
    """What open ratings may make of their projects.

    Attributes
    ----------
    expected : Series
        What each project is expected to be worth, 0–100.
    sampled : DataFrame
        Samples × projects: the same with every open rating drawn.
    spreads : mapping
        (project, criterion) → `Spread`, for every open rating that counts.
    """

    expected: pd.Series
    sampled: pd.DataFrame
    spreads: Mapping[tuple[str, str], Spread]


def possible_answers(scores: Scores, projects: Collection[str], *, n_samples: int, seed: int) -> Answers:
    """Draw what is open of some projects, and say what each single answer would do.

    A rating is equally likely anywhere between its ends, or on its levels, and independent of all others.

    Parameters
    ----------
    scores : Scores
    projects : collection of str
        Alternatives of the scores.
    n_samples : int
        Rows of ``sampled``.
    seed : int
    """
    nominal = scores.criteria["weight"].to_numpy(dtype=float)
    included = scores.table.index.isin(projects)
    is_additive = scores.hierarchy.is_additive
    size = n_samples if is_additive else max(n_samples, N_REGRESSION)
    draws = draws_of(scores, included, np.tile(nominal, (size, 1)), np.random.default_rng(seed))
    expected, spreads = (_exact if is_additive else _regressed)(draws)
    names, criteria = scores.table.index[included], scores.criteria.index
    cells = [(names[i], criteria[j]) for i, j in np.argwhere(draws.uncertain)]
    return Answers(
        expected=pd.Series(expected, names, dtype=float),
        sampled=pd.DataFrame(draws.scores(slice(0, n_samples)), columns=names),
        spreads=dict(zip(cells, spreads, strict=True)),
    )


def _exact(draws: Draws) -> tuple[Array, list[Spread]]:
    """Under an additive rule the worth is linear in each rating."""
    share = effective_weights(draws.weights[0], draws.applicable, draws.node)
    mean = np.where(draws.applicable, (draws.low + draws.high) / 2, 0.0)
    spreads = []
    for k, (i, j) in enumerate(np.argwhere(draws.uncertain)):
        levels = draws.levels[k, : draws.n_levels[k]]
        if len(levels):
            mean[i, j] = levels.mean()
            spreads.append(Spread(moves=share[i, j] * (levels - levels.mean())))
        else:
            spreads.append(Spread(half_width=float(share[i, j] * (draws.high[i, j] - draws.low[i, j]) / 2)))
    return (share * mean).sum(axis=1), spreads


def _regressed(draws: Draws) -> tuple[Array, list[Spread]]:
    """Under other rules the worth given a rating is a regression on samples of its project."""
    everything = slice(0, len(draws.weights))
    expected, spreads = np.empty(len(draws.low)), []
    for i in range(len(draws.low)):
        worth = draws.scores_at(i, draws.weights[:1], everything)[0]
        expected[i] = worth.mean()
        for k in range(draws.offsets[i], draws.offsets[i + 1]):
            spreads.append(regressed_spread(draws.values(slice(k, k + 1), everything)[:, 0], worth))
    return expected, spreads


def regressed_spread(rating: Array, worth: Array) -> Spread:
    """Return how far a rating moves the expected worth, from samples of both.

    The largest of several noisy estimates is too large on average, so each half of the samples is evaluated
    by its own fit but decided by the fit of the other half.

    Parameters
    ----------
    rating, worth : array of n samples
        Few different ratings have a mean each; more are fitted by a cubic spline.

    Notes
    -----
    Strong, Oakley & Brennan (2014), Med. Decis. Making 34:311–326.
    """
    levels, at = np.unique(rating, return_inverse=True)
    design = np.eye(len(levels))[at] if len(levels) <= MOST_LEVELS else _cubic_spline(rating)
    is_even = np.arange(len(rating)) % 2 == 0
    moves, foreseen = np.empty(len(rating)), np.empty(len(rating))
    for half in (is_even, ~is_even):
        fit = design @ np.linalg.lstsq(design[half], worth[half], rcond=None)[0]
        moves[half] = fit[half] - fit[half].mean()
        foreseen[~half] = fit[~half] - fit[half].mean()
    return Spread(moves=moves, foreseen=foreseen)


def _cubic_spline(x: Array) -> Array:
    from scipy.interpolate import BSpline

    inner = np.linspace(x.min(), x.max(), N_KNOTS)
    knots = np.concatenate([np.repeat(inner[0], 3), inner, np.repeat(inner[-1], 3)])
    return np.asarray(BSpline.design_matrix(x, knots, 3).toarray())
