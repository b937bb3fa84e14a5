"""The shipped round, read, selected and scheduled once for all tests of this folder."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

import digistrat as ds

DATA = Path(__file__).resolve().parents[2] / "data"


@pytest.fixture(scope="session")
def round_2026() -> SimpleNamespace:
    """Inventory, portfolio and plan of the round of 2026-04-30."""
    inventory = ds.read_inventory(DATA / "raw" / "2026-04-30", ds.load_strategy(DATA / "strategy.toml"))
    portfolio = ds.select_portfolio(inventory, ds.score_impact(inventory))
    return SimpleNamespace(inventory=inventory, portfolio=portfolio, plan=ds.schedule(inventory, portfolio))
