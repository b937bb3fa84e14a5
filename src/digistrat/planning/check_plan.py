"""Does a plan hold? Its tables against what inventory and strategy say; the rules stand in `audit`."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import pandas as pd

from digistrat.planning.check_portfolio import check_proof, found_one
from digistrat.planning.check_problem import check_plan_problem
from digistrat.planning.facts_calendar import first_day, is_frozen, last_day, month_number
from digistrat.planning.facts_money import KINDS_OF_MONEY
from digistrat.planning.facts_plan import PlanFacts, plan_facts
from digistrat.planning.facts_procurement import thresholds_of
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
    told,
)
from digistrat.texts import format_date, format_money, text

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
    check_proof(violations, "plan", plan, sign=1.0)
    is_found = found_one(plan)
    # where nothing can be chosen and planned together, the problem is that of what was asked for
    if is_found or plan.portfolio.problem.is_planned is not True:
        check_plan_problem(plan, facts, violations, is_found=is_found)
    if not is_found:
        _nothing(plan, violations)
        return violations
    spans = _phases(plan, facts, violations)
    _dates(facts, spans, violations)
    _order(facts, spans, violations)
    _offices(facts, spans, violations)
    _load(plan, facts, spans, violations)
    _budget(plan, facts, spans, violations)
    commitments = _commitments(plan, facts, spans, violations)
    _milestones(plan, facts, spans, violations)
    _numbers(plan, facts, spans, violations)
    _notes(plan, facts, spans, commitments, violations)
    _procurements(plan, facts, spans, violations)
    return violations


def _nothing(plan: Plan, violations: Violations) -> None:
    """Where there is no plan, nothing may look like one."""
    for name in ("phases", "milestones", "load", "budget", "commitments"):
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
        begin, last = month_number(start), month_number(end)
        _end(facts, name, begin, end, violations)
        needed = facts.phases[name].months
        if last + 1 - begin != needed:
            violations.add("wrong-length", "phases", "end", name, None, last + 1 - begin, needed)
        if begin <= last < begin + _LONGEST:
            spans.begin[name], spans.last[name] = begin, last
    return spans


def _end(facts: PlanFacts, name: str, begin: int, end: pd.Timestamp, violations: Violations) -> None:
    """A phase ends with a month; a decision with a sitting, the last one that leaves time to submit it."""
    last = month_number(end)
    if not facts.phases[name].is_decision or not facts.council.is_limited:
        if end != last_day(last):
            violations.add("not-whole", "phases", "end", name, None, end)
        return
    if end not in facts.council.days.get(last, ()):
        violations.add("off-sitting", "phases", "end", name, None, end)
        return
    soonest = first_day(begin) + facts.council.lead
    if not facts.phases[name].is_begun and end < soonest:
        violations.add("submitted-late", "phases", "end", name, None, end, soonest)
    elif end != (allowed := facts.end_day(name, begin, last)):
        violations.add("entry-wrong", "phases", "end", name, None, end, allowed)


def _dates(facts: PlanFacts, spans: Spans, violations: Violations) -> None:
    """No phase before it may begin, none after what binds it; nothing goes live in a freeze."""
    for name, month in spans.begin.items():
        earliest, last = facts.release[name], spans.last[name]
        if month < earliest:
            found, allowed = first_day(month), first_day(earliest)
            violations.add("before-release", "phases", "start", name, None, found, allowed)
        if name in facts.due and last > facts.due[name][0]:
            _, date, what = facts.due[name]
            violations.add("after-deadline", "phases", "end", name, what, last_day(last), date)
        if name == facts.last_phase[facts.phases[name].project]:
            live = facts.end_day(name, month, last) or last_day(last)
            if is_frozen(facts.strategy, live):
                violations.add("in-freeze", "phases", "end", name, None, live)


def _order(facts: PlanFacts, spans: Spans, violations: Violations) -> None:
    """Phases after phases, projects after those that they wait for."""
    waits = [(name, fact.predecessor, "", 0) for name, fact in facts.phases.items() if fact.predecessor]
    waits += [(one, other, link.kind, link.lag) for one, other, link in facts.waits if link.must_be_kept]
    for one, other, kind, lag in waits:
        if one not in spans.begin or other not in spans.begin:
            continue
        after = lag + (spans.begin[other] if kind == "start_before_start" else spans.last[other] + 1)
        if spans.begin[one] < after:
            found, allowed = first_day(spans.begin[one]), first_day(after)
            violations.add("order-broken", "phases", "start", one, other, found, allowed)


# --- staff and money ---------------------------------------------------------------------------------------


def _offices(facts: PlanFacts, spans: Spans, violations: Violations) -> None:
    """In no month more phases of an office's projects than it can carry."""
    most = facts.strategy.planning.projects_per_office
    if most is None:
        return
    running: dict[tuple[str, int], int] = {}
    for name, begin in spans.begin.items():
        office = facts.office[facts.phases[name].project]
        for month in range(begin, spans.last[name] + 1):
            if not pd.isna(office):
                running[office, month] = running.get((office, month), 0) + 1
    for (office, month), n_found in sorted(running.items()):
        if n_found > most:
            where = f"{first_day(month):%Y-%m}"
            violations.add("over-office", "phases", "start", office, where, n_found, most)


def _is_nothing(facts: PlanFacts, table: Any) -> bool:
    """Whether a table is empty because there is nothing to do."""
    return not facts.phases and isinstance(table, pd.DataFrame) and table.empty


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
    expected = {} if _is_nothing(facts, plan.load) else expected
    compare(violations, "load", plan.load, expected, columns, keys=("role_id", "month"))


def _paid(facts: PlanFacts, spans: Spans, name: str, kind: str) -> dict[int, float]:
    """One-off euros of a phase by year, evenly over its months."""
    months = range(spans.begin[name], spans.last[name] + 1)
    a_month = facts.once.get((name, kind), 0.0) / len(months)
    by_year: dict[int, float] = {}
    for month in months:
        by_year[month // 12] = by_year.get(month // 12, 0.0) + a_month
    return by_year


def _years(facts: PlanFacts, spans: Spans) -> range:
    last = max([facts.ahead[-1], *spans.last.values()])
    return range(facts.start.year, last // 12 + 1)


def _budget(plan: Plan, facts: PlanFacts, spans: Spans, violations: Violations) -> None:
    """In no year more money than there is; after the last year with a budget nothing is spent once."""
    parts: dict[tuple[int, str], list[float]] = {}
    running: dict[tuple[int, str], list[float]] = {}
    for name in spans.begin:
        fact = facts.phases[name]
        for kind in KINDS_OF_MONEY:
            for year, euros in _paid(facts, spans, name, kind).items():
                parts.setdefault((year, kind), []).append(euros)
            rate = facts.rates.get((fact.project, kind), 0.0)
            if name != facts.last_phase[fact.project] or not rate:
                continue
            for month in range(max(spans.last[name] + 1, facts.january), facts.ahead[-1] + 1):
                running.setdefault((month // 12, kind), []).append(rate)
    shown = read(Violations(""), "budget", plan.budget, ["planned_eur"], ("year", "kind"))
    expected = {}
    for year in _years(facts, spans):
        for kind in KINDS_OF_MONEY:
            once, recurring = (math.fsum(table.get((year, kind), ())) for table in (parts, running))
            money = facts.years.get((year, kind))
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
    spent = {} if _is_nothing(facts, plan.budget) else expected
    compare(violations, "budget", plan.budget, spent, columns, keys=("year", "kind"))
    if plan.portfolio.problem.is_planned is True:
        _budgets_of_portfolio(plan, facts, expected, violations)


def _budgets_of_portfolio(
    plan: Plan, facts: PlanFacts, spent: dict[tuple[int, str], dict[str, float]], violations: Violations
) -> None:
    """The portfolio that was chosen with the plan shows what the plan spends."""
    expected = {
        key: {
            "amount_eur": money.granted,
            "committed_eur": money.committed,
            "available_eur": money.left,
            "used_eur": spent[key]["planned_eur"],
        }
        for key, money in facts.years.items()
        if key in spent
    }
    columns = dict.fromkeys(("amount_eur", "committed_eur", "available_eur", "used_eur"), ("wrong-sum", CENT))
    compare(violations, "portfolio.budgets", plan.portfolio.budgets, expected, columns, keys=("year", "kind"))


def _commitments(
    plan: Plan, facts: PlanFacts, spans: Spans, violations: Violations
) -> dict[tuple[int, int, str], tuple[float, float]]:
    """What orders bind of later years, and what is granted for that, by year, later year and kind."""
    needed: dict[tuple[int, int, str], list[float]] = {}
    order: dict[str, int] = {}  # year of the last order of each project
    for name, fact in facts.phases.items():
        if name not in spans.begin:
            continue
        if fact.is_procurement:
            order[fact.project] = spans.last[name] // 12
        elif fact.project in order:
            for kind in KINDS_OF_MONEY:
                for year, euros in _paid(facts, spans, name, kind).items():
                    if year > order[fact.project] and euros > 0:
                        needed.setdefault((order[fact.project], year, kind), []).append(euros)
    granted = {
        (row.year, row.for_year, str(row.kind)): float(row.amount_eur) for row in facts.strategy.commitments
    }
    found = {key: (math.fsum(euros), granted.get(key, math.nan)) for key, euros in needed.items()}
    names = ("needed_eur", "granted_eur")
    expected = {key: dict(zip(names, pair, strict=True)) for key, pair in found.items()}
    columns = dict.fromkeys(names, ("wrong-sum", CENT))
    keys = ("year", "for_year", "kind")
    compare(violations, "commitments", plan.commitments, expected, columns, keys=keys)
    return found


# --- what is told of the plan ------------------------------------------------------------------------------


def _milestones(plan: Plan, facts: PlanFacts, spans: Spans, violations: Violations) -> None:
    """Every submission, decision, order, go-live and end of a grant has its day."""
    expected: set[tuple[str, str, pd.Timestamp]] = set()
    projects = plan.inventory.projects.to_dict("index")
    for name, last in spans.last.items():
        fact = facts.phases[name]
        end = facts.end_day(name, spans.begin[name], last) or last_day(last)
        if fact.is_decision:
            expected.add((fact.project, "decision", end))
            if facts.council.is_limited:
                begin = first_day(spans.begin[name])
                expected.add((fact.project, "submission", max(end - facts.council.lead, begin)))
        if fact.is_procurement:
            expected.add((fact.project, "order", end))
        if facts.last_phase[fact.project] == name:
            expected.add((fact.project, "go_live", end))
        row = projects[fact.project]
        state = row.get("funding_state")
        is_open = pd.isna(state) or state != "refused"
        if is_open and not pd.isna(row["funding_eur"]) and not pd.isna(row["funding_until_date"]):
            expected.add((fact.project, "grant_end", row["funding_until_date"]))
    empty: dict[str, Any] = {}
    keys = ("project_id", "milestone", "date")
    compare(violations, "milestones", plan.milestones, dict.fromkeys(expected, empty), {}, keys=keys)


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
    over = facts.ahead[-1] + 1
    objective = math.fsum(facts.value.get(p, 0.0) * (over - end) / 12 for p, end in ends.items())
    told = number(plan.objective)
    if told is not None and abs(told - objective) > SAME * max(1.0, abs(objective)):
        violations.add("wrong-objective", "plan", "objective", "objective", None, told, objective)


def _notes(
    plan: Plan,
    facts: PlanFacts,
    spans: Spans,
    commitments: dict[tuple[int, int, str], tuple[float, float]],
    violations: Violations,
) -> None:
    """What is not kept is told: dates that are late already, and orders beyond what is granted."""
    language, said = facts.strategy.language, set(told(plan.notes))
    wanted: dict[Any, str] = {}
    for name, what in facts.late:
        if name not in spans.last:
            continue
        project = facts.phases[name].project
        row: dict[Any, Any] = plan.inventory.projects.loc[project].to_dict()
        end = facts.end_day(name, spans.begin[name], spans.last[name]) or last_day(spans.last[name])
        wanted[name, what] = text(
            f"note.late_{what}",
            language,
            project=f"{project} {row['title']}",
            date=format_date(row["due_date" if what == "due" else "funding_until_date"], language),
            end=format_date(end, language),
        )
    for (year, later, kind), (needed, granted) in commitments.items():
        there = 0.0 if math.isnan(granted) else granted
        if facts.strategy.commitments and needed > there + CENT:
            wanted[year, later, kind] = text(
                "note.commitment",
                language,
                year=year,
                for_year=later,
                kind=text(f"cost_kind.{kind}", language),
                needed=format_money(needed, language),
                granted=format_money(there, language),
            )
    for subject, sentence in wanted.items():
        if sentence not in said:
            violations.add("note-missing", "plan", "notes", subject, None, None, sentence)


def _procurements(plan: Plan, facts: PlanFacts, spans: Spans, violations: Violations) -> None:
    """An info where the order begins after the last day for which a threshold is known."""
    offices = plan.inventory.projects["office_id"].to_dict()
    for name, month in spans.begin.items():
        if not facts.phases[name].procedure:
            continue
        on, known = (
            first_day(month).date(),
            thresholds_of(facts.strategy, offices[facts.phases[name].project]),
        )
        if known and on > max(last for _, last, _ in known):
            violations.add("procedure-not-known-yet", "phases", "procedure", name, on, severity="info")
