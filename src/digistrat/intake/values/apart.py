"""A cell taken apart: words before and after, one or two numbers, and the unit of each."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import NamedTuple

from digistrat.intake.values.units import money_units, squeeze
from digistrat.intake.values.words import words

LONGEST = 120  # a longer text is no number with words around it
# Digits with separators; a blank only before a group of three; an exponent.
_NUMBER = re.compile(
    r"(?:(?<![^\s+\-€])[.,])?[0-9]+(?:[.,'][0-9]+| [0-9]{3}(?![0-9]))*(?:[eE][+-]?[0-9]{1,3}(?![A-Za-z0-9]))?"
)
_DASHES = str.maketrans(
    {"−": "-", "–": "-", "—": "-", "‒": "-", "‐": "-", "‑": "-", "’": "'", "`": "'", "´": "'"}
)
_ROUND = re.compile(r"^[.,]\s?-{1,3}")  # 1.234,- says: no cents
_TEXT_MARK = re.compile(r"'(?=[0-9])")  # '00123: a spreadsheet's sign for a text
MEASURES = ("gross", "net", "yearly")


class Number(NamedTuple):
    """Digits as written, with their squeezed unit."""

    digits: str
    unit: str
    is_whole: bool  # followed by ,- for no cents


class Taken(NamedTuple):
    """A cell taken apart: its numbers, the roles of the words around, the decimal marks that these prove."""

    numbers: tuple[Number, ...]
    roles: frozenset[str]
    votes: frozenset[str]
    sign: int
    lead: str  # unit before the first number
    first_has_unit: bool  # of its own, in a range


@lru_cache(maxsize=16_384)
def take_apart(text: str) -> Taken | None:
    """Split a cell's cleaned text into words, numbers and units; None if it is no number with words around.

    Examples
    --------
    >>> take_apart("ca. 10-20 T€").numbers[1], sorted(take_apart("ca. 10-20 T€").roles)
    (Number(digits='20', unit='t€', is_whole=False), ['approximate'])
    """
    if len(text) > LONGEST:
        return None
    text = (
        _TEXT_MARK.sub("", text.translate(_DASHES), count=1) if text[0] in "'’" else text.translate(_DASHES)
    )
    found = list(_NUMBER.finditer(text))
    if not 1 <= len(found) <= 2:
        return None
    roles: set[str] = set()
    votes: set[str] = set()
    before, sign = _take_lead(text[: found[0].start()], roles, votes)
    lead = squeeze(before)
    middle_unit = middle_prefix = ""
    first_whole = False
    if len(found) == 2:
        between, first_whole = _cut_round(text[found[0].end() : found[1].start()].lower())
        middle = _range_words().fullmatch(between)
        if middle is None or sign < 0:
            return None
        if middle["word"] in _needs_opening() and "range_open" not in roles:
            return None
        votes |= _votes(_middle_table().get(middle["word"], ""))
        middle_unit, middle_prefix = squeeze(middle["unit"]), squeeze(middle["prefix"])
    elif "range_open" in roles:
        return None
    after, is_whole = _cut_round(text[found[-1].end() :])
    if after.startswith(".") and "." in found[-1][0]:  # 31.12. is a date
        return None
    after = _take_tail(after.strip(), roles)
    if after.endswith("-"):  # 1.234,56- is negative; 50.000- may be so too, or lack a comma
        has_cents = re.search(r"[.,][0-9]{2}$", found[-1][0]) is not None
        if after != "-" or len(found) == 2 or not has_cents or text[found[-1].end()] != "-":
            return None
        sign, after = -sign, ""
    tail = squeeze(after)
    if len(found) == 1:
        numbers: tuple[Number, ...] = (Number(found[0][0], tail + lead, is_whole),)
    else:
        first, last = middle_unit + lead, tail + middle_prefix
        wholes = (first_whole, is_whole)
        units = (first or last, last or (lead if not middle_unit else ""))
        numbers = tuple(
            Number(m[0], unit, whole) for m, unit, whole in zip(found, units, wholes, strict=True)
        )
    if _are_years(numbers, roles) or (len(numbers) == 2 and any(map(_is_code, numbers))):
        return None
    return Taken(numbers, frozenset(roles), frozenset(votes), sign, lead, bool(middle_unit))


def _take_lead(before: str, roles: set[str], votes: set[str]) -> tuple[str, int]:
    """Take words such as "about" and a sign from what stands before the first number."""
    before = before.strip()
    while before:
        match = _lead_words().match(before.lower())
        if match is None:
            break
        role, language = _lead_table()[match[0].strip()]
        roles.add(role)
        votes |= _votes(language)
        before = before[match.end() :].lstrip(" :")
    for position in (0, -1):
        if before and before[position] in "+-":
            rest = before[1:] if position == 0 else before[:-1]
            return rest.strip(), -1 if before[position] == "-" else 1
    return before, 1


def _take_tail(after: str, roles: set[str]) -> str:
    """Take words such as "estimated" or "net" from what stands after the last number."""
    while after and squeeze(after) not in money_units() and (match := _tail_words().search(after)):
        roles.add(_tail_table()[match["word"].casefold()])
        after = after[: match.start()]
    return after


def _cut_round(after: str) -> tuple[str, bool]:
    """Cut ``,-`` off, which says that the number before it has no decimals."""
    match = _ROUND.match(after)
    return (after, False) if match is None else (after[match.end() :], True)


def _is_code(number: Number) -> bool:
    """Whether digits begin with a zero, as those of a telephone or a key do."""
    return re.match(r"0[0-9]", number.digits) is not None


def _are_years(numbers: tuple[Number, ...], roles: set[str]) -> bool:
    """Whether 2026–2028 or "from 2026" says when, not how much."""
    return (len(numbers) == 2 or bool(roles & {"approximate", "at-most", "at-least"})) and all(
        not number.unit
        and re.fullmatch(r"(?:19[89]|20[0-9])[0-9]", number.digits)
        and number.digits != "2000"
        for number in numbers
    )


def _votes(language: str) -> set[str]:
    return {"de": {","}, "en": {"."}}.get(language, set())


@cache
def _lead_table() -> dict[str, tuple[str, str]]:
    """Words before a number: word → (role, language)."""
    numbers = words()["numbers"]
    roles = {
        "approximate": "approximate",
        "at_most": "at-most",
        "at_least": "at-least",
        "range_open": "range_open",
    }
    table = {
        word.lower(): (role, language)
        for name, role in roles.items()
        for language, listed in numbers[name].items()
        for word in listed
    }
    table.update({word.lower(): (name, "") for name in MEASURES for word in numbers[name]})
    return table


@cache
def _lead_words() -> re.Pattern[str]:
    listed = sorted(_lead_table(), key=len, reverse=True)
    return re.compile("|".join(re.escape(w) + (r"(?![^\W\d_])" if w[-1].isalpha() else "") for w in listed))


@cache
def _tail_table() -> dict[str, str]:
    """Words after a number → role."""
    numbers = words()["numbers"]
    table = {word.casefold(): "approximate" for word in numbers["estimated"]}
    table.update({word.casefold(): name for name in MEASURES for word in numbers[name]})
    return table


@cache
def _tail_words() -> re.Pattern[str]:
    listed = "|".join(re.escape(word) for word in sorted(_tail_table(), key=len, reverse=True))
    return re.compile(rf"[\s,;]*\(?(?<![^\W\d_])(?P<word>{listed})\)?$", re.IGNORECASE)


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
