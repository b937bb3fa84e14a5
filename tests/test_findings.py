from __future__ import annotations

import dataclasses
import random
from dataclasses import dataclass

import pandas as pd
import pytest

from digistrat.findings import (
    FINDING_COLUMNS,
    Finding,
    InventoryError,
    findings_frame,
    make_finding,
    require_valid,
)


@dataclass
class Record:
    findings: pd.DataFrame


def test_message_and_hint_come_from_the_catalogue():
    found = make_finding("total-row", "info", "en", file="A.xlsx", sheet="S", cell="A9", value="Sum {x} 50 %")
    assert "Sum {x} 50 %" in found.message
    assert found.hint
    assert (found.code, found.severity, found.cell) == ("total-row", "info", "A9")
    assert make_finding("total-row", "info").message != found.message


def test_values_go_before_the_place():
    found = make_finding(
        "column-not-mapped", "info", "en", values={"count": 7, "value": "shown"}, value="as it stands"
    )
    assert "shown" in found.message
    assert "7" in found.message
    assert found.value == "as it stands"


def test_a_code_without_words_or_without_its_values_is_an_error_of_ours():
    with pytest.raises(KeyError):
        make_finding("no-such-code", "info")
    with pytest.raises(KeyError):
        make_finding("duplicate-key", "info")  # says where the first one stands


def test_findings_are_values():
    with pytest.raises(dataclasses.FrozenInstanceError):
        make_finding("total-row", "info").code = "x"
    assert make_finding("total-row", "info") == make_finding("total-row", "info")


ORDERED = [
    Finding("b", "error"),
    Finding("a", "error", file="A.xlsx", sheet="S", cell="B2"),
    Finding("a", "error", file="A.xlsx", sheet="S", cell="Z2"),
    Finding("a", "error", file="A.xlsx", sheet="S", cell="AA2"),
    Finding("a", "error", file="A.xlsx", sheet="S", cell="B10"),
    Finding("a", "error", file="A.xlsx", sheet="T", cell="A1"),
    Finding("a", "error", file="B.xlsx"),
    Finding("a", "warning", file="A.xlsx"),
    Finding("a", "info", file="A.xlsx", sheet="S", cell="A1"),
    Finding("b", "info", file="A.xlsx", sheet="S", cell="A1"),
]


def test_errors_first_then_by_place_as_people_read():
    for seed in range(5):
        mixed = random.Random(seed).sample(ORDERED, len(ORDERED))
        frame = findings_frame(mixed)
        assert [Finding(*row) for row in frame.itertuples(index=False, name=None)] == ORDERED


def test_an_empty_frame_has_the_same_columns():
    for frame in (findings_frame([]), findings_frame(ORDERED)):
        assert list(frame) == list(FINDING_COLUMNS)
        assert set(frame.dtypes) == {pd.StringDtype(na_value=float("nan"))}
        assert frame.index.equals(pd.RangeIndex(len(frame)))
    assert FINDING_COLUMNS == (
        "code", "severity", "office_id", "file", "sheet", "cell", "table", "column", "value", "message",
        "hint",
    )  # fmt: skip


def test_only_errors_stop():
    require_valid(Record(findings_frame([])))
    require_valid(Record(findings_frame([f for f in ORDERED if f.severity != "error"])))


def test_the_first_ten_errors_are_named_with_their_places():
    findings = [
        Finding("a", "error", file="A.xlsx", sheet="S", cell=f"B{n}", message=f"m{n}") for n in range(1, 13)
    ]
    frame = findings_frame(findings)
    before = frame.copy(deep=True)
    with pytest.raises(InventoryError) as error:
        require_valid(Record(frame))
    lines = str(error.value).splitlines()
    assert lines[0] == "12 errors in the returns:"
    assert lines[1] == "  A.xlsx › S › B1: m1"
    assert lines[10:] == ["  A.xlsx › S › B10: m10", "  … and 2 more"]
    assert frame.equals(before)
    with pytest.raises(InventoryError, match=r"1 errors in the returns:\n  A\.xlsx: m$"):
        require_valid(Record(findings_frame([Finding("a", "error", file="A.xlsx", message="m")])))
