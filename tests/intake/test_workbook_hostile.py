"""Workbooks: attacks that need thought rather than mass, each refused or read for what it is."""

from __future__ import annotations

import bz2
import datetime as dt
import os
import struct
import zipfile
from dataclasses import replace
from multiprocessing import get_context

import pytest
import xlwt
from test_workbook_limits import WIDE_OPEN, biff
from workbook_files import (
    MAIN,
    ODS_NAMES,
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

from digistrat.intake.workbooks import Limits, WorkbookError, annotations, container, read_workbook, xlsb
from digistrat.intake.workbooks.formulas import formula_pieces, move_pieces

ONE = sheet_xml('<row><c r="A1"><v>1</v></c></row>')


def refusal(path, **options):
    with pytest.raises(WorkbookError) as caught:
        read_workbook(path, **options)
    return caught.value.code


def shared(items):
    return {"xl/sharedStrings.xml": f'<sst xmlns="{MAIN}">{items}</sst>'}


@pytest.mark.parametrize("item", ["<si>", "<si><t>a</t>", "<si><r><t>a</t>"])
def test_items_that_never_end_are_not_searched_for_their_end(tmp_path, item):
    # Each search would go through all that follows, for minutes; in a process, because it cannot be stopped.
    path = write_xlsx(tmp_path / "a.xlsx", ONE, **shared(item * 250_000))
    process = get_context("fork").Process(target=refusal, args=(path,), kwargs={"limits": WIDE_OPEN})
    process.start()
    process.join(60)
    process.kill()
    assert process.exitcode == 0


def test_rich_texts_are_still_joined_by_the_fast_pass(tmp_path):
    items = "<si><r><t>a</t></r><r><t>b</t></r></si><si><t>c</t></si><si><r><t>d</t></r></si>"
    rows = "<row>" + "".join(f'<c t="s"><v>{index}</v></c>' for index in range(3)) + "</row>"
    path = write_xlsx(tmp_path / "a.xlsx", sheet_xml(rows), **shared(items))
    assert [cell.value for cell in cells_of(path).values()] == ["ab", "c", "d"]


def test_parts_packed_in_other_ways_are_refused_unopened(tmp_path):
    path = tmp_path / "a.xlsx"
    write_xlsx(path, ONE)
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(tmp_path / "b.xlsx", "w") as target:
        for name in source.namelist():
            way = zipfile.ZIP_BZIP2 if "sheet1" in name else zipfile.ZIP_DEFLATED
            target.writestr(name, source.read(name), compress_type=way)
    assert len(bz2.compress(bytes(10_000_000))) < 100  # what one read of it may become
    assert refusal(tmp_path / "b.xlsx") == "file-damaged"
    data = bytearray(path.read_bytes())
    at = 0
    while (at := data.find(b"PK\x01\x02", at)) >= 0:  # the bit that says: encrypted
        data[at + 8] |= 1
        at += 4
    path.write_bytes(data)
    assert refusal(path) == "file-encrypted"


def test_elements_are_counted_over_the_parts_that_nobody_looked_at(tmp_path, monkeypatch):
    monkeypatch.setattr(container, "_MOST_UNSEEN", 100)
    few, many = "<a>" + "<b/>" * 40 + "</a>", "<a>" + "<b/>" * 80 + "</a>"
    one = {"xl/styles.xml": few}
    assert set(cells_of(write_xlsx(tmp_path / "a.xlsx", ONE, **one))) == {"A1"}
    two = {"xl/styles.xml": few, "xl/worksheets/_rels/sheet1.xml.rels": many}
    assert refusal(write_xlsx(tmp_path / "b.xlsx", ONE, **two)) == "file-too-large"
    attributes = " ".join(f'a{number}=""' for number in range(101))
    assert refusal(write_xlsx(tmp_path / "c.xlsx", ONE, **{"xl/styles.xml": f"<a {attributes}/>"})) == (
        "file-too-large"
    )


@pytest.mark.parametrize("mark", ["&amp;", "_x000D_"])
def test_references_and_escapes_are_counted(tmp_path, monkeypatch, mark):
    monkeypatch.setattr(container, "_MARKS", {b"&": 100, b"_x": 100, b"_\0x": 100})
    plain = "&" if mark == "&amp;" else "\r"
    for encoding in ("utf-8", "utf-16"):
        for n in (40, 101):
            sheet = f'<?xml version="1.0" encoding="{encoding}"?>' + sheet_xml(
                f'<row><c t="str"><v>{mark * n}</v></c></row>'
            )
            path = write_xlsx(tmp_path / "a.xlsx", sheet.encode(encoding))
            if n > 100:
                assert refusal(path) == "file-too-large"
            else:
                assert cells_of(path)["A1"].value == plain * n


def test_a_long_tag_is_read_once_it_is_whole(tmp_path):
    text = "x" * 700_000  # many times the piece in which a part is read
    sheet = sheet_xml("<row><c><v>1</v></c></row>", before=f'<a b="{text}"/>')
    assert cells_of(write_xlsx(tmp_path / "a.xlsx", sheet))["A1"].value == 1


def test_formats_of_conditions_are_no_formats_of_cells(tmp_path):
    styles = (
        f'<styleSheet xmlns="{MAIN}"><cellStyleXfs><xf numFmtId="9"/></cellStyleXfs>'
        '<cellXfs><xf numFmtId="0"/><xf numFmtId="14"/></cellXfs>'
        '<dxfs><dxf><numFmt numFmtId="14" formatCode="0.00%"/></dxf></dxfs></styleSheet>'
    )
    sheet = sheet_xml('<row><c s="1"><v>42062</v></c></row>')
    path = write_xlsx(tmp_path / "a.xlsx", sheet, **{"xl/styles.xml": styles})
    assert cells_of(path)["A1"].value == dt.datetime(2015, 2, 27)


def test_merged_columns_refuse_nothing(tmp_path):
    merged = '<mergeCells><mergeCell ref="A:A"/><mergeCell ref="2:3"/><mergeCell ref="A1:B1"/></mergeCells>'
    path = write_xlsx(tmp_path / "a.xlsx", sheet_xml("<row><c><v>1</v></c></row>", after=merged))
    assert read_workbook(path).sheets[0].merged == ((1, 1, 1, 2),)


def test_columns_without_number_are_refused(tmp_path):
    columns = "<cols>" + '<col min="1" max="9"/>' * 16_385 + "</cols>"
    assert refusal(write_xlsx(tmp_path / "a.xlsx", sheet_xml("", before=columns))) == "file-too-large"
    content = record(60, struct.pack("<IIIIB", 0, 9, 9, 0, 0)) * 16_385
    assert refusal(write_xlsb(tmp_path / "a.xlsb", content)) == "file-too-large"


def test_memory_is_estimated_over_cells_and_texts(tmp_path):
    # By the estimate 1,000 cells take 290 kB, and so does a text of as many bytes.
    rows = "".join(f"<row>{'<c><v>1</v></c>' * 10}</row>" for _ in range(100))
    numbers = write_xlsx(tmp_path / "a.xlsx", sheet_xml(rows))
    formulas = write_xlsx(
        tmp_path / "b.xlsx", sheet_xml(rows.replace("<v>", "<f>SUM(A1:A9)+SUM(B1:B9)</f><v>"))
    )
    ods_row = "<table:table-row>" + '<table:table-cell office:value-type="float" office:value="1"/>' * 10
    books = [
        numbers,
        write_ods(tmp_path / "a.ods", (ods_row + "</table:table-row>") * 100),
        write_xlsb(
            tmp_path / "a.xlsb",
            b"".join(
                row_record(row)
                + b"".join(cell_record(2, column, bytes([6, 0, 0, 0])) for column in range(10))
                for row in range(100)
            ),
        ),
        tmp_path / "a.csv",
        tmp_path / "a.xls",
    ]
    books[3].write_text("1;1;1;1;1;1;1;1;1;1\n" * 100)
    old = xlwt.Workbook()
    sheet = old.add_sheet("a")
    for row in range(100):
        for column in range(10):
            sheet.write(row, column, 1)
    old.save(str(books[4]))
    for path in books:
        room = 1_073_741_824 if path.suffix == ".xls" else 600_000  # its reader needs memory to start
        assert len(read_workbook(path, limits=Limits(memory_bytes=room)).sheets[0].cells) == 1_000
        if path.suffix != ".xls":
            assert refusal(path, limits=Limits(memory_bytes=200_000)) == "file-too-large", path
    assert refusal(formulas, limits=Limits(memory_bytes=350_000)) == "file-too-large"
    assert len(read_workbook(numbers, limits=Limits(memory_bytes=350_000)).sheets[0].cells) == 1_000


def test_comments_are_counted_over_all_sheets(tmp_path, monkeypatch):
    part = (
        f'<comments xmlns="{MAIN}"><authors><author/></authors><commentList>'
        + '<comment ref="A1" authorId="0"><text><t>x</t></text></comment>' * 10
        + "</commentList></comments>"
    )
    again = relations(*(relation(number, "comments", "../comments1.xml") for number in range(5)))
    parts = {"xl/worksheets/_rels/sheet1.xml.rels": again, "xl/comments1.xml": part}
    path = write_xlsx(tmp_path / "a.xlsx", ONE, **parts)
    assert len(read_workbook(path).sheets[0].annotations) == 1
    monkeypatch.setattr(annotations, "MOST_TAGS", 300)
    assert refusal(path) == "file-too-large"
    monkeypatch.setattr(annotations, "MOST_TAGS", 1_000)
    monkeypatch.setattr(annotations, "MOST_BYTES", 2_000)
    assert refusal(path) == "file-too-large"


def test_replies_and_runs_stay_in_their_order(tmp_path):
    thread = "".join(f'<threadedComment ref="B2"><text>{word}</text></threadedComment>' for word in "abc")
    drawing = (
        "<wsDr><oneCellAnchor><from><col>1</col><row>2</row></from>"
        "<sp><p><r><t>one </t></r><r><t>two</t></r></p><p><r><t>three</t></r></p></sp></oneCellAnchor></wsDr>"
    )
    beside = relations(relation(1, "threadedComment", "../t.xml"), relation(2, "drawing", "../d.xml"))
    parts = {
        "xl/worksheets/_rels/sheet1.xml.rels": beside,
        "xl/t.xml": f"<ThreadedComments>{thread}</ThreadedComments>",
        "xl/d.xml": drawing,
    }
    found = read_workbook(write_xlsx(tmp_path / "a.xlsx", ONE, **parts)).sheets[0].annotations
    assert [tuple(one) for one in found] == [
        (2, 2, "cell-comment", "a\nb\nc"),
        (3, 2, "text-box", "one two\nthree"),
    ]


def test_a_long_comment_and_many_tables_of_ods_are_refused(tmp_path):
    comment = f"<office:annotation><text:p>{'x' * 10_100_000}</text:p></office:annotation>"
    cell = f"<table:table-row><table:table-cell>{comment}</table:table-cell></table:table-row>"
    assert refusal(write_ods(tmp_path / "a.ods", cell), limits=Limits(part_ratio=10**6)) == "file-too-large"
    table = '</table:table><table:table table:name="b">'
    assert refusal(write_ods(tmp_path / "b.ods", table * 2_000)) == "file-too-large"
    assert len(read_workbook(write_ods(tmp_path / "c.ods", table * 1_999)).sheets) == 2_000
    assert "xmlns:table" in ODS_NAMES


def test_records_beside_the_sheets_of_xlsb_are_counted(tmp_path, monkeypatch):
    monkeypatch.setattr(xlsb, "_FEW", 20)
    sheet = row_record(0) + cell_record(2, 0, bytes([6, 0, 0, 0]))
    assert cells_of(write_xlsb(tmp_path / "a.xlsb", sheet))["A1"].value == 1
    for part in ("xl/styles.bin", "xl/workbook.bin"):
        parts = {part: record(40) * 30}
        assert refusal(write_xlsb(tmp_path / "b.xlsb", sheet, **parts)) == "file-too-large"
    monkeypatch.setattr(xlsb, "_COUNT_FROM", 0)
    monkeypatch.setattr(xlsb, "_MOST_OTHERS", 10)
    strings = {"xl/sharedStrings.bin": record(40) * 30 + record(19, b"\0" + wide("a"))}
    limits = Limits(n_cells=10)
    assert refusal(write_xlsb(tmp_path / "c.xlsb", sheet, **strings), limits=limits) == "file-too-large"


def test_formats_of_xlsb_are_read_without_its_texts(tmp_path):
    styles = record(617) + record(47, bytes(16)) + record(47, struct.pack("<HH12x", 0, 14)) + record(618)
    sheet = row_record(0) + cell_record(2, 0, struct.pack("<I", (42062 << 2) | 2), style=1)
    path = write_xlsb(tmp_path / "a.xlsb", sheet, **{"xl/styles.bin": styles})
    assert cells_of(path)["A1"].value == dt.datetime(2015, 2, 27)


def test_cells_of_xls_without_their_format_are_read(tmp_path):
    number, none = struct.pack("<HHHd", 0, 0, 0, 2.5), struct.pack("<HHHQ", 0, 1, 0, 0x7FF8 << 48)
    path = tmp_path / "a.xls"
    path.write_bytes(biff([(0x203, number), (0x203, none)]))
    cells = cells_of(path)
    assert (cells["A1"].value, cells["B1"].value, cells["B1"].error) == (2.5, None, "#NUM!")


def test_rows_of_many_deep_sheets_of_xls_are_counted(tmp_path):
    last = (0x203, struct.pack("<HHHd", 65_535, 0, 0, 1.0))
    path = tmp_path / "a.xls"
    path.write_bytes(biff([last], [last]))
    assert [sheet.n_rows for sheet in read_workbook(path).sheets] == [65_536, 65_536]
    path.write_bytes(biff(*[[last]] * 30))
    assert refusal(path) == "file-too-large"


def test_large_and_cut_xls_files_come_over_in_pieces(tmp_path):
    book = xlwt.Workbook()
    for name in ("a", "b"):
        sheet = book.add_sheet(name)
        for row in range(250):
            for column in range(100):
                sheet.write(row, column, row * 100 + column)
    path = tmp_path / "a.xls"
    book.save(str(path))
    sheets = read_workbook(path).sheets
    assert [sheet.name for sheet in sheets] == ["a", "b"]
    for sheet in sheets:
        assert [cell.value for cell in sheet.cells.values()] == list(range(25_000))
    assert refusal(path, limits=Limits(seconds=0.2)) == "file-too-slow"
    assert refusal(path, limits=replace(Limits(), n_cells=49_999)) == "file-too-large"


def test_whole_numbers_longer_than_any_are_no_numbers(tmp_path):
    digits = "9" * 4_000  # nor is it worth the time that Python takes for it
    rows = f'<row><c><v>{digits}</v></c><c><f>1</f><v>-{digits}</v></c><c t="n"><v>{"9" * 30}</v></c></row>'
    path = write_xlsx(tmp_path / "a.xlsx", sheet_xml(rows))
    assert [cell.value for cell in cells_of(path).values()] == [digits, f"-{digits}", int("9" * 30)]


def test_formulas_with_many_heads_are_refused(tmp_path):
    text = "+".join(["A1"] * 1_000)
    assert move_pieces(formula_pieces(text), 1, 0) == "+".join(["A2"] * 1_000)
    heads = "".join(f'<row><c><f t="shared" si="{index}">{text}</f></c></row>' for index in range(800))
    assert refusal(write_xlsx(tmp_path / "a.xlsx", sheet_xml(heads))) == "file-too-large"


def test_empty_cells_of_text_files_are_counted_too(tmp_path):
    path = tmp_path / "a.csv"
    for n, refused in ((39, False), (41, True)):
        path.write_text("a" + ";" * n)
        if refused:
            assert refusal(path, limits=Limits(n_cells=10)) == "file-too-large"
        else:
            assert set(cells_of(path, limits=Limits(n_cells=10))) == {"A1"}


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no pipes with names")
def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "a.xlsx")
    assert refusal(tmp_path / "a.xlsx") == "file-not-opened"
