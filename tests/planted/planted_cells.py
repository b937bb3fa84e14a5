"""Kinds of fault in one cell: what people write where a number, a date, a choice or a key belongs."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from planting import Answer, Kind, Plant, Round

from digistrat.example.books import Book
from digistrat.example.projects import month_end, months_later
from digistrat.example.sheets import Formula
from digistrat.intake.forms import Column

Fits = Callable[[str, Column], bool]
Write = Callable[[Answer], Any]

MONTHS = (
    "Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober", "November",
    "Dezember",
)  # fmt: skip
# What no check over the round misses or needs: where a value may be lost or changed and nothing else follows.
SAFE = {
    "projects": {
        "title", "description", "status", "field_id", "goal_ids", "target_group", "start_date", "end_date",
        "release_date", "n_cases_yearly", "order_value_net_eur", "procedure",
    },
    "project_costs": {"kind", "amount_eur"},
    "project_effects": {"kind", "amount_eur"},
    "impact_ratings": {"points"},
    "readiness_ratings": {"level"},
    "maturity_ratings": {"level", "target_level"},
    "services": {"name", "bundle_id", "target_level"},
    "efforts": {"effort_days", "phase_id"},
    "phases": {"duration_months", "start_date", "actual_end_date", "share_done", "phase_id"},
    "positions": {"fte", "start_date"},
    "dependencies": {"kind"},
    "requirements": {"title", "field_id", "goal_ids", "weight"},
    "cooperations": {"kind"},
}  # fmt: skip


def german(value: float) -> str:
    """Write a whole number with points between the thousands."""
    return f"{value:,.0f}".replace(",", ".")


def is_csv(book: Book) -> bool:
    """Whether a book will be a text file."""
    return book.file.endswith(".csv")


def of_kind(*kinds: str) -> Fits:
    """Fit safe columns of these kinds."""
    return lambda table, column: column.kind in kinds and column.name in SAFE.get(table, ())


def named(*names: str) -> Fits:
    """Fit columns by table and name."""
    return lambda table, column: f"{table}.{column.name}" in names


def in_a_cell(
    code: str,
    fits: Fits,
    write: Write,
    *,
    where: Callable[[Answer], bool] = lambda _: True,
    proves: bool = False,
    csv: bool = True,
    empty: bool = False,
) -> Kind:
    """Make a kind that writes something into one cell.

    ``proves`` says that what is written tells, or needs not to be told, how the column writes its numbers;
    ``empty`` that it may go to an empty cell too.
    """

    def plant(made: Round, book: Book) -> bool:
        if is_csv(book) and not csv:
            return False
        for at in made.shuffled(list(made.cells(book, fits, empty=empty)), book.file, code):
            if not where(at):
                continue
            column = ("proof", book.file, at.sheet.name, at.number)
            claims = [("cell", book.file, at.sheet.name, at.row, at.number), *([column] if proves else [])]
            if made.claim(*claims):
                made.put(at.sheet, at.row, at.number, write(at))
                made.note(book, at.sheet, (at.row, at.number), code)
                return True
        return False

    return Kind(code, plant)


def says(*texts: Any) -> Write:
    """Write one of these."""
    return lambda at: texts[(at.row + at.number) % len(texts)]


# --- numbers ------------------------------------------------------------------------------------------------

AMOUNT = of_kind("amount")
COUNT = of_kind("integer")
NUMBER = of_kind("number")
YEARS = named("project_costs.amount_eur", "project_effects.amount_eur")
POINTS = named("impact_ratings.points", "requirements.weight")
LEVELS = named("impact_ratings.points", "readiness_ratings.level", "maturity_ratings.target_level")
ORDER = named("projects.order_value_net_eur")


def _worth(at: Answer) -> float:
    value = at.value
    return float(value) if isinstance(value, (int, float)) and value > 0 else 4.0


def _positive(at: Answer) -> bool:
    return isinstance(at.value, (int, float)) and at.value > 0


def _is_inside(at: Answer) -> bool:
    """Whether a rating is a number and neither end of its scale."""
    return isinstance(at.value, int) and 0 < at.value < 3


def _euros(*patterns: str) -> Write:
    return lambda at: says(*patterns)(at).format(german(_worth(at)))


def _range(at: Answer) -> str:
    pattern = says("{}–{} €", "{} bis {} €", "zwischen {} und {} €", "{} € - {} €", "von {} bis {} EUR")(at)
    return str(pattern.format(german(_worth(at) * 0.8), german(_worth(at) * 1.3)))


NUMBERS = (
    in_a_cell(
        "approximate",
        AMOUNT,
        _euros("ca. {} €", "rd. {} Euro", "~ {} €", "{} € (geschätzt)", "etwa {} EUR"),
        where=_positive,
    ),
    in_a_cell(
        "at-most", AMOUNT, _euros("bis zu {} €", "max. {} €", "höchstens {} €", "< {} €"), where=_positive
    ),
    in_a_cell(
        "at-least", AMOUNT, _euros("mind. {} €", "ab {} €", "mehr als {} €", "> {} €"), where=_positive
    ),
    in_a_cell("range", AMOUNT, _range, where=_positive),
    in_a_cell("approximate", COUNT, says("ca. 500"), empty=True),
    in_a_cell("at-most", COUNT, says("höchstens 500"), empty=True),
    in_a_cell("at-least", COUNT, says("mehr als 500"), empty=True),
    in_a_cell("range", COUNT, says("300–500"), empty=True),
    in_a_cell("approximate", POINTS, lambda at: f"ca. {at.value}", where=_positive),
    in_a_cell("range", LEVELS, lambda at: f"{at.value - 1}–{at.value + 1}", where=_is_inside),
    in_a_cell("at-least", LEVELS, lambda at: f"mindestens {at.value}", where=_is_inside),
    in_a_cell("at-most", LEVELS, lambda at: f"max. {at.value}", where=_is_inside),
    in_a_cell(
        "not-a-number",
        of_kind("amount", "integer", "number"),
        says("siehe Antrag", "2 x 500", "500 + 100", "zehntausend"),
    ),
    in_a_cell(
        "not-a-number",
        of_kind("amount", "integer", "number"),
        says("sehr viel", "500 (2026), 300 (2027)", "kostenneutral", "l00"),
    ),
    in_a_cell("see-attachment", of_kind("amount", "integer", "number", "date"), says("s. Anlage")),
    in_a_cell("ambiguous-number", named("projects.n_cases_yearly"), says("1.234"), proves=True, empty=True),
    in_a_cell("ambiguous-range", AMOUNT, says("50–100.000 €"), empty=True),
    in_a_cell(
        "tax-basis",
        YEARS,
        _euros("{} € netto", "{} € zzgl. MwSt.", "{} € brutto", "{} € inkl. MwSt."),
        where=_positive,
    ),
    in_a_cell("other-tax-basis", ORDER, _euros("{} € brutto"), where=_positive),
    in_a_cell("unknown-unit", AMOUNT, _euros("{} US-$", "{} CHF", "{} € pro Monat", "{} € je Lizenz")),
    in_a_cell(
        "unknown-unit", of_kind("integer", "number"), says("3 kWh", "3 Wochen", "3 Seiten", "3 pro Woche")
    ),
    in_a_cell(
        "turned-into-date", of_kind("amount", "integer", "number"), says(dt.date(2027, 4, 1)), csv=False
    ),
    in_a_cell("out-of-range", AMOUNT, says(-5000.0), empty=True),
    in_a_cell("out-of-range", NUMBER, says(111), where=lambda at: (at.column.maximum or 0) > 1),
    in_a_cell("out-of-range", COUNT, says(-3), empty=True),
    in_a_cell(
        "range-of-everything",
        LEVELS,
        lambda at: f"{at.column.minimum:g} bis {at.column.maximum:g}",
    ),
    in_a_cell("not-an-integer", COUNT, says(12.5), proves=True, empty=True),
)

# --- dates --------------------------------------------------------------------------------------------------

DATE = of_kind("date")


def _is_border(at: Answer) -> bool:
    """Whether a date is the border of its month on the side that its column reads."""
    value = at.value
    return isinstance(value, dt.date) and value == (
        month_end(value) if at.column.period_end else value.replace(day=1)
    )


def _span(at: Answer) -> str:
    first, last = at.value, at.value
    if at.column.period_end:
        first = months_later(first, -3)
    else:
        last = month_end(months_later(last, 3))
    return f"{first:%d.%m.%Y} bis {last:%d.%m.%Y}"


def _about(at: Answer) -> str:
    words = says("voraussichtlich {}", "ca. {}", "{} (geplant)", "vsl. {}", "etwa {}")(at)
    return str(words.format(f"{at.value:%m/%Y}"))


def _start_of_possible(at: Answer) -> bool:
    return at.record.values.get("status") == "possible"


DATES = (
    in_a_cell("not-a-date", DATE, says("31.02.2027", "00.00.0000", "30.2.27", "1.13.2027")),
    in_a_cell(
        "not-a-date",
        DATE,
        says("wenn Personal da ist", "1.4.", "6 Monate nach Beschluss", "04/27", "Sommerferien"),
    ),
    in_a_cell("ambiguous-date", DATE, says("03/04/2027", "03-04-2027", "3/4/2027")),
    in_a_cell("year-as-date", DATE, says(dt.date(1905, 7, 18)), csv=False),  # 2026 in a cell of dates
    in_a_cell("approximate-date", DATE, _about, where=_is_border),
    in_a_cell("date-range", DATE, _span, where=_is_border),
    in_a_cell("serial-date", DATE, lambda at: (at.value - dt.date(1899, 12, 30)).days, where=_is_border),
    in_a_cell(
        "two-digit-year", DATE, lambda at: f"{MONTHS[at.value.month - 1]} {at.value:%y}", where=_is_border
    ),
    in_a_cell("ongoing", named("projects.end_date"), says("laufend"), where=_start_of_possible),
    in_a_cell("ongoing", named("projects.start_date"), says("läuft bereits"), where=_start_of_possible),
)

# --- choices, lists, yes and no -----------------------------------------------------------------------------

CHOICE = of_kind("choice")


def _label(at: Answer) -> str:
    return str(at.column.choices[at.value][0])


def _misspelt(at: Answer) -> str:
    label = _label(at)
    middle = len(label) // 2
    return label[:middle] + label[middle + 1 :]


def _behind(*remarks: str) -> Write:
    """Write one of these remarks behind the answer."""
    return lambda at: _label(at) + remarks[(at.row + at.number) % len(remarks)]


def _two_choices(at: Answer) -> str:
    other = next(labels[0] for code, labels in at.column.choices.items() if code != at.value)
    return f"{_label(at)}{(', ', ' / ', ' – ', ' (')[at.row % 4]}{other}"


def _slip(at: Answer) -> str:
    """Two keys in the wrong order."""
    label = _label(at)
    middle = len(label) // 2
    return label[: middle - 1] + label[middle] + label[middle - 1] + label[middle + 1 :]


def _not_recurring(at: Answer) -> bool:
    return at.value is False


CHOICES = (
    in_a_cell("not-a-choice", CHOICE, says("mal sehen")),
    in_a_cell("not-a-choice", of_kind("list"), lambda at: f"{at.sheet.cells[at.row, at.number]}; mal sehen"),
    in_a_cell(
        "choice-guessed",
        named("projects.status", "project_costs.kind"),
        _misspelt,
        where=lambda at: len(_label(at)) >= 7,
    ),
    in_a_cell(
        "choice-guessed",
        named("projects.status", "project_costs.kind"),
        _slip,
        where=lambda at: _slip(at) != _label(at),
    ),
    in_a_cell("remark-dropped", CHOICE, _behind(" – in Abstimmung")),
    in_a_cell(
        "remark-dropped", CHOICE, _behind(", siehe Bericht", " seit 2019", "¹", ": Entwurf", "\n(Amt 16)")
    ),
    in_a_cell(
        "remark-dropped",
        CHOICE,
        _behind(" (nicht öffentlich)", " – ohne Schnittstelle", ", Kosten nicht bekannt"),
    ),
    in_a_cell(
        "not-a-choice",
        CHOICE,
        _behind(" (noch nicht)", " – nein", ": verworfen", ", nur teilweise", " (30 %)"),
    ),
    in_a_cell("not-a-choice", CHOICE, _two_choices),
    in_a_cell(
        "remark-dropped",
        named("project_costs.is_recurring"),
        says("nein – nur einmal"),
        where=_not_recurring,
    ),
    in_a_cell("not-yes-no", named("project_costs.is_recurring"), says("teilweise"), where=_not_recurring),
)

# --- any cell -----------------------------------------------------------------------------------------------

ANY = of_kind("text", "amount", "integer", "number", "date", "choice", "list")


def _required(table: str, column: Column) -> bool:
    return column.required and column.kind != "identifier" and column.name in SAFE.get(table, ())


def _optional(table: str, column: Column) -> bool:
    kinds = ("amount", "integer", "number", "date", "choice")
    return not column.required and column.kind in kinds and column.name in SAFE.get(table, ())


def _says_more(at: Answer) -> bool:
    """Whether two other answers are left: one alone at the end of a table is read as a note, and said."""
    return sum((at.row, number) in at.sheet.cells for number in at.sheet.columns.values()) > 2


def _error(at: Answer) -> Any:
    return "#BEZUG!" if is_csv(at.book) else Formula("=#REF!+1", "#REF!")


EVERYWHERE = (
    in_a_cell("cell-error", ANY, _error),
    in_a_cell("formula-without-value", ANY, says(Formula("=SUM(Z98:Z99)", None)), csv=False),
    in_a_cell("missing-value", _required, says(None), where=_says_more),
    in_a_cell("no-answer", _required, says("noch offen")),
    in_a_cell("answer-pending", _optional, says("wird nachgereicht", "noch offen", "TBD")),
)

# --- keys ---------------------------------------------------------------------------------------------------


def _spoken_of(made: Round) -> set[Any]:
    """Keys that another table speaks of: the same in every pass."""
    if "spoken of" not in made.memory:
        made.memory["spoken of"] = {
            record.values.get(name)
            for book in made.town.clean
            for sheet in book.sheets
            for record in sheet.records.values()
            for name in ("project_id", "other_id", "service_id", "subject_id")
            if made.form.table(sheet.table).key != name
        }
    keys: set[Any] = made.memory["spoken of"]
    return keys


KEYS = named(
    "projects.project_id", "services.service_id", "positions.position_id", "requirements.requirement_id"
)


def in_a_key(code: str, write: Callable[[Answer, list[Answer]], Any]) -> Kind:
    """Make a kind that changes the key of a record that nothing else speaks of; None finds no place."""

    def plant(made: Round, book: Book) -> bool:
        spoken_of = _spoken_of(made)
        keys = list(made.cells(book, KEYS))
        for at in made.shuffled(keys, book.file, code):
            same = [other for other in keys if other.sheet is at.sheet and other.row < at.row]
            free = [o for o in same if (o.book.file, o.sheet.name, o.row) not in made.claims]
            written = write(at, free)
            if at.value in spoken_of or written is Ellipsis:
                continue
            row = (book.file, at.sheet.name, at.row)
            if made.claim(row, ("cell", *row, at.number)):
                made.claims.update((o.book.file, o.sheet.name, o.row) for o in free[-1:])
                made.put(at.sheet, at.row, at.number, written)
                made.note(book, at.sheet, (at.row, at.number), code)
                return True
        return False

    return Kind(code, plant)


IDENTIFIERS = (
    in_a_key("missing-key", lambda at, before: None),
    in_a_key("missing-key", lambda at, before: "k. A."),
    in_a_key("duplicate-key", lambda at, before: before[-1].value if before else ...),
    in_a_cell("digits-lost", named("services.bundle_id"), says(99_001_234_567_890_123.0), csv=False),
    in_a_cell("turned-into-date", named("services.bundle_id"), says(dt.date(2027, 4, 1)), csv=False),
)

# --- organisations ------------------------------------------------------------------------------------------


def _office(code: str, name: str) -> Kind:
    """A project whose lead is somebody else."""
    return in_a_cell(code, named("projects.reported_office"), says(name))


def _guessed_cover(made: Round, book: Book) -> bool:
    """The own name with a slip of the keys."""
    sheet = book.sheet("returns")
    office = next(office for office in made.world.offices if office.id == book.office_id)
    words = sorted(office.name.split(), key=len)
    if sheet is None or len(words[-1]) < 10:
        return False
    slip = words[-1][:5] + words[-1][6:]
    at = (sheet.columns["reported_office"], 2)
    if not made.claim(("cover", book.file)):
        return False
    made.put(sheet, *at, office.name.replace(words[-1], slip))
    made.note(book, sheet, at, "office-guessed")
    return True


def _unknown_cover(made: Round, book: Book) -> bool:
    """A cover that names an organisation of which nobody has heard."""
    sheet = book.sheet("returns")
    if sheet is None or not made.claim(("cover", book.file)):
        return False
    at = (sheet.columns["reported_office"], 2)
    made.put(sheet, *at, "Amt für Zukunft")
    made.note(book, sheet, at, "unknown-office")
    return True


OFFICES = (
    _office("former-office-name", "Stabsstelle E-Government"),
    _office("office-not-valid", "Amt für Fernschreiber"),
    _office("unknown-office", "Amt für Zukunft"),
    Kind("office-guessed", _guessed_cover),
    Kind("unknown-office", _unknown_cover),
)

# Those that have the fewest places come first.
CELL_KINDS: tuple[Kind, ...] = (
    *IDENTIFIERS, *CHOICES, *DATES[8:], *OFFICES, *DATES[:8], *NUMBERS, *EVERYWHERE,
)  # fmt: skip
__all__ = ["CELL_KINDS", "Plant", "german", "is_csv"]
