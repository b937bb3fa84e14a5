"""Comments and text boxes: what an office answers beside the cells is not lost."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path

import openpyxl
import pytest
import xlsxwriter
from making import codes, make_form, write_book
from openpyxl.comments import Comment

from digistrat.intake.feedback import write_marked_copy
from digistrat.intake.returns import read_returns
from digistrat.intake.workbooks import Annotation, read_workbook
from digistrat.intake.workbooks.annotations import without_author
from office import convert

ROWS = [["Nr.", "Titel", "Status"], ["P1", "Portal", "Idee"], ["P2", "Akte", "Idee"]]


@pytest.fixture
def commented(tmp_path: Path) -> Path:
    path = write_book(tmp_path / "A.xlsx", {"Vorhaben": ROWS, "leer": []})
    book = openpyxl.load_workbook(path)
    book["Vorhaben"]["B2"].comment = Comment("Amt 16:\nnoch nicht beschlossen", "Amt 16")
    book["Vorhaben"]["C3"].comment = Comment("  ", "Amt 16")
    book["Vorhaben"]["Z90"].comment = Comment("ohne Zelle", "Amt 17")
    book["leer"]["A1"].comment = Comment("nur hier", "x")
    book.save(path)
    return path


def replaced(path: Path, name: str, change) -> None:
    """Rewrite one part of a container; None for a new one."""
    old = path.rename(path.with_suffix(".old"))
    with zipfile.ZipFile(old) as before, zipfile.ZipFile(path, "w") as after:
        for part in before.namelist():
            content = before.read(part)
            after.writestr(part, change(content) if part.endswith(name) else content)


def test_comments_of_every_sheet_are_read(commented):
    sheets = {sheet.name: sheet.annotations for sheet in read_workbook(commented).sheets}
    assert sheets == {
        "Vorhaben": (
            Annotation(2, 2, "cell-comment", "noch nicht beschlossen"),
            Annotation(90, 26, "cell-comment", "ohne Zelle"),
        ),
        "leer": (Annotation(1, 1, "cell-comment", "nur hier"),),
    }


def test_a_comment_is_a_finding_and_kept(commented):
    returns = read_returns(commented, make_form())
    assert codes(returns.findings) == [
        ("cell-comment", "A1"),
        ("cell-comment", "B2"),
        ("cell-comment", "Z90"),
    ]
    assert set(returns.findings["severity"]) == {"info"}
    assert "noch nicht beschlossen" in returns.findings["message"].str.cat()
    kept = returns.leftovers[returns.leftovers["role"] == "cell-comment"]
    assert kept["text"].tolist() == ["noch nicht beschlossen", "ohne Zelle", "nur hier"]


def test_a_text_box_is_read_at_its_corner(tmp_path):
    path = tmp_path / "A.xlsx"
    book = xlsxwriter.Workbook(str(path))
    page = book.add_worksheet("Vorhaben")
    for number, row in enumerate(ROWS):
        page.write_row(number, 0, row)
    page.insert_textbox("E5", "Alle Beträge\nsind geschätzt")
    page.insert_textbox("A9", "")
    book.close()
    (sheet,) = read_workbook(path).sheets
    assert sheet.annotations == (Annotation(5, 5, "text-box", "Alle Beträge\nsind geschätzt"),)
    returns = read_returns(path, make_form())
    assert codes(returns.findings) == [("text-box", "E5")]


THREAD = b"""<ThreadedComments xmlns="http://schemas.microsoft.com/office/spreadsheetml/2018/threadedcomments">
<threadedComment ref="B2" id="{1}"><text>Wer zahlt?</text></threadedComment>
<threadedComment ref="B2" id="{2}" parentId="{1}"><text>Das Land.</text></threadedComment>
</ThreadedComments>"""


def test_a_conversation_takes_the_place_of_its_stand_in(commented):
    kind = b"http://schemas.microsoft.com/office/2017/10/relationships/threadedComment"
    relation = b'<Relationship Id="rId99" Type="%s" Target="/xl/threads1.xml"/></Relationships>' % kind
    replaced(commented, "sheet1.xml.rels", lambda content: content.replace(b"</Relationships>", relation))
    with zipfile.ZipFile(commented, "a") as archive:
        archive.writestr("xl/threads1.xml", THREAD)
    first = read_workbook(commented).sheets[0].annotations[0]
    assert first == Annotation(2, 2, "cell-comment", "Wer zahlt?\nDas Land.")


def test_damaged_comments_leave_the_cells(commented):
    replaced(commented, "comment1.xml", lambda content: content[:200])
    returns = read_returns(commented, make_form())
    assert list(returns.tables["projects"].index) == ["P1", "P2"]
    found = returns.findings[["code", "severity", "value"]].to_numpy().tolist()
    assert found == [["comments-lost", "warning", "Vorhaben"], ["cell-comment", "info", "nur hier"]]


def test_our_own_comments_in_a_marked_copy_are_no_remarks(tmp_path):
    path = write_book(tmp_path / "A.xlsx", {"Vorhaben": [*ROWS, ["P3", "Netz", "blau"]]})
    before = read_returns(path, make_form()).findings
    assert write_marked_copy(path, before, tmp_path / "B.xlsx", file="A.xlsx") == ()
    assert openpyxl.load_workbook(tmp_path / "B.xlsx")["Vorhaben"]["C4"].comment is not None
    assert codes(read_returns(tmp_path / "B.xlsx", make_form()).findings) == codes(before)


@pytest.mark.parametrize("ending", ["ods", "xls"])
def test_other_formats_keep_their_comments(commented, soffice, tmp_path, ending):
    made = convert(soffice, commented, tmp_path / ending, to=ending)
    sheets = {sheet.name: sheet.annotations for sheet in read_workbook(made).sheets}
    texts = [(row, column, text) for row, column, _, text in sheets["Vorhaben"]]
    assert (2, 2) in [place[:2] for place in texts]
    assert next(text for row, _, text in texts if row == 2).endswith("noch nicht beschlossen")
    assert [text for *_, text in sheets["leer"]] == ["nur hier"]
    shutil.rmtree(tmp_path / ending)


def test_only_the_author_in_front_is_left_out():
    assert without_author("Amt 16: ja", "Amt 16") == "ja"
    assert without_author("siehe Amt 16: ja", "Amt 16") == "siehe Amt 16: ja"
    assert without_author(" ja ", "") == "ja"
