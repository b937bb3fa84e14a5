"""Charts of robustness: between which ranks a project lies, and how often it is among the first."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from digistrat.reporting import style
from digistrat.reporting.charts.bars import stacked_bars, total_labels
from digistrat.reporting.charts.canvas import Key, draw_nothing, finish, label_inside, open_axes, row_axis
from digistrat.reporting.charts.lettering import clip, labelled
from digistrat.reporting.charts.scores import LABEL_ROOM
from digistrat.reporting.charts.source import Source, source_of
from digistrat.scoring.composite import Scores
from digistrat.scoring.robustness import SPREAD_OF, RankRobustness

SURE = 0.95


@style.styled
def plot_rank_intervals(
    robust: RankRobustness,
    *,
    n: int = 30,
    scores: Scores | None = None,
    run_id: str = "",
    ax: Axes | None = None,
) -> Axes:
    """Draw between which ranks each alternative lies in 90 % of the samples; the best median first.

    Parameters
    ----------
    robust : RankRobustness
        From `rank_robustness`.
    n : int
        How many alternatives.
    scores : Scores, optional
        What the ranks came from: titles, date, language and notice of the data. Needed where `robust` knows
        no inventory.
    run_id, ax
        As in `plot_status_by_field`.

    Returns
    -------
    Axes
        Its `chart_data`: the alternative's id, ``title``, ``p05``, ``p50``, ``p95``.

    Raises
    ------
    ValueError
        If `n` is less than 1.
    """
    source, unit = _known(robust, scores, n)
    columns = [f"{unit}_id", "title", "p05", "p50", "p95"]
    if robust.rank_interval.empty:
        title = source.text("rank_intervals.none")
        return draw_nothing(ax, source, name="rank_intervals", title=title, columns=columns, run_id=run_id)
    interval = robust.rank_interval.astype("int64").sort_values(["p50", "p95", "p05"], kind="stable").head(n)
    data = _with_titles(source, unit, interval)[columns]
    total = len(robust.rank_interval)

    ax = open_axes(ax, body=max(len(data) * 0.215, 0.5) + 0.3)
    y = np.arange(len(data))
    ax.hlines(y, data["p05"], data["p95"], color=style.SEQUENTIAL[2], linewidth=6, zorder=2)
    ax.scatter(data["p50"], y, s=34, color=style.FOCUS, edgecolor=style.PAPER, linewidth=0.8, zorder=3)
    words = [_span(source, a, b) for a, b in zip(data["p05"], data["p95"], strict=True)]
    total_labels(ax, data["p95"].tolist(), words, bold=False, gap=9.0)
    row_axis(ax, _labels(data))
    worst = int(data["p95"].max())
    ticks = _rank_ticks(worst)
    span = max(worst - 1, 1)
    ax.set_xlim(1 - span * 0.04, worst + span * 0.2)
    ax.set_xticks(ticks, labels=[source.number(t) for t in ticks])
    ax.grid(axis="x")
    ax.spines["bottom"].set_visible(False)
    first = data.iloc[0]
    name = clip(first["title"], 560, size=style.SIZE_TITLE, bold=True)
    return finish(
        ax,
        source,
        name="rank_intervals",
        title=source.text("rank_intervals.title", title=name, low=int(first["p05"]), high=int(first["p95"]))
        if first["p05"] < first["p95"]
        else source.text("rank_intervals.title_sure", title=name, low=int(first["p05"])),
        subtitle=source.text(
            "rank_intervals.subtitle",
            count=len(data),
            total=source.text(f"unit.{unit}", count=total),
            trials=robust.n_samples,
            scope=source.scope,
        ),
        data=data,
        kind=source.text(
            "rank_intervals.alt",
            shown=source.text(f"unit.{unit}", count=len(data)),
            trials=robust.n_samples,
            scope=source.scope,
        ),
        key=[
            Key(source.text("rank_intervals.median"), style.FOCUS, kind="marker"),
            Key(source.text("rank_intervals.range"), style.SEQUENTIAL[2]),
        ],
        rule=_assumed(source, robust),
        run_id=run_id,
    )


@style.styled
def plot_rank_acceptability(
    robust: RankRobustness,
    *,
    n: int = 20,
    scores: Scores | None = None,
    run_id: str = "",
    ax: Axes | None = None,
) -> Axes:
    """Draw how often an alternative is among the first ranks when weights and missing ratings vary.

    Parameters
    ----------
    robust : RankRobustness
        From `rank_robustness`.
    n : int
        How many alternatives, and the ranks that count as being among the first.
    scores, run_id, ax
        As in `plot_rank_intervals`.

    Returns
    -------
    Axes
        Its `chart_data`: the alternative's id, ``title``, one column of per cent for each class of ranks such
        as ``1-5``, ``first`` (per cent of samples among the first `n`).

    Raises
    ------
    ValueError
        If `n` is less than 1.
    """
    source, unit = _known(robust, scores, n)
    shares = robust.acceptability
    total = len(shares)
    if not total:
        title = source.text("rank_acceptability.none")
        columns = [f"{unit}_id", "title", "first"]
        return draw_nothing(
            ax, source, name="rank_acceptability", title=title, columns=columns, run_id=run_id
        )
    edges = _rank_classes(min(n, total), total)
    classes = pd.DataFrame(
        {f"{a}-{b}" if a < b else f"{a}": shares.iloc[:, a - 1 : b].sum(axis=1) * 100 for a, b in edges},
        index=shares.index,
    ).clip(upper=100.0)
    within = [c for c, (_, b) in zip(classes.columns, edges, strict=True) if b <= n]
    classes["first"] = robust.first_k(min(n, total)) * 100
    # among equals the one more often in the best ranks comes first
    order = (
        classes[["first", *within]].round(9).sort_values(["first", *within], ascending=False, kind="stable")
    )
    data = _with_titles(source, unit, classes.loc[order.index].head(n))
    names = [c for c in classes.columns if c != "first"]

    ax = open_axes(ax, body=max(len(data) * 0.235, 0.5) + 0.3)
    tints = (style.SEQUENTIAL[4], style.SEQUENTIAL[3], style.SEQUENTIAL[2], style.SEQUENTIAL[1])
    fills = dict(zip(names, tints, strict=False))
    spans = stacked_bars(ax, data, fills, data[names].map(source.score))
    row_axis(ax, _labels(data))
    ax.set_xlim(0, 100)
    ax.set_xticks([0, 25, 50, 75, 100], labels=[source.percent(v / 100) for v in (0, 25, 50, 75, 100)])
    ax.get_xticklabels()[-1].set_horizontalalignment("right")
    ax.spines["bottom"].set_visible(False)
    sure = int((data["first"] >= SURE * 100).sum())
    finish(
        ax,
        source,
        name="rank_acceptability",
        title=source.text(
            "rank_acceptability.title",
            count=sure,
            of=source.text(f"unit.{unit}", count=len(data)),
            k=n,
            share=source.percent(SURE),
        )
        if total > n
        else source.text(
            "rank_acceptability.title_all",
            title=data["title"].iloc[0],
            share=source.percent(float(robust.first_k(1).loc[str(data.iloc[0, 0])])),
        ),
        subtitle=source.text(
            "rank_acceptability.subtitle",
            count=len(data),
            total=source.text(f"unit.{unit}", count=total),
            trials=robust.n_samples,
            scope=source.scope,
        ),
        data=data,
        kind=source.text(
            "rank_acceptability.alt",
            shown=source.text(f"unit.{unit}", count=len(data)),
            trials=robust.n_samples,
            scope=source.scope,
        ),
        key=[
            Key(_class_label(source, a, b, total), fills[c]) for c, (a, b) in zip(names, edges, strict=True)
        ],
        rule=_assumed(source, robust),
        run_id=run_id,
    )
    label_inside(ax, spans)
    return ax


def _known(robust: RankRobustness, scores: Scores | None, n: int) -> tuple[Source, str]:
    if n < 1:
        raise ValueError(f"n must be at least 1, not {n}")
    source = source_of(scores if scores is not None else robust)
    unit = getattr(robust if scores is None else scores, "unit", "") or "project"
    return source, unit


def _with_titles(source: Source, unit: str, frame: pd.DataFrame) -> pd.DataFrame:
    titles = source.names(unit, frame.index)
    data = frame.rename_axis(f"{unit}_id").reset_index()
    data.insert(1, "title", [titles[i] for i in frame.index])
    return data


def _labels(data: pd.DataFrame) -> list[str]:
    return [labelled(t, str(i), LABEL_ROOM) for i, t in zip(data.iloc[:, 0], data["title"], strict=True)]


def _span(source: Source, low: int, high: int) -> str:
    return source.number(low) if low == high else f"{source.number(low)}–{source.number(high)}"


def _rank_ticks(worst: int) -> list[int]:
    for step in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000):
        if worst / step <= 8:
            return [1, *range(step if step > 1 else 2, worst + 1, step)]
    return [1, worst]


def _rank_classes(k: int, total: int) -> list[tuple[int, int]]:
    """Return at most four classes of ranks: three within the first `k`, one behind."""
    if total <= 4:
        return [(r, r) for r in range(1, total + 1)]
    inner = sorted({max(k // 4, 1), max(k // 2, 1), k})
    edges = [(a + 1, b) for a, b in zip([0, *inner[:-1]], inner, strict=True)]
    return edges + ([(k + 1, total)] if total > k else [])


def _class_label(source: Source, low: int, high: int, total: int) -> str:
    if low == high:
        return source.text("rank_acceptability.rank", rank=low)
    if high == total:
        return source.text("rank_acceptability.behind", rank=low)
    return source.text("rank_acceptability.ranks", low=low, high=high)


def _assumed(source: Source, robust: RankRobustness) -> str:
    kind = robust.assumptions.get("weights")
    return source.text(f"assumed.{kind}" if kind in SPREAD_OF else "assumed.given")
