"""The workbook that goes back: byte by byte the same but for its sheet of findings, which reads back."""

from __future__ import annotations

import datetime as dt
import re
import struct
import zipfile
from xml.etree import ElementTree

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from making import write_book
from workbook_files import MAIN, RELATIONS, STRICT, relation, relations, sheet_xml, write_ods, write_xlsx

from digistrat.findings import Finding, findings_frame
from digistrat.intake.feedback import is_feedback_sheet, read_feedback, write_feedback
from digistrat.intake.feedback.writing import escape_text, safe_text
from digistrat.intake.workbooks import read_workbook
from digistrat.intake.workbooks.rawvalues import decode_escapes

TYPES = (
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" '
    'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/></Types>'
)
LISTING = {"xl/workbook.xml", "xl/_rels/workbook.xml.rels", "[Content_Types].xml"}
CELL = sheet_xml('<row r="1"><c r="A1"><v>1</v></c></row>')
SAME = ["sheet", "cell", "code", "severity", "value", "message", "hint", "table", "column"]


def finding(**changes):
    place = {
        "file": "A.xlsx",
        "sheet": "Data",
        "cell": "A1",
        "value": "x",
        "message": "Falsch.",
        "hint": "Tu.",
    }
    place |= {"severity": "error", "table": "projects", "column": "start", **changes}
    return Finding("not-a-date", **place)


def plain(path, **parts):
    return write_xlsx(path, CELL, **{"[Content_Types].xml": TYPES, **parts})


def parts_of(path):
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        return {info.filename: (archive.read(info), info) for info in archive.infolist()}


def changed(before, after):
    """Names of the parts whose content changed, came or went; the rest also keep date, packing and fields."""
    old, new = parts_of(before), parts_of(after)
    assert [name for name in new if name in old] == [name for name in old if name in new]
    for name in old.keys() & new.keys():
        assert old[name][1].date_time == new[name][1].date_time
        if old[name][0] == new[name][0]:
            for field in ("compress_type", "compress_size", "extra", "comment", "flag_bits", "external_attr"):
                assert getattr(old[name][1], field) == getattr(new[name][1], field), (name, field)
    return {name for name in old.keys() | new.keys() if old.get(name, [0])[0] != new.get(name, [0])[0]}


def give_back(source, tmp_path, *findings, **options):
    (tmp_path / "back").mkdir(exist_ok=True)
    return write_feedback(source, findings_frame(findings), tmp_path / "back" / source.name, **options)


def test_only_the_parts_that_list_the_sheets_change(tmp_path):
    source = plain(
        tmp_path / "A.xlsx", **{"xl/media/image1.png": "\x89PNG", "docProps/app.xml": "<Properties/>"}
    )
    before = source.read_bytes()
    written = give_back(source, tmp_path, finding())
    assert written == tmp_path / "back" / "A.xlsx"
    assert source.read_bytes() == before
    assert changed(source, written) == {*LISTING, "xl/worksheets/sheet2.xml"}
    assert [path.name for path in written.parent.iterdir()] == ["A.xlsx"]


def test_the_rest_is_copied_as_it_is_packed(tmp_path):
    """Sizes behind the data, stored parts, extra fields, comments of entries and archive, foreign dates."""
    path = tmp_path / "A.xlsx"
    source = plain(tmp_path / "plain.xlsx")
    with zipfile.ZipFile(source) as old, path.open("wb") as raw:

        class NoSeek:  # the writer then puts sizes behind the data
            write, flush = raw.write, raw.flush

        with zipfile.ZipFile(NoSeek(), "w") as new:
            new.comment = b"made by hand"
            for number, name in enumerate([*old.namelist(), "xl/umlaut \u00e4.bin"]):
                info = zipfile.ZipInfo(name, (1999 + number, 1, 2, 3, 4, 6))
                info.compress_type = zipfile.ZIP_STORED if number % 2 else zipfile.ZIP_DEFLATED
                info.extra, info.comment = struct.pack("<2H2s", 0xCAFE, 2, b"ab"), b"note"
                new.writestr(info, old.read(name) if name in old.namelist() else b"\x00\x01")
    written = give_back(path, tmp_path, finding())
    assert changed(path, written) == {*LISTING, "xl/worksheets/sheet2.xml"}
    assert zipfile.ZipFile(written).comment == b"made by hand"
    untouched = parts_of(path)["xl/worksheets/sheet1.xml"][1]
    start = untouched.header_offset
    assert path.read_bytes()[start : start + 80] in written.read_bytes()


def test_the_same_call_gives_the_same_bytes(tmp_path):
    source = plain(tmp_path / "A.xlsx")
    first = give_back(source, tmp_path, finding()).read_bytes()
    assert give_back(source, tmp_path, finding()).read_bytes() == first


BOOK = (
    f'<workbook xmlns="{MAIN}" xmlns:r="{RELATIONS}"><sheets>'
    '<sheet name="Data" sheetId="1" r:id="rId1"/></sheets>'
)
BOOKS = {
    "prefixed": f'<x:workbook xmlns:x="{MAIN}" xmlns:q="{RELATIONS}"><x:sheets>'
    '<x:sheet name="Data" sheetId="7" q:id="rId1"/></x:sheets></x:workbook>',
    "declared at the sheet": f'<workbook xmlns="{MAIN}"><sheets><sheet name="Data" sheetId="65534" '
    f'r:id="rId1" xmlns:r="{RELATIONS}"/></sheets></workbook>',
    "strict": BOOK.replace(MAIN, STRICT).replace(
        RELATIONS, "http://purl.oclc.org/ooxml/officeDocument/relationships"
    )
    + "</workbook>",
    "comments and extensions": '<?xml version="1.0" encoding="UTF-8"?>\n<!-- </sheets> -->'
    + BOOK.replace(
        "<sheets>", '<mc:AlternateContent xmlns:mc="http://m"><mc:Choice/></mc:AlternateContent><sheets>'
    )
    + '<definedNames><definedName name="_xlnm.Print_Area" localSheetId="0">Data!$A$1</definedName>'
    "</definedNames>"
    '<extLst><ext uri="u"><x15:sheets xmlns:x15="http://x"/></ext></extLst></workbook>',
    "utf-16": ('<?xml version="1.0" encoding="UTF-16"?>' + BOOK + "</workbook>").encode("utf-16"),
    "utf-16 big": b"\xfe\xff"
    + ('<?xml version="1.0" encoding="UTF-16"?>' + BOOK + "</workbook>").encode("utf-16-be"),
    "latin-1": ('<?xml version="1.0" encoding="ISO-8859-1"?><!-- ä -->' + BOOK + "</workbook>").encode(
        "latin-1"
    ),
    "utf-8 with a mark": ("\ufeff<!-- ä -->" + BOOK + "</workbook>").encode(),
}


@pytest.mark.parametrize("kind", BOOKS)
def test_workbooks_are_listed_in_many_ways(tmp_path, kind):
    source = plain(tmp_path / "A.xlsx", **{"xl/workbook.xml": BOOKS[kind]})
    written = give_back(source, tmp_path, finding(value="Maß"))
    assert changed(source, written) == {*LISTING, "xl/worksheets/sheet2.xml"}
    book = parts_of(written)["xl/workbook.xml"][0]
    root = ElementTree.fromstring(book)
    space = root.tag[: root.tag.index("}") + 1]
    sheets = root.find(f"{space}sheets")
    assert [sheet.get("name") for sheet in sheets] == ["Data", "Prüfbericht"]
    assert len({sheet.get("sheetId") for sheet in sheets}) == 2
    assert all(1 <= int(sheet.get("sheetId")) <= 65534 for sheet in sheets)
    ids = [value for sheet in sheets for key, value in sheet.items() if key.endswith("/relationships}id")]
    assert len(set(ids)) == 2
    assert ElementTree.fromstring(parts_of(written)["xl/worksheets/sheet2.xml"][0]).tag == f"{space}worksheet"
    assert len(book) > len(BOOKS[kind])  # nothing taken away
    assert [sheet.name for sheet in read_workbook(written).sheets] == ["Data", "Prüfbericht"]
    assert read_feedback(written)["value"].tolist() == ["Maß"]


def test_new_numbers_and_parts_are_free(tmp_path):
    source = plain(
        tmp_path / "A.xlsx",
        **{
            "xl/worksheets/Sheet2.xml": "<other/>",
            "xl/_rels/workbook.xml.rels": relations(
                relation(1, "worksheet", "worksheets/sheet1.xml"),
                relation(2, "x", "x.xml"),
                relation(4, "x", "x.xml"),
            ),
        },
    )
    written = give_back(source, tmp_path, finding())
    assert changed(source, written) == {*LISTING, "xl/worksheets/sheet3.xml"}
    links = ElementTree.fromstring(parts_of(written)["xl/_rels/workbook.xml.rels"][0])
    assert [link.get("Id") for link in links] == ["rId1", "rId2", "rId4", "rId5"]
    assert links[-1].get("Type") == f"{RELATIONS}/worksheet"
    types = ElementTree.fromstring(parts_of(written)["[Content_Types].xml"][0])
    assert types[-1].get("PartName") == "/xl/worksheets/sheet3.xml"


ORDER = (
    "sheetPr dimension sheetViews sheetFormatPr cols sheetData autoFilter hyperlinks pageMargins pageSetup "
    "ignoredErrors"
)


def test_the_sheet_is_what_the_format_allows(tmp_path):
    """Element order of the standard; texts stand in the cells; no formats; links only to places."""
    source = plain(tmp_path / "A.xlsx")
    written = give_back(
        source, tmp_path, finding(), finding(cell="", value=""), finding(cell="C3", sheet="?")
    )
    root = ElementTree.fromstring(parts_of(written)["xl/worksheets/sheet2.xml"][0])
    space = f"{{{MAIN}}}"
    assert [child.tag.removeprefix(space) for child in root] == ORDER.split()
    cells = list(root.iter(f"{space}c"))
    assert {cell.get("t") for cell in cells} == {"inlineStr", None}
    assert all(cell.get("s") is None for cell in cells)
    assert len({cell.get("r") for cell in cells}) == len(cells)
    links = {link.get("ref"): link.get("location") for link in root.iter(f"{space}hyperlink")}
    assert links == {"C7": "'Data'!A1", "D8": "'Data'!A1"}  # there is no sheet "?"
    assert root.find(f"{space}autoFilter").get("ref") == "A5:I8"
    hidden = [int(column.get("min")) for column in root.iter(f"{space}col") if column.get("hidden") == "1"]
    assert hidden == [8, 9]  # field and code: words of ours
    assert root.find(f"{space}sheetViews")[0].get("tabSelected") is None


def test_links_quote_the_sheet(tmp_path):
    book = BOOK.replace('"Data"', '"It\'s &quot;1&quot; &amp; &lt;2"') + "</workbook>"
    source = plain(tmp_path / "A.xlsx", **{"xl/workbook.xml": book})
    written = give_back(source, tmp_path, finding(sheet='It\'s "1" & <2', cell="B7"))
    sheet = openpyxl.load_workbook(written)["Prüfbericht"]
    assert sheet["D6"].hyperlink.location == "'It''s \"1\" & <2'!B7"
    assert sheet["C6"].value == 'It\'s "1" & <2'


HOSTILE = [
    "=1+1",
    "+49 69",
    "@x",
    "a\x00b\x07c\x1f",
    "_x000D_",
    "a\r\nb\tc",
    " x ",
    "<&>\"'",
    "x\ufffe\uffff",
    "😀",
    "00123",
]


def test_texts_are_texts_and_come_back(tmp_path):
    findings = [finding(cell=f"B{n}", value=value, message=value) for n, value in enumerate(HOSTILE, 2)]
    findings.append(finding(cell="", sheet="", value="", hint=""))
    written = give_back(plain(tmp_path / "A.xlsx"), tmp_path, *findings)
    back = read_feedback(written)
    expected = findings_frame(findings)
    assert back[SAME].equals(expected[SAME])
    assert set(back["file"]) == {"A.xlsx"}
    assert not any(cell.formula for cell in read_workbook(written).sheets[1].cells.values())


def test_a_text_is_cut_where_a_cell_ends(tmp_path):
    written = give_back(
        plain(tmp_path / "A.xlsx"), tmp_path, finding(value="ä" * 40_000, message="\ud800 half")
    )
    back = read_feedback(written).iloc[0]
    assert back["value"] == "ä" * 32_766 + "…"
    assert back["message"] == "\ufffd half"


@given(st.text(st.characters(codec=None, exclude_categories=["Cs"])))
def test_every_text_survives_the_way_through_xml(value):
    xml = f"<t>{escape_text(value)}</t>"
    assert decode_escapes(ElementTree.fromstring(xml.encode("utf-8")).text or "") == value


@given(st.lists(st.sampled_from(["_", "x", "0", "000D", "_x000D_", "\r", "\x07", "\uffff"])).map("".join))
def test_escapes_survive_beside_one_another(value):
    xml = f"<t>{escape_text(value)}</t>"
    assert decode_escapes(ElementTree.fromstring(xml.encode("utf-8")).text or "") == value


@given(st.text(min_size=1, max_size=5).map(lambda text: text * 9_000))
def test_no_text_is_longer_than_a_cell(value):
    assert len(safe_text(value).encode("utf-16-le")) <= 2 * 32_767


def test_only_this_files_findings_are_in_it(tmp_path):
    source = plain(tmp_path / "A.xlsx")
    others = [finding(file="B.xlsx", value="secret"), finding(file="", value="nobody's")]
    written = give_back(source, tmp_path, finding(value="own"), *others)
    assert read_feedback(written)["value"].tolist() == ["own"]
    assert b"secret" not in parts_of(written)["xl/worksheets/sheet2.xml"][0]
    written = give_back(source, tmp_path, finding(value="own"), *others, file="B.xlsx")
    assert read_feedback(written)["value"].tolist() == ["secret"]
    assert b"B.xlsx" in parts_of(written)["xl/worksheets/sheet2.xml"][0]


def test_a_clean_return_is_thanked(tmp_path):
    written = give_back(plain(tmp_path / "A.xlsx"), tmp_path)
    sheet = read_workbook(written).sheets[1]
    assert "keine Befunde" in sheet.cells[1, 1].value
    assert "Vielen Dank" in sheet.cells[2, 1].value
    assert read_feedback(written).empty
    assert is_feedback_sheet(sheet)


STYLES = (
    f'<styleSheet xmlns="{MAIN}"><fonts><font/><font><b/></font></fonts><cellXfs><xf/>'
    '<xf fontId="1"><alignment wrapText="1" vertical="top"/></xf>'
    '<xf fillId="2"><alignment wrapText="1"/></xf>{}</cellXfs></styleSheet>'
)
CLEAN = '<xf fontId="0"><alignment wrapText="1"/></xf>'


@pytest.mark.parametrize(
    ("styles", "expected"),
    [
        (STYLES.format(CLEAN), "3"),
        (STYLES.format(CLEAN + CLEAN.replace("/>", ' vertical="top"/>', 1)), "4"),
        (STYLES.format(""), "1"),  # bold, which the texts take back
        (
            STYLES.format(CLEAN)
            .replace(' fontId="1"', ' borderId="1"')
            .replace('="1"/></xf></c', '="0"/></xf></c'),
            None,
        ),
        (STYLES.format(CLEAN).replace("wrapText", "wrapped"), None),
        (f'<styleSheet xmlns="{MAIN}"/>', None),
    ],
)
def test_texts_are_wrapped_where_the_file_has_a_format_that_does(tmp_path, styles, expected):
    links = relations(relation(1, "worksheet", "worksheets/sheet1.xml"), relation(2, "styles", "styles.xml"))
    source = plain(tmp_path / "A.xlsx", **{"xl/_rels/workbook.xml.rels": links, "xl/styles.xml": styles})
    words = finding(message="Das ist eine Meldung. " * 20)
    written = give_back(source, tmp_path, words)
    assert changed(source, written) == {*LISTING, "xl/worksheets/sheet2.xml"}
    root = ElementTree.fromstring(parts_of(written)["xl/worksheets/sheet2.xml"][0])
    row = root.findall(f".//{{{MAIN}}}row")[-1]
    assert {cell.get("s") for cell in row} == {expected}
    if expected:
        assert 90 <= float(row.get("ht")) <= 180  # 440 letters in lines of 60
        assert max(float(column.get("width")) for column in root.iter(f"{{{MAIN}}}col")) == 60
    else:
        assert row.get("ht") is None


def test_the_report_says_what_to_do_by_when(tmp_path):
    def lines(source, *findings, **options):
        sheet = read_workbook(give_back(source, tmp_path, *findings, **options)).sheets[-1]
        return " ".join(sheet.cells[row, 1].value for row in (2, 3) if (row, 1) in sheet.cells)

    source, day = plain(tmp_path / "A.xlsx"), dt.date(2026, 12, 5)
    assert "in dieser Datei" in lines(source, finding())
    assert "bis zum" not in lines(source, finding())
    assert "bis zum 05.12.2026" in lines(source, finding(), reply_by=day)
    assert "by 5 Dec 2026" in lines(source, finding(), reply_by=day, language="en")
    assert "bis zum" not in lines(source, finding(severity="info"), reply_by=day)
    text = tmp_path / "B.csv"
    text.write_text("a;b\n1;2\n")
    said = lines(text, finding(file="B.csv"), reply_by=day)
    assert "in Ihrer Datei B.csv" in said
    assert "bis zum 05.12.2026 zusammen mit diesem Prüfbericht" in said


def test_the_other_language(tmp_path):
    written = give_back(plain(tmp_path / "A.xlsx"), tmp_path, finding(), language="en")
    sheet = read_workbook(written).sheets[1]
    assert (sheet.name, sheet.cells[6, 2].value) == ("Review report", "Error")
    assert read_feedback(written)["severity"].tolist() == ["error"]


def test_an_earlier_report_is_replaced(tmp_path):
    first = give_back(plain(tmp_path / "A.xlsx"), tmp_path, finding(value="old"))
    (tmp_path / "next").mkdir()
    second = give_back(first, tmp_path / "next", finding(value="new"), previous=read_feedback(first))
    assert changed(first, second) == {"xl/worksheets/sheet2.xml"}
    assert read_feedback(second)["value"].tolist() == ["new"]


def test_an_earlier_report_that_was_saved_and_filtered_is_replaced(tmp_path):
    """openpyxl notes the filter's range as a name, as Excel does; the old range would not fit."""
    first = give_back(plain(tmp_path / "A.xlsx"), tmp_path, finding(), finding(cell="B9"))
    book = openpyxl.load_workbook(first)
    book["Prüfbericht"].sheet_properties.tabColor = "FF0000"
    book.save(first)
    assert b"_FilterDatabase" in parts_of(first)["xl/workbook.xml"][0]
    (tmp_path / "next").mkdir()
    second = give_back(first, tmp_path / "next", finding())
    assert changed(first, second) == {"xl/workbook.xml", "xl/worksheets/sheet2.xml"}
    assert b"_FilterDatabase" not in parts_of(second)["xl/workbook.xml"][0]
    assert len(read_feedback(second)) == 1
    assert openpyxl.load_workbook(second).sheetnames == ["Data", "Prüfbericht"]


@pytest.mark.parametrize("kind", ["beside", "formula", "comment"])
def test_what_somebody_wrote_on_the_report_stays(tmp_path, kind):
    first = give_back(plain(tmp_path / "A.xlsx"), tmp_path, finding(value="old"))
    book = openpyxl.load_workbook(first)
    sheet = book["Prüfbericht"]
    if kind == "beside":
        sheet["M6"] = "stimmt so"
    elif kind == "formula":
        sheet["G6"] = "=1+1"
    else:
        sheet["G6"].comment = openpyxl.comments.Comment("stimmt so", "office")
    book.save(first)
    (tmp_path / "next").mkdir()
    second = give_back(first, tmp_path / "next", finding(value="new"))
    names = [sheet.name for sheet in read_workbook(second).sheets]
    assert names == ["Data", "Prüfbericht", "Prüfbericht (2)"]
    assert parts_of(first)["xl/worksheets/sheet2.xml"][0] == parts_of(second)["xl/worksheets/sheet2.xml"][0]
    assert read_feedback(second)["value"].tolist() == ["new"]
    assert all(map(is_feedback_sheet, read_workbook(second).sheets[1:]))
    (tmp_path / "last").mkdir()
    third = give_back(second, tmp_path / "last", finding(value="newest"))
    assert [sheet.name for sheet in read_workbook(third).sheets] == names
    assert read_feedback(third)["value"].tolist() == ["newest"]


def test_an_own_sheet_of_the_same_name_is_not_touched(tmp_path):
    source = write_book(tmp_path / "A.xlsx", {"Data": [[1]], "prüfbericht": [["Kasse", 5]]})
    written = give_back(source, tmp_path, finding())
    sheets = read_workbook(written).sheets
    assert [sheet.name for sheet in sheets] == ["Data", "prüfbericht", "Prüfbericht (2)"]
    assert not is_feedback_sheet(sheets[1])
    assert parts_of(source)["xl/worksheets/sheet2.xml"][0] == parts_of(written)["xl/worksheets/sheet2.xml"][0]


def signed(path):
    root = relations(
        relation(1, "officeDocument", "xl/workbook.xml"),
        '<Relationship Id="rId9" Type="http://schemas.openxmlformats.org/package/2006/relationships/'
        'digital-signature/origin" Target="_xmlsignatures/origin.sigs"/>',
    )
    return plain(path, **{"_rels/.rels": root, "_xmlsignatures/origin.sigs": ""})


def overlapping(path):
    """Two entries of one name whose data lie over one another."""
    data = bytearray(plain(path).read_bytes())
    last = data.rindex(b"PK\x01\x02")
    data[last + 42 : last + 46] = struct.pack("<L", data.index(b"PK\x03\x04", 4) + 1)
    path.write_bytes(data)
    return path


ALONE = {
    "A.csv": lambda path: path.write_text("a;b\n1;2\n"),
    "A.ods": lambda path: write_ods(path, "<table:table-row/>"),
    "A.xlsm": signed,
    "B.xlsx": lambda path: path.write_bytes(b"PK\x03\x04 broken"),
    "C.xlsx": lambda path: path.write_bytes(b""),
    "D.xlsx": overlapping,
    "E.xlsx": lambda path: plain(path, **{"[Content_Types].xml": "<Types/>"}),
    "F.xlsx": lambda path: plain(path, **{"[Content_Types].xml": None}),
    "G.xlsx": lambda path: plain(
        path, **{"[Content_Types].xml": "<!DOCTYPE Types [<!ENTITY a 'b'>]>" + TYPES}
    ),
    "H.xlsx": lambda path: plain(path, **{"xl/workbook.xml": BOOK.replace(MAIN, "http://x") + "</workbook>"}),
    "I.docx": lambda path: path.write_bytes(b"%PDF-1.7"),
}


@pytest.mark.parametrize("name", ALONE)
def test_where_no_sheet_can_be_added_it_comes_alone(tmp_path, name):
    source = tmp_path / name
    ALONE[name](source)
    before = source.read_bytes()
    written = give_back(source, tmp_path, finding(file=name, sheet="Tabelle", cell="B2", value="=x"))
    assert source.read_bytes() == before
    stem = name[:1] if name.endswith(".xlsx") else name.replace(".", "_")
    assert written == tmp_path / "back" / f"{stem}_Prüfbericht.xlsx"
    assert [path.name for path in written.parent.iterdir()] == [written.name]
    book = openpyxl.load_workbook(written)
    assert book.sheetnames == ["Prüfbericht"]
    assert book.active["E6"].value == "=x"
    assert book.active["E6"].data_type == "s"
    assert book.active["E6"].alignment.wrap_text
    assert read_feedback(written)[["sheet", "cell", "value"]].to_numpy().tolist() == [["Tabelle", "B2", "=x"]]


def test_an_xlsx_that_is_called_xls_keeps_its_name(tmp_path):
    written = give_back(plain(tmp_path / "A.xls"), tmp_path, finding(file="A.xls"))
    assert written.name == "A.xls"
    assert len(read_feedback(written)) == 1


def test_wrong_calls_say_what_was_expected(tmp_path):
    source = plain(tmp_path / "A.xlsx")
    frame = findings_frame([])
    with pytest.raises(ValueError, match="source must be an existing file"):
        write_feedback(tmp_path / "none.xlsx", frame, tmp_path / "B.xlsx")
    with pytest.raises(ValueError, match="target must be another file"):
        write_feedback(source, frame, source)
    with pytest.raises(ValueError, match="target must lie in an existing folder"):
        write_feedback(source, frame, tmp_path / "none" / "B.xlsx")
    with pytest.raises(ValueError, match="target must be another file"):
        write_feedback(source, frame, tmp_path)
    with pytest.raises(ValueError, match="language must be one of de, en, not 'fr'"):
        write_feedback(source, frame, tmp_path / "B.xlsx", language="fr")
    with pytest.raises(ValueError, match="findings must be a findings frame"):
        write_feedback(source, frame.drop(columns="code"), tmp_path / "B.xlsx")
    with pytest.raises(ValueError, match="severities error, warning, info, not 'fatal'"):
        write_feedback(source, findings_frame([finding()]).assign(severity="fatal"), tmp_path / "B.xlsx")
    assert [path.name for path in tmp_path.iterdir()] == ["A.xlsx"]


def test_a_failed_write_leaves_the_old_file(tmp_path, monkeypatch):
    source, target = plain(tmp_path / "A.xlsx"), tmp_path / "B.xlsx"
    target.write_bytes(b"old")

    def fail(path, data):
        raise OSError("full")

    monkeypatch.setattr("pathlib.Path.write_bytes", fail)
    with pytest.raises(OSError, match="full"):
        write_feedback(source, findings_frame([]), target)
    monkeypatch.undo()
    assert target.read_bytes() == b"old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["A.xlsx", "B.xlsx"]


def test_more_findings_than_a_sheet_has_room_for_are_counted(tmp_path, monkeypatch):
    monkeypatch.setattr("digistrat.intake.feedback.writing._ROWS", 3)
    written = give_back(plain(tmp_path / "A.xlsx"), tmp_path, *[finding(cell=f"A{n}") for n in range(1, 9)])
    sheet = read_workbook(written).sheets[1]
    assert "8 Fehler" in sheet.cells[1, 1].value
    assert re.search(r"\b5\b", sheet.cells[9, 1].value)
    assert len(read_feedback(written)) == 3
