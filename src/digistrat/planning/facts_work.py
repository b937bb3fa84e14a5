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
from digistrat.planning.facts_money import one_off_cost
from digistrat.strategy import PhaseStep, PhaseTemplate, Strategy

_MONTH = 365.2425 / 12  # days
_WEEKS = _MONTH / 7
_DAY = pd.Timedelta(days=1)
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
    predecessor: str
    procedure: str
    days: Mapping[str, float]


class Link(NamedTuple):
    """A reported dependency; one that closes a circle with rows above it need not be kept."""

    project: str
    other: str
    kind: str
    must_be_kept: bool


def month_number(date: pd.Timestamp) -> int:
    """Months since year 0."""
    return date.year * 12 + date.month - 1


def first_day(month: int) -> pd.Timestamp:
    """The first day of a month that is given by its number."""
    return pd.Timestamp(month // 12, month % 12 + 1, 1)


def first_whole_month(date: pd.Timestamp) -> int:
    """Number of the first month that lies wholly on or after a day."""
    return month_number(date) + (date.day > 1)


def horizon(strategy: Strategy, start: dt.date) -> range:
    """Numbers of the months in which planning looks ahead."""
    first = start.year * 12 + start.month - 1
    return range(first, first + strategy.planning.horizon_months)


def filled_posts(inventory: Inventory, months: Iterable[int]) -> dict[tuple[str, int], float]:
    """Full-time equivalents by role and month: posts filled from its first to its last day."""
    there = {(role.id, month): 0.0 for role in inventory.strategy.roles for month in months}
    edges = {month: (first_day(month), first_day(month + 1) - _DAY) for _, month in there}
    for row in inventory.positions.to_dict("records"):
        if pd.isna(row["role_id"]) or pd.isna(row["fte"]):
            continue
        begin, end = row["start_date"], row["end_date"]
        for month, (first, last) in edges.items():
            is_filled = (pd.isna(begin) or begin <= first) and (pd.isna(end) or end >= last)
            if is_filled and (row["role_id"], month) in there:
                there[row["role_id"], month] += float(row["fte"])
    return there


def links(inventory: Inventory) -> list[Link]:
    """The dependencies between two reported projects, each once."""
    known = set(inventory.projects.index)
    waits: dict[str, set[str]] = {}
    rows: dict[tuple[str, str, str], bool] = {}
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
    return [Link(*key, must_be_kept) for key, must_be_kept in rows.items()]


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
    """Projects in preparation that began before planning does: they wait for nobody."""
    first = pd.Timestamp(start)
    return {
        str(project)
        for project, row in inventory.projects.to_dict("index").items()
        if row["status"] == "in_preparation" and not pd.isna(row["start_date"]) and row["start_date"] < first
    }


# --- phases ------------------------------------------------------------------------------------------------


def phases_of(inventory: Inventory, projects: Iterable[str], start: dt.date) -> dict[str, PhaseFact]:
    """The phases that are left when planning begins, by ``"<project> <phase>"``."""
    strategy = inventory.strategy
    reported, efforts, price = _reported(inventory, start), _efforts(inventory), one_off_cost(inventory)
    table = inventory.projects.to_dict("index")
    found: dict[str, PhaseFact] = {}
    for project in projects:
        row = table.get(project)
        if row is None or not strategy.phase_templates:
            continue
        template = _template(strategy, price.get(project))
        own_months, done = reported.get(project, ({}, {}))
        work = _work(template, efforts.get(project, {}), {role.id for role in strategy.roles})
        begin, end = row["start_date"], row["end_date"]
        span = math.nan if pd.isna(begin) or pd.isna(end) else (end - begin).days / _MONTH
        whole = span if span >= 1 else float(template.duration_months)
        elapsed = 0.0
        if row["status"] == "in_preparation" and span >= 1:
            elapsed = min(max((pd.Timestamp(start) - begin).days / _MONTH / span, 0.0), 1.0)
        left = _left(template, done, elapsed)
        money = sum(step.share_cost * share for step, share in left)
        day = max(date for date in (pd.Timestamp(start), begin, row["release_date"]) if not pd.isna(date))
        month, before = first_whole_month(day), ""
        for step, share in left:
            days = {role: number * share for role, number in work[step.id].items()}
            own = own_months.get(step.id)
            procedure = None
            if step.is_procurement and own is None:
                procedure = _procedure(strategy, row, first_day(month).date())
            posts = max(work[step.id].values(), default=0.0) / strategy.planning.days_per_fte_month
            months = _months(step, share, own, whole, procedure, posts)
            found[f"{project} {step.id}"] = PhaseFact(
                project=project,
                phase=step.id,
                name=step.name,
                months=months,
                share_left=share,
                share_cost=step.share_cost * share / money if money else 1 / len(left),
                is_decision=step.is_decision,
                predecessor=before,
                procedure="" if procedure is None else procedure[0],
                days=days,
            )
            before, month = f"{project} {step.id}", month + months
    return found


def _months(
    step: PhaseStep,
    share: float,
    own: float | None,
    whole: float,
    procedure: tuple[str, float, float] | None,
    posts: float,
) -> int:
    """Whole months: the office's, the procedure's or the template's; enough for one post a role."""
    months, least = own, 1
    if own is None:
        months = step.share_duration * whole
        least = step.months_min if share == 1.0 else 1
    if procedure is not None:
        months = procedure[1] / _WEEKS
        least = math.ceil(procedure[2] / _WEEKS * share)
    assert months is not None
    return max(math.floor(months * share + 0.5), least, math.ceil(posts * share - 1e-9), 1)


def _template(strategy: Strategy, cost: float | None) -> PhaseTemplate:
    fitting = [
        template
        for template in strategy.phase_templates
        if cost is None or template.upper_limit_eur is None or cost <= template.upper_limit_eur
    ]
    return fitting[0] if fitting else strategy.phase_templates[-1]


def _reported(inventory: Inventory, start: dt.date) -> dict[str, tuple[dict[str, float], dict[str, float]]]:
    """By project: months of its phases, and the shares of them that are done when planning begins."""
    status = inventory.projects["status"].to_dict()
    next_day = pd.Timestamp(inventory.reporting_date) + _DAY
    known: dict[str, tuple[dict[str, float], dict[str, float]]] = {}
    seen: set[tuple[str, str]] = set()
    for row in inventory.phases.to_dict("records"):
        key = row["project_id"], row["phase_id"]
        if pd.isna(key[0]) or pd.isna(key[1]) or key in seen:
            continue
        seen.add(key)
        months, done = known.setdefault(key[0], ({}, {}))
        begin, end = row["start_date"], row["end_date"]
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
            if end + _DAY > later and pd.Timestamp(start) > later:
                gone = min((pd.Timestamp(start) - later) / (end + _DAY - later), 1.0)
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


def known_threshold(strategy: Strategy, office: Any, on: dt.date) -> float | None:
    """The EU threshold for an office on a day; None where none is known yet."""
    buyers = {one.id: one.buyer for one in strategy.offices}
    buyer = buyers.get(office, "municipality")
    for row in strategy.procurement_thresholds:
        if row.buyer == buyer and row.valid_from <= on <= row.valid_to:
            return float(row.threshold_eur)
    return None


def _procedure(
    strategy: Strategy, project: Mapping[Any, Any], on: dt.date
) -> tuple[str, float, float] | None:
    """Name, typical and least weeks of the lightest procedure allowed for the order value on a day."""
    value = project["order_value_net_eur_upper"]
    value = project["order_value_net_eur"] if pd.isna(value) else value
    threshold = known_threshold(strategy, project["office_id"], on)
    if pd.isna(value) or value <= 0 or threshold is None:
        return None
    allowed = []
    for row in strategy.procedures:
        if row.upper_limit_eur is not None:
            limit, fits = float(row.upper_limit_eur), value < threshold and value <= row.upper_limit_eur
        elif row.is_eu:
            limit, fits = math.inf, value >= threshold
        else:
            limit, fits = threshold, value < threshold
        if fits:
            allowed.append((limit, row.name, float(row.weeks_typical), float(row.weeks_min)))
    return min(allowed, key=lambda path: path[0])[1:] if allowed else None
