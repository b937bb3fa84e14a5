"""Run every benchmark, or those named, and print one table of ratios."""

from __future__ import annotations

import sys
from importlib import import_module

NAMES = ("importing", "reading", "robustness", "ranking", "scheduling", "selection", "planning")
HEAD = ("what", "ours", "peer or floor", "ratio (median)", "runs")


def main() -> None:
    names = sys.argv[1:] or NAMES
    rows = [row for name in names for row in import_module(f"benchmarks.{name}").measure()]
    widths = [max(len(str(row[i])) for row in [HEAD, *rows]) for i in range(len(HEAD))]
    for row in [HEAD, *rows]:
        print("  ".join(str(cell).ljust(width) for cell, width in zip(row, widths, strict=True)))


if __name__ == "__main__":
    main()
