"""Readiness of projects by hand: R1 weighs 75, R2 weighs 25, levels 0–4."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from digistrat.scoring.readiness import score_readiness
from inventories import make_inventory, make_strategy, project


def item(project_id, item_id, level, **more):
    return {"project_id": project_id, "item_id": item_id, "level": level} | more


def readiness(*rows, projects=None):
    return score_readiness(
        make_inventory(
            make_strategy(), projects=projects or [project("a"), project("b")], readiness_ratings=list(rows)
        )
    )


def test_by_hand():
    scores = readiness(item("a", "R1", 2), item("a", "R2", 4), item("b", "R1", 4))
    assert scores.table["score"].tolist() == [pytest.approx(62.5), 100]  # (75·50 + 25·100) / 100; R1 alone
    assert scores.table["lower"].tolist() == [pytest.approx(62.5), 75]
    assert scores.table["coverage"].tolist() == [1, 0.75]
    assert scores.table["rank"].tolist() == [2, 1]
    assert scores.contributions.loc["a"].tolist() == pytest.approx([37.5, 25])
    assert (scores.what, scores.unit) == ("readiness", "project")


def test_too_few_answers_give_no_rank():
    scores = readiness(item("a", "R2", 4), item("b", "R1", 1))
    row = scores.table.loc["a"]
    assert (row["state"], row["score"], row["lower"], row["upper"]) == ("provisional", 100, 25, 100)
    assert pd.isna(row["rank"])
    assert scores.table.loc["b", "rank"] == 1


def test_what_does_not_apply_leaves_the_denominator():
    scores = readiness(item("a", "R1", None, state="not_applicable"), item("a", "R2", 3))
    row = scores.table.loc["a"]
    assert (row["score"], row["lower"], row["upper"], row["coverage"]) == (75, 75, 75, 1)


def test_discontinued_projects_are_not_scored_others_are():
    projects = [
        project(s or "none", s) for s in ("possible", "existing", "in_preparation", "discontinued", None)
    ]
    scores = readiness(projects=projects)
    assert "discontinued" not in scores.table.index
    assert len(scores.table) == 4
    assert scores.table["score"].isna().all()


def test_explain_leads_to_the_cell():
    told = readiness(item("b", "R1", 1), item("a", "R2", 3)).explain("a")
    assert told["cell"].tolist() == [
        "returns.xlsx › readiness_ratings › column “R1 Konzept”",
        "returns.xlsx › readiness_ratings › C3",
    ]
    assert np.isnan(told.loc["R1", "raw"])
    assert told.loc["R2", "raw"] == 3
