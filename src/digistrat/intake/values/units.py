"""Units of numbers: which words there are, and which factor each stands for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache

from digistrat.intake.values.words import words

PER_HUNDRED = 0.01
_SQUEEZE = re.compile(r"[\s.]+")


class Units(dict[str, float]):
    """Squeezed word → factor; one table is one key, so that what a header names by it is worked out once."""

    __hash__ = object.__hash__  # type: ignore[assignment]


@dataclass(frozen=True, slots=True)
class Scale:
    """What the numbers of a column that carry no unit of their own are counted in.

    Attributes
    ----------
    factor : float
        They are multiplied by it.
    refused : str
        Code with which they are unreadable instead, because nobody can know what they mean; with
        `refuses_all` also numbers with a unit.
    is_share : bool
        A header says per cent and some number is above 1: one up to 1 may be a share or per cent.
    """

    factor: float = 1.0
    refused: str = ""
    refuses_all: bool = False
    is_share: bool = False


AS_WRITTEN = Scale()


def squeeze(unit: str) -> str:
    """Write a unit as it is compared: without blanks, full stops and case.

    Examples
    --------
    >>> squeeze(" Mio. EUR")
    'mioeur'
    """
    return _SQUEEZE.sub("", unit).casefold()


def scaled(value: float, factor: float) -> float:
    """Multiply without the dust of binary fractions: 0.29 per cent and 1.1 million come out as written."""
    return float(f"{value * factor:.15g}")


@cache
def currencies() -> frozenset[str]:
    """Every word for euros."""
    return frozenset(squeeze(word) for word in words()["units"]["currency"])


@cache
def scale_units() -> Units:
    """Words for thousands and millions that stand for themselves."""
    short = words()["units"]["short"]
    scale = words()["units"]["scale"]
    return Units({squeeze(word): factor for word, factor in scale.items() if word not in short})


@cache
def money_units() -> Units:
    """Every unit of an amount of euros."""
    units = words()["units"]
    table = Units(dict.fromkeys(currencies(), 1.0))
    for word, factor in units["scale"].items():
        for currency in currencies():
            table[squeeze(word)] = table[squeeze(word) + currency] = table[currency + squeeze(word)] = factor
    table.update({squeeze(word): factor for word, factor in units["joined"].items()})
    return table


@cache
def default_units() -> Units:
    """Units of a number whose column declares none: euros and per cent."""
    shares = {squeeze(word): PER_HUNDRED for word in words()["units"]["per_hundred"]}
    short = {squeeze(word) for word in words()["units"]["short"]} - {"k"}
    every = {**money_units(), **shares}
    return Units({word: factor for word, factor in every.items() if word not in short})


@lru_cache(maxsize=256)
def declared_units(units: tuple[tuple[str, float], ...]) -> Units:
    """Units that a column declares, also in the dative, and in thousands or millions."""
    table = Units({squeeze(word): factor for word, factor in units})
    for word, factor in tuple(table.items()):
        if word.endswith("e") and len(word) > 3:
            table.setdefault(f"{word}n", factor)
    for scale, times in scale_units().items():
        table.setdefault(scale, times)
        for word, factor in units:
            table.setdefault(scale + squeeze(word), times * factor)
    return table


def units_of(units: Mapping[str, float] | None) -> Units:
    """Return the table of declared units, or the default one for None."""
    return default_units() if units is None else declared_units(tuple(units.items()))
