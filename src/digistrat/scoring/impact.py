"""Impact of projects: how much they would achieve for citizens, business, administration and strategy."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from digistrat.inventory.record import Inventory, standard_form
from digistrat.scoring.composite import Scores
from digistrat.scoring.enabling import enabling_effect, enabling_links
from digistrat.scoring.goals import goal_fit
from digistrat.scoring.ratings import Ratings, criteria_frame, place_of, ratings_matrix, score_ratings
from digistrat.texts import text

SHOWN = 5  # of the projects that build on one, as many are named as its place


def score_impact(inventory: Inventory) -> Scores:
    """Score every project by the strategy's impact criteria.

    Costs stay out of the value, feasibility belongs to readiness, a legal duty is a mandate: nothing is
    counted twice. The weights are the strategy's; missing ratings widen the bounds. Criteria that the
    strategy has computed (`Criterion.computed`) are never read from ratings: the fit to the goals
    (`goal_fit`), and the enabling effect (`enabling_effect`), for which a project counts with its score by
    all other criteria. Where no return names a dependency, no enabling effect is known.

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
    projects = inventory.projects
    ratings = ratings_matrix(
        inventory,
        "impact_ratings",
        projects.index[projects["status"] != "discontinued"],
        criteria_frame(inventory.strategy.impact).index,
        alternative="project_id",
        criterion="criterion_id",
        value="points",
        remark="reason",
    )
    computed = {one.id: one.computed for one in inventory.strategy.impact.criteria if one.computed}
    for criterion in [id_ for id_, name in computed.items() if name == "goal_fit"]:
        ratings = _put(ratings, criterion, goal_fit(inventory).to_frame("value"), _goal_cells(inventory))
    enabling = [id_ for id_, name in computed.items() if name == "enabling_effect"]
    if enabling:
        effect = _enabling(inventory, _scored(inventory, _left_out(ratings, enabling)))
        for criterion in enabling:
            ratings = _put(ratings, criterion, effect, _enabling_cells(inventory, effect))
    return _scored(inventory, ratings)


def _scored(inventory: Inventory, ratings: Ratings) -> Scores:
    return score_ratings(inventory, "impact", ratings, unit="project")


def _left_out(ratings: Ratings, criteria: Sequence[str]) -> Ratings:
    nothing, out = dict.fromkeys(criteria, np.nan), dict.fromkeys(criteria, "not_applicable")
    frames = {name: getattr(ratings, name).assign(**nothing) for name in ("raw", "low", "high")}
    return replace(ratings, states=ratings.states.assign(**out).astype("str"), **frames)


def _enabling(inventory: Inventory, base: Scores) -> pd.DataFrame:
    """Return the enabling effect of every project, without a cap: the criterion's target is one."""
    table = base.table
    effect = enabling_effect(
        enabling_links(inventory), table["score"], low=table["lower"], high=table["upper"], target=np.inf
    )
    is_asked = bool(inventory.dependencies["kind"].notna().any())
    return effect if is_asked else effect.assign(value=np.nan)


def _put(ratings: Ratings, criterion: str, computed: pd.DataFrame, place: Callable[[str], str]) -> Ratings:
    """Put a computed figure in the place of ratings; a rating that somebody gave for it is not looked at."""
    found = computed.reindex(ratings.raw.index)
    value, nothing = found["value"], {criterion: np.nan}
    states = ratings.states.assign(**{criterion: np.where(value.notna(), "assessed", "missing")})

    def cells(one: str, by: str) -> str:
        return place(one) if by == criterion else ratings.cells(one, by)

    return replace(
        ratings,
        raw=ratings.raw.assign(**{criterion: value}),
        low=ratings.low.assign(**{criterion: found.get("lower", value)}),
        high=ratings.high.assign(**{criterion: found.get("upper", value)}),
        states=states.astype("str"),
        office=ratings.office.assign(**nothing),
        moderated=ratings.moderated.assign(**nothing),
        remarks=ratings.remarks.assign(**{criterion: ""}),
        cells=cells,
    )


def _goal_cells(inventory: Inventory) -> Callable[[str], str]:
    """Return a function that tells where a project names its goals, or should."""
    language = inventory.strategy.language

    def place(project: str) -> str:
        header = standard_form(inventory.strategy).table("projects").column("goal_ids").headers[0]
        file = str(inventory.sources["projects"].at[project, "file"])
        asked = f"{file} › {text('place.column', language, header=header)}"
        return place_of(inventory, "projects", project, "goal_ids") or asked

    return place


def _enabling_cells(inventory: Inventory, effect: pd.DataFrame) -> Callable[[str], str]:
    """Return a function that names the projects that build on one; without dependencies, their sheet."""
    language = inventory.strategy.language
    unknown = set(effect.index[effect["value"].isna()])
    by_project = dict(zip(effect.index, effect["enabled"], strict=True))

    def place(project: str) -> str:
        enabled = by_project[project]
        if enabled:
            shown = ", ".join(enabled[:SHOWN]) + (" …" if len(enabled) > SHOWN else "")
            return text("place.computed_enabled", language, n=len(enabled), projects=shown)
        if project in unknown:
            return standard_form(inventory.strategy).table("dependencies").title
        return text("place.computed_enables_none", language)

    return place
