"""Workbooks in ods and xlsb: nothing is lost that xlsx keeps."""

from __future__ import annotations

import datetime as dt
import struct

import pytest
from workbook_files import (
    ODS_ROWS,
    cell_record,
    cells_of,
    record,
    row_record,
    wide,
    write_ods,
    write_xlsb,
)

from digistrat.intake.workbooks import Cell, WorkbookError, read_workbook
from digistrat.intake.workbooks.ods import time_value
from digistrat.intake.workbooks.xlsb import rk_number


def row(*cells, attributes=""):
    return f"<table:table-row {attributes}>{''.join(cells)}</table:table-row>"


def cell(kind="", value="", text="", more=""):
    stored = {"float": "value", "percentage": "value", "currency": "value"}.get(kind, f"{kind}-value")
    typed = f'office:value-type="{kind}" office:{stored}="{value}"' if kind else ""
    paragraphs = "".join(f"<text:p>{line}</text:p>" for line in text.split("|")) if text else ""
    return f"<table:table-cell {typed} {more}>{paragraphs}</table:table-cell>"


def test_ods_keeps_values_and_their_places(tmp_path):
    path = write_ods(tmp_path / "a.ods", ODS_ROWS)
    assert cells_of(path) == {
        "B2": Cell(2, 2, "Köln"),
        "C2": Cell(2, 3, 5),
        "D2": Cell(2, 4, dt.datetime(2018, 4, 1)),
    }
    workbook = read_workbook(path)
    assert (workbook.format, workbook.notes) == ("ods", ())


def test_every_type_of_ods_cell(tmp_path):
    styles = (
        '<number:time-style style:name="N1" number:truncate-on-overflow="false"/>'
        '<style:style style:name="ce1" style:data-style-name="N1"/>'
    )
    rows = row(
        cell("float", "1.50", "1,5"),
        cell("percentage", "0.25", "25 %"),
        cell("currency", "12", "12 €"),
        cell("boolean", "true", "WAHR"),
        cell("time", "PT18H30M00S", "18:30"),
        cell("time", "PT12H00M00S", "12:00", 'table:style-name="ce1"'),
        cell("time", "PT36H00M00S", "36:00"),
        cell("date", "2018-04-01T12:30:00", "x"),
        cell("", "", "no type"),
        '<table:table-cell office:value-type="string"><text:p>a<text:s text:c="2"/><text:span>b</text:span>'
        "<text:tab/>c<text:line-break/>d</text:p><text:p>e\n   f</text:p>"
        "<office:annotation><text:p>said beside</text:p></office:annotation></table:table-cell>",
        "<table:table-cell><draw:frame><text:p>drawn</text:p></draw:frame></table:table-cell>",
        cell("float", "1", "WAHR", 'table:formula="of:=TRUE()"'),
    )
    assert [
        found.value for found in cells_of(write_ods(tmp_path / "a.ods", rows, styles=styles)).values()
    ] == [
        1.5,
        0.25,
        12,
        True,
        dt.time(18, 30),
        0.5,
        1.5,
        dt.datetime(2018, 4, 1, 12, 30),
        "no type",
        "a  b\tc\nd\ne f",
        True,
    ]


def test_ods_formulas_and_errors(tmp_path):
    def formula(text):
        return f'table:formula="of:={text}"'

    broken = 'office:value-type="string" office:string-value="" calcext:value-type="error"'
    rows = row(
        cell("float", "3", "3", formula("SUM([.A1:.B1])")),
        f"<table:table-cell {formula('[.A1]/0')} {broken}><text:p>#DIV/0!</text:p></table:table-cell>",
        cell("float", "0", "#REF!", formula("[.A1]")),  # how older versions store it
        cell("float", "0", "Err:502", formula("[.A1]")),
        '<table:table-cell office:value-type="string" table:formula="of:=&quot;#1&quot;"><text:p>#1</text:p>'
        "</table:table-cell>",
        f"<table:table-cell {formula('[.B9]')}/>",
        cell("", "", "#REF!"),
    )
    assert cells_of(write_ods(tmp_path / "a.ods", rows)) == {
        "A1": Cell(1, 1, 3, "=SUM([.A1:.B1])"),
        "B1": Cell(1, 2, None, "=[.A1]/0", "#DIV/0!"),
        "C1": Cell(1, 3, None, "=[.A1]", "#REF!"),
        "D1": Cell(1, 4, None, "=[.A1]", "Err:502"),
        "E1": Cell(1, 5, "#1", '="#1"'),
        "F1": Cell(1, 6, None, "=[.B9]"),
        "G1": Cell(1, 7, "#REF!"),
    }


def test_what_is_hidden_merged_or_filtered_in_ods(tmp_path):
    rows = (
        '<table:table-column/><table:table-column table:visibility="collapse" '
        'table:number-columns-repeated="2"/><table:table-column table:visibility="collapse" '
        'table:number-columns-repeated="16000"/>'
        + row(cell("float", "1"), attributes='table:visibility="filter"')
        + row(cell(), attributes='table:visibility="collapse" table:number-rows-repeated="2"')
        + row(cell("float", "2", more='table:number-columns-spanned="2" table:number-rows-spanned="3"'))
        + row(*[cell("float", "3")] * 4)
        + row(cell(), attributes='table:visibility="collapse" table:number-rows-repeated="1048000"')
    )
    styles = (
        '<style:style style:name="ta1"/><style:style style:name="ta2"><style:table-properties '
        'table:display="false"/></style:style>'
    )
    after = (
        f'<table:table table:name="Still" table:style-name="ta2">{row(cell("float", "1"))}</table:table>'
        '<table:database-ranges><table:database-range table:display-filter-buttons="true" '
        'table:target-range-address="Blatt.A1:Blatt.B9"/></table:database-ranges>'
    )
    shown, hidden = read_workbook(write_ods(tmp_path / "a.ods", rows, styles=styles, after=after)).sheets
    assert (shown.name, shown.hidden, shown.filtered) == ("Blatt", False, True)
    assert (shown.hidden_rows, shown.hidden_columns) == ({1, 2, 3}, {2, 3, 4})
    assert shown.merged == ((4, 1, 6, 2),)
    assert (hidden.name, hidden.hidden, hidden.filtered) == ("Still", True, False)


def test_repeated_ods_cells_are_all_there(tmp_path):
    rows = row(
        cell("float", "7", more='table:number-columns-repeated="2"'),
        cell(more='table:number-columns-repeated="3"'),
        cell("float", "8"),
        attributes='table:number-rows-repeated="2"',
    )
    values = {
        address: found.value for address, found in cells_of(write_ods(tmp_path / "a.ods", rows)).items()
    }
    assert values == {"A1": 7, "B1": 7, "F1": 8, "A2": 7, "B2": 7, "F2": 8}


def test_tracked_changes_are_no_cells(tmp_path):
    gone = f"<table:deletion>{cell('float', '9', 'x')}</table:deletion>"
    rows = f"<table:tracked-changes>{gone}</table:tracked-changes>" + row(cell("float", "1", "y"))
    path = write_ods(tmp_path / "a.ods", rows)
    assert cells_of(path) == {"A1": Cell(1, 1, 1)}


@pytest.mark.parametrize(
    ("raw", "elapsed", "value"),
    [
        ("PT10H10M10.5S", False, dt.time(10, 10, 10, 500_000)),
        ("PT0S", False, dt.time(0)),
        ("P1DT12H", True, 1.5),
        ("-PT12H00M00S", False, -0.5),
        ("soon", False, "soon"),
    ],
)
def test_times_of_ods(raw, elapsed, value):
    assert time_value(raw, elapsed=elapsed) == value


STYLES_BIN = (
    record(44, struct.pack("<H", 164) + wide("dd.mm.yyyy"))
    + record(617)
    + b"".join(record(47, struct.pack("<HH", 0, number) + bytes(12)) for number in (0, 164, 46))
    + record(618)
)
STRINGS_BIN = record(19, b"\0" + wide("Köln 😀")) + record(19, b"\1" + wide("b") + bytes(8))


def test_every_type_of_xlsb_cell(tmp_path):
    real = struct.pack("<d", 43191.5)
    sheet = (
        row_record(1)
        + cell_record(1, 0)
        + cell_record(2, 1, struct.pack("<I", (5 << 2) | 2))
        + cell_record(3, 2, b"\x17")
        + cell_record(4, 3, b"\1")
        + cell_record(5, 4, real, style=1)
        + cell_record(5, 5, struct.pack("<d", 1.5), style=2)
        + cell_record(6, 6, wide("own"))
        + cell_record(7, 7, struct.pack("<I", 0))
        + cell_record(8, 8, wide("text") + bytes(10))
        + cell_record(9, 9, struct.pack("<d", 0.5) + bytes(10))
        + cell_record(10, 10, b"\0" + bytes(10))
        + cell_record(11, 11, b"\x2a" + bytes(10))
        + cell_record(62, 12, b"\0" + wide("rich"))
        + record(13, struct.pack("<II", 1, (43191 << 2) | 2))  # short: the next column, with a date's style
        + row_record(1_048_575)
        + cell_record(7, 16_383, struct.pack("<I", 1))
    )
    path = write_xlsb(
        tmp_path / "a.xlsb", sheet, **{"xl/styles.bin": STYLES_BIN, "xl/sharedStrings.bin": STRINGS_BIN}
    )
    found = cells_of(path)
    assert {address: cell.error or cell.value for address, cell in found.items()} == {
        "B2": 5,
        "C2": "#REF!",
        "D2": True,
        "E2": dt.datetime(2018, 4, 1, 12),
        "F2": 1.5,
        "G2": "own",
        "H2": "Köln 😀",
        "I2": "text",
        "J2": 0.5,
        "K2": False,
        "L2": "#N/A",
        "M2": "rich",
        "N2": dt.datetime(2018, 4, 1),
        "XFD1048576": "b",
    }
    assert found["C2"].value is None
    workbook = read_workbook(path)
    assert (workbook.format, workbook.notes) == ("xlsb", (("file-formulas-unseen", "xlsb"),))


def test_what_is_hidden_merged_or_filtered_in_xlsb(tmp_path):
    number = struct.pack("<I", (1 << 2) | 2)
    sheet = (
        record(60, struct.pack("<IIIIH", 1, 1, 2560, 0, 1))
        + record(60, struct.pack("<IIIIH", 2, 2, 0, 0, 0))
        + record(60, struct.pack("<IIIIH", 3, 9, 2560, 0, 0))
        + row_record(0, hidden=True)
        + cell_record(2, 0, number)
        + row_record(1, height=0)
        + cell_record(2, 0, number)
        + row_record(2)
        + cell_record(2, 3, number)
        + record(161, bytes(16))
        + record(176, struct.pack("<IIII", 0, 2, 1, 3))
    )
    shown = read_workbook(write_xlsb(tmp_path / "a.xlsb", sheet)).sheets[0]
    assert (shown.hidden_rows, shown.hidden_columns) == ({1, 2}, {2, 3})
    assert (shown.merged, shown.filtered) == (((1, 2, 3, 4),), True)


@pytest.mark.parametrize(
    "sheet",
    [
        row_record(0) + cell_record(7, 0, struct.pack("<I", 9)),  # no such string
        row_record(0) + cell_record(2, 0)[:-3],  # cut off
        row_record(0) + cell_record(2, 16_384, bytes(4)),  # beyond the last column
        cell_record(2, 0, bytes(4)),  # outside a row
        row_record(0) + cell_record(6, 0, struct.pack("<I", 1000) + b"ab"),  # longer than its record
        b"\x02\xff\xff\xff\x7f" + bytes(100),
    ],
)
def test_damaged_xlsb_is_refused(tmp_path, sheet):
    with pytest.raises(WorkbookError) as caught:
        read_workbook(write_xlsb(tmp_path / "a.xlsb", sheet))
    assert caught.value.code == "file-damaged"


@pytest.mark.parametrize(
    ("packed", "value"),
    [(0x3FF00000, 1), ((5 << 2) | 2, 5), ((1234 << 2) | 3, 12.34), (((-7 << 2) | 2) & 0xFFFFFFFF, -7)],
)
def test_packed_numbers(packed, value):
    assert rk_number(packed) == value


def test_an_ods_cell_without_the_value_of_its_type_holds_its_text(tmp_path):
    """As one that gives the text of a formula the type of a number: nothing shown is lost."""
    rows = row(
        '<table:table-cell office:value-type="float" office:string-value="OK" table:formula="of:=IF(1;2)"/>',
        '<table:table-cell office:value-type="float"><text:p>12,5</text:p></table:table-cell>',
        '<table:table-cell office:value-type="date"><text:p>1.4.2018</text:p></table:table-cell>',
        '<table:table-cell office:value-type="boolean"><text:p>WAHR</text:p></table:table-cell>',
        '<table:table-cell office:value-type="float" table:formula="of:=A1"/>',
        '<table:table-cell office:value-type="boolean"/>',
    )
    assert list(cells_of(write_ods(tmp_path / "a.ods", rows)).values()) == [
        Cell(1, 1, "OK", "=IF(1;2)"),
        Cell(1, 2, "12,5"),
        Cell(1, 3, "1.4.2018"),
        Cell(1, 4, "WAHR"),
        Cell(1, 5, None, "=A1"),
    ]


def test_what_later_versions_add_to_an_xlsb_is_passed_over(tmp_path):
    number = struct.pack("<I", (1 << 2) | 2)
    sheet = (
        record(35, bytes(4))
        + record(1, bytes(9))
        + record(36)
        + row_record(0)
        + cell_record(2, 0, number)
        + record(35, bytes(4))
        + cell_record(2, 1, number)
        + record(36)
        + cell_record(2, 2, number)
    )
    assert set(cells_of(write_xlsb(tmp_path / "a.xlsb", sheet))) == {"A1", "C1"}
