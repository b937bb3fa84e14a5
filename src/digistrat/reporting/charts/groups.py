"""Chart of the stakeholder groups: where each group's weights would put the first projects."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from digistrat.reporting import style
from digistrat.reporting.charts.bars import total_labels
from digistrat.reporting.charts.canvas import Key, draw_nothing, finish, open_axes, row_axis
from digistrat.reporting.charts.lettering import clean, clip, labelled
from digistrat.reporting.charts.scores import GAP_MARK, LABEL_ROOM
from digistrat.reporting.charts.source import Source, source_of
from digistrat.reporting.results import ranks_of
from digistrat.reporting.tables import first_ranks, group_names, stays_first
from digistrat.scoring.composite import Scores
from digistrat.scoring.stakeholders import OWN, stakeholder_rankings

MARKS = ("o", "s", "^", "D", "v", "P", "X", "<", ">")  # colour alone never tells a group
ROW = 0.34  # inches
LANES = 0.62  # of a row, in which the groups' marks lie one below the other


@style.styled
def plot_group_rankings(
    impact: Scores,
    *,
    n: int = 20,
    rankings: pd.DataFrame | None = None,
    run_id: str = "",
    ax: Axes | None = None,
) -> Axes:
    """Draw the first `n` projects of the strategy with their rank under each stakeholder group's weights.

    Parameters
    ----------
    impact : Scores
        From `score_impact`.
    n : int
        How many projects, and the ranks that count as being among the first.
    rankings : DataFrame, optional
        From `stakeholder_rankings`, where it is at hand; by default it is made.
    run_id, ax
        As in `plot_status_by_field`.

    Returns
    -------
    Axes
        Its `chart_data`: ``project_id``, ``title``, ``rank_<group>`` (``rank_strategy`` first; empty where
        the project has no rank under a group's weights), ``best``, ``worst`` (of the ranks there are).

    Raises
    ------
    ValueError
        If `n` is less than 1.
    """
    if n < 1:
        raise ValueError(f"n must be at least 1, not {n}")
    source = source_of(impact)
    has_rank = impact.table["rank"].notna()
    known = [] if source.inventory is None else list(source.inventory.strategy.stakeholders)
    if not known or not has_rank.any():
        title = source.text("group_rankings.none" if known else "group_rankings.no_groups")
        columns = ["project_id", "title", f"rank_{OWN}", "best", "worst"]
        return draw_nothing(ax, source, name="group_rankings", title=title, columns=columns, run_id=run_id)
    ranks = ranks_of(stakeholder_rankings(impact) if rankings is None else rankings).astype(float)
    first = first_ranks(ranks, n)
    others = [str(group) for group in first.columns if group != OWN]
    titles = source.names("project", first.index)
    data = first.add_prefix("rank_").rename_axis("project_id", axis=0).reset_index()
    data.insert(1, "title", [titles[i] for i in first.index])
    data["best"], data["worst"] = first.min(axis=1).to_numpy(), first.max(axis=1).to_numpy()

    ax = open_axes(ax, body=max(len(data) * ROW, 0.6) + 0.3)
    named = {group: clean(name) for group, name in group_names(source.inventory.strategy).items()}
    key = _draw_marks(ax, data, others, named)
    is_open = data[[f"rank_{group}" for group in others]].isna().any(axis=1)
    spans = zip(data["best"], data["worst"], is_open, strict=True)
    words = [_span(source, low, high) + (GAP_MARK if gap else "") for low, high, gap in spans]
    total_labels(ax, data["worst"].tolist(), words, bold=False, gap=9.0)
    row_axis(
        ax, [labelled(t, str(i), LABEL_ROOM) for i, t in zip(data["project_id"], data["title"], strict=True)]
    )
    _rank_axis(ax, source, int(data["worst"].max()))
    n_ranked = int(has_rank.sum())
    if n_ranked > n:
        ax.axvspan(0.5, n + 0.5, color=style.BAND, zorder=0)
        key.append(Key(source.text("group_rankings.first", k=n), style.BAND, edge=style.GREY))
    if is_open.any():
        key.append(Key(source.text("group_rankings.open", mark=GAP_MARK), style.INK, kind="note"))
    return finish(
        ax,
        source,
        name="group_rankings",
        title=_title(source, data, ranks, n),
        subtitle=source.text(
            "group_rankings.subtitle",
            count=len(data),
            of=source.text("unit.project", count=n_ranked),
            scope=source.scope,
        ),
        data=data,
        kind=source.text(
            "group_rankings.alt",
            shown=source.text("unit.project", count=len(data)),
            groups=source.listed([named[group] for group in others]),
            scope=source.scope,
        ),
        key=key,
        rule=f"{_whose(source)}; {source.rule_of(impact)}",
        run_id=run_id,
    )


def _draw_marks(ax: Axes, data: pd.DataFrame, others: Sequence[str], named: dict[str, str]) -> list[Key]:
    """Draw a line from best to worst, a dash at the strategy's rank, and a mark per group in its lane."""
    y = np.arange(len(data))
    ax.hlines(y, data["best"], data["worst"], color=style.PALE, linewidth=1.2, zorder=1)
    own = data[f"rank_{OWN}"]
    ax.vlines(own, y - 0.42, y + 0.42, color=style.INK, linewidth=2.4, zorder=2, label=OWN)
    key = [Key(named[OWN], style.INK, kind="marker", marker="|")]
    lanes = np.linspace(-LANES / 2, LANES / 2, len(others)) if len(others) > 1 else [0.0]
    for number, (group, lane) in enumerate(zip(others, lanes, strict=True)):
        fill = style.CATEGORY[number] if number < len(style.CATEGORY) else style.GREY
        mark = MARKS[number % len(MARKS)]
        ax.scatter(
            data[f"rank_{group}"],
            y + lane,
            s=26,
            marker=mark,
            color=fill,
            edgecolor=style.PAPER,
            linewidth=0.6,
            zorder=3,
            label=group,
        )
        key.append(Key(named.get(group, group), fill, kind="marker", marker=mark))
    return key


def _rank_axis(ax: Axes, source: Source, worst: int) -> None:
    span = max(worst - 1, 1)
    step = next((s for s in (1, 2, 5, 10, 20, 50, 100, 200, 500) if span / s <= 8), 1000)
    ticks = [1, *range(step if step > 1 else 2, worst + 1, step)]
    ax.set_xlim(1 - span * 0.04, worst + span * 0.22)
    ax.set_xticks(ticks, labels=[source.number(tick) for tick in ticks])
    ax.grid(axis="x")
    ax.spines["bottom"].set_visible(False)


def _span(source: Source, low: float, high: float) -> str:
    return source.number(low) if low == high else f"{source.number(low)}–{source.number(high)}"


def _title(source: Source, data: pd.DataFrame, ranks: pd.DataFrame, n: int) -> str:
    """Say how many stay among the first whoever weighs; of few projects, whose place is most disputed."""
    if ranks[OWN].notna().sum() > n:
        return source.text("group_rankings.title", count=int(stays_first(ranks, n).sum()), k=n)
    width = data["worst"] - data["best"]
    if not width.any():
        return source.text("group_rankings.title_same")
    most = data.iloc[int(width.to_numpy().argmax())]
    name = clip(most["title"], 560, size=style.SIZE_TITLE, bold=True)
    return source.text("group_rankings.title_few", title=name, low=int(most["best"]), high=int(most["worst"]))


def _whose(source: Source) -> str:
    """Return where the groups' weights come from, and that they are assumed where they are."""
    groups = source.inventory.strategy.stakeholders
    sources = ", ".join(dict.fromkeys(clean(group.source) for group in groups if group.source))
    key = "assumed" if any(group.is_estimate for group in groups) else "weights"
    return source.text(f"group_rankings.{key}", source=sources or "–")
