"""Ratings: given twice, or the same everywhere."""

from __future__ import annotations

import pandas as pd

from digistrat.inventory.checks.hits import Hit, Hits, senders
from digistrat.inventory.record import Inventory

RATED = (
    ("impact_ratings", ["project_id", "criterion_id", "rated_by"], "points"),
    ("readiness_ratings", ["project_id", "item_id"], "level"),
    ("service_ratings", ["service_id", "criterion_id"], "level"),
    ("maturity_ratings", ["office_id", "indicator_id"], "level"),
)
N_PROJECTS, N_CRITERIA, N_INDICATORS = 3, 5, 8


def rated_once(inventory: Inventory) -> Hits:
    """The same criterion of the same project, service or office is rated twice; the first counts."""
    for table, keys, value in RATED:
        frame = inventory.tables[table]
        frame = frame[frame[keys].notna().all(axis=1) & (frame["state"] != "missing")]
        for label in frame.index[frame.duplicated(keys)]:
            yield Hit(table, label, value)


def projects_rated_alike(inventory: Inventory) -> Hits:
    """An office gives three projects or more one answer to all of five criteria or more; once a table.

    Readiness nought everywhere is an honest answer: nothing has begun.
    """
    for table, criterion, value in (
        ("impact_ratings", "criterion_id", "points"),
        ("readiness_ratings", "item_id", "level"),
    ):
        frame = inventory.tables[table].assign(sender=senders(inventory, table))
        rated = frame.dropna(subset=["project_id", criterion, value])
        by_sender = rated.groupby("sender")
        alike = by_sender[value].min() == by_sender[value].max()
        alike &= by_sender["project_id"].nunique() >= N_PROJECTS
        alike &= by_sender[criterion].nunique() >= N_CRITERIA
        alike &= by_sender.size() >= N_PROJECTS * N_CRITERIA
        if table == "readiness_ratings":
            alike &= by_sender[value].max() > 0
        yield from _first(rated, table, value, alike.index[alike])


def maturity_all_alike(inventory: Inventory) -> Hits:
    """An office gives eight indicators of its maturity or more the same level, and no other; said once."""
    frame = inventory.maturity_ratings.assign(sender=senders(inventory, "maturity_ratings"))
    rated = frame.dropna(subset=["indicator_id", "level"])
    by_sender = rated.groupby("sender")
    alike = by_sender["level"].min() == by_sender["level"].max()
    alike &= by_sender["indicator_id"].nunique() >= N_INDICATORS
    yield from _first(rated, "maturity_ratings", "level", alike.index[alike])


def _first(rated: pd.DataFrame, table: str, column: str, alike: pd.Index) -> Hits:
    counts = rated["sender"].value_counts()
    firsts = rated[rated["sender"].isin(alike)].drop_duplicates("sender")
    for label, sender in firsts["sender"].items():
        yield Hit(table, label, column, {"count": int(counts[sender])})
