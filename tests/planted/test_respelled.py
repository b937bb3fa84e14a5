"""What is read does not depend on how it is spelt: the same answers, written otherwise, without a finding."""

from __future__ import annotations

import random

import pandas as pd
import pytest
from planting import Round
from respelling import respell

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def clean(towns, tmp_path_factory):
    return Round(towns[0]).read(tmp_path_factory.mktemp("clean"))


@pytest.mark.parametrize("seed", [1, 2])
def test_other_spellings_of_the_same_answers_are_read_alike(towns, clean, tmp_path, seed):
    made = Round(towns[0])
    assert respell(made, random.Random(seed)) > 3_000
    inventory = made.read(tmp_path)
    assert inventory.findings[["file", "sheet", "cell", "code", "value"]].to_numpy().tolist() == []
    for name, frame in clean.tables.items():
        pd.testing.assert_frame_equal(inventory.tables[name], frame, obj=name, check_exact=False, rtol=1e-12)
