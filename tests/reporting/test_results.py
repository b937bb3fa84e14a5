"""What follows from the results: once, and only where there is something to make it from."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import small_results as small

from digistrat.reporting import results as module
from digistrat.reporting.results import Results, result_tables


def test_everything_is_made_once(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []

    def counted(name: str) -> None:
        real = getattr(module, name)
        monkeypatch.setattr(module, name, lambda *a, **k: calls.append(name) or real(*a, **k))

    names = ("stakeholder_rankings", "method_agreement", "weight_stability", "assumption_sensitivity")
    for name in (*names, "score_bundles", "level_probabilities", "leave_one_criterion_out"):
        counted(name)
    known = small.inventory()
    r = small.results(inventory=known, services=small.services_of(known), maturity=small.maturity_of(known))
    for _ in range(2):
        assert len(r.group_rankings) == 4
        assert r.agreement is not None
        assert len(r.stability) == len(r.without_criterion) == 2
        assert len(r.bundles) == len(r.level_chances) == 2
        assert len(r.assumptions)
    assert sorted(calls) == sorted(set(calls))
    assert set(names) < set(calls)


def test_nothing_follows_from_nothing() -> None:
    r = Results(small.inventory())
    for name in (
        "group_rankings",
        "stability",
        "without_criterion",
        "assumptions",
        "bundles",
        "level_chances",
    ):
        assert getattr(r, name).empty, name
    assert r.steps.empty
    assert r.rating_differences.empty
    assert r.agreement is None
    assert r.n_ranked == r.n_first == 0


def test_nothing_follows_where_nobody_has_a_rank() -> None:
    known = small.inventory()
    raw = pd.DataFrame({"use": np.nan, "reach": np.nan}, index=known.projects.index)
    r = small.results(inventory=known, impact=small.impact_of(known, raw))
    assert r.group_rankings.empty
    assert r.assumptions.empty
    assert r.agreement is None
    assert "group_rankings" not in small_tables(r)


def small_tables(r: Results) -> dict[str, pd.DataFrame]:
    """Return the tables that follow; the others need a whole inventory."""
    return module._derived_tables(r)


def test_group_rankings_become_flat() -> None:
    table = small_tables(small.results())["group_rankings"]
    assert table["rank_strategy"].tolist() == [1, 2, 3, 4]
    assert table["rank_chamber"].tolist() == [4, 3, 2, 1]
    assert table["score_chamber"].tolist() == pytest.approx([10, 51, 83, 90])
    assert table["worst"].tolist() == [4, 3, 3, 4]


def test_tables_without_rows_are_left_out() -> None:
    known = small.inventory()
    tables = small_tables(
        small.results(inventory=known, questions=small.QUESTIONS.iloc[:0], economics=small.ECONOMICS)
    )
    assert "questions" not in tables
    assert "bundles" not in tables
    assert "rating_differences" not in tables
    pd.testing.assert_frame_equal(tables["economics"], small.ECONOMICS)


def test_steps_are_the_first_of_each_office_and_raise_something() -> None:
    known = small.inventory()
    steps = small.results(inventory=known, maturity=small.maturity_of(known)).steps
    # one level of four is 25 of 100, half of it where both count, all where one is all that is known
    assert steps[["office_id", "criterion", "gain"]].to_numpy().tolist() == [
        ["A1", "m1", 12.5],
        ["A1", "m2", 12.5],
        ["A2", "m1", 25.0],
    ]


def test_ratings_of_office_and_moderation_stand_side_by_side() -> None:
    known = small.inventory()
    table = small.results(inventory=known, impact=small.moderated(small.impact_of(known))).rating_differences
    cells = ["cell", "office_cell", "remark_cell"]
    assert table.drop(columns=cells).to_numpy().tolist() == [
        ["impact", "p3", "reach", 9.0, 3.0, -6.0, "doppelt gezählt"],
        ["impact", "p1", "use", 10.0, 9.0, -1.0, ""],
    ]
    assert table[cells].to_numpy().tolist() == [
        ["p3.xlsx › Wirkung › reach", "own › reach", "why › reach"],
        ["p1.xlsx › Wirkung › use", "own › use", ""],
    ]


def test_the_tables_of_two_results_are_the_same() -> None:
    first, second = (result_tables_of_small() for _ in range(2))
    for name, table in first.items():
        pd.testing.assert_frame_equal(table, second[name])


def result_tables_of_small() -> dict[str, pd.DataFrame]:
    known = small.inventory()
    known.tables = dict.fromkeys(("projects", "services", "requirements"), known.projects)
    tables = result_tables(small.results(inventory=known, questions=small.QUESTIONS))
    assert {"group_rankings", "questions", "assumption_sensitivity", "method_agreement"} <= set(tables)
    return tables
