"""Planting faults in generated rounds: who has planted what where, and what is still to be planted.

A kind of fault is a function of a round and one of its books. It looks for a free place, writes the fault
there as an office would, and notes where which finding must stand; places are never taken from the reader.
Kinds that would hide one another claim what they touch; what finds its place claimed is planted in the next
pass, into fresh copies.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from digistrat.example.books import Book, Planted
from digistrat.example.catalogue import dice
from digistrat.example.records import Record
from digistrat.example.rounds import make_books
from digistrat.example.sheets import Sheet, address, write_record, write_value
from digistrat.example.world import World
from digistrat.example.writing import write_csv, write_xls, write_xlsx
from digistrat.intake.forms import Column, Form
from digistrat.intake.workbooks import parse_address
from digistrat.inventory.reading import read_inventory
from digistrat.inventory.record import Inventory, standard_form

Finish = Callable[[Any], None]
Place = tuple[str, str, str, str]  # file, sheet, cell, code
AUTHOR = "Sachgebiet 16.2"  # of comments


@dataclass(frozen=True, slots=True)
class Answer:
    """A cell of a record that a fault may go to."""

    book: Book
    sheet: Sheet
    row: int
    number: int
    name: str
    column: Column
    record: Record

    @property
    def value(self) -> Any:
        """What the record says there."""
        return self.record.members.get(self.name, self.record.values.get(self.name))


@dataclass
class Area:
    """Merged cells, hidden columns, and what is pinned to a cell, drawn when a sheet is written."""

    file: str
    sheet: str
    what: str  # merged, hidden, comment, text box, format, struck
    top: int
    left: int
    bottom: int
    right: int
    text: str = ""

    def draw(self, workbook: Any) -> None:
        """Draw it in XlsxWriter's workbook."""
        page = workbook.get_worksheet_by_name(self.sheet)
        row, number = self.top - 1, self.left - 1
        if self.what == "hidden":
            page.set_column(number, self.right - 1, 8, None, {"hidden": True})
        elif self.what == "comment":
            page.write_comment(row, number, self.text, {"author": AUTHOR})
        elif self.what == "text box":
            page.insert_textbox(row, number, self.text)
        elif self.what == "format":
            shown = workbook.add_format({"num_format": self.text})
            page.write_number(row, number, page.table[row][number].number, shown)
        elif self.what == "struck":
            cell = page.table[row][number]
            shown = cell.format.num_format if cell.format else "General"
            struck = workbook.add_format({"num_format": shown, "font_strikeout": True})
            page.table[row][number] = cell._replace(format=struck)
        else:
            value = page.table[row][number]
            texts = workbook.str_table.string_table
            text = next(text for text, number in texts.items() if number == value.string)
            page.merge_range(row, number, self.bottom - 1, self.right - 1, text)


@dataclass
class Town:
    """A world's books as they are without faults, and their bytes.

    Attributes
    ----------
    world : World
    clean : list of Book
    shown : dict
        File → what its sheets look like: a book that still looks so is not written anew.
    bytes_of : dict
        File → bytes.
    """

    world: World
    clean: list[Book] = field(default_factory=list)
    shown: dict[str, str] = field(default_factory=dict)
    bytes_of: dict[str, bytes] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.clean = make_books(self.world)
        for book in self.clean:
            self.shown[book.file] = shown(book)
            self.bytes_of[book.file] = book_bytes(book)


@dataclass
class Round:
    """Fresh books of a town, what is claimed, and what was planted.

    Attributes
    ----------
    town : Town
    passing : int
        Number of the pass: chance differs in each.
    files : dict
        Further files: name → bytes.
    areas : list of Area
        What a `Sheet` cannot say.
    finish : dict
        File → what else is done to its workbook before it is written.
    copies : dict
        Name of a copy → book.
    changes : dict
        File → what is done to its bytes, one after the other.
    memory : dict
        What kinds have to remember of the whole round.
    """

    town: Town
    passing: int = 0
    books: list[Book] = field(default_factory=list)
    planted: list[Planted] = field(default_factory=list)
    claims: set[Any] = field(default_factory=set)
    was_blocked: bool = False
    files: dict[str, bytes] = field(default_factory=dict)
    copies: dict[str, Book] = field(default_factory=dict)
    areas: list[Area] = field(default_factory=list)
    finish: dict[str, list[Finish]] = field(default_factory=lambda: defaultdict(list))
    changes: dict[str, list[Callable[[bytes], bytes]]] = field(default_factory=lambda: defaultdict(list))
    memory: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.world = self.town.world
        self.form: Form = standard_form(self.world.strategy)
        self.books = [fresh(book) for book in self.town.clean]

    # --- what is free ---------------------------------------------------------------------------------------

    def is_free(self, *things: Any) -> bool:
        """Whether nothing else has claimed these; remembers where something has."""
        if self.claims.isdisjoint(things):
            return True
        self.was_blocked = True
        return False

    def claim(self, *things: Any) -> bool:
        """Claim all of these, where all are free."""
        if not self.is_free(*things):
            return False
        self.claims.update(things)
        return True

    def shuffled(self, found: Sequence[Any], *names: object) -> list[Any]:
        """Put what was found into an order that seed, round and pass give."""
        draw = dice(self.world.seed, "plant", self.world.reporting_date, self.passing, *names)
        found = list(found)
        draw.shuffle(found)
        return found

    # --- what is there --------------------------------------------------------------------------------------

    def sheet(self, book: Book, table: str) -> tuple[Book, Sheet] | None:
        """Return where the sender of a book has its sheet of a table: there or in its other file."""
        for other in (book, *self.books):
            if other.office_id == book.office_id and (sheet := other.sheet(table)) is not None:
                return other, sheet
        return None

    def column(self, table: str, name: str) -> Column:
        """Return the form's column of a name or member."""
        of = self.form.table(table)
        is_plain = any(column.name == name for column in of.columns)
        assert is_plain or of.unpivot is not None
        return of.column(name) if is_plain else of.column(of.unpivot.value)  # type: ignore[union-attr]

    def cells(
        self, book: Book, fits: Callable[[str, Column], bool], *, empty: bool = False
    ) -> Iterator[Answer]:
        """Yield the records' cells of fitting columns of a book, empty ones too if asked."""
        for sheet in book.sheets:
            if not sheet.table or sheet.table == "returns":
                continue
            for name, number in sheet.columns.items():
                column = self.column(sheet.table, name)
                if not fits(sheet.table, column):
                    continue
                for row, record in sheet.records.items():
                    if empty or (row, number) in sheet.cells:
                        yield Answer(book, sheet, row, number, name, column, record)

    # --- what is done ---------------------------------------------------------------------------------------

    def note(self, book: Book | str, sheet: Sheet | str | None, cell: Any, code: str) -> None:
        """Note where a finding must stand; a cell is (row, number) or an address, empty for none."""
        at = address(*cell) if isinstance(cell, tuple) else cell or ""
        name = sheet.name if isinstance(sheet, Sheet) else sheet or ""
        self.planted.append(Planted(book if isinstance(book, str) else book.file, name, at, code))

    def write(self, book: Book, sheet: Sheet, row: int, name: str, value: Any) -> None:
        """Write what a record says, as its office writes; None empties the cell."""
        written = write_value(self.column(sheet.table, name), value, book.habit)
        self.put(sheet, row, sheet.columns[name], written)

    @staticmethod
    def put(sheet: Sheet, row: int, number: int, written: Any) -> None:
        """Write into a cell as it stands; None empties it."""
        if written is None:
            sheet.cells.pop((row, number), None)
        else:
            sheet.cells[row, number] = written

    def append(self, book: Book, sheet: Sheet, record: Record) -> int:
        """Write a record below the others."""
        row = sheet.last_row + 1
        write_record(sheet, self.form.table(sheet.table), row, record, book.habit)
        self.claims.add(("row", book.file, sheet.name, row))
        return row

    def insert_rows(self, book: Book, sheet: Sheet, at: int, count: int = 1) -> None:
        """Make room before a row; what was noted below moves along."""
        insert_rows(sheet, at, count)
        for area in self.areas:
            if (area.file, area.sheet) == (book.file, sheet.name) and area.top >= at:
                area.top, area.bottom = area.top + count, area.bottom + count
        for number, fault in enumerate(self.planted):
            if (fault.file, fault.sheet) == (book.file, sheet.name) and fault.cell:
                row, column = parse_address(fault.cell)
                if row >= at:
                    self.planted[number] = replace(fault, cell=address(row + count, column))

    def save(self, folder: Path) -> None:
        """Write all files."""
        folder.mkdir(parents=True, exist_ok=True)
        for book in self.books:
            drawn = [area.draw for area in self.areas if area.file == book.file]
            finish = [*drawn, *self.finish.get(book.file, ())]
            is_clean = not finish and shown(book) == self.town.shown.get(book.file)
            data = self.town.bytes_of[book.file] if is_clean else book_bytes(book, finish)
            for change in self.changes.get(book.file, ()):
                data = change(data)
            (folder / book.file).write_bytes(data)
        for name, data in self.files.items():
            (folder / name).write_bytes(data)
        for name, book in self.copies.items():
            (folder / name).write_bytes((folder / book.file).read_bytes())

    def expected(self) -> Counter[Place]:
        """Every finding that there must be."""
        return Counter((p.file, p.sheet, p.cell, p.code) for p in self.planted)

    def read(self, folder: Path) -> Inventory:
        """Write all files and read them."""
        target = folder / str(self.world.reporting_date)
        self.save(target)
        return read_inventory(target, self.world.strategy)

    def found(self, folder: Path) -> Counter[Place]:
        """Every finding that the reader and the checks have."""
        findings = self.read(folder).findings
        return Counter(
            zip(findings["file"], findings["sheet"], findings["cell"], findings["code"], strict=True)
        )


def fresh(book: Book) -> Book:
    """Return a copy of a book that may be changed."""
    sheets = [
        replace(
            sheet,
            cells=dict(sheet.cells),
            columns=dict(sheet.columns),
            records=dict(sheet.records),
            merged=list(sheet.merged),
            hidden_rows=set(sheet.hidden_rows),
        )
        for sheet in book.sheets
    ]
    return replace(book, sheets=sheets)


def shown(book: Book) -> str:
    """Return all that a book's bytes depend on."""
    return repr((book.encoding, book.sheets))


def book_bytes(book: Book, finish: Sequence[Finish] = ()) -> bytes:
    """Return the bytes of a file."""
    if book.file.endswith(".csv"):
        return write_csv(book.sheets[0], book.encoding)
    if book.file.endswith(".xls"):
        return write_xls(book.sheets)

    def last(workbook: Any) -> None:
        for step in finish:
            step(workbook)

    return write_xlsx(book.sheets, finish=last)


Plant = Callable[[Round, Book], bool]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of fault: its name in the tally, and how it is planted into a book."""

    code: str
    plant: Plant


def plant_everywhere(town: Town, kinds: Sequence[Kind], most: int = 20) -> Iterator[Round]:
    """Yield rounds until every kind stands once in every book that has a place for it.

    Raises
    ------
    AssertionError
        If kinds keep blocking each other.
    """
    pending = {book.file: list(kinds) for book in town.clean}
    for passing in range(most):
        made = Round(town, passing)
        for book in list(made.books):
            left, file = [], book.file
            # in turn from both ends: what needs a whole sheet stands last and comes first in the second pass
            for kind in pending.pop(book.file, ())[:: -1 if passing % 2 else 1]:
                made.was_blocked = False
                if not kind.plant(made, book) and made.was_blocked:
                    left.append(kind)
            if left:
                pending[file] = left[:: -1 if passing % 2 else 1]
        if made.planted:
            yield made
        if not pending:
            return
    raise AssertionError(f"still pending: {pending}")


def insert_rows(sheet: Sheet, at: int, count: int = 1) -> None:
    """Make room before a row; formulas keep their texts and values."""

    def moved(row: int) -> int:
        return row + count if row >= at else row

    sheet.cells = {(moved(row), number): value for (row, number), value in sheet.cells.items()}
    sheet.records = {moved(row): record for row, record in sheet.records.items()}
    sheet.merged = [(moved(row), first, last) for row, first, last in sheet.merged]
    sheet.hidden_rows = {moved(row) for row in sheet.hidden_rows}
    sheet.header_row = moved(sheet.header_row)


def insert_columns(sheet: Sheet, at: int, count: int = 1) -> None:
    """Make room before a column."""

    def moved(number: int) -> int:
        return number + count if number >= at else number

    sheet.cells = {(row, moved(number)): value for (row, number), value in sheet.cells.items()}
    sheet.columns = {name: moved(number) for name, number in sheet.columns.items()}
    sheet.merged = [(row, moved(first), moved(last)) for row, first, last in sheet.merged]


def drop_column(sheet: Sheet, name: str) -> None:
    """Take a column out; headings over groups of columns go with it."""
    gone = sheet.columns.pop(name)
    for row, first, _last in sheet.merged:
        sheet.cells.pop((row, first), None)
    sheet.merged = []

    def moved(number: int) -> int:
        return number - 1 if number > gone else number

    sheet.cells = {(row, moved(n)): value for (row, n), value in sheet.cells.items() if n != gone}
    sheet.columns = {other: moved(number) for other, number in sheet.columns.items()}
