"""The result workbook: what was computed, in sheets that people can sort and filter."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pandas as pd

from digistrat.reporting.results import Results
from digistrat.scoring.composite import Scores
from digistrat.scoring.rules import describe_rule
from digistrat.texts import format_number, has_text, text

# Excel's own limit for a cell
MAX_TEXT = 32_767
CODED = ("status", "state", "mandate", "kind", "severity")


def write_results(results: Results, path: Path, *, run_id: str) -> Path:
    """Write the results as a workbook with one sheet per step.

    Everything that offices typed stays text, whatever it begins with. The same results give the same bytes.

    Parameters
    ----------
    results : Results
        What was computed.
    path : Path
        The .xlsx to write.
    run_id : str
        Stands on the first sheet.

    Returns
    -------
    Path
        The file.
    """
    import xlsxwriter

    inventory = results.inventory
    language = inventory.strategy.language
    options = {
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "nan_inf_to_errors": False,
    }
    with xlsxwriter.Workbook(str(path), options) as book:
        book.set_properties(
            {
                "title": f"{inventory.strategy.strategy.title}, {inventory.strategy.strategy.city}",
                "author": "digistrat",
                "comments": inventory.strategy.notice,
                "created": dt.datetime.combine(inventory.reporting_date, dt.time()),
            }
        )
        writer = _Writer(book, language)
        writer.lines(text("workbook.help", language), _help(results, run_id))
        for name, table in _sheets(results).items():
            writer.table(text(f"workbook.{name}", language), table)
    return path


def _help(results: Results, run_id: str) -> list[tuple[str, str]]:
    inventory = results.inventory
    strategy = inventory.strategy
    language = strategy.language
    lines = [
        (text("workbook.notice", language), strategy.notice or "–"),
        (text("workbook.date", language), f"{inventory.reporting_date:%d.%m.%Y}"),
        (text("workbook.strategy", language), f"{strategy.strategy.title}, {strategy.strategy.version}"),
        (text("workbook.run", language), run_id),
        (text("workbook.returns", language), str(len(inventory.files))),
    ]
    for name in ("maturity", "services", "readiness", "impact"):
        scores: Scores | None = getattr(results, name)
        if scores is not None:
            rule = describe_rule(scores.rule, language)
            if scores.rule_source:
                rule += f". {text('workbook.rule_source', language, source=scores.rule_source)}"
            lines.append((text(f"workbook.scores_{name}", language), rule))
    for name in ("portfolio", "plan"):
        result = getattr(results, name)
        if result is not None:
            bounds = text(
                "workbook.bounds",
                language,
                objective=format_number(result.objective, language, 1),
                bound=format_number(result.bound, language, 1),
            )
            lines.append((text(f"workbook.{name}", language), f"{proof_text(result, language)} {bounds}"))
    return lines


def proof_text(result: Any, language: str) -> str:
    """Return in one line how good a portfolio or plan is proven to be.

    Parameters
    ----------
    result : Portfolio or Plan
        Anything with ``status`` and ``gap``.
    language : {"de", "en"}
        Language of the line.
    """
    return text(
        f"status_of_solution.{result.status}", language, gap=format_number(100 * result.gap, language, 1)
    )


def _sheets(results: Results) -> dict[str, pd.DataFrame]:
    inventory = results.inventory
    projects = inventory.projects[["title", "office_id", "field_id", "status"]]
    sheets: dict[str, pd.DataFrame] = {}
    if results.impact is not None:
        sheets["weights"] = results.impact.criteria[["name", "group", "weight", "floor", "target", "source"]]
        sheets["scores_impact"] = projects.join(_scores(results.impact), how="right")
        sheets["ratings"] = ratings_with_cells(results.impact)
    if results.readiness is not None:
        sheets["scores_readiness"] = projects.join(_scores(results.readiness), how="right")
    if results.maturity is not None:
        offices = inventory.offices[["name"]]
        table = results.maturity.table.rename(columns={"target": "target_score"})
        sheets["scores_maturity"] = offices.join(table, how="right")
    if results.services is not None:
        services = inventory.services[["name", "office_id"]]
        sheets["scores_services"] = services.join(results.services.table, how="right")
    if results.portfolio is not None:
        sheets["portfolio"] = results.portfolio.table
        sheets["budgets"] = results.portfolio.budgets
    if results.plan is not None:
        sheets["plan"] = results.plan.phases.join(projects[["title"]], on="project_id")
        sheets["plan_budget"] = results.plan.budget
    sheets["findings"] = inventory.findings
    sheets["sources"] = inventory.files
    return sheets


def _scores(scores: Scores) -> pd.DataFrame:
    return scores.table.sort_values(["rank", "score"], ascending=[True, False], na_position="last")


def ratings_with_cells(scores: Scores) -> pd.DataFrame:
    """Return every rating of a set of scores with the cell that it came from.

    Parameters
    ----------
    scores : Scores
        With ``raw`` and ``cells``.

    Returns
    -------
    DataFrame
        ``alternative``, ``criterion``, ``raw``, ``value``, ``state``, ``points``, ``cell``; alternatives of
        which nothing is assessed are left out.
    """
    scored = scores.table.index[scores.table["state"] != "not_scored"]
    pairs = pd.MultiIndex.from_product([scored, scores.values.columns], names=["alternative", "criterion"])
    columns = {
        "raw": scores.raw,
        "value": scores.values,
        "state": scores.states,
        "points": scores.contributions,
    }
    table = pd.DataFrame(index=pairs)
    for name, frame in columns.items():
        if frame is not None:
            table[name] = frame.loc[scored].to_numpy().ravel()
    cells = scores.cells
    table["cell"] = [cells(*pair) if cells else "" for pair in pairs]
    return table.reset_index()


def code_label(value: str, language: str) -> str:
    """Return what a code such as ``in_preparation`` is called for readers; other texts as they are."""
    key = f"code.{value}"
    return text(key, language) if value.isidentifier() and has_text(key, language) else value


def column_label(name: str, language: str) -> str:
    """Return what a column is called where people read it; its own name where the catalogue has none."""
    key = f"column.{name}"
    return text(key, language) if has_text(key, language) else name


class _Writer:
    """Writes frames as sheets with a frozen, filtered header."""

    def __init__(self, book: Any, language: str) -> None:
        self.book, self.language = book, language
        self.head = book.add_format({"bold": True, "text_wrap": True, "valign": "top", "bg_color": "#E8EDF2"})
        self.wrap = book.add_format({"text_wrap": True, "valign": "top"})
        self.date = book.add_format({"num_format": "dd.mm.yyyy", "valign": "top"})
        self.number = book.add_format({"num_format": "#,##0.0", "valign": "top"})
        self.money = book.add_format({"num_format": "#,##0", "valign": "top"})

    def lines(self, name: str, lines: list[tuple[str, str]]) -> None:
        sheet = self.book.add_worksheet(name)
        sheet.set_column(0, 0, 34)
        sheet.set_column(1, 1, 90)
        for row, (label, value) in enumerate(lines):
            sheet.write_string(row, 0, label, self.head)
            sheet.write_string(row, 1, value, self.wrap)

    def table(self, name: str, table: pd.DataFrame) -> None:
        sheet = self.book.add_worksheet(name[:31])
        shown = table.reset_index() if table.index.name else table
        for number, column in enumerate(shown.columns):
            label = column_label(str(column), self.language)
            sheet.write_string(0, number, label, self.head)
            widest = shown[column].astype("str").str.len().clip(upper=60).max() if len(shown) else 0
            sheet.set_column(number, number, min(60, max(10, int(widest or 0) + 1)))
            money = str(column).endswith("_eur")
            coded = str(column) in CODED
            for row, value in enumerate(shown[column], start=1):
                if coded and isinstance(value, str):
                    value = code_label(value, self.language)
                self._cell(sheet, row, number, value, money)
        sheet.freeze_panes(1, 1)
        if len(shown):
            sheet.autofilter(0, 0, len(shown), len(shown.columns) - 1)
        sheet.set_landscape()
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(0)

    def _cell(self, sheet: Any, row: int, column: int, value: Any, money: bool) -> None:
        if isinstance(value, (tuple, list)):
            value = "; ".join(map(str, value))
        if value is None or (not isinstance(value, str) and pd.isna(value)):
            return
        if isinstance(value, (bool, dt.date)) or hasattr(value, "to_pydatetime"):
            if isinstance(value, bool):
                sheet.write_boolean(row, column, value)
            else:
                sheet.write_datetime(row, column, pd.Timestamp(value).to_pydatetime(), self.date)
        elif isinstance(value, str):
            sheet.write_string(row, column, value[:MAX_TEXT], self.wrap)
        elif hasattr(value, "dtype") and value.dtype == bool:
            sheet.write_boolean(row, column, bool(value))
        else:
            number = float(value)
            style = self.money if money or number.is_integer() else self.number
            sheet.write_number(row, column, number, None if number.is_integer() and not money else style)
