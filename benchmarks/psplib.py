"""Project scheduling instances of PSPLIB, as frames for `schedule_activities`."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

Instance = tuple[pd.Series, pd.DataFrame, pd.Series, pd.DataFrame]


def read_psplib(path: Path) -> Instance:
    """Durations, demands, capacities and precedences of a single-mode .sm file."""
    lines = path.read_text().splitlines()

    def rows(title: str, skip: int) -> list[list[str]]:
        first = next(k for k, line in enumerate(lines) if line.startswith(title)) + skip
        rest = lines[first:]
        end = next((k for k, line in enumerate(rest) if line.startswith("*")), len(rest))
        return [line.split() for line in rest[:end]]

    links = [(int(row[0]), int(successor)) for row in rows("PRECEDENCE", 2) for successor in row[3:]]
    requests = {int(row[0]): [int(x) for x in row[2:]] for row in rows("REQUESTS", 3)}
    supply = [int(x) for x in rows("RESOURCEAVAIL", 2)[0]]
    names = [f"R{k + 1}" for k in range(len(supply))]
    table = pd.DataFrame.from_dict(requests, orient="index", columns=["duration", *names])
    return (
        table["duration"],
        table[names],
        pd.Series(supply, index=names),
        pd.DataFrame(links, columns=["predecessor", "successor"]),
    )
