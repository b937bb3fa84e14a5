"""Shared strings of an xlsx file: the runs of a rich text joined, readings (phonetic runs) left out."""

from __future__ import annotations

import re
import sys

from digistrat.intake.workbooks.container import Container
from digistrat.intake.workbooks.localnames import LocalNames
from digistrat.intake.workbooks.plain import NotPlain, plain_middle, unescape
from digistrat.intake.workbooks.rawvalues import TRUE, decode_escapes
from digistrat.intake.workbooks.records import WorkbookError

_COUNT_FROM, _MOST_TAGS = 20_000_000, 4_000_000  # bytes; tags in them beyond those of plain strings
_LONGEST_TEXT, _MOST_TEXT = 40_000_000, 200_000_000  # bytes of one string, of all
# A plain string; nothing; one with runs, up to the next that begins (looking for an end that never comes
# would take time without end); the rest of what is not foreseen.
_TILES = re.compile(
    r'<si><t(?: xml:space="preserve")?>([^<]*)</t></si>|(<si/>|\s+)|(<si>(?:[^<]++|<(?!/?si>))*+</si>|.+)',
    re.DOTALL,
)


def read_strings(container: Container, part: str) -> tuple[list[str], frozenset[int]]:
    """Read the shared strings, in the order in which cells name them, and which are struck through.

    Raises
    ------
    WorkbookError
        If the part is damaged or passes a limit.
    """
    if container.size(part) > _COUNT_FROM:
        tags, plain = container.count(part, b"<", b"<si><t")
        if plain > container.limits.n_cells or tags - 4 * plain > _MOST_TAGS:
            raise WorkbookError("file-too-large", container.file, f"{part} > {_MOST_TAGS} elements")
    strings = _read_plain(container, part)
    if strings is None:
        container.again(part)
        strings = _Strings(container)
        container.parse(
            part, strings.start, end=strings.end, characters=strings.texts.append, after_chunk=strings.check
        )
        strings.check()
    container.seen["text"] += strings.size
    return strings.found, frozenset(strings.struck)


def _read_plain(container: Container, part: str) -> _Strings | None:
    """Read the strings by tiles; None if anything is not foreseen, such as damage."""
    strings = _Strings(container)
    found = strings.found
    try:
        for piece in plain_middle(container, part, "sst", (b"</si>",), strings.start, strings.end):
            for text, gap, other in _TILES.findall(piece):
                if other:
                    if not other.endswith("</si>"):
                        raise NotPlain
                    _read_item(container, part, other, strings)
                elif not gap:
                    found.append(decode_escapes(unescape(text)) if "&" in text or "_x" in text else text)
                elif gap == "<si/>":
                    found.append("")
            strings.check()
    except NotPlain:
        return None
    except WorkbookError as error:
        if error.code != "file-damaged":
            raise
        return None  # expat says where
    return strings


def _read_item(container: Container, part: str, item: str, strings: _Strings) -> None:
    """Read one rich text with the handlers that read whole parts."""
    feed = container.parser(part, strings.start, end=strings.end, characters=strings.texts.append)
    feed(item.encode(), True)


class _Strings:
    """The handlers of one pass and what they have seen."""

    def __init__(self, container: Container) -> None:
        self.file, self.limits = container.file, container.limits
        self.found: list[str] = []
        self.struck: set[int] = set()
        self.texts: list[str] = []
        self.runs: list[str] = []
        self.local = LocalNames()
        self.phonetic = self.run_struck = False
        self.n_sized = self.size = 0

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """Handle an opening tag."""
        tag = self.local[tag]
        if tag == "t":
            self.texts.clear()
        elif tag == "si":
            self.runs.clear()
            self.run_struck = False
        elif tag == "r":
            self.run_struck = False
        elif tag == "strike":
            self.run_struck = attributes.get("val", "1") in TRUE
        elif tag == "rPh":
            self.phonetic = True

    def end(self, tag: str) -> None:
        """Handle a closing tag."""
        tag = self.local[tag]
        if tag == "t":
            if not self.phonetic:
                self.runs.append("".join(self.texts))
                if self.run_struck and not self.runs[-1].isspace():
                    self.struck.add(len(self.found))
            self.texts.clear()
        elif tag == "si":
            self.found.append(decode_escapes("".join(self.runs)))
        elif tag == "rPh":
            self.phonetic = False

    def check(self) -> None:
        """Refuse too many strings, or too much memory for them."""
        self.size += sum(map(sys.getsizeof, self.found[self.n_sized :]))
        self.n_sized = len(self.found)
        pending = sum(map(sys.getsizeof, self.texts)) + sum(map(sys.getsizeof, self.runs))
        limits = self.limits
        if self.n_sized > limits.n_cells:
            raise WorkbookError("file-too-large", self.file, f"> {limits.n_cells} cells")
        if pending > _LONGEST_TEXT or self.size > min(_MOST_TEXT, limits.part_bytes):
            raise WorkbookError("file-too-large", self.file, "shared strings")
