"""What projects need at least in the tightest time, and what is there, in words."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from digistrat.planning.activity_problem import ActivityProblem, Name
from digistrat.planning.records import OFFICE, Plan
from digistrat.texts import format_date, format_money, format_number, text

_MOST = 5  # projects that are named; the others are counted
_LITTLE = 1e-6


def need_in_words(plan: Plan, given: ActivityProblem, name: Name) -> str | None:
    """Say what must be done in a time and cannot; None where that alone is no contradiction.

    What an activity does in a time at its earliest as well as at its latest start it does there in any case
    (compulsory energy: Erschler & Lopez 1990; Baptiste, Le Pape & Nuijten 2001, ch. 3).

    Parameters
    ----------
    plan : Plan
    given : ActivityProblem
        Its model as given, without the constraints that do not matter.
    name : tuple
        A capacity or a budget.
    """
    windows = given.windows(plan.problem.horizon)
    if windows is None:
        return None
    if name[0] == "capacity" and not str(name[1]).startswith(OFFICE):
        return _staff(plan, given, windows, str(name[1]))
    if name[0] == "budgets":
        return _money(plan, given, windows, 0, len(given.blocks), str(name[1]))
    if name[0] == "budget" and name[1] is not None:
        b = int(str(name[1]))
        return _money(plan, given, windows, b, b + 1, str(name[2]))
    return None


def compulsory(
    windows: tuple[np.ndarray, np.ndarray], length: np.ndarray, begin: int, end: int
) -> np.ndarray:
    """Return the periods between two times that each activity runs at least, wherever it starts."""
    inside = [np.maximum(np.minimum(start + length, end) - np.maximum(start, begin), 0) for start in windows]
    return np.asarray(np.minimum(*inside))


def tightest_window(
    given: ActivityProblem, windows: tuple[np.ndarray, np.ndarray], r: int
) -> tuple[int, int] | None:
    """Return the shortest time in which a resource is needed beyond what is there, the largest lack first."""
    need, length = given.demand[:, r], given.durations
    supply = np.concatenate([[0.0], np.cumsum(given.capacity[:, r])])
    begins = np.unique([*windows[0], *windows[1]])
    ends = np.unique([*(windows[0] + length), *(windows[1] + length)])
    best: tuple[float, int, int] | None = None
    for begin in begins[begins < len(supply) - 1].tolist():
        for end in ends[(ends > begin) & (ends < len(supply))].tolist():
            lack = float(need @ compulsory(windows, length, begin, end)) - (supply[end] - supply[begin])
            share = lack / (end - begin)
            if lack > _LITTLE and (best is None or share > best[0] + _LITTLE):
                best = (share, begin, end)
    return None if best is None else best[1:]


def _staff(
    plan: Plan, given: ActivityProblem, windows: tuple[np.ndarray, np.ndarray], role: str
) -> str | None:
    r = list(given.resources).index(role)
    alone = _too_much_alone(plan, given, windows, role)
    window = tightest_window(given, windows, r)
    if alone is not None or window is None:
        return alone
    begin, end = window
    problem, language = plan.problem, plan.inventory.strategy.language
    work = given.demand[:, r] * compulsory(windows, given.durations, begin, end)
    there = given.capacity[begin:end, r]
    named = {one.id: one.name for one in plan.inventory.strategy.roles}[role]
    until = _holds_until(plan, role, begin, end)
    values = {
        "projects": _projects(plan, np.flatnonzero(work > _LITTLE), work),
        "role": named,
        "needed": format_number(float(work.sum()) / (end - begin), language, 2),
        "there": format_number(float(there.mean()), language, 2),
        "from_month": _month(problem.months[begin], language),
        "to_month": _month(problem.months[end - 1], language),
    }
    if end - begin > 1:
        return text("need.staff_span", language, **values)
    if until is None:
        return text("need.staff", language, **values)
    return text("need.staff_until", language, until=format_date(until, language), **values)


def _too_much_alone(
    plan: Plan, given: ActivityProblem, windows: tuple[np.ndarray, np.ndarray], role: str
) -> str | None:
    """An activity that needs more than is there wherever it starts; the one that lacks most."""
    r = list(given.resources).index(role)
    need, there = given.demand[:, r], given.capacity[:, r]
    lacking: list[tuple[float, int, float]] = []
    for i in np.flatnonzero((need > _LITTLE) & (given.durations > 0)).tolist():
        starts = range(int(windows[0][i]), int(windows[1][i]) + 1)
        most = max(float(there[start : start + given.durations[i]].min(initial=np.inf)) for start in starts)
        if need[i] > most + _LITTLE:
            lacking.append((float(need[i]) - most, i, most))
    if not lacking:
        return None
    _, i, most = max(lacking)
    problem, language = plan.problem, plan.inventory.strategy.language
    begin, end = int(windows[0][i]), int(windows[1][i] + given.durations[i])
    until = _holds_until(plan, role, begin, end)
    values = {
        "projects": _projects(plan, [i], need),
        "phase": str(problem.phases["phase"].iloc[i]),
        "role": {one.id: one.name for one in plan.inventory.strategy.roles}[role],
        "needed": format_number(float(need[i]), language, 2),
        "there": format_number(most, language, 2),
        "from_month": _month(problem.months[begin], language),
        "to_month": _month(problem.months[min(end, problem.horizon) - 1], language),
    }
    if until is None:
        return text("need.alone", language, **values)
    return text("need.alone_until", language, until=format_date(until, language), **values)


def _holds_until(plan: Plan, role: str, begin: int, end: int) -> pd.Timestamp | None:
    """The day before the first later month in which more of a role is there."""
    capacity = plan.problem.capacity[role].to_numpy(dtype=float)
    more = np.flatnonzero(capacity[end:] > capacity[begin:end].max() + _LITTLE)
    return plan.problem.months[end + int(more[0])] - pd.Timedelta(days=1) if len(more) else None


def _money(
    plan: Plan,
    given: ActivityProblem,
    windows: tuple[np.ndarray, np.ndarray],
    first: int,
    last: int,
    kind: str,
) -> str | None:
    """Blocks from the first to before the last one, together."""
    k = list(given.kinds).index(kind)
    begin, end = first * given.block_length, last * given.block_length
    once = given.rate[:, k] * compulsory(windows, given.paid_periods, begin, end)
    latest_end = windows[1] + given.durations
    running = given.after[:, k] * np.clip(end - np.maximum(latest_end, begin), 0, None)
    spent, there = once + running, float(given.money[first:last, k].sum())
    if float(spent.sum()) <= there + 0.005:
        return None
    language = plan.inventory.strategy.language
    years = plan.problem.budgets.index[first:last]
    return text(
        "need.money",
        language,
        projects=_projects(plan, np.flatnonzero(spent > 0.005), spent),
        year=int(years[0]) if len(years) == 1 else f"{years[0]}–{years[-1]}",
        kind=text(f"cost_kind.{kind}", language),
        needed=format_money(float(spent.sum()), language),
        there=format_money(there, language),
    )


def _projects(plan: Plan, activities: Iterable[int], need: np.ndarray) -> str:
    """The projects that need most, by id and title, duties named so."""
    phases, language = plan.problem.phases, plan.inventory.strategy.language
    of = phases["project_id"].to_numpy(dtype=object)
    amounts: dict[str, float] = {}
    for i in activities:
        amounts[of[i]] = amounts.get(of[i], 0.0) + float(need[i])
    order = sorted(amounts, key=lambda project: (-amounts[project], project))
    titles, fixed = plan.inventory.projects["title"], plan.portfolio.problem.mandatory
    named = [
        text("need.duty" if one in fixed else "need.project", language, project=f"{one} {titles[one]}")
        for one in order[:_MOST]
    ]
    more = [text("need.more", language, n=len(order) - _MOST)] if len(order) > _MOST else []
    return ", ".join([*named, *more])


def _month(day: pd.Timestamp, language: str) -> str:
    return text(f"need.month_{day.month}", language, year=day.year)
