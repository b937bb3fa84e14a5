"""Remarks behind an answer: which of them leave the answer as it is."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from functools import cache

from digistrat.intake.values.labels import yes_no_words
from digistrat.intake.values.words import fold, words

_PERCENTAGE = re.compile(r"[0-9]\s?(?:%|prozent|percent|per cent|v\. ?h\.)", re.IGNORECASE)
_WHOLE = re.compile(r"(?:\w\w )?100\s?(?:%|prozent|percent|per cent)", re.IGNORECASE)  # "to", "at"
_SHORT = frozenset({"j", "y", "x", "1"})  # too short to say yes within a remark
_CLAUSE = re.compile(r"[,;()/\n]|\s[–—-]\s|\.\s")
_AROUND = " \t\n–—-:;,.()"


def takes_back(
    remark: str, *, is_no: bool = False, is_yes: bool = False, own: Collection[str] | None = None
) -> bool:
    """Return whether a remark may mean the opposite of the answer before it.

    What denies is taken back by a yes. Everything else is taken back by a share that is not the whole, by
    words that end or doubt it, and by a denial, unless that is of something else: "not public" leaves
    "existing" as it is. What else may be denied is listed; where in doubt the answer is taken back.

    Parameters
    ----------
    remark : str
        What follows the answer.
    is_no : bool
        Whether the answer denies.
    is_yes : bool
        Whether it is a mere yes: what is only planned takes that back.
    own : collection of str, optional
        Folded words of the answer's own labels, which a remark must not deny; None where a remark may deny
        nothing at all, as what was asked is not known.

    Examples
    --------
    >>> takes_back("(nicht öffentlich)", own=()), takes_back("(noch nicht)", own=())
    (False, True)
    """
    if _PERCENTAGE.search(remark) and not _WHOLE.fullmatch(remark.strip(_AROUND)):
        return True
    said = fold(remark).split()
    if is_no:
        return _holds(said, yes_no_words("yes") - _SHORT)
    if _holds(said, _listed("taken_back")) or (is_yes and _holds(said, _listed("planned"))):
        return True
    if _listed("denials").isdisjoint(said):
        return False
    clauses = (fold(clause).split() for clause in _CLAUSE.split(remark))
    return own is None or not all(_denies_another(clause, own) for clause in clauses)


def _holds(said: Sequence[str], phrases: Collection[str]) -> bool:
    text = f" {' '.join(said)} "
    return any(f" {phrase} " in text for phrase in phrases)


def _denies_another(clause: Sequence[str], own: Collection[str]) -> bool:
    """Whether all it denies is something else: 'not public', 'no interface', 'costs not known'."""
    beside, things, properties = map(_listed, ("beside_denials", "other_things", "other_properties"))
    for position in (number for number, word in enumerate(clause) if word in _listed("denials")):
        after = next((word for word in clause[position + 1 :] if word not in beside), "")
        before = next((word for word in reversed(clause[:position]) if word not in beside), "")
        denied = after if after in things | properties else before if before in things else ""
        if not denied or denied in own:
            return False
    return True


@cache
def _listed(name: str) -> frozenset[str]:
    return frozenset(fold(word) for word in words()["remarks"][name])
