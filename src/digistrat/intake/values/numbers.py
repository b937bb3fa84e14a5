"""Numbers and amounts as people write them: signs, thousands, units, bounds, ranges."""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Iterable, Mapping
from functools import cache, lru_cache
from typing import NamedTuple

from digistrat.intake.values.words import MISSING, Parsed, clean, no_value, unreadable, words

_PLAIN = re.compile(r"[+-]?[0-9]+(?:[.,](?:[0-9]{1,2}|[0-9]{4,}))?")
# Digits with separators; a blank only before a group of three; an exponent.
_NUMBER = re.compile(
    r"(?:(?<![^\s+\-€])[.,])?[0-9]+(?:[.,'][0-9]+| [0-9]{3}(?![0-9]))*(?:[eE][+-]?[0-9]{1,3}(?![A-Za-z0-9]))?"
)
_DASHES = str.maketrans(
    {"−": "-", "–": "-", "—": "-", "‒": "-", "‐": "-", "‑": "-", "’": "'", "`": "'", "´": "'"}
)
_ROUND = re.compile(r"^[.,]\s?-{1,2}")  # 1.234,- says: no cents
_SQUEEZE = re.compile(r"[\s.]+")


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
    if isinstance(raw, str):
        if _PLAIN.fullmatch(raw):
            return Parsed(float(raw.replace(",", ".")))
        table = None if units is None else tuple(units.items())
        return _parse_text(raw, decimal, approximate_share, table)
    if raw is None:
        return MISSING
    if isinstance(raw, bool):
        return unreadable("not-a-number")
    if isinstance(raw, (int, float)):
        return Parsed(float(raw)) if math.isfinite(raw) else MISSING
    if isinstance(raw, (dt.date, dt.time)):
        return unreadable("turned-into-date")
    raise ValueError(f"raw must be the value of a cell, not {type(raw).__name__} {raw!r}")


def parse_amount(raw: object, *, decimal: str | None = None, approximate_share: float = 0.2) -> Parsed:
    """Read an amount of euros: `parse_number` with currencies and scales, without per cent.

    Examples
    --------
    >>> parse_amount("10 TEUR").value, parse_amount("250.000–500.000 €").value
    (10000.0, 375000.0)
    """
    return parse_number(raw, decimal=decimal, approximate_share=approximate_share, units=_money())


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
        if isinstance(raw, str) and ("," in raw or "." in raw or "'" in raw):
            proven.update(_proofs(raw))
            if len(proven) > 1:
                return None
    return proven.pop() if proven else None


class _Number(NamedTuple):
    """A cell taken apart: words before, one or two numbers with their units, what proves the decimal mark."""

    numbers: tuple[str, ...]
    units: tuple[str, ...]
    roles: frozenset[str]
    votes: frozenset[str]
    sign: int


@lru_cache(maxsize=16_384)
def _parse_text(
    raw: str, decimal: str | None, share: float, units: tuple[tuple[str, float], ...] | None
) -> Parsed:
    text = clean(raw)
    nothing = no_value(text)
    if nothing is not None:
        return nothing
    taken = _take_apart(text)
    if taken is None:
        return unreadable("not-a-number")
    table = _default_units() if units is None else _unit_table(units)
    values = []
    for digits, unit in zip(taken.numbers, taken.units, strict=True):
        if unit and unit not in table:
            return unreadable("unknown-unit")
        votes = set(taken.votes)
        if decimal is not None:
            votes.add(decimal)
        if unit in _currencies():  # two decimals at most: a group of three is thousands
            votes |= {"," if separator == "." else "." for separator in _ambiguous(digits)}
        value = _value(digits, votes)
        if value is None:
            return unreadable("not-a-number")
        if isinstance(value, str):
            return unreadable(value)
        values.append(_scaled(value * taken.sign, table[unit] if unit else 1.0))
    return _bounded(values, taken.roles, share)


def _scaled(value: float, factor: float) -> float:
    """Multiply without the dust of binary fractions: 0.29 per cent and 1.1 million come out as written."""
    return float(f"{value * factor:.15g}")


def _bounded(values: list[float], roles: frozenset[str], share: float) -> Parsed:
    """Give the value its bounds."""
    codes = tuple(code for code in ("approximate", "at-most", "at-least") if code in roles)
    if len(values) == 2:
        lower, upper = values
        if lower > upper:
            return unreadable("not-a-number")
        if "approximate" in roles:
            lower, upper = lower - abs(lower) * share, upper + abs(upper) * share
        return Parsed(
            _scaled(sum(values), 0.5),
            lower=lower,
            upper=upper,
            codes=("range", *(c for c in codes if c == "approximate")),
        )
    value = values[0]
    if "at-most" in roles and "at-least" in roles:
        return unreadable("not-a-number")
    if "at-most" in roles:
        return Parsed(value, lower=min(0.0, value), upper=value, codes=codes)
    if "at-least" in roles:
        return Parsed(value, lower=value, codes=codes)
    if "approximate" in roles:
        return Parsed(value, lower=value - abs(value) * share, upper=value + abs(value) * share, codes=codes)
    return Parsed(value)


@lru_cache(maxsize=16_384)
def _take_apart(text: str) -> _Number | None:
    """Split a cell into words, numbers and units; None if it is no number with words around."""
    text = text.translate(_DASHES)
    found = list(_NUMBER.finditer(text))
    if not 1 <= len(found) <= 2:
        return None
    roles, votes = set(), set()
    before, sign = text[: found[0].start()].strip(), 1
    while before:
        match = _lead_words().match(before.lower())
        if match is None:
            break
        role, language = _lead_table()[match[0].strip()]
        roles.add(role)
        votes |= {"de": {","}, "en": {"."}}.get(language, set())
        before = before[match.end() :].strip()
    if before[:1] in ("-", "+"):
        sign, before = (-1 if before[0] == "-" else 1), before[1:].strip()
    elif before[-1:] in ("-", "+"):
        sign, before = (-1 if before[-1] == "-" else 1), before[:-1].strip()
    if before and _squeeze(before) not in _default_units():
        return None
    units = []
    after = text[found[-1].end() :]
    if len(found) == 2:
        middle = _range_words().fullmatch(_cut_round(text[found[0].end() : found[1].start()].lower(), votes))
        if middle is None or sign < 0:
            return None
        word = middle["word"]
        language = _middle_table().get(word, "")
        if word in _needs_opening() and "range_open" not in roles:
            return None
        votes |= {"de": {","}, "en": {"."}}.get(language, set())
        units.append(_squeeze(middle["unit"] + before))
        before = middle["prefix"]
    elif "range_open" in roles:
        return None
    after = _cut_round(after, votes)
    if after.startswith(".") and "." in found[-1][0]:  # 31.12. is a date
        return None
    after = after.strip()
    if after.endswith("-") and len(found) == 1:  # 1.234- is negative
        sign, after = -sign, after[:-1].strip()
    tail = after.lower()
    for word in words()["numbers"]["estimated"]:
        if tail.endswith(word.lower()):
            roles.add("approximate")
            after = after[: len(after) - len(word)].strip()
            break
    units.append(_squeeze(after + before))
    if len(units) == 2 and not units[0]:
        units[0] = units[1]
    return _Number(tuple(match[0] for match in found), tuple(units), frozenset(roles), frozenset(votes), sign)


def _cut_round(after: str, votes: set[str]) -> str:
    """Cut ``,-`` off, which says that the mark before it is the decimal one."""
    match = _ROUND.match(after)
    if match is None:
        return after
    votes.add(after[0])
    return after[match.end() :]


def _squeeze(unit: str) -> str:
    return _SQUEEZE.sub("", unit).casefold()


def _grouped(whole: str, separator: str) -> bool:
    """Whether digits are grouped by threes."""
    groups = whole.split(separator)
    return 1 <= len(groups[0]) <= 3 and all(len(group) == 3 for group in groups[1:])


def _ambiguous(digits: str) -> str:
    """Separator of a number that reads both ways, such as 1.234; empty for any other."""
    for separator, other in (".,", ",."):
        whole, _, rest = digits.partition(separator)
        if (
            len(rest) == 3
            and rest.isdigit()
            and other not in digits
            and 1 <= len(whole) <= 3
            and whole.isdigit()
        ):
            return "" if whole[0] == "0" else separator
    return ""


def _value(digits: str, votes: set[str]) -> float | str | None:
    """Value of digits with separators; the code ``ambiguous-number``; None if they are no number."""
    separator = _ambiguous(digits)
    if separator:
        if len(votes) != 1:
            return "ambiguous-number"
        return float(digits.replace(separator, "." if separator in votes else ""))
    mantissa, exponent = digits, ""
    for mark in "eE":
        if mark in digits:
            mantissa, _, exponent = digits.partition(mark)
    for blank in " '":
        if blank in mantissa:
            whole = re.split(r"[.,]", mantissa)[0]
            if blank in mantissa[len(whole) :] or not _grouped(whole, blank):
                return None
            mantissa = mantissa.replace(blank, "")
    marks = [sign for sign in mantissa if sign in ".,"]
    if len(marks) > 1 or (marks and marks[0] not in ".,"):
        last = marks[-1]
        thousands = marks[0]
        if thousands == last:  # 1.234.567
            if len(set(marks)) > 1 or not _grouped(mantissa, thousands):
                return None
            mantissa = mantissa.replace(thousands, "")
        else:  # 1.234.567,89
            whole, _, rest = mantissa.rpartition(last)
            if last in whole or not _grouped(whole, thousands):
                return None
            mantissa = f"{whole.replace(thousands, '')}.{rest}"
    return float(mantissa.replace(",", ".") + (f"e{exponent}" if exponent else ""))


@lru_cache(maxsize=16_384)
def _proofs(raw: str) -> frozenset[str]:
    """Decimal marks that a cell proves."""
    text = clean(raw)
    taken = _take_apart(text) if no_value(text) is None else None
    if taken is None:
        return frozenset()
    proven = set()
    for digits, unit in zip(taken.numbers, taken.units, strict=True):
        separator = _ambiguous(digits)
        if separator:
            votes = set(taken.votes)
            if unit in _currencies():
                votes.add("," if separator == "." else ".")
            if len(votes) == 1:
                proven |= votes
        elif _value(digits, set()) is not None:
            marks = [sign for sign in digits if sign in ".,"]
            if len(marks) > 1 and marks[0] == marks[-1]:
                proven.add("," if marks[0] == "." else ".")
            elif marks:
                proven.add(marks[-1])
    return frozenset(proven)


@cache
def _lead_table() -> dict[str, tuple[str, str]]:
    """Words before a number: word → (role, language)."""
    roles = {
        "approximate": "approximate",
        "at_most": "at-most",
        "at_least": "at-least",
        "range_open": "range_open",
    }
    return {
        word.lower(): (role, language)
        for name, role in roles.items()
        for language, listed in words()["numbers"][name].items()
        for word in listed
    }


@cache
def _lead_words() -> re.Pattern[str]:
    listed = sorted(_lead_table(), key=len, reverse=True)
    return re.compile("|".join(re.escape(w) + (r"(?![^\W\d_])" if w[-1].isalpha() else "") for w in listed))


@cache
def _middle_table() -> dict[str, str]:
    return {
        word.lower(): language
        for language, listed in words()["numbers"]["range_middle"].items()
        for word in listed
    }


@cache
def _range_words() -> re.Pattern[str]:
    listed = "|".join(re.escape(word) for word in sorted(_middle_table(), key=len, reverse=True))
    return re.compile(
        rf"(?P<unit>[^-]*?)\s*(?P<word>-|\.{{2,3}}|…|\b(?:{listed})\b)\s*(?P<prefix>[^-\w]*|[^\W\d]+\s*)"
    )


@cache
def _needs_opening() -> frozenset[str]:
    """Words that join a range only after one that opens it: from 3 and 4 is no range, between 3 and 4 is."""
    return frozenset(listed[-1].lower() for listed in words()["numbers"]["range_middle"].values())


@cache
def _currencies() -> frozenset[str]:
    return frozenset(_squeeze(word) for word in words()["units"]["currency"])


@cache
def _money() -> dict[str, float]:
    units = words()["units"]
    scales = units["scale"]
    table = dict.fromkeys(units["currency"], 1.0)
    table.update(scales)
    for currency in units["currency"]:
        for scale, factor in scales.items():
            table[scale + currency] = table[currency + scale] = factor
    table.update(units["joined"])
    return table


@cache
def _default_units() -> dict[str, float]:
    shares = dict.fromkeys(words()["units"]["per_hundred"], 0.01)
    return _unit_table(tuple({**_money(), **shares}.items()))


@lru_cache(maxsize=64)
def _unit_table(units: tuple[tuple[str, float], ...]) -> dict[str, float]:
    return {_squeeze(word): factor for word, factor in units}
