"""Running costs without gaps, against a plain loop over the years of every project and kind."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digistrat.planning.money import unclear_costs, yearly_costs
from digistrat.scoring.running import carried_on, known_years
from inventories import make_inventory, make_strategy, project

Rows = list[tuple[str, str | None, int, float | None]]


def frame(rows: Rows) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=["project_id", "kind", "year", "value"])
    table = table.astype({"project_id": "str", "kind": "str", "year": "float64", "value": "float64"})
    return table.assign(high=table["value"] * 2)


def carry(rows: Rows, until: pd.Series | int) -> list[tuple[str, int, float, float, bool]]:
    found = carried_on(frame(rows), ["value", "high"], known="value", until=until)
    return list(found.drop(columns="kind").itertuples(index=False, name=None))


def test_gaps_ends_and_zeros_by_hand() -> None:
    rows: Rows = [
        ("a", "x", 2028, 30.0),
        ("a", "x", 2026, None),  # before the first legible one: that one
        ("a", "x", 2030, 5.0),
        ("a", "x", 2030, 4.0),  # two rows of a year are added up
        ("a", "y", 2027, 0.0),  # a zero that the office writes ends them
    ]
    assert carry(rows, 2031) == [
        ("a", 2026, 30, 60, True),
        ("a", 2027, 30, 60, True),
        ("a", 2028, 30, 60, False),
        ("a", 2029, 30, 60, True),
        ("a", 2030, 9, 18, False),
        ("a", 2031, 9, 18, True),
        ("a", 2027, 0, 0, False),
        *(("a", year, 0, 0, True) for year in range(2028, 2032)),
    ]


def test_each_project_has_its_own_last_year() -> None:
    rows: Rows = [(name, "x", 2026, 1.0) for name in "abc"]
    years = [(name, year) for name, year, *_ in carry(rows, pd.Series({"a": 2027.0, "b": 2020.0}))]
    assert years == [("a", 2026), ("a", 2027), ("b", 2026), ("c", 2026)]


def test_where_no_year_is_legible_nothing_is_known_or_assumed() -> None:
    found = carry([("a", "x", 2026, 10.0), ("a", "x", 2026, None)], 2027)
    assert [row[:2] for row in found] == [("a", 2026), ("a", 2027)]
    assert np.isnan([row[2] for row in found]).all()
    assert not any(row[4] for row in found)


def test_an_unknown_end_of_a_legible_year_goes_on_unknown() -> None:
    costs = frame([("a", "x", 2026, 10.0), ("a", "x", 2027, 20.0)])
    costs.loc[1, "high"] = np.nan  # "at least 20"
    found = carried_on(costs, ["value", "high"], known="value", until=2028)
    assert found["high"].tolist() == pytest.approx([20, np.nan, np.nan], nan_ok=True)


def test_a_date_as_a_year_takes_no_memory_and_is_not_known() -> None:
    """20280101 would be 20 million years of running costs."""
    running = [
        {"project_id": "a", "kind": "consumptive", "year": year, "is_recurring": True, "amount_eur": 5.0}
        for year in (2027, 20280101)
    ]
    inventory = make_inventory(make_strategy(), projects=[project("a")], project_costs=running)
    assert yearly_costs(inventory, until=2029)["year"].tolist() == [2027, 2028, 2029]
    assert unclear_costs(inventory).tolist() == ["a"]


@pytest.mark.parametrize(("year", "is_known"), [(1899, False), (1900, True), (2200, True), (2201, False)])
def test_years_that_can_be(year: int, is_known: bool) -> None:
    assert known_years(pd.Series([year])).notna().tolist() == [is_known]


def test_no_costs() -> None:
    found = carried_on(frame([]), ["value"], known="value", until=2030)
    assert found.empty
    assert found.columns.tolist() == ["project_id", "kind", "year", "value", "is_assumed"]
    assert found["is_assumed"].dtype == bool


def by_loop(rows: Rows, until: int) -> dict[tuple[str, str | None, int], tuple[float, bool]]:
    answer = {}
    for series in dict.fromkeys((name, kind) for name, kind, *_ in rows):
        given_years: dict[int, list[float | None]] = {}
        for name, kind, year, value in rows:
            if (name, kind) == series:
                given_years.setdefault(year, []).append(value)
        legible = {y: sum(v) for y, v in given_years.items() if None not in v}  # type: ignore[arg-type]
        for year in range(min(given_years), max(until, *given_years) + 1):
            before = [y for y in legible if y <= year]
            nearest = max(before) if before else min(legible, default=None)
            value = np.nan if nearest is None else legible[nearest]
            answer[*series, year] = value, nearest is not None and year not in legible
    return answer


amounts = st.one_of(st.none(), st.integers(0, 9).map(float))
costs = st.lists(
    st.tuples(st.sampled_from("ab"), st.sampled_from(["x", "y", None]), st.integers(2026, 2031), amounts),
    min_size=1,
    max_size=10,
)


@settings(max_examples=60, deadline=None)
@given(costs, st.integers(2024, 2033))
def test_it_is_what_a_loop_finds(rows: Rows, until: int) -> None:
    found = carried_on(frame(rows), ["value", "high"], known="value", until=until)
    keys = [(p, None if pd.isna(k) else k, y) for p, k, y in found.iloc[:, :3].itertuples(index=False)]
    expected = by_loop(rows, until)
    assert keys == list(expected)
    values, assumed = zip(*expected.values(), strict=True)
    assert found["value"].tolist() == pytest.approx(list(values), nan_ok=True)
    assert found["high"].tolist() == pytest.approx([2 * value for value in values], nan_ok=True)
    assert found["is_assumed"].tolist() == list(assumed)
