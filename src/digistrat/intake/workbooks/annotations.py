"""What stands on a worksheet beside its cells: comments and text boxes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any

from digistrat.intake.workbooks.container import Container, PartMissing
from digistrat.intake.workbooks.records import Annotation, WorkbookError, parse_address

COMMENT, TEXT_BOX = "cell-comment", "text-box"
MOST_TAGS, MOST_BYTES = 1_000_000, 50_000_000  # over all parts of a file: nobody comments so much
OURS = "digistrat"  # author of the comments in marked copies: they are no remarks of the office
Start = Callable[[str, Any], object]
End = Callable[[str], object]


def read_annotations(container: Container, targets: Iterable[tuple[str, str]]) -> tuple[Annotation, ...]:
    """Read the comments and text boxes of one sheet.

    Parameters
    ----------
    container : Container
        The workbook.
    targets : iterable of (type, part)
        The sheet's relations; external ones left out.

    Returns
    -------
    tuple of Annotation
        By place. Of a threaded conversation the replies follow the first remark; a comment's author is left
        out: only what was said belongs to the return.
    """
    comments: dict[tuple[int, int], str] = {}
    threads: dict[tuple[int, int], str] = {}
    boxes: list[Annotation] = []
    for kind, part in targets:
        with suppress(PartMissing):
            if kind.endswith("/comments"):
                comments.update(_comments(container, part))
            elif kind.endswith("/threadedComment"):
                threads.update(_threads(container, part))
            elif kind.endswith("/drawing"):
                boxes += _boxes(container, part)
    said = {**comments, **threads}  # a conversation has a stand-in among the comments, for old programs
    found = [Annotation(*place, COMMENT, text) for place, text in said.items() if text]
    return tuple(sorted([*found, *boxes]))


def _local(tag: str) -> str:
    return tag.rpartition(":")[2]


def without_author(text: str, name: str) -> str:
    r"""Return what a comment says, without the name that programs write in front.

    Examples
    --------
    >>> without_author("Amt 16:\nstill open", "Amt 16")
    'still open'
    """
    text = text.strip()
    return text.removeprefix(f"{name}:").strip() if name else text


def _place(reference: str) -> tuple[int, int] | None:
    try:
        return parse_address(reference.partition(":")[0])
    except ValueError:
        return None


def _comments(container: Container, part: str) -> dict[tuple[int, int], str]:
    found: dict[tuple[int, int], str] = {}
    authors: list[str] = []
    texts: list[str] = []
    place: tuple[int, int] | None = None
    author = -1

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal place, author
        tag = _local(tag)
        if tag == "comment":
            place = _place(attributes.get("ref", ""))
            number = attributes.get("authorId", "")
            author = int(number) if number.isdigit() else -1
            texts.clear()
        elif tag == "author":
            texts.clear()

    def end(tag: str) -> None:
        tag = _local(tag)
        if tag == "author":
            authors.append("".join(texts).strip())
        elif tag == "comment" and place is not None:
            name = authors[author] if 0 <= author < len(authors) else ""
            if name != OURS:
                found[place] = without_author("".join(texts), name)

    _parse(container, part, start, end, texts)
    return found


def _threads(container: Container, part: str) -> dict[tuple[int, int], str]:
    found: dict[tuple[int, int], list[str]] = {}
    texts: list[str] = []
    place: tuple[int, int] | None = None

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal place
        if _local(tag) == "threadedComment":
            place = _place(attributes.get("ref", ""))
            texts.clear()

    def end(tag: str) -> None:
        if _local(tag) == "threadedComment" and place is not None:
            found.setdefault(place, []).append("".join(texts).strip())

    _parse(container, part, start, end, texts)
    return {place: "\n".join(filter(None, said)) for place, said in found.items()}


def _boxes(container: Container, part: str) -> list[Annotation]:
    """Texts of shapes, at the cell of their upper left corner."""
    found: list[Annotation] = []
    texts: list[str] = []
    paragraphs: list[list[str]] = []  # of runs
    corner = {"row": 0, "col": 0}
    inside = ""

    def start(tag: str, _: dict[str, str]) -> None:
        nonlocal inside
        tag = _local(tag)
        if tag in ("twoCellAnchor", "oneCellAnchor", "absoluteAnchor"):
            corner.update(row=0, col=0)
            paragraphs.clear()
        elif tag in ("from", "to"):
            inside = tag
        elif tag in ("t", "row", "col"):
            texts.clear()
        elif tag == "p":
            paragraphs.append([])

    def end(tag: str) -> None:
        nonlocal inside
        tag = _local(tag)
        if tag in ("row", "col") and inside == "from":
            digits = "".join(texts).strip()
            corner[tag] = int(digits) if digits.isdecimal() else 0
        elif tag in ("from", "to"):
            inside = ""
        elif tag == "t" and paragraphs:
            paragraphs[-1] += texts
        elif tag.endswith("Anchor"):
            text = "\n".join(map("".join, paragraphs)).strip()
            if text:
                found.append(Annotation(corner["row"] + 1, corner["col"] + 1, TEXT_BOX, text))

    _parse(container, part, start, end, texts)
    return found


def _parse(container: Container, part: str, start: Start, end: End, texts: list[str]) -> None:
    seen = container.seen
    seen["annotation bytes"] += container.size(part)
    if seen["annotation bytes"] > MOST_BYTES:
        raise WorkbookError("file-too-large", container.file, f"{part} > {MOST_BYTES / 1e6:.0f} MB")
    seen["annotation tags"] += container.count(part, b"<")[0]
    if seen["annotation tags"] > MOST_TAGS:
        raise WorkbookError("file-too-large", container.file, f"{part} > {MOST_TAGS} elements")
    container.parse(part, start, end=end, characters=texts.append)
