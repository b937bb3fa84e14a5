"""Small random problems of the joint model, and all plans of them by brute force."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import product

import numpy as np
import pandas as pd

from digistrat.planning.activity_problem import NEVER, ActivityProblem
from digistrat.planning.joint_model import JointProblem

HORIZON, BLOCK = 8, 4


def small_problem(seed: int, *, n: int = 3) -> JointProblem:
    """Some projects of one to three activities, eight periods, two resources, money in two blocks."""
    rng = np.random.default_rng(seed)
    project = np.repeat(np.arange(n), rng.integers(1, 4, n))
    m = len(project)
    durations = rng.integers(0, 4, m)
    last = np.flatnonzero(np.diff(project, append=n))
    links = [
        (a, a + 1, int(durations[a]) + int(rng.integers(-1, 2) * (rng.random() < 0.3)))
        for a in range(m - 1)
        if project[a] == project[a + 1]
    ]
    pairs = [tuple(rng.choice(n, 2, replace=False).tolist()) for _ in range(3)]
    requires = tuple(pairs[:1]) if rng.random() < 0.4 else ()
    excludes = tuple(pairs[1:2]) if rng.random() < 0.3 else ()
    if rng.random() < 0.6:  # the first of one waits for the last of another, or only for its beginning
        i, j = requires[0][::-1] if requires and rng.random() < 0.5 else pairs[2]
        head = int(np.flatnonzero(project == j)[0])
        links.append((int(last[i]), head, int(durations[last[i]]) * int(rng.integers(0, 2))))
    after = np.zeros((m, 1))
    after[last, 0] = rng.integers(0, 3, n) / 2
    sittings = {int(last[0]): np.flatnonzero(rng.random(HORIZON + 1) < 0.6)} if rng.random() < 0.3 else {}
    release = rng.integers(0, 3, m) * (rng.random(m) < 0.2)
    deadline = np.where(rng.random(m) < 0.1, rng.integers(3, 9, m), NEVER)
    labels = pd.Index([f"a{a}" for a in range(m)])
    varies = bool(rng.random() < 0.7)
    activities = ActivityProblem(
        labels=labels,
        durations=durations,
        resources=pd.Index(["r", "s"]),
        demand=rng.choice([0.0, 1 / 3, 0.5, 1.0], (m, 2)),
        capacity=rng.choice([0.5, 1.0, 1.0, 1.5], (int(rng.integers(6, 9)) if varies else 1, 2)),
        varies=varies,
        links=links,
        link_names=[("precedence", labels[i], labels[j]) for i, j, _ in links],
        release=release,
        deadline=deadline,
        sittings=sittings,
        weight=None,
        due=None,
        kinds=pd.Index(["money"]),
        blocks=pd.Index([0, 1]),
        block_length=BLOCK,
        rate=rng.choice([0.0, 0.5, 1.0, 4 / 3], (m, 1)),
        after=after,
        money=rng.choice([1.0, 3.0, 5.0, 20.0], (2, 1)),
    )
    coverage = (("field", np.array([0, 1]), 1),) if rng.random() < 0.3 else ()
    return JointProblem(
        activities=activities,
        project=project,
        projects=pd.Index([f"p{i}" for i in range(n)]),
        value=rng.choice([0.0, 1.0, 2.5, 3.0, 4.0], n),
        mandatory=rng.random(n) < 0.25,
        horizon=HORIZON,
        requires=requires,
        excludes=excludes,
        coverage=coverage,
    )


def chains(problem: JointProblem, i: int) -> Iterator[tuple[int, ...]]:
    """All starts of one project that its own dates and links allow."""
    given, own = problem.activities, np.flatnonzero(problem.project == i).tolist()
    allowed = []
    for a in own:
        last = min(int(given.deadline[a]), problem.horizon) - int(given.durations[a])
        times = range(int(given.release[a]), last + 1)
        allowed.append([t for t in times if a not in given.sittings or t in given.sittings[a]])
    for starts in product(*allowed):
        at = dict(zip(own, starts, strict=True))
        if all(at[b] >= at[a] + lag for a, b, lag in given.links if a in at and b in at):
            yield starts


def resources_hold(problem: JointProblem, starts: np.ndarray) -> bool:
    """Whether a plan stays within capacity and money, counted period by period."""
    given = problem.activities
    paid_until = len(given.blocks) * given.block_length
    load = np.zeros((problem.horizon + 1, len(given.resources)))
    spent = np.zeros((problem.horizon + paid_until + 5, len(given.kinds)))
    for a in np.flatnonzero(starts >= 0).tolist():
        begin, end = int(starts[a]), int(starts[a] + given.durations[a])
        load[begin:end] += given.demand[a]
        spent[begin : max(end, begin + 1)] += given.rate[a]
        spent[end:paid_until] += given.after[a]
    for t in range(problem.horizon):
        row = t if given.varies else 0
        there = given.capacity[row] if row < len(given.capacity) else 0.0
        if (load[t] > there + 1e-9).any():
            return False
    for b in range(len(given.blocks)):
        in_block = spent[b * given.block_length : (b + 1) * given.block_length].sum(axis=0)
        if (in_block > given.money[b] + 1e-9).any():
            return False
    return bool((spent[paid_until:] <= 1e-9).all())


def keeps_all(problem: JointProblem, starts: np.ndarray) -> bool:
    """Whether a plan keeps everything, said once more and not as the code says it."""
    given = problem.activities
    done = np.array([bool((starts[problem.project == i] >= 0).all()) for i in range(len(problem.projects))])
    if any((starts[problem.project == i] >= 0).any() and not done[i] for i in range(len(done))):
        return False
    if any(problem.mandatory[i] and not done[i] for i in range(len(done))):
        return False
    if any(done[i] and not done[j] for i, j in problem.requires):
        return False
    if any(done[i] and done[j] for i, j in problem.excludes):
        return False
    if any(sum(done[i] for i in members) < n for _, members, n in problem.coverage):
        return False
    for i in np.flatnonzero(done):
        if tuple(starts[problem.project == i].tolist()) not in set(chains(problem, int(i))):
            return False
    for a, b, lag in given.links:
        if starts[a] >= 0 and starts[b] >= 0 and starts[b] < starts[a] + lag:
            return False
    return resources_hold(problem, starts)


def worth(problem: JointProblem, starts: np.ndarray) -> float:
    """Value times periods in operation."""
    total = 0.0
    for i, value in enumerate(problem.value):
        last = int(np.flatnonzero(problem.project == i)[-1])
        if starts[last] >= 0:
            total += value * (problem.horizon - starts[last] - problem.activities.durations[last])
    return total


def best_by_brute_force(problem: JointProblem) -> tuple[float, np.ndarray]:
    """What the best plan is worth (−inf if there is none), and its starts."""
    n, best, best_plan = len(problem.projects), -np.inf, np.full(problem.activities.n, -1)
    options: list[list[tuple[int, ...] | None]] = []
    for i in range(n):
        alone = []
        for starts in chains(problem, i):
            plan = np.full(problem.activities.n, -1)
            plan[problem.project == i] = starts
            if resources_hold(problem, plan):
                alone.append(starts)
        alone.sort(key=lambda starts: starts[-1])  # the most valuable first
        options.append([*alone, *([] if problem.mandatory[i] else [None])])
    none = np.full(problem.activities.n, -1)

    def extend(i: int, plan: np.ndarray) -> None:
        """Give the projects from i on all their options; more resources are never used less."""
        nonlocal best, best_plan
        most = sum(problem.value[k] * problem.horizon for k in range(i, n))
        if worth(problem, plan) + most <= best or (i and not resources_hold(problem, plan)):
            return
        if i == n:
            if keeps_all(problem, plan):
                best, best_plan = worth(problem, plan), plan
            return
        for starts in options[i]:
            longer = plan.copy()
            if starts is not None:
                longer[problem.project == i] = starts
            extend(i + 1, longer)

    extend(0, none)
    return best, best_plan


def restrict(problem: JointProblem, projects: np.ndarray) -> tuple[JointProblem, np.ndarray]:
    """The problem with only some projects (positions, ascending), and the positions of their activities.

    Requirements of projects that are left out are left out too; coverage counts what is left.
    """
    given = problem.activities
    kept = np.flatnonzero(np.isin(problem.project, projects))
    place = {int(a): k for k, a in enumerate(kept)}
    where = {int(i): k for k, i in enumerate(projects)}
    links = [
        ((place[i], place[j], lag), name)
        for (i, j, lag), name in zip(given.links, given.link_names, strict=True)
        if i in place and j in place
    ]
    activities = replace(
        given,
        labels=given.labels[kept],
        durations=given.durations[kept],
        demand=given.demand[kept],
        links=[link for link, _ in links],
        link_names=[name for _, name in links],
        release=given.release[kept],
        deadline=given.deadline[kept],
        sittings={place[a]: allowed for a, allowed in given.sittings.items() if a in place},
        weight=None if given.weight is None else given.weight[kept],
        due=None if given.due is None else given.due[kept],
        rate=given.rate[kept],
        after=given.after[kept],
    )

    def among(pairs: tuple[tuple[int, int], ...]) -> tuple[tuple[int, int], ...]:
        return tuple((where[i], where[j]) for i, j in pairs if i in where and j in where)

    smaller = replace(
        problem,
        activities=activities,
        project=np.array([where[int(i)] for i in problem.project[kept]], dtype=np.int64),
        projects=problem.projects[projects],
        value=problem.value[projects],
        mandatory=problem.mandatory[projects],
        requires=among(problem.requires),
        excludes=among(problem.excludes),
        coverage=tuple(
            (name, np.array([where[int(i)] for i in members if int(i) in where], dtype=np.int64), n)
            for name, members, n in problem.coverage
        ),
    )
    return smaller, kept
