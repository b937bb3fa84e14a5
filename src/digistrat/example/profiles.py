"""What the fictitious offices know of a project before it goes to the council: checks, risks, indicators."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence

from digistrat.example.catalogue import dice, words
from digistrat.example.projects import FIRST, Project, month_end, months_later
from digistrat.example.records import Record
from digistrat.example.world import World
from digistrat.strategy import Office

OPEN = ("possible", "in_preparation")
SHARE_CHECKED = {"in_preparation": 0.8, "possible": 0.3}
SHARE_DONE = {"in_preparation": 0.5, "possible": 0.12}
SHARE_AT_RISK, SHARE_MEASURED, SHARE_ANSWERED = 0.25, 0.35, 0.03
LEVELS = ("low", "medium", "medium", "high")


def check_records(world: World, p: Project) -> Iterator[Record]:
    """Yield the row of a project's mandatory checks, where its office has begun with them.

    One in eight is through with all of them; half a year on more is done.
    """
    draw = dice(world.seed, "checks", p.project_id)
    if draw.random() > SHARE_CHECKED.get(p.status, 0.0):
        return
    share = SHARE_DONE[p.status] + (0.15 if world.is_second else 0.0)
    is_through = draw.random() < 0.13
    days_before = 10 + int(draw.random() * 150)
    reasons = words()["checks"]["reasons"]
    states: dict[str, str | None] = dict.fromkeys(words()["checks"]["names"])
    for check in states:
        own = dice(world.seed, "check", p.project_id, check)
        if own.random() < 0.15 and check in reasons:
            states[check] = "not_needed"
        elif is_through or (chance := own.random()) < share:
            states[check] = "done"
        elif chance < share + 0.25:
            states[check] = "running"
        elif chance < share + 0.4:
            states[check] = "not_checked"
    if any(states.values()):
        why = [reasons[check] for check, state in states.items() if state == "not_needed"]
        is_dated = "done" in states.values()
        on = world.reporting_date - dt.timedelta(days=days_before)
        values = {"project_id": p.project_id, "reason": "; ".join(why) or None}
        yield Record(values | {"check_date": on if is_dated else None}, states)


def risk_records(world: World, p: Project) -> Iterator[Record]:
    """Yield one or two risks of some open projects; against a grave one something is done."""
    draw = dice(world.seed, "risks", p.project_id)
    if p.status not in OPEN or draw.random() > SHARE_AT_RISK:
        return
    lines = words()["risks"]["lines"]
    owners = words()["risks"]["owners"]
    first = int(draw.random() * len(lines))
    for number in range(1 + (draw.random() < 0.4)):
        risk, measure = lines[(first + number) % len(lines)].split(" | ")
        probability, effect = (LEVELS[int(draw.random() * len(LEVELS))] for _ in range(2))
        is_met = draw.random() < 0.6 or "low" not in (probability, effect)
        yield Record(
            {
                "project_id": p.project_id,
                "risk": risk,
                "probability": probability,
                "effect": effect,
                "measure": measure if is_met else None,
                "owner": owners[int(draw.random() * len(owners))] if is_met else None,
            }
        )


def kpi_records(world: World, p: Project) -> Iterator[Record]:
    """Yield an indicator of some open projects: what it is today, and a year after their end."""
    draw = dice(world.seed, "kpis", p.project_id)
    if p.status not in OPEN or draw.random() > SHARE_MEASURED + 0.2 * (p.status == "in_preparation"):
        return
    lines = words()["kpis"]["lines"]
    indicator, unit, low, high, factor = lines[int(draw.random() * len(lines))].split(" | ")
    base = int(low) + int(draw.random() * (int(high) - int(low)))
    values = {"project_id": p.project_id, "indicator": indicator, "unit": unit, "base": base}
    is_dated = p.is_dated and draw.random() < 0.85
    target_date = month_end(months_later(p.end_date, 12)) if is_dated else None
    yield Record(values | {"target": round(base * float(factor)), "target_date": target_date})


def responsibility_records(world: World, office: Office, projects: Sequence[Project]) -> Iterator[Record]:
    """Yield who answers for an office's projects, where that changes: few say so."""
    names = {one.id: one.name for one in world.offices}
    for p in projects:
        changes = dt.date(FIRST.year + 1, 1, 1)
        if p.former_office_id:
            before = {"subject_id": p.project_id, "reported_office": names[p.former_office_id]}
            yield Record(before | {"valid_from": None, "valid_to": changes - dt.timedelta(days=1)})
        if p.former_office_id or (
            p.status in OPEN and dice(world.seed, "answers", p.project_id).random() < SHARE_ANSWERED
        ):
            own = {"subject_id": p.project_id, "reported_office": office.name}
            yield Record(own | {"valid_from": changes, "valid_to": None})
