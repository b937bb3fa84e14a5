"""No cell of a return is lost: it is used, or the findings tell of it. Held against other readers' cells."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from planted_beside import BESIDE_KINDS
from planted_cells import CELL_KINDS
from planted_files import NAME_KINDS, OLD_KINDS
from planted_layout import LAYOUT_KINDS
from planting import Kind, Round, Town, plant_everywhere
from seen import seen_cells

from digistrat.example.catalogue import extended_offices
from digistrat.example.faults import plant
from digistrat.example.rounds import ROUNDS
from digistrat.example.sheets import Sheet, address
from digistrat.example.world import make_world
from digistrat.intake.returns import Returns, read_returns
from digistrat.intake.workbooks import cell_address, parse_address
from digistrat.inventory.record import standard_form

Cell = tuple[str, str, str]  # file, sheet, address
# What a cell is that belongs to no record → what must be said, and where: at its column's header, in its
# row, of its sheet; or nothing, by design.
AT_HEADER = {"extra": ("column-not-mapped", "column-twice")}
IN_ROW = {
    "note": ("text-outside-table", "unit-outside-table", "unit-in-title", "lines-contradict"),
    "total": ("total-row",),
    "group": ("group-row",),
    "example": ("example-row",),
    "unanswered": ("record-without-answer",),
}
OF_SHEET = {
    "hidden": ("sheet-hidden",),
    "unused": ("sheet-not-used", "lower-table-not-read"),
    "unanswered": ("members-missing",),
}
BY_DESIGN = {"title", "heading", "hint", "ignored"}


def used_cells(returns: Returns) -> set[Cell]:
    """Return the cells of records in columns that are read, and those that values were taken from."""
    used = {(place.file, place.sheet, place.cell) for place in returns.places.exceptions.values()}
    for source in returns.sources.values():
        for file, sheet, row, number in source.itertuples(index=False):
            layout = returns.places.layouts[number]
            for column in layout.columns.values():
                place = (row, column) if layout.orientation == "rows" else (column, row)
                used.add((file, sheet, cell_address(*place)))
    return used


def headers_of(made: Round) -> set[Cell]:
    """Return where the planter has written the form's headers."""

    def places(sheet: Sheet) -> list[tuple[int, int]]:
        if sheet.table == "returns":
            return [(row, 1) for row in sheet.columns.values()]
        return [(sheet.header_row, number) for number in sheet.columns.values()]

    return {
        (book.file, sheet.name, address(*place))
        for book in made.books
        for sheet in book.sheets
        if sheet.table
        for place in places(sheet)
    }


def explained(returns: Returns, headers: set[Cell]) -> set[Cell]:
    """Return the kept cells of which a finding tells at the right place, or need not tell."""
    said = returns.findings
    codes: dict[Cell, set[str]] = {}
    rows: dict[tuple[str, str, int], set[str]] = {}
    for file, sheet, cell, code in zip(said["file"], said["sheet"], said["cell"], said["code"], strict=True):
        codes.setdefault((file, sheet, cell), set()).add(code)
        if code == "lower-table-not-read":  # said once, of all lines below its cell
            codes.setdefault((file, sheet, ""), set()).add(code)
        if cell:
            rows.setdefault((file, sheet, parse_address(cell)[0]), set()).add(code)
    lines = {(file, sheet): parse_address(cell)[0] for file, sheet, cell in headers}
    told = set()
    for file, sheet, cell, role in returns.leftovers[["file", "sheet", "cell", "role"]].itertuples(
        index=False
    ):
        row, number = parse_address(cell)
        above = codes.get((file, sheet, address(lines.get((file, sheet), 1), number)), set())
        beside, of_sheet = rows.get((file, sheet, row), set()), codes.get((file, sheet, ""), set())
        if (
            role in BY_DESIGN
            or above.intersection(AT_HEADER.get(role, ()))
            or beside.intersection(IN_ROW.get(role, ()))
            or of_sheet.intersection(OF_SHEET.get(role, ()))
        ):
            told.add((file, sheet, cell))
    return told


def untold(made: Round, folder: Path, returns: Returns) -> list[tuple[str, str, str, object]]:
    """Return the cells of all files that are read and that nobody would miss if they were lost."""
    said = returns.findings
    headers = headers_of(made)
    known = used_cells(returns) | headers | explained(returns, headers)
    known |= set(zip(said["file"], said["sheet"], said["cell"], strict=True))
    refused = set(said["file"][(said["sheet"] == "") & said["code"].isin(["same-return"])])
    return [
        (path.name, sheet, cell, value)
        for path in sorted(folder.iterdir())
        if path.name not in refused
        for (sheet, cell), value in seen_cells(path).items()
        if (path.name, sheet, cell) not in known
    ]


def read(made: Round, folder: Path) -> tuple[Round, Path, Returns]:
    target = folder / str(made.world.reporting_date)
    made.save(target)
    return made, target, read_returns(target, standard_form(made.world.strategy))


@pytest.fixture(scope="module")
def example(strategy) -> Mapping[str, Town]:
    """The shipped rounds, as the planter knows them."""
    offices = extended_offices(strategy, 43)
    return {str(date): Town(make_world(strategy, offices, 1, date)) for date in ROUNDS}


@pytest.fixture(scope="module")
def clean(example, tmp_path_factory) -> tuple[Round, Path, Returns]:
    return read(Round(example["2026-04-30"]), tmp_path_factory.mktemp("clean"))


@pytest.fixture(scope="module", params=["2025-10-31", "2026-04-30"])
def faulty(request, example, tmp_path_factory) -> tuple[Round, Path, Returns]:
    """With the faults of the example: xlsx, csv in another encoding, an old xls."""
    made = Round(example[request.param])
    plant(made.world, made.books)
    return read(made, tmp_path_factory.mktemp("faulty"))


def test_clean_round_has_every_cell_told(clean):
    assert untold(*clean) == []
    assert {path.suffix for path in clean[1].iterdir()} == {".xlsx", ".csv"}


def test_faulty_rounds_have_every_cell_told(faulty):
    assert untold(*faulty) == []
    assert {path.suffix for path in faulty[1].iterdir()} == {".xlsx", ".csv", ".xls"}


@pytest.mark.parametrize(
    "kinds",
    [(*NAME_KINDS, *LAYOUT_KINDS, *BESIDE_KINDS), CELL_KINDS, OLD_KINDS],
    ids=["layout", "cells", "old"],
)
def test_rounds_full_of_faults_have_every_cell_told(example, tmp_path, kinds: tuple[Kind, ...]):
    made = next(plant_everywhere(example["2025-10-31"], kinds))
    assert len(made.planted) > 40
    assert untold(*read(made, tmp_path)) == []


# --- the account can fail -----------------------------------------------------------------------------------


def test_a_cell_that_is_dropped_is_missed(faulty):
    made, folder, returns = faulty
    kept = returns.leftovers
    title = kept.index[kept["role"] == "title"][0]
    lost = untold(made, folder, replace(returns, leftovers=kept.drop(index=title)))
    assert [place[:3] for place in lost] == [tuple(kept.loc[title, ["file", "sheet", "cell"]])]


@pytest.mark.parametrize("code", ["column-not-mapped", "text-outside-table", "total-row", "sheet-hidden"])
def test_a_kept_cell_of_which_nothing_tells_is_missed(faulty, code):
    made, folder, returns = faulty
    silent = returns.findings[returns.findings["code"] != code].reset_index(drop=True)
    gone = returns.findings[returns.findings["code"] == code]
    lost = untold(made, folder, replace(returns, findings=silent))
    assert {place[:2] for place in lost} == set(zip(gone["file"], gone["sheet"], strict=True))


def test_a_column_that_is_not_read_is_missed(clean):
    made, folder, returns = clean
    places = returns.places
    layouts = tuple(
        replace(layout, columns={n: c for n, c in layout.columns.items() if n != "title"})
        for layout in places.layouts
    )
    lost = untold(made, folder, replace(returns, places=replace(places, layouts=layouts)))
    titles = {str(value) for value in returns.tables["projects"]["title"]}
    assert titles <= {str(value) for *_, value in lost}


def test_a_row_that_is_not_read_is_missed(clean):
    made, folder, returns = clean
    book = next(book for book in made.books if book.sheet("projects") and book.file.endswith(".xlsx"))
    sheet = book.sheet("projects")
    row = min(sheet.records)
    source = returns.sources["projects"]
    here = (source["file"] == book.file) & (source["row"] == row)
    sources = {**returns.sources, "projects": source[~here]}
    lost = untold(made, folder, replace(returns, places=replace(returns.places, sources=sources)))
    expected = {address(row, number) for number in sheet.columns.values() if (row, number) in sheet.cells}
    assert {place[2] for place in lost} == expected
