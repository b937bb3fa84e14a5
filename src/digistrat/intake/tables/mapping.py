"""A region's headers → the form's columns and members, each once; what is none is said."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from digistrat.findings import Severity
from digistrat.intake.forms import Target
from digistrat.intake.tables.grids import HeaderCell, Line
from digistrat.intake.tables.guesses import close_targets
from digistrat.intake.tables.headers import cell_text, declared_header, lexicon, names_unit
from digistrat.intake.tables.records import keep_titles
from digistrat.intake.tables.regions import Region


def map_columns(region: Region, headers: Mapping[int, HeaderCell], below: Mapping[int, Line]) -> set[int]:
    """Map a region's headers: declared ones first, then close spellings; never two onto one.

    Of two headers that name the same, one with answers below is meant, then the one that the form declares
    first, then the first one.

    Returns
    -------
    set of int
        Numbers whose header names what another one names already.
    """
    known = lexicon(region.table)
    found = {number: header.target(known) for number, header in headers.items()}
    named: dict[Target, list[int]] = {}
    for number in sorted(headers, key=lambda n: (known.rank(headers[n].text, found[n][0]), n)):
        target = found[number][0]
        if target is not None:
            named.setdefault(target, []).append(number)
    taken = {target: _with_answers(numbers, below) for target, numbers in named.items()}
    for number in taken.values():
        header = headers[number]
        if header.group is not None and (found[number][1] or _names_unit_of(header)):
            region.groups[number] = header.group
    for number, header in headers.items():  # what tells columns apart that nothing or the same is known of
        if number not in taken.values() and header.group is not None and _tells_apart(region, header):
            region.groups[number] = header.group
    twice = _say_twice(region, named, taken, below)
    open_headers = {number: headers[number].text for number, (target, _) in found.items() if target is None}
    guesses = close_targets(
        open_headers, known.declared, taken=taken, questions=known.questions, counted=known.counted
    )
    for number, target in guesses.items():
        taken[target] = number
        header = headers[number]
        if header.group is not None and _names_unit_of(header):
            region.groups[number] = header.group
        region.say(
            "header-guessed",
            "warning",
            (region.header, number),
            column=target[1],
            values={"column": declared_header(region.table, target)},
        )
    for (kind, name), number in sorted(taken.items(), key=lambda item: item[1]):
        if kind == "column":
            region.columns[name] = number
        else:
            region.members[number] = name
    _say_missing(region)
    _say_missing_members(region)
    return twice


def _with_answers(numbers: Sequence[int], below: Mapping[int, Line]) -> int:
    """Return the first number with answers below; the first where none has any."""
    if len(numbers) == 1:
        return numbers[0]
    return next((n for n in numbers if any(n in cells for cells in below.values())), numbers[0])


def _say_twice(
    region: Region, named: Mapping[Target, list[int]], taken: Mapping[Target, int], below: Mapping[int, Line]
) -> set[int]:
    """Say which headers name what another one names; one above a column of headers is its title."""
    twice: set[int] = set()
    for target, numbers in named.items():
        for number in numbers:
            is_title = region.orientation == "columns" and number < taken[target]
            if number == taken[target] or (is_title and not any(number in cells for cells in below.values())):
                continue
            twice.add(number)
            column = target[1] if target[0] == "column" else ""
            first = region.address(region.header, taken[target])
            at = (region.header, number)
            shown = region.header_text(number)
            region.say("column-twice", "warning", at, value=shown, column=column, values={"first": first})
    return twice


def _tells_apart(region: Region, header: HeaderCell) -> bool:
    """Whether a year stands over a header, or is the header: both together say which column it is."""
    known = lexicon(region.table)
    return known.shows_member(header.text) or known.shows_member(cell_text(header.group))


def _names_unit_of(header: HeaderCell) -> bool:
    """Whether the group's heading gives the amounts under it their unit."""
    return header.group is not None and names_unit(cell_text(header.group))


def _say_missing(region: Region) -> None:
    """Say which columns are not there; expected ones where most of the form is: else it is another list."""
    table = region.table
    is_the_form = 2 * len(region.columns) >= sum(bool(column.headers) for column in table.columns)
    for column in table.columns:
        has_other_source = column.take or column.default is not None or column.name == table.sheet_column
        if column.name in region.columns or has_other_source:
            continue
        severity: Severity = "info"
        if column.required:  # without the key nothing else of the table can be assigned
            severity = "error" if column.name == table.key or column.refers else "warning"
        elif not (column.headers and (table.expects_all_columns or (column.expected and is_the_form))):
            continue
        expected = declared_header(table, ("column", column.name))
        region.say("column-missing", severity, None, column=column.name, values={"expected": expected})


def _say_missing_members(region: Region) -> None:
    """Say which members have no column where others have: their answers would be lost without a word."""
    unpivot = region.table.unpivot
    if unpivot is None or not region.members:
        return
    # where empty cells count, every member was asked for
    severity: Severity = "warning" if unpivot.keep_empty else "info"
    for member in unpivot.members:
        if member not in region.members.values():
            expected = declared_header(region.table, ("member", member))
            region.say("column-missing", severity, None, column=member, values={"expected": expected})


def note_extras(
    region: Region, headers: Mapping[int, HeaderCell], extras: Mapping[int, int], twice: Collection[int]
) -> None:
    """Say which columns are none of the form's; their headers are kept where nothing stands below."""
    known = lexicon(region.table)
    for number, count in sorted(extras.items()):
        if number in twice:
            continue
        # a year of costs that is not read is more than a remark
        shown = region.header_text(number)
        severity: Severity = "warning" if known.shows_member(shown) else "info"
        place = (region.header, number)
        region.say("column-not-mapped", severity, place, value=shown, values={"count": count})
    mapped = {*region.columns.values(), *region.members}
    empty = sorted(headers.keys() - mapped - extras.keys())
    # beside headers that stand one below the other, titles stand in their column
    titles = [n for n in empty if region.orientation == "columns" and n < min(mapped, default=0)]
    for number in titles:
        keep_titles(region, {region.header: {number: headers[number].cell}})
    rest = [number for number in empty if number not in titles]
    region.keep("title", region.header, rest)
    for number in rest:
        if number not in twice:
            region.say("column-empty", "info", (region.header, number))


def note_hidden(region: Region, extras: Iterable[int]) -> None:
    """Say which records and columns nobody sees in the spreadsheet; they are read."""
    rows, columns = region.sheet.hidden_rows, region.sheet.hidden_columns
    if region.orientation == "columns":
        rows, columns = columns, rows
    if rows:
        for record in region.records:
            if record in rows:
                number = next(n for n in range(1, 10**9) if (record, n) not in region.shared)
                region.say("row-hidden", "info", (record, number), value=str(record))
    names = {number: name for name, number in region.columns.items()}
    for number in sorted({*names, *region.members, *extras} & columns):
        region.say("column-hidden", "info", (region.header, number), column=names.get(number, ""))
