"""Header texts → columns of a form: as declared, and with what people add without meaning another column."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache

from digistrat.intake.forms import Form, Table, Target
from digistrat.intake.tables.contrasts import another_column, contrasting_words
from digistrat.intake.tables.questions import QUESTION, Questions, ask
from digistrat.intake.values import fold
from digistrat.intake.values.named import rates_in, stated_in
from digistrat.intake.values.words import words
from digistrat.intake.workbooks import Cell

# '1.', '2.3)', '1A.', 'a)', '(4)', 'IV.' before a header; '¹' and '2)' behind it
_ENUMERATOR = re.compile(
    r"^\s*(?:\(?\d{1,2}(?:\.\d{1,2})*[A-Za-z]?[.):]+\s*|\d{1,2}(?:\.\d{1,2})*\s+|\(?[A-Za-z]\)\s*|[A-Za-z]\.\s+|[IVX]{1,4}[.)]\s*)"
    r"(?=[^\W\d])"
)
_FOOTNOTE = re.compile(r"[¹²³⁰⁴-⁹]+\)?|(?<=\D)\s*\b\d\)\s*$")
_BRACKETED = re.compile(r"\([^()]*\)|\[[^\[\]]*\]")
_SEPARATED = re.compile(r"[:,;|]|\s[–—-]\s")  # between a header and what is said of it
_LOST_SIGNS = re.compile(r"[%#]")  # they mean something, and folding leaves them out
# 'Use Case #', 'Titel (Nr.)': a header's number, but not the no of 'yes/no'
_NUMBERED = re.compile(
    r"^\s*#(?!\s*\d)|#\W*$|[(\[]\s*(?:#|nr|no|num|nummer|number)\W*[)\]]"
    r"|\b(?:nr\.?|num\.?|nummer|number|(?<!/)no\.)[\s*:]*$",
    re.I,
)
_POINTS = (")", ".")
_MONEY = re.compile(r"[€%]|eur", re.I)  # without one of these no unit of money is looked for
_UNIT_SIGNS = "€$£¥%"
_OF_THOUSAND = r"1[.' ]?000"
_THOUSAND = re.compile(r"\b(?:1[.' ]?)?000\b")
_SIGNS = " \t\n*•·=–—-:;.,'\"„“()[]<>|/#+_"
LONGEST_HINT, LONGEST_PHRASE = 160, 3  # characters of a hint; words of a hint in the list
_BRACKETS = (("(", ")"), ("[", "]"))
COUNTED = ("identifier", "integer", "number", "amount")  # kinds of columns that hold numbers and keys
QUESTIONS = 3  # so many questions make a table one of questions
LONGEST_HEADER = 600  # characters; a longer text is no header
N_LEXICONS = 512  # tables whose headers are kept prepared


@dataclass(frozen=True)
class Lexicon:
    """The headers of a table, prepared once.

    Attributes
    ----------
    table : Table
    declared : dict
        Folded header → column or member, as the form declares it.
    plain : dict
        The same without numbering, units and what follows a question, where that names one target only; and
        the columns' own names, as other programs write them into a header.
    pattern : re.Pattern or None
        What members' headers look like.
    n_targets : int
        How many columns and members have headers.
    """

    table: Table
    declared: Mapping[str, Target]
    plain: Mapping[str, Target]
    pattern: re.Pattern[str] | None
    n_targets: int

    @cached_property
    def questions(self) -> Questions | None:
        """The table's headers where they are long questions: people shorten those."""
        headers = [h for target in set(self.declared.values()) for h in declared_headers(self.table, target)]
        if sum(len(header.split()) >= QUESTION for header in headers) < QUESTIONS:
            return None
        names = {fold(c.name): ("column", c.name) for c in self.table.columns if c.headers}
        return ask({**names, **self.plain, **self.declared})

    @cached_property
    def counted(self) -> frozenset[Target]:
        """The columns and members that hold numbers and keys."""
        return frozenset(target for target in self.declared.values() if self._is_counted(target))

    @property
    def has_columns(self) -> bool:
        """Whether the table has columns besides its members'."""
        return any(kind == "column" for kind, _ in self.declared.values())

    def target_of(self, text: str) -> Target | None:
        """Return what a header names; None where it names nothing of the table."""
        return self.declared_as(text) or self.member_of(text)

    def rank(self, text: str, target: Target | None) -> int:
        """Return how far down the form declares a header for its column: of two, the first is meant."""
        folded = fold(text)
        if target == ("member", text):
            return 0
        if target is None or self.declared.get(folded) != target:
            return 10**6
        own = [fold(header) for header in declared_headers(self.table, target)]
        return own.index(folded) if folded in own else len(own)

    def declared_as(self, text: str) -> Target | None:
        """Return what the form declares a header to be."""
        folded = fold(text)
        target = self.declared.get(folded)
        is_whole = _LOST_SIGNS.search(text) is None
        if target is not None and (is_whole or self._means(text, target)):
            return target
        if folded in self.plain and is_whole:
            return self.plain[folded]
        for spelling in spellings(text)[1:]:
            target = self.declared.get(spelling) or self.plain.get(spelling)
            if target is not None and self._means(text, target) and self._fits(text, spelling, target):
                return target
        return None

    def member_of(self, text: str) -> Target | None:
        """Return which member the form's pattern sees in a header."""
        if self.pattern is None or starts_like_total(text):  # 'Summe 2026' is no year
            return None
        members = _members(self.pattern, text)
        if len(members) != 1:  # '2026–2030' neither
            return None
        if not _is_bare(self.pattern, text):  # nor 'Beschluss vom 12.05.2026', 'ab 2026'
            return None
        target: Target = ("member", members.pop())
        return target if self._means(text, target) else None

    def shows_member(self, text: str) -> bool:
        """Whether a member stands in a header, whatever else it says; sums apart."""
        return bool(self.pattern and not starts_like_total(text) and self.pattern.search(text))

    def _means(self, text: str, target: Target) -> bool:
        """Whether what was left out of a header to know it makes another column of it."""
        ours = frozenset(fold(text).split())
        theirs = {word for header in declared_headers(self.table, target) for word in fold(header).split()}
        if another_column(ours, theirs):
            return False
        kind, headers = self._kind(target), declared_headers(self.table, target)
        if is_numbered(text) and not self._is_counted(target):
            return False
        if "%" in text:
            return kind in ("number", "text") or any("%" in header for header in headers)
        return not (_money().search(text) and kind in ("date", "integer", "boolean", "choice"))

    def _fits(self, text: str, spelling: str, target: Target) -> bool:
        """Whether the hints left out of a header may stand loosely in one of its column's kind."""
        kind = self._kind(target)
        loose = (kinds for hint, kinds in loose_hints(text) if f" {hint} " not in f" {spelling} ")
        return all(kind in kinds for kinds in loose)

    def _is_counted(self, target: Target) -> bool:
        is_declared = any(map(is_numbered, declared_headers(self.table, target)))
        return is_declared or self._kind(target) in COUNTED

    def _kind(self, target: Target) -> str:
        name = target[1]
        if target[0] == "member" and self.table.unpivot:
            name = self.table.unpivot.value
        return self.table.column(name).kind


_lexicons: dict[int, Lexicon] = {}


def lexicon(table: Table) -> Lexicon:
    """Return a table's headers, prepared; tables never change, so they are known by their identity."""
    known = _lexicons.get(id(table))
    if known is not None and known.table is table:
        return known
    declared = _vocabulary(table)
    plain: dict[str, Target | None] = {}
    for target in dict.fromkeys(declared.values()):
        for header in declared_headers(table, target):
            for spelling in (_plain(header, fold(header)), _asked(header), *_name(target)):
                if spelling and spelling not in declared:
                    plain[spelling] = target if plain.get(spelling, target) == target else None
    pattern = re.compile(table.unpivot.pattern) if table.unpivot and table.unpivot.pattern else None
    made = Lexicon(
        table,
        declared,
        {spelling: target for spelling, target in plain.items() if target is not None},
        pattern,
        len(set(declared.values())),
    )
    if len(_lexicons) >= N_LEXICONS:
        _lexicons.clear()
    _lexicons[id(table)] = made
    return made


def _asked(header: str) -> str:
    """Fold a question without what follows it; empty for no question, or a short one."""
    asked = header.partition("?")[0]
    return fold(asked) if asked != header and len(asked.split()) >= QUESTION else ""


def _name(target: Target) -> tuple[str, ...]:
    """Return a column's own name where nobody would write it by chance."""
    is_own = target[0] == "column" and "_" in target[1]
    return (fold(target[1]),) if is_own else ()


def _vocabulary(table: Table) -> dict[str, Target]:
    """Return the form's vocabulary but for headers that a bracket alone tells from another: value (net)."""
    headers = [h for target in set(table.vocabulary.values()) for h in declared_headers(table, target)]
    whole = {fold(header) for header in headers}
    lost = set()
    for header in headers:
        bare = fold(header, drop_brackets=True)
        if bare not in whole and (set(fold(header).split()) - set(bare.split())) & contrasting_words():
            lost.add(bare)
    return {header: target for header, target in table.vocabulary.items() if header not in lost}


def form_words(form: Form) -> frozenset[str]:
    """Return every folded header of a form's tables: most cells hold none of them."""
    return frozenset(w for table in form.tables for part in _parts(lexicon(table)) for w in part)


def _parts(known: Lexicon) -> Iterable[Iterable[str]]:
    return (known.declared, known.plain)


def cell_text(cell: Cell | None) -> str:
    """Return what stands in a cell, as text: error, value, or formula without a value; empty for no cell."""
    if cell is None:
        return ""
    if cell.error:
        return cell.error
    if cell.value is None:
        return cell.formula or ""
    return str(cell.value).strip()


@lru_cache(maxsize=16_384)
def spellings(text: str) -> tuple[str, ...]:
    """Return a header folded as it stands, without brackets, and without numbering, hints and units.

    Examples
    --------
    >>> spellings("2. Dauer (in Monaten)")
    ('2 dauer in monaten', '2 dauer', 'dauer in monaten', 'dauer')
    """
    if len(text) > LONGEST_HEADER:
        return ("",)
    folded = fold(text)
    bracketed = "(" in text or "[" in text
    outside = (_BRACKETED.sub(" ", text) if bracketed else text) or text
    bare = fold(outside) if bracketed else folded
    plain = _plain(text, folded)
    short = _without_hints(_plain(outside if bare else text, bare) if bracketed else plain)
    return tuple(dict.fromkeys(form for form in (folded, bare, plain, short) if form))


def _plain(text: str, folded: str) -> str:
    """Fold a header without its number in a list, footnote marks and units of money; most have none."""
    left = text
    if text[:1].isdigit() or text[:1] == "(" or text[1:2] in _POINTS or text[:1] in "IVX":
        left = _ENUMERATOR.sub("", left)
    if not text.isascii() or text[-1:] == ")":
        left = _FOOTNOTE.sub("", left)
    if _MONEY.search(left):
        left = _money().sub("", left)
    return folded if left == text else fold(left) or folded


def _without_hints(folded: str) -> str:
    """Leave out hints at both ends: 'status bitte auswaehlen' is 'status'."""
    left, hints = folded.split(), _hints()
    n_words = 0
    while len(left) != n_words:
        n_words = len(left)
        for size in range(min(LONGEST_PHRASE, n_words - 1), 0, -1):
            if " ".join(left[-size:]) in hints:
                del left[-size:]
                break
            if " ".join(left[:size]) in hints:
                del left[:size]
                break
    return " ".join(left)


def is_numbered(text: str) -> bool:
    """Whether a header asks for a number or a key of what it names: never for the text itself.

    Examples
    --------
    >>> is_numbered("Use Case #"), is_numbered("Titel (Nr.)"), is_numbered("PII (yes/no)")
    (True, True, False)
    """
    return _NUMBERED.search(text) is not None


@lru_cache(maxsize=4096)
def loose_hints(text: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Return the hints among a header's own words, and in columns of which kinds they change nothing.

    Examples
    --------
    >>> loose_hints("ATO Date"), loose_hints("Beginn: Datum"), loose_hints("Titel (Text)")
    ((('date', ('date',)),), (), ())
    """
    outside = _BRACKETED.sub(";", text)
    found = []
    for hint, kinds in _loose().items():
        # a line's end may be where a long header is wrapped
        parts = map(fold, _SEPARATED.split(outside if kinds else outside.replace("\n", ";")))
        if any(f" {hint} " in f" {part} " and _without_hints(part) not in _hints() for part in parts):
            found.append((hint, kinds))
    return tuple(found)


@cache
def _loose() -> dict[str, tuple[str, ...]]:
    return {fold(hint): tuple(kinds) for hint, kinds in words()["tables"]["loose"].items()}


def is_hint(text: str) -> bool:
    """Whether a text only says how to fill in a column.

    Examples
    --------
    >>> is_hint("bitte auswählen"), is_hint("(in T€)"), is_hint("Portal")
    (True, True, False)
    """
    if len(text) > LONGEST_HINT or not any(sign.isalpha() or sign in "€%" for sign in text):
        return False
    if (text[0], text[-1]) in _BRACKETS or f"{fold(text)} ".startswith(_openers()):
        return True
    unit = _money().search(text)
    folded = fold(_money().sub(" ", text))
    left = _without_hints(folded)
    return not left or bool(_hints() & {folded, left}) or (unit is None and left.isdigit())


@cache
def _openers() -> tuple[str, ...]:
    return tuple(f"{fold(word)} " for word in words()["tables"]["openers"])


@cache
def _hints() -> frozenset[str]:
    return frozenset(fold(hint) for hint in words()["tables"]["hints"])


@cache
def _money() -> re.Pattern[str]:
    units = words()["units"]
    money = "|".join(re.escape(word) for word in sorted(units["currency"], key=len, reverse=True))
    scale = "|".join(re.escape(word) for word in sorted(units["scale"], key=len, reverse=True))
    return re.compile(
        rf"[\s,;:/–-]*(?:\bin\s+{_OF_THOUSAND}\s?|(?:\bin\s+)?(?<!\w)(?:(?:{scale})\.?\s?)?)(?:{money})(?!\w)\s*"
        r"|\s+in\s+%\s*$|\s+%\s*$",
        re.I,
    )


def names_unit(text: str) -> bool:
    """Whether a text says that amounts are in thousands or millions.

    Examples
    --------
    >>> names_unit("Alle Beträge in T€"), names_unit("Werte in 1.000 €"), names_unit("Beträge in Euro")
    (True, True, False)
    """
    return _scaled_money().search(text) is not None


def tells_measure(text: str) -> bool:
    """Whether a text says what amounts are measured by: thousands, net, another currency, a month.

    Examples
    --------
    >>> tells_measure("Alle Beträge netto"), tells_measure("pro Monat"), tells_measure("Erhebung 2026")
    (True, True, False)
    """
    return (
        names_unit(text)
        or "net" in stated_in(text)
        or ("gross" in stated_in(text) and not any(said in fold(text) for said in _unless()))
        or not rates_in(text).isdisjoint(words()["units"]["rates"])
        or _foreign_money().search(text) is not None
    )


@cache
def _unless() -> tuple[str, ...]:
    """How people leave to the headers what else they say."""
    return tuple(map(fold, words()["tables"]["unless"]))


@cache
def _foreign_money() -> re.Pattern[str]:
    listed = sorted(words()["tables"]["foreign_money"], key=len, reverse=True)
    return re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, listed))})(?!\w)")


@cache
def _scaled_money() -> re.Pattern[str]:
    units = words()["units"]
    money = "|".join(re.escape(word) for word in units["currency"])
    scale = "|".join(re.escape(word) for word in sorted(units["scale"], key=len, reverse=True))
    named = rf"(?:\bin\s|[(\[])\s?{_OF_THOUSAND}\s?"
    return re.compile(rf"(?:(?<![\w.,])(?<!\d\s)(?:{scale})\.?\s?|{named})(?:{money})(?!\w)", re.I)


def _members(pattern: re.Pattern[str], text: str) -> set[str]:
    members = set()
    match = pattern.search(text)
    while match:
        members.add(match["member"])
        # the sign after a member may also be the one before the next
        match = pattern.search(text, max(match.end("member"), match.start() + 1))
    return members


def _is_bare(pattern: re.Pattern[str], text: str) -> bool:
    """Whether nothing but harmless words and units stands beside a member."""
    rest = pattern.sub(" ", _FOOTNOTE.sub("", _ENUMERATOR.sub("", text)))
    return set(fold(_THOUSAND.sub(" ", rest)).split()) <= _harmless()


@cache
def _harmless() -> frozenset[str]:
    """Words that may stand beside a member; a foreign unit is refused where units are read."""
    units = words()["units"]
    listed = [*words()["tables"]["beside_members"], *units["currency"], *units["scale"], *units["joined"]]
    listed += units["other"]
    listed += [f"{scale}{money}" for scale in units["scale"] for money in units["currency"]]
    return frozenset(word for entry in listed for word in fold(entry).split())


def declared_headers(table: Table, target: Target) -> tuple[str, ...]:
    """Return the headers that the form declares for a column or member."""
    kind, name = target
    if kind == "column":
        return table.column(name).headers
    return tuple(table.unpivot.members.get(name, ())) if table.unpivot else ()


def declared_header(table: Table, target: Target) -> str:
    """Return the first header that the form declares for a column or member, or its name."""
    return (declared_headers(table, target) or (target[1],))[0]


def header_key(text: str) -> tuple[str, str]:
    """Return what two headers must share to be one: their words, brackets included, and signs of units.

    Examples
    --------
    >>> header_key("Titel") == header_key("TITEL:"), header_key("2027") == header_key("2027 (€)")
    (True, False)
    """
    return fold(text), "".join(sign for sign in text if sign in _UNIT_SIGNS)


def starts_like_total(text: str) -> bool:
    """Whether a text begins with a word for a sum.

    Examples
    --------
    >>> starts_like_total("Summe 2026"), starts_like_total("Summer School")
    (True, False)
    """
    text = text.lstrip(_SIGNS)
    if text.startswith("∑"):  # the sign for a sum, which is no letter
        text = "Σ" + text[1:]
    first = text[:1].lower()
    return first in _first_letters() and f"{fold(text)} ".startswith(_totals())


@cache
def _totals() -> tuple[str, ...]:
    return tuple(f"{fold(word)} " for word in words()["tables"]["totals"])


@cache
def _first_letters() -> frozenset[str]:
    return frozenset(word[0] for word in _totals())
