"""What inventory and strategy say of phases, staff and money, for checking plans."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import pandas as pd

from digistrat.planning.facts_money import (
    KINDS_OF_MONEY,
    Year,
    costs_by_year,
    money_of_years,
    still_to_pay,
    summed,
)
from digistrat.planning.facts_portfolio import CANDIDATE_STATES, options
from digistrat.planning.facts_work import (
    WAITING_KINDS,
    Link,
    PhaseFact,
    begun,
    filled_posts,
    first_day,
    first_whole_month,
    horizon,
    links,
    month_number,
    phases_of,
)
from digistrat.planning.records import Plan
from digistrat.planning.violations import Violations, is_true, number, read

_DAY = pd.Timedelta(days=1)


@dataclass(frozen=True)
class PlanFacts:
    """What inventory, strategy and the call's own options say of a plan; months by their number."""

    start: dt.date
    ahead: range  # months of the planning horizon
    january: int
    chosen: list[str]
    phases: dict[str, PhaseFact]
    last_phase: dict[str, str]  # of each project
    release: dict[str, int]  # first phase of each project → first month
    doubtful: set[str]  # first phases that may also have to begin later: see `Link`
    due: dict[str, pd.Timestamp]  # project → last day
    waits: list[tuple[str, str, Link]]  # phase, the one that it waits for, why
    posts: dict[tuple[str, int], float]
    years: dict[tuple[int, str], Year]
    once: dict[tuple[str, str], float]  # (phase, kind) → euros
    recurring: dict[tuple[int, str], float]
    value: dict[str, float]
    days_per_month: float

    @property
    def all_months(self) -> range:
        """From January of the first year to the end of the horizon."""
        return range(self.january, self.ahead[-1] + 1)

    def fte(self, phase: str) -> dict[str, float]:
        """What a phase needs of each role while it runs."""
        fact = self.phases[phase]
        return {role: days / (fact.months * self.days_per_month) for role, days in fact.days.items()}


def plan_facts(plan: Plan, violations: Violations) -> PlanFacts:
    """Find out what the plan has to keep; what it was asked is said by portfolio and start alone."""
    inventory = plan.inventory
    strategy, projects = inventory.strategy, inventory.projects
    start = _start(plan, violations)
    ahead = horizon(strategy, start)
    chosen = _chosen(plan, violations)
    phases = phases_of(inventory, chosen, start)
    heads = {fact.project: name for name, fact in phases.items() if not fact.predecessor}
    tails = {fact.project: name for name, fact in phases.items()}
    end, budgets = options(plan.portfolio, violations)
    costs = costs_by_year(inventory, end, ahead[-1] // 12)
    ours = still_to_pay(inventory, costs, start.year)
    once = summed((cost for cost in ours if not cost.is_recurring), "project", "kind")
    running = [cost for cost in ours if cost.is_recurring and cost.project in heads]
    table = projects.to_dict("index")
    release, waits, doubtful = _waits(plan, start, heads, tails)
    values = read(Violations(""), "table", plan.portfolio.table, ["value"])
    return PlanFacts(
        start=start,
        ahead=ahead,
        january=start.year * 12,
        chosen=chosen,
        phases=phases,
        last_phase=tails,
        release=release,
        doubtful=doubtful,
        due={p: table[p]["due_date"] for p in heads if not pd.isna(table[p]["due_date"])},
        waits=waits,
        posts=filled_posts(inventory, ahead),
        years=money_of_years(inventory, budgets, costs, start.year),
        once={
            (name, kind): once.get((fact.project, kind), 0.0) * fact.share_cost
            for name, fact in phases.items()
            for kind in KINDS_OF_MONEY
        },
        recurring=summed(running, "year", "kind"),
        value={p: number(values.get(p, {}).get("value")) or 0.0 for p in heads},
        days_per_month=strategy.planning.days_per_fte_month,
    )


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


def _waits(
    plan: Plan, start: dt.date, heads: dict[str, str], tails: dict[str, str]
) -> tuple[dict[str, int], list[tuple[str, str, Link]], set[str]]:
    """First month of each project's first phase, and which phases wait for which."""
    projects = plan.inventory.projects.to_dict("index")
    release: dict[str, int] = {}
    waits: list[tuple[str, str, Link]] = []
    doubtful: set[str] = set()
    for project, head in heads.items():
        dates = (projects[project][column] for column in ("start_date", "release_date"))
        months = [first_whole_month(date) for date in dates if not pd.isna(date)]
        release[head] = max([month_number(pd.Timestamp(start)), *months])
    has_begun = begun(plan.inventory, start)
    for link in links(plan.inventory):
        if link.project not in heads or link.kind not in WAITING_KINDS:
            continue
        is_end = link.kind == "end_before_start"
        if link.other in heads:
            if link.project not in has_begun:
                waits.append((heads[link.project], (tails if is_end else heads)[link.other], link))
        elif projects[link.other]["status"] == "existing":
            date = projects[link.other]["end_date" if is_end else "start_date"]
            if not link.must_be_kept:
                doubtful.add(heads[link.project])
            elif not pd.isna(date):
                month = first_whole_month(date + _DAY if is_end else date)
                release[heads[link.project]] = max(release[heads[link.project]], month)
    return release, waits, doubtful
