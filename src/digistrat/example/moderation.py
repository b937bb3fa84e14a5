"""What the strategy unit rates otherwise than the offices, with its reasons, in a workbook of its own."""

from __future__ import annotations

from digistrat.example.catalogue import dice, words
from digistrat.example.records import Record
from digistrat.example.tables import impact_record, rates_impact
from digistrat.example.world import World
from digistrat.strategy import Criterion, Office

SHARE_MODERATED = 0.08


def moderating_unit(world: World) -> Office | None:
    """Return the staff unit that moderates, None in a world without one."""
    return next((office for office in world.offices if office.kind == "staff_unit"), None)


def moderated_records(world: World) -> list[Record]:
    """Return a row for every open project that was discussed: other points on one or two criteria."""
    unit = moderating_unit(world)
    apart = max(round(world.strategy.thresholds.rating_difference) - 1, 1)  # a larger one is a finding
    made: list[Record] = []
    for p in world.projects if unit else ():
        draw = dice(world.seed, "moderated", p.project_id)
        is_open = p.status in ("possible", "in_preparation") and rates_impact(world, p)
        if draw.random() > SHARE_MODERATED or not is_open or unit is None or p.office_id == unit.id:
            continue
        step = apart if draw.random() < 0.5 else -apart
        answers = impact_record(world, p).members
        points = {one.id: _beside(answers[one.id], step, one) for one in world.strategy.impact.asked}
        free = sorted(name for name, value in points.items() if value is not None)
        chosen = draw.sample(free, min(1 + (draw.random() < 0.4), len(free)))
        reasons = words()["moderation"]["higher" if step > 0 else "lower"]
        if chosen:
            values = {"project_id": p.project_id, "rated_by": "unit", "reason": draw.choice(reasons)}
            made.append(Record(values, {name: points[name] if name in chosen else None for name in points}))
    return made


def _beside(value: object, step: int, criterion: Criterion) -> int | None:
    """Return points a step away, None where nobody rated or the scale ends."""
    if not isinstance(value, int):
        return None
    ends = sorted((criterion.floor, criterion.target))
    return value + step if ends[0] <= value + step <= ends[1] else None
