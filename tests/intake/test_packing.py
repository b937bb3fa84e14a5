from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from digistrat.intake.forms import Column
from digistrat.intake.packing import join_columns, pack_column

VALUES: dict[str, st.SearchStrategy[Any]] = {
    "number": st.floats(allow_nan=False),
    "amount": st.floats(allow_nan=False, allow_infinity=False),
    "integer": st.integers(-(2**53), 2**53),
    "boolean": st.booleans(),
    "date": st.dates(),
    "text": st.text(),
    "identifier": st.text(min_size=1),
    "choice": st.sampled_from(["existing", "possible"]),
    "list": st.lists(st.text(), min_size=1).map(tuple),
}
DTYPES = {
    "number": "float64", "amount": "float64", "integer": "Int64", "boolean": "boolean",
    "date": "datetime64[s]", "text": "str", "identifier": "str", "choice": "str", "list": "object",
}  # fmt: skip


@pytest.mark.parametrize("kind", VALUES)
@given(data=st.data())
def test_what_is_packed_comes_out_again(kind, data):
    column = Column(name="c", kind=kind)
    values = data.draw(st.lists(st.none() | VALUES[kind], max_size=8))
    cut = data.draw(st.integers(0, len(values)))
    blocks = [pack_column(column, values[:cut]), pack_column(column, values[cut:])]
    series = join_columns(column, blocks, pd.RangeIndex(len(values)))
    assert series.dtype == DTYPES[kind]
    for found, value in zip(series, values, strict=True):
        if kind == "list":
            assert found == (value or ())
        elif value is None:
            assert pd.isna(found)
        elif kind == "date":
            # a year before the first that a timestamp in nanoseconds has is no problem in seconds
            assert found == pd.Timestamp(dt.datetime(value.year, value.month, value.day)).as_unit("s")
        else:
            assert found == value
            assert isinstance(found, (bool, np.bool_)) == (kind == "boolean")


@pytest.mark.parametrize("kind", VALUES)
def test_no_blocks_give_an_empty_column_of_the_kind(kind):
    series = join_columns(Column(name="c", kind=kind), [], pd.Index([], dtype="str"))
    assert (series.dtype, len(series)) == (DTYPES[kind], 0)
