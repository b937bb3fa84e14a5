"""How long phases may take and what projects may cost: ranges with their source, and draws from them."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from digistrat.planning.money import COST_ENDS
from digistrat.planning.records import Plan
from digistrat.planning.work import WEEKS_PER_MONTH

Array = npt.NDArray[Any]
Shape = Literal["triangular", "pert"]
Spread = tuple[float, float]
SHAPES = ("triangular", "pert")
_SHORTEST = 1 / 31  # of a month: no phase is over before it has begun


def duration_ranges(plan: Plan, spread: Spread | None = None) -> pd.DataFrame:
    """Return how long each phase of a plan may take.

    Parameters
    ----------
    plan : Plan
    spread : (low, high), optional
        Shares of the planned length for phases of which nobody says a range.

    Returns
    -------
    DataFrame
        Indexed by activity: ``lower``, ``planned``, ``upper`` in months of what is left, and ``source``:
        ``office`` (its own range), ``procedure`` (shortest and longest weeks of the procurement procedure),
        ``spread``, or ``none``. The planned length is the most likely one, and always within the range.
    """
    phases = plan.problem.phases.loc[plan.phases.index]
    planned, left = phases["duration_months"].astype(float), phases["share_left"]
    keys = pd.MultiIndex.from_frame(phases[["project_id", "phase_id"]])
    reported = plan.inventory.phases.dropna(subset=["project_id", "phase_id"])
    reported = reported.drop_duplicates(["project_id", "phase_id"]).set_index(["project_id", "phase_id"])
    own = reported[["duration_months_lower", "duration_months_upper"]].astype(float).reindex(keys)
    own = own.set_axis(phases.index).mul(left, axis="index").set_axis(["lower", "upper"], axis="columns")
    weeks = plan.inventory.strategy.frame("procedures").set_index("name")[["weeks_min", "weeks_max"]]
    weeks = weeks[~weeks.index.duplicated()].astype(float)
    law = weeks.reindex(plan.phases["procedure"]).set_axis(phases.index).mul(left, axis="index")
    law = (law / WEEKS_PER_MONTH).set_axis(["lower", "upper"], axis="columns")
    low, high = spread or (1.0, 1.0)
    wide = pd.DataFrame({"lower": planned * low, "upper": planned * high})
    ranges, source = wide, pd.Series("none" if spread is None else "spread", phases.index, dtype="str")
    for name, given in (("procedure", law), ("office", own)):
        known = given.notna().all(axis="columns")
        ranges, source = ranges.where(~known, given), source.mask(known, name)
    return pd.DataFrame(
        {
            "lower": np.maximum(np.minimum(ranges["lower"], planned), np.minimum(_SHORTEST, planned)),
            "planned": planned,
            "upper": np.maximum(ranges["upper"], planned),
            "source": source,
        }
    )


def cost_ranges(plan: Plan, spread: Spread | None = None) -> pd.DataFrame:
    """Return what each project may cost, as shares of what the plan counts with.

    Parameters
    ----------
    plan : Plan
    spread : (low, high), optional
        Shares of the planned cost for projects that report no range.

    Returns
    -------
    DataFrame
        Indexed by project, kind and whether it recurs: ``lower``, ``likely``, ``upper``, ``source``
        (``office``, ``spread``, ``none``). A plan that counts with upper ends has no share above 1.
    """
    costs = plan.inventory.project_costs.dropna(subset=["project_id", "kind", "amount_eur"])
    costs = costs[costs["project_id"].isin(plan.phases["project_id"])]
    value = costs["amount_eur"].astype(float)
    ends = pd.DataFrame(
        {
            "lower": costs["amount_eur_lower"].astype(float).fillna(value),
            "value": value,
            "upper": costs["amount_eur_upper"].astype(float).fillna(value),
        }
    )
    recurs = costs["is_recurring"].fillna(False).astype(bool)
    sums = ends.groupby([costs["project_id"], costs["kind"], recurs]).sum()
    planned = sums[plan.portfolio.problem.cost].where(lambda amount: amount > 0)
    shares = sums.div(planned, axis="index").dropna()[sorted(COST_ENDS)]
    is_range = shares["upper"] > shares["lower"]
    low, high = spread or (1.0, 1.0)
    return pd.DataFrame(
        {
            "lower": shares["lower"].where(is_range, low),
            "likely": shares["value"].where(is_range, 1.0),
            "upper": shares["upper"].where(is_range, high),
            "source": is_range.map({True: "office", False: "none" if spread is None else "spread"}),
        }
    )


def quantiles(lower: Array, likely: Array, upper: Array, share: Array, shape: Shape) -> Array:
    """Return quantiles of triangular or PERT distributions.

    Triangular: Johnson, D. (1997), The Statistician 46:387–398. PERT: a beta distribution between the ends
    with weight 4 on the likely value; Malcolm, Roseboom, Clark & Fazar (1959), Oper. Res. 7:646–669.

    Parameters
    ----------
    lower, likely, upper : array of n numbers
        ``lower <= likely <= upper``.
    share : array n × m, 0–1
        Which quantiles.
    shape : {"triangular", "pert"}

    Returns
    -------
    array n × m
        Where lower and upper are equal, exactly that number.

    Examples
    --------
    >>> one = [np.array([number]) for number in (2.0, 4.0, 6.0)]
    >>> quantiles(*one, np.array([[0.125, 0.5]]), "triangular").tolist()
    [[3.0, 4.0]]
    """
    a, m, b = (ends[:, None] for ends in (lower, likely, upper))
    width = np.where(b > a, b - a, 1.0)
    if shape == "pert":
        from scipy.stats import beta

        place = beta.ppf(share, 1 + 4 * (m - a) / width, 1 + 4 * (b - m) / width)
        return np.where(b > a, a + place * width, m)
    rising = a + np.sqrt(share * width * (m - a))
    falling = b - np.sqrt((1 - share) * width * (b - m))
    return np.where(b > a, np.where(share * width <= m - a, rising, falling), m)


def check_spread(name: str, spread: Spread | None) -> None:
    """Raise ValueError unless a spread is two shares around 1."""
    if spread is None:
        return
    try:
        low, high = (float(share) for share in spread)
    except (TypeError, ValueError):
        low, high = np.nan, np.nan
    if not (0 < low <= 1 <= high < np.inf):
        raise ValueError(f"{name} must be two shares of the plan, 0 < low <= 1 <= high, not {spread!r}")
