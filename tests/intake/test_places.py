from __future__ import annotations

import pickle
import random

import openpyxl
import pandas as pd
import pytest
from making import make_form, write_book
from seen import same, seen_cells

from digistrat.intake.forms import Form
from digistrat.intake.places import CellRef, Frames, Layout, Places, RawBlock, Raws
from digistrat.intake.returns import read_returns

PLACES = Places(
    Frames(
        {
            "t": pd.DataFrame(
                {"file": ["A.xlsx", "B.xlsx"], "sheet": ["S", "Q"], "row": [5, 3], "layout": [0, 1]},
                index=["a", "b"],
            )
        }
    ),
    Raws({"t": [RawBlock.pack({"x": ["5"], "y_lower": ["l"]}, 1), RawBlock.pack({"x": ["7"]}, 1)]}),
    (
        Layout("rows", {"x": 2, "y_lower": 3}, {"m": ("S", 1, 2, "Kopf")}),
        Layout("columns", {"x": 4, "y_lower": 28}),
    ),
    {("t", "b", "z"): CellRef("B.xlsx", "Deckblatt", "B2", "Amt 1")},
    {("t", "state_of_x"): "x", ("t", "state_of_z"): "z", ("u", "state_of_m"): "m"},
)


@pytest.mark.parametrize(
    ("row", "column", "expected"),
    [
        ("a", "x", "A.xlsx › S › B5"),
        ("a", "x_lower", "A.xlsx › S › B5"),
        ("a", "x_upper", "A.xlsx › S › B5"),
        ("a", "y_lower", "A.xlsx › S › C5"),
        ("a", "m", "A.xlsx › S › B1"),
        ("b", "x", "B.xlsx › Q › C4"),
        ("b", "y_lower", "B.xlsx › Q › C28"),
        ("b", "z", "B.xlsx › Deckblatt › B2"),
        ("b", "z_upper", "B.xlsx › Deckblatt › B2"),
        ("a", "state_of_x", "A.xlsx › S › B5"),
        ("b", "state_of_x", "B.xlsx › Q › C4"),
        ("b", "state_of_z", "B.xlsx › Deckblatt › B2"),
    ],
)
def test_places_by_row_layout_and_exception(row, column, expected):
    assert str(PLACES.locate("t", row, column)) == expected


def test_raw_values_come_with_the_place():
    assert PLACES.locate("t", "b", "x").raw == "7"
    assert PLACES.locate("t", "a", "y_lower").raw == "l"
    assert PLACES.locate("t", "a", "m").raw == "Kopf"
    assert PLACES.locate("t", "b", "z").raw == "Amt 1"


@pytest.mark.parametrize(
    ("table", "row", "column", "said"),
    [
        ("u", "a", "x", r"table must be one of \['t'\], not 'u'"),
        ("t", "c", "x", r"row must be a label of table t, not 'c'"),
        ("t", ["a"], "x", r"row must be a label of table t, not \['a'\]"),
        ("t", "a", "q", r"column must be one of \['m', 'x', 'y_lower'\] in A.xlsx › S, not 'q'"),
        ("t", "a", "state_of_z", "not 'state_of_z': the return has no such cell"),
        ("t", "a", "state_of_m", "not 'state_of_m'"),  # of another table
    ],
)
def test_wrong_calls_name_what_there_is(table, row, column, said):
    with pytest.raises(ValueError, match=said):
        PLACES.locate(table, row, column)


def test_frames_cannot_be_changed():
    frames = Frames({"t": pd.DataFrame({"x": [1, 2]})})
    got = frames["t"]
    got["x"] = 0
    got.loc[0, "y"] = 5
    assert frames["t"].to_dict("list") == {"x": [1, 2]}
    with pytest.raises(TypeError):
        frames["t"] = got
    assert (list(frames), len(frames)) == (["t"], 1)
    assert pickle.loads(pickle.dumps(frames))["t"].equals(frames["t"])


def test_a_place_reads_well():
    assert str(CellRef("A16.xlsx", "Vorhaben", "F12", 1)) == "A16.xlsx › Vorhaben › F12"
    assert (
        str(CellRef("strategy.toml", "", "budgets[1].amount_eur")) == "strategy.toml › budgets[1].amount_eur"
    )


def cells_of(returns, table):
    """Every row of a table with the columns that have a place there."""
    source = returns.sources[table]
    for row, layout in source["layout"].items():
        found = returns.places.layouts[layout]
        yield from ((row, column) for column in (*found.columns, *found.fixed))
    for name, row, column in returns.places.exceptions:
        if name == table:
            yield row, column


def test_200_random_cells_of_all_tables_show_the_same_to_other_readers(faulty):
    folder, returns, _ = faulty
    draw = random.Random(3)
    chosen = []
    filled = [table for table, frame in returns.tables.items() if len(frame)]
    assert len(filled) >= 13
    for table in filled:
        cells = list(cells_of(returns, table))
        chosen += [(table, *cell) for cell in draw.sample(cells, min(14, len(cells)))]
    # the formats and places that go wrong most easily
    for table, ending, n in (("projects", ".csv", 12), ("projects", ".xls", 12)):
        rows = returns.sources[table]["file"].str.endswith(ending)
        cells = [cell for cell in cells_of(returns, table) if rows[cell[0]]]
        chosen += [(table, *cell) for cell in draw.sample(cells, n)]
    taken = list(returns.places.exceptions)
    chosen += draw.sample(taken, 10)
    assert len(chosen) >= 200
    for table, row, column in chosen:
        place = returns.locate(table, row, column)
        shown = seen_cells(folder / place.file).get((place.sheet, place.cell))
        assert same(place.raw, shown), (table, row, column, str(place), place.raw, shown)
    assert sum(returns.locate(*cell).raw is not None for cell in chosen) > 120


def test_every_number_of_every_table_comes_from_a_cell_that_shows_something(faulty):
    folder, returns, _ = faulty
    for table, frame in returns.tables.items():
        names = [
            name
            for name in frame
            if frame[name].dtype == "float64" and not name.endswith(("_lower", "_upper"))
        ]
        for name in names:
            for row in frame.index[frame[name].notna()][::7]:
                place = returns.locate(table, row, name)
                assert (place.sheet, place.cell) in seen_cells(folder / place.file), (table, row, name)


def test_traps(tmp_path):
    cover = [["Erhebung"], [], ["Dienststelle", "Amt 1"], ["Stichtag", "30.04.2026"]]
    projects = [
        ["Titel der Liste"],
        [None, "Vorhaben", None, "Geld"],
        [None, "Nr.", "Titel", "Auftragswert netto", "Federführung"],
        [None, "P1", "Portal", "ca. 10 T€"],
        [],
        [None, "P1", "Register", 5000, "Amt 2"],
        [None, None, "Akte", 7000],
    ]
    costs = [["Nr.", "Art", 2027, "Ansatz 2026"], ["P1", "i", None, 40], ["P9", "k", 30, 20]]
    across = [["Nr.", "P1", "P2"], ["C1 Nutzen", 8, None], ["C2 Dringlichkeit", "acht", 3]]
    write_book(
        tmp_path / "A.xlsx", {"Deckblatt": cover, "Vorhaben": projects, "Kosten": costs, "Wirkung": across}
    )
    write_book(tmp_path / "B.xlsx", {"Vorhaben": [["Nr.", "Titel", "Status"], ["P1", "Portal", "Idee"]]})
    returns = read_returns(tmp_path, make_form())

    def place(table, row, column):
        found = returns.locate(table, row, column)
        return str(found), found.raw

    projects_index = list(returns.tables["projects"].index)
    assert projects_index == ["P1", "P1~2", "A-7", "B~P1"]
    assert place("projects", "P1", "value_eur_upper") == ("A.xlsx › Vorhaben › D4", "ca. 10 T€")
    assert place("projects", "P1~2", "project_id") == ("A.xlsx › Vorhaben › B6", "P1")
    assert place("projects", "A-7", "project_id") == ("A.xlsx › Vorhaben › B7", None)
    assert place("projects", "B~P1", "title") == ("B.xlsx › Vorhaben › B2", "Portal")
    assert place("projects", "P1", "office") == ("A.xlsx › Deckblatt › B3", "Amt 1")
    assert place("projects", "P1~2", "office") == ("A.xlsx › Vorhaben › E6", "Amt 2")
    assert place("cover", 0, "day") == ("A.xlsx › Deckblatt › B4", "30.04.2026")
    years = returns.tables["costs"]["year"].tolist()
    assert years == [2027, 2026, 2026]
    assert place("costs", 0, "amount_eur") == ("A.xlsx › Kosten › C3", 30)
    assert place("costs", 1, "amount_eur") == ("A.xlsx › Kosten › D2", 40)
    assert place("costs", 2, "year") == ("A.xlsx › Kosten › D1", "Ansatz 2026")
    ratings = returns.tables["ratings"]
    assert ratings["criterion_id"].tolist() == ["c1", "c1", "c2", "c2"]
    assert place("ratings", 1, "points") == ("A.xlsx › Wirkung › C2", None)
    assert place("ratings", 2, "points") == ("A.xlsx › Wirkung › B3", "acht")
    assert place("ratings", 3, "criterion_id") == ("A.xlsx › Wirkung › A3", "C2 Dringlichkeit")
    assert place("ratings", 3, "project_id") == ("A.xlsx › Wirkung › C1", "P2")
    with pytest.raises(ValueError, match="no such cell"):
        returns.locate("projects", "B~P1", "value_eur")


def test_a_value_merged_over_records_leads_to_its_cell(tmp_path):
    rows = [
        ["Nr.", "Titel", "Status"],
        ["P1", "Portal", "Idee"],
        ["P2", "Register"],
        ["P3", "Akte", "vorhanden"],
    ]
    path = write_book(tmp_path / "A.xlsx", {"Vorhaben": rows})
    book = openpyxl.load_workbook(path)
    book["Vorhaben"].merge_cells("C2:C3")
    book.save(path)
    returns = read_returns(path, make_form())
    assert returns.tables["projects"]["status"].tolist() == ["possible", "possible", "existing"]
    places = [returns.locate("projects", key, "status") for key in ("P1", "P2", "P3")]
    assert [(place.cell, place.raw) for place in places] == [
        ("C2", "Idee"),
        ("C2", "Idee"),
        ("C4", "vorhanden"),
    ]
    assert returns.locate("projects", "P2", "title").cell == "B3"


def test_a_default_stands_where_nothing_is_answered(tmp_path):
    content = make_form().model_dump()
    status = content["tables"][1]["columns"][3]
    assert status["name"] == "status"
    status["default"] = "existing"
    form = Form.model_validate(content)
    rows = [["Nr.", "Titel", "Status"], ["P1", "Portal", "Idee"], ["P2", "Register"], ["P3", "Akte", "blau"]]
    write_book(tmp_path / "A.xlsx", {"Vorhaben": rows})
    write_book(tmp_path / "B.xlsx", {"Vorhaben": [["Nr.", "Titel", "Beginn"], ["Q1", "Netz", 2027]]})
    returns = read_returns(tmp_path, form)
    assert returns.tables["projects"]["status"].fillna("").to_dict() == {
        "P1": "possible", "P2": "existing", "P3": "", "Q1": "existing",
    }  # fmt: skip
    assert returns.locate("projects", "P2", "status").cell == "C3"
