"""The standard form for one organisation: what the columns mean, and what it answered in the last round."""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from digistrat.intake.cells import within
from digistrat.intake.forms import Column, Form, Table
from digistrat.intake.template import Note, write_template
from digistrat.intake.values import parse_amount, parse_number
from digistrat.inventory.offices import is_valid, successors
from digistrat.inventory.record import Inventory, standard_form
from digistrat.strategy import Criterion, Strategy
from digistrat.texts import has_text, text

NUMBERS = ("number", "integer", "amount")
AS_READ = ("identifier", "text")  # a key that was made unique stays so
# What an office wrote, but no answer to a question of the form.
ANSWERED_NOWHERE = ("note", "unanswered", "unused", "extra")


@dataclass(frozen=True)
class LastAnswers:
    """What one organisation answered in a round, as `write_template` takes it.

    Attributes
    ----------
    values : mapping
        Table → records: column or member → value, or the office's own words.
    extras : mapping
        Table → header → a text for each record: columns that the office had added.
    years : tuple of int
        Years for which it gave costs.
    left_out : DataFrame
        Cells of its returns that have no place in the form: ``file``, ``sheet``, ``cell``, ``role``,
        ``header``, ``text``.
    """

    values: Mapping[str, list[dict[str, Any]]] = field(default_factory=dict)
    extras: Mapping[str, dict[str, list[str | None]]] = field(default_factory=dict)
    years: tuple[int, ...] = ()
    left_out: pd.DataFrame = field(default_factory=pd.DataFrame)


def write_office_form(
    strategy: Strategy,
    path: str | Path,
    *,
    office_id: str = "",
    on: dt.date | None = None,
    last: Inventory | None = None,
) -> LastAnswers:
    """Write the standard form as a workbook, empty or pre-filled for one organisation.

    Parameters
    ----------
    strategy : Strategy
        Gives choices, criteria with their anchors, roles and years.
    path : path
        The .xlsx to write.
    office_id : str
        The organisation whose name stands on the first sheet; none where empty.
    on : date, optional
        Reporting date of the round that is asked for; stands on the first sheet. Without it the organisation
        is taken as it is when planning begins.
    last : Inventory, optional
        The round whose answers are written into the form.

    Returns
    -------
    LastAnswers
        What was written, and what found no place.

    Raises
    ------
    ValueError
        If no such organisation exists on the date.
    """
    form = standard_form(strategy)
    day = on or strategy.planning.start_date
    names = {office.id: office.name for office in strategy.offices if is_valid(office, day)}
    if office_id and office_id not in names:
        raise ValueError(f"office_id must be one of {sorted(names)} on {day}, not {office_id!r}")
    found = last_answers(last, office_id, on=day) if last is not None and office_id else LastAnswers()
    cover: dict[str, Any] = {}
    for record in reversed(found.values.get("returns", [])):  # of several returns the first that says it
        cover |= {name: value for name, value in record.items() if value is not None}
    cover |= {"reported_office": names.get(office_id), "report_date": on}
    values = {**found.values, "returns": [cover]}
    years = sorted({*form_years(strategy), *found.years})
    notes = form_notes(strategy, form)
    write_template(form, path, values=values, extras=found.extras, years=years, notes=notes)
    return found


def form_years(strategy: Strategy) -> list[int]:
    """Return the years that the form asks costs for: one before planning begins, and those of the budgets."""
    return sorted({strategy.planning.start_date.year - 1, *(budget.year for budget in strategy.budgets)})


def form_notes(strategy: Strategy, form: Form) -> dict[str, dict[str, Note]]:
    """Return what tables, columns and criteria of the standard form mean.

    Parameters
    ----------
    strategy : Strategy
        Its criteria describe what they rate and what their values mean.
    form : Form
        From `standard_form`.

    Returns
    -------
    dict
        Table → column, member or choice → `Note`; ``""`` is the table's own.
    """
    notes: dict[str, dict[str, Note]] = {}
    for table in form.tables:
        own = {"": Note(_words("note", table.name, "sheet", form.language))}
        for column in table.columns:
            described, example = (
                _words(kind, table.name, column.name, form.language) for kind in ("note", "example")
            )
            if described or example:
                own[column.name] = Note(described, example)
        notes[table.name] = own
    notes["impact_ratings"] |= _rated(strategy.impact.asked)
    notes["readiness_ratings"] |= _rated(strategy.readiness.asked)
    notes["maturity_ratings"] |= _rated(strategy.maturity.asked)
    if "decision_ratings" in notes:
        notes["decision_ratings"] |= _rated(strategy.decision_criteria)
    notes["services"] |= {
        model.id: Note(anchors={str(n): name for n, name in enumerate(model.levels, start=model.floor)})
        for model in strategy.service_models
    }
    return notes


def _words(kind: str, table: str, column: str, language: str) -> str:
    for group in (table, "shared"):
        if has_text(key := f"template.{kind}.{group}.{column}", language):
            return text(key, language)
    return ""


def _rated(criteria: Iterable[Criterion]) -> dict[str, Note]:
    return {c.id: Note(c.description, anchors=dict(c.anchors)) for c in criteria}


def last_answers(inventory: Inventory, office_id: str, *, on: dt.date) -> LastAnswers:
    """Return what one organisation, or those that it came after, answered in a round.

    Every cell comes back as the form writes it. Where there was something to say of a cell (a range, an
    estimate, a guess, something unreadable) or it holds no value ("not applicable"), the office's own words
    come back. What is taken from the cover sheet is left to the new cover sheet.

    Parameters
    ----------
    inventory : Inventory
        The round.
    office_id : str
        The organisation.
    on : date
        The day by which an organisation's successor counts as itself.
    """
    strategy = inventory.strategy
    same = {
        name
        for name in inventory.files["office_id"].unique()
        if name and (name == office_id or successors(strategy, name, on) == (office_id,))
    }
    files = set(inventory.files.loc[inventory.files["office_id"].isin(same), "file"])
    cells = _Cells(inventory, files)
    values: dict[str, list[dict[str, Any]]] = {}
    extras: dict[str, dict[str, list[str | None]]] = {}
    years: set[int] = set()
    placed: set[int] = set()
    for table in standard_form(strategy).tables:
        records = _records(cells, table)
        values[table.name] = list(records.values())
        extras[table.name], used = _extras(cells, table, list(records))
        placed |= used
        if table.unpivot and table.unpivot.pattern:
            years |= {int(name) for record in records.values() for name in record if name.isdigit()}
    left = cells.leftovers
    left_out = left[left["role"].isin(ANSWERED_NOWHERE) & ~left.index.isin(placed)]
    return LastAnswers(values, extras, tuple(sorted(years)), left_out)


Key = tuple[str, str, int]  # file, sheet, row (column, where records stand in columns)


class _Cells:
    """What some files of a round said, cell by cell."""

    def __init__(self, inventory: Inventory, files: Collection[str]) -> None:
        self.inventory, self.files = inventory, files
        self.share = standard_form(inventory.strategy).approximate_share
        found, left = inventory.findings, inventory.leftovers
        found = found[found["file"].isin(files)]
        self.said = set(zip(found["file"], found["sheet"], found["cell"], strict=True))
        found = found[found["code"] == "formula-without-value"]
        places = zip(found["file"], found["sheet"], found["cell"], strict=True)
        self.formulas = dict(zip(places, found["value"], strict=True))
        self.leftovers = left[left["file"].isin(files)] if len(left) else left.reindex(columns=["role"])

    def answer(self, table: Table, label: Any, column: Column, value: Any, bounds: tuple[Any, Any]) -> Any:
        """Return what stands in the form for one value: the value itself, or the office's own words."""
        nothing = not value if isinstance(value, tuple) else bool(pd.isna(value))
        try:
            place = self.inventory.locate(table.name, label, column.name)
        except ValueError:  # the return has no such column
            return None if nothing else value
        source = self.inventory.sources[table.name].loc[label]
        if column.take and place.sheet != source["sheet"]:
            return None
        address = (place.file, place.sheet, place.cell)
        words = self.formulas.get(address) if place.raw is None else place.raw
        if nothing:
            return self._still_unread(column, words)
        if address not in self.said or not isinstance(words, str) or column.kind in AS_READ:
            return value
        if column.kind not in NUMBERS:
            return words
        written = (words, *self._in_numbers(value, *bounds))
        return next((w for w in written if self._reads_as(column, w) == (value, *bounds)), value)

    def _still_unread(self, column: Column, words: Any) -> Any:
        """Words that gave no number must give none in the form, where no header speaks of dollars."""
        if column.kind not in NUMBERS or words is None or isinstance(words, dt.date):
            return words
        if self._reads_as(column, words)[0] is None:
            return words
        return text("template.please_check", self.inventory.strategy.language, words=words)

    def _reads_as(self, column: Column, words: Any) -> tuple[Any, Any, Any]:
        """What the words mean alone: other cells, or a unit in the header, may have told how to read them."""
        if column.kind == "amount":
            parsed = parse_amount(words, approximate_share=self.share)
        else:
            parsed = parse_number(words, units=column.units or None, approximate_share=self.share)
        parsed = within(parsed, column) if parsed.state == "value" else parsed
        whole = column.kind == "integer" and parsed.value is not None
        value = math.floor(parsed.value) if whole else parsed.value
        return (value, parsed.lower, parsed.upper) if column.bounds else (value, None, None)

    def _in_numbers(self, value: float, lower: float | None, upper: float | None) -> list[str]:
        """Ways to write a value with its bounds; whether one says just that is seen by reading it."""
        language, number = self.inventory.strategy.language, _number
        if lower is None:
            return [number(value)]
        ways = [
            text(f"template.{key}", language, number=number(value))
            for key in ("at_least", "at_most", "about")
        ]
        if upper is not None:
            ways.append(text("template.range", language, lower=number(lower), upper=number(upper)))
        return ways


def _number(value: float) -> str:
    """Write a number without thousands separators and never with three decimals, which read in two ways."""
    whole, _, decimals = f"{value:.15g}".partition(".")
    return f"{whole},{decimals}{'0' if len(decimals) == 3 else ''}" if decimals else whole


def _records(cells: _Cells, table: Table) -> dict[Key, dict[str, Any]]:
    """Return the rows of a table as they stood on their sheets: members side by side again."""
    frame, source = cells.inventory.tables[table.name], cells.inventory.sources[table.name]
    own = source.index[source["file"].isin(cells.files)]
    member = table.unpivot.member if table.unpivot else ""
    valued = table.unpivot.value if table.unpivot else ""
    columns = [column for column in table.columns if column.kind != "state" and column.name != member]
    records: dict[Key, dict[str, Any]] = {}
    for label in own:
        row, place = frame.loc[label], source.loc[label]
        record = records.setdefault((place["file"], place["sheet"], int(place["row"])), {})
        for column in columns:
            name = str(row[member]) if column.name == valued else column.name
            if name in record:  # the same in every member's row
                continue
            value = label if column.name == table.key else row[column.name]
            ends = (
                [row[f"{column.name}_{end}"] for end in ("lower", "upper")] if column.bounds else [None] * 2
            )
            record[name] = cells.answer(table, label, column, value, (_none(ends[0]), _none(ends[1])))
    return records


def _none(value: Any) -> Any:
    return None if pd.isna(value) else value


def _extras(cells: _Cells, table: Table, keys: list[Key]) -> tuple[dict[str, list[str | None]], set[int]]:
    """Return the columns that an office had added, aligned with the records, and the leftovers they use."""
    position = {key: number for number, key in enumerate(keys)}
    source = cells.inventory.sources[table.name]
    source = source[source["file"].isin(cells.files)]
    layouts = {(s["file"], s["sheet"]): int(s["layout"]) for _, s in source.iterrows()}
    columns: dict[str, list[str | None]] = {}
    used: set[int] = set()
    extra = cells.leftovers[cells.leftovers["role"] == "extra"]
    for number, left in extra.iterrows():
        layout = layouts.get((left["file"], left["sheet"]))
        if layout is None:
            continue
        row, across = _split(left["cell"])
        if cells.inventory.places.layouts[layout].orientation == "columns":
            row, across = across, row
        found = position.get((left["file"], left["sheet"], row))
        if found is not None:
            header = left["header"] or f"{text('template.extra', cells.inventory.strategy.language)} {across}"
            columns.setdefault(header, [None] * len(keys))[found] = left["text"]
            used.add(int(number))  # type: ignore[call-overload]
    return columns, used


def _split(cell: str) -> tuple[int, int]:
    """Return row and column of an address.

    Examples
    --------
    >>> _split("AA12")
    (12, 27)
    """
    match = re.fullmatch(r"([A-Z]+)([0-9]+)", cell)
    assert match is not None
    number = 0
    for letter in match[1]:
        number = number * 26 + ord(letter) - ord("A") + 1
    return int(match[2]), number
