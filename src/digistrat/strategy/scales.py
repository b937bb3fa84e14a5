"""What is rated: criteria, their groups and rules, maturity models of services, and whose weights count."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from digistrat.strategy.records import Amount, Finite, Identifier, Name, Part, RuleName, Share, Weight, frozen

COMPUTED = {
    "share_at_level": "maturity",
    "share_online": "maturity",
    "share_operating": "maturity",
    "goal_fit": "impact",
    "enabling_effect": "impact",
}
"""What a criterion's ``computed`` may name, and the scale that knows it."""

LARGEST = {"share_at_level": 1.0, "share_online": 1.0, "share_operating": 1.0, "goal_fit": 100.0}
"""The most that a computed figure can be; the enabling effect knows no end."""


class Criterion(Part):
    """Something that is rated: raw values from ``floor`` (0 points) to ``target`` (100).

    ``group`` is the dimension or criterion group; ``anchors`` describe raw values in words; ``aliases``
    are other headers under which offices send it. ``shape`` says how the value runs between the anchors:
    straight, straight between the declared ``points`` (number, value), or in steps from point to point.
    ``step`` is the distance between the levels that can be given, 0 for any number. ``computed`` names a
    figure of `COMPUTED` that is taken from the inventory instead of being asked for: a share (0–1) of an
    office (`digistrat.scoring.indicators`), or of a project its fit to the goals (0–100) or its enabling
    effect (points of impact; the target says how many count in full).
    """

    id: Identifier
    name: Name
    weight: Weight
    group: str = ""
    floor: Finite = 0.0
    target: Finite = 10.0
    shape: Literal["linear", "piecewise", "stepwise"] = "linear"
    points: tuple[tuple[Finite, Finite], ...] = ()
    step: Amount = 0.0
    computed: Literal[
        "", "share_at_level", "share_online", "share_operating", "goal_fit", "enabling_effect"
    ] = ""
    unit: str = ""
    description: str = ""
    source: str = ""
    is_estimate: bool = False
    anchors: Annotated[Mapping[str, str], *frozen] = Field(default_factory=dict)
    aliases: tuple[str, ...] = ()


class Group(Part):
    """A dimension of maturity, a group of criteria, or (``parent`` of others) a group of groups."""

    id: Identifier
    name: Name
    parent: str = ""


class Level(Part):
    """A level of maturity by name, and the score from which it is reached."""

    name: Name
    from_score: Annotated[float, Field(ge=0, le=100)]


class Scale(Part):
    """A composite indicator: its criteria, their groups and the rules that join them.

    ``rule`` joins criteria, ``group_rule`` groups (by default the same). ``levels`` name spans of the score.
    """

    rule: RuleName
    group_rule: RuleName | None = None
    source: str
    levels: tuple[Level, ...] = ()
    groups: tuple[Group, ...] = ()
    criteria: tuple[Criterion, ...] = Field(min_length=1)

    @property
    def asked(self) -> tuple[Criterion, ...]:
        """The criteria that somebody is asked for; the others are computed."""
        return tuple(criterion for criterion in self.criteria if not criterion.computed)


class ServiceModel(Part):
    """A maturity model of administrative services, in force from one date to another.

    Levels of two models are never compared. ``online_from`` is the level from which a service counts
    as online, ``conform_from`` the level from which it fulfils the law. ``is_estimate`` says that part of it
    is our assumption; ``source`` says which.
    """

    id: Identifier
    valid_from: dt.date
    valid_to: dt.date | None = None
    rule: RuleName
    floor: int
    target: int
    online_from: int
    conform_from: int
    levels: tuple[Name, ...]
    criteria: tuple[Group, ...] = ()
    is_estimate: bool = False
    source: str


class Stakeholder(Part):
    """A group of people (offices, chamber, universities, citizens) and how it weighs the criteria of impact.

    ``method`` says what it gave: ``points`` by criterion, ``swing`` points, or an ``order`` of criteria from
    the most important one. ``share`` is what its weights count for in an aggregate; without, there is none.
    """

    id: Identifier
    name: Name
    method: Literal["points", "swing", "order"] = "points"
    points: Annotated[Mapping[str, Amount], *frozen] = Field(default_factory=dict)
    order: tuple[Identifier, ...] = ()
    share: Share | None = None
    is_estimate: bool = False
    source: str = ""


class DiscountRate(Part):
    """The rate with which later payments are discounted, in force between two dates."""

    valid_from: dt.date
    valid_to: dt.date
    rate: Annotated[float, Field(ge=0, le=0.2)]
    is_estimate: bool = False
    source: str
