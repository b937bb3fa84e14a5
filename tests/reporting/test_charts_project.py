"""What is drawn of one score and of its rank: bars, cells, gaps, rule and source."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import chart_records as records
import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import LineCollection
from matplotlib.text import Text

from digistrat.reporting import charts
from digistrat.scoring.composite import score_table
from digistrat.scoring.computed import only_rated
from digistrat.scoring.origins import Origin
from digistrat.strategy import Criterion, Scale
from digistrat.texts import format_number


@pytest.fixture(scope="module")
def r(make_results: Any) -> Any:
    return make_results(30, "de")


def test_project_leads_the_bar_to_groups_criteria_and_cells(r: Any) -> None:
    scores = replace(r.impact, cells=lambda one, by: f"{one[:3]}.xlsx › Wirkung › {by}")
    table = scores.table
    project = table.index[(table["state"] == "scored") & (table["coverage"] < 1)][0]
    ax = charts.plot_project(scores, project)
    data = charts.chart_data(ax).set_index("criterion")
    assert sorted(data.index) == sorted(scores.criteria.index)
    lengths = [round(b.get_width(), 6) for b in ax.patches]
    # the bar of the ranking, then groups, then criteria: each part stands there in points
    ranking = (
        charts.chart_data(charts.plot_ranking(scores, n=len(table))).set_index("project_id").loc[project]
    )
    groups = [g.id for g in r.inventory.strategy.impact.groups]
    assert lengths[: len(groups)] == [round(ranking[g], 6) for g in groups]
    for group in groups:
        points = scores.contributions.loc[project, scores.criteria["group"] == group]
        assert lengths.count(round(points.sum(), 6)) >= 2  # in the bar, and by itself
        for value in points.dropna():
            assert round(value, 6) in lengths
    hatched = [round(b.get_width(), 6) for b in ax.patches if b.get_hatch()]
    is_missing = scores.states.loc[project] == "missing"
    assert sorted(hatched) == sorted(scores.criteria.loc[is_missing, "weight"].tolist())
    words = [t.get_text() for t in ax.texts]
    full = scores.criteria["target"]
    for criterion, row in data.iterrows():
        place = f"{project[:3]}.xlsx › Wirkung › {criterion}"
        answer = (
            "keine Angabe" if is_missing[criterion] else f"Bewertung {row['raw']:g} von {full[criterion]:g}"
        )
        assert f"{answer} · {place}" in words
    assert sum(w.startswith("fehlt (Gewicht ") for w in words) == is_missing.sum() > 0
    whisker = next(c for c in ax.collections if isinstance(c, LineCollection)).get_segments()[0]
    assert [p[0] for p in whisker] == pytest.approx(table.loc[project, ["lower", "upper"]].tolist())
    assert f"{scores.table.at[project, 'score']:.1f}".replace(".", ",") in charts.chart_of(ax).title


def test_project_shows_intervals_moderated_ratings_and_what_does_not_apply() -> None:
    inventory = records.make_inventory(3)
    project = inventory.projects.index[0]
    criteria = pd.DataFrame({"weight": [50, 30, 20], "floor": [0, 0, 2], "target": 10}, index=["a", "b", "c"])
    frame = pd.DataFrame([[6.0, np.nan, 4.0]], index=[project], columns=criteria.index)
    states = pd.DataFrame(
        [["assessed", "not_applicable", "assessed"]], index=[project], columns=criteria.index
    )
    low, high = frame.assign(a=4.0), frame.assign(a=8.0)
    scores = score_table(
        frame, states, criteria, rule="weighted_mean", low=low, high=high, inventory=inventory, unit="project"
    )
    scores = replace(scores, raw_office=frame.assign(c=9.0), raw_moderated=frame.assign(a=np.nan))
    ax = charts.plot_project(scores, project)
    words = [t.get_text() for t in ax.texts]
    # a weighs 50 of 70: 60 of 100 are 42.9 of 71.4 points, and 40 to 80 are 28.6 to 57.1
    assert "42,9 von 71,4 (28,6 bis 57,1) (Gewicht 50)" in words
    assert "Bewertung 6 von 10 (genannt: 4 bis 8)" in words
    data = charts.chart_data(ax).set_index("criterion")[["raw_lower", "raw_upper"]]
    assert data.loc["a"].tolist() == [4, 8]
    assert data.loc[["b", "c"]].isna().all(axis=None)
    assert "entfällt" in words
    assert "Bewertung 4 (Skala 2 bis 10) (moderiert, Amt 9)" in words
    segments = [c.get_segments()[0] for c in ax.collections if isinstance(c, LineCollection)]
    assert any([p[0] for p in s] == pytest.approx([200 / 7, 400 / 7]) for s in segments)


@pytest.mark.parametrize(("raw", "title"), [([8.0, np.nan], "vorläufig"), ([np.nan] * 2, "nicht bewertet")])
def test_project_without_a_rank_says_so(raw: list[float], title: str) -> None:
    inventory = records.make_inventory(3)
    project = inventory.projects.index[0]
    criteria = pd.DataFrame({"weight": [50, 50], "floor": 0, "target": 10}, index=["a", "b"])
    frame = pd.DataFrame([raw], index=[project], columns=criteria.index)
    ax = charts.plot_project(
        score_table(frame, None, criteria, rule="weighted_mean", inventory=inventory), project
    )
    assert title in charts.chart_of(ax).title
    assert "Rang" not in charts.chart_of(ax).title


def test_project_under_a_rule_that_does_not_add_up_draws_values() -> None:
    inventory = records.make_inventory(3)
    project = inventory.projects.index[0]
    criteria = pd.DataFrame({"weight": [80, 20], "floor": 0, "target": 10}, index=["a", "b"])
    frame = pd.DataFrame([[9.0, 3.0]], index=[project], columns=criteria.index)
    ax = charts.plot_project(score_table(frame, None, criteria, rule="minimum", inventory=inventory), project)
    assert [b.get_width() for b in ax.patches if b.get_facecolor()[3] > 0] == pytest.approx([30, 90, 30])
    assert "Regel: Minimum" in charts.chart_of(ax).foot


def test_ranking_marks_scores_that_rest_on_less_than_everything(r: Any) -> None:
    ax = charts.plot_ranking(r.impact, n=10)
    data = charts.chart_data(ax)
    words = [t.get_text() for t in ax.texts]
    for row in data.itertuples():
        lower, upper = float(str(row.lower)), float(str(row.upper))
        score = r.impact.table.at[row.project_id, "score"]  # the data are rounded at the ninth decimal
        written = format_number(score, "de", 1)
        assert written + ("*" if upper - lower > 0.05 else "") in words


def test_charts_of_scores_name_rule_and_source(r: Any) -> None:
    impact = replace(r.impact, rule_source="DCLG 2009")
    readiness = replace(r.readiness, rule_source="HPVG")
    assert "Grundlage: DCLG 2009" in charts.chart_of(charts.plot_ranking(impact)).foot
    foot = charts.chart_of(charts.plot_priority(readiness, impact)).foot
    assert "Umsetzungsreife – Grundlage: HPVG; Wirkung – Grundlage: DCLG 2009" in foot
    assert foot.count("Regel: Gewichtetes Mittel") == 1
    other = charts.chart_of(charts.plot_priority(readiness, replace(impact, rule="geometric"))).foot
    assert "Umsetzungsreife – Regel: Gewichtetes Mittel" in other
    assert "Wirkung – Regel: Geometrisches Mittel" in other
    # a record that knows no source of its own names that of the rule
    assert "OECD/JRC 2008" in charts.chart_of(charts.plot_ranking(r.impact)).foot


def test_what_nobody_rated_is_a_value_and_no_answer(r: Any) -> None:
    project = r.impact.table.index[r.impact.table["state"] == "scored"][0]
    known = r.impact.states.columns[r.impact.states.loc[project] == "assessed"]
    office = r.impact.raw.copy()
    office[known[0]] = np.nan
    scores = replace(r.impact, raw_office=office, raw_moderated=office.map(lambda _: np.nan))
    words = [t.get_text() for t in charts.plot_project(scores, project).texts]
    assert sum(w.startswith("Berechnet ") for w in words) == 1
    assert sum(w.startswith("Bewertung ") for w in words) == len(known) - 1


@pytest.mark.parametrize("state", ["scored", "provisional", "not_scored"])
def test_a_project_of_every_state_is_drawn_with_its_computed_figures(state: str) -> None:
    """Nobody rated the third one: what is computed for it stands there and does not count."""
    rated = {
        "scored": [8.0, 6.0, 40.0],
        "provisional": [8.0, np.nan, 40.0],
        "not_scored": [np.nan, np.nan, 40.0],
    }
    inventory = records.make_inventory(3)
    project = inventory.projects.index[0]
    criteria = pd.DataFrame(
        {"weight": [50, 40, 10], "floor": 0, "target": [10, 10, 100]}, index=["a", "b", "c"]
    )
    frame = pd.DataFrame([rated[state]], index=[project], columns=criteria.index)
    cells = "Digitalisierungsvorhaben_der_Stadt_2026.xlsx › Wirkung der Digitalisierungsvorhaben › AB117"
    scores = score_table(
        frame, None, criteria, rule="weighted_mean", inventory=inventory, cells=lambda one, by: cells
    )
    asked = tuple(
        Criterion(id=one, name=one, weight=weight, computed="goal_fit" if one == "c" else "")
        for one, weight in criteria["weight"].items()
    )
    scale = Scale(rule="weighted_mean", source="", criteria=asked)
    scores = only_rated(
        replace(scores, raw_office=frame.assign(c=np.nan), raw_moderated=frame * np.nan), scale
    )
    assert scores.table.at[project, "state"] == state
    words = [t.get_text() for t in charts.plot_project(scores, project).texts]
    assert any("zählt ohne Bewertungen nicht (Gewicht 10)" in w for w in words) == (state == "not_scored")
    # where both lack the room on one line, the place goes on below and ends with its cell
    below = [w.split("\n") for w in words if " › " in w]
    assert len(below) == 3
    assert below[2][0] == "Berechnet 40 von 100"
    assert [" ".join(lines[1:]) for lines in below] == [cells] * 3


def small_scores(
    *, raw: Any, computed: Any, origin: Any, low: Any = None, high: Any = None, **more: Any
) -> Any:
    """Return scores of one project by two criteria, of which the second may be computed."""
    inventory = records.make_inventory(3)
    project = inventory.projects.index[0]
    criteria = pd.DataFrame(
        {"weight": [60, 40], "floor": 0, "target": [10, 100], "computed": ["", computed]}, index=["a", "b"]
    )

    def frame(row: Any) -> Any:
        return None if row is None else pd.DataFrame([row], index=[project], columns=criteria.index)

    scores = score_table(
        frame(raw), None, criteria, rule="weighted_mean", inventory=inventory, unit="project",
        low=frame(low), high=frame(high), cells=lambda one, by: f"one.xlsx › Wirkung › {by}9",
    )  # fmt: skip
    beside = {name: frame(row) for name, row in more.items()}
    return replace(scores, origin=lambda one, by: origin if by == "b" else Origin(), **beside), project


def test_a_moderated_rating_names_the_cells_of_both_and_of_the_reason() -> None:
    origin = Origin(
        office="A16.xlsx › Wirkung › H12", moderated="x", remark="StD_Bewertung.xlsx › Nutzen › C3"
    )
    scores, project = small_scores(
        raw=[5, 30], computed="", origin=origin, raw_office=[5, np.nan], raw_moderated=[np.nan, 30]
    )
    nobody_else = replace(scores, raw_office=scores.raw.assign(b=50.0))
    words = [t.get_text().split("\n") for t in charts.plot_project(nobody_else, project).texts]
    said = next(lines for lines in words if lines[0] == "Bewertung 30 von 100 (moderiert, Amt 50)")
    assert "; ".join(said[1:]).split("; ") == [
        "one.xlsx › Wirkung › b9",
        "Amt: A16.xlsx › Wirkung › H12",
        "Grund: StD_Bewertung.xlsx › Nutzen › C3",
    ]
    # where the office gave no number, there is no cell of it
    words = [t.get_text() for t in charts.plot_project(scores, project).texts]
    assert any("(moderiert, Amt –)" in w for w in words)
    assert not any("Amt: " in w for w in words)


def test_a_computed_figure_says_how_and_names_the_first_cells() -> None:
    cells = tuple(f"A{k}.xlsx › Abhängigkeiten › B{k}" for k in range(11, 23))
    origin = Origin(cells=cells, working="all of it", brief="1/2 × (A 50 + B 60 + 10 weitere) = 285,85")
    nothing = [np.nan, np.nan]
    scores, project = small_scores(
        raw=[5, 285.845],
        computed="enabling_effect",
        origin=origin,
        raw_office=[5, np.nan],
        raw_moderated=nothing,
    )
    words = [t.get_text() for t in charts.plot_project(scores, project).texts]
    said = next(w for w in words if w.startswith("Berechnet"))
    assert said.startswith(
        "Berechnet 285,85, gezählt als 100\n1/2\u00a0×\u00a0(A 50 + B 60 + 10 weitere) = 285,85\n"
    )
    assert [cell for cell in cells if cell in said] == list(cells[:4])
    assert said.endswith("und 8 weitere")
    few, _ = small_scores(
        raw=[5, 60.0],
        computed="enabling_effect",
        origin=replace(origin, cells=cells[:4]),
        raw_office=[5, np.nan],
        raw_moderated=nothing,
    )
    said = next(
        t.get_text() for t in charts.plot_project(few, project).texts if t.get_text().startswith("Berechnet")
    )
    assert "Berechnet 60 von 100" in said
    assert "weitere\nA11" not in said
    assert said.endswith(cells[3])


ALSO = "Spanne, wenn Fehlendes (auch bei aufbauenden Vorhaben) 0 oder 100 wäre, Spannen am Rand"


@pytest.mark.parametrize(
    ("raw", "low", "high", "told"),
    [
        (
            [5, 60],
            [5, 50],
            [5, 70],
            "Spanne, wenn bei darauf aufbauenden Vorhaben Fehlendes 0 oder 100 wäre, Spannen am Rand",
        ),
        (
            [5, 60],
            [4, 50],
            [6, 70],
            ALSO,
        ),
        ([5, 60], [4, 60], [6, 60], "Spanne, wenn Fehlendes 0 oder 100 wäre, Spannen am Rand"),
        ([5, np.nan], None, None, "Spanne, wenn Fehlendes 0 oder 100 wäre, Spannen am Rand"),
    ],
)
def test_the_legend_says_where_the_gap_is(raw: Any, low: Any, high: Any, told: str) -> None:
    scores, project = small_scores(
        raw=raw, computed="enabling_effect", origin=Origin(), low=low, high=high, raw_office=[5, np.nan],
        raw_moderated=[np.nan, np.nan],
    )  # fmt: skip
    scores = replace(scores, table=scores.table.assign(state="scored", rank=1))
    words = {t.get_text() for t in charts.plot_project(scores, project).figure.findobj(Text)}
    assert {w for w in words if w.startswith("Spanne, wenn")} == {told}
    in_ranking = {t.get_text() for t in charts.plot_ranking(scores).figure.findobj(Text)}
    assert {w for w in in_ranking if w.startswith("Spanne, wenn")} == {ALSO if "aufbauende" in told else told}


@pytest.mark.parametrize(
    ("raw", "low", "high", "code", "value", "told"),
    [
        (4, 3, 5, "range", "3–5", "Bewertung 4 von 10 (genannt „3–5“: 3 bis 5)"),
        (3, 2.4, 3.6, "approximate", "ca. 3", "Bewertung 3 von 10 (genannt „ca. 3“: 2,4 bis 3,6)"),
        (6, 6, 10, "at-least", "mindestens 6", "Bewertung 6 von 10 (genannt „mindestens 6“: 6 bis 10)"),
        (np.nan, np.nan, np.nan, "out-of-range", "11", "11 liegt außerhalb von 0 bis 10"),
        (np.nan, np.nan, np.nan, "not-a-number", "viel", "Angabe nicht lesbar"),
    ],
)
def test_what_the_cell_says_stands_beside_the_number_that_counts(
    raw: float, low: float, high: float, code: str, value: str, told: str
) -> None:
    """The finding at the cell quotes it; one at another cell does not."""
    scores, project = small_scores(
        raw=[raw, 60], low=[low, 60], high=[high, 60], computed="", origin=Origin(),
    )  # fmt: skip
    found = {"file": "one.xlsx", "sheet": "Wirkung", "cell": "a9", "code": code, "value": value}
    if np.isnan(raw):
        scores = replace(scores, states=scores.states.assign(a="unreadable"))
    for cell, is_quoted in (("a9", True), ("a8", False)):
        known = vars(scores.inventory) | {"findings": pd.DataFrame([found | {"cell": cell}])}
        here = replace(scores, inventory=SimpleNamespace(**known))
        words = "\n".join(t.get_text() for t in charts.plot_project(here, project).texts).split("\n")
        assert any(w.startswith(told) for w in words) == (is_quoted or code == "not-a-number")
        assert any(w.startswith("außerhalb der Skala") for w in words) == (
            is_quoted and code == "out-of-range"
        )
        if raw == raw:
            assert is_quoted or any(w.startswith(f"Bewertung {raw:g} von 10 (genannt: ") for w in words)
