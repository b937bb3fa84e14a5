"""Enabling effect of projects: the impact of those that build on them, from the dependency graph."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from digistrat.inventory.record import Inventory
from digistrat.scoring.inputs import require_once
from digistrat.scoring.ratings import scored_projects

Array = npt.NDArray[Any]

ENABLING = ("requires", "end_before_start")
"""Kinds of dependencies in which the other project makes this one possible."""


def enabling_links(inventory: Inventory) -> pd.DataFrame:
    """Return which projects build on which others.

    Parameters
    ----------
    inventory : Inventory
        Its table ``dependencies``.

    Returns
    -------
    DataFrame
        ``project_id`` requires ``other_id`` or begins after its end; every pair once. Both are projects that
        are reported and not discontinued. Links between projects that stand in one circle are left out,
        whatever the order of the rows: nobody can tell which of them enables which. (A plan leaves out the
        last link of a circle of waiting only, as the finding says, and keeps circles of requiring: both
        projects or none.) The index names the row of ``dependencies``.
    """
    links = _reported_links(inventory)
    return links[~_in_circle(links)]


def enabling_circles(inventory: Inventory) -> frozenset[str]:
    """Return the projects some of whose links `enabling_links` leaves out because they form a circle."""
    links = _reported_links(inventory)
    circular = links[_in_circle(links)]
    return frozenset(circular["project_id"]) | frozenset(circular["other_id"])


def _reported_links(inventory: Inventory) -> pd.DataFrame:
    known, links = scored_projects(inventory), inventory.dependencies
    links = links.loc[links["kind"].isin(ENABLING), ["project_id", "other_id"]]
    return links[links["project_id"].isin(known) & links["other_id"].isin(known)].drop_duplicates()


def enabling_effect(
    links: pd.DataFrame,
    base: pd.Series,
    *,
    low: pd.Series | None = None,
    high: pd.Series | None = None,
    target: float = 100.0,
    discount: float = 0.5,
) -> pd.DataFrame:
    r"""Return what every project contributes to others: the impact of those that build on it.

    A project that needs this one counts with its base value times the discount, one that needs that one
    times the discount again, and so on. Each counts once, by the shortest way, so that two ways to the same
    project are no two benefits.

    Parameters
    ----------
    links : DataFrame
        ``project_id`` builds on ``other_id``, as from `enabling_links`. Links with what is not in `base`, and
        those inside a circle, are left out.
    base : Series
        Value of every project without its own enabling effect, on 0–100 (else the effect would count in its
        own base); NaN where it is not known: the project counts with the middle of what it may be.
    low, high : Series, optional
        What the base may be; the base itself by default, 0 and 100 where that is not known.
    target : float
        Points that count in full; more is not counted, unless it is infinite.
    discount : float
        From 0 to 1, per step.

    Returns
    -------
    DataFrame
        By project of `base`: ``value`` (0 to `target`; 0 where nothing builds on it), ``lower`` and
        ``upper``, ``n`` (projects that build on it), ``n_unknown`` (those without a base value), ``enabled``
        (their ids, nearest first). One more project that builds on another never lowers the value of the
        latter, whatever is known of it.

    Raises
    ------
    ValueError
        If base, low and high do not fit, or target or discount are out of range.

    Notes
    -----
    :math:`e_i = \min(T, \sum_{j} \delta^{\ell(i, j)} b_j)` over the projects j that build on i, directly or
    not, :math:`\ell` the steps of the shortest way: decay centrality (Jackson 2008, *Social and Economic
    Networks*, ch. 2) weighted with the value of each project. That a step halves the value is our choice, as
    is the middle for what is not known. Projects that exclude each other count both: either of them would be
    made possible. It says where to begin, and is for a ranking: in a sum over projects, as of a portfolio,
    part of what the later ones bring counts once more.

    Examples
    --------
    >>> links = pd.DataFrame({"project_id": ["B", "C"], "other_id": ["A", "B"]})
    >>> enabling_effect(links, pd.Series({"A": 10.0, "B": 60.0, "C": 80.0}))["value"].to_dict()
    {'A': 50.0, 'B': 40.0, 'C': 0.0}
    """
    if not target > 0 or not 0 <= discount <= 1:
        raise ValueError(f"target must be above 0 and discount on 0–1, not {target} and {discount}")
    value, lower, upper = (end.to_numpy() for end in _bounds(base, low, high))
    counted = np.where(np.isnan(value), (lower + upper) / 2, value)
    builds_on = _builds_on(links, base.index)
    position = {project: k for k, project in enumerate(base.index)}
    rows = []
    for project in base.index:
        steps = _steps(builds_on, project)
        enabled = tuple(sorted(steps, key=lambda one: (steps[one], one)))
        at = [position[one] for one in enabled]
        weight = np.array([discount ** steps[one] for one in enabled])
        sums = [float(weight @ end[at]) for end in (counted, lower, upper)]
        capped = np.minimum(sums, target).tolist()
        rows.append((*capped, len(enabled), int(np.isnan(value[at]).sum()), enabled))
    columns = ["value", "lower", "upper", "n", "n_unknown", "enabled"]
    return pd.DataFrame(rows, index=base.index, columns=columns)


def enabling_parts(
    links: pd.DataFrame,
    base: pd.Series,
    project: str,
    *,
    low: pd.Series | None = None,
    high: pd.Series | None = None,
    discount: float = 0.5,
) -> pd.DataFrame:
    """Return what is added up for the enabling effect of one project.

    Parameters
    ----------
    links, base, low, high, discount
        As in `enabling_effect`.
    project : str
        An entry of the index of base.

    Returns
    -------
    DataFrame
        By project that builds on it, nearest first: ``steps`` of the shortest way, ``value`` (its base value,
        or the middle of what it may be), ``share`` (the discount by step), ``points`` (value times share, the
        sum is the effect without a cap), ``low`` and ``high`` (what the value may be), ``is_known``,
        ``link``, the label of the first row of `links` that makes the last step of a shortest way, and
        ``via``, the project between: the one that this row names; empty where it is `project` itself.

    Raises
    ------
    ValueError
        If base, low and high do not fit.

    Examples
    --------
    >>> links = pd.DataFrame({"project_id": ["B", "C"], "other_id": ["A", "B"]})
    >>> parts = enabling_parts(links, pd.Series({"A": 10.0, "B": 60.0, "C": 80.0}), "A")
    >>> parts[["value", "share", "points", "link"]].values.tolist()
    [[60.0, 0.5, 30.0, 0.0], [80.0, 0.25, 20.0, 1.0]]
    """
    value, lower, upper = _bounds(base, low, high)
    steps = _steps(_builds_on(links, base.index), project)
    enabled = sorted(steps, key=lambda one: (steps[one], one))
    way = {project: 0, **steps}
    of = links[links["project_id"].isin(enabled) & links["other_id"].isin(list(way))]
    last = of[of["project_id"].map(steps) == of["other_id"].map(way) + 1].drop_duplicates("project_id")
    label = dict(zip(last["project_id"], last.index, strict=True))
    parts = pd.DataFrame({"value": value, "low": lower, "high": upper}).loc[enabled]
    parts["steps"] = [steps[one] for one in enabled]
    parts["is_known"] = parts["value"].notna()
    parts["value"] = parts["value"].fillna((parts["low"] + parts["high"]) / 2)
    parts["share"] = float(discount) ** parts["steps"]
    parts["points"] = parts["value"] * parts["share"]
    parts["link"] = [label[one] for one in enabled]
    between = links["other_id"].loc[parts["link"]].to_numpy()
    parts["via"] = ["" if other == project else str(other) for other in between]
    columns = ["steps", "value", "share", "points", "low", "high", "is_known", "link", "via"]
    return parts[columns].rename_axis("project_id")


def _builds_on(links: pd.DataFrame, known: pd.Index) -> dict[str, list[str]]:
    """Return by project those that build on it; unknown ones and links inside circles are left out."""
    links = links[links["project_id"].isin(known) & links["other_id"].isin(known)]
    builds_on: dict[str, list[str]] = {}
    for project, other in links.loc[~_in_circle(links), ["project_id", "other_id"]].to_numpy().tolist():
        builds_on.setdefault(other, []).append(project)
    return builds_on


def _bounds(
    base: pd.Series, low: pd.Series | None, high: pd.Series | None
) -> tuple[pd.Series, pd.Series, pd.Series]:
    require_once(base.index, "each project of base")
    value = base.astype(float)
    lower = (value if low is None else low.reindex(base.index).astype(float)).fillna(0.0)
    upper = (value if high is None else high.reindex(base.index).astype(float)).fillna(100.0)
    noise = 1e-9
    wrong = (lower < -noise) | (value < lower - noise) | (lower > upper + noise)
    wrong |= (upper > 100 + noise) | (value > upper + noise)
    if wrong.any():
        one = base.index[wrong][0]
        raise ValueError(
            f"0 <= low <= base <= high <= 100 must hold for every project, not low {lower[one]}, base "
            f"{value[one]}, high {upper[one]} at {one!r}"
        )
    return value, lower.clip(upper=value.fillna(100.0)), upper.clip(lower=value.fillna(0.0))


def _steps(builds_on: dict[str, list[str]], project: str) -> dict[str, int]:
    """Return every project that builds on one, directly or not, with the steps of the shortest way."""
    steps: dict[str, int] = {}
    front = [project]
    while front:
        reached = dict.fromkeys(one for other in front for one in builds_on.get(other, ()))
        front = [one for one in reached if one not in steps]
        steps |= dict.fromkeys(front, max(steps.values(), default=0) + 1)
    return steps


def _in_circle(links: pd.DataFrame) -> Array:
    """Tell which links stand inside a circle: both ends can be reached from each other."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    codes = pd.factorize(pd.concat([links["project_id"], links["other_id"]]))[0]
    one, other = codes[: len(links)], codes[len(links) :]
    size = int(codes.max()) + 1 if len(codes) else 0
    if not size:
        return np.zeros(len(links), dtype=bool)
    graph = coo_array((np.ones(len(links)), (one, other)), shape=(size, size))
    circle = connected_components(graph, directed=True, connection="strong")[1]
    return circle[one] == circle[other]
