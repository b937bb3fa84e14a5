"""The plan as Microsoft Project XML: read back by another program, with equal dates, links and resources."""

from __future__ import annotations

import datetime as dt
import json
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from xml.etree import ElementTree as ET

import hand_plan as hand
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import digistrat as ds
from digistrat.reporting.exchange import outline_numbers, project_xml, write_project_xml
from digistrat.reporting.plan_words import replaced_file

ROOT = Path(__file__).parents[2]
NS = "{http://schemas.microsoft.com/project}"
# In the order of Microsoft's schema, as far as we write them.
ORDERS = {
    "Project": "SaveVersion Name Title Subject Author CreationDate LastSaved ScheduleFromStart StartDate "
    "FinishDate FYStartDate CurrencyDigits CurrencySymbol CurrencyCode CurrencySymbolPosition CalendarUID "
    "DefaultStartTime DefaultFinishTime MinutesPerDay MinutesPerWeek DaysPerMonth DefaultTaskType "
    "DefaultFixedCostAccrual DurationFormat WorkFormat HonorConstraints NewTasksEffortDriven "
    "NewTasksEstimated WeekStartDay StatusDate NewTasksAreManual ExtendedAttributes Calendars Tasks "
    "Resources Assignments",
    "Calendar": "UID Name IsBaseCalendar BaseCalendarUID WeekDays",
    "Task": "UID ID Name Active Manual Type IsNull OutlineNumber OutlineLevel Priority Start Finish Duration "
    "DurationFormat Work EffortDriven Estimated Milestone Summary FixedCost FixedCostAccrual PercentComplete "
    "Cost ActualDuration RemainingDuration RemainingWork ConstraintType CalendarUID ConstraintDate Deadline "
    "Notes PredecessorLink ExtendedAttribute Baseline",
    "PredecessorLink": "PredecessorUID Type CrossProject LinkLag LagFormat",
    "Baseline": "Number Start Finish Duration DurationFormat Work Cost",
    "Resource": "UID ID Name Type IsNull Initials Code Group MaxUnits CanLevel StandardRate CalendarUID "
    "IsGeneric AvailabilityPeriods",
    "AvailabilityPeriod": "AvailableFrom AvailableTo AvailableUnits",
    "Assignment": "UID TaskUID ResourceUID PercentWorkComplete ActualWork Finish RegularWork RemainingWork "
    "Start Units Work WorkContour",
}
BEGIN, END = "T08:00:00", "T13:08:00"  # 20 days × 7.8 h a month are 308 minutes on each day of the year


def read(plan: Any) -> ET.Element:
    return ET.fromstring(project_xml(plan))


def text(element: ET.Element, name: str) -> str | None:
    return element.findtext(f"{NS}{name}")


def tasks(root: ET.Element) -> dict[str, ET.Element]:
    """By our own number; fields of action by name."""
    found = {}
    for task in root.iter(f"{NS}Task"):
        number = task.find(f"{NS}ExtendedAttribute[{NS}FieldID='188743731']/{NS}Value")
        found[str(text(task, "Name") if number is None else number.text)] = task
    return found


def span(task: ET.Element) -> tuple[str, str]:
    return str(text(task, "Start")), str(text(task, "Finish"))


def test_phases_have_the_days_of_the_plan() -> None:
    found = tasks(read(hand.plan()))
    for activity, start, end, *_ in hand.PHASES:
        assert span(found[activity]) == (start + BEGIN, end + END)
    assert span(found["a"]) == ("2027-01-01" + BEGIN, "2027-08-31" + END)
    assert span(found["Bürger, Dienste"]) == span(found["a"])
    assert span(found["Digital & gut, Teststadt"]) == ("2026-09-30" + END, "2028-06-30" + END)
    # a grant that ended before: 31 + 30 + 31 + 365 + 31 days later
    assert span(found["c"]) == ("2026-09-30" + END, "2028-01-31" + END)
    assert text(found["c"], "Duration") == f"PT{488 * 308 // 60}H{488 * 308 % 60}M0S"
    assert text(found["a KO"], "Duration") == "PT302H52M0S"  # 59 days of 308 minutes
    assert text(found["a KO"], "DurationFormat") == "7"


def test_the_outline_goes_by_field_project_and_phase() -> None:
    lines = [(text(t, "OutlineNumber"), text(t, "Name")) for t in read(hand.plan()).iter(f"{NS}Task")]
    assert lines == [
        ("0", "Digital & gut, Teststadt"),
        ("1", "Bauen"),
        ("1.1", "b =SUMME(A1:A2)"),
        ("1.1.1", "Konzept"),
        ("1.1.2", "Umsetzung"),
        ("1.1.3", "Betriebsbeginn"),
        ("1.1.4", "Ende der Förderung"),
        ("2", "Bürger, Dienste"),
        ("2.1", "a Bürgerkonto; Teil 1, „Start“"),
        ("2.1.1", "Konzept"),
        ("2.1.2", "Beschluss"),
        ("2.1.3", "Umsetzung"),
        ("2.1.4", "Einbringung der Vorlage"),
        ("2.1.5", "Beschluss"),
        ("2.1.6", "Betriebsbeginn"),
        ("3", "ohne Handlungsfeld"),
        ("3.1", "c Straßen 😀 <&> Netz"),
        ("3.1.1", "Umsetzung"),
        ("3.1.2", "Ende der Förderung"),
        ("3.1.3", "kick off"),
        ("3.1.4", "Betriebsbeginn"),
    ]


def test_links_lags_and_constraints() -> None:
    found = tasks(read(hand.plan()))
    numbers = {text(task, "UID"): number for number, task in found.items()}

    def links(number: str) -> list[tuple[str, str, int]]:
        return [
            (
                numbers[text(link, "PredecessorUID")],
                str(text(link, "Type")),
                int(str(text(link, "LinkLag"))) // 3080,
            )
            for link in found[number].iter(f"{NS}PredecessorLink")
        ]

    assert links("a KO") == []
    assert links("a BE") == [("a KO", "1", 0)]
    assert links("a UM") == [("a BE", "1", 0)]
    assert links("b KO") == [("a UM", "1", 61)]  # September and October
    assert links("b UM") == [("b KO", "1", 0)]
    assert links("c UM") == [("b KO", "3", 30)]  # November
    assert links("a decision") == [("a BE", "1", 0)]
    assert links("a submission") == links("b grant_end") == links("c kick_off") == []
    constraints = {
        number: (text(task, "ConstraintType"), text(task, "ConstraintDate")) for number, task in found.items()
    }
    assert {number: found for number, found in constraints.items() if found[0] != "0"} == {
        "a KO": ("4", "2027-01-01" + BEGIN),
        "a UM": ("4", "2027-05-01" + BEGIN),
        "b UM": ("4", "2028-02-01" + BEGIN),
        "a submission": ("6", "2027-03-04" + END),
        "b grant_end": ("6", "2028-06-30" + END),
        "c grant_end": ("6", "2026-09-30" + END),
        "c kick_off": ("6", "2027-12-01" + END),
    }
    assert text(found["a go_live"], "Deadline") == "2027-12-31" + END


def test_milestones_last_no_time_and_keep_their_day() -> None:
    found = tasks(read(hand.plan()))
    for project, kind, day in hand.MILESTONES:
        task = found[f"{project} {kind}"]
        start, finish = span(task)
        assert start == finish
        assert start[:10] == day
        assert text(task, "Duration") == "PT0H0M0S"
        assert text(task, "Milestone") == "1"


def test_roles_are_there_when_they_are_staffed() -> None:
    first, second = read(hand.plan()).iter(f"{NS}Resource")
    assert (text(first, "Name"), text(first, "MaxUnits")) == ("Leitung", "2")
    periods = [[e.text for e in period] for period in first.iter(f"{NS}AvailabilityPeriod")]
    assert periods == [
        ["2027-01-01T00:00:00", "2027-12-31T23:59:00", "1"],
        ["2028-01-01T00:00:00", "2028-12-31T23:59:00", "2"],
    ]
    assert len(list(second.iter(f"{NS}AvailabilityPeriod"))) == 1


def test_assignments_have_units_and_work() -> None:
    root = read(hand.plan())
    number = {text(task, "UID"): name for name, task in tasks(root).items()}
    role = {text(r, "UID"): text(r, "Initials") for r in root.iter(f"{NS}Resource")}
    found = {
        (number[text(a, "TaskUID")], role[text(a, "ResourceUID")]): (text(a, "Units"), text(a, "Work"))
        for a in root.iter(f"{NS}Assignment")
    }
    assert found == {
        ("a KO", "PL"): ("0.5", "PT151H26M0S"),  # half of 59 days
        ("a BE", "PL"): ("0.25", "PT59H2M0S"),
        ("a UM", "EN"): ("1.5", "PT947H6M0S"),
        ("b KO", "PL"): ("1", "PT313H8M0S"),
        ("b UM", "EN"): ("0.75", "PT231H0M0S"),
        ("c UM", "EN"): ("1", "PT318H16M0S"),
    }


def test_costs_are_cents() -> None:
    found = tasks(read(hand.plan()))
    assert [text(found[name], "FixedCost") for name in ("a KO", "a BE", "b UM")] == ["150000", "0", "999999"]
    assert text(found["a"], "FixedCost") is None  # the program adds up


def test_head_and_notes_say_where_the_plan_comes_from() -> None:
    root = read(hand.plan())
    head = {name: text(root, name) for name in ("Title", "Subject", "Author", "CurrencyCode", "StartDate")}
    assert head == {
        "Title": "Digital & gut, Teststadt",
        "Subject": "Beispieldaten, frei erfunden",
        "Author": "Teststadt",
        "CurrencyCode": "EUR",
        "StartDate": "2026-09-30" + BEGIN,
    }
    found = tasks(root)
    assert text(found["b"], "Notes") == "Nr.: b\nAmt: Zweites Amt\nQuelle: returns.xlsx › projects › B3"
    assert text(found["a UM"], "Notes") == "Vergabeart: Öffentliche Ausschreibung"
    whole = str(text(found["Digital & gut, Teststadt"], "Notes"))
    assert whole.startswith("Beispieldaten, frei erfunden. Plan aus 3 Rückläufen, Stichtag 30.04.2026")
    assert whole.endswith("a wartet auf niemanden.")


def test_real_data_carry_no_notice() -> None:
    root = read(hand.plan(inventory=hand.inventory(is_example=False)))
    assert text(root, "Subject") is None
    assert "Beispieldaten" not in project_xml(hand.plan(inventory=hand.inventory(is_example=False))).decode()


def test_every_day_of_the_week_counts_alike() -> None:
    base, *roles = read(hand.plan()).iter(f"{NS}Calendar")
    days = [
        [
            text(day, "DayType"),
            text(day, "DayWorking"),
            *(e.text for e in day.iter() if "Time" in e.tag and e.text),
        ]
        for day in base.iter(f"{NS}WeekDay")
    ]
    hours = [words for day in days for words in day[2:] if ":" in words]
    assert [day[:2] for day in days] == [[str(n), "1"] for n in range(1, 8)]
    assert hours == ["08:00:00", "13:08:00"] * 7
    assert [text(role, "BaseCalendarUID") for role in roles] == ["1", "1"]


def test_elements_stand_in_the_order_of_the_schema() -> None:
    root = read(hand.plan())
    seen = set()
    for element in root.iter():
        name = element.tag.removeprefix(NS)
        if name in ORDERS and len(element):
            seen.add(name)
            known = ORDERS[name].split()
            at = [known.index(child.tag.removeprefix(NS)) for child in element]
            assert at == sorted(at), name
    assert seen == set(ORDERS)


def test_the_same_plan_gives_the_same_bytes() -> None:
    content = project_xml(hand.plan())
    assert content == project_xml(hand.plan())
    assert content.startswith(b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<Project xmlns=')


def test_where_there_is_no_plan_the_file_says_why() -> None:
    root = read(hand.no_plan())
    (task,) = root.iter(f"{NS}Task")
    assert "Es gibt keinen Plan: 2027 investiv reicht nicht." in str(text(task, "Notes"))
    assert not list(root.iter(f"{NS}Assignment"))


def test_long_titles_are_cut_and_stand_in_the_notes() -> None:
    long = "Ä" * 300
    found = tasks(read(hand.plan(inventory=hand.inventory(titles={"a": long}))))
    assert len(str(text(found["a"], "Name"))) == 255
    assert f"Titel: {long}" in str(text(found["a"], "Notes"))


@settings(max_examples=20)
@given(st.text(st.characters(), max_size=30))
def test_any_title_can_be_read_back(title: str) -> None:
    found = tasks(read(hand.plan(inventory=hand.inventory(titles={"a": title}))))
    allowed = "".join(
        c for c in title if c.isprintable() and not 0xD800 <= ord(c) <= 0xDFFF and c not in "￾￿"
    )
    if allowed == title:
        assert text(found["a"], "Name") == f"a {' '.join(title.split())}".strip()
    assert {"a", "b", "c"} <= set(found)


def test_outline_numbers() -> None:
    assert outline_numbers([0, 1, 2, 3, 3, 2, 3, 1, 2]) == [
        "0", "1", "1.1", "1.1.1", "1.1.2", "1.2", "1.2.1", "2", "2.1",
    ]  # fmt: skip


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "new" / "plan.xml"
    assert write_project_xml(hand.plan(), path) == path
    before = path.read_bytes()
    assert before == project_xml(hand.plan())
    with pytest.raises(ZeroDivisionError), replaced_file(path) as partial:
        partial.write_bytes(b"half" * (1 // 0))
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


def day_of(task: dict[str, Any], dates: dict[str, list[str]]) -> tuple[str, str]:
    start, finish = dates[str(task["uid"])]
    return start[:10], finish[:10]


@pytest.fixture(scope="module")
def shipped() -> Any:
    """A plan of the example city; any will do, so the search for a better one is short."""
    strategy = ds.load_strategy(ROOT / "data/strategy.toml")
    inventory = ds.read_inventory(ROOT / "data/raw/2026-04-30", strategy)
    portfolio = ds.select_portfolio(inventory, ds.score_impact(inventory))
    return ds.schedule(inventory, portfolio, effort_limit=0.2)


@pytest.fixture(scope="module")
def mpxj(java: str, shipped: Any, tmp_path_factory: pytest.TempPathFactory) -> SimpleNamespace:
    """What another program reads: the plan by hand, the same with a longer lag, the example city's plan."""
    folder = tmp_path_factory.mktemp("mpxj")
    content = project_xml(hand.plan()).decode()
    lag = f"<LinkLag>{61 * 3080}</LinkLag>"
    assert content.count(lag) == 1
    (folder / "hand.xml").write_text(content, "utf-8")
    (folder / "later.xml").write_text(content.replace(lag, f"<LinkLag>{66 * 3080}</LinkLag>"), "utf-8")
    write_project_xml(shipped, folder / "city.xml")
    paths = [str(folder / f"{name}.xml") for name in ("hand", "later", "city")]
    reader = Path(__file__).with_name("mpxj_reader.py")
    done = subprocess.run(
        [sys.executable, str(reader), *paths], capture_output=True, text=True, timeout=240, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    found = json.loads(done.stdout[done.stdout.index("{") :])
    hand_file, later, city = found["files"]
    return SimpleNamespace(hand=hand_file, later=later, city=city, orders=found["orders"])


@pytest.mark.slow
def test_another_program_reads_the_same(mpxj: SimpleNamespace) -> None:
    file = mpxj.hand
    assert (file["title"], file["author"], file["currency"]) == (
        "Digital & gut, Teststadt",
        "Teststadt",
        "EUR",
    )
    by_number = {task["number"]: task for task in file["tasks"] if task["number"]}
    for activity, start, end, *_ in hand.PHASES:
        assert day_of(by_number[activity], file["dates"]) == (start, end)
    assert by_number["a KO"]["cost"] == 1_500.0
    assert by_number["b UM"]["cost"] == 9_999.99
    uid = by_number["a UM"]["uid"]
    assert by_number["b KO"]["links"] == [[uid, "FS", 61.0, "d"]]
    assert by_number["c UM"]["links"] == [[by_number["b KO"]["uid"], "SS", 30.0, "d"]]
    assert by_number["a go_live"]["deadline"][:10] == "2027-12-31"
    assert by_number["a BE"]["baseline"] == file["dates"][str(by_number["a BE"]["uid"])]
    assert [r["periods"][0][2] for r in file["resources"]] == [100.0, 200.0]
    a_ko = next(a for a in file["assignments"] if a["task"] == by_number["a KO"]["uid"])
    assert (a_ko["units"], a_ko["work"], a_ko["work_units"]) == (50.0, pytest.approx(151 + 26 / 60), "h")


@pytest.mark.slow
@pytest.mark.parametrize("name", ["hand", "city"])
def test_another_scheduler_arrives_at_the_same_dates(mpxj: SimpleNamespace, name: str) -> None:
    file = getattr(mpxj, name)
    moved = [
        (task["number"], file["dates"][str(task["uid"])], file["scheduled"][str(task["uid"])])
        for task in file["tasks"]
        if file["dates"][str(task["uid"])] != file["scheduled"][str(task["uid"])]
    ]
    assert moved == []


@pytest.mark.slow
def test_a_longer_lag_moves_what_follows(mpxj: SimpleNamespace) -> None:
    file = mpxj.later
    moved = {
        task["number"]: day_of(task, file["scheduled"])
        for task in file["tasks"]
        if file["dates"][str(task["uid"])] != file["scheduled"][str(task["uid"])] and not task["is_summary"]
    }
    # b UM waits for staff until February and can take the five days
    assert moved == {
        "b KO": ("2027-11-06", "2028-01-05"),
        "c UM": ("2027-12-06", "2028-02-05"),
        "c go_live": ("2028-02-05", "2028-02-05"),
    }


@pytest.mark.slow
def test_the_plan_of_the_city_arrives_whole(mpxj: SimpleNamespace, shipped: Any) -> None:
    file = mpxj.city
    phases, milestones = shipped.phases, shipped.milestones
    assert len(phases) > 300
    by_number = {task["number"]: task for task in file["tasks"] if task["number"]}
    read_back = {a: day_of(by_number[a], file["dates"]) for a in phases.index}
    assert read_back == {
        a: (f"{row['start']:%Y-%m-%d}", f"{row['end']:%Y-%m-%d}") for a, row in phases.iterrows()
    }
    kinds = sum(task["is_milestone"] for task in file["tasks"])
    assert kinds == len(milestones)
    uid = {task["uid"]: task["number"] for task in file["tasks"]}
    arrived = {
        (uid[one], task["number"])
        for task in file["tasks"]
        for one, *_ in task["links"]
        if not task["is_milestone"]
    }
    links = shipped.problem.links
    links = links[links["predecessor"].isin(phases.index) & links["successor"].isin(phases.index)]
    assert arrived == set(zip(links["predecessor"], links["successor"], strict=True))
    roles = [role.name for role in shipped.inventory.strategy.roles]
    assert [resource["name"] for resource in file["resources"]] == roles
    needed = shipped.problem.demand.loc[phases.index]
    assert len(file["assignments"]) == int((needed > 0).sum().sum())
    # hours of the efforts, up to the different lengths of months
    months = (phases["end"].dt.to_period("M") - phases["start"].dt.to_period("M")).map(lambda n: n.n + 1)
    hours = float(needed.mul(months, axis="index").sum().sum()) * 16.7 * 7.8
    assert sum(a["work"] for a in file["assignments"]) == pytest.approx(hours, rel=0.03)


@pytest.mark.slow
def test_our_order_is_the_one_of_the_schema(mpxj: SimpleNamespace) -> None:
    for name, elements in ORDERS.items():
        known = mpxj.orders[name]
        at = [known.index(element.lower()) for element in elements.split()]
        assert at == sorted(at), name


def test_lengths_are_written_to_the_second() -> None:
    content = project_xml(hand.plan()).decode()
    lengths = re.findall(r"<(?:Duration|Work|RemainingWork)>(.*?)<", content)
    assert len(lengths) > 20
    assert all(re.fullmatch(r"PT\d+H\d{1,2}M\d{1,2}S", length) for length in lengths)


def test_dates_have_no_zone() -> None:
    content = project_xml(hand.plan()).decode()
    dates = re.findall(r"<(?:Start|Finish|StartDate|FinishDate|ConstraintDate|CreationDate)>(.*?)<", content)
    assert len(dates) > 50
    assert all(dt.datetime.fromisoformat(date).tzinfo is None for date in dates)
