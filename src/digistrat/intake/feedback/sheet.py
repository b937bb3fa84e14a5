"""The sheet of findings: its columns and words, how it is found in a workbook, and read again."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

import pandas as pd

from digistrat.findings import FINDING_COLUMNS, SEVERITIES
from digistrat.intake.workbooks import Cell, Sheet, Workbook
from digistrat.texts import LANGUAGES, format_number, text

# Columns of the sheet in their order; each has its header in `feedback.column`.
COLUMNS = ("number", "severity", "progress", "sheet", "cell", "value", "message", "hint", "field", "code")
PROGRESS = ("open", "new", "settled")
_NEEDED = {"severity", "message", "code"}  # headers by which the sheet is known
_DEEPEST, _WIDEST = 20, 40  # rows and columns among which its headers are looked for


def sheet_name(language: str = "de") -> str:
    """Name of the sheet of findings.

    Examples
    --------
    >>> sheet_name("en")
    'Review report'
    """
    return text("feedback.sheet", language)


def is_feedback_sheet(sheet: Sheet) -> bool:
    """Whether a sheet is one of ours: by its name, which may have got a number, and its headers.

    An office's own sheet of the same name is none.
    """
    name = re.sub(r" \(\d+\)$", "", sheet.name).casefold()
    return name in {sheet_name(language).casefold() for language in LANGUAGES} and _header(sheet) is not None


def feedback_sheets(workbook: Workbook) -> list[Sheet]:
    """Return the sheets of findings that a workbook carries from earlier rounds."""
    return [sheet for sheet in workbook.sheets if is_feedback_sheet(sheet)]


def has_remarks(sheet: Sheet) -> bool:
    """Whether somebody wrote something beside our columns, or a formula, on a sheet of ours."""
    found = _header(sheet)
    if found is None:
        return bool(sheet.cells)
    header, columns, _ = found
    return any(
        cell.formula is not None or (column not in columns.values() if row >= header else column > 1)
        for (row, column), cell in sheet.cells.items()
    )


def read_rows(sheet: Sheet) -> pd.DataFrame:
    """Return the findings on a sheet of ours that still stood when it was written, as a findings frame."""
    found = _header(sheet)
    if found is None:
        return pd.DataFrame(columns=list(FINDING_COLUMNS), dtype="str")
    header, columns, language = found
    severities = {text(f"feedback.severity.{s}", language): s for s in SEVERITIES}
    settled = text("feedback.progress.settled", language)
    rows = []
    for row in range(header + 1, sheet.n_rows + 1):
        record = {name: _text(sheet.cells.get((row, column))) for name, column in columns.items()}
        if record["code"] and record.get("progress") != settled:
            table, _, column = record.get("field", "").partition(".")
            severity = severities.get(record["severity"], "info")
            rows.append({**record, "severity": severity, "table": table, "column": column})
    return pd.DataFrame(rows, columns=list(FINDING_COLUMNS), dtype="str").fillna("")


def count_severities(findings: pd.DataFrame, language: str) -> str:
    """Say how many errors, warnings and infos there are.

    Examples
    --------
    >>> count_severities(pd.DataFrame({"severity": ["error", "info", "info"]}), "en")
    '1 error, 2 notes'
    """
    counts = findings["severity"].value_counts()
    said = [count_text(f"feedback.count.{s}", int(counts[s]), language) for s in SEVERITIES if s in counts]
    return ", ".join(said) or text("feedback.count.nothing", language)


def count_progress(findings: pd.DataFrame, language: str) -> str:
    """Say how many findings are settled, open and new since the last report."""
    counts = findings["progress"].value_counts()
    numbers = {name: format_number(int(counts.get(name, 0)), language) for name in PROGRESS}
    return text("feedback.since", language, **numbers)


def count_text(key: str, count: int, language: str, **values: str) -> str:
    """Return a text that says a number, in singular or plural."""
    key = f"{key}_one" if count == 1 else f"{key}_many"
    return text(key, language, count=format_number(count, language), **values)


def standing(findings: pd.DataFrame) -> pd.DataFrame:
    """Return the findings that are not settled."""
    return findings[findings["progress"] != "settled"] if "progress" in findings else findings


@cache
def _titles(language: str) -> Mapping[str, str]:
    return {text(f"feedback.column.{column}", language): column for column in COLUMNS}


def _header(sheet: Sheet) -> tuple[int, dict[str, int], str] | None:
    """Return the row of the headers, where each column stands, and their language."""
    for row in range(1, min(sheet.n_rows, _DEEPEST) + 1):
        titles = {c: _text(sheet.cells.get((row, c))) for c in range(1, min(sheet.n_columns, _WIDEST) + 1)}
        for language in LANGUAGES:
            known = _titles(language)
            columns = {known[title]: column for column, title in titles.items() if title in known}
            if columns.keys() >= _NEEDED:
                return row, columns, language
    return None


def _text(cell: Cell | None) -> str:
    return "" if cell is None or cell.value is None else str(cell.value)
