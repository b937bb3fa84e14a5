from __future__ import annotations

import inspect
from dataclasses import replace

import cases_of_profiles
import cases_of_projects
import cases_of_tables
import pandas as pd
import pytest
from check_rows import Case
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from digistrat.findings import SEVERITIES
from digistrat.intake.places import Places
from digistrat.inventory import checks
from digistrat.inventory.checks import CHECKS, run_checks
from digistrat.texts import LANGUAGES
from inventories import make_inventory, make_strategy

CASES = (*cases_of_projects.CASES, *cases_of_tables.CASES, *cases_of_profiles.CASES)
CRITERIA = (
    {"id": "K1", "name": "Nutzen", "weight": 50.0},
    {"id": "K6", "name": "Nachnutzung", "weight": 50.0, "target": 5.0},
)
YES_OR_NO = ({"id": "R1", "name": "Konzept", "weight": 100.0, "target": 1.0},)
STRATEGIES = {
    language: make_strategy(
        strategy={"title": "Test", "city": "Teststadt", "version": "1", "language": language},
        impact={"rule": "weighted_mean", "source": "test", "criteria": CRITERIA},
        readiness={"rule": "share_of_yes", "source": "test", "criteria": YES_OR_NO},
    )
    for language in LANGUAGES
}
KEYED = {
    "projects": "project_id",
    "services": "service_id",
    "positions": "position_id",
    "requirements": "requirement_id",
}
BY_CODE = {check.code: check for check in CHECKS}
IDS = [f"{case.code}-{number}" for number, case in enumerate(CASES)]


def make_round(tables, language="en"):
    tables = dict(tables)
    files = tables.pop("files", {})
    inventory = make_inventory(STRATEGIES[language], **tables)
    sources = dict(inventory.sources)
    for table, names in files.items():
        sources[table] = sources[table].assign(file=[f"{name}.xlsx" for name in names])
    places = inventory.places
    return replace(inventory, places=Places(sources, places.raws, places.layouts, places.exceptions))


def said(tables, language="en"):
    return run_checks(make_round(tables, language))


def joined(cases):
    """Their tables as one round; of a key that two use the first record stays."""
    tables = {}
    for name in make_round({}).sources:
        rows = [row for case in cases for part in (case.loud, case.silent) for row in part.get(name, ())]
        key = KEYED.get(name)
        tables[name] = list({row[key]: row for row in reversed(rows)}.values()) if key else rows
    return tables


def places(findings, code):
    rows = [
        (f.table, f.column, f.cell.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")) for f in findings if f.code == code
    ]
    return tuple(f"{table}.{column}@{row}" for table, column, row in rows)


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_a_check_speaks_where_it_must_and_only_there(case: Case):
    assert sorted(places(said(case.loud), case.code)) == sorted(case.at)
    assert places(said(case.silent), case.code) == ()


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_what_is_said_is_whole_in_both_languages(case: Case):
    told = {language: [f for f in said(case.loud, language) if f.code == case.code] for language in LANGUAGES}
    for german, english in zip(told["de"], told["en"], strict=True):
        assert german.message != english.message
        assert german.hint != english.hint
        for finding in (german, english):
            assert finding.severity == BY_CODE[case.code].severity
            assert (finding.file, finding.sheet) != ("", "")
            for text in (finding.message, finding.hint):
                assert not {"{", "}", "nan", "NaT", "<NA>", "None"} & set(text.replace("{", " { ").split())
                assert "{" not in text


def test_amounts_and_dates_are_written_as_people_do():
    (case,) = [
        c for c in CASES if c.code == "order-above-costs" and "order_value_net_eur_lower" not in str(c)
    ]
    (finding,) = [f for f in said(case.loud, "de") if f.code == case.code]
    assert finding.value == "121"
    assert "100 €" in finding.message
    (case,) = [c for c in CASES if c.code == "end-before-start"]
    (finding,) = [f for f in said(case.loud, "de") if f.code == case.code]
    assert (finding.value, "01.07.2027" in finding.message) == ("01.04.2027", True)


def test_every_check_has_a_case_and_every_case_a_check():
    assert {case.code for case in CASES} == set(BY_CODE)


def test_every_rule_is_in_the_tuple_once_and_documented():
    rooms = [
        module
        for _, module in inspect.getmembers(checks, inspect.ismodule)
        if checks.__name__ in module.__name__
    ]
    rules = [
        function
        for room in rooms
        for name, function in inspect.getmembers(room, inspect.isfunction)
        if function.__module__ == room.__name__
        and not name.startswith("_")
        and list(inspect.signature(function).parameters) == ["inventory"]
    ]
    assert len({check.code for check in CHECKS}) == len(CHECKS)
    assert sorted(check.rule.__qualname__ for check in CHECKS) == sorted(rule.__qualname__ for rule in rules)
    for check in CHECKS:
        assert check.severity in SEVERITIES
        assert (check.rule.__doc__ or "").split("\n")[0].endswith("."), check.code


def test_no_check_changes_the_inventory_it_was_given(clean):
    before = {name: frame.copy(deep=True) for name, frame in clean.tables.items()}
    assert run_checks(clean) == []
    for name, frame in before.items():
        pd.testing.assert_frame_equal(clean.tables[name], frame)


def test_nothing_to_look_at_gives_nothing():
    assert said({}) == []


def test_rows_without_answers_give_nothing():
    form_tables = list(make_round({}).sources)
    bare = {name: [{KEYED[name]: "x"} if name in KEYED else {}] for name in form_tables}
    assert said(bare) == []
    twice = {name: [{KEYED[name]: k} if name in KEYED else {} for k in "xy"] for name in form_tables}
    assert said(twice) == []


def test_a_column_that_is_left_out_is_one_without_answers():
    """The n-th column of every table is taken out, in a round that has something for every check."""
    inventory = make_round(joined(CASES))
    assert {f.code for f in run_checks(inventory)} >= {"end-before-start", "cost-outlier", "rated-twice"}
    widest = max(inventory.tables[name].shape[1] for name in inventory.sources)
    for number in range(widest):
        shorter = {
            name: inventory.tables[name].drop(columns=inventory.tables[name].columns[number : number + 1])
            for name in inventory.sources
        }
        run_checks(inventory.replace(**shorter))
    bare = inventory.replace(**{name: inventory.tables[name][[]] for name in inventory.sources})
    assert {f.code for f in run_checks(bare)} == {"services-without-cases"}


@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.sampled_from(CASES), min_size=1, max_size=6), st.randoms())
def test_any_mixture_of_rounds_is_checked_without_a_stop(chosen, random):
    tables = joined(chosen)
    for name, rows in tables.items():  # cells go missing as they do in returns
        tables[name] = [
            {
                column: value
                for column, value in row.items()
                if column == KEYED.get(name) or random.random() < 0.8
            }
            for row in rows
        ]
    findings = said(tables)
    assert len({(f.code, f.cell, f.sheet) for f in findings}) == len(findings)
