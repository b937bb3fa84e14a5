"""Two book-keepings, written apart, must agree: what the planner makes of a round, and what verify does."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given, settings
from messy_rounds import rounds

from digistrat.planning.council import (
    decision_calendar,
    is_frozen,
    open_year,
    staff_shares,
)
from digistrat.planning.facts_calendar import first_day, horizon, sittings, staff_share
from digistrat.planning.facts_calendar import is_frozen as is_frozen_too
from digistrat.planning.facts_calendar import open_year as open_year_too
from digistrat.planning.facts_money import (
    costs_by_year,
    money_of_years,
    monthly_rates,
    one_off_cost,
    partly_unknown,
    still_to_pay,
    summed,
)
from digistrat.planning.facts_portfolio import running_days
from digistrat.planning.facts_work import begun, filled_posts, links, phases_of
from digistrat.planning.links import dependency_lags, usable_dependencies
from digistrat.planning.money import (
    available_budgets,
    begun_projects,
    remaining_costs,
    running_rates,
    unclear_costs,
    yearly_costs,
)
from digistrat.planning.posts import running_fte, staffed_fte
from digistrat.planning.work import effort_by_activity, one_off_costs, project_phases


def as_sums(frame):
    table = frame.groupby(["project_id", "year", "kind", "is_recurring"])["amount_eur"].sum()
    return table.to_dict()


@settings(max_examples=25, deadline=None)
@given(rounds())
def test_money(inventory):
    strategy = inventory.strategy
    start = strategy.planning.start_date
    until = horizon(strategy, start)[-1] // 12
    has_begun = begun(inventory, start)
    assert has_begun == set(begun_projects(inventory, start))
    for end in ("upper", "value", "lower"):
        table = yearly_costs(inventory, cost=end)
        ours = costs_by_year(inventory, end, until)
        fields = ("project", "year", "kind", "is_recurring")
        assert summed(ours, *fields) == pytest.approx(as_sums(table))
        left = remaining_costs(inventory, table, start)
        still = still_to_pay(inventory, ours, start, has_begun)
        assert summed(still, *fields) == pytest.approx(as_sums(left))
    rates = running_rates(left, inventory.projects.index).stack()
    known = {key: rate for key, rate in monthly_rates(still).items() if rate > 0}
    assert known == pytest.approx(rates[rates > 0].to_dict())
    assert partly_unknown(inventory) == set(unclear_costs(inventory))
    years = money_of_years(inventory, inventory.budgets, ours, start)
    theirs = available_budgets(inventory, table, start=start).set_index(["year", "kind"])
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
    posts, days = filled_posts(inventory, months), running_days(inventory, months)
    index = pd.DatetimeIndex([first_day(month) for month in months])
    there, taken = staffed_fte(inventory, months=index), running_fte(inventory, months=index)
    per_month = strategy.planning.days_per_fte_month
    for (role, month), fte in posts.items():
        assert fte == pytest.approx(there.at[first_day(month), role])
        assert days.get((role, month), 0.0) / per_month == pytest.approx(taken.at[first_day(month), role])


@settings(max_examples=25, deadline=None)
@given(rounds())
def test_calendar(inventory):
    strategy, reported = inventory.strategy, inventory.reporting_date
    start = strategy.planning.start_date
    months = horizon(strategy, start)
    index = pd.DatetimeIndex([first_day(month) for month in months])
    ours, theirs = sittings(strategy, months), decision_calendar(strategy, index)
    assert [ours.days.get(month, []) for month in months] == [list(days) for days in theirs.sittings]
    assert (ours.lead, ours.is_limited) == (theirs.lead, theirs.is_limited)
    assert ours.fewest_months() == theirs.shortest()
    shares = staff_shares(strategy, index)
    for month in months:
        assert staff_share(strategy, month) == pytest.approx(shares[first_day(month)])
    for day in pd.date_range(index[0], index[12]):
        assert is_frozen_too(strategy, day) == is_frozen(strategy, day)
    if strategy.budget_rounds:
        assert open_year_too(strategy, reported, start) == max(start.year, open_year(strategy, reported))


@settings(max_examples=25, deadline=None)
@given(rounds())
def test_links_that_must_be_kept_are_kept_and_no_others_are_made_up(inventory):
    used = set(usable_dependencies(inventory).itertuples(index=False, name=None))
    ours = links(inventory)
    assert {link[:3] for link in ours if link.must_be_kept} <= used <= {link[:3] for link in ours}
    lags = dependency_lags(inventory).to_dict()
    assert {link[:3]: link.lag for link in ours if link.lag} == {
        key: lag for key, lag in lags.items() if lag and key in {link[:3] for link in ours}
    }
