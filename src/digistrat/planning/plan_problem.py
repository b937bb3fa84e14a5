"""What a plan is made from: phases, staff, money, dates and law of a set of projects, month by month."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd

from digistrat.inventory.record import Inventory
from digistrat.planning.council import DecisionCalendar, decision_calendar, go_live_months, is_frozen
from digistrat.planning.links import dependency_lags, usable_dependencies
from digistrat.planning.money import (
    KINDS,
    available_budgets,
    begun_projects,
    first_open_year,
    phase_costs,
    remaining_costs,
    running_rates,
    yearly_costs,
)
from digistrat.planning.posts import running_fte, staffed_fte
from digistrat.planning.records import PlanProblem, PortfolioProblem
from digistrat.planning.work import (
    earliest_months,
    effort_by_activity,
    one_off_costs,
    planning_months,
    project_phases,
)

WAITS = ("end_before_start", "start_before_start")


def plan_start(inventory: Inventory, start: dt.date | str | None) -> dt.date:
    """Return the first day of the month in which planning begins.

    Raises
    ------
    ValueError
        If it is no date.
    """
    given = inventory.strategy.planning.start_date if start is None else start
    try:
        day = given if isinstance(given, dt.date) else dt.date.fromisoformat(given)
        if pd.isna(day):
            raise ValueError
        month = pd.Timestamp(day.year, day.month, 1)
    except (TypeError, ValueError):
        raise ValueError(f"start must be a date such as 2027-01-01, not {start!r}") from None
    return (month if day.day == 1 else month + pd.DateOffset(months=1)).date()


def plan_problem(
    inventory: Inventory,
    asked: PortfolioProblem,
    projects: pd.Index,
    *,
    first: dt.date,
    effort_limit: float,
    seed: int,
) -> PlanProblem:
    """Make the model of some candidates' plan, whether they are all to be done or not.

    Parameters
    ----------
    inventory : Inventory
    asked : PortfolioProblem
        Says what projects are worth, which end of the costs counts and what budgets there are.
    projects : Index
        Candidates.
    first : date
        From `plan_start`.
    effort_limit, seed
        How long is searched, and with which random numbers.
    """
    strategy = inventory.strategy
    # budget years are calendar years: period 0 is January of the first one
    january = pd.Timestamp(first.year, 1, 1)
    months = pd.date_range(january, planning_months(strategy, first)[-1], freq="MS")
    offset = first.month - 1
    once = one_off_costs(inventory, projects)
    phases = project_phases(inventory, projects, once, start=first)
    days = effort_by_activity(inventory, phases, once)
    per_month = phases["duration_months"] * strategy.planning.days_per_fte_month
    capacity = staffed_fte(inventory, months=months, start=first)
    capacity = (capacity - running_fte(inventory, months=months)).clip(lower=0.0)
    capacity.iloc[:offset] = 0.0
    money = yearly_costs(inventory, cost=asked.cost, until=int(months[-1].year))
    ours = remaining_costs(inventory, money, first)
    there = available_budgets(inventory, money, budgets=asked.budgets, start=first)
    earliest = earliest_months(inventory, projects, first)
    costs = phase_costs(ours, phases, earliest)
    tails = phases.groupby("project_id", sort=False).tail(1)
    rates = running_rates(ours, pd.Index(tails["project_id"])).set_axis(tails.index)
    calendar = decision_calendar(strategy, months)
    sittings = _sittings(inventory, phases, tails.index, calendar)
    links = _links(inventory, phases, first)
    release = _release(inventory, phases, costs, earliest, first)
    table = inventory.projects.reindex(projects)
    ends = _earliest_ends(phases, release, sittings)
    due, late = _deadlines(table, phases, tails, ends, january, len(months))
    return PlanProblem(
        months=months,
        phases=phases,
        demand=days.div(per_month, axis="index"),
        capacity=capacity,
        links=links,
        release=release,
        deadlines=due,
        costs=costs,
        running=rates.reindex(phases.index).fillna(0.0).astype(float),
        ceilings=there.pivot(index="year", columns="kind", values="available_eur")
        .reindex(columns=list(KINDS))
        .astype(float),
        sittings=sittings,
        values=asked.values.reindex(projects).fillna(0.0).astype(float),
        offices=table["office_id"].astype("str"),
        late=late,
        calendar=calendar,
        seed=seed,
        effort_limit=effort_limit,
        start=first,
        projects_per_office=strategy.planning.projects_per_office,
    )


def _period(date: pd.Timestamp, january: pd.Timestamp) -> int:
    """The month that a day lies in, counted from January of the first year."""
    return (date.year - january.year) * 12 + date.month - january.month


def _release(
    inventory: Inventory, phases: pd.DataFrame, costs: pd.DataFrame, earliest: pd.Series, first: dt.date
) -> pd.Series:
    """First period of every phase: the project's, what offices date, the first open year for new money."""
    january = pd.Timestamp(first.year, 1, 1)
    release = pd.Series(first.month - 1, phases.index, dtype="int64")
    if phases.empty:
        return release
    heads = phases.index[phases["predecessor"] == ""]
    projects = phases.loc[heads, "project_id"]
    begin = earliest[projects].set_axis(heads)
    running = _waits_for_running(inventory, pd.Index(projects), first)[projects].set_axis(heads)
    begin = begin.where(running.isna() | (running <= begin), running + pd.offsets.MonthBegin(0))
    release.loc[heads] = np.array([_period(day, january) for day in begin])
    own = phases["not_before"].dropna() + pd.offsets.MonthBegin(0)
    wished = pd.Series([_period(day, january) for day in own], own.index, dtype="int64")
    release.loc[wished.index] = np.maximum(release[wished.index], wished)
    # money that no budget has yet comes with the next one that is open
    opens = (first_open_year(inventory, first) - first.year) * 12
    is_new = phases["project_id"].map(inventory.projects["status"]) == "possible"
    paid = phases.index[is_new & (costs.sum(axis="columns") > 0)]
    release[paid] = release[paid].clip(lower=opens)
    return release


def _sittings(
    inventory: Inventory, phases: pd.DataFrame, tails: pd.Index, calendar: DecisionCalendar
) -> dict[str, tuple[int, ...]]:
    """Starts that decisions and go-lives allow; what has no limit is left out."""
    durations = phases["duration_months"]
    live = set(go_live_months(inventory.strategy, calendar.months))
    found: dict[str, tuple[int, ...]] = {}
    shares = phases["share_left"].astype(float).to_dict()
    for activity, duration in durations.items():
        starts = range(len(calendar.months) - duration + 1)
        allowed = list(starts)
        if phases.at[activity, "is_decision"]:
            begun = shares[activity] < 1.0
            allowed = calendar.starts(int(duration), is_submitted=begun)
            if activity in tails and calendar.is_limited:  # then the sitting is the go-live
                days = {start: calendar.day(start, int(duration), is_submitted=begun) for start in allowed}
                allowed = [start for start in allowed if not is_frozen(inventory.strategy, days[start])]
        if activity in tails and not (phases.at[activity, "is_decision"] and calendar.is_limited):
            allowed = [start for start in allowed if start + duration - 1 in live]
        if len(allowed) < len(starts):
            found[str(activity)] = tuple(allowed)
    return found


def _earliest_ends(
    phases: pd.DataFrame, release: pd.Series, sittings: dict[str, tuple[int, ...]]
) -> pd.Series:
    """First period after each phase if the project had everything at once."""
    ends: dict[str, int] = {}
    for activity, before, duration in zip(
        phases.index, phases["predecessor"], phases["duration_months"], strict=True
    ):
        start = max(int(release[activity]), ends.get(before, 0))
        if activity in sittings:
            start = next((s for s in sittings[activity] if s >= start), 10**6)
        ends[activity] = start + int(duration)
    return pd.Series(ends, phases.index, dtype="int64")


def _deadlines(
    table: pd.DataFrame,
    phases: pd.DataFrame,
    tails: pd.DataFrame,
    ends: pd.Series,
    january: pd.Timestamp,
    horizon: int,
) -> tuple[pd.Series, dict[str, str]]:
    """Period that each phase must end by, and the projects whose own date no plan can keep: activity, what.

    Everything ends within the horizon. Duties end by their due date, and the last phase that the template
    gives money by the end of a grant; a
    date that the project would miss even with everything at once binds nobody, and is told.
    """
    deadlines = pd.Series(horizon, tails.index, dtype="int64")
    late: dict[str, str] = {}

    def bind(activity: str, day: pd.Timestamp, what: str) -> None:
        # what is due by the last day of a month ends in that month at the latest
        last = _period(day + pd.Timedelta(days=1), january)
        if ends[activity] > last:
            late[activity] = f"{late.get(activity, '')} {what}".strip()
        else:
            deadlines[activity] = min(int(deadlines.get(activity, horizon)), last)

    for activity, project in zip(tails.index, tails["project_id"], strict=True):
        row = table.loc[project]
        if not pd.isna(row["due_date"]) and row["mandate"] in ("legal", "operational", "political"):
            bind(activity, row["due_date"], "due")
        if pd.isna(row["funding_until_date"]) or pd.isna(row["funding_eur"]):
            continue
        own = phases.index[(phases["project_id"] == project) & (phases["share_cost"] > 0)]
        state = row.get("funding_state")
        if len(own) and (pd.isna(state) or state != "refused"):
            bind(own[-1], row["funding_until_date"], "grant")
    return deadlines, late


def _waits_for_running(inventory: Inventory, projects: pd.Index, first: dt.date) -> pd.Series:
    """The first day after what projects wait for, where that runs already; missing for the others."""
    table = inventory.projects
    waits = usable_dependencies(inventory)
    waits = waits[waits["project_id"].isin(projects.difference(begun_projects(inventory, first)))]
    others = table[["status", "start_date", "end_date"]].reindex(waits["other_id"]).set_axis(waits.index)
    running = others["status"] == "existing"
    after = (others["end_date"] + pd.Timedelta(days=1)).where(waits["kind"] == "end_before_start")
    free = after.fillna(others["start_date"].where(waits["kind"] == "start_before_start")).where(running)
    lags = dependency_lags(inventory)
    keys = pd.MultiIndex.from_frame(waits[["project_id", "other_id", "kind"]])
    months = lags.reindex(keys).fillna(0).astype(int).to_numpy()
    shifted = [
        day if pd.isna(day) else day + pd.DateOffset(months=int(n))
        for day, n in zip(free, months, strict=True)
    ]
    free = pd.Series(shifted, waits.index, dtype="datetime64[us]")
    return free.groupby(waits["project_id"]).max().reindex(projects)


def waits_between(inventory: Inventory, projects: pd.Index) -> pd.DataFrame:
    """Return which of the projects wait for the end or the beginning of which others of them."""
    waits = usable_dependencies(inventory)
    waits = waits[waits["kind"].isin(WAITS)]
    return waits[waits["project_id"].isin(projects) & waits["other_id"].isin(projects)]


def _links(inventory: Inventory, phases: pd.DataFrame, first: dt.date) -> pd.DataFrame:
    """Phases after phases, and projects after those that they wait for, unless they have begun already."""
    inner = phases[phases["predecessor"] != ""]
    links = pd.DataFrame(
        {"predecessor": inner["predecessor"], "successor": inner.index, "kind": WAITS[0], "lag": 0}
    )
    heads = phases.reset_index().groupby("project_id")["activity"].first()
    tails = phases.reset_index().groupby("project_id")["activity"].last()
    begun = begun_projects(inventory, first)
    waits = waits_between(inventory, heads.index)
    waits = waits[~waits["project_id"].isin(begun)]
    # the beginning of what has begun is over
    waits = waits[~(waits["other_id"].isin(begun) & (waits["kind"] == "start_before_start"))]
    before = np.where(
        waits["kind"] == "end_before_start",
        tails.reindex(waits["other_id"]).to_numpy(dtype=object),
        heads.reindex(waits["other_id"]).to_numpy(dtype=object),
    )
    keys = pd.MultiIndex.from_frame(waits[["project_id", "other_id", "kind"]])
    outer = pd.DataFrame(
        {
            "predecessor": before,
            "successor": heads.reindex(waits["project_id"]).to_numpy(dtype=object),
            "kind": waits["kind"].to_numpy(dtype=object),
            "lag": dependency_lags(inventory).reindex(keys).fillna(0).to_numpy(dtype=int),
        }
    )
    return pd.concat([links, outer], ignore_index=True)
