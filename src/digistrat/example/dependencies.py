"""How the fictitious projects depend on each other: never in a circle."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from digistrat.example.catalogue import dice, words
from digistrat.example.projects import Project


@dataclass(frozen=True, slots=True)
class Dependency:
    """A project's relation to another one, as the standard form names it."""

    project_id: str
    other_id: str
    kind: str
    lag_months: int | None = None


def make_dependencies(projects: Sequence[Project], seed: int) -> list[Dependency]:
    """Return relations of open projects: to what the catalogue hints at, alternatives and synergies.

    About one for every six projects.
    """
    typical = {p.kind.number: p for p in projects if p.is_typical and p.status != "discontinued"}
    open_projects = [p for p in projects if p.status in ("possible", "in_preparation") and not p.is_later]
    open_projects.sort(key=lambda p: (not p.is_typical, dice(seed, "order", p.project_id).random()))
    wanted = round(len(projects) / 6)
    made: list[Dependency] = []
    after: dict[str, set[str]] = {}

    def leads_to(start: str, goal: str) -> bool:
        seen, waiting = set(), [start]
        while waiting:
            here = waiting.pop()
            if here == goal:
                return True
            if here not in seen:
                seen.add(here)
                waiting.extend(after.get(here, ()))
        return False

    def add(project: Project, other: Project, kind: str) -> None:
        if not leads_to(other.project_id, project.project_id):
            lag = _lag(dice(seed, "lag", project.project_id, other.project_id), kind)
            made.append(Dependency(project.project_id, other.project_id, kind, lag))
            after.setdefault(project.project_id, set()).add(other.project_id)

    for project in open_projects:
        for hint in project.kind.hints:
            other = typical.get(words()["hints"].get(hint, 0))
            chance = dice(seed, "hint", project.project_id, hint).random()
            if other and len(made) < wanted * 0.7 and (project.is_typical or chance < 0.7):
                add(project, other, "requires" if chance < 0.5 else "end_before_start")
    free = [p for p in open_projects if p.project_id not in after and p.mandate == "none"]
    for number, project in enumerate(free):
        if len(made) >= wanted:
            break
        near = next(
            (p for p in free[number + 1 :] if p.kind.field_id == project.kind.field_id
             and p.project_id not in after and p.status == "possible"),
            None,
        )  # fmt: skip
        if near and project.status == "possible":
            chance = dice(seed, "near", project.project_id).random()
            kind = "synergy" if chance < 0.6 else "start_before_start" if chance < 0.8 else "excludes"
            add(project, near, kind)
    return made


def _lag(draw: random.Random, kind: str) -> int | None:
    """A few months between some projects that wait for each other."""
    is_waiting = kind in ("end_before_start", "start_before_start")
    return 1 + int(draw.random() * 4) if is_waiting and draw.random() < 0.3 else None
