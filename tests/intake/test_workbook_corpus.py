"""Workbooks: real files that nobody here wrote, compared cell by cell with the readers others use."""

from __future__ import annotations

import collections
import datetime as dt
import math
import time
import warnings

import openpyxl
import pytest
import python_calamine

from digistrat.intake.workbooks import WorkbookError, cell_address, read_workbook


@pytest.fixture(scope="module")
def books(request):
    """Every workbook of the corpus that is read, and how often each outcome came."""
    folder = request.getfixturevalue("shared") / "data" / "corpus"
    paths = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    paths = [path for path in paths if "LICEN" not in path.name and path.suffix != ".md"]
    assert len(paths) >= 600
    read, outcomes = [], collections.Counter()
    for path in paths:
        started = time.perf_counter()
        try:
            read.append(read_workbook(path))
            outcomes[read[-1].format] += 1
        except WorkbookError as error:
            outcomes[error.code] += 1
        assert time.perf_counter() - started < 31, path
    return read, outcomes


@pytest.mark.slow
def test_the_corpus_is_read_or_refused(books, record_testsuite_property):
    _, outcomes = books
    record_testsuite_property("outcomes", dict(outcomes))
    assert outcomes["xlsx"] >= 338  # calamine opens 337 of them, openpyxl 327
    assert outcomes["xls"] >= 99
    assert outcomes["ods"] >= 57
    assert outcomes["xlsb"] >= 15
    assert outcomes["csv"] >= 160
    assert outcomes["file-encrypted"] == 13
    assert outcomes["file-damaged"] <= 4


def same(ours, theirs):
    """Whether two values are the same: floats up to what their last digit may differ."""
    if isinstance(ours, float) and isinstance(theirs, float):
        return math.isclose(ours, theirs, rel_tol=1e-12)
    return ours == theirs


def is_meant(ours, theirs):
    """Name of a difference from both readers that is meant, None for any other."""
    if isinstance(ours, (int, float)):
        if isinstance(theirs, dt.datetime) and int(ours) == 60:
            return "29 February 1900 never was"
        if isinstance(theirs, dt.time):
            theirs = dt.datetime.combine(dt.date.min, theirs) - dt.datetime.min
        if isinstance(theirs, dt.timedelta) and math.isclose(ours, theirs / dt.timedelta(1), abs_tol=1e-5):
            return "an elapsed time stays a number of days"
    return None


def why_openpyxl_differs(cell, theirs):
    """Name of a difference that is meant, None for any other."""
    ours = None if cell is None else cell.value
    if isinstance(theirs, str) and "_x000D_" in theirs and ours == theirs.replace("_x000D_", "\r"):
        return "openpyxl leaves escapes"
    if type(theirs) is dt.date and ours == dt.datetime(theirs.year, theirs.month, theirs.day):
        return "openpyxl cuts a date off its time"
    return is_meant(ours, theirs)


def why_calamine_differs(cell, theirs):
    """Name of a difference that is meant, None for any other."""
    ours = None if cell is None else cell.value
    if cell is not None and cell.error and theirs is None:
        return "calamine gives nothing for an error"
    if isinstance(ours, str) and "".join(ours.split()) == "".join((theirs or "").split()):
        return "calamine trims texts and runs"
    if isinstance(theirs, str) and "\0" in theirs and theirs.encode("latin-1").decode("utf-16-le") == ours:
        return "calamine takes two bytes of a character for two characters"
    if isinstance(theirs, str) and any("\x80" <= character <= "\x9f" for character in theirs):
        return "calamine leaves the code page of an old xls unread"
    if isinstance(ours, float) and isinstance(theirs, str) and theirs.startswith("PT"):
        return "an elapsed time stays a number of days"
    return is_meant(ours, theirs)


class Comparison:
    """Counts of one comparison: equal cells, differences by name, and those that nothing explains."""

    def __init__(self):
        self.n_files = self.n_cells = self.n_formulas = 0
        self.explained = collections.Counter()
        self.unexplained = []

    def add(self, path, sheet, theirs, why):
        """Compare the cells of a sheet with ``theirs``, place → value."""
        for place in theirs.keys() | sheet.cells.keys():
            cell, value = sheet.cells.get(place), theirs.get(place)
            self.n_cells += 1
            ours = None if cell is None or cell.value == "" else cell.error or cell.value
            if same(ours, value):
                continue
            reason = why(cell, value)
            if reason is None:
                self.unexplained.append((path.name, sheet.name, cell_address(*place), ours, value))
            else:
                self.explained[reason] += 1

    def report(self, record, oracle):
        """Leave the counts where they can be read."""
        record(f"{oracle}: files, cells, formulas", (self.n_files, self.n_cells, self.n_formulas))
        record(f"{oracle}: explained differences", dict(self.explained))
        record(f"{oracle}: unexplained differences", self.unexplained)


@pytest.mark.slow
def test_cells_agree_with_openpyxl(books, record_testsuite_property):
    comparison = Comparison()
    for workbook in books[0]:
        path = workbook.path
        if workbook.format != "xlsx" or path.suffix == ".xls" or path.stat().st_size > 400_000:
            continue
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                oracle = openpyxl.load_workbook(path, data_only=True)
                formulas = openpyxl.load_workbook(path)
        except Exception:  # openpyxl fails in many ways; what ours refuses is counted in the test above
            continue
        comparison.n_files += 1
        for sheet in workbook.sheets:
            if sheet.name not in oracle.sheetnames:  # openpyxl sees no sheets in strict files
                continue
            # Stored cells only: iterating rows would fill the space between two far-apart cells.
            stored, sources = oracle[sheet.name]._cells, formulas[sheet.name]._cells
            theirs = {place: cell.value for place, cell in stored.items() if cell.value not in (None, "")}
            comparison.add(path, sheet, theirs, why_openpyxl_differs)
            for place, cell in sheet.cells.items():
                formula = sources.get(place)
                # Formulas of arrays and data tables are objects there.
                if formula is not None and formula.data_type == "f" and isinstance(formula.value, str):
                    assert cell.formula == formula.value, (path.name, sheet.name, place)
                    comparison.n_formulas += 1
    comparison.report(record_testsuite_property, "openpyxl")
    assert comparison.n_files >= 300
    assert comparison.n_cells >= 150_000
    assert comparison.n_formulas >= 4_000
    # A phantom value beside a hyperlink, and a date beyond the year 9999.
    assert len(comparison.unexplained) <= 3, comparison.unexplained[:20]


def plain(value):
    """Bring what calamine gives to the types of ours."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if type(value) is dt.date:
        return dt.datetime(value.year, value.month, value.day)
    return value


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "n_files", "n_cells"),
    [("xlsx", 300, 250_000), ("ods", 50, 700_000), ("xlsb", 10, 500), ("xls", 80, 20_000)],
)
def test_cells_agree_with_calamine(books, kind, n_files, n_cells, record_testsuite_property):
    comparison = Comparison()
    for workbook in books[0]:
        if workbook.format != kind or any(
            sheet.n_rows * sheet.n_columns > 10**7 for sheet in workbook.sheets
        ):
            continue  # calamine fills the space between two far-apart cells
        try:
            with open(workbook.path, "rb") as stream:
                oracle = python_calamine.CalamineWorkbook.from_filelike(stream)
        except Exception:
            continue
        comparison.n_files += 1
        for sheet in workbook.sheets:
            try:
                rows = oracle.get_sheet_by_name(sheet.name).to_python(skip_empty_area=False)
            except Exception:
                continue
            theirs = {
                (row, column): plain(value)
                for row, values in enumerate(rows, 1)
                for column, value in enumerate(values, 1)
                if value not in ("", None)
            }
            comparison.add(workbook.path, sheet, theirs, why_calamine_differs)
    comparison.report(record_testsuite_property, f"calamine, {kind}")
    assert comparison.n_files >= n_files
    assert comparison.n_cells >= n_cells
    assert comparison.unexplained == []
