"""Impact of projects by hand, and the way from a score to the cell of the shipped returns."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pandas as pd
import pytest

import digistrat as ds
from digistrat.scoring.impact import score_impact
from inventories import make_inventory, make_strategy, points, project

DATA = Path(__file__).resolve().parents[2] / "data"
TWO = {
    "rule": "weighted_mean",
    "source": "test",
    "criteria": (
        {"id": "K1", "name": "Nutzen", "weight": 70.0},
        {"id": "K2", "name": "Risiko", "weight": 30.0, "floor": 10.0, "target": 0.0},  # less is better
    ),
}


def rate(project_id, criterion, value, **more):
    return {"project_id": project_id, "criterion_id": criterion, "points": value} | more


def impact(*rows, names="ab"):
    inventory = make_inventory(
        make_strategy(impact=TWO), projects=[project(n) for n in names], impact_ratings=list(rows)
    )
    return score_impact(inventory)


def test_by_hand():
    scores = impact(rate("a", "K1", 8), rate("a", "K2", 2), rate("b", "K1", 8))
    assert scores.table["score"].tolist() == pytest.approx([80, 80])  # 70·80 + 30·80; K1 alone
    assert scores.table.loc["b", ["lower", "upper"]].tolist() == pytest.approx([56, 86])
    assert scores.table["rank"].tolist() == [1, 1]
    assert scores.contributions.loc["a"].tolist() == pytest.approx([56, 24])


def test_costs_mandates_and_other_projects_change_nothing():
    alone = impact(rate("a", "K1", 8), rate("a", "K2", 2), names="a").table.loc["a", "score"]
    more = impact(rate("b", "K1", 0), rate("a", "K1", 8), rate("a", "K2", 2), rate("b", "K2", 0))
    assert more.table.loc["a", "score"] == alone


def test_the_units_rating_counts_before_the_offices():
    scores = impact(
        rate("a", "K1", 10, rated_by="unit"),
        rate("a", "K1", 5, rated_by="office"),
        rate("a", "K2", 10),
        names="a",
    )
    assert scores.table.loc["a", "score"] == pytest.approx(70)
    assert scores.explain("a").loc["K1", "cell"] == "returns.xlsx › impact_ratings › C2"


def test_nothing_rated_and_no_projects():
    inventory = make_inventory(make_strategy(), projects=[project("a")], impact_ratings=points(a=None))
    table = score_impact(inventory).table
    assert table.loc["a", "state"] == "not_scored"
    assert table.loc["a", ["lower", "upper"]].tolist() == [0, 100]
    assert pd.isna(table.loc["a", "score"])
    assert score_impact(make_inventory(make_strategy())).table.empty


def test_from_score_to_cell_in_the_shipped_returns():
    folder, strategy = DATA / "raw" / "2026-04-30", ds.load_strategy(DATA / "strategy.toml")
    scores = score_impact(ds.read_inventory(folder, strategy))
    goals = [word for field in strategy.fields for goal in field.goals for word in (goal.id, goal.name)]
    scored = scores.table.index[scores.table["state"] == "scored"]
    books: dict[str, openpyxl.Workbook] = {}
    computed = {one.id: one.computed for one in strategy.impact.criteria if one.computed}
    looked_at = n_goals = 0
    for name in scored[::15]:
        told = scores.explain(name)
        assert told["points"].sum() == pytest.approx(scores.table.loc[name, "score"], abs=1e-12)
        for row in told[told["state"] == "assessed"].itertuples():
            if computed.get(row.Index) == "enabling_effect":
                assert "darauf auf" in row.cell, row.cell  # from several cells, told in words
                continue
            file, sheet, cell = row.cell.split(" › ")
            if not file.endswith(".xlsx"):
                continue
            book = books.setdefault(file, openpyxl.load_workbook(folder / file, data_only=True))
            written = book[sheet][cell].value
            if computed.get(row.Index) == "goal_fit":
                assert any(goal in str(written) for goal in goals), f"{name} {row.cell} {written}"
                n_goals += 1
            elif isinstance(written, (int, float)):
                assert written == row.raw, f"{name} {row.Index} {row.cell}"
                looked_at += 1
    assert looked_at > 40
    assert n_goals > 5
