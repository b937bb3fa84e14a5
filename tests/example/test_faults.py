from __future__ import annotations

import csv
import datetime as dt
import io
import re
import zipfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import openpyxl
import pytest
import xlrd
from manifest import read_manifest
from openpyxl.utils.cell import coordinate_from_string

from digistrat.example import ROUNDS, Planted, generate_round
from digistrat.inventory.reading import read_inventory

DATA = Path(__file__).parents[2] / "data"
DATES = ("2025-10-31", "2026-04-30")
# Every kind of fault that the issue asks for.
CODES = {
    "ambiguous-number", "approximate", "at-least", "cell-error", "choice-guessed", "column-not-mapped",
    "dependency-cycle",
    "duplicate-key", "duplicate-project", "end-before-start", "file-encoding-guessed", "file-formulas-unseen",
    "former-office-name", "formula-without-value", "header-guessed", "level-without-evidence", "missing-key",
    "missing-value", "not-a-choice", "not-a-date", "not-a-number", "out-of-range", "range", "ratings-differ",
    "row-hidden", "see-attachment",
    "sheet-hidden", "status-date-mismatch", "text-outside-table", "total-row", "unknown-office",
    "unknown-project",
}  # fmt: skip


def contents(folder: Path) -> dict[str, object]:
    """File → bytes; of a zip its parts, since compression may differ between builds of zlib."""
    found: dict[str, object] = {}
    for path in sorted(folder.iterdir()):
        data = path.read_bytes()
        if data.startswith(b"PK"):
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                found[path.name] = [(i.filename, i.date_time, archive.read(i)) for i in archive.infolist()]
        else:
            found[path.name] = data
    return found


@pytest.mark.parametrize("date", DATES)
def test_shipped_rounds_are_what_the_generator_writes(faulty, date):
    folder, planted = faulty
    assert planted[date] == read_manifest(date)
    assert contents(DATA / "raw" / date) == contents(folder / date)


def test_shipped_rounds_are_small():
    assert sum(path.stat().st_size for path in (DATA / "raw").rglob("*.*")) <= 3_000_000


@pytest.mark.parametrize("date", DATES)
def test_manifest_names_every_kind_of_fault(date):
    assert {fault.code for fault in read_manifest(date)} == CODES


@pytest.mark.parametrize("date", DATES)
def test_reading_finds_the_planted_faults_and_nothing_else(faulty, strategy, date):
    findings = read_inventory(faulty[0] / date, strategy).findings
    found = Counter(zip(findings["file"], findings["sheet"], findings["cell"], findings["code"], strict=True))
    assert found == Counter((p.file, p.sheet, p.cell, p.code) for p in read_manifest(date))


class Seen:
    """A cell as openpyxl or csv shows it."""

    def __init__(self, folder: Path, fault: Planted) -> None:
        self.path = folder / fault.file
        self.column, self.row = coordinate_from_string(fault.cell) if fault.cell else ("", 0)
        self.number = openpyxl.utils.column_index_from_string(self.column) if self.column else 0
        if self.path.suffix == ".csv":
            assert fault.sheet in ("", self.path.stem)
            text = _decoded(self.path.read_bytes())
            self.rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=";"))
            self.value = self.formula = (
                (self.rows[self.row - 1][self.number - 1] or None) if self.row else None
            )
        elif self.path.suffix == ".xlsx":
            self.sheet = openpyxl.load_workbook(self.path, data_only=True)[fault.sheet]
            self.rows = [list(row) for row in self.sheet.iter_rows(values_only=True)]
            if self.row:
                self.value = self.sheet[fault.cell].value
                self.formula = openpyxl.load_workbook(self.path)[fault.sheet][fault.cell].value

    def column_above(self) -> list[object]:
        return [row[self.number - 1] for row in self.rows[: self.row - 1]]


def _decoded(data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("cp1252")


def _titles(folder: Path) -> Iterator[tuple[str, object]]:
    for path in folder.glob("*.xlsx"):
        for sheet in openpyxl.load_workbook(path, read_only=True):
            for row in sheet.iter_rows(values_only=True):
                yield from ((path.name, value) for value in row if isinstance(value, str))
    for path in folder.glob("*.csv"):
        for row in csv.reader(io.StringIO(_decoded(path.read_bytes()), newline=""), delimiter=";"):
            yield from ((path.name, value) for value in row)


def _holds(seen: Seen, fault: Planted, folder: Path) -> bool:
    match fault.code:
        case "approximate":
            return str(seen.value).startswith("ca. ")
        case "range":
            return str(seen.value).count("–") == 1
        case "at-least":
            return str(seen.value).startswith("mindestens ")
        case "ratings-differ":
            return isinstance(seen.value, int) and _moderated_apart(seen) == 3
        case "level-without-evidence":
            at = next(n for n, text in enumerate(_header_of(seen)) if text in ("Nachweis", "Beleg"))
            return seen.value in (3, 4) and seen.rows[seen.row - 1][at] is None
        case "not-a-number":
            return seen.value == "siehe Antrag"
        case "ambiguous-number":
            return seen.value == "1.234"
        case "see-attachment":
            return seen.value == "s. Anlage"
        case "cell-error":
            return seen.value == "#REF!" and seen.formula.startswith("=")
        case "formula-without-value":
            return seen.value is None and seen.formula.startswith("=")
        case "not-a-date":
            return seen.value in ("31.02.2027", "01.13.2026")
        case "not-a-choice":
            return seen.value == "mal sehen"
        case "choice-guessed":
            return seen.value == "in Vorbereitng"
        case "out-of-range":
            return seen.value in (9, 11)
        case "header-guessed":
            return seen.value in ("Handlungsfled", "Auftragswrt netto", "Zielgrupe")
        case "column-not-mapped":
            return seen.value == "Bemerkung intern"
        case "text-outside-table":
            return str(seen.value).startswith("Rückfragen") and seen.row == len(seen.rows)
        case "total-row":
            return seen.value == "Summe" and seen.row == len(seen.rows)
        case "missing-value" | "missing-key":
            return seen.value is None and any(seen.rows[seen.row - 1])
        case "duplicate-key":
            return seen.value in seen.column_above()
        case "duplicate-project":
            return any(text == seen.value and name < fault.file for name, text in _titles(folder))
        case "former-office-name":
            return seen.value == "Stabsstelle E-Government"
        case "unknown-office":
            return seen.value == "Amt für Zukunft"
        case "end-before-start" | "status-date-mismatch":
            return seen.value is not None
        case "unknown-project":
            return str(seen.value).endswith("-999")
        case "dependency-cycle":
            *_, (a, b), (c, d) = [[text for text in row if "-" in str(text)][:2] for row in seen.rows]
            return (a, b) == (d, c) and seen.value == d
        case "row-hidden":
            return bool(seen.sheet.row_dimensions[seen.row].hidden) and any(seen.rows[seen.row - 1])
        case "sheet-hidden":
            return seen.sheet.sheet_state == "hidden" and len(seen.rows) > 0
        case "file-encoding-guessed":
            return "möglich" in seen.path.read_bytes().decode("cp1252") and not _is_utf8(seen.path)
        case "file-formulas-unseen":
            return xlrd.open_workbook(seen.path).nsheets > 3
    return False


def _header_of(seen: Seen) -> list[object]:
    """The line above with most texts."""
    return max(seen.rows[: seen.row - 1], key=lambda row: sum(isinstance(text, str) for text in row))


def _moderated_apart(seen: Seen) -> int:
    """How far the unit's points for the project and criterion of a cell lie from it."""
    criterion = _header_of(seen)[seen.number - 1]
    (project,) = [text for text in seen.rows[seen.row - 1] if re.fullmatch(r"[\w-]+-\d{3}", str(text))]
    rows = list(openpyxl.load_workbook(seen.path.parent / "StD_Bewertung.xlsx").worksheets[1].values)
    number = next(row.index(criterion) for row in rows if criterion in row)
    (moderated,) = [row[number] for row in rows if project in row]
    return abs(moderated - seen.value)


def _is_utf8(path: Path) -> bool:
    try:
        path.read_bytes().decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


@pytest.mark.parametrize("date", DATES)
def test_manifest_cells_hold_the_planted_text(date):
    folder = DATA / "raw" / date
    wrong = [fault for fault in read_manifest(date) if not _holds(Seen(folder, fault), fault, folder)]
    assert wrong == []


def test_old_workbook_is_readable_elsewhere():
    for date in DATES:
        (name,) = [fault.file for fault in read_manifest(date) if fault.code == "file-formulas-unseen"]
        book = xlrd.open_workbook(DATA / "raw" / date / name)
        assert "Beispieldaten, frei erfunden" in book.sheet_by_index(0).col_values(0)


def test_every_cover_sheet_says_that_it_is_invented(faulty):
    for date in DATES:
        paths = sorted((faulty[0] / date).glob("*.xlsx"))
        assert len(paths) >= 42
        for path in paths:
            first = openpyxl.load_workbook(path, read_only=True).worksheets[0]
            assert "Beispieldaten, frei erfunden" in [row[0] for row in first.iter_rows(values_only=True)], (
                path
            )
        for path in (faulty[0] / date).glob("*.csv"):
            assert _decoded(path.read_bytes()).startswith("Beispieldaten, frei erfunden")


def test_people_write_in_many_ways(faulty):
    texts = [text for _, text in _titles(faulty[0] / DATES[0])]
    for written in ("Q3/2027", "10/2027", "01.04.2027", "möglich", "entfällt", "x", "nein"):
        assert written in texts
    assert any(text.endswith(",00 €") for text in texts)
    assert any(text.endswith(" T€") and not text.startswith("ca.") for text in texts)
    paths = list((faulty[0] / DATES[0]).glob("*.xlsx"))
    books = [openpyxl.load_workbook(path) for path in paths]
    assert sum(bool(sheet.merged_cells.ranges) for book in books for sheet in book) > 20
    assert any(
        isinstance(cell.value, dt.datetime) for book in books for row in book.worksheets[1] for cell in row
    )


@pytest.mark.parametrize("seed", [2, 5])
def test_other_seeds_give_their_own_faults_and_no_others(strategy, tmp_path, seed):
    folder = tmp_path / DATES[1]
    planted = generate_round(folder, strategy, ROUNDS[1], seed=seed)
    findings = read_inventory(folder, strategy).findings
    found = Counter(zip(findings["file"], findings["sheet"], findings["cell"], findings["code"], strict=True))
    assert found == Counter((p.file, p.sheet, p.cell, p.code) for p in planted)
