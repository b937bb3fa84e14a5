"""The sheet of findings as a worksheet part: texts in the cells, no formats, no other part needed."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import pandas as pd

from digistrat.intake.feedback.sheet import COLUMNS, count_progress, count_severities, standing
from digistrat.intake.workbooks import cell_address, parse_address
from digistrat.texts import text

LIMIT = 32_767  # characters in a cell
_HEADER = 5  # row of the headers
_ROWS = 65_000  # a sheet has room for 65,530 links
_WIDEST = 110  # characters
# Fonts of single texts, which need no cell format.
_CALIBRI = '<rFont val="Calibri"/><family val="2"/>'
_BOLD = f'<b/><sz val="11"/>{_CALIBRI}'
_LINK = f'<u/><sz val="11"/><color rgb="FF0563C1"/>{_CALIBRI}'
_SMALL = f'<sz val="8"/><color rgb="FF595959"/>{_CALIBRI}'


def sheet_xml(
    findings: pd.DataFrame,
    file: str,
    *,
    language: str,
    namespace: str,
    links: Collection[str] = (),
    style: int | None = None,
    selected: bool = False,
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
        Number of the rows' format; without, texts are not wrapped.
    selected : bool
        Whether this is the tab that shows.
    """
    columns = [column for column in COLUMNS if column != "progress" or "progress" in findings]
    titles = [text(f"feedback.column.{column}", language) for column in columns]
    shows = ' tabSelected="1"' if selected else ""
    records = [_record(row, n, language) for n, row in enumerate(findings.head(_ROWS).to_dict("records"), 1)]
    rows = [
        _row(n, [(line, _BOLD if n == 1 else "")])
        for n, line in enumerate(_head(findings, file, language), 1)
    ]
    rows.append(_row(_HEADER, [(title, _BOLD) for title in titles], style))
    anchors = []
    for number, record in enumerate(records, _HEADER + 1):
        target, linked = _target(record, links), "cell" if record["cell"] else "sheet"
        if target:
            place = cell_address(number, columns.index(linked) + 1)
            anchors.append(f'<hyperlink ref="{place}" location={quoteattr(target)}/>')
        fonts = {"field": _SMALL, "code": _SMALL, linked: _LINK if target else ""}
        rows.append(_row(number, [(record[name], fonts.get(name, "")) for name in columns], style))
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
        _widths(columns, titles, records),
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


def _head(findings: pd.DataFrame, file: str, language: str) -> list[str]:
    """Return the lines above the table."""
    left = standing(findings)
    return [
        text("feedback.title", language, file=file, counts=count_severities(left, language)),
        text("feedback.intro" if len(left) else "feedback.intro_nothing", language),
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


def _row(number: int, cells: Sequence[tuple[str | int, str]], style: int | None = None) -> str:
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
    return f'<row r="{number}">{"".join(written)}</row>' if written else ""


def _widths(columns: Sequence[str], titles: Sequence[str], records: Sequence[Mapping[str, Any]]) -> str:
    """Make each column as wide as its longest text, within reason: without formats no text is wrapped."""
    written = []
    for number, (name, title) in enumerate(zip(columns, titles, strict=True), 1):
        width = min(max([len(title), *(len(str(record[name])) for record in records)]) + 2, _WIDEST)
        written.append(f'<col min="{number}" max="{number}" width="{width}" customWidth="1"/>')
    return f"<cols>{''.join(written)}</cols>"
