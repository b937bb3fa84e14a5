"""xlsx and xlsm: the container's parts, shared strings, formats and sheets, in one pass each."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from digistrat.intake.workbooks.container import Container, PartMissing, resolve
from digistrat.intake.workbooks.dates import BUILTIN_DATES, DateKind, date_kind
from digistrat.intake.workbooks.records import Sheet, Workbook, WorkbookError
from digistrat.intake.workbooks.sheetxml import LocalNames, decode_escapes, read_sheet

Note = tuple[str, str]


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
    strings = [s for target in _targets(relations, "/sharedStrings") for s in _strings(container, target)]
    kinds = [k for target in _targets(relations, "/styles") for k in _date_kinds(container, target)]
    notes = list(_notes(container, relations))
    sheets: list[Sheet] = []
    n_cells = 0
    for name, relation, hidden in entries:
        kind, target, _ = relations.get(relation, ("", "", False))
        if not kind.endswith("/worksheet"):
            # Sheets of a chart or dialogue hold no cells; a sheet without its part has lost them.
            notes.append(("sheet-without-cells" if kind else "sheet-lost", name))
            continue
        try:
            sheet = read_sheet(
                container,
                target,
                name,
                hidden,
                strings=strings,
                date_kinds=kinds,
                date1904=date1904,
                room=container.limits.n_cells - n_cells,
            )
        except PartMissing:
            notes.append(("sheet-lost", name))
            continue
        n_cells += len(sheet.cells)
        sheets.append(sheet)
    if not sheets and any(code == "sheet-lost" for code, _ in notes):
        raise WorkbookError("file-damaged", container.file, ", ".join(text for _, text in notes))
    return Workbook(path, "xlsx", tuple(sheets), tuple(notes))


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


def _targets(relations: dict[str, tuple[str, str, bool]], kind: str) -> list[str]:
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
        elif tag == "workbookPr":
            date1904 = attributes.get("date1904") in ("1", "true", "on")

    container.parse(book, start)
    return entries, date1904


def _strings(container: Container, part: str) -> list[str]:
    """Shared strings: the runs of a rich text joined, readings (phonetic runs) left out."""
    strings: list[str] = []
    texts: list[str] = []
    runs: list[str] = []
    local = LocalNames()
    phonetic = False

    def start(tag: str, _: object) -> None:
        nonlocal phonetic
        tag = local[tag]
        if tag == "t":
            texts.clear()
        elif tag == "si":
            runs.clear()
        elif tag == "rPh":
            phonetic = True

    def end(tag: str) -> None:
        nonlocal phonetic
        tag = local[tag]
        if tag == "t":
            if not phonetic:
                runs.append("".join(texts))
        elif tag == "si":
            strings.append(decode_escapes("".join(runs)))
        elif tag == "rPh":
            phonetic = False

    def check() -> None:
        if len(strings) > container.limits.n_cells:
            raise WorkbookError("file-too-large", container.file, f"> {container.limits.n_cells} cells")

    with suppress(PartMissing):
        container.parse(part, start, end=end, characters=texts.append, after_chunk=check)
    return strings


def _date_kinds(container: Container, part: str) -> list[DateKind | None]:
    """List what each cell format shows, in the order in which cells name them."""
    formats: dict[int, DateKind | None] = dict(BUILTIN_DATES)
    numbers: list[int] = []
    inside = False
    local = LocalNames()

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal inside
        tag = local[tag]
        if tag == "numFmt" and attributes.get("numFmtId", "").isdigit():
            formats[int(attributes["numFmtId"])] = date_kind(attributes.get("formatCode", ""))
        elif tag == "cellXfs":
            inside = True
        elif tag == "xf" and inside:
            number = attributes.get("numFmtId", "0")
            numbers.append(int(number) if number.isdigit() else 0)

    def end(tag: str) -> None:
        nonlocal inside
        if local[tag] == "cellXfs":
            inside = False

    with suppress(PartMissing):
        container.parse(part, start, end=end)
    return [formats.get(number) for number in numbers]


def _notes(container: Container, relations: dict[str, tuple[str, str, bool]]) -> Iterator[Note]:
    """Note what somebody should know about the container."""
    kinds = [kind.rpartition("/")[2] for kind, _, _ in relations.values()]
    if any(name.endswith("vbaproject.bin") for name in container.parts) or "xlMacrosheet" in kinds:
        yield "file-has-macros", container.file
    if "externalLink" in kinds or "connections" in kinds:
        yield "file-has-links", container.file
