"""Computed criteria beside ratings: what they add, what they may not replace, and what moves them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digistrat.planning.portfolio import select_portfolio
from digistrat.scoring.computed import only_rated, with_computed
from digistrat.scoring.impact import score_impact
from digistrat.scoring.maturity import score_maturity
from digistrat.scoring.ratings import Ratings
from digistrat.scoring.stakeholders import stakeholder_rankings
from digistrat.strategy import Strategy
from inventories import STAFF, cost, link, make_inventory, make_strategy, project

FIELDS = ({"id": "F1", "name": "Feld", "goals": ({"id": "G1", "name": "G1"}, {"id": "G2", "name": "G2"})},)


def criterion(name: str, weight: float, group: str, **more: Any) -> dict[str, Any]:
    return {"id": name, "name": f"Name {name}", "weight": weight, "group": group} | more


def strategy_of(rule: str = "weighted_mean", **parts: Any) -> Strategy:
    """Two criteria that are asked for in one group; in the other one, and both that are computed."""
    criteria = (
        criterion("K1", 30.0, "A"),
        criterion("K2", 30.0, "A"),
        criterion("K3", 20.0, "B"),
        criterion("FIT", 10.0, "B", target=100.0, computed="goal_fit"),
        criterion("ENABLE", 10.0, "B", target=80.0, computed="enabling_effect"),
    )
    groups = ({"id": "A", "name": "A"}, {"id": "B", "name": "B"})
    impact = {"rule": rule, "source": "test", "groups": groups, "criteria": criteria}
    return make_strategy(fields=FIELDS, impact=impact, **parts)


STRATEGY = strategy_of()
Rated = dict[str, tuple[float | None, float | None, float | None]]


def impact(
    rated: Rated, *links: dict[str, str], goals: dict[str, tuple[str, ...]], strategy: Strategy = STRATEGY
):
    ratings = [
        {"project_id": name, "criterion_id": f"K{k}", "points": points}
        for name, row in rated.items()
        for k, points in enumerate(row, start=1)
    ]
    projects = [project(name, goal_ids=goals.get(name, ())) for name in rated]
    inventory = make_inventory(strategy, projects=projects, impact_ratings=ratings, dependencies=list(links))
    return score_impact(inventory)


# --- what is computed alone makes no score


def test_a_project_nobody_rated_has_no_score_from_its_goals_alone() -> None:
    nobody = (None, None, None)
    scores = impact(
        {"a": nobody, "b": (5, 5, 5), "c": nobody}, link("c", "requires", "a"), goals={"a": ("G1", "G2")}
    )
    row = scores.table.loc["a"]
    assert (row["state"], scores.table.loc["b", "state"]) == ("not_scored", "scored")
    assert np.isnan(row["score"])
    assert pd.isna(row["rank"])
    assert scores.table.loc["b", "rank"] == 1
    # what is known of it is still there: full marks for its goals, and from c whatever it may be
    assert scores.values.loc["a", "FIT"] == 100
    assert scores.explain("a").loc["FIT", ["value", "state"]].tolist() == [100, "assessed"]
    # B weighs 40, of which a quarter is FIT; ENABLE is c's half, c by goals unknown 0 to 100 of 80 points
    assert row[["lower", "upper"]].tolist() == pytest.approx([10, 60 + 20 + 10 + 10 * 50 / 80])
    assert row["coverage"] == pytest.approx(0.2)
    assert scores.contributions.loc["a"].isna().all()
    assert scores.weights_used.loc["a"].isna().all()
    assert scores.groups is not None
    assert scores.groups.loc["a"].isna().all()


def test_a_portfolio_does_not_take_it_for_its_goals() -> None:
    rated = {"a": (None, None, None), "b": (1, 1, 1)}
    ratings = [
        {"project_id": name, "criterion_id": f"K{k}", "points": points}
        for name, row in rated.items()
        for k, points in enumerate(row, start=1)
    ]
    inventory = make_inventory(
        STRATEGY,
        projects=[project("a", goal_ids=("G1", "G2")), project("b", goal_ids=("G1",))],
        impact_ratings=ratings,
        project_costs=[cost("a", 2027, 1.0), cost("b", 2027, 1.0)],
        positions=STAFF,
    )
    portfolio = select_portfolio(inventory, score_impact(inventory))
    assert portfolio.table["selected"].to_dict() == {"a": False, "b": True}
    assert portfolio.problem.why_forbidden["a"] == "not_rated"


def test_one_rating_is_enough_for_a_provisional_score() -> None:
    scores = impact({"a": (None, None, 5), "b": (5, 5, 5)}, goals={"a": ("G1", "G2")})
    assert scores.table.loc["a", "state"] == "provisional"
    assert scores.table.loc["a", "score"] == pytest.approx((20 * 50 + 10 * 100) / 30)


def test_what_does_not_apply_at_all_is_not_rated_either() -> None:
    ratings = [
        {"project_id": "a", "criterion_id": f"K{k}", "points": None, "state": "not_applicable"}
        for k in (1, 2, 3)
    ]
    inventory = make_inventory(STRATEGY, projects=[project("a", goal_ids=("G1",))], impact_ratings=ratings)
    assert score_impact(inventory).table.loc["a", "state"] == "not_scored"


def test_a_dependant_to_which_nothing_applies_says_nothing_of_its_impact() -> None:
    """What is computed for it alone gives no bounds: from nothing to half of 100."""
    rated: Rated = {"A": (5.0, 5.0, 5.0), "B": (None, None, None)}
    ratings = [
        {"project_id": name, "criterion_id": f"K{k}", "points": points, "state": state}
        for name, state in (("A", "assessed"), ("B", "not_applicable"))
        for k, points in enumerate(rated[name], start=1)
    ]
    projects = [project(name, goal_ids=("G1", "G2")) for name in rated]
    links = [link("B", "requires", "A")]
    scores = score_impact(
        make_inventory(STRATEGY, projects=projects, impact_ratings=ratings, dependencies=links)
    )
    assert scores.raw.at["A", "ENABLE"] == pytest.approx(25.0)
    assert (scores.low.at["A", "ENABLE"], scores.high.at["A", "ENABLE"]) == pytest.approx((0.0, 62.5))


def test_no_stakeholder_gives_it_a_score_either() -> None:
    people = {
        "id": "p",
        "name": "P",
        "points": {"K1": 0.0, "K2": 0.0, "K3": 0.0, "FIT": 90.0, "ENABLE": 10.0},
    }
    scores = impact(
        {"a": (None, None, None), "b": (5, 5, 5)},
        goals={"a": ("G1", "G2"), "b": ("G1",)},
        strategy=strategy_of(stakeholders=(people,)),
    )
    ranked = stakeholder_rankings(scores)
    assert ranked["score"].loc["a"].isna().all()
    assert ranked["rank"].loc["b", "p"] == 1


def test_where_nothing_is_asked_for_what_is_computed_counts() -> None:
    only = {"id": "FIT", "name": "Fit", "weight": 100.0, "target": 100.0, "computed": "goal_fit"}
    strategy = make_strategy(
        fields=FIELDS, impact={"rule": "weighted_mean", "source": "t", "criteria": (only,)}
    )
    inventory = make_inventory(strategy, projects=[project("a", goal_ids=("G1",)), project("b")])
    scores = score_impact(inventory)
    assert scores.table["state"].tolist() == ["scored", "not_scored"]
    assert only_rated(scores, strategy.impact) is scores


def test_an_office_that_rated_nothing_has_no_maturity_from_its_services() -> None:
    criteria = (
        {"id": "M1", "name": "Ziele", "weight": 40.0, "target": 4.0},
        {"id": "M2", "name": "Online", "weight": 60.0, "target": 1.0, "computed": "share_online"},
    )
    strategy = make_strategy(maturity={"rule": "weighted_mean", "source": "test", "criteria": criteria})
    services = [
        {"service_id": f"s{o}", "model": "ozg-2.0", "level": 3.0, "office_id": o, "n_cases_yearly": 60}
        for o in ("A1", "A2")
    ]
    inventory = make_inventory(
        strategy,
        services=services,
        maturity_ratings=[
            {"office_id": "A1", "indicator_id": "M1", "level": None},
            {"office_id": "A2", "indicator_id": "M1", "level": 2.0, "target_level": 4.0},
        ],
    )
    scores = score_maturity(inventory)
    assert scores.table["state"].to_dict() == {"A1": "not_scored", "A2": "scored"}
    assert scores.table.loc["A1", ["score", "target", "gap"]].isna().all()
    assert scores.table.loc["A2", ["score", "target", "gap"]].tolist() == pytest.approx([80, 100, 20])
    assert scores.values["M2"].tolist() == [100, 100]
    assert scores.table.loc["A1", ["lower", "upper"]].tolist() == pytest.approx([60, 100])


# --- where the goals stand


def test_goals_lead_to_their_cell_or_to_file_sheet_and_column() -> None:
    scores = impact({"a": (5, 5, 5), "b": (5, 5, 5)}, goals={"a": ("G1",)})
    file, sheet, cell = scores.explain("a").loc["FIT", "cell"].split(" › ")
    assert (file, sheet, cell[0].isalpha(), cell[-1]) == ("returns.xlsx", "projects", True, "2")
    inventory = scores.inventory
    layout = inventory.places.layouts[0]
    assert layout is not None
    without = inventory.replace(places=_without_column(inventory, "goal_ids"))
    told = score_impact(without).explain("b").loc["FIT", "cell"]
    assert told == "returns.xlsx › projects › column “Ziele”"


def _without_column(inventory: Any, column: str) -> Any:
    from dataclasses import replace

    places = inventory.places
    layouts = tuple(
        replace(one, columns={name: at for name, at in one.columns.items() if name != column})
        for one in places.layouts
    )
    return replace(places, layouts=layouts)


# --- a figure in the place of ratings


def test_a_figure_replaces_ratings_and_leaves_the_others() -> None:
    index, columns = pd.Index(["a", "b", "c"]), ["X", "Y"]

    def frame(fill: Any, dtype: Any = float) -> pd.DataFrame:
        return pd.DataFrame(fill, index, columns).astype(dtype)

    ratings = Ratings(
        raw=frame(1.0),
        states=frame("assessed", "str"),
        low=frame(0.5),
        high=frame(1.5),
        office=frame(1.0),
        moderated=frame(2.0),
        remarks=frame("said", "str"),
        cells=lambda one, by: f"{one}{by}",
    )
    figures = pd.DataFrame(
        {"value": [7.0, np.nan], "upper": [9.0, np.nan], "applies": [True, False]}, ["b", "a"]
    )
    found = with_computed(ratings, "Y", figures, lambda one: f"from {one}")
    assert found.raw["Y"].tolist() == pytest.approx([np.nan, 7, np.nan], nan_ok=True)
    assert found.states["Y"].tolist() == ["not_applicable", "assessed", "missing"]
    assert found.low.loc["b", "Y"] == 7  # without ends the figure is its own
    assert found.high.loc["b", "Y"] == 9
    assert found.office["Y"].isna().all()
    assert found.moderated["Y"].isna().all()
    assert found.remarks["Y"].tolist() == [""] * 3
    assert (found.cells("b", "Y"), found.cells("b", "X")) == ("from b", "bX")
    for name in ("raw", "low", "high", "states", "office", "moderated", "remarks"):
        pd.testing.assert_series_equal(getattr(found, name)["X"], getattr(ratings, name)["X"])
        assert getattr(ratings, name)["Y"].notna().all()  # nothing was changed in place


# --- invariants

NAMES = "abcdef"
points = st.one_of(st.none(), st.integers(0, 10))
rows = st.tuples(points, points, points)
named = st.sampled_from([(), ("G1",), ("G2",), ("G1", "G2")])
# who builds on whom: names in falling order, so that there is no circle; z and y are always linked
graphs = st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(NAMES)), max_size=6).map(
    lambda pairs: [link(max(pair), "requires", min(pair)) for pair in pairs if pair[0] != pair[1]]
)
rounds = st.tuples(
    st.fixed_dictionaries(dict.fromkeys(NAMES, rows)),
    graphs,
    st.fixed_dictionaries(dict.fromkeys(NAMES, named)),
)
SURE = link("z", "requires", "y")
ADDED: Rated = {"z": (1, 1, 1), "y": (2, 2, 2)}


@settings(max_examples=25, deadline=None)
@given(rounds, rows, named, st.sampled_from(["weighted_mean", "geometric", "minimum"]))
def test_an_alternative_without_links_changes_no_other_score(one, row, goals, rule) -> None:
    rated, links, aims = one
    strategy = strategy_of(rule)
    before = impact(rated | ADDED, *links, SURE, goals=aims, strategy=strategy)
    after = impact({"new": row} | rated | ADDED, *links, SURE, goals=aims | {"new": goals}, strategy=strategy)
    old = before.table.index
    pd.testing.assert_frame_equal(
        after.table.loc[old].drop(columns="rank"), before.table.drop(columns="rank")
    )
    pd.testing.assert_frame_equal(after.values.loc[old], before.values)
    pd.testing.assert_frame_equal(after.contributions.loc[old], before.contributions)


@settings(max_examples=40, deadline=None)
@given(
    rounds, st.sampled_from(NAMES), st.sampled_from(NAMES), st.sampled_from(["weighted_mean", "geometric"])
)
def test_a_project_that_gains_a_dependant_never_loses(one, later, earlier, rule) -> None:
    if later == earlier:
        return
    later, earlier = max(later, earlier), min(later, earlier)
    rated, links, aims = one
    strategy = strategy_of(rule)
    before = impact(rated | ADDED, *links, SURE, goals=aims, strategy=strategy)
    after = impact(
        rated | ADDED, *links, SURE, link(later, "end_before_start", earlier), goals=aims, strategy=strategy
    )
    for end in ("score", "lower", "upper"):
        change = after.table[end] - before.table[end]
        assert (change.dropna() >= -1e-9).all(), end
    if rule == "weighted_mean":  # elsewhere a 0 that decided alone may do so no more
        assert (after.table["score"].isna() == before.table["score"].isna()).all()
        pd.testing.assert_series_equal(after.table["state"], before.table["state"])
    rest = [name for name in before.table.index if name > earlier]  # nothing of it reaches them
    pd.testing.assert_frame_equal(
        after.table.loc[rest].drop(columns="rank"), before.table.loc[rest].drop(columns="rank")
    )


@settings(max_examples=25, deadline=None)
@given(rounds)
def test_a_score_is_the_sum_of_its_contributions_and_within_its_bounds(one) -> None:
    rated, links, aims = one
    scores = impact(rated, *links, goals=aims)
    table = scores.table.dropna(subset=["score"])
    assert scores.contributions.loc[table.index].sum(axis=1).to_numpy() == pytest.approx(
        table["score"].to_numpy(), abs=1e-12
    )
    assert ((table["lower"] <= table["score"] + 1e-9) & (table["score"] <= table["upper"] + 1e-9)).all()
    nobody = [name for name, row in rated.items() if all(points is None for points in row)]
    assert set(scores.table.index[scores.table["state"] == "not_scored"]) == set(nobody)
