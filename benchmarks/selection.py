"""Selections against a plain HiGHS model with default options, in turn on the same instances.

OR-Library ``mknapcb1`` (30 knapsacks of 100 items and 5 budgets, Chu & Beasley 1998): best known value or
better within 60 s each; and the shipped city to a gap of 0.1 %. Both go on until the proof, ours at most to
its limit of nodes, and seconds are those of the processor: the clock of a machine that others use says
little. Files of the library are looked for beside the checkout; without them only the city is measured.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import digistrat as ds
from benchmarks.pairs import Row
from digistrat.planning.knapsack import solve_knapsack

ROOT = Path(__file__).resolve().parents[1]
LIBRARY = ROOT.parent / "shared" / "data" / "mkp"
SECONDS = 60.0
GAP = 1e-3


def measure(numbers: range | None = None) -> Iterator[Row]:
    if (LIBRARY / "mknapcb1.txt").exists():
        yield from _library(numbers or range(30))
    yield from _city()


def read_mknap(path: Path) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Values, costs (items × budgets) and budgets of every problem in a file of the library."""
    numbers = iter(path.read_text().split())

    def take(count: int) -> np.ndarray:
        return np.array([float(next(numbers)) for _ in range(count)])

    problems = []
    for _ in range(int(next(numbers))):
        n, m, _ = (int(number) for number in take(3))
        problems.append((take(n), take(n * m).reshape(m, n).T, take(m)))
    return problems


def plain_highs(
    values: np.ndarray, costs: np.ndarray, budgets: np.ndarray, *, gap: float | None = None
) -> tuple[float, float]:
    """Value and bound of the model as one writes it down, with the solver's own options."""
    import highspy

    highs = highspy.Highs()
    highs.silent()
    if gap is not None:
        highs.setOptionValue("mip_rel_gap", gap)
    chosen = [highs.addBinary() for _ in values]
    for column, budget in zip(costs.T, budgets, strict=True):
        highs.addConstr(sum(float(c) * x for c, x in zip(column, chosen, strict=True)) <= float(budget))
    highs.maximize(sum(float(v) * x for v, x in zip(values, chosen, strict=True)))
    info = highs.getInfo()
    return float(info.objective_function_value), float(info.mip_dual_bound)


def _library(numbers: range) -> Iterator[Row]:
    problems = read_mknap(LIBRARY / "mknapcb1.txt")
    best = pd.read_csv(LIBRARY / "best_known_mknapcb1.csv")["best_known"]
    mine, others, reached, proven, by_peer = [], [], 0, 0, 0
    for number in numbers:
        values, costs, budgets = problems[number]
        begin = time.process_time()
        found = solve_knapsack(values, costs, budgets, tie_break=False)
        between = time.process_time()
        peer, _ = plain_highs(values, costs, budgets)
        others.append(time.process_time() - between)
        mine.append(between - begin)
        reached += found.objective >= best[number] and mine[-1] <= SECONDS
        proven += found.gap == 0.0
        by_peer += peer >= best[number] and others[-1] <= SECONDS
        print(
            f"5.100-{number:02}: {found.objective:.0f} of {best[number]}, {found.status}, {mine[-1]:.1f} s; "
            f"plain HiGHS {peer:.0f}, {others[-1]:.1f} s",
            file=sys.stderr,
            flush=True,
        )
    yield (
        f"mknapcb1, best known reached, {SECONDS:.0f} s each",
        f"{reached} of {len(mine)} ({proven} proven), {statistics.median(mine):.1f} s",
        f"plain HiGHS {by_peer} of {len(mine)}, {statistics.median(others):.1f} s",
        f"{statistics.median(a / b for a, b in zip(mine, others, strict=True)):.2f}",
        str(len(mine)),
    )


def _city() -> Iterator[Row]:
    strategy = ds.load_strategy(ROOT / "data" / "strategy.toml")
    inventory = ds.read_inventory(ROOT / "data" / "raw" / "2026-04-30", strategy)
    impact = ds.score_impact(inventory)
    times: list[float] = []
    portfolio: Any = None
    for _ in range(3):
        begin = time.process_time()
        portfolio = ds.select_portfolio(inventory, impact, gap=GAP)
        times.append(time.process_time() - begin)
    problem = portfolio.problem
    free = problem.values.fillna(0.0).drop(list(problem.forbidden))
    peers = []
    for _ in range(3):  # money and staff alone: duties and links would make the peer's model ours
        begin = time.process_time()
        plain_highs(
            free.to_numpy(), problem.costs.loc[free.index].to_numpy(), problem.limits.to_numpy(), gap=GAP
        )
        peers.append(time.process_time() - begin)
    yield (
        f"shipped city, {len(problem.values)} candidates, to a gap of {GAP:.1%}, with reasons and checks",
        f"{statistics.median(times):.2f} s, proven gap {portfolio.gap:.3%}",
        f"plain HiGHS, the bare knapsack {statistics.median(peers):.2f} s",
        f"{statistics.median(times) / statistics.median(peers):.2f}",
        str(len(times)),
    )


if __name__ == "__main__":
    for row in measure():
        print("  ".join(row))
