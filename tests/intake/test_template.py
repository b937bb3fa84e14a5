from __future__ import annotations

import datetime as dt

import numpy as np
import openpyxl
import pandas as pd
import pytest
from making import make_form

from digistrat.intake.returns import read_returns
from digistrat.intake.template import write_template
from digistrat.inventory.record import standard_form
from digistrat.texts import text

YEARS = [2026, 2027]


@pytest.fixture(scope="module")
def form(strategy):
    return standard_form(strategy)


def test_an_empty_template_reads_as_nothing_and_says_nothing(form, tmp_path):
    returns = read_returns(write_template(form, tmp_path / "A.xlsx", years=YEARS), form)
    assert returns.findings.empty
    assert all(frame.empty for frame in returns.tables.values())
    assert set(returns.leftovers["role"]) == {"title", "ignored"}


def test_the_template_holds_every_column_of_the_form(form, tmp_path):
    book = openpyxl.load_workbook(write_template(form, tmp_path / "A.xlsx", years=YEARS))
    assert book.sheetnames[:-1] == [table.title for table in form.tables]
    for table in form.tables:
        page = book[table.title]
        down = table.orientation == "columns"
        shown = [cell.value for cell in (page["A"] if down else page[4])]
        for column in table.columns:
            if column.headers:
                assert column.headers[0] in shown, (table.name, column.name)
        if table.unpivot:
            members = [headers[0] for headers in table.unpivot.members.values()]
            assert set(members or map(str, YEARS)) <= set(shown)
        assert not page.merged_cells.ranges
        assert down or page.freeze_panes == "A5"
    assert book[book.sheetnames[-1]].sheet_state == "hidden"


def test_choices_are_drop_downs_of_the_first_labels(form, tmp_path):
    book = openpyxl.load_workbook(write_template(form, tmp_path / "A.xlsx", years=YEARS))
    page = book["Vorhaben"]
    number = [cell.value for cell in page[4]].index("Status") + 1
    letter = openpyxl.utils.get_column_letter(number)
    (rule,) = [r for r in page.data_validations.dataValidation if f"{letter}5" in r.sqref]
    name, area = rule.formula1.rsplit("!", 1)
    cells = [cell.value for (cell,) in book[name.strip("'")][area.replace("$", "")]]
    assert cells == ["vorhanden", "in Vorbereitung", "möglich", "eingestellt"]
    assert rule.errorStyle == "warning"  # who does not know a number must be able to say so in words


def test_numbers_dates_and_yes_no_are_checked(form, tmp_path):
    page = openpyxl.load_workbook(write_template(form, tmp_path / "A.xlsx", years=YEARS))["Umsetzungsreife"]
    rules = {rule.type: (rule.formula1, rule.formula2) for rule in page.data_validations.dataValidation}
    assert rules == {"decimal": ("0", "4")}


def test_what_is_pre_filled_reads_back_as_it_was(strategy, form, clean, tmp_path):
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
        # bounds and "not applicable" are not pre-filled
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
    values = {
        "projects": [record, {"project_id": "8", "title": "x", "start_date": pd.NaT, "tags": ()}],
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
    assert page["B5"].data_type == "s"
    returns = read_returns(path, form)
    row = returns.tables["projects"].loc["007"]
    assert (row["title"], row["status"], row["n_cases"], row["tags"]) == ("=1+1", "possible", 3, ("a", "b"))
    assert returns.tables["costs"][["year", "amount_eur"]].to_numpy().tolist() == [[2026, 5]]
    assert returns.tables["cover"]["office"].tolist() == ["Amt 1"]
    assert returns.findings.empty


def test_the_same_form_gives_the_same_bytes(monkeypatch, tmp_path):
    one = write_template(make_form(), tmp_path / "A.xlsx", years=YEARS).read_bytes()
    import time
    import zipfile

    later = time.localtime(time.time() + 86_400)
    monkeypatch.setattr(zipfile.time, "localtime", lambda *_: later)
    assert write_template(make_form(), tmp_path / "B.xlsx", years=YEARS).read_bytes() == one


def test_an_existing_file_is_replaced_whole_or_not_at_all(tmp_path, monkeypatch):
    path = write_template(make_form(), tmp_path / "A.xlsx")
    before = path.read_bytes()
    monkeypatch.setattr("openpyxl.Workbook.save", lambda *_: (_ for _ in ()).throw(OSError("full")))
    with pytest.raises(OSError, match="full"):
        write_template(make_form(), path)
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["A.xlsx"]


def test_wrong_calls(tmp_path):
    with pytest.raises(ValueError, match=r"table must be one of .*not 'x'"):
        write_template(make_form(), tmp_path / "A.xlsx", values={"x": []})
    columns = [{"name": "a", "headers": ["A"], "kind": "choice", "choices_from": "fields"}]
    form = make_form(tables=[{"name": "t", "columns": columns}])
    with pytest.raises(ValueError, match=r"open are t\.a"):
        write_template(form, tmp_path / "A.xlsx")


def test_english_forms_have_english_templates(tmp_path):
    form = make_form(language="en")
    book = openpyxl.load_workbook(write_template(form, tmp_path / "A.xlsx"))
    assert book["Deckblatt"]["A1"].value == text("template.title", "en")
    assert text("template.title", "en") != text("template.title", "de")
