"""What tables say of each other: projects and services that nobody reported, and how projects depend."""

from __future__ import annotations

import graphlib
from collections.abc import Iterable
from itertools import pairwise
from typing import Any

import pandas as pd

from digistrat.inventory.checks.hits import Hit, Hits, files_of
from digistrat.inventory.record import Inventory

PROJECT_TABLES = (
    "project_costs",
    "project_effects",
    "impact_ratings",
    "readiness_ratings",
    "decision_ratings",  # where the strategy asks for it
    "project_services",
    "efforts",
    "phases",
    "dependencies",
    "cooperations",
    "project_checks",
    "risks",
    "kpis",
)
WAITING = ("end_before_start", "start_before_start")


def known_projects(inventory: Inventory) -> Hits:
    """A table speaks of a project that nobody reported; said once per file, table and project."""
    for table in filter(inventory.tables.__contains__, PROJECT_TABLES):
        yield from _unknown(inventory, table, "project_id", inventory.projects.index)
    yield from _unknown(inventory, "dependencies", "other_id", inventory.projects.index)


def known_services(inventory: Inventory) -> Hits:
    """A table speaks of a service that nobody reported; said once per file, table and service."""
    for table in ("service_ratings", "project_services"):
        yield from _unknown(inventory, table, "service_id", inventory.services.index)


def _unknown(inventory: Inventory, table: str, column: str, known: Iterable[Any]) -> Hits:
    frame = inventory.tables[table]
    unknown = frame[[column]].assign(file=files_of(inventory, table)).dropna(subset=[column])
    unknown = unknown[~unknown[column].isin(set(known))]
    for label in unknown.drop_duplicates(["file", column]).index:
        yield Hit(table, label, column)


def dependencies_without_cycle(inventory: Inventory) -> Hits:
    """Projects wait for each other in a circle, so that none can begin; said at the circle's last link."""
    for label, circle in circular_links(inventory.dependencies):
        yield Hit("dependencies", label, "other_id", {"circle": " → ".join(circle)})


def circular_links(dependencies: pd.DataFrame) -> list[tuple[Any, list[str]]]:
    """Find the links that close circles of projects waiting for each other.

    Parameters
    ----------
    dependencies : DataFrame
        ``project_id``, ``other_id``, ``kind``.

    Returns
    -------
    list of (label, circle)
        The last link of each circle in the order of the rows; without them there is no circle.
    """
    links = dependencies[dependencies["kind"].isin(WAITING)]
    links = links.dropna(subset=["project_id", "other_id"])
    found: list[tuple[Any, list[str]]] = []
    while True:
        waits: dict[str, list[str]] = {}
        for project, other in zip(links["project_id"], links["other_id"], strict=True):
            waits.setdefault(project, []).append(other)
        try:
            graphlib.TopologicalSorter(waits).prepare()
        except graphlib.CycleError as error:
            circle = list(error.args[1])
            # the sorter lists each project after the one that it waits for
            steps = {(later, earlier) for earlier, later in pairwise(circle)}
            closes = [step in steps for step in zip(links["project_id"], links["other_id"], strict=True)]
            label = links.index[closes][-1]
            found.append((label, circle))
            links = links.drop(index=label)
        else:
            return found


def dependency_on_itself(inventory: Inventory) -> Hits:
    """A project requires, excludes or completes itself; one that waits for itself is a circle."""
    links = inventory.dependencies
    own = (links["project_id"] == links["other_id"]).fillna(False) & ~links["kind"].isin(WAITING)
    for label in links.index[own.astype(bool)]:
        yield Hit("dependencies", label, "other_id")


def contradictory_dependencies(inventory: Inventory) -> Hits:
    """Two projects exclude each other, and one requires the other or waits for it; said at the later row."""
    links = inventory.dependencies.dropna(subset=["project_id", "other_id", "kind"])
    excluding = _first_by_pair(links[links["kind"] == "excludes"])
    joining = _first_by_pair(links[links["kind"].isin([*WAITING, "requires"])])
    order = {label: number for number, label in enumerate(links.index)}
    for pair in [pair for pair in excluding if pair in joining and len(pair) == 2]:
        label = max(excluding[pair], joining[pair], key=order.__getitem__)
        one, other = links.at[label, "project_id"], links.at[label, "other_id"]
        yield Hit("dependencies", label, "kind", {"one": one, "other": other})


def _first_by_pair(links: pd.DataFrame) -> dict[frozenset[str], Any]:
    found: dict[frozenset[str], Any] = {}
    for label, one, other in zip(links.index, links["project_id"], links["other_id"], strict=True):
        found.setdefault(frozenset((one, other)), label)
    return found


def dependency_on_discontinued(inventory: Inventory) -> Hits:
    """A project requires or waits for one that is discontinued."""
    links, status = inventory.dependencies, inventory.projects["status"]
    needs = links["kind"].isin([*WAITING, "requires"])
    gone = links["other_id"].isin(status.index[status == "discontinued"])
    for label in links.index[needs & gone]:
        yield Hit("dependencies", label, "other_id", {"project": links.at[label, "project_id"]})


def lag_without_order(inventory: Inventory) -> Hits:
    """A distance in time stands at a relation that does not say which project comes first."""
    links = inventory.dependencies
    timeless = links["kind"].notna() & ~links["kind"].isin(WAITING)
    for label in links.index[timeless & (links["lag_months"] > 0)]:
        yield Hit("dependencies", label, "lag_months", {"project": links.at[label, "project_id"]})
