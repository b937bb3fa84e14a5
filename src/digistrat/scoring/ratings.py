"""Ratings as offices sent them → a table of raw numbers, their states and their cells."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from digistrat.inventory.record import Inventory
from digistrat.scoring.composite import Scores, score_table
from digistrat.strategy import Scale

RATERS = ("office", "unit", "group")


@dataclass(frozen=True)
class Ratings:
    """What was rated: ``raw`` and ``states`` are alternatives × criteria, ``cells`` tells the place."""

    raw: pd.DataFrame
    states: pd.DataFrame
    cells: Callable[[str, str], str]


def ratings_matrix(
    inventory: Inventory,
    table: str,
    alternatives: pd.Index,
    criteria: pd.Index,
    *,
    alternative: str,
    criterion: str,
    value: str,
) -> Ratings:
    """Spread a long table of ratings; of two ratings of the same the first counts.

    Where the table says who rated, the office's own rating comes before the unit's and a group's. An empty
    row never hides an answer.

    Parameters
    ----------
    inventory : Inventory
        Holds the table.
    table : str
        A table with a column ``state``.
    alternatives, criteria : Index
        Rows and columns of the result; what nobody rated is ``missing``.
    alternative, criterion, value : str
        The table's columns.

    Returns
    -------
    Ratings
    """
    ratings = inventory.tables[table]
    ratings = ratings[ratings[alternative].isin(alternatives) & ratings[criterion].isin(criteria)]
    order = (ratings["state"] == "missing").astype(int) * len(RATERS)
    if "rated_by" in ratings:
        order += ratings["rated_by"].map({rater: k for k, rater in enumerate(RATERS)}).fillna(0).astype(int)
    ratings = ratings.loc[order.sort_values(kind="stable").index]
    ratings = ratings.drop_duplicates([alternative, criterion])
    rows = alternatives.get_indexer(pd.Index(ratings[alternative]))
    columns = criteria.get_indexer(pd.Index(ratings[criterion]))
    raw = np.full((len(alternatives), len(criteria)), np.nan)
    states = np.full(raw.shape, "missing", dtype=object)
    labels = np.full(raw.shape, -1, dtype=object)
    raw[rows, columns] = ratings[value].to_numpy(dtype=float, na_value=np.nan)
    states[rows, columns] = ratings["state"].to_numpy(dtype=object)
    labels[rows, columns] = ratings.index.to_numpy(dtype=object)

    def cells(one: str, by: str) -> str:
        label = labels[alternatives.get_loc(one), criteria.get_loc(by)]
        return "" if label == -1 else place_of(inventory, table, label, value)

    return Ratings(
        pd.DataFrame(raw, alternatives, criteria),
        pd.DataFrame(states, alternatives, criteria).astype("str"),
        cells,
    )


def place_of(inventory: Inventory, table: str, label: Any, column: str) -> str:
    """Return the place of a value in words; empty where it has none, as on a sheet without that column."""
    try:
        return str(inventory.locate(table, label, column))
    except ValueError:
        return ""


def criteria_frame(scale: Scale) -> pd.DataFrame:
    """Return a scale's criteria as `score_table` takes them, indexed by id."""
    columns = ["name", "weight", "floor", "target", "unit", "source", "group"]
    return pd.DataFrame(
        [[getattr(criterion, column) for column in columns] for criterion in scale.criteria],
        index=pd.Index([criterion.id for criterion in scale.criteria], name="criterion", dtype="str"),
        columns=columns,
    )


def score_projects(
    inventory: Inventory, scale: Literal["impact", "readiness"], *, criterion: str, value: str
) -> Scores:
    """Score the projects that are not discontinued on one of the strategy's scales.

    Parameters
    ----------
    inventory : Inventory
        Holds ``<scale>_ratings``.
    scale : {"impact", "readiness"}
        Which scale of the strategy.
    criterion, value : str
        Columns of the table of ratings.

    Returns
    -------
    Scores
    """
    wanted: Scale = getattr(inventory.strategy, scale)
    criteria = criteria_frame(wanted)
    projects = inventory.projects
    ratings = ratings_matrix(
        inventory,
        f"{scale}_ratings",
        projects.index[projects["status"] != "discontinued"],
        criteria.index,
        alternative="project_id",
        criterion=criterion,
        value=value,
    )
    return score_table(
        ratings.raw,
        ratings.states,
        criteria,
        rule=wanted.rule,
        coverage_threshold=inventory.strategy.thresholds.coverage,
        group_threshold=inventory.strategy.thresholds.group_coverage,
        inventory=inventory,
        cells=ratings.cells,
        what=scale,
        unit="project",
    )
