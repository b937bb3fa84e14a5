"""What stands in a cell that gave no value: nothing, "does not apply", or what nobody can read."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

from digistrat.intake.values.words import no_value
from digistrat.inventory.record import Inventory


class Unanswered(NamedTuple):
    """Why a cell gave no value, and what stands in it."""

    state: Literal["missing", "not_applicable", "unreadable"]
    words: str = ""


def why_unanswered(inventory: Inventory, table: str, row: Any, column: str) -> Unanswered:
    """Tell why a cell gave no value.

    Parameters
    ----------
    inventory : Inventory
    table, row, column
        As for `Inventory.locate`.

    Returns
    -------
    Unanswered
        ``missing`` also where the return has no such column.
    """
    try:
        raw = inventory.locate(table, row, column).raw
    except ValueError:
        return Unanswered("missing")
    words = str(raw).strip() if isinstance(raw, str) else ""
    if not words:
        return Unanswered("missing")
    known = no_value(words)
    if known is None or known.state == "unreadable":
        return Unanswered("unreadable", words)
    return Unanswered("not_applicable" if known.state == "not_applicable" else "missing", words)
