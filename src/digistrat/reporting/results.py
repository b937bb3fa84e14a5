"""What one round has come to, under one name that stands for its inputs."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import pandas as pd

from digistrat import __version__
from digistrat.inventory.record import Inventory
from digistrat.planning.records import Plan, Portfolio
from digistrat.scoring.agreement import method_agreement
from digistrat.scoring.composite import Scores
from digistrat.scoring.robustness import RankRobustness
from digistrat.scoring.stability import weight_stability

N_FIRST = 20  # whose set must stay the same while a weight moves


@dataclass(frozen=True)
class Results:
    """What one round has come to; parts that were not computed are None."""

    inventory: Inventory
    maturity: Scores | None = None
    services: Scores | None = None
    readiness: Scores | None = None
    impact: Scores | None = None
    robustness: RankRobustness | None = None
    portfolio: Portfolio | None = None
    plan: Plan | None = None


def run_id(inventory: Inventory) -> str:
    """Return twelve hexadecimal digits that stand for the inputs: returns, strategy and version.

    Parameters
    ----------
    inventory : Inventory
        As read.

    Returns
    -------
    str
        The same for the same content of all files and the same version of digistrat.
    """
    digest = hashlib.sha256(f"digistrat {__version__} {inventory.reporting_date}".encode())
    for row in inventory.files.sort_values("file").itertuples():
        digest.update(f"{row.file} {row.sha256}\n".encode())
    digest.update(inventory.strategy.model_dump_json().encode())
    return digest.hexdigest()[:12]


def _what_ranks_hang_on(impact: Scores) -> dict[str, pd.DataFrame]:
    """Return ranks by method, and how far each weight may move before the first ones change."""
    agreement = method_agreement(impact)
    tables = {"ranks_by_method": agreement.ranks.join(agreement.rank_range)}
    n_ranked = int(impact.table["rank"].notna().sum())
    if n_ranked and impact.hierarchy.is_additive:
        tables["weight_stability"] = weight_stability(impact, min(N_FIRST, n_ranked))
    return tables


def result_tables(r: Results) -> dict[str, pd.DataFrame]:
    """Return every table of the results by the name of its file, the index as a column."""
    tables = {name: r.inventory.tables[name] for name in ("projects", "services", "requirements")}
    tables["findings"] = r.inventory.findings
    tables["returns"] = r.inventory.files
    for name in ("maturity", "services", "readiness", "impact"):
        scores: Scores | None = getattr(r, name)
        if scores is not None:
            tables[f"scores_{name}"] = scores.table
            tables[f"values_{name}"] = scores.values
            tables[f"states_{name}"] = scores.states
    if r.impact is not None:
        tables |= _what_ranks_hang_on(r.impact)
    if r.robustness is not None:
        tables["rank_intervals"] = r.robustness.rank_interval
    if r.portfolio is not None:
        tables["portfolio"] = r.portfolio.table
        tables["portfolio_budgets"] = r.portfolio.budgets
    if r.plan is not None:
        tables |= {
            "plan_phases": r.plan.phases,
            "plan_milestones": r.plan.milestones,
            "plan_load": r.plan.load,
            "plan_budget": r.plan.budget,
        }
    return {
        name: table.reset_index() if table.index.name else table.reset_index(drop=True)
        for name, table in tables.items()
    }
