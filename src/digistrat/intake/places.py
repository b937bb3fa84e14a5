"""Where a value came from: kept per row and layout, so that it costs next to nothing."""

from __future__ import annotations

import pickle
import zlib
from bisect import bisect_right
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import accumulate
from typing import Any, Literal

import pandas as pd

from digistrat.intake.workbooks import cell_address


@dataclass(frozen=True, slots=True)
class CellRef:
    """A place in a return and what stands there.

    Attributes
    ----------
    file, sheet, cell : str
        File name relative to the round's folder, sheet and address; for a value from a TOML file the key
        stands as ``cell``.
    raw : object
        The cell's own value before it was read as something.

    Examples
    --------
    >>> str(CellRef("A16.xlsx", "Vorhaben", "F12", 1))
    'A16.xlsx › Vorhaben › F12'
    """

    file: str
    sheet: str
    cell: str
    raw: Any = None

    def __str__(self) -> str:
        return " › ".join(part for part in (self.file, self.sheet, self.cell) if part)


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the columns of one table stand on one sheet.

    ``columns`` maps a column's name to its number across the records; ``fixed`` gives columns that
    stand in one cell for all records (a header that became a member) as sheet, row, column and raw value.
    """

    orientation: Literal["rows", "columns"] = "rows"
    columns: Mapping[str, int] = field(default_factory=dict)
    fixed: Mapping[str, tuple[str, int, int, Any]] = field(default_factory=dict)


def find_cell(layouts: Sequence[Layout], spans: Sequence[int], row: int, position: int, column: str) -> str:
    """Return the address of one record's cell; empty where the column stands nowhere.

    Parameters
    ----------
    layouts, spans
        Of consecutive records, and how many records each covers.
    row, position
        Row of the record on its sheet, and its position among the records.
    column
        Name of the column.
    """
    layout = layouts[bisect_right(list(accumulate(spans)), position)]
    number = layout.columns.get(column)
    if number is None:
        return ""
    return cell_address(*((row, number) if layout.orientation == "rows" else (number, row)))


class Frames(Mapping[str, pd.DataFrame]):
    """Frames by name that nobody can change: each look-up gives a copy, which copy-on-write makes free."""

    def __init__(self, frames: Mapping[str, pd.DataFrame]) -> None:
        self._frames: dict[str, pd.DataFrame] = dict(frames)

    def __getitem__(self, name: str) -> pd.DataFrame:
        return self._frames[name].copy(deep=False)

    def __iter__(self) -> Iterator[str]:
        return iter(self._frames)

    def __len__(self) -> int:
        return len(self._frames)

    def __repr__(self) -> str:
        return f"Frames({', '.join(f'{name}: {len(frame)} rows' for name, frame in self._frames.items())})"


@dataclass(frozen=True, slots=True)
class RawBlock:
    """What stood in the cells of some records, packed: looked at seldom, it must cost little until then.

    Attributes
    ----------
    n_rows : int
        Records in the block.
    packed : bytes
        Columns by name.
    """

    n_rows: int
    packed: bytes

    @classmethod
    def pack(cls, columns: Mapping[str, Sequence[Any]], n_rows: int) -> RawBlock:
        """Pack columns of raw values."""
        return cls(n_rows, zlib.compress(pickle.dumps(dict(columns), pickle.HIGHEST_PROTOCOL), 1))

    def columns(self) -> dict[str, list[Any]]:
        """Return the columns; not to be changed."""
        return _unpack(self.packed)

    def at(self, position: int, column: str) -> Any:
        """Return what stood in one record's cell; None where the return has no such column."""
        values = self.columns().get(column)
        return None if values is None else values[position]


@lru_cache(maxsize=64)
def _unpack(packed: bytes) -> dict[str, list[Any]]:
    columns: dict[str, list[Any]] = pickle.loads(zlib.decompress(packed))  # packed by `RawBlock.pack`
    return columns


class Raws:
    """What stood in the cells of every table, block by block.

    Parameters
    ----------
    blocks : mapping
        Table → its blocks in the order of its rows.
    """

    def __init__(self, blocks: Mapping[str, Sequence[RawBlock]]) -> None:
        self.blocks = {table: tuple(found) for table, found in blocks.items()}
        self._starts = {
            table: list(accumulate((block.n_rows for block in found), initial=0))
            for table, found in self.blocks.items()
        }

    def at(self, table: str, position: int, column: str) -> Any:
        """Return what stood in one cell; None where the return has no such column."""
        number = bisect_right(self._starts[table], position) - 1
        return self.blocks[table][number].at(position - self._starts[table][number], column)


@dataclass(frozen=True)
class Places:
    """The places of every value of a set of tables.

    Attributes
    ----------
    sources : mapping of frames
        Table → frame with the table's index: ``file``, ``sheet``, ``row`` and ``layout`` (a number).
    raws : Raws
        What stood in the cells, by position in the table.
    layouts : tuple of Layout
    exceptions : mapping
        (table, row label, column) → `CellRef` of single values that come from elsewhere.
    states : mapping
        (table, column of kind ``state``) → the column that it speaks of.
    """

    sources: Mapping[str, pd.DataFrame]
    raws: Raws
    layouts: tuple[Layout, ...]
    exceptions: Mapping[tuple[str, Any, str], CellRef]
    states: Mapping[tuple[str, str], str] = field(default_factory=dict)

    def locate(self, table: str, row: Any, column: str) -> CellRef:
        """Return the place of one value.

        Parameters
        ----------
        table : str
            Name of a table that comes from returns.
        row : label
            A label of the table's index.
        column : str
            A column that comes from a cell; bounds answer with the cell of their value, a state with that of
            the column it speaks of.

        Raises
        ------
        ValueError
            If there is no such table or row, or the column has no cell; the message says what there is.
        """
        if table not in self.sources:
            raise ValueError(f"table must be one of {sorted(self.sources)}, not {table!r}")
        source = self.sources[table]
        if not isinstance(row, Hashable) or row not in source.index:
            raise ValueError(f"row must be a label of table {table}, not {row!r}")
        label: Any = row
        place = source.loc[label]
        layout = self.layouts[int(place["layout"])]
        of = self.states.get((table, column), column)
        names = (of, of.removesuffix("_lower"), of.removesuffix("_upper"))
        for name in names:
            exception = self.exceptions.get((table, row, name))
            if exception is not None:
                return exception
        if column in layout.fixed:
            sheet, row_number, column_number, raw = layout.fixed[column]
            return CellRef(str(place["file"]), sheet, cell_address(row_number, column_number), raw)
        name = next((name for name in names if name in layout.columns), column)
        if name not in layout.columns:
            raise ValueError(
                f"column must be one of {sorted({*layout.columns, *layout.fixed})} in {place['file']} › "
                f"{place['sheet']}, not {column!r}: the return has no such cell"
            )
        record, number = int(place["row"]), layout.columns[name]
        address = (record, number) if layout.orientation == "rows" else (number, record)
        raw = self.raws.at(table, int(source.index.get_loc(label)), name)  # type: ignore[arg-type]
        return CellRef(str(place["file"]), str(place["sheet"]), cell_address(*address), raw)
