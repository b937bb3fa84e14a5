"""Kinds of fault beside the cells of a table, and lines that a table's headers do not cover."""

from __future__ import annotations

from typing import Any

from planted_cells import is_csv
from planted_files import before_end, edit
from planted_layout import ABOVE, BESIDE, HEADERS, ROWS, WHOLE, headers, on_a_sheet
from planting import AUTHOR, Area, Kind, Round

from digistrat.example.books import Book
from digistrat.example.records import Record
from digistrat.example.sheets import Sheet, address, write_record

REMARKS = ("mit der Kämmerei noch nicht abgestimmt", "gilt nur,\nwenn die Stelle besetzt wird")
STAND_IN = "[Threadkommentar] Ihre Excel-Version kann diesen Threadkommentar nicht anzeigen."
THREAD = "http://schemas.microsoft.com/office/2017/10/relationships/threadedComment"
COMMENTS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/comments"
NAMESPACE = "http://schemas.openxmlformats.org/package/2006/relationships"
RELATIONS = f'<Relationships xmlns="{NAMESPACE}">{{}}</Relationships>'
BROKEN = b"<comments><authors><author>16.2</author></authors><commentList><comm"
BOX = "Achtung: Beträge sind geschätzt.\nRückfragen an die Geschäftsstelle"
CONVERSATION = """<ThreadedComments xmlns="http://schemas.microsoft.com/office/spreadsheetml/2018/threadedcomments">
<threadedComment ref="{0}" id="{{1}}"><text>Wer bezahlt das?</text></threadedComment>
<threadedComment ref="{0}" id="{{2}}" parentId="{{1}}"><text>Das Land, zur Hälfte.</text></threadedComment>
</ThreadedComments>"""
OWN_HEADER = "Ort"  # of a column that no table has


def pin(made: Round, book: Book, sheet: Sheet, what: str, at: tuple[int, int], text: str) -> Area:
    """Pin something to a cell; it moves with the cell's row."""
    area = Area(book.file, sheet.name, what, *at, *at, text)
    made.areas.append(area)
    return area


def an_answer(made: Round, book: Book, sheet: Sheet) -> tuple[int, int]:
    """Return some cell of a record."""
    filled = [at for at in sheet.cells if at[0] in sheet.records]
    chosen: tuple[int, int] = made.shuffled(filled, book.file, sheet.name, "pinned")[0]
    return chosen


# --- comments and text boxes --------------------------------------------------------------------------------


def _comment(made: Round, book: Book, sheet: Sheet) -> Any:
    """A remark on an answer, with its author in front, as Excel writes it."""
    at = an_answer(made, book, sheet)
    remark = made.shuffled(REMARKS, book.file, "remark")[0]
    pin(made, book, sheet, "comment", at, f"{AUTHOR}:\n{remark}")
    return at


def _far_comment(made: Round, book: Book, sheet: Sheet) -> Any:
    """A remark on an empty cell beside the table."""
    at = (sheet.header_row, max(number for _, number in sheet.cells) + 9)
    pin(made, book, sheet, "comment", at, REMARKS[0])
    return at


def _cover_comment(made: Round, book: Book) -> bool:
    cover = book.sheet("returns")
    if cover is None or is_csv(book) or not made.claim((BESIDE, book.file, cover.name)):
        return False
    at = (cover.columns["report_date"], 2)
    pin(made, book, cover, "comment", at, "Stand der Kostenangaben abweichend: 31.12.")
    made.note(book, cover, at, "cell-comment")
    return True


def _conversation(made: Round, book: Book, sheet: Sheet) -> Any:
    """A remark and its reply, as new programs keep them: in a part of their own, with a stand-in."""
    at = an_answer(made, book, sheet)
    area = pin(made, book, sheet, "comment", at, STAND_IN)

    def change(data: bytes) -> bytes:
        number = book.sheets.index(sheet) + 1
        part = f"threadedComments/threadedComment{number}.xml"
        entry = f'<Relationship Id="rId99" Type="{THREAD}" Target="../{part}"/>'
        rels = f"xl/worksheets/_rels/sheet{number}.xml.rels"
        said = CONVERSATION.format(address(area.top, area.left))
        return edit(data, {rels: before_end("Relationships", entry)}, **{f"xl/{part}": said.encode()})

    made.changes[book.file].append(change)
    return at


def _text_box(made: Round, book: Book, sheet: Sheet) -> Any:
    """A box beside the headers, or below the table."""
    number = max(number for _, number in sheet.cells) + 3
    at = made.shuffled([(sheet.header_row, number), (sheet.last_row + 3, number)], book.file, "box")[0]
    pin(made, book, sheet, "text box", at, BOX)
    return at


def _lost_comments(made: Round, book: Book) -> bool:
    """Comments that break off in the middle; their finding names the file, and the sheet in its value."""
    found = [sheet for sheet in book.sheets if (BESIDE, book.file, sheet.name) not in made.claims]
    if is_csv(book) or not found:
        return False
    sheet = made.shuffled(found, book.file, "lost")[0]
    made.claim((BESIDE, book.file, sheet.name))

    def change(data: bytes) -> bytes:
        number = book.sheets.index(sheet) + 1
        part, rels = f"xl/comments99{number}.xml", f"xl/worksheets/_rels/sheet{number}.xml.rels"
        entry = f'<Relationship Id="rId1" Type="{COMMENTS}" Target="/{part}"/>'
        return edit(data, {}, **{rels: RELATIONS.format(entry).encode(), part: BROKEN})

    made.changes[book.file].append(change)
    made.note(book, None, "", "comments-lost")
    return True


# --- struck through -----------------------------------------------------------------------------------------


def _struck(made: Round, book: Book, sheet: Sheet) -> Any:
    """A record that an office has struck through, or one of its answers."""
    row, number = an_answer(made, book, sheet)
    inside = sorted(at for at in sheet.cells if at[0] == row)
    places = made.shuffled([inside, [(row, number)]], book.file, sheet.name, "struck")[0]
    made.areas += [Area(book.file, sheet.name, "struck", *at, *at) for at in places]
    return places[0]


# --- lines --------------------------------------------------------------------------------------------------


def _record_above(made: Round, book: Book, sheet: Sheet) -> Any:
    """A record that somebody put above the headers, or above all titles."""
    answers = {row: [number for at, number in sheet.cells if at == row] for row in sheet.records}
    full = [row for row, numbers in answers.items() if len(numbers) >= 3 and _names_key(made, sheet, row)]
    if not full:
        return None
    record = sheet.records[made.shuffled(full, book.file, sheet.name, "above")[0]]
    key = made.form.table(sheet.table).key
    if key:
        record = Record({**record.values, key: f"{book.office_id}-951"}, record.members)
    over_groups = sheet.header_row - book.habit.is_grouped
    row = made.shuffled([1, over_groups], book.file, sheet.name, "where")[0]
    made.insert_rows(book, sheet, row)
    write_record(sheet, made.form.table(sheet.table), row, record, book.habit)
    del sheet.records[row]
    return row, min(number for at, number in sheet.cells if at == row)


def _names_key(made: Round, sheet: Sheet, row: int) -> bool:
    """Whether a record has a key, its own or a project's: without one, texts alone may be titles."""
    names = (name for name, number in sheet.columns.items() if (row, number) in sheet.cells)
    return any(made.column(sheet.table, name).kind == "identifier" for name in names)


def _other_headers(made: Round, book: Book, sheet: Sheet) -> Any:
    """Two of the headers again, and one that the table does not have."""
    own = sorted(headers(sheet), key=lambda header: header[1])
    rows = list(sheet.records)
    if len(own) < 4 or not made.claim((HEADERS, book.file, sheet.name)):
        return None
    row = rows[len(rows) // 2]
    made.insert_rows(book, sheet, row)
    for _, number, header in own[:2]:
        sheet.cells[row, number] = header
    sheet.cells[row, own[2][1]] = OWN_HEADER
    return row, own[0][1]


def _long_row(made: Round, book: Book) -> bool:
    """A line of a text file with a field too many."""
    if not is_csv(book):
        return False
    (sheet,) = book.sheets
    number = max(number for _, number in sheet.cells) + 1
    row = made.shuffled(list(sheet.records), book.file, "long")[0]
    if not made.claim(("cell", book.file, sheet.name, row, number), ("long", book.file)):
        return False
    sheet.cells[row, number] = made.shuffled(["50 T€", "siehe oben", "2027"], book.file, "more")[0]
    made.note(book, sheet, (row, number), "row-too-long")
    return True


BESIDE_KINDS: tuple[Kind, ...] = (
    on_a_sheet("cell-comment", BESIDE, _comment, least=1, csv=False),
    on_a_sheet("cell-comment", BESIDE, _far_comment, least=1, csv=False),
    on_a_sheet("cell-comment", BESIDE, _conversation, least=1, csv=False),
    on_a_sheet("text-box", BESIDE, _text_box, least=1, csv=False),
    on_a_sheet("struck-through", WHOLE, _struck, least=1, csv=False),
    Kind("cell-comment", _cover_comment),
    Kind("comments-lost", _lost_comments),
    on_a_sheet("row-above-header", ABOVE, _record_above, least=1),
    on_a_sheet("header-differs", ROWS, _other_headers),
)
LINE_KINDS = (Kind("row-too-long", _long_row),)
