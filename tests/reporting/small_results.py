"""Results of four projects and two offices, small enough to be counted by hand.

Points 0–10 by two criteria; use weighs 70 and reach 30, the chamber weighs them 10 and 90:

======= === ===== ======== =======
project use reach strategy chamber
======= === ===== ======== =======
p1       10     0       70      10
p2        6     5       57      51
p3        2     9       41      83
p4        0    10       30      90
======= === ===== ======== =======
"""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import chart_records as records
import numpy as np
import pandas as pd

from digistrat.reporting.results import Results
from digistrat.scoring.composite import Scores, score_table
from digistrat.scoring.origins import Origin
from digistrat.strategy import Scale
from digistrat.strategy.scales import Criterion, ServiceModel, Stakeholder

USE, REACH = [10.0, 6, 2, 0], [0.0, 5, 9, 10]


def inventory(language: str = "de", **parts: Any) -> Any:
    """Return the four projects with a strategy of two criteria and a group of its own mind."""
    impact = Scale(
        rule="weighted_mean",
        source="by hand",
        criteria=(
            Criterion(id="use", name="Nutzen", weight=70),
            Criterion(id="reach", name="Reichweite", weight=30, is_estimate=True),
        ),
    )
    chamber = Stakeholder(
        id="chamber", name="Kammer", points={"use": 10, "reach": 90}, is_estimate=True, source="erfunden"
    )
    model = ServiceModel(
        id="m", valid_from=dt.date(2020, 1, 1), rule="minimum", floor=0, target=4, online_from=2,
        conform_from=3, levels=("a", "b", "c", "d", "e"), is_estimate=True, source="Regel angenommen",
    )  # fmt: skip
    changed = {"impact": impact, "stakeholders": (chamber,), "service_models": (model,)}
    strategy = records.strategy_in(language).model_copy(update=changed)
    projects = pd.DataFrame(
        {
            "title": ["Eins", "Zwei", "Drei", "Vier"],
            "office_id": ["A1", "A1", "A2", "A2"],
            "status": "possible",
        },
        index=pd.Index(["p1", "p2", "p3", "p4"], name="project_id"),
    ).assign(field_id="HF01", mandate="none")
    offices = pd.DataFrame(
        {"name": ["Erstes Amt", "Zweites Amt"], "short_name": "", "kind": "office"},
        index=pd.Index(["A1", "A2"], name="office_id"),
    )
    services = pd.DataFrame(
        {"name": ["Pass", "Ausweis", "Meldung"], "bundle_id": ["b1", "b1", "b2"], "office_id": "A1"},
        index=pd.Index(["s1", "s2", "s3"], name="service_id"),
    )
    known = {
        "strategy": strategy,
        "reporting_date": dt.date(2026, 4, 30),
        "projects": projects,
        "offices": offices,
        "services": services,
        "files": pd.DataFrame({"file": ["A1.xlsx"], "office_id": ["A1"], "n_records": 2, "sha256": "0"}),
        "findings": records.make_inventory(3).findings.iloc[:0],
    }
    return SimpleNamespace(**(known | parts))


def impact_of(known: Any, raw: pd.DataFrame | None = None) -> Scores:
    """Return the scores of the table above, or of other points."""
    points = pd.DataFrame({"use": USE, "reach": REACH}, index=known.projects.index) if raw is None else raw
    criteria = pd.DataFrame(
        {"name": ["Nutzen", "Reichweite"], "weight": [70, 30], "floor": 0, "target": 10},
        index=["use", "reach"],
    )
    return score_table(
        points, None, criteria, rule="weighted_mean", inventory=known, what="impact", unit="project",
        cells=lambda project, criterion: f"{project}.xlsx › Wirkung › {criterion}",
    )  # fmt: skip


def maturity_of(known: Any) -> Scores:
    """Return one office that answered both questions (score 50), and one that left the second open."""
    criteria = pd.DataFrame(
        {"name": ["Daten", "Netz"], "weight": 50, "floor": 0, "target": 4, "step": 1.0}, index=["m1", "m2"]
    )
    raw = pd.DataFrame({"m1": [2.0, 2.0], "m2": [2.0, None]}, index=known.offices.index)
    levels = [("unten", 0.0), ("oben", 50.0)]
    return score_table(
        raw,
        None,
        criteria,
        rule="weighted_mean",
        levels=levels,
        inventory=known,
        what="maturity",
        unit="office",
    )


def moderated(scores: Scores) -> Scores:
    """Return the scores with two ratings that somebody moderated: use of p1 by -1, reach of p3 by -6."""
    assert scores.raw is not None
    nothing = scores.raw.map(lambda _: np.nan)
    second, remarks = nothing.copy(), nothing.astype("object").fillna("")
    second.loc["p1", "use"], second.loc["p3", "reach"] = 9.0, 3.0
    remarks.loc["p3", "reach"] = "doppelt gezählt"

    def origin(project: str, criterion: str) -> Origin:
        if np.isnan(second.at[project, criterion]):
            return Origin(office=f"{project}.xlsx › Wirkung › {criterion}")
        reason = f"why › {criterion}" if remarks.at[project, criterion] else ""
        return Origin(office=f"own › {criterion}", moderated="counts", remark=reason)

    return replace(scores, raw_office=scores.raw, raw_moderated=second, remarks=remarks, origin=origin)


def services_of(known: Any) -> Any:
    """Return what `score_services` gives, as far as bundles and chart read it: b1 is online, b2 is not."""
    table = pd.DataFrame(
        {
            "score": [75.0, 0, 25],
            "level": [3.0, 0, 1],
            "level_lower": [3.0, 0, 1],
            "level_upper": [3.0, 0, 1],
            "is_online": pd.array([True, False, False], dtype="boolean"),
            "n_cases_yearly": [30, 50, 20],
            "bundle_id": ["b1", "b1", "b2"],
            "model": "m",
            "rank": [1, 3, 2],
        },
        index=known.services.index,
    )
    return SimpleNamespace(
        table=table, inventory=known, rule="minimum", rule_source="by hand", what="services"
    )


def results(language: str = "de", **parts: Any) -> Results:
    """Return the results of the four projects with whatever else is given."""
    known = parts.pop("inventory", None) or inventory(language)
    return Results(known, **{"impact": impact_of(known), **parts})


QUESTIONS = pd.DataFrame(
    {
        "rank": [1, 2, 3],
        "subject": ["p3", "p4", "p1"],
        "criterion": ["use", "use", "reach"],
        "value": [1.5, 0.25, 0.0],
        "value_share": [0.5, 0.1, 0.0],
        "office_id": ["A2", "A2", "A1"],
        "file": ["A2.xlsx", "", "A1.xlsx"],
        "sheet": "Wirkung",
        "cell": ["C4", "", "D4"],
        "column": ["Nutzen", "Nutzen", "Reichweite"],
        "question": ["Drei?", "Vier?", "Eins?"],
    }
)

ECONOMICS = pd.DataFrame(
    {
        "kn": [1000.0, float("nan"), -500.0, float("nan")],
        "kn_lower": [900.0, float("nan"), -500.0, float("nan")],
        "kn_upper": [1100.0, float("nan"), -500.0, float("nan")],
        "kn_budget": [-100.0, float("nan"), -500.0, float("nan")],
        "kn_other": [1100.0, float("nan"), 0.0, float("nan")],
        "rate": 0.009,
        "state": ["calculated", "no_effects", "calculated", "no_costs"],
        "reason": ["Zins", "keine Wirkung", "Zins", "keine Kosten"],
        "is_assumed": [True, False, False, False],
    },
    index=pd.Index(["p1", "p2", "p3", "p4"], name="project_id"),
)
