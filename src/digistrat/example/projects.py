"""The fictitious projects as the offices know them: status, dates, money, duty, and how good they are."""

from __future__ import annotations

import calendar
import datetime as dt
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from digistrat.example.catalogue import (
    ProjectType,
    clone_number,
    dice,
    load_catalogue,
    service_names,
    titles_of,
    words,
)
from digistrat.strategy import Office, Strategy

FIRST = dt.date(2025, 10, 31)
SECOND = dt.date(2026, 4, 30)
LAST_DUE = dt.date(2030, 12, 31)


@dataclass(frozen=True, slots=True)
class Project:
    """A fictitious project.

    Attributes
    ----------
    project_id, office_id : str
        ``office_id`` is who reports it.
    kind : ProjectType
        Whose ranges its figures stay within.
    title, description, status : str
    start_date, end_date : date
        First of a month and last of a month; not written where ``is_dated`` is false.
    release_date, due_date : date or None
    mandate, legal_basis : str
    n_cases_yearly : int or None
    one_off_eur, recurring_eur, share_investive : float
        Gross; recurring per year after the end.
    order_value_net_eur, funding_eur : float or None
    procedure, funding_state : str
    funding_from_date, funding_until_date : date or None
    goal_ids : tuple of str
    quality : float
        Hidden, standard normal: good projects are rated better.
    service_id : str
        The service that it puts online, if any.
    is_later : bool
        Not reported before the second round.
    former_office_id : str
        Who reported it in the first round, if that was somebody else.
    """

    project_id: str
    office_id: str
    kind: ProjectType
    title: str
    description: str
    status: str
    start_date: dt.date
    end_date: dt.date
    one_off_eur: float
    recurring_eur: float
    share_investive: float
    goal_ids: tuple[str, ...]
    quality: float
    release_date: dt.date | None = None
    due_date: dt.date | None = None
    mandate: str = "none"
    legal_basis: str = ""
    n_cases_yearly: int | None = None
    order_value_net_eur: float | None = None
    procedure: str = ""
    funding_eur: float | None = None
    funding_state: str = ""
    funding_from_date: dt.date | None = None
    funding_until_date: dt.date | None = None
    service_id: str = ""
    is_dated: bool = True
    is_later: bool = False
    is_typical: bool = False
    former_office_id: str = ""


def normal(draw: random.Random) -> float:
    """Draw from (nearly) the standard normal distribution, with uniform numbers only."""
    return sum(draw.random() for _ in range(12)) - 6


def months_later(date: dt.date, months: int) -> dt.date:
    """Return the first day of the month so many months after a date's month."""
    number = date.year * 12 + date.month - 1 + months
    return dt.date(number // 12, number % 12 + 1, 1)


def month_end(date: dt.date) -> dt.date:
    """Return the last day of a date's month."""
    return date.replace(day=calendar.monthrange(date.year, date.month)[1])


def end_of(start: dt.date, months: int) -> dt.date:
    """Return the last day of a span that begins with the first of a month."""
    return month_end(months_later(start, months - 1))


def within(draw: random.Random, low: float, high: float, share: float, step: float) -> float:
    """Draw an amount between two bounds, rarely above ``share`` of the way, rounded to a step."""
    value = low + (high - low) * share * draw.random() ** 2
    return min(max(round(value / step) * step, low), high)


def service_key(office: Office, number: int) -> str:
    """Return an invented key of 14 digits; the group 999 is not used by the LeiKa."""
    named = list(words()["services"])
    place = named.index(office.short_name) if office.short_name in named else 1000 + clone_number(office)
    return f"999{place:04d}{number:03d}1000"


def make_projects(strategy: Strategy, offices: Sequence[Office], seed: int) -> list[Project]:
    """Return everything the offices report in the first round, and what they will add in the second."""
    return [project for office in offices for project in _of_office(strategy, office, seed)]


def _of_office(strategy: Strategy, office: Office, seed: int) -> list[Project]:
    catalogue = load_catalogue()
    topics = [(like, title, "") for like, title in titles_of(office)]
    if not topics:
        return []
    draw = dice(seed, "office", office.id)
    cheapest = _service_type(Counter(catalogue[like].field_id for like, _, _ in topics).most_common(1)[0][0])
    patterns = words()["titles"]["online"]
    for number, name in enumerate(service_names(office), 1):
        word = name.split()[0].strip(":").lower()
        served = next((n for n, (_, title, _) in enumerate(topics) if word in title.lower()), None)
        if served is not None:
            topics[served] = (*topics[served][:2], service_key(office, number))
        elif draw.random() < 0.4:
            pattern = patterns[int(draw.random() * len(patterns))]
            title = pattern.format(name=name)
            if clone_number(office):
                title = words()["titles"]["clone"].format(title=title, office=office.name)
            topics.append((cheapest, title, service_key(office, number)))
    typical = {kind.title for kind in catalogue.values()}
    later = {title for _, title, _ in topics if title not in typical and draw.random() < 0.04}
    topics.sort(key=lambda topic: topic[1] in later)
    return [
        replace(
            _project(strategy, office, f"{office.id}-{number:03d}", catalogue[like], title, seed),
            service_id=service,
            is_later=title in later,
        )
        for number, (like, title, service) in enumerate(topics, 1)
    ]


def _service_type(field_id: str) -> int:
    """The cheapest small typical project for citizens or business, of this field if there is one."""
    kinds = [k for k in load_catalogue().values() if {"citizens", "business"} & set(k.target_groups)]
    own = [kind for kind in kinds if kind.field_id == field_id and kind.one_off_eur[1] <= 500_000]
    return min(own or kinds, key=lambda kind: kind.one_off_eur).number


def _project(
    strategy: Strategy, office: Office, project_id: str, kind: ProjectType, title: str, seed: int
) -> Project:
    draw = dice(seed, "project", project_id, title)
    is_typical = title == kind.title
    status = _status(kind, draw.random(), is_typical)
    share = (1.0 if is_typical else 0.6) * (0.5 if status == "in_preparation" else 1.0)
    one_off = within(draw, *kind.one_off_eur, share, 1000)
    months = round(within(draw, *kind.months, share, 1))
    start, end = _span(status, months, draw)
    goals = next((field.goals for field in strategy.fields if field.id == kind.field_id), ())
    first_goal = int(draw.random() * len(goals)) if goals else 0
    texts = words()["descriptions"]["texts"]
    project = Project(
        project_id=project_id,
        office_id=office.id,
        kind=kind,
        title=title,
        description=texts[int(draw.random() * len(texts))] if draw.random() < 0.6 else "",
        status=status,
        start_date=start,
        end_date=end,
        one_off_eur=one_off,
        recurring_eur=within(draw, *kind.recurring_eur, 0.3 * share, 500),
        share_investive=(0.0, 0.5, 0.6, 0.8, 1.0)[int(draw.random() * 5)],
        goal_ids=tuple(goal.id for goal in goals[first_goal : first_goal + 1 + (draw.random() < 0.3)]),
        quality=normal(draw),
        n_cases_yearly=int(kind.n_cases_yearly * (0.2 + draw.random())) // 100 * 100 or None,
        is_typical=is_typical,
    )
    return _with_money(_with_duty(project, months, draw), draw)


def _status(kind: ProjectType, chance: float, is_typical: bool) -> str:
    if is_typical:
        for status, numbers in words()["status_2025"].items():
            if kind.number in numbers:
                return str(status)
        return "existing"
    for status, limit in (("existing", 0.22), ("in_preparation", 0.39), ("discontinued", 0.42)):
        if chance < limit:
            return status
    return "possible"


def _span(status: str, months: int, draw: random.Random) -> tuple[dt.date, dt.date]:
    """Return beginning and end that fit the status on the first reporting date."""
    chance = draw.random()
    if status == "existing":
        end = months_later(dt.date(2019, 6, 1), int(chance * 75))
        return months_later(end, 1 - months), month_end(end)
    if status == "in_preparation":
        if chance < 0.7:
            start = months_later(FIRST, -round(months * (0.03 + 0.65 * chance)))
        else:
            start = months_later(FIRST, 1 + int((chance - 0.7) * 20))
        return start, end_of(start, months)
    if status == "discontinued":
        start = months_later(dt.date(2019, 1, 1), int(chance * 60))
        return start, end_of(start, months)
    start = months_later(dt.date(2027, 1, 1), int(chance * 24))
    if draw.random() < 0.6:  # most wish for the beginning of a quarter
        start = start.replace(month=(start.month - 1) // 3 * 3 + 1)
    return start, end_of(start, months)


def _with_duty(project: Project, months: int, draw: random.Random) -> Project:
    """Add duty, earliest beginning and due date, which leave time."""
    chance, later = draw.random(), int(draw.random() * 7)
    is_open = project.status in ("possible", "in_preparation")
    if project.kind.legal_basis and (project.is_typical or chance < 0.12):
        if project.status == "possible":
            start = dt.date(2027, 1 + later, 1)
            project = replace(project, start_date=start, end_date=end_of(start, months))
        due = month_end(months_later(project.end_date, 12 + later))
        return replace(
            project,
            mandate="legal",
            legal_basis=project.kind.legal_basis,
            due_date=due if is_open and dt.date(2027, 1, 1) <= due <= LAST_DUE else None,
        )
    duties = words()["mandates"]
    if is_open and chance > 0.95:
        return replace(project, mandate="operational", legal_basis=duties["operational"])
    if is_open and chance > 0.9:
        return replace(project, mandate="political", legal_basis=duties["political"])
    if project.status == "possible" and chance > 0.6:
        release = max(months_later(project.start_date, -later), dt.date(2027, 1, 1))
        return replace(project, release_date=release)
    return replace(project, is_dated=project.status != "possible" or chance > 0.1)


def _with_money(project: Project, draw: random.Random) -> Project:
    """Add order value, procedure and funding."""
    if project.status in ("possible", "in_preparation") and draw.random() < 0.75:
        order = project.one_off_eur * (0.4 + 0.5 * draw.random()) / 1.19
        texts = words()["procedures"]["texts"]
        project = replace(
            project,
            order_value_net_eur=round(order / 500) * 500.0,
            procedure=texts[int(draw.random() * len(texts))] if draw.random() < 0.4 else "",
        )
    if project.status in ("possible", "in_preparation") and draw.random() < 0.07:
        project = replace(
            project,
            funding_eur=round(project.one_off_eur * (0.3 + 0.6 * draw.random()) / 1000) * 1000.0,
            funding_until_date=month_end(months_later(project.end_date, 3)),
        )
        project = _with_grant(project, draw)
    return project


def _with_grant(project: Project, draw: random.Random) -> Project:
    """Add how far a grant is; an approved one runs from some months before the project begins."""
    chance, months = draw.random(), int(draw.random() * 5)
    if chance < 0.5:
        granted = months_later(project.start_date, -months)
        return replace(project, funding_state="approved", funding_from_date=granted)
    return replace(project, funding_state="applied" if chance < 0.85 else "refused")
