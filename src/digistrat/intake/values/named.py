"""The unit that a header, or a line above a table, names for all the numbers below."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Literal, NamedTuple

from digistrat.intake.values.units import (
    Units,
    currencies,
    default_units,
    money_units,
    scale_units,
    squeeze,
)
from digistrat.intake.values.words import clean, fold, words

LONGEST_LINE = 200  # a longer line is a paragraph
LONGEST_HEADER = 2_000
_TOKEN = re.compile(r"[^\W\d_]+|[0-9][0-9.,' ]*|[€$£¥%‰²³]|[^\w\s]")
_BRACKETS = re.compile(r"[(\[]([^()\[\]]*)[)\]]")
_IN_A_YEAR = re.compile(r"\b(?:im|in|je|pro) jahr (?=(?:19|20)[0-9]{2}\b)")
_SEPARATORS = re.compile(r"\s*[,;/|]\s*")


@dataclass(frozen=True, slots=True)
class Named:
    """The unit that a text names: its factor, or that it is ``unclear`` or ``unknown``; neither for none."""

    factor: float | None = None
    doubt: Literal["", "unclear", "unknown"] = ""


@cache
def _known() -> Mapping[str, frozenset[str]]:
    listed = words()["units"]
    other = {squeeze(word) for word in listed["other"]}
    other |= {f"{word}n" for word in other if word.endswith("e")}
    return {
        "per": frozenset(listed["per"]),
        "named_by": frozenset(word.casefold() for word in listed["named_by"]),
        "other": frozenset(other),
        "no_rate": frozenset(fold(word) for word in listed["no_rate"]),
        "no_number": frozenset(word.casefold() for word in listed["no_number"]),
    }


@lru_cache(maxsize=4096)
def unit_in_header(header: str, units: Units, *, stated: frozenset[str] = frozenset()) -> Named:
    """Read the unit that a header names for the numbers below it.

    Thousands, millions, currencies and per cent are seen anywhere; other units in brackets and after
    "in". Everything else in brackets is a hint and names no unit.

    Parameters
    ----------
    header : str
        As it stands in the sheet.
    units : dict
        The column's units, from `money_units` or `units_of`.
    stated : frozenset of str
        What the column measures by, see `stated_in`: euros per year are euros where it is ``yearly``.

    Returns
    -------
    Named
        ``unclear`` where the units contradict one another, belong to no such column, or are a rate (euros
        per month); ``unknown`` where "(in …)" is followed by a word that nobody knows.

    Examples
    --------
    >>> unit_in_header("Kosten (in T€)", money_units()).factor
    1000.0
    >>> unit_in_header("Kosten (netto)", money_units()), unit_in_header("Kosten in CHF", money_units()).doubt
    (Named(factor=None, doubt=''), 'unclear')
    """
    text = " ".join(clean(header[:LONGEST_HEADER]).split())
    factors: set[float] = set()
    for mention in _mentions(text):
        if mention.is_counted or mention.is_share_of:
            continue
        if mention.is_rate(stated) or (mention.unit not in units and not mention.unit.isdigit()):
            return Named(doubt="unclear")
        factors.add(units.get(mention.unit) or float(mention.unit))
    _drop_plain_euros(factors)
    if any(content.strip().casefold() in _known()["no_number"] for content in _BRACKETS.findall(text)):
        return Named(doubt="unclear")
    doubt: Literal["", "unknown"] = ""
    bare = _measures()["yearly"].sub(" ", text.casefold()) if "yearly" in stated else text
    for piece, is_named in _pieces(bare):
        unit = squeeze(piece)
        if unit in currencies():
            continue
        if unit in units:
            factors.add(units[unit])
        elif unit in _known()["other"]:
            return Named(doubt="unclear")
        elif is_named and unit.isalpha() and not _mentions(piece):
            doubt = "unknown"
    if len(factors) > 1:
        return Named(doubt="unclear")
    return Named(factors.pop()) if factors else Named(doubt=doubt)


@lru_cache(maxsize=4096)
def stated_in(text: str) -> frozenset[str]:
    """Return what a header says its numbers are: ``gross``, ``net``, ``yearly``.

    Examples
    --------
    >>> sorted(stated_in("Kosten (netto) pro Jahr")), stated_in("Nettozeit")
    (['net', 'yearly'], frozenset())
    """
    text = " ".join(clean(text).split()).casefold()
    return frozenset(name for name, pattern in _measures().items() if pattern.search(text))


@cache
def _measures() -> Mapping[str, re.Pattern[str]]:
    return {name: _any_of(words()["numbers"][name]) for name in ("gross", "net", "yearly")}


def _any_of(listed: Iterable[str]) -> re.Pattern[str]:
    """Pattern of any of some words that stand alone, "p.a." as well as "p. a."."""
    found = []
    for word in sorted(listed, key=len, reverse=True):
        escaped = re.escape(word.casefold()).replace(r"\.\ ", r"\. ?")
        found.append((r"(?<![^\W\d_])" if word[0].isalpha() else "") + escaped + r"(?![^\W\d_])")
    return re.compile("|".join(found))


@lru_cache(maxsize=4096)
def rates_in(text: str) -> frozenset[str]:
    """Return what a header counts its numbers by: ``yearly``, ``monthly``, …, or the noun after "per".

    Examples
    --------
    >>> sorted(rates_in("Fälle pro Jahr (pro Monat)")), rates_in("Lizenz (je Arbeitsplatz)")
    (['monthly', 'yearly'], frozenset({'arbeitsplatz'}))
    >>> rates_in("Fälle im Jahr 2025"), rates_in("Fortschritt in per cent")
    (frozenset(), frozenset())
    """
    text = _IN_A_YEAR.sub(" ", " ".join(clean(text[:LONGEST_HEADER]).split()).casefold())
    found = set()
    for name, pattern in _rates().items():
        text, count = pattern.subn(" ", text)
        if count:
            found.add(name)
    nouns = (fold(noun) for noun in _per_noun().findall(text))
    return frozenset(found | {noun for noun in nouns if noun not in _known()["no_rate"]})


@cache
def _rates() -> Mapping[str, re.Pattern[str]]:
    listed = {**words()["units"]["rates"], "yearly": words()["numbers"]["yearly"]}
    return {name: _any_of(found) for name, found in listed.items()}


@cache
def _per_noun() -> re.Pattern[str]:
    listed = "|".join(re.escape(word) for word in words()["units"]["per"] if word.isalpha())
    return re.compile(rf"(?<![^\W\d_])(?:{listed}) +(?:[0-9]+(?:\.000)* +)?([^\W\d_][\w-]*)")


def _drop_plain_euros(factors: set[float]) -> None:
    """Of euros and thousands the thousands count: € (in thousands)."""
    if len(factors) > 1:
        factors.discard(1.0)


def unit_in_text(text: str, *, is_name: bool = False) -> float | None:
    """Read the money unit that a line above or below a table states for all its amounts.

    Parameters
    ----------
    text : str
        The line.
    is_name : bool
        Whether it is a sheet's name: that is short, and thousands or millions in it need no "in".

    Returns
    -------
    float or None
        The factor of euros, 1 for plain euros; None where the line states none, or several.

    Examples
    --------
    >>> unit_in_text("alle Beträge in T€"), unit_in_text("Angaben in Mio. EUR"), unit_in_text("(TEUR)")
    (1000.0, 1000000.0, 1000.0)
    >>> unit_in_text("Förderung bis 50 T€"), unit_in_text("Vorhaben 2026")
    (None, None)
    >>> unit_in_text("Kosten_TEUR", is_name=True), unit_in_text("Kosten_TEUR")
    (1000.0, None)
    """
    text = " ".join(clean(text).split())
    found = _mentions(text) if len(text) <= LONGEST_LINE else ()
    if any(m.is_counted or m.is_share_of or m.is_rate() or m.is_of_things() for m in found):
        return None
    units = money_units()
    factors = {units.get(m.unit) or float(m.unit) for m in found if m.unit in units or m.unit.isdigit()}
    _drop_plain_euros(factors)
    is_stated = squeeze(text.strip("()[]")) in units or any(mention.is_named for mention in found)
    is_stated |= is_name and factors != {1.0}  # "Euro" in a name may be a topic
    return factors.pop() if len(factors) == 1 and is_stated else None


class _Mention(NamedTuple):
    """A unit of money, a scale or per cent in a text, and what stands around it."""

    unit: str
    is_counted: bool  # after a number it is a threshold: above 50 T€
    is_share_of: bool  # after "per": cases per thousand inhabitants
    is_named: bool  # after "in", "unit:" and the like
    after: str

    def is_rate(self, stated: Set[str] = frozenset()) -> bool:
        """Whether something else is measured: euros per month; per year only where nothing else says so."""
        if self.after.startswith(_yearly()):
            return "yearly" not in stated
        return self.after.startswith(_per())

    def is_of_things(self) -> bool:
        """Whether a scale counts what follows: a million trees."""
        is_noun = re.match(r"[^\W\d_]", self.after) and not self.after.startswith(_after_scale())
        return bool(is_noun) and self.unit in scale_units()


@lru_cache(maxsize=4096)
def _mentions(text: str) -> tuple[_Mention, ...]:
    tokens = list(_TOKEN.finditer(text))
    lexicon = _lexicon()
    found: list[_Mention] = []
    position = 0
    word = ""  # the last one before
    while position < len(tokens):
        before = tokens[position - 1][0].strip().casefold() if position else ""
        unit, length = _unit_at(tokens, position, lexicon)
        if length:
            after = text[tokens[position + length - 1].end() :].lstrip(" .)]").casefold()
            is_number = (
                before[:1].isdigit() and re.fullmatch(r"(?:19|20)[0-9]{2}", before.strip(".,")) is None
            )
            is_named = word in _known()["named_by"]
            found.append(_Mention(unit, is_number, before in _known()["per"], is_named, after))
        elif tokens[position][0].isalpha():
            word = tokens[position][0].casefold()
        position += max(length, 1)
    return tuple(found)


@cache
def _lexicon() -> Units:
    return Units({**default_units(), **money_units()})


@cache
def _per() -> tuple[str, ...]:
    return tuple(f"{word} " if word.isalpha() else word for word in words()["units"]["per"])


@cache
def _yearly() -> tuple[str, ...]:
    return tuple(word.casefold() for word in words()["numbers"]["yearly"])


@cache
def _after_scale() -> tuple[str, ...]:
    numbers = words()["numbers"]
    listed = [*words()["units"]["of"], *numbers["gross"], *numbers["net"], *numbers["estimated"]]
    return (*(word.casefold() for word in listed), *currencies())


def _unit_at(tokens: list[re.Match[str]], position: int, lexicon: Units) -> tuple[str, int]:
    """Longest unit that begins at a token, and how many tokens it has; of 1.000 € the factor in digits."""
    first = tokens[position][0].strip()
    before = tokens[position - 1][0].casefold() if position else "("
    if first[0].isdigit():
        digits = re.sub(r"[.,' ]", "", first)
        follows = squeeze(tokens[position + 1][0]) if position + 1 < len(tokens) else ""
        if re.fullmatch(r"(?:000)+", digits):  # EUR '000
            return str(10 ** len(digits)), 1
        opens = before in ("(", "[", "x", "×", ":", ",", "in")
        is_factor = re.fullmatch(r"1(?:000)+", digits) is not None and follows in currencies()
        return (str(int(digits)), 2) if opens and is_factor else ("", 0)
    for length in (4, 3, 2, 1):
        part = tokens[position : position + length]
        if len(part) < length or any(token[0][0].isdigit() for token in part):
            continue
        joined = squeeze("".join(token[0] for token in part))
        is_short = length == 1 and joined in ("t", "k") and before != "in"
        if joined in lexicon and not is_short and "." not in (part[0][0], part[-1][0]):
            return joined, length
    return "", 0


@lru_cache(maxsize=4096)
def _pieces(text: str) -> tuple[tuple[str, bool], ...]:
    """Split what stands in brackets and after "in" into pieces, each with whether "in" names it."""
    bare = _BRACKETS.sub("|", text)
    contents = _BRACKETS.findall(text)
    pieces = []
    for content in contents:
        named = content.casefold().startswith("in ")
        rest = content[3:] if named else content
        pieces += [(piece.strip(), named) for piece in _SEPARATORS.split(rest) if piece.strip()]
    match = re.search(r"\bin ([^|]+?)\s*(?:\||$)", bare, re.IGNORECASE)
    if match:
        pieces.append((match[1].strip(), False))
    return tuple(pieces)
