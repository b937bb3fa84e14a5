"""One worksheet part of an xlsx file in one pass: places, values, formulas, errors, what is hidden."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from digistrat.intake.workbooks.container import Container
from digistrat.intake.workbooks.dates import serial_date
from digistrat.intake.workbooks.formats import CellFormat, Styles
from digistrat.intake.workbooks.formulas import Moving, formula_pieces, move_pieces
from digistrat.intake.workbooks.localnames import LocalNames
from digistrat.intake.workbooks.rawvalues import TRUE, decode_escapes, iso_date, number
from digistrat.intake.workbooks.records import (
    MAX_COLUMN,
    MAX_ROW,
    STRUCK_BYTES,
    Cell,
    Value,
    WorkbookError,
    column_letters,
    column_number,
    parse_address,
)

_DIGITS = "0123456789"
_MOST_MOVED = 15_000_000  # pieces that are moved of formulas that share one text
_CUTTING = 10  # what cutting it into a piece costs more than moving that, in time and memory
MOST_TEXT = 200_000_000  # bytes of the texts that stand in the cells of one part
_LONGEST_TEXT = 40_000_000  # bytes of one cell
MERGED_BYTES = 160  # of a merged range


class SheetReader:
    """What has been seen of a part, and the handlers of expat that see it."""

    def __init__(
        self,
        container: Container,
        part: str,
        strings: Sequence[str],
        styles: Styles,
        date1904: bool,
        room: int,
    ) -> None:
        self.file, self.limits, self.part = container.file, container.limits, part
        self.strings, self.styles, self.date1904, self.room = strings, styles, date1904, room
        self.cells: dict[tuple[int, int], Cell] = {}
        self.struck: set[tuple[int, int]] = set()
        self.hidden_rows: set[int] = set()
        self.hidden_columns = bytearray(MAX_COLUMN + 1)
        self.merged: list[tuple[int, int, int, int]] = []
        self.filtered = False
        self.local = LocalNames()
        self.texts: list[str] = []
        self.shared: dict[str, tuple[Sequence[str | Moving], int, int]] = {}
        self.n_moved = self.text_size = self.n_columns = 0
        self.text_before = container.seen["text"]
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
        self.inline_struck = False

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
            elif tag == "strike":
                self.inline_struck |= attributes.get("val", "1") in TRUE
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
            self.n_columns += 1
            if self.n_columns > MAX_COLUMN:
                raise WorkbookError("file-too-large", self.file, f"{self.part} > {MAX_COLUMN} columns")
            if attributes.get("hidden") in TRUE or is_zero(attributes.get("width")):
                first, last = max(int(attributes["min"]), 1), min(int(attributes["max"]), MAX_COLUMN)
                self.hidden_columns[first : last + 1] = b"\1" * max(last + 1 - first, 0)
        elif tag == "mergeCell":
            first_cell, _, last_cell = attributes["ref"].partition(":")
            if first_cell.isalpha() or first_cell.isdecimal():
                return  # whole columns or rows: no cell stands for them
            self.merged.append((*self.address(first_cell), *self.address(last_cell or first_cell)))
            self.text_size += MERGED_BYTES
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
                format_, struck = self.style_of(self.style)
                struck |= self.inline_struck
                self.add(self.type, format_, struck, self.raw, self.inline, self.formula)
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
                self.shared[index] = (formula_pieces(formula), self.row, self.column)
                self.n_moved += _CUTTING * len(self.shared[index][0])
            elif master is not None:
                pieces, row, column = master
                self.n_moved += len(pieces)
                formula = move_pieces(pieces, self.row - row, self.column - column)
            if self.n_moved > _MOST_MOVED:
                raise WorkbookError("file-too-large", self.file, f"{self.part} > {_MOST_MOVED}")
        elif kind == "dataTable" and not formula:
            formula = "TABLE()"
        if not formula:
            return None
        self.text_size += sys.getsizeof(formula)
        return "=" + formula

    def add(
        self,
        kind: str,
        format_: CellFormat,
        struck: bool,
        raw: str | None,
        inline: str | None,
        formula: str | None,
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
                if self.styles.struck_strings:
                    struck |= int(raw) in self.styles.struck_strings
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
            if struck:
                self.struck.add(place)
                self.text_size += STRUCK_BYTES

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

    def style_of(self, style: str | None) -> tuple[CellFormat, bool]:
        """Return what a cell's style makes of a number, and whether it strikes the cell through."""
        styles = self.styles
        if style is None:
            return None, 0 in styles.struck
        index = int(style) if style.isdecimal() and len(style) < 10 else len(styles.formats)
        return styles.formats[index] if index < len(styles.formats) else None, index in styles.struck

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
        if pending > _LONGEST_TEXT or self.text_size > min(MOST_TEXT, self.limits.part_bytes):
            raise WorkbookError("file-too-large", self.file, f"{self.part}: texts")
        n_cells = self.limits.n_cells - self.room + len(self.cells)
        if not self.limits.hold(n_cells, self.text_before + self.text_size):
            raise WorkbookError("file-too-large", self.file, f"{self.part}: memory")

    def columns_hidden(self) -> set[int]:
        """Columns that are not shown."""
        marks = self.hidden_columns
        return {column for column, mark in enumerate(marks) if mark} if 1 in marks else set()


def is_zero(size: str | None) -> bool:
    """Whether a width or height is given and is nothing."""
    return size is not None and size.strip("0.") == "" and "0" in size
