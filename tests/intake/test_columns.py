from __future__ import annotations

import datetime as dt
import math

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from making import F, codes, make_form, sheet_of

from digistrat.intake.cells import SEVERITY
from digistrat.intake.columns import read_region
from digistrat.intake.forms import Column
from digistrat.intake.packing import join_columns, pack_column
from digistrat.intake.tables import find_regions

FORM = make_form()
KINDS = ["text", "identifier", "number", "integer", "amount", "date", "boolean", "choice", "list"]


def read(header, *values, name="Vorhaben", form=FORM):
    """The values of one column beside numbers and titles, with the region."""
    rows = [["Nr.", "Titel", header], *([f"P{n}", f"T{n}", value] for n, value in enumerate(values, 1))]
    (region,) = find_regions(sheet_of(rows, name), form, "A.xlsx")
    return read_region(region), region


def frame_column(column, values):
    """Values as they stand in a table."""
    return join_columns(column, [pack_column(column, values)], pd.RangeIndex(len(values)))


def said(region):
    return [(f.code, f.severity, f.cell, f.column) for f in region.findings]


@pytest.mark.parametrize(
    ("header", "column", "value", "expected", "code", "severity"),
    [
        ("Status", "status", "vorhanden", "existing", None, None),
        ("Status", "status", "vorhandn", "existing", "choice-guessed", "warning"),
        ("Status", "status", "vorhanden (seit 2018)", "existing", "remark-dropped", "warning"),
        ("Status", "status", "blau", None, "not-a-choice", "error"),
        ("Status", "status", "TBD", None, "answer-pending", "info"),
        ("Status", "status", "k. A.", None, None, None),
        ("öffentlich", "is_public", "noch offen", None, "answer-pending", "info"),
        ("Beginn", "start_date", "steht noch nicht fest", None, "answer-pending", "info"),
        ("Fallzahl", "n_cases", "wird nachgereicht", None, "answer-pending", "info"),
        ("Beginn", "start_date", "31.02.2027", None, "not-a-date", "error"),
        ("Beginn", "start_date", 43191, dt.date(2018, 4, 1), "serial-date", "warning"),
        ("Beginn", "start_date", dt.datetime(1905, 7, 16), None, "year-as-date", "error"),
        ("Beginn (Quartal/Jahr)", "start_date", "3/2025", dt.date(2025, 7, 1), None, None),
        ("Beginn (Quartal/Jahr)", "start_date", dt.datetime(2025, 3, 1), None, "ambiguous-date", "error"),
        ("Beginn", "start_date", "Ende 2026", dt.date(2026, 10, 1), "approximate-date", "info"),
        ("Fallzahl", "n_cases", "viele", None, "not-a-number", "error"),
        ("Fallzahl", "n_cases", "1.234", None, "ambiguous-number", "error"),
        ("Fallzahl", "n_cases", 2.5, None, "not-an-integer", "error"),
        ("Fallzahl", "n_cases", "3–6", 4, "range", "info"),
        ("Fallzahl", "n_cases", -1, None, "out-of-range", "error"),
        ("Fallzahl", "n_cases", 2**60, None, "out-of-range", "error"),
        ("Fallzahl", "n_cases", 10**400, None, "not-a-number", "error"),
        ("Fallzahl", "n_cases", "9" * 400, None, "not-a-number", "error"),
        ("Fallzahl", "n_cases", F("=1/0", error="#DIV/0!"), None, "cell-error", "error"),
        ("Fallzahl", "n_cases", F("=1+1"), None, "formula-without-value", "error"),
        ("Fallzahl", "n_cases", F("=1+1", 2), 2, None, None),
        ("Auftragswert netto", "value_eur", "s. Anlage", None, "see-attachment", "warning"),
        ("Auftragswert netto", "value_eur", "1e999", None, "not-a-number", "error"),
        ("Auftragswert netto", "value_eur", math.inf, None, "not-a-number", "error"),
        ("öffentlich", "is_public", "vielleicht", None, "not-yes-no", "error"),
        ("Bemerkung", "remark", "k. A.", "k. A.", None, None),
        ("Bemerkung", "remark", "noch offen", "noch offen", None, None),
        ("Bemerkung", "remark", "-", None, None, None),
    ],
)
def test_one_cell(header, column, value, expected, code, severity):
    chunk, region = read(header, value)
    assert chunk.columns[column] == [expected]
    assert said(region) == ([(code, severity, "C2", column)] if code else [])
    if code:
        shown = value.error or value.formula if isinstance(value, F) else str(value)
        assert region.findings[0].value == shown[:200]
        assert region.findings[0].message


@pytest.mark.parametrize(
    ("value", "bounds"),
    [
        ("250.000–500.000 €", (375_000, 250_000, 500_000)),
        ("bis 50.000 €", (50_000, 0, 50_000)),
        ("ca. 50 T€", (50_000, 40_000, 60_000)),
        ("ab 10.000 €", (10_000, 10_000, None)),
        (12_500, (12_500, None, None)),
        ("", (None, None, None)),
    ],
)
def test_bounds(value, bounds):
    chunk, region = read("Auftragswert netto", value)
    assert [chunk.columns[f"value_eur{end}"][0] for end in ("", "_lower", "_upper")] == list(bounds)
    assert not any(finding.severity == "error" for finding in region.findings)


def test_severity_error_is_kept_for_values_that_stay_out():
    for code, severity in SEVERITY.items():
        assert severity in ("info", "warning"), code


def test_a_column_proves_how_its_numbers_are_written():
    chunk, region = read("Fallzahl", "1.234", "12.345.678", "2.500")
    assert chunk.columns["n_cases"] == [1234, 12_345_678, 2500]
    assert region.findings == []
    rows = [["Nr.", "Art", "2026", "2027"], ["P1", "i", "1.234", "1.234,50"]]
    chunk = read_region(find_regions(sheet_of(rows, "Kosten"), FORM, "A.xlsx")[0])
    assert chunk.columns["amount_eur"] == [1234.0, 1234.5]  # the other year proves it


def test_per_cent_is_read_where_a_column_has_no_unit():
    form = make_form(
        tables=[
            {
                "name": "t",
                "sheets": ["Vorhaben"],
                "columns": [
                    {"name": "id", "kind": "identifier", "headers": ["Nr."], "required": True},
                    {"name": "share", "kind": "number", "headers": ["Anteil"], "maximum": 1},
                ],
            }
        ]
    )
    chunk, region = read("Anteil", "50 %", 0.25, 25, form=form)
    assert chunk.columns["share"] == [0.5, 0.25, None]
    assert [code for code, *_ in said(region) if code != "column-not-mapped"] == ["out-of-range"]


def test_a_list_keeps_what_is_known_and_says_what_is_not():
    form = make_form(
        tables=[
            {
                "name": "t",
                "sheets": ["Vorhaben"],
                "columns": [
                    {"name": "id", "kind": "identifier", "headers": ["Nr."], "required": True},
                    {
                        "name": "goals",
                        "kind": "list",
                        "headers": ["Ziele"],
                        "choices": {"g1": ["G1"], "g2": ["G2"]},
                    },
                ],
            }
        ]
    )
    chunk, region = read("Ziele", "G2; g1", "G1, G9", "G9", None, form=form)
    assert chunk.columns["goals"] == [("g2", "g1"), ("g1",), (), None]
    assert [(f.code, f.cell) for f in region.findings if f.column] == [
        ("not-a-choice", "C3"),
        ("not-a-choice", "C4"),
    ]


def test_missing_keys_and_required_answers_are_said_at_their_cell():
    rows = [
        ["Nr.", "Titel", "Status"],
        [None, "Portal", "Idee"],
        ["P2", None, "Idee"],
        ["P3", "k. A.", "Idee"],
        ["P4", "entfällt", "Idee"],
    ]
    region = find_regions(sheet_of(rows), FORM, "A.xlsx")[0]
    chunk = read_region(region)
    assert chunk.columns["project_id"] == [None, "P2", "P3", "P4"]
    assert codes(region.findings) == [
        ("missing-key", "A2"),
        ("missing-value", "B3"),
        ("no-answer", "B4"),
        ("no-answer", "B5"),
    ]
    assert "„entfällt“" in region.findings[-1].message


def test_states_tell_missing_from_not_applicable_and_unreadable():
    rows = [
        ["Nr.", "C1 Nutzen", "C2 Dringlichkeit"],
        ["P1", 8, "entfällt"],
        ["P2", None, "acht"],
        ["P3", 11, "k. A."],
    ]
    region = find_regions(sheet_of(rows, "Wirkung"), FORM, "A.xlsx")[0]
    columns = read_region(region).columns
    assert columns["criterion_id"] == ["c1"] * 3 + ["c2"] * 3
    assert columns["points"] == [8, None, None, None, None, None]
    assert columns["state"] == [
        "assessed",
        "missing",
        "unreadable",
        "not_applicable",
        "unreadable",
        "missing",
    ]
    assert codes(region.findings) == [("not-a-number", "C3"), ("out-of-range", "B4")]


def test_an_unpivoted_cell_with_an_error_stays_a_row_and_an_empty_one_gives_none():
    rows = [["Nr.", "Art", "2026", "2027", "2028"], ["P1", "i", F("=A9", error="#REF!"), F("=1+1"), "  "]]
    region = find_regions(sheet_of(rows, "Kosten"), FORM, "A.xlsx")[0]
    columns = read_region(region).columns
    assert (columns["year"], columns["amount_eur"]) == ([2026, 2027], [None, None])
    assert codes(region.findings) == [("cell-error", "C2"), ("formula-without-value", "D2")]


def test_defaults_are_read_like_answers():
    def form_with(kind, default):
        columns = [
            {"name": "id", "kind": "identifier", "headers": ["Nr."], "required": True},
            {"name": "extra", "kind": kind, "headers": ["X"], "default": default, "choices": {}},
        ]
        return make_form(tables=[{"name": "t", "sheets": ["Vorhaben"], "columns": columns}])

    for kind, default, expected in [
        ("number", "2,5", 2.5),
        ("integer", "3", 3),
        ("boolean", "ja", True),
        ("date", "01.04.2027", dt.date(2027, 4, 1)),
        ("text", "office", "office"),
    ]:
        chunk, _ = read("Titel", "a", form=form_with(kind, default))
        assert chunk.columns["extra"] == [expected]
        frame_column(Column(name="extra", kind=kind), chunk.columns["extra"])


def test_the_name_of_the_sheet_becomes_a_column():
    columns = [
        {"name": "field"},
        {"name": "id", "kind": "identifier", "headers": ["Nr."], "required": True},
        {"name": "title", "headers": ["Titel"]},
    ]
    form = make_form(tables=[{"name": "t", "sheet_column": "field", "columns": columns}])
    chunk, _ = read("x", None, name="Bildung", form=form)
    assert chunk.columns["field"] == ["Bildung"]


@pytest.mark.parametrize(
    ("kind", "values", "dtype"),
    [
        ("text", ["a", None], "str"),
        ("identifier", ["1", None], "str"),
        ("choice", ["x", None], "str"),
        ("number", [1.5, None], "float64"),
        ("amount", [1, None], "float64"),
        ("integer", [1, None], "Int64"),
        ("boolean", [True, None], "boolean"),
        ("date", [dt.date(2026, 4, 30), None], "datetime64[s]"),
        ("list", [("a",), None], "object"),
    ],
)
def test_types(kind, values, dtype):
    for given_values in (values, [None, None], []):
        series = frame_column(Column(name="c", kind=kind), given_values)
        assert series.dtype == dtype
    series = frame_column(Column(name="c", kind=kind), values)
    assert series[1] == () if kind == "list" else pd.isna(series[1])
    assert series[0] == (pd.Timestamp(2026, 4, 30) if kind == "date" else values[0])


def test_dates_of_all_years_are_kept():
    days = [dt.date(1, 1, 1), dt.date(9999, 12, 31)]
    series = frame_column(Column(name="d", kind="date"), days)
    assert [value.date() for value in series.dt.to_pydatetime()] == days


CELLS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(10**300, 10**310),
    st.floats(),
    st.text(max_size=15),
    st.datetimes(),
    st.times(),
    st.sampled_from(
        ["1e400", "9" * 400, "#REF!", "ca. 5 T€", "Q3/2027", "bis", "–", "12.500,-", "31.12.9999"]
    ),
)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(KINDS), st.lists(CELLS, max_size=6))
def test_no_cell_raises_and_every_value_fits_its_type(kind, values):
    columns = [
        {"name": "id", "kind": "identifier", "headers": ["Nr."], "required": True},
        {"name": "x", "kind": kind, "headers": ["X"]},
    ]
    form = make_form(tables=[{"name": "t", "sheets": ["Vorhaben"], "columns": columns}])
    rows = [["Nr.", "X"], *([f"P{n}", value] for n, value in enumerate(values))]
    region = find_regions(sheet_of(rows), form, "A.xlsx")[0]
    chunk = read_region(region)
    series = frame_column(form.table("t").column("x"), chunk.columns["x"])
    if kind in ("number", "amount"):
        assert not series.isin([math.inf, -math.inf]).any()
    # an answer that gave no value is said, unless it is a word or sign for none
    for row, raw, value in zip(chunk.rows, chunk.raws.get("x", []), chunk.columns["x"], strict=False):
        if value is None and isinstance(raw, (bool, int, dt.datetime, dt.time)):
            assert any(finding.cell == f"B{row}" for finding in region.findings)


def test_true_and_false_are_told_as_their_cells_show_them():
    _, region = read("Fallzahl", True, False)
    assert [f.value for f in region.findings] == ["WAHR", "FALSCH"]
    assert "„WAHR“" in region.findings[0].message
