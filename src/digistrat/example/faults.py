"""Faults as people make them, each planted at a known place with the finding that it must give."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from importlib.util import find_spec
from typing import Any

from digistrat.example.books import Book, Planted
from digistrat.example.catalogue import dice, words
from digistrat.example.projects import month_end, months_later
from digistrat.example.sheets import Formula, Habit, Sheet, address, write_amount, write_date, write_record
from digistrat.example.tables import Record
from digistrat.example.world import World
from digistrat.intake.forms import Form

OPEN = ("possible",)


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


def plant(world: World, books: list[Book]) -> list[Planted]:
    """Plant every kind of fault that finds a place; changes the books.

    Returns
    -------
    list of Planted
        Ordered by file, sheet, row and column.
    """
    from digistrat.inventory.record import standard_form

    planter = Planter(world, standard_form(world.strategy), books)
    for fault in FAULTS:
        fault(planter)
    return sorted(planter.planted, key=lambda p: (p.file, p.sheet, len(p.cell), p.cell, p.code))


def _status(*statuses: str) -> Callable[[Spot], bool]:
    return lambda spot: spot.values.get("status") in statuses


def _first(spots: Iterator[Spot], count: int = 1) -> list[Spot]:
    """The first few, no two in one file."""
    chosen: dict[str, Spot] = {}
    for spot in spots:
        chosen.setdefault(spot.book.file, spot)
        if len(chosen) == count:
            break
    return list(chosen.values())


# --- in one cell --------------------------------------------------------------------------------------------


def amounts_as_people_say(p: Planter) -> None:
    """About, from–to, see attachment."""
    said = words()["faults"]
    for code, count in (("approximate", 3), ("range", 3), ("see-attachment", 2)):
        for spot in _first(p.spots(code, "projects", "order_value_net_eur", _status(*OPEN)), count):
            value = spot.values["order_value_net_eur"]
            low, high = (f"{round(value * part, -4) or 10_000:,.0f}".replace(",", ".") for part in (0.8, 1.3))
            written = {
                "approximate": said["approximate"].format(n=max(round(value / 10_000) * 10, 10)),
                "range": said["range"].format(low=low, high=high),
                "see-attachment": said["see_attachment"],
            }[code]
            p.put(spot, code, written)


def notes_in_number_cells(p: Planter) -> None:
    """A note where a number belongs, and a number that reads two ways."""
    for spot in _first(p.spots("not-a-number", "projects", "n_cases_yearly"), 2):
        p.put(spot, "not-a-number", words()["faults"]["not_a_number"])
    for spot in _first(p.spots("ambiguous-number", "projects", "n_cases_yearly")):
        p.put(spot, "ambiguous-number", "1.234")


def formulas_that_broke(p: Planter) -> None:
    """A formula whose reference is gone, and one whose value was not saved."""

    def is_plain(spot: Spot) -> bool:
        after = spot.sheet.cells.get((spot.row, spot.column + 1))
        here = spot.sheet.cells[spot.row, spot.column]
        return not isinstance(after, Formula) and not isinstance(here, Formula)

    for code, formula in (
        ("cell-error", Formula("=#REF!*1.02", "#REF!")),
        ("formula-without-value", Formula("=50000*1.02", None)),
    ):
        for spot in _first(p.spots(code, "project_costs", "2027", is_plain)):
            p.put(spot, code, formula)


def impossible_dates(p: Planter) -> None:
    """Days that no calendar has."""
    for column, written in zip(("end_date", "start_date"), words()["faults"]["not_a_date"], strict=True):
        for spot in _first(p.spots(f"not-a-date/{column}", "projects", column, _status(*OPEN))):
            p.put(spot, "not-a-date", written)


def other_answers(p: Planter) -> None:
    """A status that is none, and one that is misspelt."""
    for spot in _first(p.spots("not-a-choice", "projects", "status", _status(*OPEN))):
        p.put(spot, "not-a-choice", words()["faults"]["not_a_choice"])
    for spot in _first(p.spots("choice-guessed", "projects", "status", _status("in_preparation"))):
        p.put(spot, "choice-guessed", words()["faults"]["choice_guessed"])


def ratings_out_of_range(p: Planter) -> None:
    """Eleven points of ten, level nine of four."""
    criterion = p.world.strategy.impact.criteria[0].id
    for table, column, value in (("impact_ratings", criterion, 11), ("maturity_ratings", "level", 9)):
        for spot in _first(p.spots(f"out-of-range/{table}", table, column)):
            p.put(spot, "out-of-range", value)


def empty_cells(p: Planter) -> None:
    """A project without title, one without status, one without number."""
    for column in ("title", "status"):
        for spot in _first(p.spots(f"missing-value/{column}", "projects", column, _status(*OPEN))):
            p.put(spot, "missing-value", None)
    lonely = _lonely(p)
    for spot in _first(p.spots("missing-key", "projects", "project_id", lonely)):
        p.put(spot, "missing-key", None)


def _lonely(p: Planter) -> Callable[[Spot], bool]:
    """Whether nothing else speaks of a project: its number can change without further findings."""
    named: set[Any] = set()
    for book in p.books:
        for sheet in book.sheets:
            if sheet.table != "projects":
                for record in sheet.records.values():
                    named |= {record.values.get("project_id"), record.values.get("other_id")}
    return lambda spot: spot.values["project_id"] not in named


def offices_that_are_not(p: Planter) -> None:
    """A former name, and an office that never was."""
    said = words()["faults"]
    for code, name in (
        ("former-office-name", said["former_office"]),
        ("unknown-office", said["unknown_office"]),
    ):
        for spot in _first(p.spots(code, "projects", "reported_office", _is_workbook)):
            p.put(spot, code, name)


def _is_workbook(spot: Spot) -> bool:
    return spot.book.file.endswith(".xlsx")


def dates_against_sense(p: Planter) -> None:
    """An end before the beginning; a project that exists and has not begun."""
    for spot in _first(
        p.spots(
            "end-before-start", "projects", "end_date", lambda s: _has(s, "start_date") and _status(*OPEN)(s)
        )
    ):
        end = month_end(months_later(spot.values["start_date"], -6))
        p.put(spot, "end-before-start", write_date(end, spot.habit.dates, end=True))
    for spot in _first(p.spots("status-date-mismatch", "projects", "start_date", _status("existing"))):
        if "end_date" in spot.sheet.columns:
            spot.sheet.cells.pop((spot.row, spot.sheet.columns["end_date"]), None)
        start = dt.date(2027, 4, 1)
        p.put(spot, "status-date-mismatch", write_date(start, spot.habit.dates, end=False))


def _has(spot: Spot, column: str) -> bool:
    number = spot.sheet.columns.get(column)
    return number is not None and (spot.row, number) in spot.sheet.cells


# --- between rows and files ---------------------------------------------------------------------------------


def numbers_used_twice(p: Planter) -> None:
    """Two projects of an office under one number."""
    for spot in p.spots("duplicate-key", "projects", "project_id", _lonely(p)):
        before = [
            record.values["project_id"]
            for row, record in spot.sheet.records.items()
            if row < spot.row and (spot.book.file, spot.sheet.name, str(row)) not in p.taken
        ]
        if before:
            p.put(spot, "duplicate-key", before[-1])
            return


def project_from_two_offices(p: Planter) -> None:
    """The same project, reported by a second office under its own number."""
    for spot in p.spots("duplicate-project", "projects", "title", _status(*OPEN)):
        for book, sheet in p.sheets("duplicate-project", "projects"):
            if book.office_id == spot.book.office_id:
                continue
            lead = next(office.name for office in p.world.offices if office.id == book.office_id)
            other = {"project_id": f"{book.office_id}-901", "reported_office": lead}
            own = replace(spot.record, values={**spot.values, **other})
            row = sheet.last_row + 1
            write_record(sheet, p.form.table("projects"), row, own, book.habit)
            twin = Spot(book, sheet, row, sheet.columns["title"], own)
            later, earlier = (twin, spot) if book.file > spot.book.file else (spot, twin)
            p.put(later, "duplicate-project", spot.values["title"])
            p.taken.add((earlier.book.file, earlier.sheet.name, str(earlier.row)))
            return
        return


def dependencies_gone_wrong(p: Planter) -> None:
    """A number that nobody has, and two projects that wait for each other."""
    for spot in _first(p.spots("unknown-project", "dependencies", "other_id")):
        number = words()["faults"]["unknown_project"].format(office=spot.book.office_id)
        p.put(spot, "unknown-project", number)
    related = {i for d in p.world.dependencies for i in (d.project_id, d.other_id)}
    for book, sheet in p.sheets("dependency-cycle", "dependencies", 1):
        free = [
            project.project_id
            for project in p.world.projects
            if project.office_id == book.office_id
            and project.status in OPEN
            and project.project_id not in related
            and project.mandate == "none"
        ][:2]
        if len(free) < 2:
            continue
        row = sheet.last_row
        for number, (one, other) in enumerate((free, free[::-1]), 1):
            record = Record({"project_id": one, "other_id": other, "kind": "end_before_start"})
            write_record(sheet, p.form.table("dependencies"), row + number, record, book.habit)
        last = Spot(book, sheet, row + 2, sheet.columns["other_id"], record)
        p.put(last, "dependency-cycle", free[0])
        return


# --- around the table ---------------------------------------------------------------------------------------


def headers_misspelt(p: Planter) -> None:
    """A header with a slip of the keys."""
    for column, written in words()["faults"]["headers"].items():
        for book, sheet in p.sheets(f"header-guessed/{column}", "projects"):
            if column in sheet.columns:
                number = sheet.columns[column]
                sheet.cells[sheet.header_row, number] = written
                p.note(book, sheet, "header-guessed", address(sheet.header_row, number))
                break


def columns_added(p: Planter) -> None:
    """A column of the office's own."""
    for book, sheet in p.sheets("column-not-mapped", "projects"):
        number = max(sheet.columns.values()) + 1
        sheet.cells[sheet.header_row, number] = words()["faults"]["extra_header"]
        for row, remark in zip(sheet.records, words()["faults"]["extra_texts"], strict=False):
            sheet.cells[row, number] = remark
        p.note(book, sheet, "column-not-mapped", address(sheet.header_row, number))
        return


def helper_sheets(p: Planter) -> None:
    """A hidden sheet with the lists of drop-downs."""
    for book in p.shuffled("sheet-hidden", [b for b in p.books if b.file.endswith(".xlsx")])[:2]:
        helper = Sheet(words()["faults"]["helper_sheet"], is_hidden=True)
        for number, column in enumerate(("status", "mandate"), 1):
            for row, labels in enumerate(p.form.table("projects").column(column).choices.values(), 1):
                helper.cells[row, number] = labels[0]
        book.sheets.append(helper)
        p.note(book, helper, "sheet-hidden")


def rows_hidden(p: Planter) -> None:
    """A row that nobody sees in Excel."""
    for spot in _first(p.spots("row-hidden", "projects", "project_id", _is_workbook)):
        spot.sheet.hidden_rows.add(spot.row)
        p.taken.add((spot.book.file, spot.sheet.name, str(spot.row)))
        p.note(spot.book, spot.sheet, "row-hidden", address(spot.row, 1))


def notes_below(p: Planter) -> None:
    """A line of text under a table."""
    for book, sheet in p.sheets("text-outside-table", "projects"):
        row, number = sheet.last_row + 2, min(sheet.columns.values())
        sheet.cells[row, number] = words()["faults"]["note"]
        p.note(book, sheet, "text-outside-table", address(row, number))
        return


def totals_below(p: Planter) -> None:
    """A row of sums under the costs."""
    for book, sheet in p.sheets("total-row", "project_costs"):
        if any(isinstance(value, Formula) and value.value is None for value in sheet.cells.values()):
            continue
        row, first, last = sheet.last_row + 1, min(sheet.records), max(sheet.records)
        sheet.cells[row, min(sheet.columns.values())] = words()["faults"]["total"]
        for column, number in sheet.columns.items():
            total = sum(record.members.get(column, 0) for record in sheet.records.values())
            if total and book.habit.money == "number":
                spanned = f"=SUM({address(first, number)}:{address(last, number)})"
                sheet.cells[row, number] = Formula(spanned, total)
            elif total:
                sheet.cells[row, number] = write_amount(total, book.habit.money)
        p.taken.add((book.file, sheet.name))
        p.note(book, sheet, "total-row", address(row, min(sheet.columns.values())))
        return


def text_files(p: Planter) -> None:
    """A csv in the encoding in which German Excel saves it."""
    texts = [book for book in p.books if book.file.endswith(".csv")]
    for book in p.shuffled("file-encoding", texts)[:1]:
        book.encoding = "cp1252"
        p.note(book, None, "file-encoding-guessed")


def file_in_an_old_format(p: Planter) -> None:
    """A workbook saved for Excel 97 by an office without other faults; left out where xlwt is missing."""
    if find_spec("xlwt") is None:
        return
    sound = {book.file for book in p.books} - {planted.file for planted in p.planted}
    able = [book for book in p.books if book.file in sound and book.sheet("projects")]
    books = p.shuffled("file-formulas-unseen", able)
    for book in [book for book in books if book.file.endswith(".xlsx")][:1]:
        book.file = book.file.removesuffix("x")
        p.note(book, None, "file-formulas-unseen")


FAULTS: tuple[Callable[[Planter], None], ...] = (
    totals_below,
    project_from_two_offices,
    numbers_used_twice,
    empty_cells,
    offices_that_are_not,
    dependencies_gone_wrong,
    dates_against_sense,
    amounts_as_people_say,
    notes_in_number_cells,
    formulas_that_broke,
    impossible_dates,
    other_answers,
    ratings_out_of_range,
    headers_misspelt,
    columns_added,
    helper_sheets,
    rows_hidden,
    notes_below,
    text_files,
    file_in_an_old_format,
)
