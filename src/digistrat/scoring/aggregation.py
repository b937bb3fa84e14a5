"""Ratings that are partly missing → scores with bounds, coverage and contributions, level by level.

Three things that are not a number stay apart: a *missing* or *unreadable* rating widens the bounds, one
that is *not applicable* leaves the denominator. The rules stand in `digistrat.scoring.rules`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from digistrat.scoring.inputs import per_criterion, require_once
from digistrat.scoring.ranking import rank_scores
from digistrat.scoring.rules import RULES, Node, combine, make_hierarchy

Array = npt.NDArray[Any]

STATES = ("assessed", "missing", "not_applicable", "unreadable")
"""What is known of one rating."""

SCORE_STATES = ("scored", "provisional", "not_scored")
"""What is known of one score; only ``scored`` ones have a rank."""

COVERAGE_TOLERANCE = 1e-9  # 2 of 3 criteria of weight 100/3 reach a threshold of 2/3
CERTAIN = 1e-9  # bounds that are no further apart leave nothing open


@dataclass(frozen=True, eq=False)
class Aggregate:
    """What `aggregate` gives.

    Attributes
    ----------
    table : DataFrame
        As in `Scores`.
    contributions, weights_used : DataFrame
        Alternatives × criteria: points whose row sum is the score, and the share of 100 with which each
        assessed criterion counts; NaN where a rule is not additive.
    hierarchy : Node
        The total and its groups.
    groups, group_coverage : DataFrame, optional
        Alternatives × groups: score and coverage.
    """

    table: pd.DataFrame
    contributions: pd.DataFrame
    weights_used: pd.DataFrame
    hierarchy: Node
    groups: pd.DataFrame | None = None
    group_coverage: pd.DataFrame | None = None


def aggregate(
    values: pd.DataFrame,
    weights: pd.Series,
    states: pd.DataFrame,
    *,
    rule: str,
    low: pd.DataFrame | None = None,
    high: pd.DataFrame | None = None,
    coverage_threshold: float = 2 / 3,
    group_of: Mapping[Any, str] | pd.Series | None = None,
    parent_of: Mapping[Any, str] | pd.Series | None = None,
    group_rule: str | None = None,
    group_threshold: float = 0.5,
) -> Aggregate:
    """Aggregate values on 0–100 to one score per alternative, with bounds, coverage and rank.

    Each level is joined from the one below: criteria to groups, groups to the total. The additive score is
    the weighted mean over the *assessed* members, their weights rescaled within the group, so that what is
    missing is made up for by its own group and the total is the mean of the groups that are shown. Under
    the other rules anything missing leaves bounds only (score NaN), unless the bounds meet. The bounds
    put every missing or unreadable value at the floor (0) and at the target (100), and one that is known
    as an interval at its ends. What is not applicable leaves the denominator of score, bounds and
    coverage; a group keeps its weight. The coverage is nested as well: that of a group is the assessed share
    of its applicable weight, that of the total the weighted mean of its groups'. A criterion of weight 0
    counts nowhere.

    Parameters
    ----------
    values : DataFrame
        Alternatives × criteria on 0–100, NaN wherever the state is not ``assessed``.
    weights : Series
        By criterion; only their proportions count. Under ``minimum`` they count for the coverage alone. A
        group's weight is the sum of those of its criteria.
    states : DataFrame
        Same labels as `values`, entries of `STATES`.
    rule : str
        Key of `RULES`. ``share_of_yes`` takes equal weights and values of 0 and 100 only.
    low, high : DataFrame, optional
        Same labels: ends of what an assessed value may be; by default the value itself.
    coverage_threshold : float
        Coverage below which a score is provisional.
    group_of, parent_of, group_rule
        As in `make_hierarchy`.
    group_threshold : float
        The same for every single group. A score is provisional, too, where a group is known as an interval
        only (a rule that is not additive, with something missing): it is then made without that group.

    Returns
    -------
    Aggregate

    Raises
    ------
    ValueError
        If labels, states, values, weights or a rule are not as described.

    Notes
    -----
    Level by level as in OECD/JRC (2008), Handbook on Constructing Composite Indicators, step 7.

    Examples
    --------
    >>> values = pd.DataFrame({"use": [80.0, 50.0], "reach": [40.0, None]}, index=["a", "b"])
    >>> states = pd.DataFrame({"use": ["assessed"] * 2, "reach": ["assessed", "missing"]}, index=["a", "b"])
    >>> weights = pd.Series({"use": 75, "reach": 25})
    >>> aggregate(values, weights, states, rule="weighted_mean").table[["score", "lower", "upper"]]
       score  lower  upper
    a   70.0   70.0   70.0
    b   50.0   37.5   62.5
    """
    for name, threshold in (("coverage_threshold", coverage_threshold), ("group_threshold", group_threshold)):
        if not 0 <= threshold <= 1:
            raise ValueError(f"{name} must lie between 0 and 1, not {threshold}")
    root = make_hierarchy(values.columns, rule, group_of=group_of, parent_of=parent_of, group_rule=group_rule)
    require_unique(values)
    states = align(states, values, "states")
    weight = per_criterion(weights, values.columns, "weights")
    if (weight < 0).any() or weight.sum() <= 0:
        raise ValueError(f"weights must not be negative and not all zero, not {weight.tolist()}")
    value, state = values.to_numpy(dtype=float, na_value=np.nan), states.to_numpy(dtype=object)
    _check_values(value, state, values)
    if rule == "share_of_yes":
        _check_yes_no(value, weight)
    ends = [
        value if end is None else align(end, values, name).to_numpy(dtype=float, na_value=np.nan)
        for name, end in (("low", low), ("high", high))
    ]
    _check_ends(value, ends[0], ends[1], state)

    levels: dict[str, _Level] = {}
    level = _level(root, _Members.of(value, ends[0], ends[1], weight, state), levels)
    groups = {node.name: levels[node.name] for node in root.below()}
    provisional = level.coverage < coverage_threshold - COVERAGE_TOLERANCE
    provisional |= level.is_applicable & np.isnan(level.score)
    for group in groups.values():
        provisional |= group.coverage < group_threshold - COVERAGE_TOLERANCE
        provisional |= group.is_assessed & np.isnan(group.score)  # an interval: not in the point score
    score_state = np.where(level.is_assessed, np.where(provisional, "provisional", "scored"), "not_scored")
    score = pd.Series(level.score, index=values.index)
    table = pd.DataFrame(
        {
            "score": score,
            "lower": level.lower,
            "upper": level.upper,
            "coverage": level.coverage,
            "state": pd.Series(score_state, index=values.index, dtype="str"),
            "rank": rank_scores(score.where(score_state == "scored")),
        }
    )

    def frame(columns: Mapping[str, Array]) -> pd.DataFrame | None:
        return pd.DataFrame(columns, index=values.index).rename_axis(columns="group") if groups else None

    return Aggregate(
        table,
        pd.DataFrame(level.used * value, index=values.index, columns=values.columns),
        pd.DataFrame(level.used * 100, index=values.index, columns=values.columns),
        root,
        frame({name: group.score for name, group in groups.items()}),
        frame({name: group.coverage for name, group in groups.items()}),
    )


@dataclass(frozen=True, slots=True)
class _Members:
    """What a level is joined from, alternatives × members: criteria, or groups."""

    score: Array
    lower: Array
    upper: Array
    coverage: Array
    is_known: Array
    is_applicable: Array
    weight: Array

    @classmethod
    def of(cls, value: Array, low: Array, high: Array, weight: Array, state: Array) -> _Members:
        """Take the criteria; what is not assessed may lie anywhere on 0–100."""
        applicable = (state != "not_applicable") & (weight > 0)
        assessed = applicable & (state == "assessed")
        lower, upper = np.where(assessed, low, 0.0), np.where(assessed, high, 100.0)
        return cls(value, lower, upper, assessed.astype(float), assessed, applicable, weight)

    def at(self, positions: tuple[int, ...]) -> _Members:
        """Take some of the members."""
        at = list(positions)
        return _Members(
            score=self.score[:, at],
            lower=self.lower[:, at],
            upper=self.upper[:, at],
            coverage=self.coverage[:, at],
            is_known=self.is_known[:, at],
            is_applicable=self.is_applicable[:, at],
            weight=self.weight[at],
        )


@dataclass(frozen=True, slots=True)
class _Level:
    """One node of the hierarchy as arrays over the alternatives; ``used`` is alternatives × all criteria."""

    score: Array
    lower: Array
    upper: Array
    coverage: Array
    is_assessed: Array
    is_applicable: Array
    used: Array


def _level(node: Node, criteria: _Members, levels: dict[str, _Level]) -> _Level:
    """Join a node's members; it and every node below are added to the levels."""
    if not node.children:
        members = criteria.at(node.criteria)
        inner: list[Array] = []
    else:
        below = [_level(child, criteria, levels) for child in node.children]
        members = _Members(
            score=np.column_stack([level.score for level in below]),
            lower=np.column_stack([level.lower for level in below]),
            upper=np.column_stack([level.upper for level in below]),
            coverage=np.column_stack([level.coverage for level in below]),
            is_known=np.column_stack([~np.isnan(level.score) for level in below]),
            is_applicable=np.column_stack([level.is_applicable for level in below]),
            weight=np.array([criteria.weight[list(child.criteria)].sum() for child in node.children]),
        )
        inner = [level.used for level in below]
    joined, share = _join(members, node.rule)
    used = np.full(criteria.score.shape, np.nan)
    if node.is_additive:
        if inner:
            for child, part, own in zip(node.children, inner, share.T, strict=True):
                at = list(child.criteria)
                used[:, at] = part[:, at] * own[:, None]
        else:
            used[:, list(node.criteria)] = share
        points = np.where(np.isnan(used), 0.0, used * np.where(np.isnan(used), 0.0, criteria.score))
        joined["score"] = np.where(joined["is_assessed"], points.sum(axis=1).clip(0, 100), np.nan)
    level = levels[node.name] = _Level(**_within_bounds(joined, members), used=used)
    return level


def _join(members: _Members, rule: str) -> tuple[dict[str, Array], Array]:
    """Join members by a rule; and the share with which each known one counts, NaN for the others."""
    weight, applicable, known = members.weight, members.is_applicable, members.is_known
    lower = combine(np.where(applicable, members.lower, 0.0), weight, applicable, rule)
    upper = combine(np.where(applicable, members.upper, 0.0), weight, applicable, rule)
    with np.errstate(divide="ignore", invalid="ignore"):
        total = (applicable * weight).sum(axis=1)
        coverage = (applicable * weight * np.where(applicable, members.coverage, 0.0)).sum(axis=1) / total
        counts = known & applicable
        share = np.where(counts, weight / (counts * weight).sum(axis=1, keepdims=True), np.nan)
    is_assessed = counts.any(axis=1)
    if RULES[rule].is_additive:
        score = np.where(is_assessed, np.nansum(share * np.where(counts, members.score, 0.0), axis=1), np.nan)
    else:
        score = combine(np.where(counts, members.score, 0.0), weight, counts, rule)
        is_complete = (counts == applicable).all(axis=1) & is_assessed
        is_certain = is_assessed & (upper - lower <= CERTAIN)  # a known 0 decides
        score = np.where(is_complete, score, np.where(is_certain, lower, np.nan))
    answer = {
        "score": score,
        "lower": lower,
        "upper": upper,
        "coverage": coverage,
        "is_assessed": is_assessed | (applicable & (members.coverage > 0)).any(axis=1),
        "is_applicable": applicable.any(axis=1),
    }
    return answer, share


def _within_bounds(joined: dict[str, Array], members: _Members) -> dict[str, Array]:
    """Let float noise neither put a score outside its bounds, nor open them where everything is certain."""
    score, applicable = joined["score"], members.is_applicable
    is_exact = (~applicable | (members.lower == members.upper)).all(axis=1) & ~np.isnan(score)
    lower = np.where(is_exact, score, np.fmin(joined["lower"], score))
    upper = np.where(is_exact, score, np.fmax(joined["upper"], score))
    return {**joined, "lower": lower, "upper": upper}


def groups_of(criteria: pd.DataFrame) -> dict[str, Any]:
    """Return the options of `aggregate` that name the groups of criteria; none where there are no groups."""
    if not (criteria["group"] != "").any():
        return {}
    parent_of = dict(zip(criteria["group"], criteria["parent"], strict=True))
    return {"group_of": criteria["group"], "parent_of": parent_of}


def require_unique(frame: pd.DataFrame) -> None:
    """Raise ValueError when an alternative or a criterion stands twice."""
    require_once(frame.index, "each alternative")
    require_once(frame.columns, "each criterion")


def align(frame: pd.DataFrame, like: pd.DataFrame, what: str) -> pd.DataFrame:
    """Return the frame in the order of another one; labels that do not fit raise."""
    require_unique(frame)
    for axis, given, wanted in (
        ("alternatives", frame.index, like.index),
        ("criteria", frame.columns, like.columns),
    ):
        lacking, extra = wanted.difference(given).tolist(), given.difference(wanted).tolist()
        if lacking or extra:
            raise ValueError(f"{what} do not fit the {axis}: lacking {lacking[:5]}, unknown {extra[:5]}")
    return frame.reindex(index=like.index, columns=like.columns)


def _check_values(value: Array, state: Array, values: pd.DataFrame) -> None:
    for wrong, message in (
        (~np.isin(state, STATES), f"states must be one of {', '.join(STATES)}"),
        ((state == "assessed") == np.isnan(value), "a number must stand exactly where the state is assessed"),
        ((value < -1e-9) | (value > 100 + 1e-9), "values must lie on 0–100"),
    ):
        found = np.argwhere(wrong)
        if len(found):
            i, j = found[0]
            raise ValueError(
                f"{message}; found state {state[i, j]!r} and value {value[i, j]} at {values.index[i]!r} × "
                f"{values.columns[j]!r} ({len(found)} such places)"
            )


def _check_ends(value: Array, low: Array, high: Array, state: Array) -> None:
    assessed = state == "assessed"
    with np.errstate(invalid="ignore"):
        right = (
            (low >= -CERTAIN) & (low <= value + CERTAIN) & (value <= high + CERTAIN) & (high <= 100 + CERTAIN)
        )
    if (assessed & ~right).any():
        i, j = np.argwhere(assessed & ~right)[0]
        raise ValueError(
            f"low and high must enclose the value on 0–100, found {low[i, j]}, {value[i, j]}, {high[i, j]}"
        )


def _check_yes_no(value: Array, weight: Array) -> None:
    known = value[~np.isnan(value)]
    if not np.isin(known, (0.0, 100.0)).all():
        raise ValueError(
            f"share_of_yes takes values of 0 and 100 only, found {np.unique(known)[:5].tolist()}"
        )
    if not np.allclose(weight, weight[0]):
        raise ValueError(f"share_of_yes takes equal weights only, found {weight.tolist()}")
