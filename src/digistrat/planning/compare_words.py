"""The differences between two plans in words, the ones that matter first."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

import pandas as pd

from digistrat.planning.baseline import Baseline
from digistrat.texts import format_date, format_money, format_number, text

MOST = 8  # sentences of a kind; the others are counted


def change_sentences(
    before: Baseline,
    after: Baseline,
    projects: pd.DataFrame,
    phases: pd.DataFrame,
    budget: pd.DataFrame,
    load: pd.DataFrame,
    totals: pd.DataFrame,
) -> tuple[str, ...]:
    """Say what differs: whether there is a plan, how many projects move, the value, then each difference.

    Projects come in order of what their change means: impact score times months. The tables are those of
    `PlanComparison`.
    """
    language = after.language
    if before.phases.empty and after.phases.empty:
        return (text("compare.no_plan", language),)
    value = totals.loc["value"]
    gone = _without_plan(before, after)
    moved = projects[projects["change"] != "unchanged"]
    money = budget[budget["difference_eur"].abs() >= 1.0]
    work = load[load["difference_fte_months"].abs() >= 0.05]
    if not gone and moved.empty and (phases["change"] == "unchanged").all() and money.empty and work.empty:
        same = [text("compare.same", language)]
        return tuple(same if abs(value["difference"]) < 1e-6 else [*same, *_figures(totals, language)])
    counts = projects["change"].value_counts()
    names = ("entered", "left", "later", "earlier", "unchanged")
    head = text("compare.head", language, **{name: int(counts.get(name, 0)) for name in names})
    said = [_project(str(project), moved.loc[project], language) for project in _order(before, after, moved)]
    return (
        *gone,
        head,
        *(_figures(totals, language) if not gone else []),
        *_first(said, language),
        *_first(_money(money, language), language),
        *_first(_work(work, after, language), language),
    )


def _order(before: Baseline, after: Baseline, moved: pd.DataFrame) -> pd.Index:
    """Projects by what their change means; one that enters or leaves counts as one that moves farthest."""
    scores = [plan.projects["value"].reindex(moved.index) for plan in (after, before)]
    months = moved["months"].abs().astype(float)
    farthest = max(12.0, months.max()) if months.notna().any() else 12.0
    weight = scores[0].fillna(scores[1]).fillna(0.0) * months.fillna(farthest).clip(lower=0.5)
    return weight.sort_values(ascending=False, kind="stable").index


def _first(sentences: Sequence[str], language: str) -> list[str]:
    more = len(sentences) - MOST
    return [*sentences[:MOST], *([text("compare.more", language, n=more)] if more > 0 else [])]


def _without_plan(before: Baseline, after: Baseline) -> list[str]:
    key = "none_before" if before.phases.empty else "none_after" if after.phases.empty else ""
    return [text(f"compare.{key}", after.language)] if key else []


def _figures(totals: pd.DataFrame, language: str) -> list[str]:
    figures: dict[str, dict[str, float]] = totals.to_dict("index")  # type: ignore[assignment]
    value, bound, span = figures["value"], figures["bound"], figures["makespan"]
    said = text(
        "compare.value",
        language,
        before=format_number(value["before"], language, 1),
        after=format_number(value["after"], language, 1),
        bound=format_number(bound["after"], language, 1),
    )
    if span["difference"] == 0:
        return [said]
    ends = {side: format_number(span[side], language) for side in ("before", "after")}
    return [said, text("compare.makespan", language, **ends)]


def _project(project: str, row: pd.Series, language: str) -> str:
    named = {"project": f"{project} {row['title']}"}
    if row["change"] == "entered":
        return text("compare.entered", language, date=format_date(row["go_live_after"], language), **named)
    if row["change"] == "left":
        status = row["status_after"]
        key = (
            "unreported" if pd.isna(status) else status if status in ("existing", "discontinued") else "open"
        )
        return text(f"compare.left_{key}", language, **named)
    months = row["months"]
    if months == 0:
        dates = {side: format_date(row[f"start_{side}"], language) for side in ("before", "after")}
        return text("compare.start", language, **dates, **named)
    dates = {side: format_date(row[f"go_live_{side}"], language) for side in ("before", "after")}
    key = f"compare.{row['change']}" + ("_one" if abs(months) == 1 else "")
    return text(key, language, months=abs(int(months)), **dates, **named)


def _money(money: pd.DataFrame, language: str) -> list[str]:
    return [
        text(
            f"compare.money_{row['which']}",
            language,
            year=row["year"],
            kind=text(f"cost_kind.{row['kind']}", language),
            **{name: format_money(row[f"{name}_eur"], language) for name in ("amount", "before", "after")},
        )
        for row in _largest(money, "eur")
    ]


def _work(work: pd.DataFrame, after: Baseline, language: str) -> list[str]:
    return [
        text(
            f"compare.work_{row['which']}",
            language,
            year=row["year"],
            role=after.role_names.get(row["role_id"], row["role_id"]),
            **{
                name: format_number(row[f"{name}_fte_months"], language, 1)
                for name in ("amount", "before", "after")
            },
        )
        for row in _largest(work, "fte_months")
    ]


def _largest(table: pd.DataFrame, unit: str) -> list[dict[Hashable, Any]]:
    """Rows with their ``amount`` and whether it is ``which``: more or less; the largest first."""
    difference = table[f"difference_{unit}"]
    which = (difference > 0).map({True: "more", False: "less"})
    rows = table.assign(which=which, **{f"amount_{unit}": difference.abs()})
    return rows.sort_values(f"amount_{unit}", ascending=False, kind="stable").to_dict("records")
