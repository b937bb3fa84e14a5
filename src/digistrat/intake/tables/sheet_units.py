"""A unit above all tables of a sheet: for which of them it counts."""

from __future__ import annotations

from collections.abc import Sequence

from digistrat.intake.tables.headers import cell_text
from digistrat.intake.tables.records import begins_with
from digistrat.intake.tables.regions import Region
from digistrat.intake.tables.search import Head
from digistrat.intake.values.named import unit_in_text
from digistrat.intake.workbooks import parse_address


def share_units(regions: Sequence[Region], head: Head) -> None:
    """Let a unit above a sheet's first table count for the others that state none themselves.

    Parameters
    ----------
    regions : sequence of Region
        All of a sheet; ``sheet_titles`` are set, and what is not taken is said.
    head : Head
        The headers of the first table.
    """
    if len(regions) < 2:
        return
    first = next((r for r in regions if r.table is head.table and r.header == head.line), regions[0])
    titles = _titles_above(first, head.top)
    others = [region for region in regions if region is not first and region.has_amounts]
    for region in others:
        if not _states_unit(region):
            region.sheet_titles = tuple(title for title in titles if not _is_of_another(title, region))
            _say_not_taken(region, [title for title in titles if title not in region.sheet_titles])
        _say_not_taken(region, _units_of_groups(regions, region))
    taken = {title for region in others for title in region.sheet_titles}
    if not first.has_amounts:  # there it counts for nothing, and said so
        first.findings[:] = [
            f for f in first.findings if f.code != "unit-outside-table" or f.value not in taken
        ]


def _titles_above(first: Region, top: int) -> list[str]:
    """Return the lines above a table that state a unit of money."""
    found = []
    for kept in first.leftovers:
        line = parse_address(kept.cell)[0 if first.orientation == "rows" else 1]
        if kept.role == "title" and line < top and unit_in_text(kept.text) is not None:
            found.append(kept.text)
    return found


def _states_unit(region: Region) -> bool:
    """Whether a line beside a table states the unit of its amounts."""
    return any(
        kept.role in ("title", "note") and unit_in_text(kept.text) is not None for kept in region.leftovers
    )


def _is_of_another(title: str, region: Region) -> bool:
    """Whether a title begins with the name of another table: then it speaks of that one."""
    others = [table for table in region.form.tables if table is not region.table]
    of_money = [table for table in others if any(column.kind == "amount" for column in table.columns)]
    return begins_with(title, (name for table in of_money for name in table.sheet_names))


def _units_of_groups(regions: Sequence[Region], region: Region) -> list[str]:
    """Return the units over an earlier table's columns, where one below of its kind has no headings."""
    earlier = [r for r in regions[: regions.index(region)] if r.table is region.table]
    if not earlier or region.groups:
        return []
    return sorted({cell_text(cell) for r in earlier for cell in r.groups.values()})


def _say_not_taken(region: Region, texts: Sequence[str]) -> None:
    place = region.header, min({*region.columns.values(), *region.members})
    for text in texts:
        if unit_in_text(text) not in (None, 1.0):
            region.say("unit-outside-table", "warning", place, value=text)
