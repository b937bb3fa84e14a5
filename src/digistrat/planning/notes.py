"""What a plan does not keep or takes for granted, in words."""

from __future__ import annotations

import pandas as pd

from digistrat.inventory.record import Inventory
from digistrat.planning.money import begun_projects
from digistrat.planning.plan_problem import waits_between
from digistrat.planning.plan_tables import PlanTables
from digistrat.planning.posts import undated_efforts
from digistrat.planning.procurement import Procurement
from digistrat.planning.records import PlanProblem
from digistrat.texts import format_date, format_money, text

MANDATES = ("legal", "operational", "political")
PUT_OFF_MONTHS = 12  # after the end that its office reports, a duty counts as put off
PAUSE_MONTHS = 6  # between two phases, from which on it is told


def plan_notes(inventory: Inventory, problem: PlanProblem, tables: PlanTables) -> tuple[str, ...]:
    """Say what was reported or decided and is not kept, and what had to be assumed.

    Parameters
    ----------
    inventory : Inventory
        Titles, dates, language.
    problem : PlanProblem
    tables : PlanTables
        Of the plan; where it is empty nothing is said.
    """
    if tables.phases.empty:
        return ()
    said = [
        *_dates_missed(inventory, problem, tables),
        *_duties_put_off(inventory, tables),
        *_pauses(inventory, tables),
        *_costs_after(inventory, problem, tables),
        *_links_moot(inventory, problem, tables),
        *_grants_open(inventory, tables),
        *_procurement_assumed(inventory, tables),
        *commitments_over(inventory, tables.commitments),
        *_calendar_assumed(inventory, problem),
    ]
    return tuple(said)


def _named(inventory: Inventory, project: str) -> str:
    return f"{project} {inventory.projects.at[project, 'title']!s}"


def _dates_missed(inventory: Inventory, problem: PlanProblem, tables: PlanTables) -> list[str]:
    """Dates that no plan can keep, and wishes of projects without a duty that this one does not."""
    language = inventory.strategy.language
    dates = inventory.projects[["due_date", "funding_until_date"]].to_dict("index")
    said = []
    for activity, what in ((one, what) for one, late in problem.late.items() for what in late.split()):
        if activity not in tables.phases.index:
            continue
        project = str(problem.phases.at[activity, "project_id"])
        column = "due_date" if what == "due" else "funding_until_date"
        said.append(
            text(
                f"note.late_{what}",
                language,
                project=_named(inventory, project),
                date=format_date(dates[project][column], language),
                end=format_date(tables.phases["end"].to_dict()[activity], language),
            )
        )
    live = tables.milestones[tables.milestones["milestone"] == "go_live"]
    for project, end in zip(live["project_id"], live["date"], strict=True):
        row = inventory.projects.loc[project]
        if row["mandate"] in ("legal", "operational", "political") or pd.isna(row["due_date"]):
            continue
        if end > row["due_date"]:
            said.append(
                text(
                    "note.late_wish",
                    language,
                    project=_named(inventory, project),
                    date=format_date(row["due_date"], language),
                    end=format_date(end, language),
                )
            )
    return said


def _duties_put_off(inventory: Inventory, tables: PlanTables) -> list[str]:
    """Duties without a due date that go live much later than their offices say: nothing else binds them."""
    table, language = inventory.projects, inventory.strategy.language
    live = tables.milestones[tables.milestones["milestone"] == "go_live"].set_index("project_id")["date"]
    own = table.loc[live.index]
    is_duty = own["mandate"].isin(MANDATES) & own["due_date"].isna()
    late = live > own["end_date"] + pd.DateOffset(months=PUT_OFF_MONTHS)
    named = [f"{_named(inventory, p)} ({format_date(live[p], language)})" for p in live.index[is_duty & late]]
    if not named:
        return []
    told = {"n": len(named), "months": PUT_OFF_MONTHS, "projects": ", ".join(named)}
    return [text("note.put_off", language, **told)]


def _pauses(inventory: Inventory, tables: PlanTables) -> list[str]:
    """Projects that stand still for long between two phases."""
    begin, end, language = tables.phases["start"], tables.phases["end"], inventory.strategy.language
    same = tables.phases["project_id"]
    months = (begin.dt.year - end.shift().dt.year) * 12 + begin.dt.month - end.shift().dt.month - 1
    longest = months.where(same == same.shift()).groupby(same, sort=False).max()
    long = longest[longest >= PAUSE_MONTHS].sort_values(ascending=False, kind="stable")
    if long.empty:
        return []
    told = {"n": len(long), "months": PAUSE_MONTHS, "most": int(long.iloc[0])}
    return [text("note.pauses", language, project=_named(inventory, str(long.index[0])), **told)]


def _costs_after(inventory: Inventory, problem: PlanProblem, tables: PlanTables) -> list[str]:
    """Whether what the plan leaves running costs more than the last budget has for it."""
    if problem.ceilings.empty:
        return []
    language, year = inventory.strategy.language, int(problem.ceilings.index[-1])
    yearly = 12 * problem.running.loc[tables.phases.index].sum()
    there = problem.ceilings.iloc[-1].fillna(0.0).clip(lower=0.0)
    return [
        text(
            "note.costs_after",
            language,
            kind=text(f"cost_kind.{kind}", language),
            yearly=format_money(float(yearly[kind]), language),
            there=format_money(float(there[kind]), language),
            year=year,
        )
        for kind in yearly.index[yearly > there + 0.005]
    ]


def _links_moot(inventory: Inventory, problem: PlanProblem, tables: PlanTables) -> list[str]:
    language = inventory.strategy.language
    begun = begun_projects(inventory, problem.start)
    moot = waits_between(inventory, pd.Index(tables.phases["project_id"].unique()))
    moot = moot[moot["project_id"].isin(begun)]
    return [
        text("note.begun", language, project=_named(inventory, one), other=_named(inventory, other))
        for one, other in zip(moot["project_id"], moot["other_id"], strict=True)
    ]


def _grants_open(inventory: Inventory, tables: PlanTables) -> list[str]:
    if "funding_state" not in inventory.projects:
        return []
    ours = inventory.projects.loc[tables.phases["project_id"].unique()]
    names = [_named(inventory, project) for project in ours.index[ours["funding_state"] == "applied"]]
    language = inventory.strategy.language
    return [text("note.grants_open", language, n=len(names), projects=", ".join(names))] if names else []


def _procurement_assumed(inventory: Inventory, tables: PlanTables) -> list[str]:
    """Procurements that begin after the last threshold that is known."""
    known, language = Procurement(inventory.strategy), inventory.strategy.language
    awarded = tables.phases[tables.phases["procedure"] != ""]
    offices = inventory.projects["office_id"].reindex(awarded["project_id"])
    last = [known.last_threshold(office) for office in offices]
    late = [
        day
        for day, start in zip(last, awarded["start"], strict=True)
        if day is not None and start > pd.Timestamp(day)
    ]
    if not late:
        return []
    return [text("note.threshold", language, n=len(late), date=format_date(min(late), language))]


def commitments_over(inventory: Inventory, commitments: pd.DataFrame) -> list[str]:
    """Say for which commitments that orders need less is granted, where the strategy names any."""
    language, said = inventory.strategy.language, []
    if not inventory.strategy.commitments:
        return []
    there = commitments.assign(granted_eur=commitments["granted_eur"].fillna(0.0))
    for row in there[there["needed_eur"] > there["granted_eur"] + 0.005].to_dict("records"):
        said.append(
            text(
                "note.commitment",
                language,
                year=row["year"],
                for_year=row["for_year"],
                kind=text(f"cost_kind.{row['kind']}", language),
                needed=format_money(row["needed_eur"], language),
                granted=format_money(row["granted_eur"], language),
            )
        )
    return said


def _calendar_assumed(inventory: Inventory, problem: PlanProblem) -> list[str]:
    strategy, said = inventory.strategy, []
    years = set(problem.months.year)
    if strategy.council is None:
        said.append(text("note.no_council", strategy.language))
    elif years - {day.year for day in strategy.council.sitting_days}:
        said.append(text("note.council_rule", strategy.language, source=strategy.council.source))
    if len(problem.ceilings) and problem.ceilings.index[-1] < max(years):
        said.append(text("note.after_budgets", strategy.language, year=int(problem.ceilings.index[-1])))
    undated = undated_efforts(inventory)
    if undated:
        said.append(text("note.undated", strategy.language, n=len(undated), projects=", ".join(undated)))
    return said
