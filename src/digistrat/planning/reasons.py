"""In words: why a project is in or out, and which constraints exclude each other."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from digistrat.inventory.record import Inventory
from digistrat.planning.records import ROLE, PlanProblem, PortfolioProblem
from digistrat.texts import format_date, format_money, format_number, text


def selection_reason(
    problem: PortfolioProblem, project: str, chosen: pd.Series | None, slack: pd.Series
) -> str:
    """Say in one or two sentences why a project is chosen or not, and what is not known of it.

    Parameters
    ----------
    problem : PortfolioProblem
    project : str
        A candidate.
    chosen : Series of bool, optional
        By candidate; None where there is no selection.
    slack : Series
        What each constraint has left (below zero where running projects need more than there is).
    """
    language = problem.language
    if chosen is None:
        return text("reason.no_selection", language)
    if not chosen[project]:
        return _why_not(problem, project, chosen, slack)
    if project in problem.needed_by:
        said = [text("reason.needed_by", language, other=problem.needed_by[project])]
    elif project in problem.by_hand:
        said = [text("reason.fixed_by_hand", language)]
    else:
        said = [text(f"reason.{'mandatory' if project in problem.mandatory else 'selected'}", language)]
    said += [
        text(f"reason.but_{key}", language, other=problem.because_of.get(project, ""))
        for key in problem.doubts.get(project, ())
    ]
    return " ".join(said)


def _why_not(problem: PortfolioProblem, project: str, chosen: pd.Series, slack: pd.Series) -> str:
    language = problem.language
    if project in problem.why_forbidden:
        other = problem.because_of.get(project, "")
        return text(f"reason.{problem.why_forbidden[project]}", language, other=other)
    needed = [other for one, other in problem.requires if one == project and not chosen[other]]
    if needed:
        return text("reason.needs", language, other=needed[0])
    rivals = [b if a == project else a for a, b in problem.excludes if project in (a, b)]
    rivals = [rival for rival in rivals if chosen[rival]]
    if rivals:
        return text("reason.rival", language, other=rivals[0])
    needs = [float(cost) for cost in problem.costs.loc[project].to_numpy(dtype=float)]
    costs: dict[str, float] = dict(zip(problem.costs.columns, needs, strict=True))
    # what does not fit at all says more than what lacks little
    lacking = {
        name: (cost - float(slack[name])) / max(float(problem.limits[name]), 1e-9)
        for name, cost in costs.items()
        if cost > 0 and cost - float(slack[name]) > 1e-9 * max(1.0, cost)
    }
    if not lacking:
        return text(
            "reason.not_proven" if float(problem.values[project]) > 0 else "reason.no_value", language
        )
    name = max(lacking, key=lambda constraint: lacking[constraint])
    amount = costs[name] - float(slack[name])
    if name.startswith(ROLE):
        role, days = name.removeprefix(ROLE), format_number(amount, language)
        return text("reason.lacks_staff", language, role=problem.role_names.get(role, role), days=days)
    year, kind = name.split()
    kind, euros = text(f"cost_kind.{kind}", language), format_money(amount, language)
    return text("reason.lacks_money", language, year=year, kind=kind, amount=euros)


def selection_conflicts(
    inventory: Inventory, problem: PortfolioProblem, conflicts: tuple[tuple[Any, ...], ...]
) -> tuple[str, ...]:
    """Name constraints of a selection that exclude each other, with what is needed and what there is."""
    language = problem.language
    fixed = [what[0] for kind, *what in conflicts if kind == "mandatory"]
    needed = problem.costs.loc[fixed].sum()

    def project(project_id: str) -> str:
        return f"{project_id} {inventory.projects.at[project_id, 'title']!s}"

    said = []
    for kind, *what in conflicts:
        if kind in ("mandatory", "forbidden"):
            one = project(what[0])
            by = problem.needed_by.get(what[0]) if kind == "mandatory" else None
            key = "conflict.needed_by" if by else f"conflict.{kind}"
            said.append(text(key, language, project=one, other=by or ""))
        elif kind in ("requires", "excludes"):
            said.append(text(f"conflict.{kind}", language, project=project(what[0]), other=project(what[1])))
        elif str(what[0]).startswith(ROLE):
            role = str(what[0]).removeprefix(ROLE)
            said.append(
                text(
                    "conflict.staff",
                    language,
                    role=problem.role_names.get(role, role),
                    needed=format_number(float(needed[what[0]]), language),
                    there=format_number(float(problem.limits[what[0]]), language),
                )
            )
        else:
            year, money = str(what[0]).split()
            said.append(
                text(
                    "conflict.money",
                    language,
                    year=year,
                    kind=text(f"cost_kind.{money}", language),
                    needed=format_money(float(needed[what[0]]), language),
                    there=format_money(float(problem.available[what[0]]), language),
                )
            )
    return tuple(said)


def plan_conflict(inventory: Inventory, problem: PlanProblem, conflict: tuple[Any, ...]) -> str:
    """Name one constraint of a schedule as people know it."""
    strategy = inventory.strategy
    language = strategy.language
    kind, *what = conflict

    def phase(activity: str) -> dict[str, str]:
        project = str(problem.phases.at[activity, "project_id"])
        title = inventory.projects.at[project, "title"]
        return {"project": f"{project} {title!s}", "phase": str(problem.phases.at[activity, "phase"])}

    match kind:
        case "deadline":
            due = problem.months[0] + pd.DateOffset(months=int(problem.deadlines[what[0]]), days=-1)
            return text("conflict.deadline", language, date=format_date(due, language), **phase(what[0]))
        case "release":
            begin = problem.months[0] + pd.DateOffset(months=int(problem.release[what[0]]))
            return text("conflict.release", language, date=format_date(begin, language), **phase(what[0]))
        case "capacity":
            names = {role.id: role.name for role in strategy.roles}
            most = float(np.asarray(problem.capacity[what[0]]).max(initial=0.0))
            return text(
                "conflict.capacity", language, role=names[what[0]], fte=format_number(most, language, 1)
            )
        case "precedence":
            one, other = phase(what[0]), phase(what[1])
            links = problem.links
            link = links[(links["predecessor"] == what[0]) & (links["successor"] == what[1])]
            starts = (link["kind"] == "start_before_start").all()
            return text(
                "conflict.precedence_start" if starts else "conflict.precedence",
                language,
                before=f"{one['project']} ({one['phase']})",
                after=f"{other['project']} ({other['phase']})",
            )
        case "chain":
            one, other = phase(what[0]), phase(what[1])
            return text(
                "conflict.chain",
                language,
                first=f"{one['project']} ({one['phase']})",
                last=f"{other['project']} ({other['phase']})",
                months=what[2],
            )
        case "budget":
            years = problem.budgets.index
            money = text(f"cost_kind.{what[1]}", language)
            if what[0] is None:
                return text("conflict.budget_after", language, kind=money, year=int(years[-1]))
            there = format_money(float(problem.budgets.iloc[what[0]][what[1]]), language)
            return text("conflict.budget", language, kind=money, year=int(years[what[0]]), there=there)
        case "recurring":
            year, money = what
            return text(
                "conflict.recurring",
                language,
                year=year,
                kind=text(f"cost_kind.{money}", language),
                needed=format_money(float(problem.recurring[money].to_dict()[year]), language),
                there=format_money(float(problem.ceilings[money].to_dict()[year]), language),
            )
        case _:
            return " ".join(map(str, conflict))


def plan_notes(inventory: Inventory, moot: pd.DataFrame) -> tuple[str, ...]:
    """Say which reported dependencies a plan does not keep, because the project has begun without them.

    Parameters
    ----------
    inventory : Inventory
        Titles and language.
    moot : DataFrame
        ``project_id``, ``other_id``.
    """
    titles = inventory.projects["title"]

    def named(project: str) -> str:
        return f"{project} {titles[project]}"

    return tuple(
        text("note.begun", inventory.strategy.language, project=named(one), other=named(other))
        for one, other in moot[["project_id", "other_id"]].astype("str").to_numpy().tolist()
    )
