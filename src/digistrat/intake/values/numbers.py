"""Numbers and amounts as people write them: signs, thousands, units, bounds, ranges."""

from __future__ import annotations

import datetime as dt
import re
import sys
from collections.abc import Iterable, Mapping, Set

from digistrat.intake.values.apart import LONGEST, MEASURES, Number, Taken, take_apart
from digistrat.intake.values.digits import OTHER, ambiguous, digits_value, proven_marks
from digistrat.intake.values.units import (
    AS_WRITTEN,
    Scale,
    Units,
    currencies,
    money_units,
    scaled,
    squeeze,
    units_of,
)
from digistrat.intake.values.words import MISSING, Parsed, clean, no_value, unreadable

MAX = sys.float_info.max
GERMAN, ENGLISH, NOTHING = frozenset(","), frozenset("."), frozenset[str]()
# What needs no second look: digits grouped the German or the English way, or not at all, and one unit.
_DIRECT = re.compile(
    r"([+−-]?)(?:([1-9][0-9]{0,2}(?:\.[0-9]{3}){1,5})(?:,([0-9]{2}))?"
    r"|([1-9][0-9]{0,2}(?:,[0-9]{3}){1,5})(?:\.([0-9]{2}))?"
    r"|(0|[1-9][0-9]{0,17})(?:[.,]([0-9]{1,2}))?)"
    r"(?:[ \u00a0\u202f]?([A-Za-z€%][A-Za-z€. ]{0,11}))?"
)


def parse_number(
    raw: object,
    *,
    decimal: str | None = None,
    approximate_share: float = 0.2,
    units: Mapping[str, float] | None = None,
) -> Parsed:
    """Read a number, German or English.

    ``1.234`` and ``1,234`` may mean a thousand or one: they are read only where `decimal` or the cell
    itself tells, by a German or English word beside the number or by a currency without scale (amounts
    have two decimals, not three); otherwise they are unreadable with the code ``ambiguous-number``.

    Parameters
    ----------
    raw : object
        The cell's value.
    decimal : {",", "."}, optional
        Decimal mark that the column's other cells prove, see `detect_decimal`.
    approximate_share : float
        Half-width of the bounds of "about x", as a share of x.
    units : mapping of str to float, optional
        Accepted words after (or before) the number and the factor of each; without it currencies, scales
        such as T€ or Mio., and per cent.

    Returns
    -------
    Parsed
        A float; a range has its midpoint and both ends as bounds, "up to x" is x with bounds 0 and x,
        "at least x" is x with a lower bound only, "about x" is x ± `approximate_share`.

    Examples
    --------
    >>> parse_number("1.234,56 €").value, parse_number("1,2 Mio.").value, parse_number("12,5 %").value
    (1234.56, 1200000.0, 0.125)
    >>> parse_number("1.234").codes, parse_number("1.234", decimal=",").value
    (('ambiguous-number',), 1234.0)
    """
    return read_number(raw, units_of(units), decimal=decimal, share=approximate_share)


def parse_amount(raw: object, *, decimal: str | None = None, approximate_share: float = 0.2) -> Parsed:
    """Read an amount of euros: `parse_number` with currencies and scales, without per cent.

    Examples
    --------
    >>> parse_amount("10 TEUR").value, parse_amount("250.000–500.000 €").value
    (10000.0, 375000.0)
    """
    return read_number(raw, money_units(), decimal=decimal, share=approximate_share)


def read_number(
    raw: object,
    units: Units,
    *,
    decimal: str | None = None,
    share: float = 0.2,
    scale: Scale = AS_WRITTEN,
    stated: Set[str] = frozenset(),
) -> Parsed:
    """Read a number of a column whose units are known; see `parse_number`.

    Parameters
    ----------
    raw, decimal
        As for `parse_number`; `share` is its `approximate_share`.
    units : dict
        From `money_units` or `units_of`.
    scale : Scale
        What numbers without a unit of their own are counted in.
    stated : set of str
        What the column's header states, from `stated_in`: a cell may repeat it (``50 € net``). One that
        says the opposite is unreadable; where the column says nothing, gross or net is a finding.
    """
    kind = type(raw)
    if kind is float or kind is int:
        return _from_cell(raw, scale)  # type: ignore[arg-type]
    if isinstance(raw, str):
        if len(raw) <= LONGEST and (match := _DIRECT.fullmatch(raw)):
            value = _direct(match, units, decimal, scale)
            if value is not None:
                return Parsed(value)
        return _from_text(raw, units, decimal, share, scale, stated)
    if raw is None:
        return MISSING
    if isinstance(raw, bool):
        return unreadable("not-a-number")
    if isinstance(raw, (int, float)):
        return _from_cell(raw, scale)
    if isinstance(raw, (dt.date, dt.time)):
        return unreadable("turned-into-date")
    raise ValueError(f"raw must be the value of a cell, not {type(raw).__name__} {raw!r:.80}")


def _from_cell(raw: int | float, scale: Scale) -> Parsed:
    if -MAX <= raw <= MAX:
        if scale is AS_WRITTEN:
            return Parsed(float(raw))
        value = _in_units(float(raw), scale)
        return unreadable(value) if isinstance(value, str) else Parsed(value)
    return MISSING if raw != raw else unreadable("not-a-number")  # not a number is an empty cell


def _in_units(value: float, scale: Scale) -> float | str:
    """Give a number without a unit of its own the column's; or the code that says why it has none."""
    if scale.refused:
        return scale.refused
    if scale.is_share and 0 < abs(value) <= 1:
        return "ambiguous-share"
    value = value if scale.factor == 1 else scaled(value, scale.factor)
    return value if abs(value) <= MAX else "not-a-number"


def _direct(match: re.Match[str], units: Units, decimal: str | None, scale: Scale) -> float | None:
    """Value of a plainly written number; None where a second look is needed."""
    sign, german, german_cents, english, english_cents, whole, cents, unit = match.groups()
    factor = 1.0
    if unit and not scale.refuses_all:
        factor = units.get(squeeze(unit), 0.0)
        if not factor:
            return None
    elif scale is not AS_WRITTEN:
        return None
    if whole is None:
        if german:
            groups, cents, separator = german, german_cents, "."
        else:
            groups, cents, separator = english, english_cents, ","
        if cents is None and len(groups) <= 7:  # 1.234
            is_proven = OTHER[separator] == decimal
            if not is_proven and not (unit and decimal is None and squeeze(unit) in currencies()):
                return None
        whole = groups.replace(separator, "")
    value = float(f"{whole}.{cents}" if cents else whole)
    if sign and sign != "+":
        value = -value
    return value if factor == 1.0 else scaled(value, factor)


def _from_text(
    raw: str, units: Units, decimal: str | None, share: float, scale: Scale, stated: Set[str]
) -> Parsed:
    text = clean(raw)
    nothing = None if text[:1].isdigit() else no_value(text)
    if nothing is not None:
        return nothing
    taken = take_apart(text)
    if taken is None or (taken.lead and taken.lead not in units and taken.lead not in money_units()):
        return unreadable("not-a-number")
    values = []
    for number in taken.numbers:
        if number.unit and number.unit not in units:
            return unreadable("unknown-unit")
        value = _number_value(number, taken, units, decimal, scale)
        if value is None:
            return unreadable("not-a-number")
        if isinstance(value, str):
            return unreadable(value)
        values.append(value)
    if _is_doubtful_range(taken, values):
        return unreadable("ambiguous-range")
    codes = _measured(taken.roles, stated)
    return unreadable(codes) if isinstance(codes, str) else _bounded(values, taken.roles, share, codes)


def _number_value(
    number: Number, taken: Taken, units: Units, decimal: str | None, scale: Scale
) -> float | str | None:
    decimals = set(taken.votes)
    if decimal is not None:
        decimals.add(decimal)
    separator = ambiguous(number.digits)
    if separator:
        if number.unit in currencies():  # two decimals at most: a group of three is thousands
            decimals.add(OTHER[separator])
        elif not number.unit and units is money_units() and separator in decimals and scale.factor == 1:
            return None if number.is_whole else "ambiguous-number"
    value = digits_value(number.digits, decimals, is_whole=number.is_whole)
    if value is None or isinstance(value, str):
        return value
    value *= taken.sign
    if number.unit and not scale.refuses_all:
        return scaled(value, units[number.unit])
    return _in_units(value, scale)


def _is_doubtful_range(taken: Taken, values: list[float]) -> bool:
    """Whether 50–100.000 may begin at fifty or at fifty thousand."""
    if len(values) != 2 or taken.first_has_unit:
        return False
    first, last = (number.digits for number in taken.numbers)
    is_short = first.isdigit() and len(first) <= 3 and not last.isdigit()
    return (
        is_short
        and "." + last.replace(",", ".")[-3:] in last.replace(",", ".")
        and (0 < values[0] * 1000 <= values[1])
    )


def _measured(roles: Set[str], stated: Set[str]) -> tuple[str, ...] | str:
    """Compare what a cell says its number is with what its column says; findings, or why it is refused."""
    said = {name for name in MEASURES if name in roles} - stated
    if "yearly" in said:
        return "unknown-unit"
    if {"gross", "net"} <= roles or (said and stated & {"gross", "net"}):
        return "other-tax-basis"
    return ("tax-basis",) if said else ()


def _bounded(values: list[float], roles: Set[str], share: float, more: tuple[str, ...]) -> Parsed:
    """Give the value its bounds."""
    codes = (*(code for code in ("approximate", "at-most", "at-least") if code in roles), *more)
    if len(values) == 2:
        lower, upper = values
        if lower > upper or "at-most" in roles or "at-least" in roles:
            return unreadable("not-a-number")
        middle = scaled(lower + upper, 0.5)
        if "approximate" in roles:
            lower, upper = lower - abs(lower) * share, upper + abs(upper) * share
        return Parsed(middle, "value", lower, upper, ("range", *codes))
    value = values[0]
    if "at-most" in roles and "at-least" in roles:
        return unreadable("not-a-number")
    if "at-most" in roles:
        return Parsed(value, "value", min(0.0, value), value, codes)
    if "at-least" in roles:
        return Parsed(value, "value", value, None, codes)
    if "approximate" in roles:
        width = abs(value) * share
        return Parsed(value, "value", value - width, value + width, codes)
    return Parsed(value, codes=codes)


def detect_decimal(raws: Iterable[object]) -> str | None:
    """Decimal mark that a column's cells prove: ``,``, ``.``, or None if nothing or both is proven.

    Parameters
    ----------
    raws : iterable
        The column's values; only texts can prove anything.

    Examples
    --------
    >>> detect_decimal(["1.234", "12,5"]), detect_decimal(["1.234"]), detect_decimal(["1,5", "2.5"])
    (',', None, None)
    """
    proven: set[str] = set()
    for raw in raws:
        if isinstance(raw, str) and len(raw) <= LONGEST and ("," in raw or "." in raw or "'" in raw):
            proven |= _proofs(raw)
            if len(proven) > 1:
                return None
    return proven.pop() if proven else None


def _proofs(raw: str) -> Set[str]:
    """Decimal marks that a cell proves."""
    if match := _DIRECT.fullmatch(raw):
        _, german, german_cents, english, english_cents, _, cents, unit = match.groups()
        groups = german or english
        if (not unit or squeeze(unit) in money_units()) and (
            groups is None or german_cents or english_cents or len(groups) > 7
        ):
            if groups is None and cents is None:
                return NOTHING
            return GERMAN if (german if groups else raw[match.end(6)] == ",") else ENGLISH
        if unit and squeeze(unit) in currencies():
            return GERMAN if german else ENGLISH
    text = clean(raw)
    taken = take_apart(text) if text else None
    if taken is None or (taken.lead and taken.lead not in money_units()):
        return NOTHING
    proven: set[str] = set()
    for digits, unit, is_whole in taken.numbers:
        separator = "" if is_whole else ambiguous(digits)
        if separator:
            votes = taken.votes | ({OTHER[separator]} if unit in currencies() else set())
            proven |= votes if len(votes) == 1 else set()
        elif mark := proven_marks(digits, is_whole=is_whole):
            proven.add(mark)
    return proven
