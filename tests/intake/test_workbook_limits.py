"""Workbooks: what is hostile or damaged is refused in time, with WorkbookError alone."""

from __future__ import annotations

import datetime as dt
import io
import pickle
import random
import struct
import time
import tomllib
import zipfile
from contextlib import suppress
from importlib.resources import files
from pathlib import Path

import openpyxl
import pytest
import xlwt
from hypothesis import given, settings
from hypothesis import strategies as st
from workbook_files import (
    MAIN,
    ODS_MIME,
    ODS_ROWS,
    RELATIONS,
    cell_record,
    cells_of,
    record,
    relation,
    relations,
    row_record,
    sheet_xml,
    wide,
    write_ods,
    write_xlsb,
    write_xlsx,
)

from digistrat.intake.workbooks import (
    Limits,
    WorkbookError,
    ods,
    read_workbook,
    sheetxml,
    worker,
    worksheet,
    xlsb,
)


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
    # A dense table would have 17 billion cells.
    rows = (
        '<table:table-row table:number-rows-repeated="1048575"><table:table-cell/></table:table-row>'
        '<table:table-row><table:table-cell table:number-columns-repeated="16383"/><table:table-cell '
        'office:value-type="float" office:value="1"/></table:table-row>'
    )
    assert set(cells_of(write_ods(tmp_path / "c.ods", rows))) == {"XFD1048576"}
    number = struct.pack("<I", (1 << 2) | 2)
    records = (
        row_record(0) + cell_record(2, 0, number) + row_record(1_048_575) + cell_record(2, 16_383, number)
    )
    assert set(cells_of(write_xlsb(tmp_path / "d.xlsb", records))) == {"A1", "XFD1048576"}
    book = xlwt.Workbook()
    sheet = book.add_sheet("a")
    sheet.write(0, 0, 1)
    sheet.write(65_535, 255, 2)
    book.save(str(tmp_path / "e.xls"))
    assert set(cells_of(tmp_path / "e.xls")) == {"A1", "IV65536"}


REPEATED = (
    '<table:table-row table:number-rows-repeated="{}"><table:table-cell table:number-columns-repeated="{}" {}'
)


@pytest.mark.parametrize(
    ("rows", "columns", "code"),
    [
        (1_048_576, 16_384, "file-too-large"),
        (1_048_576, 3, "file-too-large"),
        (1, 999_999_999, "file-damaged"),
        (999_999_999, 1, "file-damaged"),
    ],
)
def test_repeated_cells_are_counted_before_they_are_made(tmp_path, rows, columns, code):
    cell = 'office:value-type="float" office:value="1"/></table:table-row>'
    assert code_of(write_ods(tmp_path / "a.ods", REPEATED.format(rows, columns, cell))) == code
    blank = REPEATED.format(rows, columns, "/></table:table-row>")
    assert cells_of(write_ods(tmp_path / "b.ods", blank)) == {}


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


FULL = '<row><c t="str"><v>a</v></c><c><f>B1</f><v>1</v></c><c t="inlineStr"><is><t>b</t></is></c></row>'


def test_masses_are_counted_in_the_bytes(tmp_path, monkeypatch):
    monkeypatch.setattr(worksheet, "_COUNT_FROM", 0)
    monkeypatch.setattr(worksheet, "_MOST_OTHERS", 50)
    full = write_xlsx(tmp_path / "a.xlsx", sheet_xml(FULL * 30))
    assert code_of(full, limits=Limits(n_cells=50)) == "file-too-large"
    assert len(read_workbook(full, limits=Limits(n_cells=90)).sheets[0].cells) == 90
    blank = write_xlsx(tmp_path / "b.xlsx", sheet_xml("<row>" + '<c s="1"/>' * 102 + "</row>"))
    assert code_of(blank, limits=Limits(n_cells=50)) == "file-too-large"
    assert read_workbook(blank, limits=Limits(n_cells=51)).sheets[0].cells == {}
    merged = '<mergeCell ref="A1:B2"/>'
    for n, refused in ((40, False), (60, True)):
        path = write_xlsx(tmp_path / "c.xlsx", sheet_xml("", after=f"<mergeCells>{merged * n}</mergeCells>"))
        if refused:
            assert code_of(path) == "file-too-large"
        else:
            assert len(read_workbook(path).sheets[0].merged) == n


def test_what_cells_and_texts_take_is_estimated_before_any_is_read(tmp_path, monkeypatch):
    monkeypatch.setattr(worksheet, "_COUNT_FROM", 0)
    monkeypatch.setattr(worksheet, "_MOST_OTHERS", 50)
    limits = Limits(memory_bytes=48_000)
    rows = '<row><c t="str"><f>B1</f><v>a</v></c></row>' * 100
    merges = '<mergeCell ref="A1:B2"/>' * 30
    assert len(cells_of(write_xlsx(tmp_path / "a.xlsx", sheet_xml(rows)), limits=limits)) == 100
    merged = write_xlsx(tmp_path / "b.xlsx", sheet_xml(rows, after=f"<mergeCells>{merges}</mergeCells>"))
    long = write_xlsx(tmp_path / "c.xlsx", sheet_xml(f"<row><c><f>{'A1+' * 9_000}1</f></c></row>"))
    assert len(cells_of(long)) == 1
    monkeypatch.setattr(worksheet, "MOST_TEXT", 20_000)
    monkeypatch.setattr(worksheet, "TileReader", lambda *_: pytest.fail("it was read"))
    assert code_of(merged, limits=limits) == "file-too-large"
    assert code_of(long) == "file-too-large"


WIDE_OPEN = Limits(part_ratio=10**9)


@pytest.mark.parametrize(
    "sheet",
    [
        sheet_xml("<a>" * 1_001 + "</a>" * 1_001),
        sheet_xml("".join(f"<a{number}/>" for number in range(20_001))),
        sheet_xml("<row" + "".join(f" a{number}='1'" for number in range(20_001)) + "/>"),
        sheet_xml(f'<row a="{">" * 3_000_000}"/>'),
        sheet_xml(f"<!--{'<c>' * 1_000_000}-->"),
        sheet_xml(f'<row><c t="str"><v>{"ab" * 25_000_000}</v></c></row>'),
    ],
    ids=["depth", "names", "attributes", "tag", "comment", "text"],
)
def test_markup_that_would_hurt_a_parser_is_refused(tmp_path, sheet):
    assert code_of(write_xlsx(tmp_path / "a.xlsx", sheet), limits=WIDE_OPEN) == "file-too-large"


def test_formulas_that_multiply_are_refused(tmp_path, monkeypatch):
    rows = f'<row><c><f t="shared" si="0">{"A1+" * 99}A1</f></c></row>' + (
        '<row><c><f t="shared" si="0"/><v>1</v></c></row>' * 20
    )
    path = write_xlsx(tmp_path / "a.xlsx", sheet_xml(rows))
    assert cells_of(path)["A21"].formula == "=" + "A21+" * 99 + "A21"
    monkeypatch.setattr(sheetxml, "_MOST_MOVED", 2_000)
    assert code_of(path) == "file-too-large"


def test_masses_around_the_sheets_are_refused(tmp_path):
    row = sheet_xml("<row><c><v>1</v></c></row>")
    many = {
        "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{RELATIONS}"><sheets>'
        + '<sheet name="a" r:id="rId1"/>' * 2_001
        + "</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": relations(
            *(f'<Relationship Id="{number}" Type="a" Target="b"/>' for number in range(50_001))
        ),
        "xl/styles.xml": f'<styleSheet xmlns="{MAIN}"><cellXfs>{"<xf/>" * 500_002}</cellXfs></styleSheet>',
        "xl/sharedStrings.xml": f'<sst xmlns="{MAIN}">{"<si/>" * 11}</sst>',
    }
    for part, content in many.items():
        path = write_xlsx(tmp_path / "a.xlsx", row, **{part: content})
        limits = Limits(part_ratio=10**9, n_cells=10)
        assert code_of(path, limits=limits) == "file-too-large", part


def test_masses_in_other_formats_are_refused(tmp_path, monkeypatch):
    text = "<table:table-cell office:value-type='string'><text:p>a</text:p></table:table-cell>"
    path = write_ods(tmp_path / "a.ods", f"<table:table-row>{text * 11}</table:table-row>")
    assert code_of(path, limits=Limits(n_cells=10)) == "file-too-large"
    spaces = '<text:s text:c="999999999"/>' * 2_000
    spaced = (
        f"<table:table-row><table:table-cell><text:p>{spaces}</text:p></table:table-cell></table:table-row>"
    )
    assert code_of(write_ods(tmp_path / "b.ods", spaced)) == "file-too-large"
    monkeypatch.setattr(ods, "_MOST_OTHERS", 1_000)
    assert code_of(write_ods(tmp_path / "c.ods", "<table:table-row/>" * 1_000)) == "file-too-large"
    number = struct.pack("<I", (1 << 2) | 2)
    cells = row_record(0) + b"".join(cell_record(2, column, number) for column in range(11))
    for count_from in (0, 10**9):
        monkeypatch.setattr(xlsb, "_COUNT_FROM", count_from)
        path = write_xlsb(tmp_path / "a.xlsb", cells)
        assert code_of(path, limits=Limits(n_cells=10)) == "file-too-large"
        assert len(cells_of(path, limits=Limits(n_cells=11))) == 11
    monkeypatch.setattr(xlsb, "_COUNT_FROM", 0)
    monkeypatch.setattr(xlsb, "_MOST_OTHERS", 100)
    assert code_of(write_xlsb(tmp_path / "b.xlsb", row_record(0) * 101)) == "file-too-large"
    strings = record(19, b"\0" + wide("a")) * 11
    path = write_xlsb(tmp_path / "c.xlsb", b"", **{"xl/sharedStrings.bin": strings})
    assert code_of(path, limits=Limits(n_cells=10)) == "file-too-large"


def biff(*sheets, shared=False):
    """Return an xls stream without a container: the sheets given by the records between their ends."""

    def one(kind, content=b""):
        return struct.pack("<HH", kind, len(content)) + content

    begin = {kind: one(0x809, struct.pack("<HHHHII", 0x600, kind, 0, 0, 0, 0)) for kind in (5, 16)}
    parts = [begin[16] + b"".join(one(*entry) for entry in sheet) + one(10) for sheet in sheets]
    place = len(begin[5]) + 13 * len(sheets) + 4
    names = b""
    for number, part in enumerate(parts):
        names += one(0x85, struct.pack("<IBBBB", place, 0, 0, 1, 0) + b"%d" % number)
        place += 0 if shared else len(part)
    return begin[5] + names + one(10) + b"".join(parts)


MANY_NUMBERS = (
    0xBD,
    struct.pack("<HH", 0, 0) + struct.pack("<HI", 15, (1 << 2) | 2) * 11 + struct.pack("<H", 10),
)


def test_an_encrypted_xls_is_not_counted(tmp_path):
    begin, rest = biff([])[:20], biff([])[20:]
    password = struct.pack("<HHH", 0x2F, 54, 1) + bytes(52)
    texts = struct.pack("<HHII", 0xFC, 8, 0, 0x7FFF_FFFF)  # no number, but part of what is encrypted
    path = tmp_path / "a.xls"
    path.write_bytes(begin + password + texts + rest)
    assert code_of(path) == "file-encrypted"
    path.write_bytes(begin + texts + rest)
    assert code_of(path) == "file-too-large"


@pytest.mark.parametrize(
    ("data", "refused"),
    [
        (biff([MANY_NUMBERS]), True),
        (biff([(0xE5, struct.pack("<H", 1_000) + bytes(8_000))] * 2_001), True),
        (biff([(0x7D, struct.pack("<HH", 0, 255) + bytes(8))] * 8_000), True),
        (biff([(0x31, bytes(4)), (0x41E, bytes(4)), (0xE0, bytes(20))] * 34_000), True),
        (biff([(0x207, b"")] * 20), True),
        (biff([(0xFC, struct.pack("<II", 11, 11))]), True),
        (biff([(0x5D, b"")] * 500_001), True),
        (biff([(0xBE, bytes(8_000))] * 2_001), True),
        (biff([(0x203, struct.pack("<HHHd", 0, 0, 0, 1.0))], [], shared=True), True),
        (biff([(0x203, struct.pack("<HHHd", 0, 0, 0, 1.0))], []), False),
    ],
    ids=[
        "cells",
        "merged",
        "columns",
        "styles",
        "results",
        "texts",
        "others",
        "blanks",
        "shared",
        "ordinary",
    ],
)
def test_masses_in_xls_are_seen_from_record_to_record(tmp_path, data, refused):
    path = tmp_path / "a.xls"
    path.write_bytes(data)
    reason, _ = worker.look_at_masses(data, 10)
    assert bool(reason) == refused
    if refused:
        assert code_of(path, limits=Limits(n_cells=10)) == "file-too-large"
    else:
        assert {address: cell.value for address, cell in cells_of(path).items()} == {"A1": 1}


@pytest.mark.parametrize(("size", "code"), [(50, "file-damaged"), (2**31, "file-too-large")])
def test_a_directory_that_lies_about_a_size(tmp_path, size, code):
    path = write_xlsx(tmp_path / "a.xlsx", sheet_xml("<row><c><v>1</v></c></row>"))
    data = bytearray(path.read_bytes())
    entry = data.find(b"PK\x01\x02")
    while not data[entry + 46 :].startswith(b"xl/worksheets/sheet1.xml"):
        entry = data.find(b"PK\x01\x02", entry + 1)
    data[entry + 24 : entry + 28] = size.to_bytes(4, "little")
    path.write_bytes(data)
    assert code_of(path) == code


def test_many_tabs_of_one_part_are_read_once(tmp_path):
    sheets = "".join(f'<sheet name="S{number}" r:id="rId1"/>' for number in range(50))
    book = f'<workbook xmlns="{MAIN}" xmlns:r="{RELATIONS}"><sheets>{sheets}</sheets></workbook>'
    path = write_xlsx(
        tmp_path / "a.xlsx", sheet_xml("<row><c><v>1</v></c></row>"), **{"xl/workbook.xml": book}
    )
    read = read_workbook(path, limits=Limits(n_cells=1)).sheets
    assert [sheet.name for sheet in read] == [f"S{number}" for number in range(50)]
    assert all(sheet.cells == read[0].cells for sheet in read)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("a;" * 600_000, "file-too-large"),
        ("x;y\n" + "1;2\n" * 10 + "a;" * 1_000_000, "file-too-large"),
        ('a;b\n1;"' + "x\n" * 100_000, "file-quote-open"),
        ("a" * 3_000_000, None),
        ('"' * 1_000_000, None),
    ],
)
def test_text_files_that_are_one_line_or_one_cell(tmp_path, text, code):
    path = tmp_path / "a.csv"
    path.write_text(text)
    if code == "file-too-large":
        assert code_of(path) == code
    else:
        assert dict.fromkeys(read_workbook(path).sheets[0].cells)
        assert [note for note, _ in read_workbook(path).notes] == ([code] if code else [])


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
