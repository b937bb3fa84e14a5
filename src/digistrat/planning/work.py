"""The work that projects are: phases with durations, person-days and money; and who is there to do it."""

from __future__ import annotations

import datetime as dt
import math
from typing import Any

import pandas as pd

from digistrat.inventory.record import Inventory
from digistrat.planning.procurement import UNTIL_EU, ProcurementPath, procedure_for
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
)


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

    What the office says of a phase comes first (its months, or its beginning and end); otherwise the
    strategy's template for the project's cost, stretched to the project's own length where beginning and end
    are reported. The procurement phase takes as long as the procedure for the order value on the earliest day
    that it can begin: typical weeks to the nearest month, never below the shortest. No phase is so short that
    a role would need more than one full-time equivalent for it.

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
        office's length stands: no order value, or no threshold known yet for that day).

    Raises
    ------
    ValueError
        If the strategy has no phase templates, or its procedures do not cover an order value.
    """
    strategy = inventory.strategy
    first = start or strategy.planning.start_date
    table = inventory.projects.reindex(projects)
    length = ((table["end_date"] - table["start_date"]).dt.days / DAYS_PER_MONTH).where(lambda m: m >= 1)
    gone = (pd.Timestamp(first) - table["start_date"]).dt.days / DAYS_PER_MONTH
    elapsed = (gone / length).clip(0, 1).where(table["status"] == "in_preparation").fillna(0.0)
    earliest = table[["start_date", "release_date"]].assign(first=pd.Timestamp(first)).max(axis="columns")
    earliest = earliest + pd.offsets.MonthBegin(0)  # phases begin with a month
    months_known, done = _reported_phases(inventory, projects, first)
    longest = (_efforts(inventory, projects, costs) / strategy.planning.days_per_fte_month).max(
        axis="columns"
    )
    procurement = _Procurement(strategy)
    rows = []
    for project in projects:
        template = template_of(strategy, float(costs.get(project, math.nan)))
        months_in_all = template.duration_months if pd.isna(length[project]) else float(length[project])
        left = _left(template, done.get(project, {}), float(elapsed[project]))
        cost_left = sum(step.share_cost * share for step, share in left)
        before, months_before = "", 0
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
            effort = longest.get((project, step.id), 0.0) * share
            months = max(math.floor(months * share + 0.5), shortest, math.ceil(effort - 1e-9), 1)
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
                }
            )
            before, months_before = activity, months_before + months
    types: dict[str, Any] = dict.fromkeys(PHASE_COLUMNS, "str")
    types |= {"duration_months": "int64", "share_left": float, "share_cost": float, "is_decision": bool}
    return pd.DataFrame(rows, columns=list(PHASE_COLUMNS)).astype(types).set_index("activity")


def _reported_phases(
    inventory: Inventory, projects: pd.Index, first: dt.date
) -> tuple[dict[tuple[str, str], float], dict[str, dict[str, float]]]:
    """Months by (project, phase), and by project the shares of phases that are done, where offices say so."""
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
    return months_known, done


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


class _Procurement:
    """The strategy's procurement tables, prepared once for many projects."""

    def __init__(self, strategy: Strategy) -> None:
        self.thresholds = strategy.frame("procurement_thresholds")
        table = strategy.frame("procedures").reset_index(drop=True).rename(columns={"name": "procedure"})
        limits = table["upper_limit_eur"].astype("object")
        # without a limit of its own a national procedure ends at the EU threshold
        self.procedures = table.assign(
            upper_limit_eur=limits.where(limits.notna() | table["is_eu"].astype(bool), UNTIL_EU)
        )
        self.buyers = {office.id: office.buyer for office in strategy.offices}
        self.spans = [(t.buyer, t.valid_from, t.valid_to) for t in strategy.procurement_thresholds]

    def of(self, project: pd.Series, on: dt.date) -> ProcurementPath | None:
        """The procedure for a project's order value; None where value or the day's threshold is not known."""
        value = project["order_value_net_eur_upper"]
        value = project["order_value_net_eur"] if pd.isna(value) else value
        buyer = self.buyers.get(project["office_id"], "municipality")
        known = any(whose == buyer and first <= on <= last for whose, first, last in self.spans)
        if pd.isna(value) or value <= 0 or not known or self.procedures.empty:
            return None
        return procedure_for(
            float(value), on, buyer=buyer, thresholds=self.thresholds, procedures=self.procedures
        )
