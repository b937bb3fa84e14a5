"""Levels of services: the lowest criterion decides, models apart, bundles, what is online."""

from __future__ import annotations

import datetime as dt
import math
from types import SimpleNamespace

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digistrat.scoring.services import count_models, online_share, score_bundles, score_services
from inventories import make_inventory, make_strategy


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


@settings(max_examples=25, deadline=None)
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
    number = online_share(SimpleNamespace(table=table), by="number")  # type: ignore[arg-type]
    assert (number.lower, number.upper, number.unknown, number.n_without_cases) == (0.5, 0.75, 0.25, 1)
    with pytest.raises(ValueError, match="by must be 'cases' or 'number', not 'weight'"):
        online_share(table, by="weight")  # type: ignore[arg-type]


def scored(*rows, ratings=(), model=None, **more):
    return score_services(
        make_inventory(make_strategy(), services=list(rows), service_ratings=list(ratings), **more),
        model=model,
    )


# --- the level that an office reports of the whole


def test_where_no_criterion_is_rated_the_reported_level_counts():
    scores = scored(
        service("whole", "ozg-1.1", 3.0),
        service("parts", "ozg-1.1", 4.0),
        service("silent", "ozg-1.1"),
        ratings=[criterion("parts", "C1", 2), criterion("parts", "C2", 3), criterion("parts", "C3", 3)],
    )
    table = scores.table
    assert table["basis"].to_dict() == {"whole": "reported", "parts": "criteria", "silent": "criteria"}
    assert table.loc["whole", ["level", "level_lower", "level_upper", "coverage"]].tolist() == [3, 3, 3, 1]
    assert table.loc["whole", "score"] == 75
    assert table.loc["whole", "rank"] == 1
    assert table.loc["parts", ["level", "coverage"]].tolist() == [2, 1]
    assert table.loc["silent", ["state", "level_lower", "level_upper"]].tolist() == ["not_scored", 0, 4]
    told = scores.explain("whole")
    assert told["state"].tolist() == ["not_applicable"] * 3 + ["assessed"]
    assert told.loc["level", ["raw", "cell"]].tolist() == [3, "returns.xlsx › services › F2"]
    assert scores.states.loc["parts", "level"] == "not_applicable"


def test_one_rated_criterion_is_an_interval_whatever_is_reported():
    scores = scored(service("s", "ozg-1.1", 3.0), ratings=[criterion("s", "C1", 2)])
    assert scores.table.loc["s", ["level_lower", "level_upper"]].tolist() == [0, 2]
    assert "level" not in scores.values


@pytest.mark.parametrize("model", ["ozg-1.1", "ozg-2.0"])
@pytest.mark.parametrize("level", [2.5, 9.0, -1.0])
def test_a_reported_level_that_is_none_is_unreadable(model, level):
    row = scored(service("s", model, level), model=model).table.loc["s"]
    assert row["state"] == "not_scored"
    assert pd.isna(row["level"])
    assert row[["level_lower", "level_upper"]].tolist() == [0, {"ozg-1.1": 4, "ozg-2.0": 7}[model]]
    assert row["is_online"] is pd.NA
    assert row["reported_level"] == level


def test_a_criterion_between_two_levels_is_unreadable():
    scores = scored(
        service("s", "ozg-1.1"),
        ratings=[criterion("s", "C1", 2.5), criterion("s", "C2", 4), criterion("s", "C3", 3)],
    )
    assert scores.states.loc["s"].tolist() == ["unreadable", "assessed", "assessed"]
    assert scores.table.loc["s", ["level_lower", "level_upper"]].tolist() == [0, 3]


def test_levels_have_the_names_of_the_model():
    scores = scored(service("s", "ozg-2.0", 3.0))
    assert [name for name, _ in scores.levels] == list("01234567")
    assert [start for _, start in scores.levels] == pytest.approx([100 * k / 7 for k in range(8)])
    assert scores.rule_source == "test"


def test_every_model_is_counted_with_whether_it_is_in_force():
    inventory = make_inventory(
        make_strategy(),
        services=[
            service("a", "ozg-1.1", n_cases_yearly=10),
            service("b", "ozg-2.0", n_cases_yearly=20),
            service("c", "ozg-2.0"),
            service("d", None, n_cases_yearly=5),
        ],
    )
    counts = count_models(inventory)  # on 30 April 2026; 1.1 ended on 30 June 2025
    assert counts["n_services"].to_dict() == {"ozg-1.1": 1, "ozg-2.0": 2, "": 1}
    assert counts["n_cases_yearly"].to_dict() == {"ozg-1.1": 10, "ozg-2.0": 20, "": 5}
    assert counts["is_in_force"].to_dict() == {"ozg-1.1": False, "ozg-2.0": True, "": False}
    last_day = inventory.replace(reporting_date=dt.date(2025, 6, 30))
    assert count_models(last_day)["is_in_force"].to_dict() == {"ozg-1.1": True, "ozg-2.0": False, "": False}


# --- bundles


def test_a_bundle_is_online_when_at_least_one_of_its_services_is():
    bundles = score_bundles(
        scored(
            service("a1", "ozg-2.0", 2.0, bundle_id="a", n_cases_yearly=30),
            service("a2", "ozg-2.0", 0.0, bundle_id="a"),
            service("a3", "ozg-2.0", None, bundle_id="a"),
            service("b1", "ozg-2.0", 1.0, bundle_id="b", n_cases_yearly=10),
            service("b2", "ozg-2.0", 0.0, bundle_id="b", n_cases_yearly=20),
            service("c1", "ozg-2.0", 1.0, bundle_id="c"),
            service("c2", "ozg-2.0", None, bundle_id="c"),
            service("none", "ozg-2.0", 7.0),
        )
    )
    assert bundles.index.tolist() == ["a", "b", "c"]
    assert bundles["n_services"].tolist() == [3, 2, 2]
    assert bundles["is_online"].tolist() == [True, False, pd.NA]
    assert bundles["n_cases_yearly"].tolist() == [30, 30, pd.NA]
    assert bundles["n_without_cases"].tolist() == [2, 0, 2]
    share = online_share(bundles)
    assert (share.lower, share.upper, share.n_without_cases) == (0.5, 0.5, 1)
    by_number = online_share(bundles, by="number")
    assert (by_number.lower, by_number.upper) == pytest.approx((1 / 3, 2 / 3))


def test_services_of_another_model_leave_a_bundle_open():
    scores = scored(
        service("a1", "ozg-2.0", 1.0, bundle_id="a"),
        service("a2", "ozg-1.1", 4.0, bundle_id="a"),
        service("b1", "ozg-2.0", 2.0, bundle_id="b"),
        service("b2", None, 4.0, bundle_id="b"),
        service("c1", "ozg-1.1", 4.0, bundle_id="c"),
        model="ozg-2.0",
    )
    bundles = score_bundles(scores)
    assert bundles["n_services"].to_dict() == {"a": 1, "b": 1}
    assert bundles["n_other"].to_dict() == {"a": 1, "b": 1}
    assert bundles["is_online"].tolist() == [pd.NA, True]


def test_no_services_no_bundles():
    assert score_bundles(scored()).empty
    assert score_bundles(scored(service("s", "ozg-2.0", 3.0))).empty


@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from("ab"), st.one_of(st.none(), st.integers(0, 7))), min_size=1, max_size=5
    )
)
def test_bundles_by_enumeration(rows):
    bundles = score_bundles(
        scored(*(service(f"s{k}", "ozg-2.0", level, bundle_id=b) for k, (b, level) in enumerate(rows)))
    )
    for bundle in {b for b, _ in rows}:
        worlds = {
            any((unknown if level is None else level) >= 2 for b, level in rows if b == bundle)
            for unknown in (0, 7)
        }
        online = bundles.loc[bundle, "is_online"]
        assert (pd.isna(online) and len(worlds) == 2) or worlds == {bool(online)}
