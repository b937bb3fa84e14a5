"""Faults as people make them, each planted at a known place with the finding that it must give."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from importlib.util import find_spec
from typing import Any

from digistrat.example.books import Book, Planted
from digistrat.example.catalogue import words
from digistrat.example.planting import Planter, Spot, first, has, is_moderated, is_workbook, member, status
from digistrat.example.projects import month_end, months_later
from digistrat.example.records import Record
from digistrat.example.sheets import Formula, Sheet, address, write_amount, write_date, write_record
from digistrat.example.world import World

OPEN = ("possible",)
NAMING = ("project_id", "other_id", "subject_id")  # columns in which other tables name a project


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


# --- in one cell --------------------------------------------------------------------------------------------


def amounts_as_people_say(p: Planter) -> None:
    """About, from–to, see attachment."""
    said = words()["faults"]
    for code, count in (("approximate", 3), ("range", 3), ("see-attachment", 2)):
        for spot in first(p.spots(code, "projects", "order_value_net_eur", status(*OPEN)), count):
            value = spot.values["order_value_net_eur"]
            low, high = (f"{round(value * part, -4) or 10_000:,.0f}".replace(",", ".") for part in (0.8, 1.3))
            written = {
                "approximate": said["approximate"].format(n=max(round(value / 10_000) * 10, 10)),
                "range": said["range"].format(low=low, high=high),
                "see-attachment": said["see_attachment"],
            }[code]
            p.put(spot, code, written)


def effects_as_people_say(p: Planter) -> None:
    """Savings and revenues that nobody knows exactly."""
    said = words()["faults"]
    year = str(p.world.reporting_date.year + 2)
    for spot in first(p.spots("approximate/effects", "project_effects", year), 4):
        p.put(spot, "approximate", said["approximate"].format(n=max(round(member(spot, year) / 1000), 1)))
    for spot in first(p.spots("range/effects", "project_effects", year), 4):
        low, high = (f"{round(member(spot, year) * part, -3):,.0f}".replace(",", ".") for part in (0.7, 1.4))
        p.put(spot, "range", said["range"].format(low=low, high=high))


def ratings_as_people_say(p: Planter) -> None:
    """Points and levels from–to, about, at least."""
    said = words()["faults"]
    scales = {"impact_ratings": p.world.strategy.impact, "readiness_ratings": p.world.strategy.readiness}
    said_of = [(code, "impact_ratings") for code in ("range", "approximate", "at-least")]
    for number, (code, table) in enumerate([*said_of, ("range", "readiness_ratings")]):
        criterion = scales[table].asked[number % len(scales[table].asked)]
        name, inside = criterion.id, (criterion.floor + 1, criterion.target - 1)

        def is_inside(spot: Spot, name: str = name, inside: tuple[float, float] = inside) -> bool:
            value = member(spot, name)
            return isinstance(value, int) and inside[0] <= value <= inside[1] and not is_moderated(spot)

        for spot in first(p.spots(f"{code}/{table}", table, name, is_inside), 4):
            value = member(spot, name)
            p.put(spot, code, said[f"rated_{code}"].format(n=value, low=value - 1, high=value + 1))


def notes_in_number_cells(p: Planter) -> None:
    """A note where a number belongs, and a number that reads two ways."""
    for spot in first(p.spots("not-a-number", "projects", "n_cases_yearly"), 2):
        p.put(spot, "not-a-number", words()["faults"]["not_a_number"])
    for spot in first(p.spots("ambiguous-number", "projects", "n_cases_yearly")):
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
        for spot in first(p.spots(code, "project_costs", "2027", is_plain)):
            p.put(spot, code, formula)


def impossible_dates(p: Planter) -> None:
    """Days that no calendar has."""
    for column, written in zip(("end_date", "start_date"), words()["faults"]["not_a_date"], strict=True):
        for spot in first(p.spots(f"not-a-date/{column}", "projects", column, status(*OPEN))):
            p.put(spot, "not-a-date", written)


def other_answers(p: Planter) -> None:
    """A status that is none, and one that is misspelt."""
    for spot in first(p.spots("not-a-choice", "projects", "status", status(*OPEN))):
        p.put(spot, "not-a-choice", words()["faults"]["not_a_choice"])
    for spot in first(p.spots("choice-guessed", "projects", "status", status("in_preparation"))):
        p.put(spot, "choice-guessed", words()["faults"]["choice_guessed"])


def ratings_out_of_range(p: Planter) -> None:
    """Eleven points of ten, level nine of four."""
    criterion = p.world.strategy.impact.criteria[0].id
    for table, column, value in (("impact_ratings", criterion, 11), ("maturity_ratings", "level", 9)):
        for spot in first(p.spots(f"out-of-range/{table}", table, column)):
            p.put(spot, "out-of-range", value)


def empty_cells(p: Planter) -> None:
    """A project without title, one without status, one without number."""
    for column in ("title", "status"):
        for spot in first(p.spots(f"missing-value/{column}", "projects", column, status(*OPEN))):
            p.put(spot, "missing-value", None)
    lonely = _lonely(p)
    for spot in first(p.spots("missing-key", "projects", "project_id", lonely)):
        p.put(spot, "missing-key", None)


def _lonely(p: Planter) -> Callable[[Spot], bool]:
    """Whether nothing else speaks of a project: its number can change without further findings."""
    named: set[Any] = set()
    for book in p.books:
        for sheet in book.sheets:
            if sheet.table != "projects":
                for record in sheet.records.values():
                    named |= {record.values.get(name) for name in NAMING}
    return lambda spot: spot.values["project_id"] not in named


def offices_that_are_not(p: Planter) -> None:
    """A former name, and an office that never was."""
    said = words()["faults"]
    for code, name in (
        ("former-office-name", said["former_office"]),
        ("unknown-office", said["unknown_office"]),
    ):
        for spot in first(p.spots(code, "projects", "reported_office", is_workbook)):
            p.put(spot, code, name)


def dates_against_sense(p: Planter) -> None:
    """An end before the beginning; a project that exists and has not begun."""
    for spot in first(
        p.spots(
            "end-before-start", "projects", "end_date", lambda s: has(s, "start_date") and status(*OPEN)(s)
        )
    ):
        end = month_end(months_later(spot.values["start_date"], -6))
        p.put(spot, "end-before-start", write_date(end, spot.habit.dates, end=True))
    for spot in first(p.spots("status-date-mismatch", "projects", "start_date", status("existing"))):
        if "end_date" in spot.sheet.columns:
            spot.sheet.cells.pop((spot.row, spot.sheet.columns["end_date"]), None)
        start = dt.date(2027, 4, 1)
        p.put(spot, "status-date-mismatch", write_date(start, spot.habit.dates, end=False))


def levels_without_evidence(p: Planter) -> None:
    """High levels of maturity, and nothing that shows them."""
    middle = {one.id: (one.floor + one.target) / 2 for one in p.world.strategy.maturity.asked}
    for book, sheet in p.sheets("level-without-evidence", "maturity_ratings"):
        high = [
            row
            for row, record in sheet.records.items()
            if isinstance(record.values["level"], int)
            and record.values["level"] > middle[record.values["indicator_id"]]
            and (row, sheet.columns["level"]) in sheet.cells
            and (book.file, sheet.name, str(row)) not in p.taken
        ]
        if len(high) < 3:
            continue
        for row in high:
            sheet.cells.pop((row, sheet.columns["evidence"]), None)
        p.note(book, sheet, "level-without-evidence", address(high[0], sheet.columns["level"]))
        if sum(planted.code == "level-without-evidence" for planted in p.planted) == 3:
            return


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
    for spot in p.spots("duplicate-project", "projects", "title", status(*OPEN)):
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


def ratings_that_differ(p: Planter) -> None:
    """The unit rates far otherwise than the office, with a reason."""
    from digistrat.inventory.record import answer_range

    own = {
        record.values["project_id"]: (book, sheet, row)
        for book in p.books
        if (sheet := book.sheet("impact_ratings")) is not None
        for row, record in sheet.records.items()
        if record.values["rated_by"] == "office"
    }
    apart = round(p.world.strategy.thresholds.rating_difference)
    for one in p.world.strategy.impact.asked:
        for spot in p.spots(f"ratings-differ/{one.id}", "impact_ratings", one.id, is_moderated):
            book, sheet, row = own[spot.values["project_id"]]
            rated, key = sheet.records[row].members[one.id], (book.file, sheet.name, str(row))
            step = 1 if member(spot, one.id) > rated else -1
            least, most = answer_range(one)
            if least <= rated + step * apart <= most and key not in p.taken:
                p.put(spot, "ratings-differ", rated + step * apart)
                p.planted.pop()  # it is said at the office's cell
                p.taken.add(key)
                p.note(book, sheet, "ratings-differ", address(row, sheet.columns[one.id]))
                break


def dependencies_gone_wrong(p: Planter) -> None:
    """A number that nobody has, and two projects that wait for each other."""
    for spot in first(p.spots("unknown-project", "dependencies", "other_id")):
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
    for spot in first(p.spots("row-hidden", "projects", "project_id", is_workbook)):
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
    effects_as_people_say,
    ratings_as_people_say,
    levels_without_evidence,
    ratings_that_differ,
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
