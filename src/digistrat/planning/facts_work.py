"""What inventory and strategy say about work, for checking plans: phases, posts, dates, links.

Nothing here is shared with the code that makes portfolios and plans; the rules stand in `audit`.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import pandas as pd

from digistrat.inventory.record import Inventory
from digistrat.planning.facts_calendar import (
    DAY,
    Sittings,
    first_day,
    first_whole_month,
    horizon,
    last_day,
    months_later,
    sittings,
    staff_share,
)
from digistrat.planning.facts_money import one_off_cost
from digistrat.planning.facts_procurement import Award, procedure_of
from digistrat.strategy import PhaseStep, PhaseTemplate, Strategy

_MONTH = 365.2425 / 12  # days
_WEEKS = _MONTH / 7
WAITING_KINDS = ("end_before_start", "start_before_start")


@dataclass(frozen=True)
class PhaseFact:
    """A phase that is still to do: its months, its share of the project's money, its person-days by role."""

    project: str
    phase: str
    name: str
    months: int
    share_left: float
    share_cost: float
    is_decision: bool
    is_procurement: bool
    predecessor: str
    procedure: str
    not_before: Any  # first day that the office gives, if the phase has not begun; else missing
    template: str
    days: Mapping[str, float]

    @property
    def is_begun(self) -> bool:
        """Whether a part of it is done: a decision is submitted then."""
        return self.share_left < 1.0


class Link(NamedTuple):
    """A reported dependency; one that closes a circle with rows above it need not be kept."""

    project: str
    other: str
    kind: str
    must_be_kept: bool
    lag: int = 0  # whole months that have to pass between the two


def filled_posts(
    inventory: Inventory, months: Iterable[int], start: dt.date | None = None
) -> dict[tuple[str, int], float]:
    """Full-time equivalents by role and month: posts filled from its first to its last day, less freezes.

    An unfilled post is filled when the strategy's months of hiring are over, or from its own later beginning.
    """
    strategy = inventory.strategy
    begins = pd.Timestamp(start or strategy.planning.start_date)
    hired = months_later(begins, strategy.planning.hiring_months)
    there = {(role.id, month): 0.0 for role in strategy.roles for month in months}
    edges = {month: (first_day(month), last_day(month)) for _, month in there}
    for row in inventory.positions.to_dict("records"):
        if pd.isna(row["role_id"]) or pd.isna(row["fte"]):
            continue
        begin, end = row["start_date"], row["end_date"]
        is_filled = row.get("is_filled")
        if not pd.isna(is_filled) and not is_filled:
            begin = hired if pd.isna(begin) else max(begin, hired)
        for month, (first, last) in edges.items():
            is_there = (pd.isna(begin) or begin <= first) and (pd.isna(end) or end >= last)
            if is_there and (row["role_id"], month) in there:
                there[row["role_id"], month] += float(row["fte"])
    shares = {month: staff_share(strategy, month) for month in edges}
    return {(role, month): fte * shares[month] for (role, month), fte in there.items()}


def links(inventory: Inventory) -> list[Link]:
    """The dependencies between two reported projects, each once."""
    known = set(inventory.projects.index)
    waits: dict[str, set[str]] = {}
    rows: dict[tuple[str, str, str], bool] = {}
    lags: dict[tuple[str, str, str], int] = {}
    for row in inventory.dependencies.to_dict("records"):
        project, other, kind = row["project_id"], row["other_id"], row["kind"]
        if pd.isna(project) or pd.isna(other):
            continue
        closes = kind in WAITING_KINDS and _reaches(waits, other, project)
        if kind in WAITING_KINDS:
            waits.setdefault(project, set()).add(other)
        if not pd.isna(kind) and project != other and project in known and other in known:
            key = (project, other, kind)
            rows[key] = rows.get(key, False) or not closes
            lag = row.get("lag_months")
            lags[key] = max(lags.get(key, 0), 0 if pd.isna(lag) else math.ceil(lag))
    return [Link(*key, must_be_kept, lags[key]) for key, must_be_kept in rows.items()]


def _reaches(waits: Mapping[str, set[str]], one: str, goal: str) -> bool:
    """Whether one waits for the goal, also through others."""
    seen, left = set(), [one]
    while left:
        here = left.pop()
        if here == goal:
            return True
        if here not in seen:
            seen.add(here)
            left += waits.get(here, ())
    return False


def begun(inventory: Inventory, start: dt.date) -> set[str]:
    """Projects in preparation that began before planning does, by their dates or their progress."""
    first = pd.Timestamp(start)
    known = inventory.projects.to_dict("index")
    early = {project for project, row in known.items() if row["start_date"] < first}
    for row in inventory.phases.to_dict("records"):
        is_done = not pd.isna(row["share_done"]) and row["share_done"] > 0
        is_done = is_done or not pd.isna(row["actual_end_date"])
        if (is_done or row["actual_start_date"] < first) and not pd.isna(row["project_id"]):
            early.add(row["project_id"])
    return {str(p) for p in early if p in known and known[p]["status"] == "in_preparation"}


def earliest_month(row: Mapping[Any, Any], start: dt.date) -> int:
    """First whole month that a project can begin in by its own dates, and by those of its grant."""
    dates = [pd.Timestamp(start), row["start_date"], row["release_date"]]
    state = row.get("funding_state")
    if pd.isna(state) or state != "refused":
        dates.append(row.get("funding_from_date"))
    return first_whole_month(max(date for date in dates if not pd.isna(date)))


# --- phases ------------------------------------------------------------------------------------------------


def phases_of(inventory: Inventory, projects: Iterable[str], start: dt.date) -> dict[str, PhaseFact]:
    """The phases that are left when planning begins, by ``"<project> <phase>"``."""
    strategy = inventory.strategy
    reported, efforts, price = _reported(inventory, start), _efforts(inventory), one_off_cost(inventory)
    table = inventory.projects.to_dict("index")
    council = sittings(strategy, horizon(strategy, start))
    found: dict[str, PhaseFact] = {}
    for project in projects:
        row = table.get(project)
        if row is None or not strategy.phase_templates:
            continue
        template = _template(strategy, price.get(project))
        own_months, done, begins = reported.get(project, ({}, {}, {}))
        work = _work(template, efforts.get(project, {}), {role.id for role in strategy.roles})
        begin, end = row["start_date"], row["end_date"]
        span = math.nan if pd.isna(begin) or pd.isna(end) else ((end - begin).days + 1) / _MONTH
        whole = span if span >= 1 else float(template.duration_months)
        elapsed = 0.0
        if row["status"] == "in_preparation" and span >= 1:
            elapsed = min(max((pd.Timestamp(start) - begin).days / _MONTH / span, 0.0), 1.0)
        left = _left(template, done, elapsed)
        money = sum(step.share_cost * share for step, share in left)
        month, before, rest = earliest_month(row, start), "", 0.0
        for step, share in left:
            days = {role: number * share for role, number in work[step.id].items()}
            own = own_months.get(step.id)
            procedure = None
            if step.is_procurement and own is None:
                procedure = procedure_of(strategy, row, first_day(month).date())
            exact, least = _length(step, share, own, whole, procedure, council)
            exact += rest
            nearest = math.floor(exact + 0.5)
            rest = exact - nearest  # what rounding takes, the next phase gets
            posts = max(work[step.id].values(), default=0.0) / strategy.planning.days_per_fte_month
            months = max(nearest, least, math.ceil(posts * share - 1e-9), 1)
            found[f"{project} {step.id}"] = PhaseFact(
                project=project,
                phase=step.id,
                name=step.name,
                months=months,
                share_left=share,
                share_cost=step.share_cost * share / money if money else 1 / len(left),
                is_decision=step.is_decision,
                is_procurement=step.is_procurement,
                predecessor=before,
                procedure="" if procedure is None else procedure.name,
                not_before=begins.get(step.id, pd.NaT) if share == 1.0 else pd.NaT,
                template=template.id,
                days=days,
            )
            before, month = f"{project} {step.id}", month + months
    return found


def _length(
    step: PhaseStep,
    share: float,
    own: float | None,
    whole: float,
    procedure: Award | None,
    council: Sittings,
) -> tuple[float, int]:
    """Months, not rounded, and fewest months: the office's, the procedure's or the template's."""
    months, least = own, 1
    if own is None:
        months = step.share_duration * whole
        least = step.months_min if share == 1.0 else 1
    if procedure is not None:
        months = procedure.typical / _WEEKS
        least = math.ceil(procedure.least / _WEEKS * share)
    if step.is_decision and share == 1.0:
        least = max(least, council.fewest_months())
    assert months is not None
    return months * share, least


def _template(strategy: Strategy, cost: float | None) -> PhaseTemplate:
    fitting = [
        template
        for template in strategy.phase_templates
        if cost is None or template.upper_limit_eur is None or cost <= template.upper_limit_eur
    ]
    return fitting[0] if fitting else strategy.phase_templates[-1]


def _reported(
    inventory: Inventory, start: dt.date
) -> dict[str, tuple[dict[str, float], dict[str, float], dict[str, pd.Timestamp]]]:
    """By project and phase: months, share that is done when planning begins, beginning."""
    status = inventory.projects["status"].to_dict()
    next_day = pd.Timestamp(inventory.reporting_date) + DAY
    known: dict[str, tuple[dict[str, float], dict[str, float], dict[str, pd.Timestamp]]] = {}
    seen: set[tuple[str, str]] = set()
    for row in inventory.phases.to_dict("records"):
        key = row["project_id"], row["phase_id"]
        if pd.isna(key[0]) or pd.isna(key[1]) or key in seen:
            continue
        seen.add(key)
        months, done, begins = known.setdefault(key[0], ({}, {}, {}))
        begin, end = row["start_date"], row["end_date"]
        if not pd.isna(begin):
            begins[key[1]] = begin
        dated = not pd.isna(begin) and not pd.isna(end)
        if not pd.isna(row["duration_months"]):
            months[key[1]] = float(row["duration_months"])
        elif dated and end >= begin:
            months[key[1]] = ((end - begin).days + 1) / _MONTH
        share = None if pd.isna(row["share_done"]) else float(row["share_done"])
        if not pd.isna(row["actual_end_date"]):
            share = 1.0
        if status.get(key[0]) == "in_preparation" and dated:
            later = max(begin, next_day)  # what should have ended by the reporting date is late, not done
            if end + DAY > later and pd.Timestamp(start) > later:
                gone = min((pd.Timestamp(start) - later) / (end + DAY - later), 1.0)
                share = (share or 0.0) + (1.0 - (share or 0.0)) * gone
        if share is not None:
            done[key[1]] = share
    return known


def _left(
    template: PhaseTemplate, done: Mapping[str, float], elapsed: float
) -> list[tuple[PhaseStep, float]]:
    """Phases that are not done, with the share of each that is left."""
    last_begun = max((k for k, step in enumerate(template.phases) if done.get(step.id, 0.0) > 0), default=0)
    left: list[tuple[PhaseStep, float]] = []
    passed = 0.0
    for k, step in enumerate(template.phases):
        passed += step.share_duration
        if done:
            share = 1.0 - done.get(step.id, 1.0 if k < last_begun else 0.0)
        elif step.share_duration:
            share = min(1.0, (passed - elapsed) / step.share_duration)
        else:
            share = 1.0 if passed > elapsed or not elapsed else 0.0
        if share > 1e-9:
            left.append((step, share if share < 1 - 1e-9 else 1.0))
    return left or [(template.phases[-1], 1.0)]


def _efforts(inventory: Inventory) -> dict[str, dict[str, dict[str, float]]]:
    """Person-days by project, phase and role as reported; NaN where the office gives no number."""
    known: dict[str, dict[str, dict[str, float]]] = {}
    for row in inventory.efforts.to_dict("records"):
        project, phase, role = row["project_id"], row["phase_id"], row["role_id"]
        if pd.isna(project) or pd.isna(phase) or pd.isna(role):
            continue
        roles = known.setdefault(project, {}).setdefault(phase, {})
        days = math.nan if pd.isna(row["effort_days"]) else float(row["effort_days"])
        if math.isnan(roles.get(role, math.nan)):
            roles[role] = days
        elif not math.isnan(days):
            roles[role] += days
    return known


def _work(
    template: PhaseTemplate, own: Mapping[str, Mapping[str, float]], roles: set[str]
) -> dict[str, dict[str, float]]:
    """Person-days by phase and role: the office's where it names the phase, else the template's.

    Work in a phase that the template does not have is done in the last one.
    """
    work: dict[str, dict[str, float]] = {}
    for step in template.phases:
        usual = {role: float(days) for role, days in step.effort_days.items()}
        given = own.get(step.id)
        work[step.id] = (
            usual
            if given is None
            else {role: usual.get(role, 0.0) if math.isnan(days) else days for role, days in given.items()}
        )
    last = work[template.phases[-1].id]
    for phase in set(own) - set(work):
        for role, days in own[phase].items():
            if not math.isnan(days):
                last[role] = last.get(role, 0.0) + days
    return {
        phase: {role: days for role, days in by_role.items() if role in roles}
        for phase, by_role in work.items()
    }
