"""One worksheet part of an xlsx file in one pass: places, values, formulas, errors, what is hidden."""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Sequence
from typing import Any

from digistrat.intake.workbooks.container import Container
from digistrat.intake.workbooks.dates import DateKind, serial_date
from digistrat.intake.workbooks.records import (
    MAX_COLUMN,
    MAX_ROW,
    Cell,
    Sheet,
    Value,
    WorkbookError,
    column_letters,
    column_number,
    make_sheet,
    parse_address,
)

_DIGITS = "0123456789"
_TRUE = ("1", "true")
_COUNT_FROM = 20_000_000  # bytes; a smaller part cannot hold cells enough to matter


class LocalNames(dict[str, str]):
    """Element names without the prefix of the part's root, whatever it is, each worked out once.

    Names with another prefix keep it: an extension's element of the same name means something else.
    """

    prefix: str | None = None

    def __missing__(self, tag: str) -> str:
        """Cut the root's prefix off a name met for the first time; the first name is the root."""
        if self.prefix is None:
            self.prefix = tag[: tag.rfind(":") + 1]
        name = self[tag] = tag.removeprefix(self.prefix)
        return name


def read_sheet(
    container: Container,
    part: str,
    name: str,
    hidden: bool,
    *,
    strings: Sequence[str],
    date_kinds: Sequence[DateKind | None],
    date1904: bool,
    room: int,
) -> Sheet:
    """Read a worksheet part.

    Parameters
    ----------
    container, part
        Where it is.
    name, hidden
        From the workbook's list of sheets.
    strings
        The shared strings.
    date_kinds
        What each cell format shows.
    date1904
        Whether serials count from 1904.
    room
        How many more cells the file may have.

    Raises
    ------
    WorkbookError
        If it is damaged or passes a limit.
    """
    _refuse_masses(container, part, room)
    reader = _SheetReader(container, part, strings, date_kinds, date1904, room)
    container.parse(
        part, reader.start, end=reader.end, characters=reader.texts.append, after_chunk=reader.check
    )
    reader.check()
    return make_sheet(
        name,
        hidden,
        reader.cells,
        hidden_rows=reader.hidden_rows,
        hidden_columns=reader.hidden_columns,
        merged=reader.merged,
        filtered=reader.filtered,
    )


def _refuse_masses(container: Container, part: str, room: int) -> None:
    """Refuse a large part by counting tags in its bytes, before minutes go into parsing it."""
    if container.size(part) < _COUNT_FROM:
        return
    values, formulas, texts, cells = container.count(part, b"v>", b"f>", b"t>", b"c ")
    # Each mark stands in an opening and a closing tag; blank cells cost a third of full ones.
    if max(values, formulas, texts) // 2 > room or cells // 3 > room:
        raise WorkbookError("file-too-large", container.file, f"> {container.limits.n_cells} cells")


class _SheetReader:
    """The handlers of one pass and what they have seen; written for speed, ~1 µs an element."""

    def __init__(
        self,
        container: Container,
        part: str,
        strings: Sequence[str],
        date_kinds: Sequence[DateKind | None],
        date1904: bool,
        room: int,
    ) -> None:
        self.file, self.limits, self.part = container.file, container.limits, part
        self.strings, self.date_kinds, self.date1904, self.room = strings, date_kinds, date1904, room
        self.cells: dict[tuple[int, int], Cell] = {}
        self.hidden_rows: set[int] = set()
        self.hidden_columns: set[int] = set()
        self.merged: list[tuple[int, int, int, int]] = []
        self.filtered = False
        self.local = LocalNames()
        self.texts: list[str] = []
        self.shared: dict[str, tuple[str, int, int]] = {}
        self.row = self.column = 0
        self.in_cell = self.phonetic = False
        self.begin_cell({})

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
            row = attributes.get("r")
            self.row = int(row) if row else self.row + 1
            self.column = 0
            if attributes.get("hidden") in _TRUE:
                self.hidden_rows.add(self.row)
        else:
            self.start_around(tag, attributes)

    def start_around(self, tag: str, attributes: dict[str, str]) -> None:
        """Handle what stands before and after the cells."""
        if tag == "col" and attributes.get("hidden") in _TRUE:
            first, last = int(attributes["min"]), int(attributes["max"])
            self.hidden_columns.update(range(max(first, 1), min(last, MAX_COLUMN) + 1))
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
            return
        tag = self.local[tag]
        if tag == "v":
            self.raw = "".join(self.texts)
        elif tag == "c":
            self.in_cell = False
            if self.raw is not None or self.formula is not None or self.inline is not None:
                self.end_cell()
        elif tag == "f":
            self.end_formula("".join(self.texts))
        elif tag == "t":
            if not self.phonetic:
                self.inline = (self.inline or "") + "".join(self.texts)
        elif tag == "rPh":
            self.phonetic = False

    def end_formula(self, formula: str) -> None:
        """Note a formula's text; one that shares another's gets the other's, moved to its place."""
        attributes = self.formula_attributes
        kind = attributes.get("t")
        if kind == "shared":
            master = self.shared.get(attributes.get("si", ""))
            if formula:
                self.shared[attributes.get("si", "")] = (formula, self.row, self.column)
            elif master is not None:
                text, row, column = master
                formula = move_formula(text, self.row - row, self.column - column)
        elif kind == "dataTable" and not formula:
            formula = "TABLE()"
        if formula:
            self.formula = "=" + formula

    def end_cell(self) -> None:
        """Turn what was read of a cell into a value."""
        raw, kind, formula = self.raw, self.type, self.formula
        value: Value = None
        error = None
        if raw is None:
            if self.inline is not None:
                value = decode_escapes(self.inline)
        elif kind == "s":
            if raw:
                value = self.shared_string(raw)
        elif kind == "n" or kind == "":
            value = self.number(raw)
        elif kind == "b":
            value = raw.strip() in _TRUE if raw.strip() else None
        elif kind == "e":
            error = raw.strip() or "#N/A"
        elif kind == "d":
            value = iso_date(raw.strip())
        else:  # str, and inlineStr with its text where it does not belong
            value = decode_escapes(raw if self.inline is None else self.inline)
        if formula is not None or error is not None or (value is not None and value != ""):
            place = (self.row, self.column)
            self.cells[place] = Cell(self.row, self.column, value, formula, error)

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

    def number(self, raw: str) -> Value:
        """Make the number or date of a numeric cell; a text that is no number stays what it is."""
        value: int | float
        try:
            value = int(raw)
        except ValueError:
            try:
                value = float(raw)
            except ValueError:
                return raw.strip() or None
            if not abs(value) < math.inf:  # nan is no number of a spreadsheet either
                return raw
        if "_" in raw:  # Python's way of grouping digits
            return raw
        if self.style and self.date_kind(self.style) == "date":
            date = serial_date(value, date1904=self.date1904)
            return value if date is None else date
        return value

    def date_kind(self, style: str) -> DateKind | None:
        """Tell what the cell's format shows."""
        index = int(style)
        return self.date_kinds[index] if 0 <= index < len(self.date_kinds) else None

    def address(self, reference: str) -> tuple[int, int]:
        """Parse an address, or call the part damaged."""
        try:
            return parse_address(reference)
        except ValueError:
            raise WorkbookError("file-damaged", self.file, f"{self.part}: {reference[:20]!r}") from None

    def check(self) -> None:
        """Refuse too many cells."""
        if len(self.cells) > self.room:
            raise WorkbookError("file-too-large", self.file, f"> {self.limits.n_cells} cells")


_ESCAPE = re.compile(r"_x([0-9A-Fa-f]{4})_")


def decode_escapes(text: str) -> str:
    r"""Decode ``_x000D_`` and the like, which stand for characters that XML cannot hold.

    Examples
    --------
    >>> decode_escapes("a_x000D_b, _x005F_x000D_")
    'a\rb, _x000D_'
    """
    if "_x" not in text:
        return text
    decoded = _ESCAPE.sub(lambda match: chr(int(match[1], 16)), text)
    # Pairs of surrogates become their character, single ones the replacement character.
    return decoded.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def iso_date(raw: str) -> Value:
    """Date, or time of day, of a cell that stores it as text (ISO 8601)."""
    try:
        return dt.datetime.fromisoformat(raw).replace(tzinfo=None)
    except ValueError:
        try:
            return dt.time.fromisoformat(raw)
        except ValueError:
            return raw or None


# A text, a quoted sheet name, or a cell; not a name or function such as LOG10( that looks like a cell.
_REFERENCE = re.compile(
    r"""("[^"]*"|'[^']*')|(?<![\w.$])(\$?)([A-Za-z]{1,3})(\$?)([1-9][0-9]{0,6})(?![\w.(!])"""
    r"""|(?<![\w.$])(\$?)([A-Za-z]{1,3}):(\$?)([A-Za-z]{1,3})(?![\w.(!])"""
    r"""|(?<![\w.$])(\$?)([1-9][0-9]{0,6}):(\$?)([1-9][0-9]{0,6})(?![\w.(!])"""
)


def move_formula(formula: str, rows: int, columns: int) -> str:
    r"""Move the relative references of a formula as if its cell were copied.

    Examples
    --------
    >>> move_formula("SUM(A1:$B$2)*LOG10(C$3)&'A1'", 1, 1)
    "SUM(B2:$B$2)*LOG10(D$3)&'A1'"
    """

    def column(fixed: str, letters: str) -> str:
        if fixed:
            return fixed + letters
        number = column_number(letters) + columns
        return column_letters((number - 1) % MAX_COLUMN + 1)

    def row(fixed: str, digits: str) -> str:
        return fixed + digits if fixed else str((int(digits) + rows - 1) % MAX_ROW + 1)

    def moved(match: re.Match[str]) -> str:
        g: Any = match.groups()
        if g[0] is not None:
            return str(g[0])
        if g[2] is not None:
            return column(g[1], g[2]) + row(g[3], g[4])
        if g[6] is not None:
            return f"{column(g[5], g[6])}:{column(g[7], g[8])}"
        return f"{row(g[9], g[10])}:{row(g[11], g[12])}"

    return _REFERENCE.sub(moved, formula)
