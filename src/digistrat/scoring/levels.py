"""Named levels of a score: how probable each is where ratings are missing, and what raises a score most."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from digistrat.scoring.composite import Scores
from digistrat.scoring.draws import rating_levels
from digistrat.scoring.inputs import require_alternative
from digistrat.scoring.rules import combine_nested
from digistrat.scoring.values import criterion_values

Array = npt.NDArray[Any]

REACHED = 1e-9  # a score that lacks less of a level has reached it
TENTH = 0.1  # of the way from floor to target: a step where any number can be given


def level_probabilities(scores: Scores, *, n_samples: int = 10_000, seed: int = 1) -> pd.DataFrame:
    """Return how probable each level is, every value that a rating may have being equally probable.

    A missing rating is one of the levels that its criterion has (``step``), never something between; one
    that is known as an interval lies within it. Where the ratings of an alternative can be completed in no
    more than `n_samples` ways, all of them are counted and the probabilities are exact; else they are drawn.

    Parameters
    ----------
    scores : Scores
        With ``levels``; weights and rule are taken as certain.
    n_samples, seed : int
        How many completions are drawn, and from which seed.

    Returns
    -------
    DataFrame
        Alternatives × level names, rows with sum 1; NaN where nothing is assessed, because the levels would
        then tell of the assumption only.

    Raises
    ------
    ValueError
        If the scores have no levels, or `n_samples` is not at least 1.

    Examples
    --------
    >>> from digistrat.scoring.composite import score_table
    >>> criteria = pd.DataFrame({"weight": 50, "floor": 0, "target": 4, "step": 1.0}, index=["a", "b"])
    >>> raw = pd.DataFrame({"a": [2.0], "b": [None]}, index=["A16"])
    >>> levels = [("low", 0.0), ("high", 50.0)]
    >>> scores = score_table(raw, None, criteria, rule="minimum", levels=levels)
    >>> level_probabilities(scores).loc["A16"].tolist()
    [0.4, 0.6]
    """
    starts = _starts(scores)
    if n_samples < 1:
        raise ValueError(f"n_samples must be at least 1, not {n_samples}")
    applicable, weight = _counted(scores)
    rng = np.random.default_rng(seed)
    grid = rating_levels(scores.criteria, scores.hierarchy)
    low, high = (np.where(applicable, end.to_numpy(dtype=float), 0.0) for end in (scores.low, scores.high))
    probability = np.full((len(low), len(starts)), np.nan)
    for i in np.flatnonzero(scores.table["state"] != "not_scored").tolist():
        values = _completions(low[i], high[i], grid, n_samples, rng)
        total = combine_nested(values, weight, applicable[i], scores.hierarchy)
        counts = np.bincount(_level_of(total, starts), minlength=len(starts))
        probability[i] = counts / counts.sum()
    names = pd.Index([name for name, _ in scores.levels], name="level")
    return pd.DataFrame(probability, index=scores.table.index, columns=names)


def improvements(scores: Scores, alternative: str) -> pd.DataFrame:
    """Return what one step of each assessed criterion would add to an alternative's score, the most first.

    Parameters
    ----------
    scores : Scores
        By any rule; `score_table` has kept the numbers.
    alternative : str
        An entry of the index of ``scores.table``.

    Returns
    -------
    DataFrame
        By criterion that is below its target: ``name``, ``from`` and ``to`` (in the criterion's own unit; one
        ``step`` on, or a tenth of the way from floor to target where any number can be given), ``gain``
        (points of the score), ``score_after``, ``level_after`` (empty without levels). The gain is exact
        under every rule: 0 for a criterion that does not decide. Where something is missing under a rule that
        is not additive, there is no score, and the gain is that of the score with the missing at the floor.

    Raises
    ------
    ValueError
        If there is no such alternative, or the scores have no ``raw``.

    Examples
    --------
    >>> from digistrat.scoring.composite import score_table
    >>> criteria = pd.DataFrame({"weight": [70, 30], "floor": 0, "target": 4, "step": 1.0}, index=["a", "b"])
    >>> scores = score_table(pd.DataFrame({"a": [2], "b": [1]}), None, criteria, rule="weighted_mean")
    >>> improvements(scores, 0)[["from", "to", "gain"]].values.tolist()
    [[2.0, 3.0, 17.5], [1.0, 2.0, 7.5]]
    """
    require_alternative(scores.table.index, alternative)
    if scores.raw is None:
        raise ValueError("scores must have kept the numbers before the value functions (raw)")
    i = int(scores.table.index.get_loc(alternative))  # type: ignore[arg-type]
    applicable, weight = _counted(scores)
    state, value = scores.states.iloc[i].to_numpy(), scores.values.iloc[i].to_numpy(dtype=float)
    assessed = applicable[i] & (state == "assessed")
    counted = assessed if scores.hierarchy.is_additive else applicable[i]
    now = np.where(assessed, value, 0.0)
    before = float(combine_nested(now, weight, counted, scores.hierarchy))
    numbers = scores.raw.iloc[i].to_numpy(dtype=float).tolist()
    rows = {}
    for j in np.flatnonzero(assessed).tolist():
        criterion = scores.criteria.iloc[[j]]
        number = numbers[j]
        to, better = _next_step(number, value[j], criterion)
        if better > value[j]:
            raised = np.where(np.arange(len(now)) == j, better, now)
            after = float(combine_nested(raised, weight, counted, scores.hierarchy))
            rows[criterion.index[0]] = [
                criterion["name"].iloc[0],
                number,
                to,
                max(after - before, 0.0),
                after,
            ]
    columns = ["name", "from", "to", "gain", "score_after"]
    frame = pd.DataFrame.from_dict(rows, orient="index", columns=columns).rename_axis("criterion")
    names = [""] * len(frame)
    if scores.levels:
        at = _level_of(frame["score_after"].to_numpy(dtype=float), _starts(scores))
        names = [scores.levels[level][0] for level in at]
    frame["level_after"] = pd.Series(names, index=frame.index, dtype="str")
    return frame.sort_values("gain", ascending=False, kind="stable")


def _starts(scores: Scores) -> Array:
    if not scores.levels:
        raise ValueError("scores must have levels; the strategy declares none for them (Scale.levels)")
    return np.array([start for _, start in scores.levels], dtype=float)


def _level_of(score: Array, starts: Array) -> Array:
    return np.searchsorted(starts, score + REACHED, side="right").clip(min=1) - 1


def _counted(scores: Scores) -> tuple[Array, Array]:
    weight = scores.criteria["weight"].to_numpy(dtype=float)
    return (scores.states.to_numpy() != "not_applicable") & (weight > 0), weight


def _completions(
    low: Array, high: Array, grid: list[Array], n_samples: int, rng: np.random.Generator
) -> Array:
    """Return an alternative's possible values (completions × criteria): all of them, or as many as wanted."""
    open_ = np.flatnonzero(high > low)
    choices = [grid[j][(grid[j] >= low[j] - REACHED) & (grid[j] <= high[j] + REACHED)] for j in open_]
    counts = [len(choice) for choice in choices]
    if all(counts) and np.prod(counts, dtype=float) <= n_samples:
        parts = [part.ravel() for part in np.meshgrid(*choices, indexing="ij")]
        number = len(parts[0]) if parts else 1
    else:
        number = n_samples
        parts = [
            rng.choice(choice, number) if len(choice) else rng.uniform(low[j], high[j], number)
            for j, choice in zip(open_, choices, strict=True)
        ]
    values = np.tile(low, (number, 1))
    for j, part in zip(open_, parts, strict=True):
        values[:, j] = part
    return values


def _next_step(number: float, value: float, criterion: pd.DataFrame) -> tuple[float, float]:
    """Return the nearest number of a criterion (a frame of one row) with a better value, and this value."""
    row: Any = criterion.iloc[0]
    floor, target, sign = float(row["floor"]), float(row["target"]), float(row["direction"])
    step = float(row["step"]) if "step" in row else 0.0
    if step > 0:
        levels = floor + sign * step * np.arange(int(abs(target - floor) / step + REACHED) + 1)
    elif row["shape"] == "stepwise":
        levels = np.array([point for point, _ in row["points"]], dtype=float)
    else:
        onward = number + (target - floor) * TENTH
        levels = np.array([min(onward, target) if sign > 0 else max(onward, target)])
    frame = pd.DataFrame({criterion.index[0]: levels})
    values = criterion_values(frame, criterion).to_numpy(dtype=float)[:, 0]
    better = np.flatnonzero(values > value + REACHED)
    if not len(better):
        return number, value
    best = better[np.argmin(np.abs(levels[better] - number))]
    return float(levels[best]), float(values[best])
