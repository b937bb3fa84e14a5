"""Answers that are no numbers: yes/no, choices, lists, texts, identifiers."""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Mapping, Sequence
from functools import cache, lru_cache
from itertools import islice

from digistrat.intake.values.labels import (
    ENUMERATION,
    SIGNS,
    ChoiceTable,
    choice_table,
    remark_signs,
    without_and,
    yes_no_words,
)
from digistrat.intake.values.remarks import takes_back
from digistrat.intake.values.words import (
    LONGEST_STATE,
    MISSING,
    Parsed,
    begins_like_no_value,
    clean,
    fold,
    is_slip,
    no_value,
    unreadable,
    words,
)

BEGINNING = 8  # letters of a label's beginning that may stand for it
GUESS_FROM = 90  # similarity in per cent from which a misspelt choice is guessed
SLIP_FROM = 5  # letters from which a slip of two keys is no other word

_TRUE, _FALSE = Parsed(True), Parsed(False)
_BULLET = re.compile(r"^\s*[•▪·*–-]\s+")
MOST_DIGITS = 10**15  # spreadsheets keep no more: of a longer key the last ones are lost
MOST_HEADS = 8  # so many signs before a remark are looked at
_OR = re.compile(r"[,;/|&+()\n]|\s[–—-]\s|\b(?:und|oder|bzw|and|or)\b\.?")


def parse_boolean(raw: object) -> Parsed:
    """Read yes or no, as words, a cross, a tick, 0 or 1.

    A remark after the word is dropped with the code ``remark-dropped``, unless it takes the answer back.

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
    known = table.get(text.lower()) or table.get(fold(text))
    if known is not None and "?" in text:  # "yes?" is a yes with a doubt
        return known._replace(codes=("remark-dropped",))
    known = known or no_value(text)
    if known is not None:
        return known
    head = remark_signs().split(text, maxsplit=1)[0]
    known = table.get(fold(head)) if len(fold(head)) > 1 else None
    remark = text[len(head) :]
    if known is None or takes_back(remark, is_no=known.value is False, is_yes=known.value is True):
        return unreadable("not-yes-no")
    return known._replace(codes=("remark-dropped",))


@cache
def _yes_no_table() -> dict[str, Parsed]:
    listed = words()["booleans"]
    table = {}
    for name, answer in (("yes", _TRUE), ("no", _FALSE)):
        table.update(dict.fromkeys(yes_no_words(name), answer))
        table.update({sign.lower(): answer for sign in listed[f"{name}_signs"]})
    return table


def parse_choice(raw: object, choices: Mapping[str, Sequence[str]]) -> Parsed:
    """Read one of several declared answers as its code.

    Compared folded (see `fold`); then without a leading enumeration (``c) ``), with the short forms of
    labels (see `choice_table`), as yes or no where both are choices; then without what follows a dash, colon,
    comma or bracket (code ``remark-dropped``; a remark that takes the answer back, see `takes_back`, or is
    another choice, leaves it unreadable); at last by close spelling or as the beginning of a label, if only
    one choice comes close (code ``choice-guessed``). Numbers must agree, and the first letter.

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
    frozen = tuple((code, tuple(labels)) for code, labels in choices.items())
    return read_choice(raw, choice_table(frozen))


def read_choice(raw: object, table: ChoiceTable) -> Parsed:
    """Read one of several declared answers with their table; see `parse_choice`."""
    if raw is None or raw != raw:
        return MISSING
    if isinstance(raw, (dt.date, dt.time)):
        return unreadable("turned-into-date")
    if isinstance(raw, bool) and table.yes is not None:
        return Parsed(table.yes if raw else table.no)
    text = clean(_written(raw))
    code = table.written.get(text.casefold())
    if code is not None:
        return Parsed(code)
    known = _known_choice(text, table)
    if known is not None:
        return known
    nothing = no_value(text)
    if nothing is not None:
        return nothing
    bare = ENUMERATION.sub("", text, count=1) if ENUMERATION.match(text) else text
    known = _known_choice(bare, table)
    if known is not None:
        return known
    known = _short_choice(bare, table)
    if known is not None:
        return known
    answer = _parse_yes_no(text) if table.yes is not None else MISSING
    if answer.value is not None:
        return answer._replace(value=table.yes if answer.value else table.no)
    known = _without_remark(text, table) or (_without_remark(bare, table) if bare != text else None)
    if known is not None:
        return known
    guessed = _guess(bare, table)
    return unreadable("not-a-choice") if guessed is None else Parsed(guessed, codes=("choice-guessed",))


def _known_choice(text: str, table: ChoiceTable) -> Parsed | None:
    entry = table.folded.get(fold(text))
    if entry is None or entry[1] != "".join(SIGNS.findall(text)):
        return None
    # "in operation?" is an answer with a doubt
    return Parsed(entry[0], codes=("remark-dropped",) if "?" in text and not entry[2] else ())


def _short_choice(text: str, table: ChoiceTable) -> Parsed | None:
    folded = fold(text)
    code = table.short.get(folded) or table.short.get(without_and(folded))
    return None if code is None or SIGNS.search(text) or "?" in text else Parsed(code)


def _without_remark(text: str, table: ChoiceTable) -> Parsed | None:
    """Read a choice, or that the question does not apply, before a remark; None for neither."""
    ends = [sign.start() for sign in islice(remark_signs().finditer(text), MOST_HEADS)]
    for end in reversed(ends):  # a label may hold such a sign itself
        head, remark = text[:end], text[end:]
        known = _known_choice(head, table) or _short_choice(head, table) or _not_applicable(head)
        if known is None:
            continue
        is_mere = known.value is not None and known.value in (table.yes, table.no)
        is_lost = takes_back(
            remark,
            is_no=known.value in (None, table.no) or not _negations().isdisjoint(fold(head).split()),
            is_yes=(is_mere and known.value == table.yes) or fold(head) in yes_no_words("yes"),
            own=None if is_mere else table.words_of(known.value),
        )
        if is_lost or _names_another(remark, known.value, table):
            return unreadable("not-a-choice")
        return known._replace(codes=("remark-dropped",))
    return None


def _not_applicable(text: str) -> Parsed | None:
    known = no_value(text, prefix=False)
    return known if known is not None and known.state == "not_applicable" else None


def _names_another(remark: str, code: str | None, table: ChoiceTable) -> bool:
    """Whether another choice is a part of a remark, or stands in it in several words."""
    parts = {fold(part) for part in _OR.split(remark)}
    said = f" {fold(remark)} "
    others = (label for label, entry in table.folded.items() if entry[0] != code)
    return any(label in parts or (" " in label and f" {label} " in said) for label in others)


def _guess(raw: str, table: ChoiceTable) -> str | None:
    """Code of the only choice that is spelt closely alike."""
    from rapidfuzz import fuzz

    text, signs = fold(raw), "".join(SIGNS.findall(raw))
    if not text:
        return None
    digits = re.findall(r"\d+", text)
    close = {
        code
        for label, (code, label_signs, _) in table.folded.items()
        # "unzulaessig" is close to "zulaessig", "level 1" to "level 2": neither may be guessed.
        if label[0] == text[0]
        and label_signs == signs
        and (fuzz.ratio(text, label) >= GUESS_FROM or (len(text) >= SLIP_FROM and is_slip(text, label)))
        and re.findall(r"\d+", label) == digits
        and not _says_the_opposite(text, label)
    }
    if not close and len(text) >= BEGINNING:
        close = {entry[0] for label, entry in table.folded.items() if label.startswith(text)}
    return close.pop() if len(close) == 1 else None


def _says_the_opposite(text: str, label: str) -> bool:
    """Whether one of two texts negates the other, by a word or by a prefix of a word."""
    ours, theirs = set(text.split()), set(label.split())
    only_ours, only_theirs = ours - theirs, theirs - ours
    if not _negations().isdisjoint(only_ours | only_theirs):
        return True
    return any(
        one != other and (one.endswith(other) or other.endswith(one))
        for one in only_ours
        for other in only_theirs
    )


@cache
def _negations() -> frozenset[str]:
    return frozenset(fold(word) for word in words()["booleans"]["negations"])


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
    if raw is None or raw != raw:
        return MISSING
    text = clean(raw if isinstance(raw, str) else _written(raw))
    nothing = no_value(text, prefix=False)
    return Parsed(text) if nothing is None else nothing


def is_plain_text(raw: object) -> bool:
    """Return whether a value is its own text: nothing to clean, and no answer that is none.

    Examples
    --------
    >>> is_plain_text("A new portal for all applications of the city"), is_plain_text("k. A.")
    (True, False)
    """
    return (
        type(raw) is str
        and raw.isprintable()
        and (len(raw) > LONGEST_STATE or not begins_like_no_value(raw))
        and raw[0] != " " != raw[-1]
    )


def is_plain_key(raw: object) -> bool:
    """Return whether a value is its own key: nothing to clean, and no answer that is none ends with a digit.

    Examples
    --------
    >>> is_plain_key("A16-003"), is_plain_key("A16  003"), is_plain_key("n/a"), is_plain_key(16.0)
    (True, False, False, False)
    """
    return (
        type(raw) is str
        and raw[-1:].isdigit()
        and raw[0] not in " '"
        and raw.isprintable()
        and "  " not in raw
    )


def parse_identifier(raw: object) -> Parsed:
    """Read a key: leading zeros stay, a whole number loses its decimals, blanks collapse.

    A number of more than 15 digits is unreadable with the code ``digits-lost``: the spreadsheet has
    rounded it.

    Examples
    --------
    >>> parse_identifier("00123").value, parse_identifier(123.0).value
    ('00123', '123')
    """
    if isinstance(raw, (dt.date, dt.time)):
        return unreadable("turned-into-date")
    if isinstance(raw, float) and abs(raw) >= MOST_DIGITS:
        return unreadable("digits-lost")
    read = parse_text(raw)
    if read.state != "value":
        return read
    key = " ".join(read.value.split())
    if key[0] == "'" and key[1:2].isdigit():  # a spreadsheet's sign for a text
        key = key[1:]
    return Parsed(key)


def _written(raw: object) -> str:
    """Write a value as it is read in its cell."""
    if isinstance(raw, str):
        return raw
    if isinstance(raw, bool):
        return words()["booleans"]["written"][0 if raw else 1]
    if isinstance(raw, float) and raw.is_integer() and abs(raw) < MOST_DIGITS:
        return str(int(raw))
    if isinstance(raw, int) and abs(raw) > 10**400:  # beyond what may be written in decimal digits
        return hex(raw)
    if isinstance(raw, dt.datetime) and raw.time() == dt.time():
        return raw.date().isoformat()
    return str(raw)
