"""How far one constraint must give way so that there is a schedule: the least amount, proven."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, replace

import numpy as np

from digistrat.planning.activity_model import Effort
from digistrat.planning.activity_problem import ActivityProblem, Name, fits, whole_numbers
from digistrat.planning.activity_search import solve
from digistrat.planning.activity_sums import exceeded

_LITTLE = 1e-9  # relative: more than what the engine lets pass
_NEAR = 200
_LESS_THAN_A_CENT = 0.006  # euros: more than what it lets pass


@dataclass(frozen=True)
class Relaxation:
    """A constraint that may give way in steps.

    Attributes
    ----------
    name : tuple
        Of the constraint, as in `Schedule.conflicts`.
    step : float
        A cent, 0.01 of a post, a period.
    most : int
        More steps than this are of no use.
    relaxed : callable
        The problem with so many steps less of it.
    needed : callable
        So many steps at most a schedule of a relaxed problem makes use of; all of them where there is none.
    """

    name: Name
    step: float
    most: int
    relaxed: Callable[[int], ActivityProblem]
    needed: Callable[[np.ndarray], int] | None = None


@dataclass(frozen=True)
class Least:
    """So many steps make a schedule possible; ``is_smallest`` where it is proven that one less does not.

    ``is_enough`` is False where the constraints that were looked at can then be kept, but not all others.
    """

    steps: int
    starts: np.ndarray
    is_smallest: bool
    is_enough: bool


def least_relaxation(
    relaxation: Relaxation, given: ActivityProblem, conflict: frozenset[Name], effort: Effort
) -> Least | None:
    """Find the least number of steps; None where the constraint does not help at all.

    First with the constraints of the conflict alone: what is impossible with them is so with all. Then it is
    tried whether the same is enough for all, and if not, how much is.

    Parameters
    ----------
    relaxation : Relaxation
    given : ActivityProblem
        Numbers as given, weights zero.
    conflict : frozenset of names
        Constraints that exclude each other.
    effort : Effort
        For each question.
    """
    others = frozenset(given.names()) - conflict

    def among(steps: int) -> np.ndarray | bool | None:
        return possible(relaxation.relaxed(steps), others, effort)

    def with_all(steps: int) -> np.ndarray | bool | None:
        return possible(relaxation.relaxed(steps), frozenset(), effort)

    here = _smallest(relaxation, among, 0)
    if here is None:
        return None
    steps, starts, proven = here
    whole = with_all(steps)
    if isinstance(whole, np.ndarray):
        return Least(steps, whole, proven, True)
    everywhere = _smallest(relaxation, with_all, steps if whole is False else 0)
    if everywhere is None:
        return Least(steps, starts, proven, False)
    return Least(*everywhere, True)


def _smallest(
    relaxation: Relaxation, ask: Callable[[int], np.ndarray | bool | None], impossible: int
) -> tuple[int, np.ndarray, bool] | None:
    """Halve the steps between what is impossible and what is possible; the last is whether that is proven."""
    found = ask(relaxation.most)
    if not isinstance(found, np.ndarray):
        return None

    def used(steps: int, starts: np.ndarray) -> int:
        return steps if relaxation.needed is None else min(steps, relaxation.needed(starts))

    least, proven = impossible, True
    most = max(least + 1, used(relaxation.most, found))
    # where nothing is proven, half a percent is near enough
    while most - least > (1 if proven else max(1, most // _NEAR)):
        middle = (least + most) // 2
        answer = ask(middle)
        if isinstance(answer, np.ndarray):
            found, most = answer, max(least + 1, used(middle, answer))
        else:
            least = middle
            proven = proven and answer is False
    return most, found, proven


def possible(given: ActivityProblem, off: frozenset[Name], effort: Effort) -> np.ndarray | bool | None:
    """Return starts that keep all constraints but those left out, False if there are none (proven)."""
    problem = replace(whole_numbers(given, outward=True), off=off)
    windows = problem.windows()
    if windows is None or exceeded(problem, windows) or exceeded(_generous(given, off), windows):
        return False
    answer = solve(problem, effort)
    if answer.status == "infeasible":
        return False
    if answer.starts is not None and not off and not fits(given, answer.starts):
        answer = solve(whole_numbers(given, outward=False), effort)
    return answer.starts


def _generous(given: ActivityProblem, off: frozenset[Name]) -> ActivityProblem:
    """The numbers as given and more than what counts as no breach: what exceeds them is a proof."""
    return replace(
        given,
        money=given.money + _LESS_THAN_A_CENT,
        capacity=given.capacity + _LITTLE * np.maximum(given.capacity, 1.0),
        off=off,
    )


def relaxation_of(given: ActivityProblem, name: Name, first: int, horizon: int) -> Relaxation | None:
    """Return how a constraint can give way; None where nobody can make it.

    Parameters
    ----------
    given : ActivityProblem
    name : tuple
        From `Schedule.conflicts`.
    first, horizon : int
        Periods before and after which nothing is planned.
    """
    kind, *what = name
    place = {label: i for i, label in enumerate(given.labels)}
    match kind:
        case "budget":
            return None if what[0] is None else _more_money(given, name, [what[0]])
        case "budgets":
            return _more_money(given, name, list(given.blocks))
        case "capacity":
            return _more_staff(given, name)
        case "deadline":
            i = place[what[0]]
            return _later(given, name, i, horizon - int(given.deadline[i]))
        case "release":
            i = place[what[0]]
            return _earlier(given, name, i, int(given.release[i]) - first)
        case "sitting":
            return _any_time(given, name, place[what[0]])
        case "chain" | "precedence":
            return _shorter(given, name, place[what[0]], place[what[1]])
    return None


def _steps(amount: float, step: float) -> int:
    return int(np.ceil(max(amount, 0.0) / step - 1e-6))


def _more_money(given: ActivityProblem, name: Name, blocks: list[Hashable]) -> Relaxation:
    """As much more in each of these blocks."""
    rows, k = [list(given.blocks).index(block) for block in blocks], list(given.kinds).index(name[-1])

    def relaxed(steps: int) -> ActivityProblem:
        money = given.money.copy()
        money[rows, k] += steps * 0.01
        return replace(given, money=money)

    def spent(starts: np.ndarray, b: int) -> float:
        begin, end = b * given.block_length, (b + 1) * given.block_length
        stop = starts + given.paid_periods
        inside = np.clip(np.minimum(stop, end) - np.maximum(starts, begin), 0, None)
        running = np.clip(end - np.maximum(starts + given.durations, begin), 0, None)
        return float(given.rate[:, k] @ inside + given.after[:, k] @ running)

    def needed(starts: np.ndarray) -> int:
        return _steps(max(spent(starts, b) - float(given.money[b, k]) for b in rows), 0.01)

    total = float(given.rate[:, k] @ given.paid_periods + given.after[:, k].sum() * given.block_length)
    return Relaxation(name, 0.01, _steps(total, 0.01) + 1, relaxed, needed)


def _more_staff(given: ActivityProblem, name: Name) -> Relaxation:
    r = list(given.resources).index(name[1])
    need, there = given.demand[:, r], given.capacity[:, r]
    step = 1.0 if (need == np.round(need)).all() and (there == np.round(there)).all() else 0.01

    def relaxed(steps: int) -> ActivityProblem:
        capacity = given.capacity.copy()
        capacity[:, r] += steps * step
        return replace(given, capacity=capacity)

    def needed(starts: np.ndarray) -> int:
        periods = np.arange(len(there))[:, None]
        runs = (periods >= starts) & (periods < starts + given.durations)
        return _steps(float((runs @ need - there).max(initial=0.0)), step)

    return Relaxation(name, step, _steps(float(need.sum()), step) + 1, relaxed, needed)


def _later(given: ActivityProblem, name: Name, i: int, most: int) -> Relaxation | None:
    def relaxed(steps: int) -> ActivityProblem:
        deadline = given.deadline.copy()
        deadline[i] += steps
        return replace(given, deadline=deadline)

    def needed(starts: np.ndarray) -> int:
        return int(max(0, starts[i] + given.durations[i] - given.deadline[i]))

    return Relaxation(name, 1, most, relaxed, needed) if most > 0 else None


def _earlier(given: ActivityProblem, name: Name, i: int, most: int) -> Relaxation | None:
    def relaxed(steps: int) -> ActivityProblem:
        release = given.release.copy()
        release[i] -= steps
        return replace(given, release=release)

    def needed(starts: np.ndarray) -> int:
        return int(max(0, given.release[i] - starts[i]))

    return Relaxation(name, 1, most, relaxed, needed) if most > 0 else None


def _any_time(given: ActivityProblem, name: Name, i: int) -> Relaxation:
    others = {j: allowed for j, allowed in given.sittings.items() if j != i}

    def relaxed(steps: int) -> ActivityProblem:
        return replace(given, sittings=others) if steps else given

    return Relaxation(name, 1, 1, relaxed)


def _shorter(given: ActivityProblem, name: Name, first: int, last: int) -> Relaxation | None:
    """Activities from the first to the last one may take less time, the longest ones first."""
    between = _between(given, first, last)
    spare = int((given.durations[between] - 1).clip(min=0).sum())

    def relaxed(steps: int) -> ActivityProblem:
        durations = given.durations.copy()
        for _ in range(steps):
            longest = between[int(np.argmax(durations[between]))]
            durations[longest] -= 1
        cut = given.durations - durations
        # a link from an activity's end comes earlier with it; one from its start does not
        links = [(i, j, lag - int(cut[i]) if lag >= given.durations[i] else lag) for i, j, lag in given.links]
        rate = given.rate * (given.paid_periods / np.maximum(durations, 1))[:, None]
        return replace(given, durations=durations, links=links, rate=rate)

    return Relaxation(name, 1, spare, relaxed) if spare else None


def _between(given: ActivityProblem, first: int, last: int) -> np.ndarray:
    """Activities on links from the first to the last one, both included."""
    after: dict[int, list[int]] = {}
    before: dict[int, list[int]] = {}
    for i, j, _ in given.links:
        after.setdefault(i, []).append(j)
        before.setdefault(j, []).append(i)

    def reached(begin: int, following: dict[int, list[int]]) -> set[int]:
        found, left = {begin}, [begin]
        while left:
            for j in following.get(left.pop(), []):
                if j not in found:
                    found.add(j)
                    left.append(j)
        return found

    return np.array(sorted(reached(first, after) & reached(last, before)), dtype=np.int64)
