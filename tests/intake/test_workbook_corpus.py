"""Workbooks: real files that nobody here wrote, compared with openpyxl cell by cell."""

from __future__ import annotations

import collections
import datetime as dt
import math
import time
import warnings

import openpyxl
import pytest

from digistrat.intake.workbooks import (
    WorkbookError,
    read_workbook,
)


@pytest.mark.slow
def test_the_corpus_is_read_or_refused(shared):
    paths = [path for path in sorted((shared / "data" / "corpus").rglob("*")) if path.is_file()]
    paths = [path for path in paths if "LICEN" not in path.name and path.suffix != ".md"]
    assert len(paths) >= 600
    outcomes = collections.Counter()
    for path in paths:
        started = time.perf_counter()
        try:
            outcomes[read_workbook(path).format] += 1
        except WorkbookError as error:
            outcomes[error.code] += 1
        assert time.perf_counter() - started < 31, path
    assert outcomes["xlsx"] >= 338  # calamine opens 337 of them, openpyxl 327
    assert outcomes["xls"] >= 99
    assert outcomes["ods"] >= 57
    assert outcomes["xlsb"] >= 15
    assert outcomes["csv"] >= 160
    assert outcomes["file-encrypted"] == 13
    assert outcomes["file-damaged"] <= 4


def explained(ours, theirs):
    """Differences from openpyxl that are meant: see the table in the facts on spreadsheets."""
    if isinstance(theirs, dt.timedelta):  # an elapsed time stays a number of days
        return math.isclose(ours.value, theirs / dt.timedelta(days=1), abs_tol=1e-5)
    if isinstance(theirs, str) and "_x000D_" in theirs:  # openpyxl leaves the escape
        return ours.value == theirs.replace("_x000D_", "\r")
    if isinstance(ours.value, (int, float)) and isinstance(theirs, dt.datetime):  # 29 February 1900
        return int(ours.value) == 60
    return type(theirs) is dt.date and ours.value == dt.datetime(theirs.year, theirs.month, theirs.day)


@pytest.mark.slow
def test_cells_agree_with_openpyxl(shared):
    n_cells, differing, n_files = 0, [], 0
    for path in sorted((shared / "data" / "corpus").rglob("*.xls[xm]")):
        try:
            workbook = read_workbook(path)
            if workbook.format != "xlsx" or path.stat().st_size > 400_000:
                continue
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                oracle = openpyxl.load_workbook(path, data_only=True)
                formulas = openpyxl.load_workbook(path)
        except Exception:  # openpyxl fails in many ways; what ours refuses is counted in the test above
            continue
        n_files += 1
        for sheet in workbook.sheets:
            if sheet.name not in oracle.sheetnames:  # openpyxl sees no sheets in strict files
                continue
            # Stored cells only: iterating rows would fill the space between two far-apart cells.
            stored, sources = oracle[sheet.name]._cells, formulas[sheet.name]._cells
            theirs = {place: cell.value for place, cell in stored.items() if cell.value not in (None, "")}
            for place in theirs.keys() | sheet.cells.keys():
                cell, value = sheet.cells.get(place), theirs.get(place)
                n_cells += 1
                ours = None if cell is None or cell.value == "" else cell.error or cell.value
                if ours != value and not (cell is not None and explained(cell, value)):
                    differing.append((path.name, sheet.name, place, ours, value))
                formula = sources.get(place)
                if cell is not None and formula is not None and formula.data_type == "f":
                    if not isinstance(formula.value, str):  # arrays and data tables are objects there
                        continue
                    assert cell.formula == formula.value, (path.name, sheet.name, place)
    assert n_files >= 300
    assert n_cells >= 150_000
    # A phantom value beside a hyperlink, and a date beyond the year 9999.
    assert len(differing) <= 3, differing[:20]
