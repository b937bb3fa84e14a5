"""Which costs are not certain, and what their projects may turn out to need."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from digistrat.inventory.record import Inventory
from digistrat.planning.money import remaining_costs, yearly_costs
from digistrat.planning.portfolio import needed_money
from digistrat.planning.records import LATER, ROLE, PortfolioProblem

Array = npt.NDArray[Any]

LEAST_OTHERS = 5  # so many known amounts of other projects make a distribution
STEP = 1e-6  # share of the answers by which the next search is past the place up to which a value holds
MOST_SEARCHES = 6
PRECISE = 0.02  # share of the mean that may be uncertain
CURABLE = {"assumed", "provisional"}  # doubts that keep no project out once all else is known
NO_COST = "no_cost"
UNCLEAR = "cost_unclear"


@dataclass(frozen=True, eq=False, slots=True)
class Amount:
    """A cost that one question would settle, and what its project needs by it.

    Attributes
    ----------
    project : str
    cells : tuple
        Labels of the rows of ``project_costs`` whose amount is asked for; none where there is no row.
    least, spread : array, by constraint
        The project needs ``least + place * spread``; where the amount is known as a range, ``least + spread``
        is what the choice is made by today.
    places : array, optional
        Equally likely places, 0–1, rising; by default any place is.
    """

    project: str
    cells: tuple[Hashable, ...]
    least: Array
    spread: Array
    places: Array | None = None

    @property
    def is_missing(self) -> bool:
        """Whether the project cannot be chosen before the question is answered."""
        return self.places is not None

    def needs(self, share: float) -> Array:
        """Return what the project needs where this share of the answers is lower."""
        if self.places is None:
            return self.least + share * self.spread
        number = min(int(share * len(self.places) + 1e-9), len(self.places) - 1)
        return np.asarray(self.least + self.places[number] * self.spread)

    def share_within(self, room: Array) -> float:
        """Return the share of the answers by which the project needs no more than there is.

        Examples
        --------
        >>> cost = Amount("p", (), np.array([30.0]), np.array([20.0]))
        >>> cost.share_within(np.array([40.0]))
        0.5
        """
        grows = self.spread > 0
        place = float(((room[grows] - self.least[grows]) / self.spread[grows]).min(initial=np.inf))
        if self.places is None:
            return min(1.0, max(0.0, place))
        return int((self.places <= place + 1e-12).sum()) / len(self.places)


def open_amounts(
    inventory: Inventory, problem: PortfolioProblem, asked: Collection[str] = ()
) -> list[Amount]:
    """Return the costs that are not certain and that the choice of projects depends on.

    A range is one question, of a candidate or of a running project. What a candidate's costs lack is one
    question for all its missing amounts: any one of them alone would not let it be chosen. A missing amount
    is taken to be as likely as any that other candidates report (of its kind and recurrence, where five do),
    all costs to be as likely as any candidate's total, spread over years and kinds as all candidates' costs
    together. Costs of a project that is fixed in and that lacks some are not asked about: they bound nothing.

    Parameters
    ----------
    inventory : Inventory
    problem : PortfolioProblem
        Of `select_portfolio`, by the upper ends of the costs.
    asked : collection of str
        Candidates that may be chosen though the problem leaves them out, as their ratings are asked for.
    """
    costs = inventory.project_costs.reset_index(drop=True)
    amount = costs["amount_eur"].astype(float)
    low, high = (costs[f"amount_eur_{end}"].astype(float).fillna(amount) for end in ("lower", "upper"))
    status = inventory.projects["status"]
    out = set(problem.forbidden).difference(asked)
    used = [*problem.values.index.difference(list(out)), *status.index[status == "existing"]]
    found: list[tuple[str, Array, Array, Array | None]] = [  # project, rows, amounts there, places
        (str(costs.at[row, "project_id"]), np.array([row]), low.to_numpy()[[row]], None)
        for row in np.flatnonzero((high > low) & costs["project_id"].isin(used))
    ]
    unclear = missing_amounts(inventory)
    for project in lacking_only(problem, UNCLEAR):
        rows = np.flatnonzero(unclear & (costs["project_id"] == project))
        kinds = costs.loc[rows, ["kind", "year"]]
        others = _others(costs.assign(amount=high), rows, problem) if len(rows) else np.empty(0)
        if len(others) >= LEAST_OTHERS and kinds.notna().all(axis=None):
            found.append((project, rows, np.full(len(rows), others[-1]), others / others[-1]))
    answers = _in_constraints(inventory, problem, high, found)
    return [*answers, *_without_costs(problem)]


def missing_amounts(inventory: Inventory) -> Array:
    """Return which rows of ``project_costs`` lack an amount that no other year's stands in for (bool)."""
    costs = inventory.project_costs.reset_index(drop=True)
    amount = costs["amount_eur"].astype(float)
    upper = costs["amount_eur_upper"].astype(float).fillna(amount)
    known = upper.notna().groupby([costs["project_id"], costs["kind"]]).transform("any").fillna(False)
    carried_on = costs["is_recurring"].fillna(False).astype(bool) & known.astype(bool)
    return np.asarray(upper.isna() & ~carried_on | costs[["kind", "year"]].isna().any(axis=1), dtype=bool)


def lacking_only(problem: PortfolioProblem, key: str) -> list[str]:
    """Return the candidates that only what one doubt asks about keeps out."""
    return [
        str(project)
        for project, why in problem.why_forbidden.items()
        if why == key and set(problem.doubts.get(project, ())) <= CURABLE | {key}
    ]


def _others(costs: pd.DataFrame, rows: Array, problem: PortfolioProblem) -> Array:
    """Return, rising, the amounts of other candidates that a missing one is like."""
    is_other = costs["project_id"].isin(problem.values.index)
    is_other &= (costs["amount"] > 0) & (costs["project_id"] != costs["project_id"].iloc[rows[0]])
    recurs = costs["is_recurring"].fillna(False).astype(bool)
    alike = (costs["kind"] == costs["kind"].iloc[rows[0]]) & (recurs == recurs.iloc[rows[0]])
    near = costs.loc[is_other & alike.fillna(False), "amount"]
    return np.sort((near if len(near) >= LEAST_OTHERS else costs.loc[is_other, "amount"]).to_numpy(float))


def _without_costs(problem: PortfolioProblem) -> list[Amount]:
    euros = problem.costs * _is_money(problem)
    known = euros.drop(index=[p for p, keys in problem.doubts.items() if {UNCLEAR, NO_COST} & {*keys}])
    totals = np.sort(known.sum(axis="columns").to_numpy())
    totals = totals[totals > 0]
    if len(totals) < LEAST_OTHERS:
        return []
    largest = known.sum().to_numpy() / totals.sum() * totals[-1]
    return [
        Amount(project, (), problem.costs.loc[project].to_numpy(), largest, totals / totals[-1])
        for project in lacking_only(problem, NO_COST)
    ]


def _is_money(problem: PortfolioProblem) -> Array:
    return np.array([not name.startswith(ROLE) for name in problem.limits.index], dtype=bool)


def _in_constraints(
    inventory: Inventory,
    problem: PortfolioProblem,
    high: pd.Series,
    found: Sequence[tuple[str, Array, Array, Array | None]],
) -> list[Amount]:
    """Return what amounts mean for the constraints; those that mean nothing for any are left out.

    Each is put in the costs of a copy of its project, and all copies go the way of all costs, so that
    what recurs is carried on and what was planned for earlier years is moved.
    """
    rows_of: Mapping[Any, Any] = inventory.project_costs.groupby("project_id").indices
    names, positions, amounts, projects = [], [], [], []
    for number, (project, rows, there, places) in enumerate(found):
        at = rows_of[project]
        for end in ("put", "other"):
            changed = high.to_numpy(copy=True)
            # a range is put at its lower end against today's upper one, a missing amount at most against 0
            changed[rows] = there if end == "put" else (changed[rows] if places is None else 0.0)
            names += [f"{number} {end}"] * len(at)
            positions += [at]
            amounts += [changed[at]]
            projects += [(f"{number} {end}", project)]
    if not found:
        return []
    costs = inventory.project_costs.iloc[np.concatenate(positions)].reset_index(drop=True)
    costs = costs.assign(
        project_id=pd.Series(names, dtype="str"),
        amount_eur=np.concatenate(amounts),
        amount_eur_lower=np.nan,
        amount_eur_upper=np.nan,
    )
    copies = pd.DataFrame(projects, columns=["copy", "project_id"]).set_index("copy")
    phases = copies.reset_index().merge(inventory.phases, on="project_id").drop(columns="project_id")
    tried = inventory.replace(
        project_costs=costs,
        projects=inventory.projects.loc[copies["project_id"]].set_axis(copies.index),
        phases=phases.rename(columns={"copy": "project_id"}),
    )
    money = remaining_costs(tried, yearly_costs(tried), inventory.strategy.planning.start_date)
    euros = list(problem.limits.index[_is_money(problem)])
    needed = needed_money(money, copies.index, euros).reindex(columns=problem.limits.index, fill_value=0.0)
    # what running projects cost once after the last budget year is deducted nowhere
    late = np.array([name.startswith(LATER) for name in problem.limits.index], dtype=bool)
    labels = inventory.project_costs.index
    answers = []
    for number, (project, rows, _, places) in enumerate(found):
        put, other = (needed.loc[f"{number} {end}"].to_numpy(dtype=float) for end in ("put", "other"))
        least, spread = (put, other - put) if places is None else (other, put - other)
        if project in problem.costs.index:
            least = least + problem.costs.loc[project].to_numpy() * ~_is_money(problem)
        else:
            least, spread = least * ~late, spread * ~late
        if (spread > 0).any():
            answers.append(Amount(project, tuple(labels[rows]), least, spread, places))
    return answers


class _Gap(NamedTuple):
    """Between two searches: the value lies between those on its sides."""

    begin: float
    end: float
    before: float
    behind: float
    in_middle: bool = False

    @property
    def doubt(self) -> float:
        return (self.end - self.begin) * (self.before - self.behind)


def mean_of_steps(search: Callable[[float], tuple[float, float]]) -> float:
    """Return the mean of a value that falls in steps from 0 to 1 and is never negative, by few searches.

    The widest gap between two searches is searched right behind the first, then in its middle; so a few steps
    are found exactly and many are enclosed. What stays open counts half.

    Parameters
    ----------
    search : function
        Of a place: the value there, and the place up to which it surely holds.

    Examples
    --------
    >>> mean_of_steps(lambda at: (40.0, 0.25) if at <= 0.25 else (20.0, 0.5) if at <= 0.5 else (0.0, 1.0))
    15.0
    """
    value, reach = search(0.0)
    known, gaps = reach * value, [_Gap(reach, 1.0, value, 0.0)]
    for _ in range(MOST_SEARCHES):
        least = known + sum((gap.end - gap.begin) * gap.behind for gap in gaps)
        if sum(gap.doubt for gap in gaps) / 2 <= PRECISE * least:
            break
        gap = max(gaps, key=lambda gap: gap.doubt)
        gaps.remove(gap)
        at = (gap.begin + gap.end) / 2 if gap.in_middle else min(gap.begin + STEP, gap.end)
        value, reach = search(at)
        value = min(max(value, gap.behind), gap.before)
        reach = min(gap.end, max(at, reach)) if value > gap.behind else gap.end
        known += (reach - at) * value
        if gap.in_middle:
            gaps += [_Gap(gap.begin, at, gap.before, value), _Gap(reach, gap.end, value, gap.behind)]
        else:
            known += (at - gap.begin) * value
            gaps.append(_Gap(reach, gap.end, value, gap.behind, in_middle=True))
    return float(known + sum((gap.end - gap.begin) * (gap.before + gap.behind) / 2 for gap in gaps))
