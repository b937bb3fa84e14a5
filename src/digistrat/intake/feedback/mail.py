"""The text of the mail to one office: what to look at first, what is settled, what to send back by when."""

from __future__ import annotations

import datetime as dt
import re
import textwrap
from collections.abc import Iterator

import pandas as pd

from digistrat.intake.feedback.comparison import compare_findings, require_findings
from digistrat.intake.feedback.sheet import (
    count_progress,
    count_severities,
    count_text,
    sheet_name,
    standing,
)
from digistrat.texts import LANGUAGES, format_date, text

_WIDTH = 76  # characters in a line
_MOST, _ALIKE = 10, 3  # findings told one by one, and of one kind in one column


def covering_summary(
    findings: pd.DataFrame,
    *,
    organisation: str,
    language: str = "de",
    previous: pd.DataFrame | None = None,
    reply_by: dt.date | None = None,
) -> str:
    """Write the text of the mail that gives one organisation its files back.

    Names nobody and no sender. Errors come first, then warnings, at most ten with their place and what to do;
    the rest by counts, for they stand on the sheet of findings.

    Parameters
    ----------
    findings : DataFrame
        This organisation's findings; with a column ``progress`` where `compare_findings` was there before.
    organisation : str
        Its name.
    language : {"de", "en"}
        Language of the text; messages are as they stand in the findings.
    previous : DataFrame, optional
        What was said last time about the same file, from `read_feedback`.
    reply_by : date, optional
        When the corrected file should be back.

    Returns
    -------
    str
        Plain text in lines of at most 78 characters.

    Raises
    ------
    ValueError
        If the language is unknown, or a frame lacks a column of findings.
    """
    if language not in LANGUAGES:
        raise ValueError(f"language must be one of {', '.join(LANGUAGES)}, not {language!r}")
    own = require_findings("findings", findings)
    if previous is not None and not previous.empty:
        own = compare_findings(previous, own)
    paragraphs = _paragraphs(own, organisation, language, reply_by)
    return "\n\n".join(paragraphs) + "\n"


def _paragraphs(
    own: pd.DataFrame, organisation: str, language: str, reply_by: dt.date | None
) -> Iterator[str]:
    def say(key: str, **values: str) -> str:
        return _wrapped(text(f"feedback.mail.{key}", language, **values))

    left = standing(own)
    urgent = left[left["severity"] != "info"]
    yield say("subject", organisation=organisation)
    yield text("feedback.mail.greeting", language)
    if left.empty:
        yield say("thanks_nothing")
    else:
        yield say("thanks", counts=count_severities(left, language))
    if "progress" in own:
        yield _wrapped(count_progress(own, language))
    if len(urgent):
        ordered = pd.concat([urgent[urgent["severity"] == "error"], urgent[urgent["severity"] == "warning"]])
        # many of one kind in one column must not hide the others
        alike = ordered.groupby(["severity", "file", "sheet", "column", "code"], sort=False).cumcount()
        first = [*ordered.index[alike < _ALIKE], *ordered.index[alike >= _ALIKE]][:_MOST]
        shown = ordered[ordered.index.isin(first)]
        found = set(shown["severity"])
        yield say("first" if len(found) > 1 else f"first_{found.pop()}s")
        yield "\n".join(_items(shown, language, name_file=own["file"].nunique() > 1))
        rest = left.drop(shown.index)
        if len(rest):
            counts = count_severities(rest, language)
            yield _wrapped(count_text("feedback.mail.rest", len(rest), language, counts=counts))
    if len(left):
        yield say("full", sheet=sheet_name(language))
    if len(urgent):
        day = {} if reply_by is None else {"date": format_date(reply_by, language)}
        yield say("todo_by" if day else "todo", **day)
    elif len(left):
        yield say("only_notes")
    yield text("feedback.mail.closing", language)


def _items(shown: pd.DataFrame, language: str, *, name_file: bool) -> Iterator[str]:
    """Write findings as a numbered list: place, message, what to do."""
    for number, row in enumerate(shown.to_dict("records"), 1):
        place = ", ".join(
            text(f"feedback.mail.{part}", language, **{part: row[part]})
            for part in ("file", "sheet", "cell")
            if row[part] and (part != "file" or name_file or not row["sheet"])
        )
        severity = text(f"feedback.severity.{row['severity']}", language)
        head = f"{severity}: {place}" if place else severity
        yield _wrapped(head, first=f"{number:2}. ", rest="    ")
        for line in (row["message"], row["hint"]):
            if line.strip():
                yield _wrapped(line, first="    ", rest="    ")


def _wrapped(line: str, *, first: str = "", rest: str = "") -> str:
    clean = re.sub(r"[\x00-\x1f\x7f\s]+", " ", line).strip()
    return textwrap.fill(clean, _WIDTH, initial_indent=first, subsequent_indent=rest)
