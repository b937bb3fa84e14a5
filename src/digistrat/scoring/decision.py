"""The decision rule of WiBe: worth doing in money, or urgent, or of high quality; three-valued."""

from __future__ import annotations

from typing import Literal

import pandas as pd

from digistrat.inventory.record import Inventory
from digistrat.scoring.composite import Scores
from digistrat.scoring.economics import score_economics
from digistrat.scoring.inputs import allowed
from digistrat.scoring.ratings import project_ratings, score_ratings
from digistrat.strategy import Scale

ENOUGH = 50.0
"""Points of urgency or quality from which WiBe says yes."""


def score_wibe(inventory: Inventory, economics: pd.DataFrame | None = None) -> pd.DataFrame:
    """Decide on every project by the rule of WiBe, where the strategy asks for urgency and quality.

    What is missing in a rating or a payment is at its worst and at its best: the rule says yes or no only
    where both say the same. The rule is that of the federal administration; a municipality may take it, and
    it does not replace the comparison of costs that its own budget law asks for.

    Parameters
    ----------
    inventory : Inventory
        Its table ``decision_ratings`` holds points by project and criterion of both scales.
    economics : DataFrame, optional
        From `score_economics`; made from the inventory by default.

    Returns
    -------
    DataFrame
        By project that is not discontinued: ``kn`` in euros, ``urgency`` and ``quality`` on 0–100, each with
        ``…_lower`` and ``…_upper``, ``economics`` (state of the capital value), and the columns of
        `wibe_decision`.

    Raises
    ------
    ValueError
        If the strategy has no scale of urgency, or none of quality, or a project's id stands twice.
    """
    parts = {name: wibe_scores(inventory, name).table for name in ("urgency", "quality")}
    money = score_economics(inventory) if economics is None else economics
    ends = {
        end: pd.DataFrame({"kn": money[f"kn_{end}"]} | {name: part[end] for name, part in parts.items()})
        for end in ("lower", "upper")
    }
    values = {"kn": money["kn"]} | {name: part["score"] for name, part in parts.items()}
    told: dict[str, pd.Series] = {}
    for name, value in values.items():
        told |= {name: value, f"{name}_lower": ends["lower"][name], f"{name}_upper": ends["upper"][name]}
    verdict = wibe_decision(values["kn"], values["urgency"], values["quality"], **ends)
    return pd.DataFrame(told | {"economics": money["state"]}, index=verdict.index).join(verdict)


def wibe_scores(inventory: Inventory, part: Literal["urgency", "quality"]) -> Scores:
    """Score every project by its urgency (D of WiBe) or the quality it brings (Q).

    Parameters
    ----------
    inventory : Inventory
        Its table ``decision_ratings`` holds points by project and criterion.
    part : {"urgency", "quality"}
        Which of the two.

    Returns
    -------
    Scores
        One alternative per project that is not discontinued.

    Raises
    ------
    ValueError
        If the strategy has no such scale, or a project's id stands twice.
    """
    allowed("part", part, ("urgency", "quality"))
    scale: Scale | None = getattr(inventory.strategy, part)
    if scale is None:
        lacking = [name for name in ("urgency", "quality") if getattr(inventory.strategy, name) is None]
        raise ValueError(f"the strategy must have a scale of {' and of '.join(lacking)} for the rule of WiBe")
    return score_ratings(
        inventory, part, project_ratings(inventory, "decision_ratings", scale), unit="project"
    )


def wibe_decision(
    kn: pd.Series,
    urgency: pd.Series,
    quality: pd.Series,
    *,
    lower: pd.DataFrame | None = None,
    upper: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Decide by the rule of WiBe: to be done if KN > 0, or D ≥ 50, or Q ≥ 50; three-valued.

    Parameters
    ----------
    kn, urgency, quality : Series
        Capital value in euros; points of urgency (D) and of quality (Q) on 0–100; NaN where not known, as is
        what one of them lacks of the others' labels.
    lower, upper : DataFrame, optional
        Columns ``kn``, ``urgency``, ``quality``, or some of them: what they are at least and at most; NaN
        where there is no bound. What has no column is known as its value alone.

    Returns
    -------
    DataFrame
        ``by_capital_value``, ``by_urgency``, ``by_quality``, ``is_to_do``: True where it holds for all that
        the values may be, False where for nothing, NA where what is not known decides.

    Raises
    ------
    ValueError
        If bounds have another column, or a lower bound is above the upper one.

    Notes
    -----
    The thresholds are those of WiBe 4.1 and 5.0 as the German federal administration uses it, where 5.0
    establishes the urgency beforehand; "or" is that of Kleene's three-valued logic: one yes is enough,
    whatever the others are.
    """
    index = kn.index.union(urgency.index, sort=False).union(quality.index, sort=False)
    for frame in (lower, upper):
        for column in frame if frame is not None else ():
            allowed("columns of lower and upper", column, ("kn", "urgency", "quality"))

    def bound(frame: pd.DataFrame | None, name: str, value: pd.Series) -> pd.Series:
        return value if frame is None or name not in frame else frame[name].reindex(index).astype(float)

    def verdict(name: str, given: pd.Series, enough: float | None) -> pd.Series:
        value = given.reindex(index).astype(float)
        low, high = bound(lower, name, value), bound(upper, name, value)
        if (low > high).any():
            raise ValueError(f"lower must not be above upper, but is for {name} of {index[low > high][0]!r}")
        # sums of points that should be 50 may fall short by float noise
        is_surely = low > 0 if enough is None else low >= enough - 1e-9
        is_never = high <= 0 if enough is None else high < enough - 1e-9
        return pd.Series(pd.NA, index, dtype="boolean").mask(is_surely, True).mask(is_never, False)

    table = pd.DataFrame(
        {
            "by_capital_value": verdict("kn", kn, None),
            "by_urgency": verdict("urgency", urgency, ENOUGH),
            "by_quality": verdict("quality", quality, ENOUGH),
        }
    )
    return table.assign(is_to_do=table["by_capital_value"] | table["by_urgency"] | table["by_quality"])
