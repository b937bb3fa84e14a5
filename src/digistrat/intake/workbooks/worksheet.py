"""A worksheet part of an xlsx file: the fast way where it is written as most writers write it."""

from __future__ import annotations

from collections.abc import Sequence

from digistrat.intake.workbooks.container import Container
from digistrat.intake.workbooks.formats import Styles
from digistrat.intake.workbooks.records import MAX_ROW, Sheet, WorkbookError, make_sheet
from digistrat.intake.workbooks.sheetxml import MERGED_BYTES, MOST_TEXT, SheetReader
from digistrat.intake.workbooks.tiles import TileReader

_COUNT_FROM = 20_000_000  # bytes; a smaller part cannot hold elements enough to matter
_MOST_OTHERS = 2_000_000  # elements that are no cells
_LEAST_TEXT = 50  # bytes that the shortest text of a cell or formula takes
_LONG_TAG = 40  # bytes that tags stay below on average; what a part has beyond them is text


def read_sheet(
    container: Container,
    part: str,
    name: str,
    hidden: bool,
    room: int,
    *,
    strings: Sequence[str],
    styles: Styles,
    date1904: bool,
) -> Sheet:
    """Read a worksheet part.

    Parameters
    ----------
    container, part
        Where it is.
    name, hidden
        From the workbook's list of sheets.
    room
        How many more cells the file may have.
    strings
        The shared strings.
    styles
        What the cells' styles say.
    date1904
        Whether serials count from 1904.

    Raises
    ------
    WorkbookError
        If it is damaged or passes a limit.
    """
    maybe_plain = _look_at_masses(container, part, room)
    reader: SheetReader = TileReader(container, part, strings, styles, date1904, room)
    if not (maybe_plain and isinstance(reader, TileReader) and reader.read_plain(container)):
        reader = SheetReader(container, part, strings, styles, date1904, room)
        reader.read_any(container)
    container.seen["text"] += reader.text_size
    return make_sheet(
        name,
        hidden,
        reader.cells,
        hidden_rows=reader.hidden_rows,
        hidden_columns=reader.columns_hidden(),
        merged=reader.merged,
        filtered=reader.filtered,
        struck=reader.struck,
    )


def _look_at_masses(container: Container, part: str, room: int) -> bool:
    """Refuse a large part by counting tags in its bytes, before minutes go into parsing it.

    Returns whether it may be one for the fast pass, as small ones may.
    """
    if container.inflated + container.size(part) < _COUNT_FROM:
        return True
    tags, specials = container.count(part, b"<", b"<!")
    seen = container.seen
    seen["tags"] += tags
    text_bytes = container.size(part) - _LONG_TAG * tags
    if text_bytes > MOST_TEXT:
        raise WorkbookError("file-too-large", container.file, f"{part}: texts")
    if seen["tags"] < _MOST_OTHERS:
        return specials == 0
    cells, values, formulas, texts, inline, rows, results, merges = container.count(
        part, b"<c", b"<v", b"<f", b"<t", b"<is", b"<row", b' t="str"', b"<mergeCell "
    )
    seen["cells"] += cells
    # Blank cells cost less than full ones.
    if max(values, formulas, texts) > room or seen["cells"] // 2 > container.limits.n_cells:
        raise WorkbookError("file-too-large", container.file, f"> {container.limits.n_cells} cells")
    n_cells = container.limits.n_cells - room + max(values, formulas, texts)
    text_bytes = max(text_bytes, _LEAST_TEXT * (formulas + texts + min(results, values)))
    if not container.limits.hold(n_cells, seen["text"] + text_bytes + MERGED_BYTES * merges):
        raise WorkbookError("file-too-large", container.file, f"{part}: memory")
    seen["others"] += tags - 2 * (cells + values + formulas + texts + inline + min(rows, MAX_ROW))
    if seen["others"] > _MOST_OTHERS:
        raise WorkbookError("file-too-large", container.file, f"{part} > {_MOST_OTHERS} elements")
    return specials == 0
