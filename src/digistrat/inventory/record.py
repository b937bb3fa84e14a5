"""The Inventory: what the city has on one reporting date, with findings and places."""

from __future__ import annotations

import datetime as dt
import operator
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from digistrat.intake.forms import Choices, Form, Table, load_form
from digistrat.intake.joining import extras_of
from digistrat.intake.places import CellRef, Frames, Places
from digistrat.intake.workbooks import Limits
from digistrat.inventory.offices import is_valid
from digistrat.strategy import Criterion, Scale, Strategy

# Tables that come from the strategy's files, and the list of the file that each row is an entry of.
FROM_STRATEGY = {"offices": "offices", "office_changes": "office_changes", "budgets": "budgets"}
# Columns that are read from another one.
READ_FROM = {"office_id": "reported_office", "partner_id": "reported_partner"}
# Columns that hold points and levels.
RATED = ("points", "level", "target_level")


@dataclass(frozen=True, eq=False)
class Inventory:
    """What the city has on one reporting date. Immutable; `replace` gives a new one.

    Attributes
    ----------
    strategy : Strategy
        What the city wants, and who is who.
    reporting_date : date
        The date that the returns speak of.
    tables : mapping of frames
        The tables of the standard form by name, and ``offices``, ``office_changes``, ``budgets`` of the
        strategy. ``inventory.projects`` is ``inventory.tables["projects"]``, and so on. Each look-up gives
        a copy (free by copy-on-write): assigning to it leaves the inventory as it is.
    findings : DataFrame
        What is wrong or doubtful, errors first.
    places : Places
        Where every value came from.
    files : DataFrame
        One row per return: ``file``, ``sha256``, ``n_records``, ``office_id``.
    leftovers : DataFrame
        Cells that stand in no column of the form.
    """

    strategy: Strategy
    reporting_date: dt.date
    tables: Mapping[str, pd.DataFrame]
    findings: pd.DataFrame
    places: Places
    files: pd.DataFrame
    leftovers: pd.DataFrame

    def __post_init__(self) -> None:
        object.__setattr__(self, "tables", Frames(self.tables))

    def __getattr__(self, name: str) -> pd.DataFrame:
        tables: Mapping[str, pd.DataFrame] = self.__dict__.get("tables", {})
        if name in tables:
            return tables[name]
        raise AttributeError(f"Inventory has no attribute or table {name!r}; tables: {', '.join(tables)}")

    @property
    def sources(self) -> Mapping[str, pd.DataFrame]:
        """Table → frame with the table's index: ``file``, ``sheet``, ``row``, ``layout``."""
        return self.places.sources

    def locate(self, table: str, row: Any, column: str) -> CellRef:
        """Return the place that one value came from.

        Parameters
        ----------
        table : str
            A table's name.
        row : label
            A label of the table's index.
        column : str
            A column; ``office_id`` answers with the cell in which the office is named.

        Returns
        -------
        CellRef
            File, sheet, cell and what stands there; for the strategy's tables file and key.

        Raises
        ------
        ValueError
            If there is no such table, row or column.
        """
        if table in FROM_STRATEGY:
            return self._locate_in_strategy(table, row, column)
        return self.places.locate(table, row, READ_FROM.get(column, column))

    def extras(self, table: str) -> pd.DataFrame:
        """Return what offices added to a table's records in columns that the form does not have.

        Parameters
        ----------
        table : str
            Name of a table that comes from returns.

        Returns
        -------
        DataFrame
            Indexed as the table, one row per cell: ``header``, ``text``, ``file``, ``sheet``, ``cell``.

        Raises
        ------
        ValueError
            If there is no such table.
        """
        if table not in self.sources:
            raise ValueError(f"table must be one of {list(self.sources)}, not {table!r}")
        return extras_of(self.leftovers, self.places, table)

    def _locate_in_strategy(self, table: str, row: Any, column: str) -> CellRef:
        entries: tuple[Any, ...] = getattr(self.strategy, FROM_STRATEGY[table])
        if table == "offices":
            on = self.reporting_date
            numbers = [i for i, entry in enumerate(entries) if entry.id == row and is_valid(entry, on)]
        else:
            try:
                numbers = [number for number in (operator.index(row),) if 0 <= number < len(entries)]
            except TypeError:
                numbers = []
        if not numbers:
            raise ValueError(f"row must be a label of table {table}, not {row!r}")
        entry = entries[numbers[0]]
        name = "id" if column == "office_id" and table == "offices" else column
        if name not in type(entry).model_fields:
            raise ValueError(f"column must be one of {list(type(entry).model_fields)}, not {column!r}")
        file = self.strategy.file if table == "budgets" else self.strategy.offices_file
        return CellRef(file, "", f"{FROM_STRATEGY[table]}[{numbers[0] + 1}].{name}", getattr(entry, name))

    def replace(self, **changes: Any) -> Inventory:
        """Return a new inventory with some attributes or tables exchanged.

        Parameters
        ----------
        **changes
            ``strategy``, ``findings``, …, or the name of a table and its new frame.

        Raises
        ------
        ValueError
            If a name is neither an attribute nor a table.
        """
        tables = {name: frame for name, frame in changes.items() if name in self.tables}
        rest = {name: value for name, value in changes.items() if name not in tables}
        unknown = [name for name in rest if name not in self.__dataclass_fields__]
        if unknown:
            known = [*self.__dataclass_fields__, *self.tables]
            raise ValueError(f"changes must be one of {known}, not {unknown[0]!r}")
        if tables:
            rest["tables"] = {**rest.get("tables", self.tables), **tables}
        return replace(self, **rest)

    def __str__(self) -> str:
        counts = self.findings["severity"].value_counts()
        said = ", ".join(f"{counts.get(s, 0)} {s}s" for s in ("error", "warning", "info"))
        return (
            f"Inventory of {self.strategy.strategy.city} on {self.reporting_date}: "
            f"{len(self.files)} returns, {len(self.tables['projects'])} projects, "
            f"{len(self.tables['services'])} services; {said}"
        )

    def __repr__(self) -> str:
        return f"<{self}>"


def standard_form(strategy: Strategy) -> Form:
    """Return the standard form with the strategy's fields, criteria, roles and phases filled in.

    Parameters
    ----------
    strategy : Strategy
        What the city wants.

    Returns
    -------
    Form
        Every member and choice is known by ``"id name"``, its name, its id and its aliases. Points and levels
        have the widest range of the criteria that are asked for (`answer_range`).
    """

    def of(entries: tuple[Criterion, ...]) -> Choices:
        return {e.id: (f"{e.id} {e.name}", e.name, e.id, *e.aliases) for e in entries}

    def joined(entries: Iterable[tuple[str, tuple[str, ...]]]) -> Choices:
        """One entry per id: the same phase or criterion may stand under several templates and models."""
        found: dict[str, tuple[str, ...]] = {}
        for key, labels in entries:
            found[key] = tuple(dict.fromkeys((*found.get(key, ()), *labels)))
        return found

    phases = [phase for template in strategy.phase_templates for phase in template.phases]
    service_criteria = [c for model in strategy.service_models for c in model.criteria]
    sets: dict[str, Choices] = {
        "fields": {f.id: (f"{f.id} {f.name}", f.name, f.id) for f in strategy.fields},
        "goals": {g.id: (f"{g.id} {g.name}", g.name, g.id) for f in strategy.fields for g in f.goals},
        "impact_criteria": of(strategy.impact.asked),
        "readiness_criteria": of(strategy.readiness.asked),
        "maturity_criteria": of(strategy.maturity.asked),
        "decision_criteria": of(strategy.decision_criteria),
        "service_models": {m.id: (m.id, m.id.replace("-", " ")) for m in strategy.service_models},
        "service_criteria": joined((c.id, (f"{c.id} {c.name}", c.name, c.id)) for c in service_criteria),
        "roles": {r.id: (r.name, r.id) for r in strategy.roles},
        "phases": joined((p.id, (p.name, p.id)) for p in phases),
    }
    models = [(float(model.floor), float(model.target)) for model in strategy.service_models]
    ranges = {"services": models, "service_ratings": models}
    for table, scale in rated_scales(strategy):
        ranges[table] = [*ranges.get(table, ()), *map(answer_range, scale.asked)]
    given = strategy.intake.model_dump(exclude_none=True)
    settings = {
        "language": strategy.language,
        "approximate_share": given.pop("approximate_share"),
        "limits": Limits(**given),
    }
    form = load_form("inventory").fill(sets).model_copy(update=settings)
    asked = [t for t in form.tables if t.name != "decision_ratings" or strategy.decision_criteria]
    tables = tuple(_with_range(table, ranges.get(table.name, ())) for table in asked)
    return form.model_copy(update={"tables": tables})


def rated_scales(strategy: Strategy) -> list[tuple[str, Scale]]:
    """Return the scales that returns rate, each with its table."""
    scales = [
        ("impact_ratings", strategy.impact),
        ("readiness_ratings", strategy.readiness),
        ("maturity_ratings", strategy.maturity),
        ("decision_ratings", strategy.urgency),
        ("decision_ratings", strategy.quality),
    ]
    return [(table, scale) for table, scale in scales if scale is not None]


def answer_range(criterion: Criterion) -> tuple[float, float]:
    """Return the least and the most that can be answered: floor and target, or points beyond them.

    Examples
    --------
    >>> answer_range(Criterion(id="a", name="a", weight=1, floor=4, target=0))
    (0.0, 4.0)
    """
    ends = (criterion.floor, criterion.target, *(number for number, _ in criterion.points))
    return min(ends), max(ends)


def _with_range(table: Table, ranges: Sequence[tuple[float, float]]) -> Table:
    """Let the points and levels of a table run from the least to the most of some ranges."""
    if not ranges:
        return table
    ends = {"minimum": min(low for low, _ in ranges), "maximum": max(high for _, high in ranges)}
    columns = tuple(c.model_copy(update=ends) if c.name in RATED else c for c in table.columns)
    return table.model_copy(update={"columns": columns})
