"""The same project reported twice: by equal titles, blanks, case and punctuation aside."""

from __future__ import annotations

import pandas as pd

from digistrat.intake.values import fold


def same_titles(projects: pd.DataFrame) -> pd.DataFrame:
    """Find projects whose titles say the same words.

    Parameters
    ----------
    projects : DataFrame
        Indexed by project; column ``title``.

    Returns
    -------
    DataFrame
        ``first``, ``second``: ids in order of appearance; every later project is paired with the first.

    Examples
    --------
    >>> frame = pd.DataFrame({"title": ["E-Akte / DMS", "E-Akte DMS", "WLAN"]}, index=["a", "b", "c"])
    >>> same_titles(frame).values.tolist()
    [['a', 'b']]
    """
    titles = projects["title"].dropna().map(fold)
    titles = titles[titles != ""]
    ids = titles.index.to_series()
    first = ids.groupby(titles).transform("first")
    later = first != ids
    return pd.DataFrame({"first": first[later], "second": ids[later]}).reset_index(drop=True)
