"""The house: arrows point one way, words and colours stay in their rooms, the face loads nothing."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[1] / "src" / "digistrat"
# A room may import what stands in its own list; `workspace` and `cli` stand at the door and see all.
BELOW = {
    "texts": set(),
    "findings": {"texts"},
    "intake": {"findings", "texts"},
    "strategy": {"texts"},
    "inventory": {"intake", "strategy", "findings", "texts"},
    "scoring": {"inventory", "strategy", "findings", "texts"},
    "planning": {"scoring", "inventory", "strategy", "findings", "texts"},
    "reporting": {"planning", "scoring", "inventory", "strategy", "findings", "texts"},
    "example": {"inventory", "intake", "strategy", "findings", "texts"},
    "workspace": {"example", "strategy"},
}
# `fold` compares words; the reports and records of intake are what it gives to the rooms above.
SPREADSHEET_LIBRARIES = {"openpyxl", "xlrd", "python_calamine", "xlsxwriter", "xlwt"}


def modules() -> list[Path]:
    return sorted(path for path in SOURCE.rglob("*.py"))


def room(path: Path) -> str:
    first = path.relative_to(SOURCE).parts[0]
    return first.removesuffix(".py")


def imported(path: Path) -> set[str]:
    """Every module that a file imports, also inside functions."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively"
            found |= {f"{node.module}.{alias.name}" for alias in node.names} | {str(node.module)}
    return found


@pytest.mark.parametrize("path", modules(), ids=lambda p: p.relative_to(SOURCE).as_posix())
def test_arrows_point_one_way(path: Path) -> None:
    here = room(path)
    if here in ("cli", "__init__"):
        pytest.skip("stands at the door and may see every room")
    for name in imported(path):
        if name.startswith("digistrat."):
            there = name.split(".")[1]
            if there == "__version__":
                continue
            assert there == here or there in BELOW[here], f"{here} must not import {name}"


def test_no_cycle_between_modules() -> None:
    """Not even inside functions or for type checking only."""
    import graphlib

    names = {".".join(path.relative_to(SOURCE.parent).with_suffix("").parts): path for path in modules()}
    known = {name.removesuffix(".__init__"): name for name in names}
    graph: dict[str, set[str]] = {}
    for name, path in names.items():
        graph[name] = set()
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                graph[name] |= {known[alias.name] for alias in node.names if alias.name in known}
            elif isinstance(node, ast.ImportFrom):
                for alias in node.names:
                    full = f"{node.module}.{alias.name}"
                    target = known.get(full) or known.get(str(node.module))
                    graph[name] |= {target} - {None, name}  # type: ignore[arg-type]
    # the face names its version, which the rooms may read
    for targets in graph.values():
        targets.discard("digistrat.__init__")
    graphlib.TopologicalSorter(graph).prepare()


def test_only_intake_and_the_result_workbook_know_a_spreadsheet() -> None:
    for path in modules():
        if room(path) in ("intake", "example") or path.name == "workbook.py":
            continue
        used = {name.split(".")[0] for name in imported(path)} & SPREADSHEET_LIBRARIES
        assert not used, f"{path} uses {used}"


def test_scoring_and_planning_open_no_file() -> None:
    for path in modules():
        if room(path) in ("scoring", "planning"):
            source = path.read_text("utf-8")
            assert not re.search(r"\bopen\(|read_text|read_bytes|read_csv|read_excel|\bPath\(", source), path


def test_only_style_knows_a_colour() -> None:
    colour = re.compile(r"""["']#[0-9A-Fa-f]{6}["']""")
    allowed = {"style.py", "workbook.py", "template.py"}  # a header's grey in a workbook is no chart colour
    for path in modules():
        if room(path) == "example" or path.name in allowed:
            continue
        assert not colour.search(path.read_text("utf-8")), path


def test_german_words_stand_in_forms_and_locales_only() -> None:
    german = re.compile(r"[äöüÄÖÜß]")
    for path in modules():
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and german.search(node.value):
                docstrings = ast.get_docstring(ast.parse(path.read_text("utf-8")), clean=False) or ""
                is_doc = "\n" in node.value or node.value in docstrings
                is_folding = path.name in ("words.py", "numbers.py", "dates.py", "choices.py", "lettering.py")
                assert is_doc or is_folding, f"{path}: {node.value!r}"


def test_files_are_small() -> None:
    for path in modules():
        lines = len(path.read_text("utf-8").splitlines())
        assert lines <= 500, f"{path} has {lines} lines"


def test_import_loads_no_library() -> None:
    heavy = [
        "pandas",
        "numpy",
        "matplotlib",
        "ortools",
        "highspy",
        "scipy",
        "openpyxl",
        "pydantic",
        "rapidfuzz",
    ]
    code = f"import digistrat, sys; print([name for name in {heavy!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_every_name_of_the_face_exists_and_is_documented() -> None:
    import digistrat

    names = [name for name in dir(digistrat) if not name.startswith("_")]
    assert len(names) >= 40
    for name in names:
        thing = getattr(digistrat, name)
        assert (thing.__doc__ or "").strip(), name


def test_only_the_last_room_uses_the_name_of_a_machine_or_host() -> None:
    hosts = re.compile("python" + "hosted|py" + "pi\\.org|/" + "tmp/|/" + "work/")
    root = SOURCE.parents[1]
    listed = subprocess.run(["git", "ls-files"], cwd=root, capture_output=True, text=True, check=False)
    for name in listed.stdout.splitlines():
        path = root / name
        if path.suffix in (".py", ".toml", ".md", ".ipynb", ".txt", ".yaml", "") and path.is_file():
            assert not hosts.search(path.read_text("utf-8", errors="replace")), name
