"""What the council asks about a project: mandatory checks, risks, indicators, and who answers for it."""

from __future__ import annotations

import pandas as pd

from digistrat.inventory.checks.hits import OPEN, Hit, Hits, before, shown_date
from digistrat.inventory.record import Inventory, standard_form


def not_needed_without_reason(inventory: Inventory) -> Hits:
    """A mandatory check is said not to be needed, and no reason is given; said once a row of the sheet."""
    checks = inventory.project_checks
    bare = checks[(checks["state"] == "not_needed") & checks["reason"].isna()]
    names = _check_names(inventory)
    source = inventory.sources["project_checks"].reindex(bare.index)[["file", "sheet", "row"]]
    first = bare[~source.duplicated()]
    counts = source.groupby(["file", "sheet", "row"], dropna=False, sort=False)["row"].transform("size")
    for label, project, check in zip(first.index, first["project_id"], first["check_id"], strict=True):
        values = {"project": project, "check": names.get(check, check), "count": int(counts[label])}
        yield Hit("project_checks", label, "reason", values)


def checks_ahead(inventory: Inventory) -> Hits:
    """A mandatory check is done on a day after the reporting date."""
    checks, on = inventory.project_checks, pd.Timestamp(inventory.reporting_date)
    names = _check_names(inventory)
    for label, row in checks[(checks["state"] == "done") & (checks["check_date"] > on)].iterrows():
        values = {"project": row["project_id"], "check": names.get(row["check_id"], row["check_id"])}
        yield Hit(
            "project_checks", label, "state", values | {"date": shown_date(inventory, row["check_date"])}
        )


def checked_twice(inventory: Inventory) -> Hits:
    """Two rows give a project's mandatory check two states; said at the later one."""
    keys = ["project_id", "check_id"]
    told = inventory.project_checks.dropna(subset=[*keys, "state"])
    first = told.groupby(keys, sort=False)["state"].transform("first")
    names = _check_names(inventory)
    for label, row in told[told["state"] != first].drop_duplicates(keys).iterrows():
        values = {"project": row["project_id"], "check": names.get(row["check_id"], row["check_id"])}
        yield Hit("project_checks", label, "state", values)


def _check_names(inventory: Inventory) -> dict[str, str]:
    choices = standard_form(inventory.strategy).table("project_checks").column("check_id").choices
    return {check: labels[0] for check, labels in choices.items()}


def risks_without_measure(inventory: Inventory) -> Hits:
    """A risk of an open project is likely or grave, neither of them low, and nothing is done against it."""
    risks, status = inventory.risks, inventory.projects["status"]
    grave = (risks["probability"] == "high") | (risks["effect"] == "high")
    grave &= ~(risks["probability"] == "low") & ~(risks["effect"] == "low")
    grave &= risks["project_id"].isin(status.index[status.isin(OPEN)])
    for label, project in risks.loc[grave & risks["measure"].isna(), "project_id"].items():
        yield Hit("risks", label, "measure", {"project": project})


def targets_that_are_reached(inventory: Inventory) -> Hits:
    """An indicator's target is its value of today, so that nothing is to be achieved."""
    kpis = inventory.kpis
    for label, project in kpis.loc[kpis["base"] == kpis["target"], "project_id"].items():
        yield Hit("kpis", label, "target", {"project": project})


def known_subjects(inventory: Inventory) -> Hits:
    """Somebody answers for what is neither a project nor a service that anybody reported."""
    answers = inventory.responsibilities.dropna(subset=["subject_id"])
    known = {*inventory.projects.index, *inventory.services.index}
    for label in answers.index[~answers["subject_id"].isin(known)]:
        yield Hit("responsibilities", label, "subject_id")


def responsibility_end_before_start(inventory: Inventory) -> Hits:
    """Somebody answers for a project or service until a day before it begins to."""
    for label, start in before(inventory, "responsibilities", "valid_to", "valid_from"):
        subject = inventory.responsibilities.at[label, "subject_id"]
        yield Hit("responsibilities", label, "valid_to", {"start": start, "subject": subject})


def answering_at_once(inventory: Inventory) -> Hits:
    """Two organisations answer for the same project or service on the same day; said at the later row."""
    answers = inventory.responsibilities.dropna(subset=["subject_id", "office_id"])
    begins = answers["valid_from"].fillna(pd.Timestamp.min.ceil("D"))
    ends = answers["valid_to"].fillna(pd.Timestamp.max.floor("D"))
    for subject, rows in answers.groupby("subject_id", sort=False):
        told = list(zip(rows.index, rows["office_id"], begins[rows.index], ends[rows.index], strict=True))
        for place, (later, office, begin, end) in enumerate(told):
            for earlier, other, began, ended in told[:place]:
                if office != other and begin <= ended and began <= end:
                    first = str(inventory.locate("responsibilities", earlier, "subject_id"))
                    yield Hit("responsibilities", later, "subject_id", {"subject": subject, "first": first})
                    break
