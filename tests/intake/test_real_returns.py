"""Real returns: measures of Ulm, the catalogue of online services, and agencies of the United States."""

from __future__ import annotations

import csv
import importlib.util
from collections import Counter
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from accounting import unaccounted
from agencies import make_return, read_questions, read_template, template_form
from making import codes, write_book
from seen import seen_cells

from digistrat.intake.forms import load_form
from digistrat.intake.returns import read_returns
from digistrat.intake.values import fold

FORMS = Path(__file__).parents[1] / "forms"
N_MADE, N_MADE_FOR_TEMPLATE = 66, 30  # returns as other agencies might send them


# --- German ones --------------------------------------------------------------------------------------------


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file, delimiter=";"))


def test_all_measures_of_ulm(shared):
    folder = shared / "data" / "de_ulm_smart_city"
    returns = read_returns(folder / "ulm_massnahmen_2021.xlsx", load_form(FORMS / "ulm.toml"))
    truth = rows_of(folder / "ulm_massnahmen_2021.csv")
    table = returns.tables["measures"]
    assert len(table) == len(truth) == 126
    assert table["title"].fillna("-").tolist() == [row["Titel"].strip() for row in truth]
    # one measure has no title but a dash, and that is said
    (nameless,) = table.index[table["title"].isna()]
    place = returns.locate("measures", nameless, "title")
    assert place.raw == "-"
    said = returns.findings[["code", "sheet", "cell"]].to_numpy().tolist()
    assert said == [["no-answer", place.sheet, place.cell]]
    assert table["number"].tolist() == [row["Nr"] for row in truth]
    said = table["description"].fillna("-")
    assert [fold(text) for text in said] == [fold(row["Beschreibung"]) for row in truth]
    fields = list(dict.fromkeys(table["field"]))
    assert len(fields) == len({row["Handlungsfeld"] for row in truth}) == 13
    assert unaccounted(folder, returns) == []


def test_both_sheets_of_the_catalogue_of_services(shared):
    folder = shared / "data" / "de_ozg_nrw"
    returns = read_returns(folder / "ozg_umsetzungskatalog_nrw_2019.xlsx", load_form(FORMS / "ozg.toml"))
    bundles, services = returns.tables["bundles"], returns.tables["services"]
    truth = rows_of(folder / "ozg_leistungen.csv")
    assert (len(bundles), len(services)) == (557, 5251)
    assert bundles.index.tolist() == [row["OZG-ID"] for row in truth]
    for column, header in {"name": "OZG-Leistung", "priority": "Priorität", "status": "Status"}.items():
        assert bundles[column].fillna("").tolist() == [row[header].strip() for row in truth], column
    truth = rows_of(folder / "leika_leistungen.csv")
    for column, header in {"service_id": "LeiKa-ID", "name": "LeiKa-Leistung", "bundle_id": "OZG-ID"}.items():
        got = services[column].fillna("").map(lambda text: " ".join(text.split()))
        assert got.tolist() == [" ".join(row[header].split()) for row in truth], column
    assert services["relevance_1"].astype("Int64").astype("str").tolist() == [
        row["Relevanz 1"] for row in truth
    ]
    assert returns.findings.empty
    assert unaccounted(folder, returns) == []


# --- agencies of the United States --------------------------------------------------------------------------

AGENCIES = {
    "department-of-agriculture": "USDA", "department-of-commerce": "DOC", "department-of-education": "ED",
    "department-of-energy": "DOE", "department-of-health-and-human-services": "HHS",
    "department-of-state": "STATE", "department-of-transportation": "DOT",
    "election-assistance-commission": "EAC",
    "environmental-protection-agency": "EPA", "equal-employment-opportunity-commission": "EEOC",
    "federal-energy-regulatory-commission": "FERC", "federal-housing-finance-agency": "FHFA",
    "federal-trade-commission": "FTC", "national-science-foundation": "NSF",
    "office-of-personnel-management": "OPM",
}  # fmt: skip
# Use cases in the return itself and in the central office's consolidation; None: the same number.
COUNTS: dict[str, tuple[int, int | None]] = {
    "DOE": (340, None), "HHS": (447, None), "DOC": (223, None), "DOT": (70, None), "STATE": (60, None),
    "NSF": (17, None), "FTC": (16, None), "FERC": (6, None), "EAC": (4, None),
    # the central office took other versions of these, or none
    "ED": (77, 56), "EPA": (26, 29), "FHFA": (18, 16), "USDA": (89, 162), "OPM": (5, 0),
}  # fmt: skip


@pytest.fixture(scope="module")
def ai(shared):
    folder = shared / "data" / "ai_inventories"
    truth = pd.read_csv(folder / "consolidated" / "consolidated.csv", dtype=str)
    return folder, read_returns(folder / "returns", load_form(FORMS / "ai_inventory.toml")), truth


def agency_of(file: str) -> str:
    return AGENCIES[file.split("__")[0]]


def counted(path: Path) -> int:
    """Rows below the header that hold something, on the fullest visible sheet, by csv or openpyxl."""
    if path.suffix == ".csv":
        data = path.read_bytes()
        try:
            content = data.decode("utf-8-sig")
        except UnicodeDecodeError:
            content = data.decode("cp1252")
        pages = [list(csv.reader(content.splitlines(keepends=True)))]
    else:
        book = openpyxl.load_workbook(path, data_only=True)
        pages = [
            [list(row) for row in page.iter_rows(values_only=True)]
            for page in book.worksheets
            if page.sheet_state == "visible"
        ]
    best = 0
    for rows in pages:
        filled = [[str(v).strip() for v in row if v is not None and str(v).strip()] for row in rows]
        head = max(range(min(5, len(filled))), key=lambda i: len(filled[i]), default=0)
        if filled and len(filled[head]) > 5:
            best = max(best, sum(len(row) > 1 for row in filled[head + 1 :]))
    return best


def test_every_row_of_every_agency_is_read(ai):
    folder, returns, truth = ai
    rows = returns.sources["use_cases"]["file"].value_counts()
    consolidated = truth["agency"].value_counts()
    for file in returns.files["file"]:
        agency = agency_of(file)
        if agency == "EEOC":
            continue
        here, there = COUNTS[agency]
        assert rows[file] == here == counted(folder / "returns" / file), agency
        assert consolidated.get(agency, 0) == (here if there is None else there), agency


def test_a_return_sent_under_another_name_is_not_counted_twice(ai):
    _, returns, _ = ai
    said = returns.findings[returns.findings["code"] == "same-return"]
    assert [agency_of(file) for file in said["file"]] == ["EEOC"]
    assert agency_of(said["value"].iloc[0]) == "EAC"
    copy = said["file"].iloc[0]
    assert copy not in set(returns.sources["use_cases"]["file"])
    assert returns.findings["file"].eq(copy).sum() == 1
    assert returns.files.set_index("file").at[copy, "n_records"] == 0


def test_no_cell_of_the_agencies_is_lost(ai):
    folder, returns, _ = ai
    assert unaccounted(folder / "returns", returns) == []


@pytest.fixture(scope="module")
def measure(shared):
    path = shared / "data" / "ai_inventories" / "measure.py"
    spec = importlib.util.spec_from_file_location("measure", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_agreement_with_the_consolidation(ai, measure, capsys):
    _, returns, truth = ai
    table, sources = returns.tables["use_cases"], returns.sources["use_cases"]
    agencies = {file: agency_of(file) for file in returns.files["file"]}
    report = measure.measure(table, sources, returns.findings, truth, agencies)
    assert report["matched_rows"] == 1278
    assert report["share_equal"] >= 0.992
    labels = {(row.file, row.row): label for label, row in sources.iterrows()}
    with capsys.disabled():
        print(f"\nAI inventories: {report['share_equal']:.4f} of {report['cells']} cells equal, "
              f"{report['flagged']} flagged, {report['silent']} silent:")  # fmt: skip
        for file, row, column, want, _ in report["silent_examples"]:
            place = returns.locate("use_cases", labels[file, row], column)
            print(
                f"  {agencies[file]} {place.cell} {column}: return says {str(place.raw or '')[:60]!r}, "
                f"consolidation {want!r}"
            )
    assert report["silent"] <= 6


def test_what_differs_in_silence_is_what_the_return_itself_says_otherwise(ai, measure):
    """The header is the template's, the cell says what was read, and no other one says what was wanted."""
    folder, returns, truth = ai
    table, sources = returns.tables["use_cases"], returns.sources["use_cases"]
    agencies = {file: agency_of(file) for file in returns.files["file"]}
    questions = read_questions(folder)
    labels = {(row.file, row.row): label for label, row in sources.iterrows()}
    report = measure.measure(table, sources, returns.findings, truth, agencies)
    positions = dict(measure.match_rows(table, sources, truth, agencies))
    for file, row, column, _, _ in report["silent_examples"]:
        label = labels[file, row]
        want = truth[column].iloc[positions[label]]
        key = measure.short if column in measure.CHOICES else measure.fold
        place = returns.locate("use_cases", label, column)
        seen = seen_cells(folder / "returns" / file)
        letters = place.cell.rstrip("0123456789")
        above = [seen.get((place.sheet, f"{letters}{number}")) for number in range(1, row)]
        heads = {fold(str(text), drop_brackets=True) for text in above if text}
        assert fold(questions[column], drop_brackets=True) in heads, str(place)
        says = seen.get((place.sheet, place.cell))
        assert key(says) == key(place.raw) != key(want), str(place)
        assert key(table.at[label, column]) == key(says), str(place)
        read = set(returns.places.layouts[sources.at[label, "layout"]].columns.values())
        for (sheet, address), value in seen.items():
            line, number = openpyxl.utils.cell.coordinate_to_tuple(address)
            if (sheet, line) == (place.sheet, row) and number not in read:
                assert key(value) != key(want), f"{place}: {address} says it"


# --- returns as other agencies might send them --------------------------------------------------------------


@pytest.fixture(scope="module")
def made(shared, tmp_path_factory):
    folder = shared / "data" / "ai_inventories"
    truth = pd.read_csv(folder / "consolidated" / "consolidated.csv", dtype=str)
    truth = truth[truth["classification"].notna().groupby(truth["agency"]).transform("any")]
    place, template = tmp_path_factory.mktemp("agencies"), read_template(folder)
    return [
        make_return(place / f"agency-{n}.{('xlsx', 'xlsx', 'csv')[n % 3]}", truth, template, seed=n)
        for n in range(N_MADE)
    ]


def measured(measure, made, form):
    """Counts over all returns, with and without the columns that were left out of them; returns as read."""
    returns = read_returns([one.path for one in made], form, cache=False)
    table, sources = returns.tables["use_cases"], returns.sources["use_cases"]
    total = Counter()
    for one in made:
        own = sources["file"] == one.path.name
        found = returns.findings[returns.findings["file"] == one.path.name]
        for name, truth in (("", one.truth), ("_sent", one.truth.drop(columns=list(one.dropped)))):
            agency = {one.path.name: one.path.name}
            report = measure.measure(table[own], sources[own], found, truth, agency)
            total.update({f"{key}{name}": report[key] for key in ("cells", "equal", "flagged", "silent")})
        total.update(rows=len(one.truth), matched=report["matched_rows"], read=int(own.sum()))
        missing = set(found.loc[found["code"] == "column-missing", "column"])
        total.update(lost_columns=len(missing - set(one.dropped)), unsaid=len(set(one.dropped) - missing))
    return total, returns


def test_returns_of_other_agencies(made, measure, capsys):
    total, returns = measured(measure, made, load_form(FORMS / "ai_inventory.toml"))
    share = total["equal_sent"] / total["cells_sent"]
    with capsys.disabled():
        print(
            f"\nOther agencies: {N_MADE} returns, {total['rows']} rows, {share:.4f} of {total['cells_sent']} "
            f"cells equal, {total['flagged_sent']} flagged, {total['silent']} silent"
        )
    assert total["read"] == total["matched"] == total["rows"]
    assert share >= 0.985
    assert total["silent"] == total["lost_columns"] == total["unsaid"] == 0
    lost = unaccounted(made[0].path.parent, returns)
    assert [cell for cell in lost if cell[0].endswith(".xlsx")] == []  # the csv ones have several delimiters


def test_the_template_alone_finds_every_column_of_other_agencies(shared, made, measure):
    """No header that an agency changed needs to be declared; choices do."""
    form = template_form(shared / "data" / "ai_inventories")
    total, _ = measured(measure, made[:N_MADE_FOR_TEMPLATE], form)
    assert total["read"] == total["matched"] == total["rows"]
    assert total["silent"] == total["lost_columns"] == total["unsaid"] == 0
    assert total["equal_sent"] / total["cells_sent"] >= 0.85


def test_rows_of_every_kind_are_read_or_said(tmp_path):
    head = ["Use Case ID", "Use Case Name", "Bureau/Component", "Stage of Development"]
    rows = [
        ["2025 Inventory"], head, ["Bureau of Land"], ["X-1", "Chatbot", "BLM", "Pilot"],
        ["X-2", None, "BLM", "Deployed"], ["X-3"], [None, "Only a name"], head, ["Bureau of Fish"],
        ["X-4", "Counting fish", "FWS", "c) Deployed"], [None, None, None, "d) Retired"],
        [None, None, "FWS", "Pilot"],
        ["X-5", "Maps", "FWS"], ["X-6"], [], ["Notes: all fine"], ["X-7"], ["Total", 2],
    ]  # fmt: skip
    path = write_book(tmp_path / "A.xlsx", {"All": rows})
    returns = read_returns(path, load_form(FORMS / "ai_inventory.toml"))
    read = returns.tables["use_cases"][["id", "use_case_name"]].astype(object).fillna("").to_numpy().tolist()
    assert read == [
        ["X-1", "Chatbot"], ["X-2", ""], ["", "Only a name"], ["X-4", "Counting fish"], ["", ""], ["", ""],
        ["X-5", "Maps"],
    ]  # fmt: skip
    assert [code for code in codes(returns.findings) if code[0] != "column-missing"] == [
        *(("missing-value", cell) for cell in ("B11", "B12", "B5", "C11", "C7", "D13", "D7")),
        *(("text-outside-table", cell) for cell in ("A14", "A16", "A17", "A3", "A6", "A9")),
        ("total-row", "A18"),
    ]  # fmt: skip
    assert unaccounted(tmp_path, returns) == []


SHORTEST = ["Use Case Name", "Bureau/Component", "Stage of Development", "Is the AI use case high-impact?"]


def test_every_selection_of_the_template_is_read_in_every_dress(shared, tmp_path):
    """Each answer, its code, and both as people write them mean the answer, and nothing is said of them."""
    folder = shared / "data" / "ai_inventories"
    form, template = load_form(FORMS / "ai_inventory.toml"), read_template(folder)
    for column, answers in template.answers.items():
        dressed = {}
        for label, code in answers.items():
            letter, _, rest = label.partition(") ") if label[1:2] == ")" else ("", "", label)
            plain = rest.replace("–", "-").replace("’", "'")
            dressed |= dict.fromkeys(
                [label, code, label.upper(), rest, plain, rest.replace(" ", "\n")], label
            )
            if letter:
                ways = ("{0}) {1}", "{0}){1}", "({0}) {1}", "{0}. {1}", "{0})")
                dressed |= {way.format(letter.upper(), rest): label for way in ways}
        rows = [[template.questions["use_case_name"], template.questions["id"], template.questions[column]]]
        rows += [[f"Case {number}", f"X-{number}", answer] for number, answer in enumerate(dressed)]
        path = write_book(tmp_path / f"{column}.xlsx", {"All": rows})
        returns = read_returns(path, form)
        read = dict(zip(dressed, returns.tables["use_cases"][column], strict=True))
        assert read == dressed, column
        assert [code for code in codes_said(returns) if code != "column-missing"] == [], column


def codes_said(returns) -> list[str]:
    return returns.findings["code"].tolist()


@pytest.mark.parametrize(
    ("answer", "read"),
    [("No", "No"), ("TBD", "TBD"), ("to be determined", "TBD"), ("pending", "Pending"), ("N/A", None)],
)
def test_answers_that_are_no_selections_and_that_the_central_office_keeps(tmp_path, answer, read):
    head = [*SHORTEST, "Pre-deployment testing"]
    path = write_book(
        tmp_path / "A.xlsx", {"All": [head, ["Chatbot", "BLM", "Pilot", "High-impact", answer]]}
    )
    returns = read_returns(path, load_form(FORMS / "ai_inventory.toml"))
    value = returns.tables["use_cases"]["hi_testing_conducted"].iloc[0]
    assert (None if pd.isna(value) else value) == read
    assert set(codes_said(returns)) == {"column-missing"}


def test_what_means_something_else_now_is_said_and_not_taken(tmp_path):
    """Of 37 uses in operation and maintenance in 2024 one agency reported 27 as deployed the year after."""
    head = [*SHORTEST, "Contracting"]
    answers = ["Operation and Maintenance", "Neither", "Developed with contracting resources"]
    path = write_book(tmp_path / "A.xlsx", {"All": [head, ["Chatbot", "BLM", *answers]]})
    returns = read_returns(path, load_form(FORMS / "ai_inventory.toml"))
    row = returns.tables["use_cases"].iloc[0]
    assert row[["development_stage", "is_high_impact", "contracting_usage"]].isna().all()
    said = returns.findings[returns.findings["code"] == "not-a-choice"]
    assert sorted(said["cell"]) == ["C2", "D2", "E2"]


def test_lists_of_answers_and_explanations_beside_the_table_are_no_use_cases(shared, tmp_path):
    template = read_template(shared / "data" / "ai_inventories")
    width = max(map(len, template.answers.values()))
    lists = [list(template.answers)]
    lists += [[[*own, *[None] * width][row] for own in template.answers.values()] for row in range(width)]
    words = [["Field", "Explanation"], *([question, "see there"] for question in template.questions.values())]
    pages = {
        "Selections": lists,
        "All": [SHORTEST, ["Chatbot", "BLM", "Pilot", "No"]],
        "Data Dictionary": words,
    }
    returns = read_returns(write_book(tmp_path / "A.xlsx", pages), load_form(FORMS / "ai_inventory.toml"))
    assert returns.tables["use_cases"]["use_case_name"].tolist() == ["Chatbot"]
    assert set(codes_said(returns)) == {"column-missing"}
    assert set(returns.leftovers["sheet"]) == {"Selections", "Data Dictionary"}
    assert unaccounted(tmp_path, returns) == []
