"""The lines under a header: records, and what people write between, under and over them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import islice

from digistrat.findings import Severity
from digistrat.intake.forms import Column
from digistrat.intake.tables.answers import adds_up, is_answer, is_key, labels_of
from digistrat.intake.tables.grids import Line, Range
from digistrat.intake.tables.headers import (
    cell_text,
    header_key,
    is_hint,
    lexicon,
    names_unit,
    starts_like_total,
    tells_measure,
)
from digistrat.intake.tables.regions import Region
from digistrat.intake.values import fold
from digistrat.intake.values.words import words
from digistrat.intake.workbooks import Cell
from digistrat.texts import text

HINTED = 0.6  # share of a line's cells that say how to fill in the column
NUMBERED = 4  # columns counted 1, 2, 3, 4 under their headers
N_TITLES, LONGEST_TITLE = 3, 120  # lines above a table that are titles, and their length
LONGEST_GROUP = 60  # length of a heading over a group of columns
PLAIN = (".csv", ".tsv", ".txt")  # files whose rows may be longer than their headers by a slip
_OPENING = ("(", "[", "*")  # before a word for an example
MANY_ANSWERS = 3  # so many answers above the headers are a record
SAID = {"total": "total-row", "group": "group-row", "hint": "hint-row", "example": "example-row"}


@dataclass
class Lines:
    """What tells a record from the other lines under a header.

    Attributes
    ----------
    region : Region
    headers : dict
        Number → folded header.
    mapped, anchor, keys : set of int
        Numbers in a column of the form; in a required one; in the one that identifies the record.
    last_full : int
        The last line with two answers: what stands below in one cell is a note.
    merged : dict
        First line → merged ranges.
    titles : tuple of int
        Numbers in a required column of texts.
    """

    region: Region
    headers: Mapping[int, str]
    mapped: set[int]
    anchor: set[int]
    keys: set[int]
    last_full: int
    merged: Mapping[int, list[Range]]
    titles: tuple[int, ...] = ()

    def role(self, line: int, cells: Line) -> str:
        """Return what a line is; empty for a record."""
        first = next(iter(cells))
        inside = self.mapped & cells.keys()
        if self._repeats_header(cells, inside):
            return "heading"
        if not self.region.records and (self._counts_columns(cells) or self._gives_hints(cells)):
            return "hint"
        shown = cells[first].value
        is_sum = isinstance(shown, str) and starts_like_total(shown)
        if is_sum and inside and self._is_total(cells, inside):
            return "total"
        if self._is_example(cells):
            return "example"
        if len(inside) >= 2:
            return ""
        if len(cells) == 1 and line < self.last_full and self._heads_group(line, first):
            return "group"
        if not inside or (
            len(self.mapped) >= 2
            and (not inside & self.anchor or (line > self.last_full and not self._is_key(line, *inside)))
        ):
            return "note"
        return ""

    def _repeats_header(self, cells: Line, inside: set[int]) -> bool:
        headers = self.headers
        for number in islice(cells, 2):
            shown, header = cells[number].value, headers.get(number, "")
            if not isinstance(shown, str) or len(shown) >= 2 * len(header) + 9:
                continue
            # most begin otherwise, and need no folding
            if shown[:1].isascii() and shown[:1].isalnum() and shown[0].lower() != header[:1]:
                continue
            if fold(shown) == header:
                break
        else:
            return False
        same = sum(fold(cell_text(cell)) == headers.get(number) for number, cell in cells.items())
        return same >= max(min(2, len(headers)), (len(inside) + 1) // 2)

    def differs_from_header(self, cells: Line) -> bool:
        """Whether a line that repeats headers has others among them."""
        region = self.region
        return any(
            header_key(cell_text(cell)) != header_key(region.text(region.header, number))
            for number, cell in cells.items()
            if number in self.mapped or number not in self.headers
        )

    def _is_key(self, line: int, number: int) -> bool:
        """Below a table 'A16-003' is a record without answers, as is a choice; 'Key:' is a note."""
        shown, column = self.region.text(line, number), self._columns.get(number)
        if column is not None and fold(shown) in labels_of(column):
            return True
        return number in self.keys and len(shown.split()) == 1 and not shown.endswith(":")

    def _is_total(self, cells: Line, inside: set[int]) -> bool:
        first = next(iter(cells))
        # a project may be called 'Gesamt-IT': a total has no key and no other text
        return len(self.anchor & inside) <= 1 and all(
            number == first or not isinstance(cell.value, str) or not cell.value.strip()[:1].isalpha()
            for number, cell in cells.items()
        )

    def _counts_columns(self, cells: Line) -> bool:
        """Whether a line under the headers numbers the columns."""
        if len(cells) < NUMBERED:
            return False
        shown = [cell_text(cell).strip("()[]. ").removesuffix(".0") for cell in cells.values()]
        return shown == [str(number) for number in range(1, len(shown) + 1)]

    def _gives_hints(self, cells: Line) -> bool:
        """Whether a line under the headers says how to fill in the columns."""
        hints = 0
        for number, cell in cells.items():
            if not isinstance(cell.value, str) or not self._is_hint(number, cell.value):
                if number in self.keys:
                    return False
                continue
            hints += 1
        return hints >= max(1, HINTED * len(cells)) and bool(self.mapped & cells.keys())

    def _is_hint(self, number: int, shown: str) -> bool:
        return is_hint(shown) or _lists_choices(shown, self._columns.get(number))

    def shows_how(self, cells: Line) -> bool:
        """Whether a line numbers the columns, says how to fill them in, or shows an example."""
        return self._counts_columns(cells) or self._gives_hints(cells) or self._is_example(cells)

    def answers(self, number: int, cell: Cell) -> bool:
        """Whether a cell is an answer for its column without doubt."""
        column = self._columns.get(number)
        return column is not None and is_answer(column, cell)

    @cached_property
    def _columns(self) -> Mapping[int, Column]:
        return self.region.mapped

    def _is_example(self, cells: Line) -> bool:
        """Whether one of a line's first two cells, or its title, marks it as an example."""
        beginnings = _example_beginnings()
        for number in (*islice(cells, 2), *self.titles):
            shown = cells[number].value if number in cells else None
            if not isinstance(shown, str) or not (shown[:2].lower() in beginnings or shown[:1] in _OPENING):
                continue
            match = _example().match(shown.strip())
            # in a column of titles, 'Beispiel' alone may be a title
            if match and (match["end"] == ":" or number in self.keys or number not in self.mapped):
                return True
            # but no title begins with 'z. B.'
            is_unkeyed = not self.region.records or not self.keys & cells.keys()
            if is_unkeyed and _for_example().match(shown.strip()):
                return True
        return False

    def _heads_group(self, line: int, number: int) -> bool:
        """Whether a single cell between records heads those that follow."""
        shown = self.region.text(line, number)
        across = [right - left + 1 for _, left, bottom, right in self.merged.get(line, ()) if left == number]
        if across and max(across) >= max(2, len(self.mapped) // 2):
            return True
        if number in self.mapped and number not in self.anchor:
            return False
        if number in self.keys and len(shown.split()) > 1 and not re.fullmatch(r"\S+\s\S*\d\S*", shown):
            return True
        return shown.endswith(":") or _group().match(shown) is not None


def split_lines(
    region: Region,
    below: Mapping[int, Line],
    merged: Mapping[int, list[Range]],
    *,
    again: Collection[int] = (),
) -> Counter[int]:
    """Tell records from the other lines of a region; what is none is kept, and said where it matters.

    The lines of ``again`` are the upper ones of repeated headers.

    Returns
    -------
    Counter
        Number across the records → how many records have something there that is in no column of the form.
    """
    lines = _lines_of(region, below, merged)
    mapped, records = lines.mapped, region.records
    is_plain = region.file.lower().endswith(PLAIN) and region.orientation == "rows"
    last = max(_headed(region), default=0) if is_plain else 0
    extras: Counter[int] = Counter()
    for line, cells in below.items():
        role = "heading" if line in again else lines.role(line, cells)
        if not role:
            records.append(line)
            outside = cells.keys() - mapped
            if outside:
                region.keep("extra", line, sorted(outside))
                beyond = {n for n in outside if n > last} if is_plain else set()
                if beyond:
                    region.say("row-too-long", "warning", (line, min(beyond)))
                extras.update(outside - beyond)
            continue
        region.keep(role, line, cells)
        if role == "heading" and line not in again and lines.differs_from_header(cells):
            region.say("header-differs", "error", (line, next(iter(cells))))
        if role == "note":
            for number in cells:
                _say_outside(region, line, number)
        elif role in SAID:
            region.say(SAID[role], "info", (line, next(iter(cells))))
        if role == "hint":
            _take_units(region, cells)
    return extras


def _lines_of(region: Region, below: Mapping[int, Line], merged: Mapping[int, list[Range]]) -> Lines:
    table, columns = region.table, region.columns
    mapped = {*columns.values(), *region.members}
    required = {table.key, *(c.name for c in table.columns if c.required)}
    anchor = {number for name, number in columns.items() if name in required}
    keys = {n for name, n in columns.items() if n in anchor and table.column(name).kind == "identifier"}
    least = min(2, len(mapped))
    full = next((line for line in reversed(list(below)) if len(mapped & below[line].keys()) >= least), 0)
    if (
        not full
    ):  # without any, the first row that has a key or another required answer is a record, not a note
        full = next((line for line, cells in below.items() if anchor & cells.keys()), 0)
    own = _headed(region) if not below else set()
    numbers = own or {n for cells in below.values() for n in cells} | mapped
    headers = {number: fold(shown) for number in numbers if (shown := region.text(region.header, number))}
    titles = tuple(n for name, n in columns.items() if n in anchor and table.column(name).kind == "text")
    return Lines(region, headers, mapped, anchor, keys, full, merged, titles)


def _headed(region: Region) -> set[int]:
    """Numbers under a header."""
    most = region.sheet.n_columns if region.orientation == "rows" else region.sheet.n_rows
    return {number for number in range(1, most + 1) if (region.header, number) in region.cells}


def keep_titles(region: Region, above: Mapping[int, Line], top: int = 0, *, is_lower: bool = False) -> None:
    """Keep what stands above a table; what is no title is said.

    Titles are the first few short lines, the line right above the headers (at ``top``) that groups them,
    names of sheets, and what the template itself says; below another table (``is_lower``) only the last two.
    A record that stands above its headers is an error.
    """
    template = ("title", "help_cover", "help_table")
    known = {fold(text(f"template.{name}", region.form.language)) for name in template}
    known.add(fold(region.sheet.name))
    known.update(name for table in region.form.tables for name in table.sheet_names)
    n_titles = 0
    lost = say_records_above(region, above)
    for line, cells in above.items():
        region.keep("title", line, cells)
        if line in lost:
            continue
        said = {number: cell_text(cell) for number, cell in cells.items()}
        own = [number for number, shown in said.items() if fold(shown) not in known]
        n_titles += bool(own)
        is_group = line == top - 1 and all(len(said[number]) <= LONGEST_GROUP for number in own)
        is_few = n_titles <= N_TITLES and len(own) <= N_TITLES
        for number in own:
            is_title = is_group or (is_few and len(said[number]) <= LONGEST_TITLE)
            if is_lower and len(cells) == 1 and not begins_with(said[number], known):
                is_title = False
            if not is_title or tells_measure(said[number]):
                _say_outside(region, line, number)


def begins_with(shown: str, known: Iterable[str]) -> bool:
    """Whether a text begins with the name of a table; one between two tables may else belong to either."""
    return f"{fold(shown)} ".startswith(tuple(f"{name} " for name in known if name))


def say_records_above(region: Region, above: Mapping[int, Line]) -> set[int]:
    """Say which lines above the headers look like records, with answers where columns expect them."""
    if not above or not region.columns:
        return set()
    lines = _lines_of(region, above, {})
    known = lexicon(region.table)
    identifiers = {n for name, n in region.columns.items() if region.table.column(name).kind == "identifier"}
    found = set()
    for line, cells in above.items():
        inside = lines.mapped & cells.keys()
        shown = {number: cell_text(cell) for number, cell in cells.items()}
        is_keyed = any(is_key(shown[n]) for n in identifiers & inside)
        if (
            len(inside) < 2
            or not any(isinstance(cell.value, str) for cell in cells.values())
            or any(
                text_.endswith(":") or (known.target_of(text_) and not is_keyed) for text_ in shown.values()
            )
            or lines.shows_how(cells)
        ):
            continue
        if is_keyed or (len(inside) >= MANY_ANSWERS and any(lines.answers(n, cells[n]) for n in inside)):
            found.add(line)
            region.say("row-above-header", "error", (line, next(iter(cells))))
    return found


def _say_outside(region: Region, line: int, number: int) -> None:
    shown = region.text(line, number)
    if names_unit(shown):
        region.say("unit-outside-table", "warning", (line, number))
    else:
        severity: Severity = "warning" if tells_measure(shown) else "info"
        region.say("text-outside-table", severity, (line, number))


def _take_units(region: Region, cells: Mapping[int, Cell]) -> None:
    """A unit under a header belongs to it."""
    for number, cell in cells.items():
        if names_unit(cell_text(cell)):
            region.groups.setdefault(number, cell)


def share_merged(region: Region, merged: Mapping[int, list[Range]]) -> None:
    """Let a value that is merged over several records count for each, and say so.

    What may be a sum of all of them, money or a number of cases, counts once: for the first record.
    """
    records, columns = set(region.records), region.mapped
    for line in sorted(merged.keys() & records):
        for _, first, bottom, last in merged[line]:
            cell = region.cells.get((line, first))
            if cell is None or first not in columns:
                continue
            sums = adds_up(columns[first])
            under = [
                (record, first)
                for record in range(line + 1, min(bottom, region.records[-1]) + 1)
                if record in records and not region.text(record, first)
            ]
            if under and sums:
                region.say("merged-amount", "warning", (line, first), values={"count": len(under) + 1})
            elif under:
                region.shared.update(dict.fromkeys(under, cell))
                region.say("merged-value", "info", (line, first), values={"count": len(under) + 1})
            across = sum(first <= number <= last for number in columns)
            if across > 1:
                severity: Severity = "warning" if sums else "info"
                region.say("merged-across", severity, (line, first), values={"count": across})
    if region.shared:
        region.cells = {**region.cells, **region.shared}


def _lists_choices(shown: str, column: Column | None) -> bool:
    """Whether a text lists what may be chosen, with strokes or commas between."""
    if column is None or not column.choices:
        return False
    labels = labels_of(column)
    parts = [fold(part) for part in re.split(r"[/|,;\n]", shown)]
    return len(parts) > 1 and all(part in labels for part in parts)


@cache
def _group() -> re.Pattern[str]:
    return re.compile(rf"(?:{_any(words()['tables']['groups'])})\W{{0,3}}(?:\d+|[IVX]+\b|[A-Z]\b)", re.I)


@cache
def _example() -> re.Pattern[str]:
    listed = _any(words()["tables"]["examples"]).replace("\\ ", " ?")
    return re.compile(rf"\W*(?:{listed})(?:\s*\d+)?\s*(?P<end>:|$)", re.I)


@cache
def _for_example() -> re.Pattern[str]:
    short = _any(word for word in words()["tables"]["examples"] if word.endswith(".")).replace("\\ ", " ?")
    return re.compile(rf"\W*(?:{short}) *[^\W_]", re.I)


@cache
def _example_beginnings() -> frozenset[str]:
    return frozenset(word[:2].lower() for word in words()["tables"]["examples"])


def _any(group: Iterable[str]) -> str:
    return "|".join(re.escape(word) for word in sorted(group, key=len, reverse=True))
