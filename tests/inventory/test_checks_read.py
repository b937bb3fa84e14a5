"""The first checks on returns as they are sent: from the workbook's cell to the finding."""

from __future__ import annotations

import graphlib

import pandas as pd
from books import cover, projects
from hypothesis import given
from hypothesis import strategies as st

from digistrat.inventory.checks import circular_links

OFFICE = "Sportamt"


def said(inventory, code):
    found = inventory.findings[inventory.findings["code"] == code]
    return sorted(zip(found["file"], found["sheet"], found["cell"], found["severity"], strict=True))


def test_a_sound_round_gives_nothing(read):
    inventory = read(
        A={
            "Angaben": cover(OFFICE),
            "Vorhaben": projects(["S-1", "Portal", None, "01.01.2027", "31.12.2027"]),
        }
    )
    assert inventory.findings.empty


def test_end_before_start(read):
    rows = projects(
        ["S-1", "Akte a", None, "01.05.2027", "30.04.2027"],
        ["S-2", "Akte b", None, "01.05.2027", "01.05.2027"],
        ["S-3", "Akte c", None, "01.05.2027"],
        ["S-4", "Akte d", None, None, "30.04.2027"],
    )
    inventory = read(A={"Angaben": cover(OFFICE), "Vorhaben": rows})
    assert said(inventory, "end-before-start") == [("A.xlsx", "Vorhaben", "G2", "error")]
    (message,) = inventory.findings["message"]
    assert all(part in message for part in ("S-1", "30.04.2027", "01.05.2027"))


def test_an_existing_project_that_begins_after_the_reporting_date(read):
    rows = projects(
        ["S-1", "Akte a", None, "01.05.2026"],
        ["S-2", "Akte b", None, "30.04.2026"],
        ["S-3", "Akte c", None, None],
        ["S-4", "Akte d", None, "01.05.2026"],
    )
    for row in rows[1:4]:
        row[2] = "vorhanden"
    inventory = read(A={"Angaben": cover(OFFICE), "Vorhaben": rows})
    assert said(inventory, "status-date-mismatch") == [("A.xlsx", "Vorhaben", "F2", "warning")]


def test_projects_that_nobody_reported_are_said_once_per_file_and_table(read):
    efforts = [
        ["Nr.", "Phase", "Projektleitung"],
        *([number, "Konzept", 5] for number in ("S-1", "S-9", "S-9")),
    ]
    links = [
        ["Nr.", "Bezug auf Nr.", "Art der Beziehung"],
        ["S-1", "X-1", "setzt voraus"],
        ["X-1", "S-1", "setzt voraus"],
    ]
    sheets = {"Angaben": cover(OFFICE), "Abhängigkeiten": links}
    inventory = read(
        A={**sheets, "Vorhaben": projects(["S-1", "a"]), "Aufwand": efforts},
        B={"Angaben": cover("Hauptamt"), "Abhängigkeiten": links[:2]},
    )
    assert len(inventory.efforts) == 3
    assert said(inventory, "unknown-project") == [
        ("A.xlsx", "Abhängigkeiten", "A3", "error"),
        ("A.xlsx", "Abhängigkeiten", "B2", "error"),
        ("A.xlsx", "Aufwand", "A3", "error"),
        ("B.xlsx", "Abhängigkeiten", "B2", "error"),
    ]


def test_a_key_in_another_spelling_is_the_key(read):
    links = [["Nr.", "Bezug auf Nr.", "Art der Beziehung"], ["S–1", "s-2", "setzt voraus"]]
    rows = projects(["S-1", "a"], ["S-2", "b"])
    inventory = read(A={"Angaben": cover(OFFICE), "Vorhaben": rows, "Abhängigkeiten": links})
    assert inventory.dependencies[["project_id", "other_id"]].to_numpy().tolist() == [["S-1", "S-2"]]
    assert inventory.locate("dependencies", 0, "project_id").raw == "S–1"
    assert said(inventory, "unknown-project") == []


def test_a_choice_is_shown_as_it_stands_in_its_cell(read):
    links = [
        ["Nr.", "Bezug auf Nr.", "Art der Beziehung"],
        ["S-1", "S-2", "setzt voraus"],
        ["S-1", "S-2", "schließt aus"],
    ]
    rows = projects(["S-1", "a"], ["S-2", "b"])
    inventory = read(A={"Angaben": cover(OFFICE), "Vorhaben": rows, "Abhängigkeiten": links})
    found = inventory.findings[inventory.findings["code"] == "dependency-contradiction"]
    assert found[["cell", "value"]].to_numpy().tolist() == [["C3", "schließt aus"]]


def test_services_that_nobody_reported(read):
    services = [["Leistungsschlüssel", "Leistung", "Modell"], ["99001", "Anmeldung", None]]
    links = [["Nr.", "Leistungsschlüssel"], ["S-1", "99001"], ["S-1", "99002"], ["S-1", "99002"]]
    inventory = read(
        A={
            "Angaben": cover(OFFICE),
            "Vorhaben": projects(["S-1", "a"]),
            "Leistungen": services,
            "Vorhaben und Leistungen": links,
        }
    )
    assert said(inventory, "unknown-service") == [("A.xlsx", "Vorhaben und Leistungen", "B3", "error")]


def link(*pairs, kind="end_before_start"):
    frame = pd.DataFrame(pairs, columns=["project_id", "other_id"], dtype="str")
    return frame.assign(kind=kind)


def test_circles_are_said_at_their_last_link(read):
    head = ["Nr.", "Bezug auf Nr.", "Art der Beziehung"]
    after = "kann erst beginnen nach Ende von"
    links = [
        head,
        ["S-1", "S-2", after],
        ["S-2", "S-3", after],
        ["S-4", "S-1", after],
        ["S-3", "S-1", after],
        ["S-4", "S-4", after],
    ]
    rows = projects(*([f"S-{n}", f"t{n}"] for n in range(1, 5)))
    inventory = read(A={"Angaben": cover(OFFICE), "Vorhaben": rows, "Abhängigkeiten": links})
    assert said(inventory, "dependency-cycle") == [
        ("A.xlsx", "Abhängigkeiten", "B5", "error"),
        ("A.xlsx", "Abhängigkeiten", "B6", "error"),
    ]


def test_only_waiting_makes_circles():
    assert circular_links(link(("a", "b"), ("b", "a"), kind="synergy")) == []
    assert circular_links(link(("a", "b"), ("b", None), ("b", "c"))) == []
    ((label, circle),) = circular_links(link(("a", "b"), ("b", "a"), kind="start_before_start"))
    assert label == 1
    assert set(circle) == {"a", "b"}


@given(st.lists(st.tuples(st.sampled_from("abcde"), st.sampled_from("abcde")), max_size=12))
def test_without_the_links_named_nothing_waits_in_a_circle(pairs):
    links = link(*pairs)
    before = links.copy(deep=True)
    named = [label for label, _ in circular_links(links)]
    assert links.equals(before)
    rest = links.drop(index=named)
    graphlib.TopologicalSorter(waits(rest)).prepare()  # raises on a circle
    for label in named:  # each lies on a circle of all links
        one, other = links.loc[label, ["project_id", "other_id"]]
        graph, seen, reached = waits(links), set(), {other}
        while reached - seen:
            seen |= reached
            reached = {target for source in reached for target in graph.get(source, ())}
        assert one in seen


def waits(links):
    graph: dict[str, set[str]] = {}
    for one, other in zip(links["project_id"], links["other_id"], strict=True):
        graph.setdefault(one, set()).add(other)
    return graph


def test_what_is_rated_twice(read):
    wirkung = [["Nr.", "K01", "K02"], ["S-1", 4, None], ["S-1", 6, 8], ["S-2", 5, 5]]
    reife = [["Indikator", "Ist"], ["M01", 2], ["M01", 3], ["gibt es nicht", 1], ["gibt es nicht", 1]]
    inventory = read(
        A={
            "Angaben": cover(OFFICE),
            "Vorhaben": projects(["S-1", "a"], ["S-2", "b"]),
            "Wirkung": wirkung,
            "Reifegrad": reife,
        },
        B={"Angaben": cover("Hauptamt"), "Reifegrad": reife[:2]},
    )
    assert said(inventory, "rated-twice") == [
        ("A.xlsx", "Reifegrad", "B3", "warning"),
        ("A.xlsx", "Wirkung", "B3", "warning"),
    ]


def test_a_title_that_two_offices_report(read):
    inventory = read(
        A={"Angaben": cover(OFFICE), "Vorhaben": projects(["S-1", "E-Akte"])},
        B={"Angaben": cover("Hauptamt"), "Vorhaben": projects(["H-1", "WLAN"], ["H-2", "e-akte "])},
    )
    assert said(inventory, "duplicate-project") == [("B.xlsx", "Vorhaben", "B3", "warning")]
    (message,) = inventory.findings["message"]
    assert "A.xlsx › Vorhaben › B2" in message
    assert "S-1" in message
