"""xls through another library, each file in a process of its own with limits."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from digistrat.intake.workbooks import worker
from digistrat.intake.workbooks.annotations import COMMENT, without_author
from digistrat.intake.workbooks.dates import serial_date
from digistrat.intake.workbooks.formats import cell_format
from digistrat.intake.workbooks.records import Annotation, Cell, Limits, Workbook, WorkbookError, make_sheet


def read_xls(path: Path, limits: Limits, deadline: float) -> Workbook:
    """Read a file with xlrd, or python-calamine if need be; whatever they do, this process lives.

    Formula texts are not read, and with python-calamine neither error cells nor what is hidden in a
    sheet; a note says so.

    Raises
    ------
    WorkbookError
        If the library refuses the file, or takes too long or too much memory.
    """
    answer = _ask_worker(path, limits, deadline)
    if isinstance(answer, tuple):
        raise WorkbookError(answer[0], path.name, answer[1])
    sheets = []
    for name, hidden, found, hidden_rows, hidden_columns, merged, comments in answer["sheets"]:
        cells: dict[tuple[int, int], Cell] = {}
        for row, column, mark, raw in found:
            if mark == "e":
                cells[row, column] = Cell(row, column, None, None, raw)
                continue
            value, shown = raw, None
            if mark == "d":
                date = serial_date(raw, date1904=answer["date1904"])
                value = raw if date is None else date
            elif mark != "v":
                shown = cell_format(mark)
            cells[row, column] = Cell(row, column, value, shown=None if shown == "date" else shown)
        said = ((r, c, without_author(text, author)) for r, c, text, author in comments)
        sheets.append(
            make_sheet(
                name,
                hidden,
                cells,
                hidden_rows=set(hidden_rows),
                hidden_columns=set(hidden_columns),
                merged=merged,
                annotations=[Annotation(r, c, COMMENT, text) for r, c, text in sorted(said) if text],
            )
        )
    code = "file-formulas-unseen" if answer["errors"] else "file-errors-unseen"
    return Workbook(path, "xls", tuple(sheets), ((code, "xls"),))


def _ask_worker(path: Path, limits: Limits, deadline: float) -> Any:
    seconds = max(deadline - time.perf_counter(), 0.1)
    # As a script, and without its folder on the path: it imports the reader and nothing of ours.
    command = [sys.executable, "-P", worker.__file__, str(path)]
    command += [str(limits.n_cells), str(limits.memory_bytes), str(max(int(seconds), 1))]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(entry for entry in sys.path if entry)}
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=seconds,
            env=environment,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise WorkbookError("file-too-slow", path.name, f"> {limits.seconds:g} s") from None
    try:
        return pickle.loads(done.stdout)  # written by our own worker
    except Exception:
        raise WorkbookError("file-damaged", path.name, f"xls: exit {done.returncode}") from None
