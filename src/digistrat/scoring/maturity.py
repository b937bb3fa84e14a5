"""Maturity of offices and of services: how digital they are today, and the gap to their target."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from digistrat.inventory.record import Inventory
from digistrat.scoring.composite import Scores, linear_value, score_table
from digistrat.scoring.ratings import Ratings, criteria_frame, place_of, ratings_matrix
from digistrat.strategy import ServiceModel


def score_maturity(inventory: Inventory) -> Scores:
    """Score every organisation that returned by its self-assessment, by dimension and overall.

    Parameters
    ----------
    inventory : Inventory
        Its table ``maturity_ratings`` holds present and target levels by office and indicator.

    Returns
    -------
    Scores
        One alternative per office, enterprise or company that returned or is rated (partners are not
        assessed); ``groups`` are the dimensions. ``table`` has two further columns: ``gap``, the weighted
        mean distance from present to target level over the indicators that have both, and ``target``, the
        score plus the gap, within 0–100; missing where no indicator has both. Ordinal levels are averaged
        with the strategy's weights; its source says so.
    """
    strategy = inventory.strategy
    criteria = criteria_frame(strategy.maturity)
    offices = inventory.offices
    returned = {*inventory.files["office_id"].dropna(), *inventory.maturity_ratings["office_id"].dropna()}
    index = pd.Index([o for o in offices.index if o in returned], name="office_id", dtype="str")
    index = index[offices.loc[index, "kind"] != "partner"]

    def rated(value: str) -> Ratings:
        return ratings_matrix(
            inventory,
            "maturity_ratings",
            index,
            criteria.index,
            alternative="office_id",
            criterion="indicator_id",
            value=value,
        )

    ratings = rated("level")
    scores = score_table(
        ratings.raw,
        ratings.states,
        criteria,
        rule=strategy.maturity.rule,
        coverage_threshold=strategy.thresholds.coverage,
        group_threshold=strategy.thresholds.group_coverage,
        inventory=inventory,
        cells=ratings.cells,
        what="maturity",
        unit="office",
    )
    target = linear_value(rated("target_level").raw, criteria["floor"], criteria["target"])
    both = target.notna() & scores.values.notna()
    weights = both.mul(criteria["weight"], axis="columns")
    total = weights.sum(axis="columns").replace(0, np.nan)
    gap = ((target - scores.values).where(both) * weights).sum(axis="columns") / total
    # the score also counts indicators without a target, so that the sum may leave the scale
    sum_of_both = (scores.table["score"] + gap).clip(0, 100)
    return replace(scores, table=scores.table.assign(target=sum_of_both, gap=gap))


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
        has criteria, their levels count; where it has none, the level that the office reports. A level that
        the model does not have is unreadable, never the nearest one. ``table`` has the further columns
        ``level``, ``level_lower``, ``level_upper`` (whole levels of the model), ``is_online`` (missing where
        the bounds leave it open), ``reported_level`` (what the office reports as a whole),
        ``n_cases_yearly``, ``model``.

    Raises
    ------
    ValueError
        If the strategy has no such model.

    References
    ----------
    OZG-Reifegradmodell 1.1 (2020): "das Kriterium mit der niedrigsten Stufe bestimmt die Gesamtbewertung".
    """
    chosen = _model(inventory, model)
    services = inventory.services
    services = services[services["model"] == chosen.id]
    by_criteria = bool(chosen.criteria)
    names = {c.id: c.name for c in chosen.criteria} if by_criteria else {"level": chosen.id}
    criteria = pd.DataFrame(
        {
            "name": list(names.values()),
            "weight": 100 / len(names),
            "floor": float(chosen.floor),
            "target": float(chosen.target),
            "source": chosen.source,
        },
        index=pd.Index(list(names), name="criterion", dtype="str"),
    )
    if by_criteria:
        ratings = ratings_matrix(
            inventory,
            "service_ratings",
            services.index,
            criteria.index,
            alternative="service_id",
            criterion="criterion_id",
            value="level",
        )
        raw, states, cells = ratings.raw, ratings.states, ratings.cells
    else:
        raw = services[["level"]].astype(float).rename_axis(columns="criterion")
        states = raw.notna().replace({True: "assessed", False: "missing"}).astype("str")

        def cells(service: str, criterion: str) -> str:
            return place_of(inventory, "services", service, criterion)

    foreign = (raw < chosen.floor) | (raw > chosen.target)
    scores = score_table(
        raw.mask(foreign),
        states.mask(foreign, "unreadable"),
        criteria,
        rule=chosen.rule,
        coverage_threshold=inventory.strategy.thresholds.coverage,
        inventory=inventory,
        cells=cells,
        what="services",
        unit="service",
    )
    # under the minimum rule a score is the value of one level, up to rounding
    width = chosen.target - chosen.floor
    level, lower, upper = (
        np.floor(scores.table[column] / 100 * width + 1e-9) + chosen.floor
        for column in ("score", "lower", "upper")
    )
    online = pd.Series(pd.NA, level.index, dtype="boolean")
    online[(lower >= chosen.online_from).to_numpy()] = True
    online[(upper < chosen.online_from).to_numpy()] = False
    table = scores.table.assign(
        level=level,
        level_lower=lower,
        level_upper=upper,
        is_online=online,
        reported_level=services["level"],
        n_cases_yearly=services["n_cases_yearly"],
        model=chosen.id,
    )
    return replace(scores, table=table)


def _model(inventory: Inventory, given: str | None) -> ServiceModel:
    models = {model.id: model for model in inventory.strategy.service_models}
    if given is None:
        reported = inventory.services["model"].value_counts()
        given = str(reported.index[0]) if len(reported) else next(iter(models), "")
    if given not in models:
        raise ValueError(f"model must be one of {sorted(models)}, not {given!r}")
    return models[given]


@dataclass(frozen=True, slots=True)
class OnlineShare:
    """Share of cases of services that are online.

    Attributes
    ----------
    lower, upper : float
        0–1: services of unknown level counted as not online, and as online; NaN without any case.
    unknown : float
        Share of cases of services whose level is not known, 0–1.
    n_without_cases : int
        Services without a number of cases: they are in no share.
    """

    lower: float
    upper: float
    unknown: float
    n_without_cases: int


def online_share(services: Scores) -> OnlineShare:
    """Return which share of the yearly cases belongs to services that are online.

    Parameters
    ----------
    services : Scores
        From `score_services`.

    Returns
    -------
    OnlineShare
    """
    table = services.table
    cases = table["n_cases_yearly"].astype(float)
    total = float(cases.sum())
    online = table["is_online"].astype("boolean")
    known = float(cases[online.fillna(False).to_numpy(dtype=bool)].sum())
    open_ = float(cases[online.isna().to_numpy(dtype=bool)].sum())
    if total == 0:
        return OnlineShare(np.nan, np.nan, np.nan, int(cases.isna().sum()))
    return OnlineShare(known / total, (known + open_) / total, open_ / total, int(cases.isna().sum()))
