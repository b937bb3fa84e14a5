"""Where headers stand on a sheet, and of which table they are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import islice

from digistrat.intake.forms import Column, Form, Table, Target
from digistrat.intake.tables.answers import is_record
from digistrat.intake.tables.grids import Grid, HeaderCell, Line, are_two_lines, header_cells, header_text
from digistrat.intake.tables.guesses import close_targets
from digistrat.intake.tables.headers import (
    cell_text,
    form_words,
    header_key,
    lexicon,
    spellings,
    tells_measure,
)
from digistrat.intake.values import fold
from digistrat.intake.values.words import BEGINNING, words
from digistrat.intake.workbooks import Cell

# Lines of a sheet, and behind a header, in which every text may be one; further down one of the first must be
SEARCHED, SEARCHED_ON = 60, 5
FIRST_TEXTS = 4
FEW_TEXTS = 15  # so many texts of a line without a header: it is no line of headers
WORDED = 0.6  # share of a header line's cells that are texts, or members such as years
EARLY = 0.8  # share of the best line's known headers with which an earlier line is the header
ENOUGH = 3  # known headers that make a table on a sheet of any name
LEAST = 0.1  # share of a line's cells that are known, on a sheet of any name
SEARCHED_BY_GUESS, LEAST_GUESSED = 20, 1 / 3  # lines in which headers are guessed; share that must be headers
TITLES = 3  # lines above headers that may stand again with them
NAMED = 2  # what the sheet's name counts in known headers


@dataclass(frozen=True)
class Head:
    """A line of headers, or two.

    Attributes
    ----------
    table : Table
    line : int
        The line, the lower one of two.
    top : int
        The upper line.
    cells : dict
        Number → header.
    targets : dict
        Number → column or member that it is the first to name.
    named : int
        What the sheet's name counts for the table.
    is_strong : bool
        Whether its known headers alone make a table.
    again : tuple of int
        Upper lines of its repetitions further down.
    """

    table: Table
    line: int
    top: int
    cells: Mapping[int, HeaderCell]
    targets: Mapping[int, Target]
    named: int
    is_strong: bool
    again: tuple[int, ...] = ()

    @property
    def is_double(self) -> bool:
        """Whether it takes two lines."""
        return self.top < self.line

    @property
    def score(self) -> int:
        """Known headers, and what the sheet's name counts."""
        return len(self.targets) + self.named

    @property
    def rank(self) -> tuple[bool, bool, int]:
        """What makes the better head: enough known headers, then the sheet's name, then how many."""
        return self.is_strong, self.is_strong and self.named == NAMED, self.score

    @property
    def columns(self) -> dict[int, Column]:
        """Number → column that it names; of a member the column that takes its cells."""
        unpivot = self.table.unpivot
        value = unpivot.value if unpivot else ""
        return {n: self.table.column(t[1] if t[0] == "column" else value) for n, t in self.targets.items()}


class Searcher:
    """What is looked for: a form's headers, and what a sheet's name says about its table."""

    def __init__(self, form: Form, sheet_name: str) -> None:
        self.known = [lexicon(table) for table in form.tables]
        self.words = form_words(form)
        self.beginnings = beginnings_of(self.words)
        self.patterns = [known.pattern for known in self.known if known.pattern is not None]
        self.named = named_tables(form, sheet_name)
        self.has_named_members = any(
            known.pattern is not None and known.table.name in self.named for known in self.known
        )
        self._seen: dict[str, bool] = {}

    def is_word(self, text: str) -> bool:
        """Whether a text is a header of any table."""
        seen = self._seen.get(text)
        if seen is None and not begins_like_one(text, self.beginnings):
            return False
        if seen is None:
            seen = fold(text) in self.words or not self.words.isdisjoint(spellings(text))
            self._seen[text] = seen
        return seen

    def is_member(self, cell: Cell) -> bool:
        """Whether a cell may be a member's header, such as a year."""
        return any(pattern.search(header_text(cell)) for pattern in self.patterns)

    def n_known(self, cells: Sequence[Cell]) -> int:
        """Return about how many headers stand among cells; none where the first ones are none."""
        texts = [cell.value for cell in cells if isinstance(cell.value, str)]
        if not (self.has_named_members or any(map(self.is_word, texts[:FEW_TEXTS]))):
            return 0
        return sum(map(self.is_word, texts)) + sum(map(self.is_member, cells))

    def may_be_headers(self, cells: Line, *, anywhere: bool, strict: bool = True) -> bool:
        """Whether a line is worth a closer look."""
        texts = [cell[2] for cell in cells.values() if cell[2].__class__ is str]
        is_worded = len(texts) >= WORDED * len(cells)
        if strict and not is_worded and not self.patterns:
            return False
        looked_at = texts if anywhere else texts[:FIRST_TEXTS]
        if not any(map(self.is_word, looked_at)):
            # only where the sheet's name says so, members alone are headers
            return self.has_named_members and anywhere and sum(map(self.is_member, cells.values())) >= 2
        if is_worded or not strict:
            return True
        others = sum(cell[2].__class__ is not str and self.is_member(cell) for cell in cells.values())
        return len(texts) + others >= WORDED * len(cells)

    def head(self, grid: Grid, lower: Line, line: int, upper: Line | None = None) -> Head | None:
        """Return of which table the headers of a line are, or of a line and the one above it."""
        cells = header_cells(grid, lower, upper, line, self.is_word)
        best: Head | None = None
        for known in self.known:
            targets: dict[int, Target] = {}
            n_declared = 0
            for number, header in cells.items():
                target, with_group = header.target(known)
                if target is not None and target not in targets.values():
                    targets[number] = target
                    n_declared += with_group or known.declared_as(header.text) is not None
            named = self.named.get(known.table.name, 0)
            enough = min(ENOUGH, known.n_targets)
            if len(targets) < max(1, enough - named):
                continue
            # years alone are also dates of a record, members alone also answers
            is_strong = len(targets) >= enough and n_declared >= min(2, known.n_targets)
            is_strong = is_strong and (
                not known.has_columns or any(k == "column" for k, _ in targets.values())
            )
            if not named and (not is_strong or len(targets) < LEAST * len(cells)):
                continue
            top = line if upper is None else line - 1
            head = Head(known.table, line, top, cells, targets, named, is_strong)
            if best is None or head.rank > best.rank:
                best = head
        return best

    def heads_around(self, grid: Grid, lines: Mapping[int, Line], line: int) -> Iterator[Head]:
        """Yield the heads that a line makes, alone and with its neighbours."""
        alone = self.head(grid, lines[line], line)
        if alone is not None:
            yield alone
        for lower in (line, line + 1):
            if lower in lines and lower - 1 in lines:
                upper = lines[lower - 1]
                if are_two_lines(grid, lines[lower], upper, lower):
                    both = self.head(grid, lines[lower], lower, upper)
                    if both is not None:
                        yield both


@lru_cache(maxsize=64)
def beginnings_of(known: frozenset[str]) -> frozenset[str]:
    """Return the first letters of headers, and of what may stand before them: hints, and units of money."""
    units = words()["units"]
    before = (*words()["tables"]["hints"], *units["currency"], *units["scale"])
    return frozenset(word[:BEGINNING] for word in (*known, *map(fold, before)))


def begins_like_one(text: str, beginnings: frozenset[str]) -> bool:
    """Whether a text may be a header by its first letters: most cells are none, and need no folding."""
    first = text[:BEGINNING]
    is_plain = first.isascii() and first.isalnum() and first[0] not in "IVX"  # no number in a list
    return not is_plain or first.lower() in beginnings


def named_tables(form: Form, sheet_name: str) -> dict[str, int]:
    """Return what a sheet's name says: table → how much; 'Vorhaben (2)' and 'Vorhaben 2026' name the same.

    A name that only begins with a table's counts less.
    """
    name = fold(sheet_name, drop_brackets=True)
    plain = " ".join(word for word in name.split() if not word.isdigit())
    for candidate in (fold(sheet_name), name, plain):
        named = [table.name for table in form.tables if candidate and candidate in table.sheet_names]
        if named:
            return dict.fromkeys(named, NAMED)
    starts = [
        (len(own), table.name)
        for table in form.tables
        for own in table.sheet_names
        if f"{plain} ".startswith(f"{own} ")
    ]
    return {max(starts)[1]: 1} if starts else {}


def find_heads(
    searcher: Searcher, grid: Grid, lines: Mapping[int, Line], *, strict: bool = True
) -> list[Head]:
    """Return the headers on a sheet, or a part of it, from top to bottom.

    Of the lines that know about as much of one table without a record between them, the first counts; lines
    that repeat a header are none.
    """
    found: dict[int, Head] = {}
    last = min(lines, default=0) + SEARCHED
    for line, cells in lines.items():
        if not searcher.may_be_headers(cells, anywhere=line < last, strict=strict):
            continue
        for head in searcher.heads_around(grid, lines, line):
            known = found.get(head.line)
            if head.is_double and _is_over_record(head, found, grid, lines):
                continue
            # in two lines as many are known: the upper one says more of what is in the lower
            if known is None or (*head.rank, head.is_double) > (*known.rank, known.is_double):
                found[head.line] = head
                if head.is_strong:
                    last = min(last, head.line + SEARCHED_ON)
    return _chosen(_without_halves(found, grid, lines), lines)


def _is_over_record(head: Head, found: Mapping[int, Head], grid: Grid, lines: Mapping[int, Line]) -> bool:
    """Whether the upper one of two lines is the last record of a table that began above."""
    before = next((h for line, h in sorted(found.items(), reverse=True) if line < head.top), None)
    if before is None:
        return False
    if is_record(before.columns, lines[head.top]):
        return True
    alone = found.get(head.line)
    knows_more = alone is None or head.rank != alone.rank
    if knows_more or any(n not in lines for n in range(before.line, head.top)):
        return False
    if any(last > first for _, first, _, last in grid.merged.get(head.top, ())):
        return False
    # texts alone, without a gap: unless they say what the first upper line said, or give a unit
    upper = _texts(lines[head.top])
    again = before.is_double and upper == _texts(lines[before.top])
    is_filled = len(before.targets.keys() & upper.keys()) >= 2
    return is_filled and not again and not any(map(tells_measure, upper.values()))


def guess_head(searcher: Searcher, grid: Grid, lines: Mapping[int, Line]) -> Head | None:
    """Return the headers of a sheet on which too few are known, where a table's questions are shortened.

    A required column must be among them, and a third of all headers must be the table's.
    """
    best: Head | None = None
    for known in searcher.known:
        if known.questions is None:
            continue
        required = {("column", c.name) for c in known.table.columns if c.required}
        for line, cells in islice(lines.items(), SEARCHED_BY_GUESS):
            n_texts = sum(isinstance(cell.value, str) for cell in cells.values())
            if n_texts < max(ENOUGH, WORDED * len(cells)):
                continue
            headers = header_cells(grid, cells)
            targets: dict[int, Target] = {}
            for number, header in headers.items():
                target = header.target(known)[0]
                if target is not None and target not in targets.values():
                    targets[number] = target
            rest = {number: header.text for number, header in headers.items() if number not in targets}
            taken = set(targets.values())
            targets |= close_targets(rest, known.declared, taken=taken, questions=known.questions)
            if (
                not required.isdisjoint(targets.values())
                and len(targets) >= max(ENOUGH, LEAST_GUESSED * len(cells))
                and (best is None or len(targets) > len(best.targets))
            ):
                best = Head(known.table, line, line, headers, targets, 0, True)
    return best


def _without_halves(found: Mapping[int, Head], grid: Grid, lines: Mapping[int, Line]) -> list[Head]:
    """Of two lines and the upper one, leave what knows more; where both know the same, mostly the one."""
    heads = dict(found)
    for line, head in sorted(found.items()):
        if not head.is_double or head.top not in heads or line not in heads:
            continue
        upper = heads[head.top]
        if head.score > upper.score or (head.score == upper.score and _divides(head, upper, grid, lines)):
            del heads[head.top]
        else:
            del heads[line]
    return [heads[line] for line in sorted(heads)]


def _divides(head: Head, upper: Head, grid: Grid, lines: Mapping[int, Line]) -> bool:
    """Whether the lower of two lines only says more of headers above it, as 'Plan' and 'Ist' under a year."""
    lower = lines[head.line]
    kinds = {upper.targets[number][0] for number in lower if number in upper.targets}
    is_drawn = any(bottom >= head.line for *_, bottom, _ in grid.merged.get(head.top, ()))
    is_text = all(isinstance(cell.value, str) for cell in lower.values())
    return is_text and (is_drawn or kinds <= {"member"}) and not is_record(upper.columns, lower)


def _chosen(heads: list[Head], lines: Mapping[int, Line]) -> list[Head]:
    strong = [head for head in heads if head.is_strong]
    weak = [head for head in heads if not head.is_strong]
    if weak:
        best = max(head.score for head in weak)
        first = next(head for head in weak if head.score >= EARLY * best)
        # a sheet's name and a header or two make a table where nothing better is
        if not strong or all(first.score > head.score for head in strong):
            return _first_and_again(first, weak, lines)
    chosen: list[Head] = []
    for position, head in enumerate(strong):
        if chosen and repeats(head, chosen[-1], lines):
            chosen[-1] = _with_again(chosen[-1], head, lines)
            continue
        later = (
            other
            for other in strong[position + 1 :]
            if other.table is head.table
            and EARLY * len(other.targets) > len(head.targets)
            and not _has_records(head, other, lines)
        )
        if next(later, None) is None:
            chosen.append(head)
    return chosen


def _first_and_again(first: Head, heads: list[Head], lines: Mapping[int, Line]) -> list[Head]:
    """The first of some lines that know little, and those further down that begin as it does."""
    chosen = [first]
    for head in heads:
        if head.top <= chosen[-1].line or len(head.targets) < 2 or not _begins_like(head, chosen[-1]):
            continue
        if repeats(head, chosen[-1], lines):
            chosen[-1] = _with_again(chosen[-1], head, lines)
        else:
            chosen.append(head)
    return chosen


def _with_again(earlier: Head, head: Head, lines: Mapping[int, Line]) -> Head:
    """Remember the line above a repetition that goes with it: it says what stands above the first headers.

    Of two headers in two lines the same places are enough: groups may be called otherwise on another page.
    """
    second = head.top if head.is_double else head.line - 1
    again = _texts(lines.get(second, {}))
    above = [_texts(lines[line]) for line in range(earlier.top - TITLES, earlier.line) if line in lines]
    is_like = earlier.is_double and head.is_double and again.keys() == lines[earlier.top].keys()
    return (
        replace(earlier, again=(*earlier.again, second)) if again and (again in above or is_like) else earlier
    )


def _texts(cells: Line) -> dict[int, str]:
    return {number: cell_text(cell) for number, cell in cells.items()}


def repeats(head: Head, earlier: Head, lines: Mapping[int, Line]) -> bool:
    """Whether a line says again what an earlier one said: the same headers at the same places.

    Right below a record, as on a new page, the headings over groups of columns may be left out.
    """
    if head.table is not earlier.table:
        return False
    last = max((line for line in lines if line < head.top), default=0)
    without_groups = not head.is_double and is_record(earlier.columns, lines.get(last, {}))
    numbers = {*head.targets, *(earlier.targets.keys() & head.cells.keys())}
    return all(
        number in earlier.cells
        and head.targets.get(number) == earlier.targets.get(number)
        and _key(head.cells[number], without_groups) == _key(earlier.cells[number], without_groups)
        for number in numbers
    )


def _begins_like(head: Head, earlier: Head) -> bool:
    """Whether a line begins with the first header of an earlier one."""
    number = min(earlier.targets)
    return (
        head.table is earlier.table
        and head.targets.get(number) == earlier.targets[number]
        and _key(head.cells[number]) == _key(earlier.cells[number])
    )


def _key(header: HeaderCell, without_group: bool = False) -> tuple[tuple[str, str], ...]:
    """What a header must share with its repetition; of its group only what changes the amounts."""
    group = "" if without_group else cell_text(header.group)
    return header_key(group if tells_measure(group) else ""), header_key(header.text)


def _has_records(head: Head, other: Head, lines: Mapping[int, Line]) -> bool:
    return any(
        len(head.targets.keys() & cells.keys()) >= 2
        for line, cells in lines.items()
        if head.line < line < other.top
    )


def columns_may_know_more(searcher: Searcher, grid: Grid, best: Head | None) -> bool:
    """Whether some column could be one of headers: only then a sheet is looked at from the side."""
    if best is not None and len(best.targets) >= max(5, len(best.cells) // 2):
        return False
    columns: dict[int, list[Cell]] = {}
    for cells in islice(grid.lines.values(), SEARCHED):
        for number, cell in cells.items():
            columns.setdefault(number, []).append(cell)
    least = len(best.targets) if best is not None else 1
    return any(searcher.n_known(columns[number]) >= least for number in sorted(columns)[:SEARCHED])


def side_by_side(
    searcher: Searcher, grid: Grid, lines: Mapping[int, Line], head: Head
) -> list[tuple[int, int]]:
    """Return first and last number of tables that stand beside each other, an empty column between them.

    Headers behind a gap are a table of their own where they name another table, or again what stands before.
    """
    runs = _runs(head.cells)
    if len(runs) < 2:
        return []
    below = {number for line, cells in lines.items() if line > head.line for number in cells}
    upper = lines.get(head.top) if head.is_double else None

    def part(run: tuple[int, int]) -> Head | None:
        inside = {n: c for n, c in lines[head.line].items() if run[0] <= n <= run[1]}
        above = {n: c for n, c in upper.items() if run[0] <= n <= run[1]} if upper else None
        return searcher.head(grid, inside, head.line, above or None) if inside else None

    windows = [runs[0]]
    for run in runs[1:]:
        first, last = windows[-1]
        before, own = part((first, last)), part(run)
        gap = set(range(last + 1, run[0]))
        if own is None or before is None or not own.is_strong or not before.is_strong or gap & below:
            windows[-1] = (first, run[1])
            continue
        again = len(set(own.targets.values()) & set(before.targets.values()))
        same = own.table is before.table
        joined = part((first, run[1]))
        more = len(joined.targets) - len(before.targets) if joined is not None else 0
        if (same and 2 * again >= len(own.targets)) or (not same and len(own.targets) > more):
            windows.append(run)
        else:
            windows[-1] = (first, run[1])
    return windows if len(windows) > 1 else []


def _runs(numbers: Mapping[int, HeaderCell]) -> list[tuple[int, int]]:
    runs: list[tuple[int, int]] = []
    for number in sorted(numbers):
        if runs and number == runs[-1][1] + 1:
            runs[-1] = (runs[-1][0], number)
        else:
            runs.append((number, number))
    return runs
