"""What the page says in sentences that nobody has to look up: how sure, what to ask, what is assumed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from digistrat.reporting.results import Results
from digistrat.reporting.tables import (
    bundle_table,
    first_ranks,
    group_names,
    level_basis,
    method_name,
    pairs_in_order,
    question_table,
    service_model,
    share_from,
    stays_first,
)
from digistrat.scoring.assumptions import OTHER_RULES
from digistrat.scoring.enabling import enabling_circles, enabling_links
from digistrat.scoring.services import OnlineShare, online_share
from digistrat.texts import format_money, format_number, has_text, text

BLIND = 50.0  # of 100 pairs: a method that tells fewer apart is nothing to compare with
N_NAMED = 8  # bundles that a sentence names


def maturity_statements(r: Results) -> list[str]:
    """Return how many offices have a level for sure, and which bundles of services are online."""
    said: list[str] = []
    if len(r.level_chances):
        sure = int((r.level_chances.max(axis=1) >= 1 - 1e-9).sum())
        total = len(r.level_chances)
        said.append(_said(r, "levels", sure=sure, n=total, open=total - sure, count=total - sure))
    if r.services is not None and len(r.services.table):
        said += _service_cases(r)
        if len(r.bundles):
            said += _bundles(r)
    return said


def _service_cases(r: Results) -> Iterator[str]:
    """Say whose cases the levels are, and that nobody was asked how many cases come in online."""
    assert r.services is not None
    model = service_model(r)
    online, conform = (share_from(r.services, level) for level in (model.online_from, model.conform_from))
    if np.isnan(online.lower):
        return
    yield _said(
        r,
        "service_cases",
        share=share_span(r, online),
        level=model.online_from,
        basis=level_basis(r),
        conform_share=share_span(r, conform),
        conform=model.conform_from,
    )


def _bundles(r: Results) -> Iterator[str]:
    bundles = r.bundles
    online = bundles["is_online"].astype("boolean")
    n_open = int(online.isna().sum())
    yield _said(
        r,
        "bundles",
        n=len(bundles),
        online=int(online.fillna(False).sum()),
        level=service_model(r).online_from,
        unknown=_said(r, "bundles_open", count=n_open, n=n_open) if n_open else "",
    )
    cases = online_share(bundles)
    if not np.isnan(cases.lower):
        yield _said(r, "bundle_cases", share=share_span(r, cases))
    missing = bundles.index[(~online).fillna(False).to_numpy(dtype=bool)]
    if 0 < len(missing) <= N_NAMED:
        names = bundle_table(r)["services"]
        listed = ", ".join(f"{bundle} ({names[bundle]})" for bundle in missing)
        yield _said(r, "bundles_missing", count=len(missing), bundles=listed)


def score_statements(r: Results) -> list[str]:
    """Return what has no rank, what a computed criterion rests on, and how many ratings are moderated."""
    return [*_without_rank(r), *_enables_nothing(r), *_moderated(r)]


def _without_rank(r: Results) -> Iterator[str]:
    """Say how many have points and no rank; the highest of them may have more than the first in rank."""
    if r.impact is None or not r.n_ranked:
        return
    table = r.impact.table
    provisional = table.loc[table["state"] == "provisional", "score"].dropna()
    if len(provisional):
        yield _said(
            r,
            "without_rank",
            count=len(provisional),
            n=len(provisional),
            project=_project(r, provisional.idxmax()),
            score=_number(r, provisional.max(), 1),
            first=_number(r, table["score"][table["rank"].notna()].max(), 1),
        )


def _enables_nothing(r: Results) -> Iterator[str]:
    """Say of how many the enabling effect is 0 only because no return names a project that needs them."""
    for criterion in r.inventory.strategy.impact.criteria:
        if r.impact is None or criterion.computed != "enabling_effect":
            continue
        known = r.impact.values[criterion.id].dropna().index  # none where no return names a dependency
        needed = {*enabling_links(r.inventory)["other_id"], *enabling_circles(r.inventory)}
        n = int((~known.isin(list(needed))).sum())
        if 2 * n > len(known):
            yield _said(r, "enables_nothing", criterion=criterion.name, n=n, total=len(known))


def _moderated(r: Results) -> list[str]:
    rows = r.rating_differences
    both = rows[rows["scale"] != "maturity"]
    if not len(both):
        return []
    least = r.inventory.strategy.thresholds.rating_difference
    far = int((both["difference"].abs() >= least - 1e-9).sum())
    points = _number(r, least, 0 if float(least).is_integer() else 1)
    return [_said(r, "moderated", count=len(both), n=len(both), far=far, points=points)]


def certainty_statements(r: Results) -> list[str]:
    """Return what would change the order of the first projects, and what would not."""
    if not r.n_ranked or r.impact is None:
        return []
    groups = list(_groups(r))
    if groups and any(group.is_estimate for group in r.inventory.strategy.stakeholders):
        groups[0] = _said(r, "groups_assumed", said=groups[0])
    return [*groups, *_weights(r), *_left_out(r), *_methods(r), *_assumptions(r)]


def _groups(r: Results) -> Iterator[str]:
    if not len(r.group_rankings):
        return
    ranks = r.group_ranks
    if r.n_ranked > r.n_first:
        stays = stays_first(ranks, r.n_first)
        n_open = int(stays.isna().sum())
        yield _said(
            r,
            "groups",
            count=int(stays.fillna(False).sum()),
            k=r.n_first,
            unknown=_said(r, "groups_open", count=n_open, n=n_open) if n_open else "",
        )
    first = first_ranks(ranks, r.n_first).astype(float)
    width = first.max(axis=1) - first.min(axis=1)
    if not width.any():
        yield _said(r, "groups_same", k=r.n_first)
        return
    names = group_names(r.inventory.strategy)
    row = first.iloc[int(width.to_numpy().argmax())]
    yield _said(
        r,
        "groups_widest",
        project=_project(r, row.name),
        best=int(row.min()),
        worst=int(row.max()),
        group=names[str(row.idxmin())],
        other=names[str(row.idxmax())],
    )


def _weights(r: Results) -> Iterator[str]:
    """Name the weight whose change turns the set of the first ones soonest, in points."""
    if not len(r.stability) or r.n_ranked <= r.n_first or r.impact is None:
        return
    table = r.stability
    below = (table["weight"] - table["lower"]).where(table["enters_below"].notna())
    above = (table["upper"] - table["weight"]).where(table["enters_above"].notna())
    nearest = pd.DataFrame({"below": below, "above": above}).replace(np.inf, np.nan).stack()
    if nearest.empty:
        yield _said(r, "weights_never", k=r.n_first)
        return
    criterion, side = nearest.idxmin()  # type: ignore[misc]
    row = table.loc[str(criterion)]
    yield _said(
        r,
        "weights",
        k=r.n_first,
        criterion=r.impact.criteria.at[criterion, "name"],
        weight=_number(r, row["weight"], 1),
        bound=_number(r, row["lower" if side == "below" else "upper"], 1),
        enters=_project(r, row[f"enters_{side}"]),
        leaves=_project(r, row[f"leaves_{side}"]),
    )


def _left_out(r: Results) -> Iterator[str]:
    table = r.without_criterion
    if not len(table) or r.n_ranked <= r.n_first or r.impact is None:
        return
    changed = table["enters"].map(len)
    most = int(changed.max())
    if not most:
        yield _said(r, "left_out_none", k=r.n_first)
        return
    name = r.impact.criteria["name"].loc[str(changed.idxmax())]
    yield _said(r, "left_out", k=r.n_first, count=most, n=most, criterion=name)


def _methods(r: Results) -> Iterator[str]:
    """Compare the two methods that order the fewest pairs alike; name those that order hardly any."""
    if r.agreement is None or len(r.agreement.ranks) < 2:
        return
    same, opposite = pairs_in_order(r.agreement.ranks)
    is_blind = pd.Series(np.diag(same) < BLIND, same.index)
    names = {str(name): method_name(str(name), _language(r)) for name in same.index}
    sighted = same.loc[~is_blind, ~is_blind]
    if len(sighted) > 1:
        apart = sighted.where(np.triu(np.ones(sighted.shape, dtype=bool), k=1)).stack()
        one, other = map(str, apart.idxmin())  # type: ignore[arg-type]
        alike, reverse = float(apart.min()), float(opposite.at[one, other])  # type: ignore[arg-type]
        equal = 100 - round(alike) - round(reverse)
        yield _said(
            r,
            "methods",
            n=len(r.agreement.ranks),
            ways=len(sighted),
            one=names[one],
            other=names[other],
            same=_number(r, alike),
            opposite=_number(r, reverse),
            rest=_said(r, "methods_rest", equal=equal) if equal else "",
        )
    for method in is_blind.index[is_blind]:
        yield _said(r, "methods_blind", method=names[str(method)])


def _assumptions(r: Results) -> Iterator[str]:
    """Say by how much everything together moves the ranks, and what has the largest part in it."""
    table = r.assumptions[r.assumptions["varies"]] if len(r.assumptions) else r.assumptions
    if not len(table) or table["first"].isna().all():
        return
    share = (100 * table["first"].clip(0, 1)).sort_values(ascending=False)
    share = share[(share >= 0.5) | (share == share.iloc[0])]  # what is printed as 0 has no part in it
    names = [text(f"page.assumption_{name}", _language(r)) for name in share.index]
    # an interval that holds 0 says no more than that there is hardly any part in it
    hardly = table["first_lower"].reindex(share.index) <= 0
    numbers = [
        _said(r, "assumptions_hardly")
        if hardly[name]
        else _said(r, "assumptions_share", share=_number(r, value))
        for name, value in share.items()
    ]
    rest = [f"{name} ({number})" for name, number in zip(names[1:], numbers[1:], strict=True)]
    yield _said(
        r,
        "assumptions",
        count=len(share),
        shift=format_number(float(table["mean_shift"].iloc[0]), _language(r)),
        most=names[0],
        share=numbers[0],
        rest="; ".join(rest),
    )
    yield tried_assumptions(r)


def tried_assumptions(r: Results) -> str:
    """Return the sentence that names what was assumed otherwise."""
    names = r.assumptions.index[r.assumptions["varies"]]
    return _said(r, "assumptions_tried", tried="; ".join(_tried(r, str(name)) for name in names))


def _tried(r: Results, assumption: str) -> str:
    """Name the alternatives of one assumption."""
    if assumption != "rule" or r.impact is None:
        return _said(r, f"tried_{assumption}")
    ways = [_said(r, f"way_{rule}") for rule in dict.fromkeys([r.impact.rule, *OTHER_RULES])]
    return _said(r, "tried_rule", ways=", ".join(ways))


def question_statements(r: Results) -> list[str]:
    """Return how many questions could change the selection, and who can answer most of them."""
    if r.questions is None:
        return []
    table = question_table(r)
    if not len(table):
        return [_said(r, "questions_none")]
    offices = table["office"].value_counts()
    # where every question that was asked for is worth something, there may be more of them
    key = "questions" if len(table) < len(r.questions) else "questions_least"
    said = _said(r, key, count=len(table), n=len(table))
    if len(offices) > 1 and offices.iloc[0] > offices.iloc[1]:
        n_most = int(offices.iloc[0])
        said += " " + _said(r, "questions_office", office=offices.index[0], n=n_most)
    return [said, _said(r, "questions_value")]


def economics_statements(r: Results) -> list[str]:
    """Return of how many projects it is known whether they pay for themselves."""
    if r.economics is None or not len(r.economics):
        return []
    known = r.economics[r.economics["state"] == "calculated"]
    if not len(known):
        return [_said(r, "economics_none", total=len(r.economics)), *_decisions(r)]
    more = int((known["kn"] > 0).sum())
    budget = int((known["kn_budget"] > 0).sum())
    numbers = {"n": len(known), "total": len(r.economics), "more": more, "budget": budget}
    said = [_said(r, "economics", count=len(known), **numbers)]
    n_carried = int(r.economics["is_assumed"].sum())
    if n_carried:
        said.append(_said(r, "economics_carried", n=n_carried, count=n_carried))
    return said + _selected_economics(r) + _decisions(r)


def _selected_economics(r: Results) -> list[str]:
    """Say of the selected projects how many can be calculated, how many pay off, and what comes of them."""
    if r.portfolio is None or r.economics is None or not len(r.portfolio.selected):
        return []
    chosen = r.economics.reindex(r.portfolio.selected)
    known = chosen[chosen["state"] == "calculated"]
    if not len(known):
        return [_said(r, "economics_selected_none", total=len(chosen))]
    return [
        _said(
            r,
            "economics_selected",
            n=len(known),
            total=len(chosen),
            budget=int((known["kn_budget"] > 0).sum()),
            budget_sum=format_money(float(known["kn_budget"].sum()), _language(r)),
            more=int((known["kn"] > 0).sum()),
            sum=format_money(float(known["kn"].sum()), _language(r)),
        )
    ]


def _decisions(r: Results) -> list[str]:
    if not len(r.decisions):
        return []
    verdict = r.decisions["is_to_do"].astype("boolean")
    counts = {"yes": verdict.eq(True), "no": verdict.eq(False), "unknown": verdict.isna()}
    return [_said(r, "decisions", **{name: int(hit.fillna(False).sum()) for name, hit in counts.items()})]


def assumption_notes(r: Results) -> dict[str, list[str]]:
    """Return by section of the page what is estimated or assumed in the strategy, and nowhere decided."""
    strategy = r.inventory.strategy
    notes: dict[str, list[str]] = {}

    def note(section: str, key: str, **values: Any) -> None:
        notes.setdefault(section, []).append(_said(r, key, **values))

    for what, section in (("maturity", "maturity"), ("impact", "scores"), ("readiness", "scores")):
        if getattr(r, what) is not None:
            criteria = getattr(strategy, what).criteria
            n_estimated = sum(criterion.is_estimate for criterion in criteria)
            if n_estimated:
                note(section, f"assumed_{what}", n=n_estimated, total=len(criteria))
    if r.services is not None and len(r.services.table):
        used = set(r.services.table["model"])
        for model in strategy.service_models:
            if model.is_estimate and model.id in used:
                note("maturity", "assumed_model", model=model.id, source=model.source)
    if len(r.group_rankings):
        invented = [group for group in strategy.stakeholders if group.is_estimate]
        if invented:
            names = ", ".join(_said(r, "quoted", name=group.name) for group in invented)
            note("certainty", "assumed_groups", groups=names)
    if r.economics is not None:
        on = r.inventory.reporting_date
        for rate in strategy.discount_rates:
            if rate.is_estimate and rate.valid_from <= on <= rate.valid_to:
                percent = format_number(100 * rate.rate, _language(r), 1)
                note("economics", "assumed_rate", rate=percent, source=rate.source)
    if r.portfolio is not None and any(budget.is_estimate for budget in strategy.budgets):
        note("portfolio", "assumed_budgets")
    if r.plan is not None and any(one.is_estimate for one in strategy.phase_templates):
        note("plan", "assumed_phases")
    if r.plan is not None and any(one.is_estimate for one in strategy.procedures):
        note("plan", "assumed_procedures")
    return notes


def _language(r: Results) -> str:
    return r.inventory.strategy.language


def _said(r: Results, key: str, **values: Any) -> str:
    """Return the sentence ``page.<key>``, or ``<key>_one`` where ``count`` is 1; whole numbers formatted."""
    if values.get("count") in (0, 1):
        form = f"{key}_{'zero' if values['count'] == 0 else 'one'}"
        key = form if has_text(f"page.{form}", _language(r)) else key
    shown = {
        name: format_number(float(value), _language(r)) if isinstance(value, int) else value
        for name, value in values.items()
    }
    return text(f"page.{key}", _language(r), **shown)


def _number(r: Results, value: Any, decimals: int = 0) -> str:
    return format_number(float(value), _language(r), decimals)


def _project(r: Results, project: Any) -> str:
    title = r.inventory.projects["title"].get(project)
    if not isinstance(title, str):
        return str(project)
    return text("page.project", _language(r), project=project, title=title)


def share_span(r: Results, share: OnlineShare) -> str:
    """Return a share in per cent, with both ends where it is not known."""
    low, high = (format_number(100 * end, _language(r)) for end in (share.lower, share.upper))
    return f"{low} %" if low == high else f"{low}–{high} %"
