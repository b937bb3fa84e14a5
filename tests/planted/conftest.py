"""Fixtures: the strategy with a closed organisation and a shorter scale, and the towns that get faults."""

from __future__ import annotations

import datetime as dt
import sys
from pathlib import Path

import pytest
from planting import Town

from digistrat.example.catalogue import extended_offices
from digistrat.example.rounds import ROUNDS
from digistrat.example.world import make_world
from digistrat.strategy import Office, Strategy, load_strategy

sys.path.append(str(Path(__file__).parents[1] / "intake"))  # making, seen

SEEDS = (11, 12, 13, 14, 15)  # of 39 organisations each, and two csv files


@pytest.fixture(scope="session")
def strategy() -> Strategy:
    known = load_strategy(Path(__file__).parents[2] / "data" / "strategy.toml")
    closed = Office(
        id="AFS",
        name="Amt für Fernschreiber",
        short_name="AFS",
        kind="office",
        valid_to=dt.date(2020, 12, 31),
    )
    # one criterion that goes to 8, where the others of its sheet go to 10
    last = known.impact.asked[-1]
    criteria = [c.model_copy(update={"target": 8.0}) if c is last else c for c in known.impact.criteria]
    impact = known.impact.model_copy(update={"criteria": tuple(criteria)})
    return known.model_copy(update={"offices": (*known.offices, closed), "impact": impact})


@pytest.fixture(scope="session")
def towns(strategy) -> list[Town]:
    offices = extended_offices(strategy, 39)
    return [Town(make_world(strategy, offices, seed, ROUNDS[seed % 2])) for seed in SEEDS]
