"""The sheets of a plan that calculate: load by role and month, money by year and kind, commitments."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import pandas as pd

from digistrat.planning.records import Plan
from digistrat.reporting import style
from digistrat.reporting.plan_bars import BODY as BARS_BODY
from digistrat.reporting.plan_bars import COLUMNS as BARS_COLUMNS
from digistrat.reporting.plan_words import phase_costs, plan_source
from digistrat.reporting.workbook import HEAD, HEAD_ROWS, SheetWriter, code_label, column_letter
from digistrat.texts import text

A3, A4 = 8, 9
MONTHS_A_PAGE = 36
WORDS = (
    "role",
    "measure",
    "year",
    "kind",
    "order_year",
    "for_year",
)  # columns of words or years: to the left
MONEY, FTE, PERCENT = "#,##0", "#,##0.00", "0%"
AMOUNTS = {2: "one_off_eur", 3: "recurring_eur", 5: "ceiling_eur"}  # column by column
SLACK = 0.0005  # full-time equivalents: less is rounding


def write_load(writer: SheetWriter, plan: Plan) -> None:
    """Write by role and month what is needed, what is staffed and the share of it; above 100 % is marked.

    Parameters
    ----------
    writer : SheetWriter
        Of the workbook.
    plan : Plan
        With a load.
    """
    load = plan.load[plan.load["month"] >= pd.Timestamp(plan.problem.start)]
    months = pd.DatetimeIndex(load["month"].unique()).sort_values()
    sheet = _sheet(writer, plan, "load", [("role", 38), ("measure", 14), ("peak", 9), ("n_over", 12)])
    head = writer.book.add_format(
        {"font_size": 8, "align": "center", "num_format": "mm/yy", "bg_color": style.BAND}
    )
    sheet.set_column(4, 3 + len(months), 5.3)
    for column, month in enumerate(months, start=4):
        sheet.write_datetime(HEAD_ROWS, column, month.to_pydatetime(), head)
    names = {role.id: role.name for role in plan.inventory.strategy.roles}
    row = HEAD_ROWS + 1
    for role, of in load.groupby("role_id", sort=False):
        of = of.set_index("month").reindex(months)
        _role(writer, sheet, row, names.get(str(role), str(role)), of["demand_fte"], of["capacity_fte"])
        row += 3
    over = writer.book.add_format({"bg_color": style.WARNING, "font_color": style.PAPER, "bold": True})
    whole = f"E{HEAD_ROWS + 2}:{column_letter(3 + len(months))}{row}"
    is_share = f'AND($B{HEAD_ROWS + 2}="{_word(writer, "share")}",ISNUMBER(E{HEAD_ROWS + 2}))'
    above = {"type": "formula", "criteria": f"=AND({is_share},E{HEAD_ROWS + 2}>1.0005)", "format": over}
    sheet.conditional_format(whole, above)
    sheet.conditional_format(
        f"D{HEAD_ROWS + 2}:D{row}", {"type": "cell", "criteria": ">", "value": 0, "format": over}
    )
    sheet.freeze_panes(HEAD_ROWS + 1, 4)
    sheet.set_paper(A3)
    sheet.repeat_columns(0, 3)
    sheet.set_v_pagebreaks(range(4 + MONTHS_A_PAGE, 4 + len(months), MONTHS_A_PAGE))
    sheet.fit_to_pages(-(-len(months) // MONTHS_A_PAGE), 0)


def _role(
    writer: SheetWriter, sheet: Any, row: int, name: str, demand: pd.Series, capacity: pd.Series
) -> None:
    """Write the three rows of a role; the share, its peak and the months above it are formulas."""
    bold = writer.book.add_format({"bold": True, "top": 1, "top_color": style.GREY})
    fte, share = (writer.book.add_format({"num_format": form}) for form in (FTE, PERCENT))
    for offset, key in enumerate(("demand", "capacity", "share")):
        sheet.write_string(row + offset, 0, name, bold if offset == 0 else writer.quiet)
        sheet.write_string(row + offset, 1, _word(writer, key))
    shares = []
    for column, (needed, staffed) in enumerate(zip(demand, capacity, strict=True), start=4):
        here = column_letter(column)
        sheet.write_number(row, column, round(float(needed), 6), fte)
        sheet.write_number(row + 1, column, round(float(staffed), 6), fte)
        needs, has = f"{here}{row + 1}", f"{here}{row + 2}"
        none = _word(writer, "nobody")
        shown: float | str = ""
        if staffed > SLACK:
            shown = round(needed, 6) / round(staffed, 6)
        elif needed > SLACK:
            shown = none
        shares.append(shown)
        formula = f'=IF({has}>{SLACK},{needs}/{has},IF({needs}>{SLACK},"{none}",""))'
        sheet.write_formula(row + 2, column, formula, share, shown)
    first, last = "E", column_letter(3 + len(shares))
    peak = max((one for one in shares if not isinstance(one, str)), default=0.0)
    sheet.write_formula(row + 2, 2, f"=MAX({first}{row + 3}:{last}{row + 3})", share, peak)
    n_over = int((demand.to_numpy() > capacity.to_numpy() + SLACK).sum())
    exceeded = f"{first}{row + 1}:{last}{row + 1}>{first}{row + 2}:{last}{row + 2}+{SLACK}"
    sheet.write_formula(row + 2, 3, f"=SUMPRODUCT(--({exceeded}))", None, n_over)


def write_budget(writer: SheetWriter, plan: Plan) -> None:
    """Write by year and kind what the plan needs, what there is and what remains, with totals.

    Planned and remaining money, shares and totals are formulas; so is the comparison of the phases' costs
    with the years'.

    Parameters
    ----------
    writer : SheetWriter
        Of the workbook.
    plan : Plan
        With a budget.
    """
    columns = [("year", 10), ("kind", 18), ("one_off", 18), ("running", 18), ("planned", 18)]
    columns += [("ceiling", 18), ("remaining", 18), ("used", 12)]
    sheet = _sheet(writer, plan, "budget", columns)
    formats = _money_formats(writer)
    first = HEAD_ROWS + 1
    rows = plan.budget.sort_values(["year", "kind"], kind="stable").reset_index(drop=True)
    for row, year in enumerate(rows.to_dict("records"), start=first):
        sheet.write_number(row, 0, year["year"], formats["year"])
        sheet.write_string(row, 1, code_label(year["kind"], writer.language))
        for column, name in AMOUNTS.items():
            _amount(sheet, row, column, year[name], formats["money"])
        _balance(sheet, row, year["one_off_eur"] + year["recurring_eur"], year["ceiling_eur"], formats)
    last = first + len(rows) - 1
    row = last + 1
    for kind in [*dict.fromkeys(rows["kind"]), ""]:
        row += 1
        _totals(writer, sheet, row, (first, last), rows, kind, formats)
    _compared(writer, sheet, row + 2, plan, formats)
    red = {"type": "cell", "criteria": "<", "value": -0.5, "format": formats["over"]}
    sheet.conditional_format(f"G{first + 1}:G{row + 1}", red)
    sheet.freeze_panes(HEAD_ROWS + 1, 2)


def _totals(
    writer: SheetWriter,
    sheet: Any,
    row: int,
    body: tuple[int, int],
    rows: pd.DataFrame,
    kind: str,
    formats: dict[str, Any],
) -> None:
    """Write the totals of a kind of money over all years; of all kinds where none is given."""
    label = code_label(kind, writer.language) if kind else _word(writer, "all_kinds")
    sheet.write_string(row, 0, _word(writer, "total"), formats["label"])
    sheet.write_string(row, 1, label, formats["label"])
    of = rows[rows["kind"] == kind] if kind else rows
    planned = of["one_off_eur"] + of["recurring_eur"]
    values = {column: of[name] for column, name in AMOUNTS.items()} | {6: of["ceiling_eur"] - planned}
    first, last = body
    for column, value in values.items():
        span = f"{column_letter(column)}{first + 1}:{column_letter(column)}{last + 1}"
        formula = f'=SUMIFS({span},$B${first + 1}:$B${last + 1},"{label}")' if kind else f"=SUM({span})"
        sheet.write_formula(row, column, formula, formats["sum"], round(float(value.sum()), 2))
    total = round(float(planned.sum()), 2)
    sheet.write_formula(row, 4, f"=C{row + 1}+D{row + 1}", formats["sum"], total)
    sheet.write_blank(row, 7, None, formats["label"])


def _compared(writer: SheetWriter, sheet: Any, row: int, plan: Plan, formats: dict[str, Any]) -> None:
    """Write what the phases cost, and by how much the years' one-off money, two rows above, differs."""
    bars = text("plan_workbook.phases", writer.language)
    cost = column_letter(list(BARS_COLUMNS).index("cost_eur"))
    phases = float(phase_costs(plan).round(2).sum())
    sheet.write_string(row, 0, _word(writer, "by_phases"), formats["label"])
    sheet.write_blank(row, 1, None, formats["label"])
    sheet.write_formula(row, 2, f"='{bars}'!{cost}{BARS_BODY + 1}", formats["sum"], round(phases, 2))
    sheet.write_string(row + 1, 0, _word(writer, "unlike"))
    difference = float(plan.budget["one_off_eur"].sum()) - phases
    formula = f"=ROUND(C{row - 1}-C{row + 1},0)"
    sheet.write_formula(row + 1, 2, formula, formats["money"], round(difference) + 0.0)


def write_commitments(writer: SheetWriter, plan: Plan) -> None:
    """Write what orders of a year bind of later years' money, what is granted for it and what remains.

    Parameters
    ----------
    writer : SheetWriter
        Of the workbook.
    plan : Plan
        Nothing is written where its orders bind no later year.
    """
    if plan.commitments.empty:
        return
    columns = [("order_year", 16), ("for_year", 16), ("kind", 18), ("needed", 18), ("granted", 18)]
    sheet = _sheet(writer, plan, "commitments", [*columns, ("remaining", 18)])
    formats = _money_formats(writer)
    for row, bound in enumerate(plan.commitments.to_dict("records"), start=HEAD_ROWS + 1):
        sheet.write_number(row, 0, bound["year"], formats["year"])
        sheet.write_number(row, 1, bound["for_year"], formats["year"])
        sheet.write_string(row, 2, code_label(bound["kind"], writer.language))
        needed, granted = bound["needed_eur"], bound["granted_eur"]
        _amount(sheet, row, 3, needed, formats["money"])
        _amount(sheet, row, 4, granted, formats["money"])
        rest = "" if math.isnan(granted) else granted - needed
        formula = f'=IF(ISNUMBER(E{row + 1}),E{row + 1}-D{row + 1},"")'
        sheet.write_formula(row, 5, formula, formats["money"], rest)
    red = {"type": "cell", "criteria": "<", "value": -0.5, "format": formats["over"]}
    sheet.conditional_format(f"F{HEAD_ROWS + 2}:F{HEAD_ROWS + 1 + len(plan.commitments)}", red)
    sheet.freeze_panes(HEAD_ROWS + 1, 3)


def _sheet(writer: SheetWriter, plan: Plan, name: str, columns: Sequence[tuple[str, int]]) -> Any:
    """Begin a sheet with its title, what it says, its source, and labels of its first columns."""
    sheet = writer.book.add_worksheet(text(f"plan_workbook.{name}", writer.language))
    sheet.write_string(0, 0, text(f"plan_workbook.{name}", writer.language), writer.title)
    sheet.write_string(1, 0, text(f"plan_workbook.about_{name}", writer.language))
    sheet.write_string(2, 0, plan_source(plan), writer.quiet)
    over_numbers = writer.book.add_format({**HEAD, "align": "right"})
    for column, (key, width) in enumerate(columns):
        sheet.set_column(column, column, width)
        head = writer.head if key in WORDS else over_numbers
        sheet.write_string(HEAD_ROWS, column, _word(writer, key), head)
    sheet.set_landscape()
    sheet.set_paper(A4)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(HEAD_ROWS)
    return sheet


def _word(writer: SheetWriter, key: str) -> str:
    return text(f"plan_workbook.{key}", writer.language)


def _money_formats(writer: SheetWriter) -> dict[str, Any]:
    line = {"bold": True, "top": 1, "top_color": style.GREY}
    return {
        "year": writer.book.add_format({"num_format": "0", "align": "left"}),
        "money": writer.book.add_format({"num_format": MONEY}),
        "share": writer.book.add_format({"num_format": PERCENT}),
        "sum": writer.book.add_format({"num_format": MONEY, **line}),
        "label": writer.book.add_format(line),
        "over": writer.book.add_format({"bg_color": style.WARNING, "font_color": style.PAPER, "bold": True}),
    }


def _amount(sheet: Any, row: int, column: int, value: float, form: Any) -> None:
    """Write an amount to the cent; nothing where there is none."""
    if not math.isnan(value):
        sheet.write_number(row, column, round(float(value), 2), form)


def _balance(sheet: Any, row: int, planned: float, ceiling: float, formats: dict[str, Any]) -> None:
    """Write what is planned, what remains of the ceiling, and the share that is used."""
    n = row + 1
    has, uses = not math.isnan(ceiling), not math.isnan(ceiling) and ceiling > 0
    sheet.write_formula(row, 4, f"=C{n}+D{n}", formats["money"], planned)
    rest = ceiling - planned if has else ""
    sheet.write_formula(row, 6, f'=IF(ISNUMBER(F{n}),F{n}-E{n},"")', formats["money"], rest)
    share = planned / ceiling if uses else ""
    sheet.write_formula(row, 7, f'=IF(N(F{n})>0,E{n}/F{n},"")', formats["share"], share)
