from __future__ import annotations

import pytest
from books import cover, projects

from digistrat.inventory.unanswered import why_unanswered


@pytest.mark.parametrize(
    ("words", "state"),
    [("", "missing"), ("k. A.", "missing"), ("entfällt", "not_applicable"), ("bald", "unreadable")],
)
def test_an_empty_cell_tells_why(read, words, state):
    inventory = read(A16={"Angaben": cover("A16"), "Vorhaben": projects(("1", "E-Akte", "A16", None, words))})
    found = why_unanswered(inventory, "projects", "1", "end_date")
    assert found.state == state
    assert found.words == words


def test_a_column_that_the_return_does_not_have_is_missing(read):
    inventory = read(A16={"Angaben": cover("A16"), "Vorhaben": projects(("1", "E-Akte"))})
    assert why_unanswered(inventory, "projects", "1", "due_date").state == "missing"
