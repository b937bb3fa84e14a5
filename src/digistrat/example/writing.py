"""Sheets → the bytes of a file: xlsx, xls or csv; the same sheets give the same bytes."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
import zipfile
from collections.abc import Callable, Sequence
from typing import Any

from digistrat.example.sheets import Formula, Share, Sheet

SAVED = dt.datetime(2025, 10, 1)  # in every file's properties, so that the same sheets give the same bytes
_NO_VALUE = "no value was kept"
_KEPT = re.compile(rb' t="str"><f>([^<]*)</f><v>' + _NO_VALUE.encode() + rb"</v>")


def write_xlsx(sheets: Sequence[Sheet], *, finish: Callable[[Any], None] | None = None) -> bytes:
    """Return a workbook; formulas stand beside the values they were saved with.

    Parameters
    ----------
    sheets : sequence of Sheet
    finish : callable, optional
        Gets XlsxWriter's workbook when all cells are written: for what a `Sheet` cannot say.
    """
    import xlsxwriter

    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True})
    book.set_properties({"created": SAVED})
    bold = book.add_format({"bold": True, "text_wrap": True, "valign": "top"})
    group = book.add_format({"bold": True, "align": "center", "bottom": 1})
    date = book.add_format({"num_format": "dd.mm.yyyy"})
    money = book.add_format({"num_format": "#,##0.00"})
    share = book.add_format({"num_format": "0%"})
    for sheet in sheets:
        page = book.add_worksheet(sheet.name)
        for row, first, last in sheet.merged:
            page.merge_range(row - 1, first - 1, row - 1, last - 1, sheet.cells[row, first], group)
        starts = {(row, first) for row, first, _ in sheet.merged}
        for (row, column), value in sorted(sheet.cells.items()):
            if (row, column) in starts:
                continue
            place = (row - 1, column - 1)
            if isinstance(value, Formula):
                page.write_formula(
                    *place, value.text, money, _NO_VALUE if value.value is None else value.value
                )
            elif isinstance(value, dt.date):
                page.write_datetime(*place, dt.datetime(value.year, value.month, value.day), date)
            elif isinstance(value, Share):
                page.write_number(*place, value, share)
            elif isinstance(value, (int, float)):
                page.write_number(
                    *place, value, money if isinstance(value, float) and value >= 1000 else None
                )
            else:
                page.write_string(*place, str(value), bold if row == sheet.header_row else None)
        for row in sorted(sheet.hidden_rows):
            page.set_row(row - 1, None, None, {"hidden": True})
        if sheet.is_hidden:
            page.hide()
        elif sheet.header_row:
            page.freeze_panes(sheet.header_row, 0)
        page.set_column(0, 40, 16)
    if finish is not None:
        finish(book)
    book.close()
    return _without_values(buffer.getvalue())


def _without_values(data: bytes) -> bytes:
    """Take the placeholder of formulas without a value out again, as some programs save them."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts = [(info, archive.read(info)) for info in archive.infolist()]
    if not any(_NO_VALUE.encode() in content for _, content in parts):
        return data
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for info, content in parts:
            archive.writestr(info, _KEPT.sub(rb"><f>\1</f>", content))
    return buffer.getvalue()


def write_xls(sheets: Sequence[Sheet]) -> bytes:
    """Return an old workbook; raises ImportError without xlwt, which only developers have."""
    import xlwt

    book = xlwt.Workbook(encoding="utf-8")
    date = xlwt.easyxf(num_format_str="DD.MM.YYYY")
    share = xlwt.easyxf(num_format_str="0%")
    for sheet in sheets:
        page = book.add_sheet(sheet.name)
        for (row, column), value in sorted(sheet.cells.items()):
            shown = value.value if isinstance(value, Formula) else value
            style = (date,) if isinstance(shown, dt.date) else (share,) if isinstance(shown, Share) else ()
            page.write(row - 1, column - 1, shown, *style)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def write_csv(sheet: Sheet, encoding: str) -> bytes:
    """Return one sheet as a csv with semicolons, as German Excel saves it."""
    width = max(column for _, column in sheet.cells)
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, delimiter=";", lineterminator="\r\n")
    for row in range(1, sheet.last_row + 1):
        writer.writerow([_as_text(sheet.cells.get((row, column))) for column in range(1, width + 1)])
    return buffer.getvalue().encode(encoding)


def _as_text(value: Any) -> str:
    shown = value.value if isinstance(value, Formula) else value
    if shown is None:
        return ""
    if isinstance(shown, dt.date):
        return f"{shown:%d.%m.%Y}"
    if isinstance(shown, Share):
        return f"{shown:.0%}"
    if isinstance(shown, float):
        return f"{shown:.2f}".replace(".", ",")
    return str(shown)
