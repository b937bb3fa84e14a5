"""Tables as people draw them: headers in two rows, several tables on a sheet, lines that are no records."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from making import codes, known_places, make_form, sheet_of

from digistrat.intake.columns import read_region
from digistrat.intake.tables import find_regions
from digistrat.intake.workbooks import cell_address

FORM = make_form()
HEADER = ["Nr.", "Titel", "Status", "Fallzahl"]
ROWS = [["P1", "Portal", "vorhanden", 12], ["P2", "Register", "Idee", 7], ["P3", "Akte", "möglich", None]]
COSTS = [["Nr.", "Art", 2026, 2027], ["P1", "investiv", 100, 200], ["P2", "konsumtiv", 30, None]]


def regions_of(rows, name="Vorhaben", **options):
    sheet = sheet_of(rows, name, **options)
    regions = find_regions(sheet, FORM, "A.xlsx")
    places = [place for region in regions for place in known_places(region)]
    for cell in sheet.cells.values():
        assert cell_address(cell.row, cell.column) in places
    return regions


def read(rows, name="Vorhaben", **options):
    (region,) = regions_of(rows, name, **options)
    return read_region(region).columns, region


def tables_of(regions):
    return [(region.table.name, read_region(region).columns) for region in regions]


def roles(region, role):
    return [(kept.cell, kept.text) for kept in region.leftovers if kept.role == role]


# --- headers in two rows ------------------------------------------------------------------------------------


def test_years_under_a_merged_heading():
    rows = [["Nr.", "Art", "Kosten", None], [None, None, 2026, 2027], ["P1", "investiv", 100, 200]]
    columns, region = read(rows, "Kosten", merged=[(1, 1, 2, 1), (1, 2, 2, 2), (1, 3, 1, 4)])
    assert region.header == 2
    assert (columns["project_id"], columns["year"], columns["amount_eur"]) == (
        ["P1"] * 2,
        [2026, 2027],
        [100, 200],
    )
    assert columns["kind"] == ["investiv"] * 2
    assert region.findings == []
    assert region.address(region.header, 1) == "A1"
    assert roles(region, "title") == [("C1", "Kosten")]


def test_a_heading_and_the_header_under_it_name_the_column_together():
    rows = [
        ["Nr.", "Titel", "Auftragswert", None, "Beginn"],
        [None, None, "netto", "brutto", None],
        ["P1", "Portal", 1000, 1190, "01.04.2027"],
    ]
    merged = [(1, 1, 2, 1), (1, 2, 2, 2), (1, 3, 1, 4), (1, 5, 2, 5)]
    columns, region = read(rows, merged=merged)
    assert columns["value_eur"] == [1000]
    assert columns["start_date"] == [dt.date(2027, 4, 1)]
    assert codes(region.findings) == [("column-not-mapped", "D2")]
    assert region.header_text(3) == "Auftragswert netto"


def test_a_heading_over_a_header_may_make_another_column_of_it():
    form = make_form(
        tables=[
            {
                "name": "phases",
                "columns": [
                    {"name": "phase", "headers": ["Phase"]},
                    {"name": "start", "headers": ["Beginn"]},
                    {"name": "end", "headers": ["Ende"]},
                    {"name": "actual_start", "headers": ["Beginn tatsächlich"]},
                    {"name": "actual_end", "headers": ["Ende tatsächlich"]},
                ],
            }
        ]
    )
    rows = [
        ["Phase", "geplant", None, "tatsächlich", None],
        [None, "Beginn", "Ende", "Beginn", "Ende"],
        ["A", "1", "2", "3", "4"],
    ]
    for merged in ([(1, 1, 2, 1), (1, 2, 1, 3), (1, 4, 1, 5)], []):
        (region,) = find_regions(sheet_of(rows, "x", merged=merged), form, "A.xlsx")
        assert region.columns == {"phase": 1, "start": 2, "end": 3, "actual_start": 4, "actual_end": 5}
        assert region.findings == []


def test_a_unit_in_the_heading_is_seen_in_every_header_under_it():
    rows = [["Nr.", "Art", "Kosten in T€", None], [None, None, 2026, 2027], ["P1", "i", 1, 2]]
    columns, region = read(rows, "Kosten", merged=[(1, 1, 2, 1), (1, 2, 2, 2), (1, 3, 1, 4)])
    assert [region.header_text(number) for number in (3, 4)] == ["Kosten in T€ 2026", "Kosten in T€ 2027"]
    assert columns["amount_eur"] == [1000, 2000]
    assert set(codes(region.findings)) == {("unit-from-header", "C2"), ("unit-from-header", "D2")}
    # a row of units under the headers
    rows = [["Nr.", "Art", 2026, 2027], [None, None, "T€", "T€"], ["P1", "i", 1, 2]]
    _, region = read(rows, "Kosten")
    assert [region.header_text(number) for number in (3, 4)] == ["T€ 2026", "T€ 2027"]
    assert ("hint-row", "C2") in codes(region.findings)


def test_a_heading_over_the_whole_table_is_a_title():
    rows = [["Vorhaben des Amtes", None, None, None], HEADER, *ROWS]
    columns, region = read(rows, merged=[(1, 1, 1, 4)])
    assert columns["project_id"] == ["P1", "P2", "P3"]
    assert region.header_text(1) == "Nr."
    assert region.findings == []


def test_records_are_never_taken_for_the_second_row_of_the_headers():
    rows = [["Nr.", "Art", 2026, None], ["P1", "investiv", 2030, 2031], ["P2", "konsumtiv", 2028, 2029]]
    columns, region = read(rows, "Kosten")
    assert region.header == 1
    assert columns["amount_eur"] == [2030, 2028]


# --- several tables on a sheet ------------------------------------------------------------------------------


def test_another_table_further_down():
    rows = [["Erhebung"], HEADER, *ROWS, [], ["Kosten in Euro"], [], *COSTS]
    first, second = regions_of(rows, "Tabelle1")
    assert (first.table.name, first.header, second.table.name, second.header) == ("projects", 2, "costs", 9)
    assert read_region(first).columns["project_id"] == ["P1", "P2", "P3"]
    assert read_region(second).columns["amount_eur"] == [100, 30, 200]
    assert first.findings == []
    assert second.findings == []
    assert roles(second, "title") == [("A7", "Kosten in Euro")]


def test_a_note_under_the_first_table_is_its_own():
    rows = [HEADER, *ROWS, ["Ohne Eigenbetriebe, gez. Amtsleitung"], [], *COSTS]
    first, second = regions_of(rows)
    assert codes(first.findings) == [("text-outside-table", "A5")]
    assert second.findings == []


def test_the_same_table_again_with_its_columns_in_another_order():
    rows = [HEADER, *ROWS, [], ["Status", "Fallzahl", "Nr.", "Titel"], ["Idee", 5, "P4", "Netz"]]
    first, second = regions_of(rows)
    assert read_region(first).columns["project_id"] == ["P1", "P2", "P3"]
    assert read_region(second).columns["title"] == ["Netz"]


def test_tables_side_by_side():
    rows = [[*HEADER, None, *COSTS[0]], [*ROWS[0], None, *COSTS[1]], [*ROWS[1], None, *COSTS[2]], ROWS[2]]
    first, second = regions_of(rows, "Tabelle1")
    assert read_region(first).columns["title"] == ["Portal", "Register", "Akte"]
    assert read_region(second).columns["amount_eur"] == [100, 30, 200]
    assert [*first.findings, *second.findings] == []


def test_the_same_table_twice_side_by_side():
    rows = [[*HEADER, None, *HEADER], [*ROWS[0], None, *ROWS[1]]]
    found = regions_of(rows)
    assert [read_region(region).columns["project_id"] for region in found] == [["P1"], ["P2"]]


def test_an_empty_column_inside_a_table_does_not_cut_it():
    rows = [["Nr.", "Titel", None, "Status", "Fallzahl", "Bemerkung"], ["P1", "Portal", None, "Idee", 3, "a"]]
    columns, region = read(rows)
    assert (columns["status"], columns["remark"]) == (["possible"], ["a"])
    assert region.findings == []


def test_what_stands_above_a_table_may_be_its_cover():
    rows = [
        ["Erhebung 2026"],
        ["Dienststelle", "Amt 1"],
        ["Stichtag", dt.datetime(2026, 4, 30)],
        [],
        HEADER,
        *ROWS,
    ]
    cover, projects = regions_of(rows)
    assert (cover.table.name, cover.orientation) == ("cover", "columns")
    assert read_region(cover).columns["office"] == ["Amt 1"]
    assert cover.address(cover.records[0], cover.columns["office"]) == "B2"
    assert read_region(projects).columns["project_id"] == ["P1", "P2", "P3"]
    assert [*cover.findings, *projects.findings] == []


@pytest.mark.parametrize("name", ["Vorhaben (2)", "Vorhaben 2026", "VORHABEN", "2. Vorhaben"])
def test_sheets_named_almost_as_declared(name):
    columns, _ = read([["Nr.", "Titel"], ["P1", "Portal"]], name)
    assert columns["title"] == ["Portal"]


def test_a_sheet_is_read_as_what_it_holds_not_as_what_it_is_called():
    columns, region = read([HEADER, *ROWS], "Kosten")
    assert region.table.name == "projects"
    assert columns["project_id"] == ["P1", "P2", "P3"]


def test_names_of_members_among_answers_are_no_headers():
    rows = [
        ["Nr.", "Titel", "Status", "Schlagworte"],
        *(["P1", "A", "Idee", name] for name in ("C1 Nutzen", "C2 Dringlichkeit")),
    ]
    _, region = read(rows)
    assert (region.table.name, region.orientation) == ("projects", "rows")


def test_years_among_answers_are_no_headers():
    rows = [["Nr.", "Titel", "Status", "Beginn", "Schlagworte", "Bemerkung"]]
    rows += [[f"P{n}", "Portal", "Idee", f"0{n}/2027", "ab 2028", "Stand 2026"] for n in range(1, 6)]
    columns, region = read(rows, "Tabelle1")
    assert columns["project_id"] == [f"P{n}" for n in range(1, 6)]
    assert region.findings == []


# --- lines that are no records ------------------------------------------------------------------------------


def test_numbers_of_columns_and_hints_under_the_headers():
    rows = [
        HEADER,
        [1, 2, 3, 4],
        [None, "Freitext", "bitte auswählen", "Zahl"],
        *ROWS,
    ]
    columns, region = read(rows)
    assert columns["project_id"] == ["P1", "P2", "P3"]
    assert codes(region.findings) == [("hint-row", "A2"), ("hint-row", "B3")]
    assert roles(region, "hint")[:4] == [("A2", "1"), ("B2", "2"), ("C2", "3"), ("D2", "4")]


def test_what_may_be_chosen_under_the_headers():
    rows = [
        ["Nr.", "Titel", "Status"],
        [None, "max. 80 Zeichen", "vorhanden / möglich"],
        ["P1", "Portal", "Idee"],
    ]
    columns, region = read(rows)
    assert columns["project_id"] == ["P1"]
    assert codes(region.findings) == [("hint-row", "B2")]


@pytest.mark.parametrize(
    "row", [["P0", "Text", "Idee", 1], [1, "Portal", "Idee", 4], ["P0", "-", "Idee", "12 T€"]]
)
def test_records_that_look_a_little_like_hints(row):
    columns, _ = read([HEADER, row, *ROWS])
    assert len(columns["project_id"]) == 4


@pytest.mark.parametrize("mark", ["Beispiel", "Beispiel 1", "Bsp.", "Beispiel:", "z. B."])
def test_examples_are_no_records(mark):
    columns, region = read([HEADER, [mark, "Onlineantrag", "Idee", 5], *ROWS])
    assert columns["project_id"] == ["P1", "P2", "P3"]
    assert codes(region.findings) == [("example-row", "A2")]
    assert len(roles(region, "example")) == 4


@pytest.mark.parametrize(
    "title", ["z. B. Onlineantrag", "(z.B. Onlineantrag)", "e.g. a portal", "Beispiel: Portal"]
)
@pytest.mark.parametrize("order", [(0, 1, 2, 3), (2, 3, 0, 1)])
def test_a_title_that_begins_with_for_example_is_none(title, order):
    for key in (None, 1):
        rows = [HEADER, [key, title, "Idee", 5], *ROWS]
        columns, region = read([[row[number] for number in order] for row in rows])
        assert columns["project_id"] == ["P1", "P2", "P3"]
        assert [finding.code for finding in region.findings] == ["example-row"]


def test_further_down_a_title_with_a_key_is_one_whatever_it_begins_with():
    columns, _ = read([HEADER, *ROWS, ["P4", "z. B. Onlineantrag", "Idee", 5]])
    assert columns["project_id"] == ["P1", "P2", "P3", "P4"]


@pytest.mark.parametrize("title", ["Beispielsammlung", "Musterbau", "Beispiel", "Muster für Anträge"])
def test_titles_that_begin_like_an_example_are_records(title):
    columns, _ = read([HEADER, ["P0", title, "Idee", 5], *ROWS])
    assert columns["title"][0] == title


@pytest.mark.parametrize(
    ("heading", "merged"),
    [
        ("Handlungsfeld 1: Bildung", []),
        ("Bürgernahe Verwaltung", [(3, 1, 3, 4)]),
        ("Laufende Vorhaben:", []),
    ],
)
def test_headings_of_groups_of_records(heading, merged):
    columns, region = read([HEADER, ROWS[0], [heading], *ROWS[1:]], merged=merged)
    assert columns["project_id"] == ["P1", "P2", "P3"]
    assert codes(region.findings) == [("group-row", "A3")]
    assert roles(region, "group") == [("A3", heading)]


@pytest.mark.parametrize("sign", ["Σ", "∑", "Σ 2026", "Σ:"])
def test_the_sign_of_a_sum_is_a_total(sign):
    columns, region = read([HEADER, *ROWS, [sign, None, None, 19]])
    assert columns["n_cases"] == [12, 7, None]
    assert codes(region.findings) == [("total-row", "A5")]


def test_a_total_in_the_middle_and_headers_on_every_page():
    rows = [HEADER, ROWS[0], ["Zwischensumme", None, None, 12], HEADER, [1, 2, 3, 4], *ROWS[1:]]
    columns, region = read(rows)
    assert columns["project_id"][0] == "P1"
    assert columns["project_id"][-2:] == ["P2", "P3"]
    assert ("total-row", "A3") in codes(region.findings)
    assert len(roles(region, "heading")) == 4


def test_a_value_merged_over_several_records_counts_for_each():
    rows = [["Federführung", *HEADER], ["Amt 1", *ROWS[0]], [None, *ROWS[1]], [None, *ROWS[2]]]
    columns, region = read(rows, merged=[(2, 1, 4, 1)])
    assert columns["office"] == ["Amt 1"] * 3
    assert codes(region.findings) == [("merged-value", "A2")]
    assert {region.address(*place) for place in region.shared} == {"A2"}
    assert sorted(region.shared) == [(3, 1), (4, 1)]


def test_a_number_merged_over_several_records_counts_once():
    rows = [HEADER, ["P1", "Portal", "Idee", 12], ["P2", "Akte", "Idee", None], ROWS[2]]
    columns, region = read(rows, merged=[(2, 4, 3, 4)])
    assert columns["n_cases"] == [12, None, None]
    (finding,) = region.findings
    assert (finding.code, finding.severity, finding.cell) == ("merged-amount", "warning", "D2")
    rows = [["Nr.", "Art", 2026], ["P1", "i", 700], ["P2", "i", None]]
    columns, region = read(rows, "Kosten", merged=[(2, 3, 3, 3)])
    assert (columns["project_id"], columns["amount_eur"]) == (["P1"], [700])
    assert set(codes(region.findings)) == {("merged-amount", "C2"), ("record-without-answer", "A3")}


def test_points_merged_over_several_records_count_for_each():
    rows = [["Nr.", "C1 Nutzen"], ["P1", 5], ["P2", None]]
    columns, region = read(rows, "Wirkung", merged=[(2, 2, 3, 2)])
    assert columns["points"] == [5, 5]
    assert ("merged-value", "B2") in codes(region.findings)


def test_a_value_above_empty_cells_that_are_not_merged_counts_once():
    rows = [["Federführung", *HEADER], ["Amt 1", *ROWS[0]], [None, *ROWS[1]]]
    columns, _ = read(rows)
    assert columns["office"] == ["Amt 1", None]


def test_a_value_merged_across_columns_is_said():
    columns, region = read([HEADER, ["P1", "Portal", "entfällt", None], *ROWS[1:]], merged=[(2, 3, 2, 4)])
    assert columns["n_cases"] == [None, 7, None]
    assert ("merged-across", "C2") in codes(region.findings)


def test_titles_are_few_and_short():
    rows = [["Erhebung"], ["Stand: April"], ["Amt 1"], ["Wir bitten um Rückruf."], [], HEADER, *ROWS]
    _, region = read(rows)
    assert codes(region.findings) == [("text-outside-table", "A4")]
    _, region = read([["Dieses Amt hat seine Vorhaben noch nicht abgestimmt. " * 4], [], HEADER, *ROWS])
    assert codes(region.findings) == [("text-outside-table", "A1")]


@pytest.mark.parametrize("text", ["Alle Beträge in T€", "Angaben in Tsd. Euro"])
def test_a_unit_outside_the_table_is_a_warning(text):
    for rows in ([[text], [], HEADER, *ROWS], [HEADER, *ROWS, [], [text]]):
        _, region = read(rows)
        (finding,) = region.findings
        assert (finding.code, finding.severity, finding.value) == ("unit-outside-table", "warning", text)


def test_a_column_of_unknown_name_that_holds_nothing_is_told():
    _, region = read([[*HEADER, "Sichtvermerk"], *ROWS])
    assert codes(region.findings) == [("column-empty", "E1")]
    assert roles(region, "title") == [("E1", "Sichtvermerk")]


# --- whatever people do around it ---------------------------------------------------------------------------

TABLE = [
    [*HEADER, "Beginn", "Auftragswert netto"],
    *(
        [f"P{n}", f"Vorhaben {n}", "Idee" if n % 2 else "vorhanden", n * 10, f"0{n}.04.2027", f"{n}.500,00 €"]
        for n in range(1, 6)
    ),
]


@settings(max_examples=40, deadline=None)
@given(
    order=st.permutations(range(6)),
    blank_rows=st.lists(st.integers(1, 6), max_size=3),
    blank_columns=st.lists(st.integers(0, 6), max_size=2),
    titles=st.lists(st.sampled_from([[], ["Erhebung"], ["Stand", "April"]]), max_size=3),
    turned=st.booleans(),
)
def test_the_records_are_the_same_wherever_their_cells_stand(
    order, blank_rows, blank_columns, titles, turned
):
    (expected,) = find_regions(sheet_of(TABLE, "x"), FORM, "A.xlsx")
    moved = [[row[number] for number in order] for row in TABLE]
    for place in sorted(blank_columns, reverse=True):
        for row in moved:
            row.insert(place, None)
    for place in sorted(blank_rows, reverse=True):
        moved.insert(place, [])
    if turned:
        width = max(map(len, moved))
        moved = [
            list(column) for column in zip(*(row + [None] * (width - len(row)) for row in moved), strict=True)
        ]
        titles = [row[:1] for row in titles]
    regions = regions_of([*titles, *moved], "x")
    assert [region.table.name for region in regions] == ["projects"]
    assert read_region(regions[0]).columns == read_region(expected).columns
    assert regions[0].findings == []


@settings(max_examples=40, deadline=None)
@given(
    parts=st.lists(st.sampled_from(["projects", "costs", "ratings"]), min_size=1, max_size=3, unique=True),
    gap=st.integers(1, 3),
    beside=st.booleans(),
)
def test_tables_on_one_sheet_are_read_like_tables_on_sheets_of_their_own(parts, gap, beside):
    blocks = {
        "projects": TABLE,
        "costs": COSTS,
        "ratings": [["Nr.", "C1 Nutzen", "C2 Dringlichkeit"], ["P1", 8, 3], ["P2", None, 5]],
    }
    alone = [tables_of(regions_of(blocks[part], "x"))[0] for part in parts]
    rows: list[list[object]] = []
    for part in parts:
        block = blocks[part]
        if not beside:
            rows += [*block, *[[]] * gap]
            continue
        width = max(map(len, rows), default=0)
        height = max(len(rows), len(block))
        left = [list(rows[n]) if n < len(rows) else [] for n in range(height)]
        pad = width + (1 if width else 0)
        rows = [
            row + [None] * (pad - len(row)) + (block[n] if n < len(block) else [])
            for n, row in enumerate(left)
        ]
    assert tables_of(regions_of(rows, "x")) == alone
