"""xls through another library, each file in a process of its own with limits."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Timer
from typing import Any, BinaryIO, cast

from digistrat.intake.workbooks import worker
from digistrat.intake.workbooks.annotations import COMMENT, without_author
from digistrat.intake.workbooks.dates import serial_date
from digistrat.intake.workbooks.formats import cell_format
from digistrat.intake.workbooks.records import (
    Annotation,
    Cell,
    Limits,
    Sheet,
    Workbook,
    WorkbookError,
    make_sheet,
)


def read_xls(path: Path, data: bytes, limits: Limits, deadline: float) -> Workbook:
    """Read a file's bytes with xlrd, or python-calamine if need be; whatever they do, this process lives.

    Formula texts are not read, and with python-calamine neither error cells nor what is hidden in a
    sheet; a note says so.

    Raises
    ------
    WorkbookError
        If the library refuses the file, or takes too long or too much memory.
    """
    heads: list[Any] = []
    found: list[dict[tuple[int, int], Cell]] = []
    book: dict[str, bool] = {}
    n_cells = text_bytes = 0
    for message in _ask_worker(path, data, limits, deadline):
        if isinstance(message, dict):
            book = message
        elif isinstance(message, tuple):
            heads.append(message)
            found.append({})
        else:
            cells = found[-1]
            for row, column, mark, raw in message:
                cells[row, column] = _cell(row, column, mark, raw, date1904=book["date1904"])
                text_bytes += sys.getsizeof(raw) if isinstance(raw, str) else 0
            n_cells += len(message)
            if not limits.hold(n_cells, text_bytes):
                raise WorkbookError("file-too-large", path.name, f"> {n_cells} cells")
    sheets = [_sheet(head, cells) for head, cells in zip(heads, found, strict=True)]
    code = "file-formulas-unseen" if book["errors"] else "file-errors-unseen"
    return Workbook(path, "xls", tuple(sheets), ((code, "xls"),))


def _cell(row: int, column: int, mark: str, raw: Any, *, date1904: bool) -> Cell:
    """Make a cell of what the worker says about it."""
    if mark == "e":
        return Cell(row, column, None, None, raw)
    if mark == "v":
        return Cell(row, column, raw)
    if mark == "d":
        date = serial_date(raw, date1904=date1904)
        return Cell(row, column, raw if date is None else date)
    shown = cell_format(mark)
    return Cell(row, column, raw, shown=None if shown == "date" else shown)


def _sheet(head: tuple[Any, ...], cells: dict[tuple[int, int], Cell]) -> Sheet:
    name, hidden, hidden_rows, hidden_columns, merged, comments, struck = head
    said = ((r, c, without_author(text, author)) for r, c, text, author in comments)
    return make_sheet(
        name,
        hidden,
        cells,
        hidden_rows=set(hidden_rows),
        hidden_columns=set(hidden_columns),
        merged=merged,
        annotations=[Annotation(r, c, COMMENT, text) for r, c, text in sorted(said) if text],
        struck=struck,
    )


def _ask_worker(path: Path, data: bytes, limits: Limits, deadline: float) -> Iterator[Any]:
    """Yield what the worker writes, as it comes; raise when it refuses, breaks off or takes too long."""
    seconds = max(deadline - time.perf_counter(), 0.1)
    # As a script, and without its folder on the path: it imports the reader and nothing of ours.
    command = [sys.executable, "-P", worker.__file__]
    command += [str(limits.n_cells), str(limits.memory_bytes), str(max(int(seconds), 1))]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(entry for entry in sys.path if entry)}
    process = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment,
    )
    timer = Timer(seconds, process.kill)
    timer.start()
    stream = cast("BinaryIO", process.stdout)
    try:
        with cast("BinaryIO", process.stdin) as file:
            file.write(data)  # of which the worker takes all before it says anything
        while (message := pickle.load(stream)) is not None:  # written by our own worker
            if isinstance(message, tuple) and len(message) == 2:
                raise WorkbookError(message[0], path.name, message[1])
            _check_time(path, limits, deadline)
            yield message
    except WorkbookError:
        raise
    except Exception:  # it broke off
        _check_time(path, limits, deadline)
        raise WorkbookError("file-damaged", path.name, f"xls: exit {process.wait()}") from None
    finally:
        timer.cancel()
        process.kill()
        stream.close()
        process.wait()


def _check_time(path: Path, limits: Limits, deadline: float) -> None:
    if time.perf_counter() > deadline:
        raise WorkbookError("file-too-slow", path.name, f"> {limits.seconds:g} s")
