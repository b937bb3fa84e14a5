"""What a reader gives: cells with their places, sheets, workbooks; what it refuses and where it stops."""

from __future__ import annotations

import datetime as dt
import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from operator import itemgetter
from pathlib import Path
from typing import NamedTuple

from digistrat.intake.workbooks.formats import NumberFormat
from digistrat.texts import text

MAX_ROW, MAX_COLUMN = 1_048_576, 16_384
_CELL_BYTES = 290  # of a cell with its number and its place among the others, measured
STRUCK_BYTES = 140  # of a place among those that are struck, twice while a sheet is made
Value = str | int | float | bool | dt.datetime | dt.time | None


class WorkbookError(ValueError):
    """A file that is not read, with the code of the finding that says why.

    ``make_finding(error.code, "error", language, file=error.file, value=error.value)`` says it to people.

    Attributes
    ----------
    code : str
        Code of the finding, such as ``file-encrypted``.
    message : str
        The finding's message, in English.
    file : str
        Name of the file.
    value : str
        The detail: the limit that was passed, the part that is damaged, what the file is instead.
    """

    def __init__(self, code: str, file: str = "", value: str = "") -> None:
        self.code, self.file, self.value = code, file, value
        self.message = text(f"finding.{code}.message", "en", file=file, value=value, sheet="", column="")
        super().__init__(self.message)

    def __reduce__(self) -> tuple[type[WorkbookError], tuple[str, str, str]]:
        """Survive the way back from another process."""
        return WorkbookError, (self.code, self.file, self.value)


@dataclass(frozen=True)
class Limits:
    """How much of a file is read before it is refused.

    Attributes
    ----------
    file_bytes : int
        Largest file, bytes.
    part_bytes, total_bytes : int
        Largest inflated part, and all inflated parts that are read, bytes.
    part_ratio : int
        Largest ratio of inflated to packed bytes of a part above one megabyte.
    n_parts : int
        Most parts in a container.
    n_cells : int
        Most cells that hold something, over all sheets.
    seconds : float
        Longest time for a file.
    memory_bytes : int
        Most memory of a process that runs another library's reader (where the system can limit it), and of
        a file's cells with their texts, by estimate.
    """

    file_bytes: int = 50_000_000
    part_bytes: int = 300_000_000
    total_bytes: int = 600_000_000
    part_ratio: int = 200
    n_parts: int = 10_000
    n_cells: int = 3_000_000
    seconds: float = 30.0
    memory_bytes: int = 1_073_741_824

    def hold(self, n_cells: int, text_bytes: int) -> bool:
        """Whether so many cells with so many bytes of texts fit into the memory that a file may take."""
        return n_cells * _CELL_BYTES + text_bytes <= 0.9 * self.memory_bytes


class Cell(NamedTuple):
    """A cell that holds something.

    Attributes
    ----------
    row, column : int
        Place, counted from 1.
    value : str, int, float, bool, datetime, time or None
        The value as stored, for a formula the cached one; a number shown as a date is a datetime, one
        below 1 a time; an elapsed time (``[h]:mm``) stays a number of days.
    formula : str or None
        Text of the formula with its ``=``; with value and error None it was saved without a value.
    error : str or None
        ``#REF!`` and the like.
    shown : NumberFormat or None
        What is shown of a number beyond the number itself: a unit, per cent, leading zeros.
    """

    row: int
    column: int
    value: Value
    formula: str | None = None
    error: str | None = None
    shown: NumberFormat | None = None


class Annotation(NamedTuple):
    """What stands beside the cells.

    Attributes
    ----------
    row, column : int
        The cell that it belongs to, or that it begins over.
    kind : {"cell-comment", "text-box"}
    text : str
    """

    row: int
    column: int
    kind: str
    text: str


@dataclass(frozen=True)
class Sheet:
    """A sheet with every cell that holds something.

    Attributes
    ----------
    name : str
        Name on the tab.
    hidden : bool
        Whether the tab is hidden.
    cells : dict of (row, column) to Cell
        Only cells with a value, a formula or an error, in the file's order.
    n_rows, n_columns : int
        Largest row and column that hold something, 0 for an empty sheet.
    hidden_rows, hidden_columns : frozenset of int
        Hidden ones up to `n_rows` and `n_columns`.
    merged : tuple of (first row, first column, last row, last column)
        Merged ranges.
    filtered : bool
        Whether the sheet carries an automatic filter.
    annotations : tuple of Annotation
        Comments and text boxes.
    struck : frozenset of (row, column)
        Cells that are struck through, or some of their text.
    """

    name: str
    hidden: bool
    cells: dict[tuple[int, int], Cell]
    n_rows: int
    n_columns: int
    hidden_rows: frozenset[int] = frozenset()
    hidden_columns: frozenset[int] = frozenset()
    merged: tuple[tuple[int, int, int, int], ...] = ()
    filtered: bool = False
    annotations: tuple[Annotation, ...] = ()
    struck: frozenset[tuple[int, int]] = frozenset()


@dataclass(frozen=True)
class Workbook:
    """A file as it was sent.

    Attributes
    ----------
    path : Path
        Where it was read.
    format : str
        What its bytes say: ``xlsx`` (also macro workbooks), ``xls``, ``xlsb``, ``ods`` or ``csv``.
    sheets : tuple of Sheet
        In the order of the tabs.
    notes : tuple of (code, text)
        What somebody should know about the file: macros, links to other files, a guessed encoding; the
        text is the finding's ``value``.
    """

    path: Path
    format: str
    sheets: tuple[Sheet, ...]
    notes: tuple[tuple[str, str], ...] = ()


def make_sheet(
    name: str,
    hidden: bool,
    cells: dict[tuple[int, int], Cell],
    *,
    hidden_rows: set[int] | frozenset[int] = frozenset(),
    hidden_columns: set[int] | frozenset[int] = frozenset(),
    merged: list[tuple[int, int, int, int]] | tuple[tuple[int, int, int, int], ...] = (),
    filtered: bool = False,
    annotations: Sequence[Annotation] = (),
    struck: Iterable[tuple[int, int]] = (),
) -> Sheet:
    """Make a sheet that knows its size; what is hidden beyond it, or struck and empty, is dropped."""
    n_rows = max(map(itemgetter(0), cells), default=0)
    n_columns = max(map(itemgetter(1), cells), default=0)
    return Sheet(
        name,
        hidden,
        cells,
        n_rows,
        n_columns,
        frozenset(row for row in hidden_rows if row <= n_rows),
        frozenset(column for column in hidden_columns if column <= n_columns),
        tuple(merged),
        filtered,
        tuple(annotations),
        frozenset(place for place in struck if place in cells),
    )


def printable(name: str) -> str:
    r"""Name of a file whose bytes are no text, as some archives leave it, in a form that can be written.

    Examples
    --------
    >>> printable("R\udcfcckmeldung.xlsx")
    'R\\xfcckmeldung.xlsx'
    """
    return os.fsencode(name).decode("utf-8", "backslashreplace")


_ADDRESS = re.compile(r"\$?([A-Za-z]{1,3})\$?([1-9][0-9]{0,6})", re.ASCII)


@lru_cache(maxsize=1024)
def column_letters(column: int) -> str:
    """Letters of a column.

    Examples
    --------
    >>> column_letters(28)
    'AB'
    """
    letters = ""
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


@lru_cache(maxsize=1024)
def column_number(letters: str) -> int:
    """Column of its letters.

    Examples
    --------
    >>> column_number("AB")
    28
    """
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - 64
    return number


def cell_address(row: int, column: int) -> str:
    """Address of a place counted from 1.

    Examples
    --------
    >>> cell_address(12, 6)
    'F12'
    """
    if not (1 <= row <= MAX_ROW and 1 <= column <= MAX_COLUMN):
        raise ValueError(
            f"row and column must lie in 1…{MAX_ROW} and 1…{MAX_COLUMN}, not at ({row!r}, {column!r})"
        )
    return f"{column_letters(column)}{row}"


def parse_address(address: str) -> tuple[int, int]:
    """Row and column, counted from 1, of an address.

    Examples
    --------
    >>> parse_address("F12")
    (12, 6)
    """
    match = _ADDRESS.fullmatch(address)
    row, column = (int(match[2]), column_number(match[1])) if match else (0, 0)
    if not (1 <= row <= MAX_ROW and 1 <= column <= MAX_COLUMN):
        raise ValueError(f"address must be one such as 'F12' within A1:XFD{MAX_ROW}, not {address!r}")
    return row, column
