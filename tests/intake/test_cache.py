"""What was read before: found by content, form and code, never wrong, never half-written."""

from __future__ import annotations

import os
import pickle
import time
from pathlib import Path

import pandas as pd
import pytest
from making import make_form, write_book

from digistrat.intake import cache, reading, returns
from digistrat.intake.cache import Cache, default_cache, make_key
from digistrat.intake.returns import read_returns

FORM = make_form()
PROJECTS = [["Nr.", "Titel", "Auftragswert netto"], ["P1", "Portal", "ca. 100"], ["P2", "Register", 5]]


@pytest.fixture
def round_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "2026-04-30"
    for name in ("A", "B", "C"):
        rows = [PROJECTS[0], *([f"{name}-{key}", *rest] for key, *rest in PROJECTS[1:])]
        write_book(folder / f"{name}.xlsx", {"Vorhaben": rows})
    return folder


@pytest.fixture
def opened(monkeypatch) -> list[str]:
    """Names of the files that a reader opened."""
    names: list[str] = []
    read = reading.read_workbook

    def spy(path, **options):
        names.append(path.name)
        return read(path, **options)

    monkeypatch.setattr(reading, "read_workbook", spy)
    return names


def same(one, two) -> None:
    assert one.findings.equals(two.findings)
    assert one.leftovers.equals(two.leftovers)
    assert one.files.equals(two.files)
    for name, frame in one.tables.items():
        pd.testing.assert_frame_equal(frame, two.tables[name])
        pd.testing.assert_frame_equal(one.sources[name], two.sources[name])
        for row in frame.index:
            for column in one.places.layouts[one.sources[name].at[row, "layout"]].columns:
                assert one.locate(name, row, column) == two.locate(name, row, column)


def test_a_second_read_opens_nothing_and_says_the_same(round_folder, tmp_path, opened):
    fresh = read_returns(round_folder, FORM, cache=False)
    assert opened == ["A.xlsx", "B.xlsx", "C.xlsx"]
    assert not (tmp_path / "kept").exists()
    first = read_returns(round_folder, FORM, cache=tmp_path / "kept")
    assert len(opened) == 6
    second = read_returns(round_folder, FORM, cache=tmp_path / "kept")
    assert len(opened) == 6
    same(first, fresh)
    same(second, fresh)


def test_only_the_changed_file_is_read_again(round_folder, tmp_path, opened):
    read_returns(round_folder, FORM, cache=tmp_path / "kept")
    opened.clear()
    write_book(round_folder / "B.xlsx", {"Vorhaben": [PROJECTS[0], ["B-P9", "Akte", 7]]})
    again = read_returns(round_folder, FORM, cache=tmp_path / "kept")
    assert opened == ["B.xlsx"]
    assert list(again.tables["projects"].index) == ["A-P1", "A-P2", "B-P9", "C-P1", "C-P2"]
    same(again, read_returns(round_folder, FORM, cache=False))


def test_a_removed_and_a_renamed_file_give_what_stands_there_now(round_folder, tmp_path):
    read_returns(round_folder, FORM, cache=tmp_path / "kept")
    (round_folder / "A.xlsx").unlink()
    (round_folder / "C.xlsx").rename(round_folder / "D.xlsx")
    again = read_returns(round_folder, FORM, cache=tmp_path / "kept")
    assert again.files["file"].tolist() == ["B.xlsx", "D.xlsx"]
    assert again.locate("projects", "C-P1", "title").file == "D.xlsx"


def test_another_form_another_setting_and_other_code_find_nothing_old(
    round_folder, tmp_path, opened, monkeypatch
):
    read_returns(round_folder, FORM, cache=tmp_path / "kept")
    for change in ({"approximate_share": 0.5}, {"language": "en"}):
        opened.clear()
        found = read_returns(round_folder, make_form(**change), cache=tmp_path / "kept")
        assert len(opened) == 3
        same(found, read_returns(round_folder, make_form(**change), cache=False))
    opened.clear()
    monkeypatch.setattr(cache, "code_version", lambda: "another")
    read_returns(round_folder, FORM, cache=tmp_path / "kept")
    assert len(opened) == 3


def test_the_code_is_told_by_its_files():
    version = cache.code_version()
    assert len(version) == 64
    names = {path.name for path in cache._walk(Path(reading.__file__).parent)}
    assert {"reading.py", "xlsx.py", "numbers.py"} <= names


def test_a_damaged_or_foreign_entry_is_made_again(round_folder, tmp_path, opened):
    kept = tmp_path / "kept"
    first = read_returns(round_folder, FORM, cache=kept)
    for path in kept.glob("*/*"):
        path.write_bytes(path.read_bytes()[:100])
    opened.clear()
    same(read_returns(round_folder, FORM, cache=kept), first)
    assert len(opened) == 3
    for path in kept.glob("*/*"):
        path.write_bytes(pickle.dumps("nothing of ours"))
    same(read_returns(round_folder, FORM, cache=kept), first)


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="needs a system with owners of files")
def test_a_folder_that_others_may_write_is_not_trusted(round_folder, tmp_path, opened):
    kept = tmp_path / "kept"
    read_returns(round_folder, FORM, cache=kept)
    assert kept.stat().st_mode & 0o777 == 0o700
    kept.chmod(0o777)
    opened.clear()
    read_returns(round_folder, FORM, cache=kept)
    assert len(opened) == 3


def test_where_nothing_can_be_kept_reading_goes_on(round_folder, tmp_path):
    (tmp_path / "file").write_text("no folder")
    same(
        read_returns(round_folder, FORM, cache=tmp_path / "file" / "below"),
        read_returns(round_folder, FORM, cache=False),
    )


def test_a_file_that_was_too_slow_is_tried_again(round_folder, tmp_path, opened):
    slow = make_form(limits={"seconds": 0.0})
    for _ in range(2):
        found = read_returns(round_folder, slow, cache=tmp_path / "kept")
        assert found.findings["code"].tolist() == ["file-too-slow"] * 3
    assert len(opened) == 6


def test_what_was_not_used_for_a_month_is_deleted(tmp_path):
    store = Cache(tmp_path / "kept")
    for key in (make_key("old"), make_key("new")):
        store.save(key, key)
    old = store._path(make_key("old"))
    month = time.time() - 31 * 86_400
    os.utime(old, (month, month))
    store.prune()
    assert store.load(make_key("old")) is None
    assert store.load(make_key("new")) == make_key("new")


def test_an_interrupted_save_leaves_nothing(tmp_path, monkeypatch):
    store = Cache(tmp_path / "kept")

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(cache.pickle, "dump", stop)
    with pytest.raises(KeyboardInterrupt):
        store.save(make_key("x"), 1)
    assert [path for path in (tmp_path / "kept").rglob("*") if path.is_file()] == []


def test_the_environment_says_where(monkeypatch, tmp_path):
    monkeypatch.setenv("DIGISTRAT_CACHE", "off")
    assert default_cache() is None
    monkeypatch.setenv("DIGISTRAT_CACHE", str(tmp_path))
    assert default_cache() == Cache(tmp_path)
    monkeypatch.delenv("DIGISTRAT_CACHE")
    found = default_cache()
    assert found is not None
    assert found.folder.parts[-2:] == ("digistrat", "returns")


def test_files_are_read_by_processes_where_there_is_enough(round_folder, monkeypatch):
    serial = read_returns(round_folder, FORM)
    seen = []
    pool = returns.ProcessPoolExecutor

    def spy(*args, **options):
        seen.append(options["initializer"])
        return pool(*args, **options)

    monkeypatch.setattr(returns, "POOL_FROM", 0)
    monkeypatch.setattr(returns, "ProcessPoolExecutor", spy)
    monkeypatch.setattr(returns.os, "cpu_count", lambda: 2)
    monkeypatch.setattr(returns.sys, "platform", "linux")
    same(read_returns(round_folder, FORM), serial)
    assert len(seen) == 1


def test_progress_counts_every_file(round_folder, capsys):
    read_returns(round_folder, FORM, progress=True)
    assert "3/3" in capsys.readouterr().err
