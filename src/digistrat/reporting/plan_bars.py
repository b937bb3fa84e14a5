"""The sheet of phases: an outline of fields of action, projects and phases, and a bar of coloured months."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from functools import cached_property
from textwrap import wrap
from typing import Any

import numpy as np
import pandas as pd

from digistrat.planning.records import Plan
from digistrat.reporting import style
from digistrat.reporting.charts.gantt import phase_stages
from digistrat.reporting.charts.source import source_of
from digistrat.reporting.plan_tasks import Task, plan_tasks
from digistrat.reporting.plan_words import milestone_label, plan_source
from digistrat.reporting.workbook import HEAD, LINE, LONGEST, MAX_TEXT, SheetWriter
from digistrat.texts import text

COLUMNS = {  # name and width
    "number": 11,
    "title": 46,
    "office": 26,
    "start": 11,
    "end": 11,
    "months": 9,
    "procedure": 32,
    "cost_eur": 19,
}
FIRST_MONTH = len(COLUMNS)
MONTH_WIDTH = 3.0
YEARS = 3  # row of the years; the labels and months follow
BODY = YEARS + 2
MARKS = {"submission": "▽", "decision": "▼", "order": "■", "go_live": "◆", "grant_end": "✕"}
OTHER_MARK = "●"
A3 = 8


def write_bars(writer: SheetWriter, plan: Plan) -> None:
    """Write the sheet of phases.

    Parameters
    ----------
    writer : SheetWriter
        Of the workbook.
    plan : Plan
        With at least one phase.
    """
    _Bars(writer, plan).write()


class _Bars:
    """The sheet while it is written, with its formats, each of which is made once."""

    def __init__(self, writer: SheetWriter, plan: Plan) -> None:
        self.writer, self.plan, self.language = writer, plan, writer.language
        self.tasks = plan_tasks(plan, title=self.text("total"), notes="")
        self.lines = [task for task in self.tasks if task.kind != "milestone"]
        # milestones outside of all phases stand in their own sheet only
        first, last = (pd.Timestamp(day) for day in (self.tasks[0].first, self.tasks[0].last))
        self.months = pd.date_range(first.replace(day=1), last, freq="MS")
        self.sheet = writer.book.add_worksheet(self.text("phases"))
        self._formats: dict[tuple[tuple[str, Any], ...], Any] = {}

    def text(self, key: str) -> str:
        return text(f"plan_workbook.{key}", self.language)

    def format(self, **properties: Any) -> Any:
        key = tuple(sorted(properties.items()))
        if key not in self._formats:
            self._formats[key] = self.writer.book.add_format(properties)
        return self._formats[key]

    @cached_property
    def stages(self) -> dict[str, int]:
        return phase_stages(source_of(self.plan), self.plan)

    def write(self) -> None:
        sheet = self.sheet
        sheet.write_string(0, 0, self.text("phases"), self.writer.title)
        sheet.write_string(1, 0, f"{self.text('about_phases')} {self._key()}")
        sheet.write_string(2, 0, plan_source(self.plan), self.writer.quiet)
        self._head()
        marks: dict[str, list[Task]] = {}
        for task in self.tasks:
            if task.kind == "milestone":
                marks.setdefault(task.project, []).append(task)
        for at, task in enumerate(self.lines):
            self._words(BODY + at, task, self._inside(at))
            self._bar(BODY + at, task, marks.get(task.number, []) if task.level == 2 else [])
        sheet.outline_settings(True, False, True, False)  # the head of a group stands above it
        sheet.freeze_panes(BODY, 2)
        sheet.set_landscape()
        sheet.set_paper(A3)
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(YEARS, BODY - 1)
        sheet.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
        sheet.set_footer("&L&8&A&R&8&P / &N")

    def _key(self) -> str:
        """Say what the marks of the milestones mean."""
        kinds = list(dict.fromkeys(self.plan.milestones["milestone"]))
        known = {mark: [kind] for kind, mark in MARKS.items() if kind in kinds}
        known[OTHER_MARK] = [kind for kind in kinds if kind not in MARKS]
        named = {m: ", ".join(milestone_label(k, self.language) for k in of) for m, of in known.items() if of}
        return "; ".join(f"{mark} {names}" for mark, names in named.items())

    def _head(self) -> None:
        """Write labels, and above the months their years."""
        sheet = self.sheet
        looks = dict.fromkeys(("start", "end", "months", "cost_eur"), self.format(**HEAD, align="right"))
        looks["procedure"] = self.format(**HEAD, align="left", indent=1)
        for column, (name, width) in enumerate(COLUMNS.items()):
            sheet.set_column(column, column, width)
            label = looks.get(name, self.writer.head)
            sheet.write_blank(YEARS, column, None, label)
            sheet.write_string(YEARS + 1, column, self.text(name), label)
        sheet.set_column(FIRST_MONTH, FIRST_MONTH + len(self.months) - 1, MONTH_WIDTH)
        month_format = self.format(font_size=8, align="center", num_format="mm", bg_color=style.BAND)
        year_format = self.format(bold=True, align="left", num_format="0", bg_color=style.BAND)
        for column, month in enumerate(self.months, start=FIRST_MONTH):
            sheet.write_datetime(YEARS + 1, column, month.to_pydatetime(), month_format)
        column = FIRST_MONTH
        for year, n in zip(*np.unique(self.months.year, return_counts=True), strict=True):
            if n > 1:
                sheet.merge_range(YEARS, column, YEARS, column + n - 1, int(year), year_format)
            else:  # one month has no room for more
                sheet.write_string(YEARS, column, f"{year % 100:02}", year_format)
            column += n

    def _inside(self, at: int) -> Sequence[Task]:
        """Return the next lines that belong to a line."""
        after = self.lines[at + 1 :]
        level = self.lines[at].level
        return after[: next((n for n, task in enumerate(after) if task.level <= level), len(after))]

    def _words(self, row: int, task: Task, inside: Sequence[Task]) -> None:
        """Write what stands left of the bar; sums of money are formulas that leave out sums in them."""
        sheet, look = self.sheet, self._look(task)
        is_project = task.level == 2
        title = task.name.removeprefix(task.number).strip() if is_project else task.name
        plain = self.format(**look)
        date, whole = self.format(num_format="dd.mm.yyyy", **look), self.format(num_format="0", **look)
        money = self.format(num_format="#,##0", **look)
        self._text(row, 0, task.number if is_project else "", plain)
        self._text(
            row, 1, title, self.format(text_wrap=True, align="left", indent=max(0, task.level - 1), **look)
        )
        self._text(row, 2, task.office if is_project else "", self.format(text_wrap=True, **look))
        for column, day in ((3, task.first), (4, task.last)):
            sheet.write_datetime(row, column, dt.datetime.combine(day, dt.time()), date)
        begin, end = f"D{row + 1}", f"E{row + 1}"
        months = (task.last.year - task.first.year) * 12 + task.last.month - task.first.month + 1
        span = f"=(YEAR({end})-YEAR({begin}))*12+MONTH({end})-MONTH({begin})+1"
        sheet.write_formula(row, 5, span, whole, months)
        procedure = self.plan.phases["procedure"].get(task.number, "") if task.kind == "phase" else ""
        self._text(row, 6, str(procedure), self.format(align="left", indent=1, text_wrap=True, **look))
        if task.kind == "summary":
            total = round(sum(round(other.cost, 2) for other in inside), 2)
            sheet.write_formula(row, 7, f"=SUBTOTAL(9,H{row + 2}:H{row + 1 + len(inside)})", money, total)
        else:
            sheet.write_number(row, 7, round(task.cost, 2), money)
        texts = (
            (title, COLUMNS["title"] - 2 * task.level),
            (task.office if is_project else "", COLUMNS["office"]),
            (str(procedure), COLUMNS["procedure"] - 2),
        )
        lines = max(len(wrap(words[:LONGEST], width - 1)) for words, width in texts)
        sheet.set_row(row, LINE * max(lines, 1), None, {"level": min(task.level, 3)})

    def _text(self, row: int, column: int, words: str, look: Any) -> None:
        """Write a text; a cell that has only its look where there is none."""
        if words:
            self.sheet.write_string(row, column, words[:MAX_TEXT], look)
        else:
            self.sheet.write_blank(row, column, None, look)

    def _look(self, task: Task) -> dict[str, Any]:
        """What tells a line's level apart: the fill of fields, bold fields and projects."""
        look: dict[str, Any] = {"valign": "top"}
        if task.level < 3:
            look["bold"] = True
        if task.level < 2:
            look["bg_color"] = style.GRID
        return look

    def _bar(self, row: int, task: Task, marks: Sequence[Task]) -> None:
        """Colour the months of a line, and put the marks of a project's milestones into theirs."""
        signs: dict[pd.Timestamp, list[str]] = {}
        for mark in marks:
            month = pd.Timestamp(mark.first).replace(day=1)
            signs.setdefault(month, []).append(MARKS.get(mark.code, OTHER_MARK))
        fill = style.STAGE[self.stages[task.code]] if task.kind == "phase" else style.PALE
        first = pd.Timestamp(task.first).replace(day=1)
        for column, month in enumerate(self.months, start=FIRST_MONTH):
            look: dict[str, Any] = {"align": "center", "valign": "vcenter", "font_size": 8}
            if first <= month <= pd.Timestamp(task.last):
                look["bg_color"] = fill
            sign = "".join(dict.fromkeys(signs.get(month, [])))
            if sign or "bg_color" in look:
                self._text(row, column, sign, self.format(**look))
