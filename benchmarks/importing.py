"""`import digistrat` against `import pandas`, each in a new interpreter."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

from benchmarks.pairs import Row, paired


def _run(code: str) -> None:
    subprocess.run([sys.executable, "-c", code], check=True)


def measure() -> Iterator[Row]:
    yield paired(
        "import digistrat",
        lambda: _run("import digistrat"),
        lambda: _run("import pandas"),
        name="import pandas",
        runs=15,
    )
    yield paired(
        "import digistrat, load every name",
        lambda: _run("import digistrat; [getattr(digistrat, n) for n in dir(digistrat)]"),
        lambda: _run("import pandas"),
        name="import pandas",
        runs=7,
    )
