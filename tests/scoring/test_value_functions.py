"""Value functions: capped lines, declared points, steps, and what an interval of numbers becomes."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digistrat.scoring.values import (
    criterion_values,
    interval_values,
    linear_value,
    piecewise_value,
    stepwise_value,
)


@pytest.mark.parametrize(
    ("raw", "floor", "target", "value"),
    [(3, 0, 4, 75), (5, 0, 4, 100), (-1, 0, 4, 0), (30, 90, 0, 200 / 3), (120, 90, 0, 0), (1, 1, 5, 0)],
)
def test_linear_value_between_anchors_and_capped(raw, floor, target, value):
    assert linear_value(raw, floor, target) == pytest.approx(value)
    assert linear_value(np.array([raw, np.nan]), floor, target).tolist() == pytest.approx(
        [value, np.nan], nan_ok=True
    )


def test_linear_value_takes_anchors_by_column_label():
    raw = pd.DataFrame({"level": [1, None], "days": [45, 0]}, dtype="Float64")
    value = linear_value(raw, pd.Series({"days": 90, "level": 0}), pd.Series({"days": 0, "level": 4}))
    assert value["level"].tolist() == pytest.approx([25, np.nan], nan_ok=True)
    assert value["days"].tolist() == [50, 100]
    with pytest.raises(ValueError, match="floor must have one entry for each"):
        linear_value(raw, pd.Series({"days": 90}), 4)


@pytest.mark.parametrize(("floor", "target"), [(4, 4), (np.nan, 4), (0, np.inf)])
def test_linear_value_refuses_anchors_without_a_span(floor, target):
    with pytest.raises(ValueError, match="floor"):
        linear_value(3.0, floor, target)


def test_piecewise_value_by_hand():
    points = [(0, 100), (30, 60), (90, 0)]  # days: the first month costs most of the value
    assert piecewise_value(np.array([-5.0, 0, 15, 30, 60, 90, 400]), points).tolist() == [
        100, 100, 80, 60, 30, 0, 0,
    ]  # fmt: skip
    assert np.isnan(piecewise_value(np.array([np.nan]), points)).all()


def test_stepwise_value_by_hand():
    points = [(1, 20), (3, 20.5), (4, 100)]
    assert stepwise_value(np.array([0.0, 1, 2.999, 3, 3.9, 4, 9]), points).tolist() == [
        0, 20, 20, 20.5, 20.5, 100, 100,
    ]  # fmt: skip
    assert np.isnan(stepwise_value(np.array([np.nan]), points)).all()


@pytest.mark.parametrize("function", [piecewise_value, stepwise_value])
@pytest.mark.parametrize(
    "points",
    [
        (),
        [(2, 50), (2, 60)],
        [(3, 0), (1, 100)],
        [(0, -1), (1, 50)],
        [(0, 0), (1, 101)],
        [(0, 0), (np.inf, 1)],
    ],
)
def test_points_that_are_none_are_refused(function, points):
    with pytest.raises(ValueError, match="points must be at least"):
        function(np.array([1.0]), points)


def test_one_point_is_a_step_but_no_line():
    assert stepwise_value(np.array([1.0, 5.0]), [(5, 100)]).tolist() == [0, 100]
    with pytest.raises(ValueError, match="at least 2 pairs"):
        piecewise_value(np.array([1.0]), [(5, 100)])


CRITERIA = pd.DataFrame(
    {
        "floor": [0.0, 90.0, 0.0, 0.0],
        "target": [4.0, 0.0, 20.0, 4.0],
        "shape": ["linear", "linear", "piecewise", "stepwise"],
        "points": [(), (), ((0, 0), (10, 100), (20, 50)), ((2, 50), (3, 100))],
    },
    index=["level", "days", "peak", "steps"],
)


def test_each_column_has_its_own_value_function_whatever_their_order():
    raw = pd.DataFrame({"level": [3.0, np.nan], "days": [45, 100], "peak": [5, 15], "steps": [1, 2]})
    got = criterion_values(raw, CRITERIA)
    assert got.fillna(-1).values.tolist() == [[75, 50, 50, 0], [-1, 0, 75, 50]]
    with pytest.raises(ValueError, match="points must be at least 1"):
        criterion_values(raw[["steps"]], CRITERIA.loc[["steps"], ["floor", "target", "shape"]])


def test_an_interval_becomes_the_values_it_may_have():
    low = pd.DataFrame({"level": [1.0], "days": [9], "peak": [5], "steps": [1.5]})
    high = pd.DataFrame({"level": [2.0], "days": [45], "peak": [18], "steps": [2.5]})
    lower, upper = interval_values(low, high, CRITERIA)
    # fewer days are better; between 5 and 18 the peak of 100 is passed, at 5 it is 50, at 18 it is 60
    assert lower.iloc[0].tolist() == [25, 50, 50, 0]
    assert upper.iloc[0].tolist() == [50, 90, 100, 50]


numbers = st.floats(-5, 30)


@settings(max_examples=60)
@given(numbers, numbers, st.floats(0, 1))
def test_no_number_of_an_interval_has_a_value_outside(one, other, share):
    low, high = min(one, other), max(one, other)
    inside = min(max(low + share * (high - low), low), high)
    frames = [pd.DataFrame([[number] * 4], columns=CRITERIA.index) for number in (low, inside, high)]
    lower, upper = interval_values(frames[0], frames[2], CRITERIA)
    value = criterion_values(frames[1], CRITERIA)
    assert (lower <= value + 1e-9).all(axis=None)
    assert (value <= upper + 1e-9).all(axis=None)
    assert (upper <= 100).all(axis=None)
    assert (lower >= 0).all(axis=None)
