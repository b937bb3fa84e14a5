"""Workbooks: the fast pass over a part's bytes gives what the pass through expat gives."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from workbook_files import MAIN, sheet_xml, write_xlsx

from digistrat.intake.workbooks import WorkbookError, read_workbook, strings, tiles

STYLES = (
    f'<styleSheet xmlns="{MAIN}"><fonts><font/><font><strike/></font></fonts><cellXfs><xf numFmtId="0"/>'
    '<xf numFmtId="14"/><xf numFmtId="46"/><xf fontId="1"/><xf numFmtId="14" fontId="1"/></cellXfs>'
    "</styleSheet>"
)
STRINGS = (
    f'<sst xmlns="{MAIN}"><si><t>eins</t></si><si><t></t></si><si><t>drei &amp; vier_x000D_</t></si></sst>'
)


def seen(path):
    """Return everything that a file gives, in its order, or why it is refused."""
    try:
        book = read_workbook(path)
    except WorkbookError as error:
        return (error.code, error.value)
    return [(sheet, list(sheet.cells.items())) for sheet in book.sheets], book.notes


def both(path, monkeypatch):
    """Return what a file gives by the fast pass and by expat alone, and whether each part was plain."""
    plain = []
    fast, fast_strings = tiles.TileReader.read_plain, strings._read_plain

    def watched(self, container):
        plain.append(fast(self, container))
        return plain[-1]

    def watched_strings(container, part):
        found = fast_strings(container, part)
        plain.append(found is not None)
        return found

    with monkeypatch.context() as patch:
        patch.setattr(tiles.TileReader, "read_plain", watched)
        patch.setattr(strings, "_read_plain", watched_strings)
        first = seen(path)
    with monkeypatch.context() as patch:
        patch.setattr(tiles.TileReader, "read_plain", lambda self, container: container.again(self.part))
        patch.setattr(strings, "_read_plain", lambda container, part: None)
        second = seen(path)
    return first, second, plain


def write(path, sheet, shared=STRINGS):
    return write_xlsx(path, sheet, **{"xl/sharedStrings.xml": shared, "xl/styles.xml": STYLES})


ORDINARY = (
    '<row r="1" spans="1:3" x:dyDescent="0.25"><c r="A1" t="s"><v>0</v></c><c r="B1"><v>1.5</v></c></row>',
    '<row r="1"><c r="A1" s="1"><v>43191</v></c><c r="B1" s="2"><v>1.5</v></c>'
    '<c r="C1" s="1" t="s"><v>0</v></c></row>',
    '<row r="1"><c r="A1" t="s"><v>1</v></c><c r="B1" t="s"><v>2</v></c><c r="C1" t="b"><v>1</v></c></row>',
    '<row r="1"><c r="A1" s="3"/><c r="B1" s="3" t="s"><v>0</v></c><c r="C1" s="4"><v>43191</v></c>'
    '<c r="D1" s="3" t="str"><f>B1</f><v>x</v></c><c r="E1" s="3" t="inlineStr"><is><t>x</t></is></c></row>',
    '<row r="2" hidden="1"><c r="A2"><v>1</v></c></row><row r="3" ht="0"><c r="A3"><v>-2E3</v></c></row>',
    '<row><c><v>1</v></c><c s="1"/><c><v>2</v></c></row><row><c><v>3</v></c></row>',
    '<row r="5"><c r="C5" s="1"/><c r="D5" s="1"/><c><v>7</v></c></row><row><c><v>8</v></c></row>',
    '<row r="1"><c r="A1" s="1" /><c r="B1" /><c r="C1"></c><c r="D1"><v>1</v></c></row>\n\t<row r="2"/>',
    '<row r="1"><c r="A1"><f>B1&lt;C1</f><v>1</v></c><c r="B1" t="str"><f>"x"</f><v></v></c></row>',
    '<row r="1"><c r="A1" t="e"><f>1/0</f><v>#DIV/0!</v></c><c r="B1" t="e"><v></v></c>'
    '<c r="C1" t="e"/></row>',
    '<row r="1"><c r="A1"><f t="shared" si="0" ref="A1:A2">B1*$C$1</f><v>1</v></c></row>'
    '<row r="2"><c r="A2"><f t="shared" si="0"/><v>2</v></c></row>',
    '<row r="1"><c r="A1"><f t="dataTable" ref="A1" dt2D="1"/><v>1</v></c><c r="B1"><f>NOW()</f></c></row>',
    '<row r="1"><c r="A1" t="inlineStr"><is><t xml:space="preserve"> ä &#228; &quot;</t></is></c></row>',
    '<row r="1"><c r="A1" t="str"><v>a\r\nb\rc&#13;</v></c><c r="B1" t="str">'
    '<v xml:space="preserve"> x</v></c></row>',
    '<row r="1"><c r="A1" t="d"><v>2018-04-01</v></c><c r="B1"><v> 5 </v></c><c r="C1"><v>x</v></c></row>',
    '<row r="9"><c r="A1"><v>1</v></c><c r="B1"><v>2</v></c></row><row r="1"><c r="A1"><v>3</v></c></row>',
    '<row r="1"><c r="A1" t="n" cm="1"><v>1</v></c><c r="B1" s=""><v>2</v></c>'
    '<c r="C1" s="x"><v>2</v></c></row>',
)
UNFORESEEN = (
    '<row r="1"><!-- <c r="A1"><v>1</v></c> --><c r="B1"><v>2</v></c></row>',
    '<row r="1"><c r="A1" t="str"><v><![CDATA[<c r="B1"><v>1</v></c>]]></v></c></row>',
    '<row r="1"><c s="1" r="A1"><v>1</v></c><c  r="B1"><v>1</v></c></row>',
    "<row r='1'><c r='A1'><v>1</v></c></row>",
    '<row r="1"><c r="A1"><v>1</v><extLst><ext><v>9</v></ext></extLst></c></row>',
    '<row r="1"><c r="A1" t="inlineStr"><is><r><t>a</t></r><r><t>b</t></r><rPh><t>c</t></rPh></is></c></row>',
    '<row r="1"><c r="A1"><v>1</v><f>B1</f></c></row>',
    '<row r="1"><?target data?><c r="A1"><v>1</v></c></row>',
    '<c r="A1"><v>1</v></c><row r="2"><row r="3"><c><v>1</v></c></row></row>',
)
DAMAGED = (
    '<row r="1"><c r="A1" t="s"><v>9</v></c></row>',
    '<row r="1"><c r="A1" t="s"><v>-1</v></c></row>',
    '<row r="1"><c r="XFE1"><v>1</v></c></row>',
    '<row r="1"><c r="A1048577"/></row>',
    '<row r="1"><c r="A1" r="B1"><v>1</v></c></row>',
    '<row r="1"><c r="A1" t="str"><v>&nbsp;</v></c></row>',
    '<row r="1"><c r="A1" t="str"><v>&#0;</v></c></row>',
    '<row r="1"><c r="A1" t="str"><v>a]]>b</v></c></row>',
    '<row r="1"><c r="A1" t="str"><v>\x01</v></c></row>',
    '<row r="1"><c r="A1"/></c></row>',
    '<row r="1"><c r="A1"><v>1</v></c></row></row>',
    '<row r="1"><c r="A1"><v>1</v></c>',
    '<row r="x"><c r="A1"><v>1</v></c></row>',
    '<row r="1" r="2"><c r="A1"><v>1</v></c></row>',
    '<row r="1"><c r="A1" s="<"><v>1</v></c></row>',
)


@pytest.mark.parametrize("rows", ORDINARY)
def test_ordinary_cells_take_the_fast_pass(tmp_path, monkeypatch, rows):
    fast, slow, plain = both(write(tmp_path / "a.xlsx", sheet_xml(rows)), monkeypatch)
    assert fast == slow
    assert fast[0][0][1]  # there are cells
    assert plain == [True, True]


@pytest.mark.parametrize("rows", UNFORESEEN)
def test_what_is_not_foreseen_is_read_by_expat(tmp_path, monkeypatch, rows):
    fast, slow, plain = both(write(tmp_path / "a.xlsx", sheet_xml(rows)), monkeypatch)
    assert fast == slow
    assert fast[0][0][1]
    assert plain == [True, False]


@pytest.mark.parametrize("rows", DAMAGED)
def test_damage_is_the_same(tmp_path, monkeypatch, rows):
    fast, slow, _ = both(write(tmp_path / "a.xlsx", sheet_xml(rows)), monkeypatch)
    assert fast == slow
    assert fast[0] == "file-damaged"


ROWS = '<row r="1"><c r="A1" t="s"><v>0</v></c></row>'
AROUND = (
    f'<x:worksheet xmlns:x="{MAIN}"><x:sheetData>'
    "<x:row><x:c><x:v>1</x:v></x:c></x:row></x:sheetData></x:worksheet>",
    f'<?xml version="1.0" encoding="ISO-8859-1"?>{sheet_xml(ROWS)}',
    f"<!-- <sheetData> -->{sheet_xml(ROWS)}",
    f'<worksheet xmlns="{MAIN}"><extLst><sheetData>{ROWS}</sheetData></extLst></worksheet>',
    f'<worksheet xmlns="{MAIN}"><sheetData/><mergeCells><mergeCell ref="A1:B2"/></mergeCells></worksheet>',
    f'<worksheet xmlns="{MAIN}"><sheetData>{ROWS}</sheetData><mergeCells><mergeCell ref="A1"/>',
    f'<worksheet xmlns="{MAIN}"><sheetData>{ROWS}</sheetData><sheetData>{ROWS}</sheetData></worksheet>',
    "\ufeff" + sheet_xml(ROWS, '<cols><col min="1" max="1" width="0"/></cols>', '<autoFilter ref="A1"/>'),
    "",
    "no xml",
)


@pytest.mark.parametrize("sheet", AROUND)
def test_what_stands_around_the_cells_is_the_same(tmp_path, monkeypatch, sheet):
    fast, slow, _ = both(write(tmp_path / "a.xlsx", sheet), monkeypatch)
    assert fast == slow


@pytest.mark.parametrize(
    ("items", "expected"),
    [
        ("<si><t>a</t></si><si><t> b&lt; </t></si>", ["a", " b< "]),
        ('<si><t xml:space="preserve">a\r\n</t></si>\n<si/><si><t/></si>', ["a\n", "", ""]),
        ("<si><r><t>a</t></r><r><rPr><b/></rPr><t>b</t></r><rPh sb='0' eb='1'><t>c</t></rPh></si>", ["ab"]),
        ("<si><r><t>a</t></r><r><rPr><strike/></rPr><t>b</t></r></si><si><t>c</t></si>", ["ab", "c"]),
        ("<si><!-- </si> --><t>x</t></si>", ["x"]),
        ("<si><t><![CDATA[<si>]]></t></si>", ["<si>"]),
        ("<si><t>&#xe4;&#8364;_x0041_</t></si>", ["ä€A"]),
    ],
)
def test_shared_strings_are_the_same(tmp_path, monkeypatch, items, expected):
    cells = "".join(f'<c t="s"><v>{index}</v></c>' for index in range(len(expected)))
    path = write(tmp_path / "a.xlsx", sheet_xml(f"<row>{cells}</row>"), f'<sst xmlns="{MAIN}">{items}</sst>')
    fast, slow, _ = both(path, monkeypatch)
    assert fast == slow
    assert [cell.value for _, cell in fast[0][0][1]] == [text for text in expected if text]


REFERENCES = st.sampled_from(["", ' r="A1"', ' r="C2"', ' r="XFD1048576"', ' r="ZZZ1"', ' r="A0"'])
ATTRIBUTES = st.lists(
    st.sampled_from(
        [
            's="1"',
            's="2"',
            's="3"',
            's="77"',
            't="s"',
            't="str"',
            't="b"',
            't="e"',
            't="inlineStr"',
            't="n"',
            'x:y="z"',
        ]
    ),
    max_size=3,
).map(lambda words: "".join(f" {word}" for word in words))
CONTENT = st.lists(
    st.sampled_from(["<v>0</v>", "<v>2.5</v>", "<v>1</v>", "<v></v>", "<v/>", "<v>a&amp;b</v>", "<v>&x;</v>"])
    | st.sampled_from(["<f>A1+1</f>", "<f/>", '<f t="shared" si="1">B$2</f>', '<f t="shared" si="1"/>'])
    | st.sampled_from(["<is><t>t</t></is>", "<!---->", "text", " "]),
    max_size=2,
).map("".join)
CELLS = st.builds(
    lambda reference, attributes, content: (
        f"<c{reference}{attributes}>{content}</c>" if content else f"<c{reference}{attributes}/>"
    ),
    REFERENCES,
    ATTRIBUTES,
    CONTENT,
)
ROW_TAGS = st.sampled_from(["<row>", '<row r="2">', '<row r="7" hidden="true">', '<row r="3" ht="0.0">'])
ALL_ROWS = st.lists(
    st.builds(
        lambda tag, cells, gap: f"{tag}{gap.join(cells)}</row>",
        ROW_TAGS,
        st.lists(CELLS, max_size=4),
        st.sampled_from(["", "\n "]),
    ),
    max_size=4,
).map("".join)


@settings(deadline=None, max_examples=200)
@given(rows=ALL_ROWS)
def test_both_passes_agree_on_any_sheet(tmp_path_factory, rows):
    path = write(tmp_path_factory.getbasetemp() / "any.xlsx", sheet_xml(rows))
    with pytest.MonkeyPatch.context() as monkeypatch:
        fast, slow, _ = both(path, monkeypatch)
    assert fast == slow


@pytest.mark.slow
def test_both_passes_agree_on_the_corpus(shared, monkeypatch):
    n_plain = n_parts = 0
    for path in sorted((shared / "data").rglob("*.xls[xm]")):
        fast, slow, plain = both(path, monkeypatch)
        assert repr(fast) == repr(slow), path
        n_plain += sum(plain)
        n_parts += len(plain)
    assert n_parts >= 1_800
    assert n_plain / n_parts >= 0.95  # the fast pass is worth having
