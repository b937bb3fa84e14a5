"""The manifests beside the tests: which faults the shipped rounds hold, and where.

After a change of the example or of the strategy's names: ``python tests/example/manifest.py``.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable
from pathlib import Path

from digistrat.example import Planted, generate
from digistrat.strategy import load_strategy

FOLDER = Path(__file__).parent
COLUMNS = ("file", "sheet", "cell", "code")


def write_manifest(reporting_date: str, planted: Iterable[Planted]) -> None:
    """Write the faults of a round."""
    with (FOLDER / f"planted_{reporting_date}.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter=";", lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows([getattr(fault, column) for column in COLUMNS] for fault in planted)


def read_manifest(reporting_date: str) -> list[Planted]:
    """Read the faults of a round."""
    with (FOLDER / f"planted_{reporting_date}.csv").open(encoding="utf-8", newline="") as file:
        return [Planted(**row) for row in csv.DictReader(file, delimiter=";")]


def main() -> None:
    """Write the shipped rounds and their manifests anew."""
    data = FOLDER.parents[1] / "data"
    for path in (data / "raw").glob("*/*.*"):  # an office may send another format now
        path.unlink()
    for date, planted in generate(data / "raw", load_strategy(data / "strategy.toml")).items():
        write_manifest(date, planted)


if __name__ == "__main__":
    main()
