"""What a whole round must hold: one rule, one named function, one tuple."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pandas as pd

from digistrat.findings import Finding, make_finding
from digistrat.intake.forms import Table
from digistrat.intake.packing import join_columns, pack_column
from digistrat.intake.places import CellRef
from digistrat.inventory.checks import (
    answers,
    copies,
    dates,
    money,
    profile,
    projects,
    references,
    services,
    staff,
)
from digistrat.inventory.checks.hits import Check, Hit, shown_date
from digistrat.inventory.checks.references import circular_links
from digistrat.inventory.record import READ_FROM, Inventory, standard_form

__all__ = ["CHECKS", "Check", "circular_links", "run_checks"]

CHECKS: tuple[Check, ...] = (
    Check("end-before-start", "error", dates.end_before_start),
    Check("phase-end-before-start", "error", dates.phase_end_before_start),
    Check("position-end-before-start", "error", dates.position_end_before_start),
    Check("funding-before-start", "warning", dates.funding_before_start),
    Check("funding-end-before-begin", "warning", dates.funding_end_before_begin),
    Check("start-before-funding", "warning", dates.start_before_funding),
    Check("due-before-start", "warning", dates.due_before_start),
    Check("end-after-due", "info", dates.end_after_due),
    Check("due-before-release", "warning", dates.due_before_release),
    Check("start-before-release", "warning", dates.start_before_release),
    Check("status-date-mismatch", "warning", dates.existing_begins_later),
    Check("possible-but-begun", "warning", dates.possible_began),
    Check("preparation-ended", "warning", dates.preparation_ended),
    Check("discontinued-goes-on", "info", dates.discontinued_goes_on),
    Check("actual-date-ahead", "warning", dates.actual_date_ahead),
    Check("date-not-plausible", "warning", dates.plausible_years),
    Check("unknown-project", "error", references.known_projects),
    Check("unknown-service", "error", references.known_services),
    Check("dependency-cycle", "error", references.dependencies_without_cycle),
    Check("dependency-on-itself", "warning", references.dependency_on_itself),
    Check("dependency-contradiction", "warning", references.contradictory_dependencies),
    Check("depends-on-discontinued", "warning", references.dependency_on_discontinued),
    Check("lag-without-order", "info", references.lag_without_order),
    Check("cost-outlier", "warning", money.cost_outliers),
    Check("amounts-in-thousands", "warning", money.amounts_in_thousands),
    Check("cost-year-not-plausible", "warning", money.plausible_cost_years),
    Check("cost-outside-project", "info", money.costs_outside_project),
    Check("cost-of-discontinued", "warning", money.costs_of_discontinued),
    Check("recurring-in-one-year", "info", money.recurring_costs_in_one_year),
    Check("order-above-costs", "warning", money.order_above_costs),
    Check("funding-above-costs", "warning", money.funding_above_costs),
    Check("funding-without-end", "info", money.funding_without_end),
    Check("effects-without-costs", "info", money.effects_without_costs),
    Check("effects-of-discontinued", "warning", money.effects_of_discontinued),
    Check("effort-without-position", "warning", staff.efforts_without_position),
    Check("effort-not-plausible", "warning", staff.plausible_efforts),
    Check("fte-not-plausible", "warning", staff.plausible_fte),
    Check("position-of-several", "info", staff.positions_of_several),
    Check("position-without-time", "info", staff.positions_without_time),
    Check("position-ended", "info", staff.positions_that_ended),
    Check("vacant-but-filled", "warning", staff.vacant_but_filled),
    Check("service-without-model", "warning", services.services_without_model),
    Check("level-not-in-model", "warning", services.levels_of_the_model),
    Check("model-not-in-force", "warning", services.models_in_force),
    Check("level-of-criteria-differs", "warning", services.level_of_the_criteria),
    Check("target-below-level", "warning", services.target_below_level),
    Check("services-without-cases", "info", services.services_without_cases),
    Check("online-without-cases", "info", services.online_without_cases),
    Check("existing-without-service", "info", services.existing_without_service),
    Check("projects-never-assigned", "info", services.projects_never_assigned),
    Check("placeholder-title", "warning", projects.titles_that_say_something),
    Check("duty-without-basis", "warning", projects.legal_duty_without_basis),
    Check("basis-without-duty", "info", projects.basis_without_duty),
    Check("duties-without-due-date", "info", projects.duties_without_due_date),
    Check("project-without-costs", "info", projects.projects_without_costs),
    Check("project-without-ratings", "info", projects.projects_without_ratings),
    Check("rated-twice", "warning", answers.rated_once),
    Check("check-without-reason", "warning", profile.not_needed_without_reason),
    Check("check-date-ahead", "warning", profile.checks_ahead),
    Check("checked-twice", "warning", profile.checked_twice),
    Check("risk-without-measure", "info", profile.risks_without_measure),
    Check("target-is-base", "warning", profile.targets_that_are_reached),
    Check("unknown-subject", "error", profile.known_subjects),
    Check("responsible-end-before-start", "error", profile.responsibility_end_before_start),
    Check("two-responsible", "warning", profile.answering_at_once),
    Check("outside-criterion", "warning", answers.ratings_within_criteria),
    Check("not-a-yes-no", "error", answers.levels_of_yes_and_no),
    Check("ratings-differ", "warning", answers.ratings_that_differ),
    Check("level-without-evidence", "info", answers.levels_without_evidence),
    Check("projects-rated-alike", "warning", answers.projects_rated_alike),
    Check("maturity-all-alike", "warning", answers.maturity_all_alike),
    Check("duplicate-project", "warning", copies.reported_once),
    Check("copied-project", "warning", copies.copied_projects),
    Check("copied-description", "info", copies.copied_descriptions),
    Check("copied-ratings", "info", copies.copied_ratings),
    Check("row-twice", "warning", copies.rows_said_once),
    Check("report-date-differs", "warning", copies.report_date_of_the_round),
    Check("returned-twice", "warning", copies.returned_once),
)


def run_checks(inventory: Inventory) -> list[Finding]:
    """Run every check over the whole round.

    Parameters
    ----------
    inventory : Inventory
        As read.

    Returns
    -------
    list of Finding
        In the order of `CHECKS`.
    """
    form = standard_form(inventory.strategy)
    read = {table.name: _whole(inventory.tables[table.name], table) for table in form.tables}
    whole = inventory.replace(**read)
    return [_finding(whole, check, hit) for check in CHECKS for hit in check.rule(whole)]


def _whole(frame: pd.DataFrame, table: Table) -> pd.DataFrame:
    """A table with every column of the form, empty where somebody has left it out."""
    for column in table.columns:
        names = [column.name, *(name for name, source in READ_FROM.items() if source == column.name)]
        names += [f"{column.name}_{end}" for end in ("lower", "upper") if column.bounds]
        for missing in (name for name in names if name not in frame and name != table.key):
            empty = "missing" if column.kind == "state" else None
            frame[missing] = join_columns(column, [pack_column(column, [empty] * len(frame))], frame.index)
    return frame


def _finding(inventory: Inventory, check: Check, hit: Hit) -> Finding:
    place = _place(inventory, hit)
    frame = inventory.tables[hit.table]
    value: Any = hit.label if hit.column == frame.index.name else frame.at[hit.label, hit.column]
    return make_finding(
        check.code,
        check.severity,
        inventory.strategy.language,
        values={"id": str(hit.label), **hit.values},
        file=place.file,
        sheet=place.sheet,
        cell=place.cell,
        table=hit.table,
        column=hit.column,
        # a choice as the office wrote it, not as the form calls it
        value=place.raw.strip()[:200] if isinstance(place.raw, str) else _shown(inventory, value),
    )


def _place(inventory: Inventory, hit: Hit) -> CellRef:
    """Return a hit's cell; where the sheet lacks the column, the first cell that it has of the row."""
    frame = inventory.tables[hit.table]
    for column in filter(None, (hit.column, frame.index.name, *frame)):
        try:
            place = inventory.locate(hit.table, hit.label, column)
        except ValueError:
            continue
        return place if column == hit.column else replace(place, raw=None)
    raise AssertionError(f"row {hit.label!r} of {hit.table} has no cell")


def _shown(inventory: Inventory, value: Any) -> str:
    if pd.isna(value):
        return ""
    if isinstance(value, pd.Timestamp):
        return shown_date(inventory, value)
    return f"{value:.15g}" if isinstance(value, float) else str(value)
