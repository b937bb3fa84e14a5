"""What is reported of candidates beside money and work: links, doubts, and what does not count."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from digistrat.inventory.record import Inventory
from digistrat.planning.links import usable_dependencies
from digistrat.planning.money import funded_shares, unclear_costs
from digistrat.planning.records import Cover, Hint
from digistrat.scoring.composite import Scores
from digistrat.texts import format_money

SYNERGY_COLUMNS = ("project_id", "other_id", "value")


@dataclass(frozen=True)
class Links:
    """How candidates depend on each other, and who is kept out by a project that is no candidate."""

    requires: tuple[tuple[str, str], ...]
    excludes: tuple[tuple[str, str], ...]
    why_not: dict[str, str]
    because_of: dict[str, str]


def reported_links(inventory: Inventory, candidates: pd.Index) -> Links:
    """Which candidates need or exclude each other, and which cannot be chosen because of other projects."""
    status = inventory.projects["status"]
    requires: dict[tuple[str, str], None] = {}
    excludes: dict[tuple[str, str], None] = {}
    why_not: dict[str, str] = {}
    because_of: dict[str, str] = {}

    def keep_out(project: str, key: str, other: str) -> None:
        if project not in why_not:
            why_not[project], because_of[project] = key, other

    for project, other, kind in usable_dependencies(inventory).astype("str").to_numpy().tolist():
        if kind == "synergy":
            continue
        if kind == "excludes":
            # who of the two has reported it does not matter
            here = [one for one in sorted((project, other)) if one in candidates]
            if len(here) == 2:
                excludes[here[0], here[1]] = None
            elif here:
                rival = other if here[0] == project else project
                if status[rival] == "existing":
                    keep_out(here[0], "excluded", rival)
        elif project in candidates:
            if other in candidates:
                requires[project, other] = None
            elif status[other] != "existing":
                known = status[other] == "discontinued"
                keep_out(project, "needs_discontinued" if known else "needs_unknown", other)
    return Links(tuple(requires), tuple(excludes), why_not, because_of)


def doubts_of(
    inventory: Inventory, impact: Scores, values: pd.Series, money: pd.DataFrame, years: pd.DataFrame
) -> dict[str, tuple[str, ...]]:
    """What is not known of each candidate, the gravest first."""
    unclear, priced = set(unclear_costs(inventory)), set(money["project_id"])
    # carried on within the years that offices report is a guess; beyond them it is what recurring means
    last = int(years["year"].max()) if len(years) else 0
    reported = inventory.project_costs["year"].max()
    last = last if pd.isna(reported) else min(last, int(reported))
    assumed = set(money.loc[money["is_assumed"] & (money["year"] <= last), "project_id"])
    found = {}
    for project, value in values.items():
        keys = [
            *(["not_rated"] if pd.isna(value) else []),
            *(["cost_unclear"] if project in unclear else ["no_cost"] if project not in priced else []),
            *(["assumed"] if project in assumed else []),
            *(["provisional"] if impact.table["state"].get(project) == "provisional" else []),
        ]
        if keys:
            found[str(project)] = tuple(keys)
    return found


def coverage_of(
    inventory: Inventory, coverage: Mapping[str, int] | None, candidates: pd.Index
) -> tuple[Cover, ...]:
    """How many candidates of a field or goal must be chosen: as given, or as the strategy asks.

    Raises
    ------
    ValueError
        If an id is neither a field's nor a goal's, or a number is not a whole one above 0.
    """
    strategy, projects = inventory.strategy, inventory.projects.loc[candidates]
    fields = {field.id: field.name for field in strategy.fields}
    goals = {goal.id: goal.name for field in strategy.fields for goal in field.goals}
    if coverage is None:
        coverage = {str(one.field_id or one.goal_id): one.at_least for one in strategy.coverage}
    covers = []
    for label, at_least in coverage.items():
        if label not in fields and label not in goals:
            raise ValueError(f"coverage must name fields of action or goals of the strategy, not {label!r}")
        if isinstance(at_least, bool) or at_least != int(at_least) or at_least < 1:
            raise ValueError(f"coverage must be whole numbers above 0, not {at_least!r} for {label!r}")
        if label in fields:
            is_member = (projects["field_id"] == label).fillna(False)
        else:
            is_member = projects["goal_ids"].map(lambda ids, goal=label: _has(ids, goal))
        members = tuple(map(str, projects.index[is_member.astype(bool)]))
        covers.append(Cover(label, f"{label} {({**goals, **fields})[label]}", members, int(at_least)))
    return tuple(covers)


def _has(ids: Any, goal: str) -> bool:
    return isinstance(ids, (tuple, list)) and goal in ids


def synergies_of(synergies: pd.DataFrame | None, candidates: pd.Index) -> dict[tuple[str, str], float]:
    """Value by pair of candidates, whichever is named first; a pair that is given twice counts in sum.

    Raises
    ------
    ValueError
        If a column is missing, a project is no candidate or its own partner, or a value is no number.
    """
    if synergies is None:
        return {}
    missing = [column for column in SYNERGY_COLUMNS if column not in synergies]
    if missing:
        raise ValueError(f"synergies must have columns {', '.join(SYNERGY_COLUMNS)}; {missing} missing")
    worth: dict[tuple[str, str], float] = {}
    for one, other, value in synergies[list(SYNERGY_COLUMNS)].itertuples(index=False, name=None):
        for project in (one, other):
            if project not in candidates:
                raise ValueError(
                    f"synergies must name possible projects or ones in preparation, not {project!r}"
                )
        if one == other:
            raise ValueError(f"synergies must name two different projects, not {one!r} twice")
        if pd.isna(value):
            raise ValueError(f"synergies must have a value in every row, not missing for {one!r}, {other!r}")
        pair = (min(one, other), max(one, other))
        worth[pair] = worth.get(pair, 0.0) + float(value)
    return worth


def hints_of(
    inventory: Inventory, candidates: pd.Index, synergies: Mapping[tuple[str, str], float]
) -> dict[str, tuple[Hint, ...]]:
    """What is reported of candidates and plays no part in the choice."""
    projects, language = inventory.projects, inventory.strategy.language
    found: dict[str, dict[Hint, None]] = {}

    def hint(project: str, kind: str, other: str) -> None:
        if project in candidates:
            found.setdefault(project, {})[Hint(kind, other)] = None

    links = inventory.dependencies[["project_id", "other_id", "kind"]].dropna().astype("str")
    for project, other, kind in links.to_numpy().tolist():
        if kind == "synergy":
            if (min(project, other), max(project, other)) not in synergies:
                hint(project, "synergy", other)
                hint(other, "synergy", project)
        elif kind != "excludes" and other not in projects.index:
            hint(project, "unreported", other)
    counted = funded_shares(inventory).index
    grants = projects["funding_eur"].astype(float)
    if "funding_state" in projects:
        grants = grants[(projects["funding_state"] != "refused").fillna(True)]
    for project, euros in grants[grants > 0].items():
        if project not in counted:
            hint(str(project), "funding", format_money(euros, language))
    return {project: tuple(hints) for project, hints in found.items()}
