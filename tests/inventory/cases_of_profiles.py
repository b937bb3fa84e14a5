"""For each check a round in which it speaks, and one in which it almost does: profiles."""

from __future__ import annotations

from typing import Any

from check_rows import AUTUMN, DAY, SPRING, SUMMER, Case, Tables, links, projects, service

from inventories import link, post, project

ON = DAY(2026, 4, 30)


def check(name: str, state: str | None, **more: Any) -> dict[str, Any]:
    return {"project_id": "a", "check_id": name, "state": state} | more


def checked(*rows: dict[str, Any]) -> Tables:
    return {"projects": [project("a"), project("b")], "project_checks": rows}


def risk(**more: Any) -> dict[str, Any]:
    return {"project_id": "a", "risk": "Ausfall", "probability": "high", "effect": "medium"} | more


def risks(*rows: dict[str, Any], status: str = "possible") -> Tables:
    return {"projects": [project("a", status)], "risks": rows}


def answering(*rows: dict[str, Any]) -> Tables:
    known = {"projects": [project("a")], "services": [service("s0")]}
    return known | {"responsibilities": [{"subject_id": "a", "office_id": "A1"} | row for row in rows]}


def kpi(**more: Any) -> dict[str, Any]:
    return {"project_id": "a", "indicator": "Dauer"} | more


CASES = (
    Case(
        "funding-end-before-begin",
        projects(project("a", funding_from_date=SUMMER, funding_until_date=SPRING)),
        ("projects.funding_until_date@2",),
        projects(
            project("a", funding_from_date=SUMMER, funding_until_date=SUMMER),
            project("b", funding_from_date=SUMMER),
        ),
    ),
    Case(
        "start-before-funding",
        projects(
            project("a", start_date=SPRING, funding_from_date=SUMMER),
            project("b", start_date=SPRING, funding_from_date=SUMMER, funding_state="applied"),
        ),
        ("projects.start_date@2", "projects.start_date@3"),
        projects(
            project("a", start_date=SUMMER, funding_from_date=SUMMER),
            project("b", start_date=SPRING, funding_from_date=SUMMER, funding_state="refused"),
            project("c", "existing", start_date=DAY(2025, 1, 1), funding_from_date=DAY(2025, 7, 1)),
            project(
                "d", start_date=SPRING, funding_from_date=AUTUMN, funding_until_date=SUMMER
            ),  # said otherwise
        ),
    ),
    Case(
        "lag-without-order",
        links(link("a", "requires", "b") | {"lag_months": 2.0}),
        ("dependencies.lag_months@2",),
        links(
            link("a", "end_before_start", "b") | {"lag_months": 2.0},
            link("a", "start_before_start", "c") | {"lag_months": 2.0},
            link("b", "synergy", "c") | {"lag_months": 0.0},
            link("b", "requires", "c"),
        ),
    ),
    Case(
        "vacant-but-filled",
        {"positions": [post("S1", "PL", is_filled=False, start_date=ON)]},
        ("positions.is_filled@2",),
        {
            "positions": [
                post("S1", "PL", is_filled=False, start_date=DAY(2026, 5, 1)),
                post("S2", "PL", is_filled=False),
                post("S3", "PL", start_date=ON),
                post("S4", "PL", is_filled=True, start_date=ON),
                post("S5", "PL", is_filled=False, start_date=DAY(2020, 1, 1), end_date=DAY(2026, 4, 29)),
            ]
        },
    ),
    Case(
        "check-without-reason",
        checked(check("archive", "not_needed"), check("archive", "not_needed", project_id="b")),
        ("project_checks.reason@2", "project_checks.reason@3"),
        checked(check("archive", "not_needed", reason="keine Akten"), check("audit_office", "done")),
    ),
    Case(
        "check-date-ahead",
        checked(check("archive", "done", check_date=DAY(2026, 5, 1))),
        ("project_checks.state@2",),
        checked(
            check("archive", "done", check_date=ON),
            check("audit_office", "running", check_date=DAY(2026, 5, 1)),
            check("security", "done"),
        ),
    ),
    Case(
        "checked-twice",
        checked(check("archive", "done"), check("archive", "running"), check("archive", "not_checked")),
        ("project_checks.state@3",),
        checked(
            check("archive", "done"),
            check("archive", "done"),
            check("archive", None),
            check("archive", "running", project_id="b"),
            check("security", "running"),
        ),
    ),
    Case(
        "risk-without-measure",
        risks(risk(), risk(probability="medium", effect="high"), risk(effect=None)),
        ("risks.measure@2", "risks.measure@3", "risks.measure@4"),
        risks(
            risk(measure="Vertrag"),
            risk(effect="low"),
            risk(probability="low", effect="high"),
            risk(probability="medium"),
            risk(probability=None),
        ),
    ),
    Case(
        "risk-without-measure",
        risks(risk(), status="in_preparation"),
        ("risks.measure@2",),
        risks(risk(), status="existing"),
    ),
    Case(
        "target-is-base",
        {"projects": [project("a")], "kpis": [kpi(base=0.0, target=0.0), kpi(base=5.0, target=5.0)]},
        ("kpis.target@2", "kpis.target@3"),
        {
            "projects": [project("a")],
            "kpis": [kpi(base=5.0, target=4.0), kpi(base=5.0), kpi(target=5.0), kpi()],
        },
    ),
    Case(
        "unknown-subject",
        answering({"subject_id": "c"}),
        ("responsibilities.subject_id@2",),
        answering({}, {"subject_id": "s0"}, {"subject_id": None}),
    ),
    Case(
        "responsible-end-before-start",
        answering({"valid_from": SUMMER, "valid_to": SPRING}),
        ("responsibilities.valid_to@2",),
        answering({"valid_from": SUMMER, "valid_to": SUMMER}),
    ),
    Case(
        "two-responsible",
        answering({"valid_to": SUMMER}, {"office_id": "A2", "valid_from": SUMMER}),
        ("responsibilities.subject_id@3",),
        answering(
            {"valid_to": SPRING},
            {"office_id": "A2", "valid_from": SUMMER},
            {"subject_id": "s0", "office_id": "A2"},
            {"office_id": "A2", "valid_from": AUTUMN},
            {"office_id": None},
        ),
    ),
)
