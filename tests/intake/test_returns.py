from __future__ import annotations

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from accounting import unaccounted
from making import codes, make_form, write_book
from seen import seen_cells

from digistrat.intake.feedback import write_feedback
from digistrat.intake.forms import load_form
from digistrat.intake.returns import Returns, list_returns, read_returns

FORMS = Path(__file__).parents[1] / "forms"
FORM = make_form()
PROJECTS = [["Nr.", "Titel", "Status"], ["P1", "Portal", "Idee"], ["P2", "Register", "vorhanden"]]


# --- nothing is lost ----------------------------------------------------------------------------------------


def test_no_cell_of_a_faulty_round_is_lost(faulty):
    folder, returns, _ = faulty
    assert sum(len(seen_cells(folder / file)) for file in returns.files["file"]) > 20_000
    assert unaccounted(folder, returns) == []


def test_no_cell_of_a_clean_round_is_lost_and_nothing_is_said(clean):
    folder, returns = clean
    assert returns.findings.empty
    assert unaccounted(folder, returns) == []


def test_the_count_of_lost_cells_can_fail(clean):
    folder, returns = clean
    sources = {name: frame[frame["row"] != 9] for name, frame in returns.sources.items()}
    poorer = Returns(
        **{**vars(returns), "places": type(returns.places)(**{**vars(returns.places), "sources": sources})}
    )
    assert len(unaccounted(folder, poorer)) > 100


def test_every_planted_fault_of_intake_is_found_at_its_cell(faulty):
    _, returns, planted = faulty
    of_inventory = {
        "unknown-office", "former-office-name", "end-before-start", "status-date-mismatch", "unknown-project",
        "dependency-cycle", "duplicate-project", "ratings-differ", "level-without-evidence",
    }  # fmt: skip
    found = returns.findings[["file", "sheet", "cell", "code"]].itertuples(index=False, name=None)
    wanted = [(p.file, p.sheet, p.cell, p.code) for p in planted if p.code not in of_inventory]
    assert sorted(found) == sorted(wanted)
    assert len(wanted) > 25


# --- files and folders --------------------------------------------------------------------------------------


def test_a_folder_gives_its_files_but_no_hidden_ones(tmp_path):
    for name in ("b.xlsx", "a.csv", "sub/c.xlsx", "~$b.xlsx", ".d.xlsx", ".ipynb_checkpoints/a.csv"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    folder, paths = list_returns(tmp_path)
    assert [path.relative_to(folder).as_posix() for path in paths] == ["a.csv", "b.xlsx", "sub/c.xlsx"]
    folder, paths = list_returns(iter([tmp_path / "b.xlsx", str(tmp_path / "sub" / "c.xlsx")]))
    assert [path.relative_to(folder).as_posix() for path in paths] == ["b.xlsx", "sub/c.xlsx"]
    assert list_returns([])[1] == []
    with pytest.raises(ValueError, match=r"folder must be an existing folder or file, not '.*nowhere'"):
        list_returns(tmp_path / "nowhere")
    with pytest.raises(ValueError, match=r"paths must be existing files, not '.*x\.xlsx'"):
        list_returns([tmp_path / "x.xlsx"])


def test_files_of_one_name_in_two_folders_are_two(tmp_path):
    one = write_book(tmp_path / "1" / "A.xlsx", {"Vorhaben": PROJECTS})
    two = write_book(tmp_path / "2" / "A.xlsx", {"Vorhaben": [PROJECTS[0], ["P3", "Akte", "Idee"]]})
    returns = read_returns([one, two], FORM)
    assert returns.files["file"].tolist() == ["1/A.xlsx", "2/A.xlsx"]
    assert returns.locate("projects", "P3", "title").file == "2/A.xlsx"


def test_an_empty_folder_gives_empty_tables(tmp_path):
    returns = read_returns(tmp_path, FORM)
    assert {name: len(frame) for name, frame in returns.tables.items()} == {
        "cover": 0,
        "projects": 0,
        "costs": 0,
        "ratings": 0,
    }
    assert returns.tables["projects"].dtypes["start_date"] == "datetime64[s]"
    assert codes(returns.findings) == [("no-returns", "")]
    assert returns.leftovers.empty


def test_files_that_are_no_returns_are_said_and_the_others_read(tmp_path):
    write_book(tmp_path / "A.xlsx", {"Vorhaben": PROJECTS})
    (tmp_path / "letter.docx").write_bytes(b"PK")
    (tmp_path / "scan.PDF").write_bytes(b"%PDF-1.7")
    (tmp_path / "notes.log").write_bytes(b"read me")
    (tmp_path / "__MACOSX").mkdir()
    for left_behind in ("Thumbs.db", "desktop.ini", ".DS_Store", "~$A.xlsx", "__MACOSX/A.pdf"):
        (tmp_path / left_behind).write_bytes(b"\0")
    (tmp_path / "empty.xlsx").write_bytes(b"")
    (tmp_path / "page.xls").write_bytes(b"<html><table></table></html>")
    (tmp_path / "broken.xlsx").write_bytes(b"PK\x03\x04 not a zip")
    write_book(tmp_path / "blank.xlsx", {"Tabelle1": []})
    write_book(tmp_path / "single.xlsx", {"Tabelle1": [[None], [None, "Hallo"]]})
    returns = read_returns(tmp_path, FORM)
    assert list(returns.tables["projects"].index) == ["P1", "P2"]
    said = sorted(
        zip(returns.findings["file"], returns.findings["code"], returns.findings["severity"], strict=True)
    )
    assert said == [
        ("blank.xlsx", "no-table-found", "error"),
        ("broken.xlsx", "file-damaged", "error"),
        ("empty.xlsx", "file-empty", "error"),
        ("letter.docx", "file-not-read", "error"),
        ("notes.log", "file-not-read", "warning"),
        ("page.xls", "file-not-a-workbook", "error"),
        ("scan.PDF", "file-not-read", "error"),
        ("single.xlsx", "no-table-found", "error"),
        ("single.xlsx", "sheet-not-used", "warning"),
    ]
    assert returns.leftovers[["file", "cell", "role", "text"]].to_numpy().tolist() == [
        ["single.xlsx", "B2", "unused", "Hallo"]
    ]
    assert returns.files["sha256"].str.len().eq(64).all()


def test_sheets_that_are_not_read_are_kept(tmp_path):
    path = write_book(
        tmp_path / "A.xlsx", {"Vorhaben": PROJECTS, "Hilfe": [["Bitte lesen"]], "Hilfslisten": [["x"], ["y"]]}
    )
    book = openpyxl.load_workbook(path)
    book["Hilfslisten"].sheet_state = "hidden"
    book.save(path)
    returns = read_returns(path, FORM)
    assert codes(returns.findings) == [("sheet-hidden", "")]
    assert returns.leftovers[["role", "text"]].to_numpy().tolist() == [
        ["ignored", "Bitte lesen"],
        ["hidden", "x"],
        ["hidden", "y"],
    ]


def test_two_sheets_may_hold_one_table(tmp_path):
    more = [["Nr.", "Titel", "Status", "Fallzahl"], ["P3", "Akte", "Idee", 3]]
    returns = read_returns(write_book(tmp_path / "A.xlsx", {"Vorhaben": PROJECTS, "Weitere": more}), FORM)
    assert returns.tables["projects"]["title"].to_dict() == {"P1": "Portal", "P2": "Register", "P3": "Akte"}
    assert str(returns.locate("projects", "P3", "n_cases")) == "A.xlsx › Weitere › D2"
    assert returns.findings.empty


# --- keys ---------------------------------------------------------------------------------------------------


def test_keys_are_unique_whatever_is_sent(tmp_path):
    costs = [["Nr.", "Art", "2026"], ["P1", "i", 1], ["P2", "i", 2], ["P7", "i", 7]]
    head = PROJECTS[0]
    write_book(
        tmp_path / "A.xlsx",
        {"Vorhaben": [head, ["P1", "a", "Idee"], [None, "b", "Idee"], ["A-3", "c", "Idee"]]},
    )
    write_book(
        tmp_path / "B.xlsx",
        {
            "Vorhaben": [
                head,
                ["P1", "d", "Idee"],
                ["P1", "e", "Idee"],
                ["P2", "f", "Idee"],
                ["P1~2", "g", "Idee"],
            ],
            "Teil 2": [head, ["P2", "h", "Idee"], [None, "i", "Idee"]],
            "Kosten": costs,
        },
    )
    write_book(tmp_path / "C.xlsx", {"Vorhaben": [head, ["P2", "j", "Idee"], ["B~P1", "k", "Idee"]]})
    returns = read_returns(tmp_path, FORM)
    titles = returns.tables["projects"]["title"]
    assert titles.index.is_unique
    assert titles.to_dict() == {
        "P1": "a", "A-3~2": "b", "A-3": "c",
        "B~P1~2": "d", "P1~3": "e", "P2": "f", "P1~2": "g", "P2~2": "h", "B-3": "i",
        "C~P2": "j", "B~P1": "k",
    }  # fmt: skip
    # what B says of P1 it says of its own; of P2 of the first
    assert returns.tables["costs"]["project_id"].tolist() == ["B~P1~2", "P2", "P7"]
    assert returns.locate("projects", "B~P1~2", "project_id").raw == "P1"
    said = returns.findings[returns.findings["code"] == "duplicate-key"]
    places = sorted(zip(said["file"], said["sheet"], said["cell"], strict=True))
    assert places == [
        ("B.xlsx", "Teil 2", "A2"),
        ("B.xlsx", "Vorhaben", "A2"),
        ("B.xlsx", "Vorhaben", "A3"),
        ("C.xlsx", "Vorhaben", "A2"),
    ]
    by_place = dict(zip(zip(said["file"], said["cell"], strict=True), said["message"], strict=True))
    assert (
        "A.xlsx › Vorhaben › A2" in by_place["B.xlsx", "A2"]
        or "B.xlsx › Vorhaben › A4" in by_place["B.xlsx", "A2"]
    )
    assert "B.xlsx › Vorhaben › A2" in by_place["B.xlsx", "A3"]


def test_a_key_of_three_files_is_the_first_ones(tmp_path):
    for name in "ABC":
        write_book(tmp_path / f"{name}.xlsx", {"Vorhaben": [PROJECTS[0], ["P1", f"title {name}", "Idee"]]})
    returns = read_returns(tmp_path, FORM)
    assert list(returns.tables["projects"].index) == ["P1", "B~P1", "C~P1"]
    assert all("A.xlsx › Vorhaben › A2" in message for message in returns.findings["message"])


def test_a_copy_under_another_name_is_used_once(tmp_path):
    sheets = {"Deckblatt": [["Dienststelle", "Amt 1"]], "Vorhaben": [*PROJECTS, ["P3", None, "blau"]]}
    write_book(tmp_path / "A.xlsx", sheets)
    write_book(tmp_path / "B.xlsx", sheets)
    returns = read_returns(tmp_path, FORM)
    assert len(returns.tables["projects"]) == 3
    assert returns.files["n_records"].tolist() == [4, 0]
    said = sorted(zip(returns.findings["file"], returns.findings["code"], strict=True))
    assert said == [("A.xlsx", "missing-value"), ("A.xlsx", "not-a-choice"), ("B.xlsx", "same-return")]


def test_empty_cells_take_the_cover(tmp_path):
    cover = {"Deckblatt": [["Dienststelle", "Amt 1"]]}
    rows = [["Nr.", "Titel", "Federführung"], ["P1", "a", "Amt 2"], ["P2", "b", "k. A."], ["P3", "c", None]]
    write_book(tmp_path / "A.xlsx", {**cover, "Vorhaben": rows})
    write_book(tmp_path / "B.xlsx", {"Vorhaben": [["Nr.", "Titel", "Status"], ["P4", "d", "Idee"]]})
    returns = read_returns(tmp_path, FORM)
    offices = returns.tables["projects"]["office"]
    assert offices.dropna().to_dict() == {"P1": "Amt 2", "P2": "Amt 1", "P3": "Amt 1"}
    places = [str(returns.locate("projects", key, "office")) for key in ("P1", "P2", "P3")]
    assert places == ["A.xlsx › Vorhaben › C2", *["A.xlsx › Deckblatt › B1"] * 2]


def test_reading_in_parallel_gives_the_same(faulty, strategy):
    folder, returns, _ = faulty
    with ThreadPoolExecutor(2) as executor:
        other = read_returns(folder, returns.form, executor=executor)
    assert other.findings.equals(returns.findings)
    for name, frame in returns.tables.items():
        pd.testing.assert_frame_equal(other.tables[name], frame)


def test_tables_and_sources_share_a_unique_index(faulty):
    _, returns, _ = faulty
    for name, frame in returns.tables.items():
        assert frame.index.is_unique
        assert frame.index.equals(returns.sources[name].index)
        assert (returns.sources[name]["row"] > 0).all()


def test_notes_of_the_reader_keep_their_weight(tmp_path):
    (tmp_path / "a.csv").write_bytes('Nr.;Titel;Status\nP1;"Portal;Idee\n'.encode("cp1252"))
    returns = read_returns(tmp_path, FORM)
    assert (
        dict(zip(returns.findings["code"], returns.findings["severity"], strict=True))["file-quote-open"]
        == "warning"
    )


def test_a_csv_without_header_lines_for_dates_is_typed(tmp_path):
    (tmp_path / "a.csv").write_bytes(
        "Nr.;Titel;Beginn;Fallzahl;öffentlich\n007;Café;01.04.2027;1.234,0;ja\n".encode("cp1252")
    )
    returns = read_returns(tmp_path, FORM)
    row = returns.tables["projects"].loc["007"]
    assert row["start_date"] == pd.Timestamp(dt.date(2027, 4, 1))
    assert (row["title"], row["n_cases"], row["is_public"]) == ("Café", 1234, True)
    assert codes(returns.findings) == [("file-encoding-guessed", "")]


def test_a_text_that_is_marked_for_excel_is_read_as_the_text(tmp_path):
    lines = ["Nr.;Titel;Fallzahl", '="00123";"=""Portal""";="7"', '="5"x;=1+1;=""', 'P3;="a"b";']
    (tmp_path / "a.csv").write_text("\n".join(lines), "utf-8")
    projects = read_returns(tmp_path, FORM).tables["projects"]
    assert list(projects.index) == ["00123", '="5"x', "P3"]
    assert projects["title"].tolist() == ["Portal", "=1+1", '="a"b"']
    assert projects["n_cases"].tolist() == [7, pd.NA, pd.NA]


def test_states_lead_to_the_cell_they_speak_of(tmp_path):
    rows = [["Nr.", "C1 Nutzen", "C2 Dringlichkeit"], ["P1", 7, None]]
    write_book(tmp_path / "A.xlsx", {"Vorhaben": PROJECTS, "Wirkung": rows})
    returns = read_returns(tmp_path, FORM)
    ratings = returns.tables["ratings"]
    found = {
        (member, state): str(returns.locate("ratings", label, "state"))
        for label, member, state in zip(ratings.index, ratings["criterion_id"], ratings["state"], strict=True)
    }
    assert found["c1", "assessed"] == "A.xlsx › Wirkung › B2"
    assert found["c2", "missing"] == "A.xlsx › Wirkung › C2"


def test_columns_of_an_office_s_own_stay_beside_its_records(tmp_path):
    rows = [["Nr.", "Titel", "Amtsleitung", "Status", "Raum"], ["P1", "Portal", "ja", "Idee", None]]
    write_book(tmp_path / "A.xlsx", {"Vorhaben": [*rows, ["P2", "Akte", "nein", "Idee", "3.12"]]})
    across = [["Nr.", "Q1", "Q2"], ["Titel", "Karte", "Netz"], ["Status", "Idee", "Idee"], ["Raum", None, 7]]
    costs = [["Nr.", "Art", 2027, 2028, "Quelle"], ["P1", "i", 5, 6, "Angebot"]]
    write_book(tmp_path / "B.xlsx", {"Vorhaben": across, "Kosten": costs})
    returns = read_returns(tmp_path, FORM)
    extras = returns.extras("projects")
    assert list(zip(extras.index, extras["header"], extras["text"], extras["cell"], strict=True)) == [
        ("P1", "Amtsleitung", "ja", "C2"),
        ("P2", "Amtsleitung", "nein", "C3"),
        ("P2", "Raum", "3.12", "E3"),
        ("Q2", "Raum", "7", "C4"),
    ]
    assert extras.index.name == "project_id"
    assert returns.extras("costs")[["header", "text"]].to_numpy().tolist() == [["Quelle", "Angebot"]]
    assert returns.extras("ratings").empty
    with pytest.raises(ValueError, match=r"table must be one of .*projects.*, not 'x'"):
        returns.extras("x")


def test_a_report_sent_back_is_no_return_and_no_data(tmp_path):
    write_book(tmp_path / "A.xlsx", {"Vorhaben": [*PROJECTS, ["P3", "Akte", "blau"]]})
    first = read_returns(tmp_path, FORM)
    write_feedback(tmp_path / "A.xlsx", first.findings, tmp_path / "back.xlsx", file="A.xlsx")
    (tmp_path / "back.xlsx").replace(tmp_path / "A.xlsx")
    again = read_returns(tmp_path, FORM)
    assert codes(again.findings) == codes(first.findings) == [("not-a-choice", "C4")]
    assert set(again.leftovers["role"]) == {"ignored"}
    only = openpyxl.load_workbook(tmp_path / "A.xlsx")
    del only["Vorhaben"]
    (tmp_path / "A.xlsx").unlink()
    only.save(tmp_path / "A_report.xlsx")
    assert codes(read_returns(tmp_path, FORM).findings) == [("feedback-only", "")]


def test_a_sheet_that_only_has_the_report_s_name_is_not_passed_over(tmp_path):
    write_book(tmp_path / "A.xlsx", {"Vorhaben": PROJECTS, "Prüfbericht": [["geprüft am", "1.4."]]})
    assert codes(read_returns(tmp_path, FORM).findings) == [("sheet-not-used", "")]


def test_a_key_in_another_spelling_refers_to_the_file_s_own_record_first(tmp_path):
    projects, costs = [["Nr.", "Titel", "Status"]], [["Nr.", "Art", 2027]]
    one = [*projects, ["S-1", "a", "Idee"], ["S-2", "b", "Idee"], ["S–2", "c", "Idee"]]
    write_book(tmp_path / "A.xlsx", {"Vorhaben": one})
    keys = ["s–1", "S 2", "T-1", "S-2"]
    costs += [[key, "i", 5] for key in keys]
    write_book(tmp_path / "B.xlsx", {"Vorhaben": [*projects, ["S-1", "d", "Idee"]], "Kosten": costs})
    returns = read_returns(tmp_path, FORM)
    # of two keys that differ in their dash only nobody knows which is meant
    assert returns.tables["costs"]["project_id"].tolist() == ["B~S-1", "S 2", "T-1", "S-2"]
    assert returns.locate("costs", 0, "project_id").raw == "s–1"


@pytest.mark.parametrize(
    ("source", "options", "said"),
    [
        (None, {}, "folder_or_paths must be a folder, a file or several files, not None"),
        ("", {}, "folder_or_paths must be a folder, a file or several files, not ''"),
        (b"x", {}, "folder_or_paths must be"),
        ([5], {}, "folder_or_paths must hold paths, not 5"),
        (".", {"form": "inventory"}, "form must be a Form, from load_form, not 'inventory'"),
        (".", {"form": load_form("inventory")}, "form must have its choices filled in .*projects.field_id"),
        (".", {"executor": 4}, "executor must be a concurrent.futures.Executor, not 4"),
        (".", {"cache": 5}, "cache must be True, False or a folder, not 5"),
        (".", {"cache": Path(__file__)}, "cache must be True, False or a folder"),
    ],
)
def test_wrong_calls_name_the_parameter(tmp_path, monkeypatch, source, options, said):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match=said):
        read_returns(source, options.pop("form", FORM), **options)


def test_returns_are_told_in_one_line(tmp_path):
    write_book(tmp_path / "A.xlsx", {"Vorhaben": PROJECTS})
    told = repr(read_returns(tmp_path, FORM))
    assert told == "<Returns: 1 files; rows: cover 0, projects 2, costs 0, ratings 0; 0 findings>"
