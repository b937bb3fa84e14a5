"""Small rounds as offices really send them: gaps, ranges, circles, dates of every kind. For hypothesis."""

from __future__ import annotations

import datetime as dt
from typing import Any

from hypothesis import strategies as st

from inventories import (
    THRESHOLDS,
    budget,
    cost,
    link,
    make_inventory,
    make_strategy,
    post,
    procedure,
    project,
    step,
)

NAMES = ("a", "b", "c", "d", "e")
STEPS = ("KO", "BE", "VG", "UM")
DATES = (
    None,
    "2025-11-15",
    "2026-04-30",
    "2026-09-01",
    "2026-12-31",
    "2027-01-01",
    "2027-01-02",
    "2027-06-15",
    "2028-02-29",
    "2029-01-31",
)
OTHERS = ("existing", "discontinued", None)
SMALL = {
    "id": "small",
    "name": "Klein",
    "upper_limit_eur": 20_000.0,
    "duration_months": 5,
    "phases": (
        step("KO", 0.3, 0.0, effort_days={"PL": 5.0}),
        step("BE", 0.0, 0.0, is_decision=True, months_min=2),
        step("UM", 0.7, 0.0, effort_days={"EN": 30.0, "PL": 3.0}),
    ),
}
LARGE = {
    "id": "large",
    "name": "Groß",
    "upper_limit_eur": None,
    "duration_months": 11,
    "phases": (
        step("KO", 0.25, 0.1, effort_days={"PL": 10.0}),
        step("BE", 0.15, 0.0, is_decision=True),
        step("VG", 0.2, 0.2, is_procurement=True, months_min=2),
        step("UM", 0.4, 0.7, effort_days={"EN": 40.0}),
    ),
}
WINTER = {"name": "Winter", "first": "12-15", "last": "01-06"}
SUMMER = {"name": "Sommer", "first": "07-01", "last": "08-20", "staff_share": 0.5}
COUNCILS = (
    None,
    {"lead_weeks": 6.0, "weekday": "thursday", "weeks": (4,), "recess": (WINTER,), "source": "rule"},
    {
        "lead_weeks": 3.5,
        "weekday": "monday",
        "weeks": (1, 3, 5),
        "sitting_days": (dt.date(2027, 2, 18), dt.date(2027, 9, 1), dt.date(2027, 12, 31)),
        "source": "some days",
    },
    {"lead_weeks": 0.0, "weekday": "friday", "weeks": (2,), "source": "rule"},
)
ROUNDS = (
    (),
    (
        {"years": (2027,), "drafted_date": dt.date(2026, 3, 31)},
        {"years": (2028, 2029), "drafted_date": dt.date(2027, 9, 30)},
    ),
    ({"years": (2027, 2028), "drafted_date": dt.date(2026, 4, 30)},),
)
LATER = {
    "valid_from": dt.date(2028, 1, 1),
    "valid_to": dt.date(2028, 12, 31),
    "buyer": "municipality",
    "threshold_eur": 80_000.0,
    "source": "test",
}
dates = st.sampled_from(DATES)
amounts = st.sampled_from([None, 0.0, 7_000.0, 20_000.0, 33_333.33, 90_000.0])


def _procedures() -> tuple[dict[str, Any], ...]:
    return (
        procedure("Direct", 10_000.0, (1, 2, 4)),
        procedure("Public", None, (10, 14, 22), days_min=84.0, standstill_days=17.5)
        | {"name": "Public (national)"},
        procedure("Lots", 80_000.0, (5, 9, 12)),
        procedure("EU-open", None, (18, 26, 39), is_eu=True),
        procedure("Frame", None, (0, 3, 6), is_framework=True),
    )


@st.composite
def strategies(draw: Any) -> Any:
    """Two templates, procedures, one or two thresholds, budgets of some years; councils, freezes, rounds."""
    granted_some = st.lists(
        st.tuples(
            st.sampled_from([2026, 2027, 2028, 2029]),
            st.sampled_from(["investive", "consumptive"]),
            st.sampled_from([200_000.0, 30_000.0]),
        ),
        max_size=6,
        unique_by=lambda row: row[:2],
    )
    start = draw(st.sampled_from([dt.date(2027, 1, 1), dt.date(2027, 3, 1), dt.date(2026, 11, 17)]))
    ample = [
        (year, kind, 250_000.0) for year in (2026, 2027, 2028, 2029) for kind in ("investive", "consumptive")
    ]
    granted = st.sampled_from([True, True, False]).flatmap(
        lambda much: st.just(ample) if much else granted_some
    )
    bound = st.sampled_from([None, 5_000.0, 1_000_000.0])
    return make_strategy(
        phase_templates=(SMALL, LARGE),
        budgets=budget(*draw(granted)),
        procurement_thresholds=draw(st.sampled_from([THRESHOLDS, (*THRESHOLDS, LATER)])),
        procedures=_procedures(),
        planning={
            "start_date": start,
            "horizon_months": draw(st.sampled_from([25, 40])),
            "days_per_fte_month": 17.5,
            "hiring_months": draw(st.sampled_from([1, 7])),
            "projects_per_office": draw(st.sampled_from([None, None, 2])),
        },
        council=draw(st.sampled_from(COUNCILS)),
        freezes=draw(st.sampled_from([(), (WINTER,), (SUMMER, WINTER)])),
        budget_rounds=draw(st.sampled_from(ROUNDS)),
        commitments=tuple(
            {"year": 2027, "for_year": 2028, "kind": kind, "amount_eur": euros}
            for kind in ("investive", "consumptive")
            if (euros := draw(bound)) is not None
        ),
    )


@st.composite
def projects(draw: Any, name: str) -> dict[str, Any]:
    more = {column: draw(dates) for column in ("start_date", "end_date", "release_date")}
    more["funding_eur"] = draw(st.sampled_from([None, None, 0.0, 15_000.0, 500_000.0]))
    more["funding_state"] = draw(st.sampled_from([None, "applied", "approved", "approved", "refused"]))
    more["funding_from_date"] = draw(st.sampled_from([None, None, "2027-05-02", "2026-01-01"]))
    more["funding_until_date"] = draw(st.sampled_from([None, "2028-03-31", "2028-10-15", "2027-02-28"]))
    more["procedure"] = draw(st.sampled_from([None, None, "Frame", "public", "Ruf an"]))
    more["office_id"] = draw(st.sampled_from(["A1", "A1", "A2"]))
    return project(
        name,
        draw(st.sampled_from([*["possible"] * 5, *["in_preparation"] * 3, *OTHERS])),
        due_date=draw(st.sampled_from([None, None, None, "2029-12-31", "2028-06-15"])),
        mandate=draw(st.sampled_from([None, "none", "none", "political", "legal"])),
        order_value_net_eur=draw(st.sampled_from([None, 0.0, 5_000.0, 80_000.0, 216_000.0])),
        order_value_net_eur_upper=draw(st.sampled_from([None, None, 250_000.0])),
        **more,
    )


def _costs() -> st.SearchStrategy[Any]:
    return st.builds(
        lambda name, year, amount, kind, recurring, upper: cost(
            name, year, amount, kind, is_recurring=recurring, amount_eur_upper=upper
        ),
        st.sampled_from([*NAMES, "nobody", None]),
        st.sampled_from([2025, 2026, 2027, 2028, 2029, None]),
        amounts,
        st.sampled_from(["investive", "consumptive", "consumptive", None]),
        st.sampled_from([True, False, False, None]),
        st.sampled_from([None, None, 40_000.0]),
    )


def _phases() -> st.SearchStrategy[Any]:
    return st.fixed_dictionaries(
        {
            "project_id": st.sampled_from([*NAMES, None]),
            "phase_id": st.sampled_from([*STEPS, "XX", None]),
            "duration_months": st.sampled_from([None, None, 0.4, 2.5, 3.0]),
            "share_done": st.sampled_from([None, None, 0.0, 0.4, 1.0]),
            "start_date": dates,
            "end_date": dates,
            "actual_start_date": st.sampled_from([None, None, None, "2026-02-01"]),
            "actual_end_date": st.sampled_from([None, None, None, "2026-02-01"]),
        }
    )


def _efforts() -> st.SearchStrategy[Any]:
    return st.fixed_dictionaries(
        {
            "project_id": st.sampled_from(NAMES),
            "phase_id": st.sampled_from([*STEPS, "XX", None]),
            "role_id": st.sampled_from(["PL", "EN", "ZZ", None]),
            "effort_days": st.sampled_from([None, 0.0, 3.0, 45.0]),
        }
    )


def _links() -> st.SearchStrategy[Any]:
    kinds = ["end_before_start", "end_before_start", "start_before_start", "requires", "excludes", "synergy"]
    return st.builds(
        lambda project, kind, other, lag: link(project, kind, other) | {"lag_months": lag},
        st.sampled_from([*NAMES, "nobody"]),
        st.sampled_from([*kinds, None]),
        st.sampled_from([*NAMES, "nobody", None]),
        st.sampled_from([None, None, 0.0, 1.5, 4.0]),
    )


@st.composite
def rounds(draw: Any) -> Any:
    """An inventory of up to five projects."""
    names = NAMES[: draw(st.sampled_from([4, 5, 1]))]
    rated = [
        {"project_id": name, "criterion_id": "K1", "points": points, "rated_by": "office"}
        for name in names
        if (points := draw(st.sampled_from([0.0, 3.0, 5.0, 9.0, 9.0, None]))) is not None
    ]
    known = [cost(name, 2027, amount) for name in names if (amount := draw(amounts)) is not None]
    positions = [post("1", "PL", 3.0), post("2", "EN", 3.0)]
    for k in range(draw(st.integers(0, 3))):
        positions.append(
            post(
                f"x{k}",
                draw(st.sampled_from(["PL", "EN", "ZZ", None])),
                draw(st.sampled_from([None, 0.3, 1.0])),
                start_date=draw(dates),
                end_date=draw(dates),
                is_filled=draw(st.sampled_from([None, True, False])),
            )
        )
    return make_inventory(
        draw(strategies()),
        projects=[draw(projects(name)) for name in names],
        project_costs=known + draw(st.lists(_costs(), max_size=6)),
        impact_ratings=rated,
        phases=draw(st.lists(_phases(), max_size=6)),
        efforts=draw(st.lists(_efforts(), max_size=6)),
        dependencies=draw(st.lists(_links(), max_size=6)),
        positions=positions,
    )
