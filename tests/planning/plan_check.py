"""Does a plan hold? Read from its output tables and the returned ones, sharing no code with the package."""

from __future__ import annotations

from typing import Any

import pandas as pd

KINDS = ("investive", "consumptive")
DUTIES = ("legal", "operational", "political")
DAY = pd.Timedelta(days=1)


def broken(plan: Any, *, first_year: int = 2027) -> list[str]:
    """Everything that is wrong with a plan, in words; empty if it holds."""
    return [
        *_order(plan),
        *_council(plan),
        *_dates(plan),
        *_dependencies(plan),
        *_staff(plan),
        *_offices(plan),
        *_money(plan, first_year),
        *_milestones(plan),
    ]


def _spans(plan: Any) -> pd.DataFrame:
    return plan.phases.groupby("project_id").agg(start=("start", "min"), end=("end", "max"))


def _steps(plan: Any, test: Any) -> set[str]:
    return {
        step.id
        for template in plan.inventory.strategy.phase_templates
        for step in template.phases
        if test(step)
    }


def _begun(plan: Any) -> set[str]:
    projects, phases = plan.inventory.tables["projects"], plan.inventory.tables["phases"]
    first = pd.Timestamp(plan.problem.start)
    at_work = (phases["share_done"] > 0) | (phases["actual_start_date"] < first)
    early = set(projects.index[projects["start_date"] < first]) | set(phases.loc[at_work, "project_id"])
    return early & set(projects.index[projects["status"] == "in_preparation"])


def _in_season(season: Any, day: pd.Timestamp) -> bool:
    here = f"{day:%m-%d}"
    if season.first <= season.last:
        return season.first <= here <= season.last
    return here >= season.first or here <= season.last


def _sits(council: Any, day: pd.Timestamp) -> bool:
    if day.year in {known.year for known in council.sitting_days} or council.weekday is None:
        return day.date() in council.sitting_days
    is_due = day.day_name().lower() == council.weekday and (day.day + 6) // 7 in council.weeks
    return is_due and not any(_in_season(season, day) for season in council.recess)


def _order(plan: Any) -> list[str]:
    said = []
    chosen = set(plan.portfolio.table.index[plan.portfolio.table["selected"]])
    if set(plan.phases["project_id"]) != chosen:
        said.append("not every chosen project is planned")
    decisions = _steps(plan, lambda step: step.is_decision) if plan.inventory.strategy.council else set()
    for activity, row in plan.phases.iterrows():
        is_whole = (row["end"] + DAY).day == 1 or row["phase_id"] in decisions
        if row["start"].day != 1 or not is_whole or row["end"] < row["start"]:
            said.append(f"{activity} does not take whole months")
        if row["predecessor"]:
            before = plan.phases.loc[row["predecessor"]]
            if before["project_id"] != row["project_id"] or row["start"] <= before["end"]:
                said.append(f"{activity} begins before {row['predecessor']} ends")
    firsts = plan.phases[plan.phases["predecessor"] == ""]
    if firsts["project_id"].duplicated().any():
        said.append("a project has two first phases")
    return said


def _council(plan: Any) -> list[str]:
    said = []
    strategy, status = plan.inventory.strategy, plan.inventory.tables["projects"]["status"]
    decided = plan.phases[plan.phases["phase_id"].isin(_steps(plan, lambda step: step.is_decision))]
    for activity, row in decided.iterrows() if strategy.council is not None else ():
        if not _sits(strategy.council, row["end"]):
            said.append(f"{activity}: the council does not sit on {row['end']:%Y-%m-%d}")
        lead = pd.Timedelta(days=round(7 * strategy.council.lead_weeks))
        if status[row["project_id"]] == "possible" and row["end"] - lead < row["start"]:
            said.append(f"{activity}: nothing is ready to be submitted in time")
    for project, end in _spans(plan)["end"].items():
        if any(_in_season(freeze, end) for freeze in strategy.freezes):
            said.append(f"{project} goes live in a freeze")
    return said


def _dates(plan: Any) -> list[str]:
    said = []
    projects, spans = plan.inventory.tables["projects"], _spans(plan)
    last_month = plan.load["month"].max() + pd.offsets.MonthEnd(0)
    paid = plan.phases[plan.phases["phase_id"].isin(_steps(plan, lambda step: step.share_cost > 0))]
    last_paid = paid.groupby("project_id")["end"].max()
    for project, span in spans.iterrows():
        row = projects.loc[project]
        for column in ("start_date", "release_date"):
            if not pd.isna(row[column]) and span["start"] < row[column]:
                said.append(f"{project} begins before its {column}")
        is_told = any(note.startswith(f"{project} ") for note in plan.notes)
        is_late = not pd.isna(row["due_date"]) and span["end"] > row["due_date"]
        if row["mandate"] in DUTIES and is_late and not is_told:
            said.append(f"{project} ends after its due date")
        if span["end"] > last_month:
            said.append(f"{project} ends after the horizon")
        if pd.isna(row["funding_eur"]) or (
            not pd.isna(row["funding_state"]) and row["funding_state"] == "refused"
        ):
            continue
        if span["start"] < row["funding_from_date"]:
            said.append(f"{project} begins before its grant")
        if project in last_paid and last_paid[project] > row["funding_until_date"] and not is_told:
            said.append(f"{project} is paid for after its grant")
    return said


def _dependencies(plan: Any) -> list[str]:
    said = []
    spans, projects = _spans(plan), plan.inventory.tables["projects"]
    begun = _begun(plan)
    for row in plan.inventory.tables["dependencies"].itertuples():
        if row.project_id not in spans.index:
            continue
        here = spans.loc[row.project_id]
        if row.other_id in spans.index:
            there = spans.loc[row.other_id]
            if row.kind == "excludes":
                said.append(f"{row.project_id} and {row.other_id} exclude each other")
        elif row.other_id in projects.index and projects.at[row.other_id, "status"] == "existing":
            there = projects.loc[row.other_id, ["start_date", "end_date"]].set_axis(["start", "end"])
        else:
            if row.kind in ("requires", "end_before_start", "start_before_start"):
                said.append(f"{row.project_id} needs {row.other_id}")
            continue
        if row.project_id in begun:
            continue
        lag = pd.DateOffset(months=0 if pd.isna(row.lag_months) else int(-(-row.lag_months // 1)))
        if row.kind == "end_before_start" and here["start"] < there["end"] + lag:
            said.append(f"{row.project_id} begins before {row.other_id} ends")
        is_over = row.other_id in begun
        if row.kind == "start_before_start" and not is_over and here["start"] < there["start"] + lag:
            said.append(f"{row.project_id} begins before {row.other_id} begins")
    return said


def _staff(plan: Any) -> list[str]:
    said = []
    posts = plan.inventory.tables["positions"]
    planning = plan.inventory.strategy.planning
    hired = pd.Timestamp(plan.problem.start) + pd.DateOffset(months=planning.hiring_months)
    empty = posts["is_filled"].eq(False).fillna(False).astype(bool)
    begin = posts["start_date"].mask(empty & ~(posts["start_date"] > hired), hired)
    for row in plan.load.itertuples():
        last = row.month + pd.offsets.MonthEnd(0)
        filled = posts[
            (posts["role_id"] == row.role_id) & ~(begin > row.month) & ~(posts["end_date"] < last)
        ]["fte"].sum()
        days = pd.date_range(row.month, last)
        for freeze in plan.inventory.strategy.freezes:
            frozen = sum(_in_season(freeze, day) for day in days) / len(days)
            filled *= 1 - (1 - freeze.staff_share) * frozen
        free = max(0.0, filled - _taken(plan, row.role_id, row.month) / planning.days_per_fte_month)
        if row.capacity_fte > free + 1e-9:
            said.append(f"{row.role_id} {row.month:%Y-%m}: nobody fills {row.capacity_fte}")
        if row.demand_fte > row.capacity_fte + 1e-6:
            said.append(f"{row.role_id} {row.month:%Y-%m}: {row.demand_fte} needed, {row.capacity_fte} there")
    return said


def _taken(plan: Any, role: str, month: pd.Timestamp) -> float:
    """Person-days that running projects need of a role in a month, by the dates of the whole project.

    Only of projects that date none of their phases: the others would need more than a few lines here.
    """
    projects, phases = plan.inventory.tables["projects"], plan.inventory.tables["phases"]
    running = projects[(projects["status"] == "existing") & ~projects.index.isin(phases["project_id"])]
    efforts = plan.inventory.tables["efforts"]
    total = 0.0
    for row in efforts[(efforts["role_id"] == role) & efforts["project_id"].isin(running.index)].itertuples():
        days = pd.Interval(month, month + pd.DateOffset(months=1), closed="left")
        begin, end = running.loc[row.project_id, ["start_date", "end_date"]]
        if pd.isna(begin) or pd.isna(end) or pd.isna(row.effort_days) or end < begin:
            continue
        within = (min(days.right, end + DAY) - max(days.left, begin)).days
        total += row.effort_days * max(within, 0) / ((end - begin).days + 1)
    return total


def _offices(plan: Any) -> list[str]:
    most = plan.inventory.strategy.planning.projects_per_office
    if most is None:
        return []
    office = plan.phases["project_id"].map(plan.inventory.tables["projects"]["office_id"])
    said = []
    for month in sorted(set(plan.load["month"])):
        last = month + pd.offsets.MonthEnd(0)
        runs = (plan.phases["start"] <= month) & (plan.phases["end"] + pd.offsets.MonthEnd(0) >= last)
        counts = office[runs].value_counts()
        said += [f"{one} {month:%Y-%m}: {counts[one]} projects" for one in counts.index[counts > most]]
    return said


def _money(plan: Any, first_year: int) -> list[str]:
    said = []
    costs, projects = plan.inventory.tables["project_costs"], plan.inventory.tables["projects"]
    most = costs["amount_eur_upper"].fillna(costs["amount_eur"])
    whose = costs["project_id"].map(projects["status"])
    recurring = costs["is_recurring"].fillna(False).astype(bool)
    chosen = costs["project_id"].isin(plan.phases["project_id"])
    once = chosen & ~recurring & (~costs["project_id"].isin(_begun(plan)) | (costs["year"] >= first_year))
    whole = most[~recurring].groupby(costs["project_id"]).sum()
    granted_eur = projects["funding_eur"].where(projects["funding_state"].eq("approved").fillna(False), 0.0)
    own = 1 - costs["project_id"].map((granted_eur / whole).clip(upper=1.0)).fillna(0.0)
    for kind in KINDS:
        expected = (most * own)[once & (costs["kind"] == kind)].sum()
        found = plan.budget.loc[plan.budget["kind"] == kind, "one_off_eur"].sum()
        if abs(expected - found) > 0.01:
            said.append(f"{kind}: projects cost {expected}, the plan spends {found}")
    granted = plan.inventory.tables["budgets"].set_index(["year", "kind"])["amount_eur"]
    last_year = granted.index.get_level_values("year").max() if len(granted) else 0
    operating = _operating(
        plan,
        most[chosen & recurring].groupby([costs["project_id"], costs["kind"], costs["year"]]).sum(),
        first_year,
    )
    for row in plan.budget.itertuples():
        here = (costs["kind"] == row.kind) & (costs["year"] == row.year)
        if abs(operating.get((row.year, row.kind), 0.0) - row.recurring_eur) > 0.01:
            said.append(f"{row.year} {row.kind}: running costs do not add up")
        if abs(row.one_off_eur + row.recurring_eur - row.planned_eur) > 0.01:
            said.append(f"{row.year} {row.kind}: the sum is wrong")
        ceiling = granted.get((row.year, row.kind), 0.0) - most[here & (whose == "existing")].sum()
        if row.year == first_year:
            ceiling *= (13 - plan.problem.start.month) / 12
        is_open = row.year > last_year
        spent = row.one_off_eur if is_open else row.planned_eur
        if len(granted) and spent > (0.0 if is_open else max(ceiling, 0.0)) + 0.01:
            said.append(f"{row.year} {row.kind}: {spent} planned, {ceiling} there")
    return said


def _operating(plan: Any, yearly: pd.Series, first_year: int) -> dict[tuple[int, str], float]:
    """Running costs by year and kind: a twelfth of the largest year that is left, every month in operation.

    What is reported for no year from the start on is as in the last one before.
    """
    found: dict[tuple[int, str], float] = {}
    ends = _spans(plan)["end"]
    for (project, kind), years in yearly.groupby(level=[0, 1]):
        by_year = years.droplevel([0, 1]).sort_index()
        before = by_year[by_year.index <= first_year].iloc[-1:]
        rate = max([*before, *by_year[by_year.index >= first_year]]) / 12
        for month in sorted(set(plan.load["month"])):
            if month > ends[project]:
                found[month.year, kind] = found.get((month.year, kind), 0.0) + rate
    return found


def _milestones(plan: Any) -> list[str]:
    said = []
    spans = _spans(plan)
    for kind, ends in (
        ("go_live", spans["end"]),
        ("decision", plan.phases[plan.phases["phase_id"].isin(_steps(plan, lambda s: s.is_decision))]),
        ("order", plan.phases[plan.phases["phase_id"].isin(_steps(plan, lambda s: s.is_procurement))]),
    ):
        table = plan.milestones[plan.milestones["milestone"] == kind]
        days = ends if isinstance(ends, pd.Series) else ends.set_index("project_id")["end"]
        if sorted(zip(table["project_id"], table["date"], strict=True)) != sorted(days.items()):
            said.append(f"{kind} is not the last day")
    return said
