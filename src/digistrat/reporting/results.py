"""What one round has come to, under one name that stands for its inputs."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, cast

import numpy as np
import pandas as pd

from digistrat import __version__
from digistrat.inventory.record import Inventory
from digistrat.planning.lists import priority_list
from digistrat.planning.profile import profiles
from digistrat.planning.records import Plan, Portfolio
from digistrat.scoring.agreement import MethodAgreement, method_agreement
from digistrat.scoring.assumptions import assumption_sensitivity
from digistrat.scoring.composite import Scores
from digistrat.scoring.decision import score_wibe
from digistrat.scoring.levels import improvements, level_probabilities
from digistrat.scoring.origins import Origin
from digistrat.scoring.robustness import RankRobustness
from digistrat.scoring.sensitivity import leave_one_criterion_out
from digistrat.scoring.services import score_bundles
from digistrat.scoring.stability import weight_stability
from digistrat.scoring.stakeholders import stakeholder_rankings

N_FIRST = 20  # whose set is looked at: does it stay the same while something else changes?
N_STEPS = 3  # of what raises an office most


@dataclass(frozen=True, eq=False)
class Results:
    """What one round has come to; parts that were not computed are None.

    What follows from the parts at little cost is computed when it is first asked for, and once: charts,
    tables, workbook and page all read it here. Where there is nothing to compute it from, it is empty.
    """

    inventory: Inventory
    maturity: Scores | None = None
    services: Scores | None = None
    readiness: Scores | None = None
    impact: Scores | None = None
    robustness: RankRobustness | None = None
    portfolio: Portfolio | None = None
    plan: Plan | None = None
    questions: pd.DataFrame | None = None
    economics: pd.DataFrame | None = None
    others: Mapping[str, Plan] | None = None  # by name, to compare the plan with

    @cached_property
    def n_ranked(self) -> int:
        """How many projects have a rank of impact."""
        return 0 if self.impact is None else int(self.impact.table["rank"].notna().sum())

    @cached_property
    def n_first(self) -> int:
        """How many of them count as the first ones."""
        return min(N_FIRST, self.n_ranked)

    @cached_property
    def group_rankings(self) -> pd.DataFrame:
        """From `stakeholder_rankings`, where the strategy names groups."""
        if self.impact is None or not self.n_ranked or not self.inventory.strategy.stakeholders:
            return pd.DataFrame()
        return stakeholder_rankings(self.impact)

    @property
    def group_ranks(self) -> pd.DataFrame:
        """Their ranks: projects × groups."""
        return ranks_of(self.group_rankings)

    @cached_property
    def agreement(self) -> MethodAgreement | None:
        """From `method_agreement`; None where no project has all answers."""
        found = None if self.impact is None else method_agreement(self.impact)
        return found if found is not None and len(found.ranks) else None

    @cached_property
    def stability(self) -> pd.DataFrame:
        """From `weight_stability`, of the first ones."""
        if self.impact is None or not self.n_ranked or not self.impact.hierarchy.is_additive:
            return pd.DataFrame()
        return weight_stability(self.impact, self.n_first)

    @cached_property
    def without_criterion(self) -> pd.DataFrame:
        """From `leave_one_criterion_out`, of the first ones."""
        if self.impact is None or not self.n_ranked:
            return pd.DataFrame()
        return leave_one_criterion_out(self.impact, k=self.n_first)

    @cached_property
    def assumptions(self) -> pd.DataFrame:
        """From `assumption_sensitivity`, where there is an order that could change."""
        if self.impact is None or self.n_ranked < 2:
            return pd.DataFrame()
        return assumption_sensitivity(self.impact)

    @cached_property
    def bundles(self) -> pd.DataFrame:
        """From `score_bundles`."""
        return pd.DataFrame() if self.services is None else score_bundles(self.services)

    @cached_property
    def decisions(self) -> pd.DataFrame:
        """From `score_wibe`, where the strategy asks for its rule and the economics are known."""
        strategy = self.inventory.strategy
        if self.economics is None or strategy.urgency is None or strategy.quality is None:
            return pd.DataFrame()
        return score_wibe(self.inventory, self.economics)

    @cached_property
    def listed(self) -> pd.DataFrame:
        """From `priority_list`, where projects were selected."""
        if self.portfolio is None:
            return pd.DataFrame()
        own = self.plan if self.plan is not None and self.plan.portfolio is self.portfolio else None
        return priority_list(self.portfolio, plan=own if own is not None and len(own.phases) else None)

    @cached_property
    def council(self) -> pd.DataFrame:
        """From `profiles`, of all candidates."""
        if self.portfolio is None:
            return pd.DataFrame()
        return profiles(
            self.inventory,
            impact=self.impact,
            readiness=self.readiness,
            portfolio=self.portfolio,
            plan=self.plan,
        )

    @cached_property
    def level_chances(self) -> pd.DataFrame:
        """From `level_probabilities`, of the offices of which something is assessed."""
        if self.maturity is None or not self.maturity.levels:
            return pd.DataFrame()
        return level_probabilities(self.maturity).dropna()

    @cached_property
    def steps(self) -> pd.DataFrame:
        """What raises each office most: the first rows of its `improvements`."""
        if self.maturity is None:
            return pd.DataFrame()
        scored = self.maturity.table.index[self.maturity.table["state"] != "not_scored"]
        found = {office: improvements(self.maturity, office) for office in scored}
        first = {office: table[table["gain"] > 0].head(N_STEPS) for office, table in found.items()}
        if not any(map(len, first.values())):
            return pd.DataFrame()
        return pd.concat(first, names=["office_id"]).reset_index()

    @cached_property
    def rating_differences(self) -> pd.DataFrame:
        """Ratings that both an office and the unit (or a group) have given, the largest difference first."""
        columns = ["scale", "subject", "criterion", "office", "moderated", "difference", "remark", "cell"]
        columns += ["office_cell", "remark_cell"]
        rows = [
            row
            for name in ("impact", "readiness", "maturity")
            if (scores := getattr(self, name)) is not None
            for row in _both_ratings(scores)
        ]
        table = pd.DataFrame(rows, columns=columns)
        order = table["difference"].abs().sort_values(ascending=False, kind="stable").index
        return table.loc[order].reset_index(drop=True)


def _both_ratings(scores: Scores) -> list[tuple[Any, ...]]:
    """Return a row by rating that somebody moderated, beside what the office had given."""
    office, moderated, remarks = scores.raw_office, scores.raw_moderated, scores.remarks
    if office is None or moderated is None:
        return []
    both = (office.notna() & moderated.notna()).to_numpy()
    rows = []
    for i, j in np.argwhere(both).tolist():
        subject, criterion = office.index[i], office.columns[j]
        first, second = float(office.to_numpy()[i, j]), float(moderated.to_numpy()[i, j])
        remark = "" if remarks is None else str(remarks.to_numpy()[i, j])
        cell = scores.cells(subject, criterion) if scores.cells else ""
        beside = scores.origin(subject, criterion) if scores.origin else Origin()
        both_cells = (cell, beside.office, beside.remark)
        rows.append((scores.what, subject, criterion, first, second, second - first, remark, *both_cells))
    return rows


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


def ranks_of(rankings: pd.DataFrame) -> pd.DataFrame:
    """Return the ranks among group rankings: projects × groups."""
    return cast(pd.DataFrame, rankings["rank"])


def flat_rankings(rankings: pd.DataFrame) -> pd.DataFrame:
    """Return group rankings with one level of columns: ``score_<group>``, ``rank_<group>``, best, worst."""
    flat = rankings.copy()
    columns = cast(list[tuple[str, str]], rankings.columns.tolist())
    flat.columns = pd.Index([b if a == "rank_range" else f"{a}_{b}" for a, b in columns])
    return flat


def _derived_tables(r: Results) -> dict[str, pd.DataFrame]:
    """Return what follows from the scores: how sure they are, what would change them."""
    tables = {
        "level_probabilities": r.level_chances,
        "improvements": r.steps,
        "bundles": r.bundles,
        "decisions": r.decisions,
        "rating_differences": r.rating_differences,
        "weight_stability": r.stability,
        "leave_one_criterion_out": r.without_criterion,
        "assumption_sensitivity": r.assumptions,
    }
    if len(r.group_rankings):
        tables["group_rankings"] = flat_rankings(r.group_rankings)
    if r.agreement is not None:
        tables["ranks_by_method"] = r.agreement.ranks.join(r.agreement.rank_range)
        tables["method_agreement"] = r.agreement.tau.rename_axis("method")
    for name in ("questions", "economics"):
        given = getattr(r, name)
        if given is not None:
            tables[name] = given
    return {name: table for name, table in tables.items() if len(table)}


def _why_not(portfolio: Portfolio) -> pd.DataFrame:
    """One line for each constraint that a project lacks something of; one for each that lacks nothing."""
    rows = []
    for project, kind, ids, missing in portfolio.why_not.itertuples(name=None):
        for constraint, amount in (missing or {"": float("nan")}).items():
            rows.append((project, kind, tuple(ids), constraint, amount))
    return pd.DataFrame(rows, columns=["project_id", "kind", "other_ids", "constraint", "missing"])


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
    tables |= _derived_tables(r)
    if r.robustness is not None:
        tables["rank_intervals"] = r.robustness.rank_interval
    if r.portfolio is not None:
        tables["portfolio"] = r.portfolio.table
        tables["portfolio_budgets"] = r.portfolio.budgets
        tables["portfolio_constraints"] = r.portfolio.constraints
        tables["why_not"] = _why_not(r.portfolio)
        tables["priority_list"] = r.listed
        tables["profiles"] = r.council
    if r.plan is not None:
        tables |= {
            "plan_phases": r.plan.phases,
            "plan_milestones": r.plan.milestones,
            "plan_load": r.plan.load,
            "plan_budget": r.plan.budget,
            "plan_commitments": r.plan.commitments,
        }
    return {
        name: table.reset_index() if table.index.name else table.reset_index(drop=True)
        for name, table in tables.items()
    }
