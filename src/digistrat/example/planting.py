"""Where faults can go in the books of a round: which cells are free, which are taken, what was planted."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from digistrat.example.books import Book, Planted
from digistrat.example.catalogue import dice
from digistrat.example.records import Record
from digistrat.example.sheets import Habit, Sheet, address
from digistrat.example.world import World
from digistrat.intake.forms import Form


@dataclass(frozen=True, slots=True)
class Spot:
    """A cell that a fault may go to."""

    book: Book
    sheet: Sheet
    row: int
    column: int
    record: Record

    @property
    def values(self) -> Any:
        """The record's values by column of the form."""
        return self.record.values

    @property
    def habit(self) -> Habit:
        """How the cell's organisation writes."""
        return self.book.habit


@dataclass(slots=True)
class Planter:
    """The books of a round, which rows are taken, and what was planted.

    Attributes
    ----------
    world : World
    form : Form
    books : list of Book
    taken : set
        Rows and sheets that hold a fault already: one fault must not hide another.
    planted : list of Planted
    """

    world: World
    form: Form
    books: list[Book]
    taken: set[tuple[str, ...]] = field(default_factory=set)
    planted: list[Planted] = field(default_factory=list)

    def spots(
        self, code: str, table: str, column: str, fits: Callable[[Spot], bool] | None = None
    ) -> Iterator[Spot]:
        """Yield free cells of a column that hold something, in an order that chance gives."""
        found = []
        for book in self.books:
            sheet = book.sheet(table)
            if sheet is None or column not in sheet.columns or (book.file, sheet.name) in self.taken:
                continue
            for row, record in sheet.records.items():
                spot = Spot(book, sheet, row, sheet.columns[column], record)
                if (row, spot.column) in sheet.cells and (fits is None or fits(spot)):
                    found.append(spot)
        for spot in self.shuffled(code, found):
            if self._key(spot) not in self.taken:
                yield spot

    def shuffled(self, code: str, found: Sequence[Any]) -> list[Any]:
        """Return a list in an order that the seed, the round and the code give."""
        draw = dice(self.world.seed, "fault", self.world.reporting_date, code)
        order = [draw.random() for _ in found]
        return [found[number] for number in sorted(range(len(found)), key=order.__getitem__)]

    def put(self, spot: Spot, code: str, value: Any) -> None:
        """Write a wrong value into a cell; None empties it."""
        if value is None:
            spot.sheet.cells.pop((spot.row, spot.column), None)
        else:
            spot.sheet.cells[spot.row, spot.column] = value
        self.taken.add(self._key(spot))
        self.note(spot.book, spot.sheet, code, address(spot.row, spot.column))

    def note(self, book: Book, sheet: Sheet | None, code: str, cell: str = "") -> None:
        """Record a fault."""
        self.planted.append(Planted(book.file, sheet.name if sheet else "", cell, code))

    def sheets(self, code: str, table: str, n_records: int = 3) -> Iterator[tuple[Book, Sheet]]:
        """Yield free sheets of a table, in an order that chance gives, and reserve those that are used."""
        found = [
            (book, sheet)
            for book in self.books
            if (sheet := book.sheet(table)) is not None and len(sheet.records) >= n_records
        ]
        for book, sheet in self.shuffled(code, found):
            key = (book.file, sheet.name, "sheet")
            if key not in self.taken:
                self.taken.add(key)
                yield book, sheet

    def _key(self, spot: Spot) -> tuple[str, ...]:
        return (spot.book.file, spot.sheet.name, str(spot.row))


def status(*statuses: str) -> Callable[[Spot], bool]:
    """Return what tells whether a project has one of these statuses."""
    return lambda spot: spot.values.get("status") in statuses


def first(spots: Iterator[Spot], count: int = 1) -> list[Spot]:
    """Return the first few, no two in one file."""
    chosen: dict[str, Spot] = {}
    for spot in spots:
        chosen.setdefault(spot.book.file, spot)
        if len(chosen) == count:
            break
    return list(chosen.values())


def has(spot: Spot, column: str) -> bool:
    """Whether another cell of the row holds something."""
    number = spot.sheet.columns.get(column)
    return number is not None and (spot.row, number) in spot.sheet.cells


def is_workbook(spot: Spot) -> bool:
    """Whether it stands in a workbook, not in a csv."""
    return spot.book.file.endswith(".xlsx")


def member(spot: Spot, name: str) -> Any:
    """Return what the record says of a member: a criterion, a year."""
    return spot.record.members.get(name)


def is_moderated(spot: Spot) -> bool:
    """Whether the strategy unit has rated, not the office."""
    return bool(spot.values.get("rated_by") == "unit")
