"""How sure is a rank: stochastic multicriteria acceptability analysis (SMAA-2) of scores.

Lahdelma & Salminen (2001), Operations Research 49(3) 444–454; Tervonen & Figueira (2008), Journal of
Multi-Criteria Decision Analysis 15 1–14. Uncertain weights and missing ratings are drawn many times, the
alternatives ranked each time, and the ranks counted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from digistrat.scoring.batches import (
    Sampled,
    check_k,
    first_k_acceptability,
    given_samples,
    pairwise_winning,
    win_shares,
)
from digistrat.scoring.composite import Scores
from digistrat.scoring.counting import count_ranks
from digistrat.scoring.draws import (
    drawn_confidence,
    drawn_scores,
    draws_of,
    given_confidence,
    given_scores,
    quantum_of,
)
from digistrat.scoring.inputs import allowed
from digistrat.scoring.ranking import tie_size
from digistrat.scoring.sampling import CONCENTRATION, Bounds, Spread, sample_weights

Array = npt.NDArray[Any]
__all__ = [
    "RankRobustness",
    "first_k_acceptability",
    "pairwise_winning",
    "rank_robustness",
    "sample_weights",
    "smaa",
]

Draws = Callable[[], Iterator[tuple[Array, Array]]]
Weights = Literal["around", "simplex", "ranges", "order"]

SPREAD_OF: Mapping[str, Spread] = {
    "around": "dirichlet",
    "simplex": "simplex",
    "ranges": "ranges",
    "order": "order",
}
INCLUDED = {"scored": ("scored",), "all": ("scored", "provisional")}


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
        All alternatives: ``is_included`` and, where left out, the ``reason`` (``provisional``,
        ``not_scored``).
    assumptions : mapping
        What was varied and how: ``weights``, ``n_uncertain``, ``rule``, ``include``, and what goes with the
        weights (``concentration``, ``lower``, ``upper``, ``order``).
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
        check_k(k, self.acceptability.shape[1])
        return self.acceptability.iloc[:, :k].sum(axis=1).clip(upper=1.0).rename(f"first_{k}")

    @cached_property
    def pairwise_winning(self) -> pd.DataFrame:
        """Share of samples in which the row is strictly better than the column; drawn on first use."""
        return self.pairwise()

    def pairwise(self, alternatives: Sequence[Any] | None = None) -> pd.DataFrame:
        """Return the share of samples in which the row is strictly better than the column.

        Nothing is ranked for it: the samples are drawn once more, and only the asked rows compared.

        Parameters
        ----------
        alternatives : sequence, optional
            The rows; by default all.

        Raises
        ------
        ValueError
            If there is no such alternative.
        """
        labels = self.acceptability.index
        blocks = self._draws() if len(labels) else ()
        return win_shares(Sampled(labels, blocks, self._quantum, self.n_samples), alternatives)

    def __str__(self) -> str:
        left_out = int((~self.scope["is_included"]).sum())
        said = ", ".join(f"{key} {value}" for key, value in self.assumptions.items())
        lines = [
            f"RankRobustness: {len(self.acceptability)} alternatives ({left_out} left out), "
            f"{self.n_samples} samples, seed {self.seed}" + (f"; {said}" if said else "")
        ]
        if len(self.acceptability):
            best = self.rank_interval["p50"].sort_values(kind="stable").index
            first = self.first_k(1)[best].sort_values(ascending=False, kind="stable")
            for label, share in first.head(5).items():
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
        If shapes or labels do not fit, a number is missing, a weight is negative, or all of a sample are 0.

    Examples
    --------
    >>> values = pd.DataFrame([[1.0, 0.0], [0.6, 0.6], [0.0, 1.0]], index=["a", "b", "c"])
    >>> share = np.linspace(0.005, 0.995, 100)
    >>> smaa(values, np.column_stack([share, 1 - share])).first_k(1).tolist()
    [0.4, 0.2, 0.4]
    """
    alternatives, criteria, value, weight = given_samples(values, weights)
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
    weights: Weights = "around",
    concentration: float = CONCENTRATION,
    lower: Bounds | None = None,
    upper: Bounds | None = None,
    order: Sequence[Any] | None = None,
    include: Literal["scored", "all"] = "scored",
) -> RankRobustness:
    """Tell how sure the ranks of scores are, given that weights are a choice and ratings are uncertain.

    Each sample draws weights, and for every rating that is not certain a value between its ends, all equally
    likely: ``scores.low`` and ``scores.high``, which are the floor (0) and the target (100) where the rating
    is missing. Where ratings are given in steps (``scores.criteria["step"]``), one of the steps is drawn.
    What is not applicable stays out of the denominator, level by level as in the score itself.

    Parameters
    ----------
    scores : Scores
        From `score_table`, `score_maturity`, `score_readiness` or `score_impact`.
    n_samples, seed : int
        How many samples, and from which seed.
    weights : {"around", "simplex", "ranges", "order"}
        Dirichlet around the nominal weights, all possible weights alike, those between `lower` and `upper`,
        or those that fall along `order`. Under the minimum rule weights play no part in the ranks.
    concentration, lower, upper, order
        As in `sample_weights`.
    include : {"scored", "all"}
        Who competes: those that have a rank, or the provisional ones as well. Who does not stands in
        ``scope`` with the reason.

    Returns
    -------
    RankRobustness
        The same for the same seed.

    Raises
    ------
    ValueError
        If an option or a number is out of its range.

    Examples
    --------
    >>> from digistrat.scoring.composite import score_table
    >>> criteria = pd.DataFrame({"weight": [50, 50], "floor": 0, "target": 4}, index=["online", "data"])
    >>> raw = pd.DataFrame({"online": [4, 1], "data": [3, None]}, index=["A16", "A33"])
    >>> scores = score_table(raw, None, criteria, rule="minimum")
    >>> rank_robustness(scores, n_samples=100, include="all").acceptability.loc["A16"].tolist()
    [1.0, 0.0]
    """
    allowed("weights", weights, list(SPREAD_OF))
    allowed("include", include, list(INCLUDED))
    drawn = sample_weights(
        scores.criteria["weight"],
        n_samples,
        seed,
        spread=SPREAD_OF[weights],
        concentration=concentration,
        lower=lower,
        upper=upper,
        order=order,
    )
    included = scores.table["state"].isin(INCLUDED[include]).to_numpy()
    rng = np.random.default_rng([seed, 1])  # a stream of its own: weights are the same with any ratings
    ratings = draws_of(scores, included, drawn, rng)
    with_weights: dict[str, Any] = {"lower": lower, "upper": upper, "order": order}
    if weights == "around":
        with_weights["concentration"] = concentration
    return _summary(
        scores.table.index[included],
        scores.values.columns,
        partial(drawn_scores, ratings),
        partial(drawn_confidence, ratings),
        quantum=tie_size(100.0),
        n_samples=n_samples,
        seed=seed,
        scope=_scope(scores.table.index, included, scores.table["state"]),
        assumptions={
            "weights": weights,
            "n_uncertain": ratings.uniform.shape[1],
            "rule": scores.rule,
            "include": include,
            **{name: value for name, value in with_weights.items() if value is not None},
        },
        inventory=scores.inventory,
        unit=scores.unit,
    )


def _scope(alternatives: pd.Index, included: Array, state: pd.Series | None = None) -> pd.DataFrame:
    reason = pd.Series("", index=alternatives, dtype="str")
    if state is not None:
        reason = reason.where(included, state.astype("str"))
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
    by_rank, weights_when_first = count_ranks(draws() if n else (), n, m, quantum)
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
