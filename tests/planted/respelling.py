"""Other spellings of the same answers: how people write a number, a date, a choice and mean nothing more."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterator
from typing import Any

from planted_cells import MONTHS, german
from planting import Round

from digistrat.example.projects import month_end
from digistrat.example.sheets import Formula
from digistrat.example.tables import NOT_APPLICABLE
from digistrat.intake.forms import Column

NARROW, FIXED = "\u202f", "\u00a0"
YES = ("ja", "Ja", "JA", "j", "x", "X", "✓", "wahr", "1", "ja.", " ja ")
NO = ("nein", "Nein", "N", "0", "falsch", "☐", "nein.")
WEEKDAYS = ("Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag", "Sonntag")
ROMAN = ("I", "II", "III", "IV")


def _amounts(value: float) -> Iterator[Any]:
    exact = f"{value:,.2f}".translate(str.maketrans(",.", ".,"))
    yield value
    yield from (
        f"{exact} €",
        f"€ {exact}",
        f"{exact} EUR",
        f"EUR {exact}",
        f"{exact}€",
        f"{exact} Euro",
        f" {exact} ",
    )
    yield from (exact.replace(".", " "), exact.replace(".", FIXED) + FIXED + "€", exact.replace(".", NARROW))
    yield from (f"{value:.2f}".replace(".", ","), f"{exact} EURO", f"{exact} Eur", f"{exact} €.")
    if value == int(value):
        yield from (
            f"{german(value)},-",
            f"{german(value)},-- €",
            f"{german(value)},– €",
            f"{german(value)} €",
        )
    for size, names in (
        (1e3, ("T€", "TEUR", "Tsd. €", "Tsd. Euro", "k€", "T EUR", "Tsd", "T Euro", "Tausend Euro")),
        (1e6, ("Mio. €", "Mio €", "Mio. EUR", "Mio.", "Mill. €", "Millionen Euro", "M€", "MEUR")),
    ):
        short = f"{value / size:.3f}".rstrip("0").rstrip(".")
        if value and float(short) * size == value and len(short.partition(".")[2]) < 3:
            yield from (f"{short.replace('.', ',')} {name}" for name in names)


def _integers(value: int) -> Iterator[Any]:
    yield from (value, float(value), str(value), f" {value} ", f"{value},0", f"{value:,}".replace(",", " "))
    yield f"{value:,}".replace(",", FIXED)
    if value >= 1_000_000:
        yield german(value)


def _numbers(value: float) -> Iterator[Any]:
    yield from (
        value,
        f"{value}".replace(".", ","),
        f" {value} ".replace(".", ","),
        f"{value:.1f}".replace(".", ",") if round(value, 1) == value else value,
        f"{value}",
    )


def _dates(value: dt.date, *, end: bool) -> Iterator[Any]:
    day, month, year = value.day, value.month, value.year
    name = MONTHS[month - 1]
    yield from (value, f"{value:%d.%m.%Y}", f"{day}.{month}.{year}", f"{value:%Y-%m-%d}", f"{value:%d.%m.%y}")
    yield from (f"{day}. {name} {year}", f"{day:02}. {name.upper()} {year}", f" {value:%d.%m.%Y} ")
    yield f"{value:%d.%m.%Y} 00:00:00"
    yield from (
        f"{day}. {month}. {year}",
        f"{day:02}. {month:02}. {year}",
        f"{day}.{name} {year}",
        f"den {day}. {name} {year}",
        f"{name[:3]} {day}, {year}",
        f"{day}. {name[:3]}. {year}",
        f"{day}.{month}.{year % 100:02}",
        f"{value:%d.%m.%Y}.",
        f"{value:%Y%m%d}",
        f"{value:%Y/%m/%d}",
        f"{value:%d.%m.%Y}\u00a0",
    )
    yield from (
        f"{name}, {value:%d.%m.%Y}" for name in (WEEKDAYS[value.weekday()], WEEKDAYS[value.weekday()][:2])
    )
    if value == (month_end(value) if end else value.replace(day=1)):
        yield from (
            f"{value:%m/%Y}",
            f"{name} {year}",
            f"{value:%Y-%m}",
            f"{month}/{year}",
            f"{value:%m.%Y}",
            f"{name[:3]}. {year}",
            f"{name[:3]} {year}",
            f"{name}, {year}",
            f"{name[:3]}-{year}",
            f"{name} '{year % 100:02}",
            f"{month:02}-{year}",
        )
        quarter = (month - 1) // 3
        if month % 3 == (0 if end else 1):
            yield from (
                f"Q{quarter + 1} {year}",
                f"{quarter + 1}. Quartal {year}",
                f"{ROMAN[quarter]}/{year}",
            )
            yield from (
                f"Q{quarter + 1}/{year}",
                f"{ROMAN[quarter]}. Quartal {year}",
                f"{year}-Q{quarter + 1}",
                f"{quarter + 1}. Q. {year}",
                f"{quarter + 1}.Quartal {year}",
                f"Quartal {quarter + 1}/{year}",
                f"Q{quarter + 1}-{year}",
                f"{quarter + 1}. Quartal {year % 100:02}",
                f"{year}/Q{quarter + 1}",
                f"{quarter + 1}. Vierteljahr {year}",
                f"Q {quarter + 1}/{year}",
                f"{ROMAN[quarter]}/{year % 100:02}",
            )
        if month % 6 == (0 if end else 1):
            yield from (f"{1 + (month > 6)}. Halbjahr {year}", f"{1 + (month > 6)}. HJ {year}")
        if month == (12 if end else 1):
            yield from (year, str(year))


def _texts(label: str) -> Iterator[str]:
    yield from (
        label,
        label.upper(),
        label.lower(),
        f"  {label} ",
        f"{label}.",
        f"„{label}“",
        label.replace(" ", FIXED),
    )
    yield label.replace(" ", "\n", 1)
    for umlaut, plain in (("ä", "ae"), ("ö", "oe"), ("ü", "ue"), ("ß", "ss")):
        if umlaut in label:
            yield label.replace(umlaut, plain)


def _choices(code: str, column: Column) -> Iterator[str]:
    for label in column.choices[code]:
        yield from _texts(label)
    yield f"a) {column.choices[code][0]}"


def _lists(codes: tuple[str, ...], column: Column, draw: random.Random) -> Iterator[str]:
    for between in ("; ", ";", "\n", " ;\n"):
        labels = [draw.choice(column.choices[code]) if column.choices else code for code in codes]
        if not any(sign in label for label in labels for sign in ";\n/"):
            yield between.join(labels)
            if between == "\n":
                yield between.join(f"- {label}" for label in labels)


def spellings(column: Column, value: Any, draw: random.Random) -> list[Any]:
    """Return how people write an answer of a column; none where only one way is sure."""
    match column.kind:
        case "amount":
            return list(_amounts(float(value)))
        case "integer":
            return list(_integers(int(value)))
        case "number" if not any("%" in header for header in column.headers):
            return list(_numbers(float(value)))
        case "date":
            return list(_dates(value, end=column.period_end))
        case "boolean":
            return list(YES if value else NO)
        case "choice":
            return list(_choices(value, column))
        case "list":
            return list(_lists(value, column, draw))
        case _:
            return []


def respell(made: Round, draw: random.Random) -> int:
    """Write every other answer of a round in another way; return how many."""
    count = 0
    for book in made.books:
        for at in made.cells(book, lambda table, column: True):
            shown = at.sheet.cells[at.row, at.number]
            if isinstance(shown, Formula) or at.value in (None, (), NOT_APPLICABLE) or draw.random() < 0.5:
                continue
            ways = spellings(at.column, at.value, draw)
            if book.file.endswith(".csv"):
                ways = [way for way in ways if isinstance(way, str) and way == way.strip()]
            if ways:
                at.sheet.cells[at.row, at.number] = draw.choice(ways)
                count += 1
    return count
