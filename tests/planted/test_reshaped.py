"""Workbooks redrawn at random, as people redraw them: what is read stays the same."""

from __future__ import annotations

import datetime as dt
import random
import shutil
from collections import Counter
from pathlib import Path

import pytest
from planting import Round, Town, fresh, insert_rows
from reshaping import EDITS, repeat_headers, reshape

import office
from digistrat.example.books import Book
from digistrat.example.sheets import Formula, Sheet
from digistrat.intake import workbooks as intake
from digistrat.intake.returns import Returns, read_returns
from digistrat.intake.tables import find_regions
from digistrat.intake.workbooks.records import make_sheet
from digistrat.inventory.record import standard_form

pytestmark = pytest.mark.slow

N_BOOKS, N_EDITS = 40, 15


def rows(returns: Returns) -> dict[str, list[tuple[str, ...]]]:
    """Every table's rows as texts, with their keys, in an order that does not depend on the sheet's."""
    return {
        name: sorted(
            tuple(map(str, row)) for row in frame.reset_index(drop=not returns.form.table(name).key).values
        )
        for name, frame in returns.tables.items()
    }


def found(returns: Returns) -> Counter[tuple[str, str, str]]:
    findings = returns.findings
    return Counter(zip(findings["sheet"], findings["cell"], findings["code"], strict=True))


def redrawn(town: Town, number: int, folder: Path) -> tuple[Path, Round, list[object]]:
    """Write the book of a number after random edits."""
    made = Round(town)
    book: Book = made.books[number]
    made.books = [book]
    done = reshape(made, book, random.Random(f"{town.world.seed}/{number}"), N_EDITS)
    made.save(folder)
    return folder / book.file, made, done


def differences(town: Town, number: int, folder: Path) -> list[object]:
    """What is read differently from a book after edits, and the edits."""
    form = standard_form(town.world.strategy)
    name = town.clean[number].file
    (folder / "clean").mkdir(parents=True, exist_ok=True)
    before = folder / "clean" / name
    before.write_bytes(town.bytes_of[name])
    path, made, done = redrawn(town, number, folder / "redrawn")
    old, new = rows(read_returns(before, form)), read_returns(path, form)
    wrong: list[object] = [table for table, of_table in rows(new).items() if of_table != old[table]]
    expected = Counter((p.sheet, p.cell, p.code) for p in made.planted)
    wrong += [*(expected - found(new)).elements(), *(found(new) - expected).elements()]
    assert len(done) == N_EDITS
    return [town.world.seed, name, wrong, done] if wrong else []


def test_what_is_read_does_not_depend_on_how_it_is_drawn(towns, tmp_path):
    chosen = [(town, number) for town in towns for number in range(0, len(town.clean), len(town.clean) // 8)]
    broken = [differences(town, number, tmp_path / str(town.world.seed)) for town, number in chosen[:N_BOOKS]]
    assert [found for found in broken if found] == []


def sheet_of(sheet: Sheet) -> intake.Sheet:
    """Return a sheet of the example as the reader shows it."""
    cells = {}
    for (row, column), value in sorted(sheet.cells.items()):
        shown = value.value if isinstance(value, Formula) else value
        if isinstance(shown, dt.date):
            shown = dt.datetime(shown.year, shown.month, shown.day)
        cells[row, column] = intake.Cell(row, column, shown)
    return make_sheet(sheet.name, False, cells, merged=[(row, a, row, b) for row, a, b in sheet.merged])


@pytest.mark.parametrize("count", [1, 2])
def test_headers_once_more_cost_no_record_whatever_stands_above_them(towns, count):
    n_sheets = 0
    for town in towns:
        form = standard_form(town.world.strategy)
        for book in filter(lambda book: book.habit.is_grouped, town.clean):
            for sheet in fresh(book).sheets:
                if sheet.table == "returns" or len(sheet.records) < 2 or len(sheet.columns) < 3:
                    continue
                draw = random.Random(f"{town.world.seed}/{book.file}/{sheet.name}")
                row = draw.choice(sorted(sheet.records)[1:])
                insert_rows(sheet, row, count)
                repeat_headers(sheet, row, count)
                (region,) = find_regions(sheet_of(sheet), form, book.file)
                assert (region.records, region.findings) == (sorted(sheet.records), []), (book.file, row)
                n_sheets += 1
    assert n_sheets > 400


def test_every_edit_is_made(towns, tmp_path):
    done = Counter(name for number in range(12) for name, _ in redrawn(towns[0], number, tmp_path)[2])
    assert done.keys() == {edit.__name__ for edit in EDITS} | {"transpose"}


@pytest.mark.parametrize("to", ["ods", "xls"])
def test_other_formats_say_the_same(towns, tmp_path, soffice, to):
    form = standard_form(towns[0].world.strategy)
    for number in (3, 17):
        path, made, done = redrawn(towns[1], number, tmp_path)
        converted = office.convert(soffice, path, tmp_path, to=to)
        (tmp_path / "other").mkdir(exist_ok=True)
        other = Path(shutil.move(converted, tmp_path / "other" / converted.name))
        new = read_returns(other, form)
        assert rows(new) == rows(read_returns(path, form)), done
        notes = Counter([("", "", "file-formulas-unseen")] if to == "xls" else [])
        assert found(new) == notes + Counter((p.sheet, p.cell, p.code) for p in made.planted), done
