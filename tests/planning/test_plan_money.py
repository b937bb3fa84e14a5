"""One money model for portfolio and plan: what is spent when, and what a budget leaves (by hand)."""

from __future__ import annotations

import datetime as dt

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digistrat.planning.audit import verify_plan
from digistrat.planning.joint import plan_portfolio
from digistrat.planning.money import available_budgets, funded_shares, phase_costs, yearly_costs
from digistrat.planning.portfolio import select_portfolio
from digistrat.planning.schedule import schedule
from digistrat.scoring.impact import score_impact
from inventories import STAFF, budget, cost, link, make_inventory, make_strategy, points, project


def plan_of(strategy=None, start=None, positions=STAFF, **tables):
    inventory = make_inventory(strategy or make_strategy(), positions=list(positions), **tables)
    return schedule(inventory, select_portfolio(inventory, score_impact(inventory)), start=start)


def by_year(plan, column, kind="investive"):
    return plan.budget.query(f"kind == '{kind}'").set_index("year")[column].round(6).to_dict()


def running(project_id, year, amount):
    return cost(project_id, year, amount, "consumptive", is_recurring=True)


# --- running costs from go-live on ----------------------------------------


def test_running_costs_begin_with_go_live_and_not_in_the_year_that_offices_report():
    tables = {
        "projects": [project("a")],
        "project_costs": [cost("a", 2027, 50_000.0), running("a", 2029, 12_000.0)],
        "impact_ratings": points(a=5),
    }
    plan = plan_of(**tables)
    assert plan.phases["end"].max() == pd.Timestamp("2027-10-31")
    # two months of 2027, then every month
    expected = {2027: 2_000, 2028: 12_000, 2029: 12_000}
    assert by_year(plan, "recurring_eur", "consumptive") == pytest.approx(expected)
    assert verify_plan(plan).empty


def test_running_costs_of_a_late_go_live_are_not_charged_before():
    tables = {
        "projects": [project("a", release_date="2028-05-01")],
        "project_costs": [
            cost("a", 2028, 50_000.0),
            running("a", 2028, 24_000.0),
            running("a", 2029, 36_000.0),
        ],
        "impact_ratings": points(a=5),
    }
    plan = plan_of(**tables)
    assert plan.phases["end"].max() == pd.Timestamp("2029-02-28")
    # the largest year that is reported, from March 2029 on
    expected = {2027: 0, 2028: 0, 2029: 30_000}
    assert by_year(plan, "recurring_eur", "consumptive") == pytest.approx(expected)


def test_running_costs_push_a_go_live_into_the_year_that_can_carry_them():
    tables = {
        "projects": [project("a")],
        "project_costs": [cost("a", 2027, 50_000.0), running("a", 2028, 60_000.0)],
        "impact_ratings": points(a=5),
    }
    amounts = budget(
        (2027, "investive", 50_000.0), (2028, "investive", 50_000.0), (2028, "consumptive", 60_000.0)
    )
    plan = plan_of(make_strategy(budgets=amounts), **tables)
    # five thousand a month from November on, and 2027 has nothing: live at the end of the year, not before
    assert plan.phases["end"].max() == pd.Timestamp("2027-12-31")
    assert by_year(plan, "planned_eur", "consumptive") == pytest.approx({2027: 0, 2028: 60_000, 2029: 60_000})


# --- one-off money ----------------------------------------


def phases(*rows):
    table = pd.DataFrame(rows, columns=["activity", "project_id", "duration_months", "share_cost"])
    return table.set_index("activity")


def once(*rows):
    table = pd.DataFrame(rows, columns=["project_id", "year", "kind", "amount_eur"])
    return table.assign(is_recurring=False)


def test_money_keeps_the_years_of_the_office():
    # from July 2027: a takes four months, b eight: two of them in 2027, so that 600 of 2028 are b's, and as
    # it spends evenly another 200 of 2027; what is left of 2027 is a's
    table = phases(("a", "p", 4, 0.2), ("b", "p", 8, 0.8))
    begin = pd.Series({"p": pd.Timestamp("2027-07-01")})
    costs = phase_costs(once(("p", 2027, "investive", 260.0), ("p", 2028, "investive", 600.0)), table, begin)
    assert costs["investive"].tolist() == pytest.approx([60, 800], rel=1e-5)
    assert costs["consumptive"].tolist() == [0, 0]
    # 60 of 2027 cannot be: b alone spends 200 then if it spends 600 later; a gets nothing
    costs = phase_costs(once(("p", 2027, "investive", 60.0), ("p", 2028, "investive", 600.0)), table, begin)
    assert costs["investive"].tolist() == pytest.approx([0, 660])
    # years in which nothing would run belong to the nearer end
    ends = once(("p", 2025, "consumptive", 5.0), ("p", 2031, "consumptive", 6.0))
    assert phase_costs(ends, table, begin)["consumptive"].tolist() == pytest.approx([3, 8], rel=1e-5)
    # 2028 has no money, and the months there count to 2027: the template's shares
    only = phase_costs(once(("p", 2027, "investive", 100.0)), table, begin)
    assert only["investive"].tolist() == pytest.approx([20, 80])


def test_money_of_one_year_follows_the_template():
    table = phases(("a", "p", 3, 0.2), ("b", "p", 1, 0.8))
    begin = pd.Series({"p": pd.Timestamp("2027-01-01")})
    costs = phase_costs(once(("p", 2027, "investive", 100.0)), table, begin)
    assert costs["investive"].tolist() == pytest.approx([20, 80])


@settings(max_examples=40)
@given(
    st.lists(st.tuples(st.integers(1, 30), st.floats(0, 1)), min_size=1, max_size=5),
    st.lists(st.tuples(st.integers(2025, 2033), st.floats(0, 1e7)), max_size=5, unique_by=lambda row: row[0]),
    st.integers(1, 12),
)
def test_no_money_is_lost_or_made(steps, amounts, month):
    whole = sum(share for _, share in steps)
    shares = [share / whole if whole > 1e-3 else 1 / len(steps) for _, share in steps]
    table = phases(*[(f"p {k}", "p", steps[k][0], share) for k, share in enumerate(shares)])
    money = once(*[("p", year, "investive", amount) for year, amount in amounts])
    costs = phase_costs(money, table, pd.Series({"p": pd.Timestamp(2027, month, 1)}))
    assert costs.to_numpy().sum() == pytest.approx(sum(amount for _, amount in amounts), abs=1e-6)
    assert (costs >= 0).all(axis=None)


def test_what_fits_on_paper_fits_in_the_plan():
    # 100 thousand a year is the whole budget; the template alone would put nine tenths into one year
    tables = {
        "projects": [project("a", start_date="2027-01-01", end_date="2029-12-31")],
        "project_costs": [cost("a", year, 100_000.0) for year in (2027, 2028, 2029)],
        "impact_ratings": points(a=5),
    }
    plan = plan_of(**tables)
    assert plan.status == "optimal"
    assert by_year(plan, "one_off_eur") == pytest.approx({2027: 1e5, 2028: 1e5, 2029: 1e5}, rel=1e-4)


# --- what is over, what is funded, what a budget leaves ----------------------------------------


def test_earlier_money_of_what_has_not_begun_is_still_needed():
    def needed(**more):
        plan = plan_of(
            projects=[project("a", "in_preparation", **more)],
            project_costs=[cost("a", 2026, 50_000.0)],
            impact_ratings=points(a=5),
        )
        return plan.budget["one_off_eur"].sum()

    assert needed(start_date="2027-03-01") == pytest.approx(50_000)
    assert needed() == pytest.approx(50_000)  # nothing says that it has begun
    assert needed(start_date="2026-03-01") == 0


def test_an_approved_grant_pays_its_share():
    def chosen(**more):
        inventory = make_inventory(
            make_strategy(),
            positions=list(STAFF),
            projects=[project("a", **more)],
            project_costs=[cost("a", 2027, 120_000.0), cost("a", 2028, 30_000.0)],
            impact_ratings=points(a=5),
        )
        return funded_shares(inventory).to_dict(), list(
            select_portfolio(inventory, score_impact(inventory)).selected
        )

    granted = {"funding_eur": 90_000.0}
    assert chosen(**granted, funding_state="approved") == ({"a": 0.6}, ["a"])  # 48 of 120 thousand are own
    assert chosen(**granted, funding_state="applied") == ({}, [])
    assert chosen(**granted) == ({}, [])
    assert chosen(funding_eur=400_000.0, funding_state="approved") == ({"a": 1.0}, ["a"])


def left(start, *amounts):
    inventory = make_inventory(
        make_strategy(budgets=budget(*amounts)),
        projects=[project("r", "existing")],
        project_costs=[cost("r", 2027, 12_000.0)],
    )
    table = available_budgets(inventory, yearly_costs(inventory), start=start)
    return table.query("kind == 'investive'").set_index("year")["available_eur"].to_dict()


def test_a_start_in_mid_year_has_the_rest_of_the_years_money():
    amounts = [(2027, "investive", 60_000.0), (2028, "investive", 60_000.0)]
    assert left(dt.date(2027, 1, 1), *amounts) == {2027: 48_000, 2028: 60_000}
    assert left(dt.date(2027, 10, 1), *amounts) == {2027: 12_000, 2028: 60_000}


def test_budgets_that_are_over_leave_nothing():
    assert left(dt.date(2028, 1, 1), (2026, "investive", 5.0)) == {2028: 0}
    assert left(dt.date(2028, 1, 1)) == {}
    plan = plan_of(
        make_strategy(budgets=budget((2026, "investive", 1.0))),
        projects=[project("a", mandate="legal")],
        project_costs=[cost("a", 2027, 50_000.0)],
        impact_ratings=points(a=5),
    )
    assert plan.status == "infeasible"


# --- grants, lags, offices, commitments ----------------------------------------


def test_a_grant_frames_the_project():
    paid = {"funding_eur": 10_000.0, "funding_state": "approved", "funding_from_date": "2027-03-15"}
    tables = {"project_costs": [cost("a", 2027, 50_000.0)], "impact_ratings": points(a=5)}
    plan = plan_of(projects=[project("a", **paid, funding_until_date="2028-02-15")], **tables)
    assert plan.phases["start"].min() == pd.Timestamp("2027-04-01")
    assert plan.milestones["milestone"].tolist() == ["decision", "order", "go_live", "grant_end"]
    assert plan.problem.deadlines["a UM"] == 13
    late = plan_of(projects=[project("a", **paid, funding_until_date="2028-01-30")], **tables)
    assert "a Titel a cannot end before its grant does on 30 Jan 2028" in late.notes[0]
    refused = project("a", **(paid | {"funding_state": "refused"}), funding_until_date="2027-05-31")
    assert plan_of(projects=[refused], **tables).phases["start"].min() == pd.Timestamp("2027-01-01")
    asked = plan_of(projects=[project("a", **(paid | {"funding_state": "applied"}))], **tables)
    assert any(note.startswith("1 projects have applied for a grant") for note in asked.notes)


def test_a_lag_between_projects():
    tables = {
        "projects": [project("a"), project("b")],
        "project_costs": [cost("a", 2027, 10_000.0), cost("b", 2027, 10_000.0)],
        "impact_ratings": points(a=6, b=5),
    }
    waits = link("b", "end_before_start", "a") | {"lag_months": 3}
    plan = plan_of(**tables, dependencies=[waits])
    assert plan.phases.loc["a UM", "end"] == pd.Timestamp("2027-10-31")
    assert plan.phases.loc["b KO", "start"] == pd.Timestamp("2028-02-01")
    tables["projects"][0] |= {"status": "existing", "end_date": "2027-03-31"}
    assert plan_of(**tables, dependencies=[waits]).phases["start"].min() == pd.Timestamp("2027-07-01")


def test_an_office_carries_so_many_projects_at_once():
    planning = {"start_date": dt.date(2027, 1, 1), "horizon_months": 36, "days_per_fte_month": 20.0}
    tables = {
        "projects": [project("a"), project("b"), project("c", office_id="A2")],
        "project_costs": [cost(p, 2027, 10_000.0) for p in "abc"],
        "impact_ratings": points(a=6, b=5, c=5),
    }
    plan = plan_of(make_strategy(planning=planning | {"projects_per_office": 1}), **tables)
    starts = plan.phases.groupby("project_id")["start"].min()
    assert [f"{day:%Y-%m}" for day in starts] == ["2027-01", "2027-11", "2027-01"]
    assert set(plan.load["role_id"]) == {"PL", "EN"}


def test_orders_bind_money_of_later_years():
    # the order ends in June 2028 if the project begins in January; four months of work follow
    tables = {
        "projects": [project("a", release_date="2027-07-01")],
        "project_costs": [cost("a", 2028, 50_000.0)],
        "impact_ratings": points(a=5),
    }
    granted = ({"year": 2027, "for_year": 2028, "kind": "investive", "amount_eur": 40_000.0},)
    plan = plan_of(make_strategy(commitments=granted), **tables)
    # concept, decision and procurement fill 2027; all money of 2028 is the work's, ordered in December
    (row,) = plan.commitments.values.tolist()
    assert row == [2027, 2028, "investive", pytest.approx(50_000), 40_000]
    assert any("Orders of 2027 bind €50k of 2028 (investive); commitments of €40k" in n for n in plan.notes)
    assert plan_of(**tables).commitments["granted_eur"].isna().all()


# --- what the plan tells of itself ----------------------------------------


def test_a_duty_without_a_date_that_is_put_off_is_told():
    tables = {
        "projects": [project("a", mandate="legal", end_date="2026-10-30", release_date="2027-01-01")],
        "project_costs": [cost("a", 2027, 10_000.0)],
        "impact_ratings": points(a=5),
    }
    (note, _) = plan_of(**tables).notes  # live on 31 October 2027, a year and a day after
    assert note.endswith("a due date would bind the plan: a Titel a (31 Oct 2027).")
    tables["projects"][0]["end_date"] = "2026-10-31"
    assert len(plan_of(**tables).notes) == 1
    tables["projects"][0] |= {"end_date": "2026-10-30", "mandate": "none"}
    assert len(plan_of(**tables).notes) == 1


def test_long_pauses_are_told():
    # whoever leads concepts leaves in March 2027, and the office dates the work from June 2028
    phase = {"project_id": "a", "phase_id": "UM", "start_date": "2028-06-01", "duration_months": 4}
    tables = {
        "projects": [project("a")],
        "project_costs": [cost("a", 2027, 10_000.0)],
        "impact_ratings": points(a=5),
        "phases": [phase],
    }
    leaves = [STAFF[0] | {"end_date": "2027-03-31"}, STAFF[1]]
    # concept until March, decision from February to March 2028
    assert plan_of(positions=leaves, **tables).notes[0] == (
        "1 projects stand still for 6 months or more between two phases, the longest is a Titel a "
        "(10 months)."
    )
    assert len(plan_of(**tables).notes) == 1  # with her, all phases follow each other


def test_running_costs_that_no_later_year_can_carry_are_told():
    tables = {
        "projects": [project("a", release_date="2029-02-01")],
        "project_costs": [cost("a", 2029, 10_000.0), running("a", 2029, 240_000.0)],
        "impact_ratings": points(a=5),
    }
    inventory = make_inventory(make_strategy(), positions=list(STAFF), **tables)
    # on paper 2029 has no money for it; as a plan it is live on 30 November: one month of 20 thousand
    plan = plan_portfolio(inventory, score_impact(inventory), effort=0.01)
    assert by_year(plan, "recurring_eur", "consumptive")[2029] == pytest.approx(20_000)
    assert plan.notes[0] == (
        "What the plan puts into operation costs €240k a year afterwards (consumptive); 2029 has €100k for "
        "it. The years after are not covered."
    )
