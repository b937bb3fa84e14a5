"""What money buys: every step against all subsets, and what replaces a project."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_why import COSTS, choose

from digistrat.planning.frontier import (
    efficient_frontier,
    ratio_ranking,
    replacement_costs,
)

NAMES = "abcdef"
POINTS = st.lists(st.integers(0, 9), min_size=6, max_size=6)


def best_of(values, costs, limit, inside=(), outside=()):
    """Highest value of all subsets, by hundredths of points; None where nothing fits."""
    amounts, worth = np.array(costs), 10 * np.array(values)
    fits = [
        np.dot(x, worth)
        for x in product([0, 1], repeat=len(values))
        if (np.array(x) @ amounts <= np.asarray(limit) + 1e-9).all()
        and all(x[NAMES.index(p)] for p in inside)
        and not any(x[NAMES.index(p)] for p in outside)
    ]
    return max(fits, default=None)


@settings(max_examples=10, deadline=None)
@given(POINTS, st.lists(COSTS, min_size=6, max_size=6), st.booleans())
def test_every_step_is_the_best_there_is(values, costs, has_duty):
    duty = {"a": {"mandate": "legal"}} if has_duty else {}
    portfolio = choose(values, costs, **duty)
    frontier = efficient_frontier(portfolio, n_steps=5)
    assert frontier.steps["share"].tolist() == [0.5, 0.75, 1.0, 1.25, 1.5]
    for step in frontier.steps.itertuples():
        best = best_of(values, costs, 100 * step.share, inside="a" if has_duty else ())
        assert step.is_exact
        if best is None:
            assert (step.status, np.isnan(step.value)) == ("infeasible", True)
        else:
            assert step.value == pytest.approx(best)
            assert step.bound == pytest.approx(best)
            assert step.ratio_value <= best + 1e-6
    today = frontier.lists.loc["today"]
    listed = [0] if has_duty else []
    assert today["n_projects"] == len(listed)
    assert today["value"] == pytest.approx(sum(10 * values[k] for k in listed))
    needs = np.array(costs)[listed].sum(axis=0) if listed else np.zeros(2)
    best = best_of(values, costs, 100 * (needs / 100).max(), inside="a" if has_duty else ())
    assert today["value_lost"] == pytest.approx(best - today["value"], abs=1e-6)


@settings(max_examples=10, deadline=None)
@given(POINTS, st.lists(COSTS, min_size=6, max_size=6))
def test_what_replaces_a_project(values, costs):
    portfolio = choose(values, costs)
    table = replacement_costs(portfolio)
    assert list(table.index) == list(portfolio.selected)
    for project, row in table.iterrows():
        without = best_of(values, costs, (100, 100), outside=project)
        assert row["replacement_cost"] == pytest.approx(portfolio.objective - without)
        assert row["at_least"] == pytest.approx(row["replacement_cost"])
        there = (set(portfolio.selected) - {project} - set(row["leaves_with"])) | set(row["replaced_by"])
        assert portfolio.problem.values[list(there)].sum() == pytest.approx(without)


def test_a_duty_may_cost_more_than_it_brings():
    portfolio = choose([1, 9], [(70, 0), (70, 0)], a={"mandate": "legal"})
    assert replacement_costs(portfolio).empty
    row = replacement_costs(portfolio, ["a"]).loc["a"]
    assert (row["replacement_cost"], row["replaced_by"]) == (-80.0, ("b",))
    with pytest.raises(ValueError, match="projects must name chosen projects, not 'b'"):
        replacement_costs(portfolio, ["b"])


def test_the_ratio_ranking_misses_what_fits_better():
    # 50 points for 45 thousand euros come first in the ranking, and then the 90 for 100 do not fit any more
    portfolio = choose([5, 9, 3], [(45, 0), (100, 0), (70, 0)])
    assert list(portfolio.selected) == ["b"]
    ranked = ratio_ranking(portfolio.problem)
    assert list(ranked.index[ranked]) == ["a"]
    frontier = efficient_frontier(portfolio, budgets=[300_000.0])  # of 100,000 € in 3 years and 2 kinds
    assert frontier.steps["share"].tolist() == [0.5]
    assert frontier.steps["value"].tolist() == [50.0]
    with_duty = choose([5, 9], [(45, 0), (60, 0)], a={"mandate": "legal"})
    assert ratio_ranking(with_duty.problem, limits=with_duty.problem.limits * 0.1) is None


def test_today_and_entry():
    portfolio = choose([5, 9, 4], [(50, 0), (80, 0), (50, 0)], a={"status": "in_preparation"})
    frontier = efficient_frontier(portfolio, n_steps=3, today=["a", "c"])
    row = frontier.lists.loc["today"]
    assert (row["value"], row["share"], row["best_value"]) == (90.0, 1.0, 90.0)
    assert frontier.steps["value"].tolist() == [50.0, 90.0, 140.0]
    # 50 buys a; of 90 points for 100 the cheaper way is b alone; 150 buys a and b
    chosen = [set(frontier.entry.index[frontier.entry[step]]) for step in frontier.entry]
    assert chosen == [{"a"}, {"b"}, {"a", "b"}]
    assert "3 exact" in str(frontier)
    usual = efficient_frontier(portfolio, n_steps=2)
    assert usual.lists.at["today", "n_projects"] == 1
    with pytest.raises(ValueError, match="today must name"):
        efficient_frontier(portfolio, today=["x"])
    with pytest.raises(ValueError, match="n_steps must be at least 2"):
        efficient_frontier(portfolio, n_steps=1)
    with pytest.raises(ValueError, match="budgets must be amounts"):
        efficient_frontier(portfolio, budgets=[-1.0])


def test_the_shipped_city_has_a_proven_frontier(round_2026):
    frontier = efficient_frontier(round_2026.portfolio, n_steps=5)
    value = frontier.steps["value"]
    assert frontier.steps["is_exact"].all()
    assert value.dropna().is_monotonic_increasing
    now = frontier.steps[frontier.steps["share"] == 1.0]
    assert now["value"].item() == pytest.approx(round_2026.portfolio.objective, rel=1e-6)
    assert (frontier.steps["ratio_value"] <= value + 1e-6)[value.notna()].all()
