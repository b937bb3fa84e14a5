"""Instances for the tests: files in OR-Library's format, and invented city portfolios."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd


def read_mknap(path: Path) -> list[tuple[np.ndarray, np.ndarray, np.ndarray, float]]:
    """Values, costs (items × budgets), budgets and best known value of each problem in a file."""
    numbers = np.array(path.read_text().split(), dtype=float)
    position, problems = 1, []

    def take(count: int) -> np.ndarray:
        nonlocal position
        position += count
        return numbers[position - count : position]

    for _ in range(int(numbers[0])):
        n, m, best = take(3)
        values = take(int(n))
        costs = take(int(n * m)).reshape(int(m), int(n)).T
        problems.append((values, costs, take(int(m)), float(best)))
    return problems


def city_portfolio(n_projects: int, *, seed: int = 1, months: int = 84, tight: float = 0.6) -> dict[str, Any]:
    """An invented portfolio: projects of 5–7 phases, 9 roles filled bit by bit, 7 budget years × 2 kinds."""
    rng = np.random.default_rng(seed)
    roles = [f"role{k}" for k in range(9)]
    durations, demands, links, costs, weights, release, sittings = {}, {}, [], {}, {}, {}, {}
    for p in range(n_projects):
        project = f"P{p:03d}"
        size = rng.lognormal(0.0, 0.6)
        previous = None
        n_phases = int(rng.integers(5, 8))
        for f in range(n_phases):
            activity = f"{project}.{f}"
            decision = f == 2
            durations[activity] = 0 if decision else int(np.clip(rng.poisson(2 + 1.5 * size), 1, 14))
            need = np.zeros(len(roles))
            if not decision:
                chosen = rng.choice(len(roles), size=int(rng.integers(1, 4)), replace=False)
                need[chosen] = np.round(rng.uniform(0.05, 0.6, len(chosen)) * min(size, 2), 2)
            demands[activity] = need
            spends = f in (1, 4)
            costs[activity] = np.round(rng.uniform(20_000, 200_000, 2) * size, -3) if spends else np.zeros(2)
            if decision:
                sittings[activity] = [t for t in range(months) if t % 12 in (1, 2, 4, 5, 8, 10, 11)]
            if previous is not None:
                links.append((previous, activity, 0))
            previous = activity
        weights[previous] = float(np.round(rng.uniform(10, 90), 1))
        if rng.random() < 0.3:
            release[f"{project}.0"] = int(rng.integers(0, 24))
    for p in range(1, n_projects, 6):
        links.append((f"P{p - 1:03d}.1", f"P{p:03d}.3", 1))
    length = pd.Series(durations)
    staff = pd.DataFrame.from_dict(demands, orient="index", columns=roles)
    work = staff.mul(length, axis=0).sum()
    steady = work / (months * tight)
    grown = np.clip(
        0.6 + 0.5 * np.arange(months)[:, None] / rng.integers(12, 36, len(roles))[None, :], 0, 1.15
    )
    capacities = pd.DataFrame(
        np.round(np.maximum(grown * steady.to_numpy(), staff.max().to_numpy()), 2), columns=roles
    )
    money = pd.DataFrame.from_dict(costs, orient="index", columns=["investive", "consumptive"])
    years = range(2027, 2027 + months // 12)
    budgets = pd.DataFrame(
        {k: np.round(money[k].sum() / len(years) / tight, -3) for k in money}, index=list(years)
    )
    return {
        "durations": length,
        "demands": staff,
        "capacities": capacities,
        "precedences": pd.DataFrame(links, columns=["predecessor", "successor", "lag"]),
        "release": pd.Series(release),
        "weights": pd.Series(weights),
        "budgets": budgets,
        "costs": money,
        "sittings": sittings,
    }
