"""Two hundred workbooks × all kinds of fault: that only the whole round shows."""

from __future__ import annotations

import pytest
from recall import GROUPS, check, plant_all

pytestmark = pytest.mark.slow


def test_every_fault_is_found_at_its_cell_and_nothing_more(towns, tmp_path_factory):
    tally = plant_all(GROUPS["rounds"], towns, tmp_path_factory.mktemp)
    check(tally, GROUPS["rounds"], 8_000)
