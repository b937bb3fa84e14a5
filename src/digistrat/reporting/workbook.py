"""The result workbook: what was computed, in sheets that people can sort and filter."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from textwrap import wrap
from typing import Any

import pandas as pd

from digistrat.inventory.record import Inventory
from digistrat.reporting import plan_shown, tables
from digistrat.reporting.results import Results
from digistrat.reporting.statements import tried_assumptions
from digistrat.scoring.composite import Scores
from digistrat.scoring.origins import Origin
from digistrat.scoring.rules import describe_rule
from digistrat.texts import format_number, has_text, text

MAX_TEXT = 32_767  # Excel's own limit for a cell
WIDEST = 48  # of a column, in characters
LINE, LONGEST = 15.0, 1_000  # points of a line; characters of a text that a row grows for (Excel: 409 points)
CODED = ("status", "state", "mandate", "kind", "severity", "economics_state", "basis")
CAPITAL_VALUES = ("kn", "kn_lower", "kn_upper", "kn_budget", "kn_other")
HEAD = {"bold": True, "text_wrap": True, "valign": "top", "bg_color": "#E8EDF2"}  # of columns
HEAD_ROWS = 3  # title, what the sheet says, its rule or source; the labels of the columns follow
SCORED = ("maturity", "services", "readiness", "impact")
PLAIN = {  # what offices typed is never a formula, a link or a number
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
    "nan_inf_to_errors": False,
}
BY_IMPACT = ("weights", "ratings", "weight_stability", "leave_one_criterion_out")  # rest on its rule


def write_results(results: Results, path: Path, *, run_id: str) -> Path:
    """Write the results as a workbook with one sheet per step.

    On every sheet stand its title, what it says, and its rule or source above the columns. A sheet without
    rows is left out, which the first sheet says. Everything that offices typed stays text, whatever it begins
    with. The same results give the same bytes.

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
    inventory = results.inventory
    language = inventory.strategy.language
    with new_book(path, inventory) as writer:
        sheets, rules = _sheets(results), _rules(results)
        lines = [*_help(results, run_id, rules), *_contents(sheets, language)]
        writer.lines(text("workbook.help", language), lines)
        for name, table in sheets.items():
            if len(table):
                about = text(f"workbook.about.{name}", language)
                if inventory.strategy.notice:
                    about = f"{inventory.strategy.notice.rstrip('.')}. {about}"
                writer.table(text(f"workbook.{name}", language), table, about, rules[name])
    return path


def _help(results: Results, run_id: str, rules: dict[str, str]) -> list[tuple[str, str]]:
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
    for name in (*(f"scores_{scored}" for scored in SCORED), "portfolio", "plan"):
        if getattr(results, name.removeprefix("scores_")) is not None:
            lines.append((text(f"workbook.{name}", language), rules[name]))
    return lines


def _contents(sheets: dict[str, pd.DataFrame], language: str) -> list[tuple[str, str]]:
    """Return what each sheet says, and in one line what this run has nothing of."""
    names = {name: text(f"workbook.{name}", language) for name in sheets}
    lines = [
        (text("workbook.sheet", language, name=names[name]), text(f"workbook.about.{name}", language))
        for name, table in sheets.items()
        if len(table)
    ]
    absent = [names[name] for name, table in sheets.items() if not len(table)]
    if absent:
        lines.append((text("workbook.absent", language), ", ".join(absent)))
    return lines


def _rules(results: Results) -> dict[str, str]:
    """Return by sheet the rule it follows, or where what it says comes from."""
    language = results.inventory.strategy.language
    rules = {name: text(f"workbook.rule.{name}", language) for name in _OWN_RULES}
    for name in SCORED:
        scores: Scores | None = getattr(results, name)
        if scores is not None:
            rule = describe_rule(scores.rule, language)
            if scores.rule_source:
                rule += f". {text('workbook.rule_source', language, source=scores.rule_source)}"
            rules[f"scores_{name}"] = rule
    if results.impact is not None:
        rules |= dict.fromkeys(BY_IMPACT, rules["scores_impact"])
        groups = results.inventory.strategy.stakeholders
        sources = ", ".join(dict.fromkeys(group.source for group in groups if group.source)) or "–"
        rules["group_rankings"] = text("workbook.rule.group_rankings", language, source=sources)
    if len(results.assumptions):
        rules["assumption_sensitivity"] += f". {tried_assumptions(results)}"
    for name in ("portfolio", "plan"):
        result = getattr(results, name)
        if result is not None and math.isnan(result.bound):
            rules[name] = proof_text(result, language)
        elif result is not None:
            bounds = text(
                "workbook.bounds",
                language,
                objective=format_number(result.objective, language, 1),
                bound=format_number(result.bound, language, 1),
            )
            rules[name] = f"{proof_text(result, language)} {bounds}"
    return rules


_OWN_RULES = (
    "level_probabilities",
    "improvements",
    "bundles",
    "rating_differences",
    "ranks_by_method",
    "method_agreement",
    "assumption_sensitivity",
    "questions",
    "economics",
    "decisions",
    "priority_list",
    "constraints",
    "why_not",
    "budgets",
    "plan_budget",
    "commitments",
    "scenarios",
    "council",
    "findings",
    "sources",
)


def proof_text(result: Any, language: str) -> str:
    """Return in one line how good a portfolio or plan is proven to be.

    Parameters
    ----------
    result : Portfolio or Plan
        Anything with ``status`` and ``gap``.
    language : {"de", "en"}
        Language of the line.
    """
    problem = getattr(result, "problem", None)
    if getattr(problem, "is_planned", False) and result.status in ("optimal", "feasible"):
        return text("status_of_solution.planned", language)
    return text(
        f"status_of_solution.{result.status}", language, gap=format_number(100 * result.gap, language, 1)
    )


def _sheets(results: Results) -> dict[str, pd.DataFrame]:
    """Return the tables of all sheets in their order; those that this run has nothing of are empty."""
    inventory, impact = results.inventory, results.impact
    projects = inventory.projects[["title", "office_id", "field_id", "status"]]
    offices = tables.office_names(results, projects["office_id"])
    named = projects.assign(office=offices)[["title", "office_id", "office", "field_id", "status"]]
    nothing = pd.DataFrame()
    weights = ["name", "group", "weight", "floor", "target", "source"]
    return {
        "weights": nothing if impact is None else _with_group_names(results, impact.criteria[weights]),
        "scores_impact": nothing if impact is None else named.join(_impact(results, impact), how="right"),
        "ratings": nothing if impact is None else _ratings(results, impact),
        "rating_differences": tables.difference_table(results),
        "group_rankings": tables.group_table(results),
        "weight_stability": tables.criterion_table(results, results.stability),
        "leave_one_criterion_out": tables.criterion_table(results, results.without_criterion),
        "ranks_by_method": tables.method_table(results),
        "method_agreement": tables.agreement_table(results),
        "assumption_sensitivity": tables.assumption_table(results),
        "questions": tables.question_table(results),
        "scores_readiness": nothing
        if results.readiness is None
        else named.join(_scores(results.readiness), how="right"),
        "scores_maturity": _maturity(results),
        "level_probabilities": tables.chance_table(results),
        "improvements": tables.step_table(results),
        "scores_services": _services(results),
        "bundles": tables.bundle_table(results),
        "portfolio": nothing if results.portfolio is None else _portfolio(results.portfolio.table, offices),
        "priority_list": plan_shown.list_table(results),
        "constraints": plan_shown.constraint_table(results),
        "why_not": plan_shown.why_not_table(results),
        "budgets": nothing if results.portfolio is None else results.portfolio.budgets,
        "plan": nothing
        if results.plan is None
        else results.plan.phases.join(projects[["title"]], on="project_id"),
        "plan_budget": nothing if results.plan is None else results.plan.budget,
        "commitments": plan_shown.commitment_table(results),
        "scenarios": plan_shown.scenario_table(results),
        "council": plan_shown.council_table(results),
        "economics": tables.economics_table(results),
        "decisions": tables.decision_table(results),
        "findings": inventory.findings,
        "sources": inventory.files,
    }


def _ratings(results: Results, impact: Scores) -> pd.DataFrame:
    """Return the ratings with the titles of projects and the names of criteria beside their ids."""
    table = ratings_with_cells(impact)
    titles = table["alternative"].map(results.inventory.projects["title"])
    names = table["criterion"].map(impact.criteria["name"])
    table.insert(1, "title", titles)
    table.insert(3, "name", names)
    table.insert(4, "group", table["criterion"].map(impact.criteria["group"]))
    return _with_group_names(results, table)


def _with_group_names(results: Results, table: pd.DataFrame) -> pd.DataFrame:
    """Return a table with the names of groups of impact in the place of their ids."""
    names = {group.id: group.name for group in results.inventory.strategy.impact.groups}
    return table.assign(group=table["group"].replace(names))


def _impact(results: Results, impact: Scores) -> pd.DataFrame:
    """Return the scores of impact with the points of every group, where points add up to the score."""
    table = _scores(impact)
    if not impact.hierarchy.is_additive or impact.criteria["group"].nunique() < 2:
        return table
    points = impact.contributions.T.groupby(_with_group_names(results, impact.criteria)["group"], sort=False)
    language = results.inventory.strategy.language
    by_group = points.sum(min_count=1).T.rename(
        columns=lambda name: text("workbook.points_of", language, group=name)
    )
    return table.join(by_group)


def _portfolio(table: pd.DataFrame, offices: pd.Series) -> pd.DataFrame:
    shown = table.copy()
    shown.insert(shown.columns.tolist().index("office_id") + 1, "office", offices.reindex(table.index))
    return shown


def _maturity(results: Results) -> pd.DataFrame:
    if results.maturity is None:
        return pd.DataFrame()
    table = results.maturity.table.rename(columns={"target": "target_score"})
    return results.inventory.offices[["name"]].join(table, how="right")


def _services(results: Results) -> pd.DataFrame:
    if results.services is None:
        return pd.DataFrame()
    return results.inventory.services[["name", "office_id"]].join(results.services.table, how="right")


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
        ``alternative``, ``criterion``, ``raw`` (the number that counts), where it is a range its ends
        ``raw_lower`` and ``raw_upper``, ``office_points`` and ``moderated_points``, ``value``, ``state``,
        ``weight_used``, ``points``, ``cell``; of a moderated one ``office_cell``; ``remark`` and
        ``remark_cell``; ``working``, how a figure was computed. Alternatives of which nothing is assessed are
        left out.
    """
    scored = scores.table.index[scores.table["state"] != "not_scored"]
    pairs = pd.MultiIndex.from_product([scored, scores.values.columns], names=["alternative", "criterion"])
    columns = {
        "raw": scores.raw,
        "raw_lower": scores.raw_low,
        "raw_upper": scores.raw_high,
        "office_points": scores.raw_office,
        "moderated_points": scores.raw_moderated,
        "value": scores.values,
        "state": scores.states,
        "weight_used": scores.weights_used,
        "points": scores.contributions,
        "remark": scores.remarks,
    }
    table = pd.DataFrame(index=pairs)
    for name, frame in columns.items():
        if frame is not None:
            table[name] = frame.loc[scored].to_numpy().ravel()
    cells = scores.cells
    table["cell"] = [cells(*pair) if cells else "" for pair in pairs]
    origins = [scores.origin(*pair) if scores.origin else Origin() for pair in pairs]
    table["office_cell"] = [origin.office if origin.moderated else "" for origin in origins]
    table["remark_cell"] = [origin.remark for origin in origins]
    table["working"] = [origin.working for origin in origins]
    return table.reset_index()


def code_label(value: str, language: str) -> str:
    """Return what a code such as ``in_preparation`` is called for readers; other texts as they are."""
    key = f"code.{value}"
    return text(key, language) if value.isidentifier() and has_text(key, language) else value


def column_label(name: str, language: str) -> str:
    """Return what a column is called where people read it; its own name where the catalogue has none."""
    key = f"column.{name}"
    return text(key, language) if has_text(key, language) else name


@contextmanager
def new_book(path: Path, inventory: Inventory) -> Iterator[SheetWriter]:
    """Give a writer of a new workbook, in which nothing that offices typed is a formula or a link."""
    import xlsxwriter

    strategy = inventory.strategy
    with xlsxwriter.Workbook(str(path), PLAIN) as book:
        book.set_properties(
            {
                "title": f"{strategy.strategy.title}, {strategy.strategy.city}",
                "author": "digistrat",
                "comments": strategy.notice,
                "created": dt.datetime.combine(inventory.reporting_date, dt.time()),
            }
        )
        yield SheetWriter(book, strategy.language)


def column_letter(number: int) -> str:
    """Return the name of a column, counted from 0.

    Examples
    --------
    >>> column_letter(0), column_letter(27)
    ('A', 'AB')
    """
    name = ""
    while number >= 0:
        number, rest = divmod(number, 26)
        name = chr(ord("A") + rest) + name
        number -= 1
    return name


class SheetWriter:
    """Writes frames as sheets with a frozen, filtered header."""

    def __init__(self, book: Any, language: str) -> None:
        self.book, self.language = book, language
        self.head = book.add_format(HEAD)
        self.title = book.add_format({"bold": True, "font_size": 14})
        self.quiet = book.add_format({"font_color": "#595959"})
        self.wrap = book.add_format({"text_wrap": True, "valign": "top"})
        self.date = book.add_format({"num_format": "dd.mm.yyyy", "valign": "top"})
        self.number = book.add_format({"num_format": "#,##0.0", "valign": "top"})
        self.whole = book.add_format({"valign": "top"})
        self.money = book.add_format({"num_format": "#,##0", "valign": "top"})

    def lines(self, name: str, lines: list[tuple[str, str]]) -> None:
        """Write a sheet of labels and what is to be said."""
        sheet = self.book.add_worksheet(name)
        sheet.set_column(0, 0, 34)
        sheet.set_column(1, 1, 90)
        for row, (label, value) in enumerate(lines):
            sheet.write_string(row, 0, label, self.head)
            sheet.write_string(row, 1, value, self.wrap)
            self.heighten(sheet, row, [(label, 34), (value, 90)])
        sheet.set_landscape()
        sheet.fit_to_pages(1, 0)

    def table(self, name: str, table: pd.DataFrame, about: str, rule: str) -> None:
        """Write a frame as a sheet below its title, what it says, and its rule."""
        sheet = self.book.add_worksheet(name[:31])
        sheet.write_string(0, 0, name, self.title)
        sheet.write_string(1, 0, about)
        sheet.write_string(2, 0, rule, self.quiet)
        shown = table.reset_index() if table.index.name else table
        widths, labels = [], [column_label(str(column), self.language) for column in shown.columns]
        for number, (column, label) in enumerate(zip(shown.columns, labels, strict=True)):
            sheet.write_string(HEAD_ROWS, number, label, self.head)
            widest = shown[column].astype("str").str.len().fillna(0).clip(upper=WIDEST).max()
            widths.append(min(WIDEST, max(10, int(widest) + 1)))
            sheet.set_column(number, number, widths[-1])
            money = str(column).endswith("_eur") or str(column) in CAPITAL_VALUES
            coded = str(column) in CODED
            for row, value in enumerate(shown[column], start=HEAD_ROWS + 1):
                if coded and isinstance(value, str):
                    value = code_label(value, self.language)
                self.cell(sheet, row, number, value, money)
        self.heighten(sheet, HEAD_ROWS, list(zip(labels, widths, strict=True)))
        for row, values in enumerate(shown.itertuples(index=False), start=HEAD_ROWS + 1):
            self.heighten(sheet, row, list(zip(values, widths, strict=True)))
        sheet.freeze_panes(HEAD_ROWS + 1, 1)
        sheet.autofilter(HEAD_ROWS, 0, HEAD_ROWS + len(shown), len(shown.columns) - 1)
        sheet.set_landscape()
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(HEAD_ROWS)

    def heighten(self, sheet: Any, row: int, cells: list[tuple[Any, int]]) -> None:
        """Make a row as high as its longest wrapped text needs; not every program does so itself."""
        texts = ((value, width) for value, width in cells if isinstance(value, str))
        lines = max(
            (len(wrap(value[:LONGEST], width - 1)) for value, width in texts if len(value) >= width),
            default=1,
        )
        if lines > 1:
            sheet.set_row(row, LINE * lines)

    def _yes_no(self, value: bool) -> str:
        return text("page.yes" if value else "page.no", self.language)

    def cell(self, sheet: Any, row: int, column: int, value: Any, money: bool) -> None:
        """Write a value by its type; nothing where it is missing."""
        if isinstance(value, (tuple, list)):
            value = "; ".join(map(str, value))
        if value is None or (not isinstance(value, str) and pd.isna(value)):
            return
        if isinstance(value, (bool, dt.date)) or hasattr(value, "to_pydatetime"):
            if isinstance(value, bool):
                sheet.write_string(row, column, self._yes_no(value), self.whole)
            else:
                sheet.write_datetime(row, column, pd.Timestamp(value).to_pydatetime(), self.date)
        elif isinstance(value, str):
            sheet.write_string(row, column, value[:MAX_TEXT], self.wrap)
        elif hasattr(value, "dtype") and value.dtype == bool:
            sheet.write_string(row, column, self._yes_no(bool(value)), self.whole)
        else:
            number = float(value)
            plain = self.whole if number.is_integer() else self.number
            sheet.write_number(row, column, number, self.money if money else plain)
