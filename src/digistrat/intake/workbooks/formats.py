"""Number formats: which numbers are shown as dates, and what is written beside a number."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

_ELAPSED = re.compile(r"\[(h+|m+|s+)\]", re.IGNORECASE)
_NOT_CODE = re.compile(r'"[^"]*"|\\.|_.|\*.|\[[^\]]*\]')  # literals, padding, colours, conditions
_SECTIONS = re.compile(r'(?:"[^"]*"|\\.|[^;"\\]|["\\]$)*')
# Literals, a currency (its locale behind a hyphen), what shows nothing, the number itself, and the rest.
_PIECES = re.compile(
    r'"(?P<quoted>[^"]*)"?|\\(?P<escaped>.)|\[\$(?P<currency>[^\]-]*)[^\]]*\]|(?P<nothing>_.|\*.|\[[^\]]*\])'
    r"|(?P<number>General|Standard|[0#?][0#?.,]*(?:[Ee][+-]?[0#?]+)?|[.,][0#?.,]*)|(?P<other>.)",
    re.IGNORECASE | re.DOTALL,
)
_SHOWN = re.compile(r"(.*?)(?<![\d.,])(\d(?:[\d.,'’\s]*\d)?)(\D*)", re.DOTALL)  # the last digits of a text
_LONGEST = 255  # characters of a format, as Excel allows


@dataclass(frozen=True, slots=True)
class NumberFormat:
    """What a cell shows of its number beyond the number itself.

    Attributes
    ----------
    before, after : str
        Text around the number: ``€``, ``T€``, ``%``, ``A16-``.
    factor : float
        The number that is shown ÷ the one that is stored: 100 for per cent, 0.001 for a scaling comma.
    digits : int
        Least digits of a whole number: ``000`` shows 7 as 007.
    is_elapsed : bool
        Whether a number of days is shown as hours and minutes.
    """

    before: str = ""
    after: str = ""
    factor: float = 1.0
    digits: int = 1
    is_elapsed: bool = False

    def written(self, value: float) -> str:
        """Return what the cell says, with a decimal comma and without groups of thousands.

        Examples
        --------
        >>> NumberFormat(after="%", factor=100).written(0.125), NumberFormat("A16-", digits=3).written(7)
        ('12,5%', 'A16-007')
        >>> NumberFormat(is_elapsed=True).written(1.5)
        '36:00'
        """
        if self.is_elapsed:
            minutes = round(abs(value) * 1440)
            return f"{'-' if value < 0 else ''}{minutes // 60}:{minutes % 60:02}"
        shown = value if self.factor == 1 else float(f"{value * self.factor:.15g}")
        if isinstance(shown, float) and shown.is_integer() and abs(shown) < 1e15:
            shown = int(shown)
        if isinstance(shown, int):
            text = str(abs(shown)).zfill(self.digits)
        else:
            text = f"{abs(shown):.15f}".rstrip("0") if abs(shown) < 1e15 else f"{abs(shown)!r}"
            whole, _, decimals = text.partition(".")
            # three decimals might be thousands
            text = (
                whole.zfill(self.digits) + (f",{decimals}" if decimals else "") + "0" * (len(decimals) == 3)
            )
        return f"{'-' if shown < 0 else ''}{self.before}{text}{self.after}"


ELAPSED = NumberFormat(is_elapsed=True)
PER_CENT = NumberFormat(after="%", factor=100.0)
CellFormat = Literal["date"] | NumberFormat | None


@dataclass(frozen=True, slots=True)
class Styles:
    """What the styles of a workbook say about its cells.

    Attributes
    ----------
    formats : sequence of CellFormat
        What each style shows of a number, in the order in which cells name them.
    struck : frozenset of int
        Styles that strike a cell through.
    struck_strings : frozenset of int
        Shared strings of which some or all is struck through.
    """

    formats: Sequence[CellFormat] = ()
    struck: frozenset[int] = frozenset()
    struck_strings: frozenset[int] = frozenset()


# Formats that every reader knows by number (ECMA-376 part 1, 18.8.30).
BUILTIN: dict[int, CellFormat] = {
    **dict.fromkeys((*range(14, 23), 45, 47), "date"),
    **dict.fromkeys((9, 10), PER_CENT),
    46: ELAPSED,
}


def format_of_shown(shown: str, value: float) -> NumberFormat | None:
    """What stands around a number as a cell shows it; None if nothing does, or it is not to be found there.

    Examples
    --------
    >>> format_of_shown("1.500,0 T€", 1500).after, format_of_shown("1,5 Mio. €", 1_500_000).factor
    (' T€', 1e-06)
    >>> format_of_shown("1.234,50", 1234.5), format_of_shown("1,50", 1.5)
    (None, None)
    """
    match = _SHOWN.fullmatch(shown.strip()) if len(shown) <= _LONGEST else None
    if match is None:
        return None
    before, digits, after = match.groups()
    if value < 0:
        before, after = re.sub(r"^\s*[-−(]|[-−(]\s*$", "", before), re.sub(r"^-|\)$", "", after)
    is_whole = digits.isdigit()
    least = len(digits) if is_whole and digits.startswith("0") else 1
    if not (before or after) and least == 1:
        return None
    factor = 100.0 if "%" in before + after else 1.0
    for scale in (1.0, 1e-3, 1e-6):
        if any(abs(abs(value) * factor * scale - read) <= width for read, width in _readings(digits)):
            return NumberFormat(before, after, factor * scale, least)
    return None


def _readings(digits: str) -> Iterator[tuple[float, float]]:
    """Every number that grouped digits may be, and by how much rounding may have changed it."""
    plain = re.sub(r"[\s'’]", "", digits)
    for mark in ",.":
        whole, found, decimals = plain.rpartition(mark)
        other = ".,"[mark == "."]
        if not found:
            whole, decimals = decimals, ""
        if other not in decimals:
            yield (
                float(f"{re.sub('[.,]', '', whole) or '0'}.{decimals or '0'}"),
                0.501 * 10.0 ** -len(decimals),
            )
    yield float(re.sub("[.,]", "", plain)), 0.501


@lru_cache(maxsize=4096)
def cell_format(code: str) -> CellFormat:
    """What a format makes of a number: a date, a number with something beside it, or just the number.

    Of several sections the first counts, which is that of positive numbers; where sections have conditions
    and some abbreviate by scaling, what is stored is the number.

    Examples
    --------
    >>> cell_format("dd.mm.yyyy"), cell_format("[Red]#,##0.00"), cell_format("[h]:mm") is ELAPSED
    ('date', None, True)
    >>> cell_format('#,##0.0 "T€"').after, cell_format("#,##0.00 [$€-407]").after
    (' T€', ' €')
    """
    if len(code) > _LONGEST or code.lower() in ("general", "standard", "@"):  # some store the German name
        return None
    sections = _SECTIONS.findall(code)
    first = sections[0]
    if _ELAPSED.search(first):
        return ELAPSED
    bare = re.sub("general|standard", "", _NOT_CODE.sub("", first).lower())
    if any(letter in "dmyhs" for letter in bare):
        return "date"
    found = _number_format(first)
    if found is not None and re.search(r"\[[<>=]", first):
        others = [_number_format(section) for section in sections[1:] if section]
        if any((other.factor if other else 1.0) != found.factor for other in others):
            return None
    return found


def _number_format(section: str) -> NumberFormat | None:
    before, after, factor, digits = "", "", 1.0, 0
    seen = False
    for match in _PIECES.finditer(section):
        kind, piece = match.lastgroup, match[match.lastgroup or 0]
        if kind == "number":
            if after.strip():
                return None  # a text within the number: 00-000
            after = ""
            if piece[0] in "0#?.,":
                whole = piece.partition(".")[0]
                digits += whole.count("0")
                for _ in range(len(piece) - len(piece.rstrip(","))):
                    factor /= 1000
            seen = True
        elif kind != "nothing":
            if piece == "%" and kind == "other":
                factor *= 100
            if kind == "other" and piece in "+-()/ ":
                piece = " " if piece in " /" else ""  # signs, and what makes a fraction
            if seen:
                after += piece
            else:
                before += piece
    found = NumberFormat(before.lstrip(), after.rstrip(), factor, max(digits, 1))
    return None if found == NumberFormat() or not (seen or before) else found
