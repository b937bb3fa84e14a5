"""Sobol indices against closed forms."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from digistrat.scoring.sobol import sobol_indices


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_ishigami_within_its_bounds(shared, seed):
    # Ishigami & Homma (1990), a = 7, b = 0.1, closed form
    expected = json.loads((shared / "data/cases/sobol_ishigami.json").read_text("utf-8"))["expected"]

    def ishigami(x: pd.DataFrame) -> pd.Series:
        return np.sin(x["x1"]) + 7 * np.sin(x["x2"]) ** 2 + 0.1 * x["x3"] ** 4 * np.sin(x["x1"])

    got = sobol_indices(ishigami, dict.fromkeys(["x1", "x2", "x3"], (-np.pi, np.pi)), seed=seed)
    for order, exact in (("first", expected["S"]), ("total", expected["ST"])):
        assert (got[f"{order}_lower"] <= exact).all()
        assert (got[f"{order}_upper"] >= exact).all()
        np.testing.assert_allclose(got[order], exact, atol=0.02)
        assert (got[f"{order}_upper"] - got[f"{order}_lower"] < 0.15).all()


def test_any_distribution_and_a_wider_confidence():
    inputs = {"a": stats.norm(0, 3), "b": stats.norm(5, 1), "idle": (0, 1)}
    got = sobol_indices(lambda x: x["a"] + x["b"], inputs, n=2048)
    assert got["total"].tolist() == pytest.approx([0.9, 0.1, 0], abs=0.01)  # variances 9 and 1
    wider = sobol_indices(lambda x: x["a"] + x["b"], inputs, n=2048, confidence=0.99)
    width = [(t["first_upper"] - t["first_lower"])["a"] for t in (got, wider)]
    assert width[1] / width[0] == pytest.approx(2.576 / 1.960, rel=0.15)
    again = sobol_indices(lambda x: x["a"] + x["b"], inputs, n=2048)
    pd.testing.assert_frame_equal(got, again)


def test_a_single_input_decides_everything():
    got = sobol_indices(lambda x: 1e6 + x["a"] ** 2, {"a": (0, 1)}, n=1024)
    assert got.loc["a", ["first", "total"]].tolist() == pytest.approx([1, 1], abs=0.01)


def test_estimates_are_those_of_scipy():
    # on other samples of the same size: within what the bounds of both allow
    def model(x):
        return np.sin(x[0]) + x[1] ** 2 + x[0] * x[2]

    inputs = [stats.uniform(0, 2), stats.uniform(-1, 3), stats.norm(1, 1)]
    theirs = stats.sobol_indices(func=model, n=4096, dists=inputs, rng=np.random.default_rng(5))
    ours = sobol_indices(lambda x: model(x.to_numpy().T), dict(zip("abc", inputs, strict=True)), n=4096)
    np.testing.assert_allclose(ours["first"], theirs.first_order, atol=0.02)
    np.testing.assert_allclose(ours["total"], theirs.total_order, atol=0.02)


def test_resamples_without_variance_leave_finite_bounds():
    got = sobol_indices(lambda x: (x["a"] > 0.9).astype(float), {"a": (0, 1), "idle": (0, 1)}, n=8)
    assert np.isfinite(got).all(axis=None)
    assert got.loc["a", "total_lower"] == 0  # every third resample has none of the few
    assert (got.loc["idle"] == 0).all()


def test_a_result_that_never_varies_has_no_indices():
    assert sobol_indices(lambda x: 0 * x["a"] + 0.3, {"a": (0, 1)}, n=64).isna().all(axis=None)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: sobol_indices(len, {"a": (0, 1)}, n=100), "n must be a power of 2, not 100"),
        (lambda: sobol_indices(len, {"a": (0, 1)}, confidence=1), "confidence must lie between 0 and 1"),
        (lambda: sobol_indices(len, {}), "at least one input"),
        (lambda: sobol_indices(len, {"a": (1, 1)}), "low below high"),
        (lambda: sobol_indices(len, {"a": "wide"}), r"pairs \(low, high\) or have ppf, not 'wide'"),
        (lambda: sobol_indices(len, {"a": (0, 1)}), "one per sample"),
    ],
)
def test_wrong_calls_name_what_was_given(call, message):
    with pytest.raises(ValueError, match=message):
        call()
