"""The page: escaped, offline, honest about the data."""

from __future__ import annotations

import html.parser
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest
import small_results as small

import digistrat as ds
from digistrat.reporting.document import (
    SavedChart,
    Section,
    key_figures,
    project_table,
    section_tables,
    write_page,
)
from digistrat.reporting.results import Results

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module", params=["de", "en"])
def results(request: pytest.FixtureRequest) -> Results:
    strategy = ds.load_strategy(ROOT / "data/strategy.toml", language=request.param)
    files = [ROOT / "data/raw/2026-04-30" / name for name in ("A12.xlsx", "A16.xlsx")]
    inventory = ds.read_inventory(files, strategy, reporting_date="2026-04-30")
    return Results(inventory, impact=ds.score_impact(inventory), maturity=ds.score_maturity(inventory))


class Reader(html.parser.HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


def read(path: Path) -> Reader:
    reader = Reader()
    reader.feed(path.read_text("utf-8"))
    return reader


CHART = SavedChart("ranking", "scores", 'Alt with "quotes" & <tags>.', "Title <b>")


def test_the_page_says_that_the_data_are_invented(results: Results, tmp_path: Path) -> None:
    path = write_page(results, tmp_path, [CHART], run_id="abc")
    assert results.inventory.strategy.notice in path.read_text("utf-8")
    tags = read(path).tags
    assert ("html", {"lang": results.inventory.strategy.language}) in tags


def test_what_offices_typed_is_escaped(results: Results, tmp_path: Path) -> None:
    inventory = results.inventory
    projects = inventory.projects
    first = results.impact.table["rank"].idxmin()  # type: ignore[union-attr]
    projects.loc[first, "title"] = '<script>alert("x")</script> & =1+1'
    changed = inventory.replace(projects=projects)
    impact = ds.score_impact(changed)
    path = write_page(Results(changed, impact=impact), tmp_path, [CHART], run_id="abc")
    assert not any(tag == "script" for tag, _ in read(path).tags)
    assert "&lt;script&gt;" in path.read_text("utf-8")
    assert [a["alt"] for tag, a in read(path).tags if tag == "img"] == [CHART.alt]


def test_no_address_leaves_the_folder(results: Results, tmp_path: Path) -> None:
    for tag, attributes in read(write_page(results, tmp_path, [CHART], run_id="abc")).tags:
        for name in ("src", "href"):
            target = attributes.get(name)
            assert target is None or not target.startswith(("http", "//", "/", "..")), (tag, target)


def test_every_table_has_a_caption_and_heads(results: Results, tmp_path: Path) -> None:
    tags = read(write_page(results, tmp_path, [CHART], run_id="abc")).tags
    tables = sum(tag == "table" for tag, _ in tags)
    assert tables == sum(tag == "caption" for tag, _ in tags) >= 2
    assert all(attributes.get("scope") == "col" for tag, attributes in tags if tag == "th")


def test_key_figures_are_counted(results: Results) -> None:
    figures = [value for _, value in key_figures(results)]
    assert figures[0].startswith("2 ")  # two offices sent a file each, no partner
    assert re.findall(r"\d+", figures[0]) == ["2", "2", "2", "0"]
    assert figures[1] == str(len(results.inventory.projects))
    # every project stands under one status, or under none
    assert sum(map(int, figures[2:7])) == len(results.inventory.projects)


def test_what_a_plan_leaves_out_is_said(results: Results, tmp_path: Path) -> None:
    inventory = results.inventory
    portfolio = ds.select_portfolio(inventory, results.impact)  # type: ignore[arg-type]
    unpriced = portfolio.problem.n_running_without_costs
    running = inventory.projects.query("status == 'existing'").index
    assert unpriced == sum(p not in set(inventory.project_costs["project_id"]) for p in running) > 0
    assert not Section("plan", "", [], ["a note"], [], [], [], []).is_shown  # nothing else than notes
    charts = [SavedChart("portfolio", "portfolio", "Alt.", "Title")]
    page = write_page(
        Results(inventory, impact=results.impact, portfolio=portfolio), tmp_path, charts, run_id="abc"
    ).read_text("utf-8")
    assert f"<li>{unpriced} " in page
    words = "späterem Beginn" if inventory.strategy.language == "de" else "if it began later"
    assert page.count(words) == 1


def small_page(folder: Path, language: str = "de", **parts: Any) -> str:
    return write_page(small.results(language, **parts), folder, [], run_id="abc").read_text("utf-8")


def everything(language: str) -> dict[str, Any]:
    known = small.inventory(language)
    return {
        "inventory": known,
        "maturity": small.maturity_of(known),
        "services": small.services_of(known),
        "questions": small.QUESTIONS,
        "economics": small.ECONOMICS,
    }


@pytest.mark.parametrize("language", ["de", "en"])
def test_what_follows_from_the_scores_has_its_section(tmp_path: Path, language: str) -> None:
    page = small_page(tmp_path, language, **everything(language))
    for section in ("maturity", "certainty", "questions", "economics"):
        assert f'<h2 id="{section}">' in page
        assert f'href="#{section}"' in page
    tags = read(tmp_path / "index.html").tags
    assert sum(tag == "table" for tag, _ in tags) == sum(tag == "caption" for tag, _ in tags)
    assert "Drei?" in page
    assert "Eins?" not in page  # nothing hangs on its answer
    assert "A2.xlsx › Wirkung › C4" in page
    assert not re.search(r">[a-z]+_[a-z_]+<", page)  # every header is a word


def test_numbers_of_a_column_have_as_many_decimals() -> None:
    from digistrat.reporting.document import _rows

    table = pd.DataFrame({"score": [28.0, 55.25, None], "rank": [1.0, 2, 3], "answer_value": [1.5, 0.02, 0]})
    rows = _rows(table, "de")["rows"]
    assert rows == [["28,0", "1", "1,50"], ["55,3", "2", "0,02"], ["–", "3", "0,00"]]


def test_sections_without_results_are_not_shown(tmp_path: Path) -> None:
    page = small_page(tmp_path)
    for section in ("maturity", "questions", "economics", "portfolio", "plan"):
        assert f'<h2 id="{section}">' not in page
        assert f'href="#{section}"' not in page


def test_no_answer_that_matters_is_said(tmp_path: Path) -> None:
    page = small_page(tmp_path, questions=small.QUESTIONS.assign(value=0.0))
    assert "Keine einzelne fehlende Angabe" in page
    assert "Eins?" not in page


def test_what_is_sure_is_said_as_such_and_what_is_not_in_hundredths(tmp_path: Path) -> None:
    results = small.results(**everything("de"))
    ((_, levels),) = section_tables(results)["maturity"]
    assert levels["chance"].tolist() == ["sicher", "60 von 100"]
    (groups, weights) = (table for _, table in section_tables(results)["certainty"])
    assert groups["stays"].tolist() == ["ja"] * 4  # all four are the first ones
    assert weights.empty
    values = section_tables(results)["economics"][0][1]
    assert values["kn_thousand"].tolist()[0] == 1
    assert values["status"].tolist() == ["möglich"] * 2


def test_projects_come_by_rank(results: Results) -> None:
    table = project_table(results, n=5)
    assert table["rank"].is_monotonic_increasing
    assert len(table) == 5
    assert project_table(Results(results.inventory)).empty


def test_senders_are_the_citys_or_partners() -> None:
    known = small.inventory()
    known.offices.loc["A2", "kind"] = "partner"
    known.files = pd.DataFrame({"file": list("abcd"), "office_id": ["A1", "A2", "A1", ""]})
    figures = dict(key_figures(Results(known)))
    assert figures["Rückläufe"] == "4 Dateien von 2 Organisationen (städtische: 1, externe Partner: 1)"


def test_every_level_that_counts_has_its_figure_and_says_what_it_rests_on() -> None:
    known = small.inventory()
    services = small.services_of(known)
    # of 100 cases 30 have level 3; the level of 20 may be 1 or 2
    services.table.loc["s3", ["level_lower", "level_upper"]] = [1.0, 2.0]
    tiles = [(k, v) for k, v in key_figures(Results(known, services=services)) if k.startswith("Fälle")]
    assert tiles == [
        (
            "Fälle, deren Leistung mindestens Stufe 2 hat (Schwelle im Modell m angenommen; "
            "Spanne, wo Stufen fehlen)",
            "30–50 %",
        ),
        (
            "Fälle, deren Leistung mindestens Stufe 3 hat (erfüllt das Gesetz; Spanne, wo Stufen fehlen)",
            "30 %",
        ),
    ]
    (model,) = known.strategy.service_models
    model = model.model_copy(update={"online_from": 3})
    known.strategy = known.strategy.model_copy(update={"service_models": (model,)})
    once = [k for k, _ in key_figures(Results(known, services=services)) if k.startswith("Fälle")]
    assert once == [tiles[1][0]]


def test_the_capital_values_say_which_projects_are_chosen_and_in_which_unit(tmp_path: Path) -> None:
    from digistrat.reporting.document import _rows

    portfolio = SimpleNamespace(selected=["p3"])
    caption, values = section_tables(small.results(economics=small.ECONOMICS, portfolio=portfolio))[
        "economics"
    ][0]
    assert caption == "Kapitalwert: was ein Vorhaben mehr einbringt, als es kostet; die 2 höchsten von 2"
    shown = _rows(values, "de")
    assert shown["head"] == [
        "Titel", "Amt", "Status", "gewählt", "Kapitalwert (T€)", "mindestens (T€)", "höchstens (T€)",
        "nur haushaltswirksam (T€)",
    ]  # fmt: skip
    assert [row[0] for row in shown["rows"]] == ["Eins", "Drei"]
    assert [row[3] for row in shown["rows"]] == ["nein", "ja"]
    without = section_tables(small.results(economics=small.ECONOMICS))["economics"][0][1]
    assert "selected" not in without


def test_projects_name_the_kind_of_their_mandate() -> None:
    known = small.inventory()
    known.projects["mandate"] = ["legal", "none", None, "political"]
    table = project_table(small.results(inventory=known))
    assert table["mandate"].tolist() == ["gesetzlich", "keine", "–", "politisch"]


def test_mandates_are_counted_by_kind() -> None:
    from digistrat.reporting.document import _mandates

    given = pd.Series(["legal", "political", "none", "legal", None])
    assert _mandates(given, "de") == "3 (2 gesetzlich, 1 politisch)"
    assert _mandates(pd.Series(["none"]), "de") == "0"


def test_a_certain_level_of_provisional_points_says_both(tmp_path: Path) -> None:
    results = small.results(**everything("de"))
    assert results.maturity is not None
    results.maturity.table["state"] = ["provisional", "scored"]
    ((_, levels),) = section_tables(results)["maturity"]
    assert levels["chance"].tolist() == ["Stufe sicher, Punkte vorläufig", "60 von 100"]
