"""Wrong plans and portfolios: each is found, at its place; right ones are silent; nothing raises."""

from __future__ import annotations

import ast
import datetime as dt
import pkgutil
from dataclasses import fields, replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from messy_rounds import rounds

from digistrat.planning import audit
from digistrat.planning.audit import require_sound, verify_plan, verify_portfolio
from digistrat.planning.portfolio import select_portfolio
from digistrat.planning.schedule import schedule
from digistrat.scoring.impact import score_impact
from inventories import budget, cost, link, make_inventory, make_strategy, points, post, project


def small_round(**strategy):
    """Of four candidates a and b fit; a waits for b and excludes x; y is too dear."""
    tables = {
        "projects": [
            project("a", release_date="2027-03-01"),
            project("b", due_date="2028-12-31", mandate="legal", order_value_net_eur=50_000.0),
            project("run", "existing"),
            project("x"),
            project("y"),
        ],
        "project_costs": [
            cost("a", 2027, 40_000.0),
            cost("b", 2027, 50_000.0),
            cost("b", 2028, 9_000.0, "consumptive", is_recurring=True),
            cost("run", 2028, 20_000.0, "consumptive"),
            cost("x", 2027, 15_000.0),
            cost("y", 2027, 500_000.0),
        ],
        "impact_ratings": points(a=6, b=5, x=1, y=9),
        "dependencies": [link("a", "end_before_start", "b"), link("a", "excludes", "x")],
        "positions": [post("1", "PL"), post("2", "EN", end_date="2029-06-30"), post("3", "EN", 0.5)],
    }
    return make_inventory(make_strategy(**strategy), **tables)


@pytest.fixture(scope="module")
def small():
    inventory = small_round()
    portfolio = select_portfolio(inventory, score_impact(inventory))
    assert list(portfolio.selected) == ["a", "b"]
    plan = schedule(inventory, portfolio)
    assert plan.status == "optimal"
    return SimpleNamespace(inventory=inventory, portfolio=portfolio, plan=plan)


def errors(findings):
    found = findings[findings["severity"] == "error"]
    return {tuple(row) for row in found[["table", "column", "code"]].to_numpy()}, set(found["value"])


def test_the_small_round_holds(small):
    assert verify_portfolio(small.portfolio).empty
    assert verify_plan(small.plan).empty


# --- plans -------------------------------------------------------------------------------------------------


def cell(name, row, column, value):
    """Change one cell of a table; the row is a label of the index or a query."""

    def change(plan):
        table = getattr(plan, name).copy()
        rows = table.index[row(table)] if callable(row) else [row]
        if isinstance(value, str) and table[column].dtype != "str":
            table[column] = table[column].astype(object)
        table.loc[rows, column] = value(table.loc[rows, column]) if callable(value) else value
        return replace(plan, **{name: table})

    return change


def column(name, of, value):
    return lambda plan: replace(plan, **{name: getattr(plan, name).assign(**{of: value})})


def table(name, change):
    return lambda plan: replace(plan, **{name: change(getattr(plan, name))})


def number(**changes):
    return lambda plan: replace(plan, **{k: v(plan) if callable(v) else v for k, v in changes.items()})


def problem(**changes):
    def change(plan):
        made = {
            name: value(getattr(plan.problem, name)) if callable(value) else value
            for name, value in changes.items()
        }
        return replace(plan, problem=replace(plan.problem, **made))

    return change


def differs(subject, *, column="", **change):
    """A change of the problem, told as a difference in the table that was changed."""
    (name,) = change
    return problem(**change), (f"problem.{name}", column, "problem-differs"), subject


def shifted(months):
    """All phases later or earlier, and nothing else."""

    def change(plan):
        moved = plan.phases.assign(
            start=plan.phases["start"] + pd.DateOffset(months=months),
            end=plan.phases["end"]
            + pd.Timedelta(days=1)
            + pd.DateOffset(months=months)
            - pd.Timedelta(days=1),
        )
        return replace(plan, phases=moved)

    return change


def cut_short(plan):
    rows = plan.phases.copy()
    rows.loc["a UM", "end"] = rows.loc["a UM", "end"] - pd.offsets.MonthEnd(1)
    return replace(plan, phases=rows)


def both_at_once(plan):
    """b as early as a: the order between projects is broken."""
    rows, shift = plan.phases.copy(), plan.phases.loc["b KO", "start"]
    mine = rows["project_id"] == "a"
    gap = (rows.loc["a KO", "start"].year - shift.year) * 12 + rows.loc["a KO", "start"].month - shift.month
    rows.loc[mine, "start"] = rows.loc[mine, "start"] - pd.DateOffset(months=gap - 2)
    after = rows.loc[mine, "end"] + pd.Timedelta(days=1) - pd.DateOffset(months=gap - 2)
    rows.loc[mine, "end"] = after - pd.Timedelta(days=1)
    return replace(plan, phases=rows)


def half_month(dates):
    return dates + pd.Timedelta(days=14)


def hours(dates):
    return dates + pd.Timedelta(hours=5)


def swap_kinds(frame):
    names = {"investive": "consumptive", "consumptive": "investive"}
    return frame.assign(kind=frame["kind"].map(names))


PLANS = {
    # dates
    "begins mid-month": (
        cell("phases", "a KO", "start", half_month),
        ("phases", "start", "not-whole"),
        "a KO",
    ),
    "ends mid-month": (cell("phases", "a KO", "end", half_month), ("phases", "end", "not-whole"), "a KO"),
    "hours": (cell("phases", "b BE", "start", hours), ("phases", "start", "not-whole"), "b BE"),
    "no start": (cell("phases", "a KO", "start", pd.NaT), ("phases", "start", "not-scheduled"), "a KO"),
    "no end": (cell("phases", "a UM", "end", pd.NaT), ("phases", "end", "not-scheduled"), "a UM"),
    "a word as start": (
        cell("phases", "a KO", "start", "soon"),
        ("phases", "start", "not-scheduled"),
        "a KO",
    ),
    "too short": (cut_short, ("phases", "end", "wrong-length"), "a UM"),
    "a century long": (
        cell("phases", "a UM", "end", pd.Timestamp("2199-12-31")),
        ("phases", "end", "wrong-length"),
        "a UM",
    ),
    "ends before it begins": (
        cell("phases", "a UM", "end", pd.Timestamp("2020-12-31")),
        ("phases", "end", "wrong-length"),
        "a UM",
    ),
    "before the plan begins": (shifted(-2), ("phases", "start", "before-release"), "b KO"),
    "after the due date": (shifted(16), ("phases", "end", "after-deadline"), "b UM"),
    "projects out of order": (both_at_once, ("phases", "start", "order-broken"), "a KO"),
    "phases out of order": (
        cell("phases", "a BE", "start", lambda dates: dates - pd.DateOffset(months=1)),
        ("phases", "start", "order-broken"),
        "a BE",
    ),
    # rows and labels of phases
    "predecessor": (
        cell("phases", "a UM", "predecessor", "b KO"),
        ("phases", "predecessor", "entry-wrong"),
        "a UM",
    ),
    "project": (cell("phases", "a UM", "project_id", "b"), ("phases", "project_id", "entry-wrong"), "a UM"),
    "phase id": (cell("phases", "a UM", "phase_id", "KO"), ("phases", "phase_id", "entry-wrong"), "a UM"),
    "phase name": (cell("phases", "a UM", "phase", "Umbau"), ("phases", "phase", "entry-wrong"), "a UM"),
    "procedure": (
        cell("phases", "a VG", "procedure", "Direct"),
        ("phases", "procedure", "entry-wrong"),
        "a VG",
    ),
    "procedure gone": (
        cell("phases", "a VG", "procedure", None),
        ("phases", "procedure", "number-missing"),
        "a VG",
    ),
    "phase dropped": (table("phases", lambda t: t.drop("a VG")), ("phases", "", "not-scheduled"), "a VG"),
    "project dropped": (
        table("phases", lambda t: t[t["project_id"] != "a"]),
        ("phases", "", "not-scheduled"),
        "a KO",
    ),
    "phase twice": (
        table("phases", lambda t: pd.concat([t, t.iloc[:1]])),
        ("phases", "", "row-unknown"),
        "a KO",
    ),
    "phase of another project": (
        table("phases", lambda t: pd.concat([t, t.iloc[:1].rename(index=lambda _: "x KO")])),
        ("phases", "", "row-unknown"),
        "x KO",
    ),
    "no column": (
        table("phases", lambda t: t.drop(columns="end")),
        ("phases", "end", "table-missing"),
        "phases › end",
    ),
    "no table": (number(phases=None), ("phases", "", "table-missing"), "phases"),
    # milestones
    "go-live a year early": (
        table("milestones", lambda t: t.assign(date=t["date"] - pd.DateOffset(years=1))),
        ("milestones", "", "row-missing"),
        "a",
    ),
    "no milestones": (table("milestones", lambda t: t.iloc[:0]), ("milestones", "", "row-missing"), "b"),
    "decision called go-live": (
        column("milestones", "milestone", "go_live"),
        ("milestones", "", "row-unknown"),
        "a",
    ),
    "milestone twice": (
        table("milestones", lambda t: pd.concat([t, t.iloc[:1]])),
        ("milestones", "", "row-unknown"),
        "a",
    ),
    "milestone without date": (cell("milestones", 0, "date", pd.NaT), ("milestones", "", "row-missing"), "a"),
    # load
    "capacity × 10": (
        table("load", lambda t: t.assign(capacity_fte=t["capacity_fte"] * 10)),
        ("load", "capacity_fte", "wrong-sum"),
        "PL",
    ),
    "capacity 0": (column("load", "capacity_fte", 0.0), ("load", "capacity_fte", "wrong-sum"), "EN"),
    "capacity of one month": (
        cell("load", lambda t: (t["role_id"] == "EN") & (t["month"] == "2029-07-01"), "capacity_fte", 1.5),
        ("load", "capacity_fte", "wrong-sum"),
        "EN",
    ),
    "demand missing": (cell("load", 5, "demand_fte", np.nan), ("load", "demand_fte", "number-missing"), "PL"),
    "demand 0.002 less": (
        table("load", lambda t: t.assign(demand_fte=t["demand_fte"] - 0.002)),
        ("load", "demand_fte", "wrong-sum"),
        "EN",
    ),
    "half of load": (table("load", lambda t: t.iloc[::2]), ("load", "", "row-missing"), "PL"),
    "load twice": (table("load", lambda t: pd.concat([t, t])), ("load", "", "row-unknown"), "PL"),
    "role unknown": (cell("load", 0, "role_id", "ZZ"), ("load", "", "row-unknown"), "ZZ"),
    "load in another order of roles": (
        table("load", lambda t: t.assign(role_id=t["role_id"].to_numpy()[::-1])),
        ("load", "demand_fte", "wrong-sum"),
        "EN",
    ),
    # budget
    "ceiling × 10": (
        table("budget", lambda t: t.assign(ceiling_eur=t["ceiling_eur"] * 10)),
        ("budget", "ceiling_eur", "wrong-sum"),
        "investive",
    ),
    "ceiling missing": (
        cell("budget", 0, "ceiling_eur", np.nan),
        ("budget", "ceiling_eur", "number-missing"),
        "investive",
    ),
    "no running costs": (
        column("budget", "recurring_eur", 0.0),
        ("budget", "recurring_eur", "wrong-sum"),
        "consumptive",
    ),
    "one-off costs two cents less": (
        table("budget", lambda t: t.assign(one_off_eur=t["one_off_eur"] - 0.02)),
        ("budget", "one_off_eur", "wrong-sum"),
        "investive",
    ),
    "planned 0": (column("budget", "planned_eur", 0.0), ("budget", "planned_eur", "wrong-sum"), "investive"),
    "planned above the ceiling": (
        cell("budget", 0, "planned_eur", 100_000.02),
        ("budget", "planned_eur", "over-budget"),
        "investive",
    ),
    "no budget": (table("budget", lambda t: t.iloc[:0]), ("budget", "", "row-missing"), "investive"),
    "kinds swapped": (table("budget", swap_kinds), ("budget", "one_off_eur", "wrong-sum"), "investive"),
    "a year more": (
        table("budget", lambda t: pd.concat([t, t.iloc[:1].assign(year=2041)], ignore_index=True)),
        ("budget", "", "row-unknown"),
        "investive",
    ),
    # numbers
    "makespan 1": (number(makespan=1), ("plan", "makespan", "entry-wrong"), "makespan"),
    "makespan missing": (number(makespan=np.nan), ("plan", "makespan", "entry-wrong"), "makespan"),
    "objective 1": (number(objective=1.0), ("plan", "objective", "wrong-objective"), "objective"),
    "objective a word": (number(objective="much"), ("plan", "objective", "number-missing"), "objective"),
    "bound below objective": (
        number(bound=lambda p: p.objective / 2),
        ("plan", "bound", "proof-wrong"),
        "bound",
    ),
    "bound missing": (number(bound=np.nan), ("plan", "bound", "number-missing"), "bound"),
    "bound double, gap 0": (
        number(bound=lambda p: p.objective * 2, gap=0.0),
        ("plan", "gap", "proof-wrong"),
        "gap",
    ),
    "optimal with a gap": (
        number(bound=lambda p: p.objective * 1.5, gap=0.5),
        ("plan", "status", "proof-wrong"),
        "optimal",
    ),
    "status limit": (number(status="limit"), ("phases", "", "status-wrong"), "phases"),
    "status infeasible": (number(status="infeasible"), ("plan", "conflicts", "reason-missing"), "conflicts"),
    "status unknown": (number(status="fine"), ("plan", "status", "status-wrong"), "status"),
    "conflicts of a plan": (number(conflicts=("no",)), ("plan", "conflicts", "status-wrong"), "conflicts"),
    # problem
    "problem: capacity": differs("PL", capacity=lambda x: x * 10),
    "problem: links": differs("b UM a KO end_before_start 0", links=lambda x: x.iloc[:0]),
    "problem: a link more": differs(
        "a KO b UM end_before_start 0", links=lambda x: pd.concat([x, x.iloc[:1].assign(successor="b UM")])
    ),
    "problem: release": differs("a KO", release=lambda x: x * 0),
    "problem: deadlines": differs("b UM", deadlines=lambda x: x + 12),
    "problem: no deadlines": differs("b UM", deadlines=lambda x: x.iloc[:0]),
    "problem: ceilings": differs("consumptive", ceilings=lambda x: x + 1),
    "problem: running": differs("consumptive", running=lambda x: x * 0),
    "problem: costs": differs("investive", costs=lambda x: x * 0),
    "problem: demand": differs("PL", demand=lambda x: x * 0),
    "problem: values": differs("a", values=lambda x: x / 2),
    "problem: months": differs("months", months=lambda x: x[:-1]),
    "problem: durations": differs(
        "a UM", phases=lambda x: x.assign(duration_months=1), column="duration_months"
    ),
    "problem: decisions": differs("a BE", phases=lambda x: x.assign(is_decision=False), column="is_decision"),
    "problem: start later": (
        problem(start=dt.date(2027, 6, 1)),
        ("plan", "makespan", "entry-wrong"),
        "makespan",
    ),
    "problem: start a year earlier": (problem(start=dt.date(2026, 1, 1)), ("load", "", "row-missing"), "PL"),
    "problem: no start": differs("start", start=None),
    # portfolio
    "another portfolio": (
        lambda p: replace(p, portfolio=replace(p.portfolio, table=p.portfolio.table.assign(selected=False))),
        ("phases", "", "row-unknown"),
        "a UM",
    ),
    "a running project chosen": (
        lambda p: replace(
            p,
            portfolio=replace(
                p.portfolio,
                table=pd.concat([p.portfolio.table, p.portfolio.table.loc[["a"]].rename({"a": "run"})]),
            ),
        ),
        ("portfolio.table", "selected", "not-a-candidate"),
        "run",
    ),
}


@pytest.mark.parametrize("name", PLANS)
def test_a_wrong_plan_is_found_at_its_place(small, name):
    change, place, subject = PLANS[name]
    found = verify_plan(change(small.plan))
    places, subjects = errors(found)
    assert place in places
    assert subject in subjects
    assert found[["message", "hint"]].map(len).min(axis=None) > 10


def test_posts_count_as_they_are_filled_whatever_the_plan_says():
    """The same plan on fewer posts, less money, another mandate: only the inventory changes."""
    inventory = small_round()
    plan = schedule(inventory, select_portfolio(inventory, score_impact(inventory)))
    fewer = inventory.tables["positions"].assign(fte=[0.05, 0.1, 0.1])
    other = inventory.replace(tables={**inventory.tables, "positions": fewer})
    assert ("load", "demand_fte", "over-capacity") in errors(verify_plan(replace(plan, inventory=other)))[0]
    costs = inventory.tables["project_costs"]
    dear = costs.assign(amount_eur=costs["amount_eur"].where(costs["project_id"] != "run", 95_000.0))
    other = inventory.replace(tables={**inventory.tables, "project_costs": dear})
    assert ("budget", "planned_eur", "over-budget") in errors(verify_plan(replace(plan, inventory=other)))[0]
    late = inventory.tables["projects"].assign(due_date=pd.Timestamp("2028-06-30"), mandate="legal")
    other = inventory.replace(tables={**inventory.tables, "projects": late})
    assert ("phases", "end", "after-deadline") in errors(verify_plan(replace(plan, inventory=other)))[0]


def test_many_places_are_one_finding_that_counts_them(small):
    load = small.plan.load.assign(capacity_fte=7.0)
    found = verify_plan(replace(small.plan, load=load))
    assert found["value"].tolist() == ["PL", "EN"]
    assert found["message"].iloc[0] == (
        "load › capacity_fte, PL, 2027-01 (further places: 35): the table says 7.000, the sum is 1.000."
    )


def test_the_words_are_those_of_the_strategy():
    head = {"title": "Test", "city": "Teststadt", "version": "1", "language": "de"}
    inventory = small_round(strategy=head)
    plan = schedule(inventory, select_portfolio(inventory, score_impact(inventory)))
    found = verify_plan(cut_short(plan))
    told = found.loc[found["code"] == "wrong-length", "message"].tolist()
    assert told == ["„a UM“: Die Dauer in Monaten ist 3 statt 4."]


# --- portfolios --------------------------------------------------------------------------------------------


def rows(**changes):
    return lambda p: replace(p, table=p.table.assign(**changes))


def row(project_id, name, value):
    def change(portfolio):
        changed = portfolio.table.copy()
        changed[name] = changed[name].astype(object)
        changed.loc[project_id, name] = value
        return replace(portfolio, table=changed)

    return change


def money(change):
    return lambda p: replace(p, budgets=change(p.budgets))


PORTFOLIOS = {
    "bound below": (number(bound=1.0), ("portfolio", "bound", "proof-wrong"), "bound"),
    "bound above, gap 0": (
        number(bound=lambda p: p.objective * 1.5),
        ("portfolio", "gap", "proof-wrong"),
        "gap",
    ),
    "optimal with a gap": (
        number(bound=lambda p: p.objective * 1.5, gap=0.5),
        ("portfolio", "status", "proof-wrong"),
        "optimal",
    ),
    "objective": (number(objective=3.0), ("portfolio", "objective", "wrong-objective"), "objective"),
    "objective missing": (number(objective=None), ("portfolio", "objective", "number-missing"), "objective"),
    "gap missing": (number(gap=np.nan), ("portfolio", "gap", "number-missing"), "gap"),
    "infeasible with a choice": (
        number(status="infeasible"),
        ("portfolio", "selected", "status-wrong"),
        "selected",
    ),
    "values": (rows(value=1.0), ("table", "value", "entry-wrong"), "a"),
    "mandate": (rows(mandate="legal"), ("table", "mandate", "entry-wrong"), "a"),
    "title": (row("a", "title", "Other"), ("table", "title", "entry-wrong"), "a"),
    "office": (row("a", "office_id", "A2"), ("table", "office_id", "entry-wrong"), "a"),
    "costs 0": (rows(cost_eur=0.0), ("table", "cost_eur", "wrong-sum"), "a"),
    "costs missing": (row("b", "cost_eur", np.nan), ("table", "cost_eur", "number-missing"), "b"),
    "yearly costs": (row("b", "cost_yearly_eur", 900.0), ("table", "cost_yearly_eur", "wrong-sum"), "b"),
    "row missing": (lambda p: replace(p, table=p.table.iloc[1:]), ("table", "", "row-missing"), "a"),
    "row too many": (
        lambda p: replace(p, table=pd.concat([p.table, p.table.iloc[:1].rename({"a": "zz"})])),
        ("table", "", "row-unknown"),
        "zz",
    ),
    "row twice": (
        lambda p: replace(p, table=pd.concat([p.table, p.table.iloc[:1]])),
        ("table", "", "row-unknown"),
        "a",
    ),
    "no reason": (row("x", "reason", ""), ("table", "reason", "reason-missing"), "x"),
    "reason of a chosen one": (
        lambda p: row("x", "reason", p.table.at["a", "reason"])(p),
        ("table", "reason", "reason-wrong"),
        "x",
    ),
    "reasons gone": (
        lambda p: replace(p, table=p.table.drop(columns="reason")),
        ("table", "reason", "table-missing"),
        "table › reason",
    ),
    "selected missing": (row("x", "selected", None), ("table", "selected", "number-missing"), "x"),
    "mandate not chosen": (row("b", "selected", False), ("table", "selected", "lacks-mandatory"), "b"),
    "excluded pair": (row("x", "selected", True), ("table", "selected", "excluded-pair"), "a"),
    "what is needed not chosen": (row("b", "selected", False), ("table", "selected", "lacks-required"), "a"),
    "too dear": (row("y", "selected", True), ("budgets", "used_eur", "over-budget"), "2027 investive"),
    "what would fit left out": (
        lambda p: replace(row("a", "selected", False)(p), objective=50.0, bound=50.0),
        ("portfolio", "bound", "bound-refuted"),
        "a",
    ),
    "budgets available": (
        money(lambda t: t.assign(available_eur=t["available_eur"] * 10)),
        ("budgets", "available_eur", "wrong-sum"),
        "investive",
    ),
    "budgets granted": (
        money(lambda t: t.assign(amount_eur=0.0)),
        ("budgets", "amount_eur", "wrong-sum"),
        "consumptive",
    ),
    "budgets committed": (
        money(lambda t: t.assign(committed_eur=0.0)),
        ("budgets", "committed_eur", "wrong-sum"),
        "consumptive",
    ),
    "budgets used": (
        money(lambda t: t.assign(used_eur=t["used_eur"] - 0.02)),
        ("budgets", "used_eur", "wrong-sum"),
        "investive",
    ),
    "a budget gone": (money(lambda t: t.iloc[1:]), ("budgets", "", "row-missing"), "consumptive"),
    "budgets gone": (number(budgets=None), ("budgets", "", "table-missing"), "budgets"),
    "binding invented": (
        number(binding=("2099 investive",)),
        ("portfolio", "binding", "label-unknown"),
        "2099 investive",
    ),
    "binding wrong": (number(binding=("role PL",)), ("portfolio", "binding", "entry-wrong"), "role PL"),
    "binding forgotten": (number(binding=()), ("portfolio", "binding", "entry-wrong"), "2027 investive"),
    "problem: limits": differs("2027 investive", limits=lambda x: x * 10),
    "problem: available": differs("role PL", available=lambda x: x + 1),
    "problem: costs": differs("2027 investive", costs=lambda x: x * 0),
    "problem: budgets": (
        problem(budgets=lambda x: x.assign(amount_eur=x["amount_eur"] * 10)),
        ("budgets", "amount_eur", "wrong-sum"),
        "investive",
    ),
    "problem: excludes": differs("a x", excludes=()),
    "problem: requires": differs("a b", requires=()),
    "problem: requires more": differs("a y", requires=(("a", "b"), ("a", "y"))),
    "problem: mandatory": differs("b", mandatory=()),
    "problem: forbidden": differs("x", forbidden=("x",)),
    "problem: values": differs("a", values=lambda x: x * 2),
    "problem: end of ranges": differs("cost", cost="mean"),
}


@pytest.mark.parametrize("name", PORTFOLIOS)
def test_a_wrong_portfolio_is_found_at_its_place(small, name):
    change, place, subject = PORTFOLIOS[name]
    found = verify_portfolio(change(small.portfolio))
    places, subjects = errors(found)
    assert place in places
    assert subject in subjects
    assert found[["message", "hint"]].map(len).min(axis=None) > 10


def test_what_was_asked_by_hand_counts():
    inventory = small_round()
    impact = score_impact(inventory)
    portfolio = select_portfolio(inventory, impact, mandatory=["x"], forbidden=["a"])
    assert verify_portfolio(portfolio).empty
    added = verify_portfolio(row("a", "selected", True)(portfolio))
    assert ("table", "selected", "forbidden-chosen") in errors(added)[0]
    dropped = verify_portfolio(row("x", "selected", False)(portfolio))
    assert ("table", "selected", "lacks-mandatory") in errors(dropped)[0]


def test_staff_over_the_whole_horizon():
    inventory = small_round()
    portfolio = select_portfolio(inventory, score_impact(inventory))
    fewer = inventory.tables["positions"].assign(fte=0.001)
    other = inventory.replace(tables={**inventory.tables, "positions": fewer})
    places, subjects = errors(verify_portfolio(replace(portfolio, inventory=other)))
    assert ("table", "selected", "over-staff") in places
    assert {"PL", "EN"} <= subjects


def test_a_rank_that_does_not_follow_the_value_is_a_warning(small):
    changed = small.portfolio.table.assign(rank=[1, 2, 3, 4])
    found = verify_portfolio(replace(small.portfolio, table=changed))
    assert found[["code", "severity", "column"]].drop_duplicates().values.tolist() == [
        ["entry-wrong", "warning", "rank"]
    ]


# --- where nothing fits ------------------------------------------------------------------------------------


def test_where_there_is_no_selection_nothing_may_look_like_one():
    strategy = {"budgets": budget((2027, "investive", 1_000.0))}
    inventory = small_round(**strategy)
    portfolio = select_portfolio(inventory, score_impact(inventory))
    plan = schedule(inventory, portfolio)
    assert portfolio.status == plan.status == "infeasible"
    assert verify_portfolio(portfolio).empty
    assert verify_plan(plan).empty
    assert ("portfolio", "conflicts", "reason-missing") in errors(
        verify_portfolio(replace(portfolio, conflicts=()))
    )[0]
    chosen = verify_portfolio(row("x", "selected", True)(portfolio))
    assert ("portfolio", "selected", "status-wrong") in errors(chosen)[0]
    bound = verify_portfolio(replace(portfolio, binding=("2027 investive",)))
    assert ("portfolio", "binding", "status-wrong") in errors(bound)[0]
    assert ("plan", "makespan", "status-wrong") in errors(verify_plan(replace(plan, makespan=3.0)))[0]
    assert ("plan", "objective", "status-wrong") in errors(verify_plan(replace(plan, objective=3.0)))[0]
    table = pd.DataFrame({"role_id": ["PL"]})
    assert ("load", "", "status-wrong") in errors(verify_plan(replace(plan, load=table)))[0]


# --- nothing raises, right ones are silent -----------------------------------------------------------------

ODD = (None, 3, "x", (), pd.DataFrame(), pd.DataFrame({"a": [1, None]}), pd.Series([1.0]), np.nan)


@pytest.mark.parametrize("odd", ODD, ids=lambda x: type(x).__name__)
def test_nothing_that_is_wrong_with_a_result_raises(small, odd):
    whole = {"inventory", "portfolio", "problem"}
    for one in fields(small.plan):
        if one.name not in whole | {"notes", "remake"}:
            is_right = one.name == "conflicts" and isinstance(odd, tuple)
            assert len(verify_plan(replace(small.plan, **{one.name: odd}))) or is_right, one.name
    for one in fields(small.portfolio):
        if one.name not in whole:
            verify_portfolio(replace(small.portfolio, **{one.name: odd}))
    for record, verify in ((small.plan, verify_plan), (small.portfolio, verify_portfolio)):
        for one in fields(record.problem):
            verify(replace(record, problem=replace(record.problem, **{one.name: odd})))


@pytest.mark.parametrize("odd", [None, 3, pd.DataFrame(), {"phases": 1}])
def test_what_is_no_plan_is_refused(small, odd):
    with pytest.raises(ValueError, match="plan must be a Plan"):
        verify_plan(odd)
    with pytest.raises(ValueError, match="portfolio must be a Portfolio"):
        verify_portfolio(odd)
    with pytest.raises(ValueError, match="portfolio must be a Portfolio"):
        verify_plan(replace(small.plan, portfolio=odd))
    with pytest.raises(ValueError, match="portfolio must have an inventory"):
        verify_portfolio(replace(small.portfolio, inventory=odd))
    with pytest.raises(ValueError, match="plan must have an inventory"):
        verify_plan(replace(small.plan, inventory=odd))


def test_a_result_of_ours_that_does_not_hold_stops_the_call(small):
    require_sound(verify_plan(small.plan), "plan")
    with pytest.raises(AssertionError, match="plan breaks 1 of its conditions: plan › makespan"):
        require_sound(verify_plan(replace(small.plan, makespan=1)), "plan")


PLANNERS = {
    "posts ten times": ("plan_problem", "staffed_fte", lambda x: x * 10),
    "no work": ("plan_problem", "effort_by_activity", lambda x: x * 0),
    "half of the money": ("plan_problem", "phase_costs", lambda x: x / 2),
    "no running costs": ("plan_problem", "running_rates", lambda x: x * 0),
    "no dependencies": ("plan_problem", "usable_dependencies", lambda x: x.iloc[:0]),
    "every phase a month": ("plan_problem", "project_phases", lambda x: x.assign(duration_months=1)),
    "more budget": (
        "plan_problem",
        "available_budgets",
        lambda x: x.assign(available_eur=x["available_eur"] + 1),
    ),
    "no costs at all": ("portfolio", "needed_money", lambda x: x * 0),
    "no effort": ("portfolio", "effort_by_role", lambda x: x * 0),
    "links forgotten": ("candidates", "usable_dependencies", lambda x: x.iloc[:0]),
    "nothing committed": (
        "portfolio",
        "available_budgets",
        lambda x: x.assign(available_eur=x["amount_eur"], committed_eur=0.0),
    ),
}


@pytest.mark.parametrize("name", PLANNERS)
def test_a_planner_that_counts_wrongly_is_stopped(monkeypatch, name):
    module, function, wrong = PLANNERS[name]
    right = pkgutil.resolve_name(f"digistrat.planning.{module}:{function}")
    place = f"digistrat.planning.{module}.{function}"
    monkeypatch.setattr(place, lambda *args, **options: wrong(right(*args, **options)))
    inventory = small_round()
    with pytest.raises(AssertionError, match=r"breaks \d+ of its conditions"):
        schedule(inventory, select_portfolio(inventory, score_impact(inventory)))


@settings(max_examples=20, deadline=None)
@given(
    rounds(),
    st.sampled_from(["upper", "value", "lower"]),
    st.sampled_from([None, "2027-05-03", "2028-01-01"]),
    st.booleans(),
)
def test_every_portfolio_and_plan_of_a_messy_round_is_silent(inventory, end, start, by_hand):
    status = inventory.projects["status"]
    names = list(status.index[status.isin(["possible", "in_preparation"])])
    asked = {"mandatory": names[:1], "forbidden": names[1:2]} if by_hand else {}
    portfolio = select_portfolio(inventory, score_impact(inventory), cost=end, **asked)
    plan = schedule(inventory, portfolio, start=start, effort_limit=0.02)
    assert (verify_portfolio(portfolio)["severity"] != "error").all()
    assert (verify_plan(plan)["severity"] != "error").all()


def test_the_shipped_round_is_silent(round_2026):
    assert verify_portfolio(round_2026.portfolio).empty
    found = verify_plan(round_2026.plan)
    assert set(found["code"]) <= {"procedure-not-known-yet"}


# --- a second book-keeping ---------------------------------------------------------------------------------

SOURCE = Path(audit.__file__).parents[1]
CHECKING = ("audit", "violations", "verify", "check_plan", "check_portfolio", "check_problem")
FACTS = tuple(f"facts_{name}" for name in ("calendar", "money", "plan", "portfolio", "procurement", "work"))
ALLOWED = (
    "digistrat.planning.records",
    "digistrat.inventory.record",
    "digistrat.strategy",
    "digistrat.strategy.calendar",
)


def test_checking_shares_no_code_with_solver_or_model_builder():
    ours = {f"digistrat.planning.{name}" for name in (*CHECKING, *FACTS)}
    allowed = {*ours, *ALLOWED, "digistrat.findings", "digistrat.texts"}
    outside = {"numpy", "pandas", "math", "datetime", "itertools", "collections.abc", "dataclasses", "typing"}
    for name in (*CHECKING, *FACTS):
        for node in ast.walk(ast.parse((SOURCE / "planning" / f"{name}.py").read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom):
                assert node.module in allowed | outside | {"__future__"}, f"{name} imports {node.module}"
            elif isinstance(node, ast.Import):
                assert {alias.name for alias in node.names} <= outside, name


def test_solver_and_model_builder_use_nothing_of_checking_but_its_front():
    for path in SOURCE.rglob("*.py"):
        if path.stem in (*CHECKING, *FACTS):
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module and "planning" in node.module:
                last = node.module.rsplit(".", 1)[-1]
                assert last not in (*CHECKING[1:], *FACTS) or last == "verify", f"{path.name}: {node.module}"
