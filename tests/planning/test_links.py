"""Which reported dependencies a plan can use."""

from __future__ import annotations

import graphlib

from hypothesis import given, settings
from hypothesis import strategies as st

from digistrat.planning.links import usable_dependencies
from inventories import link, make_inventory, make_strategy, project


def usable(*links, names="abcd"):
    inventory = make_inventory(
        make_strategy(), projects=[project(name) for name in names], dependencies=list(links)
    )
    return usable_dependencies(inventory).values.tolist()


def test_every_link_once_and_only_between_known_projects():
    once = ["a", "b", "requires"]
    assert usable(
        link("a", "requires", "b"),
        link("a", "requires", "b"),
        link("a", "requires", "nobody"),
        link("nobody", "requires", "a"),
        link("a", "requires", "a"),
        link("a", "end_before_start", "a"),
        link("a", None, "b"),
        link(None, "requires", "b"),
        link("a", "excludes", "b"),
    ) == [once, ["a", "b", "excludes"]]
    assert usable() == []


def test_the_last_link_of_a_circle_is_left_out():
    assert usable(
        link("a", "end_before_start", "b"),
        link("b", "start_before_start", "c"),
        link("c", "end_before_start", "a"),
        link("d", "end_before_start", "a"),
    ) == [["a", "b", "end_before_start"], ["b", "c", "start_before_start"], ["d", "a", "end_before_start"]]


def test_needing_and_excluding_in_a_circle_is_allowed():
    both = [link("a", "requires", "b"), link("b", "requires", "a"), link("a", "excludes", "c")]
    assert len(usable(*both, link("c", "excludes", "a"))) == 4


waits = st.sampled_from(["end_before_start", "start_before_start"])


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("abcd"), waits, st.sampled_from("abcd")), max_size=10))
def test_what_is_left_has_no_circle(links):
    found = usable(*[link(*one) for one in links])
    graph: dict[str, set[str]] = {}
    for project_id, other_id, _ in found:
        graph.setdefault(project_id, set()).add(other_id)
    graphlib.TopologicalSorter(graph).prepare()
    # nothing is left out without need
    wanted = {(a, b, kind) for a, kind, b in links if a != b}
    edges: dict[str, set[str]] = {}
    for a, b, _ in wanted:
        edges.setdefault(a, set()).add(b)
    try:
        graphlib.TopologicalSorter(edges).prepare()
    except graphlib.CycleError:
        return
    assert {(a, b, kind) for a, b, kind in found} == wanted
