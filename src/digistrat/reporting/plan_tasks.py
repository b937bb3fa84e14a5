"""A plan as project managers' programs see it: an outline of tasks with lengths, links, lags and demands."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from digistrat.planning.records import Plan
from digistrat.planning.work import DAYS_PER_MONTH
from digistrat.reporting.plan_words import PlannedProject, milestone_label, phase_costs, planned_projects
from digistrat.texts import text

HOURS_A_DAY = 7.8  # of a full post: 39 hours in five days, § 6 TVöD
DAY_BEGINS = dt.timedelta(hours=8)
ONE_DAY = dt.timedelta(days=1)
AFTER_END, AFTER_START = 1, 3  # types of links, by the codes of Microsoft Project
LINKS = {"end_before_start": AFTER_END, "start_before_start": AFTER_START}
LONGEST_NAME = 255  # characters that programs show

Spans = Mapping[str, tuple[dt.date, dt.date]]


@dataclass(frozen=True)
class PlanDay:
    """What a day of the plan is: so many minutes from eight o'clock on, every day of the year."""

    minutes: int

    def begins(self, date: dt.date) -> dt.datetime:
        """Return when work begins on a day."""
        return dt.datetime.combine(date, dt.time()) + DAY_BEGINS

    def ends(self, date: dt.date) -> dt.datetime:
        """Return when work ends on a day."""
        return self.begins(date) + dt.timedelta(minutes=self.minutes)

    def between(self, start: dt.datetime, finish: dt.datetime) -> int:
        """Return the minutes of work from the begin or end of a day to the end of a day."""
        days = (finish.date() - start.date()).days + (start == self.begins(start.date()))
        return days * self.minutes


@dataclass(frozen=True)
class Link:
    """What a task waits for: another one's end or start, and days on top."""

    number: str
    kind: int
    lag: int = 0


@dataclass(frozen=True)
class Task:
    """A line of the outline: a summary (levels 0 to 2), a phase or a milestone.

    Attributes
    ----------
    name, number, office, notes : str
    project, code : str
        Of a phase or milestone: its project, and the phase's id or the kind of milestone.
    level : int
        0 the whole plan, 1 a field of action, 2 a project, 3 a phase or milestone.
    first, last : date
        First and last day; a milestone comes at the end of its day, a summary lasts as long as its phases.
    kind : {"summary", "phase", "milestone"}
    links : tuple of Link
        By number of the phase.
    is_delayed : bool
        Whether it begins later than its links ask for, or has none.
    cost : float
        Euros, once.
    demand : mapping
        Role → full-time equivalents.
    due : date, optional
    """

    name: str
    level: int
    first: dt.date
    last: dt.date
    number: str = ""
    office: str = ""
    notes: str = ""
    project: str = ""
    code: str = ""
    kind: str = "summary"
    links: tuple[Link, ...] = ()
    is_delayed: bool = False
    cost: float = 0.0
    demand: Mapping[str, float] = field(default_factory=dict)
    due: dt.date | None = None


def plan_day(plan: Plan) -> PlanDay:
    """Return a day as long as a full post works on average on every day of the year.

    So whole months stay whole months, and full-time equivalents × days give the hours of the efforts, up to
    the different lengths of months.
    """
    days = plan.inventory.strategy.planning.days_per_fte_month
    return PlanDay(max(1, round(days * HOURS_A_DAY * 60 / DAYS_PER_MONTH)))


def plan_tasks(plan: Plan, *, title: str, notes: str) -> list[Task]:
    """Return the outline of a plan: the whole, fields of action, projects, their phases and milestones.

    Parameters
    ----------
    plan : Plan
        From `schedule`.
    title, notes : str
        Of the whole.
    """
    spans = _spans(plan.phases)
    if not spans:
        return [Task(title, 0, plan.problem.start, plan.problem.start, notes=notes)]
    language = plan.inventory.strategy.language
    own = {
        str(project): list(map(str, of)) for project, of in plan.phases.groupby("project_id").groups.items()
    }
    by_field: dict[str, list[PlannedProject]] = {}
    projects = planned_projects(plan)
    for project in projects:
        by_field.setdefault(project.field, []).append(project)
    offices = {project.number: project.office for project in projects}
    phases = {task.number: task for task in _phases(plan, spans, offices)}
    tasks: list[Task] = []
    for name, of_field in by_field.items():
        inside: list[Task] = []
        for project in of_field:
            of = own[project.number]
            under = [phases[activity] for activity in of]
            under += _milestones(plan, project, {activity: spans[activity] for activity in of})
            words = {"number": project.number, "office": project.office}
            about = project_notes(project, language)
            inside += [_summary(under, name=project.name, level=2, notes=about, **words), *under]
        tasks += [_summary(inside, name=name, level=1), *inside]
    return [_summary(tasks, name=title, level=0, notes=notes), *tasks]


def project_notes(project: PlannedProject, language: str) -> str:
    """Return number, office and source of a project in lines; its title too where a name is too short."""
    words = {
        "number": project.number,
        "title": project.title if len(project.name) > LONGEST_NAME else "",
        "office": project.office,
        "source": project.source,
    }
    return "\n".join(_line(key, value, language) for key, value in words.items() if value)


def _line(key: str, value: str, language: str) -> str:
    return f"{text(f'exchange.{key}', language)}: {value}" if value else ""


def _spans(phases: pd.DataFrame) -> Spans:
    days = zip(phases["start"].dt.date, phases["end"].dt.date, strict=True)
    return dict(zip(map(str, phases.index), days, strict=True))


def _summary(inside: Sequence[Task], **words: Any) -> Task:
    phases = [task for task in inside if task.kind == "phase"]
    return Task(first=min(task.first for task in phases), last=max(task.last for task in phases), **words)


def _phases(plan: Plan, spans: Spans, offices: Mapping[str, str]) -> Iterator[Task]:
    language = plan.inventory.strategy.language
    links, costs = _links(plan, spans), phase_costs(plan).to_dict()
    demand = plan.problem.demand.to_dict("index")
    for row in plan.phases.itertuples():
        activity = str(row.Index)
        first, last = spans[activity]
        waits = tuple(links.get(activity, ()))
        free = [_freed(spans, link.number, link.kind) + link.lag * ONE_DAY for link in waits]
        yield Task(
            name=str(row.phase),
            level=3,
            first=first,
            last=last,
            number=activity,
            project=str(row.project_id),
            code=str(row.phase_id),
            office=offices[str(row.project_id)],
            notes=_line("procedure", str(row.procedure), language),
            kind="phase",
            links=waits,
            is_delayed=not free or first > max(free),
            cost=float(costs[activity]),
            demand={str(role): float(fte) for role, fte in demand[activity].items() if fte > 0},
        )


def _milestones(plan: Plan, project: PlannedProject, own: Spans) -> Iterator[Task]:
    """Milestones of a project, at the end of their day: after the phase that ends on it if one does."""
    marks = plan.milestones[plan.milestones["project_id"] == project.number]
    for kind, day in zip(marks["milestone"], marks["date"].dt.date, strict=True):
        ending = [activity for activity, (_, last) in own.items() if last == day]
        yield Task(
            name=milestone_label(str(kind), plan.inventory.strategy.language),
            level=3,
            first=day,
            last=day,
            number=f"{project.number} {kind}",
            project=project.number,
            code=str(kind),
            office=project.office,
            kind="milestone",
            links=tuple(Link(activity, AFTER_END) for activity in ending[-1:]),
            is_delayed=not ending,
            due=project.due if kind == "go_live" else None,
        )


def _links(plan: Plan, spans: Spans) -> dict[str, list[Link]]:
    """Links by the activity that waits, each once."""
    within = [(one, other, "end_before_start", 0) for other, one in plan.phases["predecessor"].items()]
    links = plan.problem.links
    lags = links["lag"].fillna(0) if "lag" in links else [0] * len(links)
    between = zip(links["predecessor"], links["successor"], links["kind"], lags, strict=True)
    found: dict[str, dict[tuple[str, int], Link]] = {}
    for one, other, kind, months in [*between, *within]:
        if one in spans and other in spans and kind in LINKS:
            lag = _lag_days(spans, one, str(other), LINKS[kind], int(months))
            found.setdefault(str(other), {}).setdefault((one, LINKS[kind]), Link(one, LINKS[kind], lag))
    return {other: list(waits.values()) for other, waits in found.items()}


def _lag_days(spans: Spans, one: str, other: str, kind: int, months: int) -> int:
    """Days of a lag in months, counted from the first of a month; never more than the plan itself waits."""
    freed = _freed(spans, one, kind)
    asked = freed
    if months:
        asked = (pd.Timestamp(freed) + pd.offsets.MonthBegin(0) + pd.DateOffset(months=months)).date()
    return (min(asked, spans[other][0]) - freed).days


def _freed(spans: Spans, one: str, kind: int) -> dt.date:
    """The first day on which what waits for an activity may begin."""
    first, last = spans[one]
    return first if kind == AFTER_START else last + ONE_DAY
