"""Scenarios side by side: what each brings and costs, and which projects all, some or none of them have."""

from __future__ import annotations

import math
from collections.abc import Mapping

import pandas as pd

from digistrat.planning.money import KINDS
from digistrat.planning.records import Plan, Portfolio


def scenarios(by_name: Mapping[str, Plan | Portfolio]) -> pd.DataFrame:
    """Put plans or portfolios side by side, one row each.

    Parameters
    ----------
    by_name : mapping
        Name of the scenario → `Plan` or `Portfolio`; all plans or all portfolios, as the value of a plan
        (value-years) and that of a portfolio (impact points) are not to be compared.

    Returns
    -------
    DataFrame
        Indexed by scenario, in the order given: ``status``, ``value``, ``bound``, ``gap``, ``n_projects``,
        ``n_only_here`` (that no other scenario has), ``investive_eur`` and ``consumptive_eur`` (planned, or
        used by the selection, all years together), ``makespan`` (months; missing for portfolios).

    Raises
    ------
    ValueError
        If there is none, or they are not of one kind.
    """
    chosen = scenario_projects(by_name)
    names = list(by_name)
    alone = chosen[names].sum(axis="columns") == 1
    rows = {}
    for name, result in by_name.items():
        money = result.budget if isinstance(result, Plan) else result.budgets
        spent = money.groupby("kind")["planned_eur" if isinstance(result, Plan) else "used_eur"].sum()
        rows[name] = {
            "status": result.status,
            "value": float(result.objective),
            "bound": float(result.bound),
            "gap": float(result.gap),
            "n_projects": int(chosen[name].sum()),
            "n_only_here": int((chosen[name] & alone).sum()),
            **{f"{kind}_eur": float(spent.get(kind, 0.0)) for kind in KINDS},
            "makespan": float(result.makespan) if isinstance(result, Plan) else math.nan,
        }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("scenario")


def scenario_projects(by_name: Mapping[str, Plan | Portfolio]) -> pd.DataFrame:
    """Show which scenario has which project.

    Parameters
    ----------
    by_name : mapping
        As for `scenarios`.

    Returns
    -------
    DataFrame
        Indexed by project, every candidate of any scenario: ``title``, ``found_in`` (all, some, none) and a
        column per scenario, whether it has the project.

    Raises
    ------
    ValueError
        If there is none, or they are not of one kind.
    """
    kinds = {type(result) for result in by_name.values()}
    if len(kinds) != 1 or not kinds <= {Plan, Portfolio}:
        given = ", ".join(sorted(kind.__name__ for kind in kinds)) or "nothing"
        raise ValueError(f"by_name must hold plans only or portfolios only, at least one, not {given}")
    titles: dict[str, str] = {}
    chosen: dict[str, set[str]] = {}
    for name, result in by_name.items():
        candidates = (result.portfolio if isinstance(result, Plan) else result).table["title"]
        titles |= dict(zip(candidates.index, candidates, strict=True))
        taken = result.phases["project_id"] if isinstance(result, Plan) else result.selected
        chosen[name] = set(taken)
    projects = pd.Index(sorted(titles), name="project_id", dtype="str")
    inside = pd.DataFrame({name: projects.isin(list(taken)) for name, taken in chosen.items()}, projects)
    number = inside.sum(axis="columns")
    found = (number == len(chosen)).map({True: "all", False: "some"}).where(number > 0, "none")
    return pd.concat([pd.DataFrame({"title": pd.Series(titles), "found_in": found}), inside], axis="columns")
