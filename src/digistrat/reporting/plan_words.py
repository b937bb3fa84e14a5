"""What is said of a plan's projects and milestones wherever a plan leaves the house."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from digistrat.planning.records import Plan
from digistrat.texts import format_date, has_text, text

MILESTONES = ("decision", "submission", "order", "go_live", "grant_end")  # there may be others


@dataclass(frozen=True)
class PlannedProject:
    """What readers want to know of a planned project; texts are empty where nothing is known.

    Attributes
    ----------
    number, title, office_id, office, field : str
    source : str
        The cell that its title came from.
    due : date, optional
        The day by which it must be done.
    """

    number: str
    title: str
    office_id: str
    office: str
    field: str
    source: str
    due: dt.date | None

    @property
    def name(self) -> str:
        """Number and title."""
        return f"{self.number} {self.title}".strip()


def planned_projects(plan: Plan) -> list[PlannedProject]:
    """Return the projects of a plan: fields of action in the strategy's order, in each by beginning.

    Parameters
    ----------
    plan : Plan
        From `schedule`.
    """
    inventory = plan.inventory
    strategy = inventory.strategy
    fields = {field.id: field.name for field in strategy.fields}
    unknown = text("plan_words.no_field", strategy.language)
    offices = inventory.offices["name"]
    table = inventory.projects
    span = plan.phases.groupby("project_id").agg(start=("start", "min"), end=("end", "max"))
    place = {field: number for number, field in enumerate(fields)}
    order = span.assign(field=table["field_id"].reindex(span.index).map(place).fillna(len(place)))
    found = []
    for project in order.sort_values(["field", "start", "end"], kind="stable").index:
        row = table.loc[project]
        office = _known(row["office_id"])
        due = row["due_date"]
        found.append(
            PlannedProject(
                number=str(project),
                title=_known(row["title"]),
                office_id=office,
                office=_known(offices.get(office, office)),
                field=fields.get(row["field_id"], unknown),
                source=str(inventory.locate("projects", project, "title")),
                due=None if pd.isna(due) else due.date(),
            )
        )
    return found


def _known(value: object) -> str:
    """Return a text on one line, without halves of characters; empty where there is none."""
    return " ".join(value.split()).encode("utf-8", "ignore").decode("utf-8") if isinstance(value, str) else ""


def milestone_label(kind: str, language: str) -> str:
    """Return what a kind of milestone is called; its own name where the catalogue has none.

    Examples
    --------
    >>> milestone_label("go_live", "de"), milestone_label("grand_opening", "de")
    ('Betriebsbeginn', 'grand opening')
    """
    key = f"milestone.{kind}"
    return text(key, language) if has_text(key, language) else kind.replace("_", " ")


def phase_costs(plan: Plan) -> pd.Series:
    """Return what each planned phase costs once, in euros, all kinds together."""
    return plan.problem.costs.reindex(plan.phases.index).sum(axis="columns").astype(float)


def plan_title(plan: Plan) -> str:
    """Return what a plan is called: its strategy's title and the city."""
    head = plan.inventory.strategy.strategy
    return f"{head.title}, {head.city}"


def plan_source(plan: Plan) -> str:
    """Return where a plan comes from in one line: notice, version of the strategy, reporting date."""
    strategy = plan.inventory.strategy
    said = text(
        "plan_words.source",
        strategy.language,
        n=len(plan.inventory.files),
        date=format_date(plan.inventory.reporting_date, strategy.language),
        version=strategy.strategy.version,
    )
    return f"{strategy.notice.rstrip('.')}. {said}" if strategy.notice else said


@contextmanager
def replaced_file(path: Path) -> Iterator[Path]:
    """Give a new file beside the target that takes its place when the block ends without an error."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.part-{os.getpid()}")
    try:
        yield partial
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
