"""Units in headers and above tables: a factor of a thousand is never dropped in silence."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from making import make_form, sheet_of

from digistrat.intake.columns import read_region
from digistrat.intake.tables import find_regions
from digistrat.intake.values import unit_in_header, unit_in_text
from digistrat.intake.values.named import stated_in
from digistrat.intake.values.units import money_units, units_of
from digistrat.intake.workbooks import Cell

MONEY, PLAIN = money_units(), units_of(None)
MONTHS = units_of({"Monate": 1, "Monat": 1, "Jahre": 12, "Jahr": 12})
CASES = units_of({"Fälle": 1, "Stück": 1})

FACTORS = [
    ("Kosten (in T€)", MONEY, 1e3),
    ("Kosten in TEUR", MONEY, 1e3),
    ("Kosten\n[in Tsd. EUR]", MONEY, 1e3),
    ("Auftragswert netto [Mio. €]", MONEY, 1e6),
    ("Kosten (Mio.)", MONEY, 1e6),
    ("Kosten in Millionen Euro", MONEY, 1e6),
    ("Kosten T€", MONEY, 1e3),
    ("Kosten (k€)", MONEY, 1e3),
    ("Kosten in 1.000 €", MONEY, 1e3),
    ("Kosten (1000 EUR)", MONEY, 1e3),
    ("Kosten in 1.000.000 Euro", MONEY, 1e6),
    ("Cost (EUR '000)", MONEY, 1e3),
    ("Cost in thousands of euros", MONEY, 1e3),
    ("Cost in € (in thousands)", MONEY, 1e3),
    ("Cost (€m)", MONEY, 1e6),
    ("2026 (T€)", MONEY, 1e3),
    ("TEUR 2026", MONEY, 1e3),
    ("Kosten 2026 in T€ (geschätzt)", MONEY, 1e3),
    ("Kosten in Tsd. netto", MONEY, 1e3),
    ("Auftragswert (EUR)", MONEY, 1),
    ("Kosten je Einwohner in €", MONEY, 1),
    ("Fälle (in Tsd.)", CASES, 1e3),
    ("Fälle (Tsd. Stück)", CASES, 1e3),
    ("Dauer (Jahre)", MONTHS, 12),
    ("Dauer in Jahren", MONTHS, 12),
    ("Dauer (in Jahren)", MONTHS, 12),
    ("Dauer (Monate)", MONTHS, 1),
    ("Fortschritt in %", PLAIN, 0.01),
    ("Anteil (Prozent)", PLAIN, 0.01),
]
NO_UNIT = [
    ("Kosten (netto)", MONEY),
    ("Kosten (bitte ausfüllen)", MONEY),
    ("Kosten (ca.)", MONEY),
    ("Kosten 2026", MONEY),
    ("Variante T", MONEY),
    ("Aufträge über 50 T€", MONEY),
    ("Kosten (ab 1 Mio. €)", MONEY),
    ("Fälle pro Jahr", CASES),
    ("Fälle je Tausend Einwohner", CASES),
    ("Dauer (geplant)", MONTHS),
    ("", MONEY),
]
DOUBTS = [
    ("Kosten in CHF", MONEY, "unclear"),
    ("Kosten ($)", MONEY, "unclear"),
    ("Kosten in %", MONEY, "unclear"),
    ("Kosten (€ pro Monat)", MONEY, "unclear"),
    ("Kosten (T€/Jahr)", MONEY, "unclear"),
    ("Kosten in T€ (Mio. €)", MONEY, "unclear"),
    ("Kosten (Stunden)", MONEY, "unclear"),
    ("Dauer (Wochen)", MONTHS, "unclear"),
    ("Dauer (T€)", MONTHS, "unclear"),
    ("Dauer (Monate/Jahre)", MONTHS, "unclear"),
    ("Kosten (in Dukaten)", MONEY, "unknown"),
]


@pytest.mark.parametrize(("header", "units", "factor"), FACTORS)
def test_a_header_names_its_unit(header, units, factor):
    named = unit_in_header(header, units)
    assert (named.factor, named.doubt) == (factor, "")


@pytest.mark.parametrize(("header", "units"), NO_UNIT)
def test_hints_and_thresholds_are_no_units(header, units):
    named = unit_in_header(header, units)
    assert (named.factor, named.doubt) == (None, "")


@pytest.mark.parametrize(("header", "units", "doubt"), DOUBTS)
def test_units_that_contradict_the_column_are_doubtful(header, units, doubt):
    named = unit_in_header(header, units)
    assert (named.factor, named.doubt) == (None, doubt)


def test_a_rate_per_year_is_no_doubt_where_the_column_says_so_too():
    assert (
        unit_in_header("Kosten pro Jahr (T€/Jahr)", MONEY, stated=stated_in("Kosten pro Jahr")).factor == 1e3
    )


@pytest.mark.parametrize(
    ("line", "factor"),
    [
        ("alle Beträge in T€", 1e3),
        ("Alle Angaben in 1.000 €", 1e3),
        ("(in TEUR)", 1e3),
        ("T€", 1e3),
        ("Beträge (T€)", 1e3),
        ("Angaben in Mio. EUR", 1e6),
        ("Werte in Tausend Euro", 1e3),
        ("Einheit: T€", 1e3),
        ("Amounts in thousands of euros", 1e3),
        ("Bitte alle Beträge in T€ angeben", 1e3),
        ("Angaben in Euro", 1),
        ("Kosten in T€ 2026", 1e3),
        ("Förderung bis 50 T€", None),
        ("Beträge über 1 Mio. € bitte in T€ angeben", None),
        ("Förderprogramm 50 Mio. €", None),
        ("Eine Million Bäume", None),
        ("Erhebung 2026", None),
        ("Fortschritt in %", None),
        ("Digitalisierung in Tausend Schritten", None),
        ("Euro-Büro", None),
        ("Anlage T", None),
        ("", None),
        ("in T€ " * 50, None),
    ],
)
def test_a_line_states_a_unit_for_all_amounts(line, factor):
    assert unit_in_text(line) == factor


@pytest.mark.parametrize(
    ("name", "factor"),
    [
        ("Vorhaben T€", 1e3),
        ("Vorhaben_TEUR", 1e3),
        ("Kosten T€", 1e3),
        ("Kosten (T€)", 1e3),
        ("Kosten-k€", 1e3),
        ("T€ Vorhaben", 1e3),
        ("Kosten Mio. EUR", 1e6),
        ("Kosten in T€", 1e3),
        ("Kosten Tsd.", 1e3),
        ("Kosten Euro", None),
        ("Euro-Büro", None),
        ("Programm 50 Mio. €", None),
        ("Kosten ab 50 T€", None),
        ("Tausend Bäume", None),
        ("Vorhaben", None),
        ("Anlage T", None),
        ("Kosten T€ Monat", 1e3),
        ("Kosten T€ pro Monat", None),
    ],
)
def test_a_sheets_name_states_a_unit(name, factor):
    assert unit_in_text(name, is_name=True) == factor


@pytest.mark.parametrize("sheet", ["Vorhaben T€", "Vorhaben_TEUR", "Vorhaben in T€"])
def test_the_sheets_name_counts_for_all_amounts(sheet):
    columns, findings, region = read("Kosten", 50, "60 €", sheet=sheet)
    assert columns["cost"] == [50_000, 60]
    assert [(code, severity) for code, severity, _ in findings] == [("unit-in-title", "warning")]
    assert sheet in region.findings[0].message


@given(st.text(max_size=60), st.sampled_from([MONEY, PLAIN, MONTHS]))
def test_no_header_raises(text, units):
    named = unit_in_header(text, units)
    assert named.factor is None or named.factor > 0
    assert unit_in_text(text) is None or unit_in_text(text) >= 1


COLUMNS = [
    {"name": "id", "kind": "identifier", "headers": ["Nr."], "required": True},
    {"name": "title", "headers": ["Titel"]},
    {"name": "net", "kind": "amount", "headers": ["Auftragswert netto", "Auftragswert"], "bounds": True},
    {"name": "cost", "kind": "amount", "headers": ["Kosten", "Kosten (€)"]},
    {"name": "cases", "kind": "integer", "headers": ["Fälle"], "units": {"Fälle": 1}},
    {
        "name": "months",
        "kind": "number",
        "headers": ["Dauer (Monate)", "Dauer"],
        "units": {"Monate": 1, "Jahre": 12},
    },
    {"name": "done", "kind": "number", "headers": ["Fortschritt", "erledigt in %"], "maximum": 1},
    {"name": "points", "kind": "number", "headers": ["Punkte"], "maximum": 100},
]
FORM = make_form(tables=[{"name": "t", "sheets": ["Vorhaben"], "columns": COLUMNS}])


def read(header, *values, above=(), sheet="Vorhaben", form=FORM):
    rows = [["Nr.", "Titel", header], *([f"P{n}", f"T{n}", value] for n, value in enumerate(values, 1))]
    rows = [*([line] for line in above), *rows]
    (region,) = find_regions(sheet_of(rows, sheet), form, "A.xlsx")
    region.findings.clear()
    chunk = read_region(region)
    return chunk.columns, [(f.code, f.severity, f.cell) for f in region.findings], region


def test_numbers_below_a_header_with_a_unit_are_multiplied_and_told_once():
    columns, findings, region = read("Kosten (in T€)", 50, "12,5", "bis 20", "3 Mio. €", "700 €", None)
    assert columns["cost"] == [50_000, 12_500, 20_000, 3_000_000, 700, None]
    assert findings == [("unit-from-header", "info", "C1"), ("at-most", "info", "C4")]
    assert "1000" in region.findings[0].message
    assert "Kosten (in T€)" in region.findings[0].message


def test_bounds_are_multiplied_too():
    columns, _, _ = read("Auftragswert netto [Mio. €]", "1-2", "ca. 1")
    assert columns["net"] == [1_500_000, 1_000_000]
    assert columns["net_lower"] == [1_000_000, 800_000]
    assert columns["net_upper"] == [2_000_000, 1_200_000]


def test_other_units_are_read_against_the_units_of_the_column():
    assert read("Dauer (Jahre)", 2, "18 Monate")[0]["months"] == [24, 18]
    assert read("Fälle (in Tsd.)", 2, 0.5)[0]["cases"] == [2000, 500]


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ("Kosten", "cost"),
        ("Kosten (€)", "cost"),
        ("Kosten (bitte ausfüllen)", "cost"),
        ("Dauer (Monate)", "months"),
        ("Auftragswert (netto)", "net"),
        ("Fälle (ca.)", "cases"),
        ("Punkte (in %)", "points"),
    ],
)
def test_declared_headers_and_hints_change_nothing(header, name):
    columns, findings, _ = read(header, 50)
    assert (columns[name], findings) == ([50], [])


def test_a_unit_that_contradicts_leaves_numbers_without_one_empty():
    columns, findings, _ = read("Kosten (CHF)", 50, "60 T€", None)
    assert columns["cost"] == [None, 60_000, None]
    assert findings == [("header-unit-unclear", "error", "C1"), ("unit-doubtful", "error", "C2")]
    columns, findings, _ = read("Kosten (in Dukaten)", 50)
    assert (columns["cost"], findings) == ([50], [("header-unit-unknown", "warning", "C1")])


RATES = [
    ("Auftragswert netto (monatlich)", "net"),
    ("Auftragswert netto (jährlich)", "net"),
    ("Auftragswert netto (je Arbeitsplatz)", "net"),
    ("Kosten (T€ pro Monat)", "cost"),
    ("Fälle (monatlich)", "cases"),
    ("Fälle (pro Tag)", "cases"),
    ("Fälle (p.a.)", "cases"),
    ("Fälle (per week)", "cases"),
    ("Punkte (je 100 Einwohner)", "points"),
]


@pytest.mark.parametrize(("header", "name"), RATES)
def test_numbers_of_a_rate_that_the_form_does_not_name_stay_empty(header, name):
    columns, findings, _ = read(header, 50, None)
    assert columns[name] == [None, None]
    assert findings == [("header-unit-unclear", "error", "C1"), ("unit-doubtful", "error", "C2")]


def test_a_unit_beside_the_number_makes_no_amount_of_a_rate():
    assert read("Kosten (monatlich)", "60 T€")[0]["cost"] == [None]


YEARLY = make_form(
    tables=[
        {
            "name": "t",
            "sheets": ["Vorhaben"],
            "columns": [
                *COLUMNS[:2],
                {
                    "name": "cases",
                    "kind": "integer",
                    "headers": ["Fälle pro Jahr", "Fallzahl p. a.", "Fallzahl"],
                    "units": {"Fälle": 1},
                },
            ],
        }
    ]
)


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("Fälle pro Jahr", 50),
        ("Fallzahl", 50),
        ("Fallzahl (p.a.)", 50),
        ("Fallzahl (jährlich)", 50),
        ("Fälle pro Jahr (pro Monat)", None),
        ("Fallzahl (monatlich)", None),
        ("Fallzahl (pro Tag)", None),
    ],
)
def test_a_rate_that_any_of_the_forms_headers_names_is_its_own(header, value):
    assert read(header, 50, form=YEARLY)[0]["cases"] == [value]


@pytest.mark.parametrize("header", ["Kosten (ja/nein)", "Kosten (PM)"])
def test_other_hints_that_contradict_leave_numbers_without_a_unit_empty(header):
    columns, findings, _ = read(header, 1, "60 T€")
    assert columns["cost"] == [None, 60_000]
    assert findings == [("header-unit-unclear", "error", "C1"), ("unit-doubtful", "error", "C2")]


@pytest.mark.parametrize(
    "header", ["Kosten (je Vorhaben)", "Kosten (bitte per E-Mail)", "Kosten (im Jahr 2026)"]
)
def test_what_is_no_rate_changes_nothing(header):
    assert read(header, 50)[0]["cost"] == [50]


def test_gross_below_a_header_of_net_is_never_taken():
    rows = [["Nr.", "Titel", "Auftragswert netto"], ["P1", "T1", 50], ["P2", "T2", "60 T€"]]
    (region,) = find_regions(sheet_of(rows), FORM, "A.xlsx")
    region.cells = {**region.cells, (1, 3): Cell(1, 3, "Auftragswert (brutto)")}
    assert read_region(region).columns["net"] == [None, None]
    assert [(f.code, f.cell) for f in region.findings] == [("other-tax-basis", c) for c in ("C1", "C2", "C3")]
    columns, findings, _ = read("Auftragswert netto", "50 € netto", "60 € brutto", "70 €")
    assert columns["net"] == [50, None, 70]
    assert findings == [("other-tax-basis", "error", "C3")]
    columns, findings, _ = read("Kosten", "50 € netto")
    assert (columns["cost"], findings) == ([50], [("tax-basis", "warning", "C2")])


def test_per_cent_and_shares():
    columns, findings, _ = read("Fortschritt (in %)", 50, "25", "30 %", 0, 100)
    assert columns["done"] == [0.5, 0.25, 0.3, 0, 1]
    assert findings == [("unit-from-header", "info", "C1")]
    columns, findings, _ = read("erledigt in %", 50, 100)  # the form's own header is no news
    assert (columns["done"], findings) == ([0.5, 1], [])
    columns, findings, _ = read("Fortschritt (in %)", 0.5, 1, 0)  # as a sheet stores 50 %
    assert columns["done"] == [0.5, 1, 0]
    assert findings == [("shares-as-stored", "warning", "C1")]
    columns, findings, _ = read("Fortschritt (in %)", 1, 1, 0, "1", "100 %", "1 %")
    assert columns["done"] == [None, None, 0, None, 1, 0.01]
    assert [f for f in findings if f[0] != "unit-from-header"] == [
        ("ambiguous-share", "error", cell) for cell in ("C2", "C3", "C5")
    ]
    columns, findings, _ = read("erledigt in %", 0.5, 0.2, 1)
    assert columns["done"] == [0.5, 0.2, 1]
    assert findings == [("shares-as-stored", "warning", "C1")]
    columns, findings, _ = read("erledigt in %", 1, 0)  # everything, or a hundredth
    assert (columns["done"], findings) == ([None, 0], [("ambiguous-share", "error", "C2")])
    columns, findings, _ = read("erledigt in %", 0, 0)
    assert (columns["done"], findings) == ([0, 0], [])
    columns, findings, _ = read("Fortschritt", 1, 1, 0)  # no header says per cent
    assert (columns["done"], findings) == ([1, 1, 0], [])
    columns, findings, _ = read("Fortschritt (in %)", 50, 0.5)
    assert columns["done"] == [0.5, None]
    assert findings == [("unit-from-header", "info", "C1"), ("ambiguous-share", "error", "C3")]


def test_a_line_above_the_table_counts_for_amounts_without_a_unit():
    columns, findings, region = read("Kosten", 50, "60 €", above=["Alle Beträge in T€"])
    assert columns["cost"] == [50_000, 60]
    assert findings == [("unit-in-title", "warning", "A1")]
    assert "1000" in region.findings[0].message
    columns, findings, _ = read("Fälle", 50, above=["Alle Beträge in T€"])
    assert (columns["cases"], findings) == ([50], [])
    columns, findings, _ = read("Kosten (in Mio. €)", 50, above=["Alle Beträge in T€"])
    assert columns["cost"] == [50_000_000]  # the nearer one counts
    columns, findings, _ = read("Kosten", 50, above=["Alle Beträge in Euro"])
    assert (columns["cost"], findings) == ([50], [])


def test_lines_that_contradict_a_header_or_one_another_leave_the_amounts_empty():
    columns, findings, _ = read("Kosten (€)", 50, above=["Alle Beträge in T€"])
    assert columns["cost"] == [None]
    assert {code for code, *_ in findings} == {"unit-in-title", "header-unit-unclear", "unit-doubtful"}
    columns, findings, _ = read("Kosten", 50, "60 T€", above=["Beträge in T€", "Beträge in Mio. €"])
    assert columns["cost"] == [None, 60_000]
    assert {code for code, *_ in findings} == {"lines-contradict", "unit-doubtful"}


def test_a_unit_alone_in_the_first_cell_below_the_header_counts():
    columns, findings, _ = read("Kosten", "T€", 50)
    assert columns["cost"] == [None, 50_000]
    assert findings == [("unit-from-header", "info", "C2"), ("not-a-number", "error", "C2")]


@pytest.mark.parametrize(
    ("headers", "values", "severity"),
    [
        (["2026 (T€)", "2027"], [50_000, 60_000], "warning"),
        (["2026 (T€)", "2027 (€)"], [20_000, 90_000], "warning"),
        (["2026 (T€)", "2027"], [50, 60_000], "info"),
        (["2026 (T€)", "2027 (T€)"], [50_000, 60_000], "info"),  # nothing to compare with
        (["2026 (T€)", "2027"], [50_000, None], "info"),
    ],
)
def test_a_unit_above_amounts_as_large_as_their_neighbours_is_suspect(headers, values, severity):
    rows = [["Nr.", "Art", *headers], ["P1", "i", *values]]
    (region,) = find_regions(sheet_of(rows, "Kosten"), make_form(), "A.xlsx")
    assert read_region(region).columns["amount_eur"][0] == values[0] * 1000
    assert region.findings[0].code == "unit-from-header"
    assert region.findings[0].severity == severity


def test_amounts_of_one_record_are_compared_too():
    rows = [["Nr.", "Titel", "Kosten (T€)", "Auftragswert netto"], ["P1", "T1", 50_000, 60_000]]
    (region,) = find_regions(sheet_of(rows), FORM, "A.xlsx")
    read_region(region)
    assert [(f.code, f.severity) for f in region.findings] == [("unit-from-header", "warning")]


def test_every_member_of_a_wide_table_has_its_own_header():
    form = make_form()
    rows = [["Nr.", "Art", "2026 (T€)", "2027", "2028 in T€/Jahr"], ["P1", "i", 50, 60, 70]]
    (region,) = find_regions(sheet_of(rows, "Kosten"), form, "A.xlsx")
    columns = read_region(region).columns
    assert (columns["year"], columns["amount_eur"]) == ([2026, 2027, 2028], [50_000, 60, 70_000])
    assert [(f.code, f.cell) for f in region.findings] == [
        ("unit-from-header", "C1"),
        ("unit-from-header", "E1"),
    ]
