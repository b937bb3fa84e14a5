"""The joint model with its shared rows priced: what is left falls apart into projects.

Resources per period, money per block, coverage and the links, requirements and exclusions between projects
get prices ≥ 0 and are no longer kept (Lagrangian relaxation). The best starts of one project's chain of
activities under prices are found by dynamic programming, and whatever the prices, no plan is worth more than
the sum over projects (Fisher 1981, Management Science 27:1–18; for activities Christofides, Alvarez-Valdes &
Tamarit 1987, Eur. J. Oper. Res. 29:262–273; Möhring, Schulz, Stork & Uetz 2003, Management Science
49:330–350).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from digistrat.planning.activity_problem import ActivityProblem
from digistrat.planning.joint_model import JointProblem

_ROUNDING = 1e-9  # relative: by how much binary sums of a plan may exceed what there is


@dataclass(frozen=True)
class _Layer:
    """The last activities of all projects, or the last but one of those that have so many, and so on."""

    projects: np.ndarray
    activities: np.ndarray
    lag: np.ndarray  # to the next activity of the project


class Relaxation:
    """The priced model, prepared: everything that does not depend on prices."""

    def __init__(self, problem: JointProblem) -> None:
        given = problem.activities
        self.problem, self.given, self.horizon = problem, given, problem.horizon
        self.length = max(self.horizon, given.paid_until)
        self.times = np.arange(self.horizon + 1)
        self.layers = _layers(problem)
        self.capacity = supply(problem.activities, problem.horizon)
        self.allowed = _allowed(problem, self.capacity)
        self.spenders = np.flatnonzero(given.after.any(axis=1))
        self.end = np.minimum(self.times + given.durations[:, None], self.length)
        # places of ends in flattened tables of sums until each time
        self.paid_end = _flat(np.minimum(self.times + given.paid_periods[:, None], self.length), self.length)
        self.spend_end = _flat(self.end[self.spenders], self.length)
        self.demand = np.where(given.durations[:, None] > 0, given.demand, 0.0)
        last = problem.last
        worth = problem.value[:, None] * np.maximum(self.horizon - self.times, 0)
        self.worth = np.take_along_axis(worth, np.minimum(self.end[last], self.horizon), axis=1)
        needed, project = set(problem.requires), problem.project.tolist()
        self.waits = [(link, (project[link[1]], project[link[0]]) in needed) for link in problem.waits]
        self._set_rows()

    def _set_rows(self) -> None:
        """Segments of the price vector, right-hand sides and the scale in which steps are made."""
        problem, given = self.problem, self.given
        roles, money = self.capacity, given.money
        largest = np.maximum(roles.max(axis=0, initial=0.0), 1e-9)
        richest = np.maximum(money.max(axis=0, initial=0.0), 1e-9)
        links = np.array([0.0 if needs else 1.0 for _, needs in self.waits])
        sides = [
            (roles, np.broadcast_to(largest, roles.shape)),
            (money, np.broadcast_to(richest, money.shape)),
            (np.repeat(links[:, None], self.horizon + 1, axis=1), None),
            (np.zeros(len(problem.requires)), None),
            (np.ones(len(problem.excludes)), None),
            (-np.array([n for _, _, n in problem.coverage], dtype=float), None),
        ]
        self.shapes = [side.shape for side, _ in sides]
        self.edges = np.cumsum([0, *(side.size for side, _ in sides)])
        self.side = np.concatenate([side.ravel() for side, _ in sides])
        self.scale = np.concatenate(
            [np.ones(side.size) if scale is None else scale.ravel() for side, scale in sides]
        )
        shared = self.edges[2]  # what plans may exceed by rounding
        self.side[:shared] += _ROUNDING * np.maximum(self.side[:shared], 1.0)

    def split(self, rows: np.ndarray) -> list[np.ndarray]:
        """Prices (or amounts) of resources, money, links, requires, excludes and coverage."""
        return [
            rows[a:b].reshape(shape)
            for a, b, shape in zip(self.edges[:-1], self.edges[1:], self.shapes, strict=True)
        ]

    def costs(self, prices: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """What each activity costs by start, and what being done costs each project, under prices."""
        given, problem = self.given, self.problem
        roles, money, links, requires, excludes, coverage = self.split(prices)
        per_period = np.zeros((len(given.kinds), self.length))
        per_period[:, : given.paid_until] = np.repeat(money, given.block_length, axis=0).T
        # not by BLAS, whose threads may sum in another order
        running = np.einsum("ak,kt->at", given.rate, per_period)
        running[:, : self.horizon] += np.einsum("ar,rt->at", self.demand, np.ascontiguousarray(roles.T))
        until = _summed(running)
        cost = until.ravel()[self.paid_end] - until[:, : self.horizon + 1]
        if len(self.spenders):
            until = _summed(np.einsum("ak,kt->at", given.after[self.spenders], per_period))
            cost[self.spenders] += until[:, -1:] - until.ravel()[self.spend_end]
        for ((i, j, lag), needs), price in zip(self.waits, links, strict=True):
            from_then = price[::-1].cumsum()[::-1]  # of all rows from a time on
            cost[j] += from_then
            total, later = from_then[0], np.append(from_then, 0.0)
            cost[i] += (0.0 if needs else total) - later[np.clip(self.times + lag, 0, self.horizon + 1)]
        done = np.zeros(problem.n)
        for (i, j), price in zip(problem.requires, requires, strict=True):
            done[i] += price
            done[j] -= price
        for (i, j), price in zip(problem.excludes, excludes, strict=True):
            done[i] += price
            done[j] += price
        for (_, members, _), price in zip(problem.coverage, coverage, strict=True):
            done[members] -= price
        return cost, done

    def best(self, prices: np.ndarray) -> tuple[np.ndarray, list[np.ndarray]]:
        """Each project's largest gain under prices, and by layer the best gain from each start on."""
        cost, done = self.costs(prices)
        following, found = np.full((self.problem.n, self.horizon + 2), -np.inf), []
        for depth, layer in enumerate(self.layers):
            if depth == 0:
                value = self.worth - cost[layer.activities]
            else:
                next_ = np.clip(self.times + layer.lag[:, None], 0, self.horizon + 1)
                value = following[layer.projects[:, None], next_] - cost[layer.activities]
            value = np.where(self.allowed[layer.activities], value, -np.inf)
            found.append(value)
            following[layer.projects, :-1] = np.maximum.accumulate(value[:, ::-1], axis=1)[:, ::-1]
        return following[:, 0] - done, found

    def through(self, prices: np.ndarray, found: list[np.ndarray]) -> np.ndarray:
        """Activities × starts: the largest gain of the project if the activity starts there."""
        cost, done = self.costs(prices)
        before = np.zeros((self.given.n, self.horizon + 1))
        for layer in reversed(self.layers[1:]):
            own = before[layer.activities] - cost[layer.activities]
            own = np.where(self.allowed[layer.activities], own, -np.inf)
            earlier = np.maximum.accumulate(own, axis=1)
            place = self.times - layer.lag[:, None]
            earlier = np.take_along_axis(earlier, np.clip(place, 0, self.horizon), axis=1)
            before[layer.activities + 1] = np.where(place >= 0, earlier, -np.inf)
        for layer, value in zip(self.layers, found, strict=True):
            before[layer.activities] += value - done[layer.projects][:, None]
        return before

    def trace(self, found: list[np.ndarray], wanted: np.ndarray) -> np.ndarray:
        """Best starts of the projects that are wanted."""
        starts = np.full(self.given.n, -1)
        free = np.zeros(self.problem.n, dtype=np.int64)
        for layer, value in zip(reversed(self.layers), reversed(found), strict=True):
            later = np.where(self.times >= free[layer.projects][:, None], value, -np.inf)
            start = later.argmax(axis=1)
            starts[layer.activities] = np.where(wanted[layer.projects], start, -1)
            free[layer.projects] = np.maximum(start + layer.lag, 0)
        return starts

    def usage(self, starts: np.ndarray) -> np.ndarray:
        """What starts take of every priced row."""
        given, problem = self.given, self.problem
        a = np.flatnonzero(starts >= 0)
        s, ends = starts[a], starts[a] + given.durations[a]
        roles = np.zeros((self.length + 1, len(given.resources)))
        np.add.at(roles, s, self.demand[a])
        np.add.at(roles, ends, -self.demand[a])
        money = np.zeros((self.length + 1, len(given.kinds)))
        np.add.at(money, s, given.rate[a])
        np.add.at(money, np.minimum(s + given.paid_periods[a], self.length), -given.rate[a])
        np.add.at(money, ends, given.after[a])
        spent = money.cumsum(axis=0)[: given.paid_until]
        blocks = (
            spent.reshape(len(given.blocks), given.block_length, -1).sum(axis=1) if spent.size else money[:0]
        )
        links = np.zeros((len(self.waits), self.horizon + 1))
        for row, ((i, j, lag), needs) in zip(links, self.waits, strict=True):
            if starts[j] >= 0:
                row[starts[j] :] += 1.0
            if starts[i] >= 0 and needs:
                row[max(starts[i] + lag, 0) :] -= 1.0
            elif starts[i] >= 0:
                row[: max(starts[i] + lag, 0)] += 1.0
        done = np.zeros(problem.n)
        done[problem.project[a]] = 1.0
        return np.concatenate(
            [
                roles.cumsum(axis=0)[: self.horizon].ravel(),
                blocks.ravel(),
                links.ravel(),
                np.array([done[i] - done[j] for i, j in problem.requires]),
                np.array([done[i] + done[j] for i, j in problem.excludes]),
                np.array([-done[members].sum() for _, members, _ in problem.coverage]),
            ]
        )


def _summed(per_period: np.ndarray) -> np.ndarray:
    """Sums before each time, along the last axis, from 0 on."""
    return np.concatenate([np.zeros((len(per_period), 1)), per_period.cumsum(axis=1)], axis=1)


def _flat(times: np.ndarray, length: int) -> np.ndarray:
    """Places of times, by row, in a flattened table with one more column than periods."""
    return times + np.arange(len(times))[:, None] * (length + 1)


def _layers(problem: JointProblem) -> list[_Layer]:
    first, last, lag = problem.first, problem.last, problem.chain
    lengths, layers = last - first[:-1] + 1, []
    for depth in range(int(lengths.max(initial=0))):
        projects = np.flatnonzero(lengths > depth)
        activities = last[projects] - depth
        layers.append(_Layer(projects, activities, lag[activities]))
    return layers


def supply(given: ActivityProblem, horizon: int) -> np.ndarray:
    """Periods × resources: capacity of every period until the horizon."""
    if not given.varies:
        return np.repeat(given.capacity, horizon, axis=0)
    there = given.capacity[:horizon]
    return np.concatenate([there, np.zeros((horizon - len(there), there.shape[1]), there.dtype)])


def _allowed(problem: JointProblem, capacity: np.ndarray) -> np.ndarray:
    """Activities × starts: whether dates, sittings and its own need leave an activity a start."""
    given, times = problem.activities, np.arange(problem.horizon + 1)
    ends = times + given.durations[:, None]
    allowed = (times >= given.release[:, None]) & (
        ends <= np.minimum(given.deadline, problem.horizon)[:, None]
    )
    for a, periods in given.sittings.items():
        allowed[a] &= np.isin(times, periods)
    for r in range(len(given.resources)):
        margin = _ROUNDING * np.maximum(capacity[:, r], 1.0)
        for a in np.flatnonzero((given.demand[:, r] > 0) & (given.durations > 0)).tolist():
            short = np.concatenate([[0], (capacity[:, r] + margin < given.demand[a, r]).cumsum()])
            allowed[a] &= short[np.minimum(ends[a], problem.horizon)] == short[times]
    paid = given.rate.any(axis=1)
    late = times + given.paid_periods[:, None] > given.paid_until
    allowed[paid] &= ~late[paid]
    return allowed
