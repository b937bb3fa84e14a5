"""What a spreadsheet program makes of a file of ours."""

from __future__ import annotations

import subprocess
from pathlib import Path


def convert(soffice: str, path: Path, folder: Path, *, to: str = "xlsx") -> Path:
    """Open a file in LibreOffice, calculate it, and save it as another; fails where it does not open."""
    profile = (folder / "profile").as_uri()
    command = [soffice, "--headless", f"-env:UserInstallation={profile}", "--convert-to", to]
    done = subprocess.run(
        [*command, "--outdir", str(folder), str(path)],
        capture_output=True,
        text=True,
        timeout=180,
        check=True,
    )
    made = folder / f"{path.stem}.{to.partition(':')[0]}"
    assert made.is_file(), done.stdout + done.stderr
    return made
