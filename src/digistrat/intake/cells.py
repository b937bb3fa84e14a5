"""One column's cells → values with bounds and states; what there is to say of a cell goes to its region."""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any

from digistrat.findings import Severity
from digistrat.intake.forms import Column
from digistrat.intake.scales import NUMERIC, Measure
from digistrat.intake.tables import Region
from digistrat.intake.values import (
    Parsed,
    detect_decimal,
    parse_boolean,
    parse_date,
    parse_identifier,
    parse_list,
    parse_text,
)
from digistrat.intake.values.choices import is_plain_key, is_plain_text, read_choice
from digistrat.intake.values.dates import LAST_YEAR, YEAR_AS_DATE, names_quarter
from digistrat.intake.values.digits import LARGEST
from digistrat.intake.values.labels import ChoiceTable, choice_table
from digistrat.intake.values.numbers import read_number
from digistrat.intake.values.units import AS_WRITTEN, money_units, units_of
from digistrat.intake.values.words import MISSING, clean, fold, unreadable, words
from digistrat.intake.workbooks import Cell

# What a reader's remark about a value means: an info tells how it was read, a warning that it was changed or
# guessed, or that it is elsewhere; every other keeps the value out and is an error.
SEVERITY: dict[str, Severity] = {
    "approximate": "info",
    "range": "info",
    "at-most": "info",
    "at-least": "info",
    "range-of-everything": "warning",
    "approximate-date": "info",
    "date-range": "info",
    "ongoing": "warning",
    "two-digit-year": "warning",
    "tax-basis": "warning",
    "see-attachment": "warning",
    "choice-guessed": "warning",
    "remark-dropped": "warning",
    "serial-date": "warning",
}
FROM_FORMAT = "unit-from-format"
STATES = {"value": "assessed"}
MOST = 2**53  # whole numbers up to here are exact


@dataclass(slots=True)
class Answers:
    """A column's cells, read: one entry per record in each list.

    Attributes
    ----------
    raws, values : list
        What stood in the cells, and what it says; None for nothing.
    lower, upper : list
        Bounds of numbers that are not exact.
    states : list of str
        ``assessed``, ``missing``, ``not_applicable`` or ``unreadable``.
    """

    raws: list[Any]
    values: list[Any]
    lower: list[Any]
    upper: list[Any]
    states: list[str]


def read_cells(
    region: Region, column: Column, number: int, measure: Measure | None, decimal: str | None = None
) -> Answers:
    """Read the cells of a column's records.

    Plain numbers and dates are taken as they are, equal texts are read once.

    Parameters
    ----------
    region : Region
        Where they stand.
    column : Column
        What they are.
    number : int
        Number of the column across the records.
    measure : Measure, optional
        How its numbers are read; None for a column that holds none.
    decimal : {",", "."}, optional
        Decimal mark that is proven elsewhere; otherwise the column's cells are asked.
    """
    get = region.cells.get
    cells = [get((row, number)) for row in region.records]
    raws = [None if cell is None else cell[4] or cell[2] for cell in cells]  # its error or its value
    if decimal is None and measure is not None:
        decimal = detect_decimal(raws)
    quarters = column.kind == "date" and names_quarter(region.header_text(number))
    share = region.form.approximate_share
    parse = cell_parser(column, measure, decimal=decimal, share=share, quarters=quarters)
    values, others = _plain_values(column, raws, measure) if not quarters else (list(raws), range(len(raws)))
    formatted = [i for i, cell in enumerate(cells) if cell is not None and cell[5] is not None]
    if formatted:
        others = sorted({*others, *formatted})
    known: dict[str, Parsed] = {}
    special: list[tuple[int, Parsed]] = []
    for position in others:
        raw = raws[position]
        if type(raw) is str and raw in known:
            parsed = known[raw]
        else:
            parsed = _read_cell(cells[position], parse, column, measure)
            if type(raw) is str and not cells[position].error:  # type: ignore[union-attr]
                known[raw] = parsed
        values[position] = parsed.value
        if parsed.state != "value" or parsed.codes:
            special.append((position, parsed))
    answers = Answers(raws, values, [None] * len(raws), [None] * len(raws), [STATES["value"]] * len(raws))
    _tell_formats(region, column, number, special)
    for position, parsed in special:
        answers.lower[position], answers.upper[position] = parsed.lower, parsed.upper
        answers.states[position] = STATES.get(parsed.state, parsed.state)
        _tell(region, column, (region.records[position], number), parsed, raws[position])
    return answers


def _plain_values(
    column: Column, raws: list[Any], measure: Measure | None
) -> tuple[list[Any], Iterable[int]]:
    """Values of the cells that need no reading, and the positions of all others."""
    values = list(raws)
    if measure is not None:
        if measure.scale is not AS_WRITTEN:
            return values, range(len(raws))
        most = MOST if column.kind == "integer" else LARGEST
        low = -most if column.minimum is None else max(column.minimum, -most)
        high = most if column.maximum is None else min(column.maximum, most)
        plain = (int,) if column.kind == "integer" else (int, float)
        return values, [i for i, raw in enumerate(raws) if not (type(raw) in plain and low <= raw <= high)]
    if column.kind == "date":
        others = []
        for position, raw in enumerate(raws):
            if type(raw) is dt.datetime and YEAR_AS_DATE[1].year < raw.year <= LAST_YEAR:
                values[position] = raw.date()
            else:
                others.append(position)
        return values, others
    if column.kind == "text":
        return values, [i for i, raw in enumerate(raws) if not is_plain_text(raw)]
    if column.kind == "identifier":
        return values, [i for i, raw in enumerate(raws) if not is_plain_key(raw)]
    return values, range(len(raws))


def _read_cell(
    cell: Cell | None, parse: Callable[[Any], Parsed], column: Column, measure: Measure | None
) -> Parsed:
    if cell is None:
        return MISSING
    if cell.error:
        return unreadable("cell-error")
    if cell.value is None and cell.formula:
        return unreadable("formula-without-value")
    parsed = parse(cell.value) if cell.shown is None else _as_shown(cell, parse, measure)
    return within(parsed, column) if column.kind in NUMERIC and parsed.state == "value" else parsed


def _as_shown(cell: Cell, parse: Callable[[Any], Parsed], measure: Measure | None) -> Parsed:
    """Read a number with what its format writes beside it, as the office sees it.

    Where that makes it another number than the one that is stored, it is told; where the header has a unit
    as well, nobody knows which of the two is meant.
    """
    value: Any = cell.value
    shown = parse(cell.shown.written(value))  # type: ignore[union-attr]
    if measure is None or shown.state != "value":
        return shown
    plain = parse(value)
    if plain.state != "value" or plain.value == shown.value:
        return shown
    if measure.scale is not AS_WRITTEN:
        return unreadable("format-contradicts")
    return shown._replace(codes=(*shown.codes, FROM_FORMAT))


def _tell_formats(region: Region, column: Column, number: int, special: list[tuple[int, Parsed]]) -> None:
    """Tell once of a column that its numbers were taken with the unit that their cells' format writes."""
    told = [position for position, parsed in special if FROM_FORMAT in parsed.codes]
    if not told:
        return
    place = (region.records[told[0]], number)
    cell = region.cells[place]
    values = {**_expected(column, region.header_text(number) or column.name), "count": len(told)}
    shown = cell.shown.written(cell.value)  # type: ignore[union-attr, arg-type]
    region.say(FROM_FORMAT, "info", place, value=shown, column=column.name, values=values)


def within(parsed: Parsed, column: Column) -> Parsed:
    """Hold a number against the column's minimum and maximum; bounds never pass them.

    "At least 6" ends where the column does; "at least 0" on a scale from 0 says nothing.
    """
    if not -LARGEST < parsed.value < LARGEST:
        return unreadable("not-a-number")
    low = -math.inf if column.minimum is None else column.minimum
    high = math.inf if column.maximum is None else column.maximum
    if not parsed.codes and low <= parsed.value <= high:
        return parsed
    ends = [parsed.value]
    if "range" in parsed.codes and "approximate" not in parsed.codes:
        ends += [parsed.lower, parsed.upper]
    if not all(low <= end <= high for end in ends):
        return unreadable("out-of-range")
    lower = None if parsed.lower is None else min(max(parsed.lower, low), parsed.value)
    upper = None if parsed.upper is None else max(min(parsed.upper, high), parsed.value)
    if "at-most" in parsed.codes:
        lower = lower if column.minimum is None else low
    if "at-least" in parsed.codes:
        upper = column.maximum
    if column.bounds and (lower, upper) == (column.minimum, column.maximum) and None not in (lower, upper):
        return unreadable("range-of-everything")
    return parsed._replace(lower=lower, upper=upper)


def _tell(region: Region, column: Column, place: tuple[int, int], parsed: Parsed, raw: Any) -> None:
    """Say what a cell's reader remarked, that a required answer is missing, or that one is to follow."""
    codes = [(code, SEVERITY.get(code, "error")) for code in parsed.codes if code != FROM_FORMAT]
    if not codes and parsed.state in ("missing", "not_applicable") and column.required and not column.take:
        found = "no-answer" if region.text(*place) else "missing-value"
        codes = [("missing-key" if column.name == region.table.key else found, "warning")]
    elif not codes and parsed.state == "missing" and type(raw) is str and fold(raw) in _pending():
        codes = [("answer-pending", "info")]
    for code, severity in codes:
        values = _expected(column, region.header_text(place[1]) or column.name)
        shown = _shown(region.cells.get(place), region.form.language)
        region.say(code, severity, place, value=shown, column=column.name, values=values)


@cache
def _pending() -> frozenset[str]:
    return frozenset(fold(word) for word in words()["states"]["pending"])


def _shown(cell: Cell | None, language: str) -> str | None:
    """True and false, and numbers with a format, as their cell shows them; None for every other value."""
    if cell is None or cell.error:
        return None
    if isinstance(cell.value, bool):
        return str(words()["booleans"]["shown"][language][0 if cell.value else 1])
    return None if cell.shown is None else cell.shown.written(cell.value)  # type: ignore[arg-type]


def _expected(column: Column, header: str) -> dict[str, Any]:
    """What findings say of a column, in the words of its return."""

    def shown(number: float | None) -> str:
        return "…" if number is None else f"{number:g}"

    labels = [(*names, code)[0] for code, names in column.choices.items()]
    return {
        "column": " ".join(header.split()),
        "minimum": shown(column.minimum),
        "maximum": shown(column.maximum),
        "choices": ", ".join(labels[:8]) + (" …" if len(labels) > 8 else ""),
    }


def cell_parser(
    column: Column,
    measure: Measure | None = None,
    *,
    decimal: str | None = None,
    share: float = 0.2,
    quarters: bool = False,
) -> Callable[[Any], Parsed]:
    """Return the function that reads a cell of a column; `quarters` as for `parse_date`.

    Raises
    ------
    ValueError
        If the column's kind has no cells of its own.
    """
    if column.kind in NUMERIC:
        default = money_units() if column.kind == "amount" else units_of(column.units or None)
        how = measure or Measure(default)

        def number(raw: Any) -> Parsed:
            return read_number(
                raw, how.units, decimal=decimal, share=share, scale=how.scale, stated=how.stated
            )

        if column.kind != "integer":
            return number
        # of a whole number three decimals are none: they are thousands of the other notation
        doubtful = re.compile(rf"\{decimal}[0-9]{{3}}(?![0-9])") if decimal else None

        def whole(raw: Any) -> Parsed:
            if doubtful is not None and isinstance(raw, str) and doubtful.search(raw):
                return unreadable("ambiguous-number")
            return _whole(number(raw))

        return whole
    match column.kind:
        case "text":
            return parse_text if column.required or column.take else _free_text
        case "identifier":
            return parse_identifier
        case "date":
            return lambda raw: parse_date(raw, end=column.period_end, quarters=quarters)
        case "boolean":
            return parse_boolean
        case "choice":
            table = choice_table(tuple(column.choices.items()))
            return lambda raw: read_choice(raw, table)
        case "list":
            choices = choice_table(tuple(column.choices.items())) if column.choices else None
            return lambda raw: _listed(raw, choices)
        case _:
            raise ValueError(f"kind {column.kind!r} of column {column.name} has no cells of its own")


def _free_text(raw: Any) -> Parsed:
    """A text that may be missing keeps words such as "not yet decided": they may be the answer itself."""
    parsed = parse_text(raw)
    if parsed.value is None and not parsed.codes and isinstance(raw, str) and any(map(str.isalpha, raw)):
        return Parsed(clean(raw))
    return parsed


def _whole(parsed: Parsed) -> Parsed:
    if parsed.state != "value":
        return parsed
    if abs(parsed.value) > MOST:
        return unreadable("out-of-range")
    if parsed.value.is_integer():
        return parsed
    if parsed.lower != parsed.upper and "range" in parsed.codes:  # the midpoint of whole numbers
        return parsed._replace(value=math.floor(parsed.value))
    return unreadable("not-an-integer")


def _listed(raw: Any, choices: ChoiceTable | None) -> Parsed:
    """Each entry of a list as one of the declared choices; what is none stays out, with a finding."""
    if choices is None:
        return parse_list(raw)
    whole = read_choice(raw, choices)
    if whole.state == "value" and not whole.codes:  # a label may hold a comma itself
        return Parsed((whole.value,))
    parsed = parse_list(raw)
    if parsed.state != "value":
        return parsed
    items = [read_choice(item, choices) for item in parsed.value]
    if len(items) > 1:  # "none" among others answers nothing
        items = [
            item if item.state == "value" or item.codes else unreadable("not-a-choice") for item in items
        ]
    codes = tuple(dict.fromkeys(code for item in items for code in item.codes))
    found = tuple(dict.fromkeys(item.value for item in items if item.state == "value"))
    if not codes and not found:
        return items[0]
    return Parsed(found, "value" if found else "unreadable", None, None, codes)
