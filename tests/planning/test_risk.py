"""Simulated plans against distributions by hand, and what must hold whatever the ranges."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import triang
from small_plans import chosen, one_phase, plan_of, strategy_of

from digistrat.planning.chances import chance_interval
from digistrat.planning.ranges import cost_ranges, duration_ranges, quantiles
from digistrat.planning.risk import simulate_plan
from digistrat.planning.simulation import simulated_times
from inventories import budget, cost, link, make_strategy, post, project, step

N = 4000


def phase(project_id, phase_id, months, lower, upper, **more):
    ends = {"duration_months_lower": lower, "duration_months_upper": upper}
    return {"project_id": project_id, "phase_id": phase_id, "duration_months": months} | ends | more


def within(chance, expected, n=N):
    """Whether a simulated chance is within five standard errors of the true one."""
    return abs(chance - expected) <= 5 * np.sqrt(expected * (1 - expected) / n) + 1e-9


def below(x, lower, mode, upper):
    """Distribution of the triangle, from its definition."""
    if x <= lower:
        return 0.0
    if x < mode:
        return (x - lower) ** 2 / ((upper - lower) * (mode - lower))
    return 1.0 - (upper - x) ** 2 / ((upper - lower) * (upper - mode)) if x < upper else 1.0


def test_without_ranges_everything_is_as_planned():
    plan = plan_of(make_strategy(procedures=()), **chosen("a", "b"))
    risk = simulate_plan(plan, n_samples=50)
    ends = plan.phases.groupby("project_id")["end"].max()
    for column in ("planned", "p10", "p50", "p90"):
        assert risk.finish[column].tolist() == ends[risk.finish.index].tolist()
    assert risk.finish["chance"].tolist() == [1.0, 1.0]
    assert risk.whole.loc["makespan"].tolist() == [plan.makespan] * 4
    assert risk.whole.loc["value"].to_numpy() == pytest.approx(plan.objective)
    money = plan.budget.merge(risk.budgets, on=["year", "kind"], suffixes=("", "_simulated"))
    for column in ("planned_eur_simulated", "p10_eur", "p50_eur", "p90_eur"):
        assert money[column].to_numpy() == pytest.approx(money["planned_eur"].to_numpy())
    assert (risk.budgets["chance"] == 1.0).all()
    assert set(risk.durations["source"]) == set(risk.costs["source"]) == {"none"}
    assert "8 without any" in " ".join(risk.notes)


def test_one_phase_with_a_range_of_its_office():
    # a triangle of 2, 4 and 6 months
    plan = plan_of(one_phase(4), **chosen("a"), phases=[phase("a", "UM", 4, 2, 6)])
    risk = simulate_plan(plan, n_samples=N)
    row = risk.finish.loc["a"]
    assert row["planned"] == pd.Timestamp(2027, 4, 30)
    assert within(row["chance"], 0.5)
    assert row["lower"] < row["chance"] < row["upper"]
    # places 2 + √0.8 = 2.894 and 6 − √0.8 = 5.106 months
    assert abs((row["p10"] - pd.Timestamp(2027, 3, 28)).days) <= 2
    assert abs((row["p90"] - pd.Timestamp(2027, 6, 3)).days) <= 2
    assert abs((row["p50"] - pd.Timestamp(2027, 4, 30)).days) <= 2
    assert risk.durations.loc["a UM"].tolist() == [2.0, 4.0, 6.0, "office"]


def test_the_middle_of_symmetric_phases_with_room_between_them_is_the_plan():
    # b waits for a, and for its own date that a keeps in any case: both are symmetric
    tables = chosen("a", "b")
    tables["projects"] = [project("a"), project("b", release_date="2027-07-01")]
    tables["dependencies"] = [link("b", "end_before_start", "a")]
    ranges = [phase("a", "UM", 4, 2, 6), phase("b", "UM", 4, 3, 5)]
    plan = plan_of(one_phase(4), **tables, phases=ranges)
    row = simulate_plan(plan, n_samples=N).finish.loc["b"]
    assert row["planned"] == pd.Timestamp(2027, 10, 31)
    assert abs((row["p50"] - row["planned"]).days) <= 2
    assert within(row["chance"], 0.5)


def test_a_deadline_of_a_chain_by_convolution():
    tables = chosen("a", "b")
    tables["projects"] = [project("a"), project("b", mandate="legal", due_date="2027-09-30")]
    tables["dependencies"] = [link("b", "end_before_start", "a")]
    ranges = [phase("a", "UM", 4, 2, 7), phase("b", "UM", 4, 3, 6)]
    plan = plan_of(one_phase(4), **tables, phases=ranges)
    assert plan.phases.at["b UM", "start"] == pd.Timestamp(2027, 5, 1)
    # b starts at max(4, A); P(max(4, A) + B <= 9), over small steps of A
    edges = np.linspace(4.0, 7.0, 3001)
    steps = np.diff([0.0, *(below(x, 2, 4, 7) for x in edges)])
    middles = np.array([4.0, *(edges[:-1] + edges[1:]) / 2])
    expected = sum(p * below(9 - x, 3, 4, 6) for p, x in zip(steps, middles, strict=True))
    risk = simulate_plan(plan, n_samples=N)
    row = risk.deadlines.iloc[0]
    assert (row["project_id"], row["deadline"], row["mandate"]) == ("b", "due", "legal")
    assert 0.2 < expected < 0.9
    assert within(row["chance"], expected)


def test_who_waits_for_staff_is_late_with_whom_it_waits_for():
    # half a post: the second project takes it over from the first
    staff = [post("S1", "PL", 9.0), post("S2", "EN", 0.5)]
    plan = plan_of(one_phase(4), **chosen("a", "b"), positions=staff, phases=[phase("a", "UM", 4, 4, 8)])
    assert plan.phases["start"].dt.month.tolist() == [1, 5]
    finish = simulate_plan(plan, n_samples=400, seed=3).finish
    late = finish["p50"] - finish["planned"]
    assert late["a"].days > 20
    assert abs(late["b"].days - late["a"].days) <= 2
    alone = plan_of(one_phase(4), **chosen("a", "b"), phases=[phase("a", "UM", 4, 4, 8)])
    assert simulate_plan(alone, n_samples=50).finish.at["b", "chance"] == 1.0


def test_nothing_starts_earlier_than_planned():
    tables = chosen("a", "b", dependencies=[link("b", "end_before_start", "a")])
    plan = plan_of(one_phase(4), **tables, phases=[phase("a", "UM", 4, 1, 4)])
    finish = simulate_plan(plan, n_samples=200).finish
    assert finish.at["a", "p50"] < pd.Timestamp(2027, 4, 15)
    assert finish.at["b", "p10"] == finish.at["b", "planned"]


COUNCIL = {
    "lead_weeks": 2.0,
    "sitting_days": tuple(dt.date(2027, month, 20) for month in range(1, 13)),
    "source": "test",
}


def test_a_late_decision_waits_for_the_next_sitting():
    steps = (step("KO", 0.5, 0.5), step("BE", 0.5, 0.5, is_decision=True))
    strategy = strategy_of(*steps, months=2, council=COUNCIL)
    plan = plan_of(strategy, **chosen("a"), phases=[phase("a", "KO", 1, 1, 3)])
    assert plan.phases["end"].tolist() == [pd.Timestamp(2027, 1, 31), pd.Timestamp(2027, 2, 20)]
    risk = simulate_plan(plan, n_samples=N)
    # 1 month falling to 3: the sittings of February to April, each day later by the days of the first phase
    days = sorted(set(risk.finish.loc["a", ["p10", "p50", "p90"]]))
    assert set(days) <= {pd.Timestamp(2027, month, 20) for month in (2, 3, 4)}
    # March at the latest as long as the first phase takes at most two months: 1 − (3 − 2)² / (2 · 2)
    exact = below(2.0, 1, 1 + 1e-9, 3)
    two = replace_due(plan, "2027-03-31")
    assert within(simulate_plan(two, n_samples=N).deadlines["chance"].iloc[0], exact)


def replace_due(plan, day):
    projects = plan.inventory.projects.assign(due_date=pd.Timestamp(day))
    return replace(plan, inventory=plan.inventory.replace(projects=projects))


def test_a_decision_after_the_last_known_sitting_has_no_date():
    steps = (step("KO", 0.5, 0.5), step("BE", 0.5, 0.5, is_decision=True))
    few = {**COUNCIL, "sitting_days": (dt.date(2027, 1, 20), dt.date(2027, 2, 20))}
    plan = plan_of(
        strategy_of(*steps, months=2, council=few), **chosen("a"), phases=[phase("a", "KO", 1, 1, 5)]
    )
    risk = simulate_plan(plan, n_samples=200)
    assert risk.finish.loc["a", ["p10", "p50", "p90"]].isna().all()
    assert risk.finish.at["a", "chance"] < 0.1
    assert np.isfinite(risk.budgets["p90_eur"]).all()


def test_a_late_go_live_waits_for_the_end_of_a_freeze():
    freeze = {"name": "Summer", "first": "05-02", "last": "07-15"}
    plan = plan_of(one_phase(4, freezes=(freeze,)), **chosen("a"), phases=[phase("a", "UM", 4, 4, 5)])
    finish = simulate_plan(plan, n_samples=100).finish.loc["a"]
    assert finish["planned"] == pd.Timestamp(2027, 4, 30)
    assert finish["p50"] == finish["p90"] == pd.Timestamp(2027, 7, 16)


def test_money_follows_its_phase_into_the_next_year():
    # 4 months to the end of 2027; of a month more, a fifth of the money falls into 2028, which has 5,000
    strategy = one_phase(4, budgets=budget((2027, "investive", 50_000.0), (2028, "investive", 5_000.0)))
    tables = chosen("a", amount=50_000.0)
    tables["projects"] = [project("a", release_date="2027-09-01")]
    plan = plan_of(strategy, **tables, phases=[phase("a", "UM", 4, 4, 6)])
    risk = simulate_plan(plan, n_samples=N)
    table = risk.budgets.query("kind == 'investive'").set_index("year")
    assert table.at[2027, "chance"] == 1.0
    # 50,000 · x / (4 + x) <= 5,000 as long as x <= 4 / 9
    assert within(table.at[2028, "chance"], below(4 + 4 / 9, 4, 4 + 1e-12, 6))
    assert table.at[2028, "planned_eur"] == 0.0
    # after the last budget a year holds if nothing is spent once
    assert table.at[2029, "chance"] == 1.0
    assert np.isnan(table.at[2029, "ceiling_eur"])


def test_costs_between_their_ends():
    strategy = one_phase(4, budgets=budget((2027, "investive", 100_000.0)))
    tables = chosen("a")
    tables["project_costs"] = [
        cost("a", 2027, 60_000.0, amount_eur_lower=40_000.0, amount_eur_upper=90_000.0)
    ]
    plan = plan_of(strategy, **tables)
    risk = simulate_plan(plan, n_samples=N)
    shares = risk.costs.iloc[0]
    assert shares[["lower", "likely", "upper"]].tolist() == pytest.approx([4 / 9, 6 / 9, 1.0])
    row = risk.budgets.iloc[0]
    assert row["planned_eur"] == pytest.approx(90_000)
    # 40,000 + √(0.1 · 50,000 · 20,000) and 90,000 − √(0.1 · 50,000 · 30,000)
    assert row[["p10_eur", "p90_eur"]].to_numpy(dtype=float) == pytest.approx([50_000, 77_753], abs=700)
    assert row["chance"] == 1.0  # a plan with upper ends cannot cost more


def test_running_costs_begin_with_go_live():
    tables = chosen("a")
    tables["project_costs"] += [cost("a", 2027, 1_200.0, kind="consumptive", is_recurring=True)]
    plan = plan_of(one_phase(4), **tables, phases=[phase("a", "UM", 4, 4, 10)])
    risk = simulate_plan(plan, n_samples=N)
    table = risk.budgets.query("kind == 'consumptive'").set_index("year")
    assert table.at[2027, "planned_eur"] == pytest.approx(800.0)
    # 100 a month for 12 − T months; T's middle is 10 − √(0.5 · 6 · 6)
    assert table.at[2027, "p50_eur"] == pytest.approx(100 * (2 + np.sqrt(18)), abs=12)
    assert table.at[2028, "p10_eur"] == pytest.approx(1_200.0)


def test_without_any_budget_there_is_no_chance_to_tell():
    risk = simulate_plan(plan_of(one_phase(4, budgets=()), **chosen("a")), n_samples=20)
    assert risk.budgets["chance"].isna().all()
    assert risk.budgets["p50_eur"].iloc[0] == pytest.approx(1_000.0)


def test_a_procurement_has_the_range_of_its_procedure():
    tables = chosen("a")
    tables["projects"] = [project("a", order_value_net_eur=100_000.0)]
    row = duration_ranges(plan_of(**tables)).loc["a VG"]
    weeks = 365.2425 / 12 / 7  # of a month
    # Public: 10, 14, 22 weeks; typical are 3 months
    assert row.tolist() == [pytest.approx(10 / weeks), 3.0, pytest.approx(22 / weeks), "procedure"]


def test_spreads_are_for_what_nobody_gives_a_range():
    ranges = [phase("a", "UM", 4, 3, 9)]
    plan = plan_of(one_phase(4), **chosen("a", "b"), phases=ranges)
    table = duration_ranges(plan, (0.5, 2.0))
    assert table.loc["a UM"].tolist() == [3.0, 4.0, 9.0, "office"]
    assert table.loc["b UM"].tolist() == [2.0, 4.0, 8.0, "spread"]
    costs = cost_ranges(plan, (0.9, 1.2))
    assert costs[["lower", "likely", "upper"]].to_numpy().tolist() == [[0.9, 1.0, 1.2]] * 2
    said = " ".join(simulate_plan(plan, n_samples=5, spread=(0.5, 2.0)).notes)
    assert "50 to 200 %" in said
    assert "1 with a range of the office" in said


@cache
def shared_post(fte):
    staff = [post("S1", "PL", 9.0), post("S2", "EN", fte)]
    return plan_of(one_phase(4), **chosen(*"abcd"), positions=staff)


@settings(max_examples=15, deadline=None)
@given(
    st.lists(st.tuples(st.floats(0, 3.9), st.floats(0, 6)), min_size=4, max_size=4),
    st.sampled_from([0.5, 1.0]),
    st.integers(0, 3),
)
def test_wider_ranges_upward_make_no_date_more_certain_and_no_post_is_used_twice(sizes, fte, seed):
    plan = shared_post(fte)

    def ranged(more):
        rows = [
            phase(name, "UM", 4, 4 - low, 4 + high + more)
            for name, (low, high) in zip("abcd", sizes, strict=True)
        ]
        table = pd.DataFrame(rows).reindex(columns=plan.inventory.phases.columns)
        phases = table.astype(plan.inventory.phases.dtypes.to_dict())
        return replace(plan, inventory=plan.inventory.replace(phases=phases))

    narrow, wide = (simulate_plan(ranged(more), n_samples=60, seed=seed) for more in (0.0, 1.5))
    assert (wide.finish["chance"] <= narrow.finish["chance"]).all()
    assert (wide.finish["p90"] >= narrow.finish["p90"]).all()
    lengths = np.random.default_rng(seed).uniform(0.1, 9.0, (4, 20))
    times = simulated_times(plan, lengths)
    for now in times.start:
        used = 0.5 * ((times.start <= now + 1e-9) & (times.end > now + 1e-9)).sum(axis=0)
        assert (used <= fte + 1e-9).all()


def test_the_same_seed_gives_the_same_and_another_one_does_not():
    plan = plan_of(one_phase(4), **chosen("a"), phases=[phase("a", "UM", 4, 2, 9)])
    one, same = (simulate_plan(plan, n_samples=300, seed=7) for _ in range(2))
    other = simulate_plan(plan, n_samples=300, seed=8)
    assert one.finish.equals(same.finish)
    assert not one.finish.equals(other.finish)


def test_triangle_and_pert_quantiles():
    lower, mode, upper = (np.array([x, 1.0]) for x in (2.0, 3.0, 8.0))
    shares = np.tile(np.linspace(0.01, 0.99, 99), (2, 1))
    drawn = quantiles(lower, mode, np.array([8.0, 1.0]), shares, "triangular")
    lower[1], mode[1] = 1.0, 1.0
    assert drawn[0] == pytest.approx(triang.ppf(shares[0], 1 / 6, 2.0, 6.0))
    # a fine grid of equally likely places: mean (a + 4m + b) / 6, standard deviation as of the beta
    shares = (np.arange(200_000)[None] + 0.5) / 200_000
    pert = quantiles(np.array([2.0]), np.array([3.0]), np.array([8.0]), shares, "pert")
    assert pert.mean() == pytest.approx((2 + 4 * 3 + 8) / 6, abs=1e-4)
    assert pert.min() >= 2
    assert pert.max() <= 8
    assert upper[0] == 8.0


def test_wilson_interval_of_eight_in_ten():
    # Wilson (1927) for 8 of 10 at 95 %: 0.490 to 0.943
    row = chance_interval(np.array([8]), 10).iloc[0]
    assert row.tolist() == [
        pytest.approx(0.8),
        pytest.approx(0.4902, abs=1e-4),
        pytest.approx(0.9433, abs=1e-4),
    ]


def test_points_of_equal_ends_are_exact():
    one = np.array([3.0])
    for shape in ("triangular", "pert"):
        assert quantiles(one, one, one, np.array([[0.1, 0.9]]), shape).tolist() == [[3.0, 3.0]]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"n_samples": 0}, "n_samples must be a whole number ≥ 1, not 0"),
        ({"n_samples": True}, "n_samples"),
        ({"shape": "normal"}, "shape must be one of"),
        ({"spread": (1.2, 1.5)}, "spread must be two shares of the plan"),
        ({"spread": 0.5}, "spread must be"),
        ({"cost_spread": (0.0, 1.5)}, "cost_spread must be"),
    ],
)
def test_wrong_calls(options, said):
    plan = shared_post(1.0)
    with pytest.raises(ValueError, match=said):
        simulate_plan(plan, **options)
    with pytest.raises(ValueError, match="plan must be a Plan with phases"):
        simulate_plan(replace(plan, phases=plan.phases.iloc[:0]))
