"""One score taken apart: the bar of the ranking, its groups, their criteria, and the cell behind each."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from digistrat.reporting import style
from digistrat.reporting.charts.canvas import Key, draw_nothing, finish, label_inside, open_axes, row_axis
from digistrat.reporting.charts.lettering import clean, clip, width, wrap
from digistrat.reporting.charts.scores import group_fills, group_name, points_by_group
from digistrat.reporting.charts.source import Source, source_of
from digistrat.scoring.composite import Scores

COLUMNS = ("name", "group", "raw", "raw_lower", "raw_upper", "office", "moderated", "value", "low", "high")
MORE_COLUMNS = ("state", "weight", "weight_used", "points", "cell")
QUOTED = ("range", "approximate", "at-least", "at-most", "out-of-range")  # findings that quote
NAME_ROOM, TEXT_ROOM = 190.0, 268.0  # points for the names of rows, and for what stands right of them
AXIS_END = 122.0  # room behind a bar of 100 for its number
UNDER_GROUP, UNDER_CRITERION, TO_GROUP = 0.3, 0.41, 0.45  # inches from row to row
UNDER_LINE = 0.15  # and for each further line of rating and place
PLACE_LINES = 4  # for a long name of a file and sheet
PLACES = 4  # of a computed figure, as many cells are named; the table has all
HEIGHT = {"total": 0.2, "group": 0.2, "criterion": 0.13}  # inches of a bar


@dataclass(frozen=True)
class _Row:
    """One row of the drawing: the total, a group or a criterion."""

    kind: str
    y: float
    label: str
    group: str = ""
    criterion: Any = None
    below: tuple[str, ...] = ("",)


@style.styled
def plot_project(scores: Scores, alternative: Any, *, run_id: str = "", ax: Axes | None = None) -> Axes:
    """Draw what one score is made of, down to the ratings and their cells.

    The first bar is that of the ranking, with the same colours. Below it each group has a bar as long as its
    segment, and below each group its criteria have theirs; the outline is the most that a criterion can
    bring. Under every criterion stand the rating and its cell. What is missing is hatched.

    Parameters
    ----------
    scores : Scores
        From `score_impact`, `score_readiness` or `score_maturity`.
    alternative
        Id of the project or office.
    run_id, ax
        As in `plot_status_by_field`.

    Returns
    -------
    Axes
        Its `chart_data`: by criterion, in the order of the drawing, the id and the columns of
        `Scores.explain` from ``name`` to ``cell`` that are drawn. Under a rule that does not add up the bars
        are values of 0–100.

    Raises
    ------
    ValueError
        If there is no such alternative, naming close ones.
    """
    source = source_of(scores)
    unit = scores.unit or "project"
    columns = [f"{unit}_id", "criterion", *COLUMNS, *MORE_COLUMNS]
    if scores.table.empty:
        title = source.text("project.none")
        return draw_nothing(ax, source, name="project", title=title, columns=columns, run_id=run_id)
    about = scores.explain(alternative)
    fills = group_fills(points_by_group(scores))
    about = about.iloc[_drawing_order(about["group"], list(fills))]
    drawing = _Drawing(source, scores, alternative, about, fills)
    rows = _rows(drawing)

    end = rows[-1].y + UNDER_CRITERION * 0.75 + UNDER_LINE * (len(rows[-1].below) - 1)
    ax = open_axes(ax, body=end + 0.3)
    for row in rows:
        drawing.draw(ax, row)
    row_axis(ax, [row.label for row in rows], positions=[row.y for row in rows])
    for label, row in zip(ax.get_yticklabels(), rows, strict=True):
        label.set_fontweight("normal" if row.kind == "criterion" else "bold")
    ax.set_ylim(end, 0)
    ax.set_xlim(0, AXIS_END)
    ticks = (0, 25, 50, 75, 100)
    ax.set_xticks(ticks, labels=[source.number(tick) for tick in ticks])
    ax.spines["bottom"].set_visible(False)
    what = source.text(f"what.{scores.what or 'score'}")
    data = about.rename_axis("criterion").reset_index()
    finish(
        ax,
        source,
        name="project",
        title=drawing.title(),
        subtitle=source.text("project.subtitle", what=what, id=str(alternative), scope=source.scope),
        data=data.assign(**{f"{unit}_id": str(alternative)})[columns],
        kind=source.text("project.alt", what=what, count=len(about), scope=source.scope),
        key=drawing.key(),
        rule=source.rule_of(scores),
        run_id=run_id,
    )
    spans = [(a, a + size, rows[0].y, source.number(size, 1), fill) for a, size, fill in drawing.segments()]
    label_inside(ax, spans)
    return ax


def _drawing_order(groups: pd.Series, drawn: list[str]) -> list[int]:
    """Return positions of the criteria: groups in the order of the ranking, those it puts together last."""
    seen = list(dict.fromkeys(groups))
    rank = {g: (drawn.index(g) if g in drawn else len(drawn), seen.index(g)) for g in seen}
    return sorted(range(len(groups)), key=lambda i: (*rank[groups.iloc[i]], i))


def _rows(drawing: _Drawing) -> list[_Row]:
    """Lay the rows out from the top, in inches."""
    source, about = drawing.source, drawing.about
    y = 0.2
    rows = [_Row("total", y, source.text("overall"))]
    has_groups = about["group"].nunique() > 1
    before, more = None, 0.0
    for criterion, group in zip(about.index, about["group"], strict=True):
        is_new = has_groups and group != before
        if is_new:
            y += more + (TO_GROUP if before is not None else UNDER_CRITERION)
            label = clip(group_name(source, drawing.scores, group), NAME_ROOM, bold=True)
            rows.append(_Row("group", y, label, group))
        y += UNDER_GROUP if is_new else UNDER_CRITERION + more
        cell: Any = about.loc[criterion]
        name = str(criterion) if cell["name"] in ("", criterion) else f"{criterion} · {cell['name']}"
        below = drawing.below(cell)
        label = "\n".join(wrap(name, NAME_ROOM, lines=2))
        rows.append(_Row("criterion", y, label, group, criterion, below))
        before, more = group, UNDER_LINE * (len(below) - 1)
    return rows


@dataclass(frozen=True)
class _Drawing:
    """What is known of the one alternative, and how it is drawn."""

    source: Source
    scores: Scores
    alternative: Any
    about: pd.DataFrame
    fills: dict[str, str]

    @property
    def total(self) -> Any:
        """The alternative's row of the table of scores."""
        return self.scores.table.loc[self.alternative]

    @property
    def adds_up(self) -> bool:
        """Whether bars are points that sum to the score; else they are values of 0–100."""
        return self.scores.hierarchy.is_additive

    def fill(self, group: str) -> str:
        """Return the colour of a group, as in the ranking."""
        return self.fills.get(group, list(self.fills.values())[-1])

    def draw(self, ax: Axes, row: _Row) -> None:
        """Draw one row."""
        {"total": self._total, "group": self._group, "criterion": self._criterion}[row.kind](ax, row)

    def _total(self, ax: Axes, row: _Row) -> None:
        number, total = self.source.number, self.total
        if self.adds_up:
            for start, size, fill in self.segments():
                _bar(ax, row, size, fill, left=start)
        elif not np.isnan(total["score"]):
            _bar(ax, row, total["score"], self.fill(""))
        if pd.isna(total["lower"]) or total["state"] == "not_scored":
            _say(ax, 0, row, self.source.text("project.not_scored"), bold=True)
            return
        is_wide = total["upper"] - total["lower"] > 0.05
        if is_wide:
            _whisker(ax, row.y + HEIGHT["total"] / 2 + 0.03, total["lower"], total["upper"])
        word = "–" if np.isnan(total["score"]) else number(total["score"], 1)
        end = np.nanmax([total["score"], total["upper"] if is_wide else 0])
        _say(ax, float(end), row, word, bold=True)

    def segments(self) -> list[tuple[float, float, str]]:
        """Return start, length and colour of the parts of the ranking's bar."""
        if not self.adds_up:
            return []
        points = points_by_group(self.scores).loc[self.alternative].fillna(0.0)
        starts = points.cumsum() - points
        return [(starts[g], size, self.fills[str(g)]) for g, size in points.items() if size > 0]

    def _group(self, ax: Axes, row: _Row) -> None:
        number = self.source.number
        mine = self.about[self.about["group"] == row.group]
        if self.adds_up:
            size, most = mine["points"].sum(min_count=1), mine["weight_used"].sum()
        else:
            size = np.nan if self.scores.groups is None else self.scores.groups[row.group][self.alternative]
            most = 100.0
        if np.isnan(size):
            _say(ax, 0, row, "–", bold=True)
            return
        said = self.source.text("project.of", points=number(size, 1), most=self._rounded(most))
        _bar(ax, row, size, self.fill(row.group))
        _outline(ax, row, most)
        _say(ax, most, row, said, bold=True)

    def _criterion(self, ax: Axes, row: _Row) -> None:
        cell: Any = self.about.loc[row.criterion]
        text, number = self.source.text, self.source.number
        share = cell["weight_used"] / 100 if self.adds_up else 1.0
        weight = cell["weight"] if self.adds_up else 100.0
        if cell["state"] == "assessed" and not np.isnan(share):
            most = 100 * share
            _bar(ax, row, cell["value"] * share, self.fill(row.group))
            _outline(ax, row, most)
            points = number(cell["value"] * share, 1)
            said = text("project.of", points=points, most=self._rounded(most))
            if cell["high"] - cell["low"] > 1e-9:
                low, high = cell["low"] * share, cell["high"] * share
                _whisker(ax, row.y + HEIGHT["criterion"] / 2, low, high)
                said += " " + text("project.between", low=number(low, 1), high=number(high, 1))
            if abs(most - weight) > 0.5:
                said += " " + text("project.instead_of", weight=number(weight))
            _say(ax, most, row, said)
        elif cell["state"] == "not_applicable":
            _say(ax, 0, row, text("project.not_applicable"), quiet=True)
        elif cell["state"] == "assessed":  # computed, for a project that nobody has rated
            _outline(ax, row, weight)
            _say(ax, weight, row, text("project.not_counted", weight=number(weight)), quiet=True)
        else:
            is_outside = self._quoted(cell)[0] == "out-of-range"
            state = "outside" if is_outside else cell["state"]
            _outline(ax, row, weight, hatch=style.HATCH_NONE)
            _say(ax, weight, row, text(f"project.{state}", weight=number(weight)))
        ax.annotate(
            "\n".join(row.below),
            (0, row.y + HEIGHT["criterion"] / 2),
            (0, -3),
            textcoords="offset points",
            va="top",
            color=style.QUIET,
        )

    def below(self, cell: pd.Series) -> tuple[str, ...]:
        """Return the rating, how it came about and its places, on further lines where one lacks the room."""
        said, places = self._rating(cell), self._places(cell)
        line = " · ".join([said, *places])
        if not cell["working"] and len(places) < 2 and width(line) <= TEXT_ROOM:
            return (line,)
        working = self.scores.origin(self.alternative, str(cell.name)).brief if self.scores.origin else ""
        kept = working.replace(" › ", "\u00a0›\u00a0").replace(" × (", "\u00a0×\u00a0(")  # not broken there
        lines = [*wrap(said, TEXT_ROOM), *(wrap(kept, TEXT_ROOM) if kept else ())]
        for place in places:
            wider = f"{lines[-1]}; {place}"
            if place is not places[0] and width(wider) <= TEXT_ROOM:
                lines[-1] = wider
            else:
                lines += wrap(place, TEXT_ROOM, lines=PLACE_LINES)
        return tuple(lines)

    def _places(self, cell: pd.Series) -> list[str]:
        """Return the places of the rating that counts, of the office's beside it, and of the reason."""
        text, origin = self.source.text, self.scores.origin
        cells = () if origin is None else origin(self.alternative, str(cell.name)).cells
        if len(cells) > PLACES:
            return [*map(clean, cells[:PLACES]), text("project.more_places", n=len(cells) - PLACES)]
        places = [clean(place) for place in cells or (cell["cell"],) if place]
        if not np.isnan(cell["moderated"]):
            beside = {"office": "" if np.isnan(cell["office"]) else cell["office_cell"]}
            beside["reason"] = cell["remark_cell"]
            places += [text(f"project.place_{key}", place=clean(one)) for key, one in beside.items() if one]
        return places

    def _rating(self, cell: pd.Series) -> str:
        text = self.source.text
        scale: Any = self.scores.criteria.loc[str(cell.name)]
        found, quote = self._quoted(cell)
        if np.isnan(cell["raw"]):
            ends = {end: self._plain(scale[end]) for end in ("floor", "target")}
            key = "outside" if found == "out-of-range" else cell["state"]
            return text(f"project.answer_{key}", value=quote, **ends)
        # what neither the office nor anybody else has rated is computed
        is_computed = self.scores.raw_office is not None and cell[["office", "moderated"]].isna().all()
        form = "answer" if scale["floor"] == 0 else "answer_on"
        if is_computed:
            form = "computed_capped" if cell["raw"] > max(scale["floor"], scale["target"]) else "computed"
        answer = text(
            f"project.{form}",
            raw=self._plain(cell["raw"]),
            floor=self._plain(scale["floor"]),
            target=self._plain(scale["target"]),
        )
        if not (is_computed or np.isnan(cell["raw_lower"])):
            ends = {"low": self._plain(cell["raw_lower"]), "high": self._plain(cell["raw_upper"])}
            key = "said_range" if quote else "range"
            answer = text(f"project.{key}", answer=answer, said=quote, **ends)
        if not np.isnan(cell["moderated"]):
            own = "–" if np.isnan(cell["office"]) else self._plain(cell["office"])
            answer = text("project.moderated", answer=answer, office=own)
        return answer

    @cached_property
    def _quotes(self) -> dict[str, tuple[str, str]]:
        """What cells say that is more or less than a number, with the kind of finding, by their place."""
        findings = self.source.inventory.findings
        told = findings[findings["code"].isin(QUOTED)]
        rows = told[["file", "sheet", "cell", "code", "value"]].fillna("").itertuples(index=False)
        return {
            " › ".join(filter(None, place)): (str(code), clean(str(value))) for *place, code, value in rows
        }

    def _quoted(self, cell: pd.Series) -> tuple[str, str]:
        """Return what a finding tells of the cell of a rating, and what stands there; empty without one."""
        return self._quotes.get(cell["cell"], ("", ""))

    def _rounded(self, value: float) -> str:
        """Return a weight, with a decimal where it is not whole."""
        return self.source.number(value, 0 if abs(value - round(value)) < 0.05 else 1)

    def _plain(self, value: float) -> str:
        decimals = next((d for d in range(3) if abs(value - round(value, d)) < 1e-9), 2)
        return self.source.number(value, decimals)

    def title(self) -> str:
        """Say what the score is, and what brings most of it."""
        text, number, total = self.source.text, self.source.number, self.total
        names = self.source.names(self.scores.unit or "project", [self.alternative])
        name = clip(names[self.alternative], 480, size=style.SIZE_TITLE, bold=True)
        if total["state"] == "not_scored":
            return text("project.title_not_scored", title=name)
        if total["state"] == "provisional":
            bounds = {end: number(total[end], 1) for end in ("lower", "upper")}
            return text("project.title_provisional", title=name, **bounds)
        said = text("project.title", title=name, score=number(total["score"], 1), rank=int(total["rank"]))
        by_group: Any = self.about.groupby("group", sort=False)["points"].sum()
        if not self.adds_up or len(by_group) < 2:
            return said
        best = by_group.idxmax()
        most = group_name(self.source, self.scores, str(best))
        return said + text("project.most", group=most, points=number(by_group[best], 1))

    def key(self) -> list[Key]:
        """Explain outline, hatching and whisker, as far as they are drawn."""
        text, state = self.source.text, self.about["state"]
        is_open = state.isin(["missing", "unreadable"])
        entries = [Key(text("project.outline"), style.PAPER, edge=style.GREY)]
        if is_open.any():
            entries.append(Key(text("project.hatched"), style.PAPER, hatch=style.HATCH_NONE))
        if self.total["upper"] - self.total["lower"] > 0.05 and self.total["state"] != "not_scored":
            entries.append(Key(text(self._bounds()), style.INK, kind="line"))
        is_known = state == "assessed"
        if self.adds_up and is_known.any() and not is_known.all():
            entries.append(Key(text("project.shared"), style.INK, kind="note"))
        return entries

    def _bounds(self) -> str:
        """Return which text tells the range: what is missing here, at projects that build on it, or both."""
        about = self.about
        is_effect = self.scores.criteria["computed"].reindex(about.index) == "enabling_effect"
        is_wide = (about["high"] - about["low"] > 1e-9) & (about["state"] != "not_applicable")
        elsewhere = is_wide & is_effect & (about["state"] == "assessed")
        if not elsewhere.any():
            return "ranking.bounds"
        return "ranking.bounds_also" if (is_wide & ~elsewhere).any() else "project.bounds_elsewhere"


def _bar(ax: Axes, row: _Row, size: float, fill: str, *, left: float = 0.0) -> None:
    ax.barh(
        row.y,
        size,
        left=left,
        height=HEIGHT[row.kind],
        facecolor=fill,
        edgecolor=style.PAPER,
        linewidth=1.0 if row.kind == "total" else 0.0,
    )


def _outline(ax: Axes, row: _Row, size: float, *, hatch: str | None = None) -> None:
    ax.barh(
        row.y,
        size,
        height=HEIGHT[row.kind],
        facecolor="none",
        edgecolor=style.GREY,
        linewidth=0.6,
        hatch=hatch,
    )


def _whisker(ax: Axes, y: float, low: float, high: float) -> None:
    ax.hlines(y, low, high, color=style.INK, linewidth=1.3, zorder=4)
    for end in (low, high):
        ax.vlines(end, y - 0.03, y + 0.03, color=style.INK, linewidth=1.3, zorder=4)


def _say(ax: Axes, end: float, row: _Row, words: str, *, bold: bool = False, quiet: bool = False) -> None:
    """Write behind the end of a bar."""
    ax.annotate(
        words,
        (end, row.y),
        (5, 0),
        textcoords="offset points",
        va="center_baseline",
        fontweight="bold" if bold else "normal",
        color=style.QUIET if quiet else style.INK,
    )
