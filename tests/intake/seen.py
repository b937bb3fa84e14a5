"""What other readers show at a place: openpyxl, xlrd and csv, to hold against ours."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
import zipfile
from functools import cache
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError

import openpyxl
import xlrd
from openpyxl.utils import get_column_letter


@cache
def seen_cells(path: Path) -> dict[tuple[str, str], Any]:
    """(sheet, address) → value of every cell of a file that shows something."""
    if path.suffix == ".csv":
        return _csv_cells(path)
    if path.suffix == ".xls":
        return _xls_cells(path)
    found: dict[tuple[str, str], Any] = {}
    try:
        shown, written = openpyxl.load_workbook(path, data_only=True), openpyxl.load_workbook(path)
    except ParseError:  # a damaged part beside the cells keeps openpyxl from reading them
        cells = _cells_alone(path)
        shown, written = (openpyxl.load_workbook(io.BytesIO(cells), data_only=only) for only in (True, False))
    for page in written.worksheets:
        for row in page.iter_rows():
            for cell in row:
                if cell.value is not None and str(cell.value).strip():
                    found[page.title, cell.coordinate] = shown[page.title][cell.coordinate].value
    return found


def _cells_alone(path: Path) -> bytes:
    """Return a workbook without what its sheets lead to."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(buffer, "w") as new:
        for name in old.namelist():
            if not name.startswith("xl/worksheets/_rels/"):
                new.writestr(name, re.sub(rb"<(?:legacyDrawing|drawing) [^>]*/>", b"", old.read(name)))
    return buffer.getvalue()


def _csv_cells(path: Path) -> dict[tuple[str, str], Any]:
    data = path.read_bytes()
    try:
        content = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        content = data.decode("cp1252")
    head = content.split("\n", 1)[0]
    rows = csv.reader(
        io.StringIO(content, newline=""), delimiter=";" if head.count(";") > head.count(",") else ","
    )
    return {
        (path.stem, f"{get_column_letter(c)}{r}"): value
        for r, row in enumerate(rows, 1)
        for c, value in enumerate(row, 1)
        if value.strip()
    }


def _xls_cells(path: Path) -> dict[tuple[str, str], Any]:
    book = xlrd.open_workbook(path)
    found: dict[tuple[str, str], Any] = {}
    for page in book.sheets():
        for r in range(page.nrows):
            for c in range(page.ncols):
                value: Any = page.cell_value(r, c)
                if page.cell_type(r, c) == xlrd.XL_CELL_DATE:
                    value = xlrd.xldate_as_datetime(value, book.datemode)
                if str(value).strip():
                    found[page.name, f"{get_column_letter(c + 1)}{r + 1}"] = value
    return found


def same(raw: Any, shown: Any) -> bool:
    """Whether two readers mean the same; an empty text is an empty cell."""
    if isinstance(shown, str) or isinstance(raw, str):
        return str(raw or "").strip() == str(shown or "").strip()
    if isinstance(shown, dt.date) and not isinstance(shown, dt.datetime):
        shown = dt.datetime(shown.year, shown.month, shown.day)
    return bool(raw == shown)
