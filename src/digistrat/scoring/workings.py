"""How the computed criteria of impact came about: in numbers to add up, in words, and with cells."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from math import fsum
from pathlib import PurePath
from typing import Any

import pandas as pd

from digistrat.inventory.record import Inventory, standard_form
from digistrat.scoring.enabling import enabling_circles, enabling_parts
from digistrat.scoring.goals import served_fields
from digistrat.scoring.origins import PARTS, Origin
from digistrat.scoring.ratings import place_of
from digistrat.texts import format_number, text

SHOWN = 4  # of the projects that build on one, as many stand in the short form
DECIMALS = 2  # of numbers that a reader adds up


def goal_origin(inventory: Inventory, target: float) -> Callable[[str], Origin]:
    """Return a function that tells how the fit of a project to the goals came about.

    Parameters
    ----------
    inventory : Inventory
        As in `goal_fit`.
    target : float
        Points that count in full.
    """
    say = _Words(inventory)
    named = inventory.projects["goal_ids"]

    @cache
    def origin(project: str) -> Origin:
        cell = place_of(inventory, "projects", project, "goal_ids") or _column(inventory, project, "goal_ids")
        rows, sums = [], []
        for number, field, goals in served_fields(inventory.strategy, named[project]):
            whole = fsum(goal.weight for goal in field.goals)
            is_even = len({goal.weight for goal in field.goals}) == 1
            weight = fsum(goal.weight for goal in goals)
            place = f"{PurePath(inventory.strategy.file).name} › fields[{number + 1}].goals"
            sums.append(
                say(
                    "goals_even" if is_even else "goals",
                    named=", ".join(goal.id for goal in goals),
                    n=say.plain(len(goals) if is_even else weight),
                    of=say.plain(len(field.goals) if is_even else whole),
                    field=field.id,
                    place=place,
                    points=say.number(100 * weight / whole),
                )
            )
            for goal in goals:
                share = goal.weight / whole
                rows.append((goal.id, goal.name, 100.0, share, 100 * share, 100.0, 100.0, place, cell))
        parts = _parts(rows)
        total, most = fsum(parts["points"]), min(target, 100.0)
        is_plain = len(sums) == 1 and total <= most + 1e-9
        working = sums[0] if is_plain else say.sum(" + ".join(sums), total, most) if sums else ""
        return Origin(cells=(cell,), working=working, brief=working, parts=parts)

    return origin


def enabling_origin(
    inventory: Inventory,
    links: pd.DataFrame,
    effect: pd.DataFrame,
    base: dict[str, pd.Series],
    target: float,
) -> Callable[[str], Origin]:
    """Return a function that tells how the enabling effect of a project came about.

    Its cells are those that name, in the rows of ``dependencies``, on what another project builds. Where none
    does, it says so; where no return names a dependency, it names the sheet that asks for them.

    Parameters
    ----------
    inventory, links
        As in `enabling_links`, and what that returned.
    effect : DataFrame
        From `enabling_effect`; its ``value`` is NaN where no return names a dependency.
    base : dict of Series
        ``base``, ``low`` and ``high``, as `enabling_effect` was given them.
    target : float
        Points that count in full.
    """
    say = _Words(inventory)
    circles = enabling_circles(inventory)
    enabled, is_known = effect["enabled"], effect["value"].notna()
    titles = inventory.projects["title"].fillna("")

    @cache
    def origin(project: str) -> Origin:
        if not enabled[project]:
            if not is_known[project]:
                return Origin(cells=(standard_form(inventory.strategy).table("dependencies").title,))
            return Origin(cells=(say("circle" if project in circles else "enables_none"),))
        found = enabling_parts(links, base["base"], project, low=base["low"], high=base["high"])
        rows = [
            (one, titles[str(one)], part["value"], part["share"], part["points"], part["low"], part["high"],
             say.note(part), _link_cell(inventory, part["link"]))
            for one, part in found.iterrows()
        ]  # fmt: skip
        parts = _parts(rows)
        total = fsum(parts["points"])
        least, most = (min(fsum(found[end] * found["share"]), target) for end in ("low", "high"))
        is_open = found["high"] - found["low"] > 1e-9
        gaps = [str(one) for one in found.index[is_open]] if most - least > 1e-9 else []
        working, brief = (
            say.sum(say.shares(found, n), total, target) + say.because(gaps, n) for n in (len(found), SHOWN)
        )
        return Origin(cells=tuple(parts["cell"]), working=working, brief=brief, parts=parts)

    return origin


def _parts(rows: list[tuple[Any, ...]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["part", *PARTS]).set_index("part")


def _link_cell(inventory: Inventory, label: Any) -> str:
    """Return the cell of a row of ``dependencies`` that names the other project, or at least its sheet."""
    if cell := place_of(inventory, "dependencies", label, "other_id"):
        return cell
    return _column(inventory, label, "other_id", table="dependencies")


def _column(inventory: Inventory, label: Any, column: str, *, table: str = "projects") -> str:
    """Return file, sheet and header of a column, for a return that has no such cell."""
    source = inventory.sources[table].loc[label]
    header = standard_form(inventory.strategy).table(table).column(column).headers[0]
    asked = text("place.column", inventory.strategy.language, header=header)
    return " › ".join(part for part in (str(source["file"]), str(source["sheet"]), asked) if part)


class _Words:
    """Texts of the section ``working`` in the strategy's language."""

    def __init__(self, inventory: Inventory) -> None:
        self.language = inventory.strategy.language

    def __call__(self, key: str, /, **values: Any) -> str:
        return text(f"working.{key}", self.language, **values)

    def number(self, value: float) -> str:
        return format_number(value, self.language, DECIMALS)

    def plain(self, value: float) -> str:
        return format_number(value, self.language, 0 if float(value).is_integer() else DECIMALS)

    def sum(self, summands: str, total: float, target: float) -> str:
        """Return summands and their sum, and what of it counts."""
        key = "sum_capped" if total > target + 1e-9 else "sum"
        return self(key, summands=summands, total=self.number(total), target=self.plain(target))

    def shares(self, parts: pd.DataFrame, most: int) -> str:
        """Return the parts by their share, the first ones by name: 1/2 × (a 60 + b 40) + 1/4 × (c 20)."""
        said = []
        for share, alike in parts.groupby("share", sort=False):
            first = alike[alike.index.isin(parts.index[:most])]
            named = [self.summand(str(one), part) for one, part in first.iterrows()]
            if rest := len(alike) - len(first):
                value = self.number(fsum(alike["value"].iloc[len(first) :]))
                named.append(self("rest_one" if rest == 1 else "rest", n=rest, value=value))
            said.append(self("share", of=self.plain(1 / float(str(share))), summands=" + ".join(named)))
        return " + ".join(said)

    def summand(self, one: str, part: pd.Series) -> str:
        """Return a project and its value, with the project between where it builds on the latter."""
        named = self("via", id=one, between=part["via"]) if part["via"] else one
        return self("summand" if part["is_known"] else "middle", id=named, value=self.number(part["value"]))

    def because(self, gaps: list[str], most: int) -> str:
        """Name the first projects of which something is not known; empty where there is none."""
        if not gaps:
            return ""
        more = [self("more", n=len(gaps) - most)] if len(gaps) > most else []
        return self("because_of", projects=", ".join([*gaps[:most], *more]))

    def note(self, part: pd.Series) -> str:
        """Say through which project this one counts, and of its value that it is assumed or a range."""
        said = [self("through", between=part["via"])] if part["via"] else []
        if part["high"] - part["low"] > 1e-9:
            key = "between" if part["is_known"] else "middle_of"
            said.append(self(key, low=self.number(part["low"]), high=self.number(part["high"])))
        return "; ".join(said)
