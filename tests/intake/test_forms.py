from __future__ import annotations

import pytest
from making import PROJECT_COLUMNS, make_form

from digistrat.intake.forms import Column, Form, FormError, Unpivot, load_form

TABLE = 'name = "f"\n[[tables]]\nname = "t"\ncolumns = [{ name = "a", headers = ["A"] }]\n'


def write(folder, content):
    path = folder / "f.toml"
    path.write_text(content, encoding="utf-8")
    return path


def test_a_file_becomes_a_form(tmp_path):
    form = load_form(write(tmp_path, TABLE))
    assert (form.name, form.language, form.table("t").column("a").headers) == ("f", "de", ("A",))


@pytest.mark.parametrize("name", ["ulm", "ozg", "ai_inventory"])
def test_forms_of_the_tests_are_right(request, name):
    assert load_form(request.path.parents[1] / "forms" / f"{name}.toml").name == name


def test_the_standard_form_knows_every_table_that_offices_fill_in():
    wanted = {
        "projects", "project_costs", "impact_ratings", "readiness_ratings", "maturity_ratings", "services",
        "service_ratings", "project_services", "phases", "efforts", "positions", "dependencies",
        "requirements", "cooperations",
    }  # fmt: skip
    assert wanted <= {table.name for table in load_form("inventory").tables}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("name = ", "f.toml"),
        (TABLE + "colour = 1\n", "colour"),
        (TABLE.replace('"a"', '"a b"'), "columns.0.name"),
        (TABLE.replace('headers = ["A"]', 'kind = "amout"'), "amout"),
        (TABLE + 'key = "b"\n', "'b'"),
        (TABLE + TABLE.split("\n", 1)[1], "every table name once"),
        (TABLE.replace("] }]", '] }, { name = "a" }]'), "every column name once"),
        (TABLE.replace("] }]", '] }, { name = "b", headers = ["a "] }]'), "stands for both"),
        (TABLE.replace('["A"]', '["A"], take = "t.x"'), "take must name"),
        (TABLE.replace('["A"]', '["A"], refers = "t"'), "table with a key"),
        (TABLE.replace('["A"]', '["A"], minimum = 2, maximum = 1'), "above maximum"),
        (TABLE.replace('["A"]', '["A"], kind = "state"'), "kind state"),
        (
            TABLE.replace('["A"]', '["A"], kind = "choice", choices = { x = ["Ja"], y = ["ja"] }'),
            "stands for both",
        ),
        (TABLE + '[tables.unpivot]\nmember = "a"\nvalue = "z"\n', "'z'"),
        (TABLE + '[tables.unpivot]\nmember = "a"\nvalue = "a"\n', "takes no headers"),
    ],
)
def test_wrong_files_name_file_and_fault(tmp_path, content, said):
    with pytest.raises(FormError, match=r"f\.toml") as error:
        load_form(write(tmp_path, content))
    assert said in str(error.value)


@pytest.mark.parametrize("pattern", ["(", r"20\d\d"])
def test_patterns_are_checked_before_they_are_used(pattern):
    unpivot = {"member": "year", "value": "eur", "pattern": pattern}
    columns = [{"name": "year"}, {"name": "eur"}]
    with pytest.raises(ValueError, match="pattern"):
        Form.model_validate({"name": "f", "tables": [{"name": "t", "unpivot": unpivot, "columns": columns}]})


def test_missing_files_and_unknown_names_are_named(tmp_path):
    with pytest.raises(FormError, match=r"none\.toml"):
        load_form(tmp_path / "none.toml")
    (tmp_path / "folder.toml").mkdir()
    with pytest.raises(FormError, match=r"folder\.toml"):
        load_form(tmp_path / "folder.toml")
    with pytest.raises(FormError, match="'nothing'"):
        load_form("nothing")


def test_fill_puts_sets_in_and_leaves_the_form_as_it_is():
    form = make_form(
        tables=[
            {
                "name": "t",
                "columns": [
                    {"name": "field", "kind": "choice", "headers": ["HF"], "choices_from": "fields"},
                    {"name": "c"},
                    {"name": "points", "kind": "number"},
                ],
                "unpivot": {"member": "c", "value": "points", "members_from": "criteria"},
            }
        ]
    )
    filled = form.fill({"fields": {"f1": ("F1 Bildung",)}, "criteria": {"c1": ("Nutzen",)}})
    assert filled.table("t").column("field").choices == {"f1": ("F1 Bildung",)}
    assert filled.table("t").unpivot == Unpivot(member="c", value="points", members={"c1": ("Nutzen",)})
    assert form.table("t").column("field").choices_from == "fields"
    assert not form.table("t").column("field").choices
    with pytest.raises(ValueError, match="'criteria'"):
        form.fill({"fields": {}})
    with pytest.raises(ValueError, match=r"sets\['fields'\].*both 'f1' and 'f2'"):
        form.fill({"fields": {"f1": ("Bildung",), "f2": ("bildung",)}, "criteria": {}})


def test_forms_cannot_be_changed():
    with pytest.raises(ValueError, match="frozen"):
        make_form().name = "other"


def test_look_ups_name_what_there_is():
    form = make_form()
    with pytest.raises(ValueError, match=r"table must be one of .*'cover'.*not 'x'"):
        form.table("x")
    with pytest.raises(ValueError, match=r"column must be one of .*'title'.* of table projects, not 'x'"):
        form.table("projects").column("x")
    assert [c.name for c in form.table("projects").columns] == [c["name"] for c in PROJECT_COLUMNS]
    assert isinstance(form.table("projects").column("title"), Column)


def test_a_filled_form_knows_its_new_headers() -> None:
    form = load_form("inventory")
    table = form.table("impact_ratings")
    assert "k01 nutzen" not in table.vocabulary
    sets = {
        name: {"K01": ("K01 Nutzen",)}
        for t in form.tables
        for name in [*(c.choices_from for c in t.columns), t.unpivot.members_from if t.unpivot else ""]
        if name
    }
    assert form.fill(sets).table("impact_ratings").vocabulary["k01 nutzen"] == ("member", "K01")


def test_a_header_is_known_without_its_bracket_where_that_names_one_column() -> None:
    headers = {
        "city": "Termin (Stadt)",
        "state": "Termin (Land)",
        "plan": "Dauer (geplant)",
        "cost": "Kosten",
    }
    columns = [{"name": name, "headers": [header]} for name, header in headers.items()]
    columns.append({"name": "net", "headers": ["Kosten (netto)"]})
    known = make_form(tables=[{"name": "t", "columns": columns}]).table("t").vocabulary
    assert known["termin stadt"] == ("column", "city")
    assert "termin" not in known  # either might be meant
    assert known["dauer"] == ("column", "plan")
    assert known["kosten"] == ("column", "cost")
