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
    impact = [c.id for c in inventory.strategy.impact.asked]
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


def test_a_year_without_a_ceiling_has_no_line(r: Any) -> None:
    budget = r.plan.budget.astype({"ceiling_eur": float})
    budget.loc[budget["year"] == 2034, "ceiling_eur"] = np.nan
    ax = charts.plot_budget(SimpleNamespace(**{**vars(r.plan), "budget": budget}))
    words = [t.get_text() for t in ax.texts]
    assert sum("nicht angegeben" in w for w in words) == (budget["year"] == 2034).sum()
    assert not any("nan" in w for w in words)


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
    given = r.plan.milestones[r.plan.milestones["milestone"] != "submission"]  # it would hide the bars
    beyond = (given["milestone"] == "grant_end") & (given["date"] > phases["end"].max())
    assert (given["milestone"] == "grant_end").any()
    assert marks == sorted(round(d) for d in date2num(given.loc[~beyond, "date"]))
    lines = [line.get_xdata()[0] for line in ax.lines if line.get_color() == style.WARNING]
    assert lines == [date2num(dt.datetime(2026, 4, 30))]


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


def test_load_without_capacity_is_named(r: Any) -> None:
    load = r.plan.load.assign(capacity_fte=0.0)
    ax = charts.plot_load(SimpleNamespace(**{**vars(r.plan), "load": load}))
    assert any("Aufwand ohne Stelle" in t.get_text() for t in ax.get_yticklabels())
    assert np.isinf(charts.chart_data(ax)["load"]).any()
