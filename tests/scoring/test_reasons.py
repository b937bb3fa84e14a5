"""A rank in words: the weight that a sentence names turns the rank, and differences add up."""

from __future__ import annotations

import re
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digistrat.scoring.composite import Scores, score_table
from digistrat.scoring.reasons import compare, reason

TURN = {
    "de": re.compile(
        r"fällt hinter „(.+?)“(?: \((.+?)\))? zurück, sobald das Gewicht von „(.+?)“ "
        r"(über|unter) ([\d,]+) % (?:steigt|sinkt) \(heute ([\d,]+) %\)"
    ),
    "en": re.compile(
        r"falls behind “(.+?)”(?: \((.+?)\))? as soon as the weight of “(.+?)” "
        r"(?:rises|drops) (above|below) ([\d.]+)% \(today ([\d.]+)%\)"
    ),
}


def scores_of(
    raw: Any,
    weights: list[float],
    *,
    rule: str = "weighted_mean",
    groups: list[str] | None = None,
    **more: Any,
) -> Scores:
    """Scores of points 0–10, criteria c0, c1 …, alternatives p0, p1 …"""
    frame = pd.DataFrame(raw, dtype=float)
    frame.columns = [f"c{j}" for j in range(frame.shape[1])]
    frame.index = [f"p{i}" for i in range(len(frame))]
    criteria = pd.DataFrame({"weight": weights, "floor": 0, "target": 10}, index=frame.columns)
    if groups:
        criteria["group"] = groups
    states = more.pop("states", None)
    if states is not None:
        states = pd.DataFrame(states, index=frame.index, columns=frame.columns)
    return score_table(frame, states, criteria, rule=rule, **more)


def in_language(scores: Scores, language: str, **thresholds: float) -> Scores:
    limits = {"coverage": 2 / 3, "group_coverage": 0.5, **thresholds}
    strategy = SimpleNamespace(language=language, thresholds=SimpleNamespace(**limits))
    return replace(scores, inventory=SimpleNamespace(strategy=strategy))


def said(sentence: str, language: str = "de") -> tuple[str, str, int, float, float] | None:
    """Rival, criterion, direction, weight and today's weight of a sentence."""
    found = TURN[language].search(sentence)
    if found is None:
        return None
    rival, _, criterion, side, limit, now = found.groups()
    direction = 1 if side in ("über", "above") else -1
    return rival, criterion, direction, *(float(n.replace(",", ".")) for n in (limit, now))  # type: ignore[return-value]


def moved(weights: npt.NDArray[Any], c: int, to: float) -> npt.NDArray[Any]:
    """One weight at a place, the others sharing the rest in proportion."""
    new = weights * (100 - to) / (100 - weights[c])
    new[c] = to
    return new


def test_the_issue_s_sentence() -> None:
    # a: 10 t + 0, b: 4 t + 9 (1 - t) on 0–10: equal at t = 60 %
    sentence = reason(scores_of([[10, 0], [4, 9]], [70, 30]), "p0")
    assert sentence == (
        "Rang 1: vor allem wegen „c0“ (100 von 100, im Mittel 70); fällt hinter „p1“ zurück, sobald das "
        "Gewicht von „c0“ unter 60 % sinkt (heute 70 %)"
    )
    english = reason(in_language(scores_of([[10, 0], [4, 9]], [70, 30]), "en"), "p0")
    assert english == (
        "Rank 1: mainly because of “c0” (100 of 100, average 70); falls behind “p1” as soon as the weight of "
        "“c0” drops below 60% (today 70%)"
    )


@settings(max_examples=60, deadline=None)
@given(
    raw=st.lists(st.lists(st.integers(0, 10), min_size=4, max_size=4), min_size=2, max_size=6),
    points=st.lists(st.integers(1, 9), min_size=4, max_size=4),
    language=st.sampled_from(["de", "en"]),
)
def test_the_weight_that_is_named_turns_the_rank_and_no_smaller_change_does(
    raw: list[list[int]], points: list[int], language: str
) -> None:
    weights = np.array(points) / sum(points) * 100
    scores = in_language(scores_of(raw, weights.tolist()), language)
    values = np.array(raw) * 10.0
    totals = values @ weights / 100
    for k, label in enumerate(scores.table.index):
        found = said(reason(scores, label), language)
        behind = [i for i in range(len(raw)) if i != k and totals[i] <= totals[k] + 1e-9]
        smallest = np.inf
        if found is not None:
            rival, criterion, direction, limit, now = found
            c, r = int(criterion[1:]), int(rival[1:])
            assert r in behind
            assert now == pytest.approx(weights[c], abs=6e-5)
            after = values @ moved(weights, c, limit + direction * 1e-3) / 100
            assert after[r] > after[k]
            smallest = abs(limit - weights[c])
        # who wants to contradict needs a smaller change: try every weight on a grid
        for c in range(4):
            for to in np.linspace(0.25, 99.75, 200):
                if abs(to - weights[c]) < smallest - 0.11:
                    after = values @ moved(weights, c, to) / 100
                    assert (after[behind] <= after[k] + 1e-9).all(), (label, c, to)


def test_with_groups_and_gaps_the_named_weight_turns_the_rank() -> None:
    rng = np.random.default_rng(3)
    raw = rng.integers(0, 11, (12, 5)).astype(float)
    raw[rng.random(raw.shape) < 0.15] = np.nan
    weights, groups = np.array([20, 15, 25, 10, 30.0]), ["x", "x", "y", "y", "z"]

    def total(row: npt.NDArray[Any], w: npt.NDArray[Any]) -> float:
        """Mean of the groups' means, by hand."""
        parts = [[c for c, g in enumerate(groups) if g == name] for name in ("x", "y", "z")]
        known = [[c for c in part if not np.isnan(row[c])] for part in parts]
        means = [np.average(row[k], weights=w[k]) if k else np.nan for k in known]
        share = [w[part].sum() for part, k in zip(parts, known, strict=True) if k]
        return float(np.average([m for m in means if not np.isnan(m)], weights=share))

    scores = scores_of(raw, weights.tolist(), groups=groups, coverage_threshold=0.5, group_threshold=0.0)
    scores = in_language(scores, "de", coverage=0.5, group_coverage=0.0)
    turned = 0
    for k, label in enumerate(scores.table.index):
        if scores.table.at[label, "state"] != "scored":
            continue
        found = said(reason(scores, label))
        if found is not None:
            rival, criterion, direction, limit, _ = found
            new = moved(weights, int(criterion[1:]), limit + direction * 1e-3)
            assert total(raw[int(rival[1:])], new) > total(raw[k], new)
            assert total(raw[int(rival[1:])], weights) <= total(raw[k], weights) + 1e-12
            turned += 1
    assert turned >= 8


def test_a_change_that_takes_the_rank_itself_is_not_named() -> None:
    # p1 passes p0 when c0 weighs more, but lacks c0: then so little of it is known that it has no rank
    raw = [[2, 8, 8], [np.nan, 7.9, 7.9], [0, 0, 0]]
    scores = in_language(scores_of(raw, [30.0, 35.0, 35.0]), "de")
    assert scores.table["state"].tolist() == ["scored"] * 3
    assert scores.table["rank"].tolist() == [2, 1, 3]
    raw[0] = [2, 10, 10]
    scores = in_language(scores_of(raw, [10.0, 45.0, 45.0]), "de")
    assert scores.table["rank"].tolist() == [1, 2, 3]
    # 10 - 8 t = 7.9 at t = 26.25 %: there 73.75 % of p1 are assessed, enough for a rank
    assert said(reason(scores, "p0")) == ("p1", "c0", 1, 26.3, 10.0)
    # where 80 % must be assessed it would have none
    strict = in_language(scores, "de", coverage=0.8)
    assert said(reason(strict, "p0")) is None
    assert "lässt sich nicht sicher sagen" in reason(strict, "p0")


def test_the_two_that_lift_most_are_named_and_below_the_mean_those_that_pull_down() -> None:
    scores = scores_of([[9, 8, 1, 5], [5, 5, 5, 5], [1, 2, 9, 5]], [40, 30, 20, 10])
    strong, weak = reason(scores, "p0"), reason(scores, "p2")
    # means are 50, 50, 50, 50: leads are 16, 9, -8, 0 and -16, -9, 8, 0
    assert "vor allem wegen „c0“ (90 von 100, im Mittel 50) und „c1“ (80 von 100, im Mittel 50);" in strong
    assert "niedriger Werte bei „c0“ (10 von 100, im Mittel 50) und „c1“ (20 von 100, im Mittel 50);" in weak
    assert weak.endswith("dahinter liegt niemand")


def test_who_shares_the_rank_is_said() -> None:
    scores = scores_of([[5, 5], [5, 5], [0, 0]], [50, 50])
    assert ", gleichauf mit „p1“; fällt hinter niemanden zurück" in reason(scores, "p0")
    scores = scores_of([[5, 5], [5, 5], [5, 5]], [50, 50])
    assert reason(scores, "p0").startswith(
        "Rang 1: kein Kriterium hebt sich vom Mittel ab, gleichauf mit 2 a"
    )


def test_what_is_open_is_said_of_a_rank() -> None:
    scores = scores_of([[8, np.nan], [1, 1]], [75, 25])
    # 80 with a 0 and with a 100: 60 and 85
    assert reason(scores, "p0").endswith("wegen offener Angaben sind 60,0 bis 85,0 von 100 Punkten möglich")


def test_minimum_names_the_criterion_that_decides_and_no_weight() -> None:
    sentence = reason(scores_of([[9, 3], [5, 1]], [80, 20], rule="minimum"), "p0")
    assert sentence == (
        "Rang 1: bestimmt durch den niedrigsten Wert, „c1“ (30 von 100, im Mittel 20); Gewichte spielen bei "
        "dieser Regel keine Rolle"
    )


def test_provisional_ones_say_why_and_what_to_ask_for() -> None:
    raw = [[8, np.nan, np.nan], [1, 1, 1]]
    scores = scores_of(raw, [50, 30, 20], cells=lambda one, by: f"A16.xlsx › Wirkung › {by}")
    assert reason(in_language(scores, "de"), "p0") == (
        "Ohne Rang, nur vorläufig bewertet: erst 50 % der Gewichte sind bewertet, nötig sind 67 %; "
        "offen: „c1“ (A16.xlsx › Wirkung › c1) und „c2“ (A16.xlsx › Wirkung › c2); "
        "möglich sind 40,0 bis 90,0 von 100 Punkten"
    )
    # without a strategy the share that is needed is not known
    assert "erst 50 % der Gewichte sind bewertet; offen" in reason(scores, "p0")


def test_a_thin_group_alone_makes_it_provisional() -> None:
    scores = in_language(scores_of([[8, 8, np.nan], [1, 1, 1]], [50, 30, 20], groups=["x", "x", "y"]), "en")
    sentence = reason(scores, "p0")
    assert sentence.startswith(
        "No rank, scored provisionally only: of “y” nothing is assessed, 50% are needed; open: “c2”;"
    )


def test_under_the_minimum_what_is_open_leaves_a_range() -> None:
    scores = in_language(scores_of([[8, np.nan], [1, 1]], [80, 20], rule="minimum"), "de")
    assert scores.table.at["p0", "state"] == "provisional"
    assert (
        "mit offenen Angaben gibt diese Regel nur eine Spanne; offen: „c1“; möglich sind 0,0 bis 80,0"
        in reason(scores, "p0")
    )


def test_not_scored_ones_say_why() -> None:
    states = [["missing", "unreadable"], ["assessed"] * 2, ["not_applicable"] * 2]
    scores = scores_of([[np.nan] * 2, [1, 1], [np.nan] * 2], [80, 20], states=states)
    assert reason(scores, "p0") == (
        "Ohne Rang, nicht bewertet: es liegt keine verwertbare Angabe vor, offen: „c0“ und „c1“, nicht lesbar"
    )
    assert reason(scores, "p2") == "Ohne Rang, nicht bewertet: kein Kriterium trifft zu"


def test_names_stand_in_one_line_with_their_key() -> None:
    scores = replace(scores_of([[10, 0], [4, 9]], [70, 30]), unit="project")
    projects = pd.DataFrame({"title": ["A", "Digitale\n Akte"]}, index=["p0", "p1"])
    scores = in_language(scores, "de")
    scores = replace(scores, inventory=SimpleNamespace(**vars(scores.inventory), projects=projects))
    assert "fällt hinter „Digitale Akte“ (p1) zurück" in reason(scores, "p0")


@settings(max_examples=60, deadline=None)
@given(
    raw=st.lists(
        st.lists(st.one_of(st.none(), st.floats(0, 10)), min_size=4, max_size=4), min_size=2, max_size=2
    ),
    is_grouped=st.booleans(),
)
def test_differences_add_up_and_are_sorted(raw: list[list[float | None]], is_grouped: bool) -> None:
    scores = scores_of(raw, [40, 30, 20, 10], groups=["x", "y", "x", "y"] if is_grouped else None)
    table = compare(scores, "p0", "p1")
    assert set(table.index) == {"c0", "c1", "c2", "c3"}
    if scores.table["score"].notna().all():
        first, second = scores.table["score"].to_numpy()
        difference = first - second
        assert table["difference"].sum() == pytest.approx(difference, abs=1e-12)
        assert table["cumulative"].iloc[-1] == pytest.approx(difference, abs=1e-12)
        assert table["difference"].is_monotonic_decreasing
    else:
        assert table["difference"].isna().all()


def test_compare_by_hand() -> None:
    scores = scores_of([[10, 2, np.nan], [4, 9, 5]], [50, 30, 20])
    table = compare(scores, "p0", "p1")
    # p0: c0 and c1 share 100 as 62.5 and 37.5; p1: 20, 27, 10
    assert table.index.tolist() == ["c0", "c2", "c1"]
    assert table["weight_a"].round(9).tolist()[:1] == [62.5]
    np.testing.assert_allclose(table["difference"], [62.5 - 20, -10, 7.5 - 27])
    np.testing.assert_allclose(table["cumulative"], [42.5, 32.5, 13.0])


def test_compare_under_a_rule_that_does_not_add_up_orders_by_values() -> None:
    table = compare(scores_of([[9, 1], [5, 5]], [80, 20], rule="minimum"), "p1", "p0")
    assert table.index.tolist() == ["c1", "c0"]
    assert table["difference"].isna().all()


def test_wrong_calls_name_close_ones() -> None:
    scores = scores_of([[10, 0], [4, 9]], [70, 30])
    for call in (
        lambda: reason(scores, "p9"),
        lambda: compare(scores, "p0", "p9"),
        lambda: scores.reason("p9"),
        lambda: scores.compare("p9", "p0"),
    ):
        with pytest.raises(ValueError, match="no alternative 'p9' in these scores; close: p"):
            call()


def test_thin_methods_are_the_functions() -> None:
    scores = scores_of([[10, 0], [4, 9]], [70, 30])
    assert scores.reason("p0") == reason(scores, "p0")
    pd.testing.assert_frame_equal(scores.compare("p0", "p1"), compare(scores, "p0", "p1"))
