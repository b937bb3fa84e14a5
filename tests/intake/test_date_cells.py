"""Cells of dates as offices write them; every day was decided by hand before it was read."""

from __future__ import annotations

import datetime as dt
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digistrat.intake.values import Parsed, parse_date

D = dt.date


def year(y):
    return D(y, 1, 1), D(y, 12, 31)


# Cell → first day, last day, codes.
READ = {
    "01.04.2018": (D(2018, 4, 1), D(2018, 4, 1), ()),
    " 01.04.2018 ": (D(2018, 4, 1), D(2018, 4, 1), ()),
    "1.4.18": (D(2018, 4, 1), D(2018, 4, 1), ()),
    "01.04.69": (D(2069, 4, 1), D(2069, 4, 1), ()),
    "01.04.70": (D(1970, 4, 1), D(1970, 4, 1), ()),
    "2018-04-01": (D(2018, 4, 1), D(2018, 4, 1), ()),
    "2018-04-01 00:00:00": (D(2018, 4, 1), D(2018, 4, 1), ()),
    "2018-04-01T00:00:00Z": (D(2018, 4, 1), D(2018, 4, 1), ()),
    "2018.04.01": (D(2018, 4, 1), D(2018, 4, 1), ()),
    "01.04.2018, 10:30 Uhr": (D(2018, 4, 1), D(2018, 4, 1), ()),
    "So, 01.04.2018": (D(2018, 4, 1), D(2018, 4, 1), ()),
    "1. April 2018": (D(2018, 4, 1), D(2018, 4, 1), ()),
    "1 April 2018": (D(2018, 4, 1), D(2018, 4, 1), ()),
    "April 1, 2018": (D(2018, 4, 1), D(2018, 4, 1), ()),
    "1st April 2018": (D(2018, 4, 1), D(2018, 4, 1), ()),
    "29.02.2020": (D(2020, 2, 29), D(2020, 2, 29), ()),
    "4/2018": (D(2018, 4, 1), D(2018, 4, 30), ()),
    "04/2018": (D(2018, 4, 1), D(2018, 4, 30), ()),
    "2018/04": (D(2018, 4, 1), D(2018, 4, 30), ()),
    "April 2018": (D(2018, 4, 1), D(2018, 4, 30), ()),
    "Apr. 2018": (D(2018, 4, 1), D(2018, 4, 30), ()),
    "APRIL 2018": (D(2018, 4, 1), D(2018, 4, 30), ()),
    "April '18": (D(2018, 4, 1), D(2018, 4, 30), ()),
    "Apr-18": (D(2018, 4, 1), D(2018, 4, 30), ()),
    "April 18": (D(2018, 4, 1), D(2018, 4, 30), ("two-digit-year",)),
    "Dez 25": (D(2025, 12, 1), D(2025, 12, 31), ("two-digit-year",)),
    "April 45": (D(2045, 4, 1), D(2045, 4, 30), ()),
    "Mrz 2019": (D(2019, 3, 1), D(2019, 3, 31), ()),
    "Q3 2019": (D(2019, 7, 1), D(2019, 9, 30), ()),
    "Q 3/2019": (D(2019, 7, 1), D(2019, 9, 30), ()),
    "3. Q. 2019": (D(2019, 7, 1), D(2019, 9, 30), ()),
    "Q3/19": (D(2019, 7, 1), D(2019, 9, 30), ()),
    "2019-Q3": (D(2019, 7, 1), D(2019, 9, 30), ()),
    "III. Quartal 2019": (D(2019, 7, 1), D(2019, 9, 30), ()),
    "III/2019": (D(2019, 7, 1), D(2019, 9, 30), ()),
    "3. Quartal 2019": (D(2019, 7, 1), D(2019, 9, 30), ()),
    "third quarter 2019": (D(2019, 7, 1), D(2019, 9, 30), ()),
    "1. HJ 2021": (D(2021, 1, 1), D(2021, 6, 30), ()),
    "H2 2021": (D(2021, 7, 1), D(2021, 12, 31), ()),
    "II. Halbjahr 2021": (D(2021, 7, 1), D(2021, 12, 31), ()),
    "2. Jahreshälfte 2021": (D(2021, 7, 1), D(2021, 12, 31), ()),
    "KW 12/2020": (D(2020, 3, 16), D(2020, 3, 22), ()),
    "KW12 2020": (D(2020, 3, 16), D(2020, 3, 22), ()),
    "12. KW 2020": (D(2020, 3, 16), D(2020, 3, 22), ()),
    "2020-W12": (D(2020, 3, 16), D(2020, 3, 22), ()),
    "2021": (*year(2021), ()),
    "2021 ": (*year(2021), ()),
    "im Jahr 2021": (*year(2021), ()),
    "Jahr 2021": (*year(2021), ()),
    "Ende 2019": (D(2019, 10, 1), D(2019, 12, 31), ("approximate-date",)),
    "Anfang 2020": (D(2020, 1, 1), D(2020, 3, 31), ("approximate-date",)),
    "Mitte 2020": (D(2020, 4, 1), D(2020, 9, 30), ("approximate-date",)),
    "mid 2020": (D(2020, 4, 1), D(2020, 9, 30), ("approximate-date",)),
    "mid-2020": (D(2020, 4, 1), D(2020, 9, 30), ("approximate-date",)),
    "bis Ende 2020": (D(2020, 10, 1), D(2020, 12, 31), ("approximate-date",)),
    "Ende 2020 (geplant)": (D(2020, 10, 1), D(2020, 12, 31), ("approximate-date",)),
    "Frühjahr 2021": (D(2021, 3, 1), D(2021, 5, 31), ("approximate-date",)),
    "Sommer 2021": (D(2021, 6, 1), D(2021, 8, 31), ("approximate-date",)),
    "autumn 2021": (D(2021, 9, 1), D(2021, 11, 30), ("approximate-date",)),
    "ab 2021": (*year(2021), ("approximate-date",)),
    "seit 2019": (*year(2019), ("approximate-date",)),
    "ca. 2020": (*year(2020), ("approximate-date",)),
    "voraussichtlich 2020": (*year(2020), ("approximate-date",)),
    "vsl. Q3 2020": (D(2020, 7, 1), D(2020, 9, 30), ("approximate-date",)),
    "ab 01.04.2018": (D(2018, 4, 1), D(2018, 4, 1), ("approximate-date",)),
    "spätestens 31.12.2022": (D(2022, 12, 31), D(2022, 12, 31), ("approximate-date",)),
    "01.04.2018 (geplant)": (D(2018, 4, 1), D(2018, 4, 1), ("approximate-date",)),
    "2019/20": (D(2019, 1, 1), D(2020, 12, 31), ("date-range",)),
    "2018-2020": (D(2018, 1, 1), D(2020, 12, 31), ("date-range",)),
    "2018 bis 2020": (D(2018, 1, 1), D(2020, 12, 31), ("date-range",)),
    "01.04.2018 – 30.06.2018": (D(2018, 4, 1), D(2018, 6, 30), ("date-range",)),
    "01.04.2018-30.06.2018": (D(2018, 4, 1), D(2018, 6, 30), ("date-range",)),
    "von 2018 bis 2020": (D(2018, 1, 1), D(2020, 12, 31), ("date-range",)),
    "Q1-Q2 2020": (D(2020, 1, 1), D(2020, 6, 30), ("date-range",)),
    "Ende 2019 bis Mitte 2020": (D(2019, 10, 1), D(2020, 9, 30), ("date-range", "approximate-date")),
    43191: (D(2018, 4, 1), D(2018, 4, 1), ("serial-date",)),
    43191.75: (D(2018, 4, 1), D(2018, 4, 1), ("serial-date",)),
    2021: (*year(2021), ()),
}
UNREADABLE = {
    "01.13.2018": "not-a-date",
    "13.13.2018": "not-a-date",
    "32.01.2018": "not-a-date",
    "00.01.2018": "not-a-date",
    "30.02.2018": "not-a-date",
    "29.02.2018": "not-a-date",
    "31.04.2018": "not-a-date",
    "2018-13-01": "not-a-date",
    "2018-02-30": "not-a-date",
    "13/2018": "not-a-date",
    "01.04.": "not-a-date",
    "1. April": "not-a-date",
    "25 Apr": "not-a-date",
    "April": "not-a-date",
    "Q3": "not-a-date",
    "Q5 2019": "not-a-date",
    "V. Quartal 2019": "not-a-date",
    "3. HJ 2021": "not-a-date",
    "KW 54/2020": "not-a-date",
    "KW 53/2019": "not-a-date",
    "KW 0/2020": "not-a-date",
    "Winter 2020": "not-a-date",
    "4/18": "not-a-date",
    "12/19": "not-a-date",
    "03/04/2018": "ambiguous-date",
    "3-4-18": "ambiguous-date",
    "2010/11": "ambiguous-date",
    "2018.13": "not-a-date",
    "01.04.2018 oder 01.05.2018": "not-a-date",
    "01.04.2018; 01.05.2018": "not-a-date",
    "01.04.2018, 01.05.2018": "not-a-date",
    "01.04.2018 und 01.05.2018": "not-a-date",
    "2020, 2021": "not-a-date",
    "2020 und 2022": "not-a-date",
    "2020/2021/2022": "not-a-date",
    "01.06.2018 bis 01.04.2018": "not-a-date",
    "nicht vor 2021": "not-a-date",
    "nach Beschluss": "not-a-date",
    "Phase 2": "not-a-date",
    "Haushalt 2021": "not-a-date",
    "in 2 Jahren": "not-a-date",
    "6 Monate": "not-a-date",
    "2021?": "not-a-date",
    "1.1.0218": "not-a-date",
    "31.12.9999": "not-a-date",
    "01.04.218": "not-a-date",
    "1850": "not-a-date",
    "20181301": "not-a-date",
    "morgen": "not-a-date",
    "10:30": "not-a-date",
    "0": "not-a-date",
    "-43191": "not-a-date",
    "43191,5": "not-a-date",
    "9" * 10_000: "not-a-date",
    "1." * 5_000: "not-a-date",
    "1 " * 5_000: "not-a-date",
    "1" + " " * 10_000 + "12:30": "not-a-date",
    math.inf: "not-a-date",
    -math.inf: "not-a-date",
    1e300: "not-a-date",
    10**400: "not-a-date",
    0: "not-a-date",
    -1: "not-a-date",
    12: "not-a-date",
    2021.5: "not-a-date",
    20180401: "not-a-date",
    True: "not-a-date",
    dt.time(10): "not-a-date",
    dt.datetime(9999, 12, 31): "not-a-date",
    dt.datetime(1905, 3, 14): "year-as-date",  # 1900
    dt.datetime(1905, 7, 16): "year-as-date",  # 2024
    dt.date(1906, 1, 7): "year-as-date",  # 2199
    "vor 2020": "not-a-date",
    "nach 2020": "not-a-date",
    dt.datetime(1899, 12, 31): "not-a-date",
    "#WERT!": "cell-error",
}
NO_DATE = {
    None: ("missing", ()),
    "": ("missing", ()),
    "-": ("missing", ()),
    "k. A.": ("missing", ()),
    "offen": ("missing", ()),
    "noch offen": ("missing", ()),
    "n. n.": ("missing", ()),
    "N.N.": ("missing", ()),
    "tbd": ("missing", ()),
    "unklar": ("missing", ()),
    "entfällt": ("not_applicable", ()),
    "s. Anlage": ("missing", ("see-attachment",)),
    "laufend": ("missing", ("ongoing",)),
    "fortlaufend": ("missing", ("ongoing",)),
    "Laufend": ("missing", ("ongoing",)),
    "unbefristet": ("missing", ("ongoing",)),
    "ongoing": ("missing", ("ongoing",)),
}


@pytest.mark.parametrize(("raw", "expected"), READ.items())
def test_days_and_periods(raw, expected):
    first, last, codes = expected
    assert parse_date(raw) == Parsed(first, codes=codes, first=first, last=last)
    assert parse_date(raw, end=True) == Parsed(last, codes=codes, first=first, last=last)


@pytest.mark.parametrize(("raw", "code"), UNREADABLE.items())
def test_days_that_nobody_can_know_are_said(raw, code):
    for end in (False, True):
        read = parse_date(raw, end=end)
        assert (read.value, read.state, read.codes) == (None, "unreadable", (code,))


def test_days_beside_those_of_years_are_days():
    for day in (dt.date(1905, 3, 13), dt.date(1906, 1, 8)):
        assert parse_date(day).value == day


QUARTERS = {
    "3/2025": dt.date(2025, 7, 1),
    "4 / 2025": dt.date(2025, 10, 1),
    "1.2025": dt.date(2025, 1, 1),
    "Q3/2025": dt.date(2025, 7, 1),
    "Q 3/2025": dt.date(2025, 7, 1),
    "III/2025": dt.date(2025, 7, 1),
    "3. Quartal 2025": dt.date(2025, 7, 1),
    "9/2025": dt.date(2025, 9, 1),
    "01.03.2025": dt.date(2025, 3, 1),
    "März 2025": dt.date(2025, 3, 1),
    "2025": dt.date(2025, 1, 1),
    "03/2025": None,
    "ca. 3/2025": None,
    "1/2025 - 3/2025": None,
    "2025/3": None,
    "2025-03": None,
    dt.datetime(2025, 3, 1): None,  # what a spreadsheet makes of 3/2025
    dt.datetime(2025, 3, 15): dt.date(2025, 3, 15),
    dt.datetime(2025, 1, 1): dt.date(2025, 1, 1),
    dt.datetime(2025, 10, 1): dt.date(2025, 10, 1),
}


@pytest.mark.parametrize(("raw", "expected"), QUARTERS.items())
def test_below_a_header_that_asks_for_quarters(raw, expected):
    read = parse_date(raw, quarters=True)
    assert read.value == expected
    assert read.codes == (() if expected else ("ambiguous-date",))


def test_the_end_of_a_quarter():
    assert parse_date("3/2025", end=True, quarters=True).value == dt.date(2025, 9, 30)
    assert parse_date(dt.datetime(2025, 1, 1), end=True, quarters=True).codes == ("ambiguous-date",)
    assert parse_date("3/2025").value == dt.date(2025, 3, 1)


@pytest.mark.parametrize(("raw", "expected"), NO_DATE.items())
def test_answers_without_a_day(raw, expected):
    assert (parse_date(raw).state, parse_date(raw).codes) == expected


@pytest.mark.parametrize("number", [43191, 2021])
def test_whole_numbers_are_the_same_with_decimals(number):
    assert parse_date(float(number)) == parse_date(number)


def test_what_goes_on_has_no_end():
    assert parse_date("laufend", end=True) == Parsed(state="not_applicable", codes=("ongoing",))


@given(st.one_of(st.text(max_size=30), st.integers(), st.floats(), st.booleans(), st.datetimes(), st.dates()))
def test_no_cell_raises_and_every_day_lies_in_its_period(raw):
    read = parse_date(raw)
    assert (read.value is not None) == (read.state == "value")
    assert read.codes or read.state != "unreadable"
    if read.value is not None:
        assert read.first == read.value <= read.last


@given(
    st.sampled_from(list(READ)),
    st.sampled_from([str, str.upper, str.lower, " {} ".format, "\u00a0{}\n".format]),
)
def test_case_and_blanks_do_not_count(raw, change):
    if isinstance(raw, str):
        assert parse_date(change(raw)) == parse_date(raw)
