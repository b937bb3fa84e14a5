"""Notebook 03 as somebody uses it who knows no code: another project is looked at by typing its id."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt
import openpyxl
import pytest
import small_results as small
from pandas.io.formats.style import Styler

from digistrat.reporting.charts import chart_of
from digistrat.reporting.workbook import HEAD_ROWS, write_results

ROOT = Path(__file__).parents[2]
CELLS = json.loads((ROOT / "notebooks/03_scores.ipynb").read_text("utf-8"))["cells"]
TEXT = "\n".join("".join(cell["source"]) for cell in CELLS if cell["cell_type"] == "markdown")
LAST = "impact.compare("  # of the cells that speak of the project that is followed
FOLLOW = 'follow = ""'


def run(source: str, names: dict[str, Any]) -> Any:
    """Run a cell and return the value of its last expression, as Jupyter shows it."""
    *before, last = source.rstrip().split("\n")
    try:
        shown = compile(last, "cell", "eval")
    except SyntaxError:
        exec(source, names)
        return None
    exec("\n".join(before), names)
    return eval(shown, names)


def code() -> list[str]:
    """Return the cells of code up to the comparison of two projects."""
    sources = ["".join(cell["source"]) for cell in CELLS if cell["cell_type"] == "code"]
    return sources[: next(k for k, source in enumerate(sources) if LAST in source) + 1]


@pytest.fixture(scope="module")
def read() -> Any:
    """Return what stands after the cells before the one in which an id is typed."""
    sources = code()
    start = next(k for k, source in enumerate(sources) if FOLLOW in source)
    names: dict[str, Any] = {}
    with pytest.MonkeyPatch.context() as patch, mpl.rc_context({"backend": "agg"}):
        patch.chdir(ROOT / "notebooks")
        for source in sources[:start]:
            run(source, names)
        plt.close("all")
    return names, sources[start:]


def follow(read: Any, typed: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Type an id between the two quotes, run all cells, and return what they show and what is known then."""
    names, sources = dict(read[0]), list(read[1])
    assert sources[0].count(FOLLOW) == 1
    sources[0] = sources[0].replace(FOLLOW, f'follow = "{typed}"')
    shown = {source: run(source, names) for source in sources}
    plt.close("all")
    return {source.split("\n")[-1]: value for source, value in shown.items()}, names


def test_the_id_in_the_text_is_typed_and_its_project_is_shown(read: Any) -> None:
    typed = re.findall(r'`follow = "([^"]+)"`', TEXT)
    assert len(typed) == 1
    shown, names = follow(read, typed[0])
    assert names["project"] == typed[0]
    ax = shown["ds.plot_project(impact, project)"]
    assert typed[0] in chart_of(ax).subtitle
    moderated = names["explained"].dropna(subset=["office", "moderated"])
    words = "\n".join(t.get_text() for t in ax.texts)
    for row in moderated.itertuples():
        assert {row.office_cell, row.moderated_cell, row.remark_cell} <= set(
            re.split("\n|Amt: |Grund: |; ", words)
        )
    assert len(moderated)


def test_without_an_id_it_is_the_second_bar(read: Any, capsys: pytest.CaptureFixture[str]) -> None:
    shown, names = follow(read, "")
    assert names["project"] == names["order"][1]
    assert "compared with itself" not in capsys.readouterr().out
    tables = [value for value in shown.values() if isinstance(value, Styler)]
    assert len(tables) == 4
    for table in tables:
        html = table.to_html()
        assert "nan" not in html.lower()
        assert "…" not in html


def test_what_is_added_up_for_the_effect_on_others_is_its_number(read: Any) -> None:
    shown, names = follow(read, "")
    impact, helper, effect = names["impact"], names["helper"], names["effect"]
    assert impact.raw.at[helper, effect] > 0
    parts = names["parts"]
    assert (parts["value"] * parts["share"]).sum() == pytest.approx(impact.raw.at[helper, effect])
    words = "\n".join(t.get_text() for t in shown["ds.plot_project(impact, helper)"].texts)
    assert set(parts["cell"].head(4)) <= set(re.split("\n|; ", words))
    # as the text says: the other questions of the group, scaled to its weight, and the other groups
    compared = 0
    for one in parts.index[parts["score"].notna()]:
        about = impact.explain(one)
        rest = about["group"] == about.at[effect, "group"]
        others = about[rest].drop(index=effect)
        scaled = others["points"].sum() / others["weight_used"].sum() * about.loc[rest, "weight_used"].sum()
        if others["points"].notna().any():
            assert scaled + about.loc[~rest, "points"].sum() == pytest.approx(parts.at[one, "value"])
            compared += 1
    assert compared


def test_the_followed_project_is_the_one_that_others_need(read: Any) -> None:
    names = read[0]
    raw, effect = names["impact"].raw, "K09"
    best = follow(read, "")[1]["helper"]
    other = next(one for one in raw.index[raw[effect] > 0] if one != best)
    shown, names = follow(read, other)
    assert names["helper"] == names["project"] == other
    assert other in chart_of(shown["ds.plot_project(impact, helper)"]).subtitle


def test_the_text_says_what_counts_of_a_range_as_the_reader_does(read: Any) -> None:
    """The cells of the example's three kinds of ranges, and how they count."""
    explained = read[0]["impact"].explain
    told = {"A34-004": ("K01", [4, 3, 5]), "A20-001": ("K02", [3, 2.4, 3.6]), "PIA-001": ("K03", [6, 6, 10])}
    for project, (criterion, numbers) in told.items():
        row = explained(project).loc[criterion, ["raw", "raw_lower", "raw_upper"]]
        assert row.tolist() == pytest.approx(numbers)
    passage = TEXT[TEXT.index('**"Genannt":**') :]
    assert "(0.2: from 2.4 to 3.6)" in passage
    assert read[0]["wanted"].intake.approximate_share == 0.2


def test_a_project_that_is_not_scored_or_the_first_itself_is_told(
    read: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    table = read[0]["impact"].table
    one = table.index[table["state"] == "not_scored"][0]
    follow(read, f" {one} ")
    assert f"{one} is not scored" in capsys.readouterr().out
    first = table.index[table["rank"] == 1][0]
    follow(read, first)
    assert "compared with itself" in capsys.readouterr().out


def test_small_letters_are_understood_as_a_slip(read: Any) -> None:
    one = next(name for name in read[0]["impact"].table.index if name != name.lower())
    with pytest.raises(ValueError, match=f"did you mean '{one}'") as error:
        follow(read, one.lower())
    assert "\n" not in str(error.value)


def test_the_sheets_and_columns_that_the_text_names_are_there(tmp_path: Path) -> None:
    known = small.inventory()
    results = small.results(inventory=known, impact=small.moderated(small.impact_of(known)))
    book = openpyxl.load_workbook(write_results(results, tmp_path / "r.xlsx", run_id=""), read_only=True)
    passage = TEXT[TEXT.index("**Without Jupyter:**") :]
    named = re.findall(r"\*([^*\n]+)\*", passage[: passage.index("\n\n") if "\n\n" in passage else None])
    sheets = [name for name in named if name in book.sheetnames]
    assert set(sheets) == {"Wirkung", "Bewertungen", "Amt und Moderation"}
    heads = {
        name: {c.value for c in next(book[name].iter_rows(min_row=HEAD_ROWS + 1))} for name in set(sheets)
    }
    columns = [name for name in named if name not in sheets and name != "Without Jupyter:"]
    assert len(columns) > 12
    assert [name for name in columns if not any(name in head for head in heads.values())] == []
