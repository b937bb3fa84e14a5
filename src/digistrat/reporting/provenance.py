"""The record of a run: what went in, with which versions, and what came out."""

from __future__ import annotations

import datetime as dt
import hashlib
import importlib.metadata
import json
import platform
import time
from collections.abc import Iterable
from pathlib import Path

from digistrat import __version__
from digistrat.inventory.record import Inventory
from digistrat.reporting.results import run_id

# What decides the numbers and pictures of a run.
PACKAGES = ("pandas", "numpy", "scipy", "matplotlib", "ortools", "highspy", "pydantic", "rapidfuzz", "xlrd")


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
    notebooks: Iterable[Path] = (),
    started: float,
    seed: int | None,
) -> Path:
    """Write ``run.json``: what went in, with which versions, and what came out.

    Parameters
    ----------
    folder : Path
        The run's output; its files are recorded with their hashes.
    inventory : Inventory
        The round as read.
    notebooks : iterable of Path
        What was executed, if any.
    started : float
        `time.time` at the beginning.
    seed : int
        Of the sampling; None where nothing was sampled.

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
        "outputs": file_hashes(
            (p for p in folder.rglob("*") if p.is_file() and p.name != "run.json"), folder
        ),
        "started": dt.datetime.fromtimestamp(started, dt.UTC).isoformat(timespec="seconds"),
        "seconds": round(time.time() - started, 1),
    }
    path = folder / "run.json"
    path.write_text(json.dumps(record, indent=2, ensure_ascii=False) + "\n", "utf-8")
    return path
