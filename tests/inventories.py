"""Small strategies and inventories for tests: a few rows in, all tables with the dtypes of read ones out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

import pandas as pd

from digistrat import Inventory, Strategy, offices_at, standard_form
from digistrat.findings import findings_frame
from digistrat.intake.places import Layout, Places, RawBlock, Raws

Rows = pd.DataFrame | Iterable[Mapping[str, Any]]
DTYPES = {
    "number": "float64",
    "amount": "float64",
    "integer": "Int64",
    "date": "datetime64[s]",
    "boolean": "boolean",
    "list": "object",
}
FILE = "returns.xlsx"
THRESHOLDS = (
    {
        "valid_from": dt.date(2026, 1, 1),
        "valid_to": dt.date(2027, 12, 31),
        "buyer": "municipality",
        "threshold_eur": 216_000.0,
        "source": "test",
    },
)


def step(name: str, duration: float, cost: float, **more: Any) -> dict[str, Any]:
    return {"id": name, "name": f"Phase {name}", "share_duration": duration, "share_cost": cost, **more}


def procedure(
    name: str, limit: float | None, weeks: tuple[float, float, float], **more: Any
) -> dict[str, Any]:
    words = {"id": name.lower(), "name": name, "source": "test", "upper_limit_eur": limit}
    return words | dict(zip(("weeks_min", "weeks_typical", "weeks_max"), weeks, strict=True)) | more


def budget(*amounts: tuple[int, str, float]) -> tuple[dict[str, Any], ...]:
    return tuple({"year": year, "kind": kind, "amount_eur": amount} for year, kind, amount in amounts)


def make_strategy(**parts: Any) -> Strategy:
    """Two offices, a partner, two roles, one template of ten months; parts replace the strategy's own."""
    criterion = {"id": "K1", "name": "Nutzen", "weight": 100.0}
    whole: dict[str, Any] = {
        "strategy": {"title": "Test", "city": "Teststadt", "version": "1", "language": "en"},
        "fields": ({"id": "F1", "name": "Feld", "goals": ({"id": "G1", "name": "Ziel"},)},),
        "impact": {"rule": "weighted_mean", "source": "test", "criteria": (criterion,)},
        "readiness": {
            "rule": "weighted_mean",
            "source": "test",
            "criteria": (
                {"id": "R1", "name": "Konzept", "weight": 75.0, "target": 4.0},
                {"id": "R2", "name": "Recht", "weight": 25.0, "target": 4.0},
            ),
        },
        "maturity": {
            "rule": "weighted_mean",
            "source": "test",
            "groups": ({"id": "A", "name": "A"}, {"id": "B", "name": "B"}),
            "criteria": (
                {"id": "M1", "name": "Ziele", "weight": 50.0, "target": 4.0, "group": "A"},
                {"id": "M2", "name": "Daten", "weight": 30.0, "target": 4.0, "group": "B"},
                {"id": "M3", "name": "Technik", "weight": 20.0, "target": 4.0, "group": "B"},
            ),
        },
        "service_models": (
            {
                "id": "ozg-1.1",
                "valid_from": dt.date(2020, 6, 1),
                "valid_to": dt.date(2025, 6, 30),
                "rule": "minimum",
                "floor": 0,
                "target": 4,
                "online_from": 2,
                "conform_from": 3,
                "levels": ("0", "1", "2", "3", "4"),
                "criteria": tuple({"id": f"C{k}", "name": f"Kriterium {k}"} for k in (1, 2, 3)),
                "source": "test",
            },
            {
                "id": "ozg-2.0",
                "valid_from": dt.date(2025, 7, 1),
                "rule": "minimum",
                "floor": 0,
                "target": 7,
                "online_from": 2,
                "conform_from": 3,
                "levels": tuple("01234567"),
                "source": "test",
            },
        ),
        "roles": ({"id": "PL", "name": "Leitung"}, {"id": "EN", "name": "Entwicklung"}),
        "phase_templates": (
            {
                "id": "one",
                "name": "Einzige",
                "duration_months": 10,
                "phases": (
                    step("KO", 0.2, 0.1, effort_days={"PL": 10.0}),
                    step("BE", 0.2, 0.0, is_decision=True),
                    step("VG", 0.2, 0.0, is_procurement=True),
                    step("UM", 0.4, 0.9, effort_days={"EN": 40.0}),
                ),
            },
        ),
        "procurement_thresholds": THRESHOLDS,
        "procedures": (
            procedure("Direct", 10_000.0, (1, 2, 4)),
            procedure("Public", None, (10, 14, 22)),
            procedure("EU-open", None, (18, 26, 39), is_eu=True),
        ),
        "budgets": budget(
            *((year, kind, 100_000.0) for year in (2027, 2028, 2029) for kind in ("investive", "consumptive"))
        ),
        "planning": {"start_date": dt.date(2027, 1, 1), "horizon_months": 36, "days_per_fte_month": 20.0},
        "offices": (
            {"id": "A1", "name": "Erstes Amt", "kind": "office"},
            {"id": "A2", "name": "Zweites Amt", "kind": "office"},
            {"id": "IHK", "name": "Kammer", "kind": "partner"},
        ),
    }
    return Strategy.model_validate(whole | parts)


_form = cache(standard_form)


def make_inventory(
    strategy: Strategy,
    *,
    reporting_date: dt.date = dt.date(2026, 4, 30),
    returned: Iterable[str] = ("A1", "A2", "IHK"),
    **tables: Rows,
) -> Inventory:
    """An inventory of the rows given; row k of a table stands in row k + 2 of the sheet of its name."""
    form = _form(strategy)
    unknown = set(tables) - {table.name for table in form.tables}
    assert not unknown, f"no table {unknown}"
    frames, sources, raws, layouts = {}, {}, {}, []
    for number, table in enumerate(form.tables):
        rows = pd.DataFrame(tables.get(table.name, []))
        columns: dict[str, str] = {}
        for column in table.columns:
            dtype = DTYPES.get(column.kind, "str")
            columns[column.name] = dtype
            if column.bounds:
                columns |= {f"{column.name}_lower": dtype, f"{column.name}_upper": dtype}
            if column.name in ("reported_office", "reported_partner"):
                columns["office_id" if column.name == "reported_office" else "partner_id"] = "str"
        extra = set(rows.columns) - set(columns)
        assert not extra, f"table {table.name} has no column {extra}"
        frame = rows.reindex(columns=list(columns)).astype(columns)
        for column in table.columns:
            if column.kind == "state":
                derived = frame[column.of].notna().map({True: "assessed", False: "missing"})
                frame[column.name] = frame[column.name].fillna(derived).astype("str")
        if table.key:
            frame = frame.set_index(table.key)
        frames[table.name] = frame
        places = pd.DataFrame(
            {"file": FILE, "sheet": table.name, "row": range(2, len(frame) + 2)}, frame.index
        )
        sources[table.name] = places.assign(layout=number)
        whole = frame.reset_index() if table.key else frame
        raws[table.name] = (RawBlock.pack(whole.to_dict("list"), len(whole)),)
        layouts.append(Layout("rows", {column: k + 1 for k, column in enumerate(columns)}))
    frames["offices"] = offices_at(strategy, reporting_date)
    frames["office_changes"] = strategy.frame("office_changes")
    frames["budgets"] = strategy.frame("budgets")
    files = pd.DataFrame({"file": [f"{o}.xlsx" for o in returned], "office_id": list(returned)}, dtype="str")
    return Inventory(
        strategy,
        reporting_date,
        frames,
        findings_frame([]),
        Places(sources, Raws(raws), tuple(layouts), {}),
        files.assign(sha256="", n_records=1),
        pd.DataFrame(),
    )


def project(project_id: str, status: str = "possible", **more: Any) -> dict[str, Any]:
    return {
        "project_id": project_id,
        "title": f"Titel {project_id}",
        "office_id": "A1",
        "status": status,
    } | more


def cost(
    project_id: str, year: int, amount: float | None, kind: str = "investive", **more: Any
) -> dict[str, Any]:
    row = {"project_id": project_id, "year": year, "kind": kind, "amount_eur": amount, "is_recurring": False}
    return row | more


def points(**by_project: float | None) -> list[dict[str, Any]]:
    return [
        {"project_id": name, "criterion_id": "K1", "points": value, "rated_by": "office"}
        for name, value in by_project.items()
    ]


def link(project_id: str, kind: str, other_id: str) -> dict[str, Any]:
    return {"project_id": project_id, "other_id": other_id, "kind": kind}


def post(name: str, role: str, fte: float | None = 1.0, **more: Any) -> dict[str, Any]:
    return {"position_id": name, "role_id": role, "fte": fte} | more


STAFF = (post("S1", "PL", 50.0), post("S2", "EN", 50.0))
