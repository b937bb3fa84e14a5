"""Words, numbers and dates as people read them: the only room that knows a language."""

from __future__ import annotations

import datetime as dt
import math
import tomllib
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from importlib.resources import files
from typing import Any

import pandas as pd

LANGUAGES = ("de", "en")
# strftime's names depend on the machine's locale
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@cache
def _catalogue(language: str) -> dict[str, str]:
    """Every text of a language, flattened to dotted keys."""
    if language not in LANGUAGES:
        raise ValueError(f"language must be one of {', '.join(LANGUAGES)}, not {language!r}")
    nested = tomllib.loads(files("digistrat.locales").joinpath(f"{language}.toml").read_text("utf-8"))
    flat: dict[str, str] = {}

    def walk(prefix: str, node: dict[str, Any]) -> None:
        for key, value in node.items():
            if isinstance(value, dict):
                walk(f"{prefix}{key}.", value)
            else:
                flat[f"{prefix}{key}"] = value

    walk("", nested)
    return flat


def has_text(key: str, language: str = "de") -> bool:
    """Whether a text of this key exists.

    Examples
    --------
    >>> has_text("notice.example")
    True
    """
    return key in _catalogue(language)


def text(key: str, language: str = "de", /, **values: Any) -> str:
    """Return the text of a dotted key with its ``{placeholders}`` filled in.

    Parameters
    ----------
    key : str
        Dotted key as in ``locales/de.toml``, for example ``"finding.not-a-number.message"``.
    language : {"de", "en"}
        Language of the text.
    **values
        What the placeholders stand for.

    Raises
    ------
    KeyError
        If the catalogue has no such key.

    Examples
    --------
    >>> text("notice.example", "de")
    'Beispieldaten, frei erfunden'
    """
    template = _catalogue(language)[key]
    return template.format(**values) if values else template


def format_number(value: float | None, language: str = "de", decimals: int = 0) -> str:
    """Write a number with the language's thousands and decimal marks; a dash for missing.

    Examples
    --------
    >>> format_number(1234.5, "de", 1)
    '1.234,5'
    >>> format_number(-1234.5, "en", 1)
    '−1,234.5'
    >>> format_number(24.5, "de")
    '25'
    """
    if pd.isna(value):
        return "–"
    rounded: float | Decimal = float(value)
    if math.isfinite(rounded):  # halves go up, as people round; 2.675 is one though its binary form is less
        rounded = Decimal(repr(round(rounded, 9))).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)
    written = f"{rounded:,.{decimals}f}"
    if rounded == 0:
        written = written.lstrip("-")
    written = written.replace("-", "−")
    if language == "de":
        written = written.translate(str.maketrans(",.", ".,"))
    return written


def format_money(value: float | None, language: str = "de") -> str:
    """Write an amount of euros, in millions from one million up, in thousands from ten thousand.

    Examples
    --------
    >>> format_money(1_250_000, "de")
    '1,25 Mio. €'
    >>> format_money(50_000, "en")
    '€50k'
    """
    if pd.isna(value):
        return "–"
    size = abs(value)
    if size >= 999_500:
        number, unit = format_number(value / 1e6, language, 2 if size < 1e7 else 1), "million"
    elif size >= 10_000:
        number, unit = format_number(value / 1e3, language), "thousand"
    else:
        number, unit = format_number(value, language), "one"
    return text(f"unit.eur_{unit}", language, number=number)


def format_date(value: dt.date | None, language: str = "de") -> str:
    """Write a date as the language's readers do.

    Examples
    --------
    >>> format_date(dt.date(2026, 4, 30), "de")
    '30.04.2026'
    """
    if pd.isna(value):
        return "–"
    if language == "de":
        return f"{value.day:02}.{value.month:02}.{value.year}"
    return f"{value.day} {_MONTHS[value.month - 1]} {value.year}"
