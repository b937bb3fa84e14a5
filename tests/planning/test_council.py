"""Sitting days, freezes and budget rounds; the facts of Frankfurt's calendar."""

from __future__ import annotations

import datetime as dt

import pandas as pd
import pytest

from digistrat.planning.council import (
    decision_calendar,
    go_live_months,
    open_year,
    sitting_days,
    staff_shares,
)
from digistrat.planning.portfolio import select_portfolio
from digistrat.planning.schedule import schedule
from digistrat.scoring.impact import score_impact
from inventories import STAFF, cost, make_inventory, make_strategy, points, project

THURSDAYS = {"lead_weeks": 6.0, "weekday": "thursday", "weeks": (4,), "source": "test"}
SUMMER = {"name": "Sommer", "first": "07-01", "last": "08-20"}
WINTER = {"name": "Jahreswechsel", "first": "12-15", "last": "01-06"}


def city(**parts):
    return make_strategy(**parts)


def test_sittings_by_rule_keep_the_recess():
    strategy = city(council=THURSDAYS | {"recess": (SUMMER, WINTER)})
    days = sitting_days(strategy, dt.date(2027, 1, 1), dt.date(2027, 12, 31))
    # fourth Thursdays of 2027, by the calendar: no July; 26 August is after the recess; 23 December is in it
    assert [f"{day:%m-%d}" for day in days] == [
        "01-28", "02-25", "03-25", "04-22", "05-27", "06-24", "08-26", "09-23", "10-28", "11-25",
    ]  # fmt: skip


def test_known_days_come_before_the_rule_in_their_year():
    strategy = city(council=THURSDAYS | {"sitting_days": (dt.date(2027, 3, 5), dt.date(2027, 9, 10))})
    days = sitting_days(strategy, dt.date(2027, 3, 1), dt.date(2028, 2, 29))
    assert [f"{day:%Y-%m-%d}" for day in days] == ["2027-03-05", "2027-09-10", "2028-01-27", "2028-02-24"]


def test_a_decision_waits_for_a_sitting_after_its_lead():
    strategy = city(council=THURSDAYS)
    calendar = decision_calendar(strategy, pd.date_range("2027-01-01", periods=6, freq="MS"))
    # submitted from 1 January on, six weeks are over on 12 February: the sitting of 25 February
    assert calendar.day(0, 2) == pd.Timestamp("2027-02-25")
    assert calendar.day(0, 1) is None  # 28 January is only 27 days later
    assert calendar.day(0, 1, is_submitted=True) == pd.Timestamp("2027-01-28")
    assert calendar.day(5, 2) is None  # after the horizon
    assert calendar.starts(2) == [0, 1, 2, 3, 4]
    assert calendar.starts(1) == []
    assert calendar.shortest() == 2
    assert decision_calendar(city(), calendar.months).shortest() == 1


@pytest.mark.parametrize(
    ("lead", "weeks", "months"),
    [
        (4.0, (4,), 2),  # the fourth Thursday is 21 to 27 days after the first of its month: too early
        (3.0, (4,), 1),
        (2.0, (1,), 2),  # the first one is at most six days after it
        (0.0, (1,), 1),
        (8.0, (4,), 3),  # 56 days: more than February and 24 days of March
    ],
)
def test_a_decision_is_long_enough_to_reach_every_sitting(lead, weeks, months):
    strategy = city(council=THURSDAYS | {"lead_weeks": lead, "weeks": weeks})
    calendar = decision_calendar(strategy, pd.date_range("2027-01-01", periods=36, freq="MS"))
    assert calendar.shortest() == months
    assert len(calendar.starts(months)) == 36 - months + 1
    assert months == 1 or len(calendar.starts(months - 1)) < 36 - months + 2


def test_the_budget_of_2022_took_111_days():
    """Draft M 29 of 18.02.2022, plenary § 1832 of 09.06.2022 (PARLIS, seen): the lead of that decision."""
    lead = (dt.date(2022, 6, 9) - dt.date(2022, 2, 18)).days
    assert lead == 111
    council = {"lead_weeks": lead / 7, "sitting_days": (dt.date(2022, 6, 9),), "source": "PARLIS"}
    calendar = decision_calendar(city(council=council), pd.date_range("2022-01-01", periods=12, freq="MS"))
    assert calendar.day(1, 5) == pd.Timestamp("2022-06-09")  # from 1 February: 128 days
    assert calendar.day(2, 4) is None  # from 1 March: 100 days
    assert calendar.starts(5) == [1]


@pytest.mark.parametrize(
    ("known", "first"),
    [
        (dt.date(2026, 11, 20), 2028),  # "November of year n, n + 1 drafted already: n + 2"
        (dt.date(2026, 8, 31), 2027),
        (dt.date(2027, 2, 1), 2028),
        (dt.date(2027, 10, 1), 2030),  # a double budget is drafted
    ],
)
def test_the_next_open_budget_year(known, first):
    rounds = (
        {"years": (2027,), "drafted_date": dt.date(2026, 9, 30)},
        {"years": (2028, 2029), "drafted_date": dt.date(2027, 9, 30)},
    )
    assert open_year(city(budget_rounds=rounds), known) == first


def test_freezes():
    strategy = city(
        freezes=(WINTER, {"name": "Ferien", "first": "08-01", "last": "08-31", "staff_share": 0.5})
    )
    months = pd.date_range("2027-07-01", periods=7, freq="MS")
    assert [months[k].month for k in go_live_months(strategy, months)] == [7, 9, 10, 11, 1]
    assert staff_shares(strategy, months).tolist() == [1, 0.5, 1, 1, 1, 1, 1]


# --- in plans ----------------------------------------


def plan_of(strategy, start=None, reporting_date=dt.date(2026, 4, 30), **more):
    inventory = make_inventory(
        strategy,
        reporting_date=reporting_date,
        positions=list(STAFF),
        projects=[project("a", **more)],
        project_costs=[cost("a", 2027, 50_000.0)],
        impact_ratings=points(a=5),
    )
    return schedule(inventory, select_portfolio(inventory, score_impact(inventory)), start=start)


def spans(plan):
    return [f"{row.start:%m-%d} {row.end:%m-%d}" for row in plan.phases.itertuples()]


def test_decisions_end_on_a_sitting_day_and_the_next_phase_begins_with_a_month():
    plan = plan_of(city(council=THURSDAYS | {"recess": (SUMMER,)}))
    # concept to February, decision on the fourth Thursday of April, six weeks after it is submitted
    assert spans(plan) == ["01-01 02-28", "03-01 04-22", "05-01 06-30", "07-01 10-31"]
    marks = plan.milestones.astype({"date": "str"}).values.tolist()
    assert marks[:2] == [["a", "submission", "2027-03-11"], ["a", "decision", "2027-04-22"]]
    assert "Sitting days are expected, not decided (test)." in plan.notes


def test_a_decision_moves_out_of_the_recess():
    plan = plan_of(city(council=THURSDAYS | {"recess": (SUMMER,)}), start="2027-04-01")
    # two months from June would end in July, which has no sitting
    assert spans(plan)[:2] == ["05-01 06-30", "07-01 08-26"]  # and the concept follows, to keep it short


def test_a_decision_phase_lasts_at_least_the_lead():
    plan = plan_of(city(council=THURSDAYS | {"lead_weeks": 20.0}))
    assert spans(plan)[1] == "03-01 07-22"  # 140 days are four months and more


def test_nothing_goes_live_in_a_freeze():
    plan = plan_of(city(freezes=({"name": "x", "first": "10-15", "last": "12-31"},)))
    assert plan.phases["end"].max() == pd.Timestamp("2028-01-31")


def test_a_council_that_never_sits_is_named():
    plan = plan_of(city(council={"lead_weeks": 1.0, "sitting_days": (dt.date(2020, 1, 9),), "source": "x"}))
    assert plan.status == "infeasible"
    assert plan.conflicts == (
        "a Titel a (Phase BE): that is possible in certain months only, because of sitting days or a freeze.",
    )


def test_new_money_begins_with_the_next_open_budget_year():
    rounds = ({"years": (2027,), "drafted_date": dt.date(2026, 3, 31)},)
    plan = plan_of(city(budget_rounds=rounds))
    # the concept costs money: nothing is paid before 2028; without costs it could begin
    assert spans(plan)[0] == "01-01 02-29"
    assert plan.phases["start"].min() == pd.Timestamp("2028-01-01")
    assert plan.budget.query("kind == 'investive'")["one_off_eur"].tolist() == pytest.approx([0, 50_000, 0])
    # what is in preparation has its money
    begun = plan_of(city(budget_rounds=rounds), status="in_preparation")
    assert begun.phases["start"].min() == pd.Timestamp("2027-01-01")
