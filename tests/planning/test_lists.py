"""The priority list: who stands above and below the lines, and what the money reaches."""

from __future__ import annotations

import pandas as pd
import pytest
from small_plans import plan_of

from digistrat.planning.lists import priority_list
from digistrat.planning.portfolio import select_portfolio
from digistrat.scoring.impact import score_impact
from inventories import STAFF, budget, cost, link, make_inventory, make_strategy, points, project

TABLES = {
    "projects": [
        project("free"),
        project("more"),
        project("much"),
        project("late", mandate="legal", due_date="2029-12-31", legal_basis="OZG"),
        project("soon", mandate="legal", due_date="2028-12-31"),
        project("law", mandate="legal", legal_basis="HEGovG"),
        project("runs", mandate="operational"),
        project("vote", mandate="political"),
        project("hand"),
        project("base"),
        project("blank"),
        project("never"),
    ],
    "project_costs": [
        cost(name, 2027, 9_000.0 if name == "much" else 1_000.0)
        for name in ("free", "more", "much", "late", "soon", "law", "runs", "vote", "hand", "base", "never")
    ],
    "impact_ratings": points(
        free=2, more=3, much=9, late=1, soon=1, law=9, runs=8, vote=7, hand=9, base=1, blank=5, never=8
    ),
    "dependencies": [link("vote", "requires", "base")],
}
STRATEGY = make_strategy(budgets=budget((2027, "investive", 12_000.0)))


def listed(**options):
    inventory = make_inventory(STRATEGY, positions=list(STAFF), **TABLES)
    portfolio = select_portfolio(
        inventory, score_impact(inventory), mandatory=["hand"], forbidden=["never"], **options
    )
    return priority_list(portfolio)


def test_order_lines_and_grounds():
    table = listed()
    assert table["project_id"].tolist() == [
        *("soon", "late", "law", "runs", "vote", "hand", "base"),
        *("more", "free", "much"),
        *("never", "blank"),
    ]
    assert table["line"].tolist() == ["mandatory"] * 7 + ["free"] * 3 + ["excluded"] * 2
    assert table["ground"].tolist()[:7] == [
        *("legal_dated", "legal_dated", "legal", "operational", "political", "by_hand", "needed_by"),
    ]
    assert table["ground"].tolist()[7:] == ["", "", "", "by_hand", "no_cost"]
    assert table["place"].tolist() == list(range(1, 13))
    # 9 projects of a thousand leave 3,000 of 12,000 for one of 9,000
    assert table["selected"].tolist() == [True] * 9 + [False] * 3


def test_money_adds_up_to_the_budget():
    table = listed()
    assert table["cumulative_eur"].tolist() == [1_000.0 * k for k in range(1, 10)] + [9_000.0] * 3
    assert table["share_of_budget"].iloc[-1] == pytest.approx(0.75)
    assert table["money_eur"].isna().tolist() == [False] * 9 + [True] * 3
    assert pd.isna(table.set_index("project_id").at["blank", "cost_eur"])  # missing is not zero


def test_reasons_name_law_and_date():
    said = listed().set_index("project_id")["reason"]
    assert said["soon"] == "Fixed in: legal duty by 31 Dec 2028."
    assert said["late"] == "Fixed in: legal duty by 31 Dec 2029 (OZG)."
    assert said["law"] == "Fixed in: legal duty without a date (HEGovG)."
    assert said["runs"] == "Fixed in: operation depends on it."
    assert said["vote"] == "Fixed in: political mandate."
    assert said["base"] == "Fixed in: vote is fixed in and needs it."
    assert "not known" in said["blank"] or "cost" in said["blank"]


def test_without_any_budget_there_is_no_share():
    inventory = make_inventory(make_strategy(budgets=()), positions=list(STAFF), **TABLES)
    table = priority_list(select_portfolio(inventory, score_impact(inventory)))
    assert table["share_of_budget"].isna().all()
    assert table["money_eur"].isna().all()


def test_with_a_plan_dates_and_the_money_that_it_spends():
    tables = {
        "projects": [project("a"), project("b", mandate="legal")],
        "project_costs": [
            cost("a", 2027, 50_000.0),
            cost("b", 2027, 10_000.0),
            cost("b", 2028, 1_200.0, kind="consumptive", is_recurring=True),
        ],
        "impact_ratings": points(a=6, b=5),
    }
    plan = plan_of(**tables)
    table = priority_list(plan.portfolio, plan=plan).set_index("project_id")
    assert table.index.tolist() == ["b", "a"]
    # b lives from 1 November 2027: 26 months of 100 until the last budget's end
    assert table["money_eur"].tolist() == pytest.approx([12_600.0, 50_000.0])
    assert table["cumulative_eur"].iloc[-1] == pytest.approx(plan.budget["planned_eur"].sum())
    assert table["share_of_budget"].iloc[-1] == pytest.approx(62_600 / 600_000)
    assert table.at["b", "go_live_date"] == pd.Timestamp(2027, 10, 31)
    assert table.at["a", "start_date"] == pd.Timestamp(2027, 1, 1)
    other = plan_of(**{**tables, "projects": [project("b", mandate="legal")], "impact_ratings": points(b=5)})
    with pytest.raises(ValueError, match="plan must be of this portfolio"):
        priority_list(other.portfolio, plan=plan)
