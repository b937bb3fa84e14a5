"""How far from the best possible plan, at most: a proven bound of what any plan of the joint model is worth.

The least bound that prices can prove (`joint_relaxation`) is that of the time-indexed linear program, because
chains are integral (Geoffrion 1974, Math. Program. Study 2:82–114); a subgradient method comes close to it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from digistrat.planning.joint_model import JointProblem
from digistrat.planning.joint_relaxation import Relaxation

_FIRST_LEVEL = 0.05  # how far below the best bound the first one aimed at lies, as a share
_LAST_LEVEL = 1e-6
_PATIENCE = 20  # steps without getting half of the way, before less is aimed at
_MEMORY = 0.7  # of the direction before (Camerini, Fratta & Maffioli 1975, Math. Program. Study 3:26–34)
_MARGIN = 1e-9  # relative: what the sums of the bound itself may lack in binary


@dataclass(frozen=True)
class Bound:
    """No plan is worth more than `value`; and the prices that prove it.

    Attributes
    ----------
    value : float
        Below 0 (−inf where a mandatory project alone cannot be done): there is no plan at all.
    prices : array
        Of all priced rows, as `Relaxation.split` reads them.
    role_prices : periods × resources
        What one more unit of a resource in a period is worth.
    money_prices : blocks × kinds
        What one more unit of money is worth.
    gain : array, by project
        What it adds at most under these prices: below 0 it is not wanted, −inf where it cannot be done.
    starts : array of int, by activity
        Best starts under these prices, wanted or not; −1 where the project cannot be done.
    """

    value: float
    prices: np.ndarray
    role_prices: np.ndarray
    money_prices: np.ndarray
    gain: np.ndarray
    starts: np.ndarray


@dataclass(frozen=True)
class Fixing:
    """What every plan has in common that is worth more than some plan: projects done and not done, starts."""

    inside: np.ndarray
    outside: np.ndarray
    starts: np.ndarray  # activities × starts: whether it may start there


def lagrangian_bound(
    problem: JointProblem, *, iterations: int = 300, relaxation: Relaxation | None = None
) -> Bound:
    """Bound what any plan is worth, by prices on everything that projects share.

    A subgradient method with path-based levels (Brännlund 1995; Goffin & Kiwiel 1999, Math. Program.
    85:207–211): the same problem gives the same bound. True in binary arithmetic too: supply has what plans
    may exceed by rounding, and the value a margin of 1e-9 of its terms.

    Parameters
    ----------
    problem : JointProblem
    iterations : int
        Prices that are tried, at most; each takes 5 ms for 1,300 activities and 72 periods.
    relaxation : Relaxation, optional
        Where it is prepared already.

    Returns
    -------
    Bound
    """
    relaxed = Relaxation(problem) if relaxation is None else relaxation
    prices = np.zeros(len(relaxed.side))
    value, slope = _value(relaxed, prices)
    best, best_prices, best_slope, reference = value, prices, slope, value
    level, idle, direction = _FIRST_LEVEL * abs(value), 0, np.zeros(len(prices))
    for _ in range(iterations):
        if not np.isfinite(value) or best < 0.0 or level <= _LAST_LEVEL * abs(best):
            break
        direction = slope + _MEMORY * direction
        direction = np.where((prices <= 0.0) & (direction < 0.0), 0.0, direction)
        length = float(direction @ direction)
        if length <= 0.0:
            break
        step = (value - best + level) / length
        prices = np.maximum(0.0, prices + step * direction / relaxed.scale)
        value, slope = _value(relaxed, prices)
        if value < best:
            best, best_prices, best_slope = value, prices, slope
        idle += 1
        if best <= reference - 0.5 * level:
            reference, idle = best, 0
        elif idle >= _PATIENCE:
            level, reference, idle = 0.5 * level, best, 0
            value, prices, slope, direction = best, best_prices, best_slope, np.zeros(len(prices))
    return _bound(relaxed, best_prices)


def fixing(problem: JointProblem, bound: Bound, value: float) -> Fixing:
    """What must hold in every plan that is worth more than `value` (reduced-cost fixing).

    The bound of all plans in which a project is done (or not, or an activity starts at a time) is the
    bound itself less what that costs under its prices.
    """
    relaxed = Relaxation(problem)
    gain, found = relaxed.best(bound.prices)
    free = np.where(problem.mandatory, gain, np.maximum(gain, 0.0))
    without = bound.value - free
    outside = ~problem.mandatory & (without + gain < value)
    inside = problem.mandatory | (without < value)
    through = relaxed.through(bound.prices, found)
    starts = (without[problem.project][:, None] + through >= value) & ~outside[problem.project][:, None]
    return Fixing(inside, outside, starts)


def _value(relaxed: Relaxation, prices: np.ndarray) -> tuple[float, np.ndarray]:
    """What prices prove, and by how much what is wanted then exceeds what there is (scaled)."""
    gain, found = relaxed.best(prices)
    mandatory = relaxed.problem.mandatory
    wanted = mandatory | (gain > 0.0)
    value = float(gain[wanted].sum() + prices @ relaxed.side)
    if not np.isfinite(value):
        return value, np.zeros(len(prices))
    return value, (relaxed.usage(relaxed.trace(found, wanted)) - relaxed.side) / relaxed.scale


def _bound(relaxed: Relaxation, prices: np.ndarray) -> Bound:
    gain, found = relaxed.best(prices)
    wanted = relaxed.problem.mandatory | (gain > 0.0)
    value = float(gain[wanted].sum() + prices @ relaxed.side)
    if np.isfinite(value):
        terms = np.abs(gain[wanted]).sum() + np.abs(prices) @ np.abs(relaxed.side)
        value += _MARGIN * max(1.0, float(terms))
    roles, money, *_ = relaxed.split(prices)
    return Bound(value, prices, roles, money, gain, relaxed.trace(found, np.isfinite(gain)))
