from __future__ import annotations

import datetime as dt
from dataclasses import replace
from functools import cache
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from digistrat import load_strategy, read_inventory
from digistrat.planning.portfolio import select_portfolio
from digistrat.planning.profile import profiles, project_profile
from digistrat.planning.schedule import schedule
from digistrat.scoring.impact import score_impact
from inventories import STAFF, cost, link, make_inventory, make_strategy, points, project

DATA = Path(__file__).parents[2] / "data"
DAY = dt.date
HEAD = {"title": "Test", "city": "Teststadt", "version": "1", "language": "de"}
STRATEGY = make_strategy(strategy=HEAD)
CHECKS = [
    "staff_council", "data_protection", "security", "accessibility", "economy", "audit_office", "archive",
    "equality", "reuse",
]  # fmt: skip
# By hand from the shared description of a Steckbrief, in its order.
SECTIONS = [
    "1. Kopf", "2. Ausgangslage", "3. Zielbild", "4. Phasen und Meilensteine", "5. Ressourcen", "6. Kosten",
    "7. Finanzierung", "8. Vergabe", "9. Abhängigkeiten", "10. Risiken", "11. Pflichtprüfungen",
    "12. Beteiligung und Kommunikation", "13. Entscheidungsweg und Beschlüsse", "14. Status",
]  # fmt: skip
WHOLE = {
    "title": "E-Akte",
    "reported_office": "Erstes Amt",
    "field_id": "F1",
    "goal_ids": ("G1",),
    "start_date": DAY(2027, 1, 1),
    "end_date": DAY(2027, 12, 31),
    "order_value_net_eur": 40_000.0,
}


def check(name, state="done", **more):
    return {"project_id": "a", "check_id": name, "state": state} | more


def tables(**changes):
    """A project of which everything mandatory is known, and what it stands in."""
    whole = {
        "returns": [{"reported_office": "Erstes Amt", "office_id": "A1", "contact_function": "Leitung"}],
        "projects": [project("a", "in_preparation", **WHOLE), project("b", title="WLAN")],
        "project_costs": [
            cost("a", 2027, 50_000.0),
            cost("a", 2028, 10_000.0, "consumptive", is_recurring=True),
            cost("a", 2029, 12_000.0, "consumptive", is_recurring=True),
        ],
        "project_checks": [check(name, check_date=DAY(2026, 3, 1)) for name in CHECKS],
    }
    return whole | changes


def ready(**changes):
    return make_inventory(STRATEGY, **tables(**changes))


def without(table, column, row=0):
    """The whole inventory without one cell."""
    rows = [dict(r) for r in tables()[table]]
    rows[row][column] = None
    return ready(**{table: rows})


def values(profile, key):
    return profile.sections.loc[profile.sections["key"] == key, "value"].tolist()


def test_a_whole_profile_has_fourteen_sections_and_is_ready():
    profile = project_profile(ready(), "a")
    assert list(dict.fromkeys(profile.sections["section"])) == SECTIONS
    assert profile.sections["field"].str.len().min() > 0
    assert (profile.missing, profile.obstacles) == ((), ())
    assert profile.is_ready_for_council
    assert profile.checks["is_decided"].all()
    assert list(profile.checks.index) == CHECKS
    assert set(profile.sections["state"]) <= {"given", "missing", "computed", "not_applicable", "unreadable"}
    mandatory = profile.sections[profile.sections["is_mandatory"]]
    assert set(mandatory["section"]) == {SECTIONS[n - 1] for n in (1, 4, 5, 6, 11)}


def test_values_are_written_as_people_read_them_and_lead_to_their_cells():
    profile = project_profile(ready(), "a")
    rows = profile.sections.set_index("key")
    assert rows.at["schedule.end", "value"] == "31.12.2027"
    assert rows.at["head.goal_ids", "value"] == "G1 Ziel"
    assert rows.at["head.office_id", "value"] == "Erstes Amt"
    assert rows.at["head.contact", "value"] == "Leitung"
    assert values(profile, "costs.one_off") == ["50.000 €"]
    assert values(profile, "costs.recurring") == ["10.000 €", "12.000 €"]
    # 2028: 10.000, then 12.000 four times
    assert values(profile, "costs.following") == ["58.000 € (2028 bis 2032)"]
    assert rows.at["costs.one_off", "cell"] == "returns.xlsx › project_costs › E2"
    assert rows.at["checks.archive", "cell"] == "returns.xlsx › project_checks › C8"
    assert rows.at["checks.archive", "value"] == "erledigt (01.03.2026)"
    given = profile.sections["state"] == "given"
    assert (profile.sections.loc[given, "cell"] != "").all()
    assert (profile.sections.loc[profile.sections["state"] == "computed", "cell"] == "").all()


# Every mandatory field, where it is entered, and the words that must name it.
GAPS = [
    ("projects", "title", 0, "Titel", "Vorhaben", "Titel"),
    ("projects", "field_id", 0, "Handlungsfeld", "Vorhaben", "Handlungsfeld"),
    ("projects", "goal_ids", 0, "Strategische Ziele", "Vorhaben", "Ziele"),
    ("projects", "office_id", 0, "Federführung", "Vorhaben", "Federführung"),
    ("projects", "start_date", 0, "Beginn", "Vorhaben", "Beginn"),
    ("projects", "end_date", 0, "Ende", "Vorhaben", "Ende"),
    ("projects", "order_value_net_eur", 0, "Externe Leistungen", "Vorhaben", "Auftragswert netto"),
    ("returns", "contact_function", 0, "Ansprechstelle", "Angaben", "Ansprechstelle (Funktion, kein Name)"),
]


@pytest.mark.parametrize(("table", "column", "row", "field", "sheet", "header"), GAPS)
def test_a_gap_is_named_with_sheet_column_and_cell(table, column, row, field, sheet, header):
    inventory = without(table, column, row)
    profile = project_profile(inventory, "a")
    (said,) = profile.missing
    assert said.startswith(field)
    assert f"Blatt „{sheet}“, Spalte „{header}“" in said
    if table == "projects":
        assert str(inventory.locate(table, "a", column)) in said
    assert profile.obstacles == (said,)
    assert not profile.is_ready_for_council


def test_costs_that_nobody_reported_are_named_with_their_sheet():
    profile = project_profile(ready(project_costs=[]), "a")
    said = " ".join(profile.missing)
    assert len(profile.missing) == 4  # with the costs the template goes: phases and effort
    assert "Einmalige Kosten fehlt: Blatt „Kosten“" in said
    assert "Laufende Kosten fehlt: Blatt „Kosten“" in said
    assert "Blatt „Phasen“, Spalte „Phase“" in said
    assert "Blatt „Aufwand“" in said
    one_off = project_profile(ready(project_costs=tables()["project_costs"][:1]), "a")
    assert [m.split(" fehlt")[0] for m in one_off.missing] == ["Laufende Kosten"]


@pytest.mark.parametrize("name", CHECKS)
def test_a_check_that_is_not_decided_stands_in_the_way(name):
    others = [check(other) for other in CHECKS if other != name]
    for row, state in ((check(name, "running"), "läuft"), (check(name, "not_checked"), "nicht geprüft")):
        profile = project_profile(ready(project_checks=[*others, row]), "a")
        assert profile.obstacles == (f"{profile.checks.at[name, 'name']}: noch nicht entschieden ({state})",)
        assert profile.missing == ()
        assert profile.checks["is_decided"].sum() == 8
    profile = project_profile(ready(project_checks=others), "a")
    assert (profile.checks.at[name, "state"], profile.checks.at[name, "is_decided"]) == ("not_checked", False)
    assert profile.checks.at[name, "cell"] == ""


def test_not_needed_wants_a_reason_and_the_furthest_row_counts():
    others = [check(other) for other in CHECKS[1:]]
    bare = project_profile(ready(project_checks=[*others, check(CHECKS[0], "not_needed")]), "a")
    assert not bare.is_ready_for_council
    assert values(bare, "checks.staff_council") == ["nicht nötig, ohne Grund"]
    why = check(CHECKS[0], "not_needed", reason="niemand betroffen")
    both = project_profile(ready(project_checks=[check(CHECKS[0], "running"), *others, why]), "a")
    assert both.is_ready_for_council
    assert values(both, "checks.staff_council") == ["nicht nötig: niemand betroffen"]


def test_what_stands_in_a_cell_and_is_no_value_is_told_apart():
    inventory = ready()
    frame = inventory.projects
    frame.loc["a", ["end_date", "n_cases_yearly"]] = None
    raws = {"end_date": "bald", "n_cases_yearly": "entfällt"}
    places = inventory.places
    cells = {
        ("projects", "a", column): replace(places.locate("projects", "a", column), raw=raw)
        for column, raw in raws.items()
    }
    inventory = inventory.replace(projects=frame, places=replace(places, exceptions=cells))
    profile = project_profile(inventory, "a")
    rows = profile.sections.set_index("key")
    assert tuple(rows.loc["schedule.end", ["state", "value"]]) == ("unreadable", "bald")
    assert tuple(rows.loc["situation.n_cases_yearly", ["state", "value"]]) == ("not_applicable", "entfällt")
    (said,) = profile.missing
    assert said.startswith("Ende ist nicht lesbar („bald“)")


def test_dependencies_risks_and_indicators_are_sentences_with_cells():
    inventory = ready(
        dependencies=[link("a", "end_before_start", "b") | {"lag_months": 2.0}, link("b", "requires", "a")],
        risks=[{"project_id": "a", "risk": "Ausfall", "probability": "high", "effect": "low"}],
        kpis=[
            {"project_id": "a", "indicator": "Dauer", "unit": "Tage", "base": 42.0, "target": 20.5}
            | {"target_date": DAY(2029, 12, 31)}
        ],
    )
    profile = project_profile(inventory, "a")
    assert values(profile, "dependencies.dependency") == [
        "beginnt erst nach dem Ende von b WLAN, mit 2 Monaten Abstand"
    ]
    assert values(profile, "dependencies.dependent") == ["b WLAN setzt es voraus"]
    assert values(profile, "risks.risk") == [
        "Ausfall. Wahrscheinlichkeit hoch, Auswirkung gering. Maßnahme: –. Wer sich kümmert: –"
    ]
    assert values(profile, "target.kpi") == ["Dauer: heute 42 Tage, Ziel 20,5 Tage, bis 31.12.2029"]


def light(**changes):
    more = {name: changes.pop(name) for name in ("risks", "phases") if name in changes}
    rows = [project("a", "in_preparation", **(WHOLE | changes))]
    return values(project_profile(ready(projects=rows, **more), "a"), "status.light")[0]


@pytest.mark.parametrize(
    ("changes", "colour"),
    [
        ({}, "grün"),
        ({"end_date": None}, "grau, ohne Termin"),
        ({"due_date": DAY(2027, 12, 31)}, "grün"),
        ({"due_date": DAY(2027, 12, 30)}, "rot: endet nach der Frist am 30.12.2027"),
        ({"funding_until_date": DAY(2027, 6, 30)}, "rot: endet nach der Förderung am 30.06.2027"),
        ({"funding_state": "applied"}, "gelb: Förderung nur beantragt"),
        (
            {"risks": [{"project_id": "a", "risk": "x", "probability": "high", "effect": "high"}]},
            "rot: großes Risiko ohne Maßnahme",
        ),
        (
            {"risks": [{"project_id": "a", "risk": "x", "probability": "high", "effect": "medium"}]},
            "gelb: großes Risiko ohne Maßnahme",
        ),
        ({"risks": [{"project_id": "a", "risk": "x", "probability": "high", "effect": "low"}]}, "grün"),
        (
            {"phases": [{"project_id": "a", "phase_id": "KO", "end_date": DAY(2026, 4, 29)}]},
            "gelb: Phase „Phase KO“ ist überfällig",
        ),
        (
            {
                "phases": [
                    {"project_id": "a", "phase_id": "KO", "end_date": DAY(2026, 4, 29), "share_done": 1}
                ]
            },
            "grün",
        ),
    ],
)
def test_the_light_follows_its_written_rule(changes, colour):
    assert light(**changes) == colour


def test_a_plan_gives_phases_milestones_and_money_by_year():
    inventory = ready(
        projects=[project("a", "possible", **WHOLE | {"end_date": DAY(2027, 6, 30)})],
        impact_ratings=points(a=8.0),
        positions=STAFF,
    )
    impact = score_impact(inventory)
    portfolio = select_portfolio(inventory, impact)
    plan = schedule(inventory, portfolio)
    profile = project_profile(inventory, "a", impact=impact, portfolio=portfolio, plan=plan)
    rows = plan.phases[plan.phases["project_id"] == "a"]
    phases = profile.sections[profile.sections["key"] == "schedule.phase"]
    assert phases["state"].eq("computed").all()
    assert phases["field"].tolist() == [f"Phase: {name}" for name in rows["phase"]]
    assert phases["value"].iloc[0].startswith(f"{rows['start'].iloc[0]:%d.%m.%Y}")
    milestones = profile.sections[profile.sections["key"] == "schedule.milestone"]
    assert f"{rows['end'].iloc[-1]:%d.%m.%Y}" in milestones["value"].tolist()
    planned = profile.sections[profile.sections["key"] == "costs.planned_one_off"]["value"]
    euros = planned.str.removesuffix(" €").str.replace(".", "").astype(float)
    assert euros.sum() == pytest.approx(50_000, abs=2)
    # a twelfth of 12,000 a month, five years long
    running = profile.sections[profile.sections["key"] == "costs.planned_recurring"]["value"]
    euros = running.str.removesuffix(" €").str.replace(".", "").astype(float)
    assert euros.sum() == pytest.approx(60_000, abs=5)
    assert len(profile.sections[profile.sections["key"] == "decision.decision"]) == 1
    assert values(profile, "decision.decision") != ["–"]
    assert values(profile, "decision.selection") == [portfolio.table.at["a", "reason"]]
    (late,) = values(profile, "status.deviation")
    months = (rows["end"].iloc[-1].year - 2027) * 12 + rows["end"].iloc[-1].month - 6
    assert late == f"endet {months} Monate später als gewünscht"


def test_english_too():
    english = make_strategy()
    profile = project_profile(make_inventory(english, **tables()), "a")
    assert profile.sections["section"].iloc[[0, -1]].tolist() == ["1. Head", "14. Status"]
    assert values(profile, "costs.one_off") == ["€50,000"]
    assert values(profile, "schedule.end") == ["31 Dec 2027"]
    assert values(profile, "checks.archive") == ["done (1 Mar 2026)"]
    german = project_profile(ready(), "a")
    assert profile.sections["key"].tolist() == german.sections["key"].tolist()
    gap = project_profile(make_inventory(english, **tables(project_checks=[])), "a")
    assert gap.obstacles[0] == "Staff council: not decided yet (not checked)"


def test_the_table_of_all_says_what_each_profile_says():
    inventory = ready()
    table = profiles(inventory)
    assert list(table.index) == ["a", "b"]
    assert table["is_ready"].tolist() == [True, False]
    for name in table.index:
        profile = project_profile(inventory, name)
        row = table.loc[name]
        assert row["n_missing"] == len(profile.missing)
        assert row["n_open_checks"] == (~profile.checks["is_decided"]).sum()
        assert row["is_ready"] == profile.is_ready_for_council
        assert row["first_obstacle"] == (profile.obstacles[0] if profile.obstacles else "")
    assert profiles(make_inventory(STRATEGY)).empty


def test_an_unknown_project_is_told():
    with pytest.raises(ValueError, match="project must be one of the inventory's 2, not 'x'"):
        project_profile(ready(), "x")


@cache
def almost():
    """A project that is ready, one with a check said twice, and one that lacks its costs."""
    rows = tables()["project_checks"]
    more = {
        "phases": [{"project_id": "a", "phase_id": "KO", "duration_months": 3.0}],
        "efforts": [{"project_id": "a", "phase_id": "KO", "role_id": "PL", "effort_days": 5.0}],
        "project_checks": [*rows, check("archive", "not_needed", reason="x")],
    }
    twice = {"project_checks": [*rows[1:], check(CHECKS[0], "running"), check(CHECKS[0], "not_checked")]}
    recurring = {"project_costs": tables()["project_costs"][1:]}
    return [ready(**more), ready(**more | twice), ready(**more | recurring)]


TABLES = ("projects", "project_costs", "project_checks", "phases", "efforts", "returns")


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_dropping_any_cell_never_makes_a_project_ready(data):
    """From a project that is ready, or lacks a little: fewer answers never mean fewer obstacles."""
    inventory = data.draw(st.sampled_from(almost()))
    n_obstacles = len(project_profile(inventory, "a").obstacles)
    for _ in range(2):
        table = data.draw(st.sampled_from(TABLES))
        frame = inventory.tables[table]
        column = data.draw(st.sampled_from(list(frame.columns)))
        frame[column] = frame[column].where(frame.index != data.draw(st.sampled_from(list(frame.index))))
        inventory = inventory.replace(**{table: frame})
        now = len(project_profile(inventory, "a").obstacles)
        assert now >= n_obstacles
        n_obstacles = now


def test_the_shipped_round_has_profiles_without_names_of_persons_or_gaps_in_words():
    strategy = load_strategy(DATA / "strategy.toml")
    inventory = read_inventory(DATA / "raw" / "2026-04-30", strategy)
    table = profiles(inventory)
    assert len(table) > 200
    assert table["is_ready"].any()
    assert (table["n_missing"] > 0).any()
    for name in (table.index[table["is_ready"]][0], table["n_missing"].idxmax()):
        profile = project_profile(inventory, name)
        assert profile.sections["section"].nunique() == 14
        said = " ".join([*profile.sections["value"], *profile.sections["field"], *profile.obstacles])
        assert not {"nan", "NaT", "None", "<NA>"} & set(said.split())
        assert pd.notna(profile.sections).all(axis=None)
