"""Where a project stands: its traffic light by a written rule, and how late its plan is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from digistrat.planning.profile_facts import NO_ANSWER, Entry, Facts, known
from digistrat.texts import format_date

LATE_MONTHS = 3  # so much later than its office wants is worth a word
GRAVE = ("high", "medium")


def status(facts: Facts, project: str) -> Iterator[Entry]:
    """Yield status, traffic light, rule and deviation."""
    yield facts.answer("status", "status", facts.project(project), "status")
    colour, why = traffic_light(facts, project)
    words = "; ".join(why)
    said = facts.said(f"light.{colour}")
    yield Entry("status", "light", f"{said}: {words}" if words else said, "computed")
    yield Entry("status", "rule", facts.said("light.rule", months=LATE_MONTHS), "computed")
    end, wanted = _end(facts, project), facts.project(project).values["end_date"]
    if not facts.phases.get(project) or not known(wanted):
        yield Entry("status", "deviation", NO_ANSWER, "missing")
        return
    months = (end.year - wanted.year) * 12 + end.month - wanted.month
    key = "on_time" if months == 0 else "later" if months > 0 else "earlier"
    yield Entry(
        "status", "deviation", facts.said(f"deviation.{key}", n=facts.number(abs(months))), "computed"
    )


def traffic_light(facts: Facts, project: str) -> tuple[str, list[str]]:
    """Return colour and reasons: red what breaks law, grant or hope, amber what needs a look, else green.

    Red: it ends after its due date or after its grant, or a risk that is likely and grave has no measure.
    Amber: a phase that should be over is not, it ends more than three months later than its office wants, a
    grave risk has no measure, or a grant is not approved yet. Without any date, grey.
    """
    row, end = facts.project(project).values, _end(facts, project)
    red, amber = [], []
    for column, key in (("due_date", "after_due"), ("funding_until_date", "after_grant")):
        if known(end) and known(row[column]) and end > row[column]:
            red.append(facts.said(f"light.{key}", date=format_date(row[column], facts.language)))
    for risk in facts.of("risks", project):
        if not known(risk.values["measure"]):
            levels = (risk.values["probability"], risk.values["effect"])
            if levels == ("high", "high"):
                red.append(facts.said("light.unmet_risk"))
            elif "high" in levels and set(levels) <= set(GRAVE):
                amber.append(facts.said("light.unmet_risk"))
    for phase in _overdue(facts, project):
        amber.append(facts.said("light.overdue", phase=phase))
    if known(end) and known(row["end_date"]) and end > row["end_date"] + pd.DateOffset(months=LATE_MONTHS):
        amber.append(facts.said("light.late", date=format_date(row["end_date"], facts.language)))
    if row["funding_state"] == "applied":
        amber.append(facts.said("light.applied"))
    colour = "red" if red else "amber" if amber else "green" if known(end) else "grey"
    return colour, list(dict.fromkeys([*red, *amber]))


def _end(facts: Facts, project: str) -> Any:
    """The plan's end, or the office's own."""
    planned = facts.phases.get(project)
    return planned[-1]["end"] if planned else facts.project(project).values["end_date"]


def _overdue(facts: Facts, project: str) -> Iterator[str]:
    """Phases whose planned end is over, and that have not ended."""
    on = pd.Timestamp(facts.inventory.reporting_date)
    for row in facts.of("phases", project):
        values = row.values
        is_done = known(values["actual_end_date"]) or values["share_done"] == 1
        if known(values["end_date"]) and values["end_date"] < on and not is_done:
            yield facts.name("phase_id", str(values["phase_id"]))
