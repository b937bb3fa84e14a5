"""Fast pass over the bytes of a part, for parts written as nearly every writer writes them.

The middle of a part, its cells or its shared strings, is cut into tiles by one regular expression that
leaves no byte out; what comes before and after goes through expat. Anything that a tile does not
foresee (prefixes, comments, CDATA, unknown entities, …) raises `NotPlain`, and the part is read by
expat alone, which is several times slower and knows everything. Both give the same.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Iterator

from digistrat.intake.workbooks.container import Container, Start

_HEAD = 1 << 20  # bytes before the middle that are looked at
_CUT_FROM, _UNCUT = 1 << 17, 1 << 22  # bytes gathered for one piece, and the most without an end
_ENCODING = re.compile(rb"""<\?xml[^>]*encoding\s*=\s*["']([^"'>]*)""")
# No xml, or the end of a CDATA section.
_ODD = bytes(code for code in range(32) if code not in (9, 10, 13))
_ODD_MARKS = (b"]]>", b"\xef\xbf\xbe", b"\xef\xbf\xbf")
_REFERENCE = re.compile("&(?:(lt|gt|amp|quot|apos);|#([0-9]{1,7});|#x([0-9A-Fa-f]{1,6});)?")
_CHARACTERS = {"lt": "<", "gt": ">", "amp": "&", "quot": '"', "apos": "'"}


class NotPlain(Exception):
    """Raised for a part that only expat can read."""


def plain_middle(
    container: Container,
    part: str,
    region: str,
    ends: tuple[bytes, ...],
    start: Start,
    end: Callable[[str], object],
) -> Iterator[str]:
    """Yield the inside of an element in pieces that end with one of ``ends``; expat gets the rest.

    Parameters
    ----------
    container, part
        What is read.
    region
        Name of the element, the root or a child of it.
    ends
        Tags with which a piece may end.
    start, end
        Handlers for the elements around and the region's own.

    Raises
    ------
    NotPlain
        If the part is not written in the ordinary way.
    """
    path: list[str] = []

    def down(tag: str, attributes: dict[str, str]) -> None:
        path.append(tag)
        start(tag, attributes)

    def up(tag: str) -> None:
        path.pop()
        end(tag)

    feed = container.parser(part, down, end=up)
    chunks = container.chunks(part)
    head, rest = _split_head(chunks, f"<{region}".encode())
    feed(head)
    if not head.endswith(b"/>"):  # otherwise the region is empty and closed
        if path[-1:] != [region] or len(path) > 2 or ":" in path[0]:
            raise NotPlain
        rest = yield from _pieces(chunks, rest, f"</{region}>".encode(), ends)
    feed(rest)
    for chunk in chunks:
        feed(chunk)
    feed(b"", True)


def unescape(text: str) -> str:
    """Replace the entities that every xml knows, and characters given by number.

    Raises
    ------
    NotPlain
        For any other.
    """
    return _REFERENCE.sub(_character, text) if "&" in text else text


def _character(match: re.Match[str]) -> str:
    name, decimal, hexadecimal = match.groups()
    if name is not None:
        return _CHARACTERS[name]
    code = int(decimal) if decimal else int(hexadecimal or "0", 16)
    if not (
        code in (9, 10, 13) or 32 <= code < 0xD800 or 0xE000 <= code < 0xFFFE or 0x10000 <= code < 0x110000
    ):
        raise NotPlain
    return chr(code)


def _split_head(chunks: Iterator[bytes], opening: bytes) -> tuple[bytes, bytes]:
    """Cut a part after the region's opening tag."""
    buffer = b""
    for chunk in chunks:
        buffer += chunk
        begin = buffer.find(opening)
        after = buffer.find(b">", begin) + 1 if begin >= 0 else 0
        if after:
            encoding = _ENCODING.search(buffer, 0, after)
            if encoding is not None and encoding[1].lower() != b"utf-8":
                raise NotPlain
            return buffer[:after], buffer[after:]
        if len(buffer) > _HEAD:
            break
    raise NotPlain


def _pieces(
    chunks: Iterator[bytes], buffer: bytes, closing: bytes, ends: tuple[bytes, ...]
) -> Generator[str, None, bytes]:
    """Yield the text before the closing tag, and return the bytes from there on."""
    looked = 0  # up to here neither the closing tag begins nor an end
    while (stop := buffer.find(closing, looked)) < 0:
        if len(buffer) > _CUT_FROM:
            cut = max(at + len(mark) if (at := buffer.rfind(mark, looked)) >= 0 else 0 for mark in ends)
            if cut:
                yield _text(buffer[:cut])
                buffer = buffer[cut:]
            elif len(buffer) > _UNCUT:
                raise NotPlain
            looked = 0 if cut else max(len(buffer) - len(closing), 0)
        chunk = next(chunks, b"")
        if not chunk:
            raise NotPlain
        buffer += chunk
    yield _text(buffer[:stop])
    return buffer[stop:]


def _text(data: bytes) -> str:
    if len(data.translate(None, _ODD)) < len(data) or any(mark in data for mark in _ODD_MARKS):
        raise NotPlain
    try:
        text = data.decode()
    except UnicodeDecodeError:
        raise NotPlain from None
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text
