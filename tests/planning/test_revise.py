"""Plans that are solved again with something changed, and running plans that are rescheduled."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_plans import chosen, one_phase, plan_of, strategy_of

from digistrat.planning.activity_frames import read_activities
from digistrat.planning.activity_model import Effort
from digistrat.planning.changes import changed_inventory
from digistrat.planning.compare import compare_plans
from digistrat.planning.nearest import nearest_schedule
from digistrat.planning.revise import reschedule
from inventories import cost, post, project, step

ROOM = post("S1", "PL", 9.0)
HALF = [ROOM, post("S2", "EN", 0.5)]


def starts(plan):
    return {activity: f"{start:%Y-%m}" for activity, start in plan.phases["start"].items()}


@cache
def shared():
    """Three projects of four months, one after the other on half a post: January, May, September."""
    return plan_of(one_phase(4), **chosen("a", "b", "c"), positions=HALF)


def test_replacing_nothing_is_the_same_plan():
    plan = shared()
    again = plan.replace()
    assert again.phases.equals(plan.phases)
    assert again.objective == plan.objective
    assert compare_plans(plan, again).moved.empty


def test_replace_changes_one_thing_and_keeps_the_rest():
    plan = shared()
    assert set(starts(plan.replace(positions=plan.inventory.positions.assign(fte=1.5))).values()) == {
        "2027-01"
    }
    assert starts(plan.replace(start="2027-03-01"))["a UM"] == "2027-03"
    # a takes longer now and comes last: 90 points in six months are less than 80 and 70 in four
    longer = starts(plan.replace(durations={"a UM": 6}))
    assert longer == {"a UM": "2027-09", "b UM": "2027-01", "c UM": "2027-05"}
    money = pd.DataFrame({"year": [2027], "kind": ["investive"], "amount_eur": [2_000.0]})
    fewer = plan.replace(budgets=money)
    assert sorted(fewer.phases["project_id"]) == ["a", "b"]
    assert sorted(fewer.replace(mandatory=["c"]).phases["project_id"]) == ["a", "c"]
    without = plan.replace(forbidden=["a"])
    assert sorted(without.phases["project_id"]) == ["b", "c"]
    # what was asked for before stays, until something else is asked for
    assert sorted(without.replace(start="2027-02-01").phases["project_id"]) == ["b", "c"]
    assert sorted(without.replace(forbidden=[]).phases["project_id"]) == ["a", "b", "c"]
    # and the plan itself is what it was
    assert starts(plan)["a UM"] == "2027-01"
    assert plan.inventory.phases.empty


def test_only_plans_that_know_how_they_were_made():
    plan = replace(shared(), remake=None)
    with pytest.raises(ValueError, match="plan must come from plan_portfolio or schedule"):
        plan.replace(start="2027-02-01")


def test_changed_inventory():
    rows = [{"project_id": "a", "phase_id": "UM", "duration_months": 3.0, "duration_months_upper": 5.0}]
    plan = plan_of(one_phase(4), **chosen("a", "b"), phases=rows)
    other = changed_inventory(plan.inventory, durations={"a UM": 6, "b UM": 2.5})
    table = other.phases.set_index("project_id")
    assert table["duration_months"].to_dict() == {"a": 6.0, "b": 2.5}
    assert table["duration_months_upper"].isna().all()
    assert plan.inventory.phases["duration_months"].tolist() == [3.0]
    assert changed_inventory(plan.inventory).phases.equals(plan.inventory.phases)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"durations": {"x UM": 3}}, "durations must name activities such as 'A16-004 UM', not 'x UM'"),
        ({"durations": {"a XX": 3}}, "durations must name activities"),
        ({"durations": {"a UM": 0}}, "durations must be months above 0, not 0"),
        ({"durations": {"a UM": np.nan}}, "months above 0"),
        ({"positions": pd.DataFrame({"role_id": ["EN"]})}, "positions must have columns .* fte"),
        (
            {
                "positions": pd.DataFrame(
                    {"role_id": ["??"], "fte": [1.0], "start_date": [None], "end_date": [None]}
                )
            },
            "positions must have roles of the strategy, not '\\?\\?'",
        ),
    ],
)
def test_wrong_changes(options, said):
    with pytest.raises(ValueError, match=said):
        shared().replace(**options)


def test_rescheduling_without_a_change_moves_nothing():
    plan = shared()
    again = reschedule(plan, plan.inventory, on="2027-06-15")
    assert again.phases.equals(plan.phases)
    assert again.notes[0].startswith(
        "2 phases that have begun keep their dates; of the others 0 begin otherwise"
    )
    assert again.objective == pytest.approx(plan.objective)
    assert again.bound >= again.objective


def test_what_has_begun_stays_and_the_next_moves_just_as_far_as_it_must():
    plan = shared()
    # b is to take six months, c five: b has begun in May and keeps its dates, c moves nowhere
    now = changed_inventory(plan.inventory, durations={"b UM": 6, "c UM": 5})
    again = reschedule(plan, now, on="2027-06-01")
    assert starts(again) == {"a UM": "2027-01", "b UM": "2027-05", "c UM": "2027-09"}
    assert again.phases.at["b UM", "end"] == pd.Timestamp(2027, 8, 31)
    assert again.phases.at["c UM", "end"] == pd.Timestamp(2028, 1, 31)
    # in April b has not begun: it takes six months and c begins two later
    again = reschedule(plan, now, on="2027-04-01")
    assert starts(again) == {"a UM": "2027-01", "b UM": "2027-05", "c UM": "2027-11"}
    assert "1 begin otherwise, by 2 months in sum" in again.notes[0]
    assert again.notes[0].endswith("Less is not possible.")


def test_a_post_that_ends_moves_the_rest_and_not_what_has_begun():
    plan = shared()
    positions = plan.inventory.positions.assign(
        end_date=[pd.NaT, pd.Timestamp(2027, 6, 30)],
    )
    more = pd.concat(
        [positions, positions.iloc[[1]].assign(start_date=pd.Timestamp(2027, 12, 1), end_date=pd.NaT)]
    )
    again = reschedule(plan, plan.inventory.replace(positions=more), on="2027-06-15")
    assert starts(again) == {"a UM": "2027-01", "b UM": "2027-05", "c UM": "2027-12"}
    assert "Role Entwicklung: what has begun needs up to 0.50 FTE more than are filled." in again.notes


def test_money_that_is_cut_after_the_beginning():
    tables = chosen("a", "b", amount=40_000.0)
    tables["projects"][1] = project("b", release_date="2028-01-01")
    plan = plan_of(one_phase(4), **tables)
    assert starts(plan) == {"a UM": "2027-01", "b UM": "2028-01"}
    now = plan.inventory.budgets
    now.loc[(now["kind"] == "investive") & (now["year"] < 2029), "amount_eur"] = 10_000.0
    again = reschedule(plan, plan.inventory.replace(budgets=now), on="2027-03-01")
    # ten thousand a month: one month of 2028 has money for it
    assert starts(again) == {"a UM": "2027-01", "b UM": "2028-12"}
    assert "2027 investive: what has begun needs €30k more than is available." in again.notes
    # a plan that was made with budgets of its own keeps them
    own = plan.replace(budgets=plan.inventory.budgets.assign(amount_eur=50_000.0))
    assert starts(reschedule(own, plan.inventory.replace(budgets=now), on="2027-03-01")) == starts(own)


def test_reported_dates_come_before_the_plan():
    plan = shared()
    phases = plan.inventory.phases
    rows = [
        {
            "project_id": "a",
            "phase_id": "UM",
            "actual_start_date": "2027-02-03",
            "actual_end_date": "2027-06-20",
        },
        {"project_id": "b", "phase_id": "UM", "actual_start_date": None, "actual_end_date": None},
    ]
    table = pd.DataFrame(rows).reindex(columns=phases.columns).astype(phases.dtypes.to_dict())
    again = reschedule(plan, plan.inventory.replace(phases=table), on="2027-07-01")
    assert again.phases.at["a UM", "start"] == pd.Timestamp(2027, 2, 1)
    assert again.phases.at["a UM", "end"] == pd.Timestamp(2027, 6, 30)
    assert starts(again)["b UM"] == "2027-05"  # by the plan it has begun
    assert starts(again)["c UM"] == "2027-09"


def test_what_is_begun_and_late_is_not_over():
    plan = shared()
    phases = plan.inventory.phases
    rows = [{"project_id": "a", "phase_id": "UM", "actual_start_date": "2027-01-10"}]
    table = pd.DataFrame(rows).reindex(columns=phases.columns).astype(phases.dtypes.to_dict())
    again = reschedule(plan, plan.inventory.replace(phases=table), on="2027-05-01")
    # planned to the end of April, not reported as ended: at least May too, and b waits
    assert again.phases.at["a UM", "end"] == pd.Timestamp(2027, 5, 31)
    assert starts(again) == {"a UM": "2027-01", "b UM": "2027-06", "c UM": "2027-10"}


def test_projects_that_run_or_are_gone_are_left_out():
    plan = shared()
    projects = plan.inventory.projects
    projects.loc["b", "status"] = "existing"
    again = reschedule(plan, plan.inventory.replace(projects=projects), on="2027-03-01")
    assert sorted(again.phases["project_id"]) == ["a", "c"]
    assert starts(again)["c UM"] == "2027-09"  # its place stays
    assert any("not reported any more: b Titel b" in note for note in again.notes)
    assert compare_plans(plan, again).projects.at["b", "change"] == "left"


def test_a_date_that_can_no_longer_be_kept_binds_nobody_and_is_told():
    tables = chosen("a", "b")
    tables["projects"][1] = project("b", mandate="legal", due_date="2027-12-31")
    plan = plan_of(strategy_of(step("UM", 1.0, 1.0), months=4), **tables)
    now = changed_inventory(plan.inventory, durations={"b UM": 12})
    assert starts(reschedule(plan, now, on="2027-01-01"))["b UM"] == "2027-01"  # just in time
    later = plan.replace(start="2027-02-01")
    again = reschedule(later, now, on="2027-02-01")
    assert again.status == "feasible"
    assert any("b Titel b" in note and "31 Dec 2027" in note for note in again.notes)


def test_no_room_is_told_as_a_conflict():
    plan = shared()
    gone = plan.inventory.positions.assign(end_date=pd.Timestamp(2027, 6, 30))
    again = reschedule(plan, plan.inventory.replace(positions=gone), on="2027-03-01")
    assert again.status == "infeasible"
    assert again.phases.empty
    assert any("Role Entwicklung" in sentence for sentence in again.conflicts)


@pytest.mark.parametrize(
    ("on", "said"),
    [
        ("soon", "on must be a date"),
        ("2026-06-01", "on must lie within the plan"),
        ("2031-01-01", "on must lie"),
    ],
)
def test_wrong_days(on, said):
    plan = shared()
    with pytest.raises(ValueError, match=said):
        reschedule(plan, plan.inventory, on=on)
    with pytest.raises(ValueError, match="plan must be a Plan with phases"):
        reschedule(replace(plan, phases=plan.phases.iloc[:0]), plan.inventory, on="2027-03-01")


@settings(max_examples=15, deadline=None)
@given(
    st.lists(st.tuples(st.integers(1, 3), st.integers(0, 8)), min_size=2, max_size=3),
    st.sampled_from([1.0, 2.0]),
)
def test_the_sum_of_shifts_is_least(jobs, posts):
    """Against every combination of starts."""
    labels = [f"j{k}" for k in range(len(jobs))]
    durations = pd.Series([n for n, _ in jobs], labels)
    before = np.array([start for _, start in jobs])
    given_ = read_activities(
        durations,
        pd.DataFrame({"EN": 1.0}, labels),
        pd.DataFrame({"EN": [posts] * 10}),
        None,
        release=None,
        deadlines=None,
        weights=None,
        due=None,
        budgets=None,
        costs=None,
        after=None,
        periods_per_block=12,
        sittings=None,
    )
    found = nearest_schedule(given_, before, np.ones(len(jobs), dtype=bool), Effort(1.0, None, 1, 2))

    def fits(chosen):
        use = np.zeros(10)
        for start, (n, _) in zip(chosen, jobs, strict=True):
            if start + n > 10:
                return False
            use[start : start + n] += 1
        return bool((use <= posts).all())

    every = np.stack(np.meshgrid(*[range(10)] * len(jobs), indexing="ij"), -1).reshape(-1, len(jobs))
    least = min(int(np.abs(chosen - before).sum()) for chosen in every if fits(chosen))
    assert int(np.abs(found.starts - before).sum()) == least == found.least
    assert fits(found.starts)


def test_cost_tables_are_those_of_the_new_round():
    plan = shared()
    costs = plan.inventory.project_costs.assign(amount_eur=7_000.0)
    again = reschedule(plan, plan.inventory.replace(project_costs=costs), on="2027-03-01")
    assert again.budget["one_off_eur"].sum() == pytest.approx(21_000.0)
    assert cost("a", 2027, 1.0)["amount_eur"] == 1.0
