"""Charts of the Ist-Analyse: projects by field and status, findings, coverage of the returns."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from digistrat.inventory.checks.hits import MODERATORS
from digistrat.reporting import style
from digistrat.reporting.charts.bars import bare_axis, stacked_bars, total_labels
from digistrat.reporting.charts.canvas import Key, draw_nothing, finish, label_inside, open_axes
from digistrat.reporting.charts.heatmap import (
    ROWS_PER_PAGE,
    draw_grid,
    make_grid,
    page_of,
    page_rows,
    paged,
    ramp_key,
)
from digistrat.reporting.charts.lettering import clip, wrap
from digistrat.reporting.charts.source import source_of

COVERAGE_TABLES = (
    "projects",
    "project_costs",
    "impact_ratings",
    "readiness_ratings",
    "maturity_ratings",
    "services",
)
_PROJECT_COLUMNS = (
    "description",
    "status",
    "field_id",
    "goal_ids",
    "target_group",
    "start_date",
    "end_date",
    "mandate",
    "order_value_net_eur",
)


@style.styled
def plot_status_by_field(inventory: Any, *, run_id: str = "", ax: Axes | None = None) -> Axes:
    """Draw how many projects each field of action has, by status.

    Parameters
    ----------
    inventory : Inventory
        From `read_inventory`.
    run_id : str
        Written in the foot.
    ax : Axes, optional
        Where to draw; a figure of its own by default.

    Returns
    -------
    Axes
        Its `chart_data`: ``field_id``, ``field``, one column per status, ``total``. Fields of the strategy
        that no project serves stand with 0.
    """
    source = source_of(inventory)
    statuses = (*style.STATUS, "unknown")
    columns = ["field_id", "field", *statuses, "total"]
    projects = inventory.projects
    if projects.empty:
        title = source.text("status_by_field.none")
        return draw_nothing(ax, source, name="status_by_field", title=title, columns=columns, run_id=run_id)
    names = source.fields()
    field = projects["field_id"].astype("object").where(projects["field_id"].isin(list(names)), "")
    status = projects["status"].astype("object").where(projects["status"].isin(list(style.STATUS)), "unknown")
    counts = pd.crosstab(field, status).reindex(columns=list(statuses), fill_value=0)
    counts = counts.reindex([*names, *([""] if "" in counts.index else [])], fill_value=0)
    counts["total"] = counts.sum(axis=1)
    counts["field"] = [names.get(f, source.text("status_by_field.no_field")) for f in counts.index]
    counts.insert(0, "field_id", counts.index)
    # what has no field comes last, whatever its number
    counts["last"] = counts.index == ""
    data = counts.sort_values(["last", "total"], ascending=[True, False], kind="stable")[columns]

    labels = ["\n".join(wrap(name, 205, lines=2)) for name in data["field"]]
    ax = open_axes(ax, body=max(len(data) * 0.36, 0.8) + 0.1)
    shown = {status: style.STATUS.get(status, style.PAPER) for status in statuses if data[status].any()}
    spans = stacked_bars(ax, data, shown, data[list(shown)].map(source.number))
    totals = [source.number(total) for total in data["total"]]
    total_labels(ax, data["total"].tolist(), totals)
    bare_axis(ax, labels, data["total"].tolist(), totals)
    top = data.iloc[0]
    n = len(projects)
    empty = int((data["total"] == 0).sum())
    served = int((data["total"] > 0)[data["field_id"] != ""].sum())
    if n > 1 and (data["total"] == top["total"]).sum() > 1:
        title = source.text("status_by_field.title_spread", count=n, served=served, fields=len(names))
    else:
        title = source.text(
            "status_by_field.title",
            count=n,
            field=top["field"],
            most=int(top["total"]),
            share=source.percent(top["total"] / n),
        )
        title += source.text("status_by_field.white", count=empty) if empty else ""
    finish(
        ax,
        source,
        name="status_by_field",
        title=title,
        subtitle=source.text("status_by_field.subtitle", count=n, scope=source.scope),
        data=data,
        kind=source.text("status_by_field.alt", count=n, fields=len(names), scope=source.scope),
        key=[
            Key(source.text(f"status.{status}"), fill, hatch=style.HATCH_NONE if fill == style.PAPER else "")
            for status, fill in shown.items()
        ],
        run_id=run_id,
    )
    label_inside(ax, spans)
    return ax


@style.styled
def plot_findings(inventory: Any, *, n: int = 25, run_id: str = "", ax: Axes | None = None) -> Axes:
    """Draw how many findings each office's return has, by severity.

    Parameters
    ----------
    inventory : Inventory
        Its ``findings`` are counted by office, and by file where no office is known.
    n : int
        So many offices; all others are one row, except that a single one keeps its name.
    run_id, ax
        As in `plot_status_by_field`.

    Returns
    -------
    Axes
        Its `chart_data`: ``sender``, ``label``, ``error``, ``warning``, ``info``, ``total``.

    Raises
    ------
    ValueError
        If `n` is less than 1.
    """
    if n < 1:
        raise ValueError(f"n must be at least 1, not {n}")
    source = source_of(inventory)
    severities = list(style.SEVERITY)
    columns = ["sender", "label", *severities, "total"]
    findings = inventory.findings
    if findings.empty:
        title = source.text("findings.none", count=len(inventory.files))
        return draw_nothing(ax, source, name="findings", title=title, columns=columns, run_id=run_id)
    office = findings["office_id"].fillna("").astype("object")
    file = findings["file"].fillna("").astype("object")
    sender = office.where(office != "", file)
    counts = pd.crosstab(sender, findings["severity"].astype("object")).reindex(
        columns=severities, fill_value=0
    )
    counts["total"] = counts.sum(axis=1)
    counts = counts.rename_axis("sender").sort_values(["total", "error"], ascending=False, kind="stable")
    half = int((counts["total"].cumsum() < counts["total"].sum() / 2).sum()) + 1
    senders = len({*counts.index, *inventory.files["office_id"].dropna()})
    labels = [source.office(s, long=True) if s else source.text("findings.no_sender") for s in counts.index]
    data = counts.reset_index().assign(label=labels)[columns]
    if len(data) > n + 1:
        rest = data.iloc[n:]
        row = {
            "sender": "",
            "label": source.text("findings.rest", count=len(rest)),
            **rest[[*severities, "total"]].sum(),
        }
        data = pd.concat([data.head(n), pd.DataFrame([row], columns=columns)], ignore_index=True)

    ax = open_axes(ax, body=max(len(data) * 0.235, 0.5) + 0.1)
    spans = stacked_bars(ax, data, style.SEVERITY, data[severities].map(source.number))
    totals = [source.number(total) for total in data["total"]]
    total_labels(ax, data["total"].tolist(), totals)
    bare_axis(ax, [clip(label, 230) for label in data["label"]], data["total"].tolist(), totals)
    total = len(findings)
    finish(
        ax,
        source,
        name="findings",
        title=source.text("findings.title", count=half, senders=senders, total=total)
        if total > 1 and half < len(counts)
        else source.text("findings.title_few", count=total, senders=len(counts)),
        subtitle=source.text("findings.subtitle", count=total, scope=source.scope),
        data=data,
        kind=source.text("findings.alt", count=total, scope=source.scope),
        key=[Key(source.text(f"severity.{s}"), style.SEVERITY[s]) for s in severities],
        run_id=run_id,
    )
    label_inside(ax, spans)
    return ax


def coverage_table(inventory: Any) -> pd.DataFrame:
    """Return which share of the questions each organisation answered, by table.

    Of a project the columns of `projects` that planning needs count; costs and ratings are asked for
    projects in preparation and possible ones. "Not applicable" is an answer.

    Parameters
    ----------
    inventory : Inventory
        From `read_inventory`.

    Returns
    -------
    DataFrame
        By office: ``has_returned`` and per table a share of 0–1, NaN where nothing was asked.
    """
    offices, tables, strategy = inventory.offices, inventory.tables, inventory.strategy
    sent = set(inventory.files["office_id"].dropna())
    # chambers and universities send requirements, which no question of these tables asks for
    asked = offices.index[offices["kind"] != "partner"]
    shares = pd.DataFrame(np.nan, index=asked, columns=list(COVERAGE_TABLES))
    projects = inventory.projects
    columns = [c for c in _PROJECT_COLUMNS if c in projects.columns]
    shares["projects"] = projects[columns].notna().mean(axis=1).groupby(projects["office_id"]).mean()
    planned = projects[projects["status"].isin(["in_preparation", "possible"])]
    n_planned = planned.groupby("office_id").size()

    def answered(name: str, value: str) -> pd.DataFrame:
        table = tables.get(name)
        if table is None or value not in table.columns:
            return pd.DataFrame({"project_id": [], "office_id": []})
        given = table[value].notna()
        if "state" in table.columns:
            given |= table["state"] == "not_applicable"
        if "rated_by" in table.columns:  # what others have moderated is no answer of the office
            given &= ~table["rated_by"].isin(MODERATORS)
        return table[given]

    costed = planned.index.isin(answered("project_costs", "amount_eur")["project_id"])
    shares["project_costs"] = pd.Series(costed, index=planned.index).groupby(planned["office_id"]).mean()
    for name, value, scale in (
        ("impact_ratings", "points", strategy.impact),
        ("readiness_ratings", "level", strategy.readiness),
    ):
        rated = answered(name, value)["project_id"].value_counts()
        rated = rated.clip(upper=len(scale.asked)).reindex(planned.index, fill_value=0)
        shares[name] = rated.groupby(planned["office_id"]).sum() / (n_planned * len(scale.asked))
    levels = answered("maturity_ratings", "level")["office_id"].value_counts()
    is_rated, n_asked = asked.isin(list(sent)), max(len(strategy.maturity.asked), 1)
    shares["maturity_ratings"] = (levels.reindex(asked, fill_value=0) / n_asked).clip(upper=1).where(is_rated)
    services = tables.get("services")
    if services is not None and len(services):
        rated = services["level"].notna()
        if "service_ratings" in tables and len(tables["service_ratings"]):
            rated |= services.index.isin(tables["service_ratings"]["service_id"])
        shares["services"] = rated.groupby(services["office_id"]).mean()
    shares = shares.astype(float)
    shares.insert(0, "has_returned", asked.isin(list(sent)))
    return shares.rename_axis("office_id")


@style.styled
def plot_coverage(inventory: Any, *, page: int = 1, run_id: str = "", ax: Axes | None = None) -> Axes:
    """Draw which share of the questions each organisation answered, by table; who answered least first.

    Parameters
    ----------
    inventory : Inventory
        From `read_inventory`.
    page : int
        Pages have at most 28 organisations; see `coverage_pages`.
    run_id, ax
        As in `plot_status_by_field`.

    Returns
    -------
    Axes
        Its `chart_data`: ``office_id``, ``office``, ``has_returned`` and the shares of `coverage_table`
        in per cent.

    Raises
    ------
    ValueError
        If there is no such page.
    """
    source = source_of(inventory)
    columns = ["office_id", "office", "has_returned", *COVERAGE_TABLES]
    table = coverage_table(inventory)
    if table.empty:
        title = source.text("coverage.none")
        return draw_nothing(ax, source, name="coverage", title=title, columns=columns, run_id=run_id)
    shares = table[list(COVERAGE_TABLES)] * 100
    order = shares.mean(axis=1).fillna(0).where(table["has_returned"], 101).sort_values(kind="stable").index
    rows, pages = page_of(len(order), ROWS_PER_PAGE, page)
    here = order[rows]
    n, returned = len(table), int(table["has_returned"].sum())
    means = shares[table["has_returned"]].mean()
    data = pd.concat([means.to_frame("").T, shares.loc[here]]).rename_axis("office_id").reset_index()
    mean_label = source.text("coverage.mean", count=returned)
    data.insert(1, "office", [mean_label, *(source.office(o, long=True) for o in here)])
    data.insert(2, "has_returned", [True, *table.loc[here, "has_returned"]])
    heads = {t: source.text(f"table.{t}") for t in COVERAGE_TABLES}
    grid = make_grid(data["office"].tolist(), list(heads.values()))
    ax = open_axes(ax, body=grid.body)
    values = data[list(COVERAGE_TABLES)].to_numpy(dtype=float)
    words = [["" if np.isnan(v) else source.score(v) for v in row] for row in values]
    silent = np.flatnonzero(~data["has_returned"].to_numpy(dtype=bool)).tolist()
    draw_grid(ax, grid, values, words, mean_row=True, blank=silent)
    for y in silent:
        ax.text(
            grid.edges[-1] / 2,
            y,
            source.text("coverage.no_return"),
            ha="center",
            va="center_baseline",
            color=style.WARNING,
            fontweight="bold",
        )
    title = source.text("coverage.title", count=n, returned=returned)
    if means.notna().any():
        printed = (means.dropna() / 100).map(source.percent)
        share = printed.iloc[int(means.dropna().to_numpy().argmin())]
        # what prints the same number was filled in as little
        tables = [heads[str(t)].replace("\u00ad", "") for t in printed.index[printed == share]]
        title += source.text("coverage.least", tables=", ".join(tables), share=share)
    return finish(
        ax,
        source,
        name="coverage",
        title=title,
        subtitle=paged(source, source.text("coverage.subtitle", scope=source.scope), page, pages),
        data=data,
        kind=source.text("coverage.alt", count=n, scope=source.scope)
        + page_rows(source, page, pages, data["office"].iloc[1:].tolist()),
        key=ramp_key(source, source.text("coverage.missing")),
        run_id=run_id,
    )


def coverage_pages(inventory: Any) -> int:
    """Return how many pages `plot_coverage` has."""
    return page_of(len(coverage_table(inventory)), ROWS_PER_PAGE, 1)[1]
