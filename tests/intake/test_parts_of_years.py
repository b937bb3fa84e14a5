"""Costs whose headers take two lines: years over their parts, and parts over years."""

from __future__ import annotations

import pytest
from making import codes, known_places, make_form, sheet_of

from digistrat.intake.columns import read_region
from digistrat.intake.tables import find_regions
from digistrat.intake.workbooks import cell_address

FORM = make_form()
RECORDS = [["P1", "investiv", 1, 2, 3, 4], ["P2", "konsumtiv", 5, 6, 7, 8]]
YEARS = ["Nr.", "Art", 2026, None, 2027, None]
DOWN, ACROSS = [(1, 1, 2, 1), (1, 2, 2, 2)], [(1, 3, 1, 4), (1, 5, 1, 6)]


def read(rows, **options):
    sheet = sheet_of(rows, "Kosten", **options)
    (region,) = find_regions(sheet, FORM, "A.xlsx")
    assert {cell_address(cell.row, cell.column) for cell in sheet.cells.values()} <= known_places(region)
    return read_region(region), region


@pytest.mark.parametrize("merged", [[], ACROSS, [*DOWN, *ACROSS]])
@pytest.mark.parametrize(
    ("own", "other"), [("Plan", "Ist"), ("Ansatz", "Ergebnis"), ("geplant", "tatsächlich")]
)
def test_of_a_year_what_is_planned_is_read_and_what_came_of_it_is_said(own, other, merged):
    chunk, region = read([YEARS, [None, None, own, other, own, other], *RECORDS], merged=merged)
    assert region.records == [3, 4]
    assert chunk.columns["year"] == [2026, 2026, 2027, 2027]
    assert chunk.columns["amount_eur"] == [1, 5, 3, 7]
    assert [layout.fixed["year"] for layout in chunk.layouts] == [
        ("Kosten", 1, 3, 2026),
        ("Kosten", 1, 5, 2027),
    ]
    assert [(f.code, f.severity, f.cell, f.value) for f in region.findings] == [
        ("column-not-mapped", "warning", "D2", f"2026 {other}"),
        ("column-not-mapped", "warning", "F2", f"2027 {other}"),
    ]


@pytest.mark.parametrize("merged", [[], ACROSS, [*DOWN, *ACROSS]])
def test_a_year_of_which_no_part_is_the_whole_is_not_read(merged):
    rows = [YEARS, [None, None, "investiv", "konsumtiv", "investiv", "konsumtiv"], *RECORDS]
    chunk, region = read(rows, merged=merged)
    assert chunk.columns["amount_eur"] == []
    said = [(f.cell, f.value) for f in region.findings if f.code == "column-not-mapped"]
    parts = ["2026 investiv", "2026 konsumtiv", "2027 investiv", "2027 konsumtiv"]
    assert said == list(zip(["C2", "D2", "E2", "F2"], parts, strict=True))
    assert ("members-missing", "") in codes(region.findings)


def test_the_same_year_under_two_headings_is_read_once_and_said():
    top = ["Nr.", "Art", "Bau", None, "Technik", None]
    chunk, region = read([top, [None, None, 2026, 2027, 2026, 2027], *RECORDS], merged=[*DOWN, *ACROSS])
    assert chunk.columns["amount_eur"] == [1, 5, 2, 6]
    assert [(f.code, f.cell, f.value) for f in region.findings] == [
        ("column-twice", "E2", "Technik 2026"),
        ("column-twice", "F2", "Technik 2027"),
    ]


def test_words_of_a_first_record_are_no_parts_of_a_year():
    rows = [YEARS, ["P1", "investiv", "entfällt", "offen", 3, None], RECORDS[1]]
    chunk, region = read(rows)
    assert (region.header, region.records) == (1, [2, 3])
    assert chunk.columns["amount_eur"] == [None, 5, 3, 7]


@pytest.mark.parametrize(
    "title", ["Kosten 2026", "Haushaltsplan 2026", 2026, "Stand 30.04.2026", "Plan 2026"]
)
@pytest.mark.parametrize("gap", [0, 1])
def test_a_title_with_a_year_above_headers_below_each_other_is_no_year_of_costs(title, gap):
    rows = [
        [title],
        *[[]] * gap,
        ["Nr.", "P1", "P2"],
        ["Art", "i", "k"],
        ["2026", 100, 200],
        [2027, 30, None],
    ]
    chunk, region = read(rows)
    assert region.orientation == "columns"
    assert chunk.columns["amount_eur"] == [100, 200, 30]
    assert region.findings == []
    assert ("title", "A1") in {(kept.role, kept.cell) for kept in region.leftovers}
