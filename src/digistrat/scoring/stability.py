"""How far a criterion's weight may move before the best change: exact, from where two scores cross.

When one weight moves and the others keep their proportions, a score is a fraction of two polynomials in
that weight, of a degree one higher for every level of the hierarchy. Two alternatives change places at the
roots of a polynomial, so nothing is sampled or stepped.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from digistrat.scoring.rules import Node, effective_weights

Array = npt.NDArray[Any]

Scores = Any  # the record of `digistrat.scoring.composite`, which is built on this module
EXACT = 1e-12  # of a polynomial's size: below it a coefficient is float noise, and a difference a tie


def weight_stability(scores: Scores, k: int) -> pd.DataFrame:
    """Return the interval of each criterion's weight within which the first `k` stay the same.

    One weight moves at a time, and the others share the rest in their proportions. The set stays as long as
    every member scores at least as much as everybody else; the order within it may change.

    Parameters
    ----------
    scores : Scores
        From `score_table` and the like; alternatives without a rank take no part.
    k : int
        The set are those of rank `k` or better.

    Returns
    -------
    DataFrame
        By criterion: ``weight`` (of 100), ``lower`` and ``upper`` (the ends of the interval), and who changes
        places beyond them: ``leaves_below``, ``enters_below``, ``leaves_above``, ``enters_above``. Missing
        where the set stays down to 0 or up to 100.

    Raises
    ------
    ValueError
        If `k` is out of range, or the levels are joined by different rules that are not additive.

    Notes
    -----
    Mareschal (1988), Weight stability intervals in multicriteria decision aid, European Journal of
    Operational Research 33(1) 54–64; here for means that are nested and rescaled over what is assessed.
    Geometric and harmonic means are linear in logarithms and reciprocals; under the minimum weights play no
    part.

    Examples
    --------
    >>> from digistrat.scoring.composite import score_table
    >>> criteria = pd.DataFrame({"weight": [70, 30], "floor": 0, "target": 10}, index=["use", "reach"])
    >>> raw = pd.DataFrame({"use": [10, 4], "reach": [0, 9]}, index=["a", "b"])
    >>> scores = score_table(raw, None, criteria, rule="weighted_mean")  # equal at 10 t = 4 t + 9 (1 - t)
    >>> interval = weight_stability(scores, 1).loc["use"]
    >>> interval[["weight", "lower", "upper"]].astype(float).round(9).tolist(), interval["enters_below"]
    ([70.0, 60.0, 100.0], 'b')
    """
    rank = scores.table["rank"]
    n = int(rank.notna().sum())
    if not 1 <= k <= n:
        raise ValueError(f"k must be from 1 to {n}, the number that have a rank, not {k}")
    is_inside = (rank <= k).fillna(False).to_numpy(dtype=bool)
    return _stability(scores, is_inside, (rank > k).fillna(False).to_numpy(dtype=bool))


def overtaking_weights(scores: Scores, alternative: Any) -> pd.DataFrame:
    """Return at which weight of each criterion somebody behind an alternative would pass it.

    Parameters
    ----------
    scores : Scores
    alternative
        One that has a rank.

    Returns
    -------
    DataFrame
        As in `weight_stability`: between ``lower`` and ``upper`` nobody who is behind passes; who does beyond
        them stands in ``enters_below`` and ``enters_above``.

    Raises
    ------
    ValueError
        If the alternative has no rank, or as in `weight_stability`.
    """
    rank = scores.table["rank"]
    if alternative not in rank.index or pd.isna(rank[alternative]):
        raise ValueError(f"alternative must be one that has a rank, not {alternative!r}")
    is_own = rank.index == alternative
    return _stability(
        scores, is_own, (rank >= rank[alternative]).fillna(False).to_numpy(dtype=bool) & ~is_own
    )


def _stability(scores: Scores, is_inside: Array, is_outside: Array) -> pd.DataFrame:
    model = _Linear.of(scores)
    labels, weight = scores.table.index, scores.criteria["weight"].to_numpy(dtype=float) / 100
    inside = np.flatnonzero(is_inside & model.takes_part)
    outside = np.flatnonzero(is_outside & model.takes_part)
    rows = []
    for c, at in enumerate(weight.tolist()):
        row: dict[str, Any] = {"weight": at * 100, "lower": 0.0, "upper": 100.0}
        if at >= 1 - EXACT:  # there is nothing else to take weight from
            row["lower"] = row["upper"] = 100.0
        elif len(inside) and len(outside):
            lead = _lead(*_fractions(model, c, weight), inside, outside)
            for end, side, direction in (("lower", "below", -1), ("upper", "above", 1)):
                reached, pair = _first_loss(lead, at, direction)
                if pair is not None:
                    i, j = divmod(pair, len(outside))
                    row[end] = reached * 100
                    row[f"leaves_{side}"], row[f"enters_{side}"] = labels[inside[i]], labels[outside[j]]
        rows.append(row)
    columns = ["weight", "lower", "upper", "leaves_below", "enters_below", "leaves_above", "enters_above"]
    return pd.DataFrame(rows, index=scores.criteria.index, columns=columns).rename_axis("criterion")


@dataclass(frozen=True, slots=True)
class _Linear:
    """Scores as means: values (as they are, logarithms or reciprocals) and which of them count."""

    value: Array
    counted: Array
    takes_part: Array
    node: Node

    @classmethod
    def of(cls, scores: Scores) -> _Linear:
        node = scores.hierarchy
        rules = {node.rule, *(below.rule for below in node.below())}
        value = scores.values.to_numpy(dtype=float)
        counted = (scores.states == "assessed").to_numpy() & ~np.isnan(value)
        takes_part = np.ones(len(value), dtype=bool)
        if rules == {"minimum"}:
            takes_part[:] = False
        elif not node.is_additive:
            if len(rules) > 1 or not rules <= {"geometric", "harmonic"}:
                raise ValueError(f"scores must be joined by one rule on all levels, not {sorted(rules)}")
            takes_part = ~(counted & (value <= 0)).any(axis=1)  # a zero stays one at any weight
            with np.errstate(divide="ignore", invalid="ignore"):
                value = np.log(value) if rules == {"geometric"} else -1 / value
        return cls(np.where(counted & takes_part[:, None], value, 0.0), counted, takes_part, node)


def _fractions(model: _Linear, c: int, weight: Array) -> tuple[Array, Array]:
    """Return numerators and denominators of all scores as polynomials in criterion c's share."""
    others = np.where(np.arange(len(weight)) == c, 0.0, weight / (1 - weight[c]))
    numerator, denominator, _ = _fraction(model, model.node, c, others)
    return numerator, denominator


def _fraction(model: _Linear, node: Node, c: int, others: Array) -> tuple[Array, Array, Array]:
    """Return a node's score as a fraction, and whether it has one; the node holds criterion c."""
    if not node.children:
        at = [j for j in node.criteria if j != c]
        total = (model.counted[:, at] * others[at]).sum(axis=1)
        points = (model.counted[:, at] * others[at] * model.value[:, at]).sum(axis=1)
        own, known = model.value[:, c], model.counted[:, c]
        both = known & (total > 0)  # where one of the two is missing the score is a constant
        base = np.where(total > 0, points, own)
        base_total = np.where(total > 0, total, 1.0)
        numerator = np.column_stack([base, np.where(both, own - points, 0.0)])
        denominator = np.column_stack([base_total, np.where(both, 1 - total, 0.0)])
        return numerator, denominator, known | (total > 0)
    rest = rest_points = np.zeros(len(model.value))
    inner: Any = None
    for child in node.children:
        share = others[list(child.criteria)].sum()
        if c in child.criteria:
            inner, own_share = _fraction(model, child, c, others), share
            continue
        effective = effective_weights(others, model.counted, child)
        has_score = effective.sum(axis=1) > 0
        rest = rest + share * has_score
        rest_points = rest_points + share * (effective * model.value).sum(axis=1)
    numerator, denominator, known = inner
    both = known & (rest > 0)
    growing = np.array([own_share, 1 - own_share])  # the weight of the child that holds c
    shrinking = np.array([1.0, -1.0])
    joined = _times(growing, numerator) + rest_points[:, None] * _times(shrinking, denominator)
    joined_total = _times(growing, denominator) + rest[:, None] * _times(shrinking, denominator)
    alone, alone_total = (np.pad(part, ((0, 0), (0, 1))) for part in (numerator, denominator))
    constant, one = np.zeros_like(joined), np.zeros_like(joined)
    with np.errstate(divide="ignore", invalid="ignore"):
        constant[:, 0], one[:, 0] = np.where(rest > 0, rest_points / rest, 0.0), 1.0
    numerator = np.where(both[:, None], joined, np.where(known[:, None], alone, constant))
    denominator = np.where(both[:, None], joined_total, np.where(known[:, None], alone_total, one))
    return numerator, denominator, known | (rest > 0)


def _times(factor: Array, polynomials: Array) -> Array:
    """Multiply polynomials (… × coefficients) by others of the same leading shape, or by one."""
    product = np.zeros(
        (
            *np.broadcast_shapes(factor.shape[:-1], polynomials.shape[:-1]),
            factor.shape[-1] + polynomials.shape[-1] - 1,
        )
    )
    for power in range(factor.shape[-1]):
        product[..., power : power + polynomials.shape[-1]] += factor[..., power, None] * polynomials
    return product


def _lead(numerator: Array, denominator: Array, inside: Array, outside: Array) -> Array:
    """Return pairs × coefficients: above 0 where the one inside scores more than the one outside."""
    own, own_total = numerator[inside, None, :], denominator[inside, None, :]
    other, other_total = numerator[None, outside, :], denominator[None, outside, :]
    lead = _times(own, other_total) - _times(other, own_total)
    return lead.reshape(-1, lead.shape[-1])


def _first_loss(lead: Array, at: float, direction: int) -> tuple[float, int | None]:
    """Return the nearest share in a direction beyond which a lead is negative, and whose; None if nowhere."""
    roots = _roots(lead)
    beyond = np.where((roots - at) * direction > 0, roots, np.nan)
    end = 1.0 if direction > 0 else 0.0
    edges = np.sort(np.where(np.isnan(beyond), end, beyond) * direction, axis=1) * direction
    starts = np.column_stack([np.full(len(lead), at), edges])
    ends = np.column_stack([edges, np.full(len(lead), end)])
    middle = (starts + ends) / 2
    powers = middle[..., None] ** np.arange(lead.shape[1])
    is_lost = (powers * lead[:, None, :]).sum(axis=-1) < -EXACT * np.abs(lead).sum(axis=1)[:, None]
    loses = np.flatnonzero(is_lost.any(axis=1))
    if not len(loses):
        return end, None
    reached = starts[loses, is_lost[loses].argmax(axis=1)]
    nearest = int(np.argmin(reached * direction))
    return float(reached[nearest]), int(loses[nearest])


def _roots(polynomials: Array) -> Array:
    """Return the real roots between 0 and 1 of polynomials (n × coefficients), NaN in the other places."""
    n, size = polynomials.shape
    roots = np.full((n, size - 1), np.nan)
    scale = np.abs(polynomials).max(axis=1, keepdims=True)
    is_there = np.abs(polynomials) > EXACT * scale
    degree = np.where(is_there.any(axis=1), size - 1 - is_there[:, ::-1].argmax(axis=1), 0)
    for d in range(1, size):
        rows = np.flatnonzero(degree == d)
        if not len(rows):
            continue
        monic = polynomials[rows, :d] / polynomials[rows, d, None]
        companion = np.zeros((len(rows), d, d))
        companion[:, np.arange(1, d), np.arange(d - 1)] = 1.0
        companion[:, :, -1] = -monic
        found = np.linalg.eigvals(companion)
        is_real = (np.abs(found.imag) < 1e-9) & (found.real >= 0) & (found.real <= 1)
        roots[rows, :d] = np.where(is_real, found.real, np.nan)
    return roots
