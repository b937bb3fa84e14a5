"""The sheet of findings as a worksheet part: texts in the cells, at most one format that is there already."""

from __future__ import annotations

import datetime as dt
import re
import textwrap
from collections.abc import Collection, Mapping, Sequence
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import pandas as pd

from digistrat.intake.feedback.sheet import COLUMNS, count_progress, count_severities, standing
from digistrat.intake.workbooks import cell_address, parse_address
from digistrat.texts import format_date, text

LIMIT = 32_767  # characters in a cell
_HEADER = 5  # row of the headers
_ROWS = 65_000  # a sheet has room for 65,530 links
_WIDEST = 110  # characters
_WRAPPED = {"message": 60, "hint": 50}  # characters where texts can be wrapped; 25 for the other columns
_OURS = ("field", "code")  # by these a finding is known again; they say nothing to an office
# Fonts of single texts, which need no cell format.
_CALIBRI = '<rFont val="Calibri"/><family val="2"/>'
_BLACK = f'<sz val="11"/><color rgb="FF000000"/>{_CALIBRI}'
_PLAIN, _BOLD = f'<b val="0"/>{_BLACK}', f"<b/>{_BLACK}"
_LINK = f'<b val="0"/><u/><sz val="11"/><color rgb="FF0563C1"/>{_CALIBRI}'


def sheet_xml(
    findings: pd.DataFrame,
    file: str,
    *,
    language: str,
    namespace: str,
    links: Collection[str] = (),
    style: int | None = None,
    alone: bool = False,
    reply_by: dt.date | None = None,
) -> bytes:
    """Write the worksheet part: title, what to do, headers, one row per finding.

    Parameters
    ----------
    findings : DataFrame
        Of one file; with a column ``progress``, settled ones last, where there was an earlier report.
    file : str
        Name of the file that they are about.
    language : {"de", "en"}
        Language of headers and title.
    namespace : str
        The workbook's.
    links : collection of str
        Sheets that places can be linked to.
    style : int, optional
        Number of a format that wraps texts; without, columns are wide.
    alone : bool
        Whether the workbook holds nothing else.
    reply_by : date, optional
        When the corrected file should be back.
    """
    columns = [column for column in COLUMNS if column != "progress" or "progress" in findings]
    titles = [text(f"feedback.column.{column}", language) for column in columns]
    shows = ' tabSelected="1"' if alone else ""
    records = [_record(row, n, language) for n, row in enumerate(findings.head(_ROWS).to_dict("records"), 1)]
    rows = [
        _row(n, [(line, _BOLD if n == 1 else "")])
        for n, line in enumerate(_head(findings, file, language, reply_by, alone=alone), 1)
    ]
    rows.append(_row(_HEADER, [(title, _BOLD) for title in titles], style))
    anchors = []
    for number, record in enumerate(records, _HEADER + 1):
        target, linked = _target(record, links), "cell" if record["cell"] else "sheet"
        if target:
            place = cell_address(number, columns.index(linked) + 1)
            anchors.append(f'<hyperlink ref="{place}" location={quoteattr(target)}/>')
        fonts = {linked: _LINK} if target else {}
        cells = [(record[name], fonts.get(name, _PLAIN)) for name in columns]
        rows.append(_row(number, cells, style, height=_height(record) if style is not None else ""))
    last = _HEADER + len(records)
    area = f"A{_HEADER}:{cell_address(last, len(columns))}"
    if len(records) < len(findings):
        last += 1
        rows.append(_row(last, [(text("feedback.more", language, count=len(findings) - len(records)), "")]))
    # In the order that the format demands.
    parts = [
        f'<worksheet xmlns="{namespace}"><sheetPr><pageSetUpPr fitToPage="1"/></sheetPr>',
        f'<dimension ref="A1:{cell_address(last, len(columns))}"/>',
        f'<sheetViews><sheetView{shows} workbookViewId="0">'
        f'<pane ySplit="{_HEADER}" topLeftCell="A{_HEADER + 1}" activePane="bottomLeft" state="frozen"/>'
        '<selection pane="bottomLeft"/></sheetView></sheetViews><sheetFormatPr defaultRowHeight="15"/>',
        _widths(columns, titles, records, is_wrapped=style is not None),
        f"<sheetData>{''.join(rows)}</sheetData>",
        f'<autoFilter ref="{area}"/>' if records else "",
        f"<hyperlinks>{''.join(anchors)}</hyperlinks>" if anchors else "",
        '<pageMargins left="0.5" right="0.5" top="0.6" bottom="0.6" header="0.3" footer="0.3"/>',
        '<pageSetup paperSize="9" orientation="landscape" fitToHeight="0"/>',
        # what was found in a cell is shown as it stands, numbers too
        f'<ignoredErrors><ignoredError sqref="{area}" numberStoredAsText="1"/></ignoredErrors></worksheet>',
    ]
    return ('<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n' + "".join(parts)).encode("utf-8")


def safe_text(value: str) -> str:
    """Return a text as a cell can hold it: no half characters, at most 32,767.

    Examples
    --------
    >>> len(safe_text("x" * 40_000))
    32767
    """
    units = value.encode("utf-16-le", "surrogatepass")
    if len(units) <= 2 * LIMIT:
        return units.decode("utf-16-le", "replace")
    return units[: 2 * LIMIT - 2].decode("utf-16-le", "replace") + "…"


_CONTROL = "\x00-\x08\x0b\x0c\x0e-\x1f\r\ufffe\uffff"
_UNSAFE = re.compile(f"[{_CONTROL}]|_(?=x[0-9A-Fa-f]{{4}}(?:_|[{_CONTROL}]))")


def escape_text(value: str) -> str:
    r"""Return the XML of a text; what XML cannot hold as spreadsheets write it, for example ``_x0007_``.

    Examples
    --------
    >>> escape_text("a<b\r _x000D_")
    'a&lt;b_x000D_ _x005F_x000D_'
    """
    return escape(_stored(safe_text(value)))


def _stored(value: str) -> str:
    return _UNSAFE.sub(lambda match: f"_x{ord(match[0]):04X}_", value)


def _head(
    findings: pd.DataFrame, file: str, language: str, reply_by: dt.date | None, *, alone: bool
) -> list[str]:
    """Return the lines above the table: title, what to do, what the words mean, what has changed."""
    left = standing(findings)
    key, day = "nothing", ""
    if (left["severity"] != "info").any():
        key = "alone" if alone else "here"
        if reply_by is not None:
            key, day = f"{key}_by", format_date(reply_by, language)
    elif len(left):
        key = "notes"
    return [
        text("feedback.title", language, file=file, counts=count_severities(left, language)),
        text(f"feedback.intro.{key}", language, file=file, date=day),
        text("feedback.legend", language) if len(left) else "",
        count_progress(findings, language) if "progress" in findings else "",
    ]


def _record(row: Mapping[Any, str], number: int, language: str) -> dict[str, Any]:
    """Return what stands in a finding's row."""
    record: dict[str, Any] = {
        name: row[name] for name in ("sheet", "cell", "value", "message", "hint", "code")
    }
    record["number"] = number
    record["severity"] = text(f"feedback.severity.{row['severity']}", language)
    if "progress" in row:
        record["progress"] = text(f"feedback.progress.{row['progress']}", language)
    record["field"] = ".".join(part for part in (row["table"], row["column"]) if part)
    return record


def _target(record: Mapping[str, str], links: Collection[str]) -> str:
    """Return where a finding's place is in the same workbook; empty where there is none."""
    if record["sheet"] not in links:
        return ""
    try:
        place = cell_address(*parse_address(record["cell"])) if record["cell"] else "A1"
    except ValueError:
        return ""
    name = record["sheet"].replace("'", "''")
    return _stored(f"'{name}'!{place}")


def _height(record: Mapping[str, Any]) -> str:
    """Return the height that a row of wrapped texts takes; not every program finds it out itself."""
    lines = max(len(textwrap.wrap(record[name], width - 3)) for name, width in _WRAPPED.items())
    return f' ht="{min(15 * max(lines, 1), 405)}"'


def _row(
    number: int, cells: Sequence[tuple[str | int, str]], style: int | None = None, height: str = ""
) -> str:
    """Write a row of texts with their fonts, and of numbers."""
    format = "" if style is None else f' s="{style}"'
    written = []
    for column, (value, font) in enumerate(cells, 1):
        place = cell_address(number, column)
        if isinstance(value, int):
            written.append(f'<c r="{place}"{format}><v>{value}</v></c>')
        elif value:
            content = f'<t xml:space="preserve">{escape_text(value)}</t>'
            if font:
                content = f"<r><rPr>{font}</rPr>{content}</r>"
            written.append(f'<c r="{place}"{format} t="inlineStr"><is>{content}</is></c>')
    return f'<row r="{number}"{height}>{"".join(written)}</row>' if written else ""


def _widths(
    columns: Sequence[str], titles: Sequence[str], records: Sequence[Mapping[str, Any]], *, is_wrapped: bool
) -> str:
    """Make each column as wide as its longest text, within reason, and hide those that are for us."""
    written = []
    for number, (name, title) in enumerate(zip(columns, titles, strict=True), 1):
        widest = _WRAPPED.get(name, 25) if is_wrapped else _WIDEST
        width = min(max([len(title), *(len(str(record[name])) for record in records)]) + 2, widest)
        hidden = ' hidden="1"' if name in _OURS else ""
        written.append(f'<col min="{number}" max="{number}" width="{width}"{hidden} customWidth="1"/>')
    return f"<cols>{''.join(written)}</cols>"
