"""Colours by meaning, type sizes and drawing settings: the only room that knows a colour.

The four category colours are those of the UK Government Analysis Function (2023), Data visualisation:
colours in charts. In cyclic order neighbours have a contrast of at least 3:1, and each has 3:1 on white.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import wraps
from typing import Any, ParamSpec, TypeVar, cast

import matplotlib as mpl

P = ParamSpec("P")
R = TypeVar("R")

CATEGORY = ("#12436D", "#28A197", "#801650", "#F46A25")
FOCUS = CATEGORY[0]
WARNING = CATEGORY[2]

PAPER = "#FFFFFF"
INK = "#1F1F1F"  # text and lines that must be read
QUIET = "#595959"  # subtitle, foot, axis: 7:1 on white
GREY = "#767676"  # marks in the background: 4.5:1 on white
PALE = "#BFBFBF"  # fills in the background, always with a label or an edge
GRID = "#DEDEDE"
BAND = "#F4F4F4"

SEQUENTIAL = ("#EAF1F7", "#BDD3E6", "#86AED0", "#3A72A6", "#12436D")
SEQUENTIAL_STEPS = (20, 40, 60, 80)
STAGE = ("#BDD3E6", "#86AED0", "#12436D", "#3A72A6")  # prepare, decide and procure, implement, introduce

STATUS = dict(zip(("existing", "in_preparation", "possible", "discontinued"), CATEGORY, strict=True))
SEVERITY = {"error": CATEGORY[2], "warning": CATEGORY[3], "info": CATEGORY[0]}
KIND = {"investive": CATEGORY[0], "consumptive": CATEGORY[1]}

PALETTE = frozenset((*CATEGORY, PAPER, INK, QUIET, GREY, PALE, GRID, BAND, *SEQUENTIAL, *STAGE))

FONT = "DejaVu Sans"
SIZE_TITLE = 13.0
SIZE_SUBTITLE = 9.5
SIZE_TEXT = 9.0
LINE_SPACING = 1.22

# A4 portrait between margins of 17.5 mm, so that 9 pt stay 9 pt in print.
WIDTH = 6.9

HATCH_NONE = "////"  # no value
HATCH_OVER = "xxx"  # above the limit

RC: dict[str, Any] = {
    "font.family": FONT,
    "font.size": SIZE_TEXT,
    "text.color": INK,
    "text.usetex": False,
    "text.hinting": "no_hinting",
    "text.parse_math": False,  # a title with two dollar signs is no formula
    "axes.edgecolor": QUIET,
    "axes.labelcolor": QUIET,
    "axes.labelsize": SIZE_TEXT,
    "axes.linewidth": 0.8,
    "axes.facecolor": PAPER,
    "axes.grid": False,
    "axes.axisbelow": True,
    "axes.unicode_minus": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": SIZE_TITLE,
    "axes.xmargin": 0.0,
    "axes.ymargin": 0.0,
    "axes.formatter.use_locale": False,
    "figure.facecolor": PAPER,
    "figure.dpi": 100.0,
    "figure.autolayout": False,
    "figure.constrained_layout.use": False,
    "grid.color": GRID,
    "grid.linewidth": 0.7,
    "hatch.linewidth": 0.6,
    "hatch.color": QUIET,
    "lines.linewidth": 1.2,
    "patch.linewidth": 0.8,
    "patch.force_edgecolor": False,
    "path.simplify": True,
    "path.sketch": None,
    "savefig.facecolor": PAPER,
    "savefig.bbox": None,
    "xtick.color": QUIET,
    "ytick.color": INK,
    "xtick.labelcolor": QUIET,
    "ytick.labelcolor": INK,
    "xtick.labelsize": SIZE_TEXT,
    "ytick.labelsize": SIZE_TEXT,
    "xtick.major.size": 0.0,
    "ytick.major.size": 0.0,
    "xtick.minor.size": 0.0,
    "ytick.minor.size": 0.0,
    # text stays text; ids do not change from run to run
    "svg.fonttype": "none",
    "svg.hashsalt": "digistrat",
    "svg.id": None,
}


def context() -> AbstractContextManager[None]:
    """Return a context in which figures are drawn in this style; the caller's settings come back after.

    Examples
    --------
    >>> with context():
    ...     mpl.rcParams["font.family"]
    ['DejaVu Sans']
    """
    return mpl.rc_context(cast(Any, RC))


def styled(draw: Callable[P, R]) -> Callable[P, R]:
    """Decorate a function so that it draws in this style."""

    @wraps(draw)
    def drawn(*args: P.args, **options: P.kwargs) -> R:
        with context():
            return draw(*args, **options)

    return drawn


def luminance(colour: str) -> float:
    """Return the relative luminance of ``#RRGGBB``, 0 (black) to 1 (white); WCAG 2.1.

    Examples
    --------
    >>> luminance("#FFFFFF")
    1.0
    """
    if len(colour) != 7 or not colour.startswith("#"):
        raise ValueError(f"colour must be of the form '#RRGGBB', not {colour!r}")
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(first: str, second: str) -> float:
    """Return the contrast ratio of two colours, 1 to 21; WCAG 2.1, success criterion 1.4.3.

    Examples
    --------
    >>> contrast("#000000", "#FFFFFF")
    21.0
    """
    dark, light = sorted((luminance(first), luminance(second)))
    return (light + 0.05) / (dark + 0.05)


def text_on(fill: str) -> str:
    """Return the text colour, dark or white, that is read best on a fill.

    Examples
    --------
    >>> text_on("#12436D") == PAPER, text_on("#F46A25") == INK
    (True, True)
    """
    return max((INK, PAPER), key=lambda colour: contrast(colour, fill))


def sequential(value: float) -> str:
    """Return the step of the sequential ramp for a value of 0–100."""
    return SEQUENTIAL[sum(value >= step for step in SEQUENTIAL_STEPS)]
