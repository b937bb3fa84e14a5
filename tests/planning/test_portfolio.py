"""Selections against all subsets, money and staff by hand, and every odd thing that returns may hold."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from itertools import product

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digistrat.planning.audit import verify_portfolio
from digistrat.planning.money import available_budgets, remaining_costs, unclear_costs, yearly_costs
from digistrat.planning.portfolio import select_portfolio
from digistrat.scoring.impact import score_impact
from digistrat.scoring.maturity import score_maturity
from inventories import STAFF, budget, cost, link, make_inventory, make_strategy, points, post, project


def choose(strategy=None, *, positions=STAFF, options=None, **tables):
    inventory = make_inventory(strategy or make_strategy(), positions=list(positions), **tables)
    return select_portfolio(inventory, score_impact(inventory), **(options or {}))


def two(**of_b):
    """a (value 60) and b (value 50) at 60,000 € each in 2027, of which 100,000 € allow one."""
    return {
        "projects": [project("a"), project("b", **of_b)],
        "project_costs": [cost("a", 2027, 60_000.0), cost("b", 2027, 60_000.0)],
        "impact_ratings": points(a=6, b=5),
    }


# --- against all subsets ----------------------------------------

amounts = st.sampled_from([None, 0.0, 10_000.0, 35_000.0, 50_000.0, 80_000.0])
one_project = st.fixed_dictionaries(
    {
        "points": st.sampled_from([None, 0, 1, 2, 3, 5, 8]),
        "status": st.sampled_from(["possible", "in_preparation", "possible", "existing"]),
        "mandate": st.sampled_from(["none", "none", "none", "legal"]),
        "costs": st.tuples(amounts, amounts, amounts),
    }
)
LINKS = st.tuples(
    st.integers(0, 6), st.sampled_from(["requires", "excludes", "end_before_start"]), st.integers(0, 6)
)


@settings(max_examples=30, deadline=None)
@given(st.lists(one_project, min_size=1, max_size=7), st.lists(LINKS, max_size=3))
def test_no_subset_is_better(described, drawn_links):
    names = [f"p{k}" for k in range(len(described))]
    # a later project needs an earlier one, so that nothing goes in circles
    pairs = [(a, kind, b) for a, kind, b in drawn_links if b < a < len(names)]
    # columns: 2026 investive (over), 2027 investive, 2028 consumptive
    keys = [(2026, "investive"), (2027, "investive"), (2028, "consumptive")]
    rows = [
        cost(name, year, amount, kind)
        for name, one in zip(names, described, strict=True)
        for (year, kind), amount in zip(keys, one["costs"], strict=True)
        if amount is not None
    ]
    portfolio = choose(
        projects=[
            project(n, d["status"], mandate=d["mandate"]) for n, d in zip(names, described, strict=True)
        ],
        project_costs=rows,
        impact_ratings=points(**{n: d["points"] for n, d in zip(names, described, strict=True)}),
        dependencies=[link(names[a], kind, names[b]) for a, kind, b in pairs],
    )
    limits = np.array([100_000.0, 100_000.0])
    need, value = {}, {}
    for name, one in zip(names, described, strict=True):
        before, first, second = (amount or 0.0 for amount in one["costs"])
        if one["status"] == "existing":
            limits -= [first, second]
        # nothing has begun: no dates, no progress
        need[name] = np.array([first + (before if one["status"] != "existing" else 0.0), second])
        value[name] = (one["points"] or 0) * 10.0
    state = {n: d["status"] for n, d in zip(names, described, strict=True)}
    candidates = [n for n in names if state[n] != "existing"]
    fixed = {n for n, d in zip(names, described, strict=True) if d["mandate"] == "legal" and n in candidates}
    requires = [(names[a], names[b]) for a, k, b in pairs if k != "excludes"]
    while True:
        more = {b for a, b in requires if a in fixed and b in candidates} - fixed
        if not more:
            break
        fixed |= more
    unknown = {
        n
        for n, d in zip(names, described, strict=True)
        if d["points"] is None or all(amount is None for amount in d["costs"])
    }
    best = None
    for picks in product([False, True], repeat=len(candidates)):
        chosen = {n for n, pick in zip(candidates, picks, strict=True) if pick}
        if not fixed <= chosen or (chosen - fixed) & unknown:
            continue
        if any(a in chosen and b in candidates and b not in chosen for a, b in requires):
            continue
        clash = [{names[a], names[b]} for a, k, b in pairs if k == "excludes"]
        if any(len(c & chosen) == 2 for c in clash):
            continue
        running = [c for c in clash if any(state[n] == "existing" for n in c)]
        if any(c & (chosen - fixed) for c in running):
            continue
        spent = sum((need[n] for n in chosen), np.zeros(2))
        if (spent > np.maximum(limits, 0.0)).any():
            continue
        total = sum(value[n] for n in chosen)
        best = total if best is None else max(best, total)
    if best is None:
        assert portfolio.status == "infeasible"
        assert portfolio.conflicts
        assert np.isnan(portfolio.objective)
    else:
        assert portfolio.status == "optimal"
        assert portfolio.objective == pytest.approx(best)
        assert portfolio.bound == pytest.approx(best)
        assert verify_portfolio(portfolio).empty


# --- money ----------------------------------------


@pytest.mark.parametrize(("end", "count"), [("upper", 1), ("value", 2), ("lower", 2)])
def test_the_upper_end_of_a_range_counts(end, count):
    tables = two()
    tables["project_costs"][0] |= {
        "amount_eur": 40_000.0,
        "amount_eur_lower": 30_000.0,
        "amount_eur_upper": 50_000.0,
    }
    assert len(choose(**tables, options={"cost": end}).selected) == count


def test_running_projects_come_first_and_a_year_may_be_overdrawn():
    tables = two(mandate="legal")
    tables["projects"].append(project("run", "existing"))
    tables["project_costs"] += [cost("run", 2027, 30_000.0), cost("run", 2028, 120_000.0)]
    portfolio = choose(**tables)
    assert list(portfolio.selected) == ["b"]  # 70,000 € are left
    rows = portfolio.budgets.set_index(["year", "kind"])
    assert rows.loc[(2027, "investive"), "available_eur"] == 70_000
    assert rows.loc[(2027, "investive"), "used_eur"] == 60_000
    assert rows.loc[(2028, "investive"), "available_eur"] == -20_000
    assert "€50k" in portfolio.table.loc["a", "reason"]  # 60,000 - 10,000
    tables["project_costs"].append(cost("a", 2028, 5_000.0))
    assert "2028 lacks €25k" in choose(**tables).table.loc["a", "reason"]  # 5,000 and the 20,000 overdrawn


def test_money_of_years_that_are_over():
    tables = {
        "projects": [project("new"), project("begun", "in_preparation", start_date="2026-03-01")],
        "project_costs": [
            cost("new", 2026, 70_000.0),
            cost("begun", 2026, 70_000.0),
            cost("begun", 2027, 30_000.0),
        ],
        "impact_ratings": points(new=5, begun=5),
    }
    portfolio = choose(**tables)
    # the one that is not begun needs its 70,000 in 2027, the other has spent its own
    assert len(portfolio.selected) == 2
    assert portfolio.problem.costs["2027 investive"].to_dict() == {"new": 70_000.0, "begun": 30_000.0}
    tables["project_costs"][0] = cost("new", 2026, 70_001.0)
    assert len(choose(**tables).selected) == 1


def test_a_year_or_kind_without_a_budget_has_no_money():
    strategy = make_strategy(budgets=budget((2027, "investive", 100_000.0), (2029, "investive", 100_000.0)))
    tables = {
        "projects": [project("gap"), project("kind"), project("fits"), project("after")],
        "project_costs": [
            cost("gap", 2028, 1_000.0),
            cost("kind", 2027, 1_000.0, "consumptive"),
            cost("fits", 2029, 1_000.0),
            cost("after", 2030, 1_000.0),  # no budget year yet
        ],
        "impact_ratings": points(gap=9, kind=9, fits=1, after=1),
    }
    portfolio = choose(strategy, **tables)
    assert set(portfolio.selected) == {"fits"}
    row = portfolio.budgets.set_index(["year", "kind"]).loc[(2028, "investive")]
    assert np.isnan(row["amount_eur"])
    assert row["available_eur"] == 0
    assert portfolio.table.loc["gap", "reason"] == "Not chosen: 2028 lacks €1,000 (investive)."
    assert portfolio.table.loc["after", "reason"] == (
        "Not chosen: after the last budget year €1,000 are lacking (investive)."
    )
    assert "There is no money for one-off costs after 2029; 1 projects would need some." in str(
        portfolio.problem
    )


def test_a_duty_that_costs_money_after_the_last_budget_is_named():
    tables = two(mandate="legal")
    tables["project_costs"] = [cost("a", 2027, 1.0), cost("b", 2030, 40_000.0)]
    portfolio = choose(**tables)
    assert portfolio.status == "infeasible"
    assert portfolio.conflicts == (
        "b Titel b is fixed in.",
        "No money is planned after the last budget year (investive), needed are €40k.",
    )
    running = cost("b", 2030, 40_000.0, "consumptive", is_recurring=True)  # goes on: is not limited after it
    tables["project_costs"][1:] = [cost("b", 2027, 1.0), running]
    assert len(choose(**tables).selected) == 2


def test_without_any_budget_money_limits_nothing_and_says_so():
    portfolio = choose(make_strategy(budgets=()), **two())
    assert len(portfolio.selected) == 2
    assert portfolio.budgets.empty
    assert "no limit given" in str(portfolio.problem)


@pytest.mark.parametrize("year", [2027, 2027.0])
def test_budgets_of_a_call_replace_the_strategys(year):
    table = pd.DataFrame({"year": [year], "kind": ["investive"], "amount_eur": [50_000]})
    assert not len(choose(**two(), options={"budgets": table}).selected)
    table["amount_eur"] = 120_000
    assert len(choose(**two(), options={"budgets": table}).selected) == 2


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([(2027, "investive", None)], "in every row"),
        ([(2027.5, "investive", 1.0)], "whole numbers"),
        ([(2027, "Investition", 1.0)], "kinds investive, consumptive, not .*Investition"),
        ([(2027, "investive", 1.0)] * 2, "once"),
    ],
)
def test_wrong_budgets_are_named(rows, said):
    table = pd.DataFrame(rows, columns=["year", "kind", "amount_eur"])
    with pytest.raises(ValueError, match=said):
        choose(**two(), options={"budgets": table})
    with pytest.raises(ValueError, match=r"amount_eur.*missing"):
        choose(**two(), options={"budgets": table.drop(columns="amount_eur")})


def test_recurring_costs_go_on_and_gaps_are_said():
    rows = [
        cost("a", 2027, 10_000.0, "consumptive", is_recurring=True),
        cost("a", 2028, None, "consumptive", is_recurring=True),  # illegible
        cost("a", 2029, 12_000.0, "consumptive", is_recurring=True),
        cost("b", 2027, 5_000.0, "consumptive", is_recurring=True),
        cost("b", 2028, 0.0, "consumptive", is_recurring=True),  # ends: the office says so
        cost("c", 2028, 7_000.0, "consumptive", is_recurring=None),
    ]
    projects = [project(p) for p in "abc"]
    inventory = make_inventory(
        make_strategy(), projects=projects, project_costs=rows, impact_ratings=points(a=5, b=5, c=5)
    )
    money = yearly_costs(inventory, until=2030)
    wide = money.pivot(index="project_id", columns="year", values="amount_eur")
    assert wide.loc["a"].tolist() == [10_000, 10_000, 12_000, 12_000]
    assert wide.loc["b"].tolist() == [5_000, 0, 0, 0]
    assert money[money["project_id"] == "c"][["year", "is_recurring"]].values.tolist() == [[2028, False]]
    assert money[money["is_assumed"]][["project_id", "year"]].values.tolist() == [
        ["a", 2028],
        ["a", 2030],
        ["b", 2029],
        ["b", 2030],
    ]
    assert unclear_costs(inventory).empty
    portfolio = choose(projects=projects, project_costs=rows, impact_ratings=points(a=5, b=5, c=5))
    assert "carried on" in portfolio.table.loc["a", "reason"]
    assert "carried on" not in portfolio.table.loc["c", "reason"]
    assert portfolio.table["cost_yearly_eur"].fillna(-1).tolist() == [12_000, 5_000, -1]


def test_running_costs_of_running_projects_are_never_a_silent_zero():
    rows = [
        cost("run", 2027, None, "consumptive", is_recurring=True),
        cost("run", 2028, 30_000.0, "consumptive", is_recurring=True),
    ]
    inventory = make_inventory(make_strategy(), projects=[project("run", "existing")], project_costs=rows)
    years = available_budgets(inventory, yearly_costs(inventory)).set_index(["year", "kind"])
    assert years["committed_eur"].xs("consumptive", level="kind").tolist() == [30_000, 30_000, 30_000]


def test_remaining_costs_have_no_running_costs_before_the_start():
    rows = [cost("a", 2026, 8_000.0, "consumptive", is_recurring=True), cost("a", 2026, 3_000.0)]
    inventory = make_inventory(make_strategy(), projects=[project("a")], project_costs=rows)
    left = remaining_costs(inventory, yearly_costs(inventory, until=2027), dt.date(2027, 1, 1))
    assert left[["year", "is_recurring", "amount_eur"]].values.tolist() == [
        [2027, False, 3_000.0],
        [2027, True, 8_000.0],
    ]


# --- what is not known ----------------------------------------


def test_what_is_missing_is_neither_zero_value_nor_zero_cost():
    tables = {
        "projects": [project(p) for p in ("no_points", "no_cost", "illegible", "known")],
        "project_costs": [
            cost("no_points", 2027, 1.0),
            cost("illegible", 2027, 1.0),
            cost("illegible", 2028, None),
            cost("known", 2027, 1.0),
        ],
        "impact_ratings": points(no_points=None, no_cost=9, illegible=9, known=1),
    }
    portfolio = choose(**tables)
    assert list(portfolio.selected) == ["known"]
    assert portfolio.table["reason"].str.removeprefix("Not chosen: ").tolist()[:3] == [
        "its impact is not rated.",
        "no costs are given.",
        "a part of its costs is not legible.",
    ]
    assert np.isnan(portfolio.table.loc["no_points", "value"])
    assert np.isnan(portfolio.table.loc["no_cost", "cost_eur"])
    for one in tables["projects"]:
        one["mandate"] = "political"
    forced = choose(**tables)
    assert len(forced.selected) == 4
    said = forced.table["reason"].str.removeprefix("Fixed in: there is a duty.").str.strip()
    assert said.tolist() == [
        "Its impact is not rated and does not count.",
        "Its costs are not given and do not count.",
        "A part of its costs is not legible and does not count.",
        "",
    ]
    assert forced.objective == 190


def test_costs_without_kind_are_not_taken_for_nothing():
    tables = two()
    tables["project_costs"][0]["kind"] = None
    assert choose(**tables).table.loc["a", "reason"] == "Not chosen: a part of its costs is not legible."


# --- staff ----------------------------------------


def test_staff_limits_the_selection():
    # the template takes 10 days of PL and 40 of EN; 36 months × 20 days × 0.1 = 72 days of EN
    tables = two()
    tables["project_costs"] = [cost("a", 2027, 1.0), cost("b", 2027, 1.0)]
    few = choose(**tables, positions=[post("1", "PL"), post("2", "EN", 0.1)])
    assert list(few.selected) == ["a"]
    assert few.table.loc["b", "reason"] == (
        "Not chosen: role Entwicklung lacks 8 person-days. "
        "The chosen a costs no more anywhere and is worth no less."
    )
    assert few.binding == ("role EN",)


@pytest.mark.parametrize("positions", [[post("1", "PL")], [post("1", "PL"), post("2", "EN", None)]])
def test_a_role_that_nobody_holds(positions):
    tables = two()
    assert not len(choose(**tables, positions=positions).selected)
    tables["projects"][0]["mandate"] = "legal"
    impossible = choose(**tables, positions=positions)
    assert impossible.status == "infeasible"
    assert impossible.conflicts == (
        "a Titel a is fixed in.",
        "Role Entwicklung: 40 person-days are needed, 0 are filled.",
    )
    assert set(impossible.table["reason"]) == {"Not chosen: no selection meets all conditions."}


def test_work_that_is_done_takes_no_staff():
    tables = {
        "projects": [project("a", "in_preparation")],
        "project_costs": [cost("a", 2027, 1.0)],
        "impact_ratings": points(a=5),
        "phases": [{"project_id": "a", "phase_id": "UM", "share_done": 0.75}],
    }
    portfolio = choose(**tables)
    assert portfolio.problem.costs.loc["a", ["role PL", "role EN"]].tolist() == [0.0, 10.0]


def test_a_strategy_without_roles_needs_no_templates():
    strategy = make_strategy(roles=(), phase_templates=())
    assert list(choose(strategy, **two(), positions=[]).selected) == ["a"]
    with pytest.raises(ValueError, match="strategy must have phase_templates"):
        choose(make_strategy(phase_templates=()), **two())


def test_running_projects_take_staff_where_they_say_when():
    # 2027 has 12 × 20 × 0.1 = 24 days of EN, 2028 and 2029 as many; "run" takes 36 days over 2027 and 2028
    run = project("run", "existing", start_date="2027-01-01", end_date="2028-12-31")
    tables = two()
    tables["project_costs"] = [cost("a", 2027, 1.0), cost("b", 2027, 1.0)]
    tables["projects"].append(run)
    tables["efforts"] = [{"project_id": "run", "phase_id": "UM", "role_id": "EN", "effort_days": 36.0}]
    posts = [post("1", "PL"), post("2", "EN", 0.1)]
    limits = choose(**tables, positions=posts).problem.limits
    assert limits["role EN"] == pytest.approx(72 - 36, abs=0.2)  # months are not equally long
    run["end_date"] = None
    assert choose(**tables, positions=posts).problem.limits["role EN"] == pytest.approx(72)
    run["end_date"] = "2027-01-31"  # 36 days in a month that has 2: the other months are not touched
    assert choose(**tables, positions=posts).problem.limits["role EN"] == pytest.approx(70)


# --- dependencies and mandates ----------------------------------------


def test_a_needed_project_comes_along_or_keeps_the_other_out():
    tables = two()
    tables["project_costs"] = [cost("a", 2027, 60_000.0), cost("b", 2027, 30_000.0)]
    tables["impact_ratings"] = points(a=6, b=0)
    tables["dependencies"] = [link("a", "requires", "b")]
    assert list(choose(**tables).selected) == ["a", "b"]
    tables["project_costs"][1] = cost("b", 2027, 50_000.0)
    without = choose(**tables)
    assert not len(without.selected)
    assert without.table.loc["a", "reason"] == (
        "Not chosen: needs b, which is not chosen. Together: 2027 lacks €10k (investive)."
    )
    assert without.table.loc["b", "reason"] == "Not chosen: would fit, but adds no impact."


def test_what_a_mandate_needs_is_fixed_in_although_it_is_not_rated():
    tables = two(mandate="legal")
    tables["project_costs"] = [cost("a", 2027, 40_000.0), cost("b", 2027, 40_000.0)]
    tables["impact_ratings"] = points(a=None, b=5)
    tables["dependencies"] = [link("b", "end_before_start", "a")]
    portfolio = choose(**tables)
    assert list(portfolio.selected) == ["a", "b"]
    assert portfolio.table.loc["a", "reason"] == (
        "Fixed in: b is fixed in and needs it. Its impact is not rated and does not count."
    )
    barred = choose(**tables, options={"forbidden": ["a"]})
    assert barred.status == "infeasible"
    assert set(barred.conflicts) == {
        "b Titel b is fixed in.",
        "b Titel b needs a Titel a.",
        "a Titel a is excluded.",
    }


@pytest.mark.parametrize("way", [("a", "b"), ("b", "a")])
def test_excluding_works_in_both_directions(way):
    tables = two()
    tables["project_costs"] = [cost("a", 2027, 1.0), cost("b", 2027, 1.0)]
    tables["dependencies"] = [link(way[0], "excludes", way[1])]
    portfolio = choose(**tables)
    assert list(portfolio.selected) == ["a"]
    assert portfolio.table.loc["b", "reason"] == "Not chosen: excludes the chosen project a."
    tables["projects"][0]["status"] = "existing"
    running = choose(**tables)
    assert not len(running.selected)
    assert running.table.loc["b", "reason"] == "Not chosen: excludes the running project a."
    tables["projects"][0]["status"] = "discontinued"
    assert list(choose(**tables).selected) == ["b"]


def test_excluding_and_mandates():
    tables = two(mandate="legal")
    tables["projects"][0]["status"] = "existing"
    tables["project_costs"][0] = cost("a", 2027, 1.0)
    tables["dependencies"] = [link("a", "excludes", "b")]
    kept = choose(**tables)
    assert kept.table.loc["b", "reason"] == ("Fixed in: there is a duty. It excludes the running project a.")
    tables["projects"][0] |= {"status": "possible", "mandate": "legal"}
    both = choose(**tables)
    assert both.status == "infeasible"
    assert "a Titel a and b Titel b exclude each other." in both.conflicts


@pytest.mark.parametrize(
    ("status", "said"),
    [
        ("discontinued", "Not chosen: needs the discontinued project a."),
        (None, "Not chosen: needs a, whose status is not known."),
        ("existing", "Chosen: adds to the highest total impact."),
    ],
)
def test_needing_what_is_no_candidate(status, said):
    tables = two()
    tables["projects"][0]["status"] = status
    tables["project_costs"][0] = cost("a", 2027, 1.0)
    tables["dependencies"] = [link("b", "requires", "a")]
    assert choose(**tables).table["reason"].to_dict() == {"b": said}


def test_needing_each_other_is_both_or_none():
    tables = two()
    tables["dependencies"] = [link("a", "requires", "b"), link("b", "requires", "a")]
    assert not len(choose(**tables).selected)  # 120,000 € for both
    tables["project_costs"][0] = cost("a", 2027, 40_000.0)
    assert len(choose(**tables).selected) == 2


def test_mandates_that_cannot_be_paid_are_named_with_the_amounts():
    tables = two(mandate="legal")
    tables["projects"][0]["mandate"] = "operational"
    portfolio = choose(**tables)
    assert portfolio.status == "infeasible"
    assert portfolio.conflicts == (
        "a Titel a is fixed in.",
        "b Titel b is fixed in.",
        "2027 has €100k (investive), needed are €120k.",
    )
    assert not len(portfolio.selected)
    assert "infeasible" in str(portfolio)
    released = choose(**tables, options={"forbidden": ["a"]})
    assert list(released.selected) == ["b"]
    assert released.table.loc["a", "reason"] == "Not chosen: excluded by hand."


def test_fixed_in_by_hand():
    portfolio = choose(**two(), options={"mandatory": ["b"]})
    assert list(portfolio.selected) == ["b"]
    assert portfolio.table.loc["b", "reason"] == "Fixed in by hand."
    with pytest.raises(ValueError, match="mandatory and forbidden must not both name a project, but do 'a'"):
        choose(**two(), options={"mandatory": ["a"], "forbidden": ["a"]})
    with pytest.raises(ValueError, match=r"mandatory must name possible projects.*not 'x'"):
        choose(**two(), options={"mandatory": ["x"]})


# --- coverage, synergies, and what does not count ----------------------------------------


def together(**values):
    rows = [(*names.split("_"), value) for names, value in values.items()]
    return pd.DataFrame(rows, columns=["project_id", "other_id", "value"])


@settings(max_examples=20, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 9), st.sampled_from([0, 20, 50, 60])), min_size=4, max_size=4),
    st.lists(st.tuples(st.sampled_from(["a_b", "b_c", "c_d", "a_d"]), st.integers(-40, 60)), max_size=3),
    st.integers(0, 3),
    st.sets(st.sampled_from("abcd"), max_size=3),
)
def test_coverage_and_synergies_against_all_subsets(described, pairs, at_least, members):
    names = "abcd"
    goal = {name: ("G1",) if name in members else () for name in names}
    portfolio = choose(
        projects=[project(name, field_id="F1", goal_ids=goal[name]) for name in names],
        project_costs=[cost(name, 2027, k * 1e3) for name, (_, k) in zip(names, described, strict=True)],
        impact_ratings=points(**{name: p for name, (p, _) in zip(names, described, strict=True)}),
        options={
            "coverage": {"G1": at_least} if at_least else {},
            "synergies": together(**dict(pairs)) if pairs else None,
        },
    )
    best = None
    for picks in product([0, 1], repeat=4):
        chosen = {name for name, pick in zip(names, picks, strict=True) if pick}
        if sum(k for pick, (_, k) in zip(picks, described, strict=True) if pick) > 100:
            continue
        if len(chosen & members) < at_least:
            continue
        total = sum(10 * p for pick, (p, _) in zip(picks, described, strict=True) if pick)
        total += sum(v for pair, v in dict(pairs).items() if set(pair.split("_")) <= chosen)
        best = total if best is None else max(best, total)
    if best is None:
        assert portfolio.status == "infeasible"
        assert f"At least {at_least} projects" in " ".join(portfolio.conflicts)
        return
    assert portfolio.objective == pytest.approx(best)
    assert portfolio.bound == pytest.approx(best)
    if at_least:
        row = portfolio.constraints.loc["coverage G1"]
        assert (row["limit"], row["unit"]) == (at_least, "projects")
        assert row["slack"] == len(set(portfolio.selected) & members) - at_least >= 0


def test_the_strategy_asks_for_coverage():
    strategy = make_strategy(coverage=({"field_id": "F1", "at_least": 1},))
    tables = two()
    tables["projects"] = [project("a"), project("b", field_id="F1")]
    portfolio = choose(strategy, **tables)
    assert list(portfolio.selected) == ["b"]  # though a is worth more
    assert "At least 1 chosen projects: F1 Feld." in str(portfolio.problem)
    assert list(choose(strategy, **tables, options={"coverage": {}}).selected) == ["a"]
    portfolio.table["selected"] = [True, False]
    assert "lacks-coverage" in set(verify_portfolio(portfolio)["code"])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"coverage": {"F9": 1}}, "coverage must name fields of action or goals .*not 'F9'"),
        ({"coverage": {"F1": 0}}, "coverage must be whole numbers above 0"),
        ({"synergies": together(a_x=1)}, "synergies must name possible projects .*not 'x'"),
        ({"synergies": together(a_a=1)}, "two different projects"),
        ({"synergies": together(a_b=None)}, "synergies must have a value in every row"),
        ({"synergies": pd.DataFrame({"project_id": []})}, "synergies must have columns"),
    ],
)
def test_wrong_coverage_and_synergies(options, message):
    with pytest.raises(ValueError, match=message):
        choose(**two(), options=options)


def test_what_does_not_count_is_said():
    tables = two()
    tables["projects"][0]["funding_eur"] = 55_000.0
    tables["dependencies"] = [link("a", "requires", "gone"), link("b", "synergy", "a")]
    portfolio = choose(**tables)
    assert portfolio.table.loc["a", "reason"] == (
        "Chosen: adds to the highest total impact. It needs gone, which nobody has reported. "
        "The synergy with b has no value and does not count. "
        "A grant of €55k is reported, but not approved; it does not count."
    )
    assert "The synergy with a has no value" in portfolio.table.loc["b", "reason"]
    valued = choose(**tables, options={"synergies": together(a_b=5)})
    assert "synergy" not in valued.table["reason"].str.cat()
    assert "1 pairs add value where both are chosen." in str(valued.problem)
    found = verify_portfolio(replace(portfolio, problem=replace(portfolio.problem, hints={})))
    assert "problem.hints" in set(found["table"])


def test_the_constraints_stand_in_a_table():
    portfolio = choose(**two())
    row = portfolio.constraints.loc["2027 investive"]
    assert row.tolist() == ["2027 investive", "eur", 100_000.0, 60_000.0, 40_000.0]
    assert portfolio.constraints.at["role EN", "label"] == "Entwicklung"
    wrong = portfolio.constraints.assign(used=0.0)
    assert "wrong-sum" in set(verify_portfolio(replace(portfolio, constraints=wrong))["code"])


# --- edges ----------------------------------------


def test_nothing_to_choose_from_and_one_single_project():
    empty = choose()
    assert (empty.status, empty.objective, empty.gap, len(empty.table)) == ("optimal", 0.0, 0.0, 0)
    assert "0 of 0" in str(empty)
    single = choose(projects=[project("a")], project_costs=[cost("a", 2027, 5.0)], impact_ratings=points(a=7))
    assert list(single.selected) == ["a"]
    assert single.objective == 70


def test_scores_of_offices_are_refused():
    inventory = make_inventory(make_strategy(), projects=[project("a")])
    with pytest.raises(ValueError, match="impact must score projects, not offices"):
        select_portfolio(inventory, score_maturity(inventory))
    with pytest.raises(ValueError, match="cost must be one of"):
        choose(**two(), options={"cost": "mean"})


def test_no_frame_is_changed_and_the_result_repeats():
    inventory = make_inventory(make_strategy(), positions=list(STAFF), **two())
    before = {name: frame.copy() for name, frame in inventory.tables.items()}
    impact = score_impact(inventory)
    one, other = (select_portfolio(inventory, impact) for _ in range(2))
    pd.testing.assert_frame_equal(one.table, other.table)
    for name, frame in before.items():
        pd.testing.assert_frame_equal(frame, inventory.tables[name])


def test_the_check_finds_what_is_broken():
    portfolio = choose(**two())
    portfolio.table["selected"] = True
    codes = set(verify_portfolio(portfolio)["code"])
    assert codes >= {"over-budget", "wrong-objective", "wrong-sum", "reason-wrong"}


def test_the_shipped_round(round_2026):
    """Money, mandates and dependencies of the example city, from the returned tables alone."""
    inventory, portfolio = round_2026.inventory, round_2026.portfolio
    assert portfolio.status == "optimal"
    assert portfolio.gap <= 1e-6
    projects, chosen = inventory.projects, portfolio.selected
    assert projects.loc[chosen, "status"].isin(["possible", "in_preparation"]).all()
    duty = projects.index[
        projects["mandate"].isin(["legal", "operational", "political"])
        & projects["status"].isin(["possible", "in_preparation"])
    ]
    assert set(duty) <= set(chosen)
    costs = inventory.project_costs
    most = costs["amount_eur_upper"].fillna(costs["amount_eur"])
    once = ~costs["is_recurring"].fillna(False).astype(bool)
    granted = projects["funding_eur"].where((projects["funding_state"] == "approved").fillna(False), 0.0)
    share = (granted / most[once].groupby(costs["project_id"]).sum()).clip(upper=1.0).fillna(0.0)
    most = most * (1 - costs["project_id"].map(share).fillna(0.0).where(once, 0.0))
    paid = costs["project_id"].isin(chosen) & (costs["year"] >= 2027)
    running = costs["project_id"].map(projects["status"]) == "existing"
    by_year = most[paid | running].groupby([costs["year"], costs["kind"]]).sum()
    for row in inventory.budgets[inventory.budgets["year"] >= 2027].itertuples():
        assert by_year.get((row.year, row.kind), 0.0) <= row.amount_eur + 0.01
    for row in inventory.dependencies.itertuples():
        if row.kind == "excludes":
            assert not {row.project_id, row.other_id} <= set(chosen)
    assert portfolio.table["reason"].str.len().min() > 10
    assert portfolio.objective == pytest.approx(portfolio.table.loc[chosen, "value"].sum())


def test_what_is_not_known_of_a_chosen_project_is_said(round_2026):
    portfolio, inventory = round_2026.portfolio, round_2026.inventory
    state = score_impact(inventory).table["state"].reindex(portfolio.selected)
    said = portfolio.table.loc[portfolio.selected, "reason"].str.contains("vorläufig bewertet")
    assert said.tolist() == (state == "provisional").tolist()
    assert said.any()


def test_an_illegible_amount_leaves_no_sum(round_2026):
    table = round_2026.portfolio.table
    place = round_2026.inventory.findings.query("code == 'cell-error' and table == 'project_costs'")
    assert len(place) == 1
    assert pd.isna(table.at["A12-007", "cost_eur"])
    assert "nicht lesbar" in table.at["A12-007", "reason"]
