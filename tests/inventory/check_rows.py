"""What the checks are tried on: cases, and the rows they are made of.

Row k of a table stands in row k + 2 of its sheet; a place is written ``table.column@row``. The reporting date
is 30 April 2026. Under ``files`` stands, for the tables that come from several, the file of every row.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from inventories import cost, project

Tables = Mapping[str, Any]
DAY = dt.date
CRITERIA = [f"K{number}" for number in range(1, 6)]


class Case(NamedTuple):
    """A check's code, tables in which it speaks, where, and tables in which it must not."""

    code: str
    loud: Tables
    at: tuple[str, ...]
    silent: Tables


def projects(*rows: Mapping[str, Any]) -> Tables:
    return {"projects": rows}


def phase(**more: Any) -> dict[str, Any]:
    return {"project_id": "a", "phase_id": "KO"} | more


def phases(*rows: Mapping[str, Any]) -> Tables:
    return {"projects": [project("a")], "phases": rows}


def costs(*rows: Mapping[str, Any], **first: Any) -> Tables:
    return {"projects": [project("a", **first), project("b")], "project_costs": rows}


def recurring(project_id: str, year: int, amount: float) -> dict[str, Any]:
    return cost(project_id, year, amount, "consumptive", is_recurring=True)


def spread(*amounts: float, field_id: str = "F1") -> Tables:
    """One project of a field for each amount of one-off money."""
    names = [f"p{number}" for number in range(len(amounts))]
    return {
        "projects": [project(name, field_id=field_id) for name in names],
        "project_costs": [cost(name, 2027, amount) for name, amount in zip(names, amounts, strict=True)],
    }


def effort(role: str, days: float, **more: Any) -> dict[str, Any]:
    return {"project_id": "a", "phase_id": "KO", "role_id": role, "effort_days": days} | more


def efforts(*rows: Mapping[str, Any], **tables: Any) -> Tables:
    return {"projects": [project("a")], "efforts": rows, **tables}


def links(*rows: Mapping[str, Any], **status: str) -> Tables:
    names = ("a", "b", "c")
    return {
        "projects": [project(name, status.get(name, "possible")) for name in names],
        "dependencies": rows,
    }


def service(service_id: str, **more: Any) -> dict[str, Any]:
    return {"service_id": service_id, "name": f"Leistung {service_id}", "office_id": "A1"} | more


def services(*rows: Mapping[str, Any]) -> Tables:
    return {"services": rows}


def of_criteria(*rows: Mapping[str, Any], **levels: tuple[Any, ...]) -> Tables:
    """Services and the levels of their criteria; "n/a" for one that does not apply."""
    ratings = [
        {"service_id": name, "criterion_id": f"C{number}"}
        | ({"state": "not_applicable"} if level == "n/a" else {"level": level})
        for name, of_service in levels.items()
        for number, level in enumerate(of_service, 1)
    ]
    return {"services": rows, "service_ratings": ratings}


def outward(project_id: str, **more: Any) -> dict[str, Any]:
    return project(project_id, "existing", target_group=("citizens",), **more)


def assigned(*rows: Mapping[str, Any], to: str = "z", n_services: int = 5, **named: Any) -> Tables:
    """Projects of one office, its services, and the one project that is assigned."""
    return {
        "projects": [*rows, project("z", office_id="A2")],
        "services": [service(f"s{number}", **named) for number in range(n_services)],
        "project_services": [{"project_id": to, "service_id": "s0"}],
    }


def rated(
    table: str, ids: str, values: Iterable[float | None], criteria: list[str] | None = None
) -> list[dict[str, Any]]:
    """Every project × criterion, with the values in turn."""
    criterion, value = ("criterion_id", "points") if table == "impact_ratings" else ("item_id", "level")
    keys = [(name, key) for name in ids for key in criteria or CRITERIA]
    rows = [
        {"project_id": name, criterion: key, value: v} for (name, key), v in zip(keys, values, strict=True)
    ]
    return [row | {"rated_by": "office"} for row in rows] if table == "impact_ratings" else rows


def rating(project_id: str, points: float | None, by: str = "office", **more: Any) -> dict[str, Any]:
    return {"project_id": project_id, "criterion_id": "K1", "points": points, "rated_by": by} | more


def effect(project_id: str, year: int, amount: float | None, kind: str = "saving") -> dict[str, Any]:
    row = {"project_id": project_id, "year": year, "kind": kind, "amount_eur": amount}
    return row | {"is_budget_effective": True}


def impact(ids: str, *values: float | None, **tables: Any) -> Tables:
    return {
        "projects": [project(name) for name in "abcd"],
        "impact_ratings": rated("impact_ratings", ids, values),
        **tables,
    }


def readiness(ids: str, *values: float | None) -> Tables:
    rows = rated("readiness_ratings", ids, values)
    return {"projects": [project(name) for name in ids], "readiness_ratings": rows}


def maturity(*levels: float | None, **more: Any) -> Tables:
    rows = [
        {"office_id": "A1", "indicator_id": f"M{number}", "level": level} | more
        for number, level in enumerate(levels)
    ]
    return {"maturity_ratings": rows}


def told(text: str, **more: Any) -> dict[str, Any]:
    """What makes a project's row its own, besides a description."""
    return {"description": text, "start_date": DAY(2027, 1, 1), "end_date": DAY(2027, 9, 30)} | more


def cover(office: str, on: dt.date) -> dict[str, Any]:
    return {"reported_office": office, "office_id": office, "report_date": on}


LONG = (
    "Ersetzt Papier und Doppelerfassung durch eine gemeinsame Akte, die alle beteiligten Stellen lesen und "
    "führen können."
)
SPRING, SUMMER, AUTUMN = DAY(2027, 4, 1), DAY(2027, 7, 1), DAY(2027, 10, 1)
