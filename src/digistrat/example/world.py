"""One fictitious city on one reporting date; the second round is the first, half a year on."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace

from digistrat.example.catalogue import dice, partners, service_names, words
from digistrat.example.dependencies import Dependency, make_dependencies
from digistrat.example.projects import (
    FIRST,
    SECOND,
    Project,
    make_projects,
    month_end,
    months_later,
    normal,
    service_key,
)
from digistrat.strategy import Office, Role, Strategy


@dataclass(frozen=True, slots=True)
class Service:
    """An administrative service as its office sees it; levels on the scale of the model in force."""

    service_id: str
    bundle_id: str
    name: str
    office_id: str
    level: int | None
    target_level: int | None
    n_cases_yearly: int | None


@dataclass(frozen=True, slots=True)
class Position:
    """A staff position."""

    position_id: str
    office_id: str
    role_id: str
    fte: float
    start_date: dt.date | None
    end_date: dt.date | None
    is_vacant: bool = False


@dataclass(frozen=True, slots=True)
class World:
    """Everything the organisations know on one reporting date; made by `make_world`."""

    strategy: Strategy
    seed: int
    reporting_date: dt.date
    offices: tuple[Office, ...]
    projects: tuple[Project, ...]
    services: tuple[Service, ...]
    positions: tuple[Position, ...]
    dependencies: tuple[Dependency, ...]

    @property
    def is_second(self) -> bool:
        """Whether half a year has gone by since the first round."""
        return self.reporting_date > FIRST


def make_world(strategy: Strategy, offices: Sequence[Office], seed: int, reporting_date: dt.date) -> World:
    """Return the city on one of the two reporting dates."""
    projects = make_projects(strategy, offices, seed)
    dependencies = make_dependencies(projects, seed)
    services = [service for office in offices for service in _services(strategy, office, seed)]
    first = World(
        strategy,
        seed,
        FIRST,
        tuple(offices),
        tuple(projects),
        tuple(services),
        tuple(_positions(strategy, offices, seed)),
        tuple(dependencies),
    )
    if reporting_date == SECOND:
        return _half_a_year_on(first)
    return replace(first, projects=tuple(p for p in projects if not p.is_later))


def _services(strategy: Strategy, office: Office, seed: int) -> list[Service]:
    model = next((m for m in strategy.service_models if m.valid_to is None), None)
    if model is None:
        return []
    made = []
    grade = normal(dice(seed, "digital", office.id))
    for number, name in enumerate(service_names(office), 1):
        draw = dice(seed, "service", office.id, name)
        span = model.target - model.floor
        level = round(model.floor + span * min(max(0.33 + 0.08 * grade + 0.2 * normal(draw), 0.0), 1.0))
        target = min(level + int(draw.random() * 4), model.target)
        key = service_key(office, number)
        made.append(
            Service(
                service_id=key,
                bundle_id=f"9{key[3:7]}",
                name=name,
                office_id=office.id,
                level=level if draw.random() > 0.06 else None,
                target_level=target if draw.random() > 0.05 else None,
                n_cases_yearly=int(50 * 10 ** (draw.random() * 3)) // 10 * 10
                if draw.random() > 0.1
                else None,
            )
        )
    return made


def _positions(strategy: Strategy, offices: Sequence[Office], seed: int) -> list[Position]:
    """Staff for about thirty projects at a time in a city of 43 organisations, some only later."""
    wanted = words()["roles_at"]["offices"]
    staffed = [o for short in wanted for o in offices if o.short_name == short] or list(offices[:1])
    count = dict.fromkeys((office.id for office in staffed), 0)
    made: list[Position] = []
    need = _need(strategy)
    for role in strategy.roles:
        draw = dice(seed, "positions", role.id)
        fte = max(1.0, (5.5 + 3 * need[role.id]) * max(len(offices) / 43, 0.1))
        while fte > 0:
            office = staffed[len(made) % len(staffed)]
            count[office.id] += 1
            part = (1.0, 1.0, 1.0, 0.75, 0.5)[int(draw.random() * 5)]
            chance = draw.random()
            start = months_later(dt.date(2016, 1, 1), int(chance * 160))
            if chance > 0.7:
                start = months_later(dt.date(2026, 1, 1), 3 * int((chance - 0.7) * 33))
            ends = draw.random() < 0.1
            made.append(
                Position(
                    position_id=f"{office.id}-S{count[office.id]:02d}",
                    office_id=office.id,
                    role_id=role.id,
                    fte=part,
                    start_date=start,
                    end_date=dt.date(2030 + int(draw.random() * 3), 12, 31) if ends else None,
                )
            )
            fte -= part
    return _vacant(made, seed)


def _vacant(positions: list[Position], seed: int) -> list[Position]:
    """Leave three posts unfilled, fewer in a small city; of one it is known from when it will be filled."""
    order = sorted(positions, key=lambda p: dice(seed, "vacant", p.position_id).random())
    chosen = [p.position_id for p in order if p.end_date is None][: min(3, len(positions) // 8)]
    from_when = dict.fromkeys(chosen[1:]) | dict.fromkeys(chosen[:1], dt.date(2027, 7, 1))
    return [
        replace(p, is_vacant=True, start_date=from_when[p.position_id]) if p.position_id in from_when else p
        for p in positions
    ]


def _need(strategy: Strategy) -> dict[str, float]:
    """How much of each role the phase templates ask for, 1 for the most wanted."""

    def days(role: Role) -> float:
        return sum(step.effort_days.get(role.id, 0) for t in strategy.phase_templates for step in t.phases)

    most = max((days(role) for role in strategy.roles), default=0) or 1.0
    return {role.id: days(role) / most for role in strategy.roles}


def _half_a_year_on(first: World) -> World:
    """Let statuses advance, some projects become dearer or later, some end, some be new, one move."""
    projects = _moved([_advanced(project, first.seed) for project in first.projects], first)
    ended = {p.project_id for p in projects if p.status == "discontinued"}
    kept = tuple(d for d in first.dependencies if not {d.project_id, d.other_id} & ended)
    return replace(
        first,
        reporting_date=SECOND,
        projects=tuple(projects),
        services=tuple(_improved(service, first) for service in first.services),
        dependencies=kept,
    )


def _advanced(project: Project, seed: int) -> Project:
    draw = dice(seed, "half a year", project.project_id)
    chance = draw.random()
    if project.status == "in_preparation":
        if project.end_date <= SECOND:
            return replace(project, status="existing", due_date=None)
        if chance < 0.05 and project.mandate == "none":
            return replace(project, status="discontinued")
        if chance < 0.25:
            return _later(project, 3 * (1 + int(draw.random() * 4)))
        if chance < 0.45:
            return _dearer(project, 1.05 + 0.3 * draw.random())
    elif project.status == "possible":
        if chance < 0.09 and not project.is_typical:
            months = 12 * (project.end_date.year - project.start_date.year) + project.end_date.month
            months -= project.start_date.month
            # not so early that it would be over already
            start = months_later(SECOND, -min(int(draw.random() * 5), months))
            return replace(
                project,
                status="in_preparation",
                start_date=start,
                end_date=month_end(months_later(start, months)),
                is_dated=True,
                release_date=None,
                funding_from_date=project.funding_from_date and min(project.funding_from_date, start),
            )
        if chance < 0.12 and project.mandate == "none":
            return replace(project, status="discontinued")
        if chance < 0.18:
            return _dearer(project, 1.05 + 0.3 * draw.random())
        if chance < 0.24 and project.mandate == "none":
            return _later(project, 3 * (1 + int(draw.random() * 3)))
    return project


def _later(project: Project, months: int) -> Project:
    """Return it with a later end, and a later beginning where it has not begun."""
    start, until = project.start_date, project.funding_until_date
    return replace(
        project,
        start_date=start if start <= SECOND else months_later(start, months),
        end_date=month_end(months_later(project.end_date, months)),
        funding_until_date=until and month_end(months_later(until, months)),
    )


def _dearer(project: Project, factor: float) -> Project:
    """Return it at a higher cost, within the range of its kind."""
    return replace(
        project,
        one_off_eur=min(round(project.one_off_eur * factor / 1000) * 1000.0, project.kind.one_off_eur[1]),
        order_value_net_eur=project.order_value_net_eur
        and round(project.order_value_net_eur * factor / 500) * 500.0,
    )


def _moved(projects: list[Project], world: World) -> list[Project]:
    """Let another office answer for one open project that stands in no relation to others."""
    related = {i for d in world.dependencies for i in (d.project_id, d.other_id)}
    asking = {office.id for office in partners(world.strategy)}
    others = [office.id for office in world.offices if office.id not in asking]
    movable = [
        number
        for number, p in enumerate(projects)
        if p.status == "possible" and p.project_id not in related and not p.is_typical and not p.service_id
    ]
    if not movable or len(others) < 2:
        return projects
    draw = dice(world.seed, "moved")
    number = movable[int(draw.random() * len(movable))]
    targets = [office_id for office_id in others if office_id != projects[number].office_id]
    office_id = targets[int(draw.random() * len(targets))]
    moved = replace(projects[number], office_id=office_id, former_office_id=projects[number].office_id)
    return [*projects[:number], moved, *projects[number + 1 :]]


def _improved(service: Service, world: World) -> Service:
    target = service.target_level or 0
    rises = dice(world.seed, "improved", service.service_id).random() < 0.12
    if rises and service.level is not None and service.level < target:
        return replace(service, level=service.level + 1)
    return service
