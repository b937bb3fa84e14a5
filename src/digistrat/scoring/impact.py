"""Impact of projects: how much they would achieve for citizens, business, administration and strategy."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd

from digistrat.inventory.record import Inventory
from digistrat.scoring.composite import Scores
from digistrat.scoring.computed import only_rated, with_computed
from digistrat.scoring.enabling import enabling_effect, enabling_links
from digistrat.scoring.goals import goal_fit
from digistrat.scoring.origins import Origin
from digistrat.scoring.ratings import Ratings, project_ratings, score_ratings
from digistrat.scoring.workings import enabling_origin, goal_origin
from digistrat.strategy import Criterion


def score_impact(inventory: Inventory) -> Scores:
    """Score every project by the strategy's impact criteria.

    Costs stay out of the value, feasibility belongs to readiness, a legal duty is a mandate: nothing is
    counted twice. The weights are the strategy's; missing ratings widen the bounds. Criteria that the
    strategy has computed (`Criterion.computed`) are never read from ratings: the fit to the goals
    (`goal_fit`), and the enabling effect (`enabling_effect`), for which a project counts with its score by
    all other criteria. Where no return names a dependency, no enabling effect is known. A project for which
    no criterion that is asked for is assessed is not scored, whatever is computed for it (`only_rated`).
    Whoever changes weights afterwards leaves the enabling effect as it is, made with the strategy's own.

    Parameters
    ----------
    inventory : Inventory
        Its table ``impact_ratings`` holds points by project and criterion. Where an office and the unit, or a
        group, have rated the same, the moderated rating counts; the office's own stands beside it.

    Returns
    -------
    Scores
        One alternative per project that is not discontinued; the rule is the strategy's.

    Raises
    ------
    ValueError
        If a project's id stands twice.

    References
    ----------
    DCLG (2009), *Multi-criteria analysis: a manual*, ch. 6 (weighted sum of values).
    """
    scale = inventory.strategy.impact
    ratings = project_ratings(inventory, "impact_ratings", scale)
    computed = {one.computed: one for one in scale.criteria}
    if fit := computed.get("goal_fit"):
        figures = goal_fit(inventory).to_frame("value")
        ratings = _with(ratings, fit, figures, goal_origin(inventory, fit.target))
    if effect := computed.get("enabling_effect"):
        links = enabling_links(inventory)
        base = _base(inventory, _scored(inventory, _left_out(ratings, effect.id)))
        figures = _enabling(inventory, links, base)
        told = enabling_origin(inventory, links, figures, base, effect.target)
        ratings = _with(ratings, effect, figures, told)
    return _scored(inventory, ratings)


def _with(
    ratings: Ratings, criterion: Criterion, figures: pd.DataFrame, origin: Callable[[str], Origin]
) -> Ratings:
    def place(project: str) -> str:
        return "; ".join(origin(project).cells)

    return with_computed(ratings, criterion.id, figures, place, origin=origin)


def _scored(inventory: Inventory, ratings: Ratings) -> Scores:
    scores = score_ratings(inventory, "impact", ratings, unit="project")
    return only_rated(scores, inventory.strategy.impact)


def _left_out(ratings: Ratings, criterion: str) -> Ratings:
    nothing = {criterion: np.nan}
    frames = {name: getattr(ratings, name).assign(**nothing) for name in ("raw", "low", "high")}
    states = ratings.states.assign(**{criterion: "not_applicable"}).astype("str")
    return replace(ratings, states=states, **frames)


def _base(inventory: Inventory, without: Scores) -> dict[str, pd.Series]:
    """Return what every project counts with for those it builds on: its score by all other criteria."""
    asked = [criterion.id for criterion in inventory.strategy.impact.asked]
    # to whom no question applies, nothing is known of its impact: what is computed alone tells no bounds
    says_nothing = (without.states[asked] == "not_applicable").all(axis="columns")
    lower, upper = (without.table[end].mask(says_nothing) for end in ("lower", "upper"))
    return {"base": without.table["score"], "low": lower, "high": upper}


def _enabling(inventory: Inventory, links: pd.DataFrame, base: dict[str, pd.Series]) -> pd.DataFrame:
    """Return the enabling effect of every project, without a cap: the criterion's target is one."""
    effect = enabling_effect(links, base["base"], low=base["low"], high=base["high"], target=np.inf)
    is_asked = bool(inventory.dependencies["kind"].notna().any())
    return effect if is_asked else effect.assign(value=np.nan)
