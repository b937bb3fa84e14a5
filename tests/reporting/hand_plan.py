"""A plan written by hand: three projects with everything that an exchange has to carry.

======== ============ ============ ==============================================================
activity from         to           waits for
======== ============ ============ ==============================================================
a KO     2027-01-01   2027-02-28   nothing
a BE     2027-03-01   2027-04-15   a KO; the council sits in the middle of April
a UM     2027-05-01   2027-08-31   a BE, and the first of a month
b KO     2027-11-01   2027-12-31   the end of a UM and two months
b UM     2028-02-01   2028-03-31   b KO, and staff for a month
c UM     2027-12-01   2028-01-31   the start of b KO and a month
======== ============ ============ ==============================================================
"""

from __future__ import annotations

import datetime as dt
from functools import cache
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd

from inventories import make_inventory, make_strategy, project

TITLES = {"a": "Bürgerkonto; Teil 1, „Start“", "b": "=SUMME(A1:A2)", "c": "Straßen 😀 <&> \x0b\ud800Netz"}
LINKS = [
    ("a KO", "a BE", "end_before_start", 0),
    ("a BE", "a UM", "end_before_start", 0),
    ("b KO", "b UM", "end_before_start", 0),
    ("a UM", "b KO", "end_before_start", 2),
    ("b KO", "c UM", "start_before_start", 1),
]
PHASES = [  # activity, start, end, predecessor, PL, EN, investive, consumptive
    ("a KO", "2027-01-01", "2027-02-28", "", 0.5, 0.0, 1_000.0, 500.0),
    ("a BE", "2027-03-01", "2027-04-15", "a KO", 0.25, 0.0, 0.0, 0.0),
    ("a UM", "2027-05-01", "2027-08-31", "a BE", 0.0, 1.5, 40_000.0, 0.0),
    ("b KO", "2027-11-01", "2027-12-31", "", 1.0, 0.0, 2_000.0, 0.0),
    ("b UM", "2028-02-01", "2028-03-31", "b KO", 0.0, 0.75, 0.0, 9_999.99),
    ("c UM", "2027-12-01", "2028-01-31", "", 0.0, 1.0, 100.0, 0.0),
]
MILESTONES = [
    ("a", "submission", "2027-03-04"),
    ("a", "decision", "2027-04-15"),
    ("a", "go_live", "2027-08-31"),
    ("b", "go_live", "2028-03-31"),
    ("b", "grant_end", "2028-06-30"),
    ("c", "grant_end", "2026-09-30"),
    ("c", "kick_off", "2027-12-01"),
    ("c", "go_live", "2028-01-31"),
]
ROLES = {"PL": [1.0] * 12 + [2.0] * 12, "EN": [2.0] * 24}


@cache
def _inventory(language: str, is_example: bool) -> Any:
    strategy = make_strategy(
        strategy={
            "title": "Digital & gut",
            "city": "Teststadt",
            "version": "1",
            "language": language,
            "is_example": is_example,
        },
        fields=(
            {"id": "F1", "name": "Bauen", "goals": ({"id": "G1", "name": "Ziel"},)},
            {"id": "F2", "name": "Bürger, Dienste", "goals": ({"id": "G2", "name": "Zweck"},)},
        ),
    )
    projects = [
        project("a", title=TITLES["a"], field_id="F2", due_date=pd.Timestamp("2027-12-31")),
        project("b", title=TITLES["b"], field_id="F1", office_id="A2"),
        project("c", title=TITLES["c"]),
    ]
    return make_inventory(strategy, projects=projects)


def inventory(language: str = "de", *, is_example: bool = True, titles: dict[str, str] | None = None) -> Any:
    known = _inventory(language, is_example)
    projects = known.projects.copy()
    for number, title in (titles or {}).items():
        projects.loc[number, "title"] = title
    return known.replace(projects=projects) if titles else known


def plan(language: str = "de", **parts: Any) -> Any:
    """Return the plan as `schedule` would; parts replace its own."""
    known = parts.get("inventory") or inventory(language)
    names = [row[0] for row in PHASES]
    phases = pd.DataFrame(
        {
            "project_id": [name[0] for name in names],
            "phase_id": [name[2:] for name in names],
            "phase": [{"KO": "Konzept", "BE": "Beschluss", "UM": "Umsetzung"}[name[2:]] for name in names],
            "start": pd.to_datetime([row[1] for row in PHASES]),
            "end": pd.to_datetime([row[2] for row in PHASES]),
            "predecessor": [row[3] for row in PHASES],
            "procedure": ["", "", "Öffentliche Ausschreibung", "", "", ""],
        },
        index=pd.Index(names, name="activity"),
    )
    months = pd.date_range("2027-01-01", periods=24, freq="MS")
    demand = pd.DataFrame([row[4:6] for row in PHASES], index=names, columns=["PL", "EN"])
    runs = np.array(
        [(months >= p["start"].replace(day=1)) & (months <= p["end"]) for _, p in phases.iterrows()]
    )
    load = pd.concat(
        pd.DataFrame(
            {"role_id": role, "month": months, "demand_fte": runs.T @ demand[role], "capacity_fte": there}
        )
        for role, there in ROLES.items()
    )
    budget = pd.DataFrame(
        [
            (2027, "investive", 43_100.0, 0.0, 50_000.0),
            (2027, "consumptive", 500.0, 0.0, 400.0),
            (2028, "investive", 0.0, 0.0, np.nan),
            (2028, "consumptive", 9_999.99, 1_200.5, 20_000.0),
        ],
        columns=["year", "kind", "one_off_eur", "recurring_eur", "ceiling_eur"],
    )
    budget.insert(4, "planned_eur", budget["one_off_eur"] + budget["recurring_eur"])
    problem = SimpleNamespace(
        start=dt.date(2027, 1, 1),
        links=pd.DataFrame(LINKS, columns=["predecessor", "successor", "kind", "lag"]),
        demand=demand,
        costs=pd.DataFrame([row[6:] for row in PHASES], index=names, columns=["investive", "consumptive"]),
        seed=7,
        effort_limit=1.0,
    )
    whole = {
        "phases": phases,
        "milestones": pd.DataFrame(MILESTONES, columns=["project_id", "milestone", "date"]).astype(
            {"date": "datetime64[us]"}
        ),
        "load": load.reset_index(drop=True),
        "budget": budget,
        "commitments": pd.DataFrame(
            {"year": [2027, 2027], "for_year": [2028, 2029], "kind": ["consumptive", "investive"],
             "needed_eur": [9_999.99, 10.0], "granted_eur": [8_000.0, np.nan]}
        ),
        "makespan": 15.0,
        "objective": 12.5,
        "bound": 13.0,
        "gap": 0.04,
        "status": "feasible",
        "conflicts": (),
        "inventory": known,
        "problem": problem,
        "notes": ("a wartet auf niemanden.",),
    }  # fmt: skip
    return SimpleNamespace(**whole | parts)


def no_plan(language: str = "de") -> Any:
    full = plan(language)
    empty = {name: getattr(full, name).iloc[:0] for name in ("phases", "milestones", "load", "budget")}
    nothing = {"objective": np.nan, "bound": np.nan, "gap": np.nan, "makespan": np.nan}
    return plan(
        language, status="infeasible", conflicts=("2027 investiv reicht nicht.",),
        commitments=full.commitments.iloc[:0], **empty, **nothing,
    )  # fmt: skip
