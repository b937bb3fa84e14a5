"""Projects chosen and scheduled together: allowed, bounded, and on small cases the best plan."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from joint_instances import best_by_brute_force, keeps_all, resources_hold, restrict, small_problem, worth

from digistrat.planning.activity_problem import NEVER, ActivityProblem, fits
from digistrat.planning.joint_level import level
from digistrat.planning.joint_model import JointProblem, broken
from digistrat.planning.joint_placement import Placement
from digistrat.planning.joint_search import solve_joint

EFFORT = 0.002
seeds = st.integers(0, 10**6)


@settings(max_examples=12, deadline=None)
@given(seeds)
def test_keeps_everything_and_says_only_what_is_so(seed: int) -> None:
    problem = small_problem(seed)
    best, _ = best_by_brute_force(problem)
    answer = solve_joint(problem, effort=EFFORT)
    if answer.status == "infeasible":
        assert best == -np.inf
    elif answer.status == "limit":
        assert answer.missing
    else:
        assert keeps_all(problem, answer.starts)
        assert worth(problem, answer.starts) == pytest.approx(answer.value)
        assert answer.value <= best + 1e-9
        assert answer.bound >= best
        assert (answer.chosen == (answer.starts[problem.last] >= 0)).all()
        if answer.status == "optimal":
            assert answer.value == pytest.approx(best)


def test_finds_the_best_plan_of_small_problems() -> None:
    found = []
    for seed in range(14):
        problem = small_problem(seed)
        best, _ = best_by_brute_force(problem)
        if best > -np.inf:
            answer = solve_joint(problem, effort=EFFORT)
            found.append(answer.status in ("optimal", "feasible") and answer.value >= best - 1e-9)
    assert len(found) > 6
    assert np.mean(found) >= 0.9


def city(n: int, seed: int, *, mandatory: float = 0.1) -> JointProblem:
    """Projects of four phases over 48 months, six roles, four yearly budgets with running costs."""
    rng = np.random.default_rng(seed)
    m, months = 4 * n, 48
    project = np.repeat(np.arange(n), 4)
    durations = rng.integers(1, 7, m)
    demand = np.round(rng.uniform(0.1, 1.0, (m, 6)) * (rng.random((m, 6)) < 0.3), 2)
    capacity = np.repeat(rng.integers(1, 4, (1, 6)), months, axis=0) * n / 20
    capacity[:6, :2] = 0.0
    rate = rng.lognormal(9.0, 0.7, (m, 2)) * (rng.random((m, 2)) < 0.5)
    after = np.zeros((m, 2))
    after[3::4, 1] = rng.lognormal(7.0, 0.5, n)
    links = [(a, a + 1, int(durations[a])) for a in range(m - 1) if project[a] == project[a + 1]]
    links += [(4 * i + 3, 4 * i + 4, int(durations[4 * i + 3])) for i in range(0, n - 1, 7)]
    labels = pd.Index([f"p{i}-{k}" for i in range(n) for k in range(4)])
    activities = ActivityProblem(
        labels=labels,
        durations=durations,
        resources=pd.Index([f"role{r}" for r in range(6)]),
        demand=demand,
        capacity=capacity,
        varies=True,
        links=links,
        link_names=[("precedence", labels[i], labels[j]) for i, j, _ in links],
        release=np.zeros(m, dtype=np.int64),
        deadline=np.full(m, NEVER),
        sittings={a: np.arange(0, months, 2) for a in range(1, m, 8)},
        weight=None,
        due=None,
        kinds=pd.Index(["investive", "consumptive"]),
        blocks=pd.Index([2027, 2028, 2029, 2030]),
        block_length=12,
        rate=rate,
        after=after,
        money=np.full((4, 2), rate.sum() * 0.5),
    )
    return JointProblem(
        activities=activities,
        project=project,
        projects=pd.Index([f"p{i}" for i in range(n)]),
        value=rng.uniform(20.0, 100.0, n),
        mandatory=rng.random(n) < mandatory,
        horizon=months,
        requires=((1, 0),),
        excludes=((2, 3), (4, 5)),
        coverage=(("field", np.arange(8), 2),),
    )


def test_a_city_of_forty_projects() -> None:
    problem = city(40, 1)
    answer = solve_joint(problem, effort=0.02)
    assert answer.status == "feasible"
    assert broken(problem, answer.chosen, answer.starts) == []
    chosen, kept = restrict(problem, np.flatnonzero(answer.chosen))
    assert fits(chosen.activities, answer.starts[kept])
    assert resources_hold(problem, answer.starts)
    assert 0.0 <= answer.gap < 0.5
    assert answer.gap == pytest.approx((answer.bound - answer.value) / answer.value)
    assert answer.value > 1.5 * worth(problem, _duties_only(problem, answer.starts))


def _duties_only(problem: JointProblem, starts: np.ndarray) -> np.ndarray:
    return np.where(problem.mandatory[problem.project], starts, -1)


def test_the_same_seed_gives_the_same_plan() -> None:
    problem = city(25, 2)
    first, second = (solve_joint(problem, effort=0.01, seed=5) for _ in range(2))
    assert (first.starts == second.starts).all()
    assert first.bound == second.bound


def test_more_effort_is_no_worse() -> None:
    problem = city(30, 3)
    little, much = (solve_joint(problem, effort=effort).value for effort in (0.001, 0.02))
    assert much > little


def test_all_mandatory_is_a_schedule() -> None:
    problem = city(30, 4)
    wide = replace(problem.activities, money=problem.activities.money * 10)
    problem = replace(
        problem, activities=wide, mandatory=np.ones(30, bool), excludes=(), horizon=96, coverage=()
    )
    roomy = np.concatenate([wide.capacity, np.repeat(wide.capacity[-1:], 48, axis=0)])
    longer = replace(
        wide, capacity=roomy, blocks=pd.Index(range(8)), money=np.repeat(wide.money[:1], 8, axis=0)
    )
    problem = replace(problem, activities=longer)
    answer = solve_joint(problem, effort=0.03)
    assert answer.chosen.all()
    assert broken(problem, answer.chosen, answer.starts) == []
    assert fits(longer, answer.starts)
    assert answer.gap < 0.3


def test_levelled_plans_are_worth_the_same_and_more_even() -> None:
    problem = city(30, 6)
    answer = solve_joint(problem, effort=0.003)
    rough = np.array(answer.starts)
    # pulled apart first: everything before the last phase as early as its own chain allows
    plan = _pulled_forward(problem, rough)
    assert broken(problem, answer.chosen, plan) == []
    smooth = level(problem, plan)
    assert broken(problem, answer.chosen, smooth) == []
    assert resources_hold(problem, smooth)
    assert (smooth[problem.last] == plan[problem.last]).all()
    length = problem.first[:-1][answer.chosen]
    assert (smooth[length] >= plan[length]).all()
    assert smooth[length].sum() > plan[length].sum()


def _pulled_forward(problem: JointProblem, starts: np.ndarray) -> np.ndarray:
    """First phases moved to the earliest time at which everything still fits."""
    early = starts.copy()
    for a in problem.first[:-1][starts[problem.last] >= 0].tolist():
        for t in range(int(early[a])):
            tried = early.copy()
            tried[a] = t
            if resources_hold(problem, tried) and not broken(problem, tried[problem.last] >= 0, tried):
                early = tried
                break
    return early


def test_late_phases_make_a_project_short() -> None:
    """By hand: three phases of one project, the middle one free, a colleague busy in 1 to 3."""
    problem = _by_hand(
        durations=[1, 1, 1, 3, 1], project=[0, 0, 0, 1, 1], capacity=2.0, value=[1.0, 1.0], horizon=8
    )
    smooth = level(problem, np.array([0, 2, 7, 1, 4]))
    assert smooth.tolist() == [5, 6, 7, 1, 4]  # the late project is short, and beside nobody


def test_duties_that_only_one_can_fill_are_proven_impossible_together() -> None:
    problem = _by_hand(durations=[6, 6], project=[0, 1], capacity=1.0, value=[1.0, 1.0], horizon=8)
    problem = replace(problem, mandatory=np.ones(2, dtype=bool))
    answer = solve_joint(problem, effort=EFFORT)
    assert answer.status == "infeasible"
    assert not answer.chosen.any()


def test_what_is_not_proven_is_not_denied() -> None:
    """One begins at 2, the other at 0 or 4: halves of it would fit beside the first, but not either."""
    problem = _by_hand(durations=[4, 4], project=[0, 1], capacity=1.5, value=[1.0, 2.0], horizon=8)
    given_ = replace(problem.activities, sittings={0: np.array([0, 4]), 1: np.array([2])})
    problem = replace(problem, activities=given_, mandatory=np.ones(2, dtype=bool))
    answer = solve_joint(problem, effort=EFFORT)
    assert answer.status == "limit"
    assert answer.missing in ((0,), (1,))
    assert answer.chosen.sum() == 1


def test_a_project_that_cannot_be_done_is_named() -> None:
    problem = _by_hand(durations=[9, 2, 2], project=[0, 1, 2], capacity=1.0, value=[5.0, 1.0, 1.0], horizon=8)
    answer = solve_joint(replace(problem, requires=((1, 0),)), effort=EFFORT)
    assert answer.status in ("optimal", "feasible")
    assert 0 in answer.impossible
    assert answer.chosen.tolist() == [False, False, True]
    duty = replace(problem, mandatory=np.array([True, False, False]))
    answer = solve_joint(duty, effort=EFFORT)
    assert (answer.status, answer.impossible) == ("infeasible", (0,))


def test_duties_that_exclude_each_other() -> None:
    problem = _by_hand(durations=[1, 1], project=[0, 1], capacity=9.0, value=[1.0, 1.0], horizon=8)
    problem = replace(problem, mandatory=np.ones(2, dtype=bool), excludes=((0, 1),))
    assert solve_joint(problem, effort=EFFORT).status == "infeasible"


def test_without_projects_nothing_is_done() -> None:
    problem, _ = restrict(city(10, 1), np.array([], dtype=np.int64))
    answer = solve_joint(replace(problem, coverage=()), effort=EFFORT)
    assert (answer.status, answer.value, len(answer.starts)) == ("optimal", 0.0, 0)


def test_ctrl_c_passes_through(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: Any) -> bool:
        raise KeyboardInterrupt

    monkeypatch.setattr(Placement, "insert", interrupt)
    with pytest.raises(KeyboardInterrupt):
        solve_joint(city(25, 2), effort=EFFORT)


def test_restricting_keeps_what_belongs_to_the_rest() -> None:
    problem = city(10, 1)
    smaller, kept = restrict(problem, np.array([0, 1, 3, 7]))
    assert smaller.projects.tolist() == ["p0", "p1", "p3", "p7"]
    assert smaller.requires == ((1, 0),)
    assert smaller.excludes == ()
    assert smaller.coverage[0][1].tolist() == [0, 1, 2, 3]
    assert kept.tolist() == [*range(8), *range(12, 16), *range(28, 32)]
    assert (smaller.activities.durations == problem.activities.durations[kept]).all()
    assert smaller.waits == [(3, 4, int(problem.activities.durations[3]))]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"project": np.array([0, 1, 0])}, "project"),
        ({"project": np.array([0, 0, 0])}, "project"),
        ({"value": np.array([1.0])}, "value"),
        ({"value": np.array([1.0, np.nan])}, "value"),
        ({"horizon": -1}, "horizon"),
        ({"requires": ((0, 0),)}, "requires"),
        ({"excludes": ((0, 2),)}, "requires and excludes"),
        ({"coverage": (("field", np.array([4]), 1),)}, "coverage"),
    ],
)
def test_a_wrong_call_is_told(change: dict[str, Any], told: str) -> None:
    problem = _by_hand(durations=[1, 1, 1], project=[0, 0, 1], capacity=1.0, value=[1.0, 1.0], horizon=8)
    with pytest.raises(ValueError, match=told):
        replace(problem, **change)


def _by_hand(
    *, durations: list[int], project: list[int], capacity: float, value: list[float], horizon: int
) -> JointProblem:
    """Chains that all need the one resource there is, and no money."""
    m = len(durations)
    links = [(a, a + 1, durations[a]) for a in range(m - 1) if project[a] == project[a + 1]]
    activities = ActivityProblem(
        labels=pd.Index(range(m)),
        durations=np.array(durations),
        resources=pd.Index(["post"]),
        demand=np.ones((m, 1)),
        capacity=np.full((1, 1), capacity),
        varies=False,
        links=links,
        link_names=[("precedence", i, j) for i, j, _ in links],
        release=np.zeros(m, dtype=np.int64),
        deadline=np.full(m, NEVER),
        sittings={},
        weight=None,
        due=None,
        kinds=pd.Index([]),
        blocks=pd.Index([]),
        block_length=12,
        rate=np.zeros((m, 0)),
        after=np.zeros((m, 0)),
        money=np.zeros((0, 0)),
    )
    return JointProblem(
        activities=activities,
        project=np.array(project),
        projects=pd.Index(range(len(value))),
        value=np.array(value),
        mandatory=np.zeros(len(value), dtype=bool),
        horizon=horizon,
    )


def test_load_is_evened_out_in_the_time_of_a_project() -> None:
    """By hand: one project from 0 to 8 with a middle phase of one period, and a colleague busy in 4 to 7."""
    problem = _by_hand(
        durations=[1, 1, 1, 1, 3], project=[0, 0, 0, 1, 1], capacity=2.0, value=[1.0, 1.0], horizon=8
    )
    sittings = {0: np.array([0])}  # cannot be later
    problem = replace(problem, activities=replace(problem.activities, sittings=sittings))
    smooth = level(problem, np.array([0, 1, 7, 3, 4]))
    assert smooth[[0, 2, 3, 4]].tolist() == [0, 7, 3, 4]
    assert smooth[1] in (1, 2)  # as late as it can be is 6, beside the colleague; 3 to 6 are busy
