"""Every chart at several sizes and in both languages, drawn once for all tests."""

from __future__ import annotations

from functools import cache
from types import SimpleNamespace
from typing import Any

import chart_records as records
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg

from digistrat.reporting import charts


@cache
def results(n: int, language: str, is_example: bool = True) -> Any:
    """Return all records of n projects."""
    inventory = records.make_inventory(n, language, is_example=is_example)
    scores = {w: records.make_scores(inventory, w) for w in ("impact", "readiness", "maturity")}
    portfolio = records.make_portfolio(inventory, scores["impact"])
    return SimpleNamespace(
        inventory=inventory,
        **scores,
        services=records.make_services(inventory),
        robust=records.make_robust(scores["impact"]),
        portfolio=portfolio,
        plan=records.make_plan(portfolio),
    )


def draw_all(r: Any) -> dict[str, Axes]:
    """Draw every chart of the records."""
    run: dict[str, Any] = {"run_id": "3f2a91c0"}
    return {
        "status_by_field": charts.plot_status_by_field(r.inventory, **run),
        "findings": charts.plot_findings(r.inventory, n=20, **run),
        "coverage": charts.plot_coverage(r.inventory, **run),
        "maturity_heatmap": charts.plot_maturity_heatmap(r.maturity, **run),
        "maturity_gap": charts.plot_maturity_gap(r.maturity, **run),
        "service_levels": charts.plot_service_levels(r.services, **run),
        "ranking": charts.plot_ranking(r.impact, **run),
        "project": charts.plot_project(r.impact, next(iter(r.impact.table.index), ""), **run),
        "rank_intervals": charts.plot_rank_intervals(r.robust, scores=r.impact, **run),
        "rank_acceptability": charts.plot_rank_acceptability(r.robust, scores=r.impact, **run),
        "group_rankings": charts.plot_group_rankings(r.impact, **run),
        "priority": charts.plot_priority(r.readiness, r.impact, r.portfolio, **run),
        "portfolio": charts.plot_portfolio(r.portfolio, **run),
        "portfolio_budget": charts.plot_portfolio_budget(r.portfolio, **run),
        "gantt": charts.plot_gantt(r.plan, page=charts.gantt_pages(r.plan), **run),
        "load": charts.plot_load(r.plan, **run),
        "budget": charts.plot_budget(r.plan, **run),
    }


@cache
def drawn(n: int, language: str) -> dict[str, Axes]:
    """Return every chart, drawn with Agg at 100 dpi."""
    axes = draw_all(results(n, language))
    for ax in axes.values():
        FigureCanvasAgg(ax.figure).draw()
    return axes
