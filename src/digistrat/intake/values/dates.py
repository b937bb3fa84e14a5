"""Dates and the periods that people write for them; nothing that reads two ways is guessed."""

from __future__ import annotations

import calendar
import datetime as dt
import re
from functools import cache, lru_cache
from typing import NamedTuple

from digistrat.intake.values.words import MISSING, Parsed, clean, fold, no_value, unreadable, words
from digistrat.intake.workbooks.dates import serial_date

FIRST_YEAR, LAST_YEAR = 1900, 2199
# A year that was typed into a cell with a date format: the serials 1900 to 2199 are days of 1905.
YEAR_AS_DATE = (dt.date(1905, 3, 14), dt.date(1906, 1, 7))
FIRST_SERIAL, LAST_SERIAL = 20_000, 80_000  # 1954 to 2119
LONGEST = 100  # a longer text is no date with words around it
_DAY = re.compile(r"([0-9]{1,2})\.\s?([0-9]{1,2})\.\s?([0-9]{4}|[0-9]{2})")
_ISO_DAY = re.compile(r"([0-9]{4})([-/.])([0-9]{1,2})\2([0-9]{1,2})")
_SLASHED = re.compile(r"([0-9]{1,2})([-/])([0-9]{1,2})\2([0-9]{4}|[0-9]{2})")
_TIME = re.compile(
    r"(?<=[0-9])(?:[T ,]+|\s+um\s+)[0-9]{1,2}:[0-9]{2}(?::[0-9]{2}(?:[.,][0-9]+)?)?(?:\s?uhr|z)?$", re.I
)
_MONTH = re.compile(r"([0-9]{1,2})\s?[./-]\s?([0-9]{4})")
_ISO_MONTH = re.compile(r"([0-9]{4})\s?[-./]\s?([0-9]{1,2})")
_YEARS = re.compile(r"([0-9]{4})\s?(?:/|-)\s?([0-9]{4}|[0-9]{2})")
_COMPACT = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})?")
_WEEK_ISO = re.compile(r"([0-9]{4})-?W([0-9]{1,2})", re.I)
_ROMAN_QUARTER = re.compile(r"(I|II|III|IV)\s?/\s?([0-9]{4}|[0-9]{2})")
_MAYBE_QUARTER = re.compile(r"([1-4])\s?[./-]\s?([0-9]{4})")
_MAYBE_MONTH = re.compile(
    r"(?<![\w.])0?[1-4]\s?[./-]\s?[0-9]{4}(?![0-9])|(?<![0-9.])[0-9]{4}\s?[/-]\s?0?[1-4](?![\w/-])"
)
_DASHES = re.compile(r"[–—−‒]")
_TOKEN = re.compile(r"[0-9]+|[^\W\d_]+")
_ROMAN = {"i": 1, "ii": 2, "iii": 3, "iv": 4}


ONGOING = Parsed(state="missing", codes=("ongoing",))
ONGOING_END = Parsed(state="not_applicable", codes=("ongoing",))


class _Period(NamedTuple):
    first: dt.date
    last: dt.date
    codes: tuple[str, ...] = ()


def parse_date(raw: object, *, end: bool = False, quarters: bool = False) -> Parsed:
    """Read a date or the period written for one.

    Parameters
    ----------
    raw : object
        The cell's value; an integer from 20,000 to 80,000 is a serial of a spreadsheet (code
        ``serial-date``), one from 1900 to 2199 a year. A date from March 1905 to January 1906 is what a
        spreadsheet makes of a year (code ``year-as-date``).
    end : bool
        Whether the last day of a period is meant rather than the first.
    quarters : bool
        Whether the header asks for quarters: then 3/2025 is the third, and what a spreadsheet may have
        made of it, or 03/2025, is ``ambiguous-date``.

    Returns
    -------
    Parsed
        A `datetime.date`, and the period's `first` and `last` day. Beginning, middle and end of a year are
        its first quarter, its second and third, and its last, with the code ``approximate-date``; days
        that two countries read differently, such as 03/04/2018, are ``ambiguous-date`` and unreadable. What
        goes on ("ongoing") has no end: as an end it is not applicable, as a beginning missing.

    Examples
    --------
    >>> parse_date("01.04.2018").value, parse_date("Q3 2019", end=True).value
    (datetime.date(2018, 4, 1), datetime.date(2019, 9, 30))
    >>> parse_date("01.13.2018").codes
    ('not-a-date',)
    """
    if isinstance(raw, str):
        if match := _DAY.fullmatch(raw):
            return _answer(_day(_year(match[3]), int(match[2]), int(match[1])), end)
        return _parse_text(raw, end, quarters)
    if isinstance(raw, dt.datetime):
        raw = raw.date()
    if isinstance(raw, dt.date):
        if not FIRST_YEAR <= raw.year <= LAST_YEAR:
            return unreadable("not-a-date")
        if YEAR_AS_DATE[0] <= raw <= YEAR_AS_DATE[1]:
            return unreadable("year-as-date")
        if quarters and raw.day == 1 and (end or raw.month > 1) and raw.month <= 4:
            return unreadable("ambiguous-date")  # 3/2025 becomes the first of March as it is typed
        return Parsed(raw, "value", None, None, (), raw, raw)
    if raw is None or raw != raw:
        return MISSING
    if isinstance(raw, (int, float)) and not isinstance(raw, bool):
        return _answer(_from_number(raw), end)
    return unreadable("not-a-date")


@lru_cache(maxsize=16_384)
def _parse_text(raw: str, end: bool, quarters: bool) -> Parsed:
    text = clean(raw)
    nothing = no_value(text)
    if nothing is not None:
        return nothing
    if len(text) > LONGEST:
        return unreadable("not-a-date")
    if fold(text) in _ongoing():
        return ONGOING_END if end else ONGOING
    text = _DASHES.sub("-", text)
    return _answer((quarters and _as_quarter(text)) or _read(text), end)


def names_quarter(header: str) -> bool:
    """Return whether a header asks for quarters.

    Examples
    --------
    >>> names_quarter("Beginn (Quartal/Jahr)"), names_quarter("Beginn (Monat/Jahr)")
    (True, False)
    """
    quarters = {fold(word) for word in words()["dates"]["quarter"] if len(word) > 2}
    return any(word.rstrip("es") in quarters or word in quarters for word in fold(header).split())


def _as_quarter(text: str) -> _Period | str | None:
    """Read 3/2025 below a header that asks for quarters; 03/2025 there may be March all the same."""
    if match := _MAYBE_QUARTER.fullmatch(text):
        return _months(int(match[2]), 3 * int(match[1]) - 2, 3 * int(match[1]))
    is_plain = not any(meaning in ("quarter", "month") for meaning in _kinds_in(text))
    return "ambiguous-date" if is_plain and _MAYBE_MONTH.search(text) else None


def _kinds_in(text: str) -> list[str]:
    return [_meanings()[fold(token)][0] for token in _TOKEN.findall(text) if fold(token) in _meanings()]


def _answer(period: _Period | str | None, end: bool) -> Parsed:
    if period is None:
        return unreadable("not-a-date")
    if isinstance(period, str):
        return unreadable(period)
    first, last, codes = period
    return Parsed(last if end else first, "value", None, None, codes, first, last)


def _from_number(raw: float) -> _Period | None:
    if FIRST_YEAR <= raw <= LAST_YEAR and raw == int(raw):
        return _months(int(raw), 1, 12)
    if FIRST_SERIAL <= raw < LAST_SERIAL + 1:
        date = serial_date(raw)
        if isinstance(date, dt.datetime):
            return _Period(date.date(), date.date(), ("serial-date",))
    return None


def _read(text: str) -> _Period | str | None:
    """Read one date or period, or a span between two."""
    period = _read_digits(text)
    if period is None:
        period = _read_words(text)
    if period is None and (middle := _span_words().search(text)):
        return _read_span(text[: middle.start()], text[middle.end() :])
    return period


def _read_digits(text: str) -> _Period | str | None:
    """Read what is written in digits."""
    text = _TIME.sub("", text)
    if match := _DAY.fullmatch(text):
        return _day(_year(match[3]), int(match[2]), int(match[1]))
    if match := _ISO_DAY.fullmatch(text):
        return _day(int(match[1]), int(match[3]), int(match[4]))
    if match := _SLASHED.fullmatch(text):
        day, month = int(match[1]), int(match[3])
        if day != month and day <= 12 and month <= 12:
            return "ambiguous-date"
        return _day(
            _year(match[4]), min(day, month) if month > 12 else month, max(day, month) if month > 12 else day
        )
    if match := _MONTH.fullmatch(text):
        return _months(int(match[2]), int(match[1]), int(match[1]))
    if match := _ISO_MONTH.fullmatch(text):
        year, number = int(match[1]), int(match[2])
        if 1 <= number <= 12:
            both_years = "-" not in text and number == (year + 1) % 100  # 2011/12: December, or two years?
            return "ambiguous-date" if both_years else _months(year, number, number)
    if match := _YEARS.fullmatch(text):
        first, last = int(match[1]), int(match[1][: 4 - len(match[2])] + match[2])
        return _span(_months(first, 1, 12), _months(last, 1, 12))
    if match := _COMPACT.fullmatch(text):
        year, month = int(match[1]), int(match[2])
        if match[3]:
            return _day(year, month, int(match[3]))
        return _months(year, month, month)
    if match := _ROMAN_QUARTER.fullmatch(text.upper()):
        quarter = _ROMAN[match[1].lower()]
        return _months(_year(match[2]), 3 * quarter - 2, 3 * quarter)
    if match := _WEEK_ISO.fullmatch(text):
        return _week(int(match[1]), int(match[2]))
    if text.isascii() and text.isdigit() and len(text) < 6:
        return _from_number(int(text))
    return None


def _read_words(text: str) -> _Period | str | None:
    """Read what is written with words: month names, quarters, halves, weeks, beginning and end."""
    meanings = _meanings()
    numbers: list[str] = []
    found: dict[str, object] = {}
    vague = False
    for token in _TOKEN.findall(text):
        if token.isdigit():
            numbers.append(token)
            continue
        meaning = meanings.get(fold(token))
        if meaning is None:
            if fold(token) in _ROMAN and "number" not in found:
                found["number"] = _ROMAN[fold(token)]
                continue
            return None
        kind, value = meaning
        if kind == "about":
            vague = True
        elif kind != "ignored":
            if kind in found:
                return None
            found[kind] = value
    if not found and numbers:
        rest = _about_words().sub("", text).strip(" .,:()")
        period: _Period | str | None = _read_digits(rest) if rest != text else None
    else:
        period = _assemble(found, numbers, "month" in found and not text[:1].isdigit())
        if isinstance(period, _Period) and _is_day_or_year(found, numbers, text):
            period = period._replace(codes=("two-digit-year",))
    if isinstance(period, _Period) and (vague or "part" in found or "season" in found):
        return period._replace(codes=tuple(dict.fromkeys((*period.codes, "approximate-date"))))
    return period


def _is_day_or_year(found: dict[str, object], numbers: list[str], text: str) -> bool:
    """Whether April 18 may be a day too; Apr-18 and April '18 are no days."""
    is_short = len(numbers) == 1 and len(numbers[0]) <= 2 and 1 <= int(numbers[0]) <= 31
    return is_short and set(found) <= {"month", "part"} and re.search(r"['’-]", text) is None


def _assemble(found: dict[str, object], numbers: list[str], month_first: bool) -> _Period | str | None:
    """Make a period of the words and numbers of a date; None if any is left over."""
    kinds = set(found) - {"number"}
    part = found.get("part")
    years = [number for number in numbers if len(number) == 4]
    small = [number for number in numbers if len(number) <= 2]
    if len(years) + len(small) != len(numbers) or len(years) > 1:
        return None
    if kinds == {"month"} or kinds == {"month", "part"}:
        if "number" in found or (not years and len(small) == 1 and not month_first):
            return None  # 25 Apr is a day without a year
        return _named_month(int(str(found["month"])), part, years, small)
    if not years and kinds & {"quarter", "half", "week"} and len(small) == (1 if "number" in found else 2):
        years, small = [small[-1]], small[:-1]  # Q3/19
    if len(years) != 1:
        return None
    year = _year(years[0])
    if kinds == {"part"} and not small:
        first, last = {"beginning": (1, 3), "middle": (4, 9), "end": (10, 12)}[str(part)]
        return _months(year, first, last)
    if kinds == {"season"} and not small:
        season = found["season"]
        return _months(year, season[0], season[1]) if isinstance(season, list) else None
    number = found.get("number") if not small else (int(small[0]) if "number" not in found else None)
    if not isinstance(number, int) or len(small) > 1:
        return None
    if kinds == {"quarter"} and 1 <= number <= 4:
        return _months(year, 3 * number - 2, 3 * number)
    if kinds == {"half"} and 1 <= number <= 2:
        return _months(year, 6 * number - 5, 6 * number)
    return _week(year, number) if kinds == {"week"} else None


def _named_month(month: int, part: object, years: list[str], small: list[str]) -> _Period | None:
    """Month with year, day with month and year, or a third of a month."""
    if not years:
        if not small:
            return None
        years, small = [small[-1]], small[:-1]  # Jul-25 and 1. Jul 25: the year stands last
    year = _year(years[0])
    if len(small) == 1 and part is None:
        return _day(year, month, int(small[0]))
    if small:
        return None
    period = _months(year, month, month)
    if period is None or part is None:
        return period
    first, last = {"beginning": (1, 10), "middle": (11, 20), "end": (21, period.last.day)}[str(part)]
    return _Period(dt.date(year, month, first), dt.date(year, month, last))


def _read_span(before: str, after: str) -> _Period | str | None:
    """Read a span; what its first half leaves out stands in the second: Q1–Q3 2019."""
    last = _single(after)
    if not isinstance(last, _Period):
        return last
    first = _single(before)
    if first is None:
        first = _single(f"{before.strip().rstrip('.')} {last.first.year}")
    if first is None:
        first = _single(f"{before.strip().rstrip('.')}.{last.first.year}")
    return first if isinstance(first, str) else _span(first, last)


def _single(text: str) -> _Period | str | None:
    text = text.strip(" ,")
    return _read_digits(text) or _read_words(text)


def _span(first: _Period | None, last: _Period | None) -> _Period | None:
    if first is None or last is None or first.first > last.first:
        return None
    return _Period(first.first, last.last, tuple(dict.fromkeys(("date-range", *first.codes, *last.codes))))


def _year(digits: str) -> int:
    """Full year; two digits lie between 1970 and 2069."""
    year = int(digits)
    return year if len(digits) == 4 else year + (2000 if year < 70 else 1900)


def _day(year: int, month: int, day: int) -> _Period | None:
    if not FIRST_YEAR <= year <= LAST_YEAR:
        return None
    try:
        date = dt.date(year, month, day)
    except ValueError:
        return None
    return _Period(date, date)


def _months(year: int, first: int, last: int) -> _Period | None:
    if not (FIRST_YEAR <= year <= LAST_YEAR and 1 <= first <= last <= 12):
        return None
    return _Period(dt.date(year, first, 1), dt.date(year, last, calendar.monthrange(year, last)[1]))


def _week(year: int, week: int) -> _Period | None:
    """Week after ISO 8601, Monday to Sunday."""
    try:
        monday = dt.date.fromisocalendar(year, week, 1)
    except ValueError:
        return None
    return _Period(monday, monday + dt.timedelta(days=6)) if FIRST_YEAR <= year <= LAST_YEAR else None


@cache
def _meanings() -> dict[str, tuple[str, object]]:
    """Folded word → what it means in a date."""
    listed = words()["dates"]
    table: dict[str, tuple[str, object]] = {}
    for kind, source in (("ignored", "weekday"), ("about", "about")):
        table.update({fold(word): (kind, None) for word in listed[source]})
    for kind in ("quarter", "half", "week"):
        table.update({fold(word): (kind, None) for word in listed[kind]})
    for number, names in enumerate(listed["months"], 1):
        table.update({fold(name): ("month", number) for name in names})
    for number, names in enumerate(listed["ordinal"], 1):
        table.update({fold(name): ("number", number) for name in names})
    table.update({fold(word): ("part", part) for word, part in listed["part"].items()})
    table.update({fold(word): ("season", months) for word, months in listed["season"].items()})
    return table


@cache
def _ongoing() -> frozenset[str]:
    return frozenset(fold(word) for word in words()["dates"]["ongoing"])


@cache
def _about_words() -> re.Pattern[str]:
    listed = [*words()["dates"]["about"], *words()["dates"]["weekday"]]
    return re.compile(
        r"\b(?:" + "|".join(re.escape(w) for w in sorted(listed, key=len, reverse=True)) + r")\b\.?", re.I
    )


@cache
def _span_words() -> re.Pattern[str]:
    listed = "|".join(re.escape(word) for word in words()["dates"]["range_middle"])
    return re.compile(rf"\s+(?:-|{listed})\s+|(?<=[^\W_])-(?=[^\W_])", re.I)
