"""Charts of what the plan needs: load of the roles by month, money by year."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.dates import date2num
from matplotlib.patches import Rectangle

from digistrat.reporting import style
from digistrat.reporting.charts.bars import against_ceiling
from digistrat.reporting.charts.canvas import Key, draw_nothing, finish, open_axes
from digistrat.reporting.charts.gantt import year_ticks
from digistrat.reporting.charts.lettering import clip
from digistrat.reporting.charts.portfolio import about_budgets, budget_height, by_year, kind_key
from digistrat.reporting.charts.source import Source, source_of

# darker with the load; above full load another colour, with a hatch
LOAD_STEPS = (50, 80, 100)
LOAD_FILLS = (style.SEQUENTIAL[1], style.SEQUENTIAL[2], style.SEQUENTIAL[4], style.CATEGORY[3])
NEARLY_FULL = 80  # per cent


@style.styled
def plot_load(plan: Any, *, run_id: str = "", ax: Axes | None = None) -> Axes:
    """Draw how far the staffed capacity of each role is used, month by month.

    Parameters
    ----------
    plan : Plan
        From `schedule`.
    run_id, ax
        As in `plot_status_by_field`.

    Returns
    -------
    Axes
        Its `chart_data`: ``role_id``, ``role``, ``month``, ``demand_fte``, ``capacity_fte``, ``load`` (per
        cent; infinite where work is planned without capacity).
    """
    source = source_of(plan)
    columns = ["role_id", "role", "month", "demand_fte", "capacity_fte", "load"]
    if plan.load.empty:
        title = source.text("load.none")
        return draw_nothing(ax, source, name="load", title=title, columns=columns, run_id=run_id)
    names = {} if source.inventory is None else {r.id: r.name for r in source.inventory.strategy.roles}
    data = plan.load[["role_id", "month", "demand_fte", "capacity_fte"]].copy()
    data = data.astype({"demand_fte": float, "capacity_fte": float})
    with np.errstate(divide="ignore", invalid="ignore"):
        share = data["demand_fte"] / data["capacity_fte"] * 100
    data["load"] = share.where(data["demand_fte"] > 0, 0.0)
    data["role"] = [names.get(r, str(r)) for r in data["role_id"]]
    order = [*[r for r in names if r in set(data["role_id"])], *sorted(set(data["role_id"]) - set(names))]
    data["row"] = data["role_id"].map({r: i for i, r in enumerate(order)})
    data = data.sort_values(["row", "month"], kind="stable").reset_index(drop=True)

    ax = open_axes(ax, body=len(order) * 0.42 + 0.35)
    x0 = date2num(data["month"].min())
    x1 = date2num(data["month"].max() + pd.offsets.MonthBegin(1))
    used = _load_cells(ax, data)
    ax.set_xlim(x0, x1)
    labels = []
    for i, role in enumerate(order):
        mine = data[data["row"] == i]
        labels.append(f"{clip(names.get(role, role), 190)}\n{_peak(source, mine)}")
        ax.add_patch(
            Rectangle((x0, i - 0.38), x1 - x0, 0.76, facecolor="none", edgecolor=style.PALE, linewidth=0.6)
        )
    ax.set_yticks(range(len(order)), labels=labels, linespacing=1.15)
    ax.set_ylim(len(order) - 0.5, -0.5)
    year_ticks(ax, x0, x1)
    for side in ax.spines.values():
        side.set_visible(False)
    data = data[columns]
    return finish(
        ax,
        source,
        name="load",
        title=_load_title(source, data),
        subtitle=source.text("load.subtitle", scope=source.scope),
        data=data,
        kind=source.text("load.alt", count=len(order), scope=source.scope),
        key=_load_key(source, used),
        run_id=run_id,
    )


@style.styled
def plot_budget(plan: Any, *, run_id: str = "", ax: Axes | None = None) -> Axes:
    """Draw the money that the plan needs by year and kind, against the ceiling.

    Parameters
    ----------
    plan : Plan
        From `schedule`; its budget may have a column ``committed_eur``, the part already bound.
    run_id, ax
        As in `plot_status_by_field`.

    Returns
    -------
    Axes
        Its `chart_data`: ``year``, ``kind``, ``planned_eur``, ``ceiling_eur``; ``committed_eur`` where known.
    """
    source = source_of(plan)
    columns = ["year", "kind", "planned_eur", "ceiling_eur"]
    committed = "committed_eur" if "committed_eur" in plan.budget.columns else None
    data = by_year(plan.budget, [*columns, *([committed] if committed else [])])
    if data.empty:
        title = source.text("budget.none")
        return draw_nothing(ax, source, name="budget", title=title, columns=columns, run_id=run_id)
    ax = open_axes(ax, body=budget_height(data))
    against_ceiling(ax, source, data, amount="planned_eur", ceiling="ceiling_eur", committed=committed)
    yearly = data.groupby("year")["planned_eur"].sum()
    over = data[data["planned_eur"] > data["ceiling_eur"] * (1 + 1e-9)]
    key = kind_key(source, data, "planned_eur", "ceiling_eur")
    if committed:
        key.append(Key(source.text("budget.committed"), style.PAPER, edge=style.INK))
    return finish(
        ax,
        source,
        name="budget",
        title=source.text(
            "budget.title" if over.empty else "budget.title_over",
            total=source.money(yearly.sum()),
            first=str(yearly.index.min()),
            last=str(yearly.index.max()),
            year=str(yearly.idxmax()),
            most=source.money(yearly.max()),
            count=len(over),
        ),
        subtitle=source.text("budget.subtitle", scope=source.scope),
        data=data,
        kind=source.text("budget.alt", scope=source.scope),
        key=key,
        rule=about_budgets(source, plan.portfolio),
        run_id=run_id,
    )


def _load_cells(ax: Axes, data: pd.DataFrame) -> set[str]:
    """Draw runs of months in the same class as one bar each; return the classes that occur."""
    used: set[str] = set()
    start = date2num(data["month"])
    end = date2num(data["month"] + pd.offsets.MonthBegin(1))
    fill = [style.PAPER if not v else LOAD_FILLS[_load_class(v)] for v in data["load"]]
    run = 0
    for i in range(1, len(data) + 1):
        same = (
            i < len(data)
            and fill[i] == fill[run]
            and data["row"].iloc[i] == data["row"].iloc[run]
            and start[i] == end[i - 1]
        )
        if same:
            continue
        used.add(fill[run])
        if fill[run] != style.PAPER:
            over = fill[run] == LOAD_FILLS[-1]
            ax.add_patch(
                Rectangle(
                    (start[run], data["row"].iloc[run] - 0.38),
                    end[i - 1] - start[run],
                    0.76,
                    facecolor=fill[run],
                    edgecolor=style.INK if over else "none",
                    linewidth=0,
                    hatch=style.HATCH_OVER if over else None,
                )
            )
        run = i
    return used


def _peak(source: Source, mine: pd.DataFrame) -> str:
    at = int(mine["load"].to_numpy(dtype=float).argmax())
    load, month = float(mine["load"].iloc[at]), source.month(mine["month"].iloc[at])
    if not load:
        return source.text("load.idle")
    if np.isinf(load):
        return source.text("load.peak_none", month=month)
    return source.text("load.peak", load=source.percent(load / 100), month=month)


def _load_class(load: float) -> int:
    """Which step of `LOAD_STEPS` a load is above; exactly full is no overload."""
    return sum(load > step * (1 + 1e-9) for step in LOAD_STEPS)


def _load_title(source: Source, data: pd.DataFrame) -> str:
    """Name the role with most months above `NEARLY_FULL`, and among equals the one of the highest peak."""
    full = NEARLY_FULL * (1 + 1e-9)
    by_role = data.assign(is_full=data["load"] > full).groupby("role", sort=False)
    months, peaks = by_role["is_full"].sum(), by_role["load"].max()
    role = max(months.index, key=lambda r: (months[r], peaks[r]))  # the first of equals
    peak = float(peaks[role])
    overloaded = int((peaks > LOAD_STEPS[-1] * (1 + 1e-9)).sum())
    return source.text("load.over", count=overloaded) + source.text(
        "load.tightest",
        count=int(months[role]),
        role=role,
        limit=source.percent(NEARLY_FULL / 100),
        peak=source.percent(peak / 100) if np.isfinite(peak) else source.text("load.no_position"),
    )


def _load_key(source: Source, used: set[str]) -> list[Key]:
    low, middle, high = LOAD_STEPS
    words = [
        source.text("load.below", high=low),
        source.text("load.between", low=low, high=middle),
        source.text("load.between", low=middle, high=high),
        source.text("load.above", low=high),
    ]
    key = [Key(source.text("load.nothing"), style.PAPER, edge=style.PALE)]
    key += [Key(word, fill) for word, fill in zip(words[:3], LOAD_FILLS[:3], strict=True)]
    if LOAD_FILLS[3] in used:
        key.append(Key(words[3], LOAD_FILLS[3], hatch=style.HATCH_OVER))
    return key
