"""The frontier draws every proven step and the distance of today's list; the core chart sorts by role."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import chart_records as records
import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text

from digistrat.planning.core import CoreIndex
from digistrat.planning.frontier import Frontier
from digistrat.reporting import charts
from digistrat.reporting.charts.frontier import plot_core_index, plot_frontier


def make_frontier(language: str = "de", **of_steps: Any) -> Frontier:
    steps = pd.DataFrame(
        {
            "share": [0.5, 0.8, 1.0, 1.1, 1.4],
            "money_eur": [5e6, 8e6, 10e6, 11e6, 14e6],
            "used_eur": [np.nan, 7e6, 9e6, 10e6, 13e6],
            "value": [np.nan, 400.0, 600.0, 660.0, 800.0],
            "bound": [np.nan, 400.0, 600.0, 660.0, 810.0],
            "status": ["infeasible", "optimal", "optimal", "optimal", "feasible"],
            "is_exact": [True, True, True, True, False],
            "n_chosen": [0, 8, 12, 13, 16],
            "ratio_value": [np.nan, 380.0, 500.0, 610.0, 790.0],
        }
    ).assign(**of_steps)
    today = {
        "value": 500.0,
        "share": 1.2,
        "money_eur": 12e6,
        "best_value": 700.0,
        "value_lost": 200.0,
        "money_enough": 10e6,
        "money_lost": 2e6,
        "n_projects": 9,
    }
    return Frontier(
        steps=steps,
        entry=pd.DataFrame(False, index=list("abc"), columns=range(5)),
        lists=pd.DataFrame.from_dict({"today": today}, orient="index"),
        inventory=records.make_inventory(3, language),
        problem=SimpleNamespace(n_running_without_costs=2),  # type: ignore[arg-type]
    )


def make_core(n: int, *, n_samples: int = 0) -> CoreIndex:
    inventory = records.make_inventory(n)
    share = np.linspace(1, 0, n).round(3)
    role = np.where(share == 1, "core", np.where(share == 0, "exterior", "borderline"))
    table = pd.DataFrame(
        {"share": share, "role": role, "selected": share > 0.5, "is_mandatory": False},
        index=inventory.projects.index[:n],
    )
    measure = "selection_frequency" if n_samples else "core_index"
    return CoreIndex(table, measure, 7, n_samples, "ranges", inventory)


def words(ax: Axes) -> list[str]:
    FigureCanvasAgg(ax.figure).draw()
    found = [t for t in ax.figure.findobj(Text) if t.get_text().strip() and t.get_visible()]
    assert min(t.get_fontsize() for t in found) >= 9
    return [t.get_text() for t in found]


def drawn_points(ax: Axes, marker: str) -> list[tuple[float, float]]:
    lines = [line for line in ax.lines if line.get_marker() == marker]
    return [(float(x), float(y)) for line in lines for x, y in zip(*line.get_data(), strict=True)]


def test_every_step_stands_at_its_money_and_value() -> None:
    ax = plot_frontier(make_frontier())
    assert drawn_points(ax, "o") == [(8e6, 400), (10e6, 600), (11e6, 660), (14e6, 800)]
    assert drawn_points(ax, "s") == [(8e6, 380), (10e6, 500), (11e6, 610), (14e6, 790)]
    assert drawn_points(ax, "D") == [(12e6, 500)]
    hollow = [
        line for line in ax.lines if line.get_marker() == "o" and line.get_markerfacecolor() == "#FFFFFF"
    ]
    assert [list(line.get_xdata()) for line in hollow] == [[14e6]]  # not proven
    data = charts.chart_data(ax)
    assert data["list"].value_counts().to_dict() == {"best": 5, "ratio": 5, "today": 1}
    assert data[data["list"] == "best"]["value"].tolist()[1:] == [400, 600, 660, 800]


@pytest.mark.parametrize(
    ("language", "title", "distance"),
    [
        ("de", "Für 10,0 Mio. € sind höchstens 600 Punkte zu haben; 10 % mehr Geld", "200 Punkte unter"),
        ("en", "€10.0 m buy at most 600 points; 10% more money", "200 points below"),
    ],
)
def test_the_words_say_what_money_buys(language: str, title: str, distance: str) -> None:
    ax = plot_frontier(make_frontier(language), run_id="3f2a")
    said = [word.replace("\u00a0", " ") for word in words(ax)]
    heading = charts.chart_of(ax).title.replace("\u00a0", " ").replace(" %", "%")
    assert heading.startswith(title.replace(" %", "%"))
    assert "10%" in heading.split(";")[1]  # 660 of 600
    assert any(distance in word for word in said)
    assert len(charts.alt_text(ax).split(". ")) >= 2
    assert "3f2a" in charts.chart_of(ax).foot


def test_nothing_is_drawn_where_no_money_suffices() -> None:
    ax = plot_frontier(make_frontier(value=np.nan, status="infeasible"))
    assert charts.chart_data(ax).empty
    assert "keine Daten" in words(ax)


def test_the_roles_are_sorted_and_the_open_ones_come_first_into_the_chart() -> None:
    core = make_core(30)
    ax = plot_core_index(core, n=10)
    data = charts.chart_data(ax)
    assert data["role"].tolist() == ["core", *["borderline"] * 28, "exterior"]
    widths = [patch.get_width() for patch in ax.patches][:10]
    assert widths == sorted(widths, reverse=True)
    assert widths[0] < 1  # the core one has to make room for those that are open
    heading = charts.chart_of(ax).title.replace("\u00a0", " ")
    assert heading.startswith("1 Vorhaben gehören immer dazu, 1 nie; bei 28 ")
    assert len([w for w in words(ax) if w.endswith("%")]) >= 10


def test_samples_are_called_samples() -> None:
    ax = plot_core_index(make_core(5, n_samples=40))
    chart = charts.chart_of(ax)
    assert "in allen Stichproben" in chart.title
    assert "Auswahlhäufigkeit" in chart.subtitle
    assert "40" in chart.subtitle


def test_an_empty_core_and_a_wrong_number() -> None:
    core = make_core(5)
    empty = CoreIndex(core.table.iloc[:0], "core_index", 0, 0, "ranges", core.inventory)
    assert "keine Daten" in words(plot_core_index(empty))
    with pytest.raises(ValueError, match="n must be at least 1, not 0"):
        plot_core_index(core, n=0)
