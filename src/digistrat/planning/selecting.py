"""Solve the problem of a portfolio again: with other limits, with projects fixed in or out."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from digistrat.planning.knapsack import Selection, solve_knapsack
from digistrat.planning.records import PortfolioProblem

NODE_LIMIT = 20_000
GAP = 1e-6


def select(
    problem: PortfolioProblem,
    *,
    values: pd.Series | None = None,
    limits: pd.Series | None = None,
    inside: Iterable[str] = (),
    outside: Iterable[str] = (),
    known: Iterable[pd.Series] = (),
    node_limit: int = NODE_LIMIT,
    gap: float = GAP,
    tie_break: bool = False,
) -> Selection:
    """Choose as `select_portfolio` does.

    Parameters
    ----------
    problem : PortfolioProblem
    values, limits : Series, optional
        In place of the problem's own.
    inside, outside : iterable of str
        Also fixed in and out, stronger than what the problem says of these projects.
    known : iterable of Series of bool
        Selections that may be good ones to begin with.
    node_limit, gap, tie_break
        As in `solve_knapsack`.
    """
    put_in, left_out = set(inside), set(outside)
    return solve_knapsack(
        (problem.values if values is None else values).fillna(0.0),
        problem.costs,
        problem.limits if limits is None else limits,
        requires=problem.requires,
        excludes=problem.excludes,
        mandatory=[*(p for p in problem.mandatory if p not in left_out | put_in), *sorted(put_in)],
        forbidden=[*(p for p in problem.forbidden if p not in left_out | put_in), *sorted(left_out)],
        coverage={cover.id: (cover.members, cover.at_least) for cover in problem.coverage},
        synergies={(a, b): value for (a, b), value in problem.synergies.items()},
        node_limit=node_limit,
        gap=gap,
        tie_break=tie_break,
        known=known,
    )


def needed_with(problem: PortfolioProblem, project: str, chosen: pd.Series) -> tuple[str, ...]:
    """Return a project and what else would have to be chosen with it, as far as it is not chosen."""
    found = [project]
    for one in found:  # grows while it is gone through
        found += [b for a, b in problem.requires if a == one and not chosen[b] and b not in found]
    return tuple(found)


def worth(problem: PortfolioProblem, projects: Iterable[str], chosen: pd.Series) -> float:
    """Return what projects add to those that are chosen, synergies included."""
    added = set(projects)
    there = added | set(chosen.index[chosen])
    pairs = [value for pair, value in problem.synergies.items() if set(pair) <= there and set(pair) & added]
    return float(problem.values.reindex(list(added)).fillna(0.0).sum() + sum(pairs))
