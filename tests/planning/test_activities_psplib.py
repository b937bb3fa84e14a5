"""PSPLIB (Kolisch & Sprecher 1996), and varying capacity against a time-indexed model."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from benchmarks.psplib import read_psplib
from scipy.optimize import Bounds, LinearConstraint, milp

from digistrat.planning.activities import schedule_activities
from digistrat.planning.verify import verify_schedule_activities

QUICK = ["j302_6", "j3011_5", "j3020_4", "j3035_9", "j3038_2", "j307_6"]
HARD_J60 = {"j6029_5": 0.07, "j6045_3": 0.08}


def psplib(shared, name):
    folder = shared / "data" / "psplib"
    kind = next(k for k in ("j120", "j60", "j30") if name.startswith(k))
    best = pd.read_csv(folder / f"best_known_{kind}.csv", index_col="instance").at[name, "best_known"]
    return read_psplib(folder / kind / f"{name}.sm"), best


@pytest.mark.parametrize("name", QUICK)
def test_j30_is_proven(shared, name):
    problem, best = psplib(shared, name)
    found = schedule_activities(*problem)
    assert (found.makespan, found.bound, found.status) == (best, best, "optimal")
    assert verify_schedule_activities(found.start, *problem).empty


@pytest.mark.slow
def test_all_of_j30_are_proven(shared):
    names = pd.read_csv(shared / "data" / "psplib" / "best_known_j30.csv")["instance"]
    for name in names:
        problem, best = psplib(shared, name)
        found = schedule_activities(*problem)
        assert (found.makespan, found.status) == (best, "optimal"), name
        assert verify_schedule_activities(found.start, *problem).empty, name


@pytest.mark.parametrize("name", HARD_J60)
def test_hard_ones_come_near_the_best_known(shared, name):
    problem, best = psplib(shared, name)
    found = schedule_activities(*problem, effort_limit=0.25)
    assert found.bound <= best <= found.makespan <= best * (1 + HARD_J60[name])
    assert verify_schedule_activities(found.start, *problem).empty


def test_seconds_instead_of_effort(shared):
    problem, best = psplib(shared, "j6045_3")
    found = schedule_activities(*problem, time_limit=1.0)
    assert found.bound <= best <= found.makespan
    assert verify_schedule_activities(found.start, *problem).empty


def time_indexed(length, need, capacity, links):
    """Least sum of ends by a 0-1 variable per activity and start (Pritsker et al. 1969), solved by HiGHS."""
    n, periods = len(length), len(capacity)
    columns = [(i, t) for i in range(n) for t in range(periods - int(length.iloc[i]) + 1)]
    at = {column: k for k, column in enumerate(columns)}
    rows, low, high = [], [], []

    def add(terms, least, most):
        row = np.zeros(len(columns))
        for column, factor in terms:
            row[at[column]] += factor
        rows.append(row)
        low.append(least)
        high.append(most)

    starts = [[t for j, t in columns if j == i] for i in range(n)]
    for i in range(n):
        add([((i, t), 1.0) for t in starts[i]], 1, 1)
    for a, b in links:
        add(
            [((b, t), t) for t in starts[b]] + [((a, t), -t) for t in starts[a]],
            int(length.iloc[a]),
            np.inf,
        )
    for r in range(need.shape[1]):
        for period in range(periods):
            running = [(i, t) for i, t in columns if t <= period < t + length.iloc[i]]
            add([(c, need.iat[c[0], r]) for c in running], -np.inf, capacity.iat[period, r])
    cost = np.array([t + length.iloc[i] for i, t in columns], dtype=float)
    return milp(
        cost,
        constraints=LinearConstraint(np.array(rows), low, high),
        bounds=Bounds(0, 1),
        integrality=np.ones(len(columns)),
    )


@pytest.mark.parametrize("seed", range(10))
def test_varying_capacity_equals_a_time_indexed_model(seed):
    rng = np.random.default_rng(seed)
    n, periods = 12, 30
    labels = [f"a{k}" for k in range(n)]
    length = pd.Series(rng.integers(1, 5, n), index=labels)
    need = pd.DataFrame(rng.integers(0, 4, (n, 2)) / 4, index=labels, columns=["r", "s"])
    capacity = pd.DataFrame(rng.integers(0, 7, (periods, 2)) / 4, columns=["r", "s"])
    capacity.iloc[14:] = 1.0
    links = [(a, a + int(rng.integers(1, 4))) for a in range(0, n - 3, 2)]
    named = pd.DataFrame([(labels[a], labels[b]) for a, b in links], columns=["predecessor", "successor"])
    weights = pd.Series(1.0, index=labels)
    found = schedule_activities(length, need, capacity, named, weights=weights)
    expected = time_indexed(length, need, capacity, links)
    assert expected.status == 0  # each of the ten has a schedule
    assert (found.status, found.objective) == ("optimal", pytest.approx(expected.fun, abs=1e-4))
    assert verify_schedule_activities(found.start, length, need, capacity, named).empty
