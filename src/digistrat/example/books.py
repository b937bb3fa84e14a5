"""Files that will be written, and the faults that are planted in them."""

from __future__ import annotations

from dataclasses import dataclass

from digistrat.example.sheets import Habit, Sheet


@dataclass(frozen=True, slots=True)
class Planted:
    """A fault that was put into a return on purpose, with the finding that it must give.

    Attributes
    ----------
    file, sheet, cell : str
        Place as findings name it; a csv's sheet has the name of the file without its ending.
    code : str
        The finding's code.
    """

    file: str
    sheet: str
    cell: str
    code: str


@dataclass(slots=True)
class Book:
    """A file that will be written.

    Attributes
    ----------
    file : str
        Its name; the ending says how it is written.
    office_id : str
    habit : Habit
    sheets : list of Sheet
    encoding : str
        Of a csv.
    """

    file: str
    office_id: str
    habit: Habit
    sheets: list[Sheet]
    encoding: str = "utf-8"

    def sheet(self, table: str) -> Sheet | None:
        """Return the sheet of a table, None where the office has nothing for it."""
        return next((sheet for sheet in self.sheets if sheet.table == table), None)
