"""A ready working folder: notebooks, strategy, organisation and example returns."""

from __future__ import annotations

import shutil
from pathlib import Path

from digistrat.example import generate
from digistrat.strategy import load_strategy


def workspace_source() -> Path:
    """Return the folder that holds ``notebooks`` and ``data`` to copy: in the wheel, or the checkout."""
    package = Path(__file__).parent
    packed = package / "templates" / "workspace"
    return packed if packed.is_dir() else package.parents[1]


def make_workspace(folder: Path) -> None:
    """Make a working folder in which ``digistrat run`` works at once.

    Parameters
    ----------
    folder : Path
        Must not exist, or be empty. It appears only when it is complete.
    """
    source = workspace_source()
    partial = folder.absolute().with_name(f".{folder.name}.part")
    shutil.rmtree(partial, ignore_errors=True)
    try:
        (partial / "data" / "processed").mkdir(parents=True)
        shutil.copytree(source / "notebooks", partial / "notebooks", ignore=shutil.ignore_patterns(".*"))
        for name in ("strategy.toml", "offices.toml"):
            shutil.copyfile(source / "data" / name, partial / "data" / name)
        generate(partial / "data" / "raw", load_strategy(partial / "data" / "strategy.toml"))
        if folder.exists():
            folder.rmdir()
        partial.rename(folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
