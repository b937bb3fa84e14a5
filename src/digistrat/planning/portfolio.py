"""What to do: the projects of highest impact that fit into money and staff, chosen exactly."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import partial
from typing import Literal

import pandas as pd

from digistrat.inventory.record import Inventory
from digistrat.planning.audit import require_sound, verify_portfolio
from digistrat.planning.candidates import coverage_of, doubts_of, hints_of, reported_links, synergies_of
from digistrat.planning.knapsack import Selection
from digistrat.planning.money import (
    COST_ENDS,
    KINDS,
    available_budgets,
    remaining_costs,
    unclear_costs,
    yearly_costs,
)
from digistrat.planning.posts import running_fte, staffed_fte
from digistrat.planning.reasons import selection_conflicts, selection_reason
from digistrat.planning.records import LATER, ROLE, Portfolio, PortfolioProblem, constraint_name
from digistrat.planning.selecting import GAP, NODE_LIMIT, select
from digistrat.planning.why import reasons_against, unit_of
from digistrat.planning.work import effort_by_role, planning_months
from digistrat.scoring.composite import Scores

CANDIDATES = ("possible", "in_preparation")
MANDATES = ("legal", "operational", "political")


def select_portfolio(
    inventory: Inventory,
    impact: Scores,
    *,
    budgets: pd.DataFrame | None = None,
    cost: Literal["upper", "value", "lower"] = "upper",
    mandatory: Iterable[str] = (),
    forbidden: Iterable[str] = (),
    coverage: Mapping[str, int] | None = None,
    synergies: pd.DataFrame | None = None,
    node_limit: int = NODE_LIMIT,
    gap: float = GAP,
) -> Portfolio:
    """Choose the projects of highest total impact that fit into every year's money and the staff.

    Candidates are possible projects and those in preparation. What running projects cost is deducted from
    the budgets first, and their reported work from the posts. Projects with a mandate are fixed in, and what
    they need; a project that waits for or needs another one is chosen only with it. A candidate without an
    impact score, without any cost or with an illegible one is not chosen unless it is fixed in, and then its
    reason says so: what is missing counts neither as zero value nor as zero cost. Costs count in the years
    for which offices report them, from the planning start to the last year that has a budget; up to then a
    kind without a budget has no money, and for one-off costs of later years there is none either. What is
    reported and plays no part (a synergy without a value, a grant that is not approved, the need of a project
    that nobody has reported) stands in the reason.

    Parameters
    ----------
    inventory : Inventory
        Projects, costs by year, positions, dependencies.
    impact : Scores
        Its ``score`` is the value.
    budgets : DataFrame, optional
        ``year``, ``kind``, ``amount_eur``; the strategy's by default. Without any row money limits nothing.
    cost : {"upper", "value", "lower"}
        Which end of a reported range counts.
    mandatory, forbidden : iterable of project ids
        Fixed in and out by hand, beyond the mandates.
    coverage : mapping, optional
        Field of action or goal → so many of its projects are chosen at least; the strategy's by default.
    synergies : DataFrame, optional
        ``project_id``, ``other_id``, ``value``: impact points that count only when both are chosen.
    node_limit : int
        Limit of the search; repeatable, unlike time.
    gap : float
        Relative gap at which the search may stop.

    Returns
    -------
    Portfolio
        Solved exactly by branch and cut, with its proven bound, and checked by `verify_portfolio`.

    Raises
    ------
    ValueError
        If a parameter is not as described.
    """
    problem, money, years = _checked_problem(
        inventory, impact, budgets, cost, mandatory, forbidden, coverage, synergies
    )
    remake = partial(
        select_portfolio,
        impact=impact,
        coverage=coverage,
        synergies=synergies,
        node_limit=node_limit,
        gap=gap,
    )
    if problem.values.empty and not problem.coverage:  # nothing to choose from: nothing is the best choice
        nothing = pd.Series(False, problem.values.index, dtype=bool)
        selection = Selection(nothing, 0.0, 0.0, 0.0, "optimal", problem.limits)
        return replace(_portfolio(inventory, impact, problem, money, years, selection), remake=remake)
    selection = select(problem, node_limit=node_limit, gap=gap, tie_break=True)
    portfolio = replace(_portfolio(inventory, impact, problem, money, years, selection), remake=remake)
    require_sound(verify_portfolio(portfolio), "portfolio")
    return portfolio


def _checked_problem(
    inventory: Inventory,
    impact: Scores,
    budgets: pd.DataFrame | None,
    cost: Literal["upper", "value", "lower"],
    mandatory: Iterable[str],
    forbidden: Iterable[str],
    coverage: Mapping[str, int] | None,
    synergies: pd.DataFrame | None,
) -> tuple[PortfolioProblem, pd.DataFrame, pd.DataFrame]:
    if cost not in COST_ENDS:
        raise ValueError(f"cost must be one of {COST_ENDS}, not {cost!r}")
    if impact.unit not in ("", "project"):
        raise ValueError(f"impact must score projects, not {impact.unit}s")
    given = inventory.budgets if budgets is None else budgets
    return _problem(inventory, impact, given, cost, tuple(mandatory), tuple(forbidden), coverage, synergies)


def _problem(
    inventory: Inventory,
    impact: Scores,
    budgets: pd.DataFrame,
    cost: Literal["upper", "value", "lower"],
    mandatory: tuple[str, ...],
    forbidden: tuple[str, ...],
    coverage: Mapping[str, int] | None,
    synergies: pd.DataFrame | None,
) -> tuple[PortfolioProblem, pd.DataFrame, pd.DataFrame]:
    """The problem, the costs by year and the budgets after running projects."""
    strategy, projects = inventory.strategy, inventory.projects
    candidates = projects.index[projects["status"].isin(CANDIDATES)]
    for name, given in (("mandatory", mandatory), ("forbidden", forbidden)):
        unknown = [project for project in given if project not in candidates]
        if unknown:
            raise ValueError(f"{name} must name possible projects or ones in preparation, not {unknown[0]!r}")
    both = [project for project in mandatory if project in forbidden]
    if both:
        raise ValueError(f"mandatory and forbidden must not both name a project, but do {both[0]!r}")
    money = yearly_costs(inventory, cost=cost)
    values = impact.table["score"].reindex(candidates).astype(float).rename("value")
    priced = inventory.project_costs["project_id"].dropna().unique()
    years = available_budgets(inventory, money, budgets=budgets)
    later = [f"{LATER}{kind}" for kind in KINDS] if len(years) else []
    names = [*(f"{row.year} {row.kind}" for row in years.itertuples()), *later]
    remaining = remaining_costs(inventory, money, strategy.planning.start_date)
    euros = needed_money(remaining, candidates, names)
    effort = effort_by_role(inventory, candidates)
    euros_left = [*years["available_eur"].astype(float), *(0.0 for _ in later)]
    available = pd.concat(
        [
            pd.Series(euros_left, names, dtype=float),
            free_days(inventory).reindex(effort.columns).fillna(0.0).rename(lambda role: f"{ROLE}{role}"),
        ]
    )
    links = reported_links(inventory, candidates)
    pairs = synergies_of(synergies, candidates)
    has_mandate = projects["mandate"].reindex(candidates).isin(MANDATES)
    fixed = [p for p in dict.fromkeys([*candidates[has_mandate], *mandatory]) if p not in forbidden]
    needed_by: dict[str, str] = {}
    for project in fixed:  # grows while it is gone through
        for one, other in links.requires:
            if one == project and other not in fixed and other not in forbidden:
                needed_by[other] = project
                fixed.append(other)
    why = {**links.why_not, **dict.fromkeys(forbidden, "by_hand")}
    doubts = doubts_of(inventory, impact, values, money, years)
    for project, (first, *_) in doubts.items():
        if first not in ("assumed", "provisional"):
            why.setdefault(project, first)
    problem = PortfolioProblem(
        values=values,
        costs=pd.concat([euros, effort.rename(columns=lambda role: f"{ROLE}{role}")], axis="columns"),
        limits=available.clip(lower=0.0),
        available=available,
        requires=links.requires,
        excludes=links.excludes,
        mandatory=tuple(fixed),
        forbidden=tuple(project for project in why if project not in fixed),
        why_forbidden={project: key for project, key in why.items() if project not in fixed},
        by_hand=tuple(project for project in mandatory if not has_mandate[project]),
        because_of=links.because_of,
        needed_by=needed_by,
        doubts={
            project: (
                *doubts.get(project, ()),
                *([links.why_not[project]] if project in links.why_not else []),
            )
            for project in dict.fromkeys([*doubts, *links.why_not])
        },
        role_names={role.id: role.name for role in strategy.roles},
        language=strategy.language,
        cost=cost,
        budgets=budgets,
        n_running_without_costs=int((~projects.index[projects["status"] == "existing"].isin(priced)).sum()),
        coverage=coverage_of(inventory, coverage, candidates),
        synergies=pairs,
        hints=hints_of(inventory, candidates, pairs),
    )
    return problem, money, years


def needed_money(money: pd.DataFrame, candidates: pd.Index, names: list[str]) -> pd.DataFrame:
    """Return what projects need, candidates × constraints of money, euros, from `remaining_costs`.

    One-off costs after the last year named count as ``"later investive"``; what runs on then is not counted.
    """
    last = max((int(name.split()[0]) for name in names if not name.startswith(LATER)), default=0)
    is_late = (money["year"] > last) & ~money["is_recurring"]
    rows = money["year"].astype("str").mask(is_late, LATER.strip()) + " " + money["kind"].astype("str")
    table = money.groupby(["project_id", rows.rename("row")])["amount_eur"].sum().unstack("row")
    return table.reindex(index=candidates, columns=names).fillna(0.0).astype(float)


def free_days(inventory: Inventory) -> pd.Series:
    """Return the person-days by role that posts have over the planning horizon, after running projects.

    A month in which running projects take more than there is leaves nothing, and takes nothing from others.
    """
    months = planning_months(inventory.strategy)
    fte = (staffed_fte(inventory, months=months) - running_fte(inventory, months=months)).clip(lower=0.0)
    return (fte * inventory.strategy.planning.days_per_fte_month).sum()


def _portfolio(
    inventory: Inventory,
    impact: Scores,
    problem: PortfolioProblem,
    money: pd.DataFrame,
    years: pd.DataFrame,
    selection: Selection,
) -> Portfolio:
    chosen = selection.selected.astype(bool).reindex(problem.values.index)
    found = selection.status in ("optimal", "feasible")
    used = problem.costs[chosen].sum()
    why_not = reasons_against(problem, chosen if found else chosen | True)
    left_out = problem.costs[~chosen & ~chosen.index.isin(problem.forbidden)]
    cheapest = left_out.where(left_out > 0).min()
    binding = (
        tuple(n for n in problem.limits.index if problem.limits[n] - used[n] < cheapest[n]) if found else ()
    )
    projects = inventory.projects.reindex(problem.values.index)
    ours = money[money["project_id"].isin(problem.values.index)]
    once = ours[~ours["is_recurring"]].groupby("project_id")["amount_eur"].sum()
    yearly = ours[ours["is_recurring"]].groupby(["project_id", "year"])["amount_eur"].sum()
    table = projects[["title", "office_id", "field_id"]].assign(
        selected=chosen,
        mandate=projects["mandate"].fillna("none"),
        reason=pd.Series(
            [selection_reason(problem, p, chosen if found else None, why_not) for p in chosen.index],
            chosen.index,
            dtype="str",
        ),
        # what is partly illegible is no sum
        cost_eur=once.reindex(chosen.index.difference(unclear_costs(inventory))).reindex(chosen.index),
        cost_yearly_eur=yearly.groupby("project_id").max().reindex(chosen.index),
        value=problem.values,
        rank=impact.table["rank"].reindex(chosen.index),
    )
    names = [f"{row.year} {row.kind}" for row in years.itertuples()]
    return Portfolio(
        table=table,
        budgets=years.assign(used_eur=used.reindex(names).to_numpy(dtype=float)),
        constraints=_constraints(problem, chosen),
        why_not=why_not,
        objective=selection.objective,
        bound=selection.bound,
        gap=selection.gap,
        status=selection.status,
        binding=binding,
        conflicts=selection_conflicts(inventory, problem, selection.conflicts),
        inventory=inventory,
        problem=problem,
    )


def portfolio_problem(
    inventory: Inventory,
    impact: Scores,
    *,
    budgets: pd.DataFrame | None = None,
    cost: Literal["upper", "value", "lower"] = "upper",
    mandatory: Iterable[str] = (),
    forbidden: Iterable[str] = (),
    coverage: Mapping[str, int] | None = None,
    synergies: pd.DataFrame | None = None,
) -> PortfolioProblem:
    """Return what `select_portfolio` would solve; it raises as that does."""
    return _checked_problem(inventory, impact, budgets, cost, mandatory, forbidden, coverage, synergies)[0]


def without_sums(problem: PortfolioProblem) -> PortfolioProblem:
    """Return the problem of a choice whose money and staff a plan looks after, month by month."""
    none = pd.Series(dtype=float)
    return replace(problem, costs=problem.costs[[]], limits=none, available=none, is_planned=True)


def planned_portfolio(
    inventory: Inventory,
    impact: Scores,
    asked: PortfolioProblem,
    chosen: pd.Series,
    status: Literal["optimal", "feasible", "infeasible", "limit"],
    start: dt.date,
) -> Portfolio:
    """Return the portfolio that a plan was made with: money and staff are the plan's matter.

    Parameters
    ----------
    inventory, impact
        As for `select_portfolio`.
    asked : PortfolioProblem
        From `portfolio_problem`.
    chosen : Series of bool
        By candidate.
    status
        Of the plan; there is no bound for the sum of scores alone.
    start : date
        When planning begins.
    """
    money = yearly_costs(inventory, cost=asked.cost)
    years = available_budgets(inventory, money, budgets=asked.budgets, start=start)
    problem = without_sums(asked)
    total = float(asked.values[chosen].sum())
    selection = Selection(chosen, total, math.nan, math.nan, status, problem.limits)
    return _portfolio(inventory, impact, problem, money, years, selection)


def _constraints(problem: PortfolioProblem, chosen: pd.Series) -> pd.DataFrame:
    """Every limit beside what the chosen projects take of it."""
    language = problem.language
    used = problem.costs[chosen].sum()
    rows = [
        (
            name,
            problem.role_names.get(name.removeprefix(ROLE), name.removeprefix(ROLE))
            if name.startswith(ROLE)
            else constraint_name(name, language),
            float(problem.limits[name]),
            float(used[name]),
            float(problem.limits[name] - used[name]),
        )
        for name in problem.limits.index
    ]
    for cover in problem.coverage:
        number = float(chosen.reindex(list(cover.members)).sum())
        rows.append((f"coverage {cover.id}", cover.name, cover.at_least, number, number - cover.at_least))
    table = pd.DataFrame(rows, columns=["constraint", "label", "limit", "used", "slack"])
    table.insert(2, "unit", table["constraint"].map(unit_of).astype("str"))
    table = table.astype({"constraint": "str", "label": "str"})
    return table.astype(dict.fromkeys(["limit", "used", "slack"], float)).set_index("constraint")
