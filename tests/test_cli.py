"""The command line as a user meets it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from digistrat.cli import app

ROOT = Path(__file__).parents[1]
STRATEGY = str(ROOT / "data" / "strategy.toml")
ROUND = ROOT / "data" / "raw" / "2025-10-31"


def call(*arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, list(arguments), catch_exceptions=False)
    return done.exit_code, done.output


def test_help_names_every_command_and_every_option_has_a_help_text() -> None:
    status, text = call("--help")
    assert status == 0
    for command in ("init", "template", "check", "run", "example"):
        assert command in text
        status, own = call(command, "--help")
        assert status == 0
        assert "Usage" in own
    assert "--round" in call("run", "--help")[1]


def test_check_lists_every_planted_fault_at_its_place(tmp_path: Path) -> None:
    status, text = call("check", str(ROUND), "--strategy", STRATEGY, "--csv", str(tmp_path / "findings.csv"))
    assert status == 1  # the example round has errors
    found = pd.read_csv(
        tmp_path / "findings.csv", sep=";", encoding="utf-8-sig", dtype=str, keep_default_na=False
    )
    planted = pd.read_csv(
        ROOT / "tests/example/planted_2025-10-31.csv", sep=";", dtype=str, keep_default_na=False
    )
    assert len(planted) > 25
    key = ["file", "sheet", "cell", "code"]
    assert set(map(tuple, planted[key].to_numpy())) == set(map(tuple, found[key].to_numpy()))
    for row in planted.itertuples():
        assert row.file in text
        assert row.code in text


def test_a_document_in_place_of_a_return_is_an_error_and_an_attachment_a_warning(tmp_path: Path) -> None:
    folder = tmp_path / "2025-10-31"
    folder.mkdir()
    shutil.copy(ROUND / "A16.xlsx", folder)
    for name in ("A16_Anlage.pdf", "A11.pdf", "A12.bak", "Protokoll.docx", "notes.log", "Thumbs.db"):
        (folder / name).write_bytes(b"%PDF-1.7")
    target = tmp_path / "findings.csv"
    status, _ = call("check", str(folder), "--strategy", STRATEGY, "--csv", str(target))
    assert status == 1
    found = pd.read_csv(target, sep=";", encoding="utf-8-sig", dtype=str, keep_default_na=False)
    found = found[found["code"] == "file-not-read"]
    assert dict(zip(found["file"], found["severity"], strict=True)) == {
        "A16_Anlage.pdf": "warning",
        "A11.pdf": "error",
        "A12.bak": "error",  # by its name an office's return, whatever it is
        "Protokoll.docx": "error",
        "notes.log": "warning",
    }


def test_check_is_silent_on_a_clean_round(tmp_path: Path) -> None:
    status, _ = call("example", str(tmp_path), "--strategy", STRATEGY, "--offices", "12", "--clean")
    assert status == 0
    status, text = call("check", str(tmp_path / "2025-10-31"), "--strategy", STRATEGY, "--strict")
    assert status == 0
    assert "0 errors, 0 warnings, 0 infos" in text


def test_example_does_not_replace_a_round_unasked(tmp_path: Path) -> None:
    (tmp_path / "2026-04-30").mkdir()
    status, text = call("example", str(tmp_path), "--strategy", STRATEGY, "--offices", "2")
    assert status == 2
    assert "--overwrite" in text
    assert not list((tmp_path / "2026-04-30").iterdir())


def test_template_can_be_read_back(tmp_path: Path) -> None:
    import digistrat as ds

    target = tmp_path / "form.xlsx"
    status, text = call("template", str(target), "--strategy", STRATEGY, "--office", "Amt 16")
    assert status == 0
    assert str(target) in text
    returns = ds.read_returns(target, ds.standard_form(ds.load_strategy(STRATEGY)))
    assert returns.tables["returns"]["reported_office"].tolist() == [
        "Amt für Informations- und Kommunikationstechnik"
    ]
    assert set(returns.findings["code"]) <= {"missing-value"}  # the date is not filled in yet


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["check", "nowhere"], "nowhere is no folder"),
        (["check", "x", "--reply-by", "2026-06-05"], "--reply-by needs --feedback"),
        (
            ["check", "x", "--feedback", "y", "--reply-by", "31.6.2026"],
            "reply-by must be a date such as 31.10.2026",
        ),
        (["check", "x", "--feedback", "y", "--reply-by", "06/05/2026"], "not '06/05/2026'"),
        (["check", "x", "--feedback", "y", "--reply-by", "5.6.26"], "not '5.6.26'"),
        (["check", str(ROOT / "src")], "reporting_date must be a date"),
        (["run", "--language", "fr", "--raw", str(ROOT / "data/raw")], "'fr'"),
        (["template", "x.csv"], "must end in .xlsx"),
        (["template", "nowhere/x.xlsx"], "nowhere is no folder"),
        (["run", "--round", "1999-01-01", "--raw", str(ROOT / "data/raw")], "2026-04-30"),
        (["run", "--raw", "nowhere"], "nowhere"),
        (["run", "--raw", str(ROOT / "data/raw"), "--notebooks", "nowhere"], "01_inventory.ipynb"),
        (["template", "x.xlsx", "--office", "Amt 99"], "Amt 99"),
        (["init", str(ROOT)], "not empty"),
    ],
)
def test_a_wrong_call_says_what_was_found_and_expected(arguments: list[str], said: str) -> None:
    extra = [] if arguments[0] == "init" else ["--strategy", STRATEGY]
    status, text = call(*arguments, *extra)
    assert status == 2
    assert said in text


def test_a_wrong_strategy_is_told_in_lines(tmp_path: Path) -> None:
    for name in ("strategy.toml", "offices.toml"):
        shutil.copy(ROOT / "data" / name, tmp_path / name)
    path = tmp_path / "strategy.toml"
    path.write_text(path.read_text("utf-8").replace("weight = 17", "weight = 16", 1), "utf-8")
    status, text = call("check", str(ROUND), "--strategy", str(path))
    assert status == 2
    assert "weights sum to 99, expected 100" in text


def test_a_filled_in_form_is_not_replaced_unasked(tmp_path: Path) -> None:
    target = tmp_path / "filled.xlsx"
    target.write_bytes(b"filled in")
    status, text = call("template", str(target), "--strategy", STRATEGY)
    assert status == 2
    assert "--overwrite" in text
    assert target.read_bytes() == b"filled in"


def test_a_round_without_returns_is_refused(tmp_path: Path) -> None:
    (tmp_path / "2026-04-30").mkdir()
    for command in (["check", str(tmp_path / "2026-04-30")], ["run", "--raw", str(tmp_path)]):
        status, text = call(*command, "--strategy", STRATEGY)
        assert status == 2
        assert "holds no return" in text


def test_a_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("digistrat.cli.find_spec", lambda name: None)
    status, text = call("run", "--strategy", STRATEGY)
    assert status == 2
    assert "digistrat[notebooks]" in text
