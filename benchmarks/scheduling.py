"""PSPLIB through `schedule_activities` and through PyJobShop: the same seconds, one after the other.

Both may use two cores. PyJobShop is told two workers: what its default, one for each core, comes to on a
machine with two. Ours is called with its own defaults: eight strategies of CP-SAT share the same cores. Gaps
are to the best schedules known (PSPLIB: Kolisch & Sprecher 1996, Eur. J. Oper. Res. 96:205-216), in the
folder shared beside the checkout; without it nothing is measured. A ratio below 1 is ours nearer to the best
known. `python -m benchmarks.scheduling j120 --only j12036_6` tells of single instances.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from benchmarks.pairs import Row
from benchmarks.psplib import Instance, read_psplib
from digistrat.planning.activities import schedule_activities
from digistrat.planning.verify import verify_schedule_activities

DATA = Path(__file__).resolve().parents[2] / "shared" / "data" / "psplib"
SETS = ("j30", "j60", "j120")
SECONDS = 30.0
CORES = 2


@dataclass(frozen=True)
class Pair:
    """Makespans of one instance: the best known, ours and PyJobShop's."""

    name: str
    best: int
    ours: int
    is_proven: bool
    seconds: float
    theirs: int

    @property
    def gap(self) -> float:
        """Ours above the best known, as a share."""
        return self.ours / self.best - 1

    @property
    def their_gap(self) -> float:
        """PyJobShop's above the best known, as a share."""
        return self.theirs / self.best - 1


def measure() -> Iterator[Row]:
    for name in SETS if DATA.is_dir() else ():
        yield _row(name, [pair(instance, best, SECONDS) for instance, best in instances(name)])


def instances(kind: str) -> Iterator[tuple[Path, int]]:
    """Files of a set, with the best makespan known."""
    known = pd.read_csv(DATA / f"best_known_{kind}.csv", index_col="instance")["best_known"]
    for name, best in known.items():
        yield DATA / kind / f"{name}.sm", int(best)


def pair(path: Path, best: int, seconds: float) -> Pair:
    """Solve an instance in both ways; a schedule of ours that is not allowed is an error."""
    instance = read_psplib(path)
    began = time.perf_counter()
    found = schedule_activities(*instance, time_limit=seconds)
    took = time.perf_counter() - began
    broken = verify_schedule_activities(found.start, *instance)
    if len(broken):
        raise AssertionError(f"{path.stem}: {broken.to_dict('records')}")
    return Pair(
        path.stem, best, int(found.makespan), found.status == "optimal", took, _pyjobshop(instance, seconds)
    )


def _pyjobshop(instance: Instance, seconds: float) -> int:
    from pyjobshop import Model

    durations, demands, capacities, links = instance
    model = Model()
    resources = [model.add_renewable(int(capacity)) for capacity in capacities]
    tasks = {activity: model.add_task() for activity in durations.index}
    for activity, task in tasks.items():
        needs = [int(need) for need in demands.loc[activity]]
        model.add_mode(task, resources, int(durations[activity]), needs)
    for first, then in links.itertuples(index=False):
        model.add_end_before_start(tasks[first], tasks[then])
    return int(model.solve(time_limit=seconds, display=False, num_workers=CORES).objective)


def _row(kind: str, pairs: list[Pair]) -> Row:
    gap, theirs = (statistics.mean(gaps) for gaps in zip(*((p.gap, p.their_gap) for p in pairs), strict=True))
    proven = sum(p.is_proven for p in pairs)
    return (
        f"PSPLIB {kind}, {SECONDS:g} s, mean gap to best known",
        f"{gap:.2%}, {proven} of {len(pairs)} proven",
        f"PyJobShop {theirs:.2%}",
        f"{gap / theirs:.2f}" if theirs else "both 0" if not gap else "–",
        str(len(pairs)),
    )


def main() -> None:
    """Measure instance by instance, and print what each came to."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sets", nargs="*", default=SETS)
    parser.add_argument("--seconds", type=float, default=SECONDS)
    parser.add_argument("--only", nargs="*", help="names of instances")
    given = parser.parse_args()
    os.sched_setaffinity(0, set(sorted(os.sched_getaffinity(0))[:CORES]))
    for kind in given.sets:
        pairs = []
        for path, best in instances(kind):
            if given.only is None or path.stem in given.only:
                pairs.append(pair(path, best, given.seconds))
                print(pairs[-1], flush=True)
        print("  ".join(_row(kind, pairs)), flush=True)


if __name__ == "__main__":
    main()
