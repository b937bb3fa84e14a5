"""The checker must find every kind of violation, each with its place."""

from __future__ import annotations

import pandas as pd
import pytest

from digistrat.planning.verify import verify_knapsack, verify_schedule_activities


def call(start, **changes):
    names = ["a", "b"]
    arguments = {
        "durations": pd.Series([2, 3], index=names),
        "demands": pd.DataFrame({"r": [1.0, 0.5]}, index=names),
        "capacities": pd.DataFrame({"r": [1.0, 1.0, 1.0, 0.5, 0.5, 0.5]}),
        "precedences": pd.DataFrame({"predecessor": ["a"], "successor": ["b"], "lag": [1]}),
        "release": pd.Series({"a": 0}),
        "deadlines": pd.Series({"b": 6}),
        "budgets": pd.DataFrame({"it": [40.0, 20.0]}, index=[2027, 2028]),
        "costs": pd.DataFrame({"it": {"a": 20.0, "b": 30.0}}),
        "periods_per_block": 4,
        "sittings": {"b": [3, 4]},
    }
    return verify_schedule_activities(pd.Series(start), **{**arguments, **changes})


def test_an_allowed_schedule_has_no_findings():
    found = call({"a": 0, "b": 3})  # a 20 in 2027; b 10 in 2027 and 20 in 2028
    assert found.empty
    assert list(found.columns) == ["code", "subject", "where", "found", "allowed"]


@pytest.mark.parametrize(
    ("start", "changes", "expected"),
    [
        ({"a": 0}, {}, ("not-scheduled", "b", None)),
        ({"a": 0, "b": pd.NA}, {}, ("not-scheduled", "b", None)),
        ({"a": -1, "b": 3}, {}, ("not-whole", "a", None)),
        ({"a": 0.5, "b": 3}, {}, ("not-whole", "a", None)),
        ({"a": 0, "b": 3}, {"release": pd.Series({"a": 1})}, ("before-release", "a", None)),
        ({"a": 0, "b": 3}, {"deadlines": pd.Series({"b": 5})}, ("after-deadline", "b", None)),
        ({"a": 0, "b": 3}, {"sittings": {"b": [4]}}, ("off-sitting", "b", None)),
        ({"a": 1, "b": 3}, {}, ("order-broken", "b", "a")),
        ({"a": 2, "b": 3}, {"precedences": None}, ("over-capacity", "r", 3)),
        ({"a": 0, "b": 4}, {"deadlines": None}, ("over-capacity", "r", 6)),
        (
            {"a": 0, "b": 3},
            {"costs": pd.DataFrame({"it": {"a": 20.0, "b": 31.0}})},
            ("over-budget", "it", 2028),
        ),
        (
            {"a": 0, "b": 3},
            {"budgets": pd.DataFrame({"it": [40.0]}, index=[2027])},
            ("over-budget", "it", None),
        ),
    ],
)
def test_each_violation_is_found(start, changes, expected):
    found = call(start, **changes)
    rows = [
        tuple(None if pd.isna(x) else x for x in row)
        for row in found[["code", "subject", "where"]].to_numpy()
    ]
    assert expected in rows


def test_start_before_start_looks_at_the_start():
    rows = pd.DataFrame(
        {"predecessor": ["a"], "successor": ["b"], "kind": ["start_before_start"], "lag": [3]}
    )
    assert call({"a": 0, "b": 3}, precedences=rows).empty
    late = call({"a": 0, "b": 3}, precedences=rows.assign(lag=4))
    assert late["code"].tolist() == ["order-broken"]
    assert late["allowed"].tolist() == [4]


@pytest.mark.parametrize(
    ("chosen", "sides", "code"),
    [
        ("abc", {}, "over-budget"),
        ("a", {"requires": [("a", "b")]}, "lacks-required"),
        ("ab", {"excludes": [("a", "b")]}, "excluded-pair"),
        ("a", {"mandatory": ["b"]}, "lacks-mandatory"),
        ("a", {"forbidden": ["a"]}, "forbidden-chosen"),
        ("a", {"objective": 2.0}, "wrong-objective"),
    ],
)
def test_each_broken_rule_of_a_selection_is_found(chosen, sides, code):
    values = pd.Series({"a": 1.0, "b": 1.0, "c": 1.0})
    costs = pd.DataFrame({"x": [2.0, 2.0, 2.0]}, index=values.index)
    selected = pd.Series([label in chosen for label in values.index], index=values.index)
    found = verify_knapsack(selected, values, costs, pd.Series({"x": 5.0}), **sides)
    assert found["code"].tolist() == [code]
