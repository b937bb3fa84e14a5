"""The cells of a sheet line by line: rows, or columns where records stand in columns; headers in two."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from digistrat.intake.forms import Target
from digistrat.intake.tables.headers import Lexicon, cell_text
from digistrat.intake.tables.regions import Orientation
from digistrat.intake.workbooks import Cell, Sheet

Line = Mapping[int, Cell]
Range = tuple[int, int, int, int]  # first line, first number, last line, last number


@dataclass(frozen=True)
class Grid:
    """A sheet in one orientation; cells that show nothing are left out.

    Attributes
    ----------
    orientation : {"rows", "columns"}
        What a line is.
    cells : dict
        All cells by (line, number across the lines).
    lines : dict
        Line → number → cell, in order.
    merged : dict
        First line → merged ranges that begin there.
    """

    orientation: Orientation
    cells: Mapping[tuple[int, int], Cell]
    lines: dict[int, Line]
    merged: dict[int, list[Range]] = field(default_factory=dict)


def make_grid(sheet: Sheet, orientation: Orientation) -> Grid:
    """Return a sheet's cells line by line."""
    cells = sheet.cells
    ranges: Iterator[Range] = iter(sheet.merged)
    if orientation == "columns":
        cells = {(column, row): cell for (row, column), cell in cells.items()}
        ranges = ((left, top, right, bottom) for top, left, bottom, right in sheet.merged)
    lines: dict[int, Line] = {}
    line: dict[int, Cell] = {}
    last, before, in_order = 0, 0, True
    for (number, place), cell in cells.items():
        value = cell[2]
        if value.__class__ is str:
            if not (value and (not value.isspace())) and not cell[4]:
                continue
        elif value is None and not cell_text(cell):
            continue
        if number != last:
            in_order = in_order and number > last
            last, before = number, 0
            line = lines.setdefault(number, {})  # type: ignore[assignment]
        elif place < before:
            in_order = False
        before = place
        line[place] = cell
    merged: dict[int, list[Range]] = {}
    for found in ranges:
        merged.setdefault(found[0], []).append(found)
    if not in_order:
        lines = {number: dict(sorted(lines[number].items())) for number in sorted(lines)}
    return Grid(orientation, cells, lines, merged)


class HeaderCell(NamedTuple):
    """A header: its own cell, the one over the columns that it belongs to; or whether it is such a one."""

    cell: Cell
    group: Cell | None = None
    is_group: bool = False

    @property
    def text(self) -> str:
        """What stands in its own cell."""
        return header_text(self.cell)

    def target(self, known: Lexicon) -> tuple[Target | None, bool]:
        """Return what the header names, and whether its group was needed to know."""
        own = self.text
        if self.group is not None:
            group = header_text(self.group)
            alone = known.declared_as(own)
            for joined in (f"{group} {own}", f"{own} {group}"):
                target = known.declared_as(joined)
                if target is not None:
                    return target, target != alone
            if alone is not None:
                return alone, False
            member = known.member_of(own)
            return (member, False) if member else (known.member_of(f"{group} {own}"), True)  # 2026, 'Plan'
        return known.declared_as(own) if self.is_group else known.target_of(own), False


def header_text(cell: Cell) -> str:
    """Return what stands in a cell; a whole number without decimals."""
    value = cell.value
    if isinstance(value, float) and value.is_integer() and not cell.error:
        return str(int(value))
    return cell_text(cell)


def header_cells(
    grid: Grid,
    lower: Line,
    upper: Line | None = None,
    line: int = 0,
    is_word: Callable[[str], bool] = lambda _: False,
) -> dict[int, HeaderCell]:
    """Return the headers of a line, or of a line and the one above it.

    Parameters
    ----------
    grid : Grid
    lower : mapping
        Number → cell of the headers' line.
    upper : mapping, optional
        The line above, where it belongs to the headers.
    line : int
        Number of the lower line.
    is_word : callable
        Whether a text is a header of the form: only such a one stands in the upper line beside the lower.

    Returns
    -------
    dict
        Number → header, in order; one that spans both lines, or stands in the upper one over an empty
        place, has no group.
    """
    if upper is None:
        groups = group_headings(grid, line)
        return {n: HeaderCell(cell, is_group=n in groups) for n, cell in sorted(lower.items())}
    found = {number: HeaderCell(cell) for number, cell in lower.items()}
    covered: set[int] = set()
    for _, first, bottom, last in grid.merged.get(line - 1, ()):
        covered.update(range(first, last + 1))
        if first not in upper:
            continue
        for number in range(first, last + 1):
            if bottom >= line:
                found.setdefault(first, HeaderCell(upper[first]))
            elif number in lower:
                found[number] = HeaderCell(lower[number], upper[first])
    for number in sorted(upper.keys() - covered):
        if number not in lower:
            if min(lower) < number < max(lower) or is_word(header_text(upper[number])):
                found[number] = HeaderCell(upper[number])
            continue
        reach = number
        while reach in lower and reach not in covered and (reach == number or reach not in upper):
            found[reach] = HeaderCell(lower[reach], upper[number])
            reach += 1
    return dict(sorted(found.items()))


def are_two_lines(grid: Grid, lower: Line, upper: Line, line: int) -> bool:
    """Whether a line and the one above it are drawn as one header: merged, or groups with gaps between."""
    first, last = min(lower), max(lower)
    gaps = 0
    for _, left, bottom, right in grid.merged.get(line - 1, ()):
        if left not in upper:
            continue
        inside = sum(left <= number <= right for number in lower)
        if bottom == line and left not in lower:
            return True
        if bottom == line - 1 and inside >= 2 and not (left <= first and right >= last and len(lower) > 2):
            return True
    if len(upper) < 2 and min(upper) <= first:  # one text at the left is a title
        return False
    for number in upper:
        gaps += number in lower and number + 1 in lower and number + 1 not in upper
    return gaps > 0


def group_headings(grid: Grid, line: int) -> set[int]:
    """Return the headers that stand over several columns, each with a word below: 2026 over its parts."""
    cells, below = grid.lines.get(line, {}), grid.lines.get(line + 1, {})
    if not cells or not below:
        return set()
    numbers = sorted(cells)
    last: dict[int, int] = {}
    if numbers[0] not in below:  # no record: each may reach up to the next one
        last = dict(zip(numbers, [*(number - 1 for number in numbers[1:]), max(below)], strict=True))
    last |= {left: right for _, left, bottom, right in grid.merged.get(line, ()) if bottom == line}
    return {number for number in numbers if _are_words(below, number, last.get(number, 0))}


def _are_words(below: Line, first: int, last: int) -> bool:
    words = [below[number].value for number in range(first, last + 1) if number in below]
    return len(words) > 1 and all(isinstance(word, str) and word.isalpha() for word in words)
