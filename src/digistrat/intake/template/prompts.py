"""What a spreadsheet says while people type: drop-downs, checks and hints beside the cell."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from digistrat.intake.template.entries import Entry, answers, is_listed
from digistrat.texts import text

if TYPE_CHECKING:
    from openpyxl import Workbook
    from openpyxl.worksheet.datavalidation import DataValidation
    from openpyxl.worksheet.worksheet import Worksheet

# Excel's limits for the hint beside a cell
TITLE_LENGTH, PROMPT_LENGTH = 32, 255
SHORT_LIST = 100
MANY = 1e12  # nobody means more: whoever types it is asked
DAYS = ("DATE(2000,1,1)", "DATE(2100,12,31)")


def add_prompt(sheet: Worksheet, area: str, entry: Entry, lists: Lists, language: str) -> None:
    """Give the cells of one column their check and their hint.

    A check warns and does not stop: whoever does not know a number must be able to say so in words.
    """
    if entry.column is None:
        return
    rule = _rule(entry, lists, language)
    rule.errorStyle, rule.error = "warning", text("template.doubt", language)
    rule.errorTitle = rule.promptTitle = shorten(entry.header, TITLE_LENGTH)
    rule.prompt = prompt(entry, language)
    rule.allow_blank = rule.showErrorMessage = rule.showInputMessage = True
    rule.add(area)
    sheet.add_data_validation(rule)


def _rule(entry: Entry, lists: Lists, language: str) -> DataValidation:
    from openpyxl.worksheet.datavalidation import DataValidation

    column = entry.column
    assert column is not None
    if is_listed(column):
        return DataValidation(type="list", formula1=lists.range_of(answers(column, language)))
    if column.kind in ("number", "integer", "amount"):
        low = 0 if column.minimum is None else column.minimum
        high = MANY if column.maximum is None else column.maximum
        return DataValidation(
            type="whole" if column.kind == "integer" else "decimal",
            operator="between",
            formula1=f"{low:.15g}",
            formula2=f"{high:.15g}",
        )
    if column.kind == "date":
        return DataValidation(type="date", operator="between", formula1=DAYS[0], formula2=DAYS[1])
    return DataValidation()  # anything; it carries the hint


def prompt(entry: Entry, language: str) -> str:
    """Return the hint beside a cell: what is asked, how to write it, what the values mean.

    What the values of a rating mean is never left out, only shortened: the help sheet has it in full.
    """
    column, note = entry.column, entry.note
    assert column is not None
    more = text("template.more_help", language, sheet=text("template.help_sheet", language))
    if note.anchors:
        lines = [f"{value}: {words}" for value, words in note.anchors.items()]
        whole = "\n".join(lines)
        return whole if _length(whole) <= PROMPT_LENGTH else fit([*lines, more], PROMPT_LENGTH)
    lines = [note.description, how_to_write(entry, language)]
    if column.kind == "list" and column.choices:
        choices = text("template.choices", language, choices="; ".join(answers(column, language)))
        lines.append(choices if len(choices) <= SHORT_LIST else more)
    if note.example:
        lines.append(text("template.example_line", language, example=note.example))
    if column.required:
        lines.append(text("template.is_required", language))
    return fit([line for line in lines if line], PROMPT_LENGTH)


def how_to_write(entry: Entry, language: str) -> str:
    """Return how answers of a column's kind are written; empty where any text is one."""
    column = entry.column
    if column is None or column.kind in ("text", "identifier"):
        return ""
    if column.kind == "choice" and not column.choices:
        return ""
    if is_share(entry):
        return text("template.hint_share", language)
    if column.kind in ("number", "integer") and column.maximum is not None:
        low = f"{0 if column.minimum is None else column.minimum:g}"
        return text("template.hint_range", language, minimum=low, maximum=f"{column.maximum:g}")
    return text(f"template.hint_{column.kind}", language)


def is_share(entry: Entry) -> bool:
    """Whether a column takes a share of one, which people write in per cent."""
    column = entry.column
    return column is not None and column.kind == "number" and (column.minimum, column.maximum) == (0, 1)


def fit(lines: Sequence[str], limit: int) -> str:
    r"""Join lines; where they are too long, shorten the longest until all fit.

    Examples
    --------
    >>> fit(["0: none", "10: a great deal of it"], 20)
    '0: none\n10: a great…'
    """
    for width in range(min(limit, max(map(_length, lines), default=0)), 0, -1):
        joined = "\n".join(shorten(line, width) for line in lines)
        if _length(joined) <= limit:
            return joined
    return shorten(" ".join(lines), limit)


def shorten(words: str, width: int) -> str:
    """Cut a text that is too long, and show that it was."""
    if _length(words) <= width:
        return words
    cut = words[: width - 1]
    while _length(cut) >= width:
        cut = cut[:-1]
    return f"{cut.rstrip()}…"


def _length(words: str) -> int:
    """Length as Excel counts it: some signs count twice."""
    return len(words.encode("utf-16-le")) // 2


class Lists:
    """A hidden sheet that holds the drop-downs' choices; each list once.

    Parameters
    ----------
    book : Workbook
    name : str
        Name of the sheet.
    """

    def __init__(self, book: Workbook, name: str) -> None:
        self.sheet = book.create_sheet(name)
        self.sheet.sheet_state = "hidden"
        self.sheet.protection.sheet = True
        self._known: dict[tuple[str, ...], str] = {}

    def range_of(self, labels: Sequence[str]) -> str:
        """Return where the labels stand, as a drop-down names its source."""
        from openpyxl.utils import get_column_letter, quote_sheetname

        key = tuple(labels)
        if key not in self._known:
            number = len(self._known) + 1
            for row, words in enumerate(labels, start=1):
                self.sheet.cell(row, number, words).data_type = "s"
            letter = get_column_letter(number)
            place = f"${letter}$1:${letter}${len(labels)}"
            self._known[key] = f"{quote_sheetname(self.sheet.title)}!{place}"
        return self._known[key]
