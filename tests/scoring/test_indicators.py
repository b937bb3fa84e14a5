"""Shares that the inventory gives by office, by hand: unknown levels are bounds, never zeros."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digistrat.scoring.indicators import INDICATORS, share_at_level, share_online, share_operating
from inventories import make_inventory, make_strategy, project

COLUMNS = ["value", "lower", "upper", "n", "n_unknown"]


def service(name, level, cases, *, model="ozg-2.0", office="A1"):
    return {"service_id": name, "model": model, "level": level, "n_cases_yearly": cases, "office_id": office}


def inventory_of(*services, **more):
    return make_inventory(make_strategy(), services=list(services), **more)


def test_share_of_cases_at_level_three_by_office():
    found = share_at_level(
        inventory_of(
            service("a", 3.0, 60),
            service("b", 2.0, 20),
            service("c", None, 20),
            service("d", 7.0, None),  # without cases: in no share
            service("e", 5.0, 10, office="A2"),
        )
    )
    assert found.loc["A1", COLUMNS].tolist() == pytest.approx([0.75, 0.6, 0.8, 3, 1])
    assert found.loc["A2", COLUMNS].tolist() == [1, 1, 1, 1, 0]
    assert found.loc["IHK", ["value", "lower", "upper"]].isna().all()
    assert found.loc["IHK", "n"] == 0
    assert found["source"].to_dict() == {
        "A1": "returns.xlsx › computed from services (3)",
        "A2": "returns.xlsx › computed from services (1)",
        "IHK": "",
    }


def test_another_level_another_share():
    services = service("a", 3.0, 60), service("b", 2.0, 20), service("c", 0.0, 20)
    assert share_at_level(inventory_of(*services), 2).loc["A1", "value"] == 0.8
    assert share_at_level(inventory_of(*services), 4).loc["A1", "value"] == 0
    assert share_online(inventory_of(*services)).loc["A1", "value"] == 0.8  # online from level 2


def test_levels_of_another_model_or_none_are_not_known():
    services = (
        service("a", 3.0, 50),
        service("b", 4.0, 30, model="ozg-1.1"),
        service("c", 4.0, 20, model=None),
    )
    inventory = inventory_of(*services)
    # on 30 April 2026 the model 2.0 is in force
    assert share_at_level(inventory).loc["A1", COLUMNS].tolist() == pytest.approx([1, 0.5, 1, 3, 2])
    old = share_at_level(inventory, model="ozg-1.1")
    assert old.loc["A1", COLUMNS].tolist() == pytest.approx([1, 0.3, 1, 3, 2])
    earlier = inventory.replace(reporting_date=dt.date(2025, 1, 1))
    assert share_at_level(earlier).loc["A1", "lower"] == pytest.approx(0.3)


def test_where_no_model_is_in_force_nothing_is_known():
    inventory = inventory_of(service("a", 3.0, 50)).replace(reporting_date=dt.date(2019, 1, 1))
    row = share_at_level(inventory).loc["A1"]
    assert np.isnan(row["value"])
    assert row[["lower", "upper", "n", "n_unknown"]].tolist() == [0, 1, 1, 1]
    with pytest.raises(ValueError, match="model must be one of"):
        share_at_level(inventory, model="ozg-3")


def test_an_interval_of_levels_is_known_where_it_decides():
    ratings = [
        {"service_id": "a", "criterion_id": "C1", "level": 2.0},  # at most 2
        {"service_id": "b", "criterion_id": "C1", "level": 4.0},  # anything up to 4
    ]
    services = service("a", None, 40, model="ozg-1.1"), service("b", None, 60, model="ozg-1.1")
    inventory = inventory_of(*services, service_ratings=ratings)
    found = share_at_level(inventory, model="ozg-1.1").loc["A1"]
    assert found[COLUMNS].tolist() == pytest.approx([0, 0, 0.6, 2, 1])


def test_share_of_projects_in_operation():
    projects = [
        project("a", "existing"),
        project("b", "possible"),
        project("c", "in_preparation"),
        project("d", "discontinued"),
        project("e", None),
        project("f", "existing", office_id="A2"),
    ]
    found = share_operating(make_inventory(make_strategy(), projects=projects))
    assert found.loc["A1", COLUMNS].tolist() == pytest.approx([1 / 3, 1 / 4, 1 / 2, 4, 1])
    assert found.loc["A2", COLUMNS].tolist() == [1, 1, 1, 1, 0]
    assert found.loc["A1", "source"] == "returns.xlsx › computed from projects (4)"


@pytest.mark.parametrize("name", INDICATORS)
def test_an_empty_inventory_has_no_shares(name):
    found = INDICATORS[name](inventory_of())
    assert found.index.tolist() == ["A1", "A2", "IHK"]
    assert found[["value", "lower", "upper"]].isna().all(axis=None)
    assert (found["n"] == 0).all()


@settings(max_examples=12, deadline=None)
@given(
    st.lists(st.tuples(st.one_of(st.none(), st.integers(0, 7)), st.integers(1, 1000)), min_size=1, max_size=6)
)
def test_the_share_lies_within_bounds_that_every_completion_keeps(rows):
    def share(levels):
        services = [service(f"s{k}", level, rows[k][1]) for k, level in enumerate(levels)]
        return share_at_level(inventory_of(*services)).loc["A1"]

    found = share([level for level, _ in rows])
    total = sum(cases for _, cases in rows)
    for unknown, bound in ((0, "lower"), (7, "upper")):
        filled = [unknown if level is None else level for level, _ in rows]
        reached = sum(rows[k][1] for k, level in enumerate(filled) if level >= 3)
        assert found[bound] == pytest.approx(reached / total)
        assert share(filled)["value"] == pytest.approx(reached / total)
    assert np.isnan(found["value"]) or found["lower"] - 1e-12 <= found["value"] <= found["upper"] + 1e-12
