"""Edits of a workbook that change how it looks and not what it says."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from typing import Any

from planted_cells import is_csv
from planting import Area, Round, insert_columns

from digistrat.example.books import Book
from digistrat.example.sheets import Formula, Share, Sheet

Edit = Callable[[Round, Book, Sheet, random.Random], bool]
NUMERIC = ("amount", "number", "integer")


def area_of(made: Round, book: Book, sheet: Sheet) -> bool:
    """Whether something on a sheet is merged or hidden already."""
    return bool(sheet.merged or any((a.file, a.sheet) == (book.file, sheet.name) for a in made.areas))


def blank_rows(made: Round, book: Book, sheet: Sheet, draw: random.Random) -> bool:
    """One or two empty rows between records."""
    row = draw.choice(list(sheet.records))
    if any(area.top < row <= area.bottom for area in made.areas):
        return False
    made.insert_rows(book, sheet, row, draw.choice((1, 2)))
    return True


def blank_column_left(made: Round, book: Book, sheet: Sheet, draw: random.Random) -> bool:
    """An empty column before the first."""
    if area_of(made, book, sheet) or made.planted:
        return False
    insert_columns(sheet, 1)
    return True


def blank_column_inside(made: Round, book: Book, sheet: Sheet, draw: random.Random) -> bool:
    """An empty column between two others."""
    if area_of(made, book, sheet) or made.planted:
        return False
    insert_columns(sheet, draw.choice(sorted(sheet.columns.values())[1:]))
    return True


def title(made: Round, book: Book, sheet: Sheet, draw: random.Random) -> bool:
    """A line above everything."""
    if book.habit.n_titles > 1 or not made.claim(("title", sheet.name)):
        return False
    made.insert_rows(book, sheet, 1, draw.choice((1, 2, 3)))
    column = 1 if ("turned", sheet.name) in made.claims else draw.choice((1, 2))
    sheet.cells[1, column] = draw.choice(("Entwurf", "Stand: Entwurf vom Mai", "Anlage 2 zum Schreiben"))
    return True


def other_order(made: Round, book: Book, sheet: Sheet, draw: random.Random) -> bool:
    """The columns in another order."""
    if area_of(made, book, sheet) or made.planted or ("again", sheet.name) in made.claims:
        return False
    numbers = list(sheet.columns.values())
    draw.shuffle(numbers)
    moved = dict(zip(sheet.columns.values(), numbers, strict=True))
    sheet.cells = {
        (row, moved.get(n, n) if row >= sheet.header_row else n): value
        for (row, n), value in sheet.cells.items()
    }
    sheet.columns = {name: moved[number] for name, number in sheet.columns.items()}
    return True


def other_sheets(made: Round, book: Book, sheet: Sheet, draw: random.Random) -> bool:
    """The sheets in another order."""
    draw.shuffle(book.sheets)
    return len(book.sheets) > 1


def _run(sheet: Sheet, draw: random.Random) -> tuple[int, int]:
    numbers = sorted(sheet.columns.values())
    pairs = [(a, b) for a, b in pairwise(numbers) if b == a + 1]
    return draw.choice(pairs) if pairs else (0, 0)


def group_headings(made: Round, book: Book, sheet: Sheet, draw: random.Random) -> bool:
    """A merged heading over two columns, above the headers."""
    first, last = _run(sheet, draw)
    if is_csv(book) or area_of(made, book, sheet) or not first or not made.claim(("headers", sheet.name)):
        return False
    made.insert_rows(book, sheet, sheet.header_row)
    row = sheet.header_row - 1
    sheet.cells[row, first] = draw.choice(("Stammdaten", "Weitere Angaben"))
    sheet.merged.append((row, first, last))
    return True


def headers_in_two_rows(made: Round, book: Book, sheet: Sheet, draw: random.Random) -> bool:
    """Headers merged over two rows, but for two columns that have a heading above their own."""
    if not group_headings(made, book, sheet, draw):
        return False
    row, first, last = sheet.merged[-1]
    for number in sheet.columns.values():
        if not first <= number <= last and isinstance(sheet.cells[row + 1, number], str):
            sheet.cells[row, number] = sheet.cells.pop((row + 1, number))
            made.areas.append(Area(book.file, sheet.name, "merged", row, number, row + 1, number))
    return True


def headers_again(made: Round, book: Book, sheet: Sheet, draw: random.Random) -> bool:
    """The headers once more between the records, as on a new page, with the headings above them or not."""
    if len(sheet.records) < 4 or len(sheet.columns) < 3:
        return False
    row = draw.choice(sorted(sheet.records)[1:])
    if any(area.top < row <= area.bottom for area in made.areas) or not made.claim(("again", sheet.name)):
        return False
    at = (book.file, sheet.name, "merged", sheet.header_row - 1)
    spans = [area for area in made.areas if (area.file, area.sheet, area.what, area.top) == at]
    is_grouped = book.habit.is_grouped or any(above == sheet.header_row - 1 for above, *_ in sheet.merged)
    both = bool(spans) or (is_grouped and draw.random() < 0.5)
    made.insert_rows(book, sheet, row, 1 + both)
    repeat_headers(sheet, row, 1 + both)
    for area in spans:
        made.areas.append(replace(area, top=row, bottom=row + 1))
    return True


def repeat_headers(sheet: Sheet, row: int, count: int) -> None:
    """Write the headers again into so many rows, the last of which is that of the headers."""
    shift = row + count - 1 - sheet.header_row
    first = sheet.header_row - count + 1
    above = {place: value for place, value in sheet.cells.items() if first <= place[0] <= sheet.header_row}
    sheet.cells |= {(at + shift, number): value for (at, number), value in above.items()}
    sheet.merged += [(at + shift, *across) for at, *across in sheet.merged if first <= at <= sheet.header_row]


def totals(made: Round, book: Book, sheet: Sheet, draw: random.Random) -> bool:
    """A row of sums below costs; an info says that it was seen."""
    first = min(sheet.columns.values())
    if sheet.table != "project_costs" or not made.claim(("below", sheet.name)):
        return False
    row = sheet.last_row + 1
    sheet.cells[row, first] = "Summe"
    for name, number in sheet.columns.items():
        total = sum(float(r.members.get(name) or 0) for r in sheet.records.values() if name.isdecimal())
        if total and number != first:
            sheet.cells[row, number] = total
    made.note(book, sheet, (row, first), "total-row")
    return True


def hidden_row(made: Round, book: Book, sheet: Sheet, draw: random.Random) -> bool:
    """A row that nobody sees; an info says that it was read."""
    row = draw.choice(list(sheet.records))
    if is_csv(book) or row in sheet.hidden_rows:
        return False
    sheet.hidden_rows.add(row)
    made.note(book, sheet, (row, 1), "row-hidden")
    return True


def _german(value: float) -> str:
    if float(value).is_integer() and abs(value) < 1000:
        return str(int(value))
    if float(value).is_integer():
        return f"{value:,.2f}".translate(str.maketrans(",.", ".,"))
    return f"{value:.12g}".replace(".", ",")


def numbers_as_text(made: Round, book: Book, sheet: Sheet, draw: random.Random) -> bool:
    """Numbers as they are written in German."""
    done = False
    for name, number in sheet.columns.items():
        if made.column(sheet.table, name).kind not in NUMERIC:
            continue
        for row in sheet.records:
            value = sheet.cells.get((row, number))
            shown = value.value if isinstance(value, Formula) else value
            if isinstance(shown, Share):  # its format is gone as well
                sheet.cells[row, number], done = f"{_german(round(shown * 100, 6))} %", True
            elif isinstance(shown, (int, float)):
                sheet.cells[row, number], done = _german(shown), True
    return done


def dates_as_text(made: Round, book: Book, sheet: Sheet, draw: random.Random) -> bool:
    """Dates as they are written in German."""
    dates = [place for place, value in sheet.cells.items() if isinstance(value, dt.date)]
    for place in dates:
        sheet.cells[place] = f"{sheet.cells[place]:%d.%m.%Y}"
    return bool(dates)


def other_headers(made: Round, book: Book, sheet: Sheet, draw: random.Random) -> bool:
    """Headers in capitals, with blanks, colons and asterisks."""
    ways: tuple[Callable[[str], str], ...] = (
        str.upper,
        str.lower,
        lambda text: f"  {text} ",
        lambda text: text.replace(" ", "  "),
        lambda text: text.replace(" ", "\n"),
        lambda text: f"{text}:",
        lambda text: f"{text} *",
    )
    for number in sheet.columns.values():
        for row in (sheet.header_row, sheet.header_row - 1):
            value = sheet.cells.get((row, number))
            if isinstance(value, str):
                sheet.cells[row, number] = draw.choice(ways)(value)
                break
    return True


def transpose(made: Round, book: Book, sheet: Sheet) -> None:
    """Turn a table over: titles stay above, records stand in columns."""
    titles = {place: value for place, value in sheet.cells.items() if place[0] < sheet.header_row}
    top = max((row for row, _ in titles), default=0)
    left = min(sheet.columns.values())
    table = {
        (top + 1 + number - left, 1 + row - sheet.header_row): value
        for (row, number), value in sheet.cells.items()
        if row >= sheet.header_row
    }
    sheet.cells = {**titles, **table}
    sheet.columns, sheet.records, sheet.header_row = {}, {}, 0


EDITS: tuple[Edit, ...] = (
    blank_rows, blank_column_left, blank_column_inside, title, other_order, other_sheets, group_headings,
    headers_in_two_rows, headers_again, totals, hidden_row, numbers_as_text, dates_as_text, other_headers,
)  # fmt: skip
# What may be done to a sheet that is turned over afterwards.
BEFORE_TURNING: tuple[Edit, ...] = (
    blank_rows,
    title,
    other_order,
    numbers_as_text,
    dates_as_text,
    other_headers,
)


def reshape(made: Round, book: Book, draw: random.Random, count: int) -> list[Any]:
    """Apply so many random edits to a book, and turn one of its sheets over."""
    done: list[Any] = []
    sheets = [sheet for sheet in book.sheets if sheet.table != "returns"]
    flat = [sheet for sheet in sheets if len(sheet.columns) >= 3]
    turned = draw.choice(flat) if flat and not book.habit.is_grouped else None
    if turned is not None:
        made.claim(("turned", turned.name))
    for _ in range(40 * count):
        if len(done) == count - (turned is not None):
            break
        sheet = draw.choice(sheets)
        edit = draw.choice(BEFORE_TURNING if sheet is turned else EDITS)
        if edit(made, book, sheet, draw):
            done.append((edit.__name__, sheet.name))
    if turned is not None:
        transpose(made, book, turned)
        done.append(("transpose", turned.name))
    return done
