"""Reading returns into typed tables with places against `pandas.read_excel` of the same files."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from benchmarks.books import N_COLUMNS, N_ROWS, SHEETS, bench_form, write_books
from benchmarks.pairs import Row, paired
from digistrat.intake.returns import read_returns

N_BOOKS, N_MANY = 200, 4_000
MEMORY = """
import resource, sys
from pathlib import Path
from benchmarks.books import bench_form, write_books
from digistrat.intake.returns import read_returns
read_returns(Path(sys.argv[1]), bench_form(), cache=False)
used = [resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
print(sum(used) / 2**20)
"""


def measure() -> Iterator[Row]:
    form = bench_form()
    with tempfile.TemporaryDirectory() as place:
        folder, kept = Path(place) / "books", Path(place) / "kept"
        folder.mkdir()
        files = write_books(folder, N_BOOKS)
        what = f"{N_BOOKS} workbooks, {len(SHEETS)} sheets of {N_ROWS} × {N_COLUMNS}"
        yield paired(
            f"read {what}, typed, with places and findings",
            lambda: read_returns(folder, form, cache=False),
            lambda: [pd.read_excel(file, sheet_name=None, engine="openpyxl") for file in files],
            name="pandas.read_excel(openpyxl)",
            runs=3,
        )
        yield paired(
            f"read {N_BOOKS} workbooks again, unchanged, from the cache",
            lambda: read_returns(folder, form, cache=kept),
            lambda: read_returns(folder, form, cache=False),
            name="without the cache",
            runs=3,
        )
    yield _memory()


def _memory() -> Row:
    """Read many workbooks in a process of its own; its memory and that of its largest child."""
    with tempfile.TemporaryDirectory() as place:
        write_books(Path(place), N_MANY)
        command = [sys.executable, "-c", MEMORY, place]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    used = float(done.stdout)
    return (
        f"read {N_MANY} workbooks: memory",
        f"{used:.2f} GiB",
        "limit 2 GiB",
        f"{used / 2:.2f}",
        "1",
    )
