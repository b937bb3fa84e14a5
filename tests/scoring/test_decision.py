"""The rule of WiBe by hand: on figures, and on what returns say of money, urgency and quality."""

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

from digistrat import standard_form
from digistrat.inventory.checks import run_checks
from digistrat.scoring.decision import score_wibe, wibe_decision, wibe_scores
from digistrat.scoring.economics import score_economics
from digistrat.strategy import Strategy, StrategyError, load_strategy
from inventories import cost, make_inventory, make_strategy, project

DATA = Path(__file__).resolve().parents[2] / "data"


def scale(**weights: float) -> dict[str, Any]:
    criteria = tuple(
        {"id": name, "name": f"Name {name}", "weight": weight} for name, weight in weights.items()
    )
    return {"rule": "weighted_mean", "source": "test", "criteria": criteria}


RATE = {
    "valid_from": dt.date(2026, 1, 1),
    "valid_to": dt.date(2026, 12, 31),
    "rate": 0.033,
    "source": "test",
}
ASKING = make_strategy(urgency=scale(D1=60.0, D2=40.0), quality=scale(Q1=100.0), discount_rates=(RATE,))


def rate(project_id: str, **by_criterion: float | None) -> list[dict[str, Any]]:
    return [{"project_id": project_id, "criterion_id": c, "points": p} for c, p in by_criterion.items()]


def decided(
    *ratings: list[dict[str, Any]], savings: dict[str, float], strategy: Strategy = ASKING
) -> pd.DataFrame:
    """Every project costs 100 in 2026 and saves the amount given in 2027."""
    columns = ["project_id", "kind", "is_budget_effective", "year", "amount_eur"]
    effects = pd.DataFrame([(p, "saving", True, 2027, a) for p, a in savings.items()], columns=columns)
    inventory = make_inventory(
        strategy,
        projects=[project(name) for name in "abcd"],
        project_costs=[cost(name, 2026, 100) for name in "abcd"],
        decision_ratings=[row for rows in ratings for row in rows],
    )
    return score_wibe(inventory, score_economics(inventory, effects))


def test_money_urgency_and_quality_of_four_projects_by_hand() -> None:
    """KN = -100 + saving / 1.033 at 3.3 %; D = (60 D1 + 40 D2) / 10, Q = 10 Q1 on 0-100."""
    found = decided(
        rate("a", D1=0, D2=0, Q1=0),
        rate("b", D1=8, D2=1, Q1=2),
        rate("c", D1=4, D2=None, Q1=5),
        rate("d", D1=4, D2=None, Q1=4),
        savings={"a": 206.6, "b": 51.65, "c": 51.65, "d": 51.65},
    )
    assert found["kn"].tolist() == pytest.approx([100, -50, -50, -50])
    assert found["urgency"].tolist() == pytest.approx([0, 52, 40, 40])
    # one of two criteria of weight 40 is missing: from 0.6 · 40 to 0.6 · 40 + 40
    assert found.loc["c", ["urgency_lower", "urgency_upper"]].tolist() == pytest.approx([24, 64])
    assert found["quality"].tolist() == pytest.approx([0, 20, 50, 40])
    assert found["by_capital_value"].tolist() == [True, False, False, False]
    assert found["by_urgency"].tolist() == [False, True, pd.NA, pd.NA]
    assert found["by_quality"].tolist() == [False, False, True, False]
    assert found["is_to_do"].tolist() == [True, True, True, pd.NA]
    assert found["economics"].tolist() == ["calculated"] * 4


def test_what_nobody_rated_or_priced_is_not_decided() -> None:
    found = decided(rate("a", D1=0, D2=0, Q1=0), rate("b", D1=10, D2=10), savings={"c": 50.0})
    assert found["is_to_do"].tolist() == [pd.NA, True, pd.NA, pd.NA]  # a has no capital value, c no points
    assert found["economics"].tolist() == ["no_effects", "no_effects", "calculated", "no_effects"]
    assert found.loc["d", ["urgency_lower", "urgency_upper"]].tolist() == [0, 100]


def test_bounds_of_money_and_of_points_decide() -> None:
    inventory = make_inventory(
        ASKING,
        projects=[project(name) for name in "ab"],
        project_costs=[
            cost("a", 2026, 100, amount_eur_lower=90.0, amount_eur_upper=110.0),
            cost("b", 2026, 100),
        ],
        decision_ratings=[
            *rate("a", D1=0, D2=0, Q1=0),
            *rate("b", D1=0, D2=0),
            {"project_id": "b", "criterion_id": "Q1", "points": 6, "points_lower": 5.0, "points_upper": 7.0},
        ],
        project_effects=[
            {
                "project_id": name,
                "kind": "saving",
                "is_budget_effective": True,
                "year": 2026,
                "amount_eur": money,
            }
            for name, money in (("a", 105.0), ("b", 10.0))
        ],
    )
    found = score_wibe(inventory)
    assert found.loc["a", ["kn", "kn_lower", "kn_upper"]].tolist() == [5, -5, 15]
    assert found["is_to_do"].tolist() == [pd.NA, True]  # 5 to 7 points are 50 to 70
    told = wibe_scores(inventory, "quality").explain("b")
    assert told.loc["Q1", ["raw", "low", "high"]].tolist() == [6, 50, 70]
    assert told.loc["Q1", "cell"].startswith("returns.xlsx › decision_ratings › ")


@pytest.mark.parametrize(("cost_year", "effect_year"), [(None, 2026), (2026, None), (20280101, 2026)])
def test_running_costs_without_an_end_decide_nothing(cost_year: int | None, effect_year: int | None) -> None:
    """An effect of 105 is worth more than 10 once, and less than 10 a year for long."""
    inventory = make_inventory(
        ASKING,
        projects=[project("a")],
        project_costs=[cost("a", cost_year, 10, "consumptive", is_recurring=True)],
        decision_ratings=rate("a", D1=0, D2=0, Q1=0),
    )
    columns = ["project_id", "kind", "is_budget_effective", "year", "amount_eur"]
    effects = pd.DataFrame([("a", "saving", True, effect_year, 105.0)], columns=columns)
    found = score_wibe(inventory, score_economics(inventory, effects)).loc["a"]
    assert np.isnan(found["kn_lower"])
    assert found["kn_upper"] > 0
    assert pd.isna(found["by_capital_value"])
    assert pd.isna(found["is_to_do"])


def test_a_strategy_that_does_not_ask_is_told_what_it_lacks() -> None:
    with pytest.raises(ValueError, match="scale of urgency and of quality"):
        score_wibe(make_inventory(make_strategy(), projects=[project("a")]))
    half = make_strategy(urgency=scale(D1=100.0))
    with pytest.raises(ValueError, match="scale of quality for"):
        score_wibe(make_inventory(half, projects=[project("a")]))
    inventory = make_inventory(half, projects=[project("a")], decision_ratings=rate("a", D1=7))
    assert wibe_scores(inventory, "urgency").table.loc["a", "score"] == 70
    with pytest.raises(ValueError, match="part must be one of urgency, quality"):
        wibe_scores(inventory, "impact")  # type: ignore[arg-type]


def test_the_form_asks_only_where_the_strategy_does() -> None:
    assert "decision_ratings" not in [table.name for table in standard_form(make_strategy()).tables]
    last = standard_form(ASKING).tables[-1]
    assert (last.name, last.title) == ("decision_ratings", "Dringlichkeit und Qualität")
    assert last.unpivot is not None
    assert list(last.unpivot.members) == ["D1", "D2", "Q1"]
    points = last.column("points")
    assert (points.minimum, points.maximum) == (0, 10)
    half = standard_form(make_strategy(quality=scale(Q1=100.0))).tables[-1]
    assert half.unpivot is not None
    assert list(half.unpivot.members) == ["Q1"]


def test_a_project_that_nobody_reported_and_a_second_rating_are_told() -> None:
    inventory = make_inventory(
        ASKING,
        projects=[project("a")],
        decision_ratings=[*rate("a", D1=1), *rate("a", D1=2), *rate("x", D1=2)],
    )
    told = {(one.table, one.code) for one in run_checks(inventory)}
    assert {code for table, code in told if table == "decision_ratings"} == {"rated-twice", "unknown-project"}


# --- the rule itself


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


# --- weights that were not verified


@pytest.mark.parametrize(("part", "block", "total"), [("urgency", "d", 90), ("quality", "q", 105)])
def test_the_weights_of_wibe_that_we_could_not_verify_are_refused(
    shared: Path, tmp_path: Path, part: str, block: str, total: int
) -> None:
    catalogue = tomllib.loads((shared / "domain" / "wibe.toml").read_text("utf-8"))[block]
    assert sum(entry["w"] for entry in catalogue) == total

    def write(last: float) -> Path:
        lines = [f"[{part}]", 'rule = "weighted_mean"', 'source = "WiBe"']
        weights = [entry["w"] for entry in catalogue[:-1]] + [last]
        for entry, weight in zip(catalogue, weights, strict=True):
            lines += [f"[[{part}.criteria]]", f'id = "W{entry["nr"]}"', f'name = "{entry["name"]}"']
            lines += [f"weight = {weight}"]
        whole = (DATA / "strategy.toml").read_text("utf-8")
        (tmp_path / "strategy.toml").write_text("\n".join([whole, *lines]), "utf-8")
        (tmp_path / "offices.toml").write_bytes((DATA / "offices.toml").read_bytes())
        return tmp_path / "strategy.toml"

    with pytest.raises(
        StrategyError, match=rf"1 problem .*\n.*{part}\.criteria: weights sum to {total}, expected 100"
    ):
        load_strategy(write(catalogue[-1]["w"]))
    # made to sum to 100 by hand, the same criteria are taken (only the sum was wrong)
    loaded = load_strategy(write(catalogue[-1]["w"] + 100 - total))
    assert len(loaded.decision_criteria) == len(catalogue)
    assert standard_form(loaded).tables[-1].name == "decision_ratings"
