"""Two hundred workbooks × all kinds of fault: in single cells, and in files beside the right ones."""

from __future__ import annotations

import pytest
from recall import GROUPS, check, plant_all

pytestmark = pytest.mark.slow


def test_every_fault_is_found_at_its_cell_and_nothing_more(towns, tmp_path_factory):
    tally = plant_all(GROUPS["cells"], towns, tmp_path_factory.mktemp)
    check(tally, GROUPS["cells"], 13_000)


def test_an_old_format_is_said(towns, tmp_path_factory):
    """It is read in a process of its own, which takes its time: the books of one town."""
    pytest.importorskip("xlwt")
    tally = plant_all(GROUPS["old"], towns[:1], tmp_path_factory.mktemp)
    check(tally, GROUPS["old"], 30)
