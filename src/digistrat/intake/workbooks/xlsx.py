"""xlsx and xlsm: the container's parts, shared strings, formats and sheets, in one pass each."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path

from digistrat.intake.workbooks.annotations import read_annotations
from digistrat.intake.workbooks.container import Container, PartMissing, resolve
from digistrat.intake.workbooks.formats import BUILTIN, CellFormat, Styles, cell_format
from digistrat.intake.workbooks.localnames import LocalNames
from digistrat.intake.workbooks.rawvalues import TRUE, decode_escapes
from digistrat.intake.workbooks.records import Sheet, Workbook, WorkbookError
from digistrat.intake.workbooks.strings import read_strings
from digistrat.intake.workbooks.worksheet import read_sheet

Note = tuple[str, str]
_MOST_SHEETS, _MOST_RELATIONS, _MOST_FORMATS = 2_000, 50_000, 200_000


def read_xlsx(path: Path, container: Container) -> Workbook:
    """Read the worksheets of an xlsx or xlsm container; nothing in it is run or followed.

    Raises
    ------
    WorkbookError
        If a part is damaged, has a document type declaration, or passes a limit.
    """
    book = workbook_part(container)
    if book is None:
        raise WorkbookError("file-damaged", container.file, "workbook.xml")
    relations = read_relations(container, book)
    entries, date1904 = _sheet_list(container, book)
    strings: list[str] = []
    styles = Styles()
    for target in targets(relations, "/styles")[:1]:
        styles = _cell_formats(container, target)
    with suppress(PartMissing):
        for target in targets(relations, "/sharedStrings")[:1]:
            strings, struck = read_strings(container, target)
            styles = replace(styles, struck_strings=struck)
    read_cells = partial(read_sheet, container, strings=strings, styles=styles, date1904=date1904)

    lost: list[Note] = []

    def read(part: str, name: str, hidden: bool, room: int) -> Sheet:
        sheet = read_cells(part, name, hidden, room)
        try:
            beside = read_relations(container, part).values()
            inside = [(kind, target) for kind, target, outside in beside if not outside]
            return replace(sheet, annotations=read_annotations(container, inside)) if inside else sheet
        except WorkbookError as error:
            if error.code != "file-damaged":
                raise
            lost.append(("comments-lost", name))  # the cells are sound
            return sheet

    sheets, notes = read_sheets(container, entries, relations, read)
    return Workbook(path, "xlsx", tuple(sheets), (*container_notes(container, relations), *notes, *lost))


def read_sheets(
    container: Container,
    entries: Sequence[tuple[str, str, bool]],
    relations: dict[str, tuple[str, str, bool]],
    read: Callable[[str, str, bool, int], Sheet],
) -> tuple[list[Sheet], list[Note]]:
    """Read every sheet of a list of tabs (name, relation, hidden), and note which cannot be.

    ``read`` takes a part, the tab's name and hidden state, and how many more cells there may be.

    Raises
    ------
    WorkbookError
        If no sheet is left because the parts are missing, or a limit is passed.
    """
    if len(entries) > _MOST_SHEETS:
        raise WorkbookError("file-too-large", container.file, f"> {_MOST_SHEETS} sheets")
    sheets: list[Sheet] = []
    notes: list[Note] = []
    known: dict[str, Sheet] = {}
    room = container.limits.n_cells
    for name, relation, hidden in entries:
        kind, target, _ = relations.get(relation, ("", "", False))
        if not kind.endswith("/worksheet"):
            # Sheets of a chart or dialogue hold no cells; a sheet without its part has lost them.
            notes.append(("sheet-without-cells" if kind else "sheet-lost", name))
            continue
        if target in known:  # nobody means two tabs of one part, but a bomb may
            sheet = replace(known[target], name=name, hidden=hidden)
        else:
            try:
                sheet = known[target] = read(target, name, hidden, room)
            except PartMissing:
                notes.append(("sheet-lost", name))
                continue
            room -= len(sheet.cells)
        sheets.append(sheet)
    if not sheets and any(code == "sheet-lost" for code, _ in notes):
        raise WorkbookError("file-damaged", container.file, ", ".join(text for _, text in notes))
    return sheets, notes


def workbook_part(container: Container) -> str | None:
    """Name of the part that lists the sheets, or None if the container is no xlsx workbook."""
    for kind, target, _ in read_relations(container, "").values():
        if kind.endswith("/officeDocument") and target in container:
            return target
    return "xl/workbook.xml" if "xl/workbook.xml" in container else None


def read_relations(container: Container, part: str) -> dict[str, tuple[str, str, bool]]:
    """Relations of a part: identifier → (type, target, whether outside the file)."""
    folder, _, name = part.rpartition("/")
    relations: dict[str, tuple[str, str, bool]] = {}
    local = LocalNames()

    def start(tag: str, attributes: dict[str, str]) -> None:
        if local[tag] == "Relationship":
            if len(relations) >= _MOST_RELATIONS:
                raise WorkbookError("file-too-large", container.file, f"> {_MOST_RELATIONS} relations")
            outside = attributes.get("TargetMode") == "External"
            target = attributes.get("Target", "")
            relations[attributes.get("Id", "")] = (
                attributes.get("Type", ""),
                target if outside else resolve(part, target),
                outside,
            )

    with suppress(PartMissing):
        container.parse(f"{folder}/_rels/{name}.rels", start)
    return relations


def targets(relations: dict[str, tuple[str, str, bool]], kind: str) -> list[str]:
    """Parts that relations of a kind name."""
    return [target for type_, target, outside in relations.values() if type_.endswith(kind) and not outside]


def _sheet_list(container: Container, book: str) -> tuple[list[tuple[str, str, bool]], bool]:
    """Name, relation and hidden state of every tab, and whether dates count from 1904."""
    entries: list[tuple[str, str, bool]] = []
    date1904 = False
    local = LocalNames()

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal date1904
        tag = local[tag]
        if tag == "sheet":
            relation = next((text for key, text in attributes.items() if key.endswith(":id")), "")
            hidden = attributes.get("state", "visible") != "visible"
            entries.append((decode_escapes(attributes.get("name", "")), relation, hidden))
            if len(entries) > _MOST_SHEETS:
                raise WorkbookError("file-too-large", container.file, f"> {_MOST_SHEETS} sheets")
        elif tag == "workbookPr":
            date1904 = attributes.get("date1904") in ("1", "true", "on")

    container.parse(book, start)
    return entries, date1904


def _cell_formats(container: Container, part: str) -> Styles:
    """Read what the cell formats say, in the order in which cells name them."""
    formats: dict[int, CellFormat] = dict(BUILTIN)
    numbers: list[int] = []
    fonts: list[int] = []  # of each style
    struck: set[int] = set()  # fonts
    n_fonts = 0
    block = ""
    local = LocalNames()

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal block, n_fonts
        tag = local[tag]
        if len(formats) > _MOST_FORMATS or len(numbers) > _MOST_FORMATS:
            raise WorkbookError("file-too-large", container.file, f"> {_MOST_FORMATS} formats")
        if tag in ("fonts", "cellStyleXfs", "cellXfs", "cellStyles", "dxfs"):
            block = tag
        elif tag == "font" and block == "fonts":
            n_fonts += 1
        elif tag == "strike" and block == "fonts" and attributes.get("val", "1") in TRUE:
            struck.add(n_fonts - 1)
        # The differential formats at the end use the same numbers for formats of their own.
        elif tag == "numFmt" and block != "dxfs" and attributes.get("numFmtId", "").isdigit():
            formats[int(attributes["numFmtId"])] = cell_format(attributes.get("formatCode", ""))
        elif tag == "xf" and block == "cellXfs":
            for name, found in (("numFmtId", numbers), ("fontId", fonts)):
                number = attributes.get(name, "0")
                found.append(int(number) if number.isdigit() else 0)

    with suppress(PartMissing):
        container.parse(part, start)
    return Styles(
        [formats.get(number) for number in numbers],
        frozenset(style for style, font in enumerate(fonts) if font in struck),
    )


def container_notes(container: Container, relations: dict[str, tuple[str, str, bool]]) -> Iterator[Note]:
    """Note what somebody should know about the container."""
    kinds = [kind.rpartition("/")[2] for kind, _, _ in relations.values()]
    if any(name.endswith("vbaproject.bin") for name in container.parts) or "xlMacrosheet" in kinds:
        yield "file-has-macros", container.file
    if "externalLink" in kinds or "connections" in kinds:
        yield "file-has-links", container.file
