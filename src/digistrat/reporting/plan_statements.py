"""What the page says of portfolio and plan in sentences: the lines, the value and its proof, the council."""

from __future__ import annotations

from typing import Any

from digistrat.planning.lists import EXCLUDED, MANDATORY
from digistrat.reporting.plan_shown import commitment_table, sitting_table
from digistrat.reporting.results import Results
from digistrat.texts import format_date, format_money, format_number, has_text, text


def portfolio_statements(r: Results) -> list[str]:
    """Return how many candidates stand above and below the lines, and what the duties take of the money."""
    listed = r.listed
    if r.portfolio is None or not len(listed):
        return []
    counts = listed["line"].value_counts()
    said = [_said(r, "lines", n=len(listed), chosen=int(listed["selected"].sum()))]
    duties = listed[(listed["line"] == MANDATORY) & listed["selected"]]
    share = float(duties["share_of_budget"].max()) if len(duties) else float("nan")
    if share == share:  # known: money limits the plan, and somebody has a duty
        percent = format_number(100 * share, r.inventory.strategy.language)
        said.append(_said(r, "duties", count=len(duties), n=len(duties), share=percent))
    if counts.get(EXCLUDED, 0):
        said.append(_said(r, "excluded", count=int(counts[EXCLUDED]), n=int(counts[EXCLUDED])))
    return said


def plan_statements(r: Results) -> list[str]:
    """Return what the plan is worth in plain words, its proof, what it gains, what the council decides."""
    plan = r.plan
    if plan is None or not len(plan.phases):
        return []
    language, problem = r.inventory.strategy.language, plan.problem
    value = format_number(plan.objective, language)
    year = str(problem.months[-1].year)
    said = [_said(r, "value", n=plan.phases["project_id"].nunique(), value=value, year=year)]
    scope = "planned" if plan.portfolio.problem.is_planned else "chosen"
    if plan.gap <= 1e-6:
        said.append(_said(r, f"best_{scope}"))
    elif plan.gap == plan.gap:
        bound, gap = format_number(plan.bound, language), format_number(100 * plan.gap, language, 1)
        said.append(_said(r, f"bound_{scope}", bound=bound, gap=gap))
    return [*said, *_gains(r), *_decisions(r), *_commitments(r), *_readiness(r)]


def _gains(r: Results) -> list[str]:
    """Say how much more (or less) the plan is worth than each other one."""
    said, language = [], r.inventory.strategy.language
    for name, other in (r.others or {}).items():
        assert r.plan is not None
        gain = r.plan.objective - other.objective
        if other.objective > 0 and abs(gain) >= 0.5:
            share = format_number(100 * abs(gain) / other.objective, language)
            key = "gain" if gain > 0 else "loss"
            said.append(_said(r, key, name=name, gain=format_number(abs(gain), language), share=share))
    return said


def _decisions(r: Results) -> list[str]:
    """Say how many decisions fall on which days; months without known sittings are told in the notes."""
    sittings, language = sitting_table(r), r.inventory.strategy.language
    if not len(sittings):
        return []
    days, total = sittings["decided"], int(sittings["n_projects"].sum())
    most = int(sittings["n_projects"].to_numpy().argmax())
    key = "decisions" if r.inventory.strategy.council is not None else "decisions_by_month"
    return [
        _said(
            r,
            key,
            count=total,
            n=total,
            days=len(days),
            first=format_date(days.min(), language),
            last=format_date(days.max(), language),
            most=int(sittings["n_projects"].iloc[most]),
            day=format_date(days.iloc[most], language),
        )
    ]


def _commitments(r: Results) -> list[str]:
    """Say what orders bind of later years, and for how much of it nothing is granted."""
    table, language = commitment_table(r), r.inventory.strategy.language
    if not len(table):
        return []
    said = _said(r, "commitments", needed=format_money(table["needed_eur"].sum(), language))
    lacking = float(table["lacking_eur"].sum())
    key = "commitments_lack" if lacking else "commitments_hold"
    return [f"{said} {_said(r, key, lacking=format_money(lacking, language))}"]


def _readiness(r: Results) -> list[str]:
    """Say how many of the plan's projects can go to the council as their profiles stand."""
    assert r.plan is not None
    own = r.council[r.council.index.isin(r.plan.phases["project_id"])] if len(r.council) else r.council
    if not len(own):
        return []
    ready = int(own["is_ready"].sum())
    return [_said(r, "ready", count=ready, n=ready, total=len(own), open=len(own) - ready)]


def _said(r: Results, key: str, /, **values: Any) -> str:
    """Return the sentence of a key, or ``<key>_one``, ``<key>_zero`` by ``count``; numbers formatted."""
    language = r.inventory.strategy.language
    form = {0: f"{key}_zero", 1: f"{key}_one"}.get(values.get("count", 2), key)
    key = form if has_text(f"plan_said.{form}", language) else key
    shown = {
        name: format_number(value, language) if isinstance(value, int) else value
        for name, value in values.items()
    }
    return text(f"plan_said.{key}", language, **shown)
