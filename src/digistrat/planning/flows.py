"""Who waits for whom in a plan: links, and the staff that one phase passes on to the next."""

from __future__ import annotations

import graphlib
from typing import NamedTuple

import numpy as np
import pandas as pd

from digistrat.planning.records import PlanProblem

_SOURCE = -1  # staff that is there from the beginning
_LITTLE = 1e-9  # FTE that are none


class Wait(NamedTuple):
    """An activity starts no earlier than ``lag`` months after another one's end (or start)."""

    other: int
    lag: float
    from_end: bool


def waits_of(problem: PlanProblem, activities: pd.Index, starts: np.ndarray) -> list[list[Wait]]:
    """Return what each activity of a plan waits for, by position.

    Beside the links of the problem there is one from each activity that passes on staff to each that takes
    it: the resource flow of the plan (Artigues, Michelon & Reusser 2003, Eur. J. Oper. Res. 149:249–267).
    Where these links hold no role is needed beyond what is there, however long the phases take, as long as
    posts do not end. Staff comes from whom an activity waits for anyway, then from who is ready longest.

    Parameters
    ----------
    problem : PlanProblem
    activities : Index
        Those of the plan.
    starts : array
        Their planned first periods.
    """
    place = {label: k for k, label in enumerate(activities)}
    waits: list[list[Wait]] = [[] for _ in activities]
    links = problem.links
    lags = links["lag"] if "lag" in links else pd.Series(0, links.index)
    for before, after, kind, lag in zip(
        links["predecessor"], links["successor"], links["kind"], lags.fillna(0), strict=True
    ):
        if before in place and after in place:
            waits[place[after]].append(Wait(place[before], float(lag), kind != "start_before_start"))
    phases = problem.phases.loc[activities]
    ends = starts + phases["duration_months"].to_numpy(dtype=int)
    known = [{wait.other for wait in of} for of in waits]
    for demand, capacity in _resources(problem, phases):
        for giver, taker in _passed_on(demand, capacity, starts, ends, known):
            if giver not in known[taker]:
                known[taker].add(giver)
                waits[taker].append(Wait(giver, 0.0, True))
    return waits


def in_order(waits: list[list[Wait]]) -> list[int]:
    """Return positions so that each comes after all that it waits for."""
    graph = {k: {wait.other for wait in of} for k, of in enumerate(waits)}
    return list(graphlib.TopologicalSorter(graph).static_order())


def _resources(problem: PlanProblem, phases: pd.DataFrame) -> list[tuple[np.ndarray, np.ndarray]]:
    """Demand by activity and capacity by period: of every role, and of offices that carry so many phases."""
    demand = problem.demand.loc[phases.index]
    found = [
        (demand[role].to_numpy(dtype=float), problem.capacity[role].to_numpy(dtype=float)) for role in demand
    ]
    most = problem.projects_per_office
    if most is not None:
        offices = problem.offices.reindex(phases["project_id"]).to_numpy(dtype=object)
        steady = np.full(len(problem.months), float(most))
        found += [((offices == office).astype(float), steady) for office in pd.unique(offices)]
    return found


def _passed_on(
    demand: np.ndarray, capacity: np.ndarray, starts: np.ndarray, ends: np.ndarray, known: list[set[int]]
) -> list[tuple[int, int]]:
    """Pairs of activities of which the first passes on staff to the second."""
    users = [int(k) for k in np.argsort(starts, kind="stable") if demand[k] > _LITTLE]
    pool: list[tuple[int, int, float]] = []  # ready since, from whom, how much; the longest ready first
    there, period = 0.0, 0
    pairs = []
    for k in users:
        for now in range(period, min(int(starts[k]), len(capacity) - 1) + 1):
            change = capacity[now] - there
            if change > _LITTLE:
                pool.append((now, _SOURCE, change))
            elif change < -_LITTLE:  # posts end: of who is free then
                _take(pool, -change, now, set())
            there = capacity[now]
        period = max(period, int(starts[k]) + 1)
        pairs += [(one, k) for one in _take(pool, float(demand[k]), int(starts[k]), known[k]) if one >= 0]
        pool.append((int(ends[k]), k, float(demand[k])))
    return pairs


def _take(pool: list[tuple[int, int, float]], amount: float, now: int, first: set[int]) -> list[int]:
    """Take staff that is ready out of the pool, and say from whom."""
    from_whom = []
    ready = [entry for entry in pool if entry[0] <= now]
    for entry in sorted(ready, key=lambda e: (e[1] not in first, e[1] != _SOURCE, e[0], e[1])):
        if amount <= _LITTLE:
            break
        since, whose, there = entry
        pool.remove(entry)
        if there - amount > _LITTLE:
            pool.append((since, whose, there - amount))
        from_whom.append(whose)
        amount -= min(there, amount)
    return from_whom
