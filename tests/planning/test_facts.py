"""Two book-keepings, written apart, must agree: what the planner makes of a round, and what verify does."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given, settings
from messy_rounds import rounds

from digistrat.planning.facts_money import (
    costs_by_year,
    money_of_years,
    one_off_cost,
    partly_unknown,
    still_to_pay,
    summed,
)
from digistrat.planning.facts_work import filled_posts, first_day, horizon, links, phases_of
from digistrat.planning.links import usable_dependencies
from digistrat.planning.money import available_budgets, remaining_costs, unclear_costs, yearly_costs
from digistrat.planning.work import effort_by_activity, one_off_costs, project_phases, staffed_fte


def as_sums(frame):
    table = frame.groupby(["project_id", "year", "kind", "is_recurring"])["amount_eur"].sum()
    return table.to_dict()


@settings(max_examples=25, deadline=None)
@given(rounds())
def test_money(inventory):
    strategy = inventory.strategy
    until = horizon(strategy, strategy.planning.start_date)[-1] // 12
    for end in ("upper", "value", "lower"):
        table = yearly_costs(inventory, cost=end)
        ours = costs_by_year(inventory, end, until)
        fields = ("project", "year", "kind", "is_recurring")
        assert summed(ours, *fields) == pytest.approx(as_sums(table))
        left = remaining_costs(inventory, table, 2027)
        assert summed(still_to_pay(inventory, ours, 2027), *fields) == pytest.approx(as_sums(left))
    assert partly_unknown(inventory) == set(unclear_costs(inventory))
    years = money_of_years(inventory, inventory.budgets, ours, 2027)
    theirs = available_budgets(inventory, table, first_year=2027).set_index(["year", "kind"])
    assert set(years) == set(theirs.index)
    assert {key: year.left for key, year in years.items()} == pytest.approx(theirs["available_eur"].to_dict())


@settings(max_examples=25, deadline=None)
@given(rounds())
def test_work(inventory):
    strategy, candidates = inventory.strategy, inventory.projects.index
    start = strategy.planning.start_date
    price = one_off_costs(inventory, candidates)
    known = {p: cost for p, cost in one_off_cost(inventory).items() if p in candidates}
    assert known == pytest.approx(price.dropna().to_dict())
    table = project_phases(inventory, candidates, price, start=start)
    ours = phases_of(inventory, candidates, start)
    assert list(ours) == list(table.index)
    for name, fact in ours.items():
        row = table.loc[name]
        assert (fact.months, fact.predecessor, fact.procedure) == (
            row["duration_months"],
            row["predecessor"],
            row["procedure"],
        )
        assert (fact.share_left, fact.share_cost) == pytest.approx((row["share_left"], row["share_cost"]))
    days = effort_by_activity(inventory, table, price)
    for name, fact in ours.items():
        for role in days.columns:
            assert fact.days.get(role, 0.0) == pytest.approx(days.at[name, role])
    months = horizon(strategy, start)
    posts = filled_posts(inventory, months)
    there = staffed_fte(inventory, months=pd.DatetimeIndex([first_day(month) for month in months]))
    for (role, month), fte in posts.items():
        assert fte == pytest.approx(there.at[first_day(month), role])


@settings(max_examples=25, deadline=None)
@given(rounds())
def test_links_that_must_be_kept_are_kept_and_no_others_are_made_up(inventory):
    used = set(usable_dependencies(inventory).itertuples(index=False, name=None))
    ours = links(inventory)
    assert {link[:3] for link in ours if link.must_be_kept} <= used <= {link[:3] for link in ours}
