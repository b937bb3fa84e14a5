"""Scores of given or drawn samples, in pieces that fit the memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from digistrat.scoring.composite import Scores
from digistrat.scoring.ranking import tie_size
from digistrat.scoring.rules import Node, combine_nested, effective_weights
from digistrat.scoring.values import criterion_values

Array = npt.NDArray[Any]

BLOCK = 2_500_000  # numbers computed at a time: 20 MB
PRODUCT = 10_000_000  # scores that one product gives: few calls, as each may wait for another processor
MOST_LEVELS = 1000  # a scale of more steps is as good as continuous


def pieces(n_samples: int, size: int, most: int = 0) -> Iterator[slice]:
    """Cut samples of `size` numbers into slices of at most `most` (by default `BLOCK`) numbers."""
    step = max(1, (most or BLOCK) // max(size, 1))
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
    return tie_size(largest or 1.0)


def given_scores(value: Array, weight: Array) -> Iterator[tuple[Array, Array]]:
    """Yield weights and weighted sums (samples × alternatives) of given samples, piece by piece."""
    if value.ndim == 2:
        for part in pieces(len(weight), len(value), PRODUCT):
            yield weight[part], weight[part] @ value.T
    else:
        for part in pieces(len(weight), value.shape[1] * value.shape[2]):
            yield weight[part], (value[part] @ weight[part][:, :, None])[:, :, 0]


def given_confidence(value: Array, n_samples: int, first: Array, central: Array) -> Array:
    """Return the share of samples of given values in which each of `first` is first at its weights."""
    quantum = quantum_of(value, central)
    each = np.arange(len(first))
    if value.ndim == 2:
        at = value @ central.T
        return is_first(at.max(axis=0), at[first, each], quantum).astype(float)
    times = np.zeros(len(first))
    for part in pieces(n_samples, value.shape[1] * max(value.shape[2], len(first))):
        at = value[part] @ central.T
        times += is_first(at.max(axis=1), at[:, first, each], quantum).sum(axis=0)
    return times / n_samples


@dataclass(frozen=True, eq=False, slots=True)
class Draws:
    """Ratings that are drawn where they are not certain, and the weights and rule that join them.

    Attributes
    ----------
    low, high : array, n × m
        On 0–100, the same where a value is certain; NaN where a criterion does not apply.
    applicable : array of bool, n × m
        What counts at all.
    node : Node
        The hierarchy with its rules.
    weights : array, samples × m
        Drawn weights.
    offsets : array, n + 1
        The uncertain ratings of alternative i are the columns ``offsets[i]:offsets[i + 1]`` of `uniform`.
    uniform : array, samples × uncertain ratings
        Uniform on 0–1, the place of a rating between its ends.
    levels : array, uncertain ratings × levels; n_levels : array of int
        The values a rating can take where they are steps, and how many; 0 for any value.
    """

    low: Array
    high: Array
    applicable: Array
    node: Node
    weights: Array
    offsets: Array
    uniform: Array
    levels: Array
    n_levels: Array

    @property
    def uncertain(self) -> Array:
        """Where a rating is drawn."""
        return self.applicable & (self.high > self.low)

    def scores(self, part: slice) -> Array:
        """Return the scores of a slice of the samples, each with its own weights: samples × n."""
        weights, uncertain, n = self.weights[part], self.uncertain, len(self.low)
        total = np.empty((len(weights), n))
        if not self.node.is_additive:
            return combine_nested(self.ratings(part), weights[:, None, :], self.applicable, self.node)
        known = np.where(self.applicable & ~uncertain, self.low, 0.0)
        patterns, pattern_of = np.unique(self.applicable, axis=0, return_inverse=True)
        for number, pattern in enumerate(patterns):
            rows = np.flatnonzero(pattern_of.ravel() == number)
            shares = effective_weights(weights, pattern, self.node)
            scores = shares @ known[rows].T
            for at in np.flatnonzero(uncertain[rows].any(axis=1)).tolist():
                scores[:, at] += (shares[:, uncertain[rows[at]]] * self._of(rows[at], part)).sum(axis=1)
            if len(rows) == n:
                return scores
            total[:, rows] = scores
        return total

    def ratings(self, part: slice) -> Array:
        """Return all ratings of a slice of the samples, drawn where they are not certain: samples × n × m."""
        drawn = self.values(slice(0, self.uniform.shape[1]), part)
        ratings = np.broadcast_to(self.low, (len(drawn), *self.low.shape)).copy()
        ratings[:, self.uncertain] = drawn
        return ratings

    def scores_at(self, row: int, weights: Array, part: slice) -> Array:
        """Return one alternative's scores at fixed weight vectors: weight vectors × samples."""
        applicable, uncertain, drawn = self.applicable[row], self.uncertain[row], self._of(row, part)
        if not self.node.is_additive:
            values = np.tile(self.low[row], (len(drawn), 1))
            values[:, uncertain] = drawn
            return combine_nested(values, weights[:, None, :], applicable, self.node)
        shares = effective_weights(weights, applicable, self.node)
        known = np.where(applicable & ~uncertain, self.low[row], 0.0)
        return shares[:, uncertain] @ drawn.T + (shares @ known)[:, None]

    def values(self, columns: slice, part: slice) -> Array:
        """Return the drawn ratings of some columns: samples × ratings."""
        uniform = self.uniform[part, columns].astype(float)
        uncertain = self.uncertain
        low, high = self.low[uncertain][columns], self.high[uncertain][columns]
        drawn: Array = low + (high - low) * uniform
        count = self.n_levels[columns]
        stepped = np.flatnonzero(count)
        if len(stepped):
            position = (uniform[:, stepped] * count[stepped]).astype(int)
            drawn[:, stepped] = self.levels[columns][stepped, position]
        return drawn

    def _of(self, row: int, part: slice) -> Array:
        return self.values(slice(self.offsets[row], self.offsets[row + 1]), part)


def draws_of(scores: Scores, included: Array, weights: Array, rng: np.random.Generator) -> Draws:
    """Return what is drawn for the included alternatives (an array of bool) with these weights."""
    state = scores.states[included].to_numpy(dtype=object)
    nominal = scores.criteria["weight"].to_numpy(dtype=float)
    applicable = (state != "not_applicable") & (nominal > 0)
    low, high = (end[included].to_numpy(dtype=float) for end in (scores.low, scores.high))
    uncertain = applicable & (high > low)
    grid = rating_levels(scores.criteria, scores.hierarchy)
    steps = [
        levels[(levels >= low[i, j] - 1e-9) & (levels <= high[i, j] + 1e-9)]
        for i, j in np.argwhere(uncertain)
        for levels in (grid[j],)
    ]
    n_levels = np.array([len(levels) for levels in steps], dtype=int)
    padded = np.zeros((len(steps), int(n_levels.max(initial=0))))
    for row, levels in zip(padded, steps, strict=True):
        row[: len(levels)] = levels
    return Draws(
        low=np.where(applicable, low, 0.0),
        high=np.where(applicable, high, 0.0),
        applicable=applicable,
        node=scores.hierarchy,
        weights=weights,
        offsets=np.concatenate([[0], np.cumsum(uncertain.sum(axis=1))]),
        uniform=rng.random((len(weights), int(uncertain.sum())), dtype=np.float32),
        levels=padded,
        n_levels=n_levels,
    )


def rating_levels(criteria: pd.DataFrame, node: Node) -> list[Array]:
    """Return by criterion the values that ratings can take in equal steps; none where any value can be.

    Parameters
    ----------
    criteria : DataFrame
        As in `Scores`; ``step`` (optional) is the distance of two levels in the criterion's own unit.
    node : Node
        A criterion joined by ``share_of_yes`` is yes (100) or no (0).

    Examples
    --------
    >>> from digistrat.scoring.rules import make_hierarchy
    >>> criteria = pd.DataFrame({"floor": [0.0, 10], "target": [4.0, 0], "step": [2.0, 0]}, index=["a", "b"])
    >>> [v.tolist() for v in rating_levels(criteria, make_hierarchy(criteria.index, "minimum"))]
    [[0.0, 50.0, 100.0], []]
    """
    levels: list[Array] = [np.empty(0)] * len(criteria)
    for leaf in [node, *node.below()]:
        if leaf.rule == "share_of_yes" and not leaf.children:
            for j in leaf.criteria:
                levels[j] = np.array([0.0, 100.0])
    for j, shape in enumerate(criteria["shape"] if "points" in criteria else ()):
        if shape == "stepwise":
            floor, points = float(criteria["floor"].iloc[j]), criteria["points"].iloc[j]
            before = [0.0] if floor < points[0][0] else []
            levels[j] = np.unique([*before, *(float(value) for _, value in points)])
    if "step" in criteria:
        for j, step in enumerate(criteria["step"].fillna(0.0).to_numpy(dtype=float)):
            floor, target = float(criteria["floor"].iloc[j]), float(criteria["target"].iloc[j])
            if step > 0 and abs(target - floor) / step <= MOST_LEVELS:
                count = int(np.floor(abs(target - floor) / step + 1e-9)) + 1
                raw = floor + np.sign(target - floor) * step * np.arange(count)
                column = criteria.iloc[[j]]
                frame = pd.DataFrame({column.index[0]: raw})
                levels[j] = np.sort(criterion_values(frame, column).to_numpy()[:, 0])
    return levels


def drawn_scores(draws: Draws) -> Iterator[tuple[Array, Array]]:
    """Yield weights and scores (samples × alternatives) of drawn ratings, piece by piece."""
    is_product, (n, m) = draws.node.is_additive, draws.low.shape
    for part in pieces(len(draws.weights), n if is_product else n * m, PRODUCT if is_product else BLOCK):
        yield draws.weights[part], draws.scores(part)


def drawn_confidence(draws: Draws, first: Array, central: Array) -> Array:
    """Return the share of samples of the ratings in which each of `first` is first at its weights."""
    n_samples, quantum = len(draws.weights), tie_size(100.0)
    at_low, at_high = (
        combine_nested(end, central[:, None, :], draws.applicable, draws.node).T
        for end in (draws.low, draws.high)
    )
    could_win = at_high >= at_low.max(axis=0) - quantum  # n × first: nobody else need be drawn
    times = np.zeros(len(first))
    for part in pieces(n_samples, len(first) * (1 if draws.node.is_additive else draws.low.shape[1])):
        best = np.full((len(first), part.stop - part.start), -np.inf)
        own = best.copy()
        for row in np.flatnonzero(could_win.any(axis=1)).tolist():
            at = np.flatnonzero(could_win[row])
            scores = draws.scores_at(row, central[at], part)
            best[at] = np.maximum(best[at], scores)
            own[at[first[at] == row]] = scores[first[at] == row]
        times += is_first(best, own, quantum).sum(axis=1)
    return times / n_samples
