"""Raw sheet → where its tables stand: headers, columns, records, and what is none of these."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import pairwise

from digistrat.intake.forms import Form, Table, Target
from digistrat.intake.tables.grids import Grid, HeaderCell, Line, make_grid
from digistrat.intake.tables.headers import cell_text, lexicon
from digistrat.intake.tables.lower import cut_lower, keep_lower
from digistrat.intake.tables.mapping import map_columns, note_extras, note_hidden
from digistrat.intake.tables.records import keep_titles, say_records_above, share_merged, split_lines
from digistrat.intake.tables.regions import Region
from digistrat.intake.tables.search import (
    Head,
    Searcher,
    columns_may_know_more,
    find_heads,
    guess_head,
    side_by_side,
)
from digistrat.intake.tables.sheet_units import share_units
from digistrat.intake.workbooks import Sheet

Lines = Mapping[int, Line]


@dataclass(frozen=True)
class _Page:
    """A sheet that is being taken apart, in one orientation."""

    sheet: Sheet
    form: Form
    file: str
    grid: Grid
    searcher: Searcher


def find_regions(sheet: Sheet, form: Form, file: str) -> list[Region]:
    """Find the form's tables that a sheet holds.

    A header is the row with the most known headers, not the first one with text, alone or with the row above;
    or a column of headers, where one knows more: records may stand in columns although the form has them in
    rows. A sheet whose name the form declares needs one known header, any other at least three (or all that
    the table has); where the form's headers are questions, shortened ones count if nothing else is found.
    Further down, and behind an empty column, other tables may begin.

    Parameters
    ----------
    sheet : Sheet
        A visible sheet.
    form : Form
        What may be there.
    file : str
        Name of the file, for findings.

    Returns
    -------
    list of Region
        With columns mapped and records listed. Every other cell of the sheet is among the findings and
        leftovers of one of them; empty where the sheet holds no table.
    """
    searcher = Searcher(form, sheet.name)
    page = _Page(sheet, form, file, make_grid(sheet, "rows"), searcher)
    for strict in (True, False):  # headers are texts, but for a sheet that shows none
        best, heads = _best_way(page, strict=strict)
        if heads:
            regions = _take_apart(best, best.grid.lines, heads)
            share_units(regions, heads[0])
            return regions
    guessed = guess_head(searcher, page.grid, page.grid.lines)
    return _take_apart(page, page.grid.lines, [guessed]) if guessed else []


def _best_way(page: _Page, *, strict: bool) -> tuple[_Page, list[Head]]:
    """Look at a sheet from above, and from the side where that may show more headers."""
    heads = find_heads(page.searcher, page.grid, page.grid.lines, strict=strict)
    best = max(heads, key=lambda head: head.rank, default=None)
    if not columns_may_know_more(page.searcher, page.grid, best):
        return page, heads
    aside = replace(page, grid=make_grid(page.sheet, "columns"))
    others = find_heads(page.searcher, aside.grid, aside.grid.lines, strict=strict)
    other = max(others, key=lambda head: head.rank, default=None)
    if other is None or (best is not None and _fit(best, "rows") >= _fit(other, "columns")):
        return page, heads
    # a column of headers that stands above a table is that sheet's cover
    if best is not None and best.is_strong and max(other.targets) < best.top:
        return page, heads
    return aside, others


def _fit(head: Head, way: str) -> tuple[bool, bool, int, bool]:
    return *head.rank, head.table.orientation == way


def _take_apart(page: _Page, lines: Lines, heads: list[Head]) -> list[Region]:
    """Make regions of the tables that stand below or beside each other, the first with all above it."""
    first = heads[0]
    windows = side_by_side(page.searcher, page.grid, lines, first)
    if windows:
        parts = [_part(lines, first.top, left, right) for left, right in _bounds(windows)]
        found = [find_heads(page.searcher, page.grid, part) for part in parts]
        if all(found):
            above = {line: cells for line, cells in lines.items() if line < first.top}
            parts[0] = {**above, **parts[0]}
            pairs = zip(parts, found, strict=True)
            return [region for part, own in pairs for region in _take_apart(page, part, own)]
    regions: list[Region] = []
    starts = [0, *(_start(lines, head, after) for head, after in pairwise(heads))]
    for number, head in enumerate(heads):
        end = starts[number + 1] if number + 1 < len(heads) else None
        inside = (
            lines
            if len(heads) == 1
            else {n: cells for n, cells in lines.items() if starts[number] <= n and (end is None or n < end)}
        )
        if number == 0 and page.grid.orientation == "rows" and next(iter(inside)) < head.top:
            cover, inside = _cover_above(page, inside, head)
            regions += cover
        region = _region(page, inside, head, is_lower=number > 0)
        regions.append(region)
    return regions


def _bounds(windows: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Windows that leave no column out."""
    starts = [0, *(left for left, _ in windows[1:])]
    return list(zip(starts, [*(start - 1 for start in starts[1:]), 10**9], strict=True))


def _part(lines: Lines, top: int, left: int, right: int) -> dict[int, Line]:
    part: dict[int, Line] = {}
    for line, cells in lines.items():
        inside = {number: cell for number, cell in cells.items() if left <= number <= right}
        if line >= top and inside:
            part[line] = inside
    return part


def _start(lines: Lines, head: Head, after: Head) -> int:
    """The first line that belongs to the next table: behind the first gap under this one's records."""
    between = [line for line in lines if head.line < line < after.top]
    full = [line for line in between if len(head.targets.keys() & lines[line].keys()) >= 2]
    last = max(full, default=head.line)
    while last + 1 in lines and last + 1 < after.top:
        last += 1
    return last + 1


def _cover_above(page: _Page, lines: Lines, head: Head) -> tuple[list[Region], Lines]:
    """Return a table of one record above another, its headers one below the other, and all lines else."""
    above = {line: cells for line, cells in lines.items() if line < head.top}
    best: Head | None = None
    for table in page.form.tables:
        if table.orientation != "columns" or table is head.table:
            continue
        for number in sorted({n for cells in above.values() for n in cells}):
            own = _labels(above, number, table)
            if own is not None and (best is None or own.score > best.score):
                best = own
    if best is None:
        return [], lines
    both = (best.line, best.line + 1)
    turned: dict[int, Line] = {n: {line: lines[line][n] for line in best.targets} for n in both}
    cells = {(n, line): cell for n, inside in turned.items() for line, cell in inside.items()}
    cover = _region(replace(page, grid=Grid("columns", cells, turned)), turned, best)
    rest = {
        line: {n: cell for n, cell in inside.items() if line not in best.targets or n not in both}
        for line, inside in lines.items()
    }
    return [cover], {line: inside for line, inside in rest.items() if inside}


def _labels(above: Lines, number: int, table: Table) -> Head | None:
    """Headers of a table in a column, each with an answer beside it."""
    known = lexicon(table)
    targets: dict[int, Target] = {}
    for line, cells in above.items():
        target = known.declared_as(cell_text(cells.get(number)))
        if target is not None and target not in targets.values() and number + 1 in cells:
            targets[line] = target
    if len(targets) < min(2, known.n_targets):
        return None
    headers = {line: HeaderCell(above[line][number]) for line in targets}
    return Head(table, number, number, headers, targets, 0, True)


def _region(page: _Page, lines: Lines, head: Head, *, is_lower: bool = False) -> Region:
    grid = page.grid
    region = Region(head.table, page.form, page.file, page.sheet, grid.orientation, grid.cells, head.line)
    headers = head.cells
    spanning = {(head.line, n): h.cell for n, h in headers.items() if n not in lines[head.line]}
    if spanning:
        region.cells = {**grid.cells, **spanning}
    below = {line: cells for line, cells in lines.items() if line > head.line}
    end = cut_lower(head, below)
    lower = {line: cells for line, cells in below.items() if end is not None and line >= end}
    if lower:
        below = {line: cells for line, cells in below.items() if line not in lower}
    twice = map_columns(region, headers, below)
    above = {line: cells for line, cells in lines.items() if line < head.top}
    keep_titles(region, above, head.top, is_lower=is_lower)
    if head.is_double and head.top in lines:
        used = {header.cell for header in headers.values()}
        region.keep("title", head.top, [n for n, cell in lines[head.top].items() if cell not in used])
        say_records_above(region, {head.top: lines[head.top]})
    if lower:
        keep_lower(region, lower)
    extras = split_lines(region, below, grid.merged, again=head.again)
    if grid.merged:
        share_merged(region, grid.merged)
    note_extras(region, headers, extras, twice)
    note_hidden(region, extras)
    return region
