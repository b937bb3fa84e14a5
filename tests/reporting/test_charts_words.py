"""What each chart says: titles, subtitles, keys and feet against numbers counted here."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import chart_records as records
import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import PathCollection
from matplotlib.dates import date2num

from digistrat.reporting import charts, style
from digistrat.reporting.charts.source import Source


@pytest.fixture(scope="module")
def r(make_results: Any) -> Any:
    return make_results(30, "de")


def test_findings_name_a_single_one_that_is_left(r: Any) -> None:
    n = r.inventory.findings["office_id"].nunique()
    data = charts.chart_data(charts.plot_findings(r.inventory, n=n - 1))
    assert len(data) == n
    assert (data["sender"] != "").all()
    rest = charts.chart_data(charts.plot_findings(r.inventory, n=n - 2))
    assert rest["label"].iloc[-1] == "2\u00a0weitere"


def one_model(r: Any, levels: list[float], cases: list[float], model: str = "ozg-2.0") -> Any:
    basis = "reported" if model == "ozg-2.0" else "criteria"
    table = pd.DataFrame({"model": model, "level": levels, "n_cases_yearly": cases, "basis": basis})
    return SimpleNamespace(
        table=table, rule="minimum", inventory=r.inventory, unit="service", what="services"
    )


def test_service_levels_leave_open_what_is_not_known(r: Any) -> None:
    services = one_model(r, [1, 2, 3, np.nan], [10, 30, 40, 20])
    chart = charts.chart_of(charts.plot_service_levels(services))
    title = chart.title.replace("\u00a0", " ")
    assert title.startswith("70–90 % der Fälle gehören zu Leistungen ab Stufe 2;")
    assert "Stufe für 20 % der Fälle unbekannt" in title
    assert "50–75 % der Leistungen" in title
    known = charts.chart_of(charts.plot_service_levels(one_model(r, [1, 2], [30, 70])))
    assert known.title.startswith("70\u00a0% der Fälle")
    assert "unbekannt" not in known.title


def test_service_levels_say_how_many_have_no_case_count_and_by_which_rule(r: Any) -> None:
    services = one_model(r, [1, 2, 3], [10, np.nan, np.nan])
    chart = charts.chart_of(charts.plot_service_levels(services))
    assert "Ohne Fallzahl: 2" in chart.subtitle
    assert "Regel: Stufe wie von den Ämtern gemeldet" in chart.foot
    rated = charts.chart_of(charts.plot_service_levels(one_model(r, [1, 2], [10, 10], "ozg-1.1")))
    assert "Regel: Minimum: das Kriterium" in rated.foot
    assert "Ohne Fallzahl" not in rated.subtitle


def test_values_are_never_rounded_to_all_or_nothing() -> None:
    source = Source(None)
    written = [source.score(v) for v in (0, 0.2, 0.6, 50, 99.4, 99.5, 99.99, 100)]
    assert written == ["0", "<1", "1", "50", "99", ">99", ">99", "100"]


def test_dimensions_that_print_the_same_number_stand_together(r: Any) -> None:
    values = {"D1": 39.6, "D2": 44.0, "D3": 40.4}
    groups = pd.DataFrame(values, index=r.maturity.table.index)
    parts = {f: getattr(r.maturity, f) for f in ("table", "rule", "inventory", "unit", "what")}

    def title(frame: pd.DataFrame) -> str:
        scores = SimpleNamespace(**parts, groups=frame, group_coverage=None)
        return charts.chart_of(charts.plot_maturity_heatmap(scores)).title.replace("\u00a0", " ")

    names = {g.id: g.name for g in r.inventory.strategy.maturity.groups}
    d1, d3 = names.get("D1", "D1"), names.get("D3", "D3")
    assert f"am wenigsten weit bei „{d1}“ und „{d3}“ (40)" in title(groups)
    assert title(groups.assign(D2=40.0)) == "In allen Dimensionen steht die Stadt bei 40 von 100"


def test_gap_says_what_the_target_is(r: Any) -> None:
    assert "mindestens ihr Ziel erreicht" in charts.chart_of(charts.plot_maturity_gap(r.maturity)).subtitle


def test_every_page_speaks_of_its_rows(make_results: Any) -> None:
    r = make_results(300, "de")
    for draw, record, n in (
        (charts.plot_coverage, r.inventory, charts.coverage_pages(r.inventory)),
        (charts.plot_maturity_heatmap, r.maturity, charts.maturity_pages(r.maturity)),
        (charts.plot_maturity_gap, r.maturity, charts.gap_pages(r.maturity)),
        (charts.plot_gantt, r.plan, charts.gantt_pages(r.plan)),
    ):
        assert n > 1
        for page in range(1, n + 1):
            ax = draw(record, page=page)
            chart, data = charts.chart_of(ax), charts.chart_data(ax)
            rows = data.iloc[:, 1] if "office" in data else data.drop_duplicates("project_id")["title"]
            rows = rows.iloc[1:] if "office" in data and not data.at[0, "office_id"] else rows
            said = f"Seite {page} von {n}"
            assert said in chart.subtitle
            assert f"({said}: {len(rows)} Zeilen, „{rows.iloc[0]}“ bis „{rows.iloc[-1]}“)" in chart.alt


def test_robustness_speaks_of_the_unit(r: Any) -> None:
    robust = records.make_robust(r.maturity)
    for draw in (charts.plot_rank_intervals, charts.plot_rank_acceptability):
        chart = charts.chart_of(draw(robust, scores=r.maturity))
        said = f"{chart.title} {chart.subtitle} {chart.alt}"
        assert "Organisationen" in said
        assert "Durchgänge" in said
        for word in ("Vorhaben", "Alternative", "Stichprobe"):
            assert word not in said


def test_priority_title_can_be_counted_in_the_picture(r: Any) -> None:
    ax = charts.plot_priority(r.readiness, r.impact, r.portfolio)
    (points,) = (c for c in ax.collections if isinstance(c, PathCollection))
    x, y = np.asarray(points.get_offsets()).T
    inside = (x >= 50) & (y >= 50)
    filled = np.array([mpl.colors.to_hex(f).upper() != style.PAPER for f in points.get_facecolor()])
    chart = charts.chart_of(ax)
    title = chart.title.replace("\u00a0", " ")
    assert title.startswith(f"{inside.sum()} von {len(x)} Vorhaben")
    assert title.endswith(f"ausgewählt sind davon {(inside & filled).sum()}")
    assert "Grenze 50" in chart.subtitle


def test_priority_says_how_groups_are_joined_where_it_is_by_another_rule(r: Any) -> None:
    impact = r.impact
    said = charts.chart_of(charts.plot_priority(r.readiness, impact)).foot
    assert "Gruppen untereinander" not in said
    assert said.count("Regel: ") == 1
    joined = replace(impact, hierarchy=replace(impact.hierarchy, rule="geometric"))
    said = charts.chart_of(charts.plot_priority(r.readiness, joined)).foot
    assert "Gruppen untereinander: Geometrisches Mittel" in said


def test_priority_key_names_each_kind_of_mark(r: Any) -> None:
    ax = charts.plot_priority(r.readiness, r.impact, r.portfolio)
    words = {t.get_text() for t in ax.figure.findobj(mpl.text.Text)}
    assert {"ausgewählt", "nicht ausgewählt", "ausgewählt, vorläufig bewertet"} <= words
    assert "nicht ausgewählt, vorläufig bewertet" in words


def test_budgets_say_how_many_running_projects_state_no_costs(r: Any) -> None:
    for n, words in ((0, ""), (1, "1 laufendes Vorhaben ohne"), (7, "7 laufende Vorhaben ohne")):
        problem = SimpleNamespace(n_running_without_costs=n)
        portfolio = SimpleNamespace(**{**vars(r.portfolio), "problem": problem})
        plan = SimpleNamespace(**{**vars(r.plan), "portfolio": portfolio})
        for ax in (charts.plot_portfolio_budget(portfolio), charts.plot_budget(plan)):
            foot = charts.chart_of(ax).foot.replace("\u00a0", " ")
            assert ("nicht abgezogen" in foot) == (n > 0)
            assert words in foot


def test_budgets_say_whether_the_money_is_estimated(r: Any) -> None:
    for is_estimate in (True, False):
        strategy = r.inventory.strategy
        budgets = tuple(one.model_copy(update={"is_estimate": is_estimate}) for one in strategy.budgets[:1])
        of = strategy.model_copy(update={"budgets": budgets})
        inventory = SimpleNamespace(**{**vars(r.inventory), "strategy": of})
        portfolio = SimpleNamespace(**{**vars(r.portfolio), "inventory": inventory})
        plan = SimpleNamespace(**{**vars(r.plan), "inventory": inventory, "portfolio": portfolio})
        for ax in (charts.plot_portfolio_budget(portfolio), charts.plot_budget(plan)):
            assert ("Schätzung, nicht beschlossen" in charts.chart_of(ax).foot) == is_estimate


def test_portfolio_leaves_out_and_counts_what_has_no_cost(r: Any) -> None:
    table = r.portfolio.table.copy()
    table["cost_eur"] = np.where(np.arange(len(table)) < 5, np.nan, 1000.0)
    table["value"] = 50.0
    ax = charts.plot_portfolio(SimpleNamespace(**{**vars(r.portfolio), "table": table}))
    assert len(charts.chart_data(ax)) == len(table) - 5
    assert "Ohne Wirkung oder Kosten: 5" in charts.chart_of(ax).subtitle


def test_no_label_hides_a_point(make_results: Any) -> None:
    r = make_results(300, "de")
    for ax in (charts.plot_priority(r.readiness, r.impact, r.portfolio), charts.plot_portfolio(r.portfolio)):
        ax.figure.draw_without_rendering()
        points = [
            (ax.transData.transform(o), np.sqrt(s) / 2 * ax.figure.dpi / 72)
            for c in ax.collections
            if isinstance(c, PathCollection)
            for o, s in zip(
                c.get_offsets(), np.broadcast_to(c.get_sizes(), len(c.get_offsets())), strict=True
            )
        ]
        labels = [t for t in ax.texts if t.get_path_effects()]
        assert labels
        for label in labels:
            box = mpl.text.Text.get_window_extent(label)
            for (x, y), radius in points:
                gap = np.hypot(max(box.x0 - x, x - box.x1, 0), max(box.y0 - y, y - box.y1, 0))
                assert gap > radius, label.get_text()


def test_gantt_says_what_a_gap_means_where_there_is_one(r: Any) -> None:
    def says(plan: Any) -> bool:
        ax = charts.plot_gantt(plan)
        return any("Lücke: wartet auf" in t.get_text() for t in ax.figure.findobj(mpl.text.Text))

    assert not says(r.plan)
    phases = r.plan.phases.copy()
    first = phases["project_id"] == phases["project_id"].iloc[0]
    late = phases.index[first][-1]
    phases.loc[late, ["start", "end"]] += pd.Timedelta(days=90)
    assert says(SimpleNamespace(**{**vars(r.plan), "phases": phases}))


def load_of(r: Any, loads: dict[str, list[float]]) -> Any:
    months = pd.date_range("2027-01-01", periods=4, freq="MS")
    rows = [(i, m, v / 100, 1.0) for i, vs in loads.items() for m, v in zip(months, vs, strict=True)]
    load = pd.DataFrame(rows, columns=["role_id", "month", "demand_fte", "capacity_fte"])
    return SimpleNamespace(**{**vars(r.plan), "load": load})


@pytest.mark.parametrize(
    ("loads", "title"),
    [
        # most months above 80 % come before the highest peak and the highest mean
        (
            {"a": [81, 82, 10, 0], "b": [99, 70, 70, 70]},
            "Kein Monat ist überlastet; am knappsten ist „a“ mit 2 Monaten über 80 %, Spitze 82 %",
        ),
        (
            {"a": [81, 80, 0, 0], "b": [0, 0, 0, 99.96]},
            "Kein Monat ist überlastet; am knappsten ist „b“ mit einem Monat über 80 %, Spitze >99,9 %",
        ),
        (
            {"a": [80, 0, 0, 0], "b": [70, 70, 70, 70]},
            "Kein Monat ist überlastet; keine Rolle kommt über 80 %, am höchsten ist „a“ mit 80 %",
        ),
        (
            {"a": [120, 0, 0, 0], "b": [90, 90, 90, 100]},
            "Eine Rolle ist zeitweise überlastet; am knappsten ist „b“ mit 4 Monaten über 80 %, Spitze 100 %",
        ),
    ],
)
def test_load_title_names_the_role_with_most_months_near_its_limit(
    r: Any, loads: dict[str, list[float]], title: str
) -> None:
    ax = charts.plot_load(load_of(r, loads))
    assert charts.chart_of(ax).title.replace("\u00a0", " ") == title


def test_load_is_darker_the_higher_it_is(r: Any) -> None:
    ax = charts.plot_load(load_of(r, {"a": [40, 70, 90, 100], "b": [101, 0, 0, 0]}))
    fills = {
        round(p.get_x() - date2num(dt.datetime(2027, 1, 1))): mpl.colors.to_hex(p.get_facecolor())
        for p in ax.patches
        if round(p.get_y() + 0.38) == 0 and p.get_facecolor()[3] > 0
    }
    light = [style.luminance(fills[k]) for k in sorted(fills)]
    assert len(light) == 3  # 90 and 100 are one run
    assert light == sorted(light, reverse=True)
    assert light[-1] < 0.2
    (over,) = (p for p in ax.patches if p.get_hatch() and round(p.get_y() + 0.38) == 1)
    assert mpl.colors.to_hex(over.get_facecolor()) not in fills.values()
