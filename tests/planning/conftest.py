"""The shipped round, read, selected and scheduled once for all tests of this folder."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

DATA = Path(__file__).resolve().parents[2] / "data"


@pytest.fixture(scope="session")
def round_2026() -> SimpleNamespace:
    """Inventory, portfolio and plan of the round of 2026-04-30."""
    from digistrat.inventory.reading import read_inventory
    from digistrat.planning.portfolio import select_portfolio
    from digistrat.planning.schedule import schedule
    from digistrat.scoring.impact import score_impact
    from digistrat.strategy import load_strategy

    inventory = read_inventory(DATA / "raw" / "2026-04-30", load_strategy(DATA / "strategy.toml"))
    portfolio = select_portfolio(inventory, score_impact(inventory))
    return SimpleNamespace(inventory=inventory, portfolio=portfolio, plan=schedule(inventory, portfolio))
