"""What an answer is worth: by hand, by integrals, and against every portfolio; where to ask, in words."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digistrat.inventory.reading import read_inventory
from digistrat.planning import binary
from digistrat.planning.answers import Spread, regressed_spread
from digistrat.planning.knapsack import solve_knapsack
from digistrat.planning.questions import next_questions
from digistrat.scoring.impact import score_impact
from digistrat.strategy import load_strategy
from inventories import STAFF, budget, cost, link, make_inventory, make_strategy, project

DATA = Path(__file__).resolve().parents[2] / "data"
ONE_FITS = 60_000.0  # of the 100,000 € of 2027


def criterion(name, weight, **more):
    return {"id": name, "name": f"Nutzen {name}", "weight": weight, "unit": "Punkte"} | more


def strategy(*criteria, rule="weighted_mean", language="en"):
    given_ones = criteria or (criterion("K1", 50.0), criterion("K2", 50.0))
    return make_strategy(
        strategy={"title": "Test", "city": "Teststadt", "version": "1", "language": language},
        impact={"rule": rule, "source": "test", "criteria": given_ones},
    )


def rate(**by_project):
    """Rows of ratings: points by project and criterion; None is an empty cell, what is left out no row."""
    return [
        {"project_id": p, "criterion_id": c, "points": value, "rated_by": "office"}
        for p, ratings in by_project.items()
        for c, value in ratings.items()
    ]


def make(ratings, *, of=None, projects=None, costs=None, intervals=None, **tables):
    """Inventory and impact; intervals are (project, criterion): (low, high) on 0–100."""
    projects = projects or [project(p) for p in ratings]
    rows = [cost(p["project_id"], 2027, ONE_FITS) for p in projects] if costs is None else costs
    inventory = make_inventory(
        of or strategy(),
        projects=projects,
        project_costs=rows,
        impact_ratings=rate(**ratings),
        positions=list(STAFF),
        **tables,
    )
    impact = score_impact(inventory)
    low, high = impact.low.copy(), impact.high.copy()
    for (p, c), (a, b) in (intervals or {}).items():
        low.loc[p, c], high.loc[p, c] = a, b
    return inventory, replace(impact, low=low, high=high)


def worth(*made, **options):
    table = next_questions(*made, **{"n": 99, "n_samples": 8} | options)
    return {(row.subject, row.criterion): row.value for row in table.itertuples()}


# --- known answers ------------------------------------------------


def test_a_sure_58_against_30_plus_50_u():
    # E[(50 u - 28)+] = 22**2 / 100; c is worth 30 + 10 v, never first
    ratings = {"a": {"K1": 5.8, "K2": 5.8}, "b": {"K1": None, "K2": 6}, "c": {"K1": 5, "K2": 2}}
    made = make(ratings, intervals={("c", "K1"): (40.0, 60.0)})
    # the score leaves the gap out, so that b is chosen today; what is expected speaks for a
    assert made[1].table["score"].to_dict() == pytest.approx({"a": 58, "b": 60, "c": 35})
    found = next_questions(*made, n_samples=200)
    assert found[["subject", "criterion", "rank"]].values.tolist() == [["b", "K1", 1], ["c", "K1", 2]]
    assert found["value"].tolist() == pytest.approx([4.84, 0.0])
    # the only answer that counts is as good as all of them, but for the samples
    assert found["value_share"].tolist() == pytest.approx([1.0, 0.0], abs=0.3)
    for seed in range(4):  # a single sample may say that knowing everything is worth nothing
        assert next_questions(*made, n_samples=1, seed=seed)["value_share"].max() <= 1.0


def test_of_an_equal_pair_either_answer_turns_the_choice():
    # both are worth 50 with a half width of 25: E[max(0, U(-25, 25))] = 25 / 4
    gap = {"K1": None, "K2": 5}
    assert worth(*make({"a": gap, "b": gap})) == pytest.approx({("a", "K1"): 6.25, ("b", "K1"): 6.25})


@pytest.mark.parametrize(("step", "best_level"), [(5.0, 80), (4.0, 70)])
def test_ratings_in_steps_are_on_their_levels(step, best_level):
    # levels 0, 50, 100 or 0, 40, 80 of half weight: b is worth 30, 55 or 80 (30, 50 or 70) against 58
    of = strategy(criterion("K1", 50.0, step=step), criterion("K2", 50.0))
    made = make({"a": {"K1": 5, "K2": 6.6}, "b": {"K1": None, "K2": 6}}, of=of)
    assert worth(*made) == pytest.approx({("b", "K1"): (best_level - 58) / 3})


def test_a_project_without_any_rating_counts():
    # 0 to 100 against 58: 42**2 / 200; today it cannot be chosen at all
    made = make({"a": {"K1": 5.8}, "b": {"K1": None}}, of=strategy(criterion("K1", 100.0)))
    assert worth(*made) == pytest.approx({("b", "K1"): 8.82})


@pytest.mark.parametrize(
    ("rival", "expected"),
    [(5.0, 30**2 / 200 + 0.2 * 30), (2.0, 20**2 / 200)],
    ids=["left out today: E[(min(u, 80) - 50)+]", "chosen today: E[(20 - u)+]"],
)
def test_minimum_of_a_gap_and_80(rival, expected):
    # min(u, 80) is expected to be 48
    made = make({"a": {"K1": rival, "K2": rival}, "b": {"K1": None, "K2": 8}}, of=strategy(rule="minimum"))
    assert worth(*made) == pytest.approx({("b", "K1"): expected}, abs=0.3)


def test_geometric_mean_of_two_gaps():
    # 100 sqrt(u v): given u it is 200 / 3 sqrt(u); against 48, above what is expected (400 / 9)
    of = strategy(rule="geometric")
    made = make({"a": {"K1": 4.8, "K2": 4.8}, "b": {"K1": None, "K2": None}}, of=of)
    u = (np.arange(100_000) + 0.5) / 100_000
    expected = np.maximum(200 / 3 * np.sqrt(u) - 48, 0).mean()
    assert worth(*made) == pytest.approx({("b", "K1"): expected, ("b", "K2"): expected}, abs=0.4)


def test_two_gaps_may_be_worth_nothing_one_by_one():
    # min(u, v): given u at most u - u**2 / 200 <= 50 is expected
    of = strategy(rule="minimum")
    made = make({"a": {"K1": 5.5, "K2": 5.5}, "b": {"K1": None, "K2": None}}, of=of)
    assert worth(*made) == {("b", "K1"): 0.0, ("b", "K2"): 0.0}
    assert next_questions(*made, n_samples=200)["value_share"].tolist() == [0.0, 0.0]


# --- what changes no choice ---------------------------------------


@pytest.mark.parametrize(
    ("described", "dependencies"),
    [
        ({"mandate": "legal"}, []),
        ({"status": "existing"}, []),
        ({}, [link("b", "requires", "gone")]),
        ({}, [link("b", "excludes", "runs")]),
    ],
    ids=["fixed in", "running", "needs a discontinued one", "excluded by a running one"],
)
def test_a_gap_that_cannot_change_the_choice(described, dependencies):
    projects = [
        project("a"),
        project("b", **described),
        project("gone", "discontinued"),
        project("runs", "existing"),
    ]
    ratings = {"a": {"K1": 5, "K2": 5}, "b": {"K1": None, "K2": 5}, "runs": {"K1": 5, "K2": 5}}
    costs = [cost("a", 2027, ONE_FITS), cost("b", 2027, 10_000.0 if described else ONE_FITS)]
    made = make(ratings, projects=projects, costs=costs, dependencies=dependencies)
    found = next_questions(*made, n=99, n_samples=4)
    assert found["value"].tolist() == [0.0]
    assert found["value_share"].isna().all()


def test_a_project_without_costs_is_not_asked_about():
    ratings = {"a": {"K1": 5, "K2": 5}, "b": {"K1": None, "K2": 5}}
    assert worth(*make(ratings))["b", "K1"] > 0
    assert worth(*make(ratings, costs=[cost("a", 2027, ONE_FITS)]))["b", "K1"] == 0.0


def test_hopeless_and_certain_ones():
    # h reaches 50 at most and costs what s brings; both w fit beside it in any case
    made = make(
        {"s": {"K1": 9, "K2": 9}, "h": {"K1": None, "K2": 0}, "w": {"K1": None, "K2": 9}},
        costs=[cost("s", 2027, ONE_FITS), cost("h", 2027, ONE_FITS), cost("w", 2027, 30_000.0)],
    )
    assert worth(*made) == {("h", "K1"): 0.0, ("w", "K1"): 0.0}


def test_no_portfolio_at_all():
    projects = [project("a", mandate="legal"), project("b", mandate="legal"), project("c")]
    made = make({"a": {"K1": 5, "K2": 5}, "c": {"K1": None, "K2": 5}}, projects=projects)
    assert set(worth(*made).values()) == {0.0}


def test_nothing_open_and_nothing_at_all():
    for made in (make({"a": {"K1": 5, "K2": 5}}), make({}, projects=[])):
        found = next_questions(*made)
        assert found.empty
        assert list(found) == [
            "rank", "subject", "criterion", "value", "value_share", "office_id", "file", "sheet", "cell",
            "column", "question",
        ]  # fmt: skip


# --- against every portfolio --------------------------------------

one = st.tuples(st.sampled_from([None, None, 2, 5, 9]), st.sampled_from([None, 1, 5, 8]), st.integers(1, 6))
PAIRS = st.lists(
    st.tuples(st.integers(0, 4), st.sampled_from(["requires", "excludes"]), st.integers(0, 4)), max_size=2
)


@settings(max_examples=25, deadline=None)
@given(st.lists(one, min_size=2, max_size=5), PAIRS)
def test_no_decision_is_overlooked(drawn, links):
    names = [f"p{k}" for k in range(len(drawn))]
    links = [(a, kind, b) for a, kind, b in links if b < a < len(names)]
    weights = np.array([70.0, 30.0])
    made = make(
        {n: {"K1": k1, "K2": k2} for n, (k1, k2, _) in zip(names, drawn, strict=True)},
        of=strategy(criterion("K1", 70.0), criterion("K2", 30.0)),
        costs=[cost(n, 2027, size * 10_000.0) for n, (*_, size) in zip(names, drawn, strict=True)],
        dependencies=[link(names[a], kind, names[b]) for a, kind, b in links],
    )
    found = worth(*made, n_samples=1)
    portfolios = [
        x
        for x in itertools.product([0, 1], repeat=len(names))
        if np.dot(x, [size for *_, size in drawn]) <= 10
        and all(x[a] <= x[b] if kind == "requires" else x[a] + x[b] <= 1 for a, kind, b in links)
    ]
    rated = np.array([[np.nan if v is None else 10.0 * v for v in row[:2]] for row in drawn])
    mean = np.where(np.isnan(rated), 50.0, rated)
    u = (np.arange(2000) + 0.5) / 2000 * 100
    for i, j in np.argwhere(np.isnan(rated)):
        values = np.tile(mean @ weights / 100, (len(u), 1))
        values[:, i] += (u - 50) * weights[j] / 100
        total = values @ np.array(portfolios).T
        expected = total.max(axis=1).mean() - total.mean(axis=0).max()
        assert found[names[i], f"K{j + 1}"] == pytest.approx(expected, abs=1e-3)
    assert len(found) == np.isnan(rated).sum()


def test_it_finds_the_decisive_cells_among_many():
    # Thirty of sixty projects fit. 29 are far above the line and 29 far below, most of them with a gap; two
    # with a gap compete for the last place.
    rng = np.random.default_rng(3)
    ratings = {}
    for k in range(29):
        ratings[f"top{k:02}"] = {"K1": None if k < 19 else 9, "K2": 9.5}
        ratings[f"low{k:02}"] = {"K1": None if k < 19 else 0.5, "K2": 0.2}
    ratings["near1"] = {"K1": 5.5, "K2": None}
    ratings["near2"] = {"K1": 5.2, "K2": None}
    of = strategy(criterion("K1", 20.0), criterion("K2", 80.0))
    names = list(rng.permutation(list(ratings)))
    made = make(
        {name: ratings[name] for name in names}, of=of, costs=[cost(n, 2027, 100_000.0 / 30) for n in names]
    )
    found = next_questions(*made, n=5, n_samples=4)
    assert sorted(found["subject"][:2]) == ["near1", "near2"]
    assert (found["value"] > 0).tolist() == [True, True, False, False, False]
    # 51 and 50.4 are expected, half width 40: 39.4**2 / 160
    assert found["value"][:2].tolist() == pytest.approx([39.4**2 / 160] * 2)
    assert found["rank"].tolist() == [1, 1, 3, 3, 3]


def test_three_decisive_cells_among_fifty():
    # Sure winners, hopeless ones (at most 14 expected) and fixed ones, each with a gap, leave 100,000 € for
    # three: "near1" (51 expected) and "near2" (50.4), 60,000 € each, have a gap of weight 80; "dear" (30)
    # needs 30,000 to 50,000 € and fits beside one of them up to 40,000 €, in half of the cases.
    rng = np.random.default_rng(5)
    ratings, sizes = {}, {}
    for k in range(20):
        ratings[f"top{k:02}"] = {"K1": None, "K2": round(rng.uniform(9, 10), 1)}
        ratings[f"low{k:02}"] = {"K1": None, "K2": round(rng.uniform(0, 0.5), 1)}
        sizes |= {f"top{k:02}": 40_000.0, f"low{k:02}": 55_000.0}
    for k in range(10):
        ratings[f"fixed{k}"] = {"K1": rng.integers(0, 10), "K2": None}
        sizes[f"fixed{k}"] = 10_000.0
    ratings |= {
        "near1": {"K1": 5.5, "K2": None},
        "near2": {"K1": 5.2, "K2": None},
        "dear": {"K1": 3, "K2": 3},
    }
    sizes |= {"near1": 60_000.0, "near2": 60_000.0, "dear": 40_000.0}
    names = list(rng.permutation(list(ratings)))
    projects = [project(n, mandate="legal" if n.startswith("fixed") else "none") for n in names]
    ends = {"amount_eur_lower": 30_000.0, "amount_eur_upper": 50_000.0}
    made = make(
        {name: ratings[name] for name in names},
        of=make_strategy(
            impact={
                "rule": "weighted_mean",
                "source": "test",
                "criteria": (criterion("K1", 20.0), criterion("K2", 80.0)),
            },
            budgets=budget((2027, "investive", 1_000_000.0)),
        ),
        projects=projects,
        costs=[cost(n, 2027, sizes[n], **(ends if n == "dear" else {})) for n in names],
    )
    found = next_questions(*made, n=99, n_samples=4)
    assert len(found) == 53
    assert found["subject"][:3].tolist() in (["dear", "near1", "near2"], ["dear", "near2", "near1"])
    assert found["value"][:3].tolist() == pytest.approx([15.0, 39.4**2 / 160, 39.4**2 / 160], abs=1e-3)
    assert (found["value"][3:] == 0).all()


@pytest.mark.parametrize(
    ("ratings", "more"),
    [
        ({"a": {"K1": None, "K2": 5}}, {}),
        ({"a": {"K1": None, "K2": 5}, "b": {"K1": 5, "K2": None}}, {"mandate": "legal"}),
        ({"a": {"K1": None, "K2": 5}, "b": {"K1": None, "K2": 5}}, {"of": "no money"}),
    ],
    ids=["one that fits in any case", "all fixed in", "none fits in any case"],
)
def test_where_there_is_nothing_to_decide(ratings, more):
    of, size = strategy(), 50_000.0
    if more.pop("of", ""):
        of, size = make_strategy(budgets=budget((2027, "investive", 1_000.0))), 2_000.0
        ratings = {name: {"K1": None} for name in ratings}
    made = make(
        ratings,
        of=of,
        projects=[project(p, **more) for p in ratings],
        costs=[cost(p, 2027, size) for p in ratings],
    )
    found = next_questions(*made, n_samples=4)
    assert len(found) == len(ratings)
    assert (found["value"] == 0).all()
    assert found["value_share"].isna().all()


# --- the shipped round --------------------------------------------


def test_the_places_of_the_shipped_round_are_real():
    inventory = read_inventory(DATA / "raw" / "2026-04-30", load_strategy(DATA / "strategy.toml"))
    impact = score_impact(inventory)
    found = next_questions(inventory, impact, n=200, n_samples=1)
    assert (found["value"] > 0).any()
    assert not found.duplicated(["subject", "criterion"]).any()
    with_cell = found[found["cell"] != ""]
    assert not with_cell.duplicated(["file", "sheet", "cell"]).any()
    for file, rows in found.groupby("file"):
        if not file.endswith(".xlsx"):
            continue
        book = openpyxl.load_workbook(DATA / "raw" / "2026-04-30" / file, data_only=True)
        assert set(rows["sheet"]) <= set(book.sheetnames)
        for row in rows.itertuples():
            assert row.sheet in row.question
            assert (row.cell or row.column.split()[0]) in row.question
            if row.cell:  # the row of the project: its number stands in it
                line = "".join(filter(str.isdigit, row.cell))
                values = [str(cell.value).strip() for cell in book[row.sheet][int(line)]]
                assert row.subject in values, row


# --- regression and solver ----------------------------------------


def test_regression_of_a_linear_value():
    rng = np.random.default_rng(1)
    u, v = rng.random((2, 8192))
    spread = regressed_spread(u, 30 + 50 * u + 10 * (v - 0.5))
    assert spread.excess(1, 3.0) == pytest.approx(4.84, abs=0.15)


def test_noise_is_not_knowledge():
    rng = np.random.default_rng(1)
    rating, worth_ = rng.random(2000), rng.normal(50, 20, 2000)
    levels = np.floor(rating * 40)
    for given_one in (rating, levels):
        naive = Spread(moves=regressed_spread(given_one, worth_).moves).excess(1, 0.0)
        assert regressed_spread(given_one, worth_).excess(1, 0.0) < naive / 2


def test_spread_by_hand():
    steps = Spread(moves=np.array([-25.0, 0.0, 25.0]))
    assert (steps.excess(1, 5.0), steps.excess(-1, 5.0), steps.excess(1, np.inf)) == (20 / 3, 20 / 3, 0.0)
    assert (steps.most(1), Spread(half_width=2.0).most(-1)) == (25.0, 2.0)
    assert Spread(half_width=2.0).excess(1, 2.0) == 0.0


def test_without_tie_break_one_search_is_made(monkeypatch):
    searches = []
    original = binary._highs

    def counted(*args):
        searches.append(args)
        return original(*args)

    monkeypatch.setattr(binary, "_highs", counted)
    quick = solve_knapsack([2.0, 2.0, 1.0], [3.0, 2.0, 1.0], 4.0, tie_break=False)
    n_quick = len(searches)
    whole = solve_knapsack([2.0, 2.0, 1.0], [3.0, 2.0, 1.0], 4.0)
    assert (quick.objective, whole.objective, whole.slack.iloc[0]) == (3.0, 3.0, 1.0)
    assert (n_quick, len(searches)) == (1, 3)


# --- where to ask, in words ---------------------------------------


def test_a_cell_has_an_address_and_a_gap_its_column():
    ratings = {"a": {"K1": 5, "K2": 5}, "b": {"K2": 5}, "c": {"K1": None, "K2": 4}}
    found = next_questions(*make(ratings), n_samples=1).set_index("subject")
    assert found.loc["c", ["office_id", "sheet", "cell"]].tolist() == ["A1", "impact_ratings", "C5"]
    assert found.loc["b", ["office_id", "sheet", "cell"]].tolist() == ["A1", "impact_ratings", ""]
    assert (found["column"] == "K1 Nutzen K1").all()
    assert found.loc["c", "question"] == (
        "How do you rate c “Titel c” by the criterion “Nutzen K1” (0 to 10 Punkte)? The rating is missing. "
        "Please fill in: sheet “impact_ratings”, cell C5."
    )
    assert found.loc["b", "question"].endswith("sheet “impact_ratings”, column “K1 Nutzen K1”.")


def test_in_german_with_a_range_of_an_inverted_criterion():
    of = strategy(criterion("K1", 50.0, floor=10.0, target=0.0), criterion("K2", 50.0), language="de")
    made = make(
        {"a": {"K1": 5, "K2": 5}, "b": {"K1": 4, "K2": 5}}, of=of, intervals={("b", "K1"): (55.0, 70.0)}
    )
    said = next_questions(*made, n_samples=1)["question"][0]
    assert said.startswith(
        "Welcher Wert von 3 bis 4,5 gilt für b „Titel b“ beim Kriterium „Nutzen K1“ (10 bis 0 Punkte)?"
    )


def test_goals_are_asked_for_as_goals_and_what_follows_from_others_is_not_asked():
    of = strategy(
        criterion("K1", 60.0),
        criterion("K2", 20.0, target=100.0, computed="goal_fit"),
        criterion("K3", 20.0, computed="enabling_effect"),
    )
    projects = [project("a", goal_ids=["G1"]), project("b")]
    found = next_questions(*make({"a": {"K1": 6}, "b": {"K1": 8}}, of=of, projects=projects), n_samples=1)
    assert found[["subject", "criterion"]].values.tolist() == [["b", "K2"]]
    assert found["question"][0].startswith("Which goals does b “Titel b” serve?")
    assert found["value"][0] > 0


def test_scores_without_cells_still_name_sheet_and_column():
    inventory, impact = make({"a": {"K1": 5, "K2": 5}, "b": {"K1": None, "K2": 5}})
    row = next_questions(inventory, replace(impact, cells=None), n_samples=1).iloc[0]
    assert row[["file", "sheet", "cell", "column"]].tolist() == ["", "Wirkung", "", "K1 Nutzen K1"]


# --- calls --------------------------------------------------------


def test_the_same_seed_gives_the_same_questions_and_nothing_is_changed():
    ratings = {p: {"K1": None, "K2": k} for k, p in enumerate("abcd", start=3)}
    inventory, impact = make(ratings)
    before = impact.values.copy(), impact.low.copy(), inventory.projects.copy()
    first = next_questions(inventory, impact, n=2, n_samples=16, seed=5)
    pd.testing.assert_frame_equal(first, next_questions(inventory, impact, n=2, n_samples=16, seed=5))
    assert len(first) == 2
    for was, now in zip(before, (impact.values, impact.low, inventory.projects), strict=True):
        pd.testing.assert_frame_equal(was, now)


@pytest.mark.parametrize("wrong", [{"n": 0}, {"n_samples": 0}])
def test_wrong_calls(wrong):
    with pytest.raises(ValueError, match="must be at least 1, not 0"):
        next_questions(*make({"a": {"K1": None, "K2": 5}}), **wrong)


def test_progress_goes_to_the_end(capsys):
    next_questions(*make({"a": {"K1": None, "K2": 5}}), n_samples=3, progress=True)
    assert "4/4" in capsys.readouterr().err
