"""Digits with separators → a number, or why they are none; German, English and Swiss grouping."""

from __future__ import annotations

import re
from collections.abc import Set

LARGEST = 1e300  # numbers beyond it cannot be computed with
OTHER = {".": ",", ",": "."}

_AMBIGUOUS = re.compile(r"[1-9][0-9]{0,2}([.,])[0-9]{3}")
_BLANK_GROUPS = re.compile(r"[1-9][0-9]{0,2}(?:([ '])[0-9]{3}(?:\1[0-9]{3})*)(?=[.,]|$)")
_LEADING_ZERO = re.compile(r"0[0-9]")
_MONTH = re.compile(r"(?:[1-9]|1[0-2])\.(?:19|20)[0-9]{2}")


def ambiguous(digits: str) -> str:
    """Return the separator of digits that read both ways, such as 1.234; empty for any other.

    Examples
    --------
    >>> ambiguous("1.234"), ambiguous("0.125"), ambiguous("1.234.567"), ambiguous("1.23")
    ('.', '', '', '')
    """
    match = _AMBIGUOUS.fullmatch(digits)
    return match[1] if match else ""


def is_grouped(whole: str, separator: str) -> bool:
    """Return whether digits are grouped by threes."""
    groups = whole.split(separator)
    return 1 <= len(groups[0]) <= 3 and all(len(group) == 3 for group in groups[1:])


def digits_value(digits: str, decimals: Set[str], *, is_whole: bool = False) -> float | str | None:
    """Return the value of digits with separators.

    Parameters
    ----------
    digits : str
        Digits, full stops, commas, apostrophes, blanks, and perhaps an exponent.
    decimals : set of str
        Decimal marks that something proves; one alone decides what ``1.234`` means.
    is_whole : bool
        Whether a mark behind the digits says that they have no decimals (``1.234,-``).

    Returns
    -------
    float, "ambiguous-number" or None
        None for digits that are no number: wrong groups, leading zeros beside a separator, a month.

    Examples
    --------
    >>> digits_value("1.234,5", set()), digits_value("1.234", {","}), digits_value("1.234", set())
    (1234.5, 1234.0, 'ambiguous-number')
    """
    separator = ambiguous(digits)
    if separator and not is_whole:
        if len(decimals) != 1:
            return "ambiguous-number"
        return float(digits.replace(separator, "." if separator in decimals else ""))
    mantissa, exponent = digits, ""
    for mark in "eE":
        if mark in digits:
            mantissa, _, exponent = digits.partition(mark)
    if not mantissa.isdigit() and (_LEADING_ZERO.match(mantissa) or _MONTH.fullmatch(mantissa)):
        return None
    if " " in mantissa or "'" in mantissa:
        groups = _BLANK_GROUPS.match(mantissa)
        if groups is None or " " in mantissa[groups.end() :] or "'" in mantissa[groups.end() :]:
            return None
        mantissa = mantissa.replace(groups[1], "")
    plain = _without_marks(mantissa, is_whole)
    if plain is None:
        return None
    value = float(plain + (f"e{exponent}" if exponent else ""))
    return value if abs(value) < LARGEST else None


def _without_marks(mantissa: str, is_whole: bool) -> str | None:
    """Write digits with marks as a literal; None where the marks are wrong."""
    marks = [sign for sign in mantissa if sign in ".,"]
    if not marks:
        return mantissa
    thousands, last = marks[0], marks[-1]
    if is_whole or (len(marks) > 1 and thousands == last):  # 1.234.567
        right = len(set(marks)) == 1 and is_grouped(mantissa, thousands)
        return mantissa.replace(thousands, "") if right else None
    if len(marks) == 1:
        return mantissa.replace(",", ".")
    whole, _, rest = mantissa.rpartition(last)  # 1.234.567,89
    if last in whole or not is_grouped(whole, thousands):
        return None
    return f"{whole.replace(thousands, '')}.{rest}"


def proven_marks(digits: str, *, is_whole: bool = False) -> str:
    """Return the decimal mark that digits prove by themselves; empty if none.

    Examples
    --------
    >>> proven_marks("1.234,56"), proven_marks("12.5"), proven_marks("1.234.567"), proven_marks("1.234")
    (',', '.', ',', '')
    """
    marks = [sign for sign in digits if sign in ".,"]
    if not marks or (ambiguous(digits) and not is_whole):
        return ""
    if digits_value(digits, frozenset(), is_whole=is_whole) is None:
        return ""
    return OTHER[marks[0]] if is_whole or (len(marks) > 1 and marks[0] == marks[-1]) else marks[-1]
