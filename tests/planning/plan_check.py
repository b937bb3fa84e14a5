"""Does a plan hold? Read from its output tables and the returned ones, sharing no code with the package."""

from __future__ import annotations

from typing import Any

import pandas as pd


def broken(plan: Any, *, first_year: int = 2027) -> list[str]:
    """Everything that is wrong with a plan, in words; empty if it holds."""
    return [
        *_order(plan),
        *_dates(plan),
        *_dependencies(plan),
        *_staff(plan),
        *_money(plan, first_year),
        *_milestones(plan),
    ]


def _spans(plan: Any) -> pd.DataFrame:
    return plan.phases.groupby("project_id").agg(start=("start", "min"), end=("end", "max"))


def _order(plan: Any) -> list[str]:
    said = []
    chosen = set(plan.portfolio.table.index[plan.portfolio.table["selected"]])
    if set(plan.phases["project_id"]) != chosen:
        said.append("not every chosen project is planned")
    for activity, row in plan.phases.iterrows():
        if row["start"].day != 1 or (row["end"] + pd.Timedelta(days=1)).day != 1 or row["end"] < row["start"]:
            said.append(f"{activity} does not take whole months")
        if row["predecessor"]:
            before = plan.phases.loc[row["predecessor"]]
            if before["project_id"] != row["project_id"] or row["start"] <= before["end"]:
                said.append(f"{activity} begins before {row['predecessor']} ends")
    firsts = plan.phases[plan.phases["predecessor"] == ""]
    if firsts["project_id"].duplicated().any():
        said.append("a project has two first phases")
    return said


def _dates(plan: Any) -> list[str]:
    said = []
    projects = plan.inventory.tables["projects"]
    for project, span in _spans(plan).iterrows():
        row = projects.loc[project]
        for column in ("start_date", "release_date"):
            if not pd.isna(row[column]) and span["start"] < row[column]:
                said.append(f"{project} begins before its {column}")
        if not pd.isna(row["due_date"]) and span["end"] > row["due_date"]:
            said.append(f"{project} ends after its due date")
    return said


def _dependencies(plan: Any) -> list[str]:
    said = []
    spans, projects = _spans(plan), plan.inventory.tables["projects"]
    for row in plan.inventory.tables["dependencies"].itertuples():
        if row.project_id not in spans.index:
            continue
        here = spans.loc[row.project_id]
        if row.other_id in spans.index:
            there = spans.loc[row.other_id]
            if row.kind == "excludes":
                said.append(f"{row.project_id} and {row.other_id} exclude each other")
        elif row.other_id in projects.index and projects.at[row.other_id, "status"] == "existing":
            there = projects.loc[row.other_id, ["start_date", "end_date"]].set_axis(["start", "end"])
        else:
            if row.kind in ("requires", "end_before_start", "start_before_start"):
                said.append(f"{row.project_id} needs {row.other_id}")
            continue
        begun = projects.at[row.project_id, "start_date"] < plan.phases["start"].min()
        if projects.at[row.project_id, "status"] == "in_preparation" and begun:
            continue
        if row.kind == "end_before_start" and here["start"] <= there["end"]:
            said.append(f"{row.project_id} begins before {row.other_id} ends")
        if row.kind == "start_before_start" and here["start"] < there["start"]:
            said.append(f"{row.project_id} begins before {row.other_id} begins")
    return said


def _staff(plan: Any) -> list[str]:
    said = []
    posts = plan.inventory.tables["positions"]
    for row in plan.load.itertuples():
        last = row.month + pd.offsets.MonthEnd(0)
        filled = posts[
            (posts["role_id"] == row.role_id)
            & ~(posts["start_date"] > row.month)
            & ~(posts["end_date"] < last)
        ]["fte"].sum()
        if row.capacity_fte > filled + 1e-9:
            said.append(f"{row.role_id} {row.month:%Y-%m}: nobody fills {row.capacity_fte}")
        if row.demand_fte > row.capacity_fte + 1e-6:
            said.append(f"{row.role_id} {row.month:%Y-%m}: {row.demand_fte} needed, {row.capacity_fte} there")
    return said


def _money(plan: Any, first_year: int) -> list[str]:
    said = []
    costs, status = plan.inventory.tables["project_costs"], plan.inventory.tables["projects"]["status"]
    most = costs["amount_eur_upper"].fillna(costs["amount_eur"])
    whose = costs["project_id"].map(status)
    recurring = costs["is_recurring"].fillna(False).astype(bool)
    chosen = costs["project_id"].isin(plan.phases["project_id"])
    once = chosen & ~recurring & ((whose == "possible") | (costs["year"] >= first_year))
    for kind in ("investive", "consumptive"):
        expected = most[once & (costs["kind"] == kind)].sum()
        found = plan.budget.loc[plan.budget["kind"] == kind, "one_off_eur"].sum()
        if abs(expected - found) > 0.01:
            said.append(f"{kind}: projects cost {expected}, the plan spends {found}")
    granted = plan.inventory.tables["budgets"].set_index(["year", "kind"])["amount_eur"]
    for row in plan.budget.itertuples():
        here = (costs["kind"] == row.kind) & (costs["year"] == row.year)
        if abs(most[here & chosen & recurring].sum() - row.recurring_eur) > 0.01:
            said.append(f"{row.year} {row.kind}: running costs do not add up")
        if abs(row.one_off_eur + row.recurring_eur - row.planned_eur) > 0.01:
            said.append(f"{row.year} {row.kind}: the sum is wrong")
        ceiling = granted.get((row.year, row.kind), 0.0) - most[here & (whose == "existing")].sum()
        if row.planned_eur > max(ceiling, 0.0) + 0.01:
            said.append(f"{row.year} {row.kind}: {row.planned_eur} planned, {ceiling} there")
    return said


def _milestones(plan: Any) -> list[str]:
    go_live = plan.milestones[plan.milestones["milestone"] == "go_live"].set_index("project_id")["date"]
    ends = _spans(plan)["end"]
    return [] if go_live.sort_index().equals(ends.rename("date")) else ["go-live is not the last day"]
