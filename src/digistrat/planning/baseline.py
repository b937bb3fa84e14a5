"""What of a plan is kept when it is approved, and compared with later ones: its tables and figures."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from digistrat.planning.records import Plan

TABLES = ("projects", "phases", "milestones", "load", "budget")


@dataclass(frozen=True, eq=False)
class Baseline:
    """A plan as it was approved. It names its strategy and round, and needs neither to be read.

    Attributes
    ----------
    projects : DataFrame
        Indexed by project: ``title``, ``office_id``, ``field_id``, ``status``, ``mandate``, ``value`` (impact
        score), ``is_planned``. All that were candidates, and those that ran or had been discontinued.
    phases, milestones, load, budget : DataFrame
        As in `Plan`.
    status : str
    value, bound, gap, makespan : float
        As in `Plan`; ``value`` is its objective.
    start, reporting_date : date
        When planning begins; the date that the returns speak of.
    strategy, version, language : str
        Title, version and language of the strategy.
    role_names : mapping
    approved_on : date, optional
        None where the plan has not been approved.
    approved_by : str
        The body that approved it.
    """

    projects: pd.DataFrame
    phases: pd.DataFrame
    milestones: pd.DataFrame
    load: pd.DataFrame
    budget: pd.DataFrame
    status: str
    value: float
    bound: float
    gap: float
    makespan: float
    start: dt.date
    reporting_date: dt.date
    strategy: str
    version: str
    language: str
    role_names: Mapping[str, str]
    approved_on: dt.date | None = None
    approved_by: str = ""

    def __str__(self) -> str:
        approved = f", approved on {self.approved_on} by {self.approved_by}" if self.approved_on else ""
        return (
            f"Baseline of {self.reporting_date}, strategy {self.version}: "
            f"{int(self.projects['is_planned'].sum())} projects, {len(self.phases)} phases{approved}"
        )

    def __repr__(self) -> str:
        return f"<{self}>"


def baseline_of(plan: Plan, *, approved_on: dt.date | str | None = None, approved_by: str = "") -> Baseline:
    """Return what is kept of a plan.

    Parameters
    ----------
    plan : Plan
        From `plan_portfolio` or `schedule`.
    approved_on : date or ISO text, optional
        The day of the decision.
    approved_by : str
        The body that decided, no person.

    Raises
    ------
    ValueError
        If the day is no date, or only one of day and body is given.
    """
    day = _day(approved_on)
    if (day is None) != (not approved_by.strip()):
        raise ValueError("approved_on and approved_by must be given together")
    inventory, strategy = plan.inventory, plan.inventory.strategy
    projects = inventory.projects[["title", "office_id", "field_id", "status", "mandate"]].fillna("")
    projects = projects.assign(
        mandate=projects["mandate"].replace("", "none"),
        value=plan.portfolio.table["value"].reindex(projects.index).astype(float),
        is_planned=projects.index.isin(plan.phases["project_id"]),
    )
    return Baseline(
        projects=projects,
        phases=_plain(plan.phases),
        milestones=_plain(plan.milestones),
        load=_plain(plan.load),
        budget=_plain(plan.budget),
        status=plan.status,
        value=float(plan.objective),
        bound=float(plan.bound),
        gap=float(plan.gap),
        makespan=float(plan.makespan),
        start=plan.problem.start,
        reporting_date=inventory.reporting_date,
        strategy=strategy.strategy.title,
        version=strategy.strategy.version,
        language=strategy.language,
        role_names={role.id: role.name for role in strategy.roles},
        approved_on=day,
        approved_by=approved_by.strip(),
    )


def _plain(table: pd.DataFrame) -> pd.DataFrame:
    """Whole numbers, dates and texts in one width each, texts never missing: files can give them back."""
    kinds = pd.api.types
    types: dict[str, str] = {}
    for name, dtype in table.dtypes.items():
        if kinds.is_datetime64_any_dtype(dtype):
            types[str(name)] = "datetime64[us]"
        elif kinds.is_integer_dtype(dtype):
            types[str(name)] = "int64"
        elif not (kinds.is_float_dtype(dtype) or kinds.is_bool_dtype(dtype)):
            types[str(name)] = "str"
    texts = [name for name, kind in types.items() if kind == "str"]
    return table.astype(types).fillna(dict.fromkeys(texts, ""))


def _day(given: dt.date | str | None) -> dt.date | None:
    if given is None:
        return None
    try:
        return given if isinstance(given, dt.date) else dt.date.fromisoformat(given)
    except (TypeError, ValueError):
        raise ValueError(f"approved_on must be a date such as 2027-01-01, not {given!r}") from None
