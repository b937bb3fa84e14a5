"""What a number's format writes beside it: read by every reader, and taken as the office sees it."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st

from digistrat.intake.forms import Form
from digistrat.intake.returns import read_returns
from digistrat.intake.values import parse_number
from digistrat.intake.workbooks import read_workbook
from digistrat.intake.workbooks.formats import ELAPSED, NumberFormat, cell_format, format_of_shown
from office import convert


@pytest.mark.parametrize(
    "code",
    [
        "General",
        "Standard",
        "@",
        "0.00",
        "# ##0.00",
        "#,##0.00;[Red]-#,##0.00",
        "[Red]0",
        "0.00E+00",
        "# ?/?",
        r"_-* #,##0.00_-;\-* #,##0.00_-;_-* \-??_-;_-@_-",
        r"#,##0.00\ _€;[Red]\-#,##0.00\ _€",  # as wide as a euro, but none is shown
        ";;;",
    ],
)
def test_formats_that_add_nothing(code):
    assert cell_format(code) is None


@pytest.mark.parametrize(
    "code",
    [
        "dd.mm.yyyy",
        "[$-407]mmm\\ yy;@",
        "h:mm",
        "mm:ss.0",
        "[$-F800]dddd\\,\\ mmmm\\ dd\\,\\ yyyy",
        "TT.MM.JJJJ;d",
    ],
)
def test_formats_of_dates(code):
    assert cell_format(code) == "date" or code.startswith("TT")


@pytest.mark.parametrize("code", ["[hh]:mm:ss", "[mm]", "[h]:mm;@"])
def test_formats_of_elapsed_times(code):
    assert cell_format(code) is ELAPSED
    assert ELAPSED.written(-0.5) == "-12:00"


@pytest.mark.parametrize(
    ("code", "value", "shown"),
    [
        ('#,##0.0 "T€"', 1234.5, "1234,5 T€"),
        ('#,##0.00\\ "€"', 50, "50 €"),
        ("#,##0.00 [$€-407]", 0.5, "0,5 €"),
        (r'_-* #,##0.00\ "€"_-;\-* #,##0.00\ "€"_-;_-* "-"??\ "€"_-;_-@_-', 1.25, "1,25 €"),
        ("[$$-409]#,##0.00", 7, "$7"),
        ("[$EUR] 0", 7, "EUR 7"),
        ("0%", 0.07, "7%"),
        ("0.0%", 0.125, "12,5%"),
        (r"0.0\%", 12.5, "12,5%"),
        ('0.0,, "Mio. €"', 1_500_000, "1,5 Mio. €"),
        ('#,##0, "T€"', 1_500_000, "1500 T€"),
        ('General" Stück"', 3, "3 Stück"),
        ('"A16-"000', 7, "A16-007"),
        ("00000", 89, "00089"),
        ('"ca. "0', 50, "ca. 50"),
        ('0" Monate";-0" Monate"', 18, "18 Monate"),
        ('[=1]0" Monat";0" Monate"', 1, "1 Monat"),
        ('#,##0.00 "€"', 1.234, "1,2340 €"),  # three decimals would be a thousand
        ("0%", -0.5, "-50%"),
        ('0" d"', 5, "5 d"),
    ],
)
def test_what_a_cell_shows(code, value, shown):
    found = cell_format(code)
    assert isinstance(found, NumberFormat)
    assert found.written(value) == shown


def test_abbreviations_by_size_show_the_stored_number():
    assert cell_format('[>=1000000]0.0,,"M";[>=1000]0.0,"K";0') is None


@given(st.floats(-1e12, 1e12, allow_subnormal=False) | st.integers(-(10**14), 10**14))
def test_a_number_is_written_so_that_it_is_read_back(value):
    written = NumberFormat(after=" €").written(value)
    assert parse_number(written, decimal=",").value == pytest.approx(value, rel=1e-13, abs=1e-15)


@given(st.text(max_size=30))
def test_no_format_is_too_odd(code):
    found = cell_format(code)
    assert found is None or found == "date" or found.written(1.5)
    assert format_of_shown(code, 1.5) is None or isinstance(format_of_shown(code, 1.5), NumberFormat)


@pytest.mark.parametrize(
    ("shown", "value", "expected"),
    [
        ("1.500,0 T€", 1500, NumberFormat("", " T€")),
        ("1,5 Mio. €", 1_500_000, NumberFormat("", " Mio. €", 1e-6)),
        ("$ 1,500.00", 1500, NumberFormat("$ ", "")),
        ("-12,5 %", -0.125, NumberFormat("", " %", 100.0)),
        ("A16-007", 7, NumberFormat("A16-", "", 1.0, 3)),
        ("1.234", 1234, None),
        ("-0,30", -0.3, None),
        ("###", 12, None),
    ],
)
def test_what_an_ods_cell_shows(shown, value, expected):
    assert format_of_shown(shown, value) == expected


FORM = Form.model_validate(
    {
        "name": "f",
        "tables": [
            {
                "name": "t",
                "columns": [
                    {"name": "nr", "kind": "identifier", "headers": ["Nr."]},
                    {"name": "title", "kind": "text", "headers": ["Titel"]},
                    {"name": "cost", "kind": "amount", "headers": ["Kosten"], "bounds": True},
                    {
                        "name": "done",
                        "kind": "number",
                        "headers": ["erledigt in %"],
                        "minimum": 0,
                        "maximum": 1,
                    },
                    {"name": "months", "kind": "integer", "headers": ["Dauer"], "units": {"Monate": 1}},
                ],
            }
        ],
    }
)
HEADERS = ("Nr.", "Titel", "Kosten", "erledigt in %", "Dauer")
# value and format by column, one list per record
ROWS = (
    ((1, '"A16-"000'), (2024, "0"), (50, '0.0 "T€"'), (1, "0%"), (18, '0" Monate"')),
    ((2, '"A16-"000'), (7, "000"), (60, "0.00"), (0.25, "0.0%"), (6, "0")),
    ((3, '"A16-"000'), ("x", "@"), (1_500_000, '0.0,, "Mio. €"'), (0, "0%"), (1.5, "[h]:mm")),
    ((4, '"A16-"000'), ("x", "@"), (70, "[$$-409]#,##0.00"), (0.01, "0%"), (24, '0" Wochen"')),
    ((5, '"A16-"000'), ("x", "@"), (80, '"ca. "0" €"'), (0.5, "0%"), (3, "0")),
)


def write(path: Path, headers=HEADERS, rows=ROWS) -> None:
    book = xlsxwriter.Workbook(str(path))
    page = book.add_worksheet("t")
    page.write_row(0, 0, headers)
    for row, cells in enumerate(rows, 1):
        for column, (value, code) in enumerate(cells):
            page.write(row, column, value, book.add_format({"num_format": code}))
    book.close()


def told(returns) -> list[tuple[str, str, str]]:
    found = returns.findings
    return sorted(zip(found["code"], found["severity"], found["cell"], strict=True))


EXPECTED = [
    ("approximate", "info", "C6"),
    ("not-a-number", "error", "C5"),  # as "$70" in a text
    ("not-a-number", "error", "E4"),
    ("unit-from-format", "info", "C2"),
    ("unknown-unit", "error", "E5"),
]


def check(returns, expected) -> None:
    table = returns.tables["t"]
    assert table["nr"].tolist() == ["A16-001", "A16-002", "A16-003", "A16-004", "A16-005"]
    assert table["title"].tolist() == ["2024", "007", "x", "x", "x"]
    assert table["cost"].fillna(-1).tolist() == [50_000, 60, 1_500_000, -1, 80]
    assert table["cost_lower"].fillna(-1).tolist() == [-1, -1, -1, -1, 64]
    assert table["done"].tolist() == [1, 0.25, 0, 0.01, 0.5]
    assert table["months"].fillna(-1).tolist() == [18, 6, -1, -1, 3]
    assert [entry for entry in told(returns) if not entry[0].startswith("file-")] == expected


def test_formats_of_an_xlsx_are_read_as_the_office_sees_them(tmp_path):
    write(tmp_path / "a.xlsx")
    returns = read_returns(tmp_path, FORM)
    check(returns, EXPECTED)
    assert returns.locate("t", returns.tables["t"].index[0], "cost").raw == 50
    (message,) = returns.findings.loc[returns.findings["code"] == "unit-from-format", "message"]
    assert "50 T€" in message


def test_formats_read_by_expat_are_the_same(tmp_path):
    write(tmp_path / "a.xlsx")
    prefixed = tmp_path / "b" / "a.xlsx"
    prefixed.parent.mkdir()
    with zipfile.ZipFile(tmp_path / "a.xlsx") as old, zipfile.ZipFile(prefixed, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            new.writestr(name, data.replace(b"<sheetData>", b"<sheetData><!-- not plain -->"))
    shown = [
        [(cell.value, cell.shown) for cell in read_workbook(path).sheets[0].cells.values()]
        for path in (tmp_path / "a.xlsx", prefixed)
    ]
    assert shown[0] == shown[1]
    assert sum(format_ is not None for _, format_ in shown[0]) == 4 + 3 + 4 + 4 + 3


def test_formats_of_an_xls(tmp_path):
    xlwt = pytest.importorskip("xlwt")
    book = xlwt.Workbook()
    page = book.add_sheet("t")
    for column, header in enumerate(HEADERS):
        page.write(0, column, header)
    for row, cells in enumerate(ROWS, 1):
        for column, (value, code) in enumerate(cells):
            page.write(row, column, value, xlwt.easyxf(num_format_str=code))
    book.save(str(tmp_path / "a.xls"))
    check(read_returns(tmp_path, FORM), EXPECTED)


def test_formats_of_an_ods(tmp_path, soffice):
    write(tmp_path / "a.xlsx")
    convert(soffice, tmp_path / "a.xlsx", tmp_path, to="ods")
    check(read_returns([tmp_path / "a.ods"], FORM), EXPECTED)


def test_an_ods_currency_without_text(tmp_path):
    space = "urn:oasis:names:tc:opendocument:xmlns"
    names = f'xmlns:o="{space}:office:1.0" xmlns:t="{space}:table:1.0"'
    cells = '<t:table-cell o:value-type="currency" o:currency="USD" o:value="5"/>'
    cells += '<t:table-cell o:value-type="percentage" o:value="0.5"/>'
    content = f'<o:document-content {names}><o:body><o:spreadsheet><t:table t:name="t"><t:table-row>{cells}'
    content += "</t:table-row></t:table></o:spreadsheet></o:body></o:document-content>"
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", content)
    path = tmp_path / "a.ods"
    path.write_bytes(buffer.getvalue())
    found = read_workbook(path).sheets[0].cells
    assert [cell.shown.written(cell.value) for cell in found.values()] == ["5 USD", "50%"]


def test_a_format_that_contradicts_its_header_leaves_the_number_out(tmp_path):
    headers = ("Nr.", "Titel", "Kosten (in T€)", "erledigt in %", "Dauer")
    rows = (
        ((1, "0"), ("x", "@"), (50, '0 "€"'), (50, "0%"), (3, "0")),
        ((2, "0"), ("x", "@"), (60, '0 "T€"'), (0.5, "0%"), (3, "0")),
    )
    write(tmp_path / "a.xlsx", headers, rows)
    returns = read_returns(tmp_path, FORM)
    assert returns.tables["t"]["cost"].fillna(-1).tolist() == [-1, 60_000]
    assert returns.tables["t"]["done"].fillna(-1).tolist() == [-1, 0.5]
    assert told(returns) == [
        ("format-contradicts", "error", "C2"),
        ("format-contradicts", "error", "D2"),
        ("unit-from-header", "info", "C1"),
    ]
