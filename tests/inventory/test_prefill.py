from __future__ import annotations

import datetime as dt
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from digistrat import Inventory, read_inventory
from digistrat.intake.returns import read_returns
from digistrat.inventory.prefill import form_notes, form_years, last_answers, write_office_form
from digistrat.inventory.record import standard_form
from digistrat.strategy import load_strategy
from digistrat.texts import LANGUAGES
from inventories import make_strategy

ROOT = Path(__file__).parents[2]
ON = dt.date(2026, 4, 30)
# What the reader says of an answer, whatever a check says of it.
UNREADABLE = {"not-a-number", "not-a-date", "not-a-choice", "ambiguous-number", "out-of-range", "cell-error"}
READ = {"range", "approximate", "at-most", "at-least", "approximate-date", "choice-guessed", "see-attachment"}
ABOUT_ANSWERS = UNREADABLE | READ | {"formula-without-value"}


@pytest.fixture(scope="module")
def strategy():
    return load_strategy(ROOT / "data" / "strategy.toml")


@pytest.fixture(scope="module")
def example(strategy) -> Inventory:
    return read_inventory(ROOT / "data" / "raw" / f"{ON}", strategy)


@pytest.fixture(scope="module")
def again(strategy, example, tmp_path_factory) -> Inventory:
    """The round as it comes back when every organisation returns its pre-filled form unchanged."""
    folder = tmp_path_factory.mktemp("forms") / f"{ON}"
    folder.mkdir()
    for office_id in example.files["office_id"].unique():
        write_office_form(strategy, folder / f"{office_id}.xlsx", office_id=office_id, on=ON, last=example)
    return read_inventory(folder, strategy)


def by_office(inventory: Inventory, table: str) -> pd.DataFrame:
    """A table with the organisation whose return each row stands in, in an order of its own.

    Without the name of the office in charge, which is taken from the cover sheet, and that is a new one.
    """
    office = inventory.files.set_index("file")["office_id"]
    frame = inventory.tables[table]
    frame = frame if table == "returns" else frame.drop(columns="reported_office", errors="ignore")
    frame = frame.assign(returned_by=inventory.sources[table]["file"].map(office).astype("str"))
    columns = [*frame.columns, *([frame.index.name] if frame.index.name else [])]
    ordered = frame.reset_index() if frame.index.name else frame.reset_index(drop=True)
    order = ordered[columns].astype("str").sort_values(columns, kind="stable").index
    return ordered.loc[order].reset_index(drop=True)


def test_every_pre_filled_form_of_a_round_reads_back_as_it_was(example, again):
    compared = 0
    for table in standard_form(example.strategy).tables:
        want, have = by_office(example, table.name), by_office(again, table.name)
        if table.name == "returns":  # a new cover sheet: one per organisation, with its name in the register
            assert have["reported_office"].tolist() == [
                example.offices.at[office, "name"] for office in have["returned_by"]
            ]
            assert (have["report_date"] == pd.Timestamp(ON)).all()
            continue
        pd.testing.assert_frame_equal(have, want)
        compared += len(want)
    assert compared > 4_000


def test_an_office_sees_its_own_words_again(example, again):
    def said(inventory: Inventory) -> list[tuple[str, ...]]:
        found = inventory.findings[inventory.findings["code"].isin(ABOUT_ANSWERS)]
        return sorted(zip(found["office_id"], found["table"], found["column"], found["value"], strict=True))

    assert said(again) == said(example)
    assert len(said(again)) > 15
    taken = example.findings["code"].isin(["header-guessed", "total-row", "sheet-hidden", "row-hidden"])
    assert taken.any()
    assert (
        not again.findings["code"].isin(["header-guessed", "total-row", "sheet-hidden", "row-hidden"]).any()
    )


def test_columns_that_an_office_had_added_come_back(example, again):
    def extras(inventory: Inventory) -> list[tuple[str, str]]:
        kept = inventory.leftovers[inventory.leftovers["role"] == "extra"]
        return sorted(zip(kept["header"], kept["text"], strict=True))

    assert len(extras(example)) >= 3
    assert extras(again) == extras(example)


def test_what_has_no_place_in_the_form_is_named(example):
    noted = example.leftovers[example.leftovers["role"] == "note"]
    assert len(noted) == 1
    office = example.files.set_index("file")["office_id"][noted["file"].iloc[0]]
    left_out = last_answers(example, office, on=ON).left_out
    assert left_out["text"].tolist() == noted["text"].tolist()
    assert last_answers(example, "A16", on=ON).left_out.empty


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_form_says_of_every_column_what_it_means(language):
    strategy = load_strategy(ROOT / "data" / "strategy.toml", language=language)
    form = standard_form(strategy)
    notes = form_notes(strategy, form)
    for table in form.tables:
        assert notes[table.name][""].description, table.name
        for column in table.columns:
            if column.headers:
                assert notes[table.name][column.name].description, (table.name, column.name)
    for table, scale in (("impact_ratings", strategy.impact), ("maturity_ratings", strategy.maturity)):
        assert {c.id for c in scale.criteria if c.computed}.isdisjoint(notes[table])
        for criterion in scale.asked:
            assert dict(notes[table][criterion.id].anchors) == dict(criterion.anchors)
            assert notes[table][criterion.id].description == criterion.description


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_form_filled_in_as_its_help_says_has_no_fault(language, tmp_path):
    """The example of every column, in every sheet; ranges and estimates are told, nothing is wrong."""
    strategy = load_strategy(ROOT / "data" / "strategy.toml", language=language)
    form = standard_form(strategy)
    path = tmp_path / "A16.xlsx"
    write_office_form(strategy, path, office_id="A16", on=ON)
    book = openpyxl.load_workbook(path)
    guide = book[book.sheetnames[-2]]
    rows = [[cell.value for cell in row[:5]] for row in guide.iter_rows()]
    n_filled = 0
    for table in form.tables[1:]:
        start = next(n for n, row in enumerate(rows) if row[0] == table.title and not any(row[1:]))
        examples = {}
        for header, meaning, _, _, example in rows[start + 3 :]:
            if not meaning:
                break
            examples[header.split(" … ")[0]] = example
        for cell in book[table.title][4]:
            if example := examples.get(cell.value):
                book[table.title].cell(5, cell.column, example)
                n_filled += 1
    assert n_filled > 55
    book.save(path)
    returns = read_returns(path, form)
    assert all(len(returns.tables[table.name]) for table in form.tables)
    assert set(returns.findings["code"]) == {"range", "approximate"}
    assert len(returns.findings) >= 2


def make_offices():
    return make_strategy(
        offices=(
            {"id": "A1", "name": "Stabsstelle Alt", "kind": "staff_unit", "valid_to": dt.date(2026, 6, 30)},
            {"id": "A2", "name": "Amt Neu", "kind": "office", "valid_from": dt.date(2026, 7, 1)},
            {"id": "A3", "name": "Drittes Amt", "kind": "office"},
        ),
        office_changes=(
            {
                "change_date": dt.date(2026, 7, 1),
                "change": "renamed",
                "office_id": "A1",
                "successor_id": "A2",
            },
        ),
    )


def fill(path: Path, sheet: str, rows: list[dict[str, object]]) -> None:
    """Type rows under the headers of a sheet; a header that is not there is added."""
    book = openpyxl.load_workbook(path)
    page = book[sheet]
    headers = {str(cell.value).split(" *")[0]: cell.column for cell in page[4] if cell.value}
    for number, row in enumerate(rows, start=5):
        for header, value in row.items():
            column = headers.setdefault(header, len(headers) + 1)
            page.cell(4, column, page.cell(4, column).value or header)
            page.cell(number, column, value)
    book.save(path)


PROJECT = {"Nr.": "1", "Titel": "E-Akte", "Status": "möglich", "Handlungsfeld": "F1"}


def test_a_successor_gets_the_answers_of_the_office_it_came_after(tmp_path):
    strategy = make_offices()
    before = tmp_path / "alt.xlsx"
    write_office_form(strategy, before, office_id="A1", on=ON)
    fill(before, "Vorhaben", [PROJECT])
    last = read_inventory([before], strategy, reporting_date=ON)
    after = dt.date(2026, 10, 31)
    assert [len(last_answers(last, office, on=after).values["projects"]) for office in ("A2", "A3")] == [1, 0]
    assert len(last_answers(last, "A1", on=ON).values["projects"]) == 1
    path = tmp_path / "neu.xlsx"
    write_office_form(strategy, path, office_id="A2", on=after, last=last)
    inventory = read_inventory([path], strategy, reporting_date=after)
    assert inventory.projects["office_id"].to_dict() == {"1": "A2"}
    assert inventory.files["office_id"].tolist() == ["A2"]
    assert inventory.findings.empty


def test_words_that_only_their_column_explained_are_written_unmistakably(tmp_path):
    """'1.200–1.500' was read because '12,50' stood in the same column; the form gets 12.5 as a number."""
    strategy = make_offices()
    path = tmp_path / "a.xlsx"
    write_office_form(strategy, path, office_id="A3", on=ON)
    value = "Auftragswert netto (€)"
    answers = ["12,50", "1.200–1.500", "ca. 1.500", "k. A.", "viel"]
    fill(path, "Vorhaben", [PROJECT | {"Nr.": str(n), value: words} for n, words in enumerate(answers)])
    last = read_inventory([path], strategy, reporting_date=ON)
    assert last.projects["order_value_net_eur"].tolist()[:3] == [12.5, 1350, 1500]
    records = last_answers(last, "A3", on=ON).values["projects"]
    assert [record["order_value_net_eur"] for record in records] == [
        12.5,
        "1200–1500",
        "ca. 1.500",
        "k. A.",
        "viel",
    ]
    form = tmp_path / "b.xlsx"
    write_office_form(strategy, form, office_id="A3", on=ON, last=last)
    got = read_inventory([form], strategy, reporting_date=ON)
    names = [f"order_value_net_eur{end}" for end in ("", "_lower", "_upper")]
    pd.testing.assert_frame_equal(got.projects[names], last.projects[names])


@pytest.mark.parametrize(
    "header", ["Auftragswert netto (T€)", "Auftragswert netto (USD)", "Auftragswert netto"]
)
def test_a_unit_in_the_header_of_the_last_return_is_not_lost(header, tmp_path):
    """The form's own header says euros: what was read stays the same amount, what was not stays unread."""
    strategy = make_offices()
    path = tmp_path / "a.xlsx"
    write_office_form(strategy, path, office_id="A3", on=ON)
    answers = [50, "ca. 50", "40-60", "bis 80", "1.234", "viel", -3]
    value = "Auftragswert netto (€)"
    fill(path, "Vorhaben", [PROJECT | {"Nr.": str(n), value: words} for n, words in enumerate(answers)])
    book = openpyxl.load_workbook(path)
    (cell,) = [cell for cell in book["Vorhaben"][4] if cell.value == value]
    cell.value = header
    book.save(path)
    last = read_inventory([path], strategy, reporting_date=ON)
    form = tmp_path / "b.xlsx"
    write_office_form(strategy, form, office_id="A3", on=ON, last=last)
    got = read_inventory([form], strategy, reporting_date=ON)
    names = [f"order_value_net_eur{end}" for end in ("", "_lower", "_upper")]
    pd.testing.assert_frame_equal(got.projects[names], last.projects[names])
    assert got.projects[names[0]].isna().sum() >= 3


def test_what_an_added_column_held_stays_with_its_row(tmp_path):
    strategy = make_offices()
    path = tmp_path / "a.xlsx"
    write_office_form(strategy, path, office_id="A3", on=ON)
    rows = [PROJECT, PROJECT | {"Nr.": "2", "Bemerkung": "siehe Akte"}]
    fill(path, "Vorhaben", rows)
    answers = last_answers(read_inventory([path], strategy, reporting_date=ON), "A3", on=ON)
    assert answers.extras["projects"] == {"Bemerkung": [None, "siehe Akte"]}
    assert answers.left_out.empty


def test_costs_of_other_years_keep_their_columns(tmp_path):
    strategy = make_offices()
    path = tmp_path / "a.xlsx"
    write_office_form(strategy, path, office_id="A3", on=ON)
    costs = {"Nr.": "1", "Art": "investiv", "laufend": "no", "2027 (€)": 5, "2041": 7}
    fill(path, "Vorhaben", [PROJECT])
    fill(path, "Kosten", [costs])
    last = read_inventory([path], strategy, reporting_date=ON)
    assert last_answers(last, "A3", on=ON).years == (2027, 2041)
    form = tmp_path / "b.xlsx"
    write_office_form(strategy, form, office_id="A3", on=ON, last=last)
    headers = [cell.value for cell in openpyxl.load_workbook(form)["Kosten"][4] if cell.value]
    assert headers[3:] == [f"{year} (€)" for year in (*form_years(strategy), 2041)]
    got = read_inventory([form], strategy, reporting_date=ON)
    assert sorted(zip(got.project_costs["year"], got.project_costs["amount_eur"], strict=True)) == [
        (2027, 5),
        (2041, 7),
    ]


def test_an_organisation_must_exist_on_the_date(tmp_path):
    with pytest.raises(ValueError, match=r"office_id must be one of \['A1', 'A3'\] on 2026-04-30, not 'A2'"):
        write_office_form(make_offices(), tmp_path / "a.xlsx", office_id="A2", on=ON)
    assert not list(tmp_path.iterdir())
