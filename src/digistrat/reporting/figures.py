"""Save a chart for every reader: SVG, PNG, its data as CSV, and its alternative text."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from html import escape
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import PlaceHolderLayoutEngine

from digistrat.reporting import style
from digistrat.reporting.charts.canvas import Chart, chart_of

FORMATS = ("svg", "png", "csv", "txt")
PNG_DPI = 200
# A cell that begins like this is taken for a formula by spreadsheet programs.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def save_chart(
    ax: Axes, folder: str | Path, name: str = "", *, formats: Sequence[str] = FORMATS
) -> list[Path]:
    """Save a chart; a second run writes the same bytes.

    Parameters
    ----------
    ax : Axes
        As returned by a plot function; its whole figure is saved.
    folder : path
        Where to; made if need be.
    name : str
        Name of the files without suffix, from ids only; the chart's own name by default.
    formats : sequence of {"svg", "png", "csv", "txt"}
        SVG with title, description, role and language; PNG of 200 dpi with the alternative text in its
        metadata; CSV of the data; alternative text.

    Returns
    -------
    list of Path
        The files, in the order of `formats`.

    Raises
    ------
    ValueError
        If a format is unknown, the name is no plain file name, or `ax` holds no chart of digistrat.
    """
    unknown = [f for f in formats if f not in FORMATS]
    if unknown:
        raise ValueError(f"formats must be among {', '.join(FORMATS)}, not {', '.join(unknown)}")
    chart = chart_of(ax)
    name = name or chart.name
    if not name.replace("-", "").replace("_", "").replace(".", "").isalnum() or name.startswith("."):
        raise ValueError(f"name must consist of letters, digits, '-', '_' and '.', not {name!r}")
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    written = [target / f"{name}.{suffix}" for suffix in formats]
    for suffix, path in zip(formats, written, strict=True):
        if suffix == "svg":
            path.write_bytes(svg_bytes(ax))
        elif suffix == "png":
            path.write_bytes(png_bytes(ax))
        elif suffix == "csv":
            write_table(chart.data, path, language=chart.language)
        else:
            path.write_text(chart.alt + "\n", "utf-8", newline="\n")
    return written


def png_bytes(ax: Axes, *, dpi: float = PNG_DPI) -> bytes:
    """Return a chart as PNG with its title and alternative text in the metadata."""
    chart = chart_of(ax)
    return _drawn(
        ax,
        format="png",
        dpi=dpi,
        metadata={"Title": chart.title, "Description": chart.alt, "Software": None},
    )


def svg_bytes(ax: Axes) -> bytes:
    """Return a chart as SVG that screen readers can read: title, description, role and language."""
    chart = chart_of(ax)
    drawn = _drawn(
        ax, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None}
    ).decode("utf-8")
    return _accessible(drawn, chart).encode("utf-8")


def write_table(table: pd.DataFrame, path: str | Path, *, language: str = "de") -> Path:
    """Write a frame without its index as CSV that a spreadsheet program opens right away.

    Parameters
    ----------
    table : DataFrame
        What to write. A text that begins like a formula gets an apostrophe in front.
    path : path
        Where to; the folder is made if need be.
    language : {"de", "en"}
        German files have semicolons and decimal commas, English ones commas and points. UTF-8 with a
        byte order mark.

    Returns
    -------
    Path
        The file.
    """
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    safe = table.copy()
    for position in range(table.shape[1]):
        column = safe.iloc[:, position]
        if pd.api.types.is_datetime64_any_dtype(column):
            # midnight is a date and nothing more
            days_only = bool((column.dropna().dt.normalize() == column.dropna()).all())
            written = column.dt.strftime("%Y-%m-%d" if days_only else "%Y-%m-%dT%H:%M:%S")
        elif column.dtype == object or pd.api.types.is_string_dtype(column):
            written = column.map(_as_text, na_action="ignore")
        else:
            continue
        safe.isetitem(position, written)
    mark, decimal = (";", ",") if language == "de" else (",", ".")
    safe.columns = [_as_text(str(c)) for c in safe.columns]
    content = safe.to_csv(index=False, sep=mark, decimal=decimal, lineterminator="\n", float_format="%.12g")
    target.write_bytes(b"\xef\xbb\xbf" + content.encode("utf-8"))
    return target


def _as_text(value: Any) -> Any:
    if isinstance(value, (tuple, list)):
        value = "; ".join(map(str, value))
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


def _drawn(ax: Axes, **options: Any) -> bytes:
    figure = ax.get_figure(root=True)
    assert figure is not None
    buffer = io.BytesIO()
    with style.context(), _layout_kept(ax, figure):
        figure.savefig(buffer, **options)
    return buffer.getvalue()


@contextmanager
def _layout_kept(ax: Axes, figure: Figure) -> Iterator[None]:
    """Lay a figure out once: again, it would move by a last digit, and take a quarter of the time of saving.

    A figure of our own stays as it is laid out; one that somebody gave gets its layout engine back.
    """
    engine = figure.get_layout_engine()
    if engine is not None and not isinstance(engine, PlaceHolderLayoutEngine):
        figure.draw_without_rendering()
        figure.set_layout_engine("none")
    try:
        yield
    finally:
        if not hasattr(ax, "_digistrat_body"):
            figure.set_layout_engine(engine)


def _accessible(drawn: str, chart: Chart) -> str:
    """Give the root element role, language, title and description, and fonts that readers have.

    matplotlib can write a title, but no description and no role. Verdana is DejaVu's near twin on
    machines that lack it, so that text keeps its width.
    """
    start = drawn.index("<svg")
    end = drawn.index(">", start)
    root = (
        f'{drawn[start:end]} role="img" lang="{chart.language}" xml:lang="{chart.language}"'
        ' aria-labelledby="title desc">\n'
        f' <title id="title">{escape(chart.title)}</title>\n'
        f' <desc id="desc">{escape(chart.alt)}</desc>'
    )
    rest = drawn[end + 1 :].replace(f"'{style.FONT}'", f"'{style.FONT}', Verdana, sans-serif")
    return drawn[:start] + root + rest
