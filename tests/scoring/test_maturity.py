"""Maturity of offices and services by hand: gaps, bounds, the minimum rule, models apart."""

from __future__ import annotations

import math
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digistrat.scoring.maturity import online_share, score_maturity, score_services
from inventories import make_inventory, make_strategy


def answer(office, indicator, level, target=None, **more):
    return {"office_id": office, "indicator_id": indicator, "level": level, "target_level": target} | more


def maturity(*rows, returned=("A1", "A2", "IHK")):
    return score_maturity(make_inventory(make_strategy(), maturity_ratings=list(rows), returned=returned))


# --- offices: M1 50 (group A), M2 30 and M3 20 (group B), levels 0–4


def test_score_gap_and_target_by_hand():
    scores = maturity(answer("A1", "M1", 2, 4), answer("A1", "M2", 1, 2), answer("A1", "M3", 4, 4))
    row = scores.table.loc["A1"]
    # 50·50 + 30·25 + 20·100 = 5250; targets 50·100 + 30·50 + 20·100 = 8500
    assert row["score"] == pytest.approx(52.5)
    assert row["target"] == pytest.approx(85.0)
    assert row["gap"] == pytest.approx(32.5)
    assert (row["lower"], row["upper"], row["state"], row["rank"]) == (
        row["score"],
        row["score"],
        "scored",
        1,
    )
    assert scores.groups.loc["A1"].to_dict() == pytest.approx({"A": 50, "B": (30 * 25 + 20 * 100) / 50})


def test_the_gap_is_over_indicators_that_have_both():
    row = maturity(
        answer("A1", "M1", 2, None), answer("A1", "M2", 1, 3), answer("A1", "M3", None, 4)
    ).table.loc["A1"]
    assert row["gap"] == pytest.approx(50.0)  # M2 alone: from 25 to 75
    assert row["score"] == pytest.approx((50 * 50 + 30 * 25) / 80)
    assert row["lower"] == pytest.approx((50 * 50 + 30 * 25) / 100)
    assert row["upper"] == pytest.approx((50 * 50 + 30 * 25 + 20 * 100) / 100)
    assert row["target"] == pytest.approx(row["score"] + 50.0)


def test_a_target_never_leaves_the_scale():
    row = maturity(
        answer("A1", "M1", 4, None), answer("A1", "M2", 0, 4), answer("A1", "M3", 4, None)
    ).table.loc["A1"]
    assert row["gap"] == 100
    assert row["target"] == 100


def test_no_target_and_no_answer_are_missing_not_zero():
    table = maturity(answer("A1", "M1", 2), answer("A1", "M2", 2), answer("A1", "M3", 2)).table
    assert np.isnan(table.loc["A1", "gap"])
    assert np.isnan(table.loc["A1", "target"])
    assert table.loc["A1", "score"] == 50
    silent = table.loc["A2"]
    assert (silent["state"], silent["coverage"], silent["lower"], silent["upper"]) == (
        "not_scored",
        0,
        0,
        100,
    )
    assert np.isnan(silent["score"])
    assert pd.isna(silent["rank"])


def test_partners_are_not_assessed_and_silent_offices_not_listed():
    rows = [answer("IHK", "M1", 4, 4), answer("A1", "M1", 1)]
    assert maturity(*rows).table.index.tolist() == ["A1", "A2"]
    assert maturity(*rows, returned=("A1",)).table.index.tolist() == ["A1"]
    # who is rated, in whosoever's return, is not lost
    assert maturity(answer("A2", "M1", 1), returned=("A1",)).table.index.tolist() == ["A1", "A2"]
    assert maturity(returned=()).table.empty


def test_not_applicable_leaves_the_denominator():
    scores = maturity(
        answer("A1", "M1", None, 4, state="not_applicable"),
        answer("A1", "M2", 2, 3),
        answer("A1", "M3", 4, 4),
    )
    row = scores.table.loc["A1"]
    assert row["score"] == pytest.approx((30 * 50 + 20 * 100) / 50)
    assert row["lower"] == row["upper"] == row["score"]
    assert row["gap"] == pytest.approx(30 * 25 / 50)


def test_explain_leads_to_the_cell():
    scores = maturity(answer("A1", "M1", 2), answer("A1", "M3", 3))
    told = scores.explain("A1")
    assert told["cell"].tolist() == [
        "returns.xlsx › maturity_ratings › D2",
        "",
        "returns.xlsx › maturity_ratings › D3",
    ]
    assert told["raw"].fillna(-1).tolist() == [2, -1, 3]
    assert told["points"].sum() == pytest.approx(scores.table.loc["A1", "score"], abs=1e-12)
    inventory = scores.inventory
    assert inventory.locate("maturity_ratings", 1, "level").cell == "D3"


levels = st.one_of(st.none(), st.integers(0, 4))


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(levels, levels), min_size=3, max_size=3))
def test_the_score_lies_within_its_bounds(answers):
    rows = [answer("A1", f"M{k + 1}", *both) for k, both in enumerate(answers)]
    row = maturity(*rows).table.loc["A1"]
    known = [(w, level) for w, (level, _) in zip((50, 30, 20), answers, strict=True) if level is not None]
    if known:
        assert row["score"] == pytest.approx(
            sum(w * level * 25 for w, level in known) / sum(w for w, _ in known)
        )
        assert row["lower"] - 1e-9 <= row["score"] <= row["upper"] + 1e-9
    assert row["lower"] == pytest.approx(sum(w * level * 25 for w, level in known) / 100)
    both = [
        (w, target - level)
        for w, (level, target) in zip((50, 30, 20), answers, strict=True)
        if None not in (level, target)
    ]
    if both:
        assert row["gap"] == pytest.approx(sum(w * d * 25 for w, d in both) / sum(w for w, _ in both))
    else:
        assert np.isnan(row["gap"])


# --- services


def service(name, model, level=None, **more):
    return {"service_id": name, "name": name, "model": model, "level": level, "office_id": "A1"} | more


def criterion(name, one, level, **more):
    return {"service_id": name, "criterion_id": one, "level": level} | more


def test_the_lowest_criterion_decides():
    rows = [criterion("s", "C1", 3), criterion("s", "C2", 2), criterion("s", "C3", 4)]
    inventory = make_inventory(make_strategy(), services=[service("s", "ozg-1.1", 4.0)], service_ratings=rows)
    scores = score_services(inventory, model="ozg-1.1")
    row = scores.table.loc["s"]
    assert (row["level"], row["level_lower"], row["level_upper"], row["is_online"]) == (2, 2, 2, True)
    assert row["reported_level"] == 4  # what the office says of the whole stands beside, never over it
    assert row["score"] == pytest.approx(50)
    assert scores.explain("s")["cell"].tolist() == [
        f"returns.xlsx › service_ratings › C{k}" for k in (2, 3, 4)
    ]


@pytest.mark.parametrize(
    ("levels", "lower", "upper", "online"),
    [
        ((3, None, 4), 0, 3, pd.NA),  # the missing one decides
        ((1, None, 4), 0, 1, False),  # at most 1, whatever the missing one is
        ((None, None, None), 0, 4, pd.NA),
        ((2, 2, 2), 2, 2, True),
        ((1, 4, 4), 1, 1, False),
    ],
)
def test_a_missing_criterion_gives_an_interval(levels, lower, upper, online):
    rows = [criterion("s", f"C{k + 1}", level) for k, level in enumerate(levels)]
    inventory = make_inventory(make_strategy(), services=[service("s", "ozg-1.1")], service_ratings=rows)
    row = score_services(inventory).table.loc["s"]
    assert (row["level_lower"], row["level_upper"]) == (lower, upper)
    assert row["is_online"] is online or row["is_online"] == online
    assert pd.isna(row["level"]) == (None in levels)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.one_of(st.none(), st.integers(0, 4), st.just("n/a")), min_size=3, max_size=3))
def test_the_minimum_rule_by_enumeration(levels):
    rows = [
        criterion("s", f"C{k + 1}", None if level == "n/a" else level)
        | (
            {"state": "not_applicable"}
            if level == "n/a"
            else {"state": "missing" if level is None else "assessed"}
        )
        for k, level in enumerate(levels)
    ]
    inventory = make_inventory(make_strategy(), services=[service("s", "ozg-1.1")], service_ratings=rows)
    row = score_services(inventory).table.loc["s"]
    applicable = [level for level in levels if level != "n/a"]
    if not applicable:
        assert pd.isna(row["level"])
        return
    worlds = [min(4 if level is None else level for level in applicable)]
    worlds.append(min(0 if level is None else level for level in applicable))
    assert row["level_upper"] == max(worlds)
    assert row["level_lower"] == min(worlds)
    if None not in applicable:
        assert row["level"] == min(applicable)


def test_models_are_never_mixed():
    services = [
        service("old", "ozg-1.1", 3.0),
        service("new", "ozg-2.0", 5.0, n_cases_yearly=1200),
        service("new2", "ozg-2.0", None),
        service("none", None, 7.0),
    ]
    inventory = make_inventory(make_strategy(), services=services)
    scores = score_services(inventory)  # most services are reported under 2.0
    assert scores.table.index.tolist() == ["new", "new2"]
    assert scores.table["model"].unique().tolist() == ["ozg-2.0"]
    row = scores.table.loc["new"]
    assert (row["level"], row["score"], row["is_online"], row["n_cases_yearly"]) == (
        5,
        pytest.approx(500 / 7),
        True,
        1200,
    )
    assert scores.explain("new")["cell"].tolist() == ["returns.xlsx › services › F3"]
    blank = scores.table.loc["new2"]
    assert (blank["state"], blank["level_lower"], blank["level_upper"]) == ("not_scored", 0, 7)
    assert score_services(inventory, model="ozg-1.1").table.index.tolist() == ["old"]


@pytest.mark.parametrize("level", range(8))
def test_every_level_comes_back_as_itself(level):
    inventory = make_inventory(make_strategy(), services=[service("s", "ozg-2.0", float(level))])
    row = score_services(inventory).table.loc["s"]
    assert (row["level"], row["level_lower"], row["level_upper"]) == (level, level, level)
    assert row["is_online"] == (level >= 2)


def test_a_level_that_the_model_does_not_have_is_unreadable():
    rows = [criterion("s", "C1", 6), criterion("s", "C2", 3), criterion("s", "C3", 3)]
    inventory = make_inventory(make_strategy(), services=[service("s", "ozg-1.1")], service_ratings=rows)
    scores = score_services(inventory)
    assert scores.states.loc["s"].tolist() == ["unreadable", "assessed", "assessed"]
    assert (scores.table.loc["s", "level_lower"], scores.table.loc["s", "level_upper"]) == (0, 3)


def test_models_that_there_are_not():
    inventory = make_inventory(make_strategy())
    assert score_services(inventory).table.empty
    with pytest.raises(ValueError, match=r"model must be one of \['ozg-1.1', 'ozg-2.0'\], not 'ozg-3'"):
        score_services(inventory, model="ozg-3")
    with pytest.raises(ValueError, match=r"model must be one of \[\], not ''"):
        score_services(make_inventory(make_strategy(service_models=())))


def test_unknown_levels_widen_the_online_share() -> None:
    table = pd.DataFrame(
        {
            "is_online": pd.array([True, False, pd.NA, True], dtype="boolean"),
            "n_cases_yearly": pd.array([50, 30, 20, pd.NA], dtype="Int64"),
        }
    )
    share = online_share(SimpleNamespace(table=table))  # type: ignore[arg-type]
    assert (share.lower, share.upper, share.unknown, share.n_without_cases) == (0.5, 0.7, 0.2, 1)
    nothing = online_share(SimpleNamespace(table=table.iloc[3:]))  # type: ignore[arg-type]
    assert math.isnan(nothing.lower)
    assert nothing.n_without_cases == 1
