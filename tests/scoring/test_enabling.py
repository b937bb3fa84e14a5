"""Enabling effect by hand, and against the sum over all ways that graph theory gives for trees."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digistrat.scoring.enabling import enabling_circles, enabling_effect, enabling_links, enabling_parts
from inventories import link, make_inventory, make_strategy, project

Links = list[tuple[str, str]]


def effect(links: Links, base: dict[str, float], **more: object) -> pd.DataFrame:
    frame = pd.DataFrame(links, columns=["project_id", "other_id"], dtype="str")
    return enabling_effect(frame, pd.Series(base, dtype=float), **more)


def links_of(*links: dict[str, str], names: str = "abcd", **status: str) -> Links:
    projects = [project(name, status.get(name, "possible")) for name in names]
    found = enabling_links(make_inventory(make_strategy(), projects=projects, dependencies=list(links)))
    return sorted(found.itertuples(index=False, name=None))


def test_a_chain_by_hand() -> None:
    # C builds on B, B on A: A has half of B and a quarter of C
    found = effect([("B", "A"), ("C", "B")], {"A": 10, "B": 60, "C": 80})
    assert found["value"].tolist() == [50, 40, 0]
    assert found["n"].tolist() == [2, 1, 0]
    assert found["enabled"].tolist() == [("B", "C"), ("C",), ()]
    assert found["lower"].tolist() == found["upper"].tolist() == [50, 40, 0]


def test_two_ways_to_a_project_are_one_benefit() -> None:
    diamond = [("B", "A"), ("C", "A"), ("D", "B"), ("D", "C")]
    assert effect(diamond, dict.fromkeys("ABCD", 40.0)).loc["A", "value"] == 50  # 20 + 20 + 10
    shortcut = [*diamond, ("D", "A")]  # the shortest way counts
    assert effect(shortcut, dict.fromkeys("ABCD", 40.0)).loc["A", "value"] == 60


def test_the_parts_of_a_sum_by_hand() -> None:
    # D builds on B and C alike, and counts once, by the first of the two links
    links = [("C", "A"), ("B", "A"), ("D", "B"), ("D", "C"), ("E", "D")]
    frame = pd.DataFrame(links, columns=["project_id", "other_id"], index=[10, 11, 12, 13, 14])
    base = pd.Series({"A": 1.0, "B": 40.0, "C": np.nan, "D": 60.0, "E": 8.0})
    low, high = pd.Series({"C": 10.0, "D": 50.0}), pd.Series({"C": 20.0, "D": 80.0})
    low, high = low.reindex(base.index).fillna(base), high.reindex(base.index).fillna(base)
    found = enabling_parts(frame, base, "A", low=low, high=high)
    assert found.index.tolist() == ["B", "C", "D", "E"]
    assert found["steps"].tolist() == [1, 1, 2, 3]
    assert found["value"].tolist() == [40, 15, 60, 8]
    assert found["share"].tolist() == [0.5, 0.5, 0.25, 0.125]
    assert found["points"].tolist() == [20, 7.5, 15, 1]
    assert found["low"].tolist() == [40, 10, 50, 8]
    assert found["high"].tolist() == [40, 20, 80, 8]
    assert found["is_known"].tolist() == [True, False, True, True]
    assert found["link"].tolist() == [11, 10, 12, 14]
    assert enabling_parts(frame, base, "E").empty


def test_no_more_than_the_target() -> None:
    links = [(name, "A") for name in "BCDE"]
    base = dict.fromkeys("ABCDE", 80.0)
    assert effect(links, base).loc["A", "value"] == 100
    assert effect(links, base, target=120.0).loc["A", "value"] == 120
    assert effect(links, base, target=np.inf).loc["A", "value"] == 160
    assert effect(links, base, target=np.inf, discount=0.25).loc["A", "value"] == 80


def test_what_is_not_known_widens_the_bounds() -> None:
    found = effect([("B", "A"), ("C", "A"), ("D", "B")], {"A": 0, "B": 60, "C": np.nan, "D": np.nan})
    # half of 60; of C and D half and a quarter of 50, the middle of what they may be
    assert found.loc["A", ["value", "lower", "upper", "n", "n_unknown"]].tolist() == [67.5, 30, 100, 3, 2]
    assert found.loc["B", ["value", "lower", "upper", "n_unknown"]].tolist() == [25, 0, 50, 1]
    low, high = pd.Series({"A": 0.0, "B": 40.0, "C": 0.0}), pd.Series({"A": 0.0, "B": 70.0, "C": 20.0})
    found = effect([("B", "A"), ("C", "A")], {"A": 0, "B": 60, "C": np.nan}, low=low, high=high)
    assert found.loc["A", ["value", "lower", "upper"]].tolist() == [35, 20, 45]  # C counts 10 at most, 5 here


def test_circles_are_left_out_and_what_hangs_on_them_counts() -> None:
    circle = [("A", "B"), ("B", "C"), ("C", "A"), ("D", "A"), ("C", "E")]
    base = dict.fromkeys("ABCDE", 60.0)
    for links in itertools.permutations(circle):
        assert effect(list(links), base)["value"].tolist() == [30, 0, 0, 0, 30]
    assert effect([("A", "A")], {"A": 50})["value"].tolist() == [0]


def test_links_that_enable() -> None:
    assert links_of(
        link("b", "requires", "a"),
        link("b", "end_before_start", "a"),
        link("c", "end_before_start", "b"),
        link("d", "start_before_start", "a"),
        link("d", "synergy", "b"),
        link("d", "excludes", "c"),
        link("c", "requires", "unheard of"),
    ) == [("b", "a"), ("c", "b")]


def test_a_discontinued_project_neither_enables_nor_passes_on() -> None:
    links = (link("b", "requires", "a"), link("c", "requires", "b"))
    assert links_of(*links) == [("b", "a"), ("c", "b")]
    assert links_of(*links, b="discontinued") == []


def test_no_order_of_rows_decides_on_a_circle() -> None:
    rows = [link("a", "requires", "b"), link("b", "end_before_start", "a"), link("c", "requires", "b")]
    for order in itertools.permutations(rows):
        assert links_of(*order) == [("c", "b")]
    assert links_of(names="") == []


def test_projects_in_circles_are_named() -> None:
    rows = [link("a", "requires", "b"), link("b", "end_before_start", "a"), link("c", "requires", "b")]
    projects = [project(name) for name in "abcd"]
    inventory = make_inventory(make_strategy(), projects=projects, dependencies=rows)
    assert enabling_circles(inventory) == {"a", "b"}
    assert enabling_links(inventory).index.tolist() == [2]  # the row that is left
    assert enabling_circles(make_inventory(make_strategy(), projects=projects)) == set()


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"target": 0.0}, "target"),
        ({"target": np.nan}, "target"),
        ({"discount": 1.5}, "discount"),
        ({"low": pd.Series({"A": 60.0})}, "low <= base"),
        ({"high": pd.Series({"A": 40.0})}, "base <= high"),
    ],
)
def test_wrong_calls(more: dict[str, object], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        effect([], {"A": 50}, **more)
    with pytest.raises(ValueError, match="100"):
        effect([], {"A": 150})


NAMES = [f"p{k}" for k in range(8)]
graphs = st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(NAMES)), max_size=14)
values = st.dictionaries(st.sampled_from(NAMES), st.one_of(st.just(np.nan), st.floats(0, 100)), min_size=1)


@settings(max_examples=60)
@given(graphs, values, st.floats(0, 100), st.randoms())
def test_an_unlinked_project_and_the_order_change_nothing(links, base, other, random) -> None:
    before = effect(links, base)
    rows, names = random.sample(links, len(links)), random.sample(list(base), len(base))
    after = effect(rows, {"new": other} | {name: base[name] for name in names})
    assert after.loc["new", ["value", "lower", "upper", "n"]].tolist() == [0, 0, 0, 0]
    after = after.drop(index="new").loc[before.index]
    pd.testing.assert_frame_equal(after, before, rtol=1e-12, check_dtype=False)
    assert before["value"].notna().all()
    assert ((before["lower"] <= before["value"] + 1e-9) & (before["value"] <= before["upper"] + 1e-9)).all()
    assert (before["upper"] <= 100).all()


@settings(max_examples=60)
@given(
    st.lists(st.integers(0, 6), min_size=1, max_size=7), st.lists(st.floats(0, 100), min_size=8, max_size=8)
)
def test_on_trees_it_is_the_sum_over_all_ways(parents, base) -> None:
    # node k + 1 builds on an earlier one; on a tree the ways are unique and (I - A/2)^-1 - I sums over all
    edges = [(k + 1, parent % (k + 1)) for k, parent in enumerate(parents)]
    size = len(parents) + 1
    step = np.zeros((size, size))
    for later, earlier in edges:
        step[earlier, later] = 0.5
    expected = (np.linalg.inv(np.eye(size) - step) - np.eye(size)) @ np.array(base[:size])
    found = effect(
        [(NAMES[a], NAMES[b]) for a, b in edges], dict(zip(NAMES, base[:size], strict=False)), target=np.inf
    )
    assert found["value"].tolist() == pytest.approx(expected.tolist())


@settings(max_examples=40)
@given(graphs, values, st.sampled_from(NAMES), st.floats(0, 100))
def test_a_better_project_never_lowers_what_it_builds_on(links, base, name, better) -> None:
    base = {key: value for key, value in base.items() if value == value} | {name: base.get(name, 0.0)}
    base[name] = 0.0 if np.isnan(base[name]) else base[name]
    raised = base | {name: max(base[name], better)}
    assert (effect(links, raised)["value"] >= effect(links, base)["value"] - 1e-9).all()


@settings(max_examples=60)
@given(graphs, values, st.sampled_from(NAMES), st.sampled_from(NAMES))
def test_one_more_that_builds_on_it_never_lowers_a_value(links, base, later, earlier) -> None:
    # whatever is known of it; but a link that closes a circle takes links away
    base = base | {name: base.get(name, np.nan) for name in (later, earlier)}
    acyclic = [(one, other) for one, other in links if one > other]
    pair = (max(later, earlier), min(later, earlier))
    before = effect(acyclic, base, target=np.inf)["value"]
    assert (effect([*acyclic, pair], base, target=np.inf)["value"] >= before - 1e-9).all()


@settings(max_examples=40)
@given(graphs, values, st.sampled_from(NAMES))
def test_the_parts_add_up_to_the_effect(links, base, name) -> None:
    base = {name: np.nan} | base
    frame = pd.DataFrame(links, columns=["project_id", "other_id"], dtype="str")
    found = enabling_parts(frame, pd.Series(base, dtype=float), name)
    whole = effect(links, base, target=np.inf).loc[name]
    assert found["points"].sum() == pytest.approx(whole["value"])
    assert (found["low"] * found["share"]).sum() == pytest.approx(whole["lower"])
    assert (found["high"] * found["share"]).sum() == pytest.approx(whole["upper"])
    assert tuple(found.index) == whole["enabled"]
    assert frame.loc[found["link"], "project_id"].tolist() == found.index.tolist()
