"""A zip container read within limits: no part is inflated further than allowed."""

from __future__ import annotations

import io
import posixpath
import time
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from xml.parsers import expat

from digistrat.intake.workbooks.records import Limits, WorkbookError

CHUNK = 1 << 16
RATIO_FROM = 1_000_000  # small parts of repeated bytes inflate far more and do no harm
# What no spreadsheet comes near, and what would cost memory or time without end. Elements are counted in each
# part that was looked at before it is parsed, and over all others; the most of these seen in a real file are
# 400,000. References (&amp;) and escapes (_x000D_) are counted over all parts; seen were 50,000 and 200.
_DEEPEST, _MOST_NAMES, _MOST_ELEMENTS, _LONGEST_TAG = 1_000, 20_000, 12_000_000, 1 << 21
_MOST_UNSEEN, _MANY_ATTRIBUTES = 2_000_000, 100
_MARKS = {b"&": 4_000_000, b"_x": 2_000_000, b"_\0x": 2_000_000}
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # of others a few bytes become a gigabyte at one go
_ENCRYPTED = 0x1


Start = Callable[[str, dict[str, str]], object]


class PartMissing(KeyError):
    """Raised for a part that the container does not hold."""


class Container:
    """Parts of a zip container by name, whatever their case, slashes and leading slash.

    Parameters
    ----------
    data : bytes
        The file.
    file : str
        Its name, for messages.
    limits : Limits
        See `Limits`.
    deadline : float
        `time.perf_counter` at which reading stops.
    """

    def __init__(self, data: bytes, file: str, limits: Limits, deadline: float) -> None:
        self.file, self.limits, self.deadline = file, limits, deadline
        self.inflated = 0
        self.seen: Counter[str] = Counter()  # what has been counted over the parts
        self.marks: Counter[bytes] = Counter()
        self.counted: set[str] = set()  # parts whose elements have been looked at
        # Counted in the bytes, because opening a directory of a million entries already hurts.
        if data.count(b"PK\x01\x02") > limits.n_parts:
            raise WorkbookError("file-too-large", file, f"> {limits.n_parts} parts")
        self.zip = zipfile.ZipFile(io.BytesIO(data))
        self.parts: dict[str, zipfile.ZipInfo] = {}
        for info in self.zip.infolist():
            self.parts.setdefault(part_name(info.filename), info)

    def __contains__(self, name: str) -> bool:
        """Whether the container holds a part."""
        return part_name(name) in self.parts

    def chunks(self, name: str) -> Iterator[bytes]:
        """Inflate a part piece by piece, within the limits.

        Raises
        ------
        PartMissing
            If there is no such part.
        WorkbookError
            If a limit is passed.
        """
        for chunk in self._inflate(name):
            for mark, most in _MARKS.items():
                self.marks[mark] += chunk.count(mark)
                if self.marks[mark] > most:
                    raise WorkbookError("file-too-large", self.file, f"{name} > {most} {mark.decode()!r}")
            yield chunk

    def _inflate(self, name: str) -> Iterator[bytes]:
        info = self.parts.get(part_name(name))
        if info is None:
            raise PartMissing(name)
        if info.flag_bits & _ENCRYPTED:
            raise WorkbookError("file-encrypted", self.file)
        if info.compress_type not in _METHODS:
            raise WorkbookError("file-damaged", self.file, f"{name}: compression {info.compress_type}")
        limits = self.limits
        # The directory's size is the most that zipfile inflates, so a lie only cuts the part off.
        if info.file_size > limits.part_bytes:
            raise WorkbookError("file-too-large", self.file, f"{name} > {limits.part_bytes / 1e6:.0f} MB")
        if info.file_size > max(RATIO_FROM, limits.part_ratio * info.compress_size):
            raise WorkbookError("file-too-large", self.file, f"{name} > {limits.part_ratio}:1")
        self.inflated += info.file_size
        if self.inflated > limits.total_bytes:
            raise WorkbookError("file-too-large", self.file, f"> {limits.total_bytes / 1e6:.0f} MB")
        with self.zip.open(info) as stream:
            while chunk := stream.read(CHUNK):
                self.check_time()
                yield chunk

    def again(self, name: str) -> None:
        """Let a part be inflated once more without counting it twice."""
        self.inflated -= self.size(name)

    def count(self, name: str, *marks: bytes) -> tuple[int, ...]:
        """Count marks in the bytes of a part, many times faster than parsing it."""
        counts = [0] * len(marks)
        for chunk in self._inflate(name):
            for index, mark in enumerate(marks):
                counts[index] += chunk.count(mark)
        self.again(name)
        self.counted.add(part_name(name))
        return tuple(counts)

    def size(self, name: str) -> int:
        """Size of a part when inflated, bytes; 0 without the part."""
        info = self.parts.get(part_name(name))
        return 0 if info is None else info.file_size

    def read(self, name: str) -> bytes:
        """Inflate a whole part."""
        return b"".join(self.chunks(name))

    def check_time(self) -> None:
        """Raise when the time for the file is over."""
        if time.perf_counter() > self.deadline:
            raise WorkbookError("file-too-slow", self.file, f"> {self.limits.seconds:g} s")

    def parse(
        self,
        name: str,
        start: Start,
        *,
        end: Callable[[str], object] | None = None,
        characters: Callable[[str], object] | None = None,
        after_chunk: Callable[[], object] | None = None,
        namespaces: bool = False,
    ) -> None:
        """Run a part through expat."""
        feed = self.parser(name, start, end=end, characters=characters, namespaces=namespaces)
        for chunk in self.chunks(name):
            feed(chunk)
            if after_chunk is not None:
                after_chunk()
        feed(b"", True)

    def parser(
        self,
        name: str,
        start: Start,
        *,
        end: Callable[[str], object] | None = None,
        characters: Callable[[str], object] | None = None,
        namespaces: bool = False,
    ) -> Callable[..., None]:
        """Make an expat parser that refuses what would hurt, and return the function that feeds it.

        A document type declaration is refused before it can do anything; so are elements nested
        without end, tags without end and names or elements without number. With namespaces names are
        those of the namespace, a blank, and the local one.
        """
        names: dict[str, str] = {}
        counted = part_name(name) in self.counted
        n_before, most = (0, _MOST_ELEMENTS) if counted else (self.seen["unseen"], _MOST_UNSEEN)
        parser = expat.ParserCreate(namespace_separator=" " if namespaces else None, intern=names)
        parser.buffer_text = True
        parser.buffer_size = CHUNK
        depth = fed = n_elements = n_held = pending = 0
        held: list[bytes] = []

        def refuse(*_: object) -> None:
            raise WorkbookError("file-has-doctype", self.file, name)

        def deeper(tag: str, attributes: dict[str, str]) -> None:
            nonlocal depth, n_elements
            depth += 1
            n_elements += 1
            if len(attributes) > _MANY_ATTRIBUTES:
                n_elements += 4 * len(attributes)  # with namespaces they cost more than an element
            if depth > _DEEPEST or n_before + n_elements > most:
                raise WorkbookError("file-too-large", self.file, f"{name}: {n_elements} elements")
            start(tag, attributes)

        def higher(tag: str) -> None:
            nonlocal depth
            depth -= 1
            if end is not None:
                end(tag)

        def feed(data: bytes, last: bool = False) -> None:
            nonlocal fed, n_held, pending
            held.append(data)
            n_held += len(data)
            # A tag that has not ended is scanned from its start each time: only when it may have doubled.
            if n_held < pending <= _LONGEST_TAG - n_held and not last:
                return
            data, fed, n_held = b"".join(held), fed + n_held, 0
            held.clear()
            try:
                parser.Parse(data, last)
            except expat.ExpatError as error:
                raise WorkbookError("file-damaged", self.file, f"{name}: {error}") from None
            pending = 0 if last else fed - parser.CurrentByteIndex
            if last and not counted:
                self.seen["unseen"] += n_elements
            if pending > _LONGEST_TAG or len(names) > _MOST_NAMES:
                raise WorkbookError("file-too-large", self.file, f"{name}: markup")

        parser.StartDoctypeDeclHandler = refuse
        parser.StartElementHandler, parser.EndElementHandler = deeper, higher
        if characters is not None:
            parser.CharacterDataHandler = characters
        return feed


def part_name(name: str) -> str:
    """Bring a part's name into the one form in which it is looked up."""
    return posixpath.normpath(name.replace("\\", "/").lstrip("/")).lower()


def resolve(base: str, target: str) -> str:
    """Name of a relation's target: absolute, or relative to the folder of its source part.

    Examples
    --------
    >>> resolve("xl/workbook.xml", "worksheets/sheet1.xml"), resolve("xl/workbook.xml", "/xl/x.xml")
    ('xl/worksheets/sheet1.xml', 'xl/x.xml')
    """
    target = target.replace("\\", "/")
    if target.startswith("/"):
        return part_name(target)
    return part_name(posixpath.join(posixpath.dirname(base), target))
