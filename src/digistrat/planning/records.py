"""What planning gives: the portfolio, the plan, and the problems that they solve."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

import pandas as pd

from digistrat.inventory.record import Inventory
from digistrat.planning.changes import changed_inventory
from digistrat.planning.council import DecisionCalendar
from digistrat.texts import format_money, format_number, text

ROLE = "role "
LATER = "later "  # before a kind of money: one-off costs after the last year that has a budget
OFFICE = "office "  # before an office's id: how many of its projects run at once


def constraint_name(name: str, language: str) -> str:
    """Return ``"2027 investive"`` in a language.

    Examples
    --------
    >>> constraint_name("2027 investive", "de"), constraint_name("later investive", "de")
    ('2027 investiv', 'später investiv')
    """
    year, kind = name.split()
    year = text("portfolio.later", language) if name.startswith(LATER) else year
    return f"{year} {text(f'cost_kind.{kind}', language)}"


class Cover(NamedTuple):
    """A field of action or a goal of which so many projects must be chosen at least."""

    id: str
    name: str
    members: tuple[str, ...]
    at_least: int


class Hint(NamedTuple):
    """What was reported of a project and does not count: ``unreported``, ``synergy``, ``funding``."""

    kind: str
    other: str  # the other project, or the amount in words


@dataclass(frozen=True, eq=False)
class PortfolioProblem:
    """All that a selection was made from.

    Attributes
    ----------
    values : Series
        Impact score by candidate; missing where a project is not scored.
    costs : DataFrame
        Candidates × constraints: euros by ``"2027 investive"``, one-off euros of years after the last budget
        by ``"later investive"``, person-days by ``"role PL"``.
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
    coverage : tuple of Cover
        How many projects of a field or goal must be chosen.
    synergies : mapping
        Pair of projects → value that counts when both are chosen.
    hints : mapping
        Project → what was reported of it and does not count.
    role_names : mapping
    language : str
    cost : {"upper", "value", "lower"}
        Which end of a reported range counts.
    budgets : DataFrame
        The money that there is: ``year``, ``kind``, ``amount_eur``.
    n_running_without_costs : int
        Running projects of which no costs are reported, so that nothing is deducted for them.
    is_planned : bool
        Chosen together with a plan (`plan_portfolio`): money and staff limit the plan, month by month, and
        not the sums here, so that there are no constraints.
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
    coverage: tuple[Cover, ...] = ()
    synergies: Mapping[tuple[str, str], float] = field(default_factory=dict)
    hints: Mapping[str, tuple[Hint, ...]] = field(default_factory=dict)
    is_planned: bool = False

    def __str__(self) -> str:
        return "\n".join(self.sentences())

    def sentences(self) -> tuple[str, ...]:
        """Say objective and constraints in words, as they can be read aloud."""
        language = self.language

        def said(key: str, /, **values: object) -> str:
            return text(f"portfolio.{key}", language, **values)

        money = [name for name in self.limits.index if not name.startswith((ROLE, LATER))]
        roles = [name for name in self.limits.index if name.startswith(ROLE)]
        amounts = [
            f"{constraint_name(n, language)} ≤ {format_money(self.limits[n], language)}" for n in money
        ]
        days = [
            f"{self.role_names.get(n.removeprefix(ROLE), n.removeprefix(ROLE))} ≤ "
            f"{format_number(self.limits[n], language)}"
            for n in roles
        ]
        n_late = int(
            (self.costs[[n for n in self.limits.index if n.startswith(LATER)]] > 0).any(axis=1).sum()
        )
        kinds = [hint.kind for hints in self.hints.values() for hint in hints]
        return (
            said("objective", n=len(self.values)),
            *([said("with_synergies", n=len(self.synergies))] if self.synergies else []),
            said("money", budgets=", ".join(amounts) or said("unlimited"), cost=said(f"end_{self.cost}")),
            *([said("late", n=n_late, year=max(int(n.split()[0]) for n in money))] if n_late else []),
            said("staff", roles=", ".join(days) or said("unlimited")),
            *(said("cover", n=cover.at_least, name=cover.name) for cover in self.coverage),
            said(
                "links",
                n_mandatory=len(self.mandatory),
                n_requires=len(self.requires),
                n_excludes=len(self.excludes),
                n_forbidden=len(self.forbidden),
            ),
            *(said(f"hint_{kind}", n=kinds.count(kind)) for kind in sorted(set(kinds))),
            *([said("unpriced", n=self.n_running_without_costs)] if self.n_running_without_costs else []),
        )


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
    constraints : DataFrame
        Indexed by constraint (``"2027 investive"``, ``"role PL"``, ``"coverage HF01"``): ``label`` in words,
        ``unit`` (eur, days, projects), ``limit``, ``used``, ``slack``. Of coverage the limit is the least.
    why_not : DataFrame
        Indexed by project that is left out: ``kind`` (forbidden, not_known, excluded, needs, dominated,
        displaced, lacks, no_value, not_proven), ``other_ids``, ``missing`` (constraint → amount: so much
        more of all of them lets the project, with what it needs, join this portfolio).
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
    remake : callable, optional
        Selects again, from an inventory and the options of `select_portfolio`.
    """

    table: pd.DataFrame
    budgets: pd.DataFrame
    constraints: pd.DataFrame
    why_not: pd.DataFrame
    objective: float
    bound: float
    gap: float
    status: Literal["optimal", "feasible", "infeasible", "limit"]
    binding: tuple[str, ...]
    conflicts: tuple[str, ...]
    inventory: Inventory
    problem: PortfolioProblem
    remake: Callable[..., Portfolio] | None = field(default=None, repr=False)

    @property
    def selected(self) -> pd.Index:
        """Ids of the chosen projects."""
        return self.table.index[self.table["selected"]]

    def __str__(self) -> str:
        if self.status in ("infeasible", "limit"):
            return "\n  ".join([f"Portfolio: {self.status}", *self.conflicts])
        if self.problem.is_planned:
            return (
                f"Portfolio: {len(self.selected)} of {len(self.table)} projects, value {self.objective:.1f}, "
                "chosen together with a plan"
            )
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
        Periods: first days of months, from January of the first year to the end of the horizon.
    phases : DataFrame
        By activity, from `project_phases`.
    demand : DataFrame
        Activities × roles, full-time equivalents while the phase runs.
    capacity : DataFrame
        Months × roles, full-time equivalents: filled posts less what running projects take.
    links : DataFrame
        ``predecessor``, ``successor``, ``kind`` of activities, ``lag`` in months.
    release : Series
        First period, by activity.
    deadlines : Series
        Period by which an activity has ended: last phases by the horizon or their duty, others by a grant.
    costs : DataFrame
        Activities × kinds, one-off euros, spent evenly over the phase.
    running : DataFrame
        Activities × kinds, euros a month from the end of a project's last phase on.
    ceilings : DataFrame
        Years × kinds: budgets after running projects (below zero where they need more), up to the last year
        that has one; after it nothing is spent once, and what runs is not counted. Empty: no limit.
    sittings : mapping
        Activity → periods that it may start in: council sittings for decisions, freezes for go-lives.
    values : Series
        Impact score by project, 0 where there is none.
    offices : Series
        Office by project.
    late : mapping
        Activity → date that no plan can keep and that therefore binds nobody: ``due``, ``grant`` or both.
    calendar : DecisionCalendar
    seed : int
    effort_limit : float
    start : date
        First day of the month in which planning begins.
    projects_per_office : int, optional
        Phases of one office's projects that run at once, at most.
    """

    months: pd.DatetimeIndex
    phases: pd.DataFrame
    demand: pd.DataFrame
    capacity: pd.DataFrame
    links: pd.DataFrame
    release: pd.Series
    deadlines: pd.Series
    costs: pd.DataFrame
    running: pd.DataFrame
    ceilings: pd.DataFrame
    sittings: Mapping[str, tuple[int, ...]]
    values: pd.Series
    offices: pd.Series
    late: Mapping[str, str]
    calendar: DecisionCalendar
    seed: int
    effort_limit: float
    start: dt.date
    projects_per_office: int | None = None

    @property
    def horizon(self) -> int:
        """Number of periods; what ends later is worth nothing."""
        return len(self.months)

    @property
    def budgets(self) -> pd.DataFrame:
        """Years × kinds: what can be spent."""
        return self.ceilings.fillna(0.0).clip(lower=0.0)


@dataclass(frozen=True, eq=False)
class Plan:
    """When every phase of every chosen project runs, with proof of how good that is.

    Attributes
    ----------
    phases : DataFrame
        Indexed by activity: ``project_id``, ``phase_id``, ``phase``, ``start`` and ``end`` (first and last
        day; a decision ends on the day of the council's sitting), ``predecessor``, ``procedure`` (that the
        length of a procurement phase follows; empty where the template's or the office's length stands).
        This table and the next four are empty where there is no plan.
    milestones : DataFrame
        ``project_id``, ``milestone`` (submission, decision, order, go_live, grant_end), ``date``.
    load : DataFrame
        ``role_id``, ``month``, ``demand_fte``, ``capacity_fte``.
    budget : DataFrame
        ``year``, ``kind``, ``one_off_eur``, ``recurring_eur`` (from go-live on), ``planned_eur``,
        ``ceiling_eur`` (what running projects leave; missing after the last year that has a budget).
    commitments : DataFrame
        ``year`` of the order, ``for_year``, ``kind``, ``needed_eur`` (one-off money of later years that
        orders of the year bind), ``granted_eur`` (the strategy's commitments; missing where there is none).
    makespan : float
        Months from the planning start to the last go-live.
    objective, bound, gap : float
        Value-years: the sum of impact score × years in operation until the end of the horizon; what no plan
        of these projects (or, from `plan_portfolio`, of any choice of projects) exceeds, proven;
        ``(bound − objective) / objective``.
    status : {"optimal", "feasible", "infeasible", "limit"}
    conflicts : tuple of str
        Where infeasible: the constraints that exclude each other, in words; the last says it where the
        search ended early, so that some of them may not matter.
    inventory, portfolio, problem
        What the plan was made from.
    notes : tuple of str
        What was reported and is not part of the plan, in words.
    remake : callable, optional
        Solves again, from an inventory and the options of `plan_portfolio`.
    """

    phases: pd.DataFrame
    milestones: pd.DataFrame
    load: pd.DataFrame
    budget: pd.DataFrame
    commitments: pd.DataFrame
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
    remake: Callable[..., Plan] | None = field(default=None, repr=False)

    def replace(
        self,
        *,
        budgets: pd.DataFrame | None = None,
        positions: pd.DataFrame | None = None,
        mandatory: Iterable[str] | None = None,
        forbidden: Iterable[str] | None = None,
        start: dt.date | str | None = None,
        durations: Mapping[str, float] | None = None,
    ) -> Plan:
        """Solve again with something changed and all else as before; ``compare_plans`` shows what moves.

        Parameters
        ----------
        budgets : DataFrame, optional
            As for `plan_portfolio`.
        positions : DataFrame, optional
            All posts there are, as ``plan.inventory.positions``.
        mandatory, forbidden : iterable of project ids, optional
            Fixed in and out by hand, in place of those before.
        start : date or ISO text, optional
        durations : mapping, optional
            Activity (``"A16-004 UM"``) → months.

        Returns
        -------
        Plan
            Made in the same way: projects are chosen again, too.

        Raises
        ------
        ValueError
            If a parameter is not as described, or it is not known how the plan was made.
        """
        if self.remake is None:
            raise ValueError("plan must come from plan_portfolio or schedule to be solved again")
        asked, problem = self.portfolio.problem, self.problem
        out = [project for project, key in asked.why_forbidden.items() if key == "by_hand"]
        return self.remake(
            changed_inventory(self.inventory, positions=positions, durations=durations),
            budgets=asked.budgets if budgets is None else budgets,
            cost=asked.cost,
            mandatory=asked.by_hand if mandatory is None else mandatory,
            forbidden=out if forbidden is None else forbidden,
            start=problem.start if start is None else start,
            effort=problem.effort_limit,
            seed=problem.seed,
        )

    def __str__(self) -> str:
        if self.status in ("infeasible", "limit"):
            return "\n  ".join([f"Plan: {self.status}", *self.conflicts])
        return (
            f"Plan: {self.phases['project_id'].nunique()} projects, {len(self.phases)} phases in "
            f"{self.makespan:.0f} months, {self.objective:.1f} value-years, {self.status}, "
            f"proven gap {self.gap:.1%}"
        )

    def __repr__(self) -> str:
        return f"<{self}>"
