"""The organisation through time: who is who on a date, under which names, and who came after whom."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from digistrat.intake.values import fold
from digistrat.strategy import Office, Strategy

CLOSE_NAME = 90.0  # rapidfuzz ratio of folded names


@dataclass(frozen=True, slots=True)
class Resolution:
    """Which organisation a reported name means.

    Attributes
    ----------
    office_id : str
        Empty where unknown.
    how : {"exact", "former", "expired", "guessed", "unknown"}
        ``former``: a name or organisation that has a successor by the date; ``expired``: one that has none;
        ``guessed``: by close spelling.
    name : str
        The organisation's name on the date.
    """

    office_id: str
    how: Literal["exact", "former", "expired", "guessed", "unknown"]
    name: str = ""


def is_valid(office: Office, on: dt.date) -> bool:
    """Whether an entry of the register holds on a date; an open end is open."""
    return (office.valid_from is None or office.valid_from <= on) and (
        office.valid_to is None or on <= office.valid_to
    )


def offices_at(strategy: Strategy, on: dt.date) -> pd.DataFrame:
    """Return the organisations that exist on a date.

    Parameters
    ----------
    strategy : Strategy
        Holds the register.
    on : date
        The date.

    Returns
    -------
    DataFrame
        Indexed by ``office_id``: name, short_name, number, kind, department, buyer, valid_from, valid_to.
    """
    columns = ["name", "short_name", "number", "kind", "department", "buyer", "valid_from", "valid_to"]
    rows = [office for office in strategy.offices if is_valid(office, on)]
    frame = pd.DataFrame(
        [[getattr(office, column) for column in columns] for office in rows],
        index=pd.Index([office.id for office in rows], name="office_id", dtype="str"),
        columns=columns,
    )
    return frame.assign(
        valid_from=pd.to_datetime(frame["valid_from"]), valid_to=pd.to_datetime(frame["valid_to"])
    )


def successors(strategy: Strategy, office_id: str, on: dt.date) -> tuple[str, ...]:
    """Return who an organisation has become by a date: itself while it exists, several after a split.

    Parameters
    ----------
    strategy : Strategy
        Holds the register and its changes.
    office_id : str
        An organisation of any time.
    on : date
        The date.

    Returns
    -------
    tuple of str
        Ids that exist on the date; empty where the register names no successor.

    Raises
    ------
    ValueError
        If the register has no such organisation.
    """
    known = {office.id for office in strategy.offices}
    if office_id not in known:
        raise ValueError(f"office_id must be in the register of offices, not {office_id!r}")
    valid = {office.id for office in strategy.offices if is_valid(office, on)}
    found: dict[str, None] = {}
    seen: set[str] = set()
    waiting = [office_id]
    while waiting:
        current = waiting.pop(0)
        if current in seen:
            continue
        seen.add(current)
        if current in valid:
            found[current] = None
            continue
        # a transfer of one task is no succession of the whole
        waiting += [
            change.successor_id
            for change in strategy.office_changes
            if change.office_id == current
            and change.successor_id
            and change.change_date <= on
            and not (change.change == "transferred" and change.subject)
        ]
    return tuple(found)


def _spellings(office: Office) -> Sequence[str]:
    n = office.number
    numbers = (n, f"Amt {n}", f"A{n}", f"A {n}") if n else ()
    numbered = [pair for number in numbers for pair in (f"{office.name} {number}", f"{number} {office.name}")]
    pairs = (
        (f"{office.short_name} {office.name}", f"{office.name} ({office.short_name})")
        if office.short_name
        else ()
    )
    return (office.name, office.id, office.short_name, *numbers, *numbered, *pairs)


class OfficeNames:
    """The names under which organisations are known on a date.

    Parameters
    ----------
    strategy : Strategy
        Holds the register.
    on : date
        The reporting date.
    """

    def __init__(self, strategy: Strategy, on: dt.date) -> None:
        self._strategy, self._on = strategy, on
        # as written (some short names differ in case only), then folded; own names before aliases
        self._written: dict[str, tuple[Office, ...]] = {}
        self._folded: dict[str, tuple[Office, ...]] = {}
        for spellings in (_spellings, _aliases):
            for target, folding in ((self._written, _squeezed), (self._folded, fold)):
                found: dict[str, dict[int, Office]] = {}
                for number, office in enumerate(strategy.offices):
                    for name in spellings(office):
                        if folding(name):
                            found.setdefault(folding(name), {})[number] = office
                for name, offices in found.items():
                    target.setdefault(name, tuple(offices.values()))

    def resolve(self, reported: str) -> Resolution:
        """Find the organisation that a reported name, number or short name means.

        Parameters
        ----------
        reported : str
            What an office wrote.

        Returns
        -------
        Resolution
            By name, number, short name or alias as written, then without case and punctuation, then by
            close spelling; a name that two organisations share is unknown.
        """
        offices = self._written.get(_squeezed(reported)) or self._folded.get(fold(reported)) or ()
        how: Literal["exact", "guessed"] = "exact"
        if not offices:
            offices, how = self._closest(reported), "guessed"
        valid = {office.id: office for office in offices if is_valid(office, self._on)}
        if len(valid) == 1:
            office = next(iter(valid.values()))
            return Resolution(office.id, how, office.name)
        former = {office.id for office in offices}
        if valid or len(former) != 1:
            return Resolution("", "unknown")
        successor = successors(self._strategy, former.pop(), self._on)
        if len(successor) != 1:
            return Resolution("", "expired", offices[0].name)
        name = next(o.name for o in self._strategy.offices if o.id == successor[0] and is_valid(o, self._on))
        return Resolution(successor[0], "former", name)

    def _closest(self, reported: str) -> tuple[Office, ...]:
        from rapidfuzz import fuzz, process

        folded = fold(reported)
        # short names of three letters are close to everything, and Amt 16 is not Amt 17
        numbers = re.findall(r"\d+", folded)
        names = [name for name in self._folded if len(name) > 5 and re.findall(r"\d+", name) == numbers]
        found = process.extract(folded, names, scorer=fuzz.ratio, score_cutoff=CLOSE_NAME, limit=None)
        best = {
            office.id: office
            for name, score, _ in found
            if score == found[0][1]
            for office in self._folded[name]
        }
        return tuple(best.values())


def _squeezed(name: str) -> str:
    return " ".join(name.split())


def _aliases(office: Office) -> Sequence[str]:
    return office.aliases
