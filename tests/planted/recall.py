"""What is planted into the rounds of all towns, and what of it is found."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from planted_beside import BESIDE_KINDS, LINE_KINDS
from planted_cells import CELL_KINDS
from planted_dates import PROJECT_KINDS
from planted_files import FILE_KINDS, NAME_KINDS, OLD_KINDS, SENDER_KINDS
from planted_layout import LAYOUT_KINDS
from planted_profiles import PROFILE_KINDS
from planted_rounds import ROUND_KINDS
from planting import Kind, Place, Round, Town, plant_everywhere

# Kinds that would hide one another are planted into copies of their own.
GROUPS: dict[str, tuple[Kind, ...]] = {
    "cells": (*FILE_KINDS, *LINE_KINDS, *CELL_KINDS),
    "layout": (*NAME_KINDS, *LAYOUT_KINDS, *BESIDE_KINDS),
    "rounds": (*PROJECT_KINDS, *ROUND_KINDS, *PROFILE_KINDS, *SENDER_KINDS),
    "old": OLD_KINDS,
}
ALSO = {"unit-doubtful"}  # at the cells of a column whose header is the fault


@dataclass
class Tally:
    """What was planted, in how many books, and what was not found as planted."""

    planted: Counter[str] = field(default_factory=Counter)
    books: dict[str, set[tuple[int, str]]] = field(default_factory=dict)
    missing: list[tuple[int, int, Place]] = field(default_factory=list)
    extra: list[tuple[int, int, Place]] = field(default_factory=list)

    def compare(self, made: Round, folder: Path) -> None:
        """Write and read a round, and hold what is found against what was planted."""
        expected, found = made.expected(), made.found(folder)
        seed = made.world.seed
        for fault in made.planted:
            self.planted[fault.code] += 1
            self.books.setdefault(fault.code, set()).add((seed, fault.file))
        self.missing += [(seed, made.passing, place) for place in (expected - found).elements()]
        self.extra += [(seed, made.passing, place) for place in (found - expected).elements()]


def plant_all(kinds: Sequence[Kind], towns: Iterable[Town], new_folder: Callable[[str], Path]) -> Tally:
    """Plant kinds of fault into every book of every town that has a place for them; print how often."""
    tally = Tally()
    with pytest.MonkeyPatch.context() as patch:
        for town in towns:
            cache = str(new_folder("cache"))
            for made in plant_everywhere(town, kinds):
                # in later passes most books are without faults: those are read once
                patch.setenv("DIGISTRAT_CACHE", cache if made.passing else "off")
                tally.compare(made, new_folder("round"))
    print(f"\n{'code':28} planted  workbooks")
    for code, count in sorted(tally.planted.items()):
        print(f"{code:28} {count:7}  {len(tally.books[code]):9}")
    return tally


def check(tally: Tally, kinds: Sequence[Kind], least: int) -> None:
    """Assert that all was found where it was planted, nothing else was, and every kind had its place."""
    assert tally.missing == []
    assert tally.extra == []
    assert {kind.code for kind in kinds} <= tally.planted.keys()
    assert sum(tally.planted.values()) >= least
