"""A table found on a sheet, and the cells around it that belong to no record."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from digistrat.findings import Finding, Severity, make_finding
from digistrat.intake.forms import Column, Form, Table
from digistrat.intake.tables.headers import cell_text
from digistrat.intake.workbooks import Cell, Sheet, cell_address

Orientation = Literal["rows", "columns"]


@dataclass(frozen=True, slots=True)
class Leftover:
    """A cell that belongs to no record: kept, so that nothing an office sent is lost.

    Attributes
    ----------
    file, sheet, cell : str
    role : str
        ``title`` (above the table or over a group of columns), ``heading`` (repeated), ``hint`` (under the
        headers: numbers of columns, what to fill in), ``example`` (a row that shows how), ``group`` (heads a
        group of records), ``extra`` (in no column of the form), ``note``, ``total``, ``unanswered`` (a record
        without any answer), ``hidden``, ``unused`` or ``ignored`` (on a sheet that holds no table; ``unused``
        also of a lower table that is none of the form's).
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
        The sheet's cells by (record, number across the records). A merged cell that counts for several
        records stands at each of their places, a header that spans two rows at the lower one.
    header : int
        Row of the headers, the lower one of two (column, where records stand in columns).
    columns : dict
        Name of a column → number across the records.
    members : dict
        Number across the records → member of the unpivoted column.
    records : list of int
        Rows that hold a record.
    groups : dict
        Number across the records → cell of the heading over several columns that belongs to its header.
    shared : dict
        (record, number) → merged cell that stands elsewhere and counts here too.
    sheet_titles : tuple of str
        Titles above all tables of the sheet that state a unit of money, where this is a lower one of them.
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
    groups: dict[int, Cell] = field(default_factory=dict)
    shared: dict[tuple[int, int], Cell] = field(default_factory=dict)
    sheet_titles: tuple[str, ...] = ()

    @property
    def mapped(self) -> dict[int, Column]:
        """Number across the records → the form's column; of a member the one that takes its cells."""
        found = {number: self.table.column(name) for name, number in self.columns.items()}
        if self.table.unpivot:
            found |= dict.fromkeys(self.members, self.table.column(self.table.unpivot.value))
        return found

    @property
    def has_amounts(self) -> bool:
        """Whether any of its columns is one of money."""
        return any(column.kind == "amount" for column in self.mapped.values())

    def place(self, record: int, number: int) -> tuple[int, int]:
        """Return row and column in the sheet of what stands in a record's cell."""
        cell = self.cells.get((record, number))
        if cell is not None:
            return cell.row, cell.column
        return (record, number) if self.orientation == "rows" else (number, record)

    def address(self, record: int, number: int) -> str:
        """Return the address in the sheet of what stands in a record's cell."""
        return cell_address(*self.place(record, number))

    def text(self, record: int, number: int) -> str:
        """Return what stands in a record's cell."""
        return cell_text(self.cells.get((record, number)))

    def header_text(self, number: int) -> str:
        """Return the header above a number across the records, with that of its group where it counts."""
        own, group = self.text(self.header, number), cell_text(self.groups.get(number))
        return f"{group} {own}".strip() if group != own else own

    def member_header(self, number: int) -> Cell:
        """Return the header that names a member: its own, or the heading over it, as 2026 over 'Plan'."""
        own, group = self.cells[self.header, number], self.groups.get(number)
        is_group = group is not None and self.members[number] in cell_text(group)
        return group if group is not None and is_group and self.members[number] not in cell_text(own) else own

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
            self.leftovers.append(
                Leftover(
                    self.file,
                    self.sheet.name,
                    self.address(record, number),
                    role,
                    self.header_text(number) if role == "extra" else "",
                    self.text(record, number),
                )
            )
