"""What is known of projects, gathered once for all of them, and how one answer is read and written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import pandas as pd

from digistrat.inventory.record import READ_FROM, Inventory, standard_form
from digistrat.inventory.unanswered import why_unanswered
from digistrat.planning.records import Plan, Portfolio
from digistrat.scoring.composite import Scores
from digistrat.texts import format_date, format_number, has_text, text

BY_PROJECT = (
    "project_costs",
    "project_services",
    "efforts",
    "phases",
    "dependencies",
    "cooperations",
    "project_checks",
    "risks",
    "kpis",
)
NO_ANSWER = "–"


class Row(NamedTuple):
    """A row of a table of the inventory."""

    table: str
    label: Any
    values: Mapping[Any, Any]


class Asked(NamedTuple):
    """How the form asks for a column: its kind, sheet and header (none where members are columns)."""

    kind: str
    sheet: str
    header: str


class Entry(NamedTuple):
    """One line of a profile.

    Attributes
    ----------
    section, field : str
        Keys of their names.
    value : str
        Ready to read.
    state : {"given", "missing", "not_applicable", "unreadable", "computed"}
    is_mandatory : bool
    table, label, column
        Where it stands or is to stand; no label where there is no row yet, no table where nobody is asked.
    name : str
        What the field is called, where its key alone does not say it.
    """

    section: str
    field: str
    value: str
    state: str
    is_mandatory: bool = False
    table: str = ""
    label: Any = None
    column: str = ""
    name: str = ""


@dataclass(frozen=True, eq=False)
class Facts:
    """What is known of some projects.

    Attributes
    ----------
    inventory : Inventory
    asked : mapping
        Table and column → how the form asks for it.
    rows : mapping
        Table → project → its rows; ``"reverse"`` holds the dependencies of others on it.
    names : mapping
        Column → code → name.
    contacts : mapping
        File or organisation → row of its cover sheet with a contact.
    phases, milestones : mapping
        Project → rows of the plan's tables; ``is_planned`` says whether there is a plan.
    scores : mapping
        ``impact`` and ``readiness`` → table of scores, where given.
    """

    inventory: Inventory
    asked: Mapping[tuple[str, str], Asked]
    rows: Mapping[str, Mapping[str, list[Row]]]
    names: Mapping[str, Mapping[str, str]]
    contacts: Mapping[str, Row]
    phases: Mapping[str, list[dict[Any, Any]]]
    milestones: Mapping[str, list[dict[Any, Any]]]
    scores: Mapping[str, Scores]
    portfolio: Portfolio | None
    plan: Plan | None

    @property
    def language(self) -> str:
        """The strategy's language."""
        return self.inventory.strategy.language

    def said(self, key: str, **values: Any) -> str:
        """Return a text of the profile."""
        return text(f"profile.{key}", self.language, **values)

    def of(self, table: str, project: str) -> list[Row]:
        """Return a project's rows of a table."""
        return self.rows.get(table, {}).get(project, [])

    def project(self, project: str) -> Row:
        """Return a project's own row."""
        return self.rows["projects"][project][0]

    def show(self, table: str, column: str, value: Any) -> str:
        """Write a value of a column of the form as people read it."""
        kind, language = self.asked[table, column].kind, self.language
        if kind == "amount":
            return self.euros(value)
        if kind == "date":
            return format_date(value, language)
        if kind in ("number", "integer"):
            return self.number(value)
        if kind == "boolean":
            return text("template.yes_no", language).split("/")[0 if value else 1]
        if isinstance(value, (tuple, list)):
            return "; ".join(self.name(column, str(item)) for item in value)
        return self.name(column, str(value))

    def name(self, column: str, code: str) -> str:
        """Return what a code of a column stands for; the code itself where it is no code."""
        known = self.names.get(column, {})
        if code in known:
            return known[code]
        key = f"profile.choice.{column}.{code}"
        return text(key, self.language) if has_text(key, self.language) else code

    def euros(self, value: float) -> str:
        """Write an amount to the euro."""
        return text("unit.eur_one", self.language, number=format_number(value, self.language))

    def number(self, value: float) -> str:
        """Write a number with no more decimals than it has, two at most."""
        decimals = next((n for n in (0, 1) if round(float(value), n) == float(value)), 2)
        return format_number(value, self.language, decimals)

    def answer(
        self, section: str, field: str, row: Row, column: str, *, is_mandatory: bool = False, name: str = ""
    ) -> Entry:
        """Return what a cell says, or why it says nothing."""
        value = row.values.get(column)
        if known(value):
            shown, state = self._with_range(row, column, value), "given"
        else:
            shown, state = self._no_answer(row, column)
        return Entry(section, field, shown, state, is_mandatory, row.table, row.label, column, name)

    def _with_range(self, row: Row, column: str, value: Any) -> str:
        ends = [row.values.get(f"{column}_{end}") for end in ("lower", "upper")]
        shown = self.show(row.table, column, value)
        if not all(map(known, ends)) or ends[0] == ends[1]:
            return shown
        low, high = (self.show(row.table, column, end) for end in ends)
        return self.said("between", value=shown, low=low, high=high)

    def _no_answer(self, row: Row, column: str) -> tuple[str, str]:
        found = why_unanswered(self.inventory, row.table, row.label, column)
        if found.state == "unreadable":
            return found.words, "unreadable"
        return (NO_ANSWER if found.state == "missing" else self.said("not_applicable")), found.state


def known(value: Any) -> bool:
    """Whether a cell gave a value."""
    if isinstance(value, (tuple, list)):
        return bool(value)
    return value is not None and value != "" and not pd.isna(value)


def gather(
    inventory: Inventory,
    projects: Iterable[str],
    scores: Mapping[str, Scores],
    portfolio: Portfolio | None,
    plan: Plan | None,
) -> Facts:
    """Gather what is known of projects."""
    chosen = list(projects)
    rows = {table: _by(inventory, table, "project_id", chosen) for table in BY_PROJECT}
    rows["reverse"] = _by(inventory, "dependencies", "other_id", chosen)
    rows["projects"] = {row.label: [row] for row in _rows("projects", inventory.projects.loc[chosen])}
    served = {r.values["service_id"] for links in rows["project_services"].values() for r in links}
    services = inventory.services[inventory.services.index.isin(served)]
    rows["services"] = {row.label: [row] for row in _rows("services", services)}
    return Facts(
        inventory,
        _asked(inventory),
        rows,
        _names(inventory),
        _contacts(inventory),
        _grouped(plan.phases) if plan is not None else {},
        _grouped(plan.milestones) if plan is not None else {},
        scores,
        portfolio,
        plan,
    )


def _asked(inventory: Inventory) -> dict[tuple[str, str], Asked]:
    asked = {}
    also = {read: name for name, read in READ_FROM.items()}
    for table in standard_form(inventory.strategy).tables:
        for column in table.columns:
            found = Asked(column.kind, table.title, column.headers[0] if column.headers else "")
            asked[table.name, column.name] = asked[table.name, also.get(column.name, column.name)] = found
    return asked


def _rows(table: str, frame: pd.DataFrame) -> list[Row]:
    return [
        Row(table, label, values) for label, values in zip(frame.index, frame.to_dict("records"), strict=True)
    ]


def _by(inventory: Inventory, table: str, column: str, projects: Sequence[str]) -> dict[str, list[Row]]:
    frame = inventory.tables.get(table, pd.DataFrame({column: []}))
    groups: dict[str, list[Row]] = {}
    for row in _rows(table, frame[frame[column].isin(projects)]):
        groups.setdefault(row.values[column], []).append(row)
    return groups


def _grouped(frame: pd.DataFrame) -> dict[str, list[dict[Any, Any]]]:
    groups: dict[str, list[dict[Any, Any]]] = {}
    for activity, values in zip(frame.index, frame.to_dict("records"), strict=True):
        groups.setdefault(values["project_id"], []).append(values | {"activity": activity})
    return groups


def _names(inventory: Inventory) -> dict[str, dict[str, str]]:
    strategy = inventory.strategy
    titles = inventory.projects["title"].dropna()
    offices = dict(zip(inventory.offices.index, inventory.offices["name"], strict=True))
    steps = [step for template in strategy.phase_templates for step in template.phases]
    codes = ("existing", "in_preparation", "possible", "discontinued")
    duties = ("none", "legal", "operational", "political")
    return {
        "field_id": {f.id: f"{f.id} {f.name}" for f in strategy.fields},
        "goal_ids": {g.id: f"{g.id} {g.name}" for f in strategy.fields for g in f.goals},
        "office_id": offices,
        "partner_id": offices,
        "phase_id": {step.id: step.name for step in steps},
        "role_id": {role.id: role.name for role in strategy.roles},
        "other_id": {project: f"{project} {title}" for project, title in titles.items()},
        "status": {code: text(f"code.{code}", strategy.language) for code in codes},
        "kind": {code: text(f"cost_kind.{code}", strategy.language) for code in ("investive", "consumptive")},
        "mandate": {code: text(f"code.{code}", strategy.language) for code in duties},
    }


def _contacts(inventory: Inventory) -> dict[str, Row]:
    """The first contact of every file and of every organisation."""
    cover = inventory.tables["returns"]
    told = cover[cover["contact_function"].notna()]
    files = inventory.sources["returns"]["file"]
    found: dict[str, Row] = {}
    for row in _rows("returns", told):
        for key in (files[row.label], row.values.get("office_id")):
            if known(key):
                found.setdefault(str(key), row)
    return found
