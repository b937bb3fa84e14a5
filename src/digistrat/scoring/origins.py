"""Where a rating comes from beyond the cell that counts: who else rated, how a figure was computed."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

PARTS = ("name", "value", "share", "points", "low", "high", "note", "cell")


@dataclass(frozen=True, eq=False)
class Origin:
    """Where one rating or computed figure comes from; what there is not is empty.

    Attributes
    ----------
    office, moderated, remark : str
        Places of the office's own rating, of that of the unit or a group, and of the reason or evidence.
    cells : tuple of str
        Every place that a computed figure was made from.
    working, brief : str
        How it was computed, in words and numbers; and the same with no more than its first parts.
    parts : DataFrame, optional
        What was added up for it, with the columns `PARTS`: ``value`` times ``share`` is ``points``, and their
        sum the figure, unless more than the target is not counted. ``low`` and ``high`` are what the value
        may be.
    """

    office: str = ""
    moderated: str = ""
    remark: str = ""
    cells: tuple[str, ...] = ()
    working: str = ""
    brief: str = ""
    parts: pd.DataFrame | None = None
