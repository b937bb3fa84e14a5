"""Add a sheet to a workbook by its own part and the three parts that list it; nothing else is touched."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from xml.etree import ElementTree
from xml.parsers import expat
from xml.sax.saxutils import quoteattr

from digistrat.intake.feedback.archive import CannotPatch, rewrite
from digistrat.intake.workbooks.container import Container, part_name
from digistrat.intake.workbooks.rawvalues import decode_escapes
from digistrat.intake.workbooks.xlsx import read_relations, workbook_part

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
STRICT_MAIN = "http://purl.oclc.org/ooxml/spreadsheetml/main"
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
STRICT_RELATIONS = "http://purl.oclc.org/ooxml/officeDocument/relationships"
SHEET_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"
CONTENT_TYPES = "[Content_Types].xml"
_LAST_ID = 65_534  # largest number of a sheet that Excel accepts


@dataclass(frozen=True)
class Element:
    """An element of a part with the places of its tags in the bytes."""

    name: str
    depth: int
    attributes: dict[str, str]
    start: int
    end: int

    @property
    def prefix(self) -> str:
        """The prefix with its colon, or nothing."""
        return self.name[: self.name.rfind(":") + 1]


@dataclass(frozen=True)
class Book:
    """The part that lists the sheets."""

    part: str
    content: bytes
    elements: list[Element]
    relations: dict[str, tuple[str, str, bool]]

    @property
    def root(self) -> Element:
        """The outermost element."""
        return self.elements[0]

    @property
    def sheets(self) -> list[Element]:
        """The entries of the sheets, in the order of the tabs."""
        return [e for e in self.elements if e.depth == 2 and e.name == f"{self.root.prefix}sheet"]

    @property
    def namespace(self) -> str:
        """The namespace of its elements."""
        return self.root.attributes.get(f"xmlns:{self.root.prefix}".rstrip(":"), "")


def put_sheet(
    data: bytes,
    container: Container,
    wished: str,
    replaced: str | None,
    write: Callable[[str, int | None], bytes],
) -> bytes:
    """Return a workbook with a sheet more behind the last, or with another part for one that it has.

    Behind the last, because print areas and other names refer to sheets by their number.

    Parameters
    ----------
    data, container
        The xlsx or xlsm file.
    wished
        Name of the new sheet; it gets a number where another one has that name.
    replaced
        Name of the sheet whose part is to be replaced, None for a new sheet; one with comments stays.
    write
        Makes the sheet's part for the namespace that the workbook uses, and a format of its own that wraps
        texts, where it has one.

    Raises
    ------
    CannotPatch
        If the workbook is signed, or does not list its sheets as every spreadsheet program does.
    """
    _refuse_signed(container)
    part = workbook_part(container)
    if part is None:
        raise CannotPatch("workbook")
    content = container.read(part)
    book = Book(part, content, scan(content), read_relations(container, part))
    if book.namespace not in (MAIN, STRICT_MAIN):
        raise CannotPatch("namespace")
    names = [decode_escapes(sheet.attributes.get("name", "")) for sheet in book.sheets]
    sheet = write(book.namespace, _wrapping_format(container, book))
    place = None if replaced is None else _place(container, book, names, replaced)
    if place is None:
        return _append(data, container, book, _free_name(wished, names), sheet)
    return _replace(data, container, book, *place, sheet)


def _wrapping_format(container: Container, book: Book) -> int | None:
    """Return the number of a format that wraps texts and fills or frames nothing; best plain, at the top."""
    part = next((p for kind, p, _ in book.relations.values() if kind.endswith("/styles")), "")
    if part not in container:
        return None
    try:
        styles = ElementTree.fromstring(container.read(part))
    except ElementTree.ParseError:
        return None
    space = {"": book.namespace}
    fonts = enumerate(styles.iterfind("fonts/font", space))
    bold = {str(number) for number, font in fonts if font.find("b", space) is not None}
    found: dict[tuple[bool, bool], int] = {}
    for number, entry in enumerate(styles.iterfind("cellXfs/xf", space)):
        alignment = entry.find("alignment", space)
        given = {} if alignment is None else dict(alignment.attrib)
        wraps = given.pop("wrapText", "0") in ("1", "true") and given.pop("horizontal", "left") == "left"
        is_top = given.pop("vertical", "") == "top"
        rest = [*given.values(), entry.get("fillId", "0"), entry.get("borderId", "0")]
        if wraps and set(rest) <= {"0"}:
            found.setdefault((entry.get("fontId", "0") not in bold, is_top), number)
    return found[max(found)] if found else None


def _place(container: Container, book: Book, names: list[str], name: str) -> tuple[int, str] | None:
    """Return the number and the part of a sheet to replace; None if it carries comments, which stay."""
    if names.count(name) != 1:
        raise CannotPatch(name)
    number = names.index(name)
    relation = next((v for k, v in book.sheets[number].attributes.items() if k.endswith(":id")), "")
    kind, target, outside = book.relations.get(relation, ("", "", True))
    if outside or target not in container or not kind.endswith("/worksheet"):
        raise CannotPatch("sheet")
    own = [kind for kind, _, _ in read_relations(container, target).values()]
    return None if any(kind.endswith(("/comments", "/threadedComment")) for kind in own) else (number, target)


def _refuse_signed(container: Container) -> None:
    """A signature would no longer hold."""
    kinds = [kind for kind, _, _ in read_relations(container, "").values()]
    if any("/digital-signature/" in kind for kind in kinds) or any(
        part.startswith("_xmlsignatures/") for part in container.parts
    ):
        raise CannotPatch("signed")


def _free_name(wished: str, names: list[str]) -> str:
    """Return a name that no sheet has; upper and lower case are the same to a spreadsheet program."""
    taken = {name.casefold() for name in names}
    candidates = [wished, *(f"{wished[:25]} ({n})" for n in range(2, len(taken) + 3))]
    return next(name for name in candidates if name.casefold() not in taken)


def _replace(data: bytes, container: Container, book: Book, number: int, target: str, sheet: bytes) -> bytes:
    """Overwrite the part of a sheet; what only that part referred to is no longer referred to."""
    folder, file = posixpath.split(target)
    own = container.parts.get(part_name(f"{folder}/_rels/{file}.rels"))
    changed = {container.parts[target]: sheet}
    content = _without_filter(book, number)
    if content != book.content:
        changed[container.parts[part_name(book.part)]] = content
    return rewrite(data, container.zip, changed, dropped=[] if own is None else [own])


def _without_filter(book: Book, number: int) -> bytes:
    """Leave out the name under which Excel notes the range of a sheet's filter: it is another one now."""
    content = book.content
    close = _encode(">", content)
    for element in reversed(book.elements):
        named = (element.attributes.get("name"), element.attributes.get("localSheetId"))
        if element.depth == 2 and named == ("_xlnm._FilterDatabase", str(number)):
            content = content[: element.start] + content[content.index(close, element.end) + len(close) :]
    return content


def _append(data: bytes, container: Container, book: Book, name: str, sheet: bytes) -> bytes:
    """Add a sheet behind the last one."""
    folder, file = posixpath.split(book.part)
    relations = f"{folder}/_rels/{file}.rels".lstrip("/")
    if relations not in container or CONTENT_TYPES not in container:
        raise CannotPatch("parts")
    n_parts = len(container.parts)
    names = (f"worksheets/sheet{n}.xml" for n in range(len(book.sheets) + 1, len(book.sheets) + n_parts + 2))
    target = next(name for name in names if posixpath.join(folder, name) not in container)
    path = posixpath.join(folder, target)
    numbers = (f"rId{n}" for n in range(len(book.relations) + 1, 2 * len(book.relations) + 2))
    relation = next(number for number in numbers if number not in book.relations)
    kind = (STRICT_RELATIONS if book.namespace == STRICT_MAIN else RELATIONS) + "/worksheet"
    entries = {
        CONTENT_TYPES: ("Types", f'Override PartName="/{path}" ContentType="{SHEET_TYPE}"/>'),
        relations: ("Relationships", f'Relationship Id="{relation}" Type="{kind}" Target="{target}"/>'),
    }
    changed = {container.parts[part_name(book.part)]: _listed(book, name, relation)}
    for part, (parent, entry) in entries.items():
        changed[container.parts[part_name(part)]] = _insert(
            content := container.read(part), scan(content), parent, entry
        )
    return rewrite(data, container.zip, changed, added={path: sheet})


def _listed(book: Book, name: str, relation: str) -> bytes:
    """Return the part that lists the sheets with one more."""
    numbers = {int(n) for sheet in book.sheets if (n := sheet.attributes.get("sheetId", "")).isdigit()}
    number = max(numbers, default=0) + 1
    if number > _LAST_ID:
        number = min(set(range(1, _LAST_ID + 1)) - numbers)
    ids = STRICT_RELATIONS if book.namespace == STRICT_MAIN else RELATIONS
    prefixes = [
        key[6:] for key, uri in book.root.attributes.items() if uri == ids and key.startswith("xmlns:")
    ]
    reference = f'{prefixes[0]}:id="{relation}"' if prefixes else f'xmlns:r="{ids}" r:id="{relation}"'
    entry = f'sheet name={quoteattr(name)} sheetId="{number}" {reference}/>'
    return _insert(book.content, book.elements, "sheets", entry)


def scan(content: bytes) -> list[Element]:
    """Return the elements of a part down to the third level, with the places of their tags in the bytes.

    Raises
    ------
    CannotPatch
        If the part is no XML, or has a document type declaration.
    """
    found: list[Element] = []
    opened: list[int] = []  # their places in the list
    parser = expat.ParserCreate()

    def start(tag: str, attributes: dict[str, str]) -> None:
        opened.append(len(found))
        if len(opened) <= 3:
            found.append(Element(tag, len(opened) - 1, attributes, parser.CurrentByteIndex, -1))

    def end(_: str) -> None:
        index = opened.pop()
        if len(opened) < 3:
            found[index] = replace(found[index], end=parser.CurrentByteIndex)

    def refuse(*_: object) -> None:
        raise CannotPatch("doctype")

    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.StartDoctypeDeclHandler = refuse
    try:
        parser.Parse(content, True)
    except expat.ExpatError as error:
        raise CannotPatch(str(error)) from None
    return found


def _insert(content: bytes, elements: list[Element], parent: str, entry: str) -> bytes:
    """Put an entry before the end tag of the one element of a name on the first or second level."""
    prefix = elements[0].prefix
    places = [e.end for e in elements if e.depth <= 1 and e.name == f"{prefix}{parent}"]
    if len(places) != 1 or not content.startswith(_encode("</", content), places[0]):
        raise CannotPatch(parent)
    return content[: places[0]] + _encode(f"<{prefix}{entry}", content) + content[places[0] :]


def _encode(text: str, content: bytes) -> bytes:
    """Write markup in the part's encoding; letters beyond ASCII as references, which every encoding has."""
    plain = text.encode("ascii", "xmlcharrefreplace").decode("ascii")
    wide = re.match(rb"\xff\xfe|\xfe\xff|<\0|\0<", content)
    if wide is None:
        return plain.encode("ascii")
    return plain.encode("utf-16-le" if wide[0] in (b"\xff\xfe", b"<\0") else "utf-16-be")
