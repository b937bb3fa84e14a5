"""The money of a profile: costs by year, kind and one-off or recurring, what follows, and who pays."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from digistrat.planning.profile_facts import NO_ANSWER, Entry, Facts, Row, known

KINDS = ("investive", "consumptive")
FOLLOWING_YEARS = 5


def costs(facts: Facts, project: str) -> Iterator[Entry]:
    """Yield every reported amount with its cell, the sums, and in a plan what falls into which year."""
    for is_recurring in (False, True):
        word = "recurring" if is_recurring else "one_off"
        rows = _amounts(facts, project, is_recurring)
        for row in sorted(rows, key=lambda r: (r.values["kind"], r.values["year"])):
            yield facts.answer(
                "costs", word, row, "amount_eur", is_mandatory=True, name=_named(facts, word, row.values)
            )
        if not rows:
            yield Entry("costs", word, NO_ANSWER, "missing", True, "project_costs", None, "amount_eur")
    for row in facts.of("project_costs", project):
        if not known(row.values["amount_eur"]):
            entry = facts.answer("costs", "unclear", row, "amount_eur")
            if entry.state == "unreadable":
                yield entry
    total = one_off_total(facts, project)
    if total is not None:
        yield Entry("costs", "one_off_total", facts.euros(total), "computed")
    yield from _planned(facts, project)
    yield from _following(facts, project)
    yield from _binding(facts, project)
    yield Entry("costs", "product_group", NO_ANSWER, "missing")
    yield Entry("costs", "basis", facts.said("gross"), "computed")


def _amounts(facts: Facts, project: str, is_recurring: bool) -> list[Row]:
    """The amounts that are known in full: what recurs or not, kind, year and euros."""
    found = []
    for row in facts.of("project_costs", project):
        recurs = row.values["is_recurring"]
        is_whole = all(known(row.values[column]) for column in ("kind", "year", "amount_eur"))
        if is_whole and known(recurs) and bool(recurs) == is_recurring:
            found.append(row)
    return found


def one_off_total(facts: Facts, project: str) -> float | None:
    """Return all one-off money that is reported; None where nothing is."""
    rows = _amounts(facts, project, False)
    return sum(float(row.values["amount_eur"]) for row in rows) if rows else None


def _named(facts: Facts, word: str, values: Any) -> str:
    kind = facts.name("kind", str(values["kind"]))
    return facts.said(f"field.{word}_year", kind=kind, year=int(values["year"]))


def _yearly(facts: Facts, project: str) -> dict[int, float]:
    """Running costs by year; an office's last amount goes on, a zero ends them."""
    by_kind: dict[str, dict[int, float]] = {}
    for row in _amounts(facts, project, True):
        years = by_kind.setdefault(str(row.values["kind"]), {})
        year = int(row.values["year"])
        years[year] = years.get(year, 0.0) + float(row.values["amount_eur"])
    if not by_kind:
        return {}
    first = min(min(years) for years in by_kind.values())
    total = dict.fromkeys(range(first, first + FOLLOWING_YEARS), 0.0)
    for years in by_kind.values():
        last = 0.0
        for year in total:
            last = years.get(year, last)
            total[year] += last
    return total


def _following(facts: Facts, project: str) -> Iterator[Entry]:
    """What the first five years of operation cost."""
    total = _yearly(facts, project)
    if not total:
        yield Entry("costs", "following", NO_ANSWER, "missing")
        return
    words = facts.said("years", total=facts.euros(sum(total.values())), first=min(total), last=max(total))
    yield Entry("costs", "following", words, "computed")


def _binding(facts: Facts, project: str) -> Iterator[Entry]:
    """One-off money of years after the first, which an order in the first one binds."""
    by_year: dict[int, float] = {}
    for (year, _, is_recurring), amount in _plan_money(facts, project).items():
        if not is_recurring:
            by_year[year] = by_year.get(year, 0.0) + amount
    if not by_year:
        for row in _amounts(facts, project, False):
            year = int(row.values["year"])
            by_year[year] = by_year.get(year, 0.0) + float(row.values["amount_eur"])
    if not by_year:
        yield Entry("costs", "commitment", NO_ANSWER, "missing")
        return
    later = {year: amount for year, amount in by_year.items() if year > min(by_year) and round(amount) > 0}
    words = "; ".join(f"{year}: {facts.euros(amount)}" for year, amount in sorted(later.items()))
    yield Entry("costs", "commitment", words or facts.said("no_commitment"), "computed")


def _planned(facts: Facts, project: str) -> Iterator[Entry]:
    """What falls into which year if the project runs as planned."""
    for (year, kind, is_recurring), amount in sorted(_plan_money(facts, project).items()):
        if round(amount) > 0:
            word = "recurring" if is_recurring else "one_off"
            name = facts.said("planned", what=_named(facts, word, {"kind": kind, "year": year}))
            yield Entry("costs", f"planned_{word}", facts.euros(amount), "computed", name=name)


def _plan_money(facts: Facts, project: str) -> dict[tuple[int, str, bool], float]:
    """Return euros by year, kind and whether they recur, by the months in which the plan's phases run.

    One-off money is all that the office reports (also what a grant pays), spread as the plan spreads it.
    """
    phases = facts.phases.get(project)
    if not phases or facts.plan is None:
        return {}
    activities = [phase["activity"] for phase in phases]
    once = facts.plan.problem.costs.loc[activities]
    monthly = facts.plan.problem.running.loc[activities].sum()
    found: dict[tuple[int, str, bool], float] = {}
    for kind in KINDS:
        planned = _by_year(phases, once[kind].astype(float).tolist())
        reported = sum(
            float(row.values["amount_eur"])
            for row in _amounts(facts, project, False)
            if row.values["kind"] == kind
        )
        total = sum(planned.values())
        for year, amount in planned.items():
            found[year, kind, False] = amount * reported / total if total and reported else amount
        end = pd.Timestamp(phases[-1]["end"])
        for month in pd.period_range(end, periods=12 * FOLLOWING_YEARS + 1, freq="M")[1:]:
            key = month.year, kind, True
            found[key] = found.get(key, 0.0) + float(monthly[kind])
    return {key: amount for key, amount in found.items() if amount}


def _by_year(phases: list[dict[Any, Any]], amounts: list[float]) -> dict[int, float]:
    """Spread each phase's money evenly over its months."""
    years: dict[int, float] = {}
    for phase, amount in zip(phases, amounts, strict=True):
        months = pd.period_range(phase["start"], phase["end"], freq="M")
        for month in months:
            years[month.year] = years.get(month.year, 0.0) + amount / len(months)
    return years


def funding(facts: Facts, project: str) -> Iterator[Entry]:
    """Yield the grant with its state and span, what the city pays itself, and how that is covered."""
    row = facts.project(project)
    columns = ("funding_eur", "funding_state", "funding_from_date", "funding_until_date")
    for column in columns:
        yield facts.answer("funding", column, row, column)
    total, grant = one_off_total(facts, project), row.values["funding_eur"]
    if total:
        granted = float(grant) if known(grant) and row.values["funding_state"] == "approved" else 0.0
        share = facts.said("percent", n=facts.number(round(100 * min(granted / total, 1.0))))
        yield Entry("funding", "quota", share, "computed")
        yield Entry("funding", "own", facts.euros(max(total - granted, 0.0)), "computed")
    else:
        yield Entry("funding", "quota", NO_ANSWER, "missing")
        yield Entry("funding", "own", NO_ANSWER, "missing")
    yield Entry("funding", "programme", NO_ANSWER, "missing")
    yield Entry("funding", "cover", NO_ANSWER, "missing")
