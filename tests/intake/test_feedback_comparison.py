"""Settled, open and new; and the text of the mail that says so."""

from __future__ import annotations

import datetime as dt

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from digistrat.findings import FINDING_COLUMNS, Finding, findings_frame
from digistrat.intake.feedback import compare_findings, covering_summary


def finding(cell="B2", value="x", code="not-a-date", severity="error", **changes):
    place = {"file": "A.xlsx", "sheet": "Vorhaben", "table": "projects", "column": "start_date"}
    words = {"message": f"{value} ist kein Datum.", "hint": "Bitte berichtigen."}
    return Finding(code, severity, cell=cell, value=value, **{**place, **words, **changes})


def states(before, now):
    result = compare_findings(findings_frame(before), findings_frame(now))
    assert list(result) == [*FINDING_COLUMNS, "progress"]
    return list(zip(result["cell"], result["value"], result["progress"], strict=True))


def test_settled_open_and_new():
    before = [finding("B2"), finding("B3", "y")]
    now = [finding("B3", "y"), finding("C4", "z")]
    assert states(before, now) == [("B3", "y", "open"), ("C4", "z", "new"), ("B2", "x", "settled")]


def test_another_wrong_value_at_the_same_place_is_still_open():
    assert states([finding("B2", "x")], [finding("B2", "y")]) == [("B2", "y", "open")]


def test_a_cell_that_is_wrong_in_another_way_is_not_settled():
    now = finding("B2", "12", code="out-of-range")
    assert states([finding("B2")], [now]) == [("B2", "12", "open")]


def test_a_remark_about_a_cell_that_is_right_now_is_new():
    now = finding("B2", "ca. 12", code="approximate", severity="info")
    assert states([finding("B2")], [now]) == [("B2", "ca. 12", "new"), ("B2", "x", "settled")]


def test_an_inserted_row_moves_findings_without_mixing_them_up():
    """The value goes before the place: B3 now holds what stood in B2, and B3's old one was corrected."""
    before = [finding("B2", "x"), finding("B3", "y"), finding("B4", "z")]
    now = [finding("B3", "x"), finding("B5", "z")]
    assert states(before, now) == [("B3", "x", "open"), ("B5", "z", "open"), ("B3", "y", "settled")]


def test_of_equal_values_the_nearest_row_is_the_same():
    before = [finding("B12", "", code="missing-value"), finding("B40", "", code="missing-value")]
    now = [finding("B41", "", code="missing-value")]
    assert states(before, now) == [("B41", "", "open"), ("B12", "", "settled")]


def test_each_earlier_finding_is_matched_once():
    assert [state for *_, state in states([finding("B2")], [finding("B2"), finding("B9")])] == ["open", "new"]
    assert [state for *_, state in states([finding("B2")] * 3, [finding("B2")])] == [
        "open",
        "settled",
        "settled",
    ]


def test_file_and_office_do_not_matter():
    before = finding(file="A16.xlsx", office_id="A16", table="projects")
    assert states([before], [finding(file="A16_neu.xlsx")]) == [("B2", "x", "open")]


@pytest.mark.parametrize(
    ("unread", "state"),
    [
        (Finding("file-damaged", "error"), "open"),
        (Finding("file-has-macros", "info"), "settled"),
        (Finding("file-not-read", "warning"), "open"),
        (Finding("no-table-found", "error"), "open"),
        (Finding("same-return", "warning"), "open"),
        (Finding("sheet-not-used", "warning", sheet="Vorhaben"), "open"),
        (Finding("sheet-hidden", "info", sheet="Vorhaben"), "open"),
        (Finding("sheet-hidden", "info", sheet="Hilfe"), "settled"),
        (Finding("sheet-lost", "error", value="Vorhaben"), "open"),
        (
            Finding("column-missing", "warning", sheet="Vorhaben", table="projects", column="start_date"),
            "open",
        ),
        (Finding("column-missing", "warning", sheet="Vorhaben", table="projects", column="title"), "settled"),
        (Finding("column-missing", "error", sheet="Vorhaben", table="projects", column="project_id"), "open"),
        (Finding("members-missing", "error", sheet="Vorhaben", table="projects"), "open"),
    ],
)
def test_what_was_not_read_again_is_not_settled(unread, state):
    result = compare_findings(findings_frame([finding()]), findings_frame([unread]))
    assert result.loc[result["code"] == "not-a-date", "progress"].tolist() == [state]


cells = st.builds(
    finding,
    st.sampled_from(["B2", "B3", "B4", "C2"]),
    st.sampled_from(["", "x", "y"]),
    st.sampled_from(["not-a-date", "not-a-number"]),
    column=st.sampled_from(["a", "b"]),
)


@given(st.lists(cells, max_size=8), st.lists(cells, max_size=8))
def test_every_finding_has_one_state(before, now):
    result = compare_findings(findings_frame(before), findings_frame(now))
    counts = result["progress"].value_counts()
    n_open, n_new, n_settled = (int(counts.get(s, 0)) for s in ("open", "new", "settled"))
    assert n_open + n_new == len(now)
    assert n_open + n_settled == len(before)
    assert result.loc[: len(now) - 1, list(FINDING_COLUMNS)].equals(findings_frame(now))
    same = compare_findings(findings_frame(now), findings_frame(now))
    assert set(same["progress"]) <= {"open"}


def test_frames_stay_as_they_are_and_must_be_findings():
    before, now = findings_frame([finding()]), findings_frame([finding("B3", "y")])
    copies = before.copy(deep=True), now.copy(deep=True)
    compare_findings(before, now)
    pd.testing.assert_frame_equal(before, copies[0])
    pd.testing.assert_frame_equal(now, copies[1])
    with pytest.raises(ValueError, match="previous must be a findings frame"):
        compare_findings(before[["code", "severity"]], now)


def summary(*findings, **options):
    said = covering_summary(findings_frame(findings), **{"organisation": "Umweltamt", **options})
    assert all(len(line) <= 78 for line in said.splitlines())
    return said


def test_a_clean_return_gets_thanks():
    for language, words in (("de", "vielen Dank"), ("en", "thank you")):
        said = summary(language=language)
        assert "Umweltamt" in said
        assert words in said
        assert not any(character.isdigit() for character in said)


def test_errors_come_first_and_the_rest_is_counted():
    infos = [finding(f"D{n}", f"hinweis{n}", severity="info") for n in range(3)]
    warnings = [finding(f"C{n}", f"warnung{n}", severity="warning") for n in range(9)]
    errors = [finding(f"B{n}", f"fehler{n}") for n in range(4)]
    said = summary(*infos, *warnings, *errors)
    assert "4 Fehler, 9 Warnungen, 3 Hinweise" in " ".join(said.split())
    assert all(f"fehler{n}" in said for n in range(4))
    assert [f"warnung{n}" in said for n in range(9)] == [True] * 6 + [False] * 3
    assert "hinweis" not in said
    assert "6 weitere Befunde (3 Warnungen, 3 Hinweise)" in " ".join(said.split())
    assert said.index("fehler3") < said.index("warnung0")
    assert "Fehler: Blatt „Vorhaben“, Zelle B0" in said
    assert "Bitte berichtigen." in said


def test_many_findings_of_one_kind_do_not_hide_the_others():
    many = [finding(f"B{n}", f"fehler{n}") for n in range(12)]
    said = summary(*many, finding("C9", "warnung", severity="warning"))
    assert "warnung" in said
    assert [f"fehler{n}" in said.split() or f"fehler{n} " in said for n in range(12)].count(True) == 9


def test_only_notes_need_no_answer():
    said = summary(finding(severity="info"))
    assert "1 Hinweis" in said
    assert "genügt" in said
    assert "zurück" not in said


def test_the_day_is_named_if_there_is_one():
    assert "bis zum 05.06.2026" in " ".join(summary(finding(), reply_by=dt.date(2026, 6, 5)).split())
    assert "by 5 Jun 2026" in " ".join(
        summary(finding(), reply_by=dt.date(2026, 6, 5), language="en").split()
    )
    assert "bis zum" not in summary(finding())


def test_what_is_settled_is_said():
    before = findings_frame([finding("B2"), finding("B3", "gone"), finding("B4", "gone too")])
    said = summary(finding("B2"), finding("C9", "fresh"), previous=before)
    assert "2 erledigt, 1 offen, 1 neu" in said
    assert "gone" not in said
    done = summary(previous=before)
    assert "3 erledigt, 0 offen, 0 neu" in done
    assert "nichts mehr zu tun" in " ".join(done.split())


def test_several_files_are_named_and_long_or_strange_texts_wrapped():
    said = summary(finding(value="w" * 300 + "\n\x00\tx"), finding(file="A25_Vorhaben.csv"))
    assert "Datei „A25_Vorhaben.csv“, Blatt „Vorhaben“, Zelle B2" in said
    assert "\x00" not in said
    assert "A.xlsx" not in summary(finding())


def test_a_wrong_call_of_the_summary():
    with pytest.raises(ValueError, match="language must be one of de, en, not 'fr'"):
        summary(language="fr")
