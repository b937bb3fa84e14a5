"""Execute the notebooks with parameters, several at a time; nothing of them outlives an interruption."""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from contextlib import suppress
from pathlib import Path
from typing import Any

CELL_SECONDS = 600


class NotebookError(RuntimeError):
    """A cell of a notebook failed; the message names notebook and cell and shows its error."""


def list_notebooks(folder: Path) -> list[Path]:
    """Return a folder's notebooks in the order of their numbers.

    Raises
    ------
    ValueError
        If the folder holds none.
    """
    found = sorted(path for path in folder.glob("[0-9][0-9]_*.ipynb"))
    if not found:
        raise ValueError(
            f"notebooks must be a folder with notebooks such as 01_inventory.ipynb, not {folder}"
        )
    return found


def execute_notebook(path: Path, parameters: Mapping[str, str], *, running: list[Any] | None = None) -> None:
    """Execute a notebook with its parameters replaced, in its own folder.

    Parameters
    ----------
    path : Path
        The notebook; it is not changed.
    parameters : mapping
        Name → value; they stand in a cell of their own after the one tagged ``parameters``.
    running : list, optional
        Takes the client while it runs, so that its kernel can be ended from outside.

    Raises
    ------
    NotebookError
        If a cell fails.
    ValueError
        If the notebook has no cell tagged ``parameters``, or that cell lacks one of the names.
    """
    import nbclient
    import nbformat

    notebook = nbformat.read(path, as_version=4)
    _inject(notebook, parameters, path)
    client = nbclient.NotebookClient(
        notebook,
        timeout=CELL_SECONDS,
        kernel_name="python3",
        resources={"metadata": {"path": str(path.parent)}},
        record_timing=False,
        extra_arguments=["--IPKernelApp.log_level=ERROR"],
    )
    if running is not None:
        running.append(client)
    try:
        client.execute()
    except nbclient.exceptions.CellExecutionError as error:
        raise NotebookError(_failure(notebook, path, error)) from None
    finally:
        if running is not None:
            running.remove(client)


def execute_notebooks(
    paths: Sequence[Path], parameters: Mapping[str, str], *, jobs: int = 1, progress: bool = False
) -> None:
    """Execute notebooks that do not depend on each other, several at a time.

    Parameters
    ----------
    paths : sequence of Path
        From `list_notebooks`.
    parameters : mapping
        As in `execute_notebook`.
    jobs : int
        How many at a time.
    progress : bool
        Whether to show a progress bar with the notebooks at work.

    Raises
    ------
    NotebookError
        Of the first notebook that fails; those that have not begun are not executed.
    """
    from tqdm import tqdm

    running: list[Any] = []
    with (
        ThreadPoolExecutor(max_workers=jobs) as pool,
        tqdm(total=len(paths), unit="notebook", disable=not progress) as bar,
    ):
        # the last one, the report, takes longest: begun first, it does not keep all others waiting
        waiting = {
            pool.submit(execute_notebook, path, parameters, running=running): path.stem
            for path in reversed(paths)
        }
        try:
            while waiting:
                bar.set_description(", ".join(list(waiting.values())[:jobs]))
                done, _ = wait(waiting, return_when=FIRST_COMPLETED)
                for future in done:
                    waiting.pop(future)
                    future.result()
                    bar.update()
        except BaseException:
            for future in waiting:
                future.cancel()
            _end_kernels(running)
            raise


def _end_kernels(running: list[Any]) -> None:
    """End kernels at once: a solver in one of them would let nobody wait for less than its limit."""
    for client in list(running):
        pid = getattr(getattr(client.km, "provisioner", None), "pid", None)
        if pid:
            with suppress(OSError):
                os.kill(pid, signal.SIGKILL if hasattr(signal, "SIGKILL") else signal.SIGTERM)


def _inject(notebook: Any, parameters: Mapping[str, str], path: Path) -> None:
    import nbformat

    tagged = [i for i, cell in enumerate(notebook.cells) if "parameters" in cell.metadata.get("tags", [])]
    if len(tagged) != 1:
        raise ValueError(f"{path.name} must have one cell tagged 'parameters', found {len(tagged)}")
    source = notebook.cells[tagged[0]].source
    missing = [name for name in parameters if f"{name} = " not in source]
    if missing:
        raise ValueError(f"{path.name} must set {missing[0]!r} in its cell tagged 'parameters'")
    lines = "\n".join(f"{name} = {value!r}" for name, value in parameters.items())
    cell = nbformat.v4.new_code_cell(lines, id="injected-parameters", metadata={"tags": ["injected"]})
    notebook.cells.insert(tagged[0] + 1, cell)


def _failure(notebook: Any, path: Path, error: Any) -> str:
    codes = [cell for cell in notebook.cells if cell.cell_type == "code"]
    number, source = next(
        (
            (n, cell.source)
            for n, cell in enumerate(codes, start=1)
            if any(output.output_type == "error" for output in cell.get("outputs", []))
        ),
        (0, ""),
    )
    shown = "\n".join(f"    {line}" for line in source.splitlines()[:12])
    return f"{path.name}, code cell {number} failed:\n{shown}\n  {error.ename}: {error.evalue}"
