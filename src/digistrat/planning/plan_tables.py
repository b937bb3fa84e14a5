"""The tables of a plan, from the start of every phase."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from digistrat.inventory.record import Inventory
from digistrat.planning.money import KINDS
from digistrat.planning.records import PlanProblem

_DAY = pd.Timedelta(days=1)


class PlanTables(NamedTuple):
    """What `Plan` shows under the same names."""

    phases: pd.DataFrame
    milestones: pd.DataFrame
    load: pd.DataFrame
    budget: pd.DataFrame
    commitments: pd.DataFrame


def plan_tables(inventory: Inventory, problem: PlanProblem, starts: pd.Series) -> PlanTables:
    """Make the tables of a plan.

    Parameters
    ----------
    inventory : Inventory
    problem : PlanProblem
    starts : Series
        First period by activity of the projects that are done; empty where there is no plan: then so are
        the tables.
    """
    phases = problem.phases.loc[starts.index]
    begin = starts.to_numpy(dtype=int)
    end = begin + phases["duration_months"].to_numpy(dtype=int)
    edges = pd.date_range(problem.months[0], periods=problem.horizon + 1, freq="MS")
    periods = np.arange(problem.horizon)[:, None]
    runs = ((periods >= begin) & (periods < end)).astype(float)
    table = phases[["project_id", "phase_id", "phase"]].assign(
        start=edges[begin],
        end=edges[end] - _DAY,
        predecessor=phases["predecessor"],
        procedure=phases["procedure"],
    )
    decided = phases["is_decision"].to_numpy(dtype=bool)
    if problem.calendar.is_limited:
        for activity, first in zip(phases.index[decided], begin[decided], strict=True):
            duration, left = phases.loc[activity, ["duration_months", "share_left"]]
            table.loc[activity, "end"] = problem.calendar.day(
                int(first), int(duration), is_submitted=float(left) < 1.0
            )
    load, budget = _load(problem, phases, runs), _budget(problem, phases, runs, end)
    orders = _is_procurement(inventory, phases)
    return PlanTables(
        table,
        _milestones(inventory, problem, table, phases["is_decision"], orders),
        load if len(phases) else load.iloc[:0],
        budget if len(phases) else budget.iloc[:0],
        _commitments(inventory, problem, phases, runs, end, orders),
    )


def _is_procurement(inventory: Inventory, phases: pd.DataFrame) -> pd.Series:
    steps = {
        (template.id, step.id)
        for template in inventory.strategy.phase_templates
        for step in template.phases
        if step.is_procurement
    }
    keys = zip(phases["template_id"], phases["phase_id"], strict=True)
    return pd.Series([key in steps for key in keys], phases.index, dtype=bool)


def _milestones(
    inventory: Inventory,
    problem: PlanProblem,
    table: pd.DataFrame,
    is_decision: pd.Series,
    is_order: pd.Series,
) -> pd.DataFrame:
    """Submissions, decisions, orders, go-lives and ends of grants, by project and date."""
    decisions = table.loc[is_decision, ["project_id", "start", "end"]]
    found = [
        decisions[["project_id"]].assign(milestone="decision", date=decisions["end"]),
        table.loc[is_order, ["project_id"]].assign(milestone="order", date=table.loc[is_order, "end"]),
    ]
    if problem.calendar.is_limited:
        submitted = (decisions["end"] - problem.calendar.lead).clip(lower=decisions["start"])
        found.append(decisions[["project_id"]].assign(milestone="submission", date=submitted))
    last = table.groupby("project_id", sort=False).tail(1)
    found.append(last[["project_id"]].assign(milestone="go_live", date=last["end"]))
    projects = inventory.projects.reindex(last["project_id"])
    if "funding_state" in projects:
        projects = projects[(projects["funding_state"] != "refused").fillna(True).astype(bool)]
    grants = projects[["funding_until_date", "funding_eur"]].dropna()
    found.append(
        pd.DataFrame(
            {"project_id": grants.index, "milestone": "grant_end", "date": grants["funding_until_date"]}
        )
    )
    order = pd.Categorical(["submission", "decision", "order", "go_live", "grant_end"])
    every = pd.concat(found, ignore_index=True).astype({"project_id": "str", "milestone": "str"})
    ranks = every["milestone"].map({name: k for k, name in enumerate(order)})
    places = {project: k for k, project in enumerate(last["project_id"])}
    every = every.assign(place=every["project_id"].map(places), rank=ranks)
    every = every.sort_values(["place", "date", "rank"], ignore_index=True)
    return every[["project_id", "milestone", "date"]].astype({"date": "datetime64[us]"})


def _load(problem: PlanProblem, phases: pd.DataFrame, runs: np.ndarray) -> pd.DataFrame:
    """Role × month: what the phases that run need, and who is there."""
    demand = runs @ problem.demand.reindex(phases.index).to_numpy(dtype=float)
    wide = pd.DataFrame(demand, problem.months, problem.demand.columns)
    load = _long(wide.T, "role_id", "month", "demand_fte")
    load["capacity_fte"] = _long(problem.capacity.T, "role_id", "month", "capacity_fte")["capacity_fte"]
    return load


def _budget(problem: PlanProblem, phases: pd.DataFrame, runs: np.ndarray, end: np.ndarray) -> pd.DataFrame:
    """Year × kind: what the plan spends, against the ceiling."""
    years = problem.months.year
    once = _by_year(
        problem.costs.reindex(phases.index).div(phases["duration_months"], axis="index"), runs, years
    )
    operates = (np.arange(problem.horizon)[:, None] >= end).astype(float)
    running = _by_year(problem.running.reindex(phases.index), operates, years)
    budget = _long(once, "year", "kind", "one_off_eur")
    budget["recurring_eur"] = _long(running, "year", "kind", "recurring_eur")["recurring_eur"]
    budget["planned_eur"] = budget["one_off_eur"] + budget["recurring_eur"]
    ceilings = problem.ceilings.reindex(index=once.index, columns=once.columns)
    budget["ceiling_eur"] = _long(ceilings, "year", "kind", "ceiling_eur")["ceiling_eur"]
    return budget


def _by_year(monthly: pd.DataFrame, when: np.ndarray, years: pd.Index) -> pd.DataFrame:
    """Years × kinds: what activities cost in the months that they are paid in."""
    spent = pd.DataFrame(when @ monthly.to_numpy(dtype=float), years, monthly.columns)
    return spent.groupby(level=0).sum().reindex(columns=list(KINDS))


def _commitments(
    inventory: Inventory,
    problem: PlanProblem,
    phases: pd.DataFrame,
    runs: np.ndarray,
    end: np.ndarray,
    is_order: pd.Series,
) -> pd.DataFrame:
    """Money of later years that orders bind: of the phases that follow a procurement in its project."""
    keys = ["year", "for_year", "kind"]
    years = problem.months.year.to_numpy()
    order_end = pd.Series(np.where(is_order, end, np.nan), phases.index)
    ordered = order_end.groupby(phases["project_id"], sort=False).ffill()
    follows = ordered.notna().to_numpy() & ~is_order.to_numpy()
    monthly = problem.costs.reindex(phases.index).div(phases["duration_months"], axis="index")
    rows = []
    for k in np.flatnonzero(follows):
        year = int(years[min(int(ordered.iloc[k]), problem.horizon) - 1])
        paid = pd.DataFrame(np.outer(runs[:, k], monthly.iloc[k]), years, list(KINDS)).groupby(level=0).sum()
        later = paid[paid.index > year].rename_axis("for_year").reset_index()
        rows.append(later.melt("for_year", var_name="kind", value_name="needed_eur").assign(year=year))
    needed = pd.concat(rows) if rows else pd.DataFrame(columns=[*keys, "needed_eur"])
    needed = needed[needed["needed_eur"].astype(float) > 0].groupby(keys)["needed_eur"].sum().reset_index()
    granted = inventory.strategy.frame("commitments")[[*keys, "amount_eur"]]
    both = needed.merge(granted.rename(columns={"amount_eur": "granted_eur"}), how="left", on=keys)
    types: dict[str, Any] = dict.fromkeys(["year", "for_year"], "int64") | {"kind": "str"}
    types |= {"needed_eur": float, "granted_eur": float}
    return both[list(types)].astype(types)


def _long(table: pd.DataFrame, row: str, column: str, value: str) -> pd.DataFrame:
    """One row per row and column of a table."""
    keys = pd.MultiIndex.from_product([table.index, table.columns], names=[row, column])
    return pd.DataFrame({value: table.to_numpy(dtype=float).ravel()}, index=keys).reset_index()
