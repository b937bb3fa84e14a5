"""Scales with groups of groups, value functions and levels; stakeholders; rates: right and not right."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from pydantic import ValidationError

from digistrat.strategy.checks import strategy_problems
from inventories import make_strategy


def criterion(name: str = "R1", **more: Any) -> dict[str, Any]:
    return {"id": name, "name": f"Name {name}", "weight": 100.0, "target": 4.0} | more


def scale(*criteria: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"rule": "weighted_mean", "source": "test", "criteria": criteria or (criterion(),)} | more


def problems(**parts: Any) -> list[str]:
    return list(strategy_problems(make_strategy(**parts), "strategy.toml", "offices.toml"))


def rate(first: int, last: int, percent: float) -> dict[str, Any]:
    return {
        "valid_from": dt.date(first, 1, 1),
        "valid_to": dt.date(last, 12, 31),
        "rate": percent / 100,
        "source": "test",
    }


GROUPS = ({"id": "a", "name": "A", "parent": "x"}, {"id": "b", "name": "B"}, {"id": "x", "name": "X"})
MODEL = make_strategy().service_models[0].model_dump()


def test_a_strategy_that_uses_everything_has_no_problem() -> None:
    readiness = scale(
        criterion("R1", weight=60.0, group="a", shape="piecewise", points=((0.0, 0.0), (4.0, 100.0))),
        criterion("R2", weight=40.0, group="b", shape="stepwise", points=((2.0, 100.0),), step=1.0),
        groups=GROUPS,
        group_rule="geometric",
        levels=({"name": "low", "from_score": 0.0}, {"name": "high", "from_score": 60.0}),
    )
    maturity = scale(
        criterion("M1", weight=50.0, step=1.0),
        criterion("M2", weight=50.0, target=1.0, computed="share_at_level"),
    )
    impact = scale(criterion("K1", weight=50.0), criterion("K2", weight=50.0))
    stakeholders = (
        {"id": "chamber", "name": "Kammer", "points": {"K1": 30.0, "K2": 70.0}, "share": 0.25},
        {"id": "people", "name": "Bürgerschaft", "method": "order", "order": ("K2", "K1"), "share": 0.75},
    )
    assert (
        problems(
            readiness=readiness,
            maturity=maturity,
            impact=impact,
            stakeholders=stakeholders,
            discount_rates=(rate(2020, 2022, 1.0), rate(2023, 2026, 3.3)),
        )
        == []
    )


def test_what_is_left_out_has_the_old_meaning() -> None:
    strategy = make_strategy()
    first = strategy.impact.criteria[0]
    assert (first.shape, first.points, first.step, first.computed) == ("linear", (), 0.0, "")
    assert (strategy.impact.group_rule, strategy.impact.levels) == (None, ())
    assert (strategy.stakeholders, strategy.discount_rates) == ((), ())
    assert (strategy.urgency, strategy.quality) == (None, None)
    assert strategy.thresholds.rating_difference == 3
    assert strategy.fields[0].goals[0].weight == 1


@pytest.mark.parametrize(
    ("readiness", "told"),
    [
        (scale(criterion(weight=99.0)), ["readiness.criteria", "sum to 99", "100"]),
        (scale(criterion(group="x"), groups=GROUPS), ["criteria[R1].group", "'x'", "['a', 'b']"]),
        (
            scale(criterion(group="a"), groups=({"id": "a", "name": "A", "parent": "y"},)),
            ["groups[a].parent", "'y'", "group of groups"],
        ),
        (
            scale(criterion(group="a"), groups=(GROUPS[0], {"id": "x", "name": "X", "parent": "x"})),
            ["groups[x].parent", "'x'", "in none itself"],
        ),
        (scale(criterion(points=((0.0, 1.0),))), ["criteria[R1].points", "(0.0, 1.0)", "none for linear"]),
        (scale(criterion(shape="stepwise")), ["points", "at least 1", "stepwise"]),
        (scale(criterion(shape="piecewise", points=((0.0, 1.0),))), ["points", "at least 2", "piecewise"]),
        (
            scale(criterion(shape="piecewise", points=((1.0, 1.0), (1.0, 2.0)))),
            ["points", "rising number", "piecewise"],
        ),
        (scale(criterion(shape="stepwise", points=((1.0, 120.0),))), ["points", "120", "0–100"]),
        (scale(levels=({"name": "low", "from_score": 10.0},)), ["levels", "[10.0]", "from 0"]),
        (
            scale(levels=({"name": "low", "from_score": 0.0}, {"name": "high", "from_score": 0.0})),
            ["levels", "[0.0, 0.0]", "rising"],
        ),
        (
            scale(criterion("R1", weight=60.0), criterion("R2", weight=40.0), rule="share_of_yes"),
            ["different weights", "share_of_yes"],
        ),
        (
            scale(criterion(computed="share_online")),
            ["criteria[R1].computed", "share_online", "maturity only"],
        ),
    ],
)
def test_a_scale_that_is_not_right(readiness: dict[str, Any], told: list[str]) -> None:
    found = problems(readiness=readiness)
    assert len(found) == 1
    for part in ("strategy.toml › readiness", *told):
        assert part in found[0]


@pytest.mark.parametrize(
    ("part", "figure", "anchors", "told"),
    [
        ("maturity", "share_online", {"target": 4.0}, ["[R1].target", "found 4", "0 to 1", "'share_online'"]),
        ("maturity", "share_operating", {"floor": -1.0, "target": 1.0}, ["[R1].floor", "found -1"]),
        ("impact", "goal_fit", {"target": 101.0}, ["[R1].target", "101", "0 to 100"]),
        ("impact", "goal_fit", {"target": 60.0}, []),
        ("impact", "enabling_effect", {"target": 400.0}, []),  # points of impact: any number of projects
        ("maturity", "share_at_level", {"floor": 1.0, "target": 0.0}, []),
    ],
)
def test_anchors_of_a_computed_figure_are_in_its_unit(
    part: str, figure: str, anchors: dict[str, float], told: list[str]
) -> None:
    found = problems(**{part: scale(criterion(computed=figure, **anchors))})
    assert len(found) == bool(told)
    for word in told:
        assert word in found[0]


def test_urgency_and_quality_are_scales_of_their_own() -> None:
    urgency = scale(criterion("D1", weight=60.0, target=10.0), criterion("D2", weight=40.0, target=10.0))
    quality = scale(criterion("Q1", target=10.0))
    assert problems(urgency=urgency, quality=quality) == []
    assert problems(quality=quality) == []
    strategy = make_strategy(urgency=urgency, quality=quality)
    assert [one.id for one in strategy.decision_criteria] == ["D1", "D2", "Q1"]
    assert strategy.frame("urgency.criteria").index.tolist() == ["D1", "D2"]
    bare = make_strategy()
    assert (bare.urgency, bare.quality, bare.decision_criteria) == (None, None, ())
    with pytest.raises(ValueError, match="part must name a list"):
        bare.frame("urgency.criteria")


@pytest.mark.parametrize(
    ("quality", "told"),
    [
        (scale(criterion("Q1", weight=100.0), criterion("Q2", weight=5.0)), ["quality", "105", "100"]),
        (scale(criterion("D1")), ["urgency and quality", "id 'D1' 2 times"]),
        (scale(criterion("Q1", aliases=("Name D1",))), ["urgency and quality", "header 'Name D1' 2 times"]),
        (scale(criterion("Q1", computed="goal_fit")), ["quality.criteria[Q1].computed", "impact only"]),
    ],
)
def test_urgency_and_quality_that_are_not_right(quality: dict[str, Any], told: list[str]) -> None:
    found = problems(urgency=scale(criterion("D1")), quality=quality)
    assert found
    for word in told:
        assert word in found[0]


@pytest.mark.parametrize(
    ("group", "told"),
    [
        ({"points": {"K1": 1.0, "K9": 1.0}}, ["[g].points", "K9", "['K1']"]),
        ({"points": {}}, ["[g].points", "every criterion of impact once"]),
        ({"points": {"K1": 0.0}}, ["[g].points", "no number above 0"]),
        ({"method": "order", "order": ("K1", "K1")}, ["[g].order", "['K1', 'K1']"]),
        ({"points": {"K1": 1.0}, "share": 0.5}, ["stakeholders", "[0.5]", "sum 1"]),
    ],
)
def test_a_group_of_people_that_is_not_right(group: dict[str, Any], told: list[str]) -> None:
    found = problems(stakeholders=({"id": "g", "name": "Gruppe"} | group,))
    assert found
    for part in ("strategy.toml › stakeholders", *told):
        assert part in found[0]


def test_shares_of_some_groups_only() -> None:
    groups = tuple(
        {"id": name, "name": name, "points": {"K1": 1.0}} | more
        for name, more in (("a", {"share": 1.0}), ("b", {}))
    )
    assert "expected one for each group or none" in problems(stakeholders=groups)[0]


def test_rates_that_overlap_or_end_before_they_begin() -> None:
    assert (
        "expected spans that do not overlap"
        in problems(discount_rates=(rate(2020, 2023, 1), rate(2023, 2026, 3)))[0]
    )
    assert "expected an end after the beginning" in problems(discount_rates=(rate(2023, 2020, 1),))[0]
    with pytest.raises(ValidationError, match="valid_to"):  # a rate without an end would count for ever
        make_strategy(discount_rates=({"valid_from": dt.date(2023, 1, 1), "rate": 0.033, "source": "test"},))


def test_a_criterion_of_a_service_is_not_called_like_the_whole() -> None:
    model = MODEL | {"criteria": ({"id": "level", "name": "Stufe"},)}
    assert "found the id 'level'" in problems(service_models=(model,))[0]


@pytest.mark.parametrize(
    "more", [{"shape": "curved"}, {"step": -1.0}, {"computed": "share"}, {"points": ((0.0, float("inf")),)}]
)
def test_values_that_are_none(more: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        make_strategy(readiness=scale(criterion(**more)))
