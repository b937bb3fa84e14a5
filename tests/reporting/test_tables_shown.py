"""Tables for people: names beside ids, per cent, places, and the right rows."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import small_results as small
from hypothesis import given, settings
from hypothesis import strategies as st

from digistrat.reporting import tables
from digistrat.reporting.results import Results


def with_parts(language: str = "de") -> Results:
    known = small.inventory(language)
    return small.results(
        inventory=known,
        services=small.services_of(known),
        maturity=small.maturity_of(known),
        questions=small.QUESTIONS,
        economics=small.ECONOMICS,
    )


def test_groups_stand_by_name_and_the_strategy_first_on_top() -> None:
    table = tables.group_table(with_parts())
    assert table.columns.tolist() == [
        "title", "office", "Rang: Strategie", "Rang: Kammer", "best", "worst", "width"
    ]  # fmt: skip
    assert table["title"].tolist() == ["Eins", "Zwei", "Drei", "Vier"]
    assert table["office"].tolist() == ["Erstes Amt"] * 2 + ["Zweites Amt"] * 2
    assert table["Rang: Kammer"].tolist() == [4, 3, 2, 1]


@pytest.mark.parametrize(("k", "stays"), [(1, [False]), (2, [False, False]), (3, [False, True, True])])
def test_who_stays_among_the_first(k: int, stays: list[bool]) -> None:
    found = tables.stays_first(with_parts().group_ranks, k)
    assert found.index.tolist() == ["p1", "p2", "p3"][:k]
    assert found.tolist() == stays


def test_a_group_without_a_rank_leaves_it_open_unless_another_says_no() -> None:
    ranks = pd.DataFrame(
        {"strategy": [1, 2, 3], "a": [pd.NA, 1, pd.NA], "b": [1, 2, 3]}, index=list("xyz"), dtype="Int64"
    )
    assert tables.stays_first(ranks, 2).tolist() == [pd.NA, True]
    ranks.loc["x", "b"] = 3
    assert tables.stays_first(ranks, 2).tolist() == [False, True]


@settings(max_examples=60, deadline=None)
@given(st.permutations(range(1, 9)), st.permutations(range(1, 9)), st.integers(1, 8))
def test_whoever_stays_is_among_the_first_of_all(a: list[int], b: list[int], k: int) -> None:
    ranks = pd.DataFrame({"strategy": a, "b": b}, dtype="Int64")
    found = tables.stays_first(ranks, k)
    assert set(found.index[found]) == {i for i in range(8) if a[i] <= k and b[i] <= k}


def test_pairs_are_counted_alike_opposite_and_not_told_apart() -> None:
    # of the pairs ab, ac, bc the second method turns ab round, the third does not tell it apart
    ranks = pd.DataFrame({"x": [1, 2, 3], "y": [2, 1, 3], "z": [1, 1, 3]}, index=list("abc"))
    same, opposite = tables.pairs_in_order(ranks)
    assert same.loc["x"].to_list() == pytest.approx([100, 200 / 3, 200 / 3])
    assert opposite.loc["x"].to_list() == pytest.approx([0, 100 / 3, 0])
    assert same.at["z", "z"] == pytest.approx(200 / 3)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 4), st.integers(1, 4)), min_size=2, max_size=12))
def test_pairs_agree_with_counting_one_by_one(rows: list[tuple[int, int]]) -> None:
    same, opposite = tables.pairs_in_order(pd.DataFrame(rows, columns=["x", "y"]))
    signs = [(a - c) * (b - d) for k, (a, b) in enumerate(rows) for c, d in rows[k + 1 :]]
    assert same.at["x", "y"] == pytest.approx(100 * sum(s > 0 for s in signs) / len(signs))
    assert opposite.at["y", "x"] == pytest.approx(100 * sum(s < 0 for s in signs) / len(signs))


def test_projects_that_change_places_have_titles() -> None:
    r = with_parts()
    # with all four among the first nobody changes places; with two, p1 falls behind p3 below 9/17
    from digistrat.scoring.stability import weight_stability

    table = tables.criterion_table(r, weight_stability(r.impact, 2))  # type: ignore[arg-type]
    assert table.loc["use", "lower"] == pytest.approx(100 * 9 / 17)
    assert table.loc["use", ["leaves_below", "enters_below"]].tolist() == ["p1 Eins", "p3 Drei"]
    assert table["name"].tolist() == ["Nutzen", "Reichweite"]
    assert pd.isna(table.loc["use", "enters_above"])


def test_levels_have_chance_and_the_best_steps() -> None:
    table = tables.level_table(with_parts())
    assert table["level"].tolist() == ["oben", "oben"]
    # the open answer may be 0, 1, 2, 3, 4; from 2 on the mean is at least 50
    assert table["chance"].tolist() == pytest.approx([100.0, 60.0])
    assert table["step"].tolist() == [
        "Daten 2 → 3; Netz 2 → 3 (je +12,5 Punkte)",
        "Daten 2 → 3 (+25,0 Punkte)",
    ]
    chances = tables.chance_table(with_parts("en"))
    assert chances[["unten (%)", "oben (%)"]].round(6).to_numpy().tolist() == [[0, 100], [40, 60]]


def test_bundles_name_their_services() -> None:
    table = tables.bundle_table(with_parts())
    assert table["services"].to_dict() == {"b1": "Pass; Ausweis", "b2": "Meldung"}
    assert table["is_online"].tolist() == [True, False]


def test_questions_are_those_that_can_change_something() -> None:
    table = tables.question_table(with_parts())
    assert table["question"].tolist() == ["Drei?", "Vier?"]
    assert table["office"].tolist() == ["Zweites Amt", "Zweites Amt"]
    # without a cell the header says where the answer belongs
    assert table["place"].tolist() == ["A2.xlsx › Wirkung › C4", "Wirkung › Nutzen"]
    nothing = small.results(questions=small.QUESTIONS.assign(value=0.0))
    assert tables.question_table(nothing).empty


def test_economics_stand_by_value_and_the_reasons_are_counted() -> None:
    r = with_parts()
    table = tables.economics_table(r)
    assert table.index[:2].tolist() == ["p1", "p3"]
    assert table["title"].tolist()[:2] == ["Eins", "Drei"]
    reasons = tables.economics_reasons(r)
    assert dict(zip(reasons["why_not"], reasons["n_projects"], strict=True)) == {
        "keine Wirkung": 1,
        "keine Kosten": 1,
    }


def test_assumptions_that_cannot_vary_are_not_shown() -> None:
    r = with_parts()
    told = tables.assumption_table(r)
    varying = r.assumptions.index[r.assumptions["varies"]]
    assert len(told) == len(varying) < len(r.assumptions)
    shares = told.drop(columns="mean_shift").to_numpy(dtype=float)
    assert np.nanmin(shares) >= 0
    assert np.nanmax(shares) <= 100


def test_no_table_without_results() -> None:
    r = Results(small.inventory())
    for make in (
        tables.group_table, tables.method_table, tables.agreement_table, tables.assumption_table,
        tables.level_table, tables.chance_table, tables.step_table, tables.bundle_table,
        tables.question_table, tables.economics_table, tables.economics_reasons, tables.difference_table,
    ):  # fmt: skip
        assert make(r).empty, make.__name__
    assert tables.criterion_table(r, r.stability).empty
