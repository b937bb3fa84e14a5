"""What is said twice: projects, rows, descriptions, ratings, whole returns."""

from __future__ import annotations

import pandas as pd

from digistrat.intake.values import fold
from digistrat.inventory.checks.hits import (
    Hit,
    Hits,
    files_of,
    own_ratings,
    repeated,
    senders,
    shown_date,
)
from digistrat.inventory.duplicates import same_titles
from digistrat.inventory.record import Inventory

# What of a project is its own; a row that shares three of these and all else with another is a copy of it.
OWN = (
    "description",
    "start_date",
    "end_date",
    "release_date",
    "due_date",
    "legal_basis",
    "n_cases_yearly",
    "order_value_net_eur",
    "funding_eur",
    "funding_until_date",
)
N_OWN, LONG_DESCRIPTION, N_CRITERIA = 3, 100, 5
DAYS_ASIDE = 31
# Tables whose values are added up, and what must be known of two rows to be the same.
SUMMED = (
    ("project_costs", "amount_eur", ["project_id", "kind", "is_recurring", "year"]),
    ("project_effects", "amount_eur", ["project_id", "kind", "is_budget_effective", "year"]),
    ("efforts", "effort_days", ["project_id", "phase_id", "role_id"]),
)


def reported_once(inventory: Inventory) -> Hits:
    """Two projects have the same title: perhaps the same project, reported by two offices."""
    for pair in same_titles(inventory.projects).itertuples(index=False):
        first = inventory.locate("projects", pair.first, "title")
        yield Hit("projects", pair.second, "title", {"first": str(first), "first_id": pair.first})


def copied_projects(inventory: Inventory) -> Hits:
    """A project's row is another one's but for number and title."""
    projects = inventory.projects
    telling = projects[projects[list(OWN)].notna().sum(axis="columns") >= N_OWN]
    titles = projects["title"].fillna("").map(fold)
    columns = [column for column in projects if column != "title"]
    for label, first in repeated(telling, columns).items():
        if titles[label] != titles[first]:  # otherwise it is said already
            yield Hit("projects", label, "title", {"first_id": first})


def copied_descriptions(inventory: Inventory) -> Hits:
    """Two projects of an office have the same long description."""
    projects = inventory.projects.assign(sender=senders(inventory, "projects"))
    telling = projects[projects["description"].str.len().fillna(0) >= LONG_DESCRIPTION]
    said = {hit.label for hit in copied_projects(inventory)}
    for label, first in repeated(telling, ["sender", "description"]).items():
        if label not in said:
            yield Hit("projects", label, "description", {"first_id": first})


def copied_ratings(inventory: Inventory) -> Hits:
    """Two projects of an office have the same points on all of five criteria or more, and the same costs."""
    ratings, costs = own_ratings(inventory.impact_ratings), inventory.project_costs
    rated = ratings.dropna(subset=["project_id", "criterion_id", "points"])
    rated = rated.drop_duplicates(["project_id", "criterion_id"])
    points = rated.pivot(index="project_id", columns="criterion_id", values="points")
    points = points[points.notna().sum(axis="columns") >= N_CRITERIA]
    priced = costs.dropna(subset=["project_id", "year", "amount_eur"])
    years = [
        priced["project_id"],
        priced["kind"].fillna(""),
        priced["is_recurring"].fillna(False),
        priced["year"],
    ]
    money = priced["amount_eur"].groupby(years).sum().unstack([1, 2, 3])
    both = pd.Index(rated["project_id"].unique())  # in the order of the rows
    both = both[both.isin(points.index) & both.isin(money.index)]
    if both.empty:
        return
    wide = pd.concat([points.loc[both], money.loc[both]], axis="columns")
    wide.columns = pd.RangeIndex(wide.shape[1])
    sender = senders(inventory, "impact_ratings")[rated.index].groupby(rated["project_id"]).first()
    wide["sender"] = sender.reindex(both)
    where = rated.drop_duplicates("project_id").reset_index().set_index("project_id").iloc[:, 0]
    for project, first in repeated(wide, list(wide.columns)).items():
        yield Hit("impact_ratings", where[project], "points", {"project": project, "first_id": first})


def rows_said_once(inventory: Inventory) -> Hits:
    """A row of costs, effects or efforts says the same as an earlier one, and both are added up."""
    for table, value, keys in SUMMED:
        frame = inventory.tables[table]
        source = inventory.sources[table].reindex(frame.index)[["file", "sheet", "row"]]
        row_of = pd.Series(list(source.itertuples(index=False, name=None)), frame.index, dtype="object")
        told = frame[(frame[value] > 0) & frame[keys].notna().all(axis="columns")]
        same = repeated(told, list(frame.columns))
        first = {label: other for label, other in same.items() if row_of[label] != row_of[other]}
        twice = pd.Series(frame.index.isin(list(first)), frame.index)
        whole = twice.groupby(row_of, sort=False).all()
        for label, row in row_of[twice].drop_duplicates().items():
            if whole[row]:
                place = inventory.locate(table, first[label], value)
                values = {"project": frame.at[label, "project_id"], "first": str(place)}
                yield Hit(table, label, value, values)


def report_date_of_the_round(inventory: Inventory) -> Hits:
    """A return is more than a month older or newer than the reporting date: perhaps that of another round."""
    cover, on = inventory.returns, pd.Timestamp(inventory.reporting_date)
    for label in cover.index[(cover["report_date"] - on).abs() > pd.Timedelta(days=DAYS_ASIDE)]:
        yield Hit("returns", label, "report_date", {"date": shown_date(inventory, on)})


def returned_once(inventory: Inventory) -> Hits:
    """An organisation sends two returns with the same tables; both are counted."""
    cover = inventory.returns.assign(file=files_of(inventory, "returns"))
    cover = cover.dropna(subset=["office_id"]).drop_duplicates("file")
    first = repeated(cover, ["office_id"])
    tables = [name for name in inventory.sources if name != "returns"] if first else []
    own = own_ratings(inventory.impact_ratings).index  # what a unit moderates is no second return of its own
    files = [
        set(files_of(inventory, table)[own if table == "impact_ratings" else slice(None)]) for table in tables
    ]
    for label, earlier in first.items():
        both = {cover.at[label, "file"], cover.at[earlier, "file"]}
        if any(both <= of_table for of_table in files):
            yield Hit("returns", label, "reported_office", {"first": cover.at[earlier, "file"]})
