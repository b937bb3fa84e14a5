"""Widths against matplotlib's own, and what wrapping must keep."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import TextToPath

from digistrat.reporting.charts.lettering import balance, clean, clip, labelled, width, wrap

WORDS = st.text(st.sampled_from("abcdefgh ÄÖÜß-–123€iW"), max_size=80)


@pytest.mark.parametrize("bold", [False, True])
@pytest.mark.parametrize("text", ["Digitale Verwaltung und Bürgerservice", "1.234,5 Mio. €", "AVATAR To Ty"])
def test_width_is_that_of_matplotlib(text: str, bold: bool) -> None:
    font = FontProperties(family="DejaVu Sans", size=9, weight="bold" if bold else "normal")
    measured, _, _ = TextToPath().get_text_width_height_descent(text, font, False)
    # without kerning, so never too narrow
    assert measured * 0.995 <= width(text, bold=bold) <= measured * 1.1


@given(WORDS, st.floats(40, 300))
def test_wrapped_lines_fit_and_keep_words_that_fit(text: str, limit: float) -> None:
    lines = wrap(text, limit)
    assert all(width(line) <= limit + 1e-6 for line in lines)
    if not any(line.endswith("…") for line in lines):
        assert " ".join(lines).split() == text.split()


@given(WORDS, st.floats(40, 300), st.integers(1, 3))
def test_lines_are_limited(text: str, limit: float, n: int) -> None:
    assert len(wrap(text, limit, lines=n)) <= n


@given(WORDS, st.floats(60, 300))
def test_balanced_lines_are_not_more(text: str, limit: float) -> None:
    lines = balance(text, limit)
    assert len(lines) <= len(wrap(text, limit))
    assert all(width(line) <= limit + 1e-6 for line in lines)


@given(WORDS, st.floats(30, 200))
def test_clipped_text_fits(text: str, limit: float) -> None:
    cut = clip(text, limit)
    assert width(cut) <= limit
    assert cut == clean(text) or cut.endswith("…")


def test_key_is_never_clipped() -> None:
    assert labelled("Eine sehr lange Bezeichnung eines Vorhabens", "A16-003", 120).endswith(" · A16-003")


def test_what_the_font_lacks_becomes_a_box() -> None:
    assert clean("Chat 🤖 bot\x00\n neu") == "Chat □ bot□ neu"
    assert clean("12\u00a0%") == "12\u00a0%"
