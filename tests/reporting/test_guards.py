"""What must hold of every chart at 3, 30 and 300 projects in both languages."""

from __future__ import annotations

import re
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.collections import Collection
from matplotlib.colors import to_hex, to_rgba
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.text import Text

from digistrat.reporting import charts, style
from digistrat.reporting.figures import write_table


def texts_of(ax: Axes) -> list[Text]:
    """All texts that are seen."""
    found: list[Any] = ax.figure.findobj(Text)
    return [t for t in found if t.get_visible() and t.get_text().strip()]


def box_of(text: Text) -> Any:
    # an annotation's own extent would include its leader line
    return Text.get_window_extent(text)


def seen(ax: Axes) -> str:
    return re.sub(
        r"\s+",
        " ",
        " ".join(t.get_text() for t in ax.figure.texts + ax.figure.artists if isinstance(t, Text)),
    )


def plain(text: str) -> str:
    return re.sub(r"\s+", " ", text)


def test_no_text_leaves_the_figure(every_chart: dict[str, Axes]) -> None:
    outside = []
    for name, ax in every_chart.items():
        frame = ax.figure.bbox
        for text in texts_of(ax):
            box = box_of(text)
            if box.x0 < -0.5 or box.y0 < -0.5 or box.x1 > frame.x1 + 0.5 or box.y1 > frame.y1 + 0.5:
                outside.append((name, text.get_text(), box))
    assert outside == []


def test_no_text_covers_another(every_chart: dict[str, Axes]) -> None:
    covered = []
    for name, ax in every_chart.items():
        boxes = [(t.get_text(), box_of(t)) for t in texts_of(ax)]
        for (a, first), (b, second) in combinations(boxes, 2):
            wide = min(first.x1, second.x1) - max(first.x0, second.x0)
            high = min(first.y1, second.y1) - max(first.y0, second.y0)
            if wide > 1 and high > 1.5:  # pixels at 100 dpi; line heights include room for accents
                covered.append((name, a, b, round(wide, 1), round(high, 1)))
    assert covered == []


def test_text_is_large_enough_and_horizontal(every_chart: dict[str, Axes]) -> None:
    for name, ax in every_chart.items():
        for text in texts_of(ax):
            assert text.get_fontsize() >= 9, (name, text.get_text())
            if text is not ax.yaxis.label:  # the name of the vertical axis is the one exception
                assert text.get_rotation() == 0, (name, text.get_text())


def test_figures_fit_on_a4(every_chart: dict[str, Axes]) -> None:
    for name, ax in every_chart.items():
        width, height = ax.figure.get_size_inches()
        assert width <= 210 / 25.4 - 1.2, name
        assert height <= 297 / 25.4 - 1.2, name


def test_head_and_foot_stand_on_the_figure(every_chart: dict[str, Axes]) -> None:
    for name, ax in every_chart.items():
        chart, words = charts.chart_of(ax), seen(ax)
        assert chart.title, name
        for part in (chart.title, chart.subtitle, chart.foot, chart.notice):
            assert plain(part) in words, (name, part)
        assert chart.notice in ("Beispieldaten, frei erfunden", "Example data, entirely invented")
        assert "3f2a91c0" in chart.foot
        date = "30.04.2026" if chart.language == "de" else "30 Apr 2026"
        assert date in plain(chart.subtitle), name
        assert date in plain(chart.foot), name


def test_alternative_text_is_two_sentences(every_chart: dict[str, Axes]) -> None:
    for name, ax in every_chart.items():
        chart, alt = charts.chart_of(ax), charts.alt_text(ax)
        assert len(re.findall(r"[.!?] (?=[A-ZÄÖÜ0-9„“])", alt)) == 1, (name, alt)
        assert alt.endswith("."), name
        assert chart.notice in alt, name
        assert plain(chart.title) in alt, name


def test_no_placeholder_is_left(every_chart: dict[str, Axes]) -> None:
    for name, ax in every_chart.items():
        for text in texts_of(ax):
            assert not re.search(r"\{\w*\}|\bnan\b|NaT|<NA>", text.get_text()), (name, text.get_text())


def colours_of(ax: Axes) -> set[str]:
    used: set[Any] = set()
    for artist in ax.figure.findobj():
        if not artist.get_visible():
            continue
        if isinstance(artist, Text):
            used.add(to_rgba(artist.get_color()))
        elif isinstance(artist, Patch):
            used |= {
                artist.get_facecolor(),
                artist.get_edgecolor() if artist.get_linewidth() else (0, 0, 0, 0),
            }
        elif isinstance(artist, Collection):
            used |= {tuple(c) for c in [*artist.get_facecolor(), *artist.get_edgecolor()]}
        elif isinstance(artist, Line2D) and (
            artist.get_linestyle() != "None" or artist.get_marker() not in ("", "None")
        ):
            used |= {to_rgba(artist.get_color()), to_rgba(artist.get_markerfacecolor())}
    return {to_hex(c).upper() for c in used if len(c) < 4 or c[3] > 0}


def test_colours_come_from_the_style(every_chart: dict[str, Axes]) -> None:
    allowed = {c.upper() for c in style.PALETTE} | {"#000000"}  # ticks of length zero keep their own black
    for name, ax in every_chart.items():
        assert colours_of(ax) <= allowed, name


def test_text_has_contrast_to_what_lies_under_it(every_chart: dict[str, Axes]) -> None:
    weak = []
    for name, ax in every_chart.items():
        pixels = np.asarray(ax.figure.canvas.buffer_rgba())[..., :3]
        height = pixels.shape[0]
        for text in texts_of(ax):
            box = box_of(text)
            rows = slice(max(int(height - box.y1), 0), int(height - box.y0) + 1)
            under = pixels[rows, max(int(box.x0), 0) : int(box.x1) + 1].reshape(-1, 3)
            values, counts = np.unique(under, axis=0, return_counts=True)
            ground = to_hex(values[counts.argmax()] / 255)
            ratio = style.contrast(to_hex(text.get_color()), ground)
            if ratio < 4.5:
                weak.append((name, text.get_text(), ground, round(ratio, 2)))
    assert weak == []


@pytest.mark.parametrize("language", ["de", "en"])
def test_csv_is_the_data_that_is_drawn(make_charts: Any, language: str, tmp_path: Any) -> None:
    separator, decimal = (";", ",") if language == "de" else (",", ".")
    for name, ax in make_charts(30, language).items():
        data = charts.chart_data(ax)
        path = write_table(data, tmp_path / f"{name}.csv", language=language)
        assert path.read_bytes().startswith(b"\xef\xbb\xbf")
        read = pd.read_csv(
            path, sep=separator, decimal=decimal, encoding="utf-8-sig", keep_default_na=False, na_values=[""]
        )
        assert list(read.columns) == list(data.columns)
        assert len(read) == len(data) > 0
        for column in data.columns:
            if pd.api.types.is_numeric_dtype(data[column]):
                np.testing.assert_array_equal(read[column].to_numpy(float), data[column].to_numpy(float))
            elif pd.api.types.is_datetime64_any_dtype(data[column]):
                assert (pd.to_datetime(read[column]) == data[column]).all()
            else:
                assert (
                    read[column].fillna("").astype(str).tolist()
                    == data[column].fillna("").astype(str).tolist()
                )
