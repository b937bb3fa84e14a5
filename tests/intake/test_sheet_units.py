"""A unit above all tables of a sheet counts for each of them; one between two for the lower one."""

from __future__ import annotations

import pytest
from making import make_form, sheet_of

from digistrat.intake.columns import read_region
from digistrat.intake.tables import find_regions

FORM = make_form()
FIRST = [["Nr.", "Art", 2026], ["P1", "i", 1]]
SECOND = [["Nr.", "Art", 2027], ["P2", "i", 7]]
PROJECTS = [["Nr.", "Titel", "Status", "Fallzahl"], ["P1", "Portal", "Idee", 12]]
VALUES = [["Nr.", "Titel", "Status", "Auftragswert netto"], ["P1", "Portal", "Idee", 12]]


def read(rows, name="Kosten", **options):
    """Amounts, codes and addresses by region."""
    found = []
    for region in find_regions(sheet_of(rows, name, **options), FORM, "A.xlsx"):
        columns = read_region(region).columns
        amounts = columns.get("amount_eur", columns.get("value_eur"))
        found.append((amounts, [(f.code, f.severity, f.cell, f.value) for f in region.findings]))
    return found


def applied(cell, text):
    return [("unit-in-title", "warning", cell, text)]


@pytest.mark.parametrize("title", ["alle Beträge in T€", "Angaben in Tsd. Euro", "Werte in 1.000 €", "in T€"])
@pytest.mark.parametrize("between", [[], [["Zweites Jahr"]]])
def test_a_title_of_the_sheet_counts_for_every_table_of_amounts(title, between):
    rows = [[title], [], *FIRST, [], *between, *SECOND]
    one, two = read(rows)
    assert one == ([1000], applied("A1", title))
    assert two[0] == [7000]
    (said,) = (entry for entry in two[1] if entry[0] != "text-outside-table")
    assert said == ("unit-in-title", "warning", f"A{6 + len(between)}", title)


def test_it_counts_for_a_table_of_another_kind_and_beside_it():
    title = "alle Beträge in T€"
    one, two = read([[title], *FIRST, [], *VALUES])
    assert (one[0], two) == ([1000], ([12000], applied("A5", title)))
    one, two = read([[title], [*FIRST[0], None, *VALUES[0]], [*FIRST[1], None, *VALUES[1]]])
    assert (one[0], two) == ([1000], ([12000], applied("E2", title)))


def test_it_is_no_news_above_a_table_without_amounts():
    title = "alle Beträge in T€"
    one, two = read([[title], *PROJECTS, [], *SECOND], "Tabelle1")
    assert one[1] == []
    assert two == ([7000], applied("A5", title))
    ((_, said),) = read([[title], *PROJECTS], "Tabelle1")
    assert said == [("unit-outside-table", "warning", "A1", title)]


def test_what_stands_between_two_tables_counts_for_the_lower_one_only():
    one, two = read([*FIRST, [], ["Beträge in T€"], *SECOND])
    assert one == ([1], [])
    assert two == ([7000], applied("A4", "Beträge in T€"))
    one, two = read([["Beträge in T€"], *FIRST, [], ["Beträge in Euro"], *SECOND])
    assert (one[0], two[0]) == ([1000], [7])


def test_a_title_of_the_first_table_is_not_taken_for_another():
    one, two = read([["Kosten in T€"], *FIRST, [], *VALUES])
    assert one[0] == [1000]
    assert two == ([12], [("unit-outside-table", "warning", "A5", "Kosten in T€")])
    # for a second one of its kind it counts
    _, two = read([["Kosten in T€"], *FIRST, [], *SECOND])
    assert two == ([7000], applied("A5", "Kosten in T€"))


def test_a_header_below_that_names_its_own_unit_goes_first():
    second = [["Nr.", "Art", "2027 (Mio. €)", "2028"], ["P2", "i", 7, 8]]
    _, two = read([["alle Beträge in T€"], *FIRST, [], *second])
    assert two[0] == [7e6, 8000]
    second = [["Nr.", "Art", "2027 (€)"], ["P2", "i", 7]]
    _, two = read([["alle Beträge in T€"], *FIRST, [], *second])
    assert two[0] == [None]
    assert "unit-doubtful" in {code for code, *_ in two[1]}


def test_titles_of_the_sheet_that_contradict_leave_every_table_unread():
    one, two = read([["Beträge in T€"], ["Beträge in Mio. €"], *FIRST, [], *SECOND])
    assert (one[0], two[0]) == ([None], [None])
    assert "lines-contradict" in {code for code, *_ in two[1]}


def test_a_unit_over_the_columns_of_the_first_table_is_said_to_be_none_of_the_second():
    rows = [[None, None, "in T€", None], ["Nr.", "Art", 2026, 2027], ["P1", "i", 1, 2], [], ["Nachtrag"]]
    rows += [["Nr.", "Art", 2027, 2028], ["P2", "i", 7, None]]
    one, two = read(rows, merged=[(1, 3, 1, 4)])
    assert (one[0], two[0]) == ([1000, 2000], [7])
    assert ("unit-outside-table", "warning", "A6", "in T€") in two[1]
