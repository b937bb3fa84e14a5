"""Front door of the inventory: a folder of returns of the standard form → `Inventory`, every check run."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from concurrent.futures import Executor
from pathlib import Path
from typing import Any

import pandas as pd

from digistrat.findings import Finding, Severity, findings_frame, make_finding
from digistrat.intake.returns import Returns, read_returns
from digistrat.inventory.checks import run_checks
from digistrat.inventory.offices import OfficeNames, Resolution, offices_at
from digistrat.inventory.record import Inventory, standard_form
from digistrat.strategy import Strategy

# How an organisation was recognised → what is said of it.
HOW: dict[str, tuple[str, Severity]] = {
    "by file": ("office-from-file-name", "info"),
    "not at all": ("office-missing", "error"),
    "former": ("former-office-name", "warning"),
    "expired": ("office-not-valid", "warning"),
    "guessed": ("office-guessed", "warning"),
    "unknown": ("unknown-office", "error"),
}


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
    everything["office_id"] = [office_of.get(file, "") for file in everything["file"]]
    # a document in place of a return is no answer; beside one it may be an attachment
    unread = (everything["code"] == "file-not-read") & (everything["office_id"] != "")
    answered = everything["office_id"].isin(files.loc[files["n_records"] > 0, "office_id"])
    everything.loc[unread, "severity"] = answered[unread].map({True: "warning", False: "error"})
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
                found = self._said("returns", label, "reported_office", str(name))
                self.files[file] = found.office_id
                self._hold_against_file_name(file, label, str(name), found)
            else:
                self.files[file] = self._of_rows_or_name(file)
        return self.files[file]

    def _of_rows_or_name(self, file: str) -> str:
        named, is_complete = self._named_in_rows(file)
        called = self._by_file_name(file)
        # rows without a lead are the sender's own, whom a lead of the other rows does not tell
        if len(named) == 1 and (is_complete or called is None):
            return named.pop()
        if called is not None and called.how == "exact" and called.office_id in named:
            return called.office_id
        return self._of_name_of(file)

    def _named_in_rows(self, file: str) -> tuple[set[str], bool]:
        """The organisations that a file's rows name, and whether every row names one."""
        if file in self.unused:
            return set(), False
        names = [
            name
            for table, frame in self.returns.tables.items()
            # who answers for something need not be who says so
            if "reported_office" in frame and table != "responsibilities"
            for name in frame["reported_office"][self.returns.sources[table]["file"] == file]
        ]
        found = {self.of_name(str(name)).office_id for name in names if not pd.isna(name)}
        return found - {""}, not any(map(pd.isna, names))

    def _by_file_name(self, file: str) -> Resolution | None:
        stem = Path(file).stem
        ends = [len(stem), *(gap.start() for gap in reversed(list(re.finditer(r"[-_.\s]+", stem))))]
        candidates = [stem[:end] for end in ends]
        return next((r for c in candidates if (r := self.of_name(c)).how in ("exact", "former")), None)

    def _hold_against_file_name(self, file: str, label: Any, name: str, found: Resolution) -> None:
        """A cover copied from another organisation's return would give it all that is in this one."""
        called = self._by_file_name(file)
        if called is None or called.how != "exact" or not found.office_id:
            return
        if called.office_id != found.office_id:
            place = self.returns.locate("returns", label, "reported_office")
            self.findings.append(
                make_finding(
                    "office-not-of-file",
                    "warning",
                    self.strategy.language,
                    values={"office": found.name, "called": called.name},
                    file=file,
                    sheet=place.sheet,
                    cell=place.cell,
                    table="returns",
                    column="reported_office",
                    value=name,
                )
            )

    def _of_name_of(self, file: str) -> str:
        """What a file is called is the last resort, and said."""
        stem = Path(file).stem
        found = self._by_file_name(file)
        code, severity = HOW["by file" if found else "not at all"]
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
