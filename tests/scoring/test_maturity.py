"""Maturity of offices by hand: gaps that no overshoot hides, targets by the same rule, computed figures."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digistrat import standard_form
from digistrat.scoring.maturity import score_maturity
from inventories import make_inventory, make_strategy, project


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
    scores = maturity(answer("A1", "M1", 2, None), answer("A1", "M2", 1, 3), answer("A1", "M3", None, 4))
    row = scores.table.loc["A1"]
    # groups: A 50, B made from M2 alone 25, half each; M2 goes from 25 to 75
    assert row["score"] == pytest.approx((50 + 25) / 2)
    assert row["target"] == pytest.approx((50 + 75) / 2)
    assert row["gap"] == pytest.approx(25.0)
    assert row["lower"] == pytest.approx((50 * 50 + 30 * 25) / 100)
    assert row["upper"] == pytest.approx((50 * 50 + 30 * 25 + 20 * 100) / 100)
    told = scores.explain("A1")
    assert told["gap"].fillna(-1).tolist() == [-1, 50, -1]  # to the office's own target, where it has one
    assert told["gap_to_top"].fillna(-1).tolist() == [50, 75, -1]


def test_a_target_never_leaves_the_scale():
    row = maturity(
        answer("A1", "M1", 4, None), answer("A1", "M2", 0, 4), answer("A1", "M3", 4, None)
    ).table.loc["A1"]
    assert row["score"] == 70
    assert row["gap"] == pytest.approx(30)
    assert row["target"] == 100


def test_being_above_one_target_hides_no_gap_to_another():
    # M1 is two levels above its target, M2 three below
    scores = maturity(answer("A1", "M1", 4, 2), answer("A1", "M2", 0, 3), answer("A1", "M3", 2, 2))
    row = scores.table.loc["A1"]
    assert row["score"] == pytest.approx(0.5 * 100 + 0.3 * 0 + 0.2 * 50)
    assert row["gap"] == pytest.approx(0.3 * 75)
    assert row["target"] == pytest.approx(60 + 22.5)
    told = scores.explain("A1")
    assert told["gap"].tolist() == [0, 75, 0]
    assert scores.targets.loc["A1"].tolist() == [50, 75, 50]


@pytest.mark.parametrize(
    ("rule", "score", "target"),
    [
        ("minimum", 25, 50),
        ("geometric", 100 * (0.5 * 0.25 * 0.75) ** (1 / 3), 100 * (0.5 * 0.5 * 1) ** (1 / 3)),
    ],
)
def test_the_target_is_made_by_the_rule_of_the_score(rule, score, target):
    criteria = tuple(
        {"id": f"M{k}", "name": name, "weight": 100 / 3, "target": 4.0}
        for k, name in ((1, "Ziele"), (2, "Daten"), (3, "Technik"))
    )
    strategy = make_strategy(maturity={"rule": rule, "source": "test", "criteria": criteria})
    rows = [answer("A1", "M1", 2, 1), answer("A1", "M2", 1, 2), answer("A1", "M3", 3, 4)]
    row = score_maturity(make_inventory(strategy, maturity_ratings=rows)).table.loc["A1"]
    assert row[["score", "target", "gap"]].tolist() == pytest.approx([score, target, target - score])


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


def test_evidence_stands_beside_the_rating():
    scores = maturity(answer("A1", "M1", 3, evidence="Konzept 2025"), answer("A1", "M3", 1))
    assert scores.explain("A1")["remark"].tolist() == ["Konzept 2025", "", ""]


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
        "A1.xlsx › Reifegrad › column “Ist”, row “M2 Daten”",
        "returns.xlsx › maturity_ratings › D3",
    ]
    assert told["raw"].fillna(-1).tolist() == [2, -1, 3]
    assert told["points"].sum() == pytest.approx(scores.table.loc["A1", "score"], abs=1e-12)
    inventory = scores.inventory
    assert inventory.locate("maturity_ratings", 1, "level").cell == "D3"


levels = st.one_of(st.none(), st.integers(0, 4))


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(levels, levels), min_size=3, max_size=3))
def test_the_score_lies_within_its_bounds(answers):
    rows = [answer("A1", f"M{k + 1}", *both) for k, both in enumerate(answers)]
    row = maturity(*rows).table.loc["A1"]
    # groups: M1 | M2, M3, half each; each made from what is known of it
    present = [level for level, _ in answers]
    aimed = [None if level is None else max(level, target or 0) for level, target in answers]
    score, target = by_hand(present), by_hand(aimed)
    if score is None:
        assert np.isnan(row["score"])
    else:
        assert row["score"] == pytest.approx(score)
        assert row["lower"] - 1e-9 <= row["score"] <= row["upper"] + 1e-9
    assert row["lower"] == pytest.approx(by_hand([level or 0 for level in present]))
    assert row["upper"] == pytest.approx(by_hand([4 if level is None else level for level in present]))
    if any(None not in both for both in answers):
        assert row["target"] == pytest.approx(target)
        assert row["gap"] == pytest.approx(target - score)
        assert row["gap"] >= 0
    else:
        assert np.isnan(row["gap"])


def by_hand(given_levels):
    """Return the nested mean of three levels 0–4 on 0–100; None where nothing is known."""
    first, second, third = (None if level is None else 25 * level for level in given_levels)
    rest = [(w, value) for w, value in ((30, second), (20, third)) if value is not None]
    groups = [] if first is None else [first]
    groups += [sum(w * value for w, value in rest) / sum(w for w, _ in rest)] if rest else []
    return sum(groups) / len(groups) if groups else None


# --- figures that nobody is asked for


def test_computed_indicators_stand_among_the_ratings():
    criteria = (
        {"id": "M1", "name": "Ziele", "weight": 50.0, "target": 4.0},
        {"id": "M2", "name": "Online", "weight": 30.0, "target": 1.0, "computed": "share_at_level"},
        {"id": "M3", "name": "Betrieb", "weight": 20.0, "target": 1.0, "computed": "share_operating"},
    )
    strategy = make_strategy(maturity={"rule": "weighted_mean", "source": "test", "criteria": criteria})
    services = [
        {"service_id": "s1", "model": "ozg-2.0", "level": 3.0, "office_id": "A1", "n_cases_yearly": 60},
        {"service_id": "s2", "model": "ozg-2.0", "level": 1.0, "office_id": "A1", "n_cases_yearly": 20},
        {"service_id": "s3", "model": "ozg-2.0", "level": None, "office_id": "A1", "n_cases_yearly": 20},
    ]
    inventory = make_inventory(
        strategy,
        maturity_ratings=[answer("A1", "M1", 2), answer("A2", "M1", 2), answer("A2", "M2", 4)],
        services=services,
        projects=[project("a", "existing"), project("b", "possible"), project("c", "discontinued")],
    )
    scores = score_maturity(inventory)
    row = scores.table.loc["A1"]
    # 60 of 80 known cases, between 60 and 80 of 100; one of two projects
    assert scores.values.loc["A1"].tolist() == [50, 75, 50]
    assert row["score"] == pytest.approx(0.5 * 50 + 0.3 * 75 + 0.2 * 50)
    assert (row["lower"], row["upper"]) == pytest.approx((25 + 18 + 10, 25 + 24 + 10))
    told = scores.explain("A1")
    assert told.loc["M2", "cell"] == "returns.xlsx › computed from services (3)"
    assert told.loc["M3", "cell"] == "returns.xlsx › computed from projects (2)"
    assert told["office"].fillna(-1).tolist() == [2, -1, -1]
    # A2 has neither services nor projects, and what it writes there is not asked for
    indicators = standard_form(strategy).table("maturity_ratings").column("indicator_id")
    assert list(indicators.choices) == ["M1"]
    assert scores.states.loc["A2"].tolist() == ["assessed", "not_applicable", "not_applicable"]
    assert scores.table.loc["A2", "score"] == 50
