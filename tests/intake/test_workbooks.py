"""Workbooks: what is in a cell arrives, what is hostile is refused, with WorkbookError alone."""

from __future__ import annotations

import collections
import datetime as dt
import io
import math
import pickle
import random
import time
import tomllib
import warnings
import zipfile
from contextlib import suppress
from importlib.resources import files
from pathlib import Path

import openpyxl
import pytest
import xlwt
from hypothesis import given, settings
from hypothesis import strategies as st

from digistrat.intake.workbooks import (
    Cell,
    Limits,
    WorkbookError,
    cell_address,
    parse_address,
    read_workbook,
)
from digistrat.intake.workbooks.dates import date_kind, serial_date
from digistrat.intake.workbooks.delimited import detect_delimiter
from digistrat.intake.workbooks.sheetxml import decode_escapes, move_formula

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
STRICT = "http://purl.oclc.org/ooxml/spreadsheetml/main"
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def relation(number, kind, target, extra=""):
    return f'<Relationship Id="rId{number}" Type="{RELATIONS}/{kind}" Target="{target}" {extra}/>'


def relations(*entries):
    return "<Relationships>" + "".join(entries) + "</Relationships>"


def sheet_xml(rows, before="", after=""):
    return f'<worksheet xmlns="{MAIN}">{before}<sheetData>{rows}</sheetData>{after}</worksheet>'


def write_xlsx(path, sheet, **parts):
    """Write a container by hand; ``parts`` replace or add to the ordinary ones, None leaves one out."""
    content = {
        "[Content_Types].xml": "<Types/>",
        "_rels/.rels": relations(relation(1, "officeDocument", "xl/workbook.xml")),
        "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{RELATIONS}"><sheets>'
        '<sheet name="Data" sheetId="1" r:id="rId1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": relations(
            relation(1, "worksheet", "worksheets/sheet1.xml"),
            relation(2, "sharedStrings", "sharedStrings.xml"),
            relation(3, "styles", "styles.xml"),
        ),
        "xl/worksheets/sheet1.xml": sheet,
        **parts,
    }
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as container:
        for name, text in content.items():
            if text is not None:
                container.writestr(name, text)
    return path


STYLES = f"""<styleSheet xmlns="{MAIN}"><numFmts>
<numFmt numFmtId="164" formatCode="dd.mm.yyyy;@"/><numFmt numFmtId="165" formatCode="[h]:mm"/>
<numFmt numFmtId="166" formatCode="0.00&quot; days&quot;"/></numFmts>
<cellStyleXfs><xf numFmtId="14"/></cellStyleXfs><cellXfs><xf numFmtId="0"/><xf numFmtId="14"/>
<xf numFmtId="164"/><xf numFmtId="165"/><xf numFmtId="166"/><xf numFmtId="20"/></cellXfs></styleSheet>"""


def cells_of(path, **options):
    sheet = read_workbook(path, **options).sheets[0]
    return {cell_address(*place): cell for place, cell in sheet.cells.items()}


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
        '<c r="H3" t="n"><v>nan</v></c><c r="I3" t="s"><v></v></c></row>'
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
        "H3": Cell(3, 8, "nan"),
    }
    assert isinstance(cells["B1"].value, int)
    assert cells["D1"].value is True
    sheet = read_workbook(path).sheets[0]
    assert (sheet.n_rows, sheet.n_columns) == (3, 9)


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


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("General", None),
        ("0.00", None),
        ('#,##0.00\\ "m²"', None),
        ("[Red]0", None),
        ("[$€-407] #,##0.00", None),
        ("0.00E+00", None),
        ('0 "days"', None),
        ("dd.mm.yyyy", "date"),
        ("[$-407]mmm\\ yy;@", "date"),
        ("h:mm", "date"),
        ("mm:ss.0", "date"),
        ("[hh]:mm:ss", "elapsed"),
        ("[mm]", "elapsed"),
    ],
)
def test_formats_of_dates(code, kind):
    assert date_kind(code) == kind


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
    assert move_formula(formula, 2, 1) == moved


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
            '<sheet name="A" r:id="rId1"/><sheet name="Chart" r:id="rId3"/><sheet name="Gone" r:id="rId9"/></sheets></workbook>',
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


ODS_MIME = "application/vnd.oasis.opendocument.spreadsheet"


def write_ods(path, rows, prologue="", manifest=""):
    content = (
        f'<?xml version="1.0"?>{prologue}<office:document-content '
        'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
        'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" '
        'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"><office:body><office:spreadsheet>'
        f'<table:table table:name="Blatt">{rows}</table:table></office:spreadsheet></office:body>'
        "</office:document-content>"
    )
    with zipfile.ZipFile(path, "w") as container:
        container.writestr("mimetype", ODS_MIME)
        container.writestr("content.xml", content)
        container.writestr("META-INF/manifest.xml", f"<manifest>{manifest}</manifest>")
    return path


ODS_ROWS = (
    "<table:table-row><table:table-cell/></table:table-row><table:table-row><table:table-cell/>"
    '<table:table-cell office:value-type="string"><text:p>Köln</text:p></table:table-cell>'
    '<table:table-cell office:value-type="float" office:value="5"><text:p>5</text:p></table:table-cell>'
    '<table:table-cell office:value-type="date" office:date-value="2018-04-01"><text:p/></table:table-cell>'
    "</table:table-row>"
)


def test_ods_keeps_addresses_and_says_what_it_cannot_see(tmp_path):
    path = write_ods(tmp_path / "a.ods", ODS_ROWS)
    workbook = read_workbook(path)
    assert cells_of(path) == {
        "B2": Cell(2, 2, "Köln"),
        "C2": Cell(2, 3, 5),
        "D2": Cell(2, 4, dt.datetime(2018, 4, 1)),
    }
    assert (workbook.format, workbook.notes) == ("ods", (("file-errors-unseen", "ods"),))


@pytest.mark.parametrize(
    ("data", "expected", "notes"),
    [
        (b"a;b\n1,5;x\n", [["a", "b"], ["1,5", "x"]], []),
        ("Größe;b\r\n1;2\r\n".encode(), [["Größe", "b"], ["1", "2"]], []),
        ("\ufeffGröße,b\n1,2\n".encode(), [["Größe", "b"], ["1", "2"]], []),
        ("Größe\tb\n1\t2\n".encode("utf-16"), [["Größe", "b"], ["1", "2"]], []),
        ("Größe €;b\n1;2\n".encode("cp1252"), [["Größe €", "b"], ["1", "2"]], ["file-encoding-guessed"]),
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


# Refusals.


def code_of(path, **options):
    started = time.perf_counter()
    with pytest.raises(WorkbookError) as caught:
        read_workbook(path, **options)
    assert time.perf_counter() - started < 20
    assert path.name in caught.value.message
    return caught.value.code


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "file-empty"),
        (b"\0" * 100, "file-empty"),
        (b"%PDF-1.7", "file-not-a-workbook"),
        (b"<html><table><tr><td>1</td></tr></table></html>", "file-not-a-workbook"),
        (b"\xef\xbb\xbf<!DOCTYPE html><html></html>", "file-not-a-workbook"),
        (b'<?xml version="1.0"?><Workbook/>', "file-not-a-workbook"),
        (b"\x89PNG\r\n\x1a\n123", "file-not-a-workbook"),
        (bytes(range(256)) * 10, "file-not-a-workbook"),
        (b"PK\x03\x04 nothing more", "file-damaged"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 2000, "file-not-a-workbook"),
        (
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600 + "EncryptedPackage".encode("utf-16-le"),
            "file-encrypted",
        ),
        (b"\xff\xfea\0b", "file-damaged"),
    ],
)
def test_what_is_no_workbook_is_refused(tmp_path, data, code):
    path = tmp_path / "a.xlsx"
    path.write_bytes(data)
    assert code_of(path) == code


def test_what_cannot_be_opened_is_refused(tmp_path):
    assert code_of(tmp_path / "missing.xlsx") == "file-not-opened"
    assert code_of(tmp_path) == "file-not-opened"


def test_other_documents_in_a_container_are_refused(tmp_path):
    path = write_xlsx(
        tmp_path / "a.xlsx",
        None,
        **{
            "_rels/.rels": relations(relation(1, "officeDocument", "word/document.xml")),
            "word/document.xml": "<document/>",
            "xl/workbook.xml": None,
        },
    )
    assert code_of(path) == "file-not-a-workbook"
    with zipfile.ZipFile(tmp_path / "b.xlsx", "w") as container:
        container.writestr("data.csv", "1")
    assert code_of(tmp_path / "b.xlsx") == "file-not-a-workbook"
    assert code_of(write_ods(tmp_path / "c.ods", ODS_ROWS, manifest="<encryption-data/>")) == "file-encrypted"


DOCTYPE = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;"><!ENTITY c SYSTEM "file:///etc/passwd">]>'


def test_a_document_type_is_refused_wherever_it_stands(tmp_path):
    bad = DOCTYPE + sheet_xml('<row><c t="str"><v>&b;</v></c></row>')
    assert code_of(write_xlsx(tmp_path / "a.xlsx", bad)) == "file-has-doctype"
    for part in ("xl/sharedStrings.xml", "xl/styles.xml", "xl/workbook.xml", "_rels/.rels"):
        path = write_xlsx(tmp_path / "b.xlsx", sheet_xml(""), **{part: DOCTYPE + "<x/>"})
        assert code_of(path) == "file-has-doctype"
    assert code_of(write_ods(tmp_path / "a.ods", ODS_ROWS, prologue=DOCTYPE)) == "file-has-doctype"


def test_bombs_are_refused_before_they_go_off(tmp_path):
    bomb = write_xlsx(tmp_path / "a.xlsx", "<worksheet>" + " " * 100_000_000)
    started = time.perf_counter()
    assert code_of(bomb) == "file-too-large"
    assert time.perf_counter() - started < 5
    with zipfile.ZipFile(tmp_path / "b.xlsx", "w") as container:
        for number in range(12_000):
            container.writestr(f"xl/{number}", "")
    assert code_of(tmp_path / "b.xlsx") == "file-too-large"
    with zipfile.ZipFile(tmp_path / "c.ods", "w", zipfile.ZIP_DEFLATED) as container:
        container.writestr("mimetype", ODS_MIME)
        container.writestr("content.xml", " " * 100_000_000)
    assert code_of(tmp_path / "c.ods") == "file-too-large"


def test_far_apart_cells_cost_nothing(tmp_path):
    rows = '<row><c r="A1"><v>1</v></c></row><row><c r="XFD1048576"><v>2</v></c></row>'
    path = write_xlsx(tmp_path / "a.xlsx", sheet_xml(rows))
    assert set(cells_of(path)) == {"A1", "XFD1048576"}
    beyond = sheet_xml('<row r="1048577"><c r="A1048577"><v>1</v></c></row>')
    assert code_of(write_xlsx(tmp_path / "b.xlsx", beyond)) == "file-damaged"
    # In ods a dense table would have 17 billion cells; the reader's process may die, ours does not.
    far = (
        '<table:table-row table:number-rows-repeated="1048575"><table:table-cell office:value-type="float" '
        'office:value="1" table:number-columns-repeated="16384"/></table:table-row>'
    )
    assert code_of(write_ods(tmp_path / "c.ods", far)) in ("file-too-large", "file-damaged", "file-too-slow")


def test_too_many_cells_are_refused_in_time(tmp_path):
    generator = random.Random(1)

    def rows():
        for row in range(1, 25_001):
            numbers = (f"<c><v>{generator.randrange(10_000)}</v></c>" for _ in range(160))
            yield f'<row r="{row}">{"".join(numbers)}</row>'

    path = write_xlsx(tmp_path / "a.xlsx", sheet_xml("".join(rows())))
    started = time.process_time()
    assert code_of(path) == "file-too-large"
    assert time.process_time() - started < 5
    small = write_xlsx(tmp_path / "b.xlsx", sheet_xml("<row>" + "<c><v>1</v></c>" * 11 + "</row>"))
    assert code_of(small, limits=Limits(n_cells=10)) == "file-too-large"
    assert len(cells_of(small, limits=Limits(n_cells=11))) == 11
    (tmp_path / "c.csv").write_text("1;2;3\n" * 4)
    assert code_of(tmp_path / "c.csv", limits=Limits(n_cells=10)) == "file-too-large"


def test_limits_of_size_and_time(tmp_path):
    path = write_xlsx(tmp_path / "a.xlsx", sheet_xml("<row><c><v>1</v></c></row>"))
    assert code_of(path, limits=Limits(file_bytes=100)) == "file-too-large"
    assert code_of(path, limits=Limits(part_bytes=100)) == "file-too-large"
    assert code_of(path, limits=Limits(total_bytes=200)) == "file-too-large"
    assert code_of(path, limits=Limits(seconds=0)) == "file-too-slow"


def test_a_sector_loop_ends(tmp_path):
    book = xlwt.Workbook()
    book.add_sheet("a").write(0, 0, "x")
    stream = io.BytesIO()
    book.save(stream)
    data = bytearray(stream.getvalue())
    table = 512 * (1 + int.from_bytes(data[76:80], "little"))  # the first sector of the allocation table
    for sector in range(64):
        data[table + 4 * sector : table + 4 * sector + 4] = sector.to_bytes(4, "little")
    (tmp_path / "a.xls").write_bytes(data)
    assert code_of(tmp_path / "a.xls", limits=Limits(seconds=4)) in (
        "file-damaged",
        "file-too-slow",
        "file-too-large",
    )


@pytest.fixture(scope="module")
def healthy(tmp_path_factory):
    """Bytes of an ordinary workbook."""
    path = tmp_path_factory.mktemp("healthy") / "a.xlsx"
    book = openpyxl.Workbook()
    for row in range(20):
        book.active.append([f"text {row}", row, row / 3, dt.datetime(2018, 4, 1), "=A1"])
    book.save(path)
    return path.read_bytes()


@settings(deadline=None, max_examples=150)
@given(place=st.floats(0, 0.999), damage=st.binary(min_size=1, max_size=6), cut=st.booleans())
def test_damage_gives_one_error_or_a_workbook(healthy, tmp_path_factory, place, damage, cut):
    start = int(place * len(healthy))
    data = healthy[:start] + (b"" if cut else damage + healthy[start + len(damage) :])
    path = tmp_path_factory.getbasetemp() / "damaged.xlsx"
    path.write_bytes(data)
    with suppress(WorkbookError):  # anything else fails the test
        read_workbook(path)


@settings(deadline=None, max_examples=150)
@given(
    place=st.floats(0, 1),
    damage=st.sampled_from(["<c>", "</row>", 'r="ZZZZ9"', "&x;", "<v>", "\0", '<f t="shared"/>', "<is><t>"]),
)
def test_damaged_markup_gives_one_error_or_a_workbook(tmp_path_factory, place, damage):
    xml = sheet_xml('<row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" s="1"><f>A1</f><v>5</v></c></row>' * 3)
    start = int(place * len(xml))
    path = write_xlsx(tmp_path_factory.getbasetemp() / "markup.xlsx", xml[:start] + damage + xml[start:])
    with suppress(WorkbookError):  # anything else fails the test
        read_workbook(path)


def test_errors_travel_between_processes_and_speak_both_languages():
    error = pickle.loads(pickle.dumps(WorkbookError("file-damaged", "a.xlsx", "xl/workbook.xml")))
    assert (error.code, error.file, error.value) == ("file-damaged", "a.xlsx", "xl/workbook.xml")
    assert "a.xlsx" in str(error)
    source = Path(read_workbook.__code__.co_filename).parent
    emitted = {
        word
        for path in source.glob("*.py")
        for word in path.read_text("utf-8").split('"')
        if word.startswith(("file-", "sheet-")) and word.replace("-", "").isalpha()
    }
    assert len(emitted) >= 15
    for language in ("de", "en"):
        texts = tomllib.loads(files("digistrat.locales").joinpath(f"{language}.toml").read_text("utf-8"))
        assert {
            code for code in emitted if set(texts["finding"].get(code, {})) != {"message", "hint"}
        } == set()


# Real files.


@pytest.mark.slow
def test_the_corpus_is_read_or_refused(shared):
    paths = [path for path in sorted((shared / "data" / "corpus").rglob("*")) if path.is_file()]
    paths = [path for path in paths if "LICEN" not in path.name and path.suffix != ".md"]
    assert len(paths) >= 600
    outcomes = collections.Counter()
    for path in paths:
        started = time.perf_counter()
        try:
            outcomes[read_workbook(path).format] += 1
        except WorkbookError as error:
            outcomes[error.code] += 1
        assert time.perf_counter() - started < 31, path
    assert outcomes["xlsx"] >= 338  # calamine opens 337 of them, openpyxl 327
    assert outcomes["xls"] >= 99
    assert outcomes["ods"] >= 57
    assert outcomes["xlsb"] >= 15
    assert outcomes["csv"] >= 160
    assert outcomes["file-encrypted"] == 13
    assert outcomes["file-damaged"] <= 4


def explained(ours, theirs):
    """Differences from openpyxl that are meant: see the table in the facts on spreadsheets."""
    if isinstance(theirs, dt.timedelta):  # an elapsed time stays a number of days
        return math.isclose(ours.value, theirs / dt.timedelta(days=1), abs_tol=1e-5)
    if isinstance(theirs, str) and "_x000D_" in theirs:  # openpyxl leaves the escape
        return ours.value == theirs.replace("_x000D_", "\r")
    if isinstance(ours.value, (int, float)) and isinstance(theirs, dt.datetime):  # 29 February 1900
        return int(ours.value) == 60
    return type(theirs) is dt.date and ours.value == dt.datetime(theirs.year, theirs.month, theirs.day)


@pytest.mark.slow
def test_cells_agree_with_openpyxl(shared):
    n_cells, differing, n_files = 0, [], 0
    for path in sorted((shared / "data" / "corpus").rglob("*.xls[xm]")):
        try:
            workbook = read_workbook(path)
            if workbook.format != "xlsx" or path.stat().st_size > 400_000:
                continue
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                oracle = openpyxl.load_workbook(path, data_only=True)
                formulas = openpyxl.load_workbook(path)
        except Exception:  # openpyxl fails in many ways; what ours refuses is counted in the test above
            continue
        n_files += 1
        for sheet in workbook.sheets:
            if sheet.name not in oracle.sheetnames:  # openpyxl sees no sheets in strict files
                continue
            # Stored cells only: iterating rows would fill the space between two far-apart cells.
            stored, sources = oracle[sheet.name]._cells, formulas[sheet.name]._cells
            theirs = {place: cell.value for place, cell in stored.items() if cell.value not in (None, "")}
            for place in theirs.keys() | sheet.cells.keys():
                cell, value = sheet.cells.get(place), theirs.get(place)
                n_cells += 1
                ours = None if cell is None or cell.value == "" else cell.error or cell.value
                if ours != value and not (cell is not None and explained(cell, value)):
                    differing.append((path.name, sheet.name, place, ours, value))
                formula = sources.get(place)
                if cell is not None and formula is not None and formula.data_type == "f":
                    if not isinstance(formula.value, str):  # arrays and data tables are objects there
                        continue
                    assert cell.formula == formula.value, (path.name, sheet.name, place)
    assert n_files >= 300
    assert n_cells >= 150_000
    # A phantom value beside a hyperlink, and a date beyond the year 9999.
    assert len(differing) <= 3, differing[:20]
