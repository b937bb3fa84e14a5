"""When nothing fits: what stands against what, with need and supply, and the least that would resolve it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from tqdm.auto import tqdm

from digistrat.planning.activity_conflicts import find_conflict
from digistrat.planning.activity_frames import read_activities
from digistrat.planning.activity_model import Effort
from digistrat.planning.activity_problem import ActivityProblem, Name, whole_numbers
from digistrat.planning.need_words import need_in_words
from digistrat.planning.plan_problem import plan_problem
from digistrat.planning.reasons import plan_conflict
from digistrat.planning.records import OFFICE, ROLE, Plan
from digistrat.planning.relaxation import Least, Relaxation, least_relaxation, relaxation_of
from digistrat.planning.schedule import MONTHS_PER_YEAR, activity_frames
from digistrat.planning.selecting import select
from digistrat.texts import format_date, format_number, text

COLUMNS = ("change", "subject", "amount", "unit", "is_smallest", "is_enough", "text")
_QUESTION = 0.3  # deterministic seconds of the solver for one question
_MOST = 8  # conditions that are named beside needs; the others are counted
_MOST_TRIED = 10  # constraints that are tried to relax, the most telling ones


def explain_conflict(plan: Plan) -> tuple[str, ...]:
    """Say why there is no plan: each constraint that stands against the others, with need and supply.

    Parameters
    ----------
    plan : Plan
        An infeasible one.

    Returns
    -------
    tuple of str
        In the strategy's language. Where staff or money of some time cannot suffice whatever is done: what
        the projects need then at least and what is there; else as in ``plan.conflicts``.

    Raises
    ------
    ValueError
        If the plan is not infeasible.
    """
    _require_infeasible(plan)
    plan = _with_model(plan)
    if plan.problem.phases.empty:
        return plan.conflicts
    given = _given(plan)
    conflict, _ = find_conflict(whole_numbers(given, outward=True), _effort(plan, plan.problem.effort_limit))
    kept = replace(given, off=frozenset(given.names()) - _unfolded(given, conflict))
    needs = {name: need_in_words(plan, kept, name) for name in _with_sums(conflict)}
    needed = [said for said in needs.values() if said is not None]
    others = [
        plan_conflict(plan.inventory, plan.problem, name) for name in conflict if needs.get(name) is None
    ]
    more = len(others) - _MOST
    if more > 0:
        others = [*others[:_MOST], text("need.more_conditions", plan.inventory.strategy.language, n=more)]
    return (*needed, *others) or plan.conflicts


def resolutions(plan: Plan) -> pd.DataFrame:
    """Find what would make a plan possible: one thing at a time, as little of it as suffices.

    Parameters
    ----------
    plan : Plan
        An infeasible one.

    Returns
    -------
    DataFrame
        One row for each constraint in the way that somebody could change (of many the most telling ones):
        ``change`` (budget, capacity, deadline, release, sitting, length), ``subject`` (year and kind, or a
        kind alone: so much in every year; role, office or phase), ``amount`` and ``unit`` (eur, fte, days,
        projects, months, sitting), ``is_smallest`` (whether it is proven that a cent, 0.01 FTE or a month
        less does not suffice; else the amount may be half a percent too high), ``is_enough`` (whether a plan
        was then found; else this conflict is resolved and another one remains), ``text``. What is enough
        comes first.

    Raises
    ------
    ValueError
        If the plan is not infeasible.
    """
    _require_infeasible(plan)
    plan = _with_model(plan)
    if plan.problem.phases.empty:
        rows = _for_portfolio(plan)
    else:
        rows = _for_schedule(plan)
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    types: dict[str, Any] = dict.fromkeys(("change", "subject", "unit", "text"), "str")
    types |= {"amount": float, "is_smallest": bool, "is_enough": bool}
    return table.astype(types).sort_values("is_enough", ascending=False, kind="stable", ignore_index=True)


def _require_infeasible(plan: Plan) -> None:
    if not isinstance(plan, Plan) or plan.status != "infeasible":
        raise ValueError(f"plan must be an infeasible Plan, not {plan!r}")


def _with_model(plan: Plan) -> Plan:
    """The plan with the model of its duties, where projects and dates were to be found together."""
    asked, problem = plan.portfolio.problem, plan.problem
    if not problem.phases.empty or not asked.is_planned:
        return plan
    duties = plan_problem(
        plan.inventory,
        asked,
        pd.Index(asked.mandatory, name="project_id"),
        first=problem.start,
        effort_limit=problem.effort_limit,
        seed=problem.seed,
    )
    return replace(plan, problem=duties)


def _with_sums(conflict: tuple[Name, ...]) -> list[Name]:
    """The conflict, and the money of all years of a kind of which several years are in it; these first."""
    kinds = [name[2] for name in conflict if name[0] == "budget" and name[1] is not None]
    several: list[Name] = [("budgets", kind) for kind in dict.fromkeys(kinds) if kinds.count(kind) > 1]
    order = ("budgets", "budget", "capacity", "deadline", "release", "sitting", "chain", "precedence")
    return sorted([*several, *conflict], key=lambda name: order.index(str(name[0])))


def _effort(plan: Plan, limit: float) -> Effort:
    return Effort(limit, None, plan.problem.seed, 8)


def _given(plan: Plan) -> ActivityProblem:
    """The model of the plan; any schedule will do. A decision without any sitting may start at no time."""
    frames = activity_frames(plan.problem)
    frames["weights"] = pd.Series(0.0, plan.problem.phases.index)
    never = plan.problem.horizon
    frames["sittings"] = {a: starts or (never,) for a, starts in plan.problem.sittings.items()}
    return read_activities(**frames, due=None, periods_per_block=MONTHS_PER_YEAR)


def _unfolded(given: ActivityProblem, conflict: tuple[Name, ...]) -> frozenset[Name]:
    """The conflict with every link where it names links in a row as one."""
    links = given.link_names if any(name[0] == "chain" for name in conflict) else []
    return frozenset([*(name for name in conflict if name[0] != "chain"), *links])


def _for_schedule(plan: Plan) -> list[tuple[Any, ...]]:
    problem, given = plan.problem, _given(plan)
    conflict, _ = find_conflict(whole_numbers(given, outward=True), _effort(plan, problem.effort_limit))
    kept = _unfolded(given, conflict)
    rows = []
    for name in tqdm(_with_sums(conflict)[:_MOST_TRIED], disable=None, desc="resolutions", leave=False):
        relaxation = relaxation_of(given, name, problem.start.month - 1, problem.horizon)
        if relaxation is None:
            continue
        least = least_relaxation(relaxation, given, kept, _effort(plan, _QUESTION))
        if least is not None:
            rows.append(_row(plan, relaxation, least))
    return rows


def _row(plan: Plan, relaxation: Relaxation, least: Least) -> tuple[Any, ...]:
    amount = least.steps * relaxation.step
    if relaxation.name[0] == "budget":  # what running projects need beyond the budget comes first
        there = float(plan.problem.ceilings[relaxation.name[2]].iloc[int(str(relaxation.name[1]))])
        amount += max(0.0, -there)
    language = plan.inventory.strategy.language
    change, subject, unit, said = _in_words(plan, relaxation.name, amount, least.starts)
    if not least.is_enough:
        said += text("resolution.not_enough", language)
    if not least.is_smallest:
        said += text("resolution.not_smallest", language)
    return change, subject, amount, unit, least.is_smallest, least.is_enough, said


def _in_words(plan: Plan, name: Name, amount: float, starts: np.ndarray) -> tuple[str, str, str, str]:
    """Change, subject, unit and sentence of a resolution."""
    problem, strategy = plan.problem, plan.inventory.strategy
    language = strategy.language
    months = format_number(amount, language)

    def said(key: str, /, **values: object) -> str:
        return text(f"resolution.{key}", language, **values)

    def phase(activity: object) -> str:
        row = problem.phases.loc[str(activity)]
        return f"{row['project_id']} {plan.inventory.projects['title'][row['project_id']]} ({row['phase']})"

    def day(period: int, before: int = 0) -> str:
        return format_date(problem.months[0] + pd.DateOffset(months=int(period), days=-before), language)

    kind, *what = name
    subject = str(what[0])
    match kind:
        case "budgets":
            euros = format_number(amount, language, 2)
            named = text(f"cost_kind.{subject}", language)
            return "budget", subject, "eur", said("budgets", kind=named, amount=euros)
        case "budget":
            year, money = int(problem.budgets.index[int(str(what[0]))]), str(what[1])
            euros = format_number(amount, language, 2)
            named = text(f"cost_kind.{money}", language)
            return "budget", f"{year} {money}", "eur", said("budget", year=year, kind=named, amount=euros)
        case "capacity" if subject.startswith(OFFICE):
            office = subject.removeprefix(OFFICE)
            return "capacity", office, "projects", said("office", office=office, n=months)
        case "capacity":
            role = {role.id: role.name for role in strategy.roles}[subject]
            fte = format_number(amount, language, 2)
            return "capacity", subject, "fte", said("capacity", role=role, fte=fte)
        case "deadline":
            date = day(int(problem.deadlines[subject]) + round(amount), before=1)
            return "deadline", subject, "months", said("deadline", phase=phase(what[0]), n=months, date=date)
        case "release":
            date = day(int(problem.release[subject]) - round(amount))
            return "release", subject, "months", said("release", phase=phase(what[0]), n=months, date=date)
        case "sitting":
            i = list(problem.phases.index).index(subject)
            date = day(int(starts[i] + problem.phases["duration_months"].iloc[i]), before=1)
            return "sitting", subject, "sitting", said("sitting", phase=phase(what[0]), date=date)
        case _:
            one, other = phase(what[0]), phase(what[1])
            return "length", subject, "months", said("length", first=one, last=other, n=months)


def _for_portfolio(plan: Plan) -> list[tuple[Any, ...]]:
    """Money and staff that what is fixed in needs beyond what there is: the selection already fails."""
    problem, language = plan.portfolio.problem, plan.inventory.strategy.language
    needed = problem.costs.loc[list(problem.mandatory)].sum()
    lacking = (needed - problem.available).clip(lower=0.0)
    rows = []
    for name in lacking.index[needed > problem.limits + 0.005]:
        amount = float(np.ceil(lacking[name] * 100 - 1e-6) / 100)
        limits = problem.limits.copy()
        limits[name] = problem.available[name] + amount
        is_enough = select(problem, limits=limits).status in ("optimal", "feasible")
        if name.startswith(ROLE):
            role = name.removeprefix(ROLE)
            named, days = problem.role_names.get(role, role), format_number(amount, language, 2)
            said = text("resolution.days", language, role=named, days=days)
            change, subject, unit = "capacity", role, "days"
        else:
            year, kind = name.split()
            euros, named = format_number(amount, language, 2), text(f"cost_kind.{kind}", language)
            said = text("resolution.budget", language, year=year, kind=named, amount=euros)
            change, subject, unit = "budget", name, "eur"
        said += "" if is_enough else text("resolution.not_enough", language)
        rows.append((change, subject, amount, unit, True, is_enough, said))
    return rows
