"""Tables for people, of portfolio and plan: the list with its lines, limits, reasons, sittings and more."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from digistrat.planning.lists import MANDATORY
from digistrat.planning.records import ROLE, constraint_name
from digistrat.planning.scenarios import scenarios
from digistrat.reporting.results import Results
from digistrat.reporting.tables import office_names
from digistrat.texts import format_money, format_number, text

COVERAGE = "coverage "  # before a field's or goal's id, in the names of constraints


def list_table(r: Results) -> pd.DataFrame:
    """Return the priority list with its lines in words."""
    listed = r.listed
    if not len(listed):
        return listed
    language = r.inventory.strategy.language
    is_duty = listed["line"] == MANDATORY
    grounds = [
        text(f"list.ground_{ground}", language) if duty else "–"
        for ground, duty in zip(listed["ground"], is_duty, strict=True)
    ]
    shown = listed.rename(columns={"place": "list_place"}).drop(columns=["office_id", "ground"])
    shown["line"] = [text(f"list.line_{line}", language) for line in listed["line"]]
    shown["share_of_budget"] = 100 * listed["share_of_budget"]
    shown.insert(2, "ground", grounds)
    shown.insert(5, "office", office_names(r, listed["office_id"]))
    return shown.rename(columns={"share_of_budget": "share_of_budget_percent"})


def constraint_table(r: Results) -> pd.DataFrame:
    """Return what limits the selection: how much there is, how much is taken and left."""
    if r.portfolio is None or not len(r.portfolio.constraints):
        return pd.DataFrame()
    language, table = r.inventory.strategy.language, r.portfolio.constraints
    units = {unit: text(f"plan_shown.unit_{unit}", language) for unit in table["unit"].unique()}
    is_least = table.index.str.startswith(COVERAGE)
    senses = [text(f"plan_shown.{'at_least' if least else 'at_most'}", language) for least in is_least]
    shown = table.assign(unit=table["unit"].map(units), sense=senses).reset_index(drop=True)
    return shown[["label", "sense", "limit", "used", "slack", "unit"]]


def why_not_table(r: Results) -> pd.DataFrame:
    """Return why projects are left out: the kind of reason, others that it is about, and what is missing."""
    if r.portfolio is None or not len(r.portfolio.why_not):
        return pd.DataFrame()
    language, why, projects = r.inventory.strategy.language, r.portfolio.why_not, r.inventory.projects
    return pd.DataFrame(
        {
            "title": projects["title"].reindex(why.index),
            "office": office_names(r, projects["office_id"].reindex(why.index)),
            "why_not": [text(f"plan_shown.why_{kind}", language) for kind in why["kind"]],
            "others": ["; ".join(_named(r, one) for one in ids) for ids in why["other_ids"]],
            "lacking": [_missing(r, amounts) for amounts in why["missing"]],
            "reason": r.portfolio.table["reason"].reindex(why.index),
        }
    ).rename_axis("project_id")


def _named(r: Results, project: str) -> str:
    """Return title and id of a project; the id alone where it has no title."""
    title = r.inventory.projects["title"].get(project)
    return f"{title} ({project})" if isinstance(title, str) else project


def _missing(r: Results, amounts: Mapping[str, float]) -> str:
    """Say how much more of each constraint a project would need."""
    language = r.inventory.strategy.language
    roles = {role.id: role.name for role in r.inventory.strategy.roles}

    def said(name: str, amount: float) -> str:
        if name.startswith(ROLE):
            role = name.removeprefix(ROLE)
            days = format_number(amount, language, 1)
            return text("plan_shown.days", language, role=roles.get(role, role), days=days)
        return f"{constraint_name(name, language)}: {format_money(amount, language)}"

    return "; ".join(said(str(name), float(amount)) for name, amount in amounts.items())


def commitment_table(r: Results) -> pd.DataFrame:
    """Return what orders of a year bind of later years, and what the strategy grants for that."""
    if r.plan is None or not len(r.plan.commitments):
        return pd.DataFrame()
    table = r.plan.commitments.rename(columns={"year": "order_year"})
    lacking = table["needed_eur"] - table["granted_eur"].fillna(0.0)
    return table.assign(lacking_eur=lacking.where(lacking >= 0.01, 0.0))


def sitting_table(r: Results) -> pd.DataFrame:
    """Return by sitting of the council what it is to decide, and by when that has to be submitted."""
    if r.plan is None or not len(r.plan.milestones):
        return pd.DataFrame()
    marks = r.plan.milestones
    dates = {
        kind: marks[marks["milestone"] == kind].set_index("project_id")["date"]
        for kind in ("decision", "submission")
    }
    decided = dates["decision"].rename("decided").reset_index()
    if not len(decided):
        return pd.DataFrame()
    submitted = dates["submission"].groupby(level=0).min()
    decided["submitted"] = submitted.reindex(decided["project_id"]).to_numpy()
    decided["named"] = [_named(r, project) for project in decided["project_id"]]
    by_day = decided.sort_values(["decided", "project_id"], kind="stable").groupby("decided")
    return by_day.agg(
        submitted=("submitted", "min"), n_projects=("project_id", "size"), projects=("named", "; ".join)
    ).reset_index()


def council_table(r: Results) -> pd.DataFrame:
    """Return what each candidate lacks before it can go to the council; those of the plan first."""
    profiles = r.council
    if not len(profiles):
        return pd.DataFrame()
    offices = office_names(r, r.inventory.projects["office_id"].reindex(profiles.index))
    shown = profiles.assign(office=offices)
    columns = ["title", "office", "is_ready", "n_missing", "n_open_checks", "first_obstacle"]
    if r.portfolio is not None:
        shown["selected"] = shown.index.isin(r.portfolio.selected)
        shown = shown.sort_values("selected", ascending=False, kind="stable")
        columns.insert(2, "selected")
    return shown[columns].rename_axis("project_id")


def scenario_table(r: Results) -> pd.DataFrame:
    """Return this plan and the others it is compared with, side by side."""
    if r.plan is None or not r.others:
        return pd.DataFrame()
    own = text("plan_shown.this_plan", r.inventory.strategy.language)
    table = scenarios({own: r.plan, **r.others})
    shown = table.assign(gap_percent=100 * table["gap"].where(np.isfinite(table["gap"])))
    columns = ["n_projects", "n_only_here", "value", "bound", "gap_percent"]
    columns += ["investive_eur", "consumptive_eur", "makespan"]
    return shown[columns].rename(columns={"value": "value_years"}).reset_index()
