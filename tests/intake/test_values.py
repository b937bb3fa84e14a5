"""Values: the traps of real cells, and round trips of everything that is written in one way only."""

from __future__ import annotations

import datetime as dt
import math
import tomllib
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digistrat.intake.values import (
    Parsed,
    detect_decimal,
    fold,
    parse_amount,
    parse_boolean,
    parse_date,
    parse_identifier,
    parse_list,
    parse_number,
    parse_text,
)

# Cell, value, lower, upper, codes.
NUMBERS = [
    ("1.234,56 €", 1234.56, None, None, ()),
    ("1,234.56", 1234.56, None, None, ()),
    ("1.5", 1.5, None, None, ()),
    ("1,5", 1.5, None, None, ()),
    ("0,125", 0.125, None, None, ()),
    ("0.125", 0.125, None, None, ()),
    ("1234.567", 1234.567, None, None, ()),
    ("1.234.567", 1_234_567, None, None, ()),
    ("1,234,567", 1_234_567, None, None, ()),
    ("1'234.50", 1234.5, None, None, ()),
    ("1’234", 1234, None, None, ()),
    ("1 234 567,8", 1_234_567.8, None, None, ()),
    ("1\u00a0234", 1234, None, None, ()),
    ("1\u202f234,50", 1234.5, None, None, ()),
    ("10 T€", 10_000, None, None, ()),
    ("10 TEUR", 10_000, None, None, ()),
    ("10 Tsd. €", 10_000, None, None, ()),
    ("TEUR 10", 10_000, None, None, ()),
    ("€ 1,2 Mio.", 1_200_000, None, None, ()),
    ("1,2 Mio.", 1_200_000, None, None, ()),
    ("1,5 Mrd. EUR", 1_500_000_000, None, None, ()),
    ("50k", 50_000, None, None, ()),
    ("−1.234,-", -1234, None, None, ()),
    ("1.234,- €", 1234, None, None, ()),
    ("12.500,–", 12_500, None, None, ()),
    ("1.234,56-", -1234.56, None, None, ()),
    ("- 5", -5, None, None, ()),
    ("€ -5", -5, None, None, ()),
    ("12,5 %", 0.125, None, None, ()),
    ("29 %", 0.29, None, None, ()),
    ("1,5E+05", 150_000, None, None, ()),
    ("1.234 €", 1234, None, None, ()),
    ("250.000–500.000 €", 375_000, 250_000, 500_000, ("range",)),
    ("250 - 500 T€", 375_000, 250_000, 500_000, ("range",)),
    ("250 T€ bis 1 Mio. €", 625_000, 250_000, 1_000_000, ("range",)),
    ("zwischen 5 und 10", 7.5, 5, 10, ("range",)),
    ("10-20 %", 0.15, 0.1, 0.2, ("range",)),
    ("bis 50.000", 50_000, 0, 50_000, ("at-most",)),
    ("max. 50", 50, 0, 50, ("at-most",)),
    ("<= 50", 50, 0, 50, ("at-most",)),
    ("up to 50,000", 50_000, 0, 50_000, ("at-most",)),
    ("mind. 20", 20, 20, None, ("at-least",)),
    ("ab 20", 20, 20, None, ("at-least",)),
    ("ca. 100", 100, 80, 120, ("approximate",)),
    ("ca.5000", 5000, 4000, 6000, ("approximate",)),
    ("rd. 1.000 €", 1000, 800, 1200, ("approximate",)),
    ("~100", 100, 80, 120, ("approximate",)),
    ("100 € (geschätzt)", 100, 80, 120, ("approximate",)),
    ("ca. -100", -100, -120, -80, ("approximate",)),
]
UNREADABLE_NUMBERS = [
    ("1.234", "ambiguous-number"),
    ("1,234", "ambiguous-number"),
    ("-1.234", "ambiguous-number"),
    ("1.234 Mio. €", "ambiguous-number"),
    ("01.04.2018", "not-a-number"),
    ("31.12.", "not-a-number"),
    ("14:30", "not-a-number"),
    ("1.2.3", "not-a-number"),
    ("1.23.456", "not-a-number"),
    ("12.34,5", "not-a-number"),
    ("3 4", "not-a-number"),
    ("3 und 4", "not-a-number"),
    ("10.000 + 5.000", "not-a-number"),
    ("2x 500", "not-a-number"),
    ("(1.234,00)", "not-a-number"),
    ("500 € – 1 €", "not-a-number"),
    ("sehr hoch", "not-a-number"),
    ("½", "not-a-number"),
    ("nan", "not-a-number"),
    ("inf", "not-a-number"),
    ("1_000", "not-a-number"),
    ("50.000 $", "unknown-unit"),
    ("10.000 EUR p. a.", "unknown-unit"),
    ("3 Monate", "unknown-unit"),
    ("#REF!", "cell-error"),
    ("#BEZUG!", "cell-error"),
    ("#NV", "cell-error"),
    ("#DIV/0!", "cell-error"),
    (True, "not-a-number"),
    (dt.datetime(2018, 5, 1), "turned-into-date"),
]


@pytest.mark.parametrize(("raw", "value", "lower", "upper", "codes"), NUMBERS)
def test_numbers_are_read_as_meant(raw, value, lower, upper, codes):
    read = parse_number(raw)
    assert (read.state, read.codes) == ("value", codes)
    assert read.value == pytest.approx(value, rel=1e-14)
    for bound, expected in ((read.lower, lower), (read.upper, upper)):
        assert bound is None if expected is None else bound == pytest.approx(expected, rel=1e-14)


@pytest.mark.parametrize(("raw", "code"), UNREADABLE_NUMBERS)
def test_what_is_no_number_is_said_and_never_guessed(raw, code):
    read = parse_number(raw)
    assert (read.value, read.state, read.codes) == (None, "unreadable", (code,))


@pytest.mark.parametrize(
    "raw", ["", "  ", None, "-", "–", "k. A.", "k.A.", "n/a", "N/A", "unbekannt", "?", math.nan]
)
def test_no_answer_is_missing(raw):
    for parse in (parse_number, parse_amount, parse_date, parse_boolean, parse_text, parse_identifier):
        assert parse(raw).state == "missing"
        assert parse(raw).codes == ()


@pytest.mark.parametrize(
    "raw", ["entfällt", "ENTFÄLLT", "entfaellt", "nicht relevant", "n. z.", "not applicable"]
)
def test_does_not_apply_is_a_state_of_its_own(raw):
    for parse in (parse_number, parse_date, parse_boolean, parse_text):
        assert parse(raw).state == "not_applicable"


def test_a_reference_elsewhere_is_missing_with_a_finding():
    assert parse_number("s. Anlage") == Parsed(state="missing", codes=("see-attachment",))
    assert parse_number("siehe Anlage 3, Zeile 4").codes == ("see-attachment",)
    assert parse_text("siehe Anlage").codes == ("see-attachment",)
    assert parse_text("siehe Anlage 3, dort beschrieben").value == "siehe Anlage 3, dort beschrieben"


def test_the_column_decides_what_a_single_separator_means():
    assert parse_number("1.234", decimal=",").value == 1234
    assert parse_number("1.234", decimal=".").value == 1.234
    assert parse_number("1,234", decimal=",").value == 1.234
    assert parse_number("1,234", decimal=".").value == 1234
    assert parse_number("1,234 €", decimal=",").codes == ("ambiguous-number",)


@pytest.mark.parametrize(
    ("raws", "decimal"),
    [
        (["1.234,56"], ","),
        (["12,5", "1.234"], ","),
        (["12.5", "1,234"], "."),
        (["1.234.567"], ","),
        (["1.234,-"], ","),
        (["bis 50.000"], ","),
        (["1.234 €"], ","),
        (["1.234"], None),
        (["1,5", "1.5"], None),
        ([12.5, None, "text", "12"], None),
        (["31.12.", "siehe Kap. 3.2", "01.04.2018"], None),
        ([], None),
    ],
)
def test_decimal_mark_is_proven_by_the_cells(raws, decimal):
    assert detect_decimal(raws) == decimal


def test_declared_units_have_their_factor_and_no_others_are_read():
    units = {"PT": 1.0, "Personentage": 1.0, "Monate": 20.0}
    assert parse_number("12 PT", units=units).value == 12
    assert parse_number("3 Monate", units=units).value == 60
    assert parse_number("12", units=units).value == 12
    assert parse_number("3 T", units=units).codes == ("unknown-unit",)
    assert parse_amount("50 %").codes == ("unknown-unit",)


def test_approximate_share_is_a_setting():
    assert parse_number("ca. 100", approximate_share=0.1)[2:4] == (90, 110)


def test_a_wrong_call_says_so():
    with pytest.raises(ValueError, match="raw must be"):
        parse_number(["12"])


@given(st.decimals(-(10**9), 10**9, places=2, allow_nan=False))
def test_numbers_written_the_german_and_the_english_way_come_back(number):
    english = f"{number:,.2f}"
    german = english.translate(str.maketrans(",.", ".,"))
    for written in (english, german, german + " €", "€ " + english, german.replace("-", "−")):
        assert parse_number(written).value == float(number)


@given(st.integers(-(10**12), 10**12))
def test_whole_numbers_come_back_where_the_column_is_proven(number):
    english = f"{number:,}"
    assert parse_number(english, decimal=".").value == number
    assert parse_number(english.replace(",", "."), decimal=",").value == number
    assert parse_number(english.replace(",", " ")).value == number
    assert parse_number(str(number)).value == number


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_numeric_cells_pass_unchanged(number):
    assert parse_number(number) == Parsed(number)


@given(st.text(max_size=40))
def test_no_text_ever_raises_or_gives_a_value_without_state(text):
    for parse in (
        parse_number,
        parse_amount,
        parse_date,
        parse_boolean,
        parse_list,
        parse_text,
        parse_identifier,
    ):
        read = parse(text)
        assert read.state in ("value", "missing", "not_applicable", "unreadable")
        assert (read.value is not None) == (read.state == "value")
        assert read.codes or read.state != "unreadable"


@given(st.text(alphabet="0123456789.,' -–€%TMiobisca~", max_size=14))
def test_bounds_hold_the_value(text):
    read = parse_number(text)
    if read.state == "value":
        assert math.isfinite(read.value)
        assert read.lower is None or read.lower <= read.value
        assert read.upper is None or read.upper >= read.value


def day(year, month, day):
    return dt.date(year, month, day)


# Cell, first day, last day, codes.
DATES = [
    ("01.04.2018", day(2018, 4, 1), day(2018, 4, 1), ()),
    ("1.4.18", day(2018, 4, 1), day(2018, 4, 1), ()),
    ("1. 4. 2018", day(2018, 4, 1), day(2018, 4, 1), ()),
    ("2018-04-01", day(2018, 4, 1), day(2018, 4, 1), ()),
    ("2018-04-01T12:30:00", day(2018, 4, 1), day(2018, 4, 1), ()),
    ("01.04.2018 14:30 Uhr", day(2018, 4, 1), day(2018, 4, 1), ()),
    ("13/04/2018", day(2018, 4, 13), day(2018, 4, 13), ()),
    ("04/13/2018", day(2018, 4, 13), day(2018, 4, 13), ()),
    ("20180401", day(2018, 4, 1), day(2018, 4, 1), ()),
    ("1. April 2018", day(2018, 4, 1), day(2018, 4, 1), ()),
    ("Sonntag, den 1. April 2018", day(2018, 4, 1), day(2018, 4, 1), ()),
    ("April 1, 2018", day(2018, 4, 1), day(2018, 4, 1), ()),
    ("4/2018", day(2018, 4, 1), day(2018, 4, 30), ()),
    ("04.2018", day(2018, 4, 1), day(2018, 4, 30), ()),
    ("2018-04", day(2018, 4, 1), day(2018, 4, 30), ()),
    ("April 2018", day(2018, 4, 1), day(2018, 4, 30), ()),
    ("MÄRZ 2018", day(2018, 3, 1), day(2018, 3, 31), ()),
    ("Maerz 2018", day(2018, 3, 1), day(2018, 3, 31), ()),
    ("Jul-25", day(2025, 7, 1), day(2025, 7, 31), ()),
    ("Dec 2019", day(2019, 12, 1), day(2019, 12, 31), ()),
    ("Februar 2020", day(2020, 2, 1), day(2020, 2, 29), ()),
    ("Q3 2019", day(2019, 7, 1), day(2019, 9, 30), ()),
    ("Q3/2019", day(2019, 7, 1), day(2019, 9, 30), ()),
    ("2019 Q3", day(2019, 7, 1), day(2019, 9, 30), ()),
    ("3. Quartal 2019", day(2019, 7, 1), day(2019, 9, 30), ()),
    ("IV. Quartal 2019", day(2019, 10, 1), day(2019, 12, 31), ()),
    ("2. Halbjahr 2019", day(2019, 7, 1), day(2019, 12, 31), ()),
    ("KW 12/2020", day(2020, 3, 16), day(2020, 3, 22), ()),
    ("KW 1/2021", day(2021, 1, 4), day(2021, 1, 10), ()),
    ("53. KW 2020", day(2020, 12, 28), day(2021, 1, 3), ()),
    ("2019", day(2019, 1, 1), day(2019, 12, 31), ()),
    (2019, day(2019, 1, 1), day(2019, 12, 31), ()),
    (dt.datetime(2018, 4, 1, 10), day(2018, 4, 1), day(2018, 4, 1), ()),
    (43191, day(2018, 4, 1), day(2018, 4, 1), ("serial-date",)),
    ("43191", day(2018, 4, 1), day(2018, 4, 1), ("serial-date",)),
    ("Ende 2019", day(2019, 10, 1), day(2019, 12, 31), ("approximate-date",)),
    ("Anfang 2019", day(2019, 1, 1), day(2019, 3, 31), ("approximate-date",)),
    ("Mitte 2019", day(2019, 4, 1), day(2019, 9, 30), ("approximate-date",)),
    ("Ende April 2018", day(2018, 4, 21), day(2018, 4, 30), ("approximate-date",)),
    ("Frühjahr 2020", day(2020, 3, 1), day(2020, 5, 31), ("approximate-date",)),
    ("ca. 2019", day(2019, 1, 1), day(2019, 12, 31), ("approximate-date",)),
    ("ab 01.04.2018", day(2018, 4, 1), day(2018, 4, 1), ("approximate-date",)),
    ("2018–2020", day(2018, 1, 1), day(2020, 12, 31), ("date-range",)),
    ("2019/20", day(2019, 1, 1), day(2020, 12, 31), ("date-range",)),
    ("Q1–Q3 2019", day(2019, 1, 1), day(2019, 9, 30), ("date-range",)),
    ("01.04. - 30.06.2018", day(2018, 4, 1), day(2018, 6, 30), ("date-range",)),
    ("Januar bis März 2019", day(2019, 1, 1), day(2019, 3, 31), ("date-range",)),
]


@pytest.mark.parametrize(("raw", "first", "last", "codes"), DATES)
def test_dates_are_read_as_meant(raw, first, last, codes):
    read = parse_date(raw)
    assert (read.value, read.first, read.last, read.codes) == (first, first, last, codes)
    assert parse_date(raw, end=True).value == last


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        ("01.13.2018", "not-a-date"),
        ("31.02.2018", "not-a-date"),
        ("00.00.0000", "not-a-date"),
        ("29.02.2019", "not-a-date"),
        ("1.1.0218", "not-a-date"),
        ("13/13/2018", "not-a-date"),
        ("Q5 2019", "not-a-date"),
        ("KW 53/2021", "not-a-date"),
        ("25 Apr", "not-a-date"),
        ("5. April", "not-a-date"),
        ("12/19", "not-a-date"),
        ("Winter 2019", "not-a-date"),
        (4.2018, "not-a-date"),
        (12, "not-a-date"),
        (True, "not-a-date"),
        (dt.time(1), "not-a-date"),
        ("03/04/2018", "ambiguous-date"),
        ("03-04-2018", "ambiguous-date"),
        ("2011/12", "ambiguous-date"),
        ("#NV", "cell-error"),
    ],
)
def test_what_is_no_date_is_said_and_never_guessed(raw, code):
    assert parse_date(raw)[:2] == (None, "unreadable")
    assert parse_date(raw).codes == (code,)


@given(st.dates(dt.date(1970, 1, 1), dt.date(2069, 12, 31)))
def test_dates_come_back_however_they_are_written(date):
    iso = date.isocalendar()
    exact = [
        f"{date:%d.%m.%Y}",
        f"{date.day}.{date.month}.{date.year}",
        f"{date:%Y-%m-%d}",
        f"{date:%d.%m.%y}",
    ]
    exact += [f"{date:%Y%m%d}", f"{date:%d %b %Y}", f"{date:%B %d, %Y}", f"{date:%Y/%m/%d}"]
    for written in exact:
        assert parse_date(written).value == date
    week = parse_date(f"KW {iso.week}/{iso.year}")
    assert week.first <= date <= week.last
    assert (week.last - week.first).days == 6
    quarter = parse_date(f"Q{(date.month + 2) // 3} {date.year}")
    assert quarter.first <= date <= quarter.last
    assert quarter.last + dt.timedelta(days=1) == dt.date(
        date.year + (quarter.last.month == 12), quarter.last.month % 12 + 1, 1
    )


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Größe", "GROESSE"),
        ("Straße", "Strasse"),
        ("Digitali-\nsierung", "Digitalisierung"),
        ("Soft\u00adhyphen", "softhyphen"),
        ("zero\u200bwidth", "Zerowidth"),
        ("a\u00a0 b", "A b"),
        ("E-Mail", "e mail"),
        ("Cafe\u0301", "café"),
        ("u\u0308ber", "ueber"),
        ("Art_der Daten:", "art der daten"),
    ],
)
def test_fold_ignores_what_does_not_matter(one, other):
    assert fold(one) == fold(other) != ""


def test_fold_keeps_what_matters_and_drops_brackets_on_request():
    assert fold("Kosten 2019") != fold("Kosten 2020")
    assert fold("Kosten (brutto)") != fold("Kosten (netto)")
    assert fold("Kosten (brutto)", drop_brackets=True) == "kosten"
    assert fold("(Kosten)", drop_brackets=True) == "kosten"


@given(st.text(max_size=60))
def test_folding_twice_changes_nothing(text):
    assert fold(fold(text)) == fold(text)


def test_every_code_has_its_texts():
    codes = {code for *_, codes in NUMBERS for code in codes} | {code for _, code in UNREADABLE_NUMBERS}
    codes |= {code for *_, codes in DATES for code in codes}
    codes |= {
        "ambiguous-date",
        "not-a-date",
        "not-a-choice",
        "choice-guessed",
        "remark-dropped",
        "not-yes-no",
    }
    codes |= {"see-attachment", "formula-without-value"}
    for language in ("de", "en"):
        texts = tomllib.loads(files("digistrat.locales").joinpath(f"{language}.toml").read_text("utf-8"))
        for code in codes:
            assert texts["finding"][code]["message"]
            assert texts["finding"][code]["hint"]
