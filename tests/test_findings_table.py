from __future__ import annotations

import ast

import pytest

from digistrat.findings import SEVERITIES
from digistrat.inventory.checks import CHECKS
from findings_table import TARGET, catalogue, entries, findings_table, raised, stated

BY_CODE = {entry.code: entry for entry in entries()}


def test_the_page_is_what_the_code_says():
    assert TARGET.read_text("utf-8") == findings_table(), "python tests/findings_table.py writes it anew"


def test_every_finding_of_the_catalogue_is_made_somewhere_and_every_check_stands_in_it():
    assert list(BY_CODE) == list(catalogue("de"))
    assert {check.code for check in CHECKS} <= set(BY_CODE)
    for entry in BY_CODE.values():
        assert entry.severities, entry.code
        assert set(entry.severities) <= set(SEVERITIES)


@pytest.mark.parametrize(
    ("code", "severities", "room"),
    [
        ("not-a-number", ("error",), "intake/values/"),  # passed on as a remark about a value
        ("range", ("info",), "intake/values/"),  # from a mapping
        ("missing-value", ("warning",), "intake/"),  # through a name
        ("file-encrypted", ("error",), "intake/workbooks/"),  # refused
        ("file-has-macros", ("info",), "intake/workbooks/"),  # noted
        ("unknown-office", ("error",), "inventory/reading.py"),
        ("cost-outlier", ("warning",), "inventory/checks/money.py"),
        ("over-capacity", ("error",), "planning/"),
        ("procedure-not-known-yet", ("info",), "planning/"),
    ],
)
def test_severity_and_place_are_found_where_they_stand(code, severities, room):
    assert BY_CODE[code].severities == severities
    assert any(file.startswith(room) for file in BY_CODE[code].files)


def pairs(source):
    return set(stated(ast.parse(source), {"a-b", "c-d"}))


def test_pairs_are_read_from_calls_tuples_mappings_and_names():
    assert pairs('say("a-b", "info", 1)') == {("a-b", "info")}
    assert pairs('X = {"one": ("a-b", "error")}') == {("a-b", "error")}
    assert pairs('X = {"a-b": "warning"}') == {("a-b", "warning")}
    assert pairs('make("a-b", 1, severity="info")') == {("a-b", "info")}
    both = {("a-b", "info"), ("c-d", "info")}
    assert pairs('def f(x):\n  code = "a-b" if x else "c-d"\n  say(code, "info")') == both
    assert pairs('M = {1: "a-b", 2: "c-d"}\ndef f(x):\n  say(M[x], "info")') == both
    levels = {("a-b", "error"), ("a-b", "info")}
    assert pairs('def f(x):\n  level = "error" if x else "info"\n  say("a-b", level)') == levels
    assert pairs('LEVELS.get("a-b", "error")') == set()


def made(source, file="intake/columns.py"):
    return set(raised(ast.parse(source), {"a-b", "c-d"}, file))


def test_what_nothing_is_said_of_is_known_by_where_it_stands():
    assert made('if code == "a-b" or code in {"c-d"}: pass') == set()
    assert made('raise WorkbookError("a-b", name)', "intake/workbooks/x.py") == {("a-b", "error")}
    assert made('notes.append(("a-b", name))', "intake/workbooks/x.py") == {("a-b", "info")}
    assert made('return unreadable("a-b")') == {("a-b", "error")}
    assert made('codes = ("a-b",)', "intake/values/x.py") == {("a-b", "error")}
    assert made('codes = ("a-b",)') == {("a-b", "")}  # then it must be said
