"""Rows × columns of values as a table that is coloured in steps, written in every cell."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.colors import BoundaryNorm, ListedColormap
from matplotlib.patches import Rectangle

from digistrat.reporting import style
from digistrat.reporting.charts.canvas import MARGIN, Key
from digistrat.reporting.charts.lettering import width, wrap
from digistrat.reporting.charts.source import Source

ROWS_PER_PAGE = 28
_ONE_LINE, _TWO_LINES = 0.215, 0.3  # row heights in inches


@dataclass(frozen=True)
class Grid:
    """Where the cells of a heatmap lie: column edges, row labels, heights."""

    edges: npt.NDArray[np.float64]
    heads: tuple[str, ...]
    labels: tuple[str, ...]
    row: float
    head: float

    @property
    def body(self) -> float:
        """Height of the drawing in inches."""
        return self.row * len(self.labels) + self.head


def make_grid(rows: Sequence[str], columns: Sequence[str]) -> Grid:
    """Give every column the width of its longest word, and the row labels what is left.

    Heads and labels stay horizontal; a label takes two lines where one is too short.
    """
    room = style.WIDTH * 72 - 2 * MARGIN
    # a soft hyphen says where a long head may break
    columns = [name.replace("\u00ad", "- ") for name in columns]
    needed = [max(width(word) for word in name.split()) + 7 for name in columns]
    cells = [max(n, 36.0) for n in needed]
    label_room = max(room - sum(cells) - 8, 110.0)
    spare = room - 8 - sum(cells) - min(label_room, 190.0)
    if spare > 0:
        cells = [c + spare / len(cells) for c in cells]
        label_room = min(label_room, 190.0)
    heads = tuple("\n".join(wrap(n, c - 3)) for n, c in zip(columns, cells, strict=True))
    labels = tuple("\n".join(wrap(r, label_room, lines=2)) for r in rows)
    return Grid(
        edges=np.concatenate([[0.0], np.cumsum(cells)]),
        heads=heads,
        labels=labels,
        row=_TWO_LINES if any("\n" in label for label in labels) else _ONE_LINE,
        head=max(h.count("\n") + 1 for h in heads) * 0.155 + 0.12,
    )


def draw_grid(
    ax: Axes,
    grid: Grid,
    values: npt.NDArray[np.float64],
    words: Sequence[Sequence[str]],
    *,
    bold_column: int | None = None,
    mean_row: bool = False,
    blank: Collection[int] = (),
) -> None:
    """Colour the cells of values 0–100, hatch those without a value, and write the words.

    Parameters
    ----------
    ax : Axes
    grid : Grid
        From `make_grid`.
    values : array, rows × columns
        NaN where there is no value.
    words : rows × columns
        What stands in the cells.
    bold_column : int, optional
        The column of totals.
    mean_row : bool
        Whether the first row is the mean of all, to be parted from the others by a line.
    blank : collection of int
        Rows whose cells stay empty.
    """
    n = len(grid.labels)
    ramp = ListedColormap(list(style.SEQUENTIAL))
    norm = BoundaryNorm([0, *style.SEQUENTIAL_STEPS, 100.0001], ramp.N)
    ax.pcolormesh(
        grid.edges,
        np.arange(n + 1) - 0.5,
        np.ma.masked_invalid(values),
        cmap=ramp,
        norm=norm,
        edgecolors=style.PAPER,
        linewidth=1.2,
    )
    edges = grid.edges.tolist()
    centres = [(a + b) / 2 for a, b in pairwise(edges)]
    for i, j in np.ndindex(values.shape):
        value = float(values[i, j])
        if np.isnan(value) and i not in blank:
            ax.add_patch(
                Rectangle(
                    (edges[j] + 1, i - 0.44),
                    edges[j + 1] - edges[j] - 2,
                    0.88,
                    facecolor=style.PAPER,
                    edgecolor=style.PALE,
                    hatch=style.HATCH_NONE,
                    linewidth=0.5,
                )
            )
        if words[i][j]:
            ax.text(
                centres[j],
                i,
                words[i][j],
                ha="center",
                va="center_baseline",
                color=style.INK if np.isnan(value) else style.text_on(style.sequential(value)),
                fontweight="bold" if j == bold_column or (mean_row and not i) else "normal",
                bbox={"facecolor": style.PAPER, "edgecolor": "none", "pad": 1.5} if np.isnan(value) else None,
            )
    if mean_row:
        ax.axhline(0.5, color=style.INK, linewidth=0.8)
    if bold_column:
        ax.axvline(grid.edges[bold_column], color=style.INK, linewidth=0.8)
    ax.set_xlim(grid.edges[0], grid.edges[-1])
    ax.set_ylim(n - 0.5, -0.5)
    ax.set_yticks(range(n), labels=list(grid.labels), linespacing=1.12)
    ax.set_xticks(centres, labels=list(grid.heads), linespacing=1.1)
    ax.tick_params(axis="x", top=True, labeltop=True, bottom=False, labelbottom=False, labelcolor=style.INK)
    for side in ax.spines.values():
        side.set_visible(False)


def page_of(n_rows: int, per_page: int, page: int) -> tuple[slice, int]:
    """Return the rows of a page and the number of pages.

    Raises
    ------
    ValueError
        If there is no such page.
    """
    pages = max(-(-n_rows // per_page), 1)
    if not 1 <= page <= pages:
        raise ValueError(f"page must be from 1 to {pages}, not {page}")
    # pages of about equal length look better than a last one with a single row
    even = -(-n_rows // pages)
    return slice((page - 1) * even, page * even), pages


def paged(source: Source, subtitle: str, page: int, pages: int) -> str:
    """Say in a subtitle which page this is, where there are several."""
    return subtitle if pages == 1 else f"{subtitle} {source.text('page', page=page, pages=pages)}"


def page_rows(source: Source, page: int, pages: int, names: Sequence[str]) -> str:
    """Say in an alternative text which rows this page has, where there are several pages."""
    if pages == 1:
        return ""
    said = source.text("page_rows", page=page, pages=pages, count=len(names), first=names[0], last=names[-1])
    return f" {said}"


def ramp_key(source: Source, missing: str) -> list[Key]:
    """Key of the sequential ramp with its steps, and of cells without a value."""
    steps = (0, *style.SEQUENTIAL_STEPS, 100)
    return [
        Key(source.text("step", low=source.number(a), high=source.number(b)), fill)
        for a, b, fill in zip(steps, steps[1:], style.SEQUENTIAL, strict=False)
    ] + [Key(missing, style.PAPER, hatch=style.HATCH_NONE, edge=style.PALE)]
