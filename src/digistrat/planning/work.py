"""The work that projects are: phases with durations and person-days."""

from __future__ import annotations

import datetime as dt
import math
from typing import Any

import pandas as pd

from digistrat.inventory.record import Inventory
from digistrat.planning.council import decision_calendar
from digistrat.planning.procurement import Procurement
from digistrat.strategy import PhaseStep, PhaseTemplate, Strategy

DAYS_PER_MONTH = 365.2425 / 12
WEEKS_PER_MONTH = DAYS_PER_MONTH / 7
PHASE_COLUMNS = (
    "activity",
    "project_id",
    "phase_id",
    "phase",
    "template_id",
    "duration_months",
    "share_left",
    "share_cost",
    "is_decision",
    "predecessor",
    "procedure",
    "not_before",
)


def planning_months(strategy: Strategy, start: dt.date | None = None) -> pd.DatetimeIndex:
    """Return the first days of the months of the planning horizon, from the first whole one on."""
    first = pd.Timestamp(start or strategy.planning.start_date) + pd.offsets.MonthBegin(0)
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

    What the office says of a phase comes first (its months, or its beginning and end); otherwise the
    strategy's template for the project's cost, stretched to the project's own length where beginning and end
    are reported; what rounding to months takes from one phase goes to the next. The procurement phase takes
    as long as the procedure for the order value (see `Procurement`): typical weeks to the nearest month,
    never below the shortest. A decision phase that has not begun is long enough for every sitting to be
    in reach after its lead. No phase is so short that a role would need more than one full-time equivalent.

    Phases that are done are left out, and of one that has begun what is left. What an office has dated
    between the reporting date and the beginning of planning counts as done by then; what comes before a
    phase that has begun is done unless the office says otherwise. Where an office reports no progress of a
    project in preparation, it is taken to be as far as its dates say (without both dates: not begun); its
    last phase always remains, for it is not in operation yet.

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
        ``procedure`` (that the length of a procurement phase follows; empty where the template's or the
        office's length stands), ``not_before`` (the beginning that the office reports for the phase, if it
        has not begun; else missing).

    Raises
    ------
    ValueError
        If the strategy has no phase templates, or its procedures do not cover an order value.
    """
    strategy = inventory.strategy
    first = start or strategy.planning.start_date
    table = inventory.projects.reindex(projects)
    days = (table["end_date"] - table["start_date"]).dt.days + 1
    length = (days / DAYS_PER_MONTH).where(lambda m: m >= 1)
    gone = (pd.Timestamp(first) - table["start_date"]).dt.days / DAYS_PER_MONTH
    elapsed = (gone / length).clip(0, 1).where(table["status"] == "in_preparation").fillna(0.0)
    earliest = earliest_months(inventory, projects, first)
    months_known, done, begins = _reported_phases(inventory, projects, first)
    longest = (_efforts(inventory, projects, costs) / strategy.planning.days_per_fte_month).max(
        axis="columns"
    )
    procurement, decision = (
        Procurement(strategy),
        decision_calendar(strategy, planning_months(strategy, first)).shortest(),
    )
    rows = []
    for project in projects:
        template = template_of(strategy, float(costs.get(project, math.nan)))
        months_in_all = template.duration_months if pd.isna(length[project]) else float(length[project])
        left = _left(template, done.get(project, {}), float(elapsed[project]))
        cost_left = sum(step.share_cost * share for step, share in left)
        before, months_before, rest = "", 0, 0.0
        for step, share in left:
            own = months_known.get((project, step.id))
            months = step.share_duration * months_in_all if own is None else own
            shortest = step.months_min if own is None and share == 1.0 else 1
            procedure = ""
            if step.is_procurement and own is None:
                on = earliest[project] + pd.DateOffset(months=months_before)
                path = procurement.of(table.loc[project], on.date())
                if path is not None:
                    procedure, months = path.procedure, path.weeks_typical / WEEKS_PER_MONTH
                    shortest = math.ceil(path.weeks_min / WEEKS_PER_MONTH * share)
            if step.is_decision and share == 1.0:
                shortest = max(shortest, decision)
            effort = longest.get((project, step.id), 0.0) * share
            exact = months * share + rest
            rounded = math.floor(exact + 0.5)
            rest = exact - rounded
            months = max(rounded, shortest, math.ceil(effort - 1e-9), 1)
            activity = f"{project} {step.id}"
            rows.append(
                {
                    "activity": activity,
                    "project_id": project,
                    "phase_id": step.id,
                    "phase": step.name,
                    "template_id": template.id,
                    "duration_months": months,
                    "share_left": share,
                    "share_cost": step.share_cost * share / cost_left if cost_left else 1 / len(left),
                    "is_decision": step.is_decision,
                    "predecessor": before,
                    "procedure": procedure,
                    "not_before": begins.get((project, step.id), pd.NaT) if share == 1.0 else pd.NaT,
                }
            )
            before, months_before = activity, months_before + months
    types: dict[str, Any] = dict.fromkeys(PHASE_COLUMNS, "str")
    types |= {"duration_months": "int64", "share_left": float, "share_cost": float, "is_decision": bool}
    types["not_before"] = "datetime64[us]"
    return pd.DataFrame(rows, columns=list(PHASE_COLUMNS)).astype(types).set_index("activity")


def earliest_months(inventory: Inventory, projects: pd.Index, first: dt.date) -> pd.Series:
    """Return the first day of the first whole month that each project can begin in, by its own dates.

    Not before planning begins, its reported beginning or release date, nor before the day from which its
    grant runs.
    """
    table = inventory.projects.reindex(projects)
    dates = table[["start_date", "release_date"]].assign(first=pd.Timestamp(first))
    if "funding_from_date" in table:
        applies = table["funding_state"] != "refused"
        dates["funding"] = table["funding_from_date"].where(applies.fillna(True).astype(bool))
    return dates.max(axis="columns") + pd.offsets.MonthBegin(0)


def _reported_phases(
    inventory: Inventory, projects: pd.Index, first: dt.date
) -> tuple[dict[tuple[str, str], float], dict[str, dict[str, float]], dict[tuple[str, str], pd.Timestamp]]:
    """What offices say: months and beginning by (project, phase), and by project the shares that are done."""
    reported = inventory.phases.dropna(subset=["project_id", "phase_id"])
    reported = reported[reported["project_id"].isin(projects)].drop_duplicates(["project_id", "phase_id"])
    days = (reported["end_date"] - reported["start_date"]).dt.days + 1
    months = reported["duration_months"].astype(float).fillna((days / DAYS_PER_MONTH).where(days > 0))
    shares = reported["share_done"].astype(float).where(reported["actual_end_date"].isna(), 1.0)
    # only what has been decided goes on by itself
    goes_on = reported["project_id"].map(inventory.projects["status"]) == "in_preparation"
    shares = _until(shares, reported, inventory.reporting_date, first).where(goes_on, shares)
    months_known: dict[tuple[str, str], float] = {}
    done: dict[str, dict[str, float]] = {}
    keys = zip(reported["project_id"], reported["phase_id"], strict=True)
    for (project, phase), length, share in zip(keys, months, shares, strict=True):
        if not math.isnan(length):
            months_known[project, phase] = length
        if not math.isnan(share):
            done.setdefault(project, {})[phase] = share
    begins = reported.dropna(subset=["start_date"])
    keys = zip(begins["project_id"], begins["phase_id"], strict=True)
    return months_known, done, dict(zip(keys, begins["start_date"], strict=True))


def _until(shares: pd.Series, phases: pd.DataFrame, reported: dt.date, first: dt.date) -> pd.Series:
    """Shares done when planning begins: from the reporting date on, the rest is done evenly as dated.

    A phase that should have ended by the reporting date is late: what is left of it stays left.
    """
    day = pd.Timedelta(days=1)
    next_day = pd.Timestamp(reported) + day
    begin = phases["start_date"].mask(phases["start_date"] < next_day, next_day)
    end = phases["end_date"] + day
    gone = ((pd.Timestamp(first) - begin) / (end - begin).where(end > begin)).clip(0, 1)
    done = shares.fillna(0.0)
    return (done + (1 - done) * gone).where(gone > 0, shares)


def _left(template: PhaseTemplate, done: dict[str, float], elapsed: float) -> list[tuple[PhaseStep, float]]:
    """Phases of a template that are not done, with the share of their work that is left."""
    begun = [k for k, step in enumerate(template.phases) if done.get(step.id, 0.0) > 0]
    position = 0.0
    left: list[tuple[PhaseStep, float]] = []
    for k, step in enumerate(template.phases):
        position += step.share_duration
        if done:
            share = 1.0 - done.get(step.id, 1.0 if k < max(begun, default=0) else 0.0)
        elif step.share_duration:
            share = min(1.0, (position - elapsed) / step.share_duration)
        else:
            share = 1.0 if position > elapsed or not elapsed else 0.0
        left.append((step, share if share < 1 - 1e-9 else 1.0))
    remaining = [(step, share) for step, share in left if share > 1e-9]
    return remaining or [(template.phases[-1], 1.0)]


def effort_by_activity(inventory: Inventory, phases: pd.DataFrame, costs: pd.Series) -> pd.DataFrame:
    """Return the person-days of every planned phase by role.

    Parameters
    ----------
    inventory : Inventory
        Table ``efforts``; of phases that an office leaves out the template's efforts count.
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
    """Return the person-days that every project still needs by role, all phases together.

    Parameters
    ----------
    inventory : Inventory
        Tables ``projects``, ``phases``, ``efforts`` and ``project_costs``.
    projects : Index
        Which projects.

    Returns
    -------
    DataFrame
        Projects × roles, person-days.
    """
    if not inventory.strategy.roles:
        return pd.DataFrame(index=projects)
    costs = one_off_costs(inventory, projects)
    phases = project_phases(inventory, projects, costs)
    effort = effort_by_activity(inventory, phases, costs)
    return effort.groupby(phases["project_id"]).sum().reindex(projects, fill_value=0.0)


def one_off_costs(inventory: Inventory, projects: pd.Index) -> pd.Series:
    """Return each project's one-off cost in euros, the upper end of a range; missing where none is given."""
    costs = inventory.project_costs
    costs = costs[~costs["is_recurring"].fillna(False).astype(bool)]
    amount = costs["amount_eur_upper"].fillna(costs["amount_eur"])
    return amount.groupby(costs["project_id"]).sum(min_count=1).reindex(projects)


def _efforts(inventory: Inventory, projects: pd.Index, costs: pd.Series) -> pd.DataFrame:
    """(project, phase) × roles in person-days: the office's own, and the template's where it says nothing.

    Work of a phase that the template does not have is done in its last one.
    """
    strategy = inventory.strategy
    roles = [role.id for role in strategy.roles]
    own = inventory.efforts.dropna(subset=["project_id", "phase_id", "role_id"])
    own = own[own["project_id"].isin(projects)]
    reported: dict[str, dict[str, dict[str, float]]] = {}
    for project, phase, role, days in own[["project_id", "phase_id", "role_id", "effort_days"]].itertuples(
        index=False, name=None
    ):
        by_role = reported.setdefault(project, {}).setdefault(phase, {})
        before = by_role.get(role, math.nan)
        by_role[role] = days if math.isnan(before) else before if pd.isna(days) else before + days
    rows: list[tuple[str, str, str, float]] = []
    for project in projects:
        steps = template_of(strategy, float(costs.get(project, math.nan))).phases
        ids = [step.id for step in steps]
        for step in steps:
            given = reported.get(project, {}).get(step.id)
            days = dict(step.effort_days) if given is None else {}
            for role, number in (given or {}).items():
                days[role] = step.effort_days.get(role, 0.0) if math.isnan(number) else number
            rows += [(project, step.id, role, float(number)) for role, number in days.items()]
        for phase, by_role in reported.get(project, {}).items():
            if phase not in ids:
                known = {role: number for role, number in by_role.items() if not math.isnan(number)}
                rows += [(project, ids[-1], role, float(number)) for role, number in known.items()]
    long = pd.DataFrame(rows, columns=["project_id", "phase_id", "role_id", "days"])
    wide = long.astype({"days": float}).groupby(["project_id", "phase_id", "role_id"])["days"].sum().unstack()
    return wide.reindex(columns=roles).fillna(0.0).astype(float).rename_axis(columns=None)
