"""What may lie in a folder of returns beside sound files: each is told, nothing hangs, the rest is read."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
import xlwt

from digistrat.intake import returns as front_door
from digistrat.intake.feedback import feedback_of_round
from digistrat.intake.forms import Form
from digistrat.intake.returns import read_returns

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="links, pipes and names of Unix")

FORM = Form.model_validate(
    {
        "name": "f",
        "tables": [
            {
                "name": "t",
                "key": "nr",
                "columns": [
                    {"name": "nr", "kind": "identifier", "headers": ["Nr."]},
                    {"name": "title", "kind": "text", "headers": ["Titel"]},
                ],
            }
        ],
    }
)
SOUND = "Nr.;Titel\nP1;Akte\nP2;Netz\n"


def told(found) -> list[tuple[str, str]]:
    return list(zip(found.findings["code"], found.findings["file"], strict=True))


def device(folder: Path) -> None:
    (folder / "a.xlsx").symlink_to("/dev/zero")


def nowhere(folder: Path) -> None:
    (folder / "a.xlsx").symlink_to("nowhere")


def circle(folder: Path) -> None:
    (folder / "a.xlsx").symlink_to("a.xlsx")


def pipe(folder: Path) -> None:
    os.mkfifo(folder / "a.xlsx")


def linked_pipe(folder: Path) -> None:
    os.mkfifo(folder.parent / "pipe")
    (folder / "a.xlsx").symlink_to(folder.parent / "pipe")


def linked_folder(folder: Path) -> None:
    (folder / "a.xlsx").symlink_to(folder)


@pytest.mark.parametrize("make", [device, nowhere, circle, pipe, linked_pipe, linked_folder])
def test_what_is_no_file_is_said(tmp_path, make):
    folder = tmp_path / "round"
    folder.mkdir()
    make(folder)
    (folder / "b.csv").write_text(SOUND)
    found = read_returns(folder, FORM)
    assert told(found) == [("file-not-opened", "a.xlsx")]
    assert list(found.tables["t"].index) == ["P1", "P2"]
    files = found.findings[["file", "office_id"]].drop_duplicates()
    sent = feedback_of_round(folder, found.findings, files, tmp_path / "back", organisations={})
    assert sent["feedback"].tolist() == [""]
    assert "a.xlsx" in (tmp_path / "back" / "a.xlsx.txt").read_text("utf-8")


def test_a_folder_named_like_a_workbook_is_a_folder(tmp_path):
    (tmp_path / "x.xlsx").mkdir()
    (tmp_path / "x.xlsx" / "b.csv").write_text(SOUND)
    found = read_returns(tmp_path, FORM)
    assert told(found) == []
    assert set(found.sources["t"]["file"]) == {"x.xlsx/b.csv"}


def test_a_huge_file_is_not_even_hashed(tmp_path, monkeypatch):
    with (tmp_path / "a.xlsx").open("wb") as stream:
        stream.truncate(20_000_000_000)  # takes no room
    monkeypatch.setattr(front_door, "file_digest", lambda *_: pytest.fail("it was read whole"))
    assert told(read_returns(tmp_path, FORM)) == [("file-too-large", "a.xlsx")]


def write_xls(path: Path) -> None:
    book = xlwt.Workbook()
    page = book.add_sheet("t")
    for row, line in enumerate(SOUND.splitlines()):
        for column, text in enumerate(line.split(";")):
            page.write(row, column, text)
    book.save(str(path))


@pytest.mark.parametrize("suffix", [".csv", ".xls"])
def test_a_file_that_goes_away_while_it_is_read(tmp_path, monkeypatch, suffix):
    path = tmp_path / f"a{suffix}"
    write_xls(path) if suffix == ".xls" else path.write_text(SOUND)
    digest = front_door._sha256

    def digest_and_delete(path, most):
        try:
            return digest(path, most)
        finally:
            path.unlink()

    monkeypatch.setattr(front_door, "_sha256", digest_and_delete)
    cache = tmp_path.with_name("cache")
    assert told(read_returns([path], FORM, cache=cache)) == [("file-not-opened", path.name)]
    monkeypatch.undo()
    write_xls(path) if suffix == ".xls" else path.write_text(SOUND)
    again = read_returns([path], FORM, cache=cache)  # it was not kept as one that cannot be read
    assert list(again.tables["t"].index) == ["P1", "P2"]


@pytest.mark.parametrize("suffix", [".csv", ".xls"])
def test_a_name_that_is_no_text_can_be_written(tmp_path, suffix):
    """As an old archive leaves it: bytes of another encoding."""
    folder = tmp_path / "round"
    folder.mkdir()
    write_xls(folder / "a.xls")
    (folder / "a.csv").write_text(SOUND)
    path = Path(os.fsdecode(os.fsencode(folder) + b"/R\xfcck" + suffix.encode()))
    try:
        (folder / f"a{suffix}").rename(path)
    except OSError:
        pytest.skip("this file system has no such names")
    found = read_returns(path, FORM)
    name = f"R\\xfcck{suffix}"
    assert set(found.sources["t"]["file"]) == {name}
    assert list(found.tables["t"].index) == ["P1", "P2"]
    found.sources["t"].to_csv(tmp_path / "sources.csv")
    files = found.sources["t"][["file"]].drop_duplicates().assign(office_id="")
    sent = feedback_of_round(folder, found.findings, files, tmp_path / "back", organisations={})
    assert sent["file"].tolist() == [name]
    assert sent["feedback"].iloc[0] != ""
