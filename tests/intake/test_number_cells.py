"""Cells of numbers and amounts as offices write them; every value was decided by hand before it was read."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digistrat.intake.cells import cell_parser, within
from digistrat.intake.forms import Column
from digistrat.intake.values import Parsed, detect_decimal, parse_amount, parse_number
from digistrat.intake.values.numbers import read_number
from digistrat.intake.values.units import money_units
from digistrat.texts import format_number

# Amounts: cell → value.
EXACT = {
    "1.234,56 €": 1234.56,
    "1.234,56€": 1234.56,
    "€1.234,56": 1234.56,
    "EUR 1.234,56": 1234.56,
    "1.234,56 EURO": 1234.56,
    "1,234.56": 1234.56,
    "€1,234.56": 1234.56,
    "EUR 1,234,567": 1_234_567,
    "1.5": 1.5,
    "1,5": 1.5,
    "0,5": 0.5,
    ",5": 0.5,
    "0.125": 0.125,
    "00123": 123,
    "'00123": 123,
    "10 T€": 10_000,
    "10T€": 10_000,
    "10 t€": 10_000,
    "10 TEUR": 10_000,
    "10 k€": 10_000,
    "10 kEUR": 10_000,
    "10K €": 10_000,
    "10 Tsd": 10_000,
    "10 Tsd. EUR": 10_000,
    "10 Tausend Euro": 10_000,
    "1,5 T€": 1500,
    "TEUR 12,5": 12_500,
    "1,2 Mio.": 1_200_000,
    "1,2 Mio. €": 1_200_000,
    "1,2 MIO EUR": 1_200_000,
    "1.2 Mio": 1_200_000,
    "€1.2m": 1_200_000,
    "€ 1.2 million": 1_200_000,
    "1,2 Millionen Euro": 1_200_000,
    "0,8 Mrd. €": 800_000_000,
    "−1.234,-": -1234,
    "-1.234,- €": -1234,
    "1.234,--": 1234,
    "1.234,--€": 1234,
    "1.234,— €": 1234,
    "50.000.-": 50_000,
    "50,000.-": 50_000,
    "50.000,-": 50_000,
    "EUR 50.000,--": 50_000,
    "1 234,56": 1234.56,
    "1\u00a0234,56 €": 1234.56,
    "1\u202f234,56\u202f€": 1234.56,
    "1\u2009234\u2009567": 1_234_567,
    "1'234.56": 1234.56,
    "1’234’567.–": 1_234_567,
    "1.234,56-": -1234.56,
    "+500": 500,
    "  500  ": 500,
    "500\n": 500,
    "500 €\r\n": 500,
    "1E3": 1000,
    "1.000.000": 1_000_000,
    "12.500,5": 12_500.5,
    "100.000 €": 100_000,
    "100,000 €": 100_000,
    "50.000,00 €": 50_000,
    "50000,00": 50_000,
    "50000.00": 50_000,
    "0": 0,
    "0,00 €": 0,
    "- 5": -5,
    "5.": 5,
}
# Amounts: cell → value, lower, upper, codes.
BOUNDED = {
    "250.000–500.000 €": (375_000, 250_000, 500_000, ("range",)),
    "250-500 T€": (375_000, 250_000, 500_000, ("range",)),
    "250 – 500 TEUR": (375_000, 250_000, 500_000, ("range",)),
    "TEUR 250-500": (375_000, 250_000, 500_000, ("range",)),
    "250 bis 500 T€": (375_000, 250_000, 500_000, ("range",)),
    "von 250 bis 500 T€": (375_000, 250_000, 500_000, ("range",)),
    "between 250 and 500 k€": (375_000, 250_000, 500_000, ("range",)),
    "1.000,- bis 2.000,- €": (1500, 1000, 2000, ("range",)),
    "0,5-1 Mio. €": (750_000, 500_000, 1_000_000, ("range",)),
    "50 € - 100.000 €": (50_025, 50, 100_000, ("range",)),
    "800 T€ - 1,2 Mio. €": (1_000_000, 800_000, 1_200_000, ("range",)),
    "10.000 – 20.000 EUR netto": (15_000, 10_000, 20_000, ("range", "tax-basis")),
    "ca. 10-20 T€": (15_000, 8_000, 24_000, ("range", "approximate")),
    "bis 50.000": (50_000, 0, 50_000, ("at-most",)),
    "bis zu 50.000 €": (50_000, 0, 50_000, ("at-most",)),
    "Bis 50 T€": (50_000, 0, 50_000, ("at-most",)),
    "max. 50 T€": (50_000, 0, 50_000, ("at-most",)),
    "maximal 50.000,00": (50_000, 0, 50_000, ("at-most",)),
    "höchstens 5 Mio. €": (5_000_000, 0, 5_000_000, ("at-most",)),
    "< 50.000 €": (50_000, 0, 50_000, ("at-most",)),
    "≤50 T€": (50_000, 0, 50_000, ("at-most",)),
    "up to €50,000": (50_000, 0, 50_000, ("at-most",)),
    "ab 5.000": (5000, 5000, None, ("at-least",)),
    "mind. 5.000": (5000, 5000, None, ("at-least",)),
    "mindestens 5 T€": (5000, 5000, None, ("at-least",)),
    "> 100.000 €": (100_000, 100_000, None, ("at-least",)),
    ">100 T€": (100_000, 100_000, None, ("at-least",)),
    "über 100.000": (100_000, 100_000, None, ("at-least",)),
    "at least 5,000": (5000, 5000, None, ("at-least",)),
    "ca. 100.000": (100_000, 80_000, 120_000, ("approximate",)),
    "ca. 100 T€": (100_000, 80_000, 120_000, ("approximate",)),
    "ca 100": (100, 80, 120, ("approximate",)),
    "CA. 100": (100, 80, 120, ("approximate",)),
    "rd. 1.000": (1000, 800, 1200, ("approximate",)),
    "rund 1,5 Mio.": (1_500_000, 1_200_000, 1_800_000, ("approximate",)),
    "~ 100": (100, 80, 120, ("approximate",)),
    "~100 T€": (100_000, 80_000, 120_000, ("approximate",)),
    "about 1,000": (1000, 800, 1200, ("approximate",)),
    "100 T€ (geschätzt)": (100_000, 80_000, 120_000, ("approximate",)),
    "100 T€ geschätzt": (100_000, 80_000, 120_000, ("approximate",)),
    "100 T€ brutto (Schätzung)": (100_000, 80_000, 120_000, ("approximate", "tax-basis")),
    "50.000,00 EUR brutto": (50_000, None, None, ("tax-basis",)),
    "50.000,00 EUR (netto)": (50_000, None, None, ("tax-basis",)),
    "netto 50 T€": (50_000, None, None, ("tax-basis",)),
    "50.000 € inkl. MwSt.": (50_000, None, None, ("tax-basis",)),
    "€50,000 excl. VAT": (50_000, None, None, ("tax-basis",)),
}
UNREADABLE = {
    "1.234": "ambiguous-number",
    "1,234": "ambiguous-number",
    "100.000": "ambiguous-number",
    "> 100.000": "ambiguous-number",
    "~1.234": "ambiguous-number",
    "1.234 T€": "ambiguous-number",
    "1,234 Mio. €": "ambiguous-number",
    "250.000–500.000": "ambiguous-number",
    "1.234 - 2": "ambiguous-number",
    "50-100.000 €": "ambiguous-range",
    "1 - 5.000 €": "ambiguous-range",
    "2026: 50.000, 2027: 30.000": "not-a-number",
    "2026: 50.000": "not-a-number",
    "50.000 (2026)": "not-a-number",
    "50.000; 30.000": "not-a-number",
    "50.000, 30.000": "not-a-number",
    "50.000,30.000": "not-a-number",
    "50.000\n30.000": "not-a-number",
    "50.000 / 30.000": "not-a-number",
    "50.000 + 30.000": "not-a-number",
    "10.000 € + 5.000 €": "not-a-number",
    "1x 20.000": "not-a-number",
    "1 x 20.000 €": "not-a-number",
    "2*500": "not-a-number",
    "3 à 500": "not-a-number",
    "8 von 10": "not-a-number",
    "5 ± 2": "not-a-number",
    "2026-2028": "not-a-number",
    "2026–2028": "not-a-number",
    "ab 2026": "not-a-number",
    "bis 2027": "not-a-number",
    "ca. 2026": "not-a-number",
    "04.2018": "not-a-number",
    "4.2018": "not-a-number",
    "01.04.2018": "not-a-number",
    "01.04.": "not-a-number",
    "01.02": "not-a-number",
    "2018-04-01": "not-a-number",
    "4/2018": "not-a-number",
    "1/2": "not-a-number",
    "½": "not-a-number",
    "50.000 -": "not-a-number",
    "50.000-": "not-a-number",
    "5-": "not-a-number",
    "(50.000)": "not-a-number",
    "500-250 T€": "not-a-number",
    "500 - 1 T€ - 2": "not-a-number",
    "-5 bis 5": "not-a-number",
    "900 – 1 Mio. €": "not-a-number",
    "bis 5 - 10": "not-a-number",
    "ab 5 bis max. 10": "not-a-number",
    "12.34.56": "not-a-number",
    "1.23,456.7": "not-a-number",
    "1,23,456": "not-a-number",
    "1 23": "not-a-number",
    "1 2345": "not-a-number",
    "012 345": "not-a-number",
    "012.345": "not-a-number",
    "030-9012": "not-a-number",
    "069 212-12345": "not-a-number",
    "10%-Stelle 5": "unknown-unit",
    "A16": "not-a-number",
    "Kap. 3": "not-a-number",
    "CHF 500": "not-a-number",
    "fünfzig": "not-a-number",
    "hoch": "not-a-number",
    "12 %": "unknown-unit",
    "50 $": "unknown-unit",
    "50 USD": "unknown-unit",
    "1 Billion €": "unknown-unit",
    "50.000 € p. a.": "unknown-unit",
    "50.000 p. a.": "ambiguous-number",
    "50.000 €/Jahr": "unknown-unit",
    "jährlich 50 T€": "unknown-unit",
    "500 € pro Monat": "unknown-unit",
    "500 €/Std.": "unknown-unit",
    "50 T€ je Schule": "unknown-unit",
    "5 PT": "unknown-unit",
    "12 Monate": "unknown-unit",
    "3 (hoch)": "unknown-unit",
    "50 T€, siehe Konzept": "unknown-unit",
    "50 T€?": "unknown-unit",
    "5 oder mehr": "unknown-unit",
    "20²": "unknown-unit",
    "50 T€ brutto netto": "other-tax-basis",
    "1e400": "not-a-number",
    "-1e400": "not-a-number",
    "9" * 10_000: "not-a-number",
    "1." * 5_000: "not-a-number",
    "- " * 5_000: "not-a-number",
    "1" + " " * 10_000 + "2": "not-a-number",
    "#WERT!": "cell-error",
    "٣": "not-a-number",
    "１２": "not-a-number",
    "0x10": "not-a-number",
    "1_000": "not-a-number",
    "NaN": "not-a-number",
    "-inf": "not-a-number",
    "=A1": "not-a-number",
}
NO_VALUE = {
    "k. A.": ("missing", ()),
    "k.A.": ("missing", ()),
    "KA": ("missing", ()),
    "keine Angabe": ("missing", ()),
    "n. n.": ("missing", ()),
    "offen": ("missing", ()),
    "tbd": ("missing", ()),
    "noch nicht absehbar": ("missing", ()),
    "–": ("missing", ()),
    "./.": ("missing", ()),
    "?": ("missing", ()),
    "\u200b": ("missing", ()),
    "\u00a0": ("missing", ()),
    "entfällt": ("not_applicable", ()),
    "Entfaellt": ("not_applicable", ()),
    "entfa\u0308llt": ("not_applicable", ()),
    "nicht relevant": ("not_applicable", ()),
    "does not apply": ("not_applicable", ()),
    "s. Anlage": ("missing", ("see-attachment",)),
    "siehe Anlage 3": ("missing", ("see-attachment",)),
    "see annex": ("missing", ("see-attachment",)),
}


def test_the_table_of_traps_is_long_enough():
    assert len(EXACT) + len(BOUNDED) + len(UNREADABLE) + len(NO_VALUE) >= 150


@pytest.mark.parametrize(("raw", "value"), EXACT.items())
def test_exact_amounts(raw, value):
    assert parse_amount(raw) == Parsed(value)


@pytest.mark.parametrize(("raw", "expected"), BOUNDED.items())
def test_amounts_with_bounds_or_remarks(raw, expected):
    read = parse_amount(raw)
    for found, wanted in zip((read.value, read.lower, read.upper), expected, strict=False):
        assert found is None if wanted is None else found == pytest.approx(wanted, rel=1e-12)
    assert (read.state, read.codes) == ("value", expected[3])


@pytest.mark.parametrize(("raw", "code"), UNREADABLE.items())
def test_amounts_that_nobody_can_know_are_said(raw, code):
    read = parse_amount(raw)
    assert (read.value, read.state, read.codes) == (None, "unreadable", (code,))


@pytest.mark.parametrize(("raw", "expected"), NO_VALUE.items())
def test_answers_without_a_number(raw, expected):
    assert (parse_amount(raw).state, parse_amount(raw).codes) == expected


def test_a_column_that_says_net_or_per_year_takes_a_cell_that_says_it_too():
    def read(raw, *stated):
        return read_number(raw, money_units(), stated=frozenset(stated))

    assert read("50 € netto", "net") == Parsed(50.0)
    assert read("50 T€ p. a.", "yearly") == Parsed(50_000.0)
    assert read("50 € brutto", "net").codes == ("other-tax-basis",)
    assert read("50 € brutto").codes == ("tax-basis",)


def test_declared_units_in_cells():
    read = {
        "0,5 VZÄ": 0.5,
        "0.5 vzä": 0.5,
        "VZÄ 0,5": 0.5,
        "1/2 VZÄ": None,
        "2 Stellen": None,
        "0,5": 0.5,
        "50 %": None,
    }
    assert {raw: parse_number(raw, units={"VZÄ": 1}).value for raw in read} == read
    months = {"Monate": 1, "Jahre": 12}
    assert parse_number("3 Jahre", units=months).value == 36
    assert parse_number("über 3 Jahren", units=months)[:3] == (36, "value", 36)
    assert parse_number("1-2 Jahre", units=months)[:4] == (18, "value", 12, 24)
    assert parse_number("3 Tsd. Fälle", units={"Fälle": 1}).value == 3000
    assert parse_number("3 T", units={"Fälle": 1}).codes == ("unknown-unit",)
    assert parse_number("3 T").codes == ("unknown-unit",)  # tons, days or thousands
    assert parse_amount("3 T").value == 3000


@pytest.mark.parametrize(
    ("column", "values"),
    [
        (["1.234", "5,5"], [1234, 5.5]),
        (["1.234", "1.234.567"], [1234, 1_234_567]),
        (["1.234", "50.000,-"], [1234, 50_000]),
        (["1.234", "100 €"], [None, 100]),
        (["1.234", "12"], [None, 12]),
        (["1.234", 1234], [None, 1234]),
        (["1.234", "5,5", "5.5"], [None, 5.5, 5.5]),
        (["1.234", "5.5"], [None, 5.5]),  # amounts have no three decimals
        (["1,234", "5,5"], [None, 5.5]),
        (["1,234", "5.5"], [1234, 5.5]),
        (["1.234 €", "5.5"], [1234, 5.5]),  # a euro has no three decimals
        (["1.234 T€", "5,5"], [1_234_000, 5.5]),
    ],
)
def test_only_the_other_cells_prove_what_a_group_of_three_means(column, values):
    decimal = detect_decimal(column)
    assert [parse_amount(raw, decimal=decimal).value for raw in column] == values


NUMBERS = st.one_of(st.integers(-(10**15), 10**15), st.floats(-1e12, 1e12).map(lambda x: round(x, 2)))


@given(
    NUMBERS,
    st.sampled_from(["de", "en"]),
    st.sampled_from(["{}", " {} ", "{}\u202f", "\n{}", "{} €", "€ {}"]),
)
def test_what_the_project_writes_it_reads_again(number, language, around):
    decimal = "," if language == "de" else "."
    written = around.format(format_number(number, language, 2))
    assert parse_amount(written, decimal=decimal).value == pytest.approx(number, abs=0.005)
    assert (
        parse_amount(written).value == parse_amount(written, decimal=decimal).value
    )  # two decimals are proof


@given(
    st.sampled_from([*EXACT, *BOUNDED]),
    st.sampled_from([str, str.upper, "  {}\t".format, "\u00a0{}\n".format]),
)
def test_case_and_blanks_around_do_not_count(raw, change):
    assert parse_amount(change(raw)) == parse_amount(raw)


@given(
    NUMBERS, st.sampled_from([("T€", 1e3), ("TEUR", 1e3), ("Mio. €", 1e6), ("k€", 1e3), ("EUR", 1), ("€", 1)])
)
def test_a_unit_only_multiplies(number, unit):
    word, factor = unit
    written = format_number(number, "de", 2)
    for cell in (f"{written} {word}", f"{written}{word}", f"{word} {written}"):
        assert parse_amount(cell).value == pytest.approx(number * factor, rel=1e-12)


CELLS = st.one_of(
    st.text(max_size=30),
    st.text(alphabet="0123456789.,' -–+€%TMiobszca~<>()/", max_size=16),
    st.integers(),
    st.integers(10**300, 10**310),
    st.floats(),
    st.booleans(),
    st.none(),
)


@settings(max_examples=300)
@given(CELLS, st.sampled_from([None, ",", "."]), st.floats(0, 1))
def test_no_cell_raises_and_states_fit_values(raw, decimal, share):
    for parse in (parse_number, parse_amount):
        read = parse(raw, decimal=decimal, approximate_share=share)
        assert (read.value is not None) == (read.state == "value")
        assert read.codes or read.state != "unreadable"
        if read.value is None:
            assert read.lower is None
            assert read.upper is None
            continue
        assert math.isfinite(read.value)
        assert read.lower is None or read.lower <= read.value
        assert read.upper is None or read.upper >= read.value
        assert read.codes or (read.lower is None and read.upper is None)


@pytest.mark.parametrize(
    "raw", [10**400, -(10**400), math.inf, -math.inf, "1e400", "9" * 10_000, "0" * 10_000]
)
def test_what_cannot_be_computed_with_is_said(raw):
    assert parse_number(raw).codes == ("not-a-number",)
    assert parse_amount(raw).codes == ("not-a-number",)


def test_an_empty_numeric_cell_is_missing():
    assert parse_number(math.nan) == Parsed(state="missing")


def test_a_whole_number_has_no_three_decimals():
    column = Column(name="n", kind="integer", headers=["Fälle"])
    german, english = cell_parser(column, decimal=","), cell_parser(column, decimal=".")
    assert german("12.000").value == english("12,000").value == 12_000
    assert german("12,000").codes == english("12.000").codes == ("ambiguous-number",)
    assert german("12,0").value == 12


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("6–8", (7, 6, 8)),
        ("mindestens 6", (6, 6, 10)),
        ("höchstens 3", (3, 0, 3)),
        ("0 bis 10", None),
        ("mindestens 0", None),
        ("höchstens 10", None),
        ("ca. 9", (9, 7.2, 10)),
    ],
)
def test_a_range_on_a_scale_ends_with_it_and_one_over_all_of_it_says_nothing(words, expected):
    column = Column(name="points", kind="number", minimum=0, maximum=10, bounds=True)
    found = within(parse_number(words, units=None, approximate_share=0.2), column)
    if expected is None:
        assert (found.state, found.codes) == ("unreadable", ("range-of-everything",))
    else:
        assert found.state == "value"
        assert (found.value, found.lower, found.upper) == pytest.approx(expected)
