"""Impact of projects: how much they would achieve for citizens, business, administration and strategy."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd

from digistrat.inventory.record import Inventory, standard_form
from digistrat.scoring.composite import Scores
from digistrat.scoring.computed import only_rated, with_computed
from digistrat.scoring.enabling import enabling_circles, enabling_effect, enabling_links
from digistrat.scoring.goals import goal_fit
from digistrat.scoring.ratings import Ratings, place_of, project_ratings, score_ratings
from digistrat.texts import text

SHOWN = 5  # of the projects that build on one, as many are named as its place


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
    computed = {one.computed: one.id for one in scale.criteria}
    if fit := computed.get("goal_fit"):
        ratings = with_computed(ratings, fit, goal_fit(inventory).to_frame("value"), _goal_cells(inventory))
    if enabling := computed.get("enabling_effect"):
        links = enabling_links(inventory)
        effect = _enabling(inventory, links, _scored(inventory, _left_out(ratings, enabling)))
        ratings = with_computed(ratings, enabling, effect, _enabling_cells(inventory, links, effect))
    return _scored(inventory, ratings)


def _scored(inventory: Inventory, ratings: Ratings) -> Scores:
    scores = score_ratings(inventory, "impact", ratings, unit="project")
    return only_rated(scores, inventory.strategy.impact)


def _left_out(ratings: Ratings, criterion: str) -> Ratings:
    nothing = {criterion: np.nan}
    frames = {name: getattr(ratings, name).assign(**nothing) for name in ("raw", "low", "high")}
    states = ratings.states.assign(**{criterion: "not_applicable"}).astype("str")
    return replace(ratings, states=states, **frames)


def _enabling(inventory: Inventory, links: pd.DataFrame, base: Scores) -> pd.DataFrame:
    """Return the enabling effect of every project, without a cap: the criterion's target is one."""
    asked = [criterion.id for criterion in inventory.strategy.impact.asked]
    # to whom no question applies, nothing is known of its impact: what is computed alone tells no bounds
    says_nothing = (base.states[asked] == "not_applicable").all(axis="columns")
    lower, upper = (base.table[end].mask(says_nothing) for end in ("lower", "upper"))
    effect = enabling_effect(links, base.table["score"], low=lower, high=upper, target=np.inf)
    is_asked = bool(inventory.dependencies["kind"].notna().any())
    return effect if is_asked else effect.assign(value=np.nan)


def _goal_cells(inventory: Inventory) -> Callable[[str], str]:
    """Return a function that tells where a project names its goals, or should: file, sheet and header."""
    language = inventory.strategy.language

    def place(project: str) -> str:
        if cell := place_of(inventory, "projects", project, "goal_ids"):
            return cell
        source = inventory.sources["projects"].loc[project]
        header = standard_form(inventory.strategy).table("projects").column("goal_ids").headers[0]
        column = text("place.column", language, header=header)
        return " › ".join(part for part in (str(source["file"]), str(source["sheet"]), column) if part)

    return place


def _enabling_cells(inventory: Inventory, links: pd.DataFrame, effect: pd.DataFrame) -> Callable[[str], str]:
    """Return a function that names the projects that build on one, and the sheets that say so.

    Where none does, it says so; where no return names a dependency, it names the sheet that asks for them.
    """
    language = inventory.strategy.language
    enabled, is_known = effect["enabled"], effect["value"].notna()
    sources = inventory.sources["dependencies"].loc[links.index]
    sheets = (sources["file"] + " › " + sources["sheet"]).str.removesuffix(" › ")
    circles = enabling_circles(inventory)

    def place(project: str) -> str:
        if names := enabled[project]:
            counted = links["other_id"].isin([project, *names]) & links["project_id"].isin(names)
            shown = ", ".join(names[:SHOWN]) + (" …" if len(names) > SHOWN else "")
            said = text("place.computed_enabled", language, n=len(names), projects=shown)
            return f"{', '.join(dict.fromkeys(sheets[counted]))} › {said}"
        if not is_known[project]:
            return standard_form(inventory.strategy).table("dependencies").title
        key = "computed_circle" if project in circles else "computed_enables_none"
        return text(f"place.{key}", language)

    return place
