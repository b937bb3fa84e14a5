"""Procedures by value and day, on the thresholds of the Official Journal as the shared table gives them."""

from __future__ import annotations

import datetime as dt

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from digistrat.planning.procurement import procedure_for, threshold_on

# EU thresholds for supplies and services: 2018/19 221,000 € (sector 443,000 €), Delegated Regulations
# (EU) 2017/2365 and 2017/2364; 2024/25 221,000 €; 2026/27 216,000 €.
THRESHOLDS = pd.DataFrame(
    [
        ("2018-01-01", "2019-12-31", "municipality", 221_000),
        ("2018-01-01", "2019-12-31", "sector", 443_000),
        ("2024-01-01", "2025-12-31", "municipality", 221_000),
        ("2026-01-01", "2027-12-31", "municipality", 216_000),
    ],
    columns=["valid_from", "valid_to", "buyer", "threshold_eur"],
)
PROCEDURES = pd.DataFrame(
    [
        ("direct", 10_000, 1, 2, 4),
        ("negotiated", 50_000, 4, 7, 12),
        ("public", "until_eu", 10, 14, 22),
        ("open EU", None, 18, 26, 39),
        ("negotiated EU", None, 30, 42, 60),
    ],
    columns=["procedure", "upper_limit_eur", "weeks_min", "weeks_typical", "weeks_max"],
)


def find(value, on="2018-06-01", buyer="municipality"):
    return procedure_for(value, on, buyer=buyer, thresholds=THRESHOLDS, procedures=PROCEDURES)


@pytest.mark.parametrize(
    ("value", "procedure"),
    [
        (0, "direct"),
        (10_000, "direct"),
        (10_000.01, "negotiated"),
        (50_000, "negotiated"),
        (50_001, "public"),
        (220_999.99, "public"),
        (221_000, "open EU"),  # the threshold is reached: § 106 GWB
        (5_000_000, "open EU"),
    ],
)
def test_limits_of_2018(value, procedure):
    assert find(value).procedure == procedure


def test_threshold_depends_on_the_day_the_procedure_starts():
    assert find(218_000, "2025-12-31").procedure == "public"
    assert find(218_000, dt.date(2026, 1, 1)).procedure == "open EU"


def test_threshold_depends_on_the_buyer():
    path = find(300_000, buyer="sector")
    assert (path.procedure, path.threshold_eur) == ("public", 443_000)
    assert (path.weeks_min, path.weeks_typical, path.weeks_max) == (10, 14, 22)


@pytest.mark.parametrize("day", ["2017-12-31", "2020-01-01", "2028-01-01"])
def test_a_day_outside_the_table_is_never_guessed(day):
    with pytest.raises(ValueError, match="2018-01-01 to 2019-12-31; 2024-01-01 to 2025-12-31; 2026-01-01"):
        find(1_000, day)


def test_a_low_threshold_wins_over_a_high_limit():
    high = PROCEDURES.assign(upper_limit_eur=[10_000, 500_000, "until_eu", None, None])
    path = procedure_for(300_000, "2018-06-01", buyer="municipality", thresholds=THRESHOLDS, procedures=high)
    assert path.procedure == "open EU"


def test_wrong_calls():
    with pytest.raises(ValueError, match="buyer must be one of municipality, sector, not 'land'"):
        find(1, buyer="land")
    with pytest.raises(ValueError, match="value_net_eur must be an amount"):
        find(float("nan"))
    with pytest.raises(ValueError, match="covered 2 times"):
        threshold_on(
            "2018-06-01", buyer="municipality", thresholds=pd.concat([THRESHOLDS, THRESHOLDS.head(1)])
        )
    with pytest.raises(ValueError, match="procedures must cover every value; none for"):
        procedure_for(20_000, "2018-06-01", thresholds=THRESHOLDS, procedures=PROCEDURES.head(1))


def test_every_threshold_of_the_shared_table(shared):
    table = pd.read_csv(shared / "domain" / "procurement_thresholds.csv", sep=";")
    columns = {"liefer_dienst_kommune_eur": "municipality", "sektorenauftraggeber_eur": "sector"}
    long = table.rename(columns={"gueltig_von": "valid_from", "gueltig_bis": "valid_to", **columns}).melt(
        ["valid_from", "valid_to"], list(columns.values()), "buyer", "threshold_eur"
    )
    assert threshold_on("2018-06-01", buyer="municipality", thresholds=long) == 221_000
    assert threshold_on("2016-06-01", buyer="sector", thresholds=long) == 418_000
    with pytest.raises(ValueError, match="2016-01-01"):
        threshold_on("2014-06-01", buyer="sector", thresholds=long)  # the table has none for that time


@given(st.floats(0, 2_000_000), st.floats(0, 2_000_000), st.sampled_from(["2018-06-01", "2024-01-01"]))
def test_a_larger_order_is_never_awarded_faster(one, other, on):
    small, large = sorted((one, other))
    assert find(small, on).weeks_typical <= find(large, on).weeks_typical


def test_the_first_of_two_with_the_same_limit_counts():
    turned = PROCEDURES.iloc[::-1]
    path = procedure_for(1_000_000, "2018-06-01", thresholds=THRESHOLDS, procedures=turned)
    assert path.procedure == "negotiated EU"


@pytest.mark.parametrize("value", [-1, "5000", None, float("nan")])
def test_a_value_that_is_no_amount(value):
    with pytest.raises(ValueError, match="value_net_eur must be an amount"):
        find(value)


def test_tables_without_a_column_and_days_that_are_none():
    with pytest.raises(ValueError, match=r"procedures must have the columns .*weeks_max"):
        procedure_for(1, "2018-06-01", thresholds=THRESHOLDS, procedures=PROCEDURES.drop(columns="weeks_max"))
    with pytest.raises(ValueError, match=r"thresholds must have the columns .*threshold_eur"):
        threshold_on("2018-06-01", buyer="municipality", thresholds=THRESHOLDS.drop(columns="threshold_eur"))
    with pytest.raises(ValueError, match="on must be a date, not NaT"):
        threshold_on(pd.NaT, buyer="municipality", thresholds=THRESHOLDS)


@pytest.mark.parametrize(
    ("day", "known"), [("2018-01-01", True), ("2019-12-31", True), ("2020-01-01", False)]
)
def test_first_and_last_day_belong_to_a_threshold(day, known):
    if known:
        assert threshold_on(day, buyer="sector", thresholds=THRESHOLDS) == 443_000
    else:
        with pytest.raises(ValueError, match="not covered"):
            threshold_on(day, buyer="sector", thresholds=THRESHOLDS)
