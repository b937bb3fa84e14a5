"""Workbooks: what is hostile or damaged is refused in time, with WorkbookError alone."""

from __future__ import annotations

import datetime as dt
import io
import pickle
import random
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
    ODS_MIME,
    ODS_ROWS,
    cells_of,
    relation,
    relations,
    sheet_xml,
    write_ods,
    write_xlsx,
)

from digistrat.intake.workbooks import (
    Limits,
    WorkbookError,
    read_workbook,
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
