"""Capital values by hand and against annuities; rates only where the strategy has one."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digistrat.scoring.economics import (
    capital_value,
    cost_classes,
    discount_rate,
    economics_by_year,
    score_economics,
)
from inventories import cost, make_inventory, make_strategy, project

DATA = Path(__file__).resolve().parents[2] / "data"


def rate(first: str, last: str, percent: float) -> dict[str, Any]:
    ends = {"valid_from": dt.date.fromisoformat(first), "valid_to": dt.date.fromisoformat(last)}
    return ends | {"rate": percent / 100, "source": f"circular of {first}"}


# what the circulars that were seen say; of 2018 none was, and of none the end
SEEN = (rate("2005-11-08", "2011-05-08", 4.3), rate("2011-05-09", "2011-12-31", 3.3))
TODAY = rate("2026-01-01", "2026-12-31", 3.3)


def effect(project_id: str, year: int | None, amount: float | None, **more: Any) -> dict[str, Any]:
    row = {"project_id": project_id, "kind": "saving", "is_budget_effective": True, "year": year}
    return row | {"amount_eur": amount} | more


def economics(
    costs: list[dict[str, Any]],
    effects: list[dict[str, Any]],
    names: str = "a",
    rates: tuple[dict[str, Any], ...] = (TODAY,),
    **more: Any,
) -> pd.DataFrame:
    inventory = make_inventory(
        make_strategy(discount_rates=rates), projects=[project(n) for n in names], project_costs=costs
    )
    columns = list(effect("", 0, 0.0))
    return score_economics(inventory, pd.DataFrame(effects, columns=None if effects else columns), **more)


def test_the_hand_figure() -> None:
    # 60/1.033 + 60/1.033² − 100
    flows = pd.Series({2026: -100.0, 2027: 60.0, 2028: 60.0})
    assert capital_value(flows, 0.033, base_year=2026) == pytest.approx(14.311, abs=5e-4)
    found = economics([cost("a", 2026, 100)], [effect("a", 2027, 60), effect("a", 2028, 60)])
    assert found.loc["a", "kn"] == pytest.approx(14.311, abs=5e-4)
    assert found.loc["a", ["state", "rate"]].tolist() == ["calculated", 0.033]


def test_the_base_year_is_named_and_not_the_first_row() -> None:
    flows = pd.Series({2028: 100.0})
    assert capital_value(flows, 0.1, base_year=2028) == pytest.approx(100)
    assert capital_value(flows, 0.1, base_year=2026) == pytest.approx(100 / 1.21)
    with pytest.raises(ValueError, match="base_year 2029"):
        capital_value(flows, 0.1, base_year=2029)


@pytest.mark.parametrize("wrong", [-0.01, np.nan, np.inf])
def test_rates_that_are_none(wrong: float) -> None:
    with pytest.raises(ValueError, match="rate"):
        capital_value(pd.Series({2026: 1.0}), wrong, base_year=2026)


def test_flows_that_are_not_known_or_none() -> None:
    assert np.isnan(capital_value(pd.Series({2026: 1.0, 2027: None}), 0.03, base_year=2026))
    assert capital_value(pd.Series(dtype=float), 0.03, base_year=2026) == 0
    with pytest.raises(ValueError, match="finite"):
        capital_value(pd.Series({2026: np.inf}), 0.03, base_year=2026)
    with pytest.raises(ValueError, match="whole"):
        capital_value(pd.Series({2026.5: 1.0}), 0.03, base_year=2026)


@settings(max_examples=60)
@given(st.floats(0.001, 0.2), st.integers(1, 30), st.floats(-1e6, 1e6))
def test_equal_payments_are_an_annuity(i: float, n: int, amount: float) -> None:
    flows = pd.Series(amount, index=range(2027, 2027 + n))
    annuity = amount * (1 - (1 + i) ** -n) / i  # closed form, first payment one year after the base year
    assert capital_value(flows, i, base_year=2026) == pytest.approx(annuity, rel=1e-9, abs=1e-6)


amounts = st.lists(st.tuples(st.integers(2026, 2040), st.floats(-1e6, 1e6)), max_size=12)


@settings(max_examples=60)
@given(amounts, st.floats(0, 0.2), st.randoms())
def test_order_and_base_year_of_payments(payments, i, random) -> None:
    def kn(rows, base_year=2026, sign=1.0):
        return capital_value(
            pd.Series([sign * b for _, b in rows], [a for a, _ in rows]), i, base_year=base_year
        )

    shuffled = random.sample(payments, len(payments))
    assert kn(shuffled) == pytest.approx(kn(payments), rel=1e-9, abs=1e-6)
    assert kn(payments, 2025) * (1 + i) == pytest.approx(kn(payments), rel=1e-9, abs=1e-6)
    assert kn(payments, sign=-1.0) == pytest.approx(-kn(payments), rel=1e-9, abs=1e-6)


def test_the_rate_of_a_date_or_none() -> None:
    strategy = make_strategy(discount_rates=SEEN)
    assert discount_rate(strategy, dt.date(2011, 5, 8)).rate == 0.043
    assert discount_rate(strategy, dt.date(2011, 5, 9)).source == "circular of 2011-05-09"
    assert discount_rate(strategy, dt.datetime(2011, 12, 31, 23)).rate == 0.033
    with pytest.raises(ValueError, match=r"2005-11-08 to 2011-05-08, 2011-05-09 to 2011-12-31.*2018-06-30"):
        discount_rate(strategy, dt.date(2018, 6, 30))
    with pytest.raises(ValueError, match="none"):
        discount_rate(make_strategy(), dt.date(2018, 6, 30))


def test_without_a_rate_there_is_a_reason_and_no_number() -> None:
    flows = [cost("a", 2026, 100)], [effect("a", 2027, 160)]
    found = economics(*flows, rates=SEEN, on=dt.date(2018, 6, 30)).loc["a"]
    assert found["state"] == "no_rate"
    assert found[["kn", "kn_lower", "kn_upper", "kn_budget", "kn_other", "rate"]].isna().all()
    for told in ("30 Jun 2018", "8 Nov 2005", "31 Dec 2011"):
        assert told in found["reason"]
    assert economics(*flows, rates=()).loc["a", "state"] == "no_rate"


def test_costs_alone_give_no_capital_value_and_effects_alone_neither() -> None:
    found = economics(
        [cost("a", 2026, 100), cost("c", 2026, 100)],
        [effect("b", 2027, 50), effect("c", 2025, 50)],  # that of c has come already
        names="abcd",
    )
    assert found["state"].tolist() == ["no_effects", "no_costs", "no_effects", "no_effects"]
    assert found[["kn", "kn_lower", "kn_upper", "kn_budget", "kn_other"]].isna().all(axis=None)
    assert found["reason"].nunique() == 2
    nothing = make_inventory(
        make_strategy(discount_rates=(TODAY,)), projects=[project("a")], project_costs=[cost("a", 2026, 1)]
    )
    assert score_economics(nothing).loc["a", "state"] == "no_effects"  # the form has no such table
    assert score_economics(make_inventory(make_strategy())).empty


def test_budget_effective_and_not() -> None:
    found = economics(
        [cost("a", 2026, 100), cost("b", 2026, 100)],
        [
            effect("a", 2026, 70),
            effect("a", 2027, 103.3, kind="revenue", is_budget_effective=False),
            effect("b", 2026, 70),
            effect("b", 2026, 10, is_budget_effective=None),
        ],
        names="ab",
    )
    assert found.loc["a", ["kn", "kn_budget", "kn_other"]].tolist() == pytest.approx([70, -30, 100])
    assert found.loc["b", "kn"] == pytest.approx(-20)
    assert found.loc["b", ["kn_budget", "kn_other"]].isna().all()


def test_intervals_give_bounds() -> None:
    found = economics(
        [cost("a", 2026, 100, amount_eur_lower=80.0, amount_eur_upper=150.0)],
        [effect("a", 2026, 120, amount_eur_lower=110.0, amount_eur_upper=130.0), effect("a", 2027, 103.3)],
    )
    assert found.loc["a", ["kn", "kn_lower", "kn_upper"]].tolist() == pytest.approx([120, 60, 150])
    # "at least 120" has no upper end
    found = economics(
        [cost("a", 2026, 100)], [effect("a", 2026, 120, amount_eur_lower=120.0, amount_eur_upper=None)]
    )
    assert found.loc["a", ["kn", "kn_lower"]].tolist() == pytest.approx([20, 20])
    assert np.isnan(found.loc["a", "kn_upper"])


@pytest.mark.parametrize(
    ("costs", "effects", "lower", "upper"),
    [
        ([cost("a", 2026, None), cost("a", 2026, 100)], [effect("a", 2026, 80)], np.nan, -20),
        ([cost("a", 2026, 100)], [effect("a", 2026, None), effect("a", 2026, 80)], -20, np.nan),
        ([cost("a", 2026, 100)], [effect("a", None, 130)], -100, 30),  # in no known year, perhaps never again
        ([cost("a", None, 100)], [effect("a", 2026, 130)], 30, 130),
        ([cost("a", 2026, None)], [effect("a", 2026, None)], np.nan, np.nan),
    ],
)
def test_what_is_not_known_leaves_bounds(costs, effects, lower, upper) -> None:
    found = economics(costs, effects).loc["a"]
    assert found["state"] == "unclear"
    assert np.isnan(found["kn"])
    assert found[["kn_lower", "kn_upper"]].tolist() == pytest.approx([lower, upper], nan_ok=True)


def running(*by_year: tuple[int | None, float | None]) -> list[dict[str, Any]]:
    return [cost("a", year, amount, "consumptive", is_recurring=True) for year, amount in by_year]


@pytest.mark.parametrize(
    ("costs", "effects", "lower", "upper"),
    [
        # 20 a year from nobody knows when: not at all in time, or more often than once
        (running((None, 20)), [effect("a", 2026, 130)], np.nan, 130),
        (running((20280101, 20)), [effect("a", 2026, 130)], np.nan, 130),
        (running((None, 0)), [effect("a", 2026, 130)], 130, 130),
        # the effect may come late, and the running costs go on until then
        (running((2026, 20)), [effect("a", None, 130)], np.nan, 110),
        (running((2024, 20)), [effect("a", None, 130)], np.nan, 130),
        (running((2026, 20)), [effect("a", 20280101, 130)], np.nan, 110),
        (running((2026, 20), (2027, 0)), [effect("a", None, 130)], -20, 110),  # they have ended
        # what is paid once, of a year that cannot be, is as without a year
        ([cost("a", 20280101, 100)], [effect("a", 2026, 130)], 30, 130),
        ([cost("a", 0, 100)], [effect("a", 2026, 130)], 30, 130),
    ],
)
def test_what_recurs_in_no_known_year_has_no_bound(costs, effects, lower, upper) -> None:
    found = economics(costs, effects).loc["a"]
    assert found["state"] == "unclear"
    assert np.isnan(found["kn"])
    assert found[["kn_lower", "kn_upper"]].tolist() == pytest.approx([lower, upper], nan_ok=True)


def test_a_running_cost_of_another_project_opens_no_bound() -> None:
    found = economics(
        [*running((2026, 20)), cost("b", 2026, 10)],
        [effect("a", 2026, 50), effect("b", None, 30)],
        names="ab",
    )
    assert found.loc["a", ["kn_lower", "kn", "kn_upper"]].tolist() == [30, 30, 30]
    assert found.loc["b", ["kn_lower", "kn_upper"]].tolist() == [-10, 20]


def test_year_by_year_what_recurs_until_an_unknown_year_is_not_known() -> None:
    inventory = make_inventory(
        make_strategy(discount_rates=(TODAY,)), projects=[project("a")], project_costs=running((2026, 20))
    )
    found = economics_by_year(inventory, pd.DataFrame([effect("a", 20280101, 130)]))
    assert found["year"].fillna(0).tolist() == [2026, 0]
    assert found["costs_eur"].tolist() == pytest.approx([20, np.nan], nan_ok=True)
    assert found["effects_eur"].tolist() == [0, 130]
    assert found["cumulative_eur"].tolist() == pytest.approx([-20, np.nan], nan_ok=True)


def test_running_costs_go_on_as_long_as_the_effects() -> None:
    effects = [effect("a", year, 50) for year in (2026, 2027, 2028, 2029)]
    zero = (rate("2026-01-01", "2026-12-31", 0),)
    carried = economics(running((2026, 10), (2027, 20)), effects, rates=zero).loc["a"]
    assert carried["kn"] == pytest.approx(200 - 10 - 20 - 20 - 20)
    assert carried["is_assumed"]
    ended = economics(running((2026, 10), (2027, 20), (2028, 0), (2029, 0)), effects, rates=zero).loc["a"]
    assert ended["kn"] == pytest.approx(170)
    assert not ended["is_assumed"]
    gap = economics(running((2026, 10), (2027, None), (2029, 40)), effects, rates=zero).loc["a"]
    assert gap["kn"] == pytest.approx(200 - 10 - 10 - 10 - 40)
    unknown = economics(running((2026, None)), effects, rates=zero).loc["a"]
    assert unknown["state"] == "unclear"
    once = economics([cost("a", 2026, 10)], effects, rates=zero).loc["a"]
    assert once["kn"] == pytest.approx(190)  # what is paid once does not go on


def test_payments_before_the_base_year_are_made_and_do_not_count() -> None:
    flows = [cost("a", 2025, 1000), cost("a", 2027, 103.3)], [effect("a", 2025, 500), effect("a", 2026, 110)]
    assert economics(*flows).loc["a", "kn"] == pytest.approx(10)
    assert economics(*flows, base_year=2025).loc["a", "kn"] == pytest.approx(
        -500 + 110 / 1.033 - 103.3 / 1.033**2
    )


def test_without_a_year_nothing_is_known_at_a_rate_of_0_either() -> None:
    zero = (rate("2026-01-01", "2026-12-31", 0),)
    found = economics([cost("a", None, 30)], [effect("a", 2026, 100)], rates=zero).loc["a"]
    assert (found["state"], found["kn_lower"], found["kn_upper"]) == ("unclear", 70, 100)
    assert np.isnan(found["kn"])


def test_a_project_year_by_year_pays_for_itself_in_the_third() -> None:
    """-100 in 2026, then 60 a year against 10 running: -100, +50 / 1.033, +50 / 1.033², +50 / 1.033³."""
    inventory = make_inventory(
        make_strategy(discount_rates=(TODAY,)),
        projects=[project("a"), project("b")],
        project_costs=[
            cost("a", 2026, 100),
            cost("a", 2027, 10, "consumptive", is_recurring=True),
            cost("b", None, 7),
        ],
    )
    effects = pd.DataFrame([effect("a", year, 60) for year in (2027, 2028, 2029)])
    found = economics_by_year(inventory, effects)
    a = found[found["project_id"] == "a"]
    assert a["year"].tolist() == [2026, 2027, 2028, 2029]
    assert a["costs_eur"].tolist() == [100, 10, 10, 10]
    assert a["effects_eur"].tolist() == [0, 60, 60, 60]
    assert a["net_eur"].tolist() == [-100, 50, 50, 50]
    values = np.array([-100, 50 / 1.033, 50 / 1.033**2, 50 / 1.033**3])
    assert a["present_eur"].tolist() == pytest.approx(values.tolist())
    assert a["cumulative_eur"].tolist() == pytest.approx(values.cumsum().tolist())
    assert (a["cumulative_eur"] > 0).tolist() == [False, False, False, True]
    assert a["is_assumed"].tolist() == [False, False, True, True]
    (b,) = found[found["project_id"] == "b"].itertuples()
    assert (pd.isna(b.year), b.costs_eur, np.isnan(b.present_eur)) == (True, 7, True)
    late = economics_by_year(inventory, effects, on=dt.date(2018, 1, 1), base_year=2026)
    assert late["net_eur"].tolist() == found["net_eur"].tolist()
    assert late["present_eur"].isna().all()  # no rate for 2018, and none is made up
    assert economics_by_year(make_inventory(make_strategy())).empty


def test_effects_that_are_no_effects() -> None:
    with pytest.raises(ValueError, match="is_budget_effective"):
        score_economics(make_inventory(make_strategy()), pd.DataFrame({"project_id": ["a"]}))
    with pytest.raises(ValueError, match="saving, revenue"):
        economics([], [effect("a", 2026, 1, kind="hope")])
    assert economics([], [effect("unheard of", 2026, 1, kind=None)]).index.tolist() == ["a"]


def by_year(costs: list[dict[str, Any]], effects: list[dict[str, Any]]) -> pd.Series:
    """Return what every project is worth after its last year."""
    rates = make_strategy(discount_rates=(TODAY,))
    inventory = make_inventory(rates, projects=[project(n) for n in "ab"], project_costs=costs)
    return economics_by_year(inventory, pd.DataFrame(effects)).groupby("project_id")["cumulative_eur"].last()


flows = st.lists(st.tuples(st.sampled_from("ab"), st.integers(2026, 2030), st.floats(0, 1e6)), max_size=8)


@settings(max_examples=12)
@given(flows, flows, st.floats(0, 1e6))
def test_other_projects_change_nothing_and_a_saving_never_lowers(costs, effects, more) -> None:
    paid, got = [cost(*row) for row in costs], [effect(*row) for row in effects]
    both, extra = economics(paid, got, "ab"), economics(paid, [*got, effect("a", 2028, more)], "ab")
    alone = economics([r for r in paid if r["project_id"] == "a"], [r for r in got if r["project_id"] == "a"])
    pd.testing.assert_series_equal(both.loc["a"], alone.loc["a"], rtol=1e-9)
    pd.testing.assert_series_equal(both.loc["b"], extra.loc["b"])
    if both.loc["a", "state"] == "calculated":
        one = both.loc["a"]
        assert by_year(paid, got).loc["a"] == pytest.approx(one["kn"], abs=1e-6)
        assert extra.loc["a", "kn"] >= one["kn"] - 1e-6
        assert one["kn_lower"] == one["kn"] == one["kn_upper"]
        assert one["kn_budget"] + one["kn_other"] == pytest.approx(one["kn"])


def test_classes_of_costs() -> None:
    low = pd.Series({"a": 0.0, "b": 50.0, "c": 50.1, "d": 40.0, "e": np.nan, "f": 900.0})
    high = pd.Series({"a": 0.0, "b": 50.0, "c": 100.0, "d": 60.0, "e": np.nan, "f": np.nan})
    found = cost_classes(low, high, [50, 100])
    assert found["lowest"].tolist() == [0, 0, 1, 0, 0, 2]
    assert found["highest"].tolist() == [0, 0, 1, 1, 2, 2]
    assert found["from_eur"].tolist() == [0, 0, 50, 0, 0, 100]
    assert found["to_eur"].tolist() == [50, 50, 100, 100, np.inf, np.inf]
    assert found["is_certain"].tolist() == [True, True, True, False, False, True]


@pytest.mark.parametrize("limits", [[100, 50], [50, 50], [0, 50], [-1], [np.nan], [np.inf]])
def test_limits_that_are_none(limits: list[float]) -> None:
    with pytest.raises(ValueError, match="limits"):
        cost_classes(pd.Series([1.0]), pd.Series([1.0]), limits)
    with pytest.raises(ValueError, match="low"):
        cost_classes(pd.Series([2.0]), pd.Series([1.0]), [5])
