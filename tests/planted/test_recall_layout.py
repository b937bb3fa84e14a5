"""Two hundred workbooks × all kinds of fault: around the tables."""

from __future__ import annotations

import pytest
from recall import GROUPS, check, plant_all

pytestmark = pytest.mark.slow


def test_every_fault_is_found_at_its_cell_and_nothing_more(towns, tmp_path_factory):
    tally = plant_all(GROUPS["layout"], towns, tmp_path_factory.mktemp)
    check(tally, GROUPS["layout"], 10_000)
