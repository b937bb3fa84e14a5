"""What types alone cannot see in a strategy: sums, references, order, overlapping validity."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Set
from itertools import combinations, pairwise

from digistrat.strategy.parts import Office, Strategy
from digistrat.strategy.scales import COMPUTED, LARGEST, Criterion, Scale

Span = tuple[str, dt.date | None, dt.date | None]


def strategy_problems(
    strategy: Strategy, file: str, offices_file: str, *, skip: Set[str] = frozenset()
) -> Iterator[str]:
    """Yield one line per problem, naming file, key, what was found and what was expected.

    Parameters
    ----------
    strategy : Strategy
        Of the right types, but for the parts to skip.
    file, offices_file : str
        Names under which the reader knows the two files.
    skip : set of str, optional
        Parts of the strategy, such as ``"budgets"``, that cannot be looked at.
    """
    for name in ("impact", "readiness", "maturity", "urgency", "quality"):
        scale: Scale | None = None if name in skip else getattr(strategy, name)
        if scale is not None:
            yield from _scale_problems(scale, f"{file} › {name}")
            for criterion in scale.criteria:
                yield from _computed_problems(criterion, name, f"{file} › {name}.criteria[{criterion.id}]")
    for parts, check in CHECKS:
        if skip.isdisjoint(parts):
            yield from check(strategy, offices_file if "offices" in parts else file)


def _field_problems(s: Strategy, file: str) -> Iterator[str]:
    yield from _doubles(f"{file} › fields", (field.id for field in s.fields))
    yield from _doubles(f"{file} › fields.goals", (goal.id for field in s.fields for goal in field.goals))


def _scale_problems(scale: Scale, where: str) -> Iterator[str]:
    yield from _doubles(f"{where}.groups", (group.id for group in scale.groups))
    yield from _doubles(f"{where}.criteria", (criterion.id for criterion in scale.criteria))
    figures = (criterion.computed for criterion in scale.criteria if criterion.computed)
    yield from _doubles(f"{where}.criteria.computed", figures, "figure")
    headers = [{c.id, c.name, *c.aliases} for c in scale.criteria]
    yield from _doubles(
        f"{where}.criteria.aliases", (h for heads in headers for h in sorted(heads)), "header"
    )
    total = sum(criterion.weight for criterion in scale.criteria)
    if abs(total - 100) > 1e-6:
        yield f"{where}.criteria: weights sum to {total:g}, expected 100"
    parents = {group.parent for group in scale.groups} - {""}
    groups = {group.id for group in scale.groups} - parents
    for group in scale.groups:
        if group.parent and (group.parent not in {g.id for g in scale.groups} or group.id in parents):
            expected = "the id of a group of groups that is in none itself"
            yield f"{where}.groups[{group.id}].parent: found {group.parent!r}, expected {expected}"
    for criterion in scale.criteria:
        yield from _criterion_problems(criterion, groups, f"{where}.criteria[{criterion.id}]")
    if scale.rule == "share_of_yes" and len({criterion.weight for criterion in scale.criteria}) > 1:
        yield f"{where}.criteria: found different weights, expected equal ones under share_of_yes"
    scores = [level.from_score for level in scale.levels]
    if scores and (scores[0] != 0 or any(low >= high for low, high in pairwise(scores))):
        yield f"{where}.levels: found from_score {scores}, expected rising ones from 0"


def _criterion_problems(criterion: Criterion, groups: Set[str], place: str) -> Iterator[str]:
    if (groups or criterion.group) and criterion.group not in groups:
        yield f"{place}.group: found {criterion.group!r}, expected one of {sorted(groups)}"
    if criterion.floor == criterion.target:
        yield f"{place}.target: found {criterion.target:g} equal to floor, expected different anchors"
    least = {"linear": 0, "stepwise": 1, "piecewise": 2}[criterion.shape]
    numbers = [number for number, _ in criterion.points]
    is_right = len(numbers) >= least and bool(numbers) == bool(least)
    is_right = is_right and all(low < high for low, high in pairwise(numbers))
    if not is_right or not all(0 <= value <= 100 for _, value in criterion.points):
        expected = f"at least {least} pairs of a rising number and a value on 0–100" if least else "none"
        yield f"{place}.points: found {list(criterion.points)}, expected {expected} for {criterion.shape}"


def _computed_problems(criterion: Criterion, name: str, place: str) -> Iterator[str]:
    """Yield what is wrong with a figure taken from the inventory: its scale, or anchors in another unit."""
    if not criterion.computed:
        return
    only = COMPUTED[criterion.computed]
    if only != name:
        yield f"{place}.computed: found {criterion.computed!r}, expected it in {only} only"
    most = LARGEST.get(criterion.computed)
    for key in ("floor", "target"):
        anchor = getattr(criterion, key)
        if only == name and most is not None and not 0 <= anchor <= most:
            yield f"{place}.{key}: found {anchor:g}, expected 0 to {most:g} for {criterion.computed!r}"


def _decision_problems(s: Strategy, file: str) -> Iterator[str]:
    where = f"{file} › urgency and quality"
    yield from _doubles(where, (criterion.id for criterion in s.decision_criteria))
    headers = [{c.name, *c.aliases} for c in s.decision_criteria]  # both stand in one table of the form
    yield from _doubles(where, (h for heads in headers for h in sorted(heads)), "header")


def _stakeholder_problems(s: Strategy, file: str) -> Iterator[str]:
    yield from _doubles(f"{file} › stakeholders", (group.id for group in s.stakeholders))
    criteria = {criterion.id for criterion in s.impact.criteria}
    for group in s.stakeholders:
        where = f"{file} › stakeholders[{group.id}]"
        key = "order" if group.method == "order" else "points"
        named = list(group.order if key == "order" else group.points)
        if set(named) != criteria or len(named) != len(criteria):
            yield f"{where}.{key}: found {named}, expected every criterion of impact once: {sorted(criteria)}"
        if key == "points" and not any(group.points.values()):
            yield f"{where}.points: found no number above 0, expected one"
    shares = [group.share for group in s.stakeholders if group.share is not None]
    if shares and (len(shares) < len(s.stakeholders) or abs(sum(shares) - 1) > 1e-9):
        yield f"{file} › stakeholders: found shares {shares}, expected one for each group or none, sum 1"


def _rate_problems(s: Strategy, file: str) -> Iterator[str]:
    rates: list[Span] = [(f"{rate.rate:g}", rate.valid_from, rate.valid_to) for rate in s.discount_rates]
    yield from _span_problems(f"{file} › discount_rates", rates)


def _service_model_problems(s: Strategy, file: str) -> Iterator[str]:
    yield from _doubles(f"{file} › service_models", (model.id for model in s.service_models))
    for model in s.service_models:
        where = f"{file} › service_models[{model.id}]"
        yield from _doubles(f"{where}.criteria", (criterion.id for criterion in model.criteria))
        if model.target <= model.floor:
            yield f"{where}.target: found {model.target}, expected more than floor, {model.floor}"
        elif len(model.levels) != model.target - model.floor + 1:
            yield (
                f"{where}.levels: found {len(model.levels)} names, expected {model.target - model.floor + 1}"
                f" for levels {model.floor}–{model.target}"
            )
        if any(criterion.id == "level" for criterion in model.criteria):
            yield f"{where}.criteria: found the id 'level', expected another: it is the level as a whole"
        for key in ("online_from", "conform_from"):
            level = getattr(model, key)
            if not model.floor <= level <= model.target:
                yield f"{where}.{key}: found {level}, expected a level from {model.floor} to {model.target}"
    yield from _span_problems(
        f"{file} › service_models", [(m.id, m.valid_from, m.valid_to) for m in s.service_models]
    )


def _template_problems(s: Strategy, file: str) -> Iterator[str]:
    yield from _doubles(f"{file} › roles", (role.id for role in s.roles))
    yield from _doubles(f"{file} › phase_templates", (template.id for template in s.phase_templates))
    roles = {role.id for role in s.roles}
    for template in s.phase_templates:
        where = f"{file} › phase_templates[{template.id}]"
        yield from _doubles(f"{where}.phases", (phase.id for phase in template.phases))
        for share in ("share_duration", "share_cost"):
            total = sum(getattr(phase, share) for phase in template.phases)
            if abs(total - 1) > 1e-9:
                yield f"{where}.phases: {share} sums to {total:g}, expected 1"
        shortest = sum(phase.months_min for phase in template.phases)
        if shortest > template.duration_months:
            yield (
                f"{where}.duration_months: found {template.duration_months}, "
                f"expected at least {shortest}, the sum of months_min"
            )
        for phase in template.phases:
            for role in phase.effort_days:
                if role not in roles:
                    yield (
                        f"{where}.phases[{phase.id}].effort_days: found {role!r}, "
                        f"expected one of {sorted(roles)}"
                    )
    limits = [template.upper_limit_eur for template in s.phase_templates]
    bounded = [limit for limit in limits[:-1] if limit is not None]
    rising = len(bounded) == len(limits[:-1]) and all(low < high for low, high in pairwise(bounded))
    if limits and (limits[-1] is not None or not rising):
        yield (
            f"{file} › phase_templates: found upper_limit_eur {limits}, expected rising limits and none "
            "for the last template"
        )


def _procurement_problems(s: Strategy, file: str) -> Iterator[str]:
    for buyer in ("municipality", "sector"):
        yield from _span_problems(
            f"{file} › procurement_thresholds",
            [(buyer, t.valid_from, t.valid_to) for t in s.procurement_thresholds if t.buyer == buyer],
        )
    yield from _doubles(f"{file} › procedures", (procedure.id for procedure in s.procedures))
    for procedure in s.procedures:
        weeks = (procedure.weeks_min, procedure.weeks_typical, procedure.weeks_max)
        if not weeks[0] <= weeks[1] <= weeks[2]:
            yield (
                f"{file} › procedures[{procedure.id}]: found weeks_min, weeks_typical, weeks_max "
                f"{weeks[0]:g}, {weeks[1]:g}, {weeks[2]:g}, expected them in rising order"
            )


def _money_problems(s: Strategy, file: str) -> Iterator[str]:
    for (year, kind), count in Counter((entry.year, entry.kind) for entry in s.budgets).items():
        if count > 1:
            yield f"{file} › budgets: found {year} {kind} {count} times, expected once"
    if not s.budgets:
        return  # money without a limit is a decision; a gap is not
    start, months = s.planning.start_date, s.planning.horizon_months
    last = start.year + (start.month - 1 + months - 1) // 12
    there = {(entry.year, entry.kind) for entry in s.budgets}
    for year in range(start.year, last + 1):
        for kind in ("investive", "consumptive"):
            if (year, kind) not in there:
                yield (
                    f"{file} › budgets: found no {kind} amount for {year}, expected one for every year "
                    f"of the planning horizon ({start.year}–{last})"
                )


def _council_problems(s: Strategy, file: str) -> Iterator[str]:
    if s.council is None:
        return
    where, days = f"{file} › council", s.council.sitting_days
    if not days and s.council.weekday is None:
        yield f"{where}: found neither sitting_days nor a weekday, expected one of them"
    if any(one >= other for one, other in pairwise(days)):
        yield f"{where}.sitting_days: found {[str(day) for day in days]}, expected rising dates"
    if (s.council.weekday is None) != (not s.council.weeks):
        yield f"{where}: found only one of weekday and weeks, expected both or none"


def _round_problems(s: Strategy, file: str) -> Iterator[str]:
    years = [year for one in s.budget_rounds for year in one.years]
    yield from _doubles(f"{file} › budget_rounds", map(str, years), "year")
    for one in s.budget_rounds:
        if len(one.years) == 2 and one.years[1] != one.years[0] + 1:
            yield f"{file} › budget_rounds: found years {list(one.years)}, expected two in a row"
    keys = [f"{order.year} for {order.for_year} {order.kind}" for order in s.commitments]
    yield from _doubles(f"{file} › commitments", keys, "commitment")
    for order in s.commitments:
        if order.for_year <= order.year:
            where = f"{file} › commitments[{order.year}].for_year"
            yield f"{where}: found {order.for_year}, expected a later year than {order.year}"


def _coverage_problems(s: Strategy, file: str) -> Iterator[str]:
    known = {
        "field_id": {field.id for field in s.fields},
        "goal_id": {goal.id for field in s.fields for goal in field.goals},
    }
    for k, one in enumerate(s.coverage, start=1):
        where = f"{file} › coverage[{k}]"
        if (one.field_id is None) == (one.goal_id is None):
            yield f"{where}: found field_id {one.field_id!r}, goal_id {one.goal_id!r}, expected one of them"
        for key, there in known.items():
            named = getattr(one, key)
            if named is not None and named not in there:
                yield f"{where}.{key}: found {named!r}, expected one of {sorted(there)}"


def _threshold_problems(s: Strategy, file: str) -> Iterator[str]:
    if s.thresholds.group_coverage > s.thresholds.coverage:
        yield (
            f"{file} › thresholds.group_coverage: found {s.thresholds.group_coverage:g}, "
            f"expected at most coverage, {s.thresholds.coverage:g}"
        )


def _organisation_problems(s: Strategy, file: str) -> Iterator[str]:
    by_id: dict[str, list[Span]] = {}
    by_spelling: dict[str, list[Office]] = {}
    for office in s.offices:
        by_id.setdefault(office.id, []).append((office.id, office.valid_from, office.valid_to))
        for spelling in {office.id, office.name, office.short_name, *office.aliases} - {""}:
            by_spelling.setdefault(spelling, []).append(office)
    for spans in by_id.values():
        yield from _span_problems(f"{file} › offices", spans)
    for spelling, bearers in by_spelling.items():
        for one, other in combinations(bearers, 2):
            if one.id != other.id and _overlap(one, other):
                yield (
                    f"{file} › offices: found {spelling!r} for {one.id} and {other.id} at the same time, "
                    "expected every spelling to name one office"
                )
    for entry in s.office_changes:
        where = f"{file} › office_changes[{entry.change_date}]"
        if entry.office_id not in by_id:
            yield f"{where}.office_id: found {entry.office_id!r}, expected the id of an office"
        if entry.successor_id and entry.successor_id not in by_id:
            yield f"{where}.successor_id: found {entry.successor_id!r}, expected the id of an office"
        if entry.change in ("merged", "split", "transferred") and not entry.successor_id:
            yield f"{where}.successor_id: found nothing, expected a successor for {entry.change!r}"


def _doubles(where: str, values: Iterable[str], what: str = "id") -> Iterator[str]:
    for value, count in Counter(values).items():
        if count > 1:
            yield f"{where}: found {what} {value!r} {count} times, expected every {what} once"


def _overlap(one: Office, other: Office) -> bool:
    return (one.valid_from or dt.date.min) <= (other.valid_to or dt.date.max) and (
        other.valid_from or dt.date.min
    ) <= (one.valid_to or dt.date.max)


def _span_problems(where: str, spans: list[Span]) -> Iterator[str]:
    ordered = sorted(spans, key=lambda span: span[1] or dt.date.min)
    for label, first, last in ordered:
        if first and last and last < first:
            yield f"{where}: found {label} valid from {first} to {last}, expected an end after the beginning"
    for (label, _, last), (_, first, _) in pairwise(ordered):
        if last is None or (first or dt.date.min) <= last:
            yield (
                f"{where}: found {label} valid until {last or 'further notice'} and again from "
                f"{first or 'the beginning'}, expected spans that do not overlap"
            )


#: Which parts of the strategy a check looks at, and the check.
CHECKS: tuple[tuple[tuple[str, ...], Callable[[Strategy, str], Iterator[str]]], ...] = (
    (("fields",), _field_problems),
    (("service_models",), _service_model_problems),
    (("urgency", "quality"), _decision_problems),
    (("stakeholders", "impact"), _stakeholder_problems),
    (("discount_rates",), _rate_problems),
    (("roles", "phase_templates"), _template_problems),
    (("procurement_thresholds", "procedures"), _procurement_problems),
    (("budgets", "planning"), _money_problems),
    (("council",), _council_problems),
    (("budget_rounds", "commitments"), _round_problems),
    (("coverage", "fields"), _coverage_problems),
    (("thresholds",), _threshold_problems),
    (("offices", "office_changes"), _organisation_problems),
)
