"""Write a form as a workbook; the same input gives the same bytes."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from digistrat.intake.forms import Form
from digistrat.intake.template.entries import Extras, Notes, list_entries, sheet_name
from digistrat.intake.template.guide import write_guide
from digistrat.intake.template.prompts import Lists
from digistrat.intake.template.sheets import Page, write_sheet
from digistrat.texts import text

# The date that every template carries: the same form gives the same bytes.
MADE = (2000, 1, 1, 0, 0, 0)
# Heights below the headers are a proposal: without this mark a row grows with what is typed into it.
_FIXED = re.compile(rb'(<row r="(?:[5-9]|[1-9][0-9]+)"[^>]*?) customHeight="1"')
_DATES = re.compile(rb"(<dcterms:(?:created|modified)[^>]*>)[^<]*")


def write_template(
    form: Form,
    path: str | Path,
    *,
    values: Mapping[str, Sequence[Mapping[str, Any]]] | None = None,
    extras: Extras | None = None,
    years: Sequence[int] = (),
    notes: Notes | None = None,
) -> Path:
    """Write a form as a workbook that people can fill in.

    One sheet per table: a title, two lines of help, and a frozen row of headers with a filter; below it
    drop-downs where there are choices, checked numbers and dates, and a hint beside every cell. A sheet of
    help says what every column and every point of a rating means. What is not to be filled in is locked,
    without a password. No merged cells; no meaning by colour alone.

    Parameters
    ----------
    form : Form
        With its choices filled in (`Form.fill`).
    path : path
        The .xlsx to write; an existing one is replaced only when the new one is complete.
    values : mapping, optional
        Table → records to pre-fill: column name (or member) → value as in the tables that are read; choices
        are written as their first label, lists with semicolons, missing values not at all. A text where
        something else is asked is written as it is.
    extras : mapping, optional
        Table → header → a text for each of its records: columns that an office had added.
    years : sequence of int
        Members of tables whose columns are years.
    notes : mapping, optional
        Table → column, member or choice → `Note`; ``""`` is the note of the table itself.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    ValueError
        If the form still names sets that are to be passed in, or a table is unknown.
    """
    form.require_filled()
    values, extras, notes = values or {}, extras or {}, notes or {}
    for name in (*values, *extras, *notes):
        form.table(name)
    from openpyxl import Workbook
    from openpyxl.workbook.protection import WorkbookProtection

    book = Workbook()
    del book[book.sheetnames[0]]
    book.properties.title = text("template.title", form.language)
    book.properties.creator, book.properties.language = "digistrat", form.language
    book.security = WorkbookProtection(lockStructure=True)
    pages = []
    for table in form.tables:
        own = notes.get(table.name, {})
        entries = list_entries(table, own, years, tuple(extras.get(table.name, ())))
        pages.append(Page(table, book.create_sheet(sheet_name(table)), entries, own, form.language))
    guide = write_guide(book, pages, form.language)
    lists = Lists(book, text("template.lists", form.language))
    for page in pages:
        records = list(values.get(page.table.name, ()))
        write_sheet(page, records, extras.get(page.table.name, {}), lists, guide[page.table.name])
    book.active = 0
    return _save(book, Path(path))


def _save(book: Any, target: Path) -> Path:
    partial = target.with_name(f".{target.name}.part")
    buffer = io.BytesIO()
    book.save(buffer)
    try:
        partial.write_bytes(_finished(buffer.getvalue()))
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)
    return target


def _finished(data: bytes) -> bytes:
    """Return a workbook whose parts carry the same date whenever it was made, and whose rows can grow."""
    buffer = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(data)) as made,
        zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive,
    ):
        for name in made.namelist():
            date = b"%04d-%02d-%02dT%02d:%02d:%02dZ" % MADE
            content = _DATES.sub(rb"\g<1>" + date, made.read(name))
            if name.startswith("xl/worksheets/"):
                content = _FIXED.sub(rb"\g<1>", content)
            archive.writestr(zipfile.ZipInfo(name, MADE), content, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()
