"""Labels of choices as they are compared: as declared, folded, and in the short forms that people use."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache, lru_cache
from typing import NamedTuple

from digistrat.intake.values.words import clean, fold, words

# "c) ", "(2) ", "1.2 ", "• " before a choice.
ENUMERATION = re.compile(
    r"\s*(?:\(?[A-Za-z0-9]{1,3}\)|[A-Za-z]\.|[0-9]{1,2}(?:\.[0-9]{1,2})*\.?|[•▪·*–-])\s+"
)
SIGNS = re.compile(r"[<>≤≥+#]")  # dropped by folding, but they tell "< 50" from "> 50"
_HEAD = re.compile(r"\s[–—-]\s|:\s|\s?\(|\n|,\s")
_BRACKETED = re.compile(r"\s?\([^()]*\)")


class ChoiceTable(NamedTuple):
    """What a cell's text is compared with.

    Attributes
    ----------
    written : mapping
        Label as written → code.
    folded : mapping
        Folded label → code, the signs that folding drops, and whether the label asks a question.
    short : mapping
        Folded short form → the only code that has it.
    yes, no : str or None
        Codes of the choices that say yes and no, where there are both.
    """

    written: Mapping[str, str]
    folded: Mapping[str, tuple[str, str, bool]]
    short: Mapping[str, str]
    yes: str | None
    no: str | None

    def words_of(self, code: str | None) -> frozenset[str]:
        """Return the folded words of a choice's labels."""
        own = (label for label, entry in self.folded.items() if entry[0] == code)
        return frozenset(word for label in own for word in label.split())


@lru_cache(maxsize=256)
def choice_table(choices: tuple[tuple[str, tuple[str, ...]], ...]) -> ChoiceTable:
    """Return the table to read choices with; raise ValueError where a label stands for two codes.

    Short forms of ``"c) Deployed – in daily use"`` are the label without its letter, the letter, and what
    stands before the dash; each counts only where no other choice has it.
    """
    written: dict[str, str] = {}
    folded: dict[str, tuple[str, str, bool]] = {}
    forms: dict[str, set[str]] = {}
    for code, labels in choices:
        for label in (code, *labels):
            entry = (code, "".join(SIGNS.findall(label)), "?" in label)
            if folded.setdefault(fold(label), entry)[0] != code and fold(label):
                codes = f"{folded[fold(label)][0]!r} and {code!r}"
                raise ValueError(
                    f"choices must give every label to one code, but {label!r} stands for {codes}"
                )
            written.setdefault(clean(label).casefold(), code)
            if not entry[1]:
                for form in _short_forms(label):
                    forms.setdefault(form, set()).add(code)
    folded.pop("", None)
    written.pop("", None)
    short = {form: codes.pop() for form, codes in forms.items() if len(codes) == 1 and form not in folded}
    return ChoiceTable(written, folded, short, *_yes_and_no(folded, short))


def _short_forms(label: str) -> Iterator[str]:
    match = ENUMERATION.match(label)
    bare = label[match.end() :] if match else label
    if match:
        yield fold(match[0])
    for form in (bare, _BRACKETED.sub("", bare), _HEAD.split(bare, maxsplit=1)[0]):
        folded = fold(form)
        if folded:
            yield folded
            yield without_and(folded)


def without_and(folded: str) -> str:
    """Leave out the words for "and": many write "&", which folding drops.

    Examples
    --------
    >>> without_and("health and medical") == without_and(fold("Health & Medical"))
    True
    """
    return " ".join(word for word in folded.split() if word not in _conjunctions()) or folded


def _yes_and_no(
    folded: Mapping[str, tuple[str, str, bool]], short: Mapping[str, str]
) -> tuple[str | None, str | None]:
    """Return the codes of the choices that are a plain yes and a plain no, if both are there."""
    known = {**short, **{label: entry[0] for label, entry in folded.items()}}
    codes = [{known[word] for word in yes_no_words(name) if word in known} for name in ("yes", "no")]
    if all(len(found) == 1 for found in codes) and codes[0] != codes[1]:
        return codes[0].pop(), codes[1].pop()
    return None, None


@cache
def remark_signs() -> re.Pattern[str]:
    """What may stand between an answer and a remark: a dash, a bracket, a footnote's number, "since 2019"."""
    since = "|".join(map(re.escape, words()["remarks"]["since"]))
    return re.compile(
        rf"\s[–—-]\s|:\s|\s?\(|[,;]\s|\n|\s?(?=[¹²³⁰⁴-⁹])|\s(?=[0-9]{{1,2}}\)$)|\s(?=(?:{since})\s\S*[0-9])",
        re.IGNORECASE,
    )


@cache
def yes_no_words(name: str) -> frozenset[str]:
    """Words for "yes" or "no", folded."""
    return frozenset(fold(word) for word in words()["booleans"][name])


@cache
def _conjunctions() -> frozenset[str]:
    return frozenset(fold(word) for word in words()["booleans"]["conjunctions"])
