"""Years of payments, and running costs by year without gaps: what recurs goes on."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

YEARS = (1900, 2200)
"""First and last year that a payment may be of; another number is a typo or a date, such as 20280101."""


def known_years(years: pd.Series) -> pd.Series:
    """Return years as floats, NaN where there is none or none that can be.

    Examples
    --------
    >>> known_years(pd.Series([2028, 20280101, None], dtype="Int64")).tolist()
    [2028.0, nan, nan]
    """
    number = years.astype("Float64").astype(float)
    return number.where(number.between(*YEARS))


def carried_on(
    running: pd.DataFrame, amounts: Sequence[str], *, known: str, until: pd.Series | int
) -> pd.DataFrame:
    """Return running costs of every project and kind, one row per year from the first reported one.

    In a year that an office leaves out or writes illegibly, and after the last reported one, the year before
    counts (before the first legible one, that one); a zero that the office writes ends them.

    Parameters
    ----------
    running : DataFrame
        ``project_id``, ``kind``, ``year`` (all of `known_years`) and amounts; of several rows of a year
        the sum counts, and where one of them is not known, the year is not.
    amounts : sequence of str
        The columns of amounts, which are carried on together.
    known : str
        The one of them that says whether a year is legible.
    until : Series or int
        Last year to carry on to, of each project or of all; at least to the last reported one.

    Returns
    -------
    DataFrame
        ``project_id``, ``kind``, ``year``, the amounts, ``is_assumed`` (taken from another year). Where no
        year is legible, the amounts are not known.

    Examples
    --------
    >>> rows = [("a", "x", 2027, 10.0), ("a", "x", 2029, 0.0)]
    >>> costs = pd.DataFrame(rows, columns=["project_id", "kind", "year", "eur"])
    >>> carried_on(costs, ["eur"], known="eur", until=2030)["eur"].tolist()
    [10.0, 10.0, 0.0, 0.0]
    """
    keys = ["project_id", "kind"]
    columns = [*keys, "year", *amounts, "is_assumed"]
    if running.empty:
        return running.assign(is_assumed=False)[columns].astype({"year": "int64"})
    yearly = running.groupby([*keys, "year"], dropna=False, sort=False)[[*amounts]].sum(skipna=False)
    yearly = yearly.reset_index().astype({"year": "int64"})
    series = yearly.groupby(keys, dropna=False, sort=False).ngroup().to_numpy()
    year = yearly["year"].to_numpy()
    first, last = (yearly["year"].groupby(series).agg(end).to_numpy() for end in ("min", "max"))
    to = until if isinstance(until, int) else yearly["project_id"].map(until).groupby(series).first()
    last = np.fmax(last, np.asarray(to, dtype=float)).astype(int)
    length = last - first + 1
    start = np.cumsum(length) - length  # where the years of each series begin in the answer
    place = start[series] + year - first[series]
    of = np.repeat(np.arange(len(first)), length)
    row = np.full(length.sum(), -1)  # of the years, their row if there is one
    row[place] = np.arange(len(yearly))
    legible = yearly[known].notna()
    is_source = legible | ~legible.groupby(series).transform("any")
    at = np.arange(len(row))
    back, ahead = np.full(len(row), -1), np.full(len(row), len(row))
    back[place[is_source]] = ahead[place[is_source]] = place[is_source]
    back, ahead = np.maximum.accumulate(back), np.minimum.accumulate(ahead[::-1])[::-1]
    source = np.where(back >= start[of], back, ahead)
    found = yearly.iloc[row[source]].reset_index(drop=True)
    is_assumed = (source != at) & found[known].notna()
    return found.assign(year=at - start[of] + first[of], is_assumed=is_assumed)[columns]
