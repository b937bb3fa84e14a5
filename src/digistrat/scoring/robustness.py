"""How sure is a rank: stochastic multicriteria acceptability analysis (SMAA-2) of scores.

Lahdelma & Salminen (2001), Operations Research 49(3) 444–454; Tervonen & Figueira (2008), Journal of
Multi-Criteria Decision Analysis 15 1–14. Uncertain weights and missing ratings are drawn many times, the
alternatives ranked each time, and the ranks counted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from digistrat.scoring.composite import Scores
from digistrat.scoring.ranking import TIE_DECIMALS
from digistrat.scoring.sampling import (
    CONCENTRATION,
    Ratings,
    drawn_confidence,
    drawn_scores,
    given_confidence,
    given_scores,
    quantum_of,
    sample_weights,
)

Array = npt.NDArray[Any]
__all__ = ["RankRobustness", "rank_robustness", "sample_weights", "smaa"]

Draws = Callable[[], Iterator[tuple[Array, Array]]]


@dataclass(frozen=True, eq=False, repr=False)
class RankRobustness:
    """How often each alternative takes each rank when weights and ratings vary.

    Attributes
    ----------
    acceptability : DataFrame
        Alternatives × ranks 1…n: share of samples. Ties share a rank, so only rows must sum to 1.
    rank_interval : DataFrame
        ``p05``, ``p50``, ``p95``: the lowest rank number that this share of samples does not exceed.
    central_weights : DataFrame
        Alternatives × criteria: mean of the weights that make it first; NaN for one that never is.
    confidence : Series
        Share of samples of the ratings in which it is first under its central weights; NaN likewise.
    n_samples : int
        Number of samples.
    seed : int or None
        Seed they were drawn with; None where they were given.
    scope : DataFrame
        All alternatives: ``is_included`` and, where left out, the ``reason`` (``not_scored``).
    assumptions : mapping
        What was varied and how: ``weights``, ``concentration``, ``n_uncertain``, ``rule``.
    inventory : Inventory, optional
        What the scores came from: gives charts their date, source and notice.
    unit : str
        What an alternative is: ``office``, ``service``, ``project``.
    """

    acceptability: pd.DataFrame
    rank_interval: pd.DataFrame
    central_weights: pd.DataFrame
    confidence: pd.Series
    n_samples: int
    seed: int | None
    scope: pd.DataFrame
    assumptions: Mapping[str, Any]
    _draws: Draws = field(repr=False)
    _quantum: float = field(repr=False)
    inventory: Any = None
    unit: str = ""

    def first_k(self, k: int) -> pd.Series:
        """Return the share of samples in which an alternative is among the first `k` ranks.

        Parameters
        ----------
        k : int
            From 1 to the number of alternatives.

        Raises
        ------
        ValueError
            If `k` is out of range.
        """
        if not 1 <= k <= self.acceptability.shape[1]:
            raise ValueError(f"k must be from 1 to {self.acceptability.shape[1]}, not {k}")
        return self.acceptability.iloc[:, :k].sum(axis=1).clip(upper=1.0).rename(f"first_{k}")

    @cached_property
    def pairwise_winning(self) -> pd.DataFrame:
        """Share of samples in which the row is strictly better than the column; drawn on first use."""
        n = len(self.acceptability)
        wins = np.zeros((n, n), dtype=np.int64)
        for _, scores in self._draws():
            order, rank = _ranked(scores, self._quantum)
            ranks = np.empty(order.shape, dtype=np.int32)
            np.put_along_axis(ranks, order, rank.astype(np.int32), axis=1)
            by_alternative = np.ascontiguousarray(ranks.T)
            for i in range(n):
                wins[i] += (by_alternative[i] < by_alternative).sum(axis=1)
        labels = self.acceptability.index
        return pd.DataFrame(wins / self.n_samples, index=labels, columns=labels)

    def __str__(self) -> str:
        left_out = int((~self.scope["is_included"]).sum())
        said = ", ".join(f"{key} {value}" for key, value in self.assumptions.items())
        lines = [
            f"RankRobustness: {len(self.acceptability)} alternatives ({left_out} left out), "
            f"{self.n_samples} samples, seed {self.seed}" + (f"; {said}" if said else "")
        ]
        if len(self.acceptability):
            for label, share in self.first_k(1).sort_values(ascending=False, kind="stable").head(5).items():
                low, high = self.rank_interval.loc[[label], ["p05", "p95"]].to_numpy()[0]
                lines.append(f"  {label}  first in {share:.0%} of samples, ranks {low}–{high}")
        return "\n".join(lines)

    __repr__ = __str__


def smaa(
    values: pd.DataFrame | Array, weights: pd.DataFrame | Array, *, seed: int | None = None
) -> RankRobustness:
    """Count ranks of weighted sums over given samples of weights and, where uncertain, of values.

    Parameters
    ----------
    values : DataFrame n × m, or array samples × n × m
        Alternatives × criteria, higher is better; a frame where the values are certain.
    weights : DataFrame or array, samples × m
        One weight vector per sample, on any common scale.
    seed : int, optional
        Only kept with the result: the seed that the samples were drawn with.

    Returns
    -------
    RankRobustness
        Alternatives are numbered from 0 where `values` is an array.

    Raises
    ------
    ValueError
        If shapes or labels do not fit, a number is missing, or a weight is negative.

    Examples
    --------
    >>> values = pd.DataFrame([[1.0, 0.0], [0.6, 0.6], [0.0, 1.0]], index=["a", "b", "c"])
    >>> share = np.linspace(0.005, 0.995, 100)
    >>> smaa(values, np.column_stack([share, 1 - share])).first_k(1).tolist()
    [0.4, 0.2, 0.4]
    """
    alternatives: pd.Index
    criteria: pd.Index
    if isinstance(values, pd.DataFrame):
        alternatives, criteria = values.index, values.columns
        value = values.to_numpy(dtype=float, na_value=np.nan)
    else:
        value = np.asarray(values, dtype=float)
        if value.ndim not in (2, 3):
            raise ValueError(f"values must have 2 or 3 dimensions, not shape {value.shape}")
        alternatives, criteria = pd.RangeIndex(value.shape[-2]), pd.RangeIndex(value.shape[-1])
    if isinstance(weights, pd.DataFrame):
        if isinstance(values, pd.DataFrame):
            if sorted(map(str, criteria)) != sorted(map(str, weights.columns)):
                raise ValueError(
                    f"weights must have the columns {criteria.tolist()}, not {weights.columns.tolist()}"
                )
            weights = weights[criteria]
        elif weights.shape[1] == len(criteria):
            criteria = weights.columns
        weight = weights.to_numpy(dtype=float, na_value=np.nan)
    else:
        weight = np.asarray(weights, dtype=float)
    if weight.ndim != 2 or not len(weight) or weight.shape[1] != len(criteria):
        raise ValueError(f"weights must be samples × {len(criteria)} criteria, not {weight.shape}")
    if value.ndim == 3 and len(value) != len(weight):
        raise ValueError(f"values and weights must have as many samples, not {len(value)} and {len(weight)}")
    if not np.isfinite(value).all() or not np.isfinite(weight).all() or (weight < 0).any():
        raise ValueError("values and weights must be finite numbers and no weight negative")
    return _summary(
        alternatives,
        criteria,
        partial(given_scores, value, weight),
        partial(given_confidence, value, len(weight)),
        quantum=quantum_of(value, weight),
        n_samples=len(weight),
        seed=seed,
        scope=_scope(alternatives, np.ones(len(alternatives), dtype=bool)),
        assumptions={},
    )


def rank_robustness(
    scores: Scores,
    *,
    n_samples: int = 10_000,
    seed: int = 1,
    weights: Literal["around", "simplex"] = "around",
    concentration: float = CONCENTRATION,
) -> RankRobustness:
    """Tell how sure the ranks of scores are, given that weights are a choice and ratings are missing.

    Each sample draws weights, and a value between floor (0) and target (100), all equally likely, for
    every missing or unreadable rating; what is not applicable stays out of the denominator. Alternatives
    of which nothing is assessed are left out and stand in ``scope``; provisional ones take part.

    Parameters
    ----------
    scores : Scores
        From `score_table`, `score_maturity`, `score_readiness` or `score_impact`.
    n_samples, seed : int
        How many samples, and from which seed.
    weights : {"around", "simplex"}
        Dirichlet around the nominal weights, or all possible weights alike. Under the minimum rule
        weights play no part in the ranks.
    concentration : float
        As in `sample_weights`.

    Returns
    -------
    RankRobustness
        The same for the same seed.

    Raises
    ------
    ValueError
        If `weights` or a number is out of its range.

    Examples
    --------
    >>> from digistrat.scoring.composite import score_table
    >>> criteria = pd.DataFrame({"weight": [50, 50], "floor": 0, "target": 4}, index=["online", "data"])
    >>> raw = pd.DataFrame({"online": [4, 1], "data": [3, None]}, index=["A16", "A33"])
    >>> robust = rank_robustness(score_table(raw, None, criteria, rule="minimum"), n_samples=100)
    >>> robust.acceptability.loc["A16"].tolist()
    [1.0, 0.0]
    """
    if weights not in ("around", "simplex"):
        raise ValueError(f"weights must be 'around' or 'simplex', not {weights!r}")
    spread: Literal["dirichlet", "simplex"] = "dirichlet" if weights == "around" else "simplex"
    nominal = scores.criteria["weight"]
    drawn = sample_weights(nominal, n_samples, seed, spread=spread, concentration=concentration)

    included = (scores.table["state"] != "not_scored").to_numpy()
    state = scores.states[included].to_numpy(dtype=object)
    applicable = (state != "not_applicable") & (nominal.to_numpy() > 0)
    assessed = applicable & (state == "assessed")
    uncertain = applicable & ~assessed
    rng = np.random.default_rng([seed, 1])  # a stream of its own: weights are the same with any ratings
    ratings = Ratings(
        value=np.where(assessed, scores.values[included].to_numpy(dtype=float), np.nan),
        applicable=applicable,
        rule=scores.rule,
        weights=drawn,
        offsets=np.concatenate([[0], np.cumsum(uncertain.sum(axis=1))]),
        drawn=rng.random((n_samples, int(uncertain.sum())), dtype=np.float32),
    )
    assumptions: dict[str, Any] = {
        "weights": weights,
        "n_uncertain": int(uncertain.sum()),
        "rule": scores.rule,
    }
    if weights == "around":
        assumptions["concentration"] = concentration
    return _summary(
        scores.table.index[included],
        scores.values.columns,
        partial(drawn_scores, ratings),
        partial(drawn_confidence, ratings),
        quantum=10.0**-TIE_DECIMALS,
        n_samples=n_samples,
        seed=seed,
        scope=_scope(scores.table.index, included),
        assumptions=assumptions,
        inventory=scores.inventory,
        unit=scores.unit,
    )


def _scope(alternatives: pd.Index, included: Array) -> pd.DataFrame:
    reason = pd.Series(np.where(included, "", "not_scored"), index=alternatives, dtype="str")
    return pd.DataFrame({"is_included": included, "reason": reason}, index=alternatives)


def _summary(
    alternatives: pd.Index,
    criteria: pd.Index,
    draws: Draws,
    confidence: Callable[[Array, Array], Array],
    *,
    quantum: float,
    n_samples: int,
    **kept: Any,
) -> RankRobustness:
    """Count ranks over all draws; `confidence(first, central)` gives the shares of those ever first."""
    n, m = len(alternatives), len(criteria)
    counts = np.zeros(n * n, dtype=np.int64)
    weights_when_first = np.zeros((n, m))
    for weights, scores in draws() if n else ():
        order, rank = _ranked(scores, quantum)
        counts += np.bincount((order * n + rank).ravel(), minlength=n * n)
        sample, position = np.nonzero(rank == 0)
        firsts = order[sample, position]
        for j in range(m):
            weights_when_first[:, j] += np.bincount(firsts, weights=weights[sample, j], minlength=n)
    by_rank = counts.reshape(n, n)

    times_first = by_rank[:, :1].sum(axis=1)
    first = np.flatnonzero(times_first)
    central = np.full((n, m), np.nan)
    central[first] = weights_when_first[first] / times_first[first, None]
    sure = np.full(n, np.nan)
    if len(first):
        sure[first] = confidence(first, central[first])
    cumulated = by_rank.cumsum(axis=1) * 100
    interval = {f"p{p:02}": (cumulated < p * n_samples).sum(axis=1) + 1 for p in (5, 50, 95)}
    return RankRobustness(
        acceptability=pd.DataFrame(
            by_rank / n_samples, index=alternatives, columns=pd.RangeIndex(1, n + 1, name="rank")
        ),
        rank_interval=pd.DataFrame(interval, index=alternatives, dtype="Int64"),
        central_weights=pd.DataFrame(central, index=alternatives, columns=criteria),
        confidence=pd.Series(sure, index=alternatives, name="confidence"),
        n_samples=n_samples,
        _draws=draws,
        _quantum=quantum,
        **kept,
    )


def _ranked(scores: Array, quantum: float) -> tuple[Array, Array]:
    """Return by sample and position, best first: the alternative there, and its rank from 0.

    Score and number of the alternative are packed in one integer, so that a plain sort does the work of
    an argsort in half its time, and equal scores are found as equal integers.
    """
    n = scores.shape[1]
    bits = max(n - 1, 0).bit_length()
    packed = np.rint(scores * (-1 / quantum)).astype(np.int64)
    packed <<= bits
    packed |= np.arange(n)
    packed.sort(axis=1)
    order = packed & ((1 << bits) - 1)
    packed >>= bits
    rank: Array = np.broadcast_to(np.arange(n), order.shape)
    tied = packed[:, 1:] == packed[:, :-1]
    if tied.any():
        rank = rank.copy()
        rank[:, 1:][tied] = 0
        np.maximum.accumulate(rank, axis=1, out=rank)
    return order, rank
