"""The frame around every chart: head, key, foot, alternative text and the data that is drawn."""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal, cast

import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Circle, Rectangle
from matplotlib.text import Text
from matplotlib.transforms import Affine2D, ScaledTranslation, Transform

from digistrat.reporting import style
from digistrat.reporting.charts.lettering import balance, clip, width, wrap
from digistrat.reporting.charts.source import Source

MARGIN = 10.0  # points around the figure
_SWATCH = 12.0
DASHES = (0.0, (2.0, 1.3))  # edge of a mark that is provisional


@dataclass(frozen=True)
class Chart:
    """What a chart says beside its drawing; kept with its Axes.

    Attributes
    ----------
    name : str
        Short name such as ``ranking``; the name of its files.
    title, subtitle, foot, notice, alt : str
        As drawn; ``alt`` is the alternative text of two sentences.
    language : {"de", "en"}
    data : DataFrame
        What is drawn, one row per mark.
    """

    name: str
    title: str
    subtitle: str
    foot: str
    notice: str
    alt: str
    language: str
    data: pd.DataFrame


@dataclass(frozen=True)
class Key:
    """One entry of a chart's key."""

    label: str
    colour: str
    kind: Literal["fill", "line", "marker", "note"] = "fill"
    hatch: str = ""
    marker: str = "o"
    edge: str = ""
    dashed: bool = False


def chart_of(ax: Axes) -> Chart:
    """Return what a plot function kept with its Axes.

    Raises
    ------
    ValueError
        If the Axes were not drawn by a plot function of digistrat.
    """
    chart = getattr(ax, "_digistrat_chart", None)
    if not isinstance(chart, Chart):
        raise ValueError("ax must be the Axes that a plot_ function of digistrat returned")
    return chart


def alt_text(ax: Axes) -> str:
    """Return the alternative text of a chart: what it shows, and what it finds.

    Parameters
    ----------
    ax : Axes
        As returned by a plot function.

    Returns
    -------
    str
        Two sentences in the chart's language.

    Raises
    ------
    ValueError
        If the Axes were not drawn by a plot function of digistrat.
    """
    return chart_of(ax).alt


def chart_data(ax: Axes) -> pd.DataFrame:
    """Return the data that a chart draws, as its CSV has it.

    Parameters
    ----------
    ax : Axes
        As returned by a plot function.

    Returns
    -------
    DataFrame
        One row per mark; a copy.

    Raises
    ------
    ValueError
        If the Axes were not drawn by a plot function of digistrat.
    """
    return chart_of(ax).data.copy()


def open_axes(ax: Axes | None, *, body: float) -> Axes:
    """Return the given Axes, or those of a new figure that pyplot does not know of.

    Parameters
    ----------
    ax : Axes, optional
        Where to draw.
    body : float
        Height for the Axes with its tick labels in inches; head and foot come on top.
    """
    if ax is not None:
        return ax
    figure = Figure(figsize=(style.WIDTH, body), layout="constrained")
    own = figure.add_subplot()
    own._digistrat_body = body  # type: ignore[attr-defined]
    return own


def finish(
    ax: Axes,
    source: Source,
    *,
    name: str,
    title: str,
    subtitle: str,
    data: pd.DataFrame,
    kind: str,
    key: Sequence[Key] = (),
    rule: str = "",
    run_id: str = "",
) -> Axes:
    """Write head, key and foot around the drawing and keep the chart's words and data with it.

    `kind` is the first sentence of the alternative text, the title the second.
    """
    foot = "\u00a0· ".join(
        part for part in (source.said, rule, source.text("run", run_id=run_id) if run_id else "") if part
    )
    chart = Chart(
        name=name,
        title=title,
        subtitle=subtitle,
        foot=foot,
        notice=source.notice,
        alt=f"{_sentence(' – '.join(p for p in (kind, source.notice) if p))} {_sentence(title)}".replace(
            "\u00a0", " "
        ),
        language=source.language,
        data=_rounded(data),
    )
    ax._digistrat_chart = chart  # type: ignore[attr-defined]
    figure = _figure(ax)
    body = getattr(ax, "_digistrat_body", None)
    if body is None:
        _frame_given(ax, chart, key)
        return ax
    # screens round the width of each letter up to whole pixels, by up to 3 %
    inner = (style.WIDTH * 72 - 2 * MARGIN) * 0.97
    head, head_height = _head(chart, key, inner)
    foot_lines = wrap(foot, inner)
    foot_height = len(foot_lines) * style.SIZE_TEXT * style.LINE_SPACING
    above, below = MARGIN + head_height + 6, MARGIN + foot_height + 8
    height = body + (above + below) / 72
    figure.set_size_inches(style.WIDTH, height)
    engine = figure.get_layout_engine()
    assert engine is not None
    side = MARGIN / 72 / style.WIDTH
    cast(Any, engine).set(
        rect=(side, below / 72 / height, 1 - 2 * side, body / height),
        w_pad=0.0,
        h_pad=0.02,
        wspace=0,
        hspace=0,
    )
    _place(figure, head, _points(figure, figure.transFigure, (0, 1), (MARGIN, -MARGIN)))
    _place(
        figure,
        _text_block(foot_lines, foot_height, size=style.SIZE_TEXT, colour=style.QUIET),
        _points(figure, figure.transFigure, (0, 0), (MARGIN, MARGIN)),
    )
    ax._repr_html_ = partial(_html, ax)  # type: ignore[attr-defined]  # a notebook shows the chart itself
    return ax


def draw_nothing(
    ax: Axes | None, source: Source, *, name: str, title: str, columns: Sequence[str], run_id: str = ""
) -> Axes:
    """Draw the chart of an empty frame: its title, and the words for no data."""
    ax = open_axes(ax, body=1.0)
    ax.set_axis_off()
    ax.text(
        0.5, 0.5, source.text("no_data"), ha="center", va="center", color=style.QUIET, transform=ax.transAxes
    )
    return finish(
        ax,
        source,
        name=name,
        title=title,
        subtitle=source.text("no_data_subtitle", scope=source.scope),
        data=pd.DataFrame(columns=list(columns)),
        kind=source.text("no_data_alt"),
        run_id=run_id,
    )


def settle(ax: Axes) -> None:
    """Fix the layout, so that what is placed next can be measured."""
    _figure(ax).draw_without_rendering()


def row_axis(ax: Axes, labels: Sequence[str], *, positions: Sequence[float] | None = None) -> None:
    """Write row labels and put the first row at the top."""
    places = list(range(len(labels))) if positions is None else list(positions)
    ax.set_yticks(places, labels=list(labels))
    ax.set_ylim(max(places, default=0) + 0.5, min(places, default=0) - 0.5)
    ax.tick_params(axis="y", pad=5)
    ax.spines["left"].set_visible(False)


def label_inside(
    ax: Axes, spans: Sequence[tuple[float, float, float, str, str]], *, room: float | None = None
) -> None:
    """Write a text into every horizontal span ``(start, end, y, text, fill)`` that is wide enough for it."""
    settle(ax)
    scale = ax.transData.transform
    dpi = _figure(ax).dpi
    for start, end, y, word, fill in spans:
        points = (scale((end, y))[0] - scale((start, y))[0]) * 72 / dpi
        if points >= width(word) + 5 and (room is None or room >= style.SIZE_TEXT):
            ax.text((start + end) / 2, y, word, ha="center", va="center_baseline", color=style.text_on(fill))


def _rounded(data: pd.DataFrame) -> pd.DataFrame:
    """Drop what floating point adds behind the ninth decimal, and what a CSV leaves out: the 13th digit."""
    numbers = {
        str(c): data[c].round(9).map(lambda value: float(f"{value:.12g}"))
        for c in data.select_dtypes("float").columns
    }
    return data.assign(**numbers).reset_index(drop=True)


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."


def _figure(ax: Axes) -> Figure:
    figure = ax.get_figure(root=True)
    assert figure is not None
    return figure


def _points(
    figure: Figure, base: Transform, corner: tuple[float, float], shift: tuple[float, float]
) -> Transform:
    """Return the transform of coordinates in points that begin at a corner plus a shift."""
    to_pixels = Affine2D().translate(*shift).scale(1 / 72) + figure.dpi_scale_trans
    return cast(Transform, to_pixels + ScaledTranslation(*corner, cast(Any, base)))


def _text_block(
    lines: Sequence[str], top: float, *, size: float, colour: str, bold: bool = False
) -> list[Artist]:
    step = size * style.LINE_SPACING
    return [
        Text(
            0,
            top - i * step - size,
            line,
            fontsize=size,
            color=colour,
            va="baseline",
            fontweight="bold" if bold else "normal",
        )
        for i, line in enumerate(lines)
    ]


def _head(chart: Chart, key: Sequence[Key], limit: float) -> tuple[list[Artist], float]:
    """Return what stands above the drawing, from 0 downwards, and its height in points."""
    artists: list[Artist] = []
    y = 0.0
    blocks = (
        (
            wrap(chart.notice, limit, bold=True) if chart.notice else [],
            style.SIZE_TEXT,
            style.WARNING,
            True,
            3,
        ),
        (balance(chart.title, limit, size=style.SIZE_TITLE, bold=True), style.SIZE_TITLE, style.INK, True, 3),
        (wrap(chart.subtitle, limit, size=style.SIZE_SUBTITLE), style.SIZE_SUBTITLE, style.QUIET, False, 4),
    )
    for lines, size, colour, bold, gap in blocks:
        if lines:
            artists += _text_block(lines, y, size=size, colour=colour, bold=bold)
            y -= len(lines) * size * style.LINE_SPACING + gap
    if key:
        swatches, used = _key(key, y - 3, limit)
        artists += swatches
        y -= used + 3
    return artists, -y


def _key(key: Sequence[Key], top: float, limit: float) -> tuple[list[Artist], float]:
    """Return swatches with their labels, side by side and wrapped, and the height they take."""
    artists: list[Artist] = []
    step = style.SIZE_TEXT * 1.6
    x, row = 0.0, 0
    for entry in key:
        indent = 0.0 if entry.kind == "note" else _SWATCH + 5
        label = clip(entry.label, limit - indent)
        needed = indent + width(label)
        if x and x + needed > limit:
            x, row = 0.0, row + 1
        y = top - row * step - style.SIZE_TEXT
        middle = y + style.SIZE_TEXT * 0.36
        if entry.kind == "fill":
            edge = entry.edge or (
                style.QUIET if entry.hatch or style.luminance(entry.colour) > 0.3 else "none"
            )
            artists.append(
                Rectangle(
                    (x, middle - 4.5),
                    _SWATCH,
                    9,
                    facecolor=entry.colour,
                    edgecolor=edge,
                    linewidth=0.6,
                    hatch=entry.hatch or None,
                )
            )
        elif entry.dashed:  # the edge of a marker cannot be dashed, that of a circle can
            artists.append(
                Circle(
                    (x + _SWATCH / 2, middle),
                    3.8,
                    facecolor=entry.colour,
                    edgecolor=entry.edge,
                    linewidth=1.1,
                    linestyle=DASHES,
                )
            )
        elif entry.kind != "note":
            is_line = entry.kind == "line"
            artists.append(
                Line2D(
                    [x, x + _SWATCH] if is_line else [x + _SWATCH / 2],
                    [middle] * (2 if is_line else 1),
                    color=entry.colour if is_line else "none",
                    linewidth=2.0 if is_line else 0,
                    marker=entry.marker if not is_line else "",
                    markersize=7,
                    markerfacecolor=entry.colour,
                    markeredgecolor=entry.edge or entry.colour,
                )
            )
        artists.append(Text(x + indent, y, label, fontsize=style.SIZE_TEXT, color=style.INK, va="baseline"))
        x += needed + 14
    return artists, (row + 1) * step


def _place(owner: Figure | Axes, artists: Sequence[Artist], transform: Transform) -> None:
    for artist in artists:
        artist.set_transform(transform)
        artist.set_clip_on(False)
        owner.add_artist(artist)


def _frame_given(ax: Axes, chart: Chart, key: Sequence[Key]) -> None:
    """In somebody else's figure head and foot belong to the Axes, and their layout makes room for them."""
    figure = _figure(ax)
    limit = max(ax.get_window_extent().width * 72 / figure.dpi, 200.0)
    head, height = _head(chart, key, limit)
    settle(ax)
    tight, inner = ax.get_tightbbox(), ax.get_window_extent()
    labels = 0.0 if tight is None else (tight.y1 - inner.y1) * 72 / figure.dpi
    _place(ax, head, _points(figure, ax.transAxes, (0, 1), (0, height + labels + 8)))
    foot = "\n".join(wrap(chart.foot, limit))
    label = ax.get_xlabel()
    ax.set_xlabel(f"{label}\n{foot}" if label else foot, loc="left")


def _html(ax: Axes) -> str:
    """Return the chart as an image with its alternative text."""
    buffer = io.BytesIO()
    with style.context():
        _figure(ax).savefig(buffer, format="png", dpi=110, metadata={"Software": None})
    image = base64.b64encode(buffer.getvalue()).decode("ascii")
    chart = chart_of(ax)
    return f'<img lang="{chart.language}" alt="{html.escape(chart.alt)}" src="data:image/png;base64,{image}">'
