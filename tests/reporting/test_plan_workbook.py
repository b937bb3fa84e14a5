"""The plan as a workbook: dates, bars, live sums; what LibreOffice calculates is what stands there."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import hand_plan as hand
import openpyxl
import pytest
from openpyxl.worksheet.worksheet import Worksheet

from digistrat.reporting import style
from digistrat.reporting.plan_workbook import plan_workbook
from office import convert

SHEETS = ["Nachweis", "Zeitplan", "Meilensteine", "Auslastung", "Mittel", "Verpflichtungen", "Abhängigkeiten"]
HEAD, LABELS = 4, 5  # rows of the schedule: years; labels and months
MONTHS = 9  # first column of months


def book(path: Path, plan: Any = None, *, values: bool = True) -> openpyxl.Workbook:
    return openpyxl.load_workbook(plan_workbook(plan or hand.plan(), path), data_only=values)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return plan_workbook(hand.plan(), tmp_path_factory.mktemp("plan") / "plan.xlsx")


@pytest.fixture(scope="module")
def shown(written: Path) -> openpyxl.Workbook:
    return openpyxl.load_workbook(written, data_only=True)


def rows(sheet: Worksheet, first: int, last_column: int | None = None) -> list[tuple[Any, ...]]:
    return list(sheet.iter_rows(min_row=first, max_col=last_column, values_only=True))


def bar(sheet: Worksheet, row: int) -> str:
    """One character per month: # coloured, a mark of a milestone, or a point."""
    found = ""
    for column in range(MONTHS, sheet.max_column + 1):
        cell = sheet.cell(row, column)
        filled = cell.fill.fill_type == "solid"
        found += cell.value or ("#" if filled else ".")
    return found


def test_sheets_in_their_order(shown: openpyxl.Workbook) -> None:
    assert shown.sheetnames == SHEETS
    assert shown.properties.title == "Digital & gut, Teststadt"
    for sheet in shown.worksheets[1:]:
        assert sheet["A1"].value == sheet.title
        assert str(sheet["A3"].value).startswith("Beispieldaten, frei erfunden. Plan aus 3 Rückläufen")
        assert sheet.freeze_panes
        assert sheet.page_setup.orientation == "landscape"
        assert sheet.sheet_properties.pageSetUpPr.fitToPage
        assert sheet.print_title_rows


def test_phases_stand_below_their_project_and_field(shown: openpyxl.Workbook) -> None:
    sheet = shown["Zeitplan"]
    lines = [(row[0], row[1], row[2], row[7]) for row in rows(sheet, LABELS + 1)]
    assert lines == [
        (None, "Summe", None, 53_599.99),
        (None, "Bauen", None, 11_999.99),
        ("b", "=SUMME(A1:A2)", "Zweites Amt", 11_999.99),
        (None, "Konzept", None, 2_000),
        (None, "Umsetzung", None, 9_999.99),
        (None, "Bürger, Dienste", None, 41_500),
        ("a", "Bürgerkonto; Teil 1, „Start“", "Erstes Amt", 41_500),
        (None, "Konzept", None, 1_500),
        (None, "Beschluss", None, 0),
        (None, "Umsetzung", None, 40_000),
        (None, "ohne Handlungsfeld", None, 100),
        ("c", "Straßen 😀 <&> Netz", "Erstes Amt", 100),
        (None, "Umsetzung", None, 100),
    ]
    levels = [sheet.row_dimensions[row].outlineLevel for row in range(LABELS + 1, LABELS + 14)]
    assert levels == [0, 1, 2, 3, 3, 1, 2, 3, 3, 3, 1, 2, 3]
    assert not sheet.sheet_properties.outlinePr.summaryBelow
    assert [cell.value for cell in sheet[LABELS][:8]] == [
        "Nr.", "Titel", "Amt", "Beginn", "Ende", "Monate", "Vergabeart", "Kosten einmalig (€)",
    ]  # fmt: skip


def test_dates_are_dates_and_months_are_counted(shown: openpyxl.Workbook) -> None:
    sheet = shown["Zeitplan"]
    decision = LABELS + 9
    assert [sheet.cell(decision, k).value for k in (4, 5, 6)] == [
        dt.datetime(2027, 3, 1),
        dt.datetime(2027, 4, 15),
        2,
    ]
    assert sheet.cell(decision, 4).number_format == "dd.mm.yyyy"
    assert sheet.cell(decision, 8).number_format == "#,##0"
    assert sheet.cell(LABELS + 7, 6).value == 8  # January to August
    assert sheet.cell(LABELS + 10, 7).value == "Öffentliche Ausschreibung"


def test_months_are_coloured_from_begin_to_end(shown: openpyxl.Workbook) -> None:
    sheet = shown["Zeitplan"]
    months = [cell.value for cell in sheet[LABELS][MONTHS - 1 :]]
    assert (months[0], months[-1], len(months)) == (dt.datetime(2027, 1, 1), dt.datetime(2028, 3, 1), 15)
    assert (sheet.cell(HEAD, MONTHS).value, sheet.cell(HEAD, MONTHS + 12).value) == (2027, 2028)
    at = {row[1]: LABELS + 1 + k for k, row in enumerate(rows(sheet, LABELS + 1))}
    bars = [bar(sheet, row) for row in range(LABELS + 1, LABELS + 14)]
    assert bars == [
        "###############",
        "..........#####",
        "..........####◆",
        "..........##...",
        ".............##",
        "########.......",
        "##▽▼###◆.......",
        "##.............",
        "..##...........",
        "....####.......",
        "...........##..",
        "...........●◆..",
        "...........##..",
    ]
    concept = sheet.cell(at["Beschluss"], MONTHS + 2).fill.fgColor.rgb
    assert concept.removeprefix("FF") in {colour.removeprefix("#") for colour in style.STAGE}
    key = "▽ Einbringung der Vorlage; ▼ Beschluss; ◆ Betriebsbeginn; ✕ Ende der Förderung; ● kick off"
    assert str(sheet["A2"].value).endswith(key)


@pytest.mark.parametrize("title", ["=1+1", "+49 69", "-x", "@SUM(A1)", "https://example.org", "{=1}", "007"])
def test_what_offices_typed_stays_text(tmp_path: Path, title: str) -> None:
    found = book(tmp_path / "p.xlsx", hand.plan(inventory=hand.inventory(titles={"a": title})), values=False)
    cells = [cell for sheet in found for row in sheet.iter_rows() for cell in row if cell.value == title]
    assert len(cells) >= 5  # schedule, milestones, links
    assert {cell.data_type for cell in cells} == {"s"}
    assert not any(cell.hyperlink for cell in cells)


def test_a_title_of_any_length_can_be_opened(tmp_path: Path) -> None:
    found = book(tmp_path / "p.xlsx", hand.plan(inventory=hand.inventory(titles={"a": "Wort " * 9_000})))
    sheet = found["Zeitplan"]
    title = sheet.cell(LABELS + 7, 2).value
    assert len(title) == 32_767  # what a cell can hold
    assert sheet.row_dimensions[LABELS + 7].height < 409


def test_milestones_by_day(shown: openpyxl.Workbook) -> None:
    found = rows(shown["Meilensteine"], 4)
    assert found[0] == ("Tag", "Meilenstein", "Nr.", "Titel", "Amt", "Handlungsfeld", "Frist", "Zelle")
    assert [(row[0].strftime("%Y-%m-%d"), row[1], row[2]) for row in found[1:]] == [
        ("2026-09-30", "Ende der Förderung", "c"),
        ("2027-03-04", "Einbringung der Vorlage", "a"),
        ("2027-04-15", "Beschluss", "a"),
        ("2027-08-31", "Betriebsbeginn", "a"),
        ("2027-12-01", "kick off", "c"),
        ("2028-01-31", "Betriebsbeginn", "c"),
        ("2028-03-31", "Betriebsbeginn", "b"),
        ("2028-06-30", "Ende der Förderung", "b"),
    ]
    assert found[2][6:] == (dt.datetime(2027, 12, 31), "returns.xlsx › projects › B2")


def test_load_marks_where_posts_are_exceeded(tmp_path: Path) -> None:
    load = hand.plan().load
    over = (load["role_id"] == "EN") & (load["month"] == "2027-05-01")
    load.loc[over, "capacity_fte"] = 1.0
    nobody = (load["role_id"] == "EN") & (load["month"] == "2027-06-01")
    load.loc[nobody, "capacity_fte"] = 0.0
    found = book(tmp_path / "p.xlsx", hand.plan(load=load))["Auslastung"]
    assert [row[:4] for row in rows(found, 5)] == [
        ("Leitung", "Bedarf (VZÄ)", None, None),
        ("Leitung", "besetzt (VZÄ)", None, None),
        ("Leitung", "Auslastung", 1, 0),
        ("Entwicklung", "Bedarf (VZÄ)", None, None),
        ("Entwicklung", "besetzt (VZÄ)", None, None),
        ("Entwicklung", "Auslastung", 1.5, 2),
    ]
    assert [cell.value for cell in found[10][4:12]] == [0, 0, 0, 0, 1.5, "keine Stelle", 0.75, 0.75]
    assert found["I10"].number_format == "0%"
    criteria = [rule.formula for area in found.conditional_formatting for rule in area.rules]
    assert any(">1.0005" in formula[0] for formula in criteria)


def test_money_is_summed_and_compared(written: Path, shown: openpyxl.Workbook) -> None:
    sheet = shown["Mittel"]
    assert rows(sheet, 4)[:10] == [
        ("Jahr", "Art", "einmalig (€)", "laufend (€)", "geplant (€)", "Obergrenze (€)", "verbleibt (€)",
         "ausgeschöpft"),
        (2027, "konsumtiv", 500, 0, 500, 400, -100, 1.25),
        (2027, "investiv", 43_100, 0, 43_100, 50_000, 6_900, 0.862),
        (2028, "konsumtiv", 9_999.99, 1_200.5, pytest.approx(11_200.49), 20_000, pytest.approx(8_799.51),
         pytest.approx(0.5600245)),
        (2028, "investiv", 0, 0, 0, None, None, None),
        (None,) * 8,
        ("Summe", "konsumtiv", 10_499.99, 1_200.5, 11_700.49, 20_400, 8_699.51, None),
        ("Summe", "investiv", 43_100, 0, 43_100, 50_000, 6_900, None),
        ("Summe", "alle Arten", 53_599.99, 1_200.5, 54_800.49, 70_400, 15_599.51, None),
        (None,) * 8,
    ]  # fmt: skip
    assert rows(sheet, 14, 3) == [("einmalig nach Zeitplan", None, 53_599.99), ("Unterschied", None, 0)]
    formulas = openpyxl.load_workbook(written)["Mittel"]
    assert [formulas[cell].value for cell in ("E5", "G5", "G10", "C14")] == [
        "=C5+D5",
        '=IF(ISNUMBER(F5),F5-E5,"")',
        '=SUMIFS(G5:G8,$B$5:$B$8,"konsumtiv")',
        "='Zeitplan'!H6",
    ]


def test_commitments_show_what_is_authorised(shown: openpyxl.Workbook) -> None:
    assert rows(shown["Verpflichtungen"], 5) == [
        (2027, 2028, "konsumtiv", 9_999.99, 8_000, pytest.approx(-1_999.99)),
        (2027, 2029, "investiv", 10, None, None),
    ]


def test_links_show_what_was_asked_and_what_came(shown: openpyxl.Workbook) -> None:
    found = rows(shown["Abhängigkeiten"], 5)
    by_activity = {row[0]: (row[3], row[4], row[9], row[10]) for row in found}
    assert by_activity == {
        "b KO": ("Ende", "a UM", 61, 61),
        "b UM": ("Ende", "b KO", 0, 31),
        "a BE": ("Ende", "a KO", 0, 0),
        "a UM": ("Ende", "a BE", 0, 15),
        "c UM": ("Beginn", "b KO", 30, 30),
    }


def test_the_first_sheet_gives_the_proof(shown: openpyxl.Workbook) -> None:
    said = {row[0]: row[1] for row in rows(shown["Nachweis"], 1)}
    assert said["Güte des Plans"] == "höchstens 4,0 % vom bestmöglichen Ergebnis entfernt"
    assert said["Zielwert (Nutzwert-Jahre)"] == "12,5"
    assert said["Schranke: mehr erreicht nachweislich kein Plan"] == "13,0"
    assert said["Abstand zur Schranke"] == "4,0 %"
    assert said["Startwert der Suche"] == "7"
    assert said["Beginn"] == "01.01.2027"
    assert said["Nicht Teil des Plans"] == "a wartet auf niemanden."


def test_where_there_is_no_plan_the_reasons_stand_alone(tmp_path: Path) -> None:
    found = book(tmp_path / "p.xlsx", hand.no_plan())
    assert found.sheetnames == ["Nachweis"]
    said = {row[0]: row[1] for row in rows(found["Nachweis"], 1)}
    assert said["Was sich ausschließt"] == "2027 investiv reicht nicht."
    assert said["Zielwert (Nutzwert-Jahre)"] == "–"


def test_an_english_plan_speaks_english(tmp_path: Path) -> None:
    found = book(tmp_path / "p.xlsx", hand.plan("en"))
    assert found.sheetnames == ["Proof", "Schedule", "Milestones", "Load", "Money", "Commitments", "Links"]
    assert found["Money"]["B5"].value == "consumptive"


def test_the_same_plan_gives_the_same_bytes(written: Path, tmp_path: Path) -> None:
    again = plan_workbook(hand.plan(), tmp_path / "again.xlsx")
    assert again.read_bytes() == written.read_bytes()
    assert list(tmp_path.iterdir()) == [again]


def test_libreoffice_calculates_what_stands_there(written: Path, soffice: str, tmp_path: Path) -> None:
    bare = openpyxl.load_workbook(written)  # saving drops the stored values: they are calculated anew
    bare["Mittel"]["F6"] = 40_000
    bare.save(tmp_path / "bare.xlsx")
    (tmp_path / "made").mkdir()
    made = convert(soffice, tmp_path / "bare.xlsx", tmp_path / "made")
    calculated = openpyxl.load_workbook(made, data_only=True)
    stored = openpyxl.load_workbook(written, data_only=True)
    # the ceiling was lowered by 10,000 €: in its own row and in the sums
    changed = {"Mittel!G6": -3_100, "Mittel!H6": 1.0775, "Mittel!F11": 40_000, "Mittel!G11": -3_100}
    changed |= {"Mittel!F12": 60_400, "Mittel!G12": 5_599.51}
    n_formulas = 0
    for sheet in openpyxl.load_workbook(written):
        for row in sheet.iter_rows():
            for cell in row:
                if cell.data_type != "f":
                    continue
                n_formulas += 1
                place = f"{sheet.title}!{cell.coordinate}"
                expected = changed.get(place, stored[sheet.title][cell.coordinate].value)
                found = calculated[sheet.title][cell.coordinate].value
                if expected is None:
                    assert not found, place
                else:
                    assert found == pytest.approx(expected, abs=1e-6), place
    assert n_formulas > 80
