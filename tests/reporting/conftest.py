"""Fixtures of the charts: records and drawings of several sizes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from chart_drawing import drawn, results
from matplotlib.axes import Axes


@pytest.fixture(scope="session")
def make_results() -> Callable[..., Any]:
    return results


@pytest.fixture(scope="session")
def make_charts() -> Callable[[int, str], dict[str, Axes]]:
    return drawn


@pytest.fixture(params=[(3, "de"), (3, "en"), (30, "de"), (30, "en"), (300, "de"), (300, "en")], ids=str)
def every_chart(request: pytest.FixtureRequest) -> dict[str, Axes]:
    return drawn(*request.param)
