"""Headers that shorten a question: which are read as which column of the template, and which are not."""

from __future__ import annotations

import pytest
from agencies import template_form
from hypothesis import given
from hypothesis import strategies as st
from making import codes, make_form, sheet_of, write_book

from digistrat.intake.forms import Form, Table, load_form
from digistrat.intake.returns import read_returns
from digistrat.intake.tables import find_regions
from digistrat.intake.tables.guesses import close_targets
from digistrat.intake.tables.headers import lexicon
from digistrat.intake.tables.questions import ask

# Known without doubt: the form's own names, and a question without what follows it.
KNOWN = [
    ("use_case_name", "use_case_name"),
    ("IS_HIGH_IMPACT", "is_high_impact"),
    ("HI Justification", "HI_justification"),
    ("Has pre-deployment testing been conducted for this AI use case?", "hi_testing_conducted"),
    ("7. Has an AI impact assessment been completed for this AI use case?", "hi_assessment_completed"),
]
# Meant for the column without reasonable doubt, written without a look at the code.
SHORTENED = [
    ("UseCaseName", "use_case_name"),
    ("Bureau or Component", "agency_bureau"),
    ("Withheld from public reporting", "is_withheld"),
    ("Stage", "development_stage"),
    ("High-Impact?", "is_high_impact"),
    ("Q12: Is the AI use case high-impact?", "is_high_impact"),
    ("4A.\nStage", "development_stage"),
    ("4A. Potential impacts", "hi_potential_impacts"),
    ("Topic", "topic_area"),
    ("Problem Statement", "problem_solved"),
    ("Expected Benefits", "benefits"),
    ("AI outputs", "system_outputs"),
    ("Start date", "operational_date"),
    ("Topic Area / Theme", "topic_area"),
    ("Contract or in-house", "contracting_usage"),
    ("ATO Indicator", "have_ato"),
    ("Authorization to Operate", "have_ato"),
    ("PII", "has_pii"),
    ("PIA Link", "pia_url"),
    ("Custom Code Indicator", "has_custom_code"),
    ("Predeployment Testing Indicator", "hi_testing_conducted"),
    ("AI Impact Assessment", "hi_assessment_completed"),
    ("Potential impacts", "hi_potential_impacts"),
    ("Independent Review", "hi_independent_review"),
    ("Ongoing monitoring", "hi_ongoing_monitoring"),
    ("Operator Training", "hi_training_established"),
    ("Failsafe", "hi_failsafe_presence"),
    ("Appeal process", "hi_appeal_process"),
    ("End User Feedback", "hi_public_consultation"),
    ("Was the system involved in this use case purchased from a ven", "contracting_usage"),
    ("does_this_ai_use_case_involve", "has_pii"),
    ("Stage of Development: where the use case stands in its life", "development_stage"),
    ("Vendor(s) Name\nPlease name the companies in charge", "vendor_name"),
    ("Has anA I impact assessment been completed for this AI use case?", "hi_assessment_completed"),
]
NEITHER = [
    "Vendor Number", "ATO Date", "PII #", "Number of use cases",
    "Agency", "Mission Area", "Notes", "Comments", "Status", "Fiscal Year", "#", "Date Initiated",
    "Date Retired", "Reviewed by", "Vendor Contact", "System Owner", "System", "Contract number",
    "Risk level", "Waiver", "Cost", "AI Technique", "Other topic area", "Does this AI use case",
    "does_this_ai_use_case_have_an", "Training", "Use Case Summary", "Is the AI use case in development?",
    "Does this AI use case involve a vendor?", "Does this AI use case have an associated budget?",
    "Rights-impacting or Safety-impacting",
    "Does the agency have access to the code associated with the AI use case?", "Privacy Impact",
    "Date when Acquisition and/or Development began", "Is the AI use case not high-impact?",
]  # fmt: skip


@pytest.fixture(scope="module")
def form(shared) -> Form:
    return template_form(shared / "data" / "ai_inventories")


@pytest.mark.parametrize(("header", "column"), KNOWN)
def test_known_without_doubt(form, header, column):
    assert lexicon(form.tables[0]).target_of(header) == ("column", column)


def guess(form, header):
    known = lexicon(form.tables[0])
    return close_targets({1: header}, known.declared, questions=known.questions)


@pytest.mark.parametrize(("header", "column"), SHORTENED)
def test_shortened(form, header, column):
    assert lexicon(form.tables[0]).target_of(header) is None
    assert guess(form, header) == {1: ("column", column)}


@pytest.mark.parametrize("header", NEITHER)
def test_never_read_as_another_column(form, header):
    assert lexicon(form.tables[0]).target_of(header) is None
    assert guess(form, header) == {}


def test_no_question_is_shortened_to_another_one(form):
    """Of each header taken away, no other column takes the place."""
    table = form.tables[0]
    for column in table.columns:
        others = [other.model_dump() for other in table.columns if other is not column]
        poorer = lexicon(Table.model_validate({"name": "t", "columns": others}))
        found = close_targets({1: column.headers[0]}, poorer.declared, questions=poorer.questions)
        assert found == {}, column.name


@given(st.text(max_size=60))
def test_any_text_asks_for_a_column_or_none(text):
    questions = ask({"what problem is it to solve": ("column", "a"), "date": ("column", "b")})
    found = questions.target_of(text)
    assert found is None or (found[0] > 0 and found[1][1] in "ab")


def test_a_form_without_questions_is_not_guessed_in_this_way():
    assert all(lexicon(table).questions is None for table in make_form().tables)


def test_a_sheet_of_shortened_headers_is_a_table_and_each_is_said(form, tmp_path):
    head = ["Use case name", "Bureau", "Stage", "ATO?", "Remarks"]
    rows = [["Inventory"], head, ["Chatbot", "BLM", "a) Pre-deployment", "Yes", "new"]]
    returns = read_returns(write_book(tmp_path / "A.xlsx", {"Data": rows}), form)
    table = returns.tables["use_cases"]
    assert table[["use_case_name", "agency_bureau", "have_ato"]].to_numpy().tolist() == [
        ["Chatbot", "BLM", "Yes"]
    ]
    guessed = returns.findings[returns.findings["code"] == "header-guessed"]
    assert list(zip(guessed["cell"], guessed["column"], strict=True)) == [
        ("B2", "agency_bureau"),
        ("C2", "development_stage"),
        ("D2", "have_ato"),
    ]


def test_a_sheet_that_names_no_required_column_is_no_table(form, tmp_path):
    rows = [["ATO?", "PII", "Appeal process", "Vendor contact"], ["Yes", "No", "Yes", "Office 3"]]
    returns = read_returns(write_book(tmp_path / "A.xlsx", {"Data": rows}), form)
    assert codes(returns.findings) == [("no-table-found", ""), ("sheet-not-used", "")]


# --- columns that are not there, or twice -------------------------------------------------------------------


def table_of(*, expects: bool = False, column: bool = False) -> Form:
    columns = [
        {"name": "a", "headers": ["Titel"], "required": True},
        {"name": "b", "headers": ["Beschreibung", "Inhalt"]},
        {"name": "c", "headers": ["Rechtsgrundlage"], "expected": column},
        {"name": "d", "headers": ["Vergabeart"], "default": "offen"},
        {"name": "e"},
    ]
    table = {"name": "t", "sheets": ["Vorhaben"], "columns": columns, "expects_all_columns": expects}
    return Form.model_validate({"name": "small", "tables": [table]})


def test_a_column_that_is_not_there_is_said_where_all_are_expected():
    sheet = sheet_of([["Titel", "Inhalt"], ["x", "y"]])
    for form in (table_of(expects=True), table_of(column=True)):
        (region,) = find_regions(sheet, form, "A.xlsx")
        assert [(f.code, f.severity, f.column) for f in region.findings] == [("column-missing", "info", "c")]
    (region,) = find_regions(sheet, table_of(expects=False), "A.xlsx")
    assert region.findings == []


def test_of_two_headers_for_one_column_the_one_first_declared_counts():
    sheet = sheet_of([["Inhalt", "Titel", "Beschreibung"], ["short", "x", "long"]])
    (region,) = find_regions(sheet, table_of(expects=False), "A.xlsx")
    assert region.columns == {"a": 2, "b": 3}
    assert [(f.code, f.cell, f.column) for f in region.findings if f.code == "column-twice"] == [
        ("column-twice", "A1", "b")
    ]


def test_who_takes_a_question_out_of_the_standard_form_hears_of_it():
    form = load_form("inventory")
    columns = [column for column in form.table("projects").columns if column.headers]
    for gone in columns:
        rows = [[column.headers[0] for column in columns if column is not gone], ["P1", "x"]]
        (region,) = find_regions(sheet_of(rows), form, "A.xlsx")
        said = [(f.code, f.column) for f in region.findings if f.code == "column-missing"]
        asked_of_some = {"release_date", "due_date", "legal_basis", "n_cases_yearly", "procedure"}
        asked_of_some |= {"funding_eur", "funding_state", "funding_from_date", "funding_until_date"}
        asked_of_some |= {"reported_office"}
        assert said == ([] if gone.name in asked_of_some else [("column-missing", gone.name)])
    # a list of the office's own, with a few of the columns, is no form that something was taken out of
    (region,) = find_regions(
        sheet_of([["Nr.", "Titel", "Status", "Handlungsfeld"], ["P1", "x"]]), form, "A.xlsx"
    )
    assert region.findings == []
