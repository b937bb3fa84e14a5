"""From order value and date to the procurement procedure and its weeks; every number from dated tables."""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass

import pandas as pd

from digistrat.strategy import Strategy

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


class Procurement:
    """A strategy's procurement tables, prepared once for many projects."""

    def __init__(self, strategy: Strategy) -> None:
        self.thresholds = strategy.frame("procurement_thresholds")
        table = strategy.frame("procedures").reset_index().rename(columns={"name": "procedure"})
        by_law = (table["days_min"].astype(float) + table["standstill_days"].astype(float)) / 7
        weeks = table[["weeks_min", "weeks_typical", "weeks_max"]].astype(float)
        table[weeks.columns] = weeks.clip(lower=by_law, axis="index")
        limits = table["upper_limit_eur"].astype("object")
        # without a limit of its own a national procedure ends at the EU threshold
        table["upper_limit_eur"] = limits.where(limits.notna() | table["is_eu"].astype(bool), UNTIL_EU)
        is_framework = table["is_framework"].astype(bool)
        self.procedures, self.frameworks = table[~is_framework], table[is_framework]
        self.buyers = {office.id: office.buyer for office in strategy.offices}
        self.spans = [(t.buyer, t.valid_from, t.valid_to) for t in strategy.procurement_thresholds]

    def of(self, project: pd.Series, on: dt.date) -> ProcurementPath | None:
        """Return how a project's order is awarded if the procedure starts on a day or later.

        A framework contract or in-house order that the office names is used. Otherwise the lightest procedure
        for the order value under the threshold of that day and under every later one that is known, whichever
        takes longest; after the last known threshold that one stands. A longer procedure that the office
        names comes before a shorter one that would do. None where neither value nor procedure is known.
        """
        named = self._named(project["procedure"])
        if named is not None and named.procedure in set(self.frameworks["procedure"]):
            return named
        paths = [*self._by_value(project, on), *([named] if named is not None else [])]
        return max(paths, key=lambda path: path.weeks_typical, default=None)

    def last_threshold(self, office: str) -> dt.date | None:
        """Return the last day for which a threshold is known for an office."""
        buyer = self.buyers.get(office, "municipality")
        return max((last for whose, _, last in self.spans if whose == buyer), default=None)

    def _by_value(self, project: pd.Series, on: dt.date) -> list[ProcurementPath]:
        value = project["order_value_net_eur_upper"]
        value = project["order_value_net_eur"] if pd.isna(value) else value
        if pd.isna(value) or value <= 0 or self.procedures.empty:
            return []
        buyer = self.buyers.get(project["office_id"], "municipality")
        spans = [(first, last) for whose, first, last in self.spans if whose == buyer]
        if not spans or on < min(first for first, _ in spans):
            return []
        on = min(on, max(last for _, last in spans))
        days = {on, *(first for first, _ in spans if first > on)}
        return [
            procedure_for(
                float(value), day, buyer=buyer, thresholds=self.thresholds, procedures=self.procedures
            )
            for day in sorted(days)
            if any(first <= day <= last for first, last in spans)
        ]

    def _named(self, named: object) -> ProcurementPath | None:
        """The procedure that an office names by its name, with or without what stands in brackets, or id."""
        if not isinstance(named, str):
            return None
        wanted = named.strip().casefold()
        for row in pd.concat([self.procedures, self.frameworks]).to_dict("records"):
            name = str(row["procedure"])
            if wanted in {str(row["id"]), name.casefold(), name.partition("(")[0].strip().casefold()}:
                least, typical, most = (float(row[f"weeks_{end}"]) for end in ("min", "typical", "max"))
                return ProcurementPath(name, least, typical, most, math.nan)
        return None
