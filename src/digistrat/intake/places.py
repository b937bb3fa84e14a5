"""Where a value came from: kept per row and layout, so that it costs next to nothing."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass, field
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


@dataclass(frozen=True)
class Places:
    """The places of every value of a set of tables.

    Attributes
    ----------
    sources : mapping of frames
        Table → frame with the table's index: ``file``, ``sheet``, ``row`` and ``layout`` (a number).
    raws : mapping of frames
        Table → frame with the table's index: what stood in the cells.
    layouts : tuple of Layout
    exceptions : mapping
        (table, row label, column) → `CellRef` of single values that come from elsewhere.
    """

    sources: Mapping[str, pd.DataFrame]
    raws: Mapping[str, pd.DataFrame]
    layouts: tuple[Layout, ...]
    exceptions: Mapping[tuple[str, Any, str], CellRef]

    def locate(self, table: str, row: Any, column: str) -> CellRef:
        """Return the place of one value.

        Parameters
        ----------
        table : str
            Name of a table that comes from returns.
        row : label
            A label of the table's index.
        column : str
            A column that comes from a cell; bounds answer with the cell of their value.

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
        names = (column, column.removesuffix("_lower"), column.removesuffix("_upper"))
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
        raw = self.raws[table].at[label, name]
        return CellRef(str(place["file"]), str(place["sheet"]), cell_address(*address), raw)
