"""Small rounds of returns for the tests of the inventory."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import openpyxl

Rows = Sequence[Sequence[Any]]
HEADER = ["Nr.", "Titel", "Status", "Handlungsfeld", "Federführung", "Beginn", "Ende"]


def cover(office: str | None, on: str = "2026-04-30") -> Rows:
    return [["Organisation", office], ["Stand", on], ["Ansprechstelle", "IT-Stelle"]]


def projects(*rows: Sequence[Any]) -> Rows:
    """Rows of number, title, and what follows; the status is possible, the field the first."""
    return [HEADER, *([row[0], row[1], "möglich", "HF01", *row[2:]] for row in rows)]


def write_book(path: Path, sheets: dict[str, Rows]) -> Path:
    book = openpyxl.Workbook()
    del book[book.sheetnames[0]]
    for name, rows in sheets.items():
        page = book.create_sheet(name)
        for row in rows:
            page.append(list(row))
    path.parent.mkdir(parents=True, exist_ok=True)
    book.save(path)
    return path
