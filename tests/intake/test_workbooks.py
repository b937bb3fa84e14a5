"""Workbooks: what is in a cell arrives, with its place and its state."""

from __future__ import annotations

import datetime as dt

import openpyxl
import pytest
import xlwt
from hypothesis import given
from hypothesis import strategies as st
from workbook_files import (
    MAIN,
    RELATIONS,
    STRICT,
    cells_of,
    relation,
    relations,
    sheet_xml,
    write_xlsx,
)

from digistrat.intake.workbooks import (
    Cell,
    cell_address,
    parse_address,
    read_workbook,
)
from digistrat.intake.workbooks.dates import serial_date
from digistrat.intake.workbooks.delimited import detect_delimiter
from digistrat.intake.workbooks.formulas import formula_pieces, move_pieces
from digistrat.intake.workbooks.rawvalues import decode_escapes

STYLES = f"""<styleSheet xmlns="{MAIN}"><numFmts>
<numFmt numFmtId="164" formatCode="dd.mm.yyyy;@"/><numFmt numFmtId="165" formatCode="[h]:mm"/>
<numFmt numFmtId="166" formatCode="0.00&quot; days&quot;"/></numFmts>
<cellStyleXfs><xf numFmtId="14"/></cellStyleXfs><cellXfs><xf numFmtId="0"/><xf numFmtId="14"/>
<xf numFmtId="164"/><xf numFmtId="165"/><xf numFmtId="166"/><xf numFmtId="20"/></cellXfs></styleSheet>"""


def test_every_type_of_cell(tmp_path):
    rows = (
        '<row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1"><v>12</v></c><c r="C1"><v>12.50</v></c>'
        '<c r="D1" t="b"><v>1</v></c><c r="E1" t="e"><v>#REF!</v></c>'
        '<c r="F1" t="str"><f>A1</f><v>x &amp; y</v></c>'
        '<c r="G1" t="inlineStr"><is><r><t>in</t></r><r><t>line</t></r></is></c>'
        '<c r="H1" t="d"><v>2018-04-01T00:00:00</v></c><c r="I1" s="2"><v>43191</v></c></row>'
        '<row r="3"><c r="A3"><f>SUM(B1:C1)</f></c><c r="B3" s="1"/><c r="C3"><f>1/0</f><v>4</v></c>'
        '<c r="D3" t="e"><f>1/0</f><v>#DIV/0!</v></c><c r="E3" t="s"><v>2</v></c><c r="F3"><v>1E3</v></c>'
        '<c r="G3" t="str"><f>""</f><v></v></c>'
        '<c r="J3"><v>1_000</v></c><c r="H3" t="n"><v>nan</v></c><c r="I3" t="s"><v></v></c></row>'
    )
    strings = (
        f'<sst xmlns="{MAIN}"><si><r><t>rich</t></r><r><rPr/><t xml:space="preserve"> text_x000D_</t></r>'
        "<rPh><t>reading</t></rPh></si><si/><si><t></t></si></sst>"
    )
    path = write_xlsx(
        tmp_path / "a.xlsx", sheet_xml(rows), **{"xl/sharedStrings.xml": strings, "xl/styles.xml": STYLES}
    )
    cells = cells_of(path)
    assert cells == {
        "A1": Cell(1, 1, "rich text\r"),
        "B1": Cell(1, 2, 12),
        "C1": Cell(1, 3, 12.5),
        "D1": Cell(1, 4, True),
        "E1": Cell(1, 5, None, None, "#REF!"),
        "F1": Cell(1, 6, "x & y", "=A1"),
        "G1": Cell(1, 7, "inline"),
        "H1": Cell(1, 8, dt.datetime(2018, 4, 1)),
        "I1": Cell(1, 9, dt.datetime(2018, 4, 1)),
        "A3": Cell(3, 1, None, "=SUM(B1:C1)"),
        "C3": Cell(3, 3, 4, "=1/0"),
        "D3": Cell(3, 4, None, "=1/0", "#DIV/0!"),
        "F3": Cell(3, 6, 1000.0),
        "G3": Cell(3, 7, "", '=""'),
        "J3": Cell(3, 10, "1_000"),
        "H3": Cell(3, 8, "nan"),
    }
    assert isinstance(cells["B1"].value, int)
    assert cells["D1"].value is True
    sheet = read_workbook(path).sheets[0]
    assert (sheet.n_rows, sheet.n_columns) == (3, 10)


def test_dates_follow_the_format_and_the_calendar(tmp_path):
    rows = (
        '<row><c s="1"><v>59</v></c><c s="1"><v>61</v></c><c s="3"><v>1.5</v></c><c s="4"><v>43191</v></c>'
        '<c s="5"><v>0.75</v></c><c s="1"><v>43191.5</v></c><c s="1"><v>-5</v></c>'
        '<c s="99"><v>7</v></c></row>'
    )
    path = write_xlsx(tmp_path / "a.xlsx", sheet_xml(rows), **{"xl/styles.xml": STYLES})
    assert [cell.value for cell in cells_of(path).values()] == [
        dt.datetime(1900, 2, 28),
        dt.datetime(1900, 3, 1),
        1.5,
        43191,
        dt.time(18),
        dt.datetime(2018, 4, 1, 12),
        -5,
        7,
    ]
    # An extension's element of the same name does not reset the calendar.
    book = (
        f'<workbook xmlns="{MAIN}" xmlns:r="{RELATIONS}" xmlns:x15="x"><workbookPr date1904="1"/>'
        '<x15:workbookPr chartTrackingRefBase="1"/><sheets><sheet name="S" r:id="rId1"/></sheets></workbook>'
    )
    path = write_xlsx(
        tmp_path / "b.xlsx", sheet_xml(rows), **{"xl/styles.xml": STYLES, "xl/workbook.xml": book}
    )
    assert cells_of(path)["A1"].value == dt.datetime(1904, 2, 29)


def test_serials_are_those_of_the_specification():
    # ECMA-376 part 1, 18.17.4.1: 1 is 1 January 1900, 2958465 is 31 December 9999; 0 in 1904 is 1 January.
    assert serial_date(1) == dt.datetime(1900, 1, 1)
    assert serial_date(2_958_465) == dt.datetime(9999, 12, 31)
    assert serial_date(1, date1904=True) == dt.datetime(1904, 1, 2)
    assert serial_date(60) is None
    assert serial_date(2_958_466) is None
    assert serial_date(-1) is None
    assert serial_date(43191.999999999) == dt.datetime(2018, 4, 2)


def test_what_is_hidden_merged_or_filtered(tmp_path):
    before = '<cols><col min="2" max="3" hidden="1"/><col min="5" max="16384" hidden="true"/></cols>'
    rows = '<row r="1" hidden="1"><c r="A1"><v>1</v></c></row><row r="2"><c r="D2"><v>2</v></c></row>'
    rows += '<row r="9" hidden="1"/>'
    after = '<autoFilter ref="A1:D2"/><mergeCells><mergeCell ref="A1:B2"/><mergeCell ref="C3"/></mergeCells>'
    book = (
        f'<workbook xmlns="{MAIN}" xmlns:r="{RELATIONS}"><sheets><sheet name="Shown" r:id="rId1"/>'
        '<sheet name="Hidden" state="veryHidden" r:id="rId1"/></sheets></workbook>'
    )
    path = write_xlsx(tmp_path / "a.xlsx", sheet_xml(rows, before, after), **{"xl/workbook.xml": book})
    shown, hidden = read_workbook(path).sheets
    assert (shown.name, shown.hidden, hidden.name, hidden.hidden) == ("Shown", False, "Hidden", True)
    assert (shown.hidden_rows, shown.hidden_columns) == ({1}, {2, 3})
    assert (shown.merged, shown.filtered) == (((1, 1, 2, 2), (3, 3, 3, 3)), True)


def test_dialects_of_the_container(tmp_path):
    row = "<x:row><x:c><x:v>5</x:v></x:c></x:row>"
    prefixed = f'<x:worksheet xmlns:x="{STRICT}"><x:sheetData>{row}</x:sheetData></x:worksheet>'
    path = write_xlsx(
        tmp_path / "a.xlsx",
        None,
        **{
            "_rels/.rels": "<Relationships><Relationship Id='r' Target='/XL/Workbook.xml' "
            "Type='http://purl.oclc.org/ooxml/officeDocument/relationships/officeDocument'/></Relationships>",
            "xl/_rels/workbook.xml.rels": relations(relation(1, "worksheet", "/xl\\Sheets\\One.xml")),
            "xl/sheets/one.xml": prefixed,
        },
    )
    assert cells_of(path) == {"A1": Cell(1, 1, 5)}


def test_shared_formulas_move_with_their_cell(tmp_path):
    rows = (
        '<row r="1"><c r="B1"><f t="shared" ref="B1:B3" si="0">A1*$C$1+LOG10(A2)</f><v>1</v></c></row>'
        '<row r="2"><c r="B2"><f t="shared" si="0"/><v>2</v></c></row>'
    )
    cells = cells_of(write_xlsx(tmp_path / "a.xlsx", sheet_xml(rows)))
    assert cells["B2"] == Cell(2, 2, 2, "=A2*$C$1+LOG10(A3)")


@pytest.mark.parametrize(
    ("formula", "moved"),
    [
        ("A1", "B3"),
        ("$A1+A$1", "$A3+B$1"),
        ("SUM(A:A)", "SUM(B:B)"),
        ("SUM(1:1)", "SUM(3:3)"),
        ('"A1"&A1', '"A1"&B3'),
        ("'A1 x'!A1", "'A1 x'!B3"),
        ("Sheet1!A1:B2", "Sheet1!B3:C4"),
        ("LOG10(A1)", "LOG10(B3)"),
        ("A1_name+my.A1", "A1_name+my.A1"),
    ],
)
def test_formulas_move(formula, moved):
    assert move_pieces(formula_pieces(formula), 2, 1) == moved


def test_escapes():
    assert decode_escapes("a_x000D_\nb") == "a\r\nb"
    assert decode_escapes("_x005F_x000D_") == "_x000D_"
    assert decode_escapes("_xD83D__xDE00_") == "😀"
    assert decode_escapes("_xD83D_") == "\ufffd"
    assert decode_escapes("x_x1_y") == "x_x1_y"


def test_remarks_about_the_file(tmp_path):
    path = write_xlsx(
        tmp_path / "a.xlsm",
        sheet_xml(""),
        **{
            "xl/vbaProject.bin": "x",
            "xl/_rels/workbook.xml.rels": relations(
                relation(1, "worksheet", "worksheets/sheet1.xml"),
                relation(2, "externalLink", "externalLinks/externalLink1.xml"),
                relation(3, "chartsheet", "chartsheets/sheet1.xml"),
            ),
            "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{RELATIONS}"><sheets>'
            '<sheet name="A" r:id="rId1"/><sheet name="Chart" r:id="rId3"/><sheet name="Gone" r:id="rId9"/>'
            "</sheets></workbook>",
        },
    )
    workbook = read_workbook(path)
    assert [sheet.name for sheet in workbook.sheets] == ["A"]
    assert dict(workbook.notes) == {
        "file-has-macros": "a.xlsm",
        "file-has-links": "a.xlsm",
        "sheet-without-cells": "Chart",
        "sheet-lost": "Gone",
    }


def test_a_written_workbook_comes_back(tmp_path):
    book = openpyxl.Workbook()
    values = [["Köln", 1, 2.5, True, dt.datetime(2018, 4, 1), None, "=A1", "#N/A", "a\nb", " x "]]
    book.active.append(values[0])
    book.save(tmp_path / "a.xlsx")
    cells = cells_of(tmp_path / "a.xlsx")
    assert [cells[a].value for a in ("A1", "B1", "C1", "D1", "E1", "I1", "J1")] == [
        "Köln",
        1,
        2.5,
        True,
        dt.datetime(2018, 4, 1),
        "a\nb",
        " x ",
    ]
    assert "F1" not in cells
    assert cells["G1"] == Cell(1, 7, None, "=A1")
    assert cells["H1"] == Cell(1, 8, None, None, "#N/A")


@given(st.integers(1, 1_048_576), st.integers(1, 16_384))
def test_addresses_come_back(row, column):
    assert parse_address(cell_address(row, column)) == (row, column)
    assert cell_address(row, column) == f"{openpyxl.utils.get_column_letter(column)}{row}"


@pytest.mark.parametrize("address", ["", "A", "1", "A0", "XFE1", "A1048577", "AAAA1", "A1:B2", "Ä1", "A١"])
def test_what_is_no_address_is_a_wrong_call(address):
    with pytest.raises(ValueError, match="address must be"):
        parse_address(address)
    with pytest.raises(ValueError, match="row and column must lie"):
        cell_address(0, 1)


# Other formats.


def test_xls_with_dates_errors_and_hidden_sheet(tmp_path):
    book = xlwt.Workbook()
    sheet = book.add_sheet("Daten")
    sheet.write(1, 2, "Straße")
    sheet.write(2, 0, 12)
    sheet.write(2, 1, 12.5)
    sheet.write(2, 2, dt.datetime(2018, 4, 1), xlwt.easyxf(num_format_str="DD.MM.YYYY"))
    sheet.write(2, 3, 1.5, xlwt.easyxf(num_format_str="[h]:mm"))
    sheet.write(2, 4, True)
    sheet.row(2).set_cell_error(5, "#REF!")
    sheet.write_merge(4, 5, 0, 1, "merged")
    sheet.row(1).hidden = True
    book.add_sheet("Still").visibility = 1
    book.save(str(tmp_path / "a.xlsx"))  # the wrong name on purpose
    workbook = read_workbook(tmp_path / "a.xlsx")
    assert workbook.format == "xls"
    first, second = workbook.sheets
    assert {cell_address(*place): (cell.value, cell.error) for place, cell in first.cells.items()} == {
        "C2": ("Straße", None),
        "A3": (12, None),
        "B3": (12.5, None),
        "C3": (dt.datetime(2018, 4, 1), None),
        "D3": (1.5, None),
        "E3": (True, None),
        "F3": (None, "#REF!"),
        "A5": ("merged", None),
    }
    assert (first.merged, first.hidden_rows) == (((5, 1, 6, 2),), {2})
    assert (first.hidden, second.hidden) == (False, True)
    assert [code for code, _ in workbook.notes] == ["file-formulas-unseen"]


@pytest.mark.parametrize(
    ("data", "expected", "notes"),
    [
        (b"a;b\n1,5;x\n", [["a", "b"], ["1,5", "x"]], []),
        ("Größe;b\r\n1;2\r\n".encode(), [["Größe", "b"], ["1", "2"]], []),
        ("\ufeffGröße,b\n1,2\n".encode(), [["Größe", "b"], ["1", "2"]], []),
        ("Größe\tb\n1\t2\n".encode("utf-16"), [["Größe", "b"], ["1", "2"]], []),
        ("Größe €;b\n1;2\n".encode("cp1252"), [["Größe €", "b"], ["1", "2"]], ["file-encoding-guessed"]),
        ("\ufeffÄÖÜ;b\n".encode() + b"It\x92s;2\n", [["ÄÖÜ", "b"], ["It’s", "2"]], ["file-encoding-guessed"]),
        ("„Grö“;b\n".encode() + b"It\x92s;2\n", [["„Grö“", "b"], ["It’s", "2"]], ["file-encoding-guessed"]),
        (b'a,b\n"x, y\nz",2\nw,3\n', [["a", "b"], ["x, y\nz", "2"], ["w", "3"]], []),
        (b"sep=,\na,b\n", [[], ["a", "b"]], []),
        (b'a;b\n1;"open\n2;3\n', [["a", "b"], ["1", "open\n2;3\n"]], ["file-quote-open"]),
        (b"one\ntwo\n", [["one"], ["two"]], []),
        (b"a;;c\n\n;2;\n", [["a", "", "c"], [], ["", "2"]], []),
    ],
)
def test_delimited_text(tmp_path, data, expected, notes):
    path = tmp_path / "a.csv"
    path.write_bytes(data)
    workbook = read_workbook(path)
    assert workbook.format == "csv"
    assert [code for code, _ in workbook.notes] == notes
    assert {place: cell.value for place, cell in workbook.sheets[0].cells.items()} == {
        (row, column): value
        for row, record in enumerate(expected, 1)
        for column, value in enumerate(record, 1)
        if value
    }


@pytest.mark.parametrize(
    ("text", "delimiter"),
    [
        ("a;b;c\n1,5;2,5;3\n", ";"),
        ("Title\n\nname,cost\nx,1\ny,2\n", ","),
        ('name,note\nx,"a; b; c"\ny,"d; e; f"\n', ","),
        ("a|b\n1|2\n", "|"),
        ("a\tb,c\n1\t2,3\n", "\t"),
    ],
)
def test_the_delimiter_is_the_consistent_one(text, delimiter):
    assert detect_delimiter(text) == delimiter


def test_the_bytes_decide_not_the_name(tmp_path):
    path = write_xlsx(tmp_path / "a.xls", sheet_xml("<row><c><v>1</v></c></row>"))
    assert read_workbook(path).format == "xlsx"
    (tmp_path / "b.xlsx").write_text("a;b\n1;2\n")
    assert read_workbook(tmp_path / "b.xlsx").format == "csv"
