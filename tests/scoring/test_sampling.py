"""Drawn weights against the moments of their distributions, and against rejection sampling."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digistrat.scoring.sampling import sample_weights


def test_dirichlet_weights_have_the_declared_mean_and_spread():
    nominal = pd.Series({"a": 60.0, "b": 30.0, "c": 10.0, "off": 0.0})
    drawn = sample_weights(nominal, 100_000, seed=3, concentration=50)
    share = nominal.to_numpy() / 100
    sd = np.sqrt(share * (1 - share) / 51)
    np.testing.assert_allclose(drawn.mean(axis=0), share, atol=0.001)
    np.testing.assert_allclose(drawn.std(axis=0), sd, atol=0.001)
    np.testing.assert_allclose(drawn.sum(axis=1), 1, atol=1e-12)
    assert (drawn[:, 3] == 0).all()


def test_simplex_weights_are_uniform_whatever_is_nominal():
    drawn = sample_weights(pd.Series([90, 5, 5]), 100_000, seed=3, spread="simplex")
    # one of three uniform weights is below t with probability 1 − (1 − t)²
    for t in (0.1, 0.5, 0.9):
        np.testing.assert_allclose((drawn < t).mean(axis=0), 1 - (1 - t) ** 2, atol=0.007)


def test_weights_in_an_order_have_the_rank_order_centroid_as_mean():
    # Barron & Barrett (1996): for three criteria .6111, .2778, .1111
    nominal = pd.Series({"c": 1, "off": 0, "a": 5, "b": 1})
    drawn = sample_weights(nominal, 100_000, 1, spread="order", order=["a", "b", "c"])
    np.testing.assert_allclose(drawn.mean(axis=0), [0.1111, 0, 0.6111, 0.2778], atol=0.002)
    assert (drawn[:, 2] >= drawn[:, 3]).all()
    assert (drawn[:, 3] >= drawn[:, 0]).all()


@pytest.mark.parametrize("n", [2, 5, 8])
def test_rank_order_centroids_of_any_number_of_criteria(n):
    drawn = sample_weights(pd.Series(np.ones(n)), 60_000, 4, spread="order", order=range(n))
    # (1 / n) (1 / r + … + 1 / n) for the criterion of rank r
    expected = [sum(1 / r for r in range(rank, n + 1)) / n for rank in range(1, n + 1)]
    np.testing.assert_allclose(drawn.mean(axis=0), expected, atol=0.003)


def test_two_weights_in_a_range_are_uniform():
    drawn = sample_weights(
        pd.Series({"a": 60, "b": 40}), 50_000, 1, spread="ranges", lower={"a": 20}, upper={"a": 70}
    )
    assert 0.2 <= drawn[:, 0].min() < 0.201
    assert 0.699 < drawn[:, 0].max() <= 0.7
    for t in (0.3, 0.45, 0.6):
        assert (drawn[:, 0] < t).mean() == pytest.approx((t - 0.2) / 0.5, abs=0.01)


def test_least_weights_alone_leave_a_smaller_simplex():
    lower = {"a": 10, "b": 20, "c": 0, "d": 30}  # what is left, 0.4, is shared out uniformly
    drawn = sample_weights(pd.Series(25.0, index=list("abcd")), 60_000, 2, spread="ranges", lower=lower)
    least = np.array(list(lower.values())) / 100
    np.testing.assert_allclose(drawn.mean(axis=0), least + 0.1, atol=0.002)
    np.testing.assert_allclose(drawn.std(axis=0), 0.4 * (3 / 80) ** 0.5, atol=0.002)  # Dirichlet(1, 1, 1, 1)


def test_weights_in_ranges_as_rejection_sampling_has_them():
    lower = pd.Series({"a": 5.0, "b": 10.0, "c": 0.0, "d": 20.0, "e": 0.0})
    upper = pd.Series({"a": 60.0, "b": 20.0, "c": 15.0, "d": 50.0, "e": 70.0})
    drawn = sample_weights(pd.Series(20.0, lower.index), 40_000, 3, spread="ranges", lower=lower, upper=upper)
    tried = np.random.default_rng(9).dirichlet(np.ones(5), 1_500_000)
    fits = tried[((tried >= lower.to_numpy() / 100) & (tried <= upper.to_numpy() / 100)).all(axis=1)]
    assert len(fits) > 20_000
    np.testing.assert_allclose(drawn.mean(axis=0), fits.mean(axis=0), atol=0.004)
    for q in (0.1, 0.5, 0.9):
        np.testing.assert_allclose(np.quantile(drawn, q, axis=0), np.quantile(fits, q, axis=0), atol=0.008)
    np.testing.assert_allclose(np.cov(drawn.T), np.cov(fits.T), atol=0.0006)


@settings(max_examples=40)
@given(st.lists(st.floats(0, 100), min_size=1, max_size=6), st.data(), st.integers(0, 99))
def test_weights_stay_in_their_ranges_and_sum_to_one(points, data, seed):
    # any range around a vector of weights has room
    weight = np.array(points) + 0.1
    share = weight / weight.sum() * 100
    of_one = st.lists(st.floats(0, 1), min_size=len(share), max_size=len(share))
    lower = pd.Series(share * data.draw(of_one))
    upper = pd.Series(share + (100 - share) * data.draw(of_one))
    drawn = sample_weights(pd.Series(share), 30, seed, spread="ranges", lower=lower, upper=upper)
    np.testing.assert_allclose(drawn.sum(axis=1), 1, rtol=0, atol=1e-9)
    assert (drawn * 100 >= lower.to_numpy() - 1e-7).all()
    assert (drawn * 100 <= upper.to_numpy() + 1e-7).all()


def test_the_same_seed_draws_the_same():
    nominal = pd.Series({"a": 60, "b": 40})
    for options in ({}, {"spread": "ranges", "upper": {"a": 70}}, {"spread": "order", "order": ["b", "a"]}):
        first, again, other = (sample_weights(nominal, 50, seed, **options) for seed in (1, 1, 2))
        assert first.tolist() == again.tolist()
        assert first.tolist() != other.tolist()


TWO = pd.Series({"a": 60, "b": 40})


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"nominal": pd.Series([0, 0])}, "nominal must not be negative and not all zero"),
        ({"n_samples": 0}, "n_samples must be at least 1, not 0"),
        ({"concentration": 0}, "concentration must be above 0"),
        ({"spread": "normal"}, "not 'normal'"),
        ({"spread": "ranges"}, "'ranges' need lower or upper"),
        ({"spread": "order"}, "'order' need order"),
        ({"lower": {"a": 5}}, "lower must not be given with weights of kind 'dirichlet'"),
        ({"spread": "ranges", "lower": {"c": 5}}, r"criteria of weight above 0 .*, not \['c'\]"),
        (
            {"spread": "ranges", "upper": {"a": 101}},
            "upper must lie between 0 and the sum of",
        ),
        ({"spread": "ranges", "lower": {"a": 50}, "upper": {"a": 40}}, "lower must not be above upper"),
        ({"spread": "ranges", "lower": {"a": 50, "b": 60}}, "they sum to 1.1 and 2"),
        ({"spread": "ranges", "upper": {"a": 50, "b": 40}}, "they sum to 0 and 0.9"),
        ({"spread": "order", "order": ["a"]}, r"every criterion of weight above 0 once .*, not \['a'\]"),
        ({"spread": "order", "order": ["a", "b", "a"]}, "once"),
    ],
)
def test_wrong_calls_name_what_was_given(options, message):
    with pytest.raises(ValueError, match=message):
        sample_weights(**{"nominal": TWO, "n_samples": 5, "seed": 1, **options})
