"""Everything a run writes: charts, tables, result workbook and page, whole or not at all."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from digistrat.inventory.record import Inventory
from digistrat.planning.records import Plan, Portfolio
from digistrat.reporting import charts
from digistrat.reporting.document import SavedChart, write_page
from digistrat.reporting.exchange import write_project_xml
from digistrat.reporting.figures import save_chart, write_table
from digistrat.reporting.icalendar import write_calendar
from digistrat.reporting.plan_workbook import plan_workbook
from digistrat.reporting.provenance import write_run_record
from digistrat.reporting.results import Results, result_tables, run_id
from digistrat.reporting.workbook import write_results
from digistrat.scoring.composite import Scores
from digistrat.scoring.robustness import RankRobustness

STALE_SECONDS = 24 * 3600  # a run in progress elsewhere is younger


def export(
    folder: str | Path,
    inventory: Inventory,
    *,
    maturity: Scores | None = None,
    services: Scores | None = None,
    readiness: Scores | None = None,
    impact: Scores | None = None,
    robustness: RankRobustness | None = None,
    portfolio: Portfolio | None = None,
    plan: Plan | None = None,
    questions: pd.DataFrame | None = None,
    economics: pd.DataFrame | None = None,
    others: Mapping[str, Plan] | None = None,
    progress: bool = False,
) -> Path:
    """Write charts, tables, ``results.xlsx``, ``index.html`` and ``run.json`` of a round.

    A plan is also written as a workbook, for Microsoft Project and for calendars: ``plan.xlsx``,
    ``plan.xml``, ``plan.ics``.

    Everything is written beside the folder first and then put in its place: an interruption leaves what was
    there before.

    Parameters
    ----------
    folder : path
        Where to; for example ``data/processed/2026-04-30``. What it held is replaced.
    inventory : Inventory
        The round.
    maturity, services, readiness, impact, robustness, portfolio, plan : optional
        What was computed from it; what is missing is left out of the page. What follows from these at little
        cost is added: bundles, levels of offices, rankings of stakeholder groups, what the order hangs on,
        the priority list, what projects lack for the council. Of `plan_portfolio` give both `plan.portfolio`
        and `plan`.
    questions, economics : DataFrame, optional
        From `next_questions` and `score_economics`; never computed here.
    others : mapping, optional
        Name → plan to compare the plan with, for example another budget.
    progress : bool
        Whether to show a progress bar.

    Returns
    -------
    Path
        The page, ``index.html``.

    Raises
    ------
    ValueError
        If a result was made from another inventory.
    """
    results = Results(
        inventory,
        maturity,
        services,
        readiness,
        impact,
        robustness,
        portfolio,
        plan,
        questions,
        economics,
        others,
    )
    for name in ("maturity", "services", "readiness", "impact", "portfolio", "plan"):
        result = getattr(results, name)
        if result is not None and result.inventory is not inventory:
            raise ValueError(f"{name} must be made from the inventory that is exported")
    started = time.time()
    target = Path(folder)
    with replaced_folder(target) as partial:
        identity = run_id(inventory)
        jobs = list(_charts(results, identity))
        saved = []
        for name, section, draw in _shown(jobs, progress):
            ax = draw()
            save_chart(ax, partial / "charts", name)
            chart = charts.chart_of(ax)
            saved.append(SavedChart(name, section, chart.alt, chart.title))
        for name, table in result_tables(results).items():
            write_table(table, partial / "tables" / f"{name}.csv", language=inventory.strategy.language)
        write_results(results, partial / "results.xlsx", run_id=identity)
        if plan is not None and len(plan.phases):
            plan_workbook(plan, partial / "plan.xlsx")
            write_project_xml(plan, partial / "plan.xml")
            write_calendar(plan, partial / "plan.ics")
        write_page(results, partial, saved, run_id=identity)
        write_run_record(partial, inventory, started=started, seed=robustness.seed if robustness else None)
    return target / "index.html"


@contextmanager
def replaced_folder(target: Path) -> Iterator[Path]:
    """Give a new folder that takes the target's place when the block ends without an error.

    A folder that a killed run left more than a day ago is removed; a target that was moved aside and not
    replaced comes back.
    """
    target = target.absolute()
    target.parent.mkdir(parents=True, exist_ok=True)
    restore(target)
    for stale in target.parent.glob(f".{target.name}.part-*"):
        if time.time() - stale.stat().st_mtime > STALE_SECONDS:
            shutil.rmtree(stale, ignore_errors=True)
    partial = target.with_name(f".{target.name}.part-{os.getpid()}")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir()
    aside = target.with_name(f".{target.name}.previous")
    try:
        yield partial
        if target.exists():
            target.rename(aside)
        partial.rename(target)
        shutil.rmtree(aside, ignore_errors=True)
    finally:
        restore(target)
        # also what somebody was writing into the new folder in the same way
        for left in (partial, *target.parent.glob(f".{partial.name}.part-*")):
            shutil.rmtree(left, ignore_errors=True)


def restore(target: Path) -> None:
    """Bring back a folder that was moved aside by a run that did not finish."""
    aside = target.with_name(f".{target.name}.previous")
    if aside.exists() and not target.exists():
        aside.rename(target)
    shutil.rmtree(aside, ignore_errors=True)


def _shown(jobs: list[Any], progress: bool) -> Any:
    if not progress:
        return jobs
    from tqdm.auto import tqdm

    return tqdm(jobs, desc="charts", unit="chart")


def _charts(r: Results, identity: str) -> Iterator[tuple[str, str, Callable[[], Any]]]:
    """Name, section and drawing of every chart that the results allow."""

    def paged(name: str, section: str, n: int, draw: Callable[..., Any], *of: Any) -> Iterator[Any]:
        for page in range(1, n + 1):
            suffix = f"_{page:02d}" if n > 1 else ""
            yield (f"{name}{suffix}", section, lambda page=page: draw(*of, page=page, run_id=identity))

    def single(name: str, section: str, draw: Callable[..., Any], *of: Any) -> Iterator[Any]:
        yield name, section, lambda: draw(*of, run_id=identity)

    yield from single("status_by_field", "inventory", charts.plot_status_by_field, r.inventory)
    yield from paged(
        "coverage", "inventory", charts.coverage_pages(r.inventory), charts.plot_coverage, r.inventory
    )
    yield from single("findings", "inventory", charts.plot_findings, r.inventory)
    if r.maturity is not None:
        yield from paged(
            "maturity_heatmap",
            "maturity",
            charts.maturity_pages(r.maturity),
            charts.plot_maturity_heatmap,
            r.maturity,
        )
        yield from paged(
            "maturity_gap", "maturity", charts.gap_pages(r.maturity), charts.plot_maturity_gap, r.maturity
        )
    if r.services is not None:
        yield from single("service_levels", "maturity", charts.plot_service_levels, r.services)
    if r.impact is not None:
        yield from single("ranking", "scores", charts.plot_ranking, r.impact)
    if r.robustness is not None:
        yield from single("rank_intervals", "certainty", charts.plot_rank_intervals, r.robustness)
        yield from single("rank_acceptability", "certainty", charts.plot_rank_acceptability, r.robustness)
    if len(r.group_rankings):
        draw = partial(charts.plot_group_rankings, rankings=r.group_rankings)
        yield from single("group_rankings", "certainty", draw, r.impact)
    if r.readiness is not None and r.impact is not None:
        yield from single("priority", "scores", charts.plot_priority, r.readiness, r.impact, r.portfolio)
    if r.portfolio is not None:
        yield from single("portfolio", "portfolio", charts.plot_portfolio, r.portfolio)
        if not r.portfolio.problem.is_planned:  # else the plan's own money is drawn
            yield from single("portfolio_budget", "portfolio", charts.plot_portfolio_budget, r.portfolio)
    if r.plan is not None:
        yield from paged("gantt", "plan", charts.gantt_pages(r.plan), charts.plot_gantt, r.plan)
        yield from single("load", "plan", charts.plot_load, r.plan)
        yield from single("budget", "plan", charts.plot_budget, r.plan)
