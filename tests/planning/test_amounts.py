"""What knowing a cost is worth: by hand, and against every portfolio at every amount."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digistrat.planning.amounts import Amount, mean_of_steps
from digistrat.planning.portfolio import select_portfolio
from digistrat.planning.questions import next_questions
from digistrat.scoring.impact import score_impact
from inventories import STAFF, budget, cost, link, make_inventory, make_strategy, points, project

T = 1000.0
CELL = "project_costs.amount_eur 2027 investive"


def between(name, low, high, year=2027, **more):
    """A cost that is known as a range, in thousands."""
    ends = {"amount_eur_lower": low * T, "amount_eur_upper": high * T}
    return cost(name, year, (low + high) / 2 * T, **ends, **more)


def make(values, costs, *, projects=None, money=100, **more):
    """Inventory and impact of projects of these values (0–100) and a budget of 2027 (thousands)."""
    words = {"title": "Test", "city": "Teststadt", "version": "1", "language": more.pop("language", "en")}
    of = more.pop("of", None) or make_strategy(strategy=words, budgets=budget((2027, "investive", money * T)))
    inventory = make_inventory(
        of,
        projects=[project(p) for p in values] if projects is None else projects,
        project_costs=costs,
        impact_ratings=points(**{p: None if v is None else v / 10 for p, v in values.items()}),
        positions=list(STAFF),
        **more,
    )
    return inventory, score_impact(inventory)


def worth(made, **options):
    table = next_questions(*made, **{"n": 99, "n_samples": 4} | options)
    return {(row.subject, row.criterion): row.value for row in table.itertuples()}


# --- ranges, by hand ----------------------------------------------


def test_both_fit_only_if_one_is_at_its_low_end():
    # a needs 60 of 100, b 30 to 50: both fit up to 40, in half of the cases, and then b adds 40 points
    made = make({"a": 50, "b": 40}, [cost("a", 2027, 60 * T), between("b", 30, 50)])
    assert select_portfolio(*made).selected.tolist() == ["a"]
    found = next_questions(*made, n_samples=400)
    assert found[["subject", "criterion", "rank"]].values.tolist() == [["b", CELL, 1]]
    assert found["value"][0] == pytest.approx(20.0, abs=1e-3)
    assert found["value_share"][0] == pytest.approx(1.0, abs=0.15)  # nothing else is open


def test_a_gain_in_two_steps():
    # c needs the last 6: up to 34 all three fit (+40), up to 40 a and b (+30), else a and c as today
    made = make(
        {"a": 50, "b": 40, "c": 10}, [cost("a", 2027, 60 * T), between("b", 30, 50), cost("c", 2027, 6 * T)]
    )
    assert worth(made) == {("b", CELL): pytest.approx(0.2 * 40 + 0.3 * 30, abs=1e-3)}


@pytest.mark.parametrize(
    ("low", "high", "why"),
    [(41, 50, "never fits"), (20, 40, "fits in any case"), (70, 90, "a is better")],
)
def test_a_range_that_changes_nothing(low, high, why):
    made = make({"a": 50, "b": 40}, [cost("a", 2027, 60 * T), between("b", low, high)])
    assert worth(made) == {("b", CELL): 0.0}, why


def test_a_dear_one_that_is_better_if_cheap_enough():
    # b alone fits up to 100, half of 80 to 120; then it takes the place of a (+20)
    made = make({"a": 50, "b": 70}, [cost("a", 2027, 60 * T), between("b", 80, 120)])
    assert worth(made) == {("b", CELL): pytest.approx(10.0, abs=1e-3)}


@pytest.mark.parametrize("described", [{"status": "existing"}, {"mandate": "legal"}])
def test_what_running_and_fixed_projects_leave(described):
    # r needs 30 to 50 in any case; a (60) fits beside it up to 40
    projects = [project("a"), project("r", **described)]
    made = make({"a": 50, "r": 10}, [cost("a", 2027, 60 * T), between("r", 30, 50)], projects=projects)
    assert worth(made) == {("r", CELL): pytest.approx(25.0, abs=1e-3)}


def test_a_running_project_that_needs_more_than_there_is():
    # up to 100 is covered, what is left of it below 40 is enough for a: a fifth of 20 to 120
    projects = [project("a"), project("r", "existing")]
    made = make({"a": 50, "r": 10}, [cost("a", 2027, 60 * T), between("r", 20, 120)], projects=projects)
    assert worth(made) == {("r", CELL): pytest.approx(10.0, abs=1e-3)}


def test_what_recurs_counts_in_every_year():
    # b needs 30 to 50 in 2027 and so on; in 2028 there are 95, so that it fits up to 35 beside a
    money = budget((2027, "investive", 100 * T), (2028, "investive", 95 * T))
    costs = [cost("a", 2027, 60 * T, is_recurring=True), between("b", 30, 50, is_recurring=True)]
    assert worth(make({"a": 50, "b": 40}, costs, of=make_strategy(budgets=money))) == {
        ("b", CELL): pytest.approx(10.0, abs=1e-3)
    }


def test_one_of_two_ranges_is_known_the_other_counts_at_its_upper_end():
    # beside b at 50 there is room for a up to 50 (a quarter of 40 to 80), and the same for b at a's 80: never
    made = make({"a": 50, "b": 40}, [between("a", 40, 80), between("b", 30, 50)])
    assert worth(made) == {("a", CELL): pytest.approx(10.0, abs=1e-3), ("b", CELL): 0.0}


def test_ratings_keep_their_value_beside_ranges():
    # b is 0 to 100 against a sure 58 (42**2 / 200, as both do not fit at b's upper end)
    costs = [cost("a", 2027, 60 * T), between("b", 41, 50)]
    assert worth(make({"a": 58, "b": None}, costs)) == {("b", "K1"): pytest.approx(8.82), ("b", CELL): 0.0}
    # b is expected to be worth 50 and fits beside a up to 45: 4 of 9
    costs = [cost("a", 2027, 55 * T), between("b", 41, 50)]
    found = worth(make({"a": 58, "b": None}, costs))
    assert found == {("b", "K1"): pytest.approx(8.82), ("b", CELL): pytest.approx(50 * 4 / 9, abs=1e-3)}


# --- ranges, against every portfolio ------------------------------

one = st.tuples(st.integers(1, 9), st.integers(1, 6), st.sampled_from([0, 0, 2, 4]))
PAIRS = st.lists(
    st.tuples(st.integers(0, 4), st.sampled_from(["requires", "excludes"]), st.integers(0, 4)), max_size=2
)


@settings(max_examples=25, deadline=None)
@given(st.lists(one, min_size=2, max_size=5), PAIRS, st.booleans())
def test_equals_the_best_of_all_portfolios_at_every_amount(drawn, links, first_runs):
    names = [f"p{k}" for k in range(len(drawn))]
    links = [(a, kind, b) for a, kind, b in links if b < a < len(names) and (b > 0 or not first_runs)]
    made = make(
        {n: 10.0 * value for n, (value, _, _) in zip(names, drawn, strict=True)},
        [between(n, 10 * low, 10 * (low + width)) for n, (_, low, width) in zip(names, drawn, strict=True)],
        projects=[
            project(n, "existing" if first_runs and n == "p0" else "possible", mandate="none") for n in names
        ],
        dependencies=[link(names[a], kind, names[b]) for a, kind, b in links],
    )
    portfolios = np.array(
        [
            x
            for x in itertools.product([0, 1], repeat=len(names))
            if (x[0] or not first_runs)
            and all(x[a] <= x[b] if kind == "requires" else x[a] + x[b] <= 1 for a, kind, b in links)
        ]
    )
    values = np.array([0.0 if first_runs and k == 0 else 10.0 * v for k, (v, _, _) in enumerate(drawn)])
    upper = np.array([float(low + width) for _, low, width in drawn])

    def best(costs):
        fits = portfolios @ costs <= 10 + 1e-9
        # a running project that needs more than there is leaves nothing, but is no reason against the others
        fits |= portfolios @ (costs * (values > 0)) == 0
        return (portfolios @ values)[fits].max()

    found = worth(made)
    for k, (_, low, width) in enumerate(drawn):
        if width:
            middles = low + (np.arange(400) + 0.5) / 400 * width
            after = [best(np.where(np.arange(len(names)) == k, theta, upper)) for theta in middles]
            expected = np.mean(after) - best(upper)
            assert found[names[k], CELL] == pytest.approx(expected, rel=0.03, abs=0.3)
    assert len(found) == sum(width > 0 for *_, width in drawn)


def test_the_first_ones_are_the_same_however_many_are_asked_for():
    costs = [cost("a", 2027, 60 * T), between("b", 30, 50), between("c", 35, 45), between("d", 20, 60)]
    made = make({"a": 50, "b": 40, "c": 35, "d": 30}, costs)
    whole = next_questions(*made, n=9, n_samples=2)
    assert (whole["value"] > 0).sum() >= 2
    for n in (1, 2):
        short = next_questions(*made, n=n, n_samples=2)
        assert short["value"].tolist() == whole["value"][:n].tolist()
        assert short["subject"].tolist() == whole["subject"][:n].tolist()


# --- missing amounts ----------------------------------------------

FIVE = {"a": 90, "b": 80, "c": 70, "d": 60, "e": 50}
THEIRS = [cost(p, 2027, amount * T) for p, amount in zip(FIVE, (10, 20, 30, 15, 25), strict=True)]


def test_an_illegible_amount_is_as_likely_as_those_of_others():
    # they need 100 of 130: m fits beside them at 10, 15, 20, 25 and 30
    lacking = [*THEIRS, cost("m", 2027, None)]
    assert worth(make(FIVE | {"m": 40}, lacking, money=130)) == {("m", CELL): pytest.approx(40.0)}
    # of 120: at 10, 15 and 20 all; at 25 it takes the place of nobody, being worth least
    assert worth(make(FIVE | {"m": 40}, lacking, money=120)) == {("m", CELL): pytest.approx(0.6 * 40)}
    # worth most and 30 left: all at 30 too; of 115: all at 10 and 15; without e (-50) at 20, 25 and 30
    found = worth(make(FIVE | {"m": 95}, lacking, money=115))
    assert found == {("m", CELL): pytest.approx(95 - 0.6 * 50, abs=0.02 * 65)}


def test_several_missing_amounts_are_one_question():
    costs = [*THEIRS, cost("m", 2027, None), cost("m", 2027, None, "consumptive")]
    found = next_questions(*make(FIVE | {"m": 40}, costs, money=130), n_samples=2)
    assert found[["subject", "criterion", "cell"]].values.tolist() == [["m", CELL, "E7"]]
    assert found["question"][0] == (
        "What does m “Titel m” cost in 2027 (investive), 2027 (consumptive)? The amount could not be read, "
        "so that the project cannot be chosen. Please fill in: sheet “project_costs”, cell E7; "
        "sheet “project_costs”, cell E8."
    )


def test_a_project_without_costs_is_like_any_other_one():
    # totals 10, 15, 20, 25 and 30, all in the year that they all name; of 120 it fits at 10, 15 and 20
    found = next_questions(*make(FIVE | {"m": 40}, THEIRS, money=120, language="de"), n_samples=2)
    assert found[["subject", "criterion"]].values.tolist() == [["m", "project_costs.amount_eur"]]
    assert found["value"][0] == pytest.approx(0.6 * 40)
    assert found.loc[0, ["file", "sheet", "cell", "column"]].tolist() == [
        "returns.xlsx",
        "Kosten",
        "",
        "2027",
    ]
    assert found["question"][0] == (
        "Was kostet m „Titel m“ in jedem Jahr ab 2027? Es sind keine Kosten angegeben; so kann das Vorhaben "
        "nicht ausgewählt werden. Bitte eintragen: Blatt „Kosten“, eine Zeile je Kostenart, die Beträge in "
        "den Spalten der Jahre."
    )


def test_four_amounts_are_no_distribution():
    four = {p: FIVE[p] for p in "abcd"}
    costs = [row for row in THEIRS if row["project_id"] != "e"]
    assert worth(make(four | {"m": 40}, costs, money=200)) == {}
    assert worth(make(four | {"m": 40}, [*costs, cost("m", 2027, None)], money=200)) == {}


@pytest.mark.parametrize(
    ("described", "links"),
    [({"mandate": "legal"}, []), ({}, [link("m", "requires", "gone")]), ({"status": "discontinued"}, [])],
    ids=["fixed in", "kept out in any case", "no candidate"],
)
def test_whose_missing_costs_are_not_asked_for(described, links):
    projects = [*(project(p) for p in FIVE), project("m", **described), project("gone", "discontinued")]
    made = make(FIVE | {"m": 40}, THEIRS, projects=projects, money=150, dependencies=links)
    assert worth(made) == {}


def test_neither_value_nor_costs_known():
    # either answer alone lets it not be chosen
    made = make(FIVE | {"m": None}, THEIRS, money=150)
    assert worth(made) == {("m", "K1"): 0.0}


# --- records ------------------------------------------------------


def test_amount_by_hand():
    levels = Amount("p", (), np.array([0.0, 1.0]), np.array([40.0, 0.0]), np.array([0.25, 0.5, 0.5, 1.0]))
    assert levels.is_missing
    assert [levels.needs(share)[0] for share in (0.0, 0.25, 0.6, 1.0)] == [10.0, 20.0, 20.0, 40.0]
    assert [levels.share_within(np.array([room, 1.0])) for room in (5, 10, 20, 39, 40)] == [
        0,
        0.25,
        0.75,
        0.75,
        1,
    ]
    line = Amount("p", (), np.array([30.0, 5.0]), np.array([20.0, 10.0]))
    assert line.needs(0.5).tolist() == [40.0, 10.0]
    assert line.share_within(np.array([45.0, 7.0])) == pytest.approx(0.2)
    assert [line.share_within(np.array([room, 99.0])) for room in (20.0, 60.0)] == [0.0, 1.0]


def test_a_range_in_words():
    made = make({"a": 50, "b": 40}, [cost("a", 2027, 60 * T), between("b", 30, 50)], language="de")
    row = next_questions(*made, n_samples=2).iloc[0]
    assert row[["office_id", "file", "sheet", "cell", "column"]].tolist() == [
        "A1", "returns.xlsx", "project_costs", "E3", "2027",
    ]  # fmt: skip
    assert row["question"] == (
        "Welcher Betrag von 30.000 € bis 50.000 € gilt für b „Titel b“ im Jahr 2027 (investiv)? Bisher ist "
        "der Betrag nur ungefähr bekannt. Bitte genauer angeben: Blatt „project_costs“, Zelle E3."
    )


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.floats(0.01, 0.99), st.floats(0.1, 50)), min_size=1, max_size=40))
def test_mean_of_steps_is_exact_for_few_and_close_for_many(drawn):
    places = np.sort([place for place, _ in drawn])
    drops = np.array([drop for _, drop in drawn])
    searched = []

    def search(at):
        searched.append(at)
        later = places >= at
        return drops[later].sum(), places[later].min(initial=1.0)

    expected = (places * drops).sum()  # each drop counts up to its place
    found = mean_of_steps(search)
    assert found == pytest.approx(expected, rel=0.021 if len(drawn) <= 3 else 0.25, abs=1e-3)
    assert len(searched) <= 7
