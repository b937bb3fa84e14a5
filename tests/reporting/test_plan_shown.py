"""What people see of portfolio and plan: tables in words, sentences with figures counted by hand."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import hand_plan
import openpyxl
import pandas as pd
import pytest
from matplotlib.text import Text

import digistrat as ds
from digistrat.reporting import charts, plan_shown
from digistrat.reporting.document import SavedChart, write_page
from digistrat.reporting.plan_statements import plan_statements, portfolio_statements
from digistrat.reporting.results import Results, result_tables
from inventories import STAFF, budget, cost, make_inventory, make_strategy, points, project

MONEY = budget((2027, "investive", 100_000.0), (2028, "investive", 100_000.0))


@pytest.fixture(scope="module")
def results() -> Results:
    """A duty of 30, the best one of 60, one of 50 for which 40 are lacking, and one that nobody rated."""
    inventory = make_inventory(
        make_strategy(budgets=MONEY),
        projects=[
            project("a", mandate="legal", legal_basis="OZG", due_date=pd.Timestamp("2027-12-31")),
            project("b", title=None),
            project("c", office_id="A2"),
            project("d"),
        ],
        project_costs=[
            cost(name, 2027, euros) for name, euros in zip("abcd", (3e4, 6e4, 5e4, 1e3), strict=True)
        ],
        impact_ratings=points(a=2, b=9, c=5),
        positions=list(STAFF),
    )
    impact = ds.score_impact(inventory)
    return Results(inventory, impact=impact, portfolio=ds.select_portfolio(inventory, impact))


def planned(results: Results, monkeypatch: pytest.MonkeyPatch, **parts: Any) -> Results:
    """The plan by hand beside them; one of its three projects is ready for the council."""
    months = pd.date_range("2027-01-01", "2029-12-01", freq="MS")
    plan = hand_plan.plan(inventory=results.inventory, **parts)
    plan.problem.months = months
    plan.portfolio = SimpleNamespace(problem=SimpleNamespace(is_planned=True))
    ready = pd.DataFrame(
        {"title": list("abcd"), "n_missing": [0, 2, 0, 1], "n_open_checks": [0, 0, 1, 9],
         "is_ready": [True, False, False, False], "first_obstacle": ["", "Kosten", "DSFA", "Kosten"]},
        index=pd.Index(list("abcd"), name="project_id"),
    )  # fmt: skip
    monkeypatch.setattr("digistrat.reporting.results.profiles", lambda *args, **options: ready)
    return Results(results.inventory, impact=results.impact, portfolio=results.portfolio, plan=plan)


def test_the_list_has_its_lines_in_words(results: Results) -> None:
    table = plan_shown.list_table(results).set_index("project_id")
    assert table["line"].to_dict() == {
        "a": "above the line of duties",
        "b": "between: by impact",
        "c": "between: by impact",
        "d": "below the line of exclusion",
    }
    assert table["ground"].to_dict() == {"a": "legal duty with a date", "b": "–", "c": "–", "d": "–"}
    assert table["list_place"].tolist() == [1, 2, 3, 4]
    # of 200 thousand there are 30 taken by the duty, 90 with the best one
    assert table["share_of_budget_percent"].round(6).tolist() == [15.0, 45.0, 45.0, 45.0]
    assert table.at["c", "office"] == "Zweites Amt"


def test_limits_and_what_is_left_of_them(results: Results) -> None:
    table = plan_shown.constraint_table(results).set_index("label")
    row = table.loc["2027 investive"]
    assert (row["limit"], row["used"], row["slack"], row["unit"]) == (100_000.0, 90_000.0, 10_000.0, "€")
    assert row["sense"] == "at most"


def test_why_not_names_the_others_and_the_amount(results: Results) -> None:
    table = plan_shown.why_not_table(results)
    assert set(table.index) == {"c", "d"}
    assert table.at["d", "why_not"] == "impact or costs not known"
    assert table.at["d", "lacking"] == ""
    assert table.at["c", "lacking"] == "2027 investive: €40k"
    assert table.at["c", "title"] == "Titel c"


def test_the_csv_of_why_not_has_a_row_by_amount(results: Results) -> None:
    table = result_tables(results)["why_not"].set_index("project_id")
    assert (table.at["c", "constraint"], table.at["c", "missing"]) == ("2027 investive", 40_000.0)
    assert table.at["d", "constraint"] == ""
    assert pd.isna(table.at["d", "missing"])
    assert {"priority_list", "profiles", "portfolio_constraints"} <= set(result_tables(results))


def test_the_lines_are_said(results: Results) -> None:
    said = portfolio_statements(results)
    assert said[0].startswith("2 of the 4 projects")
    assert "takes 15 % of the available money" in said[1]
    assert said[2].startswith("One project that cannot be chosen")
    assert portfolio_statements(Results(results.inventory)) == []


def test_sittings_with_what_is_decided_and_by_when_it_is_submitted(
    results: Results, monkeypatch: pytest.MonkeyPatch
) -> None:
    more = [
        ("b", "submission", "2027-03-01"),
        ("b", "decision", "2027-04-15"),
        ("c", "decision", "2027-06-17"),
    ]
    marks = pd.DataFrame([*hand_plan.MILESTONES, *more], columns=["project_id", "milestone", "date"])
    known = planned(results, monkeypatch, milestones=marks.astype({"date": "datetime64[us]"}))
    table = plan_shown.sitting_table(known)
    assert table["decided"].dt.strftime("%Y-%m-%d").tolist() == ["2027-04-15", "2027-06-17"]
    assert table["submitted"].dt.strftime("%Y-%m-%d").tolist()[0] == "2027-03-01"  # the earlier of two
    assert table["n_projects"].tolist() == [2, 1]
    assert table["projects"].tolist() == ["Titel a (a); b", "Titel c (c)"]  # b has no title
    said = "\n".join(plan_statements(known))
    assert "3 projects need a decision" in said
    assert "first by 15 Apr 2027" in said


def test_the_plan_is_told_in_plain_words(results: Results, monkeypatch: pytest.MonkeyPatch) -> None:
    known = planned(results, monkeypatch, objective=120.0, bound=126.0, gap=0.05)
    said = plan_statements(known)
    assert said[0].startswith("With 3 projects the plan brings 120 value-years: impact points times years")
    assert "to the end of 2029" in said[0]
    assert "more than 126, whatever projects are chosen" in said[1]
    assert "at most 5.0 % better" in said[1]
    # 9,999.99 are bound where 8,000 are granted, and 10 where nothing is
    assert "Orders bind €10k" in said[3]
    assert "For €2,010 of it no commitment is granted" in said[3]
    assert said[4].startswith("One of the plan's 3 projects is ready for the council")
    assert "2 still lack" in said[4]
    table = plan_shown.commitment_table(known)
    assert table["lacking_eur"].round(2).tolist() == [1_999.99, 10.0]


@pytest.mark.parametrize(
    ("planned_with", "gap", "words"),
    [
        (True, 0.0, "No plan is proven to bring more, whatever projects"),
        (False, 0.0, "No schedule of this selection is proven to bring more."),
        (False, 0.05, "No schedule of this selection is proven to bring more than 13"),
    ],
)
def test_the_proof_is_of_what_was_searched(
    results: Results, monkeypatch: pytest.MonkeyPatch, planned_with: bool, gap: float, words: str
) -> None:
    known = planned(results, monkeypatch, gap=gap)
    assert known.plan is not None
    known.plan.portfolio.problem.is_planned = planned_with  # type: ignore[misc]
    assert plan_statements(known)[1].startswith(words)


def test_no_plan_says_nothing(results: Results) -> None:
    assert plan_statements(Results(results.inventory, plan=hand_plan.no_plan("en"))) == []


@pytest.fixture(scope="module")
def exported(results: Results, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Any]:
    plan = ds.plan_portfolio(results.inventory, results.impact, effort=0.01)  # type: ignore[arg-type]
    paper = ds.schedule(results.inventory, results.portfolio, effort_limit=0.2)  # type: ignore[arg-type]
    folder = tmp_path_factory.mktemp("out")
    for name in ("strategy.toml", "offices.toml"):  # of which the run record keeps the hash
        (folder / name).write_text("")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        page = ds.export(
            folder / "here",
            results.inventory,
            impact=results.impact,
            portfolio=plan.portfolio,
            plan=plan,
            others={"first choose, then plan": paper},
        )
    return page.parent, (plan, paper)


def test_a_plan_is_exported_to_work_with(exported: tuple[Path, Any]) -> None:
    folder, (plan, _) = exported
    page = (folder / "index.html").read_text("utf-8")
    for name in ("plan.xlsx", "plan.xml", "plan.ics"):
        assert f'<a href="{name}">' in page
        assert (folder / name).stat().st_size > 0
    assert (folder / "plan.ics").read_text("utf-8").count("BEGIN:VEVENT") == len(plan.milestones) > 0
    assert len(list((folder / "charts").glob("portfolio_budget*"))) == 0  # the plan's own money is drawn


def test_a_selection_made_with_a_plan_has_no_proof_of_its_own(exported: tuple[Path, Any]) -> None:
    _, (plan, paper) = exported
    words = {
        one: " ".join(text.get_text() for text in charts.plot_portfolio(one.portfolio).figure.findobj(Text))
        for one in (plan, paper)
    }
    assert "chosen together with the" in words[plan]
    assert "best result" not in words[plan]
    assert "best result" in words[paper].replace("\n", " ")


def test_the_page_says_what_the_plan_gains(exported: tuple[Path, Any]) -> None:
    folder, (plan, paper) = exported
    page = (folder / "index.html").read_text("utf-8")
    gain = plan.objective - paper.objective
    assert gain > 0  # c begins when 2028's money is there
    assert f"“first choose, then plan” these are {gain:,.0f} value-years more" in page
    assert "chosen together with their schedule" in page
    assert "Whether a project would fit if it began later" not in page


def test_the_workbook_has_its_sheets(exported: tuple[Path, Any]) -> None:
    folder, (plan, paper) = exported
    book = openpyxl.load_workbook(folder / "results.xlsx", read_only=True)
    assert {"List", "Why not", "Plans compared", "Ready for council"} <= set(book.sheetnames)
    rows = list(book["Plans compared"].iter_rows(min_row=5, values_only=True))
    assert [row[0] for row in rows] == ["this plan", "first choose, then plan"]
    assert [row[1] for row in rows] == [
        plan.phases["project_id"].nunique(),
        paper.phases["project_id"].nunique(),
    ]
    ready = list(book["Ready for council"].iter_rows(min_row=5, values_only=True))
    assert {row[0] for row in ready} == {"a", "b", "c", "d"}


def test_a_page_without_a_plan_links_no_files(results: Results, tmp_path: Path) -> None:
    chart = SavedChart("portfolio", "portfolio", "Alt.", "Title")
    page = write_page(results, tmp_path, [chart], run_id="abc").read_text("utf-8")
    assert "plan.xml" not in page


def test_the_roadmap_marks_sittings_and_ends_of_grants_and_no_pause_after_a_sitting() -> None:
    plan = hand_plan.plan()
    marks = charts.chart_data(charts.plot_gantt(plan))
    kinds = marks[marks["phase_id"].isin(["decision", "go_live", "grant_end", "submission", "order"])]
    shown = sorted(zip(kinds["project_id"], kinds["phase_id"], strict=True))
    # c's grant ended after the reporting date, where the time begins; b's ends after the last phase
    lives = [("b", "go_live"), ("c", "go_live")]
    assert shown == [("a", "decision"), ("a", "go_live"), *lives, ("c", "grant_end")]
    day = kinds.loc[kinds["phase_id"] == "decision", "start"].iloc[0]
    assert day == pd.Timestamp("2027-04-15")
    only_a = plan.phases[plan.phases["project_id"] == "a"]
    assert "waits" not in _key(hand_plan.plan("en", phases=only_a))
    assert "waits" in _key(hand_plan.plan("en"))  # b waits a month for staff


def _key(plan: Any) -> str:
    ax = charts.plot_gantt(plan)
    return " ".join(text.get_text() for text in ax.figure.findobj(Text))
