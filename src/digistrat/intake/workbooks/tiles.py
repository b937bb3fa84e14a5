"""The fast pass over a worksheet part: whole cells and rows as tiles of its text, without a parser."""

from __future__ import annotations

import re
import sys

from digistrat.intake.workbooks.container import Container, PartMissing
from digistrat.intake.workbooks.formats import CellFormat, NumberFormat
from digistrat.intake.workbooks.plain import NotPlain, plain_middle, unescape
from digistrat.intake.workbooks.rawvalues import decode_escapes, number
from digistrat.intake.workbooks.records import MAX_COLUMN, MAX_ROW, Cell, Value, column_number
from digistrat.intake.workbooks.sheetxml import SheetReader

# A cell with a formula, a value, or both; any other cell; then blank cells, as many as follow each other,
# the tags of rows, blanks between tags, and any byte that is not foreseen.
_CELL = r'<c(?: r="([A-Z]{1,3}[1-9][0-9]{0,6})")?([^<>&/]*)>'
_SIMPLE = r"(?:<f>([^<&]+)</f>)?<v>([^<&]+)</v>"
_OTHER = r"((?:<f[^<>]*>(?:[^<]*</f>)?)?(?:<v[^<>]*>[^<]*</v>|<v/>)?(?:<is><t[^<>]*>[^<]*</t></is>)?)"
_BLANKS = r'(?:<c(?: r="[A-Z]{1,2}[1-9][0-9]{0,5}")?(?: s="[0-9]{1,9}")? ?/>)++|<c[^<>]*/>'
_TILES = re.compile(rf"{_CELL}(?:{_SIMPLE}|{_OTHER})</c>|({_BLANKS}|<row[^<>]*>|</row>|\s+|.)", re.DOTALL)
_BLANK = re.compile(r'<c(?: r="([A-Z]{1,3}[1-9][0-9]{0,6})")?([^<>&/]*)/>')
_BODY = re.compile(
    r"(?:<f([^<>/]*)(?:/>|>([^<]*)</f>))?"
    r'(?:(<v/>)|<v(?: xml:space="preserve")?>([^<]*)</v>)?'
    r'(?:<is><t(?: xml:space="preserve")?>([^<]*)</t></is>)?'
)
_ATTRIBUTES = re.compile(r'(?: ([A-Za-z_][\w:.-]*)="([^"<>&\n\t]*)")* ?', re.ASCII)
_ATTRIBUTE = re.compile(r' ([A-Za-z_][\w:.-]*)="([^"]*)"')

_OTHER_KIND, _SHARED, _NUMBER, _DATE, _TEXT = range(5)  # how the text of a cell becomes a value
_NUMBERS = (_NUMBER, _DATE)
_MOST_SEEN = 100_000  # addresses and dates that are remembered from file to file


class TileReader(SheetReader):
    """What has been seen of a part by its tiles."""

    kinds: dict[str, tuple[str, CellFormat, bool]]
    ways: dict[str, tuple[int, NumberFormat | None]]
    numbers: dict[str, Value]

    def read_plain(self, container: Container) -> bool:
        """Read the part by tiles, ~1 µs a cell; False if anything in it is not foreseen.

        Damage is not foreseen either: expat says where it is.
        """
        self.kinds, self.ways, self.numbers, self.in_row = {}, {}, {}, False
        ends = (b"</c>", b"</row>")
        try:
            for piece in plain_middle(container, self.part, "sheetData", ends, self.start, self.end):
                self.read_tiles(piece)
                self.check()
            if not self.in_row:
                return True
        except NotPlain:
            pass
        except (ValueError, LookupError) as error:
            if isinstance(error, PartMissing) or getattr(error, "code", "file-damaged") != "file-damaged":
                raise
        container.again(self.part)
        return False

    def read_tiles(self, piece: str) -> None:
        """Read whole cells and rows: the common ones here."""
        cells, strings, ways, places = self.cells, self.strings, self.ways, _PLACES
        numbers, dates = self.numbers, _DATES[self.date1904]
        place = (self.row, self.column)
        new = tuple.__new__  # half the time of a NamedTuple's own
        value: Value
        for address, attributes, formula, raw, body, mark in _TILES.findall(piece):
            if mark:
                if not mark.isspace():
                    self.row, self.column = place
                    self.read_mark(mark)
                    place = (self.row, self.column)
                continue
            place = places[address] if address else (place[0], place[1] + 1)
            try:
                way, shown = ways[attributes]
            except KeyError:
                way, shown = self.way_of(attributes)
            if not raw:
                if body:
                    self.row, self.column = place
                    self.read_body(*self.kinds[attributes], body)
                continue
            if way == _SHARED and raw.isdecimal():
                value = strings[int(raw)]
                if value == "" and not formula:
                    continue
            elif way == _NUMBER and len(raw) < 20 and raw.isdecimal():
                value = int(raw)
            elif way in _NUMBERS:
                value = (numbers if way == _NUMBER else dates).get(raw)
                if value is None:
                    value = self.number_or_date(way, raw)
                    if value is None and not formula:
                        continue
                if shown is not None and value.__class__ is str:
                    shown = None
            elif way == _TEXT:
                value = decode_escapes(raw)
                self.text_size += sys.getsizeof(value)
            else:
                self.row, self.column = place
                self.add(*self.kinds[attributes], raw, None, "=" + formula if formula else None)
                continue
            row, column = place
            full = None
            if formula:
                full = "=" + formula
                self.text_size += sys.getsizeof(full)
            cells[place] = new(Cell, (row, column, value, full, None, shown))
        self.row, self.column = place

    def number_or_date(self, way: int, raw: str) -> Value:
        """Make a value of a number's text, and remember it."""
        value = number(raw) if way == _NUMBER else self.date(number(raw))
        seen = self.numbers if way == _NUMBER else _DATES[self.date1904]
        if value is not None and len(seen) < _MOST_SEEN:
            seen[raw] = value
        return value

    def way_of(self, attributes: str) -> tuple[int, NumberFormat | None]:
        """How the text of a cell becomes a value, and what its format shows beside a number."""
        kind, format_, struck = self.cell_kind(attributes)
        shown = None
        if struck or (kind == "s" and self.styles.struck_strings):
            way = _OTHER_KIND
        elif kind == "n":
            way = _DATE if format_ == "date" else _NUMBER
            shown = None if format_ == "date" else format_
        else:
            way = {"s": _SHARED, "str": _TEXT}.get(kind, _OTHER_KIND)
        self.ways[attributes] = way, shown
        return way, shown

    def read_mark(self, mark: str) -> None:
        """Read blank cells, or the tag that begins or ends a row."""
        if mark.startswith("<c"):
            self.read_blanks(mark)
        elif mark.startswith("<row") and not self.in_row:
            empty = mark.endswith("/>")
            self.begin_row(self.plain_attributes(mark[4 : -2 if empty else -1]))
            self.in_row = not empty
        elif mark == "</row>" and self.in_row:
            self.in_row = False
        else:
            raise NotPlain

    def read_blanks(self, run: str) -> None:
        """Go past blank cells; only a cell without address needs to know where they ended."""
        start = run.rfind(' r="') - 2
        if start >= 0:
            match = _BLANK.match(run, start)
            if match is None or match[1] is None:
                raise NotPlain
            self.row, self.column = _PLACES[match[1]]
        self.column += run.count("<c", max(start + 1, 0))
        if start < 0 or run.count("<c") == 1:
            last = _BLANK.fullmatch(run, run.rfind("<c"))
            if last is None:
                raise NotPlain
            self.cell_kind(last[2])

    def read_body(self, kind: str, format_: CellFormat, struck: bool, body: str) -> None:
        """Read a cell with a formula, a text of its own, or an entity."""
        match = _BODY.fullmatch(body)
        if match is None:
            raise NotPlain
        attributes, text, empty, raw, inline = match.groups()
        formula = None
        if attributes is not None:
            formula = self.whole_formula(unescape(text or ""), self.plain_attributes(attributes))
        if raw is not None:
            raw = unescape(raw)
        elif empty is not None:
            raw = ""
        if inline is not None:
            inline = unescape(inline)
        self.add(kind, format_, struck, raw, inline, formula)

    def cell_kind(self, attributes: str) -> tuple[str, CellFormat, bool]:
        """Type of a cell and what its style makes of it, worked out once for equal attributes."""
        found = self.plain_attributes(attributes)
        if "r" in found or len(self.kinds) > _MOST_SEEN:  # nobody has so many, and they are kept
            raise NotPlain
        kind = found.get("t", "n") or "n"
        self.kinds[attributes] = answer = (kind, *self.style_of(found.get("s")))
        return answer

    def plain_attributes(self, text: str) -> dict[str, str]:
        """Take a tag's attributes apart."""
        if _ATTRIBUTES.fullmatch(text) is None:
            raise NotPlain
        pairs = _ATTRIBUTE.findall(text)
        attributes = dict(pairs)
        if len(attributes) < len(pairs):
            raise NotPlain
        return attributes


class _Places(dict[str, tuple[int, int]]):
    """Row and column of addresses: workbooks use the same ones again and again."""

    def __missing__(self, address: str) -> tuple[int, int]:
        digits = address.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
        place = int(digits), column_number(address.removesuffix(digits))
        if place[0] > MAX_ROW or place[1] > MAX_COLUMN:
            raise NotPlain
        if len(self) < _MOST_SEEN:
            self[address] = place
        return place


_PLACES = _Places()
_DATES: tuple[dict[str, Value], dict[str, Value]] = ({}, {})  # by serial, from 1900 and from 1904
