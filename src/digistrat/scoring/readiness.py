"""Readiness of projects: how far they are prepared for implementation."""

from __future__ import annotations

from digistrat.inventory.record import Inventory
from digistrat.scoring.composite import Scores
from digistrat.scoring.ratings import project_ratings, score_ratings


def score_readiness(inventory: Inventory) -> Scores:
    """Score every project by the strategy's readiness items: concept, owner, funding, law, checks.

    Parameters
    ----------
    inventory : Inventory
        Its table ``readiness_ratings`` holds levels by project and item.

    Returns
    -------
    Scores
        One alternative per project that is not discontinued; an item that does not apply to a project
        leaves its denominator. Ordinal levels are averaged; the strategy's source says so.

    Raises
    ------
    ValueError
        If a project's id stands twice.
    """
    scale = inventory.strategy.readiness
    ratings = project_ratings(inventory, "readiness_ratings", scale, criterion="item_id", value="level")
    return score_ratings(inventory, "readiness", ratings, unit="project")
