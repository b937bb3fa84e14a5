"""Impact of projects: how much they would achieve for citizens, business, administration and strategy."""

from __future__ import annotations

from digistrat.inventory.record import Inventory
from digistrat.scoring.composite import Scores
from digistrat.scoring.ratings import score_projects


def score_impact(inventory: Inventory) -> Scores:
    """Score every project by the strategy's impact criteria.

    Costs stay out of the value, feasibility belongs to readiness, a legal duty is a mandate: nothing is
    counted twice. The weights are the strategy's; missing ratings widen the bounds.

    Parameters
    ----------
    inventory : Inventory
        Its table ``impact_ratings`` holds points by project and criterion. Where an office and the unit, or a
        group, have rated the same, the moderated rating counts; the office's own stands beside it.

    Returns
    -------
    Scores
        One alternative per project that is not discontinued; the rule is the strategy's.

    References
    ----------
    DCLG (2009), *Multi-criteria analysis: a manual*, ch. 6 (weighted sum of values).
    """
    return score_projects(inventory, "impact", criterion="criterion_id", value="points")
