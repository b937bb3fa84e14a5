"""What single projects lack or say twice over: titles, duties, costs and ratings."""

from __future__ import annotations

import re
from functools import cache

import pandas as pd

from digistrat.intake.values import fold
from digistrat.intake.values.words import words
from digistrat.inventory.checks.hits import OPEN, Hit, Hits, own_ratings, senders
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
    named = inventory.project_costs["project_id"].dropna()
    yield from _without(inventory, named, senders(inventory, "project_costs")[named.index])


def projects_without_ratings(inventory: Inventory) -> Hits:
    """An open project has no rating of its impact, though its office rates others."""
    ratings = inventory.impact_ratings
    rated = ratings.loc[ratings["state"] != "missing", "project_id"].dropna()
    own = rated.index.intersection(own_ratings(ratings).index)  # who moderates need not rate its own
    yield from _without(inventory, rated, senders(inventory, "impact_ratings")[own])


def _without(inventory: Inventory, named: pd.Series, filling: pd.Series) -> Hits:
    """Open projects not named by a table that their sender fills in; one reported twice needs it once."""
    projects = inventory.projects.assign(sender=senders(inventory, "projects"))
    pairs = same_titles(projects)
    reported_twice = {*pairs["first"], *pairs["second"]}
    lacks = projects["status"].isin(OPEN) & ~projects.index.isin({*named, *reported_twice})
    for label in projects.index[lacks & projects["sender"].isin(set(filling))]:
        yield Hit("projects", label, "project_id")
