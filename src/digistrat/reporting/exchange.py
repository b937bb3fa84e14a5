"""The plan for Microsoft Project and every program that reads its XML: the plan's own dates, to the day."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pandas as pd

from digistrat.planning.records import Plan
from digistrat.reporting.plan_tasks import DAY_BEGINS, LONGEST_NAME, Link, PlanDay, Task, plan_day, plan_tasks
from digistrat.reporting.plan_words import plan_source, plan_title, replaced_file
from digistrat.texts import format_number, text

NAMESPACE = "http://schemas.microsoft.com/project"
LONGEST_NOTE = 8_000  # characters
BASE_CALENDAR = 1
# Codes of Microsoft's schema.
SHOWN_IN_DAYS, SHOWN_IN_HOURS = 7, 2
FIXED_DURATION, PRORATED, WORK = 1, 2, 1
AS_SOON_AS_POSSIBLE, STARTS_NOT_EARLIER, ENDS_NOT_EARLIER = 0, 4, 6
COLUMNS = (("188743731", "Text1", "number"), ("188743734", "Text2", "office"))  # free ones, with our meaning
_INVALID = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # XML 1.0, section 2.2

Span = tuple[dt.datetime, dt.datetime]
Parts = Iterable[tuple[str, Any]]


def project_xml(plan: Plan) -> bytes:
    """Return a plan as Microsoft Project XML.

    A summary task by field of action and by project, phases as tasks of fixed duration, milestones, links,
    roles as resources with what is staffed from when to when, assignments, one-off costs, and the plan itself
    as baseline. Every calendar day is a working day as long as a full post works on average: so start and
    finish are the plan's own days, units are full-time equivalents, and work is what the efforts say, up to
    the different lengths of months. A phase that begins later than its links ask for (staff, money, council)
    starts no earlier than planned; a lag is written where the plan asks for one.

    Parameters
    ----------
    plan : Plan
        From `schedule`. Where there is no plan, no task stands in the file but the reasons.

    Returns
    -------
    bytes
        UTF-8; the same plan gives the same bytes. Characters that XML cannot hold are left out.

    Notes
    -----
    Elements stand in the order of Microsoft's schema ``mspdi_pj15.xsd``; costs are in cents, lags in tenths
    of minutes.
    """
    day = plan_day(plan)
    tasks = plan_tasks(plan, title=plan_title(plan), notes=_notes(plan, day))
    spans = _times(tasks, day)
    roles = {role.id: uid for uid, role in enumerate(plan.inventory.strategy.roles, start=1)}
    root = _element(
        "Project",
        [
            *_head(plan, day, spans[0]),
            ("Calendars", list(_calendars(plan, day, roles))),
            ("Tasks", list(_tasks(tasks, spans, day))),
            ("Resources", list(_resources(plan, roles))),
            ("Assignments", list(_assignments(tasks, spans, roles, day))),
        ],
    )
    root.set("xmlns", NAMESPACE)
    ET.indent(root, space=" ")
    return b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n' + ET.tostring(root, "utf-8") + b"\n"


def write_project_xml(plan: Plan, path: str | Path) -> Path:
    """Write a plan as Microsoft Project XML, whole or not at all; see `project_xml`.

    Parameters
    ----------
    plan : Plan
        From `schedule`.
    path : path
        The .xml to write; its folder is made if need be.

    Returns
    -------
    Path
        The file.
    """
    target = Path(path)
    content = project_xml(plan)
    with replaced_file(target) as partial:
        partial.write_bytes(content)
    return target


def _notes(plan: Plan, day: PlanDay) -> str:
    """Say of the whole plan where it comes from, what a day is, and what is not part of it."""
    strategy = plan.inventory.strategy
    language = strategy.language
    days = format_number(strategy.planning.days_per_fte_month, language, 1)
    lines = [
        plan_source(plan),
        text("exchange.calendar_note", language, minutes=day.minutes, days=days),
        *plan.notes,
    ]
    if plan.phases.empty and plan.conflicts:
        lines.insert(1, text("exchange.no_plan", language, why="; ".join(plan.conflicts)))
    return "\n".join(lines)


def _head(plan: Plan, day: PlanDay, whole: Span) -> Parts:
    strategy = plan.inventory.strategy
    made = dt.datetime.combine(plan.inventory.reporting_date, dt.time())
    columns = [
        _element(
            "ExtendedAttribute",
            [("FieldID", code), ("FieldName", name), ("Alias", text(f"exchange.{key}", strategy.language))],
        )
        for code, name, key in COLUMNS
    ]
    return [
        ("SaveVersion", 14),
        ("Name", plan_title(plan)),
        ("Title", plan_title(plan)),
        ("Subject", strategy.notice or None),
        ("Author", strategy.strategy.city),
        ("CreationDate", made),
        ("LastSaved", made),
        ("ScheduleFromStart", 1),
        ("StartDate", day.begins(min(whole[0].date(), plan.problem.start))),
        ("FinishDate", whole[1]),
        ("FYStartDate", 1),
        ("CurrencyDigits", 2),
        ("CurrencySymbol", "€"),
        ("CurrencyCode", "EUR"),
        ("CurrencySymbolPosition", 3),
        ("CalendarUID", BASE_CALENDAR),
        ("DefaultStartTime", _time(DAY_BEGINS)),
        ("DefaultFinishTime", _time(DAY_BEGINS + dt.timedelta(minutes=day.minutes))),
        ("MinutesPerDay", day.minutes),
        ("MinutesPerWeek", 7 * day.minutes),
        ("DaysPerMonth", 30),
        ("DefaultTaskType", FIXED_DURATION),
        ("DefaultFixedCostAccrual", PRORATED),
        ("DurationFormat", SHOWN_IN_DAYS),
        ("WorkFormat", SHOWN_IN_HOURS),
        ("HonorConstraints", 1),
        ("NewTasksEffortDriven", 0),
        ("NewTasksEstimated", 0),
        ("WeekStartDay", 1),
        ("StatusDate", made),
        ("NewTasksAreManual", 0),
        ("ExtendedAttributes", columns),
    ]


def _calendars(plan: Plan, day: PlanDay, roles: Mapping[str, int]) -> Iterator[ET.Element]:
    """Give the calendar in which every day counts, and one for each role that follows it."""
    ends = _time(DAY_BEGINS + dt.timedelta(minutes=day.minutes))
    hours = [_element("WorkingTime", [("FromTime", _time(DAY_BEGINS)), ("ToTime", ends)])]
    week = [
        _element("WeekDay", [("DayType", number), ("DayWorking", 1), ("WorkingTimes", hours)])
        for number in range(1, 8)
    ]
    name = text("exchange.calendar", plan.inventory.strategy.language)
    base = [("UID", BASE_CALENDAR), ("Name", name), ("IsBaseCalendar", 1), ("BaseCalendarUID", -1)]
    yield _element("Calendar", [*base, ("WeekDays", week)])
    for role, uid in roles.items():
        own = [("UID", BASE_CALENDAR + uid), ("Name", role), ("IsBaseCalendar", 0)]
        yield _element("Calendar", [*own, ("BaseCalendarUID", BASE_CALENDAR)])


def _tasks(tasks: Sequence[Task], spans: Sequence[Span], day: PlanDay) -> Iterator[ET.Element]:
    uids = {task.number: uid for uid, task in enumerate(tasks) if task.kind == "phase"}
    outline = outline_numbers([task.level for task in tasks])
    for uid, task in enumerate(tasks):
        parts = [("UID", uid), ("ID", uid), *_task(task, spans[uid], outline[uid], day)]
        links = [("PredecessorLink", _link(link, uids[link.number], day)) for link in task.links]
        yield _element(
            "Task", [*parts, *links, *_columns(task), ("Baseline", _baseline(task, spans[uid], day))]
        )


def _task(task: Task, span: Span, outline: str, day: PlanDay) -> Parts:
    is_summary = task.kind == "summary"
    start, finish = span
    length, work = _length(day.between(*span)), _work(task, span, day)
    cost = None if is_summary else _cents(task.cost)
    return [
        ("Name", _shortened(task.name, LONGEST_NAME)),
        ("Active", 1),
        ("Manual", 0),
        ("Type", FIXED_DURATION),
        ("IsNull", 0),
        ("OutlineNumber", outline),
        ("OutlineLevel", task.level),
        ("Priority", 500),
        ("Start", start),
        ("Finish", finish),
        ("Duration", length),
        ("DurationFormat", SHOWN_IN_DAYS),
        ("Work", work),
        ("EffortDriven", 0),
        ("Estimated", 0),
        ("Milestone", int(task.kind == "milestone")),
        ("Summary", int(is_summary)),
        ("FixedCost", cost),
        ("FixedCostAccrual", PRORATED),
        ("PercentComplete", 0),
        ("Cost", cost),
        ("ActualDuration", _length(0)),
        ("RemainingDuration", length),
        ("RemainingWork", work),
        ("ConstraintType", _constraint(task)),
        ("CalendarUID", -1),
        ("ConstraintDate", start if task.is_delayed else None),
        ("Deadline", None if task.due is None else day.ends(task.due)),
        ("Notes", _shortened(task.notes, LONGEST_NOTE) or None),
    ]


def _constraint(task: Task) -> int:
    if not task.is_delayed:
        return AS_SOON_AS_POSSIBLE
    return ENDS_NOT_EARLIER if task.kind == "milestone" else STARTS_NOT_EARLIER


def _times(tasks: Sequence[Task], day: PlanDay) -> list[Span]:
    """Return start and finish of every line; a summary's hold all that is in it, its milestones too."""
    spans: list[Span] = []
    for task in tasks:
        begins_with_day = task.kind != "milestone"
        spans.append(
            (day.begins(task.first) if begins_with_day else day.ends(task.first), day.ends(task.last))
        )
    for at, task in enumerate(tasks):
        if task.kind == "summary":
            after = range(at + 1, len(tasks))
            end = next((n for n in after if tasks[n].level <= task.level), len(tasks))
            inside = [spans[n] for n in range(at + 1, end) if tasks[n].kind != "summary"] or [spans[at]]
            spans[at] = (min(start for start, _ in inside), max(finish for _, finish in inside))
    return spans


def _work(task: Task, span: Span, day: PlanDay) -> str | None:
    """Write the work of all roles; a summary's is for the program to add up."""
    if task.kind == "summary":
        return None
    return _length(sum(task.demand.values()) * day.between(*span))


def _link(link: Link, uid: int, day: PlanDay) -> ET.Element:
    lag = link.lag * day.minutes * 10
    parts = [("PredecessorUID", uid), ("Type", link.kind), ("CrossProject", 0)]
    return _element("PredecessorLink", [*parts, ("LinkLag", lag), ("LagFormat", SHOWN_IN_DAYS)])


def _columns(task: Task) -> Parts:
    values = {"number": task.number, "office": task.office}
    return [
        ("ExtendedAttribute", _element("ExtendedAttribute", [("FieldID", code), ("Value", values[key])]))
        for code, _, key in COLUMNS
        if values[key]
    ]


def _baseline(task: Task, span: Span, day: PlanDay) -> ET.Element:
    parts = [
        ("Number", 0),
        ("Start", span[0]),
        ("Finish", span[1]),
        ("Duration", _length(day.between(*span))),
        ("DurationFormat", SHOWN_IN_DAYS),
        ("Work", _work(task, span, day)),
        ("Cost", None if task.kind == "summary" else _cents(task.cost)),
    ]
    return _element("Baseline", parts)


def _resources(plan: Plan, roles: Mapping[str, int]) -> Iterator[ET.Element]:
    """Give the roles, with the full-time equivalents that are there in each run of equal months."""
    strategy = plan.inventory.strategy
    load = plan.load[plan.load["month"] >= pd.Timestamp(plan.problem.start)]
    for role in strategy.roles:
        months = load[load["role_id"] == role.id].set_index("month")["capacity_fte"].sort_index()
        runs = (months != months.shift()).cumsum()
        periods = [
            _element("AvailabilityPeriod", _available(run.index, run.iloc[0]))
            for _, run in months.groupby(runs)
        ]
        uid = roles[role.id]
        yield _element(
            "Resource",
            [
                ("UID", uid),
                ("ID", uid),
                ("Name", role.name),
                ("Type", WORK),
                ("IsNull", 0),
                ("Initials", role.id),
                ("Code", role.id),
                ("Group", text("exchange.role", strategy.language)),
                ("MaxUnits", _units(months.max() if len(months) else 0.0)),
                ("CanLevel", 1),
                ("StandardRate", 0),
                ("CalendarUID", BASE_CALENDAR + uid),
                ("IsGeneric", 1),
                ("AvailabilityPeriods", periods or None),
            ],
        )


def _available(months: pd.Index, fte: float) -> Parts:
    last = months[-1] + pd.offsets.MonthEnd(0) + pd.Timedelta(hours=23, minutes=59)
    return [("AvailableFrom", months[0]), ("AvailableTo", last), ("AvailableUnits", _units(fte))]


def _assignments(
    tasks: Sequence[Task], spans: Sequence[Span], roles: Mapping[str, int], day: PlanDay
) -> Iterator[ET.Element]:
    pairs = ((uid, task, role) for uid, task in enumerate(tasks) for role in task.demand)
    for number, (uid, task, role) in enumerate(pairs, start=1):
        start, finish = spans[uid]
        work = _length(task.demand[role] * day.between(start, finish))
        yield _element(
            "Assignment",
            [
                ("UID", number),
                ("TaskUID", uid),
                ("ResourceUID", roles[role]),
                ("PercentWorkComplete", 0),
                ("ActualWork", _length(0)),
                ("Finish", finish),
                ("RegularWork", work),
                ("RemainingWork", work),
                ("Start", start),
                ("Units", _units(task.demand[role])),
                ("Work", work),
                ("WorkContour", 0),
            ],
        )


def outline_numbers(levels: Iterable[int]) -> list[str]:
    """Return numbers such as 1.2.3 for lines of these levels; the whole, of level 0, is 0.

    Examples
    --------
    >>> outline_numbers([0, 1, 2, 2, 1, 2])
    ['0', '1', '1.1', '1.2', '2', '2.1']
    """
    counts: list[int] = []
    numbers = []
    for level in levels:
        counts = [*counts, 0][:level]
        if level:
            counts[-1] += 1
        numbers.append(".".join(map(str, counts)) or "0")
    return numbers


def _element(name: str, parts: Parts) -> ET.Element:
    """Return an element of these parts in their order; a part without a value is left out."""
    element = ET.Element(name)
    for key, value in parts:
        if isinstance(value, ET.Element):
            element.append(value)
        elif isinstance(value, list):
            ET.SubElement(element, key).extend(value)
        elif value is not None:
            ET.SubElement(element, key).text = _written(value)
    return element


def _written(value: Any) -> str:
    if isinstance(value, dt.datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%S")
    return _INVALID.sub("", str(value))


def _shortened(words: str, longest: int) -> str:
    return words if len(words) <= longest else f"{words[: longest - 1]}…"


def _time(since_midnight: dt.timedelta) -> str:
    return f"{dt.datetime.min + since_midnight:%H:%M:%S}"


def _length(minutes: float) -> str:
    """Write a length of time as Microsoft Project does, to the second."""
    seconds = round(minutes * 60)
    return f"PT{seconds // 3600}H{seconds // 60 % 60}M{seconds % 60}S"


def _cents(euros: float) -> str:
    return str(round(euros * 100))


def _units(fte: float) -> str:
    return f"{float(fte):.6f}".rstrip("0").rstrip(".")
