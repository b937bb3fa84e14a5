"""Files of a chart: the same bytes again, readable by screen readers and spreadsheets."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest
from chart_drawing import draw_all
from PIL import Image

from digistrat.reporting import charts
from digistrat.reporting.figures import png_bytes, save_chart, svg_bytes, write_table

SVG = "{http://www.w3.org/2000/svg}"


def test_every_chart_gives_identical_bytes_twice(make_results: Any) -> None:
    first, second = (draw_all(make_results(3, "de")) for _ in range(2))
    for name, ax in first.items():
        assert svg_bytes(ax) == svg_bytes(second[name]), name
        assert svg_bytes(ax) == svg_bytes(ax), name
        assert png_bytes(ax) == png_bytes(second[name]), name


def test_another_process_gives_the_same_bytes(make_results: Any) -> None:
    program = (
        "import hashlib, chart_drawing; from digistrat.reporting import charts;"
        "from digistrat.reporting.figures import svg_bytes, png_bytes;"
        "ax = charts.plot_ranking(chart_drawing.results(3, 'de').impact);"
        "print(hashlib.sha256(svg_bytes(ax) + png_bytes(ax)).hexdigest())"
    )
    environment = {**os.environ, "PYTHONHASHSEED": "7", "TZ": "Asia/Tokyo"}
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=Path(__file__).parent,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    ax = charts.plot_ranking(make_results(3, "de").impact)
    assert done.stdout.strip() == hashlib.sha256(svg_bytes(ax) + png_bytes(ax)).hexdigest()


def test_files_of_a_chart(make_results: Any, tmp_path: Path) -> None:
    ax = charts.plot_ranking(make_results(30, "de").impact)
    paths = save_chart(ax, tmp_path / "new", "ranking_01")
    assert [p.name for p in paths] == ["ranking_01.svg", "ranking_01.png", "ranking_01.csv", "ranking_01.txt"]
    alt = charts.alt_text(ax)
    assert paths[3].read_text("utf-8") == alt + "\n"

    root = ET.parse(paths[0]).getroot()
    assert root.get("role") == "img"
    assert root.get("lang") == "de"
    assert [child.tag for child in root[:2]] == [f"{SVG}title", f"{SVG}desc"]
    assert root[0].text == charts.chart_of(ax).title
    assert root[1].text == alt
    assert root.get("aria-labelledby", "").split() == [root[0].get("id"), root[1].get("id")]
    # text stays text
    assert any("Bürgerinnen und Bürger" in (t.text or "") for t in root.iter(f"{SVG}text"))
    assert "Verdana" in paths[0].read_text("utf-8")

    with Image.open(paths[1]) as image:
        assert image.info["Description"] == alt
        assert round(image.info["dpi"][0]) == 200
        assert image.size[0] == round(6.9 * 200)


def test_one_format_only(make_results: Any, tmp_path: Path) -> None:
    assert [
        p.name for p in save_chart(charts.plot_load(make_results(3, "en").plan), tmp_path, formats=["csv"])
    ] == ["load.csv"]
    assert [p.name for p in tmp_path.iterdir()] == ["load.csv"]


@pytest.mark.parametrize("name", ["../out", "a b", ".hidden", "a/b"])
def test_names_are_plain(make_results: Any, tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="name must consist of"):
        save_chart(charts.plot_load(make_results(3, "de").plan), tmp_path, name)


def test_unknown_format(make_results: Any, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="formats must be among svg, png, csv, txt, not pdf"):
        save_chart(charts.plot_load(make_results(3, "de").plan), tmp_path, formats=["pdf"])


def test_text_of_offices_stays_text(make_results: Any, tmp_path: Path) -> None:
    r = make_results(3, "de")
    projects = r.inventory.projects.assign(title='=HYPERLINK("x") <script>alert(1)</script> & "')
    inventory = SimpleNamespace(**{**vars(r.inventory), "projects": projects})
    ax = charts.plot_rank_intervals(r.robust, scores=SimpleNamespace(inventory=inventory, unit="project"))
    svg, csv = save_chart(ax, tmp_path, formats=["svg", "csv"])
    root = ET.parse(svg).getroot()
    assert not [e for e in root.iter() if e.tag.endswith("script")]
    assert "<script>" in str(root[0].text)
    # a formula is disarmed
    read = pd.read_csv(csv, sep=";", encoding="utf-8-sig")
    assert read["title"].str.startswith("'=HYPERLINK").all()


def test_table_in_the_readers_language(tmp_path: Path) -> None:
    table = pd.DataFrame(
        {
            "a": [1.5, None],
            "day": pd.to_datetime(["2027-01-31", None]),
            "when": pd.to_datetime(["2027-01-31 12:30", "2027-01-31 00:00"]),
            "text": ["x;y", "-3"],
            "n": pd.array([1, None], dtype="Int64"),
        }
    )
    german = write_table(table, tmp_path / "sub" / "de.csv").read_text("utf-8-sig")
    assert german == (
        'a;day;when;text;n\n1,5;2027-01-31;2027-01-31T12:30:00;"x;y";1\n;;2027-01-31T00:00:00;\'-3;\n'
    )
    english = write_table(table, tmp_path / "en.csv", language="en").read_text("utf-8-sig")
    assert english.splitlines()[1] == "1.5,2027-01-31,2027-01-31T12:30:00,x;y,1"
    assert table["text"].tolist() == ["x;y", "-3"]
