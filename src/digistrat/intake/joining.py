"""Returns of single files → tables with unique keys, with the place of every value."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from digistrat.findings import Finding, findings_frame, make_finding
from digistrat.intake.forms import Form, Table
from digistrat.intake.packing import join_columns
from digistrat.intake.places import CellRef, Frames, Layout, Places, Raws
from digistrat.intake.reading import Block, Return
from digistrat.intake.tables import Leftover
from digistrat.intake.values import fold
from digistrat.intake.workbooks import parse_address


@dataclass(frozen=True, repr=False)
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

    def __repr__(self) -> str:
        rows = ", ".join(f"{name} {len(frame)}" for name, frame in self.tables.items())
        return f"<Returns: {len(self.files)} files; rows: {rows}; {len(self.findings)} findings>"

    @property
    def sources(self) -> Mapping[str, pd.DataFrame]:
        """Table → frame with the table's index: ``file``, ``sheet``, ``row``, ``layout``."""
        return self.places.sources

    def locate(self, table: str, row: Any, column: str) -> CellRef:
        """Return the place of one value; see `Places.locate`."""
        return self.places.locate(table, row, column)

    def extras(self, table: str) -> pd.DataFrame:
        """Return what stands beside a table's records in columns that the form does not have.

        See `extras_of`.
        """
        if table not in self.tables:
            raise ValueError(f"table must be one of {list(self.tables)}, not {table!r}")
        return extras_of(self.leftovers, self.places, table)


def extras_of(leftovers: pd.DataFrame, places: Places, table: str) -> pd.DataFrame:
    """Return the extra cells of a table's records: one row per cell, indexed as the table.

    Parameters
    ----------
    leftovers : DataFrame
        Cells in no column of the form.
    places : Places
        Where the table's records stand.
    table : str
        Name of the table.

    Returns
    -------
    DataFrame
        ``header``, ``text``, ``file``, ``sheet``, ``cell``; of a table made from columns that became rows,
        the label is that of a record's first row.
    """
    source = places.sources[table]
    upright = np.array([layout.orientation == "rows" for layout in places.layouts], dtype=bool)
    rows = pd.DataFrame(
        {
            "file": source["file"].to_numpy(),
            "sheet": source["sheet"].to_numpy(),
            "record": source["row"].to_numpy(),
            "upright": upright[source["layout"].to_numpy()],
            "label": source.index,
        }
    ).drop_duplicates(["file", "sheet", "record"])
    extra = leftovers[leftovers["role"] == "extra"].reset_index(drop=True)
    at = np.array([parse_address(cell) for cell in extra["cell"]], dtype="int64").reshape(-1, 2)
    found = []
    for orientation, side in ((True, 0), (False, 1)):
        cells = extra.assign(record=at[:, side])
        found.append(cells.merge(rows[rows["upright"] == orientation], on=["file", "sheet", "record"]))
    joined = pd.concat(found, ignore_index=True).set_index("label")
    joined.index.name = source.index.name
    return joined[["header", "text", "file", "sheet", "cell"]]


def join_returns(results: Sequence[Return], form: Form) -> Returns:
    """Join what single files gave into tables with unique keys; the blocks of the files are used up.

    A return that says the same as an earlier one is used once. A key that another record has is made
    unique, also where the same file refers to it. Both are findings.
    """
    used, findings = _without_copies(results, form)
    for result in used:
        findings += result.findings
    for table in form.tables:
        _match_references(used, form, table)
    findings += _make_keys_unique(used, form)
    counts = {result.file: sum(len(block.rows) for block in result.blocks) for result in used}
    tables: dict[str, pd.DataFrame] = {}
    sources: dict[str, pd.DataFrame] = {}
    raws: dict[str, list[Any]] = {}
    layouts: list[Layout] = []
    exceptions: dict[tuple[str, Any, str], CellRef] = {}
    for table in form.tables:
        blocks = [block for result in used for block in result.blocks if block.table == table.name]
        index = _index(table, blocks)
        tables[table.name] = _frame(table, blocks, index)
        raws[table.name] = [block.raws for block in blocks]
        sources[table.name] = _source_frame(blocks, index, len(layouts))
        layouts += [layout for block in blocks for layout in block.layouts]
        start = 0
        for block in blocks:
            for (position, column), place in block.exceptions.items():
                exceptions[table.name, index[start + position], column] = place
            start += len(block.rows)
    files = pd.DataFrame(
        [(result.file, result.sha256, counts.get(result.file, 0)) for result in results],
        columns=["file", "sha256", "n_records"],
    )
    leftovers = [astuple(leftover) for result in results for leftover in result.leftovers]
    return Returns(
        form,
        Frames(tables),
        findings_frame(findings),
        Places(Frames(sources), Raws(raws), tuple(layouts), exceptions, _states(form)),
        pd.DataFrame(leftovers, columns=[f.name for f in fields(Leftover)], dtype="str"),
        files,
    )


def _states(form: Form) -> dict[tuple[str, str], str]:
    """Return which column each state speaks of."""
    return {(t.name, c.name): c.of for t in form.tables for c in t.columns if c.of}


def _without_copies(results: Sequence[Return], form: Form) -> tuple[list[Return], list[Finding]]:
    """Leave out returns that say what an earlier one says; of a copy only that is said."""
    seen: dict[Any, list[Return]] = {}
    used, findings = [], []
    for result in results:
        alike = seen.setdefault(result.outline, []) if result.outline else []
        first = next((other for other in alike if result.says_the_same(other)), None)
        if first is None:
            alike.append(result)
            used.append(result)
        else:
            findings.append(
                make_finding("same-return", "warning", form.language, file=result.file, value=first.file)
            )
    return used, findings


def _match_references(results: Sequence[Return], form: Form, table: Table) -> None:
    """Let what refers to a key mean it in another spelling too: ``std–002`` is StD-002, where it is no other.

    A key of the same file comes before those of others.
    """
    if not table.key:
        return
    keys = [_keys_of(result, table) for result in results]
    every = {key for own in keys for key in own}
    anywhere: dict[str, str] = {}
    for result, own in zip(results, keys, strict=True):
        for block in result.blocks:
            for column in form.table(block.table).columns:
                values = block.columns[column.name] if column.refers == table.name else ()
                unknown = {value for value in values if value is not None} - every
                if unknown:
                    anywhere = anywhere or _by_spelling(every)
                    of_file = _by_spelling(own)
                    meant = {v: of_file.get(fold(v)) or anywhere.get(fold(v)) for v in unknown}
                    block.columns[column.name] = [meant.get(value) or value for value in values]


def _keys_of(result: Return, table: Table) -> set[str]:
    blocks = [block for block in result.blocks if block.table == table.name]
    return {key for block in blocks for key in block.columns[table.key] if key is not None}


def _by_spelling(keys: Iterable[str]) -> dict[str, str]:
    """Key by its folded text, where no other key has the same."""
    found: dict[str, list[str]] = {}
    for key in keys:
        found.setdefault(fold(key), []).append(key)
    return {folded: same[0] for folded, same in found.items() if len(same) == 1 and folded}


def _make_keys_unique(results: Sequence[Return], form: Form) -> list[Finding]:
    """Give records without a key, or with one that is taken, a key of their own.

    Of a key that a file uses twice, the second gets a number, and what refers to the key means the first. A
    key that an earlier file uses gets the file's name in front, also where its file refers to it.
    """
    findings = []
    for table in form.tables:
        if not table.key:
            continue
        pairs = [(r, [b for b in r.blocks if b.table == table.name]) for r in results]
        taken = {str(key) for _, blocks in pairs for block in blocks for key in block.columns[table.key]}
        first: dict[str, tuple[Block, int]] = {}  # in earlier files
        for result, blocks in pairs:
            own: dict[str, tuple[Block, int]] = {}
            renamed: dict[str, str] = {}
            for block in blocks:
                keys = block.columns[table.key]
                for position, key in enumerate(keys):
                    if key is None:
                        keys[position] = _free(f"{Path(result.file).stem}-{block.rows[position]}", taken)
                    elif key in own:
                        findings.append(_duplicate(form, table, (block, position), key, own[key]))
                        keys[position] = _free(key, taken)
                    else:
                        own[key] = (block, position)
                        if key in first:
                            findings.append(_duplicate(form, table, (block, position), key, first[key]))
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
    for block in result.blocks if renamed else ():
        for column in form.table(block.table).columns:
            if column.refers == table:
                block.columns[column.name] = [renamed.get(v, v) for v in block.columns[column.name]]


def _duplicate(
    form: Form, table: Table, at: tuple[Block, int], key: str, first: tuple[Block, int]
) -> Finding:
    place = at[0].place(at[1], table.key)
    return make_finding(
        "duplicate-key",
        "warning",
        form.language,
        values={"first": str(first[0].place(first[1], table.key))},
        file=place.file,
        sheet=place.sheet,
        cell=place.cell,
        table=table.name,
        column=table.key,
        value=key,
    )


def _index(table: Table, blocks: Sequence[Block]) -> pd.Index:
    if not table.key:
        return pd.RangeIndex(sum(len(block.rows) for block in blocks))
    keys = [key for block in blocks for key in block.columns.pop(table.key)]
    return pd.Index(keys, dtype="str", name=table.key)


def _frame(table: Table, blocks: Sequence[Block], index: pd.Index) -> pd.DataFrame:
    """Join the packed columns; each is let go as soon as it stands in the frame."""
    columns = {}
    for column in table.columns:
        names = [column.name]
        if column.bounds:
            names += [f"{column.name}_lower", f"{column.name}_upper"]
        for name in names:
            if name != table.key:
                columns[name] = join_columns(column, [block.columns.pop(name) for block in blocks], index)
    return pd.DataFrame(columns, index=index)


def _source_frame(blocks: Sequence[Block], index: pd.Index, first_layout: int) -> pd.DataFrame:
    sizes = [len(block.rows) for block in blocks]
    spans = [span for block in blocks for span in block.spans]
    rows = np.concatenate([np.empty(0, "int64"), *(block.rows for block in blocks)])

    def each(texts: list[str]) -> pd.Series:
        return pd.Series(np.repeat(np.array(texts, dtype=object), sizes), index, dtype="str")

    return pd.DataFrame(
        {
            "file": each([block.file for block in blocks]),
            "sheet": each([block.sheet for block in blocks]),
            "row": pd.Series(rows, index),
            "layout": pd.Series(np.repeat(np.arange(len(spans)) + first_layout, spans), index, dtype="int64"),
        }
    )
