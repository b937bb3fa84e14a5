"""From a long table of ratings to a matrix with states and cells."""

from __future__ import annotations

import numpy as np
import pandas as pd

from digistrat.scoring.ratings import criteria_frame, ratings_matrix
from inventories import make_inventory, make_strategy, project


def rate(project_id, criterion, points, **more):
    return {"project_id": project_id, "criterion_id": criterion, "points": points} | more


def matrix(rows, alternatives=("a", "b"), criteria=("K1", "K2")):
    inventory = make_inventory(make_strategy(), impact_ratings=rows)
    return ratings_matrix(
        inventory,
        "impact_ratings",
        pd.Index(list(alternatives)),
        pd.Index(list(criteria)),
        alternative="project_id",
        criterion="criterion_id",
        value="points",
    )


def test_every_state_stays_what_it_is():
    found = matrix(
        [
            rate("a", "K1", 4.0),
            rate("a", "K2", None, state="not_applicable"),
            rate("b", "K1", None, state="unreadable"),
            rate("nobody", "K1", 9.0),
            rate("a", "K9", 9.0),
        ]
    )
    assert found.states.values.tolist() == [["assessed", "not_applicable"], ["unreadable", "missing"]]
    assert found.raw.loc["a", "K1"] == 4
    assert np.isnan(found.raw.to_numpy()).sum() == 3


def test_the_cell_is_that_of_the_rating_that_counts():
    found = matrix([rate("b", "K1", 1.0), rate("a", "K1", None), rate("a", "K1", 2.0), rate("a", "K1", 3.0)])
    assert found.raw["K1"].tolist() == [2.0, 1.0]  # the first that is not empty
    # row k of the table stands in row k + 2 of the sheet, points in the third column
    assert found.cells("a", "K1") == "returns.xlsx › impact_ratings › C4"
    assert found.cells("b", "K1") == "returns.xlsx › impact_ratings › C2"
    assert found.cells("b", "K2") == ""


def test_an_empty_answer_has_a_place_too():
    found = matrix([rate("a", "K1", None)])
    assert found.states.loc["a", "K1"] == "missing"
    assert found.cells("a", "K1") == "returns.xlsx › impact_ratings › C2"


def test_the_offices_own_rating_comes_before_the_units():
    rows = [rate("a", "K1", 9.0, rated_by="unit"), rate("a", "K1", 3.0, rated_by="office")]
    assert matrix(rows).raw.loc["a", "K1"] == 3
    assert matrix(rows[::-1]).raw.loc["a", "K1"] == 3
    rows[1]["points"] = None  # but an empty one hides nothing
    found = matrix(rows)
    assert found.raw.loc["a", "K1"] == 9
    assert found.cells("a", "K1").endswith("C2")


def test_nothing_rated():
    found = matrix([])
    assert (found.states == "missing").all(axis=None)
    assert found.raw.isna().all(axis=None)
    assert matrix([], alternatives=()).raw.shape == (0, 2)


def test_a_rating_without_a_cell_of_its_own_has_no_place():
    inventory = make_inventory(
        make_strategy(),
        projects=[project("a")],
        readiness_ratings=[{"project_id": "a", "item_id": "R1", "level": 2.0}],
    )
    sheet = inventory.places.layouts[list(inventory.sources).index("readiness_ratings")]
    dict.pop(sheet.columns, "level")  # the return has no such column
    found = ratings_matrix(
        inventory,
        "readiness_ratings",
        pd.Index(["a"]),
        pd.Index(["R1"]),
        alternative="project_id",
        criterion="item_id",
        value="level",
    )
    assert found.cells("a", "R1") == ""


def test_criteria_as_the_strategy_has_them():
    frame = criteria_frame(make_strategy().maturity)
    assert frame["weight"].to_dict() == {"M1": 50, "M2": 30, "M3": 20}
    assert frame["group"].tolist() == ["A", "B", "B"]
    assert frame["target"].tolist() == [4, 4, 4]
