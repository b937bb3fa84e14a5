"""What each chart draws is what the record says: marks against numbers counted here."""

from __future__ import annotations

import datetime as dt
from types import SimpleNamespace
from typing import Any

import chart_records as records
import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PathCollection, QuadMesh
from matplotlib.dates import date2num

from digistrat.reporting import charts, style
from digistrat.reporting.charts.source import Source


@pytest.fixture(scope="module")
def r(make_results: Any) -> Any:
    return make_results(30, "de")


def bars(ax: Axes, label: str) -> dict[float, float]:
    """Lengths of a category's bars by their row."""
    container = next(c for c in ax.containers if c.get_label() == label)
    return {round(b.get_y() + b.get_height() / 2): b.get_width() for b in container}


def offsets(ax: Axes) -> Any:
    """Positions of all marks, in the order of drawing."""
    found = [c.get_offsets() for c in ax.collections if isinstance(c, PathCollection)]
    return np.concatenate([np.asarray(f) for f in found if len(f)])


def test_status_by_field(r: Any) -> None:
    ax = charts.plot_status_by_field(r.inventory)
    data = charts.chart_data(ax)
    projects = r.inventory.projects
    for status in ("existing", "in_preparation", "possible"):
        lengths = bars(ax, status)
        for row, field_id in enumerate(data["field_id"]):
            mine = projects["field_id"].fillna("") == field_id
            expected = int((mine & (projects["status"] == status)).sum())
            assert lengths.get(row, 0) == expected == data.at[row, status]
    assert data["total"].sum() == len(projects)
    # every field of the strategy stands there, also one without a project
    assert set(data["field_id"]) >= {f.id for f in r.inventory.strategy.fields}
    named = data[data["field_id"] != ""]
    assert named["total"].is_monotonic_decreasing


def test_status_says_how_many_fields_are_empty(make_results: Any) -> None:
    inventory = make_results(30, "de").inventory
    one = SimpleNamespace(
        **{**vars(inventory), "projects": inventory.projects.assign(field_id="HF02").head(4)}
    )
    title = charts.chart_of(charts.plot_status_by_field(one)).title
    assert "4 von 4" in title.replace("\u00a0", " ")
    assert "13 Felder haben kein Vorhaben" in title.replace("\u00a0", " ")


def test_findings(r: Any) -> None:
    ax = charts.plot_findings(r.inventory, n=4)
    data, findings = charts.chart_data(ax), r.inventory.findings
    assert len(data) == 5
    for row in range(4):
        mine = findings[findings["office_id"] == data.at[row, "sender"]]
        for severity in ("error", "warning", "info"):
            assert bars(ax, severity).get(row, 0) == (mine["severity"] == severity).sum()
    # what is not shown by name stands in the last row
    assert data["total"].sum() == len(findings)


def test_findings_name_a_single_one_that_is_left(r: Any) -> None:
    n = r.inventory.findings["office_id"].nunique()
    data = charts.chart_data(charts.plot_findings(r.inventory, n=n - 1))
    assert len(data) == n
    assert (data["sender"] != "").all()
    rest = charts.chart_data(charts.plot_findings(r.inventory, n=n - 2))
    assert rest["label"].iloc[-1] == "2\u00a0weitere"


def test_findings_without_office_stand_by_file(r: Any) -> None:
    findings = r.inventory.findings.assign(office_id="", file="unbekannt.xlsx")
    ax = charts.plot_findings(SimpleNamespace(**{**vars(r.inventory), "findings": findings}))
    assert charts.chart_data(ax)["label"].tolist() == ["unbekannt.xlsx"]


def test_coverage_table_counts_answers() -> None:
    inventory = records.make_inventory(3)
    office = inventory.offices.index[0]
    inventory.projects = pd.DataFrame(
        {
            "title": ["a", "b"],
            "office_id": office,
            "status": ["possible", "existing"],
            "field_id": ["HF01", None],
        },
        index=pd.Index(["p1", "p2"], name="project_id"),
    )
    impact = [c.id for c in inventory.strategy.impact.criteria]
    inventory.tables = {
        "projects": inventory.projects,
        "project_costs": pd.DataFrame({"project_id": ["p2"], "amount_eur": [1.0]}),
        "impact_ratings": pd.DataFrame(
            {
                "project_id": "p1",
                "criterion_id": impact[:4],
                "points": [3.0, 0.0, np.nan, np.nan],
                "state": ["assessed", "assessed", "not_applicable", "missing"],
            }
        ),
    }
    shares = charts.coverage_table(inventory)
    # status and field of two projects: three of four; the running project needs no cost and no rating
    assert shares.at[office, "projects"] == 3 / 4
    assert shares.at[office, "project_costs"] == 0
    assert shares.at[office, "impact_ratings"] == 3 / len(impact)
    assert shares.at[office, "readiness_ratings"] == 0
    assert np.isnan(shares.at[inventory.offices.index[1], "impact_ratings"])


def test_coverage_shows_who_did_not_answer(r: Any) -> None:
    ax = charts.plot_coverage(r.inventory)
    data = charts.chart_data(ax)
    silent = set(r.inventory.offices.index) - set(r.inventory.files["office_id"])
    assert set(data.loc[~data["has_returned"], "office_id"]) == silent
    assert [t.get_text() for t in ax.texts].count("keine Rücksendung") == len(silent)
    mesh = next(c for c in ax.collections if isinstance(c, QuadMesh))
    drawn = np.ma.filled(mesh.get_array().astype(float), np.nan).reshape(len(data), -1)
    np.testing.assert_allclose(drawn, data.iloc[:, 3:].to_numpy(float), atol=1e-8)


def test_maturity_heatmap(r: Any) -> None:
    ax = charts.plot_maturity_heatmap(r.maturity)
    data = charts.chart_data(ax)
    dimensions = [g.id for g in r.inventory.strategy.maturity.groups]
    mesh = next(c for c in ax.collections if isinstance(c, QuadMesh))
    drawn = np.ma.filled(mesh.get_array().astype(float), np.nan).reshape(len(data), -1)
    groups = r.maturity.groups.loc[data["office_id"].iloc[1:]]
    assert set(dimensions) == set(groups.columns)
    np.testing.assert_allclose(drawn[1:, :-1], groups.to_numpy(float), atol=1e-8)
    np.testing.assert_allclose(
        drawn[1:, -1], r.maturity.table.loc[groups.index, "score"].astype(float), atol=1e-8
    )
    np.testing.assert_allclose(drawn[0, :-1], r.maturity.groups.mean().to_numpy(float), atol=1e-8)
    # missing is hatched and written as a dash, provisional in brackets
    words = [t.get_text() for t in ax.texts]
    assert words.count("–") == np.isnan(drawn).sum() > 0
    provisional = (r.maturity.table["state"] == "provisional").sum()
    assert sum(w.startswith("(") for w in words) >= provisional > 0


def test_maturity_gap(r: Any) -> None:
    ax = charts.plot_maturity_gap(r.maturity)
    data = charts.chart_data(ax).set_index("office_id")
    table = r.maturity.table.dropna(subset=["score", "target"])
    assert set(data.index) == set(table.index)
    lines = next(c for c in ax.collections if isinstance(c, LineCollection)).get_segments()
    for line, office in zip(lines, data.index, strict=True):
        assert line[0][0] == pytest.approx(table.at[office, "score"], abs=1e-8)
        assert line[1][0] == pytest.approx(table.at[office, "target"], abs=1e-8)
    assert data["gap"].is_monotonic_decreasing


def test_service_levels(r: Any) -> None:
    ax = charts.plot_service_levels(r.services)
    data, table = charts.chart_data(ax), r.services.table
    for row in data.itertuples():
        mine = table[table["model"] == row.model]
        level = mine["level"].isna() if np.isnan(row.level) else mine["level"] == row.level
        assert row.n_services == level.sum()
        assert row.n_cases == mine.loc[level, "n_cases_yearly"].sum()
        assert row.share_cases == pytest.approx(row.n_cases / mine["n_cases_yearly"].sum() * 100)
    drawn = [b.get_width() for c in ax.containers if c.get_label() == "share_cases" for b in c]
    assert sorted(drawn) == pytest.approx(sorted(data["share_cases"]))
    assert data.groupby("model")["share_services"].sum().tolist() == pytest.approx([100, 100])


def one_model(r: Any, levels: list[float], cases: list[float], model: str = "ozg-2.0") -> Any:
    table = pd.DataFrame({"model": model, "level": levels, "n_cases_yearly": cases})
    return SimpleNamespace(
        table=table, rule="minimum", inventory=r.inventory, unit="service", what="services"
    )


def test_service_levels_leave_open_what_is_not_known(r: Any) -> None:
    services = one_model(r, [1, 2, 3, np.nan], [10, 30, 40, 20])
    chart = charts.chart_of(charts.plot_service_levels(services))
    title = chart.title.replace("\u00a0", " ")
    assert title.startswith("70–90 % der Fälle")
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
    assert "plus mittlerer Abstand" in charts.chart_of(charts.plot_maturity_gap(r.maturity)).subtitle


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


def test_ranking(r: Any) -> None:
    ax = charts.plot_ranking(r.impact, n=10)
    data, scores = charts.chart_data(ax), r.impact
    best = scores.table.dropna(subset=["rank"]).nsmallest(10, "rank").index
    assert set(data["project_id"]) == set(best)
    groups = {g.id for g in r.inventory.strategy.impact.groups}
    for row, project in enumerate(data["project_id"]):
        for group in groups:
            criteria = scores.criteria.index[scores.criteria["group"] == group]
            expected = scores.contributions.loc[project, criteria].sum()
            assert bars(ax, group).get(row, 0) == pytest.approx(expected)
        drawn = sum(bars(ax, g).get(row, 0) for g in groups)
        assert drawn == pytest.approx(scores.table.at[project, "score"])
    whiskers = next(c for c in ax.collections if isinstance(c, LineCollection)).get_segments()
    wide = data[data["upper"] - data["lower"] > 0.05]
    assert len(wide) > 0
    np.testing.assert_allclose([(s[0][0], s[1][0]) for s in whiskers], wide[["lower", "upper"]])


def test_ranking_puts_small_groups_together(r: Any) -> None:
    criteria = r.impact.criteria.assign(group=[f"g{i}" for i in range(len(r.impact.criteria))])
    many = SimpleNamespace(
        **{f: getattr(r.impact, f) for f in ("table", "contributions", "rule", "inventory", "what", "unit")},
        criteria=criteria,
    )
    data = charts.chart_data(charts.plot_ranking(many))
    groups = data.columns[3:-3]
    assert len(groups) == 5
    assert groups[-1] == "other"
    np.testing.assert_allclose(data[groups].sum(axis=1), data["score"])


def test_ranking_of_a_rule_that_does_not_add_up_draws_the_score(r: Any) -> None:
    flat = SimpleNamespace(
        **{
            f: getattr(r.impact, f)
            for f in ("table", "contributions", "criteria", "inventory", "what", "unit")
        },
        rule="minimum",
    )
    data = charts.chart_data(charts.plot_ranking(flat))
    np.testing.assert_array_equal(data["points"], data["score"])


def test_rank_intervals(r: Any) -> None:
    ax = charts.plot_rank_intervals(r.robust, n=12, scores=r.impact)
    data, interval = charts.chart_data(ax), r.robust.rank_interval
    lines = next(c for c in ax.collections if isinstance(c, LineCollection)).get_segments()
    for line, row in zip(lines, data.itertuples(), strict=True):
        assert line[0][0] == interval.at[row.project_id, "p05"]
        assert line[1][0] == interval.at[row.project_id, "p95"]
    assert offsets(ax)[:, 0].tolist() == interval.loc[data["project_id"], "p50"].tolist()
    assert data["p50"].max() <= interval["p50"].drop(data["project_id"]).min()


def test_rank_acceptability(r: Any) -> None:
    ax = charts.plot_rank_acceptability(r.robust, n=8, scores=r.impact)
    data, shares = charts.chart_data(ax), r.robust.acceptability
    names = list(data.columns[2:-1])
    assert names == ["1-2", "3-4", "5-8", f"9-{len(shares)}"]
    for row, project in enumerate(data["project_id"]):
        assert bars(ax, "3-4").get(row, 0) == pytest.approx(shares.loc[project, [3, 4]].sum() * 100)
        assert data.at[row, "first"] == pytest.approx(shares.loc[project, range(1, 9)].sum() * 100)
        assert data.loc[row, names].sum() == pytest.approx(100)


def test_robustness_without_a_known_source_says_so(r: Any) -> None:
    bare = records.make_robust(r.impact)
    bare = SimpleNamespace(
        **{
            f: getattr(bare, f)
            for f in ("acceptability", "rank_interval", "first_k", "n_samples", "assumptions")
        }
    )
    assert "nicht angegeben" in charts.chart_of(charts.plot_rank_intervals(bare)).foot


def test_priority(r: Any) -> None:
    ax = charts.plot_priority(r.readiness, r.impact, r.portfolio)
    data = charts.chart_data(ax).set_index("project_id")
    both = r.readiness.table["score"].notna() & r.impact.table["score"].notna()
    assert set(data.index) == set(both.index[both])
    marks = {(round(x, 6), round(y, 6)) for x, y in offsets(ax)}
    table = pd.DataFrame({"x": r.readiness.table["score"], "y": r.impact.table["score"]}).astype(float)[both]
    assert marks == {(round(x, 6), round(y, 6)) for x, y in table.to_numpy()}
    assert data["selected"].equals(r.portfolio.table["selected"].reindex(data.index).astype(bool))

    # filled marks are the selected, dashed edges the provisional ones, each at its place
    (points,) = (c for c in ax.collections if isinstance(c, PathCollection))
    is_filled = [mpl.colors.to_hex(f).upper() != style.PAPER for f in points.get_facecolor()]
    is_dashed = [dashes is not None for _, dashes in points.get_linestyle()]
    at = [tuple(o) for o in points.get_offsets().round(6)]
    for drawn, wanted in ((is_filled, "selected"), (is_dashed, "provisional")):
        seen = sorted(o for o, is_so in zip(at, drawn, strict=True) if is_so)
        chosen = data[data[wanted]]
        assert seen == sorted(zip(chosen["readiness"].round(6), chosen["impact"].round(6), strict=True))
    assert 0 < sum(is_dashed) < len(at)


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


def test_priority_key_names_each_kind_of_mark(r: Any) -> None:
    ax = charts.plot_priority(r.readiness, r.impact, r.portfolio)
    words = {t.get_text() for t in ax.figure.findobj(mpl.text.Text)}
    assert {"ausgewählt", "nicht ausgewählt", "ausgewählt, vorläufig bewertet"} <= words
    assert "nicht ausgewählt, vorläufig bewertet" in words


def test_priority_marks_grow_with_cost(r: Any) -> None:
    ax = charts.plot_priority(r.readiness, r.impact, r.portfolio)
    data = charts.chart_data(ax)
    sizes = {}
    for c in ax.collections:
        if isinstance(c, PathCollection):
            sizes |= {
                (round(x, 6), round(y, 6)): s
                for (x, y), s in zip(c.get_offsets(), c.get_sizes(), strict=True)
            }
    drawn = [
        sizes[(round(a, 6), round(b, 6))] for a, b in zip(data["readiness"], data["impact"], strict=True)
    ]
    known = data.assign(size=drawn).dropna(subset=["cost_eur"]).sort_values("cost_eur")
    assert known["size"].is_monotonic_increasing
    assert known["size"].iloc[-1] > 3 * known["size"].iloc[0]


def test_portfolio(r: Any) -> None:
    ax = charts.plot_portfolio(r.portfolio)
    data, table = charts.chart_data(ax).set_index("project_id"), r.portfolio.table
    known = table.dropna(subset=["cost_eur", "value"])
    assert set(data.index) == set(known.index)
    assert {tuple(o) for o in offsets(ax)} == {
        tuple(o) for o in known[["cost_eur", "value"]].astype(float).to_numpy()
    }
    assert data["value_per_million"].to_dict() == pytest.approx(
        (known["value"] / known["cost_eur"] * 1e6).to_dict()
    )
    share = table.loc[table["selected"], "value"].sum() / table["value"].sum()
    assert f"{share * 100:.0f} % der Wirkung" in charts.chart_of(ax).title.replace("\u00a0", " ")


def test_budgets_are_drawn_against_their_ceiling(r: Any) -> None:
    for ax, frame, amount, ceiling in (
        (charts.plot_portfolio_budget(r.portfolio), r.portfolio.budgets, "used_eur", "available_eur"),
        (charts.plot_budget(r.plan), r.plan.budget, "planned_eur", "ceiling_eur"),
    ):
        lengths = {
            c.get_label(): c[0].get_width() for c in ax.containers if not c.get_label().startswith("_")
        }
        assert lengths == {f"{b.year} {b.kind}": getattr(b, amount) for b in frame.itertuples()}
        limits = [c.get_segments()[0][0][0] for c in ax.collections if isinstance(c, LineCollection)]
        assert limits == frame[ceiling].tolist()


def test_budget_says_what_exceeds_the_ceiling(r: Any) -> None:
    ax = charts.plot_budget(r.plan)
    assert "braucht einmal mehr als verfügbar" in charts.chart_of(ax).title
    assert any("112\u00a0%" in t.get_text() for t in ax.texts)
    fine = SimpleNamespace(**{**vars(r.plan), "budget": r.plan.budget.assign(planned_eur=1.0)})
    assert "mehr als verfügbar" not in charts.chart_of(charts.plot_budget(fine)).title


def test_budgets_say_how_many_running_projects_state_no_costs(r: Any) -> None:
    for n, words in ((0, ""), (1, "1 laufendes Vorhaben ohne"), (7, "7 laufende Vorhaben ohne")):
        problem = SimpleNamespace(n_running_without_costs=n)
        portfolio = SimpleNamespace(**{**vars(r.portfolio), "problem": problem})
        plan = SimpleNamespace(**{**vars(r.plan), "portfolio": portfolio})
        for ax in (charts.plot_portfolio_budget(portfolio), charts.plot_budget(plan)):
            foot = charts.chart_of(ax).foot.replace("\u00a0", " ")
            assert ("nicht abgezogen" in foot) == (n > 0)
            assert words in foot


def test_a_year_without_a_ceiling_has_no_line(r: Any) -> None:
    budget = r.plan.budget.astype({"ceiling_eur": float})
    budget.loc[budget["year"] == 2034, "ceiling_eur"] = np.nan
    ax = charts.plot_budget(SimpleNamespace(**{**vars(r.plan), "budget": budget}))
    words = [t.get_text() for t in ax.texts]
    assert sum("nicht angegeben" in w for w in words) == (budget["year"] == 2034).sum()
    assert not any("nan" in w for w in words)


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


def test_gantt_pages_hold_every_project_once(make_results: Any) -> None:
    plan = make_results(300, "de").plan
    pages = charts.gantt_pages(plan)
    assert pages > 1
    seen: list[str] = []
    for page in range(1, pages + 1):
        ax = charts.plot_gantt(plan, page=page)
        rows = ax.get_ylim()[0] + 0.5
        assert rows <= 60
        seen += charts.chart_data(ax)["project_id"].drop_duplicates().tolist()
    assert sorted(seen) == sorted(plan.phases["project_id"].unique())


def test_gantt_draws_phases_and_milestones_on_their_dates(r: Any) -> None:
    ax = charts.plot_gantt(r.plan)
    drawn = {(round(b.get_x()), round(b.get_x() + b.get_width())) for c in ax.containers for b in c}
    phases = r.plan.phases
    first, last = date2num(phases["start"]), date2num(phases["end"] + dt.timedelta(days=1))
    assert drawn == {(round(a), round(b)) for a, b in zip(first, last, strict=True)}
    marks = sorted(round(x) for x in offsets(ax)[:, 0])
    assert marks == sorted(round(d) for d in date2num(r.plan.milestones["date"]))
    lines = [line.get_xdata()[0] for line in ax.lines if line.get_color() == style.WARNING]
    assert lines == [date2num(dt.datetime(2026, 4, 30))]


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


def test_gantt_of_an_infeasible_plan_names_the_conflict(r: Any) -> None:
    plan = records.empty_like(r.plan)
    plan.conflicts = ["Rolle Vergabe hat 2027 keine Stelle."]
    assert "Rolle Vergabe hat 2027 keine Stelle" in charts.chart_of(charts.plot_gantt(plan)).title


def test_load(r: Any) -> None:
    ax = charts.plot_load(r.plan)
    data = charts.chart_data(ax)
    given = r.plan.load.set_index(["role_id", "month"])
    mine = data.set_index(["role_id", "month"])
    expected = given["demand_fte"] / given["capacity_fte"] * 100
    np.testing.assert_allclose(mine["load"], expected.reindex(mine.index))
    # the hatched part of each row is as long as the months above 100 %
    order = list(dict.fromkeys(data["role_id"]))
    for row, role in enumerate(order):
        hatched = [p for p in ax.patches if p.get_hatch() and round(p.get_y() + 0.38) == row]
        over = data[(data["role_id"] == role) & (data["load"] > 100)]
        days = (over["month"] + pd.offsets.MonthBegin(1) - over["month"]).dt.days.sum()
        assert sum(p.get_width() for p in hatched) == pytest.approx(days)


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
            "Kein Monat ist überlastet; am knappsten ist „a“ mit 2 Monaten über 80 %, höchstens 82 %",
        ),
        (
            {"a": [81, 80, 0, 0], "b": [0, 0, 0, 99.96]},
            "Kein Monat ist überlastet; am knappsten ist „b“ mit einem Monat über 80 %, höchstens >99,9 %",
        ),
        (
            {"a": [80, 0, 0, 0], "b": [70, 70, 70, 70]},
            "Kein Monat ist überlastet; keine Rolle kommt über 80 %, am höchsten ist „a“ mit 80 %",
        ),
        (
            {"a": [120, 0, 0, 0], "b": [90, 90, 90, 100]},
            "Eine Rolle ist zeitweise überlastet; am knappsten ist „b“ mit 4 Monaten über 80 %, höchstens 100 %",
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


def test_load_without_capacity_is_named(r: Any) -> None:
    load = r.plan.load.assign(capacity_fte=0.0)
    ax = charts.plot_load(SimpleNamespace(**{**vars(r.plan), "load": load}))
    assert any("Aufwand ohne Stelle" in t.get_text() for t in ax.get_yticklabels())
    assert np.isinf(charts.chart_data(ax)["load"]).any()
