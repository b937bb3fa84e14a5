"""Maturity of services: their level under a model, bundles of services, and the share that is online."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import pandas as pd

from digistrat.inventory.record import Inventory
from digistrat.scoring.composite import Scores, score_table
from digistrat.scoring.inputs import require_once
from digistrat.scoring.ratings import place_of, ratings_matrix
from digistrat.strategy import ServiceModel

REPORTED = "level"
"""Column of `Scores.values` that holds the level which an office reports of a service as a whole."""


def score_services(inventory: Inventory, *, model: str | None = None) -> Scores:
    """Score services by the rule of their maturity model (OZG: the lowest criterion decides).

    Levels of different models are not comparable, so that one call speaks of one model.

    Parameters
    ----------
    inventory : Inventory
        Its tables ``services`` and ``service_ratings``.
    model : str, optional
        Id of a model of the strategy; by default the one under which most services are reported.

    Returns
    -------
    Scores
        One alternative per service under the model; services without a model are in none. Where the model
        has criteria, their levels count; of a service of which no criterion is rated, or where the model has
        none, the level that the office reports (criterion `REPORTED`; the others do not apply to it, and it
        applies to no other service). A level that the model does not have, or that is not whole, is
        unreadable, never the nearest one. ``table`` has the further columns ``level``, ``level_lower``,
        ``level_upper`` (whole levels of the model), ``is_online`` (missing where the bounds leave it open),
        ``basis`` (``criteria`` or ``reported``), ``reported_level`` (what the office reports as a whole),
        ``bundle_id``, ``n_cases_yearly``, ``model``.

    Raises
    ------
    ValueError
        If the strategy has no such model, or a service's id stands twice.

    References
    ----------
    OZG-Reifegradmodell 1.1 (2020): "das Kriterium mit der niedrigsten Stufe bestimmt die Gesamtbewertung".
    """
    chosen = _model(inventory, model)
    services = inventory.services
    require_once(services.index, "each service_id of services")
    services = services[services["model"] == chosen.id]
    raw, states, cells = _ratings(inventory, chosen, services)
    is_wrong = (raw < chosen.floor) | (raw > chosen.target) | (raw % 1 > 0)
    width = chosen.target - chosen.floor
    scores = score_table(
        raw.mask(is_wrong),
        states.mask(is_wrong, "unreadable"),
        _criteria(chosen, raw.columns),
        rule=chosen.rule,
        coverage_threshold=inventory.strategy.thresholds.coverage,
        rule_source=chosen.source,
        levels=[(name, 100 * k / width) for k, name in enumerate(chosen.levels)],
        inventory=inventory,
        cells=cells,
        what="services",
        unit="service",
    )
    # under the minimum rule a score is the value of one level, up to rounding
    level, lower, upper = (
        np.floor(scores.table[column] / 100 * width + 1e-9) + chosen.floor
        for column in ("score", "lower", "upper")
    )
    online = pd.Series(pd.NA, level.index, dtype="boolean")
    online[(lower >= chosen.online_from).to_numpy()] = True
    online[(upper < chosen.online_from).to_numpy()] = False
    is_reported = states[REPORTED] != "not_applicable" if REPORTED in states else False
    basis = pd.Series(np.where(is_reported, "reported", "criteria"), index=level.index, dtype="str")
    table = scores.table.assign(
        level=level,
        level_lower=lower,
        level_upper=upper,
        is_online=online,
        basis=basis,
        reported_level=services["level"],
        bundle_id=services["bundle_id"],
        n_cases_yearly=services["n_cases_yearly"],
        model=chosen.id,
    )
    return replace(scores, table=table)


def _ratings(
    inventory: Inventory, model: ServiceModel, services: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame, Callable[[str, str], str]]:
    """Return levels and states by criterion, and the reported level of services that have no others."""
    found = ratings_matrix(
        inventory,
        "service_ratings",
        services.index,
        pd.Index([criterion.id for criterion in model.criteria], dtype="str"),
        alternative="service_id",
        criterion="criterion_id",
        value="level",
    )
    reported = services["level"].astype(float)
    is_bare = (found.states == "missing").all(axis="columns")
    if model.criteria:
        is_bare &= reported.notna()
        if not is_bare.any():
            return found.raw, found.states, found.cells
    known = reported.notna().map({True: "assessed", False: "missing"})
    raw = found.raw.assign(**{REPORTED: reported.where(is_bare)})
    states = found.states.copy()
    states.loc[is_bare] = "not_applicable"
    states[REPORTED] = known.where(is_bare, "not_applicable").astype("str")

    def cells(service: str, criterion: str) -> str:
        if criterion == REPORTED:
            return place_of(inventory, "services", service, REPORTED)
        return found.cells(service, criterion)

    return raw, states, cells


def _criteria(model: ServiceModel, ids: pd.Index) -> pd.DataFrame:
    names = {criterion.id: criterion.name for criterion in model.criteria} | {REPORTED: model.id}
    return pd.DataFrame(
        {
            "name": [names[one] for one in ids],
            "weight": 100 / len(ids),
            "floor": float(model.floor),
            "target": float(model.target),
            "step": 1.0,
            "source": model.source,
        },
        index=ids,
    )


def _model(inventory: Inventory, given: str | None) -> ServiceModel:
    models = {model.id: model for model in inventory.strategy.service_models}
    if given is None:
        reported = inventory.services["model"].value_counts()
        given = str(reported.index[0]) if len(reported) else next(iter(models), "")
    if given not in models:
        raise ValueError(f"model must be one of {sorted(models)}, not {given!r}")
    return models[given]


def count_models(inventory: Inventory) -> pd.DataFrame:
    """Count the services by the model they are reported under: what one call of `score_services` leaves out.

    Parameters
    ----------
    inventory : Inventory
        Its table ``services``.

    Returns
    -------
    DataFrame
        By model of the strategy, and "" for services without one: ``n_services``, ``n_cases_yearly``,
        ``is_in_force`` on the reporting date, ``is_estimate`` (part of the model is our assumption).
    """
    services, on = inventory.services, inventory.reporting_date
    named = services["model"].fillna("").astype("str")
    models = {model.id: model for model in inventory.strategy.service_models}
    rows = {
        name: {
            "n_services": int((named == name).sum()),
            "n_cases_yearly": int(services.loc[named == name, "n_cases_yearly"].sum()),
            "is_in_force": name in models and is_in_force(models[name], on),
            "is_estimate": name in models and models[name].is_estimate,
        }
        for name in [*models, ""]
    }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("model")


def is_in_force(model: ServiceModel, on: Any) -> bool:
    """Tell whether a model is in force on a date, both ends included."""
    return bool(model.valid_from <= on and (model.valid_to is None or on <= model.valid_to))


def score_bundles(services: Scores) -> pd.DataFrame:
    """Tell which bundles of services are online: those of which at least one service is.

    Parameters
    ----------
    services : Scores
        From `score_services`; its model says from which level a service is online.

    Returns
    -------
    DataFrame
        By ``bundle_id``: ``n_services``, ``n_other`` (services of the bundle under no or another model: their
        level is not known here), ``is_online`` (True as soon as one service is, False if every service is
        known not to be, else missing), ``n_cases_yearly`` (of services that report cases; missing where none
        does), ``n_without_cases``. Services without a bundle are in none.

    References
    ----------
    digitale-verwaltung.de, OZG-Dashboard: a bundle is online if at least one of its services has level 2.
    """
    table = services.table.dropna(subset=["bundle_id"])
    grouped = table.groupby("bundle_id")
    other = pd.Series(0, index=grouped.size().index)
    if services.inventory is not None:
        every = services.inventory.services
        outside = every.loc[~every.index.isin(table.index), "bundle_id"]
        other = outside.value_counts().reindex(other.index, fill_value=0)
    cases, online = table["n_cases_yearly"].astype("Int64"), table["is_online"].astype("boolean")
    some = online.fillna(False).groupby(table["bundle_id"]).any()
    is_open = online.isna().groupby(table["bundle_id"]).any() | (other > 0)
    is_online = some.astype("boolean").mask(~some & is_open)
    return pd.DataFrame(
        {
            "n_services": grouped.size(),
            "n_other": other,
            "is_online": is_online,
            "n_cases_yearly": cases.groupby(table["bundle_id"]).sum(min_count=1),
            "n_without_cases": cases.isna().groupby(table["bundle_id"]).sum(),
        }
    ).rename_axis("bundle_id")


@dataclass(frozen=True, slots=True)
class OnlineShare:
    """Share of cases, or of services or bundles, that are online.

    Attributes
    ----------
    lower, upper : float
        0–1: those of unknown level counted as not online, and as online; NaN without anything to count.
    unknown : float
        Share of those whose level is not known, 0–1.
    n_without_cases : int
        Services or bundles without a number of cases: they are in no share of cases.
    """

    lower: float
    upper: float
    unknown: float
    n_without_cases: int


def online_share(services: Scores | pd.DataFrame, *, by: Literal["cases", "number"] = "cases") -> OnlineShare:
    """Return which share of the yearly cases belongs to services, or bundles, that are online.

    Parameters
    ----------
    services : Scores or DataFrame
        From `score_services`, or from `score_bundles`.
    by : {"cases", "number"}
        Weighted by yearly cases, or every service or bundle the same.

    Returns
    -------
    OnlineShare

    Raises
    ------
    ValueError
        If `by` is neither.

    Examples
    --------
    >>> bundles = pd.DataFrame({"is_online": [True, False, None], "n_cases_yearly": [50, 30, 20]})
    >>> online_share(bundles)
    OnlineShare(lower=0.5, upper=0.7, unknown=0.2, n_without_cases=0)
    """
    if by not in ("cases", "number"):
        raise ValueError(f"by must be 'cases' or 'number', not {by!r}")
    table = services if isinstance(services, pd.DataFrame) else services.table
    cases = table["n_cases_yearly"].astype("Float64").to_numpy(dtype=float, na_value=np.nan)
    online = table["is_online"].astype("boolean")
    counted = np.nan_to_num(cases) if by == "cases" else np.ones(len(table))
    total, without = float(counted.sum()), int(np.isnan(cases).sum())
    if total == 0:
        return OnlineShare(np.nan, np.nan, np.nan, without)
    known = float(counted[online.fillna(False).to_numpy(dtype=bool)].sum())
    open_ = float(counted[online.isna().to_numpy(dtype=bool)].sum())
    return OnlineShare(known / total, (known + open_) / total, open_ / total, without)
