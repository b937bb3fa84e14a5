"""What plot functions promise alike: empty records, given axes, nothing global, clear errors."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import chart_records as records
import matplotlib as mpl
import pandas as pd
import pytest
from chart_drawing import draw_all
from matplotlib.text import Text

from digistrat.reporting import charts
from digistrat.reporting.charts.source import source_of


@pytest.fixture(scope="module")
def r(make_results: Any) -> Any:
    return make_results(30, "de")


@pytest.mark.parametrize("language", ["de", "en"])
def test_empty_records_draw_no_data(make_results: Any, language: str) -> None:
    full = make_results(3, language)
    nothing = records.empty_inventory(language)
    scores = {}
    for what in ("impact", "readiness", "maturity", "services"):
        scores[what] = records.empty_like(
            SimpleNamespace(**{**_parts(getattr(full, what)), "inventory": nothing})
        )
    empty = SimpleNamespace(
        inventory=nothing,
        **scores,
        robust=records.empty_like(SimpleNamespace(**{**_parts(full.robust), "inventory": nothing})),
        portfolio=records.empty_like(SimpleNamespace(**{**_parts(full.portfolio), "inventory": nothing})),
        plan=records.empty_like(SimpleNamespace(**{**_parts(full.plan), "inventory": nothing})),
    )
    words = "keine Daten" if language == "de" else "no data"
    for name, ax in draw_all(empty).items():
        assert words in [t.get_text() for t in ax.texts], name
        assert charts.chart_data(ax).empty, name
        assert charts.chart_of(ax).title, name
        assert charts.chart_of(ax).notice in charts.alt_text(ax), name


def _parts(record: Any) -> dict[str, Any]:
    return {f: getattr(record, f) for f in (getattr(record, "__dataclass_fields__", None) or vars(record))}


def test_real_data_carry_no_notice(make_results: Any) -> None:
    ax = charts.plot_status_by_field(make_results(3, "de", is_example=False).inventory)
    assert "Beispiel" not in charts.alt_text(ax)
    assert not any("Beispiel" in t.get_text() for t in ax.figure.findobj(Text))


def test_given_axes_are_used_and_the_title_goes_with_them(r: Any) -> None:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(18, 9), layout="constrained")
    left, right = figure.subplots(1, 2)
    assert charts.plot_ranking(r.impact, n=5, ax=left) is left
    assert charts.plot_gantt(r.plan, ax=right) is right
    figure.draw_without_rendering()
    for ax in (left, right):
        words = " ".join(t.get_text() for t in ax.findobj(Text))
        assert charts.chart_of(ax).title in words
        assert charts.chart_of(ax).notice in words
        assert "Quelle" in ax.get_xlabel()
    for ax in (left, right):
        for text in ax.findobj(Text):
            if text.get_text().strip():
                assert text.get_window_extent().y1 <= figure.bbox.y1 + 1


def test_nothing_global_changes(r: Any) -> None:
    import matplotlib.pyplot as plt

    before = dict(mpl.rcParams)
    projects, table = r.inventory.projects.copy(), r.impact.table.copy()
    load = r.plan.load.copy()
    draw_all(r)
    assert dict(mpl.rcParams) == before
    assert plt.get_fignums() == []
    pd.testing.assert_frame_equal(r.inventory.projects, projects)
    pd.testing.assert_frame_equal(r.impact.table, table)
    pd.testing.assert_frame_equal(r.plan.load, load)


def test_a_notebook_shows_the_image_with_its_alternative_text(r: Any) -> None:
    ax = charts.plot_findings(r.inventory)
    shown = ax._repr_html_()
    assert shown.startswith('<img lang="de" alt="Gestapeltes Balkendiagramm: ')
    assert "data:image/png;base64," in shown


def test_titles_are_no_formulas_and_foreign_signs_no_warnings(
    r: Any, recwarn: pytest.WarningsRecorder
) -> None:
    projects = r.inventory.projects.assign(title="Kosten $x^2$ und 🤖 <b>\n$")
    inventory = SimpleNamespace(**{**vars(r.inventory), "projects": projects})
    ax = charts.plot_rank_intervals(r.robust, scores=SimpleNamespace(inventory=inventory, unit="project"))
    ax.figure.draw_without_rendering()
    assert any("$x^2$ und □" in t.get_text() for t in ax.get_yticklabels())
    assert [str(w.message) for w in recwarn if "lyph" in str(w.message)] == []


def test_labels_of_points_do_not_leave_out_the_first(r: Any) -> None:
    ax = charts.plot_priority(r.readiness, r.impact, r.portfolio, n_labels=1)
    first = charts.chart_data(ax)["title"].iloc[0].split()[0]
    assert any(first in t.get_text() for t in ax.texts)


def test_shares_are_never_rounded_to_nothing_or_all() -> None:
    source = source_of(records.make_inventory(3))
    shares = (0.0, 0.00001, 0.004, 0.5, 0.996, 0.99999, 1.0, 1 - 1e-12, 1.2)
    written = ["0", "<0,1", "0,4", "50", "99,6", ">99,9", "100", "100", "120"]
    assert [source.percent(s) for s in shares] == [f"{w}\u00a0%" for w in written]


def test_charts_name_the_rule_and_what_it_takes_for_granted(r: Any) -> None:
    assert "Stufen gemittelt" in charts.chart_of(charts.plot_maturity_heatmap(r.maturity)).foot
    foot = charts.chart_of(charts.plot_ranking(r.impact)).foot
    assert "Gewichtetes Mittel: über die bewerteten Kriterien" in foot
    assert "Stufen gemittelt" not in foot


def test_coverage_asks_no_partner(r: Any) -> None:
    offices = r.inventory.offices.copy()
    offices.loc[offices.index[0], "kind"] = "partner"
    inventory = SimpleNamespace(**{**vars(r.inventory), "offices": offices})
    assert offices.index[0] not in charts.coverage_table(inventory).index


def test_the_highest_impact_that_is_ready_has_a_label(make_results: Any) -> None:
    r = make_results(300, "de")
    ax = charts.plot_priority(r.readiness, r.impact, r.portfolio)
    data = charts.chart_data(ax)
    now = data[(data["readiness"] >= 50) & (data["impact"] >= 50)]
    title = now.loc[now["impact"].idxmax(), "title"]
    assert any(t.get_text().split("\n")[0] in title for t in ax.texts if len(t.get_text()) > 12)


def test_wrong_calls_name_the_parameter(r: Any) -> None:
    from matplotlib.figure import Figure

    for call, words in (
        (lambda: charts.plot_gantt(r.plan, page=9), "page must be from 1 to 1, not 9"),
        (lambda: charts.plot_coverage(r.inventory, page=0), "page must be from 1 to"),
        (lambda: charts.plot_ranking(r.impact, n=0), "n must be at least 1, not 0"),
        (lambda: charts.plot_findings(r.inventory, n=0), "n must be at least 1, not 0"),
        (lambda: charts.plot_rank_intervals(r.robust, n=0), "n must be at least 1, not 0"),
        (lambda: charts.plot_group_rankings(r.impact, n=0), "n must be at least 1, not 0"),
        (lambda: charts.plot_project(r.impact, "x"), "no alternative 'x' in these scores; close: "),
        (lambda: charts.plot_maturity_gap(r.impact), "lacks the columns"),
        (lambda: charts.plot_service_levels(r.impact), "lacks the columns"),
        (lambda: charts.alt_text(Figure().add_subplot()), "ax must be the Axes that a plot_ function"),
    ):
        with pytest.raises(ValueError, match=words):
            call()
