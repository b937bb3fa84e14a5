"""Reading returns into typed tables with places against `pandas.read_excel` of the same files."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from benchmarks.pairs import Row, paired
from digistrat.example import generate
from digistrat.intake.returns import read_returns
from digistrat.inventory.record import standard_form
from digistrat.strategy import load_strategy

DATA = Path(__file__).parents[1] / "data"


def measure() -> Iterator[Row]:
    strategy = load_strategy(DATA / "strategy.toml")
    form = standard_form(strategy)
    with tempfile.TemporaryDirectory() as folder:
        generate(Path(folder), strategy, faults=False)
        files = sorted((Path(folder) / "2025-10-31").glob("*.xlsx"))
        yield paired(
            f"read {len(files)} example returns with places and findings",
            lambda: read_returns(files, form),
            lambda: [
                pd.read_excel(file, sheet_name=None, engine="openpyxl", dtype=object, keep_default_na=False)
                for file in files
            ],
            name="pandas.read_excel(openpyxl), untyped",
            runs=5,
        )
