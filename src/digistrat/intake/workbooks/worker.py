"""Runs xlrd or python-calamine on an xls file, in a process of its own: either may hang or abort.

Started by `foreign.py` as a script, so that it imports nothing but the reader. Reads the file's bytes from
standard input; arguments: most cells, bytes of memory, seconds. Writes pickles to standard output: what the
book is, a dict; then of each sheet ``(name, hidden, hidden rows, hidden columns, merged, comments, struck
cells)`` and lists of its cells; at the end None, or ``(code, detail)`` wherever it is refused. A cell is
``(row, column, kind, value)`` with kind ``v`` (value), ``d`` (serial date), ``e`` (error), or else the format
of a number; a comment ``(row, column, text, author)``; a struck cell ``(row, column)``.
"""

from __future__ import annotations

import datetime as dt
import io
import math
import os
import pickle
import re
import sys
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from typing import Any

# Numbers of BIFF records: cells with a value of their own, and those that hold many at once.
CELLS = frozenset((0x203, 0x204, 0x205, 0x27E, 0xFD, 0x06, 0x206, 0x406, 0xD6, 0x02, 0x03, 0x04, 0x05))
BLANK, MULRK, MULBLANK, MERGED, COLUMNS, SHEET, TEXTS = 0x201, 0xBD, 0xBE, 0xE5, 0x7D, 0x85, 0xFC
PASSWORD = 0x2F
# Texts of formulas; what stands beside the cells of a row; fonts, formats, and both together.
BESIDE = {
    **dict.fromkeys((0x207, 0x407), "results"),
    **dict.fromkeys((0x208, 0xD7), "row records"),
    **dict.fromkeys((0x31, 0x231, 0x1E, 0x41E, 0x43, 0x243, 0x443, 0xE0), "styles"),
}
MOST = {
    "blank cells": 8_000_000,
    "merged ranges": 2_000_000,
    "columns": 2_000_000,
    "rows": 1_500_000,
    "row records": 1_500_000,
    "styles": 100_000,  # each kind has a number of 16 bits
    "other records": 500_000,  # seen are 30,000
}
ELAPSED = re.compile(r"\[(h+|m+|s+)\]", re.IGNORECASE)
BEGINS = (0x809, 0x409, 0x209, 0x009)
MANY_BLANKS = 1_000_000
AT_ONCE, FALLBACK_SECONDS = 20_000, 4  # cells in one pickle; processor time of the second reader


def main(arguments: list[str]) -> None:
    """Read the file that standard input gives."""
    n_cells, memory, seconds = arguments
    limit_process(int(memory), int(seconds))
    try:
        for message in read_old(sys.stdin.buffer.read(), int(n_cells)):
            pickle.dump(message, sys.stdout.buffer)
        return
    except MemoryError:
        answer = ("file-too-large", f"> {int(memory) / 1e6:.0f} MB")
    except BaseException as error:  # panics of calamine are not exceptions
        text = f"{type(error).__name__}: {error}".splitlines()[0][:200]
        locked = any(word in text.lower() for word in ("encrypt", "password"))
        answer = ("file-encrypted", "") if locked else ("file-damaged", text)
    pickle.dump(answer, sys.stdout.buffer)


def limit_process(memory: int, seconds: int) -> None:
    """Limit memory and processor time where the system can."""
    try:
        import resource
    except ImportError:
        return
    for kind, amount in ((resource.RLIMIT_AS, memory), (resource.RLIMIT_CPU, seconds + 1)):
        with suppress(ValueError, OSError):  # stricter already, or not to be set on this system
            resource.setrlimit(kind, (amount, amount))


def read_old(data: bytes, n_cells: int) -> Iterator[Any]:
    """Read an xls file with xlrd or, if xlrd does not understand it, with python-calamine."""
    try:
        refusal, n_blank = look_at_masses(data, n_cells)
        if refusal:
            return iter([("file-too-large", refusal)])
        return read_xls(open_xls(data, formats=n_blank < MANY_BLANKS))
    except MemoryError:
        raise
    except Exception as refused:
        if "encrypt" in str(refused).lower():
            raise
        limit_fallback()
        try:
            return iter(read_calamine(data, n_cells))
        except Exception:
            raise refused from None


def limit_fallback() -> None:
    """Limit processor time once more: a file that the first reader refuses may make the second hang."""
    with suppress(ImportError, ValueError, OSError):
        import resource

        spent = sum(resource.getrusage(resource.RUSAGE_SELF)[:2])
        soft, hard = resource.getrlimit(resource.RLIMIT_CPU)
        most = int(spent) + FALLBACK_SECONDS
        resource.setrlimit(resource.RLIMIT_CPU, (most if soft < 0 else min(most, soft), hard))


def look_at_masses(data: bytes, n_cells: int) -> tuple[str, int]:
    """Count what xlrd would spend minutes on, from record to record; why to refuse, and blank cells.

    Raises
    ------
    ValueError
        If the workbook is encrypted.
    """
    import xlrd

    start, end = 0, len(data)
    if data.startswith(xlrd.compdoc.SIGNATURE):
        with open(os.devnull, "w") as silence:
            document = xlrd.compdoc.CompDoc(data, logfile=silence)
            for name in ("Workbook", "Book"):
                data, start, length = document.locate_named_stream(name)
                if data:
                    break
            end = start + length
    most = {"cells": n_cells, "texts": n_cells, "results": n_cells, **MOST}
    counts = dict.fromkeys(most, 0)
    last_row = n_sheets = n_begun = 0
    sheets = set()
    while data and start + 4 <= end:
        kind, length = data[start] | data[start + 1] << 8, data[start + 2] | data[start + 3] << 8
        start += 4
        name, amount = "other records", 1
        if kind in CELLS or kind in (MULRK, MULBLANK, BLANK):
            last_row = max(last_row, int.from_bytes(data[start : start + 2], "little") + 1)
            name = "blank cells" if kind in (MULBLANK, BLANK) else "cells"
            if kind in (MULRK, MULBLANK):
                amount = length // (6 if kind == MULRK else 2)
        elif kind in BEGINS:
            name, amount = "rows", last_row  # xlrd makes every row down to the last
            last_row = 0
            n_begun += 1
        elif kind == PASSWORD and n_begun < 2:  # of the whole book: what follows would be counted wrongly
            raise ValueError("the workbook is encrypted")
        elif kind == COLUMNS:
            first, last = data[start : start + 2], data[start + 2 : start + 4]
            amount = int.from_bytes(last, "little") - int.from_bytes(first, "little") + 1
            name, amount = "columns", min(max(amount, 1), 256)
        elif kind == MERGED:
            name, amount = "merged ranges", length // 8
        elif kind == TEXTS:
            name, amount = "texts", int.from_bytes(data[start + 4 : start + 8], "little", signed=True)
        elif kind == SHEET:
            n_sheets += 1
            sheets.add(data[start : start + 4])
        else:
            name = BESIDE.get(kind, name)
        start += length
        counts[name] += amount
        if counts[name] > most[name]:
            return f"> {most[name]} {name}", 0
    if len(sheets) < n_sheets:
        return "sheets share their cells", 0
    return "", counts["blank cells"]


def open_xls(data: bytes, *, formats: bool) -> Any:
    """Open an xls file with xlrd, with hidden rows and merges where its formats can be read."""
    import xlrd

    def open_book(formats: bool) -> Any:
        with open(os.devnull, "w") as silence:
            return xlrd.open_workbook(
                file_contents=data, formatting_info=formats, logfile=silence, ragged_rows=True
            )

    # Names are not used here, and working out what they stand for may take minutes.
    xlrd.book.Book.handle_name = xlrd.book.Book.names_epilogue = lambda *_: None
    try:
        return open_book(formats)
    except (MemoryError, xlrd.compdoc.CompDocError):
        raise
    except Exception:
        return open_book(False)


def read_xls(book: Any) -> Iterator[Any]:
    """Give what xlrd has read of a book."""
    yield {"date1904": book.datemode == 1, "errors": True}
    for sheet in book.sheets():
        hidden_rows = [row + 1 for row, info in sheet.rowinfo_map.items() if info.hidden]
        hidden_columns = [column + 1 for column, info in sheet.colinfo_map.items() if info.hidden]
        merged = [(r1 + 1, c1 + 1, r2, c2) for r1, r2, c1, c2 in sheet.merged_cells]
        notes = [(r + 1, c + 1, note.text, note.author) for (r, c), note in sheet.cell_note_map.items()]
        struck = list(struck_of(book, sheet)) if book.formatting_info else []
        yield (sheet.name, sheet.visibility != 0, hidden_rows, hidden_columns, merged, notes, struck)
        cells = cells_of(book, sheet)
        while some := list(islice(cells, AT_ONCE)):
            yield some
    yield None


def struck_of(book: Any, sheet: Any) -> Iterator[tuple[int, int]]:
    """Give the places of cells that are struck through, or some of their text."""
    fonts = {number for number, font in enumerate(book.font_list) if font.struck_out}
    styles = {number for number, style in enumerate(book.xf_list) if style.font_index in fonts}
    if styles:
        for row in range(sheet.nrows):
            for column in range(sheet.row_len(row)):
                if sheet.cell_xf_index(row, column) in styles:
                    yield row + 1, column + 1
    if fonts:
        for (row, column), runs in sheet.rich_text_runlist_map.items():
            if any(font in fonts for _, font in runs):
                yield row + 1, column + 1


def cells_of(book: Any, sheet: Any) -> Iterator[tuple[int, int, str, Any]]:
    """Give the cells of a sheet that hold something."""
    import xlrd

    for row in range(sheet.nrows):
        kinds_and_values = zip(sheet.row_types(row), sheet.row_values(row), strict=True)
        for column, (kind, value) in enumerate(kinds_and_values, 1):
            if kind == 1 and value != "":
                yield row + 1, column, "v", value
            elif kind == 2 and not abs(value) < math.inf:  # as Excel shows what is no number
                yield row + 1, column, "e", "#NUM!"
            elif kind == 2:
                code = format_code(book, sheet, row, column - 1)
                yield row + 1, column, code if len(code) > 1 else "v", whole(value)
            elif kind == 3:
                code = format_code(book, sheet, row, column - 1)
                yield row + 1, column, code if ELAPSED.search(code) else "d", value
            elif kind == 4:
                yield row + 1, column, "v", bool(value)
            elif kind == 5:
                yield row + 1, column, "e", xlrd.error_text_from_code.get(value, "#N/A")


def read_calamine(data: bytes, n_cells: int) -> list[Any]:
    """Read a file with python-calamine; all of it, because it may fail at the last sheet."""
    import python_calamine

    book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(data))
    messages: list[Any] = [{"date1904": False, "errors": False}]
    count = 0
    for entry in book.sheets_metadata:
        if entry.typ != python_calamine.SheetTypeEnum.WorkSheet:
            continue
        sheet = book.get_sheet_by_name(entry.name)
        cells = []
        # Addresses are right only with the empty area kept.
        for row, record in enumerate(sheet.to_python(skip_empty_area=False), 1):
            cells += [(row, c, "v", plain(v)) for c, v in enumerate(record, 1) if v is not None and v != ""]
            if count + len(cells) > n_cells:
                return [("file-too-large", f"> {n_cells} cells")]
        count += len(cells)
        hidden = entry.visible != python_calamine.SheetVisibleEnum.Visible
        ranges = sheet.merged_cell_ranges or []
        merged = [(r1 + 1, c1 + 1, r2 + 1, c2 + 1) for (r1, c1), (r2, c2) in ranges]
        messages += [(entry.name, hidden, [], [], merged, [], []), cells]
    return [*messages, None]


def format_code(book: Any, sheet: Any, row: int, column: int) -> str:
    """Text of a cell's number format; empty where xlrd does not read formats, or the file lacks it."""
    if not book.formatting_info:
        return ""
    index = sheet.cell_xf_index(row, column)
    key = book.xf_list[index].format_key if index < len(book.xf_list) else None
    return str(book.format_map[key].format_str) if key in book.format_map else ""


def whole(value: float) -> int | float:
    """Return an integral number as int, as it is written in the cell."""
    return int(value) if value == value and abs(value) < 1e15 and value == int(value) else value


def plain(value: Any) -> Any:
    """Bring calamine's types to ours."""
    if isinstance(value, float):
        return whole(value)
    if isinstance(value, dt.timedelta):
        return value / dt.timedelta(days=1)
    if isinstance(value, dt.date) and not isinstance(value, dt.datetime):
        return dt.datetime(value.year, value.month, value.day)
    return value


if __name__ == "__main__":
    main(sys.argv[1:])
