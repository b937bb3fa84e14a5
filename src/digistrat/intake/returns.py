"""Front door of intake: a folder of returns and a form → typed tables, places and findings."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from hashlib import file_digest
from multiprocessing import get_context
from pathlib import Path

from digistrat.findings import findings_frame, make_finding
from digistrat.intake.cache import Cache, default_cache, make_key
from digistrat.intake.forms import Form
from digistrat.intake.joining import Returns, join_returns
from digistrat.intake.reading import PASSING, Return, Task, read_tasks
from digistrat.intake.workbooks import printable

__all__ = ["Returns", "list_returns", "read_returns"]

POOL_FROM = 1_000_000  # bytes; below, starting processes costs more than it saves
BATCHES = 8  # per process: enough for a steady progress bar and even work
# What file managers leave in a folder, beside hidden files and the lock files of spreadsheet programs.
LEFT_BEHIND = ("thumbs.db", "ehthumbs.db", "desktop.ini", "icon\r", "__macosx")


def list_returns(source: str | Path | Iterable[str | Path]) -> tuple[Path, list[Path]]:
    """Return a folder and the files in it, sorted; lock files, hidden files and folders are left out.

    So is what file managers leave behind, such as ``Thumbs.db``.

    Of single files it is the folder that holds all of them, so that no two have the same name below it.

    Raises
    ------
    ValueError
        If the folder or a file does not exist.
    """
    if source == "" or not isinstance(source, (str, Path, Iterable)) or isinstance(source, bytes):
        raise ValueError(f"folder_or_paths must be a folder, a file or several files, not {source!r}")
    if isinstance(source, (str, Path)):
        folder = Path(source)
        if folder.is_file():
            return folder.parent, [folder]
        if not folder.is_dir():
            raise ValueError(f"folder must be an existing folder or file, not {str(folder)!r}")
        # not only files: of a link that leads nowhere it is said that it could not be opened
        paths = sorted(path for path in folder.rglob("*") if path.is_symlink() or not path.is_dir())
    else:
        given = list(source)
        wrong = [path for path in given if not isinstance(path, (str, Path))]
        if wrong:
            raise ValueError(f"folder_or_paths must hold paths, not {wrong[0]!r}")
        paths = list(dict.fromkeys(Path(path).absolute() for path in given))
        for path in paths:
            if not path.is_file():
                raise ValueError(f"paths must be existing files, not {str(path)!r}")
        folder = Path(os.path.commonpath([path.parent for path in paths])) if paths else Path()
    return folder, [
        path
        for path in paths
        if not any(
            part.startswith(("~$", ".")) or part.casefold() in LEFT_BEHIND
            for part in path.relative_to(folder).parts
        )
    ]


def read_returns(
    folder_or_paths: str | Path | Iterable[str | Path],
    form: Form,
    *,
    executor: Executor | None = None,
    progress: bool = False,
    cache: bool | str | Path = True,
) -> Returns:
    """Read every return in a folder through a form.

    Bad files and bad cells never raise: they stand in the findings.

    Parameters
    ----------
    folder_or_paths : path or iterable of paths
        A round's folder, or single files.
    form : Form
        What a return may hold; from `load_form`.
    executor : concurrent.futures.Executor, optional
        Reads files in parallel. By default processes on Linux, where there is enough to read; elsewhere this
        process, because new ones would run the caller's script again.
    progress : bool
        Whether to show a progress bar.
    cache : bool or path
        Whether what was read of a file is kept, so that the same content is read once; True is the user's
        cache folder, or the one that the environment variable ``DIGISTRAT_CACHE`` names.

    Returns
    -------
    returns : Returns
        Tables, findings and places.

    Raises
    ------
    ValueError
        If the folder or a path does not exist, or the form's choices are not filled in.
    """
    _check_call(form, executor, cache)
    folder, paths = list_returns(folder_or_paths)
    most = form.limits.file_bytes
    tasks = [Task(path, file_name(path, folder), _sha256(path, most)) for path in paths]
    store = default_cache() if cache is True else Cache(Path(cache)) if cache else None
    digest = form.digest() if store else ""
    key = make_key("round", digest, *(part for task in tasks for part in (task.file, task.sha256)))
    known = store.load(key) if store and all(task.sha256 for task in tasks) else None
    if isinstance(known, Returns):
        return known
    found: dict[str, Return] = {}
    for task in tasks if store else ():
        kept = store.load(task.key(digest)) if store and task.sha256 else None
        if isinstance(kept, Return):
            found[task.file] = kept
    unread = [task for task in tasks if task.file not in found]
    for result in _read_all(unread, form, store, executor, progress=progress):
        found[result.file] = result
    returns = join_returns([found[task.file] for task in tasks], form)
    if not tasks:
        nothing = make_finding("no-returns", "error", form.language, value=str(folder))
        returns = replace(returns, findings=findings_frame([nothing]))
    if store:
        if not returns.findings["code"].isin(PASSING).any():
            store.save(key, returns)
        store.prune()
    return returns


def _check_call(form: Form, executor: Executor | None, cache: bool | str | Path) -> None:
    if not isinstance(form, Form):
        raise ValueError(f"form must be a Form, from load_form, not {form!r}")
    form.require_filled()
    if executor is not None and not callable(getattr(executor, "map", None)):
        raise ValueError(f"executor must be a concurrent.futures.Executor, not {executor!r}")
    if not isinstance(cache, (bool, str, Path)) or (not isinstance(cache, bool) and Path(cache).is_file()):
        raise ValueError(f"cache must be True, False or a folder, not {cache!r}")


def file_name(path: Path, folder: Path) -> str:
    """Name of a file in findings and places: its path below the round's folder."""
    return printable(path.relative_to(folder).as_posix() if path.is_relative_to(folder) else path.name)


def _sha256(path: Path, most: int) -> str:
    """Digest of a file's content; empty for one that will not be read, for whatever reason."""
    try:
        if not path.is_file() or path.stat().st_size > most:
            return ""
        with path.open("rb") as stream:  # piece by piece: nobody knows yet how large it is
            return file_digest(stream, "sha256").hexdigest()
    except OSError:  # the finding says why it was not read
        return ""


def _read_all(
    tasks: Sequence[Task], form: Form, cache: Cache | None, executor: Executor | None, *, progress: bool
) -> Iterator[Return]:
    """Yield each file's result as soon as it and those before it are read."""
    if progress:
        from tqdm.auto import tqdm

        bar = tqdm(total=len(tasks), desc="returns", unit="file")
    with _pool(tasks, executor) as pool:
        size = max(1, len(tasks) // (BATCHES * (os.cpu_count() or 1))) if pool else 1
        batches = [tasks[start : start + size] for start in range(0, len(tasks), size)]
        if pool is None:
            results: Iterable[list[Return]] = (read_tasks(batch, form, cache) for batch in batches)
        else:
            n = len(batches)
            results = pool.map(read_tasks, batches, [form] * n, [cache] * n)
        for batch in results:
            yield from batch
            if progress:
                bar.update(len(batch))
    if progress:
        bar.close()


@contextmanager
def _pool(tasks: Sequence[Task], executor: Executor | None) -> Iterator[Executor | None]:
    """Give the caller's executor, or processes where they pay."""
    if executor is not None or sys.platform != "linux" or (os.cpu_count() or 1) < 2 or len(tasks) < 2:
        yield executor
        return
    if sum(_size(task.path) for task in tasks) < POOL_FROM:
        yield None
        return
    # forked, so that it starts at once and never runs the caller's script again
    pool = ProcessPoolExecutor(mp_context=get_context("fork"), initializer=_ignore_interrupt)
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)


def _ignore_interrupt() -> None:
    """Leave Ctrl-C to the process that reads."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
