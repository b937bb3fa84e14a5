"""Maximise a sum over yes-or-no decisions under linear limits: branch and cut, held to the last digit."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Status = Literal["optimal", "feasible", "infeasible", "limit"]
_MOST_CUTS = 50  # choices within the solver's tolerance, but over a limit, that are cut off
_BINARY = 1e-12  # relative: what summing decimals in binary costs


@dataclass(frozen=True)
class Effort:
    """How long to search: nodes are repeatable, seconds (``until`` on the monotonic clock) are not."""

    seed: int
    gap: float = 0.0
    nodes: int | None = None
    until: float | None = None


@dataclass(frozen=True)
class Answer:
    """What was found: a vector of 0 and 1 or none, and a value that none exceeds."""

    status: Status
    chosen: Array | None
    bound: float


@dataclass(frozen=True)
class _Rows:
    """``matrix @ x <= limit``."""

    matrix: Array
    limit: Array

    def allowed(self, columns: Array) -> Array:
        """Return the limits with what binary fractions cost, by the columns that can be chosen."""
        largest = np.abs(self.matrix[:, columns]).max(axis=1, initial=0.0)
        return np.asarray(self.limit + _BINARY * np.maximum(np.abs(self.limit), largest))


def maximise(
    values: Array, matrix: Array, limit: Array, effort: Effort, known: Sequence[Array] = ()
) -> Answer:
    """Maximise ``values @ x`` over x in {0, 1} with ``matrix @ x <= limit`` in every row.

    HiGHS lets a row be exceeded by a tolerance. We do not: a choice that exceeds one by however little is
    cut off, and the model solved again. What no choice can have is left out first, so that a single item
    far larger than its limit does not set the scale of its row.

    Parameters
    ----------
    values : n values
    matrix, limit : m × n, m
        Rows that a choice must keep.
    effort : Effort
    known : sequence of arrays
        Choices that may be good ones to begin with; those that break a row are passed over.
    """
    rows = _Rows(matrix, limit)
    ends = _tightened(rows)
    if ends is None:
        return Answer("infeasible", None, -math.inf)
    least, most = ends
    free = np.flatnonzero(least < most)
    fixed = np.where(least == most, least, 0.0)
    if not len(free):
        return Answer("optimal", fixed, float(values @ fixed))
    allowed = rows.allowed(most > 0)
    best = _best_known(values, matrix, allowed, known)
    rest = limit - matrix @ fixed
    open_rows = np.maximum(matrix[:, free], 0.0).sum(axis=1) > rest
    inner, inner_limit = matrix[np.ix_(open_rows, free)], rest[open_rows]
    scale = np.maximum(np.abs(inner).max(axis=1, initial=0.0), 1e-300)
    scaled, scaled_limit = inner / scale[:, None], inner_limit / scale
    offset, bound = float(values @ fixed), math.inf
    for _ in range(_MOST_CUTS):
        start = None if best is None else best[free]
        answer = _highs(scaled, scaled_limit, values[free], effort, start)
        bound = min(bound, answer.bound + offset)
        if answer.chosen is None:
            if answer.status == "infeasible" and best is None:
                return Answer("infeasible", None, -math.inf)
            # a known choice that the solver does not see misses a row by less than its tolerance
            return Answer("limit" if best is None else "feasible", best, bound)
        chosen = fixed.copy()
        chosen[free] = answer.chosen
        exceeded = np.flatnonzero((matrix @ chosen > allowed)[open_rows])
        if not len(exceeded):
            better = best is not None and values @ best > values @ chosen
            return Answer(answer.status, best if better else chosen, bound)
        for row in exceeded:
            # Without negative costs no selection may hold all the items that exceed the row; with them,
            # this selection of its items is cut off only.
            cut = np.where(inner[row] != 0, np.where(answer.chosen > 0, 1.0, -1.0), 0.0)
            cut = np.maximum(cut, 0.0) if (inner[row] >= 0).all() else cut
            scaled = np.vstack([scaled, cut])
            scaled_limit = np.append(scaled_limit, (cut > 0).sum() - 1.0)
    return Answer("limit" if best is None else "feasible", best, bound)


def _best_known(values: Array, matrix: Array, allowed: Array, known: Sequence[Array]) -> Array | None:
    holding = [one for one in known if (matrix @ one <= allowed).all()]
    return max(holding, key=lambda one: float(values @ one), default=None)


def _tightened(rows: _Rows) -> tuple[Array, Array] | None:
    """What each decision can be, 0 or 1, row by row until nothing changes; None if a row cannot be kept."""
    n = rows.matrix.shape[1]
    least, most = np.zeros(n), np.ones(n)
    while True:
        allowed = rows.allowed(most > 0)
        # what a row takes at the least, and what choosing or not choosing an item adds to that
        cheapest = np.where(rows.matrix > 0, rows.matrix * least, rows.matrix * most)
        room = allowed - cheapest.sum(axis=1)
        if (room < 0).any():
            return None
        open_ = least < most
        out = (rows.matrix > room[:, None]).any(axis=0) & open_
        into = (-rows.matrix > room[:, None]).any(axis=0) & open_
        if (out & into).any():
            return None
        if not (out | into).any():
            return least, most
        most, least = np.where(out, 0.0, most), np.where(into, 1.0, least)


def _highs(matrix: Array, limit: Array, values: Array, effort: Effort, start: Array | None) -> Answer:
    import highspy
    from scipy.sparse import csr_array

    n, m = len(values), len(limit)
    rows = csr_array(matrix)

    class _Quiet(highspy.Highs):
        def enableCallbacks(self) -> None:
            self.silent()  # before the banner that HiGHS prints here
            super().enableCallbacks()

    lp = highspy.HighsLp()
    lp.num_col_, lp.num_row_ = n, m
    lp.sense_ = highspy.ObjSense.kMaximize
    lp.col_cost_, lp.col_lower_, lp.col_upper_ = values, np.zeros(n), np.ones(n)
    lp.row_lower_, lp.row_upper_ = np.full(m, -highspy.kHighsInf), limit
    lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    lp.a_matrix_.start_, lp.a_matrix_.index_, lp.a_matrix_.value_ = rows.indptr, rows.indices, rows.data
    lp.integrality_ = [highspy.HighsVarType.kInteger] * n
    highs = _Quiet()
    options = {
        "output_flag": False,
        "parallel": "off",  # one thread: the same selection every time
        "random_seed": effort.seed,
        "mip_rel_gap": effort.gap,
        "mip_abs_gap": 1e-9,
        # at its default of 1e-6 HiGHS calls a choice optimal that is not where a better one just misses a row
        "mip_feasibility_tolerance": 1e-9,
        "small_matrix_value": 1e-12,  # at its default of 1e-9 small items beside large ones are left out
        "mip_allow_restart": False,  # starting over costs as much as it saves later: measured, half the time
    }
    if effort.nodes is not None:
        options["mip_max_nodes"] = effort.nodes
    if effort.until is not None:
        options["time_limit"] = max(0.01, effort.until - time.monotonic())
    for name, option in options.items():
        highs.setOptionValue(name, option)
    highs.passModel(lp)
    if start is not None:
        solution = highspy.HighsSolution()
        solution.col_value = start.tolist()
        highs.setSolution(solution)
    highs.run()
    if highs.getModelStatus() in (
        highspy.HighsModelStatus.kInfeasible,
        highspy.HighsModelStatus.kUnboundedOrInfeasible,  # never unbounded: every variable is 0 or 1
    ):
        return Answer("infeasible", None, -math.inf)
    info = highs.getInfo()
    whole = bool((values == np.round(values)).all())
    bound = min(float(info.mip_dual_bound), float(np.maximum(values, 0).sum()))
    bound = math.floor(bound + 1e-6) if whole and math.isfinite(bound) else bound
    optimal = highs.getModelStatus() == highspy.HighsModelStatus.kOptimal
    if info.primal_solution_status != highspy.SolutionStatus.kSolutionStatusFeasible:
        return Answer("limit", None, bound)
    chosen = np.round(np.asarray(highs.getSolution().col_value))
    if optimal and start is not None and values @ chosen < bound - effort.gap * abs(bound) - 1e-6:
        # called optimal, but it is the choice given to begin with and worse than the bound: HiGHS 1.16
        return _highs(matrix, limit, values, effort, None)
    return Answer("optimal" if optimal else "feasible", chosen, bound)
