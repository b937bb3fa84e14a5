"""One file through a form: its records, packed, with findings and the cells that are none of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from digistrat.findings import Finding, Severity, make_finding
from digistrat.intake.cache import Cache, make_key
from digistrat.intake.columns import Chunk, read_region
from digistrat.intake.feedback.sheet import is_feedback_sheet
from digistrat.intake.forms import Form
from digistrat.intake.packing import Packed, pack_column
from digistrat.intake.places import CellRef, Layout, RawBlock, find_cell
from digistrat.intake.tables import Leftover, Region, cell_text, find_regions
from digistrat.intake.tables.aside import sheets_aside
from digistrat.intake.values import fold
from digistrat.intake.workbooks import (
    Sheet,
    Workbook,
    WorkbookError,
    cell_address,
    no_collection,
    read_workbook,
)
from digistrat.texts import LANGUAGES, text

# What the reader notes about a file; other notes are infos.
NOTES: dict[str, Severity] = {
    "sheet-lost": "error",
    "file-quote-open": "warning",
    "file-errors-unseen": "warning",
    "comments-lost": "warning",
}
# What is said of a sheet that is not read.
SHEETS: dict[str, tuple[str, Severity]] = {
    "hidden": ("sheet-hidden", "info"),
    "unused": ("sheet-not-used", "warning"),
}
PASSING = ("file-too-slow", "file-not-opened")  # what may go better the next time
SUFFIXES = (".xlsx", ".xlsm", ".xls", ".xlsb", ".ods", ".csv", ".tsv", ".txt")
# What an office sends in place of a workbook: it has not answered yet.
DOCUMENTS = {
    ".pdf", ".xps", ".doc", ".docx", ".docm", ".dot", ".dotx", ".odt", ".ott", ".rtf", ".pages", ".ppt",
    ".pptx", ".odp", ".htm", ".html", ".mht", ".mhtml", ".msg", ".eml", ".oft", ".zip", ".7z", ".rar",
    ".gz", ".xml", ".xlt", ".xltx", ".xltm", ".ots", ".fods", ".numbers", ".mdb", ".accdb", ".odb", ".jpg",
    ".jpeg", ".png", ".gif", ".bmp", ".tif", ".tiff", ".heic", ".webp",
}  # fmt: skip


@dataclass
class Block:
    """The records of one region of a file, packed: what is needed to join them with those of other files.

    Attributes
    ----------
    table, file, sheet : str
    columns : dict
        Column → packed values.
    raws : RawBlock
        What stood in the cells.
    rows : array of int
        Row of each record (column, where records stand in columns).
    layouts : list of Layout
        One per span of records; ``spans`` says how many records each has.
    exceptions : dict
        (position, column) → place of a value that was taken from elsewhere.
    first : tuple of str
        What stood in the cells of the first record, by column.
    """

    table: str
    file: str
    sheet: str
    columns: dict[str, Packed]
    raws: RawBlock
    rows: np.ndarray[Any, np.dtype[np.int64]]
    layouts: list[Layout]
    spans: list[int]
    exceptions: dict[tuple[int, str], CellRef]
    first: tuple[str, ...]

    def place(self, position: int, column: str) -> CellRef:
        """Return the place of one record's cell."""
        cell = find_cell(self.layouts, self.spans, int(self.rows[position]), position, column)
        return CellRef(self.file, self.sheet, cell, self.raws.at(position, column))


@dataclass
class Return:
    """One file, read: its records, its findings, and its cells that belong to no table."""

    file: str
    sha256: str = ""
    blocks: list[Block] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    leftovers: list[Leftover] = field(default_factory=list)

    @property
    def outline(self) -> tuple[Any, ...]:
        """What two returns that say the same have in common at a glance; empty without a record."""
        return tuple((block.table, len(block.rows), block.first) for block in self.blocks if len(block.rows))

    def says_the_same(self, other: Return) -> bool:
        """Whether the records of two returns hold the same, whatever the files are called."""
        return self.outline == other.outline and all(
            {name: list(map(str, column)) for name, column in one.raws.columns().items()}
            == {name: list(map(str, column)) for name, column in two.raws.columns().items()}
            for one, two in zip(self.blocks, other.blocks, strict=True)
        )


@dataclass(frozen=True, slots=True)
class Task:
    """A file to read.

    Attributes
    ----------
    path : Path
        Where it is.
    file : str
        Its name in findings and places.
    sha256 : str
        Digest of its content; empty for a file that cannot be read.
    """

    path: Path
    file: str
    sha256: str

    def key(self, form_digest: str) -> str:
        """Return the key of its result in the cache."""
        return make_key("return", self.file, self.sha256, form_digest)


def read_return(task: Task, form: Form) -> Return:
    """Read one file; what cannot be read becomes a finding."""
    with no_collection():  # until the workbook's cells are let go
        return _read(task.path, Return(task.file, task.sha256), form)


def read_tasks(tasks: Sequence[Task], form: Form, cache: Cache | None = None) -> list[Return]:
    """Read some files, keeping each result in the cache."""
    results = []
    digest = form.digest() if cache else ""
    for task in tasks:
        result = read_return(task, form)
        if cache and task.sha256 and not any(finding.code in PASSING for finding in result.findings):
            cache.save(task.key(digest), result)
        results.append(result)
    return results


def _read(path: Path, result: Return, form: Form) -> Return:
    def say(code: str, severity: Severity, value: str = "", sheet: str = "") -> None:
        result.findings.append(
            make_finding(code, severity, form.language, file=result.file, sheet=sheet, value=value)
        )

    if path.suffix.lower() not in SUFFIXES:
        is_sent = path.suffix.lower() in DOCUMENTS
        say("file-not-read", "error" if is_sent else "warning", path.suffix)
        return result
    try:
        workbook = read_workbook(path, limits=form.limits)
    except WorkbookError as error:
        say(error.code, "error", error.value)
        return result
    for code, value in workbook.notes:
        say(code, NOTES.get(code, "info"), value)
    chunks = _read_sheets(workbook, result, form)
    if not chunks and workbook.sheets and all(map(is_feedback_sheet, workbook.sheets)):
        say("feedback-only", "info")
    elif not chunks:
        say("no-table-found", "error")
    _take_from_cover(chunks, form)
    result.blocks = [_packed(chunk, form) for chunk in chunks]
    return result


def _read_sheets(workbook: Workbook, result: Return, form: Form) -> list[Chunk]:
    """Read the tables of every visible sheet; of the others keep the cells."""
    own = (text(f"template.{sheet}", language) for sheet in ("lists", "help_sheet") for language in LANGUAGES)
    unread = {*form.sheets_ignored, *own}
    ignored = [sheet.name in unread or is_feedback_sheet(sheet) for sheet in workbook.sheets]
    found: list[list[tuple[Region, Chunk]]] = []
    for sheet, is_ignored in zip(workbook.sheets, ignored, strict=True):
        if not is_ignored:
            _note_annotations(sheet, result, form)
        is_read = sheet.cells and not (sheet.hidden or is_ignored)
        regions = find_regions(sheet, form, result.file) if is_read else []
        found.append([(region, read_region(region)) for region in regions])
    aside = sheets_aside([[region for region, _ in own] for own in found])
    chunks = []
    for number, sheet in enumerate(workbook.sheets):
        if found[number] and number not in aside:
            for region, chunk in found[number]:
                chunks.append(chunk)
                result.findings += region.findings
                result.leftovers += region.leftovers
            by_column = all(region.orientation == "columns" for region, _ in found[number])
            _note_struck(sheet, result, form, by_column=by_column)
        else:
            _keep_unread(sheet, "ignored" if ignored[number] else "", result, form)
    return chunks


def _keep_unread(sheet: Sheet, role: str, result: Return, form: Form) -> None:
    """Keep the cells of a sheet that is not read, and say so, unless it is one to ignore."""
    role = role or ("hidden" if sheet.hidden else "unused")
    kept = [
        Leftover(result.file, sheet.name, cell_address(*place), role, "", shown)
        for place, cell in sheet.cells.items()
        if (shown := cell_text(cell))
    ]
    result.leftovers += kept
    if not kept or role == "ignored":
        return
    code, severity = SHEETS[role]
    if any(fold(sheet.name) in table.sheet_names for table in form.tables):
        severity = "warning"  # a table that the form wants
    place = {"file": result.file, "sheet": sheet.name, "value": str(len(kept))}
    result.findings.append(make_finding(code, severity, form.language, values=None, **place))


def _note_annotations(sheet: Sheet, result: Return, form: Form) -> None:
    """Say what stands beside the cells: an office may have answered there."""
    for row, column, kind, said in sheet.annotations:
        cell = cell_address(row, column)
        result.leftovers.append(Leftover(result.file, sheet.name, cell, kind, "", said))
        place = {"file": result.file, "sheet": sheet.name, "cell": cell}
        result.findings.append(
            make_finding(kind, "info", form.language, values=None, value=said[:200], **place)
        )


def _note_struck(sheet: Sheet, result: Return, form: Form, *, by_column: bool) -> None:
    """Say what is struck through, once for each record: an office may have taken it back."""
    lines: dict[int, list[tuple[int, int]]] = {}
    for place in sorted(place for place in sheet.struck if cell_text(sheet.cells[place])):
        lines.setdefault(place[by_column], []).append(place)
    for places in lines.values():
        result.findings.append(
            make_finding(
                "struck-through",
                "warning",
                form.language,
                file=result.file,
                sheet=sheet.name,
                cell=cell_address(*places[0]),
                value=cell_text(sheet.cells[places[0]])[:200],
                values={"count": len(places)},
            )
        )


def _take_from_cover(chunks: Sequence[Chunk], form: Form) -> None:
    """Fill empty cells of columns that the form takes from a one-record table of the same file."""
    for chunk in chunks:
        for column in form.table(chunk.table).columns:
            if not column.take:
                continue
            table, name = column.take.split(".")
            cover = next((c for c in chunks if c.table == table and len(c.rows) == 1), None)
            if cover is None or cover.columns[name][0] is None:
                continue
            value, place = cover.columns[name][0], cover.place(0, name)
            values = chunk.columns[column.name]
            for position, old in enumerate(values):
                if old is None:
                    values[position] = value
                    chunk.exceptions[position, column.name] = place


def _packed(chunk: Chunk, form: Form) -> Block:
    columns: dict[str, Packed] = {}
    for column in form.table(chunk.table).columns:
        bounds = [f"{column.name}_lower", f"{column.name}_upper"] if column.bounds else []
        for name in (column.name, *bounds):
            columns[name] = pack_column(column, chunk.columns[name])
    return Block(
        chunk.table,
        chunk.file,
        chunk.sheet,
        columns,
        RawBlock.pack(chunk.raws, len(chunk.rows)),
        np.array(chunk.rows, dtype="int64"),
        chunk.layouts,
        chunk.blocks,
        chunk.exceptions,
        tuple(f"{name}: {values[0]}" for name, values in sorted(chunk.raws.items()) if values),
    )
