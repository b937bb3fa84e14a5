"""From a long table of ratings to a matrix with states and cells."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from digistrat.intake.places import Places
from digistrat.scoring.decision import wibe_scores
from digistrat.scoring.economics import economics_by_year, score_economics
from digistrat.scoring.impact import score_impact
from digistrat.scoring.maturity import score_maturity
from digistrat.scoring.ratings import criteria_frame, ratings_matrix
from digistrat.scoring.readiness import score_readiness
from digistrat.scoring.services import score_services
from inventories import make_inventory, make_strategy, project


def wibe_urgency(inventory):
    return wibe_scores(inventory, "urgency")


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
    # the project is in no return: what is left is the form's sheet
    assert found.cells("b", "K2") == "Wirkung › column “K2”"


def test_an_empty_answer_has_a_place_too():
    found = matrix([rate("a", "K1", None)])
    assert found.states.loc["a", "K1"] == "missing"
    assert found.cells("a", "K1") == "returns.xlsx › impact_ratings › C2"


def test_the_moderated_rating_counts_and_the_offices_stays_visible():
    rows = [
        rate("a", "K1", 9.0, rated_by="office"),
        rate("a", "K1", 4.0, rated_by="group"),
        rate("a", "K1", 3.0, rated_by="unit"),
        rate("b", "K1", 7.0),  # nobody else has rated it, and it is not said who did
        rate("b", "K2", 5.0, rated_by="group"),
    ]
    for order in (rows, rows[::-1]):
        found = matrix(order)
        assert found.raw.loc["a", "K1"] == 3
        assert (found.office.loc["a", "K1"], found.moderated.loc["a", "K1"]) == (9, 3)
        assert (found.raw.loc["b", "K1"], found.office.loc["b", "K1"]) == (7, 7)
        assert np.isnan(found.moderated.loc["b", "K1"])
        assert (found.raw.loc["b", "K2"], found.moderated.loc["b", "K2"]) == (5, 5)
        assert np.isnan(found.office.loc["b", "K2"])
    assert matrix(rows).cells("a", "K1") == "returns.xlsx › impact_ratings › C4"  # that of the unit


def test_an_empty_moderation_hides_nothing():
    rows = [
        rate("a", "K1", None, rated_by="unit"),
        rate("a", "K1", 4.0, rated_by="group"),
        rate("b", "K1", None, rated_by="unit"),
        rate("b", "K1", 9.0, rated_by="office"),
    ]
    found = matrix(rows)
    assert found.raw["K1"].tolist() == [4, 9]
    assert found.moderated["K1"].fillna(-1).tolist() == [4, -1]
    assert found.cells("b", "K1").endswith("C5")


def test_an_unreadable_moderation_hides_nothing_and_an_empty_one_not_even_that_it_is_unreadable():
    """A1: the unit's cell is illegible, the office gave 9. a/K2: so is the group's, the unit gave 3."""
    rows = [
        rate("a", "K1", None, rated_by="unit", state="unreadable"),
        rate("a", "K1", 9.0, rated_by="office"),
        rate("a", "K2", None, rated_by="unit", state="unreadable"),
        rate("a", "K2", 3.0, rated_by="group"),
        rate("b", "K1", None, rated_by="unit"),
        rate("b", "K1", None, rated_by="office", state="unreadable"),
        rate("b", "K2", None, rated_by="unit", state="unreadable"),
        rate("b", "K2", None, rated_by="office"),
    ]
    for order in (rows, rows[::-1]):
        found = matrix(order)
        assert found.raw.loc["a"].tolist() == [9, 3]
        assert found.states.values.tolist() == [["assessed", "assessed"], ["unreadable", "unreadable"]]
        assert found.office.loc["a", "K1"] == 9
        assert found.moderated.loc["a"].fillna(-1).tolist() == [-1, 3]
    found = matrix(rows)
    assert found.cells("a", "K1") == "returns.xlsx › impact_ratings › C3"  # the office's
    assert found.cells("b", "K2") == "returns.xlsx › impact_ratings › C8"  # the unit's


@pytest.mark.parametrize(
    "score", [score_impact, score_readiness, score_economics, economics_by_year, wibe_urgency]
)
@pytest.mark.parametrize("status", ["possible", "discontinued"])
def test_an_id_of_two_projects_is_named(score, status):
    scale = {
        "rule": "weighted_mean",
        "source": "t",
        "criteria": ({"id": "D1", "name": "D", "weight": 100.0},),
    }
    inventory = make_inventory(
        make_strategy(urgency=scale), projects=[project("a"), project("b"), project("b", status)]
    )
    with pytest.raises(ValueError, match=r"each project_id of projects .*twice: \['b'\]"):
        score(inventory)


def test_an_id_of_two_services_or_of_a_computed_figure_is_named():
    service = {"service_id": "s", "model": "ozg-2.0", "level": 3.0, "office_id": "A1", "n_cases_yearly": 60}
    twice = make_inventory(make_strategy(), services=[service, service])
    with pytest.raises(ValueError, match=r"each service_id of services .*twice: \['s'\]"):
        score_services(twice)
    only = {"id": "M", "name": "M", "weight": 100.0, "target": 1.0, "computed": "share_operating"}
    strategy = make_strategy(maturity={"rule": "weighted_mean", "source": "t", "criteria": (only,)})
    with pytest.raises(ValueError, match=r"each project_id of projects .*twice: \['a'\]"):
        score_maturity(make_inventory(strategy, projects=[project("a"), project("a")]))


def test_of_empty_cells_the_office_s_is_the_place():
    """A moderating row leaves most criteria empty: the office is to be asked, not the unit."""
    found = matrix([rate("a", "K1", None, rated_by="unit"), rate("a", "K1", None, rated_by="office")])
    assert found.states.loc["a", "K1"] == "missing"
    assert found.cells("a", "K1") == "returns.xlsx › impact_ratings › C3"


def test_a_moderation_that_says_not_applicable_is_an_answer():
    rows = [
        rate("a", "K1", 9.0, rated_by="office"),
        rate("a", "K1", None, rated_by="unit", state="not_applicable"),
    ]
    found = matrix(rows)
    assert found.states.loc["a", "K1"] == "not_applicable"
    assert np.isnan(found.raw.loc["a", "K1"])
    assert found.office.loc["a", "K1"] == 9


def test_both_ratings_stand_beside_each_other_in_the_explanation():
    inventory = make_inventory(
        make_strategy(),
        projects=[project("a")],
        impact_ratings=[rate("a", "K1", 9.0, rated_by="office"), rate("a", "K1", 2.0, rated_by="unit")],
    )
    scores = score_impact(inventory)
    assert scores.table.loc["a", "score"] == 20
    assert scores.explain("a")[["raw", "office", "moderated"]].values.tolist() == [[2, 9, 2]]
    assert scores.raw_office.loc["a", "K1"] == 9
    assert scores.raw_moderated.loc["a", "K1"] == 2
    assert scores.rule_source == "test"


def test_bounds_of_the_rating_that_counts():
    inventory = make_inventory(
        make_strategy(),
        projects=[project("a"), project("b")],
        impact_ratings=[
            rate("a", "K1", 9.0, rated_by="office"),
            rate("a", "K1", 7.0, rated_by="unit"),
            rate("b", "K1", 5.0),
        ],
    )
    bounded = inventory.impact_ratings.drop(columns=["points_lower", "points_upper"], errors="ignore")
    bounded = bounded.assign(points_lower=[8.0, 6.0, np.nan], points_upper=[10.0, 8.0, np.nan])
    scores = score_impact(inventory.replace(impact_ratings=bounded))
    assert scores.table.loc["a", ["score", "lower", "upper", "coverage"]].tolist() == [70, 60, 80, 1]
    assert scores.table.loc["b", ["score", "lower", "upper"]].tolist() == [50, 50, 50]
    assert scores.explain("a")[["low", "high"]].values.tolist() == [[60, 80]]


def test_a_moderated_number_beside_a_rating_counts_whoever_rated():
    inventory = make_inventory(
        make_strategy(),
        projects=[project("a"), project("b"), project("c")],
        impact_ratings=[
            rate("a", "K1", 9.0, rated_by="office", reason="Zielgruppe kleiner"),
            rate("b", "K1", None, rated_by="office"),
            rate("c", "K1", 8.0, rated_by="unit"),
            rate("c", "K1", 5.0, rated_by="group"),
        ],
    )
    rows = inventory.impact_ratings.assign(points_lower=[8.0, np.nan, np.nan, np.nan])
    rows = rows.assign(moderated_points=[2.0, 3.0, np.nan, 4.0])
    scores = score_impact(inventory.replace(impact_ratings=rows))
    assert scores.table["score"].tolist() == [20, 30, 40]
    assert scores.table["lower"].tolist() == [20, 30, 40]  # the office's bounds are not the moderated ones
    assert scores.raw_office["K1"].tolist()[0] == 9
    assert scores.raw_office["K1"].isna().tolist() == [False, True, True]
    assert scores.raw_moderated["K1"].tolist() == [2, 3, 4]
    assert scores.explain("a").loc["K1", "remark"] == "Zielgruppe kleiner"


def test_both_raters_cells_and_that_of_the_reason_are_known():
    rows = [
        rate("a", "K1", 9.0, rated_by="office", reason="of the office"),
        rate("a", "K1", 3.0, rated_by="unit", reason="of the unit"),
        rate("b", "K1", 7.0, rated_by="office", reason="of the office"),
        rate("b", "K1", None, rated_by="unit", reason="nothing given"),
        rate("a", "K2", 5.0, rated_by="group"),
    ]
    inventory = make_inventory(make_strategy(), projects=[project("a"), project("b")], impact_ratings=rows)
    found = ratings_matrix(
        inventory,
        "impact_ratings",
        pd.Index(["a", "b"]),
        pd.Index(["K1", "K2"]),
        alternative="project_id",
        criterion="criterion_id",
        value="points",
        remark="reason",
    )

    def place(row: int, column: str) -> str:
        return str(inventory.locate("impact_ratings", row, column))

    def told(one: str, by: str) -> list[str]:
        origin = found.origin(one, by)
        return [origin.office, origin.moderated, origin.remark]

    assert told("a", "K1") == [place(0, "points"), place(1, "points"), place(1, "reason")]
    assert told("b", "K1") == [place(2, "points"), "", place(2, "reason")]
    assert told("a", "K2") == ["", place(4, "points"), ""]
    assert told("b", "K2") == ["", "", ""]
    # and they come with the scores
    row = score_impact(inventory).explain("a").loc["K1"]
    columns = ["office_cell", "moderated_cell", "remark_cell"]
    assert row[columns].tolist() == [place(0, "points"), place(1, "points"), place(1, "reason")]
    assert row["cell"] == row["moderated_cell"]


def test_a_moderated_number_has_the_place_of_its_own_cell():
    inventory = make_inventory(make_strategy(), impact_ratings=[rate("a", "K1", 9.0), rate("b", "K1", 9.0)])
    places = inventory.places
    layouts = tuple(
        replace(layout, columns={**layout.columns, "moderated_points": 27}) for layout in places.layouts
    )
    inventory = inventory.replace(
        impact_ratings=inventory.impact_ratings.assign(moderated_points=[None, 2.0]),
        places=Places(places.sources, places.raws, layouts, {}),
    )
    found = ratings_matrix(
        inventory,
        "impact_ratings",
        pd.Index(["a", "b"]),
        pd.Index(["K1"]),
        alternative="project_id",
        criterion="criterion_id",
        value="points",
    )
    assert found.origin("a", "K1").moderated == ""
    assert found.origin("b", "K1").office == "returns.xlsx › impact_ratings › C3"
    assert found.origin("b", "K1").moderated == found.cells("b", "K1")
    assert found.cells("a", "K1") == "returns.xlsx › impact_ratings › C2"
    assert found.cells("b", "K1") == "returns.xlsx › impact_ratings › AA3"


def test_nothing_rated():
    found = matrix([])
    assert (found.states == "missing").all(axis=None)
    assert found.raw.isna().all(axis=None)
    assert matrix([], alternatives=()).raw.shape == (0, 2)


def test_a_rating_without_a_cell_is_asked_for_in_a_column_of_its_sheet():
    inventory = make_inventory(
        make_strategy(),
        projects=[project("a"), project("b")],
        readiness_ratings=[{"project_id": "a", "item_id": "R1", "level": 2.0}],
    )
    sheet = inventory.places.layouts[list(inventory.sources).index("readiness_ratings")]
    dict.pop(sheet.columns, "level")  # the return has no such column
    scores = score_readiness(inventory)
    assert scores.explain("a")["cell"].tolist() == [
        "returns.xlsx › readiness_ratings › column “R1 Konzept”",
        "returns.xlsx › readiness_ratings › column “R2 Recht”",
    ]
    # a project that is not on the sheet belongs on it
    assert scores.cells("b", "R2") == "returns.xlsx › readiness_ratings › column “R2 Recht”"


def test_a_sheet_that_was_not_sent_is_named_as_in_the_form():
    inventory = make_inventory(make_strategy(), projects=[project("a")])
    scores = score_impact(inventory)
    assert scores.cells("a", "K1") == "returns.xlsx › Wirkung › column “K1 Nutzen”"
    german = make_strategy(strategy={"title": "T", "city": "S", "version": "1", "language": "de"})
    scores = score_impact(make_inventory(german, projects=[project("a")]))
    assert scores.cells("a", "K1") == "returns.xlsx › Wirkung › Spalte „K1 Nutzen“"


def test_criteria_as_the_strategy_has_them():
    frame = criteria_frame(make_strategy().maturity)
    assert frame["weight"].to_dict() == {"M1": 50, "M2": 30, "M3": 20}
    assert frame["group"].tolist() == ["A", "B", "B"]
    assert frame["target"].tolist() == [4, 4, 4]


def test_groups_of_groups_shapes_and_rules_of_the_strategy_reach_the_score():
    groups = ({"id": "A", "name": "A", "parent": "X"}, {"id": "B", "name": "B"}, {"id": "X", "name": "X"})
    criteria = (
        {
            "id": "R1",
            "name": "Konzept",
            "weight": 60.0,
            "target": 4.0,
            "group": "A",
            "shape": "stepwise",
            "points": ((2.0, 40.0), (4.0, 100.0)),
        },
        {"id": "R2", "name": "Recht", "weight": 40.0, "target": 4.0, "group": "B", "step": 1.0},
    )
    scale = {
        "rule": "weighted_mean",
        "group_rule": "minimum",
        "source": "handbook",
        "groups": groups,
        "criteria": criteria,
        "levels": ({"name": "low", "from_score": 0.0}, {"name": "high", "from_score": 40.0}),
    }
    inventory = make_inventory(
        make_strategy(readiness=scale),
        projects=[project("a")],
        readiness_ratings=[
            {"project_id": "a", "item_id": "R1", "level": 3.0},
            {"project_id": "a", "item_id": "R2", "level": 3.0},
        ],
    )
    scores = score_readiness(inventory)
    assert scores.values.loc["a"].tolist() == [40, 75]
    assert scores.groups.loc["a"].to_dict() == {"X": 40, "A": 40, "B": 75}
    assert scores.table.loc["a", "score"] == 40
    assert scores.rule_source == "handbook"
    assert scores.levels == (("low", 0.0), ("high", 40.0))
    assert scores.criteria["step"].tolist() == [0, 1]
