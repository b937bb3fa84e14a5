"""Reasons against projects: the amounts suffice, the exchange is the best one."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digistrat.planning.audit import verify_portfolio
from digistrat.planning.portfolio import select_portfolio
from digistrat.planning.selecting import needed_with, select
from digistrat.planning.why import KINDS, explain_rejection
from digistrat.scoring.impact import score_impact
from inventories import STAFF, cost, link, make_inventory, make_strategy, points, project

COSTS = st.tuples(st.sampled_from([0, 20, 45, 70]), st.sampled_from([0, 30, 60]))


def choose(values, costs, links=(), *, options=None, **more):
    """Projects a, b, …: points, and thousands of euros in 2027 and 2028 (100 each year)."""
    names = "abcdefgh"[: len(values)]
    rows = [
        cost(name, year, amount * 1e3)
        for name, amounts in zip(names, costs, strict=True)
        for year, amount in zip((2027, 2028), amounts, strict=True)
    ]
    inventory = make_inventory(
        make_strategy(),
        positions=list(STAFF),
        projects=[project(name, **more.get(name, {})) for name in names],
        project_costs=rows,
        impact_ratings=points(**dict(zip(names, values, strict=True))),
        dependencies=[link(*row) for row in links],
    )
    return select_portfolio(inventory, score_impact(inventory), **(options or {}))


@settings(max_examples=12, deadline=None)
@given(
    st.lists(st.integers(0, 9), min_size=6, max_size=6),
    st.lists(COSTS, min_size=6, max_size=6),
    st.lists(st.tuples(st.sampled_from("bdf"), st.just("requires"), st.sampled_from("ace")), max_size=2),
)
def test_what_is_missing_suffices_and_all_of_it_is_needed(values, costs, links):
    portfolio = choose(values, costs, links)
    problem, chosen = portfolio.problem, portfolio.table["selected"].astype(bool)
    assert list(portfolio.why_not.index) == list(chosen.index[~chosen])
    assert set(portfolio.why_not["kind"]) <= set(KINDS)
    for name, row in portfolio.why_not.iterrows():
        limits = problem.limits.add(pd.Series(row["missing"], dtype=float), fill_value=0.0)
        inside = [*chosen.index[chosen], *needed_with(problem, str(name), chosen)]
        joined = select(problem, limits=limits[problem.limits.index], inside=inside)
        assert joined.status == "optimal"  # all that was chosen, and the project with what it needs
        for short in row["missing"]:
            less = limits[problem.limits.index].copy()
            less[short] -= 1.0
            assert select(problem, limits=less, inside=inside).status == "infeasible"


@settings(max_examples=12, deadline=None)
@given(
    st.lists(st.integers(1, 9), min_size=6, max_size=6),
    st.lists(COSTS, min_size=6, max_size=6),
)
def test_the_exchange_is_the_best_there_is(values, costs):
    portfolio = choose(values, costs)
    amounts = np.array(costs)

    def best_with(project):
        fits = [x for x in product([0, 1], repeat=6) if x[project] and (np.array(x) @ amounts <= 100).all()]
        return max((10 * np.dot(x, values) for x in fits), default=None)

    for name in portfolio.why_not.index:
        found = explain_rejection(portfolio, name)
        expected = best_with("abcdef".index(name))
        assert found.loss == pytest.approx(portfolio.objective - expected)
        assert found.loss_at_least == pytest.approx(found.loss)
        chosen = (set(portfolio.selected) - set(found.leaving)) | set(found.entering) | {name}
        assert portfolio.objective - found.loss == pytest.approx(portfolio.problem.values[list(chosen)].sum())


def test_a_better_and_no_dearer_project_dominates():
    portfolio = choose([9, 5], [(60, 30), (60, 60)])
    row = portfolio.why_not.loc["b"]
    assert (row["kind"], row["other_ids"]) == ("dominated", ("a",))
    assert row["missing"] == {"2027 investive": 20_000.0}
    assert "The chosen a costs no more anywhere" in portfolio.table.loc["b", "reason"]
    duty = choose([9, 5], [(60, 30), (60, 60)], a={"mandate": "legal"})
    assert duty.why_not.at["b", "kind"] == "lacks"  # a stays whatever it is worth


def test_a_project_that_would_fit_instead_of_another_is_displaced():
    portfolio = choose([9, 5], [(70, 30), (60, 80)])
    row = portfolio.why_not.loc["b"]
    assert (row["kind"], row["other_ids"]) == ("displaced", ("a",))
    assert row["missing"] == {"2027 investive": 30_000.0, "2028 investive": 10_000.0}
    assert portfolio.table.loc["b", "reason"] == (
        "Not chosen: 2027 lacks €30k (investive); 2028 lacks €10k (investive). "
        "It would fit in place of a, which is worth at least as much."
    )
    assert explain_rejection(portfolio, "b").text.endswith(
        "With b Titel b the best selection is worth 40.0 points less. Leaving: a Titel a. Coming in: none."
    )


def test_links_and_what_is_not_known():
    portfolio = choose(
        [9, 8, 7, None, 3],
        [(60, 0), (30, 0), (0, 0), (0, 0), (20, 0)],
        [("b", "excludes", "a"), ("c", "requires", "b")],
        options={"forbidden": ["e"]},
        a={"mandate": "legal"},
    )
    kinds = portfolio.why_not["kind"].to_dict()
    assert kinds == {"b": "excluded", "c": "excluded", "d": "not_known", "e": "forbidden"}
    assert portfolio.why_not.at["b", "other_ids"] == ("a",)
    assert explain_rejection(portfolio, "b").status == "infeasible"
    assert "There is no selection with b" in explain_rejection(portfolio, "b").text
    assert explain_rejection(portfolio, "e").loss == pytest.approx(-30)  # by hand it was left out


def test_the_check_reads_what_is_missing():
    portfolio = choose([9, 5], [(60, 30), (60, 60)])
    little = portfolio.why_not.copy()
    little.at["b", "missing"] = {"2027 investive": 19_000.0}
    found = verify_portfolio(replace(portfolio, why_not=little))
    assert ("why_not", "missing") in set(zip(found["table"], found["column"], strict=True))
    assert len(verify_portfolio(replace(portfolio, why_not=portfolio.why_not.iloc[:0])))


def test_only_what_is_left_out_can_be_explained():
    portfolio = choose([9, 5], [(60, 30), (60, 60)])
    with pytest.raises(ValueError, match="project must be one of the 1 that are left out, not 'a'"):
        explain_rejection(portfolio, "a")


def test_amounts_of_the_shipped_round_suffice(round_2026):
    """Every amount that is said, for some rejected projects: with so much more they join the portfolio."""
    portfolio = round_2026.portfolio
    problem, chosen = portfolio.problem, portfolio.table["selected"].astype(bool)
    lacking = portfolio.why_not[portfolio.why_not["missing"].map(len) > 0]
    assert (lacking["missing"].map(len) > 1).sum() > 20
    for name, row in lacking.iloc[::12].iterrows():
        limits = problem.limits.add(pd.Series(row["missing"]), fill_value=0.0)[problem.limits.index]
        inside = [*chosen.index[chosen], *needed_with(problem, str(name), chosen)]
        assert select(problem, limits=limits, inside=inside).status in ("optimal", "feasible")
