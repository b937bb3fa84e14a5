"""What money buys: the best portfolio at every budget, and what each chosen project is worth to it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from tqdm.auto import tqdm

from digistrat.inventory.record import Inventory
from digistrat.planning.knapsack import Selection
from digistrat.planning.records import LATER, ROLE, Portfolio, PortfolioProblem
from digistrat.planning.selecting import GAP, NODE_LIMIT, needed_with, select, worth

_STEPS = (0.5, 1.5)  # shares of the available money that the frontier spans by itself
_TINY = 1e-9


def replacement_costs(
    portfolio: Portfolio,
    projects: Iterable[str] | None = None,
    *,
    node_limit: int = NODE_LIMIT,
    gap: float = GAP,
) -> pd.DataFrame:
    """Tell what the best portfolio loses without a project: how much of its value nothing else can replace.

    The optimum without the project lies between the optimum less what the project adds and the optimum
    itself; every portfolio found for another project that lacks this one narrows that (Cocks & Baird 1989,
    Biological Conservation 49:113–128, for sites of reserves).

    Parameters
    ----------
    portfolio : Portfolio
        From `select_portfolio`, with a selection.
    projects : iterable of str, optional
        Chosen projects; those without a duty by default. Without a project that is fixed in, the loss may be
        negative: the duty costs that much.
    node_limit, gap
        As in `select_portfolio`.

    Returns
    -------
    DataFrame
        By project: ``value``, ``replacement_cost`` (points; missing where there is no portfolio without it),
        ``at_least`` (proven, by the bounds), ``replaced_by`` (tuple of projects that come),
        ``leaves_with`` (tuple of others that go), ``status``.

    Raises
    ------
    ValueError
        If there is no selection, or a project is not chosen.
    """
    problem, chosen = portfolio.problem, _chosen(portfolio)
    free = [p for p in chosen.index[chosen] if p not in problem.mandatory]
    asked = free if projects is None else list(projects)
    for project in asked:
        if project not in chosen.index[chosen]:
            raise ValueError(f"projects must name chosen projects, not {project!r}")
    found: list[pd.Series] = []
    rows = []
    for project in tqdm(asked, desc="replacement costs", disable=None):
        begin = [*(one for one in found if not one[project]), _without(problem, chosen, project)]
        answer = select(problem, outside=[project], known=begin, node_limit=node_limit, gap=gap)
        has_one = answer.status in ("optimal", "feasible")
        after = answer.selected if has_one else chosen
        if has_one:
            found.append(after)
        rows.append(
            (
                float(problem.values[project]),
                portfolio.objective - answer.objective,
                portfolio.objective - answer.bound if has_one else math.nan,
                tuple(map(str, after.index[after & ~chosen])),
                tuple(map(str, after.index[chosen & ~after].difference([project]))),
                answer.status,
            )
        )
    columns = ["value", "replacement_cost", "at_least", "replaced_by", "leaves_with", "status"]
    return pd.DataFrame(rows, index=pd.Index(asked, name="project_id"), columns=columns)


def _chosen(portfolio: Portfolio) -> pd.Series:
    if portfolio.status not in ("optimal", "feasible") or portfolio.problem.is_planned:
        raise ValueError(
            f"portfolio must be a selection of select_portfolio, not one of status {portfolio.status!r}"
        )
    return portfolio.table["selected"].astype(bool)


def _without(problem: PortfolioProblem, chosen: pd.Series, project: str) -> pd.Series:
    """The choice without a project and all that needs it."""
    left = chosen.copy()
    gone = [project]
    for one in gone:  # grows while it is gone through
        gone += [a for a, b in problem.requires if b == one and left[a] and a not in gone]
    left[gone] = False
    return left


@dataclass(frozen=True, eq=False)
class Frontier:
    """The best value at every budget, beside simpler lists.

    Attributes
    ----------
    steps : DataFrame
        By step, rising: ``share`` (of today's available money), ``money_eur`` (all years and kinds),
        ``used_eur``, ``value``, ``bound``, ``status``, ``is_exact``, ``n_chosen``, ``ratio_value`` (what the
        ranking by value for money reaches with the same money; missing where the duties do not fit).
    entry : DataFrame
        Projects × steps (numbered): whether the project is chosen.
    lists : DataFrame
        By name of a list (``ratio``: the ranking by value for money; ``today``): ``value``, ``share`` and
        ``money_eur`` in which it fits (missing where no money suffices), ``best_value`` with that money,
        ``value_lost``, ``money_enough`` (of the first step that is worth as much), ``money_lost``,
        ``n_projects``.
    inventory : Inventory
    problem : PortfolioProblem
    """

    steps: pd.DataFrame
    entry: pd.DataFrame
    lists: pd.DataFrame
    inventory: Inventory
    problem: PortfolioProblem

    def __str__(self) -> str:
        known = self.steps[self.steps["value"].notna()]
        if known.empty:
            return f"Frontier of {len(self.steps)} budgets: none suffices for what is fixed in"
        first, last = known.iloc[0], known.iloc[-1]
        exact = int(self.steps["is_exact"].sum())
        return (
            f"Frontier of {len(self.steps)} budgets, {exact} exact: value {first['value']:.1f} with "
            f"{first['share']:.0%} of the money, {last['value']:.1f} with {last['share']:.0%}"
        )

    def __repr__(self) -> str:
        return f"<{self}>"


def efficient_frontier(
    portfolio: Portfolio,
    *,
    n_steps: int = 21,
    budgets: Sequence[float] | None = None,
    today: Iterable[str] | None = None,
    node_limit: int = NODE_LIMIT,
    gap: float = GAP,
) -> Frontier:
    """Find the best value at every budget, each step solved exactly.

    What is available to candidates is raised and lowered in all years and kinds by the same share; staff,
    duties and links stay. A step begins with the portfolio of the step before, which still fits.

    Parameters
    ----------
    portfolio : Portfolio
        From `select_portfolio`, with limits of money.
    n_steps : int
        So many equal steps from half to one and a half times the available money.
    budgets : sequence of float, optional
        Instead: available money in euros, all years and kinds together.
    today : iterable of str, optional
        The list to compare with; by default the candidates that are fixed in or in preparation today.
    node_limit, gap
        As in `select_portfolio`.

    Raises
    ------
    ValueError
        If money limits nothing, or steps, budgets or a project of the list make no sense.
    """
    problem = portfolio.problem
    chosen = _chosen(portfolio)
    total = _money(problem).sum()
    if not total > 0:
        raise ValueError("portfolio must have money to spend, but its limits of money are none or zero")
    shares = _shares(n_steps, budgets, float(total))
    listed = _listed(portfolio, today)
    known, rows, entry = [chosen], [], {}
    for step, share in enumerate(tqdm(shares, desc="frontier", disable=None)):
        limits = _limits(problem, share)
        found = select(problem, limits=limits, known=known, node_limit=node_limit, gap=gap)
        if found.status in ("optimal", "feasible"):
            known = [chosen, found.selected]
            entry[step] = found.selected
        rows.append(_step(problem, share, float(total), found, limits))
    steps = pd.DataFrame(rows).rename_axis("step")
    ranked = ratio_ranking(problem)
    lists = {
        name: _distance(problem, projects, steps, float(total), known, node_limit, gap)
        for name, projects in (("ratio", ranked), ("today", listed))
        if projects is not None
    }
    table = pd.DataFrame.from_dict(lists, orient="index").rename_axis("list")
    nobody = pd.Series(False, chosen.index)
    return Frontier(
        steps=steps,
        entry=pd.DataFrame({step: entry.get(step, nobody) for step in steps.index}, index=chosen.index),
        lists=table.astype({"n_projects": "int64"}),
        inventory=portfolio.inventory,
        problem=problem,
    )


def _shares(n_steps: int, budgets: Sequence[float] | None, total: float) -> list[float]:
    if budgets is None:
        if n_steps < 2:
            raise ValueError(f"n_steps must be at least 2, not {n_steps}")
        return [float(share) for share in np.linspace(*_STEPS, n_steps)]
    amounts = [float(amount) for amount in budgets]
    if not amounts or not all(math.isfinite(a) and a >= 0 for a in amounts):
        raise ValueError(f"budgets must be amounts in euros, none below zero, not {amounts}")
    return sorted(amount / total for amount in set(amounts))


def _money(problem: PortfolioProblem) -> pd.Series:
    names = [n for n in problem.limits.index if not n.startswith((ROLE, LATER))]
    return problem.limits[names]


def _limits(problem: PortfolioProblem, share: float) -> pd.Series:
    limits = problem.limits.copy()
    money = _money(problem)
    limits[money.index] = money * share
    return limits


def _step(
    problem: PortfolioProblem, share: float, total: float, found: Selection, limits: pd.Series
) -> dict[str, Any]:
    has_one = found.status in ("optimal", "feasible")
    money = _money(problem).index
    ranked = ratio_ranking(problem, limits=limits)
    return {
        "share": share,
        "money_eur": share * total,
        "used_eur": float(problem.costs.loc[found.selected, money].sum().sum()) if has_one else math.nan,
        "value": found.objective,
        "bound": found.bound,
        "status": found.status,
        "is_exact": found.status in ("optimal", "infeasible"),
        "n_chosen": int(found.selected.sum()),
        "ratio_value": math.nan if ranked is None else _value(problem, ranked),
    }


def ratio_ranking(problem: PortfolioProblem, *, limits: pd.Series | None = None) -> pd.Series | None:
    """Choose as lists usually are made: what is fixed in, then by value for money as long as it fits.

    Parameters
    ----------
    problem : PortfolioProblem
    limits : Series, optional
        In place of the problem's own.

    Returns
    -------
    Series of bool, or None
        By candidate; None where what is fixed in does not fit. What another project needs comes along with
        it; coverage and synergies play no part in the order.
    """
    there = problem.limits if limits is None else limits
    money = _money(problem).index
    chosen = pd.Series(problem.values.index.isin(problem.mandatory), problem.values.index)
    used = problem.costs[chosen].sum()
    if (used > there + _TINY * there.abs().clip(lower=1.0)).any():
        return None
    cost = problem.costs[money].sum(axis="columns")
    ratio = (problem.values.fillna(0.0) / cost.where(cost > 0)).fillna(math.inf)
    out = set(problem.forbidden)
    for project in ratio.sort_values(ascending=False, kind="stable").index:
        bundle = needed_with(problem, project, chosen)
        rivals = [p for pair in problem.excludes for p in pair if set(pair) & set(bundle)]
        blocked = any(p in out for p in bundle) or any(chosen[p] for p in rivals if p not in bundle)
        if chosen[project] or blocked or not problem.values[project] > 0:
            continue
        needs = problem.costs.loc[list(bundle)].sum()
        if (used + needs <= there + _TINY * there.abs().clip(lower=1.0)).all():
            chosen[list(bundle)] = True
            used = used + needs
    return chosen


def _value(problem: PortfolioProblem, chosen: pd.Series) -> float:
    return worth(problem, chosen.index[chosen], pd.Series(False, chosen.index))


def _listed(portfolio: Portfolio, today: Iterable[str] | None) -> pd.Series:
    candidates = portfolio.problem.values.index
    if today is None:
        status = portfolio.inventory.projects["status"].reindex(candidates)
        under_way = (status == "in_preparation").fillna(False).to_numpy(dtype=bool)
        return pd.Series(under_way | candidates.isin(portfolio.problem.mandatory), candidates)
    asked = list(today)
    for project in asked:
        if project not in candidates:
            raise ValueError(f"today must name possible projects or ones in preparation, not {project!r}")
    return pd.Series(candidates.isin(asked), candidates)


def _distance(
    problem: PortfolioProblem,
    listed: pd.Series,
    steps: pd.DataFrame,
    total: float,
    known: Sequence[pd.Series],
    node_limit: int,
    gap: float,
) -> dict[str, Any]:
    """How far a list is from the frontier: in value with its money, in money with its value."""
    needs = problem.costs[listed].sum()
    money = _money(problem)
    fixed = problem.limits.drop(money.index)
    value = _value(problem, listed)
    used = needs[money.index]
    fits = not (needs[fixed.index] > fixed + _TINY * fixed.clip(lower=1.0)).any()
    fits = fits and not (used[money <= 0] > _TINY).any()
    share = float((used[money > 0] / money[money > 0]).max()) if fits else math.nan
    best = math.nan
    if fits:
        # a hair more than the list's own money, so that what binary fractions cost does not exclude the list
        limits = _limits(problem, share * (1 + 1e-12))
        found = select(problem, limits=limits, known=[listed, *known], node_limit=node_limit, gap=gap)
        best = found.objective
    enough = steps.loc[steps["value"] >= value - _TINY * max(1.0, value), "money_eur"].min()
    return {
        "value": value,
        "share": share,
        "money_eur": share * total,
        "best_value": best,
        "value_lost": max(0.0, best - value) if fits else math.nan,
        "money_enough": float(enough),
        "money_lost": max(0.0, share * total - float(enough)) if fits else math.nan,
        "n_projects": int(listed.sum()),
    }
