"""What a choice of projects gains when it is made after an answer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from digistrat.planning.amounts import Amount, mean_of_steps
from digistrat.planning.answers import Spread
from digistrat.planning.knapsack import Selection, solve_knapsack
from digistrat.planning.records import PortfolioProblem

Array = npt.NDArray[Any]
Spreads = Mapping[tuple[str, str], Spread]

NODE_LIMIT = 20_000
GAP = 0.0  # a gain is the difference of two values: both are proven
SAME = 1e-9  # relative difference below which two values count as equal
ANSWER = "answer"  # names the items of the knapsack that are answers, and the row that allows one of them


@dataclass(frozen=True, eq=False)
class Choice:
    """The selection of `select_portfolio`, by what is expected of every candidate.

    Attributes
    ----------
    problem : PortfolioProblem
    expected : Series
        Value by candidate.
    forbidden : tuple of str
        Out before and after any answer about a rating.
    """

    problem: PortfolioProblem
    expected: pd.Series
    forbidden: tuple[str, ...]

    @classmethod
    def of(cls, problem: PortfolioProblem, worth: pd.Series, asked: Iterable[str]) -> Choice:
        """Let projects count with what is expected of them (`worth`) where that is given, else their score.

        Those that are `asked` about may be chosen even without a score.
        """
        expected = problem.values.fillna(0.0).astype(float)
        expected[worth.index] = worth
        allowed = set(asked)
        out = tuple(project for project in problem.forbidden if project not in allowed)
        return cls(problem, expected, out)

    @cached_property
    def best(self) -> Selection:
        """What is chosen without an answer."""
        return self.select(self.expected)

    @property
    def is_possible(self) -> bool:
        """Whether there is any portfolio."""
        return self.best.status in ("optimal", "feasible")

    def select(
        self,
        values: pd.Series,
        *,
        costs: pd.DataFrame | None = None,
        limits: pd.Series | None = None,
        allowed: Iterable[str] = (),
        requires: Sequence[tuple[str, str]] = (),
        excludes: Sequence[tuple[str, str]] = (),
    ) -> Selection:
        """Choose by these values, also among projects that are out as things are (`allowed`)."""
        problem = self.problem
        return solve_knapsack(
            values,
            problem.costs if costs is None else costs,
            problem.limits if limits is None else limits,
            requires=[*problem.requires, *requires],
            excludes=[*problem.excludes, *excludes],
            mandatory=problem.mandatory,
            forbidden=[project for project in self.forbidden if project not in set(allowed)],
            coverage={cover.id: (cover.members, cover.at_least) for cover in problem.coverage},
            synergies={(a, b): value for (a, b), value in problem.synergies.items()},
            node_limit=NODE_LIMIT,
            gap=GAP,
            tie_break=False,
        )

    # --- ratings -------------------------------------------------------------------------------------------

    def portfolios(self, today: pd.Series, spreads: Spreads, bar: Any) -> Array:
        """Return the portfolios that the answer to one rating may lead to, each once × candidates."""
        found = [self.best.selected, *([today] if today.any() else []), *self._turned(spreads, bar)]
        return np.unique(np.array([one.to_numpy(dtype=bool) for one in found]), axis=0)

    def worth(self, portfolios: Array, spreads: Spreads) -> dict[tuple[str, str], tuple[float, float]]:
        """Return by cell what its answer is worth, and how far it can move its project in that direction."""
        total = portfolios @ self.expected.to_numpy()
        answer = {}
        for (project, criterion), spread in spreads.items():
            holds = portfolios[:, self.expected.index.get_loc(project)]
            inside, outside = total[holds].max(initial=-np.inf), total[~holds].max(initial=-np.inf)
            sign = 1 if outside > inside else -1
            answer[project, criterion] = (
                round(spread.excess(sign, abs(outside - inside)), 9),
                spread.most(sign),
            )
        return answer

    def _turned(self, spreads: Spreads, bar: Any) -> list[pd.Series]:
        """Return the portfolios that are optimal when a single answer turns out as it suits best.

        One selection asks for all projects at once: each has an answer, worth as much as it can move the
        project, that counts only if the project changes sides, and only one answer may count. What wins is
        noted and left out, until keeping to the usual choice is best.
        """
        usual = self.best.selected
        reach: dict[str, float] = {}
        for (project, _), spread in spreads.items():
            reach[project] = max(reach.get(project, 0.0), spread.most(-1 if usual[project] else 1))
        found = []
        while reach:
            names = {f"{ANSWER} {project}": project for project in reach}
            chosen = self._with_answers(
                pd.Series({name: reach[project] for name, project in names.items()}),
                requires=[(name, project) for name, project in names.items() if not usual[project]],
                excludes=[(name, project) for name, project in names.items() if usual[project]],
            )
            won = [project for name, project in names.items() if chosen.selected[name]]
            if not won or not self.is_better(chosen):
                break
            found.append(chosen.selected.reindex(self.expected.index))
            del reach[won[0]]
            bar.update()
        bar.update(len(reach))
        return found

    def is_better(self, chosen: Selection) -> bool:
        """Tell whether a selection is worth more than the usual one."""
        least = self.best.objective + SAME * max(1.0, abs(self.best.objective))
        return chosen.status in ("optimal", "feasible") and chosen.objective > least

    def _with_answers(
        self, answers: pd.Series, costs: Mapping[str, Array] | None = None, **options: Any
    ) -> Selection:
        """Choose among projects and answers, which have a value and may cost something; one answer counts."""
        problem = self.problem
        items = pd.concat([self.expected, answers])
        table = options.pop("of", problem.costs).reindex(items.index, fill_value=0.0)
        for name, cost in (costs or {}).items():
            table.loc[name] = cost
        table[ANSWER] = items.index.isin(answers.index).astype(float)
        limits = pd.concat([problem.limits, pd.Series({ANSWER: 1.0})])
        return self.select(items, costs=table, limits=limits, **options)

    # --- amounts -------------------------------------------------------------------------------------------

    def worth_of_amounts(
        self, amounts: Sequence[Amount], n: int, others: Iterable[float], bar: Any
    ) -> dict[int, tuple[float, float]]:
        """Return by number what knowing an amount is worth, and at most; only what is among the first n.

        One selection asks for all amounts at once, each at its lowest; only one answer may count. So they
        come by falling gain, which bounds their value, and the search ends when none can be among the first.
        """
        worth: dict[int, tuple[float, float]] = {}
        left = dict(enumerate(amounts))
        while left:
            chosen = self._cheaper(left)
            won = [number for number in left if chosen.selected[f"{ANSWER} {number}"]]
            first = sorted([*others, *(value for value, _ in worth.values())], reverse=True)[:n]
            least = first[-1] if len(first) == n else 0.0
            if not won or not self.is_better(chosen) or chosen.objective - self.best.objective <= least:
                break
            amount = left.pop(won[0])
            value = self._worth_of_amount(amount, chosen)
            worth[won[0]] = round(value, 9), chosen.objective - self.best.objective
            bar.update()
        bar.update(len(left))
        return worth

    def _cheaper(self, amounts: Mapping[int, Amount]) -> Selection:
        """Choose, with one of the amounts at its lowest."""
        problem = self.problem
        table, costs, requires, allowed = problem.costs.copy(), {}, [], []
        for number, amount in amounts.items():
            name = f"{ANSWER} {number}"
            if amount.is_missing:
                table.loc[amount.project] = amount.needs(0.0)
                requires.append((amount.project, name))
                allowed.append(amount.project)
            elif amount.project in table.index:
                costs[name] = -amount.spread
                requires.append((name, amount.project))
            else:
                costs[name] = (problem.limits - self.limits(amount, 0.0)).to_numpy()
        names = [f"{ANSWER} {number}" for number in amounts]
        return self._with_answers(pd.Series(0.0, names), costs, of=table, requires=requires, allowed=allowed)

    def _worth_of_amount(self, amount: Amount, first: Selection) -> float:
        """Return the expected gain of choosing by the true amount instead of the upper end."""

        def search(share: float) -> tuple[float, float]:
            chosen = self.at(amount, share) if share else first
            if not self.is_better(chosen):
                return 0.0, 1.0
            return chosen.objective - self.best.objective, amount.share_within(self._room(amount, chosen))

        return mean_of_steps(search)

    def at(self, amount: Amount, share: float) -> Selection:
        """Choose knowing that an amount is higher than this share of its possible answers."""
        if amount.project not in self.problem.costs.index:
            return self.select(self.expected, limits=self.limits(amount, share))
        costs = self.problem.costs.copy()
        costs.loc[amount.project] = amount.needs(share)
        return self.select(self.expected, costs=costs, allowed=[amount.project])

    def limits(self, amount: Amount, share: float) -> pd.Series:
        """Return what is left to candidates when a running project needs what it needs at this share."""
        spared = amount.needs(1.0) - amount.needs(share)
        return (self.problem.available + spared).clip(lower=0.0)

    def _room(self, amount: Amount, chosen: Selection) -> Array:
        """Return how much the amount's project may need so that a chosen portfolio fits."""
        selected = chosen.selected.reindex(self.expected.index).astype(bool)
        if amount.project not in selected.index:
            used = self.problem.costs[selected].sum()
            room = self.problem.available + amount.needs(1.0) - used
            return np.where(used > 0, room, np.inf)
        if not selected[amount.project]:
            return np.full(len(self.problem.limits), np.inf)
        selected[amount.project] = False
        return (self.problem.limits - self.problem.costs[selected].sum()).to_numpy()

    # --- everything ----------------------------------------------------------------------------------------

    def worth_of_everything(
        self, portfolios: Array, sampled: pd.DataFrame, amounts: Sequence[Amount], shares: Array, bar: Any
    ) -> float:
        """Return the expected gain of choosing when all is known.

        What the given portfolios gain costs nothing to compute and is averaged over all samples; what the
        best portfolio gains beyond them, over the first ones, each with the amounts at these `shares`.
        """
        values = np.tile(self.expected.to_numpy(), (len(sampled), 1))
        values[:, self.expected.index.get_indexer(sampled.columns)] = sampled.to_numpy()
        known = (values @ portfolios.T).max(axis=1)
        beyond = 0.0
        for value, least, drawn in zip(values, known, shares, strict=False):
            chosen = self._knowing(pd.Series(value, self.expected.index), amounts, drawn)
            if chosen.status in ("optimal", "feasible"):
                beyond += max(0.0, chosen.objective - least)
            bar.update()
        usual = values @ self.best.selected.to_numpy(dtype=float)
        return float((known - usual).mean() + beyond / len(shares))

    def _knowing(self, values: pd.Series, amounts: Sequence[Amount], shares: Array) -> Selection:
        costs, left = self.problem.costs.copy(), self.problem.available.copy()
        for amount, share in zip(amounts, shares, strict=True):
            if amount.is_missing:
                costs.loc[amount.project] = amount.needs(share)
            elif amount.project in costs.index:
                costs.loc[amount.project] -= amount.needs(1.0) - amount.needs(share)
            else:
                left += amount.needs(1.0) - amount.needs(share)
        allowed = [amount.project for amount in amounts if amount.is_missing]
        # rounding may leave a little less than nothing of several ranges
        return self.select(values, costs=costs.clip(lower=0.0), limits=left.clip(lower=0.0), allowed=allowed)
