"""Sums that already show that no schedule exists: more work or money in a time than there is."""

from __future__ import annotations

import numpy as np

from digistrat.planning.activity_problem import ActivityProblem, Name

_EDGES = 16  # times looked at as beginning, and as end, for each resource


def exceeded(problem: ActivityProblem, windows: tuple[np.ndarray, np.ndarray]) -> list[Name]:
    """Limits on money, or a resource, that what must happen between two times exceeds; empty if none.

    An activity must do within a time what it does there both at its earliest and at its latest start (the
    compulsory part of its energy: Erschler & Lopez 1990; Baptiste, Le Pape & Nuijten 2001, ch. 3).
    """
    for k, kind in enumerate(problem.kinds):
        if problem.rate[:, k].any() and (found := _over_budget(problem, windows, k)) is not None:
            first, last = found
            return [("budget", block, kind) for block in [*problem.blocks, None][first : last + 1]]
    for r, resource in enumerate(problem.resources):
        if problem.is_on("capacity", resource) and _over_capacity(problem, windows, r):
            return [("capacity", resource)]
    return []


def _compulsory(
    windows: tuple[np.ndarray, np.ndarray], length: np.ndarray, begin: int, end: float
) -> np.ndarray:
    """Periods between two times that each activity runs at least, wherever it starts."""
    inside = [
        np.maximum(np.minimum(starts + length, end) - np.maximum(starts, begin), 0) for starts in windows
    ]
    return np.minimum(*inside)


def _over_budget(
    problem: ActivityProblem, windows: tuple[np.ndarray, np.ndarray], k: int
) -> tuple[int, int] | None:
    """First and last of the blocks in a row that together have too little, the last perhaps no block."""
    blocks, money = [*problem.blocks, None], [*problem.money[:, k].tolist(), 0]
    on = [problem.is_on("budget", block, problem.kinds[k]) for block in blocks]
    for first in range(len(blocks)):
        there = 0
        for last in range(first, len(blocks)):
            if not on[last]:
                break
            there += money[last]
            end = np.inf if blocks[last] is None else (last + 1) * problem.block_length
            begin = first * problem.block_length
            needed = problem.rate[:, k] @ _compulsory(windows, problem.paid_periods, begin, end)
            begins = np.maximum(windows[1] + problem.durations, begin)  # of running costs, at the latest
            needed += problem.after[:, k] @ np.maximum(min(end, problem.paid_until) - begins, 0).astype(int)
            if needed > there:
                return first, last
    return None


def _over_capacity(problem: ActivityProblem, windows: tuple[np.ndarray, np.ndarray], r: int) -> bool:
    users = np.flatnonzero((problem.demand[:, r] > 0) & (problem.durations > 0))
    if not len(users):
        return False
    need, length = problem.demand[users, r], problem.durations[users]
    earliest, latest = windows[0][users], windows[1][users]
    if need.max() > problem.capacity[:, r].max(initial=0):
        return True
    supply = np.concatenate([[0], np.cumsum(problem.capacity[:, r])])
    for begin in _spread(earliest):
        for end in _spread(latest + length):
            if problem.varies:
                there = supply[min(end, len(supply) - 1)] - supply[min(begin, len(supply) - 1)]
            else:
                there = (end - begin) * supply[-1]
            if end > begin and need @ _compulsory((earliest, latest), length, begin, end) > there:
                return True
    return False


def _spread(times: np.ndarray) -> list[int]:
    """Some of the times, evenly from the first to the last."""
    distinct = np.unique(times)
    chosen = np.linspace(0, len(distinct) - 1, min(len(distinct), _EDGES)).round().astype(int)
    return [int(t) for t in distinct[chosen]]
