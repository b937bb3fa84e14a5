"""The plan's milestones as a calendar file (RFC 5545) that every calendar program can subscribe to."""

from __future__ import annotations

import datetime as dt
import re
import uuid
from collections.abc import Iterable, Iterator
from pathlib import Path

import pandas as pd

from digistrat.planning.records import Plan
from digistrat.reporting.plan_words import (
    MILESTONES,
    PlannedProject,
    milestone_label,
    plan_source,
    plan_title,
    planned_projects,
    replaced_file,
)
from digistrat.texts import text

LINE = 75  # octets of a line at most, without its end: RFC 5545, 3.1
_NAMESPACE = uuid.UUID("1c5c2b0e-7c2f-5d0b-9f43-7f1f0c7a4e21")  # of our milestones; any, but always the same
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")  # no part of a text there: 3.3.11


def milestone_calendar(
    plan: Plan, *, offices: Iterable[str] | None = None, kinds: Iterable[str] | None = None
) -> str:
    """Return a plan's milestones as an iCalendar text: all-day events that block nobody's time.

    Parameters
    ----------
    plan : Plan
        From `schedule`.
    offices : iterable of str, optional
        Milestones of these offices' projects only; of all by default.
    kinds : iterable of str, optional
        Milestones of these kinds only, such as ``decision`` or ``go_live``; of all kinds by default.

    Returns
    -------
    str
        RFC 5545: lines of at most 75 octets that end with CR LF, in the order of days. A milestone keeps its
        UID from plan to plan, so that a calendar moves it; the time stamp is the reporting date, so that the
        same plan gives the same text.

    Raises
    ------
    ValueError
        If an office or a kind is not known.
    """
    language = plan.inventory.strategy.language
    chosen = _chosen("offices", offices, plan.inventory.offices.index)
    of_kind = _chosen("kinds", kinds, [*MILESTONES, *plan.milestones["milestone"]])
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        f"PRODID:-//digistrat//milestones//{language.upper()}",
        "CALSCALE:GREGORIAN",
        "METHOD:PUBLISH",
        f"X-WR-CALNAME:{escaped(text('icalendar.name', language, title=plan_title(plan)))}",
        f"X-WR-CALDESC:{escaped(plan_source(plan))}",
    ]
    projects = {project.number: project for project in planned_projects(plan)}
    marks = plan.milestones.sort_values(["date", "project_id", "milestone"], kind="stable")
    which = marks.groupby(["project_id", "milestone"]).cumcount()
    rows = zip(marks["project_id"], marks["milestone"], marks["date"], which, strict=True)
    for number, kind, day, count in rows:
        project = projects[number]
        if (chosen is None or project.office_id in chosen) and (of_kind is None or kind in of_kind):
            lines += _event(plan, project, str(kind), day, int(count))
    lines.append("END:VCALENDAR")
    return "".join(f"{folded(line)}\r\n" for line in lines)


def write_calendar(
    plan: Plan,
    path: str | Path,
    *,
    offices: Iterable[str] | None = None,
    kinds: Iterable[str] | None = None,
) -> Path:
    """Write a plan's milestones as an .ics file, whole or not at all; see `milestone_calendar`.

    Parameters
    ----------
    plan : Plan
        From `schedule`.
    path : path
        Where to; its folder is made if need be.
    offices, kinds
        As in `milestone_calendar`.

    Returns
    -------
    Path
        The file.
    """
    target = Path(path)
    content = milestone_calendar(plan, offices=offices, kinds=kinds)
    with replaced_file(target) as partial:
        partial.write_bytes(content.encode("utf-8"))
    return target


def _chosen(name: str, given: Iterable[str] | None, allowed: Iterable[str]) -> set[str] | None:
    if given is None:
        return None
    if isinstance(given, str):
        raise ValueError(f"{name} must be a list of ids such as [{given!r}], not the text {given!r}")
    chosen, known = list(given), {str(one) for one in allowed}
    for one in chosen:
        if one not in known:
            raise ValueError(f"{name} must be among {', '.join(sorted(known))}, not {one!r}")
    return set(chosen)


def _event(plan: Plan, project: PlannedProject, kind: str, day: pd.Timestamp, which: int) -> Iterator[str]:
    strategy = plan.inventory.strategy
    language = strategy.language
    label = milestone_label(kind, language)
    key = "/".join((strategy.strategy.city, project.number, kind, str(which)))
    about = [
        text(f"icalendar.{name}", language, value=value)
        for name in ("number", "office", "field", "source")
        if (value := project.number if name == "number" else getattr(project, name))
    ]
    stamp = dt.datetime.combine(plan.inventory.reporting_date, dt.time())
    yield "BEGIN:VEVENT"
    yield f"UID:{uuid.uuid5(_NAMESPACE, key)}"
    yield f"DTSTAMP:{stamp:%Y%m%dT%H%M%SZ}"
    yield f"DTSTART;VALUE=DATE:{day:%Y%m%d}"
    yield f"SUMMARY:{escaped(text('icalendar.summary', language, milestone=label, name=project.name))}"
    yield f"DESCRIPTION:{escaped(chr(10).join([*about, plan_source(plan)]))}"
    yield f"CATEGORIES:{escaped(label)},{escaped(project.field)}"
    yield "TRANSP:TRANSPARENT"
    yield "END:VEVENT"


def escaped(words: str) -> str:
    r"""Return a text with what means something in iCalendar marked; what may not stand there is left out.

    Examples
    --------
    >>> print(escaped("Bau; Umzug, Netz\nTeil 2"))
    Bau\; Umzug\, Netz\nTeil 2
    """
    words = _CONTROL.sub("", words.replace("\r\n", "\n").replace("\r", "\n"))
    marked = words.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")
    return marked.replace("\n", "\\n")


def folded(line: str) -> str:
    """Return a line cut into lines of at most 75 octets of UTF-8, never inside a character.

    Examples
    --------
    >>> folded("ä" * 38).split(chr(13) + chr(10))[1]
    ' ä'
    """
    parts, room = [""], LINE
    for character in line:
        size = len(character.encode("utf-8"))
        if size > room:
            parts.append("")
            room = LINE - 1  # the space in front counts
        parts[-1] += character
        room -= size
    return "\r\n ".join(parts)
