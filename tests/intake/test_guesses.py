"""How close two headers are: slips of the keys, beside an umlaut too."""

from __future__ import annotations

import pytest

from digistrat.intake.tables.guesses import CLOSE_SPELLING, likeness, wording


def close(header: str, spelling: str) -> bool:
    return likeness(wording(header), wording(spelling)) >= CLOSE_SPELLING


@pytest.mark.parametrize(
    ("slip", "header"),
    [
        ("Federüfhrung", "Federführung"),
        ("Fedefrührung", "Federführung"),
        ("Federfürhung", "Federführung"),
        ("Federfeuhrung", "Federführung"),
        ("Federfuehrugn", "Federführung"),
        ("Kruzbeschreibung", "Kurzbeschreibung"),
        ("Börgerschaft", "Bürgerschaft"),
        ("Abhnägigkeiten", "Abhängigkeiten"),
        ("Zusatändigkeit", "Zuständigkeit"),
    ],
)
def test_a_slip_of_two_keys_is_the_same_word(slip, header):
    assert close(slip, header)


@pytest.mark.parametrize(
    ("header", "other"),
    [
        ("Kosten netto", "Kosten brutto"),
        ("Nutzen", "Nutzer"),
        ("Gebühr", "Gebiet"),
        ("Länge", "Lage"),
        ("Ämter", "Alter"),
        ("Höhe", "Ehe"),
    ],
)
def test_another_word_is_none(header, other):
    assert not close(header, other)
