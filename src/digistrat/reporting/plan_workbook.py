"""The plan as a workbook: months as bars, milestones, load, money with live formulas, links and proof."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pandas as pd

from digistrat.planning.records import Plan
from digistrat.reporting.plan_bars import write_bars
from digistrat.reporting.plan_money import write_budget, write_commitments, write_load
from digistrat.reporting.plan_tasks import AFTER_START, plan_tasks
from digistrat.reporting.plan_words import (
    milestone_label,
    plan_source,
    plan_title,
    planned_projects,
    replaced_file,
)
from digistrat.reporting.workbook import SheetWriter, new_book, proof_text
from digistrat.texts import format_date, format_money, format_number, text


def plan_workbook(plan: Plan, path: str | Path) -> Path:
    """Write a plan as a workbook that people can filter, print and calculate with.

    Its sheets: what the plan is and how good it is proven to be; phases with dates and a bar by month,
    grouped by field of action and project; milestones; load by role and month; money by year and kind;
    commitments; links. Sums, what remains and where posts are exceeded are formulas with their values beside
    them. Everything that offices typed stays text, whatever it begins with. The same plan gives the same
    bytes.

    Parameters
    ----------
    plan : Plan
        From `schedule`. Where there is no plan, the first sheet gives the reasons, and there are no others.
    path : path
        The .xlsx to write, whole or not at all; its folder is made if need be.

    Returns
    -------
    Path
        The file.
    """
    target = Path(path)
    language = plan.inventory.strategy.language
    with replaced_file(target) as partial, new_book(partial, plan.inventory) as writer:
        writer.lines(text("plan_workbook.proof", language), _proof(plan))
        if len(plan.phases):
            write_bars(writer, plan)
            _table(writer, plan, "milestones", milestone_table(plan))
            write_load(writer, plan)
            write_budget(writer, plan)
            write_commitments(writer, plan)
            _table(writer, plan, "links", link_table(plan))
    return target


def _table(writer: SheetWriter, plan: Plan, name: str, table: pd.DataFrame) -> None:
    if len(table):
        said = text(f"plan_workbook.about_{name}", writer.language)
        writer.table(text(f"plan_workbook.{name}", writer.language), table, said, plan_source(plan))


def _proof(plan: Plan) -> list[tuple[str, str]]:
    """Say where the plan comes from, how good it is proven to be, and what is not part of it."""
    strategy, problem = plan.inventory.strategy, plan.problem
    language = strategy.language
    rows = [
        ("title", plan_title(plan)),
        ("notice", strategy.notice),
        ("source", plan_source(plan)),
        ("start", format_date(problem.start, language)),
        ("status", proof_text(plan, language)),
        ("value", format_number(plan.objective, language, 1)),
        ("bound", format_number(plan.bound, language, 1)),
        ("gap", text("plan_workbook.percent", language, number=format_number(100 * plan.gap, language, 1))),
        ("rule", text("plan_workbook.value_rule", language)),
        ("n_projects", format_number(plan.phases["project_id"].nunique(), language)),
        ("n_phases", format_number(len(plan.phases), language)),
        ("makespan", format_number(plan.makespan, language)),
        ("cost", format_money(_cost(plan), language)),
        ("seed", str(problem.seed)),
        ("effort", format_number(problem.effort_limit, language, 1)),
        *(("conflict", words) for words in plan.conflicts),
        *(("note", words) for words in plan.notes),
    ]
    return [(text(f"plan_workbook.{key}", language), value) for key, value in rows if value]


def _cost(plan: Plan) -> float:
    return float(plan.budget["one_off_eur"].sum())


def milestone_table(plan: Plan) -> pd.DataFrame:
    """Return the milestones by day, with what the projects are called; columns as the sheet names them."""
    language = plan.inventory.strategy.language
    projects = {project.number: project for project in planned_projects(plan)}
    rows = []
    for row in plan.milestones.sort_values(["date", "project_id"], kind="stable").itertuples():
        project = projects[str(row.project_id)]
        rows.append(
            {
                "date": row.date,
                "milestone": milestone_label(str(row.milestone), language),
                "number": project.number,
                "title": project.title,
                "office": project.office,
                "field": project.field,
                "due": project.due,
                "cell": project.source,
            }
        )
    return _labelled(pd.DataFrame(rows), language)


def link_table(plan: Plan) -> pd.DataFrame:
    """Return which phase waits for which, with the days between them; columns as the sheet names them."""
    language = plan.inventory.strategy.language
    tasks = plan_tasks(plan, title="", notes="")
    phases = {task.number: task for task in tasks if task.kind == "phase"}
    titles = {project.number: project.title for project in planned_projects(plan)}
    rows = []
    for task in phases.values():
        for link in task.links:
            before = phases[link.number]
            freed = before.first if link.kind == AFTER_START else before.last + dt.timedelta(days=1)
            rows.append(
                {
                    "successor": task.number,
                    "successor_title": titles[task.project],
                    "successor_phase": task.name,
                    "waits_for": text(f"plan_workbook.link_{link.kind}", language),
                    "predecessor": link.number,
                    "predecessor_title": titles[before.project],
                    "predecessor_phase": before.name,
                    "free_from": freed,
                    "begins": task.first,
                    "lag": link.lag,
                    "days_between": (task.first - freed).days,
                }
            )
    return _labelled(pd.DataFrame(rows), language)


def _labelled(table: pd.DataFrame, language: str) -> pd.DataFrame:
    return table.rename(columns={name: text(f"plan_workbook.{name}", language) for name in table.columns})
