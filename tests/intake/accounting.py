"""Which cells of a return are neither used, nor a finding, nor kept: none may be."""

from __future__ import annotations

from pathlib import Path

import openpyxl
from seen import seen_cells

from digistrat.intake.returns import Returns
from digistrat.intake.values import fold
from digistrat.intake.workbooks import cell_address


def unaccounted(folder: Path, returns: Returns) -> list[tuple[str, str, str, object]]:
    """Cells that another reader shows and that are neither used, nor a finding, nor kept.

    Used is a cell of a record in a column that is read, a place that `locate` gives for a value taken from
    elsewhere, and a header: of each sheet one line, whose cells stand across the columns that are read.
    """
    known = set(
        zip(returns.findings["file"], returns.findings["sheet"], returns.findings["cell"], strict=True)
    )
    kept = returns.leftovers
    known |= set(zip(kept["file"], kept["sheet"], kept["cell"], strict=True))
    known |= {(place.file, place.sheet, place.cell) for place in returns.places.exceptions.values()}
    across: dict[tuple[str, str], set[tuple[str, int]]] = {}
    for source in returns.sources.values():
        for file, sheet, row, number in source.itertuples(index=False):
            layout = returns.places.layouts[number]
            for column in layout.columns.values():
                place = (row, column) if layout.orientation == "rows" else (column, row)
                known.add((file, sheet, cell_address(*place)))
                across.setdefault((file, sheet), set()).add((layout.orientation, column))
    # a column may have its header and no answer
    headers = {fold(header) for table in returns.form.tables for c in table.columns for header in c.headers}
    members = [
        header for t in returns.form.tables if t.unpivot for h in t.unpivot.members.values() for header in h
    ]
    headers |= {fold(header) for header in members}
    headers |= {f"{year}{point}" for year in range(2020, 2040) for point in ("", " 0")}
    read = returns.files[returns.files["n_records"] > 0]["file"]
    lost = []
    for file in read:
        rest: dict[str, list[tuple[str, object]]] = {}
        for (sheet, address), value in seen_cells(folder / file).items():
            if (file, sheet, address) not in known:
                rest.setdefault(sheet, []).append((address, value))
        for sheet, cells in rest.items():
            places = [openpyxl.utils.cell.coordinate_to_tuple(address) for address, _ in cells]
            lines = across.get((file, sheet), set())
            orientation = next((way for way, _ in lines), "rows")
            ours = [place if orientation == "rows" else place[::-1] for place in places]
            header = min((line for line, _ in ours), default=0)
            lost += [
                (file, sheet, address, value)
                for (address, value), (line, number) in zip(cells, ours, strict=True)
                if line != header or ((orientation, number) not in lines and fold(str(value)) not in headers)
            ]
    return lost
