from __future__ import annotations

import datetime as dt
import re
import shutil
import string
import subprocess
import textwrap
import zipfile
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from making import make_form

from digistrat.intake.forms import load_form
from digistrat.intake.returns import read_returns
from digistrat.intake.template import Note, write_template
from digistrat.intake.template.entries import list_entries
from digistrat.intake.template.prompts import fit
from digistrat.intake.template.sheets import height_of
from digistrat.inventory.record import standard_form
from digistrat.texts import text

YEARS = [2026, 2027]
FORMS = Path(__file__).parents[1] / "forms"
ANCHORS = {
    "0": "Keine Wirkung auf die Menschen in der Stadt",
    "2": "Wenige Betroffene, für die es kaum spürbar ist und die nur selten davon haben",
    "10": "Grundlegend: Wege und Wartezeiten entfallen für einen großen Teil der Stadtgesellschaft, "
    "und zwar dauerhaft, in allen Stadtteilen und für alle Leistungen, die häufig gebraucht werden",
}
NOTES = {
    "projects": {
        "": Note("Alle Vorhaben, eine Zeile je Vorhaben."),
        "title": Note("Kurzer Name.", "E-Akte"),
        "value_eur": Note("Was vergeben wird."),
    },
    "costs": {"amount_eur": Note("Kosten in einem Jahr.")},
    "ratings": {"c1": Note("Was es bringt.", anchors=ANCHORS), "c2": Note("Wie eilig es ist.")},
}


@pytest.fixture(scope="module")
def form(strategy):
    return standard_form(strategy)


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    path = tmp_path_factory.mktemp("template") / "A.xlsx"
    return openpyxl.load_workbook(write_template(make_form(), path, years=YEARS, notes=NOTES))


def rule_of(page, header):
    """The check of a column, by its header."""
    number = [cell.value for cell in page[4]].index(header) + 1
    letter = openpyxl.utils.get_column_letter(number)
    (rule,) = [r for r in page.data_validations.dataValidation if f"{letter}5" in r.sqref]
    return rule


def test_an_empty_template_reads_as_nothing_and_says_nothing(form, tmp_path):
    returns = read_returns(write_template(form, tmp_path / "A.xlsx", years=YEARS), form)
    assert returns.findings.empty
    assert all(frame.empty for frame in returns.tables.values())
    assert set(returns.leftovers["role"]) == {"title", "ignored"}


@pytest.mark.parametrize("language", ["de", "en"])
def test_the_sheet_of_help_is_never_read_as_a_table(language, tmp_path):
    form = make_form(language=language)
    returns = read_returns(write_template(form, tmp_path / "A.xlsx", years=YEARS, notes=NOTES), form)
    assert returns.findings.empty
    sheets = returns.leftovers[returns.leftovers["role"] == "ignored"]["sheet"]
    assert set(sheets) == {text("template.help_sheet", language), text("template.lists", language)}


def test_the_template_holds_every_column_of_the_form(form, tmp_path):
    book = openpyxl.load_workbook(write_template(form, tmp_path / "A.xlsx", years=YEARS))
    assert book.sheetnames[:-2] == [table.title for table in form.tables]
    for table in form.tables:
        page = book[table.title]
        down = table.orientation == "columns"
        shown = [cell.value for cell in (page["A"] if down else page[4]) if cell.value]
        for column in table.columns:
            if column.headers:
                (header,) = [words for words in shown if words.startswith(column.headers[0].split(" (")[0])][
                    :1
                ]
                assert header.endswith(" *") == column.required
        if table.unpivot:
            members = [headers[0] for headers in table.unpivot.members.values()] or list(map(str, YEARS))
            assert {words.split(" (")[0] for words in shown} >= {words.split(" (")[0] for words in members}
        assert down or page.freeze_panes == "B5"
    assert book[book.sheetnames[-1]].sheet_state == "hidden"


@pytest.mark.parametrize("source", ["making", "inventory", "ai_inventory", "ozg", "ulm"])
def test_a_header_with_unit_and_star_names_its_own_column(form, source, tmp_path):
    standard = {"making": make_form, "inventory": lambda: form}
    shown = standard[source]() if source in standard else load_form(FORMS / f"{source}.toml")
    entries = {table.name: list_entries(table, {}, YEARS) for table in shown.tables}
    # something in every cell, so that every column has a place
    values = {
        name: [{e.name: "1" for e in found}, {e.name: "2" for e in found}] for name, found in entries.items()
    }
    path = write_template(shown, tmp_path / "A.xlsx", values=values, years=YEARS)
    returns = read_returns(path, shown)
    for table in shown.tables:
        columns: dict[str, int] = {}
        for number in returns.sources[table.name]["layout"]:
            layout = returns.places.layouts[number]
            columns |= layout.columns
            if table.unpivot:
                member = returns.tables[table.name][table.unpivot.member]
                labels = returns.sources[table.name].index[returns.sources[table.name]["layout"] == number]
                columns[str(member.loc[labels[0]])] = layout.columns[table.unpivot.value]
        first = 4 if table.orientation == "columns" else 1
        for number, entry in enumerate(entries[table.name], start=first):
            assert columns[entry.name] == number, (table.name, entry.header)


def test_units_and_required_answers_stand_in_the_header(form):
    headers = {table.name: [e.header for e in list_entries(table, {}, YEARS)] for table in form.tables}
    assert headers["project_costs"] == ["Nr. *", "Art *", "laufend *", "2026 (€)", "2027 (€)"]
    assert "Auftragswert netto (€)" in headers["projects"]
    assert "Dauer (Monate)" in headers["phases"]  # said already
    assert "VZÄ *" in headers["positions"]
    assert "Projektleitung (PT)" in headers["efforts"]
    columns = [
        {"name": "a", "headers": ["Reife"], "kind": "number", "units": {"Stufe": 1}},
        {"name": "b", "headers": ["Reife Stufe"]},
    ]
    (table,) = make_form(tables=[{"name": "t", "columns": columns}]).tables
    assert [entry.header for entry in list_entries(table, {}, ())] == ["Reife", "Reife Stufe"]


def test_choices_are_drop_downs_of_the_first_labels(form, tmp_path):
    book = openpyxl.load_workbook(write_template(form, tmp_path / "A.xlsx", years=YEARS))
    rule = rule_of(book["Vorhaben"], "Status *")
    name, area = rule.formula1.rsplit("!", 1)
    cells = [cell.value for (cell,) in book[name.strip("'")][area.replace("$", "")]]
    assert cells == ["vorhanden", "in Vorbereitung", "möglich", "eingestellt"]
    assert rule.errorStyle == "warning"  # who does not know a number must be able to say so in words
    # several answers have no drop-down, but the hint lists them
    several = rule_of(book["Vorhaben"], "Zielgruppe")
    assert several.type is None
    assert "Bürgerschaft; Unternehmen; intern; Schulen" in several.prompt


def test_numbers_dates_and_yes_no_are_checked(form, book, tmp_path):
    page = book["Vorhaben"]
    rules = {
        header: (rule.type, rule.formula1, rule.formula2)
        for header in ("Beginn", "Auftragswert netto (€)", "Fallzahl", "Titel *")
        for rule in [rule_of(page, header)]
    }
    assert rules == {
        "Beginn": ("date", "DATE(2000,1,1)", "DATE(2100,12,31)"),
        "Auftragswert netto (€)": ("decimal", "0", "1000000000000"),
        "Fallzahl": ("whole", "0", "1000000000000"),
        "Titel *": (None, None, None),
    }
    assert rule_of(page, "öffentlich").type == "list"
    maturity = openpyxl.load_workbook(write_template(form, tmp_path / "A.xlsx", years=YEARS))["Reifegrad"]
    assert (rule_of(maturity, "Ist (Stufe)").formula1, rule_of(maturity, "Ist (Stufe)").formula2) == (
        "0",
        "4",
    )


def test_who_types_30_into_a_share_means_30_per_cent(form, tmp_path):
    page = openpyxl.load_workbook(write_template(form, tmp_path / "A.xlsx", years=YEARS))["Phasen"]
    formats = {page.cell(4, n).value: page.column_dimensions[chr(64 + n)].number_format for n in range(1, 9)}
    assert formats["Fortschritt"] == "0%"
    assert formats["Beginn"] == "DD.MM.YYYY"
    assert formats["Nr. *"] == "@"  # 007 stays 007


def test_hints_keep_to_the_limits_of_excel(form, strategy, tmp_path):
    from digistrat.inventory.prefill import form_notes

    path = write_template(form, tmp_path / "A.xlsx", years=YEARS, notes=form_notes(strategy, form))
    n_hints = 0
    for page in openpyxl.load_workbook(path).worksheets:
        for rule in page.data_validations.dataValidation:
            n_hints += 1
            assert 0 < len(rule.prompt.encode("utf-16-le")) // 2 <= 255
            assert 0 < len(rule.promptTitle) <= 32
            assert len(rule.error) <= 225
            assert len(rule.formula1 or "") <= 255
    assert n_hints > 90
    # every value of a rating is in the hint, if only its beginning
    rule = next(
        rule
        for rule in openpyxl.load_workbook(path)["Wirkung"].data_validations.dataValidation
        if rule.promptTitle.startswith("K01")
    )
    anchors = strategy.impact.criteria[0].anchors
    lines = rule.prompt.split("\n")
    assert [line.split(":")[0] for line in lines[:6]] == list(anchors)
    for line, words in zip(lines, anchors.values(), strict=False):
        assert words.startswith(line.split(": ", 1)[1].rstrip("…"))
        assert len(line) > 15


@given(st.lists(st.text(min_size=1, max_size=300), min_size=1, max_size=8), st.integers(60, 255))
def test_lines_are_shortened_to_fit_and_none_is_left_out(lines, limit):
    lines = [line.replace("\n", " ") for line in lines]
    fitted = fit(lines, limit)
    assert len(fitted.encode("utf-16-le")) // 2 <= limit
    if len("\n".join(lines).encode("utf-16-le")) // 2 <= limit:
        assert fitted == "\n".join(lines)
    for line, short in zip(lines, fitted.split("\n"), strict=True):
        assert short == line or (short[-1] == "…" and line.startswith(short[:-1]))


WORDS = st.lists(st.text(string.ascii_letters, min_size=1, max_size=30), max_size=20).map(" ".join)


@given(WORDS, st.integers(8, 60))
def test_rows_are_high_enough_for_their_text(words, width):
    lines = len(textwrap.wrap(words, width)) or 1
    assert height_of(words, width) >= 15 * lines + 2


def test_what_is_not_to_be_filled_in_is_locked_without_a_password(book):
    assert book.security.lockStructure
    assert book.security.workbookPassword is None
    for page in book.worksheets:
        assert page.protection.sheet
        assert page.protection.password is None
    page = book["Vorhaben"]
    allowed = ("insertRows", "deleteRows", "sort", "autoFilter", "formatColumns", "formatRows", "formatCells")
    assert not any(getattr(page.protection, name) for name in allowed)
    assert page.protection.insertColumns
    assert all(cell.protection.locked for row in page["A1:J4"] for cell in row if cell.value)
    assert all(page.row_dimensions[row].protection.locked for row in (1, 2, 3))
    # whole rows are open: only such rows can be deleted
    opened = sorted(page.column_dimensions.values(), key=lambda column: column.min)
    assert all(not column.protection.locked for column in opened)
    assert [(column.min, column.max) for column in opened] == [*((n, n) for n in range(1, 11)), (11, 16_384)]
    cover = book["Deckblatt"]
    assert [cover[f"B{row}"].protection.locked for row in (3, 4, 5, 6, 7)] == [
        True,
        False,
        False,
        False,
        True,
    ]


def luminance(colour):
    parts = [int(colour[-6:][k : k + 2], 16) / 255 for k in (0, 2, 4)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def test_a_screen_reader_finds_its_way(book):
    assert book.properties.title == "Erhebung der Digitalisierungsvorhaben"
    assert book.properties.language == "de"
    assert book.active.title == "Deckblatt"
    for page in book.worksheets[:-1]:
        assert not page.merged_cells.ranges
        assert page["A1"].value
        assert page["A1"].font.b
        for row in page.iter_rows():
            for cell in row:
                paper = cell.fill.fgColor.rgb if cell.fill.fill_type else "FFFFFFFF"
                ink = cell.font.color.rgb if cell.font.color and cell.font.color.type == "rgb" else "FF000000"
                light, dark = sorted((luminance(paper), luminance(ink)), reverse=True)
                assert (light + 0.05) / (dark + 0.05) >= 4.5, cell.coordinate
    for page in book.worksheets[1:-2]:
        assert page.defined_names["Title"].attr_text == f"'{page.title}'!$A$4"
        assert page.auto_filter.ref.startswith("A4:")
        assert (page.print_title_rows, page.print_title_cols) == ("$4:$4", "$A:$A")
        (selection,) = [s for s in page.sheet_view.selection if s.pane == page.sheet_view.pane.activePane]
        assert selection.activeCell == "A5"
        header = page["A4"]
        assert header.font.b  # a header is known without its colour
        assert header.border.bottom.style == "medium"
    assert book["Deckblatt"].defined_names["RowTitle"].attr_text == "'Deckblatt'!$A$4"
    assert book["Deckblatt"].sheet_view.selection[0].activeCell == "B4"


def test_every_sheet_leads_to_its_part_of_the_help(book):
    guide = book["Ausfüllhilfe"]
    for page in book.worksheets[:-2]:
        target, cell = page["A3"].hyperlink.location.split("!")
        assert target == "'Ausfüllhilfe'"
        assert guide[cell].value == page.title
        assert guide[cell].font.b


def test_the_help_says_what_every_column_and_every_point_means(book):
    guide = book["Ausfüllhilfe"]
    rows = [[cell.value for cell in row] for row in guide.iter_rows()]
    assert ["Titel *", "Kurzer Name.", "ja", None, "E-Akte"] in [row[:5] for row in rows]
    assert ["Nutzen", "Was es bringt.", None][:1] != rows[0][:1]
    heading = next(row for row in rows if row[2:5] == list(ANCHORS))
    assert heading[0] == "Was bewertet wird"
    assert ["C1 Nutzen", "Was es bringt.", *ANCHORS.values()] in [row[:5] for row in rows]
    # years share one note, and one row
    assert [row[:2] for row in rows if row[1] == "Kosten in einem Jahr."] == [
        ["2026 (€) … 2027 (€)", "Kosten in einem Jahr."]
    ]
    said = "\n".join(str(row[0]) for row in rows)
    for word in ("k. A.", "entfällt", "ca. 50.000", "Q3/2027", "Semikolon", "Stern"):
        assert word in said
    # nothing is cut off: wrapped, and rows high enough
    for row in guide.iter_rows():
        for cell in row:
            if cell.value and cell.alignment.wrap_text and not cell.font.b:
                width = int(guide.column_dimensions[cell.column_letter].width) - 1
                lines = sum(len(textwrap.wrap(part, width)) or 1 for part in cell.value.split("\n"))
                assert guide.row_dimensions[cell.row].height >= 15 * lines


def test_figures_stand_apart_from_the_words_of_the_next_column(form, tmp_path):
    values = {"projects": [{"project_id": "1", "title": "a", "start_date": pd.Timestamp(2027, 4, 1)}]}
    page = openpyxl.load_workbook(write_template(form, tmp_path / "A.xlsx", values=values))["Vorhaben"]
    headers = {page.cell(4, n).value: n for n in range(1, page.max_column + 1)}
    for header, expected in [("Titel *", None), ("Beginn", "center"), ("Fälle pro Jahr", "center")]:
        letter = openpyxl.utils.get_column_letter(headers[header])
        assert page.column_dimensions[letter].alignment.horizontal == expected
    assert page.cell(5, headers["Beginn"]).alignment.horizontal == "center"
    funding = page.column_dimensions[openpyxl.utils.get_column_letter(headers["Förderung (€)"])].alignment
    assert (funding.horizontal, funding.indent) == ("right", 1)


def test_an_answer_to_copy_that_is_a_bare_code_is_explained(tmp_path):
    choices = {"Z1": ["Z1 Breitband, WLAN", "Breitband, WLAN"], "Z2": ["Z2 Offene Daten"]}
    goals = {"name": "goals", "kind": "list", "headers": ["Ziele"], "choices": choices}
    columns = [{"name": "id", "kind": "identifier", "headers": ["Nr."]}, goals]
    form = make_form(tables=[{"name": "t", "title": "Vorhaben", "key": "id", "columns": columns}])
    guide = openpyxl.load_workbook(write_template(form, tmp_path / "A.xlsx"))["Ausfüllhilfe"]
    rows = [[cell.value for cell in row[:3]] for row in guide.iter_rows()]
    # a comma would part the answer when it is read
    assert rows[-2:] == [
        ["Vorhaben: Ziele", "Z1", "Z1 Breitband, WLAN"],
        ["Vorhaben: Ziele", "Z2 Offene Daten", None],
    ]


def test_what_an_office_had_added_comes_behind_the_table(tmp_path):
    form = make_form()
    values = {"projects": [{"project_id": "1", "title": "a"}, {"project_id": "2", "title": "b"}]}
    # a header may be what the form calls one of its own columns
    extras = {"projects": {"Bemerkung intern": [None, "=SUM(A1)"], "title": ["Höchst"]}}
    path = write_template(form, tmp_path / "A.xlsx", values=values, extras=extras)
    page = openpyxl.load_workbook(path)["Vorhaben"]
    assert [[page.cell(row, n).value for n in (11, 12)] for row in (4, 5, 6)] == [
        ["Bemerkung intern", "title"],
        [None, "Höchst"],
        ["=SUM(A1)", None],
    ]
    returns = read_returns(path, form)
    kept = returns.leftovers[returns.leftovers["role"] == "extra"]
    assert sorted(zip(kept["header"], kept["text"], strict=True)) == [
        ("Bemerkung intern", "=SUM(A1)"),
        ("title", "Höchst"),
    ]
    assert returns.tables["projects"]["title"].tolist() == ["a", "b"]


def test_rows_show_all_of_their_text_and_grow(tmp_path):
    long = "Ein langer Satz über das Vorhaben. " * 12
    values = {"projects": [{"project_id": "1", "title": "kurz", "remark": long}, {"project_id": "2"}]}
    path = write_template(make_form(), tmp_path / "A.xlsx", values=values)
    page = openpyxl.load_workbook(path)["Vorhaben"]
    lines = len(textwrap.wrap(long, int(page.column_dimensions["J"].width)))
    assert lines > 5
    assert page.row_dimensions[5].height >= 15 * lines
    assert page.row_dimensions[6].height < 25
    with zipfile.ZipFile(path) as archive:
        rows = re.findall(rb'<row r="(\d+)"([^>]*)>', archive.read("xl/worksheets/sheet2.xml"))
    assert {int(row): b"customHeight" in attributes for row, attributes in rows} == {
        1: True, 2: False, 3: False, 4: True, 5: False, 6: False,
    }  # fmt: skip


def test_names_of_sheets_hold_what_a_workbook_allows(tmp_path):
    column = {"name": "a", "headers": ["Eins"], "kind": "choice", "choices": {"x": ["X"]}}
    table = {"name": "t", "title": "Amt's Ziele: 2026/27 und was darüber hinausgeht", "columns": [column]}
    form = make_form(tables=[table])
    path = write_template(form, tmp_path / "A.xlsx", values={"t": [{"a": "x"}]})
    page = openpyxl.load_workbook(path).worksheets[0]
    assert page.title == "Amt's Ziele  2026 27 und was da"
    assert page.defined_names["Title"].attr_text == "'Amt''s Ziele  2026 27 und was da'!$A$4"


def test_what_is_pre_filled_reads_back_as_it_was(form, clean, tmp_path):
    _, returns = clean
    file = returns.sources["projects"]["file"].value_counts().index[0]
    names = ["projects", "maturity_ratings", "positions", "dependencies"]
    wanted = {name: returns.tables[name][returns.sources[name]["file"] == file] for name in names}
    values = {name: frame.reset_index().to_dict("records") for name, frame in wanted.items()}
    path = write_template(form, tmp_path / "A.xlsx", values=values, years=YEARS)
    got = read_returns(path, form)
    assert got.findings.empty
    for name, frame in wanted.items():
        shown = [c.name for c in form.table(name).columns if c.headers and c.name in frame]
        assert len(frame) > 0
        # bounds and "not applicable" are values of no column: `inventory.prefill` gives the words for them
        pd.testing.assert_frame_equal(
            got.tables[name][shown].reset_index(drop=True), frame[shown].reset_index(drop=True)
        )


def test_values_of_every_kind_are_written_as_people_write_them(tmp_path):
    form = make_form()
    record = {
        "project_id": "007", "title": "=1+1", "status": "possible", "start_date": pd.Timestamp("2027-04-01"),
        "value_eur": np.float64(12.5), "n_cases": np.int64(3), "is_public": np.True_, "tags": ("a", "b"),
        "remark": pd.NA, "office": None,
    }  # fmt: skip
    words = {"start_date": "Ende 2027", "value_eur": "ca. 50.000", "is_public": "weiß nicht", "tags": "a / b"}
    values = {
        "projects": [record, {"project_id": "8", "title": "x", "start_date": pd.NaT, "tags": ()}, words],
        "costs": [{"project_id": "007", "2026": 5}],
        "cover": [{"office": "Amt 1", "day": dt.date(2026, 4, 30)}],
    }
    path = write_template(form, tmp_path / "A.xlsx", values=values, years=YEARS)
    page = openpyxl.load_workbook(path)["Vorhaben"]
    assert [cell.value for cell in page[5]] == [
        "007",
        "=1+1",
        None,
        "möglich",
        dt.datetime(2027, 4, 1),
        12.5,
        3,
        "ja",
        "a; b",
        None,
    ]
    assert [cell.value for cell in page[7] if cell.value] == list(words.values())
    assert page["B5"].data_type == "s"
    assert page["E5"].number_format == "DD.MM.YYYY"
    returns = read_returns(path, form)
    row = returns.tables["projects"].loc["007"]
    assert (row["title"], row["status"], row["n_cases"], row["tags"]) == ("=1+1", "possible", 3, ("a", "b"))
    assert returns.tables["costs"][["year", "amount_eur"]].to_numpy().tolist() == [[2026, 5]]
    assert returns.tables["cover"]["office"].tolist() == ["Amt 1"]


SIGNS = st.characters(exclude_categories=["Cs"]) | st.sampled_from(["\x07", "\uffff", "_x0041_", "_x", "="])


@settings(max_examples=15)
@given(st.lists(st.lists(SIGNS, min_size=1, max_size=12).map("".join), min_size=1, max_size=30))
def test_a_text_of_any_signs_comes_back(tmp_path_factory, texts):
    form = make_form()
    kept = [f"a{words}z" for words in texts if not re.search(r"[\r\n\x85\u2028\u2029]", words)]
    values = {"projects": [{"project_id": str(n), "title": words} for n, words in enumerate(kept)]}
    path = write_template(form, tmp_path_factory.mktemp("signs") / "A.xlsx", values=values)
    page = read_returns(path, form)
    raw = [page.locate("projects", str(n), "title").raw for n in range(len(kept))]
    assert raw == kept


def test_the_same_form_gives_the_same_bytes(monkeypatch, tmp_path):
    one = write_template(make_form(), tmp_path / "A.xlsx", years=YEARS, notes=NOTES).read_bytes()
    import time

    later = time.localtime(time.time() + 86_400)
    monkeypatch.setattr(zipfile.time, "localtime", lambda *_: later)
    assert write_template(make_form(), tmp_path / "B.xlsx", years=YEARS, notes=NOTES).read_bytes() == one


def test_an_existing_file_is_replaced_whole_or_not_at_all(tmp_path, monkeypatch):
    path = write_template(make_form(), tmp_path / "A.xlsx")
    before = path.read_bytes()
    monkeypatch.setattr("openpyxl.Workbook.save", lambda *_: (_ for _ in ()).throw(OSError("full")))
    with pytest.raises(OSError, match="full"):
        write_template(make_form(), path)
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["A.xlsx"]


def test_wrong_calls(tmp_path):
    for wrong in ({"values": {"x": []}}, {"extras": {"x": {}}}, {"notes": {"x": {}}}):
        with pytest.raises(ValueError, match=r"table must be one of .*not 'x'"):
            write_template(make_form(), tmp_path / "A.xlsx", **wrong)
    columns = [{"name": "a", "headers": ["A"], "kind": "choice", "choices_from": "fields"}]
    form = make_form(tables=[{"name": "t", "columns": columns}])
    with pytest.raises(ValueError, match=r"open are t\.a"):
        write_template(form, tmp_path / "A.xlsx")


def test_english_forms_have_english_templates(tmp_path):
    form = make_form(language="en")
    book = openpyxl.load_workbook(write_template(form, tmp_path / "A.xlsx"))
    assert book["Deckblatt"]["A1"].value == "Inventory of digitalisation projects"
    assert book.sheetnames[-2:] == ["Instructions", "Lists"]
    assert book.properties.language == "en"


@pytest.mark.skipif(shutil.which("soffice") is None, reason="needs libreoffice-calc")
def test_libreoffice_opens_it_and_keeps_every_answer(tmp_path):
    form = make_form()
    values = {"projects": [{"project_id": "007", "title": "E-Akte", "status": "possible", "value_eur": 12.5}]}
    path = write_template(form, tmp_path / "A.xlsx", values=values, years=YEARS, notes=NOTES)
    call = ["soffice", "--headless", f"-env:UserInstallation={(tmp_path / 'user').as_uri()}"]
    call += ["--convert-to", "xlsx", "--outdir", str(tmp_path / "saved"), str(path)]
    subprocess.run(call, check=True, capture_output=True, timeout=180)
    returns = read_returns(tmp_path / "saved" / "A.xlsx", form)
    row = returns.tables["projects"].loc["007"]
    assert (row["title"], row["status"], row["value_eur"]) == ("E-Akte", "possible", 12.5)
    assert returns.findings.empty
    before, after = (openpyxl.load_workbook(p) for p in (path, tmp_path / "saved" / "A.xlsx"))
    assert after.sheetnames == before.sheetnames
    for page in before.worksheets:
        saved = after[page.title]
        assert saved.protection.sheet
        assert saved.sheet_state == page.sheet_state
        hints = {
            sheet: sorted(r.prompt for r in sheet.data_validations.dataValidation if r.prompt)
            for sheet in (page, saved)
        }
        assert hints[saved] == hints[page]
