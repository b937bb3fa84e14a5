"""From ratings to `Scores`: value functions, coverage, bounds, contributions, and the way back.

No value here depends on the other alternatives of the sample, so adding an office changes no other
office's score. Value functions stand in `digistrat.scoring.values`, rules in `digistrat.scoring.rules`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from digistrat.scoring import reasons
from digistrat.scoring.aggregation import SCORE_STATES, aggregate, align, groups_of, require_unique
from digistrat.scoring.inputs import per_criterion, require_alternative
from digistrat.scoring.origins import PARTS, Origin
from digistrat.scoring.rules import Node
from digistrat.scoring.values import SHAPES, criterion_values, interval_values


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
        By criterion: name, weight (sum 100), floor, target, direction (+1, −1), unit, source, group, parent,
        shape, computed (empty for a rating).
    rule : str
        Key of `RULES`.
    low, high : DataFrame
        Same shape as `values`: the ends of what a value may be. Equal to it where it is certain, 0 and 100
        where nothing is assessed, NaN where the criterion does not apply.
    weights_used : DataFrame
        Same shape: the share of 100 with which an assessed criterion counts, rescaled level by level; NaN
        under rules that are not additive.
    hierarchy : Node
        The total, its groups, and their rules.
    rule_source : str
        Where the model of criteria, weights and rule comes from.
    inventory : Inventory, optional
        What the ratings came from: gives charts their date and source.
    groups, group_coverage : DataFrame, optional
        Alternatives × groups of criteria: score and coverage of the middle level.
    raw : DataFrame, optional
        Alternatives × criteria: numbers before the value functions, also of an interval that says nothing.
    raw_low, raw_high : DataFrame, optional
        Same shape as `raw`: the ends of a number that is known as a range; NaN for any other.
    raw_office, raw_moderated : DataFrame, optional
        Same shape as `raw`: the office's own rating, and that of the unit or a group, which counts where
        there is one.
    remarks : DataFrame, optional
        Same shape as `raw`: what was written beside a rating, such as evidence or a reason.
    targets : DataFrame, optional
        Same shape as `values`: the value an alternative aims at itself; NaN where it names no target.
    levels : tuple of (str, float)
        Names of spans of the score, each with the score from which it is reached, by rising score.
    what : str
        What is scored: ``maturity``, ``readiness``, ``impact``.
    unit : str
        What an alternative is: ``office``, ``service``, ``project``.
    cells : callable, optional
        ``cells(alternative, criterion)`` is the place of the rating, such as ``A16.xlsx › Vorhaben › F12``;
        of one that nobody gave, the sheet and the column it belongs to.
    origin : callable, optional
        ``origin(alternative, criterion)`` tells what else is known of where it comes from: an `Origin`.
    """

    table: pd.DataFrame
    values: pd.DataFrame
    states: pd.DataFrame
    contributions: pd.DataFrame
    criteria: pd.DataFrame
    rule: str
    low: pd.DataFrame
    high: pd.DataFrame
    weights_used: pd.DataFrame
    hierarchy: Node
    rule_source: str = ""
    inventory: Any = None
    groups: pd.DataFrame | None = None
    raw: pd.DataFrame | None = None
    raw_low: pd.DataFrame | None = None
    raw_high: pd.DataFrame | None = None
    raw_office: pd.DataFrame | None = None
    raw_moderated: pd.DataFrame | None = None
    remarks: pd.DataFrame | None = None
    targets: pd.DataFrame | None = None
    levels: tuple[tuple[str, float], ...] = ()
    what: str = ""
    unit: str = ""
    cells: Callable[[str, str], str] | None = None
    group_coverage: pd.DataFrame | None = None
    origin: Callable[[str, str], Origin] | None = None

    def explain(self, alternative: str) -> pd.DataFrame:
        """Lead one alternative's score back to its ratings and their cells.

        Parameters
        ----------
        alternative : str
            An entry of the index of `table`.

        Returns
        -------
        DataFrame
            By criterion: ``name``, ``group``, ``group_weight`` (of 100), ``raw`` (the rating that counts),
            ``raw_lower`` and ``raw_upper`` (its ends where it is a range, else NaN), ``office`` and
            ``moderated`` (the two ratings side by side), ``value`` (0–100), ``low`` and ``high`` (what it may
            be), ``state``, ``weight`` (of 100), ``weight_used`` (rescaled over what is assessed, additive
            rules), ``points`` (``weight_used`` × value / 100, sum is the score), ``gap`` (what the value
            lacks to the alternative's own target, or to the criterion's where there is no own one at all),
            ``gap_to_top`` (what it lacks to 100), ``remark`` (evidence or reason; empty where there is none),
            ``cell`` (the place of the rating that counts, or of all that a figure was computed from; empty
            where none is known), ``office_cell``, ``moderated_cell`` and ``remark_cell`` (where these three
            stand), ``working`` (how a figure was computed; empty for a rating).

        Raises
        ------
        ValueError
            If there is no such alternative, naming close ones.
        """
        require_alternative(self.table.index, alternative)
        value = self.values.loc[alternative]
        nothing = pd.Series(np.nan, index=self.values.columns)

        def row(frame: pd.DataFrame | None) -> pd.Series:
            return nothing if frame is None else pd.Series(frame.loc[alternative])

        places = [self.cells(alternative, c) if self.cells else "" for c in self.values.columns]
        origins = [self.origin(alternative, c) if self.origin else Origin() for c in self.values.columns]

        def told(name: str) -> pd.Series:
            return pd.Series([getattr(one, name) for one in origins], self.values.columns, dtype="str")

        aim = 100.0 if self.targets is None else row(self.targets)
        weight = self.criteria["weight"]
        return pd.DataFrame(
            {
                "name": self.criteria["name"],
                "group": self.criteria["group"],
                "group_weight": weight.groupby(self.criteria["group"]).transform("sum"),
                "raw": row(self.raw),
                "raw_lower": row(self.raw_low),
                "raw_upper": row(self.raw_high),
                "office": row(self.raw_office),
                "moderated": row(self.raw_moderated),
                "value": value,
                "low": self.low.loc[alternative],
                "high": self.high.loc[alternative],
                "state": self.states.loc[alternative],
                "weight": weight,
                "weight_used": self.weights_used.loc[alternative],
                "points": self.contributions.loc[alternative],
                "gap": (aim - value).clip(lower=0),
                "gap_to_top": 100 - value,
                "remark": "" if self.remarks is None else self.remarks.loc[alternative],
                "cell": pd.Series(places, index=self.values.columns, dtype="str"),
                "office_cell": told("office"),
                "moderated_cell": told("moderated"),
                "remark_cell": told("remark"),
                "working": told("working"),
            }
        ).rename_axis("criterion")

    def parts(self, alternative: str, criterion: str) -> pd.DataFrame:
        """Lead a computed figure back to what was added up for it.

        Parameters
        ----------
        alternative : str
            An entry of the index of `table`.
        criterion : str
            An entry of the index of `criteria`.

        Returns
        -------
        DataFrame
            By project or goal that counts: ``name``, ``value`` (0–100), ``share``, ``points`` (value times
            share; their sum is the figure, of which more than the target is not counted), ``low`` and
            ``high`` (what the value may be), ``note``, ``cell``. Without rows where nothing was added up.

        Raises
        ------
        ValueError
            If there is no such alternative or criterion.
        """
        require_alternative(self.table.index, alternative)
        if criterion not in self.criteria.index:
            raise ValueError(f"criterion must be one of {self.criteria.index.tolist()}, not {criterion!r}")
        found = None if self.origin is None else self.origin(alternative, criterion).parts
        return pd.DataFrame(columns=list(PARTS)) if found is None else found

    def reason(self, alternative: str) -> str:
        """Say in one sentence why an alternative has its rank; see `digistrat.scoring.reasons.reason`."""
        return reasons.reason(self, alternative)

    def compare(self, a: str, b: str) -> pd.DataFrame:
        """Lead a difference back to the criteria; see `digistrat.scoring.reasons.compare`."""
        return reasons.compare(self, a, b)

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


def score_table(
    raw: pd.DataFrame,
    states: pd.DataFrame | None,
    criteria: pd.DataFrame,
    *,
    rule: str,
    group_rule: str | None = None,
    low: pd.DataFrame | None = None,
    high: pd.DataFrame | None = None,
    coverage_threshold: float = 2 / 3,
    group_threshold: float = 0.5,
    rule_source: str = "",
    levels: Sequence[tuple[str, float]] = (),
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
        Same labels, entries of `STATES`; None takes every NaN as ``missing``. Under ``share_of_yes`` a number
        that is neither the floor nor the target is unreadable. A rating whose interval leaves every value
        from 0 to 100 open says nothing and is missing, whatever number stands between.
    criteria : DataFrame
        Indexed by criterion: ``weight`` (sum 100), ``floor``, ``target``; optional ``name``, ``direction``
        (+1, −1; follows from the anchors), ``unit``, ``source``, ``group`` (all or none), ``parent`` (of the
        group), ``shape`` and ``points`` (as in `criterion_values`), ``computed`` (not empty where the number
        is no rating: it counts however wide its interval is). Further columns are kept.
    rule, group_rule : str
        Keys of `RULES`: what joins criteria, and what joins groups (by default the same).
    low, high : DataFrame, optional
        Same labels as `raw`, in the same units: ends of ratings that are known as an interval; NaN for the
        rating itself.
    coverage_threshold, group_threshold : float
        As in `aggregate`.
    rule_source, levels, inventory, cells, what, unit
        As in `Scores`.

    Returns
    -------
    Scores
        In the order of the index of `raw` and of the index of `criteria`.

    Raises
    ------
    ValueError
        If labels do not fit, a number is not finite, weights do not sum to 100, an anchor is missing, or
        state and number contradict each other.

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
    numbers = _numbers(raw, "raw")
    if states is None:
        known = np.where(numbers.isna(), "missing", "assessed")
        states = pd.DataFrame(known, index=numbers.index, columns=numbers.columns)
    states = align(states, numbers, "states").astype("str")
    values = criterion_values(numbers, criteria)
    if rule == "share_of_yes":
        is_neither = (values > 0) & (values < 100)
        values, states = values.mask(is_neither), states.mask(is_neither, "unreadable")
    ends = _ends(numbers, low, high)
    is_range = ends[0] < ends[1]
    lower, upper = interval_values(*ends, criteria)
    lower, upper = lower.mask(lower > values, values), upper.mask(upper < values, values)
    says_nothing = (states == "assessed") & (lower <= 0) & (upper >= 100) & (criteria["computed"] == "")
    values, states = values.mask(says_nothing), states.mask(says_nothing, "missing")
    result = aggregate(
        values,
        criteria["weight"],
        states,
        rule=rule,
        low=lower,
        high=upper,
        coverage_threshold=coverage_threshold,
        group_rule=group_rule,
        group_threshold=group_threshold,
        **groups_of(criteria),
    )
    is_open, is_out = states.isin(["missing", "unreadable"]), states == "not_applicable"
    return Scores(
        table=result.table,
        values=values,
        states=states,
        contributions=result.contributions,
        criteria=criteria,
        rule=rule,
        low=lower.mask(is_open, 0.0).mask(is_out),
        high=upper.mask(is_open, 100.0).mask(is_out),
        weights_used=result.weights_used,
        hierarchy=result.hierarchy,
        rule_source=rule_source,
        inventory=inventory,
        groups=result.groups,
        raw=numbers,
        raw_low=ends[0].where(is_range),
        raw_high=ends[1].where(is_range),
        levels=tuple(levels),
        what=what,
        unit=unit,
        cells=cells,
        group_coverage=result.group_coverage,
    )


def _numbers(frame: pd.DataFrame, what: str) -> pd.DataFrame:
    array = frame.to_numpy(dtype=float, na_value=np.nan)
    if np.isinf(array).any():
        i, j = np.argwhere(np.isinf(array))[0]
        raise ValueError(
            f"{what} must be finite, found {array[i, j]} at {frame.index[i]!r} × {frame.columns[j]!r}"
        )
    return pd.DataFrame(array, index=frame.index, columns=frame.columns)


def _ends(
    numbers: pd.DataFrame, low: pd.DataFrame | None, high: pd.DataFrame | None
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the ends of every rating: the rating itself where none are given."""
    ends = []
    for name, end in (("low", low), ("high", high)):
        given = numbers if end is None else _numbers(align(end, numbers, name), name)
        ends.append(given.where(given.notna() & numbers.notna(), numbers))
    if (ends[0] > ends[1]).any(axis=None):
        raise ValueError("low must not be above high")
    return ends[0], ends[1]


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
        for c in ("name", "unit", "source", "group", "parent", "shape", "computed")
    }
    words["shape"] = words["shape"].where(words["shape"] != "", "linear")
    if not words["shape"].isin(SHAPES).all():
        raise ValueError(f"shape must be one of {', '.join(SHAPES)}, found {sorted(set(words['shape']))}")
    words["name"] = words["name"].where(words["name"] != "", criteria.index.to_series().astype("str"))
    complete = criteria.assign(**anchors, direction=direction, **words)
    first = ["name", "weight", "floor", "target", "direction", "unit", "source", "group", "parent", "shape"]
    return complete[first + [c for c in complete.columns if c not in first]].rename_axis("criterion")
