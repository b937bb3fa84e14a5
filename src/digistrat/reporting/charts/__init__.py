"""Charts: plot_x(result) -> Axes, one file per step."""

from digistrat.reporting.charts.canvas import alt_text, chart_data, chart_of
from digistrat.reporting.charts.frontier import plot_core_index, plot_frontier
from digistrat.reporting.charts.gantt import gantt_pages, plot_gantt
from digistrat.reporting.charts.groups import plot_group_rankings
from digistrat.reporting.charts.inventory import (
    coverage_pages,
    coverage_table,
    plot_coverage,
    plot_findings,
    plot_status_by_field,
)
from digistrat.reporting.charts.maturity import (
    gap_pages,
    maturity_pages,
    plot_maturity_gap,
    plot_maturity_heatmap,
    plot_service_levels,
)
from digistrat.reporting.charts.plan import plot_budget, plot_load
from digistrat.reporting.charts.portfolio import plot_portfolio, plot_portfolio_budget
from digistrat.reporting.charts.project import plot_project
from digistrat.reporting.charts.robustness import plot_rank_acceptability, plot_rank_intervals
from digistrat.reporting.charts.scores import plot_priority, plot_ranking

__all__ = [
    "alt_text",
    "chart_data",
    "chart_of",
    "coverage_pages",
    "coverage_table",
    "gantt_pages",
    "gap_pages",
    "maturity_pages",
    "plot_budget",
    "plot_core_index",
    "plot_coverage",
    "plot_findings",
    "plot_frontier",
    "plot_gantt",
    "plot_group_rankings",
    "plot_load",
    "plot_maturity_gap",
    "plot_maturity_heatmap",
    "plot_portfolio",
    "plot_portfolio_budget",
    "plot_priority",
    "plot_project",
    "plot_rank_acceptability",
    "plot_rank_intervals",
    "plot_ranking",
    "plot_service_levels",
    "plot_status_by_field",
]
