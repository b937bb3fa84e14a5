"""Change a few parts of a zip archive and keep every other byte: order, dates, packing, extra fields."""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Collection, Mapping
from pathlib import Path
from zipfile import ZipFile, ZipInfo

DATE = (0, 0x21)  # 1 January 1980, the first that an archive can hold: the same content gives the same bytes
_LOCAL = struct.Struct("<4s5H3L2H")
_CENTRAL = struct.Struct("<4s6H3L5H2L")
_END = struct.Struct("<4s4H2LH")
_UTF8 = 0x800  # flag: the name is utf-8
_LONG = 0xFFFFFFFF


class CannotPatch(Exception):
    """Raised for a file to which a sheet cannot be added without touching more than what lists it."""


def rewrite(
    data: bytes,
    archive: ZipFile,
    changed: Mapping[ZipInfo, bytes],
    *,
    added: Mapping[str, bytes] = {},
    dropped: Collection[ZipInfo] = (),
) -> bytes:
    """Return an archive with some entries' content changed in place, some dropped, and some added at the end.

    All other entries are copied as they are packed, with their dates and fields.

    Raises
    ------
    CannotPatch
        If entries overlap, or are larger than the plain format allows.
    """
    ends = dict(zip(*_edges(archive), strict=True))
    made, directory = bytearray(), bytearray()
    count = 0
    for info, record in zip(archive.infolist(), _records(data, archive), strict=True):
        if info in dropped:
            continue
        start, count = len(made), count + 1
        if info in changed:
            time, date = struct.unpack_from("<2H", record, 12)
            local, entry = _entry(_name(record), changed[info], start, (time, date), info.flag_bits & _UTF8)
            made += local
            directory += entry
            continue
        made += _copied(data, info, ends[info.header_offset])
        if struct.unpack_from("<L", record, 42)[0] == _LONG:
            raise CannotPatch("zip64")
        directory += record[:42] + struct.pack("<L", start) + record[46:]
    packed, entries = _packed(added, len(made))
    return _joined(made + packed, directory + entries, count + len(added), archive.comment)


def build(parts: Mapping[str, bytes]) -> bytes:
    """Return a new archive of parts."""
    return _joined(*_packed(parts, 0), len(parts))


def partial_path(path: Path) -> Path:
    """Return where a file is written until it is complete."""
    return path.with_name(f".{path.name}.{os.getpid()}.part")


def write_whole(path: Path, data: bytes) -> Path:
    """Write a file so that it appears only when it is complete."""
    partial = partial_path(path)
    try:
        partial.write_bytes(data)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
    return path


def _edges(archive: ZipFile) -> tuple[list[int], list[int]]:
    """Where entries begin, and where each ends: at the next one, or at the directory."""
    starts = sorted({info.header_offset for info in archive.infolist()})
    return starts, [*starts[1:], archive.start_dir]


def _records(data: bytes, archive: ZipFile) -> list[bytes]:
    """Return the directory's records as they stand, in its order."""
    records = []
    place = archive.start_dir
    for _ in archive.infolist():
        sizes = struct.unpack_from("<3H", data, place + 28)
        end = place + _CENTRAL.size + sum(sizes)
        records.append(data[place:end])
        place = end
    return records


def _name(record: bytes) -> bytes:
    (size,) = struct.unpack_from("<H", record, 28)
    return record[_CENTRAL.size : _CENTRAL.size + size]


def _copied(data: bytes, info: ZipInfo, end: int) -> bytes:
    """Return an entry's header, packed data and what follows them."""
    start = info.header_offset
    if data[start : start + 4] != b"PK\x03\x04":
        raise CannotPatch(info.filename)
    name, extra = struct.unpack_from("<2H", data, start + 26)
    if start + _LOCAL.size + name + extra + info.compress_size > end:
        raise CannotPatch(info.filename)
    return data[start:end]


def _packed(parts: Mapping[str, bytes], start: int) -> tuple[bytearray, bytearray]:
    """Pack new parts that begin at a place, and their records in the directory."""
    made, directory = bytearray(), bytearray()
    for name, content in parts.items():
        local, entry = _entry(name.encode("utf-8"), content, start + len(made), DATE, _UTF8)
        made += local
        directory += entry
    return made, directory


def _joined(made: bytearray, directory: bytearray, count: int, comment: bytes = b"") -> bytes:
    end = _END.pack(b"PK\x05\x06", 0, 0, count, count, len(directory), len(made), len(comment))
    return bytes(made + directory + end + comment)


def _entry(name: bytes, content: bytes, start: int, date: tuple[int, int], utf8: int) -> tuple[bytes, bytes]:
    """Pack a part: its header with the data, and its record in the directory."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = packer.compress(content) + packer.flush()
    fields = (utf8, 8, *date, zlib.crc32(content), len(packed), len(content), len(name), 0)
    local = _LOCAL.pack(b"PK\x03\x04", 20, *fields) + name + packed
    return local, _CENTRAL.pack(b"PK\x01\x02", 20, 20, *fields, 0, 0, 0, 0, start) + name
