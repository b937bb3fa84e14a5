"""What stands as one column of a form's sheet: its header, what is asked, and how answers are written."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from digistrat.intake.forms import Column, Table
from digistrat.intake.values import fold
from digistrat.texts import text

REQUIRED_MARK = " *"  # comparing headers leaves punctuation out, so that the reader does not see it


@dataclass(frozen=True)
class Note:
    """What a column, a member or a choice means, for the person who fills the form in.

    Attributes
    ----------
    description : str
        What is asked, in a short sentence.
    example : str
        An answer as it would be written.
    anchors : mapping
        Raw value → what it means, where something is rated.
    """

    description: str = ""
    example: str = ""
    anchors: Mapping[str, str] = field(default_factory=dict)


Notes = Mapping[str, Mapping[str, Note]]  # table → column, member or choice → note; "" is the table's own
Extras = Mapping[str, Mapping[str, Sequence[str | None]]]  # table → header → a text for each record


@dataclass(frozen=True)
class Entry:
    """One column of a sheet.

    Attributes
    ----------
    name : str
        Name of the column or the member.
    header : str
        As it stands in the sheet: with its unit in brackets and a mark where an answer is required.
    column : Column or None
        What is asked; None for a column that an office had added.
    note : Note
    """

    name: str
    header: str
    column: Column | None
    note: Note


def list_entries(
    table: Table, notes: Mapping[str, Note], years: Sequence[int], extras: Sequence[str] = ()
) -> list[Entry]:
    """Return the columns of a table's sheet in their order: columns, then members, then added ones.

    Parameters
    ----------
    table : Table
    notes : mapping
        Column or member → note. The members of a table without notes of their own have the one of their
        value's column.
    years : sequence of int
        Members where the form knows them by a pattern.
    extras : sequence of str
        Headers of columns that an office had added.
    """
    entries = [
        Entry(c.name, _header(table, ("column", c.name), c.headers[0], c), c, notes.get(c.name, Note()))
        for c in shown_columns(table)
    ]
    if table.unpivot:
        value = table.column(table.unpivot.value)
        members = {member: headers[0] for member, headers in table.unpivot.members.items()}
        if table.unpivot.pattern:
            members |= {str(year): str(year) for year in years}
        common = notes.get(value.name, Note())
        entries += [
            Entry(member, _header(table, ("member", member), header, value), value, notes.get(member, common))
            for member, header in members.items()
        ]
    return entries + [Entry(header, header, None, Note()) for header in extras]


def shown_columns(table: Table) -> list[Column]:
    """Return the columns that people fill in: with headers, and not derived from another one."""
    return [column for column in table.columns if column.headers and column.kind != "state"]


def _header(table: Table, target: tuple[str, str], header: str, column: Column) -> str:
    unit = next((word for word, factor in column.units.items() if factor == 1), "")
    unit = "€" if column.kind == "amount" else unit
    shown = f"{header} ({unit})"
    said = "(" in header or unit in header or fold(unit) in fold(header).split()
    # a unit that would make another column's header of it stays away
    if not unit or said or table.vocabulary.get(fold(shown), target) != target:
        shown = header
    return f"{shown}{REQUIRED_MARK}" if column.required else shown


def sheet_name(table: Table) -> str:
    """Return the name of a table's sheet, without signs that no sheet's name may have."""
    name = table.title or (table.sheets[0] if table.sheets else table.name)
    return re.sub(r"[\[\]:*?/\\]", " ", name)[:31].strip("' ")


def is_listed(column: Column) -> bool:
    """Whether answers are picked from a drop-down: one of several, or yes and no."""
    return (column.kind == "choice" and bool(column.choices)) or column.kind == "boolean"


def answers(column: Column, language: str) -> list[str]:
    """Return the answers that a column allows, as they are written; empty where any is."""
    if column.kind == "boolean":
        return text("template.yes_no", language).split("/")
    return [label(column, code) for code in column.choices]


def label(column: Column, code: str) -> str:
    """Return how a choice is written: its first label; in lists, the first that holds no separator."""
    labels = column.choices.get(code, ())
    fit = [name for name in labels if column.kind != "list" or not set(name) & set(";,/\n")]
    return fit[0] if fit else code


def written(column: Column | None, value: Any, language: str) -> Any:
    """Return a value as people would write it into its cell; None for nothing.

    Examples
    --------
    >>> written(Column(name="a", kind="boolean"), True, "de"), written(None, ("x", "y"), "de")
    ('ja', 'x; y')
    """
    if isinstance(value, (tuple, list)):
        items = [str(item) if column is None else label(column, str(item)) for item in value]
        return "; ".join(items) or None
    if pd.isna(value):
        return None
    if isinstance(value, pd.Timestamp):
        return value.to_pydatetime()
    if isinstance(value, str):  # a code, or an office's own words
        return value if column is None else label(column, value)
    if column is not None and column.kind == "boolean":
        yes, no = answers(column, language)
        return yes if value else no
    if (
        column is not None
        and column.kind in ("text", "identifier", "choice")
        and not isinstance(value, dt.date)
    ):
        return str(value)
    return value.item() if hasattr(value, "item") else value  # numpy's numbers
