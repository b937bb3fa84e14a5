"""Front door of intake: a folder of returns and a form → typed tables, places and findings."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import astuple, dataclass, field, fields
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from digistrat.findings import Finding, Severity, findings_frame, make_finding
from digistrat.intake.columns import Chunk, read_region, typed
from digistrat.intake.forms import Form, Table
from digistrat.intake.places import CellRef, Frames, Layout, Places
from digistrat.intake.tables import Leftover, cell_text, find_regions
from digistrat.intake.workbooks import WorkbookError, cell_address, read_workbook
from digistrat.texts import text

# What the reader notes about a file; other notes are infos.
NOTES: dict[str, Severity] = {
    "sheet-lost": "error",
    "file-quote-open": "warning",
    "file-errors-unseen": "warning",
}
SUFFIXES = (".xlsx", ".xlsm", ".xls", ".xlsb", ".ods", ".csv", ".tsv", ".txt")


@dataclass
class Return:
    """One file, read: its chunks of tables, its findings, and its cells that belong to no table."""

    file: str
    sha256: str = ""
    chunks: list[Chunk] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    leftovers: list[Leftover] = field(default_factory=list)

    def content(self) -> tuple[Any, ...]:
        """Return what the records say, to recognise the same return under another name."""
        return tuple(
            (chunk.table, name, tuple(map(str, column)))
            for chunk in self.chunks
            for name, column in sorted(chunk.raws.items())
            if chunk.rows
        )


@dataclass(frozen=True)
class Returns:
    """What a folder of returns holds, for any form.

    Attributes
    ----------
    form : Form
    tables : mapping of frames
        Table → frame with a unique index (the key, or a running number).
    findings : DataFrame
        What is wrong or doubtful, errors first; empty when nothing is.
    places : Places
        Where every value came from.
    leftovers : DataFrame
        Cells in no column: ``file``, ``sheet``, ``cell``, ``role``, ``header``, ``text``.
    files : DataFrame
        One row per file: ``file``, ``sha256``, ``n_records``.
    """

    form: Form
    tables: Mapping[str, pd.DataFrame]
    findings: pd.DataFrame
    places: Places
    leftovers: pd.DataFrame
    files: pd.DataFrame

    @property
    def sources(self) -> Mapping[str, pd.DataFrame]:
        """Table → frame with the table's index: ``file``, ``sheet``, ``row``, ``layout``."""
        return self.places.sources

    def locate(self, table: str, row: Any, column: str) -> CellRef:
        """Return the place of one value; see `Places.locate`."""
        return self.places.locate(table, row, column)


def list_returns(source: str | Path | Iterable[str | Path]) -> tuple[Path, list[Path]]:
    """Return a folder and the files in it, sorted; lock files, hidden files and folders are left out.

    Of single files it is the folder that holds all of them, so that no two have the same name below it.

    Raises
    ------
    ValueError
        If the folder or a file does not exist.
    """
    if isinstance(source, (str, Path)):
        folder = Path(source)
        if folder.is_file():
            return folder.parent, [folder]
        if not folder.is_dir():
            raise ValueError(f"folder must be an existing folder or file, not {str(folder)!r}")
        paths = sorted(path for path in folder.rglob("*") if path.is_file())
    else:
        paths = list(dict.fromkeys(Path(path).absolute() for path in source))
        for path in paths:
            if not path.is_file():
                raise ValueError(f"paths must be existing files, not {str(path)!r}")
        folder = Path(os.path.commonpath([path.parent for path in paths])) if paths else Path()
    return folder, [
        path
        for path in paths
        if not any(part.startswith(("~$", ".")) for part in path.relative_to(folder).parts)
    ]


def read_returns(
    folder_or_paths: str | Path | Iterable[str | Path],
    form: Form,
    *,
    executor: Executor | None = None,
    progress: bool = False,
) -> Returns:
    """Read every return in a folder through a form.

    Bad files and bad cells never raise: they stand in the findings.

    Parameters
    ----------
    folder_or_paths : path or iterable of paths
        A round's folder, or single files.
    form : Form
        What a return may hold; from `load_form`.
    executor : concurrent.futures.Executor, optional
        Reads files in parallel; in this process by default.
    progress : bool
        Whether to show a progress bar.

    Returns
    -------
    returns : Returns
        Tables, findings and places.

    Raises
    ------
    ValueError
        If the folder or a path does not exist.
    """
    folder, paths = list_returns(folder_or_paths)
    read = partial(read_return, form=form, folder=folder)
    results: Iterable[Return] = map(read, paths) if executor is None else executor.map(read, paths)
    if progress:
        from tqdm.auto import tqdm

        results = tqdm(results, total=len(paths), desc="returns", unit="file")
    return join_returns(list(results), form)


def read_return(path: Path, form: Form, folder: Path) -> Return:
    """Read one file; what cannot be read becomes a finding."""
    file = path.relative_to(folder).as_posix() if path.is_relative_to(folder) else path.name
    result = Return(file, _sha256(path))

    def say(code: str, severity: Severity, value: str = "", sheet: str = "") -> None:
        result.findings.append(
            make_finding(code, severity, form.language, file=file, sheet=sheet, value=value)
        )

    if path.suffix.lower() not in SUFFIXES:
        say("file-not-read", "warning", path.suffix)
        return result
    try:
        workbook = read_workbook(path, limits=form.limits)
    except WorkbookError as error:
        say(error.code, "error", error.value)
        return result
    for code, value in workbook.notes:
        say(code, NOTES.get(code, "info"), value)
    for sheet in workbook.sheets:
        texts = {place: shown for place, cell in sheet.cells.items() if (shown := cell_text(cell))}
        if not texts:
            continue
        ignored = sheet.name in (*form.sheets_ignored, text("template.lists", form.language))
        regions = [] if sheet.hidden or ignored else find_regions(sheet, form, file)
        for region in regions:
            result.chunks.append(read_region(region))
            result.findings += region.findings
            result.leftovers += region.leftovers
        if regions:
            continue
        role = "ignored" if ignored else "hidden" if sheet.hidden else "unused"
        if role == "hidden":
            say("sheet-hidden", "info", str(len(texts)), sheet.name)
        elif role == "unused":
            say("sheet-not-used", "warning", str(len(texts)), sheet.name)
        result.leftovers += [
            Leftover(file, sheet.name, cell_address(*place), role, "", shown)
            for place, shown in texts.items()
        ]
    if not result.chunks:
        say("no-table-found", "error")
    return result


def _sha256(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:  # the finding says why it was not read
        return ""


def join_returns(results: Sequence[Return], form: Form) -> Returns:
    """Join what single files gave into tables with unique keys.

    A return that says the same as an earlier one is used once. A key that another record has is made
    unique, also where the same file refers to it. Both are findings.
    """
    used, findings = _without_copies(results, form)
    for result in used:
        findings += result.findings
        _take_from_cover(result, form)
    findings += _make_keys_unique(used, form)
    tables: dict[str, pd.DataFrame] = {}
    sources: dict[str, pd.DataFrame] = {}
    raws: dict[str, pd.DataFrame] = {}
    layouts: list[Layout] = []
    exceptions: dict[tuple[str, Any, str], CellRef] = {}
    for table in form.tables:
        chunks = [chunk for result in used for chunk in result.chunks if chunk.table == table.name]
        index = _index(table, chunks)
        tables[table.name] = _frame(table, chunks, index)
        raws[table.name] = _raw_frame(chunks, index)
        sources[table.name] = _source_frame(chunks, index, len(layouts))
        layouts += [layout for chunk in chunks for layout in chunk.layouts]
        start = 0
        for chunk in chunks:
            for (position, column), place in chunk.exceptions.items():
                exceptions[table.name, index[start + position], column] = place
            start += len(chunk.rows)
    counts = {result.file: sum(len(chunk.rows) for chunk in result.chunks) for result in used}
    files = pd.DataFrame(
        [(result.file, result.sha256, counts.get(result.file, 0)) for result in results],
        columns=["file", "sha256", "n_records"],
    )
    leftovers = [astuple(leftover) for result in results for leftover in result.leftovers]
    return Returns(
        form,
        Frames(tables),
        findings_frame(findings),
        Places(Frames(sources), Frames(raws), tuple(layouts), exceptions),
        pd.DataFrame(leftovers, columns=[f.name for f in fields(Leftover)], dtype="str"),
        files,
    )


def _without_copies(results: Sequence[Return], form: Form) -> tuple[list[Return], list[Finding]]:
    """Leave out returns that say what an earlier one says; of a copy only that is said."""
    seen: dict[Any, str] = {}
    used, findings = [], []
    for result in results:
        content = result.content()
        if content and content in seen:
            findings.append(
                make_finding("same-return", "warning", form.language, file=result.file, value=seen[content])
            )
            continue
        seen.setdefault(content, result.file)
        used.append(result)
    return used, findings


def _take_from_cover(result: Return, form: Form) -> None:
    """Fill empty cells of columns that the form takes from a one-record table of the same file."""
    for chunk in result.chunks:
        for column in form.table(chunk.table).columns:
            if not column.take:
                continue
            table, name = column.take.split(".")
            cover = next((c for c in result.chunks if c.table == table and len(c.rows) == 1), None)
            if cover is None or cover.columns[name][0] is None:
                continue
            value, place = cover.columns[name][0], cover.place(0, name)
            values = chunk.columns[column.name]
            for position, old in enumerate(values):
                if old is None:
                    values[position] = value
                    chunk.exceptions[position, column.name] = place


def _make_keys_unique(results: Sequence[Return], form: Form) -> list[Finding]:
    """Give records without a key, or with one that is taken, a key of their own.

    Of a key that a file uses twice, the second gets a number, and what refers to the key means the first. A
    key that an earlier file uses gets the file's name in front, also where its file refers to it.
    """
    findings = []
    for table in form.tables:
        if not table.key:
            continue
        pairs = [(r, [c for c in r.chunks if c.table == table.name]) for r in results]
        taken = {str(key) for _, chunks in pairs for chunk in chunks for key in chunk.columns[table.key]}
        first: dict[str, CellRef] = {}  # in earlier files
        for result, chunks in pairs:
            own: dict[str, CellRef] = {}
            renamed: dict[str, str] = {}
            for chunk in chunks:
                keys = chunk.columns[table.key]
                for position, key in enumerate(keys):
                    if key is None:
                        keys[position] = _free(f"{Path(result.file).stem}-{chunk.rows[position]}", taken)
                        continue
                    place = chunk.place(position, table.key)
                    if key in own:
                        findings.append(_duplicate(form, table, place, key, own[key]))
                        keys[position] = _free(key, taken)
                        continue
                    own[key] = place
                    if key in first:
                        findings.append(_duplicate(form, table, place, key, first[key]))
                        keys[position] = renamed[key] = _free(f"{Path(result.file).stem}~{key}", taken)
            for key, place in own.items():
                first.setdefault(key, place)
            _rename_references(result, form, table.name, renamed)
    return findings


def _free(key: str, taken: set[str]) -> str:
    """Return the key, where it is taken with the first free number behind it; from now on it is taken."""
    free, number = key, 1
    while free in taken:
        number += 1
        free = f"{key}~{number}"
    taken.add(free)
    return free


def _rename_references(result: Return, form: Form, table: str, renamed: Mapping[str, str]) -> None:
    for chunk in result.chunks if renamed else ():
        for column in form.table(chunk.table).columns:
            if column.refers == table:
                chunk.columns[column.name] = [renamed.get(v, v) for v in chunk.columns[column.name]]


def _duplicate(form: Form, table: Table, place: CellRef, key: str, first: CellRef) -> Finding:
    return make_finding(
        "duplicate-key",
        "warning",
        form.language,
        values={"first": str(first)},
        file=place.file,
        sheet=place.sheet,
        cell=place.cell,
        table=table.name,
        column=table.key,
        value=key,
    )


def _index(table: Table, chunks: Sequence[Chunk]) -> pd.Index:
    if not table.key:
        return pd.RangeIndex(sum(len(chunk.rows) for chunk in chunks))
    keys = [key for chunk in chunks for key in chunk.columns[table.key]]
    return pd.Index(keys, dtype="str", name=table.key)


def _frame(table: Table, chunks: Sequence[Chunk], index: pd.Index) -> pd.DataFrame:
    columns = {}
    for column in table.columns:
        names = [column.name]
        if column.bounds:
            names += [f"{column.name}_lower", f"{column.name}_upper"]
        for name in names:
            if name != table.key:
                values = [value for chunk in chunks for value in chunk.columns[name]]
                columns[name] = typed(column, values, index)
    return pd.DataFrame(columns, index=index)


def _raw_frame(chunks: Sequence[Chunk], index: pd.Index) -> pd.DataFrame:
    names = dict.fromkeys(name for chunk in chunks for name in chunk.raws)
    return pd.DataFrame(
        {
            name: pd.Series(
                [raw for chunk in chunks for raw in chunk.raws.get(name, [None] * len(chunk.rows))],
                index,
                dtype="object",
            )
            for name in names
        },
        index=index,
    )


def _source_frame(chunks: Sequence[Chunk], index: pd.Index, first_layout: int) -> pd.DataFrame:
    numbers: list[int] = []
    for chunk in chunks:
        for size in chunk.blocks:
            numbers += [first_layout] * size
            first_layout += 1
    return pd.DataFrame(
        {
            "file": pd.Series([c.file for c in chunks for _ in c.rows], index, dtype="str"),
            "sheet": pd.Series([c.sheet for c in chunks for _ in c.rows], index, dtype="str"),
            "row": pd.Series([row for c in chunks for row in c.rows], index, dtype="int64"),
            "layout": pd.Series(numbers, index, dtype="int64"),
        }
    )
