"""What a ranking hangs on: single weights, criteria or alternatives, and the assumptions behind it.

Uncertainty and sensitivity analysis as step 8 of OECD/JRC (2008), Handbook on Constructing Composite
Indicators, has it. How far a weight may move stands in `digistrat.scoring.stability`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from digistrat.scoring.aggregation import aggregate
from digistrat.scoring.composite import Scores
from digistrat.scoring.counting import ranked
from digistrat.scoring.draws import draws_of, pieces
from digistrat.scoring.inputs import allowed
from digistrat.scoring.ranking import rank_scores, tie_size
from digistrat.scoring.robustness import INCLUDED
from digistrat.scoring.rules import Node, require_rule
from digistrat.scoring.sampling import CONCENTRATION, sample_weights
from digistrat.scoring.stability import overtaking_weights, weight_stability

Array = npt.NDArray[Any]
__all__ = [
    "assumption_sensitivity",
    "leave_one_criterion_out",
    "leave_one_project_out",
    "overtaking_weights",
    "sobol_indices",
    "weight_stability",
]

RESAMPLES = 500  # of the bootstrap
POOL = 10_000  # weight vectors and drawings of gaps that samples are taken from
SAME = 1e-9  # scores on 0–100 that are no further apart are the same, and so is a result that varies less


def leave_one_criterion_out(scores: Scores, *, k: int = 20) -> pd.DataFrame:
    """Tell how ranks change when a criterion is left out and the others share its weight.

    Parameters
    ----------
    scores : Scores
        Alternatives without a rank take no part.
    k : int
        How many count as the best.

    Returns
    -------
    DataFrame
        By criterion that is left out: ``mean_shift`` and ``max_shift`` (of the ranks, absolute),
        ``kendall_tau`` (with the ranks as they are), ``leaves`` and ``enters`` (tuples: who is no longer, and
        who is new, among the first `k`), ``n_lost`` (who has no score without it, and is not counted).
        Missing where nothing is left to rank.

    Raises
    ------
    ValueError
        If `k` is less than 1.

    Examples
    --------
    >>> from digistrat.scoring.composite import score_table
    >>> criteria = pd.DataFrame({"weight": [60, 40], "floor": 0, "target": 10}, index=["use", "reach"])
    >>> raw = pd.DataFrame({"use": [9, 7], "reach": [1, 3]}, index=["a", "b"])
    >>> table = leave_one_criterion_out(score_table(raw, None, criteria, rule="weighted_mean"), k=1)
    >>> table.loc["use", "enters"], table["kendall_tau"].tolist()
    (('b',), [-1.0, 1.0])
    """
    if k < 1:
        raise ValueError(f"k must be at least 1, not {k}")
    ranked_ones = scores.table.index[scores.table["rank"].notna()]
    rows = [_without(scores, ranked_ones, criterion, k) for criterion in scores.criteria.index]
    columns = ["mean_shift", "max_shift", "kendall_tau", "leaves", "enters", "n_lost"]
    return pd.DataFrame(rows, index=scores.criteria.index, columns=columns).rename_axis("criterion")


def _without(scores: Scores, field: pd.Index, criterion: Any, k: int) -> dict[str, Any]:
    from scipy.stats import kendalltau

    rest = scores.criteria.index.drop(criterion)
    if not len(field) or scores.criteria["weight"].reindex(rest).sum() <= 0:
        return {"leaves": (), "enters": (), "n_lost": len(field)}
    after = _score_again(scores, field, rest).dropna()
    before, now = rank_scores(scores.table["score"].loc[after.index]), rank_scores(after)
    shift = (now - before).abs().astype(float)
    return {
        "mean_shift": shift.mean(),
        "max_shift": shift.max(),
        "kendall_tau": kendalltau(before.to_numpy(float), now.to_numpy(float)).statistic
        if len(after) > 1
        else np.nan,
        "leaves": tuple(after.index[((before <= k) & (now > k)).to_numpy(dtype=bool)]),
        "enters": tuple(after.index[((before > k) & (now <= k)).to_numpy(dtype=bool)]),
        "n_lost": len(field) - len(after),
    }


def _score_again(scores: Scores, alternatives: pd.Index, criteria: pd.Index) -> pd.Series:
    """Return the scores of some alternatives by some of the criteria; NaN where there is none."""
    at = (alternatives, criteria)
    about = scores.criteria.loc[criteria]
    has_groups = bool(scores.hierarchy.children)
    parents = about.set_index("group")["parent"].groupby(level=0).first() if has_groups else None
    again = aggregate(
        scores.values.loc[at],
        about["weight"],
        scores.states.loc[at],
        rule=scores.rule,
        low=scores.low.loc[at],
        high=scores.high.loc[at],
        group_of=about["group"] if has_groups else None,
        parent_of=parents,
        group_rule=scores.hierarchy.rule if has_groups else None,
    )
    return again.table["score"]


def leave_one_project_out(
    scores: Scores,
    *,
    rescore: Callable[[pd.Index], Scores] | None = None,
    alternatives: Sequence[Any] | None = None,
) -> pd.DataFrame:
    """Tell what changes for the others when an alternative is left out.

    Values come from anchors that are fixed, so nothing changes unless scores depend on links between
    alternatives: then `rescore` has to build them again.

    Parameters
    ----------
    scores : Scores
    rescore : callable, optional
        Takes the labels that stay and returns their scores, such as ``lambda rest: score_impact(
        inventory.replace(projects=inventory.projects.loc[rest]))``; by default the values are aggregated
        again.
    alternatives : sequence, optional
        Whom to leave out, one at a time; by default everybody in turn.

    Returns
    -------
    DataFrame
        By alternative that is left out: ``n_changed`` (others whose score changes), ``max_change`` (points),
        ``n_moved`` (others whose rank among the others changes).

    Raises
    ------
    ValueError
        If there is no such alternative.
    """
    labels = scores.table.index
    asked = labels if alternatives is None else pd.Index(alternatives)
    unknown = asked.difference(labels)
    if len(unknown):
        raise ValueError(f"alternatives must be among those scored, not {unknown.tolist()}")
    has_rank = scores.table["rank"].notna()
    rows = []
    for label in asked:
        rest = labels.drop(label)
        if not len(rest):
            rows.append({"n_changed": 0, "max_change": 0.0, "n_moved": 0})
            continue
        if rescore is None:
            after = _score_again(scores, rest, scores.criteria.index)
        else:
            after = rescore(rest).table["score"].reindex(rest)
        before, field = scores.table["score"].loc[rest], rest[has_rank.loc[rest]]
        change = (after - before).abs().fillna(0.0)
        is_lost = after.isna() != before.isna()
        moved = rank_scores(after.loc[field]).ne(rank_scores(before.loc[field])).fillna(True)
        rows.append(
            {
                "n_changed": int(((change > SAME) | is_lost).sum()),
                "max_change": float(change.max()),
                "n_moved": int(moved.sum()),
            }
        )
    return pd.DataFrame(rows, index=asked, columns=["n_changed", "max_change", "n_moved"])


def sobol_indices(
    model: Callable[[pd.DataFrame], Any],
    inputs: Mapping[str, Any],
    *,
    n: int = 4096,
    seed: int = 1,
    confidence: float = 0.95,
) -> pd.DataFrame:
    r"""Return which share of the variance of a model's result comes from each of its inputs.

    Parameters
    ----------
    model : callable
        Takes a frame of samples × inputs and returns one number per sample.
    inputs : mapping
        Name → distribution: a pair (low, high) for a uniform one, or one of `scipy.stats` with ``ppf``. The
        inputs are independent.
    n : int
        A power of 2; the model is asked for n (inputs + 2) samples.
    seed : int
        Of the samples and of the bootstrap.
    confidence : float
        Of the bounds, by bootstrap over the samples.

    Returns
    -------
    DataFrame
        By input: ``first`` (alone), ``first_lower``, ``first_upper``, ``total`` (with all interactions),
        ``total_lower``, ``total_upper``. All missing where the result does not vary.

    Raises
    ------
    ValueError
        If a number is out of its range, an input is no distribution, or the model gives something else than
        one finite number per sample.

    Notes
    -----
    :math:`S_i = V(E(Y \mid X_i)) / V(Y)` and :math:`S_{Ti} = E(V(Y \mid X_{\sim i})) / V(Y)` by the
    estimators of Saltelli et al. (2010), Computer Physics Communications 181(2) 259–270, through
    `scipy.stats.sobol_indices`, on a scrambled Sobol sequence.

    Examples
    --------
    >>> table = sobol_indices(lambda x: 2 * x["a"] + x["b"], {"a": (0, 1), "b": (0, 1)}, n=1024)
    >>> table[["first", "total"]].round(2).to_numpy().tolist()  # the variances are as 4 to 1
    [[0.8, 0.8], [0.2, 0.2]]
    """
    from scipy import stats

    if n < 2 or n & (n - 1):
        raise ValueError(f"n must be a power of 2, not {n}")
    if not 0 < confidence < 1:
        raise ValueError(f"confidence must lie between 0 and 1, not {confidence}")
    if not inputs:
        raise ValueError("inputs must name at least one input")
    names, d = list(inputs), len(inputs)
    rng = np.random.default_rng(seed)
    unit = stats.qmc.Sobol(2 * d, rng=rng).random(n)
    drawn = np.column_stack(
        [_quantiles(name, inputs[name], unit[:, [i, d + i]]) for i, name in enumerate(names)]
    )
    one, other = drawn[:, 0::2], drawn[:, 1::2]
    mixed = np.tile(one, (d, 1, 1))
    mixed[np.arange(d), :, np.arange(d)] = other.T
    samples = pd.DataFrame(np.concatenate([one, other, *mixed]), columns=names)
    result = np.asarray(model(samples), dtype=float)
    if result.shape != (len(samples),) or not np.isfinite(result).all():
        raise ValueError(f"model must give {len(samples)} finite numbers, one per sample, not {result.shape}")
    f = result.reshape(d + 2, n)

    def indices(at: Array) -> Array:
        """Return first and total order by input and resample."""
        parts: Any = {"f_A": f[0][at], "f_B": f[1][at], "f_AB": f[2:][:, at]}
        found = stats.sobol_indices(func=parts, n=n)
        return np.stack([found.first_order, found.total_order]).reshape(2, -1, d)

    if np.ptp(f) <= SAME * np.abs(f).max():
        table = np.full((2, 3, d), np.nan)
    else:
        resamples = np.concatenate(
            [
                indices(rng.integers(0, n, (part.stop - part.start, n)))
                for part in pieces(RESAMPLES, n * (d + 2))
            ],
            axis=1,
        )
        tail = (1 - confidence) / 2
        bounds = np.quantile(resamples, [tail, 1 - tail], axis=1).swapaxes(0, 1)
        table = np.concatenate([indices(np.arange(n)[None, :]), bounds], axis=1)
    columns = [f"{order}{bound}" for order in ("first", "total") for bound in ("", "_lower", "_upper")]
    return pd.DataFrame(table.reshape(6, d).T, index=pd.Index(names, name="input"), columns=columns)


def _quantiles(name: str, distribution: Any, unit: Array) -> Array:
    if hasattr(distribution, "ppf"):
        return np.asarray(distribution.ppf(unit), dtype=float)
    try:
        low, high = map(float, distribution)
    except (TypeError, ValueError):
        raise ValueError(
            f"inputs must be pairs (low, high) or have ppf, not {distribution!r} for {name!r}"
        ) from None
    if not -np.inf < low < high < np.inf:
        raise ValueError(f"inputs must have low below high, both finite, not {low}, {high} for {name!r}")
    return low + (high - low) * unit


def assumption_sensitivity(
    scores: Scores,
    *,
    rules: Sequence[str] = ("weighted_mean", "geometric", "harmonic"),
    concentration: float = CONCENTRATION,
    include: str = "scored",
    n: int = 512,
    seed: int = 1,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Return which assumption the ranks hang on most: the rule, the weights, or what stands in the gaps.

    The result whose variance is shared out is the mean absolute shift of the ranks against those of `scores`.
    Each assumption is one input: one of the rules (all levels joined by it, the own rule as the hierarchy
    has it), one of many weight vectors around the nominal ones, one of many drawings of all ratings that
    are missing or known as an interval.

    Parameters
    ----------
    scores : Scores
    rules : sequence of str
        Keys of `RULES`; the own rule of the scores is added where it is not among them.
    concentration
        As in `sample_weights`.
    include
        As in `rank_robustness`; who has no score to compare with is left out.
    n, seed, confidence
        As in `sobol_indices`.

    Returns
    -------
    DataFrame
        By assumption (``rule``, ``weights``, ``gaps``): the columns of `sobol_indices`, and in all rows
        ``mean_shift``, the mean of the result itself in ranks.

    Raises
    ------
    ValueError
        If a rule or another option is not allowed.

    Notes
    -----
    OECD/JRC (2008), section 7.1: the average shift in rank, R̄_S.
    """
    for rule in rules:
        require_rule(rule, "rules")
    allowed("include", include, list(INCLUDED))
    included = (scores.table["state"].isin(INCLUDED[include]) & scores.table["score"].notna()).to_numpy()
    reference = rank_scores(scores.table["score"][included]).to_numpy(dtype=float)
    weights = sample_weights(scores.criteria["weight"], POOL, seed, concentration=concentration)
    draws = draws_of(scores, included, weights, np.random.default_rng([seed, 1]))
    nodes = [scores.hierarchy]
    nodes += [_joined_by(scores.hierarchy, rule) for rule in dict.fromkeys(rules) if rule != scores.rule]
    seen: list[Array] = []

    def shift(samples: pd.DataFrame) -> Array:
        """Return the mean absolute shift of the ranks under sampled assumptions, each a place on 0–1."""
        rule, drawn, filled = (
            np.minimum((samples[name].to_numpy() * size).astype(int), size - 1)
            for name, size in (("rule", len(nodes)), ("weights", POOL), ("gaps", POOL))
        )
        result = np.zeros(len(samples))
        for number, node in enumerate(nodes):
            at = np.flatnonzero(rule == number)
            under = replace(draws, node=node, weights=weights[drawn[at]], uniform=draws.uniform[filled[at]])
            for part in pieces(len(at), draws.low.size):
                result[at[part]] = np.abs(_ranks(under.scores(part)) - reference).mean(axis=1)
        seen.append(result)
        return result

    if not len(reference):
        raise ValueError("scores must hold at least one alternative with a score to rank")
    names = ("rule", "weights", "gaps")
    table = sobol_indices(shift, dict.fromkeys(names, (0.0, 1.0)), n=n, seed=seed, confidence=confidence)
    return table.assign(mean_shift=seen[0].mean()).rename_axis("assumption")


def _joined_by(node: Node, rule: str) -> Node:
    return replace(node, rule=rule, children=tuple(_joined_by(child, rule) for child in node.children))


def _ranks(scores: Array) -> Array:
    """Return ranks from 1, samples × alternatives; equal scores share one."""
    order, rank = ranked(scores, tie_size(100.0))
    ranks = np.empty(order.shape)
    np.put_along_axis(ranks, order, (np.arange(order.shape[1]) if rank is None else rank) + 1.0, axis=1)
    return ranks
