"""Which constraints exclude each other: the smallest set that no plan can satisfy."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

Named = TypeVar("Named")


def smallest_conflict(
    constraints: Sequence[Named], is_infeasible: Callable[[list[Named]], bool]
) -> tuple[Named, ...]:
    """Find an irreducible set of constraints that cannot hold together.

    QuickXplain (Junker 2004, "QUICKXPLAIN: Preferred explanations and relaxations for over-constrained
    problems", AAAI): halves the list as long as possible, so a conflict of k out of n constraints needs about
    2k·log2(n/k) + 2k tests. Among several conflicts, the constraints named first are preferred.

    Parameters
    ----------
    constraints : sequence
        All constraints, most telling first. Together they must be infeasible.
    is_infeasible : callable
        Whether a list of constraints is proven to have no solution. A test that does not come to an
        end must answer False; the result then still is a conflict, only perhaps not the smallest.

    Returns
    -------
    tuple
        A conflict without any constraint to spare, in the given order; empty if infeasible without any.

    Examples
    --------
    >>> smallest_conflict([3, 8, 5, 1], lambda chosen: sum(chosen) > 10)
    (3, 8)
    """

    def explain(background: list[Named], grown: bool, rest: list[Named]) -> list[Named]:
        if grown and is_infeasible(background):
            return []
        if len(rest) == 1:
            return rest
        half = len(rest) // 2
        first, second = rest[:half], rest[half:]
        from_second = explain(background + first, True, second)
        from_first = explain(background + from_second, bool(from_second), first)
        return from_first + from_second

    if is_infeasible([]):
        return ()
    found = explain([], False, list(constraints))
    position = {id(c): k for k, c in enumerate(constraints)}
    return tuple(sorted(found, key=lambda c: position[id(c)]))
