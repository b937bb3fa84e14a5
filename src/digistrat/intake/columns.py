"""A region's cells → typed columns, with what stood in each cell and what had to be said of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from digistrat.intake.cells import cell_parser, read_cells
from digistrat.intake.forms import Column, Unpivot
from digistrat.intake.places import CellRef, Layout, find_cell
from digistrat.intake.scales import Measure, read_measures
from digistrat.intake.tables import Region
from digistrat.intake.tables.headers import declared_header
from digistrat.intake.values import detect_decimal
from digistrat.intake.workbooks import cell_address


@dataclass
class Chunk:
    """The records of one region as lists, ready to be joined with those of other returns.

    Attributes
    ----------
    table : str
    file, sheet : str
    columns : dict of lists
        Typed values by column.
    raws : dict of lists
        What stood in the cells, by column that has cells.
    rows : list of int
        Row of each record (column, where records stand in columns).
    layouts : list
        One `Layout` per block of records; ``blocks`` says how many records each has.
    exceptions : dict
        (position, column) → place of a value that was taken from elsewhere.
    """

    table: str
    file: str
    sheet: str
    columns: dict[str, list[Any]] = field(default_factory=dict)
    raws: dict[str, list[Any]] = field(default_factory=dict)
    rows: list[int] = field(default_factory=list)
    layouts: list[Layout] = field(default_factory=list)
    blocks: list[int] = field(default_factory=list)
    exceptions: dict[tuple[int, str], CellRef] = field(default_factory=dict)

    def place(self, position: int, column: str) -> CellRef:
        """Return the place of one record's cell."""
        cell = find_cell(self.layouts, self.blocks, self.rows[position], position, column)
        return CellRef(self.file, self.sheet, cell, self.raws[column][position] if cell else None)


def read_region(region: Region) -> Chunk:
    """Read a region's cells as the form's types; what there is to say goes to the region's findings.

    Parameters
    ----------
    region : Region
        From `find_regions`.

    Returns
    -------
    Chunk
        One record per row, or per row and member where the table is unpivoted.
    """
    table = region.table
    chunk = Chunk(table.name, region.file, region.sheet.name)
    unpivot = table.unpivot
    plain = [c for c in table.columns if not unpivot or c.name not in (unpivot.member, unpivot.value)]
    values: dict[str, list[Any]] = {}
    raws: dict[str, list[Any]] = {}
    measures = read_measures(region)
    for column in plain:
        number = region.columns.get(column.name)
        if column.kind != "state" and number is not None:
            _read_into(region, column, number, measures.get(number), values, raws)
    if unpivot is None:
        chunk.rows = list(region.records)
        chunk.columns, chunk.raws = values, raws
        chunk.layouts = [Layout(region.orientation, dict(region.columns))]
        chunk.blocks = [len(chunk.rows)]
    else:
        _unpivot(region, unpivot, chunk, measures, values, raws)
    _fill_up(region, chunk)
    _place_shared(region, chunk)
    return chunk


def _fill_up(region: Region, chunk: Chunk) -> None:
    """Give columns that the sheet does not have, and answers that have a default, their values."""
    n = len(chunk.rows)
    for column in region.table.columns:
        default = None if column.default is None else cell_parser(column)(column.default).value
        if column.kind == "state":
            chunk.columns.setdefault(column.name, ["missing"] * n)
        elif column.name not in chunk.columns:
            value = region.sheet.name if column.name == region.table.sheet_column else default
            chunk.columns[column.name] = [value] * n
            if column.bounds:
                chunk.columns[f"{column.name}_lower"] = [None] * n
                chunk.columns[f"{column.name}_upper"] = [None] * n
        elif default is not None:
            pairs = zip(chunk.columns[column.name], chunk.raws[column.name], strict=True)
            chunk.columns[column.name] = [default if raw is None else value for value, raw in pairs]


def _place_shared(region: Region, chunk: Chunk) -> None:
    """Let values of merged cells lead to the cell that holds them."""
    if not region.shared:
        return
    start = 0
    for layout, size in zip(chunk.layouts, chunk.blocks, strict=True):
        for position in range(start, start + size):
            for name, number in layout.columns.items():
                cell = region.shared.get((chunk.rows[position], number))
                if cell is not None:
                    address = cell_address(cell.row, cell.column)
                    place = CellRef(chunk.file, chunk.sheet, address, cell.error or cell.value)
                    chunk.exceptions[position, name] = place
        start += size


def _unpivot(
    region: Region,
    unpivot: Unpivot,
    chunk: Chunk,
    measures: Mapping[int, Measure],
    values: dict[str, list[Any]],
    raws: dict[str, list[Any]],
) -> None:
    table = region.table
    value_column, member_column = table.column(unpivot.value), table.column(unpivot.member)
    found = (region.cells.get((row, number)) for number in region.members for row in region.records)
    decimal = detect_decimal(cell.value for cell in found if cell is not None)
    answered: set[int] = set()
    long_values: dict[str, list[Any]] = {}
    long_raws: dict[str, list[Any]] = {}
    for number, member in sorted(region.members.items()):
        block: dict[str, list[Any]] = {}
        block_raws: dict[str, list[Any]] = {}
        _read_into(region, value_column, number, measures.get(number), block, block_raws, decimal)
        kept = [i for i, row in enumerate(region.records) if unpivot.keep_empty or region.text(row, number)]
        answered.update(region.records[i] for i in kept)
        header = region.member_header(number)
        key: Any = int(member) if member_column.kind == "integer" else member
        for name, column in {**values, **block}.items():
            long_values.setdefault(name, []).extend(column[i] for i in kept)
        for name, column in {**raws, **block_raws}.items():
            long_raws.setdefault(name, []).extend(column[i] for i in kept)
        long_values.setdefault(unpivot.member, []).extend([key] * len(kept))
        long_raws.setdefault(unpivot.member, []).extend([header.value] * len(kept))
        place = header.row, header.column
        chunk.layouts.append(
            Layout(
                region.orientation,
                {**region.columns, unpivot.value: number},
                {unpivot.member: (region.sheet.name, *place, header.value)},
            )
        )
        chunk.blocks.append(len(kept))
        chunk.rows.extend(region.records[i] for i in kept)
    chunk.columns, chunk.raws = long_values, long_raws
    _note_unanswered(region, unpivot, [row for row in region.records if row not in answered])


def _note_unanswered(region: Region, unpivot: Unpivot, rows: Sequence[int]) -> None:
    """Keep and name the records that give no row, because no member's cell holds anything."""
    numbers = sorted(region.columns.values())
    for row in rows:
        filled = [number for number in numbers if region.text(row, number)]
        region.keep("unanswered", row, filled)
        if region.members:
            region.say("record-without-answer", "info", (row, filled[0]))
    if rows and not region.members:
        expected = [declared_header(region.table, ("member", member)) for member in unpivot.members]
        region.say("members-missing", "error", None, values={"expected": (expected or [unpivot.member])[0]})


def _read_into(
    region: Region,
    column: Column,
    number: int,
    measure: Measure | None,
    values: dict[str, list[Any]],
    raws: dict[str, list[Any]],
    decimal: str | None = None,
) -> None:
    """Read one column into the lists by name: its values, bounds and states."""
    answers = read_cells(region, column, number, measure, decimal)
    values[column.name], raws[column.name] = answers.values, answers.raws
    if column.bounds:
        values[f"{column.name}_lower"], values[f"{column.name}_upper"] = answers.lower, answers.upper
    for other in region.table.columns:
        if other.of == column.name:
            values[other.name] = answers.states
