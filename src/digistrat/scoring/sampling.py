"""Random weights: around the nominal ones, within ranges, in an order of importance, or all there are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from digistrat.scoring.inputs import allowed, per_criterion

Array = npt.NDArray[Any]
Spread = Literal["dirichlet", "simplex", "ranges", "order"]
Bounds = Mapping[Any, float] | pd.Series

CONCENTRATION = 50.0
"""Default of the Dirichlet weights: a weight of 10 % varies by ±4.2 points (one standard deviation)."""

SPREADS = ("dirichlet", "simplex", "ranges", "order")
EVER = 1e-300  # a weight drawn as 0 by underflow would leave 0/0 where it is the only one applicable
ROUNDS = 100  # of exchanging weight in pairs; 20 already agree with rejection sampling on 12 criteria


def sample_weights(
    nominal: pd.Series,
    n_samples: int,
    seed: int,
    *,
    spread: Spread = "dirichlet",
    concentration: float = CONCENTRATION,
    lower: Bounds | None = None,
    upper: Bounds | None = None,
    order: Sequence[Any] | None = None,
) -> Array:
    r"""Draw weight vectors around nominal weights, or uniformly from all that fit what is known.

    Parameters
    ----------
    nominal : Series
        Weight per criterion; only the proportions count. A criterion of weight 0 stays at 0.
    n_samples, seed : int
        How many, and from which seed.
    spread : {"dirichlet", "simplex", "ranges", "order"}
        ``"dirichlet"``: mean at the nominal weights. The others are uniform: over all weights as if nothing
        were known (``"simplex"``), over those between `lower` and `upper` (``"ranges"``), over those that
        fall along `order` (``"order"``); the nominal weights only tell which criteria count.
    concentration : float
        Of the Dirichlet distribution: the standard deviation of a share w is
        :math:`\sqrt{w (1 - w) / (c + 1)}`.
    lower, upper : mapping or Series, optional
        For ``"ranges"``, by criterion and on the scale of `nominal`; a criterion that is not named may have
        any weight.
    order : sequence, optional
        For ``"order"``: the criteria that count, the most important first.

    Returns
    -------
    array, samples × criteria
        Shares that sum to 1.

    Raises
    ------
    ValueError
        If a number is out of its range, or ranges or order fit no weights.

    Notes
    -----
    The mean of the sorted simplex are the rank-order centroid weights, Barron & Barrett (1996), Management
    Science 42(11) 1515–1523. Ranges are drawn by Gibbs sampling, each sample from a chain of its own.

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
    if not 0 < concentration < np.inf:
        raise ValueError(f"concentration must be above 0 and finite, not {concentration}")
    allowed("spread", spread, SPREADS)
    _check_use(spread, lower, upper, order)
    counts = weight > 0
    names = nominal.index[counts]
    rng = np.random.default_rng(seed)
    if spread == "ranges":
        least, most = (
            _bound(bound, names, name, weight.sum(), default)
            for bound, name, default in ((lower, "lower", 0.0), (upper, "upper", 1.0))
        )
        shares = _within_ranges(least, most, n_samples, rng)
    else:
        alpha = (
            weight[counts] / weight.sum() * concentration if spread == "dirichlet" else np.ones(len(names))
        )
        shares = rng.dirichlet(alpha, n_samples)
        if spread == "order":
            shares = -np.sort(-shares, axis=1)[:, _places(order, names)]
    drawn = np.zeros((n_samples, len(weight)))
    drawn[:, counts] = np.maximum(shares, EVER)
    return drawn


def _check_use(spread: str, lower: Bounds | None, upper: Bounds | None, order: Sequence[Any] | None) -> None:
    given = {"lower": lower, "upper": upper, "order": order}
    used = {"ranges": ("lower", "upper"), "order": ("order",)}.get(spread, ())
    unused = [name for name, value in given.items() if value is not None and name not in used]
    if unused:
        raise ValueError(f"{' and '.join(unused)} must not be given with weights of kind {spread!r}")
    if used and all(given[name] is None for name in used):
        raise ValueError(f"weights of kind {spread!r} need {' or '.join(used)}")


def _bound(bound: Bounds | None, names: pd.Index, what: str, total: float, default: float) -> Array:
    """Return bounds as shares, in the order of the criteria that count."""
    of = {} if bound is None else dict(bound.items())
    unknown = [name for name in of if name not in names]
    if unknown:
        raise ValueError(f"{what} must name criteria of weight above 0 ({names.tolist()}), not {unknown}")
    array = np.array([float(of[name]) / total if name in of else default for name in names])
    if not ((array >= 0) & (array <= 1 + 1e-12)).all():
        raise ValueError(f"{what} must lie between 0 and the sum of the weights, {total:g}, not {of}")
    return array.clip(max=1.0)


def _within_ranges(least: Array, most: Array, n_samples: int, rng: np.random.Generator) -> Array:
    """Draw uniformly from all shares between two bounds: pairs exchange weight until the start is forgotten.

    Given the others, a pair's sum is fixed and one of the two is uniform on what the bounds leave.
    """
    if (least > most).any():
        raise ValueError(f"lower must not be above upper, found {least.tolist()} and {most.tolist()}")
    if least.sum() > 1 + 1e-9 or most.sum() < 1 - 1e-9:
        raise ValueError(
            f"lower and upper must leave room for shares that sum to 1; they sum to {least.sum():.6g} and "
            f"{most.sum():.6g}"
        )
    room = most.sum() - least.sum()
    start = least + (most - least) * ((1 - least.sum()) / room if room > 0 else 0.0)
    shares = np.tile(start / start.sum(), (n_samples, 1)).T.copy()
    n = len(least)
    for _ in range(ROUNDS if n > 1 else 0):
        order = rng.permutation(n)
        for i, j in zip(order[: n // 2], order[n // 2 :], strict=False):
            both = shares[i] + shares[j]
            low = np.maximum(least[i], both - most[j])
            high = np.maximum(np.minimum(most[i], both - least[j]), low)
            shares[i] = low + (high - low) * rng.random(n_samples)
            shares[j] = both - shares[i]
    return np.maximum(shares.T, 0.0)


def _places(order: Sequence[Any] | None, names: pd.Index) -> Array:
    """Return for each criterion the place it has in the order of importance."""
    given = list(order or ())
    place = {name: position for position, name in enumerate(given)}
    if len(given) != len(names) or set(place) != set(names):
        raise ValueError(
            f"order must name every criterion of weight above 0 once ({names.tolist()}), not {given}"
        )
    return np.array([place[name] for name in names])
