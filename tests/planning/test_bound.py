"""The bound of the joint model: never below the best plan, and as low as the linear program's."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from joint_instances import best_by_brute_force, chains, small_problem
from scipy.optimize import linprog

from digistrat.planning.bound import fixing, lagrangian_bound
from digistrat.planning.joint_model import JointProblem

seeds = st.integers(0, 10**6)


@settings(max_examples=25, deadline=None)
@given(seeds)
def test_no_plan_is_worth_more_than_the_bound(seed: int) -> None:
    problem = small_problem(seed)
    best, _ = best_by_brute_force(problem)
    assert lagrangian_bound(problem).value >= best
    assert lagrangian_bound(problem, iterations=3).value >= best


@settings(max_examples=15, deadline=None)
@given(seeds, st.floats(0.0, 1.0))
def test_a_better_plan_has_what_is_fixed(seed: int, share: float) -> None:
    problem = small_problem(seed)
    best, plan = best_by_brute_force(problem)
    if best == -np.inf:
        return
    fixed = fixing(problem, lagrangian_bound(problem), best - share)
    done = plan[problem.last] >= 0
    assert (done | ~fixed.inside).all()
    assert not (done & fixed.outside).any()
    placed = np.flatnonzero(plan >= 0)
    assert fixed.starts[placed, plan[placed]].all()


def test_much_is_fixed_where_the_bound_is_reached() -> None:
    found = [small_problem(seed) for seed in range(10)]
    share = []
    for problem in found:
        best, _ = best_by_brute_force(problem)
        if best > -np.inf:
            share.append(fixing(problem, lagrangian_bound(problem), best).starts.mean())
    assert np.mean(share) < 0.5


def _linear_program(problem: JointProblem) -> float:
    """The least upper bound of a time-indexed model: one variable per activity and start, chains by sums."""
    given_, H = problem.activities, problem.horizon
    m, n = given_.n, len(problem.projects)
    column = np.arange(m * (H + 1)).reshape(m, H + 1)
    done = m * (H + 1) + np.arange(n)
    size = m * (H + 1) + n
    upper = np.ones(size)
    upper[column.ravel()] = 0.0
    for a in range(m):
        i = int(problem.project[a])
        k = a - int(np.flatnonzero(problem.project == i)[0])
        for t in {starts[k] for starts in chains(problem, i)}:
            if _fits_alone(problem, a, t):
                upper[column[a, t]] = 1.0
    rows: list[tuple[dict[int, float], float]] = []
    equal: list[dict[int, float]] = []
    for a in range(m):
        equal.append({**dict.fromkeys(column[a].tolist(), 1.0), int(done[problem.project[a]]): -1.0})
    for a, b, lag in given_.links:
        needs = problem.project[a] == problem.project[b] or (
            (int(problem.project[b]), int(problem.project[a])) in problem.requires
        )
        for t in range(H + 1):
            row: dict[int, float] = dict.fromkeys(column[b, : t + 1].tolist(), 1.0)
            for s in range(H + 1):
                if needs and s + lag <= t:
                    row[int(column[a, s])] = -1.0
                elif not needs and s + lag > t:
                    row[int(column[a, s])] = 1.0
            rows.append((row, 0.0 if needs else 1.0))
    for t in range(H):
        for r in range(len(given_.resources)):
            use = {
                int(column[a, s]): float(given_.demand[a, r])
                for a in range(m)
                for s in range(max(0, t - int(given_.durations[a]) + 1), t + 1)
            }
            rows.append((use, _capacity(problem, t, r)))
    for b in range(len(given_.blocks)):
        first, last = b * given_.block_length, (b + 1) * given_.block_length
        spend = {}
        for a in range(m):
            for s in range(H + 1):
                end = s + int(given_.durations[a])
                paid = len(set(range(s, max(end, s + 1))) & set(range(first, last)))
                running = len(range(max(end, first), last))
                spend[int(column[a, s])] = paid * given_.rate[a, 0] + running * given_.after[a, 0]
        rows.append((spend, float(given_.money[b, 0])))
    rows += [({int(done[i]): 1.0, int(done[j]): -1.0}, 0.0) for i, j in problem.requires]
    rows += [({int(done[i]): 1.0, int(done[j]): 1.0}, 1.0) for i, j in problem.excludes]
    rows += [({int(done[i]): -1.0 for i in members}, -float(k)) for _, members, k in problem.coverage]
    lower = np.zeros(size)
    lower[done] = problem.mandatory
    gain = np.zeros(size)
    for i, a in enumerate(problem.last):
        for s in range(H + 1):
            gain[column[a, s]] = problem.value[i] * max(0, H - s - int(given_.durations[a]))
    solver: Any = linprog
    answer = solver(
        -gain,
        A_ub=_matrix([row for row, _ in rows], size),
        b_ub=[side for _, side in rows],
        A_eq=_matrix(equal, size),
        b_eq=np.zeros(len(equal)),
        bounds=np.stack([lower, upper], axis=1),
    )
    return -answer.fun if answer.status == 0 else -np.inf


def _matrix(rows: list[dict[int, float]], size: int) -> np.ndarray:
    matrix = np.zeros((len(rows), size))
    for k, row in enumerate(rows):
        for column, number in row.items():
            matrix[k, column] = number
    return matrix


def _capacity(problem: JointProblem, t: int, r: int) -> float:
    given_ = problem.activities
    row = t if given_.varies else 0
    return float(given_.capacity[row, r]) if row < len(given_.capacity) else 0.0


def _fits_alone(problem: JointProblem, a: int, t: int) -> bool:
    given_ = problem.activities
    end = t + int(given_.durations[a])
    if given_.rate[a].any() and max(end, t + 1) > len(given_.blocks) * given_.block_length:
        return False
    return all(
        given_.demand[a, r] <= _capacity(problem, s, r) + 1e-9
        for s in range(t, end)
        for r in range(len(given_.resources))
    )


def test_equals_the_linear_program() -> None:
    checked, proven = 0, 0
    for seed in range(20):
        problem = small_problem(seed, n=4)
        least = _linear_program(problem)
        bound = lagrangian_bound(problem, iterations=2500).value
        if least == -np.inf:
            proven += bound < 0.0
            continue
        assert bound >= least - 1e-7
        assert bound <= least * 1.001 + 1e-3
        checked += 1
    assert checked >= 10
    assert proven >= 4


@pytest.mark.parametrize("what", ["mandatory", "requires", "excludes", "coverage", "money", "capacity"])
def test_without_a_constraint_the_bound_is_no_lower(what: str) -> None:
    lower = 0
    for seed in range(8):
        duties = {"mandatory": np.arange(4) < 1, "requires": np.zeros(4, dtype=bool)}
        problem = small_problem(seed, n=4)
        problem = replace(
            problem,
            mandatory=duties.get(what, problem.mandatory),
            requires=((0, 1), (2, 3)) if what == "requires" else problem.requires,
        )
        given_ = problem.activities
        wider = {
            "mandatory": replace(problem, mandatory=np.zeros(4, dtype=bool)),
            "requires": replace(problem, requires=()),
            "excludes": replace(problem, excludes=()),
            "coverage": replace(problem, coverage=()),
            "money": replace(problem, activities=replace(given_, money=given_.money + 1e6)),
            "capacity": replace(problem, activities=replace(given_, capacity=given_.capacity + 9.0)),
        }[what]
        with_, without = (lagrangian_bound(p, iterations=1500).value for p in (problem, wider))
        if with_ < 0.0:  # there is no plan, and the search for prices ends
            continue
        assert without >= with_ - 1e-2 * max(1.0, with_)
        lower += without > with_ + 0.05
    assert lower or what in ("excludes", "coverage")


def test_prices_say_what_is_scarce() -> None:
    """Two projects of two periods and one post: one of them waits, and the post is worth what it loses."""
    problem = _two_projects(demand=1.0)
    bound = lagrangian_bound(problem, iterations=2000)
    assert bound.value == pytest.approx(6.0 + 4.0, rel=2e-2)  # done by 2 and by 4, of 8 periods
    assert bound.role_prices[:2].sum() > 0.0
    assert bound.role_prices[6:].sum() == pytest.approx(0.0, abs=0.1)


def test_what_fits_exactly_in_binary_is_within_the_bound() -> None:
    problem = _two_projects(demand=1 / 3, n=3)
    assert lagrangian_bound(problem).value >= 3 * 6.0  # all three at once


def test_what_cannot_be_done_alone_has_no_gain() -> None:
    problem = _two_projects(demand=1.0)
    given_ = problem.activities
    demand = given_.demand.copy()
    demand[0] = 5.0
    problem = replace(problem, activities=replace(given_, demand=demand))
    bound = lagrangian_bound(problem)
    assert bound.gain[0] == -np.inf
    assert np.isfinite(bound.gain[1])
    duty = replace(problem, mandatory=np.array([True, False]))
    assert lagrangian_bound(duty).value == -np.inf


def _two_projects(*, demand: float, n: int = 2) -> JointProblem:
    base = small_problem(0)
    activities = replace(
        base.activities,
        labels=base.activities.labels[:n],
        durations=np.full(n, 2),
        demand=np.tile([demand, 0.0], (n, 1)),
        capacity=np.ones((1, 2)),
        varies=False,
        links=[],
        link_names=[],
        release=np.zeros(n, dtype=np.int64),
        deadline=np.full(n, 10**6),
        sittings={},
        rate=np.zeros((n, 1)),
        after=np.zeros((n, 1)),
    )
    return replace(
        base,
        activities=activities,
        project=np.arange(n),
        projects=base.projects[:n],
        value=np.ones(n),
        mandatory=np.zeros(n, dtype=bool),
        requires=(),
        excludes=(),
        coverage=(),
    )
