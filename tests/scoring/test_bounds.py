"""Bounds of ranking methods: hand-computed, reached, and never left."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from digistrat.scoring.bounds import score_bounds
from digistrat.scoring.ranking import promethee2, topsis, weighted_product, weighted_sum

GAP = pd.DataFrame({"use": [80.0, 20.0], "reach": [np.nan, 60.0]}, index=["a", "b"])


def test_what_is_missing_may_be_anything_from_floor_to_target():
    assert score_bounds("weighted_sum", GAP, [75, 25]).to_numpy().tolist() == [[60, 85], [30, 30]]
    got = score_bounds("weighted_product", GAP, [1, 1])
    assert got.loc["a"].tolist() == pytest.approx([0, (80 * 100) ** 0.5])
    low, high = score_bounds("topsis", GAP, [1, 1], directions=[1, -1]).loc["a"]
    # reach 100 is the worst: distances 0.8 to the anti-ideal, (0.2² + 1²)^½ to the ideal; reach 0 the best
    assert low == pytest.approx(0.8 / (0.8 + 1.04**0.5))
    assert high == pytest.approx(1.64**0.5 / (1.64**0.5 + 0.2))


def test_intervals_of_every_cell():
    low = pd.DataFrame({"use": [70, 20], "reach": [10, 60]}, index=["a", "b"])
    high = pd.DataFrame({"reach": [30, 60], "use": [90, 20]}, index=["a", "b"])
    assert score_bounds("weighted_sum", GAP, [1, 1], low, high).to_numpy().tolist() == [[40, 60], [40, 40]]


def test_net_flows_lie_between_own_worst_against_best_and_the_reverse():
    got = score_bounds("promethee2", GAP, [3, 1])
    # a wins on use for sure, on reach it may win or lose against 60
    assert got.to_numpy().tolist() == pytest.approx(np.array([[0.5, 1.0], [-1.0, -0.5]]))
    sure = GAP.fillna(60.0)
    flow = promethee2(sure, [3, 1], [1, 1])["phi"]
    both = score_bounds("promethee2", sure, [3, 1])
    np.testing.assert_allclose(both["lower"], flow, rtol=0, atol=1e-12)
    np.testing.assert_allclose(both["upper"], flow, rtol=0, atol=1e-12)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: score_bounds("electre", GAP, [1, 1]), "method must be one of weighted_sum"),
        (lambda: score_bounds("weighted_sum", GAP, [1, 1], directions=[1, 1]), "directions belong to"),
        (lambda: score_bounds("topsis", GAP, [1, 1], q=3), "belong to method='promethee2'"),
        (lambda: score_bounds("weighted_sum", GAP, [1, 1], 70.0, 60.0), "low 70.0, value nan, high 60.0"),
        (lambda: score_bounds("weighted_sum", GAP, [1, 1], np.nan), "low must be finite"),
        (lambda: score_bounds("topsis", GAP * 2, [1, 1]), "values on 0–100"),
    ],
)
def test_wrong_calls_name_what_was_given(call, message):
    with pytest.raises(ValueError, match=message):
        call()


UP_DOWN = [1, -1, 1]
METHODS = {
    "weighted_sum": (weighted_sum, {}),
    "weighted_product": (weighted_product, {}),
    "topsis": (lambda v, w: topsis(v, w, UP_DOWN, "anchors"), {"directions": UP_DOWN}),
    "promethee2": (
        lambda v, w: promethee2(v, w, UP_DOWN, "linear", q=5, p=40)["phi"],
        {"directions": UP_DOWN, "preference": "linear", "q": 5, "p": 40},
    ),
}


@settings(max_examples=60)
@given(
    arrays(float, (2, 4, 3), elements=st.integers(0, 100).map(float)),
    arrays(float, (4, 3), elements=st.floats(0, 1)),
    st.sampled_from(list(METHODS)),
)
def test_every_completion_lies_within_and_the_bounds_are_reached(ends, part, method):
    score, options = METHODS[method]
    low, high = (pd.DataFrame(end) for end in (ends.min(axis=0), ends.max(axis=0)))
    weights = [0.5, 0.3, 0.2]
    got = score_bounds(method, low.where(low == high), weights, low, high, **options)
    inside = score(low + part * (high - low), weights)
    assert (inside >= got["lower"] - 1e-9).all()
    assert (inside <= got["upper"] + 1e-9).all()
    worse, better = low.copy(), high.copy()
    if options:
        worse[1], better[1] = high[1], low[1]
    for i in range(len(low)):  # own values worst, all others best, and the reverse
        others_best, others_worst = better.copy(), worse.copy()
        others_best.loc[i], others_worst.loc[i] = worse.loc[i], better.loc[i]
        assert score(others_best, weights)[i] == pytest.approx(got["lower"][i], abs=1e-9)
        assert score(others_worst, weights)[i] == pytest.approx(got["upper"][i], abs=1e-9)
