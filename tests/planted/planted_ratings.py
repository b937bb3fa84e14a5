"""Kinds of fault in ratings that only the whole round shows."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from planted_costs import statuses, without
from planted_dates import (
    MONEY_OF,
    OPEN,
    RATINGS,
    cost_rows,
    free_rows,
    is_units,
    moderated,
    of,
    unit_sheet,
)
from planting import Kind, Round

from digistrat.example.books import Book
from digistrat.example.records import Record


def _points(record: Record) -> dict[str, Any]:
    return {name: value for name, value in record.members.items() if isinstance(value, int)}


def _rated_twice(made: Round, book: Book) -> bool:
    """A second row with one rating."""
    for sheet, _row, record, project in free_rows(made, book, "impact_ratings", "rated-twice"):
        points = _points(record)
        if points and made.claim(*of(project, RATINGS)):
            name = min(points)
            row = made.append(book, sheet, Record(record.values, {name: points[name]}))
            made.note(book, sheet, (row, sheet.columns[name]), "rated-twice")
            return True
    return False


def _indicator_twice(made: Round, book: Book) -> bool:
    sheet = book.sheet("maturity_ratings")
    for row, record in made.shuffled(list(sheet.records.items()), book.file, "twice") if sheet else ():
        if isinstance(record.values["level"], int) and made.claim(("row", book.file, sheet.name, row)):
            row = made.append(book, sheet, replace(record, values={**record.values, "target_level": None}))
            made.note(book, sheet, (row, sheet.columns["level"]), "rated-twice")
            return True
    return False


def _alike(table: str) -> Kind:
    """Every project and every criterion the same."""

    def plant(made: Round, book: Book) -> bool:
        sheet = book.sheet(table)
        if sheet is None:
            return False
        table_of = made.form.table(table)
        members = [n for name, n in sheet.columns.items() if name in table_of.unpivot.members]  # type: ignore[union-attr]
        projects = [r.values["project_id"] for r in sheet.records.values()]
        is_moderated = table == "impact_ratings" and not moderated(made).isdisjoint(projects)
        if len(sheet.records) < 3 or len(members) < 5 or is_moderated:
            return False
        if not made.claim(*((RATINGS, p) for p in projects)):
            return False
        for row in sheet.records:
            for number in members:
                sheet.cells[row, number] = 3
        made.note(book, sheet, (min(sheet.records), min(members)), "projects-rated-alike")
        return True

    return Kind("projects-rated-alike", plant)


def _maturity_alike(made: Round, book: Book) -> bool:
    sheet = book.sheet("maturity_ratings")
    if sheet is None or not {"level", "target_level"} <= sheet.columns.keys() or len(sheet.records) < 8:
        return False
    if not made.claim(*(("row", book.file, sheet.name, row) for row in sheet.records)):
        return False
    for row in sheet.records:
        sheet.cells[row, sheet.columns["level"]] = 2
        sheet.cells[row, sheet.columns["target_level"]] = 3
    made.note(book, sheet, (min(sheet.records), sheet.columns["level"]), "maturity-all-alike")
    return True


def _copied_ratings(made: Round, book: Book) -> bool:
    """Ratings and costs of an open project, copied to an existing one."""
    costs = book.sheet("project_costs")
    status = statuses(made)
    for sheet, _row, record, project in free_rows(made, book, "impact_ratings", "copied-ratings"):
        rows = cost_rows(made, book, project)
        spoken_of = {r.values["project_id"] for s in (sheet, costs) if s for r in s.records.values()}
        others = [
            p.project_id
            for p in made.world.projects
            if p.office_id == book.office_id and p.status == "existing" and p.project_id not in spoken_of
        ]
        if status[project] not in OPEN or len(_points(record)) < 5 or not rows or not others or costs is None:
            continue
        other = others[0]
        if made.claim(*of(project, RATINGS, MONEY_OF), *of(other, RATINGS, MONEY_OF)):
            row = made.append(book, sheet, replace(record, values={**record.values, "project_id": other}))
            for *_, cost in rows:
                made.append(book, costs, replace(cost, values={**cost.values, "project_id": other}))
            first = min(sheet.columns[name] for name in _points(record))
            made.note(book, sheet, (row, first), "copied-ratings")
            return True
    return False


def _differs(made: Round, book: Book) -> bool:
    """The unit rates a project far otherwise than its office."""
    at, known = unit_sheet(made.books), moderated(made)
    for sheet, row, record, project in free_rows(made, book, "impact_ratings", "ratings-differ"):
        points = _points(record)
        if at is None or project in known or not points or is_units(sheet):
            continue
        name = min(points)
        if made.claim(*of(project, RATINGS)):
            apart = points[name] + (3 if points[name] <= 5 else -3)
            values = {"project_id": project, "rated_by": "unit", "reason": "Anders begründet"}
            made.append(*at, Record(values, {name: apart}))
            made.note(book, sheet, (row, sheet.columns[name]), "ratings-differ")
            return True
    return False


def _outside(made: Round, book: Book) -> bool:
    """Nine points where the others of the sheet go to ten, and this one to eight."""
    last = made.world.strategy.impact.asked[-1]
    for sheet, row, record, project in free_rows(made, book, "impact_ratings", "outside-criterion"):
        is_rated = last.id in _points(record) and project not in moderated(made)
        if is_rated and made.claim(*of(project, RATINGS)):
            made.write(book, sheet, row, last.id, 9)
            made.note(book, sheet, (row, sheet.columns[last.id]), "outside-criterion")
            return True
    return False


def _without_evidence(made: Round, book: Book) -> bool:
    sheet = book.sheet("maturity_ratings")
    for row, record in made.shuffled(list(sheet.records.items()), book.file, "bare") if sheet else ():
        level = record.values["level"]
        if isinstance(level, int) and level >= 3 and made.claim(("row", book.file, sheet.name, row)):
            made.write(book, sheet, row, "evidence", None)
            made.note(book, sheet, (row, sheet.columns["level"]), "level-without-evidence")
            return True
    return False


RATING_KINDS: tuple[Kind, ...] = (
    without("impact_ratings", "project-without-ratings"),
    Kind("rated-twice", _rated_twice), Kind("rated-twice", _indicator_twice),
    Kind("ratings-differ", _differs), Kind("outside-criterion", _outside),
    Kind("level-without-evidence", _without_evidence),
    Kind("copied-ratings", _copied_ratings), _alike("impact_ratings"), _alike("readiness_ratings"),
    Kind("maturity-all-alike", _maturity_alike),
)  # fmt: skip
