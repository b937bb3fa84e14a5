"""One sheet per table: title, help, headers; cells that are to be filled in are open, all others locked."""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from digistrat.intake.forms import Table
from digistrat.intake.template.entries import Entry, Note, written
from digistrat.intake.template.prompts import Lists, add_prompt, is_share
from digistrat.texts import text

if TYPE_CHECKING:
    from openpyxl.cell.cell import Cell, MergedCell
    from openpyxl.worksheet.worksheet import Worksheet

HEADER_ROW = 4
N_ROWS = 1000  # rows with checks and hints; they are no cells, so that they cost nothing
LAST_COLUMN = 16_384
# Height of a line of text, of the rest of a row, and of the highest row that Excel knows, in points
LINE, MARGIN, HIGHEST = 15.0, 4.0, 409.0
DATE, TEXT = "DD.MM.YYYY", "@"
HEADER_FILL, LINK = "E8EDF2", "1F4E79"  # black on the first 17:1, the second on white 8.6:1
# Widths in signs. A screen of 1366 × 768 shows about 180.
WIDTHS = {"date": 13, "boolean": 11, "integer": 14, "number": 14, "amount": 17, "choice": 26, "list": 30}
KEY, SHORT, LONG = 14, 30, 46
# Words stay apart from the figures of the column before: kind → how it is aligned, and how far from the edge.
_ALIGNED = {"date": ("center", 0), "integer": ("center", 0), "number": ("center", 0), "amount": ("right", 1)}
PAGE_WIDTH = 180  # signs across a page that can still be read
# What XML cannot hold, and what looks like the way in which a workbook writes it
_UNWRITABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4}_)")


@dataclass(frozen=True)
class Page:
    """A table and the sheet on which it stands.

    Attributes
    ----------
    table : Table
    sheet : Worksheet
    entries : list of Entry
    notes : mapping
        Column, member or choice → note; ``""`` is the table's own.
    language : {"de", "en"}
    """

    table: Table
    sheet: Worksheet
    entries: list[Entry]
    notes: Mapping[str, Note]
    language: str


def write_sheet(
    page: Page,
    records: Sequence[Mapping[str, Any]],
    extras: Mapping[str, Sequence[str | None]],
    lists: Lists,
    help_cell: str,
) -> None:
    """Write a table's sheet.

    Parameters
    ----------
    page : Page
    records : sequence of mappings
        Column or member → value.
    extras : mapping
        Header → a text for each record.
    lists : Lists
        Where choices stand.
    help_cell : str
        Where the help sheet speaks of this table.
    """
    _write_head(page, help_cell)
    rows = [
        [
            written(entry.column, record.get(entry.name), page.language)
            if entry.column is not None
            else dict(enumerate(extras.get(entry.name, ()))).get(number)
            for entry in page.entries
        ]
        for number, record in enumerate(records)
    ]
    if page.table.orientation == "columns":
        _write_cover(page, rows[0] if rows else [None] * len(page.entries), lists)
    else:
        _write_table(page, rows, lists)
    protect(page.sheet)
    _set_up_print(page)


def _write_head(page: Page, help_cell: str) -> None:
    from openpyxl.styles import Alignment

    sheet, language = page.sheet, page.language
    is_cover = page.table.orientation == "columns"
    heading = text("template.title", language) if is_cover else sheet.title
    put_heading(sheet, 1, heading, size=14)
    general = text("template.help_cover" if is_cover else "template.help_table", language)
    sheet["A2"] = page.notes.get("", Note()).description or general
    sheet["A3"] = text("template.help_more", language, sheet=text("template.help_sheet", language))
    put_link(sheet, "A3", text("template.help_sheet", language), help_cell)
    for row in range(1, HEADER_ROW):  # locked in its whole width, also beside its text
        sheet.row_dimensions[row].alignment = Alignment(vertical="center")


def _write_cover(page: Page, values: Sequence[Any], lists: Lists) -> None:
    sheet = page.sheet
    for row, (entry, value) in enumerate(zip(page.entries, values, strict=True), start=HEADER_ROW):
        put_header(sheet, row, 1, entry.header)
        cell = sheet.cell(row, 2)
        _open(cell, entry)
        put(cell, value, entry)
        add_prompt(sheet, f"B{row}", entry, lists, page.language)
        sheet.row_dimensions[row].height = 2 * LINE
    sheet.column_dimensions["A"].width, sheet.column_dimensions["B"].width = 42, 70
    sheet.sheet_view.selection[0].activeCell = sheet.sheet_view.selection[0].sqref = f"B{HEADER_ROW}"
    name_headers(sheet, "RowTitle", HEADER_ROW)


def _write_table(page: Page, rows: Sequence[Sequence[Any]], lists: Lists) -> None:
    from openpyxl.utils import get_column_letter

    sheet, first = page.sheet, HEADER_ROW + 1
    last = HEADER_ROW + max(N_ROWS, len(rows))
    heights = [LINE]
    for number, entry in enumerate(page.entries, start=1):
        letter, width = get_column_letter(number), _width(entry, number)
        put_header(sheet, HEADER_ROW, number, entry.header)
        heights.append(height_of(entry.header, width - 3))  # the filter's button stands in the cell
        _open(sheet.column_dimensions[letter], entry)
        sheet.column_dimensions[letter].width = width
        add_prompt(sheet, f"{letter}{first}:{letter}{last}", entry, lists, page.language)
        for row, values in enumerate(rows, start=first):
            if values[number - 1] is not None:
                cell = sheet.cell(row, number)
                _open(cell, entry)
                put(cell, values[number - 1], entry)
    for row, values in enumerate(rows, start=first):
        needed = [
            height_of(value, _width(entry, number) - 1)
            for number, (entry, value) in enumerate(zip(page.entries, values, strict=True), start=1)
            if isinstance(value, str)
        ]
        sheet.row_dimensions[row].height = min(max(needed, default=LINE), HIGHEST)
    _open_the_rest(sheet, len(page.entries) + 1)
    sheet.row_dimensions[HEADER_ROW].height = max(heights)
    sheet.auto_filter.ref = f"A{HEADER_ROW}:{get_column_letter(len(page.entries))}{last}"
    sheet.freeze_panes = f"B{first}"  # who looks at the last column still sees what the row is
    sheet.sheet_view.pane.activePane = "bottomLeft"  # type: ignore[union-attr]
    for selection in sheet.sheet_view.selection:
        if selection.pane == "bottomLeft":
            selection.activeCell = selection.sqref = f"A{first}"
    sheet.sheet_view.zoomScale = 90
    name_headers(sheet, "Title", HEADER_ROW)


def _open_the_rest(sheet: Worksheet, number: int) -> None:
    """Columns to the right are open too: rows can be deleted only as a whole, and columns may be added."""
    from openpyxl.utils import get_column_letter

    rest = sheet.column_dimensions[get_column_letter(number)]
    rest.min, rest.max, rest.width = number, LAST_COLUMN, SHORT
    _open(rest, None)


def _open(target: Any, entry: Entry | None) -> None:
    """Let people type into a cell, or into a column's cells."""
    from openpyxl.styles import Alignment, Protection

    kind = entry.column.kind if entry and entry.column else "text"
    horizontal, indent = _ALIGNED.get(kind, (None, 0))
    target.protection = Protection(locked=False)
    target.alignment = Alignment(horizontal, vertical="top", wrap_text=True, indent=indent)
    target.number_format = number_format(entry)


def number_format(entry: Entry | None) -> str:
    """Return how a column's cells show what is typed; texts are never turned into dates or formulas."""
    column = entry.column if entry else None
    if column is None:
        return "General"
    if entry is not None and is_share(entry):
        return "0%"  # who types 30 means 30 per cent
    formats = {"date": DATE, "amount": "#,##0.00", "number": "General", "integer": "General"}
    return formats.get(column.kind, TEXT)


def put(cell: Cell | MergedCell, value: Any, entry: Entry) -> None:
    """Write a value into its cell; an answer that begins with '=' is no formula."""
    if value is None:
        return
    shown = number_format(entry)
    if isinstance(value, str):
        value = _UNWRITABLE.sub(lambda sign: f"_x{ord(sign[0]):04X}_", value)
    cell.value = value
    if isinstance(value, str):
        cell.data_type = "s"
    elif isinstance(value, (dt.date, dt.time)):
        shown = DATE if isinstance(value, dt.date) else "HH:MM"
    elif shown in (TEXT, DATE):
        shown = "General"
    cell.number_format = shown


def _width(entry: Entry, number: int) -> float:
    column = entry.column
    if column is None:
        return SHORT
    if column.kind == "identifier":
        return KEY if number == 1 else 20
    if column.kind == "text":
        return LONG if column.required or number == 3 else SHORT
    width = WIDTHS.get(column.kind, SHORT)
    longest = max((len(word) for word in entry.header.split()), default=0)
    is_long = len(entry.header) > 2 * width  # a criterion's name
    return max(width + 6 if is_long else width, min(longest + 4, SHORT))


def height_of(words: str, width: float) -> float:
    """Return the height of a row, in points, in which a text is not cut off.

    Examples
    --------
    >>> height_of("one two three", 8), height_of("one", 8)
    (34.0, 19.0)
    """
    lines = 0
    for paragraph in words.split("\n"):
        used = 0
        lines += 1
        for word in paragraph.split():
            if used and used + 1 + len(word) > width:
                lines, used = lines + 1, 0
            used += len(word) + (1 if used else 0)
            if used > width:  # a word longer than the column is broken
                lines, used = lines + math.ceil(used / width) - 1, int(used % width or width)
    return lines * LINE + MARGIN


def put_heading(sheet: Worksheet, row: int, words: str, *, size: int) -> None:
    """Write a heading into the first column."""
    from openpyxl.styles import Font

    put_text(sheet, row, 1, words).font = Font(bold=True, size=size)
    sheet.row_dimensions[row].height = 1.7 * size


def put_text(sheet: Worksheet, row: int, number: int, words: str) -> Cell:
    """Write a text, whatever it begins with."""
    cell: Cell = sheet.cell(row, number, words)
    cell.data_type = "s"
    return cell


def put_header(sheet: Worksheet, row: int, number: int, words: str) -> None:
    """Write a column's header: bold and underlined, so that it is known without its colour."""
    from openpyxl.styles import Alignment, Border, Font, PatternFill, Side

    cell = put_text(sheet, row, number, words)
    cell.font = Font(bold=True)
    cell.alignment = Alignment(wrap_text=True, vertical="top")
    cell.fill = PatternFill("solid", fgColor=HEADER_FILL)
    cell.border = Border(bottom=Side("medium"))


def put_link(sheet: Worksheet, address: str, target: str, cell: str) -> None:
    """Make a cell's text a link to a place in the workbook."""
    from openpyxl.styles import Font
    from openpyxl.utils import quote_sheetname
    from openpyxl.worksheet.hyperlink import Hyperlink

    sheet[address].hyperlink = Hyperlink(ref=address, location=f"{quote_sheetname(target)}!{cell}")
    sheet[address].font = Font(color=LINK, underline="single")


def name_headers(sheet: Worksheet, name: str, row: int) -> None:
    """Tell screen readers where the headers stand: they look for names such as Title."""
    from openpyxl.utils import quote_sheetname
    from openpyxl.workbook.defined_name import DefinedName

    sheet.defined_names[name] = DefinedName(name, attr_text=f"{quote_sheetname(sheet.title)}!$A${row}")


def protect(sheet: Worksheet) -> None:
    """Lock what is not open, without a password; rows may still be added, deleted, sorted and filtered."""
    sheet.protection.sheet = True
    for allowed in (
        "formatCells", "formatColumns", "formatRows", "insertRows", "insertHyperlinks", "deleteRows",
        "sort", "autoFilter",
    ):  # fmt: skip
        setattr(sheet.protection, allowed, False)  # the attribute says what is locked


def _set_up_print(page: Page) -> None:
    from openpyxl.worksheet.properties import PageSetupProperties

    sheet = page.sheet
    sheet.page_setup.orientation = "portrait" if page.table.orientation == "columns" else "landscape"
    sheet.page_setup.paperSize, sheet.page_setup.fitToHeight = 9, 0  # A4, as many pages as it takes
    if page.table.orientation == "rows":
        width = sum(_width(entry, number) for number, entry in enumerate(page.entries, start=1))
        sheet.page_setup.fitToWidth = max(1, round(width / PAGE_WIDTH))
        sheet.print_title_rows, sheet.print_title_cols = f"{HEADER_ROW}:{HEADER_ROW}", "A:A"
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    for side, content in (("left", "&A"), ("right", "&P / &N")):
        getattr(sheet.oddFooter, side).text = content
