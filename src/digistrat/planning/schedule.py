"""When and by whom: the chosen projects' phases under staff by month and money by year."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from digistrat.inventory.record import Inventory
from digistrat.planning.activities import Schedule, schedule_activities
from digistrat.planning.links import usable_dependencies
from digistrat.planning.portfolio import Portfolio, available_budgets, yearly_costs
from digistrat.planning.work import (
    effort_by_activity,
    one_off_costs,
    planning_months,
    project_phases,
    running_costs,
    staffed_fte,
)
from digistrat.texts import format_date, text

KINDS = ("investive", "consumptive")


@dataclass(frozen=True, eq=False)
class PlanProblem:
    """All that a plan was made from, so that it can be verified, solved again and drawn.

    Attributes
    ----------
    months : DatetimeIndex
        Periods: first days of months, from January of the first year.
    phases : DataFrame
        By activity, from `project_phases`.
    demand : DataFrame
        Activities × roles, full-time equivalents while the phase runs.
    capacity : DataFrame
        Months × roles, full-time equivalents.
    links : DataFrame
        ``predecessor``, ``successor``, ``kind`` of activities.
    release, deadlines : Series
        Periods by activity.
    costs : DataFrame
        Activities × kinds, one-off euros, spent evenly over the phase.
    budgets : DataFrame
        Years × kinds: ``ceiling`` after running projects, less ``recurring`` costs of the chosen ones.
    recurring : DataFrame
        Years × kinds: what the chosen projects cost after go-live, in the years that the offices report.
    weights : Series
        Worth of a month earlier, by activity.
    seed : int
    effort_limit : float
    """

    months: pd.DatetimeIndex
    phases: pd.DataFrame
    demand: pd.DataFrame
    capacity: pd.DataFrame
    links: pd.DataFrame
    release: pd.Series
    deadlines: pd.Series
    costs: pd.DataFrame
    budgets: pd.DataFrame
    recurring: pd.DataFrame
    weights: pd.Series
    seed: int
    effort_limit: float


@dataclass(frozen=True, eq=False)
class Plan:
    """When every phase of every chosen project runs, with proof of how good that is.

    Attributes
    ----------
    phases : DataFrame
        Indexed by activity: ``project_id``, ``phase_id``, ``phase``, ``start`` and ``end`` (first and last
        day), ``predecessor``, ``procedure``. Empty where there is no plan.
    milestones : DataFrame
        ``project_id``, ``milestone`` (decision, go_live), ``date``.
    load : DataFrame
        ``role_id``, ``month``, ``demand_fte``, ``capacity_fte``.
    budget : DataFrame
        ``year``, ``kind``, ``one_off_eur``, ``recurring_eur``, ``planned_eur``, ``ceiling_eur``.
    makespan : float
        Months from the planning start to the last go-live.
    objective, bound, gap : float
        Impact-weighted ends of projects in months; what no plan can go below (proven); relative distance.
    status : {"optimal", "feasible", "infeasible", "limit"}
    conflicts : tuple of str
        Where infeasible: the constraints that exclude each other, in words.
    inventory, portfolio, problem
        What the plan was made from.
    """

    phases: pd.DataFrame
    milestones: pd.DataFrame
    load: pd.DataFrame
    budget: pd.DataFrame
    makespan: float
    objective: float
    bound: float
    gap: float
    status: Literal["optimal", "feasible", "infeasible", "limit"]
    conflicts: tuple[str, ...]
    inventory: Inventory
    portfolio: Portfolio
    problem: PlanProblem

    def __str__(self) -> str:
        if self.status in ("infeasible", "limit"):
            return "\n  ".join([f"Plan: {self.status}", *self.conflicts])
        return (
            f"Plan: {self.phases['project_id'].nunique()} projects, {len(self.phases)} phases in "
            f"{self.makespan:.0f} months, {self.status}, proven gap {self.gap:.1%}"
        )

    def __repr__(self) -> str:
        return f"<{self}>"


def schedule(
    inventory: Inventory,
    portfolio: Portfolio,
    *,
    start: dt.date | str | None = None,
    effort_limit: float = 1.0,
    seed: int = 1,
) -> Plan:
    """Schedule the chosen projects so that the most valuable ones are done early.

    Phases follow each other; a project does not begin before its reported beginning or release date, ends by
    its legal date, and waits for the projects that it depends on. In no month is a role needed beyond its
    filled posts. One-off money is spent evenly over the months of a phase, by the template's shares, and
    with the recurring costs that the offices report it stays within each year's budget of each kind.

    Parameters
    ----------
    inventory : Inventory
        Projects, phases, efforts, positions, dependencies, costs.
    portfolio : Portfolio
        From `select_portfolio`.
    start : date or ISO text, optional
        No phase begins earlier; the strategy's planning start by default.
    effort_limit : float
        Deterministic limit of the solver: the same input gives the same plan. One is some seconds for a
        hundred projects; more seldom changes the plan, but may narrow the gap.
    seed : int
        Seed of the solver.

    Returns
    -------
    Plan
        With status, proven bound and gap; where nothing fits, with the constraints that exclude each other.

    Raises
    ------
    ValueError
        If the start is not a date, or the portfolio has no selection.
    """
    if portfolio.status in ("infeasible", "limit"):
        raise ValueError(f"portfolio must hold a selection, but is {portfolio.status}: {portfolio}")
    first = _start(inventory, start)
    problem = _problem(inventory, portfolio, first, effort_limit, seed)
    result = schedule_activities(
        problem.phases["duration_months"],
        problem.demand,
        problem.capacity.reset_index(drop=True),
        problem.links,
        release=problem.release,
        deadlines=problem.deadlines,
        weights=problem.weights,
        costs=problem.costs,
        budgets=problem.budgets.reset_index(drop=True),
        effort_limit=effort_limit,
        seed=seed,
    )
    return _plan(inventory, portfolio, problem, result, first)


def _start(inventory: Inventory, start: dt.date | str | None) -> dt.date:
    if start is None:
        return inventory.strategy.planning.start_date
    if isinstance(start, dt.date):
        return start
    try:
        return dt.date.fromisoformat(start)
    except (TypeError, ValueError):
        raise ValueError(f"start must be a date such as 2027-01-01, not {start!r}") from None


def _problem(
    inventory: Inventory, portfolio: Portfolio, first: dt.date, effort_limit: float, seed: int
) -> PlanProblem:
    strategy = inventory.strategy
    months = planning_months(strategy, first)
    # budget years are calendar years: period 0 is January of the first one
    january = pd.Timestamp(first.year, 1, 1)
    months = pd.date_range(january, months[-1], freq="MS")
    offset = months.get_loc(pd.Timestamp(first).replace(day=1))
    chosen = portfolio.selected
    once = one_off_costs(inventory, chosen)
    phases = project_phases(inventory, chosen, once, start=first)
    days = effort_by_activity(inventory, phases, once)
    per_month = phases["duration_months"] * strategy.planning.days_per_fte_month
    capacity = staffed_fte(inventory, months=months)
    capacity.iloc[:offset] = 0.0
    money = yearly_costs(inventory)
    years = np.arange(months[0].year, months[-1].year + 1)
    recurring = running_costs(money, chosen, years)
    ceiling = available_budgets(inventory, money).pivot(index="year", columns="kind", values="available_eur")
    ceiling = ceiling.reindex(index=years, columns=list(KINDS)).fillna(0.0)
    table = inventory.projects.reindex(chosen)
    heads = phases[phases["predecessor"] == ""]
    begin = table[["start_date", "release_date"]].max(axis="columns")
    release = pd.Series(offset, index=phases.index, dtype="int64")
    wished = begin[heads["project_id"]].set_axis(heads.index).dropna()
    release[wished.index] = np.maximum(offset, [_period(date, january) for date in wished])
    tails = phases.groupby("project_id").tail(1)
    due = table["due_date"][tails["project_id"]].set_axis(tails.index).dropna()
    # a project due by the last day of a month ends in that month at the latest
    deadlines = pd.Series(
        [_period(date + pd.Timedelta(days=1), january) for date in due], index=due.index, dtype="Int64"
    )
    value = portfolio.table["value"].reindex(tails["project_id"]).fillna(0.0).set_axis(tails.index)
    weights = pd.Series(0.0, index=phases.index)
    weights[tails.index] = value
    return PlanProblem(
        months=months,
        phases=phases,
        demand=days.div(per_month, axis="index"),
        capacity=capacity,
        links=_links(inventory, phases, first),
        release=release,
        deadlines=deadlines,
        costs=_phase_costs(money[money["year"] >= first.year], phases),
        budgets=(ceiling - recurring).clip(lower=0.0),
        recurring=recurring,
        weights=weights,
        seed=seed,
        effort_limit=effort_limit,
    )


def _period(date: pd.Timestamp, january: pd.Timestamp) -> int:
    return (date.year - january.year) * 12 + date.month - january.month


def _phase_costs(money: pd.DataFrame, phases: pd.DataFrame) -> pd.DataFrame:
    """One-off costs by kind from the first planned year on, shared out over the phases that are left."""
    once = money[~money["is_recurring"]].pivot_table(
        index="project_id", columns="kind", values="amount_eur", aggfunc="sum", fill_value=0.0
    )
    once = once.reindex(index=phases["project_id"], columns=list(KINDS), fill_value=0.0).fillna(0.0)
    return once.set_axis(phases.index).mul(phases["share_cost"], axis="index").rename_axis(columns=None)


def _links(inventory: Inventory, phases: pd.DataFrame, first: dt.date) -> pd.DataFrame:
    """Phases after phases, and projects after those that they wait for, unless they have begun already."""
    inner = phases[phases["predecessor"] != ""]
    links = pd.DataFrame(
        {"predecessor": inner["predecessor"], "successor": inner.index, "kind": "end_before_start"}
    )
    heads = phases.reset_index().groupby("project_id")["activity"].first()
    tails = phases.reset_index().groupby("project_id")["activity"].last()
    waits = usable_dependencies(inventory)
    waits = waits[waits["kind"].isin(["end_before_start", "start_before_start"])]
    projects = inventory.projects
    begun = projects.index[
        (projects["status"] == "in_preparation") & (projects["start_date"] < pd.Timestamp(first))
    ]
    waits = waits[waits["project_id"].isin(heads.index.difference(begun))]
    waits = waits[waits["other_id"].isin(heads.index)]
    before = np.where(
        waits["kind"] == "end_before_start",
        tails.reindex(waits["other_id"]).to_numpy(dtype=object),
        heads.reindex(waits["other_id"]).to_numpy(dtype=object),
    )
    outer = pd.DataFrame(
        {
            "predecessor": before,
            "successor": heads.reindex(waits["project_id"]).to_numpy(dtype=object),
            "kind": waits["kind"].to_numpy(dtype=object),
        }
    )
    return pd.concat([links, outer], ignore_index=True)


def _plan(
    inventory: Inventory, portfolio: Portfolio, problem: PlanProblem, result: Schedule, first: dt.date
) -> Plan:
    months, phases = problem.months, problem.phases
    if result.status in ("infeasible", "limit"):
        phases, starts = phases.iloc[:0], np.zeros(0, dtype=int)
    else:
        starts = result.start.reindex(phases.index).to_numpy(dtype=int)
    ends = starts + phases["duration_months"].to_numpy(dtype=int)
    edge = pd.date_range(months[0], periods=max(len(months), int(ends.max(initial=0))) + 1, freq="MS")
    table = phases[["project_id", "phase_id", "phase"]].assign(
        start=edge[starts],
        end=edge[ends] - pd.Timedelta(days=1),
        predecessor=phases["predecessor"],
        procedure=phases["procedure"],
    )
    decisions = table[phases["is_decision"]]
    go_live = table.groupby("project_id", sort=False).tail(1)
    milestones = pd.concat(
        [
            decisions[["project_id", "end"]].assign(milestone="decision"),
            go_live[["project_id", "end"]].assign(milestone="go_live"),
        ],
        ignore_index=True,
    ).rename(columns={"end": "date"})
    runs = (np.arange(len(edge))[:, None] >= starts) & (np.arange(len(edge))[:, None] < ends)
    demand = pd.DataFrame(
        runs[: len(months)] @ problem.demand.reindex(phases.index).to_numpy(), months, problem.demand.columns
    )
    load = demand.rename_axis(index="month", columns="role_id").T.stack().rename("demand_fte").reset_index()
    load["capacity_fte"] = problem.capacity.T.stack().to_numpy()
    spent = runs[: len(months)] @ (
        problem.costs.reindex(phases.index).div(phases["duration_months"], axis="index").to_numpy()
    )
    once = pd.DataFrame(spent, columns=problem.costs.columns).groupby(months.year).sum()
    budget = _long(once.reindex(columns=list(KINDS)), "one_off_eur")
    budget["recurring_eur"] = _long(problem.recurring, "recurring_eur")["recurring_eur"]
    budget["planned_eur"] = budget["one_off_eur"] + budget["recurring_eur"]
    ceiling = available_budgets(inventory, yearly_costs(inventory)).set_index(["year", "kind"])[
        "available_eur"
    ]
    budget["ceiling_eur"] = ceiling.reindex(pd.MultiIndex.from_frame(budget[["year", "kind"]])).to_numpy()
    offset = (first.year - months[0].year) * 12 + first.month - months[0].month
    return Plan(
        phases=table,
        milestones=milestones[["project_id", "milestone", "date"]],
        load=load,
        budget=budget,
        makespan=result.makespan - offset,
        objective=result.objective,
        bound=result.bound,
        gap=result.gap,
        status=result.status,
        conflicts=tuple(_in_words(inventory, problem, conflict) for conflict in result.conflicts),
        inventory=inventory,
        portfolio=portfolio,
        problem=problem,
    )


def _long(table: pd.DataFrame, name: str) -> pd.DataFrame:
    """Years × kinds → one row per year and kind."""
    return table.rename_axis(index="year", columns="kind").stack().rename(name).reset_index()


def _in_words(inventory: Inventory, problem: PlanProblem, conflict: tuple[Any, ...]) -> str:
    """Name a constraint of the solver as people know it."""
    strategy = inventory.strategy
    language = strategy.language
    kind, *what = conflict

    def phase(activity: str) -> dict[str, str]:
        project = str(problem.phases.at[activity, "project_id"])
        title = inventory.projects.at[project, "title"]
        return {"project": f"{project} {title!s}", "phase": str(problem.phases.at[activity, "phase"])}

    match kind:
        case "deadline":
            due = problem.months[0] + pd.DateOffset(months=int(problem.deadlines[what[0]]), days=-1)
            return text("conflict.deadline", language, date=format_date(due, language), **phase(what[0]))
        case "release":
            begin = problem.months[0] + pd.DateOffset(months=int(problem.release[what[0]]))
            return text("conflict.release", language, date=format_date(begin, language), **phase(what[0]))
        case "capacity":
            names = {role.id: role.name for role in strategy.roles}
            return text("conflict.capacity", language, role=names[what[0]])
        case "precedence":
            one, other = phase(what[0]), phase(what[1])
            return text(
                "conflict.precedence",
                language,
                before=f"{one['project']} ({one['phase']})",
                after=f"{other['project']} ({other['phase']})",
            )
        case "budget":
            if what[0] is None:
                return text(
                    "conflict.budget_after",
                    language,
                    kind=text(f"cost_kind.{what[1]}", language),
                    year=int(problem.budgets.index[-1]),
                )
            return text(
                "conflict.budget",
                language,
                kind=text(f"cost_kind.{what[1]}", language),
                year=int(problem.budgets.index[what[0]]),
            )
        case _:
            return " ".join(map(str, conflict))
