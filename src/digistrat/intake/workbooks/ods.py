"""ods: the document's one content part, in one pass: places, values, formulas, errors, what is hidden."""

from __future__ import annotations

import datetime as dt
import re
import sys
from pathlib import Path

from digistrat.intake.workbooks.annotations import COMMENT
from digistrat.intake.workbooks.container import Container
from digistrat.intake.workbooks.formats import ELAPSED, PER_CENT, NumberFormat, format_of_shown
from digistrat.intake.workbooks.odsstyles import NAMESPACE, NUMBER, STYLE, OdsStyles
from digistrat.intake.workbooks.rawvalues import iso_date, number
from digistrat.intake.workbooks.records import (
    MAX_COLUMN,
    MAX_ROW,
    STRUCK_BYTES,
    Annotation,
    Cell,
    Sheet,
    Value,
    Workbook,
    WorkbookError,
    make_sheet,
)

CONTENT, STYLES = "content.xml", "styles.xml"
_CALC = "urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0 "
_TABLE, _OFFICE, _TEXT = (f"{NAMESPACE}{name}:1.0 " for name in ("table", "office", "text"))
_PREFIXES = {_TABLE: "table:", _OFFICE: "office:", _TEXT: "text:", STYLE: "style:", NUMBER: "number:"}
# What stands in or beside cells and is no part of their text.
_ASIDE = frozenset(
    (
        "office:annotation",
        "table:tracked-changes",
        "table:shapes",
        "table:dde-links",
        "text:ruby-text",
        "draw",
    )
)
_NUMERIC = ("float", "percentage", "currency")
_STORED = {kind: f"{_OFFICE}{kind}-value" for kind in ("date", "time", "boolean")} | dict.fromkeys(
    _NUMERIC, f"{_OFFICE}value"
)
_TRUTHS = ("=TRUE()", "=FALSE()")
_HIDES = ("collapse", "filter")
# What a formula that fails shows, in whatever language: #REF!, #NAME?, #N/A, Err:502.
_ERROR = re.compile(r"#[^\s!?]{1,8}[!?]|#N/?[AV]|[A-Z][a-z]{2,8}:[0-9]{3}")
_DURATION = re.compile(r"(-)?P(?:([0-9]+)D)?T(?:([0-9]+)H)?(?:([0-9]+)M)?(?:([0-9]+(?:[.,][0-9]+)?)S)?")
_BLANKS = re.compile(r"[ \t\r\n]+")
_TARGET = re.compile(r"""\$?(?:'((?:[^']|'')*)'|([^.']*))\.""")
_MOST_OTHERS, _MOST_TABLES = 1_000_000, 2_000  # tags beyond those of full cells; sheets
_LONGEST_TEXT = 10_000_000  # characters of one cell or comment


def read_ods(path: Path, container: Container) -> Workbook:
    """Read the tables of an OpenDocument spreadsheet.

    Formulas are given as they are stored, ``=SUM([.A1:.B2])``.

    Raises
    ------
    WorkbookError
        If the content is damaged or passes a limit.
    """
    limits = container.limits
    tags, values = container.count(CONTENT, b"<", b"office:value-type=")
    if values > limits.n_cells:
        raise WorkbookError("file-too-large", container.file, f"> {limits.n_cells} cells")
    if tags - 6 * values > _MOST_OTHERS:
        raise WorkbookError("file-too-large", container.file, f"{CONTENT} > {_MOST_OTHERS} elements")
    reader = _Reader(container)
    if STYLES in container:  # formats may be named there
        if container.count(STYLES, b"<")[0] > _MOST_OTHERS:
            raise WorkbookError("file-too-large", container.file, f"{STYLES} > {_MOST_OTHERS} elements")
        container.parse(STYLES, reader.start, end=reader.end, namespaces=True)
    container.parse(
        CONTENT,
        reader.start,
        end=reader.end,
        characters=reader.characters,
        after_chunk=reader.check,
        namespaces=True,
    )
    sheets = (table.sheet(table.name in reader.filtered) for table in reader.tables)
    return Workbook(path, "ods", tuple(sheets), tuple(reader.notes))


class _Table:
    """What has been seen of a table."""

    def __init__(self, name: str, hidden: bool) -> None:
        self.name, self.hidden = name, hidden
        self.cells: dict[tuple[int, int], Cell] = {}
        self.hidden_rows: list[tuple[int, int]] = []
        self.hidden_columns = bytearray(MAX_COLUMN + 1)
        self.merged: list[tuple[int, int, int, int]] = []
        self.struck: list[tuple[int, int]] = []
        self.struck_columns = bytearray(MAX_COLUMN + 1)  # where the column says so, and no row or cell else
        self.row_style: str | None = None
        self.struck_in_row: list[int] = []
        self.row = self.n_columns = self.column = 0
        self.repeated = 1
        self.in_row: list[Cell] = []
        self.annotations: list[Annotation] = []

    def sheet(self, filtered: bool) -> Sheet:
        """Make the sheet."""
        last = max((place[0] for place in self.cells), default=0)
        return make_sheet(
            self.name,
            self.hidden,
            self.cells,
            hidden_rows={row for a, b in self.hidden_rows for row in range(a, min(b, last) + 1)},
            hidden_columns={column for column, mark in enumerate(self.hidden_columns) if mark},
            merged=self.merged,
            filtered=filtered,
            annotations=self.annotations,
            struck=self.struck,
        )


class _Reader:
    """The handlers of the pass and what they have seen."""

    def __init__(self, container: Container) -> None:
        self.file, self.limits = container.file, container.limits
        self.tables: list[_Table] = []
        self.table: _Table | None = None
        self.filtered: set[str] = set()
        self.notes: list[tuple[str, str]] = []
        self.names = _Names()
        self.styles = OdsStyles()
        self.struck_text = False
        self.aside = 0
        self.comment: list[list[str]] | None = None  # paragraphs of the one that is open
        self.n_cells = self.text_size = self.pending = 0
        self.cell: dict[str, str] | None = None
        self.paragraphs: list[str] = []
        self.texts: list[str] | None = None

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """Handle an opening tag."""
        tag = self.names[tag]
        if self.aside or tag in _ASIDE or (tag == "table:table" and self.table is not None):
            self.start_aside(tag)
        elif tag == "table:table-cell" or tag == "table:covered-table-cell":
            self.cell = attributes
            self.paragraphs = []
            self.struck_text = False
        elif tag == "text:p" or tag == "text:h":
            self.texts = []
        elif tag.startswith("text:"):
            self.start_text(tag, attributes)
        elif tag == "table:table-row":
            self.start_row(attributes)
        elif not self.styles.start(tag, attributes):
            self.start_around(tag, attributes)

    def start_aside(self, tag: str) -> None:
        """Handle what stands beside the cells; of it, what a comment says is kept."""
        self.aside += 1
        if tag == "office:annotation" and self.aside == 1 and self.cell is not None:
            self.comment = []
        elif tag == "text:p" and self.comment is not None:
            self.comment.append([])

    def start_text(self, tag: str, attributes: dict[str, str]) -> None:
        """Handle what stands for blanks within a text."""
        if self.texts is None:
            return
        if tag == "text:s":
            blanks = min(count(attributes, _TEXT + "c"), 32_767)
            self.texts.append(" " * blanks)
            self.pending += blanks
        elif tag == "text:tab":
            self.texts.append("\t")
        elif tag == "text:line-break":
            self.texts.append("\n")
        elif tag == "text:span" and self.styles.strike:
            self.struck_text |= self.styles.is_struck("text", attributes.get(_TEXT + "style-name", ""))

    def start_row(self, attributes: dict[str, str]) -> None:
        """Handle the begin of a row."""
        table = self.table
        if table is None:
            return
        table.row += 1
        table.column, table.in_row, table.struck_in_row = 0, [], []
        table.row_style = attributes.get(_TABLE + "default-cell-style-name")
        table.repeated = count(attributes, _TABLE + "number-rows-repeated")
        if attributes.get(_TABLE + "visibility") in _HIDES:
            table.hidden_rows.append((table.row, table.row + table.repeated - 1))

    def start_around(self, tag: str, attributes: dict[str, str]) -> None:
        """Handle tables, columns and filters."""
        if tag == "table:table":
            name = attributes.get(_TABLE + "name", "")
            table = _Table(name, attributes.get(_TABLE + "style-name") in self.styles.hidden)
            if len(self.tables) >= _MOST_TABLES:
                raise WorkbookError("file-too-large", self.file, f"> {_MOST_TABLES} sheets")
            self.tables.append(table)
            self.table = table
        elif tag == "table:table-column" and self.table is not None:
            table = self.table
            first = table.n_columns + 1
            table.n_columns += count(attributes, _TABLE + "number-columns-repeated")
            if attributes.get(_TABLE + "visibility") in _HIDES:
                last = min(table.n_columns, MAX_COLUMN)
                table.hidden_columns[first : last + 1] = b"\1" * max(last + 1 - first, 0)
            if self.styles.is_struck("table-cell", attributes.get(_TABLE + "default-cell-style-name", "")):
                last = min(table.n_columns, MAX_COLUMN)
                table.struck_columns[first : last + 1] = b"\1" * max(last + 1 - first, 0)
        elif tag == "table:database-range":
            target = _TARGET.match(attributes.get(_TABLE + "target-range-address", ""))
            if target and attributes.get(_TABLE + "display-filter-buttons") == "true":
                self.filtered.add(target[2] or (target[1] or "").replace("''", "'"))
        elif tag == "table:cell-range-source" or tag == "table:table-source":
            note = ("file-has-links", self.file)
            if note not in self.notes:
                self.notes.append(note)

    def characters(self, text: str) -> None:
        """Handle text."""
        self.pending += len(text)
        if self.comment:
            self.comment[-1].append(text)
        elif self.texts is not None and not self.aside:
            if "  " in text or "\n" in text or "\t" in text:  # blanks that count are elements
                text = _BLANKS.sub(" ", text)
            self.texts.append(text)

    def end(self, tag: str) -> None:
        """Handle a closing tag."""
        tag = self.names[tag]
        if self.aside:
            self.aside -= 1
            if not self.aside and self.comment is not None and self.table is not None:
                text = "\n".join(map("".join, self.comment)).strip()
                if text:
                    place = (self.table.row, self.table.column + 1)
                    self.table.annotations.append(Annotation(*place, COMMENT, text))
                self.comment = None
        elif tag == "text:p" or tag == "text:h":
            if self.texts is not None:
                self.paragraphs.append("".join(self.texts))
            self.texts = None
        elif tag == "table:table-cell" or tag == "table:covered-table-cell":
            if self.table is not None and self.cell is not None:
                self.end_cell(self.table, self.cell)
            self.cell = None
            if self.pending <= _LONGEST_TEXT:  # otherwise it is refused at the end of the chunk
                self.pending = 0
        elif tag == "table:table-row":
            if self.table is not None:
                self.end_row(self.table)
        elif tag == "table:table":
            self.table = None
        else:
            self.styles.end(tag)

    def end_cell(self, table: _Table, attributes: dict[str, str]) -> None:
        """Keep a cell if it holds something, as often as it is repeated."""
        first = table.column + 1
        repeated = count(attributes, _TABLE + "number-columns-repeated")
        table.column += repeated
        if _TABLE + "number-columns-spanned" in attributes:
            down = count(attributes, _TABLE + "number-rows-spanned")
            right = count(attributes, _TABLE + "number-columns-spanned")
            if down > 1 or right > 1:
                table.merged.append((table.row, first, table.row + down - 1, first + right - 1))
        formula = attributes.get(_TABLE + "formula")
        if not self.paragraphs and formula is None and _OFFICE + "value-type" not in attributes:
            return
        value, error = self.value(attributes)
        if formula is not None:
            formula = "=" + formula[formula.find("=") + 1 :]
        if value is None and formula is None and error is None:
            return
        if table.column > MAX_COLUMN:
            raise WorkbookError("file-damaged", self.file, f"{table.name}: column {table.column}")
        self.make_room(repeated)
        shown = self.shown(attributes, value)
        for column in range(first, table.column + 1):
            table.in_row.append(Cell(table.row, column, value, formula, error, shown))
        if self.styles.strike:
            self.note_struck(table, attributes.get(_TABLE + "style-name", table.row_style), first)

    def note_struck(self, table: _Table, style: str | None, first: int) -> None:
        """Note that a cell is struck through: itself or some of its text, or its row or column."""
        struck = self.struck_text or (style is not None and self.styles.is_struck("table-cell", style))
        for column in range(first, table.column + 1):
            if struck or (style is None and table.struck_columns[column]):
                table.struck_in_row.append(column)

    def end_row(self, table: _Table) -> None:
        """Keep the row's cells, as often as the row is repeated."""
        last = table.row + table.repeated - 1
        if table.in_row:
            if last > MAX_ROW:
                raise WorkbookError("file-damaged", self.file, f"{table.name}: row {last}")
            self.make_room((table.repeated - 1) * len(table.in_row))
            for row in range(table.row, last + 1):
                for cell in table.in_row:
                    table.cells[row, cell.column] = cell if row == cell.row else cell._replace(row=row)
                table.struck += [(row, column) for column in table.struck_in_row]
            self.text_size += STRUCK_BYTES * table.repeated * len(table.struck_in_row)
        table.row = last

    def make_room(self, n: int) -> None:
        """Count cells, and refuse too many."""
        self.n_cells += n
        if self.n_cells > self.limits.n_cells:
            raise WorkbookError("file-too-large", self.file, f"> {self.limits.n_cells} cells")

    def value(self, attributes: dict[str, str]) -> tuple[Value, str | None]:
        """Value, or error, of a cell."""
        kind = attributes.get(_OFFICE + "value-type")
        text = "\n".join(self.paragraphs)
        failed = attributes.get(_CALC + "value-type") == "error"
        if failed or (_TABLE + "formula" in attributes and _ERROR.fullmatch(text)):
            return None, text or "#N/A"
        formula = attributes.get(_TABLE + "formula", "")
        if kind in _NUMERIC and formula.endswith(_TRUTHS):  # how booleans of other formats are kept
            return formula.endswith(_TRUTHS[0]), None
        stored = attributes.get(_STORED.get(kind or "", ""), "").strip()
        if stored:  # otherwise a text is what there is: some give a formula's text the type of a number
            if kind == "date":
                return iso_date(stored), None
            if kind == "time":
                elapsed = self.styles.is_elapsed(attributes.get(_TABLE + "style-name", ""))
                return time_value(stored, elapsed=elapsed), None
            if kind == "boolean":
                return stored in ("true", "1"), None
            return number(stored), None
        text = attributes.get(_OFFICE + "string-value", text)
        self.text_size += sys.getsizeof(text)
        return text or None, None

    def shown(self, attributes: dict[str, str], value: Value) -> NumberFormat | None:
        """What a cell shows beside its number."""
        if isinstance(value, (bool, str)) or not isinstance(value, (int, float)):
            return None
        kind = attributes.get(_OFFICE + "value-type")
        if kind == "time":
            return ELAPSED
        found = format_of_shown(self.paragraphs[0], value) if len(self.paragraphs) == 1 else None
        if found is None and kind == "percentage":
            return PER_CENT
        if found is None and kind == "currency":
            currency = attributes.get(_OFFICE + "currency", "")
            return NumberFormat(after=f" {currency}") if currency else None
        return found

    def check(self) -> None:
        """Refuse too much text."""
        if self.pending > _LONGEST_TEXT or not self.limits.hold(self.n_cells, self.text_size):
            raise WorkbookError("file-too-large", self.file, f"{CONTENT}: texts")


class _Names(dict[str, str]):
    """Short names of elements, whatever prefixes a writer gave; drawings have one name."""

    def __missing__(self, tag: str) -> str:
        space, _, name = tag.rpartition(" ")
        short = _PREFIXES.get(space + " ", "") + name
        if space == f"{NAMESPACE}drawing:1.0":
            short = "draw"
        self[tag] = short
        return short


def count(attributes: dict[str, str], name: str) -> int:
    """Value of an attribute that says how often, 1 without it."""
    return max(int(attributes.get(name, 1)), 1)


def time_value(raw: str, *, elapsed: bool) -> Value:
    """Time of day, or a number of days if it is an elapsed time or no time of a day.

    Examples
    --------
    >>> time_value("PT18H30M00S", elapsed=False), time_value("PT36H00M00S", elapsed=False)
    (datetime.time(18, 30), 1.5)
    """
    match = _DURATION.fullmatch(raw)
    if match is None:
        return raw or None
    days, hours, minutes = (int(part or 0) for part in match.groups()[1:4])
    seconds = float((match[5] or "0").replace(",", "."))
    span = dt.timedelta(days, hours=hours, minutes=minutes, seconds=seconds)
    if elapsed or match[1] or span >= dt.timedelta(1):
        return (-1 if match[1] else 1) * (span / dt.timedelta(1))
    return (dt.datetime.min + span).time()
