"""The fictitious city as the standard form's tables, one set per organisation that reports."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeVar

from digistrat.example.catalogue import dice, load_catalogue, partners, words
from digistrat.example.dependencies import Dependency
from digistrat.example.profiles import (
    check_records,
    kpi_records,
    responsibility_records,
    risk_records,
)
from digistrat.example.projects import Project, months_later, normal
from digistrat.example.records import Record
from digistrat.example.world import Position, Service, World
from digistrat.strategy import Criterion, Office, PhaseTemplate, Scale

COST_YEARS = range(2026, 2033)
SHARE_WITH_EFFECTS = {"existing": 0.7, "in_preparation": 0.55, "possible": 0.2}
NOT_APPLICABLE = "not applicable"  # written as the language's word for it


Tables = dict[str, list[Record]]
Owned = TypeVar("Owned", Project, Service, Position)


def tables_by_office(world: World) -> dict[str, Tables]:
    """Return what every organisation reports: table → records, only tables that it has anything for.

    Values are codes, numbers, dates and tuples; how they are written is the office's habit.
    """
    projects = _by_office(world.projects)
    services = _by_office(world.services)
    positions = _by_office(world.positions)
    dependencies: dict[str, list[Dependency]] = {}
    for dependency in world.dependencies:
        dependencies.setdefault(dependency.project_id, []).append(dependency)
    return {
        office.id: _tables(
            world,
            office,
            projects.get(office.id, []),
            services.get(office.id, []),
            positions.get(office.id, []),
            dependencies,
        )
        for office in world.offices
    }


def _by_office(things: Sequence[Owned]) -> dict[str, list[Owned]]:
    groups: dict[str, list[Owned]] = {}
    for thing in things:
        groups.setdefault(thing.office_id, []).append(thing)
    return groups


def _tables(
    world: World,
    office: Office,
    projects: Sequence[Project],
    services: Sequence[Service],
    positions: Sequence[Position],
    dependencies: Mapping[str, Sequence[Dependency]],
) -> Tables:
    tables: Tables = {
        "projects": [_project(office, p) for p in projects],
        "project_costs": [record for p in projects for record in _costs(world, p)],
        "project_effects": [record for p in projects for record in _effects(world, p)],
        "impact_ratings": [impact_record(world, p) for p in projects if rates_impact(world, p)],
        "readiness_ratings": [
            _readiness(world, p) for p in projects if p.status in ("possible", "in_preparation")
        ],
        "maturity_ratings": list(_maturity(world, office)),
        "services": [_service(world, office, service) for service in services],
        "project_services": [
            Record({"project_id": p.project_id, "service_id": p.service_id}) for p in projects if p.service_id
        ],
        "efforts": [record for p in projects for record in _efforts(world, p)],
        "phases": [record for p in projects for record in _phases(world, p)],
        "positions": [
            Record(
                {
                    "position_id": p.position_id,
                    "role_id": p.role_id,
                    "fte": p.fte,
                    "is_filled": _is_filled(world, p),
                    "start_date": p.start_date,
                    "end_date": p.end_date,
                }
            )
            for p in positions
        ],
        "dependencies": [
            Record(
                {
                    "project_id": d.project_id,
                    "other_id": d.other_id,
                    "kind": d.kind,
                    "lag_months": d.lag_months,
                }
            )
            for p in projects
            for d in dependencies.get(p.project_id, ())
        ],
        "requirements": list(_requirements(world, office)),
        "cooperations": list(_cooperations(world, office)),
        "project_checks": [record for p in projects for record in check_records(world, p)],
        "risks": [record for p in projects for record in risk_records(world, p)],
        "kpis": [record for p in projects for record in kpi_records(world, p)],
        "responsibilities": list(responsibility_records(world, office, projects)),
    }
    return {name: records for name, records in tables.items() if records}


def _is_filled(world: World, p: Position) -> bool | None:
    """What an office says of a post: nothing of one that begins later."""
    if p.is_vacant:
        return False
    return None if p.start_date is None or p.start_date > world.reporting_date else True


def _project(office: Office, p: Project) -> Record:
    return Record(
        {
            "project_id": p.project_id,
            "title": p.title,
            "description": p.description or None,
            "reported_office": office.name,
            "status": p.status,
            "field_id": p.kind.field_id,
            "goal_ids": p.goal_ids,
            "target_group": p.kind.target_groups,
            "start_date": p.start_date if p.is_dated else None,
            "end_date": p.end_date if p.is_dated and p.status != "discontinued" else None,
            "release_date": p.release_date,
            "due_date": p.due_date,
            "mandate": p.mandate,
            "legal_basis": p.legal_basis or None,
            "n_cases_yearly": p.n_cases_yearly,
            "order_value_net_eur": p.order_value_net_eur,
            "procedure": p.procedure or None,
            "funding_eur": p.funding_eur,
            "funding_state": p.funding_state or None,
            "funding_from_date": p.funding_from_date,
            "funding_until_date": p.funding_until_date,
        }
    )


def _months(p: Project) -> int:
    return (p.end_date.year - p.start_date.year) * 12 + p.end_date.month - p.start_date.month + 1


def _costs(world: World, p: Project) -> Iterator[Record]:
    """One-off money spread evenly over the months from the first cost year on, recurring after the end.

    Money before the first cost year is spent; what falls after the last one is planned in the last.
    """
    if p.status == "discontinued":
        return
    if p.status == "existing" and dice(world.seed, "no costs", p.project_id).random() < 0.7:
        return
    months = [months_later(p.start_date, n) for n in range(_months(p))]
    last = COST_YEARS[-1]
    n_by_year = dict.fromkeys(COST_YEARS, 0)
    for month in months:
        if month.year >= COST_YEARS[0]:
            n_by_year[min(month.year, last)] += 1
    open_money = p.one_off_eur * sum(n_by_year.values()) / len(months)
    for kind, share in (("investive", p.share_investive), ("consumptive", 1 - p.share_investive)):
        amounts = _spread(round(open_money * share / 100) * 100.0, n_by_year)
        if amounts:
            yield Record({"project_id": p.project_id, "kind": kind, "is_recurring": False}, amounts)
    recurring = {}
    for year in COST_YEARS:
        free = min(max((dt.date(year, 12, 31) - p.end_date).days / 365.25 * 12, 0), 12)
        amount = round(p.recurring_eur * round(free) / 12 / 100) * 100.0
        if amount:
            recurring[str(year)] = amount
    if recurring:
        yield Record({"project_id": p.project_id, "kind": "consumptive", "is_recurring": True}, recurring)


def _spread(total: float, months: Mapping[int, int]) -> dict[str, float]:
    """Share a total among years by their months, in hundreds, without losing a cent."""
    filled = [year for year, count in months.items() if count]
    if not filled or total <= 0:
        return {}
    n_months = sum(months.values())
    amounts = {str(year): round(total * months[year] / n_months / 100) * 100.0 for year in filled}
    amounts[str(filled[-1])] += total - sum(amounts.values())
    return {year: amount for year, amount in amounts.items() if amount > 0}


def _effects(world: World, p: Project) -> Iterator[Record]:
    """What a project saves or earns from its end on, mostly where it runs already; half in the first year.

    Working time that is won relieves no budget as long as no post falls away; fees are always cash.
    """
    draw = dice(world.seed, "effects", p.project_id)
    if draw.random() > SHARE_WITH_EFFECTS.get(p.status, 0.0) or next(_costs(world, p), None) is None:
        return
    yearly = max(p.recurring_eur, 0.08 * p.one_off_eur) * (0.5 + 1.5 * draw.random())
    is_paid = draw.random() < 0.35 and "internal" not in p.kind.target_groups
    kinds = [("saving", draw.random() < 0.45, 1.0)]
    if is_paid:
        kinds.append(("revenue", True, 0.4))
    for kind, is_budget_effective, part in kinds:
        amounts = {}
        for year in range(max(p.end_date.year + 1, COST_YEARS[0]), COST_YEARS[-1] + 1):
            ramp = 0.5 if year == p.end_date.year + 1 else 1.0
            amounts[str(year)] = max(round(yearly * part * ramp / 500) * 500.0, 500.0)
        if amounts:
            values = {"project_id": p.project_id, "kind": kind, "is_budget_effective": is_budget_effective}
            yield Record(values, amounts)


def rates_impact(world: World, p: Project) -> bool:
    """Whether a project's office rates its impact: of open ones always, looking back seldom."""
    is_open = p.status in ("possible", "in_preparation")
    return is_open or (p.status == "existing" and dice(world.seed, "looks back", p.project_id).random() < 0.1)


def _answers(world: World, scale: Scale, p: Project, mean: float, spread: float) -> dict[str, Any]:
    """Answers around a mean that the hidden quality moves, some empty, some not applicable."""
    answers: dict[str, Any] = {}
    for criterion in scale.asked:
        draw = dice(world.seed, "rating", p.project_id, criterion.id)
        tilt = normal(dice(world.seed, "tilt", p.kind.field_id, criterion.id)) * 0.12
        part = min(max(mean + tilt + spread * (p.quality + 0.9 * normal(draw)), 0.0), 1.0)
        chance = draw.random()
        answers[criterion.id] = (
            None if chance < 0.075 else NOT_APPLICABLE if chance < 0.105 else _level(criterion, part)
        )
    return answers


def _level(criterion: Criterion, part: float) -> int:
    return round(criterion.floor + (criterion.target - criterion.floor) * part)


def impact_record(world: World, p: Project) -> Record:
    """Return how a project's office rates its impact."""
    return Record(
        {"project_id": p.project_id, "rated_by": "office"},
        _answers(world, world.strategy.impact, p, 0.48, 0.16),
    )


def _readiness(world: World, p: Project) -> Record:
    mean = 0.68 if p.status == "in_preparation" else 0.32
    return Record({"project_id": p.project_id}, _answers(world, world.strategy.readiness, p, mean, 0.1))


def _maturity(world: World, office: Office) -> Iterator[Record]:
    if office.id in {partner.id for partner in partners(world.strategy)}:
        return
    grade = normal(dice(world.seed, "digital", office.id))
    texts = words()["evidence"]["texts"]
    for criterion in world.strategy.maturity.asked:
        draw = dice(world.seed, "maturity", office.id, criterion.id)
        level = _level(criterion, min(max(0.42 + 0.13 * grade + 0.18 * normal(draw), 0.0), 1.0))
        target = min(level + int(draw.random() * 2.7), round(criterion.target))
        empty, evident = draw.random(), draw.random() < 0.65
        if world.is_second and draw.random() < 0.12 and level < target:
            level += 1
        part = (level - criterion.floor) / (criterion.target - criterion.floor)
        shown = texts[round(4 * part)] if evident or part > 0.5 else ""  # a high level is proven
        yield Record(
            {
                "indicator_id": criterion.id,
                "level": None if empty < 0.05 else NOT_APPLICABLE if empty < 0.07 else level,
                "target_level": None if draw.random() < 0.04 or 0.05 <= empty < 0.07 else target,
                "evidence": (shown or None) if empty >= 0.07 else None,
            }
        )


def _service(world: World, office: Office, service: Service) -> Record:
    model = next((m for m in world.strategy.service_models if m.valid_to is None), None)
    return Record(
        {
            "service_id": service.service_id,
            "bundle_id": service.bundle_id,
            "name": service.name,
            "reported_office": office.name,
            "level": service.level,
            "target_level": service.target_level,
            "model": model.id if model else None,
            "n_cases_yearly": service.n_cases_yearly,
        }
    )


def _template(world: World, p: Project) -> PhaseTemplate | None:
    """The template of a project whose office plans in phases; about a quarter do."""
    if p.status not in ("possible", "in_preparation"):
        return None
    if dice(world.seed, "phases", p.project_id).random() > 0.25:
        return None
    fitting = (
        t
        for t in world.strategy.phase_templates
        if t.upper_limit_eur is None or p.one_off_eur <= t.upper_limit_eur
    )
    return next(fitting, None)


def _phases(world: World, p: Project) -> Iterator[Record]:
    template = _template(world, p)
    start = p.start_date
    for step in template.phases if template else ():
        months = max(step.months_min, round(_months(p) * step.share_duration))
        after = months_later(start, months)
        end = after - dt.timedelta(days=1)
        values: dict[str, Any] = {"project_id": p.project_id, "phase_id": step.id, "duration_months": months}
        if p.status == "in_preparation":
            begun, done = start <= world.reporting_date, end <= world.reporting_date
            values |= {
                "start_date": start,
                "end_date": end,
                "actual_start_date": start if begun else None,
                "actual_end_date": end if done else None,
                "share_done": 1.0 if done else 0.5 if begun else 0.0,
            }
        yield Record(values)
        start = after


def _efforts(world: World, p: Project) -> Iterator[Record]:
    template = _template(world, p)
    factor = 0.7 + 0.7 * dice(world.seed, "effort", p.project_id).random()
    for step in template.phases if template else ():
        days = {role: round(days * factor * 2) / 2 for role, days in step.effort_days.items() if days}
        if any(days.values()):
            yield Record({"project_id": p.project_id, "phase_id": step.id}, days)


def _requirements(world: World, office: Office) -> Iterator[Record]:
    for number, line in enumerate(words()["requirements"].get(office.short_name, ()), 1):
        title, like = line.rsplit("|", 1)
        field_id = load_catalogue()[int(like)].field_id
        goals = next((f.goals for f in world.strategy.fields if f.id == field_id), ())
        draw = dice(world.seed, "requirement", office.id, number, world.is_second and number % 7 == 0)
        yield Record(
            {
                "requirement_id": f"{office.id}-A{number:02d}",
                "title": title.strip(),
                "field_id": field_id,
                "goal_ids": tuple(goal.id for goal in goals if draw.random() < 0.5),
                "weight": None if draw.random() < 0.05 else 1 + int(draw.random() * 10),
            }
        )


def _cooperations(world: World, office: Office) -> Iterator[Record]:
    kinds = words()["cooperations"]["kinds"]
    by_short_name = {o.short_name: o for o in (*world.strategy.offices, *world.offices)}
    for short_name in words()["cooperations"].get(office.short_name, ()):
        partner = by_short_name.get(short_name)
        if partner is None:
            continue
        draw = dice(world.seed, "cooperation", office.id, short_name)
        shared = [
            p.project_id
            for p in world.projects
            if p.office_id in (partner.id, office.id) and p.status in ("possible", "in_preparation")
        ]
        chance = draw.random()
        yield Record(
            {
                "reported_partner": partner.name,
                "kind": kinds[int(draw.random() * len(kinds))],
                "project_id": shared[int(chance * len(shared))] if shared and draw.random() < 0.5 else None,
            }
        )
