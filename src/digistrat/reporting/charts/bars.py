"""Horizontal bars: stacked by category with their values, or against a ceiling."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from digistrat.reporting import style
from digistrat.reporting.charts.canvas import MARGIN, row_axis
from digistrat.reporting.charts.lettering import width
from digistrat.reporting.charts.source import Source

Span = tuple[float, float, float, str, str]  # start, end, y, text, fill


def stacked_bars(
    ax: Axes, data: pd.DataFrame, fills: Mapping[str, str], words: pd.DataFrame, *, height: float = 0.72
) -> list[Span]:
    """Draw one bar per row from the columns named in `fills`; white gaps part the segments.

    A category whose fill is the paper's own is hatched: it is no category but a missing answer.

    Returns
    -------
    list of Span
        For `label_inside`: the words of segments that are not empty.
    """
    spans: list[Span] = []
    start = np.zeros(len(data))
    for column, fill in fills.items():
        size = data[column].to_numpy(dtype=float)
        missing = fill == style.PAPER
        there = np.flatnonzero(size)
        ax.barh(
            there,
            size[there],
            left=start[there],
            height=height,
            facecolor=fill,
            edgecolor=style.QUIET if missing else style.PAPER,
            linewidth=0.6 if missing else 1.0,
            hatch=style.HATCH_NONE if missing else None,
            label=column,
        )
        if not missing:
            ends = zip(start, size, words[column], strict=True)
            spans += [(a, a + w, y, word, fill) for y, (a, w, word) in enumerate(ends) if w]
        start = start + size
    return spans


def total_labels(
    ax: Axes, ends: Sequence[float], words: Sequence[str], *, bold: bool = True, gap: float = 5.0
) -> None:
    """Write a text behind the end of each bar."""
    for y, (end, word) in enumerate(zip(ends, words, strict=True)):
        ax.annotate(
            word,
            (end, y),
            (gap, 0),
            textcoords="offset points",
            va="center_baseline",
            fontweight="bold" if bold else "normal",
        )


def bare_axis(ax: Axes, labels: Sequence[str], ends: Sequence[float], words: Sequence[str]) -> None:
    """Label the rows and leave the value axis away: every value is written.

    The axis is as long as the bars' `ends` and the words behind them need, in a figure of full width.
    """
    row_axis(ax, labels)
    label_room = max((width(line) for label in labels for line in label.split("\n")), default=0.0)
    room = style.WIDTH * 72 - 2 * MARGIN - label_room - 12
    needed = (
        (end / (room - width(word, bold=True) - 10)) * room for end, word in zip(ends, words, strict=True)
    )
    ax.set_xlim(0, max(needed, default=1.0) or 1.0)
    ax.set_xticks([])
    ax.spines["bottom"].set_visible(False)


def against_ceiling(
    ax: Axes, source: Source, data: pd.DataFrame, *, amount: str, ceiling: str, committed: str | None = None
) -> None:
    """Draw amounts by year and kind against their ceilings, with both written behind the bar.

    Parameters
    ----------
    ax : Axes
    source : Source
    data : DataFrame
        One row per year and kind, with the columns ``year``, ``kind`` and those named.
    amount, ceiling : str
        Columns in euros. What exceeds its ceiling is hatched; a year without a ceiling has no line.
    committed : str, optional
        Part of the amount that is already bound, drawn pale at the start of the bar.
    """
    years = data["year"].ne(data["year"].shift()).cumsum().to_numpy() - 1
    at = np.arange(len(data)) + years * 0.55
    words = []
    for y, row in zip(at, data.itertuples(index=False), strict=True):
        planned, limit = float(getattr(row, amount)), float(getattr(row, ceiling))
        fill = style.KIND.get(str(row.kind), style.GREY)
        over = planned > limit * (1 + 1e-9)
        ax.barh(y, planned, height=0.72, facecolor=fill, label=f"{row.year} {row.kind}")
        if over:
            ax.barh(
                y,
                planned - limit,
                left=limit,
                height=0.72,
                facecolor=style.CATEGORY[3],
                hatch=style.HATCH_OVER,
                edgecolor=style.INK,
                linewidth=0,
            )
        if committed is not None and (bound := float(getattr(row, committed))) > 0:
            ax.barh(y, bound, height=0.24, facecolor=style.PAPER, edgecolor=style.INK, linewidth=0.6)
        if np.isnan(limit):
            words.append(source.text("no_ceiling", amount=source.money(planned)))
        else:
            ax.vlines(limit, y - 0.46, y + 0.46, color=style.INK, linewidth=2.2)
            share = source.percent(planned / limit) if limit else "–"
            words.append(
                source.text(
                    "of_ceiling", amount=source.money(planned), ceiling=source.money(limit), share=share
                )
            )
        ax.annotate(
            words[-1],
            (np.nanmax([planned, limit]), y),
            (6, 0),
            textcoords="offset points",
            va="center_baseline",
            color=style.WARNING if over else style.INK,
            fontweight="bold" if over else "normal",
        )
    labels = [
        str(r.year) if first else ""
        for r, first in zip(data.itertuples(), np.diff(years, prepend=-1), strict=True)
    ]
    bare_axis(ax, labels, data[[amount, ceiling]].max(axis=1).tolist(), words)
    ax.set_yticks(at, labels=labels, fontweight="bold")
    ax.set_ylim(at[-1] + 0.6, -0.6)
