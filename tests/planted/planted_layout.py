"""Kinds of fault around a table: headers, columns, rows, units, hidden and merged cells, sheets."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from planted_cells import SAFE, is_csv
from planting import Area, Kind, Round, drop_column

from digistrat.example.books import Book
from digistrat.example.records import Record
from digistrat.example.sheets import Formula, Share, Sheet, write_amount
from digistrat.intake.values import fold

Attempt = Callable[[Round, Book, Sheet], Any]
# Where on a sheet a kind works; two that work in different places may meet on it.
WHOLE, HEADERS, HINT, EXAMPLE, ROWS, BELOW = "whole", "headers", "hint", "example", "rows", "below"
THOUSANDS, EUROS = '#,##0.0" T€"', '#,##0.00" €"'
OWN, EMPTY, ABOVE, BESIDE = "own column", "empty column", "above", "beside"
PARTS = (HEADERS, HINT, EXAMPLE, ROWS, BELOW, OWN, EMPTY, ABOVE)  # what is pinned moves with its row


def on_a_sheet(code: str, where: str, plant: Attempt, *tables: str, least: int = 2, csv: bool = True) -> Kind:
    """Make a kind that works on one sheet; it gives the place of its finding, or None where it finds none."""

    def attempt(made: Round, book: Book) -> bool:
        if is_csv(book) and not csv:
            return False
        found = [s for s in book.sheets if s.table and s.table != "returns" and len(s.records) >= least]
        for sheet in made.shuffled([s for s in found if not tables or s.table in tables], book.file, code):
            place = (book.file, sheet.name)
            others = PARTS if where == WHOLE else ()
            if not made.is_free((WHOLE, *place), (where, *place), *((other, *place) for other in others)):
                continue
            at = plant(made, book, sheet)
            if at is not None:
                made.claim((where, *place))
                made.note(book, sheet, at, code)
                return True
        return False

    return Kind(code, attempt)


def new_column(sheet: Sheet, header: str) -> int:
    """Write a header behind the last one."""
    number = max(number for _, number in sheet.cells) + 1
    sheet.cells[sheet.header_row, number] = header
    return number


def headers(sheet: Sheet) -> list[tuple[str, int, str]]:
    """Return name, number and text of the headers that are texts."""
    found = [(name, number, sheet.cells[sheet.header_row, number]) for name, number in sheet.columns.items()]
    return [(name, number, text) for name, number, text in found if isinstance(text, str)]


# --- headers and columns ------------------------------------------------------------------------------------


def _misspelt(made: Round, book: Book, sheet: Sheet) -> Any:
    """Two keys in the wrong order: at the first umlaut, else in the middle."""
    for _, number, text in made.shuffled(headers(sheet), book.file, "slip"):
        if not text.isalpha() or len(text) < 9:
            continue
        umlaut = next((at for at, sign in enumerate(text) if sign in "äöüÄÖÜ"), len(text) // 2)
        at = max(min(umlaut, len(text) - 2), 1)
        slip = text[:at] + text[at + 1] + text[at] + text[at + 2 :]
        if slip != text:
            sheet.cells[sheet.header_row, number] = slip
            return sheet.header_row, number
    return None


def _missing(made: Round, book: Book, sheet: Sheet) -> Any:
    able = {
        "projects": ("status", "field_id"),
        "requirements": ("field_id", "title"),
        "phases": ("phase_id",),
    }
    able["dependencies"] = ("kind",)
    if not made.claim((BESIDE, book.file, sheet.name)):  # but not with its column
        return None
    for name in made.shuffled(
        [n for n in able.get(sheet.table, ()) if n in sheet.columns], book.file, "gone"
    ):
        drop_column(sheet, name)
        return ""
    return None


def _own_column(made: Round, book: Book, sheet: Sheet) -> Any:
    number = new_column(sheet, "Bemerkung intern")
    for row, remark in zip(sheet.records, ("mit Kämmerei klären", "Rücksprache im Mai"), strict=False):
        sheet.cells[row, number] = remark
    return sheet.header_row, number


def _empty_column(made: Round, book: Book, sheet: Sheet) -> Any:
    return sheet.header_row, new_column(sheet, "Sichtvermerk")


def _twice(made: Round, book: Book, sheet: Sheet) -> Any:
    for name, _, text in headers(sheet):
        if name not in ("project_id", "title"):
            return sheet.header_row, new_column(sheet, text)
    return None


def _hidden_column(made: Round, book: Book, sheet: Sheet) -> Any:
    for name, number, _ in made.shuffled(headers(sheet), book.file, "hidden"):
        if name in SAFE.get(sheet.table, ()):
            made.areas.append(Area(book.file, sheet.name, "hidden", 1, number, 1, number))
            return sheet.header_row, number
    return None


def _no_years(made: Round, book: Book, sheet: Sheet) -> Any:
    for name, number in sheet.columns.items():
        if name.isdecimal():
            sheet.cells[sheet.header_row, number] = f"{'ABCDEFGHIJ'[int(name) % 10]}-Betrag"
            is_filled = any((row, number) in sheet.cells for row in sheet.records)
            code = "column-not-mapped" if is_filled else "column-empty"
            made.note(book, sheet, (sheet.header_row, number), code)
    return ""


# --- rows ---------------------------------------------------------------------------------------------------


def _total(made: Round, book: Book, sheet: Sheet) -> Any:
    if any(isinstance(value, Formula) and value.value is None for value in sheet.cells.values()):
        return None
    row, first = sheet.last_row + 1, min(sheet.columns.values())
    if (row - 1, first) not in sheet.cells:
        return None
    sheet.cells[row, first] = made.shuffled(["Summe", "Gesamt", "Gesamtkosten:"], book.file, "total")[0]
    for name, number in sheet.columns.items():
        total = sum(float(r.members.get(name) or 0) for r in sheet.records.values() if name.isdecimal())
        if total:
            sheet.cells[row, number] = write_amount(total, book.habit.money)
    return row, first


def _note(text: str) -> Callable[[Round, Book, Sheet], Any]:
    def plant(made: Round, book: Book, sheet: Sheet) -> Any:
        at = (sheet.last_row + 2, min(sheet.columns.values()))
        sheet.cells[at] = text
        return at

    return plant


def _legend(made: Round, book: Book, sheet: Sheet) -> Any:
    """What the colours mean, below the table."""
    row, first = sheet.last_row + 2, min(sheet.columns.values())
    for number, line in enumerate(("Legende:", "gelb = neu seit der letzten Erhebung", "grau = entfallen")):
        sheet.cells[row + number, first] = line
        if number:
            made.note(book, sheet, (row + number, first), "text-outside-table")
    return row, first


def _lower_table(made: Round, book: Book, sheet: Sheet) -> Any:
    """Another table below, with one header of this one at another place."""
    first, second, *others = sorted(sheet.columns.values())
    known = made.form.table(sheet.table).vocabulary
    named = [text for _, number, text in headers(sheet) if number in others and fold(text) in known]
    if not named:
        return None
    row = sheet.last_row + 3
    lines = [
        ("Aus anderen Städten", named[0]),
        ("Parkleitsystem", "siehe dort"),
        ("Bürgerkarte", "abgelehnt"),
    ]
    for number, line in enumerate(lines):
        sheet.cells[row + number, first], sheet.cells[row + number, second] = line
    return row, first


def _group(made: Round, book: Book, sheet: Sheet) -> Any:
    first = min(sheet.columns.values())
    name = next(name for name, number in sheet.columns.items() if number == first)
    if not made.column(sheet.table, name).required:  # there, a text alone may be an answer
        return None
    rows = list(sheet.records)
    row = rows[len(rows) // 2]
    made.insert_rows(book, sheet, row)
    at = (row, first)
    sheet.cells[at] = made.shuffled(["Bereich 2", "Laufende Vorhaben:", "Teil B"], book.file, "group")[0]
    return at


def _hints(made: Round, book: Book, sheet: Sheet) -> Any:
    made.insert_rows(book, sheet, sheet.header_row + 1)
    for name, number in sheet.columns.items():
        kind = made.column(sheet.table, name).kind
        hint = {"date": "TT.MM.JJJJ", "choice": "bitte auswählen", "identifier": "(laufende Nummer)"}
        sheet.cells[sheet.header_row + 1, number] = hint.get(kind, "bitte eintragen")
    return sheet.header_row + 1, min(sheet.columns.values())


def _example(made: Round, book: Book, sheet: Sheet) -> Any:
    first = min(sheet.columns.values())
    name = next(name for name, number in sheet.columns.items() if number == first)
    if made.column(sheet.table, name).kind != "identifier":
        return None
    made.insert_rows(book, sheet, sheet.header_row + 1)
    record = next(iter(sheet.records.values()))
    for other in sheet.columns:
        if record.values.get(other) is not None:
            made.write(book, sheet, sheet.header_row + 1, other, record.values[other])
    sheet.cells[sheet.header_row + 1, first] = "Beispiel"
    return sheet.header_row + 1, first


def _hidden_row(made: Round, book: Book, sheet: Sheet) -> Any:
    row = made.shuffled(list(sheet.records), book.file, "hidden row")[0]
    sheet.hidden_rows.add(row)
    return row, 1


def _unanswered(made: Round, book: Book, sheet: Sheet) -> Any:
    known = next(iter(sheet.records.values())).values
    row = made.append(book, sheet, Record(known))
    return row, min(number for name, number in sheet.columns.items() if (row, number) in sheet.cells)


def _merged_down(made: Round, book: Book, sheet: Sheet) -> Any:
    for name in ("description", "procedure", "evidence", "goal_ids"):
        number = sheet.columns.get(name, 0)
        for row in made.shuffled(list(sheet.records), book.file, "down"):
            if row + 1 in sheet.records and isinstance(sheet.cells.get((row, number)), str):
                sheet.cells.pop((row + 1, number), None)
                made.areas.append(Area(book.file, sheet.name, "merged", row, number, row + 1, number))
                return row, number
    return None


def _merged_amount(made: Round, book: Book, sheet: Sheet) -> Any:
    number = sheet.columns.get("order_value_net_eur", 0)
    for row in made.shuffled(list(sheet.records), book.file, "amount"):
        if row + 1 in sheet.records and isinstance(sheet.cells.get((row, number)), str):
            sheet.cells.pop((row + 1, number), None)
            made.areas.append(Area(book.file, sheet.name, "merged", row, number, row + 1, number))
            return row, number
    return None


def _merged_across(made: Round, book: Book, sheet: Sheet) -> Any:
    able = {
        number
        for name, number in sheet.columns.items()
        if name in SAFE.get(sheet.table, ())
        and not made.column(sheet.table, name).required
        and made.column(sheet.table, name).kind in ("text", "list", "date")
    }
    for number in sorted(able):
        for row in made.shuffled(list(sheet.records), book.file, "across"):
            if number + 1 in able and isinstance(sheet.cells.get((row, number)), str):
                sheet.cells.pop((row, number + 1), None)
                made.areas.append(Area(book.file, sheet.name, "merged", row, number, row, number + 1))
                return row, number
    return None


# --- units --------------------------------------------------------------------------------------------------


def _new_header(made: Round, book: Book, sheet: Sheet, name: str, hint: str) -> int:
    """Give a column its declared header with a hint behind it."""
    number = sheet.columns[name]
    sheet.cells[sheet.header_row, number] = f"{made.column(sheet.table, name).headers[0]} {hint}".strip()
    return number


def _divide(sheet: Sheet, numbers: list[int]) -> None:
    """Write amounts that are numbers in thousands."""
    for row in sheet.records:
        for number in numbers:
            value = sheet.cells.get((row, number))
            shown = value.value if isinstance(value, Formula) else value
            if isinstance(shown, (int, float)):
                sheet.cells[row, number] = shown / 1000


def _thousands(made: Round, book: Book, sheet: Sheet) -> Any:
    if "order_value_net_eur" not in sheet.columns:
        return None
    number = _new_header(made, book, sheet, "order_value_net_eur", "(in T€)")
    if is_csv(book) and book.habit.money == "number":
        return None  # read back the same: tenths of a thousand would need three decimals
    _divide(sheet, [number])
    return sheet.header_row, number


def _in_format(made: Round, book: Book, sheet: Sheet) -> Any:
    """Numbers in thousands, which only their format says."""
    number = sheet.columns.get("order_value_net_eur", 0)
    rows = [row for row in sheet.records if isinstance(sheet.cells.get((row, number)), float)]
    if not rows:
        return None
    _new_header(made, book, sheet, "order_value_net_eur", "")
    _divide(sheet, [number])
    made.areas += [Area(book.file, sheet.name, "format", row, number, row, number, THOUSANDS) for row in rows]
    return rows[0], number


def _against_header(made: Round, book: Book, sheet: Sheet) -> Any:
    """One that shows euros, under a header that says thousands."""
    number = sheet.columns.get("order_value_net_eur", 0)
    rows = [row for row in sheet.records if isinstance(sheet.cells.get((row, number)), float)]
    if len(rows) < 2:
        return None
    row = made.shuffled(rows, book.file, "format")[0]
    value = sheet.cells[row, number]
    _new_header(made, book, sheet, "order_value_net_eur", "(in T€)")
    _divide(sheet, [number])
    sheet.cells[row, number] = value
    made.areas.append(Area(book.file, sheet.name, "format", row, number, row, number, EUROS))
    made.note(book, sheet, (sheet.header_row, number), "unit-from-header")
    return row, number


def _unclear(made: Round, book: Book, sheet: Sheet) -> Any:
    if "order_value_net_eur" not in sheet.columns:
        return None
    number = _new_header(made, book, sheet, "order_value_net_eur", "(in T€ oder Mio. €)")
    for row in sheet.records:
        if isinstance(sheet.cells.get((row, number)), float):
            made.note(book, sheet, (row, number), "unit-doubtful")
    return sheet.header_row, number


def _odd_unit(made: Round, book: Book, sheet: Sheet) -> Any:
    if "n_cases_yearly" not in sheet.columns:
        return None
    return sheet.header_row, _new_header(made, book, sheet, "n_cases_yearly", "(in Kisten)")


def _shares(made: Round, book: Book, sheet: Sheet) -> Any:
    if "share_done" not in sheet.columns or not any(
        0 < (r.values.get("share_done") or 0) < 1 for r in sheet.records.values()
    ):  # only zeros and ones under "%" may be either
        return None
    number = sheet.columns["share_done"]
    for row in sheet.records:  # without the format that shows per cent
        if isinstance(sheet.cells.get((row, number)), Share):
            sheet.cells[row, number] = float(sheet.cells[row, number])
    return sheet.header_row, _new_header(made, book, sheet, "share_done", "(in %)")


def _share(made: Round, book: Book, sheet: Sheet) -> Any:
    """One share among numbers of per cent."""
    number = sheet.columns.get("share_done", 0)
    rows = [row for row, r in sheet.records.items() if r.values.get("share_done")]
    if not number or len(rows) < 2:
        return None
    sheet.cells[sheet.header_row, number] = "erledigt in %"
    for row in rows[1:]:
        sheet.cells[row, number] = round(sheet.cells[row, number] * 100)
    sheet.cells[rows[0], number] = float(sheet.cells[rows[0], number])  # nor is it shown as per cent
    return rows[0], number


def _above(made: Round, book: Book, sheet: Sheet, *lines: str) -> list[tuple[int, int]]:
    made.insert_rows(book, sheet, 1, len(lines) + 1)
    for row, line in enumerate(lines, 1):
        sheet.cells[row, 1] = line
    return [(row, 1) for row in range(1, len(lines) + 1)]


def _line(made: Round, book: Book, sheet: Sheet) -> Any:
    if sheet.table == "project_costs" and book.habit.money == "number" and book.habit.n_titles < 3:
        (at,) = _above(made, book, sheet, "Alle Beträge in T€")
        _divide(sheet, [number for name, number in sheet.columns.items() if name.isdecimal()])
        return at
    return None


def _two_lines(made: Round, book: Book, sheet: Sheet) -> Any:
    if book.habit.money != "number" or book.habit.n_titles > 1:
        return None
    first, second = _above(made, book, sheet, "Alle Beträge in T€", "Beträge in Mio. €")
    numbers = [number for name, number in sheet.columns.items() if name.isdecimal()]
    for row in sheet.records:
        for number in numbers:
            if (row, number) in sheet.cells:
                made.note(book, sheet, (row, number), "unit-doubtful")
    made.note(book, sheet, second, "lines-contradict")
    return first


# --- sheets -------------------------------------------------------------------------------------------------


def _helper(made: Round, book: Book) -> bool:
    """A hidden sheet with lists."""
    if is_csv(book):
        return False
    helper = Sheet("Hilfstabelle", is_hidden=True, cells={(1, 1): "möglich", (2, 1): "vorhanden"})
    book.sheets.append(helper)
    made.note(book, helper, "", "sheet-hidden")
    return True


def _scribbles(made: Round, book: Book) -> bool:
    """A sheet of the office's own."""
    if is_csv(book):
        return False
    own = Sheet("Notizen", cells={(1, 1): "Rückruf Kämmerei", (3, 2): "bis Freitag", (4, 2): 17})
    book.sheets.append(own)
    made.note(book, own, "", "sheet-not-used")
    return True


OTHERS = (
    "impact_ratings",
    "readiness_ratings",
    "maturity_ratings",
    "services",
    "efforts",
    "phases",
    "cooperations",
)

LAYOUT_KINDS: tuple[Kind, ...] = (
    on_a_sheet("lines-contradict", WHOLE, _two_lines, "project_costs"),
    on_a_sheet("unit-in-title", WHOLE, _line, "project_costs"),
    on_a_sheet("members-missing", WHOLE, _no_years, "project_costs"),
    on_a_sheet("column-missing", WHOLE, _missing, "projects", "requirements", "phases", "dependencies"),
    on_a_sheet("merged-value", ROWS, _merged_down, csv=False),
    on_a_sheet("merged-amount", ROWS, _merged_amount, "projects", csv=False),
    on_a_sheet("merged-across", ROWS, _merged_across, csv=False),
    on_a_sheet("group-row", ROWS, _group),
    on_a_sheet("row-hidden", ROWS, _hidden_row, csv=False, least=1),
    on_a_sheet("ambiguous-share", HEADERS, _share, "phases"),
    on_a_sheet("shares-as-stored", HEADERS, _shares, "phases"),
    on_a_sheet("unit-from-header", HEADERS, _thousands, "projects"),
    on_a_sheet("unit-from-format", HEADERS, _in_format, "projects", csv=False),
    on_a_sheet("format-contradicts", HEADERS, _against_header, "projects", csv=False),
    on_a_sheet("header-unit-unclear", HEADERS, _unclear, "projects"),
    on_a_sheet("header-unit-unknown", HEADERS, _odd_unit, "projects", "services"),
    on_a_sheet("column-hidden", HEADERS, _hidden_column, csv=False),
    on_a_sheet("header-guessed", HEADERS, _misspelt),
    on_a_sheet("column-twice", HEADERS, _twice),
    on_a_sheet("column-empty", EMPTY, _empty_column),
    on_a_sheet("column-not-mapped", OWN, _own_column),
    on_a_sheet("example-row", EXAMPLE, _example),
    on_a_sheet("hint-row", HINT, _hints),
    on_a_sheet("record-without-answer", BELOW, _unanswered, "project_costs", "efforts"),
    on_a_sheet("total-row", BELOW, _total, "project_costs"),
    on_a_sheet("unit-outside-table", BELOW, _note("Alle Beträge in T€"), *OTHERS),
    on_a_sheet("text-outside-table", BELOW, _note("Rückfragen bitte an die Geschäftsstelle")),
    on_a_sheet("text-outside-table", BELOW, _legend),
    on_a_sheet("lower-table-not-read", BELOW, _lower_table, *OTHERS, "projects"),
    Kind("sheet-hidden", _helper),
    Kind("sheet-not-used", _scribbles),
)
