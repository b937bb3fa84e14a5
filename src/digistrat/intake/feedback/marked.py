"""A second copy with the cells marked and commented, where loading and saving the file loses nothing."""

from __future__ import annotations

import io
import re
import time
import warnings
from collections.abc import Iterator
from dataclasses import replace
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zipfile import BadZipFile

import pandas as pd

from digistrat.intake.feedback.archive import CannotPatch, partial_path
from digistrat.intake.feedback.books import require_paths
from digistrat.intake.feedback.comparison import require_findings
from digistrat.intake.feedback.package import STRICT_MAIN, scan
from digistrat.intake.feedback.sheet import feedback_sheets
from digistrat.intake.feedback.writing import safe_text
from digistrat.intake.workbooks import Limits, Sheet, Workbook, WorkbookError, parse_address, read_workbook
from digistrat.intake.workbooks.container import Container
from digistrat.intake.workbooks.xlsx import read_relations, workbook_part
from digistrat.texts import text

if TYPE_CHECKING:
    from openpyxl import Workbook as OpenWorkbook

# What is lost with the parts of a container; the first that fits a part's name says it.
_PARTS = tuple(
    (re.compile(pattern), reason)
    for pattern, reason in (
        (r"vbaproject|macrosheets/", "macros"),
        (r"^_xmlsignatures/", "signature"),
        (r"printersettings", "printer"),
        (r"threadedcomments/|/persons/", "comments"),
        (r"pivot|slicer|timeline", "pivot"),
        (r"activex|ctrlprops|/customui", "control"),
        (r"externallinks/|connections\.xml|querytables/|/model/", "link"),
        (r"customxml/|docmetadata/|/metadata\.xml|richdata/|customproperty", "metadata"),
        (r"/comments\d*\.xml$|/comments/|vmldrawing\d*\.vml(\.rels)?$|drawings/commentsdrawing", ""),
        (r"/drawings/|/media/|/charts/|/chartsheets/|/dialogsheets/|/embeddings/", "drawing"),
        (r"^\[content_types\]\.xml$|\.rels$|^docprops/((core|app|custom)\.xml|thumbnail\.)|/theme/|/$", ""),
        (r"/(workbook|styles|sharedstrings|calcchain)\.xml$|/worksheets/|/tables/", ""),
        (r"", "other"),
    )
)
# Children of a sheet and of the list of sheets that are kept.
_KEPT_OF_SHEET = {
    "sheetPr", "dimension", "sheetViews", "sheetFormatPr", "cols", "sheetData", "sheetProtection",
    "autoFilter", "mergeCells", "conditionalFormatting", "dataValidations", "hyperlinks", "printOptions",
    "pageMargins", "pageSetup", "headerFooter", "rowBreaks", "colBreaks", "legacyDrawing", "tableParts",
}  # fmt: skip
_KEPT_OF_BOOK = {
    "fileVersion", "workbookPr", "workbookProtection", "bookViews", "sheets", "definedNames", "calcPr",
    "mc:AlternateContent", "xr:revisionPtr", "extLst",
}  # fmt: skip
_LOST_OF_SHEET = {
    "extLst": "extension", "drawing": "drawing", "picture": "drawing", "legacyDrawingHF": "drawing",
    "oleObjects": "drawing", "controls": "control", "mc:AlternateContent": "control",
    "phoneticPr": "phonetic",
}  # fmt: skip
_PHONETIC = re.compile(rb"<(?:\w+:)?(?:rPh|phoneticPr)[\s/>]")
_FORMULA = re.compile(rb"<(?:\w+:)?f[\s/>]")
_FILLS = {"error": "F8CBAD", "warning": "FFE699", "info": "DDEBF7"}
_LARGEST = 30_000_000  # bytes of all sheets; loading takes thirty times as much memory
_ERRORS = (WorkbookError, CannotPatch, BadZipFile, KeyError, OSError)


def write_marked_copy(
    source: str | PathLike[str],
    findings: pd.DataFrame,
    target: str | PathLike[str],
    *,
    file: str | None = None,
    language: str = "de",
    limits: Limits = Limits(),  # noqa: B008
) -> tuple[str, ...]:
    """Write a copy of a workbook in which the cells with findings are filled and commented.

    The copy is made by loading and saving, which loses much of what a workbook may hold: results of formulas,
    pictures, charts, extensions, printer settings, … Where the file holds anything of that, nothing is
    written. Cells, formats, rules, tables, names and the text of comments are kept; the size and the letters
    of comments are not. The copy is read again, and kept only if every sheet says the same as before. A sheet
    of findings from an earlier round is left out.

    Parameters
    ----------
    source, findings, target, file, language, limits
        As for `write_feedback`.

    Returns
    -------
    tuple of str
        What would be lost, in words; empty when the copy was written.

    Raises
    ------
    ValueError
        As `write_feedback`.
    """
    source, target = Path(source), Path(target)
    require_paths(source, target, language)
    own = require_findings("findings", findings)
    own = own[own["file"] == (source.name if file is None else file)]
    try:
        workbook = read_workbook(source, limits=limits)
        reasons = ["not_xlsx"] if workbook.format != "xlsx" else list(_losses(source, workbook, limits))
    except _ERRORS:
        reasons = ["not_readable"]
    if not reasons:
        reasons = _write(source, workbook, own, target, language, limits)
    return tuple(text(f"feedback.lost.{reason}", language) for reason in dict.fromkeys(reasons))


def _losses(source: Path, workbook: Workbook, limits: Limits) -> Iterator[str]:
    """Give what a file holds that loading and saving would lose, as keys of `feedback.lost`."""
    data = source.read_bytes()
    container = Container(data, source.name, limits, time.perf_counter() + limits.seconds)
    ours = {sheet.name for sheet in feedback_sheets(workbook)}
    skipped, sheets = _sheet_parts(container, ours)
    if sum(container.size(part) for part in sheets) > _LARGEST:
        yield "large"
        return
    for part in container.parts:
        reason = next(reason for pattern, reason in _PARTS if pattern.search(part))
        if reason and part not in skipped:
            yield reason
        elif part.endswith(".vml") and _has_controls(container.read(part)):
            yield "control"
        elif part.endswith("/sharedstrings.xml") and _PHONETIC.search(container.read(part)):
            yield "phonetic"
        elif part.endswith("/styles.xml") and re.search(rb"<(\w+:)?tableStyle\s", container.read(part)):
            yield "setting"
    book = scan(container.read(workbook_part(container) or ""))
    if STRICT_MAIN in book[0].attributes.values():
        yield "strict"
    if {e.name.removeprefix(book[0].prefix) for e in book if e.depth == 1} - _KEPT_OF_BOOK:
        yield "setting"
    for part in sheets - skipped:
        yield from _losses_of_sheet(container.read(part))


def _losses_of_sheet(content: bytes) -> Iterator[str]:
    if _FORMULA.search(content):
        yield "formula"
    if _PHONETIC.search(content):
        yield "phonetic"
    elements = scan(content)
    for element in elements:
        name = element.name.removeprefix(elements[0].prefix)
        if element.depth == 1 and name not in _KEPT_OF_SHEET:
            yield _LOST_OF_SHEET.get(name, "setting")


def _sheet_parts(container: Container, names: set[str]) -> tuple[set[str], set[str]]:
    """Return the parts of the sheets of some names, and those of all sheets."""
    book = workbook_part(container) or ""
    relations = read_relations(container, book)
    found, everything = set(), set()
    for element in scan(container.read(book)):
        relation = next((v for k, v in element.attributes.items() if k.endswith(":id")), "")
        kind, target, outside = relations.get(relation, ("", "", True))
        if kind.endswith("/worksheet") and not outside and target in container:
            everything.add(target)
            if element.attributes.get("name") in names:
                found.add(target)
    return found, everything


def _has_controls(vml: bytes) -> bool:
    """Whether a drawing holds more than the boxes of comments."""
    return any(kind != b"Note" for kind in re.findall(rb"""ObjectType=["'](\w+)""", vml))


def _write(
    source: Path, workbook: Workbook, own: pd.DataFrame, target: Path, language: str, limits: Limits
) -> list[str]:
    """Write the copy, and return why not."""
    from openpyxl import load_workbook

    ours = [sheet.name for sheet in feedback_sheets(workbook)]
    buffer = io.BytesIO()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            book = load_workbook(io.BytesIO(source.read_bytes()), rich_text=True)
            for name in ours:
                del book[name]
            _mark(book, own, language)
            book.save(buffer)
    except Exception:  # openpyxl fails in ways that nobody can list
        return ["not_readable"]
    partial = partial_path(target)
    try:
        partial.write_bytes(buffer.getvalue())
        try:
            copy = read_workbook(partial, limits=limits)
        except WorkbookError:
            return ["changed"]
        if _content(copy) != [sheet for sheet in _content(workbook) if sheet.name not in ours]:
            return ["changed"]
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)
    return []


def _content(workbook: Workbook) -> list[Sheet]:
    """Return what the cells say; the order of merged ranges means nothing, and comments are added."""
    return [replace(s, merged=tuple(sorted(s.merged)), annotations=()) for s in workbook.sheets]


def _mark(book: OpenWorkbook, own: pd.DataFrame, language: str) -> None:
    """Fill and comment the cells with findings; the worst one decides the colour."""
    from openpyxl.comments import Comment
    from openpyxl.styles import PatternFill

    placed = own[own["sheet"].isin(book.sheetnames) & (own["cell"] != "")]
    for (sheet, address), group in placed.groupby(["sheet", "cell"], sort=False):
        try:
            place = parse_address(str(address))
        except ValueError:
            continue
        cell: Any = book[str(sheet)].cell(*_top_left(book[str(sheet)], place))
        said = [
            text(
                "feedback.comment",
                language,
                severity=text(f"feedback.severity.{f.severity}", language),
                message=f"{f.message} {f.hint}".strip(),
            )
            for f in group.itertuples()
        ]
        old = [cell.comment.text] if cell.comment else []
        author = cell.comment.author if cell.comment else "digistrat"
        words = re.sub(
            r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]", "\ufffd", safe_text("\n\n".join([*old, *said]))
        )
        cell.comment = Comment(words, author, height=160, width=320)
        worst = min(group["severity"], key=list(_FILLS).index)
        cell.fill = PatternFill("solid", fgColor=_FILLS[worst])


def _top_left(sheet: Any, place: tuple[int, int]) -> tuple[int, int]:
    """Return the place, or of a merged range the cell that shows."""
    for area in sheet.merged_cells.ranges:
        if area.min_row <= place[0] <= area.max_row and area.min_col <= place[1] <= area.max_col:
            return area.min_row, area.min_col
    return place
