"""Exports are whole or not there, and belong to one inventory."""

from __future__ import annotations

import datetime as dt
import os
from pathlib import Path

import pytest
import small_results as small

import digistrat as ds
from digistrat.reporting.export import replaced_folder, restore
from digistrat.reporting.results import Results, result_tables, run_id

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def inventory() -> ds.Inventory:
    strategy = ds.load_strategy(ROOT / "data/strategy.toml")
    files = [ROOT / "data/raw/2026-04-30" / name for name in ("A14.xlsx", "A16.xlsx", "IHK.xlsx")]
    return ds.read_inventory(files, strategy, reporting_date="2026-04-30")


def test_a_folder_is_replaced_when_the_block_ends(tmp_path: Path) -> None:
    target = tmp_path / "out"
    target.mkdir()
    (target / "old.txt").write_text("old")
    with replaced_folder(target) as partial:
        (partial / "new.txt").write_text("new")
        assert (target / "old.txt").read_text() == "old"
    assert [path.name for path in target.iterdir()] == ["new.txt"]
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_an_interruption_leaves_what_was_there(tmp_path: Path, error: type[BaseException]) -> None:
    target = tmp_path / "out"
    target.mkdir()
    (target / "old.txt").write_text("old")

    def interrupted() -> None:
        with replaced_folder(target) as partial:
            (partial / "new.txt").write_text("new")
            raise error

    with pytest.raises(error):
        interrupted()
    assert [path.name for path in target.iterdir()] == ["old.txt"]
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_a_kill_between_the_two_renames_is_mended_by_the_next_run(tmp_path: Path) -> None:
    aside = tmp_path / ".out.previous"
    aside.mkdir()
    (aside / "old.txt").write_text("old")
    restore(tmp_path / "out")
    assert (tmp_path / "out" / "old.txt").read_text() == "old"
    assert not aside.exists()


def test_run_id_stands_for_the_content(inventory: ds.Inventory) -> None:
    assert run_id(inventory) == run_id(inventory)
    assert len(run_id(inventory)) == 12
    files = inventory.files.copy()
    files.loc[0, "sha256"] = "0" * 64
    assert run_id(inventory.replace(files=files)) != run_id(inventory)
    assert run_id(inventory.replace(reporting_date=dt.date(2026, 5, 1))) != run_id(inventory)


def test_results_of_another_inventory_are_refused(inventory: ds.Inventory, tmp_path: Path) -> None:
    impact = ds.score_impact(inventory.replace(findings=inventory.findings.iloc[:0]))
    with pytest.raises(ValueError, match="impact must be made from the inventory that is exported"):
        ds.export(tmp_path / "out", inventory, impact=impact)
    assert not (tmp_path / "out").exists()


def test_an_export_of_the_inventory_alone_is_a_whole_page(inventory: ds.Inventory, tmp_path: Path) -> None:
    page = ds.export(tmp_path / "out", inventory)
    text = page.read_text("utf-8")
    charts = {path.stem for path in (tmp_path / "out/charts").glob("*.svg")}
    assert {"status_by_field", "findings"} <= charts
    for stem in charts:
        assert f'src="charts/{stem}.svg"' in text
    assert (tmp_path / "out/tables/projects.csv").is_file()


def test_costly_results_are_never_made_here(
    inventory: ds.Inventory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import digistrat.planning.questions as questions
    import digistrat.scoring.economics as economics

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("must be passed in")

    monkeypatch.setattr(questions, "next_questions", refuse)
    monkeypatch.setattr(economics, "score_economics", refuse)
    page = ds.export(tmp_path / "out", inventory, impact=ds.score_impact(inventory))
    written = {path.stem for path in (tmp_path / "out/tables").glob("*.csv")}
    assert not written & {"questions", "economics"}
    assert "group_rankings" in written
    assert (tmp_path / "out/charts/group_rankings.svg").is_file()
    assert '<h2 id="questions">' not in page.read_text("utf-8")


def test_questions_and_economics_are_written_where_they_are_given(
    inventory: ds.Inventory, tmp_path: Path
) -> None:
    project = inventory.projects.index[0]
    asked = small.QUESTIONS.head(1).assign(subject=project)
    money = small.ECONOMICS.head(1).set_axis([project])
    page = ds.export(tmp_path / "out", inventory, questions=asked, economics=money).read_text("utf-8")
    for name in ("questions", "economics"):
        assert (tmp_path / f"out/tables/{name}.csv").is_file()
        assert f'<h2 id="{name}">' in page


def test_tables_keep_their_keys(inventory: ds.Inventory) -> None:
    tables = result_tables(Results(inventory, impact=ds.score_impact(inventory)))
    assert tables["projects"].columns[0] == "project_id"
    assert tables["scores_impact"].columns[0] == "project_id"
    assert len(tables["projects"]) == len(inventory.projects)
    assert tables["weight_stability"].columns[0] == "criterion"
    within = tables["weight_stability"]
    assert ((within["lower"] <= within["weight"]) & (within["weight"] <= within["upper"])).all()


def test_a_killed_export_inside_a_run_leaves_nothing(tmp_path: Path) -> None:
    def killed() -> None:
        with replaced_folder(tmp_path / "out") as partial:
            (tmp_path / f".{partial.name}.part-1").mkdir()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        killed()
    assert not list(tmp_path.iterdir())


def test_what_a_killed_run_left_is_removed_a_day_later(tmp_path: Path) -> None:
    old, young = tmp_path / ".out.part-1", tmp_path / ".out.part-2"
    for folder in (old, young):
        folder.mkdir()
    os.utime(old, (0, 0))
    with replaced_folder(tmp_path / "out"):
        pass
    assert sorted(path.name for path in tmp_path.iterdir()) == [".out.part-2", "out"]
