"""What a rule gives: the cells it found something at; and what several rules look up."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import pandas as pd

from digistrat.findings import Severity
from digistrat.inventory.record import Inventory
from digistrat.texts import format_date

OPEN = ("possible", "in_preparation")
MODERATORS = ("unit", "group")


class Hit(NamedTuple):
    """The cell at which a rule found something, and what its message has to name.

    Attributes
    ----------
    table, label, column
        As for `Inventory.locate`.
    values : mapping
        What placeholders of the message stand for; ``id`` (the label) and ``value`` are always there.
    """

    table: str
    label: Any
    column: str
    values: Mapping[str, Any] = {}


Hits = Iterator[Hit]


@dataclass(frozen=True, slots=True)
class Check:
    """A rule over the whole round, and what is said of its hits.

    Attributes
    ----------
    code : str
        Of the finding, with words in both catalogues.
    severity : {"error", "warning", "info"}
        Error where a value cannot be used, warning where it is probably wrong, info where it is worth a look.
    rule : callable
        Inventory → hits; the first line of its docstring says what it finds.
    """

    code: str
    severity: Severity
    rule: Callable[[Inventory], Iterable[Hit]]


def files_of(inventory: Inventory, table: str) -> pd.Series:
    """Return the file that each row of a table stands in."""
    return inventory.sources[table]["file"].reindex(inventory.tables[table].index)


def senders(inventory: Inventory, table: str) -> pd.Series:
    """Return the organisation that sent each row of a table; the file where it is not known."""
    files = files_of(inventory, table)
    known = inventory.files[inventory.files["office_id"].fillna("") != ""]
    office_of = dict(zip(known["file"], known["office_id"], strict=True))
    return files.map(lambda file: office_of.get(file, file)).astype("str")


def own_ratings(ratings: pd.DataFrame) -> pd.DataFrame:
    """Return the ratings of impact that are the office's own, not those of a unit or group."""
    return ratings[~ratings["rated_by"].isin(MODERATORS)]


def ends(frame: pd.DataFrame, column: str) -> tuple[pd.Series, pd.Series]:
    """Return the least and the most that numbers may be: themselves where they are exact."""
    value = frame[column]
    low, high = (frame.get(f"{column}_{end}", value) for end in ("lower", "upper"))
    return low.fillna(value), high.fillna(value)


def repeated(frame: pd.DataFrame, columns: Sequence[Any]) -> dict[Any, Any]:
    """Return the rows that say in some columns what an earlier one says: label → label of the first."""
    alike = frame[frame.duplicated(list(columns), keep=False)]
    if alike.empty:
        return {}
    labels = alike.index.to_series()
    keys = [alike[column] for column in columns]
    first = labels.groupby(keys, dropna=False, sort=False).transform("first")
    return dict(zip(labels[first != labels], first[first != labels], strict=True))


def before(inventory: Inventory, table: str, later: str, earlier: str) -> Iterator[tuple[Any, str]]:
    """Yield the rows whose later date lies before the earlier one, and that one as people write it."""
    frame = inventory.tables[table]
    for label, date in frame.loc[frame[later] < frame[earlier], earlier].items():
        yield label, shown_date(inventory, date)


def shown_date(inventory: Inventory, date: dt.date) -> str:
    """Return a date in the strategy's language."""
    return format_date(date, inventory.strategy.language)
