"""Where an activity fits: what resources and budgets have left, all periods of a resource in one number.

A whole number holds what a resource has left in all periods, one field of some bits for each, the uppermost
bit of each field free. One subtraction then compares all periods with what an activity needs: the free bit
stays where there is enough (Lamport 1975, Commun. ACM 18:471-475, multiple byte processing).
"""

from __future__ import annotations

import numpy as np

from digistrat.planning.activity_problem import ActivityProblem

_CHUNK = 64  # starts looked at together


class Profile:
    """What is left while activities are placed and taken out again."""

    def __init__(self, problem: ActivityProblem, horizon: int) -> None:
        used = [r for r, name in enumerate(problem.resources) if problem.is_on("capacity", name)]
        largest = max(int(problem.capacity.max(initial=0)), int(problem.demand.max(initial=0)))
        self.width = largest.bit_length() + 1
        self._ones: dict[int, int] = {0: 0}
        self.durations = [int(d) for d in problem.durations]
        self.left = [self._filled(problem, r, horizon) for r in used]
        self.needs = [
            [(k, int(need)) for k, r in enumerate(used) if d and (need := problem.demand[i, r])]
            for i, d in enumerate(self.durations)
        ]
        self.blocks = [
            [(k, need * self.ones(d)) for k, need in self.needs[i]] for i, d in enumerate(self.durations)
        ]
        self._compared: dict[tuple[int, int], int] = {}
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
        while low <= high:
            found = self._starts(i, low, min(high, low + _CHUNK - 1))
            while found:
                lowest = found & -found
                start = low + lowest.bit_length() // self.width - 1
                if not self.rates[i] or self._affordable(i, start):
                    return start
                found ^= lowest
            low += _CHUNK
        return None

    def last(self, i: int, low: int, high: int) -> int | None:
        """The last start from low to high at which an activity fits."""
        while low <= high:
            begin = max(low, high - _CHUNK + 1)
            found = self._starts(i, begin, high)
            while found:
                start = begin + found.bit_length() // self.width - 1
                if not self.rates[i] or self._affordable(i, start):
                    return start
                found ^= 1 << (found.bit_length() - 1)
            high = begin - 1
        return None

    def _starts(self, i: int, low: int, high: int) -> int:
        """The starts from low to high, at most a chunk, that resources and sittings allow: uppermost bits."""
        width, d = self.width, self.durations[i]
        span = _CHUNK + d
        free = self.ones(span) << (width - 1)
        fits, shift = free, width * low
        within = (1 << (width * span)) - 1
        for k, need in self.needs[i]:
            compared = self._compared.get((need, span))
            if compared is None:
                compared = self._compared[need, span] = need * self.ones(span)
            fits &= (((self.left[k] >> shift) & within) | free) - compared
        done = 1
        while 2 * done <= d:
            fits &= fits >> (width * done)
            done *= 2
        if done < d:
            fits &= fits >> (width * (d - done))
        if i in self.allowed:
            fits &= self.allowed[i] >> shift
        return fits & ((1 << (width * (high - low + 1))) - 1)

    def _affordable(self, i: int, start: int) -> bool:
        return all(
            rate * periods <= self.money[b][k]
            for b, periods in self._overlaps(i, start)
            for k, rate in self.rates[i]
        )

    def _overlaps(self, i: int, start: int) -> list[tuple[int, int]]:
        """Blocks that an activity is paid in, with the number of periods."""
        found, end = [], start + self.paid[i]
        while start < end:
            b = min(start // self.block_length, self.n_blocks)
            edge = end if b == self.n_blocks else min(end, (b + 1) * self.block_length)
            found.append((b, edge - start))
            start = edge
        return found

    def add(self, i: int, start: int, sign: int = -1) -> None:
        """Place an activity (or, with sign 1, take it out)."""
        shift = self.width * start
        for k, block in self.blocks[i]:
            self.left[k] += sign * (block << shift)
        if self.rates[i]:
            for b, periods in self._overlaps(i, start):
                for k, rate in self.rates[i]:
                    self.money[b][k] += sign * rate * periods

    def state(self) -> tuple[list[int], list[list[int]]]:
        """What is left now, to come back to."""
        return list(self.left), [list(row) for row in self.money]

    def restore(self, state: tuple[list[int], list[list[int]]]) -> None:
        """Come back to an earlier state."""
        self.left, self.money = list(state[0]), [list(row) for row in state[1]]
