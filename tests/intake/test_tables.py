from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from making import F, codes, known_places, make_form, sheet_of

from digistrat.intake.columns import read_region
from digistrat.intake.tables import find_regions
from digistrat.intake.tables.guesses import close_targets
from digistrat.intake.workbooks import cell_address

FORM = make_form()
HEADER = ["Nr.", "Titel", "Status", "Fallzahl"]
ROWS = [["P1", "Portal", "vorhanden", 12], ["P2", "Register", "Idee", 7], ["P3", "Akte", "möglich", None]]


def read(rows, name="Vorhaben", **options):
    """The columns of the table on a sheet, and its region."""
    (region,) = find_regions(sheet_of(rows, name, **options), FORM, "A.xlsx")
    return read_region(region).columns, region


def leftovers(region):
    return [(kept.role, kept.cell, kept.text) for kept in region.leftovers]


def test_header_stands_under_titles_and_group_headings():
    rows = [
        ["Erhebung 2026"],
        ["Stand: 30.04.2026"],
        [],
        ["Vorhaben", None, "Zahlen"],
        HEADER,
        *ROWS,
    ]
    columns, region = read(rows, merged=[(4, 1, 4, 2), (4, 3, 4, 4)])
    assert region.header == 5
    assert columns["title"] == ["Portal", "Register", "Akte"]
    assert columns["n_cases"] == [12, 7, None]
    assert leftovers(region) == [
        ("title", "A1", "Erhebung 2026"),
        ("title", "A2", "Stand: 30.04.2026"),
        ("title", "A4", "Vorhaben"),
        ("title", "C4", "Zahlen"),
    ]
    assert region.findings == []


def test_columns_may_be_reordered_renamed_added_and_misspelt():
    rows = [
        ["Bemerkungen intern", "Fallzahl (geschätzt)", "BEZEICHNUNG", "Statsu", "Kennung"],
        ["eilt", 12, "Portal", "vorhanden", "P1"],
        [None, 7, "Register", "Idee", "P2"],
    ]
    columns, region = read(rows)
    assert columns["project_id"] == ["P1", "P2"]
    assert columns["title"] == ["Portal", "Register"]
    assert columns["status"] == ["existing", "possible"]
    assert columns["n_cases"] == [12, 7]
    assert codes(region.findings) == [("column-not-mapped", "A1"), ("header-guessed", "D1")]
    assert leftovers(region) == [("extra", "A2", "eilt")]
    assert region.leftovers[0].header == "Bemerkungen intern"


@pytest.mark.parametrize("written", ["Titel\n(kurz)", "  titel ", "Ti\u00adtel", "TITEL*"])
def test_case_blanks_hints_and_soft_hyphens_do_not_count(written):
    columns, region = read([["Nr.", written, "Status"], ["P1", "Portal", "Idee"]])
    assert columns["title"] == ["Portal"]
    assert region.findings == []


def test_umlauts_may_be_spelt_out():
    columns, _ = read([["Nr.", "Titel", "oeffentlich", "Federfuehrung"], ["P1", "Portal", "ja", "Amt 1"]])
    assert (columns["is_public"], columns["office"]) == ([True], ["Amt 1"])


@pytest.mark.parametrize(
    ("header", "meant"),
    [
        ("Auftragswert brutto", None),  # reaches 86 of 100: gross is not net
        ("Auftragswert nettto", "value_eur"),
        ("Auftrags wert netto", "value_eur"),
        ("Fallzhal", "n_cases"),
        ("Falldaten", None),
        ("Titel 2", None),
    ],
)
def test_a_close_spelling_is_guessed_but_no_other_word(header, meant):
    vocabulary = FORM.table("projects").vocabulary
    assert close_targets({4: header}, vocabulary) == ({4: ("column", meant)} if meant else {})


def test_two_columns_are_never_guessed_onto_one():
    rows = [["Nr.", "Titel", "Statuss", "Sttatus"], ["P1", "Portal", "Idee", "vorhanden"]]
    columns, region = read(rows)
    assert columns["status"] == ["possible"]
    assert codes(region.findings) == [("column-not-mapped", "D1"), ("header-guessed", "C1")]
    assert leftovers(region) == [("extra", "D2", "vorhanden")]


def test_a_header_that_stands_twice_is_read_once_and_the_second_kept():
    columns, region = read(
        [["Nr.", "Titel", "Status", "Bezeichnung"], ["P1", "Portal", "Idee", "Stadtportal"]]
    )
    assert columns["title"] == ["Portal"]
    assert codes(region.findings) == [("column-twice", "D1")]
    assert "B1" in region.findings[0].message
    assert leftovers(region) == [("extra", "D2", "Stadtportal")]


def test_of_two_headers_for_one_column_the_one_with_answers_is_read():
    columns, region = read([["Nr.", "Titel", "Status", "Bezeichnung"], ["P1", None, "Idee", "Stadtportal"]])
    assert columns["title"] == ["Stadtportal"]
    assert codes(region.findings) == [("column-twice", "B1")]
    assert "D1" in region.findings[0].message


@pytest.mark.parametrize("header", ["Auftragswert netto in 1.000 €", "Auftragswert netto (in 1000 EUR)"])
def test_thousands_written_in_digits_are_a_unit(header):
    columns, region = read([["Nr.", "Titel", "Status", header], ["P1", "Portal", "Idee", 12.5]])
    assert columns["value_eur"] == [12_500]
    assert codes(region.findings) == [("unit-from-header", "D1")]


def test_blank_rows_repeated_headers_totals_and_notes_are_no_records():
    rows = [
        HEADER,
        ROWS[0],
        [],
        HEADER,
        ROWS[1],
        ["Summe", None, None, 19],
        ["Ohne die Vorhaben der Eigenbetriebe."],
        [None, None, None, None, None, "gez. Amtsleitung"],
    ]
    columns, region = read(rows)
    assert region.records == [2, 5]
    assert columns["project_id"] == ["P1", "P2"]
    assert codes(region.findings) == [
        ("text-outside-table", "A7"),
        ("text-outside-table", "F8"),
        ("total-row", "A6"),
    ]
    assert [f.value for f in region.findings if f.cell == "F8"] == ["gez. Amtsleitung"]
    assert leftovers(region) == [
        *[("heading", f"{letter}4", text) for letter, text in zip("ABCD", HEADER, strict=True)],
        ("total", "A6", "Summe"),
        ("total", "D6", "19"),
        ("note", "A7", "Ohne die Vorhaben der Eigenbetriebe."),
        ("note", "F8", "gez. Amtsleitung"),
    ]


@pytest.mark.parametrize("title", ["Summer School", "Gesamtstrategie", "Totalrevision", "Sumpfkataster"])
def test_a_title_that_begins_like_a_total_is_a_record(title):
    columns, region = read([["Titel", "Fallzahl", "Auftragswert netto"], [title, 4, 1000]])
    assert columns["title"] == [title]
    assert not any(f.code == "total-row" for f in region.findings)


def test_a_record_with_a_title_only_is_a_record():
    columns, region = read([HEADER, ROWS[0], [None, "Akte"], ROWS[1]])
    assert columns["title"] == ["Portal", "Akte", "Register"]
    assert codes(region.findings) == [("missing-key", "A3")]
    columns, _ = read([["Nr.", "Titel", "Status"], ["P1"]])
    assert columns["project_id"] == ["P1"]


def test_a_key_alone_at_the_end_is_a_record_without_answers():
    columns, region = read([["Nr.", "C1 Nutzen"], ["P1", 8], ["P2"], ["Stand: April"], ["P3"]], "Wirkung")
    assert columns["project_id"] == ["P1", "P2", "P3"]
    assert columns["points"] == [8, None, None]
    assert codes(region.findings) == [("column-missing", ""), ("text-outside-table", "A4")]


def test_a_header_in_the_middle_that_is_spelled_otherwise_begins_a_table_of_the_same():
    rows = [
        ["Nr.", "Titel", "Status", "Fallz.", "Beginn", "Bemerkung"],
        ["P1", "Portal", "Idee", None, 2027, "a"],
    ]
    again = ["Nr.", "Titel", "Status", "Fallzahl", "Beginn", "Bemerkung"]
    regions = find_regions(sheet_of([*rows, again, ["P2", "Register", "Idee", 3, 2028, "b"]]), FORM, "A.xlsx")
    assert [(region.header, region.records) for region in regions] == [(1, [2]), (3, [4])]
    assert regions[0].columns == regions[1].columns


def test_records_may_stand_in_columns():
    columns, region = read(list(map(list, zip(HEADER, *ROWS, strict=True))))
    assert region.orientation == "columns"
    assert columns["title"] == ["Portal", "Register", "Akte"]
    assert columns["n_cases"] == [12, 7, None]
    assert region.address(region.records[1], region.columns["title"]) == "C2"
    assert region.findings == []


def test_a_cover_may_stand_in_a_row():
    columns, region = read(
        [["Dienststelle", "Stichtag", "Ansprechstelle"], ["Amt 1", dt.date(2026, 4, 30), "IT"]], "x"
    )
    assert (region.table.name, region.orientation) == ("cover", "rows")
    assert columns["office"] == ["Amt 1"]


def test_a_cover_with_one_answer_only_is_read():
    columns, region = read(
        [["Erhebung"], ["Dienststelle", "Amt 1"], ["Stichtag"], ["Ansprechstelle"]], "Deckblatt"
    )
    assert (columns["office"], columns["day"]) == (["Amt 1"], [None])
    assert region.findings == []


def test_an_unknown_sheet_with_three_known_headers_is_read_and_one_with_two_is_not():
    assert read([HEADER[:3], ROWS[0][:3]], "Tabelle1")[1].table.name == "projects"
    assert find_regions(sheet_of([["Nr.", "Titel"], ["P1", "Portal"]], "Tabelle1"), FORM, "A.xlsx") == []


def test_a_table_with_two_columns_is_known_by_both():
    columns = [{"name": "a", "headers": ["Nr.", "Kennung"]}, {"name": "b", "headers": ["Schlüssel", "LeiKa"]}]
    form = make_form(tables=[{"name": "links", "columns": columns}])
    region = find_regions(sheet_of([["Kennung", "LeiKa"], ["P1", "99"]], "Tabelle1"), form, "A.xlsx")[0]
    assert region is not None
    assert read_region(region).columns == {"a": ["P1"], "b": ["99"]}


@pytest.mark.parametrize("rows", [[], [["nur eine Zelle"]], [[None, "", "  "]], [["a"] * 3, ["b"] * 3]])
def test_sheets_without_a_table_give_none(rows):
    assert find_regions(sheet_of(rows, "Tabelle1"), FORM, "A.xlsx") == []


def test_a_header_alone_gives_no_record_and_no_finding():
    columns, region = read([["Titel der Liste"], HEADER])
    assert columns["project_id"] == []
    assert region.findings == []


def test_a_missing_required_column_is_said_once():
    columns, region = read([["Nr.", "Status", "Fallzahl"], ["P1", "Idee", 1], ["P2", "Idee", 2]])
    assert columns["title"] == [None, None]
    assert codes(region.findings) == [("column-missing", "")]
    assert "Titel" in region.findings[0].message


def test_a_thousand_columns():
    more = [f"Spalte {n}" for n in range(996)]
    columns, region = read([[*HEADER, *more], [*ROWS[0], *range(996)]])
    assert columns["n_cases"] == [12]
    assert len(region.leftovers) == 996
    assert {f.code for f in region.findings} == {"column-not-mapped"}
    assert region.findings[-1].cell == "ALL1"  # column 1000


@pytest.mark.parametrize(
    "years", [[2026, 2027], [2026.0, 2027.0], ["2026", "Ansatz 2027"], ["in 2026 (€)", "2027*"]]
)
def test_years_as_headers_become_rows(years):
    columns, region = read(
        [["Nr.", "Art", *years], ["P1", "investiv", 100, 200], ["P2", "investiv", None, 50]], "Kosten"
    )
    assert columns["project_id"] == ["P1", "P1", "P2"]
    assert columns["year"] == [2026, 2027, 2027]
    assert columns["amount_eur"] == [100, 200, 50]
    assert region.findings == []


def test_sums_over_years_are_no_year():
    rows = [
        ["Nr.", "Art", "Summe 2026–2027", "2026–2027", "Gesamt 2026", "2026", "2027"],
        ["P1", "i", 9, 9, 9, 4, 5],
    ]
    columns, region = read(rows, "Kosten")
    assert (columns["year"], columns["amount_eur"]) == ([2026, 2027], [4, 5])
    assert codes(region.findings) == [("column-not-mapped", f"{letter}1") for letter in "CDE"]


def test_a_formula_as_header_counts_by_its_value():
    columns, region = read([["Nr.", "Art", F("=2025+1", 2026), F("=C1+1")], ["P1", "i", 1, 2]], "Kosten")
    assert columns["year"] == [2026]
    assert codes(region.findings) == [("column-not-mapped", "D1")]
    assert region.findings[0].value == "=C1+1"


def test_records_without_any_answer_are_kept_and_said():
    columns, region = read([["Nr.", "Art", "2026"], ["P1", "i", 1], ["P2", "k"]], "Kosten")
    assert columns["project_id"] == ["P1"]
    assert codes(region.findings) == [("record-without-answer", "A3")]
    assert leftovers(region) == [("unanswered", "A3", "P2"), ("unanswered", "B3", "k")]


def test_a_table_without_any_member_says_so():
    columns, region = read([["Nr.", "Art", "Betrag"], ["P1", "i", 1], ["P2", "k", 2]], "Kosten")
    assert columns["project_id"] == []
    assert codes(region.findings) == [("column-not-mapped", "C1"), ("members-missing", "")]
    assert {kept[1] for kept in leftovers(region)} == {"A2", "B2", "C2", "A3", "B3", "C3"}


def test_hidden_rows_and_columns_are_read_and_flagged():
    columns, region = read([HEADER, *ROWS], hidden_rows={3}, hidden_columns={4})
    assert columns["project_id"] == ["P1", "P2", "P3"]
    assert columns["n_cases"] == [12, 7, None]
    assert codes(region.findings) == [("column-hidden", "D1"), ("row-hidden", "A3")]
    _, region = read(list(map(list, zip(HEADER, *ROWS, strict=True))), hidden_columns={3}, hidden_rows={4})
    assert codes(region.findings) == [("column-hidden", "A4"), ("row-hidden", "C1")]


TABLE = [
    [*HEADER, "Beginn", "Auftragswert netto"],
    *(
        [f"P{n}", f"Vorhaben {n}", "Idee" if n % 2 else "vorhanden", n * 10, f"0{n}.04.2027", f"{n}.500,00 €"]
        for n in range(1, 6)
    ),
]
TITLES = ([], ["Erhebung"], ["Stand", "30.04.2026"], [None, "Vorhaben", "Zahlen"])
ANYTHING = st.one_of(
    st.none(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=12),
    st.booleans(),
    st.datetimes(),
    st.times(),
    st.sampled_from([*HEADER, "2026", "Art", "C1 Nutzen", "Summe", "Dienststelle", "1e400", "9" * 400]),
)


@settings(max_examples=60, deadline=None)
@given(
    order=st.permutations(range(6)),
    indent=st.integers(0, 2),
    titles=st.lists(st.sampled_from(TITLES), max_size=3),
    blanks=st.lists(st.integers(1, 6), max_size=4),
)
def test_order_of_columns_titles_and_blank_rows_never_change_the_table(order, indent, titles, blanks):
    expected, _ = read(TABLE)
    moved = [[None] * indent + [row[number] for number in order] for row in TABLE]
    for place in sorted(blanks, reverse=True):
        moved.insert(place, [])
    columns, region = read([*titles, *moved])
    assert columns == expected
    assert region.findings == []


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.lists(ANYTHING, max_size=6), max_size=8),
    st.sampled_from(["Vorhaben", "Kosten", "Wirkung", "Deckblatt", "x"]),
)
def test_whatever_stands_on_a_sheet_is_used_or_kept(rows, name):
    sheet = sheet_of(rows, name)
    regions = find_regions(sheet, FORM, "A.xlsx")
    if not regions:
        return
    places = [place for region in regions for place in known_places(region)]
    for cell in sheet.cells.values():
        if str(cell.value).strip():
            assert cell_address(cell.row, cell.column) in places


# --- what is said above a table, and beside it --------------------------------------------------------------


@pytest.mark.parametrize(
    "line",
    [
        "Alle Beträge brutto inkl. 19 % MwSt.",
        "Beträge netto",
        "Alle Beträge in US-Dollar",
        "Angaben in CHF",
        "Alle Angaben pro Monat",
        "Kosten je Quartal",
    ],
)
def test_a_line_above_a_table_that_says_how_amounts_are_measured_is_said(line):
    _, region = read([[line], HEADER, *ROWS])
    assert [(f.code, f.severity, f.cell) for f in region.findings] == [
        ("text-outside-table", "warning", "A1")
    ]


def test_costs_by_year_that_are_not_read_are_warned_of():
    rows = [["Nr.", "Art", "2026 Plan", "2026 Ist", "ab 2030"], ["P1", "i", 1, 2, 3]]
    columns, region = read(rows, "Kosten")
    assert (columns["year"], columns["amount_eur"]) == ([2026], [1])
    assert [(f.code, f.severity, f.cell) for f in region.findings] == [
        ("column-not-mapped", "warning", "D1"),
        ("column-not-mapped", "warning", "E1"),
    ]


# --- records above their headers ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "row",
    [
        ["A16-009", "Portal", "vorhanden", 6],
        ["A16-009", None, None, 6],
        ["A16-009", "Portal"],
        [None, "Portal", "vorhanden", 6],
        ["Register", "Portal", "Idee", None],
    ],
)
def test_a_record_above_the_headers_is_an_error(row):
    _, region = read([row, HEADER, *ROWS])
    assert [(f.code, f.severity, f.cell[1:]) for f in region.findings] == [("row-above-header", "error", "1")]
    assert region.header == 2


def test_headers_below_all_records_are_an_error_for_each():
    _, region = read([*ROWS, HEADER])
    assert region.records == []
    assert codes(region.findings) == [("row-above-header", cell) for cell in ("A1", "A2", "A3")]


@pytest.mark.parametrize(
    "row",
    [
        ["Stammdaten", None, "Stand", "Zahlen"],
        ["Stammdaten", "Inhalt", "Stand", "Zahlen"],
        ["Stand:", "30.04.2026"],
        ["Erhebung", 2026],
        ["30.04.2026", "Amt 16"],
        [1, 2, 3, 4],
        ["(1)", "(2)", "(3)", "(4)"],
        ["Pflichtfeld", "Pflichtfeld", "bitte auswählen", "Zahl"],
        ["Stand:", dt.date(2026, 4, 30), "Amt:", "A16"],
        ["Stand", None, 2026, 2026],
    ],
)
def test_titles_and_headings_of_groups_are_no_records(row):
    _, region = read([row, HEADER, *ROWS])
    assert region.header == 2
    assert "row-above-header" not in [f.code for f in region.findings]


# --- columns that are not there -----------------------------------------------------------------------------


def test_one_member_that_is_missing_beside_others_is_said():
    _, region = read([["Nr.", "C2 Dringlichkeit", "C1 Punkte"], ["P1", 3, 7]], "Wirkung")
    first = region.findings[0]
    assert (first.code, first.severity, first.column) == ("column-missing", "warning", "c1")
    _, region = read([["Nr.", "C2 Dringlichkeit", "C1 Nutzen"], ["P1", 3, 7]], "Wirkung")
    assert region.findings == []


def test_a_row_of_a_csv_that_is_longer_than_its_headers_is_said_at_its_cell():
    rows = [HEADER, ["P1", "Portal", "Idee", 12, 50], ["P2", "Akte", "Idee", 3]]
    (region,) = find_regions(sheet_of(rows), FORM, "A.csv")
    assert [(f.code, f.severity, f.cell) for f in region.findings] == [("row-too-long", "warning", "E2")]
    assert ("extra", "E2", "50") in leftovers(region)
    (region,) = find_regions(sheet_of(rows), FORM, "A.xlsx")
    assert codes(region.findings) == [("column-not-mapped", "E1")]


def test_a_text_above_a_lower_table_is_said_unless_it_names_a_table():
    costs = [["Nr.", "Art", 2026, 2027], ["P1", "i", 1, 2]]
    for line, said in (("Alles nur beispielhaft", [("text-outside-table", "A7")]), ("Kosten in Euro", [])):
        regions = find_regions(sheet_of([HEADER, *ROWS, [], [], [line], *costs]), FORM, "A.xlsx")
        assert codes(regions[1].findings) == said
