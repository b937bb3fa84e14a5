"""Direct labels of points, placed so that no text covers another: greedy, the most important first."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from matplotlib import patheffects
from matplotlib.axes import Axes
from matplotlib.text import Text

from digistrat.reporting import style
from digistrat.reporting.charts.canvas import settle
from digistrat.reporting.charts.lettering import width, wrap

Array = npt.NDArray[np.float64]
Box = tuple[float, float, float, float]  # left, low, right, high in points
_LINE = style.SIZE_TEXT * 1.2
# where a label may stand: direction of its nearest edge, first choice first
_SIDES = (
    *((1.0, 0.0), (-1.0, 0.0), (0.0, 1.0), (0.0, -1.0), (1.0, 1.0), (-1.0, 1.0), (1.0, -1.0), (-1.0, -1.0)),
    *((0.5, 1.0), (-0.5, 1.0), (0.5, -1.0), (-0.5, -1.0), (1.0, 0.5), (-1.0, 0.5), (1.0, -0.5), (-1.0, -0.5)),
)
_DISTANCES = (4.0, 12.0, 24.0, 38.0, 54.0, 72.0, 92.0, 114.0)
_NEAR_COST, _FAR_COST, _CROSSING_COST = 0.6, 0.8, 1.0
_HALO_WIDTH = 2.5
_HALO = [patheffects.withStroke(linewidth=_HALO_WIDTH, foreground=style.PAPER)]
_CLEAR = 3.0  # points between a label and the nearest marker, so that the halo covers none
_DISTINCT = 5.0  # another marker so much farther than a label's own leaves no doubt whose it is


def place_labels(
    ax: Axes,
    x: Sequence[float],
    y: Sequence[float],
    radius: Sequence[float],
    labels: Sequence[tuple[int, str]],
    *,
    limit: float = 120.0,
    taken: Sequence[Text] = (),
) -> list[Text]:
    """Write labels beside points where there is room, and leave out those for which there is none.

    Parameters
    ----------
    ax : Axes
        With its final limits.
    x, y : sequence of float
        All points, in data coordinates.
    radius : sequence of float
        Radius of each point's marker in points.
    labels : sequence of (number of the point, text)
        The most important first.
    limit : float
        Width in points at which a label breaks into a second line, where it is clipped.
    taken : sequence of Text
        Texts that stand already and must stay free.

    Returns
    -------
    list of Text
        Those that were written.

    Notes
    -----
    Of the free places around a point, the nearest wins that leaves no doubt whose label it is. Text covers
    neither text nor marker; a label without such a place is left out. A line leads to every label that
    does not stand beside its point, or stands as near to another.
    """
    settle(ax)
    figure = ax.get_figure(root=True)
    assert figure is not None
    scale = 72 / figure.dpi
    points = ax.transData.transform(np.column_stack([x, y])) * scale
    size = np.asarray(radius, dtype=float)
    frame = ax.get_window_extent()
    x0, y0, x1, y1 = (v * scale for v in (frame.x0, frame.y0, frame.x1, frame.y1))
    boxes: list[Box] = []
    leaders: list[tuple[float, float, float, float]] = []
    for text in taken:
        extent = text.get_window_extent()
        boxes.append((extent.x0 * scale, extent.y0 * scale, extent.x1 * scale, extent.y1 * scale))
    written: list[Text] = []
    for number, label in labels:
        lines = wrap(label, limit, lines=2)
        w, h = max(width(line) for line in lines), len(lines) * _LINE
        px, py = points[number]
        best: tuple[float, Box, tuple[float, float], bool] | None = None
        for distance in _DISTANCES:
            for preference, (sx, sy) in enumerate(_SIDES):
                away = size[number] + distance
                if sx and sy:
                    away *= 0.75
                left = px + sx * away - w * (1 - sx) / 2
                low = py + sy * away - h * (1 - sy) / 2
                box = (left, low, left + w, low + h)
                if left < x0 + 1 or low < y0 + 1 or box[2] > x1 - 1 or box[3] > y1 - 1:
                    continue
                if any(_overlap(box, other, 4.0) for other in boxes):
                    continue
                # a line to the label crosses no text, and the label covers no line
                line = (px, py, left + w / 2, low + h / 2)
                if distance > _DISTANCES[0] and any(_crosses(line, other) for other in boxes):
                    continue
                if any(_crosses(other, box) for other in leaders):
                    continue
                gaps = _gaps(box, points, size)
                if gaps.min() < min(_CLEAR, distance * 0.75):
                    continue
                others = np.delete(gaps, number)
                in_doubt = bool((others < gaps[number] + _DISTINCT).any())
                needs_leader = in_doubt or distance > _DISTANCES[0]
                cost = _FAR_COST * _DISTANCES.index(distance) + _NEAR_COST * in_doubt + 0.01 * preference
                if needs_leader:
                    met = _on_line(line, points, size)
                    met[number] = False
                    cost += _CROSSING_COST * int(met.sum())
                if best is None or cost < best[0]:
                    best = (cost, box, (sx, sy), needs_leader)
        if best is None:
            continue
        _, box, (sx, sy), needs_leader = best
        boxes.append(box)
        if needs_leader:
            leaders.append((px, py, (box[0] + box[2]) / 2, (box[1] + box[3]) / 2))
        written.append(
            ax.annotate(
                "\n".join(lines),
                (x[number], y[number]),
                ((box[0] + box[2]) / 2 - px, (box[1] + box[3]) / 2 - py),
                textcoords="offset points",
                ha="center",
                va="center",
                multialignment="left" if sx > 0 else "right" if sx < 0 else "center",
                linespacing=1.05,
                arrowprops={
                    "arrowstyle": "-",
                    "color": style.GREY,
                    "linewidth": 0.7,
                    "shrinkA": 0,
                    "shrinkB": size[number],
                }
                if needs_leader
                else None,
                zorder=6,
                path_effects=_HALO,
            )
        )
        # labels lie inside the frame: the layout needs no room for them, and stays as it was measured
        written[-1].set_in_layout(False)
    return written


def _overlap(a: Sequence[float], b: Sequence[float], gap: float) -> bool:
    return a[0] < b[2] + gap and b[0] < a[2] + gap and a[1] < b[3] + gap and b[1] < a[3] + gap


def _crosses(line: Box, box: Box) -> bool:
    """Whether a line from (x, y) to (x, y) meets a box; Liang and Barsky (1984)."""
    x, y, dx, dy = line[0], line[1], line[2] - line[0], line[3] - line[1]
    enter, leave = 0.0, 1.0
    for step, room in ((-dx, x - box[0]), (dx, box[2] - x), (-dy, y - box[1]), (dy, box[3] - y)):
        if step == 0:
            if room < 0:
                return False
        elif step < 0:
            enter = max(enter, room / step)
        else:
            leave = min(leave, room / step)
    return enter <= leave


def _on_line(line: Box, points: Array, radius: Array) -> npt.NDArray[np.bool_]:
    """Which markers a line from (x, y) to (x, y) meets."""
    start, step = np.array(line[:2]), np.array(line[2:]) - np.array(line[:2])
    along = np.clip((points - start) @ step / max(float(step @ step), 1e-9), 0, 1)
    met: npt.NDArray[np.bool_] = np.hypot(*(points - start - np.outer(along, step)).T) < radius
    return met


def _gaps(box: Sequence[float], points: Array, radius: Array) -> Array:
    """Distances from a box to the edges of the markers; negative where it covers one."""
    dx = np.maximum(np.maximum(box[0] - points[:, 0], points[:, 0] - box[2]), 0)
    dy = np.maximum(np.maximum(box[1] - points[:, 1], points[:, 1] - box[3]), 0)
    gaps: Array = np.hypot(dx, dy) - radius
    return gaps
