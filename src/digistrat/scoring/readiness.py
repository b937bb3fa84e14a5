"""Readiness of projects: how far they are prepared for implementation."""

from __future__ import annotations

from digistrat.inventory.record import Inventory
from digistrat.scoring.composite import Scores
from digistrat.scoring.ratings import score_projects


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
    """
    return score_projects(inventory, "readiness", criterion="item_id", value="level")
