"""Plans of a few projects, made by the package, and baselines written down by hand."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

import pandas as pd

from digistrat.planning.baseline import Baseline
from digistrat.planning.portfolio import select_portfolio
from digistrat.planning.schedule import schedule
from digistrat.scoring.impact import score_impact
from inventories import STAFF, cost, make_inventory, make_strategy, points, project, step

LONG = {"id": "one", "name": "Einzige", "duration_months": 10}


def strategy_of(*phases: dict[str, Any], months: int = 10, **parts: Any) -> Any:
    """A strategy with one template of these phases, without procurement."""
    template = {**LONG, "duration_months": months, "phases": phases}
    return make_strategy(phase_templates=(template,), **parts)


def plan_of(
    strategy: Any = None, *, positions: Iterable[Any] = STAFF, start: Any = None, **tables: Any
) -> Any:
    """Select and schedule the projects of an inventory."""
    inventory = make_inventory(strategy or make_strategy(), positions=list(positions), **tables)
    return schedule(inventory, select_portfolio(inventory, score_impact(inventory)), start=start)


def chosen(*names: str, amount: float = 1_000.0, **more: Any) -> dict[str, Any]:
    """Tables of possible projects that cost little and are worth less and less."""
    return {
        "projects": [project(name) for name in names],
        "project_costs": [cost(name, 2027, amount) for name in names],
        "impact_ratings": points(**{name: 9.0 - k for k, name in enumerate(names)}),
    } | more


def one_phase(months: int = 4, **parts: Any) -> Any:
    """A strategy whose projects are one phase of so many months, half a post EN."""
    days = {"EN": 10.0 * months}
    return strategy_of(step("UM", 1.0, 1.0, effort_days=days), months=months, **parts)


def kept(
    phases: Iterable[tuple[str, str, str, str]],
    *,
    budget: Iterable[tuple[int, str, float]] = (),
    load: Iterable[tuple[str, str, float]] = (),
    values: dict[str, float] | None = None,
    status: dict[str, str] | None = None,
    value: float = 100.0,
    makespan: float = 10.0,
) -> Baseline:
    """A baseline by hand: rows of (project, phase, first day, last day), of money and of staff."""
    rows = [
        {"activity": f"{p} {f}", "project_id": p, "phase_id": f, "phase": f"Phase {f}", "start": a, "end": b}
        for p, f, a, b in phases
    ]
    columns = ["activity", "project_id", "phase_id", "phase", "start", "end"]
    table = pd.DataFrame(rows, columns=columns).astype(
        {"project_id": "str", "phase_id": "str", "phase": "str"}
    )
    table = table.assign(start=pd.to_datetime(table["start"]), end=pd.to_datetime(table["end"]))
    names = sorted({*table["project_id"], *(values or {}), *(status or {})})
    projects = pd.DataFrame(
        {
            "title": [f"Titel {name}" for name in names],
            "status": [(status or {}).get(name, "possible") for name in names],
            "value": [(values or {}).get(name, 50.0) for name in names],
            "is_planned": [name in set(table["project_id"]) for name in names],
        },
        pd.Index(names, name="project_id", dtype="str"),
    )
    money = pd.DataFrame(list(budget), columns=["year", "kind", "planned_eur"])
    staff = pd.DataFrame(list(load), columns=["role_id", "month", "demand_fte"])
    return Baseline(
        projects=projects,
        phases=table.set_index("activity").assign(predecessor="", procedure=""),
        milestones=pd.DataFrame(columns=["project_id", "milestone", "date"]),
        load=staff.assign(month=pd.to_datetime(staff["month"]), capacity_fte=9.0),
        budget=money.assign(ceiling_eur=1e6),
        status="optimal" if len(table) else "infeasible",
        value=value,
        bound=value,
        gap=0.0,
        makespan=makespan,
        start=dt.date(2027, 1, 1),
        reporting_date=dt.date(2026, 4, 30),
        strategy="Test",
        version="1",
        language="en",
        role_names={"PL": "Leitung", "EN": "Entwicklung"},
    )
