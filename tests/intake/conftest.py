"""Fixtures: one round of the example with faults and one without, written and read once."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from digistrat.example import Planted, generate_round
from digistrat.intake.returns import Returns, read_returns
from digistrat.inventory.record import standard_form
from digistrat.strategy import Strategy, load_strategy

ON = dt.date(2026, 4, 30)


@pytest.fixture(scope="session")
def strategy() -> Strategy:
    return load_strategy(Path(__file__).parents[2] / "data" / "strategy.toml")


@pytest.fixture(scope="session")
def faulty(strategy, tmp_path_factory) -> tuple[Path, Returns, list[Planted]]:
    folder = tmp_path_factory.mktemp("faulty")
    planted = generate_round(folder, strategy, ON, seed=7)
    return folder, read_returns(folder, standard_form(strategy)), planted


@pytest.fixture(scope="session")
def clean(strategy, tmp_path_factory) -> tuple[Path, Returns]:
    folder = tmp_path_factory.mktemp("clean")
    generate_round(folder, strategy, ON, seed=7, faults=False)
    return folder, read_returns(folder, standard_form(strategy))
