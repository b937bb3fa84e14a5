"""Conflicts: the smallest set, in words that fold chains, and a search that ends."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from planning_instances import city_portfolio

from digistrat.planning.activities import schedule_activities
from digistrat.planning.conflicts import smallest_conflict


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(1, 9), min_size=1, max_size=9), st.integers(0, 30), st.integers(0, 2))
def test_none_to_spare(numbers, limit, forgetful):
    named = list(enumerate(numbers))
    if sum(numbers) <= limit:
        named.append((len(named), limit + 1))

    def too_much(chosen):
        return sum(number for _, number in chosen) > limit

    found = smallest_conflict(named, too_much)
    assert too_much(found)
    assert not any(too_much([one for one in found if one is not other]) for other in found)
    # A test that comes to no end says False: still a conflict, then.
    tired = smallest_conflict(named, lambda chosen: len(chosen) > forgetful and too_much(chosen))
    assert too_much(tired)


def chain(*lengths, deadline, **options):
    labels = [f"p{k}" for k in range(len(lengths))]
    length = pd.Series(lengths, index=labels)
    need = pd.DataFrame({"post": 0.0}, index=labels)
    links = pd.DataFrame({"predecessor": labels[:-1], "successor": labels[1:]})
    return schedule_activities(
        length, need, pd.Series({"post": 1.0}), links, deadlines=pd.Series({labels[-1]: deadline}), **options
    )


def test_a_chain_is_named_once_with_its_length():
    found = chain(2, 3, 4, deadline=8)  # needs 2 + 3 + 4 = 9
    assert found.conflicts == (("deadline", "p2"), ("chain", "p0", "p2", 9))
    assert found.is_minimal


def test_a_chain_ends_where_something_else_matters():
    # Released in period 5, p1 ends in 8 at the earliest and p3 in 8 + 4 + 1 = 13.
    found = chain(2, 3, 4, 1, deadline=12, release=pd.Series({"p1": 5}))
    assert found.conflicts == (("deadline", "p3"), ("release", "p1"), ("chain", "p1", "p3", 8))


def test_a_single_link_keeps_its_name():
    assert chain(2, 3, deadline=4).conflicts == (("deadline", "p1"), ("precedence", "p0", "p1"))


def test_too_little_money_in_all_years_together():
    # 60 are needed and 50 there, in two years and none after; of the many links and dates none matters.
    city = city_portfolio(30)
    total = city["costs"].sum()
    city["budgets"] = pd.DataFrame({k: [total[k] * s for s in (0.3, 0.3, 0.3)] for k in total.index})
    city["budgets"]["consumptive"] = total["consumptive"]
    found = schedule_activities(**city, effort_limit=0.2)
    assert found.status == "infeasible"
    assert set(found.conflicts) == {("budget", b, "investive") for b in (0, 1, 2, None)}
    assert found.is_minimal


def test_too_little_staff_before_a_date():
    # Four times three months of work for one post that is there for ten.
    length = pd.Series(3, index=[f"a{k}" for k in range(4)])
    need = pd.DataFrame({"post": 1.0, "other": 0.1}, index=length.index)
    capacity = pd.DataFrame({"post": [1.0] * 10 + [0.0] * 10, "other": 1.0})
    found = schedule_activities(length, need, capacity, None)
    assert found.status == "infeasible"
    assert found.conflicts == (("capacity", "post"),)


@pytest.mark.parametrize(("effort", "is_minimal"), [(3.0, True), (0.01, False)])
def test_a_search_that_ends_early_says_so(effort, is_minimal):
    # Of three posts two are needed at a time by each of a, b and c: one after the other, 6 periods. The work,
    # 3 · 2 · 2 = 12 of 5 · 3, shows it in no sum, as d makes the numbers have no common divisor.
    due, idle = ["a", "b", "c"], [f"o{k}" for k in range(6)]
    length = pd.Series(2, index=[*due, "d", *idle])
    need = pd.DataFrame(0.0, index=length.index, columns=["post", "other"])
    need["post"] = [2.0, 2.0, 2.0, 1.0, *[0.0] * 6]
    need.loc[idle, "other"] = 1.0
    deadlines = pd.Series({**dict.fromkeys(due, 5), **dict.fromkeys(idle, 20)})
    there = pd.Series({"post": 3.0, "other": 2.0})
    found = schedule_activities(length, need, there, None, deadlines=deadlines, effort_limit=effort)
    needed = {("capacity", "post"), *(("deadline", name) for name in due)}
    assert (found.status, found.is_minimal) == ("infeasible", is_minimal)
    assert set(found.conflicts) == needed if is_minimal else set(found.conflicts) > needed
    assert ("perhaps" in str(found)) is not is_minimal


@pytest.mark.parametrize("kind", ["end_before_start", "start_before_start"])
def test_links_in_a_circle_stay_links(kind):
    length = pd.Series({"a": 1, "b": 1, "c": 1})
    need = pd.DataFrame({"post": 0.0}, index=length.index)
    rows = [("a", "b"), ("b", "c"), ("c", "a")]
    links = pd.DataFrame(rows, columns=["predecessor", "successor"]).assign(kind=kind, lag=1)
    found = schedule_activities(length, need, pd.Series({"post": 1.0}), links)
    assert set(found.conflicts) == {("precedence", *row) for row in rows}
