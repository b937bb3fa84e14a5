"""xlsb: the binary twin of xlsx, read record by record ([MS-XLSB]).

Formulas are stored as compiled tokens there; their texts are not read, their values are.
"""

from __future__ import annotations

import struct
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from functools import partial
from itertools import islice
from pathlib import Path

from digistrat.intake.workbooks.container import Container, PartMissing
from digistrat.intake.workbooks.dates import serial_date
from digistrat.intake.workbooks.formats import BUILTIN, CellFormat, Styles, cell_format
from digistrat.intake.workbooks.rawvalues import decode_escapes, whole
from digistrat.intake.workbooks.records import (
    MAX_COLUMN,
    MAX_ROW,
    STRUCK_BYTES,
    Cell,
    Sheet,
    Value,
    Workbook,
    WorkbookError,
    make_sheet,
)
from digistrat.intake.workbooks.xlsx import container_notes, read_relations, read_sheets, targets

BOOK = "xl/workbook.bin"
ERRORS = {
    0x00: "#NULL!",
    0x07: "#DIV/0!",
    0x0F: "#VALUE!",
    0x17: "#REF!",
    0x1D: "#NAME?",
    0x24: "#NUM!",
    0x2A: "#N/A",
    0x2B: "#GETTING_DATA",
}
# Numbers of the records that say something here.
_ROW, _STRING_ITEM, _FONT, _FORMAT, _XF, _COLUMNS = 0, 19, 43, 44, 47, 60
_BOOK_PROPERTIES, _SHEET_ENTRY, _FILTER, _MERGED = 153, 156, 161, 176
_BEGIN_FORMATS, _END_FORMATS = 617, 618
_BEGIN_FUTURE, _END_FUTURE = 35, 36  # between them numbers mean what later versions of Excel made of them
_STRIKEOUT, _HAS_RUNS = 0x08, 0x01  # flags of a font, and of a text with runs of fonts
_BLANK, _RK, _ERROR, _BOOLEAN, _REAL, _TEXT, _SHARED, _RICH = 1, 2, 3, 4, 5, 6, 7, 62
# A formula's result stands where a cell of its kind has its value; short cells follow the one before.
_RESULTS = {8: _TEXT, 9: _REAL, 10: _BOOLEAN, 11: _ERROR}
_SHORT = {12: _BLANK, 13: _RK, 14: _ERROR, 15: _BOOLEAN, 16: _REAL, 17: _TEXT, 18: _SHARED}
_KINDS = (
    {kind: kind for kind in (_BLANK, _RK, _ERROR, _BOOLEAN, _REAL, _TEXT, _SHARED, _RICH)} | _RESULTS | _SHORT
)
_LONGEST, _MOST_TEXT, _MERGED_BYTES = 1 << 22, 200_000_000, 160  # bytes of a record, all texts, a range
_COUNT_FROM = 4_000_000  # bytes; fewer cannot hold records enough to matter
_MOST_BLANKS, _MOST_OTHERS = 6_000_000, 2_000_000  # blank cells; records that are no cells
_FEW = 500_000  # records of a part beside the sheets and texts

_four = struct.Struct("<IIII").unpack_from
_real = struct.Struct("<d").unpack_from


def read_xlsb(path: Path, container: Container) -> Workbook:
    """Read the worksheets of an xlsb container.

    Raises
    ------
    WorkbookError
        If a part is damaged or passes a limit.
    """
    relations = read_relations(container, BOOK)
    entries, date1904 = _sheet_list(container)
    strings: list[str] = []
    styles, struck_fonts = Styles(), frozenset[int]()
    with suppress(PartMissing):
        for target in targets(relations, "/styles")[:1]:
            styles, struck_fonts = _cell_formats(container, target)
    with suppress(PartMissing):
        for target in targets(relations, "/sharedStrings")[:1]:
            strings, struck = _strings(container, target, struck_fonts)
            styles = replace(styles, struck_strings=struck)
    read_cells = partial(_read_sheet, container, strings=strings, styles=styles, date1904=date1904)
    unseen: list[tuple[str, str]] = []

    def read(part: str, name: str, hidden: bool, room: int) -> Sheet:
        if targets(read_relations(container, part), "/comments"):
            unseen.append(("comments-lost", name))
        return read_cells(part, name, hidden, room)

    sheets, notes = read_sheets(container, entries, relations, read)
    notes += [*container_notes(container, relations), *unseen]
    return Workbook(path, "xlsb", tuple(sheets), (*notes, ("file-formulas-unseen", "xlsb")))


def _few_records(container: Container, part: str) -> Iterator[tuple[int, bytes]]:
    """Yield the records of a part that has few, or refuse it."""
    for n, entry in enumerate(_records(container, part)):
        if n > _FEW:
            raise WorkbookError("file-too-large", container.file, f"{part} > {_FEW} records")
        yield entry


def _records(container: Container, part: str) -> Iterator[tuple[int, bytes]]:
    """Yield number and content of every record of a part."""
    data, position = b"", 0
    for chunk in container.chunks(part):
        data, position = data[position:] + chunk, 0
        end = len(data)
        while True:
            start = position
            # A number of one or two bytes, a length of up to four, seven bits in each.
            if end - start < 6 and end - start < _head_bytes(data[start:]):
                break
            number = data[start]
            start += 1
            if number & 0x80:
                number = (number & 0x7F) | ((data[start] & 0x7F) << 7)
                start += 1
            length = shift = 0
            while True:
                byte = data[start]
                start += 1
                length |= (byte & 0x7F) << shift
                shift += 7
                if byte < 0x80 or shift == 28:
                    break
            if start + length > end:
                if length > _LONGEST:
                    raise WorkbookError("file-damaged", container.file, f"{part}: {length} bytes")
                break
            position = start + length
            yield number, data[start:position]
    if position < len(data):
        raise WorkbookError("file-damaged", container.file, f"{part}: cut off")


def _head_bytes(data: bytes) -> int:
    """How many bytes number and length of a record take, one more than there are if unknown."""
    size = 0
    for most in (2, 4):
        for _ in range(most):
            if size >= len(data):
                return size + 1
            size += 1
            if data[size - 1] < 0x80:
                break
    return size


def _wide(content: bytes, start: int) -> tuple[str, int]:
    """Text with its length before it, and where it ends."""
    length = int.from_bytes(content[start : start + 4], "little")
    if length == 0xFFFF_FFFF:
        return "", start + 4
    end = start + 4 + 2 * length
    if end > len(content):
        raise ValueError("a text is longer than its record")
    return content[start + 4 : end].decode("utf-16-le", "replace"), end


def _sheet_list(container: Container) -> tuple[list[tuple[str, str, bool]], bool]:
    entries: list[tuple[str, str, bool]] = []
    date1904 = False
    for number, content in _few_records(container, BOOK):
        if number == _SHEET_ENTRY:
            relation, end = _wide(content, 8)
            name, _ = _wide(content, end)
            entries.append((name, relation, int.from_bytes(content[:4], "little") != 0))
        elif number == _BOOK_PROPERTIES:
            date1904 = bool(content[0] & 1)
    return entries, date1904


def _strings(
    container: Container, part: str, struck_fonts: frozenset[int]
) -> tuple[list[str], frozenset[int]]:
    """Shared strings, and which of them are struck through, in part at least."""
    strings: list[str] = []
    struck: list[int] = []
    limits = container.limits
    if container.size(part) > _COUNT_FROM:
        n_records = sum(1 for _ in islice(_records(container, part), limits.n_cells + _MOST_OTHERS))
        if n_records >= limits.n_cells + _MOST_OTHERS:
            raise WorkbookError("file-too-large", container.file, f"{part} > {limits.n_cells}")
        container.again(part)
    size = 0
    for number, content in _records(container, part):
        if number == _STRING_ITEM:
            item, end = _wide(content, 1)
            if struck_fonts and content[0] & _HAS_RUNS and not struck_fonts.isdisjoint(_fonts(content, end)):
                struck.append(len(strings))
            strings.append(decode_escapes(item))
            size += sys.getsizeof(strings[-1])
            if len(strings) > limits.n_cells or size > min(_MOST_TEXT, limits.part_bytes):
                raise WorkbookError("file-too-large", container.file, f"{part} > {limits.n_cells}")
    container.seen["text"] += size
    return strings, frozenset(struck)


def _fonts(content: bytes, start: int) -> Iterator[int]:
    """Yield the fonts of a text's runs, each with the character where it begins."""
    count = int.from_bytes(content[start : start + 4], "little")
    for at in range(start + 4, min(start + 4 + 4 * count, len(content) - 3), 4):
        yield int.from_bytes(content[at + 2 : at + 4], "little")


def _cell_formats(container: Container, part: str) -> tuple[Styles, frozenset[int]]:
    """What the cell formats say, and which fonts strike through."""
    formats: dict[int, CellFormat] = dict(BUILTIN)
    found: list[CellFormat] = []
    fonts: list[int] = []  # of each cell format
    struck: set[int] = set()
    n_fonts = 0
    inside = False
    for number, content in _few_records(container, part):
        if number == _FORMAT:
            formats[int.from_bytes(content[:2], "little")] = cell_format(_wide(content, 2)[0])
        elif number in (_BEGIN_FORMATS, _END_FORMATS):
            inside = number == _BEGIN_FORMATS
        elif number == _FONT:
            if content[2] & _STRIKEOUT:
                struck.add(n_fonts)
            n_fonts += 1
        elif number == _XF and inside:
            found.append(formats.get(int.from_bytes(content[2:4], "little")))
            fonts.append(int.from_bytes(content[4:6], "little"))
    styles = frozenset(style for style, font in enumerate(fonts) if font in struck)
    return Styles(found, styles), frozenset(struck)


def _read_sheet(
    container: Container,
    part: str,
    name: str,
    hidden: bool,
    room: int,
    *,
    strings: list[str],
    styles: Styles,
    date1904: bool,
) -> Sheet:
    if container.inflated + container.size(part) > _COUNT_FROM:
        _refuse_masses(container, part, room)
    limits, size = container.limits, container.seen["text"]
    cells: dict[tuple[int, int], Cell] = {}
    hidden_rows: set[int] = set()
    hidden_columns = bytearray(MAX_COLUMN + 1)
    merged: list[tuple[int, int, int, int]] = []
    struck: list[tuple[int, int]] = []
    filtered = False
    row = column = n_columns = 0
    future = False
    for number, content in _records(container, part):
        if number == _BEGIN_FUTURE or future:
            future = number != _END_FUTURE
            continue
        kind = _KINDS.get(number)
        if kind is not None:
            short = number in _SHORT
            start = 4 if short else 8
            column = column + 1 if short else int.from_bytes(content[:4], "little") + 1
            if not (1 <= row <= MAX_ROW and column <= MAX_COLUMN):
                raise WorkbookError("file-damaged", container.file, f"{part}: ({row}, {column})")
            if kind == _BLANK:
                continue
            value, error = _value(kind, content, start, strings)
            if value == "":
                continue
            shown = None
            style = int.from_bytes(content[start - 4 : start - 1], "little")
            if kind in (_RK, _REAL) and isinstance(value, (int, float)):
                format_ = styles.formats[style] if style < len(styles.formats) else None
                if format_ == "date":
                    date = serial_date(value, date1904=date1904)
                    value = value if date is None else date
                else:
                    shown = format_
            cells[row, column] = Cell(row, column, value, None, error, shown)
            if style in styles.struck or (
                kind == _SHARED
                and styles.struck_strings
                and int.from_bytes(content[start : start + 4], "little") in styles.struck_strings
            ):
                struck.append((row, column))
                size += STRUCK_BYTES
            if kind in (_TEXT, _RICH):
                size += sys.getsizeof(value)
            if len(cells) > room or not limits.hold(limits.n_cells - room + len(cells), size):
                raise WorkbookError("file-too-large", container.file, f"> {len(cells)} cells")
        elif number == _ROW:
            row, column = int.from_bytes(content[:4], "little") + 1, 0
            if content[11] & 0x10 or content[8:10] == b"\0\0":  # hidden, or without height
                hidden_rows.add(row)
        elif number == _COLUMNS:
            n_columns += 1
            if n_columns > MAX_COLUMN:
                raise WorkbookError("file-too-large", container.file, f"{part} > {MAX_COLUMN} columns")
            first, last, width, _ = _four(content)
            if content[16] & 1 or width == 0:
                last = min(last, MAX_COLUMN - 1)
                hidden_columns[first + 1 : last + 2] = b"\1" * max(last + 1 - first, 0)
        elif number == _MERGED:
            top, bottom, left, right = _four(content)
            merged.append((top + 1, left + 1, bottom + 1, right + 1))
            size += _MERGED_BYTES
        elif number == _FILTER:
            filtered = True
    container.seen["text"] = size
    return make_sheet(
        name,
        hidden,
        cells,
        hidden_rows=hidden_rows,
        hidden_columns={column for column, mark in enumerate(hidden_columns) if mark},
        merged=merged,
        filtered=filtered,
        struck=struck,
    )


def _refuse_masses(container: Container, part: str, room: int) -> None:
    """Refuse a large part by its records alone, before any becomes a cell."""
    seen = container.seen
    n_cells, n_blank, n_others = 0, seen["blank"], seen["others"]
    for number, _ in _records(container, part):
        kind = _KINDS.get(number)
        if kind is None:
            n_others += 1
        elif kind == _BLANK:
            n_blank += 1
        else:
            n_cells += 1
        if n_cells > room or n_blank > _MOST_BLANKS or n_others > _MOST_OTHERS:
            raise WorkbookError("file-too-large", container.file, f"> {container.limits.n_cells} cells")
    seen["blank"], seen["others"] = n_blank, n_others
    container.again(part)


def _value(kind: int, content: bytes, start: int, strings: list[str]) -> tuple[Value, str | None]:
    """Value, or error, of a cell."""
    if kind == _SHARED:
        return strings[int.from_bytes(content[start : start + 4], "little")], None
    if kind == _RK:
        return rk_number(int.from_bytes(content[start : start + 4], "little")), None
    if kind == _REAL:
        return whole(_real(content, start)[0]), None
    if kind == _BOOLEAN:
        return content[start] != 0, None
    if kind == _ERROR:
        return None, ERRORS.get(content[start], "#N/A")
    return decode_escapes(_wide(content, start + 1 if kind == _RICH else start)[0]), None


def rk_number(packed: int) -> int | float:
    """Unpack a number of 30 bits: an integer or the upper half of a float, perhaps times a hundred.

    Examples
    --------
    >>> rk_number(0x3FF00000), rk_number((5 << 2) | 2), rk_number((1234 << 2) | 3)
    (1, 5, 12.34)
    """
    value: int | float
    if packed & 2:
        value = packed >> 2
        value -= (value & 0x2000_0000) << 1
    else:
        value = _real(struct.pack("<II", 0, packed & 0xFFFF_FFFC))[0]
    return whole(value / 100 if packed & 1 else value)
