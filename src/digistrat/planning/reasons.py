"""In words: why a project is in or out, and which constraints exclude each other."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from digistrat.inventory.record import Inventory
from digistrat.planning.records import LATER, OFFICE, ROLE, PlanProblem, PortfolioProblem
from digistrat.texts import format_date, format_money, format_number, text

AGAINST = ("kind", "other_ids", "missing")  # columns of `Portfolio.why_not`


def selection_reason(
    problem: PortfolioProblem, project: str, chosen: pd.Series | None, against: pd.DataFrame
) -> str:
    """Say in a few sentences why a project is chosen or not, and what is not known of it.

    Parameters
    ----------
    problem : PortfolioProblem
    project : str
        A candidate.
    chosen : Series of bool, optional
        By candidate; None where there is no selection.
    against : DataFrame
        `Portfolio.why_not`.
    """
    language = problem.language
    if chosen is None:
        return text("reason.no_selection", language)
    if not chosen[project]:
        kind, others, missing = (against[column].to_dict()[project] for column in AGAINST)
        said = _why_not(problem, project, chosen, kind, others, missing)
    elif project in problem.needed_by:
        said = [text("reason.needed_by", language, other=problem.needed_by[project])]
    elif project in problem.by_hand:
        said = [text("reason.fixed_by_hand", language)]
    elif project in problem.mandatory:
        said = [text("reason.mandatory", language)]
    else:
        said = [text(f"reason.{'planned' if problem.is_planned else 'selected'}", language)]
    if chosen[project]:
        said += [
            text(f"reason.but_{key}", language, other=problem.because_of.get(project, ""))
            for key in problem.doubts.get(project, ())
        ]
    said += [
        text(f"reason.hint_{hint.kind}", language, other=hint.other)
        for hint in problem.hints.get(project, ())
    ]
    return " ".join(said)


def _why_not(
    problem: PortfolioProblem,
    project: str,
    chosen: pd.Series,
    kind: str,
    others: tuple[str, ...],
    missing: Mapping[str, float],
) -> list[str]:
    language = problem.language
    if project in problem.why_forbidden:
        other = problem.because_of.get(project, "")
        return [text(f"reason.{problem.why_forbidden[project]}", language, other=other)]
    if kind in ("not_proven", "no_value", "not_planned"):
        return [text(f"reason.{kind}", language)]
    if kind == "excluded":
        key = "rival" if chosen[others[0]] else "contradiction"
        return [text(f"reason.{key}", language, other=others[0])]
    what = "; ".join(lacking(problem, missing))
    if kind == "needs":
        together = [text("reason.together", language, what=what)] if missing else []
        return [text("reason.needs", language, other=", ".join(others)), *together]
    said = [text("reason.lacks", language, what=what)]
    if kind in ("dominated", "displaced"):
        said.append(text(f"reason.{kind}", language, other=others[0]))
    return said


def lacking(problem: PortfolioProblem, missing: Mapping[str, float]) -> list[str]:
    """Say what is missing of every constraint, the largest share first; amounts are rounded up."""
    language = problem.language
    said = []
    for name in sorted(missing, key=lambda name: -missing[name] / max(float(problem.limits[name]), 1e-9)):
        if name.startswith(ROLE):
            role, days = name.removeprefix(ROLE), format_number(math.ceil(missing[name]), language)
            said.append(
                text("reason.lacks_staff", language, role=problem.role_names.get(role, role), days=days)
            )
            continue
        size = 10 ** max(0, math.floor(math.log10(missing[name])) - 2)  # three digits
        euros = format_money(math.ceil(missing[name] / size) * size, language)
        year, kind = name.split()
        key = "lacks_later" if name.startswith(LATER) else "lacks_money"
        said.append(
            text(f"reason.{key}", language, year=year, kind=text(f"cost_kind.{kind}", language), amount=euros)
        )
    return said


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
        elif kind == "coverage":
            cover = next(cover for cover in problem.coverage if cover.id == what[0])
            there = len(cover.members)
            said.append(text("conflict.coverage", language, name=cover.name, n=cover.at_least, there=there))
        elif str(what[0]).startswith(LATER):
            money = str(what[0]).removeprefix(LATER)
            said.append(
                text(
                    "conflict.later",
                    language,
                    kind=text(f"cost_kind.{money}", language),
                    needed=format_money(float(needed[what[0]]), language),
                )
            )
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
        case "capacity" if str(what[0]).startswith(OFFICE):
            office = str(what[0]).removeprefix(OFFICE)
            return text("conflict.office", language, office=office, n=problem.projects_per_office)
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
        case "sitting":
            return text("conflict.sitting", language, **phase(what[0]))
        case _:
            return " ".join(map(str, conflict))
