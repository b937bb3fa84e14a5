"""Nothing is counted twice: what the inventory says is computed, what it cannot say is rated, never both."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digistrat import standard_form
from digistrat.scoring.impact import score_impact
from digistrat.scoring.indicators import INDICATORS
from digistrat.strategy import Criterion, Strategy, load_strategy
from digistrat.strategy.checks import strategy_problems
from digistrat.strategy.scales import COMPUTED
from inventories import link, make_inventory, make_strategy, points, project

DATA = Path(__file__).resolve().parents[2] / "data"
GOALS = tuple({"id": goal, "name": goal, "weight": weight} for goal, weight in (("G1", 1.0), ("G2", 3.0)))
FIELDS = ({"id": "F1", "name": "Feld", "goals": GOALS},)


def criterion(name: str, weight: float, **more: Any) -> dict[str, Any]:
    return {"id": name, "name": f"Name {name}", "weight": weight} | more


def scale(*criteria: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"rule": "weighted_mean", "source": "test", "criteria": criteria} | more


FIT = criterion("FIT", 20.0, target=100.0, computed="goal_fit")
ENABLE = criterion("ENABLE", 30.0, target=100.0, computed="enabling_effect")
COMPUTING = make_strategy(fields=FIELDS, impact=scale(criterion("K1", 50.0), FIT, ENABLE))
# c builds on b, b on a; goals: half of what counts is G2 alone
CHAIN = (link("b", "requires", "a"), link("c", "end_before_start", "b"))


def impact(
    *links: dict[str, str], strategy: Strategy = COMPUTING, ratings: Any = None, **goals: tuple[str, ...]
):
    rows = [project(name, goal_ids=named) for name, named in goals.items()]
    return score_impact(
        make_inventory(
            strategy,
            projects=rows,
            dependencies=list(links),
            impact_ratings=points(a=2, b=6, c=8) if ratings is None else ratings,
        )
    )


def test_fit_and_effect_by_hand() -> None:
    scores = impact(*CHAIN, a=("G1",), b=("G1", "G2"), c=("G2",))
    # without the effect: K1 counts 5/7, the fit 2/7
    base = {"a": (5 * 20 + 2 * 25) / 7, "b": (5 * 60 + 2 * 100) / 7, "c": (5 * 80 + 2 * 75) / 7}
    effects = [base["b"] / 2 + base["c"] / 4, base["c"] / 2, 0]
    assert scores.values["FIT"].tolist() == [25, 100, 75]
    assert scores.raw["ENABLE"].tolist() == pytest.approx(effects)
    assert scores.values["ENABLE"].tolist() == pytest.approx(effects)
    for one, rated, fit, effect in zip("abc", (20, 60, 80), (25, 100, 75), effects, strict=True):
        assert scores.table.loc[one, "score"] == pytest.approx(0.5 * rated + 0.2 * fit + 0.3 * effect)
    assert scores.contributions.sum(axis=1).tolist() == pytest.approx(scores.table["score"].tolist())
    assert scores.table["state"].eq("scored").all()


def test_the_declared_target_is_the_cap() -> None:
    half = make_strategy(
        fields=FIELDS, impact=scale(criterion("K1", 50.0), ENABLE | {"weight": 50.0, "target": 20.0})
    )
    scores = impact(*CHAIN, strategy=half, a=(), b=(), c=())
    assert scores.raw["ENABLE"].tolist() == [50, 40, 0]  # 60/2 + 80/4 and 80/2
    assert scores.values["ENABLE"].tolist() == [100, 100, 0]


def test_every_figure_leads_to_what_it_was_computed_from() -> None:
    scores = impact(*CHAIN, a=("G1",), b=(), c=("G2",))
    told = scores.explain("a")["cell"]
    assert told["FIT"].startswith("returns.xlsx › projects › ")
    # the cells that name the other project: b builds on a, and c on b
    assert told["ENABLE"] == "returns.xlsx › dependencies › B2; returns.xlsx › dependencies › B3"
    inventory = scores.inventory
    second = inventory.dependencies.index[inventory.dependencies["other_id"] == "b"]
    moved = inventory.sources["dependencies"].copy()
    moved.loc[second, ["file", "sheet"]] = ["A51.xlsx", "Links"]
    places = replace(inventory.places, sources={**inventory.sources, "dependencies": moved})
    apart = score_impact(inventory.replace(places=places))
    named = apart.explain("a").loc["ENABLE", "cell"]  # the link of c to b counts here too
    assert named == "returns.xlsx › dependencies › B2; A51.xlsx › Links › B3"
    assert apart.explain("b").loc["ENABLE", "cell"] == "A51.xlsx › Links › B3"
    assert scores.explain("c").loc["ENABLE", "cell"] == "computed: no project builds on it"
    assert scores.explain("b").loc["FIT", ["value", "state"]].tolist() == pytest.approx(
        [np.nan, "missing"], nan_ok=True
    )
    assert scores.explain("a").loc[["FIT", "ENABLE"], ["office", "moderated"]].isna().all(axis=None)


def test_without_goals_or_dependencies_they_are_missing_and_no_zero() -> None:
    scores = impact(a=(), b=("G1",), c=("G1",))
    assert scores.states["ENABLE"].tolist() == ["missing"] * 3
    assert scores.states["FIT"].tolist() == ["missing", "assessed", "assessed"]
    assert scores.table.loc["a", ["score", "lower", "upper"]].tolist() == pytest.approx([20, 10, 60])
    assert scores.explain("a").loc["ENABLE", "cell"] == "Abhängigkeiten"


def test_what_those_that_build_on_it_may_be_widens_its_bounds() -> None:
    rated = points(a=2, b=None, c=8)
    scores = impact(*CHAIN, ratings=rated, a=("G1",), b=("G1",), c=("G1",))
    c = (5 * 80 + 2 * 25) / 7
    low, high = (5 * 0 + 2 * 25) / 7, (5 * 100 + 2 * 25) / 7  # b is known by its goals alone
    assert scores.low.loc["a", "ENABLE"] == pytest.approx(low / 2 + c / 4)
    assert scores.high.loc["a", "ENABLE"] == pytest.approx(high / 2 + c / 4)


def test_the_effect_of_a_project_does_not_feed_itself() -> None:
    # each builds on the other: a circle counts for neither, and the base never holds the effect
    circle = impact(link("a", "requires", "b"), link("b", "requires", "a"), a=("G1",), b=("G1",))
    assert circle.values["ENABLE"].tolist() == [0, 0]
    told = circle.explain("a").loc["ENABLE", "cell"]
    assert told == "computed: the projects that build on it require each other, which does not count"


@pytest.mark.parametrize("rule", ["minimum", "geometric", "harmonic", "weighted_mean"])
def test_every_rule_takes_computed_criteria(rule: str) -> None:
    only = make_strategy(fields=FIELDS, impact=scale(ENABLE | {"weight": 100.0}, rule=rule))
    found = impact(*CHAIN, strategy=only, ratings=[], a=("G1",), b=("G1",), c=("G1",))
    assert found.table.loc["c", "score"] == 0  # nothing builds on it
    # nothing but the effect is known of b and c: 0 to 100, 50 in the middle
    assert found.table.loc["a", ["score", "lower", "upper"]].tolist() == [37.5, 0, 75]
    mixed = make_strategy(fields=FIELDS, impact=scale(criterion("K1", 50.0), FIT, ENABLE, rule=rule))
    table = impact(*CHAIN, strategy=mixed, a=("G1",), b=("G1", "G2"), c=("G2",)).table
    assert ((table["lower"] <= table["score"] + 1e-9) & (table["score"] <= table["upper"] + 1e-9)).all()


def test_a_rating_of_a_computed_criterion_is_not_looked_at() -> None:
    rated = [
        *points(a=2, b=6, c=8),
        {"project_id": "a", "criterion_id": "FIT", "points": 10, "rated_by": "unit"},
    ]
    goals = {"a": ("G1",), "b": (), "c": ("G2",)}
    with_it, without = impact(*CHAIN, ratings=rated, **goals), impact(*CHAIN, **goals)
    pd.testing.assert_frame_equal(with_it.table, without.table)
    assert with_it.explain("a").loc["FIT", ["office", "moderated"]].isna().all()


shipped = pytest.param(lambda: load_strategy(DATA / "strategy.toml"), id="shipped")
made = pytest.param(lambda: COMPUTING, id="made")


@pytest.mark.parametrize("strategy", [shipped, made])
def test_nobody_is_asked_for_what_is_computed(strategy) -> None:
    strategy = strategy()
    form = standard_form(strategy)
    for part, table in (("impact", "impact_ratings"), ("maturity", "maturity_ratings")):
        criteria = getattr(strategy, part).criteria
        asked = set(form.table(table).unpivot.members) if form.table(table).unpivot else set()
        for column in form.table(table).columns:
            asked |= set(column.choices) & {one.id for one in criteria}
        assert asked == {one.id for one in criteria if not one.computed}


def test_no_criterion_stands_in_two_scales_of_projects() -> None:
    strategy = load_strategy(DATA / "strategy.toml")

    def words(criteria: tuple[Criterion, ...]) -> set[str]:
        return {word.casefold() for one in criteria for word in (one.id, one.name, *one.aliases)}

    assert not words(strategy.impact.criteria) & words(strategy.readiness.criteria)


def test_a_figure_belongs_to_one_scale_and_is_used_once() -> None:
    assert {name for name in get_args(Criterion.model_fields["computed"].annotation) if name} == set(COMPUTED)
    assert {name for name, part in COMPUTED.items() if part == "maturity"} == set(INDICATORS)
    wrong = scale(criterion("K1", 50.0), FIT | {"weight": 50.0})
    for part in ("readiness", "maturity"):
        found = list(strategy_problems(make_strategy(**{part: wrong}), "s.toml", "o.toml"))
        assert len(found) == 1
        assert (
            f"s.toml › {part}.criteria[FIT].computed: found 'goal_fit', expected it in impact only"
            in found[0]
        )
    assert not list(strategy_problems(make_strategy(fields=FIELDS, impact=wrong), "s.toml", "o.toml"))
    twice = scale(criterion("K1", 50.0), FIT, FIT | {"id": "FIT2", "name": "Again", "weight": 30.0})
    (found_twice,) = strategy_problems(make_strategy(impact=twice), "s.toml", "o.toml")
    assert "impact.criteria.computed: found figure 'goal_fit' 2 times" in found_twice


@settings(max_examples=15)
@given(st.integers(0, 10), st.sampled_from([(), ("G1",), ("G1", "G2")]))
def test_a_project_without_links_changes_no_other_score(rating: int, goals: tuple[str, ...]) -> None:
    three = {"a": ("G1",), "b": (), "c": ("G2",)}
    before = impact(*CHAIN, **three).table.drop(columns="rank")
    after = impact(*CHAIN, ratings=points(d=rating, a=2, b=6, c=8), d=goals, **three).table
    pd.testing.assert_frame_equal(after.loc[list("abc")].drop(columns="rank"), before, check_names=False)
