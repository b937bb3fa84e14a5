"""xlsb: the binary twin of xlsx, read record by record ([MS-XLSB]).

Formulas are stored as compiled tokens there; their texts are not read, their values are.
"""

from __future__ import annotations

import struct
import sys
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from itertools import islice
from pathlib import Path

from digistrat.intake.workbooks.container import Container, PartMissing
from digistrat.intake.workbooks.dates import serial_date
from digistrat.intake.workbooks.formats import BUILTIN, CellFormat, cell_format
from digistrat.intake.workbooks.rawvalues import decode_escapes, whole
from digistrat.intake.workbooks.records import (
    MAX_COLUMN,
    MAX_ROW,
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
_ROW, _STRING_ITEM, _FORMAT, _XF, _COLUMNS = 0, 19, 44, 47, 60
_BOOK_PROPERTIES, _SHEET_ENTRY, _FILTER, _MERGED = 153, 156, 161, 176
_BEGIN_FORMATS, _END_FORMATS = 617, 618
_BLANK, _RK, _ERROR, _BOOLEAN, _REAL, _TEXT, _SHARED, _RICH = 1, 2, 3, 4, 5, 6, 7, 62
# A formula's result stands where a cell of its kind has its value; short cells follow the one before.
_RESULTS = {8: _TEXT, 9: _REAL, 10: _BOOLEAN, 11: _ERROR}
_SHORT = {12: _BLANK, 13: _RK, 14: _ERROR, 15: _BOOLEAN, 16: _REAL, 17: _TEXT, 18: _SHARED}
_KINDS = (
    {kind: kind for kind in (_BLANK, _RK, _ERROR, _BOOLEAN, _REAL, _TEXT, _SHARED, _RICH)} | _RESULTS | _SHORT
)
_LONGEST = 1 << 22  # bytes of a record
_COUNT_FROM = 20_000_000  # bytes; a smaller part cannot hold records enough to matter
_MOST_BLANKS, _MOST_OTHERS = 6_000_000, 2_000_000  # blank cells; records that are no cells

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
    formats: list[CellFormat] = []
    with suppress(PartMissing):
        for target in targets(relations, "/sharedStrings")[:1]:
            strings = _strings(container, target)
        for target in targets(relations, "/styles")[:1]:
            formats = _cell_formats(container, target)
    read_cells = partial(_read_sheet, container, strings=strings, formats=formats, date1904=date1904)
    unseen: list[tuple[str, str]] = []

    def read(part: str, name: str, hidden: bool, room: int) -> Sheet:
        if targets(read_relations(container, part), "/comments"):
            unseen.append(("comments-lost", name))
        return read_cells(part, name, hidden, room)

    sheets, notes = read_sheets(container, entries, relations, read)
    notes += [*container_notes(container, relations), *unseen]
    return Workbook(path, "xlsb", tuple(sheets), (*notes, ("file-formulas-unseen", "xlsb")))


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
    for number, content in _records(container, BOOK):
        if number == _SHEET_ENTRY:
            relation, end = _wide(content, 8)
            name, _ = _wide(content, end)
            entries.append((name, relation, int.from_bytes(content[:4], "little") != 0))
        elif number == _BOOK_PROPERTIES:
            date1904 = bool(content[0] & 1)
    return entries, date1904


def _strings(container: Container, part: str) -> list[str]:
    strings = []
    limits = container.limits
    if container.size(part) > _COUNT_FROM:
        items = (None for number, _ in _records(container, part) if number == _STRING_ITEM)
        if sum(1 for _ in islice(items, limits.n_cells + 1)) > limits.n_cells:
            raise WorkbookError("file-too-large", container.file, f"{part} > {limits.n_cells}")
        container.again(part)
    size = 0
    for number, content in _records(container, part):
        if number == _STRING_ITEM:
            strings.append(decode_escapes(_wide(content, 1)[0]))
            size += sys.getsizeof(strings[-1])
            if len(strings) > limits.n_cells or size > limits.part_bytes:
                raise WorkbookError("file-too-large", container.file, f"{part} > {limits.n_cells}")
    return strings


def _cell_formats(container: Container, part: str) -> list[CellFormat]:
    formats: dict[int, CellFormat] = dict(BUILTIN)
    found: list[CellFormat] = []
    inside = False
    for number, content in _records(container, part):
        if number == _FORMAT:
            formats[int.from_bytes(content[:2], "little")] = cell_format(_wide(content, 2)[0])
        elif number in (_BEGIN_FORMATS, _END_FORMATS):
            inside = number == _BEGIN_FORMATS
        elif number == _XF and inside:
            found.append(formats.get(int.from_bytes(content[2:4], "little")))
    return found


def _read_sheet(
    container: Container,
    part: str,
    name: str,
    hidden: bool,
    room: int,
    *,
    strings: list[str],
    formats: list[CellFormat],
    date1904: bool,
) -> Sheet:
    if container.size(part) > _COUNT_FROM:
        _refuse_masses(container, part, room)
    cells: dict[tuple[int, int], Cell] = {}
    hidden_rows: set[int] = set()
    hidden_columns = bytearray(MAX_COLUMN + 1)
    merged: list[tuple[int, int, int, int]] = []
    filtered = False
    row = column = 0
    for number, content in _records(container, part):
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
            if kind in (_RK, _REAL) and isinstance(value, (int, float)):
                style = int.from_bytes(content[start - 4 : start - 1], "little")
                format_ = formats[style] if style < len(formats) else None
                if format_ == "date":
                    date = serial_date(value, date1904=date1904)
                    value = value if date is None else date
                else:
                    shown = format_
            cells[row, column] = Cell(row, column, value, None, error, shown)
            if len(cells) > room:
                raise WorkbookError("file-too-large", container.file, f"> {container.limits.n_cells} cells")
        elif number == _ROW:
            row, column = int.from_bytes(content[:4], "little") + 1, 0
            if content[11] & 0x10 or content[8:10] == b"\0\0":  # hidden, or without height
                hidden_rows.add(row)
        elif number == _COLUMNS:
            first, last, width, _ = _four(content)
            if content[16] & 1 or width == 0:
                last = min(last, MAX_COLUMN - 1)
                hidden_columns[first + 1 : last + 2] = b"\1" * max(last + 1 - first, 0)
        elif number == _MERGED:
            top, bottom, left, right = _four(content)
            merged.append((top + 1, left + 1, bottom + 1, right + 1))
        elif number == _FILTER:
            filtered = True
    return make_sheet(
        name,
        hidden,
        cells,
        hidden_rows=hidden_rows,
        hidden_columns={column for column, mark in enumerate(hidden_columns) if mark},
        merged=merged,
        filtered=filtered,
    )


def _refuse_masses(container: Container, part: str, room: int) -> None:
    """Refuse a large part by its records alone, before any becomes a cell."""
    n_cells = n_blank = n_others = 0
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
