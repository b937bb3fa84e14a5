"""Wrong plans of a city with a council, freezes, grants, orders and vacancies: each is found at its place."""

from __future__ import annotations

import datetime as dt
import pkgutil
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from test_mutations import cell, differs, errors, number, table

from digistrat.planning.audit import verify_plan
from digistrat.planning.portfolio import select_portfolio
from digistrat.planning.schedule import schedule
from digistrat.scoring.impact import score_impact
from inventories import budget, cost, link, make_inventory, make_strategy, points, post, project

KINDS = ("investive", "consumptive")
COUNCIL = {"lead_weeks": 6.0, "weekday": "thursday", "weeks": (4,), "source": "test"}
WINTER = {"name": "Winter", "first": "12-15", "last": "01-06", "staff_share": 0.5}
PLANNING = {
    "start_date": dt.date(2027, 1, 1),
    "horizon_months": 60,
    "days_per_fte_month": 20.0,
    "hiring_months": 4,
    "projects_per_office": 2,
}
GRANT = {
    "funding_eur": 10_000.0,
    "funding_state": "approved",
    "funding_from_date": "2027-02-15",
    "funding_until_date": "2029-06-30",
}


STRATEGY = ("council", "freezes", "budgets", "budget_rounds", "commitments")


def city(**tables):
    """a waits two months for b and has a grant; b is due; c is late; d is of another office; e is free."""
    strategy = make_strategy(
        planning=PLANNING,
        council=COUNCIL,
        freezes=(WINTER,),
        budgets=budget(*((year, kind, 100_000.0) for year in range(2027, 2032) for kind in KINDS)),
        budget_rounds=({"years": (2027,), "drafted_date": dt.date(2026, 3, 31)},),
        commitments=({"year": 2027, "for_year": 2028, "kind": "investive", "amount_eur": 1_000.0},),
    )
    rows = {
        "projects": [
            project("a", **GRANT),
            project("b", "in_preparation", mandate="legal", due_date="2028-12-31"),
            project("c", "in_preparation", mandate="political", due_date="2027-03-31"),
            project("d", "in_preparation", office_id="A2"),
            project("e"),
            project("run", "existing", start_date="2026-01-01", end_date="2027-12-31"),
        ],
        "project_costs": [
            cost("a", 2027, 40_000.0),
            cost("a", 2028, 6_000.0, "consumptive", is_recurring=True),
            *(cost("b", year, 20_000.0) for year in (2027, 2028)),
            cost("c", 2027, 30_000.0, "consumptive"),
            cost("d", 2027, 5_000.0),
            cost("e", 2028, 7_000.0),
        ],
        "impact_ratings": points(a=6, b=5, c=4, d=3, e=2),
        "dependencies": [link("a", "end_before_start", "b") | {"lag_months": 2.0}],
        "positions": [
            post("1", "PL", 2.0),
            post("2", "PL", 1.0, is_filled=False),
            post("3", "EN", 2.0),
            post("4", "EN", 1.0),
        ],
        "phases": [{"project_id": "d", "phase_id": "UM", "start_date": "2027-09-01"}],
        "efforts": [{"project_id": "run", "phase_id": "UM", "role_id": "EN", "effort_days": 240.0}],
    }
    return make_inventory(strategy, **(rows | tables))


@pytest.fixture(scope="module")
def plan():
    inventory = city()
    portfolio = select_portfolio(inventory, score_impact(inventory))
    assert list(portfolio.selected) == ["a", "b", "c", "d", "e"]
    made = schedule(inventory, portfolio)
    assert made.status == "optimal"
    assert verify_plan(made).empty
    return made


def moved(project_id, months):
    """One project later or earlier, with its sittings."""

    def change(plan):
        rows = plan.phases.copy()
        mine = rows["project_id"] == project_id
        rows.loc[mine, "start"] += pd.DateOffset(months=months)
        rows.loc[mine, "end"] = rows.loc[mine, "end"] + pd.DateOffset(months=months) + pd.offsets.MonthEnd(0)
        decided = rows.index[mine & (rows["phase_id"] == "BE")]
        rows.loc[decided, "end"] = [fourth_thursday(day) for day in rows.loc[decided, "end"]]
        return replace(plan, phases=rows)

    return change


def fourth_thursday(day):
    days = pd.date_range(day.replace(day=1), day.replace(day=28))
    return [one for one in days if one.weekday() == 3][-1]


def submitted_at_once(plan):
    """The decision of b in the month that it is prepared in: the lead of six weeks is gone."""
    rows = plan.phases.copy()
    rows.loc["b BE", "end"] = fourth_thursday(rows.loc["b BE", "start"])
    return replace(plan, phases=rows)


def at_the_turn(plan):
    """The last phase of e ends with a December."""
    rows = plan.phases.copy()
    later = 12 - rows.loc["e UM", "end"].month
    rows.loc["e UM", "start"] += pd.DateOffset(months=later)
    rows.loc["e UM", "end"] = pd.Timestamp(rows.loc["e UM", "end"].year, 12, 31)
    return replace(plan, phases=rows)


def all_at_once(plan):
    """a, b, c and e begin together: four projects of one office."""
    for name, head in plan.phases[plan.phases["predecessor"] == ""]["start"].items():
        first = plan.phases["start"].min()
        months = (head.year - first.year) * 12 + head.month - first.month
        plan = moved(name.split()[0], -months)(plan)
    return plan


def euros(name, column, factor):
    return table(name, lambda t: t.assign(**{column: t[column] * factor}))


def without(name, column, value):
    return table(name, lambda t: t[t[column] != value])


def of_year(year, kind):
    return lambda t: (t["year"] == year) & (t["kind"] == kind)


def next_day(dates):
    return dates + pd.Timedelta(days=1)


PLANS = {
    # council
    "decided on a Friday": (
        cell("phases", "b BE", "end", next_day),
        ("phases", "end", "off-sitting"),
        "b BE",
    ),
    "decided at the end of the month": (
        cell("phases", "b BE", "end", lambda x: x + pd.offsets.MonthEnd(0)),
        ("phases", "end", "off-sitting"),
        "b BE",
    ),
    "decided a week early": (
        cell("phases", "b BE", "end", lambda x: x - pd.Timedelta(days=7)),
        ("phases", "end", "off-sitting"),
        "b BE",
    ),
    "submitted too late": (submitted_at_once, ("phases", "end", "submitted-late"), "b BE"),
    "a phase that is none ends on a Thursday": (
        cell("phases", "b KO", "end", fourth := (lambda x: x - pd.offsets.Week(weekday=3))),
        ("phases", "end", "not-whole"),
        "b KO",
    ),
    "submission a day early": (
        table(
            "milestones",
            lambda t: t.assign(
                date=t["date"].where(t["milestone"] != "submission", t["date"] - pd.Timedelta(days=1))
            ),
        ),
        ("milestones", "", "row-missing"),
        "b",
    ),
    "decision without submission": (
        without("milestones", "milestone", "submission"),
        ("milestones", "", "row-missing"),
        "c",
    ),
    # freezes, horizon, dates
    "live at the turn of the year": (at_the_turn, ("phases", "end", "in-freeze"), "e UM"),
    "beyond the horizon": (moved("e", 48), ("phases", "end", "after-deadline"), "e UM"),
    "after the grant": (moved("a", 24), ("phases", "end", "after-deadline"), "a UM"),
    "after the duty": (moved("b", 24), ("phases", "end", "after-deadline"), "b UM"),
    "before the office's day of a phase": (
        cell("phases", "d UM", "start", pd.Timestamp("2027-08-01")),
        ("phases", "start", "before-release"),
        "d UM",
    ),
    "new money in a year that is closed": (moved("e", -12), ("phases", "start", "before-release"), "e KO"),
    "lag forgotten": (moved("a", -1), ("phases", "start", "order-broken"), "a KO"),
    "order forgotten": (
        without("milestones", "milestone", "order"),
        ("milestones", "", "row-missing"),
        "b",
    ),
    "end of the grant forgotten": (
        without("milestones", "milestone", "grant_end"),
        ("milestones", "", "row-missing"),
        "a",
    ),
    # staff
    "an unfilled post counted at once": (
        cell("load", lambda t: (t["role_id"] == "PL") & (t["month"] < "2027-05-01"), "capacity_fte", 3.0),
        ("load", "capacity_fte", "wrong-sum"),
        "PL",
    ),
    "an unfilled post never counted": (
        cell("load", lambda t: (t["role_id"] == "PL") & (t["month"] == "2028-06-01"), "capacity_fte", 2.0),
        ("load", "capacity_fte", "wrong-sum"),
        "PL",
    ),
    "running work not deducted": (
        cell("load", lambda t: (t["role_id"] == "EN") & (t["month"] == "2027-03-01"), "capacity_fte", 3.0),
        ("load", "capacity_fte", "wrong-sum"),
        "EN",
    ),
    "everybody there in a freeze": (
        cell("load", lambda t: (t["role_id"] == "EN") & (t["month"] == "2028-12-01"), "capacity_fte", 3.0),
        ("load", "capacity_fte", "wrong-sum"),
        "EN",
    ),
    "four projects of an office at once": (all_at_once, ("phases", "start", "over-office"), "A1"),
    # money
    "a month of running costs dropped": (
        cell("budget", of_year(2030, "consumptive"), "recurring_eur", 5_500.0),
        ("budget", "recurring_eur", "wrong-sum"),
        "consumptive",
    ),
    "running costs end with the office's last year": (
        cell("budget", of_year(2031, "consumptive"), "recurring_eur", 0.0),
        ("budget", "recurring_eur", "wrong-sum"),
        "consumptive",
    ),
    "running costs in the year before go-live": (
        cell("budget", of_year(2027, "consumptive"), "recurring_eur", 6_000.0),
        ("budget", "recurring_eur", "wrong-sum"),
        "consumptive",
    ),
    "the grant spent twice": (
        euros("budget", "one_off_eur", 4 / 3),
        ("budget", "one_off_eur", "wrong-sum"),
        "investive",
    ),
    "commitments halved": (
        euros("commitments", "needed_eur", 0.5),
        ("commitments", "needed_eur", "wrong-sum"),
        "2028 investive",
    ),
    "commitments granted twice": (
        euros("commitments", "granted_eur", 2.0),
        ("commitments", "granted_eur", "wrong-sum"),
        "2028 investive",
    ),
    "no commitments": (
        table("commitments", lambda t: t.iloc[:0]),
        ("commitments", "", "row-missing"),
        "2028 investive",
    ),
    "a commitment of nothing": (
        table("commitments", lambda t: pd.concat([t, t.iloc[:1].assign(for_year=2035)])),
        ("commitments", "", "row-unknown"),
        "2035 investive",
    ),
    "commitments gone": (number(commitments=None), ("commitments", "", "table-missing"), "commitments"),
    # what is told
    "nothing told": (number(notes=()), ("plan", "notes", "note-missing"), "c UM due"),
    "orders beyond what is granted not told": (
        number(notes=lambda p: tuple(x for x in p.notes if not x.startswith("Orders"))),
        ("plan", "notes", "note-missing"),
        "2027 2028 investive",
    ),
    "score × months": (
        number(objective=lambda p: p.objective * 12, bound=lambda p: p.bound * 12),
        ("plan", "objective", "wrong-objective"),
        "objective",
    ),
    # problem
    "problem: sittings": differs("b UM", sittings={}),
    "problem: a sitting more": differs("b UM", sittings=lambda x: x | {"b UM": (*x["b UM"], 59)}),
    "problem: go-live at any time": differs(
        "a UM", sittings=lambda x: {k: v for k, v in x.items() if k != "a UM"}
    ),
    "problem: an unknown sitting": differs("z", sittings=lambda x: x | {"z": (1,)}),
    "problem: lead": differs("lead", calendar=lambda x: replace(x, lead=pd.Timedelta(0))),
    "problem: no council": differs("is_limited", calendar=lambda x: replace(x, is_limited=False)),
    "problem: sitting days": differs(
        "sittings",
        calendar=lambda x: replace(x, sittings=tuple(d + pd.Timedelta(days=1) for d in x.sittings)),
    ),
    "problem: projects of an office": differs("projects_per_office", projects_per_office=None),
    "problem: offices": differs("d", offices=lambda x: x.mask(x == "A2", "A1")),
    "problem: lag": differs("b UM a KO end_before_start 2", links=lambda x: x.assign(lag=0)),
    "problem: grant": differs("a UM", deadlines=lambda x: x.mask(x.index == "a UM", 60)),
    "problem: what is late": differs("c UM due", late={}),
    "problem: what is not late": differs("b UM due", late=lambda x: {**x, "b UM": "due"}),
    "problem: day of a phase": differs(
        "d UM", phases=lambda x: x.assign(not_before=pd.Timestamp("2027-10-01")), column="not_before"
    ),
    "problem: template": differs("a KO", phases=lambda x: x.assign(template_id="x"), column="template_id"),
    "problem: running twice": differs("consumptive", running=lambda x: x * 2),
    "problem: running before go-live": differs("consumptive", running=lambda x: x + 1),
}


@pytest.mark.parametrize("name", PLANS)
def test_a_wrong_plan_is_found_at_its_place(plan, name):
    change, place, subject = PLANS[name]
    found = verify_plan(change(plan))
    places, subjects = errors(found)
    assert place in places
    assert subject in subjects
    assert found[["message", "hint"]].map(len).min(axis=None) > 10


PLANNERS = {
    "vacancies are filled": ("plan_problem", "staffed_fte", lambda x: x.assign(PL=3.0)),
    "running projects need nobody": ("plan_problem", "running_fte", lambda x: x * 0),
    "no lag": ("plan_problem", "dependency_lags", lambda x: x * 0),
    "live at any time": ("plan_problem", "go_live_months", lambda x: list(range(60))),
    "every year is open": ("plan_problem", "first_open_year", lambda x: 2027),
    "what waits has begun": ("plan_problem", "begun_projects", lambda x: pd.Index(["a"])),
    "no grant": ("money", "funded_shares", lambda x: x * 0),
    "no beginning of a grant": ("plan_problem", "earliest_months", lambda x: x - pd.DateOffset(months=1)),
    "no lead": ("plan_problem", "decision_calendar", lambda x: replace(x, lead=pd.Timedelta(0))),
    "running costs a year long": ("plan_problem", "running_rates", lambda x: x * 12),
}


@pytest.mark.parametrize("name", PLANNERS)
def test_a_planner_that_counts_wrongly_is_stopped(monkeypatch, name):
    module, function, wrong = PLANNERS[name]
    right = pkgutil.resolve_name(f"digistrat.planning.{module}:{function}")
    place = f"digistrat.planning.{module}.{function}"
    monkeypatch.setattr(place, lambda *args, **options: wrong(right(*args, **options)))
    inventory = city()
    with pytest.raises(AssertionError, match=r"breaks \d+ of its conditions"):
        schedule(inventory, select_portfolio(inventory, score_impact(inventory)))


def test_what_changes_in_the_city_changes_what_holds(plan):
    """The same plan under another strategy or inventory: what it was made from is read again."""
    tables = plan.inventory.tables
    positions = tables["positions"].assign(is_filled=False)
    other = plan.inventory.replace(tables={**tables, "positions": positions})
    assert ("load", "demand_fte", "over-capacity") in errors(verify_plan(replace(plan, inventory=other)))[0]
    one_at_a_time = make_strategy(
        **{name: getattr(plan.inventory.strategy, name) for name in STRATEGY},
        planning=PLANNING | {"projects_per_office": 1},
    )
    other = plan.inventory.replace(strategy=one_at_a_time)
    assert ("phases", "start", "over-office") in errors(verify_plan(replace(plan, inventory=other)))[0]


def test_the_rest_of_a_year_is_the_rest_of_its_money():
    inventory = city()
    portfolio = select_portfolio(inventory, score_impact(inventory))
    later = schedule(inventory, portfolio, start="2027-07-01")
    assert verify_plan(later).empty
    there = later.budget.set_index(["year", "kind"])["ceiling_eur"]
    assert there[2027, "investive"] == 50_000
    whole = cell("budget", of_year(2027, "investive"), "ceiling_eur", 100_000.0)(later)
    assert errors(verify_plan(whole))[0] == {("budget", "ceiling_eur", "wrong-sum")}


def test_a_fully_granted_project_ends_with_its_grant():
    projects = [project("a", **(GRANT | {"funding_eur": 500_000.0, "funding_until_date": "2028-03-31"}))]
    inventory = city(
        projects=projects,
        project_costs=[cost("a", 2027, 40_000.0)],
        dependencies=[],
        phases=[],
        impact_ratings=points(a=6),
    )
    made = schedule(inventory, select_portfolio(inventory, score_impact(inventory)))
    assert made.problem.deadlines["a UM"] == 15
    assert made.budget["one_off_eur"].sum() == 0
    assert np.isclose(made.objective, made.bound)
    late = errors(verify_plan(moved("a", 12)(made)))
    assert ("phases", "end", "after-deadline") in late[0]
