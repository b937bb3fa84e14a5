"""The work that projects are: phases with durations, person-days and money; and who is there to do it."""

from __future__ import annotations

import datetime as dt
import math

import numpy as np
import pandas as pd

from digistrat.inventory.record import Inventory
from digistrat.planning.procurement import procedure_for
from digistrat.strategy import PhaseStep, PhaseTemplate, Strategy

DAYS_PER_MONTH = 365.2425 / 12
WEEKS_PER_MONTH = DAYS_PER_MONTH / 7


def staffed_fte(inventory: Inventory, *, months: pd.DatetimeIndex | None = None) -> pd.DataFrame:
    """Return how many full-time equivalents are there for each role in each month.

    Parameters
    ----------
    inventory : Inventory
        Its table ``positions``. A post counts in the months that it is filled from first to last day;
        without a beginning it is filled already, without an end it stays.
    months : DatetimeIndex, optional
        First days of months; the strategy's planning horizon by default.

    Returns
    -------
    DataFrame
        Months × roles of the strategy, in full-time equivalents.
    """
    strategy = inventory.strategy
    months = planning_months(strategy) if months is None else months
    roles = [role.id for role in strategy.roles]
    positions = inventory.positions.dropna(subset=["role_id", "fte"])
    first = months.to_numpy()[:, None]
    last = (months + pd.offsets.MonthEnd(0)).to_numpy()[:, None]
    begin, end = positions["start_date"], positions["end_date"]
    filled = (begin.isna().to_numpy() | (begin.to_numpy() <= first)) & (
        end.isna().to_numpy() | (end.to_numpy() >= last)
    )
    by_position = pd.DataFrame(filled * positions["fte"].to_numpy(dtype=float), index=months)
    by_role = by_position.T.groupby(positions["role_id"].to_numpy(dtype=object)).sum().T
    return by_role.reindex(columns=roles, fill_value=0.0).astype(float)


def planning_months(strategy: Strategy, start: dt.date | None = None) -> pd.DatetimeIndex:
    """Return the first days of the months of the planning horizon."""
    first = pd.Timestamp(start or strategy.planning.start_date).replace(day=1)
    return pd.date_range(first, periods=strategy.planning.horizon_months, freq="MS")


def template_of(strategy: Strategy, cost_eur: float) -> PhaseTemplate:
    """Return the template for a one-off cost; without a cost the smallest.

    Raises
    ------
    ValueError
        If the strategy has no phase templates.
    """
    if not strategy.phase_templates:
        raise ValueError("strategy must have phase_templates to plan projects, found none")
    for template in strategy.phase_templates:
        if template.upper_limit_eur is None or math.isnan(cost_eur) or cost_eur <= template.upper_limit_eur:
            return template
    return strategy.phase_templates[-1]


def project_phases(
    inventory: Inventory, projects: pd.Index, costs: pd.Series, *, start: dt.date | None = None
) -> pd.DataFrame:
    """Return the phases that are still to do when planning begins, with their durations.

    What the office says of a phase comes first; otherwise the strategy's template for the project's cost,
    stretched to the project's own length where beginning and end are reported. The procurement phase takes
    as long as the procedure for the order value takes. No phase is so short that a role would need more
    than one full-time equivalent for it.

    Phases that are done are left out, and of one that has begun what is left. Where an office reports no
    phases of a project in preparation, it is taken to be as far as its dates say; its last phase always
    remains, for it is not in operation yet.

    Parameters
    ----------
    inventory : Inventory
        Tables ``projects``, ``phases``, ``efforts``.
    projects : Index
        Projects to plan.
    costs : Series
        One-off cost by project, euros.
    start : date, optional
        When planning begins; the strategy's start by default.

    Returns
    -------
    DataFrame
        Indexed by activity ``"<project> <phase>"``: ``project_id``, ``phase_id``, ``phase`` (name),
        ``template_id``, ``duration_months`` (whole), ``share_left`` (of the phase's work), ``share_cost``
        (of what the project still costs once), ``is_decision``, ``predecessor`` (activity or empty),
        ``procedure``.
    """
    strategy = inventory.strategy
    first = start or strategy.planning.start_date
    days_per_month = strategy.planning.days_per_fte_month
    table = inventory.projects.reindex(projects)
    length = ((table["end_date"] - table["start_date"]).dt.days / DAYS_PER_MONTH).where(lambda m: m >= 1)
    gone = (pd.Timestamp(first) - table["start_date"]).dt.days / DAYS_PER_MONTH
    elapsed = (gone / length).clip(0, 1).where(table["status"] == "in_preparation").fillna(0.0)
    reported = inventory.phases.dropna(subset=["project_id", "phase_id"])
    reported = reported.drop_duplicates(["project_id", "phase_id"]).set_index(["project_id", "phase_id"])
    months_known = reported["duration_months"].dropna().to_dict()
    done = reported["share_done"].fillna(0.0).where(reported["actual_end_date"].isna(), 1.0).to_dict()
    says_progress = {str(key[0]) for key, share in done.items() if share > 0}  # type: ignore[index]
    longest = (_efforts(inventory, projects, costs) / days_per_month).max(axis="columns")
    rows = []
    for project in projects:
        template = template_of(strategy, float(costs.get(project, math.nan)))
        months_in_all = template.duration_months if pd.isna(length[project]) else float(length[project])
        position, before = 0.0, ""
        left: list[tuple[PhaseStep, float]] = []
        for step in template.phases:
            position += step.share_duration
            if project in says_progress:
                share = 1.0 - done.get((project, step.id), 0.0)
            elif step.share_duration:
                share = min(1.0, (position - elapsed[project]) / step.share_duration)
            else:
                share = 1.0 if position > elapsed[project] else 0.0
            left.append((step, share))
        if all(share <= 1e-9 for _, share in left):
            left[-1] = (left[-1][0], 1.0)
        left = [(step, share) for step, share in left if share > 1e-9]
        cost_left = sum(step.share_cost * share for step, share in left)
        for step, share in left:
            months = months_known.get((project, step.id), step.share_duration * months_in_all)
            procedure = ""
            if step.is_procurement and (project, step.id) not in months_known:
                procedure, weeks = _procurement(inventory, project, first)
                months = weeks / WEEKS_PER_MONTH if weeks else months
            effort = longest.get((project, step.id), 0.0) * share
            shortest = step.months_min if share == 1.0 else 1
            activity = f"{project} {step.id}"
            rows.append(
                (
                    activity,
                    project,
                    step.id,
                    step.name,
                    template.id,
                    max(round(months * share), shortest, math.ceil(effort - 1e-9), 1),
                    share,
                    step.share_cost * share / cost_left if cost_left else 1 / len(left),
                    step.is_decision,
                    before,
                    procedure,
                )
            )
            before = activity
    columns = ["activity", "project_id", "phase_id", "phase", "template_id", "duration_months", "share_left"]
    columns += ["share_cost", "is_decision", "predecessor", "procedure"]
    return pd.DataFrame(rows, columns=columns).set_index("activity")


def effort_by_activity(inventory: Inventory, phases: pd.DataFrame, costs: pd.Series) -> pd.DataFrame:
    """Return the person-days of every planned phase by role.

    Parameters
    ----------
    inventory : Inventory
        Table ``efforts``; a project that reports none takes its template's.
    phases : DataFrame
        From `project_phases`.
    costs : Series
        One-off cost by project, euros.

    Returns
    -------
    DataFrame
        Activities × roles, person-days that are left.
    """
    efforts = _efforts(inventory, pd.Index(phases["project_id"].unique()), costs)
    keys = pd.MultiIndex.from_frame(phases[["project_id", "phase_id"]])
    return (
        efforts.reindex(keys, fill_value=0.0).set_axis(phases.index).mul(phases["share_left"], axis="index")
    )


def effort_by_role(inventory: Inventory, projects: pd.Index) -> pd.DataFrame:
    """Return the person-days of every project by role, all phases together.

    Parameters
    ----------
    inventory : Inventory
        Tables ``efforts`` and ``project_costs``.
    projects : Index
        Which projects.

    Returns
    -------
    DataFrame
        Projects × roles, person-days.
    """
    efforts = _efforts(inventory, projects, one_off_costs(inventory, projects))
    return efforts.groupby(level="project_id").sum().reindex(projects, fill_value=0.0)


def one_off_costs(inventory: Inventory, projects: pd.Index) -> pd.Series:
    """Return each project's one-off cost in euros, the upper end of a range; missing where none is given."""
    costs = inventory.project_costs
    costs = costs[~costs["is_recurring"].fillna(False).astype(bool)]
    amount = costs["amount_eur_upper"].fillna(costs["amount_eur"])
    return amount.groupby(costs["project_id"]).sum(min_count=1).reindex(projects)


def _efforts(inventory: Inventory, projects: pd.Index, costs: pd.Series) -> pd.DataFrame:
    """(project, phase) × roles in person-days: the office's own where it reports any, else the template's."""
    strategy = inventory.strategy
    roles = [role.id for role in strategy.roles]
    own = inventory.efforts.dropna(subset=["project_id", "phase_id", "role_id", "effort_days"])
    own = own[own["project_id"].isin(projects)]
    rows = [
        (project, step.id, role, float(days))
        for project in projects.difference(pd.Index(own["project_id"].unique()), sort=False)
        for step in template_of(strategy, float(costs.get(project, math.nan))).phases
        for role, days in step.effort_days.items()
    ]
    rows += list(own[["project_id", "phase_id", "role_id", "effort_days"]].itertuples(index=False, name=None))
    long = pd.DataFrame(rows, columns=["project_id", "phase_id", "role_id", "days"])
    wide = long.pivot_table(
        index=["project_id", "phase_id"], columns="role_id", values="days", aggfunc="sum", fill_value=0.0
    )
    return wide.reindex(columns=roles, fill_value=0.0).astype(float)


def _procurement(inventory: Inventory, project: str, on: dt.date) -> tuple[str, float]:
    """Return procedure and typical weeks for a project's order value; nothing where the table is silent."""
    strategy = inventory.strategy
    row = inventory.projects.loc[project]
    value = row["order_value_net_eur_upper"]
    value = row["order_value_net_eur"] if pd.isna(value) else value
    if pd.isna(value) or value <= 0 or not strategy.procedures:
        return "", 0.0
    begin = row["start_date"]
    date = max(on, begin.date()) if not pd.isna(begin) else on
    office = next((o for o in strategy.offices if o.id == row["office_id"]), None)
    try:
        found = procedure_for(
            float(value),
            date,
            buyer=office.buyer if office else "municipality",
            thresholds=strategy.frame("procurement_thresholds"),
            procedures=strategy.frame("procedures"),
        )
    except ValueError:
        # no threshold is known for that date yet: the template's duration stands
        return "", 0.0
    return found.procedure, float(found.weeks_typical)


def running_costs(money: pd.DataFrame, projects: pd.Index, years: np.ndarray) -> pd.DataFrame:
    """Return what projects cost each year after go-live, as reported, years × kinds, euros."""
    ours = money[money["is_recurring"] & money["project_id"].isin(projects)]
    table = ours.pivot_table(index="year", columns="kind", values="amount_eur", aggfunc="sum", fill_value=0.0)
    return table.reindex(index=years, columns=["investive", "consumptive"], fill_value=0.0).astype(float)
