"""What an office has struck through: every reader sees it, and it is read and said."""

from __future__ import annotations

import struct
import zipfile
from pathlib import Path

import openpyxl
import pytest
import xlsxwriter
import xlwt
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont
from openpyxl.styles import Font
from workbook_files import (
    MAIN,
    cell_record,
    record,
    row_record,
    sheet_xml,
    wide,
    write_ods,
    write_xlsb,
    write_xlsx,
)

from digistrat.intake.forms import Form
from digistrat.intake.returns import read_returns
from digistrat.intake.workbooks import cell_address, read_workbook
from office import convert

ROWS = (
    ("Nr.", "Titel", "Kosten"),
    ("P1", "Akte", 10),
    ("P2", "Netz", 20),
    ("P3", "Portal", 30),
    ("P4", "Register", 40),
)
FORM = Form.model_validate(
    {
        "name": "f",
        "tables": [
            {
                "name": "t",
                "key": "nr",
                "columns": [
                    {"name": "nr", "kind": "identifier", "headers": ["Nr."]},
                    {"name": "title", "kind": "text", "headers": ["Titel"]},
                    {"name": "cost", "kind": "number", "headers": ["Kosten"]},
                ],
            }
        ],
    }
)
# A whole record, one answer, and some of a text; of empty cells nothing is to be said.
STRUCK = {"A3", "B3", "C3", "C4", "B5"}


def struck(path: Path, number: int = 0) -> set[str]:
    return {cell_address(*place) for place in read_workbook(path).sheets[number].struck}


def write(path: Path) -> Path:
    book = xlsxwriter.Workbook(str(path))
    page = book.add_worksheet("t")
    line = book.add_format({"font_strikeout": True, "num_format": "0.00"})
    for row, values in enumerate(ROWS):
        page.write_row(row, 0, values)
    page.write_row(2, 0, ROWS[2], line)
    page.write(3, 2, 30, line)
    page.write_rich_string(4, 1, "Reg", line, "ister")
    page.write_blank(4, 5, None, line)
    book.close()
    return path


def check_returns(path: Path) -> None:
    returns = read_returns([path], FORM)
    assert returns.tables["t"]["title"].tolist() == ["Akte", "Netz", "Portal", "Register"]
    assert returns.tables["t"]["cost"].tolist() == [10, 20, 30, 40]
    found = returns.findings[returns.findings["code"] == "struck-through"]
    assert found[["severity", "cell", "value"]].to_numpy().tolist() == [
        ["warning", "A3", "P2"],
        ["warning", "C4", "30"],
        ["warning", "B5", "Register"],
    ]
    assert "Zellen: 3" in found["message"].iloc[0]
    assert "Zellen: 1" in found["message"].iloc[1]


def test_struck_cells_of_an_xlsx(tmp_path):
    path = write(tmp_path / "a.xlsx")
    assert struck(path) == STRUCK
    check_returns(path)


def test_expat_sees_the_same(tmp_path):
    write(tmp_path / "a.xlsx")
    with zipfile.ZipFile(tmp_path / "a.xlsx") as old, zipfile.ZipFile(tmp_path / "b.xlsx", "w") as new:
        for name in old.namelist():
            data = old.read(name).replace(b"<sheetData>", b"<sheetData><!-- not plain -->")
            new.writestr(name, data.replace(b"<si>", b"<!-- not plain --><si>", 1))
    assert struck(tmp_path / "b.xlsx") == STRUCK


def test_struck_cells_that_openpyxl_writes(tmp_path):
    book = openpyxl.Workbook()
    page = book.active
    page.append(["a", 1, True, "=A1", "#N/A", "half"])
    for address in ("A1", "B1", "C1", "D1", "E1"):
        page[address].font = Font(strike=True)
    page["F1"] = CellRichText("one ", TextBlock(InlineFont(strike=True), "two"))  # a text of the cell's own
    page["G1"] = CellRichText("one ", TextBlock(InlineFont(b=True), "two"))
    page["H1"].font = Font(strike=True)
    page["I1"] = "b"
    page["I1"].font = Font(strike=False)
    book.save(tmp_path / "a.xlsx")
    assert struck(tmp_path / "a.xlsx") == {"A1", "B1", "C1", "D1", "E1", "F1"}


def test_only_the_font_of_a_cell_strikes_it(tmp_path):
    styles = (
        f'<styleSheet xmlns="{MAIN}"><fonts><font/><font><strike val="0"/></font><font><strike val="true"/>'
        '</font></fonts><cellStyleXfs><xf fontId="2"/></cellStyleXfs><cellXfs><xf fontId="2"/>'
        '<xf fontId="0"/><xf fontId="1"/><xf fontId="2" applyFont="0"/><xf/><xf fontId="9"/></cellXfs>'
        "<dxfs><dxf><font><strike/></font></dxf></dxfs></styleSheet>"
    )
    cells = "".join(f'<c s="{style}"><v>1</v></c>' for style in range(6)) + "<c><v>1</v></c>"
    path = write_xlsx(tmp_path / "a.xlsx", sheet_xml(f"<row>{cells}</row>"), **{"xl/styles.xml": styles})
    assert struck(path) == {"A1", "D1", "G1"}  # a cell without a style has the first


def test_struck_cells_of_an_xls(tmp_path):
    book = xlwt.Workbook()
    page = book.add_sheet("t")
    line = xlwt.easyxf("font: struck_out on")
    for row, values in enumerate(ROWS):
        for column, value in enumerate(values):
            is_struck = row == 2 or (row, column) == (3, 2)
            if (row, column) != (4, 1):
                page.write(row, column, value, line if is_struck else xlwt.Style.default_style)
    page.write_rich_text(4, 1, ["Reg", ("ister", line.font)])
    page.write(4, 5, "", line)
    book.save(str(tmp_path / "a.xls"))
    assert struck(tmp_path / "a.xls") == STRUCK
    check_returns(tmp_path / "a.xls")


def test_struck_cells_of_an_ods(tmp_path, soffice):
    write(tmp_path / "a.xlsx")
    path = convert(soffice, tmp_path / "a.xlsx", tmp_path, to="ods")
    assert struck(path) == STRUCK
    check_returns(path)


def test_styles_of_an_ods_that_strike(tmp_path):
    def style(name, said="", parent="", family="table-cell"):
        attributes = f'style:name="{name}" style:family="{family}" style:parent-style-name="{parent}"'
        return f"<style:style {attributes}><style:text-properties {said}/></style:style>"

    solid = 'style:text-line-through-style="solid"'
    none = 'style:text-line-through-style="none" style:text-line-through-type="none"'
    styles = (
        style("plain")
        + style("child", parent="line")
        + style("line", solid)
        + style("undone", none, parent="line")
        + style("double", 'style:text-line-through-type="double"')
        + style("under", 'style:text-underline-style="solid"')
        + style("circle", parent="circle")
        + style("line", solid, family="text")
        + style("double", none, family="text")
        + f'<number:number-style style:name="N1"><style:text-properties {solid}/></number:number-style>'
    )

    def cell(name="", text="x", more=""):
        said = f'table:style-name="{name}"' if name else ""
        return f"<table:table-cell {said} {more}><text:p>{text}</text:p></table:table-cell>"

    span = '<text:span text:style-name="{}">y</text:span>'
    rows = (
        '<table:table-column table:number-columns-repeated="2" table:default-cell-style-name="plain"/>'
        '<table:table-column table:default-cell-style-name="line"/>'
        '<table:table-row table:number-rows-repeated="2">'
        + cell("child")
        + cell("undone")
        + cell()
        + cell("plain")
        + cell("double", more='table:number-columns-repeated="2"')
        + cell("under")
        + cell("circle")
        + cell("plain", "x" + span.format("line"))
        + cell("plain", "x" + span.format("double"))
        + cell("line", "")
        + "</table:table-row>"
        '<table:table-row table:default-cell-style-name="line">'
        + cell()
        + cell("plain")
        + "</table:table-row>"
    )
    path = write_ods(tmp_path / "a.ods", rows, styles=styles)
    expected = {f"{column}{row}" for column in "ACEFI" for row in (1, 2)} | {"A3"}
    assert struck(path) == expected


def test_struck_cells_of_an_xlsb(tmp_path):
    def font(flags):
        return record(43, struct.pack("<HHHHBBBB8s", 220, flags, 400, 0, 0, 0, 0, 0, b"") + b"\2" + wide("F"))

    styles = (
        record(611, struct.pack("<I", 3))
        + font(0x02)  # italic
        + font(0x08)
        + font(0x10)  # outlined
        + record(612)
        + record(626)
        + record(47, struct.pack("<HHH", 0xFFFF, 0, 1) + bytes(10))  # of a cell style, not of cells
        + record(627)
        + record(617)
        + b"".join(record(47, struct.pack("<HHH", 0, 0, number) + bytes(10)) for number in (0, 1, 2))
        + record(618)
    )
    runs = struct.pack("<IHHHH", 2, 0, 0, 2, 1)
    strings = record(19, b"\0" + wide("plain")) + record(19, b"\1" + wide("half") + runs)
    number = struct.pack("<I", (1 << 2) | 2)
    sheet = (
        row_record(0)
        + b"".join(cell_record(2, style, number, style=style) for style in (0, 1, 2))
        + cell_record(1, 3, style=1)
        + cell_record(7, 4, struct.pack("<I", 0), style=1)
        + cell_record(7, 5, struct.pack("<I", 1))
        + cell_record(7, 6, struct.pack("<I", 0))
    )
    path = write_xlsb(
        tmp_path / "a.xlsb", sheet, **{"xl/styles.bin": styles, "xl/sharedStrings.bin": strings}
    )
    assert struck(path) == {"B1", "E1", "F1"}


def test_a_record_in_a_column_is_said_once(tmp_path):
    book = openpyxl.Workbook()
    for line in zip(*ROWS, strict=True):
        book.active.append(line)
    for row in (1, 2, 3):
        book.active.cell(row, 3).font = Font(strike=True)
    book.save(tmp_path / "a.xlsx")
    form = FORM.model_dump()
    form["tables"][0]["orientation"] = "columns"
    returns = read_returns(tmp_path, Form.model_validate(form))
    assert returns.tables["t"]["cost"].tolist() == [10, 20, 30, 40]
    assert returns.findings[["code", "cell"]].to_numpy().tolist() == [["struck-through", "C1"]]


@pytest.mark.parametrize("blank", [" ", "\n"])
def test_blanks_that_are_struck_say_nothing(tmp_path, blank):
    book = openpyxl.Workbook()
    for line in ROWS:
        book.active.append(line)
    book.active["B6"] = blank
    book.active["B6"].font = Font(strike=True)
    book.save(tmp_path / "a.xlsx")
    assert read_returns(tmp_path, FORM).findings["code"].tolist() == []
