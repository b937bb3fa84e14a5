"""From order value and date to the procurement procedure and its weeks; every number from dated tables."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import pandas as pd

UNTIL_EU = "until_eu"


@dataclass(frozen=True)
class ProcurementPath:
    """How an order is awarded, and how long that takes.

    Attributes
    ----------
    procedure : str
        Name of the procedure in the table.
    weeks_min, weeks_typical, weeks_max : float
        From the start of the procedure to the award, standstill included.
    threshold_eur : float
        EU threshold (net) of the buyer on that day.
    """

    procedure: str
    weeks_min: float
    weeks_typical: float
    weeks_max: float
    threshold_eur: float


def procedure_for(
    value_net_eur: float,
    on: dt.date | str,
    *,
    buyer: str = "municipality",
    thresholds: pd.DataFrame,
    procedures: pd.DataFrame,
) -> ProcurementPath:
    """Find the lightest procedure allowed for an order value on the day the procedure starts.

    Parameters
    ----------
    value_net_eur : float
        Estimated value net of VAT, all lots and options (§ 3 VgV).
    on : date
        Start of the procedure.
    buyer : {"municipality", "sector"}
        A city, or one of its companies in water, energy or transport.
    thresholds : frame
        ``valid_from``, ``valid_to`` (both included), ``buyer``, ``threshold_eur``.
    procedures : frame
        ``procedure``, ``upper_limit_eur``, ``weeks_min``, ``weeks_typical``, ``weeks_max``. The limit is
        an amount (included), ``until_eu`` (below the threshold) or missing (from the threshold upward:
        § 106 GWB applies to values that reach or exceed it). Among several allowed ones the lowest limit
        comes first, then the order of the table.

    Raises
    ------
    ValueError
        If the value is not ≥ 0, the buyer unknown, or the tables do not cover date or value.

    Examples
    --------
    >>> thresholds = pd.DataFrame(
    ...     {"valid_from": ["2018-01-01"], "valid_to": ["2019-12-31"], "buyer": ["municipality"],
    ...      "threshold_eur": [221_000]})
    >>> procedures = pd.DataFrame(
    ...     {"procedure": ["direct", "public", "open EU"], "upper_limit_eur": [10_000, "until_eu", None],
    ...      "weeks_min": [1, 10, 18], "weeks_typical": [2, 14, 26], "weeks_max": [4, 22, 39]})
    >>> procedure_for(221_000, "2018-06-01", thresholds=thresholds, procedures=procedures).procedure
    'open EU'
    """
    if not (isinstance(value_net_eur, (int, float)) or pd.api.types.is_number(value_net_eur)) or not (
        value_net_eur >= 0
    ):
        raise ValueError(f"value_net_eur must be an amount ≥ 0, not {value_net_eur!r}")
    threshold = threshold_on(on, buyer=buyer, thresholds=thresholds)
    lacking = {"procedure", "upper_limit_eur", "weeks_min", "weeks_typical", "weeks_max"} - set(
        procedures.columns
    )
    if lacking:
        raise ValueError(f"procedures must have the columns {sorted(lacking)}")
    eu_wide = value_net_eur >= threshold
    best: tuple[float, int] | None = None
    for k, limit in enumerate(procedures["upper_limit_eur"]):
        if pd.isna(limit) or limit == "":
            rank = (float("inf"), k) if eu_wide else None
        elif limit == UNTIL_EU:
            rank = None if eu_wide else (threshold, k)
        else:
            rank = (float(limit), k) if not eu_wide and value_net_eur <= float(limit) else None
        if rank is not None and (best is None or rank < best):
            best = rank
    if best is None:
        raise ValueError(
            f"procedures must cover every value; none for {value_net_eur:g} € net "
            f"({'from' if eu_wide else 'below'} the EU threshold of {threshold:g} €)"
        )
    row = procedures.iloc[best[1]]
    return ProcurementPath(
        procedure=str(row["procedure"]),
        weeks_min=float(row["weeks_min"]),
        weeks_typical=float(row["weeks_typical"]),
        weeks_max=float(row["weeks_max"]),
        threshold_eur=threshold,
    )


def threshold_on(on: dt.date | str, *, buyer: str, thresholds: pd.DataFrame) -> float:
    """Return the EU threshold (net, €) for a kind of buyer on a day.

    Parameters
    ----------
    on : date
        Start of the procedure.
    buyer : {"municipality", "sector"}
        Kind of buyer.
    thresholds : frame
        See `procedure_for`.

    Raises
    ------
    ValueError
        If the table has no threshold for that buyer and day: it names the days covered, and never guesses.
    """
    lacking = {"valid_from", "valid_to", "buyer", "threshold_eur"} - set(thresholds.columns)
    if lacking:
        raise ValueError(f"thresholds must have the columns {sorted(lacking)}")
    known = thresholds[(thresholds["buyer"] == buyer) & thresholds["threshold_eur"].notna()]
    if known.empty:
        buyers = ", ".join(sorted(thresholds["buyer"].dropna().unique()))
        raise ValueError(f"buyer must be one of {buyers}, not {buyer!r}")
    day = pd.Timestamp(on)
    if pd.isna(day):
        raise ValueError(f"on must be a date, not {on!r}")
    first, last = pd.to_datetime(known["valid_from"]), pd.to_datetime(known["valid_to"])
    valid = known[(first <= day.normalize()) & (day.normalize() <= last)]
    if len(valid) != 1:
        covered = "; ".join(f"{a:%Y-%m-%d} to {b:%Y-%m-%d}" for a, b in sorted(zip(first, last, strict=True)))
        times = "not covered" if valid.empty else f"covered {len(valid)} times"
        raise ValueError(
            f"on must be a day that thresholds cover once for {buyer}: {day:%Y-%m-%d} is {times} ({covered})"
        )
    return float(valid["threshold_eur"].iloc[0])
