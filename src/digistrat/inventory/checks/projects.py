"""What single projects lack or say twice over: titles, duties, costs and ratings."""

from __future__ import annotations

import re
from functools import cache

import pandas as pd

from digistrat.intake.values import fold
from digistrat.intake.values.words import words
from digistrat.inventory.checks.hits import OPEN, Hit, Hits, senders
from digistrat.inventory.duplicates import same_titles
from digistrat.inventory.record import Inventory

DUTIES = 3


@cache
def _placeholders() -> frozenset[str]:
    return frozenset(fold(word) for word in words()["titles"]["placeholders"])


def titles_that_say_something(inventory: Inventory) -> Hits:
    """A project's title is a placeholder, such as "Test" or "Project 1"."""
    titles = inventory.projects["title"].dropna()
    bare = titles.map(lambda title: re.sub(r" ?\d+$", "", fold(title)))
    for label in bare.index[bare.isin(_placeholders())]:
        yield Hit("projects", label, "title")


def legal_duty_without_basis(inventory: Inventory) -> Hits:
    """A project is a legal duty, and its law is not named."""
    projects = inventory.projects
    for label in projects.index[(projects["mandate"] == "legal") & projects["legal_basis"].isna()]:
        yield Hit("projects", label, "legal_basis")


def basis_without_duty(inventory: Inventory) -> Hits:
    """A project names a legal basis, but is said to be no duty, or it is not said."""
    projects = inventory.projects
    none = projects["mandate"].isna() | (projects["mandate"] == "none")
    for label in projects.index[none & projects["legal_basis"].notna()]:
        yield Hit("projects", label, "mandate", {"basis": projects.at[label, "legal_basis"]})


def duties_without_due_date(inventory: Inventory) -> Hits:
    """An office reports three open legal duties or more and a due date of none; said once."""
    projects = inventory.projects.assign(sender=senders(inventory, "projects"))
    duties = projects[(projects["mandate"] == "legal") & projects["status"].isin(OPEN)]
    for _, rows in duties.groupby("sender"):
        if len(rows) >= DUTIES and rows["due_date"].isna().all():
            yield Hit("projects", rows.index[0], "due_date", {"count": len(rows)})


def projects_without_costs(inventory: Inventory) -> Hits:
    """An open project has no costs, though its office reports costs of others."""
    yield from _without(inventory, "project_costs", pd.Series(True, inventory.project_costs.index))


def projects_without_ratings(inventory: Inventory) -> Hits:
    """An open project has no rating of its impact, though its office rates others."""
    yield from _without(inventory, "impact_ratings", inventory.impact_ratings["state"] != "missing")


def _without(inventory: Inventory, table: str, answered: pd.Series) -> Hits:
    """Open projects of senders that fill in the table; a project reported twice needs it once."""
    projects = inventory.projects.assign(sender=senders(inventory, "projects"))
    has = inventory.tables[table].loc[answered, "project_id"].dropna()
    sends = set(senders(inventory, table)[has.index])
    pairs = same_titles(projects)
    reported_twice = {*pairs["first"], *pairs["second"]}
    lacks = projects["status"].isin(OPEN) & ~projects.index.isin({*has, *reported_twice})
    for label in projects.index[lacks & projects["sender"].isin(sends)]:
        yield Hit("projects", label, "project_id")
