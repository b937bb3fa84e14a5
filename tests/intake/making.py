"""Small forms, sheets and files for the tests of intake."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import openpyxl

from digistrat.intake.columns import read_region
from digistrat.intake.forms import Form
from digistrat.intake.workbooks import Cell, Sheet
from digistrat.intake.workbooks.records import make_sheet

CRITERIA = {"c1": ["C1 Nutzen", "Nutzen"], "c2": ["C2 Dringlichkeit", "Dringlichkeit"]}
PROJECT_COLUMNS: list[dict[str, Any]] = [
    {"name": "project_id", "kind": "identifier", "headers": ["Nr.", "Kennung"], "required": True},
    {"name": "title", "headers": ["Titel", "Bezeichnung"], "required": True},
    {"name": "office", "headers": ["Federführung"], "take": "cover.office"},
    {
        "name": "status",
        "kind": "choice",
        "headers": ["Status"],
        "choices": {"existing": ["vorhanden"], "possible": ["möglich", "Idee"]},
    },
    {"name": "start_date", "kind": "date", "headers": ["Beginn"]},
    {"name": "value_eur", "kind": "amount", "headers": ["Auftragswert netto"], "minimum": 0, "bounds": True},
    {"name": "n_cases", "kind": "integer", "headers": ["Fallzahl"], "minimum": 0},
    {"name": "is_public", "kind": "boolean", "headers": ["öffentlich"]},
    {"name": "tags", "kind": "list", "headers": ["Schlagworte"]},
    {"name": "remark", "headers": ["Bemerkung"]},
]


def make_form(**changes: Any) -> Form:
    """A form with a cover, projects, costs by year, and ratings by criterion."""
    content: dict[str, Any] = {
        "name": "small",
        "sheets_ignored": ["Hilfe"],
        "tables": [
            {
                "name": "cover",
                "sheets": ["Deckblatt"],
                "orientation": "columns",
                "columns": [
                    {"name": "office", "headers": ["Dienststelle"], "required": True},
                    {"name": "day", "kind": "date", "headers": ["Stichtag"]},
                    {"name": "contact", "headers": ["Ansprechstelle"]},
                ],
            },
            {"name": "projects", "sheets": ["Vorhaben"], "key": "project_id", "columns": PROJECT_COLUMNS},
            {
                "name": "costs",
                "sheets": ["Kosten"],
                "unpivot": {
                    "member": "year",
                    "value": "amount_eur",
                    "pattern": r"(?:^|\D)(?P<member>20\d\d)(?:\D|$)",
                },
                "columns": [
                    {
                        "name": "project_id",
                        "kind": "identifier",
                        "headers": ["Nr."],
                        "required": True,
                        "refers": "projects",
                    },
                    {"name": "kind", "headers": ["Art"]},
                    {"name": "year", "kind": "integer"},
                    {"name": "amount_eur", "kind": "amount", "bounds": True},
                ],
            },
            {
                "name": "ratings",
                "sheets": ["Wirkung"],
                "unpivot": {
                    "member": "criterion_id",
                    "value": "points",
                    "members": CRITERIA,
                    "keep_empty": True,
                },
                "columns": [
                    {
                        "name": "project_id",
                        "kind": "identifier",
                        "headers": ["Nr."],
                        "required": True,
                        "refers": "projects",
                    },
                    {"name": "criterion_id"},
                    {"name": "points", "kind": "number", "minimum": 0, "maximum": 10},
                    {"name": "state", "kind": "state", "of": "points"},
                ],
            },
        ],
    }
    return Form.model_validate({**content, **changes})


class F:
    """A formula with its cached value or error."""

    def __init__(self, formula: str, value: Any = None, error: str | None = None) -> None:
        self.formula, self.value, self.error = formula, value, error


def make_cells(rows: Sequence[Sequence[Any]]) -> dict[tuple[int, int], Cell]:
    cells = {}
    for r, row in enumerate(rows, 1):
        for c, value in enumerate(row, 1):
            if isinstance(value, F):
                cells[r, c] = Cell(r, c, value.value, value.formula, value.error)
            elif value is not None:
                cells[r, c] = Cell(r, c, value)
    return cells


def sheet_of(rows: Sequence[Sequence[Any]], name: str = "Vorhaben", **options: Any) -> Sheet:
    return make_sheet(name, options.pop("hidden", False), make_cells(rows), **options)


def write_book(path: Path, sheets: dict[str, Sequence[Sequence[Any]]]) -> Path:
    """Write rows as an xlsx; a cell None stays empty."""
    book = openpyxl.Workbook()
    del book[book.sheetnames[0]]
    for name, rows in sheets.items():
        page = book.create_sheet(name)
        for r, row in enumerate(rows, 1):
            for c, value in enumerate(row, 1):
                if value is not None:
                    page.cell(r, c, value)
    path.parent.mkdir(parents=True, exist_ok=True)
    book.save(path)
    return path


def codes(findings: Any) -> list[tuple[str, str]]:
    """(code, cell) of findings, sorted."""
    if hasattr(findings, "itertuples"):
        return sorted(zip(findings["code"], findings["cell"], strict=True))
    return sorted((finding.code, finding.cell) for finding in findings)


def known_places(region: Any) -> set[str]:
    """Addresses of cells that a region uses, keeps or names."""
    chunk = read_region(region)
    known = {(region.header, number) for number in (*region.columns.values(), *region.members)}
    start = 0
    for layout, size in zip(chunk.layouts, chunk.blocks, strict=True):
        known |= {(row, n) for row in chunk.rows[start : start + size] for n in layout.columns.values()}
        start += size
    addresses = {region.address(*place) for place in known}
    return addresses | {k.cell for k in region.leftovers} | {finding.cell for finding in region.findings}
