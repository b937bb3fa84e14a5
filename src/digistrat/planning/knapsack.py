"""What to choose with limited money and people: the knapsack with many budgets, on plain arrays."""

from __future__ import annotations

import math
import time
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from digistrat.planning.binary import Answer, Effort, Status, maximise
from digistrat.planning.conflicts import smallest_conflict

_MOST_NODES = 500_000  # of the search without any limit given: minutes
_TIE_NODES = 200  # effort spent on the cheapest among equally good selections
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
    status: Status
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


Rows = dict[tuple[Hashable, ...], tuple[np.ndarray, float]]  # name -> (coefficients, upper limit)


@dataclass(frozen=True)
class _Knapsack:
    """The problem on positions: items, then pairs. Of ``rows`` some may be left out, ``pair_rows`` never."""

    values: np.ndarray
    rows: Rows
    pair_rows: Rows
    pairs: tuple[tuple[int, int], ...]

    def whole(self, items: np.ndarray) -> np.ndarray:
        """Add to a choice of items the pairs of which both are chosen."""
        chosen = items.astype(float)
        return np.append(chosen, [chosen[a] * chosen[b] for a, b in self.pairs])


def solve_knapsack(
    values: pd.Series | Sequence[float] | np.ndarray,
    costs: pd.DataFrame | pd.Series | Sequence[Any] | np.ndarray,
    budgets: pd.Series | Mapping[Hashable, float] | Sequence[float] | np.ndarray | float,
    *,
    requires: Iterable[tuple[Hashable, Hashable]] = (),
    excludes: Iterable[tuple[Hashable, Hashable]] = (),
    mandatory: Iterable[Hashable] = (),
    forbidden: Iterable[Hashable] = (),
    coverage: Mapping[Hashable, tuple[Iterable[Hashable], int]] | None = None,
    synergies: Mapping[tuple[Hashable, Hashable], float] | None = None,
    time_limit: float | None = None,
    gap: float = 0.0,
    seed: int = 0,
    node_limit: int | None = None,
    tie_break: bool = True,
    known: Iterable[pd.Series] = (),
) -> Selection:
    """Choose the items of highest total value that fit into every budget.

    Maximises Σ v_i x_i subject to Σ c_ij x_i ≤ b_j for every budget j and x_i ∈ {0, 1} (multidimensional
    knapsack, Chu & Beasley 1998, J. Heuristics 4:63–86), solved by branch and cut (HiGHS). The value of a
    pair counts through a further variable y ∈ {0, 1} with y ≤ x_a, y ≤ x_b and y ≥ x_a + x_b − 1, which is
    exact (Glover & Woolsey 1974, Operations Research 22:180–182). Among selections of equal value a cheaper
    one (sum of shares of the budgets) is looked for.

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
    coverage : mapping name → (items, n), optional
        At least n of these items.
    synergies : mapping (a, b) → value, optional
        Value, or loss, that counts only when both are chosen.
    time_limit : float, optional
        Seconds on the clock. Results are repeatable only without it.
    gap : float
        Stop when this relative gap is proven.
    seed : int
        Seed of the solver.
    node_limit : int, optional
        Stop after so many nodes of the search tree: a repeatable limit; without any limit, after 500,000.
    tie_break : bool
        Whether to look for a cheaper selection of equal value: that takes longer than to find the value.
    known : iterable of Series of bool, optional
        Selections that may be good ones to begin with, by item.

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
    problem = _problem(value, cost, budget, requires, excludes, mandatory, forbidden, coverage, synergies)
    until = None if time_limit is None else time.monotonic() + time_limit
    nodes = _MOST_NODES if node_limit is None and time_limit is None else node_limit
    effort = Effort(seed, gap, nodes, until)
    begin = [problem.whole(one.reindex(value.index).fillna(False).to_numpy(dtype=bool)) for one in known]
    answer = _solve(problem, list(problem.rows), problem.values, effort, begin)
    if answer.status == "infeasible":
        names = _telling_order(problem)

        def excluded(kept: list[tuple[Hashable, ...]]) -> bool:
            return _solve(problem, kept, np.zeros_like(problem.values), Effort(seed)).status == "infeasible"

        return _nothing(value, budget, "infeasible", math.nan, smallest_conflict(names, excluded))
    if answer.chosen is None:
        return _nothing(value, budget, "limit", answer.bound, ())
    chosen = problem.whole(answer.chosen[: len(value)])
    if answer.status == "optimal" and tie_break:
        chosen = _cheapest(problem, chosen, cost, budget, effort)
    objective = float(problem.values @ chosen)
    bound = max(answer.bound, objective)
    proven = bound - objective <= _SAME_VALUE * max(1.0, abs(objective))
    if proven:
        bound = objective
    items = chosen[: len(value)].astype(bool)
    return Selection(
        selected=pd.Series(items, index=value.index, name="selected"),
        objective=objective,
        bound=bound,
        gap=(bound - objective) / max(1e-9, abs(objective)),
        status="optimal" if proven else "feasible",
        slack=(budget - items @ cost.to_numpy()).rename("slack"),
    )


def _nothing(
    value: pd.Series,
    budget: pd.Series,
    status: Status,
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
    coverage: Mapping[Hashable, tuple[Iterable[Hashable], int]] | None,
    synergies: Mapping[tuple[Hashable, Hashable], float] | None,
) -> _Knapsack:
    place = {label: k for k, label in enumerate(value.index)}
    together = dict(synergies or {})
    rows: Rows = {}
    pair_rows: Rows = {}

    def row(name: tuple[Hashable, ...], coefficients: Mapping[Hashable, float], limit: float) -> None:
        vector = np.zeros(len(value) + len(together))
        for label, coefficient in coefficients.items():
            if label not in place:
                raise ValueError(f"{name[0]} must name items of values, not {label!r}")
            vector[place[label]] += coefficient
        rows[name] = (vector, limit)

    def different(name: str, a: Hashable, b: Hashable) -> None:
        if a == b:
            raise ValueError(f"{name} must name two different items, not {a!r} twice")

    for item in mandatory:
        row(("mandatory", item), {item: -1.0}, -1.0)
    for column in budget.index[np.isfinite(budget)]:
        row(("budget", column), cost[column].to_dict(), float(budget[column]))
    for a, b in requires:
        if a != b:
            row(("requires", a, b), {a: 1.0, b: -1.0}, 0.0)
    for a, b in excludes:
        different("excludes", a, b)
        row(("excludes", a, b), {a: 1.0, b: 1.0}, 1.0)
    for item in forbidden:
        row(("forbidden", item), {item: 1.0}, 0.0)
    for label, (items, at_least) in (coverage or {}).items():
        row(("coverage", label), dict.fromkeys(items, -1.0), -float(at_least))
    for k, ((a, b), worth) in enumerate(together.items()):
        different("synergies", a, b)
        if not np.isfinite(worth):
            raise ValueError(f"synergies must be finite numbers, not {worth!r} for {(a, b)!r}")
        for one, other in ((a, b), (b, a)):
            row(("synergies", one, other, k), {one: -1.0}, 0.0)
            rows["synergies", one, other, k][0][len(value) + k] = 1.0
        row(("synergies", k), {a: 1.0, b: 1.0}, 1.0)
        rows["synergies", k][0][len(value) + k] = -1.0
    for name in [name for name in rows if name[0] == "synergies"]:
        pair_rows[name] = rows.pop(name)
    pairs = tuple((place[a], place[b]) for a, b in together)
    return _Knapsack(np.append(value.to_numpy(), list(together.values())), rows, pair_rows, pairs)


def _telling_order(problem: _Knapsack) -> list[tuple[Hashable, ...]]:
    """Constraints with the largest mandatory items first, so that a conflict names few of them."""
    budgets = [row for name, row in problem.rows.items() if name[0] == "budget"]

    def size(name: tuple[Hashable, ...]) -> float:
        item = int(np.argmin(problem.rows[name][0]))
        return max((row[item] / max(limit, 1e-9) for row, limit in budgets), default=0.0)

    first = sorted((n for n in problem.rows if n[0] == "mandatory"), key=size, reverse=True)
    return first + [n for n in problem.rows if n[0] != "mandatory"]


def _solve(
    problem: _Knapsack,
    names: Sequence[tuple[Hashable, ...]],
    values: np.ndarray,
    effort: Effort,
    known: Sequence[np.ndarray] = (),
) -> Answer:
    """Maximise `values` under the named rows."""
    rows = [*(problem.rows[name] for name in names), *problem.pair_rows.values()]
    matrix = np.array([row for row, _ in rows]).reshape(len(rows), len(values))
    return maximise(values, matrix, np.array([limit for _, limit in rows]), effort, known)


def _cheapest(
    problem: _Knapsack, chosen: np.ndarray, cost: pd.DataFrame, budget: pd.Series, effort: Effort
) -> np.ndarray:
    """Among selections worth as much, one that takes smaller shares of the budgets, if easily found."""
    share = (cost.to_numpy() / np.where(np.isfinite(budget) & (budget > 0), budget, math.inf)).sum(axis=1)
    share = np.append(share, np.zeros(len(problem.pairs)))
    objective = float(problem.values @ chosen)
    least = objective - _SAME_VALUE * max(1.0, abs(objective))
    rows = {**problem.rows, ("value",): (-problem.values, -least)}
    tied = _Knapsack(problem.values, rows, problem.pair_rows, problem.pairs)
    other = _solve(tied, list(rows), -share, Effort(effort.seed, 0.0, _TIE_NODES, effort.until)).chosen
    if other is None:
        return chosen
    other = problem.whole(other[: len(cost)])
    if share @ other >= share @ chosen - 1e-12 or problem.values @ other < least:
        return chosen
    return other
