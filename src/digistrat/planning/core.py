"""Which projects are in every good portfolio, whatever weights and ratings turn out to be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from tqdm.auto import tqdm

from digistrat.inventory.record import Inventory
from digistrat.planning.records import Portfolio, PortfolioProblem
from digistrat.planning.selecting import select
from digistrat.scoring.composite import Scores
from digistrat.scoring.draws import drawn_scores, draws_of
from digistrat.scoring.sampling import Bounds, sample_weights

Array = npt.NDArray[Any]
WeightSet = Literal["ranges", "order", "simplex", "nominal"]
MOST_PORTFOLIOS = 4_000  # that may be non-dominated at any step, for the exact answer
_MOST_COMPARED = 2_000_000_000  # pairs of portfolios × extreme weights in one step
_MOST_CRITERIA = 14  # of ranges: the corners of a box double with each
_SPREAD = 0.2  # of a weight, up and down, where no ranges are given
_SAME = 1e-9


@dataclass(frozen=True, eq=False)
class CoreArrays:
    """Non-dominated portfolios of plain arrays.

    Attributes
    ----------
    core_index : array
        By project, the share of the non-dominated portfolios that hold it.
    portfolios : array of bool
        Non-dominated portfolios × projects, in lexicographic order.
    n_feasible : int, optional
        How many portfolios fit; None where there are too many to count.
    """

    core_index: Array
    portfolios: Array
    n_feasible: int | None


def core_index_arrays(
    lower: Any,
    upper: Any,
    costs: Any,
    budgets: Any,
    weights: Any,
    *,
    most: int = MOST_PORTFOLIOS,
) -> CoreArrays | None:
    """Find every non-dominated portfolio under ranges of scores and weights, and each project's core index.

    A portfolio p dominates q if it is worth no less for all scores within their ranges and all weights, and
    more for some: the lower scores of what only p holds less the upper scores of what only q holds are ≥ 0
    at every extreme point of the weights and > 0 at one (Liesiö, Mild & Salo 2007, EJOR 181:1488–1505). Found
    by dynamic programming: project by project, a partial portfolio is dropped when another dominates it and
    takes no more of anything that may still become scarce (2008, EJOR 190:679–695).

    Parameters
    ----------
    lower, upper : n × criteria
        Least and largest scores; equal where they are certain.
    costs : n × m, or n
        Projects × budgets.
    budgets : m, or a number
    weights : extreme points × criteria
        The corners of the set of weights.
    most : int
        Give up when more partial portfolios are non-dominated, or comparing them takes minutes.

    Returns
    -------
    CoreArrays, or None
        None above the limit: see `core_index` for what can be said then.

    Raises
    ------
    ValueError
        If shapes do not fit, numbers are missing, or a lower score is above the upper one.

    Examples
    --------
    Two of three projects can be paid, and nobody knows which of two criteria counts more:

    >>> scores = [[4, 1], [1, 4], [3, 3]]
    >>> found = core_index_arrays(scores, scores, [1, 1, 1], 2, [[1, 0], [0, 1]])
    >>> found.core_index.round(3).tolist(), len(found.portfolios)
    ([0.667, 0.667, 0.667], 3)
    """
    low, high, corners = (np.asarray(one, dtype=float) for one in (lower, upper, weights))
    if low.ndim != 2 or low.shape != high.shape:
        raise ValueError(f"lower and upper must have the same shape, not {low.shape} and {high.shape}")
    rows = np.asarray(costs, dtype=float).reshape(len(low), -1).T
    limit = np.atleast_1d(np.asarray(budgets, dtype=float))
    if limit.shape != (len(rows),):
        raise ValueError(
            f"budgets must be {len(rows)} numbers, one for each column of costs, not {limit.size}"
        )
    if corners.ndim != 2 or corners.shape[1] != low.shape[1]:
        raise ValueError(f"weights must be points × {low.shape[1]} criteria, not of shape {corners.shape}")
    for name, array in (("lower", low), ("upper", high), ("costs", rows), ("weights", corners)):
        if not np.isfinite(array).all():
            raise ValueError(f"{name} must be numbers without missing ones")
    if (low > high).any():
        raise ValueError(
            f"lower must not be above upper, but is for project {int(np.argmax((low > high).any(1)))}"
        )
    found = non_dominated(low @ corners.T, high @ corners.T, rows, limit, most=most)
    if found is None:
        return None
    share = found.mean(axis=0) if len(found) else np.zeros(len(low))
    return CoreArrays(share, found, _count(rows, limit))


def _count(rows: Array, limit: Array, most: int = 200_000) -> int | None:
    """How many portfolios keep the limits, by what they take of them."""
    used: dict[tuple[float, ...], int] = {tuple(np.zeros(len(rows))): 1}
    rest = np.minimum(rows, 0.0).sum(axis=1)
    for cost in rows.T:
        rest = rest - np.minimum(cost, 0.0)
        after: dict[tuple[float, ...], int] = {}
        for take, number in used.items():
            for more in (np.array(take), np.array(take) + cost):
                if (more + rest <= limit + _SAME * np.maximum(1.0, np.abs(limit))).all():
                    key = tuple(np.round(more, 9).tolist())
                    after[key] = after.get(key, 0) + number
        used = after
        if len(used) > most:
            return None
    return sum(used.values())


def non_dominated(
    low: Array, high: Array, rows: Array, limit: Array, *, most: int = MOST_PORTFOLIOS
) -> Array | None:
    """Return the portfolios that none dominates, or None if there are too many on the way.

    Parameters
    ----------
    low, high : n × points
        Least and largest value of each project at every extreme point of the weights.
    rows, limit : m × n, m
        ``rows @ x <= limit``; coefficients may be negative, as those of a project that another one needs.
    most : int
        As in `core_index_arrays`.
    """
    n, tiny = len(low), _SAME * np.maximum(1.0, np.abs(limit))
    order = np.argsort(-np.abs(rows / np.maximum(np.abs(limit), 1e-9)[:, None]).max(axis=0), kind="stable")
    partial = np.zeros((1, n), dtype=bool)
    for done, project in enumerate(order):
        with_it = partial.copy()
        with_it[:, project] = True
        partial = np.vstack([partial, with_it])
        rest = rows[:, order[done + 1 :]]
        used = partial @ rows.T
        partial = partial[(used + np.minimum(rest, 0.0).sum(axis=1) <= limit + tiny).all(axis=1)]
        # what can become scarce no more is worth nothing to have spared
        scarce = np.maximum(partial @ rows.T, limit - np.maximum(rest, 0.0).sum(axis=1))
        scarce[:, ~rest.any(axis=1)] = 0.0
        if len(partial) > 2 * most or len(partial) ** 2 * low.shape[1] > _MOST_COMPARED:
            return None
        partial = partial[~_dominated(partial, low, high, scarce, tiny)]
        if len(partial) > most:
            return None
    return partial[np.lexsort(partial.T[::-1])][::-1]


def _dominated(
    partial: Array, low: Array, high: Array, scarce: Array, tiny: Array, block: int = 256
) -> Array:
    """Which portfolios another one dominates without taking more of what is scarce."""
    chosen = partial.astype(float)
    least, largest = chosen @ low, chosen @ high
    size = _SAME * max(1.0, float(np.abs(largest).max(initial=0.0)))
    is_out = np.zeros(len(partial), dtype=bool)
    for begin in range(0, len(partial), block):  # a block of q against every p
        q = slice(begin, begin + block)
        never_less = np.ones((len(partial), len(partial[q])), dtype=bool)
        for row in range(scarce.shape[1]):
            never_less &= scarce[:, row][:, None] <= scarce[q, row][None, :] + tiny[row]
        more = np.zeros_like(never_less)
        for point in range(low.shape[1]):
            if not never_less.any():
                break
            both = chosen @ ((high[:, point] - low[:, point])[:, None] * chosen[q].T)
            better = least[:, point][:, None] - largest[q, point][None, :] + both
            never_less &= better >= -size
            more |= better > size
        is_out[q] = (never_less & more).any(axis=0)
    return is_out


@dataclass(frozen=True, eq=False)
class CoreIndex:
    """How many of the good portfolios hold each project.

    Attributes
    ----------
    table : DataFrame
        By candidate: ``share`` (of portfolios, 0–1), ``role`` (core: in all, exterior: in none, borderline),
        ``selected`` (in the portfolio today), ``is_mandatory``.
    measure : {"core_index", "selection_frequency"}
        The share of all non-dominated portfolios, exactly; or of the best portfolios of drawn weights and
        scores.
    n_portfolios : int
        How many different portfolios that are.
    n_samples : int
        Drawn; 0 where exact.
    weights : str
        Which weights were thought possible.
    inventory : Inventory
    """

    table: pd.DataFrame
    measure: Literal["core_index", "selection_frequency"]
    n_portfolios: int
    n_samples: int
    weights: str
    inventory: Inventory

    def __str__(self) -> str:
        counts = self.table["role"].value_counts()
        said = ", ".join(f"{int(counts.get(role, 0))} {role}" for role in ("core", "borderline", "exterior"))
        return f"{self.measure} over {self.n_portfolios} portfolios ({self.weights} weights): {said}"

    def __repr__(self) -> str:
        return f"<{self}>"


def core_index(
    portfolio: Portfolio,
    scores: Scores,
    *,
    weights: WeightSet = "ranges",
    lower: Bounds | None = None,
    upper: Bounds | None = None,
    most: int = MOST_PORTFOLIOS,
    n_samples: int = 100,
    seed: int = 1,
) -> CoreIndex:
    """Tell which projects belong in every good portfolio, in some or in none.

    Every rating may lie anywhere between its ends (``scores.low``, ``scores.high``), and weights anywhere in
    a set. Exact while few portfolios are non-dominated: some dozens of candidates. Above that, or where the
    rule is not additive, a criterion does not apply to a candidate or pairs have values, weights and ratings
    are drawn and the best portfolio of each draw is counted; that is called selection frequency and depends
    on what is drawn.

    Parameters
    ----------
    portfolio : Portfolio
        From `select_portfolio`: money, staff, duties and links are its own.
    scores : Scores
        The impact scores that it was made from.
    weights : {"ranges", "order", "simplex", "nominal"}
        Each weight between `lower` and `upper` (a fifth below and above its own by default); any that fall in
        the order of the criteria's own weights; any; only the criteria's own.
    lower, upper : mapping, optional
        For ``"ranges"``, by criterion on the scale of ``scores.criteria["weight"]``.
    most : int
        As in `core_index_arrays`; 0 goes without the exact answer.
    n_samples, seed : int
        For the drawn answer.

    Raises
    ------
    ValueError
        If an option makes no sense, or the scores are of other projects.
    """
    problem = portfolio.problem
    if problem.is_planned:
        raise ValueError("portfolio must be one of select_portfolio, not that of a plan")
    if weights not in ("ranges", "order", "simplex", "nominal"):
        raise ValueError(f"weights must be ranges, order, simplex or nominal, not {weights!r}")
    if weights != "ranges" and (lower is not None or upper is not None):
        raise ValueError(f"lower and upper must not be given with weights of kind {weights!r}")
    if len(problem.values.index.difference(scores.table.index)):
        raise ValueError("scores must be those of the portfolio's candidates")
    least, largest = _ranges(scores, lower, upper)
    found = _exact(problem, scores, weights, least, largest, most) if most else None
    n_drawn = 0 if found is not None else n_samples
    if found is None:
        found = _drawn(problem, scores, weights, least, largest, n_samples, seed)
    share = pd.Series(found.mean(axis=0) if len(found) else 0.0, problem.values.index)
    role = pd.Series("borderline", share.index).mask(share >= 1, "core").mask(share <= 0, "exterior")
    table = pd.DataFrame(
        {
            "share": share,
            "role": role.astype("str"),
            "selected": portfolio.table["selected"].astype(bool),
            "is_mandatory": share.index.isin(problem.mandatory),
        }
    )
    return CoreIndex(
        table=table,
        measure="selection_frequency" if n_drawn else "core_index",
        n_portfolios=len(np.unique(found, axis=0)),
        n_samples=n_drawn,
        weights=weights,
        inventory=portfolio.inventory,
    )


def _ranges(scores: Scores, lower: Bounds | None, upper: Bounds | None) -> tuple[pd.Series, pd.Series]:
    """Least and largest weight by criterion; a fifth below and above where nothing is said."""
    weight = scores.criteria["weight"].astype(float)
    ends = []
    for name, given, usual in (("lower", lower, 1 - _SPREAD), ("upper", upper, 1 + _SPREAD)):
        own = pd.Series(dict(given.items()) if given is not None else {}, dtype=float)
        unknown = own.index.difference(weight.index)
        if len(unknown):
            raise ValueError(f"{name} must name criteria ({weight.index.tolist()}), not {unknown[0]!r}")
        ends.append(own.reindex(weight.index).fillna(weight * usual))
    return ends[0], ends[1].clip(upper=weight.sum())


def _exact(
    problem: PortfolioProblem,
    scores: Scores,
    weights: WeightSet,
    least: pd.Series,
    largest: pd.Series,
    most: int,
) -> Array | None:
    """All non-dominated portfolios × candidates; None where there are too many or values do not add up."""
    candidates = problem.values.index
    counts = scores.criteria["weight"] > 0
    states = scores.states.loc[candidates, counts]
    open_ = [p for p in candidates if p not in problem.forbidden]
    applies = (states.loc[open_] != "not_applicable").all(axis=None)
    if not scores.hierarchy.is_additive or not applies or problem.synergies:
        return None
    corners = extreme_weights(scores.criteria.loc[counts, "weight"], weights, least[counts], largest[counts])
    if corners is None:
        return None
    low, high = (
        end.loc[open_, counts].fillna(filled).to_numpy(dtype=float) @ corners.T
        for end, filled in ((scores.low, 0.0), (scores.high, 100.0))
    )
    rows, limit = _rows(problem, open_)
    found = non_dominated(low, high, rows, limit, most=most)
    if found is None:
        return None
    whole = np.zeros((len(found), len(candidates)), dtype=bool)
    whole[:, candidates.get_indexer(pd.Index(open_))] = found
    return whole


def _rows(problem: PortfolioProblem, open_: list[str]) -> tuple[Array, Array]:
    """Every constraint as a row over the candidates that may be chosen."""
    place = {project: k for k, project in enumerate(open_)}
    rows = [problem.costs.loc[open_, name].to_numpy(dtype=float) for name in problem.limits.index]
    limits = problem.limits.tolist()

    def add(coefficients: Mapping[str, float], limit: float) -> None:
        row = np.zeros(len(open_))
        for project, value in coefficients.items():
            if project in place:
                row[place[project]] += value
        rows.append(row)
        limits.append(limit)

    for project in problem.mandatory:
        add({project: -1.0}, -1.0)
    for a, b in problem.requires:
        add({a: 1.0, b: -1.0}, 0.0)
    for a, b in problem.excludes:
        add({a: 1.0, b: 1.0}, 1.0)
    for cover in problem.coverage:
        add(dict.fromkeys(cover.members, -1.0), -float(cover.at_least))
    return np.array(rows).reshape(len(rows), len(open_)), np.array(limits, dtype=float)


def extreme_weights(weight: pd.Series, kind: WeightSet, least: pd.Series, largest: pd.Series) -> Array | None:
    """Return the corners of a set of weights, points × criteria, each with sum 1; None if too many.

    Parameters
    ----------
    weight : Series
        The criteria's own weights, above 0.
    kind : {"ranges", "order", "simplex", "nominal"}
    least, largest : Series
        For ``"ranges"``, on the scale of `weight`.

    Examples
    --------
    >>> own = pd.Series({"use": 60.0, "reach": 40.0})
    >>> extreme_weights(own, "order", own, own).tolist()
    [[1.0, 0.0], [0.5, 0.5]]
    >>> extreme_weights(own, "ranges", own * 0.8, own * 1.2).round(2).tolist()
    [[0.52, 0.48], [0.68, 0.32]]
    """
    n, share = len(weight), weight.to_numpy(dtype=float) / weight.sum()
    if kind == "nominal" or n == 1:
        return share[None, :]
    if kind == "simplex":
        return np.eye(n)
    if kind == "order":
        rank = np.argsort(np.argsort(-share, kind="stable"), kind="stable")
        return np.array([(rank < k) / k for k in range(1, n + 1)])
    if n > _MOST_CRITERIA:
        return None
    low, high = (end.to_numpy(dtype=float) / weight.sum() for end in (least, largest))
    if low.sum() > 1 + _SAME or high.sum() < 1 - _SAME or (low > high).any():
        raise ValueError(f"lower and upper must leave room for weights of sum {weight.sum():g}")
    found = set()
    for free in range(n):  # all others at one of their ends, this one at what is left
        others = np.array(list(product(*((low[k], high[k]) for k in range(n) if k != free)))).reshape(
            -1, n - 1
        )
        left = 1.0 - others.sum(axis=1)
        fits = (left >= low[free] - _SAME) & (left <= high[free] + _SAME)
        corners = np.insert(others[fits], free, left[fits].clip(low[free], high[free]), axis=1)
        found |= {tuple(corner) for corner in corners.round(12).tolist()}
    return np.array(sorted(found))


def _drawn(
    problem: PortfolioProblem,
    scores: Scores,
    weights: WeightSet,
    least: pd.Series,
    largest: pd.Series,
    n_samples: int,
    seed: int,
) -> Array:
    """The best portfolio of every draw, samples × candidates."""
    if n_samples < 1:
        raise ValueError(f"n_samples must be at least 1, not {n_samples}")
    own = scores.criteria["weight"].astype(float)
    counts = own.index[own > 0]
    if weights == "nominal":
        drawn = np.tile(own.to_numpy() / own.sum(), (n_samples, 1))
    elif weights == "ranges":
        low, high = least[counts], largest[counts]
        drawn = sample_weights(own, n_samples, seed, spread="ranges", lower=low, upper=high)
    elif weights == "order":
        ordered = own[counts].sort_values(ascending=False, kind="stable").index.tolist()
        drawn = sample_weights(own, n_samples, seed, spread="order", order=ordered)
    else:
        drawn = sample_weights(own, n_samples, seed, spread="simplex")
    candidates = problem.values.index
    included = scores.table.index.isin(candidates)
    draws = draws_of(scores, included, drawn, np.random.default_rng([seed, 1]))
    values = np.concatenate([piece for _, piece in drawn_scores(draws)])
    table = pd.DataFrame(values, columns=scores.table.index[included]).reindex(columns=candidates)
    found: dict[bytes, pd.Series] = {}
    rows = []
    for _, value in tqdm(table.iterrows(), total=n_samples, desc="selection frequency", disable=None):
        answer = select(problem, values=value, known=found.values())
        if answer.status in ("optimal", "feasible"):
            found[answer.selected.to_numpy().tobytes()] = answer.selected
            rows.append(answer.selected.to_numpy(dtype=bool))
    return np.array(rows).reshape(len(rows), len(candidates))
