"""Ratings as offices sent them → a table of raw numbers, their bounds, states and cells."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Literal

import numpy as np
import pandas as pd

from digistrat.inventory.record import Inventory, standard_form
from digistrat.scoring.composite import Scores, score_table
from digistrat.scoring.inputs import require_once
from digistrat.scoring.origins import Origin
from digistrat.strategy import Scale
from digistrat.texts import text

RATERS = ("unit", "group", "office")
"""Who rates; of several the first counts."""

# which table of the inventory an alternative is a row of
OWNERS = {"project_id": "projects", "service_id": "services", "office_id": "offices"}


@dataclass(frozen=True, eq=False)
class Ratings:
    """What was rated; all frames are alternatives × criteria.

    Attributes
    ----------
    raw, states : DataFrame
        The rating that counts, NaN where there is no number; and what is known of it, entries of `STATES`.
    low, high : DataFrame
        Ends of a rating that is known as an interval, NaN for the others.
    office, moderated : DataFrame
        The office's own number, and that of the unit or a group.
    remarks : DataFrame
        What was written beside the rating that counts: evidence of a level, reason of a moderation.
    cells : callable
        ``cells(alternative, criterion)`` is the place of the rating that counts, such as
        ``A16.xlsx › Wirkung › F12``; of one that nobody gave, the sheet and the column that ask for it.
    origin : callable, optional
        ``origin(alternative, criterion)`` tells where the office's own rating, the moderated one and the
        remark stand, or how a figure was computed.
    """

    raw: pd.DataFrame
    states: pd.DataFrame
    low: pd.DataFrame
    high: pd.DataFrame
    office: pd.DataFrame
    moderated: pd.DataFrame
    remarks: pd.DataFrame
    cells: Callable[[str, str], str]
    origin: Callable[[str, str], Origin] | None = None


def ratings_matrix(
    inventory: Inventory,
    table: str,
    alternatives: pd.Index,
    criteria: pd.Index,
    *,
    alternative: str,
    criterion: str,
    value: str,
    remark: str = "",
) -> Ratings:
    """Spread a long table of ratings; of two ratings of the same the first counts.

    Where the table says who rated (``rated_by``), a moderated rating comes before the office's own, the
    unit's before a group's; both stay visible. Where it does not, every rating is the office's own. A number
    in a column ``moderated_<value>`` is the moderated rating of its row, before all others. What is empty or
    unreadable never hides an answer: where the unit's cell cannot be read, the office's rating counts.

    Parameters
    ----------
    inventory : Inventory
        Holds the table.
    table : str
        A table with a column ``state``; where it has ``<value>_lower`` and ``<value>_upper``, these are the
        bounds.
    alternatives, criteria : Index
        Rows and columns of the result; what nobody rated is ``missing``.
    alternative, criterion, value, remark : str
        The table's columns; a remark may be in none.

    Returns
    -------
    Ratings
    """
    rows = inventory.tables[table]
    rows = rows[rows[alternative].isin(alternatives) & rows[criterion].isin(criteria)]
    rows = _in_order(rows, value)
    is_moderated = rows["rated_by"] != "office"
    columns = (value, f"{value}_lower", f"{value}_upper")

    def spread(given: pd.DataFrame, column: str, fill: Any, dtype: Any) -> pd.DataFrame:
        first = given.drop_duplicates([alternative, criterion])
        at = (
            alternatives.get_indexer(pd.Index(first[alternative])),
            criteria.get_indexer(pd.Index(first[criterion])),
        )
        array = np.full((len(alternatives), len(criteria)), fill, dtype=dtype)
        if column in first:
            array[at] = first[column].to_numpy(dtype=dtype, na_value=fill)
        return pd.DataFrame(array, alternatives, criteria)

    raw, low, high = (spread(rows, column, np.nan, float) for column in columns)
    where_asked = _asking(inventory, table, alternative, value)

    def places(given: pd.DataFrame) -> Callable[..., str]:
        """Return a function that gives the place of the first of some ratings; empty where there is none."""
        labels, sources = (spread(given, name, None, object) for name in ("label", "column"))

        def place(one: str, by: str, column: str = "") -> str:
            label: Any = labels.at[one, by]
            return (
                ""
                if pd.isna(label)
                else place_of(inventory, table, label, column or str(sources.at[one, by]))
            )

        return place

    place, own, other = places(rows), places(rows[~is_moderated]), places(rows[is_moderated])
    remarks = spread(rows, remark, "", object).astype("str")
    moderated = spread(rows[is_moderated], value, np.nan, float)
    is_given = moderated.notna()

    def cells(one: str, by: str) -> str:
        return place(one, by) or where_asked(one, by)

    def origin(one: str, by: str) -> Origin:
        return Origin(
            office=own(one, by),
            moderated=other(one, by) if is_given.at[one, by] else "",
            remark=place(one, by, remark) if remarks.at[one, by] else "",
        )

    return Ratings(
        raw=raw,
        states=spread(rows, "state", "missing", object).astype("str"),
        low=low,
        high=high,
        office=spread(rows[~is_moderated], value, np.nan, float),
        moderated=moderated,
        remarks=remarks,
        cells=cells,
        origin=origin,
    )


def _in_order(rows: pd.DataFrame, value: str) -> pd.DataFrame:
    """Return ratings with the one that counts first; ``label`` and ``column`` say where each stands.

    Answers come before what is unreadable, and that before what is empty. Of empty cells the office's comes
    first: it is the one to be asked.
    """
    given = rows["rated_by"] if "rated_by" in rows else pd.Series("office", rows.index)
    rater = given.where(given.isin(RATERS), "office")
    rank = rater.map(RATERS.index).astype(int)
    rank = rank.mask(rows["state"] == "unreadable", len(RATERS) + rank)
    rank = rank.mask(rows["state"] == "missing", 3 * len(RATERS) - rank)
    ranked = rows.assign(rated_by=rater, label=rows.index, column=value, first=rank)
    moderated = f"moderated_{value}"
    if moderated in rows:
        beside = ranked[rows[moderated].notna()]
        beside = beside.drop(columns=[f"{value}_lower", f"{value}_upper"], errors="ignore").assign(
            **{value: rows[moderated]}, state="assessed", rated_by=RATERS[0], column=moderated, first=-1
        )
        ranked = pd.concat([beside, ranked])
    return ranked.sort_values("first", kind="stable")


def place_of(inventory: Inventory, table: str, label: Any, column: str) -> str:
    """Return the place of a value in words; empty where it has none, as on a sheet without that column."""
    try:
        return str(inventory.locate(table, label, column))
    except ValueError:
        return ""


def _asking(inventory: Inventory, table: str, alternative: str, value: str) -> Callable[[str, str], str]:
    """Return a function that tells where an alternative's rating is asked for: file, sheet and header."""
    owner = OWNERS[alternative]
    language = inventory.strategy.language

    @cache
    def sheets() -> dict[str, str]:
        sources = inventory.sources[table]
        return dict(zip(sources["file"][::-1], sources["sheet"][::-1], strict=True))  # the first of each file

    @cache
    def file_of(one: str) -> str:
        if owner == "offices":
            files = inventory.files.loc[inventory.files["office_id"] == one, "file"].tolist()
        else:
            sources = inventory.sources[owner]
            files = [str(sources.at[one, "file"])] if one in sources.index else []
        return next((file for file in files if file in sheets()), next(iter(files), ""))

    @cache
    def header(by: str) -> str:
        form = standard_form(inventory.strategy).table(table)
        if form.unpivot:
            return text("place.column", language, header=form.unpivot.members.get(by, (by,))[0])
        asked = next((column for column in form.columns if by in column.choices), None)
        named = next(iter(form.column(value).headers), value)
        if asked is None:
            return text("place.column", language, header=named)
        return text("place.row", language, header=named, row=asked.choices[by][0])

    @cache
    def title() -> str:
        return standard_form(inventory.strategy).table(table).title

    def where_asked(one: str, by: str) -> str:
        file = file_of(one)
        return " › ".join(part for part in (file, sheets().get(file) or title(), header(by)) if part)

    return where_asked


def criteria_frame(scale: Scale) -> pd.DataFrame:
    """Return a scale's criteria as `score_table` takes them, indexed by id."""
    columns = ["name", "weight", "floor", "target", "unit", "source", "group", "shape", "points", "step"]
    columns += ["computed"]
    parents = {group.id: group.parent for group in scale.groups}
    frame = pd.DataFrame(
        [[getattr(criterion, column) for column in columns] for criterion in scale.criteria],
        index=pd.Index([criterion.id for criterion in scale.criteria], name="criterion", dtype="str"),
        columns=columns,
    )
    return frame.assign(parent=[parents.get(criterion.group, "") for criterion in scale.criteria])


def scored_projects(inventory: Inventory) -> pd.Index:
    """Return the ids of the projects that are scored: of all but those that are discontinued.

    Raises
    ------
    ValueError
        If an id stands twice: nobody can tell which of the projects a rating or a cost is of.
    """
    projects = inventory.projects
    require_once(projects.index, "each project_id of projects")
    return projects.index[projects["status"] != "discontinued"]


def project_ratings(
    inventory: Inventory,
    table: str,
    scale: Scale,
    *,
    criterion: str = "criterion_id",
    value: str = "points",
) -> Ratings:
    """Spread a table of ratings of projects over those that are scored.

    Parameters
    ----------
    inventory, table
        As in `ratings_matrix`.
    scale : Scale
        Its criteria are the columns.
    criterion, value : str
        The table's columns.

    Returns
    -------
    Ratings
    """
    return ratings_matrix(
        inventory,
        table,
        scored_projects(inventory),
        criteria_frame(scale).index,
        alternative="project_id",
        criterion=criterion,
        value=value,
        remark="reason",
    )


def score_ratings(
    inventory: Inventory,
    scale: Literal["impact", "readiness", "maturity", "urgency", "quality"],
    ratings: Ratings,
    *,
    unit: str,
) -> Scores:
    """Score ratings on one of the strategy's scales, by its rules and thresholds.

    Parameters
    ----------
    inventory : Inventory
        Holds the strategy.
    scale : {"impact", "readiness", "maturity", "urgency", "quality"}
        Which scale of the strategy.
    ratings : Ratings
        Its criteria as columns.
    unit : str
        What an alternative is.

    Returns
    -------
    Scores
    """
    wanted: Scale = getattr(inventory.strategy, scale)
    scores = score_table(
        ratings.raw,
        ratings.states,
        criteria_frame(wanted),
        rule=wanted.rule,
        group_rule=wanted.group_rule,
        low=ratings.low,
        high=ratings.high,
        coverage_threshold=inventory.strategy.thresholds.coverage,
        group_threshold=inventory.strategy.thresholds.group_coverage,
        rule_source=wanted.source,
        levels=[(level.name, level.from_score) for level in wanted.levels],
        inventory=inventory,
        cells=ratings.cells,
        what=scale,
        unit=unit,
    )
    return replace(
        scores,
        raw_office=ratings.office,
        raw_moderated=ratings.moderated,
        remarks=ratings.remarks,
        origin=ratings.origin,
    )
