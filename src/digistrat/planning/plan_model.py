"""A plan's model for the engines: frames of activities, and projects to choose from by position."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from digistrat.planning.activity_frames import read_activities
from digistrat.planning.joint_model import JointProblem
from digistrat.planning.records import OFFICE, PlanProblem, PortfolioProblem

MONTHS_PER_YEAR = 12


def activity_frames(problem: PlanProblem) -> dict[str, Any]:
    """Return what `schedule_activities` takes of a plan's model: every argument but effort and seed."""
    projects = problem.phases["project_id"]
    demand, capacity = problem.demand, problem.capacity.reset_index(drop=True)
    if problem.projects_per_office is not None:
        counts = problem.offices.value_counts()
        for office in sorted(counts.index[counts > problem.projects_per_office]):
            name = f"{OFFICE}{office}"
            demand = demand.assign(**{name: (projects.map(problem.offices) == office).astype(float)})
            capacity = capacity.assign(**{name: float(problem.projects_per_office)})
    limited = len(problem.ceilings) > 0
    budgets = problem.budgets.reset_index(drop=True)
    last = problem.phases.groupby("project_id", sort=False).tail(1)["project_id"]
    return {
        "durations": problem.phases["duration_months"],
        "demands": demand,
        "capacities": capacity,
        "precedences": problem.links,
        "release": problem.release,
        "deadlines": problem.deadlines,
        "weights": last.map(problem.values).reindex(problem.phases.index).fillna(0.0).astype(float),
        "costs": problem.costs if limited else None,
        "after": problem.running if limited else None,
        "budgets": budgets if limited else None,
        "sittings": problem.sittings,
    }


def joint_problem(problem: PlanProblem, asked: PortfolioProblem, *, is_fixed: bool = False) -> JointProblem:
    """Return the model of choosing and scheduling projects, by position.

    Parameters
    ----------
    problem : PlanProblem
        Of all projects that may be done.
    asked : PortfolioProblem
        Mandates, requirements, exclusions, coverage.
    is_fixed : bool
        Whether all of them are to be done.
    """
    projects = pd.Index(problem.phases["project_id"].unique())
    place = {str(project): k for k, project in enumerate(projects)}

    def pairs(named: tuple[tuple[str, str], ...]) -> tuple[tuple[int, int], ...]:
        return tuple((place[a], place[b]) for a, b in named if a in place and b in place)

    frames = activity_frames(problem)
    # a start that no sitting allows at all is one that no plan can use: the end of the horizon
    frames["sittings"] = {a: starts or (problem.horizon,) for a, starts in problem.sittings.items()}
    covers = [(c.name, [place[p] for p in c.members if p in place], c.at_least) for c in asked.coverage]
    return JointProblem(
        activities=read_activities(**frames, due=None, periods_per_block=MONTHS_PER_YEAR),
        project=np.array([place[p] for p in problem.phases["project_id"]], dtype=np.int64),
        projects=projects,
        value=problem.values.reindex(projects).to_numpy(dtype=float),
        mandatory=np.full(len(projects), True) if is_fixed else np.asarray(projects.isin(asked.mandatory)),
        requires=pairs(asked.requires),
        excludes=() if is_fixed else pairs(asked.excludes),
        horizon=problem.horizon,
        coverage=() if is_fixed else tuple((n, np.array(m, dtype=np.int64), k) for n, m, k in covers),
    )
