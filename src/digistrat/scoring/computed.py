"""Criteria that nobody is asked for: figures from the inventory in the place of ratings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd

from digistrat.scoring.composite import Scores
from digistrat.scoring.origins import Origin
from digistrat.scoring.ranking import rank_scores
from digistrat.scoring.ratings import Ratings
from digistrat.strategy import Scale


def with_computed(
    ratings: Ratings,
    criterion: str,
    figures: pd.DataFrame,
    place: Callable[[str], str],
    *,
    origin: Callable[[str], Origin] | None = None,
) -> Ratings:
    """Put a computed figure in the place of ratings; one that somebody gave for it is not looked at.

    Parameters
    ----------
    ratings : Ratings
        Has the criterion as a column.
    criterion : str
        Which one is computed.
    figures : DataFrame
        By alternative: ``value`` in the criterion's unit, NaN where it is not known; where they are known,
        its ends ``lower`` and ``upper``; ``applies``, False where there is nothing to compute it from.
    place : callable
        What the figure of an alternative was computed from, in words or as a place.
    origin : callable, optional
        How the figure of an alternative was computed.

    Returns
    -------
    Ratings
    """
    found = figures.reindex(ratings.raw.index)
    value = found["value"]
    state = np.where(value.notna(), "assessed", "missing")
    if "applies" in found:
        state = np.where(found["applies"].fillna(True).astype(bool), state, "not_applicable")
    nothing = {criterion: np.nan}

    def cells(one: str, by: str) -> str:
        return place(one) if by == criterion else ratings.cells(one, by)

    def origins(one: str, by: str) -> Origin:
        if by == criterion:
            return Origin() if origin is None else origin(one)
        return Origin() if ratings.origin is None else ratings.origin(one, by)

    return replace(
        ratings,
        raw=ratings.raw.assign(**{criterion: value}),
        low=ratings.low.assign(**{criterion: found.get("lower", value)}),
        high=ratings.high.assign(**{criterion: found.get("upper", value)}),
        states=ratings.states.assign(**{criterion: state}).astype("str"),
        office=ratings.office.assign(**nothing),
        moderated=ratings.moderated.assign(**nothing),
        remarks=ratings.remarks.assign(**{criterion: ""}),
        cells=cells,
        origin=origins,
    )


def only_rated(scores: Scores, scale: Scale) -> Scores:
    """Take the score of what nobody rated: what is computed adds to ratings, it does not replace them.

    Where no criterion that is asked for is assessed, the score would be made of computed figures alone, a
    full one for a project that names its goals and says nothing else. Such an alternative is ``not_scored``;
    its computed values, its bounds and its coverage stay.

    Parameters
    ----------
    scores : Scores
        Of the scale's criteria.
    scale : Scale
        Says which criteria are asked for; where none is, nothing changes.

    Returns
    -------
    Scores
    """
    asked = [criterion.id for criterion in scale.asked if criterion.weight > 0]
    is_rated = (scores.states[asked] == "assessed").any(axis="columns")
    if not asked or is_rated.all():
        return scores
    table = scores.table
    state = table["state"].where(is_rated, "not_scored")
    score = table["score"].where(is_rated)
    return replace(
        scores,
        table=table.assign(score=score, state=state, rank=rank_scores(score.where(state == "scored"))),
        contributions=scores.contributions.where(is_rated),
        weights_used=scores.weights_used.where(is_rated),
        groups=None if scores.groups is None else scores.groups.where(is_rated),
    )
