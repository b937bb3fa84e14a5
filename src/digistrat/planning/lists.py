"""The priority list as people know it: duties above the line, what is shut out below it."""

from __future__ import annotations

import pandas as pd

from digistrat.planning.records import LATER, ROLE, Plan, Portfolio
from digistrat.texts import format_date, text

MANDATORY, FREE, EXCLUDED = "mandatory", "free", "excluded"
GROUNDS = ("legal_dated", "legal", "operational", "political", "by_hand", "needed_by")


def priority_list(portfolio: Portfolio, *, plan: Plan | None = None) -> pd.DataFrame:
    """List all candidates in their order, with the line of duties and the line of exclusion.

    Above the line of duties (*Pflichtgrenze*) stands what is fixed in: legal duties with a date in the order
    of their dates, other legal duties, what operation depends on, political mandates, what was fixed in by
    hand, and what one of these needs. Then come the projects that compete, the chosen ones before the others,
    by value. Below the line of exclusion (*Ausschlussgrenze*) stands what cannot be chosen, and why.

    Parameters
    ----------
    portfolio : Portfolio
        From `select_portfolio`.
    plan : Plan, optional
        Of this portfolio, for dates and for the money that the plan spends. Of `plan_portfolio` give both:
        ``priority_list(plan.portfolio, plan=plan)``.

    Returns
    -------
    DataFrame
        One row per candidate: ``place`` (from 1), ``line`` (mandatory, free, excluded), ``ground``
        (legal_dated, legal, operational, political, by_hand, needed_by; of what is excluded the key of the
        reason; empty for the others), ``project_id``, ``title``, ``office_id``, ``selected``, ``value``,
        ``cost_eur`` (one-off), ``money_eur`` (what a chosen project takes of the budgets, running costs
        included, where that is known), ``cumulative_eur`` (of the chosen ones down to this row),
        ``share_of_budget`` (the same of all the money that there is; missing where money limits nothing),
        ``due_date``, ``reason``; with a plan ``start_date`` and ``go_live_date``.

    Raises
    ------
    ValueError
        If the plan is of another choice of projects.
    """
    if plan is not None and set(plan.phases["project_id"]) - set(portfolio.selected):
        raise ValueError("plan must be of this portfolio, but holds projects that it has not chosen")
    table, projects = portfolio.table, portfolio.inventory.projects
    due = projects["due_date"].reindex(table.index)
    line, ground = _lines(portfolio, due)
    money = _money(portfolio) if plan is None else _plan_money(plan, table.index)
    listed = table[["title", "office_id", "selected", "value", "cost_eur"]].assign(
        line=line, ground=ground, money_eur=money.where(table["selected"]), due_date=due
    )
    listed["reason"] = [_reason(portfolio, str(p), str(ground[p]), due[p]) for p in table.index]
    listed = listed.loc[_order(listed)].rename_axis("project_id").reset_index()
    taken = listed["money_eur"].where(listed["selected"], 0.0)
    listed["cumulative_eur"] = taken.fillna(0.0).cumsum()
    listed["share_of_budget"] = listed["cumulative_eur"] / _there(portfolio, plan)
    listed["place"] = range(1, len(listed) + 1)
    columns = ["place", "line", "ground", "project_id", "title", "office_id", "selected", "value", "cost_eur"]
    columns += ["money_eur", "cumulative_eur", "share_of_budget", "due_date", "reason"]
    if plan is not None:
        spans = plan.phases.groupby("project_id").agg(start=("start", "min"), end=("end", "max"))
        listed["start_date"] = listed["project_id"].map(spans["start"])
        listed["go_live_date"] = listed["project_id"].map(spans["end"])
        columns += ["start_date", "go_live_date"]
    return listed[columns]


def _lines(portfolio: Portfolio, due: pd.Series) -> tuple[pd.Series, pd.Series]:
    """On which side of the lines each candidate stands, and why."""
    problem, mandate = portfolio.problem, portfolio.table["mandate"]
    lines, grounds = [], []
    for project in portfolio.table.index:
        if project in problem.mandatory:
            known = str(mandate[project])
            ground = "needed_by" if project in problem.needed_by else "by_hand"
            if known in GROUNDS:
                ground = "legal_dated" if known == "legal" and not pd.isna(due[project]) else known
        else:
            ground = problem.why_forbidden.get(project, "")
        is_in, is_out = project in problem.mandatory, project in problem.forbidden
        lines.append(MANDATORY if is_in else EXCLUDED if is_out else FREE)
        grounds.append(ground)
    index = portfolio.table.index
    return pd.Series(lines, index, dtype="str"), pd.Series(grounds, index, dtype="str")


def _order(listed: pd.DataFrame) -> pd.Index:
    """Duties by ground, dated ones by date; the others chosen before not chosen; the more valuable first."""
    is_dated = listed["ground"] == "legal_dated"
    keys = pd.DataFrame(
        {
            "line": listed["line"].map({MANDATORY: 0, FREE: 1, EXCLUDED: 2}),
            "ground": listed["ground"].map({name: k for k, name in enumerate(GROUNDS)}).fillna(len(GROUNDS)),
            "date": listed["due_date"].where(is_dated),
            "left_out": ~listed["selected"],
            "worth": -listed["value"],
            "id": listed.index,
        },
        listed.index,
    )
    keys.loc[listed["line"] == EXCLUDED, "ground"] = 0
    return keys.sort_values([str(key) for key in keys], na_position="last").index


def _money(portfolio: Portfolio) -> pd.Series:
    """What candidates take of the budgets, as selected: missing where the selection was made with a plan."""
    costs = portfolio.problem.costs
    names = [name for name in costs if not str(name).startswith((ROLE, LATER))]
    return costs[names].sum(axis="columns", min_count=1).reindex(portfolio.table.index)


def _plan_money(plan: Plan, candidates: pd.Index) -> pd.Series:
    """What a plan spends on each project until the last year that has a budget."""
    problem = plan.problem
    activities = plan.phases.index
    end = pd.DatetimeIndex(plan.phases["end"])
    january = problem.months[0]
    periods = (end.year - january.year) * 12 + end.month  # a phase ends with a month, or decides in it
    until = len(problem.ceilings) * 12 if len(problem.ceilings) else problem.horizon
    months = pd.Series(until - periods, activities).clip(lower=0)
    spent = problem.costs.loc[activities].sum(axis="columns")
    spent += problem.running.loc[activities].sum(axis="columns") * months
    return spent.groupby(plan.phases["project_id"]).sum().reindex(candidates)


def _there(portfolio: Portfolio, plan: Plan | None) -> float:
    """All the money that running projects leave, years and kinds together; missing where none limits."""
    if plan is not None:
        return float(plan.problem.budgets.to_numpy().sum()) if len(plan.problem.ceilings) else float("nan")
    there = portfolio.budgets["available_eur"].clip(lower=0.0)
    return float(there.sum()) if len(there) else float("nan")


def _reason(portfolio: Portfolio, project: str, ground: str, due: pd.Timestamp) -> str:
    """The portfolio's reason; of a duty with law and date."""
    said, language = str(portfolio.table.at[project, "reason"]), portfolio.problem.language
    general = text("reason.mandatory", language)
    if ground not in GROUNDS[:4] or not said.startswith(general):
        return said
    basis = portfolio.inventory.projects["legal_basis"].fillna("").to_dict()[project]
    law = f" ({basis})" if basis else ""
    own = text(f"list.{ground}", language, law=law, date=format_date(due, language))
    return f"{own}{said.removeprefix(general)}"
