"""Bounds and proofs are of the numbers as given, not of rounded ones."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digistrat.planning.activities import schedule_activities
from digistrat.planning.activity_frames import read_activities
from digistrat.planning.activity_problem import fits, whole_numbers
from digistrat.planning.verify import verify_schedule_activities

ONE = pd.Series({"post": 1.0})


def staff(shares):
    labels = [f"a{k}" for k in range(len(shares))]
    return pd.Series(1, index=labels), pd.DataFrame({"post": shares}, index=labels, dtype=float)


@pytest.mark.parametrize("parts", [3, 6, 7, 49])
def test_as_many_parts_as_make_a_whole_fit_together(parts):
    length, need = staff([1 / parts] * parts)
    found = schedule_activities(length, need, ONE, None)
    assert (found.makespan, found.bound, found.status) == (1, 1, "optimal")
    # one more part makes two periods, of which the sum of work proves the second
    length, need = staff([1 / parts] * (parts + 1))
    found = schedule_activities(length, need, ONE, None)
    assert (found.makespan, found.bound, found.status) == (2, 2, "optimal")


def test_thirds_with_a_deadline_are_not_called_impossible():
    length, need = staff([1 / 3] * 3)
    found = schedule_activities(length, need, ONE, None, deadlines=pd.Series(1, index=length.index))
    assert (found.start.tolist(), found.status) == ([0, 0, 0], "optimal")


def test_a_millionth_too_much_is_too_much():
    length, need = staff([0.5000004, 0.5000004])  # beyond six decimals: the outward numbers would allow both
    found = schedule_activities(length, need, ONE, None)
    assert found.makespan == 2
    assert found.bound <= 2
    assert verify_schedule_activities(found.start, length, need, ONE, None).empty


@pytest.mark.parametrize("later", [[], [1e9]])
def test_money_that_is_just_enough_is_enough(later):
    # Four activities at once in the first 24 periods need the sum of their costs; the longest has 13 periods.
    length = pd.Series({f"a{d}": d for d in (7, 11, 13, 9)})
    need = pd.DataFrame({"post": 0.0}, index=length.index)
    costs = pd.DataFrame({"it": [3_000_001.0, 2_500_003.17, 1_999_999.0, 4_100_000.0]}, index=length.index)
    budgets = pd.DataFrame({"it": [11_600_003.17, *later]})
    found = schedule_activities(length, need, ONE, None, costs=costs, budgets=budgets, periods_per_block=24)
    assert (found.makespan, found.bound, found.status) == (13, 13, "optimal")


def test_a_cent_too_little_is_too_little():
    length = pd.Series({"a": 3, "b": 7})
    need = pd.DataFrame({"post": 0.0}, index=length.index)
    call = {"costs": pd.DataFrame({"it": {"a": 100.0, "b": 100.0}}), "periods_per_block": 12}
    enough = pd.DataFrame({"it": [200.0]}, index=[2027])
    assert schedule_activities(length, need, ONE, None, budgets=enough, **call).makespan == 7
    short = schedule_activities(length, need, ONE, None, budgets=enough - 0.01, **call)
    assert short.makespan != short.makespan  # no schedule: NaN
    assert short.status in ("infeasible", "limit")


def test_smith_rule_with_weights_of_any_size():
    # One machine: Smith (1956), Naval Res. Logist. Q. 3:59-66: the order of weight per period is best.
    rng = np.random.default_rng(1)
    for _ in range(15):
        length = pd.Series(rng.integers(1, 5, 4), index=list("abcd"))
        weights = pd.Series([*rng.uniform(0.1, 0.9, 3), 3e6], index=length.index)
        order = (weights / length).sort_values(ascending=False).index
        best = float((weights[order] * length[order].cumsum()).sum())
        need = pd.DataFrame({"post": 1.0}, index=length.index)
        found = schedule_activities(length, need, ONE, None, weights=weights)
        assert found.bound <= best + 1e-6
        assert found.status == "optimal"
        assert found.objective == pytest.approx(best, rel=0, abs=1e-7)


def test_infinite_dates():
    length, need = staff([1.0])
    always = {"release": pd.Series({"a0": -np.inf}), "deadlines": pd.Series({"a0": np.inf})}
    assert schedule_activities(length, need, ONE, None, **always).makespan == 1
    weights = pd.Series({"a0": 2.0})
    never_late = schedule_activities(length, need, ONE, None, weights=weights, due=pd.Series({"a0": np.inf}))
    assert (never_late.objective, never_late.status) == (0.0, "optimal")
    for name, value in (("release", np.inf), ("deadlines", -np.inf), ("due", -np.inf)):
        with pytest.raises(ValueError, match=f"{name} must be periods or missing, not {value} for 'a0'"):
            schedule_activities(length, need, ONE, None, weights=weights, **{name: pd.Series({"a0": value})})


@st.composite
def uneven(draw):
    """Two to four activities with needs and costs of many decimals, often just filling what there is."""
    n = draw(st.integers(2, 4))
    labels = list("abcd")[:n]
    length = pd.Series(draw(st.lists(st.integers(1, 3), min_size=n, max_size=n)), index=labels)
    share = st.sampled_from([1 / 3, 2 / 3, 1 / 6, 1 / 7, 0.3000001, 0.6999999, 0.5, 1e-7])
    need = pd.DataFrame({"r": draw(st.lists(share, min_size=n, max_size=n))}, index=labels)
    capacity = pd.Series({"r": draw(st.sampled_from([2 / 3, 1.0, 1.0000001]))})
    amount = st.sampled_from([100 / 3, 200 / 3, 50.0, 33.333, 14.285714])
    costs = pd.DataFrame({"it": draw(st.lists(amount, min_size=n, max_size=n))}, index=labels)
    budget = st.sampled_from([100.0, 99.999, 200 / 3, 66.666, 200.0])
    budgets = pd.DataFrame({"it": draw(st.lists(budget, min_size=3, max_size=3))})
    running = st.sampled_from([0.0, 0.0, 10 / 3, 100 / 3, 1 / 7])
    after = pd.DataFrame({"it": draw(st.lists(running, min_size=n, max_size=n))}, index=labels)
    options = {"costs": costs, "after": after, "budgets": budgets, "periods_per_block": 2}
    weight = st.sampled_from([1 / 3, 2.0, 1e-3, 1e5])
    weights = draw(st.none() | st.lists(weight, min_size=n, max_size=n))
    return (length, need, capacity, None), options, weights and pd.Series(weights, index=labels)


@settings(max_examples=40, deadline=None)
@given(uneven())
def test_bound_optimum_result(problem):
    arguments, options, weights = problem
    length = arguments[0]

    def value(starts):
        ends = np.array(starts) + length.to_numpy()
        return float(ends.max()) if weights is None else float(weights.to_numpy() @ ends)

    def allowed(starts):
        return verify_schedule_activities(pd.Series(starts, index=length.index), *arguments, **options).empty

    # money ends with period 6
    every = sorted(itertools.product(*(range(7 - d) for d in length)), key=value)
    best = next((value(starts) for starts in every if allowed(starts)), None)
    found = schedule_activities(*arguments, weights=weights, **options)
    if best is None:
        assert found.status in ("infeasible", "limit")
        return
    assert found.bound <= best + 1e-9 * max(1.0, best)
    assert found.status in ("optimal", "feasible")
    assert verify_schedule_activities(found.start, *arguments, **options).empty
    assert found.objective >= best - 1e-9 * max(1.0, best)
    if found.status == "optimal":
        assert found.objective == pytest.approx(best, rel=1e-9)


@settings(max_examples=40, deadline=None)
@given(uneven(), st.lists(st.integers(0, 3), min_size=4, max_size=4))
def test_what_is_allowed_fits_the_outward_numbers(problem, begins):
    arguments, options, _ = problem
    length = arguments[0]
    starts = np.array(begins[: len(length)])
    none = dict.fromkeys(["release", "deadlines", "weights", "due", "sittings"])
    exact = read_activities(*arguments, **options, **none)
    outward, inward = (whole_numbers(exact, outward=side) for side in (True, False))

    def keeps(rounded):
        """Every period and block of whole numbers, counted one by one."""
        used = np.zeros(7, dtype=np.int64)
        spent = np.zeros(4, dtype=np.int64)
        for i, start in enumerate(starts):
            for t in range(start, start + int(length.iloc[i])):
                used[t] += rounded.demand[i, 0]
                spent[t // 2] += rounded.rate[i, 0]
            for t in range(start + int(length.iloc[i]), 6):
                spent[t // 2] += rounded.after[i, 0]
        money = [*rounded.money[:, 0], 0]
        return bool((used <= rounded.capacity[0, 0]).all() and (spent <= money).all())

    if fits(exact, starts):
        assert keeps(outward)
    if keeps(inward):
        assert fits(exact, starts)
