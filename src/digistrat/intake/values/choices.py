"""Answers that are no numbers: yes/no, choices, lists, texts, identifiers."""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Mapping, Sequence
from functools import cache, lru_cache

from digistrat.intake.values.words import MISSING, Parsed, clean, fold, no_value, unreadable, words

GUESS_FROM = 90  # similarity in per cent from which a misspelt choice is guessed

_TRUE, _FALSE = Parsed(True), Parsed(False)
# "c) ", "(2) ", "1.2 ", "• " before a choice.
_ENUMERATION = re.compile(
    r"\s*(?:\(?[A-Za-z0-9]{1,3}\)|[A-Za-z]\.|[0-9]{1,2}(?:\.[0-9]{1,2})*\.?|[•▪·*–-])\s+"
)
_BULLET = re.compile(r"^\s*[•▪·*–-]\s+")
_REMARK = re.compile(r"\s[–—-]\s|:\s|\s?\(|\n")
_YES_NO_REMARK = re.compile(r"\s[–—-]\s|:\s|\s?\(|[,;]\s|\n")


def parse_boolean(raw: object) -> Parsed:
    """Read yes or no, as words, a cross, a tick, 0 or 1.

    A remark after the word is dropped with the code ``remark-dropped``.

    Examples
    --------
    >>> parse_boolean("ja").value, parse_boolean("✓").value, parse_boolean(0).value
    (True, True, False)
    >>> parse_boolean("teilweise").codes
    ('not-yes-no',)
    """
    if isinstance(raw, bool):
        return _TRUE if raw else _FALSE
    if raw is None or (isinstance(raw, float) and math.isnan(raw)):
        return MISSING
    if isinstance(raw, (int, float)):
        return _TRUE if raw == 1 else _FALSE if raw == 0 else unreadable("not-yes-no")
    return _parse_yes_no(raw) if isinstance(raw, str) else unreadable("not-yes-no")


@lru_cache(maxsize=4096)
def _parse_yes_no(raw: str) -> Parsed:
    text = clean(raw)
    table = _yes_no_table()
    known = table.get(text.lower()) or table.get(fold(text)) or no_value(text)
    if known is not None:
        return known
    head = _YES_NO_REMARK.split(text, maxsplit=1)[0]
    known = table.get(fold(head)) if len(fold(head)) > 1 else None
    return unreadable("not-yes-no") if known is None else known._replace(codes=("remark-dropped",))


@cache
def _yes_no_table() -> dict[str, Parsed]:
    listed = words()["booleans"]
    table = {}
    for name, answer in (("yes", _TRUE), ("no", _FALSE)):
        table.update({fold(word): answer for word in listed[name]})
        table.update({sign.lower(): answer for sign in listed[f"{name}_signs"]})
    return table


def parse_choice(raw: object, choices: Mapping[str, Sequence[str]]) -> Parsed:
    """Read one of several declared answers as its code.

    Compared folded (see `fold`); then without a leading enumeration (``c) ``), then without what
    follows a dash, colon or bracket (code ``remark-dropped``); at last by close spelling, if only one
    choice comes close (code ``choice-guessed``). Numbers must agree, and the first letter.

    Parameters
    ----------
    raw : object
        The cell's value.
    choices : mapping of str to sequence of str
        Code → its labels and synonyms; the code itself is one of them.

    Raises
    ------
    ValueError
        If a label stands for two codes.

    Examples
    --------
    >>> stages = {"pilot": ["Pilot"], "deployed": ["Deployed", "In operation"]}
    >>> parse_choice("c)  DEPLOYED", stages).value
    'deployed'
    >>> parse_choice("In operatoin", stages)[:2], parse_choice("In operatoin", stages).codes
    (('deployed', 'value'), ('choice-guessed',))
    """
    if raw is None or (isinstance(raw, float) and math.isnan(raw)):
        return MISSING
    if isinstance(raw, (dt.date, dt.time)):
        return unreadable("turned-into-date")
    frozen = tuple((code, tuple(labels)) for code, labels in choices.items())
    return _parse_choice(_written(raw), frozen)


@lru_cache(maxsize=16_384)
def _parse_choice(raw: str, choices: tuple[tuple[str, tuple[str, ...]], ...]) -> Parsed:
    table = _choice_table(choices)
    text = clean(raw)
    code = table.get(fold(text)) if text else None
    if code is not None:
        return Parsed(code)
    nothing = no_value(text)
    if nothing is not None:
        return nothing
    bare = _ENUMERATION.sub("", text, count=1) if _ENUMERATION.match(text) else text
    code = table.get(fold(bare))
    if code is not None:
        return Parsed(code)
    for candidate in (text, bare):
        code = table.get(fold(_REMARK.split(candidate, maxsplit=1)[0]))
        if code is not None:
            return Parsed(code, codes=("remark-dropped",))
    guessed = _guess(fold(bare), table)
    return unreadable("not-a-choice") if guessed is None else Parsed(guessed, codes=("choice-guessed",))


@lru_cache(maxsize=256)
def _choice_table(choices: tuple[tuple[str, tuple[str, ...]], ...]) -> dict[str, str]:
    table: dict[str, str] = {}
    for code, labels in choices:
        for label in (code, *labels):
            folded = fold(label)
            if table.setdefault(folded, code) != code:
                codes = f"{table[folded]!r} and {code!r}"
                raise ValueError(
                    f"choices must give every label to one code, but {label!r} stands for {codes}"
                )
    table.pop("", None)
    return table


def _guess(text: str, table: Mapping[str, str]) -> str | None:
    """Code of the only choice that is spelt closely alike."""
    from rapidfuzz import fuzz

    if not text:
        return None
    digits = re.findall(r"\d+", text)
    close = {
        code
        for label, code in table.items()
        # "unzulaessig" is close to "zulaessig", "level 1" to "level 2": neither may be guessed.
        if label[0] == text[0]
        and fuzz.ratio(text, label) >= GUESS_FROM
        and re.findall(r"\d+", label) == digits
    }
    return close.pop() if len(close) == 1 else None


def parse_list(raw: object, *, separators: str = ";,\n/") -> Parsed:
    """Read several answers from one cell as a tuple of texts.

    Examples
    --------
    >>> parse_list("A16; A17").value, parse_list("").state
    (('A16', 'A17'), 'missing')
    """
    read = parse_text(raw)
    if read.state != "value":
        return read
    pattern = "[" + re.escape(separators) + "]"
    items = tuple(item for part in re.split(pattern, read.value) if (item := _BULLET.sub("", part).strip()))
    return Parsed(items) if items else MISSING


def parse_text(raw: object) -> Parsed:
    """Read a text: trimmed, line ends alike; "no answer" and "does not apply" are states.

    Examples
    --------
    >>> parse_text(" Portal ").value, parse_text("k. A.").state, parse_text("n/a").state
    ('Portal', 'missing', 'missing')
    """
    if raw is None or (isinstance(raw, float) and math.isnan(raw)):
        return MISSING
    text = clean(_written(raw))
    nothing = no_value(text, prefix=False)
    return Parsed(text) if nothing is None else nothing


def parse_identifier(raw: object) -> Parsed:
    """Read a key: leading zeros stay, a whole number loses its decimals, blanks collapse.

    Examples
    --------
    >>> parse_identifier("00123").value, parse_identifier(123.0).value
    ('00123', '123')
    """
    if isinstance(raw, (dt.date, dt.time)):
        return unreadable("turned-into-date")
    read = parse_text(raw)
    return Parsed(" ".join(read.value.split())) if read.state == "value" else read


def _written(raw: object) -> str:
    """Write a value as it is read in its cell."""
    if isinstance(raw, str):
        return raw
    if isinstance(raw, bool):
        return words()["booleans"]["written"][0 if raw else 1]
    if isinstance(raw, float) and raw.is_integer() and abs(raw) < 1e15:
        return str(int(raw))
    if isinstance(raw, dt.datetime) and raw.time() == dt.time():
        return raw.date().isoformat()
    return str(raw)
