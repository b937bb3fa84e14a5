"""Raw sheet → where its table stands: the header row, the columns, the records, and what is none of these."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from digistrat.findings import Finding, Severity, make_finding
from digistrat.intake.forms import Form, Table
from digistrat.intake.headers import (
    Target,
    cell_text,
    close_targets,
    declared_header,
    find_header,
    known_target,
    spell,
    spell_rows,
    starts_like_total,
)
from digistrat.intake.values import fold
from digistrat.intake.workbooks import Cell, Sheet, cell_address

__all__ = ["Leftover", "Region", "cell_text", "find_regions"]

Orientation = Literal["rows", "columns"]


@dataclass(frozen=True, slots=True)
class Leftover:
    """A cell that belongs to no record: kept, so that nothing an office sent is lost.

    Attributes
    ----------
    file, sheet, cell : str
    role : str
        ``title`` (above the table), ``heading`` (repeated), ``extra`` (in no column of the form), ``note``,
        ``total``, ``unanswered`` (a record without any answer), ``hidden``, ``unused`` or ``ignored`` (on a
        sheet that holds no table).
    header : str
        Header of an extra's column.
    text : str
        What stands in the cell.
    """

    file: str
    sheet: str
    cell: str
    role: str
    header: str
    text: str


@dataclass
class Region:
    """A table found on a sheet.

    Attributes
    ----------
    table : Table
        The form's table.
    form : Form
        Its form; findings are in the form's language.
    file : str
        Name of the file.
    sheet : Sheet
        Where it stands.
    orientation : {"rows", "columns"}
        Whether one record is a row or a column of this sheet, whatever the form expects.
    cells : dict
        The sheet's cells by (record, number across the records).
    header : int
        Row of the headers (column, where records stand in columns).
    columns : dict
        Name of a column → number across the records.
    members : dict
        Number across the records → member of the unpivoted column.
    records : list of int
        Rows that hold a record.
    """

    table: Table
    form: Form
    file: str
    sheet: Sheet
    orientation: Orientation
    cells: Mapping[tuple[int, int], Cell]
    header: int
    columns: dict[str, int] = field(default_factory=dict)
    members: dict[int, str] = field(default_factory=dict)
    records: list[int] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    leftovers: list[Leftover] = field(default_factory=list)

    def place(self, record: int, number: int) -> tuple[int, int]:
        """Return row and column in the sheet of a record's cell."""
        return (record, number) if self.orientation == "rows" else (number, record)

    def address(self, record: int, number: int) -> str:
        """Return the address in the sheet of a record's cell."""
        return cell_address(*self.place(record, number))

    def text(self, record: int, number: int) -> str:
        """Return what stands in a record's cell."""
        return cell_text(self.cells.get((record, number)))

    def header_text(self, number: int) -> str:
        """Return the header above a number across the records."""
        return self.text(self.header, number)

    def say(
        self,
        code: str,
        severity: Severity,
        place: tuple[int, int] | None,
        *,
        value: str | None = None,
        column: str = "",
        values: Mapping[str, object] | None = None,
    ) -> None:
        """Add a finding about a record's cell, given as (record, number), or about the whole table."""
        shown = value if value is not None else self.text(*place) if place else ""
        self.findings.append(
            make_finding(
                code,
                severity,
                self.form.language,
                values=values,
                file=self.file,
                sheet=self.sheet.name,
                cell=self.address(*place) if place else "",
                table=self.table.name,
                column=column,
                value=shown[:200],
            )
        )

    def keep(self, role: str, record: int, numbers: Iterable[int]) -> None:
        """Keep cells of a row that belong to no record."""
        for number in numbers:
            header = self.text(self.header, number) if role == "extra" else ""
            self.leftovers.append(
                Leftover(
                    self.file,
                    self.sheet.name,
                    self.address(record, number),
                    role,
                    header,
                    self.text(record, number),
                )
            )


def find_regions(sheet: Sheet, form: Form, file: str) -> list[Region]:
    """Find the form's tables that a sheet holds.

    The header is the row with the most known headers, not the first one with text; or a column of headers,
    where one knows more: records may stand in columns although the form has them in rows. A sheet whose name
    the form declares needs one known header, any other at least three (or all that the table has).

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
        With columns mapped, records listed, and everything else of the sheet among findings and leftovers;
        empty where the sheet holds no table.
    """
    ways: dict[Orientation, dict[tuple[int, int], Cell]] = {
        "rows": sheet.cells,
        "columns": {(column, row): cell for (row, column), cell in sheet.cells.items()},
    }
    lines = {way: _by_rows(cells) for way, cells in ways.items()}
    spelled = {way: spell_rows(rows) for way, rows in lines.items()}
    best: tuple[tuple[bool, int, bool], Region] | None = None
    for table in form.tables:
        vocabulary = table.vocabulary
        named = fold(sheet.name) in table.sheet_names
        for way, cells in ways.items():
            header, known = find_header(spelled[way], table, vocabulary)
            if known < (1 if named else min(3, len(set(vocabulary.values())))):
                continue
            fit = (named, known, way == table.orientation)
            if best is None or fit > best[0]:
                best = (fit, Region(table, form, file, sheet, way, cells, header))
    if best is None:
        return []
    region = best[1]
    rows = lines[region.orientation]
    _map_columns(region, rows[region.header])
    extras = _split_rows(region, rows)
    _note_extras(region, rows[region.header], extras)
    _note_hidden(region, extras)
    return [region]


def _by_rows(cells: Mapping[tuple[int, int], Cell]) -> dict[int, dict[int, Cell]]:
    rows: dict[int, dict[int, Cell]] = {}
    for (row, column), cell in cells.items():
        if cell_text(cell):
            rows.setdefault(row, {})[column] = cell
    return dict(sorted(rows.items()))


def _map_columns(region: Region, headers: Mapping[int, Cell]) -> None:
    """Declared headers first, then close spellings; never two columns onto one."""
    table = region.table
    vocabulary = table.vocabulary
    taken: dict[Target, int] = {}
    open_headers: dict[int, str] = {}
    for number in sorted(headers):
        header = region.text(region.header, number)
        target = known_target(spell(header), table, vocabulary)
        if target is None:
            open_headers[number] = header
        elif target in taken:
            first = region.address(region.header, taken[target])
            region.say("column-twice", "warning", (region.header, number), values={"first": first})
        else:
            taken[target] = number
    guesses = close_targets(open_headers, {h: t for h, t in vocabulary.items() if t not in taken})
    for number, target in guesses.items():
        taken[target] = number
        region.say(
            "header-guessed",
            "warning",
            (region.header, number),
            column=target[1],
            values={"column": declared_header(table, target)},
        )
    for (kind, name), number in taken.items():
        if kind == "column":
            region.columns[name] = number
        else:
            region.members[number] = name
    for column in table.columns:
        has_other_source = column.take or column.default is not None or column.name == table.sheet_column
        if column.required and column.name not in region.columns and not has_other_source:
            expected = declared_header(table, ("column", column.name))
            # without the key nothing else of the table can be assigned
            severity: Severity = "error" if column.name == table.key or column.refers else "warning"
            region.say("column-missing", severity, None, column=column.name, values={"expected": expected})


def _split_rows(region: Region, rows: Mapping[int, dict[int, Cell]]) -> Counter[int]:
    """Tell records from titles, repeated headers, totals and notes; return how many extras a column has."""
    table = region.table
    mapped = {*region.columns.values(), *region.members}
    headers = {number: fold(cell_text(cell)) for number, cell in rows[region.header].items()}
    required = {table.key, *(c.name for c in table.columns if c.required)}
    anchor = {number for name, number in region.columns.items() if name in required}
    below = {row: cells for row, cells in rows.items() if row > region.header}
    full = [row for row, cells in below.items() if len(mapped & cells.keys()) >= min(2, len(mapped))]
    # without any, the first row that has a key or another required answer is a record, not a note
    firsts = [row for row, cells in below.items() if anchor & cells.keys()]
    last_full = max(full) if full else min(firsts, default=0)
    keys = {
        n for name, n in region.columns.items() if n in anchor and table.column(name).kind == "identifier"
    }

    def is_key(row: int, number: int) -> bool:
        """Below a table 'A16-003' is a record without answers, 'As of April' is a note."""
        return number in keys and len(region.text(row, number).split()) == 1

    extras: Counter[int] = Counter()
    for row, cells in rows.items():
        inside = mapped & cells.keys()
        same = sum(fold(cell_text(cell)) == headers.get(number) for number, cell in cells.items())
        if row == region.header:
            continue
        if row < region.header:
            region.keep("title", row, cells)
        elif same >= max(min(2, len(headers)), (len(inside) + 1) // 2):
            region.keep("heading", row, cells)
        elif inside and _is_total(cells, inside, anchor):
            region.keep("total", row, cells)
            region.say("total-row", "info", (row, min(cells)))
        elif not inside or (
            len(inside) == 1
            and len(mapped) >= 2
            and (not inside & anchor or (row > last_full and not is_key(row, *inside)))
        ):
            region.keep("note", row, cells)
            for number in cells:
                region.say("text-outside-table", "info", (row, number))
        else:
            region.records.append(row)
            outside = sorted(cells.keys() - mapped)
            extras.update(outside)
            region.keep("extra", row, outside)
    return extras


def _is_total(cells: Mapping[int, Cell], inside: Iterable[int], anchor: set[int]) -> bool:
    if not starts_like_total(cell_text(cells[min(cells)])):
        return False
    # a project may be called 'Gesamt-IT': a total has no key and no other text
    return len(anchor & set(inside)) <= 1 and all(
        number == min(cells) or not isinstance(cell.value, str) or not cell.value.strip()[:1].isalpha()
        for number, cell in cells.items()
    )


def _note_extras(region: Region, headers: Mapping[int, Cell], extras: Mapping[int, int]) -> None:
    """Say which columns are none of the form's; their headers are kept where nothing stands below."""
    for number, count in sorted(extras.items()):
        place = (region.header, number)
        region.say("column-not-mapped", "info", place, values={"count": count})
    mapped = {*region.columns.values(), *region.members}
    region.keep("title", region.header, sorted(headers.keys() - mapped - extras.keys()))


def _note_hidden(region: Region, extras: Iterable[int]) -> None:
    """Say which records and columns nobody sees in the spreadsheet; they are read."""
    rows, columns = region.sheet.hidden_rows, region.sheet.hidden_columns
    if region.orientation == "columns":
        rows, columns = columns, rows
    for row in region.records:
        if row in rows:
            region.say("row-hidden", "info", (row, 1), value=str(row))
    names = {number: name for name, number in region.columns.items()}
    for number in sorted({*names, *region.members, *extras} & columns):
        region.say("column-hidden", "info", (region.header, number), column=names.get(number, ""))
