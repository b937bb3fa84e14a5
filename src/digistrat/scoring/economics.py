"""Economics: what projects cost and bring in money, by year and at one date; kept out of the impact."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pandas as pd

from digistrat.inventory.record import Inventory
from digistrat.scoring.inputs import allowed
from digistrat.scoring.ratings import scored_projects
from digistrat.scoring.running import carried_on, known_years
from digistrat.strategy import DiscountRate, Strategy
from digistrat.texts import format_date, format_number, text

ECONOMICS_STATES = ("calculated", "unclear", "no_effects", "no_costs", "no_rate")
"""What is known of a project's capital value."""

EFFECT_KINDS = ("saving", "revenue")
_ENDS = ["low", "value", "high"]
_FLOWS = ["project_id", "year", "is_budget_effective", *_ENDS, "is_assumed"]


def discount_rate(strategy: Strategy, on: dt.date) -> DiscountRate:
    """Return the discount rate in force on a date.

    Parameters
    ----------
    strategy : Strategy
        Its ``discount_rates``.
    on : date
        Usually the reporting date.

    Returns
    -------
    DiscountRate
        With rate, span and source.

    Raises
    ------
    ValueError
        If the strategy has none for that date. The nearest one is never taken instead.
    """
    found = _rate_on(strategy, on)
    if found is None:
        spans = ", ".join(f"{one.valid_from} to {one.valid_to}" for one in strategy.discount_rates) or "none"
        raise ValueError(f"on must lie in a span of the strategy's discount_rates ({spans}), not {on}")
    return found


def capital_value(flows: pd.Series, rate: float, *, base_year: int) -> float:
    r"""Return the capital value of payments by year.

    Parameters
    ----------
    flows : Series
        Receipts minus payments by year, an index of whole numbers in any order; a year may come twice.
    rate : float
        Discount rate, 0.033 for 3.3 %.
    base_year : int
        The year whose payments are not discounted. It is named and not read from the first row, so that
        projects that begin in different years are seen from the same one.

    Returns
    -------
    float
        NaN where a payment is not known; 0 for none.

    Raises
    ------
    ValueError
        If the rate is negative or no number, an amount is infinite, or a year lies before the base year: what
        is paid already decides nothing any more, so leave it out.

    Notes
    -----
    :math:`KN = \sum_t (E_t - A_t) / (1 + i)^t`, t = 0 in the base year: the monetary criterion of WiBe
    (*Empfehlung zur Durchführung von Wirtschaftlichkeitsbetrachtungen*, versions 4.1 and 5.0).

    Examples
    --------
    >>> round(capital_value(pd.Series({2026: -100, 2027: 60, 2028: 60}), 0.033, base_year=2026), 3)
    14.311
    """
    if not (np.isfinite(rate) and rate >= 0):
        raise ValueError(f"rate must be a finite number from 0, not {rate}")
    amounts = flows.to_numpy(dtype=float, na_value=np.nan)
    if np.isinf(amounts).any():
        raise ValueError("flows must be finite numbers")
    years = flows.index.to_numpy(dtype=float)
    if len(years) and not (years.min() >= base_year and (years % 1 == 0).all()):
        raise ValueError(f"years of flows must be whole numbers from base_year {base_year}, not {years}")
    return float((amounts * (1 + rate) ** -(years - base_year)).sum())


def score_economics(
    inventory: Inventory,
    effects: pd.DataFrame | None = None,
    *,
    on: dt.date | None = None,
    base_year: int | None = None,
) -> pd.DataFrame:
    """Return the capital value of every project, as far as offices reported what makes one.

    Costs alone give no capital value, and neither do effects alone. Running costs go on in the years that
    an office leaves out, up to the last one for which it reports an effect; effects are counted as reported
    and never carried on. A year that cannot be (`known_years`) is not known: what is paid once is then worth
    from nothing to all of its amount, while what recurs, and running costs beside an effect of unknown year,
    have no bound. Amounts are nominal, as is the rate. Funding by others does not count: it pays for a
    project, but makes none worthwhile. The days of own staff are in no table of money, so what is saved of
    them is in ``kn_other`` without what the project takes of them: like for like is ``kn_budget``.

    Parameters
    ----------
    inventory : Inventory
        Its tables ``projects`` and ``project_costs``; all of these costs are budget-effective.
    effects : DataFrame, optional
        ``project_id``, ``kind`` (saving, revenue), ``is_budget_effective``, ``year``, ``amount_eur``, and
        where they are known as an interval ``amount_eur_lower``, ``amount_eur_upper``; the inventory's table
        ``project_effects`` by default, if it has one.
    on : date, optional
        Decides the discount rate; the reporting date by default.
    base_year : int, optional
        As in `capital_value`; that of `on` by default. Payments of years before it do not count.

    Returns
    -------
    DataFrame
        By project that is not discontinued, in euros of the base year: ``kn``, ``kn_lower``, ``kn_upper``
        (ends of what it may be, NaN where there is none on that side), ``kn_budget`` and ``kn_other`` (the
        parts that are budget-effective and not, NaN where an effect does not say), ``rate``, ``state`` (of
        `ECONOMICS_STATES`), ``reason`` (in the strategy's language), ``is_assumed`` (running costs of some
        year were carried on). Never raises for what offices sent, nor for a date without a rate.

    Raises
    ------
    ValueError
        If `effects` lacks a column or knows a kind that there is not, or a project's id stands twice.

    References
    ----------
    WiBe 4.1 and 5.0: capital value of costs and benefits, split into what is budget-effective
    (*haushaltswirksam*) and what is not.
    """
    on = on or inventory.reporting_date
    first = on.year if base_year is None else base_year
    index = scored_projects(inventory)
    costs, benefits = _payments(inventory, effects, index, first)
    flows = pd.concat([costs[~(costs["year"] < first)], benefits], ignore_index=True)
    rate = _rate_on(inventory.strategy, on)
    value = _present(flows, 0.0 if rate is None else rate.rate, first, index)
    state = pd.Series("calculated", index, dtype="str").mask(value["value"].isna(), "unclear")
    state = state.mask(~index.isin(costs["project_id"]), "no_costs")
    state = state.mask(~index.isin(benefits["project_id"]), "no_effects")
    if rate is None:
        state[:] = "no_rate"
    is_known, is_bounded = state == "calculated", state.isin(["calculated", "unclear"])
    reasons = {one: _reason(inventory.strategy, one, on, first, rate) for one in ECONOMICS_STATES}
    assumed = flows.loc[flows["is_assumed"], "project_id"]
    return pd.DataFrame(
        {
            "kn": value["value"].where(is_known),
            "kn_lower": value["low"].where(is_bounded),
            "kn_upper": value["high"].where(is_bounded),
            "kn_budget": value["budget"].where(is_known),
            "kn_other": value["other"].where(is_known),
            "rate": np.nan if rate is None else rate.rate,
            "state": state,
            "reason": state.map(reasons).astype("str"),
            "is_assumed": index.isin(assumed),
        },
        index=index,
    ).rename_axis("project_id")


def economics_by_year(
    inventory: Inventory,
    effects: pd.DataFrame | None = None,
    *,
    on: dt.date | None = None,
    base_year: int | None = None,
) -> pd.DataFrame:
    """Return what every project pays and receives by year, and what it is worth up to then.

    Parameters
    ----------
    inventory, effects, on, base_year
        As in `score_economics`.

    Returns
    -------
    DataFrame
        By project and year in rising order, payments of an unknown year last: ``project_id``, ``year``,
        ``costs_eur``, ``effects_eur`` (NaN where an amount is not known), ``net_eur``, ``present_eur`` (net,
        discounted to the base year; NaN without a rate for the date, or a year), ``cumulative_eur`` (present
        values so far: above 0 from the year in which the project has paid for itself), ``is_assumed``
        (running costs carried on). Where `score_economics` knows a capital value, the last
        ``cumulative_eur`` of the project is its ``kn``.

    Raises
    ------
    ValueError
        As `score_economics`.
    """
    on = on or inventory.reporting_date
    first = on.year if base_year is None else base_year
    costs, benefits = _payments(inventory, effects, scored_projects(inventory), first)
    paid = costs[~(costs["year"] < first)].assign(costs_eur=lambda rows: -rows["value"], effects_eur=0.0)
    received = benefits.assign(costs_eur=0.0, effects_eur=benefits["value"])
    by_year = pd.concat([paid, received], ignore_index=True).groupby(["project_id", "year"], dropna=False)
    table = by_year[["costs_eur", "effects_eur"]].sum(skipna=False)
    table = table.assign(is_assumed=by_year["is_assumed"].any()).reset_index().astype({"year": "Int64"})
    rate = _rate_on(inventory.strategy, on)
    net = table["effects_eur"] - table["costs_eur"]
    steps = (table["year"] - first).astype("Float64").astype(float)
    factor = (1 + (0.0 if rate is None else rate.rate)) ** -steps
    present = net * factor.where(steps.notna() & (rate is not None))
    so_far = present.groupby(table["project_id"]).cumsum(skipna=False)
    table = table.assign(net_eur=net, present_eur=present, cumulative_eur=so_far)
    columns = ["project_id", "year", "costs_eur", "effects_eur", "net_eur", "present_eur", "cumulative_eur"]
    return table[[*columns, "is_assumed"]]


def cost_classes(low: pd.Series, high: pd.Series, limits: Sequence[float]) -> pd.DataFrame:
    """Sort costs that are known as intervals into classes.

    Parameters
    ----------
    low, high : Series
        The least and the most that something costs, in euros; NaN where it is not known.
    limits : sequence of float
        Upper limits of the classes, rising and above 0; a cost at the limit is still in the class. A last
        class without limit follows.

    Returns
    -------
    DataFrame
        With the index of `low`: ``lowest`` and ``highest`` (number of the first and the last class, from 0,
        in which the cost may lie), ``from_eur`` and ``to_eur`` (where these begin and end, infinity where
        there is no end), ``is_certain`` (both are the same class).

    Raises
    ------
    ValueError
        If the limits do not rise from 0, or some `low` is above its `high`.

    Examples
    --------
    >>> cost_classes(pd.Series([50_000, 200_000]), pd.Series([250_000, 300_000]), [250_000, 1_000_000])
       lowest  highest  from_eur     to_eur  is_certain
    0       0        0       0.0   250000.0        True
    1       0        1       0.0  1000000.0       False
    """
    ends = [0.0, *map(float, limits), np.inf]
    if any(not one < other for one, other in pairwise(ends)):
        raise ValueError(f"limits must be finite and rise from above 0, not {list(limits)}")
    high = high.reindex(low.index)
    if (low > high).any():
        raise ValueError(f"low must not be above high, not {low[low > high].to_dict()}")

    def number(amount: pd.Series, unknown: int) -> pd.Series:
        found = np.searchsorted(ends[1:-1], amount.to_numpy(dtype=float, na_value=np.nan), side="left")
        return pd.Series(found, low.index).mask(amount.isna(), unknown)

    lowest, highest = number(low, 0), number(high, len(ends) - 2)
    return pd.DataFrame(
        {
            "lowest": lowest,
            "highest": highest,
            "from_eur": [ends[k] for k in lowest],
            "to_eur": [ends[k + 1] for k in highest],
            "is_certain": lowest == highest,
        }
    )


def _rate_on(strategy: Strategy, on: dt.date) -> DiscountRate | None:
    day = on.date() if isinstance(on, dt.datetime) else on
    return next((one for one in strategy.discount_rates if one.valid_from <= day <= one.valid_to), None)


def _payments(
    inventory: Inventory, effects: pd.DataFrame | None, index: pd.Index, first: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return costs, of all years, and effects, from the first year on, of some projects."""
    benefits = _effect_flows(inventory, effects)
    benefits = benefits[benefits["project_id"].isin(index) & ~(benefits["year"] < first)]
    costs = _cost_flows(inventory, benefits)
    return costs[costs["project_id"].isin(index)], benefits


def _effect_flows(inventory: Inventory, effects: pd.DataFrame | None) -> pd.DataFrame:
    given = inventory.tables.get("project_effects") if effects is None else effects
    if given is None:
        return _flows(pd.DataFrame(columns=["project_id", "year", "amount_eur", "is_budget_effective"]))
    lacking = {"project_id", "kind", "is_budget_effective", "year", "amount_eur"} - set(given.columns)
    if lacking:
        raise ValueError(f"effects must have columns {sorted(lacking)} too, not only {list(given.columns)}")
    for kind in given["kind"].dropna().unique():
        allowed("kind of effects", kind, EFFECT_KINDS)
    return _flows(given)


def _flows(given: pd.DataFrame) -> pd.DataFrame:
    """Return amounts as receipts at their three ends; an unknown one is from 0 to nobody knows what."""
    value = given["amount_eur"].astype(float)
    lower, upper = (
        given.get(f"amount_eur_{end}", value * np.nan).astype(float) for end in ("lower", "upper")
    )
    # "at least 100" has a lower end and no upper one
    is_open = value.isna() | (lower.notna() & upper.isna())
    return pd.DataFrame(
        {
            "project_id": given["project_id"].astype("str"),
            "year": known_years(given["year"]),
            "is_budget_effective": given["is_budget_effective"].astype("boolean"),
            "low": lower.fillna(value).clip(upper=value).where(value.notna(), 0.0),
            "value": value,
            "high": upper.fillna(value).clip(lower=value).mask(is_open),
            "is_assumed": False,
        }
    )


def _cost_flows(inventory: Inventory, benefits: pd.DataFrame) -> pd.DataFrame:
    """Return costs as negative receipts, running ones carried on to the last year of a project's effects."""
    costs = inventory.project_costs.assign(is_budget_effective=True)
    flows = _flows(costs).assign(kind=costs["kind"])
    is_running, is_dated = costs["is_recurring"].fillna(False).astype(bool), flows["year"].notna()
    # without a year it is paid once at least, and nobody knows how often
    flows["high"] = flows["high"].mask(is_running & ~is_dated & (flows["high"] > 0))
    until = benefits.groupby("project_id")["year"].max()
    running = carried_on(flows[is_running & is_dated], _ENDS, known="value", until=until)
    running = pd.concat([running, _further(running, benefits)], ignore_index=True)
    running = running.assign(is_budget_effective=True).astype(flows[_FLOWS].dtypes)
    paid = pd.concat([flows[~(is_running & is_dated)][_FLOWS], running[_FLOWS]], ignore_index=True)
    return paid.assign(low=-paid["high"], value=-paid["value"], high=-paid["low"])


def _further(running: pd.DataFrame, benefits: pd.DataFrame) -> pd.DataFrame:
    """Return what running costs may still come to until an effect of unknown year: nobody knows what."""
    last = running.drop_duplicates(["project_id", "kind"], keep="last")
    undated = benefits.loc[benefits["year"].isna(), "project_id"]
    last = last[last["project_id"].isin(undated) & (last["high"] != 0)]  # a zero has ended them
    return last.assign(year=np.nan, low=0.0, value=np.nan, high=np.nan, is_assumed=False)


def _present(flows: pd.DataFrame, rate: float, first: int, index: pd.Index) -> pd.DataFrame:
    """Return, by project, the present value at its three ends and in its two parts."""
    # a payment of an unknown year is worth from nothing (late, or made already) to all of its amount
    no_year = flows["year"].isna()
    factor = ((1 + rate) ** -(flows["year"] - first)).mask(no_year)
    present = flows[_ENDS].mul(factor, axis="index")
    present["low"] = present["low"].mask(no_year, flows["low"].clip(upper=0))
    present["high"] = present["high"].mask(no_year, flows["high"].clip(lower=0))
    budget = flows["is_budget_effective"]
    for name, part in (("budget", budget), ("other", ~budget)):
        present[name] = present["value"].where(part.fillna(False).astype(bool), 0.0).mask(budget.isna())
    return present.groupby(flows["project_id"]).sum(skipna=False).reindex(index, fill_value=0.0)


def _reason(strategy: Strategy, state: str, on: dt.date, first: int, rate: DiscountRate | None) -> str:
    language = strategy.language
    key = f"economics.{state}"
    if state == "calculated" and rate is not None:
        percent = format_number(100 * rate.rate, language, 1)
        return text(key, language, year=first, rate=percent, source=rate.source)
    if state == "no_rate":
        spans = [
            f"{format_date(one.valid_from, language)}–{format_date(one.valid_to, language)}"
            for one in strategy.discount_rates
        ]
        told = ", ".join(spans) or text("economics.no_rates", language)
        return text(key, language, date=format_date(on, language), spans=told)
    return text(key, language)
