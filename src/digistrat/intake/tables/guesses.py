"""Headers that no form declares → the column each is almost certainly meant for; rather none than wrong."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache

from digistrat.intake.forms import Target
from digistrat.intake.tables.contrasts import another_column
from digistrat.intake.tables.questions import Questions
from digistrat.intake.values import fold
from digistrat.intake.values.words import is_slip, words

# Likeness of two headers, 0–100. As rapidfuzz ratios of the whole and of each word: 'statsu' reaches 83;
# 'auftragswert brutto' reaches 86 beside 'auftragswert netto' as a whole, but only 55 in its last word.
CLOSE_SPELLING, CLOSE_WORD = 82.0, 70.0
ABBREVIATED, REWORDED = 90.0, 97.0
MARGIN = 4.0  # by how much the best column must be closer than any other
# A long question: which share of its telling words, and of the declared question's, both have
OURS, THEIRS, QUESTION_MARGIN = 0.8, 0.3, 12.0
LONG_QUESTION, SHORT_QUESTION = 5, 4  # words
# A number or how many there are; alone it counts rows, and before a number columns
_NUMBER_BEHIND, _NUMBER_BEFORE = re.compile(r"(?<=\w)(\W*)#(?!\s*\d)"), re.compile(r"^\s*#(?=\s*[^\W\d])")
CUT_QUESTION = 6  # words in a row: however much was cut off


@dataclass(frozen=True)
class Wording:
    """A header's words, made comparable.

    Attributes
    ----------
    words : tuple of str
        Folded, words that mean the same written the same.
    core : tuple of str
        The words without those that say what the table is about anyway.
    numbers : tuple of str
        Numbers in it.
    cut : frozenset of int
        Which words end in a dot: they may be abbreviated.
    """

    words: tuple[str, ...]
    core: tuple[str, ...]
    numbers: tuple[str, ...]
    cut: frozenset[int]


def close_targets(
    headers: Mapping[int, str],
    vocabulary: Mapping[str, Target],
    *,
    taken: Collection[Target] = (),
    questions: Questions | None = None,
    counted: Collection[Target] = (),
) -> dict[int, Target]:
    """Return which column or member each open header is almost certainly meant for.

    Parameters
    ----------
    headers : mapping
        Number → header that is not known.
    vocabulary : mapping
        Folded header → column or member, all of the table.
    taken : collection
        Those that have a header: what is closest to one of them is meant for none.
    questions : Questions, optional
        The table's, where its headers are questions.
    counted : collection
        Those of numbers and keys: no other is guessed for a header with the sign ``#``.

    Returns
    -------
    dict
        Number → target; no target twice, none where two are about equally close.
    """
    weights = _weights(vocabulary)
    best: dict[Target, tuple[float, int]] = {}
    for number, shown in headers.items():
        header = _in_words(shown)
        found = _found(header, vocabulary, weights, questions)
        if found is None and header != shown:
            found = _found(shown, vocabulary, weights, questions)
            found = found if found is not None and found[1] in counted else None
        if found is None or found[1] in taken or _counts_others(header, found[1], vocabulary):
            continue
        score, target = found
        if score > best.get(target, (0.0, 0))[0]:
            best[target] = (score, number)
    return {number: target for target, (_, number) in best.items()}


def _found(
    header: str, vocabulary: Mapping[str, Target], weights: Mapping[str, float], questions: Questions | None
) -> tuple[float, Target] | None:
    found = _closest(wording(header), vocabulary, weights)
    return questions.target_of(header) if found is None and questions is not None else found


def _in_words(header: str) -> str:
    """A header with its sign for numbers written out."""
    if "#" not in header:
        return header
    return _NUMBER_BEHIND.sub(r"\1 Nr. ", _NUMBER_BEFORE.sub(f"{_counts()[0]} ", header))


def _counts_others(header: str, target: Target, vocabulary: Mapping[str, Target]) -> bool:
    """Whether a header asks how many there are, and the column's own do not."""
    own = (spelling for spelling, other in vocabulary.items() if other == target)
    return _is_count(fold(header)) and not any(map(_is_count, own))


def _is_count(folded: str) -> bool:
    return folded.startswith(_counts())


def _closest(
    header: Wording, vocabulary: Mapping[str, Target], weights: Mapping[str, float]
) -> tuple[float, Target] | None:
    scores: dict[Target, float] = {}
    for spelling, target in vocabulary.items():
        score = likeness(header, wording(spelling), weights)
        if score > scores.get(target, 0.0):
            scores[target] = score
    if not scores:
        return None
    best, *others = sorted(scores, key=scores.__getitem__, reverse=True)
    score = scores[best]
    # of two questions, the one that has more of the words that tell them apart must lead clearly
    margin = MARGIN if score >= CLOSE_SPELLING else QUESTION_MARGIN
    if others and score - scores[others[0]] < margin:
        return None
    return score, best


@lru_cache(maxsize=8192)
def wording(header: str) -> Wording:
    """Return a header's words, made comparable."""
    text = re.sub(r"\.(?=[^\W\d])", ". ", header)
    marked = fold(re.sub(r"(?<=\w)\.(?!\w)", " qqq ", text)).split()  # a dot behind a word is kept as a word
    plain: list[str] = []
    cut = set()
    for word in marked:
        if word == "qqq":
            cut.add(len(plain) - 1)
        else:
            plain.append(word)
    one = _made_one(plain)
    if len(one) != len(plain):
        cut.clear()
    core = tuple(word for word in one if word not in _fillers())
    return Wording(tuple(one), core or tuple(one), tuple(re.findall(r"\d+", " ".join(plain))), frozenset(cut))


def _made_one(plain: list[str]) -> list[str]:
    text = f" {' '.join(plain)} "
    for one, phrase in _same():
        text = text.replace(f" {phrase} ", f" {one} ")
    made = []
    for word in text.split():
        for one, phrase in _same():
            if len(phrase) >= 5 and " " not in phrase:
                if word.endswith(phrase):  # Vorhabennummer
                    word = word.removesuffix(phrase) + one
                elif word != phrase and word[:2] == phrase[:2] and _alike(word, phrase):  # Nummr
                    word = one
        made.append(word)
    return made


def likeness(header: Wording, spelling: Wording, weights: Mapping[str, float] | None = None) -> float:
    """Return how close two headers are, 0–100; 0 where they are not the same column.

    Examples
    --------
    >>> likeness(wording("Statsu"), wording("Status")) > 80
    True
    >>> likeness(wording("Auftragswert brutto"), wording("Auftragswert netto"))
    0.0
    """
    from rapidfuzz import fuzz

    ours, theirs = header.core, spelling.core
    if not ours or header.numbers != spelling.numbers or another_column(header.words, spelling.words):
        return 0.0
    if any(word in _others() and word not in spelling.words for word in header.words):
        return 0.0
    if "".join(header.words) == "".join(spelling.words):  # a word written apart or together
        return 100.0
    if ours == theirs or "".join(ours) == "".join(theirs):
        return REWORDED
    if header.cut and _is_abbreviated(header, spelling):
        return ABBREVIATED
    ratio: float = fuzz.ratio(" ".join(header.words), " ".join(spelling.words), score_cutoff=CLOSE_SPELLING)
    core: float = fuzz.ratio(" ".join(ours), " ".join(theirs), score_cutoff=CLOSE_SPELLING)
    if max(ratio, core) and _same_words(ours, theirs):
        return max(ratio, core)
    if weights and len(theirs) >= LONG_QUESTION and len(ours) >= SHORT_QUESTION:
        return _shared(header, spelling, weights)
    return 0.0


def _is_abbreviated(header: Wording, spelling: Wording) -> bool:
    """'Fallz. p. a.' is 'Fallzahl p. a.': word for word, and only words with a dot are cut short."""
    if len(header.words) != len(spelling.words):
        return False
    return all(
        word == other or (number in header.cut and len(word) >= 3 and other.startswith(word))
        for number, (word, other) in enumerate(zip(header.words, spelling.words, strict=True))
    )


def _same_words(ours: tuple[str, ...], theirs: tuple[str, ...]) -> bool:
    """Whether no word is another one: gross is not net."""
    # in a long question one word in five may be another
    allowed = max(len(ours), len(theirs)) // 5
    return all(
        sum(not any(_alike(word, other) for other in others) for word in these) <= allowed
        for these, others in ((ours, theirs), (theirs, ours))
    )


@lru_cache(maxsize=65_536)
def _alike(word: str, other: str) -> bool:
    """Whether two words are one, misspelt or in the plural.

    Another letter in the same place of a short word makes another word (benefit, user), a slip of two keys or
    a letter too many does not; one that is much longer is another one too (completion, degree of completion).
    """
    from rapidfuzz import fuzz

    if word == other:
        return True
    if len(word) == len(other) >= 3 and sorted(word) == sorted(other):
        return is_slip(word, other)
    if min(len(word), len(other)) <= 3 or abs(len(word) - len(other)) > 2:
        return False
    if len(word) == len(other) <= 6 and sum(a != b for a, b in zip(word, other, strict=True)) == 1:
        return False
    return fuzz.ratio(word, other) >= CLOSE_WORD


def _shared(header: Wording, spelling: Wording, weights: Mapping[str, float]) -> float:
    """Likeness of a question that was cut off or put a little differently: rare words weigh more."""
    rare = max(weights.values(), default=1.0)
    ours = {word: weights.get(word, rare) for word in header.core}
    theirs = {word: weights.get(word, rare) for word in spelling.core}
    common = {
        word
        for word in ours
        if word in theirs or (len(word) >= 5 and any(_alike(word, other) for other in theirs))
    }
    shared = sum(ours[word] for word in common)
    of_ours = shared / sum(ours.values())
    of_theirs = shared / sum(theirs.values())
    is_part = (
        len(header.words) >= CUT_QUESTION and f" {' '.join(header.words)} " in f" {' '.join(spelling.words)} "
    )
    if len(common) < 3 or of_ours < OURS or (of_theirs < THEIRS and not is_part):
        return 0.0
    return (CLOSE_SPELLING - 1) * (0.7 * of_ours + 0.3 * min(of_theirs, 1.0))


def _weights(vocabulary: Mapping[str, Target]) -> dict[str, float]:
    """How telling each word is: one that stands in most questions tells nothing."""
    pairs = {(word, target) for spelling, target in vocabulary.items() for word in wording(spelling).core}
    counts = Counter(word for word, _ in pairs)
    n = len(set(vocabulary.values()))
    return {word: math.log(1 + n / count) for word, count in counts.items()}


@cache
def _same() -> tuple[tuple[str, str], ...]:
    """Other phrase → the one for it, longest first."""
    pairs = [(fold(group[0]), fold(phrase)) for group in words()["tables"]["same"] for phrase in group[1:]]
    return tuple(sorted(pairs, key=lambda pair: -len(pair[1])))


@cache
def _counts() -> tuple[str, ...]:
    return tuple(f"{fold(phrase)} " for phrase in words()["tables"]["counts"])


@cache
def _fillers() -> frozenset[str]:
    return _folded(words()["tables"]["fillers"])


@cache
def _others() -> frozenset[str]:
    return _folded(words()["tables"]["others"])


def _folded(group: Iterable[str]) -> frozenset[str]:
    return frozenset(fold(word) for word in group)
