"""The profile of a project (*Maßnahmensteckbrief*) as data, and what it lacks for the council."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from digistrat.inventory.record import Inventory
from digistrat.planning.profile_facts import Entry, Facts, gather
from digistrat.planning.profile_sections import CHECKS, SECTIONS, is_decided
from digistrat.planning.records import Plan, Portfolio
from digistrat.scoring.composite import Scores
from digistrat.texts import has_text, text

COLUMNS = ("section", "field", "value", "state", "is_mandatory", "cell", "key")
ANSWERED = ("given", "computed", "not_applicable")


@dataclass(frozen=True, eq=False)
class Profile:
    """Everything that is known of a project, section by section, and what is missing.

    Attributes
    ----------
    project_id, title : str
    sections : DataFrame
        One row per answer: ``section``, ``field`` and ``value`` ready to read in the strategy's language,
        ``state`` (given, missing, not_applicable, unreadable, computed), ``is_mandatory`` (before it can go
        to the council), ``cell`` (where it stands or, of what is missing, where it is to be entered; empty
        for what was computed or nobody is asked), ``key`` (``"head.title"``: the same in every language).
    missing : tuple of str
        What is mandatory and has no value, with sheet and column where it is to be entered. The mandatory
        checks stand in `checks`.
    checks : DataFrame
        By check: ``name``, ``state`` (done, not_needed, running, not_checked), ``is_decided``, ``reason``,
        ``date``, ``cell``.
    obstacles : tuple of str
        What stands between the project and the council, in sentences.
    """

    project_id: str
    title: str
    sections: pd.DataFrame
    missing: tuple[str, ...]
    checks: pd.DataFrame
    obstacles: tuple[str, ...]

    @property
    def is_ready_for_council(self) -> bool:
        """Whether nothing mandatory is missing and every check is decided."""
        return not self.obstacles

    def __str__(self) -> str:
        said = "ready for the council" if self.is_ready_for_council else f"{len(self.obstacles)} obstacles"
        return f"Profile of {self.project_id} {self.title}: {said}"

    def __repr__(self) -> str:
        return f"<{self}>"


def project_profile(
    inventory: Inventory,
    project: str,
    *,
    impact: Scores | None = None,
    readiness: Scores | None = None,
    portfolio: Portfolio | None = None,
    plan: Plan | None = None,
) -> Profile:
    """Return the profile of a project, in the fourteen sections of a *Maßnahmensteckbrief*.

    No person's name stands in it: who answers questions is told by function.

    Parameters
    ----------
    inventory : Inventory
    project : str
        A project of the inventory.
    impact, readiness : Scores, optional
        From `score_impact` and `score_readiness`.
    portfolio : Portfolio, optional
        Gives the reason why it was chosen or not.
    plan : Plan, optional
        Gives phases, milestones, and costs by year; without it they are the office's own, or the template's.

    Returns
    -------
    Profile

    Raises
    ------
    ValueError
        If the inventory has no such project.
    """
    if project not in inventory.projects.index:
        raise ValueError(f"project must be one of the inventory's {len(inventory.projects)}, not {project!r}")
    facts = gather(inventory, [project], _given(impact, readiness), portfolio, plan)
    entries = _entries(facts, project)
    return Profile(
        project,
        _title(facts, project),
        _sections(facts, entries),
        tuple(_missing(facts, entry) for entry in _lacking(entries)),
        _checks(facts, project, entries),
        tuple(_obstacles(facts, project, entries)),
    )


def profiles(
    inventory: Inventory,
    *,
    impact: Scores | None = None,
    readiness: Scores | None = None,
    portfolio: Portfolio | None = None,
    plan: Plan | None = None,
) -> pd.DataFrame:
    """Tell of every candidate what its profile lacks.

    Parameters
    ----------
    inventory, impact, readiness, portfolio, plan
        As for `project_profile`.

    Returns
    -------
    DataFrame
        Indexed by project that is possible or in preparation: ``title``, ``n_missing`` (mandatory fields
        without a value), ``n_open_checks``, ``is_ready``, ``first_obstacle`` (empty where there is none).
    """
    status = inventory.projects["status"]
    candidates = list(status.index[status.isin(["possible", "in_preparation"])])
    facts = gather(inventory, candidates, _given(impact, readiness), portfolio, plan)
    rows = []
    for project in candidates:
        entries = _entries(facts, project)
        n_missing, first = len(_lacking(entries)), next(iter(_obstacles(facts, project, entries)), "")
        n_open = sum(not decided for decided in _decided(facts, project).values())
        rows.append((_title(facts, project), n_missing, n_open, not first, first))
    columns = ["title", "n_missing", "n_open_checks", "is_ready", "first_obstacle"]
    frame = pd.DataFrame(rows, pd.Index(candidates, name="project_id", dtype="str"), columns)
    return frame.astype({"title": "str", "first_obstacle": "str", "is_ready": "bool"})


def _given(impact: Scores | None, readiness: Scores | None) -> dict[str, Scores]:
    named = {"impact": impact, "readiness": readiness}
    return {name: scores for name, scores in named.items() if scores is not None}


def _entries(facts: Facts, project: str) -> list[Entry]:
    return [entry for _, section in SECTIONS for entry in section(facts, project)]


def _title(facts: Facts, project: str) -> str:
    title = facts.project(project).values["title"]
    return "" if pd.isna(title) else str(title)


def _sections(facts: Facts, entries: list[Entry]) -> pd.DataFrame:
    numbers = {key: number for number, (key, _) in enumerate(SECTIONS, start=1)}
    rows = [
        (
            f"{numbers[entry.section]}. {facts.said(f'section.{entry.section}')}",
            _field(facts, entry),
            entry.value,
            entry.state,
            entry.is_mandatory,
            _cell(facts, entry),
            f"{entry.section}.{entry.field}",
        )
        for entry in entries
    ]
    texts = {column: "str" for column in COLUMNS if column != "is_mandatory"}
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype(texts)


def _field(facts: Facts, entry: Entry) -> str:
    """What a field is called: by its key, by a name of its own, or both ("Phase: Konzept")."""
    key = f"profile.field.{entry.field}"
    known = text(key, facts.language) if has_text(key, facts.language) else ""
    if not entry.name:
        return known
    return f"{known}: {entry.name}" if known else entry.name


def _cell(facts: Facts, entry: Entry) -> str:
    """Where an answer stands; of one that is missing the cell, or else the sheet, where it is to stand."""
    if not entry.table or entry.label is None:
        return ""
    try:
        return str(facts.inventory.locate(entry.table, entry.label, entry.column))
    except ValueError:
        source = facts.inventory.sources[entry.table].loc[entry.label]
        return f"{source['file']} › {source['sheet']}"


def _lacking(entries: list[Entry]) -> list[Entry]:
    return [e for e in entries if e.is_mandatory and e.section != "checks" and e.state not in ANSWERED]


def _missing(facts: Facts, entry: Entry) -> str:
    """Say what is missing, and on which sheet and in which column it is to be entered."""
    asked = facts.asked[entry.table, entry.column]
    key = "unreadable" if entry.state == "unreadable" else "missing"
    # without a header its columns are years or roles
    named = facts.said("column", sheet=asked.sheet, column=asked.header)
    where = named if asked.header else facts.said("sheet", sheet=asked.sheet)
    cell = _cell(facts, entry)
    place = f"{where} ({cell})" if cell else where
    return facts.said(key, field=_field(facts, entry), place=place, value=entry.value)


def _decided(facts: Facts, project: str) -> dict[str, bool]:
    rows = facts.of("project_checks", project)
    return {c: any(is_decided(row) for row in rows if row.values["check_id"] == c) for c in CHECKS}


def _checks(facts: Facts, project: str, entries: list[Entry]) -> pd.DataFrame:
    rows = {row.label: row.values for row in facts.of("project_checks", project)}
    decided, found = _decided(facts, project), []
    for entry in (entry for entry in entries if entry.section == "checks"):
        values: Any = rows.get(entry.label, {})
        found.append(
            {
                "name": entry.name,
                "state": values.get("state", "not_checked"),
                "is_decided": decided[entry.field],
                "reason": values.get("reason"),
                "date": values.get("check_date"),
                "cell": _cell(facts, entry),
            }
        )
    frame = pd.DataFrame(found, pd.Index(CHECKS, name="check_id", dtype="str"))
    return frame.astype({"name": "str", "state": "str", "reason": "str", "cell": "str"}).assign(
        date=pd.to_datetime(frame["date"])
    )


def _obstacles(facts: Facts, project: str, entries: list[Entry]) -> list[str]:
    decided = _decided(facts, project)
    said = [_missing(facts, entry) for entry in _lacking(entries)]
    for entry in entries:
        if entry.section == "checks" and not decided[entry.field]:
            said.append(facts.said("check_open", check=entry.name, state=entry.value))
    return said
