"""Run every benchmark and print one table of ratios."""

from __future__ import annotations

from benchmarks import importing, ranking, reading, robustness

HEAD = ("what", "ours", "peer or floor", "ratio (median)", "runs")


def main() -> None:
    rows = [row for module in (importing, reading, robustness, ranking) for row in module.measure()]
    widths = [max(len(str(row[i])) for row in [HEAD, *rows]) for i in range(len(HEAD))]
    for row in [HEAD, *rows]:
        print("  ".join(str(cell).ljust(width) for cell, width in zip(row, widths, strict=True)))


if __name__ == "__main__":
    main()
