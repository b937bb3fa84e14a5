"""Measure, clean, wrap and clip text in points, before anything is drawn."""

from __future__ import annotations

import re
from functools import cache

from matplotlib.font_manager import FontProperties, findfont, get_font
from matplotlib.ft2font import LoadFlags

from digistrat.reporting import style

_SIZE = 100.0


@cache
def _font(bold: bool) -> tuple[object, frozenset[int]]:
    path = findfont(FontProperties(family=style.FONT, weight="bold" if bold else "normal"))
    font = get_font(path)
    return font, frozenset(font.get_charmap())


@cache
def _advance(char: str, bold: bool) -> float:
    """Width of one character in em."""
    font, _ = _font(bold)
    font.set_size(_SIZE, 72)  # type: ignore[attr-defined]
    glyph = font.load_char(ord(char), flags=LoadFlags.NO_HINTING)  # type: ignore[attr-defined]
    return float(glyph.linearHoriAdvance) / 65536 / _SIZE


def clean(text: object) -> str:
    r"""Return a text on one line, with a box for what the font cannot draw.

    Examples
    --------
    >>> clean("Digitale\n Akte")
    'Digitale Akte'
    """
    _, known = _font(False)
    # no-break spaces stay: they hold a number and its unit together
    line = re.sub(r"[^\S\u00a0]+", " ", str(text)).strip()
    return "".join(c if (ord(c) in known and c.isprintable()) or c == "\u00a0" else "□" for c in line)


def width(text: str, *, size: float = style.SIZE_TEXT, bold: bool = False) -> float:
    """Return the width of a line in points."""
    return sum(_advance(c, bold) for c in text) * size


def clip(text: object, limit: float, *, size: float = style.SIZE_TEXT, bold: bool = False) -> str:
    """Return a text that is at most `limit` points wide, with an ellipsis where it was cut.

    Examples
    --------
    >>> clip("Digitale Bauakte", 60)
    'Digitale Ba…'
    """
    line = clean(text)
    if width(line, size=size, bold=bold) <= limit:
        return line
    room = limit - _advance("…", bold) * size
    kept = 0
    for c in line:
        room -= _advance(c, bold) * size
        if room < 0:
            break
        kept += 1
    return line[:kept].rstrip(" ,;:-–(") + "…"


def wrap(
    text: object, limit: float, *, size: float = style.SIZE_TEXT, bold: bool = False, lines: int | None = None
) -> list[str]:
    """Break a text into lines of at most `limit` points; with `lines`, the last one is clipped.

    Examples
    --------
    >>> wrap("Digitale Verwaltung und Bürgerservice", 110)
    ['Digitale Verwaltung und', 'Bürgerservice']
    """
    rows: list[str] = []
    row = ""
    words = clean(text).split(" ")
    for i, word in enumerate(words):
        longer = f"{row} {word}" if row else word
        if not row or width(longer, size=size, bold=bold) <= limit:
            row = longer
        elif lines is not None and len(rows) == lines - 1:
            row = " ".join([row, *words[i:]])
            break
        else:
            rows.append(row)
            row = word
    rows.append(row)
    return [clip(r, limit, size=size, bold=bold) for r in rows]


def balance(text: object, limit: float, *, size: float = style.SIZE_TEXT, bold: bool = False) -> list[str]:
    """Break a text as `wrap` does, with lines of about equal length.

    Examples
    --------
    >>> balance("6 Rücksendungen verursachen die Hälfte der Befunde", 230)
    ['6 Rücksendungen verursachen', 'die Hälfte der Befunde']
    """
    lines = wrap(text, limit, size=size, bold=bold)
    narrow, wide = limit / 2, limit
    while wide - narrow > 2:
        middle = (narrow + wide) / 2
        tried = wrap(text, middle, size=size, bold=bold)
        if len(tried) > len(lines) or any(line.endswith("…") for line in tried):
            narrow = middle
        else:
            wide = middle
    return wrap(text, wide, size=size, bold=bold)


def labelled(title: object, key: str, limit: float, *, size: float = style.SIZE_TEXT) -> str:
    """Return ``title · key`` within `limit` points; the title is clipped, the key never."""
    if clean(title) == key:
        return key
    tail = f" · {key}"
    return clip(title, limit - width(tail, size=size), size=size) + tail
