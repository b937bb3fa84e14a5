"""One worksheet part of an xlsx file in one pass: places, values, formulas, errors, what is hidden."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence

from digistrat.intake.workbooks.container import Container, PartMissing
from digistrat.intake.workbooks.dates import serial_date
from digistrat.intake.workbooks.formats import CellFormat
from digistrat.intake.workbooks.formulas import formula_pieces, move_formula
from digistrat.intake.workbooks.localnames import LocalNames
from digistrat.intake.workbooks.plain import NotPlain, plain_middle, unescape
from digistrat.intake.workbooks.rawvalues import TRUE, decode_escapes, iso_date, number
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
_COUNT_FROM = 20_000_000  # bytes; a smaller part cannot hold elements enough to matter
_MOST_OTHERS = 2_000_000  # elements that are no cells
_MOST_MOVED = 20_000_000  # references that are moved in formulas that share one text
_MOST_TEXT = 200_000_000  # bytes of the texts that stand in the cells of one part
_LONGEST_TEXT = 40_000_000  # bytes of one cell

# A cell with a formula, a value, or both; any other cell; then blank cells, as many as follow each other,
# the tags of rows, blanks between tags, and any byte that is not foreseen.
_CELL = r'<c(?: r="([A-Z]{1,3})([1-9][0-9]{0,6})")?([^<>&/]*)>'
_SIMPLE = r"(?:<f>([^<&]+)</f>)?<v>([^<&]+)</v>"
_OTHER = r"((?:<f[^<>]*>(?:[^<]*</f>)?)?(?:<v[^<>]*>[^<]*</v>|<v/>)?(?:<is><t[^<>]*>[^<]*</t></is>)?)"
_BLANKS = r'(?:<c(?: r="[A-Z]{1,2}[1-9][0-9]{0,5}")?(?: s="[0-9]{1,9}")? ?/>)++|<c[^<>]*/>'
_TILES = re.compile(rf"{_CELL}(?:{_SIMPLE}|{_OTHER})</c>|({_BLANKS}|<row[^<>]*>|</row>|\s+|.)", re.DOTALL)
_BLANK = re.compile(r'<c(?: r="([A-Z]{1,3})([1-9][0-9]{0,6})")?([^<>&/]*)/>')
_BODY = re.compile(
    r"(?:<f([^<>/]*)(?:/>|>([^<]*)</f>))?"
    r'(?:(<v/>)|<v(?: xml:space="preserve")?>([^<]*)</v>)?'
    r'(?:<is><t(?: xml:space="preserve")?>([^<]*)</t></is>)?'
)
_ATTRIBUTES = re.compile(r'(?: ([A-Za-z_][\w:.-]*)="([^"<>&\n\t]*)")* ?', re.ASCII)
_ATTRIBUTE = re.compile(r' ([A-Za-z_][\w:.-]*)="([^"]*)"')


def read_sheet(
    container: Container,
    part: str,
    name: str,
    hidden: bool,
    room: int,
    *,
    strings: Sequence[str],
    formats: Sequence[CellFormat],
    date1904: bool,
) -> Sheet:
    """Read a worksheet part.

    Parameters
    ----------
    container, part
        Where it is.
    name, hidden
        From the workbook's list of sheets.
    room
        How many more cells the file may have.
    strings
        The shared strings.
    formats
        What each cell format shows.
    date1904
        Whether serials count from 1904.

    Raises
    ------
    WorkbookError
        If it is damaged or passes a limit.
    """
    maybe_plain = _look_at_masses(container, part, room)
    reader = SheetReader(container, part, strings, formats, date1904, room)
    if not (maybe_plain and reader.read_plain(container)):
        reader = SheetReader(container, part, strings, formats, date1904, room)
        reader.read_any(container)
    return make_sheet(
        name,
        hidden,
        reader.cells,
        hidden_rows=reader.hidden_rows,
        hidden_columns=reader.columns_hidden(),
        merged=reader.merged,
        filtered=reader.filtered,
    )


def _look_at_masses(container: Container, part: str, room: int) -> bool:
    """Refuse a large part by counting tags in its bytes, before minutes go into parsing it.

    Returns whether it may be one for the fast pass, as small ones may.
    """
    if container.inflated + container.size(part) < _COUNT_FROM:
        return True
    tags, specials = container.count(part, b"<", b"<!")
    seen = container.seen
    seen["tags"] += tags
    if seen["tags"] < _MOST_OTHERS:
        return specials == 0
    cells, values, formulas, texts, inline, rows = container.count(
        part, b"<c", b"<v", b"<f", b"<t", b"<is", b"<row"
    )
    seen["cells"] += cells
    # Blank cells cost less than full ones.
    if max(values, formulas, texts) > room or seen["cells"] // 2 > container.limits.n_cells:
        raise WorkbookError("file-too-large", container.file, f"> {container.limits.n_cells} cells")
    seen["others"] += tags - 2 * (cells + values + formulas + texts + inline + min(rows, MAX_ROW))
    if seen["others"] > _MOST_OTHERS:
        raise WorkbookError("file-too-large", container.file, f"{part} > {_MOST_OTHERS} elements")
    return specials == 0


class SheetReader:
    """What has been seen of a part: by the handlers of expat, or by the fast pass over its bytes."""

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
        self.kinds: dict[str, tuple[str, CellFormat]] = {}
        self.dates: dict[str, Value] = {}
        self.in_row = False
        self.row = self.column = 0
        self.in_cell = self.phonetic = False
        self.begin_cell({})

    # The pass that knows everything.

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

    # What both passes do with a cell.

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

    # The fast pass.

    def read_plain(self, container: Container) -> bool:
        """Read the part by tiles, ~1 µs a cell; False if anything in it is not foreseen.

        Damage is not foreseen either: expat says where it is.
        """
        ends = (b"</c>", b"</row>")
        try:
            for piece in plain_middle(container, self.part, "sheetData", ends, self.start, self.end):
                self.read_tiles(piece)
                self.check()
            if not self.in_row:
                return True
        except NotPlain:
            pass
        except (ValueError, LookupError) as error:
            if isinstance(error, PartMissing) or getattr(error, "code", "file-damaged") != "file-damaged":
                raise
        container.again(self.part)
        return False

    def read_tiles(self, piece: str) -> None:
        """Read whole cells and rows; the common ones here, the others by `read_tile`."""
        cells, strings, kinds, dates = self.cells, self.strings, self.kinds, self.dates
        row, column, row_digits = self.row, self.column, ""
        new = tuple.__new__  # half the time of a NamedTuple's own
        value: Value
        for letters, digits, attributes, formula, raw, body, mark in _TILES.findall(piece):
            if mark:
                if not mark.isspace():
                    self.row, self.column = row, column
                    self.read_mark(mark)
                    row, column, row_digits = self.row, self.column, ""
                continue
            if not letters:
                column += 1
            else:
                column = _COLUMNS[letters]
                if digits != row_digits:
                    row, row_digits = int(digits), digits
                    if row > MAX_ROW:
                        raise NotPlain
            try:
                kind, format_ = kinds[attributes]
            except KeyError:
                kind, format_ = self.cell_kind(attributes)
            if raw:
                if kind == "s" and raw.isdecimal():
                    value = strings[int(raw)]
                    if value == "" and not formula:
                        continue
                elif kind == "str":
                    value = decode_escapes(raw)
                    self.text_size += sys.getsizeof(value)
                elif kind == "n" and (format_ is None or format_ == "date"):
                    if format_:
                        value = dates.get(raw)
                        if value is None:
                            value = dates[raw] = self.date(number(raw))
                    else:
                        value = int(raw) if raw.isdecimal() else number(raw)
                    if value is None and not formula:
                        continue
                else:
                    self.row, self.column = row, column
                    self.add(kind, format_, raw, None, "=" + formula if formula else None)
                    continue
                cells[row, column] = new(
                    Cell, (row, column, value, "=" + formula if formula else None, None, None)
                )
            elif body:
                self.row, self.column = row, column
                self.read_body(kind, format_, body)
        self.row, self.column = row, column

    def read_mark(self, mark: str) -> None:
        """Read blank cells, or the tag that begins or ends a row."""
        if mark.startswith("<c"):
            self.read_blanks(mark)
        elif mark.startswith("<row") and not self.in_row:
            empty = mark.endswith("/>")
            self.begin_row(self.plain_attributes(mark[4 : -2 if empty else -1]))
            self.in_row = not empty
        elif mark == "</row>" and self.in_row:
            self.in_row = False
        else:
            raise NotPlain

    def read_blanks(self, run: str) -> None:
        """Go past blank cells; only a cell without address needs to know where they ended."""
        start = run.rfind(' r="') - 2
        if start >= 0:
            match = _BLANK.match(run, start)
            if match is None or match[1] is None:
                raise NotPlain
            self.column, self.row = _COLUMNS[match[1]], int(match[2])
            if self.row > MAX_ROW:
                raise NotPlain
        self.column += run.count("<c", max(start + 1, 0))
        if start < 0 or run.count("<c") == 1:
            last = _BLANK.fullmatch(run, run.rfind("<c"))
            if last is None:
                raise NotPlain
            self.cell_kind(last[3])

    def read_body(self, kind: str, format_: CellFormat, body: str) -> None:
        """Read a cell with a formula, a text of its own, or an entity."""
        match = _BODY.fullmatch(body)
        if match is None:
            raise NotPlain
        attributes, text, empty, raw, inline = match.groups()
        formula = None
        if attributes is not None:
            formula = self.whole_formula(unescape(text or ""), self.plain_attributes(attributes))
        if raw is not None:
            raw = unescape(raw)
        elif empty is not None:
            raw = ""
        if inline is not None:
            inline = unescape(inline)
        self.add(kind, format_, raw, inline, formula)

    def cell_kind(self, attributes: str) -> tuple[str, CellFormat]:
        """Type of a cell and what its format makes of it, worked out once for equal attributes."""
        found = self.plain_attributes(attributes)
        if "r" in found:
            raise NotPlain
        style = found.get("s")
        kind = found.get("t", "n") or "n"
        self.kinds[attributes] = answer = (kind, None if style is None else self.format_of(style))
        return answer

    def plain_attributes(self, text: str) -> dict[str, str]:
        """Take a tag's attributes apart."""
        if _ATTRIBUTES.fullmatch(text) is None:
            raise NotPlain
        pairs = _ATTRIBUTE.findall(text)
        attributes = dict(pairs)
        if len(attributes) < len(pairs):
            raise NotPlain
        return attributes


class _Columns(dict[str, int]):
    def __missing__(self, letters: str) -> int:
        column = column_number(letters)
        if column > MAX_COLUMN:
            raise NotPlain
        self[letters] = column
        return column


_COLUMNS = _Columns()


def is_zero(size: str | None) -> bool:
    """Whether a width or height is given and is nothing."""
    return size is not None and size.strip("0.") == "" and "0" in size
