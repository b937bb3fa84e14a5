"""The sender's own workbook back with a sheet of findings, or the sheet alone where that cannot be."""

from __future__ import annotations

import datetime as dt
import time
from os import PathLike
from pathlib import Path
from zipfile import BadZipFile

import pandas as pd

from digistrat.findings import findings_frame
from digistrat.intake.feedback.archive import CannotPatch, build, write_whole
from digistrat.intake.feedback.comparison import compare_findings, require_findings
from digistrat.intake.feedback.package import (
    CONTENT_TYPES,
    MAIN,
    RELATIONS,
    SHEET_TYPE,
    put_sheet,
)
from digistrat.intake.feedback.sheet import (
    feedback_sheets,
    has_remarks,
    read_rows,
    sheet_name,
)
from digistrat.intake.feedback.writing import escape_text, sheet_xml
from digistrat.intake.workbooks import Limits, Workbook, WorkbookError, read_workbook
from digistrat.intake.workbooks.container import Container
from digistrat.texts import LANGUAGES


def write_feedback(
    source: str | PathLike[str],
    findings: pd.DataFrame,
    target: str | PathLike[str],
    *,
    file: str | None = None,
    language: str = "de",
    previous: pd.DataFrame | None = None,
    reply_by: dt.date | None = None,
    limits: Limits = Limits(),  # noqa: B008
) -> Path:
    """Give a return back with a sheet of its findings.

    An xlsx or xlsm is copied byte by byte; only the sheet is added behind the last one, and the three parts
    of the container that list the sheets get an entry. The sheet of an earlier round is replaced, unless
    somebody wrote on it; then the new one stands behind it.
    For a file to which no sheet can be added (xls, xlsb, ods, csv, encrypted, damaged, signed) the sheet is
    written alone, as a workbook beside where the target would have been.

    Parameters
    ----------
    source : path
        The return as it was sent.
    findings : DataFrame
        Findings, of this file and perhaps of others; only those of this file are written.
    target : path
        What to write; an existing file is replaced only when the new one is complete.
    file : str, optional
        How the findings name the file; by default the name of `source`.
    language : {"de", "en"}
        Language of titles and headers; messages are as they stand in the findings.
    previous : DataFrame, optional
        What the last report said, from `read_feedback`; without rows it counts as none. Findings are then
        marked as open or new, and settled ones are listed at the end.
    reply_by : date, optional
        When the corrected file should be back.
    limits : Limits
        How much of a file is read.

    Returns
    -------
    Path
        The file that was written: `target`, or for ``A37.xls`` the workbook ``A37_xls_Prüfbericht.xlsx``.

    Raises
    ------
    ValueError
        If `source` is no file, `target` is `source` or lies in no folder, the language is unknown, or a frame
        lacks a column of findings.
    """
    source, target = Path(source), Path(target)
    require_paths(source, target, language)
    own = require_findings("findings", findings)
    own = own[own["file"] == (source.name if file is None else file)]
    if previous is not None and not previous.empty:
        own = compare_findings(previous, own)
    try:
        workbook = read_workbook(source, limits=limits)
        if workbook.format != "xlsx":
            raise CannotPatch(workbook.format)
        data = _with_sheet(source, workbook, own, language, limits, file or source.name, reply_by)
    except (WorkbookError, CannotPatch, BadZipFile, KeyError, OSError):
        target = companion_path(target, language)
        require_paths(source, target, language)
        data = _companion(own, file or source.name, language, reply_by)
    return write_whole(target, data)


def read_feedback(path: str | PathLike[str], *, limits: Limits = Limits()) -> pd.DataFrame:  # noqa: B008
    """Read what the last report said out of a workbook that still carries its sheet.

    Parameters
    ----------
    path : path
        A workbook that `write_feedback` made, perhaps edited and saved since.
    limits : Limits
        How much of a file is read.

    Returns
    -------
    DataFrame
        A findings frame, its ``file`` the name of the path, without ``office_id`` and without what was
        settled already; empty where there is no such sheet.

    Raises
    ------
    WorkbookError
        If the file cannot be read.
    """
    sheets = feedback_sheets(read_workbook(path, limits=limits))
    rows = read_rows(sheets[-1]) if sheets else findings_frame([])
    return rows.assign(file=Path(path).name).astype("str")


def companion_path(target: Path, language: str = "de") -> Path:
    """Return where the sheet goes alone: a name that says which file it speaks of.

    Examples
    --------
    >>> companion_path(Path("A37.xls"), "en").name, companion_path(Path("A38.xlsx"), "en").name
    ('A37_xls_Review_report.xlsx', 'A38_Review_report.xlsx')
    """
    stem = target.stem if target.suffix.lower() == ".xlsx" else target.name.replace(".", "_")
    return target.with_name(f"{stem}_{sheet_name(language).replace(' ', '_')}.xlsx")


def require_paths(source: Path, target: Path, language: str) -> None:
    """Raise for a wrong call.

    Raises
    ------
    ValueError
        If `source` is no file, `target` is `source` or lies in no folder, or the language is unknown.
    """
    if language not in LANGUAGES:
        raise ValueError(f"language must be one of {', '.join(LANGUAGES)}, not {language!r}")
    if not source.is_file():
        raise ValueError(f"source must be an existing file, not {str(source)!r}")
    if not target.parent.is_dir():
        raise ValueError(f"target must lie in an existing folder, not {str(target)!r}")
    if target.is_dir() or (target.exists() and target.samefile(source)):
        raise ValueError(f"target must be another file than the source, not {str(target)!r}")


def _with_sheet(
    source: Path,
    workbook: Workbook,
    own: pd.DataFrame,
    language: str,
    limits: Limits,
    file: str,
    reply_by: dt.date | None,
) -> bytes:
    """Return the workbook with the sheet of findings."""
    data = source.read_bytes()
    container = Container(data, source.name, limits, time.perf_counter() + limits.seconds)
    earlier = feedback_sheets(workbook)
    links = {sheet.name for sheet in workbook.sheets} - {sheet.name for sheet in earlier}

    def write(namespace: str, style: int | None) -> bytes:
        return sheet_xml(
            own, file, language=language, namespace=namespace, links=links, style=style, reply_by=reply_by
        )

    # an answer that somebody wrote on the earlier sheet stays there
    replaced = earlier[-1].name if earlier and not has_remarks(earlier[-1]) else None
    return put_sheet(data, container, sheet_name(language), replaced, write)


def _companion(own: pd.DataFrame, file: str, language: str, reply_by: dt.date | None) -> bytes:
    """Return a workbook that holds nothing but the sheet; here texts can be wrapped."""
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    types = "http://schemas.openxmlformats.org/package/2006/content-types"
    relations = "http://schemas.openxmlformats.org/package/2006/relationships"
    head = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'

    def relation(number: int, name: str, target: str) -> str:
        return f'<Relationship Id="rId{number}" Type="{RELATIONS}/{name}" Target="{target}"/>'

    parts = {
        CONTENT_TYPES: f'<Types xmlns="{types}"><Default Extension="rels" '
        'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{kind}.sheet.main+xml"/>'
        f'<Override PartName="/xl/styles.xml" ContentType="{kind}.styles+xml"/>'
        f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{SHEET_TYPE}"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{relations}">'
        f"{relation(1, 'officeDocument', 'xl/workbook.xml')}</Relationships>",
        "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{RELATIONS}"><bookViews>'
        f'<workbookView/></bookViews><sheets><sheet name="{escape_text(sheet_name(language))}" sheetId="1" '
        'r:id="rId1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{relations}">'
        f"{relation(1, 'worksheet', 'worksheets/sheet1.xml')}{relation(2, 'styles', 'styles.xml')}"
        "</Relationships>",
        "xl/styles.xml": f'<styleSheet xmlns="{MAIN}"><fonts count="1"><font><sz val="11"/>'
        '<name val="Calibri"/><family val="2"/></font></fonts><fills count="2"><fill>'
        '<patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills>'
        '<borders count="1"><border/></borders><cellStyleXfs count="1"><xf/></cellStyleXfs>'
        '<cellXfs count="2"><xf xfId="0"/><xf xfId="0" applyAlignment="1"><alignment vertical="top" '
        'wrapText="1"/></xf></cellXfs><cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/>'
        "</cellStyles></styleSheet>",
    }
    sheet = sheet_xml(own, file, language=language, namespace=MAIN, style=1, alone=True, reply_by=reply_by)
    return build(
        {name: (head + xml).encode("utf-8") for name, xml in parts.items()}
        | {"xl/worksheets/sheet1.xml": sheet}
    )
