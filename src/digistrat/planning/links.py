"""Which of the reported dependencies a plan can use."""

from __future__ import annotations

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
