"""What to do: the projects of highest impact that fit into money and staff, chosen exactly."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from digistrat.inventory.record import Inventory
from digistrat.planning.knapsack import Selection, solve_knapsack
from digistrat.planning.links import usable_dependencies
from digistrat.planning.work import effort_by_role, staffed_fte
from digistrat.scoring.composite import Scores
from digistrat.texts import format_money, format_number, text

CANDIDATES = ("possible", "in_preparation")


@dataclass(frozen=True, eq=False)
class PortfolioProblem:
    """All that a selection was made from.

    Attributes
    ----------
    values : Series
        Impact score by candidate; missing where a project is not scored.
    costs : DataFrame
        Candidates × constraints: euros by ``"2027 investive"``, person-days by ``"role PL"``.
    limits : Series
        What each constraint allows, after what running projects need.
    requires, excludes : tuple of pairs
    mandatory, forbidden : tuple of str
    why_forbidden : dict
        Project → key of the reason.
    language : str
    """

    values: pd.Series
    costs: pd.DataFrame
    limits: pd.Series
    requires: tuple[tuple[str, str], ...]
    excludes: tuple[tuple[str, str], ...]
    mandatory: tuple[str, ...]
    forbidden: tuple[str, ...]
    why_forbidden: dict[str, str]
    language: str

    def __str__(self) -> str:
        money = [name for name in self.limits.index if not name.startswith("role ")]
        roles = [name for name in self.limits.index if name.startswith("role ")]
        return text(
            "portfolio.problem",
            self.language,
            n=len(self.values),
            budgets=", ".join(f"{name} ≤ {format_money(self.limits[name], self.language)}" for name in money),
            roles=", ".join(
                f"{name.removeprefix('role ')} ≤ {format_number(self.limits[name], self.language)}"
                for name in roles
            ),
            n_mandatory=len(self.mandatory),
            n_requires=len(self.requires),
            n_excludes=len(self.excludes),
            n_forbidden=len(self.forbidden),
        )


@dataclass(frozen=True, eq=False)
class Portfolio:
    """Which projects to do, and how sure it is that no other choice is better.

    Attributes
    ----------
    table : DataFrame
        Indexed by candidate: ``title``, ``office_id``, ``field_id``, ``selected``, ``mandate``, ``reason``
        (a sentence), ``cost_eur`` (one-off), ``cost_yearly_eur`` (recurring, largest year), ``value``
        (impact score), ``rank``.
    budgets : DataFrame
        ``year``, ``kind``, ``available_eur`` (after running projects), ``used_eur``.
    objective, bound, gap : float
        Sum of values; what no portfolio can exceed (proven); relative distance.
    status : {"optimal", "feasible", "infeasible", "limit"}
    binding : tuple of str
        Constraints that hold the portfolio back: the cheapest project left out does not fit any more.
    conflicts : tuple of str
        Where infeasible: the constraints that exclude each other, in words.
    inventory : Inventory
    problem : PortfolioProblem
    """

    table: pd.DataFrame
    budgets: pd.DataFrame
    objective: float
    bound: float
    gap: float
    status: Literal["optimal", "feasible", "infeasible", "limit"]
    binding: tuple[str, ...]
    conflicts: tuple[str, ...]
    inventory: Inventory
    problem: PortfolioProblem

    @property
    def selected(self) -> pd.Index:
        """Ids of the chosen projects."""
        return self.table.index[self.table["selected"]]

    def __str__(self) -> str:
        if self.status in ("infeasible", "limit"):
            return "\n  ".join([f"Portfolio: {self.status}", *self.conflicts])
        return (
            f"Portfolio: {len(self.selected)} of {len(self.table)} projects, value {self.objective:.1f}, "
            f"no portfolio above {self.bound:.1f} (gap {self.gap:.2%}, {self.status})"
        )

    def __repr__(self) -> str:
        return f"<{self}>"


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
    the budgets first. Projects with a mandate are fixed in; a project that waits for or needs another one
    is chosen only with it. A candidate without an impact score or without any cost is not chosen unless
    it has a mandate: what is missing counts neither as zero value nor as zero cost.

    Parameters
    ----------
    inventory : Inventory
        Projects, costs by year, positions, dependencies.
    impact : Scores
        Its ``score`` is the value.
    budgets : DataFrame, optional
        ``year``, ``kind``, ``amount_eur``; the strategy's by default.
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
        Solved exactly by branch and cut, with its proven bound.

    Raises
    ------
    ValueError
        If a parameter is not as described.
    """
    allowed = ("upper", "value", "lower")
    if cost not in allowed:
        raise ValueError(f"cost must be one of {allowed}, not {cost!r}")
    problem, money = _problem(inventory, impact, budgets, cost, tuple(mandatory), tuple(forbidden))
    selection = solve_knapsack(
        problem.values.fillna(0.0),
        problem.costs,
        problem.limits,
        requires=problem.requires,
        excludes=problem.excludes,
        mandatory=problem.mandatory,
        forbidden=[p for p in problem.forbidden if p not in problem.mandatory],
        node_limit=node_limit,
        gap=gap,
    )
    return _portfolio(inventory, impact, problem, money, selection)


def _problem(
    inventory: Inventory,
    impact: Scores,
    budgets: pd.DataFrame | None,
    cost: str,
    mandatory: tuple[str, ...],
    forbidden: tuple[str, ...],
) -> tuple[PortfolioProblem, pd.DataFrame]:
    projects = inventory.projects
    candidates = projects.index[projects["status"].isin(CANDIDATES)]
    for name, given in (("mandatory", mandatory), ("forbidden", forbidden)):
        unknown = [project for project in given if project not in candidates]
        if unknown:
            raise ValueError(f"{name} must name possible projects or ones in preparation, not {unknown[0]!r}")
    money = yearly_costs(inventory, cost=cost)
    values = impact.table["score"].reindex(candidates).rename("value")
    budget_rows, limits = _budget_rows(inventory, money, candidates, budgets)
    effort = effort_by_role(inventory, candidates)
    staff = (staffed_fte(inventory) * inventory.strategy.planning.days_per_fte_month).sum()
    roles = effort.rename(columns=lambda role: f"role {role}")
    costs = pd.concat([budget_rows, roles], axis="columns")
    limits = pd.concat([limits, staff.reindex(effort.columns, fill_value=0.0).rename(lambda r: f"role {r}")])
    has_mandate = projects["mandate"].reindex(candidates).isin(["legal", "operational", "political"])
    fixed = dict.fromkeys([*candidates[has_mandate], *mandatory])
    for project in forbidden:
        fixed.pop(project, None)
    why = dict.fromkeys(forbidden, "by_hand")
    with_costs = set(money["project_id"])
    running = set(projects.index[projects["status"] == "existing"])
    links = usable_dependencies(inventory)
    requires: list[tuple[str, str]] = []
    excludes: list[tuple[str, str]] = []
    for project, other, kind in links.astype("str").to_numpy().tolist():
        if project not in candidates or kind == "synergy":
            continue
        if kind == "excludes":
            if other in running:
                why.setdefault(project, "excluded")
            elif other in candidates:
                excludes.append((project, other))
        elif other in candidates:
            requires.append((project, other))
        elif other not in running:
            why.setdefault(project, "needs_discontinued")
    for project in candidates:
        if pd.isna(values[project]):
            why.setdefault(project, "not_rated")
        elif project not in with_costs:
            why.setdefault(project, "no_cost")
    problem = PortfolioProblem(
        values=values,
        costs=costs,
        limits=limits,
        requires=tuple(requires),
        excludes=tuple(excludes),
        mandatory=tuple(fixed),
        forbidden=tuple(project for project in why if project not in fixed),
        why_forbidden=why,
        language=inventory.strategy.language,
    )
    return problem, money


def yearly_costs(inventory: Inventory, *, cost: str = "upper") -> pd.DataFrame:
    """Return what every project costs by year and kind, at one end of the reported range.

    Parameters
    ----------
    inventory : Inventory
        Its table ``project_costs``.
    cost : {"upper", "value", "lower"}
        Which end; a cell without a range is its own upper and lower end.

    Returns
    -------
    DataFrame
        ``project_id``, ``year``, ``kind``, ``is_recurring``, ``amount_eur``; rows without an amount or
        a known project are left out (they stand in the findings).
    """
    costs = inventory.project_costs
    if cost != "value":
        costs = costs.assign(amount_eur=costs[f"amount_eur_{cost}"].fillna(costs["amount_eur"]))
    costs = costs[costs["project_id"].isin(inventory.projects.index)]
    costs = costs.dropna(subset=["amount_eur", "kind", "year"])
    costs = costs.assign(is_recurring=costs["is_recurring"].fillna(False).astype(bool))
    return costs[["project_id", "year", "kind", "is_recurring", "amount_eur"]].reset_index(drop=True)


def _budget_rows(
    inventory: Inventory, money: pd.DataFrame, candidates: pd.Index, budgets: pd.DataFrame | None
) -> tuple[pd.DataFrame, pd.Series]:
    """Candidates × "year kind", and what each year and kind has left after running projects."""
    available = available_budgets(inventory, money, budgets=budgets)
    names = [f"{row.year} {row.kind}" for row in available.itertuples()]
    limits = pd.Series(available["available_eur"].to_numpy(), index=names).clip(lower=0.0)
    ours = money[money["project_id"].isin(candidates)]
    spread = ours.assign(row=ours["year"].astype(str) + " " + ours["kind"].astype(str)).pivot_table(
        index="project_id", columns="row", values="amount_eur", aggfunc="sum", fill_value=0.0
    )
    rows = spread.reindex(index=candidates, columns=names, fill_value=0.0).fillna(0.0)
    return rows.rename_axis(columns=None), limits


def available_budgets(
    inventory: Inventory, money: pd.DataFrame, *, budgets: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Return each year's money of each kind from the planning start, and what running projects leave.

    Parameters
    ----------
    inventory : Inventory
        Its projects of status ``existing`` are running.
    money : DataFrame
        From `yearly_costs`.
    budgets : DataFrame, optional
        ``year``, ``kind``, ``amount_eur``; the strategy's by default.

    Returns
    -------
    DataFrame
        ``year``, ``kind``, ``amount_eur``, ``committed_eur``, ``available_eur`` (negative where running
        projects already need more).
    """
    table = inventory.budgets if budgets is None else budgets
    missing = {"year", "kind", "amount_eur"} - set(table.columns)
    if missing:
        raise ValueError(f"budgets must have columns year, kind, amount_eur; {sorted(missing)} missing")
    table = table[table["year"] >= inventory.strategy.planning.start_date.year]
    projects = inventory.projects
    running = money[money["project_id"].map(projects["status"]) == "existing"]
    committed = running.groupby(["year", "kind"])["amount_eur"].sum()
    keys = pd.MultiIndex.from_frame(table[["year", "kind"]])
    table = table[["year", "kind", "amount_eur"]].reset_index(drop=True)
    table["committed_eur"] = committed.reindex(keys, fill_value=0.0).to_numpy(dtype=float)
    table["available_eur"] = table["amount_eur"] - table["committed_eur"]
    return table.sort_values(["year", "kind"], ignore_index=True)


def _portfolio(
    inventory: Inventory,
    impact: Scores,
    problem: PortfolioProblem,
    money: pd.DataFrame,
    selection: Selection,
) -> Portfolio:
    chosen = selection.selected.fillna(False).astype(bool).reindex(problem.values.index)
    used = problem.costs[chosen].sum()
    slack = problem.limits - used
    left_out = problem.costs[~chosen]
    cheapest = left_out.where(left_out > 0).min()
    binding = tuple(name for name in problem.limits.index if slack[name] < cheapest[name])
    ours = money[money["project_id"].isin(problem.values.index)]
    once = ours[~ours["is_recurring"]].groupby("project_id")["amount_eur"].sum()
    yearly = (
        ours[ours["is_recurring"]]
        .groupby(["project_id", "year"])["amount_eur"]
        .sum()
        .groupby("project_id")
        .max()
    )
    projects = inventory.projects.reindex(problem.values.index)
    table = projects[["title", "office_id", "field_id"]].assign(
        selected=chosen,
        mandate=projects["mandate"].fillna("none"),
        cost_eur=once.reindex(chosen.index),
        cost_yearly_eur=yearly.reindex(chosen.index),
        value=problem.values,
        rank=impact.table["rank"].reindex(chosen.index),
    )
    table["reason"] = pd.Series(
        [_reason(problem, project, chosen, slack) for project in table.index], table.index, dtype="str"
    )
    budgets = pd.DataFrame(
        [
            (int(name.split()[0]), name.split()[1], problem.limits[name], used[name])
            for name in problem.limits.index
            if not name.startswith("role ")
        ],
        columns=["year", "kind", "available_eur", "used_eur"],
    )
    return Portfolio(
        table=table,
        budgets=budgets,
        objective=selection.objective,
        bound=selection.bound,
        gap=selection.gap,
        status=selection.status,
        binding=binding,
        conflicts=tuple(_in_words(inventory, conflict) for conflict in selection.conflicts),
        inventory=inventory,
        problem=problem,
    )


def _in_words(inventory: Inventory, conflict: tuple[Any, ...]) -> str:
    """Name a constraint of the solver as people know it."""
    language = inventory.strategy.language
    kind, *what = conflict

    def project(project_id: str) -> str:
        return f"{project_id} {inventory.projects.at[project_id, 'title']!s}"

    match kind:
        case "mandatory" | "forbidden":
            return text(f"conflict.{kind}", language, project=project(what[0]))
        case "requires" | "excludes":
            return text(f"conflict.{kind}", language, project=project(what[0]), other=project(what[1]))
        case _:
            first, second = str(what[0]).split()
            if first == "role":
                names = {role.id: role.name for role in inventory.strategy.roles}
                return text("conflict.capacity", language, role=names[second])
            return text("conflict.budget", language, year=first, kind=text(f"cost_kind.{second}", language))


def _reason(problem: PortfolioProblem, project: str, chosen: pd.Series, slack: pd.Series) -> str:
    """Say in one sentence why a project is chosen or not."""
    language = problem.language
    if chosen[project]:
        return text(f"reason.{'mandatory' if project in problem.mandatory else 'selected'}", language)
    if project in problem.why_forbidden:
        return text(f"reason.{problem.why_forbidden[project]}", language)
    needed = [other for one, other in problem.requires if one == project and not chosen[other]]
    if needed:
        return text("reason.needs", language, other=needed[0])
    rivals = [
        b if a == project else a
        for a, b in problem.excludes
        if project in (a, b) and chosen[b if a == project else a]
    ]
    if rivals:
        return text("reason.rival", language, other=rivals[0])
    lacking = (problem.costs.loc[project] - slack).where(lambda need: need > 0).dropna()
    if lacking.empty:
        return text("reason.no_value", language)
    name = str((lacking / problem.limits[lacking.index].replace(0, np.nan)).fillna(np.inf).idxmax())
    if name.startswith("role "):
        return text(
            "reason.lacks_staff",
            language,
            role=name.removeprefix("role "),
            days=format_number(float(lacking.loc[name]), language),
        )
    year, kind = name.split()
    return text(
        "reason.lacks_money",
        language,
        year=year,
        kind=text(f"cost_kind.{kind}", language),
        amount=format_money(float(lacking.loc[name]), language),
    )
