"""Another table below the form's: its headers and lines are no records, and what is not read is said."""

from __future__ import annotations

import pytest
from making import codes, known_places, make_form, sheet_of

from digistrat.intake.columns import read_region
from digistrat.intake.tables import find_regions
from digistrat.intake.workbooks import cell_address

FORM = make_form()
HEADER = ["Nr.", "Titel", "Status", "Bemerkung"]
ROWS = [["P1", "Portal", "vorhanden", None], ["P2", "Register", "Idee", "neu"]]
OTHER = [
    ["Produkt", "Bezeichnung des Herstellers", "Titel"],
    ["Text", "Nord", "Suche"],
    ["Bild", "Süd", "Plan"],
]


def read(rows):
    sheet = sheet_of(rows)
    (region,) = find_regions(sheet, FORM, "A.xlsx")
    places = known_places(region)
    assert all(cell_address(cell.row, cell.column) in places for cell in sheet.cells.values())
    return read_region(region).columns["title"], region


@pytest.mark.parametrize("gap", [1, 3])
@pytest.mark.parametrize("title", [[], [["Schon im Einsatz"]]])
def test_a_table_below_is_kept_and_said_once(gap, title):
    rows = [HEADER, *ROWS, *([[]] * gap), *title, *OTHER]
    found, region = read(rows)
    assert found == ["Portal", "Register"]
    (finding,) = region.findings
    start = f"A{4 + gap}"
    assert (finding.code, finding.severity, finding.cell) == ("lower-table-not-read", "warning", start)
    assert str(9 + len(title)) in finding.message
    kept = [kept.cell for kept in region.leftovers if kept.role == "unused"]
    assert (kept[0], len(kept)) == (start, 9 + len(title))


def test_headers_of_members_count_too():
    rows = [["Nr.", "C1 Nutzen", "C2 Dringlichkeit"], ["P1", 3, 7], [], ["Skala", "C2 Dringlichkeit"]]
    sheet = sheet_of([*rows, ["hoch", "sofort"], ["gering", "später"]], "Wirkung")
    (region,) = find_regions(sheet, FORM, "A.xlsx")
    assert read_region(region).columns["points"] == [3, 7]
    assert codes(region.findings) == [("lower-table-not-read", "A4")]


@pytest.mark.parametrize(
    "lines",
    [
        [["P3", "Akte", "Idee", None]],
        [[None, "Akte", None, "neu"]],  # without a key, and said
        [["P3", "Titel", "Idee", None]],
        [[None, "Titel", None, "neu"]],  # under its own header
        [HEADER, ["P3", "Akte", "Idee", None]],
    ],
)
def test_records_behind_a_gap_are_records(lines):
    found, region = read([HEADER, *ROWS, [], *lines])
    assert len(found) == 3
    assert "lower-table-not-read" not in {finding.code for finding in region.findings}


def test_what_goes_on_with_records_is_no_other_table():
    rows = [HEADER, *ROWS, [], ["Status", "Nr."], ["P3", "Akte", "Idee"], ["P4", "Amt", "Idee"]]
    found, _ = read(rows)
    assert found[-2:] == ["Akte", "Amt"]


def test_without_a_gap_a_line_is_a_record():
    found, _ = read([HEADER, *ROWS, OTHER[0]])
    assert len(found) == 3
