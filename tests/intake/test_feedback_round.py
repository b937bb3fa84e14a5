"""A whole round goes back, is corrected, and comes again; and real files of strangers."""

from __future__ import annotations

import collections
import shutil
import subprocess
import warnings
import zipfile
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from typer.testing import CliRunner

from digistrat.cli import app
from digistrat.findings import Finding, findings_frame
from digistrat.intake.feedback import (
    feedback_of_round,
    is_feedback_sheet,
    read_feedback,
    sheet_name,
    write_feedback,
)
from digistrat.intake.feedback.sheet import read_rows
from digistrat.intake.workbooks import WorkbookError, read_workbook
from digistrat.inventory.reading import read_inventory

ROOT = Path(__file__).parents[2]
SAME = ["sheet", "cell", "code", "severity", "value", "message", "hint"]
LISTING = {"xl/workbook.xml", "xl/_rels/workbook.xml.rels", "[Content_Types].xml"}
OFFICES = ["A16.xlsx", "A25.xlsx", "A25_Vorhaben.csv", "A44.xls", "A40.xlsx", "A11.xlsx", "StD.xlsx"]


def contents(path):
    with zipfile.ZipFile(path) as archive:
        return {info.filename: archive.read(info) for info in archive.infolist()}


@pytest.fixture(scope="module")
def sent_back(strategy, tmp_path_factory):
    """Seven files of six offices, their findings, and what went back."""
    folder = tmp_path_factory.mktemp("round") / "2026-04-30"
    folder.mkdir()
    for name in OFFICES:
        shutil.copy(ROOT / "data" / "raw" / "2026-04-30" / name, folder)
    inventory = read_inventory(folder, strategy)
    target = folder.parent / "back"
    written = feedback_of_round(
        folder,
        inventory.findings,
        inventory.files,
        target,
        organisations=inventory.offices["name"].to_dict(),
        marked=True,
    )
    return folder, inventory, target, written


def test_every_return_goes_back_with_its_own_findings_only(sent_back):
    folder, inventory, target, written = sent_back
    assert written["file"].tolist() == sorted(OFFICES)
    assert len(inventory.findings) >= 5
    for row in written.itertuples():
        back = read_feedback(target / row.feedback)
        own = inventory.findings[inventory.findings["file"] == row.file].reset_index(drop=True)
        assert back[SAME].equals(own[SAME])
        if row.file.endswith(".xlsx"):
            assert row.feedback == row.file
            old, new = contents(folder / row.file), contents(target / row.file)
            assert {name for name in old if old[name] != new[name]} == LISTING
            assert len(new) == len(old) + 1
    companions = {row.feedback for row in written.itertuples() if row.feedback != row.file}
    assert companions == {"A25_Vorhaben_csv_Prüfbericht.xlsx", "A44_xls_Prüfbericht.xlsx"}


def test_every_organisation_gets_one_text(sent_back):
    _, inventory, target, _ = sent_back
    texts = {path.stem: path.read_text("utf-8") for path in target.glob("*.txt")}
    assert set(texts) == {"A11", "A16", "A25", "A44", "A40", "StD"}
    assert "Stabsstelle Digitalisierung" in texts["StD"]
    for office, said in texts.items():
        errors = inventory.findings[inventory.findings["severity"] == "error"]
        own = errors["office_id"] == office
        flat = " ".join(said.split())
        messages = [
            {" ".join(message.split()) for message in errors["message"][rows]} for rows in (own, ~own)
        ]
        assert all(message in flat for message in messages[0])
        assert not any(message in flat for message in messages[1] - messages[0])
        assert all(len(line) <= 78 for line in said.splitlines())


def test_marked_copies_stand_beside_or_the_reason_is_told(sent_back):
    _, inventory, target, written = sent_back
    placed = inventory.findings[inventory.findings["cell"] != ""]
    for row in written.itertuples():
        assert bool(row.marked) + bool(row.lost) == (row.file in set(placed["file"]))
        if row.marked:
            book = openpyxl.load_workbook(target / row.marked)
            own = placed[placed["file"] == row.file]
            assert all(book[f.sheet][f.cell].comment for f in own.itertuples())
    assert written["marked"].astype(bool).any()


def test_a_corrected_return_says_what_is_settled(sent_back, strategy, tmp_path):
    """An office corrects one cell, spoils another, and sends the file with its report again."""
    _, inventory, target, _ = sent_back
    own = inventory.findings[(inventory.findings["file"] == "StD.xlsx") & (inventory.findings["cell"] != "")]
    wrong = own[own["code"] == "not-a-number"].iloc[0]
    folder = tmp_path / "2026-04-30"
    folder.mkdir()
    path = folder / "StD.xlsx"
    book = openpyxl.load_workbook(target / "StD.xlsx")
    sheet = book[wrong["sheet"]]
    sheet[wrong["cell"]] = 1200
    header = next(
        cell
        for row in sheet.iter_rows()
        for cell in row
        if cell.value in ("Beginn", "Start", "Projektbeginn")
    )
    spoiled = sheet.cell(header.row + 2, header.column)
    assert spoiled.coordinate not in set(own["cell"])
    spoiled.value = "32.01.2027"
    book.save(path)
    again = read_inventory(folder, strategy)
    feedback_of_round(
        folder, again.findings, again.files, tmp_path / "back", organisations={"StD": "Stabsstelle"}
    )
    report = next(s for s in read_workbook(tmp_path / "back" / "StD.xlsx").sheets if is_feedback_sheet(s))
    rows = [
        tuple(report.cells[row, column].value for column in (3, 4, 5, 10))
        for row in range(6, report.n_rows + 1)
        if (row, 5) in report.cells
    ]
    states = {(sheet, cell, code): state for state, sheet, cell, code in rows}
    assert states[wrong["sheet"], wrong["cell"], "not-a-number"] == "erledigt"
    assert states[wrong["sheet"], spoiled.coordinate, "not-a-date"] == "neu"
    places = ["sheet", "cell", "code"]
    now, before = ({*map(tuple, f[places].to_numpy())} for f in (again.findings, own))
    assert now & before
    assert {place for place, state in states.items() if state == "offen"} == now & before
    assert rows[-1][0] == "erledigt"
    said = (tmp_path / "back" / "StD.txt").read_text("utf-8")
    assert f"1 erledigt, {len(now & before)} offen, {len(now - before)} neu" in " ".join(said.split())


# What an office writes where something was found; every other finding stays as it is.
CORRECTED = {
    "not-a-number": 1200, "ambiguous-number": 1234, "see-attachment": 50_000, "approximate": 50_000,
    "range": 50_000, "out-of-range": 1, "cell-error": 100, "formula-without-value": 51_000,
    "not-a-choice": "möglich", "unknown-office": None, "former-office-name": "Stabsstelle Digitalisierung",
    "text-outside-table": None, "duplicate-key": "X-1", "missing-key": "X-2",
}  # fmt: skip


def correct(path, target, findings):
    """Save a workbook with its findings corrected, and results in place of formulas; give their places."""
    done = [f for f in findings.itertuples() if f.code in CORRECTED]
    if not done:
        return set()
    book, shown = openpyxl.load_workbook(path), openpyxl.load_workbook(path, data_only=True)
    for cell in (cell for sheet in book.worksheets for row in sheet.iter_rows() for cell in row):
        if cell.data_type == "f" and shown[cell.parent.title][cell.coordinate].value is not None:
            cell.value = shown[cell.parent.title][cell.coordinate].value
    for f in done:
        is_rated = f.table.endswith("_ratings") and f.code in ("range", "approximate")
        book[f.sheet][f.cell] = 2 if is_rated else CORRECTED[f.code]
    book.save(target)
    return {(f.sheet, f.cell, f.code) for f in done}


def test_all_offices_correct_what_they_can_and_the_rest_stays_open(strategy, tmp_path):
    """Of the faulty example round: each corrected finding is settled, each other is open, none is new."""
    source, folder = ROOT / "data" / "raw" / "2026-04-30", tmp_path / "2026-04-30"
    shutil.copytree(source, folder)
    before = read_inventory(folder, strategy)
    feedback_of_round(folder, before.findings, before.files, tmp_path / "back", organisations={})
    for path in (tmp_path / "back").glob("*.xlsx"):
        shutil.copy(path, folder)
    settled = {}
    for file, own in before.findings.groupby("file"):
        if (tmp_path / "back" / file).exists():
            settled[file] = correct(tmp_path / "back" / file, folder / file, own)
    again = read_inventory(folder, strategy)
    feedback_of_round(folder, again.findings, again.files, tmp_path / "next", organisations={})
    n_settled = 0
    for file, own in before.findings.groupby("file"):
        path = tmp_path / "next" / file
        if not path.exists():
            (path,) = (tmp_path / "next").glob(f"{file.replace('.', '_')}_*.xlsx")
        report = [sheet for sheet in read_workbook(path).sheets if is_feedback_sheet(sheet)][-1]
        rows = [
            [_text(report, row, column) for column in (3, 4, 5, 10)] for row in range(6, report.n_rows + 1)
        ]
        states = {tuple(place): state for state, *place in rows}
        places = {(f.sheet, f.cell, f.code) for f in own.itertuples()}
        expected = {place: "erledigt" if place in settled.get(file, ()) else "offen" for place in places}
        assert states == expected, file
        n_settled += list(states.values()).count("erledigt")
    assert n_settled > 15


def _text(sheet, row, column):
    return str(sheet.cells[row, column].value) if (row, column) in sheet.cells else ""


def test_a_report_alone_that_comes_back_is_remembered_and_no_return(sent_back, tmp_path):
    folder, _, target, _ = sent_back
    back = tmp_path / "round"
    back.mkdir()
    shutil.copy(folder / "A44.xls", back)
    shutil.copy(target / "A44_xls_Prüfbericht.xlsx", back)
    files = pd.DataFrame({"file": ["A44.xls", "A44_xls_Prüfbericht.xlsx"], "office_id": ["A44", ""]})
    written = feedback_of_round(back, findings_frame([]), files, tmp_path / "out", organisations={})
    assert written["file"].tolist() == ["A44.xls"]
    earlier = len(read_feedback(target / "A44_xls_Prüfbericht.xlsx"))
    assert f"{earlier} erledigt" in (tmp_path / "out" / "A44.txt").read_text("utf-8")


def test_where_feedback_is_not_written(sent_back, tmp_path):
    folder, inventory, target, _ = sent_back

    def call(where, files=inventory.files):
        return feedback_of_round(folder, inventory.findings, files, where, organisations={})

    for where in (folder, folder / "back", folder / "x" / ".." / "back"):
        with pytest.raises(ValueError, match="target must lie outside the round"):
            call(where)
    with pytest.raises(ValueError, match="target must be a new or empty folder"):
        call(target)
    with pytest.raises(ValueError, match="files must have the columns file and office_id"):
        call(tmp_path / "x", inventory.files[["file"]])
    assert not (tmp_path / "x").exists()
    assert sorted(path.name for path in folder.iterdir()) == sorted(OFFICES)


def test_an_interrupted_run_leaves_nothing(sent_back, tmp_path, monkeypatch):
    folder, inventory, _, _ = sent_back

    def stop(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("digistrat.intake.feedback.rounds.covering_summary", stop)
    with pytest.raises(KeyboardInterrupt):
        feedback_of_round(folder, inventory.findings, inventory.files, tmp_path / "x", organisations={})
    assert not list(tmp_path.iterdir())


def test_files_of_nobody_and_in_folders(tmp_path):
    for name in ("A.csv", "sub/A.csv"):
        path = tmp_path / "round" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("a;b\n1;2\n")
    files = pd.DataFrame({"file": ["A.csv", "sub/A.csv"], "office_id": ["", "X/1"]})
    frame = findings_frame(
        [Finding("not-a-date", "error", file="sub/A.csv", sheet="A", cell="A2", value="1")]
    )
    feedback_of_round(tmp_path / "round", frame, files, tmp_path / "out", organisations={"X/1": "Verein"})
    names = {path.relative_to(tmp_path / "out").as_posix() for path in (tmp_path / "out").rglob("*.*")}
    assert names == {"A_csv_Prüfbericht.xlsx", "sub/A_csv_Prüfbericht.xlsx", "A.csv.txt", "X_1.txt"}
    assert "Verein" in (tmp_path / "out" / "X_1.txt").read_text("utf-8")
    assert len(read_feedback(tmp_path / "out" / "sub" / "A_csv_Prüfbericht.xlsx")) == 1
    assert read_feedback(tmp_path / "out" / "A_csv_Prüfbericht.xlsx").empty


def test_the_command_line_writes_it(sent_back, tmp_path):
    folder, *_ = sent_back
    arguments = ["check", str(folder), "--strategy", str(ROOT / "data" / "strategy.toml"), "--feedback"]
    done = CliRunner().invoke(app, [*arguments, str(tmp_path / "back"), "--marked"])
    assert done.exit_code == 1  # there are errors in the returns
    assert "Wrote feedback on 7 returns" in done.output
    assert "no marked copy" in done.output
    assert len(list((tmp_path / "back").glob("*.txt"))) == 6
    done = CliRunner().invoke(app, [*arguments, str(tmp_path / "dated"), "--reply-by", "5.6.2026"])
    assert done.exit_code == 1
    said = (tmp_path / "dated" / "StD.txt").read_text("utf-8")
    assert "bis zum 05.06.2026" in " ".join(said.split())
    report = read_workbook(tmp_path / "dated" / "StD.xlsx").sheets[-1]
    assert "bis zum 05.06.2026" in report.cells[2, 1].value
    assert "bis zum" not in (tmp_path / "back" / "StD.txt").read_text("utf-8")
    done = CliRunner().invoke(app, [*arguments, str(folder)])
    assert done.exit_code == 2
    assert "outside the round" in done.output


def book_findings(name):
    """Findings on a sheet and on the file, with texts that a careless writer would spoil."""
    words = {"file": name, "value": "=1+1\x07 _x000D_", "message": "M <>&", "hint": "T"}
    place = {"sheet": "Sheet1", "cell": "B3"}
    return findings_frame(
        [Finding("not-a-date", "error", **words), Finding("range", "info", **place, **words)]
    )


@pytest.mark.slow
def test_real_files_go_back_unharmed(shared, tmp_path):
    """The corpus and the 15 returns: every xlsx that we read gets its sheet, and no other part moves."""
    outcomes = collections.Counter()
    places = (shared / "data" / "corpus", shared / "data" / "ai_inventories" / "returns")
    for number, path in enumerate(sorted(path for place in places for path in place.rglob("*.xls[xm]"))):
        findings = book_findings(path.name)
        written = write_feedback(path, findings, tmp_path / path.name)
        small = path.stat().st_size < 100_000  # the others are not read again: it takes long
        if small or written.name != path.name:
            again = read_workbook(written)
            assert read_rows(again.sheets[-1])[SAME].equals(findings[SAME]), path
        if written.name != path.name:
            with pytest.raises(WorkbookError):
                read_workbook(path)
            outcomes["alone"] += 1
            continue
        outcomes["patched"] += 1
        old, new = contents(path), contents(written)
        assert list(new)[: len(old)] == list(old), path
        assert len(new) == len(old) + 1
        assert len([name for name in old if old[name] != new[name]]) == 3, path
        if small:
            before = read_workbook(path)
            assert (again.sheets[:-1], again.notes) == (before.sheets, before.notes), path
            outcomes["openpyxl"] += number % 3 == 0 and openpyxl_agrees(path, written)
        written.unlink()
    assert outcomes["patched"] >= 330
    assert outcomes["alone"] <= 13  # encrypted, damaged, empty
    assert outcomes["openpyxl"] >= 70


def openpyxl_agrees(path, written):
    """Whether openpyxl opens both, with a sheet more, the same names and the same tab in front."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            before = openpyxl.load_workbook(path)
        except Exception:  # it fails in many ways on what it does not know
            return False
        after = openpyxl.load_workbook(written)
    if not before.sheetnames:  # of strict files it sees no sheet
        return False
    assert after.sheetnames == [*before.sheetnames, sheet_name()]
    assert {name: entry.attr_text for name, entry in after.defined_names.items()} == {
        name: entry.attr_text for name, entry in before.defined_names.items()
    }
    assert before.active is None or after.active.title == before.active.title
    return True


@pytest.mark.skipif(shutil.which("soffice") is None, reason="needs libreoffice-calc")
def test_libreoffice_opens_what_we_write(sent_back, tmp_path):
    _, _, target, written = sent_back
    names = [written["feedback"].iloc[0], "A44_xls_Prüfbericht.xlsx"]
    profile = (tmp_path / "profile").as_uri()  # one of its own, or another run would stand in the way
    command = [
        "soffice",
        f"-env:UserInstallation={profile}",
        "--headless",
        "--convert-to",
        "xlsx",
        "--outdir",
    ]
    files = [str(target / name) for name in names]
    subprocess.run([*command, str(tmp_path), *files], check=True, capture_output=True, timeout=120)
    for name in names:
        assert read_feedback(tmp_path / name)[SAME].equals(read_feedback(target / name)[SAME])
