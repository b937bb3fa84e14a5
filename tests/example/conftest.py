"""Fixtures: the example's rounds, with faults and clean, written once."""

from __future__ import annotations

from pathlib import Path

import pytest

from digistrat.example import Planted, generate
from digistrat.inventory.reading import read_inventory
from digistrat.inventory.record import Inventory
from digistrat.strategy import Strategy, load_strategy

DATA = Path(__file__).parents[2] / "data"
DATES = ("2025-10-31", "2026-04-30")


@pytest.fixture(scope="session")
def strategy() -> Strategy:
    return load_strategy(DATA / "strategy.toml")


@pytest.fixture(scope="session")
def faulty(strategy, tmp_path_factory) -> tuple[Path, dict[str, list[Planted]]]:
    folder = tmp_path_factory.mktemp("faulty")
    return folder, generate(folder, strategy)


@pytest.fixture(scope="session")
def clean(strategy, tmp_path_factory) -> dict[str, Inventory]:
    folder = tmp_path_factory.mktemp("clean")
    assert generate(folder, strategy, faults=False) == {date: [] for date in DATES}
    return {date: read_inventory(folder / date, strategy) for date in DATES}
