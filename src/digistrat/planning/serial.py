"""A good schedule quickly: activities placed one by one, in many orders (serial schedule generation)."""

from __future__ import annotations

import heapq
import math
import time
from collections.abc import Iterator

import numpy as np

from digistrat.planning.activity_problem import ActivityProblem
from digistrat.planning.placement import Profile

_POPULATION = 24  # orders that are bred from
_CHANGED = 0.05  # share of the children with random changes
_LONGER = 1.15  # than the first schedule: so much later may anything end, so that less has to be looked at


class SerialScheduler:
    """Places activities in the order of a priority, each as early as everything allows."""

    def __init__(self, problem: ActivityProblem, horizon: int) -> None:
        self.problem, self.horizon = problem, horizon
        self.windows = problem.windows(horizon)
        self.after: list[list[tuple[int, int]]] = [[] for _ in range(problem.n)]
        self.before: list[list[tuple[int, int]]] = [[] for _ in range(problem.n)]
        for (i, j, lag), name in zip(problem.links, problem.link_names, strict=True):
            if problem.is_on(*name):
                self.after[i].append((j, lag))
                self.before[j].append((i, lag))
        self.profile = Profile(problem, horizon)
        self.empty = self.profile.state()
        if self.windows is not None:
            self.earliest, self.latest = self.windows[0].tolist(), self.windows[1].tolist()

    def within(self, horizon: int) -> SerialScheduler:
        """The same with less time, as no longer schedule is wanted."""
        return self if horizon >= self.horizon else SerialScheduler(self.problem, horizon)

    def topological(self) -> list[int] | None:
        """Activities with every predecessor first; None if links go in a circle."""
        waiting = [len(b) for b in self.before]
        ready = [i for i, n in enumerate(waiting) if not n]
        for i in ready:
            for j, _ in self.after[i]:
                waiting[j] -= 1
                if not waiting[j]:
                    ready.append(j)
        return ready if len(ready) == self.problem.n else None

    def place(self, priority: np.ndarray) -> tuple[np.ndarray | None, int]:
        """Starts by serial generation, small priorities first; or None and who finds no place."""
        profile, order = self.profile, priority.tolist()
        profile.restore(self.empty)
        waiting = [len(b) for b in self.before]
        low = list(self.earliest)
        ready = [(order[i], i) for i, n in enumerate(waiting) if not n]
        heapq.heapify(ready)
        starts = [0] * self.problem.n
        while ready:
            i = heapq.heappop(ready)[1]
            start = profile.first(i, low[i], self.latest[i])
            if start is None:
                return None, i
            profile.add(i, start)
            starts[i] = start
            for j, lag in self.after[i]:
                low[j] = max(low[j], start + lag)
                waiting[j] -= 1
                if not waiting[j]:
                    heapq.heappush(ready, (order[j], j))
        return np.array(starts, dtype=np.int64), -1

    def justify(self, given: np.ndarray) -> np.ndarray:
        """Move everything as late as the makespan allows, then as early as possible: never longer.

        Double justification (Valls, Ballestín & Quintanilla 2005, Eur. J. Oper. Res. 165:375–386). Money of
        two years may make a move impossible; then the schedule is left as it is.
        """
        profile, durations = self.profile, self.problem.durations
        ends, starts = given + durations, given.tolist()
        end = int(ends.max(initial=0))
        profile.restore(self.empty)
        for i in np.lexsort((given, -ends)).tolist():
            high = min(self.latest[i], end - profile.durations[i])
            for j, lag in self.after[i]:
                high = min(high, starts[j] - lag)
            found = profile.last(i, starts[i], high)
            if found is None:
                return given
            profile.add(i, found)
            starts[i] = found
        late = np.array(starts, dtype=np.int64)
        profile.restore(self.empty)
        for i in np.lexsort((late + durations, late)).tolist():
            low = self.earliest[i]
            for j, lag in self.before[i]:
                low = max(low, starts[j] + lag)
            found = profile.first(i, low, starts[i])
            if found is None:
                return given
            profile.add(i, found)
            starts[i] = found
        return np.array(starts, dtype=np.int64)


class SerialSearch:
    """The best of many serial schedules, to be searched on as often as wanted."""

    def __init__(self, problem: ActivityProblem, *, seed: int, enough: float) -> None:
        self.problem, self.enough = problem, enough
        self.best: np.ndarray | None = None
        self.value = math.inf
        scheduler = SerialScheduler(problem, problem.horizon)
        order = scheduler.topological()
        self._found: Iterator[np.ndarray | None] = iter(())
        if scheduler.windows is not None and order is not None:
            search = _shortest if problem.weight is None else _most_valuable
            self._found = search(scheduler, order, np.random.default_rng(seed))

    def run(self, tries: int, *, patience: int | None = None, until: float | None = None) -> None:
        """Search until `tries`, `patience` tries in vain, a moment, or an objective that is enough."""
        idle = 0
        for starts, _ in zip(self._found, range(tries), strict=False):
            idle += 1
            if starts is not None and self.take(starts):
                idle = 0
            if patience is not None and idle > patience:
                return
            if self.value <= self.enough:
                return
            if until is not None and time.perf_counter() > until:
                return

    def take(self, starts: np.ndarray) -> bool:
        """Keep a schedule if it is the best yet, and say so."""
        value = self.problem.objective(starts)
        if value >= self.value:
            return False
        self.best, self.value = starts, value
        return True


def _shortest(
    scheduler: SerialScheduler, order: list[int], rng: np.random.Generator
) -> Iterator[np.ndarray | None]:
    """For the makespan: orders bred from each other, each schedule justified.

    Two-point crossover of orders (Hartmann 1998, Nav. Res. Logist. 45:733–750), some of the children with
    small random changes. A child takes the place of the parent that it is more like, if it is no longer
    (deterministic crowding, Mahfoud 1995): orders stay different for long. The first order is that of the
    latest starts, its neighbours fill the population.
    """
    assert scheduler.windows is not None
    n, first = scheduler.problem.n, _ranks(scheduler.windows[1])
    parents: list[tuple[float, np.ndarray]] = []
    while True:
        chosen: list[int] = []
        if len(parents) < _POPULATION:
            priority = first + rng.normal(0.0, 0.15, n) * bool(parents)
        else:
            chosen = rng.choice(_POPULATION, 2, replace=False).tolist()
            mother, father = (parents[k][1] for k in chosen)
            priority = _crossed(mother, father, np.sort(rng.random(2)))
            if rng.random() < _CHANGED:
                size = rng.choice([0.02, 0.05])
                priority = _ranks(priority) + rng.normal(0.0, size, n) * (rng.random(n) < 0.3)
        starts, stuck = scheduler.place(priority)
        if starts is not None:
            starts = scheduler.justify(starts)
            child = (scheduler.problem.objective(starts), _ranks(starts))
            if not parents:
                scheduler = scheduler.within(math.ceil(_LONGER * child[0]) + 1)
            if not chosen:
                parents.append(child)
            else:
                like = min(chosen, key=lambda k: float(np.abs(child[1] - parents[k][1]).sum()))
                if child[0] <= parents[like][0]:
                    parents[like] = child
        elif not parents:
            first = _earlier(first, stuck, scheduler, order)
        yield starts


def _crossed(mother: np.ndarray, father: np.ndarray, cut: np.ndarray) -> np.ndarray:
    """The mother's order up to the first cut and after the second, between them the father's next ones."""
    begins = mother < cut[0]
    others = np.flatnonzero(~begins)
    next_ones = others[np.argsort(father[others], kind="stable")][: int((cut[1] - cut[0]) * len(mother))]
    child = mother + 2.0
    child[begins] -= 2.0
    child[next_ones] = 1.0 + father[next_ones] / 2.0
    return child


def _most_valuable(
    scheduler: SerialScheduler, order: list[int], rng: np.random.Generator
) -> Iterator[np.ndarray | None]:
    """For the weighted sum: value per scarce work still to come (Smith 1956), with values randomly changed.

    An activity that finds no place is given more value, and so is all it waits for, until it finds one
    ("squeaky wheel", Joslin & Clements 1999, J. Artif. Intell. Res. 10:353–373).
    """
    problem = scheduler.problem
    assert problem.weight is not None
    work = _tail(scheduler, order, _scarce_work(problem))
    value = problem.weight + 1e-6 * max(1.0, float(problem.weight.max(initial=0)))
    factor, best_factor, best_value = np.ones(problem.n), np.ones(problem.n), np.inf
    squeak, step = np.zeros(problem.n), float(_tail(scheduler, order, value).mean())
    while True:
        starts, stuck = scheduler.place(-_tail(scheduler, order, value * factor + squeak) / work)
        if starts is None:
            squeak[stuck] += step * (2.0 if best_value == np.inf else 0.5)
        else:
            squeak *= 0.9
            if best_value == np.inf:
                scheduler = scheduler.within(2 * int((starts + problem.durations).max(initial=0)) + 1)
            if problem.objective(starts) <= best_value:
                best_factor, best_value = factor, problem.objective(starts)
        yield starts
        changed = rng.random(problem.n) < rng.choice([0.05, 0.2, 1.0])
        size = rng.choice([0.1, 0.3, 1.0]) if best_value < np.inf else 0.0
        factor = best_factor * np.exp(rng.normal(0.0, size, problem.n) * changed)


def _earlier(priority: np.ndarray, stuck: int, scheduler: SerialScheduler, order: list[int]) -> np.ndarray:
    """The order with a stuck activity, and all it waits for, moved to the front."""
    urgent = {stuck}
    for i in reversed(order):
        if i in urgent:
            urgent.update(j for j, _ in scheduler.before[i])
    return _ranks(priority - 0.3 * np.isin(np.arange(len(priority)), list(urgent)))


def _ranks(priority: np.ndarray) -> np.ndarray:
    """Positions in the order, from 0 to 1."""
    ranks = np.empty(len(priority))
    ranks[np.argsort(priority, kind="stable")] = np.arange(len(priority)) / max(1, len(priority) - 1)
    return ranks


def _tail(scheduler: SerialScheduler, order: list[int], own: np.ndarray) -> np.ndarray:
    """Each activity's own amount and its share of all that waits for it."""
    total = own.astype(float)
    for j in reversed(order):
        if scheduler.before[j]:
            share = total[j] / len(scheduler.before[j])
            for i, _ in scheduler.before[j]:
                total[i] += share
    return total


def _scarce_work(problem: ActivityProblem) -> np.ndarray:
    """What an activity takes of the resources and of the money, those most in demand counting most."""
    work = 1e-6 + problem.durations * 1e-3
    for needed, offered in (
        (problem.durations[:, None] * problem.demand, problem.capacity.sum(axis=0)),
        (
            problem.paid_periods[:, None] * problem.rate + problem.paid_until / 2 * problem.after,
            problem.money.sum(axis=0),
        ),
    ):
        share = needed / np.maximum(offered, 1)
        work = work + (share * share.sum(axis=0)).sum(axis=1)
    return work
