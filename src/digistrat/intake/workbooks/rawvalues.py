"""What stands in a cell of an xlsx part, as text, becomes a value."""

from __future__ import annotations

import datetime as dt
import math
import re

from digistrat.intake.workbooks.records import Value

TRUE = ("1", "true")
_MOST_DIGITS = 300  # of a whole number: no float of a spreadsheet has more
_ESCAPE = re.compile(r"_x([0-9A-Fa-f]{4})_")


def number(raw: str) -> int | float | str | None:
    """Make a number; a text that is none stays what it is.

    Examples
    --------
    >>> number("12"), number("1E3"), number("1_000"), number("nan")
    (12, 1000.0, '1_000', 'nan')
    """
    if raw.isdecimal() and len(raw) <= _MOST_DIGITS:
        return int(raw)
    try:
        value = float(raw)
    except ValueError:
        return raw.strip() or None
    # Neither nan nor Python's way of grouping digits is a number of a spreadsheet.
    if "_" in raw or not abs(value) < math.inf:
        return raw
    return int(raw) if len(raw) <= _MOST_DIGITS and raw.strip().lstrip("+-").isdecimal() else value


def iso_date(raw: str) -> Value:
    """Date, or time of day, of a cell that stores it as text (ISO 8601)."""
    try:
        return dt.datetime.fromisoformat(raw).replace(tzinfo=None)
    except ValueError:
        try:
            return dt.time.fromisoformat(raw)
        except ValueError:
            return raw or None


def decode_escapes(text: str) -> str:
    r"""Decode ``_x000D_`` and the like, which stand for characters that XML cannot hold.

    Examples
    --------
    >>> decode_escapes("a_x000D_b, _x005F_x000D_")
    'a\rb, _x000D_'
    """
    if "_x" not in text:
        return text
    decoded = _ESCAPE.sub(lambda match: chr(int(match[1], 16)), text)
    # Pairs of surrogates become their character, single ones the replacement character.
    return decoded.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def whole(value: int | float) -> int | float:
    """Return an integral number as int, as it is written in the cell."""
    return int(value) if abs(value) < 1e15 and value == int(value) else value
