"""Which headers are known, guessed, and left alone: decided before the code was written."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from making import make_form

from digistrat.intake.forms import load_form
from digistrat.intake.tables.guesses import close_targets
from digistrat.intake.tables.headers import lexicon, names_unit, starts_like_total

FORM = make_form()
STANDARD = load_form("inventory")
QUESTIONS = load_form(Path(__file__).parents[1] / "forms" / "ai_inventory.toml")

# Written in a return, and known without any doubt: nothing is said.
KNOWN = [
    ("projects", "1. Titel", "title"),
    ("projects", "a) Status", "status"),
    ("projects", "(3) Beschreibung", "description"),
    ("projects", "2.1 Handlungsfeld", "field_id"),
    ("projects", "IV. Zielgruppe", "target_group"),
    ("projects", "Titel*", "title"),
    ("projects", "Titel:", "title"),
    ("projects", "Titel ¹)", "title"),
    ("projects", "TITEL\ndes Vorhabens", "title"),
    ("projects", "Ti\u00adtel", "title"),
    ("projects", "Federfuehrung", "reported_office"),
    ("projects", "Fällezahl", None),
    ("projects", "Zielgruppe(n)", "target_group"),
    ("projects", "Status – bitte auswählen", "status"),
    ("projects", "Status\nbitte wählen", "status"),
    ("projects", "Beginn (TT.MM.JJJJ)", "start_date"),
    ("projects", "Beginn TT.MM.JJJJ", "start_date"),
    ("projects", "Beginn (geplant)", "start_date"),
    ("projects", "Titel, Pflichtfeld", "title"),
    ("projects", "Titel – Pflicht: ja", "title"),
    ("projects", "1a) Titel", "title"),
    # a hint at the kind is one in brackets, behind a sign, or in a column of that kind
    ("projects", "Beginn: Datum", "start_date"),
    ("projects", "Beginn Datum", "start_date"),
    ("projects", "Datum Beginn", "start_date"),
    ("projects", "Titel (Text)", "title"),
    ("projects", "Titel Text", "title"),
    ("projects", "Status Datum", None),
    ("projects", "Zielgruppe Zahl", None),
    ("projects", "Zielgruppe ja/nein", None),
    ("use_cases", "Vendor Number", None),
    ("use_cases", "Vendor\nNumber", None),
    ("use_cases", "ATO Date", None),
    ("use_cases", "ATO Required", None),
    ("use_cases", "ATO Required: Yes", None),
    ("use_cases", "ATO - Required: Yes", "have_ato"),
    ("use_cases", "Use Case Name - Required: Yes", "use_case_name"),
    ("use_cases", "1A.\nAI use case name", "use_case_name"),
    # a number of something is not the thing itself
    ("projects", "Kennung #", "project_id"),
    ("projects", "Titel #", None),
    ("projects", "Titel (Nr.)", None),
    ("use_cases", "Use Case #", None),
    ("use_cases", "Use Case (#)", None),
    ("use_cases", "# Use Case", None),
    ("use_cases", "Use Case ID [Agency Abbrev.] – [#]", "id"),
    ("projects", "Auftragswert netto in T€", "order_value_net_eur"),
    ("projects", "Auftragswert (netto) in TEUR", "order_value_net_eur"),
    ("projects", "Auftragswert netto, Tsd. €", "order_value_net_eur"),
    ("projects", "Auftragswert netto in 1.000 €", "order_value_net_eur"),
    ("projects", "Auftragswert netto in 1000 EUR", "order_value_net_eur"),
    ("projects", "Auftragswert netto (in 1.000 Euro)", "order_value_net_eur"),
    ("projects", "Förderung bis 1.000 €", None),
    ("projects", "Fördermittel (EUR)", "funding_eur"),
    ("projects", "Fördermittel Mio. Euro", "funding_eur"),
    ("phases", "Fortschritt in %", "share_done"),
    ("phases", "Fortschritt (%)", "share_done"),
    ("phases", "Dauer [Monate]", "duration_months"),
    ("services", "Reifegrad (Ist)", "level"),
    ("project_costs", "Ansatz 2027", "2027"),
    ("project_costs", "2027 (T€)", "2027"),
    ("project_costs", "HH-Jahr 2027", "2027"),
    ("project_costs", "2026", "2026"),
    ("project_costs", "2027 (€)", "2027"),
    ("project_costs", "2027 (TEUR)", "2027"),
    ("project_costs", "2027 [in 1.000 €]", "2027"),
    ("project_costs", "Kosten 2027 (T€)", "2027"),
    ("project_costs", "Kosten in 2027 in Tsd. Euro", "2027"),
    ("project_costs", "Jahr 2028", "2028"),
    ("project_costs", "2028 (brutto)", "2028"),
    ("project_costs", "2026 Plan", "2026"),
    ("project_costs", "3. Ausgaben 2029 ¹)", "2029"),
    ("project_costs", "geplanter Haushaltsansatz 2029", "2029"),
    # a year beside which something else is said is none of costs
    ("project_costs", "Beschluss vom 12.05.2025", None),
    ("project_costs", "12.05.2025", None),
    ("project_costs", "Vertragsnr. 2031", None),
    ("project_costs", "2027 pro Monat", None),
    ("project_costs", "2028 (Quartal)", None),
    ("project_costs", "2028 (netto)", None),
    ("project_costs", "Einnahmen 2031", None),
    ("project_costs", "Förderung 2032", None),
    ("project_costs", "VE 2029", None),
    ("project_costs", "HH 2027/28", None),
    ("project_costs", "bis 2030", None),
    ("project_costs", "ab 2034", None),
    ("project_costs", "2031 ff.", None),
    ("project_costs", "Stand 2035", None),
    ("project_costs", "2026 Ist", None),
    # names that say another column, or a measure that the column does not have
    ("projects", "Ende (Ist)", None),
    ("projects", "Ende (tatsächlich)", None),
    ("projects", "Status (alt)", None),
    ("projects", "Auftragswert (brutto)", None),
    ("projects", "Förderung (%)", None),
    ("projects", "Förderung in %", None),
    ("projects", "Beginn (ursprünglich)", None),
    ("projects", "Titel 2", None),
    ("project_costs", "Anteil 2027 in %", None),
    ("project_costs", "Summe 2027", None),
    ("project_costs", "2027–2029", None),
    ("phases", "Ende (tatsächlich)", "actual_end_date"),
    ("phases", "Ende (Soll)", None),
]

# Written in a return, and meant for the column without reasonable doubt: read, and said.
GUESSED = [
    ("projects", "Nummr", "project_id"),
    ("projects", "Nummer", "project_id"),
    ("projects", "Vorhabennr", "project_id"),
    ("projects", "Vorhabennr.", "project_id"),
    ("projects", "Vorhabennummer", "project_id"),
    ("projects", "Vorhaben-Nummer", "project_id"),
    ("projects", "Proj.-ID", "project_id"),
    ("projects", "ProjektID", "project_id"),
    ("projects", "Kenung", "project_id"),
    ("projects", "Tittel", "title"),
    ("projects", "Titel des Projekts", "title"),
    ("projects", "Bezeichung", "title"),
    ("projects", "Bez.", "title"),
    ("projects", "Projekt-Name", "title"),
    ("projects", "Beschr.", "description"),
    ("projects", "Kurzbeschr.", "description"),
    ("projects", "Beschreibungen", "description"),
    ("projects", "Beschreibung des Vorhabens", "description"),
    ("projects", "Federf.", "reported_office"),
    ("projects", "Federf. Amt", "reported_office"),
    ("projects", "Statsu", "status"),
    ("projects", "Statuss", "status"),
    ("projects", "Sttatus", "status"),
    ("projects", "Status des Vorhabens", "status"),
    ("projects", "Handlungsfelder", "field_id"),
    ("projects", "Handlugsfeld", "field_id"),
    ("projects", "Ziel", "goal_ids"),
    ("projects", "Beginn des Vorhabens", "start_date"),
    ("projects", "Projekt Beginn", "start_date"),
    ("projects", "Ende des Projekts", "end_date"),
    ("projects", "Fertigstellg.", "end_date"),
    ("projects", "Umsetzungsfristen", "due_date"),
    ("projects", "Rechtsgrundl.", "legal_basis"),
    ("projects", "Fallzahlen", "n_cases_yearly"),
    ("projects", "Fallz. p. a.", "n_cases_yearly"),
    ("projects", "Vorhaben #", "project_id"),
    ("use_cases", "Use Case #", "id"),
    ("use_cases", "Use Case (Nr.)", "id"),
    ("projects", "Fallzahl pro Jahr", "n_cases_yearly"),
    ("projects", "Auftragswert nettto", "order_value_net_eur"),
    ("projects", "Auftrags wert netto", "order_value_net_eur"),
    ("projects", "Auftragsw. netto", "order_value_net_eur"),
    ("projects", "Vergabe-Art", "procedure"),
    ("projects", "Fördermitel", "funding_eur"),
    ("phases", "Dauer in Mon.", "duration_months"),
    ("phases", "Fortschrit", "share_done"),
    ("phases", "Ende tatsächl.", "actual_end_date"),
    ("services", "Leistungsschl.", "service_id"),
    ("services", "Leistungen", "name"),
    ("services", "Reifegrad Sol", None),
    ("use_cases", "Is the use case high-impact?", "is_high_impact"),
    ("use_cases", "What problem is AI intended to solve?", "problem_solved"),
    ("use_cases", "Describe the outputs of the AI system", "system_outputs"),
    (
        "use_cases",
        "Was the system purchased from a vendor or developed under contract(s) or in-house?",
        "contracting_usage",
    ),
    ("use_cases", "Does this AI use case have an associated ATO?", "have_ato"),
    ("use_cases", "Does this AI use case involve personally identifiable information (PII)?", "has_pii"),
    ("use_cases", "Has pre-deployment testing been conducted?", "hi_testing_conducted"),
    ("use_cases", "Has an AI impact assessment been completed?", "hi_assessment_completed"),
    ("use_cases", "Is there an established appeal process?", "hi_appeal_process"),
    ("use_cases", "Does this project include custom developed code", "has_custom_code"),
    ("use_cases", "Is this AI use case withheld from public reporting?", "is_withheld"),
    (
        "use_cases",
        "Is there a process to conduct ongoing monitoring to identify any adverse impacts?",
        "hi_ongoing_monitoring",
    ),
    ("use_cases", "Which demographic variables does the AI use case explicitly use?", "demographic_features"),
    ("use_cases", "Expected benefits and positive outcomes from the AI", "benefits"),
]

# Written in a return, and another column, or nobody knows: never read as one.
NEITHER = [
    ("projects", "Auftragswert brutto"),
    ("projects", "Auftragswert"),
    ("projects", "Ende tatsächlich"),
    ("projects", "Projektende tatsächlich"),
    ("projects", "Ende alt"),
    ("projects", "Status alt"),
    ("projects", "Statut"),
    ("projects", "Titel 2"),
    ("projects", "Kurztitel"),
    ("projects", "Untertitel"),
    ("projects", "Vorgaben"),
    ("projects", "Projektleitung"),
    ("projects", "Proj."),
    ("projects", "Projekt"),
    ("projects", "Nr. Altverfahren"),
    ("projects", "Handlungsfeld-Nr."),
    ("projects", "HF-Nr"),
    ("projects", "Fälle pro Monat"),
    ("projects", "Fallzahl 2025"),
    ("projects", "Falldaten"),
    ("projects", "Förderung läuft"),
    ("projects", "Förderquote"),
    ("projects", "Forderung"),
    ("projects", "Förderer"),
    ("projects", "Fertigstellungsgrad"),
    ("projects", "Feststellung"),
    ("projects", "Pflichtenheft"),
    ("projects", "Beschreibung Risiken"),
    ("projects", "Stadt"),
    ("projects", "Strand"),
    ("projects", "Zielwert"),
    ("projects", "Umsetzung"),
    ("projects", "Rechtsfolge"),
    ("projects", "Amt"),
    ("projects", "Art"),
    ("projects", "Beginn Förderung"),
    ("projects", "Wiederbeginn"),
    ("projects", "keine Pflicht"),
    ("projects", "Titel #"),
    ("projects", "Titel Nr."),
    ("projects", "Titel (Nummer)"),
    ("projects", "Federführung Nr."),
    ("projects", "Status Datum"),
    ("projects", "Zielgruppe ja/nein"),
    ("projects", "Anzahl Vorhaben"),
    ("projects", "Anzahl Ziele"),
    ("projects", "#"),
    ("services", "Leitung"),
    ("services", "Reifegrad"),
    ("services", "Leistungsart"),
    ("services", "Ist"),
    ("maturity_ratings", "Ist-Kosten"),
    ("maturity_ratings", "Beleg-Nr."),
    ("cooperations", "Ansprechpartner"),
    ("cooperations", "Partei"),
    ("dependencies", "Nr. des anderen Verfahrens"),
    ("phases", "Beginn alt"),
    ("phases", "Dauer in Tagen"),
    ("positions", "Stellenwert"),
    ("use_cases", "Is the AI use case not high-impact?"),
    ("use_cases", "Number of Use Cases"),
    ("use_cases", "No. of use cases"),
    ("use_cases", "# of Use Cases"),
    ("use_cases", "# Use Cases"),
    ("use_cases", "Vendor #"),
    ("use_cases", "Vendor No."),
    ("use_cases", "Vendor Number"),
    ("use_cases", "ATO Date"),
    ("use_cases", "ATO Required"),
    ("use_cases", "Bureau #"),
    ("use_cases", "Topic Area Number"),
    ("use_cases", "Rights-impacting or Safety-impacting"),
    ("use_cases", "Date Initiated"),
    ("use_cases", "Date Retired"),
    ("use_cases", "Development/Acquisition Date"),
    ("use_cases", "Mission Area"),
    ("use_cases", "Agency"),
    ("use_cases", "Compliance Documentation"),
    ("use_cases", "Public-facing service in HISP"),
    ("use_cases", "Supporting a High Impact Service Provider (HISP)"),
    ("use_cases", "Vendor Contact"),
    ("use_cases", "System Owner"),
    ("use_cases", "Does this AI use case have an associated budget?"),
    ("use_cases", "Is the AI use case in development?"),
    ("use_cases", "Does this AI use case involve a vendor?"),
]


def table_of(name):
    form = QUESTIONS if name == "use_cases" else STANDARD
    return form.table(name)


def guess(table, header):
    known = lexicon(table_of(table))
    target = close_targets({1: header}, known.declared, questions=known.questions).get(1)
    return target and target[1]


@pytest.mark.parametrize(("table", "header", "column"), KNOWN)
def test_known_without_doubt(table, header, column):
    target = lexicon(table_of(table)).target_of(header)
    assert (target and target[1]) == column


@pytest.mark.parametrize(("table", "header", "column"), GUESSED)
def test_guessed(table, header, column):
    known = lexicon(table_of(table)).target_of(header)
    assert (known[1] if known else guess(table, header)) == column


@pytest.mark.parametrize(("table", "header"), NEITHER)
def test_never_read_as_another_column(table, header):
    assert lexicon(table_of(table)).target_of(header) is None
    assert guess(table, header) is None


def test_no_declared_header_is_guessed_to_be_another_column():
    """Of each declared header taken away, no other column of its table takes the place."""
    wrong = []
    for form in (STANDARD, QUESTIONS):
        for table in form.tables:
            known = lexicon(table)
            for header, target in known.declared.items():
                others = {other: t for other, t in known.declared.items() if t != target}
                for found in close_targets({1: header}, others).values():
                    wrong.append((table.name, header, found))
    assert wrong == []


@pytest.mark.parametrize("other", [f"Relevanz {n}" for n in (3, 11, 12)])
def test_numbers_in_headers_must_agree(other):
    vocabulary = {"relevanz 1": ("column", "relevance_1"), "relevanz 2": ("column", "relevance_2")}
    assert close_targets({1: other}, vocabulary) == {}
    assert close_targets({1: "Relevanc 2"}, vocabulary) == {1: ("column", "relevance_2")}


def test_of_two_columns_equally_close_none_is_guessed():
    vocabulary = {"phase a": ("column", "a"), "phase b": ("column", "b"), "anlagen": ("column", "c")}
    assert close_targets({1: "Phase"}, vocabulary) == {}
    vocabulary = {"beginn planung": ("column", "a"), "beginn planungs": ("column", "b")}
    assert close_targets({1: "Beginn Plannung"}, vocabulary) == {}


def test_what_is_closest_to_a_column_that_is_there_is_guessed_for_none():
    vocabulary = {"beschreibung": ("column", "a"), "beschreibungen": ("column", "b")}
    assert close_targets({1: "Beschreibug"}, vocabulary, taken={("column", "a")}) == {}


def test_two_headers_for_one_column_give_the_closer_one():
    vocabulary = {"auftragswert netto": ("column", "a")}
    found = close_targets({1: "Auftragswret neto", 2: "Auftragswert nettto"}, vocabulary)
    assert found == {2: ("column", "a")}


def test_words_for_sums():
    assert starts_like_total("Gesamt:")
    assert starts_like_total("= Summe 2026")
    assert not starts_like_total("Gesamtstrategie")


@pytest.mark.parametrize("text", ["Beträge in T€", "alle Angaben in TEUR", "Kosten (Tsd. Euro)", "in Mio. €"])
def test_a_scale_of_money_is_seen(text):
    assert names_unit(text)


@pytest.mark.parametrize("text", ["Beträge in Euro", "bis 10 T€ Vergabe", "Test €", "Amt für Technik", "T"])
def test_other_texts_name_no_scale(text):
    assert not names_unit(text)


@given(st.text(max_size=40))
def test_any_text_is_a_header_or_none(text):
    for table in STANDARD.tables:
        target = lexicon(table).target_of(text)
        assert target is None or target[0] in ("column", "member")
    close_targets({1: text}, lexicon(STANDARD.table("projects")).declared)
