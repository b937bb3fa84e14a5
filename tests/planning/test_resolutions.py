"""When nothing fits: need and supply in words, and amounts that suffice while a little less does not."""

from __future__ import annotations

import datetime as dt

import pandas as pd
import pytest
from small_plans import chosen, one_phase, plan_of, strategy_of

from digistrat.planning.joint import plan_portfolio
from digistrat.planning.resolutions import explain_conflict, resolutions
from digistrat.scoring.impact import score_impact
from inventories import budget, cost, link, make_inventory, make_strategy, points, post, project, step

ROOM = post("S1", "PL", 9.0)
HALF = [ROOM, post("S2", "EN", 0.5)]


def duties(*names, due=None, **more):
    """Projects that have to be done, by a date."""
    tables = chosen(*names)
    tables["projects"] = [project(name, mandate="legal", due_date=due) for name in names]
    return tables | more


def row_of(table, change):
    rows = table[table["change"] == change]
    assert len(rows) == 1, table
    return rows.iloc[0]


def test_a_post_that_is_filled_too_late():
    # half a post for four months from January to June; 0.2 are filled until August
    staff = [ROOM, post("S2", "EN", 0.2), post("S3", "EN", 1.0, start_date="2027-09-01")]

    def made(fte=0.0, due="2027-06-30"):
        return plan_of(one_phase(4), **duties("a", due=due), positions=[*staff, post("S4", "EN", fte)])

    plan = made()
    assert plan.status == "infeasible"
    said = " ".join(explain_conflict(plan))
    assert "mandatory project a Titel a (Phase UM) needs 0.50 FTE Entwicklung" in said
    assert "January 2027 to June 2027" in said
    assert "at most 0.20 FTE are filled throughout, more only after 31 Aug 2027" in said
    table = resolutions(plan)
    staffed = row_of(table, "capacity")
    assert (staffed["amount"], staffed["unit"], staffed["subject"]) == (pytest.approx(0.3), "fte", "EN")
    later = row_of(table, "deadline")
    assert (later["amount"], later["unit"]) == (6.0, "months")
    assert "on 31 Dec 2027" in later["text"]
    assert table["is_enough"].all()
    assert table["is_smallest"].all()
    # enough, and a little less is not
    assert made(0.3).status == "optimal"
    assert made(0.29).status == "infeasible"
    assert made(due="2027-12-31").status == "optimal"
    assert made(due="2027-11-30").status == "infeasible"


def test_two_duties_at_once_need_more_than_is_there_in_sum():
    # each half a post for four months, both by the end of May: at least three months together
    plan = plan_of(
        one_phase(4), **duties("a", "b", due="2027-05-31"), positions=[ROOM, post("S2", "EN", 0.5)]
    )
    said = " ".join(explain_conflict(plan))
    assert "mandatory project a Titel a, mandatory project b Titel b" in said
    assert "from February 2027 to April 2027 on average at least 1.00 FTE Entwicklung" in said
    assert "0.50 FTE are filled" in said
    table = resolutions(plan)
    assert row_of(table, "capacity")["amount"] == pytest.approx(0.5)
    # one after the other takes eight months: one of the two dates three months later
    later = table[table["change"] == "deadline"]
    assert later["amount"].tolist() == [3.0, 3.0]
    assert sorted(later["subject"]) == ["a UM", "b UM"]


def test_money_of_a_year_to_the_cent():
    def made(extra=0.0):
        strategy = one_phase(
            4, budgets=budget((2027, "investive", 30_000.0 + extra), (2028, "investive", 40_000.0))
        )
        tables = duties("a", due="2027-06-30")
        tables["project_costs"] = [cost("a", 2027, 30_000.0), cost("a", 2028, 3_333.32)]
        return plan_of(strategy, **tables)

    plan = made()
    assert plan.status == "infeasible"
    assert any(
        "in 2027 at least €33k (investive) are needed, €30k are available" in s
        for s in explain_conflict(plan)
    )
    row = row_of(resolutions(plan), "budget")
    assert (row["amount"], row["unit"], row["subject"]) == (pytest.approx(3_333.32), "eur", "2027 investive")
    assert row["is_enough"]
    assert row["is_smallest"]
    assert "3,333.32 € more" in row["text"]
    assert made(3_333.32).status == "optimal"
    assert made(3_333.31).status == "infeasible"


def test_a_chain_that_takes_too_long():
    steps = (step("KO", 0.5, 0.5), step("UM", 0.5, 0.5))
    tables = duties("a", "b", dependencies=[link("b", "end_before_start", "a")])
    tables["projects"][1]["due_date"] = "2027-10-31"

    def made(due, months=6):
        tables["projects"][1]["due_date"] = due
        return plan_of(strategy_of(*steps, months=months), **tables)

    plan = made("2027-10-31")
    assert plan.status == "infeasible"
    table = resolutions(plan)
    assert row_of(table, "deadline")["amount"] == 2.0  # twelve months, ten are there
    assert row_of(table, "length")["amount"] == 2.0
    assert made("2027-12-31").status == "optimal"
    assert made("2027-11-30").status == "infeasible"


def test_too_few_sittings():
    # each decision takes the half post for two months, and there are two sittings for three of them
    days = (dt.date(2027, 4, 20), dt.date(2027, 9, 20))
    council = {"lead_weeks": 0.0, "sitting_days": days, "source": "test"}
    steps = (
        step("KO", 0.5, 0.5),
        step("BE", 0.5, 0.5, is_decision=True, effort_days={"EN": 20.0}),
    )
    tables = duties("a", "b", "c", due="2027-10-31")
    plan = plan_of(strategy_of(*steps, months=4, council=council), **tables, positions=HALF)
    assert plan.status == "infeasible"
    table = resolutions(plan)
    extra = table[table["change"] == "sitting"]
    assert extra["amount"].tolist() == [1.0] * len(extra)
    assert len(extra) >= 1
    assert extra["is_enough"].all()
    assert row_of(table, "capacity")["amount"] == pytest.approx(0.5)


def test_two_conflicts_at_once_are_not_resolved_by_one_change():
    # a lacks staff until its date; b, which needs none, lacks money until its date
    strategy = one_phase(4, budgets=budget((2027, "investive", 30_000.0), (2028, "investive", 40_000.0)))
    tables = duties("a", "b", due="2027-06-30")
    tables["project_costs"] = [cost("a", 2027, 1.0), cost("b", 2027, 29_999.0), cost("b", 2028, 500.0)]
    tables["efforts"] = [{"project_id": "b", "phase_id": "UM", "role_id": "EN", "effort_days": 0.0}]
    staff = [ROOM, post("S2", "EN", 0.2), post("S3", "EN", 1.0, start_date="2027-09-01")]
    plan = plan_of(strategy, **tables, positions=staff)
    assert plan.status == "infeasible"
    table = resolutions(plan)
    assert len(table) >= 2
    assert not table["is_enough"].any()
    assert table["text"].str.endswith("That resolves this conflict; another one remains.").all()


def test_a_selection_that_already_fails():
    def made(extra=0.0, more=()):
        strategy = make_strategy(budgets=budget((2027, "investive", 30_000.0 + extra)))
        tables = {
            "projects": [project("a", mandate="legal")],
            "project_costs": [cost("a", 2027, 50_000.01), *more],
            "impact_ratings": points(a=5),
        }
        return plan_of(strategy, **tables)

    plan = made()
    assert plan.portfolio.status == plan.status == "infeasible"
    assert explain_conflict(plan) == plan.conflicts
    row = resolutions(plan).iloc[0]
    assert (row["change"], row["amount"], row["unit"]) == ("budget", pytest.approx(20_000.01), "eur")
    assert row["is_enough"]
    assert made(20_000.01).portfolio.status == "optimal"
    assert made(20_000.0).portfolio.status == "infeasible"
    # of two kinds that fail, one alone is not enough
    both = made(more=[cost("a", 2027, 700.0, kind="consumptive")])
    table = resolutions(both)
    assert sorted(table["amount"]) == pytest.approx([700.0, 20_000.01])
    assert not table["is_enough"].any()


def test_where_projects_and_dates_are_found_together():
    tables = duties("a", "b", due="2027-05-31")
    inventory = make_inventory(one_phase(4), positions=HALF, **tables)
    plan = plan_portfolio(inventory, score_impact(inventory), effort=0.05)
    assert plan.status == "infeasible"
    assert "on average at least 1.00 FTE Entwicklung" in " ".join(explain_conflict(plan))
    row = row_of(resolutions(plan), "capacity")
    assert (row["amount"], bool(row["is_enough"])) == (pytest.approx(0.5), True)
    more = plan.replace(positions=inventory.positions.assign(fte=[9.0, 1.0]))
    assert sorted(more.phases["project_id"]) == ["a", "b"]


def test_money_that_lacks_in_every_year_is_told_for_all_years_together():
    # the work of one month costs 2,000, and no year has more than 1,000
    rows = budget(*((year, "consumptive", 1_000.0) for year in (2027, 2028, 2029)))
    tables = duties("a", due="2029-12-31")
    tables["project_costs"] = [cost("a", 2027, 2_000.0, kind="consumptive")]
    inventory = make_inventory(one_phase(1, budgets=rows), positions=HALF, **tables)
    plan = plan_portfolio(inventory, score_impact(inventory), effort=0.05)
    assert plan.status == "infeasible"
    table = resolutions(plan).set_index("subject")
    for subject in ("consumptive", "2027 consumptive", "2028 consumptive", "2029 consumptive"):
        assert table.at[subject, "amount"] == pytest.approx(1_000.0)
        assert table.at[subject, "is_enough"]
    assert table.at["consumptive", "text"].endswith("more in every year.")


def test_money_for_one_year_is_not_enough_where_the_next_one_lacks_it_too():
    rows = budget(*((year, "consumptive", 1_000.0) for year in (2027, 2028, 2029)))
    tables = duties("a", due="2027-12-31")
    tables["project_costs"] = [
        cost("a", 2027, 100.0, kind="consumptive"),
        cost("a", 2027, 3_600.0, kind="consumptive", is_recurring=True),
    ]
    inventory = make_inventory(one_phase(4, budgets=rows), positions=HALF, **tables)
    plan = plan_portfolio(inventory, score_impact(inventory), effort=0.05)
    assert plan.status == "infeasible"
    # 300 a month from 2028 on at the latest: 3,600 a year against 1,000, in 2028 and in 2029
    row = resolutions(plan).set_index("subject").loc["2028 consumptive"]
    assert row["amount"] == pytest.approx(2_600.0)
    assert not row["is_enough"]
    assert (
        "in 2028 at least €3,600 (consumptive) are needed, €1,000 are available" in explain_conflict(plan)[0]
    )


def test_only_of_what_is_not_possible():
    plan = plan_of(one_phase(4), **chosen("a"))
    for ask in (explain_conflict, resolutions):
        with pytest.raises(ValueError, match="plan must be an infeasible Plan"):
            ask(plan)


def test_columns_stand_also_where_nothing_helps():
    # no role EN at all after the horizon's beginning, and nothing that could give way but it
    plan = plan_of(one_phase(4), **duties("a"), positions=[ROOM, post("S2", "EN", 0.1)])
    table = resolutions(plan)
    assert table["is_enough"].dtype == bool
    assert isinstance(table["amount"].dtype, type(pd.Series([1.0]).dtype))
    assert row_of(table, "capacity")["amount"] == pytest.approx(0.4)
