"""What a changed plan moves: two plans side by side, the differences as tables and in words."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from digistrat.planning.baseline import Baseline, baseline_of
from digistrat.planning.compare_words import change_sentences
from digistrat.planning.records import Plan

FIGURES = ("value", "bound", "gap", "makespan")


@dataclass(frozen=True, eq=False)
class PlanComparison:
    """What differs between a plan and a later or changed one.

    Attributes
    ----------
    projects : DataFrame
        Indexed by project, of either plan: ``title``, ``change`` (entered, left, earlier, later, unchanged),
        ``start_before``, ``start_after``, ``go_live_before``, ``go_live_after``, ``months`` (how much later
        it goes live; below zero earlier), ``status_before``, ``status_after`` (in the round that each plan
        is of; missing where it was not reported). A project that goes live at the same time is earlier or
        later if the phases that both plans have begin earlier or later.
    phases : DataFrame
        Indexed by activity: ``project_id``, ``phase_id``, ``phase``, ``change``, ``start_before``,
        ``start_after``, ``end_before``, ``end_after``, ``months`` (how much later it ends).
    budget : DataFrame
        ``year``, ``kind``, ``before_eur``, ``after_eur``, ``difference_eur``, ``ceiling_before_eur``,
        ``ceiling_after_eur``; missing in years that a plan does not cover.
    load : DataFrame
        ``role_id``, ``year``, ``before_fte_months``, ``after_fte_months``, ``difference_fte_months``.
    totals : DataFrame
        ``before``, ``after``, ``difference`` of ``value``, ``bound``, ``gap``, ``makespan`` (months),
        ``n_projects`` and ``planned_eur``.
    sentences : tuple of str
        The differences in the language of the strategy, the ones that matter first.
    """

    projects: pd.DataFrame
    phases: pd.DataFrame
    budget: pd.DataFrame
    load: pd.DataFrame
    totals: pd.DataFrame
    sentences: tuple[str, ...]

    @property
    def moved(self) -> pd.Index:
        """Ids of the projects that enter, leave or move."""
        return self.projects.index[self.projects["change"] != "unchanged"]

    def __str__(self) -> str:
        return "\n".join(self.sentences)

    def __repr__(self) -> str:
        return f"<PlanComparison: {len(self.moved)} of {len(self.projects)} projects differ>"


def compare_plans(a: Plan | Baseline, b: Plan | Baseline) -> PlanComparison:
    """Show what differs between two plans, of the same or of different rounds and strategies.

    Parameters
    ----------
    a, b : Plan or Baseline
        Before and after. A preview is ``compare_plans(plan, plan.replace(...))``, the distance to what was
        approved ``compare_plans(baseline, plan)``.

    Returns
    -------
    PlanComparison
        ``compare_plans(b, a)`` is its mirror: before and after change places, differences their sign.

    Raises
    ------
    ValueError
        If one of them is neither a plan nor a baseline.
    """
    before, after = _kept("a", a), _kept("b", b)
    phases = _phases(before, after)
    projects = _projects(before, after, phases)
    budget, load, totals = _budget(before, after), _load(before, after), _totals(before, after)
    sentences = change_sentences(before, after, projects, phases, budget, load, totals)
    return PlanComparison(projects, phases, budget, load, totals, sentences)


def _kept(name: str, plan: Plan | Baseline) -> Baseline:
    if isinstance(plan, Baseline):
        return plan
    if isinstance(plan, Plan):
        return baseline_of(plan)
    raise ValueError(f"{name} must be a Plan or a Baseline, not {type(plan).__name__}")


def months_between(first: pd.Series, last: pd.Series) -> pd.Series:
    """Return how many months later the last dates are than the first ones; missing where one is."""
    years = last.dt.year - first.dt.year
    return (years * 12 + last.dt.month - first.dt.month).astype("Int64")


def _side_by_side(before: pd.DataFrame, after: pd.DataFrame) -> pd.DataFrame:
    """Columns of both, ``_before`` and ``_after``; rows of either in order of their labels."""
    labels = before.index.union(after.index).set_names(before.index.names)
    both = [
        table.reindex(labels).add_suffix(suffix) for table, suffix in ((before, "_before"), (after, "_after"))
    ]
    return pd.concat(both, axis="columns")


def _change(there: pd.DataFrame, end: pd.Series, start: pd.Series) -> pd.Series:
    """In words: by what has an end in both plans, then by its start."""
    shift = end.where(end != 0, start).fillna(0)
    change = np.select([shift < 0, shift > 0], ["earlier", "later"], "unchanged")
    change = np.where(there.iloc[:, 0], np.where(there.iloc[:, 1], change, "left"), "entered")
    return pd.Series(change, end.index, dtype="str")


def _phases(before: Baseline, after: Baseline) -> pd.DataFrame:
    names = ["project_id", "phase_id", "phase"]
    dates = ["start", "end"]
    table = _side_by_side(before.phases[dates], after.phases[dates])
    ends = months_between(table["end_before"], table["end_after"])
    starts = months_between(table["start_before"], table["start_after"])
    there = table[["start_before", "start_after"]].notna()
    said = after.phases[names].reindex(table.index).fillna(before.phases[names].reindex(table.index))
    columns = ["start_before", "start_after", "end_before", "end_after"]
    return said.assign(change=_change(there, ends, starts), **{c: table[c] for c in columns}, months=ends)


def _projects(before: Baseline, after: Baseline, phases: pd.DataFrame) -> pd.DataFrame:
    spans = [
        plan.phases.groupby("project_id").agg(start=("start", "min"), go_live=("end", "max"))
        for plan in (before, after)
    ]
    table = _side_by_side(*spans)
    months = months_between(table["go_live_before"], table["go_live_after"])
    in_both = phases.dropna(subset=["start_before", "start_after"])
    first = in_both.groupby("project_id")[["start_before", "start_after"]].min().reindex(table.index)
    begins = months_between(first["start_before"], first["start_after"])
    there = table[["start_before", "start_after"]].notna()
    titles, known = (plan.projects["title"].astype("str").reindex(table.index) for plan in (after, before))
    columns = ["start_before", "start_after", "go_live_before", "go_live_after"]
    return pd.DataFrame(
        {
            "title": titles.fillna(known),
            "change": _change(there, months, begins),
            **{column: table[column] for column in columns},
            "months": months,
            "status_before": before.projects["status"].reindex(table.index),
            "status_after": after.projects["status"].reindex(table.index),
        }
    ).rename_axis("project_id")


def _budget(before: Baseline, after: Baseline) -> pd.DataFrame:
    keys = ["year", "kind"]
    money = [plan.budget.set_index(keys)[["planned_eur", "ceiling_eur"]] for plan in (before, after)]
    table = _side_by_side(*money)
    return pd.DataFrame(
        {
            "before_eur": table["planned_eur_before"],
            "after_eur": table["planned_eur_after"],
            "difference_eur": table["planned_eur_after"] - table["planned_eur_before"],
            "ceiling_before_eur": table["ceiling_eur_before"],
            "ceiling_after_eur": table["ceiling_eur_after"],
        },
        table.index,
    ).reset_index(names=keys)


def _load(before: Baseline, after: Baseline) -> pd.DataFrame:
    keys = ["role_id", "year"]
    work = [
        plan.load.assign(year=plan.load["month"].dt.year).groupby(keys)[["demand_fte"]].sum()
        for plan in (before, after)
    ]
    table = _side_by_side(*work).set_axis(["before_fte_months", "after_fte_months"], axis="columns")
    difference = table["after_fte_months"] - table["before_fte_months"]
    return table.assign(difference_fte_months=difference).reset_index(names=keys)


def _totals(before: Baseline, after: Baseline) -> pd.DataFrame:
    def of(plan: Baseline) -> dict[str, float]:
        return {
            **{name: float(getattr(plan, name)) for name in FIGURES},
            "n_projects": float(plan.phases["project_id"].nunique()),
            "planned_eur": float(plan.budget["planned_eur"].sum()),
        }

    table = pd.DataFrame({"before": of(before), "after": of(after)})
    return table.assign(difference=table["after"] - table["before"])
