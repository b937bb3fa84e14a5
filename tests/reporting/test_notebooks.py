"""The run: notebooks executed, results whole or as before, the same bytes again."""

from __future__ import annotations

import hashlib
import json
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import pytest
from typer.testing import CliRunner

from digistrat.cli import app
from digistrat.reporting.notebooks import NotebookError, execute_notebook, list_notebooks

ROOT = Path(__file__).parents[2]


def write_notebook(path: Path, *sources: str) -> Path:
    notebook = nbformat.v4.new_notebook()
    for number, source in enumerate(sources):
        cell = nbformat.v4.new_code_cell(source, id=f"c{number}")
        if number == 0:
            cell.metadata["tags"] = ["parameters"]
        notebook.cells.append(cell)
    nbformat.write(notebook, path)
    return path


def test_parameters_replace_the_tagged_cell(tmp_path: Path) -> None:
    path = write_notebook(tmp_path / "01_a.ipynb", 'output = "here"', "open(output, 'w').write('written')")
    execute_notebook(path, {"output": str(tmp_path / "there")})
    assert (tmp_path / "there").read_text() == "written"
    assert not (tmp_path / "here").exists()


def test_a_failing_cell_is_named_and_shown(tmp_path: Path) -> None:
    path = write_notebook(tmp_path / "01_a.ipynb", 'output = ""', "x = 1", "x / 0")
    with pytest.raises(
        NotebookError, match=r"01_a\.ipynb, code cell 4 failed:\n    x / 0\n  ZeroDivisionError"
    ):
        execute_notebook(path, {"output": ""})


@pytest.mark.parametrize(
    ("first", "said"), [("x = 1", "must set 'output'"), (None, "one cell tagged 'parameters', found 0")]
)
def test_a_notebook_without_its_parameters_is_refused(tmp_path: Path, first: str | None, said: str) -> None:
    path = write_notebook(tmp_path / "01_a.ipynb", first or "output = 1")
    if first is None:
        notebook = nbformat.read(path, as_version=4)
        notebook.cells[0].metadata.pop("tags")
        nbformat.write(notebook, path)
    with pytest.raises(ValueError, match=said):
        execute_notebook(path, {"output": ""})


def test_notebooks_come_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    for name in ("02_b.ipynb", "01_a.ipynb", "notes.ipynb"):
        write_notebook(tmp_path / name, "x = 1")
    assert [path.name for path in list_notebooks(tmp_path)] == ["01_a.ipynb", "02_b.ipynb"]
    with pytest.raises(ValueError, match="notebooks must be a folder"):
        list_notebooks(tmp_path / "none")


def run(target: Path, *more: str) -> tuple[int, str]:
    arguments = ["run", "--raw", str(ROOT / "data/raw"), "--strategy", str(ROOT / "data/strategy.toml")]
    done = CliRunner().invoke(app, [*arguments, "--output", str(target), *more], catch_exceptions=False)
    return done.exit_code, done.output


def hashes(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.fixture(scope="module")
def first_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("processed")
    status, text = run(target, "--notebooks", str(ROOT / "notebooks"))
    assert status == 0, text
    assert "index.html" in text
    return target / "2026-04-30"


@pytest.mark.slow
def test_the_run_writes_all_that_reviewers_get(first_run: Path) -> None:
    charts = {path.stem for path in (first_run / "charts").glob("*.svg")}
    assert len(charts) >= 12
    for stem in charts:
        for suffix in (".png", ".csv", ".txt"):
            assert (first_run / "charts" / f"{stem}{suffix}").stat().st_size > 0
    page = (first_run / "index.html").read_text("utf-8")
    assert page.count("<img ") == len(charts)
    assert "http" not in page.replace('http-equiv="', "")
    assert (first_run / "results.xlsx").stat().st_size > 0
    record = json.loads((first_run / "run.json").read_text("utf-8"))
    assert len(record["inputs"]["returns"]) == len(list((ROOT / "data/raw/2026-04-30").iterdir()))
    for name, digest in record["inputs"]["returns"].items():
        content = (ROOT / "data/raw/2026-04-30" / name).read_bytes()
        assert hashlib.sha256(content).hexdigest() == digest
    assert record["strategy"]["version"] == "2026-1"
    assert {"pandas", "ortools", "python"} <= set(record["versions"])
    assert record["seed"] == 1
    assert record["seconds"] > 0
    assert record["run_id"] in page
    assert record["outputs"] == {k: v for k, v in hashes(first_run).items() if k != "run.json"}


@pytest.mark.slow
def test_a_second_run_writes_the_same_bytes(first_run: Path, tmp_path: Path) -> None:
    (tmp_path / "notebooks").mkdir()
    report = ROOT / "notebooks/05_report.ipynb"  # the others only show: nothing is written by them
    shutil.copy(report, tmp_path / "notebooks")
    status, text = run(tmp_path, "--notebooks", str(tmp_path / "notebooks"))
    assert status == 0, text
    first, second = hashes(first_run), hashes(tmp_path / "2026-04-30")
    assert [name for name in first if first[name] != second.get(name)] == ["run.json"]
    assert set(first) == set(second)
    records = [json.loads((f / "run.json").read_text("utf-8")) for f in (first_run, tmp_path / "2026-04-30")]
    executed = [set(record["inputs"].pop("notebooks")) for record in records]
    assert len(executed[0]) == 5
    assert executed[1] == {report.name}
    for record in records:
        del record["started"], record["seconds"]
    assert records[0] == records[1]


def test_a_failed_run_leaves_the_previous_results_whole(tmp_path: Path) -> None:
    notebooks = tmp_path / "notebooks"
    notebooks.mkdir()
    parameters = 'round = ""\nstrategy = ""\noutput = ""\nlanguage = ""'
    write_notebook(
        notebooks / "01_a.ipynb", parameters, "open(output + '/half.txt', 'w').write('half')", "1 / 0"
    )
    previous = tmp_path / "out" / "2026-04-30"
    previous.mkdir(parents=True)
    (previous / "index.html").write_text("the previous page")
    status, text = run(tmp_path / "out", "--notebooks", str(notebooks))
    assert status == 1
    assert "code cell 4 failed" in text
    assert "ZeroDivisionError" in text
    assert hashes(previous) == {"index.html": hashlib.sha256(b"the previous page").hexdigest()}
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["2026-04-30"]


def test_the_latest_round_is_taken_where_none_is_named(tmp_path: Path) -> None:
    notebooks = tmp_path / "notebooks"
    notebooks.mkdir()
    parameters = 'round = ""\nstrategy = ""\noutput = ""\nlanguage = ""'
    write_notebook(
        notebooks / "01_a.ipynb", parameters, "open(output + '/seen.txt', 'w').write(round + language)"
    )
    raw = tmp_path / "raw"
    for name in ("2025-10-31", "2026-04-30"):
        (raw / name).mkdir(parents=True)
    shutil.copy(ROOT / "data/raw/2026-04-30/A14.xlsx", raw / "2026-04-30")
    arguments = ["run", "--raw", str(raw), "--strategy", str(ROOT / "data/strategy.toml"), "--language", "en"]
    arguments += ["--output", str(tmp_path / "out"), "--notebooks", str(notebooks)]
    done = CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    assert (tmp_path / "out/2026-04-30/seen.txt").read_text() == str(raw / "2026-04-30") + "en"


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs POSIX signals")
def test_an_interrupted_run_stops_at_once_and_leaves_the_previous_results(tmp_path: Path) -> None:
    notebooks = tmp_path / "notebooks"
    notebooks.mkdir()
    parameters = 'round = ""\nstrategy = ""\noutput = ""\nlanguage = ""'
    # a cell that answers no interrupt, as a solver does
    stubborn = "import signal, time\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\n"
    stubborn += "open(output + '/begun', 'w')\ntime.sleep(300)"
    write_notebook(notebooks / "01_a.ipynb", parameters, stubborn)
    previous = tmp_path / "out" / "2026-04-30"
    previous.mkdir(parents=True)
    (previous / "index.html").write_text("the previous page")
    arguments = ["run", "--raw", str(ROOT / "data/raw"), "--strategy", str(ROOT / "data/strategy.toml")]
    arguments += ["--output", str(tmp_path / "out"), "--notebooks", str(notebooks)]
    process = subprocess.Popen([sys.executable, "-m", "digistrat.cli", *arguments], stderr=subprocess.PIPE)
    while not list((tmp_path / "out").glob(".*/begun")):
        assert process.poll() is None
        time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=120)  # far less than the cell's 300 seconds
    assert process.returncode == 130
    assert b"are as they were" in said
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["2026-04-30"]
    assert (previous / "index.html").read_text() == "the previous page"
