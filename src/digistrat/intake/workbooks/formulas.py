"""Formulas that share a text: each cell's own, with the relative references moved."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from digistrat.intake.workbooks.records import MAX_COLUMN, MAX_ROW, column_letters, column_number

# A text, a quoted sheet name, or a cell; not a name or function such as LOG10( that looks like a cell.
_REFERENCE = re.compile(
    r"""("[^"]*"|'[^']*')|(?<![\w.$])(\$?)([A-Za-z]{1,3})(\$?)([1-9][0-9]{0,6})(?![\w.(!])"""
    r"""|(?<![\w.$])(\$?)([A-Za-z]{1,3}):(\$?)([A-Za-z]{1,3})(?![\w.(!])"""
    r"""|(?<![\w.$])(\$?)([1-9][0-9]{0,6}):(\$?)([1-9][0-9]{0,6})(?![\w.(!])"""
)


class Moving(NamedTuple):
    """A row or column that moves; whatever stands between such places stays a text."""

    number: int
    is_column: bool


def move_pieces(pieces: Sequence[str | Moving], rows: int, columns: int) -> str:
    """Move the relative references of a formula, as if its cell were copied.

    Examples
    --------
    >>> move_pieces(formula_pieces("SUM(A1:$B$2)*LOG10(C$3)&'A1'"), 1, 1)
    "SUM(B2:$B$2)*LOG10(D$3)&'A1'"
    """
    moved = []
    for piece in pieces:
        if isinstance(piece, str):
            moved.append(piece)
        elif piece.is_column:
            moved.append(column_letters((piece.number + columns - 1) % MAX_COLUMN + 1))
        else:
            moved.append(str((piece.number + rows - 1) % MAX_ROW + 1))
    return "".join(moved)


def formula_pieces(formula: str) -> tuple[str | Moving, ...]:
    """Cut a formula into texts that stay and rows and columns that move."""
    pieces: list[str | Moving] = []
    start = 0
    for match in _REFERENCE.finditer(formula):
        if match[1] is not None:
            continue
        # The groups come in pairs: a dollar sign or nothing, and what it fixes.
        for group in range(2, 14, 2):
            word = match[group + 1]
            if word is None or match[group]:
                continue
            pieces.append(formula[start : match.start(group + 1)])
            is_column = not word.isdigit()
            pieces.append(Moving(column_number(word) if is_column else int(word), is_column))
            start = match.end(group + 1)
    pieces.append(formula[start:])
    return tuple(pieces)
