"""Plans by hand on small inventories, and the example city's plan checked from its tables."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from plan_check import broken

from digistrat.planning.activities import Schedule
from digistrat.planning.audit import verify_plan
from digistrat.planning.portfolio import select_portfolio
from digistrat.planning.schedule import schedule
from digistrat.scoring.impact import score_impact
from inventories import STAFF, budget, cost, link, make_inventory, make_strategy, points, post, project


def plan_of(strategy=None, *, positions=STAFF, start=None, budgets=None, **tables):
    inventory = make_inventory(strategy or make_strategy(), positions=list(positions), **tables)
    portfolio = select_portfolio(inventory, score_impact(inventory), budgets=budgets)
    return schedule(inventory, portfolio, start=start)


def one(**more):
    return {
        "projects": [project("a", **more)],
        "project_costs": [cost("a", 2027, 50_000.0)],
        "impact_ratings": points(a=5),
    }


def two(**of_b):
    return {
        "projects": [project("a"), project("b", **of_b)],
        "project_costs": [cost("a", 2027, 10_000.0), cost("b", 2027, 10_000.0)],
        "impact_ratings": points(a=6, b=5),
    }


def dates(plan):
    return [f"{row.start:%Y-%m-%d}–{row.end:%Y-%m-%d}" for row in plan.phases.itertuples()]


def test_one_project_by_hand():
    # ten months: 2 + 2 + 2 + 4
    plan = plan_of(**one())
    assert dates(plan) == [
        "2027-01-01–2027-02-28",
        "2027-03-01–2027-04-30",
        "2027-05-01–2027-06-30",
        "2027-07-01–2027-10-31",
    ]
    assert plan.phases["predecessor"].tolist() == ["", "a KO", "a BE", "a VG"]
    assert (plan.status, plan.makespan, plan.gap) == ("optimal", 10, 0)
    # 50 points × 26 of the 36 months of the horizon
    assert plan.objective == plan.bound == pytest.approx(50 * 26 / 12)
    assert plan.milestones.astype({"date": "str"}).values.tolist() == [
        ["a", "decision", "2027-04-30"],
        ["a", "order", "2027-06-30"],
        ["a", "go_live", "2027-10-31"],
    ]
    assert plan.notes == ("The council's sitting days are not given; decisions end with the month.",)
    # 10 days of PL in 2 months of 20 days; 40 of EN in 4
    load = plan.load[plan.load["demand_fte"] > 0]
    assert load.groupby("role_id")["demand_fte"].agg(["count", "max"]).values.tolist() == [
        [4, 0.5],
        [2, 0.25],
    ]
    assert plan.budget["one_off_eur"].tolist() == pytest.approx([50_000, 0, 0, 0, 0, 0])
    assert plan.problem.costs["investive"].tolist() == pytest.approx([5_000, 0, 0, 45_000])
    assert broken(plan) == []
    assert verify_plan(plan).empty
    assert "1 projects, 4 phases in 10 months" in str(plan)


def test_money_waits_for_the_next_budget_year():
    strategy = make_strategy(
        budgets=budget((2027, "investive", 5_000.0), (2028, "investive", 45_000.0)),
    )
    tables = one()
    tables["project_costs"] = [cost("a", 2027, 5_000.0), cost("a", 2028, 45_000.0)]
    plan = plan_of(strategy, **tables)
    assert dates(plan)[-1] == "2028-01-01–2028-04-30"
    assert plan.budget.query("kind == 'investive'")["one_off_eur"].tolist() == pytest.approx(
        [5_000, 45_000, 0]
    )
    assert np.isnan(plan.budget["ceiling_eur"].iloc[-2])  # 2029 has no budget
    assert broken(plan) == []


def test_the_plan_uses_the_budgets_and_the_end_of_ranges_that_the_portfolio_was_chosen_with():
    tables = one()
    tables["project_costs"] = [cost("a", 2027, 50_000.0, amount_eur_upper=80_000.0, amount_eur_lower=1.0)]
    table = pd.DataFrame({"year": [2027, 2028], "kind": "investive", "amount_eur": [60_000.0, 60_000.0]})
    inventory = make_inventory(make_strategy(), positions=list(STAFF), **tables)
    portfolio = select_portfolio(inventory, score_impact(inventory), budgets=table, cost="value")
    plan = schedule(inventory, portfolio)
    assert plan.budget["one_off_eur"].sum() == pytest.approx(50_000)
    assert plan.budget.query("kind == 'investive'")["ceiling_eur"].tolist()[:2] == [60_000, 60_000]


def test_no_budget_at_all_limits_nothing():
    plan = plan_of(make_strategy(budgets=()), **one())
    assert plan.status == "optimal"
    assert plan.budget["one_off_eur"].sum() == pytest.approx(50_000)
    assert plan.budget["ceiling_eur"].isna().all()


def test_after_the_last_budget_year_nothing_is_spent():
    strategy = make_strategy(budgets=budget((2027, "investive", 60_000.0)))
    plan = plan_of(strategy, **one())
    assert plan.problem.ceilings.index.tolist() == [2027]
    # ten months from June on: the last three of the work are in 2028
    june = plan_of(strategy, **one(), start="2027-06-01")
    assert june.status == "infeasible"
    assert "No money is planned after 2027 (investive)." in june.conflicts
    late = plan_of(strategy, **one(), start="2028-01-01")
    assert late.conflicts[0] == "2028 has not enough money (investive, €0 available after running projects)."


def test_no_plan_found_in_time_is_empty_and_says_so(monkeypatch):
    def nothing(durations, *_args, **_options):
        start = pd.Series(pd.NA, durations.index, dtype="Int64")
        return Schedule(start, np.nan, np.nan, 12.0, np.nan, "limit")

    monkeypatch.setattr("digistrat.planning.schedule.schedule_activities", nothing)
    plan = plan_of(**one())
    assert (plan.status, plan.conflicts) == ("limit", ())
    assert np.isnan(plan.bound)
    assert all(
        getattr(plan, name).empty for name in ("phases", "milestones", "load", "budget", "commitments")
    )
    assert str(plan) == "Plan: limit"


def test_spent_and_waiting_money():
    tables = {
        "projects": [
            project("new"),
            project("begun", "in_preparation", start_date="2026-09-01", end_date="2027-09-30"),
        ],
        "project_costs": [
            cost("new", 2026, 20_000.0),
            cost("new", 2027, 10_000.0),
            cost("begun", 2026, 77_000.0),
            cost("begun", 2027, 30_000.0),
        ],
        "impact_ratings": points(new=5, begun=5),
    }
    plan = plan_of(**tables)
    assert plan.budget["one_off_eur"].sum() == pytest.approx(20_000 + 10_000 + 30_000)
    assert broken(plan) == []


# --- dates ----------------------------------------


@pytest.mark.parametrize(
    ("given_start", "first"),
    [
        ("2027-04-01", "2027-04-01"),
        ("2027-04-02", "2027-05-01"),
        (dt.date(2027, 7, 1), "2027-07-01"),
        (dt.datetime(2027, 12, 15, 8, 0), "2028-01-01"),
        (pd.Timestamp("2028-01-01"), "2028-01-01"),
    ],
)
def test_no_phase_begins_before_the_start(given_start, first):
    plan = plan_of(start=given_start, **one())
    assert f"{plan.phases['start'].min():%Y-%m-%d}" == first
    assert plan.makespan == 10
    assert plan.budget["one_off_eur"].sum() == pytest.approx(50_000)  # reported for 2027, needed later
    assert broken(plan, first_year=int(first[:4])) == []


@pytest.mark.parametrize("wrong", ["soon", "2027-13-01", 2027, pd.NaT])
def test_a_start_that_is_no_date(wrong):
    with pytest.raises(ValueError, match="start must be a date such as 2027-01-01, not"):
        plan_of(start=wrong, **one())


@pytest.mark.parametrize(
    ("column", "date", "first"),
    [
        ("release_date", "2027-05-01", "2027-05-01"),
        ("release_date", "2027-05-02", "2027-06-01"),
        ("start_date", "2027-05-31", "2027-06-01"),
        ("start_date", "2020-01-01", "2027-01-01"),
    ],
)
def test_release_and_reported_beginning(column, date, first):
    plan = plan_of(**one(**{column: date}))
    assert f"{plan.phases['start'].min():%Y-%m-%d}" == first
    assert broken(plan) == []


@pytest.mark.parametrize("mandate", ["legal", "operational", "political"])
def test_a_duty_comes_before_value(mandate):
    # one person for EN: only one project can be built at a time
    tables = two(due_date="2027-10-31", mandate=mandate)
    plan = plan_of(**tables, positions=[post("1", "PL", 9.0), post("2", "EN", 0.5)])
    ends = plan.phases.groupby("project_id")["end"].max()
    assert f"{ends['b']:%Y-%m-%d}" == "2027-10-31"
    assert f"{ends['a']:%Y-%m-%d}" == "2028-02-29"  # four months later, although worth more
    assert broken(plan) == []


@pytest.mark.parametrize("mandate", ["none", None])
def test_a_wished_date_binds_nobody_and_is_told(mandate):
    tables = two(due_date="2027-10-31", mandate=mandate)
    plan = plan_of(**tables, positions=[post("1", "PL", 9.0), post("2", "EN", 0.5)])
    ends = plan.phases.groupby("project_id")["end"].max()
    assert ends["a"] < ends["b"]
    assert plan.notes[0] == (
        "b Titel b should end by 31 Oct 2027 as the office says; without a duty that does not bind the plan, "
        "which ends on 29 Feb 2028."
    )


@pytest.mark.parametrize(("due", "kept"), [("2027-10-31", True), ("2027-10-30", False)])
def test_a_duty_that_is_too_late_already_costs_nobody_else_the_plan(due, kept):
    plan = plan_of(**one(due_date=due, mandate="legal"))
    assert plan.status == "optimal"
    assert (plan.notes[0].startswith("a Titel a cannot keep its date 30 Oct 2027")) != kept
    assert (plan.problem.deadlines["a UM"] == 10) == kept


def test_duties_that_cannot_hold_together_are_named():
    tables = two(due_date="2027-10-31", mandate="legal")
    tables["projects"][0] |= {"due_date": "2027-10-31", "mandate": "legal"}
    plan = plan_of(**tables, positions=[post("1", "PL", 9.0), post("2", "EN", 0.5)])
    assert plan.status == "infeasible"
    assert {
        "a Titel a must be finished by 31 Oct 2027.",
        "b Titel b must be finished by 31 Oct 2027.",
    } <= set(plan.conflicts)
    for table in (plan.phases, plan.milestones, plan.load, plan.budget):
        assert table.empty
    assert list(plan.load.columns) == ["role_id", "month", "demand_fte", "capacity_fte"]
    assert np.isnan(plan.makespan)
    assert "infeasible" in str(plan)
    assert verify_plan(plan).empty


# --- staff ----------------------------------------


def test_a_post_counts_only_in_months_that_it_is_filled_wholly():
    positions = [post("1", "PL"), post("2", "EN", start_date="2027-08-02", end_date="2028-01-30")]
    plan = plan_of(**one(), positions=positions)
    months = plan.load[(plan.load["role_id"] == "EN") & (plan.load["capacity_fte"] > 0)]["month"]
    assert [f"{m:%Y-%m}" for m in months] == ["2027-09", "2027-10", "2027-11", "2027-12"]
    assert dates(plan)[-1] == "2027-09-01–2027-12-31"
    shorter = [positions[0], positions[1] | {"end_date": "2027-12-30"}]
    assert plan_of(**one(), positions=shorter).conflicts[-1].startswith("Role Entwicklung: not enough posts")


# --- dependencies ----------------------------------------


@pytest.mark.parametrize(
    ("kind", "first"), [("end_before_start", "2027-11-01"), ("start_before_start", "2027-03-01")]
)
def test_projects_wait_for_each_other(kind, first):
    tables = two()
    tables["projects"][1]["release_date"] = "2027-03-01"
    if kind == "end_before_start":
        del tables["projects"][1]["release_date"]
    plan = plan_of(**tables, dependencies=[link("a", kind, "b")])
    assert f"{plan.phases.loc['a KO', 'start']:%Y-%m-%d}" == first
    assert broken(plan) == []


@pytest.mark.parametrize(
    ("kind", "first"),
    [("end_before_start", "2027-07-01"), ("start_before_start", "2027-05-01"), ("requires", "2027-01-01")],
)
def test_projects_wait_for_running_ones_too(kind, first):
    tables = two()
    tables["projects"][1] |= {"status": "existing", "start_date": "2027-04-15", "end_date": "2027-06-30"}
    plan = plan_of(**tables, dependencies=[link("a", kind, "b")])
    assert f"{plan.phases['start'].min():%Y-%m-%d}" == first
    assert broken(plan) == []


def test_links_in_a_circle_still_give_a_plan():
    plan = plan_of(
        **two(), dependencies=[link("a", "end_before_start", "b"), link("b", "end_before_start", "a")]
    )
    assert plan.status == "optimal"
    ends = plan.phases.groupby("project_id")["end"].max()
    assert ends["b"] < plan.phases.loc["a KO", "start"]  # the last link of the circle is not used


def test_what_has_begun_waits_for_nobody():
    tables = two(status="in_preparation", start_date="2026-10-01", end_date="2027-08-31")
    plan = plan_of(**tables, dependencies=[link("b", "end_before_start", "a")])
    assert plan.phases[plan.phases["project_id"] == "b"]["start"].min() == pd.Timestamp("2027-01-01")
    assert broken(plan) == []


@pytest.mark.parametrize("is_minimal", [True, False])
def test_conflicts_of_a_search_that_ended_early_claim_nothing_more(monkeypatch, is_minimal):
    found = Schedule(
        pd.Series(dtype="Int64"), *[np.nan] * 4, "infeasible", (("deadline", "a UM"),), is_minimal
    )
    monkeypatch.setattr("digistrat.planning.schedule.schedule_activities", lambda *_, **__: found)
    plan = plan_of(**one(due_date="2027-11-30", mandate="legal"))
    doubt = ("The search ended early: some of these conditions may not matter.",)
    assert plan.conflicts == ("a Titel a must be finished by 30 Nov 2027.", *(() if is_minimal else doubt))


# --- edges ----------------------------------------


def test_nothing_to_plan():
    plan = plan_of()
    assert (plan.status, plan.objective, plan.makespan, len(plan.phases)) == ("optimal", 0, 0, 0)
    assert plan.budget["planned_eur"].sum() == 0
    assert plan.load["demand_fte"].sum() == 0
    assert verify_plan(plan).empty


def test_a_portfolio_without_a_selection_gives_a_plan_that_says_why():
    tables = one(mandate="legal")
    tables["project_costs"] = [cost("a", 2027, 900_000.0)]
    plan = plan_of(**tables)
    assert plan.status == plan.portfolio.status == "infeasible"
    assert plan.conflicts == plan.portfolio.conflicts
    assert "a Titel a" in plan.conflicts[0]
    assert plan.phases.empty
    assert plan.budget.empty


def test_wrong_calls():
    inventory = make_inventory(make_strategy(), positions=list(STAFF), **one())
    portfolio = select_portfolio(inventory, score_impact(inventory))
    with pytest.raises(ValueError, match="portfolio must choose projects of the inventory, not 'a'"):
        schedule(make_inventory(make_strategy()), portfolio)
    begun = make_inventory(make_strategy(), positions=list(STAFF), **one(status="existing"))
    with pytest.raises(ValueError, match=r"that may be chosen, not 'a' \(existing\)"):
        schedule(begun, portfolio)
    none = inventory.replace(strategy=make_strategy(phase_templates=()))
    with pytest.raises(ValueError, match="strategy must have phase_templates"):
        schedule(none, portfolio)


def test_a_mandate_without_rating_is_planned_too():
    tables = two(mandate="legal")
    tables["impact_ratings"] = points(a=6, b=None)
    plan = plan_of(**tables)
    assert set(plan.phases["project_id"]) == {"a", "b"}
    assert plan.objective == pytest.approx(60 * 26 / 12)


@settings(max_examples=12, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.integers(1, 9),
            st.sampled_from([None, "2027-06-15", "2028-03-01"]),
            st.sampled_from([5_000.0, 20_000.0, 45_000.0]),
            st.sampled_from(["possible", "in_preparation"]),
        ),
        min_size=1,
        max_size=5,
    ),
    st.sampled_from([0.5, 1.0, 3.0]),
    st.booleans(),
)
def test_every_plan_holds(described, fte, linked):
    names = [f"p{k}" for k in range(len(described))]
    tables = {
        "projects": [
            project(n, status, release_date=release)
            for n, (_, release, _, status) in zip(names, described, strict=True)
        ],
        "project_costs": [
            row
            for n, (_, _, amount, _) in zip(names, described, strict=True)
            for row in (
                cost(n, 2027, amount),
                cost(n, 2028, amount / 5, "consumptive", is_recurring=True),
                cost(n, 2029, amount / 5, "consumptive", is_recurring=True),
            )
        ],
        "impact_ratings": points(**{n: p for n, (p, *_) in zip(names, described, strict=True)}),
        "dependencies": [link(names[-1], "end_before_start", names[0])] if linked and len(names) > 1 else [],
    }
    plan = plan_of(**tables, positions=[post("1", "PL"), post("2", "EN", fte, start_date="2027-02-10")])
    if plan.status in ("optimal", "feasible"):
        assert broken(plan) == []
        assert plan.bound >= plan.objective - 1e-9
    else:
        assert plan.conflicts


# --- the example city ----------------------------------------


def test_the_shipped_round_holds(round_2026):
    plan = round_2026.plan
    assert plan.status in ("optimal", "feasible")
    assert 0 <= plan.gap < 0.15
    assert broken(plan) == []
    errors = verify_plan(plan)
    assert not (errors["severity"] == "error").any()
    assert set(errors["code"]) <= {"procedure-not-known-yet"}
    assert (plan.phases["procedure"] != "").any()


def test_the_same_input_gives_the_same_plan(round_2026):
    few = round_2026.portfolio.selected[:25]
    table = round_2026.portfolio.table
    portfolio = replace(round_2026.portfolio, table=table.assign(selected=table.index.isin(few)))
    first, second = (schedule(round_2026.inventory, portfolio, effort_limit=0.2) for _ in range(2))
    for name in ("phases", "milestones", "load", "budget"):
        pd.testing.assert_frame_equal(getattr(first, name), getattr(second, name))
    assert (first.objective, first.bound) == (second.objective, second.bound)


def test_the_check_finds_what_is_broken(round_2026):
    plan = round_2026.plan
    early = plan.phases.copy()
    late = early["start"].idxmax()
    early.loc[late, ["start", "end"]] = [pd.Timestamp("2027-01-01"), pd.Timestamp("2027-01-31")]
    codes = set(verify_plan(replace(plan, phases=early))["code"])
    assert {"order-broken", "wrong-sum"} <= codes
    loads = plan.load.assign(demand_fte=plan.load["demand_fte"] + 1.0)
    assert set(verify_plan(replace(plan, load=loads)).query("severity == 'error'")["code"]) == {"wrong-sum"}
    budgets = plan.budget.assign(planned_eur=plan.budget["ceiling_eur"] + 10_000)
    assert "over-budget" in set(verify_plan(replace(plan, budget=budgets))["code"])


def test_what_a_begun_project_should_have_waited_for_is_noted(round_2026):
    plan, inventory = round_2026.plan, round_2026.inventory
    links = inventory.dependencies.query("project_id == 'A63-001' and kind == 'end_before_start'")
    assert links["other_id"].tolist() == ["A16-001"]
    assert inventory.projects.at["A63-001", "start_date"] < pd.Timestamp("2027-01-01")
    assert any(note.startswith("A63-001 ") and "A16-001 " in note for note in plan.notes)
