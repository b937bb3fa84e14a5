"""The command that writes forms, as a strategy unit meets it."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import openpyxl
import pytest
from typer.testing import CliRunner

import digistrat as ds
from digistrat.cli import app

ROOT = Path(__file__).parents[1]
OFFICES = ["A12", "A16", "IHK"]


@pytest.fixture
def strategy(tmp_path: Path) -> str:
    """The example's strategy with three organisations."""
    shutil.copy(ROOT / "data" / "strategy.toml", tmp_path)
    blocks = (ROOT / "data" / "offices.toml").read_text("utf-8").split("[[offices]]")
    kept = [block.split("[[")[0] for block in blocks if re.search(r'^id = "(A12|A16|IHK)"', block, re.M)]
    (tmp_path / "offices.toml").write_text("".join(f"[[offices]]{block}" for block in kept), "utf-8")
    return str(tmp_path / "strategy.toml")


def call(strategy: str, *arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["template", *arguments, "--strategy", strategy], catch_exceptions=False)
    return done.exit_code, done.output


@pytest.fixture
def small_round(tmp_path: Path) -> Path:
    folder = tmp_path / "2026-04-30"
    folder.mkdir()
    shutil.copy(ROOT / "data" / "raw" / "2026-04-30" / "A16.xlsx", folder)
    return folder


def test_one_form_per_organisation_with_the_answers_of_the_last_round(
    strategy, small_round, tmp_path
) -> None:
    forms = tmp_path / "forms"
    status, text = call(strategy, "--all", str(forms), "--from", str(small_round), "--date", "2026-10-31")
    assert status == 0
    assert sorted(path.stem for path in forms.iterdir()) == OFFICES
    assert "Wrote 3 forms" in text
    assert "forms: 100%" in text  # the progress bar
    loaded = ds.load_strategy(strategy)
    n_projects = len(ds.read_inventory(small_round, loaded).projects)
    assert n_projects > 20
    for name, expected in (("A16", n_projects), ("A12", 0)):
        path = forms / f"{name}.xlsx"
        inventory = ds.read_inventory([path], loaded, reporting_date="2026-10-31")
        assert inventory.files["office_id"].tolist() == [name]
        assert len(inventory.projects) == expected
    assert openpyxl.load_workbook(path)["Angaben"]["B5"].value.isoformat() == "2026-10-31T00:00:00"
    status, text = call(strategy, "--all", str(forms))
    assert (status, "--overwrite" in text) == (2, True)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["x.xlsx", "--from", "data/raw"], "--office or --all"),
        (["x.xlsx", "--date", "31.11.2026"], "date must be a date such as 31.10.2026 or 2026-10-31"),
        (["--all", "nowhere/forms"], "nowhere is no folder"),
    ],
)
def test_a_wrong_call_says_what_was_found_and_expected(
    strategy, arguments, said, tmp_path, monkeypatch
) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    monkeypatch.chdir(empty)
    status, text = call(strategy, *arguments)
    assert status == 2
    assert said in text
    assert not list(empty.iterdir())
