"""A file becomes raw sheets: the bytes decide the format, limits decide when to stop.

`read_workbook` never raises anything but `WorkbookError` for a bad file, and never runs or follows what is
in it. xlsx and xlsm (`xlsx`, `sheetxml`), xlsb, ods and csv (`delimited`) are read by readers of our own, xls
by another library in a process of its own (`foreign`, `worker`).
"""

from __future__ import annotations

import gc
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from stat import S_ISDIR, S_ISREG

from digistrat.intake.workbooks.container import Container, PartMissing
from digistrat.intake.workbooks.delimited import read_delimited
from digistrat.intake.workbooks.foreign import read_xls
from digistrat.intake.workbooks.ods import read_ods
from digistrat.intake.workbooks.records import (
    Annotation,
    Cell,
    Limits,
    Sheet,
    Workbook,
    WorkbookError,
    cell_address,
    parse_address,
    printable,
)
from digistrat.intake.workbooks.xlsb import read_xlsb
from digistrat.intake.workbooks.xlsx import read_xlsx, workbook_part

__all__ = [
    "Annotation",
    "Cell",
    "Limits",
    "Sheet",
    "Workbook",
    "WorkbookError",
    "cell_address",
    "no_collection",
    "parse_address",
    "printable",
    "read_workbook",
]

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_BIFF = (
    b"\x09\x00\x04\x00",
    b"\x09\x02\x06\x00",
    b"\x09\x04\x06\x00",
    b"\x09\x08\x08\x00",
    b"\x09\x08\x10\x00",
)
_OTHERS = (
    (b"%PDF", "PDF"),
    (b"{\\rtf", "RTF"),
    (b"\x89PNG", "PNG"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"GIF8", "GIF"),
    (b"\x1f\x8b", "gzip"),
    (b"7z\xbc\xaf", "7z"),
    (b"Rar!", "RAR"),
)
_SPREADSHEET_MIMES = (
    b"application/vnd.oasis.opendocument.spreadsheet",
    b"application/vnd.oasis.opendocument.spreadsheet-template",
)


def read_workbook(path: str | os.PathLike[str], *, limits: Limits = Limits()) -> Workbook:  # noqa: B008
    """Read a workbook of any format: every cell that holds something, with its place.

    Parameters
    ----------
    path : str or path
        An xlsx, xlsm, xls, xlsb, ods or csv file, whatever its name ends in.
    limits : Limits
        How much is read before the file is refused.

    Returns
    -------
    Workbook
        All sheets that can hold cells, hidden ones too.

    Raises
    ------
    WorkbookError
        If the file is encrypted, damaged, no workbook, empty, or passes a limit.
    """
    place, path = Path(path), Path(printable(os.fspath(path)))  # from here on the second is but a name
    deadline = time.perf_counter() + limits.seconds
    try:
        state = place.stat()
        if not (S_ISREG(state.st_mode) or S_ISDIR(state.st_mode)):  # a pipe or device might never end
            raise WorkbookError("file-not-opened", path.name, "no regular file")
        with place.open("rb") as stream:  # it may have grown since
            data = stream.read(limits.file_bytes + 1)
        size = max(state.st_size, len(data))
        if size > limits.file_bytes:
            raise WorkbookError(
                "file-too-large", path.name, f"{size / 1e6:.1f} MB > {limits.file_bytes / 1e6:.0f} MB"
            )
    except OSError as error:
        raise WorkbookError("file-not-opened", path.name, error.strerror or type(error).__name__) from None
    try:
        with no_collection():
            return replace(_read(path, data, limits, deadline), path=place)
    except WorkbookError:
        raise
    except MemoryError:
        raise WorkbookError("file-too-large", path.name, "memory") from None
    except PartMissing as error:
        raise WorkbookError("file-damaged", path.name, str(error.args[0])) from None
    except Exception as error:  # a damaged file fails in ways that nobody can list
        raise WorkbookError("file-damaged", path.name, f"{type(error).__name__}: {error}"[:200]) from error


@contextmanager
def no_collection() -> Iterator[None]:
    """Pause the search for reference cycles: cells are many and form none; it takes a third of the time."""
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _read(path: Path, data: bytes, limits: Limits, deadline: float) -> Workbook:
    if not data.strip(b"\0\t\n\r "):
        raise WorkbookError("file-empty", path.name)
    if data.startswith(b"PK"):
        return _read_container(path, data, limits, deadline)
    if data.startswith(_OLE):
        return _read_compound(path, data, limits, deadline)
    if data.startswith(_BIFF):
        return read_xls(path, data, limits, deadline)
    for mark, name in _OTHERS:
        if data.startswith(mark):
            raise WorkbookError("file-not-a-workbook", path.name, name)
    markup = data[:2048].lstrip(b"\xef\xbb\xbf\t\n\r ").lower()
    if markup.startswith((b"<!doctype", b"<html", b"<?xml", b"<table", b"<head", b"<meta")):
        name = "HTML" if b"<html" in markup or b"<table" in markup else "XML"
        raise WorkbookError("file-not-a-workbook", path.name, name)
    return read_delimited(path, data, limits, deadline)


def _read_container(path: Path, data: bytes, limits: Limits, deadline: float) -> Workbook:
    container = Container(data, path.name, limits, deadline)
    if "xl/workbook.bin" in container:
        return read_xlsb(path, container)
    if "content.xml" in container:
        mime = container.read("mimetype").strip() if "mimetype" in container else _SPREADSHEET_MIMES[0]
        if mime not in _SPREADSHEET_MIMES:
            raise WorkbookError("file-not-a-workbook", path.name, mime[:80].decode("ascii", "replace"))
        if "meta-inf/manifest.xml" in container and b"encryption-data" in container.read(
            "meta-inf/manifest.xml"
        ):
            raise WorkbookError("file-encrypted", path.name)
        return read_ods(path, container)
    book = workbook_part(container)
    if book is None or not (
        book.startswith("xl/") or "xl/styles.xml" in container or "[content_types].xml" in container
    ):
        raise WorkbookError("file-not-a-workbook", path.name, "zip")
    for folder, name in (("word/", "Word"), ("ppt/", "PowerPoint"), ("visio/", "Visio")):
        if book.startswith(folder):
            raise WorkbookError("file-not-a-workbook", path.name, name)
    return read_xlsx(path, container)


def _read_compound(path: Path, data: bytes, limits: Limits, deadline: float) -> Workbook:
    """Tell an xls file from an encrypted xlsx and from other documents by the names of its streams."""
    names = data.lower()
    if "encryptedpackage".encode("utf-16-le") in names:
        raise WorkbookError("file-encrypted", path.name)
    if not any(f"{name}\0".encode("utf-16-le") in names for name in ("workbook", "book")):
        raise WorkbookError("file-not-a-workbook", path.name, "OLE")
    return read_xls(path, data, limits, deadline)
