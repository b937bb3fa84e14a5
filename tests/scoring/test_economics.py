"""Capital values by hand and against annuities; rates only where the strategy has one; three-valued rule."""

from __future__ import annotations

import datetime as dt
import tomllib
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
    score_economics,
    wibe_decision,
)
from digistrat.strategy import StrategyError, load_strategy
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


def test_running_costs_go_on_as_long_as_the_effects() -> None:
    def running(*by_year: tuple[int, float | None]) -> list[dict[str, Any]]:
        return [cost("a", year, amount, "consumptive", is_recurring=True) for year, amount in by_year]

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


def test_effects_that_are_no_effects() -> None:
    with pytest.raises(ValueError, match="is_budget_effective"):
        score_economics(make_inventory(make_strategy()), pd.DataFrame({"project_id": ["a"]}))
    with pytest.raises(ValueError, match="saving, revenue"):
        economics([], [effect("a", 2026, 1, kind="hope")])
    assert economics([], [effect("unheard of", 2026, 1, kind=None)]).index.tolist() == ["a"]


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


def decide(kn: float, d: float, q: float, **bounds: pd.DataFrame) -> Any:
    return wibe_decision(*(pd.Series({"a": x}, dtype=float) for x in (kn, d, q)), **bounds).loc[
        "a", "is_to_do"
    ]


@pytest.mark.parametrize(
    ("kn", "d", "q", "expected"),
    [
        (1, 0, 0, True),
        (0, 49.9, 49.9, False),  # a capital value of 0 is not above 0, 50 points are enough
        (-1, 50, 0, True),
        (-1, 0, 50, True),
        (-1, 49.999999999999, 0, True),
        (np.nan, 50, np.nan, True),
        (np.nan, 0, 0, pd.NA),
        (-1, np.nan, 0, pd.NA),
        (np.nan, np.nan, np.nan, pd.NA),
    ],
)
def test_one_yes_is_enough_and_not_known_is_no_no(kn: float, d: float, q: float, expected: Any) -> None:
    found = decide(kn, d, q)
    assert found is expected or found == expected


def bounds(**by_name: float) -> pd.DataFrame:
    return pd.DataFrame(by_name, index=["a"])


@pytest.mark.parametrize(
    ("lower", "upper", "expected"),
    [
        (bounds(urgency=50.0), bounds(urgency=80.0), True),
        (bounds(urgency=30.0), bounds(urgency=49.0), False),
        (bounds(urgency=30.0), bounds(urgency=50.0), pd.NA),
        (bounds(kn=1.0), bounds(kn=np.nan), True),
        (bounds(kn=0.0), bounds(kn=5.0), pd.NA),  # 0 is not above 0
        (bounds(kn=-5.0), bounds(kn=0.0), False),
        (bounds(kn=np.nan), bounds(kn=-1.0), False),
        (bounds(kn=-5.0), bounds(kn=np.nan), pd.NA),
    ],
)
def test_bounds_decide(lower: pd.DataFrame, upper: pd.DataFrame, expected: Any) -> None:
    found = decide(-1, 40, 0, lower=lower, upper=upper)
    assert found is expected or found == expected


def test_labels_and_wrong_bounds() -> None:
    found = wibe_decision(pd.Series({"a": 1.0}), pd.Series({"b": 60.0}), pd.Series({"c": 0.0}))
    assert found["is_to_do"].fillna(False).tolist() == [True, True, False]
    assert pd.isna(found.loc["c", "is_to_do"])
    with pytest.raises(ValueError, match="quality"):
        decide(1, 1, 1, lower=bounds(q=1.0))
    with pytest.raises(ValueError, match="lower must not be above upper"):
        decide(1, 1, 1, lower=bounds(kn=2.0), upper=bounds(kn=1.0))


points = st.floats(0, 100)


@settings(max_examples=60)
@given(st.floats(-10, 10), points, points, st.floats(0, 5), points, points)
def test_a_verdict_with_bounds_holds_for_all_inside(kn, d, q, wide, at, to) -> None:
    low = {"kn": kn - wide, "urgency": min(d, at), "quality": min(q, to)}
    high = {"kn": kn + wide, "urgency": max(d, at), "quality": max(q, to)}
    found = decide(kn, d, q, lower=bounds(**low), upper=bounds(**high))
    inside = [decide(*(low.values())), decide(kn, d, q), decide(*(high.values()))]
    assert pd.isna(found) or all(one == found for one in inside)
    assert pd.notna(found) or inside[0] != inside[2]


@pytest.mark.parametrize(("block", "total"), [("d", 90), ("q", 105)])
def test_the_weights_of_wibe_that_we_could_not_verify_are_refused(
    shared: Path, tmp_path: Path, block: str, total: int
) -> None:
    catalogue = tomllib.loads((shared / "domain" / "wibe.toml").read_text("utf-8"))[block]
    assert sum(entry["w"] for entry in catalogue) == total
    whole = (DATA / "strategy.toml").read_text("utf-8")
    before, rest = whole.split("\n[impact]\n")
    after = rest[rest.index("\n[readiness]\n") :]
    lines = ["[impact]", 'rule = "weighted_mean"', 'source = "WiBe"']
    for entry in catalogue:
        lines += ["[[impact.criteria]]", f'id = "W{entry["nr"]}"', f'name = "{entry["name"]}"']
        lines += [f"weight = {entry['w']}"]
    (tmp_path / "strategy.toml").write_text("\n".join([before, *lines, after]), "utf-8")
    (tmp_path / "offices.toml").write_bytes((DATA / "offices.toml").read_bytes())
    with pytest.raises(
        StrategyError, match=rf"1 problem .*\n.*impact\.criteria: weights sum to {total}, expected 100"
    ):
        load_strategy(tmp_path / "strategy.toml")
