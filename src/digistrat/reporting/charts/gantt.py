"""Chart of the plan: the roadmap, grouped by field of action, over as many pages as it needs."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.dates import date2num
from matplotlib.patches import Rectangle

from digistrat.reporting import style
from digistrat.reporting.charts.canvas import Key, draw_nothing, finish, open_axes
from digistrat.reporting.charts.heatmap import page_of, page_rows, paged
from digistrat.reporting.charts.lettering import clip, labelled, width
from digistrat.reporting.charts.portfolio import proof
from digistrat.reporting.charts.source import Source, source_of

GANTT_ROWS = 52  # projects and heads of fields on a page
_ROW = 0.155  # inches
_LABEL_ROOM = 225.0
_TIME_ROOM = 240.0  # points that a time axis has at least
# the day of the sitting, the last before operation, the last of a grant; what is submitted or ordered when
# stands in the tables of the plan: here it would hide the bars
_MARKS = {
    "decision": ("v", style.CATEGORY[3], 22.0),
    "go_live": ("D", style.CATEGORY[2], 24.0),
    "grant_end": ("X", style.INK, 26.0),
}

Row = tuple[str, str, int]  # field, project (empty for a head), number of projects in the field


@style.styled
def plot_gantt(plan: Any, *, page: int = 1, run_id: str = "", ax: Axes | None = None) -> Axes:
    """Draw the roadmap: phases and milestones of every project, grouped by field of action.

    Parameters
    ----------
    plan : Plan
        From `schedule`.
    page : int
        Pages have at most 52 rows; see `gantt_pages`.
    run_id, ax
        As in `plot_status_by_field`.

    Returns
    -------
    Axes
        Its `chart_data`: ``field``, ``project_id``, ``title``, ``phase_id``, ``phase``, ``start``, ``end``
        (last day): one row per phase on this page, and one per milestone (``decision``, ``go_live``, and
        ``grant_end`` within the time that is drawn).

    Raises
    ------
    ValueError
        If there is no such page.
    """
    source = source_of(plan)
    columns = ["field", "project_id", "title", "phase_id", "phase", "start", "end"]
    if plan.phases.empty:
        title = source.text("gantt.none")
        if plan.conflicts:
            title = source.text("gantt.infeasible", conflict=str(plan.conflicts[0]).rstrip("."))
        return draw_nothing(ax, source, name="gantt", title=title, columns=columns, run_id=run_id)
    rows, pages = _page_rows(source, plan, page)
    names = source.fields()
    ids = [project for _, project, _ in rows if project]
    titles = source.names("project", ids)
    at = {project: y for y, (_, project, _) in enumerate(rows) if project}
    first, last = plan.phases["start"].min(), plan.phases["end"].max()
    status = pd.Timestamp(source.reporting_date) if source.reporting_date is not None else None
    # a status date shortly before the first project still belongs on the time line
    begin = min(first, status) if status is not None and first - status < pd.Timedelta(days=400) else first
    x0, x1 = date2num(begin) - 10, date2num(last) + 30
    data = _gantt_data(source, plan, rows, titles, names)[columns]
    data = data[(data["phase_id"] != "grant_end") | data["start"].between(begin, last)]

    ax = open_axes(ax, body=len(rows) * _ROW + 0.3)
    _year_bands(ax, x0, x1)
    stages = phase_stages(source, plan)
    phases = data[~data["phase_id"].isin(list(_MARKS))]
    for stage, fill in enumerate(style.STAGE):
        mine = phases[phases["phase_id"].map(stages).fillna(3).astype(int) == stage]
        starts = date2num(mine["start"])
        ax.barh(
            mine["project_id"].map(at),
            date2num(mine["end"]) + 1 - starts,
            left=starts,
            height=0.7,
            color=fill,
            edgecolor=style.PAPER,
            linewidth=0.6,
            zorder=3,
        )
    shown = _milestones(ax, data, at)
    labels = [labelled(titles[i], i, _LABEL_ROOM) for i in ids]
    indent = max(width(label) for label in labels) + 4
    for y, (field, project, n) in enumerate(rows):
        if not project:
            ax.add_patch(
                Rectangle((x0, y - 0.5), x1 - x0, 1, facecolor=style.GRID, edgecolor="none", zorder=4.5)
            )
            continued = y == 0 and page > 1 and not _is_first(source, plan, page, field)
            label = names.get(field, source.text("status_by_field.no_field"))
            tail = source.text("gantt.group_continued" if continued else "gantt.group", count=n)
            ax.annotate(
                f"{clip(label, indent + 110 - width(tail, bold=True), bold=True)} {tail}",
                (x0, y),
                (-indent, 0),
                textcoords="offset points",
                va="center_baseline",
                fontweight="bold",
                zorder=5,
            )
    if status is not None and x0 <= date2num(status) <= x1:
        ax.axvline(date2num(status), color=style.WARNING, linewidth=1.6, zorder=4)
        shown.append(
            Key(source.text("gantt.status_date", date=source.date(status)), style.WARNING, kind="line")
        )
    if _has_pause(phases):
        shown.append(Key(source.text("gantt.pause"), style.PAPER, kind="note"))
    ax.set_xlim(x0, x1)
    ax.set_ylim(len(rows) - 0.5, -0.5)
    ax.set_yticks(list(at.values()), labels=labels)
    ax.tick_params(axis="y", pad=4)
    for side in ax.spines.values():
        side.set_visible(False)
    return finish(
        ax,
        source,
        name="gantt",
        title=_gantt_title(source, plan),
        subtitle=_gantt_subtitle(source, plan, page, pages),
        data=data,
        kind=source.text("gantt.alt", count=plan.phases["project_id"].nunique(), scope=source.scope)
        + page_rows(source, page, pages, [titles[i] for i in ids]),
        key=[*_stage_key(plan, stages), *shown],
        run_id=run_id,
    )


def gantt_pages(plan: Any) -> int:
    """Return how many pages `plot_gantt` has."""
    return len(_pages(source_of(plan), plan)) or 1


def _pages(source: Source, plan: Any) -> list[list[Row]]:
    """Put projects on pages: a head before each field, repeated where a field goes on."""
    span = plan.phases.groupby("project_id").agg(start=("start", "min"), end=("end", "max"))
    span = span.sort_values(["start", "end"], kind="stable")
    field_of = {} if source.inventory is None else source.inventory.projects["field_id"].dropna().to_dict()
    order = list(source.fields())
    by_field: dict[str, list[str]] = {f: [] for f in order}
    for project in span.index:
        by_field.setdefault(str(field_of.get(project, "")), []).append(project)
    n_rows = sum(len(p) + 1 for p in by_field.values() if p)
    # pages of about equal length: a last page with three rows looks like a mistake
    n_pages = page_of(n_rows, GANTT_ROWS - 2, 1)[1]
    room = min(-(-n_rows // n_pages) + 2, GANTT_ROWS)
    pages: list[list[Row]] = []
    page: list[Row] = []
    for field, projects in by_field.items():
        for i, project in enumerate(projects):
            if i == 0 or not page:
                # no head alone at the foot of a page
                if len(page) + 2 > room:
                    pages.append(page)
                    page = []
                page.append((field, "", len(projects)))
            page.append((field, project, len(projects)))
            if len(page) >= room:
                pages.append(page)
                page = []
    return [*pages, page] if page else pages


def _page_rows(source: Source, plan: Any, page: int) -> tuple[list[Row], int]:
    pages = _pages(source, plan)
    if not 1 <= page <= len(pages):
        raise ValueError(f"page must be from 1 to {len(pages)}, not {page}")
    return pages[page - 1], len(pages)


def _is_first(source: Source, plan: Any, page: int, field: str) -> bool:
    earlier = _pages(source, plan)[: page - 1]
    return all(field != f for rows in earlier for f, _, _ in rows)


def _gantt_data(
    source: Source, plan: Any, rows: Sequence[Row], titles: dict[Any, str], names: dict[str, str]
) -> pd.DataFrame:
    ids = [project for _, project, _ in rows if project]
    phases = plan.phases[plan.phases["project_id"].isin(ids)]
    parts = [phases[["project_id", "phase_id", "phase", "start", "end"]]]
    marks = plan.milestones[plan.milestones["project_id"].isin(ids)]
    marks = marks[marks["milestone"].isin(list(_MARKS))]
    if len(marks):
        named = {m: source.text(f"gantt.{m}") for m in _MARKS}
        parts.append(
            pd.DataFrame(
                {
                    "project_id": marks["project_id"],
                    "phase_id": marks["milestone"],
                    "phase": marks["milestone"].map(named),
                    "start": marks["date"],
                    "end": marks["date"],
                }
            )
        )
    data = pd.concat(parts, ignore_index=True)
    field = {project: names.get(f, "") for f, project, _ in rows}
    data["field"] = data["project_id"].map(field)
    data["title"] = data["project_id"].map(titles)
    data["row"] = data["project_id"].map({p: i for i, p in enumerate(ids)})
    return data.sort_values(["row", "start", "end"], kind="stable").reset_index(drop=True)


def phase_stages(source: Source, plan: Any) -> dict[str, int]:
    """Return phase → stage: prepare (0), decide and procure (1), implement (2), introduce (3).

    The templates say which phases are decisions and procurement; the longest phase after them is the
    implementation, and what follows it the introduction.
    """
    templates = () if source.inventory is None else source.inventory.strategy.phase_templates
    stages: dict[str, int] = {}
    for template in templates:
        steps = template.phases
        gates = [i for i, s in enumerate(steps) if s.is_decision or s.is_procurement]
        after = gates[-1] + 1 if gates else len(steps) // 2
        rest = range(after, len(steps))
        core = max(rest, key=lambda i: steps[i].share_duration, default=after)
        for i, step in enumerate(steps):
            stage = 1 if i in gates else 0 if i < after else 3 if i > core else 2
            stages.setdefault(step.id, stage)
    unknown = [p for p in dict.fromkeys(plan.phases["phase_id"]) if p not in stages]
    return stages | {p: min(i, 3) for i, p in enumerate(unknown)}


def _stage_key(plan: Any, stages: dict[str, int]) -> list[Key]:
    """Name each tint by the phases it stands for."""
    names = plan.phases.drop_duplicates("phase_id").set_index("phase_id")["phase"]
    ordered = [p for p in stages if p in names.index]
    key = []
    for stage, fill in enumerate(style.STAGE):
        mine = [str(names[p]) for p in ordered if stages[p] == stage]
        if mine:
            key.append(Key(", ".join(mine), fill))
    return key


def _has_pause(phases: pd.DataFrame) -> bool:
    """Whether a project waits longer than to the next month after all that began before has ended."""
    ordered = phases.sort_values(["project_id", "start", "end"], kind="stable")
    before = ordered.groupby("project_id")["end"].cummax().groupby(ordered["project_id"]).shift()
    free_from = before + pd.offsets.MonthBegin(1)  # a decision ends on a sitting day within its month
    return bool((ordered["start"] > free_from).any())


def _milestones(ax: Axes, data: pd.DataFrame, at: dict[str, int]) -> list[Key]:
    key = []
    for name, (marker, fill, size) in _MARKS.items():
        mine = data[data["phase_id"] == name]
        if mine.empty:
            continue
        ax.scatter(
            date2num(mine["start"]),
            mine["project_id"].map(at),
            s=size,
            marker=marker,
            facecolor=fill,
            edgecolor=style.PAPER,
            linewidth=0.7,
            zorder=5,
        )
        key.append(Key(str(mine["phase"].iloc[0]), fill, kind="marker", marker=marker))
    return key


def _year_bands(ax: Axes, x0: float, x1: float) -> None:
    for start, end, year in _years(x0, x1):
        if year % 2:
            ax.axvspan(max(start, x0), min(end, x1), facecolor=style.BAND, edgecolor="none", zorder=0)
    year_ticks(ax, x0, x1)
    ax.tick_params(axis="x", top=False, labeltop=True, bottom=False, labelbottom=False)


def _gantt_title(source: Source, plan: Any) -> str:
    live = plan.milestones[plan.milestones["milestone"] == "go_live"]["date"].sort_values()
    n = plan.phases["project_id"].nunique()
    if len(live) < 2:
        end = plan.phases["end"].max() if live.empty else live.iloc[-1]
        return source.text("gantt.title_plain", count=n, last=source.month(end))
    half = live.iloc[(len(live) + 1) // 2 - 1]
    return source.text(
        "gantt.title", count=len(live), half=source.month(half), last=source.month(live.iloc[-1])
    )


def _gantt_subtitle(source: Source, plan: Any, page: int, pages: int) -> str:
    parts = [
        source.text("gantt.subtitle", scope=source.scope),
        source.text("gantt.duration", count=round(float(plan.makespan))),
        proof(source, plan),
    ]
    subtitle = "\u00a0· ".join(part for part in parts if part)
    return paged(source, subtitle, page, pages)


def year_ticks(ax: Axes, x0: float, x1: float) -> None:
    """Write each year in the middle of its part of the axis, where the part is wide enough."""
    ticks, labels = [], []
    needed = width("2000") + 5
    year_room = _TIME_ROOM * 365 / (x1 - x0)
    every = int(np.ceil(needed / year_room))
    for start, end, year in _years(x0, x1):
        a, b = max(start, x0), min(end, x1)
        if (b - a) / (x1 - x0) * _TIME_ROOM * every > needed and year % every == 0:
            ticks.append((a + b) / 2)
            labels.append(str(year))
        if start > x0:
            ax.axvline(start, color=style.PALE, linewidth=0.6, zorder=1)
    ax.set_xticks(ticks, labels=labels)


def _years(x0: float, x1: float) -> list[tuple[float, float, int]]:
    epoch = dt.date(1970, 1, 1)
    first, last = (epoch + dt.timedelta(days=int(np.floor(v))) for v in (x0, x1))
    return [
        (float((dt.date(y, 1, 1) - epoch).days), float((dt.date(y + 1, 1, 1) - epoch).days), y)
        for y in range(first.year, last.year + 1)
    ]
