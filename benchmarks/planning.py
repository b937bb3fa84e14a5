"""Projects chosen and scheduled together, against the whole model in CP-SAT and in HiGHS, in the same time.

Both peers get the model as one would write it down: optional intervals for CP-SAT, one binary variable per
activity and month for HiGHS. Ours runs first, on one core; the peers may then use as many seconds, CP-SAT
with eight workers. Said are values (more is better) and bounds (less is better), and the ratios of both.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.pairs import Row
from digistrat.planning.activity_problem import NEVER, ActivityProblem, whole_numbers
from digistrat.planning.joint_model import JointProblem
from digistrat.planning.joint_relaxation import supply
from digistrat.planning.joint_search import solve_joint

ROUND = Path("data/raw/2026-04-30")
EFFORT = 1.0


def measure() -> Iterator[Row]:
    yield from rows("example city", example_city())
    for n in (60, 120, 250):
        yield from rows(f"{n} random projects", random_projects(n))


def rows(what: str, problem: JointProblem) -> Iterator[Row]:
    """Ours and both peers on one problem."""
    began, cpu = time.perf_counter(), time.process_time()
    answer = solve_joint(problem, effort=EFFORT)
    seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
    ours = f"{answer.value:,.0f} (≤ {answer.bound:,.0f}, gap {answer.gap:.1%}, {cpu:.0f} CPU s)"
    for name, peer in (("CP-SAT", cold_cp_sat), ("HiGHS", time_indexed_highs)):
        value, bound = peer(problem, seconds)
        yield (
            f"joint plan, {what}",
            ours,
            f"{name} {value:,.0f} (≤ {bound:,.0f}, {seconds:.0f} s)",
            f"value {answer.value / value:.2f}, bound {answer.bound / bound:.2f}",
            "1",
        )


def example_city() -> JointProblem:
    """All candidates of the example city's round that may be chosen."""
    import digistrat as ds
    from digistrat.planning.plan_model import joint_problem
    from digistrat.planning.plan_problem import plan_problem, plan_start
    from digistrat.planning.portfolio import portfolio_problem

    strategy = ds.load_strategy("data/strategy.toml")
    inventory = ds.read_inventory(ROUND, strategy)
    asked = portfolio_problem(
        inventory, ds.score_impact(inventory), budgets=None, cost="upper", mandatory=(), forbidden=()
    )
    allowed = asked.values.index[~asked.values.index.isin(asked.forbidden)]
    first = plan_start(inventory, None)
    return joint_problem(
        plan_problem(inventory, asked, allowed, first=first, effort_limit=1.0, seed=1), asked
    )


def random_projects(n: int, seed: int = 1) -> JointProblem:
    """60 months, four phases, ten roles with posts filled from month 6 or 12, five yearly budgets."""
    rng = np.random.default_rng(seed)
    m, months, roles = 4 * n, 60, 10
    project = np.repeat(np.arange(n), 4)
    durations = rng.integers(2, 9, m)
    demand = np.zeros((m, roles))
    for a in range(m):
        needed = rng.choice(roles, rng.integers(1, 4), replace=False)
        demand[a, needed] = np.round(rng.uniform(0.1, 1.0, len(needed)), 2)
    capacity = np.repeat(rng.integers(1, 4, (1, roles)), months, axis=0).astype(float)
    for month in (6, 12):
        capacity[month:] += rng.integers(0, 3, roles) * (rng.random(roles) < 0.5)
    capacity *= max(1.0, n / 120)
    cost = rng.lognormal(10.5, 1.0, m)
    rate, after = np.zeros((m, 2)), np.zeros((m, 2))
    rate[np.arange(m), rng.integers(0, 2, m)] = np.round(cost / durations, 2)
    yearly = 0.15 * rng.random(n) * cost.reshape(n, 4).sum(axis=1)
    after[3::4, 1] = np.round(yearly / 12, 2)
    money = np.tile((rate * durations[:, None]).sum(axis=0) * 0.45 / 5, (5, 1))
    money[:, 1] += yearly.sum() * 0.5 * np.arange(5) / 5
    links = [(a, a + 1, int(durations[a])) for a in range(m - 1) if project[a] == project[a + 1]]
    for _ in range(n // 12):
        i, j = sorted(rng.choice(n, 2, replace=False).tolist())
        links.append((4 * i + 3, 4 * j, int(durations[4 * i + 3])))
    pairs = [tuple(rng.choice(n, 2, replace=False).tolist()) for _ in range(n // 10)]
    activities = ActivityProblem(
        labels=pd.Index(range(m)),
        durations=durations,
        resources=pd.Index(range(roles)),
        demand=demand,
        capacity=capacity,
        varies=True,
        links=links,
        link_names=[("precedence", i, j) for i, j, _ in links],
        release=np.zeros(m, dtype=np.int64),
        deadline=np.full(m, NEVER),
        sittings={},
        weight=None,
        due=None,
        kinds=pd.Index(["investive", "consumptive"]),
        blocks=pd.Index(range(5)),
        block_length=12,
        rate=rate,
        after=after,
        money=money,
    )
    return JointProblem(
        activities=activities,
        project=project,
        projects=pd.Index(range(n)),
        value=rng.uniform(20.0, 100.0, n),
        mandatory=rng.random(n) < 0.05,
        horizon=months,
        requires=tuple(pairs[: n // 20]),
        excludes=tuple(pairs[n // 20 :]),
    )


def cold_cp_sat(problem: JointProblem, seconds: float) -> tuple[float, float]:
    """Value and bound of the whole model in CP-SAT: optional intervals, cumulative resources."""
    from ortools.sat.python import cp_model

    whole, horizon, project = (
        whole_numbers(problem.activities, outward=False),
        problem.horizon,
        problem.project,
    )
    model = cp_model.CpModel()
    done = [model.new_bool_var("") for _ in range(problem.n)]
    starts: list[Any] = []
    for a in range(whole.n):
        times = np.flatnonzero(_allowed(problem, a))
        if not len(times):
            model.add(done[project[a]] == 0)
            times = np.array([0])
        starts.append(model.new_int_var_from_domain(cp_model.Domain.from_values(times.tolist()), ""))
    runs = [
        model.new_optional_fixed_size_interval_var(starts[a], int(d), done[project[a]], "")
        for a, d in enumerate(whole.durations)
    ]
    for i, j, lag in whole.links:
        model.add(starts[j] >= starts[i] + lag).only_enforce_if(done[project[i]], done[project[j]])
    capacity = supply(whole, horizon)
    for r in range(len(whole.resources)):
        users = np.flatnonzero((whole.demand[:, r] > 0) & (whole.durations > 0)).tolist()
        most = int(capacity[:, r].max())
        closed = [(t, most - int(capacity[t, r])) for t in range(horizon) if capacity[t, r] < most]
        model.add_cumulative(
            [runs[a] for a in users] + [model.new_fixed_size_interval_var(t, 1, "") for t, _ in closed],
            [int(whole.demand[a, r]) for a in users] + [missing for _, missing in closed],
            most,
        )
    for (b, k), terms in _spending(model, whole, starts, done, project).items():
        model.add(sum(terms) <= int(whole.money[b, k]))
    for i, j in problem.requires:
        model.add_implication(done[i], done[j])
    for i, j in problem.excludes:
        model.add(done[i] + done[j] <= 1)
    for i in np.flatnonzero(problem.mandatory).tolist():
        model.add(done[i] == 1)
    for _, members, n in problem.coverage:
        model.add(sum(done[i] for i in members) >= n)
    scale = 1e6 / float(problem.value.max())
    running = []
    for i, a in enumerate(problem.last):
        running.append(model.new_int_var(0, horizon, ""))
        model.add(running[i] == 0).only_enforce_if(~done[i])
        model.add(running[i] <= horizon - starts[a] - int(whole.durations[a])).only_enforce_if(done[i])
    model.maximize(
        sum(int(value * scale) * periods for value, periods in zip(problem.value, running, strict=True))
    )
    solver = cp_model.CpSolver()
    solver.parameters.max_time_in_seconds = seconds
    solver.parameters.num_workers = 8
    found = solver.solve(model) in (cp_model.OPTIMAL, cp_model.FEASIBLE)
    value = solver.objective_value / scale if found else float("nan")
    return value, solver.best_objective_bound / scale


def _spending(
    model: Any, whole: ActivityProblem, starts: list[Any], done: list[Any], project: np.ndarray
) -> dict[tuple[int, int], list[Any]]:
    """Terms of money by block and kind: periods that an activity, or what runs after it, has in a block."""
    terms: dict[tuple[int, int], list[Any]] = {}
    length, n = whole.block_length, len(whole.blocks)
    for a in range(whole.n):
        paid, ends = int(whole.paid_periods[a]), starts[a] + int(whole.durations[a])
        for amounts, begin, most in ((whole.rate[a], starts[a], paid), (whole.after[a], ends, n * length)):
            if not amounts.any():
                continue
            before: list[Any] = [0]
            for b in range(1, n + 1):
                since = model.new_int_var(0, n * length, "")
                model.add_max_equality(since, [0, b * length - begin])
                before.append(model.new_int_var(0, most, ""))
                model.add_min_equality(before[-1], [most, since])
            for b in range(n):
                periods = model.new_int_var(0, length, "")
                model.add(periods >= before[b + 1] - before[b]).only_enforce_if(done[project[a]])
                for k in np.flatnonzero(amounts):
                    terms.setdefault((b, int(k)), []).append(int(amounts[k]) * periods)
    return terms


def time_indexed_highs(problem: JointProblem, seconds: float) -> tuple[float, float]:
    """Value and bound of the whole model in HiGHS: one binary variable per activity and month."""
    from scipy.optimize import Bounds, LinearConstraint, milp
    from scipy.sparse import coo_array

    given, horizon, project = problem.activities, problem.horizon, problem.project
    place = [(a, int(t)) for a in range(given.n) for t in np.flatnonzero(_allowed(problem, a))]
    owner, time_ = (np.array(x) for x in zip(*place, strict=True))
    of = [np.flatnonzero(owner == a) for a in range(given.n)]
    done, size = len(place) + np.arange(problem.n), len(place) + problem.n
    entries: list[tuple[int, np.ndarray, np.ndarray]] = []
    lower: list[float] = []
    upper: list[float] = []

    def row(columns: np.ndarray, numbers: np.ndarray, least: float, most: float) -> None:
        entries.append((len(lower), columns, numbers))
        lower.append(least)
        upper.append(most)

    for a in range(given.n):
        row(np.append(of[a], done[project[a]]), np.append(np.ones(len(of[a])), -1.0), 0.0, 0.0)
    for i, j, lag in given.links:
        columns = np.concatenate([of[j], of[i], [done[project[j]]]])
        numbers = np.concatenate([time_[of[j]], -(time_[of[i]] + lag), [-2.0 * horizon]])
        row(columns, numbers, -2.0 * horizon, np.inf)
    ends = time_ + given.durations[owner]
    capacity = supply(given, horizon)
    for r in range(len(given.resources)):
        for t in range(horizon):
            runs = np.flatnonzero((time_ <= t) & (ends > t) & (given.demand[owner, r] > 0))
            row(runs, given.demand[owner[runs], r], -np.inf, capacity[t, r])
    for b in range(len(given.blocks)):
        edges = np.array([b, b + 1]) * given.block_length
        paid = np.diff(np.clip(edges - time_[:, None], 0, given.paid_periods[owner][:, None]), axis=1)
        after = np.diff(np.maximum(edges - ends[:, None], 0), axis=1)
        spent = paid * given.rate[owner] + after * given.after[owner]
        for k in range(len(given.kinds)):
            used = np.flatnonzero(spent[:, k])
            row(used, spent[used, k], -np.inf, given.money[b, k])
    for i, j in problem.requires:
        row(done[[i, j]], np.array([1.0, -1.0]), -np.inf, 0.0)
    for i, j in problem.excludes:
        row(done[[i, j]], np.ones(2), -np.inf, 1.0)
    for _, members, n in problem.coverage:
        row(done[members], np.ones(len(members)), n, np.inf)
    which = np.concatenate([np.full(len(columns), k) for k, columns, _ in entries])
    matrix = coo_array(
        (np.concatenate([x for _, _, x in entries]), (which, np.concatenate([c for _, c, _ in entries]))),
        shape=(len(lower), size),
    )
    gain = np.zeros(size)
    for i, a in enumerate(problem.last):
        gain[of[a]] = problem.value[i] * (horizon - ends[of[a]])
    least = np.zeros(size)
    least[done] = problem.mandatory
    answer: Any = milp(
        -gain,
        constraints=LinearConstraint(matrix.tocsr(), lower, upper),
        integrality=np.ones(size, dtype=np.int64),
        bounds=Bounds(least, np.ones(size)),
        options={"time_limit": seconds},
    )
    value = float("nan") if answer.x is None else float(gain @ answer.x)
    return value, float("nan") if answer.mip_dual_bound is None else -float(answer.mip_dual_bound)


def _allowed(problem: JointProblem, a: int) -> np.ndarray:
    """By period: whether dates, sittings and budgets' end allow an activity to start there."""
    given = problem.activities
    times = np.arange(problem.horizon + 1)
    end = min(int(given.deadline[a]), problem.horizon)
    allowed = (times >= given.release[a]) & (times + given.durations[a] <= end)
    if a in given.sittings:
        allowed &= np.isin(times, given.sittings[a])
    if given.rate[a].any():
        allowed &= times + given.paid_periods[a] <= given.paid_until
    return np.asarray(allowed)
