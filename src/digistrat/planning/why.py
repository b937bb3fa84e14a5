"""Why a project is not chosen: what is better, what it lacks, and what its choice would cost."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any, cast

import numpy as np
import pandas as pd

from digistrat.planning.reasons import AGAINST
from digistrat.planning.records import ROLE, Portfolio, PortfolioProblem
from digistrat.planning.selecting import GAP, NODE_LIMIT, needed_with, select, worth
from digistrat.texts import format_number, text

KINDS = (
    "forbidden",
    "not_known",
    "excluded",
    "needs",
    "dominated",
    "displaced",
    "lacks",
    "no_value",
    "not_proven",
    "not_planned",
)
_KIND_OF = {
    "by_hand": "forbidden",
    "excluded": "excluded",
    "needs_discontinued": "needs",
    "needs_unknown": "needs",
}


def reasons_against(problem: PortfolioProblem, chosen: pd.Series) -> pd.DataFrame:
    """Say of every project that is left out what stands against it, from sums alone.

    Parameters
    ----------
    problem : PortfolioProblem
    chosen : Series of bool
        By candidate.

    Returns
    -------
    DataFrame
        As `Portfolio.why_not`.
    """
    slack = problem.available - problem.costs[chosen].sum()
    free = _exchangeable(problem, chosen)
    rows = [_against(problem, project, chosen, slack, free) for project in chosen.index[~chosen]]
    table = pd.DataFrame(rows, index=chosen.index[~chosen], columns=list(AGAINST))
    return table.astype({"kind": "str", "other_ids": object, "missing": object})


def _exchangeable(problem: PortfolioProblem, chosen: pd.Series) -> list[str]:
    """Chosen projects that could go without anything else changing, the least valuable first."""
    tied = {p for pair in (*problem.requires, *problem.excludes, *problem.synergies) for p in pair}
    for cover in problem.coverage:
        if int(chosen.reindex(list(cover.members)).sum()) <= cover.at_least:
            tied |= set(cover.members)
    value = problem.values[chosen].fillna(0.0).sort_values(kind="stable")
    return [p for p in value.index if p not in tied and p not in problem.mandatory]


def _against(
    problem: PortfolioProblem, project: str, chosen: pd.Series, slack: pd.Series, free: list[str]
) -> tuple[str, tuple[str, ...], dict[str, float]]:
    """Kind, other projects, and by constraint what is missing."""
    if project in problem.why_forbidden:
        other = problem.because_of.get(project)
        return _KIND_OF.get(problem.why_forbidden[project], "not_known"), (other,) if other else (), {}
    needed = needed_with(problem, project, chosen)
    barred = tuple(p for p in needed[1:] if p in problem.why_forbidden)
    if barred:
        return "needs", barred, {}
    rivals = [b if a in needed else a for a, b in problem.excludes if {a, b} & set(needed)]
    rivals = [rival for rival in rivals if chosen[rival] or rival in needed]
    if rivals:
        return "excluded", tuple(dict.fromkeys(rivals)), {}
    costs = problem.costs.loc[list(needed)].sum()
    missing = _missing(costs, slack)
    if len(needed) > 1:
        return "needs", needed[1:], missing
    gain = worth(problem, needed, chosen)
    if problem.is_planned:
        return "not_planned", (), {}
    if not missing:
        return "not_proven" if gain > 0 else "no_value", (), {}
    has_links = any(project in pair for pair in problem.synergies)
    others, own = problem.costs.loc[free].to_numpy(dtype=float), costs.to_numpy(dtype=float)
    values = problem.values[free].fillna(0.0).to_numpy(dtype=float)
    better = (others <= own).all(axis=1) & (values >= gain)
    if better.any() and not has_links:
        return "dominated", tuple(np.array(free, dtype=object)[better][::-1]), missing
    gaps = pd.Series(missing).reindex(problem.costs.columns).fillna(0.0).to_numpy(dtype=float)
    instead = (others >= gaps).all(axis=1) & (values >= gain)
    if instead.any():
        return "displaced", tuple(np.array(free, dtype=object)[instead]), missing
    return "lacks", (), missing


def _missing(costs: pd.Series, slack: pd.Series) -> dict[str, float]:
    """By constraint, what there has to be more, in whole cents and hundredths of days: so much suffices."""
    more = ((costs - slack)[costs > 0]).to_dict()
    tiny = 1e-9 * costs.abs().clip(lower=1.0)
    return {
        str(name): math.ceil(amount * 100 - 1e-6) / 100
        for name, amount in more.items()
        if amount > tiny.to_dict()[name]
    }


@dataclass(frozen=True, eq=False)
class Rejection:
    """What choosing a rejected project would cost: the best portfolio with it beside the best one.

    Attributes
    ----------
    project : str
    status : {"optimal", "feasible", "infeasible", "limit"}
        Of the search with the project fixed in; ``infeasible``: no portfolio has it.
    loss : float
        How much less the best portfolio with it is worth (proven where optimal); missing without one.
    loss_at_least : float
        What is lost at least, by the bounds of both searches.
    leaving, entering : tuple of str
        What goes, and what comes beside the project, when it is fixed in.
    missing : mapping
        Constraint → how much more of all of them would let it join this portfolio.
    text : str
        All that in words.
    """

    project: str
    status: str
    loss: float
    loss_at_least: float
    leaving: tuple[str, ...]
    entering: tuple[str, ...]
    missing: dict[str, float]
    text: str = ""

    def __str__(self) -> str:
        return self.text


def explain_rejection(
    portfolio: Portfolio, project: str, *, node_limit: int = NODE_LIMIT, gap: float = GAP
) -> Rejection:
    """Prove that a project is rightly left out: choose again with it fixed in, and compare.

    A project that is out because its impact or its costs are not known counts with what is known of it.

    Parameters
    ----------
    portfolio : Portfolio
        From `select_portfolio`, with a selection.
    project : str
        A candidate that is not chosen.
    node_limit, gap
        As in `select_portfolio`.

    Raises
    ------
    ValueError
        If there is no selection, or the project is not one that was left out.
    """
    if project not in portfolio.why_not.index:
        raise ValueError(
            f"project must be one of the {len(portfolio.why_not)} that are left out, not {project!r}"
        )
    problem, chosen = portfolio.problem, portfolio.table["selected"].astype(bool)
    if problem.is_planned:
        raise ValueError("portfolio must be one of select_portfolio, not that of a plan")
    inside = list(needed_with(problem, project, chosen))
    begin = chosen.copy()
    begin[inside] = True
    found = select(problem, inside=inside, known=[begin], node_limit=node_limit, gap=gap)
    missing: dict[str, float] = dict(cast(Any, portfolio.why_not.at[project, "missing"]))
    has_one = found.status in ("optimal", "feasible")
    after = found.selected if has_one else chosen
    leaving, entering = after.index[chosen & ~after], after.index[after & ~chosen].difference([project])
    rejection = Rejection(
        project=project,
        status=found.status,
        loss=portfolio.objective - found.objective,
        loss_at_least=max(0.0, portfolio.objective - found.bound),
        leaving=tuple(map(str, leaving)),
        entering=tuple(map(str, entering)),
        missing=missing,
    )
    return replace(rejection, text=_in_words(portfolio, rejection))


def _in_words(portfolio: Portfolio, found: Rejection) -> str:
    language, titles = portfolio.problem.language, portfolio.inventory.projects["title"]

    def named(projects: tuple[str, ...]) -> str:
        return ", ".join(f"{p} {titles[p]}" for p in projects) or text("rejection.nobody", language)

    own = str(portfolio.table.at[found.project, "reason"])
    is_open = "_open" if found.status == "feasible" else ""
    key = found.status if found.status in ("infeasible", "limit") else f"exchange{is_open}"
    said = text(
        f"rejection.{key}",
        language,
        project=named((found.project,)),
        leaving=named(found.leaving),
        entering=named(found.entering),
        loss=format_number(found.loss, language, 1),
        least=format_number(found.loss_at_least, language, 1),
    )
    return f"{own} {said}"


def unit_of(constraint: str) -> str:
    """Return what a constraint counts: ``eur``, ``days`` or ``projects``."""
    if constraint.startswith("coverage "):
        return "projects"
    return "days" if constraint.startswith(ROLE) else "eur"
