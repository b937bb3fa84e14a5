"""Answers that are no numbers: yes and no, choices, lists, texts, keys."""

from __future__ import annotations

import datetime as dt
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digistrat.intake.values import (
    Parsed,
    parse_boolean,
    parse_choice,
    parse_identifier,
    parse_list,
    parse_text,
)
from digistrat.intake.values.choices import is_plain_key, is_plain_text


@pytest.mark.parametrize(
    "raw", ["ja", "JA", "j", "x", "X", "✓", "wahr", "WAHR", "true", "yes", "1", 1, 1.0, True]
)
def test_yes(raw):
    assert parse_boolean(raw) == Parsed(True)


@pytest.mark.parametrize("raw", ["nein", "Nein ", "n", "falsch", "FALSE", "no", "0", 0, False, "☐"])
def test_no(raw):
    assert parse_boolean(raw) == Parsed(False)


def test_a_remark_beside_yes_or_no_is_told_and_anything_else_refused():
    assert parse_boolean("ja, seit 2019")[0] is True
    assert parse_boolean("nein (geplant)") == Parsed(False, codes=("remark-dropped",))
    for raw in ("teilweise", "ja/nein", "jain", 2, 0.5, dt.datetime(2018, 1, 1)):
        assert parse_boolean(raw).codes == ("not-yes-no",)


STAGES = {
    "pilot": ["Pilot", "Pilotierung"],
    "deployed": ["Deployed", "In Betrieb", "Zulässig"],
    "level_1": ["Reifegradstufe 1", 1],
    "level_2": ["Reifegradstufe 2"],
    "open": ["offen"],
}
STAGES = {code: [str(label) for label in labels] for code, labels in STAGES.items()}


@pytest.mark.parametrize(
    ("raw", "code", "codes"),
    [
        ("Pilot", "pilot", ()),
        ("  PILOT ", "pilot", ()),
        ("in\nBetrieb", "deployed", ()),
        ("zulaessig", "deployed", ()),
        ("c)  Deployed", "deployed", ()),
        ("c)  Deployed – in production since 2024", "deployed", ("remark-dropped",)),
        ("Deployed: since 2024", "deployed", ("remark-dropped",)),
        ("Deployed (2024)", "deployed", ("remark-dropped",)),
        ("2. Pilotierung", "pilot", ()),
        ("Pilotierng", "pilot", ("choice-guessed",)),
        ("level_1", "level_1", ()),
        (1, "level_1", ()),
        (1.0, "level_1", ()),
        ("offen", "open", ()),
    ],
)
def test_choices_are_read_as_their_code(raw, code, codes):
    assert parse_choice(raw, STAGES) == Parsed(code, codes=codes)


@pytest.mark.parametrize(
    "raw", ["unzulässig", "Reifegradstufe 3", "Reifegradstufe 12", "x", "Pilot/Deployed", 7]
)
def test_a_choice_is_not_guessed_where_it_means_something_else(raw):
    assert parse_choice(raw, STAGES).codes == ("not-a-choice",)


def test_a_label_of_two_codes_is_a_wrong_call():
    with pytest.raises(ValueError, match="'Ja' stands for 'a' and 'b'"):
        parse_choice("ja", {"a": ["ja"], "b": ["Ja"]})


def test_choice_states():
    assert parse_choice("k. A.", STAGES).state == "missing"
    assert parse_choice("entfällt", STAGES).state == "not_applicable"
    assert parse_choice(None, STAGES).state == "missing"
    assert parse_choice(dt.datetime(2018, 1, 2), STAGES).codes == ("turned-into-date",)


def test_lists_texts_and_identifiers():
    assert parse_list("A16; A17,\n- A18/A19;;").value == ("A16", "A17", "A18", "A19")
    assert parse_list("a/b; c", separators=";").value == ("a/b", "c")
    assert parse_list(";").state == "missing"
    assert parse_text(" a\r\nb\u00a0c ").value == "a\nb c"
    assert parse_text(5.0).value == "5"
    assert parse_text(dt.datetime(2018, 4, 1)).value == "2018-04-01"
    assert parse_identifier("00123").value == "00123"
    assert parse_identifier(123.0).value == "123"
    assert parse_identifier(" A 16\n-003 ").value == "A 16 -003"
    assert parse_identifier(dt.datetime(2018, 3, 1)).codes == ("turned-into-date",)


TRAPS = {
    "plus": ["+"],
    "double_plus": ["++"],
    "below": ["< 50"],
    "above": ["> 50"],
    "allowed": ["Vorhaben zulässig"],
    "asked": ["Noch offen?"],
}


@pytest.mark.parametrize(
    ("raw", "code", "codes"),
    [
        ("+", "plus", ()),
        ("++", "double_plus", ()),
        ("<50", "below", ()),
        ("> 50", "above", ()),
        ("Vorhaben zulaessig", "allowed", ()),
        ("Vorhaben zulässsig", "allowed", ("choice-guessed",)),
        ("Vorhaben zulässig?", "allowed", ("remark-dropped",)),
        ("noch offen?", "asked", ()),
        ("50", None, ("not-a-choice",)),
        ("= 50", None, ("not-a-choice",)),
        ("Vorhaben unzulässig", None, ("not-a-choice",)),
        ("Vorhaben nicht zulässig", None, ("not-a-choice",)),
        ("+++", None, ("not-a-choice",)),
    ],
)
def test_signs_and_negations_are_no_spelling(raw, code, codes):
    choices = {name: labels for name, labels in TRAPS.items() if name not in ("below", "above")}
    one = {**choices, "below": TRAPS["below"]} if raw != "> 50" else {**choices, "above": TRAPS["above"]}
    assert parse_choice(raw, one)[:1] == (code,)
    assert parse_choice(raw, one).codes == codes


def test_a_sign_that_folding_drops_keeps_other_answers_out():
    assert parse_choice("> 50", {"below": ["< 50"]}).codes == ("not-a-choice",)
    with pytest.raises(ValueError, match="stands for 'below' and 'above'"):
        parse_choice("> 50", {"below": ["< 50"], "above": ["> 50"]})


def test_a_question_mark_is_a_doubt():
    assert parse_boolean("ja?") == Parsed(True, codes=("remark-dropped",))
    assert parse_boolean("?").state == "missing"
    assert parse_boolean("Ja!") == Parsed(True)


def test_keys_keep_what_they_are():
    assert parse_identifier("'00123").value == "00123"
    assert parse_identifier("00123 ").value == "00123"
    assert parse_identifier(99006006012000.0).value == "99006006012000"
    assert parse_identifier(1e15).codes == ("digits-lost",)
    assert parse_identifier("99006006012000123456").value == "99006006012000123456"
    assert parse_identifier(123456789012345678).value == "123456789012345678"
    assert parse_identifier("k. A.").state == "missing"
    assert parse_identifier("1E5").value == "1E5"


@given(st.one_of(st.text(max_size=60), st.integers(), st.floats(), st.booleans(), st.none(), st.datetimes()))
def test_plain_texts_and_keys_are_their_own_answers(raw):
    if is_plain_text(raw):
        assert parse_text(raw) == Parsed(raw)
    if is_plain_key(raw):
        assert parse_identifier(raw) == Parsed(raw)


def test_monstrous_values_never_raise():
    for raw in (10**400, 10**5000, -(10**400), math.inf, math.nan, 1e300, "x" * 40_000):
        for parse in (parse_boolean, parse_text, parse_identifier, parse_list):
            assert parse(raw).state in ("value", "missing", "unreadable")
        assert parse_choice(raw, STAGES).state in ("missing", "unreadable")


LETTERED = {
    "pre": ["a) Pre-deployment – being developed."],
    "deployed": ["b) Deployed – in daily use (everywhere)."],
    "risk": ["c) Yes – there is a risk"],
    "law": ["d) Yes – by law"],
    "health": ["Health and Medical"],
    "nlp": ["Natural Language Processing: texts and speech"],
}
REPORTED = {"yes": ["a) Yes, it is"], "no": ["b) No"], "open": ["c) In progress"]}


@pytest.mark.parametrize(
    ("choices", "raw", "code", "said"),
    [
        (LETTERED, "Pre-deployment", "pre", ()),
        (LETTERED, "a)", "pre", ()),
        (LETTERED, "a", "pre", ()),
        (LETTERED, "Deployed", "deployed", ()),
        (LETTERED, "Deployed – in daily use", "deployed", ()),
        (LETTERED, "Yes", None, ("not-a-choice",)),  # two choices begin so
        (LETTERED, "Yes – by law", "law", ()),
        (LETTERED, "Health & Medical", "health", ()),
        (LETTERED, "Natural Language Processing (NLP)", "nlp", ("remark-dropped",)),
        (LETTERED, "Natural Language", "nlp", ("choice-guessed",)),
        (LETTERED, "Nat", None, ("not-a-choice",)),
        (LETTERED, True, None, ("not-a-choice",)),
        (REPORTED, True, "yes", ()),
        (REPORTED, 0, "no", ()),
        (REPORTED, "Y", "yes", ()),
        (REPORTED, "FALSCH", "no", ()),
        (REPORTED, "ja", "yes", ()),
        (REPORTED, "in progress", "open", ()),
        (REPORTED, "yes?", "yes", ("remark-dropped",)),
        ({"none": ["nein"], "legal": ["Gesetz"]}, False, "none", ()),  # as the cell shows it
        ({"none": ["nein"], "legal": ["Gesetz"]}, 0, None, ("not-a-choice",)),
        ({"one": ["in use (all)"], "two": ["in use (some)"]}, "in use", None, ("not-a-choice",)),
        ({"low": ["< 50"], "none": ["keine"]}, "50", None, ("not-a-choice",)),
    ],
)
def test_short_forms_of_labels_count_where_only_one_choice_has_them(choices, raw, code, said):
    parsed = parse_choice(raw, choices)
    assert (parsed.value, parsed.codes) == (code, said)


ANSWERS = {
    "legal": ["gesetzlich", "Rechtspflicht"],
    "existing": ["vorhanden", "umgesetzt"],
    "possible": ["Idee"],
    "citizens": ["Bürgerschaft"],
    "none": ["keine Pflicht"],
}


@pytest.mark.parametrize(
    "raw",
    [
        "Rechtspflicht: nein",
        "gesetzlich – nein",
        "gesetzlich (nein)",
        "vorhanden: nein",
        "umgesetzt - noch nicht",
        "umgesetzt (noch nicht)",
        "umgesetzt: 30 %",
        "umgesetzt (zu 30 Prozent)",
        "c) umgesetzt: nur 30%",
        "Idee - verworfen",
        "Idee – entfällt",
        "Bürgerschaft – nicht Unternehmen",
        "vorhanden: no",
        "vorhanden (not yet)",
        "umgesetzt\nz. T.",
        "keine Pflicht – ja doch",
    ],
)
def test_a_remark_that_takes_the_answer_back_leaves_it_empty(raw):
    assert parse_choice(raw, ANSWERS) == Parsed(state="unreadable", codes=("not-a-choice",))


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        ("vorhanden (seit 2018)", "existing"),
        ("Idee – Notiz folgt", "possible"),  # "no" and "nicht" only as whole words
        ("umgesetzt: 30 Plätze", "existing"),
        ("keine Pflicht – nicht vorgeschrieben", "none"),
    ],
)
def test_other_remarks_are_dropped(raw, code):
    assert parse_choice(raw, ANSWERS) == Parsed(code, codes=("remark-dropped",))


@pytest.mark.parametrize(
    "raw", ["ja – aber nein", "ja, aber nicht alle", "Yes (not yet)", "ja: 30 %", "nein – doch: ja"]
)
def test_a_yes_that_is_taken_back_is_none(raw):
    assert parse_boolean(raw) == Parsed(state="unreadable", codes=("not-yes-no",))


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        ("ja – seit 2020", True),
        ("ja seit 2020", True),
        ("ja²", True),
        ("nein – nicht geplant", False),
        ("nein – nur einmal", False),
    ],
)
def test_remarks_that_agree_are_dropped(raw, value):
    assert parse_boolean(raw) == Parsed(value, codes=("remark-dropped",))


def test_a_yes_or_no_choice_that_is_taken_back_is_none():
    assert parse_choice("ja – aber nein", {"y": ["ja"], "n": ["nein"]}).codes == ("not-a-choice",)
    assert parse_choice("nein – nicht nötig", {"y": ["ja"], "n": ["nein"]}).value == "n"


def test_a_long_label_is_not_guessed_when_it_is_denied():
    label = "vorhanden und in allen Ämtern der Stadt eingeführt"
    assert parse_choice(f"{label} nein", {"a": [label], "b": ["offen"]}).codes == ("not-a-choice",)


# --- remarks ------------------------------------------------------------------------------------------------

# A remark that denies something else, or nothing.
HARMLESS = [
    "vorhanden (nicht öffentlich)",
    "vorhanden – nicht barrierefrei",
    "vorhanden (noch nicht evaluiert)",
    "vorhanden: noch nicht barrierefrei",
    "vorhanden, nicht öffentlich",
    "vorhanden (nicht für die Öffentlichkeit)",
    "vorhanden (ohne Schnittstelle)",
    "vorhanden (keine Schnittstelle)",
    "vorhanden; derzeit keine Schnittstellen",
    "vorhanden (Schnittstelle noch nicht vorhanden)",
    "vorhanden (Kosten nicht bekannt)",
    "vorhanden – Fallzahlen: keine",
    "vorhanden (keine personenbezogenen Daten)",
    "vorhanden (nicht öffentlich, keine Schnittstelle)",
    "vorhanden (Kosten noch nicht beziffert)",
    "vorhanden\nnicht DSGVO-konform",
    "vorhanden (not public)",
    "vorhanden (not yet evaluated)",
    "vorhanden (no interface)",
    "vorhanden – not publicly available",
    "vorhanden, no PII",
    "vorhanden (seit 2018)",
    "vorhanden, seit 2018 im Einsatz",
    "vorhanden (100 %)",
    "vorhanden (zu 100 %)",
    "vorhanden – Anschluss offen",
    "vorhanden seit 2019",
    "vorhanden seit 03/2019 (Amt 16)",
    "vorhanden since 01/2019",
    "vorhanden¹",
    "vorhanden ²)",
    "vorhanden 1)",
]
# A remark that denies the answer, ends it, doubts it, or may.
TAKEN_BACK = [
    "vorhanden (nein, doch nicht)",
    "vorhanden (nicht)",
    "vorhanden (noch nicht)",
    "vorhanden – noch nicht ganz",
    "vorhanden (eingestellt)",
    "vorhanden, wird eingestellt",
    "vorhanden (nicht mehr)",
    "vorhanden (nicht mehr öffentlich)",
    "vorhanden (nicht öffentlich, wird eingestellt)",
    "vorhanden (nicht barrierefrei, noch nicht in Betrieb)",
    "vorhanden (nicht produktiv)",
    "vorhanden (noch nicht eingeführt)",
    "vorhanden: nicht genutzt",
    "vorhanden – Einführung nicht erfolgt",
    "vorhanden (keine Nutzung)",
    "vorhanden (kein Betrieb)",
    "vorhanden (nicht vollständig)",
    "vorhanden (nicht überall)",
    "vorhanden, aber nicht bei uns",
    "vorhanden (geplant)",
    "vorhanden (80 %)",
    "vorhanden (80–100 %)",
    "vorhanden (nur zu 100 %, sonst nein)",
    "vorhanden (teilweise)",
    "vorhanden (tlw.)",
    "vorhanden (außer Betrieb)",
    "vorhanden – stillgelegt",
    "vorhanden (abgeschaltet)",
    "vorhanden (zurückgestellt)",
    "vorhanden (not live)",
    "vorhanden (not yet)",
    "vorhanden (no longer)",
    "vorhanden (isn't in use)",
    "vorhanden (discontinued)",
    "vorhanden (not in operation)",
    "vorhanden (Idee)",
    "vorhanden, gesetzlich",
    "vorhanden / Idee",
    "vorhanden seit Jahren nicht",
    "vorhanden seit 2019 nicht mehr",
]


@pytest.mark.parametrize("raw", HARMLESS)
def test_a_remark_that_denies_something_else_is_dropped(raw):
    assert parse_choice(raw, ANSWERS) == Parsed("existing", codes=("remark-dropped",))


@pytest.mark.parametrize("raw", TAKEN_BACK)
def test_where_a_remark_may_deny_the_answer_it_is_kept_out(raw):
    assert parse_choice(raw, ANSWERS) == Parsed(state="unreadable", codes=("not-a-choice",))


def test_a_remark_may_not_deny_what_the_answer_itself_says():
    choices = {"public": ["öffentlich", "für alle"], "internal": ["intern"], "api": ["mit Schnittstelle"]}
    for raw in (
        "öffentlich (nicht öffentlich)",
        "für alle – nicht öffentlich",
        "mit Schnittstelle (keine API, keine Schnittstelle)",
    ):
        assert parse_choice(raw, choices).codes == ("not-a-choice",)
    assert parse_choice("intern (nicht öffentlich)", choices) == Parsed("internal", codes=("remark-dropped",))


@pytest.mark.parametrize(
    "raw",
    [
        "ja (nicht öffentlich)",
        "ja – noch nicht evaluiert",
        "yes (no interface)",
        "ja (geplant)",
        "ja, in Planung",
    ],
)
def test_behind_a_mere_yes_nothing_may_be_denied_or_planned(raw):
    """What was asked is not known here: 'evaluated?' – 'yes (not yet evaluated)'."""
    assert parse_boolean(raw).codes == ("not-yes-no",)
    assert parse_choice(raw, {"y": ["ja", "yes"], "n": ["nein", "no"]}).codes == ("not-a-choice",)


FIELDS = {
    "city": ["Stadt"],
    "across": ["Quer (neu)", "Quer: alle – und jeder"],
    "quarter": ["Quer"],
    "two": ["Bau, Planung"],
}


@pytest.mark.parametrize(
    ("raw", "code", "said"),
    [
        ("Quer (neu)", "across", ()),
        ("Quer (neu) – in Abstimmung", "across", ("remark-dropped",)),
        ("Quer (neu): in Abstimmung (Amt 16)", "across", ("remark-dropped",)),
        ("Quer: alle – und jeder (neu)", "across", ("remark-dropped",)),
        ("Quer – in Abstimmung", "quarter", ("remark-dropped",)),
        ("Quer (alt)", "quarter", ("remark-dropped",)),
        ("Bau, Planung", "two", ()),
        ("Bau, Planung, Stand April", "two", ("remark-dropped",)),
        ("Stadt, Quer", None, ("not-a-choice",)),
        ("Stadt (Quer)", None, ("not-a-choice",)),
        ("Stadt – Quer und andere", None, ("not-a-choice",)),
        ("Stadt (" + "a - b: c, " * 4_000, "city", ("remark-dropped",)),
    ],
)
def test_the_longest_label_before_a_remark_counts(raw, code, said):
    parsed = parse_choice(raw, FIELDS)
    assert (parsed.value, parsed.codes) == (code, said)


def test_a_reason_why_a_question_does_not_apply_is_dropped():
    for raw in (
        "entfällt, da keine Software",
        "entfällt (kein Bedarf)",
        "not applicable – not a high-impact use",
    ):
        assert parse_choice(raw, ANSWERS) == Parsed(state="not_applicable", codes=("remark-dropped",))
    for raw in ("entfällt – Idee", "entfällt, ja", "entfällt (zu 30 %)"):
        assert parse_choice(raw, ANSWERS).codes == ("not-a-choice",)


@given(st.sampled_from(HARMLESS), st.sampled_from(TAKEN_BACK))
def test_one_remark_that_takes_back_is_enough(harmless, taken):
    raw = f"{harmless}; {taken.removeprefix('vorhanden')}"
    assert parse_choice(raw, ANSWERS).value is None


@pytest.mark.parametrize(
    "raw", ["vorhadnen", "Vorhandne", "umgeestzt", "Bürgesrchaft", "Brügerschaft", "Büregrschaft"]
)
def test_a_slip_of_two_keys_is_guessed(raw):
    parsed = parse_choice(raw, ANSWERS)
    assert parsed.value in ("existing", "citizens")
    assert parsed.codes == ("choice-guessed",)


@pytest.mark.parametrize(
    "raw", ["Stufe 21", "ohvranden", "nahrovden", "Ieed", "unvorhadnen", "vorhanden2", "verhandnen"]
)
def test_what_is_more_than_a_slip_is_not(raw):
    assert parse_choice(raw, {**ANSWERS, "level": ["Stufe 12"]}).value is None
