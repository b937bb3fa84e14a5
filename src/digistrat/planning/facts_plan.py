"""What inventory and strategy say of phases, dates, staff and money, for checking plans."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from digistrat.planning.facts_calendar import (
    DAY,
    Sittings,
    first_day,
    first_whole_month,
    horizon,
    is_frozen,
    last_day,
    month_number,
    months_later,
    open_year,
    sittings,
)
from digistrat.planning.facts_money import (
    KINDS_OF_MONEY,
    Cost,
    Year,
    costs_by_year,
    money_of_years,
    monthly_rates,
    spread_once,
    still_to_pay,
)
from digistrat.planning.facts_portfolio import CANDIDATE_STATES, options, running_days
from digistrat.planning.facts_work import (
    WAITING_KINDS,
    Link,
    PhaseFact,
    begun,
    earliest_month,
    filled_posts,
    links,
    phases_of,
)
from digistrat.planning.records import Plan
from digistrat.planning.violations import CENT, Violations, is_true, number, read
from digistrat.strategy import Strategy

_DUTIES = ("legal", "operational", "political")


@dataclass(frozen=True)
class PlanFacts:
    """What inventory, strategy and the call's own options say of a plan; months by their number."""

    start: dt.date
    ahead: range  # months of the planning horizon
    january: int
    strategy: Strategy
    council: Sittings
    chosen: list[str]
    phases: dict[str, PhaseFact]
    last_phase: dict[str, str]  # of each project
    release: dict[str, int]  # first month of each phase
    doubtful: set[str]  # phases that may also have to begin later: see `Link`
    due: dict[str, tuple[int, pd.Timestamp, str]]  # phase → last month, the day that it comes from, what
    late: list[tuple[str, str]]  # phases and what nobody can keep
    waits: list[tuple[str, str, Link]]  # phase, the one that it waits for, why
    posts: dict[tuple[str, int], float]
    years: dict[tuple[int, str], Year]
    once: dict[tuple[str, str], float]  # (phase, kind) → euros
    rates: dict[tuple[str, str], float]  # (project, kind) → euros a month in operation
    value: dict[str, float]
    office: dict[str, Any]  # by project, missing where none is known

    @property
    def all_months(self) -> range:
        """From January of the first year to the end of the horizon."""
        return range(self.january, self.ahead[-1] + 1)

    def fte(self, phase: str) -> dict[str, float]:
        """What a phase needs of each role while it runs."""
        fact, per_month = self.phases[phase], self.strategy.planning.days_per_fte_month
        return {role: days / (fact.months * per_month) for role, days in fact.days.items()}

    def end_day(self, phase: str, first: int, last: int) -> pd.Timestamp | None:
        """The day on which a phase of these months ends; None where no sitting can decide then."""
        fact = self.phases[phase]
        if not fact.is_decision:
            return last_day(last)
        return self.council.decision_day(first, last, is_submitted=fact.is_begun)

    def may_begin(self, phase: str, first: int) -> bool:
        """Whether a phase that begins in a month can end as council and freezes ask for."""
        end = self.end_day(phase, first, first + self.phases[phase].months - 1)
        if end is None or phase != self.last_phase[self.phases[phase].project]:
            return end is not None
        return not is_frozen(self.strategy, end)


def plan_facts(plan: Plan, violations: Violations) -> PlanFacts:
    """Find out what the plan has to keep; what it was asked is said by portfolio and start alone."""
    inventory = plan.inventory
    strategy, projects = inventory.strategy, inventory.projects.to_dict("index")
    start = _start(plan, violations)
    ahead = horizon(strategy, start)
    phases = phases_of(inventory, chosen := _chosen(plan, violations), start)
    tails = {fact.project: name for name, fact in phases.items()}
    end, budgets = options(plan.portfolio, violations)
    costs = costs_by_year(inventory, end, ahead[-1] // 12)
    own = still_to_pay(inventory, costs, start, begun(inventory, start))
    once = _believed(_once(projects, phases, own, start), phases, plan.problem.costs)
    release, waits, doubtful = _waits(plan, start, phases)
    told = plan.problem.release
    for name in doubtful if isinstance(told, pd.Series) and told.index.is_unique else ():
        month = number(told.get(name))
        if month is not None and month.is_integer() and 0 <= month <= len(ahead) + 12:
            release[name] = max(release[name], start.year * 12 + int(month))
    opens = 12 * open_year(strategy, inventory.reporting_date, start)
    for name, fact in phases.items():
        is_new = projects[fact.project]["status"] == "possible"
        if is_new and any(once.get((name, kind), 0.0) > 0 for kind in KINDS_OF_MONEY):
            release[name] = max(release[name], opens)
    values = read(Violations(""), "table", plan.portfolio.table, ["value"])
    facts = PlanFacts(
        start=start,
        ahead=ahead,
        january=start.year * 12,
        strategy=strategy,
        council=sittings(strategy, range(start.year * 12, ahead[-1] + 1)),
        chosen=chosen,
        phases=phases,
        last_phase=tails,
        release=release,
        doubtful=doubtful,
        due={},
        late=[],
        waits=waits,
        posts=_posts(plan, start, ahead),
        years=money_of_years(inventory, budgets, costs, start),
        once={(name, kind): once.get((name, kind), 0.0) for name in phases for kind in KINDS_OF_MONEY},
        rates=monthly_rates(cost for cost in own if cost.project in tails),
        value={p: number(values.get(p, {}).get("value")) or 0.0 for p in tails},
        office={p: projects[p]["office_id"] for p in tails},
    )
    _duties(facts, projects)
    return facts


def _start(plan: Plan, violations: Violations) -> dt.date:
    """The first day of the month in which the plan was asked to begin."""
    asked = plan.problem.start
    if isinstance(asked, dt.date) and not pd.isna(asked) and asked.day == 1:
        return dt.date(asked.year, asked.month, 1)
    violations.add("problem-differs", "problem.start", "", "start", None, asked)
    usual = first_day(first_whole_month(pd.Timestamp(plan.inventory.strategy.planning.start_date)))
    return usual.date()


def _chosen(plan: Plan, violations: Violations) -> list[str]:
    rows = read(violations, "portfolio.table", plan.portfolio.table, ["selected"])
    status = plan.inventory.projects["status"].to_dict()
    chosen = []
    for project, row in rows.items():
        if not is_true(row.get("selected")):
            continue
        if status.get(project) in CANDIDATE_STATES:
            chosen.append(project)
        else:
            violations.add("not-a-candidate", "portfolio.table", "selected", project, status.get(project))
    return chosen


def _posts(plan: Plan, start: dt.date, ahead: range) -> dict[tuple[str, int], float]:
    """Full-time equivalents that filled posts have beside running projects."""
    per_month = plan.inventory.strategy.planning.days_per_fte_month
    filled, taken = filled_posts(plan.inventory, ahead, start), running_days(plan.inventory, ahead)
    return {key: max(0.0, fte - taken.get(key, 0.0) / per_month) for key, fte in filled.items()}


def _once(
    projects: Mapping[Any, Any], phases: Mapping[str, PhaseFact], costs: list[Cost], start: dt.date
) -> dict[tuple[str, str], float]:
    """One-off euros by phase and kind."""
    found: dict[tuple[str, str], float] = {}
    by_project: dict[str, list[tuple[str, int, float]]] = {}
    for name, fact in phases.items():
        by_project.setdefault(fact.project, []).append((name, fact.months, fact.share_cost))
    theirs: dict[str, list[Cost]] = {}
    for cost in costs:
        theirs.setdefault(cost.project, []).append(cost)
    for project, steps in by_project.items():
        first = earliest_month(projects[project], start)
        found |= spread_once(theirs.get(project, ()), steps, first)
    return found


def _believed(
    once: dict[tuple[str, str], float], phases: Mapping[str, PhaseFact], told: Any
) -> dict[tuple[str, str], float]:
    """What the problem says of phases where it is the same within a millionth of the project's money.

    Least squares are not exact; the sum of a project is, to the cent.
    """
    if not isinstance(told, pd.DataFrame) or not told.index.is_unique or not told.columns.is_unique:
        return once
    cells = {
        (name, kind): number(row.get(kind)) for name, row in told.to_dict("index").items() for kind in row
    }
    found = dict(once)
    for project in dict.fromkeys(fact.project for fact in phases.values()):
        for kind in KINDS_OF_MONEY:
            keys = [(name, kind) for name, fact in phases.items() if fact.project == project]
            ours, theirs = [once.get(key, 0.0) for key in keys], [cells.get(key) for key in keys]
            total = math.fsum(ours)
            same = [
                t is not None and t >= 0 and abs(t - o) <= 1e-6 * total
                for o, t in zip(ours, theirs, strict=True)
            ]
            if all(same) and abs(math.fsum(t or 0.0 for t in theirs) - total) <= CENT / 2:
                found |= {key: t or 0.0 for key, t in zip(keys, theirs, strict=True)}
    return found


def _waits(
    plan: Plan, start: dt.date, phases: Mapping[str, PhaseFact]
) -> tuple[dict[str, int], list[tuple[str, str, Link]], set[str]]:
    """First month of each phase by its own dates and running projects, and which phases wait for which."""
    projects = plan.inventory.projects.to_dict("index")
    heads = {fact.project: name for name, fact in phases.items() if not fact.predecessor}
    tails = {fact.project: name for name, fact in phases.items()}
    waits: list[tuple[str, str, Link]] = []
    doubtful: set[str] = set()
    release = dict.fromkeys(phases, month_number(pd.Timestamp(start)))
    for project, head in heads.items():
        release[head] = earliest_month(projects[project], start)
    has_begun = begun(plan.inventory, start)
    for link in links(plan.inventory):
        if link.project not in heads or link.kind not in WAITING_KINDS or link.project in has_begun:
            continue
        is_end, head = link.kind == "end_before_start", heads[link.project]
        if link.other in heads:
            if is_end or link.other not in has_begun:  # a beginning that is over is waited for by nobody
                waits.append((head, (tails if is_end else heads)[link.other], link))
        elif projects[link.other]["status"] == "existing":
            date = projects[link.other]["end_date" if is_end else "start_date"]
            if not link.must_be_kept:
                doubtful.add(head)
            elif not pd.isna(date):
                ready = months_later(date + DAY if is_end else date, link.lag)
                release[head] = max(release[head], first_whole_month(ready))
    for name, fact in phases.items():
        if not pd.isna(fact.not_before):
            release[name] = max(release[name], first_whole_month(fact.not_before))
    return release, waits, doubtful


def _duties(facts: PlanFacts, projects: Mapping[Any, Any]) -> None:
    """Which phases have to end by which month, and what could not be kept with everything at once.

    The horizon binds last phases, a duty's due date too; the end of a grant the last phase that the template
    gives a share of the cost.
    """
    soonest = _soonest(facts)
    end_of_all = last_day(facts.ahead[-1])
    for project, tail in facts.last_phase.items():
        row, wanted = projects[project], []
        facts.due[tail] = (facts.ahead[-1], end_of_all, "horizon")
        if row["mandate"] in _DUTIES and not pd.isna(row["due_date"]):
            wanted.append((tail, row["due_date"], "due"))
        costly = [n for n, fact in facts.phases.items() if fact.project == project and fact.share_cost > 0]
        has_grant = not pd.isna(row["funding_until_date"]) and not pd.isna(row["funding_eur"])
        state = row.get("funding_state")
        if has_grant and costly and (pd.isna(state) or state != "refused"):
            wanted.append((costly[-1], row["funding_until_date"], "grant"))
        for phase, date, what in wanted:
            last = month_number(date + DAY) - 1  # the last month that is over by then
            if soonest[phase] > last:
                facts.late.append((phase, what))
            elif phase not in facts.due or last < facts.due[phase][0]:
                facts.due[phase] = (last, date, what)


def _soonest(facts: PlanFacts) -> dict[str, float]:
    """Last month of every phase if its project had everything at once; infinite where nothing helps."""
    last: dict[str, float] = {}
    for name, fact in facts.phases.items():
        first = max(facts.release[name], last.get(fact.predecessor, 0) + 1)
        end = math.inf
        while first + fact.months - 1 <= facts.ahead[-1] and end == math.inf:
            if facts.may_begin(name, int(first)):
                end = first + fact.months - 1
            first += 1
        last[name] = end
    return last
