"""Administrative services: their levels, their cases, and the projects that improve them."""

from __future__ import annotations

from typing import Any

import pandas as pd

from digistrat.intake.values import fold
from digistrat.inventory.checks.hits import Hit, Hits, ends, files_of, senders
from digistrat.inventory.record import Inventory

OUTWARD = {"citizens", "business"}
NAME_LENGTH = 8  # shorter names of services stand in many titles
MANY_SERVICES, MANY_PROJECTS = 5, 3


def services_without_model(inventory: Inventory) -> Hits:
    """Services have a level but no model to read it by, so that they are not scored; said once a file."""
    services = inventory.services.assign(file=files_of(inventory, "services"))
    bare = services[services["level"].notna() & services["model"].isna()]
    counts = bare["file"].value_counts()
    for label, file in bare["file"].drop_duplicates().items():
        yield Hit("services", label, "model", {"count": int(counts[file])})


def levels_of_the_model(inventory: Inventory) -> Hits:
    """A service's level is none of its model's; said once a service."""
    services = inventory.services
    for model in inventory.strategy.service_models:
        values = {"model": model.id, "first": model.floor, "last": model.target}
        rated = services[services["model"] == model.id]
        said: set[Any] = set()
        for column in ("level", "target_level"):
            level = rated[column]
            wrong = (level < model.floor) | (level > model.target) | (level % 1 > 0)
            for label in [label for label in rated.index[wrong] if label not in said]:
                said.add(label)
                yield Hit("services", label, column, values)


def models_in_force(inventory: Inventory) -> Hits:
    """Services have levels of a model not in force on the reporting date; said once a file and model."""
    services = inventory.services.assign(file=files_of(inventory, "services"))
    on = inventory.reporting_date
    for model in inventory.strategy.service_models:
        if model.valid_from <= on and (model.valid_to is None or on <= model.valid_to):
            continue
        rated = services[(services["model"] == model.id) & services["level"].notna()]
        counts = rated["file"].value_counts()
        for label, file in rated["file"].drop_duplicates().items():
            yield Hit("services", label, "model", {"model": model.id, "count": int(counts[file])})


def level_of_the_criteria(inventory: Inventory) -> Hits:
    """A service's level is not the lowest of its criteria, where this decides."""
    services, ratings = inventory.services, inventory.service_ratings
    for model in inventory.strategy.service_models:
        if model.rule != "minimum" or not model.criteria:
            continue
        of_model = services.index[services["model"] == model.id]
        levels = services["level"].where(services["level"].isin(range(model.floor, model.target + 1)))
        own = ratings[ratings["criterion_id"].isin([criterion.id for criterion in model.criteria])]
        own = own[own["service_id"].isin(of_model) & (own["state"] != "missing")]
        own = own.drop_duplicates(["service_id", "criterion_id"])
        is_level = (own["level"] >= model.floor) & (own["level"] <= model.target) & (own["level"] % 1 == 0)
        most = own["level"].where(is_level).groupby(own["service_id"]).min()
        settled = (is_level | (own["state"] == "not_applicable")).groupby(own["service_id"]).sum()
        least = most.where(settled == len(model.criteria), float(model.floor))
        found = levels.reindex(most.index)
        for label in most.index[(found < least) | (found > most)]:
            ends = dict.fromkeys(f"{end[label]:g}" for end in (least, most))
            yield Hit("services", label, "level", {"level": "–".join(ends), "model": model.id})


def target_below_level(inventory: Inventory) -> Hits:
    """The level aimed at is below the present one."""
    for table in ("services", "maturity_ratings"):
        frame = inventory.tables[table]
        is_below = ends(frame, "target_level")[1] < ends(frame, "level")[0]
        for label, level in frame.loc[is_below, "level"].items():
            yield Hit(table, label, "target_level", {"level": f"{level:g}"})


def services_without_cases(inventory: Inventory) -> Hits:
    """An office reports five services or more and of none how many cases it has; said once."""
    services = inventory.services
    sender = senders(inventory, "services")
    known = services["n_cases_yearly"].notna().groupby(sender)
    for office in known.size().index[(known.size() >= MANY_SERVICES) & ~known.any()]:
        label = services.index[sender == office][0]
        yield Hit("services", label, "n_cases_yearly", {"count": int((sender == office).sum())})


def online_without_cases(inventory: Inventory) -> Hits:
    """A service that is online has no case a year."""
    services = inventory.services
    online = {model.id: model.online_from for model in inventory.strategy.service_models}
    is_online = services["level"] >= services["model"].map(online).astype(float)
    for label in services.index[is_online & (services["n_cases_yearly"] == 0).fillna(False).astype(bool)]:
        yield Hit("services", label, "n_cases_yearly")


def existing_without_service(inventory: Inventory) -> Hits:
    """An existing project for citizens or business names a service of its office and is assigned to none."""
    if inventory.project_services.empty:
        return
    linked = set(inventory.project_services["project_id"].dropna())
    projects = _outward(inventory)
    projects = projects[~projects.index.isin(linked)].dropna(subset=["title", "office_id"])
    services = inventory.services.dropna(subset=["name", "office_id"])
    names = services.assign(folded=services["name"].map(fold))
    names = names[names["folded"].str.len() >= NAME_LENGTH]
    by_office = {
        office: list(zip(rows.index, rows["folded"], strict=True))
        for office, rows in names.groupby("office_id")
    }
    for label, title, office in zip(projects.index, projects["title"], projects["office_id"], strict=True):
        folded = f" {fold(title)} "
        service = next((key for key, name in by_office.get(office, ()) if f" {name} " in folded), None)
        if service is not None:
            values = {"service": service, "name": services.at[service, "name"]}
            yield Hit("projects", label, "title", values)


def projects_never_assigned(inventory: Inventory) -> Hits:
    """An office has many services and existing projects for citizens or business, and assigns none; once."""
    links = inventory.project_services
    if links.empty:
        return
    linked = set(links["project_id"].dropna())
    assigning = set(inventory.projects["office_id"][inventory.projects.index.isin(linked)].dropna())
    n_services = inventory.services.groupby("office_id").size()
    for office, projects in _outward(inventory).groupby("office_id"):
        count = int(n_services.get(office, 0))
        if office not in assigning and count >= MANY_SERVICES and len(projects) >= MANY_PROJECTS:
            values = {"count": len(projects), "services": count}
            yield Hit("projects", projects.index[0], "title", values)


def _outward(inventory: Inventory) -> pd.DataFrame:
    projects = inventory.projects
    projects = projects[projects["status"] == "existing"]
    # a list that nobody gave is no list
    groups = [of if isinstance(of, (tuple, list)) else () for of in projects["target_group"]]
    outward = [bool(OUTWARD.intersection(group)) for group in groups]
    return projects[pd.Series(outward, projects.index, dtype=bool)]
