"""The result workbook: text stays text, numbers are numbers, every rating has its cell."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pandas as pd
import pytest

import digistrat as ds
from digistrat.reporting.results import Results
from digistrat.reporting.workbook import ratings_with_cells, write_results

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def results() -> Results:
    strategy = ds.load_strategy(ROOT / "data/strategy.toml")
    files = [ROOT / "data/raw/2026-04-30" / name for name in ("A12.xlsx", "A16.xlsx")]
    inventory = ds.read_inventory(files, strategy, reporting_date="2026-04-30")
    return Results(inventory, impact=ds.score_impact(inventory))


def test_scores_stand_in_the_sheet_as_numbers(results: Results, tmp_path: Path) -> None:
    book = openpyxl.load_workbook(write_results(results, tmp_path / "r.xlsx", run_id="abc123"))
    rows = list(book["Wirkung"].iter_rows(values_only=True))
    head = list(rows[0])
    impact = results.impact.table  # type: ignore[union-attr]
    shown = {row[0]: row[head.index("Punkte")] for row in rows[1:]}
    for project, score in impact["score"].items():
        if pd.isna(score):
            assert shown[project] is None
        else:
            assert shown[project] == pytest.approx(score, abs=1e-12)
    assert book["Lesehilfe"]["B4"].value == "abc123"
    assert book["Lesehilfe"]["B1"].value == "Beispieldaten, frei erfunden"
    (rule,) = (row[1].value for row in book["Lesehilfe"].iter_rows() if row[0].value == "Wirkung")
    assert rule.startswith("Gewichtetes Mittel: ")
    assert f"Grundlage: {results.inventory.strategy.impact.source}" in rule


@pytest.mark.parametrize("title", ["=1+1", "+49 69", "-x", "@SUM(A1)", "https://example.org"])
def test_what_offices_typed_stays_text(results: Results, tmp_path: Path, title: str) -> None:
    projects = results.inventory.projects
    projects.iloc[0, projects.columns.get_loc("title")] = title
    inventory = results.inventory.replace(projects=projects)
    changed = Results(inventory, impact=ds.score_impact(inventory))
    book = openpyxl.load_workbook(write_results(changed, tmp_path / "r.xlsx", run_id=""))
    cells = [cell for row in book["Wirkung"].iter_rows() for cell in row if cell.value == title]
    assert [cell.data_type for cell in cells] == ["s"]
    assert not any(cell.hyperlink for cell in cells)


def test_every_rating_names_the_cell_it_came_from(results: Results) -> None:
    table = ratings_with_cells(results.impact)  # type: ignore[arg-type]
    assessed = table[table["state"] == "assessed"]
    assert len(assessed) > 50
    for row in assessed.sample(20, random_state=1).itertuples():
        file, sheet, cell = row.cell.split(" › ")
        book = openpyxl.load_workbook(ROOT / "data/raw/2026-04-30" / file, data_only=True)
        value = book[sheet][cell].value
        assert float(str(value).replace(",", ".").split()[0]) == row.raw


def test_the_same_results_give_the_same_bytes(results: Results, tmp_path: Path) -> None:
    first = write_results(results, tmp_path / "a.xlsx", run_id="x").read_bytes()
    assert write_results(results, tmp_path / "b.xlsx", run_id="x").read_bytes() == first


def test_codes_are_words_for_readers(results: Results, tmp_path: Path) -> None:
    book = openpyxl.load_workbook(write_results(results, tmp_path / "r.xlsx", run_id=""))
    rows = list(book["Wirkung"].iter_rows(values_only=True))
    shown = {row[list(rows[0]).index("Status")] for row in rows[1:]}
    assert shown <= {"vorhanden", "in Vorbereitung", "möglich", None}
    assert len(shown) > 1
