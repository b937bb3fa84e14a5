from __future__ import annotations

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from digistrat.inventory.duplicates import same_titles


def pairs(titles):
    index = [f"p{n}" for n in range(len(titles))]
    frame = pd.DataFrame({"title": pd.Series(titles, index, dtype="str")})
    return same_titles(frame).to_numpy().tolist()


def test_the_same_words_are_the_same_title():
    assert pairs(["E-Akte / DMS", "WLAN", "e-akte DMS", "E-Akte (DMS)", "Wlan "]) == [
        ["p0", "p2"],
        ["p0", "p3"],
        ["p1", "p4"],
    ]


def test_other_words_and_missing_titles_are_not():
    assert pairs(["E-Akte", "E-Akten", None, None, "–", "-", "E-Akte Schule"]) == []
    assert pairs([]) == []


@given(st.lists(st.sampled_from(["a", "A ", "b", "B!", "c", None]), max_size=8))
def test_every_later_one_is_paired_with_the_first(titles):
    folded = [None if title is None else title.strip(" !").lower() for title in titles]
    expected = [[f"p{folded.index(t)}", f"p{n}"] for n, t in enumerate(folded) if t and folded.index(t) < n]
    assert pairs(titles) == expected
