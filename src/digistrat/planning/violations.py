"""What is wrong with a result: read without raising, collected place by place, said in a language."""

from __future__ import annotations

import datetime as dt
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from digistrat.findings import Severity, findings_frame, make_finding
from digistrat.planning.facts_money import KINDS_OF_MONEY
from digistrat.texts import format_date, format_number, text

CENT = 0.01  # euros that a sum may be off, and person-days
FTE = 0.001  # full-time equivalents that a sum may be off
SAME = 1e-6  # relative difference of values and objectives that counts as none


@dataclass(frozen=True)
class Violations:
    """A list that grows: what was found wrong, and what the findings say of it.

    What is wrong in many places of a column for the same subject becomes one finding, at its first place.
    """

    language: str
    found: dict[tuple[str, str, str, str], list[tuple[Any, Any, Any, Severity]]] = field(default_factory=dict)

    def add(
        self,
        code: str,
        table: str,
        column: str,
        subject: Any,
        where: Any = None,
        found: Any = None,
        allowed: Any = None,
        *,
        severity: Severity = "error",
    ) -> None:
        """Note one violation."""
        key = (code, table, column, written(subject, self.language))
        self.found.setdefault(key, []).append((where, found, allowed, severity))

    def findings(self) -> pd.DataFrame:
        """Return what was noted as findings."""
        return findings_frame(
            make_finding(
                code,
                places[0][3],
                self.language,
                values=self._values(table, column, subject, places),
                table=table,
                column=column,
                value=subject,
            )
            for (code, table, column, subject), places in self.found.items()
        )

    def _values(
        self, table: str, column: str, subject: str, places: Sequence[tuple[Any, Any, Any, Severity]]
    ) -> dict[str, str]:
        """What the placeholders of a message stand for; ``place`` is subject and where."""
        where, found, allowed, _ = places[0]
        words = [
            text(f"cost_kind.{w}", self.language) if w in KINDS_OF_MONEY else w for w in subject.split(" ")
        ]
        parts = [" ".join(words), *([] if is_missing(where) else [written(where, self.language)])]
        place = ", ".join(parts)
        if len(places) > 1:
            place = text("verify.more", self.language, where=place, n=len(places) - 1)
        unit = " €" if column.endswith("_eur") else ""
        decimals = 3 if column.endswith("_fte") else 2
        return {
            "table": table,
            "place": place,
            "where": written(where, self.language),
            "found": written(found, self.language, decimals, unit),
            "allowed": written(allowed, self.language, decimals, unit),
        }


def written(value: Any, language: str, decimals: int = 2, unit: str = "") -> str:
    """Return anything as people read it, a dash for what is missing."""
    if is_missing(value) or (isinstance(value, str) and not value):
        return "–"
    if isinstance(value, tuple):
        return " ".join(written(part, language, 0) for part in value)
    if isinstance(value, (pd.Timestamp, dt.date)):
        return format_date(value, language)
    if isinstance(value, (float, np.floating)) and np.isfinite(value):
        return format_number(float(value), language, decimals) + unit
    return str(value)[:80]


def is_missing(value: Any) -> bool:
    """Tell whether a cell holds nothing."""
    if value is None:
        return True
    answer = pd.isna(value)
    return bool(answer) if isinstance(answer, (bool, np.bool_)) else False


def is_true(value: Any) -> bool:
    """Tell whether a cell is a plain yes."""
    return is_answer(value) and bool(value)


def is_answer(value: Any) -> bool:
    """Tell whether a cell is a yes or a no."""
    return isinstance(value, (bool, np.bool_))


def number(value: Any) -> float | None:
    """Return a cell's number, None if it holds none."""
    if is_missing(value) or isinstance(value, (str, bytes, bool, np.bool_)):
        return None
    try:
        return float(value)
    except (TypeError, ValueError):
        return None


def day(value: Any) -> pd.Timestamp | None:
    """Return a cell's date, None if it holds none."""
    if is_missing(value) or not isinstance(value, (dt.date, np.datetime64)):
        return None
    return pd.Timestamp(value)


def hashable(value: Any) -> Hashable:
    """Return a label that can be looked up, whatever it was."""
    return value if isinstance(value, Hashable) else str(value)


def told(value: Any) -> tuple[str, ...]:
    """Return the texts of a field that holds a tuple of texts; anything else is none."""
    return tuple(map(str, value)) if isinstance(value, (tuple, list)) else ()


def is_same(found: Any, expected: Any, tolerance: float) -> bool:
    """Tell whether a cell holds what is expected; missing is the same as missing only."""
    if is_missing(expected) or is_missing(found):
        return is_missing(expected) and is_missing(found)
    if isinstance(expected, (bool, np.bool_)):
        return isinstance(found, (bool, np.bool_)) and bool(found) == bool(expected)
    if isinstance(expected, (int, float, np.number)):
        there = number(found)
        return there is not None and (there == expected or abs(there - float(expected)) <= tolerance)
    if isinstance(expected, pd.Timestamp):
        return day(found) == expected
    return isinstance(found, type(expected)) and bool(found == expected)


def compare(
    violations: Violations,
    name: str,
    table: Any,
    expected: Mapping[Any, Mapping[str, Any]],
    columns: Mapping[str, tuple[str, float]],
    *,
    keys: Sequence[str] = (),
    also: Sequence[str] = (),
    missing: str = "row-missing",
) -> dict[Any, dict[str, Any]]:
    """Note every row and cell of a table that differs from what is expected; labels are found by label.

    Parameters
    ----------
    violations : Violations
        Where it is noted.
    name : str
        The table's name.
    table : DataFrame
        Anything else is noted.
    expected : mapping label → column → value
        A label is a tuple where there are several keys.
    columns : mapping column → (code, tolerance)
        What a cell that differs is called, and by how much a number may be off.
    keys : sequence of str
        Columns that hold the label; the index by default.
    also : sequence of str
        Further columns that must be there; what stands in them is for the caller to judge.
    missing : str
        What a row is called that is not there.

    Returns
    -------
    dict
        The rows that were found and expected, by label.
    """
    rows = read(violations, name, table, [*columns, *also], keys)
    if not isinstance(table, pd.DataFrame) or not set(keys) <= set(table.columns):
        return {}  # said already
    for label in expected:
        if label not in rows:
            violations.add(missing, name, "", *_place(label))
    for label, cells in rows.items():
        if label not in expected:
            violations.add("row-unknown", name, "", *_place(label))
            continue
        for column, (code, tolerance) in columns.items():
            if column in cells and not is_same(cells[column], expected[label][column], tolerance):
                subject, where = _place(label)
                wrong = "number-missing" if is_missing(cells[column]) else code
                violations.add(wrong, name, column, subject, where, cells[column], expected[label][column])
    return {label: cells for label, cells in rows.items() if label in expected}


def read(
    violations: Violations, name: str, table: Any, columns: Sequence[str], keys: Sequence[str] = ()
) -> dict[Any, dict[str, Any]]:
    """Return the rows of a table by label; missing columns and labels that come twice are noted."""
    if not isinstance(table, pd.DataFrame):
        violations.add("table-missing", name, "", name)
        return {}
    wanted = dict.fromkeys([*keys, *columns])
    whole = {c: table[c].tolist() for c in wanted if c in table.columns and table[c].ndim == 1}
    for column in wanted:
        if column not in whole:
            violations.add("table-missing", name, column, f"{name} › {column}")
    if not set(keys) <= set(whole):
        return {}
    rows: dict[Any, dict[str, Any]] = {}
    labels = [table.index, *(whole[key] for key in keys)]
    for place, (index, *parts) in enumerate(zip(*labels, strict=True)):
        label = tuple(map(hashable, parts)) if keys else hashable(index)
        if label in rows:
            violations.add("row-unknown", name, "", *_place(label))
            continue
        rows[label] = {column: cells[place] for column, cells in whole.items()}
    return rows


def compare_cells(
    violations: Violations, name: str, table: Any, expected: Mapping[tuple[Any, Any], Any], tolerance: float
) -> None:
    """Note where a wide table, rows × columns, is not what the inventory says; a Series has no columns."""
    if not isinstance(table, (pd.DataFrame, pd.Series)):
        violations.add("table-missing", name, "", name)
        return
    wide = table.to_frame("") if isinstance(table, pd.Series) else table
    found: dict[tuple[Any, Any], Any] = {}
    for column in wide.columns:
        if wide[column].ndim == 1:
            labels = (hashable(label) for label in wide.index)
            found |= {
                (label, column): cell for label, cell in zip(labels, wide[column].tolist(), strict=True)
            }
    for row, column in dict.fromkeys([*expected, *found]):
        there, wanted = found.get((row, column)), expected.get((row, column))
        known = (row, column) in found and (row, column) in expected
        if not known or not is_same(there, wanted, tolerance):
            subject, where = (row, None) if column == "" else (column, row)
            violations.add("problem-differs", name, "", subject, where, there, wanted)


def _place(label: Any) -> tuple[Any, Any]:
    """Subject and where of a label: what it is about, and the year, the month or the rest."""
    if not isinstance(label, tuple) or len(label) < 2:
        return label, None
    first, *rest = label
    if isinstance(first, int):  # a year
        return tuple(rest), first
    return first, f"{rest[0]:%Y-%m}" if isinstance(rest[0], pd.Timestamp) else tuple(rest)
