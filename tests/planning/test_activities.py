"""Schedules: cases by hand, brute force, named conflicts, repeatability."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from planning_instances import city_portfolio

from digistrat.planning.activities import schedule_activities
from digistrat.planning.activity_model import Answer
from digistrat.planning.verify import verify_schedule_activities


def frame(durations, **demands):
    length = pd.Series(durations)
    return length, pd.DataFrame(demands, index=length.index, dtype=float)


def links(*rows):
    return pd.DataFrame(rows, columns=["predecessor", "successor", "lag", "kind"][: len(rows[0])])


def test_capacity_that_comes_and_goes():
    # One post until period 2, none in 2-3, two from 4: a (2) fits before, b and c (3 each) only after.
    length, staff = frame({"a": 2, "b": 3, "c": 3}, post=[1, 1, 1])
    capacity = pd.DataFrame({"post": [1, 1, 0, 0, 2, 2, 2, 2]})
    found = schedule_activities(length, staff, capacity, None)
    assert (found.makespan, found.status) == (7, "optimal")
    assert found.start.to_dict() == {"a": 0, "b": 4, "c": 4}


def test_after_the_last_row_there_is_no_capacity():
    length, staff = frame({"a": 3, "idle": 2}, post=[1, 0])
    found = schedule_activities(length, staff, pd.DataFrame({"post": [1, 1]}), links(("a", "idle")))
    assert found.status == "infeasible"
    assert found.conflicts == (("capacity", "post"),)
    enough = schedule_activities(length, staff, pd.DataFrame({"post": [1, 1, 1]}), links(("a", "idle")))
    assert enough.makespan == 5  # idle needs nobody and may run after the last row


def test_fractions_fit_exactly():
    length, staff = frame({"a": 1, "b": 1, "c": 1}, post=[0.35, 0.4, 0.25])
    assert schedule_activities(length, staff, pd.Series({"post": 1.0}), None).makespan == 1
    assert schedule_activities(length, staff, pd.Series({"post": 0.99}), None).makespan == 2


def test_weights_put_the_valuable_and_short_first():
    # One machine: Smith (1956), Naval Res. Logist. Q. 3:59-66: order of w/p. 3·2 + 2·5 + 1·9 = 25.
    length, staff = frame({"slow": 4, "middle": 3, "quick": 2}, post=[1, 1, 1])
    weights = pd.Series({"slow": 1.0, "middle": 2.0, "quick": 3.0})
    found = schedule_activities(length, staff, pd.Series({"post": 1}), None, weights=weights)
    assert (found.objective, found.bound, found.status) == (25.0, 25.0, "optimal")
    assert found.start.to_dict() == {"quick": 0, "middle": 2, "slow": 5}


def test_due_periods_count_delay_only():
    length, staff = frame({"a": 4, "b": 3}, post=[1, 1])
    options = {"weights": pd.Series({"a": 1.0, "b": 1.0}), "due": pd.Series({"a": 4, "b": 5})}
    found = schedule_activities(length, staff, pd.Series({"post": 1}), None, **options)
    assert (found.objective, found.status) == (2.0, "optimal")  # a at 0 in time, b ends at 7 instead of 5


def test_lags_and_start_to_start():
    length, staff = frame({"a": 4, "b": 2, "c": 1}, post=[0, 0, 0])
    rows = links(("a", "b", 1, "start_before_start"), ("a", "c", 2, "end_before_start"))
    found = schedule_activities(length, staff, pd.Series({"post": 1}), rows)
    assert found.makespan == 7
    assert found.start["c"] == 6


def test_decisions_only_on_sitting_days():
    length, staff = frame({"concept": 2, "decision": 0, "work": 3}, post=[1, 0, 1])
    chain = links(("concept", "decision"), ("decision", "work"))
    found = schedule_activities(
        length, staff, pd.Series({"post": 1}), chain, sittings={"decision": [1, 5, 9]}
    )
    assert (found.start["decision"], found.makespan) == (5, 8)


@pytest.mark.parametrize(("second_year", "expected"), [(30_000, 12 + 2), (60_000, 12 + 4)])
def test_money_of_a_year(second_year, expected):
    # 60,000 over 4 periods, 15,000 each: with 30,000 in year 1 and 30,000 in year 2 two periods fit into
    # each; with nothing in year 1 all four wait for year 2.
    length, staff = frame({"a": 4}, post=[1])
    budgets = pd.DataFrame({"it": [60_000 - second_year, second_year]}, index=[2027, 2028])
    found = schedule_activities(
        length,
        staff,
        pd.Series({"post": 1}),
        None,
        costs=pd.DataFrame({"it": {"a": 60_000}}),
        budgets=budgets,
    )
    assert (found.makespan, found.status) == (expected, "optimal")


@pytest.mark.parametrize(
    ("budget", "start"),
    [
        # From its end t + 2 on, 10 a period until period 12: 6 + 10 · (4 - end) in the first block of four.
        ([6.0 + 20.0, 40.0, 40.0], 0),
        ([6.0 + 20.0 - 0.01, 40.0, 40.0], 1),
        ([6.0, 40.0, 40.0], 2),
        ([3.0, 3.0 + 30.0, 40.0], 3),  # half of the work before the first edge, the other half after it
        ([0.0, 6.0, 40.0], 6),
        ([0.0, 5.0, 0.0], None),  # must end in the last block, and then runs in it, if not at its very end
        ([0.0, 0.0, 6.0], 10),  # what would run after the last block is not counted
    ],
)
def test_running_costs_from_the_end_on(budget, start):
    length, staff = frame({"a": 2}, post=[0])
    found = schedule_activities(
        length,
        staff,
        pd.Series({"post": 1}),
        None,
        costs=pd.DataFrame({"it": {"a": 6.0}}),
        after=pd.DataFrame({"it": {"a": 10.0}}),
        budgets=pd.DataFrame({"it": budget}),
        periods_per_block=4,
    )
    if start is None:
        assert found.status == "infeasible"
        assert {name[0] for name in found.conflicts} == {"budget"}
    else:
        assert (found.start["a"], found.makespan, found.status) == (start, start + 2, "optimal")


def test_running_costs_of_a_decision_begin_where_it_is():
    # No duration: from the sitting on 5 a period, in a kind of its own; only 15 in the block of 6.
    length, staff = frame({"d": 0, "later": 1}, post=[0, 0])
    call = {"after": pd.DataFrame({"run": {"d": 5.0}}), "periods_per_block": 6}
    rest = (length, staff, pd.Series({"post": 1}), links(("d", "later")))
    budgets = pd.DataFrame({"run": [15.0]}, index=[2027])
    found = schedule_activities(*rest, budgets=budgets, sittings={"d": [1, 2, 4, 9]}, **call)
    assert found.start.to_dict() == {"d": 4, "later": 4}
    # After the last block nothing is counted, so with no money at all it waits until then.
    none = schedule_activities(*rest, budgets=budgets * 0, sittings={"d": [1, 2, 4, 9]}, **call)
    assert none.start.to_dict() == {"d": 9, "later": 9}
    early = schedule_activities(*rest, budgets=budgets, deadlines=pd.Series({"d": 2}), **call)
    assert early.conflicts == (("deadline", "d"), ("budget", 2027, "run"))


def test_running_costs_of_several_share_a_block():
    # Each runs at 4 a period from its end on; 20 in the first block of 6 is 5 periods of running together.
    length, staff = frame({"a": 1, "b": 1, "c": 1}, post=[1, 1, 1])
    weights = pd.Series({"a": 3.0, "b": 2.0, "c": 1.0})
    found = schedule_activities(
        length,
        staff,
        pd.Series({"post": 1}),
        None,
        weights=weights,
        after=pd.DataFrame({"it": 4.0}, index=length.index),
        budgets=pd.DataFrame({"it": [20.0, 1000.0]}),
        periods_per_block=6,
    )
    # a at 0 takes all five, b ends with the block and c one period after it: 3·1 + 2·6 + 1·7 = 22. As good is
    # a at 1 (four), b at 4 (one), c at 5 (none): 3·2 + 2·5 + 1·6; a at 2 (three) and b at 3 (two) makes 23.
    assert (found.objective, found.bound, found.status) == (22.0, 22.0, "optimal")


def test_a_budget_that_fits_to_the_cent_is_enough():
    length, staff = frame({"a": 3, "b": 7}, post=[1, 1])
    costs = pd.DataFrame({"it": {"a": 100_000.01, "b": 99_999.98}})
    budgets = pd.DataFrame({"it": [199_999.99]}, index=[2027])
    found = schedule_activities(length, staff, pd.Series({"post": 2}), None, costs=costs, budgets=budgets)
    assert found.makespan == 7


def test_conflict_of_a_deadline_with_a_link():
    length, staff = frame({"a": 3, "b": 2, "other": 9}, post=[1, 1, 0])
    found = schedule_activities(
        length, staff, pd.Series({"post": 5}), links(("a", "b")), deadlines=pd.Series({"b": 4, "other": 20})
    )
    assert found.status == "infeasible"
    assert set(found.conflicts) == {("deadline", "b"), ("precedence", "a", "b")}
    assert found.start.isna().all()
    assert "deadline b" in str(found)


def test_conflict_of_a_deadline_with_capacity():
    length, staff = frame({"a": 3, "b": 3, "c": 1}, architect=[0.6, 0.6, 0], tester=[0, 1, 1])
    capacity = pd.Series({"architect": 1.0, "tester": 1.0})
    found = schedule_activities(length, staff, capacity, None, deadlines=pd.Series({"a": 5, "b": 4, "c": 9}))
    assert set(found.conflicts) == {("deadline", "a"), ("deadline", "b"), ("capacity", "architect")}


def test_conflict_of_a_deadline_with_money():
    length, staff = frame({"a": 2}, post=[1])
    costs, budgets = pd.DataFrame({"it": {"a": 50.0}}), pd.DataFrame({"it": [10.0, 90.0]}, index=[2027, 2028])
    found = schedule_activities(
        length,
        staff,
        pd.Series({"post": 1}),
        None,
        deadlines=pd.Series({"a": 12}),
        costs=costs,
        budgets=budgets,
    )
    assert set(found.conflicts) == {("deadline", "a"), ("budget", 2027, "it")}


def test_conflict_with_sitting_and_release():
    length, staff = frame({"d": 0}, post=[0])
    found = schedule_activities(
        length, staff, pd.Series({"post": 1}), None, sittings={"d": [3, 8]}, release=pd.Series({"d": 9})
    )
    assert set(found.conflicts) == {("sitting", "d"), ("release", "d")}


def test_links_in_a_circle_are_named():
    length, staff = frame({"a": 1, "b": 1, "c": 1}, post=[0, 0, 0])
    found = schedule_activities(
        length, staff, pd.Series({"post": 1}), links(("a", "b"), ("b", "a"), ("b", "c"))
    )
    assert set(found.conflicts) == {("precedence", "a", "b"), ("precedence", "b", "a")}


def test_nothing_to_do():
    length, staff = frame({}, post=[])
    found = schedule_activities(length, staff, pd.Series({"post": 1}), None)
    assert (found.makespan, found.status) == (0, "optimal")


@st.composite
def small_problems(draw):
    n = draw(st.integers(2, 3))
    ints = lambda low, high, k: draw(st.lists(st.integers(low, high), min_size=k, max_size=k))  # noqa: E731
    names = list("abcd")[:n]
    length = pd.Series(ints(0, 3, n), index=names)
    staff = pd.DataFrame({"r": ints(0, 3, n), "s": ints(0, 2, n)}, index=names) / draw(
        st.sampled_from([1, 2, 4])
    )
    periods = draw(st.integers(5, 8))
    capacity = pd.DataFrame({"r": ints(0, 3, periods), "s": ints(0, 3, periods)}).astype(float)
    rows = [
        (a, b, draw(st.integers(-1, 2)), draw(st.sampled_from(["end_before_start", "start_before_start"])))
        for a, b in itertools.combinations(names, 2)
        if draw(st.integers(0, 3)) == 0
    ]
    options = {
        "release": pd.Series({"a": draw(st.integers(0, 2))}),
        "deadlines": pd.Series({"b": draw(st.integers(2, 9))}),
        "sittings": {"b": draw(st.lists(st.integers(0, 7), min_size=1, max_size=4))},
        "costs": pd.DataFrame({"it": ints(0, 5, n)}, index=names, dtype=float),
        "after": pd.DataFrame({"it": ints(0, 2, n)}, index=names, dtype=float)
        if draw(st.booleans())
        else None,
        "budgets": pd.DataFrame({"it": ints(0, 8, 3)}, index=[2027, 2028, 2029], dtype=float),
        "periods_per_block": 3,
    }
    weights = pd.Series(ints(0, 5, n), index=names) if draw(st.booleans()) else None
    return (
        length,
        staff,
        capacity,
        pd.DataFrame(rows, columns=["predecessor", "successor", "lag", "kind"]),
    ), (
        options,
        weights,
    )


@settings(max_examples=40, deadline=None)
@given(small_problems())
def test_equals_brute_force(problem):
    arguments, (options, weights) = problem
    length = arguments[0]
    # Links aside, each activity's own possible starts; dates, money and posts end by period 9, lags by 11.
    alone = {"demands": arguments[1], "capacities": arguments[2], "precedences": None, **options}
    alone = {k: v for k, v in alone.items() if k != "after" or v is not None}

    def possible(name):
        one = {k: v.loc[[name]] if k in ("demands", "costs", "after") else v for k, v in alone.items()}
        for k in ("release", "deadlines", "sittings"):
            one[k] = {name: alone[k][name]} if name in alone[k] else {}
            one[k] = one[k] if k == "sittings" else pd.Series(one[k], dtype=float)
        return [
            t
            for t in range(18)
            if verify_schedule_activities(pd.Series({name: t}), length.loc[[name]], **one).empty
        ]

    def value(starts):
        ends = np.array(starts) + length.to_numpy()
        return int(ends.max()) if weights is None else int(weights.to_numpy() @ ends)

    def fits(starts):
        return verify_schedule_activities(pd.Series(starts, index=length.index), *arguments, **options).empty

    ordered = sorted(itertools.product(*map(possible, length.index)), key=value)
    best = next((value(starts) for starts in ordered if fits(starts)), None)
    found = schedule_activities(*arguments, weights=weights, **options)
    if best is None:
        assert found.status == "infeasible"
        assert found.conflicts
    else:
        assert found.status == "optimal"
        assert (found.objective, found.bound, found.gap) == (best, best, 0.0)
        assert verify_schedule_activities(found.start, *arguments, **options).empty


@settings(max_examples=20, deadline=None)
@given(small_problems())
def test_running_costs_of_nothing_change_nothing(problem):
    arguments, (options, weights) = problem
    options = {**options, "after": None}
    nothing = pd.DataFrame({"it": 0.0, "more": 0.0}, index=arguments[0].index)
    budgets = options["budgets"].assign(more=0.0)
    without = schedule_activities(*arguments, weights=weights, **options)
    found = schedule_activities(
        *arguments, weights=weights, **{**options, "after": nothing, "budgets": budgets}
    )
    assert (found.status, found.bound, found.conflicts) == (without.status, without.bound, without.conflicts)
    pd.testing.assert_series_equal(found.start, without.start)


@pytest.mark.parametrize("n_projects", [25, pytest.param(100, marks=pytest.mark.slow)])
def test_city_fits_and_twice_the_same(n_projects):
    city = city_portfolio(n_projects)
    one, two = (schedule_activities(**city, effort_limit=0.3) for _ in range(2))
    pd.testing.assert_series_equal(one.start, two.start)
    assert (one.objective, one.bound) == (two.objective, two.bound)
    assert one.status == "feasible"
    assert 0 < one.bound <= one.objective
    facts = {k: v for k, v in city.items() if k != "weights"}
    assert verify_schedule_activities(one.start, **facts).empty
    ends = one.start.astype(int) + city["durations"]
    assert one.objective == pytest.approx(
        float((city["weights"] * ends.reindex(city["weights"].index)).sum())
    )


def test_a_schedule_that_breaks_something_is_never_returned(monkeypatch):
    length, staff = frame({"a": 2, "b": 1}, post=[0, 0])
    wrong = Answer("optimal", np.array([0, 1]), 2.0)
    monkeypatch.setattr("digistrat.planning.activities.solve", lambda *_: wrong)
    with pytest.raises(AssertionError, match="order-broken"):
        schedule_activities(length, staff, pd.Series({"post": 1}), links(("a", "b")))


def test_no_frame_is_changed():
    city = city_portfolio(4)
    before = {k: v.copy() for k, v in city.items()}
    schedule_activities(**city, effort_limit=0.1)
    for key, value in before.items():
        if isinstance(value, pd.DataFrame):
            pd.testing.assert_frame_equal(city[key], value)


def money(after, kind="it"):
    return {"after": pd.DataFrame({kind: after}), "budgets": pd.DataFrame({"it": [1.0]})}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"durations": pd.Series({"a": 1.5})}, "durations must be whole periods, not 1.5"),
        ({"durations": pd.Series({"a": -1})}, "durations must be ≥ 0, not -1 for 'a'"),
        ({"demands": pd.DataFrame({"r": {"b": 1.0}})}, "demands must have the activities of durations"),
        ({"demands": pd.DataFrame({"r": {"a": np.nan}})}, "demands must be numbers ≥ 0"),
        ({"capacities": pd.Series({"s": 1})}, "capacities must have every resource"),
        ({"precedences": links(("a", "z"))}, "precedences must name activities of durations, not 'z'"),
        ({"precedences": links(("a", "a", 0, "start"))}, "kind must be one of"),
        ({"deadlines": pd.Series({"z": 1})}, "deadlines must be by activity"),
        ({"weights": pd.Series({"a": -1.0})}, "weights must be numbers ≥ 0"),
        ({"due": pd.Series({"a": 1})}, "due needs weights"),
        ({"sittings": {"a": []}}, "sittings must allow at least one period"),
        ({"costs": pd.DataFrame({"it": {"a": 1.0}})}, "costs and budgets must be given together"),
        ({"after": pd.DataFrame({"it": {"a": 1.0}})}, "or after and budgets"),
        ({"budgets": pd.DataFrame({"it": [1.0]})}, "costs and budgets must be given together"),
        (money({"a": -1.0}), "after must be amounts ≥ 0"),
        (money({"a": np.nan}), "after must be amounts ≥ 0, without missing ones"),
        (money({"z": 1.0}), r"after must be by activity of durations and kind, not \['z'\]"),
        (money({"a": 1.0}, kind="other"), r"budgets must have every kind of after as column.*\['other'\]"),
    ],
)
def test_wrong_calls(change, message):
    call = {
        "durations": pd.Series({"a": 1}),
        "demands": pd.DataFrame({"r": {"a": 1.0}}),
        "capacities": pd.Series({"r": 1.0}),
        "precedences": None,
    }
    with pytest.raises(ValueError, match=message):
        schedule_activities(**{**call, **change})
