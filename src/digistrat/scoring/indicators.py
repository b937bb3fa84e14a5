"""Figures of offices that nobody need be asked for: they are computed from the inventory itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd

from digistrat.inventory.record import Inventory
from digistrat.scoring.ratings import scored_projects
from digistrat.scoring.services import is_in_force, score_services
from digistrat.texts import text

LEVEL = 3
"""Level of a service from which `share_at_level` counts it (OZG 1.1: online service)."""


def share_at_level(inventory: Inventory, level: int = LEVEL, *, model: str | None = None) -> pd.DataFrame:
    """Return, by office, the share of the yearly cases whose service has reached a level.

    Parameters
    ----------
    inventory : Inventory
        Its tables ``services`` and ``service_ratings``.
    level : int
        Level of the model.
    model : str, optional
        Id of a model of the strategy; by default the one in force on the reporting date. The level of a
        service that is reported under another model, or none, is not known under this one: it widens the
        bounds. So do all where no model is in force.

    Returns
    -------
    DataFrame
        By office of the inventory: ``value`` (0–1, over the cases whose service's level is known; NaN where
        none is), ``lower`` and ``upper`` (services of unknown level counted as below, and as at the level),
        ``n`` (services with cases), ``n_unknown`` (of these, without a known level), ``source`` (what it was
        computed from, in words). Services without a number of cases are in no share. NaN and n = 0 where an
        office has no services to count.

    Raises
    ------
    ValueError
        If the strategy has no such model.
    """
    return _share_of_cases(inventory, model, lambda low, high, _: (low >= level, high < level))


def share_online(inventory: Inventory, *, model: str | None = None) -> pd.DataFrame:
    """Return, by office, the share of the yearly cases whose service is online.

    Parameters
    ----------
    inventory, model
        As in `share_at_level`; the model says from which level a service is online.

    Returns
    -------
    DataFrame
        As `share_at_level`.

    Raises
    ------
    ValueError
        As `share_at_level`.
    """
    return _share_of_cases(inventory, model, lambda low, high, online: (low >= online, high < online))


def share_operating(inventory: Inventory) -> pd.DataFrame:
    """Return, by office, the share of projects that are in operation.

    Parameters
    ----------
    inventory : Inventory
        Its table ``projects``.

    Returns
    -------
    DataFrame
        As `share_at_level`, over the projects that an office is responsible for and that are not
        discontinued: those with the status ``existing``. A status that is not known widens the bounds.
    """
    projects = inventory.projects.loc[scored_projects(inventory)]
    status = projects["status"]
    is_yes = pd.Series(pd.NA, projects.index, dtype="boolean").mask(status.notna(), status == "existing")
    one = pd.Series(1.0, projects.index)
    return _shares(inventory, "projects", projects["office_id"], is_yes, one, "place.computed_projects")


INDICATORS: Mapping[str, Callable[[Inventory], pd.DataFrame]] = {
    "share_at_level": share_at_level,
    "share_online": share_online,
    "share_operating": share_operating,
}
"""What a criterion's ``computed`` may name."""


def _share_of_cases(
    inventory: Inventory,
    model: str | None,
    decide: Callable[[pd.Series, pd.Series, int], tuple[pd.Series, pd.Series]],
) -> pd.DataFrame:
    """Return shares of cases.

    `decide` tells, from bounds of the level and the level that is online, which services count and which not.
    """
    models = {one.id: one for one in inventory.strategy.service_models}
    if model is None:
        model = next((id_ for id_, one in models.items() if is_in_force(one, inventory.reporting_date)), None)
    is_yes = pd.Series(dtype="boolean")
    if model is not None:
        levels = score_services(inventory, model=model).table
        is_at, is_below = decide(levels["level_lower"], levels["level_upper"], models[model].online_from)
        is_yes = pd.Series(pd.NA, levels.index, dtype="boolean").mask(is_at, True).mask(is_below, False)
    services = inventory.services
    services = services[(services["n_cases_yearly"] > 0).fillna(False).astype(bool)]
    return _shares(
        inventory,
        "services",
        services["office_id"],
        is_yes.reindex(services.index),
        services["n_cases_yearly"].astype(float),
        "place.computed_services",
    )


def _shares(
    inventory: Inventory, table: str, office: pd.Series, is_yes: pd.Series, size: pd.Series, words: str
) -> pd.DataFrame:
    """Return the share of what is true by office, with bounds from what is not known."""
    offices = inventory.offices.index

    def total(counted: pd.Series) -> pd.Series:
        return counted.groupby(office).sum().reindex(offices, fill_value=0.0)

    yes, unknown = is_yes.fillna(False).astype(bool), is_yes.isna()
    everything, known = total(size), total(size[~unknown])
    there = everything.where(everything > 0)
    of_yes, of_unknown = total(size[yes]), total(size[unknown])
    n = total(pd.Series(1.0, size.index)).astype(int)
    file = inventory.sources[table]["file"].reindex(office.index).groupby(office).first().reindex(offices)
    language = inventory.strategy.language
    source = [
        " › ".join([*([where] if isinstance(where, str) else []), text(words, language, n=count)])
        if count
        else ""
        for where, count in zip(file, n, strict=True)
    ]
    return pd.DataFrame(
        {
            "value": of_yes / known.where(known > 0, np.nan),
            "lower": of_yes / there,
            "upper": (of_yes + of_unknown) / there,
            "n": n,
            "n_unknown": total(unknown.astype(float)).astype(int),
            "source": pd.Series(source, index=offices, dtype="str"),
        }
    ).rename_axis("office_id")
