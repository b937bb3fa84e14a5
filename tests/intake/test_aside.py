"""Sheets beside a table that only look like one: lists of answers, overviews, explanations."""

from __future__ import annotations

import pytest
from making import codes, make_form, write_book

from digistrat.intake.returns import read_returns

FORM = make_form()
PROJECTS = [
    ["Nr.", "Titel", "Status", "Beginn", "Fallzahl", "öffentlich"],
    ["P1", "Portal", "Idee", "01.05.2027", 12, "ja"],
    ["P2", "Register", "vorhanden", "01.05.2020", 7, "nein"],
]
LIST = [["Status", "öffentlich", "Fallzahl"], ["vorhanden", "ja", 1], ["Idee", "nein", 2]]
OVERVIEW = [["Federführung", "Status", "Fallzahl"], ["Amt 1", "Idee", 3], ["Amt 2", "vorhanden", 4]]
EXPLAINED = [
    ["Nr.", "laufende Nummer"],
    ["Titel", "wie das Vorhaben heißt"],
    ["Status", "ob es das schon gibt"],
    ["Beginn", "wann es losgeht"],
    ["Fallzahl", "wie oft im Jahr"],
]


def titles(tmp_path, sheets):
    returns = read_returns(write_book(tmp_path / "A.xlsx", sheets), FORM)
    return sorted(returns.tables["projects"]["title"].fillna("")), returns


@pytest.mark.parametrize("name", ["Tabelle2", "Weiteres"])
@pytest.mark.parametrize("rows", [LIST, OVERVIEW, EXPLAINED], ids=["list", "overview", "explanation"])
def test_what_only_looks_like_the_table_is_kept_and_said(tmp_path, name, rows):
    found, returns = titles(tmp_path, {name: rows, "Vorhaben": PROJECTS})
    assert found == ["Portal", "Register"]
    said = returns.findings[["code", "severity", "sheet"]].to_numpy().tolist()
    assert said == [["sheet-not-used", "warning", name]]
    kept = returns.leftovers[returns.leftovers["role"] == "unused"]
    assert sorted(kept["text"]) == sorted(str(value) for row in rows for value in row)


def test_an_example_beside_the_explanation_makes_no_record_of_it(tmp_path):
    examples = ["Bezeichnung", "P9", "Muster", "Idee", "01.01.2027", "5"]
    rows = [[*row, more] for row, more in zip([["Spalte", "Erklärung"], *EXPLAINED], examples, strict=True)]
    found, returns = titles(tmp_path, {"Vorhaben": PROJECTS, "Felder": rows})
    assert found == ["Portal", "Register"]
    assert codes(returns.findings) == [("sheet-not-used", "")]


def test_a_record_of_its_own_sheet_is_read(tmp_path):
    across = [["Nr.", "P3"], ["Titel", "Akte"], ["Status", "Idee"], ["Beginn", "1.1.2027"], ["Fallzahl", 4]]
    found, returns = titles(tmp_path, {"Vorhaben": PROJECTS, "Akte": across})
    assert found == ["Akte", "Portal", "Register"]
    assert "sheet-not-used" not in set(returns.findings["code"])


def test_a_record_with_one_unreadable_answer_is_read(tmp_path):
    across = [["Nr.", "P3"], ["Titel", "Akte"], ["Status", "wohl bald"], ["Fallzahl", 4]]
    found, returns = titles(tmp_path, {"Vorhaben": PROJECTS, "Akte": across})
    assert found == ["Akte", "Portal", "Register"]
    assert "not-a-choice" in set(returns.findings["code"])


@pytest.mark.parametrize("name", ["Vorhaben (2)", "Vorhaben 2026"])
def test_a_sheet_of_the_table_s_name_is_always_read(tmp_path, name):
    found, returns = titles(tmp_path, {"Vorhaben": PROJECTS, name: LIST})
    assert len(found) == 4
    assert "sheet-not-used" not in set(returns.findings["code"])


def test_more_projects_without_numbers_are_read(tmp_path):
    more = [["Titel", "Status", "Fallzahl"], ["Akte", "Idee", 3]]
    assert titles(tmp_path, {"Vorhaben": PROJECTS, "neue": more})[0] == ["Akte", "Portal", "Register"]


def test_alone_in_its_file_a_list_is_the_best_there_is(tmp_path):
    found, returns = titles(tmp_path, {"Tabelle2": LIST})
    assert len(found) == 2
    assert "column-missing" in set(returns.findings["code"])
