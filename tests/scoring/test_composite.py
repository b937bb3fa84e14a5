"""Scores against hand-computed bounds, and invariants; published indices stand in `test_cases`."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from digistrat.scoring.aggregation import STATES, aggregate
from digistrat.scoring.composite import Scores, score_table
from digistrat.scoring.rules import RULES, describe_rule
from digistrat.texts import LANGUAGES

STATE_OF = {"x": "missing", "-": "not_applicable", "?": "unreadable"}


def table(rows: dict[str, list], weights: list[float], rule: str = "weighted_mean", **options) -> Scores:
    """Score rows on 0–100 in which x is missing, - not applicable, ? unreadable."""
    names = [f"c{j}" for j in range(len(weights))]
    given_cells = pd.DataFrame.from_dict(rows, orient="index", columns=names).astype(object)
    states = given_cells.map(lambda cell: STATE_OF.get(cell, "assessed"))
    raw = given_cells.map(lambda cell: np.nan if cell in STATE_OF else float(cell)).astype(float)
    groups = options.pop("groups", None)
    criteria = pd.DataFrame({"weight": weights, "floor": 0.0, "target": 100.0}, index=names)
    if groups:
        criteria["group"] = groups
    return score_table(raw, states, criteria, rule=rule, **options)


# --- rules as they are defined ---


def test_local_online_service_index_is_the_share_of_ones():
    # UN 2022: 86 indicators, present 1, absent 0; 43 of 86 are half of them
    scores = table({"city": [100] * 43 + [0] * 43}, [100 / 86] * 86, rule="share_of_yes")
    assert scores.table.loc["city", "score"] == pytest.approx(50, abs=1e-9)


def test_ozg_level_is_the_lowest_criterion():
    # OZG-Reifegradmodell 1.1: "das Kriterium mit der niedrigsten Stufe bestimmt die Gesamtbewertung"
    criteria = pd.DataFrame({"weight": [25] * 4, "floor": 0, "target": 4}, index=list("abcd"))
    raw = pd.DataFrame([[3, 4, 2, 4]], index=["service"], columns=list("abcd"))
    assert score_table(raw, None, criteria, rule="minimum").table.loc["service", "score"] == 50  # level 2


# --- missing is not zero ---


def test_missing_widens_the_bounds_and_not_applicable_leaves_the_denominator():
    scores = table(
        {
            "full": [80, 40, 60],
            "missing": [80, 40, "x"],
            "unreadable": [80, 40, "?"],
            "na": [80, 40, "-"],
        },
        [50, 30, 20],
    )
    got = scores.table
    assert got["score"].tolist() == pytest.approx([64, 65, 65, 65])  # (50·80 + 30·40) / 80 = 65
    assert got["lower"].tolist() == pytest.approx([64, 52, 52, 65])
    assert got["upper"].tolist() == pytest.approx([64, 72, 72, 65])
    assert got["coverage"].tolist() == pytest.approx([1, 0.8, 0.8, 1])
    assert got["state"].tolist() == ["scored"] * 4
    assert got["rank"].tolist() == [4, 1, 1, 1]
    assert np.isnan(scores.contributions.loc["missing", "c2"])


@pytest.mark.parametrize(
    ("rule", "lower", "upper"), [("minimum", 0, 40), ("geometric", 0, 100 * (0.8 * 0.4) ** (1 / 3))]
)
def test_rules_that_are_not_additive_give_bounds_only_when_something_is_missing(rule, lower, upper):
    scores = table({"a": [80, 40, "x"], "b": [80, 40, "-"]}, [100 / 3] * 3, rule=rule)
    row = scores.table.loc["a"]
    assert np.isnan(row["score"])
    assert (row["lower"], row["upper"]) == pytest.approx((lower, upper))
    assert row["state"] == "provisional"
    assert row["rank"] is pd.NA
    complete = scores.table.loc["b"]
    assert complete["state"] == "scored"
    assert complete["score"] == complete["lower"] == complete["upper"]
    assert scores.contributions.isna().all(axis=None)


def test_coverage_below_the_threshold_has_score_and_bounds_but_no_rank():
    rows = {"two of three": [60, 30, "x"], "one of three": [90, "x", "?"]}
    got = table(rows, [100 / 3] * 3).table
    assert got["state"].tolist() == ["scored", "provisional"]
    assert got.loc["one of three", "score"] == pytest.approx(90)
    assert got["rank"].tolist() == [1, pd.NA]


def test_float_noise_does_not_push_a_coverage_below_the_threshold():
    got = table({"six of nine": [60] * 6 + ["x"] * 3}, [100 / 9] * 9).table
    assert got["coverage"].iloc[0] < 2 / 3  # by less than 1e-15
    assert got["state"].tolist() == ["scored"]


def test_float_noise_does_not_put_a_score_outside_its_bounds():
    shares = np.array([19.0, 15, 8, 9, 2]) / 53 * 100
    got = table({"best": [100] * 4 + ["x"]}, list(shares)).table.loc["best"]
    assert got["lower"] < got["score"] <= got["upper"] <= 100


def test_nothing_assessed_is_not_scored_and_nothing_applicable_has_no_bounds():
    for rule in RULES:
        got = table({"nothing": ["x", "?"], "half": ["x", "-"], "outside": ["-", "-"]}, [50, 50], rule=rule)
        assert got.table["state"].tolist() == ["not_scored"] * 3
        assert got.table["score"].isna().all()
        assert got.table["rank"].isna().all()
        assert got.table["lower"].tolist() == pytest.approx([0, 0, np.nan], nan_ok=True)
        assert got.table["upper"].tolist() == pytest.approx([100, 100, np.nan], nan_ok=True)
        assert got.table["coverage"].tolist() == pytest.approx([0, 0, np.nan], nan_ok=True)


def test_groups_have_scores_and_a_coverage_threshold_of_their_own():
    rows = {"full": [80, 40, 60, 20], "gap": [80, 40, 60, "x"], "group gone": [80, 40, "x", "x"]}
    scores = table(rows, [40, 40, 10, 10], groups=["use", "use", "data", "data"])
    assert scores.groups.loc["full"].tolist() == pytest.approx([60, 40])
    assert scores.table.loc["full", "score"] == pytest.approx(0.8 * 60 + 0.2 * 40)
    assert scores.groups.loc["gap"].tolist() == pytest.approx([60, 60])
    assert scores.group_coverage["data"].tolist() == pytest.approx([1, 0.5, 0])
    assert np.isnan(scores.groups.loc["group gone", "data"])
    # 80 % covered in all, but one group with nothing assessed
    assert scores.table["state"].tolist() == ["scored", "scored", "provisional"]


def test_a_group_that_is_not_applicable_does_not_hold_the_score_back():
    scores = table({"a": [80, 40, "-", "-"]}, [40, 40, 10, 10], groups=["use", "use", "data", "data"])
    assert scores.table.loc["a", ["score", "state", "rank"]].tolist() == [60, "scored", 1]


def test_a_criterion_of_weight_zero_counts_nowhere():
    got = table({"a": [50, "x"], "b": ["x", 50]}, [100, 0]).table
    assert got["coverage"].tolist() == [1, 0]
    assert got["state"].tolist() == ["scored", "not_scored"]


def test_float_noise_does_not_break_a_tie():
    got = table({"a": [10, 20, 0], "b": [0, 0, 100 * (0.1 + 0.2)], "c": [29, 0, 0]}, [100 / 3] * 3).table
    assert got["rank"].tolist() == [1, 1, 3]


# --- explain ---


def test_explain_leads_from_the_score_to_the_cells():
    criteria = pd.DataFrame(
        {"weight": [60, 20, 20], "floor": [0, 0, 90], "target": [4, 4, 0], "name": ["Online", "", "Dauer"]},
        index=["online", "data", "days"],
    )
    raw = pd.DataFrame({"online": [3.0], "data": [np.nan], "days": [45.0]}, index=["A16-003"])
    scores = score_table(
        raw,
        None,
        criteria,
        rule="weighted_mean",
        cells=lambda row, column: f"A16.xlsx › Vorhaben › {row}/{column}",
        what="impact",
        unit="project",
    )
    why = scores.explain("A16-003")
    assert why["name"].tolist() == ["Online", "data", "Dauer"]
    assert why["raw"].tolist() == pytest.approx([3, np.nan, 45], nan_ok=True)
    assert why["value"].tolist() == pytest.approx([75, np.nan, 50], nan_ok=True)
    assert why["gap"].tolist() == pytest.approx([25, np.nan, 50], nan_ok=True)
    assert why["weight_used"].tolist() == pytest.approx([75, np.nan, 25], nan_ok=True)
    assert why["points"].tolist() == pytest.approx([56.25, np.nan, 12.5], nan_ok=True)
    assert why["points"].sum() == pytest.approx(scores.table.loc["A16-003", "score"])
    assert why.loc["days", "cell"] == "A16.xlsx › Vorhaben › A16-003/days"
    assert criteria["name"].tolist() == ["Online", "", "Dauer"]  # the caller's frame is as it was
    with pytest.raises(ValueError, match="close: A16-003"):
        scores.explain("A16-03")
    for slip in ("a16-003", " A16-003 "):
        with pytest.raises(ValueError, match=r"in these scores; did you mean 'A16-003'\?$"):
            scores.explain(slip)


def test_explain_of_other_rules_has_no_points_and_without_places_empty_cells():
    why = table({"a": [80, 40]}, [50, 50], rule="minimum").explain("a")
    assert why["points"].isna().all()
    assert why["cell"].tolist() == ["", ""]


def test_scores_read_well_and_stand_empty():
    scores = table({"a": [80, 40], "b": ["x", "x"]}, [50, 50])
    assert "1 scored, 0 provisional, 1 not scored" in str(scores)
    assert "a  60.0  [60.0–60.0]" in str(scores)
    empty = table({}, [50, 50])
    assert empty.table.empty
    assert "0 scored" in str(empty)


# --- wrong calls ---

RAW = pd.DataFrame({"a": [1.0], "b": [2.0]}, index=["p"])
CRITERIA = pd.DataFrame({"weight": [50, 50], "floor": 0, "target": 4}, index=["a", "b"])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"rule": "median"}, "rule must be one of weighted_mean.*'median'"),
        ({"criteria": CRITERIA.assign(weight=[50, 49])}, "sum to 100, found sum 99"),
        ({"criteria": CRITERIA.assign(weight=[150, -50])}, "must not be negative"),
        ({"criteria": CRITERIA.drop(columns="floor")}, r"lacking \['floor'\]"),
        ({"criteria": CRITERIA.assign(target=0)}, "must differ"),
        ({"criteria": CRITERIA.assign(direction=[1, -1])}, "direction must be"),
        ({"criteria": CRITERIA.assign(group=["use", ""])}, r"group for every criterion, not for \['b'\]"),
        ({"raw": RAW.rename(columns={"a": "c"})}, r"lacking \['a'\], unknown \['c'\]"),
        ({"raw": pd.concat([RAW, RAW])}, r"found twice: \['p'\]"),
        ({"states": pd.DataFrame("assessed", index=["q"], columns=["a", "b"])}, r"lacking \['p'\]"),
        ({"states": pd.DataFrame("unknown", index=["p"], columns=["a", "b"])}, "found state 'unknown'"),
        ({"states": pd.DataFrame("missing", index=["p"], columns=["a", "b"])}, "exactly where the state"),
        ({"coverage_threshold": 2}, "coverage_threshold must lie between 0 and 1, not 2"),
        ({"rule": "share_of_yes", "criteria": CRITERIA.assign(weight=[60, 40])}, "equal weights only"),
        ({"group_rule": "median"}, "group_rule must be one of weighted_mean.*'median'"),
        ({"raw": RAW.replace(1.0, np.inf)}, "raw must be finite, found inf at 'p' × 'a'"),
        ({"criteria": CRITERIA.assign(shape="curved")}, "shape must be one of linear.*curved"),
        ({"criteria": CRITERIA.assign(shape="stepwise")}, "points must be at least 1 pairs"),
        ({"low": RAW + 1, "high": RAW}, "low must not be above high"),
        ({"low": RAW.rename(index={"p": "q"})}, r"low do not fit the alternatives: lacking \['p'\]"),
    ],
)
def test_wrong_calls_name_what_was_given(change, message):
    call = {"raw": RAW, "states": None, "criteria": CRITERIA, "rule": "weighted_mean"} | change
    with pytest.raises(ValueError, match=message):
        score_table(call.pop("raw"), call.pop("states"), call.pop("criteria"), **call)


def test_labels_are_aligned_whatever_their_order():
    states = pd.DataFrame({"b": ["missing", "assessed"], "a": ["assessed"] * 2}, index=["q", "p"])
    raw = pd.DataFrame({"b": [2.0, np.nan], "a": [4.0, 0.0]}, index=["p", "q"])
    scores = score_table(raw, states, CRITERIA, rule="weighted_mean", coverage_threshold=0.5)
    assert scores.table["score"].to_dict() == {"p": 75, "q": 0}
    assert scores.values.columns.tolist() == ["a", "b"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_rule_has_its_words(language):
    assert len({describe_rule(rule, language) for rule in RULES}) == len(RULES)


# --- invariants ---


@st.composite
def problems(draw, rules=tuple(RULES)):
    n, m = draw(st.integers(1, 6)), draw(st.integers(1, 5))
    rule = draw(st.sampled_from(rules))
    numbers = st.sampled_from([0.0, 100.0]) if rule == "share_of_yes" else st.floats(0, 100)
    values = draw(arrays(float, (n, m), elements=numbers))
    states = draw(arrays(object, (n, m), elements=st.sampled_from(STATES + ("assessed",) * 3)))
    weights = np.ones(m) if rule == "share_of_yes" else draw(arrays(float, m, elements=st.floats(0.01, 10)))
    names = [f"c{j}" for j in range(m)]
    return (
        pd.DataFrame(np.where(states == "assessed", values, np.nan), columns=names),
        pd.Series(weights, index=names),
        pd.DataFrame(states, columns=names),
        rule,
    )


@given(problems(rules=("weighted_mean", "share_of_yes")))
def test_contributions_sum_to_the_score(problem):
    values, weights, states, rule = problem
    result = aggregate(values, weights, states, rule=rule)
    known = result.table["score"].notna()
    total = result.contributions[known].sum(axis=1)
    np.testing.assert_allclose(total, result.table["score"][known], rtol=0, atol=1e-12)


@given(problems(), st.randoms(use_true_random=False))
def test_whatever_the_missing_values_are_the_score_lies_within_the_bounds(problem, random):
    values, weights, states, rule = problem
    before = aggregate(values, weights, states, rule=rule).table
    unknown = states.isin(["missing", "unreadable"])
    allowed = [0.0, 100.0] if rule == "share_of_yes" else [0.0, 100.0, 13.0, 77.7]
    filled = values.mask(unknown, values.map(lambda _: random.choice(allowed)))
    after = aggregate(filled, weights, states.mask(unknown, "assessed"), rule=rule).table["score"]
    known = after.notna()
    assert (after[known] >= before["lower"][known] - 1e-9).all()
    assert (after[known] <= before["upper"][known] + 1e-9).all()
    scored = before["score"].notna()
    assert before["score"][scored].between(before["lower"][scored], before["upper"][scored]).all()


@given(problems(), st.floats(0, 100))
def test_a_better_value_never_lowers_a_score(problem, better):
    values, weights, states, rule = problem
    better = 100.0 if rule == "share_of_yes" else better
    improved = values.copy()
    improved.iloc[0] = values.iloc[0].clip(lower=better)
    before = aggregate(values, weights, states, rule=rule).table
    after = aggregate(improved, weights, states, rule=rule).table
    for column in ("lower", "upper"):
        old, new = before.loc[0, column], after.loc[0, column]
        assert np.isnan(old) == np.isnan(new)
        assert np.isnan(old) or new >= old - 1e-9
    # a better value may take away the certainty of a 0 that decides; it lowers no score that is there
    old, new = before.loc[0, "score"], after.loc[0, "score"]
    assert np.isnan(old) or np.isnan(new) or new >= old - 1e-9
    assert not (np.isnan(new) and old > 1e-9)


@given(problems(), st.floats(0.1, 50))
def test_other_alternatives_order_and_scale_of_weights_change_nothing(problem, scale):
    values, weights, states, rule = problem
    whole = aggregate(values, weights, states, rule=rule).table.drop(columns="rank")
    alone = aggregate(values.iloc[:1], weights, states.iloc[:1], rule=rule).table.drop(columns="rank")
    pd.testing.assert_frame_equal(alone, whole.iloc[:1], rtol=0, atol=1e-10)
    rows, columns = values.index[::-1], values.columns[::-1]
    turned = aggregate(values.loc[rows, columns], weights * scale, states, rule=rule).table
    pd.testing.assert_frame_equal(turned.drop(columns="rank").loc[values.index], whole, rtol=0, atol=1e-10)


@given(problems())
def test_only_scored_alternatives_have_a_rank_and_nothing_given_is_changed(problem):
    values, weights, states, rule = problem
    kept = values.copy(), weights.copy(), states.copy()
    got = aggregate(values, weights, states, rule=rule).table
    assert got["rank"].notna().equals(got["state"] == "scored")
    assert not (got["score"].isna() & got["rank"].notna()).any()
    scored = got[got["state"] == "scored"]
    for label, row in scored.iterrows():
        better = (scored["score"].round(9) > round(row["score"], 9)).sum()
        assert row["rank"] == 1 + better, label
    for before, after in zip(kept, (values, weights, states), strict=True):
        assert before.equals(after)
