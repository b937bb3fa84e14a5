"""What a whole round must hold: one rule, one named function, one tuple."""

from __future__ import annotations

import graphlib
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pandas as pd

from digistrat.findings import Finding, Severity, make_finding
from digistrat.inventory.duplicates import same_titles
from digistrat.inventory.record import Inventory

PROJECT_TABLES = (
    "project_costs",
    "impact_ratings",
    "readiness_ratings",
    "project_services",
    "efforts",
    "phases",
    "dependencies",
    "cooperations",
)


def end_before_start(inventory: Inventory) -> list[Finding]:
    """A project ends before it begins."""
    projects = inventory.projects
    wrong = projects[projects["end_date"] < projects["start_date"]]
    return [
        _at(inventory, "end-before-start", "error", "projects", label, "end_date", start=_day(row.start_date))
        for label, row in wrong.iterrows()
    ]


def status_against_dates(inventory: Inventory) -> list[Finding]:
    """An existing project begins after the reporting date."""
    projects = inventory.projects
    on = pd.Timestamp(inventory.reporting_date)
    wrong = projects[(projects["status"] == "existing") & (projects["start_date"] > on)]
    return [
        _at(inventory, "status-date-mismatch", "warning", "projects", label, "start_date", date=_day(on))
        for label in wrong.index
    ]


def known_projects(inventory: Inventory) -> list[Finding]:
    """A table speaks of a project that nobody reported; said once per file, table and project."""
    known = set(inventory.projects.index)
    findings = []
    columns = [(table, "project_id") for table in PROJECT_TABLES] + [("dependencies", "other_id")]
    for table, column in columns:
        frame = inventory.tables[table]
        unknown = frame[frame[column].notna() & ~frame[column].isin(known)]
        firsts = unknown.assign(file=inventory.sources[table]["file"].reindex(unknown.index))
        for label in firsts.drop_duplicates(["file", column]).index:
            findings.append(_at(inventory, "unknown-project", "error", table, label, column))
    return findings


def known_services(inventory: Inventory) -> list[Finding]:
    """A table speaks of a service that nobody reported; said once per file, table and service."""
    known = set(inventory.services.index)
    findings = []
    for table in ("service_ratings", "project_services"):
        frame = inventory.tables[table]
        unknown = frame[frame["service_id"].notna() & ~frame["service_id"].isin(known)]
        firsts = unknown.assign(file=inventory.sources[table]["file"].reindex(unknown.index))
        for label in firsts.drop_duplicates(["file", "service_id"]).index:
            findings.append(_at(inventory, "unknown-service", "error", table, label, "service_id"))
    return findings


def dependencies_without_cycle(inventory: Inventory) -> list[Finding]:
    """Projects wait for each other in a circle, so that none can begin; said at the circle's last link."""
    return [
        _at(
            inventory,
            "dependency-cycle",
            "error",
            "dependencies",
            label,
            "other_id",
            circle=" → ".join(circle),
        )
        for label, circle in circular_links(inventory.dependencies)
    ]


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
    links = dependencies[dependencies["kind"].isin(["end_before_start", "start_before_start"])]
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


def rated_once(inventory: Inventory) -> list[Finding]:
    """The same criterion of the same project, service or office is rated twice; the first counts."""
    findings = []
    for table, keys, value in (
        ("impact_ratings", ["project_id", "criterion_id", "rated_by"], "points"),
        ("readiness_ratings", ["project_id", "item_id"], "level"),
        ("service_ratings", ["service_id", "criterion_id"], "level"),
        ("maturity_ratings", ["office_id", "indicator_id"], "level"),
    ):
        frame = inventory.tables[table]
        frame = frame[frame[keys].notna().all(axis=1) & (frame["state"] != "missing")]
        for label in frame.index[frame.duplicated(keys)]:
            findings.append(_at(inventory, "rated-twice", "warning", table, label, value))
    return findings


def reported_once(inventory: Inventory) -> list[Finding]:
    """Two projects have the same title: perhaps the same project, reported by two offices."""
    findings = []
    for pair in same_titles(inventory.projects).itertuples(index=False):
        first = inventory.locate("projects", pair.first, "title")
        findings.append(
            _at(
                inventory,
                "duplicate-project",
                "warning",
                "projects",
                pair.second,
                "title",
                first=str(first),
                first_id=pair.first,
            )
        )
    return findings


CHECKS: tuple[Callable[[Inventory], list[Finding]], ...] = (
    end_before_start,
    status_against_dates,
    known_projects,
    known_services,
    dependencies_without_cycle,
    rated_once,
    reported_once,
)


def run_checks(inventory: Inventory) -> list[Finding]:
    """Run every check over the whole round.

    Parameters
    ----------
    inventory : Inventory
        As read.

    Returns
    -------
    list of Finding
        In the order of `CHECKS`.
    """
    return [finding for check in CHECKS for finding in check(inventory)]


def _at(
    inventory: Inventory, code: str, severity: Severity, table: str, label: Any, column: str, **values: Any
) -> Finding:
    place = inventory.locate(table, label, column)
    value: Any = inventory.tables[table].at[label, column]
    return make_finding(
        code,
        severity,
        inventory.strategy.language,
        values={"id": str(label), **values},
        file=place.file,
        sheet=place.sheet,
        cell=place.cell,
        table=table,
        column=column,
        value=_day(value) if isinstance(value, pd.Timestamp) else "" if pd.isna(value) else str(value),
    )


def _day(value: pd.Timestamp) -> str:
    return f"{value:%d.%m.%Y}"
