"""Words by which two headers that look alike are two columns: actual and planned, gross and net."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from digistrat.intake.values import fold
from digistrat.intake.values.words import words


def another_column(ours: Iterable[str], theirs: Iterable[str]) -> bool:
    """Whether one of two headers' words says that it is not the other: actual, old, net, not.

    Examples
    --------
    >>> another_column(["ende", "ist"], ["ende"]), another_column(["ende", "geplant"], ["ende"])
    (True, False)
    """
    one, other = set(ours), set(theirs)
    if (one ^ other) & contrasting_words() & one:
        return True
    return any((a in one and b in other and b not in one) for a, b in _opposites())


@cache
def contrasting_words() -> frozenset[str]:
    """Return the folded words that make another column of one."""
    return frozenset(fold(word) for word in words()["tables"]["telling"])


@cache
def _opposites() -> tuple[tuple[str, str], ...]:
    pairs = [(fold(a), fold(b)) for a, b in words()["tables"]["opposites"]]
    return tuple(pairs + [(b, a) for a, b in pairs])
