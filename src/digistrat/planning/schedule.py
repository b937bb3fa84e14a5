"""When and by whom: the chosen projects' phases under staff by month and money by year."""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import replace

import numpy as np
import pandas as pd

from digistrat.inventory.record import Inventory
from digistrat.planning.activities import Schedule, schedule_activities
from digistrat.planning.audit import require_sound, verify_plan
from digistrat.planning.links import usable_dependencies
from digistrat.planning.money import (
    KINDS,
    available_budgets,
    one_off_by_kind,
    remaining_costs,
    running_costs,
    yearly_costs,
)
from digistrat.planning.portfolio import CANDIDATES
from digistrat.planning.reasons import plan_conflict, plan_notes
from digistrat.planning.records import Plan, PlanProblem, Portfolio
from digistrat.planning.work import (
    effort_by_activity,
    one_off_costs,
    planning_months,
    project_phases,
    staffed_fte,
)
from digistrat.texts import text


def schedule(
    inventory: Inventory,
    portfolio: Portfolio,
    *,
    start: dt.date | str | None = None,
    effort_limit: float = 1.0,
    seed: int = 1,
) -> Plan:
    """Schedule the chosen projects so that the most valuable ones are done early.

    Phases follow each other and take whole months; a project does not begin before its reported beginning or
    release date, ends by its due date, and waits for the projects that it depends on, running ones too. In no
    month is a role needed beyond its filled posts. One-off money is spent evenly over the months of a phase,
    by the template's shares, and with the recurring costs that the offices report it stays within each year's
    budget of each kind, as the portfolio was chosen with; after the last year that has a budget nothing is
    spent once. A project that is not begun still needs what it reports for years that are over.

    Parameters
    ----------
    inventory : Inventory
        Projects, phases, efforts, positions, dependencies, costs.
    portfolio : Portfolio
        From `select_portfolio`.
    start : date or ISO text, optional
        No phase begins earlier; the strategy's planning start by default. Phases begin with a month: after
        its first day the next one is meant.
    effort_limit : float
        Deterministic limit of the solver: the same input gives the same plan. One is some seconds for a
        hundred projects; more seldom changes the plan, but may narrow the gap.
    seed : int
        Seed of the solver.

    Returns
    -------
    Plan
        With status, proven bound and gap, and checked by `verify_plan`; where nothing fits, or the
        portfolio holds no selection, with the constraints that exclude each other.

    Raises
    ------
    ValueError
        If the start is not a date, the portfolio chooses what the inventory does not have or what runs
        already or is discontinued (the portfolio of another round), or the strategy has no phase
        templates.
    """
    unknown = portfolio.selected.difference(inventory.projects.index)
    if len(unknown):
        raise ValueError(f"portfolio must choose projects of the inventory, not {unknown[0]!r}")
    status = inventory.projects["status"].reindex(portfolio.selected)
    for project in status.index[~status.isin(CANDIDATES)]:
        raise ValueError(
            f"portfolio must choose projects that may be chosen, not {project!r} ({status[project]})"
        )
    first = _start(inventory, start)
    problem = _problem(inventory, portfolio, first, effort_limit, seed)
    if portfolio.status in ("infeasible", "limit"):  # nothing is chosen: there is no plan, for its reasons
        nothing = Schedule(pd.Series(dtype="Int64"), math.nan, math.nan, math.nan, math.nan, portfolio.status)
        return replace(_plan(inventory, portfolio, problem, nothing, first), conflicts=portfolio.conflicts)
    return _checked(_plan(inventory, portfolio, problem, _solved(problem), first))


def _solved(problem: PlanProblem) -> Schedule:
    if problem.phases.empty:  # nothing to do is done at once
        return Schedule(pd.Series(dtype="Int64"), 0.0, 0.0, 0.0, 0.0, "optimal")
    over = problem.recurring > problem.ceilings.clip(lower=0.0) + 0.01
    if over.any(axis=None):  # whenever the phases run
        where = [("recurring", year, kind) for year in over.index for kind in KINDS if over.at[year, kind]]
        start = pd.Series(pd.NA, problem.phases.index, dtype="Int64")
        return Schedule(start, math.nan, math.nan, math.nan, math.nan, "infeasible", tuple(where))
    limited = bool(problem.ceilings.notna().any(axis=None))
    return schedule_activities(
        problem.phases["duration_months"],
        problem.demand,
        problem.capacity.reset_index(drop=True),
        problem.links,
        release=problem.release,
        deadlines=problem.deadlines,
        weights=problem.weights,
        costs=problem.costs if limited else None,
        budgets=problem.budgets.reset_index(drop=True) if limited else None,
        effort_limit=problem.effort_limit,
        seed=problem.seed,
    )


def _checked(plan: Plan) -> Plan:
    require_sound(verify_plan(plan), "plan")
    return plan


def _start(inventory: Inventory, start: dt.date | str | None) -> dt.date:
    """First day of the month in which planning begins."""
    given = inventory.strategy.planning.start_date if start is None else start
    try:
        day = given if isinstance(given, dt.date) else dt.date.fromisoformat(given)
        if pd.isna(day):
            raise ValueError
        month = pd.Timestamp(day.year, day.month, 1)
    except (TypeError, ValueError):
        raise ValueError(f"start must be a date such as 2027-01-01, not {start!r}") from None
    return (month if day.day == 1 else month + pd.DateOffset(months=1)).date()


def _problem(
    inventory: Inventory, portfolio: Portfolio, first: dt.date, effort_limit: float, seed: int
) -> PlanProblem:
    strategy = inventory.strategy
    # budget years are calendar years: period 0 is January of the first one
    january = pd.Timestamp(first.year, 1, 1)
    months = pd.date_range(january, planning_months(strategy, first)[-1], freq="MS")
    offset = first.month - 1
    chosen = portfolio.selected
    once = one_off_costs(inventory, chosen)
    phases = project_phases(inventory, chosen, once, start=first)
    days = effort_by_activity(inventory, phases, once)
    per_month = phases["duration_months"] * strategy.planning.days_per_fte_month
    capacity = staffed_fte(inventory, months=months)
    capacity.iloc[:offset] = 0.0
    years = np.arange(months[0].year, months[-1].year + 1)
    money = yearly_costs(inventory, cost=portfolio.problem.cost, until=int(years[-1]))
    there = available_budgets(inventory, money, budgets=portfolio.problem.budgets, first_year=first.year)
    ceilings = there.pivot(index="year", columns="kind", values="available_eur")
    ceilings = ceilings.reindex(index=years, columns=list(KINDS)).astype(float)
    ours = remaining_costs(inventory, money, first.year)
    recurring = running_costs(ours, chosen, years)
    table = inventory.projects.reindex(chosen)
    heads = phases[phases["predecessor"] == ""]
    begin = table[["start_date", "release_date"]].assign(waits=_waits_for_running(inventory, chosen))
    wished = begin.max(axis="columns")[heads["project_id"]].set_axis(heads.index).dropna()
    from_then = {label: max(offset, _period_from(date, january)) for label, date in wished.items()}
    release = pd.Series([from_then.get(a, offset) for a in phases.index], phases.index, dtype="int64")
    tails = phases.groupby("project_id", sort=False).tail(1)
    due = table["due_date"][tails["project_id"]].set_axis(tails.index).dropna()
    # a project due by the last day of a month ends in that month at the latest
    deadlines = pd.Series(
        [_period(date + pd.Timedelta(days=1), january) for date in due], index=due.index, dtype="Int64"
    )
    value = portfolio.table["value"].reindex(tails["project_id"]).fillna(0.0).set_axis(tails.index)
    return PlanProblem(
        months=months,
        phases=phases,
        demand=days.div(per_month, axis="index"),
        capacity=capacity,
        links=_links(inventory, phases, first),
        release=release,
        deadlines=deadlines,
        costs=_phase_costs(ours, phases),
        budgets=(ceilings - recurring).clip(lower=0.0).fillna(0.0),
        ceilings=ceilings,
        recurring=recurring,
        weights=value.reindex(phases.index).fillna(0.0).astype(float),
        seed=seed,
        effort_limit=effort_limit,
        start=first,
    )


def _period(date: pd.Timestamp, january: pd.Timestamp) -> int:
    """The month that a day lies in, counted from January of the first year."""
    return (date.year - january.year) * 12 + date.month - january.month


def _period_from(date: pd.Timestamp, january: pd.Timestamp) -> int:
    """The first month that lies wholly on or after a day."""
    return _period(date, january) + (1 if date.day > 1 else 0)


def _waits_for_running(inventory: Inventory, projects: pd.Index) -> pd.Series:
    """The first day after what projects wait for, where that runs already; missing for the others."""
    table = inventory.projects
    waits = usable_dependencies(inventory)
    waits = waits[waits["project_id"].isin(projects)]
    others = table[["status", "start_date", "end_date"]].reindex(waits["other_id"]).set_axis(waits.index)
    running = others["status"] == "existing"
    after = (others["end_date"] + pd.Timedelta(days=1)).where(waits["kind"] == "end_before_start")
    free = after.fillna(others["start_date"].where(waits["kind"] == "start_before_start")).where(running)
    return free.groupby(waits["project_id"]).max().reindex(projects)


def _phase_costs(money: pd.DataFrame, phases: pd.DataFrame) -> pd.DataFrame:
    """One-off costs by kind that remain, shared out over the phases that are left."""
    once = one_off_by_kind(money, pd.Index(phases["project_id"]))
    return once.set_axis(phases.index).mul(phases["share_cost"], axis="index").rename_axis(columns=None)


def _links(inventory: Inventory, phases: pd.DataFrame, first: dt.date) -> pd.DataFrame:
    """Phases after phases, and projects after those that they wait for, unless they have begun already."""
    inner = phases[phases["predecessor"] != ""]
    links = pd.DataFrame(
        {"predecessor": inner["predecessor"], "successor": inner.index, "kind": "end_before_start"}
    )
    heads = phases.reset_index().groupby("project_id")["activity"].first()
    tails = phases.reset_index().groupby("project_id")["activity"].last()
    waits = _waits(inventory, heads.index)
    waits = waits[~waits["project_id"].isin(_begun(inventory, first))]
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


def _waits(inventory: Inventory, projects: pd.Index) -> pd.DataFrame:
    """Which of the projects wait for the end or the beginning of which others of them."""
    waits = usable_dependencies(inventory)
    waits = waits[waits["kind"].isin(["end_before_start", "start_before_start"])]
    return waits[waits["project_id"].isin(projects) & waits["other_id"].isin(projects)]


def _begun(inventory: Inventory, first: dt.date) -> pd.Index:
    """Projects in preparation that have begun before: they wait for nothing any more."""
    projects = inventory.projects
    earlier = projects["start_date"] < pd.Timestamp(first)
    return projects.index[(projects["status"] == "in_preparation") & earlier]


def _plan(
    inventory: Inventory, portfolio: Portfolio, problem: PlanProblem, result: Schedule, first: dt.date
) -> Plan:
    months, phases = problem.months, problem.phases
    found = result.status in ("optimal", "feasible")
    phases = phases if found else phases.iloc[:0]
    starts = result.start.reindex(phases.index).to_numpy(dtype=int)
    ends = starts + phases["duration_months"].to_numpy(dtype=int)
    edges = pd.date_range(months[0], periods=max(len(months), int(ends.max(initial=0))) + 1, freq="MS")
    table = phases[["project_id", "phase_id", "phase"]].assign(
        start=edges[starts],
        end=edges[ends] - pd.Timedelta(days=1),
        predecessor=phases["predecessor"],
        procedure=phases["procedure"],
    )
    periods = np.arange(len(edges) - 1)[:, None]
    runs = ((periods >= starts) & (periods < ends)).astype(float)
    conflicts = [plan_conflict(inventory, problem, conflict) for conflict in result.conflicts]
    if not result.is_minimal:
        conflicts.append(text("conflict.not_minimal", inventory.strategy.language))
    moot = _waits(inventory, pd.Index(phases["project_id"].unique()))
    load, budget = _load(problem, phases, runs), _budget(problem, phases, runs, edges[:-1])
    return Plan(
        phases=table,
        milestones=_milestones(table, phases["is_decision"]),
        load=load if found else load.iloc[:0],
        budget=budget if found else budget.iloc[:0],
        makespan=result.makespan - (first.month - 1) if len(phases) else result.makespan,
        objective=result.objective,
        bound=result.bound,
        gap=result.gap,
        status=result.status,
        conflicts=tuple(conflicts),
        inventory=inventory,
        portfolio=portfolio,
        problem=problem,
        notes=plan_notes(inventory, moot[moot["project_id"].isin(_begun(inventory, first))]),
    )


def _milestones(table: pd.DataFrame, is_decision: pd.Series) -> pd.DataFrame:
    decisions = table.loc[is_decision, ["project_id", "end"]].assign(milestone="decision")
    go_live = table.groupby("project_id", sort=False).tail(1)[["project_id", "end"]]
    both = pd.concat([decisions, go_live.assign(milestone="go_live")], ignore_index=True)
    return both.rename(columns={"end": "date"})[["project_id", "milestone", "date"]]


def _load(problem: PlanProblem, phases: pd.DataFrame, runs: np.ndarray) -> pd.DataFrame:
    """Role × month: what the phases that run need, and who is there."""
    months = problem.months
    demand = runs[: len(months)] @ problem.demand.reindex(phases.index).to_numpy(dtype=float)
    wide = pd.DataFrame(demand, months, problem.demand.columns)
    load = _long(wide.T, "role_id", "month", "demand_fte")
    load["capacity_fte"] = _long(problem.capacity.T, "role_id", "month", "capacity_fte")["capacity_fte"]
    return load


def _budget(
    problem: PlanProblem, phases: pd.DataFrame, runs: np.ndarray, months: pd.DatetimeIndex
) -> pd.DataFrame:
    """Year × kind: what the plan spends, against the ceiling."""
    monthly = problem.costs.reindex(phases.index).div(phases["duration_months"], axis="index")
    spent = pd.DataFrame(runs @ monthly.to_numpy(dtype=float), months.year, monthly.columns)
    years = pd.Index(sorted({*problem.recurring.index, *months.year}))
    once = spent.groupby(level=0).sum().reindex(index=years, columns=list(KINDS))
    budget = _long(once, "year", "kind", "one_off_eur")
    recurring = problem.recurring.reindex(years).fillna(0.0)
    budget["recurring_eur"] = _long(recurring, "year", "kind", "recurring_eur")["recurring_eur"]
    budget["planned_eur"] = budget["one_off_eur"] + budget["recurring_eur"]
    keys = pd.MultiIndex.from_frame(budget[["year", "kind"]])
    budget["ceiling_eur"] = problem.ceilings.stack().reindex(keys).to_numpy(dtype=float)
    return budget


def _long(table: pd.DataFrame, row: str, column: str, value: str) -> pd.DataFrame:
    """One row per row and column of a table without missing numbers."""
    keys = pd.MultiIndex.from_product([table.index, table.columns], names=[row, column])
    return pd.DataFrame({value: table.to_numpy(dtype=float).ravel()}, index=keys).reset_index()
