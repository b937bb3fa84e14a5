"""The fourteen sections of a profile (*Maßnahmensteckbrief*), in the order in which a council reads them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pandas as pd

from digistrat.planning.profile_facts import NO_ANSWER, Entry, Facts, Row, known
from digistrat.planning.profile_money import costs, funding, one_off_total
from digistrat.planning.profile_status import status
from digistrat.planning.work import template_of
from digistrat.texts import format_date, format_number

CHECKS = (
    "staff_council",
    "data_protection",
    "security",
    "accessibility",
    "economy",
    "audit_office",
    "archive",
    "equality",
    "reuse",
)
# The further on, the later; a check is decided where some row says so.
PROGRESS = ("not_checked", "running", "not_needed", "done")


def head(facts: Facts, project: str) -> Iterator[Entry]:
    """Yield who does what for which goal."""
    row = facts.project(project)
    yield Entry("head", "project_id", project, "given", True, "projects", project, "project_id")
    for column in ("title", "field_id", "goal_ids"):
        yield facts.answer("head", column, row, column, is_mandatory=True)
    yield facts.answer("head", "office_id", row, "office_id", is_mandatory=True)
    yield _contact(facts, row)
    partners = [
        facts.show("cooperations", "reported_partner", row.values["reported_partner"])
        for row in facts.of("cooperations", project)
        if known(row.values["reported_partner"])
    ]
    yield _listed("head", "partners", facts.of("cooperations", project), "reported_partner", partners)
    date = format_date(facts.inventory.reporting_date, facts.language)
    yield Entry("head", "as_of", date, "computed", True)


def _contact(facts: Facts, row: Row) -> Entry:
    """The function that the return, or another one of the office, names for questions."""
    file = facts.inventory.sources["projects"].at[row.label, "file"]
    office = row.values.get("office_id")
    cover = facts.contacts.get(str(file)) or facts.contacts.get(str(office) if known(office) else "")
    if cover is None:
        return Entry("head", "contact", NO_ANSWER, "missing", True, "returns", None, "contact_function")
    return facts.answer("head", "contact", cover, "contact_function", is_mandatory=True)


def _listed(section: str, field: str, rows: Sequence[Row], column: str, shown: Sequence[str]) -> Entry:
    """Return several rows in one line, with the cell of the first."""
    first = rows[0] if rows else None
    table = first.table if first else ""
    if not shown:
        return Entry(section, field, NO_ANSWER, "missing")
    words = "; ".join(dict.fromkeys(shown))
    return Entry(section, field, words, "given", False, table, first.label if first else None, column)


def situation(facts: Facts, project: str) -> Iterator[Entry]:
    """Yield what there is today, and why it is to change."""
    row = facts.project(project)
    for column in ("description", "n_cases_yearly", "mandate", "legal_basis", "due_date"):
        yield facts.answer("situation", column, row, column)
    yield from _services(facts, project, "situation", "level")
    running = [
        facts.name("other_id", str(link.values["other_id"]))
        for link in facts.of("dependencies", project)
        if _status_of(facts, link.values["other_id"]) == "existing"
    ]
    yield _listed("situation", "existing", facts.of("dependencies", project), "other_id", running)


def _status_of(facts: Facts, other: Any) -> Any:
    statuses = facts.inventory.projects["status"]
    return statuses[other] if known(other) and other in statuses.index else None


def _services(facts: Facts, project: str, section: str, column: str) -> Iterator[Entry]:
    links = facts.of("project_services", project)
    served = [row for link in links for row in facts.of("services", str(link.values["service_id"]))]
    for row in served:
        name = facts.said(f"field.service_{column}", service=row.values.get("name") or row.label)
        yield facts.answer(section, f"service_{column}", row, column, name=name)
    if not served:
        yield Entry(section, f"no_service_{column}", NO_ANSWER, "missing", False, "project_services")


def target(facts: Facts, project: str) -> Iterator[Entry]:
    """Yield what is to be reached, and by what it is measured."""
    yield from _services(facts, project, "target", "target_level")
    yield from _score(facts, project, "target", "impact")
    rows = facts.of("kpis", project)
    for row in rows:
        values = {
            column: facts.show("kpis", column, row.values[column]) if known(row.values[column]) else NO_ANSWER
            for column in ("indicator", "base", "target", "target_date")
        }
        unit = f" {row.values['unit']}" if known(row.values["unit"]) else ""
        shown = facts.said("kpi", unit=unit, **values)
        yield Entry("target", "kpi", shown, "given", False, "kpis", row.label, "indicator")
    if not rows:
        yield Entry("target", "kpi", NO_ANSWER, "missing", False, "kpis", None, "indicator")


def _score(facts: Facts, project: str, section: str, which: str) -> Iterator[Entry]:
    scores = facts.scores.get(which)
    if scores is None or project not in scores.table.index:
        return
    row = scores.table.loc[project]
    if pd.isna(row["score"]):
        yield Entry(section, which, NO_ANSWER, "missing")
        return
    score, low, high = (format_number(row[n], facts.language, 1) for n in ("score", "lower", "upper"))
    words = score if low == high else facts.said("between", value=score, low=low, high=high)
    yield Entry(section, which, words, "computed")


def schedule(facts: Facts, project: str) -> Iterator[Entry]:
    """Yield when the work begins and ends, its phases and milestones."""
    row, planned = facts.project(project), facts.phases.get(project, [])
    for field, column, end in (("start", "start_date", 0), ("end", "end_date", -1)):
        entry = facts.answer("schedule", field, row, column, is_mandatory=True)
        if entry.state != "given" and planned:
            date = format_date(planned[end]["start" if field == "start" else "end"], facts.language)
            entry = entry._replace(value=date, state="computed", table="", label=None, column="")
        yield entry
    yield from _planned_phases(facts, planned) if planned else _own_phases(facts, project)
    for milestone in facts.milestones.get(project, []):
        name = facts.said(f"milestone.{milestone['milestone']}")
        date = format_date(milestone["date"], facts.language)
        yield Entry("schedule", "milestone", date, "computed", name=name)
    yield Entry("schedule", "acceptance", NO_ANSWER, "missing")


def _span(facts: Facts, start: Any, end: Any) -> str:
    first, last = (format_date(date, facts.language) if known(date) else NO_ANSWER for date in (start, end))
    return facts.said("span", start=first, end=last)


def _planned_phases(facts: Facts, planned: Sequence[dict[Any, Any]]) -> Iterator[Entry]:
    for phase in planned:
        shown = _span(facts, phase["start"], phase["end"])
        yield Entry("schedule", "phase", shown, "computed", True, name=str(phase["phase"]))


def _own_phases(facts: Facts, project: str) -> Iterator[Entry]:
    """The phases that the office reports; otherwise those of the template for a project of its cost."""
    rows = [row for row in facts.of("phases", project) if known(row.values["phase_id"])]
    for row in rows:
        months, start, end = (row.values[c] for c in ("duration_months", "start_date", "end_date"))
        shown = _span(facts, start, end) if known(start) or known(end) else ""
        length = facts.said("months", n=facts.number(months)) if known(months) else ""
        words = ", ".join(part for part in (shown, length) if part) or NO_ANSWER
        name = facts.name("phase_id", str(row.values["phase_id"]))
        yield Entry("schedule", "phase", words, "given", True, "phases", row.label, "phase_id", name)
    if rows:
        return
    total = one_off_total(facts, project)
    if total is None or not facts.inventory.strategy.phase_templates:
        yield Entry("schedule", "phases", NO_ANSWER, "missing", True, "phases", None, "phase_id")
        return
    template = template_of(facts.inventory.strategy, total)
    words = facts.said("template", name=template.name, phases=", ".join(p.name for p in template.phases))
    yield Entry("schedule", "phases", words, "computed", True)


def resources(facts: Facts, project: str) -> Iterator[Entry]:
    """Yield who works how much, and what is bought."""
    by_role: dict[str, list[Row]] = {}
    for row in facts.of("efforts", project):
        if known(row.values["role_id"]) and known(row.values["effort_days"]):
            by_role.setdefault(str(row.values["role_id"]), []).append(row)
    days = {role: sum(float(r.values["effort_days"]) for r in rows) for role, rows in by_role.items()}
    for role, rows in by_role.items():
        shown, name = facts.said("days", n=facts.number(days[role])), facts.name("role_id", role)
        yield Entry(
            "resources", "effort", shown, "given", True, "efforts", rows[0].label, "effort_days", name
        )
    if not by_role:
        days = {}
        total = one_off_total(facts, project)
        if total is not None and facts.inventory.strategy.phase_templates:
            for step in template_of(facts.inventory.strategy, total).phases:
                for role, effort in step.effort_days.items():
                    days[role] = days.get(role, 0.0) + effort
        if total is None or not facts.inventory.strategy.phase_templates:
            yield Entry("resources", "efforts", NO_ANSWER, "missing", True, "efforts", None, "effort_days")
        else:
            each = [f"{facts.name('role_id', role)} {facts.number(n)}" for role, n in days.items() if n]
            words = facts.said("by_template", roles="; ".join(each) or NO_ANSWER)
            yield Entry("resources", "efforts", words, "computed", True)
    yield _posts(facts, project, sum(days.values()))
    row = facts.project(project)
    yield facts.answer("resources", "external", row, "order_value_net_eur", is_mandatory=True)


def _posts(facts: Facts, project: str, days: float) -> Entry:
    """How many posts the work fills on average, from its days and its months."""
    row, planned = facts.project(project), facts.phases.get(project)
    start, end = row.values["start_date"], row.values["end_date"]
    if planned:
        start, end = planned[0]["start"], planned[-1]["end"]
    if not (days and known(start) and known(end) and end > start):
        return Entry("resources", "posts", NO_ANSWER, "missing")
    months = max((end - start).days / 30.4375, 1.0)
    fte = days / (months * facts.inventory.strategy.planning.days_per_fte_month)
    words = facts.said("fte", n=format_number(fte, facts.language, 2))
    return Entry("resources", "posts", words, "computed")


def procurement(facts: Facts, project: str) -> Iterator[Entry]:
    """Yield what is bought, how, and when that begins."""
    row = facts.project(project)
    yield facts.answer("procurement", "order_value", row, "order_value_net_eur")
    entry = facts.answer("procurement", "procedure", row, "procedure")
    orders = [p for p in facts.phases.get(project, []) if known(p.get("procedure"))]
    if entry.state == "missing" and orders:
        entry = Entry("procurement", "procedure", str(orders[0]["procedure"]), "computed")
    yield entry
    yield Entry("procurement", "lots", NO_ANSWER, "missing")
    if orders:
        start = format_date(orders[0]["start"], facts.language)
        yield Entry("procurement", "procurement_start", start, "computed")
    else:
        yield Entry("procurement", "procurement_start", NO_ANSWER, "missing")


def dependencies(facts: Facts, project: str) -> Iterator[Entry]:
    """Yield what it waits for, needs, excludes or completes, and who waits for it."""
    own, others = facts.of("dependencies", project), facts.of("reverse", project)
    for field, rows, column in (("dependency", own, "other_id"), ("dependent", others, "project_id")):
        for row in rows:
            kind, other, lag = (row.values[c] for c in ("kind", column, "lag_months"))
            named = facts.name("other_id", str(other)) if known(other) else NO_ANSWER
            key = f"link.{field}.{kind}" if known(kind) else "link.unknown"
            words = facts.said(key, other=named)
            if known(lag) and lag > 0:
                words += facts.said("lag", n=facts.number(lag))
            yield Entry("dependencies", field, words, "given", False, "dependencies", row.label, "other_id")
    if not own and not others:
        yield Entry(
            "dependencies", "dependency", facts.said("none_reported"), "missing", False, "dependencies"
        )
    yield Entry("dependencies", "external_dependency", NO_ANSWER, "missing")


def risks(facts: Facts, project: str) -> Iterator[Entry]:
    """Yield what may go wrong, and what is done against it."""
    rows = facts.of("risks", project)
    for row in rows:
        columns = ("risk", "probability", "effect", "measure", "owner")
        values = {
            c: facts.show("risks", c, row.values[c]) if known(row.values[c]) else NO_ANSWER for c in columns
        }
        yield Entry("risks", "risk", facts.said("risk", **values), "given", False, "risks", row.label, "risk")
    if not rows:
        yield Entry("risks", "risk", facts.said("none_reported"), "missing", False, "risks", None, "risk")


def checks(facts: Facts, project: str) -> Iterator[Entry]:
    """Yield every mandatory check with its state; of several rows the one that is furthest counts."""
    rows = [row for row in facts.of("project_checks", project) if known(row.values["state"])]
    for check in CHECKS:
        own = [row for row in rows if row.values["check_id"] == check]
        name = facts.name("check_id", check)
        if not own:
            words = facts.name("check_state", "not_checked")
            yield Entry("checks", check, words, "missing", True, "project_checks", None, "state", name)
            continue
        row = max(own, key=check_progress)
        words = facts.name("check_state", str(row.values["state"]))
        if row.values["state"] == "not_needed":
            reason = row.values["reason"]
            words = facts.said("because" if known(reason) else "without_reason", state=words, reason=reason)
        if known(row.values["check_date"]):
            words += f" ({format_date(row.values['check_date'], facts.language)})"
        yield Entry("checks", check, words, "given", True, "project_checks", row.label, "state", name)


def check_progress(row: Row) -> tuple[bool, int]:
    """Return how far a row says that its check is: decided before undecided."""
    state = row.values["state"]
    return is_decided(row), PROGRESS.index(state) if state in PROGRESS else -1


def is_decided(row: Row) -> bool:
    """Whether a check is done, or not needed for a reason."""
    state = row.values["state"]
    return bool(state == "done" or (state == "not_needed" and known(row.values["reason"])))


def participation(facts: Facts, project: str) -> Iterator[Entry]:
    """Yield whom it concerns and who takes part."""
    yield facts.answer("participation", "target_group", facts.project(project), "target_group")
    rows = [row for row in facts.of("cooperations", project) if known(row.values["kind"])]
    shown = [f"{row.values['reported_partner']}: {row.values['kind']}" for row in rows]
    yield _listed("participation", "cooperation", rows, "kind", shown)
    yield Entry("participation", "communication", NO_ANSWER, "missing")


def decision(facts: Facts, project: str) -> Iterator[Entry]:
    """Yield how it was chosen, and when it is submitted and decided."""
    table = facts.portfolio.table if facts.portfolio is not None else None
    if table is not None and project in table.index:
        yield Entry("decision", "selection", str(table.at[project, "reason"]), "computed")
    dates = {m["milestone"]: m["date"] for m in facts.milestones.get(project, [])}
    for milestone in ("submission", "decision"):
        date = dates.get(milestone)
        state = "computed" if known(date) else "missing"
        shown = format_date(date, facts.language) if known(date) else NO_ANSWER
        yield Entry("decision", milestone, shown, state)
    yield Entry("decision", "resolutions", NO_ANSWER, "missing")


def standing(facts: Facts, project: str) -> Iterator[Entry]:
    """Yield where it stands: status, traffic light with its rule, distance of plan and office, readiness."""
    yield from status(facts, project)
    yield from _score(facts, project, "status", "readiness")


SECTIONS: tuple[tuple[str, Callable[[Facts, str], Iterator[Entry]]], ...] = (
    ("head", head),
    ("situation", situation),
    ("target", target),
    ("schedule", schedule),
    ("resources", resources),
    ("costs", costs),
    ("funding", funding),
    ("procurement", procurement),
    ("dependencies", dependencies),
    ("risks", risks),
    ("checks", checks),
    ("participation", participation),
    ("decision", decision),
    ("status", standing),
)
