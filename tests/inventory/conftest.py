"""Fixtures: the strategy, a clean round of the example, and readers of small rounds."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import pytest
from books import Rows, write_book

from digistrat.example import generate_round
from digistrat.inventory.reading import read_inventory
from digistrat.inventory.record import Inventory
from digistrat.strategy import Strategy, load_strategy

DATA = Path(__file__).parents[2] / "data"


@pytest.fixture(scope="session")
def strategy() -> Strategy:
    return load_strategy(DATA / "strategy.toml")


@pytest.fixture(scope="session")
def clean(strategy, tmp_path_factory) -> Inventory:
    folder = tmp_path_factory.mktemp("clean") / "2026-04-30"
    generate_round(folder, strategy, dt.date(2026, 4, 30), offices=30, seed=5, faults=False)
    return read_inventory(folder, strategy)


@pytest.fixture
def read(strategy, tmp_path) -> Callable[..., Inventory]:
    """Write files, given as name → sheets, and read them as one round."""

    def write_and_read(on: str = "2026-04-30", **files: dict[str, Rows]) -> Inventory:
        for name, sheets in files.items():
            write_book(tmp_path / on / f"{name}.xlsx", sheets)
        return read_inventory(tmp_path / on, strategy)

    return write_and_read
