"""Which of the assumptions behind a ranking matters: rule, weights, gaps, value functions, or who rated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from digistrat.scoring.composite import Scores
from digistrat.scoring.counting import ranked
from digistrat.scoring.draws import Draws, draws_of, pieces
from digistrat.scoring.inputs import allowed
from digistrat.scoring.ranking import rank_scores, tie_size
from digistrat.scoring.robustness import INCLUDED
from digistrat.scoring.rules import Node, combine_nested, require_rule
from digistrat.scoring.sampling import CONCENTRATION, sample_weights
from digistrat.scoring.sobol import INDICES, sobol_indices
from digistrat.scoring.values import criterion_values

Array = npt.NDArray[Any]

POOL = 10_000  # weight vectors and drawings of gaps that samples are taken from
OTHER_RULES = ("weighted_mean", "geometric")
WHOSE = ("moderated", "office", "mean")
DIFFERENT = 1e-9  # values on 0–100 that are no further apart are the same


def assumption_sensitivity(
    scores: Scores,
    *,
    rules: Sequence[str] = OTHER_RULES,
    exponents: Sequence[float] = (0.5, 1.0, 2.0),
    raters: Sequence[str] = WHOSE,
    least: float = 1.0,
    concentration: float = CONCENTRATION,
    include: str = "scored",
    n: int = 512,
    seed: int = 1,
    confidence: float = 0.95,
) -> pd.DataFrame:
    r"""Return which assumption the ranks hang on most.

    The result whose variance is shared out is the mean absolute shift of the ranks against those of `scores`.
    Each assumption is one input, and each of its choices as likely as the others:

    - ``rule``: what joins all levels; the own rule as the hierarchy has it.
    - ``weights``: one of many weight vectors around the nominal ones.
    - ``gaps``: one of many drawings of all ratings that are missing or known as an interval.
    - ``values``: how every value runs between its ends, which stay where they are.
    - ``raters``: whose rating counts where the office's own and the moderated one differ.

    Parameters
    ----------
    scores : Scores
    rules : sequence of str
        Keys of `RULES`; the own rule of the scores is added where it is not among them. A harmonic mean can
        be given, but where there are zeros it hangs on them more than on all the rest.
    exponents : sequence of float
        The shapes of the value functions: a value v counts as :math:`100 (v/100)^p`, which is concave below
        1 and convex above; the declared shape, 1, is added where it is not among them.
    raters : sequence of {"moderated", "office", "mean"}
        The moderated rating, which counts in the scores, is added where it is not among them. The mean is
        that of the two ratings in the criterion's own unit; it and the office's own count without bounds.
    least : float
        What a value of 0 counts under another rule than the own, the others in proportion up to 100: with 0
        a single zero would make a geometric or harmonic mean zero, and many alternatives alike.
    concentration
        As in `sample_weights`.
    include
        As in `rank_robustness`; who has no score to compare with is left out.
    n, seed, confidence
        As in `sobol_indices`.

    Returns
    -------
    DataFrame
        By assumption: the columns of `sobol_indices`; ``varies``, whether it can be made otherwise at all (no
        gap, one rule, or two ratings that nowhere differ cannot: then all its indices are 0, and those of the
        others as if it had not been asked for); and in all rows ``mean_shift``, the mean of the result itself
        in ranks. Indices of what varies are missing where no sample differs from the others.

    Raises
    ------
    ValueError
        If a rule or another option is not allowed, or nobody has a score.

    Notes
    -----
    OECD/JRC (2008), section 7.1: the average shift in rank, R̄_S. Values on 1–100 for geometric means: Becker
    et al., COINr, vignette on sensitivity. A criterion computed from other alternatives keeps its values.

    Examples
    --------
    >>> from digistrat.scoring.composite import score_table
    >>> criteria = pd.DataFrame({"weight": [50, 50], "floor": 0, "target": 10}, index=["use", "reach"])
    >>> raw = pd.DataFrame({"use": [10, 5], "reach": [1.6, 5]}, index=["a", "b"])
    >>> scores = score_table(raw, None, criteria, rule="weighted_mean")
    >>> told = assumption_sensitivity(scores, rules=[], concentration=1e9, n=1024)  # √1 + √0.16 < 2 √0.5
    >>> told["varies"].to_list(), told["total"].round(1).to_list()
    ([False, True, False, True, False], [0.0, 0.0, 0.0, 1.0, 0.0])
    """
    _check(rules, exponents, raters, least, include)
    included = (scores.table["state"].isin(INCLUDED[include]) & scores.table["score"].notna()).to_numpy()
    if not included.any():
        raise ValueError("scores must hold at least one alternative with a score to rank")
    reference = rank_scores(scores.table["score"][included]).to_numpy(dtype=float)
    model = _model_of(scores, included, rules, exponents, raters, least, concentration, seed)
    varying = [name for name, size in model.sizes.items() if size > 1]
    seen = [np.zeros(1)]

    def shift(samples: pd.DataFrame) -> Array:
        """Return the mean absolute shift of the ranks under sampled assumptions, each a place on 0–1."""
        size = np.array([model.sizes[name] for name in varying])
        choice = pd.DataFrame(np.minimum(samples.to_numpy() * size, size - 1).astype(int), columns=varying)
        result = np.empty(len(samples))
        for part in pieces(len(samples), model.draws.low.size):
            ranks = _ranks(model.scores({name: choice[name].to_numpy()[part] for name in varying}))
            result[part] = np.abs(ranks - reference).mean(axis=1)
        seen[0] = result
        return result

    names = pd.Index(model.sizes, name="assumption")
    table = pd.DataFrame(0.0, index=names, columns=INDICES)
    if varying:
        inputs = dict.fromkeys(varying, (0.0, 1.0))
        table.loc[varying] = sobol_indices(shift, inputs, n=n, seed=seed, confidence=confidence)
    return table.assign(varies=names.isin(varying), mean_shift=seen[0].mean())


def _check(
    rules: Sequence[str], exponents: Sequence[float], raters: Sequence[str], least: float, include: str
) -> None:
    for rule in rules:
        require_rule(rule, "rules")
    for rater in raters:
        allowed("raters", rater, WHOSE)
    if not all(0 < exponent < np.inf for exponent in exponents):
        raise ValueError(f"exponents must be above 0 and finite, not {list(exponents)}")
    if not 0 <= least < 100:
        raise ValueError(f"least must be from 0 to below 100, not {least}")
    allowed("include", include, list(INCLUDED))


@dataclass(frozen=True, eq=False, slots=True)
class _Model:
    """The choices of every assumption; where it is one of a few, the first is as in the scores.

    Attributes
    ----------
    draws : Draws
        Alternatives with their ratings; its weights and its uniform numbers are the pools to choose from.
    nodes : list of Node
        The hierarchy with one rule or another.
    least : float
        What 0 counts under the other rules.
    exponents : array
        Of the value functions.
    twice : array of bool, alternatives × criteria
        What two have rated differently.
    ratings : array, raters × these cells
        What counts instead; NaN for what the draws have.
    """

    draws: Draws
    nodes: list[Node]
    least: float
    exponents: Array
    twice: Array
    ratings: Array

    @property
    def sizes(self) -> dict[str, int]:
        """How many choices each assumption has; 1 where it does not vary."""
        is_open = bool(self.draws.uncertain.any())
        return {
            "rule": len(self.nodes),
            "weights": len(self.draws.weights),
            "gaps": len(self.draws.uniform) if is_open else 1,
            "values": len(self.exponents),
            "raters": len(self.ratings),
        }

    def scores(self, choice: Mapping[str, Array]) -> Array:
        """Return the scores under chosen assumptions, each an array by sample: samples × alternatives."""
        size = len(next(iter(choice.values())))
        rule, weights, gaps, shape, rater = (
            choice.get(name, np.zeros(size, dtype=int)) for name in self.sizes
        )
        draws = replace(self.draws, weights=self.draws.weights[weights], uniform=self.draws.uniform[gaps])
        values = draws.ratings(slice(0, size))
        counted = values[:, self.twice]
        values[:, self.twice] = np.where(np.isnan(self.ratings[rater]), counted, self.ratings[rater])
        values = 100 * (values / 100) ** self.exponents[shape, None, None]
        scores = np.empty(values.shape[:2])
        for number, node in enumerate(self.nodes):
            at = rule == number
            least = self.least if number else 0.0
            lifted = least + (1 - least / 100) * values[at]
            scores[at] = combine_nested(lifted, draws.weights[at, None, :], draws.applicable, node)
        return scores


def _model_of(
    scores: Scores,
    included: Array,
    rules: Sequence[str],
    exponents: Sequence[float],
    raters: Sequence[str],
    least: float,
    concentration: float,
    seed: int,
) -> _Model:
    nominal = scores.criteria["weight"]
    weights = nominal.to_numpy(dtype=float)[None, :]
    if (nominal > 0).sum() > 1:
        weights = sample_weights(nominal, POOL, seed, concentration=concentration)
    pool = np.broadcast_to(weights, (POOL, weights.shape[1]))  # a drawing of the gaps for each
    draws = draws_of(scores, included, pool, np.random.default_rng([seed, 1]))
    twice, ratings = _ratings(scores, included, draws.applicable, raters)
    other_rules = [rule for rule in dict.fromkeys(rules) if rule != scores.rule]
    other_shapes = [exponent for exponent in dict.fromkeys(map(float, exponents)) if exponent != 1]
    return _Model(
        draws=replace(draws, weights=weights),
        nodes=[scores.hierarchy, *(_joined_by(scores.hierarchy, rule) for rule in other_rules)],
        least=least,
        exponents=np.array([1.0, *other_shapes]),
        twice=twice,
        ratings=ratings,
    )


def _ratings(
    scores: Scores, included: Array, applicable: Array, raters: Sequence[str]
) -> tuple[Array, Array]:
    """Return which cells two have rated differently, and by rater the values that count there instead."""
    office, moderated = scores.raw_office, scores.raw_moderated
    if office is None or moderated is None:
        return np.zeros(applicable.shape, dtype=bool), np.full((1, 0), np.nan)
    by_rater = {"moderated": moderated, "office": office, "mean": (office + moderated) / 2}
    value = {
        rater: criterion_values(raw[included], scores.criteria).to_numpy() for rater, raw in by_rater.items()
    }
    twice = applicable & (np.abs(value["office"] - value["moderated"]) > DIFFERENT)
    others = [rater for rater in dict.fromkeys(raters) if rater != "moderated"] if twice.any() else []
    return twice, np.array([np.full(twice.sum(), np.nan), *(value[rater][twice] for rater in others)])


def _joined_by(node: Node, rule: str) -> Node:
    return replace(node, rule=rule, children=tuple(_joined_by(child, rule) for child in node.children))


def _ranks(scores: Array) -> Array:
    """Return ranks from 1, samples × alternatives; equal scores share one."""
    order, rank = ranked(scores, tie_size(100.0))
    ranks = np.empty(order.shape)
    np.put_along_axis(ranks, order, (np.arange(order.shape[1]) if rank is None else rank) + 1.0, axis=1)
    return ranks
