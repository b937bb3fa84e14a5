"""Differences between plans, by hand and by their mirror."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_plans import chosen, kept, plan_of

from digistrat.planning.baseline import baseline_of
from digistrat.planning.compare import compare_plans
from digistrat.planning.scenarios import scenario_projects, scenarios
from inventories import budget, cost, make_strategy, points, project

BEFORE = kept(
    [
        ("a", "KO", "2027-01-01", "2027-02-28"),
        ("a", "UM", "2027-03-01", "2027-12-31"),
        ("b", "UM", "2027-05-01", "2027-08-31"),
        ("c", "UM", "2027-05-01", "2027-08-31"),
        ("d", "UM", "2027-01-01", "2027-03-31"),
        ("e", "KO", "2027-01-01", "2027-01-31"),
        ("e", "UM", "2027-04-01", "2027-06-30"),
    ],
    budget=[(2027, "investive", 100.0), (2028, "investive", 50.0)],
    load=[("PL", "2027-01-01", 1.0), ("PL", "2027-02-01", 0.5), ("PL", "2028-01-01", 2.0)],
    values={"a": 90.0, "f": 80.0},
)
AFTER = kept(
    [
        ("a", "KO", "2027-01-01", "2027-02-28"),
        ("a", "UM", "2027-05-01", "2028-02-29"),  # two months later, over the turn of the year
        ("b", "UM", "2027-04-01", "2027-07-31"),  # one earlier
        ("c", "UM", "2027-05-01", "2027-08-31"),  # as before
        ("e", "KO", "2027-03-01", "2027-03-31"),  # later at first, as before in the end
        ("e", "UM", "2027-04-01", "2027-06-30"),
        ("f", "UM", "2027-05-01", "2027-08-31"),  # new
    ],
    budget=[(2027, "investive", 70.0), (2029, "investive", 5.0)],
    load=[("PL", "2027-01-01", 2.0), ("PL", "2027-02-01", 0.75)],
    values={"a": 90.0, "f": 80.0},
    status={"d": "existing"},
    value=120.0,
    makespan=14.0,
)


def test_projects_by_hand():
    table = compare_plans(BEFORE, AFTER).projects
    assert table["change"].to_dict() == {
        "a": "later",
        "b": "earlier",
        "c": "unchanged",
        "d": "left",
        "e": "later",
        "f": "entered",
    }
    months = {name: None if pd.isna(n) else int(n) for name, n in table["months"].items()}
    assert months == {"a": 2, "b": -1, "c": 0, "d": None, "e": 0, "f": None}
    assert table.loc["d", ["status_before", "status_after"]].tolist() == ["possible", "existing"]
    assert table.at["a", "go_live_after"] == pd.Timestamp(2028, 2, 29)
    assert pd.isna(table.at["f", "start_before"])


def test_phases_by_hand():
    table = compare_plans(BEFORE, AFTER).phases
    changes = table["change"]
    assert changes["a KO"] == changes["e UM"] == "unchanged"
    assert (changes["e KO"], changes["d UM"], changes["f UM"]) == ("later", "left", "entered")
    assert table.loc["a UM", ["project_id", "phase_id", "phase"]].tolist() == ["a", "UM", "Phase UM"]
    assert table.loc["d UM", "phase"] == "Phase UM"  # only the plan before knows it
    assert table.at["a UM", "months"] == 2


def test_money_of_a_year_that_a_plan_does_not_cover_is_missing_and_not_zero():
    table = compare_plans(BEFORE, AFTER).budget.set_index("year")
    assert table["difference_eur"][2027] == -30.0
    assert table.loc[2028, ["after_eur", "difference_eur"]].isna().all()
    assert pd.isna(table.at[2029, "before_eur"])


def test_work_by_year():
    table = compare_plans(BEFORE, AFTER).load.set_index(["role_id", "year"])
    assert table.loc[("PL", 2027)].tolist() == [1.5, 2.75, 1.25]
    assert table.loc[("PL", 2028), "before_fte_months"] == 2.0
    assert pd.isna(table.loc[("PL", 2028), "after_fte_months"])


def test_totals():
    totals = compare_plans(BEFORE, AFTER).totals
    assert totals.loc["value"].tolist() == [100.0, 120.0, 20.0]
    assert totals.loc["makespan", "difference"] == 4.0
    assert totals.loc["n_projects"].tolist() == [5.0, 5.0, 0.0]
    assert totals.loc["planned_eur"].tolist() == [150.0, 75.0, -75.0]


def test_sentences_say_the_sum_first_and_the_gravest_project_before_the_others():
    said = compare_plans(BEFORE, AFTER).sentences
    assert said[0] == "New in the plan: 1, no longer in it: 1, later: 2, earlier: 1, unchanged: 1 projects."
    assert "120.0 instead of 100.0" in said[1]
    assert "14 instead of 10 months" in said[2]
    # f enters with 80 points, d leaves with 50, both as if by a year; a moves two months with 90 points
    assert [sentence.split()[0] for sentence in said[3:8]] == ["f", "d", "a", "b", "e"]
    assert said[4] == "d Titel d is no longer in the plan: it runs by now."
    assert said[5] == "a Titel a is finished 2 months later: on 29 Feb 2028 instead of 31 Dec 2027."
    assert said[6] == "b Titel b is finished 1 month earlier: on 31 Jul 2027 instead of 31 Aug 2027."
    assert said[7] == "e Titel e begins on 1 Mar 2027 instead of 1 Jan 2027 and is finished as before."
    assert said[8] == "2027 investive: €30 less (€70 instead of €100)."
    assert said[9] == "Role Leitung 2027: 1.3 person-months more (2.8 instead of 1.5)."


def test_many_changes_are_counted_and_not_listed():
    late = [(f"p{k:02}", "UM", "2027-02-01", "2027-03-31") for k in range(20)]
    early = [(f"p{k:02}", "UM", "2027-01-01", "2027-02-28") for k in range(20)]
    said = compare_plans(kept(early), kept(late)).sentences
    assert sum("later: on" in sentence for sentence in said) == 8
    assert "… and 12 more." in said


def test_a_plan_and_itself():
    same = compare_plans(BEFORE, BEFORE)
    assert same.sentences == ("Both plans agree: no project moves.",)
    assert same.moved.empty
    assert (same.phases["change"] == "unchanged").all()
    assert (same.totals["difference"] == 0).all()
    assert "0 of 5" in repr(same)


@pytest.mark.parametrize(
    ("before", "after", "first"),
    [
        (kept([]), kept([]), "In neither case a plan is possible."),
        (BEFORE, kept([]), "Like this no plan is possible."),
        (kept([]), BEFORE, "No plan was possible before, now there is one."),
    ],
)
def test_no_plan_on_one_side(before, after, first):
    assert compare_plans(before, after).sentences[0] == first


SPANS = st.tuples(st.integers(0, 20), st.integers(1, 8))
PLANS = st.dictionaries(st.sampled_from("abcde"), st.lists(SPANS, min_size=1, max_size=2), max_size=5)


def by_hand(spans):
    months = pd.date_range("2027-01-01", periods=40, freq="MS")
    rows = [
        (name, f"F{k}", f"{months[start]:%Y-%m-%d}", f"{months[start + n] - pd.Timedelta(days=1):%Y-%m-%d}")
        for name, phases in spans.items()
        for k, (start, n) in enumerate(phases)
    ]
    money = [(2027 + k, "investive", 10.0 * len(phases)) for k, phases in enumerate(spans.values())]
    return kept(rows, budget=money, value=float(len(rows)))


@settings(max_examples=30, deadline=None)
@given(PLANS, PLANS)
def test_the_comparison_the_other_way_round_is_the_mirror(one, other):
    a, b = by_hand(one), by_hand(other)
    there, back = compare_plans(a, b), compare_plans(b, a)
    mirror = {"entered": "left", "left": "entered", "earlier": "later", "later": "earlier"}
    for name in ("projects", "phases"):
        here, other = getattr(there, name), getattr(back, name)
        assert here.index.equals(other.index)
        assert here["change"].replace(mirror).tolist() == other["change"].tolist()
        assert (here["months"].dropna() == -other["months"].dropna()).all()
        assert here["start_before"].equals(other["start_after"].rename("start_before"))
    assert (there.budget["difference_eur"].dropna() == -back.budget["difference_eur"].dropna()).all()
    assert there.totals["before"].equals(back.totals["after"].rename("before"))
    assert len(there.moved) == len(back.moved)


def test_plans_are_compared_as_their_baselines():
    tables = chosen("a", "b")
    plan = plan_of(**tables)
    later = plan_of(**tables, start="2027-03-01")
    moved = compare_plans(plan, later)
    assert moved.projects["months"].tolist() == [2, 2]
    assert compare_plans(baseline_of(plan), later).sentences == moved.sentences
    assert compare_plans(plan, plan).moved.empty


@pytest.mark.parametrize("name", ["a", "b"])
def test_only_plans_are_compared(name):
    given = {"a": BEFORE, "b": BEFORE, name: "plan"}
    with pytest.raises(ValueError, match=f"{name} must be a Plan or a Baseline, not str"):
        compare_plans(**given)


def test_scenarios_side_by_side():
    small = make_strategy(budgets=budget((2027, "investive", 60_000.0)))
    large = make_strategy(budgets=budget((2027, "investive", 110_000.0)))
    tables = {
        "projects": [project("a"), project("b"), project("c")],
        "project_costs": [cost("a", 2027, 50_000.0), cost("b", 2027, 50_000.0), cost("c", 2027, 999_000.0)],
        "impact_ratings": points(a=6, b=5, c=1),
    }
    plans = {"small": plan_of(small, **tables), "large": plan_of(large, **tables)}
    table = scenarios(plans)
    assert table.index.tolist() == ["small", "large"]
    assert table["n_projects"].tolist() == [1, 2]
    assert table["n_only_here"].tolist() == [0, 1]
    assert table["investive_eur"].tolist() == pytest.approx([50_000.0, 100_000.0])
    assert table["consumptive_eur"].tolist() == [0.0, 0.0]
    assert table["makespan"].tolist() == [10.0, 10.0]
    assert scenario_projects(plans)["found_in"].to_dict() == {"a": "all", "b": "some", "c": "none"}
    chosen_only = scenarios({name: plan.portfolio for name, plan in plans.items()})
    assert chosen_only["value"].tolist() == pytest.approx([60.0, 110.0])
    assert chosen_only["investive_eur"].tolist() == pytest.approx([50_000.0, 100_000.0])
    assert chosen_only["makespan"].isna().all()
    with pytest.raises(ValueError, match="plans only or portfolios only"):
        scenarios({"a": plans["small"], "b": plans["small"].portfolio})
    with pytest.raises(ValueError, match="not nothing"):
        scenarios({})
