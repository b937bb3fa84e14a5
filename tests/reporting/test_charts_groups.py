"""The chart of the groups draws each rank where it is, and its title counts who stays."""

from __future__ import annotations

from typing import Any

import chart_records as records
import numpy as np
import pandas as pd
import pytest
import small_results as small
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PathCollection

from digistrat.reporting import charts
from digistrat.scoring.stakeholders import stakeholder_rankings


def marks(ax: Axes, group: str) -> list[float]:
    """Ranks at which a group's marks stand, from the first row down."""
    (found,) = [c for c in ax.collections if isinstance(c, PathCollection) and c.get_label() == group]
    places = np.ma.filled(np.ma.asarray(found.get_offsets(), dtype=float), np.nan)
    return [float(x) for x, _ in places]


def lines(ax: Axes) -> dict[str, list[tuple[float, float]]]:
    """Ends of the lines by their name; those from best to worst have none."""
    found = [c for c in ax.collections if isinstance(c, LineCollection)]
    return {
        str(c.get_label()) if not str(c.get_label()).startswith("_") else "span": [
            (float(s[0][0]), float(s[1][0])) for s in c.get_segments()
        ]
        for c in found
    }


def test_every_rank_stands_where_it_is() -> None:
    ax = charts.plot_group_rankings(small.impact_of(small.inventory()))
    data = charts.chart_data(ax)
    assert data["project_id"].tolist() == ["p1", "p2", "p3", "p4"]
    assert data["rank_strategy"].tolist() == [1, 2, 3, 4]
    assert marks(ax, "chamber") == data["rank_chamber"].tolist() == [4, 3, 2, 1]
    assert lines(ax)["strategy"] == [(1, 1), (2, 2), (3, 3), (4, 4)]
    assert lines(ax)["span"] == [(1, 4), (2, 3), (2, 3), (1, 4)]
    assert [t.get_text() for t in ax.texts] == ["1–4", "2–3", "2–3", "1–4"]


@pytest.mark.parametrize(
    ("n", "title"),
    [
        (2, "Keines der ersten 2 Vorhaben"),
        (3, "2 der ersten 3 Vorhaben bleiben unter den ersten 3"),
        (20, "„Eins“ auseinander: Rang 1 bis 4"),
    ],
)
def test_the_title_counts_who_stays(n: int, title: str) -> None:
    ax = charts.plot_group_rankings(small.impact_of(small.inventory()), n=n)
    assert title in charts.chart_of(ax).title.replace("\u00a0", " ")
    assert len(charts.chart_data(ax)) == min(n, 4)


def test_a_group_without_a_rank_has_no_mark_and_the_row_a_star() -> None:
    known = small.inventory()
    raw = pd.DataFrame({"use": small.USE, "reach": [0.0, None, 9, 10]}, index=known.projects.index)
    ax = charts.plot_group_rankings(small.impact_of(known, raw))
    data = charts.chart_data(ax).set_index("project_id")
    assert np.isnan(data.at["p2", "rank_chamber"])
    assert len(marks(ax, "chamber")) == 4
    assert np.isnan(marks(ax, "chamber")[data.index.get_loc("p2")])
    starred = [t.get_text().endswith("*") for t in ax.texts]
    assert starred == [project == "p2" for project in data.index]


def test_rankings_that_are_at_hand_are_drawn_as_they_are() -> None:
    impact = small.impact_of(small.inventory())
    given = stakeholder_rankings(impact)
    given[("rank", "chamber")] = pd.array([1, 1, 1, 4], dtype="Int64")
    assert marks(charts.plot_group_rankings(impact, rankings=given), "chamber") == [1, 1, 1, 4]


def test_the_foot_says_whose_weights_and_that_they_are_assumed() -> None:
    known = small.inventory()
    foot = charts.chart_of(charts.plot_group_rankings(small.impact_of(known))).foot
    assert "Gewichte der Gruppen: Annahme (erfunden)" in foot
    assert "Regel: Gewichtetes Mittel" in foot
    asked = known.strategy.stakeholders[0].model_copy(update={"is_estimate": False, "source": "Befragung"})
    known.strategy = known.strategy.model_copy(update={"stakeholders": (asked,)})
    foot = charts.chart_of(charts.plot_group_rankings(small.impact_of(known))).foot
    assert "Gewichte der Gruppen: Befragung" in foot


def test_a_strategy_without_groups_says_so() -> None:
    known = small.inventory()
    known.strategy = known.strategy.model_copy(update={"stakeholders": ()})
    chart = charts.chart_of(charts.plot_group_rankings(small.impact_of(known)))
    assert chart.data.empty
    assert "keine Gruppen" in chart.title


def test_more_groups_than_colours_have_marks_of_their_own() -> None:
    known = small.inventory()
    one = known.strategy.stakeholders[0]
    many = tuple(one.model_copy(update={"id": f"g{i}", "name": f"Gruppe {i}"}) for i in range(7))
    known.strategy = known.strategy.model_copy(update={"stakeholders": many})
    ax = charts.plot_group_rankings(small.impact_of(known))
    found = [c for c in ax.collections if isinstance(c, PathCollection)]
    assert len({c.get_paths()[0].vertices.tobytes() for c in found}) == 7
    # no two marks of a row stand on top of each other, although all have the same rank
    rows = [round(float(y), 6) for c in found for x, y in c.get_offsets() if x == 4]
    assert len(rows) == len(set(rows)) == 7


def service_foot(basis: list[str]) -> str:
    services: Any = records.make_services(records.make_inventory(3))
    services.table["basis"] = basis[: len(services.table)]
    services.rule_source = "Modell 1.1"
    return charts.chart_of(charts.plot_service_levels(services)).foot


def test_services_print_their_rule_and_its_source() -> None:
    assert "Regel: Minimum: das Kriterium" in service_foot(["criteria"] * 2)
    mixed = service_foot(["criteria", "reported"])
    assert "Regel: Minimum: das Kriterium" in mixed
    assert "1 Leistung mit der Stufe, wie sie gemeldet ist" in mixed
    reported = service_foot(["reported"] * 2)
    assert "Regel: Stufe wie von den Ämtern gemeldet" in reported
    assert "Minimum" not in reported
    for foot in (mixed, reported):
        assert "Grundlage: Modell 1.1" in foot
