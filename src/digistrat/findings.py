"""What is wrong or doubtful in a return: a finding has a code, a place and something to do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal, Protocol

import pandas as pd

from digistrat.texts import text

Severity = Literal["error", "warning", "info"]
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "info")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that somebody should know about a cell, a row, a sheet or a file.

    Attributes
    ----------
    code : str
        Stable kebab-case name, such as ``not-a-number``.
    severity : {"error", "warning", "info"}
        An error keeps a value out of the tables, a warning changes or guesses one, an info tells.
    office_id, file, sheet, cell : str
        Where; ``cell`` is an address such as ``F12``; empty where there is none.
    table, column : str
        The table and column of the form, empty where there is none.
    value : str
        What was found there.
    message, hint : str
        What was found, expected and done; and what to do.
    """

    code: str
    severity: Severity
    office_id: str = ""
    file: str = ""
    sheet: str = ""
    cell: str = ""
    table: str = ""
    column: str = ""
    value: str = ""
    message: str = ""
    hint: str = ""


FINDING_COLUMNS = tuple(field.name for field in fields(Finding))


def make_finding(
    code: str,
    severity: Severity,
    language: str = "de",
    *,
    values: Mapping[str, Any] | None = None,
    **place: str,
) -> Finding:
    """Make a finding whose message and hint come from the language's catalogue.

    Parameters
    ----------
    code : str
        The catalogue has ``finding.<code>.message`` and ``finding.<code>.hint``.
    severity : {"error", "warning", "info"}
        See `Finding`.
    language : {"de", "en"}
        Language of message and hint.
    values : mapping, optional
        What the placeholders of message and hint stand for; ``value`` and ``column`` are always there.
    **place
        ``office_id``, ``file``, ``sheet``, ``cell``, ``table``, ``column``, ``value``.
    """
    shown = {
        "value": place.get("value", ""),
        "column": place.get("column", ""),
        "sheet": place.get("sheet", ""),
        "file": place.get("file", ""),
        **(values or {}),
    }
    return Finding(
        code,
        severity,
        message=text(f"finding.{code}.message", language, **shown),
        hint=text(f"finding.{code}.hint", language, **shown),
        **place,
    )


def findings_frame(findings: Iterable[Finding]) -> pd.DataFrame:
    """Return findings as a frame: errors first, then by file, sheet and cell.

    Examples
    --------
    >>> findings_frame([]).empty
    True
    """
    rows = sorted(
        findings, key=lambda f: (SEVERITIES.index(f.severity), f.file, f.sheet, _cell_order(f.cell), f.code)
    )
    return pd.DataFrame([asdict(f) for f in rows], columns=list(FINDING_COLUMNS), dtype="str")


def _cell_order(cell: str) -> tuple[int, int, str]:
    letters = cell.rstrip("0123456789")
    digits = cell[len(letters) :]
    return (int(digits) if digits else 0, len(letters), letters)


class InventoryError(ValueError):
    """Raised by `require_valid` when findings of severity error stand."""


class HasFindings(Protocol):
    """Anything with a findings frame: `Returns`, `Inventory`."""

    @property
    def findings(self) -> pd.DataFrame:
        """The findings frame."""


def require_valid(record: HasFindings) -> None:
    """Raise when a record holds errors; warnings and infos pass.

    Parameters
    ----------
    record : Returns or Inventory
        What was read.

    Raises
    ------
    InventoryError
        Naming the number of errors and the first ten with their places.
    """
    errors = record.findings[record.findings["severity"] == "error"]
    if errors.empty:
        return
    places = errors.head(10)[["file", "sheet", "cell"]].itertuples(index=False, name=None)
    lines = [
        f"  {' › '.join(part for part in place if part)}: {message}"
        for place, message in zip(places, errors["message"], strict=False)
    ]
    more = f"\n  … and {len(errors) - 10} more" if len(errors) > 10 else ""
    raise InventoryError(f"{len(errors)} errors in the returns:\n" + "\n".join(lines) + more)
