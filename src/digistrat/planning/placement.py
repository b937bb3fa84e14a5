"""Where an activity fits: what resources and budgets have left, all periods of a resource in one number.

A whole number holds what a resource has left in all periods, one field of some bits for each, the uppermost
bit of each field set and free to be borrowed from. One subtraction then compares all periods with what an
activity needs: the bit stays where there is enough (Lamport 1975, Commun. ACM 18:471-475, multiple byte
processing).
"""

from __future__ import annotations

import numpy as np

from digistrat.planning.activity_problem import ActivityProblem


class Profile:
    """What is left while activities are placed and taken out again."""

    def __init__(self, problem: ActivityProblem, horizon: int) -> None:
        used = [r for r, name in enumerate(problem.resources) if problem.is_on("capacity", name)]
        largest = max(int(problem.capacity.max(initial=0)), int(problem.demand.max(initial=0)))
        self.width = largest.bit_length() + 1
        self._ones: dict[int, int] = {0: 0}
        self.durations = [int(d) for d in problem.durations]
        self.free = self.ones(horizon) << (self.width - 1)
        self.left = [self.free + self._filled(problem, r, horizon) for r in used]
        needs = [
            [(k, int(need)) for k, r in enumerate(used) if d and (need := problem.demand[i, r])]
            for i, d in enumerate(self.durations)
        ]
        ones = self.ones(horizon)
        everywhere = {need: need * ones for row in needs for _, need in row}
        self.needs = [[(k, everywhere[need]) for k, need in row] for row in needs]
        self.blocks = [
            [(k, need * self.ones(d)) for k, need in row]
            for row, d in zip(needs, self.durations, strict=True)
        ]
        self.folds = [[self.width * step for step in _folds(d)] for d in self.durations]
        self.allowed = {
            i: sum(1 << (self.width * (int(t) + 1) - 1) for t in days if t < horizon)
            for i, days in problem.sittings.items()
            if problem.is_on("sitting", problem.labels[i])
        }
        self._set_money(problem)

    def _filled(self, problem: ActivityProblem, r: int, horizon: int) -> int:
        capacity = problem.capacity[:horizon, r].tolist()
        if not problem.varies:
            return int(capacity[0]) * self.ones(horizon) if horizon else 0
        return sum(int(c) << (self.width * t) for t, c in enumerate(capacity))

    def _set_money(self, problem: ActivityProblem) -> None:
        self.paid = [int(p) for p in problem.paid_periods]
        self.rates = [[(k, int(r)) for k, r in enumerate(row) if r] for row in problem.rate]
        self.after = [[(k, int(r)) for k, r in enumerate(row) if r] for row in problem.after]
        self.costs = [bool(rates or after) for rates, after in zip(self.rates, self.after, strict=True)]
        self.block_length, self.n_blocks = problem.block_length, len(problem.blocks)
        # Money of a block that is left out is as good as endless; what comes after the last block counts as
        # one more block without money.
        endless = np.iinfo(np.int64).max
        self.money = [
            [
                (0 if block is None else int(problem.money[b, k]))
                if problem.is_on("budget", block, kind)
                else endless
                for k, kind in enumerate(problem.kinds)
            ]
            for b, block in enumerate([*problem.blocks, None])
        ]

    def ones(self, n: int) -> int:
        """One in each of the first n fields."""
        if n not in self._ones:
            half = self.ones(n // 2)
            double = half | (half << (self.width * (n // 2)))
            self._ones[n] = double | (n % 2) << (self.width * (n - 1))
        return self._ones[n]

    def first(self, i: int, low: int, high: int) -> int | None:
        """The first start from low to high at which an activity fits."""
        found = self._starts(i, low, high)
        while found:
            start = low + (found & -found).bit_length() // self.width - 1
            if not self.costs[i] or self._affordable(i, start):
                return start
            found &= found - 1
        return None

    def last(self, i: int, low: int, high: int) -> int | None:
        """The last start from low to high at which an activity fits."""
        found = self._starts(i, low, high)
        while found:
            start = low + found.bit_length() // self.width - 1
            if not self.costs[i] or self._affordable(i, start):
                return start
            found ^= 1 << (found.bit_length() - 1)
        return None

    def _starts(self, i: int, low: int, high: int) -> int:
        """The starts from low to high that resources and sittings allow: the uppermost bits of the fields."""
        if high < low:
            return 0
        shift = self.width * low
        fits = self.free >> shift
        for k, need in self.needs[i]:
            fits &= (self.left[k] >> shift) - need
        for fold in self.folds[i]:
            fits &= fits >> fold
        if i in self.allowed:
            fits &= self.allowed[i] >> shift
        return fits & ((1 << (self.width * (high - low + 1))) - 1)

    def _affordable(self, i: int, start: int) -> bool:
        return all(amount <= self.money[b][k] for (b, k), amount in self._spending(i, start).items())

    def _spending(self, i: int, start: int) -> dict[tuple[int, int], int]:
        """What an activity costs in each block and kind: while it runs, and from its end on."""
        found: dict[tuple[int, int], int] = {}
        end = start + self.durations[i]
        for amounts, begin, until in (
            (self.rates[i], start, start + self.paid[i]),
            (self.after[i], end, self.n_blocks * self.block_length),
        ):
            while amounts and begin < until:
                b = min(begin // self.block_length, self.n_blocks)
                edge = until if b == self.n_blocks else min(until, (b + 1) * self.block_length)
                for k, amount in amounts:
                    found[b, k] = found.get((b, k), 0) + amount * (edge - begin)
                begin = edge
        return found

    def add(self, i: int, start: int, sign: int = -1) -> None:
        """Place an activity (or, with sign 1, take it out)."""
        shift = self.width * start
        for k, block in self.blocks[i]:
            self.left[k] += sign * (block << shift)
        if self.costs[i]:
            for (b, k), amount in self._spending(i, start).items():
                self.money[b][k] += sign * amount

    def state(self) -> tuple[list[int], list[list[int]]]:
        """What is left now, to come back to."""
        return list(self.left), [list(row) for row in self.money]

    def restore(self, state: tuple[list[int], list[list[int]]]) -> None:
        """Come back to an earlier state."""
        self.left, self.money = list(state[0]), [list(row) for row in state[1]]


def _folds(d: int) -> list[int]:
    """How far to shift, one after the other, so that a bit says the same of d fields as each did of one."""
    folds, done = [], 1
    while done < d:
        folds.append(min(done, d - done))
        done += folds[-1]
    return folds
