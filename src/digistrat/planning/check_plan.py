"""Does a plan hold? Its tables against what inventory and strategy say; the rules stand in `audit`."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import pandas as pd

from digistrat.planning.check_portfolio import check_proof, found_one
from digistrat.planning.check_problem import check_plan_problem
from digistrat.planning.facts_money import KINDS_OF_MONEY
from digistrat.planning.facts_plan import PlanFacts, plan_facts
from digistrat.planning.facts_work import first_day, known_threshold, month_number
from digistrat.planning.records import Plan
from digistrat.planning.violations import (
    CENT,
    FTE,
    SAME,
    Violations,
    compare,
    day,
    number,
    read,
)

_DAY = pd.Timedelta(days=1)
_LONGEST = 1200  # months: what lasts longer is no phase, and not counted month by month


@dataclass(frozen=True)
class Spans:
    """First and last month of the phases that have readable dates."""

    begin: dict[str, int]
    last: dict[str, int]


def check_plan(plan: Plan) -> Violations:
    """Collect everything that a plan breaks."""
    violations = Violations(plan.inventory.strategy.language)
    facts = plan_facts(plan, violations)
    check_proof(violations, "plan", plan, sign=-1.0)
    check_plan_problem(plan, facts, violations)
    if not found_one(plan):
        _nothing(plan, violations)
        return violations
    spans = _phases(plan, facts, violations)
    _dates(facts, spans, violations)
    _order(facts, spans, violations)
    _load(plan, facts, spans, violations)
    _budget(plan, facts, spans, violations)
    _milestones(plan, facts, spans, violations)
    _numbers(plan, facts, spans, violations)
    _procurements(plan, facts, spans, violations)
    return violations


def _nothing(plan: Plan, violations: Violations) -> None:
    """Where there is no plan, nothing may look like one."""
    for name in ("phases", "milestones", "load", "budget"):
        table = getattr(plan, name)
        if not isinstance(table, pd.DataFrame):
            violations.add("table-missing", name, "", name)
        elif len(table):
            violations.add("status-wrong", name, "", name, None, len(table), plan.status)
    if number(plan.makespan) is not None and not math.isnan(plan.makespan):
        violations.add("status-wrong", "plan", "makespan", "makespan", None, plan.makespan, plan.status)


# --- phases and their dates --------------------------------------------------------------------------------


def _phases(plan: Plan, facts: PlanFacts, violations: Violations) -> Spans:
    """Every phase that is left has a row with whole months, as many as it needs."""
    expected = {
        name: {
            "project_id": fact.project,
            "phase_id": fact.phase,
            "phase": fact.name,
            "predecessor": fact.predecessor,
            "procedure": fact.procedure,
        }
        for name, fact in facts.phases.items()
    }
    texts = ("project_id", "phase_id", "phase", "predecessor", "procedure")
    columns = dict.fromkeys(texts, ("entry-wrong", 0.0))
    dates = ("start", "end")
    rows = compare(violations, "phases", plan.phases, expected, columns, also=dates, missing="not-scheduled")
    spans = Spans({}, {})
    for name, row in rows.items():
        start, end = day(row.get("start")), day(row.get("end"))
        for column, date in (("start", start), ("end", end)):
            if date is None:
                violations.add("not-scheduled", "phases", column, name)
        if start is None or end is None:
            continue
        if start != first_day(month_number(start)):
            violations.add("not-whole", "phases", "start", name, None, start)
        if end + _DAY != first_day(month_number(end) + 1):
            violations.add("not-whole", "phases", "end", name, None, end)
        begin, last = month_number(start), month_number(end)
        needed = facts.phases[name].months
        if last + 1 - begin != needed:
            violations.add("wrong-length", "phases", "end", name, None, last + 1 - begin, needed)
        if begin <= last < begin + _LONGEST:
            spans.begin[name], spans.last[name] = begin, last
    return spans


def _dates(facts: PlanFacts, spans: Spans, violations: Violations) -> None:
    """No phase before the start or before its project may begin, none after what the project is due for."""
    start = month_number(pd.Timestamp(facts.start))
    for name, month in spans.begin.items():
        earliest = facts.release.get(name, start)
        if month < earliest:
            found, allowed = first_day(month), first_day(earliest)
            violations.add("before-release", "phases", "start", name, None, found, allowed)
        due = facts.due.get(facts.phases[name].project)
        end = first_day(spans.last[name] + 1) - _DAY
        if due is not None and end > due:
            violations.add("after-deadline", "phases", "end", name, None, end, due)


def _order(facts: PlanFacts, spans: Spans, violations: Violations) -> None:
    """Phases after phases, projects after those that they wait for."""
    waits = [(name, fact.predecessor, "") for name, fact in facts.phases.items() if fact.predecessor]
    waits += [(one, other, link.kind) for one, other, link in facts.waits if link.must_be_kept]
    for one, other, kind in waits:
        if one not in spans.begin or other not in spans.begin:
            continue
        after = spans.begin[other] if kind == "start_before_start" else spans.last[other] + 1
        if spans.begin[one] < after:
            found, allowed = first_day(spans.begin[one]), first_day(after)
            violations.add("order-broken", "phases", "start", one, other, found, allowed)


# --- staff and money ---------------------------------------------------------------------------------------


def _load(plan: Plan, facts: PlanFacts, spans: Spans, violations: Violations) -> None:
    """In no month more work than filled posts; the table shows both as they are."""
    need: dict[tuple[str, int], list[float]] = {}
    for name, first in spans.begin.items():
        for role, fte in facts.fte(name).items():
            for month in range(first, spans.last[name] + 1):
                need.setdefault((role, month), []).append(fte)
    demand = {key: math.fsum(parts) for key, parts in need.items()}
    for (role, month), fte in sorted(demand.items()):
        there = facts.posts.get((role, month), 0.0)
        if fte > there + FTE:
            where = f"{first_day(month):%Y-%m}"
            violations.add("over-capacity", "load", "demand_fte", role, where, fte, there)
    expected = {
        (role.id, first_day(month)): {
            "demand_fte": demand.get((role.id, month), 0.0),
            "capacity_fte": facts.posts.get((role.id, month), 0.0),
        }
        for role in plan.inventory.strategy.roles
        for month in facts.all_months
    }
    columns = dict.fromkeys(("demand_fte", "capacity_fte"), ("wrong-sum", FTE))
    compare(violations, "load", plan.load, expected, columns, keys=("role_id", "month"))


def _years(facts: PlanFacts, spans: Spans) -> range:
    last = max([facts.ahead[-1], *spans.last.values()])
    return range(facts.start.year, last // 12 + 1)


def _budget(plan: Plan, facts: PlanFacts, spans: Spans, violations: Violations) -> None:
    """In no year more money than there is; after the last year with a budget nothing is spent once."""
    parts: dict[tuple[int, str], list[float]] = {}
    for (name, kind), euros in facts.once.items():
        if name in spans.begin:
            months = range(spans.begin[name], spans.last[name] + 1)
            for month in months:
                parts.setdefault((month // 12, kind), []).append(euros / len(months))
    shown = read(Violations(""), "budget", plan.budget, ["planned_eur"], ("year", "kind"))
    last = facts.ahead[-1] // 12
    expected = {}
    for year in _years(facts, spans):
        for kind in KINDS_OF_MONEY:
            once = math.fsum(parts.get((year, kind), ()))
            recurring = facts.recurring.get((year, kind), 0.0) if year <= last else 0.0
            money = facts.years.get((year, kind)) if year <= last else None
            expected[year, kind] = {
                "one_off_eur": once,
                "recurring_eur": recurring,
                "planned_eur": once + recurring,
                "ceiling_eur": math.nan if money is None else money.left,
            }
            planned = max(once + recurring, number(shown.get((year, kind), {}).get("planned_eur")) or 0.0)
            if money is None and facts.years and once > CENT:
                violations.add("over-budget", "budget", "one_off_eur", kind, year, once, 0.0)
            elif money is not None and planned > max(money.left, 0.0) + CENT:
                there = max(money.left, 0.0)
                violations.add("over-budget", "budget", "planned_eur", kind, year, planned, there)
    columns = dict.fromkeys(
        ("one_off_eur", "recurring_eur", "planned_eur", "ceiling_eur"), ("wrong-sum", CENT)
    )
    compare(violations, "budget", plan.budget, expected, columns, keys=("year", "kind"))


# --- what is told of the plan ------------------------------------------------------------------------------


def _milestones(plan: Plan, facts: PlanFacts, spans: Spans, violations: Violations) -> None:
    """Every decision and every go-live has its day: the last one of its phase."""
    expected: dict[tuple[str, str], set[pd.Timestamp]] = {}
    for name, last in spans.last.items():
        fact = facts.phases[name]
        end = first_day(last + 1) - _DAY
        if fact.is_decision:
            expected.setdefault((fact.project, "decision"), set()).add(end)
        if facts.last_phase[fact.project] == name:
            expected.setdefault((fact.project, "go_live"), set()).add(end)
    whole = {(*label, date) for label, dates in expected.items() for date in dates}
    empty: dict[str, Any] = {}
    keys = ("project_id", "milestone", "date")
    compare(violations, "milestones", plan.milestones, dict.fromkeys(whole, empty), {}, keys=keys)


def _numbers(plan: Plan, facts: PlanFacts, spans: Spans, violations: Violations) -> None:
    """Makespan and objective are those of the dates."""
    ends: dict[str, int] = {}
    for name, last in spans.last.items():
        project = facts.phases[name].project
        ends[project] = max(ends.get(project, 0), last + 1)
    start = month_number(pd.Timestamp(facts.start))
    makespan = max(ends.values(), default=start) - start
    if number(plan.makespan) is None or abs(float(plan.makespan) - makespan) > SAME:
        violations.add("entry-wrong", "plan", "makespan", "makespan", None, plan.makespan, makespan)
    objective = math.fsum(facts.value.get(p, 0.0) * (end - facts.january) for p, end in ends.items())
    told = number(plan.objective)
    if told is not None and abs(told - objective) > SAME * max(1.0, abs(objective)):
        violations.add("wrong-objective", "plan", "objective", "objective", None, told, objective)


def _procurements(plan: Plan, facts: PlanFacts, spans: Spans, violations: Violations) -> None:
    """An info where the procedure was found for an earlier day than the planned one."""
    offices = plan.inventory.projects["office_id"].to_dict()
    for name, month in spans.begin.items():
        fact, on = facts.phases[name], first_day(month).date()
        if fact.procedure and known_threshold(plan.inventory.strategy, offices[fact.project], on) is None:
            violations.add("procedure-not-known-yet", "phases", "procedure", name, on, severity="info")
