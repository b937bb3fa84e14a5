"""The result workbook: text stays text, numbers are numbers, every rating has its cell."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import openpyxl
import pandas as pd
import pytest
import small_results as small

import digistrat as ds
from digistrat.reporting.results import Results
from digistrat.reporting.workbook import HEAD_ROWS, ratings_with_cells, write_results
from digistrat.scoring.composite import score_table
from digistrat.strategy.scales import Group

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def results() -> Results:
    strategy = ds.load_strategy(ROOT / "data/strategy.toml")
    files = [ROOT / "data/raw/2026-04-30" / name for name in ("A12.xlsx", "A16.xlsx")]
    inventory = ds.read_inventory(files, strategy, reporting_date="2026-04-30")
    return Results(inventory, impact=ds.score_impact(inventory))


def table_of(book: openpyxl.Workbook, sheet: str) -> pd.DataFrame:
    """Return what stands below the head of a sheet."""
    rows = list(book[sheet].iter_rows(values_only=True))[HEAD_ROWS:]
    return pd.DataFrame(rows[1:], columns=list(rows[0]))


def small_book(path: Path, language: str = "de", **parts: Any) -> openpyxl.Workbook:
    """Return the workbook of four projects with everything else that is given."""
    return openpyxl.load_workbook(write_results(small.results(language, **parts), path, run_id="abc"))


def test_scores_stand_in_the_sheet_as_numbers(results: Results, tmp_path: Path) -> None:
    book = openpyxl.load_workbook(write_results(results, tmp_path / "r.xlsx", run_id="abc123"))
    impact = results.impact.table  # type: ignore[union-attr]
    shown = table_of(book, "Wirkung").set_index("Nr.")["Punkte"]
    assert len(shown) == len(impact)
    for project, score in impact["score"].items():
        if pd.isna(score):
            assert pd.isna(shown[project])
        else:
            assert shown[project] == pytest.approx(score, abs=1e-12)
    assert book["Lesehilfe"]["B4"].value == "abc123"
    assert book["Lesehilfe"]["B1"].value == "Beispieldaten, frei erfunden"
    (rule,) = (row[1].value for row in book["Lesehilfe"].iter_rows() if row[0].value == "Wirkung")
    assert rule.startswith("Gewichtetes Mittel: ")
    assert f"Grundlage: {results.inventory.strategy.impact.source}" in rule


@pytest.mark.parametrize("title", ["=1+1", "+49 69", "-x", "@SUM(A1)", "https://example.org"])
def test_what_offices_typed_stays_text(results: Results, tmp_path: Path, title: str) -> None:
    projects = results.inventory.projects
    projects.iloc[0, projects.columns.get_loc("title")] = title
    inventory = results.inventory.replace(projects=projects)
    changed = Results(inventory, impact=ds.score_impact(inventory))
    book = openpyxl.load_workbook(write_results(changed, tmp_path / "r.xlsx", run_id=""))
    cells = [cell for row in book["Wirkung"].iter_rows() for cell in row if cell.value == title]
    assert [cell.data_type for cell in cells] == ["s"]
    assert not any(cell.hyperlink for cell in cells)


def test_every_rating_names_the_cell_it_came_from(results: Results) -> None:
    table = ratings_with_cells(results.impact)  # type: ignore[arg-type]
    asked = {criterion.id for criterion in results.inventory.strategy.impact.asked}  # the others are computed
    assessed = table[(table["state"] == "assessed") & table["criterion"].isin(asked)]
    scores = results.impact  # a rating that is known as an interval is no plain number in its cell
    pairs = zip(assessed["alternative"], assessed["criterion"], strict=True)
    assessed = assessed[[scores.low.at[pair] == scores.high.at[pair] for pair in pairs]]  # type: ignore[union-attr]
    assert len(assessed) > 50
    for row in assessed.sample(20, random_state=1).itertuples():
        file, sheet, cell = row.cell.split(" › ")
        book = openpyxl.load_workbook(ROOT / "data/raw/2026-04-30" / file, data_only=True)
        value = book[sheet][cell].value
        assert float(str(value).replace(",", ".").split()[0]) == row.raw


def test_the_same_results_give_the_same_bytes(results: Results, tmp_path: Path) -> None:
    first = write_results(results, tmp_path / "a.xlsx", run_id="x").read_bytes()
    assert write_results(results, tmp_path / "b.xlsx", run_id="x").read_bytes() == first


def test_codes_are_words_for_readers(results: Results, tmp_path: Path) -> None:
    book = openpyxl.load_workbook(write_results(results, tmp_path / "r.xlsx", run_id=""))
    shown = set(table_of(book, "Wirkung")["Status"])
    assert shown <= {"vorhanden", "in Vorbereitung", "möglich", None}
    assert len(shown) > 1


@pytest.mark.parametrize("language", ["de", "en"])
def test_every_sheet_has_title_what_it_says_and_rule(tmp_path: Path, language: str) -> None:
    known = small.inventory(language)
    book = small_book(
        tmp_path / "r.xlsx",
        language,
        inventory=known,
        services=small.services_of(known),
        maturity=small.maturity_of(known),
        questions=small.QUESTIONS,
        economics=small.ECONOMICS,
    )
    assert len(book.sheetnames) >= 18
    first = [row[0].value for row in book.worksheets[0].iter_rows()]
    for sheet in book.worksheets[1:]:
        title, about, rule = (sheet.cell(row, 1).value for row in range(1, HEAD_ROWS + 1))
        assert title == sheet.title
        assert about.endswith(".")
        assert len(rule) > 20
        assert sheet.freeze_panes == f"B{HEAD_ROWS + 2}"
        # the first sheet says what each of the others does
        quoted = f"„{title}“" if language == "de" else f"“{title}”"
        assert sum(quoted in str(line) for line in first) == 1, title


def test_headers_are_words_of_the_language(tmp_path: Path) -> None:
    known = small.inventory()
    book = small_book(
        tmp_path / "r.xlsx",
        inventory=known,
        services=small.services_of(known),
        maturity=small.maturity_of(known),
        questions=small.QUESTIONS,
        economics=small.ECONOMICS,
    )
    for sheet in book.sheetnames[1:]:
        for header in table_of(book, sheet).columns:
            assert "_" not in header, (sheet, header)


def test_a_sheet_without_rows_is_left_out_and_named_once(tmp_path: Path) -> None:
    book = small_book(tmp_path / "r.xlsx", questions=small.QUESTIONS.iloc[:0])
    for name in ("Offene Fragen", "Wirtschaftlichkeit", "Leistungsbündel", "Portfolio", "Amt und Moderation"):
        assert name not in book.sheetnames
        lines = [
            row[1].value for row in book["Lesehilfe"].iter_rows() if name in str(row[1].value).split(", ")
        ]
        assert len(lines) == 1, name
    assert "Rang je Gruppe" in book.sheetnames


def test_what_follows_from_the_scores_stands_in_its_sheet(tmp_path: Path) -> None:
    known = small.inventory()
    book = small_book(
        tmp_path / "r.xlsx", inventory=known, services=small.services_of(known),
        maturity=small.maturity_of(known), questions=small.QUESTIONS, economics=small.ECONOMICS,
    )  # fmt: skip
    groups = table_of(book, "Rang je Gruppe")
    assert groups["Rang: Kammer"].tolist() == [4, 3, 2, 1]
    assert table_of(book, "Leistungsbündel")["online"].tolist() == ["ja", "nein"]
    assert table_of(book, "Offene Fragen")["Fundstelle"].tolist() == [
        "A2.xlsx › Wirkung › C4",
        "Wirkung › Nutzen",
    ]
    levels = table_of(book, "Stufen").set_index("Amt")
    assert levels["unten (%)"].to_dict() == pytest.approx({"A1": 0, "A2": 40})
    money = table_of(book, "Wirtschaftlichkeit")
    assert money["Kapitalwert (€)"].tolist()[:2] == [1000, -500]
    assert money["Stand"].tolist()[:2] == ["berechnet", "berechnet"]
    assert set(money["Stand"][2:]) == {"keine Einsparung, kein Erlös", "keine Kosten"}


@pytest.mark.parametrize("is_example", [True, False])
def test_every_sheet_says_that_the_data_are_invented_where_they_are(tmp_path: Path, is_example: bool) -> None:
    known = small.inventory()
    head = known.strategy.strategy.model_copy(update={"is_example": is_example})
    known.strategy = known.strategy.model_copy(update={"strategy": head})
    book = small_book(tmp_path / "r.xlsx", inventory=known, economics=small.ECONOMICS)
    heads = [sheet["A2"].value for sheet in book.worksheets[1:]]
    assert len(heads) >= 8
    assert {head.startswith("Beispieldaten, frei erfunden. ") for head in heads} == {is_example}
    assert not any(head.startswith(".") for head in heads)


def test_the_sheet_of_assumptions_says_what_was_tried(tmp_path: Path) -> None:
    book = small_book(tmp_path / "r.xlsx")
    rule = book["Einfluss der Annahmen"]["A3"].value
    assert "nach Sobol" in rule
    assert "Anders angenommen haben wir: Punkte zusammengerechnet durch Zusammenzählen" in rule
    assert "des Amts" not in rule  # nobody moderated anything


def test_names_stand_beside_ids(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("priority_list", "profiles"):  # have tests of their own, and need more than this portfolio
        monkeypatch.setattr(f"digistrat.reporting.results.{name}", lambda *args, **options: pd.DataFrame())
    known = small.inventory()
    known.projects.loc["p4", "office_id"] = "A9"  # an office that nobody knows keeps its id
    chosen = known.projects[["title", "office_id", "field_id", "mandate"]].assign(selected=True, reason="so")
    portfolio = SimpleNamespace(
        table=chosen, budgets=pd.DataFrame(), status="optimal", gap=0.0, objective=1.0, bound=1.0,
        constraints=pd.DataFrame(), why_not=pd.DataFrame(),
    )  # fmt: skip
    book = small_book(
        tmp_path / "r.xlsx", inventory=known, services=small.services_of(known), portfolio=portfolio,
        impact=small.moderated(small.impact_of(known)), maturity=small.maturity_of(known),
    )  # fmt: skip
    ratings = table_of(book, "Bewertungen")
    assert ratings.iloc[:2, :4].to_numpy().tolist() == [
        ["p1", "Eins", "use", "Nutzen"],
        ["p1", "Eins", "reach", "Reichweite"],
    ]
    assert ratings[["Angabe mindestens", "Angabe höchstens"]].isna().all(axis=None)
    told = ratings.set_index(["Nr.", "Kriterium"])[
        ["Amt", "moderiert", "Zelle des Amts", "Zelle der Begründung"]
    ]
    assert told.loc[("p3", "reach")].tolist() == [9, 3, "own › reach", "why › reach"]
    assert told.loc[("p4", "reach")].fillna("").tolist() == [10, "", "", ""]
    assert ratings["Gewicht, wie es zählt"].head(2).tolist() == [70, 30]
    selection = list(book["Portfolio"].iter_rows(min_row=HEAD_ROWS + 2, max_col=4, values_only=True))
    assert selection[0] == ("p1", "Eins", "A1", "Erstes Amt")
    assert selection[3] == ("p4", "Vier", "A9", "A9")
    assert set(table_of(book, "Portfolio")["Pflicht"]) == {"keine"}
    impact = list(book["Wirkung"].iter_rows(min_row=HEAD_ROWS + 2, max_col=4, values_only=True))
    assert impact[2] == ("p3", "Drei", "A2", "Zweites Amt")
    assert table_of(book, "Reifegrad")["Name"].tolist() == ["Erstes Amt", "Zweites Amt"]
    assert table_of(book, "Leistungen")["Name"].tolist() == ["Pass", "Ausweis", "Meldung"]
    differences = table_of(book, "Amt und Moderation")
    assert differences[["Titel", "Kriterium"]].to_numpy().tolist() == [
        ["Drei", "Reichweite"],
        ["Eins", "Nutzen"],
    ]


def test_a_bar_is_followed_over_its_groups_to_ratings_and_ranges(tmp_path: Path) -> None:
    """p1 has 70 points by use, for people; p2 said 4 to 6 of 10 of reach, for the city: 42 + 15."""
    known = small.inventory()
    groups = (Group(id="g1", name="Menschen"), Group(id="g2", name="Stadt"))
    scale = known.strategy.impact.model_copy(update={"groups": groups})
    known.strategy = known.strategy.model_copy(update={"impact": scale})
    raw = pd.DataFrame({"use": small.USE, "reach": small.REACH}, index=known.projects.index)
    low, high = raw.copy(), raw.copy()
    low.loc["p2", "reach"], high.loc["p2", "reach"] = 4, 6
    plain = small.impact_of(known)
    impact = score_table(
        raw, None, plain.criteria.assign(group=["g1", "g2"]), rule="weighted_mean", low=low, high=high,
        inventory=known, cells=plain.cells, what="impact", unit="project",
    )  # fmt: skip
    book = small_book(tmp_path / "r.xlsx", inventory=known, impact=impact)
    scores = table_of(book, "Wirkung").set_index("Nr.")
    assert scores.loc["p1", ["Punkte", "Punkte: Menschen", "Punkte: Stadt"]].tolist() == [70, 70, 0]
    assert scores.loc["p2", ["Punkte", "Punkte: Menschen", "Punkte: Stadt"]].tolist() == [57, 42, 15]
    ratings = table_of(book, "Bewertungen").set_index(["Nr.", "Kriterium"])
    assert ratings.loc["p1", "Gruppe"].tolist() == ["Menschen", "Stadt"]
    ends = ratings[["Angabe", "Angabe mindestens", "Angabe höchstens"]]
    assert ends.loc[("p2", "reach")].tolist() == [5, 4, 6]
    assert ends.iloc[:, 1:].notna().any(axis=1).sum() == 1
    assert table_of(book, "Gewichte")["Gruppe"].tolist() == ["Menschen", "Stadt"]
