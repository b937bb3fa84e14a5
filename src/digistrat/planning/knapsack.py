"""What to choose with limited money and people: the knapsack with many budgets, on plain arrays."""

from __future__ import annotations

import math
import time
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from digistrat.planning.conflicts import smallest_conflict

SelectionStatus = Literal["optimal", "feasible", "infeasible", "limit"]
_TIE_NODES = 200  # effort spent on the cheapest among equally good selections
_MOST_CUTS = 50  # choices within the solver's tolerance, but over a budget, that are cut off
_SAME_VALUE = 1e-9  # relative difference below which two values count as equal


@dataclass(frozen=True)
class Selection:
    """What `solve_knapsack` chose, and how sure it is.

    Attributes
    ----------
    selected : Series of bool
        By item, in the order given.
    objective : float
        Value of what is chosen; NaN without a selection.
    bound : float
        No selection has a higher value (proven); NaN where infeasible.
    gap : float
        ``(bound - objective) / max(1e-9, |objective|)``, 0 where proven optimal.
    status : {"optimal", "feasible", "infeasible", "limit"}
        ``feasible``: a selection, not proven best; ``limit``: none found, none excluded.
    slack : Series of float
        What each budget has left, by budget.
    conflicts : tuple
        Where infeasible, constraints that exclude each other, none to spare: ``("mandatory", item)``,
        ``("budget", label)``, ``("requires", a, b)``, ``("excludes", a, b)``, ``("forbidden", item)``.
    """

    selected: pd.Series
    objective: float
    bound: float
    gap: float
    status: SelectionStatus
    slack: pd.Series
    conflicts: tuple[tuple[Hashable, ...], ...] = ()

    def __str__(self) -> str:
        if self.status in ("infeasible", "limit"):
            names = "".join(f"\n  {' '.join(map(str, c))}" for c in self.conflicts)
            return f"no selection ({self.status}){names}"
        return (
            f"{int(self.selected.sum())} of {len(self.selected)} items, value {self.objective:g}, "
            f"at most {self.bound:g} (gap {self.gap:.2%}, {self.status})"
        )


@dataclass(frozen=True)
class _Knapsack:
    """The problem on positions; ``rows`` are the constraints that may be left out, by name."""

    values: np.ndarray
    rows: dict[tuple[Hashable, ...], tuple[np.ndarray, float]]  # name -> (coefficients, upper limit)


def solve_knapsack(
    values: pd.Series | Sequence[float] | np.ndarray,
    costs: pd.DataFrame | pd.Series | Sequence[Any] | np.ndarray,
    budgets: pd.Series | Mapping[Hashable, float] | Sequence[float] | np.ndarray | float,
    *,
    requires: Iterable[tuple[Hashable, Hashable]] = (),
    excludes: Iterable[tuple[Hashable, Hashable]] = (),
    mandatory: Iterable[Hashable] = (),
    forbidden: Iterable[Hashable] = (),
    time_limit: float | None = None,
    gap: float = 0.0,
    seed: int = 0,
    node_limit: int | None = None,
    tie_break: bool = True,
) -> Selection:
    """Choose the items of highest total value that fit into every budget.

    Maximises Σ v_i x_i subject to Σ c_ij x_i ≤ b_j for every budget j and x_i ∈ {0, 1} (multidimensional
    knapsack, Chu & Beasley 1998, J. Heuristics 4:63–86), solved by branch and cut (HiGHS). Among selections
    of equal value a cheaper one (sum of shares of the budgets) is looked for.

    Parameters
    ----------
    values : n values
        A Series gives the items their labels; otherwise they are 0 … n-1.
    costs : n × m
        Items × budgets; a frame with the labels of `values` and `budgets`, or an array.
    budgets : m limits
        In the unit of each column of `costs`; ``inf`` for no limit.
    requires : pairs (a, b)
        a only together with b.
    excludes : pairs (a, b)
        Not both.
    mandatory, forbidden : labels
        Chosen, and left out, in any case.
    time_limit : float, optional
        Seconds on the clock. Results are repeatable only without it.
    gap : float
        Stop when this relative gap is proven.
    seed : int
        Seed of the solver.
    node_limit : int, optional
        Stop after so many nodes of the search tree: a repeatable limit.
    tie_break : bool
        Whether to look for a cheaper selection of equal value: that takes longer than to find the value.

    Raises
    ------
    ValueError
        If labels do not fit together, or a number is missing.

    Examples
    --------
    >>> worth = pd.Series({"portal": 8, "archive": 5, "app": 6})
    >>> money = pd.DataFrame({"2027": [5, 3, 4], "2028": [1, 2, 4]}, index=worth.index)
    >>> chosen = solve_knapsack(worth, money, pd.Series({"2027": 9, "2028": 5}))
    >>> chosen.objective, chosen.status, list(chosen.selected[chosen.selected].index)
    (14.0, 'optimal', ['portal', 'app'])
    """
    value, cost, budget = _aligned(values, costs, budgets)
    problem = _problem(value, cost, budget, requires, excludes, mandatory, forbidden)
    limits = _Limits(seed, gap, node_limit, None if time_limit is None else time.monotonic() + time_limit)
    status, chosen, bound = _solve(problem, list(problem.rows), problem.values, limits)
    if status == "infeasible":
        names = _telling_order(problem)

        def excluded(kept: list[tuple[Hashable, ...]]) -> bool:
            return _solve(problem, kept, np.zeros(len(value)), _Limits(seed))[0] == "infeasible"

        return _nothing(value, budget, "infeasible", math.nan, smallest_conflict(names, excluded))
    if chosen is None:
        return _nothing(value, budget, "limit", bound, ())
    objective = float(problem.values @ chosen)
    if status == "optimal" and tie_break:
        chosen = _cheapest(problem, chosen, objective, cost, budget, limits)
        objective = float(problem.values @ chosen)
    bound = max(bound, objective)
    proven = bound - objective <= _SAME_VALUE * max(1.0, abs(objective))
    if proven:
        bound = objective
    return Selection(
        selected=pd.Series(chosen.astype(bool), index=value.index, name="selected"),
        objective=objective,
        bound=bound,
        gap=(bound - objective) / max(1e-9, abs(objective)),
        status="optimal" if proven else "feasible",
        slack=(budget - chosen @ cost.to_numpy()).rename("slack"),
    )


def _nothing(
    value: pd.Series,
    budget: pd.Series,
    status: SelectionStatus,
    bound: float,
    conflicts: tuple[tuple[Hashable, ...], ...],
) -> Selection:
    selected = pd.Series(False, index=value.index, name="selected")
    slack = pd.Series(math.nan, index=budget.index, name="slack")
    return Selection(selected, math.nan, bound, math.nan, status, slack, conflicts)


def _aligned(values: Any, costs: Any, budgets: Any) -> tuple[pd.Series, pd.DataFrame, pd.Series]:
    """Values, costs and budgets as floats with the same labels."""
    value = pd.Series(values, dtype=float)
    budget = pd.Series([budgets] if np.isscalar(budgets) else budgets, dtype=float)
    if isinstance(costs, pd.Series):
        costs = costs.to_frame(budget.index[0])
    if isinstance(costs, pd.DataFrame):
        cost = costs.astype(float)
    else:
        table = np.asarray(costs, dtype=float)
        table = table.reshape(-1, 1) if table.ndim == 1 else table
        if table.shape != (len(value), len(budget)):
            raise ValueError(
                f"costs must have {len(value)} items × {len(budget)} budgets, not of shape {table.shape}"
            )
        cost = pd.DataFrame(table, index=value.index, columns=budget.index)
    for name, labels in (("values", value.index), ("budgets", budget.index)):
        if labels.has_duplicates:
            raise ValueError(f"{name} must have unique labels, not {labels[labels.duplicated()][0]!r} twice")
    for axis, given, wanted in (("rows", cost.index, value.index), ("columns", cost.columns, budget.index)):
        different = given.symmetric_difference(wanted)
        if len(different) or len(given) != len(wanted):
            name = "values" if axis == "rows" else "budgets"
            raise ValueError(
                f"costs must have the labels of {name} as {axis}; they differ in {list(different)[:5]}"
            )
    cost = cost.loc[value.index, budget.index]
    if not np.isfinite(value).all():
        raise ValueError(
            f"values must be finite numbers, not missing for {value.index[~np.isfinite(value)][0]!r}"
        )
    if not np.isfinite(cost.to_numpy()).all():
        raise ValueError("costs must be finite numbers, without missing ones")
    if budget.isna().any() or (budget == -math.inf).any():
        raise ValueError(f"budgets must be numbers, not missing for {budget.index[budget.isna()].tolist()}")
    return value, cost, budget


def _problem(
    value: pd.Series,
    cost: pd.DataFrame,
    budget: pd.Series,
    requires: Iterable[tuple[Hashable, Hashable]],
    excludes: Iterable[tuple[Hashable, Hashable]],
    mandatory: Iterable[Hashable],
    forbidden: Iterable[Hashable],
) -> _Knapsack:
    place = {label: k for k, label in enumerate(value.index)}
    rows: dict[tuple[Hashable, ...], tuple[np.ndarray, float]] = {}

    def row(name: tuple[Hashable, ...], coefficients: dict[Hashable, float], limit: float) -> None:
        vector = np.zeros(len(value))
        for label, coefficient in coefficients.items():
            if label not in place:
                raise ValueError(f"{name[0]} must name items of values, not {label!r}")
            vector[place[label]] += coefficient
        rows[name] = (vector, limit)

    for item in mandatory:
        row(("mandatory", item), {item: -1.0}, -1.0)
    for column in budget.index[np.isfinite(budget)]:
        rows[("budget", column)] = (cost[column].to_numpy(), float(budget[column]))
    for a, b in requires:
        if a != b:
            row(("requires", a, b), {a: 1.0, b: -1.0}, 0.0)
    for a, b in excludes:
        if a == b:
            raise ValueError(f"excludes must name two different items, not {a!r} twice")
        row(("excludes", a, b), {a: 1.0, b: 1.0}, 1.0)
    for item in forbidden:
        row(("forbidden", item), {item: 1.0}, 0.0)
    return _Knapsack(value.to_numpy(), rows)


def _telling_order(problem: _Knapsack) -> list[tuple[Hashable, ...]]:
    """Constraints with the largest mandatory items first, so that a conflict names few of them."""
    budgets = [row for name, row in problem.rows.items() if name[0] == "budget"]

    def size(name: tuple[Hashable, ...]) -> float:
        item = int(np.argmin(problem.rows[name][0]))
        return max((row[item] / max(limit, 1e-9) for row, limit in budgets), default=0.0)

    first = sorted((n for n in problem.rows if n[0] == "mandatory"), key=size, reverse=True)
    return first + [n for n in problem.rows if n[0] != "mandatory"]


@dataclass(frozen=True)
class _Limits:
    seed: int
    gap: float = 0.0
    nodes: int | None = None
    until: float | None = None  # monotonic clock


def _solve(
    problem: _Knapsack, names: Sequence[tuple[Hashable, ...]], values: np.ndarray, limits: _Limits
) -> tuple[str, np.ndarray | None, float]:
    """Maximise `values` under the named rows: what HiGHS says, a selection or None, an upper bound.

    HiGHS lets a row be exceeded by a tolerance. We do not: a choice that exceeds one by however little is
    cut off, and the model solved again.
    """
    matrix = np.array([problem.rows[name][0] for name in names]).reshape(len(names), len(values))
    limit = np.array([problem.rows[name][1] for name in names])
    scale = np.maximum(np.abs(matrix).max(axis=1, initial=0.0), 1e-300)
    allowed = limit + 1e-12 * np.maximum(np.abs(limit), scale)
    scaled, scaled_limit, bound = matrix / scale[:, None], limit / scale, math.inf
    for _ in range(_MOST_CUTS):
        status, chosen, this_bound = _highs(scaled, scaled_limit, values, limits)
        bound = min(bound, this_bound)
        if chosen is None:
            return status, None, bound
        exceeded = np.flatnonzero(matrix @ chosen > allowed)
        if not len(exceeded):
            return status, chosen, bound
        for row in exceeded:
            # Without negative costs no selection may hold all the items that exceed the row; with them,
            # this selection of its items is cut off only.
            cut = np.where(matrix[row] != 0, np.where(chosen > 0, 1.0, -1.0), 0.0)
            cut = np.maximum(cut, 0.0) if (matrix[row] >= 0).all() else cut
            scaled = np.vstack([scaled, cut])
            scaled_limit = np.append(scaled_limit, (cut > 0).sum() - 1.0)
    return "limit", None, bound


def _highs(
    matrix: np.ndarray, limit: np.ndarray, values: np.ndarray, limits: _Limits
) -> tuple[str, np.ndarray | None, float]:
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
        "random_seed": limits.seed,
        "mip_rel_gap": limits.gap,
        "mip_abs_gap": 1e-9,
        # at its default of 1e-6 HiGHS calls a choice optimal that is not where a better one just misses a row
        "mip_feasibility_tolerance": 1e-9,
        "mip_allow_restart": False,  # starting over costs as much as it saves later: measured, half the time
    }
    if limits.nodes is not None:
        options["mip_max_nodes"] = limits.nodes
    if limits.until is not None:
        options["time_limit"] = max(0.01, limits.until - time.monotonic())
    for name, option in options.items():
        highs.setOptionValue(name, option)
    highs.passModel(lp)
    highs.run()
    if highs.getModelStatus() in (
        highspy.HighsModelStatus.kInfeasible,
        highspy.HighsModelStatus.kUnboundedOrInfeasible,  # never unbounded: every variable is 0 or 1
    ):
        return "infeasible", None, -math.inf
    info = highs.getInfo()
    whole = bool((values == np.round(values)).all())
    bound = min(float(info.mip_dual_bound), float(np.maximum(values, 0).sum()))
    bound = math.floor(bound + 1e-6) if whole and math.isfinite(bound) else bound
    optimal = highs.getModelStatus() == highspy.HighsModelStatus.kOptimal
    if info.primal_solution_status != highspy.SolutionStatus.kSolutionStatusFeasible:
        return "limit", None, bound
    chosen = np.round(np.asarray(highs.getSolution().col_value))
    return "optimal" if optimal else "feasible", chosen, bound


def _cheapest(
    problem: _Knapsack,
    chosen: np.ndarray,
    objective: float,
    cost: pd.DataFrame,
    budget: pd.Series,
    limits: _Limits,
) -> np.ndarray:
    """Among selections worth as much, one that takes smaller shares of the budgets, if easily found."""
    share = (cost.to_numpy() / np.where(np.isfinite(budget) & (budget > 0), budget, math.inf)).sum(axis=1)
    least = objective - _SAME_VALUE * max(1.0, abs(objective))
    tied = _Knapsack(problem.values, {**problem.rows, ("value",): (-problem.values, -least)})
    effort = _Limits(limits.seed, 0.0, _TIE_NODES, limits.until)
    other = _solve(tied, list(tied.rows), -share, effort)[1]
    if other is None or share @ other >= share @ chosen - 1e-12 or problem.values @ other < least:
        return chosen
    return other
