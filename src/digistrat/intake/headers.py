"""Header texts → columns of a form: as declared, in other spellings, by close spelling."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from itertools import islice
from typing import NamedTuple

from digistrat.intake.forms import Table, Target
from digistrat.intake.values import fold
from digistrat.intake.values.words import words
from digistrat.intake.workbooks import Cell

HEADER_SEARCH_ROWS = 60
EARLY_HEADER = 0.8  # share of the best row's known headers with which an earlier row is the header
# rapidfuzz ratios of folded headers, and of each of their words: 'statsu' reaches 83; 'auftragswert
# brutto' reaches 86 beside 'auftragswert netto' as a whole, but only 55 in its last word
CLOSE_SPELLING, CLOSE_WORD = 82.0, 70.0


def cell_text(cell: Cell | None) -> str:
    """Return what stands in a cell, as text: error, value, or formula without a value; empty for no cell."""
    if cell is None:
        return ""
    if cell.error:
        return cell.error
    if cell.value is None:
        return cell.formula or ""
    return str(cell.value).strip()


def _without_brackets(text: str) -> str:
    return fold(text, drop_brackets=True)


class Spelling(NamedTuple):
    """A cell's text, folded, and folded without what stands in brackets."""

    text: str
    folded: str
    bare: str


def spell(text: str) -> Spelling:
    """Fold a text once for all tables."""
    return Spelling(text, fold(text), _without_brackets(text))


def known_target(spelling: Spelling, table: Table, vocabulary: Mapping[str, Target]) -> Target | None:
    """Return what a header names as declared or by the form's pattern; None where it names nothing."""
    target = vocabulary.get(spelling.folded) or vocabulary.get(spelling.bare)
    if target is None and table.unpivot and table.unpivot.pattern:
        members = _members(table.unpivot.pattern, spelling.text)
        if len(members) == 1 and not starts_like_total(spelling.text):  # '2026–2030' is no year
            target = ("member", members.pop())
    return target


def _members(pattern: str, text: str) -> set[str]:
    members, finder = set(), re.compile(pattern)
    match = finder.search(text)
    while match:
        members.add(match["member"])
        # the sign after a member may also be the one before the next
        match = finder.search(text, max(match.end("member"), match.start() + 1))
    return members


class SpelledRow(NamedTuple):
    """The texts of a row, and all their folded forms: most rows hold no header of most tables."""

    spellings: list[Spelling]
    forms: frozenset[str]


def spell_rows(rows: Mapping[int, Mapping[int, Cell]]) -> dict[int, SpelledRow]:
    """Return the spellings of the rows in which a header is looked for."""
    spelled = {}
    for row, cells in islice(rows.items(), HEADER_SEARCH_ROWS):
        spellings = [spell(cell_text(cell)) for cell in cells.values()]
        forms = frozenset(form for spelling in spellings for form in (spelling.folded, spelling.bare))
        spelled[row] = SpelledRow(spellings, forms)
    return spelled


def find_header(
    rows: Mapping[int, SpelledRow], table: Table, vocabulary: Mapping[str, Target]
) -> tuple[int, int]:
    """Return the first row with about the most known headers, and their number; a later one may repeat it."""
    by_pattern = table.unpivot is not None and table.unpivot.pattern != ""
    known = {
        row: len({known_target(spelling, table, vocabulary) for spelling in spellings} - {None})
        for row, (spellings, forms) in rows.items()
        if by_pattern or not forms.isdisjoint(vocabulary)
    }
    best = max(known.values(), default=0)
    return next(((row, n) for row, n in known.items() if n and n >= EARLY_HEADER * best), (0, 0))


def declared_header(table: Table, target: Target) -> str:
    """Return the header that the form declares for a column or member."""
    kind, name = target
    if kind == "column":
        headers = table.column(name).headers
    else:
        headers = table.unpivot.members.get(name, ()) if table.unpivot else ()
    return headers[0] if headers else name


def close_targets(headers: Mapping[int, str], vocabulary: Mapping[str, Target]) -> dict[int, Target]:
    """Return open headers spelled almost like one open column or member, no other header closer to it.

    Parameters
    ----------
    headers : mapping
        Number → header that is not known.
    vocabulary : mapping
        Folded header → target that no known header has.
    """
    from rapidfuzz import fuzz

    best: dict[Target, tuple[float, int]] = {}
    for number, header in headers.items():
        folded = fold(header)
        scores = {
            spelling: fuzz.ratio(folded, spelling, score_cutoff=CLOSE_SPELLING)
            for spelling in vocabulary
            if _says_the_same(folded, spelling)
        }
        if not any(scores.values()):
            continue
        spelling = max(scores, key=scores.__getitem__)
        target = vocabulary[spelling]
        if scores[spelling] > best.get(target, (0.0, 0))[0]:
            best[target] = (scores[spelling], number)
    return {number: target for target, (_, number) in best.items()}


def _says_the_same(header: str, spelling: str) -> bool:
    """Whether numbers agree and no word is another one: gross is not net, relevance 1 not relevance 2."""
    from rapidfuzz import fuzz

    if re.findall(r"\d+", header) != re.findall(r"\d+", spelling):
        return False
    ours, theirs = header.split(), spelling.split()
    if "".join(ours) == "".join(theirs):  # a word written apart or together
        return True
    # in a long question one word in five may be another
    allowed = max(len(ours), len(theirs)) // 5
    return all(
        sum(all(fuzz.ratio(word, other) < CLOSE_WORD for other in others) for word in these) <= allowed
        for these, others in ((ours, theirs), (theirs, ours))
    )


def starts_like_total(text: str) -> bool:
    """Whether a text begins with a word for a sum.

    Examples
    --------
    >>> starts_like_total("Summe 2026"), starts_like_total("Summer School")
    (True, False)
    """
    folded = f"{fold(text)} "
    return folded.startswith(_totals())


@cache
def _totals() -> tuple[str, ...]:
    return tuple(f"{fold(word)} " for word in words()["tables"]["totals"])
