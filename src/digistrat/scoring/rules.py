"""Aggregation rules as data, the hierarchy they are applied in, and what they make of complete values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from digistrat.texts import text

Array = npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class Rule:
    """How ratings become one score; part of the maturity model, not an implementation detail.

    Attributes
    ----------
    name : str
        Key in `RULES`; the texts are ``rule.<name>.name`` and ``rule.<name>.description``.
    is_additive : bool
        Whether the score is a sum of contributions and may be taken over the assessed criteria alone.
    source : str
        Where the rule is defined.
    """

    name: str
    is_additive: bool
    source: str


RULES: Mapping[str, Rule] = {
    rule.name: rule
    for rule in (
        Rule("weighted_mean", True, "OECD/JRC 2008, Handbook on Constructing Composite Indicators, ch. 6"),
        Rule("minimum", False, "OZG-Reifegradmodell 1.1, June 2020"),
        Rule("share_of_yes", True, "UN E-Government Survey 2022, Local Online Service Index"),
        Rule("geometric", False, "UNDP, Human Development Report 2020, technical notes"),
        Rule("harmonic", False, "OECD/JRC 2008, Handbook on Constructing Composite Indicators, ch. 6"),
    )
}
"""The aggregation rules by name."""


def describe_rule(rule: str, language: str = "de") -> str:
    """Return a rule's name and one-line description, as charts print it.

    Examples
    --------
    >>> describe_rule("minimum", "en")
    'Minimum: the criterion with the lowest value decides'
    """
    require_rule(rule)
    return f"{text(f'rule.{rule}.name', language)}: {text(f'rule.{rule}.description', language)}"


def require_rule(rule: str, name: str = "rule") -> None:
    """Raise ValueError unless a rule is known."""
    if rule not in RULES:
        raise ValueError(f"{name} must be one of {', '.join(RULES)}, not {rule!r}")


@dataclass(frozen=True, slots=True)
class Node:
    """A group of criteria, or of groups, and the rule that joins its members.

    Attributes
    ----------
    name : str
        Empty for the total.
    rule : str
        Key of `RULES`.
    criteria : tuple of int
        Positions of all criteria below it.
    children : tuple of Node
        Empty where the criteria are its members.
    """

    name: str
    rule: str
    criteria: tuple[int, ...]
    children: tuple[Node, ...] = ()

    @property
    def is_additive(self) -> bool:
        """Whether its score is a sum of contributions of the criteria."""
        return RULES[self.rule].is_additive and all(child.is_additive for child in self.children)

    def below(self) -> list[Node]:
        """Return every node under it, each before its children."""
        return [node for child in self.children for node in (child, *child.below())]


def make_hierarchy(
    criteria: pd.Index,
    rule: str,
    *,
    group_of: Mapping[Any, str] | pd.Series | None = None,
    parent_of: Mapping[Any, str] | pd.Series | None = None,
    group_rule: str | None = None,
) -> Node:
    """Return the total with its groups, and their groups, in the order in which they appear.

    Parameters
    ----------
    criteria : Index
    rule : str
        Joins the criteria of a group; of the total, where there are no groups.
    group_of : mapping or Series, optional
        Criterion → group.
    parent_of : mapping or Series, optional
        Group → group of groups; empty or absent for a group that stands below the total.
    group_rule : str, optional
        Joins groups; by default `rule`.

    Raises
    ------
    ValueError
        If a rule is not known, a criterion has no group, or a parent has the name of a group of criteria.

    Examples
    --------
    >>> root = make_hierarchy(pd.Index(["a", "b"]), "weighted_mean", group_of={"a": "x", "b": "y"})
    >>> [(node.name, node.criteria) for node in root.below()]
    [('x', (0,)), ('y', (1,))]
    """
    require_rule(rule)
    require_rule(group_rule or rule, "group_rule")
    everything = tuple(range(len(criteria)))
    if group_of is None:
        return Node("", rule, everything)
    of = dict(group_of.items())
    lost = [c for c in criteria if not isinstance(of.get(c), str) or not of[c]]
    if lost:
        raise ValueError(f"group_of must name a group for every criterion, not for {lost}")
    members: dict[str, list[int]] = {}
    for position, criterion in enumerate(criteria):
        members.setdefault(of[criterion], []).append(position)
    groups = {name: Node(name, rule, tuple(positions)) for name, positions in members.items()}
    parents = {} if parent_of is None else dict(parent_of.items())
    top: dict[str, list[Node]] = {}
    for name, node in groups.items():
        top.setdefault(parents.get(name) or "", []).append(node)
    twice = sorted(top.keys() & groups.keys())
    if twice:
        raise ValueError(f"parent_of must name groups that hold no criteria themselves, not {twice}")
    joined = group_rule or rule
    children: list[Node] = []
    for parent, nodes in top.items():
        positions = tuple(position for node in nodes for position in node.criteria)
        children += nodes if not parent else [Node(parent, joined, positions, tuple(nodes))]
    return Node("", joined, everything, tuple(children))


def combine(value: Array, weight: Array, applicable: Array, rule: str) -> Array:
    """Combine complete values (… × members, 0–100) by a rule; NaN where no member is applicable."""
    if rule == "minimum":
        lowest = np.where(applicable, value, np.inf).min(axis=-1)
        return np.where(np.isinf(lowest), np.nan, lowest)
    used = applicable * weight
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        share = used / used.sum(axis=-1, keepdims=True)
        if rule == "geometric":
            powers = np.where(share > 0, share * np.log(value / 100), np.where(share == 0, 0.0, np.nan))
            return 100 * np.exp(powers.sum(axis=-1))
        if rule == "harmonic":
            parts = np.where(share > 0, share / value, np.where(share == 0, 0.0, np.nan))
            return 1 / parts.sum(axis=-1)
        return (share * value).sum(axis=-1).clip(0, 100)


def combine_nested(value: Array, weight: Array, applicable: Array, node: Node) -> Array:
    """Combine complete values (… × criteria, 0–100) level by level; NaN where nothing is applicable.

    Parameters
    ----------
    value, applicable : array, … × criteria
        Values where applicable.
    weight : array, … × criteria
        A group's weight is the sum of those of its criteria, also where some do not apply.
    node : Node
        From `make_hierarchy`.
    """
    if not node.children:
        at = list(node.criteria)
        counts = applicable[..., at] & (weight[..., at] > 0)
        return combine(value[..., at], weight[..., at], counts, node.rule)
    scores = np.stack([combine_nested(value, weight, applicable, child) for child in node.children], axis=-1)
    weights = np.stack([weight[..., list(child.criteria)].sum(axis=-1) for child in node.children], axis=-1)
    known = ~np.isnan(scores)
    return combine(np.where(known, scores, 0.0), weights, known, node.rule)


def effective_weights(weight: Array, counted: Array, node: Node) -> Array:
    """Return each criterion's share of an additive total: level by level, over what counts.

    Parameters
    ----------
    weight : array, … × criteria
    counted : array of bool, … × criteria
        Which criteria count: those that apply, or those that are assessed.
    node : Node
        Additive throughout.

    Returns
    -------
    array, … × criteria
        Shares that sum to 1, 0 for what does not count; all 0 where nothing does.

    Examples
    --------
    >>> node = make_hierarchy(pd.Index(list("abc")), "weighted_mean", group_of=dict(zip("abc", "xxy")))
    >>> effective_weights(np.array([25.0, 25, 50]), np.array([True, False, True]), node).tolist()
    [0.5, 0.0, 0.5]
    """
    used: Array = np.where(counted, weight, 0.0).astype(float)
    if node.children:
        inner = np.zeros(used.shape)
        shares = []
        for child in node.children:
            at = list(child.criteria)
            inner[..., at] = effective_weights(weight, counted, child)[..., at]
            is_there = inner[..., at].sum(axis=-1) > 0
            shares.append(np.where(is_there, weight[..., at].sum(axis=-1), 0.0))
        total = np.stack(shares, axis=-1).sum(axis=-1)
        for child, share in zip(node.children, shares, strict=True):
            with np.errstate(divide="ignore", invalid="ignore"):
                part = np.where(total > 0, share / total, 0.0)
            inner[..., list(child.criteria)] *= part[..., None]
        return inner
    at = list(node.criteria)
    outside = np.ones(used.shape[-1], dtype=bool)
    outside[at] = False
    used[..., outside] = 0.0
    total = used.sum(axis=-1, keepdims=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(total > 0, used / total, 0.0)
