"""The empty workbook of a form: what it needs from strategy and inventory is passed in with the form."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from digistrat.intake.forms import Column, Form, Table
from digistrat.texts import text

if TYPE_CHECKING:
    from openpyxl import Workbook
    from openpyxl.worksheet.worksheet import Worksheet

N_ROWS = 200  # rows prepared for entries
# The date that every template carries: the same form gives the same bytes.
MADE = (2000, 1, 1, 0, 0, 0)
_DATES = re.compile(rb"(<dcterms:(?:created|modified)[^>]*>)[^<]*")


def write_template(
    form: Form,
    path: str | Path,
    *,
    values: Mapping[str, Sequence[Mapping[str, Any]]] | None = None,
    years: Sequence[int] = (),
) -> Path:
    """Write a form as a workbook that people can fill in.

    One sheet per table: the title, a line of help, and a frozen row of headers; drop-downs where there are
    choices, checked numbers and dates, one column per criterion, item, role or year. No merged cells.

    Parameters
    ----------
    form : Form
        With its choices filled in (`Form.fill`).
    path : path
        The .xlsx to write; an existing one is replaced only when the new one is complete.
    values : mapping, optional
        Table → records to pre-fill: column name (or member) → value as in the tables that are read; choices
        are written as their first label, lists with semicolons, missing values not at all.
    years : sequence of int
        Members of tables whose columns are years.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    ValueError
        If the form still names sets that are to be passed in, or `values` names an unknown table.
    """
    open_sets = [
        f"{table.name}.{column.name}"
        for table in form.tables
        for column in table.columns
        if column.choices_from
    ]
    if open_sets:
        raise ValueError(f"form must have its choices filled in; open are {', '.join(open_sets)}")
    for name in values or {}:
        form.table(name)
    from openpyxl import Workbook

    book = Workbook()
    del book[book.sheetnames[0]]
    book.properties.title = text("template.title", form.language)
    book.properties.creator = "digistrat"
    lists = _Lists(book, text("template.lists", form.language))
    for table in form.tables:
        sheet = book.create_sheet(_sheet_name(table))
        records = list((values or {}).get(table.name, ()))
        if table.orientation == "columns":
            _write_cover(sheet, table, form, records)
        else:
            _write_table(sheet, table, form, records, years, lists)
    lists.close()
    target = Path(path)
    partial = target.with_name(f".{target.name}.part")
    buffer = io.BytesIO()
    book.save(buffer)
    try:
        partial.write_bytes(_undated(buffer.getvalue()))
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)
    return target


def _undated(data: bytes) -> bytes:
    """Return a workbook whose parts carry the same date whenever it was made."""
    buffer = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(data)) as made,
        zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive,
    ):
        for name in made.namelist():
            date = b"%04d-%02d-%02dT%02d:%02d:%02dZ" % MADE
            content = _DATES.sub(rb"\g<1>" + date, made.read(name))
            archive.writestr(zipfile.ZipInfo(name, MADE), content, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def _written(column: Column, value: Any, language: str) -> Any:
    """Return a value as people would write it into its cell; None for nothing."""
    if isinstance(value, (tuple, list)):
        shown = "; ".join(str(_label(column, item)) for item in value)
        return shown or None
    if pd.isna(value):
        return None
    if isinstance(value, pd.Timestamp):
        return value.to_pydatetime()
    if column.kind == "boolean":
        yes, no = text("template.yes_no", language).split("/")
        return yes if value else no
    if column.kind in ("text", "identifier", "choice"):
        return _label(column, str(value))
    return value.item() if hasattr(value, "item") else value  # numpy's numbers


def _put(sheet: Worksheet, row: int, number: int, value: Any) -> None:
    cell = sheet.cell(row, number, value)
    if isinstance(value, str):
        cell.data_type = "s"  # an answer that begins with '=' is no formula


def _label(column: Column, value: str) -> str:
    labels = column.choices.get(value, ())
    # of a list, a label that holds no separator itself
    fit = [name for name in labels if column.kind != "list" or not set(name) & set(";,/\n")]
    return fit[0] if fit else value


def _sheet_name(table: Table) -> str:
    return table.title or (table.sheets[0] if table.sheets else table.name)


def _shown(table: Table) -> list[Column]:
    """Columns that people fill in: with headers, and neither derived nor the sheet's name."""
    return [column for column in table.columns if column.headers and column.kind != "state"]


def _write_cover(sheet: Worksheet, table: Table, form: Form, records: list[Mapping[str, Any]]) -> None:
    from openpyxl.styles import Font

    sheet["A1"] = text("template.title", form.language)
    sheet["A1"].font = Font(bold=True, size=14)
    sheet["A2"] = text("template.help_cover", form.language)
    for row, column in enumerate(_shown(table), start=4):
        sheet.cell(row, 1, column.headers[0]).font = Font(bold=True)
        if records:
            _put(sheet, row, 2, _written(column, records[0].get(column.name), form.language))
        if column.kind == "date":
            sheet.cell(row, 2).number_format = "DD.MM.YYYY"
    sheet.column_dimensions["A"].width = 42
    sheet.column_dimensions["B"].width = 60


def _write_table(
    sheet: Worksheet,
    table: Table,
    form: Form,
    records: list[Mapping[str, Any]],
    years: Sequence[int],
    lists: _Lists,
) -> None:
    from openpyxl.styles import Alignment, Font, PatternFill
    from openpyxl.utils import get_column_letter
    from openpyxl.worksheet.properties import PageSetupProperties

    sheet["A1"] = _sheet_name(table)
    sheet["A1"].font = Font(bold=True, size=14)
    sheet["A2"] = text("template.help_table", form.language)
    columns: list[tuple[str, str, Column]] = [(c.name, c.headers[0], c) for c in _shown(table)]
    if table.unpivot:
        value = table.column(table.unpivot.value)
        members = {member: headers[0] for member, headers in table.unpivot.members.items()}
        if table.unpivot.pattern:
            members |= {str(year): str(year) for year in years}
        columns += [(member, header, value) for member, header in members.items()]
    for number, (name, header, column) in enumerate(columns, start=1):
        cell = sheet.cell(4, number, header)
        cell.font = Font(bold=True)
        cell.alignment = Alignment(wrap_text=True, vertical="top")
        cell.fill = PatternFill("solid", fgColor="E8EDF2")
        letter = get_column_letter(number)
        sheet.column_dimensions[letter].width = 44 if column.kind == "text" and number <= 4 else 18
        area = f"{letter}5:{letter}{4 + max(N_ROWS, len(records))}"
        _validate(sheet, area, column, form, lists)
        for row, record in enumerate(records, start=5):
            _put(sheet, row, number, _written(column, record.get(name), form.language))
        if column.kind == "date":
            for row in range(5, 5 + max(N_ROWS, len(records))):
                sheet.cell(row, number).number_format = "DD.MM.YYYY"
    sheet.freeze_panes = "A5"
    sheet.sheet_view.zoomScale = 90
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.fitToHeight = 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    sheet.print_title_rows = "4:4"


def _validate(sheet: Worksheet, area: str, column: Column, form: Form, lists: _Lists) -> None:
    from openpyxl.worksheet.datavalidation import DataValidation

    rule: DataValidation | None = None
    hint = (
        text(f"template.hint_{column.kind}", form.language)
        if column.kind not in ("text", "identifier")
        else ""
    )
    # a warning, not a stop: whoever does not know a number must be able to say so in words
    if column.choices and column.kind == "choice":
        labels = [names[0] for names in column.choices.values()]
        rule = DataValidation(type="list", formula1=lists.range_of(labels), allow_blank=True)
    elif column.kind in ("number", "integer", "amount"):
        low = 0 if column.minimum is None else column.minimum
        high = 1e12 if column.maximum is None else column.maximum
        rule = DataValidation(
            type="decimal", operator="between", formula1=f"{low:g}", formula2=f"{high:g}", allow_blank=True
        )
        if column.maximum is not None:
            hint = text("template.hint_range", form.language, minimum=f"{low:g}", maximum=f"{high:g}")
    elif column.kind == "date":
        rule = DataValidation(
            type="date", operator="between", formula1="DATE(2000,1,1)", formula2="DATE(2100,12,31)"
        )
    elif column.kind == "boolean":
        answers = text("template.yes_no", form.language).split("/")
        rule = DataValidation(type="list", formula1=lists.range_of(answers), allow_blank=True)
    if rule is None:
        return
    rule.errorStyle = "warning"
    rule.showErrorMessage = rule.showInputMessage = True
    rule.promptTitle, rule.prompt = column.headers[0][:32] if column.headers else "", hint[:255]
    rule.error = text("template.doubt", form.language)
    rule.add(area)
    sheet.add_data_validation(rule)


class _Lists:
    """A hidden sheet that holds the drop-downs' choices; each list once."""

    def __init__(self, book: Workbook, name: str) -> None:
        self.book = book
        self.sheet = book.create_sheet(name)
        self.known: dict[tuple[str, ...], str] = {}

    def range_of(self, labels: Sequence[str]) -> str:
        from openpyxl.utils import get_column_letter

        key = tuple(labels)
        if key not in self.known:
            number = len(self.known) + 1
            for row, label in enumerate(labels, start=1):
                self.sheet.cell(row, number, label)
            letter = get_column_letter(number)
            self.known[key] = f"'{self.sheet.title}'!${letter}$1:${letter}${len(labels)}"
        return self.known[key]

    def close(self) -> None:
        self.sheet.sheet_state = "hidden"
        self.book.move_sheet(self.sheet, len(self.book.sheetnames))
        self.book.active = 0
