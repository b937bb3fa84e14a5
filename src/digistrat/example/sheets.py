"""How people fill in a form: an organisation's tables as sheets, each with its habits."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from digistrat.example.catalogue import dice, words
from digistrat.example.projects import month_end
from digistrat.example.records import Record
from digistrat.example.tables import COST_YEARS, NOT_APPLICABLE
from digistrat.intake.forms import Column, Form, Table
from digistrat.strategy import Office
from digistrat.texts import text


@dataclass(frozen=True, slots=True)
class Formula:
    """A formula with the value that the spreadsheet showed when it was saved; None where it was not kept."""

    text: str
    value: float | str | None


class Share(float):
    """A share that its cell shows as per cent."""


@dataclass(frozen=True, slots=True)
class Habit:
    """How one organisation writes.

    Attributes
    ----------
    n_titles : int
        Title rows above a table.
    is_grouped : bool
        Merged group headings above the header.
    header : int
        Which of a column's declared headers, counted in turn.
    is_shuffled, is_indented, has_gaps : bool
        Other order of columns; first column left empty; empty rows between records.
    money, dates, answers : str
        ``number | euro | thousand``, ``date | day | month | quarter``, ``ja | x``.
    names_lead : bool
        Whether the lead office stands in every row, although the cover sheet says it.
    sheet : int
        Which of a table's declared sheet names.
    """

    n_titles: int
    is_grouped: bool
    header: int
    is_shuffled: bool
    is_indented: bool
    has_gaps: bool
    money: str
    dates: str
    answers: int
    names_lead: bool
    sheet: int


@dataclass(slots=True)
class Sheet:
    """One sheet as it will be written; rows and columns count from 1.

    Attributes
    ----------
    name, table : str
        Name in the workbook; table of the form, empty for none.
    cells : dict
        (row, column) → text, number, date, `Formula`.
    header_row : int
    columns : dict
        Column of the form or member → number.
    records : dict
        Row → record that stands there.
    merged : list of (row, first column, last column)
    hidden_rows : set of int
    is_hidden : bool
    """

    name: str
    table: str = ""
    cells: dict[tuple[int, int], Any] = field(default_factory=dict)
    header_row: int = 0
    columns: dict[str, int] = field(default_factory=dict)
    records: dict[int, Record] = field(default_factory=dict)
    merged: list[tuple[int, int, int]] = field(default_factory=list)
    hidden_rows: set[int] = field(default_factory=set)
    is_hidden: bool = False

    @property
    def last_row(self) -> int:
        """The last row that holds anything."""
        return max((row for row, _ in self.cells), default=0)


def make_habit(office: Office, seed: int) -> Habit:
    """Return an organisation's habits, the same in every round."""
    draw = dice(seed, "habit", office.id)
    return Habit(
        n_titles=int(draw.random() * 4),
        is_grouped=draw.random() < 0.4,
        header=int(draw.random() * 4) if draw.random() < 0.6 else 0,
        is_shuffled=draw.random() < 0.35,
        is_indented=draw.random() < 0.2,
        has_gaps=draw.random() < 0.25,
        money=_pick(draw, ("number", "number", "euro", "thousand")),
        dates=_pick(draw, ("date", "date", "day", "month", "quarter")),
        answers=int(draw.random() * 2),
        names_lead=draw.random() < 0.3,
        sheet=int(draw.random() * 3) if draw.random() < 0.4 else 0,
    )


def _pick(draw: random.Random, options: Sequence[str]) -> str:
    return options[int(draw.random() * len(options))]


def cover_sheet(form: Form, office: Office, reporting_date: dt.date, habit: Habit, seed: int) -> Sheet:
    """Return the cover sheet: who reports, as of when, and that everything is invented."""
    table = form.table("returns")
    draw = dice(seed, "cover", office.id)
    sheet = Sheet(table.sheets[habit.sheet % len(table.sheets)], table.name)
    sheet.cells[1, 1] = _pick(draw, words()["cover"]["titles"])
    sheet.cells[2, 1] = text("notice.example", form.language)
    names = [office.name, *(alias for alias in office.aliases if len(alias) > 8)]
    values = {
        "reported_office": names[int(draw.random() * len(names))] if draw.random() < 0.4 else office.name,
        "report_date": write_date(reporting_date, "day" if habit.dates != "date" else "date", end=True),
        "contact_function": _pick(draw, words()["cover"]["contacts"]),
    }
    for row, column in enumerate(table.columns, 4):
        sheet.cells[row, 1] = column.headers[habit.header % len(column.headers)]
        sheet.cells[row, 2] = values[column.name]
        sheet.columns[column.name] = row
    return sheet


def table_sheet(
    form: Form,
    name: str,
    records: Sequence[Record],
    office: Office,
    reporting_date: dt.date,
    habit: Habit,
    seed: int,
) -> Sheet:
    """Return a table as this organisation fills it in.

    Parameters
    ----------
    form : Form
        The filled standard form.
    name : str
        Table of the form.
    records : sequence of Record
        Its rows.
    office, reporting_date, habit, seed
        Who writes, when and how.
    """
    table = form.table(name)
    draw = dice(seed, "sheet", office.id, name)
    sheet = Sheet(table.sheets[habit.sheet % len(table.sheets)], name)
    row = 1
    if habit.n_titles:
        titles = [_pick(draw, words()["layout"]["titles"]), *words()["layout"]["hints"]]
        for line in titles[: habit.n_titles]:
            sheet.cells[row, 1] = line.format(
                year=reporting_date.year,
                table=table.title,
                office=office.name,
                date=write_date(reporting_date, "day", end=True),
            )
            row += 1
        row += draw.random() < 0.7  # an empty row below the titles
    first = 2 if habit.is_indented else 1
    for number, column in enumerate(_column_order(table, records, habit, draw), first):
        sheet.columns[column] = number
    if habit.is_grouped:
        _write_groups(sheet, table, row)
        row += 1
    sheet.header_row = row
    for column, number in sheet.columns.items():
        sheet.cells[row, number] = _header(table, column, habit)
    row += 1
    for count, record in enumerate(records):
        if habit.has_gaps and count and draw.random() < 0.12:
            row += 1
        write_record(sheet, table, row, record, habit)
        row += 1
    return sheet


def _column_order(table: Table, records: Sequence[Record], habit: Habit, draw: random.Random) -> list[str]:
    """Columns that the sheet has, members in place; empty ones are often left out, some are moved."""
    unpivot = table.unpivot
    special = {unpivot.member, unpivot.value} if unpivot else set()
    plain: list[str] = []
    for column in table.columns:
        if column.name in special or not column.headers:
            continue
        if column.name == "reported_office" and not (column.required or habit.names_lead):
            continue
        answers = {record.values.get(column.name) for record in records}
        is_filled = bool(answers - {None})
        if is_filled and answers <= {column.default} and not habit.names_lead:
            continue
        if is_filled or column.required or draw.random() < 0.5 or column.expected:
            plain.append(column.name)
    if habit.is_shuffled:
        head, rest = plain[:2], plain[2:]
        draw.shuffle(rest)
        n_before = len(rest) // 3 if draw.random() < 0.3 else 0
        plain = [*rest[:n_before], *head, *rest[n_before:]]
    if unpivot is None:
        return plain
    members = [str(year) for year in COST_YEARS] if unpivot.pattern else list(unpivot.members)
    used = {member for record in records for member in record.members}
    return plain + [member for member in members if unpivot.pattern or member in used]


def _header(table: Table, column: str, habit: Habit) -> Any:
    if table.unpivot and column in table.unpivot.members:
        return table.unpivot.members[column][0]
    if table.unpivot and table.unpivot.pattern and column.isdecimal():
        return int(column) if habit.header == 1 else column
    headers = table.column(column).headers
    header = headers[habit.header % len(headers)]
    if table.column(column).kind == "amount" and habit.money == "number":
        header += words()["layout"]["euro_hints"][habit.header % 3]
    return header


def _write_groups(sheet: Sheet, table: Table, row: int) -> None:
    """Write merged headings above columns that belong together."""
    groups = words()["layout"]["groups"]

    def group(column: str) -> str:
        if table.unpivot and column.isdecimal():
            return str(groups["year"])
        if table.unpivot and column in table.unpivot.members:
            return str(groups["member"])
        return str(groups.get(column, ""))

    names = {number: group(column) for column, number in sheet.columns.items()}
    start = min(names)
    for number in range(min(names), max(names) + 2):
        if names.get(number) != names[start]:
            if names[start]:
                sheet.cells[row, start] = names[start]
                if number - 1 > start:
                    sheet.merged.append((row, start, number - 1))
            start = number if number in names else start


def write_record(sheet: Sheet, table: Table, row: int, record: Record, habit: Habit) -> None:
    """Write one record into a row, as the organisation writes."""
    sheet.records[row] = record
    for column, number in sheet.columns.items():
        if table.unpivot and (column in table.unpivot.members or column.isdecimal()):
            value = write_value(table.column(table.unpivot.value), record.members.get(column), habit)
        else:
            value = write_value(table.column(column), record.values.get(column), habit)
        if value is not None:
            sheet.cells[row, number] = value
    if table.unpivot and table.unpivot.pattern and habit.money == "number":
        _carry_over(sheet, row)


def _carry_over(sheet: Sheet, row: int) -> None:
    """Write an amount that repeats last year's as a formula, as people do."""
    years = [number for column, number in sheet.columns.items() if column.isdecimal()]
    for before, number in pairwise(years):
        value, last = sheet.cells.get((row, number)), sheet.cells.get((row, before))
        shown = last.value if isinstance(last, Formula) else last
        if number == before + 1 and value is not None and value == shown:
            sheet.cells[row, number] = Formula(f"={address(row, before)}", value)


def address(row: int, column: int) -> str:
    """Return a cell's address.

    Examples
    --------
    >>> address(12, 28)
    'AB12'
    """
    letters = ""
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return f"{letters}{row}"


def write_value(column: Column, value: Any, habit: Habit) -> Any:
    """Return what this organisation writes into a cell; None for nothing."""
    if value is None or value == ():
        return None
    if value == NOT_APPLICABLE:
        return words()["answers"]["not_applicable"]
    match column.kind:
        case "amount":
            return write_amount(value, habit.money)
        case "date":
            return write_date(value, habit.dates, end=column.period_end)
        case "boolean":
            return words()["answers"]["true" if value else "false"][habit.answers]
        case "choice":
            return column.choices[value][0]
        case "list":
            return _write_list(value, column.choices, habit)
        case "number" if column.headers and "%" in column.headers[habit.header % len(column.headers)]:
            return Share(value)
        case _:
            return value


def write_amount(value: float, style: str) -> float | str:
    """Write an amount of euros.

    Examples
    --------
    >>> write_amount(1234.5, "euro"), write_amount(250000, "thousand")
    ('1.234,50 €', '250 T€')
    """
    if style == "number":
        return float(value)
    if style == "thousand" and value % 1000 == 0 and value < 1_000_000:
        return f"{value / 1000:.0f} T€"
    return f"{value:,.2f} €".translate(str.maketrans(",.", ".,"))


def write_date(value: dt.date, style: str, *, end: bool) -> dt.date | str:
    """Write a date, or the period that it begins or ends where the style has periods.

    Examples
    --------
    >>> write_date(dt.date(2027, 9, 30), "quarter", end=True)
    'Q3/2027'
    """
    if style == "date":
        return value
    is_border = value == (month_end(value) if end else value.replace(day=1))
    if style == "quarter" and is_border and value.month % 3 == (0 if end else 1):
        return f"Q{(value.month + 2) // 3}/{value.year}"
    if style in ("quarter", "month") and is_border:
        return f"{value.month}/{value.year}"
    return f"{value:%d.%m.%Y}"


def _write_list(values: Sequence[str], choices: Mapping[str, Sequence[str]], habit: Habit) -> str:
    """Write short labels: names may hold the separators themselves."""
    separator = "; " if habit.answers else ", "
    labels = [[label for label in choices[value] if not set(label) & set(",;/")] for value in values]
    return separator.join(min(options, key=len) if habit.header else options[-1] for options in labels)
