"""The sheet of help: how to fill the form in, what every column means, and every point of a rating."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from digistrat.intake.forms import Column, Table
from digistrat.intake.template.entries import Entry, Note, answers, label
from digistrat.intake.template.prompts import how_to_write
from digistrat.intake.template.sheets import (
    Page,
    height_of,
    protect,
    put_header,
    put_heading,
    put_text,
)
from digistrat.texts import text

if TYPE_CHECKING:
    from openpyxl import Workbook
    from openpyxl.worksheet.worksheet import Worksheet

WIDTHS = (28, 46, 20, 20, 20, 20, 20, 20)


class _Writer:
    """Writes a sheet from top to bottom."""

    def __init__(self, sheet: Worksheet, language: str) -> None:
        self.sheet, self.language, self.row = sheet, language, 0

    def heading(self, words: str, size: int = 12) -> None:
        self.row += 2 if self.row else 1
        put_heading(self.sheet, self.row, words, size=size)

    def line(self, words: str) -> None:
        """Write a text that may run over the whole width."""
        self.row += 1
        put_text(self.sheet, self.row, 1, words)

    def table(self, headers: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        from openpyxl.styles import Alignment

        self.row += 1
        for number, header in enumerate(headers, start=1):
            put_header(self.sheet, self.row, number, header)
        for cells in rows:
            self.row += 1
            for number, words in enumerate(cells, start=1):
                if words:
                    cell = put_text(self.sheet, self.row, number, words)
                    cell.alignment = Alignment(wrap_text=True, vertical="top")
            heights = [height_of(words, width - 1) for words, width in zip(cells, WIDTHS, strict=False)]
            self.sheet.row_dimensions[self.row].height = max(heights)

    def text(self, key: str) -> str:
        return text(f"template.{key}", self.language)


def write_guide(book: Workbook, pages: Sequence[Page], language: str) -> dict[str, str]:
    """Write the sheet of help behind the others.

    Parameters
    ----------
    book : Workbook
    pages : sequence of Page
        The tables' sheets.
    language : {"de", "en"}

    Returns
    -------
    dict
        Table → the cell where the sheet speaks of it.
    """
    from openpyxl.utils import get_column_letter
    from openpyxl.worksheet.properties import PageSetupProperties

    sheet = book.create_sheet(text("template.help_sheet", language))
    writer = _Writer(sheet, language)
    writer.heading(text("template.guide_title", language), size=14)
    for words in text("template.guide_lines", language).split("\n"):
        writer.line(words)
    found = {}
    for page in pages:
        writer.heading(page.sheet.title)
        found[page.table.name] = f"A{writer.row}"
        _write_columns(writer, page)
        _write_anchors(writer, page)
    _write_choices(writer, pages)
    for number, width in enumerate(WIDTHS, start=1):
        sheet.column_dimensions[get_column_letter(number)].width = width
    sheet.sheet_view.zoomScale = 90
    sheet.page_setup.orientation, sheet.page_setup.paperSize, sheet.page_setup.fitToHeight = "landscape", 9, 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    protect(sheet)
    return found


def _write_columns(writer: _Writer, page: Page) -> None:
    """What every column means; columns that ask the same of other members stand in one row."""
    if described := page.notes.get("", Note()).description:
        writer.line(described)
    headers = ("guide_column", "guide_meaning", "guide_required", "guide_write", "guide_example")
    rows = []
    for first, last in _distinct(page.entries):
        required = writer.text("guide_yes") if first.column is not None and first.column.required else ""
        name = first.header if first is last else f"{first.header} … {last.header}"
        how = how_to_write(first, writer.language)
        rows.append((name, first.note.description, required, how, _example(first, writer.language)))
    writer.table([writer.text(header) for header in headers], rows)


def _distinct(entries: Sequence[Entry]) -> list[tuple[Entry, Entry]]:
    """Return the columns, and of members that share a note (years, roles) the first and the last.

    Members with anchors are left out: they have a table of their own.
    """
    kept: dict[str, tuple[Entry, Entry]] = {}
    for entry in entries:
        column = entry.column
        if column is None or (entry.note.anchors and entry.name != column.name):
            continue
        key = f"{column.name}\n{entry.note.description}"  # no name of a column
        first, _ = kept.get(key, (entry, entry))
        kept[key] = (first, entry)
    return list(kept.values())


def _example(entry: Entry, language: str) -> str:
    column = entry.column
    if entry.note.example or column is None:
        return entry.note.example
    allowed = answers(column, language)
    if column.kind == "list":
        return "; ".join(allowed[:2])
    return allowed[0] if allowed else ""


def _write_anchors(writer: _Writer, page: Page) -> None:
    """What every value of a rating means, one row for each member or choice."""
    rated = {name: note for name, note in page.notes.items() if note.anchors}
    by_scale: dict[tuple[str, ...], list[str]] = {}
    for name, note in rated.items():
        by_scale.setdefault(tuple(note.anchors), []).append(name)
    for scale, names in by_scale.items():
        writer.row += 1
        headers = [writer.text("guide_rated"), writer.text("guide_meaning"), *scale]
        rows = [
            (_name(page.table, name), rated[name].description, *rated[name].anchors.values())
            for name in names
        ]
        writer.table(headers, rows)


def _name(table: Table, name: str) -> str:
    """Return what a member, choice or column is called on its sheet."""
    named: list[Mapping[str, Sequence[str]]] = [column.choices for column in table.columns]
    named.append({column.name: column.headers for column in table.columns})
    if table.unpivot:
        named.insert(0, table.unpivot.members)
    return next((labels[name][0] for labels in named if labels.get(name)), name)


def _write_choices(writer: _Writer, pages: Sequence[Page]) -> None:
    """Answers to copy where several are allowed: such cells can have no drop-down."""
    lists: dict[tuple[tuple[str, str], ...], list[str]] = {}
    for page in pages:
        for entry in page.entries:
            if entry.column is not None and entry.column.kind == "list" and entry.column.choices:
                place = f"{page.sheet.title}: {entry.header}"
                lists.setdefault(_answers_explained(entry.column), []).append(place)
    if lists:
        writer.heading(writer.text("guide_choices"))
        headers = ("guide_column", "guide_answer", "guide_meaning")
        rows = [("\n".join(places), *pair) for pairs, places in lists.items() for pair in pairs]
        writer.table([writer.text(header) for header in headers], rows)


def _answers_explained(column: Column) -> tuple[tuple[str, str], ...]:
    """Return each answer, and where it is a bare code, what that stands for."""
    pairs = [(label(column, code), names[0] if names else "") for code, names in column.choices.items()]
    return tuple((answer, "" if meaning == answer else meaning) for answer, meaning in pairs)
