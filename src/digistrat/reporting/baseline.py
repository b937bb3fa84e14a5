"""Approved plans as plain files: one folder per decision, tables as CSV, all else in ``baseline.json``."""

from __future__ import annotations

import datetime as dt
import json
import math
from dataclasses import fields
from pathlib import Path
from typing import Any

import pandas as pd

from digistrat.planning.baseline import TABLES, Baseline, baseline_of
from digistrat.planning.records import Plan
from digistrat.reporting.export import replaced_folder, restore

RECORD = "baseline.json"
FORMAT = 1
_DATES = ("start", "reporting_date", "approved_on")
_NUMBERS = ("value", "bound", "gap", "makespan")
_INDEX = {"projects": "project_id", "phases": "activity"}
_KINDS = ("str", "int64", "float64", "bool")


def write_baseline(
    folder: str | Path,
    plan: Plan,
    *,
    approved_on: dt.date | str,
    approved_by: str,
    replace: bool = False,
) -> Path:
    """Keep an approved plan, whole or not at all.

    Parameters
    ----------
    folder : path
        Where all baselines are kept, for example ``data/baseline``.
    plan : Plan
        What was approved.
    approved_on : date or ISO text
        Day of the decision; names the folder of this baseline.
    approved_by : str
        The body that decided, no person.
    replace : bool
        Whether a baseline of the same day may be replaced.

    Returns
    -------
    Path
        The new folder: ``projects.csv``, ``phases.csv``, ``milestones.csv``, ``load.csv``, ``budget.csv``
        (UTF-8, commas, ISO dates, numbers in full) and ``baseline.json``.

    Raises
    ------
    ValueError
        If there is no plan to keep, the day is no date, nobody approved it, or that day has a baseline.
    """
    kept = baseline_of(plan, approved_on=approved_on, approved_by=approved_by)
    if kept.phases.empty:
        raise ValueError(f"plan must have phases to be kept, but is {plan.status}")
    target = Path(folder) / f"{kept.approved_on}"
    restore(target)
    if target.exists() and not replace:
        raise ValueError(f"approved_on must be a day without a baseline, but {target} exists (replace=True?)")
    with replaced_folder(target) as partial:
        kinds: dict[str, dict[str, str]] = {}
        for name in TABLES:
            table = getattr(kept, name)
            table = table.reset_index() if name in _INDEX else table
            kinds[name] = {column: _kind(table[column]) for column in table}
            content = table.to_csv(index=False, lineterminator="\n", date_format="%Y-%m-%d")
            (partial / f"{name}.csv").write_bytes(content.encode("utf-8"))
        record = {"format": FORMAT, **_figures(kept), "columns": kinds}
        content = json.dumps(record, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
        (partial / RECORD).write_bytes(content.encode("utf-8"))
    return target


def read_baseline(folder: str | Path, *, approved_on: dt.date | str | None = None) -> Baseline:
    """Read a plan that `write_baseline` has kept.

    Parameters
    ----------
    folder : path
        Where all baselines are kept.
    approved_on : date or ISO text, optional
        Day of the decision; the latest by default.

    Raises
    ------
    ValueError
        If there is none, or a file of it is missing or not as it was written.
    """
    root = Path(folder)
    days = sorted(path.parent.name for path in root.glob(f"*/{RECORD}") if _is_day(path.parent.name))
    if not days:
        raise ValueError(f"folder must hold a baseline, but {root} holds none")
    day = days[-1] if approved_on is None else f"{approved_on}"
    if day not in days:
        raise ValueError(f"approved_on must be one of {', '.join(days)}, not {day!r}")
    path = root / day / RECORD
    try:
        record = json.loads(path.read_bytes().decode("utf-8"))
        if record["format"] != FORMAT:
            raise ValueError(f"format {record['format']!r}, readable is {FORMAT}")
        given: dict[str, Any] = {f.name: record[f.name] for f in fields(Baseline) if f.name not in TABLES}
        given |= {name: dt.date.fromisoformat(given[name]) for name in _DATES}
        given |= {name: math.nan if given[name] is None else float(given[name]) for name in _NUMBERS}
        for name in TABLES:
            path = root / day / f"{name}.csv"
            given[name] = _table(path, record["columns"][name], _INDEX.get(name))
        return Baseline(**given)
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise ValueError(f"folder must hold baselines as they were written: {path}: {error}") from error


def _is_day(name: str) -> bool:
    try:
        return dt.date.fromisoformat(name).isoformat() == name
    except ValueError:
        return False


def _figures(kept: Baseline) -> dict[str, Any]:
    figures = {f.name: getattr(kept, f.name) for f in fields(kept) if f.name not in TABLES}
    figures |= {name: f"{figures[name]}" for name in _DATES}
    missing = {name: None for name in _NUMBERS if math.isnan(figures[name])}
    return {**figures, "role_names": dict(kept.role_names), **missing}


def _kind(column: pd.Series) -> str:
    if pd.api.types.is_datetime64_any_dtype(column):
        return "date"
    kind = str(column.dtype)
    if kind not in _KINDS:
        raise TypeError(f"no way to keep column {column.name!r} of dtype {kind}")
    return kind


def _table(path: Path, kinds: dict[str, str], index: str | None) -> pd.DataFrame:
    """A table with the columns and dtypes it was written with; only numbers and dates can be missing."""
    texts = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8")
    if list(texts.columns) != list(kinds):
        raise ValueError(f"columns {list(texts.columns)}, expected {list(kinds)}")
    table = pd.DataFrame({column: _values(texts[column], kind) for column, kind in kinds.items()})
    return table if index is None else table.set_index(index)


def _values(texts: pd.Series, kind: str) -> pd.Series:
    if kind == "date":
        return pd.to_datetime(texts.where(texts != ""), format="%Y-%m-%d").astype("datetime64[us]")
    if kind == "bool":
        if not texts.isin(["True", "False"]).all():
            raise ValueError(f"column {texts.name}: expected True or False")
        return texts == "True"
    if kind == "float64":  # Python's own reading gives back every digit that was written
        return texts.map(lambda number: float(number) if number else math.nan).astype(float)
    return texts.astype("int64") if kind == "int64" else texts.astype("str")
