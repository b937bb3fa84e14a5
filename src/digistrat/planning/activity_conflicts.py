"""Which constraints of a schedule exclude each other, within a limit on the search."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from digistrat.planning.activity_model import Effort
from digistrat.planning.activity_problem import ActivityProblem, Name
from digistrat.planning.activity_search import solve
from digistrat.planning.activity_sums import exceeded
from digistrat.planning.conflicts import smallest_conflict

_QUESTION = 0.5  # deterministic seconds of the solver for a question at most
_LEAST = 0.005  # what a question counts at least: the sums and the serial schedules


def find_conflict(problem: ActivityProblem, effort: Effort) -> tuple[tuple[Name, ...], bool]:
    """A set of constraints that no schedule can keep, and whether none of them could be spared.

    Dates and links are asked alone first, then sums of work and money; only then schedules are searched for,
    for all questions together as long as the effort's limit. Where that ends the search, constraints may be
    named that do not matter. Links in a row are named as one: ``("chain", first, last, periods)``.
    """
    names = problem.names()
    everything = frozenset(names)

    def only(kept: list[Name]) -> ActivityProblem:
        """The question whether any schedule keeps these constraints."""
        nothing = np.zeros(problem.n, dtype=np.int64)
        return replace(problem, off=everything - frozenset(kept), weight=nothing, due=None)

    def by_dates(kept: list[Name]) -> bool:
        return only(kept).windows() is None

    def by_sums(kept: list[Name]) -> bool:
        windows = only(kept).windows()
        return windows is None or bool(exceeded(only(kept), windows))

    if by_dates(names):
        return folded(problem, smallest_conflict(names, by_dates)), True
    limits = exceeded(problem, problem.windows() or (np.zeros(0), np.zeros(0)))
    if limits:
        dated = [name for name in names if name in limits or name[0] not in ("budget", "capacity")]
        # time ends with the last row of a capacity that varies, and with the last budget
        ends = [] if by_sums(dated) else [n for n in names if n not in dated]
        names = list(smallest_conflict([*dated, *ends], by_sums))
    by_search, is_certain = _search(only, effort)
    found = smallest_conflict(names, by_search)
    return folded(problem, found), is_certain()


def _search(
    only: Callable[[list[Name]], ActivityProblem], effort: Effort
) -> tuple[Callable[[list[Name]], bool], Callable[[], bool]]:
    """The question whether constraints are proven impossible; and whether all answers were certain."""
    left, certain = effort.limit, True

    def impossible(kept: list[Name]) -> bool:
        nonlocal left, certain
        if left <= 0:
            certain = False
            return False
        problem = only(kept)
        windows = problem.windows()
        if windows is None or exceeded(problem, windows):
            left -= _LEAST
            return True
        answer = solve(problem, replace(effort, limit=min(_QUESTION, left), seconds=None))
        left -= _LEAST + answer.spent
        certain = certain and answer.status != "limit"
        return answer.status == "infeasible"

    return impossible, lambda: certain


def folded(problem: ActivityProblem, names: tuple[Name, ...]) -> tuple[Name, ...]:
    """Name links that follow each other, with nothing else of the set between them, as one chain."""
    after: dict[object, list[object]] = {}
    before: dict[object, list[object]] = {}
    for kind, *ends in names:
        if kind == "precedence":
            after.setdefault(ends[0], []).append(ends[1])
            before.setdefault(ends[1], []).append(ends[0])
    others = {name[1] for name in names if name[0] in ("deadline", "release", "sitting")}
    inner = {
        label
        for label, ones in after.items()
        if len(ones) == 1 and len(before.get(label, [])) == 1 and label not in others
    }
    lags: dict[Name, int] = {}
    for (_, _, lag), name in zip(problem.links, problem.link_names, strict=True):
        lags[name] = max(lag, lags.get(name, lag))
    length = dict(zip(problem.labels, problem.durations.tolist(), strict=True))
    kept: list[Name] = []
    for name in names:
        if name[0] != "precedence":
            kept.append(name)
        elif name[1] not in inner or _circle(name[1], after, inner):
            periods, last = lags[name], name[2]
            while last in inner and not _circle(last, after, inner):
                following = after[last][0]
                periods, last = periods + lags["precedence", last, following], following
            kept.append(name if last == name[2] else ("chain", name[1], last, periods + length[last]))
    return tuple(kept)


def _circle(label: object, after: dict[object, list[object]], inner: set[object]) -> bool:
    """Whether inner links lead from an activity back to it."""
    at = after[label][0]
    while at in inner and at != label:
        at = after[at][0]
    return at == label
