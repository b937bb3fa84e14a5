"""Execute the notebooks with parameters, and write the record of a run."""

from __future__ import annotations

import datetime as dt
import hashlib
import importlib.metadata
import json
import platform
import time
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any

from digistrat import __version__
from digistrat.inventory.record import Inventory
from digistrat.reporting.results import run_id

# What decides the numbers and pictures of a run.
PACKAGES = ("pandas", "numpy", "scipy", "matplotlib", "ortools", "highspy", "pydantic", "rapidfuzz", "xlrd")
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


def execute_notebook(path: Path, parameters: Mapping[str, str], *, copy: Path | None = None) -> None:
    """Execute a notebook with its parameters replaced, in its own folder.

    Parameters
    ----------
    path : Path
        The notebook; it is not changed.
    parameters : mapping
        Name → value; they stand in a cell of their own after the one tagged ``parameters``.
    copy : Path, optional
        Where to save the executed notebook.

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
    try:
        client.execute()
    except nbclient.exceptions.CellExecutionError as error:
        raise NotebookError(_failure(notebook, path, error)) from None
    if copy is not None:
        copy.parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(notebook, copy)


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

    with (
        ThreadPoolExecutor(max_workers=jobs) as pool,
        tqdm(total=len(paths), unit="notebook", disable=not progress) as bar,
    ):
        # the last one, the report, takes longest: begun first, it does not keep all others waiting
        waiting = {pool.submit(execute_notebook, path, parameters): path.stem for path in reversed(paths)}
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
            raise


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


def file_hashes(paths: Iterable[Path], root: Path) -> dict[str, str]:
    """Return the SHA-256 of files by their path below a folder."""
    return {
        path.relative_to(root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(paths)
    }


def write_run_record(
    folder: Path,
    inventory: Inventory,
    *,
    notebooks: Iterable[Path],
    started: float,
    seed: int,
) -> Path:
    """Write ``run.json``: what went in, with which versions, and what came out.

    Parameters
    ----------
    folder : Path
        The run's output; its files are recorded with their hashes.
    inventory : Inventory
        The round as read.
    notebooks : iterable of Path
        What was executed.
    started : float
        `time.time` at the beginning.
    seed : int
        Of sampling and solvers.

    Returns
    -------
    Path
        Only ``started`` and ``seconds`` differ between two runs of the same input.
    """
    strategy = inventory.strategy
    record = {
        "run_id": run_id(inventory),
        "digistrat": __version__,
        "reporting_date": f"{inventory.reporting_date}",
        "strategy": {
            "title": strategy.strategy.title,
            "version": strategy.strategy.version,
            "language": strategy.language,
            "is_example": strategy.strategy.is_example,
        },
        "seed": seed,
        "inputs": {
            "returns": dict(zip(inventory.files["file"], inventory.files["sha256"], strict=True)),
            "strategy": {
                Path(file).name: hashlib.sha256(Path(file).read_bytes()).hexdigest()
                for file in (strategy.file, strategy.offices_file)
            },
            "notebooks": {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in notebooks},
        },
        "versions": {
            "python": platform.python_version(),
            **{name: importlib.metadata.version(name) for name in PACKAGES},
        },
        "outputs": file_hashes((p for p in folder.rglob("*") if p.is_file()), folder),
        "started": dt.datetime.fromtimestamp(started, dt.UTC).isoformat(timespec="seconds"),
        "seconds": round(time.time() - started, 1),
    }
    path = folder / "run.json"
    path.write_text(json.dumps(record, indent=2, ensure_ascii=False) + "\n", "utf-8")
    return path
