"""Kinds of fault of whole files: what cannot be read, what is noted, and copies."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from pathlib import Path

from planted_cells import is_csv
from planting import Kind, Round, book_bytes

from digistrat.example.books import Book
from digistrat.example.sheets import Sheet
from digistrat.texts import text

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
DOCTYPE = b'<!DOCTYPE x [<!ENTITY a "aaaa">]>'
RELATION = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
Change = Callable[[bytes], bytes]


def edit(data: bytes, change: Mapping[str, Callable[[bytes], bytes]], **more: bytes) -> bytes:
    """Change some parts of a container, and add others."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, change.get(name, bytes)(old.read(name)))
        for name, content in more.items():
            new.writestr(name, content)
    return buffer.getvalue()


def before_end(part: str, more: str) -> Change:
    """Add elements at the end of a part."""
    closing = f"</{part}>".encode()
    return lambda data: data.replace(closing, more.encode() + closing)


def alone(made: Round, book: Book) -> bool:
    """Whether a kind may change the name or the tables of a book's file."""
    return made.claim(("file", id(book)))


# --- files beside the right one that cannot be read ---------------------------------------------------------


def beside(code: str, suffix: str, spoil: Change, *, csv: bool = True) -> Kind:
    """A first attempt that an office sent before the right file."""

    def plant(made: Round, book: Book) -> bool:
        if is_csv(book) and not csv:
            return False
        stem = book.file.rpartition(".")[0]
        name = f"{stem}_{code}{suffix}"
        made.files[name] = spoil(made.town.bytes_of[book.file])
        made.note(name, None, "", code)
        return True

    return Kind(code, plant)


def _half(data: bytes) -> bytes:
    return data[: len(data) // 2]


def _with_doctype(data: bytes) -> bytes:
    sheet = "xl/worksheets/sheet1.xml"
    return edit(data, {sheet: lambda part: part.replace(b"<worksheet", DOCTYPE + b"<worksheet", 1)})


def _bomb(data: bytes) -> bytes:
    sheet = "xl/worksheets/sheet1.xml"
    return edit(
        data, {sheet: lambda part: part.replace(b"<sheetData>", b"<sheetData>" + b" " * 1_500_000, 1)}
    )


def _page(data: bytes) -> bytes:
    return b"<html><body><table><tr><td>Nr.</td></tr></table></body></html>"


UNREADABLE = (
    beside("file-empty", ".xlsx", lambda data: b""),
    beside("file-not-a-workbook", ".xls", _page),
    beside("file-not-read", ".pdf", lambda data: b"%PDF-1.7"),
    beside("file-encrypted", ".xlsx", lambda data: OLE + bytes(600) + "EncryptedPackage".encode("utf-16-le")),
    beside("file-damaged", ".xlsx", _half, csv=False),
    beside("file-has-doctype", ".xlsx", _with_doctype, csv=False),
    beside("file-too-large", ".xlsx", _bomb, csv=False),
)


def _no_table(made: Round, book: Book) -> bool:
    """A letter, typed into a workbook."""
    name = f"{Path(book.file).stem}_Anschreiben.xlsx"
    if is_csv(book):
        return False
    letter = Sheet(
        "Tabelle1", cells={(2, 1): "Sehr geehrte Damen und Herren,", (4, 1): "anbei unsere Angaben."}
    )
    made.files[name] = book_bytes(Book(name, book.office_id, book.habit, [letter]))
    made.note(name, None, "", "no-table-found")
    made.note(name, letter, "", "sheet-not-used")
    return True


def _report_alone(made: Round, book: Book) -> bool:
    """The report that the office got, sent back without its return."""
    name = f"{Path(book.file).stem}_zurueck.xlsx"
    if is_csv(book):
        return False
    language = made.form.language
    titles = [
        text(f"feedback.column.{column}", language) for column in ("severity", "cell", "message", "code")
    ]
    report = Sheet(
        text("feedback.sheet", language), cells={(3, n): title for n, title in enumerate(titles, 1)}
    )
    made.files[name] = book_bytes(Book(name, book.office_id, book.habit, [report]))
    made.note(name, None, "", "feedback-only")
    return True


def _copy(made: Round, book: Book) -> bool:
    """The same workbook under another name."""
    name = f"{book.file.rpartition('.')[0]}_Kopie.{book.file.rpartition('.')[2]}"
    if not alone(made, book):
        return False
    made.copies[name] = book
    made.note(name, None, "", "same-return")
    return True


# --- what is noted about a file that is read ----------------------------------------------------------------


def changed(code: str, change: Change) -> Kind:
    """Something about a workbook that can be read all the same."""

    def plant(made: Round, book: Book) -> bool:
        if is_csv(book):
            return False
        made.changes[book.file].append(change)
        made.note(book, None, "", code)
        return True

    return Kind(code, plant)


def _with_macros(data: bytes) -> bytes:
    return edit(data, {}, **{"xl/vbaProject.bin": OLE + bytes(500)})


def _relate(data: bytes, number: int, kind: str, target: str, more: dict[str, bytes], tab: str = "") -> bytes:
    """Add a relation to the workbook, and a tab that names it."""
    entry = f'<Relationship Id="rId{number}" Type="{RELATION}/{kind}" Target="{target}"/>'
    change = {"xl/_rels/workbook.xml.rels": before_end("Relationships", entry)}
    if tab:
        change["xl/workbook.xml"] = before_end(
            "sheets", f'<sheet name="{tab}" sheetId="{number}" r:id="rId{number}"/>'
        )
    return edit(data, change, **more)


def _with_links(data: bytes) -> bytes:
    target = "externalLinks/externalLink1.xml"
    return _relate(data, 97, "externalLink", target, {f"xl/{target}": b"<externalLink/>"})


def _with_lost_sheet(data: bytes) -> bytes:
    return _relate(data, 98, "worksheet", "worksheets/sheet99.xml", {}, tab="Entwurf")


def _with_chart(data: bytes) -> bytes:
    target = "chartsheets/sheet1.xml"
    return _relate(data, 99, "chartsheet", target, {f"xl/{target}": b"<chartsheet/>"}, tab="Diagramm")


def _old_format(made: Round, book: Book) -> bool:
    """A workbook saved for Excel 97."""
    if is_csv(book) or find_spec("xlwt") is None or not alone(made, book):
        return False
    book.file = book.file.removesuffix("x")
    made.note(book, None, "", "file-formulas-unseen")
    return True


def _old_encoding(made: Round, book: Book) -> bool:
    """A text file as German Excel saves it."""
    if not is_csv(book) or not alone(made, book):
        return False
    book.encoding = "cp1252"
    made.note(book, None, "", "file-encoding-guessed")
    return True


def _open_quote(made: Round, book: Book) -> bool:
    """A quotation mark that begins a line below the table and is never closed."""
    if not is_csv(book) or not alone(made, book):
        return False
    sheet = book.sheets[0]
    made.changes[book.file].append(lambda data: data + '"Rückfragen an die Geschäftsstelle\r\n'.encode())
    made.note(book, None, "", "file-quote-open")
    made.note(book, sheet, (sheet.last_row + 1, 1), "text-outside-table")
    return True


def _no_cover(made: Round, book: Book) -> bool:
    """A workbook without its cover, known by its name only."""
    if not made.is_free(("file", id(book))):
        return False
    cover = book.sheet("returns")
    if cover is None or book.habit.names_lead or not alone(made, book):
        return False
    book.sheets.remove(cover)
    made.note(book, None, "", "office-from-file-name")
    return True


def _nameless(made: Round, book: Book) -> bool:
    """One without cover and under any name; first of all, as the name stands in every place."""
    noted = any(fault.file == book.file for fault in made.planted)
    made.was_blocked |= noted
    if noted or not made.is_free(("file", id(book))):
        return False
    cover = book.sheet("returns")
    if cover is None or book.habit.names_lead or not alone(made, book):
        return False
    book.sheets.remove(cover)
    book.file = (
        f"Rückmeldung {made.town.clean.index(next(b for b in made.town.clean if b.file == book.file))}.xlsx"
    )
    made.note(book, None, "", "office-missing")
    return True


def _others_name(made: Round, book: Book) -> bool:
    """A cover that names another organisation than the file; that one sends nothing itself."""
    cover, sending = book.sheet("returns"), {office.id for office in made.world.offices}
    others = [o.id for o in made.world.strategy.offices if o.id not in sending and o.valid_to is None]
    noted = any(fault.file == book.file for fault in made.planted)
    made.was_blocked |= noted
    if cover is None or noted or not others or not alone(made, book):
        return False
    book.file = f"{others[0]}_{book.file}"
    made.note(book, cover, (cover.columns["reported_office"], 2), "office-not-of-file")
    return True


# Beside a book or in its container: nothing in its sheets is touched. The others want a pass each for a book:
# they are spread over the groups, which saves passes.
FILE_KINDS: tuple[Kind, ...] = (
    *UNREADABLE,
    Kind("no-table-found", _no_table),
    Kind("feedback-only", _report_alone),
    changed("file-has-macros", _with_macros),
    changed("file-has-links", _with_links),
    changed("sheet-lost", _with_lost_sheet),
    changed("sheet-without-cells", _with_chart),
    Kind("file-quote-open", _open_quote),
    Kind("same-return", _copy),
)
NAME_KINDS: tuple[Kind, ...] = (
    Kind("office-missing", _nameless),
    Kind("office-from-file-name", _no_cover),
    Kind("file-encoding-guessed", _old_encoding),
)
SENDER_KINDS = (Kind("office-not-of-file", _others_name),)
OLD_KINDS = (Kind("file-formulas-unseen", _old_format),)
