"""Folding of texts for comparison, and the words that people write instead of a value."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any, NamedTuple

_INVISIBLE = dict.fromkeys([0xAD, 0x200B, 0x200C, 0x200D, 0x200E, 0x200F, 0x2060, 0xFEFF])
_BLANKS = dict.fromkeys([0xA0, 0x2007, 0x2008, 0x2009, 0x200A, 0x202F, 0x205F, 0x3000], " ")
_CLEAN = str.maketrans({**_INVISIBLE, **_BLANKS})
_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "æ": "ae", "ø": "oe", "œ": "oe"})
_BROKEN_WORD = re.compile(r"(?<=[^\W\d_])-[ \t]*\r?\n[ \t]*(?=[a-zäöüß])")
_BRACKETS = re.compile(r"\([^()]*\)|\[[^\[\]]*\]")
_NO_WORD_ASCII = re.compile(r"[^a-z0-9]+")
_NO_WORD = re.compile(r"[\W_]+")
BEGINNING = 3  # letters
LONGEST_STATE = 40  # a longer text is none of the short answers that stand for no value


@lru_cache(maxsize=65_536)
def fold(text: str, drop_brackets: bool = False) -> str:
    """Fold a header or an answer for comparison.

    Case, accents, umlaut spellings, punctuation, blanks, line breaks, soft hyphens and zero-width
    characters do not count; a word broken by a hyphen at a line's end is joined.

    Parameters
    ----------
    text : str
        As it was written.
    drop_brackets : bool
        Whether hints in round or square brackets are left out, unless nothing else is left.

    Examples
    --------
    >>> fold("Kosten  (in T€)"), fold("Kosten (in T€)", drop_brackets=True)
    ('kosten in t', 'kosten')
    >>> fold("STRASSE") == fold("Straße"), fold("Größe") == fold("Groesse")
    (True, True)
    """
    if drop_brackets:
        bare = _BRACKETS.sub(" ", text)
        return fold(bare) or fold(text)
    return _fold(text)


def _fold(text: str) -> str:
    if text.isascii() and "\n" not in text:
        return _NO_WORD_ASCII.sub(" ", text.lower()).strip()
    text = unicodedata.normalize("NFC", text.translate(_CLEAN))
    text = _BROKEN_WORD.sub("", text).casefold().translate(_UMLAUTS)
    if not text.isascii():
        decomposed = unicodedata.normalize("NFKD", text).casefold()
        text = "".join(sign for sign in decomposed if not unicodedata.combining(sign))
    return _NO_WORD.sub(" ", text).strip()


def is_slip(word: str, other: str) -> bool:
    """Return whether two keys of a folded word were struck in the wrong order; an umlaut is one key.

    Examples
    --------
    >>> is_slip(fold("vorhadnen"), fold("vorhanden")), is_slip(fold("Federüfhrung"), fold("Federführung"))
    (True, True)
    >>> is_slip("nutzen", "nutzer")
    False
    """
    if sorted(word) != sorted(other):
        return False
    return _is_swapped(word, other) or _is_swapped(_one_key(word), _one_key(other))


def _is_swapped(word: str, other: str) -> bool:
    apart = [number for number, (a, b) in enumerate(zip(word, other, strict=False)) if a != b]
    return len(word) == len(other) and len(apart) == 2 and apart[1] - apart[0] == 1


def _one_key(word: str) -> str:
    return word.replace("ae", "ä").replace("oe", "ö").replace("ue", "ü")


def clean(text: str) -> str:
    """Trim a text and replace unusual blanks and line ends; what is seen stays as it is."""
    if text.isprintable():  # no line ends, no blanks but the usual one, nothing invisible
        return text.strip()
    if not text.isascii():
        text = text.translate(_CLEAN)
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text.strip()


@cache
def words() -> dict[str, Any]:
    """Every word list, read once from ``forms/words.toml``."""
    return tomllib.loads(files("digistrat.forms").joinpath("words.toml").read_text("utf-8"))


class Parsed(NamedTuple):
    """What a cell says.

    Attributes
    ----------
    value : object
        Number, date, yes/no, code, text or tuple; None unless the state is ``value``.
    state : {"value", "missing", "not_applicable", "unreadable"}
        An unreadable cell has at least one code.
    lower, upper : float or None
        Bounds of a number that is not exact; both None for an exact one, one of them for an open end.
    codes : tuple of str
        Codes of the findings to report.
    first, last : date or None
        First and last day of the period that a date stands for.
    """

    value: Any = None
    state: str = "value"
    lower: float | None = None
    upper: float | None = None
    codes: tuple[str, ...] = ()
    first: Any = None
    last: Any = None


MISSING = Parsed(state="missing")
NOT_APPLICABLE = Parsed(state="not_applicable")
ELSEWHERE = Parsed(state="missing", codes=("see-attachment",))
_ERROR_TEXT = re.compile(r"#(?:[A-ZÜ][A-ZÜ/0_]*[!?]?|#{2,})")


def unreadable(code: str) -> Parsed:
    """Make the answer that a cell cannot be used."""
    return Parsed(state="unreadable", codes=(code,))


@cache
def _state_words() -> tuple[dict[str, Parsed], frozenset[str], tuple[str, ...]]:
    states = words()["states"]
    table = {fold(word): MISSING for word in (*states["missing"], *states["pending"]) if fold(word)}
    table.update({fold(word): NOT_APPLICABLE for word in states["not_applicable"]})
    elsewhere = {fold(word) for word in states["elsewhere"]}
    table.update(dict.fromkeys(elsewhere, ELSEWHERE))
    return table, frozenset(states["missing_signs"]), tuple(f"{word} " for word in elsewhere)


@cache
def _state_beginnings() -> frozenset[str]:
    table, signs, elsewhere = _state_words()
    return frozenset(word[:BEGINNING] for word in (*table, *signs, *elsewhere))


def begins_like_no_value(text: str) -> bool:
    """Whether a text may be an answer that is none, by its first letters: most need no folding then."""
    beginning = text[:BEGINNING]
    return not (beginning.isascii() and beginning.isalnum()) or beginning.lower() in _state_beginnings()


def no_value(text: str, *, prefix: bool = True) -> Parsed | None:
    """Recognise an answer that is none: nothing, "no answer", "does not apply", "see attachment", an error.

    Parameters
    ----------
    text : str
        Cleaned text.
    prefix : bool
        Whether words that send the reader elsewhere may be followed by others.

    Examples
    --------
    >>> no_value("n/a").state, no_value("12") is None
    ('missing', True)
    """
    table, signs, elsewhere = _state_words()
    if not text or text in signs:
        return MISSING
    if text[0] == "#" and _ERROR_TEXT.fullmatch(text):
        return unreadable("cell-error")
    if not prefix and (
        len(text) > LONGEST_STATE or text[-1] in "0123456789" or not begins_like_no_value(text)
    ):
        return None
    folded = _fold(text)
    known = table.get(folded)
    if known is None and prefix and folded.startswith(elsewhere):
        return ELSEWHERE
    return known
