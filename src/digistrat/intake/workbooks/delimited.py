"""csv and its kin: encoding by trial in a fixed order, delimiter by the consistency of the rows."""

from __future__ import annotations

import codecs
import csv
import io
import re
import sys
import time
from collections import Counter
from collections.abc import Iterable
from itertools import islice
from pathlib import Path

from digistrat.intake.workbooks.records import Cell, Limits, Workbook, WorkbookError, make_sheet

DELIMITERS = ";\t,|"
_LONG_LINE, _MOST_COLUMNS = 500_000, 100_000  # characters; columns in them
_EMPTY_TOO = 4  # cells, empty ones too, to each that a file may have
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_SEVERAL = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
_HIGH = bytes(range(0x80, 0x100))
_FOREIGN, _MOST_FOREIGN = "digistrat.cp1252", 10_000  # name of the way to decode them; bytes
_PASTED = ("file-encoding-guessed", "utf-8 + cp1252")
_AS_TEXT = re.compile(r'="([^"]*)"')  # how programs keep Excel from making a number of 00123
_SAMPLE, _SAMPLE_TEXT = 500, 1_000_000  # rows and characters that choose the delimiter


def read_delimited(path: Path, data: bytes, limits: Limits, deadline: float) -> Workbook:
    """Read a text file of rows as one sheet of strings, named like the file.

    A row is a record: a quoted text over several lines is one cell of one row. Of ``="00123"`` only the text
    between the quotes is taken, as Excel does.

    Raises
    ------
    WorkbookError
        If the bytes are no text, or a limit is passed.
    """
    text, notes = decode(path.name, data)
    delimiter, rest = _declared(text)
    offset = 1 if rest is not text else 0
    delimiter = delimiter or detect_delimiter(rest)
    csv.field_size_limit(sys.maxsize)  # a cell may be long; the file's size is limited already
    cells: dict[tuple[int, int], Cell] = {}
    size = sys.getsizeof(text)
    record: list[str] = []
    if _too_wide(rest, delimiter):
        raise WorkbookError("file-too-large", path.name, f"> {_MOST_COLUMNS} columns")
    if _too_many(rest, delimiter, limits):
        raise WorkbookError("file-too-large", path.name, f"> {limits.n_cells} cells")
    for row, record in enumerate(csv.reader(_lines(rest), delimiter=delimiter), 1 + offset):
        for column, raw in enumerate(record, 1):
            if raw.startswith("=") and (quoted := _AS_TEXT.fullmatch(raw)):
                raw = quoted[1]
            if raw:
                cells[row, column] = Cell(row, column, raw)
                size += sys.getsizeof(raw)
        if row % 1000 == 0 and time.perf_counter() > deadline:
            raise WorkbookError("file-too-slow", path.name, f"> {limits.seconds:g} s")
        if row % 1000 == 0 and not limits.hold(len(cells), size):
            raise WorkbookError("file-too-large", path.name, f"> {len(cells)} cells")
    # A quote that is never closed takes the last lines into its cell.
    swallowed = rest.count('"') % 2 == 1 or any("\n" in raw for raw in record[-1:])
    if swallowed and _ends_inside_quotes(rest, delimiter):
        notes.append(("file-quote-open", path.name))
    return Workbook(path, "csv", (make_sheet(path.stem, False, cells),), tuple(notes))


def _too_many(text: str, delimiter: str, limits: Limits) -> bool:
    """Count the cells that hold something, where there may be too many, before a gigabyte goes into them.

    Empty ones cost time too: more than a few to each of those are too many.
    """
    n_any = text.count(delimiter) + text.count("\n") + text.count("\r")
    if n_any > _EMPTY_TOO * limits.n_cells:
        return True
    size, least = sys.getsizeof(text), sys.getsizeof("") + 1
    if n_any < limits.n_cells and limits.hold(n_any, size + n_any * least):
        return False
    count = 0
    for record in csv.reader(_lines(text), delimiter=delimiter):
        count += len(record) - record.count("")
        if count > limits.n_cells or not limits.hold(count, size + count * least):
            return True
    return False


def decode(file: str, data: bytes) -> tuple[str, list[tuple[str, str]]]:
    """Decode text: byte order mark, then utf-8, then cp1252 with a note; statistics guess worse."""
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            try:
                return data.decode(encoding), []
            except UnicodeDecodeError as error:
                if mark == codecs.BOM_UTF8 and _is_mostly_utf8(data):
                    return data[len(mark) :].decode("utf-8", _FOREIGN), [_PASTED]
                raise WorkbookError("file-damaged", file, f"{encoding}: {error.reason}") from None
    odd, even = data[1:4096:2], data[0:4096:2]
    if b"\0" in data[:4096] and max(odd.count(0), even.count(0)) > 0.4 * len(odd):
        encoding = "utf-16-le" if odd.count(0) > even.count(0) else "utf-16-be"
        return data.decode(encoding, "replace"), [("file-encoding-guessed", encoding)]
    control = sum(data.count(bytes([code])) for code in range(32) if code not in (9, 10, 12, 13))
    if control > max(2, len(data) // 1000):
        raise WorkbookError("file-not-a-workbook", file, repr(data[:8])[2:-1])
    try:
        return data.decode("utf-8"), []
    except UnicodeDecodeError:
        if _is_mostly_utf8(data):  # pasted from elsewhere, a quote or two are of another encoding
            return data.decode("utf-8", _FOREIGN), [_PASTED]
        # Five bytes mean nothing in cp1252; each becomes the replacement character.
        return data.decode("cp1252", "replace"), [("file-encoding-guessed", "cp1252")]


def _is_mostly_utf8(data: bytes) -> bool:
    """Whether signs of several bytes outnumber the bytes that are none of UTF-8, and those are few."""
    found = _SEVERAL.findall(data)
    others = len(data) - len(data.translate(None, _HIGH)) - sum(map(len, found))
    return others < len(found) and others <= _MOST_FOREIGN


def _as_cp1252(error: UnicodeError) -> tuple[str, int]:
    """Decode the bytes that UTF-8 does not know as those of a German or English Windows."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return error.object[error.start : error.end].decode("cp1252", "replace"), error.end


codecs.register_error(_FOREIGN, _as_cp1252)


def detect_delimiter(text: str) -> str:
    r"""Choose the delimiter that gives most rows the same number of columns.

    Rows are counted as the csv reader sees them, so delimiters inside quotes do not count. Among
    equally consistent ones the one with more columns wins, then the order semicolon, tab, comma, bar.

    Examples
    --------
    >>> detect_delimiter("name;cost\nportal;1,5\narchive;2,25\n")
    ';'
    """
    scored = []
    for preference, delimiter in enumerate(DELIMITERS):
        reader = csv.reader(_lines(text[:_SAMPLE_TEXT]), delimiter=delimiter)
        try:
            widths = Counter(len(record) for record in islice(reader, _SAMPLE) if any(record))
        except csv.Error:
            continue
        n_rows = sum(widths.values())
        wide = {width: count for width, count in widths.items() if width > 1}
        if wide:
            width, count = max(wide.items(), key=lambda item: (item[1], item[0]))
            scored.append((count / n_rows, width, -preference, delimiter))
    return max(scored)[3] if scored else ";"


def _declared(text: str) -> tuple[str | None, str]:
    """Split off a first line ``sep=;``, which Excel takes as a setting."""
    line = text[:16].partition("\n")[0].rstrip("\r")
    if len(line) == 5 and line.lower().startswith("sep="):
        return line[4], text[text.index("\n") + 1 :] if "\n" in text else ""
    return None, text


def _lines(text: str) -> Iterable[str]:
    """Lines with their ends; in a quarter of the memory that a StringIO of the text takes."""
    return io.TextIOWrapper(io.BytesIO(text.encode()), "utf-8", newline="")


def _too_wide(text: str, delimiter: str) -> bool:
    """Whether some line has more columns than any sheet could take, and a list of them would hurt."""
    for start in range(0, len(text), _LONG_LINE):
        window = text[start : start + _LONG_LINE]
        if "\n" not in window and "\r" not in window and window.count(delimiter) > _MOST_COLUMNS:
            return True
    return False


def _ends_inside_quotes(text: str, delimiter: str) -> bool:
    """Whether a quote is never closed, so that the rest of the file has become one cell."""
    try:
        for _ in csv.reader(_lines(text), delimiter=delimiter, strict=True):
            pass
    except csv.Error as error:
        return "unexpected end of data" in str(error)
    return False
