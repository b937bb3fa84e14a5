"""Returns as other agencies might send them: consolidated rows in many shapes, by a seeded generator."""

from __future__ import annotations

import csv
import datetime as dt
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import openpyxl
import pandas as pd

from digistrat.intake.forms import Form

YES_NO = ("have_ato", "has_pii", "has_custom_code")
WRITTEN = [("Yes", "No"), ("Y", "N"), ("TRUE", "FALSE"), ("yes", "no"), (True, False), (1, 0), ("YES", "NO")]
# What people make of a question; written without a look at the form.
SHORT = {
    "id": ["Use Case ID", "USE CASE ID", "id", "AI Use Case ID"],
    "use_case_name": ["Use Case Name", "Use case name*", "AI Use Case Name", "USE CASE NAME"],
    "agency_bureau": ["Bureau", "Component", "Bureau / Component", "Bureau or Component"],
    "is_withheld": ["Withheld from public reporting?", "Public Reporting", "Withheld?"],
    "development_stage": ["Development Stage", "Stage of development", "STAGE"],
    "is_high_impact": ["High-impact?", "High Impact", "Is it high-impact?"],
    "topic_area": ["Topic Area", "Use Case Topic", "Topic"],
    "classification": ["Classification", "AI classification:"],
    "problem_solved": ["Problem", "Problem to solve", "Problem statement", "Problem AI is intended to solve"],
    "benefits": ["Expected benefits", "Benefits", "Expected benefits and outcomes"],
    "system_outputs": ["AI outputs", "System outputs", "Outputs"],
    "contracting_usage": ["Purchased or developed", "Contracting", "Contract or in-house"],
    "have_ato": ["ATO", "ATO?", "Associated ATO", "Authorization to Operate (ATO)"],
    "has_pii": ["PII", "Involves PII?", "PII involved"],
    "has_custom_code": ["Custom code", "Custom-developed code?"],
    "hi_testing_conducted": ["Pre-deployment testing", "Testing conducted"],
    "hi_assessment_completed": ["AI impact assessment", "Impact assessment completed?"],
    "hi_independent_review": ["Independent review", "Independent review conducted?"],
    "hi_ongoing_monitoring": ["Ongoing monitoring", "Monitoring"],
    "hi_training_established": ["Operator training", "Periodic training for operators"],
    "hi_failsafe_presence": ["Fail-safe", "Failsafe", "Appropriate fail-safe?"],
    "hi_appeal_process": ["Appeal process", "Established appeal process?"],
    "operational_date": ["Operational date", "Date operational"],
    "vendor_name": ["Vendor name", "Vendor"],
    "contact_email": ["Email", "Contact email"],
}  # fmt: skip
EXTRA = {
    "Agency": "Bureau of Examples", "Notes": "see above", "Fiscal Year": "FY25", "Tracking number": "77",
    "Date Retired": "", "Reviewed by": "Office of the CIO", "Mission Area": "Field work",
}  # fmt: skip
# Other shapes of an answer that begins with its letter; other ones are left as they are.
LETTERED: dict[str, Callable[[str, str], str]] = {
    "capital": lambda letter, rest: f"{letter.upper()}) {rest}",
    "point": lambda letter, rest: f"{letter}. {rest}",
    "bracketed": lambda letter, rest: f"({letter}) {rest}",
    "joined": lambda letter, rest: f"{letter}){rest}",
    "letter": lambda letter, rest: f"{letter})",
}
_BARE = re.compile(r"^[a-l]\)\s*")
NO_ANSWER = ["N/A", "n/a", "NA", "-", "TBD", " ", "None"]
MAY_BE_UNANSWERED = ("vendor_name", "system_name_ato", "link_to_data", "pia_url", "code_url")
HINTS = ["Free text", "Select one", "Drop-down", "Required", "Optional"]
CP1252 = {"‑": "-", "\u202f": " ", "≥": ">=", "→": "->"}
Row = list[Any]


@dataclass(frozen=True)
class Made:
    """A return that was made: its file, the rows it holds, and the columns that were left out of it."""

    path: Path
    truth: pd.DataFrame
    dropped: tuple[str, ...]


def read_questions(folder: Path) -> dict[str, str]:
    """Column → header of the central template, from the data dictionary."""
    text = (folder / "consolidated" / "data_dictionary.md").read_text("utf-8")
    found = re.findall(r"^### \d+\) `(\w+)`\n- \*\*Original Excel Header:\*\* '(.*)'$", text, re.M)
    return dict(found)


@dataclass(frozen=True)
class Template:
    """The central template: column → question, and column → its answers with their short codes."""

    questions: dict[str, str]
    answers: dict[str, dict[str, str]]


def read_template(folder: Path) -> Template:
    """Read the central template from the data dictionary."""
    form = template_form(folder).tables[0]
    answers = {c.name: {label: names[-1] for label, names in c.choices.items()} for c in form.columns}
    return Template(read_questions(folder), {name: own for name, own in answers.items() if own})


def make_return(path: Path, truth: pd.DataFrame, template: Template, *, seed: int) -> Made:
    """Write some of the consolidation's rows as one agency might."""
    questions = template.questions
    random = Random(seed)
    rows = truth.iloc[random.sample(range(len(truth)), random.randint(5, 25))].reset_index(drop=True)
    rows["agency"] = path.name
    # a name of its own for every row: it is matched by name
    rows["use_case_name"] = [f"{name} ({number})" for number, name in enumerate(rows["use_case_name"], 1)]
    for name in template.answers:  # none of the selections, and kept by the central office
        if name.startswith("hi_") and random.random() < 0.3:
            rows.loc[rows.index == random.randrange(len(rows)), name] = "No"
    columns = list(questions)
    if random.random() < 0.4:
        random.shuffle(columns)
    optional = [name for name in columns if name != "use_case_name"]
    dropped = tuple(random.sample(optional, random.choice((0, 0, 1, 3))))
    columns = [name for name in columns if name not in dropped]
    headers = {name: _header(random, name, questions[name]) for name in columns}
    write = {name: _writer(random, name, template.answers.get(name, {})) for name in columns}
    nothing = {name: random.choice(NO_ANSWER) for name in MAY_BE_UNANSWERED if random.random() < 0.3}
    table: list[Row] = [[headers[name] for name in columns]]
    for record in rows[columns].itertuples(index=False):
        table.append(
            [
                write[n](value) if isinstance(value, str) else nothing.get(n, "")
                for n, value in zip(columns, record, strict=True)
            ]
        )
    for header in random.sample(list(EXTRA), random.choice((0, 1, 2))):
        place = random.randrange(len(table[0]) + 1)
        for number, row in enumerate(table):
            row.insert(place, EXTRA[header] if number else header)
    across = len(rows) < 8 and random.random() < 0.5  # one use case a column
    if across:
        table = [list(row) for row in zip(*table, strict=True)]
    if path.suffix == ".csv":
        _write_csv(path, random, table, across=across)
    else:
        _write_book(path, random, table, template, across=across)
    return Made(path, rows, dropped)


def _header(random: Random, name: str, question: str) -> str:
    """A column's header, as it stands in the template or as people change it."""
    way = random.choice(
        ["template"] * 5
        + [
            "broken",
            "asked",
            "number",
            "letters",
            "upper",
            "snake",
            "short",
            "short",
            "hint",
            "cut",
            "misspelt",
            "led",
            "prefixed",
            "straight",
        ]
    )
    asked = question.partition("?")[0] + ("?" if "?" in question else "")
    match way:
        case "broken":
            return re.sub(r" ", lambda m: random.choice((" ", " ", "\n")), question)
        case "asked":
            return asked
        case "number":
            return f"{random.randint(1, 40)}. {question}"
        case "prefixed":
            lead = random.choice(
                ("Q{}. ", "{}) ", "({}) ", "#{} ", "Question {}.\n", "{}: ", "{} - ", "3.{} ")
            )
            return lead.format(random.randint(1, 9)) + question
        case "straight":  # a slip of the template's mended, too
            return question.replace("’", "'").replace("–", "-").replace("Has as ", "Has an ")
        case "letters":
            return f"{random.choice('ABCDEF')}. {question}"
        case "upper":
            return question.upper()
        case "snake":
            return name
        case "short":
            return random.choice(SHORT.get(name, [question]))
        case "cut":
            return question[: random.choice((40, 60, 80))]
        case "misspelt":
            place = random.randrange(1, len(asked) - 2)
            return asked[:place] + asked[place + 1] + asked[place] + asked[place + 2 :]
        case "led":
            return f"{asked}\nPlease give the answer of the office in charge."
        case "hint":
            return f"{asked} {random.choice(('(required)', '(select one)', '*'))}"
    return question


def _writer(random: Random, name: str, codes: dict[str, str]) -> Callable[[str], Any]:
    """How an agency writes the answers of a column: the same way in all rows."""
    if name in YES_NO:
        yes, no = random.choice(WRITTEN)
        return lambda answer: {"Yes": yes, "No": no}.get(answer, answer)
    if name == "operational_date":
        return random.choice((str, str, _as_date))
    if not codes:
        return random.choice((str, str, lambda text: f" {text}\n", lambda text: text.replace("\n", "\r\n")))
    if name == "development_stage" and random.random() < 0.3:
        return lambda answer: re.split(r" – ", _BARE.sub("", answer))[0]
    if name == "classification" and random.random() < 0.4:
        return lambda answer: answer.split(":")[0]
    lettered = LETTERED[random.choice(list(LETTERED))]
    ways: dict[str, Callable[[str], Any]] = {
        "template": str,
        "bare": lambda answer: _BARE.sub("", answer),
        "hyphen": lambda answer: answer.replace("–", "-").replace("’", "'"),
        "dash": lambda answer: answer.replace(" – ", "—"),
        "colon": lambda answer: answer.replace(" – ", ": "),
        "upper": lambda answer: answer.upper(),
        "ended": lambda answer: _BARE.sub("", answer).rstrip(".") + ".",
        "progress": lambda answer: re.sub("(I|i)n-progress", r"\1n progress", answer),
        "blank": lambda answer: f" {answer.replace(') ', ')  ')}\xa0",
        "broken": lambda answer: answer.replace(" – ", "\n– "),
        "and": lambda answer: answer.replace(" and ", " & ") if len(answer) < 40 else answer,
        "code": lambda answer: codes.get(answer, answer),
        "lettered": lambda answer: lettered(answer[0], answer[3:]) if _BARE.match(answer) else answer,
    }  # fmt: skip
    return ways[random.choice(["template"] * 3 + ["bare", "code", "lettered"] + list(ways))]


def _as_date(answer: str) -> Any:
    """Make a date of 1/31/2025; leave what is none."""
    match = re.fullmatch(r"(\d{1,2})/(\d{1,2})/(20\d\d)", answer)
    return dt.datetime(int(match[3]), int(match[1]), int(match[2])) if match else answer


def _around(random: Random, table: list[Row], *, across: bool) -> list[Row]:
    """A table with what people write above, between and below."""
    width = len(table[0])
    hints: list[Row] = random.choice([
        [], [], [], [], [list(range(1, width + 1))], [[random.choice(HINTS) for _ in range(width)]],
    ])  # fmt: skip
    above = random.sample([
        ["2025 AI Use Case Inventory"],
        ["Office of Examples – Inventory of Artificial Intelligence Use Cases"],
        [],
        ["SECTION 1: Identifiers", *[""] * 6, "SECTION 2: Summary", *[""] * 5, "SECTION 3: Documentation"],
    ], random.choice((0, 0, 1, 2, 3)))  # fmt: skip
    if across:
        return [*above, *table]
    body = list(table[1:])
    for _ in range(random.choice((0, 0, 1, 3))):
        body.insert(random.randrange(len(body) + 1), [])
    if len(body) > 2 and random.random() < 0.2:
        body.insert(random.randrange(1, len(body)), list(table[0]))
    below: list[Row] = random.choice([
        [], [], [], [[], ["Note: this inventory leaves out use cases of national security."]],
        [["Total", *[""] * (width - 2), len(table) - 1]],
        [[], ["As of January 2026"], ["* reported last year"]],
    ])  # fmt: skip
    return [*above, table[0], *hints, *body, *below]


def _write_csv(path: Path, random: Random, table: list[Row], *, across: bool) -> None:
    encoding = random.choice(("utf-8-sig", "utf-8", "cp1252", "utf-16"))
    lines = _around(random, table, across=across)
    if encoding == "cp1252":
        lines = [[_in_cp1252(value) for value in row] for row in lines]
    if random.random() < 0.3:  # empty columns and rows that a spreadsheet still had
        width = max(map(len, lines)) + 5
        lines = [[*row, *[""] * (width - len(row))] for row in [*lines, *[[""]] * 20]]
    delimiter = "\t" if encoding == "utf-16" else random.choice(",,;\t")
    with path.open("w", encoding=encoding, newline="") as file:
        csv.writer(file, delimiter=delimiter).writerows(lines)


def _in_cp1252(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    for sign, plain in CP1252.items():
        value = value.replace(sign, plain)
    return value.encode("cp1252", "replace").decode("cp1252")


def _write_book(path: Path, random: Random, table: list[Row], template: Template, *, across: bool) -> None:
    book = openpyxl.Workbook()
    page = book.active
    page.title = "All Use Cases"
    shape = "one" if across else random.choice(("one", "one", "one", "two", "bureaus"))
    parts = {"one": 1, "two": 2, "bureaus": random.randint(2, 4)}[shape]
    for number in range(parts):
        if number:
            page = book.create_sheet(f"Bureau {number + 1}")
        _fill(page, random, [table[0], *table[1 + number :: parts]], across=across)
    if random.random() < 0.5:
        _add_lists(book, template).sheet_state = random.choice(("hidden", "visible"))
    if random.random() < 0.3:
        page = book.create_sheet("Instructions", 0)
        page.append(["Please fill in one row for every use case."])
        page.append(["Send the file to your AI office."])
    if random.random() < 0.2:
        page = book.create_sheet("Data Dictionary", random.choice((0, None)))
        page.append(["Field", "Explanation"])
        for question in template.questions.values():
            page.append([question, "Answer as in the guidance."])
    book.save(path)


def _add_lists(book: Any, template: Template) -> Any:
    """Add the template's sheet of answers, its columns headed by a word or two."""
    page = book.create_sheet("Selections")
    for column, (name, codes) in enumerate(template.answers.items(), 1):
        for row, answer in enumerate([SHORT[name][0], *codes], 1):
            page.cell(row, column, answer)
    return page


def _fill(page: Any, random: Random, table: Sequence[Row], *, across: bool) -> None:
    lines = _around(random, list(table), across=across)
    for number, row in enumerate(lines, 1):
        for place, value in enumerate(row, 1):
            if value not in ("", None):
                page.cell(number, place, value)
        if number < 4 and len(row) == 1 and random.random() < 0.5:
            page.merge_cells(start_row=number, start_column=1, end_row=number, end_column=len(table[0]))
    if random.random() < 0.2:
        page.column_dimensions[
            openpyxl.utils.get_column_letter(random.randint(1, len(table[0])))
        ].hidden = True
    if random.random() < 0.2:
        page.row_dimensions[random.randint(1, len(lines))].hidden = True


def template_form(folder: Path) -> Form:
    """Make a form of nothing but the central template: its headers, its selections and their codes."""
    text = (folder / "consolidated" / "data_dictionary.md").read_text("utf-8")
    text = text.replace("in-progess", "in-progress")  # a slip that the consolidation has not
    columns: list[dict[str, Any]] = []
    for part in text.split("\n---\n"):
        name = re.search(r"^### \d+\) `(\w+)`", part, re.M)
        header = re.search(r"Original Excel Header:\*\* '(.*)'", part)
        if name is None or header is None:
            continue
        column: dict[str, Any] = {"name": name[1], "headers": [header[1]]}
        # agencies may leave out some of what is required when they publish
        column["required"] = "Required: Yes'" in part and "However" not in part
        lines = [line.strip("| ") for line in part.splitlines() if line.startswith("|")]
        rows = [[cell.strip() for cell in line.split("|")] for line in lines]
        labels = [row[0] for row in rows if len(row) == 1 and row[0] not in ("Valid Value", ":---")]
        codes = {row[0]: row[1].strip("*") for row in rows if len(row) == 2}
        if "`multiple_choice`" in part:
            column["kind"] = "choice"
            column["choices"] = {label: [label, codes.get(label, label)] for label in labels}
        columns.append(column)
    table = {"name": "use_cases", "expects_all_columns": True, "columns": columns}
    ignored = ["Selections", "Data Dictionary"]
    form = {"name": "template", "language": "en", "sheets_ignored": ignored, "tables": [table]}
    return Form.model_validate(form)
