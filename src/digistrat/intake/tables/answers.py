"""What answers a column without doubt: that tells a record from headers and titles."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from functools import cache

from digistrat.intake.forms import Column
from digistrat.intake.tables.headers import cell_text
from digistrat.intake.values import fold
from digistrat.intake.values.words import words
from digistrat.intake.workbooks import Cell

NUMERIC = ("number", "integer", "amount")
YEARS = (1990, 2100)
_KEY = re.compile(r"^(?!.*[.:]\d+\.)(?=.*\d)(?!(?:19|20)\d\d$)")  # with a digit, and neither year nor date


def is_key(shown: str) -> bool:
    """Whether a text looks like a record's key.

    Examples
    --------
    >>> is_key("A16-003"), is_key("2026"), is_key("Vorhaben 3")
    (True, False, False)
    """
    return len(shown.split()) == 1 and _KEY.search(shown) is not None


def labels_of(column: Column) -> set[str]:
    """Return what may be chosen in a column, folded."""
    return {fold(label) for names in column.choices.values() for label in names}


def is_answer(column: Column, cell: Cell) -> bool:
    """Whether a cell is an answer for its column without doubt: a number, a date, a choice."""
    if isinstance(cell.value, str):
        return fold(cell.value) in labels_of(column)
    if isinstance(cell.value, (dt.date, dt.datetime)):
        return column.kind == "date"
    if cell.value is None or column.kind not in NUMERIC:
        return False
    shown = cell_text(cell).removesuffix(".0")
    return not (shown.isdigit() and YEARS[0] <= float(shown) <= YEARS[1])


def is_record(columns: Mapping[int, Column], cells: Mapping[int, Cell]) -> bool:
    """Whether a line below a table's header goes on with its records: a key, or another answer.

    Parameters
    ----------
    columns : mapping
        Number → column, of the table above.
    cells : mapping
        Number → cell of the line.
    """
    for number in columns.keys() & cells.keys():
        column, cell = columns[number], cells[number]
        shown = cell_text(cell)
        if is_answer(column, cell) or (column.kind == "identifier" and is_key(shown)):
            return True
        if column.kind in NUMERIC and isinstance(cell.value, str) and _counted().match(shown):
            return True
    return False


@cache
def _counted() -> re.Pattern[str]:
    """What begins with digits that are no year, or with a word before a number: ca., bis zu, mind."""
    numbers = words()["numbers"]
    roles = ("approximate", "at_most", "at_least")
    listed = {word for role in roles for of_language in numbers[role].values() for word in of_language}
    before = "|".join(map(re.escape, sorted(listed, key=len, reverse=True)))
    return re.compile(rf"(?:(?:{before})\s?)?\W{{0,3}}\d(?!\d{{3}}\b)", re.I)


def adds_up(column: Column) -> bool:
    """Whether a column's numbers may be summed: money and counts, but no share or point of a scale."""
    return column.kind in NUMERIC and column.maximum is None
