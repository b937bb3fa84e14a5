"""An inventory with other posts or other durations of phases, to see what a plan would become."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from digistrat.inventory.record import Inventory

_NEEDED = ("role_id", "fte", "start_date", "end_date")


def changed_inventory(
    inventory: Inventory,
    *,
    positions: pd.DataFrame | None = None,
    durations: Mapping[str, float] | None = None,
) -> Inventory:
    """Return an inventory with what is asked for in place of what was reported.

    Parameters
    ----------
    inventory : Inventory
    positions : DataFrame, optional
        All posts there are, as ``inventory.positions``; columns that are left out are missing.
    durations : mapping, optional
        Activity (``"A16-004 UM"``, project and phase) → months, as if its office had said so.

    Raises
    ------
    ValueError
        If a column that counts is missing, an activity is none, or a duration is no number above 0.
    """
    if positions is not None:
        inventory = inventory.replace(positions=_positions(inventory, positions))
    return inventory if durations is None else inventory.replace(phases=_phases(inventory, durations))


def _positions(inventory: Inventory, positions: pd.DataFrame) -> pd.DataFrame:
    missing = [column for column in _NEEDED if column not in positions]
    if missing:
        raise ValueError(f"positions must have columns {', '.join(_NEEDED)}; {', '.join(missing)} missing")
    known = {role.id for role in inventory.strategy.roles}
    unknown = set(positions["role_id"].dropna()) - known
    if unknown:
        raise ValueError(f"positions must have roles of the strategy, not {min(unknown)!r}")
    columns = inventory.positions.dtypes.to_dict()
    return positions.reindex(columns=list(columns)).astype(columns)


def _phases(inventory: Inventory, durations: Mapping[str, float]) -> pd.DataFrame:
    phases = inventory.phases
    steps = {step.id for template in inventory.strategy.phase_templates for step in template.phases}
    rows = []
    for activity, months in durations.items():
        project, _, phase = str(activity).rpartition(" ")
        if project not in inventory.projects.index or phase not in steps:
            raise ValueError(f"durations must name activities such as 'A16-004 UM', not {activity!r}")
        if isinstance(months, bool) or not np.isfinite(months) or months <= 0:
            raise ValueError(f"durations must be months above 0, not {months!r} for {activity!r}")
        is_known = (phases["project_id"] == project) & (phases["phase_id"] == phase)
        labels = phases.index[is_known.fillna(False).astype(bool)]
        if len(labels):
            phases.loc[labels, "duration_months"] = float(months)
            phases.loc[labels, ["duration_months_lower", "duration_months_upper"]] = np.nan
        else:
            rows.append({"project_id": project, "phase_id": phase, "duration_months": float(months)})
    if not rows:
        return phases
    more = pd.DataFrame(rows).reindex(columns=phases.columns).astype(phases.dtypes.to_dict())
    first = int(phases.index.max()) + 1 if len(phases) else 0
    return pd.concat([phases, more.set_axis(range(first, first + len(more)))])
