"""Charts of the portfolio: value against cost, and how far the budgets are used."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import NullLocator

from digistrat.reporting import style
from digistrat.reporting.charts.bars import against_ceiling
from digistrat.reporting.charts.canvas import Key, draw_nothing, finish, open_axes
from digistrat.reporting.charts.labels import place_labels
from digistrat.reporting.charts.lettering import width
from digistrat.reporting.charts.source import Source, source_of

_AXIS_ROOM = 420.0  # points that the cost axis has at least


@style.styled
def plot_portfolio(portfolio: Any, *, n_labels: int = 12, run_id: str = "", ax: Axes | None = None) -> Axes:
    """Draw the value of every project against its one-off cost: what was selected, and what was not.

    Parameters
    ----------
    portfolio : Portfolio
        From `select_portfolio`.
    n_labels : int
        At most so many labels: best value for money among the selected, then the most valuable of the others.
    run_id, ax
        As in `plot_status_by_field`.

    Returns
    -------
    Axes
        Its `chart_data`: ``project_id``, ``title``, ``cost_eur``, ``value``, ``selected``, ``mandate``,
        ``value_per_million``. Projects without value or cost are counted in the subtitle.
    """
    source = source_of(portfolio)
    columns = ["project_id", "title", "cost_eur", "value", "selected", "mandate", "value_per_million"]
    table = portfolio.table
    known = table.dropna(subset=["cost_eur", "value"])
    known = known[known["cost_eur"].astype(float) > 0]
    if known.empty:
        title = source.text("portfolio.none")
        return draw_nothing(ax, source, name="portfolio", title=title, columns=columns, run_id=run_id)
    data = known[["title", "cost_eur", "value", "selected", "mandate"]].copy()
    data = data.astype({"cost_eur": float, "value": float, "selected": bool})
    data["title"] = (
        list(source.names("project", data.index).values()) if source.inventory is not None else data["title"]
    )
    data["value_per_million"] = data["value"] / data["cost_eur"] * 1e6
    data = data.sort_values(["selected", "value_per_million"], ascending=False, kind="stable")
    data = data.rename_axis("project_id").reset_index()[columns]

    ax = open_axes(ax, body=5.2)
    chosen = data["selected"].to_numpy()
    duty = chosen & (data["mandate"].fillna("none") != "none").to_numpy()
    for mask, marker, face, edge, z in (
        (~chosen, "o", style.PAPER, style.GREY, 2),
        (chosen & ~duty, "o", style.FOCUS, style.PAPER, 3),
        (duty, "D", style.CATEGORY[2], style.PAPER, 4),
    ):
        ax.scatter(
            data["cost_eur"][mask],
            data["value"][mask],
            s=50,
            marker=marker,
            facecolor=face,
            edgecolor=edge,
            linewidth=0.9,
            zorder=z,
        )
    low, high = float(data["cost_eur"].min()) / 1.5, float(data["cost_eur"].max()) * 1.8
    ax.set_xscale("log")
    ax.xaxis.set_minor_locator(NullLocator())
    # a label that reached beyond the axis would move it at every drawing
    amounts = [
        v
        for v in _round_amounts(low, high)
        if np.log(high / v) / np.log(high / low) * _AXIS_ROOM > width(source.tick(v)) / 2 + 2
    ] or [float(data["cost_eur"].min())]
    ax.set_xticks(amounts, labels=[source.tick(v) for v in amounts])
    ax.set_xlim(low, high)
    top = min(max(float(data["value"].max()) * 1.12, 10.0), 105.0)
    marks = [v for v in range(0, 101, 20 if top > 50 else 10) if v <= top * 0.97]
    ax.set_yticks(marks, labels=[source.number(v) for v in marks])
    ax.set_ylim(-2, top)
    ax.grid(axis="y")
    ax.set_xlabel(source.text("portfolio.x"), loc="right")
    ax.set_ylabel(source.text("portfolio.y"), loc="top")
    selected = table[table["selected"].astype(bool)]
    value = float(selected["value"].sum() / table["value"].sum()) if table["value"].sum() else 0.0
    cost = float(selected["cost_eur"].sum() / table["cost_eur"].sum()) if table["cost_eur"].sum() else 0.0
    subtitle = source.text("portfolio.subtitle", count=len(table), scope=source.scope)
    if len(table) > len(data):
        subtitle += "\u00a0· " + source.text("portfolio.left_out", count=len(table) - len(data))
    finish(
        ax,
        source,
        name="portfolio",
        title=source.text(
            "portfolio.title",
            count=len(selected),
            total=len(table),
            value=source.percent(value),
            cost=source.percent(cost),
        ),
        subtitle="\u00a0· ".join(p for p in (subtitle, proof(source, portfolio)) if p),
        data=data,
        kind=source.text("portfolio.alt", count=len(data), scope=source.scope),
        key=[
            *([Key(source.text("selected"), style.FOCUS, kind="marker")] if (chosen & ~duty).any() else []),
            *(
                [Key(source.text("portfolio.duty"), style.CATEGORY[2], kind="marker", marker="D")]
                if duty.any()
                else []
            ),
            *(
                [Key(source.text("not_selected"), style.PAPER, kind="marker", edge=style.GREY)]
                if (~chosen).any()
                else []
            ),
        ],
        run_id=run_id,
    )
    best = data[chosen].head(n_labels - n_labels // 3)
    missed = data[~chosen].nlargest(n_labels - len(best), "value")
    picked = [(int(i), str(data.at[i, "title"])) for i in [*best.index, *missed.index]]
    place_labels(
        ax,
        data["cost_eur"].tolist(),
        data["value"].tolist(),
        [4.5] * len(data),
        picked,
        limit=165 if len(data) <= 40 else 120,
    )
    return ax


@style.styled
def plot_portfolio_budget(portfolio: Any, *, run_id: str = "", ax: Axes | None = None) -> Axes:
    """Draw how much of each year's money the selected projects use.

    Parameters
    ----------
    portfolio : Portfolio
        From `select_portfolio`.
    run_id, ax
        As in `plot_status_by_field`.

    Returns
    -------
    Axes
        Its `chart_data`: ``year``, ``kind``, ``used_eur``, ``available_eur``.
    """
    source = source_of(portfolio)
    columns = ["year", "kind", "used_eur", "available_eur"]
    data = by_year(portfolio.budgets, columns)
    if data.empty:
        title = source.text("portfolio_budget.none")
        return draw_nothing(ax, source, name="portfolio_budget", title=title, columns=columns, run_id=run_id)
    ax = open_axes(ax, body=budget_height(data))
    against_ceiling(ax, source, data, amount="used_eur", ceiling="available_eur")
    used, available = data["used_eur"].sum(), data["available_eur"].sum()
    return finish(
        ax,
        source,
        name="portfolio_budget",
        title=source.text(
            "portfolio_budget.title",
            used=source.money(used),
            available=source.money(available),
            share=source.percent(used / available) if available else "–",
        ),
        subtitle=source.text("portfolio_budget.subtitle", scope=source.scope),
        data=data,
        kind=source.text("portfolio_budget.alt", scope=source.scope),
        key=kind_key(source, data, "used_eur", "available_eur"),
        rule=about_budgets(source, portfolio),
        run_id=run_id,
    )


def _round_amounts(low: float, high: float) -> list[float]:
    """Return amounts 1, 3, 10, 30 … within limits; only powers of ten where those are many."""
    steps = (1.0, 3.0) if high / low < 1000 else (1.0,)
    amounts = [s * 10.0**k for k in range(12) for s in steps]
    return [v for v in amounts if low <= v <= high]


def by_year(frame: pd.DataFrame, columns: list[str]) -> pd.DataFrame:
    """Return years in order, investive first, as numbers."""
    data = frame[columns].copy()
    data["order"] = data["kind"].map({k: i for i, k in enumerate(style.KIND)}).fillna(9)
    data = data.sort_values(["year", "order"], kind="stable").drop(columns="order")
    amounts = columns[2:]
    return data.astype({"year": "int64", **dict.fromkeys(amounts, float)}).reset_index(drop=True)


def budget_height(data: pd.DataFrame) -> float:
    """Return the height of bars by year and kind in inches."""
    return max(len(data) * 0.235 + data["year"].nunique() * 0.13 + 0.1, 0.6)


def kind_key(source: Source, data: pd.DataFrame, amount: str, ceiling: str) -> list[Key]:
    """Return the key of bars by kind against a ceiling."""
    over = (data[amount] > data[ceiling] * (1 + 1e-9)).any()
    return [
        *(Key(source.text(f"kind.{k}"), fill) for k, fill in style.KIND.items() if (data["kind"] == k).any()),
        Key(source.text("ceiling"), style.INK, kind="marker", marker="|"),
        *([Key(source.text("over_ceiling"), style.CATEGORY[3], hatch=style.HATCH_OVER)] if over else []),
    ]


def about_budgets(source: Source, portfolio: Any) -> str:
    """Say of the available money what is estimated, and how many running projects state no costs."""
    n = getattr(getattr(portfolio, "problem", None), "n_running_without_costs", 0)
    budgets = () if source.inventory is None else source.inventory.strategy.budgets
    said = [source.text("budgets_estimated")] if any(one.is_estimate for one in budgets) else []
    said += [source.text("without_costs", count=int(n))] if n else []
    return "\u00a0· ".join(said)


def proof(source: Source, record: Any) -> str:
    """Say how far the result is from the best possible one, at most."""
    gap = float(record.gap)
    if getattr(getattr(record, "problem", None), "is_planned", False):
        return source.text("planned")
    if not np.isfinite(gap):
        return ""
    return source.text("proven") if gap <= 1e-6 else source.text("gap", gap=source.percent(gap, 1))
