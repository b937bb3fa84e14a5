"""From ratings to `Scores`: value functions, coverage, bounds, contributions, and the way back.

No value here depends on the other alternatives of the sample, so adding an office changes no other
office's score. The rules of aggregation stand in `digistrat.scoring.aggregation`.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar, cast

import numpy as np
import numpy.typing as npt
import pandas as pd

from digistrat.scoring.aggregation import (
    RULES,
    SCORE_STATES,
    STATES,
    Aggregate,
    Rule,
    aggregate,
    align,
    describe_rule,
    require_unique,
)
from digistrat.scoring.ranking import per_criterion

Array = npt.NDArray[Any]
Numbers = TypeVar("Numbers")

__all__ = [
    "RULES",
    "SCORE_STATES",
    "STATES",
    "Aggregate",
    "Rule",
    "Scores",
    "aggregate",
    "describe_rule",
    "linear_value",
    "score_table",
]


@dataclass(frozen=True, eq=False, repr=False)
class Scores:
    """Scores of alternatives (offices, services, projects) with all they were made from.

    Attributes
    ----------
    table : DataFrame
        One row per alternative: ``score``, ``lower``, ``upper`` (0–100), ``coverage`` (0–1), ``state``
        (scored, provisional, not_scored), ``rank`` (1 best; NA unless scored; equal scores share a rank).
    values : DataFrame
        Alternatives × criteria on 0–100; NaN where nothing is assessed.
    states : DataFrame
        Same shape: assessed, missing, not_applicable, unreadable.
    contributions : DataFrame
        Same shape: points whose row sum is the score under additive rules; NaN under the others.
    criteria : DataFrame
        By criterion: name, weight (sum 100), floor, target, direction (+1, −1), unit, source, group.
    rule : str
        Key of `RULES`.
    inventory : Inventory, optional
        What the ratings came from: gives charts their date and source.
    groups, group_coverage : DataFrame, optional
        Alternatives × groups of criteria: score and coverage of the middle level.
    raw : DataFrame, optional
        Alternatives × criteria: the numbers before the value functions.
    what : str
        What is scored: ``maturity``, ``readiness``, ``impact``.
    unit : str
        What an alternative is: ``office``, ``service``, ``project``.
    cells : callable, optional
        ``cells(alternative, criterion)`` is the place of the rating, such as ``A16.xlsx › Vorhaben › F12``.
    """

    table: pd.DataFrame
    values: pd.DataFrame
    states: pd.DataFrame
    contributions: pd.DataFrame
    criteria: pd.DataFrame
    rule: str
    inventory: Any = None
    groups: pd.DataFrame | None = None
    raw: pd.DataFrame | None = None
    what: str = ""
    unit: str = ""
    cells: Callable[[str, str], str] | None = None
    group_coverage: pd.DataFrame | None = None

    def explain(self, alternative: str) -> pd.DataFrame:
        """Lead one alternative's score back to its ratings and their cells.

        Parameters
        ----------
        alternative : str
            An entry of the index of `table`.

        Returns
        -------
        DataFrame
            By criterion: ``name``, ``raw``, ``value`` (0–100), ``state``, ``weight`` (of 100),
            ``weight_used`` (rescaled over what is assessed, additive rules), ``points``
            (``weight_used`` × value / 100, sum is the score), ``gap`` (what is missing from the
            value to the target, 0–100), ``cell`` (empty where no place is known).

        Raises
        ------
        ValueError
            If there is no such alternative, naming close ones.
        """
        if alternative not in self.table.index:
            known = [str(label) for label in self.table.index]
            close = difflib.get_close_matches(str(alternative), known, n=3) or known[:3]
            raise ValueError(f"no alternative {alternative!r} in these scores; close: {', '.join(close)}")
        value, state = self.values.loc[alternative], self.states.loc[alternative]
        nothing = pd.Series(np.nan, index=self.values.columns)
        weight = self.criteria["weight"]
        assessed = weight.where((state == "assessed").to_numpy())
        additive = RULES[self.rule].is_additive and assessed.sum() > 0
        return pd.DataFrame(
            {
                "name": self.criteria["name"],
                "raw": nothing if self.raw is None else self.raw.loc[alternative],
                "value": value,
                "state": state,
                "weight": weight,
                "weight_used": assessed / assessed.sum() * 100 if additive else nothing,
                "points": self.contributions.loc[alternative],
                "gap": 100 - value,
                "cell": pd.Series(
                    ["" if self.cells is None else self.cells(alternative, c) for c in self.values.columns],
                    index=self.values.columns,
                    dtype="str",
                ),
            }
        ).rename_axis("criterion")

    def __str__(self) -> str:
        counts = self.table["state"].value_counts()
        states = ", ".join(f"{counts.get(s, 0)} {s.replace('_', ' ')}" for s in SCORE_STATES)
        coverage = self.table["coverage"].mean()
        covered = "" if np.isnan(coverage) else f", mean coverage {coverage:.0%}"
        lines = [
            f"Scores{f' ({self.what})' if self.what else ''}: {len(self.table)} {self.unit or 'alternative'}s"
            f" × {len(self.criteria)} criteria, rule {self.rule}",
            f"  {states}{covered}",
        ]
        for label, row in self.table.dropna(subset=["rank"]).sort_values("rank").head(5).iterrows():
            lines.append(
                f"  {row['rank']:>3}  {label}  {row['score']:.1f}  [{row['lower']:.1f}–{row['upper']:.1f}]"
            )
        return "\n".join(lines)

    __repr__ = __str__


def linear_value(raw: Numbers, floor: Any, target: Any) -> Numbers:
    """Map numbers to 0 at the floor and 100 at the target, straight between, capped outside.

    Parameters
    ----------
    raw : float, array, Series or DataFrame
        Numbers in the criterion's own unit; NaN stays NaN.
    floor, target : float, or Series by column for a DataFrame
        Fixed anchors from the strategy, never the sample's own minimum and maximum. A target below the
        floor means that less is better.

    Returns
    -------
    same type as `raw`
        Values on 0–100.

    Raises
    ------
    ValueError
        If an anchor is missing, or floor and target are the same.

    Notes
    -----
    :math:`v = 100 (x - f) / (t - f)`, distance between goalposts; OECD/JRC (2008), section 5; UNDP (2020).

    Examples
    --------
    >>> linear_value(pd.Series([1.0, 3.0, 9.0, None]), 0, 4).tolist()
    [25.0, 75.0, 100.0, nan]
    >>> linear_value(30.0, 90, 0)
    66.66666666666666
    """
    numbers: Any = raw
    if isinstance(numbers, pd.DataFrame):
        floor = per_criterion(floor, numbers.columns, "floor")
        target = per_criterion(target, numbers.columns, "target")
    low, high = np.asarray(floor, dtype=float), np.asarray(target, dtype=float)
    if not (np.isfinite(low).all() and np.isfinite(high).all()):
        raise ValueError(f"floor and target must be finite numbers, not floor={floor}, target={target}")
    if (low == high).any():
        raise ValueError(f"floor and target must differ, not floor={floor}, target={target}")
    if isinstance(numbers, pd.DataFrame | pd.Series):
        array = numbers.to_numpy(dtype=float, na_value=np.nan)
    else:
        array = np.asarray(numbers, dtype=float)
    value = np.clip((array - low) / (high - low), 0, 1) * 100
    if isinstance(numbers, pd.DataFrame):
        return cast(Numbers, pd.DataFrame(value, index=numbers.index, columns=numbers.columns))
    if isinstance(numbers, pd.Series):
        return cast(Numbers, pd.Series(value, index=numbers.index, name=numbers.name))
    return cast(Numbers, value if isinstance(numbers, np.ndarray) else float(value))


def score_table(
    raw: pd.DataFrame,
    states: pd.DataFrame | None,
    criteria: pd.DataFrame,
    *,
    rule: str,
    coverage_threshold: float = 2 / 3,
    group_threshold: float = 0.5,
    inventory: Any = None,
    cells: Callable[[str, str], str] | None = None,
    what: str = "",
    unit: str = "",
) -> Scores:
    """Score a table of ratings: the one way from raw numbers to `Scores`.

    Parameters
    ----------
    raw : DataFrame
        Alternatives × criteria in the criteria's own units; NaN where there is no number.
    states : DataFrame, optional
        Same labels, entries of `STATES`; None takes every NaN as ``missing``.
    criteria : DataFrame
        Indexed by criterion: ``weight`` (sum 100), ``floor``, ``target``; optional ``name``, ``direction``
        (+1, −1; follows from the anchors), ``unit``, ``source``, ``group`` (all or none). Further columns
        are kept.
    rule : str
        Key of `RULES`.
    coverage_threshold, group_threshold : float
        As in `aggregate`.
    inventory, cells, what, unit
        As in `Scores`.

    Returns
    -------
    Scores
        In the order of the index of `raw` and of the index of `criteria`.

    Raises
    ------
    ValueError
        If labels do not fit, weights do not sum to 100, an anchor is missing, or state and number
        contradict each other.

    Examples
    --------
    >>> criteria = pd.DataFrame({"weight": [60, 40], "floor": 0, "target": 4}, index=["online", "data"])
    >>> raw = pd.DataFrame({"online": [4, 2], "data": [1, None]}, index=["A16", "A33"])
    >>> score_table(raw, None, criteria, rule="weighted_mean", coverage_threshold=0.5).table["score"].tolist()
    [70.0, 50.0]
    """
    criteria = _complete_criteria(criteria)
    require_unique(raw)
    raw = align(raw, raw.reindex(columns=criteria.index), "raw")
    numbers = pd.DataFrame(
        raw.to_numpy(dtype=float, na_value=np.nan), index=raw.index, columns=criteria.index
    )
    if states is None:
        known = np.where(numbers.isna(), "missing", "assessed")
        states = pd.DataFrame(known, index=numbers.index, columns=numbers.columns)
    states = align(states, numbers, "states").astype("str")
    values = linear_value(numbers, criteria["floor"], criteria["target"])
    group_of = criteria["group"] if (criteria["group"] != "").any() else None
    result = aggregate(
        values,
        criteria["weight"],
        states,
        rule=rule,
        coverage_threshold=coverage_threshold,
        group_of=group_of,
        group_threshold=group_threshold,
    )
    return Scores(
        table=result.table,
        values=values,
        states=states,
        contributions=result.contributions,
        criteria=criteria,
        rule=rule,
        inventory=inventory,
        groups=result.groups,
        raw=numbers,
        what=what,
        unit=unit,
        cells=cells,
        group_coverage=result.group_coverage,
    )


def _complete_criteria(criteria: pd.DataFrame) -> pd.DataFrame:
    lacking = [c for c in ("weight", "floor", "target") if c not in criteria.columns]
    if lacking or criteria.empty or not criteria.index.is_unique:
        raise ValueError(
            f"criteria must be a frame with unique index and columns weight, floor, target; lacking {lacking}"
            f" in {len(criteria)} rows"
        )
    anchors = {c: per_criterion(criteria[c], criteria.index, c) for c in ("weight", "floor", "target")}
    total = anchors["weight"].sum()
    if abs(total - 100) > 1e-6 or (anchors["weight"] < 0).any():
        raise ValueError(
            f"weights of the criteria must not be negative and sum to 100, found sum {total:.10g}:"
            f" {dict(zip(criteria.index, anchors['weight'].tolist(), strict=True))}"
        )
    direction = np.where(anchors["target"] > anchors["floor"], 1, -1)
    if "direction" in criteria.columns and criteria["direction"].tolist() != direction.tolist():
        raise ValueError(
            "direction must be +1 where the target is above the floor and -1 where it is below, "
            f"expected {direction.tolist()}, found {criteria['direction'].tolist()}"
        )
    words = {
        c: (criteria[c] if c in criteria.columns else pd.Series("", index=criteria.index))
        .fillna("")
        .astype("str")
        for c in ("name", "unit", "source", "group")
    }
    words["name"] = words["name"].where(words["name"] != "", criteria.index.to_series().astype("str"))
    complete = criteria.assign(**anchors, direction=direction, **words)
    first = ["name", "weight", "floor", "target", "direction", "unit", "source", "group"]
    return complete[first + [c for c in complete.columns if c not in first]].rename_axis("criterion")
