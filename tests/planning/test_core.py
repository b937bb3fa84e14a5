"""Non-dominated portfolios and core indices: a case from outside, and all subsets."""

from __future__ import annotations

import json
from itertools import product

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_why import choose

from digistrat.planning.core import core_index, core_index_arrays, extreme_weights
from digistrat.scoring.impact import score_impact


def non_dominated_subsets(low, high, costs, budget, corners):
    """All feasible portfolios that none dominates, by the definition, pair by pair."""
    n = len(low)
    feasible = [x for x in product([0, 1], repeat=n) if (np.array(x) @ costs <= budget).all()]

    def dominates(p, q):
        better = [
            sum(w @ low[j] for j in range(n) if p[j] and not q[j])
            - sum(w @ high[j] for j in range(n) if q[j] and not p[j])
            for w in corners
        ]
        return min(better) >= -1e-9 and max(better) > 1e-9

    return len(feasible), {q for q in feasible if not any(dominates(p, q) for p in feasible)}


def test_the_derived_case_is_met_exactly(shared):
    case = json.loads((shared / "data" / "cases" / "rpm_derived.json").read_text())
    expected, corners = case["expected"], [[1, 0, 0], [0.5, 0.5, 0], [1 / 3, 1 / 3, 1 / 3]]
    for upper, kind in (("score_lower", "point"), ("score_upper", "interval")):
        found = core_index_arrays(case["score_lower"], case[upper], case["cost"], case["budget"], corners)
        assert found.n_feasible == expected["n_feasible"] == 482
        assert len(found.portfolios) == expected[f"n_nondominated_{kind}_scores"]
        assert found.core_index.round(6).tolist() == expected[f"core_index_{kind}"]
        if kind == "point":
            listed = {tuple(np.flatnonzero(one).tolist()) for one in found.portfolios}
            assert listed == {tuple(one) for one in expected["nondominated_point"]}


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_equals_all_pairs_of_all_subsets(data):
    n, n_criteria, n_budgets = (
        data.draw(st.integers(1, 6)),
        data.draw(st.integers(1, 3)),
        data.draw(st.integers(1, 2)),
    )
    numbers = st.integers(0, 5)
    low = np.array([[data.draw(numbers) for _ in range(n_criteria)] for _ in range(n)], dtype=float)
    wider = np.array([[data.draw(st.integers(0, 2)) for _ in range(n_criteria)] for _ in range(n)])
    costs = np.array([[data.draw(numbers) for _ in range(n_budgets)] for _ in range(n)])
    budget = np.array([data.draw(st.integers(0, 12)) for _ in range(n_budgets)])
    corners = np.eye(n_criteria)
    n_feasible, expected = non_dominated_subsets(low, low + wider, costs, budget, corners)
    found = core_index_arrays(low, low + wider, costs, budget, corners)
    assert found.n_feasible == n_feasible
    assert {tuple(map(int, one)) for one in found.portfolios} == expected
    assert len(found.portfolios) == len(expected)
    assert found.core_index == pytest.approx(np.mean(list(expected), axis=0))


def test_too_many_is_said():
    rng = np.random.default_rng(1)
    low = rng.integers(1, 9, (40, 3))
    assert core_index_arrays(low, low + 3, rng.integers(1, 9, 40), 80, np.eye(3), most=200) is None


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([[1]], [[1, 2]], [1], 1, [[1]]), "lower and upper must have the same shape"),
        (([[2]], [[1]], [1], 1, [[1]]), "lower must not be above upper, but is for project 0"),
        (([[1]], [[1]], [1], [1, 2], [[1]]), "budgets must be 1 numbers"),
        (([[1]], [[1]], [1], 1, [[1, 0]]), "weights must be points × 1 criteria"),
        (([[1]], [[1]], [np.nan], 1, [[1]]), "costs must be numbers"),
    ],
)
def test_wrong_calls(arguments, message):
    with pytest.raises(ValueError, match=message):
        core_index_arrays(*arguments)


def test_corners_of_ranges():
    own = pd.Series({"a": 50.0, "b": 30.0, "c": 20.0})
    low, high = own - 10, own + 10
    corners = extreme_weights(own, "ranges", low, high) * 100
    # by hand: two of the three at an end each, one up and one down, the third in the middle
    expected = {(60, 20, 20), (60, 30, 10), (40, 40, 20), (40, 30, 30), (50, 40, 10), (50, 20, 30)}
    assert {tuple(corner) for corner in corners.round(9).tolist()} == expected
    with pytest.raises(ValueError, match="lower and upper must leave room"):
        extreme_weights(own, "ranges", own * 0.1, own * 0.2)


def test_core_borderline_and_exterior():
    # a and b fit together and are better than all others; c is dominated by a, links and duties count
    portfolio = choose([9, 8, 2, 1], [(50, 0), (50, 0), (60, 0), (0, 0)], d={"mandate": "legal"})
    found = core_index(portfolio, score_impact(portfolio.inventory))
    assert found.measure == "core_index"
    assert found.table["role"].to_dict() == {"a": "core", "b": "core", "c": "exterior", "d": "core"}
    assert found.table["is_mandatory"].tolist() == [False, False, False, True]
    assert found.n_portfolios == 1
    drawn = core_index(portfolio, score_impact(portfolio.inventory), most=0, n_samples=3)
    assert (drawn.measure, drawn.n_samples) == ("selection_frequency", 3)
    assert drawn.table["share"].to_dict() == {"a": 1.0, "b": 1.0, "c": 0.0, "d": 1.0}
    with pytest.raises(ValueError, match="weights must be"):
        core_index(portfolio, score_impact(portfolio.inventory), weights="all")
    with pytest.raises(ValueError, match="lower must name criteria"):
        core_index(portfolio, score_impact(portfolio.inventory), lower={"x": 1.0})


def test_the_city_is_too_large_for_the_exact_answer_and_says_so(round_2026):
    found = core_index(round_2026.portfolio, score_impact(round_2026.inventory), n_samples=5)
    assert (found.measure, found.n_samples) == ("selection_frequency", 5)
    duties = found.table.loc[list(round_2026.portfolio.problem.mandatory), "share"]
    assert (duties == 1.0).all()
    assert (found.table["share"] * 5).round(9).mod(1).eq(0).all()
