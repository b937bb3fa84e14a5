"""Headers that shorten a long question → the column asked for; rather none than wrong."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from digistrat.intake.forms import Target
from digistrat.intake.tables.contrasts import another_column
from digistrat.intake.values import fold
from digistrat.intake.values.words import words

CUT_OFF, LED_BY, SHORTENED = 95.0, 94.0, 70.0  # how sure a shortened question is, 0–100
QUESTION = 5  # words
LONGEST = 600  # characters; a longer text is no header
SHORTEST_CUT = 12  # characters of a header that was cut off
SHORTEST_STEM = 4  # letters that two forms of a word have in common
# Shares of the telling words that must agree: of the header's, and of the column's
OURS, THEIRS, HALF_OF_THEIRS, MOST_OF_THEIRS = 0.8, 0.3, 0.45, 0.75
LEAD = 0.25  # by which share the best column leads, where no word is its own
_NUMBER = re.compile(
    r"^(?:q|question|item|field|no|nr|frage|feld)? ?\d+(?: \d+)*(?: ?[a-z](?= ))? (?=[^\W\d]{2})"
)
_LETTER = re.compile(r"^[a-z] (?=[^\W\d]{2})")
_PARTS = re.compile(r"\n|:\s|\s[–—-]\s|[?(\[|]")


@dataclass(frozen=True)
class Asked:
    """What a column is called: the telling words of each of its headers, and all of them.

    Attributes
    ----------
    spellings : tuple of frozensets
        Telling words by header.
    words : frozenset
        All of them, and pairs of words written as one.
    """

    spellings: tuple[frozenset[str], ...]
    words: frozenset[str]


@dataclass(frozen=True)
class Questions:
    """The questions of a table, prepared.

    Attributes
    ----------
    vocabulary : dict
        Folded header, part of it before the question mark, or name → column or member.
    squeezed : dict
        The same without blanks: one may have slipped.
    asked : dict
        Column or member → its words.
    weights : dict
        How telling each word is.
    """

    vocabulary: Mapping[str, Target]
    squeezed: Mapping[str, Target]
    asked: Mapping[Target, Asked]
    weights: Mapping[str, float]

    def target_of(self, header: str) -> tuple[float, Target] | None:
        """Return the column that a header most probably asks for, and how sure that is."""
        if len(header) > LONGEST:
            return None
        folded = _LETTER.sub("", _NUMBER.sub("", fold(header), count=1), count=1)
        known = self.vocabulary.get(folded) or self.squeezed.get(folded.replace(" ", ""))
        if known is not None:
            return LED_BY, known
        return (
            self._led_by(header, folded)
            or self._one_of_two(header)
            or self._cut_off(folded)
            or self._shortened(header, folded)
        )

    def _led_by(self, header: str, folded: str) -> tuple[float, Target] | None:
        """A header, and behind it what it means: 'Stage: the use case's current stage'."""
        for part in _PARTS.finditer(header):
            head = fold(header[: part.start()])
            target = self.vocabulary.get(_NUMBER.sub("", head, count=1))
            is_led = len(folded.split()) >= len(head.split()) + 3
            if target is not None and is_led and not another_column(folded.split(), head.split()):
                return LED_BY, target
        return None

    def _one_of_two(self, header: str) -> tuple[float, Target] | None:
        """Two names of one column, of which one is known: 'Bureau / Department'."""
        parts = [fold(part) for part in header.split("/")]
        named = {self.vocabulary[part] for part in parts if part in self.vocabulary}
        return (LED_BY, named.pop()) if len(parts) == 2 and len(named) == 1 else None

    def _cut_off(self, folded: str) -> tuple[float, Target] | None:
        """The beginning of one question only."""
        if len(folded) < SHORTEST_CUT or " " not in folded:
            return None
        begun = {target for header, target in self.vocabulary.items() if header.startswith(folded)}
        return (CUT_OFF, begun.pop()) if len(begun) == 1 else None

    def _shortened(self, header: str, folded: str) -> tuple[float, Target] | None:
        """The telling words of one question only."""
        ours = telling_words(folded)
        if not ours or folded.split()[-1] in _people():  # 'reviewed by' is somebody
            return None
        found = sorted(
            ((*self._agreement(ours, asked), target) for target, asked in self.asked.items()),
            key=lambda entry: entry[:2],
            reverse=True,
        )
        (of_ours, of_theirs, target), second = found[0], found[1] if len(found) > 1 else (0.0, 0.0, None)
        if of_ours < OURS or another_column(folded.split(), self.asked[target].words):
            return None
        leads = second[0] < OURS or of_theirs >= second[1] + LEAD
        own = [word for word in ours if self._is_own(word, target)]
        is_sentence = header.rstrip().endswith("?") or folded.split()[0] in _verbs()
        if leads and (
            of_theirs >= MOST_OF_THEIRS
            or (own and len(ours) >= 2)
            or (of_theirs >= (THEIRS if own else HALF_OF_THEIRS) and not is_sentence)
        ):
            return SHORTENED * of_ours + of_theirs, target
        return None

    def _agreement(self, ours: Collection[str], asked: Asked) -> tuple[float, float]:
        """Which share of a header's words a column has, and of the header that is best covered."""
        rare = max(self.weights.values(), default=1.0)
        weight = {word: self._weight(word, rare) for word in ours}
        shared = sum(weight[word] for word in ours if _stands_in(word, asked.words))
        of_theirs = 0.0
        for spelling in asked.spellings:
            total = sum(self.weights[word] for word in spelling)
            common = sum(self.weights[word] for word in spelling if _stands_in(word, ours))
            of_theirs = max(of_theirs, common / total if total else 0.0)
        return shared / sum(weight.values()), of_theirs

    def _weight(self, word: str, rare: float) -> float:
        same = [weight for other, weight in self.weights.items() if _same_stem(word, other)]
        return min(same, default=rare)

    def _is_own(self, word: str, target: Target) -> bool:
        return [t for t, asked in self.asked.items() if _stands_in(word, asked.words)] == [target]


def ask(vocabulary: Mapping[str, Target]) -> Questions:
    """Prepare the questions of a table.

    Parameters
    ----------
    vocabulary : mapping
        Folded header → column or member; what it may be shortened to besides.

    Examples
    --------
    >>> questions = ask({"what problem is it intended to solve": ("column", "problem")})
    >>> questions.target_of("Problem description")[1], questions.target_of("Budget")
    (('column', 'problem'), None)
    """
    spellings: dict[Target, list[frozenset[str]]] = {}
    every: dict[Target, set[str]] = {}
    for header, target in vocabulary.items():
        if any(header != part and t == target and _goes_on(header, part) for part, t in vocabulary.items()):
            continue  # what follows a question stands behind other ones too
        own = telling_words(header)
        spellings.setdefault(target, []).append(frozenset(own))
        plain = header.split()
        pairs = {a + b for a, b in pairwise(plain)}
        every.setdefault(target, set()).update(own, pairs)
    counts = Counter(word for target in spellings for word in frozenset().union(*spellings[target]))
    weights = {word: math.log(1 + len(spellings) / count) for word, count in counts.items()}
    asked = {target: Asked(tuple(spellings[target]), frozenset(every[target])) for target in spellings}
    squeezed = {header.replace(" ", ""): target for header, target in vocabulary.items()}
    return Questions(vocabulary, squeezed, asked, weights)


def _goes_on(header: str, question: str) -> bool:
    return header.startswith(f"{question} ") and len(question.split()) >= QUESTION


def telling_words(folded: str) -> tuple[str, ...]:
    """Return the words of a header that say what is asked for; all where none does."""
    every = tuple(dict.fromkeys(folded.split()))
    return tuple(word for word in every if word not in _vague()) or every


def _stands_in(word: str, others: Collection[str]) -> bool:
    return word in others or any(_same_stem(word, other) for other in others)


@lru_cache(maxsize=65_536)
def _same_stem(word: str, other: str) -> bool:
    """Whether one of two words is the other with an ending: benefit, benefits."""
    if word == other:
        return True
    short, long = sorted((word, other), key=len)
    return len(short) >= SHORTEST_STEM and long.startswith(short) and len(long) <= len(short) + 3


@lru_cache(maxsize=1)
def _vague() -> frozenset[str]:
    return frozenset(fold(word) for word in words()["tables"]["vague"]) | _verbs()


@lru_cache(maxsize=1)
def _people() -> frozenset[str]:
    return frozenset(fold(word) for word in words()["tables"]["people"])


@lru_cache(maxsize=1)
def _verbs() -> frozenset[str]:
    return frozenset(fold(word) for word in words()["tables"]["asking"])
