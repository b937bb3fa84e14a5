"""What the README shows works as it stands."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text("utf-8")


def test_the_first_lines_of_python_run() -> None:
    (block,) = re.findall(r"```python\n(.*?)```", README, re.S)
    assert len([line for line in block.splitlines() if line.strip()]) <= 10
    done = subprocess.run(
        [sys.executable, "-c", block], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "gap 0.00%, optimal" in done.stdout
    assert ".xlsx › " in done.stdout


def test_every_command_and_path_it_names_exists() -> None:
    from digistrat.cli import app

    commands = {command.callback.__name__ for command in app.registered_commands if command.callback}
    assert set(re.findall(r"^    digistrat (\w+)", README, re.M)) == commands
    targets = (ROOT / "Makefile").read_text("utf-8")
    for target in re.findall(r"make (\w+)", README):
        assert f"\n{target}:" in targets, target
    for path in (
        "data/strategy.toml",
        "data/offices.toml",
        "docs/priority.png",
        "CITATION.cff",
        "constraints.txt",
    ):
        assert path in README
        assert (ROOT / path).is_file(), path


def test_every_name_that_it_and_the_notebooks_use_exists() -> None:
    import digistrat as ds

    notebooks = sorted((ROOT / "notebooks").glob("*.ipynb"))
    used = {
        name: re.findall(r"\bds\.(\w+)", path.read_text("utf-8"))
        for path in notebooks
        for name in [path.name]
    }
    used["README.md"] = re.findall(r"\bds\.(\w+)", README)
    assert len(used) == 6
    for where, names in used.items():
        assert names, where
        assert [name for name in names if not hasattr(ds, name)] == [], where
