"""What of a plan has begun, and a model in which that goes on as it is."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from digistrat.inventory.record import Inventory
from digistrat.planning.activity_frames import read_activities
from digistrat.planning.money import KINDS
from digistrat.planning.records import Plan, PlanProblem
from digistrat.planning.schedule import MONTHS_PER_YEAR, activity_frames
from digistrat.texts import format_money, format_number, text

_CENT = 0.005
_LITTLE = 1e-6


@dataclass(frozen=True)
class Begun:
    """First period and number of periods of phases that have begun."""

    start: pd.Series
    duration: pd.Series


def begun_phases(plan: Plan, inventory: Inventory, problem: PlanProblem, period: int) -> Begun:
    """Return what has begun before a period, by the plan or by what offices report of it.

    Parameters
    ----------
    plan : Plan
    inventory : Inventory
        Its actual dates come before the plan's. What is reported as begun and not as ended is not over.
    problem : PlanProblem
        With the activities that there are now.
    period : int
        From which on all else begins.
    """
    january = problem.months[0]
    labels = problem.phases.index

    def month(days: pd.Series) -> pd.Series:
        return (days.dt.year - january.year) * 12 + days.dt.month - 1

    keys = pd.MultiIndex.from_frame(problem.phases[["project_id", "phase_id"]])
    reported = inventory.phases.dropna(subset=["project_id", "phase_id"])
    reported = reported.drop_duplicates(["project_id", "phase_id"]).set_index(["project_id", "phase_id"])
    actual = reported[["actual_start_date", "actual_end_date"]].reindex(keys).set_axis(labels)
    begin, end = month(actual["actual_start_date"]), month(actual["actual_end_date"]) + 1
    begin = begin.where(begin < period).clip(lower=problem.start.month - 1)
    planned = month(plan.phases["start"].reindex(labels))
    length = plan.problem.phases["duration_months"].reindex(labels)
    start = begin.fillna(planned.where(planned < period)).dropna()
    stop = end.where(end <= period)
    unfinished = (start + length).clip(lower=period + 1).where(begin.notna() & stop.isna())
    stop = stop.fillna(unfinished).fillna(start + length).reindex(start.index)
    own = problem.phases["duration_months"].reindex(start.index)
    duration = (stop - start).fillna(own).clip(lower=1)
    return Begun(start.astype("int64"), duration.astype("int64"))


def keep_begun(
    inventory: Inventory, problem: PlanProblem, begun: Begun, period: int
) -> tuple[PlanProblem, list[str]]:
    """Return a model in which what has begun stays where it is and all else begins later.

    Limits that what has begun exceeds are lifted to what it needs, so that nothing else can use them; the
    second is what is exceeded, in words. A date that cannot be kept any more binds nobody.
    """
    labels, kept = problem.phases.index, begun.start.index
    is_begun = pd.Series(labels.isin(kept), labels)
    duration = problem.phases["duration_months"].copy()
    duration[kept] = begun.duration
    release = problem.release.clip(lower=period).where(~is_begun, 0)
    release[kept] = begun.start
    sittings = {a: starts for a, starts in problem.sittings.items() if a not in kept}
    sittings |= {str(a): (int(start),) for a, start in begun.start.items()}
    links = problem.links
    demand = problem.demand.mul(problem.phases["duration_months"] / duration, axis="index")
    running = replace(
        problem,
        phases=problem.phases.assign(
            duration_months=duration, is_decision=problem.phases["is_decision"] & _has_sitting(problem, begun)
        ),
        demand=demand,
        release=release,
        sittings=sittings,
        links=links[~links["successor"].isin(kept)],
        deadlines=problem.deadlines.drop(kept.intersection(problem.deadlines.index)),
    )
    running, staff = _with_staff(inventory, running, begun, period)
    running, money = _with_money(inventory, running, begun)
    return _possible_dates(running), [*staff, *money]


def _has_sitting(problem: PlanProblem, begun: Begun) -> pd.Series:
    """False for decisions that were taken, as reported, in a month without a sitting."""
    if not problem.calendar.is_limited:
        return pd.Series(True, problem.phases.index)
    spans = zip(begun.start.index, begun.start.tolist(), begun.duration.tolist(), strict=True)
    days = {activity: problem.calendar.day(start, n, is_submitted=True) for activity, start, n in spans}
    return pd.Series([days.get(a, a) is not None for a in problem.phases.index], problem.phases.index)


def _runs(problem: PlanProblem, begun: Begun) -> np.ndarray:
    periods = np.arange(problem.horizon)[:, None]
    start = begun.start.to_numpy()
    return ((periods >= start) & (periods < start + begun.duration.to_numpy())).astype(float)


def _with_staff(
    inventory: Inventory, problem: PlanProblem, begun: Begun, period: int
) -> tuple[PlanProblem, list[str]]:
    need = _runs(problem, begun) @ problem.demand.loc[begun.start.index].to_numpy(dtype=float)
    there = problem.capacity.to_numpy(dtype=float)
    lack = np.where(np.arange(problem.horizon)[:, None] >= period, need - there, 0.0)
    names = {role.id: role.name for role in inventory.strategy.roles}
    language = inventory.strategy.language
    said = [
        text("revise.staff", language, role=names[role], fte=format_number(lack[:, r].max(), language, 2))
        for r, role in enumerate(problem.capacity.columns)
        if lack[:, r].max(initial=0.0) > _LITTLE
    ]
    capacity = pd.DataFrame(np.maximum(there, need), problem.capacity.index, problem.capacity.columns)
    most = problem.projects_per_office
    if most is not None and len(begun.start):
        offices = problem.offices.reindex(problem.phases.loc[begun.start.index, "project_id"])
        at_once = pd.DataFrame(_runs(problem, begun)).T.groupby(offices.to_numpy(dtype=object)).sum()
        most = max(most, int(at_once.to_numpy().max(initial=0)))
    return replace(problem, capacity=capacity, projects_per_office=most), said


def _with_money(inventory: Inventory, problem: PlanProblem, begun: Begun) -> tuple[PlanProblem, list[str]]:
    if problem.ceilings.empty:
        return problem, []
    kept = begun.start.index
    monthly = problem.costs.loc[kept].div(begun.duration, axis="index").to_numpy(dtype=float)
    after = np.arange(problem.horizon)[:, None] >= (begun.start + begun.duration).to_numpy()
    spent = _runs(problem, begun) @ monthly + after @ problem.running.loc[kept].to_numpy(dtype=float)
    yearly = pd.DataFrame(spent, problem.months.year, problem.costs.columns).groupby(level=0).sum()
    needed = yearly.reindex(index=problem.ceilings.index, columns=list(KINDS)).fillna(0.0)
    ceilings = problem.ceilings.fillna(0.0)
    language = inventory.strategy.language
    said = [
        text(
            "revise.money",
            language,
            year=year,
            kind=text(f"cost_kind.{kind}", language),
            amount=format_money(float(needed[kind][year] - max(ceilings[kind][year], 0.0)), language),
        )
        for year in ceilings.index
        for kind in KINDS
        if needed[kind][year] > max(ceilings[kind][year], 0.0) + _CENT
    ]
    lifted = ceilings.where(needed <= ceilings.clip(lower=0.0) + _CENT, needed)
    return replace(problem, ceilings=lifted), said


def _possible_dates(problem: PlanProblem) -> PlanProblem:
    """Without the due dates that even everything at once could not keep; they are named in `late`."""
    frames = activity_frames(replace(problem, deadlines=problem.deadlines[:0]))
    frames["sittings"] = {a: starts or (problem.horizon,) for a, starts in problem.sittings.items()}
    given = read_activities(**frames, due=None, periods_per_block=MONTHS_PER_YEAR)
    windows = given.windows(problem.horizon)
    if windows is None:
        return problem
    ends = pd.Series(windows[0] + given.durations, problem.phases.index)
    limit = problem.deadlines.dropna().astype("int64")
    missed = limit.index[ends[limit.index] > limit]
    tails = problem.phases.groupby("project_id", sort=False).tail(1).index
    late = {**problem.late, **{str(a): "due" if a in tails else "grant" for a in missed}}
    deadlines = problem.deadlines.copy()
    deadlines[missed] = problem.horizon
    return replace(problem, deadlines=deadlines, late=late)
