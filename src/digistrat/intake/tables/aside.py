"""Sheets beside a file's table that only look like one: lists of answers, overviews, explanations."""

from __future__ import annotations

from collections.abc import Sequence

from digistrat.intake.forms import Table
from digistrat.intake.tables.regions import Region
from digistrat.intake.tables.search import named_tables

SET = ("choice", "boolean", "date", "number", "integer", "amount")  # kinds whose answers not every text is
FEW = 2  # so many cells of them must be filled to tell a record from its explanation


def sheets_aside(sheets: Sequence[Sequence[Region]]) -> set[int]:
    """Return which sheets of a file only look like tables of the form.

    A sheet of another name than the form's is set aside where another sheet of the file has a table of the
    same kind with the names of its records, and this one has no such column, or has what explains the columns
    in place of answers: at least half of its records hold nothing that could be read.

    Parameters
    ----------
    sheets : sequence
        By sheet its regions, read.

    Returns
    -------
    set of int
        Positions in ``sheets``.
    """
    if sum(map(bool, sheets)) < 2:
        return set()
    doubtful = {
        number
        for number, regions in enumerate(sheets)
        if regions and all(_is_other_name(region) and _is_doubtful(region) for region in regions)
    }
    sound = {
        region.table.name
        for number, regions in enumerate(sheets)
        for region in regions
        if number not in doubtful and _names_records(region)
    }
    return {number for number in doubtful if all(region.table.name in sound for region in sheets[number])}


def _is_other_name(region: Region) -> bool:
    return region.table.name not in named_tables(region.form, region.sheet.name)


def _is_doubtful(region: Region) -> bool:
    return not _names_records(region) or _explains(region)


def _names_records(region: Region) -> bool:
    """Whether a region has a column that says which record is which."""
    names = _names(region.table)
    return not names or not names.isdisjoint(region.columns)


def _names(table: Table) -> set[str]:
    """The columns that say which record is which: the key, the first required text, or else the first key."""
    required = [column for column in table.columns if column.required]
    text, key = (next((c.name for c in required if c.kind == kind), "") for kind in ("text", "identifier"))
    return {name for name in (table.key, text) if name} or ({key} if key else set())


def _explains(region: Region) -> bool:
    """Whether of half of a region's records nothing could be read where not every text is an answer."""
    unread = {finding.cell for finding in region.findings if finding.severity == "error" and finding.cell}
    if not unread:
        return False
    numbers = [number for number, column in region.mapped.items() if column.kind in SET]
    said = [[n for n in numbers if region.text(record, n)] for record in region.records]
    without = sum(
        len(own) >= FEW and all(region.address(record, n) in unread for n in own)
        for record, own in zip(region.records, said, strict=True)
    )
    return 0 < len(region.records) <= 2 * without
