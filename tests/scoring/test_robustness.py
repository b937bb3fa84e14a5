"""SMAA against exact geometry and a slow reference; published cases stand in test_cases."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import beta, rankdata

from digistrat.scoring import counting, draws
from digistrat.scoring.composite import Scores, score_table
from digistrat.scoring.robustness import (
    RankRobustness,
    first_k_acceptability,
    pairwise_winning,
    rank_robustness,
    sample_weights,
    smaa,
)


def scores_of(rows: dict[str, list], weights: list[float], rule: str = "weighted_mean") -> Scores:
    """Score rows on 0–100; None is missing, - not applicable."""
    names = [f"c{j}" for j in range(len(weights))]
    cells = pd.DataFrame.from_dict(rows, orient="index", columns=names).astype(object)
    states = cells.map(lambda c: "not_applicable" if c == "-" else "missing" if pd.isna(c) else "assessed")
    raw = cells.where(states == "assessed", np.nan).astype(float)
    criteria = pd.DataFrame({"weight": weights, "floor": 0.0, "target": 100.0}, index=names)
    return score_table(raw, states, criteria, rule=rule)


def random_scores(seed: int, n: int, m: int, gaps: float, rule: str = "weighted_mean") -> Scores:
    rng = np.random.default_rng(seed)
    cells = rng.uniform(1, 100, (n, m)).round(1).astype(object)
    cells[rng.random((n, m)) < gaps] = None
    cells[rng.random((n, m)) < 0.1] = "-"
    cells[:, 0] = rng.uniform(1, 100, n)
    return scores_of({f"p{i}": row for i, row in enumerate(cells.tolist())}, [100 / m] * m, rule)


def error(share: float, n: int) -> float:
    """Four standard errors of a share that was counted in n samples."""
    return 4 * (share * (1 - share) / n) ** 0.5 + 1e-12


# --- known answers ---


@pytest.mark.parametrize(
    ("rule", "sure", "unsure", "wins"),
    [
        # mean of 50 and u beats 50 when u > 50
        ("weighted_mean", [50, 50], [50, None], 0.5),
        # the lower of 100 and u beats 70 when u > 70
        ("minimum", [70, 100], [100, None], 0.3),
        # the root of 1 · u beats 0.5 when u > 1/4
        ("geometric", [25, 100], [100, None], 0.75),
        # out of the denominator, (50 + u) / 2 beats 50 as in the first case
        ("weighted_mean", [50, 50, 50], [50, None, "-"], 0.5),
    ],
)
def test_a_missing_rating_is_any_value_between_floor_and_target(rule, sure, unsure, wins):
    scores = scores_of({"sure": sure, "unsure": unsure}, [100 / len(sure)] * len(sure), rule)
    got = rank_robustness(scores, n_samples=20_000, seed=3, concentration=1e9, include="all")
    assert got.first_k(1)["unsure"] == pytest.approx(wins, abs=error(wins, 20_000))
    assert got.confidence["unsure"] == pytest.approx(wins, abs=error(wins, 20_000))
    assert got.pairwise_winning.loc["unsure", "sure"] == got.first_k(1)["unsure"]


def test_geometric_rule_with_a_zero_is_zero_in_every_sample():
    scores = scores_of({"zero": [0, None], "low": [1, 1]}, [50, 50], "geometric")
    got = rank_robustness(scores, n_samples=500, include="all")
    assert got.acceptability.loc["low", 1] == 1
    assert got.acceptability.loc["zero", 2] == 1


def between(rows: dict[str, list], target: float, step: float, rule: str = "weighted_mean") -> Scores:
    """Score ratings from 0 to a target in steps; (value, low, high) is known as an interval, None missing."""
    names = [f"c{j}" for j in range(len(next(iter(rows.values()))))]
    cells = pd.DataFrame.from_dict(rows, orient="index", columns=names).astype(object)
    raw, low, high = (
        cells.map(lambda cell, end=end: cell[end] if isinstance(cell, tuple) else cell).astype(float)
        for end in range(3)
    )
    weight = [100 / len(names)] * len(names)
    criteria = pd.DataFrame({"weight": weight, "floor": 0.0, "target": target, "step": step}, index=names)
    return score_table(raw, None, criteria, rule=rule, low=low, high=high)


@pytest.mark.parametrize(
    ("rule", "sure", "unsure", "better", "first"),
    [
        # (4 + u) / 2 against 7 / 2: level 4 wins, level 3 ties
        ("weighted_mean", [4, 3], [4, None], 1 / 5, 2 / 5),
        # of levels 1 to 4: both at 3 or 4 beat 2, at 2 or more tie
        ("minimum", [2, 4], [(2, 1, 4), (2, 1, 4)], (2 / 4) ** 2, (3 / 4) ** 2),
        # the root of 4 u against 4: only level 4 ties
        ("geometric", [4, 4], [4, None], 0, 1 / 5),
    ],
)
def test_a_missing_level_is_one_of_the_levels(rule, sure, unsure, better, first):
    scores = between({"sure": sure, "unsure": unsure}, target=4, step=1, rule=rule)
    got = rank_robustness(scores, n_samples=20_000, seed=3, concentration=1e9, include="all")
    assert got.pairwise_winning.loc["unsure", "sure"] == pytest.approx(better, abs=error(better, 20_000))
    assert got.first_k(1)["unsure"] == pytest.approx(first, abs=error(first, 20_000))
    assert got.confidence["unsure"] == pytest.approx(first, abs=error(first, 20_000))


@pytest.mark.parametrize(
    ("sure", "step", "better"),
    [
        (7.5, 0, 1 / 4),  # any value from 6 to 8
        (7, 1, 1 / 3),  # 6, 7, 8
        (7, 0.5, 2 / 5),  # 6, 6.5 … 8
        (6.9, 10, 1 / 1.8),  # no level between: any value from 6.1 to 7.9
    ],
)
def test_an_interval_is_drawn_between_its_ends(sure, step, better):
    unsure = (7, 6.1, 7.9) if step == 10 else (7, 6, 8)
    scores = between({"sure": [sure], "unsure": [unsure]}, target=10, step=step)
    got = rank_robustness(scores, n_samples=20_000, seed=3)
    assert got.assumptions["n_uncertain"] == 1
    assert got.pairwise(["unsure"]).loc["unsure", "sure"] == pytest.approx(better, abs=error(better, 20_000))


def test_a_missing_answer_is_yes_or_no():
    scores = scores_of({"sure": [100, 0], "unsure": [100, None]}, [50, 50], "share_of_yes")
    got = rank_robustness(scores, n_samples=20_000, seed=2, include="all")
    assert got.pairwise_winning.loc["unsure", "sure"] == pytest.approx(0.5, abs=error(0.5, 20_000))
    assert got.first_k(1)["unsure"] == 1  # never anything between


def test_groups_keep_their_weight_where_something_does_not_apply():
    # a = 100 in a group of weight 50, of which b does not apply, c = 0: nested 50, flat 33.3
    criteria = pd.DataFrame(
        {"weight": [25.0, 25, 50], "floor": 0.0, "target": 100.0, "group": ["x", "x", "y"]}, index=list("abc")
    )
    raw = pd.DataFrame([[100, np.nan, 0], [45, 45, 45.0]], index=["open", "even"], columns=list("abc"))
    states = pd.DataFrame("assessed", index=raw.index, columns=raw.columns).mask(raw.isna(), "not_applicable")
    scores = score_table(raw, states, criteria, rule="weighted_mean")
    assert rank_robustness(scores, n_samples=50, concentration=1e9).first_k(1)["open"] == 1


@pytest.mark.parametrize(
    ("rule", "group_rule"),
    [
        ("weighted_mean", None),
        ("geometric", None),
        ("harmonic", None),
        ("minimum", None),
        ("weighted_mean", "geometric"),
    ],
)
def test_each_sample_is_ranked_as_scores_with_its_weights_are(rule, group_rule):
    rng = np.random.default_rng(8)
    names = list("abcde")
    raw = pd.DataFrame(rng.uniform(1, 100, (9, 5)), columns=names)
    states = pd.DataFrame(np.where(rng.random((9, 5)) < 0.3, "not_applicable", "assessed"), columns=names)
    raw = raw.where(states == "assessed")
    criteria = pd.DataFrame(
        {"weight": [10.0, 20, 30, 15, 25], "floor": 0.0, "target": 100.0}, index=pd.Index(names)
    )
    criteria = criteria.assign(group=list("xxyyz"), parent=["p", "p", "p", "p", ""])

    def scored(weight) -> Scores:
        return score_table(raw, states, criteria.assign(weight=weight), rule=rule, group_rule=group_rule)

    scores = scored(criteria["weight"])
    got = rank_robustness(scores, n_samples=20, seed=4, concentration=10)
    counts = np.zeros(got.acceptability.shape)
    for weights in sample_weights(criteria["weight"], 20, 4, concentration=10):
        ranks = scored(weights * 100).table["rank"].to_numpy(dtype=int)
        counts[np.arange(len(ranks)), ranks - 1] += 1
    np.testing.assert_allclose(got.acceptability, counts / 20, rtol=0, atol=1e-12)


def test_ranks_and_rank_intervals_speak_of_the_same_field():
    scores = random_scores(seed=6, n=30, m=5, gaps=0.35)
    assert (scores.table["state"] == "provisional").sum() > 3
    got = rank_robustness(scores, n_samples=20)
    assert got.scope["is_included"].tolist() == scores.table["rank"].notna().tolist()
    assert got.scope.loc[~got.scope["is_included"], "reason"].unique().tolist() == ["provisional"]
    sure = scores_of(
        {"a": [80, 40], "open": [90, None], "b": [45, 75], "c": [60, 60], "d": [0, 99]}, [40, 60]
    )
    interval = rank_robustness(sure, n_samples=20, concentration=1e15).rank_interval
    ranks = sure.table["rank"].dropna()
    assert interval["p05"].to_dict() == interval["p95"].to_dict() == ranks.to_dict()


def test_weights_within_ranges_and_in_an_order():
    scores = scores_of({"a": [100, 0], "b": [0, 100]}, [50, 50])
    low = rank_robustness(scores, n_samples=200, weights="ranges", upper={"c0": 40})
    assert low.first_k(1).tolist() == [0, 1]
    assert low.central_weights.loc["b", "c0"] == pytest.approx(0.2, abs=0.04)
    assert low.assumptions["upper"] == {"c0": 40}
    ordered = rank_robustness(scores, n_samples=200, weights="order", order=["c0", "c1"])
    assert ordered.first_k(1).tolist() == [1, 0]
    assert "concentration" not in ordered.assumptions


def test_alternatives_alike_share_their_ranks():
    scores = scores_of({"a": [80, 40], "b": [80, 40], "c": [10, 10]}, [60, 40])
    got = rank_robustness(scores, n_samples=1000)
    assert got.acceptability.to_numpy().tolist() == [[1, 0, 0], [1, 0, 0], [0, 0, 1]]
    assert got.pairwise_winning.loc["a"].tolist() == [0, 0, 1]
    assert got.rank_interval.loc["b"].tolist() == [1, 1, 1]
    assert got.rank_interval.loc["c"].tolist() == [3, 3, 3]


def test_rank_interval_counts_shares_of_samples():
    # weights on a grid: b is first up to w1 = 0.30, a from there on
    share = (np.arange(100) + 0.5) / 100
    got = smaa(pd.DataFrame([[1, 0], [0, 3 / 7]], index=["a", "b"]), np.column_stack([share, 1 - share]))
    assert got.acceptability.loc["a"].tolist() == pytest.approx([0.7, 0.3])
    assert got.rank_interval.loc["a"].tolist() == [1, 1, 2]
    assert got.rank_interval.loc["b"].tolist() == [1, 2, 2]
    half = smaa(pd.DataFrame(np.eye(2)), np.column_stack([share, 1 - share])).rank_interval
    assert half["p50"].tolist() == [1, 1]  # exactly half of the samples


# --- against closed forms: a line or a triangle of weights cut where two scores cross ---


def test_all_possible_weights_cut_a_triangle_by_hand():
    # a is first where w0 > 1/2, c where w1 > 1/2: each a quarter of the triangle; b has 50 everywhere, d less
    rows = {"a": [100, 0, 0], "b": [50, 50, 50], "c": [0, 100, 0], "d": [0, 0, 0]}
    n = 40_000
    got = rank_robustness(scores_of(rows, [60, 30, 10]), n_samples=n, weights="simplex")
    # a and c are the last but one where the other is first, and in half of the rest
    expected = [[1 / 4, 1 / 4, 1 / 2, 0], [1 / 2, 1 / 2, 0, 0], [1 / 4, 1 / 4, 1 / 2, 0], [0, 0, 0, 1]]
    np.testing.assert_allclose(got.acceptability, expected, atol=error(0.5, n))
    assert got.first_k(2).tolist() == pytest.approx([1 / 2, 1, 1 / 2, 0], abs=error(0.5, n))
    # the corner is a triangle of half the size: its middle lies at 1/2 + 1/2 · 1/3; b has what is left of 1/3
    middle = [[2 / 3, 1 / 6, 1 / 6], [1 / 4, 1 / 4, 1 / 2], [1 / 6, 2 / 3, 1 / 6]]
    np.testing.assert_allclose(got.central_weights.loc[["a", "b", "c"]], middle, atol=0.01)
    assert got.confidence.loc[["a", "b", "c"]].tolist() == [1, 1, 1]
    assert got.central_weights.loc["d"].isna().all()  # never first: neither weights nor confidence
    assert pd.isna(got.confidence["d"])
    assert got.rank_interval.loc["a", ["p05", "p95"]].tolist() == [1, 3]
    assert got.rank_interval.loc["d"].tolist() == [4, 4, 4]
    wins = got.pairwise(["a"]).loc["a"].tolist()
    assert wins == pytest.approx([0, 1 / 4, 1 / 2, 1], abs=error(0.5, n))


@pytest.mark.parametrize(
    ("options", "even", "first", "central"),
    [
        # a has 100 w0, b a constant: a is first where w0 is above it
        ({"weights": "simplex"}, 30, 0.7, 0.65),
        ({"weights": "ranges", "lower": {"c0": 20}, "upper": {"c0": 70}}, 45, 0.5, 0.575),
        ({"weights": "ranges", "upper": {"c1": 60}}, 70, 0.5, 0.85),  # w0 from 40 to 100
        ({"weights": "order", "order": ["c0", "c1"]}, 80, 0.4, 0.9),  # w0 from 50 to 100
        # w0 is Beta(30, 20): its tail, and the mean within, 0.6 · the tail of Beta(31, 20) / the tail
        (
            {"weights": "around", "concentration": 50},
            55,
            beta.sf(0.55, 30, 20),
            0.6 * beta.sf(0.55, 31, 20) / beta.sf(0.55, 30, 20),
        ),
    ],
)
def test_weights_of_each_kind_cut_a_line_by_hand(options, even, first, central):
    n = 20_000
    got = rank_robustness(
        scores_of({"a": [100, 0], "b": [even, even]}, [60, 40]), n_samples=n, seed=5, **options
    )
    assert got.first_k(1).tolist() == pytest.approx([first, 1 - first], abs=error(first, n))
    assert got.central_weights.loc["a", "c0"] == pytest.approx(central, abs=0.005)
    assert got.pairwise_winning.loc["b", "a"] == pytest.approx(1 - first, abs=error(first, n))


# --- against a slow reference ---


@pytest.mark.parametrize("is_sampled", [False, True])
def test_counts_as_a_loop_over_samples_does(is_sampled):
    rng = np.random.default_rng(5)
    n_samples, n, m = 300, 7, 3
    # few different values, so that ties are common
    values = rng.integers(0, 3, (n_samples, n, m) if is_sampled else (n, m)).astype(float)
    weights = rng.multinomial(4, [0.5, 0.25, 0.25], n_samples) / 4
    got = smaa(values if is_sampled else pd.DataFrame(values), weights)

    counts, wins = np.zeros((n, n)), np.zeros((n, n))
    first_weights = [[] for _ in range(n)]
    for s in range(n_samples):
        score = (values[s] if is_sampled else values) @ weights[s]
        for i, rank in enumerate(rankdata(-score, method="min").astype(int)):
            counts[i, rank - 1] += 1
            wins[i] += score[i] > score
            if rank == 1:
                first_weights[i].append(weights[s])
    np.testing.assert_allclose(got.acceptability, counts / n_samples, rtol=0, atol=1e-12)
    np.testing.assert_allclose(got.pairwise_winning, wins / n_samples, rtol=0, atol=1e-12)
    for i, seen in enumerate(first_weights):
        central = got.central_weights.iloc[i]
        if not seen:
            assert central.isna().all()
            continue
        np.testing.assert_allclose(central, np.mean(seen, axis=0), rtol=0, atol=1e-12)
        at = values @ np.mean(seen, axis=0)
        is_first = at[..., i] >= at.max(axis=-1) - 1e-9
        assert got.confidence.iloc[i] == pytest.approx(is_first.mean())


@pytest.mark.parametrize("is_sampled", [False, True])
def test_first_places_and_pairs_are_the_same_without_ranking(is_sampled):
    rng = np.random.default_rng(6)
    values = rng.integers(0, 4, (400, 9, 3) if is_sampled else (9, 3)).astype(float)
    weights = rng.multinomial(4, [0.5, 0.25, 0.25], 400) / 4
    whole = smaa(values, weights)
    for k in (1, 3, 9):
        pd.testing.assert_series_equal(first_k_acceptability(values, weights, k), whole.first_k(k))
    pd.testing.assert_frame_equal(pairwise_winning(values, weights), whole.pairwise_winning)
    some = pairwise_winning(values, weights, alternatives=[7, 2])
    pd.testing.assert_frame_equal(some, whole.pairwise_winning.loc[[7, 2]])
    pd.testing.assert_frame_equal(whole.pairwise([7, 2]), some)


def test_first_places_and_pairs_rank_nothing(monkeypatch):
    def never(*_: object) -> None:
        raise AssertionError("nothing needs a rank")

    rng = np.random.default_rng(6)
    values, weights = rng.random((9, 3)), rng.random((50, 3))
    whole = smaa(values, weights)
    monkeypatch.setattr(counting, "ranked", never)
    assert first_k_acceptability(values, weights, 2).sum() == pytest.approx(2)
    assert pairwise_winning(values, weights).to_numpy().sum() == pytest.approx(9 * 8 / 2)
    assert whole.pairwise().to_numpy().sum() == pytest.approx(9 * 8 / 2)


@pytest.mark.parametrize("rule", ["weighted_mean", "geometric", "minimum"])
def test_ratings_are_drawn_as_an_independent_sample_is(rule):
    # the same shares, up to Monte Carlo error, as ranking complete tables drawn here
    scores = random_scores(seed=11, n=8, m=4, gaps=0.4, rule=rule)
    n_samples = 4000
    got = rank_robustness(scores, n_samples=n_samples, seed=2, concentration=30, include="all")
    rng = np.random.default_rng(99)
    names = scores.values.columns
    wanted = scores.states != "not_applicable"
    counts = np.zeros((8, 8))
    weights = rng.dirichlet(30 * scores.criteria["weight"].to_numpy() / 100, n_samples)
    for w in weights:
        full = scores.values.fillna(pd.DataFrame(rng.uniform(0, 100, (8, 4)), scores.values.index, names))
        used = wanted.to_numpy() * w
        used /= used.sum(axis=1, keepdims=True)
        if rule == "minimum":
            total = full.where(wanted).min(axis=1).to_numpy()
        elif rule == "geometric":
            total = np.prod(full.to_numpy() ** used, axis=1)
        else:
            total = (full.to_numpy() * used).sum(axis=1)
        counts[np.arange(8), rankdata(-total, method="min").astype(int) - 1] += 1
    # both sides are sampled: five standard errors of a difference, 64 shares compared
    share = counts / n_samples
    allowed = 5 * np.sqrt(2 * share * (1 - share) / n_samples) + 0.002
    assert (np.abs(got.acceptability.to_numpy() - share) < allowed).all()


@pytest.mark.parametrize("rule", ["weighted_mean", "geometric", "minimum"])
def test_confidence_is_the_first_rank_share_at_the_central_weights(rule):
    scores = random_scores(seed=4, n=12, m=4, gaps=0.5, rule=rule)
    got = rank_robustness(scores, n_samples=3000, seed=7, include="all")
    assert (got.confidence.dropna().between(0, 1)).all()
    for label in got.confidence.dropna().index:
        fixed = scores.criteria.assign(weight=got.central_weights.loc[label] * 100)
        at_central = score_table(scores.raw, scores.states, fixed, rule=rule)
        again = rank_robustness(at_central, n_samples=3000, seed=8, concentration=1e12, include="all")
        share = again.first_k(1)[label]
        allowed = 5 * (2 * max(share * (1 - share), 1e-3) / 3000) ** 0.5
        assert got.confidence[label] == pytest.approx(share, abs=allowed)


def test_without_gaps_it_is_smaa_of_the_same_weights():
    scores = scores_of({"a": [80, 40], "b": [45, 75], "c": [60, 60]}, [60, 40])
    got = rank_robustness(scores, n_samples=2000, seed=5, weights="simplex")
    weights = sample_weights(scores.criteria["weight"], 2000, 5, spread="simplex")
    again = smaa(scores.values, weights, seed=5)
    pd.testing.assert_frame_equal(got.acceptability, again.acceptability)
    pd.testing.assert_frame_equal(got.central_weights, again.central_weights)
    pd.testing.assert_series_equal(got.confidence, again.confidence)
    pd.testing.assert_frame_equal(got.rank_interval, again.rank_interval)


# --- scope, seeds, memory ---


def test_who_is_left_out_stands_in_the_scope():
    scores = scores_of(
        {"scored": [80, 40], "provisional": [90, None], "nothing": [None, None], "outside": ["-", "-"]},
        [40, 60],
    )
    got = rank_robustness(scores, n_samples=100)
    assert got.acceptability.index.tolist() == ["scored"]
    assert got.scope["reason"].tolist() == ["", "provisional", "not_scored", "not_scored"]
    assert got.assumptions["n_uncertain"] == 0
    everybody = rank_robustness(scores, n_samples=100, include="all")
    assert everybody.acceptability.index.tolist() == ["scored", "provisional"]
    assert everybody.scope["is_included"].tolist() == [True, True, False, False]
    assert everybody.scope["reason"].tolist() == ["", "", "not_scored", "not_scored"]
    assert everybody.assumptions["n_uncertain"] == 1
    assert "2 alternatives (2 left out), 100 samples, seed 1" in str(everybody)


def test_nobody_to_rank_gives_empty_tables():
    got = rank_robustness(scores_of({"nothing": [None, None]}, [40, 60]), n_samples=10)
    assert got.acceptability.empty
    assert got.confidence.empty
    assert "0 alternatives (1 left out)" in str(got)
    assert got.pairwise_winning.empty


def test_one_alternative_is_always_first():
    got = rank_robustness(scores_of({"a": [80, None]}, [60, 40]), n_samples=10, include="all")
    assert got.acceptability.to_numpy().tolist() == [[1.0]]
    assert got.confidence["a"] == 1


def test_the_same_seed_gives_the_same_and_pieces_do_not_matter(monkeypatch):
    scores = random_scores(seed=1, n=15, m=5, gaps=0.2)

    def results(**options) -> RankRobustness:
        return rank_robustness(scores, n_samples=500, include="all", **options)

    whole, other_seed = results(seed=1), results(seed=2)
    assert not whole.acceptability.equals(other_seed.acceptability)
    monkeypatch.setattr(draws, "BLOCK", 100)
    monkeypatch.setattr(draws, "PRODUCT", 300)
    monkeypatch.setattr(counting, "SORTED", 60)
    monkeypatch.setattr(counting, "COUNTED", 40)
    monkeypatch.setattr(counting, "COMPARED", 7)
    pieces = results(seed=1)
    pd.testing.assert_frame_equal(whole.acceptability, pieces.acceptability)
    pd.testing.assert_series_equal(whole.confidence, pieces.confidence)
    pd.testing.assert_frame_equal(whole.pairwise_winning, pieces.pairwise_winning)


def test_three_hundred_projects_stay_small_in_memory():
    import tracemalloc

    scores = random_scores(seed=2, n=320, m=10, gaps=0.15)
    tracemalloc.start()
    got = rank_robustness(scores, n_samples=10_000, include="all")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 300e6
    assert len(got.acceptability) == 320


# --- wrong calls ---


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: smaa(np.ones((4, 2, 2)), np.ones((5, 2))), "as many samples, not 4 and 5"),
        (lambda: smaa(np.ones((2, 2)), np.ones((5, 3))), "samples × 2 criteria"),
        (lambda: smaa(np.ones(2), np.ones((5, 2))), "2 or 3 dimensions"),
        (lambda: smaa(pd.DataFrame([[1, np.nan]]), np.ones((5, 2))), "finite"),
        (lambda: smaa(pd.DataFrame([[1, 2]]), -np.ones((5, 2))), "no weight negative"),
        (
            lambda: smaa(pd.DataFrame({"a": [1]}), pd.DataFrame({"b": [1]})),
            r"columns \['a'\], not \['b'\]",
        ),
        (lambda: rank_robustness(scores_of({"a": [1]}, [100]), weights="equal"), "not 'equal'"),
        (
            lambda: smaa(pd.DataFrame({1: [1.0], 2: [1.0]}), pd.DataFrame({"1": [1.0], "2": [1.0]})),
            r"columns \[1, 2\], not \['1', '2'\]",
        ),
        (lambda: smaa(np.ones((2, 2)), [[1, 0], [0, 0]]), "all zero, as they are in 1 samples, first 1"),
        (lambda: first_k_acceptability(np.ones((2, 2)), np.ones((5, 2)), 3), "k must be from 1 to 2, not 3"),
        (
            lambda: pairwise_winning(np.ones((2, 2)), np.ones((5, 2)), alternatives=[0, 5]),
            r"among the 2 that are ranked, not \[5\]",
        ),
        (lambda: rank_robustness(scores_of({"a": [1]}, [100]), include="some"), "not 'some'"),
        (
            lambda: rank_robustness(scores_of({"a": [1]}, [100]), n_samples=3).first_k(2),
            "k must be from 1 to 1",
        ),
    ],
)
def test_wrong_calls_name_what_was_given(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_weights_in_a_frame_are_aligned_by_label():
    values = pd.DataFrame({"x": [1.0, 0.0], "y": [0.0, 1.0]}, index=["a", "b"])
    got = smaa(values, pd.DataFrame({"y": [0.9, 0.8], "x": [0.1, 0.2]}))
    assert got.first_k(1).to_dict() == {"a": 0, "b": 1}


# --- invariants ---


@settings(max_examples=60)
@given(
    st.tuples(st.integers(1, 6), st.integers(1, 4)).flatmap(
        lambda shape: arrays(float, shape, elements=st.integers(0, 5).map(float))
    ),
    st.integers(0, 1000),
)
def test_acceptability_rows_sum_to_one_and_dominance_is_kept(values, seed):
    n, m = values.shape
    weights = np.random.default_rng(seed).dirichlet(np.ones(m), 50)
    got = smaa(pd.DataFrame(values), weights)
    np.testing.assert_allclose(got.acceptability.sum(axis=1), 1, rtol=0, atol=1e-12)
    assert got.first_k(n).tolist() == pytest.approx([1] * n)
    wins = got.pairwise_winning.to_numpy()
    assert ((wins + wins.T) <= 1 + 1e-12).all()
    for i in range(n):
        for j in range(n):
            if (values[i] >= values[j]).all():
                assert wins[j, i] == 0
    if len({tuple(row) for row in (values * np.pi).tolist()}) == n and (wins + wins.T + np.eye(n) == 1).all():
        np.testing.assert_allclose(got.acceptability.sum(axis=0), 1, rtol=0, atol=1e-12)  # no ties


@settings(max_examples=30)
@given(st.integers(0, 10_000), st.permutations(range(6)), st.floats(0.01, 100))
def test_order_of_alternatives_and_scale_of_values_change_nothing(seed, order, scale):
    rng = np.random.default_rng(seed)
    values = pd.DataFrame(rng.random((6, 3)), index=list("abcdef"))
    weights = rng.dirichlet(np.ones(3), 40)
    got = smaa(values, weights)
    turned = smaa(values.iloc[list(order)] * scale, weights * 100)
    pd.testing.assert_frame_equal(turned.acceptability.loc[values.index], got.acceptability)
    pd.testing.assert_series_equal(turned.confidence.loc[values.index], got.confidence)
    pd.testing.assert_frame_equal(turned.central_weights.loc[values.index] / 100, got.central_weights)
