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


def test_running_costs_fill_what_the_work_leaves():
    # a ends at 2: two periods of 5 in 2027 beside 20 + 10, four in 2028 beside 20; nothing is counted then.
    running = pd.DataFrame({"it": {"a": 5.0}})
    enough = pd.DataFrame({"it": [40.0, 40.0]}, index=[2027, 2028])
    assert call({"a": 0, "b": 3}, after=running, budgets=enough).empty
    short = call({"a": 0, "b": 3}, after=running, budgets=enough - 1.0)
    assert short[["where", "found", "allowed"]].values.tolist() == [[2027, 40.0, 39.0], [2028, 40.0, 39.0]]


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
        ({"a": 0, "b": 3}, {"after": pd.DataFrame({"it": {"a": 5.0}})}, ("over-budget", "it", 2028)),
        ({"a": 0, "b": 3}, {"after": pd.DataFrame({"it": {"b": 0.01}})}, ("over-budget", "it", 2028)),
        (
            {"a": 0, "b": 3},
            {"after": pd.DataFrame({"other": {"a": 0.0}})},
            ("label-unknown", "other", "after"),
        ),
        ({"a": 0, "b": 3}, {"after": pd.DataFrame({"it": {"z": 0.0}})}, ("label-unknown", "z", "after")),
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


# --- tolerances, labels, missing numbers ----------------------------------------


def codes(found):
    return list(found[["code", "subject"]].itertuples(index=False, name=None))


def test_seventeen_euros_too_much_are_too_much_whatever_the_sum():
    values = pd.Series({"a": 1.0, "b": 1.0})
    costs = pd.DataFrame({"x": {"a": 9_000_000.0, "b": 9_000_017.0}})
    chosen = pd.Series({"a": True, "b": True})
    assert codes(verify_knapsack(chosen, values, costs, {"x": 18_000_000.0})) == [("over-budget", "x")]
    assert verify_knapsack(chosen, values, costs, {"x": 18_000_017.0}).empty
    dear = {"costs": pd.DataFrame({"it": {"a": 20_000_000.0, "b": 20_000_017.0}})}
    most = pd.DataFrame({"it": [20_000_000.0 + 20_000_017.0 / 3, 1e8]}, index=[2027, 2028])
    assert call({"a": 0, "b": 3}, budgets=most, **dear).empty
    assert codes(call({"a": 0, "b": 3}, budgets=most - 0.011, **dear)) == [("over-budget", "it")]


def test_thirds_add_up_to_one():
    names = ["a", "b", "c"]
    found = verify_schedule_activities(
        pd.Series(0, names),
        pd.Series(1, names),
        pd.DataFrame({"r": 1 / 3}, index=names),
        pd.Series({"r": 1.0}),
        None,
    )
    assert found.empty


def test_small_numbers_are_not_forgiven_by_the_cent():
    values = pd.Series([1.0, 1.0])
    both = pd.Series([True, True])
    assert codes(verify_knapsack(both, values, [0.003, 0.004], 0.0069)) == [("over-budget", 0)]
    assert verify_knapsack(both, values, [0.003, 0.004], 0.007).empty


def test_a_schedule_is_read_by_label():
    demands = pd.DataFrame({"r": [0.5, 1.0]}, index=["b", "a"])
    assert call({"b": 3, "a": 0}, demands=demands, deadlines=pd.Series({"b": 6})).empty


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"demands": pd.DataFrame({"r": {"a": 1.0}})}, ("number-missing", "b")),
        ({"demands": pd.DataFrame({"r": {"a": 1.0, "b": None}})}, ("number-missing", "b")),
        ({"demands": pd.DataFrame({"r": {"a": 1.0, "b": 0.5, "c": 1.0}})}, ("label-unknown", "c")),
        ({"capacities": pd.Series({"r": None}, dtype=float)}, ("number-missing", "r")),
        ({"capacities": pd.Series({"r": 2.0, "s": 1.0})}, ("label-unknown", "s")),
        ({"capacities": pd.Series({"s": 1.0})}, ("number-missing", "r")),
        ({"durations": pd.Series({"a": 2, "b": None})}, ("number-missing", "b")),
        ({"precedences": pd.DataFrame({"predecessor": ["z"], "successor": ["b"]})}, ("label-unknown", "z")),
        ({"release": pd.Series({"z": 0})}, ("label-unknown", "z")),
        ({"deadlines": pd.Series({"z": 0})}, ("label-unknown", "z")),
        ({"sittings": {"z": [1]}}, ("label-unknown", "z")),
        ({"costs": pd.DataFrame({"it": {"z": 1.0}})}, ("label-unknown", "z")),
        ({"costs": pd.DataFrame({"it": {"a": None, "b": 1.0}})}, ("number-missing", "a")),
        ({"costs": pd.DataFrame({"other": {"a": 1.0}})}, ("label-unknown", "other")),
        ({"budgets": pd.DataFrame({"it": [None, 20.0]}, index=[2027, 2028])}, ("number-missing", 2027)),
    ],
)
def test_unknown_labels_and_missing_numbers_of_a_schedule(changes, expected):
    assert expected in codes(call({"a": 0, "b": 3}, **changes))


def test_a_start_of_an_unknown_activity():
    assert ("label-unknown", "z") in codes(call({"a": 0, "b": 3, "z": 1}))


def test_a_selection_is_read_by_label():
    """The order of costs is another than that of the values: a is cheap, b is dear."""
    values = pd.Series({"a": 1.0, "b": 2.0})
    costs = pd.Series({"b": 9.0, "a": 1.0})
    only_a, only_b = pd.Series({"b": False, "a": True}), pd.Series({"a": False, "b": True})
    assert verify_knapsack(only_a, values, costs, 5.0, objective=1.0).empty
    assert codes(verify_knapsack(only_b, values, costs, 5.0)) == [("over-budget", 0)]
    table = costs.to_frame("x")
    assert verify_knapsack(only_a, values, table, {"x": 5.0}).empty
    assert codes(verify_knapsack(only_b, values, table, {"x": 5.0})) == [("over-budget", "x")]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"costs": pd.DataFrame({"x": {"a": None, "b": 1.0}})}, ("number-missing", "a")),
        ({"costs": pd.DataFrame({"x": {"b": 1.0}})}, ("number-missing", "a")),
        ({"costs": pd.DataFrame({"x": {"a": 1.0, "b": 1.0, "z": 1.0}})}, ("label-unknown", "z")),
        ({"costs": pd.DataFrame({"y": {"a": 1.0, "b": 1.0}})}, ("label-unknown", "y")),
        ({"budgets": {"x": None}}, ("number-missing", "x")),
        ({"budgets": {"x": 9.0, "w": 1.0}}, ("number-missing", "w")),
        ({"values": pd.Series({"a": None, "b": 1.0})}, ("number-missing", "a")),
        ({"selected": pd.Series({"a": True})}, ("number-missing", "b")),
        ({"selected": pd.Series({"a": True, "b": False, "z": True})}, ("label-unknown", "z")),
        ({"requires": [("a", "z")]}, ("label-unknown", "z")),
        ({"mandatory": ["z"]}, ("label-unknown", "z")),
        ({"objective": float("nan")}, ("wrong-objective", "value")),
    ],
)
def test_unknown_labels_and_missing_numbers_of_a_selection(changes, expected):
    arguments = {
        "selected": pd.Series({"a": True, "b": False}),
        "values": pd.Series({"a": 1.0, "b": 1.0}),
        "costs": pd.DataFrame({"x": {"a": 1.0, "b": 1.0}}),
        "budgets": {"x": 5.0},
    }
    assert verify_knapsack(**arguments).empty
    assert expected in codes(verify_knapsack(**{**arguments, **changes}))
