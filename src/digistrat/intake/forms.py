"""A form as data: its tables, columns, headers, choices and units. Knows no city."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from functools import cached_property
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from digistrat.intake.values import fold
from digistrat.intake.workbooks import Limits

Kind = Literal[
    "text",
    "identifier",
    "number",
    "integer",
    "amount",
    "date",
    "boolean",
    "choice",
    "list",
    "state",
]
ColumnName = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]*$")]
Choices = Mapping[str, tuple[str, ...]]
Target = tuple[str, str]  # ("column", its name) or ("member", of the unpivoted column)


class FormError(ValueError):
    """Raised when a form file is wrong: names file, key, what was found and what was expected."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Column(_Part):
    """One column of a table.

    Attributes
    ----------
    name : str
        Name in the resulting frame.
    kind : str
        ``text``, ``identifier``, ``number``, ``integer``, ``amount`` (euros), ``date``, ``boolean``,
        ``choice``, ``list``, or ``state``: derived, says of the column ``of`` whether it holds a value
        (``assessed``), nothing (``missing``), *not applicable* or something ``unreadable``.
    headers : tuple of str
        How the column is called in returns; compared without case, punctuation and bracketed hints.
    required : bool
        An empty cell of a filled row is a finding.
    expected : bool
        Cells may be empty, but a sheet that has most of a table's columns and not this one is told so: it
        was renamed or taken out.
    choices : mapping
        Code → labels and synonyms (kinds ``choice`` and ``list``). ``choices_from`` names a set that
        is passed in with `Form.fill`.
    units : mapping
        Unit word → factor, for numbers written with a unit.
    bounds : bool
        Adds ``<name>_lower`` and ``<name>_upper``.
    minimum, maximum : float
        Values outside are unreadable, with a finding.
    period_end : bool
        A date given as a period means its last day, not its first.
    default : str
        The value where the sheet has no such column.
    take : str
        ``table.column`` of a one-row table of the same file that fills empty cells.
    refers : str
        Name of the table whose key the column holds.
    of : str
        For kind ``state``: the column it speaks of.
    """

    name: ColumnName
    kind: Kind = "text"
    headers: tuple[str, ...] = ()
    required: bool = False
    expected: bool = False
    choices: Choices = Field(default_factory=dict)
    choices_from: str = ""
    units: Mapping[str, float] = Field(default_factory=dict)
    bounds: bool = False
    minimum: float | None = None
    maximum: float | None = None
    period_end: bool = False
    default: str | None = None
    take: str = ""
    refers: str = ""
    of: str = ""

    @model_validator(mode="after")
    def _consistent(self) -> Column:
        if (self.kind == "state") != bool(self.of):
            raise ValueError(f"column {self.name}: kind state goes with of, and only with it")
        if self.minimum is not None and self.maximum is not None and self.minimum > self.maximum:
            raise ValueError(
                f"column {self.name}: minimum {self.minimum:g} is above maximum {self.maximum:g}"
            )
        _check_labels(f"column {self.name}", self.choices)
        return self


class Unpivot(_Part):
    """Columns that become rows: each member's column gives rows with ``member`` and ``value``.

    Attributes
    ----------
    member, value : str
        Names of the table's columns that take the member and its cell.
    members : mapping
        Member → headers; ``members_from`` names a set that is passed in with `Form.fill`.
    pattern : str
        Regular expression over the header; its group ``member`` is the member (years).
    keep_empty : bool
        Whether empty cells become rows too (a missing answer has a place).
    """

    member: ColumnName
    value: ColumnName
    members: Choices = Field(default_factory=dict)
    members_from: str = ""
    pattern: str = ""
    keep_empty: bool = False


class Table(_Part):
    """One table of a form.

    Attributes
    ----------
    name : str
        Name of the frame.
    title : str
        Name of its sheet in the form's template.
    sheets : tuple of str
        Names of sheets that hold it; a sheet is also recognised by its headers.
    key : str
        The column whose values index the frame; a running number where empty.
    orientation : {"rows", "columns"}
        Whether one record is a row or a column (a cover sheet is one record in columns).
    sheet_column : str
        Column that takes the name of the sheet.
    expects_all_columns : bool
        Whether a column that a return does not have is always said, also where no answer is required:
        everybody got the same template, and a column that is gone was renamed or taken out.
    """

    name: ColumnName
    title: str = ""
    sheets: tuple[str, ...] = ()
    key: str = ""
    orientation: Literal["rows", "columns"] = "rows"
    sheet_column: str = ""
    expects_all_columns: bool = False
    columns: tuple[Column, ...] = Field(min_length=1)
    unpivot: Unpivot | None = None

    @model_validator(mode="after")
    def _known_names(self) -> Table:
        names = [column.name for column in self.columns]
        if len(set(names)) != len(names):
            raise ValueError(f"table {self.name}: every column name once, found {names}")
        wanted = [self.key, self.sheet_column, *(column.of for column in self.columns)]
        if self.unpivot:
            wanted += [self.unpivot.member, self.unpivot.value]
        for name in wanted:
            if name and name not in names:
                raise ValueError(f"table {self.name}: {name!r} is not one of its columns {names}")
        if self.unpivot:
            try:
                groups = re.compile(self.unpivot.pattern or "(?P<member>)").groupindex
            except re.error as error:
                raise ValueError(f"table {self.name}: pattern is no regular expression: {error}") from None
            if "member" not in groups:
                raise ValueError(f"table {self.name}: pattern needs a group (?P<member>…)")
            for name in (self.unpivot.member, self.unpivot.value):
                if any(column.name == name and column.headers for column in self.columns):
                    raise ValueError(f"table {self.name}: {name!r} comes from members, it takes no headers")
        declared = {column.name: column.headers for column in self.columns}
        _check_labels(f"headers of table {self.name}", declared, with_codes=False)
        return self

    @cached_property
    def vocabulary(self) -> dict[str, Target]:
        """Folded header → what it names, also without its brackets where that names one thing only."""
        known: dict[str, Target] = {}
        bare: dict[str, set[Target]] = {}
        entries: list[tuple[Target, tuple[str, ...]]] = [
            (("column", column.name), column.headers) for column in self.columns
        ]
        if self.unpivot:
            entries += [(("member", member), headers) for member, headers in self.unpivot.members.items()]
        for target, headers in entries:
            for header in headers:
                known.setdefault(fold(header), target)
                bare.setdefault(fold(header, drop_brackets=True), set()).add(target)
        for header, targets in bare.items():
            if len(targets) == 1:
                known.setdefault(header, *targets)
        known.pop("", None)
        return known

    @cached_property
    def sheet_names(self) -> frozenset[str]:
        """Folded names of sheets that hold it."""
        return frozenset(fold(name) for name in (self.title, *self.sheets) if name)

    def column(self, name: str) -> Column:
        """Return the column of this name; raise ValueError where there is none."""
        for column in self.columns:
            if column.name == name:
                return column
        raise ValueError(
            f"column must be one of {[c.name for c in self.columns]} of table {self.name}, not {name!r}"
        )


class Form(_Part):
    """A form: what one return may hold. Read with `load_form`.

    Attributes
    ----------
    name, version, language : str
        Messages about the returns are in this language.
    sheets_ignored : tuple of str
        Sheets that are not read, without a finding (help pages of the template).
    tables : tuple of Table
    limits : Limits
        How much of a file is read before it is refused.
    approximate_share : float
        Half the width of the bounds around a number that is said to be approximate, as a share of it.
    """

    name: str
    version: str = "1"
    language: Literal["de", "en"] = "de"
    sheets_ignored: tuple[str, ...] = ()
    tables: tuple[Table, ...] = Field(min_length=1)
    limits: Limits = Limits()
    approximate_share: float = Field(default=0.2, ge=0, le=1)

    @model_validator(mode="after")
    def _known_references(self) -> Form:
        tables = [table.name for table in self.tables]
        if len(set(tables)) != len(tables):
            raise ValueError(f"every table name once, found {tables}")
        names = {f"{table.name}.{column.name}" for table in self.tables for column in table.columns}
        for table, column in self._columns():
            if column.take and column.take not in names:
                raise ValueError(
                    f"{table.name}.{column.name}: take must name table.column, not {column.take!r}"
                )
            if column.refers and not any(t.name == column.refers and t.key for t in self.tables):
                raise ValueError(
                    f"{table.name}.{column.name}: refers must name a table with a key, not {column.refers!r}"
                )
        return self

    def _columns(self) -> Iterator[tuple[Table, Column]]:
        for table in self.tables:
            for column in table.columns:
                yield table, column

    def require_filled(self) -> None:
        """Raise ValueError where the form still names sets of choices that are to be passed in."""
        open_sets = [f"{t.name}.{c.name}" for t, c in self._columns() if c.choices_from]
        open_sets += [
            f"{t.name}.{t.unpivot.member}" for t in self.tables if t.unpivot and t.unpivot.members_from
        ]
        if open_sets:
            raise ValueError(
                f"form must have its choices filled in (Form.fill); open are {', '.join(open_sets)}"
            )

    def digest(self) -> str:
        """Tell forms apart: the same form gives the same digest, in every process."""
        return sha256(self.model_dump_json().encode()).hexdigest()

    def table(self, name: str) -> Table:
        """Return the table of this name; raise ValueError where there is none."""
        for table in self.tables:
            if table.name == name:
                return table
        raise ValueError(f"table must be one of {[t.name for t in self.tables]}, not {name!r}")

    def fill(self, sets: Mapping[str, Choices]) -> Form:
        """Return the form with the sets that ``choices_from`` and ``members_from`` name filled in.

        Raises
        ------
        ValueError
            If a set that the form names is not given, or gives one label to two codes.
        """

        def of(name: str) -> Choices:
            if name not in sets:
                raise ValueError(
                    f"sets must hold {name!r}, which form {self.name} names; found {sorted(sets)}"
                )
            _check_labels(f"sets[{name!r}]", sets[name])
            return sets[name]

        tables = []
        for table in self.tables:
            columns = tuple(
                column.model_copy(update={"choices": of(column.choices_from), "choices_from": ""})
                if column.choices_from
                else column
                for column in table.columns
            )
            unpivot = table.unpivot
            if unpivot and unpivot.members_from:
                unpivot = unpivot.model_copy(update={"members": of(unpivot.members_from), "members_from": ""})
            filled = table.model_copy(update={"columns": columns, "unpivot": unpivot})
            filled.__dict__.pop("vocabulary", None)  # a copy takes cached values along
            tables.append(filled)
        return self.model_copy(update={"tables": tuple(tables)})


def _check_labels(what: str, labels: Choices, *, with_codes: bool = True) -> None:
    """Every label, as it is compared, belongs to one code only: nothing that reads two ways is chosen."""
    known: dict[str, str] = {}
    for code, names in labels.items():
        for name in (code, *names) if with_codes else names:
            if fold(name) and known.setdefault(fold(name), code) != code:
                raise ValueError(f"{what}: {name!r} stands for both {known[fold(name)]!r} and {code!r}")


def load_form(source: str | Path) -> Form:
    """Read a form from a TOML file, or a form shipped with digistrat by its name.

    Parameters
    ----------
    source : path or str
        A path, or ``"inventory"`` for the standard form.

    Raises
    ------
    FormError
        If the file is missing or wrong; names file, key, found and expected.

    Examples
    --------
    >>> load_form("inventory").table("projects").key
    'project_id'
    """
    path = Path(source)
    shipped = files("digistrat.forms").joinpath(f"{source}.toml")
    try:
        if path.suffix == ".toml":
            content: dict[str, Any] = tomllib.loads(path.read_text("utf-8"))
        elif shipped.is_file():
            content = tomllib.loads(shipped.read_text("utf-8"))
        else:
            raise FormError(f"form must be a .toml file or 'inventory', not {str(source)!r}")
        return Form.model_validate(content)
    except OSError as error:
        raise FormError(f"{path}: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise FormError(f"{path}: {error}") from None
    except ValidationError as error:
        raise FormError("\n".join(_problems(path.name, error))) from None


def _problems(file: str, error: ValidationError) -> Iterator[str]:
    places = [problem["loc"] for problem in error.errors()]
    for problem in error.errors():
        place = problem["loc"]
        if any(other != place and other[: len(place)] == place for other in places):
            continue  # a list is short because one of its entries is wrong
        where = f"{file} › {'.'.join(str(step) for step in place)}"
        if problem["type"] == "value_error":  # says what was found itself
            yield f"{where}: {problem['ctx']['error']}"
        else:
            yield f"{where}: found {problem['input']!r:.80}, expected: {problem['msg']}"
