"""How sure a plan is: durations and costs as ranges, simulated finish dates, and chances that limits hold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from digistrat.planning.chances import NAMES, SOON, budget_chances, chance_interval, spread_of
from digistrat.planning.ranges import (
    SHAPES,
    Shape,
    Spread,
    check_spread,
    cost_ranges,
    duration_ranges,
    quantiles,
)
from digistrat.planning.records import Plan
from digistrat.planning.simulation import PlanTimes, end_dates, positions, simulated_times
from digistrat.texts import format_number, text

Array = npt.NDArray[Any]


@dataclass(frozen=True, eq=False)
class Risk:
    """What may become of a plan.

    Attributes
    ----------
    finish : DataFrame
        Indexed by project: ``title``, ``planned``, ``p10``, ``p50``, ``p90`` (last day of the last phase, not
        exceeded with 10, 50 and 90 %; missing where no sitting is known for so late a decision), and the
        ``chance`` to finish as planned with its 95 % interval ``lower``, ``upper``.
    deadlines : DataFrame
        ``project_id``, ``title``, ``deadline`` (due, grant), ``mandate``, ``date``, ``chance``, ``lower``,
        ``upper``.
    budgets : DataFrame
        ``year``, ``kind``, ``ceiling_eur``, ``planned_eur``, ``p10_eur``, ``p50_eur``, ``p90_eur``,
        ``chance`` that the year holds, ``lower``, ``upper``. After the last year that has a budget a year
        holds if nothing is spent once. Chances are missing where money limits nothing.
    whole : DataFrame
        ``planned``, ``p10``, ``p50``, ``p90`` of ``makespan`` (months) and ``value`` (value-years).
    durations, costs : DataFrame
        The ranges that were drawn from, and where each comes from.
    notes : tuple of str
        What was assumed, in words.
    plan : Plan
    n_samples, seed : int
    shape : {"triangular", "pert"}
    """

    finish: pd.DataFrame
    deadlines: pd.DataFrame
    budgets: pd.DataFrame
    whole: pd.DataFrame
    durations: pd.DataFrame
    costs: pd.DataFrame
    notes: tuple[str, ...]
    plan: Plan
    n_samples: int
    seed: int
    shape: Shape

    def __str__(self) -> str:
        late = self.finish["chance"]
        return (
            f"Risk: {self.n_samples} samples, {len(self.finish)} projects, {int((late < 0.5).sum())} more "
            f"likely late than not; {int((self.deadlines['chance'] < 0.5).sum())} of {len(self.deadlines)} "
            f"deadlines and {int((self.budgets['chance'] < 0.5).sum())} of "
            f"{int(self.budgets['chance'].notna().sum())} budgets more likely missed"
        )

    def __repr__(self) -> str:
        return f"<{self}>"


def simulate_plan(
    plan: Plan,
    *,
    n_samples: int = 2000,
    seed: int = 1,
    shape: Shape = "triangular",
    spread: Spread | None = None,
    cost_spread: Spread | None = None,
) -> Risk:
    """Simulate a plan whose phases may take, and whose projects may cost, other than planned.

    A phase starts as planned, or as soon after as all that it waits for has ended: its project's phases
    before it, other projects, and those that pass on the staff it takes (an earliest-start policy: Igelmund &
    Radermacher 1983, Networks 13:1–28; the order in which staff is passed on is the plan's). Nothing starts
    earlier than planned. A decision that is late waits for the next sitting, a go-live for the end of a
    freeze. One-off money follows its phase, running costs begin with go-live. Durations are drawn
    independently of each other, the costs of a project of one kind together. What is not looked at: posts
    that end before a late phase, and what anybody would do about a delay.

    Parameters
    ----------
    plan : Plan
        From `plan_portfolio` or `schedule`.
    n_samples : int
        How many times.
    seed : int
        The same seed gives the same result.
    shape : {"triangular", "pert"}
        Distribution between the ends of a range with the planned length as mode; triangular is the more
        cautious one.
    spread, cost_spread : (low, high), optional
        Shares of the planned length, of the planned cost, for what nobody gives a range; without them it is
        taken as certain. Ranges of offices and of procurement procedures come first.

    Returns
    -------
    Risk
        A chance has its Monte Carlo error as an interval of 95 % (Wilson 1927, J. Am. Stat. Assoc.
        22:209–212).

    Raises
    ------
    ValueError
        If there is no plan, or a parameter is not as described.
    """
    if not isinstance(plan, Plan) or plan.phases.empty:
        raise ValueError(f"plan must be a Plan with phases, not {plan!r}")
    if isinstance(n_samples, bool) or not isinstance(n_samples, int) or n_samples < 1:
        raise ValueError(f"n_samples must be a whole number ≥ 1, not {n_samples!r}")
    if shape not in SHAPES:
        raise ValueError(f"shape must be one of {SHAPES}, not {shape!r}")
    check_spread("spread", spread)
    check_spread("cost_spread", cost_spread)
    durations, costs = duration_ranges(plan, spread), cost_ranges(plan, cost_spread)
    rng = np.random.default_rng(seed)

    def drawn(table: pd.DataFrame, likely: str) -> Array:
        lower, mode, upper = (table[name].to_numpy(dtype=float) for name in ("lower", likely, "upper"))
        return quantiles(lower, mode, upper, rng.random((len(table), n_samples)), shape)

    lengths, shares = drawn(durations, "planned"), drawn(costs, "likely")
    times = simulated_times(plan, lengths)
    planned = simulated_times(plan, durations["planned"].to_numpy(dtype=float)[:, None])
    return Risk(
        finish=_finish(plan, times, planned),
        deadlines=_deadlines(plan, times),
        budgets=budget_chances(plan, times, planned, costs, shares),
        whole=_whole(plan, times, planned),
        durations=durations,
        costs=costs,
        notes=_notes(plan, durations, costs, spread, cost_spread),
        plan=plan,
        n_samples=n_samples,
        seed=seed,
        shape=shape,
    )


def _finish(plan: Plan, times: PlanTimes, planned: PlanTimes) -> pd.DataFrame:
    ends, months = times.end[times.last], plan.problem.months
    as_planned = (ends <= planned.end[planned.last] + SOON).sum(axis=1)
    days = [end_dates(at, months) for at in spread_of(ends)]
    table = pd.DataFrame(
        {
            "title": plan.inventory.projects["title"].reindex(times.projects).to_numpy(),
            "planned": end_dates(planned.end[planned.last][:, 0], months),
            **dict(zip(NAMES, days, strict=True)),
        },
        times.projects,
    )
    chances = chance_interval(as_planned, ends.shape[1]).set_axis(times.projects)
    return pd.concat([table, chances], axis="columns")


def _deadlines(plan: Plan, times: PlanTimes) -> pd.DataFrame:
    """Due dates of all projects, and ends of grants for the last phase that costs something."""
    projects = plan.inventory.projects.loc[times.projects]
    ends = dict(zip(times.projects, times.last, strict=True))
    found = [(ends[project], project, "due", date) for project, date in projects["due_date"].dropna().items()]
    grants = plan.milestones[plan.milestones["milestone"] == "grant_end"]
    paid = plan.problem.costs.loc[times.activities].sum(axis="columns").to_numpy() > 0
    for project, date in zip(grants["project_id"], grants["date"], strict=True):
        own = np.flatnonzero(paid & (times.project == project))
        if len(own):
            found.append((own[-1], project, "grant", date))
    columns = ["activity", "project_id", "deadline", "date"]
    table = pd.DataFrame(found, columns=columns).astype({"project_id": "str", "deadline": "str"})
    table["date"] = pd.to_datetime(table["date"])
    limit = positions(pd.DatetimeIndex(table["date"]), plan.problem.months[0])
    kept = (times.end[table["activity"].to_numpy(dtype=int)] <= limit[:, None] + SOON).sum(axis=1)
    said = projects[["title", "mandate"]].fillna({"mandate": "none"}).loc[table["project_id"]]
    parts = [table, said.reset_index(drop=True), chance_interval(kept, times.end.shape[1])]
    columns = ["project_id", "title", "deadline", "mandate", "date", "chance", "lower", "upper"]
    return pd.concat(parts, axis="columns")[columns]


def _whole(plan: Plan, times: PlanTimes, planned: PlanTimes) -> pd.DataFrame:
    values = plan.problem.values.reindex(times.projects).to_numpy(dtype=float)
    before = plan.problem.start.month - 1

    def of(given: PlanTimes) -> Array:
        years = np.clip(plan.problem.horizon - given.paid_until[given.last], 0.0, None) / 12
        return np.stack([given.end[given.last].max(axis=0) - before, values @ years])

    table = pd.DataFrame(spread_of(of(times)).T, ["makespan", "value"], list(NAMES))
    table.insert(0, "planned", of(planned)[:, 0])
    return table


def _notes(
    plan: Plan,
    durations: pd.DataFrame,
    costs: pd.DataFrame,
    spread: Spread | None,
    cost_spread: Spread | None,
) -> tuple[str, ...]:
    language = plan.inventory.strategy.language
    said = [text("risk.policy", language)]
    for what, table, given in (("durations", durations, spread), ("costs", costs, cost_spread)):
        counts = table["source"].value_counts()
        names = ("office", "procedure", "spread", "none")
        number = {name: int(counts.get(name, 0)) for name in names}
        said.append(text(f"risk.{what}", language, n=len(table), **number))
        if number["spread"] and given is not None:
            low, high = (format_number(share * 100, language) for share in given)
            said.append(text("risk.spread", language, low=low, high=high))
    return tuple(said)
