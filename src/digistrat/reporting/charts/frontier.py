"""Charts of what money buys, and of which projects every good portfolio holds."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from digistrat.reporting import style
from digistrat.reporting.charts.canvas import Key, draw_nothing, finish, open_axes, row_axis, settle
from digistrat.reporting.charts.lettering import labelled
from digistrat.reporting.charts.portfolio import about_budgets
from digistrat.reporting.charts.scores import LABEL_ROOM
from digistrat.reporting.charts.source import Source, source_of

_COLUMNS = ["list", "money_eur", "value", "is_exact", "status", "n_projects"]
_ROLES = ("core", "borderline", "exterior")
_TEXT_GAP = 6.0  # points between a mark and what is written of it


@style.styled
def plot_frontier(frontier: Any, *, run_id: str = "", ax: Axes | None = None) -> Axes:
    """Draw the best value at every budget, beside the ranking by value for money and today's list.

    Parameters
    ----------
    frontier : Frontier
        From `efficient_frontier`.
    run_id, ax
        As in `plot_status_by_field`.

    Returns
    -------
    Axes
        Its `chart_data`: ``list`` (best, ratio, today), ``money_eur``, ``value``, ``is_exact`` (proven best),
        ``status``, ``n_projects``. Budgets that do not suffice for what is fixed in have no value.
    """
    source = source_of(frontier)
    data = _points(frontier)
    best = data[(data["list"] == "best") & data["value"].notna()]
    if best.empty:
        title = source.text("frontier.none")
        return draw_nothing(ax, source, name="frontier", title=title, columns=_COLUMNS, run_id=run_id)
    ax = open_axes(ax, body=4.2)
    ratio = data[(data["list"] == "ratio") & data["value"].notna()]
    today = data[(data["list"] == "today") & data["value"].notna() & data["money_eur"].notna()]
    ax.plot(
        ratio["money_eur"],
        ratio["value"],
        color=style.CATEGORY[2],
        linestyle=(0, (4, 2)),
        marker="s",
        markersize=4.5,
        zorder=2,
    )
    ax.plot(best["money_eur"], best["value"], color=style.FOCUS, linewidth=2.0, zorder=3)
    exact = best["is_exact"].to_numpy(dtype=bool)
    for mask, face in ((exact, style.FOCUS), (~exact, style.PAPER)):
        ax.plot(
            best["money_eur"][mask],
            best["value"][mask],
            color="none",
            marker="o",
            markersize=6.5,
            markerfacecolor=face,
            markeredgecolor=style.FOCUS,
            zorder=4,
        )
    _axes(ax, source, data)
    nothing = data[(data["list"] == "best") & (data["status"] == "infeasible")]
    if len(nothing):
        _too_little(ax, source, float(nothing["money_eur"].max()), float(best["money_eur"].min()))
    available = float((frontier.steps["money_eur"] / frontier.steps["share"]).median())
    low, high = ax.get_xlim()
    if low < available < high:
        ax.axvline(available, color=style.QUIET, linewidth=0.8, linestyle=(0, (1, 2)), zorder=1)
        _write(ax, source.text("frontier.available"), (available, ax.get_ylim()[0]), (_TEXT_GAP, 6), "left")
    if len(today):
        _today(ax, source, frontier, float(today["money_eur"].iloc[0]), float(today["value"].iloc[0]))
    return finish(
        ax,
        source,
        name="frontier",
        title=_frontier_title(source, frontier),
        subtitle=source.text("frontier.subtitle", count=len(frontier.entry), scope=source.scope),
        data=data,
        kind=source.text("frontier.alt", count=len(frontier.steps), scope=source.scope),
        key=[
            Key(source.text("frontier.best"), style.FOCUS, kind="marker"),
            *(
                Key(source.text(f"frontier.{name}"), colour, kind="marker", marker=marker, edge=edge)
                for name, colour, marker, edge, is_there in (
                    ("open", style.PAPER, "o", style.FOCUS, not exact.all()),
                    ("ratio", style.CATEGORY[2], "s", "", len(ratio) > 0),
                    ("today", style.CATEGORY[3], "D", style.INK, len(today) > 0),
                )
                if is_there
            ),
        ],
        rule=about_budgets(source, frontier),
        run_id=run_id,
    )


def _points(frontier: Any) -> pd.DataFrame:
    steps, lists = frontier.steps, frontier.lists
    best = steps.assign(list="best", n_projects=steps["n_chosen"])
    ratio = steps.assign(
        list="ratio", value=steps["ratio_value"], is_exact=False, status="", n_projects=np.nan
    )
    today = lists[lists.index == "today"].assign(list="today", is_exact=False, status="")
    frames = [frame[_COLUMNS] for frame in (best, ratio, today) if len(frame)]
    if not frames:
        return pd.DataFrame(columns=_COLUMNS)
    types = {"money_eur": float, "value": float, "is_exact": bool, "n_projects": float}
    return pd.concat([frame.astype(types) for frame in frames], ignore_index=True)


def _axes(ax: Axes, source: Source, data: pd.DataFrame) -> None:
    money, value = data["money_eur"].dropna(), data["value"].dropna()
    low, high = float(money.min()), float(money.max())
    room = max(high - low, high * 0.1) * 0.04
    ax.set_xlim(low - room, high + room)
    top = float(value.max()) * 1.08
    ax.set_ylim(0, top)
    ticks = [t for t in _round_steps(low, high) if low - room <= t <= high + room]
    ax.set_xticks(ticks, labels=[source.tick(t) for t in ticks])
    marks = [t for t in _round_steps(0, top) if t <= top * 0.97]
    ax.set_yticks(marks, labels=[source.number(t) for t in marks])
    ax.grid(axis="y")
    ax.set_xlabel(source.text("frontier.x"), loc="right")
    ax.set_ylabel(source.text("frontier.y"), loc="top")


def _round_steps(low: float, high: float) -> list[float]:
    """Return four to seven round numbers between two."""
    span = max(high - low, 1e-9)
    size = 10.0 ** np.floor(np.log10(span))
    step = next(s * size for s in (0.1, 0.2, 0.25, 0.5, 1.0, 2.0) if span / (s * size) <= 6)
    return [float(step * k) for k in range(int(np.ceil(low / step)), int(high / step + 1e-9) + 1)]


def _too_little(ax: Axes, source: Source, last: float, first: float) -> None:
    """Hatch the budgets that do not suffice for what is fixed in."""
    left = ax.get_xlim()[0]
    edge = (last + first) / 2
    ax.axvspan(
        left, edge, facecolor=style.BAND, edgecolor=style.PALE, hatch=style.HATCH_NONE, linewidth=0, zorder=0
    )
    word = source.text("frontier.too_little")
    ax.annotate(
        word,
        ((left + edge) / 2, ax.get_ylim()[1] / 2),
        ha="center",
        va="center",
        bbox={"facecolor": style.PAPER, "edgecolor": "none", "pad": 2.5},
    )


def _today(ax: Axes, source: Source, frontier: Any, money: float, value: float) -> None:
    """Draw today's list, and how far it is from the best: upwards in value, to the left in money."""
    row = frontier.lists.loc["today"]
    best, enough = float(row["best_value"]), float(row["money_enough"])
    for x, y in (([money, money], [value, best]), ([money, enough], [value, value])):
        if np.isfinite([*x, *y]).all():
            ax.plot(x, y, color=style.QUIET, linewidth=1.0, linestyle=(0, (1, 1.5)), zorder=2)
    ax.plot([money], [value], "D", color=style.CATEGORY[3], markersize=8, markeredgecolor=style.INK, zorder=5)
    said = [
        source.text("frontier.today_value", value=source.number(float(row["value_lost"])))
        if row["value_lost"] > 0.5
        else "",
        source.text("frontier.today_money", money=source.money(float(row["money_lost"])))
        if row["money_lost"] > 0.5
        else "",
    ]
    words = "\n".join(word for word in said if word) or source.text("frontier.today_best")
    right = money > sum(ax.get_xlim()) / 2
    _write(
        ax,
        words,
        (money, value),
        (-_TEXT_GAP if right else _TEXT_GAP, -8),
        "right" if right else "left",
        "top",
    )


def _write(
    ax: Axes, word: str, at: tuple[float, float], shift: tuple[float, float], ha: str, va: str = "bottom"
) -> None:
    ax.annotate(
        word,
        at,
        shift,
        textcoords="offset points",
        ha=ha,
        va=va,
        bbox={"facecolor": style.PAPER, "edgecolor": "none", "pad": 1.5},
        zorder=6,
    )


def _frontier_title(source: Source, frontier: Any) -> str:
    """What today's money brings at best, and what a tenth more would."""
    steps = frontier.steps.dropna(subset=["value"])
    now = steps.iloc[(steps["share"] - 1.0).abs().argmin()]
    more = steps[steps["share"] > now["share"] + 1e-9]
    more = more.iloc[(more["share"] - now["share"] * 1.1).abs().argmin()] if len(more) else None
    said = {"value": source.number(float(now["value"])), "money": source.money(float(now["money_eur"]))}
    if more is None or not now["value"] > 0:
        return source.text("frontier.title_one", **said)
    return source.text(
        "frontier.title",
        **said,
        more_money=source.percent(float(more["share"] / now["share"] - 1)),
        more_value=source.percent(float(more["value"] / now["value"] - 1)),
    )


@style.styled
def plot_core_index(core: Any, *, n: int = 40, run_id: str = "", ax: Axes | None = None) -> Axes:
    """Draw in how many of the good portfolios each project is: in all, in some, in none.

    Parameters
    ----------
    core : CoreIndex
        From `core_index`.
    n : int
        At most so many projects: all that are in some portfolios come first, then of those in all and in none
        as many as there is room for. Projects that are fixed in are counted, not drawn.
    run_id, ax
        As in `plot_status_by_field`.

    Returns
    -------
    Axes
        Its `chart_data`: ``project_id``, ``title``, ``share``, ``role`` (core, borderline, exterior),
        ``selected`` (in today's portfolio), ``is_mandatory``: of every candidate.

    Raises
    ------
    ValueError
        If `n` is less than 1.
    """
    if n < 1:
        raise ValueError(f"n must be at least 1, not {n}")
    source = source_of(core)
    columns = ["project_id", "title", "share", "role", "selected", "is_mandatory"]
    if core.table.empty or not core.n_portfolios:
        title = source.text("core_index.none")
        return draw_nothing(ax, source, name="core_index", title=title, columns=columns, run_id=run_id)
    table = core.table.assign(share=core.table["share"].astype(float))
    table = table.assign(place=table["role"].map({role: k for k, role in enumerate(_ROLES)}))
    table = table.sort_values(["place", "share"], ascending=[True, False], kind="stable")
    data = table.rename_axis("project_id").reset_index()
    titles = source.names("project", data["project_id"])
    data.insert(1, "title", [titles[project] for project in data["project_id"]])
    shown = _rows_shown(data[~data["is_mandatory"]], n)

    ax = open_axes(ax, body=max(len(shown) * 0.235, 0.5) + 0.3)
    fills = {"core": style.FOCUS, "borderline": style.SEQUENTIAL[2], "exterior": style.PAPER}
    for k, (share, role) in enumerate(zip(shown["share"], shown["role"], strict=True)):
        ax.barh(k, share, height=0.72, facecolor=fills[role], edgecolor=style.QUIET, linewidth=0.6)
        ax.annotate(
            source.percent(share) if role != "exterior" else source.percent(0.0),
            (share, k),
            (4, 0),
            textcoords="offset points",
            va="center_baseline",
        )
    chosen = np.flatnonzero(shown["selected"].to_numpy(dtype=bool))
    ax.plot(np.full(len(chosen), -0.025), chosen, "o", color=style.CATEGORY[2], markersize=5, clip_on=False)
    row_axis(
        ax,
        [labelled(t, str(i), LABEL_ROOM) for i, t in zip(shown["project_id"], shown["title"], strict=True)],
    )
    ax.set_xlim(-0.05, 1.12)
    ax.set_xticks([0, 0.25, 0.5, 0.75, 1], labels=[source.percent(v) for v in (0, 0.25, 0.5, 0.75, 1)])
    ax.spines["bottom"].set_visible(False)
    counts = data.loc[~data["is_mandatory"], "role"].value_counts()
    numbers = {role: int(counts.get(role, 0)) for role in _ROLES}
    finish(
        ax,
        source,
        name="core_index",
        title=source.text("core_index.title_drawn" if core.n_samples else "core_index.title", **numbers),
        subtitle=source.text(
            f"core_index.{core.measure}",
            shown=len(shown),
            total=int((~data["is_mandatory"]).sum()),
            duties=int(data["is_mandatory"].sum()),
            portfolios=int(core.n_portfolios),
            samples=int(core.n_samples),
            scope=source.scope,
        ),
        data=data[columns],
        kind=source.text("core_index.alt", shown=len(shown), scope=source.scope),
        key=[
            *(
                Key(source.text(f"core_index.{role}"), fills[role], edge=style.QUIET)
                for role in _ROLES
                if (shown["role"] == role).any()
            ),
            *(
                [Key(source.text("core_index.chosen"), style.CATEGORY[2], kind="marker")]
                if len(chosen)
                else []
            ),
        ],
        rule=source.text(f"core_index.weights_{core.weights}"),
        run_id=run_id,
    )
    settle(ax)
    return ax


def _rows_shown(data: pd.DataFrame, n: int) -> pd.DataFrame:
    """Borderline projects first, then the other two in turn, in the order of the table."""
    is_open = (data["role"] == "borderline").to_numpy()
    keep = np.flatnonzero(is_open)[:n]
    core, exterior = (np.flatnonzero((data["role"] == role).to_numpy()) for role in ("core", "exterior"))
    room = n - len(keep)
    n_core = min(len(core), max(room - len(exterior), (room + 1) // 2))
    keep = np.concatenate([keep, core[:n_core], exterior[: room - n_core]])
    return data.iloc[np.sort(keep)].reset_index(drop=True)
