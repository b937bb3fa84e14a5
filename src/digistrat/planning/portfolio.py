"""What to do: the projects of highest impact that fit into money and staff, chosen exactly."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from digistrat.inventory.record import Inventory
from digistrat.planning.audit import require_sound, verify_portfolio
from digistrat.planning.knapsack import Selection, solve_knapsack
from digistrat.planning.links import usable_dependencies
from digistrat.planning.money import available_budgets, remaining_costs, unclear_costs, yearly_costs
from digistrat.planning.reasons import selection_conflicts, selection_reason
from digistrat.planning.records import ROLE, Portfolio, PortfolioProblem
from digistrat.planning.work import effort_by_role, staffed_fte
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
    node_limit: int = 20_000,
    gap: float = 1e-6,
) -> Portfolio:
    """Choose the projects of highest total impact that fit into every year's money and the staff.

    Candidates are possible projects and those in preparation. What running projects cost is deducted from
    the budgets first. Projects with a mandate are fixed in, and what they need; a project that waits for or
    needs another one is chosen only with it. A candidate without an impact score, without any cost or with
    an illegible one is not chosen unless it is fixed in, and then its reason says so: what is missing counts
    neither as zero value nor as zero cost. Costs count in the years for which offices report them, from the
    planning start to the last year that has a budget; up to then a kind without a budget has no money.

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
    allowed = ("upper", "value", "lower")
    if cost not in allowed:
        raise ValueError(f"cost must be one of {allowed}, not {cost!r}")
    if impact.unit not in ("", "project"):
        raise ValueError(f"impact must score projects, not {impact.unit}s")
    given = inventory.budgets if budgets is None else budgets
    problem, money, years = _problem(inventory, impact, given, cost, tuple(mandatory), tuple(forbidden))
    if problem.values.empty:  # nothing to choose from: nothing is the best choice
        nothing = pd.Series(False, problem.values.index, dtype=bool)
        selection = Selection(nothing, 0.0, 0.0, 0.0, "optimal", problem.limits)
        return _portfolio(inventory, impact, problem, money, years, selection)
    selection = solve_knapsack(
        problem.values.fillna(0.0),
        problem.costs,
        problem.limits,
        requires=problem.requires,
        excludes=problem.excludes,
        mandatory=problem.mandatory,
        forbidden=problem.forbidden,
        node_limit=node_limit,
        gap=gap,
    )
    portfolio = _portfolio(inventory, impact, problem, money, years, selection)
    require_sound(verify_portfolio(portfolio), "portfolio")
    return portfolio


def _problem(
    inventory: Inventory,
    impact: Scores,
    budgets: pd.DataFrame,
    cost: Literal["upper", "value", "lower"],
    mandatory: tuple[str, ...],
    forbidden: tuple[str, ...],
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
    names = [f"{row.year} {row.kind}" for row in years.itertuples()]
    remaining = remaining_costs(inventory, money, strategy.planning.start_date.year)
    euros = needed_money(remaining, candidates, names)
    effort = effort_by_role(inventory, candidates)
    staff = (staffed_fte(inventory) * strategy.planning.days_per_fte_month).sum().reindex(effort.columns)
    available = pd.concat(
        [
            pd.Series(years["available_eur"].to_numpy(dtype=float), names, dtype=float),
            staff.fillna(0.0).rename(lambda role: f"{ROLE}{role}"),
        ]
    )
    links = _links(inventory, candidates)
    has_mandate = projects["mandate"].reindex(candidates).isin(MANDATES)
    fixed = [p for p in dict.fromkeys([*candidates[has_mandate], *mandatory]) if p not in forbidden]
    needed_by: dict[str, str] = {}
    for project in fixed:  # grows while it is gone through
        for one, other in links.requires:
            if one == project and other not in fixed and other not in forbidden:
                needed_by[other] = project
                fixed.append(other)
    why = {**links.why_not, **dict.fromkeys(forbidden, "by_hand")}
    doubts = _doubts(inventory, impact, values, money, years)
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
    )
    return problem, money, years


def needed_money(money: pd.DataFrame, candidates: pd.Index, names: list[str]) -> pd.DataFrame:
    """Return what projects need, candidates × ``"year kind"``, euros, from `remaining_costs`."""
    rows = money["year"].astype(str) + " " + money["kind"].astype(str)
    table = money.groupby(["project_id", rows.rename("row")])["amount_eur"].sum().unstack("row")
    return table.reindex(index=candidates, columns=names).fillna(0.0).astype(float)


@dataclass(frozen=True)
class _Links:
    requires: tuple[tuple[str, str], ...]
    excludes: tuple[tuple[str, str], ...]
    why_not: dict[str, str]
    because_of: dict[str, str]


def _links(inventory: Inventory, candidates: pd.Index) -> _Links:
    """Which candidates need or exclude each other, and which cannot be chosen because of other projects."""
    status = inventory.projects["status"]
    requires: dict[tuple[str, str], None] = {}
    excludes: dict[tuple[str, str], None] = {}
    why_not: dict[str, str] = {}
    because_of: dict[str, str] = {}

    def keep_out(project: str, key: str, other: str) -> None:
        if project not in why_not:
            why_not[project], because_of[project] = key, other

    for project, other, kind in usable_dependencies(inventory).astype("str").to_numpy().tolist():
        if kind == "synergy":
            continue
        if kind == "excludes":
            # who of the two has reported it does not matter
            here = [one for one in sorted((project, other)) if one in candidates]
            if len(here) == 2:
                excludes[here[0], here[1]] = None
            elif here:
                rival = other if here[0] == project else project
                if status[rival] == "existing":
                    keep_out(here[0], "excluded", rival)
        elif project in candidates:
            if other in candidates:
                requires[project, other] = None
            elif status[other] != "existing":
                known = status[other] == "discontinued"
                keep_out(project, "needs_discontinued" if known else "needs_unknown", other)
    return _Links(tuple(requires), tuple(excludes), why_not, because_of)


def _doubts(
    inventory: Inventory, impact: Scores, values: pd.Series, money: pd.DataFrame, years: pd.DataFrame
) -> dict[str, tuple[str, ...]]:
    """What is not known of each candidate, the gravest first."""
    unclear, priced = set(unclear_costs(inventory)), set(money["project_id"])
    # carried on within the years that offices report is a guess; beyond them it is what recurring means
    last = int(years["year"].max()) if len(years) else 0
    reported = inventory.project_costs["year"].max()
    last = last if pd.isna(reported) else min(last, int(reported))
    assumed = set(money.loc[money["is_assumed"] & (money["year"] <= last), "project_id"])
    found = {}
    for project, value in values.items():
        keys = [
            *(["not_rated"] if pd.isna(value) else []),
            *(["cost_unclear"] if project in unclear else ["no_cost"] if project not in priced else []),
            *(["assumed"] if project in assumed else []),
            *(["provisional"] if impact.table["state"].get(project) == "provisional" else []),
        ]
        if keys:
            found[str(project)] = tuple(keys)
    return found


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
    slack = problem.available - used
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
            [selection_reason(problem, p, chosen if found else None, slack) for p in chosen.index],
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
        objective=selection.objective,
        bound=selection.bound,
        gap=selection.gap,
        status=selection.status,
        binding=binding,
        conflicts=selection_conflicts(inventory, problem, selection.conflicts),
        inventory=inventory,
        problem=problem,
    )
