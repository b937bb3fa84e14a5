"""Which of the reported dependencies a plan can use."""

from __future__ import annotations

import numpy as np
import pandas as pd

from digistrat.inventory.checks import circular_links
from digistrat.inventory.record import Inventory


def usable_dependencies(inventory: Inventory) -> pd.DataFrame:
    """Return the dependencies between reported projects, without those that close a circle.

    Parameters
    ----------
    inventory : Inventory
        Its table ``dependencies``; what is left out stands in its findings.

    Returns
    -------
    DataFrame
        ``project_id``, ``other_id``, ``kind``; every link once.
    """
    links = inventory.dependencies
    known = inventory.projects.index
    closing = [label for label, _ in circular_links(links)]
    links = links.drop(index=closing).dropna(subset=["project_id", "other_id", "kind"])
    links = links[links["project_id"].isin(known) & links["other_id"].isin(known)]
    links = links[links["project_id"] != links["other_id"]]
    return links[["project_id", "other_id", "kind"]].drop_duplicates(ignore_index=True)


def dependency_lags(inventory: Inventory) -> pd.Series:
    """Return the months that have to pass between two projects, by (project_id, other_id, kind).

    The longest where a link is reported twice; none where nothing is said.
    """
    links = inventory.dependencies
    keys = ["project_id", "other_id", "kind"]
    if "lag_months" not in links:  # an older form does not ask for it
        return pd.Series(dtype="int64", index=pd.MultiIndex.from_arrays([[], [], []], names=keys))
    known = links.dropna(subset=[*keys, "lag_months"])
    months = pd.Series(np.ceil(known["lag_months"].to_numpy(dtype=float)), known.index).astype("int64")
    return months.groupby([known[key] for key in keys]).max()
