"""Each level is joined from the one below: by hand where something lacks, and as invariants."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from digistrat.scoring.aggregation import STATES, aggregate
from digistrat.scoring.composite import score_table
from digistrat.scoring.rules import RULES, combine, combine_nested, effective_weights, make_hierarchy

STATE_OF = {"x": "missing", "-": "not_applicable", "?": "unreadable"}
ADDITIVE = [name for name, rule in RULES.items() if rule.is_additive]


def nested(cells, weights, groups, rule="weighted_mean", **options):
    """Aggregate one row of values in which x is missing, - not applicable, ? unreadable."""
    names = [f"c{j}" for j in range(len(weights))]
    states = pd.DataFrame([[STATE_OF.get(cell, "assessed") for cell in cells]], columns=names)
    values = pd.DataFrame([[np.nan if cell in STATE_OF else float(cell) for cell in cells]], columns=names)
    group_of = dict(zip(names, groups, strict=True))
    return aggregate(values, pd.Series(weights, names), states, rule=rule, group_of=group_of, **options)


# --- the mean, level by level ---


@pytest.mark.parametrize("gap", ["x", "?", "-"])
def test_the_total_is_the_mean_of_the_groups_that_are_shown(gap):
    # 100 and nothing | 0, weights 25, 25 | 50: the groups are 100 and 0; flat it would be 33.3
    got = nested([100, gap, 0], [25, 25, 50], "aab")
    assert got.groups.iloc[0].tolist() == [100, 0]
    assert got.table.loc[0, "score"] == 50
    # shares of the total: half of it each, the first group's by its one criterion
    assert got.weights_used.iloc[0].tolist() == pytest.approx([50, np.nan, 50], nan_ok=True)
    assert got.contributions.iloc[0].tolist() == pytest.approx([50, np.nan, 0], nan_ok=True)


def test_bounds_and_coverage_of_what_is_missing_and_of_what_does_not_apply():
    missing = nested([100, "x", 0], [25, 25, 50], "aab").table.loc[0]
    assert missing[["lower", "upper"]].tolist() == [25, 50]  # group a lies between 50 and 100
    assert missing["coverage"] == 0.75
    outside = nested([100, "-", 0], [25, 25, 50], "aab").table.loc[0]
    assert outside[["lower", "upper", "coverage"]].tolist() == [50, 50, 1]
    assert (missing["state"], outside["state"]) == ("scored", "scored")


def test_a_group_wholly_missing_is_made_up_for_by_the_others_and_widens_the_bounds():
    got = nested([80, 60, "x", "?"], [25, 25, 30, 20], "aabb")
    row = got.table.loc[0]
    assert (row["score"], row["lower"], row["upper"], row["coverage"]) == (70, 35, 85, 0.5)
    assert row["state"] == "provisional"
    assert np.isnan(got.groups.loc[0, "b"])
    assert got.group_coverage.loc[0, "b"] == 0


def test_a_group_wholly_not_applicable_leaves_the_total():
    got = nested([80, 60, "-", "-"], [25, 25, 30, 20], "aabb")
    assert got.table.loc[0, ["score", "lower", "upper", "coverage", "state"]].tolist() == [
        70,
        70,
        70,
        1,
        "scored",
    ]
    assert got.groups.iloc[0].isna().tolist() == [False, True]


def test_weight_zero_counts_nowhere_and_a_group_of_nothing_else_is_none():
    got = nested([80, 10, 0, 30], [50, 0, 50, 0], "aabc")
    assert got.groups.iloc[0].fillna(-1).tolist() == [80, 0, -1]
    assert got.table.loc[0, ["score", "coverage", "state"]].tolist() == [40, 1, "scored"]
    assert np.isnan(got.contributions.loc[0, "c1"])


def test_three_levels():
    # x = {a, b}, c alone: 0.5 (0.5·60 + 0.5·20) + 0.5·90
    got = nested([60, 20, 90], [25, 25, 50], "abc", parent_of={"a": "x", "b": "x"})
    assert got.groups.columns.tolist() == ["x", "a", "b", "c"]
    assert got.groups.iloc[0].tolist() == [40, 60, 20, 90]
    assert got.table.loc[0, "score"] == 65
    # b gone: x is made from a alone and keeps its half
    gone = nested([60, "x", 90], [25, 25, 50], "abc", parent_of={"a": "x", "b": "x"})
    assert gone.groups.iloc[0].tolist() == pytest.approx([60, 60, np.nan, 90], nan_ok=True)
    assert gone.table.loc[0, ["score", "lower", "upper"]].tolist() == [75, 60, 85]


def test_groups_joined_by_another_rule():
    # means 70 and 30 within, the lower one decides; geometric: sqrt(70·30)
    for group_rule, score in (("minimum", 30), ("geometric", 2100**0.5), ("harmonic", 2 / (1 / 70 + 1 / 30))):
        got = nested([80, 60, 40, 20], [25] * 4, "aabb", group_rule=group_rule)
        assert got.groups.iloc[0].tolist() == [70, 30]
        assert got.table.loc[0, "score"] == pytest.approx(score)
        assert got.contributions.isna().all(axis=None)
    # the lower of each, then their mean
    got = nested([80, 60, 40, 20], [30, 30, 20, 20], "aabb", rule="minimum", group_rule="weighted_mean")
    assert got.groups.iloc[0].tolist() == [60, 20]
    assert got.table.loc[0, "score"] == pytest.approx(0.6 * 60 + 0.4 * 20)


def test_a_group_that_is_an_interval_is_in_no_point_score():
    got = nested([80, "x", 40, 20], [30, 30, 20, 20], "aabb", rule="minimum", group_rule="weighted_mean")
    row = got.table.loc[0]
    assert got.groups.iloc[0].tolist() == pytest.approx([np.nan, 20], nan_ok=True)
    assert (row["lower"], row["upper"]) == pytest.approx((8, 0.6 * 80 + 0.4 * 20))
    # the mean over the groups that are known, as everywhere; no rank may rest on it
    assert row[["score", "coverage", "state"]].tolist() == [20, pytest.approx(0.7), "provisional"]
    certain = nested([0, "x", 40, 20], [30, 30, 20, 20], "aabb", rule="minimum", group_rule="weighted_mean")
    assert certain.table.loc[0, ["score", "lower", "upper", "state"]].tolist() == [8, 8, 8, "scored"]


# --- certain although something is missing ---


@pytest.mark.parametrize("rule", ["minimum", "geometric", "harmonic"])
def test_a_known_zero_decides_whatever_is_missing(rule):
    row = nested([0, "x", 80], [100 / 3] * 3, "aaa", rule=rule).table.loc[0]
    assert row[["score", "lower", "upper", "state"]].tolist() == [0, 0, 0, "scored"]
    row = nested([10, "x", 80], [100 / 3] * 3, "aaa", rule=rule).table.loc[0]
    assert np.isnan(row["score"])
    assert row["upper"] > row["lower"] == 0


def test_under_share_of_yes_a_level_between_is_unreadable_not_an_error():
    criteria = pd.DataFrame({"weight": [25] * 4, "floor": 0, "target": 4}, index=list("abcd"))
    raw = pd.DataFrame([[4, 0, 2, 4]], index=["p"], columns=list("abcd"))
    scores = score_table(raw, None, criteria, rule="share_of_yes")
    assert scores.states.loc["p"].tolist() == ["assessed", "assessed", "unreadable", "assessed"]
    assert scores.table.loc["p", ["lower", "upper"]].tolist() == [50, 75]
    assert scores.table.loc["p", "score"] == pytest.approx(200 / 3)
    assert scores.raw.loc["p", "c"] == 2  # what was said is kept
    with pytest.raises(ValueError, match="values of 0 and 100 only, found"):
        nested([50, 0], [50, 50], "aa", rule="share_of_yes")


# --- ratings that are intervals ---


def test_an_interval_is_assessed_and_widens_the_bounds():
    criteria = pd.DataFrame(
        {"weight": [60, 40], "floor": [0, 90], "target": [10, 0]}, index=["points", "days"]
    )
    raw = pd.DataFrame({"points": [7.0, 7, np.nan], "days": [45.0, 45, 45]}, index=["p", "q", "r"])
    low = pd.DataFrame({"points": [6.0, np.nan, np.nan], "days": [np.nan, 9, np.nan]}, index=["p", "q", "r"])
    high = pd.DataFrame(
        {"points": [8.0, np.nan, np.nan], "days": [np.nan, 81, np.nan]}, index=["p", "q", "r"]
    )
    scores = score_table(
        raw, None, criteria, rule="weighted_mean", low=low, high=high, coverage_threshold=0.4
    )
    assert scores.table["score"].tolist() == pytest.approx([62, 62, 50])
    assert scores.table["lower"].tolist() == pytest.approx([56, 46, 20])
    assert scores.table["upper"].tolist() == pytest.approx([68, 78, 80])
    assert scores.table["coverage"].tolist() == pytest.approx([1, 1, 0.4])
    assert scores.low["points"].tolist() == [60, 70, 0]
    assert scores.high["points"].tolist() == [80, 70, 100]
    assert scores.low["days"].tolist() == pytest.approx([50, 10, 50])
    assert scores.high["days"].tolist() == pytest.approx([50, 90, 50])
    told = scores.explain("p")
    assert told[["low", "high"]].values.tolist() == [[60, 80], [50, 50]]


@pytest.mark.parametrize("rule", ["weighted_mean", "minimum", "geometric"])
def test_an_interval_of_the_whole_scale_is_no_rating(rule):
    """0 to 10 of 10 points, and 0 to 90 days where 90 is the floor and 0 the target."""
    criteria = pd.DataFrame(
        {"weight": [60, 40], "floor": [0, 90], "target": [10, 0]}, index=["points", "days"]
    )
    raw = pd.DataFrame({"points": [5.0, 7, 7], "days": [45.0, 45, 45]}, index=["wide", "half", "narrow"])
    low = pd.DataFrame({"points": [0.0, 7, 7], "days": [0.0, 0, 0]}, index=raw.index)
    high = pd.DataFrame({"points": [12.0, 7, 7], "days": [90.0, 90, 89.1]}, index=raw.index)
    scores = score_table(raw, None, criteria, rule=rule, low=low, high=high, coverage_threshold=0.5)
    assert scores.states.values.tolist() == [
        ["missing", "missing"],
        ["assessed", "missing"],
        ["assessed", "assessed"],
    ]
    assert scores.values.loc["wide"].isna().all()
    assert scores.raw.loc["wide"].tolist() == [5, 45]  # what was written stays visible
    wide, half = scores.table.loc["wide"], scores.table.loc["half"]
    assert wide[["lower", "upper", "coverage", "state"]].tolist() == [0, 100, 0, "not_scored"]
    assert np.isnan(wide["score"])
    assert pd.isna(wide["rank"])
    assert half["coverage"] == pytest.approx(0.6)
    if rule == "weighted_mean":
        assert half[["score", "lower", "upper"]].tolist() == pytest.approx([70, 42, 82])
    # a figure that nobody rated counts however wide its interval is
    computed = score_table(raw, None, criteria.assign(computed="share"), rule=rule, low=low, high=high)
    assert (computed.states == "assessed").all(axis=None)
    assert computed.table.loc["wide", ["score", "lower", "upper"]].tolist() == pytest.approx([50, 0, 100])


@pytest.mark.parametrize(
    ("low", "high"), [([[60.0]], [[80.0]]), ([[40.0]], [[45.0]]), ([[-1.0]], [[50.0]]), ([[50.0]], [[101.0]])]
)
def test_bounds_that_do_not_enclose_the_value_are_refused(low, high):
    frame = pd.DataFrame([[50.0]], columns=["a"])
    states = frame.replace(50.0, "assessed").astype("str")
    with pytest.raises(ValueError, match="low and high must enclose the value"):
        aggregate(
            frame,
            pd.Series({"a": 1}),
            states,
            rule="weighted_mean",
            low=pd.DataFrame(low, columns=["a"]),
            high=pd.DataFrame(high, columns=["a"]),
        )


# --- explain ---


def test_explain_names_group_and_both_kinds_of_gap():
    criteria = pd.DataFrame(
        {"weight": [60, 30, 10], "floor": 0, "target": 10, "group": ["use", "use", "data"]}, index=list("abc")
    )
    raw = pd.DataFrame([[4.0, np.nan, 9.0]], index=["p"], columns=list("abc"))
    told = score_table(raw, None, criteria, rule="weighted_mean", rule_source="handbook").explain("p")
    assert told["group"].tolist() == ["use", "use", "data"]
    assert told["group_weight"].tolist() == [90, 90, 10]
    assert told["weight_used"].tolist() == pytest.approx([90, np.nan, 10], nan_ok=True)
    assert told["points"].tolist() == pytest.approx([36, np.nan, 9], nan_ok=True)
    # no own target: the gap is to that of the criterion
    for gap in ("gap", "gap_to_top"):
        assert told[gap].tolist() == pytest.approx([60, np.nan, 10], nan_ok=True)
    assert told[["office", "moderated"]].isna().all(axis=None)
    assert (told[["remark", "cell"]] == "").all(axis=None)


# --- rules ---


def test_harmonic_mean_of_40_and_60_is_48():
    assert nested([40, 60], [50, 50], "aa", rule="harmonic").table.loc[0, "score"] == pytest.approx(48)


def test_hierarchy_refuses_what_is_none():
    criteria = pd.Index(["a", "b"])
    with pytest.raises(ValueError, match="groups that hold no criteria themselves"):
        make_hierarchy(criteria, "minimum", group_of={"a": "x", "b": "y"}, parent_of={"x": "y"})
    with pytest.raises(ValueError, match="rule must be one of"):
        make_hierarchy(criteria, "median")
    with pytest.raises(ValueError, match=r"group for every criterion, not for \['b'\]"):
        make_hierarchy(criteria, "minimum", group_of={"a": "x"})


@settings(max_examples=60)
@given(arrays(float, 5, elements=st.floats(0, 100)), arrays(float, 5, elements=st.floats(0.01, 10)))
def test_minimum_harmonic_geometric_mean_in_this_order(values, weights):
    everything = np.ones(5, dtype=bool)
    means = [
        combine(values, weights, everything, r) for r in ("minimum", "harmonic", "geometric", "weighted_mean")
    ]
    assert (np.diff(means) >= -1e-9).all()
    assert values.min() - 1e-9 <= means[0]
    assert means[-1] <= values.max() + 1e-9


# --- invariants ---


@st.composite
def problems(draw, rules=tuple(RULES), group_rules=(None, *RULES)):
    n, m = draw(st.integers(1, 4)), draw(st.integers(2, 6))
    rule = draw(st.sampled_from(rules))
    numbers = st.sampled_from([0.0, 100.0]) if rule == "share_of_yes" else st.floats(0, 100)
    values = draw(arrays(float, (n, m), elements=numbers))
    states = draw(arrays(object, (n, m), elements=st.sampled_from(STATES + ("assessed",) * 3)))
    weights = np.ones(m) if rule == "share_of_yes" else draw(arrays(float, m, elements=st.floats(0.01, 10)))
    names = [f"c{j}" for j in range(m)]
    groups = draw(st.lists(st.sampled_from("abc"), min_size=m, max_size=m))
    parents = draw(st.sampled_from([{}, {"a": "x", "b": "x"}, {"a": "x", "b": "y", "c": "y"}]))
    options = {
        "rule": rule,
        "group_rule": draw(st.sampled_from(group_rules)),
        "group_of": dict(zip(names, groups, strict=True)),
        "parent_of": parents,
    }
    values = pd.DataFrame(np.where(states == "assessed", values, np.nan), columns=names)
    room = draw(arrays(float, (2, n, m), elements=st.sampled_from([0.0, 0.0, 0.5, 1.0])))
    if rule == "share_of_yes":
        room[:] = 0
    options["low"] = values * (1 - room[0])
    options["high"] = values + (100 - values) * room[1]
    return values, pd.Series(weights, names), pd.DataFrame(states, columns=names), options


@settings(max_examples=60)
@given(problems(rules=ADDITIVE, group_rules=(None, *ADDITIVE)))
def test_contributions_sum_to_the_score_and_the_total_is_the_mean_of_the_groups(problem):
    values, weights, states, options = problem
    got = aggregate(values, weights, states, **options)
    known = got.table["score"].notna()
    score = got.table["score"][known]
    np.testing.assert_allclose(got.contributions[known].sum(axis=1), score, rtol=0, atol=1e-12)
    np.testing.assert_allclose(got.weights_used[known].sum(axis=1), 100, rtol=0, atol=1e-9)
    for node in [got.hierarchy, *got.hierarchy.below()]:
        if node.children:
            shown = got.groups[[child.name for child in node.children]]
            weight = shown.notna() * [weights.iloc[list(child.criteria)].sum() for child in node.children]
            mean = (shown.fillna(0) * weight).sum(axis=1) / weight.sum(axis=1)
            joined = got.table["score"] if node is got.hierarchy else got.groups[node.name]
            np.testing.assert_allclose(joined, mean, rtol=0, atol=1e-9)


@settings(max_examples=60)
@given(problems(), st.randoms(use_true_random=False))
def test_every_completion_lies_within_the_bounds(problem, random):
    values, weights, states, options = problem
    before = aggregate(values, weights, states, **options)
    low, high = options.pop("low"), options.pop("high")
    is_yes_no = options["rule"] == "share_of_yes"
    whole = values.copy()
    for i, j in np.ndindex(values.shape):
        if states.iat[i, j] in ("missing", "unreadable"):
            whole.iat[i, j] = random.choice([0.0, 100.0] if is_yes_no else [0.0, 100.0, 13.0, 77.7])
        elif states.iat[i, j] == "assessed":
            share = random.choice([0.0, 0.5, 1.0])
            whole.iat[i, j] = low.iat[i, j] + share * (high.iat[i, j] - low.iat[i, j])
    filled = states.where(states == "not_applicable", "assessed")
    after = aggregate(whole, weights, filled, **options)
    bound, score = before.table, after.table["score"]
    known = score.notna()
    assert (score[known] >= bound["lower"][known] - 1e-9).all()
    assert (score[known] <= bound["upper"][known] + 1e-9).all()
    has_score = before.table["score"].notna()
    row = before.table[has_score]
    assert row["score"].between(row["lower"], row["upper"]).all()
    assert before.table["score"].isna().ge(after.table["score"].isna()).all()  # completing never takes away


@settings(max_examples=60)
@given(problems())
def test_adding_an_alternative_changes_nothing(problem):
    values, weights, states, options = problem
    whole = aggregate(values, weights, states, **options)
    first = {key: options[key].iloc[:1] for key in ("low", "high")}
    alone = aggregate(values.iloc[:1], weights, states.iloc[:1], **options | first)
    for name in ("table", "contributions", "weights_used", "groups", "group_coverage"):
        one, other = getattr(alone, name), getattr(whole, name).iloc[:1]
        one, other = one.drop(columns="rank", errors="ignore"), other.drop(columns="rank", errors="ignore")
        pd.testing.assert_frame_equal(one, other, rtol=0, atol=1e-10)


@settings(max_examples=60)
@given(problems(rules=[rule for rule in RULES if rule != "share_of_yes"]))
def test_complete_values_joined_at_once_give_the_same_as_level_by_level(problem):
    values, weights, states, options = problem
    options = options | {"low": None, "high": None}
    states = states.where(states == "not_applicable", "assessed")
    whole = values.where(values.notna() | (states == "not_applicable"), 42.0)
    got = aggregate(whole, weights, states, **options)
    applicable = (states != "not_applicable").to_numpy()
    at_once = combine_nested(whole.fillna(0).to_numpy(), weights.to_numpy(), applicable, got.hierarchy)
    np.testing.assert_allclose(at_once, got.table["score"], rtol=0, atol=1e-9)
    if got.hierarchy.is_additive:
        shares = effective_weights(weights.to_numpy(), applicable, got.hierarchy)
        np.testing.assert_allclose(100 * shares, got.weights_used.fillna(0), rtol=0, atol=1e-9)
