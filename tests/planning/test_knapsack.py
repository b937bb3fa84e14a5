"""Selections: published optima, brute force, named conflicts, honest bounds."""

from __future__ import annotations

import itertools
import math
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from planning_instances import read_mknap

from digistrat.planning.knapsack import solve_knapsack
from digistrat.planning.verify import verify_knapsack


def brute_force(values, costs, budgets, requires=(), excludes=(), mandatory=(), forbidden=()):
    """Best value over all subsets, or None."""
    best = None
    for bits in itertools.product([0, 1], repeat=len(values)):
        x = np.array(bits)
        if (x @ costs > np.asarray(budgets) + 1e-9).any():
            continue
        if any(x[a] > x[b] for a, b in requires) or any(x[a] + x[b] > 1 for a, b in excludes):
            continue
        if any(not x[i] for i in mandatory) or any(x[i] for i in forbidden):
            continue
        best = max(x @ values, -math.inf if best is None else best)
    return best


def test_or_library_mknap1_is_proven(shared):
    problems = read_mknap(shared / "data" / "mkp" / "mknap1.txt")
    assert len(problems) == 7
    for values, costs, budgets, best in problems:
        found = solve_knapsack(values, costs, budgets)
        assert (found.status, found.gap) == ("optimal", 0.0)
        assert found.objective == pytest.approx(best, abs=1e-6)
        assert verify_knapsack(found.selected, values, costs, budgets, objective=found.objective).empty


def test_petersen_1967_problem_1():
    # Petersen (1967), Management Science 13:736-750, problem 1 (mknap1 in the OR-Library): optimum 3800.
    values = [100, 600, 1200, 2400, 500, 2000]
    rows = [
        [8, 12, 13, 64, 22, 41], [8, 12, 13, 75, 22, 41], [3, 6, 4, 18, 6, 4], [5, 10, 8, 32, 6, 12],
        [5, 13, 8, 42, 6, 20], [5, 13, 8, 48, 6, 20], [0, 0, 0, 0, 8, 0], [3, 0, 4, 0, 8, 0],
        [3, 2, 4, 0, 8, 4], [3, 2, 4, 8, 8, 4],
    ]  # fmt: skip
    found = solve_knapsack(values, np.array(rows).T, [80, 96, 20, 36, 44, 48, 10, 18, 22, 24])
    assert (found.objective, found.status) == (3800.0, "optimal")


@st.composite
def knapsacks(draw):
    n, m = draw(st.integers(1, 7)), draw(st.integers(1, 3))
    values = draw(st.lists(st.integers(0, 20), min_size=n, max_size=n))
    costs = draw(st.lists(st.lists(st.integers(0, 9), min_size=m, max_size=m), min_size=n, max_size=n))
    budgets = draw(st.lists(st.integers(0, 20), min_size=m, max_size=m))
    pair = st.tuples(st.integers(0, n - 1), st.integers(0, n - 1)).filter(lambda p: p[0] != p[1])
    pairs = st.lists(pair, max_size=2, unique=True) if n > 1 else st.just([])
    some = st.lists(st.integers(0, n - 1), max_size=2, unique=True)
    sides = {
        "requires": draw(pairs),
        "excludes": draw(pairs),
        "mandatory": draw(some),
        "forbidden": draw(some),
    }
    return np.array(values), np.array(costs), np.array(budgets), sides


@settings(max_examples=60, deadline=None)
@given(knapsacks())
def test_equals_brute_force_and_conflicts_are_irreducible(problem):
    values, costs, budgets, sides = problem
    best = brute_force(values, costs, budgets, **sides)
    found = solve_knapsack(values, costs, budgets, **sides)
    if best is not None:
        assert found.status == "optimal"
        assert found.objective == best == found.bound
        assert verify_knapsack(found.selected, values, costs, budgets, objective=best, **sides).empty
        return
    assert found.status == "infeasible"
    assert math.isnan(found.objective)

    def allowed(names):
        """Whether the named constraints alone have a solution, by brute force."""
        kept = [n[1] for n in names if n[0] == "budget"]
        some = {key: [n[1:] for n in names if n[0] == key] for key in ("requires", "excludes")}
        single = {key: [n[1] for n in names if n[0] == key] for key in ("mandatory", "forbidden")}
        return brute_force(values, costs[:, kept], budgets[kept], **some, **single) is not None

    assert found.conflicts
    assert not allowed(found.conflicts)
    for name in found.conflicts:
        assert allowed([n for n in found.conflicts if n != name])


def test_labels_come_back_whatever_the_order():
    values = pd.Series({"c": 3.0, "a": 5.0, "b": 4.0})
    costs = pd.DataFrame({"2028": {"a": 1.0, "b": 2.0, "c": 9.0}, "2027": {"a": 4.0, "b": 4.0, "c": 1.0}})
    found = solve_knapsack(values, costs, pd.Series({"2027": 8.0, "2028": 3.0}))
    assert found.selected.to_dict() == {"c": False, "a": True, "b": True}
    assert found.slack.to_dict() == {"2027": 0.0, "2028": 0.0}


def test_mandatory_items_over_budget_name_the_fewest():
    values = pd.Series(1.0, index=list("abcd"))
    costs = pd.DataFrame({"it": [1.0, 1.0, 6.0, 5.0], "money": 1.0}, index=values.index)
    found = solve_knapsack(values, costs, pd.Series({"it": 10.0, "money": 9.0}), mandatory="abcd")
    assert set(found.conflicts) == {("mandatory", "c"), ("mandatory", "d"), ("budget", "it")}
    assert "mandatory c" in str(found)


def test_items_without_value_are_not_chosen():
    found = solve_knapsack([5.0, 0.0, 0.0], [[1.0], [1.0], [1.0]], [9.0])
    assert found.selected.tolist() == [True, False, False]


def test_no_budget_is_exceeded_by_a_solver_tolerance():
    # Two items that together need one cent more than there is.
    found = solve_knapsack([1.0, 1.0], [[5_000_000.00], [5_000_000.01]], [10_000_000.0])
    assert (found.objective, found.status) == (1.0, "optimal")
    exact = solve_knapsack([1.0, 1.0], [[5_000_000.00], [5_000_000.01]], [10_000_000.01])
    assert exact.objective == 2.0


def test_a_selection_that_just_misses_a_budget_hides_no_other():
    # Items 1, 2 and 3 (value 200) need 10.000002 of 10; the best that fits is 1 and 3.
    found = solve_knapsack([10, 80, 40, 80, 40], [2.0, 1.000002, 1.0, 8.0, 10.0], 10.0)
    assert (found.objective, found.bound, found.status) == (160.0, 160.0, "optimal")


@settings(max_examples=60, deadline=None)
@given(knapsacks(), st.integers(0, 6), st.sampled_from([1e-5, 3e-6, 1e-6, 1e-7, 1e-8]))
def test_equals_brute_force_however_little_is_missing(problem, item, little):
    values, costs, budgets, sides = problem
    costs = costs.astype(float)
    costs[item % len(values)] += little
    best = brute_force(values, costs, budgets, **sides)
    found = solve_knapsack(values, costs, budgets, **sides)
    assert (found.status == "optimal") == (best is not None)
    if best is not None:
        assert found.objective == best


@settings(max_examples=40, deadline=None)
@given(
    knapsacks(),
    st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6), st.integers(-9, 20)), max_size=3),
    st.lists(st.integers(0, 6), min_size=1, max_size=4, unique=True),
    st.integers(0, 3),
)
def test_pairs_and_coverage_equal_brute_force(problem, pairs, members, at_least):
    values, costs, budgets, sides = problem
    n = len(values)
    synergies = {(a, b): v for a, b, v in pairs if a < b < n}
    coverage = {"field": ([k for k in members if k < n], at_least)}
    best = None
    for bits in itertools.product([0, 1], repeat=n):
        x = np.array(bits)
        alone = bool((x @ costs <= budgets).all())
        alone = alone and not any(x[a] > x[b] for a, b in sides["requires"])
        alone = alone and not any(x[a] + x[b] > 1 for a, b in sides["excludes"])
        alone = alone and all(x[i] for i in sides["mandatory"]) and not any(x[i] for i in sides["forbidden"])
        if alone and sum(x[k] for k in coverage["field"][0]) >= at_least:
            total = x @ values + sum(v for (a, b), v in synergies.items() if x[a] and x[b])
            best = total if best is None else max(best, total)
    found = solve_knapsack(values, costs, budgets, **sides, coverage=coverage, synergies=synergies)
    assert (found.status == "optimal") == (best is not None)
    if best is None:
        assert found.conflicts
        return
    assert found.objective == best == found.bound
    checked = verify_knapsack(
        found.selected,
        values,
        costs,
        budgets,
        **sides,
        coverage=coverage,
        synergies=synergies,
        objective=best,
    )
    assert checked.empty


def test_one_item_far_larger_than_its_budget_hides_no_other():
    # 30 items of 0.3 to 0.5 beside one of two thousand million: 5.0 allow the same 16 as without it
    worth = [float(3 + k % 5) for k in range(30)]
    sizes = [0.3 + 0.2 * (k % 7) / 6 for k in range(30)]
    with_it = solve_knapsack([*worth, 50.0], [*sizes, 2e9], 5.0)
    without = solve_knapsack(worth, sizes, 5.0)
    assert (with_it.status, with_it.objective) == ("optimal", without.objective)
    assert not with_it.selected.iloc[-1]
    forced = solve_knapsack([*worth, 50.0], [*sizes, 2e9], 5.0, mandatory=[30])
    assert set(forced.conflicts) == {("mandatory", 30), ("budget", 0)}


def test_small_items_beside_a_large_one_that_fits():
    # 2e9 + 1.0 allow the large item and two of the three small ones
    found = solve_knapsack([9.0, 1.0, 1.0, 1.0], [2e9, 0.5, 0.5, 0.5], 2e9 + 1.0)
    assert found.objective == 11.0
    assert found.selected.sum() == 3


def test_a_known_selection_helps_and_a_wrong_one_does_no_harm():
    rng = np.random.default_rng(5)
    values, costs = rng.integers(100, 999, 60), rng.integers(100, 999, (60, 6))
    budgets = costs.sum(axis=0) // 2
    best = solve_knapsack(values, costs, budgets)
    again = solve_knapsack(values, costs, budgets, known=[best.selected], node_limit=1)
    assert again.objective == best.objective  # one node alone does not find it: see the honest bound below
    wrong = solve_knapsack(values, costs, budgets, known=[best.selected | True])
    assert wrong.objective == best.objective


def test_a_known_selection_that_the_solver_stops_at_is_not_called_the_best():
    values, costs = [10, 70, 10, 10, 0, 10], [(45, 0), (45, 60), (45, 0), (20, 60), (0, 0), (20, 60)]
    known = pd.Series([False, True, True, False, False, False])
    found = solve_knapsack(values, np.array(costs), [150, 150], known=[known])
    # the second item and two of the others: 70 + 10 + 10, as a third one would exceed 150 or 150
    assert (found.objective, found.bound, found.status) == (90, 90, "optimal")


@pytest.mark.slow
@pytest.mark.parametrize("number", [5, 18, 25])
def test_or_library_mknapcb1_reaches_the_best_known(shared, number):
    values, costs, budgets, _ = read_mknap(shared / "data" / "mkp" / "mknapcb1.txt")[number]
    listed = pd.read_csv(shared / "data" / "mkp" / "best_known_mknapcb1.csv")["best_known"]
    found = solve_knapsack(values, costs, budgets, tie_break=False)
    assert found.objective >= listed[number]
    assert found.gap == 0.0
    assert verify_knapsack(found.selected, values, costs, budgets, objective=found.objective).empty


def test_seconds_may_limit_the_search():
    rng = np.random.default_rng(7)
    values, costs = rng.integers(100, 999, 200), rng.integers(100, 999, (200, 10))
    found = solve_knapsack(values, costs, costs.sum(axis=0) // 2, time_limit=0.5)
    assert found.status in ("feasible", "limit")
    assert found.bound >= 0


def test_a_node_limit_gives_an_honest_bound():
    rng = np.random.default_rng(7)
    values, costs = rng.integers(100, 999, 90), rng.integers(100, 999, (90, 8))
    budgets = costs.sum(axis=0) // 2
    short = solve_knapsack(values, costs, budgets, node_limit=1)
    full = solve_knapsack(values, costs, budgets, gap=0.002)
    assert short.objective <= full.bound
    assert short.bound >= full.objective
    assert short.gap == pytest.approx((short.bound - short.objective) / short.objective)
    assert full.gap <= 0.002


def test_same_selection_twice():
    rng = np.random.default_rng(3)
    values, costs = rng.integers(1, 9, 40), rng.integers(1, 9, (40, 3))
    one, two = (solve_knapsack(values, costs, costs.sum(axis=0) // 3) for _ in range(2))
    pd.testing.assert_series_equal(one.selected, two.selected)


def test_prints_nothing():
    call = "from digistrat.planning.knapsack import solve_knapsack as s; s([1.0, 2.0], [[1.0], [1.0]], [1.0])"
    done = subprocess.run([sys.executable, "-c", call], capture_output=True, text=True, check=True)
    assert done.stdout + done.stderr == ""


@pytest.mark.parametrize(
    ("arguments", "sides", "message"),
    [
        (([1, 2], [[1]], [1]), {}, "costs must have 2 items × 1 budgets"),
        (([1, math.nan], [[1], [1]], [1]), {}, "values must be finite"),
        (([1], [[math.nan]], [1]), {}, "costs must be finite"),
        (([1], [[1]], [math.nan]), {}, "budgets must be numbers"),
        (([1], [[1]], [1]), {"mandatory": ["x"]}, "mandatory must name items of values, not 'x'"),
        (([1], [[1]], [1]), {"excludes": [(0, 0)]}, "two different items"),
        (([1], [[1]], [1]), {"synergies": {(0, 0): 1.0}}, "synergies must name two different items"),
        (([1, 1], [[1], [1]], [1]), {"synergies": {(0, 1): math.nan}}, "synergies must be finite"),
        (([1], [[1]], [1]), {"coverage": {"f": (["x"], 1)}}, "coverage must name items of values, not 'x'"),
        ((pd.Series([1, 2], index=["a", "a"]), [[1], [1]], [1]), {}, "unique labels"),
        ((pd.Series({"a": 1}), pd.DataFrame({0: {"b": 1.0}}), [1]), {}, "labels of values"),
    ],
)
def test_wrong_calls(arguments, sides, message):
    with pytest.raises(ValueError, match=message):
        solve_knapsack(*arguments, **sides)
