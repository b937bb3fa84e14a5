"""`digistrat init` gives a folder in which everything is there."""

from __future__ import annotations

from pathlib import Path

import pytest

import digistrat as ds
from digistrat.workspace import make_workspace, workspace_source


def test_a_workspace_holds_notebooks_strategy_and_two_rounds(tmp_path: Path) -> None:
    folder = tmp_path / "city"
    make_workspace(folder)
    assert len(list((folder / "notebooks").glob("*.ipynb"))) == 5
    strategy = ds.load_strategy(folder / "data/strategy.toml")
    rounds = sorted(path.name for path in (folder / "data/raw").iterdir())
    assert rounds == ["2025-10-31", "2026-04-30"]
    source = workspace_source() / "data/raw/2026-04-30"
    names = {path.name for path in (folder / "data/raw/2026-04-30").iterdir()}
    assert names == {path.name for path in source.iterdir()}
    assert strategy.strategy.is_example
    assert [path.name for path in tmp_path.iterdir()] == ["city"]


def test_an_interruption_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("digistrat.workspace.generate", stop)
    with pytest.raises(KeyboardInterrupt):
        make_workspace(tmp_path / "city")
    assert not list(tmp_path.iterdir())
