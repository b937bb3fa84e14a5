"""What begins below a table, behind a gap, under headers of its own that make no table of the form."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import takewhile

from digistrat.intake.tables.answers import is_record
from digistrat.intake.tables.grids import Line
from digistrat.intake.tables.headers import cell_text, lexicon
from digistrat.intake.tables.regions import Region
from digistrat.intake.tables.search import Head
from digistrat.intake.values import fold

TITLES = 3  # lines above its headers


def cut_lower(head: Head, below: Mapping[int, Line]) -> int | None:
    """Return the line below a table's headers with which another table begins; None where none does.

    Its headers stand among the first lines behind a gap. All are texts, at least one names a column or member
    of the table above and stands under another header, and most of what follows is no record of that table.

    Parameters
    ----------
    head : Head
        The headers of the table above.
    below : mapping
        Line → cells, in order.
    """
    numbers = list(below)
    starts = [line for line, before in zip(numbers[1:], numbers, strict=False) if line > before + 1]
    for start in starts:
        block = takewhile(below.__contains__, range(start, start + TITLES + 1))
        header = next((line for line in block if _is_header(head, below[line])), None)
        if header is None or any(is_record(head.columns, below[n]) for n in range(start, header + 1)):
            continue
        rest = [cells for line, cells in below.items() if line > header]
        if 2 * sum(is_record(head.columns, cells) for cells in rest) <= len(rest):
            return start
    return None


def _is_header(head: Head, cells: Line) -> bool:
    """Whether a line has texts only, and among them more headers of other columns than those above again."""
    if len(cells) < 2 or not all(isinstance(cell.value, str) for cell in cells.values()):
        return False
    known = lexicon(head.table)
    same = others = 0
    for number, cell in cells.items():
        folded = fold(cell_text(cell))
        if number in head.cells and folded == fold(head.cells[number].text):
            same += 1
        else:
            others += known.declared_as(cell_text(cell)) is not None
    return others > same


def keep_lower(region: Region, lower: Mapping[int, Line]) -> None:
    """Keep the cells of a lower table that is not read, and say where it begins."""
    for line, cells in lower.items():
        region.keep("unused", line, cells)
    first = next(iter(lower))
    count = sum(map(len, lower.values()))
    place = (first, next(iter(lower[first])))
    region.say("lower-table-not-read", "warning", place, values={"count": count})
