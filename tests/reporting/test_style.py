"""Colours against the published formula and the promises of the palette."""

from __future__ import annotations

import itertools

import matplotlib as mpl
import pytest

from digistrat.reporting import style


def test_contrast_on_published_values() -> None:
    # WCAG 2.1, technique G18: black on white is 21:1; #767676 is the lightest grey of 4.5:1 on white (WebAIM)
    assert style.contrast("#000000", "#FFFFFF") == pytest.approx(21.0)
    assert style.contrast("#767676", "#FFFFFF") == pytest.approx(4.54, abs=0.005)
    assert style.contrast("#777777", "#FFFFFF") == pytest.approx(4.48, abs=0.005)


def test_neighbours_of_the_palette_part() -> None:
    cycle = (*style.CATEGORY, style.CATEGORY[0])
    assert style.CATEGORY == ("#12436D", "#28A197", "#801650", "#F46A25")
    for first, second in itertools.pairwise(cycle):
        assert style.contrast(first, second) >= 3
    for colour in style.CATEGORY:
        assert style.contrast(colour, style.PAPER) >= 3


@pytest.mark.parametrize("fill", [*style.CATEGORY, *style.SEQUENTIAL, style.GRID, style.BAND])
def test_text_can_be_read_on_every_fill(fill: str) -> None:
    assert style.contrast(style.text_on(fill), fill) >= 4.5


def test_text_colours_can_be_read_on_paper() -> None:
    for colour in (style.INK, style.QUIET, style.WARNING):
        assert style.contrast(colour, style.PAPER) >= 4.5
    assert style.CATEGORY[1] not in (style.INK, style.QUIET, style.WARNING)
    assert style.CATEGORY[3] not in (style.INK, style.QUIET, style.WARNING)


def test_sequential_ramp_darkens_step_by_step() -> None:
    lights = [style.luminance(c) for c in style.SEQUENTIAL]
    assert lights == sorted(lights, reverse=True)
    # neighbours can be told apart in grey print
    assert (
        min(style.contrast(a, b) for a, b in zip(style.SEQUENTIAL, style.SEQUENTIAL[1:], strict=False)) > 1.3
    )


def test_steps() -> None:
    assert [style.sequential(v) for v in (0, 19.9, 20, 79.9, 80, 100)] == [
        style.SEQUENTIAL[i] for i in (0, 0, 1, 3, 4, 4)
    ]


def test_colour_must_be_a_hex_triple() -> None:
    with pytest.raises(ValueError, match="'#RRGGBB', not 'red'"):
        style.luminance("red")


def test_context_gives_settings_back() -> None:
    with mpl.rc_context({"font.size": 17.0, "svg.hashsalt": "mine"}):
        with style.context():
            assert mpl.rcParams["font.size"] == style.SIZE_TEXT
        assert mpl.rcParams["font.size"] == 17.0
        assert mpl.rcParams["svg.hashsalt"] == "mine"
