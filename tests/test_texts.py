from __future__ import annotations

import ast
import datetime as dt
import re
import string
import tomllib
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import digistrat
from digistrat.inventory.checks import CHECKS
from digistrat.texts import LANGUAGES, format_date, format_money, format_number, has_text, text

SOURCE = Path(digistrat.__file__).parent
CHECKING = ("verify.py", "violations.py", "check_*.py", "facts_*.py")
AUDIT = [path for name in CHECKING for path in sorted((SOURCE / "planning").glob(name))]
ROOMS = [SOURCE / "intake", SOURCE / "inventory", SOURCE / "findings.py", *AUDIT]
CODE = re.compile(r"[a-z]+(?:-[a-z]+)+")
# Words of this form that are no codes of findings.
OTHER = {"encryption-data"}
MARKUP = {"ods.py", "odsstyles.py"}  # names attributes of a format


def flat(node, prefix=""):
    for key, value in node.items():
        if isinstance(value, dict):
            yield from flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


@pytest.fixture(scope="module")
def catalogues():
    return {
        language: dict(flat(tomllib.loads((SOURCE / "locales" / f"{language}.toml").read_text("utf-8"))))
        for language in LANGUAGES
    }


def placeholders(template):
    return {name for _, name, _, _ in string.Formatter().parse(template) if name is not None}


def test_every_language_has_the_same_keys(catalogues):
    assert set(catalogues["de"]) == set(catalogues["en"])
    assert len(catalogues["de"]) > 200


def test_every_language_has_the_same_placeholders(catalogues):
    different = {
        key: (placeholders(template), placeholders(catalogues["en"][key]))
        for key, template in catalogues["de"].items()
        if isinstance(template, str) and placeholders(template) != placeholders(catalogues["en"][key])
    }
    assert different == {}


def test_texts_are_texts_and_hold_no_doubled_braces(catalogues):
    for catalogue in catalogues.values():
        for key, template in catalogue.items():
            assert isinstance(template, str), key
            assert template.strip(), key
            assert "{{" not in template, key  # would read differently with and without values


def words_of_the_source(rooms=ROOMS):
    """Every text constant of the rooms that make findings, with its file."""
    for path in [p for room in rooms for p in ([room] if room.is_file() else room.rglob("*.py"))]:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value, path.name


def test_every_code_of_the_source_has_message_and_hint(catalogues):
    wanting = [
        (code, file, language)
        for code, file in words_of_the_source()
        for language, catalogue in catalogues.items()
        for part in ("message", "hint")
        if CODE.fullmatch(code)
        and code not in OTHER
        and file not in MARKUP
        and f"finding.{code}.{part}" not in catalogue
    ]
    assert wanting == []


def test_every_finding_of_the_catalogue_is_one_of_the_source(catalogues):
    codes = {key.split(".")[1] for key in catalogues["de"] if key.startswith("finding.")}
    assert len(codes) > 50
    assert codes - {code for code, _ in words_of_the_source()} == set()


# What those who make a finding give beside value, column, sheet and file.
GIVEN = {
    "column-twice": {"first"}, "duplicate-key": {"first"}, "column-missing": {"expected"},
    "members-missing": {"expected"}, "column-not-mapped": {"count"}, "former-office-name": {"office"},
    "lower-table-not-read": {"count"},
    "office-guessed": {"office"}, "office-not-valid": {"office"}, "unknown-office": {"office"},
    "office-from-file-name": {"office"}, "office-missing": {"office"},
    "office-not-of-file": {"office", "called"},
    "unit-from-format": {"count"}, "unit-from-header": {"factor"}, "unit-in-title": {"factor"},
    "out-of-range": {"minimum", "maximum"}, "range-of-everything": {"minimum", "maximum"},
    "not-a-choice": {"choices"}, "choice-guessed": {"choices"},
    "struck-through": {"count"},
    "merged-value": {"count"}, "merged-across": {"count"}, "merged-amount": {"count"},
}  # fmt: skip


def test_every_placeholder_of_a_finding_is_given(catalogues):
    of_audit = {word for word, _ in words_of_the_source(AUDIT)}
    checked = {check.code for check in CHECKS}  # each is made in tests/inventory/test_checks.py
    for key, template in catalogues["de"].items():
        if key.startswith("finding."):
            code = key.split(".")[1]
            if code in checked:
                continue
            known = {"value", "column", "sheet", "file"} | GIVEN.get(code, set())
            known |= {"table", "place", "where", "found", "allowed"} if code in of_audit else set()
            assert placeholders(template) <= known, key


def test_findings_say_what_to_do_in_sentences(catalogues):
    for catalogue in catalogues.values():
        for key, template in catalogue.items():
            if key.startswith("finding."):
                assert template.rstrip('”“"').endswith((".", "?", "!")), key


def test_text_fills_in_and_raises_on_unknown_keys_and_languages():
    assert text("notice.example") == "Beispieldaten, frei erfunden"
    assert "A9.xlsx" in text("finding.file-empty.message", "en", file="A9.xlsx")
    with pytest.raises(KeyError):
        text("no.such.key")
    with pytest.raises(ValueError, match="language must be one of de, en, not 'fr'"):
        text("notice.example", "fr")
    assert has_text("notice.example", "en")
    assert not has_text("notice.nothing")


@pytest.mark.parametrize("missing", [None, float("nan"), pd.NA, pd.NaT])
def test_missing_is_a_dash(missing):
    assert format_number(missing) == format_money(missing) == format_date(missing) == "–"


@pytest.mark.parametrize(
    ("value", "decimals", "de", "en"),
    [
        (0, 0, "0", "0"),
        (-0.4, 0, "0", "0"),
        (1234567.891, 2, "1.234.567,89", "1,234,567.89"),
        (-1234.5, 1, "−1.234,5", "−1,234.5"),
        (999.5, 0, "1.000", "1,000"),
        (12, 0, "12", "12"),
    ],
)
def test_numbers(value, decimals, de, en):
    assert (format_number(value, "de", decimals), format_number(value, "en", decimals)) == (de, en)


@given(st.floats(-1e8, 1e8), st.integers(0, 4))
def test_a_written_number_reads_back(value, decimals):
    written = format_number(value, "de", decimals).replace("−", "-").replace(".", "").replace(",", ".")
    assert float(written) == pytest.approx(value, abs=0.5000001 * 10**-decimals)
    assert not written.startswith("-0") or float(written) < 0


@pytest.mark.parametrize(
    ("value", "de", "en"),
    [
        (0, "0 €", "€0"),
        (9_999, "9.999 €", "€9,999"),
        (10_000, "10 T€", "€10k"),
        (999_499, "999 T€", "€999k"),
        (999_500, "1,00 Mio. €", "€1.00m"),
        (1_250_000, "1,25 Mio. €", "€1.25m"),
        (12_340_000, "12,3 Mio. €", "€12.3m"),
        (-50_000, "−50 T€", "€−50k"),
    ],
)
def test_money(value, de, en):
    assert format_money(value, "de") == de
    written = format_money(value, "en")
    assert re.sub(r"[^\d.,]", "", written) == re.sub(r"[^\d.,]", "", en)


def test_dates_do_not_depend_on_the_machine():
    for month, name in enumerate(
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"], 1
    ):
        assert format_date(dt.date(2026, month, 3), "en") == f"3 {name} 2026"
    assert format_date(dt.date(2026, 4, 3), "de") == "03.04.2026"
    assert format_date(pd.Timestamp(2026, 12, 31)) == "31.12.2026"
