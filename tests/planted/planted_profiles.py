"""Kinds of fault in what the council asks about a project: checks, risks, indicators, responsibilities."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any

from planted_dates import DATES_OF, MONEY_OF, OPEN, dated, in_project
from planting import Kind, Round

from digistrat.example.books import Book
from digistrat.example.projects import months_later
from digistrat.example.records import Record
from digistrat.example.sheets import Sheet

Written = Mapping[str, Any]


def in_row(
    code: str, table: str, where: Callable[[Record], Any], change: Callable[[Round, Record], Written], at: Any
) -> Kind:
    """Make a kind that changes one row of a table; ``at`` names the columns at which it is said."""

    def plant(made: Round, book: Book) -> bool:
        sheet = book.sheet(table)
        for row, record in made.shuffled(list(sheet.records.items()), book.file, code) if sheet else ():
            if sheet is None or not where(record):
                continue
            written, places = change(made, record), [at] if isinstance(at, str) else at(record)
            if not {*places, *written} <= sheet.columns.keys():
                continue
            if made.claim(("row", book.file, sheet.name, row)):
                for name, value in written.items():
                    made.write(book, sheet, row, name, value)
                for name in places:
                    made.note(book, sheet, (row, sheet.columns[name]), code)
                return True
        return False

    return Kind(code, plant)


def below(code: str, table: str, more: Callable[[Round, Book, Record], Written | None], at: Any) -> Kind:
    """Make a kind that adds a row which contradicts one above it."""

    def plant(made: Round, book: Book) -> bool:
        sheet = book.sheet(table)
        for row, record in made.shuffled(list(sheet.records.items()), book.file, code) if sheet else ():
            added = more(made, book, record)
            if added is None or sheet is None or not made.claim(("row", book.file, sheet.name, row)):
                continue
            new = _as_record(sheet, made, added)
            last = made.append(book, sheet, new)
            name = at if isinstance(at, str) else at(new)
            made.note(book, sheet, (last, sheet.columns[name]), code)
            return True
        return False

    return Kind(code, plant)


def _as_record(sheet: Sheet, made: Round, added: Written) -> Record:
    unpivot = made.form.table(sheet.table).unpivot
    members = set(unpivot.members) if unpivot else set()
    return Record(
        {name: value for name, value in added.items() if name not in members},
        {name: value for name, value in added.items() if name in members},
    )


# --- grants, distances, posts -------------------------------------------------------------------------------


def _granted_late(made: Round, book: Book, values: Any) -> dict[str, Any]:
    return {"funding_from_date": months_later(values["funding_until_date"], 2)}


def _begun_early(made: Round, book: Book, values: Any) -> dict[str, Any]:
    return {"funding_from_date": months_later(values["start_date"], 2)}


def _is_granted(values: Any) -> Any:
    return dated(*OPEN)(values) and values["funding_state"] == "approved" and values["funding_until_date"]


def _lag(made: Round, book: Book) -> bool:
    """Months between two projects that only complete each other."""
    sheet = book.sheet("dependencies")
    related = {i for d in made.world.dependencies for i in (d.project_id, d.other_id)}
    free = [
        p.project_id
        for p in made.world.projects
        if p.office_id == book.office_id and p.status in OPEN and p.project_id not in related
    ]
    if sheet is None or "lag_months" not in sheet.columns or len(free) < 2:
        return False
    if not made.claim(*(("related", project) for project in free[:2])):
        return False
    record = {"project_id": free[0], "other_id": free[1], "kind": "synergy", "lag_months": 3}
    row = made.append(book, sheet, Record(record))
    made.note(book, sheet, (row, sheet.columns["lag_months"]), "lag-without-order")
    return True


GRANTS = (
    in_project(
        "funding-end-before-begin", "funding_until_date", _is_granted, _granted_late, DATES_OF, MONEY_OF
    ),
    in_project("start-before-funding", "start_date", _is_granted, _begun_early, DATES_OF, MONEY_OF),
    Kind("lag-without-order", _lag),
    in_row(
        "vacant-but-filled",
        "positions",
        lambda r: r.values["is_filled"] and not r.values["end_date"],
        lambda made, r: {"is_filled": False},
        "is_filled",
    ),
)

# --- checks, risks, indicators ------------------------------------------------------------------------------


def _in_state(state: str) -> Callable[[Record], list[str]]:
    return lambda record: [name for name, said in record.members.items() if said == state]


def _first_not_needed(record: Record) -> list[str]:
    return ["reason"] if _in_state("not_needed")(record) else []


def _other_state(made: Round, book: Book, record: Record) -> Written | None:
    done = _in_state("done")(record)
    return {"project_id": record.values["project_id"], done[0]: "running"} if done else None


def _checked_member(record: Record) -> str:
    return next(iter(record.members))


CHECKED = (
    in_row(
        "check-without-reason",
        "project_checks",
        _in_state("not_needed"),
        lambda made, r: {"reason": None},
        _first_not_needed,
    ),
    in_row(
        "check-date-ahead",
        "project_checks",
        _in_state("done"),
        lambda made, r: {"check_date": months_later(made.world.reporting_date, 3)},
        _in_state("done"),
    ),
    below("checked-twice", "project_checks", _other_state, _checked_member),
    in_row(
        "risk-without-measure",
        "risks",
        lambda r: True,
        lambda made, r: {"probability": "high", "effect": "medium", "measure": None},
        "measure",
    ),
    in_row("target-is-base", "kpis", lambda r: True, lambda made, r: {"target": r.values["base"]}, "target"),
)

# --- who answers --------------------------------------------------------------------------------------------


def _another(made: Round, book: Book, record: Record) -> Written | None:
    if record.values["valid_to"]:
        return None
    other = next(o for o in made.world.offices if o.id not in (book.office_id, "StD"))
    since = dt.date(2027, 1, 1)
    return {"subject_id": record.values["subject_id"], "reported_office": other.name, "valid_from": since}


ANSWERING = (
    in_row(
        "unknown-subject",
        "responsibilities",
        lambda r: r.values["valid_to"] is None,
        lambda made, r: {"subject_id": f"{r.values['subject_id']}-999"},
        "subject_id",
    ),
    in_row(
        "responsible-end-before-start",
        "responsibilities",
        lambda r: r.values["valid_from"],
        lambda made, r: {"valid_to": dt.date(2025, 3, 31)},
        "valid_to",
    ),
    below("two-responsible", "responsibilities", _another, "subject_id"),
)

PROFILE_KINDS: tuple[Kind, ...] = (*GRANTS, *CHECKED, *ANSWERING)
