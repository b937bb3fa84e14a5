"""Kinds of fault in costs and effects that only the whole round shows."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

from planted_dates import DATES_OF, MONEY_OF, OPEN, RATINGS, TITLE, cost_rows, free_rows, moderated, of
from planting import Kind, Round

from digistrat.example.books import Book
from digistrat.example.records import Record
from digistrat.example.sheets import Sheet, write_record

MOST = 5e10  # euros: far from what any field costs


def years(sheet: Sheet) -> dict[str, int]:
    """Return the columns of years."""
    return {name: number for name, number in sheet.columns.items() if name.isdecimal()}


def remove_row(sheet: Sheet, row: int) -> None:
    """Empty a row."""
    del sheet.records[row]
    for number in sheet.columns.values():
        sheet.cells.pop((row, number), None)


def statuses(made: Round) -> dict[str, str]:
    """Return every project's status."""
    return {p.project_id: p.status for p in made.world.projects}


def project_of(made: Round, project: str) -> Any:
    """Return a project as the world knows it."""
    return next(p for p in made.world.projects if p.project_id == project)


def only_one(made: Round, code: str) -> bool:
    """Whether this is the only kind in its round that moves what is usual in a field."""
    if made.memory.setdefault("usual", code) != code:
        made.was_blocked = True
        return False
    return True


# --- costs --------------------------------------------------------------------------------------------------


def _outlier(made: Round, book: Book) -> bool:
    """A few zeros too many; at most two in a field, so that its middle stays where it is."""
    costly = {
        r.values["project_id"]
        for other in made.books
        if (sheet := other.sheet("project_costs"))
        for r in sheet.records.values()
        if not r.values["is_recurring"]
    }
    fields = Counter(p.kind.field_id for p in made.world.projects if p.project_id in costly)
    for sheet, row, record, project in free_rows(made, book, "project_costs", "cost-outlier"):
        field_id = project_of(made, project).kind.field_id
        if record.values["is_recurring"] or fields[field_id] < 12:
            continue
        place = next(
            ("outlier", field_id, n) for n in (1, 2, 3) if ("outlier", field_id, n) not in made.claims
        )
        if place[2] == 3 or not only_one(made, "cost-outlier"):
            made.was_blocked = True
        elif made.claim(*of(project, MONEY_OF), place):
            year = next(name for name in years(sheet) if name in record.members)
            made.write(book, sheet, row, year, MOST)
            made.note(book, sheet, (row, sheet.columns[year]), "cost-outlier")
            return True
    return False


def _in_thousands(made: Round, book: Book) -> bool:
    """All amounts of a return in thousands of euros."""
    at, costs = made.sheet(book, "projects"), book.sheet("project_costs")
    if costs is None or at is None:
        return False
    amounts = [a for r in costs.records.values() for a in r.members.values()]
    largest = max(amounts)
    if len(amounts) < 5 or largest >= 1_000_000 or amounts.count(largest) > 1:
        return False
    projects = at[1].records
    if not only_one(made, "amounts-in-thousands"):
        return False
    if not made.claim(("costs", book.file), *((MONEY_OF, r.values["project_id"]) for r in projects.values())):
        return False
    for row, record in costs.records.items():
        small = {year: amount / 1000 for year, amount in record.members.items()}
        write_record(costs, made.form.table("project_costs"), row, replace(record, members=small), book.habit)
        for year in [year for year, amount in record.members.items() if amount == largest]:
            made.note(book, costs, (row, costs.columns[year]), "amounts-in-thousands")
    for row, record in projects.items():
        for name in ("order_value_net_eur", "funding_eur"):
            if name in at[1].columns and record.values[name]:
                made.write(at[0], at[1], row, name, record.values[name] / 1000)
    return True


def _far_year(made: Round, book: Book) -> bool:
    """A column of recurring costs for a year that nobody plans for."""
    sheet = book.sheet("project_costs")
    if sheet is None or "2062" in sheet.columns or not made.claim(("costs", book.file)):
        return False
    rows = [row for row, r in sheet.records.items() if r.values["is_recurring"]]
    if not rows:
        return False
    number = max(number for _, number in sheet.cells) + 1
    is_number = any(isinstance(sheet.cells[sheet.header_row, n], int) for n in years(sheet).values())
    sheet.cells[sheet.header_row, number] = 2062 if is_number else "2062"
    sheet.columns["2062"] = number
    for row in rows:
        sheet.records[row] = replace(
            sheet.records[row], members={**sheet.records[row].members, "2062": 12_000.0}
        )
        made.write(book, sheet, row, "2062", 12_000.0)
    made.note(book, sheet, (sheet.header_row, number), "cost-year-not-plausible")
    return True


def _outside(made: Round, book: Book) -> bool:
    """One-off money years before or after a project."""
    for sheet, row, record, project in free_rows(made, book, "project_costs", "cost-outside-project"):
        p = project_of(made, project)
        if record.values["is_recurring"] or p.status not in OPEN or not p.is_dated:
            continue
        far = [y for y in years(sheet) if int(y) < p.start_date.year - 1 or int(y) > p.end_date.year + 1]
        far = [year for year in far if year not in record.members and year != "2062"]
        if far and made.claim(*of(project, MONEY_OF, DATES_OF)):
            made.write(book, sheet, row, far[0], 20_000.0)
            made.note(book, sheet, (row, sheet.columns[far[0]]), "cost-outside-project")
            return True
    return False


def _of_discontinued(made: Round, book: Book) -> bool:
    """Money for what was given up."""
    sheet, year = book.sheet("project_costs"), str(made.world.reporting_date.year + 1)
    given_up = [
        p
        for p in made.world.projects
        if p.office_id == book.office_id and p.status == "discontinued" and p.start_date.year - 1 <= int(year)
    ]
    for project in given_up if sheet is not None else ():
        if made.claim(*of(project.project_id, MONEY_OF, DATES_OF)):
            values = {"project_id": project.project_id, "kind": "consumptive", "is_recurring": False}
            row = made.append(book, sheet, Record(values, {year: 60_000.0}))
            made.note(book, sheet, (row, sheet.columns[year]), "cost-of-discontinued")
            return True
    return False


def _effect(year: str, project: str) -> Record:
    values = {"project_id": project, "kind": "saving", "is_budget_effective": True}
    return Record(values, {year: 9_000.0})


def _effects_of_discontinued(made: Round, book: Book) -> bool:
    """Savings of what was given up."""
    sheet, year = book.sheet("project_effects"), str(made.world.reporting_date.year + 1)
    status = statuses(made)
    given_up = [p.project_id for p in made.world.projects if p.office_id == book.office_id]
    for project in given_up if sheet is not None else ():
        if status[project] == "discontinued" and made.claim(*of(project, MONEY_OF)):
            row = made.append(book, sheet, _effect(year, project))
            made.note(book, sheet, (row, sheet.columns[year]), "effects-of-discontinued")
            return True
    return False


def _effects_without_costs(made: Round, book: Book) -> bool:
    """Savings of a project that runs already and whose costs nobody names."""
    sheet, year = book.sheet("project_effects"), str(made.world.reporting_date.year + 1)
    for p in made.world.projects if sheet is not None else ():
        if p.office_id != book.office_id or p.status != "existing" or cost_rows(made, book, p.project_id):
            continue
        if made.claim(*of(p.project_id, MONEY_OF)):
            row = made.append(book, sheet, _effect(year, p.project_id))
            made.note(book, sheet, (row, sheet.columns["project_id"]), "effects-without-costs")
            return True
    return False


def _one_year(made: Round, book: Book) -> bool:
    """Recurring costs that stand in their first year only."""
    for sheet, row, record, project in free_rows(made, book, "project_costs", "recurring-in-one-year"):
        first = min(record.members)
        later = {r.values["project_id"] for r in sheet.records.values() if max(r.members) > first} - {project}
        if not record.values["is_recurring"] or len(record.members) < 2 or len(later) < 2:
            continue
        if made.claim(*of(project, MONEY_OF), ("costs", book.file)):
            for year in record.members:
                if year != first:
                    made.write(book, sheet, row, year, None)
            made.note(book, sheet, (row, sheet.columns[first]), "recurring-in-one-year")
            return True
    return False


def _row_twice(table: str) -> Kind:
    def plant(made: Round, book: Book) -> bool:
        for sheet, row, record, project in free_rows(made, book, table, "row-twice"):
            said = [number for name, number in sheet.columns.items() if record.members.get(name)]
            claims = of(project, MONEY_OF) if table.startswith("project_") else []
            if said and made.claim(*claims, ("row", book.file, sheet.name, row)):
                row = made.append(book, sheet, record)
                made.note(book, sheet, (row, min(said)), "row-twice")
                return True
        return False

    return Kind("row-twice", plant)


def without(table: str, code: str) -> Kind:
    """An open project that a table does not speak of."""

    def plant(made: Round, book: Book) -> bool:
        at = made.sheet(book, table)
        for sheet, row, record, project in free_rows(made, book, "projects", code):
            if record.values["status"] not in OPEN or at is None:
                continue
            rows = [r for r, rec in at[1].records.items() if rec.values["project_id"] == project]
            others = [r for r, rec in at[1].records.items() if r not in rows and any(rec.members.values())]
            aspect = MONEY_OF if table == "project_costs" else RATINGS
            if aspect == RATINGS and project in moderated(made):
                continue
            if rows and others and made.claim(*of(project, TITLE, aspect)):
                for number in rows:
                    remove_row(at[1], number)
                made.note(book, sheet, (row, sheet.columns["project_id"]), code)
                return True
        return False

    return Kind(code, plant)


COST_KINDS: tuple[Kind, ...] = (
    Kind("cost-outlier", _outlier), Kind("cost-outside-project", _outside),
    Kind("cost-of-discontinued", _of_discontinued), Kind("recurring-in-one-year", _one_year),
    Kind("effects-of-discontinued", _effects_of_discontinued),
    Kind("effects-without-costs", _effects_without_costs),
    _row_twice("project_costs"), _row_twice("project_effects"), _row_twice("efforts"),
    without("project_costs", "project-without-costs"),
    Kind("cost-year-not-plausible", _far_year), Kind("amounts-in-thousands", _in_thousands),
)  # fmt: skip
