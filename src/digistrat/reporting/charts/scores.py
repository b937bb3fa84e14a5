"""Charts of scores: the ranking with what it is made of, and readiness against impact."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from digistrat.reporting import style
from digistrat.reporting.charts.bars import stacked_bars, total_labels
from digistrat.reporting.charts.canvas import (
    DASHES,
    Key,
    draw_nothing,
    finish,
    label_inside,
    open_axes,
    row_axis,
)
from digistrat.reporting.charts.labels import place_labels
from digistrat.reporting.charts.lettering import clip, labelled, width
from digistrat.reporting.charts.source import Source, source_of
from digistrat.scoring.composite import Scores
from digistrat.scoring.rules import RULES

LABEL_ROOM = 258.0  # points for row labels
GAP_MARK = "*"  # behind a score that rests on less than everything asked
FIGURE_SPACE = "\u2007"  # as wide as a digit


@style.styled
def plot_ranking(scores: Scores, *, n: int = 30, run_id: str = "", ax: Axes | None = None) -> Axes:
    """Draw the first `n` ranks with what each group of criteria contributes, and the bounds of the score.

    Parameters
    ----------
    scores : Scores
        From `score_impact`, `score_readiness` or `score_maturity`.
    n : int
        How many alternatives.
    run_id, ax
        As in `plot_status_by_field`.

    Returns
    -------
    Axes
        Its `chart_data`: ``rank``, the alternative's id, ``title``, one column of points per group (at most
        four; the smallest are put together as ``other``), ``score``, ``lower``, ``upper``. Under a rule
        that does not add up the bar is the score.

    Raises
    ------
    ValueError
        If `n` is less than 1.
    """
    if n < 1:
        raise ValueError(f"n must be at least 1, not {n}")
    source = source_of(scores)
    unit = scores.unit or "project"
    points = points_by_group(scores)
    columns = ["rank", f"{unit}_id", "title", *points.columns, "score", "lower", "upper"]
    ranked = scores.table.dropna(subset=["rank"]).sort_values("rank", kind="stable")
    if ranked.empty:
        title = source.text("ranking.none")
        return draw_nothing(ax, source, name="ranking", title=title, columns=columns, run_id=run_id)
    shown = ranked.head(n)
    titles = source.names(unit, shown.index)
    data = shown[["rank", "score", "lower", "upper"]].join(points).rename_axis(f"{unit}_id").reset_index()
    data["title"] = [titles[i] for i in shown.index]
    data = data.astype({"rank": "int64"})[columns]

    ax = open_axes(ax, body=max(len(data) * 0.235, 0.5) + 0.3)
    fills = group_fills(points)
    spans = stacked_bars(ax, data, fills, data[list(points.columns)].map(source.number))
    wide = (data["upper"] - data["lower"] > 0.05).to_numpy()
    whiskers = data[wide]
    # along the foot of the bar, where it crosses no number
    foot = whiskers.index.to_numpy() + 0.4
    ax.hlines(foot, whiskers["lower"], whiskers["upper"], color=style.INK, linewidth=1.3, zorder=4)
    for end in ("lower", "upper"):
        ax.vlines(whiskers[end], foot - 0.14, foot + 0.14, color=style.INK, linewidth=1.3, zorder=4)
    ends = data["score"].where(~wide, data[["score", "upper"]].max(axis=1))
    marks = np.where(wide, GAP_MARK, "")
    words = [source.number(score, 1) + mark for score, mark in zip(data["score"], marks, strict=True)]
    total_labels(ax, ends.tolist(), words)
    digits = len(str(data["rank"].max()))
    room = LABEL_ROOM - width("0") * digits - 12
    numbers = [source.number(rank).rjust(digits, FIGURE_SPACE) for rank in data["rank"]]
    names = [labelled(t, str(i), room) for i, t in titles.items()]
    row_axis(ax, [f"{name}   {number}" for name, number in zip(names, numbers, strict=True)])
    ax.set_xlim(0, 112)
    ax.set_xticks([0, 25, 50, 75, 100], labels=[source.number(v) for v in (0, 25, 50, 75, 100)])
    ax.grid(axis="x")
    ax.spines["bottom"].set_visible(False)
    provisional = int((scores.table["state"] == "provisional").sum())
    unscored = int((scores.table["state"] == "not_scored").sum())
    subtitle = source.text(
        "ranking.subtitle",
        count=len(data),
        of=source.text(f"unit.{unit}", count=len(ranked)),
        what=source.text(f"what.{scores.what or 'score'}"),
        scope=source.scope,
    )
    if provisional or unscored:
        subtitle += "\u00a0· " + source.text("ranking.left_out", provisional=provisional, unscored=unscored)
    finish(
        ax,
        source,
        name="ranking",
        title=_ranking_title(source, data),
        subtitle=subtitle,
        data=data,
        kind=source.text(
            "ranking.alt",
            count=len(data),
            what=source.text(f"what.{scores.what or 'score'}"),
            scope=source.scope,
        ),
        key=[
            *(
                Key(group_name(source, scores, g), fills[g])
                for g in points.columns
                if len(points.columns) > 1
            ),
            *(
                [
                    Key(source.text(_bounds(scores, shown.index)), style.INK, kind="line"),
                    Key(source.text("ranking.gaps", mark=GAP_MARK), style.INK, kind="note"),
                ]
                if wide.any()
                else []
            ),
        ],
        rule=source.rule_of(scores),
        run_id=run_id,
    )
    label_inside(ax, spans)
    return ax


@style.styled
def plot_priority(
    readiness: Scores,
    impact: Scores,
    portfolio: Any = None,
    *,
    n_labels: int = 14,
    run_id: str = "",
    ax: Axes | None = None,
) -> Axes:
    """Draw readiness against impact: what can begin now, and what is worth being prepared.

    Parameters
    ----------
    readiness, impact : Scores
        Of projects. Only projects that have both scores are drawn; the subtitle counts the others.
    portfolio : Portfolio, optional
        Selected projects are emphasised, and its one-off costs give the size of the marks; without it the
        costs are those of the inventory.
    n_labels : int
        At most so many labels: selected projects with the highest impact first.
    run_id, ax
        As in `plot_status_by_field`.

    Returns
    -------
    Axes
        Its `chart_data`: ``project_id``, ``title``, ``readiness``, ``impact``, ``cost_eur``, ``selected``,
        ``provisional``.
    """
    source = source_of(impact)
    columns = ["project_id", "title", "readiness", "impact", "cost_eur", "selected", "provisional"]
    both = pd.DataFrame({"readiness": readiness.table["score"], "impact": impact.table["score"]}).astype(
        float
    )
    data = both.dropna()
    if data.empty:
        title = source.text("priority.none")
        return draw_nothing(ax, source, name="priority", title=title, columns=columns, run_id=run_id)
    data["cost_eur"] = _one_off_costs(source, portfolio).reindex(data.index)
    data["selected"] = (
        False if portfolio is None else portfolio.table["selected"].reindex(data.index, fill_value=False)
    )
    data["selected"] = data["selected"].astype(bool)
    states = [s.table["state"].reindex(data.index) for s in (readiness, impact)]
    data["provisional"] = (states[0] == "provisional") | (states[1] == "provisional")
    titles = source.names("project", data.index)
    data["title"] = [titles[i] for i in data.index]
    # the important ones on top, and first in the table
    data["now"] = (data["readiness"] >= 50) & (data["impact"] >= 50)
    data = data.sort_values(["selected", "now", "impact"], ascending=False, kind="stable")
    data = data.rename_axis("project_id").reset_index()[columns]

    ax = open_axes(ax, body=5.4)
    ax.set_xlim(-3, 103)
    ax.set_ylim(-3, 103)
    ticks = (0, 25, 50, 75, 100)
    ax.set_xticks(ticks, labels=[source.number(v) for v in ticks])
    ax.set_yticks(ticks, labels=[source.number(v) for v in ticks])
    for line in (ax.axvline, ax.axhline):
        line(50, color=style.PALE, linewidth=1.0, zorder=1)
    radius = _radius(data["cost_eur"])
    area = (2 * radius) ** 2
    filled = data["selected"] if portfolio is not None else pd.Series(True, data.index)
    # small marks on top of large ones, so that each can be counted
    order = np.argsort(-area, kind="stable")
    marks = [_mark(bool(filled.iloc[i]), bool(data["provisional"].iloc[i])) for i in order]
    ax.scatter(
        data["readiness"].iloc[order],
        data["impact"].iloc[order],
        s=area[order],
        facecolor=[face for face, _, _ in marks],
        edgecolor=[edge for _, edge, _ in marks],
        linestyle=cast(Any, [DASHES if is_dashed else "solid" for _, _, is_dashed in marks]),
        linewidth=1.1,
        zorder=3,
    )
    ax.set_xlabel(source.text("priority.x"), loc="right")
    ax.set_ylabel(source.text("priority.y"), loc="top")
    corners = [
        ax.annotate(
            source.text(f"priority.{word}"),
            (px, py),
            (4 if px == 0 else -4, -4 if py else 4),
            xycoords="axes fraction",
            textcoords="offset points",
            ha="left" if px == 0 else "right",
            va="top" if py else "bottom",
            color=style.QUIET,
            style="italic",
            bbox={"facecolor": style.PAPER, "edgecolor": "none", "pad": 1.5, "alpha": 0.8},
            zorder=5,
        )
        for word, px, py in (("prepare", 0, 1), ("now", 1, 1), ("later", 0, 0), ("quick", 1, 0))
    ]
    now = data[(data["readiness"] >= 50) & (data["impact"] >= 50)]
    taken = int(now["selected"].sum())
    total = len(impact.table)
    subtitle = source.text(
        "priority.subtitle",
        count=len(data),
        total=source.text("unit.project", count=total),
        scope=source.scope,
    )
    if total > len(data):
        subtitle += "\u00a0· " + source.text("priority.left_out", count=total - len(data))
    title = source.text("priority.title", count=len(now), total=len(data))
    if portfolio is not None and len(now):
        title += source.text("priority.taken", count=taken)
    finish(
        ax,
        source,
        name="priority",
        title=title,
        subtitle=subtitle,
        data=data,
        kind=source.text("priority.alt", count=len(data), scope=source.scope),
        key=_priority_key(source, data, portfolio is not None),
        rule=_two_rules(source, readiness, impact),
        run_id=run_id,
    )
    place_labels(
        ax,
        data["readiness"].tolist(),
        data["impact"].tolist(),
        radius.tolist(),
        _important(data, n_labels),
        limit=165 if len(data) <= 40 else 120,
        taken=corners,
    )
    return ax


def _two_rules(source: Source, readiness: Scores, impact: Scores) -> str:
    """Return the rules of both axes with their sources, a rule that is the same once."""
    both = {"readiness": readiness, "impact": impact}
    if len({rule for scores in both.values() for rule in (scores.rule, scores.hierarchy.rule)}) == 1:
        said, parts = source.rule(impact.rule, readiness.what), {w: source.origin(s) for w, s in both.items()}
    else:
        said, parts = "", {w: source.rule_of(s) for w, s in both.items()}
    named = [
        source.text("rule_of", what=source.text(f"what.{what}"), rule=part) for what, part in parts.items()
    ]
    return "; ".join(part for part in (said, *named) if part)


def _important(data: pd.DataFrame, n: int) -> list[tuple[int, str]]:
    """Two thirds of the labels for selected projects, one for others that are ready and effective."""
    chosen = data.index[data["selected"]][: n - n // 3]
    missed = data.index[~data["selected"] & (data["readiness"] >= 50) & (data["impact"] >= 50)]
    others = missed[: n - len(chosen)]
    # who comes first finds room, so the highest impact does
    picked = data.loc[[*chosen, *others]].sort_values("impact", ascending=False, kind="stable")
    return [(int(str(i)), title) for i, title in picked["title"].items()]


def _priority_key(source: Source, data: pd.DataFrame, has_portfolio: bool) -> list[Key]:
    filled = data["selected"] if has_portfolio else pd.Series(True, data.index)
    words = {
        (True, False): "selected",
        (True, True): "state.provisional_selected" if has_portfolio else "state.provisional_mark",
        (False, False): "not_selected",
        (False, True): "state.provisional_not_selected",
    }
    key = []
    for (is_filled, provisional), word in words.items():
        is_there = bool(((filled == is_filled) & (data["provisional"] == provisional)).any())
        if is_there and (has_portfolio or provisional):
            face, edge, dashed = _mark(is_filled, provisional)
            key.append(Key(source.text(word), face, kind="marker", edge=edge, dashed=dashed))
    return key


def _mark(filled: bool, provisional: bool) -> tuple[str, str, bool]:
    """Fill, edge and whether the edge is dashed: filled is selected, dashed is provisional."""
    if filled:
        # the dashes need a paler fill to be seen
        return (style.SEQUENTIAL[2], style.FOCUS, True) if provisional else (style.FOCUS, style.PAPER, False)
    return style.PAPER, style.GREY, provisional


def _radius(cost: pd.Series) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Radius of marks in points: area grows with cost, within bounds; unknown cost gives the smallest."""
    value = cost.to_numpy(dtype=float)
    top = np.nanmax(value) if np.isfinite(value).any() else 0.0
    share = np.zeros(len(value)) if not top else np.nan_to_num(value, nan=0.0) / top
    return np.sqrt(9.0 + 110.0 * np.clip(share, 0, 1))


def _one_off_costs(source: Source, portfolio: Any) -> pd.Series:
    """Return one-off euros by project: the portfolio's, and the inventory's for those that stood in none."""
    costs = (source.inventory.tables if source.inventory is not None else {}).get("project_costs")
    known = pd.Series(dtype=float)
    if costs is not None and len(costs):
        one_off = costs[~costs["is_recurring"].fillna(False).astype(bool)]
        known = one_off.groupby("project_id")["amount_eur"].sum(min_count=1).astype(float)
    return known if portfolio is None else portfolio.table["cost_eur"].astype(float).combine_first(known)


def points_by_group(scores: Scores) -> pd.DataFrame:
    """Contributions summed by group, largest groups first; beyond four the rest is ``other``."""
    if not RULES[scores.rule].is_additive:
        return scores.table[["score"]].rename(columns={"score": "points"})
    group = scores.criteria["group"].where(scores.criteria["group"] != "", "points")
    points = scores.contributions.T.groupby(group, sort=False).sum(min_count=1).T.astype(float).fillna(0.0)
    if points.shape[1] > 4:
        largest = points.sum().nlargest(4).index
        kept = points[[g for g in points.columns if g in largest]]
        points = kept.assign(other=points.drop(columns=kept.columns).sum(axis=1))
    return points


def group_fills(points: pd.DataFrame) -> dict[str, str]:
    """Return a colour by column of points; the fifth is what is put together."""
    return dict(zip(map(str, points.columns), (*style.CATEGORY, style.PALE), strict=False))


def group_name(source: Source, scores: Scores, group: str) -> str:
    """Return what the strategy calls a group of criteria."""
    if group == "other":
        return source.text("other_groups")
    scale = (
        getattr(source.inventory.strategy, scores.what, None)
        if source.inventory is not None and scores.what
        else None
    )
    known = {g.id: g.name for g in scale.groups} if scale is not None else {}
    return known.get(group, group)


def _bounds(scores: Scores, shown: pd.Index) -> str:
    """Return which text tells the range: it may come from projects that build on one, too."""
    effects = scores.criteria.index[scores.criteria["computed"] == "enabling_effect"]
    if not len(effects):
        return "ranking.bounds"
    low, high, state = (frame.loc[shown, effects] for frame in (scores.low, scores.high, scores.states))
    is_elsewhere = ((high - low > 1e-9) & (state == "assessed")).any(axis=None)
    return "ranking.bounds_also" if is_elsewhere else "ranking.bounds"


def _ranking_title(source: Source, data: pd.DataFrame) -> str:
    first = data.iloc[0]
    name = clip(first["title"], 560, size=style.SIZE_TITLE, bold=True)
    if len(data) == 1:
        return source.text("ranking.title_single", title=name, score=source.number(first["score"], 1))
    k = min(5, len(data))
    return source.text(
        "ranking.title",
        title=name,
        score=source.number(first["score"], 1),
        k=k,
        distance=source.number(first["score"] - data["score"].iloc[k - 1], 1),
    )
