"""Fictitious rounds of returns: from the city to the folder."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from digistrat.example.books import Book, Planted
from digistrat.example.catalogue import dice, extended_offices, load_catalogue, words
from digistrat.example.moderation import moderated_records, moderating_unit
from digistrat.example.projects import FIRST, SECOND
from digistrat.example.sheets import cover_sheet, make_habit, table_sheet
from digistrat.example.tables import tables_by_office
from digistrat.example.world import World, make_world
from digistrat.example.writing import write_csv, write_xls, write_xlsx
from digistrat.intake.forms import Form
from digistrat.strategy import Office, Strategy
from digistrat.texts import text

ROUNDS = (FIRST, SECOND)


def generate(
    folder: str | Path, strategy: Strategy, *, offices: int = 43, seed: int = 1, faults: bool = True
) -> dict[str, list[Planted]]:
    """Write both fictitious rounds, of 31 October 2025 and 30 April 2026, each into a folder of its date.

    Parameters
    ----------
    folder : path
        Gets a folder for each round.
    strategy, offices, seed, faults
        As for `generate_round`.

    Returns
    -------
    dict of lists of Planted
        The planted faults by reporting date, such as ``"2025-10-31"``.
    """
    return {
        str(date): generate_round(
            Path(folder) / str(date), strategy, date, offices=offices, seed=seed, faults=faults
        )
        for date in ROUNDS
    }


def generate_round(
    folder: str | Path,
    strategy: Strategy,
    reporting_date: dt.date,
    *,
    offices: int = 43,
    seed: int = 1,
    faults: bool = True,
) -> list[Planted]:
    """Write one fictitious round of returns: freely invented, filled in as people do.

    Titles, ranges and durations are those of typical projects of German municipalities (estimates, see
    ``catalogue.csv``); every figure is invented within them. The second round is the first, half a year on.

    Parameters
    ----------
    folder : path
        Made where it does not exist; files of the same name are overwritten.
    strategy : Strategy
        Fields, criteria, roles, phases and organisations.
    reporting_date : date
        31 October 2025 or 30 April 2026.
    offices : int
        How many organisations report; beyond those of the strategy, local offices are invented, which
        stand in no register (`extended_offices` names them).
    seed : int
        The same strategy, offices and seed give the same bytes.
    faults : bool
        Whether to plant faults; without them a round gives no findings.

    Returns
    -------
    list of Planted
        Empty without faults. In a small round some kinds of fault find no place.

    Raises
    ------
    ValueError
        If the date is neither round's, or fewer than one organisation is wanted.
    """
    if reporting_date not in ROUNDS:
        raise ValueError(f"reporting_date must be one of {[str(d) for d in ROUNDS]}, not {reporting_date}")
    world = make_world(strategy, extended_offices(strategy, offices), seed, reporting_date)
    books = make_books(world)
    planted: list[Planted] = []
    if faults:
        from digistrat.example.faults import plant

        planted = plant(world, books)
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    for book in books:
        (target / book.file).write_bytes(_content(book))
    return planted


def make_books(world: World) -> list[Book]:
    """Return every organisation's workbook; two send their projects as csv, each row with its lead office.

    The strategy unit sends a second workbook with what it rates otherwise than the offices.
    """
    from digistrat.inventory.record import standard_form

    form = standard_form(world.strategy)
    tables = tables_by_office(world)
    senders = csv_senders(world.offices, world.seed)
    books = []
    for office in world.offices:
        habit = make_habit(office, world.seed)
        if office.id in senders:
            habit = replace(habit, names_lead=True, is_grouped=False, n_titles=max(habit.n_titles, 1))
        sheets = [cover_sheet(form, office, world.reporting_date, habit, world.seed)]
        sheets += [
            table_sheet(form, name, records, office, world.reporting_date, habit, world.seed)
            for name, records in tables[office.id].items()
        ]
        book = Book(f"{office.id}.xlsx", office.id, habit, sheets)
        books.append(book)
        if office.id in senders and (projects := book.sheet("projects")):
            sheets.remove(projects)
            projects.name = f"{office.id}_{projects.name}"
            projects.cells[1, 1] = text("notice.example", form.language)
            books.append(Book(f"{projects.name}.csv", office.id, habit, [projects]))
    return [*books, *_moderation(world, form)]


def _moderation(world: World, form: Form) -> Iterator[Book]:
    unit, records = moderating_unit(world), moderated_records(world)
    if unit is not None and records:
        habit = make_habit(unit, world.seed)
        asked = unit, world.reporting_date, habit, world.seed
        sheets = [cover_sheet(form, *asked), table_sheet(form, "impact_ratings", records, *asked)]
        yield Book(f"{unit.id}_{words()['moderation']['file']}.xlsx", unit.id, habit, sheets)


def csv_senders(offices: Sequence[Office], seed: int) -> list[str]:
    """Return the ids of the two offices that send their projects as csv; both lead typical projects."""
    leads = {kind.office for kind in load_catalogue().values()}
    able = [o.id for o in offices if o.short_name in leads and o.kind == "office"]
    return sorted(able, key=lambda office_id: dice(seed, "csv", office_id).random())[:2]


def _content(book: Book) -> bytes:
    if book.file.endswith(".csv"):
        return write_csv(book.sheets[0], book.encoding)
    return write_xls(book.sheets) if book.file.endswith(".xls") else write_xlsx(book.sheets)
