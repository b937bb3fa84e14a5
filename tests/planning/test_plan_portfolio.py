"""Selection and schedule together, on small inventories by hand and against the two steps in turn."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digistrat.planning.audit import verify_plan, verify_portfolio
from digistrat.planning.joint import plan_portfolio
from digistrat.planning.joint_model import JointAnswer
from digistrat.planning.portfolio import select_portfolio
from digistrat.planning.schedule import schedule
from digistrat.scoring.impact import score_impact
from inventories import STAFF, budget, cost, link, make_inventory, make_strategy, points, post, project


def city(strategy=None, *, positions=STAFF, **tables):
    inventory = make_inventory(strategy or make_strategy(), positions=list(positions), **tables)
    return inventory, score_impact(inventory)


def names(plan):
    return sorted(plan.phases["project_id"].unique())


def test_a_project_that_paper_has_no_money_for_is_done_a_year_later():
    # both want 2027's money, which is enough for one; 2028 has as much
    strategy = make_strategy(budgets=budget((2027, "investive", 50_000.0), (2028, "investive", 50_000.0)))
    inventory, impact = city(
        strategy,
        projects=[project("a"), project("b")],
        project_costs=[cost("a", 2027, 50_000.0), cost("b", 2027, 50_000.0)],
        impact_ratings=points(a=6, b=5),
    )
    paper = select_portfolio(inventory, impact)
    assert list(paper.selected) == ["a"]
    plan = plan_portfolio(inventory, impact, effort=0.01)
    assert names(plan) == ["a", "b"]
    # a is live after ten months; b may prepare before, but nine tenths of its money are its last four months
    ends = plan.phases.groupby("project_id")["end"].max()
    assert f"{ends['a']:%Y-%m-%d}" == "2027-10-31"
    assert ends["b"].year == 2028
    assert plan.objective > schedule(inventory, paper).objective
    assert plan.objective <= plan.bound
    assert plan.portfolio.problem.is_planned
    assert list(plan.portfolio.selected) == ["a", "b"]
    used = plan.portfolio.budgets.query("kind == 'investive'").set_index("year")["used_eur"]
    assert used.sum() == pytest.approx(100_000)
    assert (used <= 50_000.01).all()
    assert verify_plan(plan).empty
    assert verify_portfolio(plan.portfolio).empty
    assert "chosen together with a plan" in str(plan.portfolio)


def test_the_same_projects_may_be_scheduled_again():
    inventory, impact = city(
        projects=[project("a")], project_costs=[cost("a", 2027, 50_000.0)], impact_ratings=points(a=6)
    )
    plan = plan_portfolio(inventory, impact, effort=0.01)
    again = schedule(inventory, plan.portfolio)
    assert again.objective == pytest.approx(plan.objective)
    later = schedule(inventory, plan.portfolio, start="2028-03-01")
    budgets = later.portfolio.budgets.query("kind == 'investive'").set_index("year")
    assert budgets["available_eur"].tolist() == pytest.approx([100_000 * 10 / 12, 100_000])
    assert budgets["used_eur"].sum() == pytest.approx(50_000)


def test_months_of_staff_decide_what_is_done():
    # 40 days of EN a project and 20 a month from one post: at most one at a time; a long horizon would do all
    inventory, impact = city(
        projects=[project(p) for p in "abc"],
        project_costs=[cost(p, 2027, 1_000.0) for p in "abc"],
        impact_ratings=points(a=1, b=9, c=5),
        positions=[post("1", "PL", 9.0), post("2", "EN", 0.5, end_date="2028-02-29")],
    )
    plan = plan_portfolio(inventory, impact, effort=0.01)
    assert names(plan) == ["b", "c"]  # EN from July 2027 on: two times four months until February
    assert plan.phases.loc["b UM", "end"] < plan.phases.loc["c UM", "start"]
    assert plan.portfolio.table.at["b", "reason"] == "Chosen: part of the best plan that was found."
    reason = plan.portfolio.table.at["a", "reason"]
    assert reason.startswith("The best plan found has no place for it")


def test_by_hand_in_and_out():
    tables = {
        "projects": [project(p) for p in "abc"],
        "project_costs": [cost(p, 2027, 1_000.0) for p in "abc"],
        "impact_ratings": points(a=1, b=9, c=None),
        "dependencies": [link("a", "end_before_start", "b")],
    }
    inventory, impact = city(**tables)
    plan = plan_portfolio(inventory, impact, effort=0.01)
    assert names(plan) == ["a", "b"]  # c is not rated
    assert plan.phases.loc["a KO", "start"] > plan.phases.loc["b UM", "end"]
    assert names(plan_portfolio(inventory, impact, forbidden=["b"], effort=0.01)) == []  # a needs b
    assert names(plan_portfolio(inventory, impact, mandatory=["c"], effort=0.01)) == ["a", "b", "c"]
    both = plan_portfolio(inventory, impact, mandatory=["a"], forbidden=["b"])
    assert both.status == "infeasible"
    assert both.conflicts == (
        "a Titel a is fixed in.",
        "a Titel a needs b Titel b.",
        "b Titel b is excluded.",
    )
    with pytest.raises(ValueError, match="mandatory must name possible projects"):
        plan_portfolio(inventory, impact, mandatory=["x"])
    with pytest.raises(ValueError, match="start must be a date"):
        plan_portfolio(inventory, impact, start="soon")


def test_duties_that_cannot_be_planned_are_named_with_what_excludes_them():
    inventory, impact = city(
        projects=[project(p, mandate="legal", due_date="2027-10-31") for p in "ab"],
        project_costs=[cost(p, 2027, 1_000.0) for p in "ab"],
        impact_ratings=points(a=6, b=5),
        positions=[post("1", "PL", 9.0), post("2", "EN", 0.5)],
    )
    plan = plan_portfolio(inventory, impact, effort=0.01)
    assert plan.status == "infeasible"
    assert {f"{p} Titel {p} must be finished by 31 Oct 2027." for p in "ab"} <= set(plan.conflicts)
    assert plan.phases.empty
    assert not plan.portfolio.table["selected"].any()


def test_where_the_search_misses_a_duty_the_plan_of_the_duties_alone_stands(monkeypatch):
    inventory, impact = city(
        projects=[project("a", mandate="legal"), project("b")],
        project_costs=[cost(p, 2027, 1_000.0) for p in "ab"],
        impact_ratings=points(a=6, b=5),
    )
    whole = plan_portfolio(inventory, impact, effort=0.01)
    assert names(whole) == ["a", "b"]

    def lost(problem, **_):
        nothing = np.full(problem.activities.n, -1)
        bound = whole.bound * 12
        return JointAnswer(np.zeros(2, bool), nothing, 0.0, bound, "limit", missing=(0,))

    monkeypatch.setattr("digistrat.planning.joint.solve_joint", lost)
    plan = plan_portfolio(inventory, impact, effort=0.01)
    assert (plan.status, names(plan)) == ("feasible", ["a"])
    assert plan.bound == pytest.approx(whole.bound)
    assert plan.objective == pytest.approx(60 * 26 / 12)
    assert verify_plan(plan).empty
    few = make_strategy(coverage=({"field_id": "F1", "at_least": 2},))
    wider = inventory.replace(
        strategy=few, projects=inventory.projects.assign(field_id=["F1", "F1"]).astype({"field_id": "str"})
    )
    none = plan_portfolio(wider, score_impact(wider), effort=0.01)
    assert none.status == "limit"
    assert none.conflicts == (
        "The search found no place for these fixed projects; that there is none is not proven: a.",
    )


def test_nothing_to_choose_from():
    inventory, impact = city()
    plan = plan_portfolio(inventory, impact)
    assert (plan.status, plan.objective, plan.gap, len(plan.phases)) == ("optimal", 0, 0, 0)


@settings(max_examples=6)
@given(
    st.lists(
        st.tuples(st.integers(1, 9), st.sampled_from([5_000.0, 40_000.0, 90_000.0]), st.booleans()),
        min_size=1,
        max_size=5,
    ),
    st.sampled_from([0.5, 1.0, 3.0]),
)
def test_never_worse_than_the_two_steps_and_always_sound(described, fte):
    ids = [f"p{k}" for k in range(len(described))]
    inventory, impact = city(
        projects=[project(p) for p in ids],
        project_costs=[
            cost(p, 2027 if early else 2028, amount)
            for p, (_, amount, early) in zip(ids, described, strict=True)
        ],
        impact_ratings=points(**{p: n for p, (n, *_) in zip(ids, described, strict=True)}),
        positions=[post("1", "PL"), post("2", "EN", fte)],
    )
    plan = plan_portfolio(inventory, impact, effort=0.003)
    assert plan.status in ("optimal", "feasible")
    assert plan.objective <= plan.bound + 1e-9
    assert verify_plan(plan).empty
    two = schedule(inventory, select_portfolio(inventory, impact))
    if two.status in ("optimal", "feasible"):
        assert plan.objective >= two.objective - 1e-9
        assert two.objective <= plan.bound + 1e-6  # no plan exceeds the bound
