"""A score in words: why a rank is what it is, what would turn it, and how two alternatives differ."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from digistrat.scoring.aggregation import COVERAGE_TOLERANCE, aggregate, groups_of
from digistrat.scoring.inputs import require_alternative
from digistrat.scoring.stability import overtaking_weights
from digistrat.texts import format_number, text

Scores = Any  # the record of `digistrat.scoring.composite`, whose methods lead here
N_NAMED = 2  # criteria that a sentence names
SAME = 1e-9  # points by which an alternative must lead to be ahead of another
OFFICE, PROJECT, SERVICE = "office", "project", "service"
BEYOND = 1e-3  # of 100: how far beyond the weight that is named the two are scored again
# where an alternative's name stands: table and column
NAMES = {PROJECT: ("projects", "title"), OFFICE: ("offices", "name"), SERVICE: ("services", "name")}


def reason(scores: Scores, alternative: Any) -> str:
    """Say in one sentence why an alternative has its rank, or why it has none.

    Parameters
    ----------
    scores : Scores
    alternative
        An entry of the index of its table.

    Returns
    -------
    str
        In the language of the strategy, German where the scores know none. Of a rank: the two criteria that
        lift it most above the mean of those that have a rank (that pull it down, where the score is below
        the mean score), weighted as they count for it; and the smallest change of a single weight, the others
        in proportion, by which somebody behind gets ahead. The weight that is named is rounded away from
        today's, and beyond it the two are scored again: the sentence holds as it stands. Without a rank:
        what is missing.

    Raises
    ------
    ValueError
        If there is no such alternative, naming close ones.

    Examples
    --------
    >>> from digistrat.scoring.composite import score_table
    >>> criteria = pd.DataFrame({"weight": [70, 30], "floor": 0, "target": 10}, index=["use", "reach"])
    >>> raw = pd.DataFrame({"use": [10, 4], "reach": [0, 9]}, index=["a", "b"])
    >>> reason(score_table(raw, None, criteria, rule="weighted_mean"), "a")
    'Rang 1: vor allem wegen „use“ (100 von 100, im Mittel 70); fällt hinter „b“ zurück, sobald das Gewicht von „use“ unter 60 % sinkt (heute 70 %)'
    """  # noqa: E501
    require_alternative(scores.table.index, alternative)
    words = _Words(scores)
    row: Any = scores.table.loc[alternative]
    if row["state"] == "not_scored":
        return words.text("not_scored", why=_open_ones(words, alternative))
    if row["state"] == "provisional":
        why = [*_thin_coverage(words, alternative), _open_ones(words, alternative)]
        return words.text("provisional", why="; ".join(why), span=_span(words, alternative))
    parts = [
        words.text("rank", rank=int(row["rank"]), why=_main(words, alternative)),
        _turn(words, alternative),
    ]
    if row["upper"] - row["lower"] > SAME:
        parts.append(words.text("open", span=_span(words, alternative)))
    return "; ".join(parts)


def compare(scores: Scores, a: Any, b: Any) -> pd.DataFrame:
    """Lead the difference of two scores back to the criteria, from what speaks most for `a` to what for `b`.

    Parameters
    ----------
    scores : Scores
    a, b
        Entries of the index of its table.

    Returns
    -------
    DataFrame
        By criterion, sorted by the difference: ``name``, ``a`` and ``b`` (values, 0–100), ``weight`` (of
        100), ``weight_a`` and ``weight_b`` (as they count: rescaled over what is assessed), ``points_a`` and
        ``points_b`` (value × that weight), ``difference`` (of the points; what is not assessed gets none) and
        ``cumulative``, whose last entry is the difference of the scores. Under a rule that does not add up,
        and where one of the two has no score, there are no points to compare, and the differences of the
        values give the order.

    Raises
    ------
    ValueError
        If there is no such alternative, naming close ones.

    Examples
    --------
    >>> from digistrat.scoring.composite import score_table
    >>> criteria = pd.DataFrame({"weight": [70, 30], "floor": 0, "target": 10}, index=["use", "reach"])
    >>> raw = pd.DataFrame({"use": [10, 4], "reach": [0, 9]}, index=["a", "b"])
    >>> compare(score_table(raw, None, criteria, rule="weighted_mean"), "b", "a")["cumulative"].tolist()
    [27.0, -15.0]
    """
    for one in (a, b):
        require_alternative(scores.table.index, one)
    values, used, points = (
        frame.loc[[a, b]].to_numpy(dtype=float)
        for frame in (scores.values, scores.weights_used, scores.contributions)
    )
    has_points = scores.hierarchy.is_additive and bool(scores.table.loc[[a, b], "score"].notna().all())
    known = np.nan_to_num(points)
    table = pd.DataFrame(
        {
            "name": scores.criteria["name"],
            "a": values[0],
            "b": values[1],
            "weight": scores.criteria["weight"],
            "weight_a": used[0],
            "weight_b": used[1],
            "points_a": points[0],
            "points_b": points[1],
            "difference": known[0] - known[1] if has_points else np.nan,
        }
    )
    key = table["difference"] if has_points else table["a"] - table["b"]
    table = table.loc[key.sort_values(ascending=False, kind="stable").index]
    return table.assign(cumulative=table["difference"].cumsum()).rename_axis("criterion")


@dataclass(frozen=True)
class _Words:
    """Scores, and how to speak of them."""

    scores: Scores

    @property
    def strategy(self) -> Any:
        return None if self.scores.inventory is None else self.scores.inventory.strategy

    @property
    def language(self) -> str:
        return "de" if self.strategy is None else str(self.strategy.language)

    def text(self, key: str, **values: Any) -> str:
        written = {k: self.number(v) if isinstance(v, (int, float)) else v for k, v in values.items()}
        return text(f"rank_reason.{key}", self.language, **written)

    def number(self, value: float, decimals: int = 0) -> str:
        return format_number(float(value), self.language, decimals)

    def criterion(self, criterion: Any) -> str:
        return self.text("quoted", name=_one_line(self.scores.criteria.at[criterion, "name"] or criterion))

    def group(self, group: str) -> str:
        groups = getattr(getattr(self.strategy, self.scores.what or " ", None), "groups", ())
        return self.text("quoted", name={g.id: g.name for g in groups}.get(group, group))

    def alternative(self, alternative: Any) -> str:
        table, column = NAMES.get(self.scores.unit, ("", ""))
        frame = getattr(self.scores.inventory, table, None) if table else None
        name = frame[column].get(alternative) if frame is not None else None
        if not isinstance(name, str) or not name.strip():
            return self.text("quoted", name=str(alternative))
        return f"{self.text('quoted', name=_one_line(name))} ({alternative})"

    def listed(self, parts: Sequence[str]) -> str:
        if len(parts) < 2:
            return "".join(parts)
        return self.text("and", first=", ".join(parts[:-1]), last=parts[-1])


def _one_line(words: Any) -> str:
    return " ".join(str(words).split())


def _main(words: _Words, alternative: Any) -> str:
    """Say which criteria make the rank, and who shares it."""
    scores = words.scores
    has_rank = scores.table["rank"].notna()
    value, mean = scores.values.loc[alternative], scores.values[has_rank].mean()

    def said(criteria: Sequence[Any]) -> str:
        return words.listed(
            [
                words.text(
                    "criterion",
                    name=words.criterion(c),
                    value=words.number(value[c]),
                    mean=words.number(mean[c]),
                )
                for c in criteria
            ]
        )

    if scores.rule == "minimum" and scores.hierarchy.rule == "minimum":
        main = words.text("lowest", criteria=said([value.idxmin()]))
    else:
        weight = scores.weights_used.loc[alternative].fillna(scores.criteria["weight"])
        lead = (weight * (value - mean) / 100).dropna().sort_values(ascending=False, kind="stable")
        score: Any = scores.table["score"]
        is_strong = score[alternative] >= score[has_rank].mean() - SAME
        named = lead[lead > SAME].head(N_NAMED) if is_strong else lead[lead < -SAME].tail(N_NAMED)[::-1]
        key = "nothing" if named.empty else "strong" if is_strong else "weak"
        main = words.text(key, criteria=said(named.index.tolist()))
    rank = scores.table["rank"]
    tied = rank.index[
        (rank == rank[alternative]).fillna(False).to_numpy(dtype=bool) & (rank.index != alternative)
    ]
    if len(tied) == 1:
        main += words.text("tied_with", other=words.alternative(tied[0]))
    elif len(tied):
        main += words.text("tied", n=len(tied))
    return main


def _turn(words: _Words, alternative: Any) -> str:
    """Say by which smallest change of a weight somebody behind gets ahead."""
    scores = words.scores
    rank = scores.table["rank"]
    if int((rank >= rank[alternative]).sum()) == 1:
        return words.text("last")
    if scores.rule == "minimum" and scores.hierarchy.rule == "minimum":
        return words.text("no_weights")
    try:
        limits = overtaking_weights(scores, alternative)
    except ValueError:  # levels joined by rules of several kinds: the crossing has no closed form
        return words.text("no_limit")
    changes = sorted(_changes(limits), key=lambda change: change[0])
    for _, criterion, named, direction, rival in changes:
        room = 100 - named if direction > 0 else named
        beyond = named + direction * min(BEYOND, room / 2)
        if _is_behind(scores, alternative, rival, criterion, beyond):
            return words.text(
                "rises" if direction > 0 else "falls",
                other=words.alternative(rival),
                criterion=words.criterion(criterion),
                limit=_short(words, named),
                now=_short(words, float(scores.criteria["weight"][criterion])),
            )
    return words.text("no_limit" if changes else "holds")


def _changes(limits: pd.DataFrame) -> Iterator[tuple[float, Any, float, int, Any]]:
    """Give distance, criterion, weight to name, direction and rival of every change of a single weight."""
    for criterion, row in limits.iterrows():
        for end, side, direction in (("lower", "below", -1), ("upper", "above", 1)):
            rival = row[f"enters_{side}"]
            named = None if pd.isna(rival) else _outward(float(row[end]), direction)
            if named is not None:
                yield abs(named - row["weight"]), criterion, named, direction, rival


def _outward(limit: float, direction: int) -> float | None:
    """Round a weight away from today's, as coarsely as leaves room before 0 or 100; None where none is."""
    for decimals in (1, 2, 3, 4):
        scale = 10.0**decimals
        up, down = math.ceil(limit * scale - 1e-6), math.floor(limit * scale + 1e-6)
        named = (up if direction > 0 else down) / scale
        if 0 < named < 100:
            return named
    return None


def _short(words: _Words, weight: float) -> str:
    """Write a weight without decimals that say nothing."""
    decimals = next((d for d in range(4) if abs(weight - round(weight, d)) < 1e-6), 4)
    return words.number(weight, decimals)


def _is_behind(scores: Scores, alternative: Any, rival: Any, criterion: Any, weight: float) -> bool:
    """Score two alternatives again with another weight of a criterion, the others in proportion."""
    weights = scores.criteria["weight"].astype(float).copy()
    rest = weights.drop(criterion).sum()
    weights *= (100 - weight) / rest
    weights[criterion] = weight
    two = [alternative, rival]
    again = aggregate(
        scores.values.loc[two],
        weights,
        scores.states.loc[two],
        rule=scores.rule,
        low=scores.low.loc[two],
        high=scores.high.loc[two],
        group_rule=scores.hierarchy.rule,
        **groups_of(scores.criteria),
        **_thresholds(scores),
    ).table
    # who is no longer covered well enough under the other weight has no rank that could turn
    own, other = again["score"]
    return bool((again["state"] == "scored").all() and other - own > SAME)


def _thresholds(scores: Scores) -> dict[str, Any]:
    """Return the options of `aggregate` that say how much must be assessed; none without a strategy."""
    if scores.inventory is None:
        return {}
    thresholds = scores.inventory.strategy.thresholds
    return {"coverage_threshold": thresholds.coverage, "group_threshold": thresholds.group_coverage}


def _thin_coverage(words: _Words, alternative: Any) -> list[str]:
    """Say what is covered too little for a rank."""
    scores, thresholds = words.scores, _thresholds(words.scores)
    coverage = float(scores.table["coverage"][alternative])
    needed, of_group = thresholds.get("coverage_threshold"), thresholds.get("group_threshold")

    def said(key: str, share: float, least: float | None, **values: Any) -> str:
        if least is not None:
            key, values = f"{key}_of", {**values, "needed": words.number(100 * least)}
        return words.text(key, share=words.number(math.floor(100 * share + 1e-9)), **values)

    why = []
    if needed is None or coverage < needed - COVERAGE_TOLERANCE:
        why.append(said("covered", coverage, needed))
    if scores.group_coverage is not None and of_group is not None:
        of_groups = scores.group_coverage.loc[alternative].astype(float)
        for group, share in of_groups[of_groups < of_group - COVERAGE_TOLERANCE].head(N_NAMED).items():
            key = "group_covered" if share > 0 else "group_empty"
            why.append(said(key, share, of_group, group=words.group(str(group))))
    return why or [words.text("interval")]


def _open_ones(words: _Words, alternative: Any) -> str:
    """Name the heaviest criteria that are open, with the places that ask for them."""
    scores = words.scores
    state = scores.states.loc[alternative]
    unknown = state.index[state.isin(["missing", "unreadable"]).to_numpy()]
    weight = scores.criteria["weight"].loc[unknown].sort_values(ascending=False, kind="stable")
    heaviest = weight.index[weight > 0]
    if not len(heaviest):
        return words.text("nothing_applies" if (state == "not_applicable").all() else "spans")
    named = []
    for criterion in heaviest[:N_NAMED]:
        place = scores.cells(alternative, criterion) if scores.cells else ""
        said = words.criterion(criterion)
        if state[criterion] == "unreadable":
            said = words.text("unreadable", name=said)
        named.append(f"{said} ({place})" if place else said)
    more = len(heaviest) - len(named)
    listed = ", ".join([*named, words.text("more", n=more)]) if more else words.listed(named)
    return words.text(
        "all_open" if len(heaviest) == (state != "not_applicable").sum() else "are_open", names=listed
    )


def _span(words: _Words, alternative: Any) -> str:
    row: Any = words.scores.table.loc[alternative]
    low, high = (words.number(row[end], 1) for end in ("lower", "upper"))
    return words.text("span", low=low, high=high)
