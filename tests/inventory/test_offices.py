from __future__ import annotations

import datetime as dt

import pandas as pd
import pytest

from digistrat.inventory.offices import OfficeNames, Resolution, is_valid, offices_at, successors
from digistrat.strategy import Office, OfficeChange

TODAY = dt.date(2026, 4, 30)


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


@pytest.fixture(scope="module")
def names(strategy):
    return OfficeNames(strategy, TODAY)


@pytest.mark.parametrize(
    ("reported", "office", "how"),
    [
        ("11", "A11", "exact"),
        ("Amt 11", "A11", "exact"),
        ("A11", "A11", "exact"),
        ("POA", "A11", "exact"),
        ("Personal- und Organisationsamt", "A11", "exact"),
        ("  personal-  und organisationsamt ", "A11", "exact"),
        ("Amt 11 - Personal- und Organisationsamt", "A11", "exact"),
        ("A 11", "A11", "exact"),
        ("Personal- und Organisationsamt (11)", "A11", "exact"),
        ("11 – Personal- und Organisationsamt", "A11", "exact"),
        ("Personal- und Organisationsamt (12)", "", "unknown"),
        ("A 99", "", "unknown"),
        ("POA Personal- und Organisationsamt", "A11", "exact"),
        ("Personal- und Organisationsamt (POA)", "A11", "exact"),
        ("Buergeramt, Statistik und Wahlen", "A12", "exact"),
        ("SPA", "A61", "exact"),  # Stadtplanungsamt
        ("SpA", "A52", "exact"),  # Sportamt: short names that differ in case only
        ("spa", "", "unknown"),
        ("Stadtplanungsamt", "A61", "exact"),
        ("Stabstelle Digitalisierung", "StD", "guessed"),
        ("Stadtplanungamt", "A61", "guessed"),
        ("Amt 99", "", "unknown"),
        ("Amt für Zauberei", "", "unknown"),
        ("Stabsstelle E-Government", "StD", "former"),
        ("E-Government", "StD", "former"),
        ("Ansprechpartner Frankfurt", "A12", "former"),
        ("AF", "A12", "former"),
        ("", "", "unknown"),
        ("–", "", "unknown"),
    ],
)
def test_names_as_offices_write_them(names, reported, office, how):
    found = names.resolve(reported)
    assert (found.office_id, found.how) == (office, how)


@pytest.mark.parametrize(
    ("reported", "on", "office", "how"),
    [
        ("Stabsstelle E-Government", "2018-04-01", "StE", "exact"),
        ("Stabsstelle E-Government", "2018-11-01", "StE", "exact"),
        ("Stabsstelle E-Government", "2018-11-02", "StD", "former"),
        ("Stabsstelle Digitalisierung", "2018-11-02", "StD", "exact"),
        ("Stabsstelle Digitalisierung", "2018-04-01", "", "expired"),
        ("Ansprechpartner Frankfurt", "2018-05-31", "AF", "exact"),
        ("Ansprechpartner Frankfurt", "2018-06-01", "A12", "former"),
        ("Bürgeramt, Statistik und Wahlen", "2018-05-31", "A12", "exact"),
        ("Stabsstelle E-Government", "2011-12-31", "", "expired"),
    ],
)
def test_names_at_their_time(strategy, reported, on, office, how):
    found = OfficeNames(strategy, day(on)).resolve(reported)
    assert (found.office_id, found.how) == (office, how)


def test_a_former_name_says_who_it_is_today(names):
    assert names.resolve("Ansprechpartner Ffm") == Resolution(
        "A12", "former", "Bürgeramt, Statistik und Wahlen"
    )


@pytest.mark.parametrize(
    ("office", "on", "expected"),
    [
        ("StE", "2018-11-01", ("StE",)),
        ("StE", "2018-11-02", ("StD",)),
        # online applications and document management went to A16 on 2018-12-31: no succession of the whole
        ("StE", "2026-04-30", ("StD",)),
        ("AF", "2018-05-31", ("AF",)),
        ("AF", "2018-06-01", ("A12",)),
        ("A12", "2026-04-30", ("A12",)),
    ],
)
def test_successors_on_both_sides_of_a_date(strategy, office, on, expected):
    assert successors(strategy, office, day(on)) == expected


def made_up(strategy, offices, changes=()):
    return strategy.model_copy(update={"offices": tuple(offices), "office_changes": tuple(changes)})


def office(key, name, **more):
    return Office(id=key, name=name, kind="office", **more)


def test_a_split_has_two_successors_and_gives_none_of_them(strategy):
    on = day("2020-01-01")
    city = made_up(
        strategy,
        [
            office("A", "Bauamt", valid_to=day("2019-12-31")),
            office("B", "Hochbauamt"),
            office("C", "Tiefbauamt"),
        ],
        [
            OfficeChange(change_date=on, change="split", office_id="A", successor_id="B", share=0.5),
            OfficeChange(change_date=on, change="split", office_id="A", successor_id="C", share=0.5),
        ],
    )
    assert successors(city, "A", on) == ("B", "C")
    assert OfficeNames(city, on).resolve("Bauamt") == Resolution("", "expired", "Bauamt")
    assert OfficeNames(city, day("2019-12-31")).resolve("Bauamt") == Resolution("A", "exact", "Bauamt")


def test_one_task_that_moved_is_no_succession(strategy):
    on = day("2020-01-01")
    move = {"change_date": on, "change": "transferred", "office_id": "A"}
    offices = [
        office("A", "Bauamt", valid_to=day("2019-12-31")),
        office("B", "Umweltamt"),
        office("C", "Amt C"),
    ]
    task = OfficeChange(**move, successor_id="B", subject="Lärmschutz")
    assert successors(made_up(strategy, offices, [task]), "A", on) == ()
    whole = OfficeChange(**move, successor_id="C")
    assert successors(made_up(strategy, offices, [task, whole]), "A", on) == ("C",)


def test_successors_of_successors_and_circles_end(strategy):
    gone = {"valid_to": day("2010-12-31")}
    changes = [("A", "B"), ("B", "C"), ("C", "A")]
    city = made_up(
        strategy,
        [office("A", "Amt A", **gone), office("B", "Amt B", **gone), office("C", "Amt C")],
        [
            OfficeChange(change_date=day("2011-01-01"), change="renamed", office_id=a, successor_id=b)
            for a, b in changes
        ],
    )
    assert successors(city, "A", TODAY) == ("C",)
    nobody = made_up(city, [o.model_copy(update=gone) for o in city.offices], city.office_changes)
    assert successors(nobody, "A", TODAY) == ()
    with pytest.raises(ValueError, match="office_id must be in the register of offices, not 'X'"):
        successors(city, "X", TODAY)


def test_a_name_that_two_share_is_unknown_and_own_names_go_before_aliases(strategy):
    city = made_up(
        strategy,
        [
            office("A", "Schulamt"),
            office("B", "Amt für Schule", aliases=("Schulamt", "Bildung")),
            office("C", "X", aliases=("Bildung",)),
        ],
    )
    names = OfficeNames(city, TODAY)
    assert names.resolve("Schulamt").office_id == "A"
    assert names.resolve("Bildung") == Resolution("", "unknown")


def test_numbers_and_ties_are_never_guessed(strategy):
    city = made_up(
        strategy,
        [
            office("A", "Ortsgericht Nummer 1"),
            office("B", "Bezirksamt Nord-Ost"),
            office("C", "Bezirksamt Nord-Oss"),
        ],
    )
    names = OfficeNames(city, TODAY)
    assert names.resolve("Ortsgericht Nummer 2").how == "unknown"
    assert names.resolve("Ortsgericht Numer 1").office_id == "A"
    assert names.resolve("Bezirksamt Nord-Osx").how == "unknown"


def test_offices_at_a_date(strategy):
    before, after = offices_at(strategy, day("2018-11-01")), offices_at(strategy, day("2018-11-02"))
    assert ("StE" in before.index, "StD" in before.index) == (True, False)
    assert ("StE" in after.index, "StD" in after.index) == (False, True)
    assert after.index.is_unique
    assert after.at["A61", "short_name"] == "SPA"
    assert after.index.name == "office_id"
    assert after["valid_from"].dtype.kind == "M"
    assert after.at["StD", "valid_from"] == pd.Timestamp("2018-11-02")


def test_validity_includes_both_days():
    entry = office("A", "Amt", valid_from=day("2018-01-01"), valid_to=day("2018-12-31"))
    days = ["2017-12-31", "2018-01-01", "2018-12-31", "2019-01-01"]
    assert [is_valid(entry, day(d)) for d in days] == [False, True, True, False]
    assert is_valid(office("A", "Amt"), day("1900-01-01"))
