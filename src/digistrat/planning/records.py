"""What planning gives: the portfolio, the plan, and the problems that they solve."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import pandas as pd

from digistrat.inventory.record import Inventory
from digistrat.texts import format_money, format_number, text

ROLE = "role "


def constraint_name(name: str, language: str) -> str:
    """Return ``"2027 investive"`` in a language.

    Examples
    --------
    >>> constraint_name("2027 investive", "de")
    '2027 investiv'
    """
    year, kind = name.split()
    return f"{year} {text(f'cost_kind.{kind}', language)}"


@dataclass(frozen=True, eq=False)
class PortfolioProblem:
    """All that a selection was made from.

    Attributes
    ----------
    values : Series
        Impact score by candidate; missing where a project is not scored.
    costs : DataFrame
        Candidates × constraints: euros by ``"2027 investive"``, person-days by ``"role PL"``.
    limits : Series
        What each constraint allows, after what running projects need; never below zero.
    available : Series
        The same, below zero where running projects need more than there is.
    requires, excludes : tuple of pairs
    mandatory, forbidden : tuple of str
        Fixed in (also what another one that is fixed in needs: see `needed_by`), and out.
    why_forbidden : mapping
        Project → key of the reason.
    by_hand : tuple of str
        Fixed in without a mandate of their own.
    because_of, needed_by : mapping
        Project → the other project that keeps it out, or that needs it.
    doubts : mapping
        Project → keys of what is not known of it.
    role_names : mapping
    language : str
    cost : {"upper", "value", "lower"}
        Which end of a reported range counts.
    budgets : DataFrame
        The money that there is: ``year``, ``kind``, ``amount_eur``.
    n_running_without_costs : int
        Running projects of which no costs are reported, so that nothing is deducted for them.
    """

    values: pd.Series
    costs: pd.DataFrame
    limits: pd.Series
    available: pd.Series
    requires: tuple[tuple[str, str], ...]
    excludes: tuple[tuple[str, str], ...]
    mandatory: tuple[str, ...]
    forbidden: tuple[str, ...]
    why_forbidden: Mapping[str, str]
    by_hand: tuple[str, ...]
    because_of: Mapping[str, str]
    needed_by: Mapping[str, str]
    doubts: Mapping[str, tuple[str, ...]]
    role_names: Mapping[str, str]
    language: str
    cost: Literal["upper", "value", "lower"]
    budgets: pd.DataFrame = field(repr=False)
    n_running_without_costs: int = 0

    def __str__(self) -> str:
        language = self.language
        money = [name for name in self.limits.index if not name.startswith(ROLE)]
        roles = [name for name in self.limits.index if name.startswith(ROLE)]
        amounts = [
            f"{constraint_name(n, language)} ≤ {format_money(self.limits[n], language)}" for n in money
        ]
        days = [f"{n.removeprefix(ROLE)} ≤ {format_number(self.limits[n], language)}" for n in roles]
        unlimited = text("portfolio.unlimited", language)
        told = text(
            "portfolio.problem",
            language,
            n=len(self.values),
            budgets=", ".join(amounts) or unlimited,
            roles=", ".join(days) or unlimited,
            n_mandatory=len(self.mandatory),
            n_requires=len(self.requires),
            n_excludes=len(self.excludes),
            n_forbidden=len(self.forbidden),
        )
        if not self.n_running_without_costs:
            return told
        return f"{told}\n{text('portfolio.unpriced', language, n=self.n_running_without_costs)}"


@dataclass(frozen=True, eq=False)
class Portfolio:
    """Which projects to do, and how sure it is that no other choice is better.

    Attributes
    ----------
    table : DataFrame
        Indexed by candidate: ``title``, ``office_id``, ``field_id``, ``selected``, ``mandate``, ``reason``
        (a sentence, with what is not known of a chosen one), ``cost_eur`` (one-off), ``cost_yearly_eur``
        (recurring, largest year), ``value`` (impact score), ``rank``.
    budgets : DataFrame
        ``year``, ``kind``, ``amount_eur`` (missing where nothing was granted), ``committed_eur`` (running
        projects), ``available_eur`` (what they leave; below zero where they need more), ``used_eur``.
    objective, bound, gap : float
        Sum of values; what no portfolio can exceed (proven); relative distance.
    status : {"optimal", "feasible", "infeasible", "limit"}
    binding : tuple of str
        Constraints that hold the portfolio back: no project that may be chosen and is left out fits any more
        into what they have left.
    conflicts : tuple of str
        Where infeasible: the constraints that exclude each other, in words.
    inventory : Inventory
    problem : PortfolioProblem
    """

    table: pd.DataFrame
    budgets: pd.DataFrame
    objective: float
    bound: float
    gap: float
    status: Literal["optimal", "feasible", "infeasible", "limit"]
    binding: tuple[str, ...]
    conflicts: tuple[str, ...]
    inventory: Inventory
    problem: PortfolioProblem

    @property
    def selected(self) -> pd.Index:
        """Ids of the chosen projects."""
        return self.table.index[self.table["selected"]]

    def __str__(self) -> str:
        if self.status in ("infeasible", "limit"):
            return "\n  ".join([f"Portfolio: {self.status}", *self.conflicts])
        return (
            f"Portfolio: {len(self.selected)} of {len(self.table)} projects, value {self.objective:.1f}, "
            f"no portfolio above {self.bound:.1f} (gap {self.gap:.2%}, {self.status})"
        )

    def __repr__(self) -> str:
        return f"<{self}>"


@dataclass(frozen=True, eq=False)
class PlanProblem:
    """All that a plan was made from, so that it can be verified, solved again and drawn.

    Attributes
    ----------
    months : DatetimeIndex
        Periods: first days of months, from January of the first year.
    phases : DataFrame
        By activity, from `project_phases`.
    demand : DataFrame
        Activities × roles, full-time equivalents while the phase runs.
    capacity : DataFrame
        Months × roles, full-time equivalents.
    links : DataFrame
        ``predecessor``, ``successor``, ``kind`` of activities.
    release, deadlines : Series
        Periods by activity.
    costs : DataFrame
        Activities × kinds, one-off euros, spent evenly over the phase.
    budgets : DataFrame
        Years × kinds: what `ceilings` leave for one-off costs after the ``recurring`` ones, never below zero.
    ceilings : DataFrame
        Years × kinds: budgets after running projects; missing in years after the last that has a budget.
    recurring : DataFrame
        Years × kinds: what the chosen projects cost after go-live, in the years that the offices report.
    weights : Series
        Worth of a month earlier, by activity.
    seed : int
    effort_limit : float
    start : date
        First day of the month in which planning begins.
    """

    months: pd.DatetimeIndex
    phases: pd.DataFrame
    demand: pd.DataFrame
    capacity: pd.DataFrame
    links: pd.DataFrame
    release: pd.Series
    deadlines: pd.Series
    costs: pd.DataFrame
    budgets: pd.DataFrame
    ceilings: pd.DataFrame
    recurring: pd.DataFrame
    weights: pd.Series
    seed: int
    effort_limit: float
    start: dt.date


@dataclass(frozen=True, eq=False)
class Plan:
    """When every phase of every chosen project runs, with proof of how good that is.

    Attributes
    ----------
    phases : DataFrame
        Indexed by activity: ``project_id``, ``phase_id``, ``phase``, ``start`` and ``end`` (first and last
        day), ``predecessor``, ``procedure`` (that the length of a procurement phase follows; empty where no
        order value is given or no threshold is known yet for that time: then the template's length stands).
        This table and the next three are empty where there is no plan.
    milestones : DataFrame
        ``project_id``, ``milestone`` (decision, go_live), ``date``.
    load : DataFrame
        ``role_id``, ``month``, ``demand_fte``, ``capacity_fte``.
    budget : DataFrame
        ``year``, ``kind``, ``one_off_eur``, ``recurring_eur``, ``planned_eur``, ``ceiling_eur`` (what running
        projects leave; missing after the last year that has a budget).
    makespan : float
        Months from the planning start to the last go-live.
    objective, bound, gap : float
        Impact-weighted ends of projects in months; what no plan can go below (proven); relative distance.
    status : {"optimal", "feasible", "infeasible", "limit"}
    conflicts : tuple of str
        Where infeasible: the constraints that exclude each other, in words; the last says it where the
        search ended early, so that some of them may not matter.
    inventory, portfolio, problem
        What the plan was made from.
    notes : tuple of str
        What was reported and is not part of the plan, in words.
    """

    phases: pd.DataFrame
    milestones: pd.DataFrame
    load: pd.DataFrame
    budget: pd.DataFrame
    makespan: float
    objective: float
    bound: float
    gap: float
    status: Literal["optimal", "feasible", "infeasible", "limit"]
    conflicts: tuple[str, ...]
    inventory: Inventory
    portfolio: Portfolio
    problem: PlanProblem
    notes: tuple[str, ...] = ()

    def __str__(self) -> str:
        if self.status in ("infeasible", "limit"):
            return "\n  ".join([f"Plan: {self.status}", *self.conflicts])
        return (
            f"Plan: {self.phases['project_id'].nunique()} projects, {len(self.phases)} phases in "
            f"{self.makespan:.0f} months, {self.status}, proven gap {self.gap:.1%}"
        )

    def __repr__(self) -> str:
        return f"<{self}>"
