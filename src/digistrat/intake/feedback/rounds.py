"""A whole round's feedback: a file for every return, and a text for every organisation."""

from __future__ import annotations

import datetime as dt
import re
import shutil
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from os import PathLike
from pathlib import Path

import pandas as pd

from digistrat.findings import findings_frame
from digistrat.intake.feedback.books import companion_path, read_feedback, write_feedback
from digistrat.intake.feedback.comparison import compare_findings, require_findings
from digistrat.intake.feedback.mail import covering_summary
from digistrat.intake.feedback.marked import write_marked_copy
from digistrat.intake.workbooks import Limits, WorkbookError, printable
from digistrat.texts import text


def feedback_of_round(
    folder: str | PathLike[str],
    findings: pd.DataFrame,
    files: pd.DataFrame,
    target: str | PathLike[str],
    *,
    organisations: Mapping[str, str],
    language: str = "de",
    marked: bool = False,
    reply_by: dt.date | None = None,
    limits: Limits = Limits(),  # noqa: B008
    progress: bool = False,
) -> pd.DataFrame:
    """Write what goes back to every sender of a round; the folder appears only when it is complete.

    A return keeps its name; the text for an organisation is called by its id, that for a file of nobody by
    the file. What the last report said is read out of a return that still carries its sheet, or out of the
    workbook of the sheet alone where that was sent back beside it; the latter is no return of its own.

    Parameters
    ----------
    folder : path
        The round's returns.
    findings : DataFrame
        All findings of the round.
    files : DataFrame
        One row per return: ``file``, as the findings name it, and ``office_id``.
    target : path
        The folder to make: must not exist, or be empty, and not lie in the round.
    organisations : mapping
        ``office_id`` → name.
    language, reply_by, limits
        As for `write_feedback` and `covering_summary`.
    marked : bool
        Whether to write a copy with the cells marked beside it, where that loses nothing.
    progress : bool
        Whether to show a progress bar.

    Returns
    -------
    DataFrame
        One row per return: ``file``, ``office_id``, ``feedback`` and ``marked`` (names below `target`, the
        second empty where there is none) and ``lost``, why there is no marked copy.

    Raises
    ------
    ValueError
        If `target` holds something or lies in the round, or `files` lacks a column.
    """
    folder, target = Path(folder), Path(target)
    folder = folder.parent if folder.is_file() else folder
    _check(folder, target, files)
    everything = require_findings("findings", findings)
    partial = target.absolute().with_name(f".{target.name}.part")
    shutil.rmtree(partial, ignore_errors=True)
    alone = {companion_path(Path(file), language).as_posix() for file in files["file"]}
    returns = files[~files["file"].isin(alone)]
    sources = {printable(path.relative_to(folder).as_posix()): path for path in folder.rglob("*")}
    rows, states = [], []
    try:
        partial.mkdir(parents=True)
        pairs = zip(returns["file"], returns["office_id"].fillna(""), strict=True)
        for file, office_id in _bar(pairs, len(returns), progress):
            own = everything[everything["file"] == file]
            source, copy = sources.get(file, folder / file), partial / file
            if not source.is_file():  # a link that leads nowhere, or gone since: there is only the text
                rows.append({"file": file, "office_id": office_id})
                states.append(own.assign(file=file, office_id=office_id))
                continue
            previous = _previous(source, language, limits)
            copy.parent.mkdir(parents=True, exist_ok=True)
            written = write_feedback(
                source,
                own,
                copy,
                file=file,
                language=language,
                previous=previous,
                reply_by=reply_by,
                limits=limits,
            )
            row = {"file": file, "office_id": office_id, "feedback": written.relative_to(partial).as_posix()}
            if marked and (own["cell"] != "").any():
                name = _marked_name(file, set(files["file"]), language)
                lost = write_marked_copy(
                    source, own, partial / name, file=file, language=language, limits=limits
                )
                row |= {"lost": "; ".join(lost)} if lost else {"marked": name}
            rows.append(row)
            state = compare_findings(previous, own) if len(previous) else own
            states.append(state.assign(file=file, office_id=office_id))
        for name, said in _texts(rows, states, organisations, language, reply_by):
            (partial / name).write_text(said, "utf-8")
        if target.exists():
            target.rmdir()
        partial.rename(target)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    columns = ["file", "office_id", "feedback", "marked", "lost"]
    return pd.DataFrame(rows, columns=columns, dtype="str").fillna("")


def _check(folder: Path, target: Path, files: pd.DataFrame) -> None:
    missing = {"file", "office_id"} - set(files)
    if missing:
        raise ValueError(f"files must have the columns file and office_id; {', '.join(missing)} is missing")
    inside = target.resolve()
    if inside == folder.resolve() or folder.resolve() in inside.parents:
        raise ValueError(f"target must lie outside the round {str(folder)!r}, not at {str(target)!r}")
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise ValueError(f"target must be a new or empty folder, not {str(target)!r}")


def _bar(pairs: Iterable[tuple[str, str]], total: int, progress: bool) -> Iterable[tuple[str, str]]:
    if not progress:
        return pairs
    from tqdm.auto import tqdm

    return tqdm(pairs, total=total, desc="feedback", unit="file")


def _previous(source: Path, language: str, limits: Limits) -> pd.DataFrame:
    """Return what the last report said, from the file or what lies beside it; without rows if nothing."""
    for path in (source, companion_path(source, language)):
        with suppress(WorkbookError):
            if len(found := read_feedback(path, limits=limits)):
                return found
    return findings_frame([])


def _marked_name(file: str, taken: Collection[str], language: str) -> str:
    path = Path(file)
    stem = text("feedback.marked_name", language, stem=path.stem)
    while (name := path.with_name(stem + path.suffix).as_posix()) in taken:
        stem += "_"
    return name


def _texts(
    rows: Sequence[Mapping[str, str]],
    states: Sequence[pd.DataFrame],
    organisations: Mapping[str, str],
    language: str,
    reply_by: dt.date | None,
) -> Iterator[tuple[str, str]]:
    """Give the name and the text for each organisation, over all its files."""
    senders: dict[tuple[str, str], list[pd.DataFrame]] = {}
    for row, state in zip(rows, states, strict=True):
        office_id = row["office_id"]
        name = re.sub(r'[\\/:*?"<>|\x00-\x1f]', "_", office_id) or row["file"]
        senders.setdefault((name, organisations.get(office_id, office_id) or row["file"]), []).append(state)
    for (name, organisation), parts in senders.items():
        own = pd.concat(parts, ignore_index=True)
        if "progress" in own:  # of a file without an earlier report everything is new
            own["progress"] = own["progress"].fillna("new")
        said = covering_summary(own, organisation=organisation, language=language, reply_by=reply_by)
        yield f"{name}.txt", said
