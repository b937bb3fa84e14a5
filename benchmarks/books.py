"""Workbooks to measure on: three sheets of 60 × 25 cells each, as offices fill them in, and their form."""

from __future__ import annotations

import datetime as dt
import random
from pathlib import Path
from typing import Any

from digistrat.intake.forms import Form

N_ROWS, N_COLUMNS = 60, 25
SHEETS = ("Vorhaben", "Kosten", "Leistungen")
KINDS = ("identifier", "text", "choice", "amount", "date", "number", "boolean", "integer")
STATES = {"existing": ("vorhanden",), "in_preparation": ("in Vorbereitung",), "possible": ("möglich",)}
WORDS = ("Antrag", "Akte", "Portal", "Termin", "Netz", "Schule", "Verkehr", "Daten", "Karte", "Archiv")


def bench_form() -> Form:
    """Return a form of three tables with 25 columns of every kind."""
    tables = []
    for sheet in SHEETS:
        columns: list[dict[str, Any]] = []
        for number in range(N_COLUMNS):
            kind = KINDS[number % len(KINDS)]
            headers = [_header(kind, number)]
            column: dict[str, Any] = {"name": f"c{number:02}", "kind": kind, "headers": headers}
            if kind == "choice":
                column["choices"] = STATES
            columns.append(column)
        tables.append({"name": sheet.lower(), "title": sheet, "columns": columns})
    return Form.model_validate({"name": "bench", "tables": tables})


def write_books(folder: Path, n: int, *, seed: int = 1) -> list[Path]:
    """Write workbooks with XlsxWriter; no two are the same."""
    import xlsxwriter

    paths = []
    for number in range(n):
        draw = random.Random(seed * 100_000 + number)
        path = folder / f"A{number:04}.xlsx"
        book = xlsxwriter.Workbook(str(path))
        date = book.add_format({"num_format": "dd.mm.yyyy"})
        for sheet in SHEETS:
            page = book.add_worksheet(sheet)
            page.write(0, 0, f"{sheet} {number}")
            for column in range(N_COLUMNS):
                kind = KINDS[column % len(KINDS)]
                page.write(2, column, _header(kind, column))
                for row in range(3, 3 + N_ROWS):
                    value = _value(kind, draw, number, row)
                    if isinstance(value, dt.datetime):
                        page.write_datetime(row, column, value, date)
                    else:
                        page.write(row, column, value)
        book.close()
        paths.append(path)
    return paths


def _header(kind: str, number: int) -> str:
    return f"{kind.title()} Angabe {number:02}"


def _value(kind: str, draw: random.Random, number: int, row: int) -> Any:
    match kind:
        case "identifier":
            return f"A{number:04}-{row:03}"
        case "text":
            return " ".join(draw.choices(WORDS, k=draw.randint(2, 12)))
        case "choice":
            return draw.choice([label for labels in STATES.values() for label in labels])
        case "amount":
            amount = draw.randint(1_000, 900_000)
            return amount if draw.random() < 0.7 else f"{amount:,}".replace(",", ".") + " €"
        case "date":
            return dt.datetime(2020, 1, 1) + dt.timedelta(days=draw.randint(0, 3000))
        case "number":
            return draw.randint(0, 100) / 10
        case "boolean":
            return draw.choice(("ja", "nein"))
        case _:
            return draw.randint(0, 90_000)
