"""Kinds of fault in a project's row that only the whole round shows: dates, duties, money, titles."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from planting import Kind, Round

from digistrat.example.books import Book
from digistrat.example.projects import month_end, months_later
from digistrat.example.records import Record
from digistrat.example.sheets import Sheet

Values = Mapping[str, Any]
OPEN = ("possible", "in_preparation")
# What kinds of fault claim of a project: two that claim different aspects may meet in one row.
DATES_OF, TITLE, TEXT, DUTY, MONEY_OF, RATINGS = "dates", "title", "description", "duty", "money", "ratings"
EVERYTHING = (DATES_OF, TITLE, TEXT, DUTY, MONEY_OF, RATINGS)
LONG = (
    "Ausgangslage und Zielbild sind beschrieben, die Beteiligten haben sich auf einen gemeinsamen "
    "Ablauf geeinigt, den {} im nächsten Jahr erprobt."
)  # longer than a hundred characters


def of(project: str, *aspects: str) -> list[tuple[str, str]]:
    """Return the claims on aspects of a project."""
    return [(aspect, project) for aspect in aspects]


def free_rows(made: Round, book: Book, table: str, code: str) -> Iterator[tuple[Sheet, int, Record, str]]:
    """Yield the rows of a table whose project nothing else has claimed, in an order that chance gives."""
    sheet = book.sheet(table)
    if sheet is None:
        return
    for row, record in made.shuffled(list(sheet.records.items()), book.file, table, code):
        project = record.values["project_id"]
        yield sheet, row, record, project


def unit_sheet(books: Sequence[Book]) -> tuple[Book, Sheet] | None:
    """Return where the strategy unit has moderated ratings."""
    return next(
        ((book, sheet) for book in books if (sheet := book.sheet("impact_ratings")) and is_units(sheet)), None
    )


def is_units(sheet: Sheet) -> bool:
    """Whether the unit has rated on a sheet, not its office."""
    return all(record.values["rated_by"] == "unit" for record in sheet.records.values())


def moderated(made: Round) -> set[str]:
    """Return the projects that the unit has rated; those that are planted are claimed."""
    at = unit_sheet(made.town.clean)
    return {record.values["project_id"] for record in at[1].records.values()} if at else set()


def cost_rows(made: Round, book: Book, project: str) -> list[tuple[Book, Sheet, int, Record]]:
    """Return the rows of a project's costs, wherever its office reports them."""
    at = made.sheet(book, "project_costs")
    if at is None:
        return []
    return [(*at, row, r) for row, r in at[1].records.items() if r.values["project_id"] == project]


def total_costs(made: Round, book: Book, project: str) -> float:
    """Return all that a project costs."""
    return sum(sum(record.members.values()) for *_, record in cost_rows(made, book, project))


def last_cost_year(made: Round, book: Book, project: str) -> int:
    """Return the last year with one-off costs, 0 for none."""
    rows = [r for *_, r in cost_rows(made, book, project) if not r.values["is_recurring"]]
    return max((int(year) for record in rows for year in record.members), default=0)


Change = Callable[[Round, Book, Values], Mapping[str, Any]]


def in_project(code: str, at: str, where: Callable[[Values], Any], change: Change, *aspects: str) -> Kind:
    """Make a kind that changes answers of one project, by default dates; an empty change finds no place."""

    def plant(made: Round, book: Book) -> bool:
        for sheet, row, record, project in free_rows(made, book, "projects", code):
            values = record.values
            if at not in sheet.columns or not where(values):
                continue
            written = change(made, book, values)
            needed = {name for name, value in written.items() if value is not None}
            if not written or not needed <= sheet.columns.keys():
                continue
            if not made.claim(*of(project, *(aspects or (DATES_OF,)))):
                continue
            for name in written.keys() & sheet.columns.keys():
                made.write(book, sheet, row, name, written[name])
            made.note(book, sheet, (row, sheet.columns[at]), code)
            return True
        return False

    return Kind(code, plant)


def dated(*statuses: str) -> Callable[[Values], Any]:
    """Projects of a status with beginning and end."""
    return lambda v: v["status"] in statuses and v["start_date"] and v["end_date"]


def _possible_without(*names: str) -> Callable[[Values], Any]:
    return lambda v: dated("possible")(v) and not any(v[name] for name in (*names, "funding_from_date"))


def _later(name: str, months: int, of: str, *, end: bool = True) -> Change:
    """Move one date so many months from another."""

    def change(made: Round, book: Book, values: Values) -> dict[str, Any]:
        date = months_later(values[of], months)
        return {name: month_end(date) if end else date}

    return change


def _from_today(name: str, months: int, *, end: bool = False, **others: Any) -> Change:
    def change(made: Round, book: Book, values: Values) -> dict[str, Any]:
        date = months_later(made.world.reporting_date, months)
        return {name: month_end(date) if end else date, **others}

    return change


def _due_before_release(made: Round, book: Book, values: Values) -> dict[str, Any]:
    release, due = dt.date(2028, 10, 1), dt.date(2028, 3, 31)
    return {"start_date": None, "end_date": None, "release_date": release, "due_date": due}


def _ended(made: Round, book: Book, values: Values) -> dict[str, Any]:
    end = month_end(months_later(made.world.reporting_date, -2))
    fits = values["start_date"] < end and last_cost_year(made, book, values["project_id"]) <= end.year + 1
    return {"end_date": end} if fits else {}


def _much_money(name: str) -> Change:
    def change(made: Round, book: Book, values: Values) -> dict[str, Any]:
        total = total_costs(made, book, values["project_id"])
        if not total:
            return {}
        until = month_end(months_later(values["end_date"], 3))
        more = {"funding_until_date": until} if name == "funding_eur" else {}
        return {name: round(total * 3) * 1.0, **more}

    return change


DATES = (
    in_project("end-before-start", "end_date", dated("possible"), _later("end_date", -6, "start_date")),
    in_project(
        "funding-before-start",
        "funding_until_date",
        lambda v: dated(*OPEN)(v) and v["funding_eur"] and not v["funding_from_date"],
        _later("funding_until_date", -12, "start_date"),
        DATES_OF,
        MONEY_OF,
    ),
    in_project(
        "due-before-start",
        "due_date",
        _possible_without("release_date"),
        _later("due_date", -2, "start_date"),
    ),
    in_project(
        "end-after-due",
        "end_date",
        lambda v: _possible_without("release_date")(v) and (v["end_date"] - v["start_date"]).days > 100,
        _later("due_date", 1, "start_date"),
    ),
    in_project(
        "due-before-release", "release_date", lambda v: v["status"] == "possible", _due_before_release
    ),
    in_project(
        "start-before-release",
        "start_date",
        _possible_without("due_date"),
        _later("release_date", 3, "start_date", end=False),
    ),
    in_project(
        "status-date-mismatch",
        "start_date",
        lambda v: v["status"] == "existing" and not v["funding_until_date"],
        _from_today("start_date", 12, end_date=None),
    ),
    in_project(
        "possible-but-begun", "start_date", _possible_without("release_date"), _from_today("start_date", -12)
    ),
    in_project("preparation-ended", "end_date", dated("in_preparation"), _ended, DATES_OF, MONEY_OF),
    in_project(
        "discontinued-goes-on",
        "end_date",
        lambda v: v["status"] == "discontinued" and not v["release_date"],
        lambda made, book, v: {
            "start_date": dt.date(2022, 1, 1),
            "end_date": month_end(months_later(made.world.reporting_date, 12)),
        },
    ),
    in_project(
        "date-not-plausible",
        "end_date",
        lambda v: v["status"] != "discontinued" and not v["due_date"],
        lambda made, book, v: {"end_date": dt.date(2099, 12, 31)},
    ),
)

MONEY = (
    in_project(
        "order-above-costs",
        "order_value_net_eur",
        dated("possible"),
        _much_money("order_value_net_eur"),
        MONEY_OF,
    ),
    in_project("funding-above-costs", "funding_eur", dated("possible"), _much_money("funding_eur"), MONEY_OF),
    in_project(
        "funding-without-end",
        "funding_until_date",
        lambda v: v["funding_eur"],
        lambda made, book, v: {"funding_until_date": None},
        MONEY_OF,
    ),
)

DUTIES = (
    in_project(
        "duty-without-basis",
        "legal_basis",
        lambda v: v["mandate"] == "legal",
        lambda made, book, v: {"legal_basis": None},
        DUTY,
    ),
    in_project(
        "basis-without-duty",
        "mandate",
        lambda v: v["mandate"] in (None, "none") and not v["legal_basis"],
        lambda made, book, v: {"legal_basis": "OZG"},
        DUTY,
    ),
)


def _next(made: Round, name: str) -> int:
    made.memory[name] = made.memory.get(name, 0) + 1
    return int(made.memory[name])


def _without_duty_dates(made: Round, book: Book) -> bool:
    """Three legal duties, none of which is due."""
    sheet = book.sheet("projects")
    if sheet is None or not {"mandate", "legal_basis", "due_date"} <= sheet.columns.keys():
        return False
    is_open = {row: r.values for row, r in sheet.records.items() if r.values["status"] in OPEN}
    duties = [row for row, v in is_open.items() if v["mandate"] == "legal"]
    others = [row for row, v in is_open.items() if v["mandate"] in (None, "none") and not v["legal_basis"]]
    rows = [*duties, *others[: max(3 - len(duties), 0)]]
    keys = [claim for row in rows for claim in of(is_open[row]["project_id"], DUTY, DATES_OF)]
    if len(rows) < 3 or not made.claim(*keys):
        return False
    for row in rows:
        made.write(book, sheet, row, "mandate", "legal")
        made.write(book, sheet, row, "legal_basis", is_open[row]["legal_basis"] or "OZG")
        made.write(book, sheet, row, "due_date", None)
    made.note(book, sheet, (min(rows), sheet.columns["due_date"]), "duties-without-due-date")
    return True


def two_rows(code: str, name: str, write: Callable[[Round, Book, Values], Any], *, both: bool) -> Kind:
    """Make a kind that lets a row say what an earlier one says."""

    def plant(made: Round, book: Book) -> bool:
        sheet = book.sheet("projects")
        if sheet is None or name not in sheet.columns:
            return False
        rows = sorted(made.shuffled(list(sheet.records), book.file, code))
        aspect = TITLE if name == "title" else TEXT
        free = [r for r in rows if made.is_free((aspect, sheet.records[r].values["project_id"]))]
        # an existing project of this name may be said to lack its service
        free = [r for r in free if both or sheet.records[r].values["status"] != "existing"]
        pair = made.shuffled(free, book.file, code, "pair")[:2]
        if len(pair) < 2:
            return False
        first, second = sorted(pair)
        made.claim(*((aspect, sheet.records[row].values["project_id"]) for row in pair))
        said = write(made, book, sheet.records[first].values)
        for row in (first, second) if both else (second,):
            made.put(sheet, row, sheet.columns[name], said)
        made.note(book, sheet, (second, sheet.columns[name]), code)
        return True

    return Kind(code, plant)


def _copied_row(made: Round, book: Book) -> bool:
    """A row copied below under another number and title."""
    own = ("description", "start_date", "end_date", "n_cases_yearly", "legal_basis")
    for sheet, _row, record, project in free_rows(made, book, "projects", "copied-project"):
        said = [name for name in own if record.values[name] is not None and name in sheet.columns]
        if record.values["status"] != "existing" or len(said) < 3:
            continue
        if not made.claim(*of(project, *EVERYTHING)):
            continue
        number = _next(made, "new")
        new = {"project_id": f"{book.office_id}-8{number:02d}", "title": f"Nachfolge zu {project}"}
        made.claim(*of(new["project_id"], *EVERYTHING))
        row = made.append(book, sheet, Record({**record.values, **new}))
        made.note(book, sheet, (row, sheet.columns["title"]), "copied-project")
        return True
    return False


TITLES = (
    in_project(
        "placeholder-title",
        "title",
        lambda v: True,
        lambda made, book, v: {"title": f"Neues Vorhaben {_next(made, 'placeholder')}"},
        TITLE,
    ),
    two_rows("duplicate-project", "title", lambda made, book, v: v["title"], both=False),
    two_rows(
        "copied-description", "description", lambda made, book, v: LONG.format(book.office_id), both=True
    ),
    Kind("copied-project", _copied_row),
)

PROJECT_KINDS: tuple[Kind, ...] = (
    *DATES, *MONEY, *DUTIES, *TITLES, Kind("duties-without-due-date", _without_duty_dates),
)  # fmt: skip
