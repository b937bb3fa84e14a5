"""Headers that stand again further down: on a new page, of another table, with headings above or without."""

from __future__ import annotations

import pytest
from making import codes, known_places, make_form, sheet_of

from digistrat.intake.columns import read_region
from digistrat.intake.tables import find_regions
from digistrat.intake.workbooks import cell_address

FORM = make_form()
HEADER = ["Nr.", "Titel", "Status", "Fallzahl"]
ROWS = [["P1", "Portal", "vorhanden", 12], ["P2", "Register", "Idee", 7], ["P3", "Akte", "möglich", None]]
COSTS = ["Nr.", "Art", 2026, 2027]


def regions_of(rows, name="Vorhaben", **options):
    sheet = sheet_of(rows, name, **options)
    regions = find_regions(sheet, FORM, "A.xlsx")
    places = [place for region in regions for place in known_places(region)]
    for cell in sheet.cells.values():
        assert cell_address(cell.row, cell.column) in places
    return regions


def tables_of(regions):
    return [(region.table.name, read_region(region).columns) for region in regions]


def test_other_years_under_repeated_headers_are_a_table_of_their_own():
    for kind in (["Art"], []):  # with and without enough known headers for any sheet
        n = len(kind)
        rows = [
            ["Nr.", *kind, 2026, 2027],
            ["P1", *["i"] * n, 1, 2],
            ["Nr.", *kind, 2027, 2028],
            ["P2", *["i"] * n, 7, None],
        ]
        one, two = (columns for _, columns in tables_of(regions_of(rows, "Kosten")))
        assert (one["project_id"], one["year"], one["amount_eur"]) == (["P1"] * 2, [2026, 2027], [1, 2])
        assert (two["project_id"], two["year"], two["amount_eur"]) == (["P2"], [2027], [7])


@pytest.mark.parametrize(
    ("first", "second", "column"),
    [
        (["Beginn", "Fallzahl"], ["Fallzahl", "Beginn"], "n_cases"),
        (["Auftragswert netto"], ["Auftragswert netto (T€)"], "value_eur"),
        (["Auftragswert netto (€)"], ["Auftragswert netto (%)"], "value_eur"),
        (["Auftragswert netto"], ["Auftragswert brutto"], "value_eur"),
        (["Beginn"], ["Bemerkung"], "start_date"),
        (["Fallzahl"], ["Personal"], "n_cases"),
    ],
)
def test_headers_that_differ_do_not_count_as_repeated(first, second, column):
    rows = [
        [*HEADER[:3], *first],
        ["P1", "Portal", "Idee", *["1.4.2027"] * len(first)],
        [*HEADER[:3], *second],
        ["P2", "Akte", "Idee", *["3"] * len(second)],
    ]
    one, two = regions_of(rows)
    assert (one.header, one.records, two.header, two.records) == (1, [2], 3, [4])
    where = one.columns[column]
    assert two.columns.get(column) != where or two.header_text(where) == second[0]


def test_headers_that_are_repeated_begin_no_table():
    for again in (["NR", "Titel:", "Status", "Fallzahl"], ["Nr.", "Titel"], HEADER):
        region = regions_of([HEADER, ROWS[0], again, ROWS[1]])
        assert [r.records for r in region] == [[2, 4]]
        assert region[0].findings == []


def test_a_line_of_headers_that_is_read_as_none_is_said():
    rows = [HEADER, ROWS[0], ["Nr.", "Titel", "Ort"], ROWS[1]]
    (region,) = regions_of(rows)
    assert region.records == [2, 4]
    assert ("header-differs", "A3") in codes(region.findings)


# --- headings over groups of columns ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "record",
    [
        ["P1", None, "85 T€", None],  # a unit of its own is no heading's
        ["P1", None, None, 3],
        [None, "investiv", "ca. 20", None],
        ["P1", None, "1,5 Mio. €", None],
    ],
)
@pytest.mark.parametrize("gap", [0, 1])
@pytest.mark.parametrize("group", ["Haushaltsjahre (brutto)", "Mittelbedarf", "Kosten in T€"])
def test_a_record_above_repeated_headers_is_no_heading_of_theirs(record, gap, group):
    top = [None, None, group, None]
    rows = [top, COSTS, ["P0", "investiv", 1, 2], record, *[[]] * gap, COSTS, ["P2", "konsumtiv", 7, 8]]
    (region,) = regions_of(rows, "Kosten", merged=[(1, 3, 1, 4)])
    assert (region.header, region.records) == (2, [3, 4, 6 + gap])
    assert "row-above-header" not in {finding.code for finding in region.findings}
    assert region.header_text(3) == (f"{group} 2026" if "€" in group else "2026")


def test_headings_stand_again_with_their_headers():
    top = ["Vorhaben", None, "Zahlen", None]
    other = ["Vorhaben (Forts.)", None, "Zahlen (Forts.)", None]
    for again in (top, other):
        rows = [top, HEADER, ROWS[0], again, HEADER, *ROWS[1:]]
        merged = [(1, 1, 1, 2), (1, 3, 1, 4), (4, 1, 4, 2), (4, 3, 4, 4)]
        (region,) = regions_of(rows, merged=merged)
        assert (region.records, region.findings) == ([3, 6, 7], [])
        kept = [(k.cell, k.role) for k in region.leftovers if k.cell in ("A4", "C4")]
        assert kept == [("A4", "heading"), ("C4", "heading")]


def test_a_heading_that_is_not_merged_stands_again_as_well():
    rows = [["Vorhaben"], HEADER, ROWS[0], ["Vorhaben"], HEADER, *ROWS[1:]]
    (region,) = regions_of(rows)
    assert (region.records, region.findings) == ([3, 6, 7], [])


def test_a_unit_over_the_years_counts_below_headers_that_stand_again_without_it():
    rows = [[None, None, "Kosten in T€", None], COSTS, ["P1", "i", 1, 2], COSTS, ["P2", "i", 7, None]]
    (region,) = regions_of(rows, "Kosten", merged=[(1, 3, 1, 4)])
    assert read_region(region).columns["amount_eur"] == [1000, 7000, 2000]


def test_another_unit_over_the_years_begins_another_table():
    rows = [[None, None, "in T€", None], COSTS, ["P1", "i", 1, 2]]
    rows += [[None, None, "in Mio. €", None], COSTS, ["P2", "i", 7, None]]
    for gap in (0, 1):
        gapped = [*rows[:3], *[[]] * gap, *rows[3:]]
        one, two = regions_of(gapped, "Kosten", merged=[(1, 3, 1, 4), (4 + gap, 3, 4 + gap, 4)])
        assert read_region(one).columns["amount_eur"] == [1000, 2000]
        assert read_region(two).columns["amount_eur"] == [7e6]
