"""Fit of projects to the strategy: how much of what the city wants a project serves."""

from __future__ import annotations

from math import fsum

import pandas as pd

from digistrat.inventory.record import Inventory
from digistrat.strategy import FieldOfAction, Goal, Strategy


def goal_fit(inventory: Inventory) -> pd.Series:
    r"""Return how well every project serves the goals of the strategy, 0–100.

    Every goal counts with its share of the weights of its field of action; a project has the sum of the
    shares of the goals that it names, at most 100. So 100 is what serves all goals of one field (or as much
    in several ones), whatever the other projects do.

    Parameters
    ----------
    inventory : Inventory
        Column ``goal_ids`` of its projects; the weights are those of the strategy (`Goal.weight`).

    Returns
    -------
    Series
        By project; NaN where a project names no goal: an unanswered question is no zero.

    Notes
    -----
    :math:`v = 100 \min(1, \sum_{g} w_g / \sum_{h \in F(g)} w_h)` over the goals g that are served, F(g) the
    goals of the field of g. A scale between two fixed ends, as in DCLG (2009), *Multi-criteria analysis: a
    manual*, ch. 6; that the shares of several fields add up is our choice.
    """

    def fit(named: object) -> float:
        shares = [
            fsum(goal.weight for goal in goals) / fsum(goal.weight for goal in field.goals)
            for _, field, goals in served_fields(inventory.strategy, named)
        ]
        return min(100.0, 100 * fsum(shares)) if shares else float("nan")

    return inventory.projects["goal_ids"].map(fit).astype(float).rename("goal_fit")


def served_fields(strategy: Strategy, named: object) -> list[tuple[int, FieldOfAction, list[Goal]]]:
    """Return the fields of which somebody names goals: the position in the strategy, the field, these goals.

    Parameters
    ----------
    strategy : Strategy
        Its fields are gone through in their order.
    named : object
        A tuple or list of ids of goals; anything else names none, and an id that no field has counts nowhere.
    """
    wanted = set(named) if isinstance(named, tuple | list) else set()
    served = [
        (number, field, [goal for goal in field.goals if goal.id in wanted])
        for number, field in enumerate(strategy.fields)
    ]
    return [(number, field, goals) for number, field, goals in served if goals]
