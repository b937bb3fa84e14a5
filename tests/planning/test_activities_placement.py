"""Where an activity fits, against looking at every period one by one."""

from __future__ import annotations

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from digistrat.planning.activity_frames import read_activities
from digistrat.planning.activity_problem import ActivityProblem, whole_numbers
from digistrat.planning.placement import Profile

HORIZON = 14
BLOCK = 4


@st.composite
def placed(draw) -> tuple[ActivityProblem, list[int]]:
    """A problem of some activities, and where all but the first of them are put, whether that fits or not."""
    n = draw(st.integers(1, 5))
    labels = list("abcde")[:n]

    def ints(most, k=n):
        return draw(st.lists(st.integers(0, most), min_size=k, max_size=k))

    need = pd.DataFrame({"r": ints(3), "s": ints(2)}, index=labels)
    supply = pd.DataFrame({"r": ints(9, HORIZON), "s": ints(6, HORIZON)})
    money = {
        "costs": pd.DataFrame({"it": ints(6), "run": 0}, index=labels),
        "after": pd.DataFrame({"it": ints(1), "run": ints(2)}, index=labels),
        "budgets": pd.DataFrame({"it": ints(40, 3), "run": ints(20, 3)}),
    }
    none = dict.fromkeys(["release", "deadlines", "weights", "due"])
    problem = read_activities(
        pd.Series(ints(6), index=labels),
        need,
        supply if draw(st.booleans()) else supply.max(),
        None,
        **none,
        **(money if draw(st.booleans()) else dict.fromkeys(money)),
        periods_per_block=BLOCK,
        sittings={"a": sorted({*ints(HORIZON)})} if draw(st.booleans()) else None,
    )
    return whole_numbers(problem, outward=True), ints(4, n - 1)


def left(problem: ActivityProblem, starts: dict[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """What is left in each period and block, counted one by one."""
    capacity = np.tile(problem.capacity, (HORIZON, 1))[:HORIZON].copy()
    money = np.vstack([problem.money, np.zeros((1, len(problem.kinds)), dtype=int)])
    for i, start in starts.items():
        d = int(problem.durations[i])
        for t in range(start, start + d):
            capacity[t] -= problem.demand[i]
        for t in range(start, start + max(1, d)):
            money[min(t // BLOCK, len(money) - 1)] -= problem.rate[i]
        for t in range(start + d, (len(money) - 1) * BLOCK):
            money[t // BLOCK] -= problem.after[i]
    return capacity, money


@settings(max_examples=60, deadline=None)
@given(placed(), st.integers(0, HORIZON), st.integers(0, HORIZON))
def test_first_and_last_start_that_fit(case, low, high):
    problem, begins = case
    profile = Profile(problem, HORIZON)
    taken: dict[int, int] = {}
    for i, start in enumerate(begins, start=1):  # only what fits is put there
        capacity, money = left(problem, {**taken, i: start})
        if (capacity >= 0).all() and (money >= 0).all():
            profile.add(i, start)
            taken[i] = start
    high = min(high, HORIZON - int(problem.durations[0]))
    possible = []
    for t in range(low, high + 1):
        capacity, money = left(problem, {**taken, 0: t})
        sits = 0 not in problem.sittings or t in problem.sittings[0]
        if sits and (capacity >= 0).all() and (money >= 0).all():
            possible.append(t)
    assert profile.first(0, low, high) == min(possible, default=None)
    assert profile.last(0, low, high) == max(possible, default=None)
    before = profile.state()
    profile.add(0, low)
    profile.add(0, low, sign=1)
    assert profile.state() == before
