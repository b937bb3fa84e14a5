"""Posts that are filled, that will be, and what running projects take of them."""

from __future__ import annotations

import datetime as dt

import pandas as pd
import pytest

from digistrat.planning.posts import running_fte, staffed_fte, undated_efforts
from inventories import make_inventory, make_strategy, post, project

MONTHS = pd.date_range("2027-01-01", periods=6, freq="MS")
PLANNING = {"start_date": dt.date(2027, 1, 1), "horizon_months": 36, "days_per_fte_month": 20.0}


def filled(*positions, **planning):
    strategy = make_strategy(planning=PLANNING | planning)
    return staffed_fte(make_inventory(strategy, positions=list(positions)), months=MONTHS)["PL"].tolist()


def test_an_unfilled_post_counts_after_the_hiring_months():
    vacant = post("1", "PL", is_filled=False)
    assert filled(vacant, hiring_months=4) == [0, 0, 0, 0, 1, 1]
    assert filled(vacant) == [1] * 6  # no time for hiring is given
    assert filled(post("1", "PL"), hiring_months=4) == [1] * 6  # nothing said: filled
    assert filled(vacant | {"start_date": "2027-06-01"}, hiring_months=4) == [0, 0, 0, 0, 0, 1]
    assert filled(vacant | {"start_date": "2026-06-01"}, hiring_months=4) == [0, 0, 0, 0, 1, 1]
    assert filled(vacant | {"end_date": "2027-05-31"}, hiring_months=4) == [0, 0, 0, 0, 1, 0]


def running(*efforts, phases=(), **more):
    inventory = make_inventory(
        make_strategy(),
        projects=[project("r", "existing", **more), project("p")],
        phases=list(phases),
        efforts=[{"project_id": p, "phase_id": f, "role_id": "PL", "effort_days": d} for p, f, d in efforts],
    )
    return inventory, running_fte(inventory, months=MONTHS)["PL"]


def test_work_of_running_projects_is_spread_over_their_days():
    # 59 days from 1 January to 28 February, 31 of them in January
    phase = {"project_id": "r", "phase_id": "UM", "start_date": "2027-01-01", "end_date": "2027-02-28"}
    inventory, taken = running(("r", "UM", 59.0), ("p", "UM", 500.0), phases=[phase])
    assert taken.tolist() == pytest.approx([31 / 20, 28 / 20, 0, 0, 0, 0])
    _, over = running(("r", "UM", 59.0), phases=[phase | {"actual_end_date": "2026-12-20"}])
    assert over.sum() == 0
    assert undated_efforts(inventory) == []
    _, whole = running(("r", "UM", 40.0), start_date="2026-12-01", end_date="2027-01-31")
    assert whole.iloc[0] == pytest.approx(40 * 31 / 62 / 20)


def test_work_without_dates_is_named_and_not_deducted():
    inventory, taken = running(("r", "UM", 40.0), start_date="2026-12-01")
    assert taken.sum() == 0
    assert undated_efforts(inventory) == ["r"]
