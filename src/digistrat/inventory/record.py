"""The Inventory: what the city has on one reporting date, with findings and places."""

from __future__ import annotations

import datetime as dt
import operator
import re
from collections.abc import Iterable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from digistrat.findings import Finding, Severity, findings_frame, make_finding
from digistrat.intake.forms import Choices, Form, load_form
from digistrat.intake.places import CellRef, Frames, Places
from digistrat.intake.returns import Returns, read_returns
from digistrat.inventory.offices import OfficeNames, Resolution, is_valid, offices_at
from digistrat.strategy import Criterion, Strategy

# Tables that come from the strategy's files, and the list of the file that each row is an entry of.
FROM_STRATEGY = {"offices": "offices", "office_changes": "office_changes", "budgets": "budgets"}
# Columns that are read from another one.
READ_FROM = {"office_id": "reported_office", "partner_id": "reported_partner"}
HOW: dict[str, tuple[str, Severity]] = {
    "former": ("former-office-name", "warning"),
    "expired": ("office-not-valid", "warning"),
    "guessed": ("office-guessed", "warning"),
    "unknown": ("unknown-office", "error"),
}


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
        Every member and choice is known by ``"id name"``, its name, its id and its aliases.
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
        "impact_criteria": of(strategy.impact.criteria),
        "readiness_criteria": of(strategy.readiness.criteria),
        "maturity_criteria": of(strategy.maturity.criteria),
        "service_models": {m.id: (m.id, m.id.replace("-", " ")) for m in strategy.service_models},
        "service_criteria": joined((c.id, (f"{c.id} {c.name}", c.name, c.id)) for c in service_criteria),
        "roles": {r.id: (r.name, r.id) for r in strategy.roles},
        "phases": joined((p.id, (p.name, p.id)) for p in phases),
    }
    return load_form("inventory").fill(sets).model_copy(update={"language": strategy.language})


def read_inventory(
    folder_or_paths: str | Path | Iterable[str | Path],
    strategy: Strategy,
    *,
    reporting_date: dt.date | str | None = None,
    executor: Executor | None = None,
    progress: bool = False,
) -> Inventory:
    """Read one round of returns of the standard form.

    Bad files and bad cells never raise: they stand in the findings, and every check has run.

    Parameters
    ----------
    folder_or_paths : path or iterable of paths
        A round's folder, for example ``data/raw/2026-04-30``, or single files.
    strategy : Strategy
        From `load_strategy`.
    reporting_date : date or ISO text, optional
        The folder's name by default.
    executor, progress
        As in `read_returns`.

    Returns
    -------
    Inventory

    Raises
    ------
    ValueError
        If the folder does not exist, or no reporting date is given or stands in its name.
    """
    from digistrat.inventory.checks import run_checks

    on = _reporting_date(folder_or_paths, reporting_date)
    returns = read_returns(folder_or_paths, standard_form(strategy), executor=executor, progress=progress)
    tables = dict(returns.tables)
    findings: list[Finding] = []
    resolve = _Resolver(returns, strategy, on, findings)
    files = returns.files.assign(office_id=[resolve.of_file(file) for file in returns.files["file"]])
    for name, frame in tables.items():
        if "reported_office" in frame:
            tables[name] = frame.assign(office_id=resolve.column(name, "reported_office"))
        if "reported_partner" in frame:
            tables[name] = tables[name].assign(partner_id=resolve.column(name, "reported_partner"))
    tables["offices"] = offices_at(strategy, on)
    tables["office_changes"] = strategy.frame("office_changes")
    tables["budgets"] = strategy.frame("budgets")
    inventory = Inventory(
        strategy,
        on,
        tables,
        returns.findings,
        returns.places,
        files,
        returns.leftovers,
    )
    findings += run_checks(inventory)
    office_of = dict(zip(files["file"], files["office_id"], strict=True))
    everything = pd.concat([returns.findings, findings_frame(findings)], ignore_index=True)
    everything["office_id"] = everything["file"].map(office_of).fillna("")
    return inventory.replace(findings=_sorted(everything))


def _sorted(findings: pd.DataFrame) -> pd.DataFrame:
    return findings_frame(Finding(*row) for row in findings.itertuples(index=False, name=None))


def _reporting_date(source: Any, given: dt.date | str | None) -> dt.date:
    if isinstance(given, dt.datetime):
        return given.date()
    if isinstance(given, dt.date):
        return given
    if given is None:
        given = Path(source).absolute().name if isinstance(source, (str, Path)) else ""
    try:
        if re.fullmatch(r"\d{4}-\d\d-\d\d", given):
            return dt.date.fromisoformat(given)
    except ValueError:
        pass
    raise ValueError(
        f"reporting_date must be a date such as 2026-04-30, given or as the folder's name, not {given!r}"
    )


class _Resolver:
    """Which organisation every reported name means; each doubtful one is said once per cell."""

    def __init__(self, returns: Returns, strategy: Strategy, on: dt.date, findings: list[Finding]) -> None:
        self.returns, self.strategy, self.findings = returns, strategy, findings
        self.names = OfficeNames(strategy, on)
        self.known: dict[str, Resolution] = {}
        self.said: set[tuple[str, str]] = set()
        cover = returns.tables["returns"]
        source = returns.sources["returns"]
        self.cover: dict[str, tuple[Any, Any]] = {}  # the first of a file's
        for label, file, name in zip(cover.index, source["file"], cover["reported_office"], strict=True):
            self.cover.setdefault(file, (label, name))
        self.files: dict[str, str] = {}
        counts = zip(returns.files["file"], returns.files["n_records"], strict=True)
        # nothing of an unreadable file or a copy is counted, so nothing needs an organisation
        self.unused = {file for file, n_records in counts if not n_records}

    def of_name(self, name: str) -> Resolution:
        if name not in self.known:
            self.known[name] = self.names.resolve(name)
        return self.known[name]

    def of_file(self, file: str) -> str:
        """The organisation on the cover sheet, the only one its rows name, or the one of the file's name."""
        if file not in self.files:
            label, name = self.cover.get(file, (None, None))
            if label is not None and not pd.isna(name):
                self.files[file] = self._said("returns", label, "reported_office", str(name)).office_id
            else:
                self.files[file] = self._of_rows(file) or self._of_name_of(file)
        return self.files[file]

    def _of_rows(self, file: str) -> str:
        names = {
            str(name)
            for table, frame in self.returns.tables.items()
            if "reported_office" in frame
            for name in frame["reported_office"][self.returns.sources[table]["file"] == file].dropna()
        }
        found = {self.of_name(name).office_id for name in names}
        return found.pop() if len(found) == 1 else ""

    def _of_name_of(self, file: str) -> str:
        """What a file is called is the last resort, and said."""
        stem = Path(file).stem
        ends = [len(stem), *(gap.start() for gap in reversed(list(re.finditer(r"[-_.\s]+", stem))))]
        candidates = [stem[:end] for end in ends]
        found = next((r for c in candidates if (r := self.of_name(c)).how in ("exact", "former")), None)
        code = "office-from-file-name" if found else "office-missing"
        severity: Severity = "info" if found else "error"
        if file not in self.unused:
            values = {"office": found.name if found else ""}
            language = self.strategy.language
            self.findings.append(make_finding(code, severity, language, values=values, file=file, value=stem))
        return found.office_id if found else ""

    def column(self, table: str, column: str) -> pd.Series:
        frame = self.returns.tables[table]
        files = self.returns.sources[table]["file"]
        ids = []
        for label, name, file in zip(frame.index, frame[column], files, strict=True):
            if not pd.isna(name):
                ids.append(self._said(table, label, column, str(name)).office_id)
            else:
                ids.append(self.of_file(file) if column == "reported_office" else "")
        return pd.Series(ids, frame.index, dtype="str").replace("", None)

    def _said(self, table: str, label: Any, column: str, name: str) -> Resolution:
        found = self.of_name(name)
        # a partner may be anybody
        if found.how != "exact" and not (column == "reported_partner" and found.how == "unknown"):
            place = self.returns.locate(table, label, column)
            if (place.file, place.cell + place.sheet) not in self.said:
                self.said.add((place.file, place.cell + place.sheet))
                code, severity = HOW[found.how]
                self.findings.append(
                    make_finding(
                        code,
                        severity,
                        self.strategy.language,
                        values={"office": found.name},
                        file=place.file,
                        sheet=place.sheet,
                        cell=place.cell,
                        table=table,
                        column=column,
                        value=name,
                    )
                )
        return found
