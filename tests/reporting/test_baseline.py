"""Approved plans are kept whole, come back as they were, and are never lost to a later one."""

from __future__ import annotations

import datetime as dt
import json
import shutil
from dataclasses import fields

import pandas as pd
import pytest

from digistrat.planning.baseline import TABLES, Baseline, baseline_of
from digistrat.planning.compare import compare_plans
from digistrat.planning.portfolio import select_portfolio
from digistrat.planning.schedule import schedule
from digistrat.reporting.baseline import read_baseline, write_baseline
from digistrat.scoring.impact import score_impact
from inventories import STAFF, cost, make_inventory, make_strategy, points, project

APPROVED = {"approved_on": "2026-12-10", "approved_by": "Council"}


def made(start=None, **more):
    inventory = make_inventory(
        make_strategy(),
        positions=list(STAFF),
        projects=[
            project("a", title="=1+1; „quoted“, with\nlines"),
            project("b", title=None, mandate="legal"),
            project("c", "existing"),
        ],
        project_costs=[cost("a", 2027, 10_000.0 / 3), cost("b", 2027, 0.1 + 0.2)],
        impact_ratings=points(a=6, b=5),
        **more,
    )
    return schedule(inventory, select_portfolio(inventory, score_impact(inventory)), start=start)


@pytest.fixture(scope="module")
def plan():
    return made()


def test_what_is_read_is_what_was_written(plan, tmp_path):
    folder = write_baseline(tmp_path, plan, **APPROVED)
    assert folder == tmp_path / "2026-12-10"
    expected, found = baseline_of(plan, **APPROVED), read_baseline(tmp_path)
    for name in TABLES:
        pd.testing.assert_frame_equal(getattr(found, name), getattr(expected, name), check_exact=True)
    for field in fields(Baseline):
        if field.name not in TABLES:
            assert getattr(found, field.name) == getattr(expected, field.name), field.name
    assert found.approved_on == dt.date(2026, 12, 10)
    assert (found.version, found.approved_by) == ("1", "Council")
    assert "approved on 2026-12-10 by Council" in str(found)
    assert found.projects["is_planned"].to_dict() == {"a": True, "b": True, "c": False}
    assert compare_plans(found, plan).moved.empty


def test_later_plans_show_their_distance(plan, tmp_path):
    write_baseline(tmp_path, plan, **APPROVED)
    later = made(start="2027-03-01")
    moved = compare_plans(read_baseline(tmp_path), later)
    assert moved.projects["months"].tolist() == [2, 2]
    assert moved.projects["change"].tolist() == ["later", "later"]


def test_files_are_plain_text_and_the_same_every_time(plan, tmp_path):
    one = write_baseline(tmp_path / "one", plan, **APPROVED)
    two = write_baseline(tmp_path / "two", plan, **APPROVED)
    names = sorted(path.name for path in one.iterdir())
    assert names == ["baseline.json", *(f"{name}.csv" for name in sorted(TABLES))]
    for name in names:
        assert (one / name).read_bytes() == (two / name).read_bytes()
        assert b"\r" not in (one / name).read_bytes()
    record = json.loads((one / "baseline.json").read_text("utf-8"))
    assert record["version"] == "1"
    assert record["approved_by"] == "Council"
    assert (one / "phases.csv").read_text("utf-8").startswith("activity,project_id,phase_id,phase,start,end")


def test_the_latest_is_read_unless_another_day_is_asked_for(plan, tmp_path):
    write_baseline(tmp_path, plan, **APPROVED)
    write_baseline(tmp_path, made(start="2027-02-01"), approved_on="2027-02-25", approved_by="Council")
    (tmp_path / "notes").mkdir()
    assert read_baseline(tmp_path).approved_on == dt.date(2027, 2, 25)
    assert read_baseline(tmp_path, approved_on="2026-12-10").approved_on == dt.date(2026, 12, 10)
    assert read_baseline(tmp_path, approved_on=dt.date(2026, 12, 10)).start == dt.date(2027, 1, 1)
    with pytest.raises(
        ValueError, match="approved_on must be one of 2026-12-10, 2027-02-25, not '2026-01-01'"
    ):
        read_baseline(tmp_path, approved_on="2026-01-01")


def test_an_approved_plan_is_not_replaced_by_mistake(plan, tmp_path):
    write_baseline(tmp_path, plan, **APPROVED)
    other = made(start="2027-02-01")
    with pytest.raises(ValueError, match="approved_on must be a day without a baseline"):
        write_baseline(tmp_path, other, **APPROVED)
    assert read_baseline(tmp_path).start == dt.date(2027, 1, 1)
    write_baseline(tmp_path, other, **APPROVED, replace=True)
    assert read_baseline(tmp_path).start == dt.date(2027, 2, 1)
    assert [path.name for path in tmp_path.iterdir()] == ["2026-12-10"]


def test_an_interruption_leaves_what_was_there(plan, tmp_path, monkeypatch):
    write_baseline(tmp_path, plan, **APPROVED)
    monkeypatch.setattr(json, "dumps", lambda *a, **k: (_ for _ in ()).throw(OSError("full")))
    with pytest.raises(OSError, match="full"):
        write_baseline(tmp_path, made(start="2027-02-01"), **APPROVED, replace=True)
    monkeypatch.undo()
    assert read_baseline(tmp_path).start == dt.date(2027, 1, 1)
    assert [path.name for path in tmp_path.iterdir()] == ["2026-12-10"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"approved_on": "soon", "approved_by": "Council"}, "approved_on must be a date"),
        (
            {"approved_on": "2026-12-10", "approved_by": "  "},
            "approved_on and approved_by must be given together",
        ),
    ],
)
def test_who_approved_it_and_when_must_be_said(plan, tmp_path, options, said):
    with pytest.raises(ValueError, match=said):
        write_baseline(tmp_path, plan, **options)
    assert list(tmp_path.iterdir()) == []


def test_what_is_no_plan_is_not_kept(tmp_path):
    inventory = make_inventory(
        make_strategy(),
        projects=[project("a", mandate="legal", due_date="2027-12-31")],
        project_costs=[cost("a", 2027, 1.0)],
        impact_ratings=points(a=5),
        positions=[],
    )
    plan = schedule(inventory, select_portfolio(inventory, score_impact(inventory)))
    with pytest.raises(ValueError, match="plan must have phases to be kept, but is infeasible"):
        write_baseline(tmp_path, plan, **APPROVED)


def test_an_empty_folder_has_none(tmp_path):
    with pytest.raises(ValueError, match="folder must hold a baseline"):
        read_baseline(tmp_path)


@pytest.mark.parametrize(
    "damage",
    [
        lambda folder: (folder / "load.csv").unlink(),
        lambda folder: (folder / "phases.csv").write_text("activity,start\n", "utf-8"),
        lambda folder: (folder / "baseline.json").write_text("{", "utf-8"),
        lambda folder: (folder / "baseline.json").write_text('{"format": 9}', "utf-8"),
        lambda folder: (folder / "baseline.json").write_text("[]", "utf-8"),
        lambda folder: (folder / "budget.csv").write_text(
            (folder / "budget.csv").read_text("utf-8").replace("2027", "year"), "utf-8"
        ),
        lambda folder: (folder / "projects.csv").write_text(
            (folder / "projects.csv").read_text("utf-8").replace("True", "yes"), "utf-8"
        ),
        lambda folder: (folder / "phases.csv").write_bytes(b"\xff\xfe\x00"),
    ],
)
def test_a_damaged_baseline_is_named(plan, tmp_path, damage):
    folder = write_baseline(tmp_path, plan, **APPROVED)
    damage(folder)
    with pytest.raises(ValueError, match=r"folder must hold baselines as they were written: .*2026-12-10"):
        read_baseline(tmp_path)


def test_a_baseline_can_be_moved(plan, tmp_path):
    folder = write_baseline(tmp_path / "here", plan, **APPROVED)
    target = tmp_path / "there" / "2026-12-10"
    shutil.copytree(folder, target)
    assert read_baseline(target.parent).makespan == plan.makespan
