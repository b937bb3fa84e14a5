"""One worksheet part of an xlsx file in one pass: places, values, formulas, errors, what is hidden."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from digistrat.intake.workbooks.container import Container
from digistrat.intake.workbooks.dates import serial_date
from digistrat.intake.workbooks.formats import CellFormat
from digistrat.intake.workbooks.formulas import formula_pieces, move_formula
from digistrat.intake.workbooks.localnames import LocalNames
from digistrat.intake.workbooks.rawvalues import TRUE, decode_escapes, iso_date, number
from digistrat.intake.workbooks.records import (
    MAX_COLUMN,
    MAX_ROW,
    Cell,
    Value,
    WorkbookError,
    column_letters,
    column_number,
    parse_address,
)

_DIGITS = "0123456789"
_MOST_MOVED = 20_000_000  # references that are moved in formulas that share one text
_MOST_TEXT = 200_000_000  # bytes of the texts that stand in the cells of one part
_LONGEST_TEXT = 40_000_000  # bytes of one cell


class SheetReader:
    """What has been seen of a part, and the handlers of expat that see it."""

    def __init__(
        self,
        container: Container,
        part: str,
        strings: Sequence[str],
        formats: Sequence[CellFormat],
        date1904: bool,
        room: int,
    ) -> None:
        self.file, self.limits, self.part = container.file, container.limits, part
        self.strings, self.formats, self.date1904, self.room = strings, formats, date1904, room
        self.cells: dict[tuple[int, int], Cell] = {}
        self.hidden_rows: set[int] = set()
        self.hidden_columns = bytearray(MAX_COLUMN + 1)
        self.merged: list[tuple[int, int, int, int]] = []
        self.filtered = False
        self.local = LocalNames()
        self.texts: list[str] = []
        self.shared: dict[str, tuple[str, int, int]] = {}
        self.n_moved = self.text_size = 0
        self.row = self.column = 0
        self.in_cell = self.phonetic = False
        self.begin_cell({})

    def read_any(self, container: Container) -> None:
        """Read the part through expat, ~1.5 µs an element."""
        container.parse(
            self.part, self.start, end=self.end, characters=self.texts.append, after_chunk=self.check
        )
        self.check()

    def begin_cell(self, attributes: dict[str, str]) -> None:
        """Forget the last cell."""
        self.type = attributes.get("t", "n")
        self.style = attributes.get("s")
        self.raw: str | None = None
        self.inline: str | None = None
        self.formula: str | None = None

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """Handle an opening tag."""
        tag = self.local[tag]
        if tag == "c":
            self.begin_cell(attributes)
            self.place(attributes.get("r"))
            self.in_cell = True
        elif self.in_cell:
            if tag == "v" or tag == "t":
                self.texts.clear()
            elif tag == "f":
                self.texts.clear()
                self.formula_attributes = attributes
            elif tag == "rPh":
                self.phonetic = True
        elif tag == "row":
            self.begin_row(attributes)
        else:
            self.start_around(tag, attributes)

    def begin_row(self, attributes: dict[str, str]) -> None:
        """Note where a row stands and whether it is shown; a row without height is not."""
        row = attributes.get("r")
        self.row = int(row) if row else self.row + 1
        self.column = 0
        if attributes.get("hidden") in TRUE or is_zero(attributes.get("ht")):
            self.hidden_rows.add(self.row)

    def start_around(self, tag: str, attributes: dict[str, str]) -> None:
        """Handle what stands before and after the cells."""
        if tag == "col":
            if attributes.get("hidden") in TRUE or is_zero(attributes.get("width")):
                first, last = max(int(attributes["min"]), 1), min(int(attributes["max"]), MAX_COLUMN)
                self.hidden_columns[first : last + 1] = b"\1" * max(last + 1 - first, 0)
        elif tag == "mergeCell":
            first_cell, _, last_cell = attributes["ref"].partition(":")
            self.merged.append((*self.address(first_cell), *self.address(last_cell or first_cell)))
        elif tag == "autoFilter":
            self.filtered = True

    def place(self, reference: str | None) -> None:
        """Note where a cell stands; without an address it follows the last one."""
        if reference is None:
            self.column += 1
            return
        letters = reference.rstrip(_DIGITS)
        if letters.isalpha() and letters.isascii() and len(letters) <= 3 and len(reference) > len(letters):
            self.column, self.row = column_number(letters), int(reference[len(letters) :])
            if 1 <= self.row <= MAX_ROW and self.column <= MAX_COLUMN:
                return
        self.row, self.column = self.address(reference)

    def end(self, tag: str) -> None:
        """Handle a closing tag."""
        if not self.in_cell:
            self.texts.clear()
            return
        tag = self.local[tag]
        if tag == "v":
            self.raw = "".join(self.texts)
        elif tag == "c":
            self.in_cell = False
            if self.raw is not None or self.formula is not None or self.inline is not None:
                format_ = None if self.style is None else self.format_of(self.style)
                self.add(self.type, format_, self.raw, self.inline, self.formula)
        elif tag == "f":
            self.formula = self.whole_formula("".join(self.texts), self.formula_attributes)
        elif tag == "t":
            if not self.phonetic:
                self.inline = (self.inline or "") + "".join(self.texts)
        elif tag == "rPh":
            self.phonetic = False

    def whole_formula(self, formula: str, attributes: dict[str, str]) -> str | None:
        """Complete a formula's text; one that shares another's gets the other's, moved to its place."""
        kind = attributes.get("t")
        if kind == "shared":
            index = attributes.get("si", "")
            master = self.shared.get(index)
            if formula:
                self.shared[index] = (formula, self.row, self.column)
            elif master is not None:
                text, row, column = master
                self.n_moved += len(formula_pieces(text))
                if self.n_moved > _MOST_MOVED:
                    raise WorkbookError("file-too-large", self.file, f"{self.part} > {_MOST_MOVED}")
                formula = move_formula(text, self.row - row, self.column - column)
                self.text_size += len(formula)
        elif kind == "dataTable" and not formula:
            formula = "TABLE()"
        return "=" + formula if formula else None

    def add(
        self, kind: str, format_: CellFormat, raw: str | None, inline: str | None, formula: str | None
    ) -> None:
        """Turn what was read of a cell into a value, and keep it if it is one."""
        value: Value = None
        error = shown = None
        if raw is None:
            if inline is not None:
                value = decode_escapes(inline)
                self.text_size += sys.getsizeof(value)
        elif kind == "s":
            if raw:
                value = self.shared_string(raw)
        elif kind == "n" or kind == "":
            value = number(raw)
            if format_ == "date":
                value = self.date(value)
            elif format_ is not None and not isinstance(value, str):
                shown = format_
        elif kind == "b":
            value = raw.strip() in TRUE if raw.strip() else None
        elif kind == "e":
            error = raw.strip() or "#N/A"
        elif kind == "d":
            value = iso_date(raw.strip())
        else:  # str, and inlineStr with its text where it does not belong
            value = decode_escapes(raw if inline is None else inline)
            self.text_size += sys.getsizeof(value)
        if formula is not None or error is not None or (value is not None and value != ""):
            place = (self.row, self.column)
            self.cells[place] = Cell(self.row, self.column, value, formula, error, shown)

    def shared_string(self, raw: str) -> str:
        """Look a text up in the shared strings."""
        try:
            index = int(raw)
            if index < 0:
                raise IndexError(raw)
            return self.strings[index]
        except (ValueError, IndexError):
            where = f"{self.part}: {column_letters(self.column)}{self.row} → shared string {raw[:20]}"
            raise WorkbookError("file-damaged", self.file, where) from None

    def date(self, value: int | float | str | None) -> Value:
        """Date of a number in a cell that shows one; what is no date stays what it is."""
        if isinstance(value, str) or value is None:
            return value
        date = serial_date(value, date1904=self.date1904)
        return value if date is None else date

    def format_of(self, style: str) -> CellFormat:
        """Return what a cell's format makes of a number."""
        index = int(style) if style.isdecimal() and len(style) < 10 else len(self.formats)
        return self.formats[index] if index < len(self.formats) else None

    def address(self, reference: str) -> tuple[int, int]:
        """Parse an address, or call the part damaged."""
        try:
            return parse_address(reference)
        except ValueError:
            raise WorkbookError("file-damaged", self.file, f"{self.part}: {reference[:20]!r}") from None

    def check(self) -> None:
        """Refuse too many cells, and too much text."""
        if len(self.cells) > self.room:
            raise WorkbookError("file-too-large", self.file, f"> {self.limits.n_cells} cells")
        pending = sum(map(sys.getsizeof, self.texts))
        if pending > _LONGEST_TEXT or self.text_size > min(_MOST_TEXT, self.limits.part_bytes):
            raise WorkbookError("file-too-large", self.file, f"{self.part}: texts")

    def columns_hidden(self) -> set[int]:
        """Columns that are not shown."""
        marks = self.hidden_columns
        return {column for column, mark in enumerate(marks) if mark} if 1 in marks else set()


def is_zero(size: str | None) -> bool:
    """Whether a width or height is given and is nothing."""
    return size is not None and size.strip("0.") == "" and "0" in size
