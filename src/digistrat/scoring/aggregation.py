"""Aggregation rules as data, and what they make of ratings that are partly missing.

Three things that are not a number stay apart: a *missing* or *unreadable* rating widens the bounds, one
that is *not applicable* leaves the denominator.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from digistrat.scoring.ranking import per_criterion, rank_scores
from digistrat.texts import text

Array = npt.NDArray[Any]

STATES = ("assessed", "missing", "not_applicable", "unreadable")
"""What is known of one rating."""

SCORE_STATES = ("scored", "provisional", "not_scored")
"""What is known of one score; only ``scored`` ones have a rank."""

COVERAGE_TOLERANCE = 1e-9  # 2 of 3 criteria of weight 100/3 reach a threshold of 2/3


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
    _known_rule(rule)
    return f"{text(f'rule.{rule}.name', language)}: {text(f'rule.{rule}.description', language)}"


@dataclass(frozen=True, eq=False)
class Aggregate:
    """What `aggregate` gives: the table of `Scores`, the contributions, and the middle level."""

    table: pd.DataFrame
    contributions: pd.DataFrame
    groups: pd.DataFrame | None = None
    group_coverage: pd.DataFrame | None = None


def aggregate(
    values: pd.DataFrame,
    weights: pd.Series,
    states: pd.DataFrame,
    *,
    rule: str,
    coverage_threshold: float = 2 / 3,
    group_of: Mapping[Any, str] | pd.Series | None = None,
    group_threshold: float = 0.5,
) -> Aggregate:
    """Aggregate values on 0–100 to one score per alternative, with bounds, coverage and rank.

    The additive score is the weighted mean over the *assessed* criteria, their weights rescaled; under
    the minimum and geometric rules anything missing leaves bounds only (score NaN). The bounds put every
    missing or unreadable value at the floor (0) and at the target (100). What is not applicable leaves
    the denominator of score, bounds and coverage. A criterion of weight 0 counts nowhere.

    With `group_of` the middle level is scored by the same rule. The total is taken over all criteria with
    their flat weights (share of the group × share within the group), so it is the weighted mean of the
    group scores where everything is assessed; where something is missing its weight goes to all other
    criteria, not to those of its own group alone.

    Parameters
    ----------
    values : DataFrame
        Alternatives × criteria on 0–100, NaN wherever the state is not ``assessed``.
    weights : Series
        By criterion; only their proportions count. Under ``minimum`` they count for the coverage alone.
    states : DataFrame
        Same labels as `values`, entries of `STATES`.
    rule : str
        Key of `RULES`. ``share_of_yes`` takes equal weights and values of 0 and 100 only.
    coverage_threshold : float
        Assessed share of the applicable weight below which a score is provisional.
    group_of : mapping or Series, optional
        Criterion → group.
    group_threshold : float
        The same for every single group.

    Returns
    -------
    Aggregate
        Table, contributions and, with `group_of`, scores and coverage per group.

    Raises
    ------
    ValueError
        If labels, states, values, weights or the rule are not as described.

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
    _known_rule(rule)
    for name, threshold in (("coverage_threshold", coverage_threshold), ("group_threshold", group_threshold)):
        if not 0 <= threshold <= 1:
            raise ValueError(f"{name} must lie between 0 and 1, not {threshold}")
    require_unique(values)
    states = align(states, values, "states")
    weight = per_criterion(weights, values.columns, "weights")
    if (weight < 0).any() or weight.sum() <= 0:
        raise ValueError(f"weights must not be negative and not all zero, not {weight.tolist()}")
    value, state = values.to_numpy(dtype=float, na_value=np.nan), states.to_numpy(dtype=object)
    _check_values(value, state, values)
    if rule == "share_of_yes":
        _check_yes_no(value, weight)

    level = _level(value, weight, state, rule)
    provisional = level.coverage < coverage_threshold - COVERAGE_TOLERANCE
    provisional |= level.is_applicable & np.isnan(level.score)
    groups = group_coverage = None
    if group_of is not None:
        groups, group_coverage = _groups(value, weight, state, rule, values, group_of)
        provisional |= (group_coverage < group_threshold - COVERAGE_TOLERANCE).to_numpy().any(axis=1)
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
    points = pd.DataFrame(level.points, index=values.index, columns=values.columns)
    return Aggregate(table, points, groups, group_coverage)


@dataclass(frozen=True, slots=True)
class _Level:
    """One level of the hierarchy as arrays over the alternatives."""

    score: Array
    lower: Array
    upper: Array
    coverage: Array
    is_assessed: Array
    is_applicable: Array
    points: Array


def _level(value: Array, weight: Array, state: Array, rule: str) -> _Level:
    applicable = (state != "not_applicable") & (weight > 0)
    assessed = applicable & (state == "assessed")
    lower = combine(np.where(assessed, value, 0.0), weight, applicable, rule)
    upper = combine(np.where(assessed, value, 100.0), weight, applicable, rule)
    complete = (applicable == assessed).all(axis=1)
    points = np.full(value.shape, np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        coverage = (assessed * weight).sum(axis=1) / (applicable * weight).sum(axis=1)
        if RULES[rule].is_additive:
            rescaled = weight / (assessed * weight).sum(axis=1, keepdims=True)
            points = np.where(assessed, rescaled * value, np.nan)
    is_assessed = assessed.any(axis=1)
    if RULES[rule].is_additive:
        score = np.where(is_assessed, np.nansum(points, axis=1).clip(0, 100), np.nan)
    else:
        score = np.where(complete & is_assessed, lower, np.nan)
    # Float noise must not put a score outside its own bounds, nor open them where nothing is missing.
    lower = np.where(complete, score, np.fmin(lower, score))
    upper = np.where(complete, score, np.fmax(upper, score))
    return _Level(score, lower, upper, coverage, is_assessed, applicable.any(axis=1), points)


def combine(value: Array, weight: Array, applicable: Array, rule: str) -> Array:
    """Combine complete values (… × criteria, 0–100) by a rule; NaN where no criterion is applicable."""
    if rule == "minimum":
        lowest = np.where(applicable, value, np.inf).min(axis=-1)
        return np.where(np.isinf(lowest), np.nan, lowest)
    used = applicable * weight
    with np.errstate(divide="ignore", invalid="ignore"):
        share = used / used.sum(axis=-1, keepdims=True)
        if rule == "geometric":
            powers = np.where(share > 0, share * np.log(value / 100), np.where(share == 0, 0.0, np.nan))
            return 100 * np.exp(powers.sum(axis=-1))
        return (share * value).sum(axis=-1).clip(0, 100)


def _groups(
    value: Array,
    weight: Array,
    state: Array,
    rule: str,
    values: pd.DataFrame,
    group_of: Mapping[Any, str] | pd.Series,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    mapping = dict(group_of.items())
    lost = [c for c in values.columns if not isinstance(mapping.get(c), str) or not mapping[c]]
    if lost:
        raise ValueError(f"group_of must name a group for every criterion, not for {lost}")
    member = np.array([mapping[c] for c in values.columns], dtype=object)
    names = list(dict.fromkeys(member))
    levels = {
        g: _level(value[:, member == g], weight[member == g], state[:, member == g], rule) for g in names
    }
    scores = pd.DataFrame({g: level.score for g, level in levels.items()}, index=values.index)
    coverage = pd.DataFrame({g: level.coverage for g, level in levels.items()}, index=values.index)
    return scores.rename_axis(columns="group"), coverage.rename_axis(columns="group")


def _known_rule(rule: str) -> None:
    if rule not in RULES:
        raise ValueError(f"rule must be one of {', '.join(RULES)}, not {rule!r}")


def require_unique(frame: pd.DataFrame) -> None:
    """Raise ValueError when an alternative or a criterion stands twice."""
    for axis, labels in (("alternative", frame.index), ("criterion", frame.columns)):
        if not labels.is_unique:
            raise ValueError(
                f"each {axis} must stand once, found twice: {labels[labels.duplicated()].tolist()}"
            )


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


def _check_yes_no(value: Array, weight: Array) -> None:
    known = value[~np.isnan(value)]
    if not np.isin(known, (0.0, 100.0)).all():
        raise ValueError(
            f"share_of_yes takes values of 0 and 100 only, found {np.unique(known)[:5].tolist()}"
        )
    if not np.allclose(weight, weight[0]):
        raise ValueError(f"share_of_yes takes equal weights only, found {weight.tolist()}")
