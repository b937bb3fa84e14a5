"""Ratings: given twice, the same everywhere, of no such level, moderated, or without evidence."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from digistrat.inventory.checks.hits import MODERATORS, Hit, Hits, files_of, own_ratings, senders
from digistrat.inventory.record import RATED, Inventory, answer_range, rated_scales
from digistrat.strategy import Criterion, Scale
from digistrat.texts import format_number

RATINGS = (
    ("impact_ratings", ["project_id", "criterion_id", "rated_by"], "points"),
    ("readiness_ratings", ["project_id", "item_id"], "level"),
    ("service_ratings", ["service_id", "criterion_id"], "level"),
    ("maturity_ratings", ["office_id", "indicator_id"], "level"),
    ("decision_ratings", ["project_id", "criterion_id"], "points"),  # where the strategy asks for it
)
N_PROJECTS, N_CRITERIA, N_INDICATORS = 3, 5, 8
MIDDLE = 0.5  # of a scale


def rated_once(inventory: Inventory) -> Hits:
    """The same criterion of the same project, service or office is rated twice; the first counts."""
    for table, keys, value in RATINGS:
        if table not in inventory.tables:
            continue
        frame = inventory.tables[table]
        frame = frame[frame[keys].notna().all(axis=1) & (frame["state"] != "missing")]
        for label in frame.index[frame.duplicated(keys)]:
            yield Hit(table, label, value)


def ratings_within_criteria(inventory: Inventory) -> Hits:
    """A rating lies outside its criterion's own scale, though others of the sheet reach so far."""
    for table, value, _, one, given in _by_criterion(inventory):
        first, last = answer_range(one)
        for label in given.index[(given < first) | (given > last)]:
            yield Hit(table, label, value, {"first": f"{first:g}", "last": f"{last:g}"})


def levels_of_yes_and_no(inventory: Inventory) -> Hits:
    """A criterion that is fulfilled or not has a level in between, which cannot be counted."""
    for table, value, scale, one, given in _by_criterion(inventory):
        first, last = answer_range(one)
        is_between = (given > first) & (given < last)
        for label in given.index[is_between] if scale.rule == "share_of_yes" else ():
            yield Hit(table, label, value, {"no": f"{one.floor:g}", "yes": f"{one.target:g}"})


def _by_criterion(inventory: Inventory) -> Iterator[tuple[str, str, Scale, Criterion, pd.Series]]:
    """Yield table, column, scale, criterion and answers of every criterion that is asked."""
    criteria = {table: keys[1] for table, keys, _ in RATINGS}
    for table, scale in rated_scales(inventory.strategy):
        frame = inventory.tables[table]
        for one in scale.asked:
            given = frame[frame[criteria[table]] == one.id]
            for value in (column for column in RATED if column in given):
                yield table, value, scale, one, given[value]


def ratings_that_differ(inventory: Inventory) -> Hits:
    """The unit or a group rates a project far from what its office does; said at the office's cell."""
    keys = ["project_id", "criterion_id"]
    rated = inventory.impact_ratings.dropna(subset=[*keys, "points"])
    by_rater = [rated[rated["rated_by"] == rater] for rater in MODERATORS]  # the unit's before a group's
    moderated = pd.concat(by_rater).drop_duplicates(keys).set_index(keys)
    own = own_ratings(rated).drop_duplicates(keys)
    own = own.join(moderated[["points", "reason"]].add_suffix("_moderated"), on=keys, how="inner")
    apart = (own["points"] - own["points_moderated"]).abs()
    names = {one.id: f"{one.id} {one.name}" for one in inventory.strategy.impact.criteria}
    for label in own.index[apart >= inventory.strategy.thresholds.rating_difference - 1e-9]:
        row = own.loc[label]
        reason = row["reason_moderated"]
        values = {
            "project": row["project_id"],
            "criterion": names.get(row["criterion_id"], row["criterion_id"]),
            "points": _as_written(inventory, row["points"]),
            "moderated": _as_written(inventory, row["points_moderated"]),
            "reason": "–" if pd.isna(reason) else reason,
        }
        yield Hit("impact_ratings", label, "points", values)


def _as_written(inventory: Inventory, points: float) -> str:
    return format_number(points, inventory.strategy.language, 0 if points % 1 == 0 else 1)


def levels_without_evidence(inventory: Inventory) -> Hits:
    """Levels of maturity above the middle of their scale have no evidence; said once a return."""
    frame = inventory.maturity_ratings.assign(file=files_of(inventory, "maturity_ratings"))
    part = pd.Series(np.nan, frame.index)
    for one in inventory.strategy.maturity.asked:
        level = frame.loc[frame["indicator_id"] == one.id, "level"]
        part[level.index] = (level - one.floor) / (one.target - one.floor)
    bare = frame[(part > MIDDLE) & frame["evidence"].isna()]
    counts = bare["file"].value_counts()
    for label, file in bare["file"].drop_duplicates().items():
        yield Hit("maturity_ratings", label, "level", {"count": int(counts[file])})


def projects_rated_alike(inventory: Inventory) -> Hits:
    """An office gives three projects or more one answer to all of five criteria or more; once a table.

    Readiness nought everywhere is an honest answer: nothing has begun.
    """
    for table, criterion, value in (
        ("impact_ratings", "criterion_id", "points"),
        ("readiness_ratings", "item_id", "level"),
    ):
        frame = inventory.tables[table].assign(sender=senders(inventory, table))
        own = own_ratings(frame) if table == "impact_ratings" else frame
        rated = own.dropna(subset=["project_id", criterion, value])
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
