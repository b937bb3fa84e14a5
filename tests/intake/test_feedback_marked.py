"""The marked copy: cells filled and commented, or the reasons why not."""

from __future__ import annotations

import datetime as dt
import zipfile

import openpyxl
import pytest
from openpyxl.comments import Comment
from openpyxl.styles import Font
from openpyxl.worksheet.datavalidation import DataValidation

from digistrat.findings import Finding, findings_frame
from digistrat.intake.feedback import write_feedback, write_marked_copy
from digistrat.intake.workbooks import read_workbook


def finding(cell, severity="error", message="Falsch."):
    place = {"file": "A.xlsx", "sheet": "Data", "cell": cell}
    return Finding("not-a-date", severity, **place, message=message, hint="Tu.")


def book_with(path, change=None):
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Data"
    for row in ([1, "a", dt.datetime(2026, 4, 30)], [2.5, "b", None], ["_x000D_", "c", True]):
        sheet.append(row)
    sheet["B2"].font = Font(bold=True)
    sheet["B2"].comment = Comment("Nachfrage", "office")
    sheet.merge_cells("A5:C6")
    rule = DataValidation(type="list", formula1='"a,b"')
    rule.add("B1:B9")
    sheet.add_data_validation(rule)
    if change:
        change(book)
    book.save(path)
    return path


def mark(source, tmp_path, *findings, **options):
    target = tmp_path / "marked.xlsx"
    lost = write_marked_copy(source, findings_frame(findings), target, **options)
    assert target.exists() is (lost == ())
    assert not list(tmp_path.glob(".*"))
    return lost, target


def test_cells_are_filled_and_commented(tmp_path):
    source = book_with(tmp_path / "A.xlsx")
    before = source.read_bytes()
    lost, target = mark(
        source,
        tmp_path,
        finding("A1"),
        finding("B2", "info", "Hm."),
        finding("B2", "warning", "Achtung\x07."),
        finding("B6"),
        finding(""),
        finding("nowhere"),
    )
    assert lost == ()
    assert source.read_bytes() == before
    sheet = openpyxl.load_workbook(target)["Data"]
    assert sheet["A1"].comment.text == "Fehler: Falsch. Tu."
    assert sheet["B2"].comment.text == "Nachfrage\n\nWarnung: Achtung\ufffd. Tu.\n\nHinweis: Hm. Tu."
    assert sheet["B2"].comment.author == "office"
    assert sheet["A5"].comment is not None  # the cell of the merged range that shows
    fills = {cell: sheet[cell].fill.fgColor.rgb for cell in ("A1", "B2", "A5")}
    assert fills["A1"] == fills["A5"] != fills["B2"]
    assert sheet["C1"].fill.fill_type is None
    assert sheet["B2"].font.bold
    assert sheet.data_validations.dataValidation[0].formula1 == '"a,b"'
    cells = [[sheet.cells for sheet in read_workbook(path).sheets] for path in (target, source)]
    assert cells[0] == cells[1]


def formula(book):
    book["Data"]["A9"] = "=1+1"


def picture(book):
    from openpyxl.chart import BarChart

    book["Data"].add_chart(BarChart(), "E5")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (formula, "Werte von Formeln"),
        (picture, "Bilder, Formen oder Diagramme"),
    ],
)
def test_nothing_is_written_where_something_would_be_lost(tmp_path, change, said):
    lost, _ = mark(book_with(tmp_path / "A.xlsx", change), tmp_path, finding("A1"))
    assert len(lost) == 1
    assert said in lost[0]


def with_part(path, name, content=b"<x/>", into=None):
    """Add a part, or put text into the last element of one."""
    parts = {info: zipfile.ZipFile(path).read(info) for info in zipfile.ZipFile(path).namelist()}
    if into is None:
        parts[name] = content
    else:
        before, mark, after = parts[name].rpartition(into)
        assert mark
        parts[name] = before + content + mark + after
    with zipfile.ZipFile(path, "w") as archive:
        for part, data in parts.items():
            archive.writestr(part, data)
    return path


SHEET, END = "xl/worksheets/sheet1.xml", b"</worksheet>"


@pytest.mark.parametrize(
    ("part", "said"),
    [
        (("xl/vbaProject.bin",), "Makros"),
        (("xl/printerSettings/printerSettings1.bin",), "Druckereinstellungen"),
        (("xl/threadedComments/threadedComment1.xml",), "Kommentarverläufe"),
        (("xl/pivotTables/pivotTable1.xml",), "Pivot"),
        (("xl/slicers/slicer1.xml",), "Pivot"),
        (("xl/ctrlProps/ctrlProp1.xml",), "Steuerelemente"),
        (("xl/externalLinks/externalLink1.xml",), "Verknüpfungen"),
        (("docMetadata/LabelInfo.xml",), "Kennzeichnungen"),
        (("_xmlsignatures/sig1.xml",), "Signatur"),
        (("xl/media/image1.png",), "Bilder"),
        (("xl/unheardOf.xml",), "weitere Bestandteile"),
        ((SHEET, b"<extLst/>", END), "Erweiterungen"),
        ((SHEET, b"<drawing/>", END), "Bilder"),
        ((SHEET, b"<scenarios/>", END), "Einstellungen"),
        (("xl/workbook.xml", b"<fileSharing/>", b"</workbook>"), "Einstellungen"),
        (("xl/sharedStrings.xml", b"<sst><si><t>a</t><rPh><t>b</t></rPh></si></sst>"), "Lesehilfen"),
        ((SHEET, b'<row><c t="inlineStr"><is><rPh/></is></c></row>', b"</sheetData>"), "Lesehilfen"),
        # the library would write the address into the empty cell
        ((SHEET, b'<hyperlinks><hyperlink ref="A9" location="A1"/></hyperlinks>', b"<pageMargins"), "ändern"),
        (("xl/styles.xml", b'<tableStyle name="x"/>', b"</styleSheet>"), "Einstellungen"),
    ],
)
def test_what_loading_and_saving_loses_is_seen_in_the_container(tmp_path, part, said):
    source = book_with(tmp_path / "A.xlsx")
    name, *rest = part
    with_part(source, name, *rest)
    lost, _ = mark(source, tmp_path, finding("A1"))
    assert [said in reason for reason in lost] == [True]


def test_other_files_are_not_marked(tmp_path):
    for name, content in (("A.csv", b"a;b\n1;2\n"), ("A.xlsx", b"PK broken")):
        (tmp_path / name).write_bytes(content)
        lost, _ = mark(tmp_path / name, tmp_path, finding("A1"), language="en")
        assert lost in [("no workbook of the format xlsx",), ("not readable",)]


def test_an_earlier_report_is_left_out_of_the_copy(tmp_path):
    source = book_with(tmp_path / "plain.xlsx")
    returned = write_feedback(source, findings_frame([finding("A1")]), tmp_path / "A.xlsx", file="A.xlsx")
    lost, target = mark(returned, tmp_path, finding("A1"))
    assert lost == ()
    assert openpyxl.load_workbook(target).sheetnames == ["Data"]


def test_wrong_calls(tmp_path):
    source = book_with(tmp_path / "A.xlsx")
    with pytest.raises(ValueError, match="target must be another file"):
        write_marked_copy(source, findings_frame([]), source)
