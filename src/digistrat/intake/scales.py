"""What a column's numbers are counted in, as headers and lines above or below the table say it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from statistics import median
from typing import Any

from digistrat.findings import Severity
from digistrat.intake.forms import Column
from digistrat.intake.tables import Region
from digistrat.intake.values.named import Named, rates_in, stated_in, unit_in_header, unit_in_text
from digistrat.intake.values.units import AS_WRITTEN, PER_HUNDRED, Scale, Units, money_units, units_of
from digistrat.intake.values.words import clean
from digistrat.intake.workbooks import cell_address, parse_address

NUMERIC = ("number", "integer", "amount")
ALIKE = 10  # amounts in thousands are usually smaller by more than that than amounts in euros
TAX_BASES = frozenset({"gross", "net"})


@dataclass(frozen=True, slots=True)
class Measure:
    """How a column's numbers are read: its units, their scale, and what its header states of them."""

    units: Units
    scale: Scale = AS_WRITTEN
    stated: frozenset[str] = frozenset()


def read_measures(region: Region) -> Mapping[int, Measure]:
    """Return how the numbers of every numeric column are read; what there is to say goes to the region.

    A unit in a header counts for the numbers below that carry none of their own; it is told once, at the
    header. One that contradicts the column leaves those numbers unreadable. A header that the form itself
    declares is no news: its unit is the column's, and only amounts and shares are converted. A line above
    or below the table such as "all amounts in T€" counts for the amounts whose header names no unit; it
    is told as a warning, and where it contradicts a header the amounts are unreadable.
    """
    table = region.table
    columns = {n: table.column(name) for name, n in region.columns.items()}
    if table.unpivot:
        columns |= dict.fromkeys(region.members, table.column(table.unpivot.value))
    columns = {number: column for number, column in columns.items() if column.kind in NUMERIC}
    if not columns:
        return {}
    stated_above = _unit_of_lines(region) if any(c.kind == "amount" for c in columns.values()) else None
    return {number: _measure(region, column, number, stated_above) for number, column in columns.items()}


def _measure(region: Region, column: Column, number: int, above: float | None) -> Measure:
    header = region.header_text(number)
    declared = _declared(region, column, number)
    units = money_units() if column.kind == "amount" else units_of(column.units or None)
    stated = _stated(region, header, declared, number)
    ours, theirs = stated_in(header) & TAX_BASES, _common_basis(declared)
    if ours and theirs and ours.isdisjoint(theirs):
        region.say(
            "other-tax-basis", "error", (region.header, number), column=column.name, values=_in(header)
        )
        return Measure(units, Scale(refused="other-tax-basis", refuses_all=True), stated)
    if _is_other_rate(header, declared, stated):
        place, values = (region.header, number), _in(header)
        region.say("header-unit-unclear", "error", place, column=column.name, values=values)
        return Measure(units, Scale(refused="unit-doubtful", refuses_all=True), stated)
    named = unit_in_header(header, units, stated=stated)
    is_declared = _plain(header) in {_plain(name) for name in declared}
    if column.kind == "amount" and above is not None and (named.factor or 1.0) == 1.0 and above != 1.0:
        if named.factor is None and not named.doubt:
            return Measure(units, Scale(above) if above else Scale(refused="unit-doubtful"), stated)
        named = Named(doubt="unclear")
        is_declared = False
    scale = _scale(region, column, number, named, declared, units, is_declared=is_declared)
    return Measure(units, scale, stated)


def _scale(
    region: Region,
    column: Column,
    number: int,
    named: Named,
    declared: tuple[str, ...],
    units: Units,
    *,
    is_declared: bool,
) -> Scale:
    place, values = (region.header, number), _in(region.header_text(number))
    if named.doubt and not is_declared:
        if named.doubt == "unknown":
            region.say("header-unit-unknown", "warning", place, column=column.name, values=values)
            return AS_WRITTEN
        region.say("header-unit-unclear", "error", place, column=column.name, values=values)
        return Scale(refused="unit-doubtful")
    if named.factor is None:
        return _scale_of_unit_cell(region, column, number, units)
    factor = named.factor
    if factor == PER_HUNDRED and not column.units:
        if column.maximum is not None and column.maximum > 1:  # the form wants per cent
            return AS_WRITTEN
        return _share(region, column, number, silent=is_declared)
    if is_declared and column.kind != "amount":
        return AS_WRITTEN
    if column.kind != "amount":
        bases = {unit_in_header(name, units).factor for name in declared} - {None, 1.0}
        factor /= bases.pop() if len(bases) == 1 and not column.units else 1.0  # type: ignore[operator]
    if factor == 1.0:
        return AS_WRITTEN
    if not is_declared:
        values = {**values, "factor": f"{factor:g}" if factor < 1000 else f"{factor:.0f}"}
        is_suspect = column.kind == "amount" and _look_like_euros(region, number)
        severity: Severity = "warning" if is_suspect else "info"
        region.say("unit-from-header", severity, place, column=column.name, values=values)
    return Scale(factor)


def _look_like_euros(region: Region, number: int) -> bool:
    """Whether amounts below a unit are as large as those of columns beside them that name none."""
    table, units = region.table, money_units()
    amounts = set(region.members)  # those of one question, or every amount of a record
    if number not in amounts:
        amounts = {n for name, n in region.columns.items() if table.column(name).kind == "amount"}
    others = [
        abs(value)
        for n in amounts - {number}
        if unit_in_header(region.header_text(n), units, stated=frozenset({"yearly"})) in (Named(), Named(1.0))
        for value in _numbers(region, n)
        if value
    ]
    ours = [abs(value) for value in _numbers(region, number) if value]
    return bool(ours and others) and median(ours) * ALIKE > median(others)


def _share(region: Region, column: Column, number: int, *, silent: bool) -> Scale:
    """Per cent below a header: 50 is a half, but 0.5 may be one too, as a sheet stores 50 %.

    Of nothing but ones nobody can know whether they are all or a hundredth. Cells that are shown as per
    cent speak for themselves. The form's own header (`silent`) is no news.
    """
    place, values = (region.header, number), _in(region.header_text(number))
    found = [v for v in _numbers(region, number) if v]
    if found and max(map(abs, found)) <= 1 and any(abs(v) != 1 for v in found):
        region.say("shares-as-stored", "warning", place, column=column.name, values=values)
        return AS_WRITTEN
    if found and not silent:
        region.say("unit-from-header", "info", place, column=column.name, values={**values, "factor": "0.01"})
    return Scale(PER_HUNDRED, is_share=True)


def _numbers(region: Region, number: int) -> list[float]:
    """Numbers beside which neither the text nor the cell's format writes anything."""
    found = []
    for row in region.records:
        cell = region.cells.get((row, number))
        value: Any = None if cell is None or cell.shown else cell.value
        if isinstance(value, str):
            try:
                value = float(clean(value).replace(",", "."))
            except ValueError:
                continue
        if isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < 1e15:
            found.append(float(value))
    return found


def _scale_of_unit_cell(region: Region, column: Column, number: int, units: Units) -> Scale:
    """Take the unit that stands alone in the first cell below the header; the cell itself is no number."""
    for row in region.records[:1]:
        text = region.text(row, number)
        named = unit_in_header(f"({text})", units) if text and not any(map(str.isdigit, text)) else Named()
        if named.factor is not None and named.factor != 1.0:
            values = {**_in(region.header_text(number)), "factor": f"{named.factor:g}"}
            region.say("unit-from-header", "info", (row, number), column=column.name, values=values)
            return Scale(named.factor)
    return AS_WRITTEN


def _unit_of_lines(region: Region) -> float | None:
    """Return the money unit that lines above or below the table, or the sheet's name, state for all amounts.

    Where none does, the titles of the whole sheet count.
    1 for plain euros, 0 where they contradict one another, None where none states one.
    """
    found: dict[float | None, tuple[tuple[int, int] | None, str | None]] = {}
    name = unit_in_text(region.sheet.name, is_name=True)
    if name is not None:
        found[name] = None, region.sheet.name
    headings = {cell_address(cell.row, cell.column) for cell in region.groups.values()}
    for leftover in region.leftovers:
        if leftover.role not in ("title", "note") or leftover.cell in headings:
            continue
        row, column = parse_address(leftover.cell)
        at = (row, column) if region.orientation == "rows" else (column, row)
        factor = unit_in_text(leftover.text) if at[0] != region.header else None
        if factor is not None:
            found.setdefault(factor, (at, None))
    if not found and region.sheet_titles:
        header = region.header, min({*region.columns.values(), *region.members})
        found = {unit_in_text(title): (header, title) for title in region.sheet_titles}
    # what is applied, or said to contradict, is no longer a line that counts for nothing
    applied = {region.address(*place) for place, _ in found.values() if place}
    region.findings[:] = [
        f for f in region.findings if f.code != "unit-outside-table" or f.cell not in applied
    ]
    if len(found) > 1:
        for place, shown in found.values():
            region.say("lines-contradict", "error", place, value=shown)
        return 0.0
    for factor, (place, shown) in found.items():
        if factor != 1.0:
            region.say("unit-in-title", "warning", place, value=shown, values={"factor": f"{factor:.0f}"})
        return factor
    return None


def _declared(region: Region, column: Column, number: int) -> tuple[str, ...]:
    unpivot = region.table.unpivot
    if unpivot and number in region.members:
        return tuple(unpivot.members.get(region.members[number], ()))
    return column.headers


def _stated(region: Region, header: str, declared: tuple[str, ...], number: int) -> frozenset[str]:
    """What the column says of its numbers: its header, the form's headers, and years as members."""
    stated = (stated_in(header) & TAX_BASES) | _common_basis(declared)
    stated |= {"yearly"} if any("yearly" in stated_in(name) for name in declared) else frozenset()
    member = region.members.get(number, "")
    return stated | {"yearly"} if len(member) == 4 and member.isdigit() else stated


def _is_other_rate(header: str, declared: tuple[str, ...], stated: frozenset[str]) -> bool:
    """Whether a header counts by something the form does not: 60 T€ per month is no amount, unit or not.

    Only one header of the form has to say the same: "Fallzahl p. a." is "Fälle pro Jahr" too.
    """
    ours = frozenset[str]().union(*map(rates_in, declared))
    return not rates_in(header) <= ours | (stated & {"yearly"})


def _common_basis(declared: tuple[str, ...]) -> frozenset[str]:
    """Gross or net, where the form's headers name one of them."""
    bases = frozenset[str]().union(*(stated_in(name) & TAX_BASES for name in declared))
    return bases if len(bases) == 1 else frozenset()


def _plain(text: str) -> str:
    return " ".join(clean(text).casefold().split()).rstrip(" :*")  # a mark of a required answer


def _in(header: str) -> dict[str, str]:
    return {"column": " ".join(header.split())}
