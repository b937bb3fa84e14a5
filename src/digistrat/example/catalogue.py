"""What the fictitious rounds are made of: typical projects, further titles, words, organisations."""

from __future__ import annotations

import csv
import io
import random
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from digistrat.strategy import Office, Strategy

TARGET_GROUPS = {"B": "citizens", "U": "business", "intern": "internal", "Schulen": "schools"}


@dataclass(frozen=True, slots=True)
class ProjectType:
    """A typical municipal project: ranges that every figure of the example stays within.

    Attributes
    ----------
    number : int
        Number in ``catalogue.csv``.
    title : str
    field_id, office : str
        Field of action; short name of the office that usually leads it.
    one_off_eur, recurring_eur : (float, float)
        Least and most, recurring per year.
    months : (int, int)
        Least and most duration.
    legal_basis : str
        Empty where no law asks for it.
    target_groups : tuple of str
    n_cases_yearly : int
        0 where cases are not counted.
    hints : tuple of str
        What it usually depends on.
    """

    number: int
    title: str
    field_id: str
    office: str
    one_off_eur: tuple[float, float]
    recurring_eur: tuple[float, float]
    months: tuple[int, int]
    legal_basis: str
    target_groups: tuple[str, ...]
    n_cases_yearly: int
    hints: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Topic:
    """A title that an office may report, with the typical project that it resembles."""

    office: str
    like: int
    title: str


def _rows(name: str) -> list[dict[str, str]]:
    text = files("digistrat.example").joinpath(name).read_text("utf-8")
    return list(csv.DictReader(io.StringIO(text), delimiter=";"))


@cache
def load_catalogue() -> Mapping[int, ProjectType]:
    """Return the 78 typical projects by number.

    Costs, durations and cases are estimates of 2018 calibrated on published cost figures of German
    municipalities; none is a figure of a real project.

    Examples
    --------
    >>> load_catalogue()[3].one_off_eur
    (80000.0, 250000.0)
    """

    def pair(row: Mapping[str, str], name: str, factor: float) -> tuple[float, float]:
        return float(row[f"{name}_min"]) * factor, float(row[f"{name}_max"]) * factor

    return {
        int(row["nr"]): ProjectType(
            number=int(row["nr"]),
            title=row["title"],
            field_id=row["field_id"],
            office=row["office"],
            one_off_eur=pair(row, "one_off_teur", 1000),
            recurring_eur=pair(row, "recurring_teur", 1000),
            months=(int(row["months_min"]), int(row["months_max"])),
            legal_basis=row["legal_basis"],
            target_groups=tuple(TARGET_GROUPS[code] for code in row["target_groups"].split(",")),
            n_cases_yearly=int(row["n_cases_yearly"]),
            hints=tuple(hint.strip() for hint in row["hints"].split(",") if hint.strip()),
        )
        for row in _rows("catalogue.csv")
    }


@cache
def load_topics() -> tuple[Topic, ...]:
    """Return the further titles, in the order of the file."""
    return tuple(Topic(row["office"], int(row["like"]), row["title"]) for row in _rows("topics.csv"))


@cache
def words() -> Mapping[str, Any]:
    """Return the words that the returns are filled with."""
    return tomllib.loads(files("digistrat.example").joinpath("words.toml").read_text("utf-8"))


def dice(seed: int, *names: object) -> random.Random:
    """Return a source of chance of its own for whatever the names name.

    What is drawn for one project or office does not depend on how many others there are.
    """
    return random.Random("/".join(map(str, (seed, *names))))


def partners(strategy: Strategy) -> list[Office]:
    """Return the partners that report what they ask for: those the words give requirements for."""
    return [office for office in strategy.offices if office.short_name in words()["requirements"]]


def extended_offices(strategy: Strategy, n: int) -> list[Office]:
    """Return n organisations that report: partners, those that lead a typical project, the others, clones.

    Parameters
    ----------
    strategy : Strategy
        Its organisations without an end date are taken first.
    n : int
        How many are wanted; beyond those of the strategy, fictitious local offices are added.

    Returns
    -------
    list of Office
        In the order of the strategy, clones last. Clones stand in no register: pass the list on
        where a register is needed.

    Raises
    ------
    ValueError
        If n is below 1.

    Examples
    --------
    >>> import digistrat as ds                                                  # doctest: +SKIP
    >>> extended_offices(ds.load_strategy("data/strategy.toml"), 400)[-1].name  # doctest: +SKIP
    'Ortsverwaltung 341'
    """
    if n < 1:
        raise ValueError(f"n must be at least 1, not {n!r}")
    leads = {kind.office for kind in load_catalogue().values()}
    topical = {topic.office for topic in load_topics()}
    known = [office for office in strategy.offices if office.valid_to is None]
    asking = {office.id for office in partners(strategy)}

    def place(office: Office) -> int:
        if office.id in asking:
            return 1
        if office.short_name in leads:
            return 0
        return 2 if office.short_name in topical else 3 if office.kind != "partner" else 4

    chosen = {office.id for office in sorted(known, key=place)[:n]}
    result = [office for office in known if office.id in chosen]
    names = words()["clones"]
    for number in range(1, n - len(result) + 1):
        short = names["short_name"].format(n=number)
        result.append(Office(id=short, name=names["name"].format(n=number), short_name=short, kind="office"))
    return result


def clone_number(office: Office) -> int:
    """Return a clone's number, 0 for an organisation of the strategy."""
    before, after = words()["clones"]["short_name"].split("{n}")
    digits = office.short_name.removeprefix(before).removesuffix(after)
    is_clone = office.short_name == f"{before}{digits}{after}" and digits.isdecimal()
    return int(digits) if is_clone else 0


def titles_of(office: Office) -> list[tuple[int, str]]:
    """Return (typical project, title) of everything an office reports, typical projects first.

    An organisation without titles of its own (a clone) takes some of the others', under its own name.
    """
    own = [
        (kind.number, kind.title) for kind in load_catalogue().values() if kind.office == office.short_name
    ]
    own += [(topic.like, topic.title) for topic in load_topics() if topic.office == office.short_name]
    if own or office.kind == "partner":
        return own
    draw = dice(0, "titles", office.id)
    pattern = words()["titles"]["clone"]
    small = [topic for topic in load_topics() if load_catalogue()[topic.like].one_off_eur[1] <= 800_000]
    return [
        (topic.like, pattern.format(title=topic.title, office=office.name)) for topic in draw.sample(small, 7)
    ]


def service_names(office: Office) -> list[str]:
    """Return the services that an office offers; clones have three of the general ones."""
    services = words()["services"]
    if office.short_name in services:
        return list(services[office.short_name])
    if not clone_number(office):
        return []
    everything = [name for names in services.values() for name in names]
    return dice(0, "services", office.id).sample(everything, 3)
