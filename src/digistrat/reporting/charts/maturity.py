"""Charts of maturity: offices by dimension, the gap to the target, services by level."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from digistrat.reporting import style
from digistrat.reporting.charts.canvas import Key, draw_nothing, finish, open_axes, row_axis
from digistrat.reporting.charts.heatmap import (
    ROWS_PER_PAGE,
    draw_grid,
    make_grid,
    page_of,
    page_rows,
    paged,
    ramp_key,
)
from digistrat.reporting.charts.lettering import wrap
from digistrat.reporting.charts.source import Source, source_of
from digistrat.scoring.composite import Scores

GAP_ROWS = 36


@style.styled
def plot_maturity_heatmap(
    maturity: Scores, *, page: int = 1, run_id: str = "", ax: Axes | None = None
) -> Axes:
    """Draw how digital each office is, by dimension; the most mature first.

    Parameters
    ----------
    maturity : Scores
        From `score_maturity`: offices, with scores per dimension in ``groups``.
    page : int
        Pages have at most 28 offices; see `maturity_pages`.
    run_id, ax
        As in `plot_status_by_field`.

    Returns
    -------
    Axes
        Its `chart_data`: ``office_id``, ``office``, one column per dimension, ``score``, ``state``. Values in
        brackets are provisional; cells without a value are hatched.

    Raises
    ------
    ValueError
        If there is no such page.
    """
    source = source_of(maturity)
    groups = pd.DataFrame(index=maturity.table.index) if maturity.groups is None else maturity.groups
    dimensions = [str(g) for g in groups.columns]
    columns = ["office_id", "office", *dimensions, "score", "state"]
    if maturity.table.empty:
        title = source.text("maturity_heatmap.none")
        return draw_nothing(ax, source, name="maturity_heatmap", title=title, columns=columns, run_id=run_id)
    order = maturity.table["score"].sort_values(ascending=False, kind="stable", na_position="last").index
    rows, pages = page_of(len(order), ROWS_PER_PAGE, page)
    here = order[rows]
    every = groups.rename(columns=str).assign(score=maturity.table["score"]).astype(float)
    data = pd.concat([every.mean().to_frame("").T, every.loc[here]]).rename_axis("office_id").reset_index()
    mean_label = source.text("maturity_heatmap.mean", count=len(every))
    data.insert(1, "office", [mean_label, *(source.office(o, long=True) for o in here)])
    data["state"] = ["", *maturity.table.loc[here, "state"]]
    heads = [*_group_names(source, "maturity", dimensions).values(), source.text("overall")]
    grid = make_grid(data["office"].tolist(), heads)
    values = data[[*dimensions, "score"]].to_numpy(dtype=float)
    thin = np.zeros(values.shape, dtype=bool)
    if maturity.group_coverage is not None and source.inventory is not None:
        threshold = source.inventory.strategy.thresholds.group_coverage
        thin[1:, :-1] = maturity.group_coverage.loc[here].to_numpy(dtype=float) < threshold
    thin[:, -1] = data["state"] == "provisional"
    words = [
        [
            "–" if np.isnan(v) else f"({source.score(v)})" if t else source.score(v)
            for v, t in zip(row, ts, strict=True)
        ]
        for row, ts in zip(values, thin, strict=True)
    ]
    ax = open_axes(ax, body=grid.body)
    draw_grid(ax, grid, values, words, bold_column=values.shape[1] - 1, mean_row=True)
    means = data[dimensions].iloc[0].astype(float)
    scored = maturity.table["score"].dropna()
    if len(scored) and means.notna().any() and len(dimensions) > 1:
        title = _heatmap_title(source, means.dropna())
    else:
        title = source.text("maturity_heatmap.title_plain", count=len(scored))
    return finish(
        ax,
        source,
        name="maturity_heatmap",
        title=title,
        subtitle=paged(
            source,
            source.text("maturity_heatmap.subtitle", count=len(maturity.table), scope=source.scope),
            page,
            pages,
        ),
        data=data,
        kind=source.text("maturity_heatmap.alt", count=len(maturity.table), scope=source.scope)
        + page_rows(source, page, pages, data["office"].iloc[1:].tolist()),
        key=[
            *ramp_key(source, source.text("state.not_scored")),
            Key(source.text("state.provisional_brackets"), style.PAPER, kind="note"),
        ],
        rule=source.rule_of(maturity),
        run_id=run_id,
    )


def maturity_pages(maturity: Scores) -> int:
    """Return how many pages `plot_maturity_heatmap` has."""
    return page_of(len(maturity.table), ROWS_PER_PAGE, 1)[1]


@style.styled
def plot_maturity_gap(maturity: Scores, *, page: int = 1, run_id: str = "", ax: Axes | None = None) -> Axes:
    """Draw where each office stands and where it wants to be; the widest gap first.

    Parameters
    ----------
    maturity : Scores
        From `score_maturity`; its table has ``target`` and ``gap`` beside ``score``.
    page : int
        Pages have at most 36 offices; see `gap_pages`.
    run_id, ax
        As in `plot_status_by_field`.

    Returns
    -------
    Axes
        Its `chart_data`: ``office_id``, ``office``, ``score``, ``target``, ``gap``, ``state``. Offices
        without score or target are counted in the subtitle.

    Raises
    ------
    ValueError
        If there is no such page, or the table has no target.
    """
    source = source_of(maturity)
    lacking = [c for c in ("target", "gap") if c not in maturity.table.columns]
    if lacking:
        raise ValueError(f"maturity must come from score_maturity: its table lacks the columns {lacking}")
    columns = ["office_id", "office", "score", "target", "gap", "state"]
    known = maturity.table.dropna(subset=["score", "target"])
    if known.empty:
        title = source.text("maturity_gap.none")
        return draw_nothing(ax, source, name="maturity_gap", title=title, columns=columns, run_id=run_id)
    order = known["gap"].astype(float).sort_values(ascending=False, kind="stable").index
    rows, pages = page_of(len(order), GAP_ROWS, page)
    here = order[rows]
    data = known.loc[here, ["score", "target", "gap", "state"]].rename_axis("office_id").reset_index()
    data.insert(1, "office", [source.office(o, long=True) for o in here])
    data = data.astype({"score": float, "target": float, "gap": float})[columns]

    ax = open_axes(ax, body=len(data) * 0.215 + 0.35)
    y = np.arange(len(data))
    provisional = (data["state"] == "provisional").to_numpy()
    ax.set_xlim(-2, 112)
    ax.set_xticks([0, 25, 50, 75, 100], labels=[source.number(v) for v in (0, 25, 50, 75, 100)])
    ax.grid(axis="x")
    ax.hlines(y, data["score"], data["target"], color=style.GREY, linewidth=2.2, zorder=2)
    ax.scatter(
        data["target"],
        y,
        s=52,
        marker="D",
        facecolor=style.PAPER,
        edgecolor=style.CATEGORY[2],
        linewidth=1.6,
        zorder=3,
    )
    for mask, fill in ((~provisional, style.FOCUS), (provisional, style.PAPER)):
        ax.scatter(
            data["score"][mask], y[mask], s=52, facecolor=fill, edgecolor=style.FOCUS, linewidth=1.6, zorder=4
        )
    right = data[["score", "target"]].max(axis=1)
    for i, (edge, gap) in enumerate(zip(right, data["gap"], strict=True)):
        sign = "+" if round(gap) > 0 else ""
        ax.annotate(
            sign + source.score(gap), (edge, i), (9, 0), textcoords="offset points", va="center_baseline"
        )
    row_axis(ax, [wrap(o, 215, lines=1)[0] for o in data["office"]])
    ax.spines["bottom"].set_visible(False)
    left_out = len(maturity.table) - len(known)
    subtitle = "\u00a0· ".join(
        [
            source.text("maturity_gap.subtitle", count=len(known), scope=source.scope),
            source.text("maturity_gap.meaning"),
            *([source.text("maturity_gap.left_out", count=left_out)] if left_out else []),
        ]
    )
    return finish(
        ax,
        source,
        name="maturity_gap",
        title=_gap_title(source, known["gap"].astype(float).loc[order]),
        subtitle=paged(source, subtitle, page, pages),
        data=data,
        kind=source.text("maturity_gap.alt", count=len(known), scope=source.scope)
        + page_rows(source, page, pages, data["office"].tolist()),
        key=[
            Key(source.text("maturity_gap.now"), style.FOCUS, kind="marker"),
            *(
                [
                    Key(
                        source.text("maturity_gap.now_provisional"),
                        style.PAPER,
                        kind="marker",
                        edge=style.FOCUS,
                    )
                ]
                if provisional.any()
                else []
            ),
            Key(
                source.text("maturity_gap.target"),
                style.PAPER,
                kind="marker",
                marker="D",
                edge=style.CATEGORY[2],
            ),
        ],
        rule=source.rule_of(maturity),
        run_id=run_id,
    )


def gap_pages(maturity: Scores) -> int:
    """Return how many pages `plot_maturity_gap` has."""
    return page_of(len(maturity.table.dropna(subset=["score", "target"])), GAP_ROWS, 1)[1]


@style.styled
def plot_service_levels(services: Scores, *, run_id: str = "", ax: Axes | None = None) -> Axes:
    """Draw how many services, and how many of their cases, are on each level of their model.

    Parameters
    ----------
    services : Scores
        From `score_services`: its table has ``model``, ``level`` and ``n_cases_yearly``.
    run_id, ax
        As in `plot_status_by_field`.

    Returns
    -------
    Axes
        Its `chart_data`: ``model``, ``level``, ``label``, ``n_services``, ``share_services``, ``n_cases``,
        ``share_cases`` (per cent of the model's). Levels of two models are never put together.

    Raises
    ------
    ValueError
        If the table has no levels.
    """
    source = source_of(services)
    lacking = [c for c in ("level", "n_cases_yearly") if c not in services.table.columns]
    if lacking:
        raise ValueError(f"services must come from score_services: its table lacks the columns {lacking}")
    columns = ["model", "level", "label", "n_services", "share_services", "n_cases", "share_cases"]
    table = services.table
    if table.empty:
        title = source.text("service_levels.none")
        return draw_nothing(ax, source, name="service_levels", title=title, columns=columns, run_id=run_id)
    data = _level_table(source, table)[columns]
    models = data["model"].unique()

    # every model is a block of its own with a line for its name
    places, y = [], -0.2 if len(models) == 1 else 0.75
    heads = []
    for model in models:
        heads.append((y - 0.78, model))
        size = int((data["model"] == model).sum())
        places += [y + i for i in range(size)]
        y += size + 1.0
    at = np.array(places)
    ax = open_axes(ax, body=(max(places) - min(places) + (1 if len(models) == 1 else 1.8)) * 0.46 + 0.05)
    top = max(data["share_services"].max(), data["share_cases"].max(), 1.0)
    unknown = data["level"].isna().to_numpy()
    for column, shift, fill in (
        ("share_services", -0.19, style.CATEGORY[0]),
        ("share_cases", 0.19, style.CATEGORY[1]),
    ):
        ax.barh(at[~unknown] + shift, data[column][~unknown], height=0.36, color=fill, label=column)
        ax.barh(
            at[unknown] + shift,
            data[column][unknown],
            height=0.36,
            facecolor=style.PAPER,
            edgecolor=fill,
            hatch=style.HATCH_NONE,
            label=column,
        )
        count = "n_services" if column == "share_services" else "n_cases"
        for place, share, amount in zip(at + shift, data[column], data[count], strict=True):
            written = source.text(
                f"service_levels.{count}", share=source.percent(share / 100), count=int(amount)
            )
            ax.annotate(written, (share, place), (5, 0), textcoords="offset points", va="center_baseline")
    row_axis(ax, ["\n".join(wrap(label, 150, lines=2)) for label in data["label"]], positions=places)
    ax.set_ylim(max(places) + 0.55, (heads[0][0] - 0.4) if len(models) > 1 else min(places) - 0.55)
    for place, model in heads if len(models) > 1 else []:
        ax.annotate(
            source.text("service_levels.model", model=model),
            (0, place),
            (0, 0),
            textcoords="offset points",
            va="center_baseline",
            fontweight="bold",
        )
    ax.set_xlim(0, top * 1.42)
    ax.set_xticks([])
    ax.spines["bottom"].set_visible(False)
    subtitle = source.text(
        "service_levels.subtitle", count=len(table), models=", ".join(models), scope=source.scope
    )
    if n_uncounted := int(table["n_cases_yearly"].isna().sum()):
        subtitle += "\u00a0· " + source.text("service_levels.without_cases", count=n_uncounted)
    return finish(
        ax,
        source,
        name="service_levels",
        title=_online_title(source, data),
        subtitle=subtitle,
        data=data,
        kind=source.text("service_levels.alt", count=len(table), scope=source.scope),
        key=[
            Key(source.text("service_levels.services"), style.CATEGORY[0]),
            Key(source.text("service_levels.cases"), style.CATEGORY[1]),
            *(
                [Key(source.text("service_levels.unknown"), style.PAPER, hatch=style.HATCH_NONE)]
                if unknown.any()
                else []
            ),
        ],
        rule=_level_rule(source, services),
        run_id=run_id,
    )


def _level_table(source: Source, table: pd.DataFrame) -> pd.DataFrame:
    model = table["model"].astype("object") if "model" in table.columns else pd.Series("", index=table.index)
    frame = pd.DataFrame(
        {
            "model": model.fillna("").astype("str"),
            "level": table["level"].astype(float),
            "cases": table["n_cases_yearly"].astype(float).fillna(0),
        }
    )
    counts = frame.groupby(["model", "level"], dropna=False)["cases"].agg(["size", "sum"])
    known = {} if source.inventory is None else {m.id: m for m in source.inventory.strategy.service_models}
    rows = []
    for name in sorted(frame["model"].unique()):
        mine = counts.loc[[name]].droplevel("model")
        levels = sorted(level for level in mine.index if not np.isnan(level))
        if name in known:
            levels = [float(v) for v in range(known[name].floor, known[name].target + 1)]
        wanted = [*levels, *([np.nan] if mine.index.isna().any() else [])]
        for level in wanted:
            found = mine[mine.index.isna()] if np.isnan(level) else mine[mine.index == level]
            rows.append(
                {
                    "model": name,
                    "level": level,
                    "label": _level_label(source, known.get(name), level),
                    "n_services": int(found["size"].sum()),
                    "n_cases": float(found["sum"].sum()),
                }
            )
    data = pd.DataFrame(rows)
    for count, share in (("n_services", "share_services"), ("n_cases", "share_cases")):
        total = data.groupby("model")[count].transform("sum")
        data[share] = (data[count] / total * 100).where(total > 0, 0.0)
    return data


def _level_label(source: Source, model: Any, level: float) -> str:
    if np.isnan(level):
        return source.text("service_levels.unknown")
    number = source.number(level)
    name = ""
    if model is not None and level == int(level) and int(level) - model.floor < len(model.levels):
        name = model.levels[int(level) - model.floor]
    plain = source.text("service_levels.level", level=number)
    # "Stufe 3" for level 3 names nothing
    return plain if not name or name.split()[-1] == number else f"{number} · {name}"


def _online_title(source: Source, data: pd.DataFrame) -> str:
    """Say which share of cases runs over services that are online, for the model with most services."""
    model = data.groupby("model")["n_services"].sum().idxmax()
    mine = data[data["model"] == model]
    known = {} if source.inventory is None else {m.id: m for m in source.inventory.strategy.service_models}
    if model not in known:
        return source.text("service_levels.title_plain", count=int(data["n_services"].sum()))
    online = mine[mine["level"] >= known[model].online_from]
    unknown = mine[mine["level"].isna()]

    def share_online(column: str) -> str:
        """What is known to be online, and what is if all unknown levels were."""
        low = float(online[column].sum())
        high = low + float(unknown[column].sum())
        if source.percent(low / 100) == source.percent(high / 100):
            return source.percent(low / 100)
        return source.text("service_levels.range", low=source.score(low), high=source.percent(high / 100))

    column, key, word = (
        ("share_cases", "title", "open")
        if mine["n_cases"].sum()
        else ("share_services", "title_services", "open_services")
    )
    n_open = float(unknown[column].sum())
    said = source.text(f"service_levels.{word}", unknown=source.percent(n_open / 100)) if n_open else ""
    return source.text(
        f"service_levels.{key}",
        share=share_online(column),
        other=share_online("share_services"),
        level=source.number(known[model].online_from),
        open=said,
    )


def _level_rule(source: Source, services: Scores) -> str:
    """Return rule and source; of services without a level by criterion the level counts that was reported."""
    table = services.table
    basis = table["basis"] if "basis" in table.columns else pd.Series("reported", index=table.index)
    n_reported = int((basis == "reported").sum())
    if n_reported == len(table):
        said = source.text("rule", name=source.text("service_levels.reported"))
    else:
        said = source.rule(services.rule)
        if n_reported:
            said += f"; {source.text('service_levels.some_reported', count=n_reported)}"
    return f"{said}; {source.origin(services)}"


def _heatmap_title(source: Source, means: pd.Series) -> str:
    """Name the dimensions furthest ahead and behind; those that print the same number stand together."""
    named = _group_names(source, "maturity", [str(d) for d in means.index])
    printed = means.astype(float).map(source.score)
    order = means.to_numpy(dtype=float).argsort()
    best, worst = printed.iloc[order[-1]], printed.iloc[order[0]]
    if best == worst:
        return source.text("maturity_heatmap.title_even", value=best)
    ahead, behind = ([named[str(d)] for d in printed.index[printed == v]] for v in (best, worst))
    return source.text(
        "maturity_heatmap.title",
        best=source.listed(ahead),
        best_value=best,
        worst=source.listed(behind),
        worst_value=worst,
    )


def _gap_title(source: Source, gaps: pd.Series) -> str:
    """Say the mean gap and whose is widest, from gaps in falling order."""
    printed = gaps.map(source.score)
    names = [source.office(o, long=True) for o in gaps.index[printed == printed.iloc[0]]]
    if len(gaps) == 1:
        return source.text("maturity_gap.title_single", office=names[0], gap=printed.iloc[0])
    form = {1: "title", 2: "title_two"}.get(len(names), "title_many")
    return source.text(
        f"maturity_gap.{form}",
        mean=source.score(float(gaps.mean())),
        office=names[0],
        other=names[-1],
        count=len(names),
        gap=printed.iloc[0],
    )


def _group_names(source: Source, scale: str, ids: list[str]) -> dict[str, str]:
    """Return the names of dimensions or groups of criteria; their id where the strategy names none."""
    known = (
        {}
        if source.inventory is None
        else {g.id: g.name for g in getattr(source.inventory.strategy, scale).groups}
    )
    return {i: known.get(i, i) for i in ids}
