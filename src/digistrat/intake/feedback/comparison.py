"""What became of earlier findings: settled, still open, and what is new."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

import pandas as pd

from digistrat.findings import FINDING_COLUMNS, SEVERITIES
from digistrat.intake.feedback.writing import safe_text

# Findings that say that a file, a sheet or a column was not read, so that nothing in it can be settled.
_FILE_UNREAD = {"no-table-found", "same-return", "file-not-read"}
_TABLE_UNREAD = {("members-missing", "error"), ("column-missing", "error")}
_SHEET_UNREAD = {"sheet-not-used", "sheet-hidden", "sheet-lost"}

Row = dict[Any, str]


def require_findings(name: str, findings: pd.DataFrame) -> pd.DataFrame:
    """Return a findings frame with missing texts empty.

    Raises
    ------
    ValueError
        If a column is missing, or a severity is none.
    """
    missing = [column for column in FINDING_COLUMNS if column not in findings]
    if missing:
        raise ValueError(
            f"{name} must be a findings frame with the columns {', '.join(FINDING_COLUMNS)}; "
            f"{', '.join(missing)} are missing"
        )
    strange = findings[~findings["severity"].isin(SEVERITIES)]
    if len(strange):
        allowed = ", ".join(SEVERITIES)
        raise ValueError(f"{name} must have severities {allowed}, not {strange['severity'].iloc[0]!r}")
    return findings.fillna("").reset_index(drop=True)


def compare_findings(previous: pd.DataFrame, findings: pd.DataFrame) -> pd.DataFrame:
    """Tell what is settled, open and new since an earlier report on the same file.

    A finding is the same as an earlier one if code and value are the same at the same cell; or code and value
    in the same column, where rows have moved; or the code at the same cell, where another value is wrong in
    the same way; or both are errors or warnings about the same cell. Each earlier finding is matched once.
    One that is gone counts as settled only if its place was read again: what stood in a sheet or column that
    is missing now stays open.

    Parameters
    ----------
    previous, findings : DataFrame
        Findings of one file, earlier and now; their ``file`` and ``office_id`` are not compared.

    Returns
    -------
    DataFrame
        The columns of findings and ``progress``: today's findings in their order, ``open`` or ``new``, then
        earlier ones, ``open`` where their place was not read, then ``settled``.

    Raises
    ------
    ValueError
        If a frame lacks a column of findings.

    Examples
    --------
    >>> from digistrat.findings import Finding, findings_frame
    >>> before = findings_frame([Finding("not-a-date", "error", cell=cell) for cell in ("B2", "B3")])
    >>> now = findings_frame([Finding("not-a-date", "error", cell="B3"), Finding("range", "info", cell="C4")])
    >>> compare_findings(before, now)[["cell", "progress"]].to_numpy().tolist()
    [['B3', 'open'], ['C4', 'new'], ['B2', 'settled']]
    """
    columns = list(FINDING_COLUMNS)
    old = require_findings("previous", previous)[columns]
    new = require_findings("findings", findings)[columns]
    before, now = old.to_dict("records"), new.to_dict("records")
    matched = _match(before, now)
    today = new.assign(progress=["open" if number in matched else "new" for number in range(len(now))])
    gone = [number for number in range(len(before)) if number not in set(matched.values())]
    unread = _unread(now)
    rest = old.iloc[gone]
    rest = rest.assign(progress=["open" if unread(before[number]) else "settled" for number in gone])
    rest = rest.sort_values("progress", kind="stable")
    return pd.concat([today, rest], ignore_index=True).astype("str")


def _match(before: Sequence[Row], now: Sequence[Row]) -> dict[int, int]:
    """Match today's findings with earlier ones: number → number."""
    keys: tuple[Callable[[Row], Any], ...] = (
        lambda row: (row["sheet"], row["cell"], row["code"], safe_text(row["value"])),
        lambda row: (row["sheet"], row["table"], row["column"], row["code"], safe_text(row["value"])),
        lambda row: (row["sheet"], row["cell"], row["code"]),
        # wrong in another way: not settled either
        lambda row: (row["sheet"], row["cell"]) if row["cell"] and row["severity"] != "info" else None,
    )
    matched: dict[int, int] = {}
    left = set(range(len(before)))
    for key in keys:
        candidates: dict[Any, list[tuple[int, int]]] = defaultdict(list)
        for number in left:
            if key(before[number]) is not None:
                candidates[key(before[number])].append((_line(before[number]), number))
        for places in candidates.values():
            places.sort()
        for number, row in enumerate(now):
            places = candidates.get(key(row), []) if number not in matched else []
            if places:
                _, matched[number] = places.pop(_nearest(places, _line(row)))
        left -= set(matched.values())
    return matched


def _nearest(places: Sequence[tuple[int, int]], line: int) -> int:
    """Return the index of the place whose line is nearest."""
    index = bisect_left(places, (line, -1))
    around = [i for i in (index - 1, index) if 0 <= i < len(places)]
    return min(around, key=lambda i: abs(places[i][0] - line))


def _line(row: Row) -> int:
    digits = re.search(r"\d+$", row["cell"])
    return int(digits[0]) if digits else 0


def _unread(now: Sequence[Row]) -> Callable[[Row], bool]:
    """Return what tells whether an earlier finding's place was not read this time."""
    whole_file = any(
        row["code"] in _FILE_UNREAD or (row["code"].startswith("file-") and row["severity"] == "error")
        for row in now
    )
    # a sheet that is lost is named by the value
    sheets = {row["sheet"] or row["value"] for row in now if row["code"] in _SHEET_UNREAD}
    missing = [row for row in now if row["code"] == "column-missing"]
    columns = {(row["sheet"], row["table"], row["column"]) for row in missing}
    # without its key nothing of a table is read
    lost = [row for row in now if (row["code"], row["severity"]) in _TABLE_UNREAD]
    tables = {(row["sheet"], row["table"]) for row in lost}

    def unread(row: Row) -> bool:
        return bool(
            whole_file
            or (row["sheet"] and row["sheet"] in sheets)
            or (row["sheet"], row["table"]) in tables
            or (row["sheet"], row["table"], row["column"]) in columns
        )

    return unread
