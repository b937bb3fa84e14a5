from __future__ import annotations

import dataclasses
import datetime as dt
import pickle
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pytest
from books import cover, projects, write_book

from digistrat.example import generate_round
from digistrat.findings import InventoryError, require_valid
from digistrat.intake.cells import within
from digistrat.intake.forms import Column
from digistrat.intake.values import parse_number
from digistrat.intake.workbooks import Limits
from digistrat.inventory.prefill import last_answers
from digistrat.inventory.reading import read_inventory
from digistrat.inventory.record import standard_form
from inventories import make_strategy

ON = dt.date(2026, 4, 30)


def said(inventory, *codes):
    found = inventory.findings
    found = found[found["code"].isin(codes)] if codes else found
    return sorted(zip(found["code"], found["file"], found["sheet"], found["cell"], strict=True))


# --- offices ------------------------------------------------------------------------------------------------


def test_rows_belong_to_the_office_they_name_or_to_that_of_the_cover(read):
    rows = projects(["1", "a", "SPA"], ["2", "b", None], ["3", "c", "Amt 11"])
    inventory = read(x={"Angaben": cover("SpA"), "Vorhaben": rows})
    assert inventory.projects["office_id"].to_dict() == {"1": "A61", "2": "A52", "3": "A11"}
    assert inventory.projects["reported_office"].to_dict() == {"1": "SPA", "2": "SpA", "3": "Amt 11"}
    assert inventory.files["office_id"].tolist() == ["A52"]
    assert str(inventory.locate("projects", "2", "office_id")) == "x.xlsx › Angaben › B1"
    assert str(inventory.locate("projects", "1", "office_id")) == "x.xlsx › Vorhaben › E2"
    assert inventory.findings.empty


def test_doubtful_names_are_said_at_their_cell(read):
    rows = projects(
        ["1", "a", "Ansprechpartner Frankfurt"],
        ["2", "b", "Amt für Zauberei"],
        ["3", "c", "Stabstelle Digitalisierung"],
    )
    inventory = read(x={"Angaben": cover("Stabsstelle E-Government"), "Vorhaben": rows})
    assert said(inventory) == [
        ("former-office-name", "x.xlsx", "Angaben", "B1"),
        ("former-office-name", "x.xlsx", "Vorhaben", "E2"),
        ("office-guessed", "x.xlsx", "Vorhaben", "E4"),
        ("unknown-office", "x.xlsx", "Vorhaben", "E3"),
    ]
    offices = inventory.projects["office_id"]
    assert (offices["1"], offices["3"]) == ("A12", "StD")
    assert pd.isna(offices["2"])
    assert set(inventory.findings["office_id"]) == {"StD"}


@pytest.mark.parametrize(
    ("on", "office", "codes"),
    [
        ("2018-11-01", "StE", []),
        ("2018-11-02", "StD", ["former-office-name"]),
    ],
)
def test_the_reporting_date_decides_who_a_name_means(read, on, office, codes):
    sheets = {"Angaben": cover("Stabsstelle E-Government", on), "Vorhaben": projects(["1", "a"])}
    inventory = read(on, x=sheets)
    assert inventory.projects["office_id"].tolist() == [office]
    assert inventory.findings["code"].tolist() == codes
    assert (office in inventory.offices.index) is True


def test_a_return_without_cover_is_known_by_its_rows_then_by_its_name(read):
    inventory = read(
        rows={"Vorhaben": projects(["1", "a", "SpA"], ["2", "b", "Sportamt"])},
        A61_Vorhaben={"Vorhaben": projects(["3", "c"])},
        Hauptamt={"Vorhaben": projects(["4", "d"], ["5", "e", "POA"], ["6", "f", "SPA"])},
        nobody={"Vorhaben": projects(["7", "g"])},
    )
    assert inventory.files.set_index("file")["office_id"].to_dict() == {
        "A61_Vorhaben.xlsx": "A61", "Hauptamt.xlsx": "HA", "nobody.xlsx": "", "rows.xlsx": "A52",
    }  # fmt: skip
    assert inventory.projects["office_id"].dropna().to_dict() == {
        "1": "A52", "2": "A52", "3": "A61", "4": "HA", "5": "A11", "6": "A61",
    }  # fmt: skip
    assert said(inventory) == [
        ("office-from-file-name", "A61_Vorhaben.xlsx", "", ""),
        ("office-from-file-name", "Hauptamt.xlsx", "", ""),
        ("office-missing", "nobody.xlsx", "", ""),
    ]


def test_of_two_answers_on_a_cover_the_first_counts_for_the_file(read):
    two = [["Organisation", "SpA", "Hauptamt"], ["Stand", "30.04.2026", "30.04.2026"]]
    inventory = read(x={"Angaben": two, "Vorhaben": projects(["1", "a"])})
    assert inventory.files["office_id"].tolist() == ["A52"]
    assert inventory.returns["office_id"].tolist() == ["A52", "HA"]


def test_nothing_is_asked_of_a_file_of_which_nothing_is_used(read, tmp_path, strategy):
    sheets = {"Angaben": cover("SpA"), "Vorhaben": projects(["1", "a"])}
    folder = tmp_path / "2026-04-30"
    read(one=sheets, two=sheets)
    (folder / "A61.xlsx").write_bytes(b"PK broken")
    inventory = read_inventory(folder, strategy)
    assert said(inventory) == [("file-damaged", "A61.xlsx", "", ""), ("same-return", "two.xlsx", "", "")]
    assert inventory.findings.set_index("file")["office_id"].to_dict() == {"A61.xlsx": "A61", "two.xlsx": ""}
    assert inventory.files.set_index("file")["n_records"].to_dict() == {
        "A61.xlsx": 0,
        "one.xlsx": 2,
        "two.xlsx": 0,
    }


def test_a_partner_may_be_anybody(read):
    rows = [
        ["Partner", "Form der Zusammenarbeit", "Nr."],
        ["Sportamt", "Projekt", None],
        ["Verein der Nachbarn", "Projekt", None],
    ]
    inventory = read(x={"Angaben": cover("Hauptamt"), "Kooperationen": rows})
    assert inventory.cooperations["partner_id"].fillna("").tolist() == ["A52", ""]
    assert inventory.cooperations["reported_partner"].tolist() == ["Sportamt", "Verein der Nachbarn"]
    assert inventory.findings.empty


def test_a_cover_of_another_organisation_than_the_file_s_is_said(read):
    inventory = read(**{"A52-2026": {"Angaben": cover("Hauptamt"), "Vorhaben": projects(["1", "a", None])}})
    assert inventory.projects["office_id"].tolist() == ["HA"]
    (row,) = said(inventory)
    assert (row[0], row[3]) == ("office-not-of-file", "B1")
    assert "Sportamt" in inventory.findings["message"].iloc[0]


# --- the standard form --------------------------------------------------------------------------------------


def test_the_form_knows_the_strategys_criteria_and_phases(strategy):
    form = standard_form(strategy)
    impact = form.table("impact_ratings").unpivot.members
    assert list(impact) == [criterion.id for criterion in strategy.impact.criteria if not criterion.computed]
    fields = form.table("projects").column("field_id").choices
    assert {key: labels[0] for key, labels in fields.items()} == {
        f.id: f"{f.id} {f.name}" for f in strategy.fields
    }
    phases = form.table("phases").column("phase_id").choices
    for template in strategy.phase_templates:  # a phase of two templates keeps the names of both
        for phase in template.phases:
            assert phase.name in phases[phase.id]
    assert form.language == strategy.language


def scale(**targets):
    weight = 100.0 / len(targets)
    criteria = [{"id": k, "name": f"Punkt {k}", "weight": weight, "target": t} for k, t in targets.items()]
    return {"rule": "weighted_mean", "source": "test", "criteria": tuple(criteria)}


def test_points_and_levels_run_as_far_as_the_strategys_scales():
    """A scale to five takes five and refuses six; one that sinks runs from its target up."""
    sinking = scale(a=3.0)
    sinking["criteria"][0]["floor"] = 8.0
    computed = scale(a=5.0, b=100.0)
    computed["criteria"][1]["computed"] = "goal_fit"
    form = standard_form(make_strategy(readiness=scale(a=5.0), maturity=sinking, impact=computed))

    def limits(table, column):
        found = form.table(table).column(column)
        return found.minimum, found.maximum

    assert limits("readiness_ratings", "level") == (0, 5)
    assert limits("maturity_ratings", "level") == limits("maturity_ratings", "target_level") == (3, 8)
    assert limits("impact_ratings", "points") == (0, 5)
    assert limits("services", "level") == limits("service_ratings", "level") == (0, 7)
    bare = standard_form(make_strategy(service_models=()))
    assert bare.table("services").column("level").maximum is None


@pytest.mark.parametrize(
    ("written", "value", "lower", "upper"),
    [
        ("6–8", 7, 6, 8),
        ("6 bis 8 Punkte", 7, 6, 8),
        ("ca. 5", 5, 4, 6),  # a fifth of it more or less
        ("ca. 9", 9, 7.2, 10),
        ("mindestens 6", 6, 6, 10),
        ("höchstens 3", 3, 0, 3),
        ("7", 7, None, None),
        ("9–12", None, None, None),  # past the end of the scale
        ("11", None, None, None),
    ],
)
def test_a_rating_may_be_an_interval_on_its_scale(read, written, value, lower, upper):
    rows = [["Nr.", "K01", "K02"], ["1", written, 1]]
    inventory = read(A52={"Angaben": cover("SpA"), "Vorhaben": projects(["1", "a"]), "Wirkung": rows})
    found = inventory.impact_ratings.iloc[0]
    expected = [np.nan if end is None else end for end in (value, lower, upper)]
    assert found[["points", "points_lower", "points_upper"]].tolist() == pytest.approx(expected, nan_ok=True)
    assert found["state"] == ("unreadable" if value is None else "assessed")
    again = last_answers(inventory, "A52", on=ON).values["impact_ratings"]
    assert again[0]["K01"] == (7 if lower is None and value else written)


def test_what_is_open_ends_where_the_scale_does():
    column = Column(name="points", kind="number", minimum=-5.0, maximum=5.0)
    for written, ends in (("höchstens 3", (-5, 3)), ("mindestens -1", (-1, 5)), ("ca. -5", (-5, -4))):
        parsed = within(parse_number(written), column)
        assert (parsed.lower, parsed.upper) == ends, written
    amount = Column(name="amount_eur", kind="amount", minimum=0.0)
    assert within(parse_number("mindestens 5"), amount)[2:4] == (5, None)


def test_a_moderated_rating_may_come_in_another_file(read):
    """The unit's workbook rates projects of others, on some criteria and with a reason."""
    own = [["Nr.", "K01", "K02"], ["1", 9, 4], ["2", 5, 5]]
    more = [["Nr.", "K01", "K02", "bewertet von", "Begründung"], ["1", 5, None, "Stabsstelle", "Zu hoch"]]
    inventory = read(
        A52={"Angaben": cover("SpA"), "Vorhaben": projects(["1", "a"], ["2", "b"]), "Wirkung": own},
        StD={"Angaben": cover("StD"), "Vorhaben": projects(["9", "c"]), "Wirkung": [own[0], ["9", 1, 2]]},
        StD_Bewertung={"Angaben": cover("StD"), "Wirkung": more},
    )
    # the sheets have not all criteria
    differ = inventory.findings[inventory.findings["code"] != "column-missing"]
    assert differ[["code", "office_id", "file", "cell"]].values.tolist() == [
        ["ratings-differ", "A52", "A52.xlsx", "B2"]
    ]
    (message,) = differ["message"]
    assert all(words in message for words in ("K01", " 9,", " 5.", "Zu hoch"))
    moderated = inventory.impact_ratings[inventory.impact_ratings["rated_by"] == "unit"]
    assert moderated[["points", "state", "reason"]].values.tolist() == [
        [5.0, "assessed", "Zu hoch"],
        [pytest.approx(np.nan, nan_ok=True), "missing", "Zu hoch"],
    ]


def test_savings_and_revenues_are_read_by_year(read):
    rows = [
        ["Nr.", "Art", "haushaltswirksam", 2027, "2028"],
        ["1", "Einsparung", "nein", "10.000–20.000 €", 5000],
        ["1", "Mehreinnahme", "ja", None, "ca. 1.000 €"],
    ]
    sheets = {"Vorhaben": projects(["1", "a"]), "Einsparungen": rows}
    effects = read(A52={"Angaben": cover("SpA"), **sheets}).project_effects
    assert effects[["kind", "is_budget_effective", "year", "amount_eur"]].values.tolist() == [
        ["saving", False, 2027, 15_000.0],
        ["saving", False, 2028, 5_000.0],
        ["revenue", True, 2028, 1_000.0],
    ]
    assert effects["amount_eur_lower"].fillna(0).tolist() == [10_000.0, 0.0, 800.0]


def test_what_a_sheet_has_no_column_for_is_said_at_its_row(read):
    """Funding without its end, on a sheet that has no column for the end."""
    rows = [["Nr.", "Titel", "Status", "Handlungsfeld", "Förderung"], ["1", "a", "möglich", "HF01", 5000]]
    inventory = read(A52={"Angaben": cover("SpA"), "Vorhaben": rows})
    assert said(inventory) == [("funding-without-end", "A52.xlsx", "Vorhaben", "A2")]


# --- the record ---------------------------------------------------------------------------------------------


def test_a_clean_round_gives_no_finding_and_a_summary(clean):
    assert clean.findings.empty
    assert "0 errors, 0 warnings, 0 infos" in str(clean)
    assert f"{len(clean.projects)} projects" in repr(clean)
    require_valid(clean)
    row = {"severity": "error", "file": "A.xlsx", "sheet": "Vorhaben", "cell": "F12", "message": "so"}
    wrong = clean.replace(findings=pd.DataFrame([row]))
    with pytest.raises(InventoryError, match=r"1 errors in the returns:\n  A\.xlsx › Vorhaben › F12: so"):
        require_valid(wrong)


def test_assigning_changes_no_inventory(clean):
    title = clean.projects["title"].iloc[0]
    projects = clean.projects
    projects["title"] = "x"
    projects.loc[projects.index[0], "status"] = "possible"
    with pytest.raises(pd.errors.ChainedAssignmentError):  # pandas warns that nothing is kept
        clean.projects["title"] = "y"
    frame = clean.tables["projects"]
    frame.iloc[:, 0] = "z"
    source = clean.sources["projects"]
    source["file"] = "q"
    assert clean.projects["title"].iloc[0] == title
    assert clean.sources["projects"]["file"].iloc[0] != "q"
    with pytest.raises(TypeError):
        clean.tables["projects"] = projects
    with pytest.raises(AttributeError):
        clean.findings = projects


def test_replace_gives_a_new_inventory(clean):
    fewer = clean.projects.head(3)
    other = clean.replace(projects=fewer, reporting_date=dt.date(2026, 5, 1))
    assert (len(other.projects), other.reporting_date) == (3, dt.date(2026, 5, 1))
    assert len(clean.projects) > 3
    assert clean.reporting_date == ON
    assert other.services.equals(clean.services)
    with pytest.raises(ValueError, match=r"changes must be one of .*'projects'.*, not 'project'"):
        clean.replace(project=fewer)


def test_unknown_names_say_what_there_is(clean):
    with pytest.raises(AttributeError, match=r"no attribute or table 'project'; tables: .*projects"):
        _ = clean.project
    assert not hasattr(clean, "__array__")


def test_an_inventory_survives_the_way_to_another_process(clean):
    other = pickle.loads(pickle.dumps(clean))
    assert other.projects.equals(clean.projects)
    label = clean.projects.index[0]
    assert other.locate("projects", label, "title") == clean.locate("projects", label, "title")


def test_tables_of_the_strategy_lead_back_to_their_file(clean, strategy):
    budget = clean.budgets
    for row in budget.index:
        place = clean.locate("budgets", row, "amount_eur")
        assert (place.file, place.cell) == (strategy.file, f"budgets[{row + 1}].amount_eur")
        assert place.raw == budget.at[row, "amount_eur"] == strategy.budgets[row].amount_eur
    for office in ("StD", "A61"):
        place = clean.locate("offices", office, "name")
        number = int(place.cell.split("[")[1].split("]")[0])
        assert strategy.offices[number - 1].id == office
        assert place.raw == clean.offices.at[office, "name"]
        assert place.file == strategy.offices_file
    assert clean.locate("offices", "StD", "office_id").raw == "StD"
    assert (
        clean.locate("office_changes", clean.office_changes.index[0], "change_date").raw
        == strategy.office_changes[0].change_date
    )
    assert clean.locate("budgets", pd.Index([1], dtype="int64")[0], "year").raw == strategy.budgets[1].year


@pytest.mark.parametrize(
    ("table", "row", "column", "word"),
    [
        ("budgets", 999, "year", "row"),
        ("budgets", -1, "year", "row"),
        ("budgets", "a", "year", "row"),
        ("offices", "StE", "name", "row"),  # gone before the reporting date
        ("offices", "StD", "copy", "column"),
        ("projects", "nobody", "title", "row"),
        ("nothing", 1, "title", "table"),
    ],
)
def test_wrong_places_are_named(clean, table, row, column, word):
    with pytest.raises(ValueError, match=f"{word} must be"):
        clean.locate(table, row, column)


def test_every_table_has_the_sources_of_its_rows(clean):
    for name, frame in clean.tables.items():
        assert frame.index.is_unique, name
        if name in clean.sources:
            assert frame.index.equals(clean.sources[name].index), name


def test_random_cells_lead_back_to_the_workbook(strategy, tmp_path):
    folder = tmp_path / "2026-04-30"
    generate_round(folder, strategy, ON, offices=12, seed=3)
    inventory = read_inventory(folder, strategy)
    books = {}
    n = 0
    for table, column in (
        ("projects", "order_value_net_eur"),
        ("impact_ratings", "points"),
        ("positions", "office_id"),
    ):
        frame = inventory.tables[table]
        for row in frame.index[frame[column].notna()][::5]:
            place = inventory.locate(table, row, column)
            if place.file.endswith(".xlsx"):
                book = books.setdefault(
                    place.file, openpyxl.load_workbook(folder / place.file, data_only=True)
                )
                assert book[place.sheet][place.cell].value == place.raw, str(place)
                n += 1
    assert n > 50


# --- wrong calls --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("given", ["2026-04-31", "30.04.2026", "", "2026-4-3"])
def test_wrong_reporting_dates_are_named(strategy, tmp_path, given):
    with pytest.raises(ValueError, match=f"reporting_date must be a date such as 2026-04-30.*{given!r}"):
        read_inventory(tmp_path, strategy, reporting_date=given)


def test_the_reporting_date_is_given_or_the_folders_name(strategy, tmp_path, monkeypatch):
    folder = tmp_path / "2026-04-30"
    path = write_book(folder / "A52.xlsx", {"Angaben": cover("SpA"), "Vorhaben": projects(["1", "a"])})
    assert read_inventory(folder, strategy).reporting_date == ON
    assert read_inventory([path], strategy, reporting_date=dt.datetime(2026, 4, 30, 12)).reporting_date == ON
    assert read_inventory(path, strategy, reporting_date="2026-04-30").reporting_date == ON
    monkeypatch.chdir(folder)
    assert read_inventory(Path(), strategy).reporting_date == ON
    with pytest.raises(ValueError, match="reporting_date must be"):
        read_inventory([path], strategy)
    with pytest.raises(ValueError, match="folder must be an existing folder"):
        read_inventory(folder / "x", strategy, reporting_date=ON)


def test_an_empty_round_is_an_inventory_too(strategy, tmp_path):
    inventory = read_inventory(tmp_path, strategy, reporting_date=ON)
    assert inventory.findings["code"].tolist() == ["no-returns"]
    assert len(inventory.projects) == 0
    assert {"office_id", "order_value_net_eur_lower"} <= set(inventory.projects)
    assert len(inventory.budgets) == len(strategy.budgets)


def test_the_strategy_says_how_returns_are_read():
    strategy = make_strategy(intake={"approximate_share": 0.5, "n_cells": 10, "seconds": 2.0})
    form = standard_form(strategy)
    assert form.approximate_share == 0.5
    assert form.limits == Limits(n_cells=10, seconds=2.0)
    assert standard_form(make_strategy()).limits == Limits()
    names = {field.name for field in dataclasses.fields(Limits)}
    assert names == set(type(strategy.intake).model_fields) - {"approximate_share"}
