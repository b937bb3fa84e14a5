"""Kinds of fault between tables: efforts, positions, services, dependencies, whole returns."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from planted_costs import COST_KINDS
from planted_dates import OPEN, TITLE, free_rows, of
from planted_ratings import RATING_KINDS
from planting import Kind, Round

from digistrat.example.books import Book
from digistrat.example.projects import month_end, months_later
from digistrat.example.records import Record
from digistrat.example.sheets import cover_sheet, table_sheet, write_record

# --- efforts, phases, positions -----------------------------------------------------------------------------


def _role_gone(made: Round, book: Book) -> bool:
    """A role that nobody holds any more: its positions are another role's."""
    if "gone" not in made.memory:
        asked = Counter(
            role
            for other in made.books
            if (sheet := other.sheet("efforts"))
            for role in {role for r in sheet.records.values() for role in r.members}
        )
        most = asked.most_common(1)[0][0]
        made.memory["gone"] = most
        rest = next(role.id for role in made.world.strategy.roles if role.id != most)
        for other in made.books:
            sheet = other.sheet("positions")
            for row, record in sheet.records.items() if sheet else ():
                if record.values["role_id"] == most:
                    values = {**record.values, "role_id": rest}
                    write_record(sheet, made.form.table("positions"), row, Record(values), other.habit)
    gone, sheet = made.memory["gone"], book.sheet("efforts")
    rows = [row for row, r in sheet.records.items() if r.members.get(gone)] if sheet else []
    if not rows or sheet is None:
        return False
    made.note(book, sheet, (min(rows), sheet.columns[gone]), "effort-without-position")
    return made.claim(("cell", book.file, sheet.name, min(rows), sheet.columns[gone]))


def _effort(made: Round, book: Book) -> bool:
    """Hours instead of days, and many."""
    for sheet, row, record, _ in free_rows(made, book, "efforts", "effort-not-plausible"):
        cells = [("cell", book.file, sheet.name, row, sheet.columns[role]) for role in record.members]
        for cell in cells:
            if made.claim(cell, ("row", book.file, sheet.name, row)):
                sheet.cells[row, cell[-1]] = 90_000
                made.note(book, sheet, (row, cell[-1]), "effort-not-plausible")
                return True
    return False


def _phase(code: str, at: str, where: Callable[[Any], Any], date: Callable[[Round, Any], dt.date]) -> Kind:
    def plant(made: Round, book: Book) -> bool:
        for sheet, row, record, _project in free_rows(made, book, "phases", code):
            if (
                at in sheet.columns
                and where(record.values)
                and made.claim(("row", book.file, sheet.name, row))
            ):
                made.write(book, sheet, row, at, date(made, record.values))
                made.note(book, sheet, (row, sheet.columns[at]), code)
                return True
        return False

    return Kind(code, plant)


def _position(code: str, at: str, change: Callable[[Round, Any], dict[str, Any]]) -> Kind:
    """Change a position whose role others hold too."""

    def plant(made: Round, book: Book) -> bool:
        sheet = book.sheet("positions")
        if sheet is None or at not in sheet.columns:
            return False
        if "holders" not in made.memory:
            on = made.world.reporting_date
            made.memory["holders"] = Counter(
                r.values["role_id"]
                for other in made.books
                if (positions := other.sheet("positions"))
                for r in positions.records.values()
                if r.values["end_date"] is None or r.values["end_date"] >= on
            )
        holders = made.memory["holders"]
        for row, record in made.shuffled(list(sheet.records.items()), book.file, code):
            role = record.values["role_id"]
            if holders[role] > 3 and made.claim(("row", book.file, sheet.name, row)):
                holders[role] -= 1
                for name, value in change(made, record.values).items():
                    made.write(book, sheet, row, name, value)
                made.note(book, sheet, (row, sheet.columns[at]), code)
                return True
        return False

    return Kind(code, plant)


def _was_held(made: Round, values: Any) -> dict[str, Any]:
    return {
        "start_date": dt.date(2019, 1, 1),
        "end_date": month_end(months_later(made.world.reporting_date, -3)),
    }


def _held_backwards(made: Round, values: Any) -> dict[str, Any]:
    return {"start_date": dt.date(2026, 1, 1), "end_date": dt.date(2025, 6, 30)}


WORK = (
    Kind("effort-without-position", _role_gone),
    Kind("effort-not-plausible", _effort),
    _phase(
        "phase-end-before-start",
        "end_date",
        lambda v: v.get("start_date") and v.get("end_date"),
        lambda made, v: month_end(months_later(v["start_date"], -3)),
    ),
    _phase(
        "actual-date-ahead",
        "actual_start_date",
        lambda v: v.get("start_date") and not v.get("actual_end_date"),
        lambda made, v: months_later(made.world.reporting_date, 3),
    ),
    _position("fte-not-plausible", "fte", lambda made, v: {"fte": 38.5}),
    _position("position-of-several", "fte", lambda made, v: {"fte": 2.0}),
    _position("position-without-time", "fte", lambda made, v: {"fte": 0.0}),
    _position("position-ended", "end_date", _was_held),
    _position("position-end-before-start", "end_date", _held_backwards),
)

# --- services -----------------------------------------------------------------------------------------------


def _service(
    code: str, at: str, where: Callable[[Any], Any], value: Callable[[Any], Any], *claims: str
) -> Kind:
    def plant(made: Round, book: Book) -> bool:
        sheet = book.sheet("services")
        for row, record in made.shuffled(list(sheet.records.items()), book.file, code) if sheet else ():
            if at not in sheet.columns or not where(record.values):
                continue
            once = [(name, book.file) for name in claims]
            if made.claim(("row", book.file, sheet.name, row), *once):
                made.write(book, sheet, row, at, value(record.values))
                made.note(book, sheet, (row, sheet.columns[at]), code)
                return True
        return False

    return Kind(code, plant)


def _indicator_below(made: Round, book: Book) -> bool:
    sheet = book.sheet("maturity_ratings")
    for row, record in made.shuffled(list(sheet.records.items()), book.file, "below") if sheet else ():
        level = record.values["level"]
        if not isinstance(level, int) or level < 1 or "target_level" not in sheet.columns:
            continue
        if made.claim(("row", book.file, sheet.name, row)):
            made.write(book, sheet, row, "target_level", level - 1)
            made.note(book, sheet, (row, sheet.columns["target_level"]), "target-below-level")
            return True
    return False


def _no_cases(made: Round, book: Book) -> bool:
    """Five services or more, and of none the cases."""
    sheet = book.sheet("services")
    if sheet is None or len(sheet.records) < 5 or "n_cases_yearly" not in sheet.columns:
        return False
    if not made.claim(("cases", book.file)):
        return False
    for row in sheet.records:
        made.write(book, sheet, row, "n_cases_yearly", None)
    made.note(book, sheet, (min(sheet.records), sheet.columns["n_cases_yearly"]), "services-without-cases")
    return True


def _outward(record: Record) -> bool:
    return record.values["status"] == "existing" and bool(
        {"citizens", "business"} & set(record.values["target_group"])
    )


def _names_service(made: Round, book: Book) -> bool:
    """An existing online service that is assigned to none."""
    services, links = made.sheet(book, "services"), made.sheet(book, "project_services")
    linked = {r.values["project_id"] for r in links[1].records.values()} if links else set()
    names = [r.values["name"] for r in services[1].records.values()] if services else []
    names = [name for name in names if len(name) >= 9]
    for sheet, row, record, project in free_rows(made, book, "projects", "existing-without-service"):
        if not names or project in linked or not _outward(record) or "target_group" not in sheet.columns:
            continue
        if made.claim(*of(project, TITLE), ("links", book.office_id)):
            made.write(book, sheet, row, "title", f"{names[0]} am Bildschirm ({project})")
            made.note(book, sheet, (row, sheet.columns["title"]), "existing-without-service")
            return True
    return False


def _never_assigned(made: Round, book: Book) -> bool:
    """Many services and existing projects, and no project assigned."""
    services, links, sheet = (
        made.sheet(book, "services"),
        made.sheet(book, "project_services"),
        book.sheet("projects"),
    )
    if sheet is None or services is None or links is None or len(services[1].records) < 5:
        return False
    outward = [row for row, record in sheet.records.items() if _outward(record)]
    if len(outward) < 3 or "target_group" not in sheet.columns:
        return False
    keys = [(TITLE, sheet.records[row].values["project_id"]) for row in outward]
    if not made.claim(*keys, ("links", book.office_id), ("unknown", links[0].file, "project_services")):
        return False
    links[0].sheets.remove(links[1])
    for row in outward:  # none may name a service any more
        made.write(book, sheet, row, "title", f"Fachverfahren {sheet.records[row].values['project_id']}")
    made.note(book, sheet, (min(outward), sheet.columns["title"]), "projects-never-assigned")
    return True


SERVICES = (
    _service(
        "service-without-model",
        "model",
        lambda v: v["model"] and v["level"] is not None,
        lambda v: None,
        "model",
    ),
    _service(
        "level-not-in-model",
        "level",
        lambda v: v["model"] and (v["target_level"] is None or v["target_level"] >= 3),
        lambda v: 2.5,
    ),
    _service("target-below-level", "target_level", lambda v: (v["level"] or 0) > 0, lambda v: v["level"] - 1),
    _service(
        "online-without-cases",
        "n_cases_yearly",
        lambda v: v["model"] and (v["level"] or 0) >= 2,
        lambda v: 0,
        "cases",
    ),
    Kind("target-below-level", _indicator_below),
    _service(
        "model-not-in-force",
        "model",
        lambda v: isinstance(v["level"], int) and max(v["level"], v["target_level"] or 0) <= 4,
        lambda v: "ozg-1.1",
        "model",
    ),
    Kind("services-without-cases", _no_cases),
    Kind("existing-without-service", _names_service),
    Kind("projects-never-assigned", _never_assigned),
)

# --- references ---------------------------------------------------------------------------------------------


def _unknown(code: str, table: str, name: str, value: Callable[[Book], str]) -> Kind:
    def plant(made: Round, book: Book) -> bool:
        sheet = book.sheet(table)
        for row, record in made.shuffled(list(sheet.records.items()), book.file, code) if sheet else ():
            if name not in sheet.columns or not record.values.get(name):
                continue
            if made.claim(("row", book.file, sheet.name, row), ("unknown", book.file, table)):
                made.put(sheet, row, sheet.columns[name], value(book))
                made.note(book, sheet, (row, sheet.columns[name]), code)
                return True
        return False

    return Kind(code, plant)


def _free_projects(made: Round, book: Book) -> Iterator[str]:
    """Projects of an office that stand in no relation to others."""
    related = {i for d in made.world.dependencies for i in (d.project_id, d.other_id)}
    for p in made.world.projects:
        if p.office_id == book.office_id and p.status in OPEN and p.project_id not in related:
            if ("related", p.project_id) not in made.claims:
                yield p.project_id
            else:
                made.was_blocked = True


def _relation(code: str, at: str, *kinds: str, turned: bool = False, of_itself: bool = False) -> Kind:
    """Rows on two projects, or one, below the others; what is wrong shows in the last."""

    def plant(made: Round, book: Book) -> bool:
        sheet = book.sheet("dependencies")
        free = list(_free_projects(made, book)) if sheet is not None else []
        if len(free) < (1 if of_itself else 2) or sheet is None:
            return False
        one, other = (free[0], free[0]) if of_itself else free[:2]
        made.claim(*{("related", one), ("related", other)})
        for number, kind in enumerate(kinds):
            pair = (other, one) if turned and number % 2 else (one, other)
            record = Record({"project_id": pair[0], "other_id": pair[1], "kind": kind})
            row = made.append(book, sheet, record)
        made.note(book, sheet, (row, sheet.columns[at]), code)
        return True

    return Kind(code, plant)


def _given_up(made: Round, book: Book) -> bool:
    """A project that requires one that was given up."""
    sheet = book.sheet("dependencies")
    gone = [p.project_id for p in made.world.projects if p.status == "discontinued"]
    for project in _free_projects(made, book) if sheet is not None and gone else ():
        if made.claim(("related", project)):
            row = made.append(
                book, sheet, Record({"project_id": project, "other_id": gone[0], "kind": "requires"})
            )
            made.note(book, sheet, (row, sheet.columns["other_id"]), "depends-on-discontinued")
            return True
    return False


def _nobody(book: Book) -> str:
    return f"{book.office_id}-999"


REFERENCES = (
    _unknown("unknown-project", "dependencies", "other_id", _nobody),
    _unknown("unknown-project", "phases", "project_id", _nobody),
    _unknown("unknown-project", "efforts", "project_id", _nobody),
    _unknown("unknown-project", "project_effects", "project_id", _nobody),
    _unknown("unknown-project", "cooperations", "project_id", _nobody),
    _unknown("unknown-project", "project_checks", "project_id", _nobody),
    _unknown("unknown-project", "risks", "project_id", _nobody),
    _unknown("unknown-project", "kpis", "project_id", _nobody),
    _unknown("unknown-service", "project_services", "service_id", lambda book: "99999999999999"),
    _relation("dependency-cycle", "other_id", "end_before_start", "end_before_start", turned=True),
    _relation("dependency-on-itself", "other_id", "requires", of_itself=True),
    _relation("dependency-contradiction", "kind", "excludes", "requires", turned=True),
    Kind("depends-on-discontinued", _given_up),
)

# --- whole returns ------------------------------------------------------------------------------------------


def _old_return(made: Round, book: Book) -> bool:
    """A return of another round."""
    sheet = book.sheet("returns")
    if sheet is None or not made.claim(("cover", book.file)):
        return False
    at = (sheet.columns["report_date"], 2)
    made.put(sheet, *at, months_later(made.world.reporting_date, -5))
    made.note(book, sheet, at, "report-date-differs")
    return True


def _second_return(made: Round, book: Book) -> bool:
    """A second file with one more project."""
    if (
        book.sheet("returns") is None
        or book.sheet("projects") is None
        or not made.claim(("second", book.file))
    ):
        return False
    office = next(office for office in made.world.offices if office.id == book.office_id)
    on, seed = made.world.reporting_date, made.world.seed
    known = next(iter(book.sheet("projects").records.values())).values  # type: ignore[union-attr]
    project = {
        "project_id": f"{office.id}-701",
        "title": f"Nachgemeldetes aus {office.name}",
        "status": "existing",
        "field_id": known["field_id"],
        "reported_office": office.name,
    }
    cover = cover_sheet(made.form, office, on, book.habit, seed)
    more = table_sheet(made.form, "projects", [Record(project)], office, on, book.habit, seed)
    made.books.append(Book(f"{office.id}_Nachtrag.xlsx", office.id, book.habit, [cover, more]))
    made.note(made.books[-1], cover, (cover.columns["reported_office"], 2), "returned-twice")
    return True


RETURNS = (Kind("report-date-differs", _old_return), Kind("returned-twice", _second_return))

ROUND_KINDS: tuple[Kind, ...] = (*WORK, *SERVICES, *REFERENCES, *RETURNS, *COST_KINDS, *RATING_KINDS)
