"""The milestones as a calendar: read back by a small reader of RFC 5545 that knows nothing of the writer."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path
from typing import Any

import hand_plan as hand
import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from digistrat.reporting.icalendar import escaped, folded, milestone_calendar, write_calendar


def unfolded(content: str) -> list[str]:
    assert content.endswith("\r\n")
    assert "\n" not in content.replace("\r\n", "")
    return content.removesuffix("\r\n").replace("\r\n ", "").split("\r\n")


def unescaped(words: str) -> str:
    return re.sub(r"\\(.)", lambda m: "\n" if m[1] in "nN" else m[1], words)


def values(words: str) -> list[str]:
    """Values between commas that are not escaped."""
    return [unescaped(part) for part in re.findall(r"((?:\\.|[^,\\])+)", words)]


def read(content: str) -> tuple[dict[str, str], list[dict[str, str]]]:
    """Properties of the calendar, and of every event in it."""
    head: dict[str, str] = {}
    events: list[dict[str, str]] = []
    here = head
    for line in unfolded(content):
        name, _, value = line.partition(":")
        if line == "BEGIN:VEVENT":
            events.append({})
            here = events[-1]
        elif line == "END:VEVENT":
            here = head
        else:
            assert name not in here, f"{name} stands twice"
            here[name] = value
    return head, events


def days(events: list[dict[str, str]]) -> list[str]:
    return [event["DTSTART;VALUE=DATE"] for event in events]


def test_every_milestone_is_an_event_on_its_day() -> None:
    head, events = read(milestone_calendar(hand.plan()))
    assert (head["VERSION"], head["BEGIN"], head["END"]) == ("2.0", "VCALENDAR", "VCALENDAR")
    assert unescaped(head["X-WR-CALNAME"]) == "Meilensteine: Digital & gut, Teststadt"
    found = {(unescaped(e["SUMMARY"]), day) for e, day in zip(events, days(events), strict=True)}
    assert found == {
        ("Einbringung der Vorlage: a Bürgerkonto; Teil 1, „Start“", "20270304"),
        ("Beschluss: a Bürgerkonto; Teil 1, „Start“", "20270415"),
        ("Betriebsbeginn: a Bürgerkonto; Teil 1, „Start“", "20270831"),
        ("Betriebsbeginn: b =SUMME(A1:A2)", "20280331"),
        ("Ende der Förderung: b =SUMME(A1:A2)", "20280630"),
        ("Ende der Förderung: c Straßen 😀 <&> Netz", "20260930"),
        ("kick off: c Straßen 😀 <&> Netz", "20271201"),
        ("Betriebsbeginn: c Straßen 😀 <&> Netz", "20280131"),
    }
    assert days(events) == sorted(days(events))


def test_an_event_says_what_and_where_from() -> None:
    _, events = read(milestone_calendar(hand.plan()))
    decision = next(event for event in events if event["SUMMARY"].startswith("Beschluss"))
    assert unescaped(decision["DESCRIPTION"]).split("\n") == [
        "Nr.: a",
        "Amt: Erstes Amt",
        "Handlungsfeld: Bürger, Dienste",
        "Quelle: returns.xlsx › projects › B2",
        "Beispieldaten, frei erfunden. Plan aus 3 Rückläufen, Stichtag 30.04.2026, Strategie Version 1",
    ]
    assert values(decision["CATEGORIES"]) == ["Beschluss", "Bürger, Dienste"]
    assert decision["DTSTAMP"] == "20260430T000000Z"
    assert decision["TRANSP"] == "TRANSPARENT"


def test_an_english_plan_speaks_english() -> None:
    head, events = read(milestone_calendar(hand.plan("en")))
    assert head["X-WR-CALNAME"].startswith("Milestones: ")
    assert {e["SUMMARY"].partition(":")[0] for e in events} == {
        "Submission of the paper", "Decision", "Go-live", "End of funding", "kick off",
    }  # fmt: skip


def test_a_milestone_keeps_its_uid_when_it_moves() -> None:
    _, before = read(milestone_calendar(hand.plan()))
    moved = hand.plan().milestones
    moved["date"] = moved["date"] + pd.Timedelta(days=400)
    _, after = read(milestone_calendar(hand.plan(milestones=moved)))
    uids = [event["UID"] for event in before]
    assert len(set(uids)) == len(hand.MILESTONES)
    assert {e["SUMMARY"]: e["UID"] for e in before} == {e["SUMMARY"]: e["UID"] for e in after}
    assert days(before) != days(after)


def test_two_decisions_of_a_project_are_two_events() -> None:
    twice = pd.concat([hand.plan().milestones] * 2, ignore_index=True)
    twice.loc[8:, "date"] += pd.Timedelta(days=30)
    _, events = read(milestone_calendar(hand.plan(milestones=twice)))
    assert len({event["UID"] for event in events}) == 16


def test_offices_and_kinds_can_be_chosen() -> None:
    _, events = read(milestone_calendar(hand.plan(), offices=["A2"]))
    assert days(events) == ["20280331", "20280630"]
    _, events = read(milestone_calendar(hand.plan(), kinds=("decision", "kick_off", "order")))
    assert days(events) == ["20270415", "20271201"]
    _, events = read(milestone_calendar(hand.plan(), offices=["IHK"]))
    assert events == []


@pytest.mark.parametrize(
    ("choice", "message"),
    [
        ({"offices": ["A9"]}, "offices must be among A1, A2, IHK, not 'A9'"),
        ({"offices": "A1"}, "offices must be a list of ids such as ['A1'], not the text 'A1'"),
        (
            {"kinds": ["party"]},
            "kinds must be among decision, go_live, grant_end, kick_off, order, submission",
        ),
    ],
)
def test_wrong_choices_are_named(choice: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        milestone_calendar(hand.plan(), **choice)


def test_no_plan_is_an_empty_calendar() -> None:
    head, events = read(milestone_calendar(hand.no_plan()))
    assert events == []
    assert head["END"] == "VCALENDAR"


def test_lines_have_at_most_75_octets() -> None:
    content = milestone_calendar(hand.plan(inventory=hand.inventory(titles={"a": "Ärger 😀, " * 40})))
    assert max(len(line.encode("utf-8")) for line in content.split("\r\n")) == 75
    _, events = read(content)
    assert unescaped(events[1]["SUMMARY"]).endswith(("Ärger 😀, " * 40).strip())


@given(st.text(st.characters(codec="utf-8", exclude_characters="\r\n"), max_size=300))
@example("ä" * 38)
@example("😀" * 40)
@example("a" * 74 + "ß" + "b" * 74)
def test_folding_loses_nothing_and_cuts_no_character(line: str) -> None:
    cut = folded(line)
    for part in cut.encode("utf-8").split(b"\r\n"):
        assert len(part) <= 75
        part.decode("utf-8")
    assert cut.replace("\r\n ", "") == line


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), max_size=60))
@example("a\\nb;c,d\\")
def test_escaping_can_be_undone(words: str) -> None:
    marked = escaped(words)
    assert unescaped(marked) == words
    assert not re.search(r"(?<!\\)(?:\\\\)*[;,]", marked)


def test_what_may_not_stand_in_a_calendar_is_left_out() -> None:
    assert escaped("a\x00b\x07c\ud800d\r\ne\rf") == "abcd\\ne\\nf"


def test_the_file_holds_the_same(tmp_path: Path) -> None:
    path = write_calendar(hand.plan(), tmp_path / "new" / "plan.ics", kinds=["go_live"])
    content = path.read_bytes().decode("utf-8")
    assert content == milestone_calendar(hand.plan(), kinds=["go_live"])
    assert len(read(content)[1]) == 3
    assert list(path.parent.iterdir()) == [path]


def test_days_are_dates() -> None:
    _, events = read(milestone_calendar(hand.plan()))
    assert {dt.datetime.strptime(day, "%Y%m%d").year for day in days(events)} == {2026, 2027, 2028}
