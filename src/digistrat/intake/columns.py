"""A region's cells → typed columns, with what stood in each cell and what had to be said of it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from digistrat.findings import Severity
from digistrat.intake.forms import Column, Unpivot
from digistrat.intake.headers import declared_header
from digistrat.intake.places import CellRef, Layout
from digistrat.intake.tables import Region
from digistrat.intake.values import (
    Parsed,
    detect_decimal,
    parse_amount,
    parse_boolean,
    parse_choice,
    parse_date,
    parse_identifier,
    parse_list,
    parse_number,
    parse_text,
)
from digistrat.intake.values.words import MISSING, clean, unreadable
from digistrat.intake.workbooks import Cell, cell_address

# What a reader's remark about a value means: an info tells how it was read, a warning that it was changed or
# guessed, or that it is elsewhere; every other keeps the value out and is an error.
SEVERITY: dict[str, Severity] = {
    "approximate": "info",
    "range": "info",
    "at-most": "info",
    "at-least": "info",
    "approximate-date": "info",
    "date-range": "info",
    "see-attachment": "warning",
    "choice-guessed": "warning",
    "remark-dropped": "warning",
    "serial-date": "warning",
}
STATES = {"value": "assessed"}
MOST = 2**53  # whole numbers up to here are exact
LARGEST = 1e300


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
        layout, start = self.layouts[0], 0
        for candidate, size in zip(self.layouts, self.blocks, strict=True):
            if position < start + size:
                layout = candidate
                break
            start += size
        if column not in layout.columns:
            return CellRef(self.file, self.sheet, "")
        row, number = self.rows[position], layout.columns[column]
        address = (row, number) if layout.orientation == "rows" else (number, row)
        return CellRef(self.file, self.sheet, cell_address(*address), self.raws[column][position])


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
    for column in plain:
        number = region.columns.get(column.name)
        if column.kind != "state" and number is not None:
            _read_column(region, column, number, values, raws)
    if unpivot is None:
        chunk.rows = list(region.records)
        chunk.columns, chunk.raws = values, raws
        chunk.layouts = [Layout(region.orientation, dict(region.columns))]
        chunk.blocks = [len(chunk.rows)]
    else:
        _unpivot(region, unpivot, chunk, values, raws)
    n = len(chunk.rows)
    for column in table.columns:
        if column.kind != "state" and column.name not in chunk.columns:
            default = None if column.default is None else _parser(column, None)(column.default).value
            value = region.sheet.name if column.name == table.sheet_column else default
            chunk.columns[column.name] = [value] * n
            if column.bounds:
                chunk.columns[f"{column.name}_lower"] = [None] * n
                chunk.columns[f"{column.name}_upper"] = [None] * n
        elif column.kind == "state":
            chunk.columns.setdefault(column.name, ["missing"] * n)
    return chunk


def _unpivot(
    region: Region, unpivot: Unpivot, chunk: Chunk, values: dict[str, list[Any]], raws: dict[str, list[Any]]
) -> None:
    table = region.table
    value_column, member_column = table.column(unpivot.value), table.column(unpivot.member)
    decimal = _decimal(region, value_column, list(region.members))
    answered: set[int] = set()
    long_values: dict[str, list[Any]] = {}
    long_raws: dict[str, list[Any]] = {}
    for number, member in sorted(region.members.items()):
        block: dict[str, list[Any]] = {}
        block_raws: dict[str, list[Any]] = {}
        _read_column(region, value_column, number, block, block_raws, decimal)
        kept = [i for i, row in enumerate(region.records) if unpivot.keep_empty or region.text(row, number)]
        answered.update(region.records[i] for i in kept)
        header = region.cells[region.header, number]
        key: Any = int(member) if member_column.kind == "integer" else member
        for name, column in {**values, **block}.items():
            long_values.setdefault(name, []).extend(column[i] for i in kept)
        for name, column in {**raws, **block_raws}.items():
            long_raws.setdefault(name, []).extend(column[i] for i in kept)
        long_values.setdefault(unpivot.member, []).extend([key] * len(kept))
        long_raws.setdefault(unpivot.member, []).extend([header.value] * len(kept))
        place = region.place(region.header, number)
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


def _decimal(region: Region, column: Column, numbers: Sequence[int]) -> Any:
    if column.kind not in ("number", "amount", "integer"):
        return None
    cells = (region.cells.get((row, number)) for number in numbers for row in region.records)
    return detect_decimal([cell.value for cell in cells if cell is not None])


def _read_column(
    region: Region,
    column: Column,
    number: int,
    values: dict[str, list[Any]],
    raws: dict[str, list[Any]],
    decimal: Any = None,
) -> None:
    parse = _parser(column, decimal or _decimal(region, column, [number]))
    expected = _expected(column, region.header_text(number) or column.name)
    parsed: list[Parsed] = []
    raw: list[Any] = []
    for row in region.records:
        cell = region.cells.get((row, number))
        result = _read_cell(cell, parse, column)
        raw.append(None if cell is None else cell.error or cell.value)
        parsed.append(result)
        for code in result.codes:
            severity = SEVERITY.get(code, "error")
            region.say(code, severity, (row, number), column=column.name, values=expected)
        no_answer = result.state in ("missing", "not_applicable") and not result.codes
        if no_answer and column.required and not column.take:
            found = "no-answer" if region.text(row, number) else "missing-value"
            code = "missing-key" if column.name == region.table.key else found
            region.say(code, "warning", (row, number), column=column.name, values=expected)
    values[column.name] = [p.value for p in parsed]
    raws[column.name] = raw
    if column.bounds:
        values[f"{column.name}_lower"] = [p.lower for p in parsed]
        values[f"{column.name}_upper"] = [p.upper for p in parsed]
    for other in region.table.columns:
        if other.of == column.name:
            values[other.name] = [STATES.get(p.state, p.state) for p in parsed]


def _read_cell(cell: Cell | None, parse: Callable[[Any], Parsed], column: Column) -> Parsed:
    if cell is None:
        return MISSING
    if cell.error:
        return unreadable("cell-error")
    if cell.value is None and cell.formula:
        return unreadable("formula-without-value")
    if _is_too_large(cell.value):
        return unreadable("not-a-number")
    result = parse(cell.value)
    if _is_too_large(result.value):
        return unreadable("not-a-number")
    outside = (
        result.state == "value"
        and isinstance(result.value, (int, float))
        and (
            (column.minimum is not None and result.value < column.minimum)
            or (column.maximum is not None and result.value > column.maximum)
        )
    )
    if outside:
        return unreadable("out-of-range")
    return result


def _is_too_large(value: Any) -> bool:
    """Whether a number is beyond what can be computed with: 400 digits, or infinite."""
    return isinstance(value, (int, float)) and not abs(value) < LARGEST


def _expected(column: Column, header: str) -> dict[str, Any]:
    """What findings say of a column, in the words of its return."""

    def shown(number: float | None) -> str:
        return "…" if number is None else f"{number:g}"

    labels = [names[0] for names in column.choices.values()]
    return {
        "column": " ".join(header.split()),
        "minimum": shown(column.minimum),
        "maximum": shown(column.maximum),
        "choices": ", ".join(labels[:8]) + (" …" if len(labels) > 8 else ""),
    }


def _parser(column: Column, decimal: Any) -> Callable[[Any], Parsed]:
    match column.kind:
        case "text":
            return parse_text if column.required or column.take else _free_text
        case "identifier":
            return parse_identifier
        case "number":
            return lambda raw: parse_number(raw, decimal=decimal, units=column.units or None)
        case "integer":
            return lambda raw: _whole(parse_number(raw, decimal=decimal, units=column.units or None))
        case "amount":
            return lambda raw: parse_amount(raw, decimal=decimal)
        case "date":
            return lambda raw: parse_date(raw, end=column.period_end)
        case "boolean":
            return parse_boolean
        case "choice":
            return lambda raw: parse_choice(raw, column.choices)
        case "list":
            return lambda raw: _choices(parse_list(raw), column)
        case _:
            raise ValueError(f"kind {column.kind!r} of column {column.name} has no cells of its own")


def _free_text(raw: Any) -> Parsed:
    """A text that may be missing keeps words such as "not yet decided": they may be the answer itself."""
    parsed = parse_text(raw)
    is_worded = isinstance(raw, str) and any(map(str.isalpha, raw))
    return Parsed(clean(raw)) if parsed.value is None and not parsed.codes and is_worded else parsed


def _whole(parsed: Parsed) -> Parsed:
    if parsed.state != "value":
        return parsed
    if abs(parsed.value) > MOST:
        return unreadable("out-of-range")
    if parsed.value.is_integer():
        return parsed
    if parsed.lower != parsed.upper:  # the midpoint of a range of whole numbers
        return Parsed(math.floor(parsed.value), "value", parsed.lower, parsed.upper, parsed.codes)
    return unreadable("not-an-integer")


def _choices(parsed: Parsed, column: Column) -> Parsed:
    """Each entry of a list as one of the declared choices; what is none stays out, with a finding."""
    if parsed.state != "value" or not column.choices:
        return parsed
    items = [parse_choice(item, column.choices) for item in parsed.value]
    codes = tuple(dict.fromkeys(code for item in items for code in item.codes))
    found = tuple(item.value for item in items if item.state == "value")
    return Parsed(found, "value" if found else "unreadable", None, None, codes)


def typed(column: Column, values: list[Any], index: pd.Index) -> pd.Series:
    """Return a column's values with the dtype of its kind; missing is NA of that dtype."""
    match column.kind:
        case "number" | "amount":
            return pd.Series([math.nan if v is None else v for v in values], index, dtype="float64")
        case "integer":
            return pd.Series([pd.NA if v is None else int(v) for v in values], index, dtype="Int64")
        case "boolean":
            return pd.Series([pd.NA if v is None else v for v in values], index, dtype="boolean")
        case "date":
            return pd.Series(
                pd.to_datetime(pd.Series(values, index, dtype="object")), index, dtype="datetime64[s]"
            )
        case "list":
            return pd.Series([() if v is None else v for v in values], index, dtype="object")
        case _:
            return pd.Series([None if v is None else str(v) for v in values], index, dtype="str")
